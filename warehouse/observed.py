"""History of fields a tool keeps none of: rows made from the difference between two readings of an issue.

A change lies in a closed interval. It ends with the later reading, or with the row's own time of change where that
moved. It starts at the latest instant at which the old value is known to have held still: when the old row was read, or
the stream's `sure_at`, if nothing says that an earlier edit of this row was missed. Who made it is not known.
Two values are compared only if they were read from the same place (`issues.field_origins`, where a connector tells it):
another column of a sheet, or a cell that could not be understood, is no change of the issue. What was last read from
the place that was left is kept in `ledger.last_read`, and compared once that place is read again.
Whose changes are observed is declared by connectors; that they are is kept in `ledger.observed`, for the views.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from model.observed import OBSERVABLE, SETTLED, UNREAD, Held
from model.vocabulary import Evidence
from warehouse.schema import quoted, text

__all__ = ["Moved", "Observing", "make_changes", "misread_before", "moved_origins", "note_observing"]

ANSWER_SECONDS = 60
"""A tool may take so long to write an answer: what it shows may be that much older than its time."""


@dataclass(frozen=True)
class Observing:
    """What is observed of a stream of issues. `unstamped`: those of `fields` that may change and leave updated_at."""

    stream: str
    fields: Collection[str]
    unstamped: Collection[str] = ()


def note_observing(con: duckdb.DuckDBPyConnection, source: str, observing: Observing) -> None:
    """Lets the views know whose history begins with the first reading."""
    con.execute(
        "INSERT INTO ledger.observed SELECT $source, field FROM (SELECT unnest($fields) AS field) AS f "
        "WHERE NOT EXISTS (FROM ledger.observed AS o WHERE o.source = $source AND o.field = f.field)",
        {"source": source, "fields": sorted(observing.fields)},
    )


def misread_before(con: duckdb.DuckDBPyConnection, source: str, observing: Observing) -> pa.Table:
    """Issues of which something did not fit so far: an edit of them may have been read and not understood."""
    return con.execute(
        "SELECT DISTINCT split_part(native_id, '/', 1) AS native_id FROM ledger.quarantine "
        "WHERE source = ? AND stream = ? AND native_id IS NOT NULL",
        [source, observing.stream],
    ).to_arrow_table()


def make_changes(con: duckdb.DuckDBPyConnection, source: str, observing: Observing, misread: pa.Table) -> int:
    """Compares the issues in `fresh` with those still held; leaves rows of history in `observed`, and counts them."""
    con.register("misread", misread)
    con.execute(_PAIRS, {"source": source, "stream": observing.stream})
    con.unregister("misread")
    parts = [_changes(name, OBSERVABLE[name], name in observing.unstamped) for name in observing.fields]
    has_moved = con.execute(f"SELECT EXISTS (FROM pairs WHERE {_MOVED})").fetchall() == [(True,)]
    if has_moved:
        parts += [_changes_since_left(n, OBSERVABLE[n], n in observing.unstamped, source) for n in observing.fields]
    con.execute(f"CREATE OR REPLACE TEMP TABLE observed AS {' UNION ALL '.join(parts)}")
    if has_moved:
        for name in observing.fields:
            _note_left(con, source, name)
    con.execute("DROP TABLE pairs")
    ((count,),) = con.execute("SELECT count(*) FROM observed").fetchall()
    return int(count)


def _note_left(con: duckdb.DuckDBPyConnection, source: str, name: str) -> None:
    """Keeps what was last read from a place that is left, and lets go of all of it once a project is back there.

    Rows that came in between know the other place only: they go by the others of their project.
    """
    held, old, new = OBSERVABLE[name], _origin("old", name), _origin("new", name)
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE moved AS
        SELECT native_id, {old} AS "left", {_text("old", held.id)} AS value, {_text("old", held.word)} AS word, read_at,
            bool_or(EXISTS (FROM ledger.last_read AS l WHERE l.source = $source AND l.field = $field
                AND l.native_id = pairs.native_id AND l.origin = {new}))
                OVER (PARTITION BY new_project_id, {old}, {new}) AS is_back
        FROM pairs WHERE {_is_moved(name)}""",
        {"source": source, "field": name},
    )
    con.execute(
        "DELETE FROM ledger.last_read AS l USING moved WHERE l.source = ? AND l.field = ? "
        "AND l.native_id = moved.native_id AND (moved.is_back OR l.origin = moved.left)",
        [source, name],
    )
    con.execute(
        f"""INSERT INTO ledger.last_read SELECT $source, native_id, $field, "left", value, word, read_at FROM moved
        WHERE NOT is_back AND NOT starts_with("left", '{UNREAD}')""",
        {"source": source, "field": name},
    )
    con.execute("DROP TABLE moved")


