"""What the hub knows about its own reading: runs, windows and their partitions, cursors, absences, what is pending.

Every change of it is an event with a name and JSON-able data, stored in the raw archive beside the answers it was
drawn from and applied by `apply_event`, so that a rebuild ends with the same ledger. The functions below it only read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from model.errors import HubError
from model.records import IssueLink
from model.tables import SYNCED
from warehouse.hub import Hub
from warehouse.raw import Entry
from warehouse.schema import quoted

__all__ = [
    "Cursor",
    "KnownSource",
    "OpenWindow",
    "apply_event",
    "as_event",
    "counts",
    "cursor",
    "end_first_loads",
    "fresh_tables",
    "instant",
    "known_source",
    "open_window",
    "parse_instant",
    "parts",
    "pending",
    "pending_count",
    "sources_of",
    "undone_partitions",
]


@dataclass(frozen=True)
class KnownSource:
    """What a source was when it was read. `changed_at`: since when (tool's clock); `settled`: read whole as that."""

    kind: str
    url: str
    instance: str
    account_id: str
    scope: str
    projects: list[str] | None
    filter_fingerprint: str
    decode_fingerprint: str
    changed_at: datetime
    settled: bool


GROUPED_AT_ONCE = 50_000
"""Rows: what must be grouped over a whole table is so in parts, as it would take 80 MB with 200,000."""


@dataclass(frozen=True)
class OpenWindow:
    """A window that was begun. Times are the tool's, UTC."""

    since_at: datetime | None
    until_at: datetime
    is_full: bool
    first_seq: int


@dataclass(frozen=True)
class Cursor:
    """How far a stream is known. `full_at`: when it was last read whole; `census`/`present`: at the last count.

    `sure_at` (streams whose history is observed): edits up to then are in each row that is held; None: not known.
    """

    through_at: datetime | None = None
    full_at: datetime | None = None
    census: int | None = None
    present: int | None = None
    census_at: datetime | None = None
    held_back: int = 0
    sure_at: datetime | None = None


def instant(at: datetime | None) -> str | None:
    """ISO text of an instant, UTC, as events keep it."""
    return None if at is None else at.astimezone(UTC).isoformat()


def parse_instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _stored(text: str | None) -> datetime | None:
    at = parse_instant(text)
    return None if at is None else at.astimezone(UTC).replace(tzinfo=None)


def _aware(at: datetime | None) -> datetime | None:
    return None if at is None else at.replace(tzinfo=UTC)


# ---- reading -----------------------------------------------------------------------------------------------------


def parts(hub: Hub) -> list[str]:
    """Files of the raw archive that were committed."""
    return [path for (path,) in hub.rows("SELECT path FROM ledger.parts ORDER BY first_seq")]


def known_source(hub: Hub, source: str) -> KnownSource | None:
    """What the source was when it was last read; None: never."""
    names = [f.name for f in fields(KnownSource)]
    rows = hub.rows(f"SELECT {', '.join(names)} FROM ledger.sources WHERE source = ?", [source])
    if not rows:
        return None
    found = KnownSource(*rows[0])
    return replace(found, changed_at=found.changed_at.replace(tzinfo=UTC))


def as_event(known: KnownSource) -> dict[str, Any]:
    """The data of a `source_known` event."""
    return {**vars(known), "changed_at": instant(known.changed_at)}


def sources_of(hub: Hub, kind: str, instance: str) -> list[str]:
    """Names of the sources that were read from an instance."""
    rows = hub.rows("SELECT source FROM ledger.sources WHERE kind = ? AND instance = ? ORDER BY 1", [kind, instance])
    return [name for (name,) in rows]


def cursor(hub: Hub, source: str, stream: str) -> Cursor:
    rows = hub.rows(
        "SELECT through_at, full_at, census, present, census_at, coalesce(held_back, 0), sure_at FROM ledger.cursors "
        "WHERE source = ? AND stream = ?",
        [source, stream],
    )
    if not rows:
        return Cursor()
    through_at, full_at, census, present, census_at, held_back, sure_at = rows[0]
    return Cursor(_aware(through_at), _aware(full_at), census, present, _aware(census_at), held_back, _aware(sure_at))


def open_window(hub: Hub, source: str, stream: str) -> OpenWindow | None:
    rows = hub.rows(
        "SELECT since_at, until_at, is_full, first_seq FROM ledger.windows WHERE source = ? AND stream = ?",
        [source, stream],
    )
    if not rows:
        return None
    since_at, until_at, is_full, first_seq = rows[0]
    return OpenWindow(_aware(since_at), until_at.replace(tzinfo=UTC), is_full, first_seq)


def undone_partitions(hub: Hub, source: str, stream: str) -> list[tuple[str, dict[str, Any]]]:
    """Key and spec of what is still to be read of an open window."""
    rows = hub.rows(
        "SELECT key, spec FROM ledger.partitions WHERE source = ? AND stream = ? AND NOT done ORDER BY rowid",
        [source, stream],
    )
    return [(key, json.loads(spec)) for key, spec in rows]


def pending(
    hub: Hub, source: str, stream: str, *, held_in: str | None = None, after: str = "", most: int = 2000
) -> list[str]:
    """Ids whose completion or fresh reading is due: some of them, those behind the id `after` in text order.

    With `held_in` only those that are held rows of that table: what is gone or hidden waits until it is back.
    """
    while True:
        rows = hub.rows(
            "SELECT native_id FROM ledger.pending WHERE source = ? AND stream = ? AND native_id > ? "
            "ORDER BY native_id LIMIT ?",
            [source, stream, after, most],
        )
        ids = list(dict.fromkeys(native_id for (native_id,) in rows))
        found = ids if held_in is None else _held(hub, source, held_in, ids)
        if found or not ids:
            return found
        after = ids[-1]


def _held(hub: Hub, source: str, table: str, ids: Sequence[str]) -> list[str]:
    """Those of these ids that are held rows of a table; some at a time, so that no large table is gathered for it."""
    with hub.lock, _registered_ids(hub, "due", ids):
        rows = hub.rows(
            f"""WITH held AS (SELECT DISTINCT t.source, t.native_id FROM due JOIN landed.{_table(table)} AS t
                ON t.source = ? AND t.native_id = due.native_id)
            SELECT native_id FROM held ANTI JOIN absent.{table} USING (source, native_id) ORDER BY native_id""",
            [source],
        )
    return [native_id for (native_id,) in rows]


def fresh_tables(hub: Hub, source: str, run_id: str) -> dict[str, list[str]]:
    """Tables that were empty of this source when this run opened a window, by stream: its first load."""
    found = "SELECT stream, fresh_tables FROM ledger.windows WHERE source = ? AND run_id = ?"
    return dict(hub.rows(found, [source, run_id]))


def counts(hub: Hub, source: str, stream: str) -> dict[str, int]:
    """How many of each kind the tool had when they were last read."""
    return dict(hub.rows("SELECT key, total FROM ledger.counts WHERE source = ? AND stream = ?", [source, stream]))


def pending_count(hub: Hub, source: str, stream: str) -> int:
    return int(
        hub.value(
            "SELECT count(DISTINCT native_id) FROM ledger.pending WHERE source = ? AND stream = ?", [source, stream]
        )
    )


# ---- events ------------------------------------------------------------------------------------------------------

_Apply = Callable[[Hub, Entry, Mapping[str, Any]], None]


def apply_event(hub: Hub, entry: Entry) -> None:
    """Applies an event of the archive to the ledger, within the caller's transaction."""
    _EVENTS[entry.request](hub, entry, json.loads(entry.body))


def _runs_abandoned(hub: Hub, entry: Entry, _data: Mapping[str, Any]) -> None:
    """What still seems to run at the start of another run was killed. When it ended is not known."""
    hub.con.execute(
        "UPDATE ledger.runs SET state = 'failed', error = 'killed' WHERE source = ? AND state = 'running'",
        [entry.source],
    )
    end_first_loads(hub, entry.source, entry.seq)


def _run_started(hub: Hub, entry: Entry, data: Mapping[str, Any]) -> None:
    hub.con.execute(
        "INSERT INTO ledger.runs BY NAME SELECT ? AS id, ? AS kind, ? AS source, 'running' AS state, ? AS started_at, "
        "0 AS requests, 0.0 AS throttled_seconds, 0 AS rows_changed",
        [entry.run_id, data["kind"], entry.source, _stored(data["at"])],
    )


def _run_ended(hub: Hub, entry: Entry, data: Mapping[str, Any]) -> None:
    hub.con.execute(
        "UPDATE ledger.runs SET state = ?, ended_at = ?, requests = ?, throttled_seconds = ?, rows_changed = ?, "
        "error = ? WHERE id = ?",
        [
            data["state"],
            _stored(data["at"]),
            data["requests"],
            data["throttled_seconds"],
            data["rows_changed"],
            data["error"],
            entry.run_id,
        ],
    )


def _stream_ended(hub: Hub, entry: Entry, data: Mapping[str, Any]) -> None:
    columns = {**data, "run_id": entry.run_id, "source": entry.source, "stream": entry.stream}
    for name in ("since_at", "through_at"):
        columns[name] = _stored(columns.get(name))
    names = ", ".join(f"? AS {quoted(name)}" for name in columns)
    hub.con.execute(f"INSERT INTO ledger.stream_runs BY NAME SELECT {names}", list(columns.values()))


def _source_known(hub: Hub, entry: Entry, data: Mapping[str, Any]) -> None:
    columns = {**data, "changed_at": _stored(data["changed_at"])}
    # what comes into sight by another account or filter may have been edited before
    hub.con.execute(
        """UPDATE ledger.cursors SET sure_at = NULL WHERE source = $source AND NOT EXISTS (FROM ledger.sources AS s
            WHERE s.source = $source AND s.account_id = $account AND s.scope = $scope
                AND s.filter_fingerprint = $filter)""",
        {
            "source": entry.source,
            "account": data["account_id"],
            "scope": data["scope"],
            "filter": data["filter_fingerprint"],
        },
    )
    hub.con.execute("DELETE FROM ledger.sources WHERE source = ?", [entry.source])
    hub.con.execute(
        f"INSERT INTO ledger.sources BY NAME SELECT ? AS source, {', '.join(f'? AS {quoted(n)}' for n in columns)}",
        [entry.source, *columns.values()],
    )


def _window_opened(hub: Hub, entry: Entry, data: Mapping[str, Any]) -> None:
    key = [entry.source, entry.stream]
    hub.con.execute("DELETE FROM ledger.windows WHERE source = ? AND stream = ?", key)
    hub.con.execute("DELETE FROM ledger.partitions WHERE source = ? AND stream = ?", key)
    hub.con.execute(
        "INSERT INTO ledger.windows VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            *key,
            next(iter(data.get("tables", ())), ""),
            _stored(data["since"]),
            _stored(data["until"]),
            data["full"],
            entry.seq,
            entry.run_id,
            [table for table in data.get("tables", ()) if not _has_rows(hub, entry.source, table)],
        ],
    )
    rows = pa.table(
        {
            "key": pa.array([part for part, _ in data["partitions"]], pa.string()),
            "spec": pa.array([json.dumps(spec) for _, spec in data["partitions"]], pa.string()),
        }
    )
    with _registered(hub, "planned", rows):
        hub.con.execute("INSERT INTO ledger.partitions SELECT ?, ?, key, spec, false FROM planned", key)


