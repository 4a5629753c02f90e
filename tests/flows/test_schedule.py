"""When a night is due: once each night, also where clocks are changed; what is no cron line is one sentence."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from flows.schedule import due
from tests.running import started

SPRING, AUTUMN = date(2027, 3, 28), date(2026, 10, 25)  # in Berlin; 02:30 is missing, and comes twice


@pytest.mark.parametrize("change", [SPRING, AUTUMN])
@pytest.mark.parametrize("cron", ["30 2 * * *", "0 2 * * *", "0 3 * * *"])
def test_one_night_a_day_where_clocks_are_changed(change: date, cron: str) -> None:
    begin = datetime(change.year, change.month, change.day, 12, tzinfo=UTC) - timedelta(days=3)
    nights = list(islice(due(cron, "Europe/Berlin", begin), 5))
    assert [night.date() for night in nights] == [change + timedelta(days=n) for n in range(-2, 3)]
    assert all(timedelta(hours=22) < b - a < timedelta(hours=26) for a, b in pairwise(nights))


@pytest.mark.parametrize(("change", "at"), [(SPRING, "01:30:00+01:00"), (AUTUMN, "02:30:00+02:00")])
def test_prefect_runs_one_night_a_day_too(change: date, at: str) -> None:
    """Cron takes the missing 02:30 for 03:00, Prefect for 01:30; of two it takes the first, as cron does."""
    from flows.prefect_settings import set_up_prefect

    set_up_prefect()
    from prefect.server.schemas.schedules import CronSchedule

    begin = datetime(change.year, change.month, change.day, 12, tzinfo=UTC) - timedelta(days=3)
    theirs = asyncio.run(CronSchedule(cron="30 2 * * *", timezone="Europe/Berlin").get_dates(5, start=begin))
    nights = [night.astimezone(ZoneInfo("Europe/Berlin")) for night in theirs]
    assert [night.date() for night in nights] == [change + timedelta(days=n) for n in range(-2, 3)]
    assert nights[2].isoformat() == f"{change}T{at}"


@pytest.mark.parametrize(("words", "said"), [
    (("--cron", "at two"), '"at two" is no cron line: write five fields'),
    (("--cron", "61 2 * * *"), '"61 2 * * *" is no cron line'),
    (("--timezone", "Berlin"), '"Berlin" is no time zone'),
])  # fmt: skip
def test_what_is_no_schedule_is_said_before_anything_is_started(
    tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    (tmp_path / "pmo.toml").write_text("[hub]\n")
    ran = started("schedule", *words, cwd=tmp_path)
    assert ran.returncode == 2 and said in ran.stderr and "Traceback" not in ran.stderr
    assert not (tmp_path / "data").exists()
