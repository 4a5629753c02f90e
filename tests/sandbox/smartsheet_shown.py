"""Records of the make-believe Smartsheet, made of what a recorded answer shows of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from sandbox.smartsheet_records import Cell, Column, Report, Row, Sheet, User, Value
from sandbox.smartsheet_tracker import Tracker
from tests.sandbox.smartsheet_browser import NOW

__all__ = ["cells_of", "recorded_report", "recorded_sheet", "rows_in", "rows_of", "seconds"]


def seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def rows_in(shown: Any) -> Iterator[dict[str, Any]]:
    """Rows wherever they stand in an answer."""
    if isinstance(shown, dict):
        if "id" in shown and isinstance(shown.get("cells"), list):
            yield shown
        for one in shown.values():
            yield from rows_in(one)
    elif isinstance(shown, list):
        for one in shown:
            yield from rows_in(one)


def value_of(cell: dict[str, Any]) -> Value:
    """As the tracker keeps what a recorded cell shows."""
    thing = cell.get("objectValue", cell.get("value"))
    if isinstance(thing, dict):
        return tuple(thing["values"]) if "values" in thing else thing["value"]
    return thing


def cells_of(shown: dict[str, Any]) -> dict[int, Cell]:
    found = {}
    for one in shown["cells"]:
        if "columnId" in one and (value := value_of(one)) is not None:
            found[one["columnId"]] = Cell(value, one.get("formula", ""), image=one.get("image"))
    return found


def columns_of(shown: Iterable[dict[str, Any]]) -> list[Column]:
    return [
        Column(one["id"], one["title"], one["type"], one.get("primary", False), one.get("options", [])) for one in shown
    ]


def rows_of(tracker: Tracker, sheet_id: int, shown: Iterable[dict[str, Any]]) -> list[Row]:
    found, me = [], tracker.admin.id
    for one in shown:
        row = Row(one["id"], sheet_id, seconds(one["createdAt"]), me, seconds(one["modifiedAt"]), me, 1)
        row.cells = cells_of(one)
        tracker.rows[row.id] = row
        found.append(row)
    return found


def recorded_sheet(tracker: Tracker, shown: dict[str, Any], owner: User | None = None) -> Sheet:
    """With the account's access as it was shown: the owner is somebody else where that is less than all."""
    me = owner or tracker.admin
    level = shown.get("accessLevel", "OWNER")
    made, changed = seconds(shown["createdAt"]), seconds(shown["modifiedAt"])
    sheet = Sheet(shown["id"], shown["name"], me.id if level == "OWNER" else tracker.member.id, made, changed)
    sheet.shares = {} if level == "OWNER" else {me.id: level}
    sheet.version = shown.get("version", 1)
    sheet.columns = columns_of(shown.get("columns", ()))
    sheet.rows = rows_of(tracker, sheet.id, shown.get("rows", ()))
    tracker.sheets[sheet.id] = sheet
    if shown.get("favorite"):
        tracker.beside.favorites.setdefault(me.id, []).append(("sheet", sheet.id))
    return sheet


def recorded_report(tracker: Tracker, shown: dict[str, Any]) -> Report:
    level, me = shown.get("accessLevel", "OWNER"), tracker.admin.id
    owner = me if level == "OWNER" else tracker.member.id
    report = Report(shown["id"], shown["name"], owner, [], [], [1], NOW, NOW)
    report.shares = {} if level == "OWNER" else {me: level}
    tracker.reports[report.id] = report
    return report