def _has_rows(hub: Hub, source: str, table: str) -> bool:
    return bool(hub.value(f"SELECT count(*) FROM landed.{_table(table)} WHERE source = ?", [source]))


def _partitions_done(hub: Hub, entry: Entry, data: Mapping[str, Any]) -> None:
    with _registered_ids(hub, "done", data["keys"]):
        hub.con.execute(
            "UPDATE ledger.partitions SET done = true FROM done WHERE source = ? AND stream = ? AND key = native_id",
            [entry.source, entry.stream],
        )


def _window_closed(hub: Hub, entry: Entry, data: Mapping[str, Any]) -> None:
    key = [entry.source, entry.stream]
    if data["full"]:
        _forget_unseen(hub, entry)
    end_first_loads(hub, entry.source, entry.seq, entry.stream)
    hub.con.execute("DELETE FROM ledger.windows WHERE source = ? AND stream = ?", key)
    hub.con.execute("DELETE FROM ledger.partitions WHERE source = ? AND stream = ?", key)
    _assert_each_once(hub, entry.source, data["table"])
    _ensure_cursor(hub, entry, data["table"])
    through = _stored(data["through"])
    hub.con.execute("UPDATE ledger.cursors SET through_at = ? WHERE source = ? AND stream = ?", [through, *key])
    if data["full"]:
        hub.con.execute("UPDATE ledger.cursors SET full_at = ? WHERE source = ? AND stream = ?", [through, *key])


