"""A make-believe Smartsheet that lives on: random changes of every kind, each valid when it is made.

`Mover(tracker, rng).move(20)` makes twenty and tells what they were. For tests of histories: whatever people do in
between, what the hub holds after its next run must be what the tracker's `truth` says.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from typing import Any

from sandbox.moving import Moving
from sandbox.smartsheet_random import OUTSIDERS, STATUSES
from sandbox.smartsheet_records import Column, Row, Sheet
from sandbox.smartsheet_tracker import Tracker

__all__ = ["MOVES", "Mover"]

Chosen = tuple[Sheet, Row]


class Mover(Moving):
    """Makes changes to a tracker, as its owners and users."""

    def __init__(self, tracker: Tracker, rng: random.Random, step_seconds: float = 0.0) -> None:
        super().__init__(tracker, rng, step_seconds)
        self.tracker = tracker

    # ------------------------------------------------------------ choices

    def sheets(self) -> list[Sheet]:
        return [sheet for sheet in self.tracker.sheets.values() if not sheet.deleted]

    def sheet(self) -> Sheet:
        """There is always one: the last two are not deleted."""
        return self.rng.choice(self.sheets())

    def row(self) -> Chosen | None:
        sheet = self.sheet()
        return (sheet, self.rng.choice(sheet.rows)) if sheet.rows else None

    def column(self, sheet: Sheet, *types: str) -> Column | None:
        fits = [c for c in sheet.columns if c.type in types and not (c.system or c.primary or c.tags)]
        return self.rng.choice(fits) if fits else None

    def new_title(self, sheet: Sheet, title: str) -> str:
        """One that no column of the sheet has."""
        known = {column.title for column in sheet.columns}
        return next(new for n in itertools.count(1) if (new := f"{title.partition(' *')[0]} *{n}") not in known)

    # ------------------------------------------------------------ changes

    def edit(self) -> str | None:
        found = self.row()
        kinds = ("PICKLIST", "TEXT_NUMBER", "CHECKBOX", "DATE", "CONTACT_LIST", "MULTI_PICKLIST")
        column = self.column(found[0], *kinds) if found else None
        if found is None or column is None:
            return None
        made: dict[str, Callable[[], Any]] = {
            "PICKLIST": lambda: self.rng.choice([*column.options, None]),
            "MULTI_PICKLIST": lambda: self.rng.sample(column.options, min(2, len(column.options))),
            "CHECKBOX": lambda: self.rng.random() < 0.5,
            "DATE": lambda: f"2027-0{self.rng.randint(1, 9)}-1{self.rng.randint(0, 9)}",
            "CONTACT_LIST": lambda: self.rng.choice(OUTSIDERS),
            "TEXT_NUMBER": lambda: self.rng.choice([self.rng.randrange(1000), "words", None]),
        }
        by = self.rng.choice(list(self.tracker.users.values())).email
        self.tracker.edit(found[1].id, column.id, made[column.type](), by=by)
        return f"{found[1].id} {column.title}"

    def add_row(self) -> str | None:
        sheet = self.sheet()
        parent = self.rng.choice(sheet.rows) if sheet.rows and self.rng.random() < 0.5 else None
        blank = self.rng.random() < 0.1
        values = {} if blank else {sheet.columns[0].title: f"Added {self.rng.randrange(10**6)}"}
        under = parent.id if parent and parent.cells else None
        return str(self.tracker.add_row(sheet.id, values, parent=under).id)

    def delete_row(self) -> str | None:
        found = self.row()
        return f"{self.tracker.delete_row(found[1].id)}" if found else None

    def move_row(self) -> str | None:
        """Among the rows of the top level, so that the tree stays one."""
        found = self.row()
        if found is None:
            return None
        sheet, row = found
        below = self.tracker.below(row)
        others = [one for one in sheet.rows if one not in below]
        tops = [n for n, one in enumerate(others) if one.parent_id is None]
        self.tracker.move_row(row.id, self.rng.choice([*tops, len(others)]) + 1)
        return str(row.id)

    def indent(self) -> str | None:
        found = self.row()
        return str(found[1].id) if found and self.tracker.indent(found[1].id) else None

    def outdent(self) -> str | None:
        found = self.row()
        return str(found[1].id) if found and self.tracker.outdent(found[1].id) else None

    def send_row(self) -> str | None:
        found, other = self.row(), self.sheet()
        if found is None or other is found[0]:
            return None
        return f"{self.tracker.send_row(found[1].id, other.id)}"

    def rename_column(self) -> str | None:
        sheet = self.sheet()
        column = self.rng.choice(sheet.columns)
        self.tracker.rename_column(sheet.id, column.id, self.new_title(sheet, column.title))
        return column.title

    def delete_column(self) -> str | None:
        sheet = self.sheet()
        column = self.column(sheet, "TEXT_NUMBER", "CHECKBOX", "DATE")
        if column is None:
            return None
        self.tracker.delete_column(sheet.id, column.id)
        return column.title

    def retype_column(self) -> str | None:
        sheet = self.sheet()
        column = self.column(sheet, "DATE", "PICKLIST", "CHECKBOX")
        if column is None:
            return None
        self.tracker.retype_column(sheet.id, column.id, "TEXT_NUMBER", options=[], validation=False)
        return column.title

    def add_column(self) -> str | None:
        sheet = self.sheet()
        title, options = self.new_title(sheet, "New"), list(self.rng.choice(STATUSES))
        return self.tracker.add_column(sheet.id, title, type="PICKLIST", options=options).title

    def add_option(self) -> str | None:
        sheet = self.sheet()
        column = self.column(sheet, "PICKLIST", "MULTI_PICKLIST")
        if column is None:
            return None
        self.tracker.add_option(sheet.id, column.id, f"Option {self.rng.randrange(1000)}")
        return column.title

    def format(self) -> str | None:
        sheet = self.sheet()
        self.tracker.format(sheet.id)
        return sheet.name

    def rename_sheet(self) -> str | None:
        sheet = self.sheet()
        self.tracker.rename_sheet(sheet.id, f"{sheet.name.rstrip('~')}~")
        return sheet.name

    def delete_sheet(self) -> str | None:
        """Not one of the last two."""
        if len(self.sheets()) < 3:
            return None
        sheet = self.sheet()
        self.tracker.delete_sheet(sheet.id)
        return sheet.name

    def restore_sheet(self) -> str | None:
        gone = [sheet for sheet in self.tracker.sheets.values() if sheet.deleted]
        if not gone:
            return None
        sheet = self.rng.choice(gone)
        self.tracker.restore_sheet(sheet.id)
        return sheet.name

    def share(self) -> str | None:
        sheet = self.sheet()
        self.tracker.share(sheet.id, self.tracker.member.email, self.rng.choice(("VIEWER", "EDITOR", "ADMIN")))
        return sheet.name

    def unshare(self) -> str | None:
        sheet = self.sheet()
        self.tracker.unshare(sheet.id, self.tracker.member.email)
        return sheet.name


MOVES: dict[str, tuple[float, Callable[[Mover], str | None]]] = {  # how often, and what
    "edit": (40, Mover.edit),
    "add_row": (15, Mover.add_row),
    "delete_row": (6, Mover.delete_row),
    "move_row": (5, Mover.move_row),
    "indent": (4, Mover.indent),
    "outdent": (4, Mover.outdent),
    "send_row": (3, Mover.send_row),
    "rename_column": (2, Mover.rename_column),
    "delete_column": (1, Mover.delete_column),
    "retype_column": (1, Mover.retype_column),
    "add_column": (1, Mover.add_column),
    "add_option": (3, Mover.add_option),
    "format": (4, Mover.format),
    "rename_sheet": (2, Mover.rename_sheet),
    "delete_sheet": (1, Mover.delete_sheet),
    "restore_sheet": (2, Mover.restore_sheet),
    "share": (2, Mover.share),
    "unshare": (2, Mover.unshare),
}
Mover.MOVES = MOVES
