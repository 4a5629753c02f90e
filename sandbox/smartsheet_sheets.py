"""Routes of the make-believe Smartsheet that read sheets: the list, whole sheets, columns, rows, histories of cells."""

from __future__ import annotations

import csv
import io
from typing import Any

from sandbox.smartsheet_call import Call, Problem
from sandbox.smartsheet_records import Past, Row, Sheet
from sandbox.smartsheet_values import instant, seen_type, shown, text
from sandbox.smartsheet_views import Shape, Views

__all__ = ["SHEET_ROUTES"]


def _shape(call: Call, default_level: int) -> Shape:
    ids = call.ids("columnIds")
    return Shape(
        level=call.whole("level", default_level),
        include=frozenset(call.words("include")),
        exclude=frozenset(call.words("exclude")),
        numeric=call.flag("numericDates"),
        row_versions=call.options.row_versions,
        column_ids=None if ids is None else frozenset(ids),
    )


def list_sheets(call: Call) -> Any:
    """Not shared, deleted: not in it. By name."""
    include = call.words("include")
    if "sheetVersion" in include and ("page" in call.params or "pageSize" in call.params):
        raise Problem(1018, "sheetVersion", "include")
    since, views = call.since("modifiedSince"), Views(call.tracker, call.user, call.flag("numericDates"))
    rows = [one for one in call.tracker.sheets_of(call.user) if since is None or one.modified >= since]
    return call.paged(sorted(rows, key=lambda one: (one.name.lower(), one.id)), lambda one: views.listed(one, include))


def one_sheet(call: Call, id_: str) -> Any:
    """Text, where the request accepts CSV first."""
    sheet = call.sheet(id_)
    if call.params.get("ifVersionAfter") is not None and call.whole("ifVersionAfter", 0) >= sheet.version:
        return {"version": sheet.version}
    if call.accept.startswith("text/csv"):
        return _as_csv(call, sheet)
    shape = _shape(call, call.options.sheet_level)
    views = Views(call.tracker, call.user, shape.numeric)
    rows = _wanted_rows(call, sheet)
    if "page" in call.params or "pageSize" in call.params:
        number, size, _ = call.place(len(rows))
        rows = rows[(number - 1) * size : number * size]
    columns = [
        views.column(sheet, column, n, shape.level)
        for n, column in enumerate(sheet.columns)
        if shape.column_ids is None or column.id in shape.column_ids
    ]
    return views.sheet(sheet, shape.include) | {"columns": columns, "rows": list(views.rows(sheet, rows, shape))}


def _wanted_rows(call: Call, sheet: Sheet) -> list[Row]:
    ids, numbers, since = call.ids("rowIds"), call.ids("rowNumbers"), call.since("rowsModifiedSince")
    named = ids is not None or numbers is not None
    return [
        row
        for number, row in enumerate(sheet.rows, 1)
        if (not named or row.id in (ids or ()) or number in (numbers or ()))
        and (since is None or row.modified >= since)
    ]


def _as_csv(call: Call, sheet: Sheet) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([column.title for column in sheet.columns])
    for row in sheet.rows:
        writer.writerow([text(call.tracker.value(row, column)) for column in sheet.columns])
    return out.getvalue().encode()


def sheet_version(call: Call, id_: str) -> Any:
    return {"version": call.sheet(id_).version}


def list_columns(call: Call, id_: str) -> Any:
    sheet, level = call.sheet(id_), call.whole("level", call.options.sheet_level)
    views = Views(call.tracker, call.user)
    return call.paged(list(enumerate(sheet.columns)), lambda one: views.column(sheet, one[1], one[0], level))


def one_row(call: Call, id_: str, row_id: str) -> Any:
    """Its version is told whatever the options."""
    sheet = call.sheet(id_)
    row = call.row(sheet, row_id)
    shape = _shape(call, call.options.sheet_level)
    views = Views(call.tracker, call.user, shape.numeric)
    (found,) = views.rows(sheet, [row], shape)
    found = {"id": row.id, "sheetId": sheet.id} | found | {"version": row.version}
    found["accessLevel"] = call.tracker.access(call.user, sheet)
    if "columns" in shape.include:
        found["columns"] = [views.column(sheet, column, n, shape.level) for n, column in enumerate(sheet.columns)]
    return found


def cell_history(call: Call, id_: str, row_id: str, column_id: str) -> Any:
    """Newest first; each request counts as ten."""
    sheet = call.sheet(id_)
    row = call.row(sheet, row_id)
    column = next((one for one in sheet.columns if one.id == int(column_id)), None)
    if column is None:
        raise Problem(1006)
    views, include = Views(call.tracker, call.user), call.words("include")
    level = call.whole("level", call.options.sheet_level)
    numbers = {one.id: number for number, one in enumerate(sheet.rows, 1)}

    def show(past: Past) -> dict[str, Any]:
        value = shown(column, past.value, level=level, objects="objectValue" in include, number_of=numbers.get)
        kind = {"columnType": seen_type(column, level)} if "columnType" in include else {}
        at = {"modifiedAt": instant(past.at), "modifiedBy": views.mini(past.by)}
        return {"columnId": column.id, **kind, **value, **at}

    return call.paged(call.tracker.history(row, column), show)


SHEET_ROUTES = [
    ("GET", r"/sheets", list_sheets),
    ("GET", r"/sheets/(\d+)", one_sheet),
    ("GET", r"/sheets/(\d+)/version", sheet_version),
    ("GET", r"/sheets/(\d+)/columns", list_columns),
    ("GET", r"/sheets/(\d+)/rows/(\d+)", one_row),
    ("GET", r"/sheets/(\d+)/rows/(\d+)/columns/(\d+)/history", cell_history),
]
