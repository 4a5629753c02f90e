"""Records of the derived tables that need a plan: dates, money, earned value, risks, health. See `model.figures`.

Money is in the project's own currency; shares are 0 to 1; `*_variance_days` are positive where something is late, `sv`
and `cv` negative where it is bad. Definitions: docs/figures.md.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, ClassVar

from pydantic import Field

from model.figure import Figure
from model.records import Record, Ref

__all__ = [
    "Budget",
    "Cost",
    "CostItem",
    "EarnedValue",
    "HealthReason",
    "HealthRow",
    "LabourCost",
    "MilestoneOutlook",
    "MonthClosing",
    "MonthlyRate",
    "ProgramRow",
    "ProjectDates",
    "ProjectProgress",
    "Restatement",
    "RiskRow",
    "WorkingDay",
]


class MonthlyRate(Record):
    """What one unit of a currency is worth in another, month by month, both ways."""

    table: ClassVar[str] = "monthly_rates"

    from_currency: str = Field(description="one unit of this …")
    to_currency: str = Field(description="… is so many of this")
    month_on: date = Field(description="first day of the month")
    rate: float = Field(description="units of to_currency for one of from_currency")
    is_inverse: bool = Field(description="drawn from the rate the other way round")


class WorkingDay(Record):
    """Days and how many working days there were up to each: their difference counts those between two days."""

    table: ClassVar[str] = "working_days"

    day_on: date = Field(description="the day")
    is_working: bool = Field(description='Monday to Friday, or as the plan\'s calendar "default" says')
    number: int = Field(description="working days up to this one, from the first of this table")


class LabourCost(Figure):
    """What the hours of each person, day and project cost."""

    table: ClassVar[str] = "labour_costs"

    person_id: str | None = Field(default=None, description="who worked; null: the tool does not say")
    person: str = Field(description="display name, or (nobody named)")
    role: str | None = Field(default=None, description="role of the person on that day, from team_members")
    project_id: Annotated[str, Ref("projects")] = Field(description="the project")
    work_on: date = Field(description="the author's own day")
    seconds: int = Field(description="counted time")
    hours: float = Field(description="the same in hours")
    late_hours: float = Field(description="of them, those entered after their month was closed")
    hourly_rate: float | None = Field(
        default=None,
        description="what an hour costs, in rate_currency, in a closed month what it did then; null: no rate is valid",
    )
    rate_currency: str | None = Field(default=None, description="currency of the rate")
    exchange_rate: float | None = Field(
        default=None, description="one of rate_currency in the project's; null: no rate of that month"
    )
    currency: str | None = Field(default=None, description="the project's")
    cost: float | None = Field(default=None, description="in the project's currency; null: it cannot be priced")
    late_cost: float | None = Field(default=None, description="of it, that of late_hours")
    cost_by_rates: float | None = Field(
        default=None, description="the same by the rates as they stand now; null: it cannot be priced by them"
    )
    is_closed_rate: bool = Field(description="the rate is that of the closed month")
    rate_basis: str = Field(
        description="whose rate it is: person and project, person, role and project, role, default; no rate"
    )


class CostItem(Record):
    """All costs in the projects' currencies: labour person by person, and what was entered."""

    table: ClassVar[str] = "cost_items"

    project_id: Annotated[str, Ref("projects")] = Field(description="the project")
    day_on: date | None = Field(default=None, description="day of the work; null: not known")
    kind: str = Field(description="labour, expense, accrual or commitment")
    category: str = Field(description="labour, or as entered")
    role: str | None = Field(default=None, description="role, for labour")
    person_id: str | None = Field(default=None, description="who worked, for labour")
    cost_entry_id: Annotated[str | None, Ref("cost_entries")] = Field(
        default=None, description="the entry, for all else"
    )
    hours: float = Field(description="hours, for labour")
    amount: float | None = Field(default=None, description="in currency; null: it cannot be priced or exchanged")
    currency: str | None = Field(default=None, description="the project's")
    is_unpriced: bool = Field(description="the amount is not known")
    late_cost: float | None = Field(default=None, description="of labour, what was entered after its month was closed")
    cost_by_rates: float | None = Field(default=None, description="of labour, by the rates as they stand now")


