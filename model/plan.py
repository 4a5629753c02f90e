"""What a push will do with each wanted change, from what the tool shows of the issue now. Pure.

The same function makes the plan that people read and decides each further step, so that both are the same. It sees
only what is recorded: the change, the steps sent for it, and the issue as it was just read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from model.change import Decision, KnownWord, NativeValue, Step, WantedChange, decide, shortest_route

__all__ = [
    "DONE",
    "NOT_SENT",
    "REFUSED",
    "UNKNOWN",
    "Live",
    "Moved",
    "Offers",
    "PlannedChange",
    "SentStep",
    "is_anothers",
    "no_way_back",
    "overwritten",
    "plan_change",
    "plan_hash",
]

DONE, REFUSED, UNKNOWN, NOT_SENT = "done", "refused", "unknown", "not sent"
"""How a tool answered a step: it said yes; it said no; it broke off, so that nobody knows; it was not asked."""

_EFFECTIVE = (DONE, UNKNOWN, None)
SLACK = timedelta(seconds=60)
"""How far clocks may be apart, and a rule of the tool behind the step it follows."""


@dataclass(frozen=True)
class SentStep:
    """A step of a change as it was recorded before it was sent. `outcome` None: we were stopped before an answer."""

    start: str | None
    end: str
    outcome: str | None = None
    said: str | None = None
    at: datetime | None = None  # on the tool's clock


@dataclass(frozen=True)
class Moved:
    """An entry of an issue's history. `field` as in `WRITABLE`, `start` and `end` native ids."""

    field: str
    start: str | None
    end: str | None
    account_id: str | None
    at: datetime | None = None


@dataclass(frozen=True)
class Offers:
    """What the account may do to an issue now, as the tool says.

    `steps` lead away from its status. `priorities`: those it may get, in the tool's order; empty: it may get none;
    None: the tool does not say. `statuses`: the same, where the tool has no workflow; None: it has one. `any_word`:
    fields that take other words, too. `remarks` are sentences for people, by field; `refused` those of why a field
    cannot be written at all. `history`: newest entries, where records do not hold them.
    """

    steps: tuple[Step, ...] = ()
    priorities: tuple[NativeValue, ...] | None = None
    remarks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    statuses: tuple[NativeValue, ...] | None = None
    any_word: frozenset[str] = frozenset()
    refused: Mapping[str, str] = field(default_factory=dict)
    history: tuple[Moved, ...] = ()

    def completed_by(self, new: Offers) -> Offers:
        """What was said before, and what was said of it later."""
        return Offers(
            new.steps or self.steps,
            self.priorities if new.priorities is None else new.priorities,
            {**self.remarks, **new.remarks},
            self.statuses if new.statuses is None else new.statuses,
            self.any_word | new.any_word,
            {**self.refused, **new.refused},
            (*self.history, *new.history),
        )


@dataclass(frozen=True)
class Live:
    """An issue as the tool shows it now. Ids are the tool's own; `history` is oldest first."""

    id: str
    key: str
    project_id: str | None
    type_id: str | None
    values: Mapping[str, NativeValue]
    history: tuple[Moved, ...] = ()
    offers: Offers = Offers()

    @property
    def workflow(self) -> tuple[str | None, str | None]:
        """Issues of one project and type have the same one."""
        return self.project_id, self.type_id


@dataclass(frozen=True)
class PlannedChange:
    """What will be done with a change. `live` is None where the tool does not show the issue.

    `route`: the steps of a status, or the one of a priority. `why` is a sentence for whatever is not written.
    """

    change: WantedChange
    live: NativeValue | None
    decision: Decision
    route: tuple[Step, ...] = ()
    warnings: tuple[str, ...] = ()
    why: str | None = None

    @property
    def facts(self) -> list[object]:
        """What two plans must share to be the same."""
        change = self.change
        ends = [[step.start, step.id, step.end, step.given] for step in self.route]
        return [change.id, change.issue_id, change.field, self.live and self.live.id, self.decision.value, ends]


def plan_hash(planned: Iterable[PlannedChange]) -> str:
    """The same for the same plan, and short enough to be typed."""
    facts = sorted((p.facts for p in planned), key=str)
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:12]


def overwritten(field_: str, live: Live, sent: Sequence[SentStep], account_id: str) -> Moved | None:
    """Our own step that replaced what we had not seen: somebody wrote in the same moment. The newest, if there are
    several; also where others have written since."""
    effective = [step for step in sent if step.outcome in _EFFECTIVE]
    ends = list(dict.fromkeys(step.end for step in reversed(effective)))  # each is reached once, in this order
    entries = _entries(live, field_, sent)
    for before, entry in reversed(list(pairwise(entries))):
        if entry.account_id != account_id or entry.end not in ends:
            continue
        del ends[: ends.index(entry.end) + 1]
        was_ours = before.account_id == account_id  # or a rule's, that acts in our name
        if not was_ours and entry.start not in {step.start for step in effective if step.end == entry.end}:
            return entry
    return None


