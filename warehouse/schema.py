"""DDL of the hub file, derived from `model.records`.

Two schemas: `landed` holds the synced tables as decoders deliver them (native ids, native words) with the hub's
bookkeeping; `ledger` holds what the hub knows about its own reading. No keys and no indexes: they cost memory that
grows with rows and block ALTER. Both can be rebuilt from the raw archive, so there are no migrations: another
SCHEMA_VERSION means a rebuild.
"""

from __future__ import annotations

from model.columns import Column, columns_of, landed_columns
from model.records import Run, StreamRun, Synced
from model.tables import SYNCED

__all__ = ["KEPT", "PUBLISHED_VERSION", "SCHEMA_VERSION", "ddl", "ddl_of", "quoted", "text"]

SCHEMA_VERSION = 9
"""Version of the hub file. Any change of a landed or ledger table, or of what decoding gives, raises it."""

PUBLISHED_VERSION = 7
"""Version of the published tables, in `about`."""

KEPT = """
    availability VARCHAR NOT NULL, availability_evidence VARCHAR, first_seen_at TIMESTAMP NOT NULL, gone_at TIMESTAMP,
    changed_run_id VARCHAR NOT NULL, raw_seq BIGINT NOT NULL, content UBIGINT NOT NULL, read_at TIMESTAMP
"""
"""Bookkeeping of every landed row. `availability` is the row's own, without its parents'; `raw_seq` names the answer
in the raw archive that last changed it; `content` is the hash of the landed columns; `read_at` the time of the answer
that last brought them."""

_LEDGER = """
CREATE TABLE ledger.meta (key VARCHAR NOT NULL, value VARCHAR NOT NULL);
CREATE TABLE ledger.parts (path VARCHAR NOT NULL, run_id VARCHAR NOT NULL, first_seq BIGINT NOT NULL,
    last_seq BIGINT NOT NULL, bytes BIGINT NOT NULL);
CREATE TABLE ledger.sources (source VARCHAR NOT NULL, kind VARCHAR NOT NULL, url VARCHAR NOT NULL,
    instance VARCHAR NOT NULL, account_id VARCHAR NOT NULL, scope VARCHAR NOT NULL, projects VARCHAR[],
    filter_fingerprint VARCHAR NOT NULL, decode_fingerprint VARCHAR NOT NULL, changed_at TIMESTAMP NOT NULL,
    settled BOOLEAN NOT NULL);
CREATE TABLE ledger.windows (source VARCHAR NOT NULL, stream VARCHAR NOT NULL, table_name VARCHAR NOT NULL,
    since_at TIMESTAMP, until_at TIMESTAMP NOT NULL, is_full BOOLEAN NOT NULL, first_seq BIGINT NOT NULL,
    run_id VARCHAR NOT NULL, fresh_tables VARCHAR[] NOT NULL);
CREATE TABLE ledger.partitions (source VARCHAR NOT NULL, stream VARCHAR NOT NULL, key VARCHAR NOT NULL,
    spec VARCHAR NOT NULL, done BOOLEAN NOT NULL);
CREATE TABLE ledger.cursors (source VARCHAR NOT NULL, stream VARCHAR NOT NULL, table_name VARCHAR NOT NULL,
    through_at TIMESTAMP, full_at TIMESTAMP, census BIGINT, present BIGINT, census_at TIMESTAMP, held_back BIGINT,
    sure_at TIMESTAMP);
CREATE TABLE ledger.observed (source VARCHAR NOT NULL, field VARCHAR NOT NULL);
CREATE TABLE ledger.last_read (source VARCHAR NOT NULL, native_id VARCHAR NOT NULL, field VARCHAR NOT NULL,
    origin VARCHAR NOT NULL, value VARCHAR, word VARCHAR, read_at TIMESTAMP);
CREATE TABLE ledger.counts (source VARCHAR NOT NULL, stream VARCHAR NOT NULL, key VARCHAR NOT NULL,
    total BIGINT NOT NULL);
CREATE TABLE ledger.pending (source VARCHAR NOT NULL, stream VARCHAR NOT NULL, native_id VARCHAR NOT NULL,
    raw_seq BIGINT NOT NULL);
CREATE TABLE ledger.delisted (source VARCHAR NOT NULL, table_name VARCHAR NOT NULL, native_id VARCHAR NOT NULL,
    owner VARCHAR NOT NULL, seq BIGINT NOT NULL, "at" TIMESTAMP NOT NULL);
CREATE TABLE ledger.quarantine (source VARCHAR NOT NULL, stream VARCHAR NOT NULL, native_id VARCHAR, field VARCHAR,
    error VARCHAR NOT NULL, run_id VARCHAR NOT NULL, raw_seq BIGINT NOT NULL, record BLOB);
CREATE TABLE ledger.word_map (source VARCHAR NOT NULL, kind VARCHAR NOT NULL, word_id VARCHAR NOT NULL,
    name VARCHAR NOT NULL, value VARCHAR, basis VARCHAR NOT NULL, unlisted_since_at TIMESTAMP, unlisted_run_id VARCHAR);
CREATE TABLE ledger.offered_steps (source VARCHAR NOT NULL, project_id VARCHAR, type_id VARCHAR,
    start_id VARCHAR NOT NULL, end_id VARCHAR NOT NULL, end_name VARCHAR);
CREATE TABLE ledger.person_map (account_id VARCHAR NOT NULL, person_id VARCHAR NOT NULL);
"""


def ddl() -> str:
    """All statements that make an empty hub file."""
    landed = [_landed_table(record) for record in SYNCED]
    ledger = [ddl_of(f"ledger.{record.table}", columns_of(record)) for record in (Run, StreamRun)]
    return "CREATE SCHEMA landed; CREATE SCHEMA ledger;" + "".join(landed) + "".join(ledger) + _LEDGER


def ddl_of(name: str, columns: tuple[Column, ...]) -> str:
    """CREATE TABLE for these columns."""
    parts = (f"{quoted(c.name)} {c.type}{'' if c.nullable else ' NOT NULL'}" for c in columns)
    return f"CREATE TABLE {name} ({', '.join(parts)});"


def quoted(name: str) -> str:
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    """An SQL text, for the statements that take no parameters."""
    return "'" + value.replace("'", "''") + "'"


def _landed_table(record: type[Synced]) -> str:
    columns = ", ".join(f"{quoted(c.name)} {c.type}{'' if c.nullable else ' NOT NULL'}" for c in landed_columns(record))
    return f"CREATE TABLE landed.{record.table} (source VARCHAR NOT NULL, {columns}, {KEPT});"
