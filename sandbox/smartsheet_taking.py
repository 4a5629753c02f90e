"""What the make-believe Smartsheet takes as the value of a cell, and what it refuses; by the vendor's description.

`strict`, the default, wants the very type of the column; without it words are converted where they can be. Text longer
than a cell may be is cut, and nobody is told.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sandbox.smartsheet_call import Problem
from sandbox.smartsheet_gantt import GANTT_TAGS, tagged
from sandbox.smartsheet_records import Column, Contact, Predecessor, Row, Sheet, Value
from sandbox.smartsheet_values import MAIL, UNITS, days_of, in_order, predecessors

__all__ = ["refuse", "taken"]

LONGEST_TEXT = 4000
_OBJECTS = {
    "MULTI_PICKLIST": "MULTI_PICKLIST", "MULTI_CONTACT_LIST": "MULTI_CONTACT", "CONTACT_LIST": "CONTACT",
    "DATE": "DATE", "PREDECESSOR": "PREDECESSOR_LIST", "DURATION": "DURATION",
    "ABSTRACT_DATETIME": "ABSTRACT_DATETIME",
}  # fmt: skip
_ABSTRACT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}")


def refuse(sheet: Sheet, row: Row | None, column: Column, given: Mapping[str, Any], *, administers: bool) -> None:
    """Raises the problem of a cell that may not be written at all, whatever the value."""
    if column.system or column.formula:
        raise Problem(1046, column.id)
    if column.locked and not administers:
        raise Problem(1039, column.id)
    held = row.cells.get(column.id) if row else None
    unlinks = "linkInFromCell" in given and given["linkInFromCell"] is None
    if held is not None and (held.formula or (held.link and not unlinks)) and "formula" not in given:
        raise Problem(1046, column.id)
    if sheet.dependencies:
        _refuse_worked_out(sheet, row, column)


def _refuse_worked_out(sheet: Sheet, row: Row | None, column: Column) -> None:
    """Dates follow from others where dependencies are on."""
    if "GANTT_END_DATE" in column.tags:
        raise Problem(1080)
    waits = tagged(sheet, "GANTT_PREDECESSOR")
    held = row.cells.get(waits.id) if row and waits else None
    if "GANTT_START_DATE" in column.tags and held is not None and held.value:
        raise Problem(1046, column.id)
    parent = row is not None and any(one.parent_id == row.id for one in sheet.rows)
    if parent and set(column.tags) & set(GANTT_TAGS):
        raise Problem(1046, column.id)


def taken(sheet: Sheet, column: Column, given: Mapping[str, Any], *, override: bool) -> Value:
    """What the cell is to hold. `override` lets values outside a restricted column in, if the cell is not strict."""
    if given.get("value") is not None and given.get("objectValue") is not None:
        raise Problem(1130)
    strict = given.get("strict", True)
    thing = given.get("objectValue")
    found = _of_object(sheet, column, thing) if isinstance(thing, dict) else _of_value(sheet, column, given, strict)
    if column.validation and found is not None and not _allowed(column, found) and (strict or not override):
        raise _unfit(column)
    return found


def _unfit(column: Column) -> Problem:
    return Problem(1042, column.id, column.title, column.type)


def _allowed(column: Column, value: Value) -> bool:
    if column.type in ("PICKLIST", "MULTI_PICKLIST"):
        chosen = value if isinstance(value, tuple) and not isinstance(value, Contact) else (value,)
        return set(chosen) <= set(column.options)
    if column.type in ("CONTACT_LIST", "MULTI_CONTACT_LIST") and column.contacts:
        people = (value,) if isinstance(value, Contact | str) else value if isinstance(value, tuple) else ()
        known = {one.email for one in column.contacts}
        return all(isinstance(one, Contact) and one.email in known for one in people)
    return True


# ------------------------------------------------------------------ from objectValue


def _of_object(sheet: Sheet, column: Column, thing: Mapping[str, Any]) -> Value:
    allowed = _OBJECTS.get(column.type)
    if thing.get("objectType") != allowed:
        raise Problem(1131, "objectValue", column.id, allowed or "none")
    if allowed == "CONTACT":
        return _person(column, thing)
    values = thing.get("values", thing.get("predecessors", []))
    if allowed == "MULTI_CONTACT":
        return tuple(_person(column, one) for one in values) or None
    if allowed == "MULTI_PICKLIST":
        return in_order(column, [str(one) for one in values]) or None
    if allowed == "PREDECESSOR_LIST":
        return tuple(_waits(sheet, one) for one in values) or None
    if allowed == "DURATION":
        return f"{thing.get('days', 0):g}d"
    return _day(column, thing.get("value"), strict=True)


def _person(column: Column, one: Mapping[str, Any]) -> Contact | str:
    email = one.get("email")
    if email is None and one.get("name"):
        return str(one["name"])
    if not isinstance(email, str) or not MAIL.fullmatch(email):
        raise _unfit(column)
    return Contact(email, one.get("name") or "")


def _waits(sheet: Sheet, one: Mapping[str, Any]) -> Predecessor:
    if one.get("rowId") not in {row.id for row in sheet.rows}:
        raise Problem(1031, one.get("rowId"), "predecessor.rowId")
    lag = one.get("lag") or {}
    parts = tuple((unit, lag[unit]) for unit in UNITS if lag.get(unit))
    days = sum(many * UNITS[unit][1] for unit, many in parts)
    return Predecessor(one["rowId"], one.get("type", "FS"), -days if lag.get("negative") else days, parts)


# ------------------------------------------------------------------ from value


def _of_value(sheet: Sheet, column: Column, given: Mapping[str, Any], strict: bool) -> Value:
    value = given.get("value")
    if value is None or value == "":
        return False if column.type == "CHECKBOX" else None
    if not isinstance(value, str | int | float | bool):
        raise _unfit(column)
    kind = column.type
    if kind.startswith("MULTI_"):
        raise Problem(1235, kind)
    if kind == "CHECKBOX":
        return _check(column, value, strict)
    if kind in ("DATE", "DATETIME", "ABSTRACT_DATETIME"):
        return _day(column, value, strict=strict)
    if kind == "TEXT_NUMBER":
        return _free(value, strict)
    if kind == "DURATION" and days_of(value) is None:
        raise _unfit(column)
    if isinstance(value, bool | int | float) and strict and kind != "DURATION":
        raise _unfit(column)
    text = str(value)[:LONGEST_TEXT]
    if kind == "CONTACT_LIST":
        if not MAIL.fullmatch(text):
            return _words(column, text, strict)
        return Contact(text, given.get("displayValue") or "")
    if kind == "PREDECESSOR":
        try:
            return predecessors(text, [row.id for row in sheet.rows])
        except ValueError as cause:
            raise _unfit(column) from cause
    return value if kind == "DURATION" and not isinstance(value, str) else text


def _words(column: Column, text: str, strict: bool) -> str:
    if strict:
        raise _unfit(column)
    return text


def _free(value: str | float | bool, strict: bool) -> Value:
    """Text is cut where it is too long; without `strict`, figures in it become a number."""
    if not isinstance(value, str):
        return value
    if not strict and re.fullmatch(r"-?\d+(\.\d+)?", value):
        return float(value)
    return value[:LONGEST_TEXT]


def _check(column: Column, value: str | float | bool, strict: bool) -> bool | str:
    if isinstance(value, bool):
        return value
    if strict:
        raise _unfit(column)
    return {"true": True, "false": False, "1": True, "0": False}.get(str(value).lower(), str(value))


def _day(column: Column, value: Any, *, strict: bool) -> str:
    """A day that there is, or with its time of day; without `strict` anything stays as text."""
    text = str(value)
    try:
        if column.type == "DATE" and len(text) == 10:
            return date.fromisoformat(text).isoformat()
        if column.type == "ABSTRACT_DATETIME" and _ABSTRACT.fullmatch(text):
            return datetime.fromisoformat(text).isoformat()
    except ValueError:
        pass
    return _words(column, text, strict)
