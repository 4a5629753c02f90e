"""Routes of the make-believe Smartsheet that change rows: all or nothing, unless partial success is asked for.

Every cell that a PUT changes goes into the tracker's journal, `writes`; a row that it moves goes in as column 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.smartsheet_call import UNEXPECTED, Call, Problem, error
from sandbox.smartsheet_formula import worked_out
from sandbox.smartsheet_records import Column, Link, Row, Sheet, Value, Written
from sandbox.smartsheet_taking import refuse, taken
from sandbox.smartsheet_views import Shape, Views

__all__ = ["WRITE_ROUTES"]

MOST_ROWS = 500
PLACES = ("toTop", "toBottom", "parentId", "siblingId", "above", "indent", "outdent")
OF_A_ROW = {"id", "cells", "expanded", "format", "locked", *PLACES}
OF_A_CELL = {
    "columnId", "value", "objectValue", "formula", "strict", "overrideValidation", "hyperlink", "linkInFromCell",
    "format", "image",
}  # fmt: skip


@dataclass
class _Change:
    """One row of a request that may be carried out."""

    row: Row | None
    given: Mapping[str, Any]
    cells: list[tuple[Column, Value, dict[str, Any]]] = field(default_factory=list)  # and what goes beside the value


class _Writer:
    """One request to change rows of one sheet."""

    def __init__(self, call: Call, sheet: Sheet) -> None:
        self.call, self.sheet, self.tracker = call, sheet, call.tracker
        self.administers = call.tracker.access(call.user, sheet) in ("ADMIN", "OWNER")
        self.partial = call.flag("allowPartialSuccess")
        self.override = call.flag("overrideValidation")
        self.columns = {column.id: column for column in sheet.columns}

    def given_rows(self) -> list[dict[str, Any]]:
        body = self.call.body
        rows = body if isinstance(body, list) else [body]
        if body is None:
            raise Problem(1024)
        if not all(isinstance(row, dict) for row in rows):
            raise Problem(1008, "an array of rows was expected")
        if len(rows) > MOST_ROWS:
            raise Problem(1061, "rows")
        places = [{name: row[name] for name in PLACES if name in row} for row in rows if _place(row)]
        if any(place != places[0] for place in places):
            raise Problem(1123)
        return rows

    def run(self, *, update: bool) -> dict[str, Any]:
        """Checks all rows first, so that nothing is written where one of them is refused."""
        changes, failed = [], []
        for index, given in enumerate(self.given_rows()):
            try:
                changes.append(self.checked(given, update))
            except Problem as problem:
                where = {"index": index} | ({"rowId": given["id"]} if isinstance(given.get("id"), int) else {})
                if not self.partial:
                    problem.detail = where
                    raise
                failed.append(where | {"error": error(problem.code, self.call.request, problem.message)})
        rows: list[Row] = []
        for change in changes:
            rows.append(self.carried_out(change, rows[-1] if rows else None))
        if rows:
            dates = any(_place(change.given) or any(c.tags for c, _, _ in change.cells) for change in changes)
            self.tracker.settle(self.sheet, rows, self.call.user.id, dates=dates or not update)
        return self.told(rows, failed, update)

    def told(self, rows: list[Row], failed: list[dict[str, Any]], update: bool) -> dict[str, Any]:
        shape = Shape(level=2, include=frozenset(self.call.words("include")))
        shown = list(Views(self.tracker, self.call.user).rows(self.sheet, rows, shape))
        if not update:
            shown = [{"id": row["id"], "sheetId": self.sheet.id} | row for row in shown]
        word, code = ("PARTIAL_SUCCESS", 3) if failed else ("SUCCESS", 0)
        found = {"message": word, "resultCode": code, "result": shown, "version": self.sheet.version}
        return found | ({"failedItems": failed} if failed else {})

    # ------------------------------------------------------------ checks

    def checked(self, given: dict[str, Any], update: bool) -> _Change:
        """Raises the problem of a row that may not be written so."""
        unknown = sorted(given.keys() - OF_A_ROW)
        if unknown:
            raise Problem(1032, ", ".join(f"row.{name}" for name in unknown))
        row = None
        if update:
            if not isinstance(given.get("id"), int):
                raise Problem(1012, "row.id")
            row = self.call.row(self.sheet, str(given["id"]))
            if row.locked and not self.administers:
                raise Problem(1050)
        change, seen = _Change(row, given), set[int]()
        cells = _typed(given, "cells", list) or []
        for cell in cells:
            if not isinstance(cell, dict):
                raise Problem(1008, UNEXPECTED.format("cells"))
            column = self.column_of(cell)
            if column.id in seen:
                raise Problem(1037, column.id)
            seen.add(column.id)
            change.cells.append(self.cell(row, column, cell))
        self.target(change)
        return change

    def column_of(self, cell: Mapping[str, Any]) -> Column:
        if "columnId" not in cell:
            raise Problem(1012, "cell.columnId")
        id_ = cell["columnId"]
        column = self.columns.get(id_) if isinstance(id_, int) else None
        if column is None:
            raise Problem(1036, cell["columnId"])
        return column

    def cell(self, row: Row | None, column: Column, cell: Mapping[str, Any]) -> tuple[Column, Value, dict[str, Any]]:
        unknown = sorted(cell.keys() - OF_A_CELL)
        if unknown:
            raise Problem(1032, ", ".join(f"cell.{name}" for name in unknown))
        formula, link = _typed(cell, "formula", str), _typed(cell, "hyperlink", dict) or {}
        _typed(cell, "linkInFromCell", dict), _typed(cell, "objectValue", dict | str | int | float | bool)
        if formula is not None and cell.keys() & {"value", "objectValue", "hyperlink", "linkInFromCell"}:
            raise Problem(1163)
        if link and cell.get("linkInFromCell"):
            raise Problem(1109)
        if link.get("url") and link.keys() & {"sheetId", "reportId", "sightId"}:
            raise Problem(1112)
        if not cell.keys() & {"value", "objectValue", "formula", "hyperlink", "linkInFromCell"}:
            raise Problem(1012, "cell.value")
        override = self.override or cell.get("overrideValidation", False)
        if override and not self.administers:
            raise Problem(1212)
        refuse(self.sheet, row, column, cell, administers=self.administers)
        if formula is not None:
            if not formula.startswith("="):
                raise Problem(1162)
            return column, worked_out(self.sheet, formula), {"formula": formula}
        if cell.get("linkInFromCell"):
            link_ = self.link(cell["linkInFromCell"])
            source = self.tracker.rows[link_.row_id]
            return (
                column,
                self.tracker.value(source, self.tracker.column(link_.sheet_id, link_.column_id)),
                {"link": link_},
            )
        return column, taken(self.sheet, column, cell, override=override), {"hyperlink": link or None}

    def link(self, given: Mapping[str, Any]) -> Link:
        """To a cell of a sheet that the account sees."""
        sheet = self.call.sheet(str(given.get("sheetId", 0)))
        row = self.call.row(sheet, str(given.get("rowId", 0)))
        if all(column.id != given.get("columnId") for column in sheet.columns):
            raise Problem(1036, given.get("columnId"))
        return Link(sheet.id, row.id, given["columnId"], sheet.name)

    def target(self, change: _Change) -> tuple[int, Row | None] | None:
        """Where the row is to go: its place among the others, and its parent; None to stay, or for the end."""
        given, others = change.given, list(self.sheet.rows)
        place = _place(given)
        if place is None:
            return None
        if change.row is not None:
            gone = self.tracker.below(change.row)
            others = [row for row in others if row not in gone]
        if place == "indent":
            return self.stepped(change, others)
        if place == "sibling":
            near = next((row for row in others if row.id == given["siblingId"]), None)
            if near is None:
                raise Problem(1064, given["siblingId"])
            after = 0 if given.get("above") else len([row for row in self.tracker.below(near) if row in others])
            return others.index(near) + after, self.tracker.rows.get(near.parent_id or 0)
        parent = next((row for row in others if row.id == given.get("parentId")), None)
        if "parentId" not in given or given["parentId"] is None:
            return (len(others) if given.get("toBottom") else 0), None
        if parent is None:
            raise Problem(1063, given["parentId"])
        if not any(cell.value is not None for cell in parent.cells.values()):
            raise Problem(1185)
        below = len([row for row in self.tracker.below(parent) if row in others])
        return others.index(parent) + (below if given.get("toBottom") else 1), parent

    def stepped(self, change: _Change, others: list[Row]) -> tuple[int, Row | None]:
        """One level in, under the sister above; or one level out, after the parent's rows."""
        row = change.row
        if row is None:
            raise Problem(1062)
        above = [one for one in self.sheet.rows[: self.sheet.rows.index(row)] if one.parent_id == row.parent_id]
        if change.given.get("indent"):
            if not above:
                raise Problem(1062)
            return others.index(above[-1]) + len(self.tracker.below(above[-1])), above[-1]
        parent = self.tracker.rows.get(row.parent_id or 0)
        if parent is None:
            raise Problem(1062)
        below = len([one for one in self.tracker.below(parent) if one in others])
        return others.index(parent) + below, self.tracker.rows.get(parent.parent_id or 0)

    # ------------------------------------------------------------ and done

    def place_of(self, change: _Change, last: Row | None) -> tuple[int, Row | None] | None:
        """Worked out anew, since the rows before it may have moved; rows of one place keep their order."""
        where = self.target(change)
        if where is None or last is None or _place(change.given) == "indent":
            return where
        gone = self.tracker.below(change.row) if change.row is not None else []
        others = [row for row in self.sheet.rows if row not in gone]
        after = len([row for row in self.tracker.below(last) if row in others])
        return others.index(last) + after, where[1]

    def carried_out(self, change: _Change, last: Row | None) -> Row:
        where, by = self.place_of(change, last), self.call.user.id
        row = change.row
        if row is None:
            at, parent = where if where is not None else (len(self.sheet.rows), None)
            row = self.tracker.insert(self.sheet, at + 1, parent.id if parent else None, by)
        elif where is not None:
            before = self.sheet.rows.index(row) + 1
            self.tracker.shift(row, where[0] + 1, where[1].id if where[1] else None)
            after, now = self.sheet.rows.index(row) + 1, self.tracker.now()
            moved = Written(self.call.request, now, self.call.user.email, self.sheet.id, row.id, 0, before, after)
            self.tracker.writes.append(moved)
        for column, value, beside in change.cells:
            self.tracker.put(row, column, value, by, request=self.call.request if change.row is not None else 0)
            for name, one in beside.items():
                setattr(row.cells[column.id], name, one)
        if "locked" in change.given:
            row.locked = bool(change.given["locked"])
        return row


