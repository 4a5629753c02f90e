"""Records of the derived tables. Each is made by `warehouse/figures/<table>.sql`; definitions are in docs/figures.md.

Ground rules: days are calendar days in the PMO's zone; weeks are ISO weeks; null is not 0; every row says by which
rule it came about, how fresh the sources are it was drawn from, and how complete.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, ClassVar

from pydantic import Field

from model.figure import Figure
from model.plan_figures import (
    Budget,
    Cost,
    CostItem,
    EarnedValue,
    HealthReason,
    HealthRow,
    LabourCost,
    MilestoneOutlook,
    MonthClosing,
    MonthlyRate,
    ProgramRow,
    ProjectDates,
    ProjectProgress,
    Restatement,
    RiskRow,
    WorkingDay,
)
from model.quality_figures import (
    DataQualityRule,
    DataQualityScore,
    PlanFault,
    ScopeBaseline,
    ScopeChange,
    ScopeGrowth,
    TimesheetCheck,
    TimesheetCompliance,
    TimesheetGap,
    UnpricedHours,
)
from model.records import Record, Ref

__all__ = [
    "FIGURES",
    "OF_COSTS",
    "OF_PEOPLE",
    "BlockedIssue",
    "DataQuality",
    "Dependency",
    "Portfolio",
    "PortfolioDay",
    "PortfolioIssue",
    "PortfolioProject",
    "ProjectHours",
    "ProjectSource",
    "StaleIssue",
    "TimesheetDay",
    "TimesheetWeek",
]


class ProjectSource(Figure):
    """Projects of the tools, and the project of the portfolio that each belongs to."""

    table: ClassVar[str] = "project_sources"

    tool_project_id: Annotated[str | None, Ref("projects")] = Field(
        default=None, description="project of a tool; null: what is in no project of it"
    )
    source: str = Field(description="the tool")
    key: str | None = Field(default=None, description="its short name there")
    name: str = Field(description="its name there, or (in no project)")
    project_id: Annotated[str | None, Ref("projects")] = Field(
        default=None, description="where its hours and issues belong if no other line of the scopes takes them"
    )
    position: int | None = Field(default=None, description="line of the scopes that says so")


class PortfolioIssue(Record):
    """Which project of the portfolio each issue belongs to: the first line of the scopes that fits it wins."""

    table: ClassVar[str] = "portfolio_issues"

    issue_id: Annotated[str, Ref("issues")] = Field(description="the issue")
    source: str = Field(description="its tool")
    project_id: Annotated[str | None, Ref("projects")] = Field(
        default=None, description="project of the portfolio; without any plan its project in the tool; null: in none"
    )
    position: int | None = Field(default=None, description="line of the scopes that won; null: none, or no plan")
    fitting_projects: int = Field(description="projects whose lines fit it: more than 1 is doubtful")


class PortfolioProject(Figure):
    """The projects of the portfolio: those of the plan, or without any plan those of the tools."""

    table: ClassVar[str] = "portfolio_projects"

    project_id: Annotated[str | None, Ref("projects")] = Field(
        default=None, description="the project; null: all of the source that is in no project, if there is any"
    )
    place: str = Field(description="project_id, or the source where that is null")
    source: str = Field(description="where it is planned, or run")
    project: str = Field(description="name of the project, or (in no project)")
    key: str = Field(description="short name")
    url: str | None = Field(default=None, description="its page")
    state: str | None = Field(default=None, description="active, on_hold, closed or archived")
    availability: str = Field(description="present, or why not")
    program_id: Annotated[str | None, Ref("program_plans")] = Field(default=None, description="its program")
    program: str | None = Field(default=None, description="name of the program")
    pm: str | None = Field(default=None, description="who runs it")
    owner_id: str | None = Field(
        default=None, description="in people: who runs it, by a name that one alone has; null: nobody, or several"
    )
    sponsor: str | None = Field(default=None, description="who answers for it")
    stage: str | None = Field(default=None, description="proposed to closed")
    kind: str = Field(description="run or change")
    mandatory: bool = Field(description="law or contract demands it")
    is_planned: bool = Field(description="a plan says something about it")
    on_hold: bool = Field(description="listed, and no trouble")
    is_closed: bool = Field(description="it has ended")
    tools: int = Field(description="sources that its issues and hours come from")
    currency: str | None = Field(
        default=None, description="of its money: its own, else the one of all its budget lines"
    )
    work_completeness: float | None = Field(
        default=None,
        description="least share of its tools' issues and hours that landed; null: not counted, or it has no tool",
    )


class TimesheetDay(Figure):
    """Counted hours of each person, day and project, on the author's own day; mirrored ones beside, never added."""

    table: ClassVar[str] = "timesheet_days"

    person_id: str | None = Field(default=None, description="who worked; null: the tool does not say")
    person: str = Field(description="display name, or (nobody named)")
    work_on: date = Field(description="the author's own day")
    project_id: Annotated[str | None, Ref("projects")] = Field(
        default=None, description="project of the issue today, else the one it was booked on; null: in no known project"
    )
    project: str = Field(description="name of the project, or (in no project)")
    source: str = Field(description="where it was booked")
    seconds: int = Field(description="counted time: add this up, and divide last")
    hours: float = Field(description="the same in hours")
    billable_hours: float | None = Field(default=None, description="part that may be billed; null: the tool has none")
    mirrored_hours: float = Field(description="hours that repeat entries of another tool: in no total")
    entries: int = Field(description="counted entries")
    issues: int = Field(description="issues that they are booked on")
    first_booked_at: datetime | None = Field(default=None, description="when the first of them was entered, UTC")
    late_hours: float = Field(description="of the hours, those entered after their month was closed (UTC)")
    basis: str = Field(description="where the day comes from, the weakest of: tool, account_zone, hub_zone")