class Cost(Figure):
    """What each project has cost, month by month, by kind, category and role."""

    table: ClassVar[str] = "costs"

    project_id: Annotated[str, Ref("projects")] = Field(description="the project")
    project: str = Field(description="its name")
    month_on: date | None = Field(default=None, description="first day of the month of the work; null: not known")
    kind: str = Field(description="labour, expense, accrual (delivered, not invoiced) or commitment (ordered)")
    category: str = Field(description="labour, or as entered")
    role: str | None = Field(default=None, description="role, for labour")
    amount: float | None = Field(
        default=None, description="in currency, of all that could be priced; null: nothing could"
    )
    currency: str | None = Field(default=None, description="the project's")
    hours: float = Field(description="hours, for labour")
    unpriced_hours: float = Field(description="of them without a rate: in no amount")
    unpriced_entries: int = Field(description="entries that could not be exchanged: in no amount")
    late_amount: float | None = Field(
        default=None, description="of the amount, labour that was entered after its month was closed"
    )
    amount_by_rates: float | None = Field(
        default=None, description="the amount if closed months took the rates as they stand now"
    )


class MonthClosing(Figure):
    """Each project's hours and costs of a month as they stood when the month was closed."""

    table: ClassVar[str] = "month_closings"

    project_id: Annotated[str | None, Ref("projects")] = Field(
        default=None, description="the project; null: what of the source is in no project"
    )
    source: str = Field(description="where it is planned, or run")
    project: str = Field(description="its name, or (in no project)")
    month_on: date = Field(description="first day of the month")
    closed_on: date = Field(description="from this day on it counts as closed")
    closed_at: datetime = Field(
        description="when it was kept, UTC: the first publishing after closed_on whose sources were read since"
    )
    hours: float = Field(description="counted hours entered before closed_on, as they were at closed_at")
    labour_cost: float | None = Field(default=None, description="their cost; null: none, or it cannot be priced")
    other_cost: float | None = Field(default=None, description="expenses and accruals of the month; null: none")
    currency: str | None = Field(default=None, description="of the costs")
    earned_on: date | None = Field(default=None, description="end of the last week that ended in the month")
    earned_value: float | None = Field(default=None, description="earned value on that day; null: not known")
    earned_rule: str | None = Field(default=None, description="the rule it was earned by")
    earned_unit: str | None = Field(default=None, description="a currency, hours or points")


class Restatement(Figure):
    """What changed afterwards for a month that was closed."""

    table: ClassVar[str] = "restatements"

    project_id: Annotated[str | None, Ref("projects")] = Field(
        default=None, description="the project; null: what of the source is in no project"
    )
    source: str = Field(description="where it is planned, or run")
    project: str = Field(description="its name, or (in no project)")
    month_on: date = Field(description="first day of the month")
    closed_on: date = Field(description="from this day on it counts as closed")
    figure: str = Field(
        description="hours, labour_cost, other_cost, earned_value; rates: the labour cost by the rates as they stand "
        "now, which the closed month does not take"
    )
    closed_value: float | None = Field(default=None, description="as it stood when the month was closed")
    value: float | None = Field(default=None, description="as it stands now")
    difference: float = Field(description="value less closed_value, what is null taken for 0")
    unit: str = Field(description="hours, points, or a currency")
    is_taken: bool = Field(description="the portfolio's figures follow the new value; else they keep the closed one")
    detail: str = Field(description="the same as a sentence")


class Budget(Figure):
    """What each project may spend by category, and has spent."""

    table: ClassVar[str] = "budgets"

    project_id: Annotated[str, Ref("projects")] = Field(description="the project")
    project: str = Field(description="its name")
    category: str = Field(description="as in budget_lines, or labour")
    budget: float | None = Field(
        default=None,
        description="with contingency, without reserve; null: no line of this category, or in another currency",
    )
    contingency: float | None = Field(default=None, description="of it for known risks")
    reserve: float | None = Field(default=None, description="the management's, in no budget")
    actual_cost: float = Field(description="labour, expenses and accruals")
    accrued_cost: float = Field(description="of it delivered and not invoiced")
    committed_cost: float = Field(description="ordered and not delivered")
    left_over: float | None = Field(default=None, description="budget less actual cost")
    currency: str | None = Field(default=None, description="the project's")
    unpriced_hours: float = Field(description="hours without a rate: in no cost")


