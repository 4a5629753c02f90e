"""The registry of the portfolio's figures: unit, sign, formula, edge cases, origins, and why a value may be unknown.

One entry for each column of `portfolio`; those that need a plan stand in `model.plan_lineages`. What a figure means
stands in its comment (`model.figures`), how its tables are made in `warehouse/figures/*.sql`; here stands what joins
them. See `model.lineage`.
"""

from __future__ import annotations

from dataclasses import replace

from model.figures import Portfolio
from model.lineage import (
    AS_IT_IS,
    Belongs,
    Gap,
    Lineage,
    Origin,
    Role,
    Unit,
    zero,
)
from model.lineage_parts import (
    ESTIMATED,
    HOURS_BY_DAY,
    OPEN,
    TO_DO,
    counted,
    issues_that,
    known,
    not_said,
    plan_says,
    read_from,
)
from model.plan_lineages import PLAN_LINEAGES

__all__ = ["LINEAGES", "lineage_of"]

_IDENTITY = (
    Lineage(
        "program",
        Unit.TEXT,
        (
            known("program"),
            Origin("program_plans", "its name", belongs=Belongs.PROGRAM, shows=("name", "sponsor", "manager", "goal")),
            plan_says("program_id"),
        ),
        gaps=not_said("program", "the project belongs to no program"),
    ),
    Lineage("project", Unit.TEXT, (known("project"),)),
    Lineage("pm", Unit.TEXT, (known("pm"), plan_says("pm")), gaps=not_said("pm", "the plan names nobody")),
    Lineage(
        "sponsor",
        Unit.TEXT,
        (known("sponsor"), plan_says("sponsor")),
        gaps=not_said("sponsor", "the plan names nobody"),
    ),
    Lineage("stage", Unit.TEXT, (known("stage"), plan_says("stage")), gaps=not_said("stage", "the plan does not say")),
)

_EFFORT = (
    Lineage(
        "hours_7d",
        Unit.HOURS,
        (
            read_from("project_hours", "hours_7d", "rule", belongs=Belongs.PLACE),
            replace(HOURS_BY_DAY, only="entries > 0 AND work_on <= {today} AND work_on > {today} - 7"),
            issues_that("issues that they are booked on", "", Belongs.BOOKED_7D),
        ),
        edges=("the day of the file is the last of the seven", "hours count where they were booked, on the author's "
               "own day; those that repeat an entry of another tool do not", "hours of deleted issues do not count"),
    ),
    Lineage(
        "remaining_hours",
        Unit.HOURS,
        (read_from("project_hours", "remaining_hours", "open_issues", "unsized_issues", "rule", belongs=Belongs.PLACE),
         TO_DO),
        edges=("the tool's remaining estimate, else the original one less hours booked on the issue, not below 0",
               "open issues without any estimate are in no sum: project_hours.unsized_issues"),
        gaps=(zero("open_issues", "no issue is open", AS_IT_IS),
              Gap(lambda _: True, "no open issue has an estimate", "estimates in the tool")),
    ),
    Lineage(
        "overdue",
        Unit.COUNT,
        (counted("open issues whose due day is past: each counts", f"{OPEN} AND due_on < {{today}}"),),
        edges=("due today is not overdue", "on hold they are counted as well"),
    ),
    Lineage(
        "blocked",
        Unit.COUNT,
        (Origin("blocked_issues", "each issue counts once, whatever blocks it", belongs=Belongs.PLACE,
                only="NOT on_hold", shows=("key", "title", "blocked_by", "since_at", "since_basis", "blocked_days",
                                           "url", "issue_id", "rule"),
                role=Role.SUM, total="count(DISTINCT issue_id)"),),
        edges=("by status or by a link from an open issue, of any tool", "on hold: 0"),
    ),
    Lineage(
        "blocks_others",
        Unit.COUNT,
        (
            counted("each open issue counts that another project waits for", "", Belongs.HOLDING),
            Origin("dependencies", "what waits for them", belongs=Belongs.FROM, shows=("from_key", "to_key",
                   "to_project_id", "needed_on", "late_days", "is_open", "rule"), only="is_open"),
        ),
        edges=("of what is in no project nothing is counted",),
    ),
)  # fmt: skip

