"""What a make-believe Smartsheet holds: how it is made, who sees what, and what a test may ask it for as the truth.

The ways people change it are in `sandbox.smartsheet_tracker`.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sandbox.smartsheet_gantt import reckon
from sandbox.smartsheet_records import (
    ACCESS,
    Beside,
    Cell,
    Column,
    Contact,
    Event,
    Folder,
    Past,
    Report,
    Row,
    Sheet,
    User,
    Value,
    Workspace,
    Written,
)
from sandbox.smartsheet_values import auto_number, contact, instant, plain

__all__ = ["Columns", "Rows", "Store"]

Columns = Sequence[str | Mapping[str, Any]]
Rows = Iterable[Mapping[str, Any] | tuple[int, Mapping[str, Any]]]


Name = tuple[str, str, str]  # e-mail, first and last name
ADA: Name = ("ada.admin@example.com", "Ada", "Admin")
MIRA: Name = ("mira.lund@example.com", "Mira", "Lund")


class Store:
    """All records. `clock` gives the tool's time, in seconds since 1970. Hold `lock` while reading several records."""

    def __init__(self, seed: int = 1, *, company: str = "Sandbox", admin: Name = ADA, member: Name = MIRA) -> None:
        """`admin` and `member` are those whose tokens a server knows."""
        self.clock: Callable[[], float] = time.time
        self.offset = 0.0
        self.lock = threading.RLock()
        self.changes = 0  # grows with each change of what exists or is visible
        self.users: dict[int, User] = {}
        self.workspaces: dict[int, Workspace] = {}
        self.folders: dict[int, Folder] = {}
        self.sheets: dict[int, Sheet] = {}
        self.reports: dict[int, Report] = {}
        self.rows: dict[int, Row] = {}
        self.beside = Beside()
        self.events: list[Event] = []
        self.writes: list[Written] = []
        self._ids = random.Random(f"ids/{seed}")
        self._taken: set[int] = set()
        self.plan_id = self.next_id()
        self.company = company
        self.admin = self.add_user(*admin, admin=True)
        self.member = self.add_user(*member)

    def now(self) -> int:
        return int(self.clock() + self.offset)

    def advance(self, seconds: float) -> None:
        """Moves the tool's clock on."""
        self.offset += seconds

    def next_id(self) -> int:
        """Of 16 digits, and of up to 19 for every third: above 2^53, and odd, so that no float can hold it."""
        while True:
            long = len(self._taken) % 3 == 2
            id_ = self._ids.randrange(10**15, 9 * 10**15) if not long else self._ids.randrange(10**16, 9 * 10**18) | 1
            if id_ not in self._taken:
                self._taken.add(id_)
                return id_

    # ------------------------------------------------------------ what there is

    def user(self, email: str) -> User:
        """Raises KeyError for a mail that is no user's."""
        for user in self.users.values():
            if user.email.lower() == email.lower():
                return user
        raise KeyError(email)

    def column(self, sheet_id: int, name: int | str) -> Column:
        """By id, or the first of that title; raises KeyError."""
        for column in self.sheets[sheet_id].columns:
            if name in (column.id, column.title):
                return column
        raise KeyError(name)

    def access(self, user: User, thing: Sheet | Workspace | Report | Folder) -> str | None:
        """The highest level of access to it by its own share and its workspace's; None where it is not to be seen."""
        if isinstance(thing, Sheet | Workspace) and thing.deleted:
            return None
        levels = [] if isinstance(thing, Folder) else [thing.shares.get(user.id)]
        levels.append("OWNER" if thing.owner_id == user.id else None)
        if not isinstance(thing, Workspace) and thing.workspace_id is not None:
            levels.append(self.access(user, self.workspaces[thing.workspace_id]))
        return max((one for one in levels if one), key=ACCESS.index, default=None)

    def sheets_of(self, user: User) -> list[Sheet]:
        """All sheets the account sees."""
        return [sheet for sheet in self.sheets.values() if self.access(user, sheet)]

    def value(self, row: Row, column: Column) -> Value:
        """What a cell holds, worked out for system columns."""
        if column.system == "CREATED_BY":
            return self.person(row.created_by)
        if column.system == "MODIFIED_BY":
            return self.person(row.modified_by)
        if column.system in ("CREATED_DATE", "MODIFIED_DATE"):
            return str(instant(row.created if column.system == "CREATED_DATE" else row.modified))
        cell = row.cells.get(column.id)
        return cell.value if cell else None

    def person(self, user_id: int) -> Contact:
        return Contact(self.users[user_id].email, self.users[user_id].name)

    def truth(self, email: str) -> dict[int, dict[int, dict[str, Value]]]:
        """What an account can read: sheet id → row id → title → value, blank rows included."""
        with self.lock:
            return {
                sheet.id: {
                    row.id: {c.title: v for c in sheet.columns if (v := self.value(row, c)) is not None}
                    for row in sheet.rows
                }
                for sheet in self.sheets_of(self.user(email))
            }

    def below(self, row: Row) -> list[Row]:
        """The row and all rows under it, in order."""
        found, known = [row], {row.id}
        rows = self.sheets[row.sheet_id].rows
        for one in rows[rows.index(row) + 1 :]:
            if one.parent_id not in known:
                break
            known.add(one.id)
            found.append(one)
        return found

    def history(self, row: Row, column: Column) -> list[Past]:
        """Newest first."""
        cell = row.cells.get(column.id)
        if cell is None or (cell.value is None and not cell.past):
            return []
        return cell.past[::-1] or [Past(row.created, row.created_by, cell.value)]

    # ------------------------------------------------------------ people and places

    def add_user(self, email: str, first: str, last: str, *, admin: bool = False, status: str = "ACTIVE") -> User:
        with self.lock:
            user = User(self.next_id(), email, first, last, admin, status, self.now())
            self.users[user.id] = user
            self.changes += 1
            return user

    def add_workspace(self, name: str, *, owner: str | None = None, shares: Mapping[str, str] | None = None) -> int:
        """Its id; `shares`: access level by e-mail."""
        with self.lock:
            workspace = Workspace(self.next_id(), name, self._by(owner), self._shares(shares))
            self.workspaces[workspace.id] = workspace
            self.changes += 1
            self._event("CREATE", "WORKSPACE", workspace.id, workspace.owner_id, name=name)
            return workspace.id

    def add_folder(
        self, name: str, *, workspace: int | None = None, parent: int | None = None, owner: str | None = None
    ) -> int:
        """Its id; a folder within a folder is in the same workspace."""
        with self.lock:
            where = self.folders[parent].workspace_id if parent else workspace
            folder = Folder(self.next_id(), name, self._by(owner), where, parent)
            self.folders[folder.id] = folder
            self.changes += 1
            return folder.id

    def add_report(
        self,
        name: str,
        sheet_ids: Sequence[int],
        titles: Sequence[str],
        *,
        owner: str | None = None,
        workspace: int | None = None,
        folder: int | None = None,
        shares: Mapping[str, str] | None = None,
    ) -> int:
        """Its id."""
        with self.lock:
            now, ids = self.now(), [self.next_id() for _ in range(len(titles) + 2)]
            where = self.folders[folder].workspace_id if folder else workspace
            report = Report(
                ids[0], name, self._by(owner), list(sheet_ids), list(titles), ids[1:], now, now, where, folder
            )
            report.shares = self._shares(shares)
            self.reports[report.id] = report
            return report.id

    def add_sheet(
        self,
        name: str,
        columns: Columns,
        rows: Rows = (),
        *,
        owner: str | None = None,
        workspace: int | None = None,
        folder: int | None = None,
        dependencies: bool = False,
        shares: Mapping[str, str] | None = None,
    ) -> Sheet:
        """A sheet of simple values.

        A column is its title (text) or a mapping of `Column`'s fields; the first is the primary one. A row maps titles
        to values, or is a pair of its level in the tree and that. Predecessors are given by row number: "2FS +1d".
        """
        with self.lock:
            now = self.now()
            where = self.folders[folder].workspace_id if folder else workspace
            sheet = Sheet(self.next_id(), name, self._by(owner), now, now, where, folder, dependencies=dependencies)
            for n, one in enumerate(columns):
                given: dict[str, Any] = {"title": one} if isinstance(one, str) else dict(one)
                given["contacts"] = [contact(person) for person in given.get("contacts", ())]
                sheet.columns.append(Column(self.next_id(), **{"primary": n == 0} | given))
            sheet.shares = self._shares(shares)
            self.sheets[sheet.id] = sheet
            self._event("CREATE", "SHEET", sheet.id, sheet.owner_id, sheetName=name)
            self._fill(sheet, [one if isinstance(one, tuple) else (0, one) for one in rows])
            self.changes += 1
            return sheet

    def _fill(self, sheet: Sheet, rows: Sequence[tuple[int, Mapping[str, Any]]]) -> None:
        path: list[Row] = []
        for level, values in rows:
            row = self._new_row(sheet, sheet.owner_id, numbered=bool(values))
            row.parent_id = path[level - 1].id if level else None
            path[level:] = [row]
            sheet.rows.append(row)
        numbers = [row.id for row in sheet.rows]
        named = {column.title: column for column in reversed(sheet.columns)}
        for row, (_, values) in zip(sheet.rows, rows, strict=True):
            row.cells |= {
                named[title].id: Cell(found)
                for title, value in values.items()
                if (found := plain(named[title], value, numbers)) is not None
            }
        if sheet.dependencies:
            reckon(sheet)

    def _new_row(self, sheet: Sheet, by: int, *, numbered: bool = True) -> Row:
        """Blank rows get no number of their own."""
        now = self.now()
        row = Row(self.next_id(), sheet.id, now, by, now, by, sheet.version)
        self.rows[row.id] = row
        number = next((c for c in sheet.columns if c.system == "AUTO_NUMBER"), None)
        if number is not None and numbered:
            sheet.numbered += 1
            row.cells[number.id] = Cell(auto_number(number, sheet.numbered, now))
        return row

    # ------------------------------------------------------------ helpers of changes

    def _by(self, email: str | None, sheet: Sheet | None = None) -> int:
        if email is not None:
            return self.user(email).id
        return sheet.owner_id if sheet else self.admin.id

    def _shares(self, shares: Mapping[str, str] | None) -> dict[int, str]:
        return {self.user(email).id: level for email, level in (shares or {}).items()}

    def _event(self, action: str, kind: str, id_: int, by: int, **details: str | int) -> None:
        self.events.append(Event(self.now(), action, kind, id_, by, details))
