"""Copies of the desk, one a day: it alone cannot be made again. They are whole SQLite files, private to their owner."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

from warehouse.files import has_no_space, said_plainly, sync_file, sync_folder

__all__ = ["back_up_desk", "space_needed"]

FOLDER = "backups"
LEAST_BYTES = 200_000_000


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


def space_needed(data: Path) -> tuple[int, int]:
    """Bytes that a night may need in the data folder, and bytes that are free there.

    The next portfolio file beside the last one, and room for what the hub file and the raw archive grow by.
    """
    published = data / "portfolio.duckdb"
    hub = data / "hub.duckdb"
    sizes = [path.stat().st_size for path in (published, hub) if path.exists()]
    folder = data if data.exists() else data.parent
    return LEAST_BYTES + 2 * sum(sizes), shutil.disk_usage(folder).free
