"""What a push decides, as a state machine: strangers edit, people wish, pushes are cut off between any two steps.

The tool, the desk and the loop of `flows.push` are played here by some lines of their own; what is decided comes from
`model.plan`. The same laws are put to the real ones in `tests/flows/test_push_trials.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, precondition, rule

from model.change import Decision, KnownWord, NativeValue, Step, WantedChange, Wish
from model.plan import (
    DONE,
    NOT_SENT,
    REFUSED,
    UNKNOWN,
    Live,
    Moved,
    Offers,
    SentStep,
    is_anothers,
    overwritten,
    plan_change,
    plan_hash,
)
from model.vocabulary import ChangeState

US, STRANGER = "hub", "somebody"
OURS = {"a": "todo", "b": "in_progress", "c": "in_progress", "d": "done"}
WAYS = [("a", "b"), ("b", "c"), ("c", "b"), ("b", "a"), ("c", "d"), ("d", "a")]
WORDS = {
    "status": [KnownWord(id_, id_.upper(), ours, used=True) for id_, ours in OURS.items()],
    "priority": [KnownWord(id_, id_, id_, used=True) for id_ in "123"],
}
NOW = datetime(2026, 3, 2, tzinfo=UTC)


def value(field_: str, id_: str) -> NativeValue:
    word = next(word for word in WORDS[field_] if word.id == id_)
    return NativeValue(word.id, word.name, word.ours)


@dataclass
class Tool:
    """One issue, its history, and a workflow. `bounces`: a step to there is taken on by a rule, in our name or not."""

    values: dict[str, str] = field(default_factory=lambda: {"status": "a", "priority": "2"})
    history: list[Moved] = field(default_factory=list)
    bounces: dict[str, tuple[str, str]] = field(default_factory=dict)
    pretends: bool = False

    def set(self, name: str, end: str, by: str) -> None:
        if self.values[name] != end:
            self.history.append(Moved(name, self.values[name], end, by))
            self.values[name] = end

    def take(self, name: str, step: Step) -> None:
        """What we send."""
        if self.pretends:
            return
        self.set(name, step.end, US)
        if name == "status" and step.end in self.bounces:
            self.set(name, *self.bounces[step.end])

    def look(self) -> Live:
        here = self.values["status"]
        steps = tuple(Step(start, end, f"{start}{end}") for start, end in WAYS if start == here)
        values_ = {name: value(name, id_) for name, id_ in self.values.items()}
        return Live("1", "P-1", "p", "t", values_, tuple(self.history), Offers(steps))


@dataclass
class Case:
    """A change with what was recorded of it."""

    change: WantedChange
    sent: list[SentStep] = field(default_factory=list)
    writes: int = 0
    cuts: int = 0
    verified_at: int = 0  # length of the history then


class Cut(Exception):
    """The process died."""


class Pushing(RuleBasedStateMachine):
    cases = Bundle("cases")

    def __init__(self) -> None:
        super().__init__()
        self.tool = Tool()
        self.hub = dict(self.tool.values)
        self.all: list[Case] = []

    # ---- people ------------------------------------------------------------------------------------------------

    @rule(name=st.sampled_from(["status", "priority"]), which=st.integers(0, 3))
    def somebody_edits(self, name: str, which: int) -> None:
        ids = [word.id for word in WORDS[name]]
        self.tool.set(name, ids[which % len(ids)], STRANGER)

    @rule(end=st.sampled_from("abcd"), on=st.sampled_from("abcd"), by=st.sampled_from([US, STRANGER]))
    def a_rule_is_made(self, end: str, on: str, by: str) -> None:
        self.tool.bounces = {} if end == on else {end: (on, by)}

    @rule(pretends=st.booleans())
    def rights_change(self, pretends: bool) -> None:
        self.tool.pretends = pretends

    @rule()
    def the_hub_pulls(self) -> None:
        self.hub = dict(self.tool.values)

    @rule(target=cases, name=st.sampled_from(["status", "priority"]), which=st.integers(0, 6))
    def somebody_wishes(self, name: str, which: int) -> Case:
        native = [Wish(word.id, is_native=True, name=word.name) for word in WORDS[name]]
        ours = [Wish(one, is_native=False) for one in sorted({str(word.ours) for word in WORDS[name]})]
        wish = (native + ours)[which % len(native + ours)]
        return self._asked(name, value(name, self.hub[name]), wish)

    @rule(target=cases, case=cases)
    def somebody_undoes(self, case: Case) -> Case:
        return self._undone(case)

    def _undone(self, case: Case) -> Case:
        change = case.change
        if change.state is not ChangeState.VERIFIED or change.before is None or change.after is None:
            return case
        return self._asked(change.field, change.after, Wish(change.before.id or "", is_native=True))

    def _asked(self, name: str, base: NativeValue, wish: Wish) -> Case:
        for case in self.all:
            if case.change.field == name and case.change.state is ChangeState.APPROVED:
                case.change = replace(case.change, state=ChangeState.SUPERSEDED)
        made = WantedChange(
            len(self.all) + 1, "s", "s:1", "P-1", name, base, wish, ChangeState.APPROVED, "asker", NOW
        )  # fmt: skip
        self.all.append(Case(made))
        return self.all[-1]

    # ---- pushes ------------------------------------------------------------------------------------------------

    @rule(seam=st.one_of(st.none(), st.integers(0, 12)), breaks=st.sampled_from(["", "", "", "before", "after"]))
    def a_push(self, seam: int | None, breaks: str) -> None:
        """Cut off at the n-th seam, if at all. `breaks`: the tool answers 500 to all, before or after it acts."""
        self.seams = seam
        try:
            for case in self.all:
                if case.change.state in (ChangeState.APPROVED, ChangeState.APPLIED):
                    self._see_to_its_end(case, breaks)
        except Cut:
            case.cuts += 1

    def _seam(self) -> None:
        if self.seams is not None:
            self.seams -= 1
            if self.seams < 0:
                raise Cut

    def _see_to_its_end(self, case: Case, breaks: str) -> None:
        for _ in range(40):
            self._seam()
            live = self.tool.look()
            self.hub = dict(self.tool.values)
            steps = [Step(start, end, offered=False) for start, end in WAYS]
            name = case.change.field
            planned = plan_change(
                case.change, live, case.sent, account_id=US, words=WORDS[name], steps=steps
            )  # fmt: skip
            again = plan_change(case.change, live, case.sent, account_id=US, words=WORDS[name], steps=steps[::-1])
            assert plan_hash([planned]) == plan_hash([again])
            self._seam()
            if planned.decision is not Decision.WRITE:
                self._settle(case, planned.decision, live)
                return
            self._send(case, planned.route[0], breaks)
        raise AssertionError("a push must end")

    def _settle(self, case: Case, decision: Decision, live: Live) -> None:
        name = case.change.field
        assert self.hub == self.tool.values
        if decision is Decision.VERIFIED:
            assert case.change.wish.is_met_by(value(name, self.tool.values[name])), "it is not as wanted"
            after = live.values[name]
            case.change = replace(case.change, state=ChangeState.VERIFIED, after=after)
            case.verified_at = len(self.tool.history)
            assert not case.sent or overwritten(name, live, case.sent, US) is None
        else:
            ended = ChangeState.CONFLICT if decision is Decision.CONFLICT else ChangeState.FAILED
            case.change = replace(case.change, state=ended)

    def _send(self, case: Case, step: Step, breaks: str) -> None:
        name = case.change.field
        newest = next((entry for entry in reversed(self.tool.history) if entry.field == name), None)
        is_seen = self.tool.values[name] == case.change.base.id
        assert is_seen or (newest is not None and newest.account_id == US), "it overwrites what nobody had seen"
        assert step.start == self.tool.values[name]
        if not case.sent:
            case.change = replace(case.change, before=value(name, step.start), state=ChangeState.APPLIED)
        case.sent.append(SentStep(step.start, step.end))
        self._seam()
        case.writes += 1
        if breaks != "before":
            self.tool.take(name, step)
        self._seam()
        said = UNKNOWN if breaks else DONE
        case.sent[-1] = replace(case.sent[-1], outcome=said, said="500" if breaks else None)

    # ---- laws --------------------------------------------------------------------------------------------------

    @invariant()
    def nothing_is_sent_more_often_than_it_takes(self) -> None:
        for case in self.all:
            assert case.writes <= len(OURS) + 1 + case.cuts

    @precondition(lambda self: self.all)
    @rule()
    def a_push_alone_leaves_nothing_waiting(self) -> None:
        self.a_push(None, "")
        waiting = {ChangeState.APPROVED, ChangeState.APPLIED}
        assert not [case for case in self.all if case.change.state in waiting]
        before = [case.writes for case in self.all]
        self.a_push(None, "")
        assert [case.writes for case in self.all] == before, "a second push sends nothing"

    @rule(case=consumes(cases))
    def undoing_brings_back_what_nobody_touched(self, case: Case) -> None:
        self.a_push(None, "")
        name, change = case.change.field, case.change
        untouched = len(self.tool.history) == case.verified_at
        if change.state is not ChangeState.VERIFIED or change.before is None or not case.sent or not untouched:
            return
        if self.tool.pretends or self.tool.bounces:
            return
        back = self._undone(case)
        self.a_push(None, "")
        assert back.change.state is ChangeState.VERIFIED
        assert self.tool.values[name] == change.before.id


TestPushing = Pushing.TestCase
TestPushing.settings = settings(max_examples=150, stateful_step_count=25, deadline=None)


# ------------------------------------------------------------------ sentences


def asked(name: str = "status", base: str = "a", wanted: str = "d") -> WantedChange:
    wish = Wish(wanted, is_native=True, name=wanted.upper())
    return WantedChange(1, "s", "s:1", "P-1", name, value(name, base), wish, ChangeState.APPROVED, "asker", NOW)


def planned(change: WantedChange, live: Live | None, sent: list[SentStep] | None = None, steps: list[Step] = []):  # noqa: B006
    return plan_change(change, live, sent or [], account_id=US, words=WORDS[change.field], steps=steps)


ALL_WAYS = [Step(start, end) for start, end in WAYS]


@pytest.mark.parametrize(
    ("change", "live", "sent", "sentence"),
    [
        (asked(), None, [], "the tool does not show this issue to the account: it was deleted, or is hidden"),
        (asked(base="b"), Tool().look(), [], "status was B when this was asked for, and is A now"),
        (
            asked(),
            replace(Tool().look(), offers=Offers()),
            [],
            "the tool offers no way out of A: the account may not move this issue, or the workflow ends here",
        ),
        (
            asked(),
            replace(Tool().look(), offers=Offers((Step("a", "b", "1", "Doing"),))),
            [],
            "no way from A to D is known here: the tool offers Doing",
        ),
        (
            asked(wanted="b"),
            replace(Tool().look(), offers=Offers((Step("a", "b", "1", "Doing", needs=("Resolution",)),))),
            [],
            "the step to Doing demands Resolution: give it a value in transition_defaults",
        ),
        (
            asked(wanted="b"),
            Tool().look(),
            [SentStep("a", "b", DONE)],
            "the tool said yes and left status at A: the account's role, the workflow or a rule of the tool does not "
            "allow it",
        ),
        (asked(wanted="b"), Tool().look(), [SentStep("a", "b", REFUSED, "no")], "the tool declined it: no"),
        (
            asked("priority", "2", "1"),
            replace(Tool().look(), offers=Offers(priorities=())),
            [],
            "the account may not change the priority of this issue, or its project has none",
        ),
        (
            asked("priority", "2", "1"),
            replace(Tool().look(), offers=Offers(priorities=(NativeValue("3", "Low"), NativeValue("2", "Mid")))),
            [],
            "the project does not take priority 1: it takes Low, Mid",
        ),
        (
            asked(),
            replace(Tool().look(), offers=Offers(statuses=(), refused={"status": "the column is locked"})),
            [],
            "the column is locked",
        ),
        (
            asked(),
            replace(Tool().look(), offers=Offers(statuses=(NativeValue("b", "B"), NativeValue("c", "C")))),
            [],
            "the project does not take status D: it takes B, C",
        ),
    ],
)
def test_what_is_not_sent_says_why(change, live, sent, sentence) -> None:
    found = planned(change, live, sent)
    assert (found.why, found.decision is Decision.WRITE) == (sentence, False)


def test_the_way_on_is_what_is_known_of_the_workflow_but_the_first_step_what_the_tool_offers() -> None:
    offered = Tool().look()
    route = planned(asked(), offered, steps=[*ALL_WAYS, Step("a", "d", offered=False)]).route
    assert [step.end for step in route] == ["b", "c", "d"]
    seen = [replace(step, offered=False, end_name=step.end.upper()) for step in ALL_WAYS]
    found = planned(asked(), offered, steps=seen)
    assert found.warnings == ("the way to C, D was gone before, but the tool has not said that we may",)


def test_a_step_that_others_are_offered_and_this_issue_is_not_is_not_gone_round() -> None:
    here = replace(Tool().look(), offers=Offers((Step("a", "b", "1", "Doing"),)))
    found = planned(asked(wanted="d"), here, steps=[*ALL_WAYS, Step("a", "d", end_name="Closed")])
    assert found.decision is Decision.REFUSED
    assert (found.why or "").startswith(
        "the tool offers the step from A to Closed to other issues, and not to this one"
    )
    gone_before = [*ALL_WAYS, Step("a", "d", offered=False)]  # by those who may do more, perhaps
    assert [s.end for s in planned(asked(wanted="d"), here, steps=gone_before).route] == ["b", "c", "d"]


def test_a_route_that_was_begun_does_not_get_longer() -> None:
    tool = Tool()
    tool.set("status", "b", US)
    there = replace(tool.look(), offers=Offers((Step("b", "a", "1", "Back"), Step("b", "c", "2", "On"))))
    sent = [SentStep("a", "b", DONE)]
    steps = [Step("a", "b"), Step("b", "d", offered=False), Step("a", "c"), Step("c", "d")]
    found = planned(asked(wanted="d"), there, sent, steps)
    assert found.why == "the tool does not offer the step from B that was to come next: it offers Back, On"
    assert planned(asked(wanted="c"), there, sent, [Step("a", "b"), Step("b", "c")]).decision is Decision.WRITE


def told(history: Sequence[Moved], *sent: SentStep) -> str | None:
    """Which value our steps replaced unseen."""
    field_ = history[0].field
    found = overwritten(field_, replace(Tool().look(), history=tuple(history)), sent, US)
    return None if found is None else found.start


def test_what_somebody_wrote_in_the_same_moment_is_told() -> None:
    history = [Moved("priority", "2", "3", STRANGER), Moved("priority", "3", "1", US)]
    assert told(history, SentStep("2", "1", DONE)) == "3"
    assert told(history, SentStep("3", "1", DONE)) is None
    emptied = [Moved("priority", "2", None, STRANGER), Moved("priority", None, "1", US)]
    live = replace(Tool().look(), history=tuple(emptied))
    assert overwritten("priority", live, [SentStep("2", "1", DONE)], US) == emptied[1]


@pytest.mark.parametrize("end", ["1", "2"])  # the very value that we wrote, as a sheet notes it, or another
def test_it_is_told_also_where_others_wrote_since(end: str) -> None:
    history = [
        Moved("priority", "2", "3", STRANGER),
        Moved("priority", "3", "1", US),
        Moved("priority", "1", end, "ada"),
    ]
    assert told(history, SentStep("2", "1", None)) == "3"
    assert is_anothers("priority", replace(Tool().look(), history=tuple(history)), [SentStep("2", "1", None)], US)
    assert told(history, SentStep("2", "1", REFUSED)) is None


def test_it_is_told_of_each_step_of_a_route() -> None:
    ada, first, second = (
        Moved("status", "a", "d", STRANGER),
        Moved("status", "d", "b", US),
        Moved("status", "b", "c", US),
    )
    route = SentStep("a", "b", DONE), SentStep("b", "c", DONE)
    assert told([ada, first], *route) == told([ada, first, second], *route) == "d"
    again = Moved("status", "b", "a", STRANGER), Moved("status", "a", "c", US)
    assert told([ada, first, *again], *route) == "a"


def test_nobody_else_is_blamed_for_what_the_tool_does_not_show() -> None:
    """A sheet's oldest entry comes from nowhere, and a tool may note a route as one step."""
    assert told([Moved("status", None, "b", US)], SentStep("a", "b", DONE)) is None
    assert told([Moved("status", "a", "c", US)], SentStep("a", "b", DONE), SentStep("b", "c", DONE)) is None