def is_anothers(field_: str, live: Live, sent: Sequence[SentStep], account_id: str) -> bool:
    """Whether what there is now was set by somebody else, since we began, or nothing of ours can have had an effect."""
    if not any(step.outcome in _EFFECTIVE for step in sent):
        return True
    newest = _entries(live, field_, sent)[-1:]
    return bool(newest) and newest[0].account_id != account_id


def plan_change(
    change: WantedChange,
    live: Live | None,
    sent: Sequence[SentStep],
    *,
    account_id: str,
    words: Sequence[KnownWord],
    steps: Sequence[Step] = (),
) -> PlannedChange:
    """Decides. `account_id`: who we are in the tool; `words`: those of the field, in the tool's order; `steps`: what is
    known of the workflow beyond the present status."""
    if live is None:
        why = "the tool does not show this issue to the account: it was deleted, or is hidden"
        return PlannedChange(change, None, Decision.REFUSED, why=why)
    value = live.values[change.field]
    aimed_at = _aimed_at(change.field, live, sent, account_id)
    by_stranger = _by_stranger(change.field, live, sent, aimed_at, account_id)
    decision = decide(change.base.id, value, change.wish, aimed_at=aimed_at, by_stranger=by_stranger)
    if decision is Decision.VERIFIED:
        return PlannedChange(change, value, decision)
    if decision is Decision.CONFLICT:
        why = f"{change.field} was {change.base} when this was asked for, and is {value} now"
        if value.id == change.base.id:
            why = f"somebody set {change.field} back to {value} after our change"
        return PlannedChange(change, value, decision, why=why)
    unmoved = _unmoved(change.field, value, sent)
    if unmoved is not None:
        return PlannedChange(change, value, Decision.REFUSED, why=unmoved)
    by_workflow = change.field == "status" and live.offers.statuses is None
    found = _status(change, live, words, steps, sent) if by_workflow else _picked(change, live, words)
    if isinstance(found, str):
        return PlannedChange(change, value, Decision.REFUSED, why=found)
    remarks = [*live.offers.remarks.get(change.field, ())]
    if by_workflow and change.undo_of is None and no_way_back(found, steps):
        remarks.append(f"no way back from {_named(found[-1])} to {value} is known: it may not be possible to undo this")
    if value.id is None:
        remarks.append(
            f"the {change.field} is empty in the tool, and pmo-hub empties nothing: this cannot be undone here"
        )
    return _checked(change, value, found, sent, remarks)


def _aimed_at(field_: str, live: Live, sent: Sequence[SentStep], account_id: str) -> set[str]:
    """Where our own steps led; also where the tool took the issue on from there, in our name."""
    aimed = {step.end for step in sent if step.outcome in _EFFECTIVE}
    entries = _entries(live, field_, sent)
    ours = [n for n, entry in enumerate(entries) if entry.account_id == account_id and entry.end in aimed]
    following = entries[ours[-1] :] if ours else []
    if all(entry.account_id == account_id and _at_once(following[0], entry) for entry in following):
        aimed.update(entry.end for entry in following if entry.end is not None)
    return aimed


def _at_once(first: Moved, entry: Moved) -> bool:
    """A rule of the tool follows within seconds; a person who shares our account may do so at any time."""
    return first.at is None or entry.at is None or entry.at - first.at <= SLACK


def _by_stranger(field_: str, live: Live, sent: Sequence[SentStep], aimed_at: Collection[str], account_id: str) -> bool:
    """Whether somebody else set what there is now, knowing what we did: or to the very value we aimed at."""
    entries = _entries(live, field_, sent)
    if not entries or entries[-1].account_id == account_id:
        return False
    ours = any(e.account_id == account_id and e.end in aimed_at for e in entries)
    return ours or live.values[field_].id in aimed_at


def _entries(live: Live, field_: str, sent: Sequence[SentStep]) -> list[Moved]:
    """Those since our first step, or some seconds before it, as clocks differ: older ones are of no concern."""
    began = min((step.at for step in sent if step.at is not None), default=None)
    since = None if began is None else began - SLACK
    return [e for e in live.history if e.field == field_ and (since is None or e.at is None or e.at >= since)]


def _unmoved(field_: str, value: NativeValue, sent: Sequence[SentStep]) -> str | None:
    """Why a step that was sent from here is not sent again. One that we were stopped at may be."""
    answered = [step for step in sent if step.outcome not in (None, NOT_SENT)]
    if not answered or answered[-1].start != value.id or (sent and sent[-1].outcome is None):
        return None
    last = answered[-1]
    if last.outcome == DONE:
        return (
            f"the tool said yes and left {field_} at {value}: the account's role, the workflow or a rule of the tool "
            "does not allow it"
        )
    if last.outcome == REFUSED:
        return f"the tool declined it: {last.said}"
    return f"the tool broke off, and {field_} is still {value} ({last.said}): ask again for it if it is wanted"