class ProjectProgress(Figure):
    """How much of each project's work is done, by points, by estimate and by count."""

    table: ClassVar[str] = "project_progress"

    project_id: Annotated[str | None, Ref("projects")] = Field(
        default=None, description="the project; null: all of the source that is in no project"
    )
    source: str = Field(description="where it is planned, or run")
    project: str = Field(description="its name, or (in no project)")
    progress: float | None = Field(
        default=None, description="done of all that is not cancelled, 0 to 1, by progress_basis; null: nothing counts"
    )
    progress_basis: str = Field(description="points, estimate or count")
    progress_points: float | None = Field(default=None, description="by story points")
    progress_estimate: float | None = Field(default=None, description="by original estimates")
    progress_count: float | None = Field(default=None, description="by issues without parts")
    points: float | None = Field(
        default=None, description="story points not cancelled, on the lowest level that has them"
    )
    done_points: float | None = Field(default=None, description="of them done")
    hours_estimated: float | None = Field(
        default=None, description="original estimates not cancelled, likewise, in hours"
    )
    done_hours_estimated: float | None = Field(default=None, description="of them done")
    issues: int = Field(description="issues without parts, not cancelled")
    done_issues: int = Field(description="of them done")
    unsized_share: float | None = Field(default=None, description="share of them with neither points nor estimate")


class EarnedValue(Figure):
    """Planned value, earned value and cost of each project at the end of each week and today."""

    table: ClassVar[str] = "earned_value"

    project_id: Annotated[str, Ref("projects")] = Field(description="the project")
    project: str = Field(description="its name")
    day_on: date = Field(description="end of the week, or the day of the file")
    is_now: bool = Field(description="the row of the day of the file")
    baseline: int | None = Field(
        default=None, description="number of the baseline in force on that day; null: none yet"
    )
    basis: str | None = Field(default=None, description="money, hours or points: what it is measured in")
    currency: str | None = Field(default=None, description="for money")
    earned_rule: str | None = Field(default=None, description="0/100, 50/50, percent or points")
    bac: float | None = Field(
        default=None, description="budget at completion: all work packages, contingency in, reserve out"
    )
    pv: float | None = Field(default=None, description="planned value; null: a package has no dates")
    ev: float | None = Field(
        default=None, description="earned value; null: how far a package was on that day is not known"
    )
    ac: float | None = Field(
        default=None, description="actual cost: labour, expenses and accruals of what could be priced"
    )
    sv: float | None = Field(default=None, description="schedule variance, EV - PV: negative is bad")
    cv: float | None = Field(default=None, description="cost variance, EV - AC: negative is bad")
    spi: float | None = Field(default=None, description="EV / PV")
    cpi: float | None = Field(default=None, description="EV / AC")
    eac_method: str = Field(description="formula of eac")
    eac: float | None = Field(default=None, description="estimate at completion")
    etc: float | None = Field(default=None, description="EAC - AC")
    vac: float | None = Field(default=None, description="BAC - EAC: negative is bad")
    tcpi_bac: float | None = Field(default=None, description="(BAC - EV) / (BAC - AC); null: the budget is spent")
    tcpi_eac: float | None = Field(default=None, description="(BAC - EV) / (EAC - AC)")
    planned_weeks: float | None = Field(default=None, description="from start to finish of the baseline")
    actual_weeks: float | None = Field(default=None, description="from its start to this day, or to the real end")
    earned_weeks: float | None = Field(
        default=None, description="earned schedule: when as much as EV was planned to be there"
    )
    sv_weeks: float | None = Field(default=None, description="earned less actual weeks: negative is late")
    spi_t: float | None = Field(default=None, description="earned by actual weeks")
    forecast_weeks: float | None = Field(default=None, description="planned weeks by spi_t")
    earned_share: float | None = Field(default=None, description="EV / BAC")
    is_early: bool = Field(description="less than 15 % is earned: indices say little")
    budget_spent: bool = Field(description="cost has reached the budget at completion")
    unpriced_hours: float | None = Field(default=None, description="hours without a rate: in no cost")
    unbaselined_issues: int | None = Field(
        default=None,
        description="issues without parts that are in no package of the baseline, and earn nothing; null: no package "
        "names issues, or an earlier day",
    )