class TimesheetWeek(Figure):
    """Counted hours of each person and ISO week, over all tools and projects."""

    table: ClassVar[str] = "timesheet_weeks"

    person_id: str | None = Field(default=None, description="who worked; null: the tool does not say")
    person: str = Field(description="display name, or (nobody named)")
    week: str = Field(description="ISO week, such as 2026-W48")
    week_on: date = Field(description="its Monday")
    hours: float = Field(description="counted hours")
    billable_hours: float | None = Field(default=None, description="part that may be billed; null: no tool has it")
    days: int = Field(description="days with counted hours")
    projects: int = Field(description="projects they were booked on, the explicit row (in no project) as one")
    weekend_hours: float = Field(description="of them on Saturday and Sunday")
    most_hours_a_day: float = Field(description="hours of the fullest day: over 24 is a mistake")
    first_booked_at: datetime | None = Field(default=None, description="when the first of them was entered, UTC")
    is_over: bool = Field(description="false: the week has not ended yet on the day the file was made")


class ProjectHours(Figure):
    """Hours of each project: logged, estimated and remaining; hours where booked, estimates on the lowest level."""

    table: ClassVar[str] = "project_hours"

    project_id: Annotated[str | None, Ref("projects")] = Field(
        default=None, description="the project; null: all of the source that is in no known project, if there is any"
    )
    source: str = Field(description="where it is run")
    project: str = Field(description="name of the project, or (in no project)")
    hours: float = Field(description="counted hours, all")
    hours_7d: float = Field(description="of them on the last 7 days, the day the file was made included")
    hours_28d: float = Field(description="of them on the last 28 days")
    future_hours: float = Field(description="of them on days after the one the file was made on: a mistake")
    billable_hours: float | None = Field(default=None, description="part that may be billed; null: the tool has none")
    mirrored_hours: float = Field(description="hours that repeat entries of another tool: in no total")
    people: int = Field(description="people who booked them")
    first_on: date | None = Field(default=None, description="first day with hours")
    last_on: date | None = Field(default=None, description="last day with hours")
    hours_estimated: float | None = Field(
        default=None,
        description="original estimates of issues not cancelled, on the lowest estimated level of each tree",
    )
    remaining_hours: float | None = Field(
        default=None,
        description="of open issues on the lowest sized level of each tree: the tool's remaining estimate, else the "
        "original one less the hours booked on the issue, not below 0; null: nothing open is sized",
    )
    open_issues: int = Field(description="open issues without open parts: what is left to do")
    unsized_issues: int = Field(description="of them without any estimate: not in remaining_hours")


