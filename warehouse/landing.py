"""Landing: one commit takes answers and events into the raw archive and the hub file, whole or not at all.

`Landing.commit` is for what comes from the tools, `Landing.replay` for what comes back from the archive; both end in
the same `_apply`, so that a rebuild gives equal tables. Within a commit answers come first, in the order of their
`seq`, then events. Rows are deduplicated by id, the later answer wins, and a row is written only if its content
differs: the same answer twice changes nothing.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from model.columns import columns_of, landed_columns
from model.records import Issue, IssueChange, Synced, Worklog
from model.tables import SYNCED
from model.vocabulary import Evidence
from warehouse import ledger
from warehouse.hub import Hub
from warehouse.observed import Moved, Observing, make_changes, misread_before, moved_origins, note_observing
from warehouse.raw import EVENT, Entry, RawArchive
from warehouse.schema import quoted

__all__ = ["Answer", "Event", "Landed", "Landing", "StreamFacts"]

TAKEN_BEFORE_REOPENING = 64_000_000
"""What DuckDB keeps of so many bytes taken in is let go: of 130,000 small answers it is 50 MB, beyond its limit. That
takes a tenth of a second, which a small run does not have to spare."""
_OF_COMMIT, _OF_ANSWER, _OF_ROW = 2_000_000, 30_000, 1_000  # how much each counts, however little it says

SAME_MOMENT_SECONDS = 2
"""Tools tell time in seconds: a row read this soon after its last change may change again without showing it."""


LANDING_KINDS = frozenset({"page", "census", "probe"})
"""Answers whose records land: pages, lists of a census, single records found. Others decide: identity, plan, count,
and `gone` (asked for by id, and not there)."""


class Decoded(Protocol):
    """What the hub needs of a connector's batch; `connectors.contract.Batch` is one."""

    @property
    def rows(self) -> Mapping[str, pa.Table]: ...
    @property
    def rejects(self) -> Sequence[Any]: ...
    @property
    def complete(self) -> Mapping[str, Sequence[str]]: ...
    @property
    def cut(self) -> Mapping[str, Sequence[str]]: ...
    @property
    def departed(self) -> Mapping[str, Sequence[Any]]: ...
    @property
    def seen(self) -> int: ...


@dataclass(frozen=True)
class StreamFacts:
    """What the hub must know of a stream: its table, which streams its changes make read, what it observes of it."""

    name: str
    table: str
    completed_by: tuple[str, ...] = ()  # FOLLOW streams that complete this stream's rows
    completes: str | None = None  # the stream whose rows this one completes
    touches: str | None = None
    touches_by: str | None = None
    observing: Observing | None = None


@dataclass(frozen=True)
class Answer:
    """An answer of a tool on its way into the hub. `decoded` is None where it only decides (a count, a plan)."""

    stream: str
    kind: str
    body: bytes
    request: str
    fetched_at: datetime
    partition: str = ""
    status: int = 200
    last: bool = False
    decoded: Decoded | None = None


@dataclass(frozen=True)
class Event:
    """A decision on its way into the hub; `data` is JSON-able."""

    name: str
    stream: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Landed:
    """What a commit did, per stream. `changed`: all rows it wrote, `new` of them never seen before, `gone` no longer in
    the tool."""

    seen: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    new: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    changed: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    gone: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    quarantined: dict[str, int] = field(default_factory=lambda: defaultdict(int))


