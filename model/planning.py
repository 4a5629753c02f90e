"""Records of what trackers do not hold and a PMO keeps in files: a source of `type = "plan"` reads them.

One record per file (or sheet), one row per line of it. Money is in the line's own currency (ISO 4217); a month is named
by any day of it. Projects and milestones of the plan are rows of `projects` and `milestones`, as those of every tool.
What the figures make of these rows: docs/figures.md; how the files are written: docs/connectors/plan.md.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from model.records import DERIVED, Ref, Synced

__all__ = [
    "PLANNED",
    "Absence",
    "Baseline",
    "Benefit",
    "BudgetLine",
    "Calendar",
    "CalendarDay",
    "ChangeRequest",
    "ChangeRequestState",
    "CostEntry",
    "CostKind",
    "EarnedRule",
    "EstimateAtCompletion",
    "ExchangeRate",
    "Health",
    "HealthOverride",
    "Program",
    "ProgressBasis",
    "ProjectKind",
    "ProjectPlan",
    "ProjectScope",
    "Rate",
    "Risk",
    "RiskKind",
    "RiskState",
    "Stage",
    "TeamMember",
    "WorkPackage",
]

Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class Stage(StrEnum):
    PROPOSED = "proposed"
    INITIATION = "initiation"
    PLANNING = "planning"
    EXECUTION = "execution"
    CLOSING = "closing"
    CLOSED = "closed"


class ProjectKind(StrEnum):
    """`run`: keeps things going, has no end; `change`: makes something new."""

    RUN = "run"
    CHANGE = "change"


class ProgressBasis(StrEnum):
    """What progress is counted in."""

    POINTS = "points"
    ESTIMATE = "estimate"
    COUNT = "count"


class EarnedRule(StrEnum):
    """How much of a work package's budget is earned before it is done.

    `none`: nothing (0/100); `half`: 50 on start, 50 at the end; `percent`: its percent complete; `points`: share of the
    story points of its issues that are done.
    """

    NONE = "0/100"
    HALF = "50/50"
    PERCENT = "percent"
    POINTS = "points"


class EstimateAtCompletion(StrEnum):
    """Formulas: BAC/CPI, AC+(BAC-EV), AC+(BAC-EV)/(CPI*SPI), or what is left as it was estimated anew."""

    CPI = "BAC/CPI"
    PLANNED_RATE = "AC+BAC-EV"
    CPI_SPI = "AC+(BAC-EV)/(CPI*SPI)"
    BOTTOM_UP = "bottom-up"


class CostKind(StrEnum):
    """`accrual`: delivered and not invoiced; `commitment`: ordered and not delivered."""

    EXPENSE = "expense"
    ACCRUAL = "accrual"
    COMMITMENT = "commitment"


class RiskKind(StrEnum):
    THREAT = "threat"
    CHANCE = "chance"


class RiskState(StrEnum):
    """`happened`: it is a problem now, and out of the exposure."""

    OPEN = "open"
    HAPPENED = "happened"
    CLOSED = "closed"


class ChangeRequestState(StrEnum):
    ASKED = "asked"
    APPROVED = "approved"
    REJECTED = "rejected"


class Health(StrEnum):
    """`none`: not asked for, as on hold or closed."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"
    UNKNOWN = "unknown"
    NONE = "none"


class Program(Synced):
    """Programs: projects that serve one goal together."""

    table: ClassVar[str] = "program_plans"

    name: str = Field(description="display name")
    sponsor: str | None = Field(default=None, description="who answers for it")
    manager: str | None = Field(default=None, description="who runs it")
    goal: str | None = Field(default=None, description="what it is for")