def end_first_loads(hub: Hub, source: str | None = None, seq: int | None = None, stream: str | None = None) -> None:
    """A first load compares nothing: of rows that came more than once, the latest stands. All that come are compared
    from then on. To be done when the window closes, when another run goes on with it, and before it is published.

    Where rows of other tables came along with them, an older list may have held more: they are read once more.
    """
    for name, of_stream, table, tables in hub.rows(
        """SELECT source, stream, table_name, fresh_tables FROM ledger.windows WHERE len(fresh_tables) > 0
        AND ($source IS NULL OR source = $source) AND ($stream IS NULL OR stream = $stream)""",
        {"source": source, "stream": stream},
    ):
        if seq is None:
            seq = int(hub.value("SELECT coalesce(max(last_seq), 0) FROM ledger.parts"))
        came_along = any(_has_rows(hub, name, other) for other in tables if other != table)
        for fresh in tables:
            owner = "native_id" if fresh == table else "issue_id"
            # a link comes with both of its issues
            read_again = owner if fresh != IssueLink.table and (fresh != table or came_along) else None
            _keep_latest(hub, name, of_stream, fresh, read_again, seq)
        hub.con.execute(
            "UPDATE ledger.windows SET fresh_tables = [] WHERE source = ? AND stream = ?", [name, of_stream]
        )


