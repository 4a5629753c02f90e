"""`pmo schedule` at work each minute, with the Prefect server that it starts: what its log, its runs and artifacts say.

No process of it, Prefect's own included, may look up or call any host but this one: a guard in each of them notes it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb
import psutil
import pytest
import requests

from flows.prefect_server import prefect_server
from flows.prefect_settings import set_up_prefect
from tests.forked import at_a_terminal
from tests.running import ROOT, environment

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


@contextmanager
def a_prefect(home: Path) -> Iterator[str]:
    """A Prefect server with its files there."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PREFECT_HOME", str(home))  # and undone
        patched.setattr("flows.prefect_server.LOOKS_EACH_SECONDS", 3600.0)  # one that is killed stays away
        set_up_prefect(home)
        with prefect_server(home) as server:
            yield server.url


class Scheduled:
    """`pmo schedule` at work, each minute, and what its server knows."""

    def __init__(self, folder: Path, variables: Mapping[str, str], database: str | None) -> None:
        self.folder, self.variables, self.database = folder, variables, database
        self.outside = folder / "called-outside.txt"
        (folder / "guard").mkdir()
        (folder / "guard" / "sitecustomize.py").write_text(GUARD)
        self.log = folder / "schedule.log"
        self.process: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        more = environment(CALLED_OUTSIDE=str(self.outside), **self.variables)
        more["PYTHONPATH"] = os.pathsep.join([str(self.folder / "guard"), str(ROOT)])
        for name in [name for name in more if name.startswith("PREFECT_")]:
            del more[name]
        if self.database:
            more["PREFECT_SERVER_DATABASE_CONNECTION_URL"] = self.database
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "flows.cli", "schedule", "--cron", "* * * * *"],
                cwd=self.folder, env=more, stdout=log, stderr=log, start_new_session=True,
                preexec_fn=at_a_terminal,
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

    def kill_the_run(self) -> None:
        """Only the process that runs the flow; schedule and server live on. Fails if there is none."""
        assert self.process is not None
        running = [
            one
            for one in psutil.Process(self.process.pid).children(recursive=True)
            if "multiprocessing.spawn" in " ".join(one.cmdline())  # as Prefect starts a flow
        ]
        assert running, "no night is under way"
        for one in running:
            one.kill()

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
def scheduled(
    folder: Path, config: str, variables: Mapping[str, str], *, database: str | None = None
) -> Iterator[Scheduled]:
    """`pmo schedule` over that pmo.toml. `variables`: those it names; `database`: Prefect's, if it is not SQLite."""
    (folder / "pmo.toml").write_text(config, encoding="utf-8")
    one = Scheduled(folder, variables, database)
    one.begin()
    try:
        until(lambda: "Prefect at " in one.log.read_text())
        yield one
    finally:
        one.end()
    called = one.outside.read_text() if one.outside.exists() else ""
    assert called == "", f"a host that is not this one was called: {called}"


def issues(folder: Path) -> dict[str, int]:
    """Published issues that are there, by source."""
    sql = "SELECT source, count(*) FROM issues WHERE availability = 'present' GROUP BY source"
    with duckdb.connect(str(folder / "data" / "portfolio.duckdb"), read_only=True) as con:
        return dict(con.execute(sql).fetchall())
