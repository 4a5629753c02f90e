"""A person's words replaced in every file below the data folder, and searched for afterwards.

One handler a kind of file: parts of the raw archive, published DuckDB files, SQLite files, workbooks, texts. Each file
is written anew under another name first, and only where it holds a word; nothing of the old one stays in free pages.
Which words, and in which order things are done: `flows.forget`. The hub file is not written here: it is made again.
"""

from __future__ import annotations

import io
import os
import shutil
import sqlite3
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from model.errors import FileError
from model.forgetting import Forgetter
from warehouse.files import replace_synced, said_plainly
from warehouse.raw import Entry, RawArchive
from warehouse.schema import quoted, text
from warehouse.shelf import Shelf

__all__ = [
    "Found",
    "Rewritten",
    "forget_in_archive",
    "forget_in_files",
    "forget_in_published",
    "forget_in_sqlite",
    "held_in_file",
    "remaining",
    "wipe_sqlite",
]

Told = Callable[[str], None]
"""Told of each file that was written anew."""

HUB_FILES = ("hub.duckdb", "hub.rebuild.duckdb", "hub.lock")
_STORAGE = "(STORAGE_VERSION 'v1.1.0', ROW_GROUP_SIZE 16384)"
_ZIPPED = (".xlsx", ".zip")
_SQLITE = b"SQLite format 3\x00"
BATCH_ROWS = 5000
_TEXT_TYPES = ("VARCHAR", "VARCHAR[]", "JSON", "BLOB")


@dataclass
class Rewritten:
    """How many files of each kind were written anew."""

    files: dict[str, int] = field(default_factory=dict)

    def note(self, kind: str) -> None:
        """One more."""
        self.files[kind] = self.files.get(kind, 0) + 1


@dataclass(frozen=True)
class Found:
    """Where a word still stands. `path` is relative to the data folder."""

    path: str
    place: str


# ---- the raw archive ---------------------------------------------------------------------------------------------


def forget_in_archive(archive: RawArchive, forgetter: Forgetter, done: Rewritten) -> None:
    """Writes the parts anew that hold a word, under the names they have. Raises FileError for a damaged one."""
    for relative in archive.parts():
        entries = archive.read(relative)
        fresh = [_without(entry, forgetter) for entry in entries]
        if fresh != entries:
            source, run_id, _ = relative.split("/")
            archive.write(source, run_id, fresh)
            done.note("raw")


def _without(entry: Entry, forgetter: Forgetter) -> Entry:
    body = _zipped(entry.body, forgetter) if entry.body[:2] == b"PK" else forgetter.body(entry.body)
    request, partition = forgetter.text(entry.request), forgetter.text(entry.partition)
    if (body, request, partition) == (entry.body, entry.request, entry.partition):
        return entry
    return replace(entry, body=body, request=request, partition=partition)


# ---- published files ---------------------------------------------------------------------------------------------


def forget_in_published(data: Path, forgetter: Forgetter, done: Rewritten) -> None:
    """Puts a new file, of a name never used before, in the place of each published one that holds a word."""
    for stem in ("portfolio", "portfolio-finance"):
        shelf = Shelf(data, stem)
        for name in shelf.generations():
            old = shelf.folder / f"{name}.duckdb"
            if not any(_duckdb_places(old, forgetter)):
                continue
            shown = shelf.link.exists() and shelf.link.resolve() == old.resolve()
            fresh = shelf.name_beside(old)
            _copy_duckdb(old, fresh, forgetter)
            if shown:
                shelf.show(fresh)
            old.unlink()
            done.note("published")


def _copy_duckdb(old: Path, fresh: Path, forgetter: Forgetter) -> None:
    part = fresh.with_name(f".{fresh.name}")
    part.unlink(missing_ok=True)
    with (
        closing(duckdb.connect(config={"autoinstall_known_extensions": False})) as con,
        said_plainly("forgetting", old),
    ):
        con.execute(f"ATTACH {text(str(old))} AS old (READ_ONLY); ATTACH {text(str(part))} AS fresh {_STORAGE}")
        con.execute("BEGIN")  # one by one, tables and comments would wait for the disk some hundred times
        for (_, table), columns in _text_columns(con, "old").items():
            _copy_table(con, table, columns, forgetter)
        _copy_comments(con)
        con.execute("COMMIT; CHECKPOINT fresh; DETACH fresh; DETACH old")
    Path(f"{part}.wal").unlink(missing_ok=True)
    part.chmod(0o444)
    replace_synced(part, fresh)


