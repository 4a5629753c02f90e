"""A Prefect server of our own on loopback, for who has none: started, watched, started anew if it dies, stopped again.

It keeps its database under `data/prefect`, and all it says in a file there. Who started it holds a lock on
`server.pid` for as long as it runs, let go even by a kill; what is in the file is its number and address. Who has a
server names it in PREFECT_API_URL, and none is started.
"""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from model.errors import ConfigError, FileError, HubError, Locked

__all__ = ["Server", "due", "prefect_server", "running_server"]

PORT = 4200
STARTS_WITHIN_SECONDS = 120.0
STOPS_WITHIN_SECONDS = 20.0
LOOKS_EACH_SECONDS = 2.0
PID_FILE = "server.pid"


def due(cron: str, zone: str, after: datetime) -> Iterator[datetime]:
    """When a cron line is due, in that zone, over daylight-saving nights too. Raises ConfigError for what is none."""
    try:
        start = after.astimezone(ZoneInfo(zone))
    except (KeyError, ValueError, OSError):
        raise ConfigError(f'"{zone}" is no time zone: use an IANA name such as "Europe/Berlin"') from None
    try:
        return CronSim(cron, start)
    except CronSimError:
        raise ConfigError(
            f'"{cron}" is no cron line: write five fields (minute, hour, day, month, weekday), such as "0 2 * * *"'
        ) from None


@dataclass(frozen=True)
class Server:
    """`url` of the API, as in PREFECT_API_URL. `is_ours`: nobody else uses it."""

    url: str
    is_ours: bool


@contextmanager
def prefect_server(
    home: Path, *, port: int = PORT, share: bool = False, told: Callable[[str], None] = print
) -> Iterator[Server]:
    """The server that is named, else one of our own; PREFECT_API_URL is set for as long as the context lasts.

    `share`: the one that another process has started in this folder will do; else that is refused.
    Raises ConfigError where the named server does not answer, FileError where one of our own does not start, Locked.
    """
    named = os.environ.get("PREFECT_API_URL")
    if named:
        if not _answers(named, within=STARTS_WITHIN_SECONDS / 4):
            raise ConfigError(
                f"the Prefect server {named} (PREFECT_API_URL) does not answer: start it, or unset the name"
            )
        yield Server(named, is_ours=False)
        return
    home.mkdir(parents=True, exist_ok=True)
    with _held(home / PID_FILE) as descriptor:
        if descriptor is None:
            yield from _of_another(home, share=share)
            return
        _end_left_over(home)
        server = _Server(home, port if _is_free(port) else _free_port(), descriptor, told)
        try:
            server.start()
            with _named(server.url):
                yield Server(server.url, is_ours=True)
        finally:
            server.stop()


def running_server(home: Path) -> int | None:
    """The number of the server of our own that runs in that folder, also if who started it is no more."""
    with suppress(OSError, ValueError):
        pid = int((home / PID_FILE).read_text(encoding="utf-8").partition(" ")[0])
        if b"prefect" in Path(f"/proc/{pid}/cmdline").read_bytes():  # else the number is somebody else's by now
            return pid
    return None


@contextmanager
def _named(url: str) -> Iterator[None]:
    os.environ["PREFECT_API_URL"] = url
    try:
        yield
    finally:
        del os.environ["PREFECT_API_URL"]


@contextmanager
def _held(pid_file: Path) -> Iterator[int | None]:
    """The file, open and locked; None if another process has it."""
    descriptor = os.open(pid_file, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
        else:
            yield descriptor
    finally:
        os.close(descriptor)


def _of_another(home: Path, *, share: bool) -> Iterator[Server]:
    words = (home / PID_FILE).read_text(encoding="utf-8").split()
    if share and len(words) == 2 and _answers(words[1], within=STARTS_WITHIN_SECONDS):
        with _named(words[1]):
            yield Server(words[1], is_ours=False)
        return
    raise Locked(
        f"another `pmo schedule` or `pmo nightly` runs over {home.parent} (its Prefect server is process "
        f"{words[0] if words else 'unknown'}): stop it, or let it end, then run the command again"
    )


class _Server:
    def __init__(self, home: Path, port: int, pid_file: int, told: Callable[[str], None]) -> None:
        self.url = f"http://127.0.0.1:{port}/api"
        self._home, self._log, self._pid_file = home, home / "server.log", pid_file
        self._command = [
            sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port),
        ]  # fmt: skip
        self._told = told
        self._ending = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._watching = threading.Thread(target=self._watch, name="prefect-server", daemon=True)

    def start(self) -> None:
        said_before = self._log.stat().st_size if self._log.exists() else 0
        self._spawn()
        if not _answers(self.url, within=STARTS_WITHIN_SECONDS, alive=self._is_alive):
            self.stop()
            raise self._why_not(said_before)
        self._watching.start()

    def _why_not(self, said_before: int) -> HubError:
        with self._log.open("rb") as log:
            log.seek(said_before)
            locked = b"database is locked" in log.read()
        if locked:
            where = os.environ.get("PREFECT_HOME", self._home)
            return Locked(
                f"the Prefect server did not start: end whoever holds its database in {where}, then try again"
            )
        return FileError(f"the Prefect server did not start: {_last_line(self._log)}; all it said is in {self._log}")

    def _spawn(self) -> None:
        with self._log.open("ab") as log:
            # a group of its own: Ctrl-C ends us, and we end it
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log, start_new_session=True)
        os.ftruncate(self._pid_file, 0)
        os.pwrite(self._pid_file, f"{self._process.pid} {self.url}\n".encode(), 0)

    def _is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _watch(self) -> None:
        while not self._ending.wait(LOOKS_EACH_SECONDS):
            if not self._is_alive():
                self._told(f"the Prefect server ended ({_last_line(self._log)}): it is started again")
                self._spawn()
                _answers(self.url, within=STARTS_WITHIN_SECONDS, alive=self._is_alive)

    def stop(self) -> None:
        self._ending.set()
        process = self._process
        if process is not None and process.poll() is None:
            process.terminate()
            try:
                process.wait(STOPS_WITHIN_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        os.ftruncate(self._pid_file, 0)


def _end_left_over(home: Path) -> None:
    """Ends the server of a process that was killed: two on one database would not do."""
    pid = running_server(home)
    if pid is None:
        return
    ends = time.monotonic() + STOPS_WITHIN_SECONDS
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
        while time.monotonic() < ends:
            os.kill(pid, 0)
            time.sleep(0.1)
        os.kill(pid, signal.SIGKILL)


def _answers(url: str, *, within: float, alive: Callable[[], bool] = lambda: True) -> bool:
    """Whether the server says that it is well, `within` seconds."""
    ends = time.monotonic() + within
    while time.monotonic() < ends and alive():
        with suppress(URLError, OSError), urlopen(f"{url.rstrip('/')}/health", timeout=5) as answer:
            if answer.status == 200:
                return True
        time.sleep(0.2)
    return False


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _last_line(log: Path) -> str:
    with suppress(OSError):
        lines = [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
        if lines:
            return lines[-1].strip()[:300]
    return "it said nothing"
