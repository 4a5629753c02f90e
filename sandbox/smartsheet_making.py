"""Routes of the make-believe Smartsheet that make sheets and columns and change settings; the connector needs none.

What is refused, and by which code: the vendor's description (API 2.0) and its published list of codes, read 2026-11-27.
Formats, filters and summaries are left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.smartsheet_call import Call, Problem, done
from sandbox.smartsheet_places import copied_sheet, place_of
from sandbox.smartsheet_records import COLUMN_TYPES, Column, Contact, Sheet
from sandbox.smartsheet_views import Views

__all__ = ["MAKING_ROUTES"]

BLANK_TEMPLATE = 7881304550205316
OF_A_COLUMN = {  # what a request calls it, and what a column's field is called
    "title": "title", "type": "type", "primary": "primary", "options": "options", "validation": "validation",
    "symbol": "symbol", "systemColumnType": "system", "autoNumberFormat": "numbering", "tags": "tags",
    "formula": "formula", "locked": "locked", "hidden": "hidden", "width": "width",
}  # fmt: skip
UNKEPT = {"index", "contactOptions", "description", "format", "version"}
SYSTEM = {"CREATED_BY", "CREATED_DATE", "MODIFIED_BY", "MODIFIED_DATE"}


# ------------------------------------------------------------------ columns as they are given


def _fields(given: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """A column's fields; `kind` is its type."""
    unknown = sorted(given.keys() - OF_A_COLUMN.keys() - UNKEPT)
    if unknown:
        raise Problem(1032, ", ".join(f"column.{name}" for name in unknown))
    if kind not in COLUMN_TYPES:
        raise Problem(1031, kind, "column.type")
    if given.get("options") and not kind.endswith("PICKLIST"):
        raise Problem(1060, kind)
    fields = {field: given[name] for name, field in OF_A_COLUMN.items() if given.get(name) is not None}
    if "tags" in fields:
        fields["tags"] = tuple(fields["tags"])
    if fields.get("system") in SYSTEM:
        fields["locked"] = True
    if "contactOptions" in given:
        fields["contacts"] = [Contact(one.get("email", ""), one.get("name", "")) for one in given["contactOptions"]]
    return fields


