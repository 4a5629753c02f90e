"""The make-believe Jira Cloud moves on when asked; what it then answers is what its truth tells."""

from __future__ import annotations

import random
from datetime import datetime
from typing import Any

import pytest

from sandbox.jira import HUB_EMAIL, JiraServer
from sandbox.jira_company import tracker_of
from sandbox.jira_history import points_field
from sandbox.jira_moves import MOVES, Mover
from sandbox.jira_records import SPRINT
from sandbox.jira_tracker import Tracker
from sandbox.jira_truth import Truth
from tests.sandbox.jira_browser import AGILE, AS_OF, NOW, Browser


def told(jira: Browser, truth: Truth) -> None:
    """Issues, hours, history and links over HTTP are those of the truth."""
    ids = sorted(jira.ids('created >= "2000-01-01"'), key=int)
    issues: dict[str, Any] = {}
    histories: dict[str, list[int]] = {}
    for at in range(0, len(ids), 100):
        page = jira.post("issue/bulkfetch", issueIdsOrKeys=ids[at : at + 100], fields=["*all"])
        issues |= {row["id"]: row for row in page["issues"]}
        logs = jira.post("changelog/bulkfetch", issueIdsOrKeys=ids[at : at + 100], maxResults=10_000)["issueChangeLogs"]
        histories |= {log["issueId"]: [int(h["id"]) for h in log["changeHistories"]] for log in logs}
    rows = truth.issues()
    assert set(issues) == set(rows)
    for id_, row in rows.items():
        _same(truth.tracker, issues[id_], row)
    kept: dict[str, list[int]] = {}
    for change in truth.changes():
        entries = kept.setdefault(change["issue_id"], [])
        entries += [] if int(change["history_id"]) in entries else [int(change["history_id"])]
    assert histories == kept
    shown = {link["id"] for issue in issues.values() for link in issue["fields"]["issuelinks"]}
    assert shown == set(truth.links())
    _same_hours(jira, truth)


def _same(tracker: Tracker, shown: dict[str, Any], row: dict[str, Any]) -> None:
    fields = shown["fields"]
    issue = tracker.issues[int(shown["id"])]
    assert (shown["key"], fields["summary"], fields["project"]["id"]) == (row["key"], row["summary"], row["project_id"])
    assert (fields["status"]["id"], fields["status"]["name"]) == (row["status_id"], row["status"])
    assert (fields["resolution"] or {}).get("id") == row["resolution_id"]
    assert (fields.get("priority") or {}).get("id") == row["priority_id"]
    assert (fields["assignee"] or {}).get("accountId") == row["assignee"] and fields["labels"] == row["labels"]
    assert fields.get("parent", {}).get("id") == row["parent_id"] and fields["duedate"] == row["due_on"]
    assert [one["id"] for one in fields.get(SPRINT) or []] == row["sprint_ids"] or SPRINT not in fields
    if points_field(tracker, issue) in fields:
        assert fields[points_field(tracker, issue)] == row["points"]
    assert (fields["timespent"] or 0) == row["spent_seconds"] and fields["timeestimate"] == row["remaining_seconds"]
    for name in ("created", "updated"):
        assert round(datetime.fromisoformat(fields[name]).timestamp() * 1000) == row[name]


def _same_hours(jira: Browser, truth: Truth) -> None:
    ids = list(jira.feed("updated"))
    found = [row for at in range(0, len(ids), 1000) for row in jira.post("worklog/list", ids=ids[at : at + 1000])]
    hours = {row["id"]: (row["issueId"], row["author"]["accountId"], row["timeSpentSeconds"]) for row in found}
    assert hours == {id_: (r["issue_id"], r["author"], r["seconds"]) for id_, r in truth.worklogs().items()}


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_answers_are_the_truth_after_any_moves(tracker: Tracker, jira: Browser, seed: int):
    mover = Mover(tracker, random.Random(seed), step_seconds=7)
    for _ in range(3):
        mover.move(60)
        tracker.advance(61)
        told(jira, Truth(tracker, HUB_EMAIL))


def test_the_same_random_makes_the_same_moves():
    made = []
    for _ in range(2):
        tracker = tracker_of(seed=3, as_of=AS_OF, issues=240)
        tracker.clock = lambda: NOW / 1000
        done = Mover(tracker, random.Random(9), step_seconds=5).move(300)
        made.append((done, tracker.issues, tracker.worklogs, tracker.links, tracker.now()))
    assert made[0] == made[1] and len(made[0][0]) == 300


