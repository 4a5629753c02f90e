"""Records of the derived tables on scope, timesheets and the quality of data. See `model.figures`."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar

from pydantic import Field

from model.figure import Figure
from model.records import Record, Ref

__all__ = [
    "DataQualityRule",
    "DataQualityScore",
    "PlanFault",
    "ScopeBaseline",
    "ScopeChange",
    "ScopeGrowth",
    "TimesheetCheck",
    "TimesheetCompliance",
    "TimesheetGap",
    "UnpricedHours",
]


# ---- scope -------------------------------------------------------------------------------------------------------


class ScopeBaseline(Figure):
    """What the scope of each project with an approved baseline is measured against."""

    table: ClassVar[str] = "scope_baselines"

    project_id: Annotated[str, Ref("projects")] = Field(description="the project")
    project: str = Field(description="its name")
    baseline: int = Field(description="number of the baseline in force")
    approved_on: date = Field(description="day it was approved: changes count after it")
    basis: str = Field(description="points, hours or count: what the scope is measured in")
    scope: float | None = Field(default=None, description="how much the baseline names; null: it names none")


class ScopeChange(Figure):
    """Work that came into a project's scope, left it or was sized anew after the baseline in force."""

    table: ClassVar[str] = "scope_changes"

    project_id: Annotated[str, Ref("projects")] = Field(description="the project")
    project: str = Field(description="its name")
    baseline: int = Field(description="number of the baseline in force")
    changed_on: date = Field(description="the day (UTC): its evening is compared with the one before")
    kind: str = Field(description="added, removed or re-estimated")
    how: str = Field(
        description="made, moved in, taken up again; cancelled, moved out, gone; sized for the first time, sized anew"
    )
    issue_id: Annotated[str, Ref("issues")] = Field(description="the issue")
    key: str = Field(description="what people call it")
    title: str = Field(description="one line")
    url: str | None = Field(default=None, description="its page in the tool")
    source: str = Field(description="where it is")
    account_id: Annotated[str | None, Ref("accounts")] = Field(
        default=None, description="who did it last on that day; null: not known"
    )
    change: float = Field(description="by how much the scope grew, in basis; 0: the issue has no size")
    basis: str = Field(description="points, hours or count")
    evidence: str = Field(description="reported by the tool, observed by the hub, or at least: last seen on that day")


class ScopeGrowth(Figure):
    """How much each project's scope has grown since the baseline in force, approved and not."""

    table: ClassVar[str] = "scope_growth"

    project_id: Annotated[str, Ref("projects")] = Field(description="the project")
    project: str = Field(description="its name")
    baseline: int = Field(description="number of the baseline in force")
    baseline_on: date = Field(description="day it was approved")
    basis: str = Field(description="points, hours or count: what all of this is measured in")
    baseline_scope: float | None = Field(default=None, description="what the baseline names; null: it names none")
    scope_then: float = Field(description="what its issues held on that day, by their history")
    scope_now: float = Field(description="what they hold now, as in project_progress")
    added: float = Field(description="came since")
    removed: float = Field(description="left since, cancelled work included")
    re_estimated: float = Field(description="sized since: more less less")
    off_baseline: float | None = Field(
        default=None, description="scope_then less baseline_scope: not in the baseline, or negative: entered after it"
    )
    growth: float | None = Field(
        default=None, description="added - removed + re_estimated + off_baseline: scope_now less baseline_scope"
    )
    approved: float | None = Field(
        default=None,
        description="of change requests approved since; null: one is approved in another unit, nobody can tell",
    )
    unapproved: float | None = Field(default=None, description="growth less approved, not below 0")
    churn: float = Field(description="added + removed + what was re-estimated, up or down, but for late entries")
    unapproved_churn: float | None = Field(default=None, description="churn less approved, not below 0")
    growth_share: float | None = Field(default=None, description="growth by baseline_scope")
    unapproved_share: float | None = Field(default=None, description="unapproved by baseline_scope")
    churn_share: float | None = Field(default=None, description="churn by baseline_scope")
    asked: float = Field(description="of change requests that wait for a decision")
    changed_issues: int = Field(description="issues in scope_changes")
    approved_changes: int = Field(description="change requests approved since the baseline")
    asked_changes: int = Field(description="change requests that wait for a decision")


# ---- timesheets --------------------------------------------------------------------------------------------------


class TimesheetCheck(Figure):
    """What was expected of each team member in each week, and what was booked."""

    table: ClassVar[str] = "timesheet_checks"

    person_id: str | None = Field(default=None, description="in people; null: no account, or several, of that name")
    person: str = Field(description="display name")
    team: str | None = Field(default=None, description="team or department")
    source: str = Field(description="the plan that says so")
    week: str = Field(description="ISO week, such as 2026-W48")
    week_on: date = Field(description="its Monday")
    expected_hours: float | None = Field(
        default=None, description="of the calendar, by share of time, less absence; null: no such calendar"
    )
    hours: float = Field(description="counted hours, over all tools")
    late_hours: float = Field(description="of them entered after the deadline, the end of the Monday after (UTC)")
    approved_hours: float | None = Field(default=None, description="of them approved; null: no tool says")
    verdict: str = Field(
        description="full, over (more than 120 %), late, under (95 %), nothing; unknown, absent, excluded"
    )
    why: str | None = Field(default=None, description="why it is unknown, absent or excluded")


