"""Rows of history that a landing makes of two readings, and what figures and readers make of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from model.config import HubSettings
from model.mapping import Rules
from model.observed import OBSERVABLE
from model.records import Issue
from model.vocabulary import Status
from tests.warehouse.small_hub import NOON, STATUSES, SmallHub, change, issue, project
from tests.warehouse.test_figures import wanted
from warehouse.landing import StreamFacts
from warehouse.observed import ANSWER_SECONDS, Observing
from warehouse.publish import publish
from warehouse.read import Reader
from warehouse.workflow import seen_steps

DAY = timedelta(days=1)
SLACK = timedelta(seconds=ANSWER_SECONDS)
FIELDS = tuple(OBSERVABLE)
Row = dict[str, Any]


@pytest.fixture
def sheets(tmp_path: Path) -> Iterator[SmallHub]:
    """A source without history, whose percentages are summed up by the tool itself."""
    streams = {"ops": {"issues": StreamFacts("issues", "issues", observing=Observing("issues", FIELDS, ("due_on",)))}}
    hub = SmallHub(tmp_path / "data", streams=streams)
    hub.land("ops", projects=[project("1"), project("2")], words=STATUSES, at=NOON - 9 * DAY)
    yield hub
    hub.close()


def _seen(hub: SmallHub, at: datetime, id_: str = "7", **more: Any) -> None:
    hub.land("ops", issues=[issue(id_, **more)], at=at)


def _changes(hub: SmallHub) -> dict[str, tuple[str | None, str | None]]:
    """Field → what it was and became, by id where there is one."""
    rows = hub.hub.rows(
        """SELECT field, coalesce(from_native_id, from_native), coalesce(to_native_id, to_native)
        FROM landed.issue_changes WHERE evidence = 'observed'"""
    )
    assert len({field for field, *_ in rows}) == len(rows)
    return {field: (old, new) for field, old, new in rows}


def _intervals(hub: SmallHub) -> dict[str, tuple[datetime | None, datetime]]:
    rows = hub.hub.rows("SELECT field, observed_from, changed_at FROM landed.issue_changes")
    return {field: (start, end) for field, start, end in rows}


def _naive(at: datetime) -> datetime:
    return at.replace(tzinfo=None)


def test_what_can_be_observed_is_a_column_of_issues():
    for held in OBSERVABLE.values():
        assert {held.id, held.word} - {None} <= set(Issue.model_fields)


def test_each_field_that_differs_is_one_change(sheets: SmallHub):
    _seen(sheets, NOON, native_priority="High", due_on=date(2026, 12, 1), story_points=5.0, percent_complete=12.5)
    _seen(
        sheets, NOON + DAY, project_id="2", native_status_id="2", native_priority="Low", due_on=date(2026, 12, 8),
        story_points=8.0, percent_complete=None, assignee_id="5", title="Another title",
    )  # fmt: skip
    assert _changes(sheets) == {
        "status": ("1", "2"), "priority": ("High", "Low"), "project": ("1", "2"), "assignee": (None, "5"),
        "due_on": ("2026-12-01", "2026-12-08"), "story_points": ("5", "8"), "percent_complete": ("12.5", None),
    }  # fmt: skip
    sheets.renew()
    shown = sheets.rows("issue_changes", "field", "from_native", "to_native", "to_value")
    assert ("status", "New", "Doing", "in_progress") in shown.values()
    assert ("project", "P1", "P2", "ops:2") in shown.values()


def test_a_word_with_another_name_is_the_same_value(sheets: SmallHub):
    _seen(sheets, NOON, native_status="Doing", native_status_id="2")
    _seen(sheets, NOON + DAY, native_status="In work", native_status_id="2")
    assert _changes(sheets) == {}


def test_the_interval_ends_with_the_rows_own_time_of_change_or_with_the_reading(sheets: SmallHub):
    made, edited = NOON - 5 * DAY, NOON + timedelta(hours=5)
    _seen(sheets, NOON, updated_at=made, due_on=date(2026, 12, 1))
    _seen(sheets, NOON + DAY, updated_at=edited, native_status_id="2", due_on=date(2026, 12, 2))
    assert _intervals(sheets) == {
        "status": (_naive(NOON - SLACK), _naive(edited)),
        "due_on": (_naive(NOON - SLACK), _naive(NOON + DAY)),  # declared to change without a mark
    }


@pytest.mark.parametrize("updated_at", [None, NOON - 5 * DAY, NOON + 9 * DAY], ids=["none", "not moved", "ahead"])
def test_a_time_of_change_that_tells_nothing_leaves_the_reading(sheets: SmallHub, updated_at: datetime | None):
    _seen(sheets, NOON, updated_at=NOON - 5 * DAY)
    _seen(sheets, NOON + DAY, updated_at=updated_at, native_status_id="2")
    assert _intervals(sheets) == {"status": (_naive(NOON - SLACK), _naive(NOON + DAY))}


def test_an_edit_older_than_the_last_reading_was_missed_by_it(sheets: SmallHub):
    made, edited = NOON - 5 * DAY, NOON - timedelta(hours=1)
    _seen(sheets, NOON, updated_at=made)
    _seen(sheets, NOON + DAY, updated_at=edited, native_status_id="2")
    assert _intervals(sheets) == {"status": (_naive(made), _naive(edited))}


def test_two_readings_in_one_commit_leave_the_later_one(sheets: SmallHub):
    _seen(sheets, NOON)
    sheets.land("ops", issues=[issue("7", native_status_id="2"), issue("7", native_status_id="3")], at=NOON + DAY)
    assert _changes(sheets) == {"status": ("1", "3")}


def test_a_whole_list_of_history_does_not_take_away_what_was_observed(sheets: SmallHub):
    _seen(sheets, NOON)
    _seen(sheets, NOON + DAY, native_status_id="2")
    sheets.land("ops", issue_changes=[change("9:sprint:0", "7", "1", "2", NOON, field="sprint")], at=NOON + DAY)
    sheets.land("ops", issue_changes=[], complete={"issue_changes": ["7"]}, at=NOON + 2 * DAY)
    delisted = sheets.hub.rows("SELECT native_id FROM ledger.delisted")
    assert delisted == [("9:sprint:0",)]


def test_other_sources_are_not_observed(sheets: SmallHub):
    for at, status_id in ((NOON, "1"), (NOON + DAY, "2")):
        sheets.land("web", issues=[issue("7", native_status_id=status_id)], at=at)
    assert _changes(sheets) == {}
    observed = dict(sheets.ask("SELECT source, observed FROM about"))
    assert observed == {"ops": [], "web": []}
    _seen(sheets, NOON)
    assert dict(sheets.ask("SELECT source, observed FROM about")) == {"ops": sorted(FIELDS), "web": []}


def test_work_that_was_seen_to_begin_and_to_end_counts(sheets: SmallHub):
    for day, status_id in enumerate(["1", "2", "3"]):
        _seen(sheets, NOON + day * DAY, native_status_id=status_id, created_at=NOON - 30 * DAY)
    sheets.renew()
    assert sheets.rows("issues", "started_at", "resolved_at") == {"7": (_naive(NOON + DAY), _naive(NOON + 2 * DAY))}
    _seen(sheets, NOON + 3 * DAY, native_status_id="3", native_resolved_at=NOON + timedelta(hours=30))
    assert sheets.rows("issues", "resolved_at") == {"7": _naive(NOON + timedelta(hours=30))}  # what the tool says wins


@pytest.mark.parametrize("first", ["2", "3"])
def test_when_work_began_is_not_known_where_it_had_begun_at_first_sight(sheets: SmallHub, first: str):
    _seen(sheets, NOON, native_status_id=first, created_at=NOON - 30 * DAY)
    sheets.renew()
    assert sheets.rows("issues", "started_at", "resolved_at") == {"7": (None, None)}
    _seen(sheets, NOON + DAY, native_status_id="1")
    _seen(sheets, NOON + 2 * DAY, native_status_id="2")
    assert sheets.rows("issues", "started_at") == {"7": None}


def test_blocked_at_first_sight_is_so_at_least_since_then(sheets: SmallHub):
    words = [*STATUSES, {**STATUSES[1], "native_id": "status:5", "word_id": "5", "name": "Waits"}]
    sheets.land("ops", words=words, at=NOON - 9 * DAY)
    _seen(sheets, NOON - 4 * DAY, "7", native_status_id="5", created_at=NOON - 50 * DAY)
    _seen(sheets, NOON - 4 * DAY, "8", created_at=NOON - 50 * DAY)
    _seen(sheets, NOON - 2 * DAY, "8", native_status_id="5", created_at=NOON - 50 * DAY)
    asked = "SELECT key, since_basis, blocked_days FROM blocked_issues ORDER BY ALL"
    rules = {"ops": Rules(status={"Waits": Status.BLOCKED})}
    assert sheets.ask(asked, NOON, rules=rules) == [("#7", "at least", 4), ("#8", "observed", 2)]


def test_what_the_hub_pushed_itself_is_no_activity_though_nobody_says_who_it_was(sheets: SmallHub):
    made, pushed_at = NOON - 40 * DAY, NOON - 3 * DAY
    for id_ in "78":
        _seen(sheets, NOON - 9 * DAY, id_, native_status_id="1", created_at=made, updated_at=made)
        _seen(sheets, pushed_at, id_, native_status_id="2", created_at=made, updated_at=pushed_at)
    sheets.renew()
    changes = [wanted(1, "ops:7", pushed_at + timedelta(seconds=30))]
    file = publish(sheets.hub, sheets.data, HubSettings(), now=NOON, changes=changes).path
    with duckdb.connect(str(file), read_only=True) as con:
        assert con.execute("SELECT key, quiet_days FROM stale_issues").fetchall() == [("#7", 40)]
    (told,) = Reader(sheets.data).issue_details("ops:7").history
    assert (told["evidence"], told["account"], told["to_native"]) == ("observed", None, "Doing")
    assert told["observed_from"] == _naive(NOON - 9 * DAY - SLACK)


def test_what_lies_between_two_readings_is_no_step_of_the_workflow(sheets: SmallHub):
    _seen(sheets, NOON)
    _seen(sheets, NOON + DAY, native_status_id="3")
    assert seen_steps(sheets.hub, "ops", [("1", None)]) == {("1", None): []}
