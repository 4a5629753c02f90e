"""What goes wrong with the make-believe Jira Cloud when it is asked to, over real HTTP."""

from __future__ import annotations

import time
from collections import Counter

import pytest
import requests

from sandbox.jira import JiraServer
from sandbox.jira_tracker import Tracker
from tests.sandbox.jira_browser import NOW, Browser


def answers(jira: Browser, count: int = 200) -> Counter[object]:
    """Statuses, or the kind of error, of so many requests."""
    found: Counter[object] = Counter()
    for _ in range(count):
        try:
            found[jira.ask("GET", "priority").status_code] += 1
        except requests.exceptions.ChunkedEncodingError:
            found["cut"] += 1
        except requests.ConnectionError:
            found["dropped"] += 1
    return found


def test_faults_come_in_the_shares_asked_for_and_by_seed(server: JiraServer, jira: Browser):
    rates = {"rate_429": 0.1, "rate_500": 0.1, "rate_503": 0.1, "rate_drop": 0.1, "rate_truncate": 0.1}
    jira.post("/_sandbox/faults", **rates, seed=11)
    first = answers(jira)
    assert set(first) == {200, 429, 500, 503, "cut", "dropped"} and 60 < first[200] < 140
    jira.post("/_sandbox/faults", **rates, seed=11)
    assert answers(jira) == first
    assert Counter(seen.status for seen in server.requests)[0] == 2 * first["dropped"]
    assert jira.ask("POST", "/_sandbox/faults", json={"nonsense": 1}).status_code == 400


def test_429_says_when_to_come_back_or_does_not(server: JiraServer, jira: Browser):
    server.set_faults({"rate_429": 1.0, "retry_after_seconds": 7})
    told = jira.ask("GET", "priority")
    assert (told.status_code, told.headers["Retry-After"]) == (429, "7")
    assert told.headers["RateLimit-Reason"] == "jira-burst-based"
    server.set_faults({"rate_429": 0.0, "rate_429_bare": 1.0})
    bare = jira.ask("GET", "priority")
    assert bare.status_code == 429 and "Retry-After" not in bare.headers


def test_a_quota_that_is_used_up_comes_back_at_the_full_hour(server: JiraServer, jira: Browser):
    server.set_faults({"quota_used_up": True})
    answer = jira.ask("GET", "project/search")
    assert answer.status_code == 429 and answer.headers["RateLimit-Reason"] == "jira-quota-tenant-based"
    assert answer.headers["X-RateLimit-Reset"] == "2026-11-25T08:00Z" and answer.headers["Retry-After"] == "3601"
    assert NOW % 3_600_000 == 0


def test_a_company_login_page_is_html_with_200(server: JiraServer, jira: Browser):
    server.set_faults({"sso": True})
    answer = jira.ask("GET", "myself")
    assert answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/html") and "SSO" in answer.text


def test_a_token_expires_after_so_many_requests(server: JiraServer, jira: Browser):
    server.set_faults({"token_expires_after": 2})
    assert [jira.ask("GET", "myself").status_code for _ in range(4)] == [200, 200, 401, 401]
    server.set_faults({"token_expires_after": None})
    assert jira.ask("GET", "myself").status_code == 200


def test_a_project_is_lost_and_regained(server: JiraServer, jira: Browser):
    before = jira.ids('created >= "2000-01-01"')
    erp = jira.ids("project = ERP")
    server.set_faults({"lost_projects": ["ERP"]})
    assert jira.ids('created >= "2000-01-01"') == before - erp
    assert jira.ask("POST", "search/jql", json={"jql": "project in (ERP, WEB)"}).status_code == 400
    assert jira.refused(404, f"issue/{min(erp)}") and jira.get("project/search")["total"] == 11
    server.set_faults({"lost_projects": []})
    assert jira.ids('created >= "2000-01-01"') == before


def test_slowness_is_per_answer(server: JiraServer, jira: Browser):
    server.set_faults({"delay_ms": 60})
    began = time.monotonic()
    jira.get("priority")
    assert time.monotonic() - began >= 0.06


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_short_pages_lose_nothing(server: JiraServer, jira: Browser, seed: int):
    server.set_faults({"rate_short_page": 0.6, "seed": seed})
    found, token, empty = [], None, 0
    for _ in range(500):
        asked = {"jql": 'created >= "2000-01-01" ORDER BY id ASC', "maxResults": 20}
        page = jira.post("search/jql", **asked, **({"nextPageToken": token} if token else {}))
        found += [row["id"] for row in page["issues"]]
        empty += not page["issues"]
        token = page.get("nextPageToken")
        if page["isLast"]:
            break
    assert len(found) == len(set(found)) == 240 and empty


def test_the_clock_is_moved_over_http(tracker: Tracker, jira: Browser):
    assert jira.post("/_sandbox/clock", advance=90)["now"] == NOW + 90_000 == tracker.now()
    assert jira.ask("GET", "priority").headers["Date"] == "Wed, 25 Nov 2026 07:01:30 GMT"
