"""Who has the Prefect server of a folder: one process at a time. A night by hand may use a schedule's, or waits.

`server.pid` is locked by who starts a server there, for as long as it runs; `server.users` by each night that uses
another's. Both locks are let go even by a kill. In the first stand the server's number, its address, and the command.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from model.errors import Locked

__all__ = ["SCHEDULE", "Holder", "Seat", "running_server", "take_seat"]

SCHEDULE = "schedule"
LOOKS_EACH_SECONDS = 0.2
_PID_FILE, _USERS_FILE = "server.pid", "server.users"


@dataclass(frozen=True)
class Holder:
    """Whose server it is. `command`: of `pmo`; `url` of the API, as in PREFECT_API_URL."""

    pid: int
    url: str
    command: str

    def is_alive(self) -> bool:
        """Whether that server runs, also if who started it is no more. False where the number is another's by now."""
        port = self.url.removesuffix("/api").rpartition(":")[2]
        with suppress(OSError):
            words = Path(f"/proc/{self.pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
            return {"prefect", "server", "start", port} <= set(words)
        return False


class Seat:
    """The lock, ours. `left_over`: a server whose starter was killed, and which still runs."""

    def __init__(self, descriptor: int, users: int, command: str, left_over: Holder | None) -> None:
        self._descriptor, self._users, self._command, self.left_over = descriptor, users, command, left_over
        self.clear()
        if left_over is not None:
            self._write(left_over.pid, left_over.url)

    def note(self, pid: int, url: str) -> None:
        """Tells others which server it is; from now on they may use it."""
        self.clear()
        self._write(pid, url)
        fcntl.flock(self._users, fcntl.LOCK_UN)

    def _write(self, pid: int, url: str) -> None:
        os.pwrite(self._descriptor, f"{pid} {url} {self._command}\n".encode(), 0)

    def clear(self) -> None:
        """There is none."""
        os.ftruncate(self._descriptor, 0)


@contextmanager
def take_seat(
    home: Path, command: str, *, wait: float, answers: Callable[[str], bool], told: Callable[[str], None]
) -> Iterator[Seat | Holder]:
    """The seat, until the context ends; or, for a night, the schedule whose server it may use.

    `wait`: for a night of another process, in seconds; it is `told` once. `answers`: whether a server is well.
    Raises Locked where it does not end in time, and at once for a second schedule.
    """
    with ExitStack() as opened:
        seat, users = (opened.enter_context(_open(home / name)) for name in (_PID_FILE, _USERS_FILE))
        ends, is_told = time.monotonic() + wait, False
        while True:
            holder = _holder(home)
            if _locks(seat, fcntl.LOCK_EX):
                if _locks(users, fcntl.LOCK_EX):
                    yield Seat(seat, users, command, running_server(home))
                    return
                fcntl.flock(seat, fcntl.LOCK_UN)  # a night still uses the server of a schedule that was killed
            elif holder is not None and holder.command == SCHEDULE:
                if command == SCHEDULE:
                    raise _locked(home, holder)
                if _locks(users, fcntl.LOCK_SH):
                    if answers(holder.url):
                        yield holder
                        return
                    fcntl.flock(users, fcntl.LOCK_UN)
            if time.monotonic() >= ends:
                raise _locked(home, holder)
            if not is_told:
                told(f"waits for {_who(holder)} over {home.parent}, {wait / 60:g} minutes at most")
                is_told = True
            time.sleep(LOOKS_EACH_SECONDS)


def running_server(home: Path) -> Holder | None:
    """The server of our own that runs in that folder, also if who started it is no more."""
    holder = _holder(home)
    return holder if holder is not None and holder.is_alive() else None


def _holder(home: Path) -> Holder | None:
    with suppress(OSError, ValueError):
        pid, url, command = (home / _PID_FILE).read_text(encoding="utf-8").split()
        return Holder(int(pid), url, command)
    return None


def _locked(home: Path, holder: Holder | None) -> Locked:
    return Locked(
        f"{_who(holder)} runs over {home.parent}: stop it, or let it end, then run the command again",
        pid=holder.pid if holder else None,
    )


def _who(holder: Holder | None) -> str:
    if holder is None:
        return "another `pmo nightly` or `pmo schedule`"
    return f"another `pmo {holder.command}` (its Prefect server is process {holder.pid})"


@contextmanager
def _open(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _locks(descriptor: int, how: int) -> bool:
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