class MilestoneOutlook(Figure):
    """Milestones of tools and plan: by baseline, as foreseen, and how late."""

    table: ClassVar[str] = "milestone_outlook"

    milestone_id: Annotated[str, Ref("milestones")] = Field(description="the milestone")
    project_id: Annotated[str | None, Ref("projects")] = Field(
        default=None, description="its project of the portfolio; null: in none"
    )
    source: str = Field(description="where it is")
    name: str = Field(description="display name")
    kind: str = Field(description="the tool's kind")
    state: str = Field(description="open, locked or closed")
    is_met: bool = Field(description="it is closed")
    baseline_on: date | None = Field(default=None, description="day in its baseline, else its due day")
    has_baseline: bool = Field(description="baseline_on is one")
    forecast_on: date | None = Field(default=None, description="day it was met or is foreseen; null: no day is known")
    forecast_method: str | None = Field(
        default=None, description="met, its due day, due days of its issues, or past: today at least"
    )
    slip_days: int | None = Field(default=None, description="forecast less baseline, calendar days: positive is late")
    first_baseline_on: date | None = Field(default=None, description="day in its first baseline; null: it has none")
    first_slip_days: int | None = Field(default=None, description="forecast less first baseline, calendar days")
    is_overdue: bool = Field(description="due before the day of the file, and open")
    on_time: bool | None = Field(default=None, description="met on or before its baseline; null: not due yet")
    issues: int = Field(description="issues that are due for it")
    open_issues: int = Field(description="of them open")
    on_hold: bool = Field(description="its project is on hold: listed, and no trouble")


class ProjectDates(Figure):
    """When each project was to end, is foreseen to, and has to."""

    table: ClassVar[str] = "project_dates"

    project_id: Annotated[str, Ref("projects")] = Field(description="the project")
    project: str = Field(description="its name")
    baseline: int | None = Field(
        default=None, description="number of the baseline in force: the highest that is approved"
    )
    baseline_start_on: date | None = Field(default=None, description="its start")
    baseline_finish_on: date | None = Field(default=None, description="its end")
    first_baseline_finish_on: date | None = Field(default=None, description="end in the first baseline")
    forecast_finish_on: date | None = Field(default=None, description="end as foreseen; null: on hold, or nothing says")
    forecast_method: str | None = Field(
        default=None, description="actual, said by its PM, open milestones and due dates, earned schedule"
    )
    finish_variance_days: int | None = Field(
        default=None, description="forecast less baseline, calendar days: positive is late"
    )
    finish_late_working_days: int | None = Field(default=None, description="the same in working days")
    deadline_on: date | None = Field(default=None, description="fixed day it must be done by")
    deadline_variance_days: int | None = Field(default=None, description="forecast less deadline: positive is missed")
    handed_on_days: int | None = Field(
        default=None, description="most days that an open issue of another project is later than one of this needs it"
    )
    handed_on_by: str | None = Field(default=None, description="key of that issue")
    finish_with_handed_on: date | None = Field(
        default=None, description="forecast and these days: the end if all that follows is pushed, so at the latest"
    )
    handed_on_late_working_days: int | None = Field(
        default=None, description="that end less the baseline's, in working days"
    )
    earned_schedule_finish_on: date | None = Field(
        default=None, description="end by earned schedule, whatever else says"
    )


class RiskRow(Figure):
    """Risks of the register with their scores, and troubles that the hub detects."""

    table: ClassVar[str] = "risks"

    risk_id: str = Field(description="id of the risk, or what was detected")
    project_id: Annotated[str, Ref("projects")] = Field(description="the project")
    project: str = Field(description="its name")
    title: str = Field(description="what may happen, or has been detected")
    kind: str = Field(description="threat or chance")
    state: str = Field(description="open, happened (a problem) or closed")
    is_detected: bool = Field(description="by the hub: no probability, as nobody gave one")
    severity: str | None = Field(
        default=None,
        description="low (1-3), medium (4-8), high (9-15), very high (16-25); of detected ones by their rule",
    )
    probability: int | None = Field(default=None, description="1 to 5, as entered")
    impact: int | None = Field(default=None, description="1 to 5, as entered")
    score: int | None = Field(default=None, description="probability by impact")
    exposure: float | None = Field(default=None, description="probability by money, of open ones")
    currency: str | None = Field(default=None, description="the project's")
    owner: str | None = Field(default=None, description="who watches it")
    review_on: date | None = Field(default=None, description="to be looked at again by")
    review_overdue: bool = Field(description="that day is past")
    raised_on: date | None = Field(default=None, description="since when it is known")