class ProjectPlan(Synced):
    """What the PMO holds about each of its projects, beside what the tools know."""

    table: ClassVar[str] = "project_plans"
    owners: ClassVar[tuple[str, ...]] = ("project_id",)

    project_id: Annotated[str, Ref("projects")] = Field(description="the project, by its key")
    program_id: Annotated[str | None, Ref("program_plans")] = Field(default=None, description="program it belongs to")
    sponsor: str | None = Field(default=None, description="who answers for it")
    pm: str | None = Field(default=None, description="who runs it")
    goal: str | None = Field(default=None, description="what it is for")
    stage: Stage | None = Field(
        default=None, description="proposed, initiation, planning, execution, closing or closed"
    )
    kind: ProjectKind = Field(default=ProjectKind.CHANGE, description="run or change")
    mandatory: bool = Field(default=False, description="law or contract demands it")
    deadline_on: date | None = Field(default=None, description="fixed day it must be done by, whatever the plan says")
    started_on: date | None = Field(default=None, description="real start")
    finished_on: date | None = Field(default=None, description="real end")
    hold_from_on: date | None = Field(default=None, description="on hold since")
    forecast_finish_on: date | None = Field(default=None, description="end as its PM foresees it")
    currency: Currency | None = Field(default=None, description="its figures are in, such as EUR")
    progress_basis: ProgressBasis | None = Field(
        default=None, description="points, estimate or count: what progress means here; the first that it has, if empty"
    )
    earned_rule: EarnedRule | None = Field(default=None, description="0/100, 50/50, percent or points")
    eac_method: EstimateAtCompletion | None = Field(
        default=None, description="BAC/CPI if empty; AC+BAC-EV; AC+(BAC-EV)/(CPI*SPI); bottom-up"
    )
    remaining_cost: float | None = Field(default=None, description="cost of what is left, estimated anew: bottom-up")
    contract_value: float | None = Field(default=None, description="fixed price somebody pays for it")
    health_owner: str | None = Field(default=None, description="who mends its health")
    decision_asked: str | None = Field(default=None, description="what the sponsor is to decide")
    note: str | None = Field(default=None, description="the PM's last words on it")
    note_on: date | None = Field(default=None, description="day of these words")


class ProjectScope(Synced):
    """Which issues belong to which project: the first line that fits wins; all that stands in a line must fit."""

    table: ClassVar[str] = "project_scopes"
    owners: ClassVar[tuple[str, ...]] = ("project_id",)

    project_id: Annotated[str, Ref("projects")] = Field(description="the project they belong to, by its key")
    position: int = Field(description="the line's place: the first that fits wins")
    in_source: str | None = Field(default=None, description="name of the source")
    in_project: list[str] = Field(default_factory=list, description="keys or names of projects in the tool")
    label: list[str] = Field(default_factory=list, description="one of these labels")
    component: list[str] = Field(default_factory=list, description="one of these components")
    issue_type: list[str] = Field(default_factory=list, description="one of these types, our word or the tool's")
    milestone: list[str] = Field(default_factory=list, description="one of these milestones, by name")
    issue: list[str] = Field(default_factory=list, description="one of these issues, by key or id, or a part of one")


class BudgetLine(Synced):
    """Money a project may spend, by category. Contingency is a part of the budget, reserve is the management's own."""

    table: ClassVar[str] = "budget_lines"
    owners: ClassVar[tuple[str, ...]] = ("project_id",)

    project_id: Annotated[str, Ref("projects")] = Field(description="the project, by its key")
    category: str = Field(description="such as labour, hardware, licences")
    amount: float = Field(description="without contingency and reserve")
    contingency: float = Field(default=0, description="for known risks: in the budget at completion")
    reserve: float = Field(default=0, description="management's, for unknown ones: not in the budget at completion")
    currency: Currency | None = Field(default=None, description="such as EUR; the project's own if empty")


class Baseline(Synced):
    """Approved plans to be measured against. The highest approved number is in force; a lower one never comes back."""

    table: ClassVar[str] = "baselines"
    owners: ClassVar[tuple[str, ...]] = ("project_id",)

    project_id: Annotated[str, Ref("projects")] = Field(description="the project, by its key")
    number: int = Field(ge=0, description="0 or 1 for the first")
    approved_by: str | None = Field(default=None, description="without a name it is no baseline")
    approved_on: date | None = Field(default=None, description="in force from this day")
    start_on: date | None = Field(default=None, description="planned start")
    finish_on: date | None = Field(default=None, description="planned end")
    scope_points: float | None = Field(default=None, description="story points it holds")
    scope_hours: float | None = Field(default=None, description="hours of estimate it holds")
    note: str | None = Field(default=None, description="why")


class WorkPackage(Synced):
    """What a baseline's money, hours or points are planned for, between two days, evenly over working days."""

    table: ClassVar[str] = "work_packages"
    owners: ClassVar[tuple[str, ...]] = ("project_id",)

    project_id: Annotated[str, Ref("projects")] = Field(description="the project, by its key")
    baseline: int = Field(ge=0, description="number of the baseline")
    name: str = Field(description="what it is called, once in a baseline")
    budget: float | None = Field(default=None, description="money, contingency included, in the project's currency")
    hours: float | None = Field(default=None, description="hours of work")
    points: float | None = Field(default=None, description="story points")
    start_on: date | None = Field(default=None, description="planned start")
    finish_on: date | None = Field(default=None, description="planned end")
    issue: list[str] = Field(
        default_factory=list, description="its issues, by key or id; parts of them belong to it as well"
    )
    label: list[str] = Field(default_factory=list, description="issues of the project with one of these labels")
    milestone: list[str] = Field(default_factory=list, description="issues of the project for one of these milestones")
    percent_complete: float | None = Field(
        default=None, ge=0, le=100, description="0 to 100, where no issue of a tool says it"
    )
    started_on: date | None = Field(default=None, description="real start, where no issue says it")
    finished_on: date | None = Field(default=None, description="real end, where no issue says it")
    level_of_effort: bool = Field(default=False, description="goes along with time: earns what is planned")


