"""Wanted changes: one issue, one field, one value. What is to be done with one when the tool is looked at again. Pure.

A change names its base, the value the asker saw. Before anything is sent three values are compared: base, live, wanted.
DESIGN section 8 has the rules.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from model.config import nearest
from model.errors import ConfigError
from model.vocabulary import ChangeState, Status

__all__ = [
    "GRADES",
    "WAITING",
    "WRITABLE",
    "Decision",
    "KnownWord",
    "NativeValue",
    "Route",
    "Step",
    "WantedChange",
    "Wish",
    "decide",
    "failed_and_left",
    "shortest_route",
    "wish_for",
]

WRITABLE = ("status", "priority")
"""Fields that may be pushed."""

GRADES = ("1", "2", "3", "4", "5")
"""Our priorities, 1 is the most urgent."""

WAITING = frozenset({ChangeState.PENDING, ChangeState.APPROVED, ChangeState.CONFLICT})
"""A newer wish for the same issue and field takes the place of one of these; what was sent is seen to its end."""


class Decision(StrEnum):
    """What three values say; and what the tool would not do (`refused`)."""

    VERIFIED = "verified"
    WRITE = "write"
    CONFLICT = "conflict"
    REFUSED = "refused"


@dataclass(frozen=True)
class NativeValue:
    """A value as the tool holds it. `id` is the tool's own, its word where it has no ids; None: empty."""

    id: str | None
    name: str | None = None
    ours: str | None = None

    def __str__(self) -> str:
        return self.name or self.id or "nothing"


@dataclass(frozen=True)
class Wish:
    """What is wanted: a native id (`name` is its word), or one of our words."""

    value: str
    is_native: bool
    name: str | None = None

    def is_met_by(self, value: NativeValue) -> bool:
        """Native equality where a native value was named; else whatever means our word."""
        return value.id == self.value if self.is_native else value.ours == self.value

    def __str__(self) -> str:
        return self.name or self.value


@dataclass(frozen=True)
class WantedChange:
    """One wish in the queue, with its life so far. Times are UTC; `message` is the sentence that explains its state."""

    id: int
    source: str
    issue_id: str
    issue_key: str
    field: str
    base: NativeValue
    wish: Wish
    state: ChangeState
    requested_by: str
    requested_at: datetime
    reason: str | None = None
    approved_by: str | None = None
    approved_at: datetime | None = None
    undo_of: int | None = None
    before: NativeValue | None = None
    after: NativeValue | None = None
    verified_at: datetime | None = None
    message: str | None = None


def decide(
    base: str | None, live: NativeValue, wish: Wish, *, aimed_at: Collection[str] = (), by_stranger: bool = False
) -> Decision:
    """What is to be done. `aimed_at`: native ids that our own recorded steps of this change led to.

    A route that was cut short leaves the issue on one of them: that is no conflict with ourselves, unless the tool's
    history names another author of the last change (`by_stranger`): then somebody has decided since, be it for base.
    """
    if wish.is_met_by(live):
        return Decision.VERIFIED
    if aimed_at and by_stranger:
        return Decision.CONFLICT
    if live.id == base or live.id in aimed_at:
        return Decision.WRITE
    return Decision.CONFLICT


def failed_and_left(changes: Sequence[WantedChange]) -> list[WantedChange]:
    """Those that failed and wait for a person: nobody has asked for this field of the issue since, or rejected them."""
    newest: dict[tuple[str, str], int] = {}
    for change in changes:
        target = change.issue_id, change.field
        newest[target] = max(change.id, newest.get(target, 0))
    return [c for c in changes if c.state is ChangeState.FAILED and newest[c.issue_id, c.field] == c.id]


# ------------------------------------------------------------------ naming what is wanted


@dataclass(frozen=True)
class KnownWord:
    """A word of a tool that may be wished for. `used`: it occurs in the issue's project."""

    id: str
    name: str
    ours: str | None
    used: bool


def wish_for(field: str, text: str, words: Sequence[KnownWord]) -> Wish:
    """What a person means by a word: ours as we write it, else the tool's by id or name in any case.

    A name that several statuses share (team-managed projects have their own) means the one of the issue's project.
    Raises ConfigError with the nearest known word.
    """
    text = text.strip()
    if text in ([status.value for status in Status] if field == "status" else GRADES):
        return Wish(text, is_native=False)
    found = [w for w in words if w.id == text] or [w for w in words if w.name.casefold() == text.casefold()]
    if len(found) > 1:
        found = [w for w in found if w.used] or found
    if not found:
        ours = [status.value for status in Status] if field == "status" else GRADES
        known = list(dict.fromkeys([*ours, *(w.name for w in words)]))
        raise ConfigError(f"there is no {field} “{text}”{nearest(text, known) or ': there are ' + ', '.join(known)}")
    if len(found) > 1:
        ids = ", ".join(w.id for w in found)
        raise ConfigError(f"several {field} words are called “{text}”: name one by its id: {ids}")
    return Wish(found[0].id, is_native=True, name=found[0].name)


# ------------------------------------------------------------------ routes


@dataclass(frozen=True)
class Step:
    """One way from a value to another. `id` is the tool's own, where it has one.

    `offered`: the tool says that the account may go it; else it has been seen in the history. `needs`: fields that must
    be given, and for which there is no default: the step cannot be taken. `given`: those that have one, as JSON.
    `guarded`: the tool itself refuses it where the issue is no longer at `start`.
    """

    start: str
    end: str
    id: str | None = None
    end_name: str | None = None
    needs: tuple[str, ...] = ()
    given: str = ""
    offered: bool = True
    guarded: bool = False


@dataclass(frozen=True)
class Route:
    """Steps from the live value to one that is wanted; empty where there is none."""

    steps: tuple[Step, ...] = ()

    @property
    def needs(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(need for step in self.steps for need in step.needs))


def shortest_route(start: str, ends: Collection[str], steps: Iterable[Step]) -> Route | None:
    """The shortest way over these steps; None where there is none. The same steps give the same route in any order.

    Steps that the tool offers come first, even where one of them lacks a field: to go about it by steps that were only
    seen in the history could leave an issue half-way.
    """
    by_start: dict[str, list[Step]] = {}
    for step in sorted(steps, key=lambda s: (s.end, bool(s.needs), not s.offered, s.id or "")):
        by_start.setdefault(step.start, []).append(step)
    for may_go in (_offered_whole, _offered, _whole, _any):
        found = _search(start, ends, by_start, may_go)
        if found is not None:
            return found
    return None


def _offered_whole(step: Step) -> bool:
    return step.offered and not step.needs


def _offered(step: Step) -> bool:
    return step.offered


def _whole(step: Step) -> bool:
    return not step.needs


def _any(_step: Step) -> bool:
    return True


def _search(
    start: str, ends: Collection[str], by_start: dict[str, list[Step]], may_go: Callable[[Step], bool]
) -> Route | None:
    reached: dict[str, tuple[Step, ...]] = {start: ()}
    front = [start]
    while front:
        following: list[str] = []
        for place in front:
            for step in by_start.get(place, ()):
                if step.end in reached or not may_go(step):
                    continue
                reached[step.end] = (*reached[place], step)
                following.append(step.end)
        arrived = sorted(place for place in following if place in ends)
        if arrived:
            return Route(reached[arrived[0]])
        front = sorted(following)
    return None
