"""A Prefect server of our own on loopback, for who has none: started, watched, started anew if it dies, stopped again.

It keeps its database in Prefect's home, and all it says in a file there. Who has a server names it in PREFECT_API_URL,
and none is started. Who may start one, and who uses whose, is in `flows.server_seat`.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from types import FrameType
from urllib.request import Request, urlopen

from flows.server_seat import SCHEDULE, Holder, Seat, take_seat
from model.errors import ConfigError, FileError, HubError, Locked

__all__ = ["Server", "prefect_server"]

PORT = 4200
STARTS_WITHIN_SECONDS = 120.0
STOPS_WITHIN_SECONDS = 20.0
LOOKS_EACH_SECONDS = 2.0
COMMAND = (sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port")

_NO_ANSWER = (OSError, ValueError, HTTPException)
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Server:
    """`url` of the API, as in PREFECT_API_URL. `is_ours`: nobody else uses it."""

    url: str
    is_ours: bool


@contextmanager
def prefect_server(
    home: Path, command: str = SCHEDULE, *, wait: float = 0.0, told: Callable[[str], None] = print
) -> Iterator[Server]:
    """The server that is named, else one of our own; PREFECT_API_URL is set for as long as the context lasts.

    `command`: which of `pmo`; `wait`: seconds for another's night in the same folder.
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
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(f"{home} cannot be made: {error.strerror}") from error
    with take_seat(home, command, wait=wait, answers=lambda url: _answers(url, within=1.0), told=told) as seat:
        if isinstance(seat, Holder):
            with _named(seat.url):
                yield Server(seat.url, is_ours=False)
            return
        server = _Server(home, seat, told)
        with _ended_as_by_ctrl_c():
            _end(seat.left_over)  # if that is cut short, its number stays noted
            try:
                server.start(PORT if command == SCHEDULE and _is_free(PORT) else _free_port())
                with _named(server.url):
                    yield Server(server.url, is_ours=True)
            finally:
                server.stop()


@contextmanager
def _named(url: str) -> Iterator[None]:
    os.environ["PREFECT_API_URL"] = url
    try:
        yield
    finally:
        del os.environ["PREFECT_API_URL"]


@contextmanager
def _ended_as_by_ctrl_c() -> Iterator[None]:
    """A plain `kill`, or a terminal that is closed, must not leave the server behind."""
    signals = (signal.SIGTERM, signal.SIGHUP)
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, _frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_IGN)  # once is enough
        raise KeyboardInterrupt

    before = {one: signal.getsignal(one) for one in signals}
    for one in signals:
        if before[one] is not signal.SIG_IGN:  # as under nohup
            signal.signal(one, stop)
    try:
        yield
    finally:
        for one in signals:
            signal.signal(one, before[one])


class _Server:
    def __init__(self, home: Path, seat: Seat, told: Callable[[str], None]) -> None:
        self.url = ""
        self._home, self._log, self._seat, self._told = home, home / "server.log", seat, told
        self._fault = ""
        self._ending = threading.Event()
        self._spawning = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._watching = threading.Thread(target=self._watch, name="prefect-server", daemon=True)

    def start(self, port: int) -> None:
        """On that port; on another if somebody is quicker there."""
        for one in (port, _free_port()):
            said_before = self._log.stat().st_size if self._log.exists() else 0
            self.url = f"http://127.0.0.1:{one}/api"
            spawning = threading.Thread(target=self._try_to_spawn, name="prefect-server-start")
            spawning.start()  # a signal, which comes to the main thread, must not part the server from its number
            spawning.join()
            answers = _answers(self.url, within=STARTS_WITHIN_SECONDS, alive=self._is_alive)
            if answers and self._is_alive() and not self._is_anothers():
                self._watching.start()
                return
            self._end_process()
            said = self._said_since(said_before)
            if not answers and b"already in use" not in said:
                break
            self._fault = f"another server is quicker at {self.url}"
        raise self._why_not(said)

    def _is_anothers(self) -> bool:
        """Whether another folder's answers there, which was started in the same moment."""
        asked = Request(f"{self.url}/admin/settings")
        if secret := os.environ.get("PREFECT_API_AUTH_STRING"):
            asked.add_header("Authorization", "Basic " + b64encode(secret.encode()).decode())
        with suppress(*_NO_ANSWER, KeyError, TypeError), urlopen(asked, timeout=30) as answer:
            return Path(json.load(answer)["home"]).resolve() != self._home.resolve()
        return False

    def _said_since(self, place: int) -> bytes:
        with suppress(OSError), self._log.open("rb") as log:
            log.seek(place)
            return log.read()
        return b""

    def _why_not(self, said: bytes) -> HubError:
        if b"database is locked" in said:
            return Locked(
                f"the Prefect server did not start: end whoever holds its database in {self._home}, then try again"
            )
        why = self._fault or _last_line(self._log)
        return FileError(f"the Prefect server did not start: {why}; all it said is in {self._log}")

    def _try_to_spawn(self) -> None:
        try:
            self._spawn()
        except OSError as error:
            self._fault = f"{error.strerror} ({error.filename or self._home})"

    def _spawn(self) -> None:
        port = self.url.removesuffix("/api").rpartition(":")[2]
        env = {**os.environ, "PREFECT_HOME": str(self._home)}
        with self._spawning, self._log.open("ab") as log:
            if not self._ending.is_set():
                # a group of its own: Ctrl-C ends us, and we end it
                self._process = subprocess.Popen(
                    [*COMMAND, port], stdout=log, stderr=log, env=env, start_new_session=True
                )
                self._seat.note(self._process.pid, self.url)

    def _is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _is_wanted(self) -> bool:
        return self._is_alive() and not self._ending.is_set()

    def _watch(self) -> None:
        while not self._ending.wait(LOOKS_EACH_SECONDS):
            if self._is_alive():
                continue
            try:
                why = _last_line(self._log)
                self._spawn()
                self._told(f"the Prefect server ended ({why}): it is started again")
            except (OSError, ValueError) as error:  # a full disk; nobody reads what we tell: it is tried again
                _log.warning("the Prefect server is not started again yet: %s", error)
            _answers(self.url, within=STARTS_WITHIN_SECONDS, alive=self._is_wanted)

    def stop(self) -> None:
        self._ending.set()
        with self._spawning:  # none is started from here on
            self._end_process()
        if self._watching.is_alive():
            self._watching.join()
        self._seat.clear()

    def _end_process(self) -> None:
        process = self._process
        if process is not None and process.poll() is None:
            process.terminate()
            try:
                process.wait(STOPS_WITHIN_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _end(left_over: Holder | None) -> None:
    """Ends the server of a process that was killed: two on one database would not do."""
    if left_over is None:
        return
    try:
        for how, within in ((signal.SIGTERM, STOPS_WITHIN_SECONDS), (signal.SIGKILL, STOPS_WITHIN_SECONDS)):
            os.kill(left_over.pid, how)
            ends = time.monotonic() + within
            while time.monotonic() < ends:
                if not left_over.is_alive():
                    return
                time.sleep(0.1)
    except ProcessLookupError:
        return
    except PermissionError:
        raise Locked(
            f"process {left_over.pid} is a Prefect server of another user in the same folder: end it, then try again",
            pid=left_over.pid,
        ) from None


def _answers(url: str, *, within: float, alive: Callable[[], bool] = lambda: True) -> bool:
    """Whether the server says that it is well, `within` seconds."""
    ends = time.monotonic() + within
    while time.monotonic() < ends and alive():
        with suppress(*_NO_ANSWER), urlopen(f"{url.rstrip('/')}/health", timeout=5) as answer:
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
