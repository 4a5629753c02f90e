"""Jira's records as typed structs, read from bytes; what they mean in columns stands in `connectors.jira_decode`.

The structs name only what is kept; unknown keys are skipped at the speed of reading. An answer that does not say what
it takes to understand it (which custom field holds story points, which feed this is) is archived with that before it:
`{"asked": {…},\\n"answer": <as received>}`, see `told` and `split`.
Facts: the published OpenAPI description of Jira Cloud (platform 1001.0.0-SNAPSHOT, agile 1.0), read 2026-11-25.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw, Struct

from connectors.misfit import UNREADABLE
from model.errors import BadRecord

__all__ = [
    "Asked",
    "Changelogs",
    "Comment",
    "Feed",
    "Field",
    "Fields",
    "History",
    "Issue",
    "Item",
    "Link",
    "Priority",
    "Project",
    "Ref",
    "Schema",
    "Sprint",
    "SprintRef",
    "Status",
    "Type",
    "User",
    "Version",
    "Worklog",
    "asked_of",
    "raws_of",
]

NOTHING = Raw(b"null")


# ------------------------------------------------------------------ what stands in issues


class Ref(Struct, gc=False):
    id: str
    name: str = ""


class Named(Struct, gc=False):
    name: str


class Keyed(Struct, gc=False):
    id: str
    key: str = ""


class User(Struct, gc=False, rename="camel"):
    """`key` and `name` are those of servers; Cloud has the account's id alone."""

    account_id: str | None = None
    display_name: str | None = None
    time_zone: str | None = None
    key: str | None = None
    name: str | None = None


class LinkType(Struct, gc=False):
    name: str
    outward: str = ""


class Link(Struct, gc=False, rename="camel"):
    id: str
    type: LinkType
    inward_issue: Keyed | None = None
    outward_issue: Keyed | None = None


class SprintRef(Struct, gc=False):
    id: int


class Worklog(Struct, gc=False, rename="camel"):
    id: str
    started: str
    time_spent_seconds: int
    issue_id: str | None = None
    author: User | None = None
    comment: Raw = NOTHING
    created: str | None = None
    updated: str | None = None


class Worklogs(Struct, gc=False, rename="camel"):
    total: int | None = None
    start_at: int | None = None
    worklogs: list[Worklog] | None = None


class Comment(Struct, gc=False):
    id: str
    created: str
    author: User | None = None


class Comments(Struct, gc=False, rename="camel"):
    total: int | None = None
    start_at: int | None = None
    comments: list[Comment] | None = None


_ITEM = {"field_id": "fieldId", "from_": "from", "from_text": "fromString", "to_text": "toString"}


class Item(Struct, gc=False, rename=_ITEM):
    """One field that changed."""

    field: str
    field_id: str | None = None
    from_: str | None = None
    from_text: str | None = None
    to: str | None = None
    to_text: str | None = None


class History(Struct, gc=False):
    """`created` is a number (seconds or milliseconds) in the bulk answer's own example."""

    id: str
    created: str | int | float
    author: User | None = None
    items: list[Item] | None = None


class Histories(Struct, gc=False, rename="camel"):
    total: int | None = None
    start_at: int | None = None
    histories: list[History] | None = None


class Fields(Struct, gc=False, rename={"fix_versions": "fixVersions", "closed_sprints": "closedSprints"}):
    """What every issue may have; custom fields are added by `connectors.jira_fields`."""

    summary: str
    project: Keyed | None = None
    issuetype: Ref | None = None
    status: Ref | None = None
    priority: Ref | None = None
    resolution: Named | None = None
    assignee: User | None = None
    reporter: User | None = None
    parent: Keyed | None = None
    description: Raw = NOTHING
    labels: list[str] | None = None
    components: list[Named] | None = None
    fix_versions: list[Ref] | None = None
    timeoriginalestimate: int | None = None
    timeestimate: int | None = None
    timespent: int | None = None
    duedate: str | None = None
    created: str | None = None
    updated: str | None = None
    resolutiondate: str | None = None
    issuelinks: list[Link] | None = None  # None: not asked for
    worklog: Worklogs | None = None
    comment: Comments | None = None
    # as the agile interface has it
    sprint: SprintRef | None = None
    closed_sprints: list[SprintRef] | None = None
    epic: Any = None