class BlockedIssue(Figure):
    """Open issues that are blocked: by their status, and by each open issue that blocks them, kept apart."""

    table: ClassVar[str] = "blocked_issues"

    issue_id: Annotated[str, Ref("issues")] = Field(description="the blocked issue")
    key: str = Field(description="what people call it")
    title: str = Field(description="one line")
    url: str | None = Field(default=None, description="its page in the tool")
    project_id: Annotated[str | None, Ref("projects")] = Field(default=None, description="its project")
    source: str = Field(description="where it is run")
    assignee_id: Annotated[str | None, Ref("accounts")] = Field(default=None, description="who works on it")
    blocked_by: str = Field(description="status or link")
    blocker_issue_id: Annotated[str | None, Ref("issues")] = Field(
        default=None, description="the open issue that blocks it, for a link; may be of another tool"
    )
    blocker_project_id: Annotated[str | None, Ref("projects")] = Field(default=None, description="project of that one")
    since_at: datetime | None = Field(default=None, description="since when, UTC; null: not known")
    since_basis: str = Field(
        description="reported by the tool's history, observed by the hub, or at least: tools give links no time"
    )
    blocked_days: int | None = Field(default=None, description="calendar days from then to the day of the file")
    on_hold: bool = Field(description="its project is on hold: listed, and no trouble")


class StaleIssue(Figure):
    """Issues in progress or blocked that nothing has happened to for more than 14 days."""

    table: ClassVar[str] = "stale_issues"

    issue_id: Annotated[str, Ref("issues")] = Field(description="the issue")
    key: str = Field(description="what people call it")
    title: str = Field(description="one line")
    url: str | None = Field(default=None, description="its page in the tool")
    project_id: Annotated[str | None, Ref("projects")] = Field(default=None, description="its project")
    source: str = Field(description="where it is run")
    status: str = Field(description="in_progress or blocked")
    assignee_id: Annotated[str | None, Ref("accounts")] = Field(default=None, description="who works on it")
    last_activity_at: datetime = Field(description="latest change of the issue or booking of hours on it, UTC")
    quiet_days: int = Field(description="calendar days from then to the day of the file")
    on_hold: bool = Field(description="its project is on hold: listed, and no trouble")


class Dependency(Figure):
    """Links that make one project wait for another, in the same tool or over tools."""

    table: ClassVar[str] = "dependencies"

    link_id: Annotated[str, Ref("issue_links")] = Field(description="the link")
    kind: str = Field(description="blocks or precedes")
    relation: str | None = Field(default=None, description="FS, SS, FF or SF for precedes")
    from_issue_id: Annotated[str, Ref("issues")] = Field(description="what has to come first")
    from_key: str = Field(description="what people call it")
    from_project_id: Annotated[str | None, Ref("projects")] = Field(default=None, description="its project")
    from_status: str = Field(description="its status")
    from_finish_on: date | None = Field(default=None, description="day it was finished, else is due")
    to_issue_id: Annotated[str, Ref("issues")] = Field(description="what waits for it")
    to_key: str = Field(description="what people call it")
    to_project_id: Annotated[str | None, Ref("projects")] = Field(default=None, description="its project")
    to_status: str = Field(description="its status")
    needed_on: date | None = Field(default=None, description="planned start of what waits, else its due day")
    needed_basis: str | None = Field(default=None, description="start or due")
    late_days: int | None = Field(
        default=None,
        description="days from needed_on to from_finish_on, and to the day of the file where that is past and it is "
        "still open; positive: late; null: a day is missing",
    )
    is_open: bool = Field(description="both ends are open: somebody waits")
    over_tools: bool = Field(description="the two are in different sources")


