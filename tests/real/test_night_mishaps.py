"""What may befall Prefect or the disk in a night: one sentence, a portfolio to be read, and the next night heals it."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from flows.server_seat import Holder, running_server
from sandbox.redmine import RedmineServer
from sandbox.redmine_tracker import Tracker
from tests.real.scheduled import a_prefect, issues
from tests.running import CLI, Finished, configured, pmo, watched, well
from warehouse.compare import differences

FEW = {"PREFECT_CLIENT_MAX_RETRIES": "1"}
"""Patience of Prefect's own, which is minutes otherwise."""


class Hub:
    """A hub that was read, over a tool in which something has changed since."""

    def __init__(self, folder: Path, server: RedmineServer) -> None:
        self.folder, self.server = configured(folder, server.url), server
        well(pmo("sync", cwd=folder))
        self.link = folder / "data" / "portfolio.duckdb"
        self.before = self.link.resolve()
        self.issues = issues(folder)
        for id_ in sorted(server.tracker.issues):
            server.tracker.edit(id_, subject=f"edited {os.urandom(300).hex()}")

    def night(self, **variables: str) -> Finished:
        return pmo("nightly", cwd=self.folder, via=CLI, **FEW, **variables)

    def assert_read_as_before(self) -> None:
        assert (self.link.resolve(), issues(self.folder)) == (self.before, self.issues)

    def assert_healed(self, other: Path, **variables: str) -> None:
        """By another night: the tables equal those of a hub that nothing befell."""
        healing = self.night(**variables)
        well(healing)
        assert "Error" not in healing.stderr
        assert self.link.resolve() != self.before
        well(pmo("sync", cwd=configured(other, self.server.url)))
        assert differences(self.link, other / "data" / "portfolio.duckdb") == []


def assert_one_sentence(ran: Finished, *words: str, status: int = 1) -> None:
    """One line says what happened, and there is no traceback."""
    said = ran.stdout + ran.stderr
    assert ran.returncode == status, said
    assert "Traceback" not in said, said
    [line] = [line for line in ran.stderr.splitlines() if line.startswith("pmo: ")]
    assert all(word in line for word in words), said


@pytest.fixture
def server() -> Iterator[RedmineServer]:
    with RedmineServer(Tracker(issues=300, seed=3)) as server:
        yield server


def test_no_server_a_locked_database_then_a_night(server: RedmineServer, tmp_path: Path) -> None:
    hub = Hub(tmp_path / "pmo", server)
    nothing = "http://127.0.0.1:9/api"
    assert_one_sentence(hub.night(PREFECT_API_URL=nothing), nothing, "does not answer: start it", status=2)
    hub.assert_read_as_before()
    home = hub.folder / "data" / "prefect"
    home.mkdir(exist_ok=True)
    with closing(sqlite3.connect(home / "prefect.db", isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        told = hub.night()
        assert_one_sentence(told, "the Prefect server did not start", f"end whoever holds its database in {home}")
        hub.assert_read_as_before()
    killed = pmo("nightly", cwd=hub.folder, via=("tests.killer", "answer decoded", "1"))
    assert killed.returncode == -signal.SIGKILL, killed.stdout + killed.stderr
    left_over = running_server(home)
    assert left_over is not None, "the server of a night that was killed is ended by the next"
    hub.assert_healed(tmp_path / "fresh")
    assert not psutil.pid_exists(left_over.pid) and running_server(home) is None


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_night_that_is_stopped_leaves_no_server(server: RedmineServer, tmp_path: Path, how: signal.Signals) -> None:
    """As `timeout` and containers do, a terminal that is closed, and Ctrl-C."""
    hub = Hub(tmp_path / "pmo", server)
    pids: list[int] = []
    servers: list[Holder | None] = []
    once = threading.Lock()

    def stop(path: str) -> None:
        if path.startswith("/issues") and once.acquire(blocking=False):
            servers.append(running_server(hub.folder / "data" / "prefect"))
            os.kill(pids[0], how)

    server.before = stop
    told = watched("nightly", cwd=hub.folder, began=pids.append, env=FEW)
    server.before = None
    assert_one_sentence(told, "stopped; nothing is half-written", status=130)
    [holder] = servers
    assert holder is not None and not holder.is_alive()
    hub.assert_read_as_before()
    hub.assert_healed(tmp_path / "fresh")


def test_a_server_that_dies_in_the_middle_of_a_night(server: RedmineServer, tmp_path: Path) -> None:
    """The portfolio is published all the same; what Prefect was not told is in the report."""
    hub = Hub(tmp_path / "pmo", server)
    with a_prefect(tmp_path / "prefect") as url:

        def kill(path: str) -> None:
            if path.startswith("/issues"):
                server.before = None
                _of(url).kill()

        server.before = kill
        told = hub.night(PREFECT_API_URL=url)
        assert_one_sentence(told, url, "failed", "`pmo status` says what was done until then")
        assert "all is well" not in told.stdout
        assert hub.link.resolve() != hub.before
        hub.before = hub.link.resolve()
        [report] = (hub.folder / "data" / "reports").iterdir()
        assert f"reporting: the Prefect server {url} failed" in report.read_text(encoding="utf-8")
    with a_prefect(tmp_path / "prefect") as url:
        hub.assert_healed(tmp_path / "fresh", PREFECT_API_URL=url)


def _of(url: str) -> psutil.Process:
    port = int(url.removesuffix("/api").rpartition(":")[2])
    (pid,) = {c.pid for c in psutil.net_connections("tcp") if c.status == "LISTEN" and c.laddr and c.laddr.port == port}
    assert pid is not None
    return psutil.Process(pid)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a small file system can only be mounted as root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_is_full_in_the_night(small_disk: Path, server: RedmineServer, tmp_path: Path) -> None:
    """Each time with so many kilobytes left: nothing fits, or what is read does, and the new file does not."""
    hub = Hub(small_disk / "pmo", server)
    ballast = small_disk / "ballast"
    with a_prefect(tmp_path / "prefect") as url:
        for free_kilobytes in (8, 1500):
            free = os.statvfs(small_disk)
            ballast.write_bytes(b"x" * max(0, free.f_bavail * free.f_frsize - free_kilobytes * 1024))
            ran = hub.night(PREFECT_API_URL=url)
            said = ran.stdout + ran.stderr
            assert ran.returncode == 1 and "Traceback" not in said and "a fault of its own" not in said, said
            assert "failed: publishing: " in ran.stdout and "no space left" in ran.stdout, said
            hub.assert_read_as_before()
            assert not list((hub.folder / "data").rglob("*.part"))
            ballast.unlink()
        hub.assert_healed(tmp_path / "fresh", PREFECT_API_URL=url)
