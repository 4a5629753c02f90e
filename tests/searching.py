"""Looks for words in all files below a folder, as they lie there and unpacked, with nothing of pmo-hub's own."""

from __future__ import annotations

import sqlite3
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

__all__ = ["places_with"]


def places_with(folder: Path, words: Iterable[str]) -> list[str]:
    """File and word, wherever one stands in any case."""
    spelled = {word: word.lower().encode() for word in words}
    return [
        f"{path.relative_to(folder)}: {word}"
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        for content in _contents(path)
        for word, raw in spelled.items()
        if raw in content.lower()
    ]


def _contents(path: Path) -> Iterator[bytes]:
    raw = path.read_bytes()
    yield raw
    if path.suffix == ".parquet":
        table = pq.read_table(path)
        for column in table.columns:
            yield from (v if isinstance(v, bytes) else str(v).encode() for v in column.to_pylist())
    elif path.suffix == ".duckdb":
        with closing(duckdb.connect()) as con:
            con.execute(f"ATTACH '{path}' AS f (READ_ONLY)")
            tables = con.execute(
                "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'f'"
            ).fetchall()
            for schema, table in tables:
                yield str(con.execute(f'FROM f."{schema}"."{table}"').fetchall()).encode()
    elif raw.startswith(b"SQLite format 3"):
        with closing(sqlite3.connect(path)) as base:
            yield "\n".join(base.iterdump()).encode()
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as members:
            yield from (members.read(name) for name in members.namelist())
