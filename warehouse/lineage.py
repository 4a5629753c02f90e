"""The published table `figure_lineage`: the registry of `model.lineages` as queries that run on the file.

Every query has one parameter, $project_id: the id of a project of the portfolio, or for a row (in no project) the name
of its source; ids have a colon, so that neither can be the other.
"""

from __future__ import annotations

from collections.abc import Iterator

from model.lineage import Belongs, FigureLineage, Origin, Role
from model.lineages import LINEAGES
from model.planning import WorkPackage
from model.records import Issue

__all__ = ["lineage_rows"]

_TODAY = "(SELECT max(today_on) FROM about)"
_ISSUES = "SELECT issue_id FROM portfolio_issues WHERE coalesce(project_id, source) = $project_id"
_HOURS = """SELECT w.id FROM worklogs AS w
    LEFT JOIN portfolio_issues AS m ON m.issue_id = w.issue_id
    LEFT JOIN projects AS t ON t.id = w.project_id
    LEFT JOIN project_sources AS o
        ON m.issue_id IS NULL AND o.source = w.source AND o.tool_project_id IS NOT DISTINCT FROM t.id
    WHERE coalesce(m.project_id, o.project_id, w.source) = $project_id"""
_NOW = "FROM earned_value WHERE is_now AND project_id = $project_id"
_BOOKED = "SELECT issue_id FROM worklogs WHERE counted AND issue_id IS NOT NULL"

_PUSHED = """changes AS u ON u.issue_id = {issue_id} AND u.verified_at IS NOT NULL
        AND {at} BETWEEN u.verified_at - INTERVAL 15 MINUTE AND u.verified_at + INTERVAL 15 MINUTE"""
"""What the hub itself pushed is no activity: as portfolio.sql has it."""

_BELONGS: dict[Belongs, str] = {
    Belongs.PROJECT: "project_id = $project_id",
    Belongs.PLACE: "coalesce(project_id, source) = $project_id",
    Belongs.FROM: "from_project_id = $project_id",
    Belongs.HERE: "place = $project_id",
    Belongs.PROGRAM: "id IN (SELECT program_id FROM portfolio_projects WHERE place = $project_id)",
    Belongs.SOURCES: f"""source IN (
    SELECT source FROM issues WHERE availability = 'present' AND id IN ({_ISSUES})
    UNION SELECT source FROM timesheet_days WHERE coalesce(project_id, source) = $project_id
    UNION SELECT source FROM project_sources WHERE coalesce(project_id, source) = $project_id AND project_id IS NOT NULL
    UNION SELECT source FROM portfolio_projects WHERE project_id = $project_id)""",
    Belongs.ISSUES: f"id IN ({_ISSUES})",
    Belongs.BY_PEOPLE: f"""issue_id IN (SELECT id FROM issues WHERE availability = 'present' AND id IN ({_ISSUES}))
    AND id NOT IN (
        SELECT c.id FROM issue_changes AS c
        JOIN about AS b ON b.source = c.source AND (b.account_id = c.account_id OR c.evidence = 'observed')
        JOIN {_PUSHED.format(issue_id="c.issue_id", at="c.changed_at")})""",
    Belongs.HOURS: f"id IN ({_HOURS})",
    Belongs.BOOKED: f"id IN ({_ISSUES}) AND id IN ({_BOOKED})",
    Belongs.BOOKED_7D: f"""id IN ({_ISSUES}) AND id IN (
    {_BOOKED} AND work_on <= {_TODAY} AND work_on > {_TODAY} - 7)""",
    Belongs.HOLDING: """id IN (
    SELECT from_issue_id FROM dependencies WHERE is_open AND from_project_id = $project_id
    UNION SELECT blocker_issue_id FROM blocked_issues
    WHERE blocked_by = 'link' AND blocker_project_id = $project_id AND project_id IS DISTINCT FROM $project_id)""",
    Belongs.NEXT_MILESTONE: """milestone_id = (
    SELECT min_by(milestone_id, (forecast_on, milestone_id)) FROM milestone_outlook
    WHERE project_id = $project_id AND NOT is_met AND forecast_on IS NOT NULL)""",
    # as earned_value.sql has it
    Belongs.OF_PACKAGES: f"""id IN (
    WITH RECURSIVE packages AS (
        SELECT * FROM work_packages
        WHERE availability = 'present' AND project_id = $project_id AND baseline = (SELECT any_value(baseline) {_NOW})),
    named AS (
        SELECT i.id FROM (SELECT unnest(issue) AS word FROM packages) AS v
        JOIN issues AS i ON i.key = v.word OR i.id = v.word
        UNION
        SELECT i.id FROM named AS n JOIN issues AS i ON i.parent_id = n.id)
    SELECT id FROM named
    UNION
    SELECT i.id FROM packages AS v
    JOIN portfolio_issues AS m ON m.project_id = v.project_id JOIN issues AS i ON i.id = m.issue_id
    LEFT JOIN milestones AS t ON t.id = i.milestone_id
    WHERE len(v.label) + len(v.milestone) > 0
        AND (len(v.label) = 0 OR len(list_intersect(v.label, i.labels)) > 0)
        AND (len(v.milestone) = 0 OR list_contains(v.milestone, t.name)))""",
    Belongs.BASELINE: f"project_id = $project_id AND baseline = (SELECT any_value(baseline) {_NOW})",
}

_MADE = {
    (Issue.table, "acted_at"): f"""CASE WHEN id IN (
    SELECT i.id FROM issues AS i
    JOIN {_PUSHED.format(issue_id="i.id", at="i.updated_at")}) THEN created_at ELSE updated_at END AS acted_at""",
    (
        WorkPackage.table,
        "value",
    ): f"CASE (SELECT any_value(basis) {_NOW}) WHEN 'money' THEN budget WHEN 'hours' THEN hours "
    "WHEN 'points' THEN points END AS value",
}
"""Columns that a query adds to those of its table."""


def lineage_rows() -> Iterator[FigureLineage]:
    """The rows of the table, in the order of the portfolio's columns."""
    for lineage in LINEAGES:
        for position, origin in enumerate(lineage.origins, 1):
            where = _filter(origin)
            shown = ", ".join(_MADE.get((origin.table, column), column) for column in origin.shows)
            yield FigureLineage(
                column_name=lineage.column,
                position=position,
                table_name=origin.table,
                used=origin.used,
                role=origin.role,
                filter=where,
                total=origin.total,
                total_of=(origin.total_of or lineage.column) if origin.role is not Role.BEHIND else None,
                query=f"SELECT {shown} FROM {origin.table}\nWHERE {where}\nORDER BY ALL",
            )


def _filter(origin: Origin) -> str:
    belongs = _BELONGS[origin.belongs]
    if not origin.only:
        return belongs
    return f"{belongs}\n    AND {origin.only.replace('{today}', _TODAY)}"