class Issue(Struct, gc=False):
    id: str
    key: str
    fields: Fields
    changelog: Histories | None = None


# ------------------------------------------------------------------ other records


class ChangelogOf(Struct, gc=False, rename="camel"):
    issue_id: str
    change_histories: list[History] | None = None


class Changelogs(Struct, rename="camel"):
    issue_change_logs: list[ChangelogOf]
    next_page_token: str | None = None


class FeedEntry(Struct, gc=False, rename="camel"):
    worklog_id: int


class Feed(Struct, rename="camel"):
    """`worklog/updated` and `worklog/deleted`; times in milliseconds."""

    values: list[FeedEntry]
    until: int | None = None
    next_page: str | None = None
    last_page: bool = True
    self: str = ""


class Project(Struct):
    id: str
    key: str
    name: str
    description: str | None = None
    lead: User | None = None
    archived: bool | None = None
    deleted: bool | None = None


class Category(Struct, gc=False):
    key: str = ""


class Status(Struct, rename="camel"):
    id: str
    name: str
    status_category: Category | None = None


class Priority(Struct):
    id: str
    name: str


class Type(Struct, rename="camel"):
    id: str
    name: str
    subtask: bool = False
    hierarchy_level: int | None = None


class Schema(Struct, gc=False, omit_defaults=True, rename="camel"):
    type: str = ""
    items: str | None = None
    custom: str | None = None
    untranslated_name: str | None = None  # ours: the name before it was put into the account's language


class Field(Struct, rename="camel"):
    id: str
    name: str
    custom: bool = False
    schema: Schema | None = None
    untranslated_name: str | None = None


class Version(Struct, rename="camel"):
    id: str
    name: str
    project_id: int | None = None
    description: str | None = None
    archived: bool = False
    released: bool = False
    start_date: str | None = None
    release_date: str | None = None


class Sprint(Struct, rename="camel"):
    id: int
    name: str
    state: str
    goal: str | None = None
    start_date: str | None = None
    end_date: str | None = None
    complete_date: str | None = None


class Account(Struct, rename="camel"):
    account_id: str
    display_name: str | None = None
    email_address: str | None = None
    active: bool | None = None
    time_zone: str | None = None


# ------------------------------------------------------------------ what was asked


class Asked(Struct, omit_defaults=True):
    """What it takes to understand an answer.

    `names` and `schema` are those of custom fields, in the shape in which a search gives them; `projects` the ids that
    are read, others are left out; `issues` likewise those of worklogs. `listing`: ids only, nothing to be landed.
    `whole`: all changelogs of the issues named in it are in this one answer. `filled`: fields of `issue` that have a
    value; `loud`: projects where the account may not keep Jira from mailing watchers.
    """

    names: dict[str, str] = {}
    schema: dict[str, Schema] = {}
    projects: list[str] | None = None
    issues: list[str] | None = None
    issue: str | None = None
    words: str | None = None
    deleted: bool = False
    listing: bool = False
    whole: bool = False
    filled: list[str] = []
    loud: list[str] = []


_ASKED = msgspec.json.Decoder(Asked)
_RAWS = msgspec.json.Decoder(list[Raw])


def asked_of(told_: bytes, body: bytes) -> Asked:
    """What was asked. Where it was not told, a search or a single issue may explain its fields itself."""
    try:
        if told_:
            return _ASKED.decode(told_)
        if b'"names"' in body:
            return _ASKED.decode(body)
    except UNREADABLE:
        pass
    return Asked()


def raws_of(stream: str, raw: Raw | bytes | memoryview) -> list[Raw]:
    """The records of a list, unread. Raises BadRecord."""
    try:
        return _RAWS.decode(raw)
    except UNREADABLE:
        raise BadRecord(f"{stream}: expected a list in Jira's answer") from None
