"""What many figures come from, and lack: origins and gaps that the registry of `model.lineages` shares."""

from __future__ import annotations

from dataclasses import replace

from model.lineage import AS_IT_IS, Belongs, Gap, Origin, Role, absent, is_not, null, zero

__all__ = [
    "AHEAD",
    "BASELINES",
    "BUDGET",
    "COSTS",
    "EARLIER",
    "EARNED",
    "ESTIMATED",
    "HOURS_BY_DAY",
    "ISSUE",
    "MILESTONE",
    "NOT_JUDGED",
    "NO_BASELINE",
    "NO_COST",
    "NO_END",
    "NO_EV",
    "NO_FORECAST",
    "NO_PLAN",
    "NO_PV",
    "OF_PACKAGES",
    "OPEN",
    "OVERRIDES",
    "PACKAGES",
    "REASONS",
    "RISK",
    "TO_DO",
    "WORK",
    "counted",
    "issues_that",
    "known",
    "not_said",
    "plan_says",
    "read_from",
]

# ---- rows that many figures come from

ISSUE = ("key", "title", "status", "due_on", "url")
OPEN = "availability = 'present' AND status NOT IN ('done', 'cancelled')"
EARNED = ("day_on", "baseline", "basis", "currency", "earned_rule", "bac", "pv", "ev", "ac", "spi", "cpi", "rule")


def read_from(table: str, column: str, *shows: str, belongs: Belongs = Belongs.PROJECT, only: str = "") -> Origin:
    """The one row that the value stands in."""
    shows = shows if column in shows else (column, *shows)
    return Origin(
        table, f"its {column}", belongs=belongs, only=only, shows=shows, role=Role.VALUE, total=f"any_value({column})"
    )


def known(column: str, used: str = "") -> Origin:
    found = read_from("portfolio_projects", column, "rule", belongs=Belongs.HERE)
    return replace(found, used=used) if used else found


def plan_says(*columns: str, used: str = "") -> Origin:
    said = used or f"as the plan says: {', '.join(columns)}"
    return Origin("project_plans", said, only="availability = 'present'", shows=columns)


def issues_that(used: str, only: str, belongs: Belongs = Belongs.ISSUES, shows: tuple[str, ...] = ISSUE) -> Origin:
    return Origin("issues", used, belongs=belongs, only=only, shows=shows)


def counted(used: str, only: str, belongs: Belongs = Belongs.ISSUES) -> Origin:
    return replace(issues_that(used, only, belongs), role=Role.SUM, total="count(*)")


PACKAGES = Origin(
    "work_packages",
    "the baseline in force, package by package: they add up to BAC",
    belongs=Belongs.BASELINE,
    only="availability = 'present'",
    shows=("name", "value", "start_on", "finish_on", "percent_complete", "started_on", "finished_on"),
    role=Role.SUM,
    total="sum(value)",
    total_of="bac",
)
BASELINES = Origin(
    "baselines",
    "those that are approved: the highest number is in force",
    only="availability = 'present' AND approved_by IS NOT NULL AND approved_on <= {today}",
    shows=("number", "approved_by", "approved_on", "start_on", "finish_on", "note"),
)
COSTS = Origin(
    "costs",
    "labour, expenses and accruals, month by month",
    only="kind IN ('labour', 'expense', 'accrual')",
    shows=("month_on", "kind", "category", "role", "amount", "currency", "hours", "unpriced_hours"),
)
WORK = issues_that("issues that are neither gone nor cancelled", "availability = 'present' AND status <> 'cancelled'")
OF_PACKAGES = issues_that(
    "how far they are: issues of the packages, those without parts among them; without any, the plan says it",
    "availability = 'present' AND status <> 'cancelled'",
    Belongs.OF_PACKAGES,
    ("key", "title", "status", "percent_complete", "story_points", "parent_id", "url"),
)
ESTIMATED = replace(
    WORK,
    used="issues with an estimate, in seconds: of each tree the lowest estimated level counts",
    only=f"{WORK.only} AND original_estimate_seconds IS NOT NULL",
    shows=("key", "title", "status", "original_estimate_seconds", "url"),
)
TO_DO = issues_that(
    "open issues, in seconds: of each tree the lowest sized level counts",
    OPEN,
    shows=("key", "title", "status", "remaining_estimate_seconds", "original_estimate_seconds", "url"),
)
REASONS = Origin(
    "health_reasons",
    "one row for each dimension that can be computed: the worst decides",
    shows=("dimension", "health", "value", "amber_over", "red_over", "detail", "rule"),
)
OVERRIDES = Origin(
    "health_overrides",
    "what a person says until a day",
    only="availability = 'present'",
    shows=("health", "said_by", "reason", "from_on", "until_on"),
)
EARLIER = Origin(
    "portfolio_history",
    "the days before: trend, and two days to green",
    belongs=Belongs.PLACE,
    only="as_of_on < {today}",
    shows=("as_of_on", "health_computed", "health_found"),
)
HOURS_BY_DAY = Origin(
    "timesheet_days",
    "counted hours, by day and source",
    belongs=Belongs.PLACE,
    only="entries > 0",
    shows=("work_on", "source", "hours", "seconds", "entries", "issues"),
    role=Role.SUM,
    total="sum(seconds) / 3600.0",
)
AHEAD = "NOT is_met AND forecast_on IS NOT NULL"
MILESTONE = ("name", "baseline_on", "forecast_on", "slip_days", "forecast_method", "milestone_id", "open_issues")
RISK = ("title", "state", "severity", "score", "probability", "impact", "owner", "review_on", "risk_id", "kind")

# ---- why a value may be unknown

NO_PLAN: tuple[Gap, ...] = (
    null("project_id", "what is in no project has no plan", "lines of the plan's `project_scopes` that take it"),
    Gap(
        lambda facts: not facts.get("is_planned"),
        "no plan says anything about this project",
        "a line of the plan's `projects`: `pmo init --plan` writes templates",
    ),
)
NO_END = (
    Gap(lambda facts: bool(facts.get("on_hold")), "the project is on hold: it has no forecast", AS_IT_IS),
    Gap(
        lambda facts: facts.get("kind") == "run",
        "it keeps things going (kind is run) and has no end",
        AS_IT_IS,
    ),
)
NO_BASELINE = (
    *NO_PLAN,
    is_not("kind", "change", "it keeps things going (kind is run): it has no earned value", AS_IT_IS),
    absent(
        "earned_value",
        "no baseline that is approved and has work packages has begun",
        "a line of `baselines` with approved_by and approved_on, and its `work_packages`",
    ),
    null("baseline", "its baseline is not approved yet on this day", "approved_on in `baselines`"),
    null("basis", "not all its work packages have money, nor all hours, nor all points", "budget in `work_packages`"),
)
NO_PV = null("pv", "a work package has no dates", "start_on and finish_on in `work_packages`")
NO_EV = null("ev", "how far a work package is, is not known", "its issues, percent_complete or finished_on")
NO_COST = (
    null("ac", "the baseline is in points: cost is not compared with it", "budget in `work_packages`"),
    zero("ac", "nothing has been spent, or nothing could be priced", "`rates` and `cost_entries`"),
)


def not_said(column: str, why: str) -> tuple[Gap, ...]:
    return (*NO_PLAN, null(column, why, f"{column} in the plan's `projects`"))


NO_FORECAST = null("forecast_finish_on", "there is no forecast", "`pmo explain PROJECT forecast_finish_on` says what")
NOT_JUDGED = null("project_id", "what is in no project is not judged", AS_IT_IS)
BUDGET = ("category", "budget", "contingency", "reserve", "actual_cost", "committed_cost", "currency", "rule")
