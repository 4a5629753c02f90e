"""What one cell of a plan means: text, a day, a number, one of our words. What cannot be read is a `Misfit`.

A misfit says what was expected and, where it can be told, why it is not; never what stands there. A point is a decimal
point and 3/4/2026 no day until the configuration says so: a wrong guess would be a wrong figure that nobody sees.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from math import isfinite
from typing import Any

from connectors.misfit import Misfit
from connectors.plan_sheets import SPREADSHEET_ERRORS
from model.config import PlanFileSettings, nearest
from model.plan_files import CellKind, PlanColumn, PlanFile

__all__ = ["Manner", "folded_text", "read_cell"]

_YES = frozenset(("yes", "y", "true", "x", "1", "ja", "j", "wahr", "✓"))
_NO = frozenset(("no", "n", "false", "0", "nein", "falsch"))
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_OTHER_MONTHS = {"mär": 3, "mrz": 3, "mae": 3, "mai": 5, "okt": 10, "dez": 12}
_ISO_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?")
_NAMED_DAY = re.compile(r"(\d{1,2})[. -]+([^\W\d_]{3,})[. ,-]+(\d{4})")
_MONTH_FIRST = re.compile(r"([^\W\d_]{3,})\.? +(\d{1,2}),? +(\d{4})")
_ISO_MONTH = re.compile(r"(\d{4})[-/](\d{1,2})")
_NAMED_MONTH = re.compile(r"([^\W\d_]{3,})[. -]+(\d{4})")
_FIGURES = re.compile(r"\d{1,4}([./-])\d{1,2}\1\d{1,4}.*")
_EARLIEST, _LATEST = date(1900, 1, 1), date(2200, 1, 1)
_BLANKS = re.compile(r"[\s\u00a0\u2007\u202f]+")
_SIGNS = re.compile(r"[€$£¥₹]")
_NUMBERS = {
    ".": re.compile(r"[+-]?(?:\d{1,3}(?:[,'’ ]\d{3})+|\d+)?(?:\.\d*)?(?:[eE][+-]?\d{1,3})?"),
    ",": re.compile(r"[+-]?(?:\d{1,3}(?:[.'’ ]\d{3})+|\d+)?(?:,\d*)?(?:[eE][+-]?\d{1,3})?"),
}


@dataclass(frozen=True)
class Manner:
    """How the cells of one file are written, as the configuration says."""

    day_format: tuple[str, ...] = ()
    decimal: str = "."
    scale: Mapping[str, float] = field(default_factory=dict)
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: PlanFileSettings, file: PlanFile) -> Manner:
        """With our own names of the columns, however the configuration spells them."""
        return cls(
            settings.day_format or (),
            settings.decimal,
            {column.name: factor for n, factor in settings.scale.items() if (column := file.column(n))},
            {
                column.name: {folded_text(theirs): ours for theirs, ours in words.items()}
                for n, words in settings.words.items()
                if (column := file.column(n))
            },
        )


def folded_text(text: str) -> str:
    """A text as it is compared: without case, each run of blanks and line breaks as one blank."""
    return _BLANKS.sub(" ", text).strip().casefold()


def read_cell(column: PlanColumn, cell: Any, manner: Manner) -> Any:
    """The value of a cell; None where it is empty. Raises Misfit, whose error is a whole sentence."""
    if column.name in manner.words:
        cell = manner.words[column.name].get(folded_text(_plain(cell)), cell)
    if isinstance(cell, str) and cell.strip().upper() in SPREADSHEET_ERRORS:
        cell = {"fault": "an error of the spreadsheet stands here"}
    if isinstance(cell, dict) and "fault" in cell:
        raise Misfit(column.name, f"{column.expected} was expected; {cell['fault']}")
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        return None
    return _READERS[column.kind](column, cell, manner)


def _misfit(column: PlanColumn, why: str = "") -> Misfit:
    return Misfit(column.name, f"{column.expected} was expected{why}")


def _plain(cell: Any) -> str:
    """Any cell as text."""
    if isinstance(cell, dict):
        cell = cell.get("day", cell.get("percent", ""))
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell)


# ------------------------------------------------------------------ words


def _text(column: PlanColumn, cell: Any, manner: Manner) -> str:  # noqa: ARG001
    text = _plain(cell).strip()
    # what is compared with another file's cell must not differ by a line break; texts of several lines keep theirs
    return text if "\n" in text and not column.strict and not column.name.endswith("_id") else _BLANKS.sub(" ", text)


def _list(column: PlanColumn, cell: Any, manner: Manner) -> list[str]:  # noqa: ARG001
    text = _plain(cell)
    cut = r"[;|\n]" if re.search(r"[;|\n]", text) else ","
    return list(dict.fromkeys(word for part in re.split(cut, text) if (word := _BLANKS.sub(" ", part).strip())))


def _choice(column: PlanColumn, cell: Any, manner: Manner) -> str:  # noqa: ARG001
    text = _plain(cell)
    known = {_squeezed(choice): choice for choice in column.choices}
    if _squeezed(text) in known:
        return known[_squeezed(text)]
    raise _misfit(column, nearest(text, column.choices))


def _squeezed(word: str) -> str:
    return re.sub(r"[\s_-]+", "", word).casefold()


def _yes(column: PlanColumn, cell: Any, manner: Manner) -> bool:  # noqa: ARG001
    word = folded_text(_plain(cell))
    if word in _YES or word in _NO:
        return word in _YES
    raise _misfit(column)


def _currency(column: PlanColumn, cell: Any, manner: Manner) -> str:  # noqa: ARG001
    text = _plain(cell).strip().upper()
    if re.fullmatch(r"[A-Z]{3}", text):
        return text
    raise _misfit(column)


# ------------------------------------------------------------------ days


def _day(column: PlanColumn, cell: Any, manner: Manner) -> date:
    day = _day_of(cell, manner)
    if day is None and column.kind is not CellKind.DAY and isinstance(cell, str):
        day = _month_of(cell.strip())
    if day is None:
        hint = '; set day_format, such as "%d.%m.%Y", as it may be read in two ways'
        figures = isinstance(cell, str) and _FIGURES.fullmatch(cell.strip()) and not manner.day_format
        raise _misfit(column, hint if figures else "")
    if not _EARLIEST <= day < _LATEST:
        raise _misfit(column, "; the year is far off")
    return day.replace(day=1) if column.kind is CellKind.MONTH else day


def _day_of(cell: Any, manner: Manner) -> date | None:
    if isinstance(cell, dict) and "day" in cell:
        return date.fromisoformat(cell["day"])
    if not isinstance(cell, str):
        return None
    text = cell.strip()
    for format_ in manner.day_format:
        try:
            return datetime.strptime(text, format_).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    if found := _ISO_DAY.fullmatch(text):
        return _made(found[1], found[2], found[3])
    if found := _NAMED_DAY.fullmatch(text):
        return _made(found[3], _month(found[2]), found[1])
    if found := _MONTH_FIRST.fullmatch(text):
        return _made(found[3], _month(found[1]), found[2])
    return None


def _month_of(text: str) -> date | None:
    if found := _ISO_MONTH.fullmatch(text):
        return _made(found[1], found[2], 1)
    if found := _NAMED_MONTH.fullmatch(text):
        return _made(found[2], _month(found[1]), 1)
    return None


def _month(name: str) -> int:
    short = name.casefold()[:3]
    return _MONTHS.index(short) + 1 if short in _MONTHS else _OTHER_MONTHS.get(short, 0)


def _made(year: Any, month: Any, day: Any) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


# ------------------------------------------------------------------ numbers


def _number(column: PlanColumn, cell: Any, manner: Manner) -> float | int:
    amount = _amount(column, cell, manner) * Decimal(repr(manner.scale.get(column.name, 1)))
    value = float(amount)
    if not isfinite(value) or not _within(column, value):
        raise _misfit(column)
    if column.kind is not CellKind.WHOLE:
        return value
    if not value.is_integer() or abs(value) >= 2**53:
        raise _misfit(column)
    return int(value)


def _within(column: PlanColumn, value: float) -> bool:
    if column.above is not None and value <= column.above:
        return False
    return (column.least is None or value >= column.least) and (column.most is None or value <= column.most)


def _amount(column: PlanColumn, cell: Any, manner: Manner) -> Decimal:
    if isinstance(cell, dict) and "percent" in cell and column.percent is not None:
        return Decimal(repr(cell["percent"])) * column.percent
    if isinstance(cell, int | float) and not isinstance(cell, bool) and isfinite(cell):
        return Decimal(repr(cell))
    if not isinstance(cell, str):
        raise _misfit(column)
    text, factor = _bare(column, _BLANKS.sub(" ", cell).strip().replace("\N{MINUS SIGN}", "-"))
    if not any(letter.isdigit() for letter in text) or not _NUMBERS[manner.decimal].fullmatch(text):
        other = "," if manner.decimal == "." else "."
        hint = f'; where it has decimals, set decimal = "{other}"' if _NUMBERS[other].fullmatch(text) else ""
        raise _misfit(column, hint if any(letter.isdigit() for letter in text) else "")
    thousands = "." if manner.decimal == "," else ","
    plain = re.sub(rf"[{thousands}'’ ]", "", text).replace(",", ".")
    try:
        return Decimal(plain) * factor
    except InvalidOperation:
        raise _misfit(column) from None


def _bare(column: PlanColumn, text: str) -> tuple[str, Decimal]:
    """A number without the signs that its column allows, and what they make of it."""
    factor = Decimal(1)
    if column.money:
        text = _SIGNS.sub("", text).strip()
        if text.startswith("(") and text.endswith(")"):  # as books have it
            text, factor = text[1:-1].strip(), Decimal(-1)
        text = re.sub(r"^([+-]) ", r"\1", text)
    elif column.percent is not None and text.endswith("%"):
        text, factor = text[:-1].strip(), Decimal(column.percent) / 100
    return text, factor


_READERS = {
    CellKind.TEXT: _text,
    CellKind.LIST: _list,
    CellKind.CHOICE: _choice,
    CellKind.YES: _yes,
    CellKind.CURRENCY: _currency,
    CellKind.DAY: _day,
    CellKind.MONTH: _day,
    CellKind.DAY_OR_MONTH: _day,
    CellKind.NUMBER: _number,
    CellKind.WHOLE: _number,
}
