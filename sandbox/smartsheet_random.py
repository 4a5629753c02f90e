"""A make-believe Smartsheet filled from a seed: `filled(sheets=5, rows=2000, seed=7)`, the same for the same arguments.

Sheets differ as people's do: other titles, other words, columns of every type in any order, blank rows, formula errors,
linked cells, people who are no users. Invented people only.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from sandbox.smartsheet_records import Contact, Sheet, User
from sandbox.smartsheet_tracker import Tracker

__all__ = ["EPOCH", "OUTSIDERS", "filled"]

EPOCH = 1_735_689_600  # 2025-01-01: no sheet is older
YEAR = 365 * 86_400
FIRST_DAY = date(2025, 1, 1)
USERS = (
    ("Odile", "Brandt"), ("Tarek", "Nilsson"), ("Ümit", "Sandoval"), ("Bea", "O’Hare"), ("Ivo", "Kestrel"),
)  # fmt: skip
OUTSIDERS = (Contact("rolf@supplier.example", "Rolf Outside"), Contact("Kim@Partner.example", "Kim (partner)"),
             Contact("no.name@example.org"))  # fmt: skip
STATUSES = (
    ["Not Started", "In Progress", "Complete"], ["Offen", "In Arbeit", "Blockiert", "Erledigt"],
    ["Red", "Yellow", "Green", "Blue"], ["To do", "Doing", "Done", "Cancelled"],
)  # fmt: skip
VERBS = ("Order", "Install", "Test", "Roll out", "Migrate", "Prüfe", "Document", "Retire")
THINGS = ("switches", "mailboxes", 'the "core" router', "VPN & Wi-Fi", "licences", "日本語 sites", "printers")
ERRORS = ("#UNPARSEABLE", "#NO MATCH", "#CIRCULAR REFERENCE", "#INVALID VALUE")
LEVELS = ("VIEWER", "COMMENTER", "EDITOR", "EDITOR_SHARE", "ADMIN")
Columns = list[str | dict[str, Any]]


class _Maker:
    """Draws all of it from one random."""

    def __init__(self, tracker: Tracker, rng: random.Random) -> None:
        self.tracker, self.rng = tracker, rng
        self.users: list[User] = []

    def people(self) -> None:
        for n, (first, last) in enumerate(USERS):
            status = ("ACTIVE", "ACTIVE", "ACTIVE", "PENDING", "DEACTIVATED")[n]
            mail = f"user{n}@alder-finch.example"
            self.users.append(self.tracker.add_user(mail, first, last, status=status))
        self.users += [self.tracker.admin, self.tracker.member]

    def contact(self) -> Contact:
        if self.rng.random() < 0.3:
            return self.rng.choice(OUTSIDERS)
        user = self.rng.choice(self.users)
        return Contact(user.email, user.name)

    def day(self) -> str:
        return (FIRST_DAY + timedelta(days=self.rng.randrange(700))).isoformat()

    # ------------------------------------------------------------ columns and their values

    def columns(self, gantt: bool) -> Columns:
        """The primary one first; the others in any order, some of them missing."""
        rng = self.rng
        status = {"title": rng.choice(("Status", "State", "Ampel")), "type": "PICKLIST"}
        others: Columns = [
            status | {"options": list(rng.choice(STATUSES)), "validation": rng.random() < 0.7},
            {"title": "Priority", "type": "PICKLIST", "options": ["High", "Medium", "Low"], "symbol": "PRIORITY"},
            {"title": "Assigned To", "type": rng.choice(("CONTACT_LIST", "MULTI_CONTACT_LIST"))},
            {"title": "Areas", "type": "MULTI_PICKLIST", "options": ["North", "South", "Core", "Edge, old"]},
            {"title": "Done", "type": "CHECKBOX"},
            {"title": "Budget", "type": "TEXT_NUMBER"},
            {"title": "Row ID", "type": "TEXT_NUMBER", "system": "AUTO_NUMBER"},
            {"title": "Created", "type": "DATETIME", "system": "CREATED_DATE", "locked": True},
            {"title": "Modified By", "type": "CONTACT_LIST", "system": "MODIFIED_BY", "locked": True},
            {"title": "Notes", "hidden": rng.random() < 0.3, "locked": rng.random() < 0.3},
        ]
        others += _project_columns() if gantt else [{"title": "Due", "type": "DATE"}, {"title": "% done"}]
        rng.shuffle(others)
        keep = len(others) if gantt else rng.randint(len(others) // 2, len(others))
        return [rng.choice(("Task", "Task Name", "Vorgang")), *others[:keep]]

    def value(self, column: dict[str, Any], sister: int) -> Any:
        """`sister`: the number of a row before it under the same parent, or 0."""
        rng = self.rng
        if column.get("system") or rng.random() < 0.2:
            return None
        kind, title = column.get("type", "TEXT_NUMBER"), column["title"]
        made: dict[str, Callable[[], Any]] = {
            "PICKLIST": lambda: rng.choice(column["options"]),
            "MULTI_PICKLIST": lambda: rng.sample(column["options"], rng.randint(1, 3)),
            "CONTACT_LIST": self.contact,
            "MULTI_CONTACT_LIST": lambda: [self.contact() for _ in range(rng.randint(1, 3))],
            "CHECKBOX": lambda: rng.random() < 0.5,
            "DATE": self.day,
            "ABSTRACT_DATETIME": lambda: f"{self.day()}T08:00:00",
            "DURATION": lambda: f"{rng.choice((0, 1, 2, 3, 5, 0.5))}d",
        }
        if kind in made:
            return made[kind]()
        if kind == "PREDECESSOR":
            return f"{sister}{rng.choice(('FS', 'FS', 'SS', 'FF +1d', 'FS -1d'))}" if sister else None
        if title.startswith("%"):
            return rng.choice((0, 0.25, 0.5, 1, "half"))
        return rng.choice((rng.randrange(9000), rng.randrange(900) / 4, "12", "n/a", "x" * rng.randint(1, 60)))

    # ------------------------------------------------------------ sheets

    def rows(self, columns: Columns, count: int) -> list[tuple[int, dict[str, Any]]]:
        rng, level = self.rng, 0
        last: list[int] = []  # row numbers by level, on the way to this row
        found: list[tuple[int, dict[str, Any]]] = []
        named = [one for one in columns if isinstance(one, dict)]
        for number in range(1, count + 1):
            level = min(level + 1, max(0, level + rng.choice((-2, -1, 0, 0, 1))), 4) if found and found[-1][1] else 0
            if rng.random() < 0.04:
                found.append((0, {}))
                last = [0]
                continue
            sister = last[level] if level < len(last) else 0
            last[level:] = [number]
            values = {str(columns[0]): f"{rng.choice(VERBS)} {rng.choice(THINGS)} ({number})"}
            found.append((level, values | {one["title"]: self.value(one, sister) for one in named}))
        return found

    def sheet(self, number: int, count: int, folder: int | None, workspace: int | None) -> Sheet:
        rng, gantt = self.rng, number % 3 == 1 and count <= 5000
        columns = self.columns(gantt)
        name = f"Plan {number:03d}" if number % 4 else "Copy of Plan"  # names need not differ
        owner = rng.choice(self.users[:3]).email
        shares = {self.tracker.admin.email: "ADMIN"}
        if rng.random() < 0.6:
            shares[self.tracker.member.email] = rng.choice(LEVELS)
        sheet = self.tracker.add_sheet(
            name,
            columns,
            self.rows(columns, count),
            owner=owner,
            workspace=workspace,
            folder=folder,
            dependencies=gantt,
            shares=shares,
        )
        self.age(sheet)
        return sheet

    def age(self, sheet: Sheet) -> None:
        """Rows of other days, by other people; a few locked ones and formula errors."""
        rng, sheet.created = self.rng, EPOCH + self.rng.randrange(YEAR)
        texts = [column for column in sheet.columns if column.title in ("Budget", "Notes")]
        for row in sheet.rows:
            row.created = sheet.created + rng.randrange(YEAR // 4)
            row.modified = row.created + rng.randrange(YEAR // 4)
            row.modified_by = rng.choice(self.users).id
            row.locked = rng.random() < 0.01
            if texts and rng.random() < 0.02 and row.cells:
                cell = row.cells.get(rng.choice(texts).id)
                if cell is not None:
                    cell.value, cell.formula = rng.choice(ERRORS), "=VLOOKUP(1, {Other}, 2)"
        sheet.modified = max((row.modified for row in sheet.rows), default=sheet.created)
        sheet.version = 1 + rng.randrange(200)


def _project_columns() -> Columns:
    return [
        {"title": "Start", "type": "ABSTRACT_DATETIME", "tags": ("GANTT_START_DATE", "CALENDAR_START_DATE")},
        {"title": "Finish", "type": "ABSTRACT_DATETIME", "tags": ("GANTT_END_DATE", "CALENDAR_END_DATE")},
        {"title": "Duration", "type": "DURATION", "tags": ("GANTT_DURATION",)},
        {"title": "Predecessors", "type": "PREDECESSOR", "tags": ("GANTT_PREDECESSOR",)},
        {"title": "% Complete", "tags": ("GANTT_PERCENT_COMPLETE",)},
        {"title": "Baseline Finish", "type": "DATE", "tags": ("BASELINE_END_DATE",)},
    ]


def filled(*, sheets: int = 3, rows: int = 40, seed: int = 1) -> Tracker:
    """So many sheets of so many rows, in workspaces, folders and nowhere; a report; some cells linked."""
    tracker = Tracker(seed)
    rng = random.Random(f"{seed}/{sheets}/{rows}")
    maker = _Maker(tracker, rng)
    maker.people()
    member = tracker.member.email
    plant = tracker.add_workspace("Plant", shares={member: "EDITOR"})
    desk = tracker.add_workspace("Service desk", owner=maker.users[0].email)
    outer = tracker.add_folder("2026", workspace=plant)
    inner = tracker.add_folder("Q4", parent=outer)
    places: list[tuple[int | None, int | None]] = [(None, None), (None, plant), (None, desk)]
    places += [(outer, None), (inner, None)]
    made = [maker.sheet(n, rows, *places[n % len(places)]) for n in range(1, sheets + 1)]
    for one, other in pairwise(made):
        if one.rows and other.rows:
            tracker.link_cell(other.rows[-1].id, other.columns[0].id, one.rows[0].id, one.columns[0].id)
    titles = ["Status", "Assigned To", "Due", "Areas"]
    tracker.add_report("All of it", [one.id for one in made], [made[0].columns[0].title, *titles] if made else titles)
    return tracker
