"""One pydantic record per table: the only place where a column is named, typed and described.

`warehouse.schema` derives the DDL and the comments from these, `model.columns` the Arrow schemas. A column is

* *landed* (the default): a connector's decoder fills it, with **native** ids in references;
* *derived* (`DERIVED`): computed when the tables are normalized, from landed columns, history and mapping rules;
* *private* (`PRIVATE`): landed, used by the hub, never published.

Units and zones are in the names: `_at` UTC instant, `_on` day, `_seconds`. Tables and columns: DESIGN, section 6.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from model.vocabulary import (
    Approval,
    Availability,
    ChangeState,
    Evidence,
    IssueType,
    LinkKind,
    LinkRelation,
    MilestoneState,
    ProjectState,
    RunState,
    SprintState,
    Status,
    WordKind,
    WorkOnBasis,
)

__all__ = [
    "DERIVED",
    "PRIVATE",
    "About",
    "AboutFigure",
    "Account",
    "AccountMention",
    "Change",
    "Comment",
    "Issue",
    "IssueChange",
    "IssueLink",
    "IssueParent",
    "Json",
    "Mark",
    "Milestone",
    "Person",
    "Project",
    "Quarantined",
    "Record",
    "Ref",
    "Run",
    "Sprint",
    "SprintIssue",
    "StreamRun",
    "Synced",
    "Word",
    "Worklog",
]


@dataclass(frozen=True)
class Mark:
    """What a column is, beyond its type."""

    name: str


@dataclass(frozen=True)
class Ref:
    """The column holds the id of a row of `table`: native when landed, `<source>:<native id>` when published."""

    table: str


DERIVED = Mark("derived")
PRIVATE = Mark("private")

Json = Annotated[str, Mark("json")]


class Record(BaseModel):
    """A row of one table. The docstring's first line is the table's COMMENT, the descriptions are the columns'."""

    # Most runs make no single row of most tables: validators that nobody asks for cost each start a fifth of a second.
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)

    table: ClassVar[str]


class Synced(Record):
    """A row pulled from a tool."""

    owners: ClassVar[tuple[str, ...]] = ()  # references this row is a part of: it shares the fate of the worst

    id: Annotated[str, DERIVED] = Field(description="<source>:<native id>; never changes")


class Bookkeeping(Record):
    """Columns every synced table has behind its own ones."""

    source: str = Field(description="name of the source in the configuration")
    native_id: str = Field(description="the tool's own immutable id")
    availability: Annotated[Availability, DERIVED] = Field(
        description="present, deleted, archived, inaccessible, missing or out_of_scope; "
        "the worse of the row's own and its parent's"
    )
    availability_evidence: Annotated[str | None, DERIVED] = Field(
        description="why the row is not present: what the tool answered, or which parent it follows"
    )
    first_seen_at: Annotated[datetime, DERIVED] = Field(description="start of the run that first saw the row, UTC")
    last_seen_at: Annotated[datetime, DERIVED] = Field(
        description="last time the tool was known to hold the row, UTC: its last census while present"
    )
    changed_run_id: Annotated[str, DERIVED] = Field(description="the run that last changed the row")


class Project(Synced):
    """Projects of all sources, closed and archived ones too."""

    table: ClassVar[str] = "projects"

    key: str = Field(description="the tool's short name; may change")
    name: str = Field(description="display name")
    description: str | None = Field(default=None, description="plain text")
    url: str | None = Field(default=None, description="page of the project in the tool")
    lead_id: Annotated[str | None, Ref("accounts")] = Field(default=None, description="account that leads it")
    native_state: Annotated[ProjectState, PRIVATE] = Field(description="state as the tool last said")
    state: Annotated[ProjectState, DERIVED] = Field(description="active, on_hold, closed or archived")
    start_on: date | None = Field(default=None, description="planned start")
    due_on: date | None = Field(default=None, description="planned end")
    created_at: datetime | None = Field(default=None, description="made in the tool, UTC")
    updated_at: datetime | None = Field(default=None, description="last changed in the tool, UTC")
    parent_id: Annotated[str | None, Ref("projects")] = Field(default=None, description="project it is a part of")