class HealthReason(Figure):
    """What each project's health comes from: one row per dimension that can be computed."""

    table: ClassVar[str] = "health_reasons"

    project_id: Annotated[str, Ref("projects")] = Field(description="the project")
    project: str = Field(description="its name")
    dimension: str = Field(description="finish, cost, deadline, scope; data: why it is unknown")
    health: str = Field(description="green, amber, red; unknown for data")
    value: float | None = Field(default=None, description="what is compared")
    amber_over: float | None = Field(default=None, description="amber above this")
    red_over: float | None = Field(default=None, description="red above this")
    detail: str = Field(description="the figures in a sentence")


class HealthRow(Figure):
    """Each project's health: computed, and beside it what a person says."""

    table: ClassVar[str] = "health"

    project_id: Annotated[str, Ref("projects")] = Field(description="the project")
    project: str = Field(description="its name")
    health: str = Field(
        description="green, amber, red, unknown or none: as a person says until a day, else as computed"
    )
    health_computed: str = Field(
        description="worst of its dimensions; unknown: fewer than two, no plan, or an old source"
    )
    health_found: str = Field(
        description="by this day's figures alone: green, after a worse day, is computed when two days running find it"
    )
    health_trend: str | None = Field(
        default=None,
        description="better, same or worse as computed than a week before, or than the first day that is kept; null: "
        "one of them is not known",
    )
    health_reason: str = Field(description="the worst rule with its figures")
    dimensions: int = Field(description="dimensions that could be computed")
    is_overridden: bool = Field(description="a person says so")
    override_by: str | None = Field(default=None, description="who")
    override_reason: str | None = Field(default=None, description="why")
    override_until_on: date | None = Field(default=None, description="until when")
    health_owner: str | None = Field(default=None, description="who mends it")


class ProgramRow(Figure):
    """Programs: sums of their projects and ratios of sums, with counts by colour."""

    table: ClassVar[str] = "programs"

    program_id: Annotated[str | None, Ref("program_plans")] = Field(
        default=None, description="the program; null: projects of none"
    )
    program: str = Field(description="its name, or (in no program)")
    sponsor: str | None = Field(default=None, description="who answers for it")
    manager: str | None = Field(default=None, description="who runs it")
    goal: str | None = Field(default=None, description="what it is for")
    health: str = Field(
        description="red where red projects hold more than a quarter of the budget, amber where one is red or amber"
    )
    projects: int = Field(description="its projects")
    green: int = Field(description="of them green")
    amber: int = Field(description="of them amber")
    red: int = Field(description="of them red")
    unknown: int = Field(description="of them unknown")
    without_health: int = Field(description="of them on hold or closed")
    baseline_finish_on: date | None = Field(default=None, description="last end by baseline")
    forecast_finish_on: date | None = Field(default=None, description="last end foreseen")
    budget: float | None = Field(default=None, description="sum; null: several currencies")
    actual_cost: float | None = Field(default=None, description="sum; null: several currencies")
    committed_cost: float | None = Field(default=None, description="sum; null: several currencies")
    forecast_cost: float | None = Field(default=None, description="sum of what is forecast; null: several currencies")
    cost_variance_share: float | None = Field(
        default=None, description="forecast over the budget of the same projects, as a share"
    )
    currency: str | None = Field(default=None, description="where they have one in common")
    spi: float | None = Field(default=None, description="sum of EV by sum of PV")
    cpi: float | None = Field(default=None, description="sum of EV by sum of AC")
    progress_count: float | None = Field(default=None, description="done issues of those not cancelled")
    hours_7d: float = Field(description="sum")
    remaining_hours: float | None = Field(default=None, description="sum")
    hours_logged: float = Field(description="sum")
    overdue: int = Field(description="sum")
    blocked: int = Field(description="sum")
    issues: int = Field(description="sum")
    done: int = Field(description="sum")
    cancelled: int = Field(description="sum")
    open_high_risks: int = Field(description="sum")