class DataQuality(Figure):
    """What makes the figures doubtful: one row per rule and object that breaks it."""

    table: ClassVar[str] = "data_quality"

    check_id: str = Field(description="name of the check, such as open-without-owner")
    severity: str = Field(description="high: a figure is wrong or missing; medium: it is doubtful; low: untidy")
    object_kind: str = Field(
        description="issue, worklog, milestone, project, person, word, source, or a row of the plan"
    )
    object_id: str = Field(description="id of the object")
    object: str = Field(description="what people call it")
    project_id: Annotated[str | None, Ref("projects")] = Field(default=None, description="its project")
    source: str = Field(description="where it is")
    url: str | None = Field(default=None, description="its page in the tool")
    owner_id: str | None = Field(default=None, description="person who can mend it, as far as it is known")
    since_on: date | None = Field(default=None, description="since when, as far as it is known")
    detail: str = Field(description="what is wrong, with its figures")


class Portfolio(Record):
    """One row per project: what the PMO looks at first, in its order; then counts, indices and ids."""

    table: ClassVar[str] = "portfolio"

    program: str | None = Field(default=None, description="its program")
    project: str = Field(description="name of the project, or (in no project)")
    pm: str | None = Field(default=None, description="who runs it")
    sponsor: str | None = Field(default=None, description="who answers for it")
    stage: str | None = Field(default=None, description="proposed to closed")
    health: str | None = Field(default=None, description="green, amber, red, unknown, none (on hold, closed)")
    health_trend: str | None = Field(
        default=None,
        description="better, same or worse as computed than a week before, or than the first day that is kept; null: "
        "one of them is not known",
    )
    health_reason: str | None = Field(default=None, description="the worst rule with its figures")
    health_owner: str | None = Field(default=None, description="who mends it")
    baseline_finish_on: date | None = Field(default=None, description="end by the baseline in force")
    forecast_finish_on: date | None = Field(default=None, description="end as foreseen")
    finish_variance_days: int | None = Field(default=None, description="calendar days; positive is late")
    forecast_method: str | None = Field(default=None, description="what the forecast comes from")
    next_milestone: str | None = Field(default=None, description="the next one that is open")
    next_milestone_on: date | None = Field(default=None, description="when it is foreseen")
    next_milestone_slip_days: int | None = Field(default=None, description="calendar days; positive is late")
    progress: float | None = Field(default=None, description="done, 0 to 1, by progress_basis")
    planned_progress: float | None = Field(
        default=None, description="planned value of the budget at completion, 0 to 1"
    )
    budget: float | None = Field(default=None, description="with contingency, without reserve")
    actual_cost: float | None = Field(default=None, description="labour, expenses and accruals of what could be priced")
    committed_cost: float | None = Field(default=None, description="ordered and not delivered")
    forecast_cost: float | None = Field(default=None, description="estimate at completion")
    cost_variance_share: float | None = Field(default=None, description="forecast over budget, as a share of it")
    currency: str | None = Field(default=None, description="of its money")
    hours_7d: float = Field(description="counted hours of the last 7 days")
    remaining_hours: float | None = Field(default=None, description="hours left; null: nothing open is sized")
    overdue: int = Field(description="open, and due before the day the file was made, in the PMO's zone")
    blocked: int = Field(description="open issues that are blocked, by status or by a link; on hold: 0")
    blocks_others: int = Field(description="open issues that hold up another project")
    scope_growth_unapproved: float | None = Field(
        default=None, description="growth of scope since the baseline that nobody approved, as a share of the baseline"
    )
    top_risk: str | None = Field(default=None, description="the highest open risk or problem")
    open_high_risks: int = Field(description="open threats that are high or very high")
    decision_asked: str | None = Field(default=None, description="what the sponsor is to decide")
    note_on: date | None = Field(default=None, description="day of the last note on it")
    overloaded_people: int | None = Field(default=None, description="not computed yet")
    fresh_at: datetime | None = Field(default=None, description="its sources are known up to here, UTC; null: unknown")
    completeness: float | None = Field(
        default=None,
        description="least share of its issues and hours that landed; null: not counted, or it has no tool",
    )
    data_quality: float | None = Field(
        default=None, description="share of the rules for it that find nothing, 0 to 1; null: in no project"
    )
    project_id: Annotated[str | None, Ref("projects")] = Field(
        default=None, description="the project; null: all of the source that is in no project, if there is any"
    )
    source: str = Field(description="where it is planned, or run")
    key: str = Field(description="short name")
    state: str | None = Field(default=None, description="active, on_hold, closed or archived")
    availability: str = Field(description="present, or why not")
    on_hold: bool = Field(description="listed, and no trouble")
    issues: int = Field(description="issues that are present")
    todo: int = Field(description="of these with status todo")
    in_progress: int = Field(description="of these with status in_progress")
    status_blocked: int = Field(description="of these with status blocked")
    done: int = Field(description="of these with status done")
    cancelled: int = Field(description="of these with status cancelled")
    hours_logged: float = Field(description="counted hours booked on the project or its issues")
    hours_estimated: float | None = Field(
        default=None,
        description="original estimates of issues not cancelled, on the lowest estimated level of each tree",
    )
    progress_basis: str | None = Field(default=None, description="points, estimate or count")
    spi: float | None = Field(default=None, description="EV / PV")
    cpi: float | None = Field(default=None, description="EV / AC")
    spi_t: float | None = Field(default=None, description="earned by actual weeks")
    spent_share: float | None = Field(default=None, description="actual cost of the budget")
    health_computed: str | None = Field(default=None, description="without what a person says")
    health_found: str | None = Field(
        default=None, description="by this day's figures alone: back to green is computed when two days running find it"
    )
    scope_growth: float | None = Field(
        default=None, description="growth of scope since the baseline, as a share of it; null: the baseline names none"
    )
    findings: int = Field(description="findings of the checks, those of low severity aside")
    last_activity_at: datetime | None = Field(
        default=None, description="latest change of an issue or booking of hours that is present, UTC"
    )
    rule: str = Field(description="where each figure comes from")