class Landing:
    """The way into one hub file, for all sources."""

    def __init__(self, hub: Hub, archive: RawArchive, streams: Mapping[str, Mapping[str, StreamFacts]]) -> None:
        self.hub = hub
        self.archive = archive
        self.streams = streams  # source → stream → facts
        self._archiving = ThreadPoolExecutor(1, thread_name_prefix="archive")
        self._seq = int(hub.value("SELECT coalesce(max(last_seq), 0) FROM ledger.parts"))
        self._taken = 0

    def commit(self, source: str, run_id: str, answers: Sequence[Answer], events: Sequence[Event] = ()) -> Landed:
        """Durable when this returns. Raises FileError if the disk is full, with nothing half-written."""
        if not answers and not events:
            return Landed()
        with self.hub.lock:
            entries = self._entries(source, run_id, answers, events)
            # compressed and synced while the rows are merged: neither needs the other before the commit
            writing = self._archiving.submit(self.archive.write, source, run_id, entries)
            try:
                landed = self._take(source, run_id, entries, [a.decoded for a in answers], writing.result)
            except BaseException:
                with suppress(Exception):  # what cannot be told now is swept when the hub is opened next
                    written = writing.result()[0]
                    if not self._is_named(written):
                        self.archive.discard(written)
                raise
            self._taken += _OF_COMMIT + sum(_bulk(answer) for answer in answers)
            if self._taken >= TAKEN_BEFORE_REOPENING:
                self._taken = 0
                self.hub.reopen()
        return landed

    def replay(self, relative: str, decode: Callable[[Entry], Decoded | None]) -> None:
        """Takes an archived part in again; `decode` understands an answer of it. Raises FileError if it is damaged."""
        entries = self.archive.read(relative)  # whole, as it was committed: the same grouping gives the same rows
        decoded = [decode(e) if e.kind in LANDING_KINDS and e.status == 200 else None for e in entries]
        size = (self.archive.folder / relative).stat().st_size
        self._take(entries[0].source, entries[0].run_id, entries, decoded, lambda: (relative, size))

    def _take(
        self,
        source: str,
        run_id: str,
        entries: Sequence[Entry],
        decoded: Sequence[Decoded | None],
        archived: Callable[[], tuple[str, int]],
    ) -> Landed:
        """One transaction; again with more memory where it was too little. `archived` waits for the part's name."""
        while True:
            landed = Landed()
            try:
                with self.hub.transaction():
                    self._apply(source, run_id, entries, decoded, landed)
                    self._name(*archived(), run_id, entries)
                break
            except BaseException as error:
                if not self.hub.grow(error):
                    raise self.hub.said(error) from error
                if self._is_named(archived()[0]):
                    break  # it failed in what came after the commit
        self._seq = max(self._seq, entries[-1].seq)
        return landed

    def _is_named(self, relative: str) -> bool:
        return bool(self.hub.value("SELECT count(*) FROM ledger.parts WHERE path = ?", [relative]))

    def _name(self, relative: str, size: int, run_id: str, entries: Sequence[Entry]) -> None:
        self.hub.con.execute(
            "INSERT INTO ledger.parts VALUES (?, ?, ?, ?, ?)",
            [relative, run_id, entries[0].seq, entries[-1].seq, size],
        )

    def _entries(self, source: str, run_id: str, answers: Sequence[Answer], events: Sequence[Event]) -> list[Entry]:
        now = datetime.now(UTC)
        made = [
            Entry(
                0,
                source,
                a.stream,
                run_id,
                a.kind,
                a.partition,
                a.request,
                a.status,
                a.last,
                a.fetched_at,
                a.body,
            )
            for a in answers
        ]
        made += [
            Entry(0, source, e.stream, run_id, EVENT, "", e.name, 0, False, now, json.dumps(e.data).encode())
            for e in events
        ]
        return [Entry(**{**entry.__dict__, "seq": self._seq + n}) for n, entry in enumerate(made, 1)]

    def _apply(
        self,
        source: str,
        run_id: str,
        entries: Sequence[Entry],
        decoded: Sequence[Decoded | None],
        landed: Landed,
    ) -> None:
        answers = [(e, d) for e, d in zip(entries, [*decoded, *[None] * len(entries)], strict=False) if d is not None]
        if answers:
            _Merge(self, source, run_id, answers, landed).run()
        for entry in entries:
            if entry.kind == EVENT:
                ledger.apply_event(self.hub, entry)


def _bulk(answer: Answer) -> int:
    tables = answer.decoded.rows.values() if answer.decoded is not None else ()
    rows: int = sum(table.num_rows for table in tables)
    return _OF_ANSWER + len(answer.body) + _OF_ROW * rows