def test_what_an_earlier_change_of_ours_did_is_not_taken_for_a_step_of_this_one() -> None:
    earlier = [Moved("status", "a", "b", US), Moved("status", "b", "c", STRANGER)]
    landed = Moved("status", "c", "b", US)
    assert told([*earlier, landed], SentStep("c", "b", None), SentStep("c", "b", DONE)) is None


def test_a_rule_that_acts_in_our_name_is_nobody_elses_edit() -> None:
    history = [Moved("status", "a", "b", US), Moved("status", "b", "c", US)]
    assert told(history, SentStep("a", "c", UNKNOWN), SentStep("a", "b", DONE)) is None
    assert (
        told([Moved("status", "a", "d", STRANGER), Moved("status", "d", "b", US), history[1]], SentStep("a", "b"))
        == "d"
    )


def at(seconds: int) -> datetime:
    return NOW.replace(second=0) + timedelta(seconds=seconds)


def test_what_we_did_long_ago_is_not_taken_for_what_we_did_now() -> None:
    """Months ago we moved it; a stranger has been there since; our own step had no effect."""
    old = (Moved("status", "b", "c", US, at(-9000)), Moved("status", "c", "a", STRANGER, at(-5000)))
    stopped = [SentStep("a", "c", None, at=at(0))]
    live = replace(Tool().look(), history=old, offers=Offers((Step("a", "c", "1"),)))
    assert planned(asked(base="a", wanted="c"), live, stopped).decision is Decision.WRITE
    there = replace(live, values={**live.values, "status": value("status", "c")})
    by_another = replace(there, history=(*old, Moved("status", "a", "c", STRANGER, at(5))))
    assert overwritten("status", by_another, stopped, US) is None
    assert is_anothers("status", by_another, stopped, US)


