"""What a cell holds: text, a day, a share, hours, people; or nothing, where it is empty or its formula failed.

Each reader raises a Misfit that says what was expected, never the value; which column it was is added by who reads.
Facts: cells and their objectValue in Smartsheet's OpenAPI 2.0.0 (2024-08); the errors of formulas, as its help centre
lists them ("Formula error messages"); recorded answers of the live service. Read 2026-11-27.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

from connectors.misfit import Misfit
from connectors.smartsheet_records import Cell, Column, Settings
from model.identity import address_id

__all__ = [
    "Contact",
    "calendar_seconds",
    "contacts",
    "day",
    "flag",
    "hours",
    "is_empty",
    "is_no_duration",
    "is_of_hundred",
    "percent",
    "plain",
    "text",
    "words",
]

_FAILED = frozenset(
    {
        "#BLOCKED", "#BOOLEAN EXPECTED", "#CALCULATING", "#CIRCULAR REFERENCE", "#COLUMN EXPECTED", "#CONTACT EXPECTED",
        "#DATE EXPECTED", "#DIVIDE BY ZERO", "#IMBALANCED", "#INCORRECT ARGUMENT", "#INCORRECT ARGUMENT SET",
        "#INVALID COLUMN VALUE", "#INVALID DATA TYPE", "#INVALID OPERATION", "#INVALID REF", "#INVALID VALUE",
        "#NESTED CRITERIA", "#NO MATCH", "#NUMBER EXPECTED", "#OVERFLOW", "#PERMISSION ERROR", "#REF",
        "#UNKNOWN ERROR", "#UNPARSEABLE", "#UNSUPPORTED", "#UNSUPPORTED CROSS-SHEET FORMULA",
    }
)  # fmt: skip
"""What stands in a cell whose formula failed; the call itself succeeds."""

_HARVEY_BALLS = {"empty": 0.0, "quarter": 25.0, "half": 50.0, "three quarter": 75.0, "full": 100.0}
_UNITS = {"weeks": "w", "days": "d", "hours": "h", "minutes": "m"}
_DURATION = re.compile(r"(-?[0-9]+(?:\.[0-9]+)?)\s*(w|d|h|m|)", re.IGNORECASE)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?=$|T)")
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
SECONDS_PER_HOUR = 3600
SECONDS_PER_DAY = 86400
DAYS_PER_WEEK = 7
MOST_HOURS = 1_000_000


class Contact(NamedTuple):
    """A person in a cell. `id` is made of the mail, or of the name where there is no mail."""

    id: str
    name: str
    mail: str | None = None


def is_empty(cell: Cell | None) -> bool:
    """Nothing in it, a box that is not ticked, or a formula that failed."""
    if cell is None:
        return True
    value = cell.value
    if isinstance(value, str):
        return not value.strip() or _has_failed(value)
    if isinstance(cell.object_value, dict):
        return cell.object_value.get("values") == []
    return value is None or value is False


def _has_failed(value: str) -> bool:
    return value.startswith("#") and value.strip().rstrip("!?") in _FAILED


def text(cell: Cell | None) -> str | None:
    """As people see it."""
    if is_empty(cell):
        return None
    assert cell is not None
    if isinstance(cell.value, str):
        return cell.value
    if cell.display_value:
        return None if _has_failed(cell.display_value) else cell.display_value
    return None if cell.value is None else _written(cell.value)


def words(cell: Cell | None) -> list[str]:
    """Those of a list of several, or the one there is."""
    several = _several(cell, "MULTI_PICKLIST")
    if several is not None:
        return [str(one) for one in several if str(one).strip()]
    one = text(cell)
    return [one] if one else []


def flag(cell: Cell | None) -> bool:
    """Whether a box is ticked."""
    return not is_empty(cell) and cell is not None and cell.value is True


def day(cell: Cell | None) -> date | None:
    """The day of a date, or of a time: a project's times have no zone."""
    if is_empty(cell):
        return None
    assert cell is not None
    found = _DAY.match(cell.value) if isinstance(cell.value, str) else None
    try:
        return date.fromisoformat(found.group()) if found else _no_day()
    except ValueError:
        return _no_day()


def _no_day() -> date:
    raise Misfit(None, "expected a day such as 2026-11-30")


def percent(cell: Cell | None, column: Column, of_hundred: Callable[[], bool]) -> float | None:
    """0 to 100. Smartsheet keeps 50 % as 0.5; a column of plain numbers may hold 50; Harvey balls are words.

    `of_hundred` says what the whole column is (`is_of_hundred`), and is asked only where that decides.
    """
    if is_empty(cell):
        return None
    assert cell is not None
    written = cell.value.strip() if isinstance(cell.value, str) else ""
    ball = _HARVEY_BALLS.get(written.casefold())
    if ball is not None and column.type == "PICKLIST":
        return ball
    share, bare = _number(written.removesuffix("%") or cell.value), _bare_share(cell, column)
    is_of_one = not written.endswith("%") and (bare is None or (0 < bare <= 1 and not of_hundred()))
    if share is not None and is_of_one:
        share = round(share * 100, 6)
    if share is None or not 0 <= share <= 100:
        raise Misfit(None, "expected a share from 0 % to 100 %")
    return share


def is_of_hundred(cells: Iterable[Cell], column: Column) -> bool:
    """Whether the plain numbers of a column of shares are of a hundred: where any of them is more than one, all are.

    Cell by cell it cannot be told: beside 40 and 100, 1 is one of a hundred. What is no share at all does not count.
    """
    return any(1 < (_bare_share(cell, column) or 0) <= 100 for cell in cells)


