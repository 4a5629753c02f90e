"""A person's words replaced in DuckDB files: in published ones, and in the base of the raw archive.

A file that holds a word is written anew under another name and takes its place: in the old one, what was deleted would
stay in free blocks. The hub file is not written here: it is made again from the archive.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from model.forgetting import Forgetter
from warehouse.base import begin_with_base
from warehouse.files import replace_synced, said_plainly
from warehouse.hub import Hub
from warehouse.raw import BASE, RawArchive
from warehouse.said import copy_said
from warehouse.schema import quoted, text
from warehouse.shelf import Shelf

__all__ = ["duckdb_places", "forget_in_base", "forget_in_published", "said_in_published"]

_STORAGE = "(RECOVERY_MODE no_wal_writes, STORAGE_VERSION 'v1.1.0', ROW_GROUP_SIZE 16384)"
BATCH_ROWS = 5000
_TEXT_TYPES = ("VARCHAR", "VARCHAR[]", "JSON", "BLOB")


def said_in_published(data: Path, account_ids: Sequence[str]) -> tuple[set[str], set[str]]:
    """Names and addresses that the published files of all days have of these accounts."""
    names, mails = set[str](), set[str]()
    for path in sorted((data / "published").glob("portfolio*.duckdb")):
        with closing(duckdb.connect(config={"autoinstall_known_extensions": False})) as con:
            con.execute(f"ATTACH {text(str(path))} AS published (READ_ONLY)")
            for table in {"accounts", "people"} & {table for _, table in _text_columns(con, "published")}:
                rows = con.execute(
                    f"SELECT name, email FROM published.main.{table} WHERE list_contains(?, id)", [list(account_ids)]
                )
                for name, mail in rows.fetchall():
                    names.update([name] if name else [])
                    mails.update([mail] if mail else [])
    return names, mails


def forget_in_base(archive: RawArchive, forgetter: Forgetter) -> bool:
    """Whether the base held a word, and was written anew."""
    base = archive.base()
    if base is None or not any(duckdb_places(archive.folder / base, forgetter)):
        return False
    making = archive.folder / f".{BASE}making.duckdb"
    making.unlink(missing_ok=True)

    def fill(con: duckdb.DuckDBPyConnection, old: str, fresh: str, columns: str) -> None:
        _insert(con, f"SELECT {columns} FROM {old}", fresh, forgetter)

    with closing(Hub(making, create=True)) as hub:
        begin_with_base(hub, archive.folder / base, fill)
        copy_said(hub, archive.folder / base, fill)
    replace_synced(making, archive.folder / base)
    return True


def forget_in_published(data: Path, forgetter: Forgetter) -> int:
    """Puts a new file, of a name never used before, in the place of each published one that holds a word; how many."""
    done = 0
    for stem in ("portfolio", "portfolio-finance"):
        shelf = Shelf(data, stem)
        for name in shelf.generations():
            old = shelf.folder / f"{name}.duckdb"
            if not any(duckdb_places(old, forgetter)):
                continue
            shown = shelf.link.exists() and shelf.link.resolve() == old.resolve()
            fresh = shelf.name_beside(old)
            _copy_duckdb(old, fresh, forgetter)
            if shown:
                shelf.show(fresh)
            old.unlink()
            done += 1
    return done


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
    if not _any_hinted(con, old, columns, forgetter):
        con.execute(f"CREATE TABLE {fresh} AS FROM {old}")
        return
    con.execute(f"CREATE TABLE {fresh} AS FROM {old} LIMIT 0")
    _insert(con, f"FROM {old}", fresh, forgetter)


def _insert(con: duckdb.DuckDBPyConnection, query: str, fresh: str, forgetter: Forgetter) -> None:
    """Batch by batch, with the words replaced."""
    for batch in con.cursor().execute(query).to_arrow_reader(BATCH_ROWS):
        rows = pa.Table.from_batches([batch])
        for n, field in enumerate(rows.schema):
            if _is_text(field.type):
                values = [_forgotten(value, field.name, forgetter) for value in rows[n].to_pylist()]
                rows = rows.set_column(n, field.name, pa.array(values, field.type))
        con.register("batch", rows)
        con.execute(f"INSERT INTO {fresh} BY NAME FROM batch")
        con.unregister("batch")


def _is_text(kind: pa.DataType) -> bool:
    of = kind.value_type if pa.types.is_list(kind) else kind
    return of in (pa.string(), pa.large_string(), pa.binary(), pa.large_binary())


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


def _any_hinted(con: duckdb.DuckDBPyConnection, table: str, columns: Collection[str], forgetter: Forgetter) -> bool:
    """Whether any of the columns may hold a word. Most tables hold none: they are asked once, not once a column."""
    if not columns:
        return False
    texts = ", ".join(f"{quoted(column)}::VARCHAR" for column in columns)
    hinted = " OR ".join(f"contains(said, {text(hint)})" for hint in forgetter.hints)
    rows = f"(SELECT lower(concat_ws(chr(10), {texts})) AS said FROM {table})"
    return bool(con.execute(f"SELECT EXISTS (FROM {rows} WHERE {hinted})").fetchall()[0][0])


def _copy_comments(con: duckdb.DuckDBPyConnection) -> None:
    said = [
        f"COMMENT ON TABLE fresh.main.{quoted(table)} IS {text(comment)}"
        for table, comment in con.execute(
            "SELECT table_name, comment FROM duckdb_tables() WHERE database_name = 'old' AND comment IS NOT NULL"
        ).fetchall()
    ]
    said += [
        f"COMMENT ON COLUMN fresh.main.{quoted(table)}.{quoted(column)} IS {text(comment)}"
        for table, column, comment in con.execute(
            "SELECT table_name, column_name, comment FROM duckdb_columns() "
            "WHERE database_name = 'old' AND comment IS NOT NULL"
        ).fetchall()
    ]
    con.execute(";".join(said))


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


def duckdb_places(path: Path, forgetter: Forgetter) -> Iterator[str]:
    """Table and column of each cell that holds a word, once a column."""
    with closing(duckdb.connect(config={"autoinstall_known_extensions": False})) as con:
        con.execute(f"ATTACH {text(str(path))} AS looked_at (READ_ONLY)")
        for (schema, table), columns in _text_columns(con, "looked_at").items():
            place = f"looked_at.{quoted(schema)}.{quoted(table)}"
            if not _any_hinted(con, place, columns, forgetter):
                continue
            for column in columns:
                hinted = _hinted(quoted(column), forgetter)
                rows = con.execute(f"SELECT DISTINCT {quoted(column)} FROM {place} WHERE {hinted}")
                if any(_forgotten(value, column, forgetter) != value for (value,) in rows.fetchall()):
                    yield f"{table}.{column}"
