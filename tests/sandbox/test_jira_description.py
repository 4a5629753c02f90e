"""Every operation of the make-believe Jira Cloud, over HTTP, against the vendor's own published description.

As its notes say, instants have an offset without colon: that is not held against us.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import pytest

from sandbox.jira import LEAD_EMAIL, JiraServer
from sandbox.jira_issues import ISSUE_ROUTES
from sandbox.jira_site import SITE_ROUTES
from sandbox.jira_writes import WRITE_ROUTES
from tests.sandbox.described import Described
from tests.sandbox.jira_browser import AGILE, API, Browser

INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}(Z|[+-]\d{2}:?\d{2})")
UNDESCRIBED = {  # known, and not in the description as it was cut for us
    ("GET", "/_edge/tenant_info"),
    ("GET", f"{API}/search"),
    ("POST", f"{API}/search"),
    ("GET", f"{API}/issue/{{issueIdOrKey}}/comment"),
    ("POST", f"{API}/issue/{{issueIdOrKey}}/comment"),
}
checker = jsonschema.FormatChecker(formats=())


@checker.checks("date-time")
def _is_instant(text: object) -> bool:
    return not isinstance(text, str) or INSTANT.fullmatch(text) is not None


@checker.checks("date", raises=ValueError)
def _is_day(text: object) -> bool:
    return not isinstance(text, str) or bool(date.fromisoformat(text))


@checker.checks("uri")
def _is_address(text: object) -> bool:
    return not isinstance(text, str) or urlsplit(text).scheme in ("http", "https")


def jira_described() -> Described:
    """Skips the test where it is not at hand."""
    return Described("jira-cloud", checker)


@pytest.fixture
def described() -> Described:
    return jira_described()


class Checked(Browser):
    """Checks each answer it gets, errors too."""

    def __init__(self, url: str, described: Described) -> None:
        super().__init__(url)
        self.described = described

    def __enter__(self) -> Checked:
        return self

    def ask(self, method: str, path: str, **given: Any) -> Any:
        answer = super().ask(method, path, **given)
        target = answer.request.path_url
        json_ = answer.headers["Content-Type"].startswith("application/json") and answer.content
        found = answer.json() if json_ else None
        self.described.check(method, target, given.get("json"), answer.status_code, found)
        return answer


def test_the_check_itself_sees_mistakes(described: Described):
    page = {"isLast": True, "issues": [{"id": "1", "key": "A-1", "fields": {}}]}
    described.check("GET", f"{API}/search/jql?jql=x", None, 200, page)
    wrong: dict[str, Any]
    for wrong in ({"isLast": 1}, {"issues": [{"id": 1}]}, {"issues": {}}):
        with pytest.raises(AssertionError, match="is not"):
            described.check("GET", f"{API}/search/jql?jql=x", None, 200, page | wrong)
    for name, value in (("created", "2026-11-25 10:00"), ("timeSpentSeconds", "60")):
        with pytest.raises(AssertionError, match="is not"):
            described.check("POST", f"{API}/worklog/list", {"ids": [1]}, 200, [{name: value}])
    with pytest.raises(AssertionError, match="noSuchName"):
        described.check("GET", f"{API}/myself?noSuchName=1", None, 200, {})


PATHS = [
    "myself", "serverInfo", "mypermissions?permissions=BROWSE_PROJECTS,EDIT_ISSUES&projectKey=ERP",
    "mypermissions?permissions=ADMINISTER", "project/search", "project/search?maxResults=5&startAt=5",
    "project/search?status=live&expand=lead,description,issueTypes,insight&orderBy=-name", "project/ERP",
    "project/APP", "project/ERP/versions", "project/ERP/version?maxResults=2", "project/SVC/components",
    "project/SVC/statuses", "project/APP/statuses", "users/search?maxResults=1000", "users/search?startAt=1000",
    "status", "statuscategory", "priority", "priority/search?startAt=0&maxResults=2", "resolution", "field",
    "field/search?type=custom", "issueLinkType", "issuetype", "worklog/updated?since=0",
    "worklog/deleted?since=0", "search/jql?jql=project=ERP", "issue/ERP-99999", "issue/1/changelog",
    "project/XYZ/versions", "user?accountId=nobody", f"{AGILE}/board", f"{AGILE}/board?type=scrum&maxResults=2",
    f"{AGILE}/board/1", f"{AGILE}/board/1/sprint", f"{AGILE}/board/40/sprint?state=active,future",
    f"{AGILE}/board/4/sprint", f"{AGILE}/board/1/configuration", f"{AGILE}/board/4/configuration",
    f"{AGILE}/board/99", f"{AGILE}/sprint/101", f"{AGILE}/sprint/9999",
]  # fmt: skip


def read_the_site(checked: Checked) -> None:
    for path in PATHS:
        checked.ask("GET", path)


def read_people(checked: Checked) -> None:
    accounts = [user["accountId"] for user in checked.get("users/search", maxResults=200)]
    checked.get("user", accountId=accounts[0])
    assert checked.get("user/bulk", accountId=accounts[:30], maxResults=20)["isLast"] is False


def read_issues(checked: Checked) -> None:
    pages = checked.search('created >= "2020-01-01" ORDER BY id ASC', maxResults=5000, fields=["id"])
    ids = [row["id"] for row in pages]
    for at in range(0, len(ids), 800):
        checked.post(
            "issue/bulkfetch", issueIdsOrKeys=ids[at : at + 30], fields=["*all"], expand=["changelog", "names"]
        )
    page = {"fields": ["*navigable"], "expand": "changelog", "maxResults": 20, "reconcileIssues": [10001]}
    checked.post("search/jql", jql="project in (ERP, APP, SVC)", **page)
    checked.get("search/jql", jql="project = WEB", fields="summary,status", fieldsByKeys="false", maxResults=10)
    for id_ in ids[::500]:
        checked.issue(id_, expand="changelog", fields="*all,-comment")
        checked.get(f"issue/{id_}/changelog", maxResults=10)
        checked.get(f"issue/{id_}/worklog", maxResults=3, startedAfter=0)
    checked.post("search/approximate-count", jql="project = ERP")


def read_in_bulk(checked: Checked, site: JiraServer) -> None:
    names = [issue.key for issue in list(site.tracker.issues.values())[::7]][:300]
    site.options.bulk_created = "text"
    try:
        checked.post("changelog/bulkfetch", issueIdsOrKeys=names, maxResults=100, fieldIds=["status", "assignee"])
    finally:
        site.options.bulk_created = "ms"
    checked.post("worklog/list", ids=sorted(site.tracker.worklogs)[:60])


def be_refused(checked: Checked) -> None:
    for jql in ("order by created", "project in (ERP, GONE)", "nonsense = 3"):
        assert checked.ask("GET", "search/jql", params={"jql": jql}).status_code == 400
        assert checked.ask("POST", "search/approximate-count", json={"jql": jql}).status_code == 400
    assert checked.ask("POST", "issue/bulkfetch", json={"issueIdsOrKeys": ["1"] * 101}).status_code == 400
    checked.session.auth = ("nobody@example.com", "wrong")
    for path in ("myself", "user?accountId=1", "worklog/updated"):
        assert checked.ask("GET", path).status_code == 401


def write(server: JiraServer, described: Described) -> None:
    """To a small company."""
    issue = next(i for i in server.tracker.issues.values() if i.key.startswith("ERP-") and i.status_id == "10000")
    with Checked(server.url, described) as jira:
        assert jira.get(f"issue/{issue.id}/transitions", expand="transitions.fields")["transitions"]
        assert jira.get(f"issue/{issue.id}/editmeta")["fields"]["priority"]["allowedValues"]
        for id_, status in (("11", 204), ("11", 400), ("x", 400)):
            assert (
                jira.ask("POST", f"issue/{issue.id}/transitions", json={"transition": {"id": id_}}).status_code
                == status
            )
        fields = {"fields": {"priority": {"id": "2"}}}
        assert jira.ask("PUT", f"issue/{issue.id}", json=fields).status_code == 204
        assert jira.ask("PUT", f"issue/{issue.id}?returnIssue=true", json=fields).json()["key"] == issue.key
        assert jira.ask("PUT", f"issue/{issue.id}?notifyUsers=false", json=fields).status_code == 403


def administer(checked: Checked) -> None:
    checked.session.auth = (LEAD_EMAIL, "sandbox-token")
    assert checked.get("statuses/search", maxResults=5, statusCategory="DONE")["values"]


def test_every_answer_of_every_operation_is_as_described(
    site: JiraServer, server: JiraServer, described: Described, capsys: pytest.CaptureFixture[str]
):
    """One test, so that what was covered can be told and counted."""
    with Checked(site.url, described) as checked:
        read_the_site(checked)
        read_people(checked)
        read_issues(checked)
        read_in_bulk(checked, site)
        be_refused(checked)
        administer(checked)
    write(server, described)
    with capsys.disabled():
        print("\n" + described.covered())
    missing = []
    for method, pattern, _ in (*ISSUE_ROUTES, *SITE_ROUTES, *WRITE_ROUTES):
        path = pattern.replace(r"([^/]+)", "1").replace(r"(\d+)", "1")
        if (method, path.replace("/issue/1/", "/issue/{issueIdOrKey}/")) not in UNDESCRIBED:
            template, _ = described.operation(method, path)
            missing += [] if (method, template) in described.checked else [f"{method} {template}"]
    assert not missing
