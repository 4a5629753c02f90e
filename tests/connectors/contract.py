"""The laws every connector obeys. A test module inherits `ConnectorContract` and gives it a `tool` fixture.

The tool behind it must hold at least three issues, one with history, hours on one of them, and odd characters in a
title; what must hold beyond the laws is said by the connector's own tests.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Protocol

import pyarrow as pa
import pytest

from connectors.contract import Batch, Census, Connector, Page, Partition, Reading, Span, Stream, only
from model.columns import arrow_schema
from model.errors import BadRecord
from model.observed import OBSERVABLE
from model.tables import RECORDS, SYNCED
from model.vocabulary import Availability


class Tool(Protocol):
    """A tool with something in it, and the connector to read it."""

    connector: Connector
    secret: str

    def ids(self, stream: str) -> set[str]:
        """Native ids of what the account sees, by the tool's own truth."""

    def edit_issue(self) -> str:
        """Changes an issue, and the clock has moved on; its id."""

    def delete_issue(self) -> str:
        """Deletes an issue; its id."""

    def offline(self) -> Connector:
        """Another connector of the kind, which can reach nothing."""


def _read(connector: Connector, partitions: Iterable[Partition]) -> list[Page]:
    return [page for partition in partitions for page in connector.pull(partition)]


def _planned(connector: Connector, stream: Stream, since: datetime | None = None) -> list[Partition]:
    """Partitions of a window: a plan may fill them in while its pages are drawn."""
    plan = connector.plan(stream, since)
    for page in plan.pages:
        assert page.stream
    return list(plan.partitions)


def _note(
    connector: Connector, partitions: Iterable[Partition], found: dict[str, set[str]], cut: dict[str, set[str]]
) -> None:
    """Reads, and notes the ids of all rows by table, and whose lists were cut by stream."""
    for page in _read(connector, partitions):
        batch = connector.decode(page.stream, page.body)
        assert not batch.rejects
        for table, rows in batch.rows.items():
            found.setdefault(table, set()).update(rows["native_id"].to_pylist())
        for stream, owners in batch.cut.items():
            cut.setdefault(stream, set()).update(owners)


def _streams(connector: Connector, *readings: Reading) -> list[Stream]:
    return [s for s in connector.streams if s.reading in readings]


def _ids(batches: Iterable[Batch], table: str) -> set[str]:
    return {i for batch in batches if table in batch.rows for i in batch.rows[table]["native_id"].to_pylist()}


