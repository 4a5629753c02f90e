"""Copies of the desk, one a day, and how one is put back: the desk alone cannot be made again.

They are whole SQLite files, private to their owner. A copy that is laid over a desk with a write-ahead file beside it
is spoiled by that file (https://sqlite.org/howtocorrupt.html, section 1.4): SQLite itself puts one back.
"""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from contextlib import closing, suppress
from datetime import UTC, date, datetime
from pathlib import Path

from model.errors import ConfigError, FileError, Locked
from warehouse.files import has_no_space, replace_synced, said_plainly, sync_file, sync_folder

__all__ = ["back_up_desk", "desk_days", "restore_desk", "space_needed"]

FOLDER = "backups"
LEAST_BYTES = 200_000_000
BUSY_SECONDS = 10.0


def back_up_desk(data: Path, today: date, *, keep: int) -> Path | None:
    """Copies it to `data/backups/desk-<day>.sqlite` and removes older copies but the last ones. None: there is no desk.

    Others may go on writing: the copy is that of one moment. Raises FileError, and then the copy of before stands.
    """
    desk, folder = data / "desk.sqlite", data / FOLDER
    if not desk.exists():
        return None
    path = folder / f"desk-{today.isoformat()}.sqlite"
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    with said_plainly("backing up the desk", path):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            os.close(os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600))
            _copy(desk, part)
            sync_file(part)
            part.replace(path)
            sync_folder(folder)
        finally:
            part.unlink(missing_ok=True)
        for old in sorted(folder.glob("desk-????-??-??.sqlite"))[:-keep]:
            old.unlink()
    return path


def _copy(source: Path, target: Path) -> None:
    try:
        with closing(sqlite3.connect(source)) as desk, closing(sqlite3.connect(target)) as copy:
            desk.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, without a neighbour
    except sqlite3.Error as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_FULL or has_no_space(target.parent):
            raise OSError(errno.ENOSPC, str(error)) from error
        raise OSError(str(error)) from error


def desk_days(data: Path) -> list[str]:
    """Days of which there is a copy of the desk, oldest first."""
    found = (data / FOLDER).glob("desk-????-??-??.sqlite")
    return sorted(path.stem.removeprefix("desk-") for path in found)


def restore_desk(data: Path, day: str, now: datetime) -> Path | None:
    """Puts the copy of that day in the place of the desk; gives back where that of before is kept, if there was one.

    Only whoever holds the hub may call this. Raises ConfigError, FileError, or Locked: another process has it open.
    """
    desk, copy = data / "desk.sqlite", data / FOLDER / f"desk-{day}.sqlite"
    known = desk_days(data)
    if day not in known:
        listed = ", ".join(known) or "none"
        raise ConfigError(f"there is no copy of the desk of {day} in {copy.parent}; there are: {listed}")
    _refuse_damaged(copy)
    kept = copy.with_name(f"desk-before-{now.astimezone(UTC):%Y-%m-%dT%H%M%SZ}.sqlite")
    with said_plainly("putting the desk back", desk):
        if not desk.exists():
            _take_away(desk, kept)  # its write-ahead file may be left
            _lay_down(copy, desk)
            return None
        try:
            _write_over(copy, desk, kept)
        except sqlite3.Error as error:
            code = error.sqlite_errorcode & 0xFF
            if code == sqlite3.SQLITE_BUSY:
                raise Locked(
                    f"another process has {desk} open: wait until it has ended, then run the command again"
                ) from None
            if code not in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
                raise OSError(errno.ENOSPC if code == sqlite3.SQLITE_FULL else None, str(error)) from error
            kept.unlink(missing_ok=True)
            _take_away(desk, kept)  # so damaged that nobody can have it open
            _lay_down(copy, desk)
    return kept


def _refuse_damaged(copy: Path) -> None:
    said = "it has no tables of a desk"
    try:
        with closing(sqlite3.connect(f"{copy.resolve().as_uri()}?mode=ro", uri=True)) as con:
            (said,) = con.execute("PRAGMA integrity_check(1)").fetchone()
            tables = con.execute("SELECT count(*) FROM sqlite_master WHERE name = 'migrations'").fetchone()
    except sqlite3.Error as error:
        said, tables = str(error), (0,)
    if said != "ok" or tables == (0,):
        why = "it is no desk" if said == "ok" else said
        raise FileError(f"{copy} is damaged ({why}): name another day; the desk was left as it is")


def _write_over(copy: Path, desk: Path, kept: Path) -> None:
    """Nobody else has it open from the first statement to the last; a kill leaves it as it was, or put back."""
    with closing(sqlite3.connect(desk, timeout=BUSY_SECONDS, isolation_level=None)) as con:
        con.execute("PRAGMA locking_mode = EXCLUSIVE")
        con.execute("BEGIN EXCLUSIVE")
        con.execute("COMMIT")  # the lock stays
        os.close(os.open(kept, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600))
        with closing(sqlite3.connect(kept)) as before:
            con.backup(before)
            before.execute("PRAGMA journal_mode = DELETE")
        sync_file(kept)
        sync_folder(kept.parent)
        with closing(sqlite3.connect(f"{copy.resolve().as_uri()}?mode=ro", uri=True)) as source:
            source.backup(con)


def _take_away(desk: Path, kept: Path) -> None:
    """The write-ahead file last: without its desk it is of no use, and it is never left beside another one's."""
    for ending in ("", "-shm", "-wal"):
        with suppress(FileNotFoundError):
            desk.with_name(f"{desk.name}{ending}").replace(f"{kept}{ending}")
    sync_folder(desk.parent)


def _lay_down(copy: Path, desk: Path) -> None:
    part = desk.with_name(f".{desk.name}.{os.getpid()}.part")
    try:
        os.close(os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600))
        shutil.copyfile(copy, part)
        replace_synced(part, desk)
    finally:
        part.unlink(missing_ok=True)


def space_needed(data: Path) -> tuple[int, int]:
    """Bytes that a night may need in the data folder, and bytes that are free there.

    The next portfolio file beside the last one, and room for what the hub file and the raw archive grow by.
    """
    published = data / "portfolio.duckdb"
    hub = data / "hub.duckdb"
    sizes = [path.stat().st_size for path in (published, hub) if path.exists()]
    folder = data if data.exists() else data.parent
    return LEAST_BYTES + 2 * sum(sizes), shutil.disk_usage(folder).free
