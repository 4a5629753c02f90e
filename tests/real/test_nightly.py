"""The night under a real Prefect server that `pmo schedule` starts: by its schedule, with a tool that fails and heals.

No process of it, Prefect's own included, may look up or call any host but this one: a guard in each of them notes it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb
import psutil
import pytest
import requests

from sandbox.redmine import RedmineServer
from sandbox.redmine_tracker import Tracker
from tests.inbox import Inbox
from tests.real.postgres import NoPostgres, postgres
from tests.running import ROOT, TWO_SOURCES, environment
from warehouse.compare import differences

GUARD = """
import os, socket
_here = ("127.", "::1", "localhost", "0.0.0.0", "::")
_look_up, _connect, _connect_ex = socket.getaddrinfo, socket.socket.connect, socket.socket.connect_ex
def _note(host):
    text = host.decode() if isinstance(host, bytes) else str(host)
    if host is not None and not text.startswith(_here) and text != socket.gethostname():
        with open(os.environ["CALLED_OUTSIDE"], "a") as out:
            out.write(f"{os.getpid()} {text}\\n")
        raise OSError(f"no call to {text} is allowed here")
def _looked_up(host, *args, **kwargs):
    _note(host)
    return _look_up(host, *args, **kwargs)
def _connected(connect):
    def to(self, address):
        if isinstance(address, tuple):
            _note(address[0])
        return connect(self, address)
    return to
socket.getaddrinfo = _looked_up
socket.socket.connect = _connected(_connect)
socket.socket.connect_ex = _connected(_connect_ex)
"""
CONFIG = (
    TWO_SOURCES
    + """[notify]
urls = ["${{INBOX}}"]
"""
)


class Scheduled:
    """`pmo schedule` at work, each minute, and what its server knows."""

    def __init__(self, folder: Path, inbox: Inbox, database: str | None) -> None:
        self.folder, self.inbox, self.database = folder, inbox, database
        self.outside = folder / "called-outside.txt"
        (folder / "guard").mkdir()
        (folder / "guard" / "sitecustomize.py").write_text(GUARD)
        self.log = folder / "schedule.log"
        self.process: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        more = environment(CALLED_OUTSIDE=str(self.outside), INBOX=self.inbox.url)
        more["PYTHONPATH"] = os.pathsep.join([str(self.folder / "guard"), str(ROOT)])
        for name in [name for name in more if name.startswith("PREFECT_")]:
            del more[name]
        if self.database:
            more["PREFECT_SERVER_DATABASE_CONNECTION_URL"] = self.database
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "flows.cli", "schedule", "--cron", "* * * * *"],
                cwd=self.folder, env=more, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def end(self, how: signal.Signals = signal.SIGINT) -> None:
        assert self.process is not None
        self.process.send_signal(how)
        try:
            self.process.wait(60)
        finally:
            os.killpg(self.process.pid, signal.SIGKILL) if self.process.poll() is None else None

    def kill_all(self) -> int:
        """All at once, with whatever they started."""
        assert self.process is not None
        tree = psutil.Process(self.process.pid)
        doomed = [tree, *tree.children(recursive=True)]
        for one in doomed:
            with suppress(psutil.NoSuchProcess):
                one.kill()
        psutil.wait_procs(doomed, timeout=30)
        self.process.wait(30)
        return len(doomed)

    def interrupted(self) -> bool:
        """Whether it was in the middle of a run: the file that tells how runs get on still says so."""
        return bool(json.loads((self.folder / "data" / "run.json").read_text())["state"] == "running")

    @property
    def api(self) -> str:
        said = self.log.read_text()
        assert "Prefect at " in said, said[-3000:]
        return said.rpartition("Prefect at ")[2].split(";")[0] + "/api"

    def runs(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._ask("flow_runs", sort="EXPECTED_START_TIME_ASC", limit=50)
        return [run for run in found if run["state_type"] in ("COMPLETED", "FAILED", "CANCELLED", "CRASHED")]

    def artifacts(self, key: str) -> list[dict[str, Any]]:
        return [one for one in self._ask("artifacts", sort="CREATED_DESC", limit=50) if one["key"] == key]

    def _ask(self, what: str, **filters: Any) -> Any:
        answer = requests.post(f"{self.api}/{what}/filter", json=filters, timeout=30)
        answer.raise_for_status()
        return answer.json()


def until(what: Callable[[], bool], *, within: float = 240.0) -> None:
    ends = time.monotonic() + within
    while not what():
        assert time.monotonic() < ends, "it did not come to pass in time"
        time.sleep(1)


@contextmanager
def scheduled(folder: Path, inbox: Inbox, *urls: str, database: str | None = None) -> Iterator[Scheduled]:
    (folder / "pmo.toml").write_text(CONFIG.format(well=urls[0], ill=urls[1]))
    one = Scheduled(folder, inbox, database)
    one.begin()
    try:
        until(lambda: "Prefect at " in one.log.read_text())
        yield one
    finally:
        one.end()


def issues(folder: Path) -> dict[str, int]:
    with duckdb.connect(str(folder / "data" / "portfolio.duckdb"), read_only=True) as con:
        return dict(con.execute("SELECT source, count(*) FROM issues GROUP BY source").fetchall())


@pytest.mark.parametrize("kept_in", ["SQLite", "PostgreSQL"])
def test_nights_by_the_schedule_broken_and_healed(
    kept_in: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with ExitStack() as stack:
        database = None
        if kept_in == "PostgreSQL":
            try:
                database = stack.enter_context(postgres())
            except NoPostgres as error:
                pytest.skip(str(error))
        states, reports = _broken_and_healed(tmp_path, database)
    with capsys.disabled():
        print(f"\nnights, Prefect on {kept_in}: {states}, {reports} reports, no host called but this one", flush=True)


def _broken_and_healed(tmp_path: Path, database: str | None) -> tuple[list[str], int]:
    with RedmineServer(Tracker(issues=30, seed=3)) as well, RedmineServer(Tracker(issues=30, seed=4)) as ill:
        keys = dict(ill.keys)
        ill.keys.clear()  # a wrong password
        inbox = Inbox()
        with scheduled(tmp_path, inbox, well.url, ill.url, database=database) as nights:
            until(lambda: len(nights.runs()) >= 1)
            broken = nights.runs()[0]
            assert broken["state_type"] == "FAILED" and broken["state"]["message"].startswith("ill: ")
            assert "well" not in broken["state"]["message"]
            assert issues(tmp_path) == {"well": 30}
            [night] = nights.artifacts("night")[:1]
            assert "## What a person must do" in night["data"] and "ill" in night["data"]
            assert nights.artifacts("night-streams")
            ill.keys.update(keys)
            until(lambda: nights.runs()[-1]["state_type"] == "COMPLETED")
            assert issues(tmp_path) == {"well": 30, "ill": 30}
            until(lambda: [run["state_type"] for run in nights.runs()][-2:] == ["COMPLETED"] * 2)
            states = [run["state_type"] for run in nights.runs()]
    titles = [message["title"] for message in inbox.taken()]
    inbox.close()
    assert titles[0].endswith(" new") and titles[-1].endswith(" over") and len(titles) == 2, titles
    reports = sorted((tmp_path / "data" / "reports").iterdir())
    assert (
        len(reports) >= 2 and "What failed" in reports[0].read_text() and "What failed" not in reports[-1].read_text()
    )
    called = nights.outside.read_text() if nights.outside.exists() else ""
    assert called == "", "a host that is not this one was called"
    return states, len(reports)


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
        with scheduled(tmp_path, inbox, well.url, ill.url) as nights:
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