class Issue(Synced):
    """Issues of all sources: one row per issue, task, ticket or plan line."""

    table: ClassVar[str] = "issues"
    owners: ClassVar[tuple[str, ...]] = ("project_id",)

    key: str = Field(description="what people call it: ERP-7, #1207; may change")
    url: str | None = Field(default=None, description="page of the issue in the tool")
    project_id: Annotated[str | None, Ref("projects")] = Field(default=None, description="project it is in")
    parent_id: Annotated[str | None, Ref("issues")] = Field(default=None, description="issue it is a part of")
    type: Annotated[IssueType, DERIVED] = Field(description="our word for native_type")
    native_type: str | None = Field(default=None, description="the tool's word")
    title: str = Field(description="one line")
    description: str | None = Field(default=None, description="text as the tool holds it, rich text made plain")
    status: Annotated[Status, DERIVED] = Field(description="our word for native_status")
    native_status: str | None = Field(default=None, description="the tool's word")
    priority: Annotated[int | None, DERIVED] = Field(
        default=None, ge=1, le=5, description="1 most urgent to 5; null where the tool has none"
    )
    native_priority: str | None = Field(default=None, description="the tool's word")
    resolution: str | None = Field(default=None, description="the tool's word for how it ended")
    assignee_id: Annotated[str | None, Ref("accounts")] = Field(default=None, description="who works on it")
    reporter_id: Annotated[str | None, Ref("accounts")] = Field(default=None, description="who asked for it")
    milestone_id: Annotated[str | None, Ref("milestones")] = Field(default=None, description="version or milestone")
    labels: list[str] = Field(default_factory=list, description="labels, in the tool's order")
    components: list[str] = Field(default_factory=list, description="components or categories")
    story_points: float | None = Field(default=None, description="size in points")
    percent_complete: float | None = Field(default=None, description="0 to 100 as said in the tool, never from time")
    original_estimate_seconds: int | None = Field(default=None, description="first estimate, without sub-issues")
    remaining_estimate_seconds: int | None = Field(default=None, description="work left as said in the tool")
    time_spent_seconds: int | None = Field(default=None, description="the tool's own sum, without sub-issues")
    start_on: date | None = Field(default=None, description="planned start")
    due_on: date | None = Field(default=None, description="planned end")
    baseline_start_on: date | None = Field(default=None, description="start in the tool's own baseline")
    baseline_due_on: date | None = Field(default=None, description="end in the tool's own baseline")
    created_at: datetime | None = Field(default=None, description="made in the tool, UTC")
    started_at: Annotated[datetime | None, DERIVED] = Field(
        default=None,
        description="first time in progress, from its history, UTC; null where work had begun before an observed one",
    )
    native_resolved_at: Annotated[datetime | None, PRIVATE] = Field(
        default=None, description="the tool's own time of resolution, UTC"
    )
    resolved_at: Annotated[datetime | None, DERIVED] = Field(
        default=None, description="last time it was finished, null while it is open, UTC"
    )
    first_response_at: Annotated[datetime | None, DERIVED] = Field(
        default=None,
        description="first comment, assignment or status change by another than the reporter, UTC",
    )
    updated_at: datetime | None = Field(default=None, description="last changed in the tool, UTC")
    custom: Json | None = Field(default=None, description="the tool's further fields by name, text of a JSON object")
    field_origins: Annotated[Json | None, PRIVATE] = Field(
        default=None, description="which columns of a table its observed fields were read from, by field"
    )
    native_type_id: str | None = Field(default=None, description="the tool's id of native_type")
    native_status_id: str | None = Field(default=None, description="the tool's id of native_status")
    native_priority_id: str | None = Field(default=None, description="the tool's id of native_priority")


class IssueParent(Synced):
    """Further parents of an issue, where a tool allows several."""

    table: ClassVar[str] = "issue_parents"
    owners: ClassVar[tuple[str, ...]] = ("issue_id",)

    issue_id: Annotated[str, Ref("issues")] = Field(description="the part")
    parent_id: Annotated[str, Ref("issues")] = Field(description="the whole")


