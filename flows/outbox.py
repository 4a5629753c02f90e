"""Answers and decisions of one run of one source, on their way into the hub.

They are committed together when they are many, large or old enough, and always before the hub is asked about them.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.contract import Batch, Page
from warehouse.landing import Answer, Event, Landed, Landing
from warehouse.memory import give_freed_back

__all__ = ["Outbox", "Tally"]

MOST_ROWS = 12_000
MOST_BYTES = 16_000_000
MOST_ANSWERS = 500
"""Small ones: what is decoded of each takes 30 kB, however little it says."""
MOST_SECONDS = 5.0


@dataclass
class Tally:
    """What a run did with one stream."""

    pages: int = 0
    seen: int = 0
    new: int = 0
    changed: int = 0
    gone: int = 0
    quarantined: int = 0


class Outbox:
    """Collects for `Landing.commit`. Used by one thread."""

    def __init__(self, landing: Landing, source: str, run_id: str) -> None:
        self.tallies: dict[str, Tally] = defaultdict(Tally)
        self._landing = landing
        self._source = source
        self._run_id = run_id
        self._answers: list[Answer] = []
        self._events: list[Event] = []
        self._rows = 0
        self._bytes = 0
        self._since = time.monotonic()

    def answer(self, kind: str, page: Page, batch: Batch | None = None) -> None:
        """Takes an answer; `batch` is what it says, None if it only decides something."""
        self._answers.append(
            Answer(
                page.stream,
                kind,
                page.body,
                page.request,
                page.fetched_at,
                page.partition,
                page.status,
                page.last,
                batch,
            )
        )
        self.tallies[page.stream].pages += 1
        self._rows += sum(rows.num_rows for rows in batch.rows.values()) if batch else 0
        self._bytes += len(page.body)

    def event(self, name: str, stream: str = "", data: Mapping[str, Any] | None = None) -> None:
        """Takes a decision. It applies after all answers of its commit: flush where a later answer may gainsay it."""
        self._events.append(Event(name, stream, data or {}))

    def partition_done(self, stream: str, key: str) -> None:
        """Takes the end of a partition; those of one commit are told together."""
        last = self._events[-1] if self._events else None
        if last is not None and (last.name, last.stream) == ("partitions_done", stream):
            self._events[-1] = Event(last.name, stream, {"keys": [*last.data["keys"], key]})
        else:
            self.event("partitions_done", stream, {"keys": [key]})

    def flush_if_due(self) -> bool:
        """Commits if enough has come together; true if it did."""
        if not self._answers and not self._events:
            self._since = time.monotonic()
            return False
        old = time.monotonic() - self._since > MOST_SECONDS
        few = self._rows < MOST_ROWS and self._bytes < MOST_BYTES and len(self._answers) < MOST_ANSWERS
        if few and not old:
            return False
        self.flush()
        return True

    def flush(self) -> None:
        """Commits what there is: durable when this returns. What cannot be committed is dropped: it is read again."""
        answers, events = self._answers, self._events
        self._answers, self._events = [], []
        self._rows = self._bytes = 0
        self._count(self._landing.commit(self._source, self._run_id, answers, events))
        del answers
        give_freed_back()
        self._since = time.monotonic()

    def _count(self, landed: Landed) -> None:
        for name in ("seen", "new", "changed", "gone", "quarantined"):
            for stream, number in getattr(landed, name).items():
                tally = self.tallies[stream]
                setattr(tally, name, getattr(tally, name) + number)