def _copy_table(con: duckdb.DuckDBPyConnection, table: str, columns: dict[str, str], forgetter: Forgetter) -> None:
    """All at once where no column holds a hint; else batch by batch."""
    old, fresh = f"old.main.{quoted(table)}", f"fresh.main.{quoted(table)}"
    hinted = " OR ".join(_hinted(quoted(column), forgetter) for column in columns)
    if not hinted or not con.execute(f"SELECT EXISTS (FROM {old} WHERE {hinted})").fetchall()[0][0]:
        con.execute(f"CREATE TABLE {fresh} AS FROM {old}")
        return
    con.execute(f"CREATE TABLE {fresh} AS FROM {old} LIMIT 0")
    reading = con.cursor()
    for batch in reading.execute(f"FROM {old}").to_arrow_reader(BATCH_ROWS):
        rows = pa.Table.from_batches([batch])
        for n, name in enumerate(rows.column_names):
            if name in columns:
                values = [_forgotten(value, name, forgetter) for value in rows[name].to_pylist()]
                rows = rows.set_column(n, name, pa.array(values, rows.schema.field(name).type))
        con.register("batch", rows)
        con.execute(f"INSERT INTO {fresh} FROM batch")
        con.unregister("batch")


def _forgotten(value: Any, field_: str, forgetter: Forgetter) -> Any:
    """What a cell holds afterwards, be it a text, bytes, or a list of them."""
    if isinstance(value, list):
        return [_forgotten(one, field_, forgetter) for one in value]
    if isinstance(value, str):
        return forgetter.value(value, field_)
    return forgetter.body(value) if isinstance(value, bytes) else value


def _hinted(name: str, forgetter: Forgetter) -> str:
    lowered = f"lower({name}::VARCHAR)"
    return " OR ".join(f"contains({lowered}, {text(hint)})" for hint in forgetter.hints)


def _copy_comments(con: duckdb.DuckDBPyConnection) -> None:
    for table, comment in con.execute(
        "SELECT table_name, comment FROM duckdb_tables() WHERE database_name = 'old' AND comment IS NOT NULL"
    ).fetchall():
        con.execute(f"COMMENT ON TABLE fresh.main.{quoted(table)} IS {text(comment)}")
    for table, column, comment in con.execute(
        "SELECT table_name, column_name, comment FROM duckdb_columns() "
        "WHERE database_name = 'old' AND comment IS NOT NULL"
    ).fetchall():
        con.execute(f"COMMENT ON COLUMN fresh.main.{quoted(table)}.{quoted(column)} IS {text(comment)}")


def _text_columns(con: duckdb.DuckDBPyConnection, database: str) -> dict[tuple[str, str], dict[str, str]]:
    """Tables by schema and name, each with its columns of text and their types."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for schema, table, column, type_ in con.execute(
        """SELECT schema_name, table_name, column_name, data_type FROM duckdb_columns()
        SEMI JOIN duckdb_tables() USING (database_name, schema_name, table_name)
        WHERE database_name = ? ORDER BY table_name, column_index""",
        [database],
    ).fetchall():
        columns = found.setdefault((schema, table), {})
        if type_ in _TEXT_TYPES:
            columns[column] = type_
    return found


def _duckdb_places(path: Path, forgetter: Forgetter) -> Iterator[str]:
    """Table and column of each cell that holds a word, once a column."""
    with closing(duckdb.connect(config={"autoinstall_known_extensions": False})) as con:
        con.execute(f"ATTACH {text(str(path))} AS looked_at (READ_ONLY)")
        for (schema, table), columns in _text_columns(con, "looked_at").items():
            for column in columns:
                rows = con.execute(
                    f"SELECT DISTINCT {quoted(column)} FROM looked_at.{quoted(schema)}.{quoted(table)} "
                    f"WHERE {_hinted(quoted(column), forgetter)}"
                )
                if any(_forgotten(value, column, forgetter) != value for (value,) in rows.fetchall()):
                    yield f"{table}.{column}"


# ---- SQLite ------------------------------------------------------------------------------------------------------


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


def _forget_in_table(con: sqlite3.Connection, table: str, forgetter: Forgetter) -> int:
    changed = []
    for rowid, cells in _sqlite_cells(con, table):
        fresh = {column: _forgotten(value, column, forgetter) for column, value in cells.items()}
        if fresh != cells:
            changed.append((rowid, {c: v for c, v in fresh.items() if v != cells[c]}))
    for rowid, cells in changed:
        assigned = ", ".join(f"{quoted(column)} = ?" for column in cells)
        con.execute(f"UPDATE {quoted(table)} SET {assigned} WHERE rowid = ?", [*cells.values(), rowid])
    return len(changed)


def _sqlite_places(path: Path, forgetter: Forgetter) -> Iterator[str]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as con:
        for table in _sqlite_tables(con):
            for _, cells in _sqlite_cells(con, table):
                for column, value in cells.items():
                    if _forgotten(value, column, forgetter) != value:
                        yield f"{table}.{column}"


# ---- texts and workbooks -----------------------------------------------------------------------------------------


def forget_in_files(data: Path, forgetter: Forgetter, done: Rewritten, *, but: tuple[Path, ...] = ()) -> None:
    """All other files of the folder: reports, logs, backups of the desk, Prefect's database; `but` these."""
    for path in _others(data):
        if path in but:
            continue
        with said_plainly("forgetting", path):
            head = path.open("rb").read(len(_SQLITE))
            if head == _SQLITE:
                changed = forget_in_sqlite(path, forgetter)
            elif path.parent.name == "stray":
                changed = forgetter.body(path.read_bytes()) != path.read_bytes()
                if changed:
                    path.unlink()  # what a reader wrote into a published file, in DuckDB's own form: nobody reads it
            else:
                changed = _forget_in_file(path, forgetter)
        if changed:
            done.note("other")


