"""What must hold of history that the hub observed, against the tracker's own truth.

`ObservedLaws` looks on during one random history: what each issue was first seen with, and, after each sync, whether
the chains of observed changes lead from there to what is held, each in an interval that holds the true moment.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

from tests.memory_tool import OBSERVED, MemoryTracker
from warehouse.hub import Hub

_HELD = {
    "status": "native_status_id",
    "priority": "native_priority_id",
    "assignee": "assignee_id",
    "project": "project_id",
}
Edit = dict[str, Any]
_EDITS: tuple[tuple[str, list[str | None]], ...] = (
    ("status", ["1", "2", "3"]),
    ("priority", ["1", "2"]),
    ("assignee", [None, "1", "2"]),
)


@dataclass
class ObservedChange:
    """A row of observed history."""

    native_id: str
    old: str | None
    new: str | None
    from_at: datetime | None
    to_at: datetime


@dataclass
class ObservedLaws:
    """`edits`: what truly happened, by issue; kept, as a deleted issue takes its own account with it."""

    hub: Hub
    tracker: MemoryTracker
    first: dict[tuple[str, str], str | None] = field(default_factory=dict)
    edits: dict[str, list[Edit]] = field(default_factory=dict)

    def edit_more(self, random_: random.Random) -> None:
        """To be called after each edit: makes some more of what is observed, of hidden issues too, and notes all."""
        for id_ in random_.choices(list(self.tracker.issues), k=2 if self.tracker.issues else 0):
            self.tracker.tick(random_.choice([0, 1, 30]))
            if random_.random() < 0.2:
                self.tracker.move(id_, random_.choice(list(self.tracker.projects)))
            else:
                name, values = random_.choice(_EDITS)
                self.tracker.edit(id_, name, random_.choice(values))
        for issue in self.tracker.issues.values():
            self.edits[str(issue.id)] = [*issue.history, *issue.moves]

    def check(self) -> int:
        """Gives back how many changes were observed so far."""
        held = self.hub.rows(f"SELECT native_id, {', '.join(_HELD[f] for f in OBSERVED)} FROM landed.issues")
        chains = observed_chains(self.hub)
        assert all(issue in {row[0] for row in held} for issue, _ in chains)
        for issue, *values in held:
            for name, value in zip(OBSERVED, values, strict=True):
                self._check_chain(issue, name, value, chains.get((issue, name), []))
        return sum(len(chain) for chain in chains.values())

    def _check_chain(self, issue: str, name: str, held: str | None, chain: list[ObservedChange]) -> None:
        told = f"issue {issue}, {name}: "
        first = self.first.setdefault((issue, name), chain[0].old if chain else held)
        assert (chain[0].old if chain else held) == first, f"{told}does not begin with {first}: {chain}"
        assert (chain[-1].new if chain else held) == held, f"{told}does not end with {held}: {chain}"
        for one, other in pairwise(chain):
            assert one.new == other.old, f"{told}has a gap: {one}, {other}"
            assert one.to_at <= other.to_at, f"{told}goes back: {one}, {other}"
        for change in chain:
            assert change.old != change.new, f"{told}nothing changed: {change}"
            moments = [moment(e) for e in self.edits[issue] if e["field"] == name and e["to"] == change.new]
            assert any((change.from_at is None or change.from_at <= at) and at <= change.to_at for at in moments), (
                f"{told}{change} holds none of {moments}"
            )


def moment(edit: Edit) -> datetime:
    """When an edit was made, as the hub file keeps times."""
    return datetime.fromisoformat(edit["at"]).replace(tzinfo=None)


def observed_chains(hub: Hub) -> dict[tuple[str, str], list[ObservedChange]]:
    """Observed changes by issue and field, in their order."""
    chains: dict[tuple[str, str], list[ObservedChange]] = {}
    for issue, name, *row in hub.rows(
        """SELECT issue_id, field, native_id, from_native_id, to_native_id, observed_from, changed_at
        FROM landed.issue_changes WHERE evidence = 'observed'
        ORDER BY issue_id, field, split_part(native_id, ':', 1)::BIGINT"""
    ):
        chains.setdefault((issue, name), []).append(ObservedChange(*row))
    return chains