_ABOUT = ("source", "fresh_through_at", "completeness", "generated_at")
_FINDINGS = Origin(
    "data_quality", "each finding counts", belongs=Belongs.PLACE,
    shows=("check_id", "severity", "object", "detail", "since_on", "url", "object_kind", "object_id", "rule"),
)  # fmt: skip
_DATA = (
    Lineage(
        "fresh_at",
        Unit.INSTANT,
        (known("fresh_at"),
         Origin("about", "its sources: the oldest decides", belongs=Belongs.SOURCES, shows=_ABOUT, role=Role.VALUE,
                total="CASE WHEN bool_and(fresh_through_at IS NOT NULL) THEN min(fresh_through_at) END")),
        edges=("one source that was never read whole makes it unknown",),
        gaps=(Gap(lambda _: True, "a source was never read whole", "`pmo sync`; `pmo status` says which"),),
    ),
    Lineage(
        "completeness",
        Unit.SHARE,
        (read_from("portfolio_projects", "work_completeness", "rule", belongs=Belongs.HERE),
         Origin("about", "its tools: the least complete decides; the plan's own share is told apart",
                belongs=Belongs.SOURCES, shows=_ABOUT,
                only="source NOT IN (SELECT source FROM project_plans WHERE availability = 'present')",
                role=Role.VALUE, total="CASE WHEN bool_and(completeness IS NOT NULL) THEN min(completeness) END")),
        edges=("not counted is unknown, not all", "a project without issues and hours in any tool has none"),
        gaps=(
            Gap(lambda _: True, "a source was never counted against the tool, or no tool feeds the project",
                "`pmo sync`; `pmo status` says which; `project_scopes` of the plan"),
        ),
    ),
    Lineage(
        "data_quality",
        Unit.SHARE,
        (read_from("data_quality_scores", "score", "rules", "passed", "failed", "trend", "rule"), _FINDINGS),
        edges=("rules for its sources count as well",),
        gaps=(Gap(lambda _: True, "what is in no project is not scored", AS_IT_IS),),
    ),
    Lineage(
        "findings",
        Unit.COUNT,
        (replace(_FINDINGS, only="severity <> 'low'", role=Role.SUM, total="count(*)"),),
        edges=("findings about a person or a source are in no project",),
    ),
    Lineage("project_id", Unit.TEXT, (known("project_id"),),
            gaps=(Gap(lambda _: True, "the row holds what is in no project", AS_IT_IS),)),
    Lineage("source", Unit.TEXT, (known("source"),)),
    Lineage("key", Unit.TEXT, (known("key"),)),
    Lineage("state", Unit.TEXT, (known("state"),),
            gaps=(Gap(lambda _: True, "the row holds what is in no project", AS_IT_IS),)),
    Lineage("availability", Unit.TEXT, (known("availability"),)),
    Lineage("on_hold", Unit.FLAG, (known("on_hold"), plan_says("hold_from_on", "stage"))),
)  # fmt: skip


def _by_status(column: str, status: str) -> Lineage:
    return Lineage(
        column,
        Unit.COUNT,
        (counted("each counts", f"availability = 'present' AND status = '{status}'"),),
        edges=("our word: `words` says what is taken for it",),
    )


_COUNTS = (
    Lineage("issues", Unit.COUNT, (counted("each counts", "availability = 'present'"),),
            edges=("parents count as their parts do", "an issue is in one project: the first line of the scopes wins")),
    _by_status("todo", "todo"),
    _by_status("in_progress", "in_progress"),
    _by_status("status_blocked", "blocked"),
    _by_status("done", "done"),
    _by_status("cancelled", "cancelled"),
    Lineage(
        "hours_logged",
        Unit.HOURS,
        (
            replace(read_from("project_hours", "hours", "rule", belongs=Belongs.PLACE), used="its hours of all time"),
            HOURS_BY_DAY,
            Origin("worklogs", "counted entries", belongs=Belongs.HOURS, only="counted",
                   shows=("work_on", "seconds", "activity", "issue_id"), role=Role.SUM, total="sum(seconds) / 3600.0"),
            issues_that("issues that they are booked on", "", Belongs.BOOKED),
        ),
        edges=("hours count where they were booked; those that repeat an entry of another tool do not",
               "hours of deleted issues do not count"),
    ),
    Lineage(
        "hours_estimated",
        Unit.HOURS,
        (read_from("project_hours", "hours_estimated", "rule", belongs=Belongs.PLACE), ESTIMATED),
        edges=("a parent of 4 h over a part of 8 h counts 8 h, one of 12 h as well",),
        gaps=(Gap(lambda _: True, "no issue has an estimate", "estimates in the tool"),),
    ),
    Lineage("progress_basis", Unit.TEXT,
            (read_from("project_progress", "progress_basis", "rule", belongs=Belongs.PLACE),
             plan_says("progress_basis"))),
    Lineage(
        "last_activity_at",
        Unit.INSTANT,
        (
            replace(issues_that("when they were changed last", "availability = 'present'",
                            shows=("key", "title", "status", "acted_at", "url")),
                    role=Role.LATEST, total="max(acted_at)"),
            Origin("issue_changes", "their history, by people", belongs=Belongs.BY_PEOPLE,
                   only="availability = 'present'",
                   shows=("issue_id", "field", "changed_at"), role=Role.LATEST, total="max(changed_at)"),
            Origin("worklogs", "when hours were booked or changed", belongs=Belongs.HOURS,
                   only="availability = 'present'", shows=("issue_id", "work_on", "created_at", "updated_at"),
                   role=Role.LATEST, total="max(greatest(created_at, updated_at))"),
        ),
        edges=("what the hub itself pushed is no activity: an issue touched by it alone counts since it was made",),
        gaps=(Gap(lambda _: True, "no issue and no hours of it are present", AS_IT_IS),),
    ),
    Lineage("rule", Unit.TEXT, (read_from("portfolio", "rule", belongs=Belongs.PLACE),)),
)  # fmt: skip

_ORDER = {name: n for n, name in enumerate(Portfolio.model_fields)}

LINEAGES: tuple[Lineage, ...] = tuple(
    sorted(
        (*_IDENTITY, *_EFFORT, *_DATA, *_COUNTS, *PLAN_LINEAGES),
        key=lambda lineage: _ORDER.get(lineage.column, len(_ORDER)),
    )
)
"""One for each column of the portfolio, in its order."""

_BY_COLUMN = {lineage.column: lineage for lineage in LINEAGES}


def lineage_of(column: str) -> Lineage | None:
    """The entry of a column of the portfolio, by its name."""
    return _BY_COLUMN.get(column)
