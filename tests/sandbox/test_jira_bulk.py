"""The very large make-believe Jira is true in number: what it lists, counts and says was changed are the same."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

import pytest
import requests

from sandbox.jira_bulk import BulkServer
from sandbox.jira_bulk_issues import Issues
from sandbox.jira_bulk_site import Site

COUNT = 640
ALL = 'created >= "1970-01-01" ORDER BY id ASC'


@contextmanager
def _served(**how: float) -> Iterator[BulkServer]:
    site = Site(projects=4, boards=5, people=30, as_of=date(2026, 11, 25), seed=3)
    server = BulkServer(Issues(site, COUNT, size=27_000, overflow_every=100, seed=3))
    server.set(dict(how))
    threading.Thread(target=server.serve, daemon=True).start()
    try:
        yield server
    finally:
        server.close()


@pytest.fixture(scope="module")
def bulk() -> Iterator[BulkServer]:
    with _served() as server:
        yield server


def _ask(bulk: BulkServer, method: str, path: str, **given: Any) -> Any:
    url, who = f"{bulk.url}/rest/{path}", ("me", "token")
    if method == "GET":
        answer = requests.get(url, params=given, auth=who, timeout=30)
    else:
        answer = requests.post(url, json=given, auth=who, timeout=30)
    answer.raise_for_status()
    return answer.json()


def _ids(bulk: BulkServer, jql: str, size: int = 5000) -> list[str]:
    found: list[str] = []
    page: dict[str, Any] = {"jql": jql, "fields": ["id"], "maxResults": size}
    while True:
        answer = _ask(bulk, "POST", "api/3/search/jql", **page)
        found += [issue["id"] for issue in answer["issues"]]
        if answer["isLast"]:
            return found
        page["nextPageToken"] = answer["nextPageToken"]


def _issues(bulk: BulkServer) -> list[dict[str, Any]]:
    ids = _ids(bulk, ALL)
    found: list[dict[str, Any]] = []
    for n in range(0, len(ids), 100):
        found += _ask(bulk, "POST", "api/3/issue/bulkfetch", issueIdsOrKeys=ids[n : n + 100])["issues"]
    return found


def test_lists_are_as_long_as_the_totals_say(bulk: BulkServer) -> None:
    totals = requests.get(f"{bulk.url}/_sandbox/totals", timeout=30).json()
    issues = _issues(bulk)
    fields = [issue["fields"] for issue in issues]
    histories = [issue["changelog"] for issue in issues]
    assert totals["issues"] == len(issues) == len({issue["key"] for issue in issues}) == COUNT
    assert totals["worklogs"] == sum(f["worklog"]["total"] for f in fields)
    assert totals["comments"] == sum(len(f["comment"]["comments"]) for f in fields)
    assert totals["issue_links"] == len({link["id"] for f in fields for link in f["issuelinks"]})
    assert totals["sprint_issues"] == sum(len(f["customfield_10020"] or ()) for f in fields)
    long = [issue["id"] for issue in issues if issue["changelog"]["total"] > len(issue["changelog"]["histories"])]
    whole = _ask(bulk, "POST", "api/3/changelog/bulkfetch", issueIdsOrKeys=long, maxResults=10_000)["issueChangeLogs"]
    items = sum(len(h["items"]) for log in histories if log["total"] < 40 for h in log["histories"])
    items += sum(len(h["items"]) for log in whole for h in log["changeHistories"])
    assert totals["issue_changes"] == items
    assert totals["overflowing_histories"] == sum(len(log["changeHistories"]) for log in whole)


def test_an_issue_has_the_size_of_a_real_one(bulk: BulkServer) -> None:
    sizes = [len(bulk.issues.issue(n)) for n in range(COUNT)]
    assert 25_000 < sum(sizes) / COUNT < 31_000


def test_ids_are_the_same_however_they_are_paged(bulk: BulkServer) -> None:
    assert _ids(bulk, ALL, 100) == _ids(bulk, ALL) == sorted(_ids(bulk, ALL), key=int)


def test_a_cut_list_of_hours_is_whole_from_its_own_endpoint(bulk: BulkServer) -> None:
    issue = next(i for i in _issues(bulk) if i["fields"]["worklog"]["total"] > 20)
    whole = _ask(bulk, "GET", f"api/3/issue/{issue['id']}/worklog", maxResults=5000)
    assert len(whole["worklogs"]) == whole["total"] == issue["fields"]["worklog"]["total"]
    assert whole["worklogs"][:20] == issue["fields"]["worklog"]["worklogs"]


def test_the_quick_way_shows_the_same_issue(bulk: BulkServer) -> None:
    for n in (0, 3, 4, 11, 299):
        assert json.loads(bulk.issues._usual(n)) == json.loads(bulk.issues._unusual(n))


def test_what_was_touched_is_found_in_search_and_feed() -> None:
    with _served() as bulk:
        begun = int(time.time() * 1000) - 200_000
        before = {issue["id"]: issue for issue in _issues(bulk)}
        changed = requests.post(
            f"{bulk.url}/_sandbox/touch", json={"share": 0.05, "seconds_ago": 90}, timeout=30
        ).json()
        since = datetime.fromtimestamp(begun / 1000, UTC)
        found = _ids(bulk, f'updated >= "{since:%Y-%m-%d %H:%M}" ORDER BY id ASC')
        assert len(found) == changed["issues"] == COUNT // 20
        after = _ask(bulk, "POST", "api/3/issue/bulkfetch", issueIdsOrKeys=found)["issues"]
        for issue in after:
            old = before[issue["id"]]
            assert issue["fields"]["status"] != old["fields"]["status"]
            assert issue["changelog"]["total"] == old["changelog"]["total"] + 1
        feed = _ask(bulk, "GET", "api/3/worklog/updated", since=begun)
        ids = [one["worklogId"] for one in feed["values"]]
        assert feed["lastPage"] and len(ids) == changed["worklogs"]
        listed = _ask(bulk, "POST", "api/3/worklog/list", ids=ids)
        assert {one["issueId"] for one in listed} == set(found)


def test_nothing_is_told_to_nobody(bulk: BulkServer) -> None:
    assert requests.get(f"{bulk.url}/rest/api/3/myself", timeout=30).status_code == 401


def test_above_the_allowance_it_asks_to_wait() -> None:
    with _served(rate=5) as bulk:
        answers = [requests.get(f"{bulk.url}/rest/api/3/status", auth=("me", "token"), timeout=30) for _ in range(20)]
        refused = [answer for answer in answers if answer.status_code == 429]
        assert 5 <= 20 - len(refused) < 15
        assert refused and all(answer.headers["Retry-After"] == "1" for answer in refused)
        asked = requests.get(f"{bulk.url}/_sandbox/requests", timeout=30).json()
        assert asked["total"] == 20 and asked["answered"]["429"] == len(refused)
        assert asked["endpoints"] == {"GET status": 20}