class ConnectorContract:
    """Inherit, and give a fixture `tool`."""

    def test_streams_stand_behind_those_they_hang_on(self, tool: Tool):
        known: set[str] = set()
        for stream in tool.connector.streams:
            assert stream.name not in known
            assert stream.table in {record.table for record in SYNCED}
            assert (stream.follows is not None) == (stream.reading in (Reading.FOLLOW, Reading.COUNTED))
            assert {stream.touches} - {None} <= known
            assert stream.reading is not Reading.FOLLOW or stream.follows in known
            known.add(stream.name)
            assert {*stream.unstamped} <= {*stream.observed} <= {*OBSERVABLE}
            assert not stream.observed or (stream.table, stream.follows) == ("issues", None)
            if stream.touches_by:
                assert stream.touches_by in RECORDS[stream.table].model_fields

    def test_identity_is_the_same_each_time_and_tells_the_time(self, tool: Tool):
        one, other = tool.connector.identify(), tool.connector.identify()
        assert (one.instance, one.account_id, one.scope) == (other.instance, other.account_id, other.scope)
        assert one.now.utcoffset() == timedelta(0)

    def test_each_partition_ends_once_with_its_own_pages(self, tool: Tool):
        for stream in _streams(tool.connector, Reading.ALL, Reading.WINDOW):
            partitions = _planned(tool.connector, stream)
            assert len({p.key for p in partitions}) == len(partitions)
            for partition in partitions:
                pages = list(tool.connector.pull(partition))
                assert [p.last for p in pages] == [False] * (len(pages) - 1) + [True]
                assert {(p.stream, p.partition) for p in pages} == {(stream.name, partition.key)}
                assert all(p.fetched_at.utcoffset() == timedelta(0) for p in pages)

    def test_a_partition_means_the_same_after_being_stored(self, tool: Tool):
        for stream in _streams(tool.connector, Reading.ALL, Reading.WINDOW):
            for partition in _planned(tool.connector, stream):
                again = Partition(partition.stream, partition.key, json.loads(json.dumps(dict(partition.spec))))
                assert [p.body for p in tool.connector.pull(again)] == [p.body for p in tool.connector.pull(partition)]

    def test_a_whole_reading_lists_all_there_is(self, tool: Tool):
        """Whichever stream brings a row along; lists that were cut are completed."""
        found: dict[str, set[str]] = {}
        cut: dict[str, set[str]] = {}
        for stream in _streams(tool.connector, Reading.ALL, Reading.WINDOW):
            _note(tool.connector, _planned(tool.connector, stream), found, cut)
        for stream in _streams(tool.connector, Reading.FOLLOW):
            _note(tool.connector, tool.connector.follow(stream, sorted(cut.get(stream.name, ()))), found, {})
        for stream in _streams(tool.connector, Reading.ALL, Reading.WINDOW):
            assert found[stream.table] == tool.ids(stream.name), stream.name

    def test_decoding_is_pure_and_fits_the_tables(self, tool: Tool):
        offline = tool.offline()
        for page in self._all_pages(tool):
            one, other = tool.connector.decode(page.stream, page.body), offline.decode(page.stream, page.body)
            assert one.rows == other.rows
            assert (one.complete, one.cut, one.seen) == (other.complete, other.cut, other.seen)
            for table, rows in one.rows.items():
                assert isinstance(rows, pa.Table)
                assert rows.schema.equals(arrow_schema(table)), table
                assert rows["native_id"].null_count == 0

    def test_what_cannot_be_understood_is_a_bad_record(self, tool: Tool):
        for stream in tool.connector.streams:
            for body in (b"", b"[", b'"text"', b"\xff\xfe"):
                with pytest.raises(BadRecord):
                    tool.connector.decode(stream.name, body)

    def test_a_window_holds_what_was_edited_and_not_all_the_rest(self, tool: Tool):
        stream = only(tool.connector.streams, "issues")
        since = tool.connector.identify().now
        edited = tool.edit_issue()
        pages = _read(tool.connector, _planned(tool.connector, stream, since))
        found = _ids((tool.connector.decode(p.stream, p.body) for p in pages), "issues")
        assert edited in found
        assert len(found) < len(tool.ids("issues"))

    def test_a_counted_list_is_whole_for_each_kind(self, tool: Tool):
        for stream in _streams(tool.connector, Reading.COUNTED):
            found: set[str] = set()
            for partition in _planned(tool.connector, stream):
                batches = [tool.connector.decode(p.stream, p.body) for p in tool.connector.pull(partition)]
                owners = [o for b in batches for o in b.complete.get(stream.table, ())]
                assert self._count(tool, stream, Span(partition.key, partition.key)) == len(set(owners))
                found |= _ids(batches, stream.table)
            assert found == tool.ids(stream.name) != set()

    def test_a_census_says_what_exists(self, tool: Tool):
        for stream in tool.connector.streams:
            if stream.census in (Census.IDS, Census.COUNTS):
                assert self._listed(tool, stream, Span()) == tool.ids(stream.name)

    def test_counts_add_up_over_spans(self, tool: Tool):
        for stream in tool.connector.streams:
            if stream.census is Census.COUNTS:
                cut, after = self._cut(tool, stream)
                whole, low, high = (
                    self._count(tool, stream, s) for s in (Span(), Span(None, cut), Span(after, None))
                )  # fmt: skip
                assert whole == low + high == len(tool.ids(stream.name))
                assert self._count(tool, stream, Span(cut, cut)) >= 1
                assert len(self._listed(tool, stream, Span(None, cut))) == low

    def test_records_are_fetched_by_id_and_hidden_ones_left_out(self, tool: Tool):
        stream = only(tool.connector.streams, "issues")
        gone = tool.delete_issue()
        living = sorted(tool.ids("issues"))[:2]
        pages = _read(tool.connector, tool.connector.fetch(stream, [*living, gone]))
        batches = [tool.connector.decode(p.stream, p.body) for p in pages if p.status == 200]
        assert _ids(batches, "issues") == set(living)

    def test_a_probe_tells_the_living_from_the_gone(self, tool: Tool):
        stream = only(tool.connector.streams, "issues")
        identity = tool.connector.identify()
        gone = tool.delete_issue()
        living = sorted(tool.ids("issues"))[0]
        page = tool.connector.probe(stream, living)
        assert tool.connector.judge(stream, page, identity).availability is Availability.PRESENT
        assert living in _ids([tool.connector.decode(page.stream, page.body)], "issues")
        verdict = tool.connector.judge(stream, tool.connector.probe(stream, gone), identity)
        assert verdict.availability is not Availability.PRESENT
        assert verdict.evidence

    def test_following_completes_what_was_asked(self, tool: Tool):
        for stream in _streams(tool.connector, Reading.FOLLOW):
            asked = sorted(tool.ids(stream.follows or ""))
            partitions = tool.connector.follow(stream, asked)
            completed = {
                owner
                for page in _read(tool.connector, partitions)
                for owner in tool.connector.decode(page.stream, page.body).complete.get(stream.table, ())
            }
            assert completed | {owner for p in partitions for owner in p.completes} == set(asked)

    def test_following_what_is_gone_is_an_answer_and_no_error(self, tool: Tool):
        gone = tool.delete_issue()
        for stream in _streams(tool.connector, Reading.FOLLOW):
            pages = _read(tool.connector, tool.connector.follow(stream, [gone]))
            assert all(p.status != 200 for p in pages) or not any(
                tool.connector.decode(p.stream, p.body).complete for p in pages if p.status == 200
            )

    def test_nothing_holds_the_secret(self, tool: Tool):
        identity = tool.connector.identify()
        for page in [*identity.pages, *self._all_pages(tool)]:
            assert tool.secret.encode() not in page.body
            assert tool.secret not in page.request
        assert tool.secret not in repr(tool.connector)

    def test_requests_are_counted(self, tool: Tool):
        before = tool.connector.progress()["requests"]
        tool.connector.identify()
        assert tool.connector.progress()["requests"] > before
        assert tool.connector.progress()["throttled_seconds"] >= 0

    # ---- helpers

    def _all_pages(self, tool: Tool) -> Iterator[Page]:
        for stream in tool.connector.streams:
            if stream.reading is Reading.FOLLOW:
                partitions = tool.connector.follow(stream, sorted(tool.ids(stream.follows or "")))
            else:
                plan = tool.connector.plan(stream, None)
                yield from plan.pages
                partitions = list(plan.partitions)
            yield from _read(tool.connector, partitions)

    def _listed(self, tool: Tool, stream: Stream, span: Span) -> set[str]:
        pages = tool.connector.census(stream, span)
        listings = (tool.connector.decode_census(stream.name, page.body).ids for page in pages)
        return {i for ids in listings for i in (ids.to_pylist() if isinstance(ids, pa.Array) else ids)}

    def _count(self, tool: Tool, stream: Stream, span: Span) -> int:
        total = tool.connector.decode_census(stream.name, tool.connector.count(stream, span).body).total
        assert total is not None
        return total

    def _cut(self, tool: Tool, stream: Stream) -> tuple[int | date, int | date]:
        """A value of the stream's axis that is taken, and the one behind it."""
        if stream.axis.value == "id":
            cut = sorted(int(i) for i in tool.ids(stream.name))[0]
            return cut, cut + 1
        pages = list(tool.connector.census(stream, Span()))
        rows = [tool.connector.decode(p.stream, p.body).rows for p in pages]
        day = min(d for r in rows if stream.table in r for d in r[stream.table]["work_on"].to_pylist())
        assert isinstance(day, date)
        return day, day + timedelta(days=1)