class Worklog(Synced):
    """Booked hours: sum(seconds) filter (counted) is right over all sources."""

    table: ClassVar[str] = "worklogs"
    owners: ClassVar[tuple[str, ...]] = ("issue_id", "project_id")

    issue_id: Annotated[str | None, Ref("issues")] = Field(default=None, description="null: booked on the project")
    project_id: Annotated[str | None, Ref("projects")] = Field(
        default=None, description="project of the issue today, else the one it was booked on"
    )
    account_id: Annotated[str | None, Ref("accounts")] = Field(default=None, description="who worked")
    started_at: datetime | None = Field(default=None, description="start of the work, where the tool has one, UTC")
    work_on: date = Field(description="the author's own day, fixed at first sight")
    work_on_basis: WorkOnBasis = Field(description="where the day comes from: tool, account_zone or hub_zone")
    seconds: int = Field(description="duration; negative only where the tool allows corrections")
    billable_seconds: int | None = Field(default=None, description="part that may be billed")
    activity: str | None = Field(default=None, description="the tool's word for the kind of work")
    comment: str | None = Field(default=None, description="plain text")
    approval: Approval | None = Field(default=None, description="submitted, approved, rejected; null: tool has none")
    counted: Annotated[bool, DERIVED] = Field(description="false for mirrors and deleted entries")
    mirror_of: Annotated[str | None, Ref("worklogs")] = Field(
        default=None, description="the entry this one repeats, in another tool"
    )
    created_at: datetime | None = Field(default=None, description="made in the tool, UTC")
    updated_at: datetime | None = Field(default=None, description="last changed in the tool, UTC")


class IssueChange(Synced):
    """History: one row per issue, field and change."""

    table: ClassVar[str] = "issue_changes"
    owners: ClassVar[tuple[str, ...]] = ("issue_id",)

    issue_id: Annotated[str, Ref("issues")] = Field(description="the issue")
    account_id: Annotated[str | None, Ref("accounts")] = Field(default=None, description="who changed it")
    field: str = Field(description="status, priority, type, assignee, milestone, … else the tool's own field name")
    from_native: str | None = Field(default=None, description="the tool's word before")
    to_native: str | None = Field(default=None, description="the tool's word after")
    from_value: Annotated[str | None, DERIVED] = Field(default=None, description="our word or id before")
    to_value: Annotated[str | None, DERIVED] = Field(default=None, description="our word or id after")
    changed_at: datetime = Field(description="when, UTC; of an observed one the end of its interval: at the latest")
    evidence: Evidence = Field(description="reported by the tool, or observed by the hub between two readings")
    observed_from: datetime | None = Field(default=None, description="of an observed one: not before, UTC")
    from_native_id: str | None = Field(default=None, description="the tool's id before")
    to_native_id: str | None = Field(default=None, description="the tool's id after")


class Comment(Synced):
    """Who said something when: evidence of responses. Never published, and without the text."""

    table: ClassVar[str] = "comments"
    owners: ClassVar[tuple[str, ...]] = ("issue_id",)

    issue_id: Annotated[str, Ref("issues")] = Field(description="the issue")
    account_id: Annotated[str | None, Ref("accounts")] = Field(default=None, description="who wrote it")
    created_at: datetime = Field(description="when, UTC")


class IssueLink(Synced):
    """Links between issues, once each."""

    table: ClassVar[str] = "issue_links"
    owners: ClassVar[tuple[str, ...]] = ("from_issue_id", "to_issue_id")

    kind: LinkKind = Field(description="blocks, precedes, duplicates or relates; read from → to")
    native_kind: str = Field(description="the tool's word")
    relation: LinkRelation | None = Field(default=None, description="FS, SS, FF or SF for precedes")
    lag_seconds: int | None = Field(default=None, description="delay between the two ends, calendar time")
    from_issue_id: Annotated[str, Ref("issues")] = Field(description="blocks, precedes, is the duplicate")
    to_issue_id: Annotated[str, Ref("issues")] = Field(description="is blocked, follows, is the original")


class Sprint(Synced):
    """Sprints and iterations."""

    table: ClassVar[str] = "sprints"

    name: str = Field(description="display name")
    state: SprintState = Field(description="future, active or closed")
    goal: str | None = Field(default=None, description="plain text")
    start_at: datetime | None = Field(default=None, description="planned or real start, UTC")
    end_at: datetime | None = Field(default=None, description="planned end, UTC")
    completed_at: datetime | None = Field(default=None, description="when it was closed, UTC")


