"""What a make-believe Smartsheet keeps: people, workspaces, folders, reports, sheets with columns, rows and cells.

Times are whole seconds since 1970. A cell's value is plain Python: text, number, bool, an ISO day as text, a `Contact`,
a tuple of texts or contacts (MULTI_ columns), a tuple of `Predecessor`; an empty cell has none.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

__all__ = [
    "ACCESS",
    "COLUMN_TYPES",
    "Beside",
    "Cell",
    "Column",
    "Contact",
    "Discussion",
    "Event",
    "Folder",
    "Link",
    "Past",
    "Predecessor",
    "Report",
    "Row",
    "Sheet",
    "User",
    "Value",
    "Workspace",
    "Written",
]

ACCESS = ("VIEWER", "COMMENTER", "EDITOR", "EDITOR_SHARE", "ADMIN", "OWNER")  # each may do what those before it may
COLUMN_TYPES = (
    "TEXT_NUMBER", "PICKLIST", "MULTI_PICKLIST", "CONTACT_LIST", "MULTI_CONTACT_LIST", "CHECKBOX", "DATE", "DATETIME",
    "ABSTRACT_DATETIME", "DURATION", "PREDECESSOR",
)  # fmt: skip


class Contact(NamedTuple):
    """Somebody in a cell, who need not be a user."""

    email: str
    name: str = ""


class Predecessor(NamedTuple):
    """`parts` are the units of a lag, where it was given so: (("days", 2), ("hours", 4)), which are 2.5 days."""

    row_id: int
    type: str = "FS"
    lag_days: float = 0
    parts: tuple[Any, ...] = ()


Value = str | int | float | bool | Contact | Predecessor | tuple[Contact | str | Predecessor, ...] | None


@dataclass(eq=False)
class User:
    id: int
    email: str
    first: str
    last: str
    admin: bool = False
    status: str = "ACTIVE"
    modified: int = 0

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"


@dataclass(eq=False)
class Column:
    """`system`, `symbol` and `tags` by the vendor's words; `validation` restricts to the options."""

    id: int
    title: str
    type: str = "TEXT_NUMBER"
    primary: bool = False
    options: list[str] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)
    validation: bool = False
    system: str = ""
    symbol: str = ""
    tags: tuple[str, ...] = ()
    formula: str = ""
    locked: bool = False
    hidden: bool = False
    width: int = 150
    numbering: dict[str, Any] = field(default_factory=dict)  # of an AUTO_NUMBER: prefix, fill, suffix


class Link(NamedTuple):
    """Where a cell takes its value from."""

    sheet_id: int
    row_id: int
    column_id: int
    sheet_name: str
    status: str = "OK"


class Past(NamedTuple):
    """What a cell held since an instant, and who put it there."""

    at: int
    by: int
    value: Value


@dataclass(slots=True, eq=False)
class Cell:
    """`past` holds all its values, this one too, once it was changed."""

    value: Value = None
    formula: str = ""
    link: Link | None = None
    hyperlink: dict[str, Any] | None = None
    image: dict[str, Any] | None = None
    past: list[Past] = field(default_factory=list)


class Discussion(NamedTuple):
    """What was said about a row, by its first comment."""

    id: int
    at: int
    by: int
    text: str


@dataclass(slots=True, eq=False)
class Row:
    """`version` is the sheet's at its last change."""

    id: int
    sheet_id: int
    created: int
    created_by: int
    modified: int
    modified_by: int
    version: int
    parent_id: int | None = None
    locked: bool = False
    cells: dict[int, Cell] = field(default_factory=dict)
    discussions: list[Discussion] = field(default_factory=list)


@dataclass(eq=False)
class Sheet:
    """`rows` in the order they are shown in, those below a parent after it; `shares` by user."""

    id: int
    name: str
    owner_id: int
    created: int
    modified: int
    workspace_id: int | None = None
    folder_id: int | None = None
    source_id: int | None = None  # the template it was made from
    version: int = 1
    dependencies: bool = False
    columns: list[Column] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    shares: dict[int, str] = field(default_factory=dict)
    deleted: bool = False
    numbered: int = 0  # by its AUTO_NUMBER column
    project: dict[str, Any] = field(default_factory=dict)  # settings that differ from the usual ones
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(eq=False)
class Workspace:
    id: int
    name: str
    owner_id: int
    shares: dict[int, str] = field(default_factory=dict)
    deleted: bool = False


@dataclass(eq=False)
class Folder:
    """In a workspace, or among the owner's own sheets."""

    id: int
    name: str
    owner_id: int
    workspace_id: int | None = None
    parent_id: int | None = None


@dataclass(eq=False)
class Report:
    """Rows of many sheets under columns found by title."""

    id: int
    name: str
    owner_id: int
    sheet_ids: list[int]
    titles: list[str]
    virtual_ids: list[int]
    created: int
    modified: int
    workspace_id: int | None = None
    folder_id: int | None = None
    shares: dict[int, str] = field(default_factory=dict)


@dataclass(eq=False)
class Beside:
    """What is kept beside sheets, as it is shown; `outbox` holds what would have been sent by e-mail."""

    favorites: dict[int, list[tuple[str, int]]] = field(default_factory=dict)  # by user: kind and id
    emails: dict[int, list[dict[str, Any]]] = field(default_factory=dict)  # further ones, by user
    groups: dict[int, dict[str, Any]] = field(default_factory=dict)
    sights: dict[int, dict[str, Any]] = field(default_factory=dict)
    attachments: dict[int, list[dict[str, Any]]] = field(default_factory=dict)  # this and those below by sheet
    references: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    update_requests: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    sent_requests: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    outbox: list[dict[str, Any]] = field(default_factory=list)


class Event(NamedTuple):
    """A line of the plan's event log."""

    at: int
    action: str
    type: str
    object_id: int
    user_id: int
    details: dict[str, str | int]


class Written(NamedTuple):
    """One cell as a request of PUT changed it; `request` numbers the requests that wrote."""

    request: int
    at: int
    by: str
    sheet_id: int
    row_id: int
    column_id: int
    before: Value
    after: Value
