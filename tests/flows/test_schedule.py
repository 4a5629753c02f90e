"""When a night is due: once each night, also where clocks are changed; what is no cron line is one sentence."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import islice, pairwise
from pathlib import Path
from threading import Thread
from zoneinfo import ZoneInfo

import pytest

from flows.schedule import due, prefect_server
from model.errors import ConfigError, Locked
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


def test_a_server_that_is_named_and_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flows.schedule.STARTS_WITHIN_SECONDS", 2.0)
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    with pytest.raises(ConfigError, match="does not answer: start it"), prefect_server(tmp_path):
        pass


class _Well(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


HOLDS = (
    "import fcntl, sys; f = open(sys.argv[1], 'r+'); fcntl.flock(f, fcntl.LOCK_EX); print('held', flush=True); input()"
)


def test_a_night_by_hand_uses_the_server_of_a_schedule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two servers on one database would not do, and the schedule's must not be ended under it."""
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    with HTTPServer(("127.0.0.1", 0), _Well) as well:
        Thread(target=well.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{well.server_port}/api"
        (tmp_path / "server.pid").write_text(f"4711 {url}\n")
        with subprocess.Popen(
            [sys.executable, "-c", HOLDS, str(tmp_path / "server.pid")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        ) as other:  # fmt: skip
            assert other.stdout is not None and other.stdout.readline() == "held\n"
            with prefect_server(tmp_path, share=True) as server:
                assert (server.url, server.is_ours, os.environ["PREFECT_API_URL"]) == (url, False, url)
            assert "PREFECT_API_URL" not in os.environ
            with pytest.raises(Locked, match=r"another `pmo schedule`.*process 4711"), prefect_server(tmp_path):
                pass
            other.communicate("\n")
        well.shutdown()