def _typed(given: Mapping[str, Any], name: str, kind: Any) -> Any:
    """Raises the problem of an attribute that is of no type it may have."""
    value = given.get(name)
    if value is not None and not isinstance(value, kind):
        raise Problem(1008, UNEXPECTED.format(name))
    return value


def _place(given: Mapping[str, Any]) -> str | None:
    """The kind of place that a row asks for; 1062 where it asks for two."""
    kinds = {
        {"siblingId": "sibling", "above": "sibling", "indent": "indent", "outdent": "indent"}.get(name, "edge")
        for name in PLACES
        if given.get(name) not in (None, False) or (name == "parentId" and name in given)
    }
    if len(kinds) > 1 or (kinds == {"sibling"} and "siblingId" not in given):
        raise Problem(1062)
    return next(iter(kinds), None)


def update_rows(call: Call, id_: str) -> Any:
    return _Writer(call, call.sheet(id_, "EDITOR")).run(update=True)


def add_rows(call: Call, id_: str) -> Any:
    """At the end, unless a place is given; several rows in the order they come in."""
    return _Writer(call, call.sheet(id_, "EDITOR")).run(update=False)


def delete_rows(call: Call, id_: str) -> Any:
    """With all rows under them; nothing is deleted where one is not there, unless that is to be ignored."""
    sheet = call.sheet(id_, "EDITOR")
    ids = call.ids("ids")
    if ids is None:
        raise Problem(1012, "ids")
    known = [row for row in sheet.rows if row.id in ids]
    if len(known) < len(ids) and not call.flag("ignoreRowsNotFound"):
        raise Problem(1006)
    gone: list[int] = []
    for row in known:
        gone += call.tracker.delete_row(row.id, by=call.user.email) if row.id in call.tracker.rows else []
    return {"message": "SUCCESS", "resultCode": 0, "result": gone, "version": sheet.version}


WRITE_ROUTES = [
    ("PUT", r"/sheets/(\d+)/rows", update_rows),
    ("POST", r"/sheets/(\d+)/rows", add_rows),
    ("DELETE", r"/sheets/(\d+)/rows", delete_rows),
]
