"""What the tools ever said of people, under earlier names too: in the raw archive's parts, and in its base.

Of the answers that it holds the base keeps this in tables of its own, which no hub file takes over. Each folding writes
them anew, from the base before and the parts that come to it. A base that was made before there were such tables keeps
nothing of it: up to when that goes is noted, and stays noted. Which fields say something of whom: `model.forgetting`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import msgspec
import pyarrow as pa

from model.forgetting import Known, people_in, words_in
from warehouse.base import Fill, attached_base
from warehouse.hub import Hub
from warehouse.raw import EVENT, Entry, RawArchive, name_after, seq_of

__all__ = ["copy_said", "keep_said", "said_of", "unknown_until"]

_DDL = """
CREATE SCHEMA said;
CREATE TABLE said.people (source VARCHAR NOT NULL, native_id VARCHAR NOT NULL, name VARCHAR, login VARCHAR,
    email VARCHAR);
CREATE TABLE said.unknown (until_at TIMESTAMP NOT NULL);
"""
"""`native_id` is in lower case, and an address where an answer names somebody by that; one word stands in each row."""

_COLUMNS = ("source", "native_id", "name", "login", "email")
_ROWS = pa.schema([(column, pa.string()) for column in _COLUMNS])
_Row = tuple[str, str, str | None, str | None, str | None]


@dataclass(frozen=True)
class _Said:
    """What a base keeps of people. `unknown_until`: nothing is kept of answers up to then; None: of none it is not."""

    rows: frozenset[_Row] = frozenset()
    unknown_until: datetime | None = None


def said_of(archive: RawArchive, ids: Mapping[str, frozenset[str]]) -> Known:
    """What was ever said of a person, whose native ids (lower case) are given by the names of sources of today.

    Raises FileError for what is damaged.
    """
    renames = archive.renames()
    found = _kept_of(archive, ids)
    for relative in archive.parts():
        own = ids.get(name_after(renames, relative.split("/")[0], seq_of(relative)))
        if own:
            named = [id_.encode() for id_ in own]
            for entry in archive.read(relative):
                lowered = entry.body.lower()
                if any(id_ in lowered for id_ in named):
                    found |= words_in(_document(entry), own)
    return found


def unknown_until(archive: RawArchive) -> datetime | None:
    """Up to when answers were folded without keeping what they say of people; None: there are none of those."""
    return _kept(archive).unknown_until


def keep_said(making: Hub, archive: RawArchive, parts: Sequence[str]) -> None:
    """Writes into a base that is being made what the base before it and these parts say of people."""
    before, renames = _kept(archive), archive.renames(parts)
    since = _seq_of_base(archive)
    rows = {(name_after(renames, source, since), *row) for source, *row in before.rows}
    for relative in parts:
        source = name_after(renames, relative.split("/")[0], seq_of(relative))
        for entry in archive.read(relative):
            for ids, known in people_in(_document(entry)):
                rows.update(_as_rows(source, ids, known))
    columns = zip(*sorted(rows, key=repr), strict=True) if rows else [[] for _ in _COLUMNS]
    table = pa.table([pa.array(column, pa.string()) for column in columns], schema=_ROWS)
    with making.transaction():
        making.con.execute(_DDL)
        making.con.register("kept", table)
        making.con.execute("INSERT INTO said.people BY NAME FROM kept")
        making.con.unregister("kept")
        if before.unknown_until is not None:
            making.con.execute("INSERT INTO said.unknown VALUES (?)", [before.unknown_until.replace(tzinfo=None)])


def copy_said(making: Hub, base: Path, fill: Fill) -> None:
    """Takes over what a base keeps of people, where it does, into one that is to take its place."""
    with attached_base(making.con, base):
        if not _has_said(making.con):
            return
        with making.transaction():
            making.con.execute(_DDL)
            fill(making.con, "base.said.people", "said.people", ", ".join(_COLUMNS))
            fill(making.con, "base.said.unknown", "said.unknown", "until_at")
        making.checkpoint()


def _kept_of(archive: RawArchive, ids: Mapping[str, frozenset[str]]) -> Known:
    renames, since = archive.renames(), _seq_of_base(archive)
    own = [row for row in _kept(archive).rows if row[1] in ids.get(name_after(renames, row[0], since), ())]

    def words(column: int) -> frozenset[str]:
        return frozenset(word for row in own if (word := row[column]) is not None)

    return Known(words(2), words(3), words(4))


def _kept(archive: RawArchive) -> _Said:
    base = archive.base()
    if base is None:
        return _Said()
    with (
        closing(duckdb.connect(config={"autoinstall_known_extensions": False})) as con,
        attached_base(con, archive.folder / base),
    ):
        has_said = _has_said(con)
        until = "until_at) FROM base.said.unknown" if has_said else "started_at) FROM base.ledger.runs"
        [(until_at,)] = con.execute(f"SELECT max({until}").fetchall()
        rows = con.execute(f"SELECT {', '.join(_COLUMNS)} FROM base.said.people").fetchall() if has_said else []
    return _Said(frozenset(rows), until_at and until_at.replace(tzinfo=UTC))


def _has_said(con: duckdb.DuckDBPyConnection) -> bool:
    found = "SELECT 1 FROM duckdb_tables() WHERE database_name = 'base' AND schema_name = 'said'"
    return bool(con.execute(found).fetchall())


def _seq_of_base(archive: RawArchive) -> int:
    base = archive.base()
    return seq_of(base) if base else 0


def _as_rows(source: str, ids: frozenset[str], known: Known) -> Iterator[_Row]:
    for id_ in ids:
        yield from ((source, id_, name, None, None) for name in known.names)
        yield from ((source, id_, None, login, None) for login in known.logins)
        yield from ((source, id_, None, None, mail) for mail in known.mails)


def _document(entry: Entry) -> object:
    """An answer, decoded; None for what is none, or no JSON."""
    if entry.kind == EVENT:
        return None
    try:
        return msgspec.json.decode(entry.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
