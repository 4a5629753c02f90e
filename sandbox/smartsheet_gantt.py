"""Dates that Smartsheet works out in a sheet with dependencies: finishes, starts of successors, parents' roll-ups.

A plain five-day week; holidays, lengths of days and allocations are left out.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from sandbox.smartsheet_records import Cell, Column, Predecessor, Row, Sheet, Value
from sandbox.smartsheet_values import days_of

__all__ = ["GANTT_TAGS", "add_days", "reckon", "tagged"]

GANTT_TAGS = ("GANTT_START_DATE", "GANTT_END_DATE", "GANTT_DURATION", "GANTT_PERCENT_COMPLETE")


def tagged(sheet: Sheet, tag: str) -> Column | None:
    return next((column for column in sheet.columns if tag in column.tags), None)


def add_days(day: date, days: int) -> date:
    """So many working days later, or earlier."""
    step = timedelta(days=1 if days > 0 else -1)
    while days:
        day += step
        days -= (1 if step.days > 0 else -1) if day.weekday() < 5 else 0
    return day


class _Span(NamedTuple):
    start: date
    finish: date


class _Plan:
    """The dates of one sheet's rows, each worked out once; a wait that leads back to its own row is passed over."""

    def __init__(self, sheet: Sheet, columns: tuple[Column, Column, Column]) -> None:
        self.start, self.finish, self.duration = columns
        self.waits = tagged(sheet, "GANTT_PREDECESSOR")
        self.rows = {row.id: row for row in sheet.rows}
        self.children: dict[int, list[Row]] = {}
        for row in sheet.rows:
            if row.parent_id is not None:
                self.children.setdefault(row.parent_id, []).append(row)
        self.rolled_up: set[int] = set()  # rows whose dates are their children's
        self._spans: dict[int, _Span | None] = {}  # None while it is worked out, and for rows with no dates

    def held(self, row: Row, column: Column | None) -> Value:
        cell = row.cells.get(column.id) if column else None
        return cell.value if cell else None

    def span(self, row: Row) -> _Span | None:
        if row.id not in self._spans:
            self._spans[row.id] = None
            spans = [span for one in self.children.get(row.id, ()) if (span := self.span(one))]
            if spans:
                self.rolled_up.add(row.id)
                self._spans[row.id] = _Span(min(s.start for s in spans), max(s.finish for s in spans))
            else:
                self._spans[row.id] = self._own(row)
        return self._spans[row.id]

    def _own(self, row: Row) -> _Span | None:
        """As its predecessors allow, the latest of them; otherwise as it is given."""
        length = max(0, round(days_of(self.held(row, self.duration)) or 0) - 1)
        waits = self.held(row, self.waits)
        starts = []
        for one in waits if isinstance(waits, tuple) else ():
            before = self.rows.get(one.row_id) if isinstance(one, Predecessor) else None
            span = self.span(before) if before is not None else None
            if isinstance(one, Predecessor) and span is not None:
                anchor = span.start if one.type.startswith("S") else span.finish
                day = add_days(anchor, round(one.lag_days) + (one.type == "FS"))
                starts.append(add_days(day, -length) if one.type.endswith("F") else day)
        if not starts and (given := _day(self.held(row, self.start))):
            starts.append(given)
        return _Span(max(starts), add_days(max(starts), length)) if starts else None


def _day(value: Value) -> date | None:
    """None for words that are no day."""
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None


def reckon(sheet: Sheet) -> list[Row]:
    """Works all dates out anew; returns the rows with no children that have other dates now."""
    start, finish, duration = (tagged(sheet, tag) for tag in GANTT_TAGS[:3])
    if start is None or finish is None or duration is None:
        return []
    plan = _Plan(sheet, (start, finish, duration))
    moved = []
    for row in sheet.rows:
        span = plan.span(row)
        if span is None:
            continue
        changed = _put(row, start, span.start, "08:00:00") | _put(row, finish, span.finish, "16:59:59")
        if row.id in plan.rolled_up:
            days = sum(
                (span.start + timedelta(days=n)).weekday() < 5 for n in range((span.finish - span.start).days + 1)
            )
            row.cells[duration.id] = Cell(f"{days}d")
        elif changed:
            moved.append(row)
    return moved


def _length(span: _Span) -> int:
    """In working days."""
    days = (span.start + timedelta(days=n) for n in range((span.finish - span.start).days + 1))
    return sum(day.weekday() < 5 for day in days)


def _put(row: Row, column: Column, day: date, time: str) -> bool:
    value = day.isoformat() if column.type == "DATE" else f"{day.isoformat()}T{time}"
    before = row.cells.get(column.id)
    if before is not None and before.value == value:
        return False
    row.cells.setdefault(column.id, Cell()).value = value
    return True