class _Merge:
    """Takes the decoded answers of one commit into the landed tables."""

    def __init__(
        self,
        landing: Landing,
        source: str,
        run_id: str,
        answers: Sequence[tuple[Entry, Decoded]],
        landed: Landed,
    ) -> None:
        self.hub = landing.hub
        self.con = landing.hub.con
        self.facts = landing.streams.get(source, {})
        self.source = source
        self.run_id = run_id
        self.answers = answers
        self.landed = landed
        self.fresh_tables = ledger.fresh_tables(self.hub, source, run_id)
        self.observing = next((f.observing for f in self.facts.values() if f.observing), None)

    def run(self) -> None:
        by_table: dict[str, list[tuple[Entry, pa.Table]]] = defaultdict(list)
        for entry, batch in self.answers:
            self.landed.seen[entry.stream] += batch.seen
            for table, rows in batch.rows.items():
                if rows.num_rows:
                    by_table[table].append((entry, rows))
                if self._told_of(table, entry.stream) != entry.stream:
                    self.landed.seen[self._told_of(table, entry.stream)] += rows.num_rows
        self.quarantined = self._any("quarantine")
        self.delisted = self._any("delisted")
        if self.observing is not None and Issue.table in by_table:
            note_observing(self.con, self.source, self.observing)
            self.misread = misread_before(self.con, self.source, self.observing)
        self._quarantine()
        for record in SYNCED:
            incoming = _incoming(by_table[record.table]) if record.table in by_table else None
            self._merge(record, incoming)
            if record is Issue and incoming is not None and self.observing is not None:
                self._tell_moved(self.observing, incoming)
            self._complete(record, incoming)
        self._note_cut()
        self._settle_pending()

    def _told_of(self, table: str, stream: str) -> str:
        """The stream that rows of a table are told of: the table's own, whichever brought them along."""
        if stream in self.facts and self.facts[stream].table == table:
            return stream
        return next((f.name for f in self.facts.values() if f.table == table), stream)

    def _any(self, table: str) -> bool:
        return bool(self.hub.value(f"SELECT count(*) FROM ledger.{table} WHERE source = ?", [self.source]))

    def _is_fresh(self, record: type[Synced], stream: str) -> bool:
        """Whether rows of a table that come with this stream are met for the first time: nothing to be compared."""
        return record.table in self.fresh_tables.get(stream, ())

    def _merge(self, record: type[Synced], incoming: pa.Table | None) -> None:
        departed = self._departed(record)
        if incoming is None and departed is None:
            return
        if departed is not None:
            self.con.register("departed", departed)
        if incoming is not None:
            self._forget_misfits(record, incoming)
            streams = set(incoming["stream"].unique().to_pylist())
            if departed is None and all(self._is_fresh(record, stream) for stream in streams):
                self._add(record, incoming)
            else:
                self._renew(record, incoming, departing=departed is not None)
        if departed is not None:
            self._depart(record)
            self.con.unregister("departed")

    def _forget_misfits(self, record: type[Synced], incoming: pa.Table) -> None:
        """What fits now is in quarantine no longer."""
        if not self.quarantined:
            return
        with self._registered("incoming", incoming.select(["native_id", "raw_seq"])):
            self.con.execute(
                """DELETE FROM ledger.quarantine AS q USING (SELECT native_id, max(raw_seq) AS raw_seq FROM incoming
                   GROUP BY native_id) AS i WHERE q.source = ? AND list_contains(?, q.stream)
                   AND q.native_id = i.native_id AND q.raw_seq < i.raw_seq""",
                [self.source, [f.name for f in self.facts.values() if f.table == record.table]],
            )

    def _add(self, record: type[Synced], incoming: pa.Table) -> None:
        """First load: nothing is known to compare with. Rows that come twice are found when the window closes."""
        first = f"(SELECT *, {_NOTHING_OLD} FROM incoming {_once(incoming)})"
        with self._registered("incoming", incoming):
            self._note_pending(record, first)
            for stream, rows in _counts(incoming, "stream"):
                self.landed.changed[self._told_of(record.table, stream)] += rows
                self.landed.new[self._told_of(record.table, stream)] += rows
            self._insert(record, first, "'present'", "NULL", "NULL")

    def _renew(self, record: type[Synced], incoming: pa.Table, *, departing: bool) -> None:
        """Deduplicates by id, the later answer wins, and writes the rows that are new or differ."""
        table = f"landed.{record.table}"
        gone = "LEFT JOIN departed ON departed.native_id = once.native_id" if departing else ""
        availability = "coalesce(departed.availability, 'present')" if departing else "'present'"
        with self._registered("incoming", incoming):
            self.con.execute(
                f"""
                CREATE OR REPLACE TEMP TABLE fresh AS
                WITH once AS (SELECT * FROM incoming {_once(incoming)}),
                -- the few that are met again, so that no join keeps the whole table in memory
                known AS (
                    SELECT * FROM {table} WHERE source = $source AND native_id IN (SELECT native_id FROM incoming)
                    -- a first load may hold one twice until it ends
                    QUALIFY row_number() OVER (PARTITION BY native_id ORDER BY raw_seq DESC, rowid DESC) = 1),
                met AS (
                    SELECT once.* {_fixed(record)}, {availability} AS availability,
                        {"departed.evidence" if departing else "NULL::VARCHAR"} AS evidence,
                        known.first_seen_at AS known_since, known.content AS old_content, {_old(record)}
                    FROM once LEFT JOIN known ON known.native_id = once.native_id {gone}
                    WHERE known.native_id IS NULL OR once.raw_seq > known.raw_seq)
                SELECT * FROM met WHERE known_since IS NULL OR old_content <> hash({_content(record)})
                    OR old_availability <> availability
                """,
                {"source": self.source},
            )
        changed = self.con.execute(
            """SELECT stream, count(*), count(*) FILTER (known_since IS NULL),
                count(*) FILTER (availability <> 'present') FROM fresh GROUP BY stream"""
        ).fetchall()
        if not changed:
            return
        for stream, rows, new, gone_ in changed:
            told = self._told_of(record.table, stream)
            self.landed.changed[told] += rows
            self.landed.new[told] += new
            self.landed.gone[told] += gone_
        self._note_pending(record, "fresh")
        if record is Issue and self.observing is not None:
            self._observe(self.observing)
        self.con.execute(
            f"DELETE FROM {table} AS t USING fresh WHERE fresh.known_since IS NOT NULL AND t.source = ? "
            "AND t.native_id = fresh.native_id",
            [self.source],
        )
        self._insert(
            record, "fresh", "availability", "evidence", "CASE WHEN availability <> 'present' THEN fetched_at END"
        )

    def _observe(self, observing: Observing) -> None:
        """Issues that are not as they were: history the tool does not tell."""
        changes = make_changes(self.con, self.source, observing, self.misread)
        if changes:
            self.landed.changed[IssueChange.table] += changes
            self.landed.new[IssueChange.table] += changes
            self._insert(IssueChange, "observed", "'present'", "NULL", "NULL")

    def _tell_moved(self, observing: Observing, incoming: pa.Table) -> None:
        """Fields that are read from another place than before, for as long as they are: stands in quarantine."""
        if not self._any("last_read"):
            return
        seq = pc.max(incoming["raw_seq"]).as_py()
        for moved in moved_origins(self.con, self.source, incoming["project_id"].unique().drop_null().to_pylist()):
            self.landed.quarantined[observing.stream] += 1
            self._keep_rejected(_moved_as_reject(observing.stream, moved), seq)

    def _insert(self, record: type[Synced], rows: str, availability: str, evidence: str, gone_at: str) -> None:
        columns = ", ".join(quoted(c.name) for c in landed_columns(record))
        self.con.execute(
            f"""INSERT INTO landed.{record.table} BY NAME
            SELECT $source AS source, {columns}, {availability} AS availability,
                {evidence} AS availability_evidence, coalesce(known_since, $now) AS first_seen_at, {gone_at} AS gone_at,
                $run AS changed_run_id, raw_seq, hash({_content(record)}) AS content, fetched_at AS read_at
            FROM {rows}""",
            {"source": self.source, "run": self.run_id, "now": self._now},
        )

    def _departed(self, record: type[Synced]) -> pa.Table | None:
        """Records of which the tool itself says that they are gone, as its last answer has it."""
        said = {
            d.native_id: (d.availability.value, d.evidence, entry)
            for entry, batch in self.answers
            for d in batch.departed.get(record.table, ())
        }
        if not said:
            return None
        return pa.table(
            {
                "native_id": pa.array(list(said), pa.string()),
                "availability": pa.array([availability for availability, _, _ in said.values()], pa.string()),
                "evidence": pa.array([evidence for _, evidence, _ in said.values()], pa.string()),
                "raw_seq": pa.array([entry.seq for _, _, entry in said.values()], pa.int64()),
                "gone_at": pa.array([_utc(entry.fetched_at) for _, _, entry in said.values()], pa.timestamp("us")),
                "stream": pa.array([entry.stream for _, _, entry in said.values()], pa.string()),
            }
        )

    def _depart(self, record: type[Synced]) -> None:
        """Known rows that the tool calls gone; a later answer that shows one of them takes it back."""
        where = (
            "t.source = $source AND t.native_id = d.native_id AND t.raw_seq < d.raw_seq "
            "AND t.availability <> d.availability"
        )
        found = self.con.execute(
            f"SELECT d.stream, count(*) FROM landed.{record.table} AS t, departed AS d WHERE {where} GROUP BY ALL",
            {"source": self.source},
        ).fetchall()
        if not found:
            return
        for stream, rows in found:
            self.landed.changed[self._told_of(record.table, stream)] += rows
            self.landed.gone[self._told_of(record.table, stream)] += rows
        self.con.execute(
            f"""UPDATE landed.{record.table} AS t SET availability = d.availability,
                availability_evidence = d.evidence, gone_at = d.gone_at, raw_seq = d.raw_seq, changed_run_id = $run
            FROM departed AS d WHERE {where}""",
            {"source": self.source, "run": self.run_id},
        )

    @contextmanager
    def _registered(self, name: str, rows: pa.Table) -> Iterator[None]:
        self.con.register(name, rows)
        try:
            yield
        finally:
            self.con.unregister(name)

    @cached_property
    def _now(self) -> datetime:
        """Start of the run, UTC without zone."""
        started = self.hub.value("SELECT started_at FROM ledger.runs WHERE id = ?", [self.run_id])
        return started or _utc(self.answers[0][0].fetched_at)

    def _note_pending(self, record: type[Synced], rows: str) -> None:
        """New or changed rows make the streams that complete them, and those they touch, be read."""
        for facts in self.facts.values():
            if facts.table != record.table or facts.completes:
                continue
            when, just_changed = "TRUE", "FALSE"
            if "updated_at" in record.model_fields:
                just_changed = f"updated_at >= fetched_at - INTERVAL {SAME_MOMENT_SECONDS} SECOND"
                when = (
                    "(known_since IS NULL OR old_availability <> 'present' OR updated_at IS NULL "
                    f"OR updated_at IS DISTINCT FROM old_updated_at OR {just_changed})"
                )
            for follower in facts.completed_by:
                # what the completing stream brings along itself is complete already, but for what may follow unseen
                self.con.execute(
                    "INSERT INTO ledger.pending SELECT ?, ?, native_id, raw_seq "
                    f"FROM {rows} WHERE (stream <> ? OR {just_changed}) AND {when}",
                    [self.source, follower, follower],
                )
            if facts.touches and facts.touches_by:
                self._note_touched(rows, facts.touches, quoted(facts.touches_by))

    def _note_touched(self, rows: str, stream: str, column: str) -> None:
        self.con.execute(
            f"""INSERT INTO ledger.pending SELECT $source, $stream, other, max(raw_seq) FROM (
                SELECT {column} AS other, raw_seq FROM {rows} UNION ALL SELECT old_touched, raw_seq FROM {rows})
                WHERE other IS NOT NULL GROUP BY other""",
            {"source": self.source, "stream": stream},
        )

    def _complete(self, record: type[Synced], incoming: pa.Table | None) -> None:
        """Notes the rows that a wholly read list of their owner lacks. What that means is decided by the reader.

        A row is listed by an answer at least as late as the one that completed its owner.
        """
        if incoming is not None and self.delisted:
            self.con.register("listed", incoming.select(["native_id", "raw_seq"]))
            self.con.execute(
                "DELETE FROM ledger.delisted AS d USING listed WHERE d.source = ? AND d.table_name = ? "
                "AND d.native_id = listed.native_id AND d.seq < listed.raw_seq",
                [self.source, record.table],
            )
            self.con.unregister("listed")
        completed = self._completed(record)
        if completed is None:
            return
        with self._registered("completed", completed):
            if incoming is None:
                for column in _listed_by(record):
                    self._note_delisted(record, column, listed=False)
                return
            with self._registered("listed", incoming.select(["native_id", "raw_seq"])):
                for column in _listed_by(record):
                    self._note_delisted(record, column, listed=True)

    def _note_delisted(self, record: type[Synced], column: str, *, listed: bool) -> None:
        # what the hub observed is in no list of the tool
        own = f"AND t.evidence <> '{Evidence.OBSERVED.value}'" if record is IssueChange else ""
        elsewhere = "SELECT 1 FROM listed AS l WHERE l.native_id = t.native_id AND l.raw_seq >= c.seq"
        self.con.execute(
            f"""INSERT INTO ledger.delisted
            SELECT $source, '{record.table}', t.native_id, c.owner, c.seq, c.at
            FROM landed.{record.table} AS t JOIN completed AS c ON t.{quoted(column)} = c.owner
            WHERE t.source = $source AND t.availability = 'present' AND t.raw_seq < c.seq {own}
              {f"AND NOT EXISTS ({elsewhere})" if listed else ""}""",
            {"source": self.source},
        )

    def _completed(self, record: type[Synced] | None, stream: str | None = None) -> pa.Table | None:
        """Owners whose lists are whole in this commit, with the last answer that says so: owner, seq, at.

        Without those that come for the first time, which lack nothing.
        """
        latest: dict[str, Entry] = {}
        for entry, batch in self.answers:
            if stream is not None and entry.stream != stream:
                continue
            if record is not None and self._is_fresh(record, entry.stream):
                continue
            for name, owners in batch.complete.items():
                if record is None or name == record.table:
                    latest.update(dict.fromkeys(owners, entry))
        if not latest:
            return None
        return pa.table(
            {
                "owner": pa.array(list(latest), pa.string()),
                "seq": pa.array([e.seq for e in latest.values()], pa.int64()),
                "at": pa.array([_utc(e.fetched_at) for e in latest.values()], pa.timestamp("us")),
            }
        )

    def _settle_pending(self) -> None:
        """A completed row is settled, unless it was changed so lately that it may have changed again unseen."""
        for facts in self.facts.values():
            completed = self._completed(None, facts.name) if facts.completes else None
            if completed is None:
                continue
            table = self.facts[facts.completes or ""].table
            self.con.register("completed", completed)
            self.con.execute(
                f"""DELETE FROM ledger.pending AS p USING completed
                WHERE p.source = $source AND p.stream = $stream AND p.native_id = completed.owner
                  AND p.raw_seq < completed.seq AND p.native_id NOT IN (
                    SELECT t.native_id FROM landed.{table} AS t JOIN completed ON t.native_id = completed.owner
                    WHERE t.source = $source
                      AND t.updated_at >= completed.at - INTERVAL {SAME_MOMENT_SECONDS} SECOND)""",
                {"source": self.source, "stream": facts.name},
            )
            self.con.unregister("completed")

    def _note_cut(self) -> None:
        """Lists the tool cut are completed by their own stream."""
        cut = [
            (name, id_, entry.seq) for entry, batch in self.answers for name, ids in batch.cut.items() for id_ in ids
        ]
        if cut:
            streams, ids, seqs = zip(*cut, strict=True)
            rows = pa.table({"stream": list(streams), "native_id": list(ids), "seq": list(seqs)})
            self.con.register("cut", rows)
            self.con.execute("INSERT INTO ledger.pending SELECT ?, stream, native_id, seq FROM cut", [self.source])
            self.con.unregister("cut")

    def _quarantine(self) -> None:
        """Records that did not fit, each kept once; a whole list read again is judged anew."""
        if self.quarantined:
            self._forget_misfits_read_again()
        for entry, batch in self.answers:
            for reject in batch.rejects:
                self.landed.quarantined[entry.stream] += 1
                self._keep_rejected(reject, entry.seq)

    def _forget_misfits_read_again(self) -> None:
        for name in {entry.stream for entry, _ in self.answers}:
            completed = self._completed(None, name)
            if completed is not None:
                with self._registered("completed", completed):
                    self.con.execute(
                        "DELETE FROM ledger.quarantine AS q USING completed WHERE q.source = ? AND q.stream = ? "
                        "AND split_part(q.native_id, '/', 1) = completed.owner AND q.raw_seq < completed.seq",
                        [self.source, name],
                    )
        for entry, _ in self.answers:
            if entry.partition:  # read again: a page of it that could not be understood is judged anew
                self.con.execute(
                    "DELETE FROM ledger.quarantine WHERE source = ? AND stream = ? AND native_id = ? AND raw_seq < ?",
                    [self.source, entry.stream, f"{entry.partition}/", entry.seq],
                )

    def _keep_rejected(self, reject: Any, seq: int) -> None:
        self.con.execute(
            "DELETE FROM ledger.quarantine WHERE source = ? AND stream = ? AND native_id IS NOT DISTINCT FROM ? "
            "AND field IS NOT DISTINCT FROM ? AND (native_id IS NOT NULL OR record = ?)",
            [self.source, reject.stream, reject.native_id, reject.field, reject.record],
        )
        self.con.execute(
            "INSERT INTO ledger.quarantine VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                self.source,
                reject.stream,
                reject.native_id,
                reject.field,
                reject.error,
                self.run_id,
                seq,
                reject.record,
            ],
        )


