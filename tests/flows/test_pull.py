"""Pulling a source, case by case: what the next run does with what a tool did meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.contract import Census, Page, Partition
from model.errors import Refused, Transient, Unauthorized
from model.vocabulary import RunState
from tests.histories import SOURCE, Workplace, assert_tables_equal_the_truth, held, workplace
from tests.memory_tool import ARCHIVED, HIDDEN, VISIBLE, Manners


@pytest.fixture
def place(tmp_path: Path):
    place = workplace(tmp_path)
    yield place
    place.close()


def _filled(place: Workplace, issues: int = 6) -> list[int]:
    """Issues with hours and history, read once and for all."""
    tracker = place.tracker
    project = min(tracker.projects)
    ids = [tracker.add_issue(project, f"issue {n}") for n in range(issues)]
    for id_ in ids[:2]:
        tracker.edit(id_, "status", "2")
        tracker.book(id_, project, 3600)
    _settle(place)
    return ids


def _settle(place: Workplace) -> None:
    """Two runs: who the account is has been noted then, and nothing happened within the last moments."""
    for _ in range(2):
        place.tracker.tick(600)
        assert place.sync().state is RunState.DONE
    place.tracker.tick(600)


def _availability(place: Workplace, table: str, id_: int) -> str:
    return str(place.hub.value(f"SELECT availability FROM normal.{table} WHERE native_id = ?", [str(id_)]))


def _column(place: Workplace, column: str, id_: int) -> object:
    return place.hub.value(f"SELECT {column} FROM normal.issues WHERE native_id = ?", [str(id_)])


def test_an_empty_tool_is_read_without_a_row(place: Workplace):
    place.tracker.projects.clear()
    outcome = place.sync()
    assert outcome.state is RunState.DONE
    assert held(place)["issues"] == set()


def test_a_quiet_run_writes_no_row_and_asks_as_much_of_a_large_tool_as_of_a_small_one(tmp_path: Path):
    asked = []
    for issues in (5, 400):
        place = workplace(tmp_path / str(issues), Manners(census=Census.COUNTS, page_size=100))
        _filled(place, issues)
        outcome = place.sync()
        assert outcome.rows_changed == 0
        asked.append(outcome.requests)
        place.close()
    print(f"requests of a quiet run: {asked[0]} with 5 issues, {asked[1]} with 400")
    assert asked[0] == asked[1]


def test_a_value_that_goes_back_is_seen_each_time(place: Workplace):
    id_ = _filled(place)[0]
    for status in ("3", "2", "3"):
        place.tracker.edit(id_, "status", status)
        place.tracker.tick(60)
        place.sync()
        assert _column(place, "native_status_id", id_) == status


def test_a_moved_issue_keeps_its_id_and_takes_its_hours_along(place: Workplace):
    id_ = _filled(place)[0]
    other = place.tracker.add_project()
    place.tracker.move(id_, other)
    place.sync()
    assert _column(place, "id", id_) == f"{SOURCE}:{id_}"
    assert _column(place, "project_id", id_) == f"{SOURCE}:{other}"
    assert place.hub.rows(
        "SELECT DISTINCT project_id FROM normal.worklogs WHERE issue_id = ?", [f"{SOURCE}:{id_}"]
    ) == [(f"{SOURCE}:{other}",)]


def test_hours_booked_renew_the_issue_which_the_tool_leaves_as_it_was(place: Workplace):
    id_ = _filled(place)[5]
    updated = place.tracker.issues[id_].updated
    worklog = place.tracker.book(id_, min(place.tracker.projects), 900)
    place.sync()
    assert place.tracker.issues[id_].updated == updated
    assert _column(place, "time_spent_seconds", id_) == 900
    del place.tracker.worklogs[worklog]
    place.sync()
    assert _column(place, "time_spent_seconds", id_) == 0


def test_links_that_change_in_silence_are_found_by_counting(tmp_path: Path):
    place = workplace(tmp_path, Manners(census=Census.COUNTS, silent_links=True))
    ids = _filled(place)
    made = place.tracker.link(ids[0], ids[1], silently=True)
    place.tracker.link(ids[2], ids[3], silently=True)
    place.sync()
    assert_tables_equal_the_truth(place, {})
    place.tracker.unlink(made, silently=True)
    place.sync()
    assert_tables_equal_the_truth(place, {})
    assert place.sync().rows_changed == 0
    place.close()


def test_what_is_deleted_is_called_so_with_its_evidence_and_its_hours_do_not_count(place: Workplace):
    id_ = _filled(place)[0]
    place.tracker.delete_issue(id_)
    place.sync()
    assert _availability(place, "issues", id_) == "deleted"
    assert _column(place, "availability_evidence", id_) == "the tool says deleted"
    counted = place.hub.rows("SELECT DISTINCT counted FROM normal.worklogs WHERE issue_id = ?", [f"{SOURCE}:{id_}"])
    assert counted == [(False,)]


@pytest.mark.parametrize(("state", "said"), [(ARCHIVED, "archived"), (HIDDEN, "inaccessible")])
def test_issues_follow_their_project_and_come_back_with_it(place: Workplace, state: str, said: str):
    id_ = _filled(place)[0]
    project = place.tracker.issues[id_].project
    place.tracker.add_project()
    place.tracker.projects[project] = state
    place.sync()
    assert _availability(place, "projects", project) == _availability(place, "issues", id_) == said
    assert "follows project" in str(_column(place, "availability_evidence", id_))
    assert place.hub.value("SELECT bool_and(counted) FROM normal.worklogs")
    place.tracker.projects[project] = VISIBLE
    place.sync()
    assert _availability(place, "issues", id_) == "present"


def test_an_old_project_that_comes_into_sight_is_read_whole_though_the_count_is_the_same(tmp_path: Path):
    place = workplace(tmp_path, Manners(census=Census.COUNTS))
    tracker = place.tracker
    hidden = tracker.add_project(HIDDEN)
    unseen = tracker.add_issue(hidden)
    seen = _filled(place)[5]
    tracker.tick(90_000)
    place.sync()
    tracker.delete_issue(seen)
    tracker.projects[hidden] = VISIBLE
    place.sync()
    assert _availability(place, "issues", unseen) == "present"
    assert _availability(place, "issues", seen) == "deleted"
    place.close()


def test_an_account_that_sees_less_is_no_proof_of_deletion(place: Workplace):
    ids = _filled(place)
    for id_ in ids[:3]:
        place.tracker.issues[id_].hidden = True
    place.tracker.scope = "less"
    outcome = place.sync()
    assert {s.stream: s.full for s in outcome.streams}["issues"], "the account's view has changed: all is read again"
    assert [_availability(place, "issues", id_) for id_ in ids] == ["present"] * len(ids)
    place.sync()
    assert [_availability(place, "issues", id_) for id_ in ids[:4]] == ["inaccessible"] * 3 + ["present"]


def _vague_with(tmp_path: Path, issues: int) -> Workplace:
    place = workplace(tmp_path, Manners(vague=True, page_size=50))
    _filled(place, issues)
    return place


def _present(place: Workplace) -> int:
    return len(held(place)["issues"])


def test_a_great_loss_without_proof_is_held_back_until_a_person_accepts_it_once(tmp_path: Path):
    place = _vague_with(tmp_path, 60)
    for id_ in sorted(place.tracker.issues)[:25]:
        place.tracker.delete_issue(id_)
    outcome = place.sync()
    assert {s.stream: s.held_back for s in outcome.streams}["issues"] == 25
    assert outcome.state is RunState.DONE
    assert _present(place) == 60
    place.accepted = True
    place.sync()
    assert _present(place) == 35
    assert _availability(place, "issues", 2) == "missing"
    place.close()


def test_a_small_loss_is_believed(tmp_path: Path):
    place = _vague_with(tmp_path, 60)
    for id_ in sorted(place.tracker.issues)[:20]:
        place.tracker.delete_issue(id_)
    place.sync()
    assert _present(place) == 40
    place.close()


def test_a_great_loss_with_proof_for_each_is_believed(tmp_path: Path):
    place = workplace(tmp_path, Manners(page_size=50))
    _filled(place, 60)
    for id_ in sorted(place.tracker.issues)[:40]:
        place.tracker.delete_issue(id_)
    place.sync()
    assert _present(place) == 20
    place.close()


def test_a_list_of_history_that_is_suddenly_empty_is_held_back_too(place: Workplace):
    id_ = _filled(place)[0]
    for n in range(40):
        place.tracker.edit(id_, "status", str(1 + n % 3))
    place.tracker.tick(60)
    place.sync()
    place.tracker.tick(60)
    place.sync()
    before = len(held(place)["issue_changes"])
    place.tracker.issues[id_].history.clear()
    place.tracker.edit(id_, "title", "other")
    outcome = place.sync()
    assert {s.stream: s.held_back for s in outcome.streams}["issue_changes"] > 20
    assert len(held(place)["issue_changes"]) == before
    place.tracker.tick(60)
    place.accepted = True
    place.sync()
    assert len(held(place)["issue_changes"]) == 1


def test_a_record_that_does_not_fit_is_kept_aside_until_it_does(place: Workplace):
    id_ = _filled(place)[0]
    place.tracker.edit(id_, "broken", True)
    place.tracker.edit(id_, "title", "new title")
    outcome = place.sync()
    assert outcome.state is RunState.DONE
    assert _column(place, "title", id_) == "issue 0"
    quarantined = place.hub.rows("SELECT native_id, field, error FROM ledger.quarantine")
    assert quarantined == [(str(id_), "spent", "is not a whole number")]
    place.tracker.tick(60)
    place.tracker.edit(id_, "broken", False)
    place.sync()
    assert _column(place, "title", id_) == "new title"
    assert place.hub.rows("SELECT native_id FROM ledger.quarantine") == []


def _fail_at(place: Workplace, nth: int, stream: str, error: Exception) -> None:
    asked = 0

    def before(what: str) -> None:
        nonlocal asked
        asked += what == stream
        if what == stream and asked == nth:
            raise error

    place.connector.before_answer = before


def test_a_window_that_was_cut_short_is_finished_first(place: Workplace):
    for n in range(12):
        place.tracker.add_issue(min(place.tracker.projects), f"issue {n}")
    _fail_at(place, 4, "issues", Transient("memory: no answer"))
    place.connector.in_flight = 1
    outcome = place.sync()
    assert outcome.state is RunState.FAILED
    assert outcome.error == "memory: no answer"
    left = [key for (key,) in place.hub.rows("SELECT key FROM ledger.partitions WHERE NOT done ORDER BY rowid")]
    assert len(left) == 2, "the first of three parts had come whole"
    place.connector.before_answer = lambda what: None
    pulled: list[str] = []
    pull = place.connector.pull

    def noted(partition: Partition) -> Iterator[Page]:
        pulled.extend([partition.key] if partition.stream == "issues" else [])
        return pull(partition)

    place.connector.pull = noted  # type: ignore[method-assign]
    place.tracker.tick(60)
    assert place.sync().state is RunState.DONE
    assert pulled == [*left, "all"], "what was left, then what changed since"
    assert_tables_equal_the_truth(place, {})


def test_a_stream_that_is_refused_fails_alone(place: Workplace):
    _fail_at(place, 1, "worklogs", Refused("memory: no right to see hours"))
    place.tracker.add_issue(min(place.tracker.projects))
    outcome = place.sync()
    assert outcome.state is RunState.INCOMPLETE
    assert outcome.exit_status == 1
    assert outcome.error == "memory: no right to see hours"
    assert {s.stream: s.state.value for s in outcome.streams}["worklogs"] == "failed"
    assert len(held(place)["issues"]) == 1


def test_a_source_that_knows_nobody_of_that_token_fails_whole_and_is_on_record(place: Workplace):
    _fail_at(place, 1, "identity", Unauthorized("memory: wrong token"))
    outcome = place.sync()
    assert (outcome.state, outcome.exit_status, outcome.error) == (RunState.FAILED, 1, "memory: wrong token")
    assert place.hub.rows("SELECT state, error FROM ledger.runs") == [("failed", "memory: wrong token")]


def test_another_instance_under_the_same_name_is_refused(place: Workplace):
    _filled(place)
    place.connector.instance = "memory:2"
    outcome = place.sync()
    assert outcome.exit_status == 2
    assert "memory:1" in str(outcome.error)
    assert "memory:2" in str(outcome.error)
    assert len(held(place)["issues"]) == 6


def test_an_instance_that_had_another_name_is_not_read_twice(place: Workplace):
    _filled(place)
    renamed = place.settings.model_copy(update={"name": "renamed"})
    place.settings = renamed
    outcome = place.sync()
    assert outcome.exit_status == 2
    assert "pmo source rename memory renamed" in str(outcome.error)


def test_a_killed_run_does_not_run_for_ever(place: Workplace):
    place.hub.con.execute(
        "INSERT INTO ledger.runs BY NAME SELECT 'r0' AS id, 'sync' AS kind, ? AS source, 'running' AS state, "
        "now()::TIMESTAMP AS started_at, 0 AS requests, 0.0 AS throttled_seconds, 0 AS rows_changed",
        [SOURCE],
    )
    place.sync()
    assert place.hub.rows("SELECT state, error FROM ledger.runs WHERE id = 'r0'") == [("failed", "killed")]


def test_the_window_reaches_back_over_the_overlap(place: Workplace):
    _filled(place)
    through = place.hub.value("SELECT through_at FROM ledger.cursors WHERE stream = 'issues'")
    outcome = place.sync()
    since = {s.stream: s.since_at for s in outcome.streams}["issues"]
    assert since is not None
    assert since.replace(tzinfo=None) == through - timedelta(minutes=5)


def test_two_threads_and_one_read_the_same(tmp_path: Path):
    found = []
    for threads in (1, 4):
        place = workplace(tmp_path / str(threads), Manners(in_flight=threads, page_size=2))
        _filled(place, 20)
        found.append(place.hub.rows("SELECT * EXCLUDE (raw_seq, changed_run_id) FROM landed.issues ORDER BY native_id"))
        place.close()
    assert found[0] == found[1]