@dataclass(frozen=True)
class Moved:
    """A field that issues of a project had been read from another place. `origin` None: it is read from none now."""

    project_id: str
    project: str
    field: str
    left: str
    origin: str | None
    issues: int


def moved_origins(con: duckdb.DuckDBPyConnection, source: str, projects: Collection[str]) -> list[Moved]:
    """Of issues that are there, without the fields whose place a person laid down."""
    rows = con.execute(
        f"""SELECT project_id, coalesce(any_value(name), project_id), field, "left", origin, count(*) FROM (
            SELECT i.project_id, p.name, l.field, l.origin AS "left",
                json_extract_string(i.field_origins, '$.' || l.field) AS origin
            FROM ledger.last_read AS l
            JOIN landed.issues AS i ON i.source = l.source AND i.native_id = l.native_id AND i.availability = 'present'
            LEFT JOIN landed.projects AS p ON p.source = i.source AND p.native_id = i.project_id
            WHERE l.source = ? AND list_contains(?, i.project_id)
                AND NOT list_contains(string_split(coalesce({_origin("i.field", SETTLED)}, ''), ' '), l.field))
        WHERE NOT coalesce(starts_with(origin, '{UNREAD}'), false)
        GROUP BY project_id, field, "left", origin ORDER BY ALL""",
        [source, list(projects)],
    ).fetchall()
    return [Moved(*row) for row in rows]


_COLUMNS = sorted({column for held in OBSERVABLE.values() for column in (held.id, held.word) if column})

_STATES: Mapping[str, str] = {"old": "held", "new": "fresh"}

_PAIRS = f"""
CREATE OR REPLACE TEMP TABLE pairs AS
WITH held AS (
    SELECT * FROM landed.issues WHERE source = $source
        AND native_id IN (SELECT native_id FROM fresh WHERE known_since IS NOT NULL)
    -- a first load may hold one twice until it ends
    QUALIFY row_number() OVER (PARTITION BY native_id ORDER BY raw_seq DESC, rowid DESC) = 1)
SELECT fresh.native_id, fresh.raw_seq, fresh.fetched_at, held.read_at, held.updated_at AS old_updated_at,
    held.field_origins AS old_origins, fresh.field_origins AS new_origins,
    fresh.updated_at, fresh.updated_at IS NOT NULL AND held.updated_at IS NOT NULL AS has_stamps,
    coalesce(fresh.updated_at > held.updated_at, false) AS moved,
    -- what was hidden, or did not fit, may have been edited unseen before
    CASE WHEN NOT EXISTS (FROM absent.issues AS a WHERE a.source = $source AND a.native_id = held.native_id)
        AND NOT EXISTS (FROM misread AS m WHERE m.native_id = held.native_id)
        THEN (SELECT c.sure_at FROM ledger.cursors AS c WHERE c.source = $source AND c.stream = $stream) END AS sure_at,
    {", ".join(f"{table}.{quoted(c)} AS {quoted(f'{age}_{c}')}" for age, table in _STATES.items() for c in _COLUMNS)}
FROM fresh JOIN held ON held.native_id = fresh.native_id
"""


