"""The base of the raw archive: what its oldest parts came to, so that they need not be kept one by one.

It is a hub file of that moment, without what is mapped, and with what the folded answers said of people
(`warehouse.said`). A rebuild begins with it and replays the parts behind it. What it holds is not decoded anew: it
stays as it was understood when it was folded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from model.errors import FileError
from warehouse.files import replace_synced
from warehouse.hub import Hub
from warehouse.raw import BASE, RawArchive, seq_of
from warehouse.schema import quoted, text

__all__ = ["attached_base", "base_name", "begin_with_base", "end_base", "name_base"]

Fill = Callable[[duckdb.DuckDBPyConnection, str, str, str], None]
"""Fills a table: from, into, and the columns that both have."""

_OWN = ("meta", "word_map", "person_map")
"""Tables of the ledger that each hub file makes for itself."""


def base_name(last_part: str) -> str:
    """The file's name, after the last part that it holds."""
    return f"{BASE}{seq_of(last_part):012d}.duckdb"


def _copied(con: duckdb.DuckDBPyConnection, old: str, fresh: str, columns: str) -> None:
    con.execute(f"INSERT INTO {fresh} BY NAME SELECT {columns} FROM {old}")


def begin_with_base(hub: Hub, base: Path, fill: Fill = _copied) -> None:
    """Takes all that a base holds into an empty hub file, whichever schema it was written with, table by table."""
    with attached_base(hub.con, base):
        with hub.transaction():
            for schema, table, columns in _shared_tables(hub):
                name = f"{schema}.{quoted(table)}"
                fill(hub.con, f"base.{name}", name, columns)
        hub.checkpoint()


@contextmanager
def attached_base(con: duckdb.DuckDBPyConnection, base: Path) -> Iterator[None]:
    """Has a connection read a base under the name `base`. Raises FileError if it is damaged."""
    try:
        con.execute(f"ATTACH {text(str(base))} AS base (READ_ONLY)")
    except duckdb.Error as error:
        raise FileError(
            f"the raw archive's file {base} is damaged or cut short ({str(error).splitlines()[0][:120]}): put it back "
            "from a backup; nothing was changed"
        ) from error
    try:
        yield
    finally:
        con.execute("DETACH base")


def _shared_tables(hub: Hub) -> list[tuple[str, str, str]]:
    """Schema, table, and the columns that both have."""
    rows = hub.rows(
        """SELECT ours.schema_name, ours.table_name, list(ours.column_name ORDER BY ours.column_index)
        FROM duckdb_columns() AS ours SEMI JOIN duckdb_columns() AS base
            ON base.database_name = 'base' AND base.schema_name = ours.schema_name
            AND base.table_name = ours.table_name AND base.column_name = ours.column_name
        WHERE ours.database_name = current_database() AND ours.schema_name IN ('landed', 'ledger')
        GROUP BY ALL ORDER BY ALL"""
    )
    return [
        (schema, table, ", ".join(quoted(column) for column in columns))
        for schema, table, columns in rows
        if not (schema == "ledger" and table in _OWN)
    ]


def name_base(hub: Hub, last_part: str) -> None:
    """Has the ledger name the base in the place of the parts that it holds."""
    with hub.transaction():
        first, last, size = hub.rows(
            "SELECT min(first_seq), max(last_seq), sum(bytes) FROM ledger.parts WHERE first_seq <= ?",
            [seq_of(last_part)],
        )[0]
        hub.con.execute("DELETE FROM ledger.parts WHERE first_seq <= ?", [seq_of(last_part)])
        hub.con.execute("INSERT INTO ledger.parts VALUES (?, '', ?, ?, ?)", [base_name(last_part), first, last, size])


def end_base(making: Path, archive: RawArchive, last_part: str) -> None:
    """Gives a closed base its name in the archive, durably."""
    replace_synced(making, archive.folder / base_name(last_part))
