"""Who has the Prefect server of a folder: one process at a time. A night by hand may use a schedule's, or waits.

`server.pid` is locked by who starts a server there, for as long as it runs; `server.users` by each night that uses
another's. Both locks are let go even by a kill. In the first stand the server's number, its address, and the command.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from model.errors import FileError, Locked

__all__ = ["SCHEDULE", "Holder", "Seat", "running_server", "take_seat"]

SCHEDULE, _NIGHT = "schedule", "nightly"
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
            _write(descriptor, replace(left_over, command=command))

    def note(self, pid: int, url: str) -> None:
        """Tells others which server it is; from now on they may use it."""
        _write(self._descriptor, Holder(pid, url, self._command))
        fcntl.flock(self._users, fcntl.LOCK_UN)

    def clear(self) -> None:
        """There is none."""
        os.ftruncate(self._descriptor, 0)


@contextmanager
def take_seat(
    home: Path, command: str, *, wait: float, answers: Callable[[str], bool], told: Callable[[str], None]
) -> Iterator[Seat | Holder]:
    """The seat, until the context ends; or, for a night, the schedule whose server it may use.

    `wait`: for a night of another process, in seconds; it is `told` once. `answers`: whether a server is well.
    Raises Locked where it does not end in time, and at once for a second schedule; FileError.
    """
    with _open(home / _PID_FILE) as seat, _open(home / _USERS_FILE) as users:
        queue = _Queue(home, command, seat, users, answers)
        ends, is_told = time.monotonic() + wait, False
        while (place := queue.look()) is None:
            if time.monotonic() >= ends:
                raise _locked(home, queue.holder)
            if not is_told:
                told(f"waits for {_who(queue.holder)} in {home}, {wait / 60:g} minutes at most")
                is_told = True
            time.sleep(LOOKS_EACH_SECONDS)
        yield place


class _Queue:
    """One who wants the seat. `holder`: who had it at the last look."""

    def __init__(self, home: Path, command: str, seat: int, users: int, answers: Callable[[str], bool]) -> None:
        self.holder: Holder | None = None
        self._home, self._command, self._seat, self._users, self._answers = home, command, seat, users, answers

    def look(self) -> Seat | Holder | None:
        """None: not yet."""
        self.holder = holder = _holder(self._home)
        if _locks(self._seat, fcntl.LOCK_EX):
            if _locks(self._users, fcntl.LOCK_EX):
                return Seat(self._seat, self._users, self._command, running_server(self._home))
            if holder is not None:  # a night uses the server of a schedule that was killed: nobody else is to join it
                self.holder = replace(holder, command=_NIGHT)
                _write(self._seat, self.holder)
            fcntl.flock(self._seat, fcntl.LOCK_UN)
            return None
        if holder is None or holder.command != SCHEDULE:
            return None
        if self._command != SCHEDULE:
            return self._shared(holder)
        self._refuse(holder)
        return None

    def _refuse(self, holder: Holder) -> None:
        time.sleep(LOOKS_EACH_SECONDS)
        if not _locks(self._seat, fcntl.LOCK_EX):  # it was not only somebody who looks, as we do
            raise _locked(self._home, holder)
        fcntl.flock(self._seat, fcntl.LOCK_UN)

    def _shared(self, holder: Holder) -> Holder | None:
        if _locks(self._users, fcntl.LOCK_SH):
            if not _locks(self._seat, fcntl.LOCK_EX) and self._answers(holder.url):
                return holder
            fcntl.flock(self._seat, fcntl.LOCK_UN)
            fcntl.flock(self._users, fcntl.LOCK_UN)
        return None


def running_server(home: Path) -> Holder | None:
    """The server of our own that runs in that folder, also if who started it is no more."""
    holder = _holder(home)
    return holder if holder is not None and holder.is_alive() else None


def _holder(home: Path) -> Holder | None:
    with suppress(OSError, ValueError):
        pid, url, command = (home / _PID_FILE).read_text(encoding="utf-8").split()
        return Holder(int(pid), url, command)
    return None


def _write(seat: int, holder: Holder) -> None:
    os.ftruncate(seat, 0)
    os.pwrite(seat, f"{holder.pid} {holder.url} {holder.command}\n".encode(), 0)


def _locked(home: Path, holder: Holder | None) -> Locked:
    return Locked(
        f"{_who(holder)} runs in {home}: stop it, or let it end, then run the command again",
        pid=holder.pid if holder else None,
    )


def _who(holder: Holder | None) -> str:
    if holder is None:
        return "another `pmo nightly` or `pmo schedule`"
    return f"another `pmo {holder.command}` (its Prefect server is process {holder.pid})"


@contextmanager
def _open(path: Path) -> Iterator[int]:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise FileError(f"{path} cannot be opened: {error.strerror}") from error
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
