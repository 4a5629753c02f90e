"""The hub file: one writer, opened by commands that write and by nobody else.

The lock is `data/hub.lock`, held with flock for as long as the hub is open, so that it is let go even by a kill; the
pid in it is for people. A hub file that is missing, or of an older schema, is made again from the raw archive by
`flows.rebuild`; one of a newer schema, or no DuckDB file at all, is refused.
"""

from __future__ import annotations

import fcntl
import os
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb

from model.errors import FileError, HubError, Locked, NewerFile
from warehouse.files import plain, replace_synced
from warehouse.memory import give_memory_back
from warehouse.normal import views
from warehouse.schema import SCHEMA_VERSION, ddl, text

__all__ = ["MEGABYTES", "Hub", "HubLock", "NeedsRebuild"]


MEGABYTES = 64
"""What DuckDB may keep in memory: enough to merge some thousand rows into any number of them, and to write a checkpoint
of all tables (48 are too little for that)."""

MORE_MEGABYTES = (32, 48, 64, 80, 96, 128, 192, 384, 768, 1536, 3072)
"""Where that is too little it may have the next of these: a text may be long."""

MEGABYTES_TO_PUBLISH = tuple(more for more in MORE_MEGABYTES if more >= 64)
"""What it needs to write all that is derived, slice by slice and in one thread, as each thread takes as much again.
With 200,000 issues two threads took 60 MB more and 1.3 s less."""

THREADS = 1

_NO_MEMORY = "Out of Memory|failed to pin block|could not allocate block|database has been invalidated"

_ATTACH = "(ROW_GROUP_SIZE 4096)"
"""A checkpoint writes the last, unfinished group of each table again: small ones take less memory, and less time. With
16,384 rows a reading of many issues took 11 MB more at the peak; with 2,048 it is no less, and the file larger."""


class NeedsRebuild(HubError):
    """The hub file is missing or of an older schema, and the raw archive can make it again."""


class HubLock:
    """The right to write. Raises Locked at once, or after `wait_seconds`."""

    def __init__(self, data: Path, *, wait_seconds: float = 0.0) -> None:
        self._path = data / "hub.lock"
        try:
            data.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise plain(error, "opening the hub", data) from error
        self._wait(wait_seconds)
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, str(os.getpid()).encode(), 0)

    def _wait(self, seconds: float) -> None:
        pause = threading.Event()
        while True:
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if seconds <= 0:
                    raw = os.pread(self._descriptor, 32, 0).decode(errors="replace").strip()
                    os.close(self._descriptor)
                    pid = int(raw) if raw.isdigit() else None
                    raise Locked(
                        f"the hub in {self._path.parent} is being written by process {pid or 'unknown'}: "
                        "wait until it has ended, or end it, then run the command again",
                        pid=pid,
                    ) from None
                pause.wait(min(0.5, seconds))
                seconds -= 0.5

    def release(self) -> None:
        os.close(self._descriptor)


