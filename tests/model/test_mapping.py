"""Every word of a tool means one of ours; rules come first; what no rule covers is listed to be mapped."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.mapping import MAPPED_KINDS, NativeWord, Rules, map_priority, map_status, map_type, map_words
from model.vocabulary import IssueType, Status, WordKind

CATEGORIES = ("todo", "in_progress", "done", "blocked", "cancelled")
ALLOWED: dict[WordKind, set[str | None]] = {
    WordKind.STATUS: {s.value for s in Status},
    WordKind.PRIORITY: {"1", "2", "3", "4", "5", None},
    WordKind.TYPE: {t.value for t in IssueType},
}

names = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["Done", "Blocked", "On Hold", "Won't Do", "Rejected", "Epic", "Sub-task", "Bug", "Høj", "İş"]),
)
native_words = st.builds(
    NativeWord,
    kind=st.sampled_from(WordKind),
    word_id=st.integers(1, 30).map(str),
    name=names,
    category=st.one_of(st.none(), st.sampled_from([*CATEGORIES, "undefined", ""])),
    position=st.one_of(st.none(), st.integers(0, 20)),
    level=st.one_of(st.none(), st.integers(-1, 3)),
)
rule_sets = st.builds(
    Rules,
    status=st.dictionaries(st.one_of(names, st.integers(1, 30).map(str)), st.sampled_from(Status), max_size=4),
    priority=st.dictionaries(st.one_of(names, st.integers(1, 30).map(str)), st.integers(1, 5), max_size=4),
    type=st.dictionaries(st.one_of(names, st.integers(1, 30).map(str)), st.sampled_from(IssueType), max_size=4),
)


def status(name: str, category: str | None = None, word_id: str = "1") -> NativeWord:
    return NativeWord(WordKind.STATUS, word_id, name, category=category)


def values(words: list[NativeWord], rules: Rules | None = None) -> list[str | None]:
    return [mapped.value for mapped in map_words(words, rules or Rules())]


# ------------------------------------------------------------------ laws


@given(st.lists(native_words, max_size=12), rule_sets)
def test_every_word_means_one_of_ours(words, given_rules):
    mapped = map_words(words, given_rules)
    assert [m.word for m in mapped] == [w for w in words if w.kind in MAPPED_KINDS]
    assert all(m.value in ALLOWED[m.word.kind] for m in mapped)


@given(st.lists(native_words, max_size=12), rule_sets)
def test_what_no_rule_covers_is_to_be_mapped_and_nothing_else(words, given_rules):
    for mapped in map_words(words, given_rules):
        table = {k.casefold().strip() for k in getattr(given_rules, mapped.word.kind.value)}
        covered = bool(table & {mapped.word.word_id, mapped.word.name.casefold().strip()})
        assert mapped.to_be_mapped is not covered


@given(native_words.filter(lambda w: w.kind in MAPPED_KINDS), st.sampled_from(Status), st.integers(1, 5), st.booleans())
def test_a_rule_wins_over_every_default(word, our_status, grade, by_id):
    key = word.word_id if by_id else f"  {word.name} "
    given_rules = Rules(status={key: our_status}, priority={key: grade}, type={key: IssueType.RISK})
    expected = {"status": our_status.value, "priority": str(grade), "type": "risk"}[word.kind.value]
    assert values([word], given_rules) == [expected]


@given(st.lists(native_words, max_size=8), rule_sets, st.sampled_from(MAPPED_KINDS))
def test_rules_for_one_kind_do_not_touch_another(words, given_rules, kind):
    alone = Rules(**{kind.value: getattr(given_rules, kind.value)})
    mapped, unruled = map_words(words, alone), map_words(words, Rules())
    assert [m for m in mapped if m.word.kind is not kind] == [m for m in unruled if m.word.kind is not kind]


@given(st.integers(2, 60))
def test_priorities_fall_from_1_to_5_along_the_tools_list(length):
    grades = [map_priority(position, length) or 0 for position in range(length)]
    assert grades[0] == 1 and grades[-1] == 5
    assert all(0 <= later - earlier <= 4 for earlier, later in pairwise(grades))
    assert set(grades) <= {1, 2, 3, 4, 5}
    if length <= 5:
        assert len(set(grades)) == length
    else:
        assert set(grades) == {1, 2, 3, 4, 5}


@given(st.integers(0, 100), st.integers(2, 60))
def test_a_place_behind_the_list_is_its_end(beyond, length):
    assert map_priority(length - 1 + beyond, length) == 5


@given(names, st.one_of(st.none(), st.sampled_from(["undefined", "", "new"])))
def test_a_status_without_a_known_category_is_to_do_and_says_so(name, category):
    assert map_status(status(name, category)) == (Status.TODO, "unknown")


@given(names, st.sampled_from(CATEGORIES))
def test_a_name_never_turns_open_into_finished_nor_finished_into_open(name, category):
    open_ = {Status.TODO, Status.IN_PROGRESS, Status.BLOCKED}
    found, _ = map_status(status(name, category))
    assert (found in open_) == (Status(category) in open_)


@given(names, st.integers(-3, -1))
def test_what_stands_below_an_issue_is_a_subtask_whatever_it_is_called(name, level):
    assert map_type(NativeWord(WordKind.TYPE, "1", name, level=level)) == (IssueType.SUBTASK, "level")


# ------------------------------------------------------------------ named cases


@pytest.mark.parametrize(
    ("name", "category", "expected", "basis"),
    [
        ("Open", "todo", Status.TODO, "category"),
        ("Doing", "in_progress", Status.IN_PROGRESS, "category"),
        ("Closed", "done", Status.DONE, "category"),
        ("Done", None, Status.TODO, "unknown"),
        ("Won't Do", "done", Status.CANCELLED, "category and name"),
        ("  REJECTED ", "done", Status.CANCELLED, "category and name"),
        ("Abgelehnt", "done", Status.CANCELLED, "category and name"),
        ("Rejected", "in_progress", Status.IN_PROGRESS, "category"),
        ("On Hold", "todo", Status.BLOCKED, "category and name"),
        ("blocked", "in_progress", Status.BLOCKED, "category and name"),
        ("Blocked", "done", Status.DONE, "category"),
        ("Unblocked", "todo", Status.TODO, "category"),
        ("Stopped", "blocked", Status.BLOCKED, "category"),
    ],
)
def test_a_status_is_mapped_by_its_category_then_by_names_that_say_it_outright(name, category, expected, basis):
    assert map_status(status(name, category)) == (expected, basis)


@pytest.mark.parametrize(
    ("name", "level", "expected", "basis"),
    [
        ("Bug", None, IssueType.BUG, "name"),
        ("USER STORY ", 0, IssueType.STORY, "name"),
        ("Feature", None, IssueType.FEATURE, "name"),
        ("Support", None, IssueType.REQUEST, "name"),
        ("Task", 1, IssueType.TASK, "name"),
        ("Initiative", 2, IssueType.EPIC, "name"),
        ("Theme", 1, IssueType.EPIC, "level"),
        ("Bug", -1, IssueType.SUBTASK, "level"),
        ("Ficha", 0, IssueType.OTHER, "unknown"),
        ("", None, IssueType.OTHER, "unknown"),
    ],
)
def test_a_type_is_mapped_by_its_name_and_level(name, level, expected, basis):
    assert map_type(NativeWord(WordKind.TYPE, "1", name, level=level)) == (expected, basis)


@pytest.mark.parametrize(
    ("length", "expected"), [(2, [1, 5]), (3, [1, 3, 5]), (4, [1, 2, 4, 5]), (5, [1, 2, 3, 4, 5]), (1, [3])]
)
def test_short_lists_of_priorities_spread_over_ours(length, expected):
    assert [map_priority(position, length) for position in range(length)] == expected


def test_a_priority_without_a_place_or_a_list_is_not_known():
    assert map_priority(None, 5) is None
    assert map_priority(0, 0) is None
    (mapped,) = map_words([NativeWord(WordKind.PRIORITY, "1", "Ficha")], Rules())
    assert mapped.value is None and mapped.to_be_mapped


@pytest.mark.parametrize(("name", "value"), [("High", "2"), (" hoch ", "2"), ("CRITICAL", "1"), ("Low", "4")])
def test_a_priority_without_a_place_is_mapped_by_a_usual_name_and_is_to_be_confirmed(name, value):
    (mapped,) = map_words([NativeWord(WordKind.PRIORITY, "1", name)], Rules())
    assert (mapped.value, mapped.basis, mapped.to_be_mapped) == (value, "name", True)


def test_the_place_of_a_priority_counts_among_those_that_have_one():
    words = [NativeWord(WordKind.PRIORITY, str(n), f"P{n}", position=n) for n in range(3)]
    words.append(NativeWord(WordKind.PRIORITY, "9", "None"))
    assert values(words) == ["1", "3", "5", None]


def test_an_id_is_looked_for_before_a_name():
    """A tool may call the status with id 7 "5", and another has the id 5."""
    given_rules = Rules(status={"5": Status.DONE, "7": Status.BLOCKED, "Review": Status.IN_PROGRESS})
    words = [status("5", "todo", word_id="7"), status("Review", "todo", word_id="5"), status("review", word_id="8")]
    assert values(words, given_rules) == ["blocked", "done", "in_progress"]


def test_names_in_rules_may_be_written_in_any_case():
    given_rules = Rules(status={" in REVIEW": Status.BLOCKED}, priority={"STRASSE": 2}, type={"ÜBUNG": IssueType.TASK})
    words = [
        status("In Review", "done"),
        NativeWord(WordKind.PRIORITY, "1", "straße", position=0),
        NativeWord(WordKind.TYPE, "1", "Übung"),
    ]
    assert values(words, given_rules) == ["blocked", "2", "task"]


def test_activities_and_fields_have_no_word_of_ours():
    words = [NativeWord(WordKind.ACTIVITY, "1", "Design"), NativeWord(WordKind.FIELD, "2", "Team")]
    assert map_words(words, Rules(status={"Design": Status.DONE})) == []
