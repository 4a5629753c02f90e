"""What is done with a wanted change, and by which way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.change import Decision, KnownWord, NativeValue, Step, Wish, decide, shortest_route, wish_for
from model.errors import ConfigError

OURS = {"1": "todo", "2": "in_progress", "3": "in_progress", "4": "done"}
ids = st.sampled_from(sorted(OURS))
wishes = st.one_of(
    ids.map(lambda id_: Wish(id_, is_native=True)),
    st.sampled_from(sorted(set(OURS.values()))).map(lambda w: Wish(w, False)),
)


def value(id_: str) -> NativeValue:
    return NativeValue(id_, f"word {id_}", OURS[id_])


@given(base=ids, live=ids, wish=wishes, aimed_at=st.sets(ids), by_stranger=st.booleans())
def test_only_what_the_asker_saw_or_we_ourselves_wrote_is_written_over(
    base: str, live: str, wish: Wish, aimed_at: set[str], by_stranger: bool
) -> None:
    decision = decide(base, value(live), wish, aimed_at=aimed_at, by_stranger=by_stranger)
    if wish.is_met_by(value(live)):
        assert decision is Decision.VERIFIED
    else:
        known = (live == base or live in aimed_at) and not (aimed_at and by_stranger)
        assert decision is (Decision.WRITE if known else Decision.CONFLICT)


def test_undo_wants_the_native_value_and_not_one_that_means_the_same() -> None:
    assert decide("2", value("3"), Wish("2", is_native=True)) is Decision.CONFLICT
    assert decide("1", value("3"), Wish("in_progress", is_native=False)) is Decision.VERIFIED


WORDS = [
    KnownWord("10", "To Do", "todo", used=True),
    KnownWord("11", "In Review", "in_progress", used=True),
    KnownWord("12", "in review", "in_progress", used=False),
    KnownWord("13", "Done", "done", used=False),
    KnownWord("14", "done", "done", used=False),
]


@pytest.mark.parametrize(
    ("said", "wish"),
    [
        ("done", Wish("done", is_native=False)),
        ("in_progress", Wish("in_progress", is_native=False)),
        ("TO DO", Wish("10", is_native=True, name="To Do")),
        ("11", Wish("11", is_native=True, name="In Review")),
        (" in review ", Wish("11", is_native=True, name="In Review")),
    ],
)
def test_a_wish_is_our_word_as_we_write_it_or_else_the_tools(said: str, wish: Wish) -> None:
    assert wish_for("status", said, WORDS) == wish


def test_a_priority_may_be_a_grade_or_the_tools_word() -> None:
    words = [KnownWord("1", "Highest", "1", used=True), KnownWord("3", "Low", "5", used=True)]
    assert wish_for("priority", "2", words) == Wish("2", is_native=False)
    assert wish_for("priority", "highest", words) == Wish("1", is_native=True, name="Highest")


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("In Revue", 'there is no status “In Revue”; did you mean "in review"?'),
        ("xyzzy", "there is no status “xyzzy”: there are todo, in_progress, blocked, done, cancelled, To Do"),
        ("Done", "several status words are called “Done”: name one by its id: 13, 14"),
    ],
)
def test_an_unknown_word_is_told_with_the_nearest_real_one(said: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as told:
        wish_for("status", said, WORDS)
    assert str(told.value).startswith(sentence)


steps = st.lists(
    st.builds(
        Step,
        start=st.sampled_from("abcdef"),
        end=st.sampled_from("abcdef"),
        id=st.sampled_from(["1", "2", None]),
        needs=st.sampled_from([(), (), ("resolution",)]),
        offered=st.booleans(),
    ),
    max_size=14,
)


@given(
    steps=steps, start=st.sampled_from("abcdef"), end=st.sampled_from("abcdef"), seed=st.randoms(use_true_random=False)
)
def test_a_route_is_connected_shortest_and_always_the_same(steps: list[Step], start: str, end: str, seed) -> None:
    route = shortest_route(start, {end}, steps)
    shuffled = list(steps)
    seed.shuffle(shuffled)
    assert shortest_route(start, {end}, shuffled) == route
    kinds = [
        [s for s in steps if s.offered and not s.needs], [s for s in steps if s.offered],
        [s for s in steps if not s.needs], steps,
    ]  # fmt: skip
    best = next((kind for kind in kinds if end in _distances(start, kind)), [])
    if end == start or not best:
        assert route is None
        return
    assert route is not None
    assert (route.steps[0].start, route.steps[-1].end) == (start, end)
    assert all(one.end == other.start for one, other in zip(route.steps, route.steps[1:], strict=False))
    assert len(route.steps) == _distances(start, best)[end]
    assert set(route.steps) <= set(best)


def _distances(start: str, steps: list[Step]) -> dict[str, int]:
    """By another way: relaxed until nothing gets nearer."""
    found = {start: 0}
    for _ in range(len(steps) + 1):
        for step in steps:
            if step.start in found and found[step.start] + 1 < found.get(step.end, 99):
                found[step.end] = found[step.start] + 1
    return found
