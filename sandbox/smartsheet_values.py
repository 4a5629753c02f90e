"""Values of Smartsheet cells: from plain Python, as text, and as the API shows them in a column of each type.

Shapes are those of live recordings of API 2.0 (2020, read 2026-11-27): numbers come as 2.0, days and check marks have
no displayValue, and MULTI_ columns no value but at a `level` that does not know them, where they are joined text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any

from sandbox.smartsheet_records import Column, Contact, Predecessor, Value

__all__ = [
    "UNITS",
    "auto_number",
    "contact",
    "days_of",
    "instant",
    "plain",
    "predecessors",
    "seen_type",
    "shown",
    "text",
]

MAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>]+")
NAMED_MAIL = re.compile(r"(.*?)\s*<([^<>]+)>")
PREDECESSOR = re.compile(r"(\d+)\s*(FS|SS|FF|SF)?\s*(?:([+-])\s*(\d+(?:\.\d+)?)\s*d)?", re.IGNORECASE)
DURATION = re.compile(r"(-?\d+(?:\.\d+)?)\s*([wdhm]?)")
_DAYS = {"w": 5.0, "d": 1.0, "": 1.0, "h": 1 / 8, "m": 1 / 480}
UNITS = {  # of a lag: its letter, and how much of a working day of eight hours
    "weeks": ("w", 5.0), "days": ("d", 1.0), "hours": ("h", 1 / 8), "minutes": ("m", 1 / 480),
    "seconds": ("s", 1 / 28_800), "milliseconds": ("ms", 1 / 28_800_000),
}  # fmt: skip
_LEVELS = {"MULTI_CONTACT_LIST": 1, "MULTI_PICKLIST": 2}  # from which level on they have their own type


def instant(seconds: int, numeric: bool = False) -> str | int:
    """As the API writes times."""
    if numeric:
        return seconds * 1000
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def auto_number(column: Column, number: int, seconds: int) -> str:
    """The next of an AUTO_NUMBER column, by its own format; {YYYY}, {YY}, {MM} and {DD} are of the row's day."""
    form, day = column.numbering or {"fill": "0000"}, datetime.fromtimestamp(seconds, UTC)
    prefix, suffix = form.get("prefix", ""), form.get("suffix", "")
    for name, code in (("{YYYY}", "%Y"), ("{YY}", "%y"), ("{MM}", "%m"), ("{DD}", "%d")):
        prefix, suffix = (words.replace(name, day.strftime(code)) for words in (prefix, suffix))
    shown_ = str(number + form.get("startingNumber", 1) - 1).zfill(len(form.get("fill", "")))
    return f"{prefix}{shown_}{suffix}"


def seen_type(column: Column, level: int) -> str:
    """The type a reader is told: newer ones are text to those who do not ask for them."""
    return "TEXT_NUMBER" if level < _LEVELS.get(column.type, 0) else column.type


# ------------------------------------------------------------------ from plain Python


def plain(column: Column, value: Any, row_ids: Sequence[int] = ()) -> Value:
    """A simple value as a cell of the column keeps it; `row_ids` by row number, for predecessors such as "1FS +2d"."""
    if value is None or value == "" or value == []:
        return None
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    kind = column.type
    if kind == "CONTACT_LIST":
        return contact(value)
    if kind == "MULTI_CONTACT_LIST":
        return tuple(contact(one) for one in _several(value, Contact))
    if kind == "MULTI_PICKLIST":
        return in_order(column, [str(one) for one in _several(value, str)])
    if kind == "PREDECESSOR" and isinstance(value, str):
        return predecessors(value, row_ids)
    found: Value = tuple(value) if isinstance(value, list) else value
    return found


def _several(value: Any, one: type) -> Sequence[Any]:
    return [value] if isinstance(value, one | str) else list(value)


def contact(value: Any) -> Contact | str:
    """From a contact, a pair, "Name <mail>" or a mail; other words stay words."""
    if not isinstance(value, str):
        return Contact(*value)
    named = NAMED_MAIL.fullmatch(value)
    if named:
        return Contact(named[2], named[1])
    return Contact(value) if MAIL.fullmatch(value) else value


def in_order(column: Column, chosen: Sequence[str]) -> tuple[str, ...]:
    """Options of a MULTI_PICKLIST as they are kept: in the column's order, others last."""
    place = {option: n for n, option in enumerate(column.options)}
    return tuple(sorted(chosen, key=lambda one: place.get(one, len(place))))