class Rate(Synced):
    """What an hour costs. The first of person and project, person, role and project, role, default that is valid."""

    table: ClassVar[str] = "rates"

    person: str | None = Field(default=None, description="name or e-mail address")
    person_id: Annotated[str | None, DERIVED] = Field(
        default=None, description="in people, by e-mail or by a name that one alone has; null: nobody, or several"
    )
    role: str | None = Field(default=None, description="role, as in team_members; neither person nor role: default")
    project_id: Annotated[str | None, Ref("projects")] = Field(default=None, description="only there, by its key")
    hourly_rate: float = Field(ge=0, description="money an hour")
    currency: Currency = Field(description="such as EUR")
    from_on: date | None = Field(default=None, description="first day it is valid; empty: ever since")
    to_on: date | None = Field(default=None, description="last day it is valid; empty: until further notice")


class TeamMember(Synced):
    """Who works how much, in which role, from when to when."""

    table: ClassVar[str] = "team_members"

    person: str = Field(description="name or e-mail address")
    person_id: Annotated[str | None, DERIVED] = Field(
        default=None, description="in people, by e-mail or by a name that one alone has; null: nobody, or several"
    )
    role: str | None = Field(default=None, description="role, as rates name it")
    team: str | None = Field(default=None, description="team or department")
    calendar: str | None = Field(default=None, description="name of a calendar; empty: five days of 8 hours")
    share: float = Field(default=1, ge=0, le=2, description="of the calendar's hours: 0.6 is three days in five")
    external: bool = Field(default=False, description="no employee: hours are not expected of him or her")
    from_on: date | None = Field(default=None, description="first day; empty: ever since")
    to_on: date | None = Field(default=None, description="last day; empty: until further notice")


class Calendar(Synced):
    """Working hours of a week."""

    table: ClassVar[str] = "calendars"

    name: str = Field(description="what team_members call it")
    monday: float = Field(default=8, ge=0, le=24, description="hours")
    tuesday: float = Field(default=8, ge=0, le=24, description="hours")
    wednesday: float = Field(default=8, ge=0, le=24, description="hours")
    thursday: float = Field(default=8, ge=0, le=24, description="hours")
    friday: float = Field(default=8, ge=0, le=24, description="hours")
    saturday: float = Field(default=0, ge=0, le=24, description="hours")
    sunday: float = Field(default=0, ge=0, le=24, description="hours")


class CalendarDay(Synced):
    """Days that differ from the calendar's week: holidays, half days, a Saturday that is worked."""

    table: ClassVar[str] = "calendar_days"

    calendar: str = Field(description="name of the calendar")
    day_on: date = Field(description="the day")
    hours: float = Field(default=0, ge=0, le=24, description="hours worked; 0: holiday")
    name: str | None = Field(default=None, description="what it is")


class Absence(Synced):
    """Leave, illness, training: days somebody is not there."""

    table: ClassVar[str] = "absences"

    person: str = Field(description="name or e-mail address")
    person_id: Annotated[str | None, DERIVED] = Field(
        default=None, description="in people, by e-mail or by a name that one alone has; null: nobody, or several"
    )
    from_on: date = Field(description="first day")
    to_on: date = Field(description="last day")
    share: float = Field(default=1, gt=0, le=1, description="of each day: 0.5 is half days")


class CostEntry(Synced):
    """Cost that is not hours: expenses, what was delivered and not invoiced, what was ordered."""

    table: ClassVar[str] = "cost_entries"
    owners: ClassVar[tuple[str, ...]] = ("project_id",)

    project_id: Annotated[str, Ref("projects")] = Field(description="the project, by its key")
    kind: CostKind = Field(default=CostKind.EXPENSE, description="expense, accrual or commitment")
    category: str | None = Field(default=None, description="as in budget_lines")
    amount: float = Field(description="money; negative: given back")
    currency: Currency | None = Field(default=None, description="such as EUR; the project's own if empty")
    worked_on: date | None = Field(default=None, description="day or month of the work it pays for, not the invoice's")
    booked_on: date | None = Field(default=None, description="day it was entered in the books")
    supplier: str | None = Field(default=None, description="who is paid")
    reference: str | None = Field(default=None, description="number of the invoice or order")
    note: str | None = Field(default=None, description="what for")


