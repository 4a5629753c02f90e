"""Who booked too few hours in which week: what was expected, what was in time, and who is not to be blamed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.warehouse.small_hub import NOON, Misfit, SmallHub, issue, project, worklog
from tests.warehouse.test_plan_figures import planned
from tests.warehouse.test_plan_quality import counted, member

DAY = timedelta(days=1)
FIRST, SECOND = date(2026, 11, 2), date(2026, 11, 9)  # Mondays
LATE = datetime(2026, 11, 17, 1, tzinfo=UTC)
File = duckdb.DuckDBPyConnection


class Sheets:
    """A tool with hours and a plan with team members; people are named, and booked for, as they come."""

    def __init__(self, folder: Path) -> None:
        self.hub = SmallHub(folder)
        self.hub.land("ops", projects=[project("1")], issues=[issue("1")])
        planned(self.hub, "A")
        self._people = self._entries = 0

    def member(self, name: str, *booked: tuple[date, float, datetime], **more: Any) -> None:
        """Somebody in the second week alone, if nothing else is said."""
        self._people += 1
        id_ = str(self._people)
        self.hub.land("ops", accounts=[{"native_id": id_, "name": name}])
        days = {"from_on": SECOND, "to_on": SECOND + 6 * DAY}
        self.hub.land("plan", team_members=[member(name, **(days | more))])
        if booked:
            self.hub.land("ops", worklogs=[
                worklog(str(self._entries + n), "1", hours, account_id=id_, work_on=day, created_at=at)
                for n, (day, hours, at) in enumerate(booked)
            ])  # fmt: skip
            self._entries += len(booked)

    def away(self, name: str, first: date, last: date, share: float = 1.0) -> None:
        row = {"native_id": f"{name}|{first}", "person": name, "from_on": first, "to_on": last, "share": share}
        self.hub.land("plan", absences=[row])

    def published(self, now: datetime = NOON) -> File:
        return duckdb.connect(str(self.hub.publish(now, timezone="Europe/Berlin").path), read_only=True)


def week(monday: date, *hours: float, at: datetime | None = None) -> list[tuple[date, float, datetime]]:
    """Hours of days from a Monday on, entered an hour before the deadline."""
    at = at or datetime.combine(monday + 7 * DAY, time(23), UTC)
    return [(monday + n * DAY, each, at) for n, each in enumerate(hours)]


@pytest.fixture(scope="module")
def sheets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[File]:
    made = Sheets(tmp_path_factory.mktemp("sheets"))
    # the second week: 10 people, 1 external, 1 at 94 %, 1 late
    for name in ("One", "Two", "Three", "Four", "Five", "Six", "Seven"):
        made.member(name, *week(SECOND, 8, 8, 8, 8, 8))
    made.member("External", external=True)
    made.member("Short", *week(SECOND, 8, 8, 8, 8, 5.6))
    made.member("Late", *week(SECOND, 8, 8, 8, 8), *week(SECOND + 4 * DAY, 8, at=LATE))
    first: dict[str, Any] = {"from_on": FIRST, "to_on": FIRST + 6 * DAY}
    made.member("Exact", *week(FIRST, 8, 8, 8, 8, 6), **first)  # 38 of 40 h are 95 %
    made.member("Nothing", **first)
    made.member("Over", *week(FIRST, 10, 10, 10, 10, 8.1), **first)
    made.member("Joined", **(first | {"from_on": FIRST + 2 * DAY}))
    made.member("Left", **(first | {"to_on": FIRST + 2 * DAY}))
    made.member("Away", **first)
    made.away("Away", FIRST - DAY, FIRST + 20 * DAY)
    made.member("Half away", *week(FIRST, 8, 8, 8), **first)
    made.away("Half away", FIRST + 3 * DAY, FIRST + 4 * DAY, 0.5)
    made.away("Half away", FIRST + 5 * DAY, FIRST + 6 * DAY)  # a weekend takes nothing from what is expected
    made.member("Holiday", *week(FIRST, 8, 8, 8, 8), **first, calendar="Porto")
    made.member("Part time", *week(FIRST, 8, 8, 7), **first, share=0.6)
    made.member("Changed role", *week(FIRST, 8, 8, 8, 8), **(first | {"to_on": FIRST + 2 * DAY}))
    made.hub.land("plan", team_members=[
        member("Changed role", "lead", native_id="Changed role|2", from_on=FIRST + 3 * DAY, to_on=FIRST + 6 * DAY)
    ])  # fmt: skip
    made.hub.land("plan", calendars=[{"native_id": "Porto", "name": "Porto", **_hours()}], calendar_days=[
        {"native_id": "1", "calendar": "porto", "day_on": FIRST + 4 * DAY, "hours": 0.0}
    ])  # fmt: skip
    made.hub.land("plan", team_members=[member("Unheard of", **first)])
    made.member("No calendar", **first, calendar="Atlantis")
    made.member("Full without one", *week(FIRST, 8), **first, calendar="Atlantis")
    counted(made.hub, "ops", "plan")
    with made.published() as file:
        yield file
    made.hub.close()


def _hours() -> dict[str, float]:
    days = ("monday", "tuesday", "wednesday", "thursday", "friday")
    return dict.fromkeys(days, 8.0) | {"saturday": 0.0, "sunday": 0.0}


def gaps(file: File, monday: date) -> list[tuple[Any, ...]]:
    columns = "person, gap, expected_hours, hours, missing_hours"
    return file.execute(f"SELECT {columns} FROM timesheet_gaps WHERE week_on = ? ORDER BY person", [monday]).fetchall()


def test_ten_people_one_external_one_at_94_per_cent_one_late(sheets: File) -> None:
    columns = "expected_people, compliant_people, compliance, under_people, late_people, excluded_people"
    found = sheets.execute(f"SELECT {columns} FROM timesheet_compliance WHERE week_on = ?", [SECOND]).fetchall()
    assert found == [(9, 7, 7 / 9, 1, 1, 1)]
    assert [(person, gap, round(missing, 6)) for person, gap, _, _, missing in gaps(sheets, SECOND)] == [
        ("Late", "late", 0.0), ("Short", "under", 2.4),
    ]  # fmt: skip


def test_nothing_under_and_nobody_else(sheets: File) -> None:
    """Neither who was away, had a holiday, works part time or changed the role, nor who came or left in the week."""
    assert gaps(sheets, FIRST) == [
        ("Changed role", "under", 40.0, 32.0, 8.0), ("Half away", "under", 32.0, 24.0, 8.0),
        ("Nothing", "nothing", 40.0, 0.0, 40.0),
    ]  # fmt: skip


def test_what_stands_apart_is_counted_apart(sheets: File) -> None:
    columns = "over_people, nothing_people, excluded_people, absent_people, unknown_people, compliance"
    found = sheets.execute(f"SELECT {columns} FROM timesheet_compliance WHERE week_on = ?", [FIRST]).fetchall()
    # came, left; away; not heard of, no calendar twice
    assert found == [(1, 1, 2, 1, 3, None)]


def test_weeks_are_judged_after_their_deadline(sheets: File) -> None:
    weeks = sheets.execute("SELECT week FROM timesheet_compliance ORDER BY week_on").fetchall()
    assert weeks == [("2026-W45",), ("2026-W46",)]  # 2026-W47 ends tomorrow


def test_when_somebody_was_away_is_not_in_the_file(sheets: File) -> None:
    names = {name for (name,) in sheets.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    assert not names & {"absences", "timesheet_checks"} and "timesheet_gaps" in names


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Sheets]:
    made = Sheets(tmp_path / "data")
    made.member("Nothing")
    made.member("Full", *week(SECOND, 8, 8, 8, 8, 8))
    yield made
    made.hub.close()


def verdict(made: Sheets) -> tuple[Any, ...]:
    with made.published() as file:
        columns = "compliance, expected_people, unknown_people"
        (row,) = file.execute(f"SELECT {columns} FROM timesheet_compliance").fetchall()
        return (*row, [name for (name,) in file.execute("SELECT person FROM timesheet_gaps").fetchall()])


def test_a_source_that_was_read_completely_is_taken_at_its_word(one: Sheets) -> None:
    counted(one.hub, "ops", "plan")
    assert verdict(one) == (0.5, 2, 0, ["Nothing"])


UNKNOWN: tuple[Any, ...] = (None, 1, 1, [])
"""Who booked enough has booked enough; of the other one nothing is known."""


def test_nobody_is_blamed_for_a_source_that_was_never_counted(one: Sheets) -> None:
    assert verdict(one) == UNKNOWN


def test_nobody_is_blamed_for_a_source_that_lacks_something(one: Sheets) -> None:
    counted(one.hub, "ops", "plan")
    one.hub.note("cursors", source="ops", stream="worklogs", through_at=NOON, census=9, present=8)
    assert verdict(one) == UNKNOWN


def test_nobody_is_blamed_for_a_source_that_was_not_read_since_the_deadline(one: Sheets) -> None:
    counted(one.hub, "ops", "plan")
    one.hub.note("cursors", source="ops", stream="worklogs", through_at=LATE - timedelta(hours=2), census=9, present=9)
    assert verdict(one) == UNKNOWN


def test_nobody_is_blamed_for_an_absence_that_could_not_be_read(one: Sheets) -> None:
    counted(one.hub, "ops", "plan")
    one.hub.land("plan", rejects=[Misfit("absences", "1", "absences.csv, row 2", "a day was expected", b"")])
    assert verdict(one) == UNKNOWN


def test_refused_rates_do_not_hide_a_gap(one: Sheets) -> None:
    counted(one.hub, "ops", "plan")
    one.hub.note("cursors", source="plan", stream="rates", through_at=NOON, census=25, present=23)
    assert verdict(one) == (0.5, 2, 0, ["Nothing"])
