"""A make-believe Smartsheet as the tool of a trial of pushing (`tests.push_trials`).

Its sheets have a restricted status, an open one, or a box; the others edit at any time, and just before our request.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from flows.changes import WishLine
from sandbox.smartsheet import ADMIN_TOKEN
from sandbox.smartsheet_faults import Faults
from sandbox.smartsheet_records import Column, Row
from sandbox.smartsheet_store import Columns
from sandbox.smartsheet_tracker import Tracker
from tests.push_trials import Move, run_trial
from tests.pushing import SOURCE
from tests.pushing_sheets import MIRA, SheetsOffice, sheets_office

CONFIG = """\
[hub]
data = "data"
max_changes = 10000

[sources.acme]
type = "smartsheet"
url = "{url}"
token = "${{SMARTSHEET_TOKEN}}"
approval = "none"
tries = 6
in_flight = 4
requests_per_second = 1000
comment = "{{asker}} asked for {{what}}"
"""
FAULTS = {
    "rate_429": 0.01, "rate_500": 0.01, "rate_busy": 0.01, "rate_drop": 0.01, "rate_drop_after": 0.02,
    "rate_500_after": 0.02, "rate_truncate": 0.01, "rate_rival": 0.02,
}  # fmt: skip
STATUSES = ["Not Started", "In Progress", "On Hold", "Complete"]
PRIORITIES = ["High", "Medium", "Low"]


class TriedSheets:
    """As in `tests.push_trials.Tried`."""

    env: Mapping[str, str] = {"SMARTSHEET_TOKEN": ADMIN_TOKEN}

    def __init__(self, hub: SheetsOffice) -> None:
        self.hub = hub
        self.tracker = hub.tracker
        self.config = CONFIG.format(url=hub.server.url)
        self.rows = [row for sheet in self.tracker.sheets.values() if sheet.name in NAMES for row in sheet.rows]

    def lines(self, random_: random.Random) -> list[WishLine]:
        rows = list(self.rows)
        random_.shuffle(rows)
        lines = []
        for row in rows:
            wanted = {"status": random_.choice(self._words(row, "status"))} if random_.random() < 0.6 else {}
            if not wanted or random_.random() < 0.3:
                wanted["priority"] = random_.choice(PRIORITIES)
            lines.append(WishLine(f"{SOURCE}:{row.sheet_id}/{row.id}", **wanted))
        return lines

    def edit(self, random_: random.Random, wanted: Sequence[str]) -> None:
        ids = [int(id_.partition("/")[2]) for id_ in wanted] or [row.id for row in self.rows]
        row = self.tracker.rows[random_.choice(ids)]
        field_ = random_.choice(("status", "priority"))
        word = random_.choice(self._words(row, field_))
        value: Any = word == "ticked" if self._column(row, field_).type == "CHECKBOX" else word
        self.tracker.edit(row.id, self._column(row, field_).id, value, by=MIRA)

    def trouble(self, seed: int, before: Callable[[bool], None]) -> None:
        self.hub.server.faults = Faults(seed=seed, retry_after_seconds=0)
        for name, rate in FAULTS.items():
            setattr(self.hub.server.faults, name, rate)
        self.hub.server.before = lambda method, _path: before(method != "GET")

    def calm(self) -> None:
        self.hub.server.before, self.hub.server.faults = None, Faults()

    def moves(self, id_: str, field_: str) -> list[Move]:
        row = self._row(id_)
        column = self._column(row, field_)
        held = row.cells.get(column.id)
        past = held.past if held is not None else []
        words = [_word(column, one.value) for one in past]
        us = self.tracker.admin.id
        return [(*ends, one.by == us) for ends, one in zip(pairwise(words), past[1:], strict=True)]

    def value(self, id_: str, field_: str) -> str | None:
        row = self._row(id_)
        return _word(self._column(row, field_), self.tracker.value(row, self._column(row, field_)))

    def word(self, field_: str, value: str | None) -> str:
        return str(value)

    def comments(self, id_: str, mark: str) -> int | None:
        return sum(mark in one.text for one in self._row(id_).discussions)

    def leads(self, id_: str, start: str, end: str) -> bool:  # each word is one step away
        return True

    def _row(self, id_: str) -> Row:
        return self.tracker.rows[int(id_.partition("/")[2])]

    def _column(self, row: Row, field_: str) -> Column:
        titles = {"status": ("Status", "Done"), "priority": ("Priority",)}[field_]
        return next(one for one in self.tracker.sheets[row.sheet_id].columns if one.title in titles)

    def _words(self, row: Row, field_: str) -> list[str]:
        column = self._column(row, field_)
        return ["ticked", "not ticked"] if column.type == "CHECKBOX" else column.options


NAMES = ("Restricted", "Open", "Boxes")


def _word(column: Column, value: Any) -> str | None:
    if column.type == "CHECKBOX":
        return "ticked" if value is True else "not ticked"
    return None if value is None else str(value)


def _add(tracker: Tracker, rows: int) -> None:
    random_ = random.Random(7)
    priority: dict[str, Any] = {"title": "Priority", "type": "PICKLIST", "options": PRIORITIES}
    status: dict[str, Any] = {"title": "Status", "type": "PICKLIST", "options": STATUSES}
    kinds: Mapping[str, Columns] = {
        "Restricted": ["Task", status | {"validation": True}, priority | {"validation": True}],
        "Open": ["Task", status, priority],
        "Boxes": ["Task", {"title": "Done", "type": "CHECKBOX"}, priority],
    }
    for name, columns in kinds.items():
        last = "Done" if name == "Boxes" else "Status"
        values = [True, False] if name == "Boxes" else STATUSES
        made = [
            {"Task": f"{name} {n}", last: random_.choice(values), "Priority": random_.choice([*PRIORITIES, None])}
            for n in range(rows)
        ]
        tracker.add_sheet(name, columns, made, shares={MIRA: "EDITOR"})


def run_sheets_trial(seed: int, folder: Path, *, changes: int, kills: int) -> Counter[str]:
    """Raises AssertionError with the seed in its text."""
    with sheets_office(folder, lambda tracker: _add(tracker, changes // 2), max_changes=10_000) as made:
        return run_trial(TriedSheets(made), seed, changes=changes, kills=kills)
