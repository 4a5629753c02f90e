"""A person's words replaced in SQLite files: the desk, its copies, Prefect's database. Nothing stays in free pages."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from model.errors import FileError
from model.forgetting import Forgetter
from warehouse.schema import quoted

__all__ = ["forget_in_sqlite", "sqlite_places", "wipe_sqlite"]


def forget_in_sqlite(path: Path, forgetter: Forgetter, *, but: tuple[str, ...] = ()) -> bool:
    """Whether something was replaced, in any table `but` these. Nothing of it stays in the file."""
    with _sqlite(path) as con:
        con.execute("BEGIN IMMEDIATE")
        tables = [table for table in _sqlite_tables(con) if table not in but]
        changed = sum([_forget_in_table(con, table, forgetter) for table in tables])
        con.execute("COMMIT")
    if changed:
        wipe_sqlite(path)
    return bool(changed)


def wipe_sqlite(path: Path) -> None:
    """Leaves nothing in free pages, nor in the write-ahead file, of what was deleted."""
    with _sqlite(path) as con:
        con.execute("VACUUM")
        con.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@contextmanager
def _sqlite(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as con:
            con.execute("PRAGMA secure_delete = ON")
            yield con
    except sqlite3.Error as error:
        raise FileError(f"{path} could not be searched for the person ({error}): run `pmo forget` again") from error


def _sqlite_tables(con: sqlite3.Connection) -> list[str]:
    found = con.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'")
    return [name for (name,) in found if not name.startswith("sqlite_")]


def _sqlite_cells(con: sqlite3.Connection, table: str) -> Iterator[tuple[int, dict[str, str | bytes]]]:
    columns = [row[1] for row in con.execute(f"PRAGMA table_info({quoted(table)})")]
    listed = ", ".join(quoted(column) for column in columns)
    for rowid, *values in con.execute(f"SELECT rowid, {listed} FROM {quoted(table)}"):
        cells = {c: v for c, v in zip(columns, values, strict=True) if isinstance(v, str | bytes)}
        if cells:
            yield rowid, cells


def _fresh(value: str | bytes, column: str, forgetter: Forgetter) -> str | bytes:
    return forgetter.value(value, column) if isinstance(value, str) else forgetter.body(value)


def _forget_in_table(con: sqlite3.Connection, table: str, forgetter: Forgetter) -> int:
    changed = []
    for rowid, cells in _sqlite_cells(con, table):
        fresh = {column: _fresh(value, column, forgetter) for column, value in cells.items()}
        if fresh != cells:
            changed.append((rowid, {c: v for c, v in fresh.items() if v != cells[c]}))
    for rowid, cells in changed:
        assigned = ", ".join(f"{quoted(column)} = ?" for column in cells)
        con.execute(f"UPDATE {quoted(table)} SET {assigned} WHERE rowid = ?", [*cells.values(), rowid])
    return len(changed)


def sqlite_places(path: Path, forgetter: Forgetter) -> Iterator[str]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as con:
        for table in _sqlite_tables(con):
            for _, cells in _sqlite_cells(con, table):
                for column, value in cells.items():
                    if _fresh(value, column, forgetter) != value:
                        yield f"{table}.{column}"