class SprintIssue(Synced):
    """Which issue was in which sprint, from when to when."""

    table: ClassVar[str] = "sprint_issues"
    owners: ClassVar[tuple[str, ...]] = ("issue_id", "sprint_id")

    sprint_id: Annotated[str, Ref("sprints")] = Field(description="the sprint")
    issue_id: Annotated[str, Ref("issues")] = Field(description="the issue")
    added_at: datetime | None = Field(default=None, description="null: not known, UTC")
    removed_at: datetime | None = Field(default=None, description="null: still in it, UTC")


class Milestone(Synced):
    """Versions, releases and milestones."""

    table: ClassVar[str] = "milestones"
    owners: ClassVar[tuple[str, ...]] = ("project_id",)

    project_id: Annotated[str | None, Ref("projects")] = Field(default=None, description="project it belongs to")
    name: str = Field(description="display name")
    description: str | None = Field(default=None, description="plain text")
    kind: str = Field(description="the tool's kind: version, milestone, …")
    state: MilestoneState = Field(description="open, locked or closed")
    start_on: date | None = Field(default=None, description="planned start")
    due_on: date | None = Field(default=None, description="planned day")
    baseline_due_on: date | None = Field(default=None, description="day in the tool's own baseline")
    first_baseline_due_on: date | None = Field(
        default=None, description="day in its first baseline, where it was given another since"
    )
    released_on: date | None = Field(default=None, description="day it was met")


class Account(Synced):
    """Accounts of people (and groups) in the tools. Never more than id and name, unless e-mail is published."""

    table: ClassVar[str] = "accounts"

    name: str = Field(description="display name")
    email: str | None = Field(default=None, description="published only with publish.emails = true")
    active: bool | None = Field(default=None, description="null where the tool does not say")
    time_zone: str | None = Field(default=None, description="IANA name")
    person_id: Annotated[str | None, DERIVED] = Field(default=None, description="the human behind it, in people")
    identity_provider: Annotated[str | None, PRIVATE] = Field(
        default=None, description="who issues the native id, where several sources share one (atlassian)"
    )


class AccountMention(Synced):
    """Accounts known only by being named in another record. Published among the accounts where no better is known."""

    table: ClassVar[str] = "account_mentions"

    name: str = Field(description="display name as it was named")
    email: str | None = Field(default=None, description="its address, where it was named with it")


class Word(Synced):
    """The tools' own words and what they are mapped to."""

    table: ClassVar[str] = "words"

    kind: WordKind = Field(description="status, priority, type, activity or field")
    word_id: str = Field(description="the tool's id of the word within its kind")
    name: str = Field(description="the tool's word")
    category: str | None = Field(
        default=None, description="the tool's own category, todo, in_progress or done if it says"
    )
    position: int | None = Field(
        default=None, description="place in the tool's own list, 0 first; priorities: 0 most urgent"
    )
    level: int | None = Field(default=None, description="types: -1 sub-task, 0 issue, 1 and above holds issues")
    value: Annotated[str | None, DERIVED] = Field(default=None, description="our word")
    basis: Annotated[str | None, DERIVED] = Field(
        default=None, description="rule: configured; else what the default was drawn from; to be confirmed"
    )


class Person(Record):
    """Humans over all tools: accounts that belong together."""

    table: ClassVar[str] = "people"

    id: str = Field(description="id of the first of its accounts")
    name: str = Field(description="display name")
    email: str | None = Field(default=None, description="published only with publish.emails = true")


class Run(Record):
    """Every run of the hub."""

    table: ClassVar[str] = "runs"

    id: str = Field(description="start time and a random part")
    kind: str = Field(description="sync, rebuild, …")
    source: str = Field(description="the source it read")
    state: RunState = Field(description="running, done, incomplete or failed")
    started_at: datetime = Field(description="UTC")
    ended_at: datetime | None = Field(default=None, description="null: still running, or killed, UTC")
    requests: int = Field(default=0, description="requests sent to the tool")
    throttled_seconds: float = Field(default=0.0, description="time waited because the tool asked for it")
    rows_changed: int = Field(default=0, description="rows written to synced tables")
    error: Annotated[str | None, PRIVATE] = Field(default=None, description="why it failed")


