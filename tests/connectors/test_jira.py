"""The Jira connector against its make-believe twin, over real HTTP: what is odd about Jira."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from connectors import jira as jira_module
from connectors.contract import Batch, Connector, Page, Partition, Plan, Span, only
from connectors.jira import STREAMS, JiraConnector
from flows.check import check_sources
from model.config import HubSettings, Settings, SourceSettings
from model.errors import BadRecord, ConfigError, NotFound, Refused, Transient, Unauthorized
from model.vocabulary import Availability
from sandbox.jira import HUB_EMAIL, LEAD_EMAIL, MEMBER_EMAIL, STRANGER_EMAIL, TOKEN, JiraServer
from sandbox.jira_company import tracker_of
from sandbox.jira_tracker import Tracker
from tests.connectors.contract import ConnectorContract
from tests.sandbox.test_jira_description import UNDESCRIBED, jira_described

PROJECTS, WORDS, ACCOUNTS, SPRINTS, MILESTONES, ISSUES, WORKLOGS, CHANGES, OWN_WORKLOGS, COMMENTS = STREAMS
Rows = dict[str, dict[str, dict[str, Any]]]  # table → native id → row


@pytest.fixture
def tracker() -> Tracker:
    return tracker_of(seed=7, issues=250)


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


def connect(server: JiraServer, **settings: Any) -> JiraConnector:
    given = {"name": "acme", "type": "jira", "url": server.url, "email": HUB_EMAIL, "token": TOKEN}
    return JiraConnector(SourceSettings(**given | settings))


def stored(plan: Plan) -> list[Partition]:
    """Partitions as they come back after a restart."""
    for _ in plan.pages:
        pass
    assert len({part.key for part in plan.partitions}) == len(plan.partitions)
    return [Partition(part.stream, part.key, json.loads(json.dumps(dict(part.spec)))) for part in plan.partitions]


def pulled(connector: Connector, parts: Sequence[Partition]) -> list[Page]:
    return [page for part in parts for page in connector.pull(part)]


def batches(connector: Connector, pages: Sequence[Page]) -> list[Batch]:
    return [connector.decode(page.stream, page.body) for page in pages if page.status == 200]


def rows(found: Sequence[Batch]) -> Rows:
    tables: Rows = defaultdict(dict)
    for batch in found:
        assert not batch.rejects
        for table, columns in batch.rows.items():
            tables[table].update({row["native_id"]: row for row in columns.to_pylist()})
    return tables


def read(connector: Connector, stream: str, since: datetime | None = None) -> Rows:
    parts = stored(connector.plan(only(STREAMS, stream), since))
    return rows(batches(connector, pulled(connector, parts)))


def completed(connector: Connector) -> Rows:
    """Everything that comes with the issues, and what Jira cut of it."""
    found = batches(connector, pulled(connector, stored(connector.plan(ISSUES, None))))
    cut: dict[str, list[str]] = defaultdict(list)
    for batch in found:
        for stream, ids in batch.cut.items():
            cut[stream] += ids
    for stream, ids in cut.items():
        found += batches(connector, pulled(connector, connector.follow(only(STREAMS, stream), ids)))
    return rows(found)


def ids(records: Mapping[Any, object]) -> set[str]:
    return {str(id_) for id_ in records}


def verdict(connector: JiraConnector, stream: str, native_id: str) -> tuple[str, bool]:
    of, page = only(STREAMS, stream), connector.probe(only(STREAMS, stream), native_id)
    presence = connector.judge(of, page, connector.identify())
    if presence.availability is Availability.PRESENT:
        assert set(rows(batches(connector, [page]))[of.table]) == {native_id}
    assert presence.evidence
    return presence.availability.value, presence.proven


# ------------------------------------------------------------------ everything, against the tool's own truth


def test_all_that_comes_with_issues_lands_and_what_was_cut_is_completed(tracker, jira):
    found = completed(jira)
    assert set(found["issues"]) == ids(tracker.issues)
    assert set(found["worklogs"]) == ids(tracker.worklogs)
    assert set(found["issue_links"]) == ids(tracker.links)
    assert set(found["comments"]) == {str(c.id) for i in tracker.issues.values() for c in i.comments}
    changed = {f"{c.id}" for i in tracker.issues.values() for c in i.changes if c.items}
    assert {native_id.partition(":")[0] for native_id in found["issue_changes"]} == changed
    assert len(found["issue_changes"]) == sum(len(c.items) for i in tracker.issues.values() for c in i.changes)
    assert set(found["sprint_issues"]) == {f"{s}:{i.id}" for i in tracker.issues.values() for s in i.sprint_ids}


def test_the_columns_of_issues_are_those_of_the_tool(tracker, jira):
    found = read(jira, "issues")["issues"]
    for issue in tracker.issues.values():
        row = found[str(issue.id)]
        assert (row["key"], row["title"], row["project_id"]) == (issue.key, issue.summary, str(issue.project_id))
        assert (row["native_status_id"], row["native_type_id"]) == (issue.status_id, issue.type_id)
        assert row["native_priority_id"] == issue.priority_id
        assert row["parent_id"] == (None if issue.parent_id is None else str(issue.parent_id))
        assert row["assignee_id"] == issue.assignee
        assert row["time_spent_seconds"] == (tracker.spent(issue) or None)
        assert row["updated_at"] == datetime.fromtimestamp(issue.updated / 1000, UTC).replace(tzinfo=None)


def test_links_point_the_way_the_tool_means_them(tracker, jira):
    found = read(jira, "issues")["issue_links"]
    for link in tracker.links.values():
        row = found[str(link.id)]
        assert (row["from_issue_id"], row["to_issue_id"]) == (str(link.from_id), str(link.to_id))


def test_hours_are_those_of_the_tool(tracker, jira):
    found = completed(jira)["worklogs"]
    for worklog in tracker.worklogs.values():
        row, author = found[str(worklog.id)], tracker.users[worklog.author]
        assert (row["seconds"], row["issue_id"], row["account_id"]) == (
            worklog.seconds,
            str(worklog.issue_id),
            worklog.author,
        )
        assert row["work_on_basis"] == ("account_zone" if author.shows_zone else "hub_zone")


@pytest.mark.parametrize("form", ["ms", "seconds", "text"])
def test_a_long_history_is_completed_over_several_pages(tracker, server, jira, monkeypatch, form):
    monkeypatch.setattr(jira_module, "CHANGES_PAGE", 7)
    server.options.bulk_created = form
    long = sorted(i.id for i in tracker.issues.values() if len(i.changes) > 40)[:3]
    parts = jira.follow(CHANGES, [str(id_) for id_ in long])
    assert [list(part.completes) for part in parts] == [[str(id_) for id_ in long]]
    pages = pulled(jira, parts)
    assert len(pages) > 10 and [p.last for p in pages] == [False] * (len(pages) - 1) + [True]
    found = rows(batches(jira, pages))["issue_changes"]
    assert len(found) == sum(len(c.items) for id_ in long for c in tracker.issues[id_].changes)
    assert not any(batch.complete for batch in batches(jira, pages))


@pytest.mark.parametrize(("stream", "most"), [("issue_worklogs", 4), ("issue_comments", 3)])
def test_a_cut_list_is_completed_over_several_pages(tracker, jira, monkeypatch, stream, most):
    monkeypatch.setattr(jira_module, "ENTRIES_PAGE", most)
    held = {i.id: i.worklog_ids if stream == "issue_worklogs" else i.comments for i in tracker.issues.values()}
    longest = max(held, key=lambda id_: len(held[id_]))
    assert len(held[longest]) > most
    (part,) = jira.follow(only(STREAMS, stream), [str(longest)])
    pages = pulled(jira, [part])
    found = rows(batches(jira, pages))[only(STREAMS, stream).table]
    assert len(found) == len(held[longest]) and {r["issue_id"] for r in found.values()} == {str(longest)}
    assert [p.last for p in pages] == [False] * (len(pages) - 1) + [True]


# ------------------------------------------------------------------ few requests


def requests_of(server: JiraServer) -> list[str]:
    return [f"{seen.method} {urlsplit(seen.target).path}" for seen in server.requests]


def test_a_run_in_which_nothing_changed_takes_six_requests(server, jira):
    now = jira.identify().now
    pulled(jira, stored(jira.plan(PROJECTS, None)))
    for stream in (ISSUES, WORKLOGS):
        pulled(jira, stored(jira.plan(stream, now)))
    assert requests_of(server) == [
        "GET /rest/api/3/myself",
        "GET /rest/api/3/serverInfo",
        "GET /rest/api/3/project/search",
        "POST /rest/api/3/search/jql",
        "GET /rest/api/3/worklog/updated",
        "GET /rest/api/3/worklog/deleted",
    ]


def test_issues_are_listed_by_the_thousand_and_read_by_the_hundred(tracker, server, jira):
    completed(jira)
    asked = Counter(requests_of(server))
    assert asked["POST /rest/api/3/search/jql"] == 1
    assert asked["POST /rest/api/3/issue/bulkfetch"] == -(-len(tracker.issues) // 100)
    assert asked["GET /rest/api/3/field"] == 1
    assert asked["POST /rest/api/3/changelog/bulkfetch"] <= 1


def test_a_plan_lists_every_id_so_that_no_census_need_ask_again(tracker, jira):
    plan = jira.plan(ISSUES, None)
    listed = [str(i) for page in plan.pages for i in jira.decode_census("issues", page.body).ids]
    assert plan.lists_all and set(listed) == ids(tracker.issues)
    assert not jira.plan(ISSUES, datetime.now(UTC)).lists_all


# ------------------------------------------------------------------ what changed


@pytest.mark.parametrize("email", [HUB_EMAIL, LEAD_EMAIL])
def test_a_window_is_told_in_the_zone_of_whoever_asks(tracker, server, by, email):
    jira = connect(server, email=email)
    since = jira.identify().now
    tracker.advance(90)
    changed = sorted(tracker.issues)[7]
    tracker.edit(changed, by=by, summary="new")
    found = read(jira, "issues", since)["issues"]
    assert str(changed) in found and len(found) < 5


def test_hours_that_were_edited_or_deleted_come_by_the_feeds(tracker, server, jira, by):
    server.options.feed_page = 2
    since = jira.identify().now
    tracker.advance(30)
    edited, deleted = sorted(tracker.worklogs)[:5], sorted(tracker.worklogs)[5:8]
    for id_ in edited:
        tracker.advance(0.01)
        tracker.edit_work(id_, by=by, seconds=4242)
    for id_ in deleted:
        tracker.advance(0.01)
        tracker.delete_work(id_, by=by)
    tracker.advance(90)
    found = batches(jira, pulled(jira, stored(jira.plan(WORKLOGS, since - timedelta(minutes=1)))))
    assert {i: r["seconds"] for i, r in rows(found)["worklogs"].items()} == {str(id_): 4242 for id_ in edited}
    gone = [d for batch in found for d in batch.departed.get("worklogs", ())]
    assert {d.native_id for d in gone} == {str(id_) for id_ in deleted}
    assert {d.availability for d in gone} == {Availability.DELETED}


def test_an_issue_that_was_moved_keeps_its_id(tracker, jira, by):
    issue = next(i for i in tracker.issues.values() if i.parent_id is None and not i.child_ids)
    other = next(p for p in tracker.projects.values() if p.id != issue.project_id)
    old = issue.key
    tracker.move(issue.id, other.id, by=by)
    found = read(jira, "issues")["issues"][str(issue.id)]
    assert (found["key"], found["project_id"]) == (issue.key, str(other.id)) and issue.key != old
    assert verdict(jira, "issues", str(issue.id)) == ("present", True)


# ------------------------------------------------------------------ what has become of it


def test_a_404_proves_nothing_and_a_project_in_archive_or_trash_says_so(tracker, jira):
    first, second, third, *_ = sorted(tracker.projects)
    gone, hidden = sorted(tracker.issues)[:2]
    tracker.delete_issue(gone)
    tracker.hide(hidden)
    assert verdict(jira, "issues", str(gone)) == verdict(jira, "issues", str(hidden)) == ("missing", False)
    assert verdict(jira, "issues", str(sorted(tracker.issues)[5])) == ("present", True)
    tracker.set_project(first, "archived")
    tracker.set_project(second, "deleted")
    assert verdict(jira, "projects", str(first)) == ("archived", True)
    assert verdict(jira, "projects", str(second)) == ("deleted", True)
    assert verdict(jira, "projects", str(third)) == ("present", True)
    assert verdict(jira, "projects", "99999") == ("missing", False)
    assert {str(first), str(second)}.isdisjoint(read(jira, "projects")["projects"])


# ------------------------------------------------------------------ configured projects


def project(tracker: Tracker, key: str) -> int:
    return next(p.id for p in tracker.projects.values() if p.key == key)


def test_only_the_configured_projects_are_read_counted_and_listed(tracker, server):
    erp, web = project(tracker, "ERP"), project(tracker, "WEB")
    jira = connect(server, projects=["erp", str(web)])
    issues = {str(i.id) for i in tracker.issues.values() if i.project_id in (erp, web)}
    assert set(read(jira, "projects")["projects"]) == {str(erp), str(web)}
    assert set(read(jira, "issues")["issues"]) == issues
    listed = [str(i) for p in jira.census(ISSUES, Span()) for i in jira.decode_census("issues", p.body).ids]
    assert set(listed) == issues
    assert jira.decode_census("issues", jira.count(ISSUES, Span()).body).total == len(issues)
    assert {r["project_id"] for r in read(jira, "milestones")["milestones"].values()} <= {str(erp), str(web)}
    assert set(read(jira, "sprints")["sprints"]) < ids(tracker.sprints)


def test_hours_of_other_projects_are_left_out_though_the_feed_names_them(tracker, server, by):
    jira = connect(server, projects=["ERP"])
    since = jira.identify().now - timedelta(minutes=1)
    tracker.advance(60)
    erp = project(tracker, "ERP")
    inside = {w.id for w in tracker.worklogs.values() if tracker.issues[w.issue_id].project_id == erp}
    outside = set(tracker.worklogs) - inside
    edited = [*sorted(inside)[:2], *sorted(outside)[:2]]
    for id_ in edited:
        tracker.edit_work(id_, by=by, seconds=4242)
    tracker.advance(90)
    pages = pulled(jira, stored(jira.plan(WORKLOGS, since)))
    assert set(rows(batches(jira, pages))["worklogs"]) == {str(id_) for id_ in edited[:2]}
    again = connect(server, projects=["WEB"])  # decoding asks nobody, and goes by what the page says
    assert set(rows([again.decode(p.stream, p.body) for p in pages])["worklogs"]) == {str(id_) for id_ in edited[:2]}


def test_hours_of_issues_just_listed_need_not_be_asked_for_their_project(tracker, server, by):
    jira = connect(server, projects=["ERP"])
    since = jira.identify().now - timedelta(minutes=1)
    tracker.advance(60)
    erp = project(tracker, "ERP")
    worklog = next(w for w in tracker.worklogs.values() if tracker.issues[w.issue_id].project_id == erp)
    tracker.edit_work(worklog.id, by=by, seconds=4242)
    tracker.advance(90)
    stored(jira.plan(ISSUES, since))
    assert set(rows(batches(jira, pulled(jira, stored(jira.plan(WORKLOGS, since)))))["worklogs"]) == {str(worklog.id)}
    assert "POST /rest/api/3/issue/bulkfetch" not in requests_of(server)


def test_an_issue_moved_out_of_the_configured_projects_is_out_of_scope(tracker, server, by):
    jira = connect(server, projects=["ERP"])
    erp, web = project(tracker, "ERP"), project(tracker, "WEB")
    issue = next(i for i in tracker.issues.values() if i.project_id == erp and not i.child_ids and i.parent_id is None)
    assert verdict(jira, "issues", str(issue.id)) == ("present", True)
    tracker.move(issue.id, web, by=by)
    assert verdict(jira, "issues", str(issue.id)) == ("out_of_scope", True)
    assert verdict(jira, "projects", str(web)) == ("out_of_scope", True)
    fetched = batches(jira, pulled(jira, jira.fetch(ISSUES, [str(issue.id)])))
    assert rows(fetched) == {}


def test_a_project_that_does_not_exist_is_an_error_and_never_everything(tracker, server):
    with pytest.raises(NotFound, match=r"^acme: there is no project “ERB” in Jira .* Browse projects$"):
        connect(server, projects=["ERP", "ERB"]).plan(ISSUES, None)
    tracker.set_project(project(tracker, "WEB"), "archived")
    gone = connect(server, projects=["WEB"])
    assert read(gone, "issues") == {} and read(gone, "projects") == {} and list(gone.census(ISSUES, Span())) == []
    both = connect(server, projects=["ERP", "WEB"])
    assert {r["project_id"] for r in read(both, "issues")["issues"].values()} == {str(project(tracker, "ERP"))}


def test_a_project_that_got_another_key_is_told_by_its_new_one(tracker, server):
    erp = tracker.projects[project(tracker, "ERP")]
    erp.old_keys.append("ERP")
    erp.key = "FIN"
    with pytest.raises(NotFound, match="“ERP” of the configuration has the key “FIN” by now: write that in projects"):
        connect(server, projects=["ERP"]).plan(ISSUES, None)


# ------------------------------------------------------------------ what bulk answers lack


def test_issues_that_a_bulk_answer_leaves_out_are_asked_for_again_and_then_alone(tracker, server, jira):
    server.options.leaves_out = 0.2
    assert set(read(jira, "issues")["issues"]) == ids(tracker.issues)
    server.options.leaves_out = 0.0
    lost = sorted(tracker.issues)[3]
    server.options.always_leaves_out = {lost}
    whole = read(jira, "issues")
    assert set(whole["issues"]) == ids(tracker.issues)
    assert whole["issues"][str(lost)]["key"] == tracker.issues[lost].key
    (part,) = [p for p in stored(jira.plan(ISSUES, None)) if str(lost) in str(p.spec["ids"]).split(",")]
    assert [page.last for page in jira.pull(part)] == [False, False, True]
    tracker.delete_issue(lost)
    assert str(lost) not in rows(batches(jira, pulled(jira, [part])))["issues"]


def test_an_undisturbed_bulk_answer_takes_one_request(server, jira):
    parts = stored(jira.plan(ISSUES, None))
    pulled(jira, parts)
    server.requests.clear()
    assert len(pulled(jira, parts)) == len(parts) == len(server.requests)


def test_a_history_that_is_left_out_is_asked_for_again_and_never_taken_for_read(tracker, server, jira):
    server.options.changelog_cap = 2
    cut = [str(i.id) for i in tracker.issues.values() if len(i.changes) > 2][:50]
    server.options.leaves_out = 0.3
    changes = rows(batches(jira, pulled(jira, jira.follow(only(STREAMS, "issue_changes"), cut))))["issue_changes"]
    assert {row["issue_id"] for row in changes.values()} == set(cut)
    server.options.leaves_out = 0.0
    server.options.always_leaves_out = {int(cut[0])}
    with pytest.raises(BadRecord, match=f"^acme: Jira does not give the history of issue {cut[0]}: try again later"):
        pulled(jira, jira.follow(only(STREAMS, "issue_changes"), cut))
    tracker.delete_issue(int(cut[0]))  # or hidden for the moment: nothing says which, and it stays due
    assert not any(page.last for page in pulled(jira, jira.follow(only(STREAMS, "issue_changes"), cut)))
    cut = [id_ for id_ in cut if int(id_) in tracker.issues]
    assert pulled(jira, jira.follow(only(STREAMS, "issue_changes"), cut))[-1].last


def test_accounts_come_in_small_pages_where_jira_has_no_time_for_large_ones(tracker, server, jira):
    server.options.users_in_time = 100
    assert set(read(jira, "accounts")["accounts"]) == set(tracker.users)
    server.options.users_in_time = 10
    with pytest.raises(Refused, match=r"^acme: Jira takes more than the 10 s .* to list its accounts"):
        read(jira, "accounts")


def test_edits_of_hours_are_read_where_no_issues_bring_them_along(jira):
    assert [p.key for p in stored(jira.plan(WORKLOGS, None))] == ["updated", "deleted"]
    stored(jira.plan(ISSUES, None))
    assert [p.key for p in stored(jira.plan(WORKLOGS, None))] == ["deleted"]
    jira.identify()  # another run: it goes on with a window of issues that was begun before
    stored(jira.plan(ISSUES, datetime.now(UTC)))
    assert [p.key for p in stored(jira.plan(WORKLOGS, None))] == ["updated", "deleted"]


# ------------------------------------------------------------------ who we are, and who we are not


def test_the_account_is_named_and_its_rights_are_told(server, jira):
    identity = jira.identify()
    assert (identity.account_name, identity.instance) == ("PMO Hub", server.url)
    assert abs(identity.now - datetime.now(UTC)) < timedelta(minutes=1)
    assert [p.request for p in identity.pages] == ["GET /rest/api/3/myself?expand=groups", "GET /rest/api/3/serverInfo"]
    assert list(jira.rights().missing) == []
    assert any("Browse projects" in sentence for sentence in jira.rights().may)
    member = connect(server, email=MEMBER_EMAIL, projects=["ERP", "10002", "NET"]).rights()
    assert any("Browse users and groups" in sentence for sentence in member.missing)
    assert any("“NET” of the configuration" in sentence for sentence in member.missing)
    assert not any("ERP" in sentence or "10002" in sentence for sentence in member.missing)
    stranger = connect(server, email=STRANGER_EMAIL).rights()
    assert any("Browse projects: nothing is read" in sentence for sentence in stranger.missing)


def test_checking_the_source_tells_its_rights(server, jira):
    (checked,) = check_sources(Settings(hub=HubSettings(), sources={"acme": jira.source}, path=Path("pmo.toml")))
    assert (checked.account, checked.error, checked.missing) == ("PMO Hub", None, ())
    assert "read issues (Browse projects)" in checked.may
    assert requests_of(server)[-1] == "GET /rest/api/3/mypermissions"


def test_a_wrong_token_is_no_account_though_lists_answer_it(server):
    wrong = connect(server, token="not-a-token")
    with pytest.raises(Unauthorized, match=r"does not accept email and token \(it answered 401\): the token is wrong"):
        wrong.identify()


@pytest.mark.parametrize("stream", ["projects", "words", "issues"])
def test_a_token_that_expires_in_the_middle_is_no_empty_list(server, jira, stream):
    jira.identify()
    server.set_faults({"token_expires_after": 0})
    with pytest.raises(Unauthorized, match=r"no longer accepts the token, which it did before: it expired"):
        read(jira, stream)


def test_a_login_page_is_one_sentence(server, jira):
    server.set_faults({"sso": True})
    with pytest.raises(Unauthorized, match=r"a web page instead of data: probably a log-in page") as caught:
        jira.identify()
    assert "\n" not in str(caught.value)


def test_an_address_that_is_no_jira_is_told(server):
    with pytest.raises(NotFound, match="no Jira Cloud answers at"):
        connect(server, url=f"{server.url}/wiki").identify()


@pytest.mark.parametrize("lacking", ["email", "token"])
def test_email_and_token_are_both_needed(server, lacking):
    with pytest.raises(ConfigError, match="needs email and token"):
        connect(server, **{lacking: None}).identify()


def test_an_account_that_may_not_browse_people_knows_them_by_being_named(server):
    jira = connect(server, email=MEMBER_EMAIL)
    pages = pulled(jira, stored(jira.plan(ACCOUNTS, None)))
    assert [(p.status, p.last) for p in pages] == [(403, True)]
    assert read(jira, "issues")["account_mentions"]


def test_a_quota_that_is_used_up_says_when_it_is_filled_again(server, jira):
    server.set_faults({"quota_used_up": True})
    with pytest.raises(Transient, match=r"as its quota is used up until \d{4}-\d\d-\d\d \d\d:00 UTC"):
        jira.identify()


def test_a_project_that_goes_while_it_is_read_is_one_clear_sentence(tracker, server):
    jira = connect(server, projects=["ERP"])
    plan = jira.plan(ISSUES, None)
    tracker.set_project(project(tracker, "ERP"), "deleted")
    with pytest.raises(Refused, match=r"The query was project in \(\d+\).*correct projects and run again"):
        list(plan.pages)


def test_an_interface_that_was_removed_is_told(server, jira, monkeypatch):
    monkeypatch.setattr(jira_module, "SEARCH", "rest/api/3/search")
    with pytest.raises(NotFound, match=r"no longer has the interface that lists issues"):
        list(jira.plan(ISSUES, None).pages)


# ------------------------------------------------------------------ what goes wrong on the way


def test_short_and_empty_pages_lose_nothing(tracker, server, jira, monkeypatch):
    monkeypatch.setattr(jira_module, "IDS_PAGE", 20)
    server.set_faults({"rate_short_page": 0.7})
    assert set(read(jira, "issues")["issues"]) == ids(tracker.issues)


def test_a_search_that_goes_on_without_end_is_an_error(server, jira, monkeypatch):
    monkeypatch.setattr(server.faults.random, "choice", lambda shares: shares[-1])
    server.set_faults({"rate_short_page": 1.0})
    with pytest.raises(BadRecord, match=r"empty pages without end|a page read before"):
        list(jira.plan(ISSUES, None).pages)


# ------------------------------------------------------------------ the description of the interface


def everything(connector: JiraConnector, tracker: Tracker) -> None:
    """All kinds of requests the connector makes."""
    now = connector.identify().now
    for stream in STREAMS[:7]:
        pulled(connector, stored(connector.plan(stream, None)))
    for stream in (ISSUES, WORKLOGS):
        pulled(connector, stored(connector.plan(stream, now - timedelta(days=30))))
    first = str(min(tracker.issues))
    for stream in (CHANGES, OWN_WORKLOGS, COMMENTS):
        pulled(connector, connector.follow(stream, [first]))
    pulled(connector, connector.fetch(WORKLOGS, [str(id_) for id_ in sorted(tracker.worklogs)[:3]]))
    connector.count(ISSUES, Span())
    list(connector.census(ISSUES, Span()))
    connector.probe(ISSUES, first)
    connector.probe(PROJECTS, str(min(tracker.projects)))
    connector.rights()


@pytest.mark.parametrize("projects", [None, ["ERP", "10002"]])
def test_each_request_is_as_the_vendor_describes_it(tracker, server, monkeypatch, projects):
    described = jira_described()
    jira = connect(server, projects=projects)
    bodies: list[tuple[str, Any]] = []
    post = jira._site.post

    def noted(path: str, body: Mapping[str, object]) -> Any:
        bodies.append((path, json.loads(json.dumps(body))))
        return post(path, body)

    monkeypatch.setattr(jira._site, "post", noted)
    everything(jira, tracker)
    covered = Counter[tuple[str, str]]()
    for method, target, _ in dict.fromkeys(server.requests):
        path = urlsplit(target).path
        if path.endswith("/comment"):
            assert any(template.endswith("/comment") for _, template in UNDESCRIBED)
            continue
        template, operation = described.operation(method, path)
        known = {one["name"] for one in map(described.resolved, operation.get("parameters", []))}
        asked = {part.partition("=")[0] for part in urlsplit(target).query.split("&") if part}
        assert asked <= known, target
        covered[method, template] += 1
    for path, body in bodies:
        _, operation = described.operation("POST", f"/{path}")
        described.validate(operation["requestBody"]["content"]["application/json"]["schema"], body)
    assert set(covered) == {
        ("GET", "/rest/agile/1.0/board"),
        ("GET", "/rest/agile/1.0/board/{boardId}/sprint"),
        ("GET", "/rest/api/3/field"),
        ("GET", "/rest/api/3/issue/{issueIdOrKey}"),
        ("GET", "/rest/api/3/issue/{issueIdOrKey}/worklog"),
        ("GET", "/rest/api/3/issuetype"),
        ("GET", "/rest/api/3/mypermissions"),
        ("GET", "/rest/api/3/myself"),
        ("GET", "/rest/api/3/priority"),
        ("GET", "/rest/api/3/project/search"),
        ("GET", "/rest/api/3/project/{projectIdOrKey}/versions"),
        ("GET", "/rest/api/3/serverInfo"),
        ("GET", "/rest/api/3/status"),
        ("GET", "/rest/api/3/users/search"),
        ("GET", "/rest/api/3/worklog/deleted"),
        ("GET", "/rest/api/3/worklog/updated"),
        ("POST", "/rest/api/3/changelog/bulkfetch"),
        ("POST", "/rest/api/3/issue/bulkfetch"),
        ("POST", "/rest/api/3/search/approximate-count"),
        ("POST", "/rest/api/3/search/jql"),
        ("POST", "/rest/api/3/worklog/list"),
    }


# ------------------------------------------------------------------ the laws of all connectors


class _JiraTool:
    secret = TOKEN

    def __init__(self, server: JiraServer) -> None:
        self.server, self.tracker = server, server.tracker
        self.connector = connect(server)
        self.by = next(iter(self.tracker.users))

    def ids(self, stream: str) -> set[str]:
        tracker = self.tracker
        if stream == "words":
            return {
                f"{kind}:{id_}"
                for kind, held in (
                    ("status", tracker.statuses),
                    ("priority", tracker.priorities),
                    ("type", tracker.types),
                    ("field", tracker.fields),
                )
                for id_ in held
            }
        held: dict[str, Mapping[Any, Any]] = {
            "projects": tracker.projects,
            "accounts": tracker.users,
            "sprints": tracker.sprints,
            "milestones": tracker.versions,
            "issues": tracker.issues,
            "worklogs": tracker.worklogs,
        }
        return {str(id_) for id_ in held[stream]}

    def edit_issue(self) -> str:
        self.tracker.advance(120)
        id_ = min(self.tracker.issues)
        self.tracker.edit(id_, by=self.by, summary="Ångström “quoted” – 日本")
        return str(id_)

    def delete_issue(self) -> str:
        id_ = max(self.tracker.issues)
        self.tracker.delete_issue(id_)
        return str(id_)

    def offline(self) -> JiraConnector:
        return connect(self.server)


class TestJira(ConnectorContract):
    @pytest.fixture
    def tool(self) -> Iterator[_JiraTool]:
        with JiraServer(tracker_of(seed=5, issues=120)) as server:
            tool = _JiraTool(server)
            yield tool
            tool.connector.close()