def predecessors(words: str, row_ids: Sequence[int]) -> tuple[Predecessor, ...]:
    """From texts such as "1FS +2d, 3SS"; raises ValueError for others and for rows there are not."""
    found = []
    for word in words.split(","):
        match = PREDECESSOR.fullmatch(word.strip())
        if match is None or not 0 < int(match[1]) <= len(row_ids):
            raise ValueError(f"no predecessor: {word.strip()!r}")
        lag = float(match[4] or 0) * (-1 if match[3] == "-" else 1)
        found.append(Predecessor(row_ids[int(match[1]) - 1], (match[2] or "FS").upper(), lag))
    return tuple(found)


def days_of(value: Value) -> float | None:
    """Working days of a duration: "3d", "1w", "4h" or a number; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    match = DURATION.fullmatch(str(value).strip())
    return float(match[1]) * _DAYS[match[2]] if match else None


# ------------------------------------------------------------------ as text


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(float(value))


def _parts(one: Predecessor) -> tuple[tuple[str, float], ...]:
    """Of its lag; plain days unless it was given in other units."""
    return one.parts or ((("days", abs(one.lag_days)),) if one.lag_days else ())


def text(value: Value, number_of: Callable[[int], int | None] = lambda _: None) -> str:
    """What people see; `number_of` gives a row's number, for predecessors."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, Contact):
        return value.name or value.email
    if isinstance(value, Predecessor):
        parts = " ".join(f"{_number(many)}{UNITS[unit][0]}" for unit, many in _parts(value))
        lag = f" {'+' if value.lag_days > 0 else '-'}{parts}" if parts else ""
        return f"{number_of(value.row_id) or '#REF'}{value.type}{lag}"
    if isinstance(value, tuple):
        return ", ".join(text(one, number_of) for one in value)
    return value or ""


# ------------------------------------------------------------------ as the API shows them


def shown(
    column: Column,
    value: Value,
    *,
    level: int,
    objects: bool,
    number_of: Callable[[int], int | None] = lambda _: None,
) -> dict[str, Any]:
    """The keys of a cell that tell its value; none for an empty one."""
    if value is None:
        return {}
    kind, words = seen_type(column, level), text(value, number_of)
    if isinstance(value, tuple) and kind.startswith("MULTI_"):
        return ({"objectValue": _objects(column, value)} if objects else {}) | {"displayValue": words}
    simple: Any = value if isinstance(value, bool | str) else words
    if isinstance(value, int | float) and not isinstance(value, bool):
        simple = float(value)
    if isinstance(value, Contact):
        simple = value.email
    found = {"value": simple}
    if objects:
        found["objectValue"] = _object(column, kind, value, simple, number_of)
    if kind in ("CHECKBOX", "DATE", "DATETIME", "ABSTRACT_DATETIME") and not str(value).startswith("#"):
        return found
    percent = "GANTT_PERCENT_COMPLETE" in column.tags and isinstance(simple, float)
    return found | {"displayValue": f"{_number(round(simple * 100, 6))}%" if percent else words}


def _object(
    column: Column, kind: str, value: Value, simple: Any, number_of: Callable[[int], int | None]
) -> dict[str, Any] | Any:
    if isinstance(value, Contact):
        return _person(value)
    if isinstance(value, tuple) and kind == "PREDECESSOR":
        return _objects(column, value, number_of)
    if isinstance(value, str) and value.startswith("#"):
        return simple
    if kind in ("DATE", "DATETIME", "ABSTRACT_DATETIME"):
        return {"objectType": kind, "value": simple}
    days = days_of(value) if kind == "DURATION" else None
    return simple if days is None else {"objectType": "DURATION", "days": days, "elapsed": False, "negative": days < 0}


def _objects(
    column: Column, value: tuple[Any, ...], number_of: Callable[[int], int | None] = lambda _: None
) -> dict[str, Any]:
    if column.type == "MULTI_CONTACT_LIST":
        return {"objectType": "MULTI_CONTACT", "values": [_person(one) for one in value]}
    if column.type == "PREDECESSOR":
        return {"objectType": "PREDECESSOR_LIST", "predecessors": [_predecessor(one, number_of) for one in value]}
    return {"objectType": "MULTI_PICKLIST", "values": list(value)}


def _person(one: Contact | str) -> dict[str, Any]:
    if isinstance(one, str):
        return {"objectType": "CONTACT", "name": one}
    return {"objectType": "CONTACT", "email": one.email, **({"name": one.name} if one.name else {})}


def _predecessor(one: Predecessor, number_of: Callable[[int], int | None]) -> dict[str, Any]:
    number = number_of(one.row_id)
    found: dict[str, Any] = {"rowId": one.row_id, **({"rowNumber": number} if number else {}), "type": one.type}
    if one.lag_days:
        lag = {"objectType": "DURATION", "negative": one.lag_days < 0, "elapsed": False, **dict(_parts(one))}
        found["lag"] = lag
    return found | {"inCriticalPath": False, "invalid": number is None}