def _keep_latest(hub: Hub, source: str, stream: str, table: str, read_again: str | None, seq: int) -> None:
    """Of rows that stand more than once. `read_again`: the column that names what of the stream is to be read again."""
    hub.con.execute("CREATE OR REPLACE TEMP TABLE double (native_id VARCHAR, kept BIGINT)")
    for part in _parts(hub, source, table):
        hub.con.execute(
            f"""INSERT INTO double SELECT native_id, arg_max(rowid, struct_pack(s := raw_seq, r := rowid))
            FROM landed.{table} WHERE source = ? AND {part} GROUP BY native_id HAVING count(*) > 1""",
            [source],
        )
    if not hub.value("SELECT count(*) FROM double"):
        return
    hub.con.execute(
        f"DELETE FROM landed.{table} AS t USING double WHERE t.source = ? AND t.native_id = double.native_id "
        "AND t.rowid <> double.kept",
        [source],
    )
    if read_again:
        hub.con.execute(
            f"""INSERT INTO ledger.pending SELECT DISTINCT $source, $stream, t.{read_again}, $seq
            FROM landed.{table} AS t JOIN double ON double.native_id = t.native_id
            WHERE t.source = $source AND t.{read_again} IS NOT NULL""",
            {"source": source, "stream": stream, "seq": seq},
        )


def _forget_unseen(hub: Hub, entry: Entry) -> None:
    """What did not fit before a whole reading, and was not met again in it, is not there any more, or fits."""
    key = [entry.source, entry.stream]
    first_seq = hub.value("SELECT first_seq FROM ledger.windows WHERE source = ? AND stream = ?", key)
    if first_seq is None:  # a list that is read whole within one run
        hub.con.execute(
            "DELETE FROM ledger.quarantine WHERE source = ? AND stream = ? AND run_id <> ?", [*key, entry.run_id]
        )
    else:
        hub.con.execute(
            "DELETE FROM ledger.quarantine WHERE source = ? AND stream = ? AND raw_seq < ?", [*key, first_seq]
        )