def _others(data: Path) -> list[Path]:
    """Files that no other part takes care of. Write-ahead files go with their SQLite files."""
    found = []
    for folder, _, names in os.walk(data):
        for name in names:
            path = Path(folder) / name
            kept = path.is_relative_to(data / "raw") or name.startswith(HUB_FILES) or path.is_symlink()
            if not kept and path.suffix != ".duckdb" and not name.endswith(("-wal", "-shm", "-journal")):
                found.append(path)
    return sorted(found)


def _forget_in_file(path: Path, forgetter: Forgetter) -> bool:
    body = path.read_bytes()
    fresh = _zipped(body, forgetter) if path.suffix in _ZIPPED else forgetter.body(body)
    if fresh == body:
        return False
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(fresh)
    shutil.copymode(path, part)
    replace_synced(part, path)
    return True


def _zipped(body: bytes, forgetter: Forgetter) -> bytes:
    """A workbook with its members gone through; the same bytes where none holds a word."""
    made = io.BytesIO()
    changed = False
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
            for member in old.infolist():
                content = old.read(member)
                fresh = forgetter.body(content)
                changed = changed or fresh != content
                new.writestr(member, fresh)
    except (zipfile.BadZipFile, NotImplementedError):
        return forgetter.body(body)
    return made.getvalue() if changed else body


# ---- afterwards --------------------------------------------------------------------------------------------------


def remaining(data: Path, forgetter: Forgetter) -> Iterator[Found]:
    """Where a word still stands, in any file, as it lies there and unpacked. The hub must be closed."""
    before = forgetter.replaced
    for folder, _, names in os.walk(data):
        for name in sorted(names):
            path = Path(folder) / name
            if not path.is_symlink():
                relative = str(path.relative_to(data))
                yield from (Found(relative, place) for place in dict.fromkeys(_places(path, forgetter)))
    forgetter.replaced = before


def _places(path: Path, forgetter: Forgetter) -> Iterator[str]:
    body = path.read_bytes()
    if forgetter.is_within(body):
        yield "its bytes"
    if path.suffix == ".parquet":
        yield from _parquet_places(path, forgetter)
    elif path.suffix == ".duckdb":
        yield from _duckdb_places(path, forgetter)
    elif body.startswith(_SQLITE):
        yield from _sqlite_places(path, forgetter)
    elif path.suffix in _ZIPPED and _zipped(body, forgetter) != body:
        yield "its members"


def held_in_file(path: Path, forgetter: Forgetter) -> bool:
    """Whether a text or workbook holds a word."""
    body = path.read_bytes()
    return (_zipped(body, forgetter) if body[:2] == b"PK" else forgetter.body(body)) != body


def _parquet_places(path: Path, forgetter: Forgetter) -> Iterator[str]:
    table = pq.read_table(path, use_threads=False)
    for name in table.column_names:
        if pa.types.is_string(table[name].type) or pa.types.is_large_binary(table[name].type):
            for value in table[name].to_pylist():
                held = _zipped(value, forgetter) if isinstance(value, bytes) and value[:2] == b"PK" else value
                if _forgotten(held or "", name, forgetter) != (value or ""):
                    yield name