def _checked(
    change: WantedChange, value: NativeValue, route: Sequence[Step], sent: Sequence[SentStep], remarks: Sequence[str]
) -> PlannedChange:
    """A route that can be gone, with what is to be said of it."""
    needs = dict.fromkeys(need for step in route for need in step.needs)
    if needs:
        why = f"the step to {_named(next(s for s in route if s.needs))} demands {', '.join(needs)}: give it a value in "
        return PlannedChange(change, value, Decision.REFUSED, tuple(route), why=f"{why}transition_defaults")
    if route[0].end in {step.end for step in sent if step.outcome == DONE}:
        why = f"it was at {_named(route[0])} already, and the tool took it away from there to {value}"
        return PlannedChange(change, value, Decision.REFUSED, tuple(route), why=why)
    seen_only = [_named(step) for step in route if not step.offered]
    warnings = list(remarks)
    if seen_only:
        warnings.append(f"the way to {', '.join(seen_only)} was gone before, but the tool has not said that we may")
    return PlannedChange(change, value, Decision.WRITE, tuple(route), tuple(warnings))


def no_way_back(route: Sequence[Step], steps: Iterable[Step]) -> bool:
    """Whether no known steps lead from the end of a route to its start."""
    return shortest_route(route[-1].end, {route[0].start}, steps) is None


def _named(step: Step) -> str:
    return step.end_name or step.end


def _status(
    change: WantedChange, live: Live, words: Sequence[KnownWord], steps: Sequence[Step], sent: Sequence[SentStep]
) -> Sequence[Step] | str:
    """The route, or why there is none. What the tool offers from the present status counts, and nothing else there."""
    value, wish = live.values["status"], change.wish
    ends = {wish.value} if wish.is_native else {word.id for word in words if word.ours == wish.value}
    direct = {step.end for step in live.offers.steps}
    kept = next((s for s in steps if s.start == value.id and s.offered and s.end in ends and s.end not in direct), None)
    if kept is not None:
        return (
            f"the tool offers the step from {value} to {_named(kept)} to other issues, and not to this one: it is "
            "blocked, has open subtasks, or lacks something else that its workflow asks for"
        )
    route = shortest_route(value.id or "", ends, [*live.offers.steps, *(s for s in steps if s.start != value.id)])
    names = ", ".join(dict.fromkeys(_named(step) for step in live.offers.steps))
    if route is None and not names:
        return f"the tool offers no way out of {value}: the account may not move this issue, or the workflow ends here"
    if route is None:
        return f"no way from {value} to {wish} is known here: the tool offers {names}"
    most = _steps_left(value, ends, steps, sent)
    if most is not None and len(route.steps) > most:
        return f"the tool does not offer the step from {value} that was to come next: it offers {names}"
    return route.steps


def _steps_left(value: NativeValue, ends: set[str], steps: Sequence[Step], sent: Sequence[SentStep]) -> int | None:
    """A route that was begun may not get longer: an issue is not led about. None: none was begun."""
    done = [step for step in sent if step.outcome in (DONE, UNKNOWN)]
    if not done or done[-1].start is None:
        return None
    last = done[-1]
    begun = shortest_route(last.start or "", ends, [*steps, Step(last.start or "", last.end)])
    length = len(begun.steps) if begun is not None else 1
    return length - 1 if value.id == last.end else length


def _picked(change: WantedChange, live: Live, words: Sequence[KnownWord]) -> Sequence[Step] | str:
    """One step to a value that the tool takes, or why there is none. Of several that mean our word, the one that is
    called so comes first, and then the tool's order."""
    name, wish = change.field, change.wish
    if name in live.offers.refused:
        return live.offers.refused[name]
    value, allowed = live.values[name], live.offers.statuses if name == "status" else live.offers.priorities
    if allowed == ():
        return f"the account may not change the {name} of this issue, or its project has none"
    candidates = [NativeValue(word.id, word.name, word.ours) for word in words]
    if allowed is not None:
        ours, own = {word.id: word.ours for word in words}, {one.id for one in allowed}
        takes_others = name in live.offers.any_word and (wish.is_native or not own)  # our word may mean many of theirs
        others = [one for one in candidates if takes_others and one.id not in own]
        candidates = [*(NativeValue(one.id, one.name, ours.get(one.id or "")) for one in allowed), *others]
    fitting = [one for one in candidates if one.id is not None and wish.is_met_by(one)]
    found = next((one for one in fitting if _letters(str(one)) == _letters(wish.value)), next(iter(fitting), None))
    if found is None or found.id is None:
        return f"the project does not take {name} {wish}: it takes {', '.join(str(one) for one in candidates)}"
    return [Step(value.id or "", found.id, end_name=found.name)]


def _letters(word: str) -> str:
    return "".join(letter for letter in word.casefold() if letter.isalnum())