def test_somebody_who_shares_our_account_is_not_a_rule_of_the_tool() -> None:
    """What follows our step within seconds is; what comes minutes later is a person's."""
    sent = [SentStep("a", "b", DONE, at=at(0))]
    ours = Moved("status", "a", "b", US, at(1))
    for seconds, decision in ((3, Decision.WRITE), (600, Decision.CONFLICT)):
        then = Moved("status", "b", "c", US, at(seconds))
        live = replace(Tool({"status": "c", "priority": "2"}).look(), history=(ours, then))
        assert planned(asked(base="a", wanted="d"), live, sent, ALL_WAYS).decision is decision


def test_what_was_not_sent_or_was_declined_did_nothing() -> None:
    live = Tool({"status": "d", "priority": "2"}).look()
    for outcome in (NOT_SENT, REFUSED):
        assert is_anothers("status", live, [SentStep("a", "b", outcome)], US)
    assert not is_anothers("status", live, [SentStep("c", "d", None)], US)


def test_without_a_workflow_a_word_of_ours_means_the_one_that_is_called_so_and_else_the_first() -> None:
    words = [KnownWord(name, name, "in_progress", used=True) for name in ("At risk", "Begun", "In Progress")]
    own = tuple(NativeValue(word.id, word.name) for word in words)
    change = replace(asked(), wish=Wish("in_progress", is_native=False))

    def end(*statuses: NativeValue, any_word: frozenset[str] = frozenset(), wish: Wish = change.wish) -> str | None:
        live = replace(Tool().look(), offers=Offers(statuses=statuses, any_word=any_word))
        found = plan_change(replace(change, wish=wish), live, [], account_id=US, words=words)
        assert not found.warnings, "there is always a way back"
        return found.route[0].end if found.route else None

    assert (end(*own), end(*own[:2]), end(*own[1::-1])) == ("In Progress", "At risk", "Begun")
    other, free = (NativeValue("Open", "Open"),), frozenset({"status"})
    assert end(*other, any_word=free) is None, "it has words of its own"
    assert end(*other, any_word=free, wish=Wish("Begun", is_native=True, name="Begun")) == "Begun"
    assert end(*other, wish=Wish("Begun", is_native=True, name="Begun")) is None