class ExchangeRate(Synced):
    """How much of one currency one unit of another is worth in a month."""

    table: ClassVar[str] = "exchange_rates"

    from_currency: Currency = Field(description="one unit of this …")
    to_currency: Currency = Field(description="… is so many of this")
    month_on: date = Field(description="the month, by any day of it")
    rate: float = Field(gt=0, description="units of to_currency for one of from_currency")


class Risk(Synced):
    """The register of risks: threats and chances, scored by people. Those that happened are problems."""

    table: ClassVar[str] = "risk_register"
    owners: ClassVar[tuple[str, ...]] = ("project_id",)

    project_id: Annotated[str, Ref("projects")] = Field(description="the project, by its key")
    title: str = Field(description="what may happen")
    kind: RiskKind = Field(default=RiskKind.THREAT, description="threat or chance")
    state: RiskState = Field(default=RiskState.OPEN, description="open, happened or closed")
    probability: int | None = Field(default=None, ge=1, le=5, description="1 hardly to 5 almost surely")
    impact: int | None = Field(default=None, ge=1, le=5, description="1 slight to 5 disastrous")
    probability_percent: float | None = Field(default=None, ge=0, le=100, description="for the exposure in money")
    cost: float | None = Field(default=None, description="money if it happens, in the project's currency")
    owner: str | None = Field(default=None, description="who watches it")
    response: str | None = Field(default=None, description="what is done about it")
    review_on: date | None = Field(default=None, description="to be looked at again by")
    raised_on: date | None = Field(default=None, description="since when it is known")


class Benefit(Synced):
    """What a project is to bring, and has brought, month by month."""

    table: ClassVar[str] = "benefits"
    owners: ClassVar[tuple[str, ...]] = ("project_id",)

    project_id: Annotated[str, Ref("projects")] = Field(description="the project, by its key")
    name: str = Field(description="what gets better")
    measure: str | None = Field(default=None, description="how that is told; without it, it is not summed")
    owner: str | None = Field(default=None, description="who answers for it; without one, it is not summed")
    month_on: date = Field(description="the month, by any day of it")
    planned: float | None = Field(default=None, description="money expected of that month")
    realised: float | None = Field(default=None, description="money it really brought")
    currency: Currency | None = Field(default=None, description="such as EUR; the project's own if empty")


class ChangeRequest(Synced):
    """Changes of scope, dates or budget that were asked for, and who approved them."""

    table: ClassVar[str] = "change_requests"
    owners: ClassVar[tuple[str, ...]] = ("project_id",)

    project_id: Annotated[str, Ref("projects")] = Field(description="the project, by its key")
    title: str = Field(description="what is to change")
    state: ChangeRequestState = Field(default=ChangeRequestState.ASKED, description="asked, approved or rejected")
    asked_by: str | None = Field(default=None, description="who asked")
    asked_on: date | None = Field(default=None, description="when")
    decided_by: str | None = Field(default=None, description="who approved or rejected it")
    decided_on: date | None = Field(default=None, description="when")
    points: float | None = Field(default=None, description="story points it adds")
    hours: float | None = Field(default=None, description="hours of estimate it adds")
    cost: float | None = Field(default=None, description="money it adds, in the project's currency")
    days: int | None = Field(default=None, description="working days the end moves by")


class HealthOverride(Synced):
    """A person's word on a project's health, shown beside the computed one until its end."""

    table: ClassVar[str] = "health_overrides"
    owners: ClassVar[tuple[str, ...]] = ("project_id",)

    project_id: Annotated[str, Ref("projects")] = Field(description="the project, by its key")
    health: Health = Field(description="green, amber or red")
    said_by: str = Field(description="who says so")
    reason: str = Field(description="why")
    from_on: date | None = Field(default=None, description="first day; empty: at once")
    until_on: date = Field(description="last day: every override ends")


PLANNED: tuple[type[Synced], ...] = (
    Program, ProjectPlan, ProjectScope, BudgetLine, Baseline, WorkPackage, Rate, TeamMember, Calendar, CalendarDay,
    Absence, CostEntry, ExchangeRate, Risk, Benefit, ChangeRequest, HealthOverride,
)  # fmt: skip
"""Tables of plan sources alone, parents first. `projects` and `milestones` they share with the tools."""