class StreamRun(Record):
    """What each run did per stream."""

    table: ClassVar[str] = "stream_runs"

    run_id: str = Field(description="the run")
    source: str = Field(description="the source")
    stream: str = Field(description="the stream")
    state: RunState = Field(description="done, incomplete or failed")
    full: bool = Field(description="true: everything was read, not only what changed")
    since_at: datetime | None = Field(default=None, description="start of the window on the tool's clock, UTC")
    through_at: datetime | None = Field(default=None, description="up to when the stream is known, UTC")
    pages: int = Field(default=0, description="answers read")
    requests: int = Field(default=0, description="requests sent")
    throttled_seconds: float = Field(default=0.0, description="time waited because the tool asked for it")
    rows_seen: int = Field(default=0, description="records in the answers")
    rows_new: int | None = Field(default=None, description="rows never seen before; null: run before this was counted")
    rows_changed: int = Field(default=0, description="rows new, different or gone")
    rows_gone: int | None = Field(default=None, description="rows found to be in the tool no longer")
    quarantined: int = Field(default=0, description="records that did not fit")
    census: int | None = Field(default=None, description="how many the tool says exist; null: not counted")
    present: int | None = Field(default=None, description="how many of them the hub holds")
    held_back: int = Field(default=0, description="rows kept although absent, until pmo accept-loss")


class Quarantined(Record):
    """Records that did not fit. The payload stays private."""

    table: ClassVar[str] = "quarantine"

    source: str = Field(description="the source")
    stream: str = Field(description="the stream")
    native_id: str | None = Field(default=None, description="null: not even the id could be read")
    field: str | None = Field(default=None, description="where it did not fit")
    error: str = Field(description="what did not fit, without the value")
    run_id: str = Field(description="the run that met it")


class Change(Record):
    """Wanted pushes and what became of them."""

    table: ClassVar[str] = "changes"

    id: str = Field(description="number of the change")
    issue_id: Annotated[str, Ref("issues")] = Field(description="the issue")
    field: str = Field(description="status or priority")
    base: str | None = Field(default=None, description="native value the asker saw")
    wanted: str = Field(description="native id, or our word")
    reason: str | None = Field(default=None, description="why")
    state: ChangeState = Field(description="pending, approved, applied, verified, conflict, …")
    requested_at: datetime = Field(description="UTC")
    verified_at: datetime | None = Field(default=None, description="UTC")


class About(Record):
    """This file: one row per source."""

    table: ClassVar[str] = "about"

    schema_version: int = Field(description="version of these tables")
    hub_version: str = Field(description="version of pmo-hub that wrote the file")
    generated_at: datetime = Field(description="when the file was written, UTC")
    zone: str = Field(description="the PMO's own time zone, IANA name")
    today_on: date = Field(description="the day the file was made, in that zone: what is overdue is so on this day")
    month_close_day: int = Field(
        description="day of the following month, from which on the hours and costs of a month count as closed"
    )
    source: str | None = Field(default=None, description="the source; null if there is none yet")
    account_id: Annotated[str | None, Ref("accounts")] = Field(
        default=None, description="account that pmo-hub reads and pushes with; null: not known yet"
    )
    fresh_through_at: datetime | None = Field(
        default=None,
        description="everything up to here is in, least of its streams, tool's clock, UTC; null: one was never read",
    )
    completeness: float | None = Field(
        default=None,
        description="share of what the tool says exists that landed, least of its streams, 0 to 1; null: not counted",
    )
    observed: list[str] = Field(
        default_factory=list,
        description="fields of its issues whose history is observed by the hub, as the tool keeps none: what an issue "
        "was before its first_seen_at is not known",
    )


class AboutFigure(Record):
    """The SQL each derived table was made with."""

    table: ClassVar[str] = "about_figures"

    name: str = Field(description="the table")
    description: str = Field(description="what it counts and how")
    runs_here: bool = Field(description="false: it needs what each person costs, which is not in this file")
    sql: str = Field(description="runs on this file, unless runs_here says otherwise")
