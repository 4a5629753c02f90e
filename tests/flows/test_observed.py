"""History of a tool that keeps none: what is observed of it, in which interval, and what is never invented.

Random histories, of known seeds and of fresh ones (printed), obey the laws of `tests.observations`; the cases below are
those in which an interval could be too narrow.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from connectors.contract import Batch, Census, Reading
from model.errors import Transient
from model.vocabulary import RunState
from tests.histories import Workplace, run_history, workplace
from tests.memory_tool import HIDDEN, VISIBLE, Manners, MemoryConnector
from tests.observations import ObservedChange, observed_chains
from tests.running import pmo, well
from tests.warehouse.small_hub import NOON, STATUSES, SmallHub, issue, project
from warehouse.landing import Event, StreamFacts
from warehouse.observed import Observing

FRESH = random.SystemRandom().randrange(10**9)
NIGHT = 24 * 3600
OVERLAP = timedelta(minutes=5)


def test_observed_history_obeys_its_laws_in_a_fresh_history(tmp_path: Path):
    print(f"fresh seed: {FRESH}")
    run_history(FRESH, tmp_path, history=False)


COUNTS = pytest.mark.parametrize("place", [Census.COUNTS], indirect=True)


@pytest.fixture
def place(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Workplace]:
    """Two projects with three issues each, read in two nights."""
    census = getattr(request, "param", Census.IDS)
    place = workplace(tmp_path, Manners(census=census, history=False, in_flight=1))
    place.tracker.add_project()
    for project_id in list(place.tracker.projects):
        for _ in range(3):
            place.tracker.add_issue(project_id)
    _nights(place, 2)
    yield place
    place.close()


def _nights(place: Workplace, nights: int = 1, *, full: bool = False) -> None:
    for _ in range(nights):
        place.tracker.tick(NIGHT)
        outcome = place.sync(full=full)
        assert outcome.state is RunState.DONE, outcome.error


def _first_issue(place: Workplace) -> int:
    return min(place.tracker.issues)


def _now(place: Workplace) -> datetime:
    return place.tracker.now.replace(tzinfo=None)


def _edit(place: Workplace, id_: int, name: str, value: str | bool | None) -> datetime:
    """Some hours after whatever was before; gives back when."""
    place.tracker.tick(2 * 3600)
    place.tracker.edit(id_, name, value)
    return _now(place)


def _chain(place: Workplace, id_: int, name: str = "status") -> list[ObservedChange]:
    return observed_chains(place.hub).get((str(id_), name), [])


def _assert_holds(change: ObservedChange, at: datetime) -> None:
    assert change.from_at is not None
    assert change.from_at <= at <= change.to_at, change


def test_what_changed_in_a_day_is_told_between_the_last_run_and_its_time_of_change(place: Workplace):
    last_run = _now(place)
    id_ = _first_issue(place)
    at = _edit(place, id_, "status", "2")
    _nights(place)
    (change,) = _chain(place, id_)
    assert (change.old, change.new) == ("1", "2")
    assert change.from_at == last_run - OVERLAP
    assert change.to_at == at
    (row,) = place.hub.rows("SELECT account_id, evidence, field, from_value, to_value, id FROM normal.issue_changes")
    assert row[:3] == (None, "observed", "status")


def test_a_list_that_is_read_whole_each_time_is_observed_alike(place: Workplace):
    place.connector.streams = tuple(
        replace(s, reading=Reading.ALL, census=Census.LISTING) if s.name == "issues" else s
        for s in place.connector.streams
    )
    _nights(place)
    last_run = _now(place)
    id_ = _first_issue(place)
    at = _edit(place, id_, "status", "2")
    _nights(place)
    (change,) = _chain(place, id_)
    assert (change.from_at, change.to_at) == (last_run - OVERLAP, at)


def test_first_sight_and_a_quiet_night_are_no_change(place: Workplace):
    place.tracker.add_issue(min(place.tracker.projects))
    _nights(place)
    assert observed_chains(place.hub) == {}
    place.tracker.tick(NIGHT)
    assert place.sync().rows_changed == 0


def test_a_change_there_and_back_between_two_readings_is_not_seen_and_not_invented(place: Workplace):
    id_ = _first_issue(place)
    _edit(place, id_, "status", "2")
    _edit(place, id_, "status", "1")
    _nights(place)
    assert _chain(place, id_) == []


def test_rows_written_are_counted_with_those_of_the_run(place: Workplace):
    id_ = _first_issue(place)
    _edit(place, id_, "status", "2")
    _edit(place, id_, "assignee", "2")
    place.tracker.tick(NIGHT)
    outcome = place.sync()
    assert outcome.rows_changed == 3
    assert {s.stream: s.rows_changed for s in outcome.streams}["issues"] == 1


@COUNTS
@pytest.mark.parametrize("nights", [1, 3])
def test_what_was_edited_in_hiding_may_be_as_old_as_the_last_reading_before_it(place: Workplace, nights: int):
    id_ = _first_issue(place)
    place.tracker.show(id_, hidden=True)
    at = _edit(place, id_, "status", "2")
    _nights(place, nights)
    assert _chain(place, id_) == []
    place.tracker.show(id_, hidden=False)
    _nights(place)
    (change,) = _chain(place, id_)
    _assert_holds(change, at)


@pytest.mark.parametrize("hidden", [HIDDEN, "archived"])
def test_what_was_edited_in_a_hidden_project_may_be_as_old_as_the_last_reading_before_it(place: Workplace, hidden: str):
    id_ = _first_issue(place)
    project = place.tracker.issues[id_].project
    place.tracker.projects[project] = hidden
    at = _edit(place, id_, "status", "2")
    _nights(place, 2)
    place.tracker.projects[project] = VISIBLE
    _edit(place, id_, "priority", "1")  # the row's own time of change tells nothing of the other edit
    _nights(place)
    (change,) = _chain(place, id_)
    _assert_holds(change, at)


def test_an_issue_that_left_a_hidden_project_was_edited_there(place: Workplace):
    id_ = _first_issue(place)
    project = place.tracker.issues[id_].project
    place.tracker.projects[project] = HIDDEN
    at = _edit(place, id_, "status", "2")
    _nights(place, 2)
    place.tracker.tick(3600)
    place.tracker.move(id_, max(place.tracker.projects))
    _nights(place)
    (change,) = _chain(place, id_)
    _assert_holds(change, at)
    (moved,) = _chain(place, id_, "project")
    assert (moved.old, moved.new) == (str(project), str(max(place.tracker.projects)))


@pytest.mark.parametrize("then", ["all", "less"])
def test_what_was_edited_while_the_account_saw_less_may_be_as_old_as_the_last_reading_before_it(
    place: Workplace, then: str
):
    id_ = _first_issue(place)
    project = place.tracker.issues[id_].project
    place.tracker.scope = "less"
    place.tracker.projects[project] = HIDDEN
    at = _edit(place, id_, "status", "2")
    _nights(place)  # cautious: nothing is called gone
    place.tracker.scope = then
    place.tracker.projects[project] = VISIBLE
    _edit(place, id_, "priority", "1")
    _nights(place)
    (change,) = _chain(place, id_)
    _assert_holds(change, at)


def test_what_was_edited_out_of_scope_may_be_as_old_as_the_last_reading_before_it(place: Workplace):
    id_ = _first_issue(place)
    project_id = place.tracker.issues[id_].project
    usual = place.settings
    place.settings = usual.model_copy(update={"projects": [str(max(place.tracker.projects))]})
    place.tracker.projects[project_id] = HIDDEN
    at = _edit(place, id_, "status", "2")
    _nights(place, 2)
    place.settings = usual
    place.tracker.projects[project_id] = VISIBLE
    _edit(place, id_, "priority", "1")
    _nights(place)
    (change,) = _chain(place, id_)
    _assert_holds(change, at)


def test_what_was_edited_when_the_record_did_not_fit_may_be_that_old(place: Workplace):
    id_ = _first_issue(place)
    place.tracker.edit(id_, "broken", True)
    at = _edit(place, id_, "status", "2")
    _nights(place, 2)
    assert _chain(place, id_) == []
    _edit(place, id_, "broken", False)
    _nights(place)
    (change,) = _chain(place, id_)
    _assert_holds(change, at)


def test_what_was_edited_when_a_page_was_not_understood_may_be_that_old(place: Workplace):
    id_ = _first_issue(place)
    at = _edit(place, id_, "status", "2")
    place.connector.garbled = "issues"
    place.tracker.tick(NIGHT)
    place.sync()
    place.connector.garbled = ""
    _edit(place, id_, "priority", "1")
    _nights(place, 2)
    (change,) = _chain(place, id_)
    _assert_holds(change, at)


def test_a_run_that_broke_off_and_was_finished_later_leaves_no_interval_too_narrow(place: Workplace):
    first, *_, last = sorted(place.tracker.issues)
    moments = {id_: _edit(place, id_, "status", "2") for id_ in (first, last)}
    asked = 0

    def before(what: str) -> None:
        nonlocal asked
        asked += what == "issues"
        if what == "issues" and asked == 2:
            raise Transient("memory: the tool did not answer")

    place.connector.manners = Manners(census=place.connector.manners.census, history=False, page_size=1, in_flight=1)
    place.connector.before_answer = before
    place.tracker.tick(NIGHT)
    assert place.sync().state is RunState.FAILED
    place.connector.before_answer = lambda what: None
    again = {id_: _edit(place, id_, "status", "3") for id_ in (first, last)}
    _nights(place)
    for id_ in (first, last):
        *_, change = _chain(place, id_)
        _assert_holds(change, again[id_])
    assert [c.new for c in _chain(place, first)] in (["3"], ["2", "3"])
    if len(_chain(place, first)) == 2:
        _assert_holds(_chain(place, first)[0], moments[first])


def test_a_whole_reading_finds_no_change_that_a_window_had_seen(place: Workplace):
    id_ = _first_issue(place)
    _edit(place, id_, "status", "2")
    _nights(place)
    _nights(place, full=True)
    assert len(_chain(place, id_)) == 1


def test_what_is_gone_and_comes_back_unchanged_has_not_changed(place: Workplace):
    id_ = _first_issue(place)
    place.tracker.show(id_, hidden=True)
    _nights(place, 2)
    place.tracker.show(id_, hidden=False)
    _nights(place)
    assert observed_chains(place.hub) == {}


def test_a_rebuild_observes_the_same_once_more(place: Workplace):
    id_ = _first_issue(place)
    for value in ("2", "3", "1"):
        _edit(place, id_, "status", value)
        _nights(place)
    before = _chain(place, id_)
    assert [c.new for c in before] == ["2", "3", "1"]
    assert place.rebuild() == []
    assert _chain(place, id_) == before


class _OtherColumn(MemoryConnector):
    """The status is taken from another column of the same answers."""

    def decode(self, stream: str, body: bytes) -> Batch:
        batch = super().decode(stream, body)
        rows = batch.rows.get("issues")
        if rows is None:
            return batch
        place = rows.schema.get_field_index("native_status_id")
        other = rows.set_column(place, rows.schema.field(place), rows["native_priority_id"])
        return replace(batch, rows={**batch.rows, "issues": other})


def test_a_rebuild_by_another_column_map_observes_what_that_column_went_through(place: Workplace):
    id_ = _first_issue(place)
    _edit(place, id_, "status", "2")
    _nights(place)
    at = _edit(place, id_, "priority", "1")
    _nights(place)
    place.connector = _OtherColumn(place.tracker, place.connector.manners)
    assert place.rebuild()
    (change,) = _chain(place, id_)
    assert (change.old, change.new, change.to_at) == ("2", "1", at)


def test_what_is_observed_is_known_for_what_it_is(place: Workplace):
    assert place.hub.rows("SELECT DISTINCT field FROM ledger.observed ORDER BY 1") == [
        ("assignee",), ("priority",), ("project",), ("status",),
    ]  # fmt: skip


def test_an_issue_shows_what_was_observed_and_in_which_interval(tmp_path: Path):
    streams = {"ops": {"issues": StreamFacts("issues", "issues", observing=Observing("issues", ["status"]))}}
    hub = SmallHub(tmp_path / "data", streams=streams)
    hub.land("ops", projects=[project("1")], words=STATUSES)
    for days, status_id in enumerate("12"):
        hub.land("ops", issues=[issue("7", native_status_id=status_id)], at=NOON + timedelta(days=days, minutes=1))
    hub.publish()
    hub.close()
    (tmp_path / "pmo.toml").write_text('[hub]\ntimezone = "Europe/Berlin"\n', encoding="utf-8")
    shown = well(pmo("issue", "ops:7", cwd=tmp_path))
    assert "2026-11-22 12:01Z  observed, not before 2026-11-21 12:00Z: status: New → Doing" in shown


def test_a_renamed_source_takes_its_observed_history_along(place: Workplace):
    id_ = _first_issue(place)
    _edit(place, id_, "status", "2")
    _nights(place)
    place.landing.commit("memory", "renaming", [], [Event("source_renamed", data={"from": "memory", "to": "other"})])
    assert place.hub.rows("SELECT DISTINCT source FROM ledger.observed") == [("other",)]
    assert place.hub.rows("SELECT source FROM landed.issue_changes") == [("other",)]
