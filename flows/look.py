"""Issues as a tool shows them now, put together from the pages of a look: values, newest history, what may be done."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from connectors.contract import OFFERS, Connector, Page, Partition
from flows.outbox import Outbox
from flows.reading import decoded, in_parallel
from model.change import WRITABLE, KnownWord, NativeValue
from model.plan import Live, Moved, Offers

__all__ = ["Words", "look_at"]

Words = Mapping[str, Sequence[KnownWord]]
"""By field."""


def look_at(
    connector: Connector,
    outbox: Outbox,
    ids: Sequence[str],
    fields: Collection[str],
    words: Words,
    sent: Collection[str] = (),
) -> dict[str, Live]:
    """Reads these issues, and lands what it reads; those that the tool does not show are left out.

    `fields`: those of which it must be known what may be done; `sent`: ids to which something was sent already.
    Raises what the connector raises.
    """
    assert connector.writer is not None
    looked = _Looked(words)

    def read(partition: Partition) -> Iterator[Page]:
        yield from connector.pull(partition)

    for page in in_parallel(connector.in_flight, connector.writer.look(ids, fields, sent), read, name="look"):
        looked.offer(connector.writer.offers(page))
        if page.stream == OFFERS:
            outbox.answer("offers", page)
            continue
        batch = decoded(connector, page)
        outbox.answer("page", page, batch)
        if batch is not None:
            looked.take(batch.rows)
    outbox.flush()
    return looked.lives(set(ids))


class _Looked:
    def __init__(self, words: Words) -> None:
        self._ours = {field: {word.id: word.ours for word in known} for field, known in words.items()}
        self._issues: dict[str, dict[str, Any]] = {}
        self._moves: dict[str, list[tuple[tuple[datetime, int], Moved]]] = defaultdict(list)
        self._offers: dict[str, Offers] = {}

    def offer(self, found: Mapping[str, Offers]) -> None:
        """What was said of an issue later completes what was said before."""
        for id_, new in found.items():
            self._offers[id_] = self._offers.get(id_, Offers()).completed_by(new)

    def take(self, rows: Mapping[str, pa.Table]) -> None:
        for row in _rows(rows.get("issues")):
            self._issues[str(row["native_id"])] = row
        for row in _rows(rows.get("issue_changes")):
            if row["field"] in WRITABLE:
                history = str(row["native_id"]).partition(":")[0]
                place = (row["changed_at"], int(history) if history.isdigit() else 0)
                ends = [row[f"{end}_native_id"] or row.get(f"{end}_native") for end in ("from", "to")]
                at = row["changed_at"] and row["changed_at"].replace(tzinfo=UTC)
                move = Moved(str(row["field"]), ends[0], ends[1], row["account_id"], at)
                self._moves[str(row["issue_id"])].append((place, move))

    def lives(self, ids: Collection[str]) -> dict[str, Live]:
        return {id_: self._live(id_, row) for id_, row in self._issues.items() if id_ in ids}

    def _live(self, id_: str, row: Mapping[str, str | None]) -> Live:
        values = {field: self._value(field, row) for field in WRITABLE}
        offers = self._offers.get(id_, Offers())
        # a tool that answers for one issue need not say where its steps start
        start = values["status"].id or ""
        steps = tuple(step if step.start else replace(step, start=start) for step in offers.steps)
        return Live(
            id_,
            row.get("key") or id_,
            row.get("project_id"),
            row.get("native_type_id"),
            values,
            (*(move for _, move in sorted(self._moves[id_], key=lambda found: found[0])), *offers.history),
            replace(offers, steps=steps),
        )

    def _value(self, field: str, row: Mapping[str, str | None]) -> NativeValue:
        id_ = row.get(f"native_{field}_id") or row.get(f"native_{field}")
        return NativeValue(id_, row.get(f"native_{field}"), self._ours.get(field, {}).get(id_ or ""))


def _rows(table: pa.Table | None) -> list[dict[str, Any]]:
    return table.to_pylist() if table is not None else []
