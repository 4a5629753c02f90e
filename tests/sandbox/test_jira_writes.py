"""Writing to the make-believe Jira Cloud over real HTTP: transitions and edits, and the oddities a push has to bear."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from sandbox.jira import HUB_EMAIL, LEAD_EMAIL, JiraServer
from sandbox.jira_records import POINTS_COMPANY, Issue
from sandbox.jira_tracker import Tracker
from tests.sandbox.jira_browser import Browser


def issue_of(tracker: Tracker, key: str, status_id: str | None = None) -> Issue:
    mine = [i for i in tracker.issues.values() if i.key.startswith(f"{key}-")]
    return next(i for i in mine if status_id in (None, i.status_id))


def go(jira: Browser, issue: Issue, id_: str, **fields: Any) -> requests.Response:
    body: dict[str, Any] = {"transition": {"id": id_}} | ({"fields": fields} if fields else {})
    return jira.ask("POST", f"issue/{issue.id}/transitions", json=body)


def names(jira: Browser, issue: Issue) -> dict[str, str]:
    """Transitions open now, with the status each leads to."""
    return {t["name"]: t["to"]["id"] for t in jira.get(f"issue/{issue.id}/transitions")["transitions"]}


def test_done_is_reached_by_several_transitions_and_a_screen(tracker: Tracker, jira: Browser):
    issue = issue_of(tracker, "ERP", "10000")
    before = len(issue.changes)
    assert names(jira, issue) == {"Start": "3", "Cancel": "10004"}
    assert go(jira, issue, "11").status_code == 204 and go(jira, issue, "21").status_code == 204
    shown = jira.get(f"issue/{issue.id}/transitions", expand="transitions.fields")["transitions"]
    close = next(t for t in shown if t["name"] == "Close")
    assert close["hasScreen"] and close["fields"]["resolution"]["allowedValues"][0]["name"] == "Done"
    assert go(jira, issue, close["id"]).json()["errors"] == {"resolution": "Resolution is required."}
    assert go(jira, issue, close["id"], resolution={"id": "10002"}).status_code == 204
    assert (issue.status_id, issue.resolution_id) == ("10003", "10002") and len(issue.changes) == before + 3
    assert issue.changes[-1].author == tracker.logins[HUB_EMAIL].account_id
    assert names(jira, issue) == {"Reopen": "10000", "Cancel": "10004"}


def test_a_transition_that_is_not_open_is_refused_in_words(tracker: Tracker, jira: Browser):
    issue = issue_of(tracker, "ERP", "10000")
    assert "not valid for the current state of this issue" in go(jira, issue, "21").text
    assert "Transition id '999' is not valid" in go(jira, issue, "999").text
    assert "must be an integer" in go(jira, issue, "soon").text
    answer = go(jira, issue, "11", priority={"id": "2"})
    assert answer.status_code == 400 and "not on the appropriate screen" in answer.json()["errors"]["priority"]
    assert go(jira, issue_of(tracker, "ERP"), "11", resolution={"id": "10000"}).status_code == 400


def test_two_transitions_may_lead_to_one_status(tracker: Tracker, jira: Browser):
    issue = issue_of(tracker, "SVC", "3")
    assert list(names(jira, issue).values()).count("10003") == 2
    assert go(jira, issue, "51").status_code == 204 and issue.resolution_id == "10000"


def test_team_managed_projects_go_anywhere(tracker: Tracker, jira: Browser):
    issue = issue_of(tracker, "APP")
    others = set(tracker.projects[issue.project_id].status_ids) - {issue.status_id}
    assert set(names(jira, issue).values()) == others


def test_who_may_not_write_gets_an_empty_list(tracker: Tracker, jira: Browser):
    issue = issue_of(tracker, "ERP", "10000")
    tracker.logins[HUB_EMAIL].read_only.add(issue.project_id)
    assert names(jira, issue) == {} and go(jira, issue, "11").status_code == 400
    assert jira.ask("PUT", f"issue/{issue.id}", json={"fields": {"summary": "x"}}).status_code == 403
    asked = {"permissions": "TRANSITION_ISSUES,BROWSE_PROJECTS", "projectKey": "ERP"}
    found = jira.get("mypermissions", **asked)["permissions"]
    assert [one["havePermission"] for one in found.values()] == [False, True]


def test_a_project_may_refuse_a_priority_the_site_knows(tracker: Tracker, jira: Browser):
    issue = issue_of(tracker, "CRM")
    allowed = jira.get(f"issue/{issue.id}/editmeta")["fields"]["priority"]["allowedValues"]
    assert [one["id"] for one in allowed] == ["2", "3", "4", "1"]
    answer = jira.ask("PUT", f"issue/{issue.id}", json={"fields": {"priority": {"id": "10100"}}})
    assert answer.json()["errors"] == {"priority": "The priority selected is invalid."}
    other = issue_of(tracker, "M365")
    assert "priority" not in jira.get(f"issue/{other.id}/editmeta")["fields"]
    assert jira.ask("PUT", f"issue/{other.id}", json={"fields": {"priority": {"id": "2"}}}).status_code == 400


def test_an_edit_is_read_back(tracker: Tracker, server: JiraServer, jira: Browser):
    issue = issue_of(tracker, "ERP", "10000")
    text = {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": [{"type": "text", "text": "A"}]}]}
    fields = {"summary": "New", "description": text, "labels": ["a"], "duedate": "2027-01-02", POINTS_COMPANY: 3}
    body = {"fields": fields | {"assignee": None, "priority": {"id": "4"}}, "transition": {"id": "11"}}
    assert jira.ask("PUT", f"issue/{issue.id}", json=body).status_code == 204
    shown = jira.issue(issue.id)["fields"]
    assert shown["status"]["id"] == "10000"  # the transition was ignored
    assert (shown["summary"], shown["labels"], shown["duedate"], shown[POINTS_COMPANY]) == (
        "New",
        ["a"],
        "2027-01-02",
        3,
    )
    assert shown["description"] == text and shown["assignee"] is None and shown["priority"]["id"] == "4"
    quiet = {"json": {"fields": {"summary": "Newer"}}, "params": {"notifyUsers": "false"}}
    assert jira.ask("PUT", f"issue/{issue.id}", **quiet).status_code == 403
    assert Browser(server.url, LEAD_EMAIL).ask("PUT", f"issue/{issue.id}", **quiet).status_code == 204


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("description", "plain", "Atlassian Document"),
        ("duedate", "soon", "Error parsing date"),
        ("assignee", {"accountId": "nobody"}, "valid value for assignee"),
        ("customfield_1", 1, "not on the appropriate screen"),
    ],
)
def test_a_wrong_value_is_told_by_its_field(tracker: Tracker, jira: Browser, field: str, value: Any, words: str):
    issue = issue_of(tracker, "ERP")
    answer = jira.ask("PUT", f"issue/{issue.id}", json={"fields": {field: value}})
    assert answer.status_code == 400 and words in answer.json()["errors"][field]
    assert jira.ask("PUT", f"issue/{issue.id}", json={}).status_code == 400
    assert jira.ask("PUT", "issue/1", json={"fields": {}}).status_code == 404


def test_a_dropped_answer_may_have_been_done_or_not(tracker: Tracker, server: JiraServer, jira: Browser):
    issue = issue_of(tracker, "ERP", "10000")
    for fault, after in (("rate_drop", "10000"), ("rate_drop_after", "3")):
        server.set_faults({fault: 1.0})
        with pytest.raises(requests.ConnectionError):
            go(jira, issue, "11")
        server.set_faults({fault: 0.0})
        assert issue.status_id == after