@dataclass(frozen=True)
class _Rejected:
    stream: str
    native_id: str
    field: str
    error: str
    record: bytes | None = None


def _moved_as_reject(stream: str, moved: Moved) -> _Rejected:
    now = "no column" if moved.origin is None else f"column {moved.origin}"
    return _Rejected(
        stream,
        f"{moved.project_id}/",
        moved.field,
        f"in “{moved.project}” {moved.field} was read from column {moved.left} before, and is from {now} now "
        f"({moved.issues} issues): no change is made of that; name the column that is meant by its number, which "
        "`pmo check` shows, and this is told no more",
    )


def _utc(at: datetime) -> datetime:
    """UTC without zone, as the hub file keeps it."""
    return at.astimezone(UTC).replace(tzinfo=None)


def _incoming(found: Sequence[tuple[Entry, pa.Table]]) -> pa.Table:
    """Rows of many answers as one table in one piece, each with the answer it came in and its place there."""
    return pa.concat_tables([_with_origin(entry, rows) for entry, rows in found]).combine_chunks()


def _with_origin(entry: Entry, rows: pa.Table) -> pa.Table:
    origin = {
        "raw_seq": pa.scalar(entry.seq, pa.int64()),
        "stream": pa.scalar(entry.stream, pa.string()),
        "fetched_at": pa.scalar(_utc(entry.fetched_at), pa.timestamp("us")),
    }
    for name, value in origin.items():
        rows = rows.append_column(name, pa.repeat(value, rows.num_rows))
    return rows.append_column("place", pa.array(range(rows.num_rows), pa.int32()))


