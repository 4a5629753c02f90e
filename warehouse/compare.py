"""Equal tables, in the sense of DESIGN section 6: the one comparison that all tests use.

Two hub files (paths or open ones) or two published files are equal if every synced table holds the same ids, each
once, with the same values in all columns but those that say when and by which run a row was seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from model.columns import columns_of, published_columns
from model.records import Synced
from warehouse.hub import Hub
from warehouse.normal import normal_tables
from warehouse.schema import quoted

__all__ = ["NOT_COMPARED", "differences"]

NOT_COMPARED = frozenset({"changed_run_id", "first_seen_at", "last_seen_at"})
TOLD = 5
"""Rows that are told of each table and kind of difference; the rest is counted."""


def differences(a: Hub | Path, b: Hub | Path) -> list[str]:
    """What differs, as sentences that name table, id and column; none if the tables are equal."""
    found: list[str] = []
    with _opened(a) as (left, left_schema), _opened(b) as (right, right_schema), duckdb.connect() as scratch:
        for record in normal_tables():
            first, second = _rows(left, left_schema, record), _rows(right, right_schema, record)
            if _plainly_equal(first, second):
                continue
            scratch.register("a", first)
            scratch.register("b", second)
            for told, count in (
                _not_once(scratch, "a", "first"),
                _not_once(scratch, "b", "second"),
                _only_in(scratch, "a", "b", "first"),
                _only_in(scratch, "b", "a", "second"),
                _different(scratch, record),
            ):
                found += [f"{record.table}: {sentence}" for sentence in told]
                if count > TOLD:
                    found.append(f"{record.table}: … and so {count - TOLD} more rows")
    return found


@contextmanager
def _opened(side: Hub | Path) -> Iterator[tuple[duckdb.DuckDBPyConnection, str]]:
    """A connection and the schema that holds the published tables."""
    if isinstance(side, Hub):
        with side.lock:
            yield side.con, "normal"
        return
    with duckdb.connect(str(side.resolve(strict=True)), read_only=True) as con:
        is_hub = con.execute("SELECT 1 FROM duckdb_views() WHERE schema_name = 'normal'").fetchone()
        yield con, "normal" if is_hub else "main"


def _compared(record: type[Synced]) -> list[str]:
    return [c.name for c in published_columns(record) if c.name not in NOT_COMPARED]


def _rows(con: duckdb.DuckDBPyConnection, schema: str, record: type[Synced]) -> pa.Table:
    json = {c.name for c in columns_of(record) if c.type == "JSON"}
    names = (f"{quoted(n)}::VARCHAR AS {quoted(n)}" if n in json else quoted(n) for n in _compared(record))
    return con.execute(f"SELECT {', '.join(names)} FROM {schema}.{record.table}").to_arrow_table()


def _plainly_equal(first: pa.Table, second: pa.Table) -> bool:
    """Most tables are: to look for this takes a tenth of the time that five questions take."""
    if first.num_rows != second.num_rows or len(first["id"].unique()) != first.num_rows:
        return False
    return bool(first.sort_by("id").equals(second.sort_by("id")))


def _not_once(scratch: duckdb.DuckDBPyConnection, table: str, side: str) -> tuple[list[str], int]:
    rows, count = _first(scratch, f"SELECT id, count(*) FROM {table} GROUP BY id HAVING count(*) > 1")
    return [f"{id_} stands {times} times in the {side}" for id_, times in rows], count


def _only_in(scratch: duckdb.DuckDBPyConnection, table: str, other: str, side: str) -> tuple[list[str], int]:
    rows, count = _first(scratch, f"SELECT DISTINCT id FROM {table} ANTI JOIN {other} USING (id)")
    return [f"{id_} is only in the {side}" for (id_,) in rows], count


def _different(scratch: duckdb.DuckDBPyConnection, record: type[Synced]) -> tuple[list[str], int]:
    names = [name for name in _compared(record) if name != "id"]
    differ = " OR ".join(f"a.{quoted(n)} IS DISTINCT FROM b.{quoted(n)}" for n in names)
    both = ", ".join(f"a.{quoted(n)} AS {quoted(f'a.{n}')}, b.{quoted(n)} AS {quoted(f'b.{n}')}" for n in names)
    rows, count = _first(scratch, f"SELECT a.id, {both} FROM a JOIN b USING (id) WHERE {differ}")
    return [
        f"{row[0]}.{name} is {one!r} in the first, {other!r} in the second"
        for row in rows
        for name, one, other in zip(names, row[1::2], row[2::2], strict=True)
        if one != other
    ], count


def _first(scratch: duckdb.DuckDBPyConnection, sql: str) -> tuple[list[tuple[Any, ...]], int]:
    """The first rows by id, and how many there are."""
    rows = scratch.execute(f"{sql} ORDER BY 1 LIMIT {TOLD}").fetchall()
    if len(rows) < TOLD:
        return rows, len(rows)
    ((count,),) = scratch.execute(f"SELECT count(*) FROM ({sql})").fetchall()
    return rows, count
