"""Lists that change without moving the mark of the records they come with: kept in step by counting.

A relation made or removed in Redmine leaves both issues' updated_on as it was, so no window finds it. The tool is asked
how many there are of each kind; a kind whose number is not what it was is read whole. The same number made of others
(one made, one removed) is found when the owners are next read whole.
"""

from __future__ import annotations

from connectors.contract import Partition, Span, Stream, only
from flows.census import fetch_again
from flows.reading import fetch_partitions
from flows.source_run import SourceRun
from model.records import Synced
from model.tables import RECORDS
from warehouse import absence, ledger

__all__ = ["read_counted"]


def read_counted(run: SourceRun, stream: Stream, *, read_whole: bool) -> dict[str, int]:
    """Reads the kinds whose count has changed. Gives back the counts to be noted when the owners are read.

    With `read_whole` the owners are read whole in this run, after the counting: nothing else is needed.
    """
    known = ledger.counts(run.hub, run.source, stream.name)
    plan = run.connector.plan(stream, None)
    for page in plan.pages:
        run.outbox.answer("plan", page)
    totals = {}
    for partition in plan.partitions:
        page = run.connector.count(stream, Span(partition.key, partition.key))
        run.outbox.answer("count", page)
        total = run.connector.decode_census(stream.name, page.body).total
        assert total is not None
        totals[partition.key] = total
        if not read_whole and total != known.get(partition.key):
            _read_kind(run, stream, partition)
    return totals


def _read_kind(run: SourceRun, stream: Stream, partition: Partition) -> None:
    """All owners that have some, with their whole lists; then those that had some, and may have none any more."""
    listed: list[str] = []
    for fetched in fetch_partitions(run.connector, [partition]):
        run.take(fetched.page, fetched.batch)
        if fetched.batch is not None:
            listed += fetched.batch.complete.get(stream.table, ())
    run.outbox.flush()
    kind = str(partition.spec.get("native_kind", partition.key))
    for column in _owner_columns(stream, partition):
        lacking = absence.owners_not_in(run.hub, run.source, stream.table, column, kind, listed)
        if lacking:
            fetch_again(run, only(run.connector.streams, stream.follows or ""), lacking)


def _owner_columns(stream: Stream, partition: Partition) -> tuple[str, ...]:
    """Reference columns whose owners the partition lists."""
    record = RECORDS[stream.table]
    assert issubclass(record, Synced)
    said = partition.spec.get("owners")
    return tuple(str(column) for column in said) if isinstance(said, list) else record.owners
