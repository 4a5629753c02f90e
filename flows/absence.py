"""What has become of rows a source no longer shows: asked for one by one, judged on evidence, held back if too many.

Absent is not deleted. A row is called gone only by what the tool answers when asked for it by its id, or, where it
cannot be asked, `missing`. A stream that loses too much without proof keeps its rows until a person accepts the loss.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from connectors.contract import Page, Reading, Stream
from flows.reading import decoded, fetch_partitions, in_parallel
from flows.source_run import SourceRun
from model.columns import columns_of
from model.records import Synced
from model.tables import RECORDS, SYNCED
from model.vocabulary import Availability
from warehouse import absence
from warehouse.ledger import instant

__all__ = ["settle_candidates", "settle_delisted", "settle_parts"]


@dataclass(frozen=True)
class _Verdict:
    native_id: str
    availability: Availability
    evidence: str
    proven: bool


def settle_candidates(run: SourceRun, stream: Stream, candidates: Sequence[str]) -> int:
    """Judges rows the tool did not list; gives back how many are held back."""
    if not candidates or run.cautious:
        return 0
    if stream.probes and stream.reading is Reading.WINDOW and len(candidates) > run.guard.most_probes:
        candidates = _not_answered(run, stream, candidates)  # a list that is wrong by thousands: an index may be
    if stream.probes:
        asked, unasked = candidates[: run.guard.most_probes], candidates[run.guard.most_probes :]
        verdicts = list(_probe(run, stream, asked))
        unlisted = "not in the tool's own list, and not asked for one by one"
    else:
        unasked, verdicts = candidates, []
        unlisted = "no longer in the tool's list"
    verdicts += [_Verdict(i, Availability.MISSING, unlisted, proven=False) for i in unasked]
    held_back = _settle(run, stream.name, stream.table, verdicts)
    _note_touched(run, stream, [v.native_id for v in verdicts])
    return held_back


def _not_answered(run: SourceRun, stream: Stream, ids: Sequence[str]) -> list[str]:
    """Asks for them in bulk, lands those that are there after all, and gives back the others."""
    found: set[str] = set()
    for fetched in fetch_partitions(run.connector, run.connector.fetch(stream, ids)):
        run.take(fetched.page, fetched.batch)
        rows = fetched.batch.rows.get(stream.table) if fetched.batch is not None else None
        if rows is not None:
            found.update(rows.column("native_id").to_pylist())
    run.outbox.flush()
    return [id_ for id_ in ids if id_ not in found]


def _note_touched(run: SourceRun, stream: Stream, gone: Sequence[str]) -> None:
    """What a tool changes without saying so when records go: sums of hours, references to what is no more."""
    if stream.touches and stream.touches_by:
        touched = absence.referred(run.hub, run.source, stream.table, stream.touches_by, gone)
        run.outbox.event("pending_noted", stream.touches, {"ids": touched})
    for other in run.connector.streams:
        if other.reading is not Reading.WINDOW:
            continue
        record = RECORDS[other.table]
        assert issubclass(record, Synced)
        for column in columns_of(record):
            # a part shares the fate of its owner: nothing to be read again
            if column.ref == stream.table and column.name not in record.owners:
                ids = absence.referring(run.hub, run.source, other.table, column.name, gone)
                if len(ids) > run.guard.most_probes:
                    run.outbox.event("whole_due", other.name)
                elif ids:
                    run.outbox.event("pending_noted", other.name, {"ids": ids})
    run.outbox.flush()


def settle_delisted(run: SourceRun, streams: Sequence[Stream]) -> dict[str, int]:
    """Judges rows that a whole list of their owner lacked; gives back how many are held back, by stream."""
    if run.cautious:
        return {}
    run.outbox.flush()
    held_back = {}
    for table, rows in absence.delisted(run.hub, run.source).items():
        stream = next((s.name for s in streams if s.table == table), table)
        verdicts = [
            _Verdict(native_id, Availability.MISSING, f"no longer in the list of {owner}", proven=False)
            for native_id, owner in rows
        ]
        held = _settle(run, stream, table, verdicts)
        if held:
            held_back[stream] = held
            continue
        run.outbox.event("delisted_settled", stream, {"table": table, "ids": [i for i, _ in rows]})
        run.outbox.flush()
    return held_back


def settle_parts(run: SourceRun, table: str, owners: Sequence[str]) -> None:
    """Judges rows that are parts of records which never fitted, and which the tool no longer lists."""
    if run.cautious:
        return
    for other in run.connector.streams:
        record = RECORDS[other.table]
        assert issubclass(record, Synced)
        for column in columns_of(record):
            if column.ref == table and column.name in record.owners:
                ids = absence.referring(run.hub, run.source, other.table, column.name, owners)
                evidence = "what it is a part of is no longer in the tool's list"
                _settle(run, other.name, other.table, [_Verdict(i, Availability.MISSING, evidence, False) for i in ids])


def _probe(run: SourceRun, stream: Stream, ids: Sequence[str]) -> Iterator[_Verdict]:
    """Asks for each by its id. What is there after all is landed."""

    def ask(native_id: str) -> Iterator[tuple[str, Page]]:
        yield native_id, run.connector.probe(stream, native_id)

    for native_id, page in in_parallel(run.connector.in_flight, ids, ask, name="probe"):
        presence = run.connector.judge(stream, page, run.identity)
        living = presence.availability is Availability.PRESENT
        if living:
            run.outbox.answer("probe", page, decoded(run.connector, page))
        else:
            run.outbox.answer("gone", page)
        run.outbox.flush_if_due()
        if not living:
            yield _Verdict(native_id, presence.availability, presence.evidence, presence.proven)
    run.outbox.flush()


def _settle(run: SourceRun, stream: str, table: str, verdicts: Sequence[_Verdict]) -> int:
    """Lets verdicts stand, or holds the unproven ones back if they are too many."""
    proven = [v for v in verdicts if v.proven]
    unproven = [v for v in verdicts if not v.proven]
    held_back = 0
    if _too_many(run, table, [v.native_id for v in unproven]) and not run.take_acceptance():
        held_back, unproven = len(unproven), []
    standing = [*proven, *unproven]
    if standing:
        run.outbox.event(
            "absent",
            stream,
            {
                "table": table,
                "at": instant(run.identity.now),
                "verdicts": [[v.native_id, v.availability.value, v.evidence] for v in standing],
            },
        )
        run.outbox.tallies[stream].changed += len(standing)
        run.outbox.tallies[stream].gone += len(standing)
        run.outbox.flush()
    return held_back


def _too_many(run: SourceRun, table: str, losses: Sequence[str]) -> bool:
    """Whether so much would be lost at once that a person should look: of these rows, or of those that go with them."""
    if not losses:
        return False
    run.outbox.flush()
    if _beyond(run, table, len(losses)):
        return True
    for record in SYNCED:
        for column in columns_of(record):
            if column.ref == table and column.name in record.owners:
                parts = absence.held_parts(run.hub, run.source, record.table, column.name, losses)
                if _beyond(run, record.table, parts):
                    return True
    return False


def _beyond(run: SourceRun, table: str, losses: int) -> bool:
    if losses <= run.guard.rows:
        return False
    return losses > run.guard.share * absence.held_count(run.hub, run.source, table)
