"""What Jira, or something before it, gets wrong on the way: nothing is lost, and nothing is taken for proof."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from connectors import jira as jira_module
from connectors.jira import JiraConnector
from model.errors import BadRecord, ConfigError, Unauthorized
from sandbox import jira_issues
from sandbox.jira import JiraServer
from sandbox.jira_company import tracker_of
from sandbox.jira_records import Field
from sandbox.jira_tracker import Tracker
from tests.connectors.test_jira import (
    CHANGES,
    ISSUES,
    WORKLOGS,
    batches,
    connect,
    ids,
    project,
    pulled,
    read,
    requests_of,
    rows,
    stored,
    verdict,
)
from tests.connectors.test_jira_decode import LOG, adf, landed, one_issue, paragraph


@pytest.fixture
def tracker() -> Tracker:
    return tracker_of(seed=7, issues=150)


@pytest.fixture
def server(tracker: Tracker) -> Iterator[JiraServer]:
    with JiraServer(tracker) as server:
        yield server


@pytest.fixture
def jira(server: JiraServer) -> Iterator[JiraConnector]:
    connector = connect(server)
    yield connector
    connector.close()


@pytest.fixture
def by(tracker: Tracker) -> str:
    """Somebody who changes things."""
    return next(iter(tracker.users))


# ------------------------------------------------------------------ what answers in bulk leave out


def test_an_issue_without_a_usable_id_is_a_reject_and_stops_no_stream(tracker, server, jira, monkeypatch):
    odd, usual = sorted(tracker.issues)[3], jira_issues._issue

    def shown(call: Any, issue: Any, wanted: list[str], **caps: Any) -> Any:
        return {"id": None, "key": issue.key, "fields": {}} if issue.id == odd else usual(call, issue, wanted, **caps)

    monkeypatch.setattr(jira_issues, "_issue", shown)
    found = batches(jira, pulled(jira, stored(jira.plan(ISSUES, None))))
    read_ids = {i for batch in found if "issues" in batch.rows for i in batch.rows["issues"]["native_id"].to_pylist()}
    assert read_ids == ids(tracker.issues) - {str(odd)}
    assert {reject.field for batch in found for reject in batch.rejects} == {"id"}


def test_an_answer_in_bulk_that_cannot_be_read_is_handed_on_and_told_by_decoding(server, jira, monkeypatch):
    parts = stored(jira.plan(ISSUES, None))
    monkeypatch.setattr(jira_issues, "_issue", lambda *_given, **_caps: 7)
    (page,) = jira.pull(parts[0])
    assert page.last and [reject.field for reject in jira.decode("issues", page.body).rejects[:1]] == [None]


@pytest.mark.parametrize("told", [True, False])
def test_issues_read_afresh_are_asked_for_twice_in_bulk_and_never_alone(tracker, server, jira, told):
    server.options.missing_told = told
    gone, *living = [str(id_) for id_ in sorted(tracker.issues)[:3]]
    tracker.delete_issue(int(gone))
    pages = pulled(jira, jira.fetch(ISSUES, [gone, *living]))
    assert [page.last for page in pages] == [False, True]
    assert set(rows(batches(jira, pages))["issues"]) == set(living)
    assert [one for one in requests_of(server) if "/issue/" in one] == ["POST /rest/api/3/issue/bulkfetch"] * 2


def test_hours_whose_issue_an_answer_leaves_out_are_not_taken_for_those_of_other_projects(tracker, server, by):
    jira = connect(server, projects=["ERP"])
    since, erp = jira.identify().now, project(tracker, "ERP")
    tracker.advance(60)
    worklog = next(w for w in tracker.worklogs.values() if tracker.issues[w.issue_id].project_id == erp)
    tracker.edit_work(worklog.id, by=by, seconds=4242)
    tracker.advance(90)
    server.options.always_leaves_out = {worklog.issue_id}
    assert read(jira, "worklogs", since)["worklogs"][str(worklog.id)]["seconds"] == 4242


def test_a_gateway_that_refuses_does_not_make_a_history_read(tracker, server, jira):
    id_ = min(tracker.issues)
    server.options.always_leaves_out = {id_}
    server.set_faults({"gateway": f"/issue/{id_}"})
    with pytest.raises(BadRecord, match=f"does not give the history of issue {id_}"):
        pulled(jira, jira.follow(CHANGES, [str(id_)]))


# ------------------------------------------------------------------ hours by the feeds


def test_hours_booked_in_the_minute_that_the_feed_withholds_are_read_without_any_overlap(tracker, server, jira, by):
    worklog = min(tracker.worklogs)
    tracker.edit_work(worklog, by=by, seconds=4242)
    tracker.advance(10)
    now = jira.identify().now
    assert str(worklog) not in read(jira, "worklogs", now - timedelta(minutes=1))["worklogs"]
    tracker.advance(90)
    assert read(jira, "worklogs", now)["worklogs"][str(worklog)]["seconds"] == 4242


def test_all_hours_are_read_by_the_feed_where_no_issues_bring_them_along(tracker, server, monkeypatch):
    monkeypatch.setattr(jira_module, "WORKLOGS", 40)
    server.options.feed_page = 25
    tracker.advance(90)
    jira = connect(server)
    stored(jira.plan(ISSUES, jira.identify().now))  # a run that finished the window of issues that another one opened
    pages = pulled(jira, stored(jira.plan(WORKLOGS, None)))
    assert set(rows(batches(jira, pages))["worklogs"]) == ids(tracker.worklogs)
    assert requests_of(server).count("POST /rest/api/3/worklog/list") == -(-len(tracker.worklogs) // 40)
    lists = [place for place, page in enumerate(pages) if "worklog/list" in page.request]
    feeds = [place for place, page in enumerate(pages) if "worklog/updated" in page.request]
    assert lists[0] < feeds[-1]  # ids do not pile up until the feed ends


# ------------------------------------------------------------------ what is no answer of Jira


def test_a_403_proves_nothing_of_an_issue(tracker, server, jira):
    id_ = str(min(tracker.issues))
    server.set_faults({"gateway": f"/issue/{id_}"})
    assert verdict(jira, "issues", id_) == ("inaccessible", False)


@pytest.mark.parametrize("stream", ["accounts", "milestones"])
def test_a_web_page_with_an_accepted_status_is_no_answer(server, jira, stream):
    server.set_faults({"gateway": "users/search" if stream == "accounts" else "/versions", "gateway_page": True})
    with pytest.raises(Unauthorized, match=r"a web page instead of data: probably a log-in page or a proxy"):
        read(jira, stream)


def test_a_probe_answered_by_a_web_page_is_an_error(tracker, server, jira):
    id_ = str(min(tracker.issues))
    server.set_faults({"gateway": f"/issue/{id_}", "gateway_page": True})
    with pytest.raises(Unauthorized, match=r"a web page instead of data"):
        jira.probe(ISSUES, id_)


def test_an_account_that_must_log_in_by_hand_is_told_so_though_a_web_page_comes_along(server, jira):
    server.set_faults({"denied": True})
    with pytest.raises(Unauthorized, match=r"wants this account to log in by hand first"):
        jira.identify()


# ------------------------------------------------------------------ fields


def test_an_issue_of_hundreds_of_custom_fields_is_asked_for_within_a_short_address(tracker, server, jira):
    kind = "com.atlassian.jira.plugin.system.customfieldtypes:float"
    for n in range(20_000, 20_450):
        tracker.fields[f"customfield_{n}"] = Field(f"customfield_{n}", f"Figure {n}", "number", custom=kind)
    id_ = min(tracker.issues)
    in_bulk = pulled(jira, jira.fetch(ISSUES, [str(id_)]))
    assert rows(batches(jira, [jira.probe(ISSUES, str(id_))])) == rows(batches(jira, in_bulk))
    assert verdict(jira, "issues", str(id_)) == ("present", True)
    assert max(len(seen.target) for seen in server.requests) < 2000


def test_a_named_field_that_holds_no_number_stops_the_run_before_an_issue_is_lost(server):
    with pytest.raises(ConfigError, match=r"^acme: fields.story_points names no field of numbers"):
        read(connect(server, fields={"story_points": "Sprint"}), "issues")


def test_lists_within_an_issue_that_are_null_are_empty():
    batch = one_issue(
        issuelinks=None,
        worklog={"total": 0, "startAt": None, "worklogs": None},
        comment={"total": 2, "comments": None},
        changelog={"total": 1, "histories": [{"id": "1", "created": LOG["started"], "items": None}]},
    )
    assert not batch.rejects and [r["native_id"] for r in landed([batch], "issues")] == ["7", "8", "9"]
    assert (batch.complete["worklogs"], batch.complete["issue_changes"]) == (["8"], ["8"])
    assert batch.cut == {"issue_comments": ["8"]}
    empty = one_issue(worklog=None, comment=None, changelog={"total": 3, "startAt": None, "histories": None})
    assert (empty.rejects, empty.cut) == ((), {"issue_changes": ["8"]})


@pytest.mark.parametrize(
    ("node", "said"),
    [
        ({"type": "emoji", "attrs": {"shortName": "", "text": "🎉"}}, "🎉"),
        ({"type": "inlineCard", "attrs": {"url": None, "data": {"url": "https://example.test/b"}}}, "https://example.test/b"),
        ({"type": "inlineCard", "attrs": {"data": {"url": 7, "name": "B"}}}, "B"),
    ],
)  # fmt: skip
def test_an_attribute_without_words_gives_way_to_the_next(node, said):
    assert adf(paragraph(node)) == said


def test_a_card_that_stands_alone_keeps_its_words():
    assert adf({"type": "blockCard", "attrs": {"data": {"name": "B"}}}) == "B"
