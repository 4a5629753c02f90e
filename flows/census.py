"""Which rows a source no longer shows: the census of a stream, compared with what the hub holds.

A tool that counts is asked for counts of ever smaller spans, and lists only those that differ; a tool that lists ids
cheaply lists them all. What the tool lists and the hub lacks is fetched; what the hub holds and the tool lacks is a
candidate, and what becomes of it is decided in `flows.absence`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from connectors.contract import Axis, Census, Span, Stream
from flows.absence import settle_parts
from flows.reading import decoded, fetch_partitions
from flows.source_run import SourceRun
from warehouse import absence
from warehouse.absence import IdList

__all__ = ["CensusResult", "fetch_again", "recount", "take_census"]

LISTED_MOST = 300
"""Spans with at most so many records are listed rather than cut further."""


@dataclass
class CensusResult:
    """What the tool says exists, and the ids the hub holds that it lacks."""

    total: int
    candidates: list[str] = field(default_factory=list)


def take_census(run: SourceRun, stream: Stream, listed: IdList | None = None) -> CensusResult | None:
    """Compares, and fetches what the hub lacks. None where the stream has no census of its own.

    `listed`: the ids the tool listed in this run already, where it was asked for all of them to plan the reading.
    """
    if stream.census is Census.COUNTS:
        return _by_counts(run, stream)
    if stream.census is Census.IDS:
        with listed or IdList(run.hub) as ids:
            candidates = _compare(run, stream, Span(), ids) if listed else _list(run, stream, Span(), ids)
            return CensusResult(ids.total(), candidates)
    return None


def recount(run: SourceRun, stream: Stream) -> int:
    """How many records the tool says exist, now."""
    if stream.census is Census.COUNTS:
        return _count(run, stream, Span())
    with IdList(run.hub) as listed:
        for page in run.connector.census(stream, Span()):
            run.outbox.answer("count", page)
            listed.add(run.connector.decode_census(stream.name, page.body).ids)
        return listed.total()


def _by_counts(run: SourceRun, stream: Stream) -> CensusResult:
    run.outbox.flush()
    total = _count(run, stream, Span())
    candidates: list[str] = []
    spans = [(Span(), total)]
    while spans:
        span, theirs = spans.pop()
        bounds = (span.low, span.high)
        ours = absence.held_count(run.hub, run.source, stream.table, stream.axis.value, bounds)
        if stream.axis.value == "id":
            ours += absence.quarantined_count(run.hub, run.source, stream.name, stream.table, bounds)
        if theirs == ours:
            continue
        cut = None
        if max(theirs, ours) > LISTED_MOST:
            cut = absence.middle(run.hub, run.source, stream.table, stream.axis.value, bounds)
        if cut is None:
            with IdList(run.hub) as ids:
                candidates += _list(run, stream, span, ids)
            continue
        lower, upper = Span(span.low, cut), Span(_after(cut), span.high)
        spans += [(half, _count(run, stream, half)) for half in (upper, lower)]
    return CensusResult(total, candidates)


def _after(value: int | date) -> int | date:
    return value + timedelta(days=1) if isinstance(value, date) else value + 1


def _count(run: SourceRun, stream: Stream, span: Span) -> int:
    page = run.connector.count(stream, span)
    run.outbox.answer("count", page)
    total = run.connector.decode_census(stream.name, page.body).total
    assert total is not None
    return total


def _list(run: SourceRun, stream: Stream, span: Span, listed: IdList) -> list[str]:
    """Lists a span, lands what is new in it, and gives back the ids that are held but not listed."""
    for page in run.connector.census(stream, span):
        listed.add(run.connector.decode_census(stream.name, page.body).ids)
        run.outbox.answer("census", page, decoded(run.connector, page))
        run.outbox.flush_if_due()
    return _compare(run, stream, span, listed)


def _compare(run: SourceRun, stream: Stream, span: Span, listed: IdList) -> list[str]:
    """Reads what is listed and not held; gives back the ids that are held but not listed."""
    run.outbox.flush()
    left = []
    if stream.axis is Axis.ID:
        left = absence.quarantined_not_in(run.hub, run.source, stream.name, listed, (span.low, span.high))
    if left:
        run.outbox.event("quarantine_left", stream.name, {"ids": left})
        run.outbox.flush()
        settle_parts(run, stream.table, left)
    lacking = absence.not_held(run.hub, run.source, stream.name, stream.table, listed)
    if lacking:
        fetch_again(run, stream, lacking)
    bounds = (span.low, span.high)
    return absence.held_not_in(run.hub, run.source, stream.table, listed, stream.axis.value, bounds)


def fetch_again(run: SourceRun, stream: Stream, ids: list[str]) -> None:
    """Reads these records afresh, and loads them."""
    for fetched in fetch_partitions(run.connector, run.connector.fetch(stream, ids)):
        run.take(fetched.page, fetched.batch)
    run.outbox.flush()