def _bare_share(cell: Cell, column: Column) -> float | None:
    """A number of which neither its cell nor its column says whether it is of one or of a hundred."""
    if isinstance(cell.value, str):
        return _number(cell.value)
    if (cell.display_value or "").strip().endswith("%") or "GANTT_PERCENT_COMPLETE" in column.tags:
        return None
    return _number(cell.value)


def hours(cell: Cell | None, settings: Settings) -> float | None:
    """Hours of work: a number, or a duration in weeks, days, hours or minutes of work."""
    if is_empty(cell):
        return None
    assert cell is not None
    duration = _duration(cell.object_value)
    if duration is None and isinstance(cell.value, str):
        parts = _parts(cell.value)
        duration = {"h" if unit == "" else unit: n for unit, n in parts.items()} if parts else None
    found = _number(cell.value) if duration is None else _work_hours(duration, settings)
    if found is None or abs(found) > MOST_HOURS:
        raise Misfit(None, "expected a number of hours, or a duration such as 3d")
    return found


def _work_hours(duration: Mapping[str, float], settings: Settings) -> float:
    per_week = len(settings.working_days) or 5
    a_day = settings.length_of_day
    worth = {"w": per_week * a_day, "d": a_day, "h": 1.0, "m": 1 / 60}
    return sum(n * worth[unit] for unit, n in duration.items())


def is_no_duration(cell: Cell | None) -> bool:
    """Whether it says, in so many words, that something takes no time."""
    if is_empty(cell):
        return False
    assert cell is not None
    duration = _duration(cell.object_value) or (_parts(cell.value) if isinstance(cell.value, str) else None)
    if duration is None:
        return cell.value == 0 and cell.value is not False
    return not any(duration.values())


def calendar_seconds(lag: Any, settings: Settings) -> int | None:
    """A lag in calendar time: five days of work are a week, where five days of a week are worked."""
    duration = _duration(lag)
    if duration is None:
        return None
    small = duration.get("h", 0.0) * SECONDS_PER_HOUR + duration.get("m", 0.0) * 60
    days, weeks = duration.get("d", 0.0), duration.get("w", 0.0)
    if not lag.get("elapsed"):
        per_week = len(settings.working_days) or 5
        whole, rest = divmod(abs(days), per_week)
        days = math.copysign(whole * DAYS_PER_WEEK + rest, days)
    seconds = (weeks * DAYS_PER_WEEK + days) * SECONDS_PER_DAY + small
    if abs(seconds) > MOST_HOURS * SECONDS_PER_HOUR:
        raise Misfit(None, "expected a lag of less than a century")
    return round(seconds)


def _duration(value: Any) -> dict[str, float] | None:
    """Smartsheet's own form of a duration, by unit."""
    if not isinstance(value, dict) or value.get("objectType") != "DURATION":
        return None
    sign = -1 if value.get("negative") is True else 1
    return {short: sign * (_number(value.get(unit)) or 0.0) for unit, short in _UNITS.items()}


def _parts(value: str) -> dict[str, float] | None:
    """`1w 2.5d`, by unit; None if there is anything else in it. A leading `e` says elapsed time."""
    written = value.strip().removeprefix("e")
    found = _DURATION.findall(written)
    if not found or _DURATION.sub("", written).strip():
        return None
    parts: dict[str, float] = {}
    for number, unit in found:
        parts[unit.lower()] = parts.get(unit.lower(), 0.0) + float(number)
    return parts


def contacts(cell: Cell | None) -> list[Contact]:
    """People, in the cell's order; who has no mail is known by name."""
    if is_empty(cell):
        return []
    assert cell is not None
    several = _several(cell, "MULTI_CONTACT")
    if several is None and isinstance(cell.object_value, dict) and cell.object_value.get("objectType") == "CONTACT":
        several = [cell.object_value]
    if several is None:
        several = [{"email": cell.value, "name": cell.display_value}]
    found = (_contact(one) for one in several)
    return list(dict.fromkeys(contact for contact in found if contact is not None))


def _contact(one: Any) -> Contact | None:
    if not isinstance(one, dict):
        return None
    said, name = (str(one.get(key) or "").strip() for key in ("email", "name"))
    mail = said if "@" in said else ""
    name = name or said
    if not mail and not name:
        return None
    return Contact(address_id(mail) if mail else name.casefold(), name or mail, mail.casefold() or None)


def plain(cell: Cell | None, column: Column) -> Any:
    """A cell of no known meaning, as JSON; None where it is empty."""
    if is_empty(cell):
        return None
    assert cell is not None
    if "CONTACT" in column.type or column.system_column_type in ("CREATED_BY", "MODIFIED_BY"):
        people = [contact.name for contact in contacts(cell)]
        return people[0] if len(people) == 1 else people
    several = _several(cell, "MULTI_PICKLIST")
    if several is not None:
        return several
    if isinstance(cell.value, bool | int | float):
        return cell.value
    return text(cell)


def _several(cell: Cell | None, kind: str) -> list[Any] | None:
    held = cell.object_value if cell is not None else None
    if isinstance(held, dict) and held.get("objectType") == kind and isinstance(held.get("values"), list):
        return list(held["values"])
    return None


def _number(value: object) -> float | None:
    """Numbers may come as text; whole and with a point."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        return float(value) if _NUMBER.fullmatch(value.strip()) else None
    if isinstance(value, int | float):
        return float(value) if math.isfinite(value) else None
    return None


def _written(value: bool | int | float) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
