"""What a run that failed, a tool that hid things at the wrong moment, or a wrong clock must not spoil for good."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from connectors.contract import Census, Page, Plan, Stream
from flows import outbox
from model.errors import HubError, Refused, Transient
from model.vocabulary import RunState
from tests.histories import SOURCE, Workplace, assert_tables_equal_the_truth, held, workplace
from tests.memory_tool import HIDDEN, PEOPLE, VISIBLE, Manners
from warehouse.landing import Answer, Event

CENSUSES = pytest.mark.parametrize("census", [Census.IDS, Census.COUNTS])


def _place(tmp_path: Path, manners: Manners, issues: int = 6) -> Workplace:
    place = workplace(tmp_path, manners)
    for n in range(issues):
        place.tracker.add_issue(min(place.tracker.projects), f"issue {n}")
    return place


def _sync(place: Workplace, times: int = 2) -> None:
    for _ in range(times):
        place.tracker.tick(3600)
        assert place.sync().state is RunState.DONE


def _fail_at(place: Workplace, stream: str, nth: int, error: Exception) -> None:
    asked = 0

    def before(what: str) -> None:
        nonlocal asked
        asked += what == stream
        if what == stream and asked == nth:
            raise error

    place.connector.before_answer = before


def _undisturbed(place: Workplace) -> None:
    place.connector.before_answer = lambda what: None


@CENSUSES
@pytest.mark.parametrize("whole_project", [True, False])
def test_history_hidden_when_it_was_asked_for_is_read_when_it_is_back(
    tmp_path: Path, census: Census, whole_project: bool
):
    place = _place(tmp_path, Manners(census=census, in_flight=1))
    tracker = place.tracker
    other = tracker.add_project()
    id_ = tracker.add_issue(other)
    tracker.edit(id_, "status", "3")
    tracker.tick(3600)

    def hide(what: str) -> None:
        if what == "issue_changes":
            if whole_project:
                tracker.projects[other] = HIDDEN
            else:
                tracker.issues[id_].hidden = True

    place.connector.before_answer = hide
    place.sync()
    _undisturbed(place)
    _sync(place)
    tracker.projects[other] = VISIBLE
    tracker.issues[id_].hidden = False
    _sync(place)
    assert_tables_equal_the_truth(place, {})


@CENSUSES
def test_what_was_edited_out_of_sight_is_read_when_its_project_is_back(tmp_path: Path, census: Census):
    place = _place(tmp_path, Manners(census=census))
    tracker = place.tracker
    other = tracker.add_project()
    id_ = tracker.add_issue(other)
    _sync(place)
    tracker.projects[other] = HIDDEN
    _sync(place)
    tracker.edit(id_, "status", "3")
    _sync(place)
    tracker.projects[other] = VISIBLE
    _sync(place, 1)
    assert_tables_equal_the_truth(place, {})


def test_a_project_that_was_seen_just_before_a_failure_is_still_read_whole(tmp_path: Path):
    place = _place(tmp_path, Manners(census=Census.COUNTS, page_size=2, in_flight=1))
    tracker = place.tracker
    hidden = tracker.add_project()
    for _ in range(4):
        tracker.add_project()
    id_ = tracker.add_issue(hidden)
    _sync(place)
    tracker.projects[hidden] = HIDDEN
    _sync(place)
    tracker.edit(id_, "title", "edited out of sight")
    _sync(place)
    tracker.projects[hidden] = VISIBLE
    _fail_at(place, "projects", 2, Transient("memory: no answer"))
    assert place.sync().state is RunState.FAILED
    _undisturbed(place)
    _sync(place, 1)
    assert_tables_equal_the_truth(place, {})


def test_a_link_made_in_silence_while_a_full_reading_was_cut_short_is_found(tmp_path: Path):
    place = _place(tmp_path, Manners(census=Census.COUNTS, in_flight=1, silent_links=True), issues=10)
    _sync(place)
    _fail_at(place, "issues", 5, Transient("memory: no answer"))
    place.tracker.tick(3600)
    assert place.sync(full=True).state is RunState.FAILED
    _undisturbed(place)
    one, other, *_ = sorted(place.tracker.issues)
    place.tracker.link(one, other, silently=True)
    place.tracker.tick(3600)
    place.sync(full=True)
    _sync(place, 1)
    assert_tables_equal_the_truth(place, {})


def test_a_window_cut_short_does_not_make_up_for_a_project_that_came_into_sight(tmp_path: Path):
    place = _place(tmp_path, Manners(census=Census.COUNTS, in_flight=1), issues=10)
    tracker = place.tracker
    hidden = tracker.add_project()
    id_ = tracker.add_issue(hidden)
    _sync(place)
    tracker.projects[hidden] = HIDDEN
    _sync(place)
    tracker.edit(id_, "title", "edited out of sight")
    tracker.tick(3600)
    _fail_at(place, "issues", 5, Transient("memory: no answer"))
    place.sync(full=True)
    _undisturbed(place)
    tracker.projects[hidden] = VISIBLE
    _sync(place)
    assert_tables_equal_the_truth(place, {})


def test_a_stream_that_is_always_refused_does_not_keep_deletions_from_being_seen(tmp_path: Path):
    place = _place(tmp_path, Manners())

    def refuse(what: str) -> None:
        if what == "accounts":
            raise Refused("memory: no right to see accounts")

    place.connector.before_answer = refuse
    for _ in range(2):
        place.tracker.tick(3600)
        assert place.sync().state is RunState.INCOMPLETE
    gone = min(place.tracker.issues)
    place.tracker.delete_issue(gone)
    place.tracker.tick(3600)
    place.sync()
    assert place.hub.value("SELECT availability FROM normal.issues WHERE native_id = ?", [str(gone)]) == "deleted"
    place.close()


def test_what_goes_with_a_project_counts_for_the_guard(tmp_path: Path):
    place = _place(tmp_path, Manners(vague=True, page_size=50))
    tracker = place.tracker
    large = tracker.add_project()
    for _ in range(60):
        tracker.add_issue(large)
    _sync(place)
    tracker.projects[large] = HIDDEN
    tracker.tick(3600)
    outcome = place.sync()
    assert {s.stream: s.held_back for s in outcome.streams}["projects"] == 1
    assert len(held(place)["issues"]) == 66
    place.accepted = True
    place.sync()
    assert len(held(place)["issues"]) == 6


def test_a_clock_that_ran_ahead_loses_no_edit(tmp_path: Path):
    place = _place(tmp_path, Manners())
    _sync(place)
    now = place.tracker.now
    place.tracker.tick(90_000)
    place.sync()
    place.tracker.now = now
    place.tracker.tick(60)
    place.tracker.edit(min(place.tracker.issues), "title", "edited meanwhile")
    _sync(place, 1)
    assert_tables_equal_the_truth(place, {})


@pytest.mark.parametrize("silent_links", [True, False])
def test_a_first_load_that_was_cut_short_leaves_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, silent_links: bool
):
    monkeypatch.setattr(outbox, "MOST_ROWS", 1)  # a link comes with both of its issues, in two commits
    place = _place(tmp_path, Manners(in_flight=1, silent_links=silent_links))
    ids = sorted(place.tracker.issues)
    for one, other in pairwise(ids):
        place.tracker.link(one, other)
    _fail_at(place, "worklogs" if silent_links else "issues", 1 if silent_links else 3, Transient("memory: no answer"))
    assert place.sync().state is RunState.FAILED
    _undisturbed(place)
    _sync(place)
    assert_tables_equal_the_truth(place, {})
    for table in ("issues", "issue_links", "worklogs"):
        assert not place.hub.rows(f"SELECT native_id FROM landed.{table} GROUP BY 1 HAVING count(*) > 1")
    assert place.rebuild() == []


def test_a_commit_that_fails_is_one_sentence_and_the_next_run_heals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    place = _place(tmp_path, Manners())
    commit = place.landing.commit

    def fail(source: str, run_id: str, answers: Sequence[Answer], events: Sequence[Event] = ()) -> Any:
        if any(answer.stream == "issues" for answer in answers):
            raise HubError("the hub file could not take in what was read")
        return commit(source, run_id, answers, events)

    monkeypatch.setattr(place.landing, "commit", fail)
    outcome = place.sync()
    assert (outcome.state, outcome.error) == (RunState.FAILED, "the hub file could not take in what was read")
    assert place.hub.value("SELECT state FROM ledger.runs") == "failed"
    monkeypatch.undo()
    _sync(place)
    assert_tables_equal_the_truth(place, {})


def test_a_completion_that_cannot_be_understood_is_asked_for_again(tmp_path: Path):
    place = workplace(tmp_path, Manners(), bulk=True)
    id_ = place.tracker.add_issue(min(place.tracker.projects))
    for n in range(5):
        place.tracker.tick(60)
        place.tracker.edit(id_, "status", "3" if n % 2 else "2")
    place.connector.garbled = "issue_changes"
    place.tracker.tick(3600)
    place.sync()
    place.connector.garbled = ""
    _sync(place)
    assert_tables_equal_the_truth(place, {})


def test_a_plan_that_is_refused_makes_nothing_missing(tmp_path: Path):
    place = _place(tmp_path, Manners())
    _sync(place)
    listed = "SELECT native_id, availability FROM landed.accounts ORDER BY 1"
    known = place.hub.rows(listed)
    plan = place.connector.plan

    def refuse(stream: Stream, since: datetime | None) -> Plan:
        if stream.name != "accounts":
            return plan(stream, since)
        return Plan([], [Page("accounts", b"", "GET /accounts", place.tracker.now, status=403)])

    place.connector.plan = refuse  # type: ignore[method-assign]
    _sync(place)
    assert place.hub.rows(listed) == known


def test_an_index_that_forgets_many_makes_none_of_them_missing(tmp_path: Path):
    place = _place(tmp_path, Manners(vague=True), issues=90)
    place.settings = place.settings.model_copy(update={"max_probes": 3})
    _sync(place)
    forgotten = {str(id_) for id_ in list(place.tracker.issues)[:8]}  # few enough for the guard to believe it
    place.connector.forgotten = forgotten
    _sync(place)
    assert held(place)["issues"] >= forgotten
    assert_tables_equal_the_truth(place, {})
    gone = [int(id_) for id_ in forgotten][:5]
    for id_ in gone:
        place.tracker.delete_issue(id_)
    _sync(place)
    assert forgotten & held(place)["issues"] == forgotten - {str(id_) for id_ in gone}


def test_a_list_that_is_refused_in_part_makes_nothing_missing(tmp_path: Path):
    place = _place(tmp_path, Manners())
    _sync(place)
    listed = "SELECT native_id, availability FROM landed.accounts ORDER BY 1"
    known = place.hub.rows(listed)
    assert len(known) == len(PEOPLE)
    for refused in ("accounts", ""):
        place.connector.refused = refused
        _sync(place)
        assert place.hub.rows(listed) == known


def test_a_record_in_quarantine_that_is_deleted_leaves_it(tmp_path: Path):
    place = _place(tmp_path, Manners(census=Census.COUNTS))
    _sync(place)
    id_ = min(place.tracker.issues)
    place.tracker.edit(id_, "broken", True)
    place.tracker.edit(id_, "title", "broken")
    _sync(place, 1)
    assert place.hub.rows("SELECT native_id FROM ledger.quarantine") == [(str(id_),)]
    place.tracker.delete_issue(id_)
    _sync(place)
    assert place.hub.rows("SELECT native_id FROM ledger.quarantine WHERE source = ?", [SOURCE]) == []


def test_a_fault_of_our_own_is_one_sentence_and_on_record(tmp_path: Path):
    place = _place(tmp_path, Manners())
    _fail_at(place, "issues", 1, KeyError("spent"))
    outcome = place.sync()
    assert (outcome.state, outcome.exit_status) == (RunState.FAILED, 1)
    assert "fault of its own (KeyError)" in str(outcome.error)
    assert place.hub.rows("SELECT state FROM ledger.runs") == [("failed",)]


@CENSUSES
def test_what_was_edited_in_a_project_that_the_account_did_not_see_for_one_run_is_read_when_it_is_back(
    tmp_path: Path, census: Census
):
    place = _place(tmp_path, Manners(census=census))
    tracker = place.tracker
    other = tracker.add_project()
    id_ = tracker.add_issue(other)
    _sync(place)
    tracker.scope, tracker.projects[other] = "less", HIDDEN
    tracker.edit(id_, "title", "edited in hiding")
    _sync(place, 1)  # nothing is called gone in this run, so that the project does not come into sight in the next
    tracker.projects[other] = VISIBLE
    _sync(place, 1)
    assert_tables_equal_the_truth(place, {})
    place.close()
