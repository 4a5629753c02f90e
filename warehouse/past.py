"""What was shown and what was closed, kept on the desk: it cannot be made again from what the tools hold today.

Each day's portfolio as it was published last on that day; each month as its figures stood when it was closed, and what
an hour cost in it. Facts are kept as JSON by the names of columns, so that a column may come or go.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from warehouse.desk import Desk

__all__ = ["PAST_TABLES", "ClosedMonth", "ClosedRate", "Past", "PastFacts", "ShownProject", "rename_in_past"]

PAST_TABLES = (
    """CREATE TABLE portfolio_days (as_of_on TEXT NOT NULL, source TEXT NOT NULL, project_id TEXT NOT NULL,
        facts TEXT NOT NULL, kept_at TEXT NOT NULL, PRIMARY KEY (as_of_on, source, project_id))""",
    """CREATE TABLE closed_months (month_on TEXT NOT NULL, source TEXT NOT NULL, project_id TEXT NOT NULL,
        facts TEXT NOT NULL, kept_at TEXT NOT NULL, PRIMARY KEY (month_on, source, project_id))""",
    """CREATE TABLE closed_rates (month_on TEXT NOT NULL, project_id TEXT NOT NULL, person_id TEXT NOT NULL,
        from_on TEXT NOT NULL, facts TEXT NOT NULL, kept_at TEXT NOT NULL,
        PRIMARY KEY (month_on, project_id, person_id, from_on))""",
)
"""Frozen, as all migrations of the desk."""


ROWS_AT_ONCE = 2000


class ShownProject(NamedTuple):
    """A row of the portfolio on a day. `project_id` is empty for what is in no project; `facts` is JSON."""

    as_of_on: str
    source: str
    project_id: str
    facts: str


class ClosedMonth(NamedTuple):
    """A project's month as it stood when it was closed."""

    month_on: str
    source: str
    project_id: str
    facts: str


class ClosedRate(NamedTuple):
    """What an hour of a person cost in a project from a day of a closed month on. Never published."""

    month_on: str
    project_id: str
    person_id: str
    from_on: str
    facts: str


@dataclass(frozen=True)
class PastFacts:
    """What is to be kept from now on."""

    days: Sequence[ShownProject] = ()
    months: Sequence[ClosedMonth] = ()
    rates: Sequence[ClosedRate] = field(default=(), repr=False)


class Past:
    """What the desk keeps of the past."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def days_before(self, today: date) -> Iterator[list[ShownProject]]:
        """Days before this one, oldest first, some thousand rows at once."""
        after = ("", "", "")
        while True:
            rows = self._desk.rows(
                "SELECT as_of_on, source, project_id, facts FROM portfolio_days "
                "WHERE as_of_on < ? AND (as_of_on, source, project_id) > (?, ?, ?) ORDER BY 1, 2, 3 LIMIT ?",
                [today.isoformat(), *after, ROWS_AT_ONCE],
            )
            if not rows:
                return
            yield [ShownProject(*row) for row in rows]
            after = rows[-1][:3]

    def months(self) -> list[ClosedMonth]:
        """Closed months, oldest first."""
        rows = self._desk.rows("SELECT month_on, source, project_id, facts FROM closed_months ORDER BY 1, 2, 3")
        return [ClosedMonth(*row) for row in rows]

    def rates(self) -> list[ClosedRate]:
        """What hours cost in closed months, oldest first."""
        rows = self._desk.rows(
            "SELECT month_on, project_id, person_id, from_on, facts FROM closed_rates ORDER BY 1, 2, 3, 4"
        )
        return [ClosedRate(*row) for row in rows]

    def keep(self, today: date, new: PastFacts) -> None:
        """Today's rows take the place of those of an earlier publishing of the same day; what is closed stays so."""
        at = datetime.now(UTC).isoformat(timespec="seconds")
        with self._desk.transaction() as con:
            con.execute("DELETE FROM portfolio_days WHERE as_of_on = ?", [today.isoformat()])
            con.executemany("INSERT INTO portfolio_days VALUES (?, ?, ?, ?, ?)", [(*row, at) for row in new.days])
            con.executemany(
                "INSERT INTO closed_months VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                [(*row, at) for row in new.months],
            )
            con.executemany(
                "INSERT INTO closed_rates VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                [(*row, at) for row in new.rates],
            )


def rename_in_past(con: sqlite3.Connection, old: str, new: str) -> None:
    """Takes what is kept about a source along to its new name, ids of its projects and people too."""
    for table in ("portfolio_days", "closed_months"):
        con.execute(f"UPDATE OR REPLACE {table} SET source = ? WHERE source = ?", [new, old])
    for table, column in (
        ("portfolio_days", "project_id"),
        ("closed_months", "project_id"),
        ("closed_rates", "project_id"),
        ("closed_rates", "person_id"),
    ):
        con.execute(
            f"UPDATE OR REPLACE {table} SET {column} = ?1 || substr({column}, ?2) WHERE substr({column}, 1, ?2) = ?3",
            [new, len(old) + 1, f"{old}:"],
        )