class Hub:
    """An open hub file. All SQL goes through one connection, one statement at a time (`lock` may be held longer)."""

    def __init__(self, path: Path, *, megabytes: int = MEGABYTES, create: bool = False) -> None:
        self.path = path
        self.lock = threading.RLock()
        made = not path.exists()
        if made and not create:
            raise NeedsRebuild(f"{path} is missing")
        if made:
            _make(path, megabytes)
        self.megabytes = megabytes
        self._within = False  # a transaction
        self.scratch: set[str] = set()  # temporary tables that outlive a statement
        self.con = _connect(path, megabytes)
        try:
            self._check()
        except BaseException:
            self.con.close()
            raise

    def _check(self) -> None:
        try:
            found = int(self.value("SELECT value FROM ledger.meta WHERE key = 'schema_version'") or 0)
        except duckdb.CatalogException:
            raise FileError(
                f"{self.path} is a DuckDB file, but not a hub file: move it away, or name another folder in [hub] data"
            ) from None
        if found > SCHEMA_VERSION:
            raise NewerFile(
                f"{self.path} was written by a newer pmo-hub (schema {found}, this one knows {SCHEMA_VERSION}): "
                "install that version, or move the file away and run `pmo rebuild`"
            )
        if found < SCHEMA_VERSION:
            raise NeedsRebuild(f"{self.path} has the older schema {found}")

    def close(self) -> None:
        with self.lock:
            self.con.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; a full disk is one sentence."""
        with self.lock:
            self.con.execute("BEGIN")
            self._within = True
            try:
                yield
                self.con.execute("COMMIT")
            except BaseException as error:
                with suppress(duckdb.Error):
                    self.con.execute("ROLLBACK")
                if isinstance(error, duckdb.Error) and _no_space(error):
                    raise FileError(
                        f"writing {self.path}: no space left; free some and run the command again, "
                        "nothing was left half-written"
                    ) from error
                raise
            finally:
                self._within = False

    def rows(self, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> list[tuple[Any, ...]]:
        """All rows; a question that is short of memory is put again with more."""
        with self.lock:
            while True:
                try:
                    return self.con.execute(sql, parameters).fetchall()
                except duckdb.Error as error:
                    # what is asked within a transaction is undone with it, and done again by who began it
                    if self._within or not self.grow(error):
                        raise

    def value(self, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> Any:
        found = self.rows(sql, parameters)
        return found[0][0] if found else None

    @contextmanager
    def in_one_thread(self, megabytes: int) -> Iterator[None]:
        """Other memory, and a single thread, for as long as the context lasts."""
        with self.lock:
            before = self.value("SELECT current_setting('memory_limit')")
            self.con.execute(f"SET memory_limit = '{megabytes}MB'; SET threads = 1")
            try:
                yield
            finally:
                self.con.execute(f"SET memory_limit = '{before}'; SET threads = {THREADS}")

    def reopen(self) -> None:
        """Lets go of all that was kept in memory, and gives it back to the system; what is in `scratch` stays."""
        with self.lock:
            kept = {name: self.con.execute(f"FROM {name}").to_arrow_table() for name in self.scratch}
            give_memory_back()  # to close it writes a checkpoint, which takes some, too
            self.con.close()
            give_memory_back()
            self.con = _connect(self.path, self.megabytes)
            for name, rows in kept.items():
                self.con.register("kept", rows)
                self.con.execute(f"CREATE TEMP TABLE {name} AS FROM kept")
                self.con.unregister("kept")

    def grow(self, error: BaseException) -> bool:
        """Gives DuckDB the next larger memory, if that is what `error` is about; whether it did.

        What was under way is undone, or was done: a commit may fail in what DuckDB does after it.
        """
        if not _lacks_memory(error) or self.megabytes >= MORE_MEGABYTES[-1]:
            return False
        with self.lock:
            self.megabytes = _more(self.megabytes)
            try:
                self.con.execute(f"SET memory_limit = '{self.megabytes}MB'")
                shut = "invalidated" in str(error)  # it may be read even so, and takes nothing in
                self.con.execute("SELECT count(*) FROM ledger.meta")
            except duckdb.Error:
                shut = True
            # after a checkpoint that failed DuckDB lets nobody into the file until it is opened anew
            return self._open_anew() if shut else True

    def _open_anew(self) -> bool:
        """The file alone, so that what is in `scratch` stays; else all, if there is nothing in it."""
        try:
            # not USE memory: it looks first for a schema of that name in the file that nobody gets into
            self.con.execute("ATTACH IF NOT EXISTS ':memory:' AS memory; SET schema = 'memory.main'")
            self.con.execute("DETACH DATABASE IF EXISTS hub")
        except duckdb.Error:
            if self.scratch:
                return False
            self.con.close()
            self.con = _connect(self.path, self.megabytes)
        else:
            _attach(self.con, self.path, self.megabytes)
        return True

    def said(self, error: BaseException) -> BaseException:
        """An error of DuckDB as one sentence; any other as it is."""
        if not isinstance(error, duckdb.Error):
            return error
        first = str(error).splitlines()[0]
        return HubError(f"{self.path} could not take in what was read ({first}): nothing of it was kept; report it")

    def checkpoint(self) -> None:
        """Writes all to the file itself; with more memory where it was too little."""
        with self.lock:
            while True:
                try:
                    self.con.execute("CHECKPOINT")
                    return
                except duckdb.Error as error:
                    if not self.grow(error):
                        raise self.said(error) from error


def _make(path: Path, megabytes: int) -> None:
    """Makes an empty hub file under another name first: a kill leaves none that is half made."""
    making = path.with_name(f".{path.name}.new")
    for left in (making, Path(f"{making}.wal"), Path(f"{path}.wal")):
        left.unlink(missing_ok=True)
    con = _connect(making, megabytes)
    try:
        con.execute("BEGIN")
        con.execute(ddl())
        con.execute(views())
        con.execute("INSERT INTO ledger.meta VALUES ('schema_version', ?)", [str(SCHEMA_VERSION)])
        con.execute("COMMIT")
    except duckdb.Error as error:
        raise _said(path, error) from None
    finally:
        con.close()
    replace_synced(making, path)


def _connect(path: Path, megabytes: int) -> duckdb.DuckDBPyConnection:
    spill = path.parent / "tmp"
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": f"{megabytes}MB",
        "threads": THREADS,
        "preserve_insertion_order": False,
        "temp_directory": str(spill),
        "checkpoint_threshold": "32MB",
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    con = duckdb.connect(config=settings)
    _attach(con, path, megabytes)
    return con


def _attach(con: duckdb.DuckDBPyConnection, path: Path, megabytes: int) -> None:
    """What a run that was cut short had written beside the file is taken in now, with as much memory as that takes."""
    taken = megabytes
    while True:
        try:
            con.execute(f"ATTACH {text(str(path))} AS hub {_ATTACH}")
            break
        except duckdb.Error as error:
            if not _lacks_memory(error) or taken >= MORE_MEGABYTES[-1]:
                con.close()
                raise _said(path, error) from None
            taken = _more(taken)
            con.execute(f"SET memory_limit = '{taken}MB'")
    con.execute(f"SET memory_limit = '{megabytes}MB'")
    con.execute("USE hub")
    con.execute("DETACH memory")


def _said(path: Path, error: duckdb.Error) -> HubError:
    text = str(error)
    holder = re.search(r"PID (\d+)", text)
    if "lock" in text.lower() and holder:
        return Locked(
            f"{path} is open in process {holder[1]}: close it there (readers use the portfolio file, never this one), "
            "then run the command again",
            pid=int(holder[1]),
        )
    if "not a valid DuckDB" in text:
        return FileError(f"{path} is not a DuckDB file: move it away and run `pmo rebuild`, or name another folder")
    if "newer" in text or "version" in text.lower():
        return NewerFile(f"{path} was written by a newer DuckDB: install that, or move it away and run `pmo rebuild`")
    if _no_space(error):
        return FileError(f"opening {path}: no space left; free some and run the command again")
    return FileError(f"{path} cannot be opened ({text.splitlines()[0]}): move it away and run `pmo rebuild`")


def _more(megabytes: int) -> int:
    return next(more for more in MORE_MEGABYTES if more > megabytes)


def _lacks_memory(error: BaseException) -> bool:
    """DuckDB says so in several ways, some at the end of a commit or checkpoint; after that, only that it shut down."""
    return isinstance(error, duckdb.Error) and re.search(_NO_MEMORY, str(error)) is not None


def _no_space(error: duckdb.Error) -> bool:
    return "No space left" in str(error) or "not enough space" in str(error).lower()