def _changes(field: str, held: Held, unstamped: bool) -> str:
    """Of all pairs that differ in this field."""
    old, new = (_value(age, held) for age in ("old", "new"))
    start, end = _interval(unstamped)
    return f"""
    SELECT raw_seq || ':' || native_id || ':{field}' AS native_id, native_id AS issue_id, NULL::VARCHAR AS account_id,
        '{field}' AS field, {_text("old", held.word)} AS from_native, {_text("new", held.word)} AS to_native,
        ends_at AS changed_at, '{Evidence.OBSERVED.value}' AS evidence,
        CASE WHEN starts_at <= ends_at THEN starts_at END AS observed_from,
        {_text("old", held.id)} AS from_native_id, {_text("new", held.id)} AS to_native_id,
        raw_seq, fetched_at, NULL::TIMESTAMP AS known_since
    FROM (SELECT *, {start} AS starts_at, {end} AS ends_at FROM pairs)
    WHERE {old} IS DISTINCT FROM {new} AND {_is_comparable(field)}
    """


def _changes_since_left(field: str, held: Held, unstamped: bool, source: str) -> str:
    """Of pairs whose field is read from a place again, against what was last read there."""
    end = _interval(unstamped)[1]
    id_, word = (_text("new", column) for column in (held.id, held.word))
    return f"""
    SELECT raw_seq || ':' || native_id || ':{field}', native_id, NULL::VARCHAR, '{field}', word, {word}, ends_at,
        '{Evidence.OBSERVED.value}', CASE WHEN starts_at <= ends_at THEN starts_at END, value, {id_},
        raw_seq, fetched_at, NULL::TIMESTAMP
    FROM (SELECT pairs.*, l.value, l.word, l.read_at - INTERVAL {ANSWER_SECONDS} SECOND AS starts_at, {end} AS ends_at
        FROM (SELECT *, {_origin("new", field)} AS origin FROM pairs WHERE {_is_moved(field)}) AS pairs
        JOIN ledger.last_read AS l ON l.source = {text(source)} AND l.field = '{field}'
            AND l.native_id = pairs.native_id AND l.origin = pairs.origin)
    WHERE coalesce(value, word) IS DISTINCT FROM coalesce({id_}, {word})
    """


_MOVED = "old_origins <> new_origins"
"""Where no place is told, all is read from the same."""


def _origin(age: str, field: str) -> str:
    return f"json_extract_string({age}_origins, '$.{field}')"


def _is_moved(field: str) -> str:
    return f"({_MOVED} AND {_origin('old', field)} IS DISTINCT FROM {_origin('new', field)})"


def _is_comparable(field: str) -> str:
    return f"{_is_moved(field)} IS NOT TRUE"


def _interval(unstamped: bool) -> tuple[str, str]:
    """Start and end of the interval in which the old value became the new one.

    The time of a row's last change is that of its last edit: a start behind it is disproved. One that did not move
    tells that the tool changed the row without saying so, and a window may have missed that.
    """
    latest = "fetched_at" if unstamped else "CASE WHEN moved THEN least(updated_at, fetched_at) ELSE fetched_at END"
    possible = f"CASE WHEN {{0}} <= {latest} THEN {{0}} END"
    read_at = possible.format(f"(read_at - INTERVAL {ANSWER_SECONDS} SECOND)")
    sure_at = possible.format("sure_at")
    if unstamped:
        return f"greatest({read_at}, {sure_at})", latest
    return f"greatest({read_at}, CASE WHEN moved OR NOT has_stamps THEN {sure_at} END, old_updated_at)", latest


def _value(age: str, held: Held) -> str:
    columns = [quoted(f"{age}_{column}") for column in (held.id, held.word) if column]
    return f"coalesce({', '.join(columns)})"


def _text(age: str, column: str | None) -> str:
    """As text; of a whole number without its point."""
    return f"regexp_replace({quoted(f'{age}_{column}')}::VARCHAR, '[.]0$', '')" if column else "NULL::VARCHAR"