def _quarantine_left(hub: Hub, entry: Entry, data: Mapping[str, Any]) -> None:
    """Records that did not fit, and that the tool does not list any more."""
    with _registered_ids(hub, "settled", data["ids"]):
        hub.con.execute(
            "DELETE FROM ledger.quarantine AS q USING settled WHERE q.source = ? AND q.stream = ? "
            "AND q.native_id = settled.native_id",
            [entry.source, entry.stream],
        )


def _assert_each_once(hub: Hub, source: str, table: str) -> None:
    if hub.value(
        "SELECT count(*) FROM ledger.windows WHERE source = ? AND list_contains(fresh_tables, ?)", [source, table]
    ):
        return  # another window is still filling it
    for part in _parts(hub, source, table):
        double = hub.value(
            f"SELECT count(*) FROM (SELECT 1 FROM landed.{table} WHERE source = ? AND {part} "
            "GROUP BY native_id HAVING count(*) > 1)",
            [source],
        )
        if double:
            raise HubError(f"{table}: a row stands twice in the hub file: run `pmo rebuild`")


def _parts(hub: Hub, source: str, table: str) -> list[str]:
    """Conditions that cut a table by its ids into parts of some ten thousand rows: to group it takes memory."""
    rows = hub.value(f"SELECT count(*) FROM landed.{_table(table)} WHERE source = ?", [source])
    parts = max(1, -(-int(rows) // GROUPED_AT_ONCE))
    return [f"hash(native_id) % {parts} = {n}" for n in range(parts)]


def _whole_due(hub: Hub, entry: Entry, _data: Mapping[str, Any]) -> None:
    """A window that was begun before does not make it whole."""
    key = [entry.source, entry.stream]
    hub.con.execute("UPDATE ledger.cursors SET full_at = NULL, sure_at = NULL WHERE source = ? AND stream = ?", key)
    hub.con.execute("UPDATE ledger.windows SET is_full = false WHERE source = ? AND stream = ?", key)


def _census_taken(hub: Hub, entry: Entry, data: Mapping[str, Any]) -> None:
    _ensure_cursor(hub, entry, data["table"])
    hub.con.execute(
        "UPDATE ledger.cursors SET census = ?, present = ?, census_at = ?, held_back = ? "
        "WHERE source = ? AND stream = ?",
        [data["census"], data["present"], _stored(data["at"]), data["held_back"], entry.source, entry.stream],
    )


def _sure_through(hub: Hub, entry: Entry, data: Mapping[str, Any]) -> None:
    """Up to when edits are in each row that is held; null where something held was not seen."""
    hub.con.execute(
        "UPDATE ledger.cursors SET sure_at = ? WHERE source = ? AND stream = ?",
        [_stored(data["at"]), entry.source, entry.stream],
    )


def _ensure_cursor(hub: Hub, entry: Entry, table: str) -> None:
    key = [entry.source, entry.stream]
    if not hub.value("SELECT count(*) FROM ledger.cursors WHERE source = ? AND stream = ?", key):
        hub.con.execute(
            "INSERT INTO ledger.cursors BY NAME SELECT ? AS source, ? AS stream, ? AS table_name",
            [*key, table],
        )


def _absent(hub: Hub, entry: Entry, data: Mapping[str, Any]) -> None:
    """Verdicts on ids of one table: [id, availability, evidence]."""
    ids, availability, evidence = zip(*data["verdicts"], strict=True)
    hub.con.register("verdicts", pa.table({"native_id": ids, "availability": availability, "evidence": evidence}))
    hub.con.execute(
        f"""UPDATE landed.{_table(data["table"])} AS t SET availability = v.availability,
            availability_evidence = v.evidence, gone_at = $at, raw_seq = $seq, changed_run_id = $run
        FROM verdicts AS v WHERE t.source = $source AND t.native_id = v.native_id""",
        {"at": _stored(data["at"]), "seq": entry.seq, "run": entry.run_id, "source": entry.source},
    )
    hub.con.unregister("verdicts")


def _counted(hub: Hub, entry: Entry, data: Mapping[str, Any]) -> None:
    key = [entry.source, entry.stream, data["key"]]
    hub.con.execute("DELETE FROM ledger.counts WHERE source = ? AND stream = ? AND key = ?", key)
    hub.con.execute("INSERT INTO ledger.counts VALUES (?, ?, ?, ?)", [*key, data["total"]])


def _pending_noted(hub: Hub, entry: Entry, data: Mapping[str, Any]) -> None:
    with _registered_ids(hub, "noted", data["ids"]):
        hub.con.execute(
            "INSERT INTO ledger.pending SELECT ?, ?, native_id, ? FROM noted", [entry.source, entry.stream, entry.seq]
        )


def _delisted_settled(hub: Hub, entry: Entry, data: Mapping[str, Any]) -> None:
    with _registered_ids(hub, "settled", data["ids"]):
        hub.con.execute(
            "DELETE FROM ledger.delisted AS d USING settled WHERE d.source = ? AND d.table_name = ? "
            "AND d.native_id = settled.native_id",
            [entry.source, data["table"]],
        )


def _pending_settled(hub: Hub, entry: Entry, data: Mapping[str, Any]) -> None:
    with _registered_ids(hub, "settled", data["ids"]):
        hub.con.execute(
            "DELETE FROM ledger.pending AS p USING settled WHERE p.source = ? AND p.stream = ? "
            "AND p.native_id = settled.native_id",
            [entry.source, entry.stream],
        )


def _registered_ids(hub: Hub, name: str, ids: Sequence[str]) -> AbstractContextManager[None]:
    """Makes ids a table for one statement: a list as a parameter is slow."""
    return _registered(hub, name, pa.table({"native_id": pa.array(ids, pa.string())}))


@contextmanager
def _registered(hub: Hub, name: str, rows: pa.Table) -> Iterator[None]:
    hub.con.register(name, rows)
    try:
        yield
    finally:
        hub.con.unregister(name)


def _steps_offered(hub: Hub, entry: Entry, data: Mapping[str, Any]) -> None:
    """Where a workflow was seen to lead on from, and whereto; takes the place of what was known of these places."""
    for project, type_, start, steps in data["places"]:
        place = [entry.source, project, type_, start]
        hub.con.execute(
            "DELETE FROM ledger.offered_steps WHERE source = ? AND project_id IS NOT DISTINCT FROM ? "
            "AND type_id IS NOT DISTINCT FROM ? AND start_id = ?",
            place,
        )
        for end, name in steps:
            hub.con.execute("INSERT INTO ledger.offered_steps VALUES (?, ?, ?, ?, ?, ?)", [*place, end, name])


def _source_renamed(hub: Hub, _entry: Entry, data: Mapping[str, Any]) -> None:
    landed = [f"landed.{record.table}" for record in SYNCED]
    names = (
        "sources",
        "windows",
        "partitions",
        "cursors",
        "pending",
        "counts",
        "delisted",
        "quarantine",
        "runs",
        "stream_runs",
        "offered_steps",
        "observed",
        "last_read",
    )
    for table in [*landed, *(f"ledger.{name}" for name in names)]:
        hub.con.execute(f"UPDATE {table} SET source = ? WHERE source = ?", [data["to"], data["from"]])


def _table(name: str) -> str:
    assert name in {record.table for record in SYNCED}, name
    return name


_EVENTS: dict[str, _Apply] = {
    "runs_abandoned": _runs_abandoned,
    "run_started": _run_started,
    "run_ended": _run_ended,
    "stream_ended": _stream_ended,
    "source_known": _source_known,
    "window_opened": _window_opened,
    "partitions_done": _partitions_done,
    "window_closed": _window_closed,
    "whole_due": _whole_due,
    "census_taken": _census_taken,
    "sure_through": _sure_through,
    "absent": _absent,
    "counted": _counted,
    "quarantine_left": _quarantine_left,
    "delisted_settled": _delisted_settled,
    "pending_noted": _pending_noted,
    "pending_settled": _pending_settled,
    "steps_offered": _steps_offered,
    "source_renamed": _source_renamed,
}
