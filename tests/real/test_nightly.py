"""The night under a real Prefect server that `pmo schedule` starts: by its schedule, with a tool that fails and heals,
over a real Redmine and a make-believe Jira, killed with all that it started, and killed alone while it pushes.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from sandbox.redmine import RedmineServer
from sandbox.redmine_tracker import Tracker
from tests.inbox import Inbox
from tests.real.postgres import NoPostgres, postgres
from tests.real.scheduled import Scheduled, issues, scheduled, until
from tests.real.three_tools import ThreeTools
from tests.running import TWO_SOURCES, environment
from warehouse.compare import differences

CONFIG = (
    TWO_SOURCES
    + """[notify]
urls = ["${{INBOX}}"]
"""
)


def healed(nights: Scheduled, *, times: int = 1) -> list[str]:
    """Waits for so many nights that went well, one after the other; gives back how all of them ended."""
    until(lambda: [run["state_type"] for run in nights.runs()][-times:] == ["COMPLETED"] * times)
    return [run["state_type"] for run in nights.runs()]


def assert_told(folder: Path, inbox: Inbox, nights: Scheduled, ill: str) -> None:
    """One message with the news and one that it is over, a report a night, and Prefect's artifacts."""
    titles = [message["title"] for message in inbox.taken()]
    assert titles[0].endswith(" new") and titles[-1].endswith(" over") and len(titles) == 2, titles
    reports = [path.read_text() for path in sorted((folder / "data" / "reports").iterdir())]
    assert len(reports) >= 2 and "What failed" in reports[0] and "What failed" not in reports[-1]
    first = nights.artifacts("night")[-1]
    assert "## What a person must do" in first["data"] and ill in first["data"]
    assert len(nights.artifacts("night-streams")) == len(nights.artifacts("night"))


def test_nights_by_the_schedule_broken_and_healed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with RedmineServer(Tracker(issues=30, seed=3)) as well, RedmineServer(Tracker(issues=30, seed=4)) as ill:
        keys = dict(ill.keys)
        ill.keys.clear()  # a wrong password
        inbox = Inbox()
        with scheduled(tmp_path, CONFIG.format(well=well.url, ill=ill.url), {"INBOX": inbox.url}) as nights:
            until(lambda: len(nights.runs()) >= 1)
            broken = nights.runs()[0]
            assert broken["state_type"] == "FAILED" and broken["state"]["message"].startswith("ill: ")
            assert "well" not in broken["state"]["message"]
            assert issues(tmp_path) == {"well": 30}
            ill.keys.update(keys)
            states = healed(nights, times=2)
            assert issues(tmp_path) == {"well": 30, "ill": 30}
            assert_told(tmp_path, inbox, nights, "ill")
        inbox.close()
    with capsys.disabled():
        print(f"\nnights: {states}, no host called but this one", flush=True)


@pytest.mark.parametrize("kept_in", ["SQLite", "PostgreSQL"])
def test_nights_over_a_real_redmine_and_a_jira(
    kept_in: str, tools: ThreeTools, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is approved waits from the start on: each change is sent in the first night, and once."""
    with ExitStack() as stack:
        database = None
        if kept_in == "PostgreSQL":
            try:
                database = stack.enter_context(postgres())
            except NoPostgres as error:
                pytest.skip(str(error))
        tools.read(tmp_path)
        wishes = tools.wish(tmp_path)
        tools.make_ill()
        inbox = stack.enter_context(tools.inbox())
        with scheduled(tmp_path, tools.config(), tools.variables(inbox), database=database) as nights:
            until(lambda: len(nights.runs()) >= 1)
            broken = nights.runs()[0]
            assert broken["state_type"] == "FAILED" and broken["state"]["message"].startswith("ill: ")
            assert not {"ops", "acme", "pushing"} & set(broken["state"]["message"].replace(":", " ").split())
            assert issues(tmp_path) == tools.counted()
            tools.assert_sent_once(tmp_path, wishes)
            tools.heal()
            states = healed(nights)
            assert issues(tmp_path) == tools.counted()
            assert_told(tmp_path, inbox, nights, "ill")
        tools.assert_sent_once(tmp_path, wishes)
        tools.assert_as_undisturbed(tmp_path)
    with capsys.disabled():
        print(f"\nnights over Redmine and Jira, Prefect on {kept_in}: {states}; {len(wishes)} changes", flush=True)


def test_the_flow_alone_killed_while_it_pushes(
    tools: ThreeTools, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Schedule and server live on: the run is called crashed, and the next night ends what it had begun, once."""
    tools.read(tmp_path)
    wishes = tools.wish(tmp_path)
    with tools.inbox() as inbox, scheduled(tmp_path, tools.config(), tools.variables(inbox)) as nights:
        reached = tools.hold_at_write(2)
        assert reached.wait(240)
        nights.kill_the_run()
        tools.go_on()
        until(lambda: len(nights.runs()) >= 1)
        first = nights.runs()[0]
        assert first["state_type"] == "CRASHED", first["state"]
        assert issues(tmp_path) == tools.counted(), "what was published before is there to be read"
        states = healed(nights)
    tools.assert_sent_once(tmp_path, wishes)
    tools.assert_as_undisturbed(tmp_path)
    with capsys.disabled():
        print(f"\nkilled while it pushed: {states}; {len(wishes)} changes, each sent once", flush=True)


def test_killed_with_all_that_it_had_started(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """kill -9 in the middle of a night, for server, schedule and flow: the next night ends with equal tables."""
    with RedmineServer(Tracker(issues=60, seed=5)) as well, RedmineServer(Tracker(issues=60, seed=6)) as ill:
        inbox = Inbox()
        reached = threading.Event()

        def hold(path: str) -> None:
            if path.startswith("/issues") and not reached.is_set():
                reached.set()
                time.sleep(15)

        well.before = hold
        with scheduled(tmp_path, CONFIG.format(well=well.url, ill=ill.url), {"INBOX": inbox.url}) as nights:
            assert reached.wait(240)
            killed = nights.kill_all()
            well.before = None
            assert nights.interrupted()
            nights.begin()
            until(lambda: nights.log.read_text().count("Prefect at ") == 2)
            until(lambda: any(run["state_type"] == "COMPLETED" for run in nights.runs()))
            states = [run["state_type"] for run in nights.runs()]
        inbox.close()
        other = configured_twice(tmp_path / "undisturbed", well.url, ill.url, inbox)
        ran = subprocess.run(
            [sys.executable, "-m", "flows.cli", "sync"], cwd=other, env=environment(INBOX=inbox.url),
            capture_output=True, text=True, timeout=240, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr
    assert differences(tmp_path / "data" / "portfolio.duckdb", other / "data" / "portfolio.duckdb") == []
    assert states[0] == "CRASHED"
    with capsys.disabled():
        print(f"\nkilled: {killed} processes in the middle of a night; then {states}", flush=True)


def configured_twice(folder: Path, well: str, ill: str, inbox: Inbox) -> Path:
    folder.mkdir()
    (folder / "pmo.toml").write_text(CONFIG.format(well=well, ill=ill))
    return folder