class TimesheetGap(Figure):
    """Team members who booked too few hours in a week, or too late."""

    table: ClassVar[str] = "timesheet_gaps"

    person_id: str = Field(description="in people")
    person: str = Field(description="display name")
    team: str | None = Field(default=None, description="team or department")
    week: str = Field(description="ISO week, such as 2026-W48")
    week_on: date = Field(description="its Monday")
    expected_hours: float = Field(description="of the calendar, by share of time, less holidays and absence")
    hours: float = Field(description="counted hours, over all tools")
    late_hours: float = Field(description="of them entered after the deadline, the end of the Monday after (UTC)")
    missing_hours: float = Field(description="expected less booked")
    gap: str = Field(description="nothing, under (95 % of what was expected), or late")


class TimesheetCompliance(Figure):
    """Weeks, and how many team members booked in time what was expected of them."""

    table: ClassVar[str] = "timesheet_compliance"

    week: str = Field(description="ISO week, such as 2026-W48")
    week_on: date = Field(description="its Monday")
    expected_people: int = Field(description="people of whom hours were expected, and of whom it is known")
    compliant_people: int = Field(description="of them with 95 % of it by the end of the Monday after")
    compliance: float | None = Field(
        default=None, description="compliant by expected people; null: of somebody it is unknown"
    )
    late_people: int = Field(description="had booked it only later")
    under_people: int = Field(description="booked less")
    nothing_people: int = Field(description="booked nothing")
    over_people: int = Field(description="of the compliant, those with more than 120 %")
    unknown_people: int = Field(description="a source was not read completely, no account, or no calendar")
    excluded_people: int = Field(description="external, or came or left in the week")
    absent_people: int = Field(description="nothing was expected: away, or a holiday each day")
    expected_hours: float | None = Field(default=None, description="of expected_people")
    hours: float = Field(description="counted hours of expected_people")
    approved_hours: float | None = Field(default=None, description="hours that are approved; null: no tool says")


# ---- quality of data ---------------------------------------------------------------------------------------------


class UnpricedHours(Figure):
    """Counted hours that no rate prices, and why: they are in no cost."""

    table: ClassVar[str] = "unpriced_hours"

    project_id: Annotated[str, Ref("projects")] = Field(description="the project")
    project: str = Field(description="its name")
    person_id: str | None = Field(default=None, description="who worked; null: the tool does not say")
    person: str = Field(description="display name, or (nobody named)")
    role: str | None = Field(default=None, description="role of the person on these days, from team_members")
    why: str = Field(
        description="no rate, the rate has ended or begins later, a gap between two, no exchange rate, no currency"
    )
    hours: float = Field(description="hours")
    first_on: date = Field(description="first day with such hours")
    last_on: date = Field(description="last day with such hours")


class PlanFault(Figure):
    """Faults of rates and absences, without amounts and days of leave: these tables are not in this file."""

    table: ClassVar[str] = "plan_faults"

    fault: str = Field(description="rate gap, rate overlap, rate of nobody or absence of nobody")
    row_id: str = Field(description="the row of the plan; of two rates the earlier one")
    source: str = Field(description="the plan")
    called: str = Field(description="whose rate or absence it is")
    project_id: Annotated[str | None, Ref("projects")] = Field(
        default=None, description="where a rate is for one alone"
    )
    person_id: str | None = Field(default=None, description="in people; null: of a role, of everybody, or not found")
    from_on: date | None = Field(default=None, description="first day it is so")
    to_on: date | None = Field(default=None, description="last day it is so")
    detail: str = Field(description="what is wrong, in a few words")


class DataQualityRule(Record):
    """The checks of data_quality: what each looks for."""

    table: ClassVar[str] = "data_quality_rules"

    check_id: str = Field(description="name of the check")
    applies_to: str = Field(description="projects, planned projects, sources, people or words")
    rule: str = Field(description="what fails it")


class DataQualityScore(Figure):
    """How many of the rules for a project find nothing."""

    table: ClassVar[str] = "data_quality_scores"

    project_id: Annotated[str, Ref("projects")] = Field(description="the project")
    project: str = Field(description="its name")
    rules: int = Field(description="rules of data_quality_rules for projects and sources; for its plan, if it has one")
    passed: int = Field(description="of them find nothing on it, or on a source of its issues and hours")
    score: float = Field(description="passed by rules, 0 to 1")
    earlier_score: float | None = Field(
        default=None, description="a week before, or on the first day that is kept; null: none is"
    )
    trend: str | None = Field(default=None, description="better, same or worse than then; null: not known")
    high: int = Field(description="findings of high severity")
    medium: int = Field(description="findings of medium severity")
    low: int = Field(description="findings of low severity")
    failed: list[str] = Field(default_factory=list, description="rules that find something")