class PortfolioDay(Portfolio):
    """The portfolio of each day that something was published on, as it was published last on that day."""

    table: ClassVar[str] = "portfolio_history"

    as_of_on: date = Field(description="the day, in the PMO's zone")


FIGURES: tuple[type[Record], ...] = (
    MonthlyRate, WorkingDay, ProjectSource, PortfolioIssue, TimesheetDay, TimesheetWeek, PortfolioProject,
    ProjectHours, LabourCost, UnpricedHours, CostItem, Cost, Budget, ProjectProgress, EarnedValue,
    MonthClosing, Restatement, MilestoneOutlook, Dependency, ProjectDates, ScopeBaseline, ScopeChange,
    ScopeGrowth, BlockedIssue, StaleIssue, RiskRow, HealthReason, HealthRow, TimesheetCheck, TimesheetGap,
    TimesheetCompliance, PlanFault, DataQuality, DataQualityRule, DataQualityScore, Portfolio, ProgramRow,
)  # fmt: skip
"""In the order in which they are made: each from the published tables, and from those before it."""

OF_COSTS: frozenset[type[Record]] = frozenset({LabourCost, CostItem})
"""Figures that tell person by person what costs what: in the file for finance alone."""

OF_PEOPLE: frozenset[type[Record]] = OF_COSTS | {TimesheetCheck}
"""These, and who was expected when: never in the portfolio file."""
