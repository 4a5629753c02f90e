"""What the steps of one run of one source share: who reads what, into which hub, and how it gets on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from connectors.contract import Batch, Connector, Identity, Page
from flows.outbox import Outbox
from warehouse.hub import Hub

__all__ = ["LossGuard", "Progress", "SourceRun", "no_acceptance", "silent"]


class Progress(Protocol):
    """Told how a run gets on; called from the thread that runs the source."""

    def __call__(self, source: str, stream: str, doing: str, seen: int) -> None: ...


def silent(source: str, stream: str, doing: str, seen: int) -> None:
    """Tells nobody."""


def no_acceptance(run_id: str) -> bool:  # noqa: ARG001
    """No loss was accepted."""
    return False


@dataclass(frozen=True)
class LossGuard:
    """How much may vanish unproven from a stream in one run: more than `share` *and* more than `rows` is held back."""

    share: float
    rows: int
    most_probes: int


@dataclass
class SourceRun:
    """One run of one source. `cautious`: what the account sees has changed, so nothing is called gone."""

    source: str
    run_id: str
    connector: Connector
    hub: Hub
    outbox: Outbox
    guard: LossGuard
    take_acceptance: Callable[[], bool]
    progress: Progress
    clock: Callable[[], datetime]
    identity: Identity = field(init=False)
    cautious: bool = False

    def take(self, page: Page, batch: Batch | None, *, kind: str = "page") -> None:
        """Hands an answer on to the hub, and says so."""
        self.outbox.answer(kind, page, batch)
        self.outbox.flush_if_due()
        self.progress(self.source, page.stream, "reading", self.outbox.tallies[page.stream].seen)
