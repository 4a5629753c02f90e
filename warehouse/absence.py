"""Which rows a source no longer shows: questions the pull engine asks the hub file, all about one source and table.

"Held" means that the hub counts a row as there: neither the row itself nor a parent of it is known to be gone.
Nothing is decided here; verdicts are events (`warehouse.ledger`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from itertools import count

import pyarrow as pa

from model.columns import columns_of
from model.mapping import MAPPED_KINDS
from model.records import SprintIssue, Word
from model.tables import SYNCED
from warehouse.hub import Hub
from warehouse.schema import quoted

__all__ = [
    "Bounds",
    "IdList",
    "delisted",
    "has_unread",
    "held_count",
    "held_not_in",
    "held_parts",
    "middle",
    "not_held",
    "owners_not_in",
    "quarantined_count",
    "quarantined_not_in",
    "referred",
    "referring",
    "refers_to_unknown",
]

Bounds = tuple[int | date | str | None, int | date | str | None]
"""A closed range of an axis; None is open."""


class IdList:
    """Ids the tool listed, in a table of the hub: there may be more of them than memory should hold."""

    _made = count()

    def __init__(self, hub: Hub) -> None:
        self.table = f"listed_{next(self._made)}"
        self._hub = hub
        with hub.lock:
            hub.rows(f"CREATE TEMP TABLE {self.table} (native_id VARCHAR)")
            hub.scratch.add(self.table)

    def add(self, ids: Iterable[str]) -> None:
        with _registered(self._hub, ids) as table:
            self._hub.rows(f"INSERT INTO {self.table} SELECT native_id FROM {table}")

    def total(self) -> int:
        """How many different ones."""
        return int(self._hub.value(f"SELECT count(DISTINCT native_id) FROM {self.table}"))

    def __enter__(self) -> IdList:
        return self

    def __exit__(self, *_: object) -> None:
        with self._hub.lock:
            self._hub.scratch.discard(self.table)
            self._hub.rows(f"DROP TABLE {self.table}")


Ids = Iterable[str] | IdList
"""Ids as an Arrow array, or as anything else that gives them."""


def held_count(hub: Hub, source: str, table: str, axis: str = "id", bounds: Bounds = (None, None)) -> int:
    """How many rows are held within a range of the axis."""
    return int(hub.value(f"SELECT count(*) {_held(table, axis)}", _parameters(source, bounds)))


def quarantined_count(hub: Hub, source: str, stream: str, table: str, bounds: Bounds = (None, None)) -> int:
    """How many records within a range of ids did not fit, and have no older version that is held."""
    if not _any_quarantined(hub, source, stream):
        return 0
    return int(
        hub.value(
            f"""SELECT count(DISTINCT q.native_id) FROM ledger.quarantine AS q
            WHERE q.source = $source AND q.stream = $stream AND try_cast(q.native_id AS BIGINT) IS NOT NULL
              AND {_within("try_cast(q.native_id AS BIGINT)")}
              AND NOT EXISTS (FROM landed.{table} AS t
                LEFT JOIN absent.{table} AS a ON a.source = t.source AND a.native_id = t.native_id
                WHERE t.source = q.source AND t.native_id = q.native_id AND a.native_id IS NULL)""",
            {**_parameters(source, bounds), "stream": stream},
        )
    )


def quarantined_not_in(hub: Hub, source: str, stream: str, listed: Ids, bounds: Bounds = (None, None)) -> list[str]:
    """Ids of records that did not fit, within a range of ids, and that are not among those the tool listed."""
    if not _any_quarantined(hub, source, stream):
        return []
    with _registered(hub, listed) as named:
        rows = hub.rows(
            f"""SELECT DISTINCT q.native_id FROM ledger.quarantine AS q
            WHERE q.source = $source AND q.stream = $stream AND try_cast(q.native_id AS BIGINT) IS NOT NULL
              AND {_within("try_cast(q.native_id AS BIGINT)")}
              AND q.native_id NOT IN (SELECT native_id FROM {named}) ORDER BY 1""",
            {**_parameters(source, bounds), "stream": stream},
        )
    return [native_id for (native_id,) in rows]


def _any_quarantined(hub: Hub, source: str, stream: str) -> bool:
    """Mostly there is none, and this takes a twentieth of the time that the whole questions take."""
    return bool(hub.value("SELECT EXISTS (FROM ledger.quarantine WHERE source = ? AND stream = ?)", [source, stream]))


def held_parts(hub: Hub, source: str, table: str, column: str, owners: Ids) -> int:
    """How many held rows of a table are parts of these owners."""
    with _registered(hub, owners) as named:
        return int(
            hub.value(
                f"SELECT count(*) {_held(table, 'id')} AND t.{quoted(column)} IN (SELECT native_id FROM {named})",
                _parameters(source, (None, None)),
            )
        )


def middle(hub: Hub, source: str, table: str, axis: str, bounds: Bounds) -> int | date | None:
    """A value of the axis that cuts the held rows of a range in two: up to it, and above. None: it cannot be cut."""
    cut = hub.value(f"SELECT quantile_disc({_value(axis)}, 0.5) {_held(table, axis)}", _parameters(source, bounds))
    if cut is None or cut == bounds[1]:
        return None
    return cut if isinstance(cut, date) else int(cut)


def held_not_in(
    hub: Hub, source: str, table: str, listed: Ids, axis: str = "id", bounds: Bounds = (None, None)
) -> list[str]:
    """Ids that are held within a range, and not among those the tool listed."""
    with _registered(hub, listed) as named:
        rows = hub.rows(
            f"SELECT t.native_id {_held(table, axis)} AND t.native_id NOT IN (SELECT native_id FROM {named}) "
            "ORDER BY t.native_id",
            _parameters(source, bounds),
        )
    return [native_id for (native_id,) in rows]


def not_held(hub: Hub, source: str, stream: str, table: str, listed: Ids) -> list[str]:
    """Ids the tool listed that are unknown, or known as gone in themselves, and not in quarantine either."""
    with _registered(hub, listed) as named:
        rows = hub.rows(
            f"""SELECT DISTINCT l.native_id FROM {named} AS l
            LEFT JOIN landed.{table} AS t ON t.source = $source AND t.native_id = l.native_id
            WHERE (t.native_id IS NULL OR t.availability <> 'present')
              AND NOT EXISTS (FROM ledger.quarantine AS q
                WHERE q.source = $source AND q.stream = $stream AND q.native_id = l.native_id)
            ORDER BY l.native_id""",
            {"source": source, "stream": stream},
        )
    return [native_id for (native_id,) in rows]


def referred(hub: Hub, source: str, table: str, column: str, ids: Ids) -> list[str]:
    """What a reference column of these rows points to."""
    with _registered(hub, ids) as named:
        rows = hub.rows(
            f"SELECT DISTINCT t.{quoted(column)} FROM landed.{table} AS t "
            f"JOIN {named} AS l ON l.native_id = t.native_id "
            f"WHERE t.source = ? AND t.{quoted(column)} IS NOT NULL ORDER BY 1",
            [source],
        )
    return [native_id for (native_id,) in rows]


def owners_not_in(hub: Hub, source: str, table: str, column: str, kind: str, listed: Ids) -> list[str]:
    """Owners (by that reference column) of held links of a native kind that are not among those the tool listed."""
    with _registered(hub, listed) as named:
        rows = hub.rows(
            f"SELECT DISTINCT t.{quoted(column)} {_held(table, 'id')} AND t.native_kind = $kind "
            f"AND t.{quoted(column)} NOT IN (SELECT native_id FROM {named}) ORDER BY 1",
            {**_parameters(source, (None, None)), "kind": kind},
        )
    return [native_id for (native_id,) in rows]


def referring(hub: Hub, source: str, table: str, column: str, ids: Ids) -> list[str]:
    """Rows whose reference column points to one of these."""
    with _registered(hub, ids) as named:
        rows = hub.rows(
            f"SELECT DISTINCT t.native_id FROM landed.{table} AS t "
            f"JOIN {named} AS l ON l.native_id = t.{quoted(column)} "
            "WHERE t.source = ? AND t.availability = 'present' ORDER BY 1",
            [source],
        )
    return [native_id for (native_id,) in rows]


def has_unread(hub: Hub, source: str, stream: str) -> bool:
    """Whether something in quarantine may be any record: a page that was not understood, or one without an id."""
    return bool(
        hub.value(
            "SELECT count(*) FROM ledger.quarantine WHERE source = ? AND stream = ? "
            "AND (native_id IS NULL OR suffix(native_id, '/'))",
            [source, stream],
        )
    )


def refers_to_unknown(hub: Hub, source: str, table: str, run_id: str) -> bool:
    """Whether rows that this run brought need a record of this table that is not known: its list has grown since.

    What was unknown before stays so until the list is due: deleted words and sprints are in use for ever, and stand in
    histories that are read again.
    """
    if table == Word.table:
        used = " UNION ALL ".join(
            f"SELECT '{kind.value}' AS kind, native_{kind.value}_id AS word_id FROM landed.issues "
            "WHERE source = $source AND changed_run_id = $run"
            for kind in MAPPED_KINDS
        )
        return bool(
            hub.value(
                f"""SELECT count(*) FROM ({used}) AS u WHERE u.word_id IS NOT NULL
                AND NOT EXISTS (FROM landed.words AS w
                    WHERE w.source = $source AND w.kind = u.kind AND w.word_id = u.word_id)
                AND NOT EXISTS (FROM ledger.word_map AS m
                    WHERE m.source = $source AND m.kind = u.kind AND m.word_id = u.word_id)""",
                {"source": source, "run": run_id},
            )
        )
    return any(
        hub.value(
            f"""SELECT count(*) FROM landed.{record.table} AS t WHERE t.source = $source AND t.changed_run_id = $run
            AND {
                "t.first_seen_at = (SELECT started_at FROM ledger.runs WHERE id = $run) AND"
                if record is SprintIssue
                else ""
            } t.{quoted(column.name)}
            NOT IN (SELECT native_id FROM landed.{table} WHERE source = $source)""",
            {"source": source, "run": run_id},
        )
        for record in SYNCED
        for column in columns_of(record)
        if column.ref == table and not column.derived
    )


def delisted(hub: Hub, source: str) -> dict[str, list[tuple[str, str]]]:
    """Rows that a whole list of their owner lacked, by table: id and owner, where they still count as there."""
    tables = [t for (t,) in hub.rows("SELECT DISTINCT table_name FROM ledger.delisted WHERE source = ?", [source])]
    found = {}
    for table in tables:
        found[table] = hub.rows(
            f"""SELECT t.native_id, max(d.owner) FROM ledger.delisted AS d
            JOIN landed.{table} AS t ON t.source = d.source AND t.native_id = d.native_id
            WHERE d.source = ? AND d.table_name = ? AND t.availability = 'present' AND t.raw_seq < d.seq
              AND NOT EXISTS (FROM absent.{table} AS a WHERE a.source = t.source AND a.native_id = t.native_id)
            GROUP BY t.native_id ORDER BY t.native_id""",
            [source, table],
        )
    return found


@contextmanager
def _registered(hub: Hub, ids: Ids) -> Iterator[str]:
    """Makes ids a table for one question; its name."""
    if isinstance(ids, IdList):
        yield ids.table
        return
    column = ids if isinstance(ids, pa.ChunkedArray | pa.Array) else pa.array(list(ids), pa.string())
    with hub.lock:
        hub.con.register("listed", pa.table({"native_id": column}))
        try:
            yield "listed"
        finally:
            hub.con.unregister("listed")


def _value(axis: str) -> str:
    return "try_cast(t.native_id AS BIGINT)" if axis == "id" else f"t.{quoted(axis)}"


def _within(value: str) -> str:
    return f"($low IS NULL OR {value} >= $low) AND ($high IS NULL OR {value} <= $high)"


def _held(table: str, axis: str) -> str:
    return f"""FROM landed.{table} AS t
        LEFT JOIN absent.{table} AS a ON a.source = t.source AND a.native_id = t.native_id
        WHERE t.source = $source AND a.native_id IS NULL AND {_within(_value(axis))}"""


def _parameters(source: str, bounds: Bounds) -> dict[str, int | date | str | None]:
    return {"source": source, "low": bounds[0], "high": bounds[1]}