def _new_columns(given: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The fields of the columns that a new sheet is to have."""
    for one in given:
        if not one.get("title") or not one.get("type"):
            raise Problem(1012, "column.title" if one.get("type") else "column.type")
    if len({one["title"] for one in given}) < len(given):
        raise Problem(1056)
    primary = [one for one in given if one.get("primary")]
    if len(primary) != 1:
        raise Problem(1055)
    if primary[0]["type"] != "TEXT_NUMBER":
        raise Problem(1057)
    return [{"primary": False} | _fields(one, one["type"]) for one in given]


def _shown_columns(call: Call, sheet: Sheet, columns: Sequence[Column]) -> list[dict[str, Any]]:
    views = Views(call.tracker, call.user)
    return [views.column(sheet, one, n, level=2) for n, one in enumerate(sheet.columns) if one in columns]


# ------------------------------------------------------------------ sheets


def create_sheet(call: Call, kind: str = "home", id_: str = "0") -> Any:
    """Of columns, or of what another sheet or the blank template is; rows come along if `include` names data."""
    body, place = call.wanted("name"), place_of(call, kind, id_)
    views = Views(call.tracker, call.user)
    if body.get("fromId"):
        sheet = _from(call, body["fromId"], body["name"], place)
    elif body.get("columns"):
        sheet = call.tracker.add_sheet(body["name"], _new_columns(body["columns"]), owner=call.user.email, **place)  # type: ignore[arg-type]
    else:
        raise Problem(1054)
    shown = views.listed(sheet)
    found = {name: shown[name] for name in ("id", "name", "accessLevel", "permalink")}
    return done(found if body.get("fromId") else found | {"columns": _shown_columns(call, sheet, sheet.columns)})


def _from(call: Call, id_: Any, name: str, place: dict[str, int]) -> Sheet:
    if id_ == BLANK_TEMPLATE:
        columns = ["Primary Column", *(f"Column{n}" for n in range(2, 7))]
        sheet = call.tracker.add_sheet(name, columns, owner=call.user.email, **place)  # type: ignore[arg-type]
        sheet.source_id = BLANK_TEMPLATE
        return sheet
    if not isinstance(id_, int):
        raise Problem(1031, id_, "fromId")
    return copied_sheet(call, call.sheet(str(id_)), name, place, data="data" in call.words("include"))


def update_sheet(call: Call, id_: str) -> Any:
    """Its name for those who administer it, its project's settings for editors, one's own settings for all."""
    body = call.wanted()
    unknown = sorted(body.keys() - {"name", "projectSettings", "userSettings"})
    if unknown:
        raise Problem(1032, ", ".join(f"sheet.{name}" for name in unknown))
    least = "ADMIN" if "name" in body else "EDITOR" if "projectSettings" in body else "VIEWER"
    sheet = call.sheet(id_, least)
    if "projectSettings" in body and not sheet.dependencies:
        raise Problem(1143, "projectSettings")
    if "name" in body:
        call.tracker.rename_sheet(sheet.id, body["name"])
    if "projectSettings" in body:
        sheet.project |= body["projectSettings"]
        call.tracker.format(sheet.id)
    sheet.settings |= body.get("userSettings") or {}
    shown = Views(call.tracker, call.user).sheet(sheet)
    names = ("id", "name", "accessLevel", "userSettings", "projectSettings", "permalink")
    return done({name: shown[name] for name in names if name in shown})


def list_templates(call: Call) -> Any:
    """The blank one alone."""
    blank = {"id": BLANK_TEMPLATE, "name": "Blank Sheet", "type": "sheet", "blank": True, "locale": "en_US"}
    more = {
        "description": "A sheet with nothing in it",
        "categories": ["Featured Templates"],
        "globalTemplate": "BLANK_SHEET",
    }
    return call.paged([blank | more], dict)


# ------------------------------------------------------------------ columns


def add_columns(call: Call, id_: str) -> Any:
    """All at one place, in the order they come in."""
    sheet, given = call.sheet(id_, "ADMIN"), call.several("title", "type")
    at = given[0].get("index")
    for one in given:
        if not isinstance(one.get("index"), int):
            raise Problem(1012, "column.index")
        if one["index"] != at:
            raise Problem(1135, one["index"], at)
    titles = [one.title for one in sheet.columns] + [one["title"] for one in given]
    if len(set(titles)) < len(titles):
        raise Problem(1056)
    fields = [_fields(one, one["type"]) for one in given]
    if any(one.get("primary") for one in fields):
        raise Problem(1055)
    new = [call.tracker.add_column(sheet.id, at=given[0]["index"] + n, **one) for n, one in enumerate(fields)]
    return done(_shown_columns(call, sheet, new), version=sheet.version)


def update_column(call: Call, id_: str, column_id: str) -> Any:
    """Its fields and its place; cells keep what they hold."""
    sheet, body = call.sheet(id_, "ADMIN"), call.wanted()
    column = next((one for one in sheet.columns if one.id == int(column_id)), None)
    if column is None:
        raise Problem(1006)
    if body.keys() & {"symbol", "systemColumnType", "options"} and "type" not in body:
        raise Problem(1090)
    if any(one.title == body.get("title") for one in sheet.columns if one is not column):
        raise Problem(1056)
    fields = _fields(body, body.get("type", column.type))
    if column.primary and fields.get("type", "TEXT_NUMBER") != "TEXT_NUMBER":
        raise Problem(1057)
    if isinstance(body.get("index"), int):
        sheet.columns.remove(column)
        sheet.columns.insert(body["index"], column)
    call.tracker.retype_column(sheet.id, column.id, fields.pop("type", column.type), **fields)
    return done(_shown_columns(call, sheet, [column])[0])


MAKING_ROUTES = [
    ("POST", r"/sheets", create_sheet),
    ("POST", r"/(folder|workspace)s/(\d+)/sheets", create_sheet),
    ("PUT", r"/sheets/(\d+)", update_sheet),
    ("POST", r"/sheets/(\d+)/columns", add_columns),
    ("PUT", r"/sheets/(\d+)/columns/(\d+)", update_column),
    ("GET", r"/templates/public", list_templates),
]
