"""A Prefect server of our own on loopback, for who has none: started, watched, started anew if it dies, stopped again.

It keeps its database under `data/prefect`. Who has a server names it in PREFECT_API_URL, and none is started.
"""

from __future__ import annotations

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

from model.errors import ConfigError, FileError
from warehouse.files import write_whole

__all__ = ["Server", "due", "named_server", "prefect_server"]

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


def named_server() -> str | None:
    """The server that PREFECT_API_URL names, if it does. Raises ConfigError where that does not answer."""
    named = os.environ.get("PREFECT_API_URL")
    if named and not _answers(named, within=STARTS_WITHIN_SECONDS / 4):
        raise ConfigError(f"the Prefect server {named} (PREFECT_API_URL) does not answer: start it, or unset the name")
    return named or None


@contextmanager
def prefect_server(home: Path, *, port: int = PORT, told: Callable[[str], None] = print) -> Iterator[Server]:
    """The server that is named, else one of our own; PREFECT_API_URL is set for as long as the context lasts.

    Raises ConfigError where the named server does not answer, FileError where one of our own does not start.
    """
    named = named_server()
    if named:
        yield Server(named, is_ours=False)
        return
    _end_left_over(home / PID_FILE)
    server = _Server(home, port if _is_free(port) else _free_port(), told)
    server.start()
    os.environ["PREFECT_API_URL"] = server.url
    try:
        yield Server(server.url, is_ours=True)
    finally:
        del os.environ["PREFECT_API_URL"]
        server.stop()


class _Server:
    def __init__(self, home: Path, port: int, told: Callable[[str], None]) -> None:
        self.url = f"http://127.0.0.1:{port}/api"
        self._log, self._pid_file = home / "server.log", home / PID_FILE
        self._command = [
            sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port),
        ]  # fmt: skip
        self._told = told
        self._ending = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._watching = threading.Thread(target=self._watch, name="prefect-server", daemon=True)

    def start(self) -> None:
        self._spawn()
        if not _answers(self.url, within=STARTS_WITHIN_SECONDS, alive=self._is_alive):
            self.stop()
            raise FileError(f"the Prefect server did not start: {_last_line(self._log)}; all it said is in {self._log}")
        self._watching.start()

    def _spawn(self) -> None:
        with self._log.open("ab") as log:
            # a group of its own: Ctrl-C ends us, and we end it
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log, start_new_session=True)
        write_whole(self._pid_file, f"{self._process.pid}\n")

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
        self._pid_file.unlink(missing_ok=True)
        process = self._process
        if process is None or process.poll() is not None:
            return
        process.terminate()
        try:
            process.wait(STOPS_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _end_left_over(pid_file: Path) -> None:
    """Ends the server of a `pmo schedule` that was killed: two on one database would not do."""
    try:
        pid = int(pid_file.read_text(encoding="utf-8"))
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return
    if b"prefect" not in command:
        return  # the number is somebody else's by now
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
