"""The records of a make-believe Jira Cloud, as plain data: projects, people, issues, history, hours, sprints, words.

Times are milliseconds since 1970, days are dates. How they change is in `sandbox.jira_tracker`, how Jira shows them in
`sandbox.jira_views`. Numbers of custom fields differ from the usual ones on purpose: nobody may know them by heart.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

__all__ = [
    "CATEGORIES",
    "EFFORT",
    "EPIC_LINK",
    "FLAGGED",
    "NOTES",
    "POINTS_COMPANY",
    "POINTS_TEAM",
    "RANK",
    "RESOLUTIONS",
    "SPRINT",
    "START",
    "Board",
    "Change",
    "Comment",
    "Component",
    "Field",
    "Issue",
    "Item",
    "Link",
    "LinkType",
    "Login",
    "Priority",
    "Project",
    "Sprint",
    "Status",
    "Type",
    "User",
    "Version",
    "Worklog",
]

CATEGORIES = {
    "undefined": (1, "No Category", "medium-gray"),
    "new": (2, "To Do", "blue-gray"),
    "done": (3, "Done", "green"),
    "indeterminate": (4, "In Progress", "yellow"),
}
RESOLUTIONS = {"10000": "Done", "10001": "Won't Do", "10002": "Duplicate"}
START, POINTS_TEAM, FLAGGED, SPRINT, RANK = (f"customfield_{n}" for n in (10015, 10017, 10019, 10021, 10022))
EPIC_LINK, POINTS_COMPANY, EFFORT, NOTES = (f"customfield_{n}" for n in (10014, 10034, 10040, 10041))


@dataclass
class User:
    account_id: str
    name: str
    email: str
    zone: str
    active: bool = True
    kind: str = "atlassian"
    shows_email: bool = True
    shows_zone: bool = True


@dataclass
class Login:
    """Who may log in, and what that account sees. `projects` None: all."""

    email: str
    token: str
    account_id: str
    projects: set[int] | None = None
    sees_hidden: bool = False
    browses_users: bool = True
    admin: bool = False
    denied: set[int] = field(default_factory=set)
    read_only: set[int] = field(default_factory=set)  # projects it may not write to


@dataclass
class Project:
    id: int
    key: str
    name: str
    lead: str
    team_managed: bool = False
    kind: str = "software"
    state: str = "live"  # archived · deleted (in the trash)
    state_at: int = 0
    has_priority: bool = True
    status_ids: list[str] = field(default_factory=list)
    type_ids: list[str] = field(default_factory=list)
    last_number: int = 0
    old_keys: list[str] = field(default_factory=list)


@dataclass
class Status:
    id: str
    name: str
    category: str
    project_id: int | None = None


@dataclass
class Priority:
    id: str
    name: str
    colour: str


@dataclass
class Type:
    id: str
    name: str
    level: int = 0
    project_id: int | None = None


@dataclass
class Field:
    id: str
    name: str
    type: str
    items: str | None = None
    custom: str | None = None
    navigable: bool = True
    project_id: int | None = None


@dataclass
class Component:
    id: str
    project_id: int
    name: str


@dataclass
class Version:
    id: str
    project_id: int
    name: str
    description: str | None = None
    start_on: date | None = None
    release_on: date | None = None
    released: bool = False
    archived: bool = False


@dataclass
class Board:
    id: int
    name: str
    kind: str  # scrum · kanban · simple
    project_id: int
    shows: list[int] = field(default_factory=list)  # projects whose issues it shows


@dataclass
class Sprint:
    id: int
    board_id: int
    name: str
    state: str = "future"
    goal: str = ""
    start: int | None = None
    end: int | None = None
    complete: int | None = None


@dataclass
class LinkType:
    id: str
    name: str
    inward: str
    outward: str


@dataclass
class Link:
    id: str
    type_id: str
    from_id: int  # this one "blocks"
    to_id: int  # this one "is blocked by"


@dataclass(slots=True)
class Item:
    """One changed field: ids in `old` and `new`, the words of that time beside them. `field_id` may be None."""

    name: str
    field_id: str | None
    custom: bool
    old: str | None
    old_text: str | None
    new: str | None
    new_text: str | None


@dataclass(slots=True)
class Change:
    id: int
    issue_id: int
    author: str | None
    at: int
    items: list[Item]


@dataclass(slots=True)
class Comment:
    id: int
    issue_id: int
    author: str
    text: str
    created: int
    updated: int


@dataclass(slots=True)
class Worklog:
    id: int
    issue_id: int
    author: str
    started: int
    seconds: int
    comment: str | None
    created: int
    updated: int


@dataclass(slots=True)
class Issue:
    id: int
    project_id: int
    number: int
    key: str
    type_id: str
    status_id: str
    summary: str
    created: int
    updated: int
    reporter: str | None
    creator: str
    priority_id: str | None = None
    description: str | None = None
    assignee: str | None = None
    resolution_id: str | None = None
    resolved: int | None = None
    status_since: int = 0
    start_on: date | None = None
    due_on: date | None = None
    labels: list[str] = field(default_factory=list)
    component_ids: list[str] = field(default_factory=list)
    version_ids: list[str] = field(default_factory=list)
    sprint_ids: list[int] = field(default_factory=list)
    parent_id: int | None = None
    points: float | None = None
    estimate_seconds: int | None = None
    remaining_seconds: int | None = None
    flagged: bool = False
    effort: float | None = None
    notes: str | None = None
    hidden: bool = False
    changes: list[Change] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    worklog_ids: list[int] = field(default_factory=list)
    link_ids: list[str] = field(default_factory=list)
    child_ids: list[int] = field(default_factory=list)
