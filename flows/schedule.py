"""A Prefect server of our own on loopback, for who has none: started, watched, started anew if it dies, stopped again.

It keeps its database under `data/prefect`. Who has a server names it in PREFECT_API_URL, and none is started.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from model.errors import ConfigError, FileError

__all__ = ["prefect_server"]

PORT = 4200
STARTS_WITHIN_SECONDS = 120.0
STOPS_WITHIN_SECONDS = 20.0
LOOKS_EACH_SECONDS = 2.0


@contextmanager
def prefect_server(home: Path, *, port: int = PORT, told: Callable[[str], None] = print) -> Iterator[str]:
    """The address of the server's API, as in PREFECT_API_URL, which is set for as long as the context lasts.

    Raises ConfigError where the named server does not answer, FileError where one of our own does not start.
    """
    named = os.environ.get("PREFECT_API_URL")
    if named:
        if not _answers(named, within=STARTS_WITHIN_SECONDS / 4):
            raise ConfigError(
                f"the Prefect server {named} (PREFECT_API_URL) does not answer: start it, or unset the name"
            )
        yield named
        return
    server = _Server(home, port if _is_free(port) else _free_port(), told)
    server.start()
    os.environ["PREFECT_API_URL"] = server.url
    try:
        yield server.url
    finally:
        del os.environ["PREFECT_API_URL"]
        server.stop()


class _Server:
    def __init__(self, home: Path, port: int, told: Callable[[str], None]) -> None:
        self.url = f"http://127.0.0.1:{port}/api"
        self._log = home / "server.log"
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
        if process is None or process.poll() is not None:
            return
        process.terminate()
        try:
            process.wait(STOPS_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


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
