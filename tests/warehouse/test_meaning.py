"""Words and people: by rule, else by what the tool says of them, and never written again if nothing differs."""

from __future__ import annotations

import pytest

from model.mapping import Rules
from model.vocabulary import Status
from tests.warehouse.small_hub import NOON, STATUSES, SmallHub, change, issue, priority, project


def meaning(small, source="ops"):
    found = small.hub.rows("SELECT kind, word_id, value, basis FROM ledger.word_map WHERE source = ?", [source])
    return {(kind, word_id): (value, basis) for kind, word_id, value, basis in found}


@pytest.fixture
def tracker(small: SmallHub) -> SmallHub:
    small.land("ops", projects=[project("1")], words=STATUSES)
    return small


def test_words_mean_what_the_tools_category_says_and_are_to_be_mapped(tracker):
    to_map = tracker.renew()
    assert meaning(tracker) == {
        ("status", "1"): ("todo", "category"),
        ("status", "2"): ("in_progress", "category"),
        ("status", "3"): ("done", "category"),
        ("status", "4"): ("cancelled", "category and name"),
    }
    assert [(w.source, w.kind, w.name) for w in to_map] == [
        ("ops", "status", name) for name in ("New", "Doing", "Closed", "Rejected")
    ]


def test_a_rule_wins_and_is_not_to_be_mapped(tracker):
    tracker.land("ops", issues=[issue("7", native_status_id="2")])
    to_map = tracker.renew({"ops": Rules(status={"DOING": Status.BLOCKED})})
    assert "Doing" not in [w.name for w in to_map]
    assert tracker.rows("issues", "status") == {"7": "blocked"}
    tracker.renew()
    assert tracker.rows("issues", "status") == {"7": "in_progress"}  # a rule taken back


def test_rules_of_one_source_leave_others_alone(tracker):
    tracker.land("web", words=STATUSES)
    tracker.renew({"ops": Rules(status={"1": Status.BLOCKED})})
    assert meaning(tracker)["status", "1"] == ("blocked", "rule")
    assert meaning(tracker, "web")["status", "1"] == ("todo", "category")


def test_a_word_never_seen_before_gets_the_default_and_is_to_be_mapped(tracker):
    tracker.land("ops", issues=[issue("7", native_status_id="99", native_status="Parked", native_type="Riddle")])
    to_map = {(w.kind, w.name): w.value for w in tracker.renew()}
    assert to_map["status", "Parked"] == "todo"
    assert to_map["type", "Riddle"] == "other"
    assert tracker.rows("issues", "status", "native_status", "type") == {"7": ("todo", "Parked", "other")}


def test_history_may_know_a_word_by_its_id_only_or_by_its_name_only(tracker):
    known_by_name = change("2:status:0", "7", "", "", NOON, from_native="new", to_native="closed")
    known_by_name |= {"from_native_id": None, "to_native_id": None}
    tracker.land("ops", issues=[issue("7")], issue_changes=[change("1:status:0", "7", "88", "1", NOON), known_by_name])
    tracker.renew()
    assert meaning(tracker)["status", "88"] == ("todo", "unknown")
    assert tracker.rows("issue_changes", "from_value", "to_value") == {
        "1:status:0": ("todo", "todo"),
        "2:status:0": ("todo", "done"),  # what these names mean today
    }


def test_the_latest_name_of_an_unlisted_word_is_its_name(tracker):
    tracker.land("ops", issues=[issue("7", native_status_id="99", native_status="Parked")])
    tracker.land("ops", issues=[issue("8", native_status_id="99", native_status="On ice")])
    tracker.renew()
    assert tracker.rows("issues", "native_status") == {"7": "On ice", "8": "On ice"}


def test_a_priority_that_left_the_list_does_not_shift_the_others(tracker):
    words = [priority("1", "High", 0), priority("2", "Normal", 1), priority("3", "Low", 2)]
    tracker.land("ops", words=words)
    tracker.renew()
    values = {id_: value for (kind, id_), (value, _) in meaning(tracker).items() if kind == "priority"}
    assert values == {"1": "1", "2": "3", "3": "5"}
    tracker.gone("ops", "words", **{"priority:3": "missing"})
    tracker.renew()
    values = {id_: value for (kind, id_), (value, _) in meaning(tracker).items() if kind == "priority"}
    assert values == {"1": "1", "2": "5", "3": "5"}  # the list has two places now, issues that still hold the third …


def places(small):
    return small.hub.rows("SELECT 'w', rowid FROM ledger.word_map UNION ALL SELECT 'p', rowid FROM ledger.person_map")


def test_nothing_new_writes_nothing(tracker):
    tracker.land("ops", accounts=[{"native_id": "1", "name": "Ada"}], issues=[issue("7", native_status="Odd")])
    tracker.renew()
    before = places(tracker)
    tracker.renew()
    assert places(tracker) == before
    tracker.renew({"ops": Rules(status={"1": Status.BLOCKED})}, [("ops:1", "ops:2")])
    assert [p for p in places(tracker) if p[0] == "w"] != [p for p in before if p[0] == "w"]
    assert [p for p in places(tracker) if p[0] == "p"] == [p for p in before if p[0] == "p"]


def test_people_are_joined_over_tools(tracker):
    tracker.land(
        "ops",
        accounts=[
            {"native_id": "1", "name": "Ada L.", "email": "ada@example.org"},
            {"native_id": "2", "name": "Tom"},
            {"native_id": "3", "name": "Uma"},
        ],
    )
    tracker.land(
        "web",
        accounts=[{"native_id": "9", "name": "Ada Lovell", "email": "Ada@Example.org"}],
        account_mentions=[{"native_id": "8", "name": "Thomas"}],
    )
    tracker.renew(confirmed=[("ops:2", "web:8"), ("ops:3", "gone:1")])
    assert dict(tracker.hub.rows("FROM ledger.person_map")) == {
        "ops:1": "ops:1", "web:9": "ops:1", "ops:2": "ops:2", "web:8": "ops:2", "ops:3": "ops:3",
    }  # fmt: skip


def test_who_is_only_named_but_with_an_address_is_joined_by_it(tracker):
    tracker.land("ops", accounts=[{"native_id": "1", "name": "Ada L.", "email": "ada@example.org"}])
    named = {"native_id": "ada@example.org", "name": "Ada Lovell", "email": "ada@example.org"}
    tracker.land("web", account_mentions=[named])
    tracker.renew()
    assert dict(tracker.hub.rows("FROM ledger.person_map")) == {"ops:1": "ops:1", "web:ada@example.org": "ops:1"}
    assert tracker.hub.rows("SELECT email FROM normal.accounts WHERE id = 'web:ada@example.org'") == [
        ("ada@example.org",)
    ]


def test_an_empty_hub_has_no_meaning_and_that_is_fine(small):
    assert small.renew() == []