def _counts(rows: pa.Table, column: str) -> list[tuple[str, int]]:
    return [(one["values"], one["counts"]) for one in rows[column].value_counts().to_pylist()]


def _once(incoming: pa.Table) -> str:
    """Each id once, the later answer wins; nothing where they are single already, as sorting wide rows takes time."""
    if pc.count_distinct(incoming["native_id"]).as_py() == incoming.num_rows:
        return ""
    return "QUALIFY row_number() OVER (PARTITION BY native_id ORDER BY raw_seq DESC, place DESC) = 1"


def _listed_by(record: type[Synced]) -> list[str]:
    """Columns of the owners whose list holds a row: issues list their stays in sprints, sprints list none."""
    refs = {c.name: c.ref for c in columns_of(record)}
    return [column for column in record.owners if refs[column] == refs[record.owners[0]]]


def _content(record: type[Synced]) -> str:
    """The columns whose hash is a row's content."""
    return ", ".join(quoted(c.name) for c in landed_columns(record)[1:])


def _fixed(record: type[Synced]) -> str:
    """The author's own day is fixed at first sight: a person who moves to another zone does not move old hours."""
    if record is not Worklog:
        return ""
    kept = (
        "known.native_id IS NOT NULL AND once.work_on_basis <> 'tool' AND known.started_at = once.started_at "
        "AND known.work_on_basis <> 'tool'"
    )
    return (
        f"REPLACE (CASE WHEN {kept} THEN known.work_on ELSE once.work_on END AS work_on, "
        f"CASE WHEN {kept} THEN known.work_on_basis ELSE once.work_on_basis END AS work_on_basis)"
    )


def _old(record: type[Synced]) -> str:
    """What is needed of the row as it was."""
    updated = "known.updated_at" if "updated_at" in record.model_fields else "NULL::TIMESTAMP"
    touched = "known.issue_id" if "issue_id" in record.model_fields else "NULL::VARCHAR"
    return f"{updated} AS old_updated_at, {touched} AS old_touched, known.availability AS old_availability"


_NOTHING_OLD = (
    "NULL::TIMESTAMP AS known_since, NULL::TIMESTAMP AS old_updated_at, NULL::VARCHAR AS old_touched, "
    "NULL::VARCHAR AS old_availability"
)