@pytest.mark.parametrize("name", list(MOVES))
def test_each_move_is_possible_and_changes_something(tracker: Tracker, name: str):
    mover = Mover(tracker, random.Random(4))
    mover.move(10)
    before = tracker.changes
    assert mover.move(2, only=name)[0].startswith(f"{name} ") and tracker.changes > before


def test_moves_are_made_over_http(server: JiraServer, jira: Browser):
    first = jira.post("/_sandbox/move", count=5, seed=2, step=1)
    assert len(first["moves"]) == 5 and first["now"] == NOW + 5000
    assert len(jira.post("/_sandbox/move", count=3, only="status")["moves"]) == 3
    assert jira.ask("POST", "/_sandbox/move", json={"only": "nonsense"}).status_code == 400
    assert jira.get("/_sandbox/truth")["issues"] == len(server.tracker.issues)


def test_closing_a_sprint_carries_over_what_is_open(tracker: Tracker, jira: Browser):
    sprint = next(s for s in tracker.sprints.values() if s.state == "active")
    following = next(s for s in tracker.sprints.values() if s.board_id == sprint.board_id and s.state == "future")
    by = next(iter(tracker.users))
    project = tracker.boards[sprint.board_id].project_id
    plain = [i for i in tracker.issues.values() if i.project_id == project and not tracker.sprints.get(0)]
    still, done = next(i for i in plain if tracker.is_open(i)), next(i for i in plain if not tracker.is_open(i))
    for issue in (still, done):
        tracker.edit(issue.id, by=by, sprint_ids=[sprint.id])
    tracker.advance(60)
    before = done.updated
    tracker.close_sprint(sprint.id, by=by, into=following.id)
    assert still.sprint_ids == [sprint.id, following.id] and done.sprint_ids == [sprint.id] and done.updated == before
    shown = jira.get(f"{AGILE}/sprint/{sprint.id}")
    assert shown["state"] == "closed" and shown["completeDate"] == "2026-11-25T07:01:00.000Z"
    item = jira.get(f"issue/{still.id}/changelog", startAt=len(still.changes) - 1)["values"][0]["items"][0]
    assert (item["field"], item["from"], item["to"]) == ("Sprint", str(sprint.id), f"{sprint.id}, {following.id}")


def test_renaming_moves_no_issue(tracker: Tracker, jira: Browser):
    before = jira.ids('updated >= "2026-11-25 00:00"')
    tracker.rename_status("10000", "Backlog")
    tracker.rename_field("customfield_10034", "Punkte")
    tracker.set_user(next(iter(tracker.users)), name="Somebody Else")
    assert jira.ids('updated >= "2026-11-25 00:00"') == before
    assert "Punkte" in {field["name"] for field in jira.get("field")}
    issue = next(i for i in tracker.issues.values() if i.status_id == "10000")
    assert jira.issue(issue.id)["fields"]["status"]["name"] == "Backlog"


def test_deleting_an_issue_takes_its_subtasks_hours_and_links_along(tracker: Tracker, jira: Browser):
    mother = next(i for i in tracker.issues.values() if tracker.types[i.type_id].level == 0 and i.child_ids)
    child, by = mother.child_ids[0], next(iter(tracker.users))
    worklog = tracker.log_work(mother.id, 60, by=by)
    other = next(i for i in tracker.issues.values() if i.id not in (mother.id, child))
    link = tracker.link(mother.id, other.id, "10000", by=by)
    tracker.delete_issue(mother.id)
    tracker.advance(61)
    assert jira.refused(404, f"issue/{child}") and worklog.id not in jira.feed("updated")
    assert worklog.id not in jira.feed("deleted")  # the feed tells of hours deleted one by one alone
    assert link.id not in {row["id"] for row in jira.issue(other.id)["fields"]["issuelinks"]}


def test_a_purged_project_leaves_nothing(tracker: Tracker, jira: Browser):
    tracker.set_project(10_000, "deleted")
    assert jira.get("project/search", status="deleted")["values"][0]["retentionTillDate"].startswith("2027-01-24")
    tracker.purge_project(10_000)
    assert jira.get("project/search", status="deleted")["total"] == 0
    assert not [i for i in tracker.issues.values() if i.key.startswith("ERP-")]
    told_boards = {board["location"]["projectKey"] for board in jira.get(f"{AGILE}/board")["values"]}
    assert "ERP" not in told_boards
