"""Lists that seldom change are read by age, and at once where a new word or sprint is met."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.jira import JiraServer
from sandbox.jira_company import tracker_of
from sandbox.jira_records import Status
from tests.jira_histories import Place


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with JiraServer(tracker_of(seed=7, issues=60)) as server:
        place = Place(tmp_path, server, random.Random(1))
        place.sync()
        yield place


def _asked(place: Place) -> list[str]:
    place.server.requests.clear()
    (outcome,) = place.sync().sources
    assert outcome.error is None
    return [seen.target.partition("?")[0].rpartition("/")[2] for seen in place.server.requests]


def test_a_quiet_sync_reads_no_list_again(place: Place):
    assert not {"status", "field", "search?", "board"} & set(_asked(place))
    assert len(_asked(place)) <= 8


def test_a_status_that_is_new_is_known_after_the_sync_that_meets_it(place: Place):
    tracker = place.tracker
    issue = next(i for i in tracker.issues.values() if tracker.projects[i.project_id].state == "live")
    tracker.statuses["19999"] = Status("19999", "Ready for launch", "indeterminate")
    tracker.projects[issue.project_id].status_ids.append("19999")
    tracker.edit(issue.id, by=next(iter(tracker.users)), status_id="19999")
    tracker.advance(120)
    assert "status" in _asked(place)
    with place.hub() as hub:
        found = hub.rows("SELECT name, category FROM landed.words WHERE native_id = 'status:19999'")
    assert found == [("Ready for launch", "in_progress")]
    assert "status" not in _asked(place)
