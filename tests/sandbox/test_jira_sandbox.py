"""The make-believe Jira Cloud over real HTTP: reading it, with the oddities a connector has to bear."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from sandbox.jira import LEAD_EMAIL, MEMBER_EMAIL, STRANGER_EMAIL, JiraServer
from sandbox.jira_history import points_field
from sandbox.jira_records import POINTS_COMPANY, POINTS_TEAM, SPRINT, Issue
from sandbox.jira_tracker import Tracker
from tests.sandbox.jira_browser import AGILE, NOW, Browser, text_of

ROOT = Path(__file__).resolve().parents[2]
EVERYTHING = 'created >= "2000-01-01"'


def any_issue(tracker: Tracker, key: str = "ERP") -> Issue:
    project = tracker.project(key)
    assert project is not None
    return next(i for i in tracker.issues.values() if i.project_id == project.id and not i.child_ids)


def somebody(tracker: Tracker) -> str:
    return next(iter(tracker.users))


# ------------------------------------------------------------------ who one is


def test_each_account_is_told_its_own_zone(server: JiraServer):
    for email, zone in ((LEAD_EMAIL, "Asia/Kolkata"), (MEMBER_EMAIL, "Europe/Lisbon")):
        assert Browser(server.url, email).get("myself")["timeZone"] == zone


@pytest.mark.parametrize("email", ["pmo-hub@alder-finch.example", "nobody@example.com"])
def test_a_wrong_token_gets_empty_lists_here_and_401_there(server: JiraServer, email: str):
    wrong = Browser(server.url, email, "wrong")
    for path in ("project/search", f"search/jql?jql={EVERYTHING}", "status", "field", f"{AGILE}/board"):
        answer = wrong.ask("GET", path)
        assert answer.status_code == 200 and answer.headers["X-Seraph-Loginreason"] == "AUTHENTICATED_FAILED"
        found = answer.json()
        assert not (found if isinstance(found, list) else found.get("values", found.get("issues")))
    for path in ("myself", "users/search", "worklog/updated?since=0"):
        answer = wrong.ask("GET", path)
        assert answer.status_code == 401 and answer.headers["X-Seraph-Loginreason"] == "AUTHENTICATED_FAILED"
        assert not answer.headers["Content-Type"].startswith("application/json")
    assert wrong.refused(404, "issue/10001") == wrong.refused(404, "issue/99999")


def test_nobody_at_all_is_not_told_that_a_login_failed(server: JiraServer):
    visitor = Browser(server.url)
    visitor.session.auth = None
    answer = visitor.ask("GET", "project/search")
    assert answer.status_code == 200 and "X-Seraph-Loginreason" not in answer.headers


def test_accounts_see_what_they_may(tracker: Tracker, server: JiraServer):
    tracker.hide(any_issue(tracker).id)
    seen = {e: Browser(server.url, e).ids(EVERYTHING) for e in (LEAD_EMAIL, MEMBER_EMAIL, STRANGER_EMAIL)}
    hub = Browser(server.url)
    assert len(seen[LEAD_EMAIL]) == 240 and len(hub.ids(EVERYTHING)) == 239
    assert seen[MEMBER_EMAIL] == hub.ids("project in (ERP, WEB)") and seen[STRANGER_EMAIL] == set()
    assert Browser(server.url, MEMBER_EMAIL).ask("GET", "users/search").status_code == 403
    permissions = Browser(server.url, MEMBER_EMAIL).get("mypermissions", permissions="BROWSE_PROJECTS,USER_PICKER")
    assert [p["havePermission"] for p in permissions["permissions"].values()] == [True, False]
    assert "NO_SUCH" in hub.refused(400, "mypermissions", permissions="NO_SUCH")


# ------------------------------------------------------------------ search


def test_search_gives_ids_alone_unless_fields_are_asked(jira: Browser):
    assert set(jira.search("project = ERP")[0]) == {"id"}
    assert set(jira.search("project = ERP", fields=["key"])[0]) == {"id", "key", "self", "expand"}
    assert set(jira.search("project = ERP", fields=["summary", "nonsense"])[0]["fields"]) == {"summary"}
    row = jira.search("project = ERP", fields=["*navigable", "-description"], maxResults=1)[0]
    assert "worklog" not in row["fields"] and "description" not in row["fields"] and "status" in row["fields"]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_pages_of_ids_may_be_large_others_are_smaller_than_asked(whole: Browser, method: str):
    first = whole.post("search/jql", jql=EVERYTHING, maxResults=5000)
    assert len(first["issues"]) == 4000 and first["isLast"] and "nextPageToken" not in first
    assert len(whole.post("search/jql", jql=EVERYTHING, fields=["summary"], maxResults=5000)["issues"]) == 100
    asked = {"fields": ["summary"] if method == "POST" else "summary", "maxResults": 5000}
    rows = whole.search("project = IAM ORDER BY created ASC", method=method, **asked)
    assert len(rows) == len({row["id"] for row in rows}) == 130
    assert whole.post("search/approximate-count", jql="project = IAM") == {"count": 130}


def test_a_token_belongs_to_its_query(jira: Browser):
    token = jira.post("search/jql", jql="project = ERP", maxResults=3)["nextPageToken"]
    for jql, text in (("project = WEB", token), ("project = ERP", "nonsense"), ("project = ERP", token[:-4])):
        answer = jira.ask("POST", "search/jql", json={"jql": jql, "nextPageToken": text})
        assert answer.status_code == 400 and "token" in answer.text


def test_pages_by_updated_show_an_issue_again_when_it_is_changed(tracker: Tracker, server: JiraServer, jira: Browser):
    asked = {"jql": f"{EVERYTHING} ORDER BY updated ASC", "maxResults": 100}
    first = jira.post("search/jql", **asked)
    moved = int(first["issues"][0]["id"])
    tracker.edit(moved, by=somebody(tracker), summary="moved to the end")
    rest = []
    token = first["nextPageToken"]
    while token:
        page = jira.post("search/jql", **asked, nextPageToken=token)
        rest += [int(row["id"]) for row in page["issues"]]
        token = page.get("nextPageToken")
    assert rest[-1] == moved and len(rest) == 141


def test_pages_by_offset_lose_a_row_when_one_is_deleted(tracker: Tracker, server: JiraServer, jira: Browser):
    server.options.paging = "offset"
    asked = {"jql": f"{EVERYTHING} ORDER BY id ASC", "maxResults": 100}
    first = jira.post("search/jql", **asked)
    tracker.delete_issue(
        next(i for i in map(int, (r["id"] for r in first["issues"])) if not tracker.issues[i].child_ids)
    )
    second = jira.post("search/jql", **asked, nextPageToken=first["nextPageToken"])
    assert second["issues"][0]["id"] != str(int(first["issues"][-1]["id"]) + 1)


@pytest.mark.parametrize(
    ("jql", "words"),
    [
        ("", "Unbounded"),
        ("ORDER BY created", "Unbounded"),
        ("project in (ERP, GONE)", "'GONE' does not exist for the field 'project'"),
        ("foo = 3", "Field 'foo' does not exist"),
        ('updated >= "2026-03-02 09:10:11"', "is invalid"),
        ("updated >= soon", "is invalid"),
        ("id in (10001, 999999)", "'999999' does not exist"),
        ("project = ERP ORDER BY foo", "Not able to sort"),
        ("project ~ ERP", "not supported"),
        ("project = ERP AND", "JQL"),
        ("(project = ERP", "JQL"),
        ("project = ERP nonsense", "JQL"),
    ],
)
def test_a_bad_query_is_a_400(jira: Browser, jql: str, words: str):
    answer = jira.ask("POST", "search/jql", json={"jql": jql})
    assert answer.status_code == 400 and words in answer.json()["errorMessages"][0]


def test_queries_find_what_they_say(tracker: Tracker, jira: Browser):
    issues = tracker.issues.values()
    erp = {str(i.id) for i in issues if i.project_id == 10_000}
    done = {str(i.id) for i in issues if tracker.category(i) == "done"}
    assert jira.ids("project = erp") == jira.ids('project in ("ERP")') == jira.ids("project = 10000") == erp
    assert jira.ids("project = ERP and statusCategory = Done") == erp & done
    assert jira.ids("project = ERP OR (statusCategory = Done AND NOT project = ERP)") == erp | done
    assert jira.ids("project not in (ERP)") == {str(i.id) for i in issues} - erp
    assert jira.ids("assignee is empty") == {str(i.id) for i in issues if i.assignee is None}
    some = sorted(erp)[:3]
    assert jira.ids(f"id in ({', '.join(some)})") == set(some)
    keys = [tracker.issues[int(id_)].key for id_ in some]
    assert jira.ids(f'issuekey in ("{keys[0]}", {keys[1].lower()})') == set(some[:2])


def test_instants_are_minutes_in_the_zone_of_the_account(tracker: Tracker, server: JiraServer):
    issue = max(tracker.issues.values(), key=lambda i: (i.updated, i.id))
    tracker.clock = lambda: (NOW + 30_500) / 1000  # half past a minute
    tracker.edit(issue.id, by=somebody(tracker), summary="late")
    for email, zone in ((LEAD_EMAIL, "Asia/Kolkata"), ("pmo-hub@alder-finch.example", "Europe/Berlin")):
        browser = Browser(server.url, email)
        local = datetime.fromtimestamp(NOW / 1000, UTC).astimezone(ZoneInfo(zone))
        assert browser.ids(f'updated >= "{local:%Y-%m-%d %H:%M}"') == {str(issue.id)}
        assert browser.ids(f'updated <= "{local:%Y/%m/%d %H:%M}" AND id = {issue.id}') == set()
        assert browser.ids(f'updated >= "{local + timedelta(minutes=1):%Y-%m-%d %H:%M}"') == set()
        assert browser.ids("updated >= -1m") == {str(issue.id)}
        shown = browser.issue(issue.id)["fields"]["updated"]
        assert shown.endswith(f"30.500{local:%z}") and datetime.fromisoformat(shown).timestamp() * 1000 == NOW + 30_500


def test_the_index_lags_and_reading_by_id_does_not(tracker: Tracker, server: JiraServer, jira: Browser):
    server.set_faults({"index_lag_seconds": 60})
    new = tracker.add_issue(10_000, "10002", "brand new", by=somebody(tracker))
    gone = any_issue(tracker, "WEB")
    tracker.delete_issue(gone.id)
    assert str(new.id) not in jira.ids("project = ERP") and jira.issue(new.id)["key"] == new.key
    assert str(gone.id) in jira.ids("project = WEB") and jira.refused(404, f"issue/{gone.id}")
    asked = jira.post("search/jql", jql="project = ERP", maxResults=5000, reconcileIssues=[new.id])
    assert str(new.id) in {row["id"] for row in asked["issues"]}
    tracker.advance(61)
    assert str(gone.id) not in jira.ids("project = WEB")


def test_the_old_search_is_gone(jira: Browser):
    assert "search/jql" in jira.refused(410, "search", jql="project = ERP")
    assert jira.ask("POST", "search", json={}).status_code == 410


# ------------------------------------------------------------------ issues by id


def test_a_moved_issue_answers_to_its_old_key_with_the_new_one(tracker: Tracker, jira: Browser):
    issue = any_issue(tracker)
    old = issue.key
    tracker.move(issue.id, 10_005, by=somebody(tracker))
    shown = jira.issue(old, fields="status")
    assert (shown["id"], shown["key"]) == (str(issue.id), issue.key) and issue.key.startswith("DRS-")
    assert jira.post("issue/bulkfetch", issueIdsOrKeys=[old.lower()], fields=["id"])["issues"][0]["key"] == issue.key
    last = jira.get(f"issue/{old}/changelog")["values"][-1]["items"]
    assert [item["field"] for item in last][:2] == ["project", "Key"] and last[1]["fromString"] == old
    assert shown["fields"]["status"]["scope"]["project"]["id"] == "10005"


def test_gone_and_hidden_issues_cannot_be_told_apart(tracker: Tracker, server: JiraServer, jira: Browser):
    gone, hidden = any_issue(tracker), any_issue(tracker, "OMS")
    tracker.delete_issue(gone.id)
    tracker.hide(hidden.id)
    assert jira.refused(404, f"issue/{gone.id}") == jira.refused(404, f"issue/{hidden.id}")
    asked = {"issueIdsOrKeys": [str(gone.id), str(hidden.id), "10002", "10001"], "fields": ["summary"]}
    found = jira.post("issue/bulkfetch", **asked)
    assert [row["id"] for row in found["issues"]] == ["10001", "10002"] and "issueErrors" not in found
    server.options.missing_told = True
    told = jira.post("issue/bulkfetch", **asked)["issueErrors"]
    assert [row["id"] for row in told] == [str(gone.id), str(hidden.id)]


def test_long_lists_are_cut_and_their_totals_told(tracker: Tracker, jira: Browser):
    issue, by = any_issue(tracker), somebody(tracker)
    for n in range(45):
        tracker.edit(issue.id, by=by, summary=f"turn {n}")
    for n in range(23):
        tracker.log_work(issue.id, 600 + n, by=by)
        tracker.comment(issue.id, f"comment {n}", by=by)
    row = jira.post("issue/bulkfetch", issueIdsOrKeys=[issue.key], fields=["*all"], expand=["changelog"])["issues"][0]
    log, hours, said = row["changelog"], row["fields"]["worklog"], row["fields"]["comment"]
    assert (len(log["histories"]), log["total"]) == (40, len(issue.changes))
    assert [int(h["id"]) for h in log["histories"]] == [c.id for c in issue.changes[:-41:-1]]  # newest first
    assert (len(hours["worklogs"]), hours["total"]) == (20, len(issue.worklog_ids))
    assert (len(said["comments"]), said["total"]) == (20, len(issue.comments))
    assert len(jira.issue(issue.id, expand="changelog")["changelog"]["histories"]) == min(100, len(issue.changes))
    whole = jira.get(f"issue/{issue.id}/changelog", startAt=10, maxResults=500)
    assert whole["maxResults"] == 100 and [int(h["id"]) for h in whole["values"]] == [
        c.id for c in issue.changes[10:110]
    ]
    all_hours = jira.get(f"issue/{issue.id}/worklog")
    assert [int(w["id"]) for w in all_hours["worklogs"]] == issue.worklog_ids
    assert text_of(jira.get(f"issue/{issue.id}/comment")["comments"][-1]["body"]).endswith("comment 22")


def test_bulk_histories_are_sorted_by_date_over_all_issues(whole: Browser, company: Tracker):
    erp = [i for i in company.issues.values() if i.project_id == 10_000][:200]
    asked = {"issueIdsOrKeys": [str(i.id) for i in erp], "maxResults": 700}
    found: dict[str, list[int]] = {}
    spread, last, token = 0, 0, None
    while True:
        page = whole.post("changelog/bulkfetch", **asked, **({"nextPageToken": token} if token else {}))
        times = sorted(h["created"] for log in page["issueChangeLogs"] for h in log["changeHistories"])
        assert times[0] >= last and isinstance(times[0], int)
        last = times[-1]
        for log in page["issueChangeLogs"]:
            spread += log["issueId"] in found
            found.setdefault(log["issueId"], []).extend(int(h["id"]) for h in log["changeHistories"])
        token = page.get("nextPageToken")
        if token is None:
            break
    assert found == {str(i.id): [c.id for c in i.changes] for i in erp if i.changes} and spread
    only = whole.post("changelog/bulkfetch", issueIdsOrKeys=[erp[0].key], fieldIds=["status"])
    fields = {i["field"] for log in only["issueChangeLogs"] for h in log["changeHistories"] for i in h["items"]}
    assert fields <= {"status"}


def test_texts_are_documents(company: Tracker, whole: Browser):
    issue = next(i for i in company.issues.values() if i.description and "- check" in i.description)
    shown = whole.issue(issue.id)["fields"]["description"]
    assert shown["type"] == "doc" and "bulletList" in {node["type"] for node in shown["content"]}
    letters = re.sub(r"[\s|`-]", "", issue.description or "")
    assert re.sub(r"[\s|`-]", "", text_of(shown)) == letters


def test_a_link_stands_on_both_issues_once_each_way(tracker: Tracker, jira: Browser):
    one, other = any_issue(tracker), any_issue(tracker, "WEB")
    link = tracker.link(one.id, other.id, "10000", by=somebody(tracker))
    rows = [jira.issue(i.key)["fields"]["issuelinks"] for i in (one, other)]
    mine = [next(row for row in side if row["id"] == link.id) for side in rows]
    assert mine[0]["outwardIssue"]["key"] == other.key and mine[1]["inwardIssue"]["key"] == one.key
    tracker.hide(other.id)
    assert link.id not in {row["id"] for row in jira.issue(one.key)["fields"]["issuelinks"]}


def test_both_kinds_of_project_keep_points_in_fields_of_their_own(company: Tracker, whole: Browser):
    for key, field, other in (("ERP", POINTS_COMPANY, POINTS_TEAM), ("WEB", POINTS_TEAM, POINTS_COMPANY)):
        issue = next(i for i in company.issues.values() if i.key.startswith(key) and i.points)
        shown = whole.issue(issue.id)["fields"]
        assert points_field(company, issue) == field and shown[field] == issue.points and not shown.get(other)
    m365 = next(i for i in company.issues.values() if i.key.startswith("M365-"))
    assert "priority" not in whole.issue(m365.id)["fields"]


def test_an_issue_shows_all_sprints_it_was_ever_in(company: Tracker, whole: Browser):
    issue = next(i for i in company.issues.values() if len(i.sprint_ids) > 2)
    shown = whole.issue(issue.id)["fields"][SPRINT]
    assert [one["id"] for one in shown] == issue.sprint_ids
    items = [i for h in whole.get(f"issue/{issue.id}/changelog")["values"] for i in h["items"]]
    last = [item for item in items if item["fieldId"] == SPRINT][-1] if items[0].get("fieldId") else None
    assert last is None or last["to"] == ", ".join(map(str, issue.sprint_ids))


# ------------------------------------------------------------------ hours, people, projects, boards


def test_the_feed_of_hours_is_complete_and_withholds_its_last_minute(company: Tracker, whole: Browser):
    found = whole.feed("updated")
    assert found == {w.id: w.updated for w in company.worklogs.values()}
    assert whole.feed("deleted") == company.deleted_worklogs and company.deleted_worklogs
    rows = whole.post("worklog/list", ids=[*sorted(found)[:999], 999_999])
    assert len(rows) == 999 and isinstance(rows[0]["id"], str)


def test_hours_changed_a_moment_ago_are_told_a_minute_later(tracker: Tracker, jira: Browser):
    issue = any_issue(tracker)
    worklog = tracker.log_work(issue.id, 3600, by=somebody(tracker))
    assert worklog.id not in jira.feed("updated", NOW - 1000)
    tracker.advance(61)
    assert jira.feed("updated", NOW - 1000) == {worklog.id: NOW}
    tracker.delete_work(worklog.id, by=somebody(tracker))
    tracker.advance(61)
    assert jira.feed("updated", NOW - 1000) == {} and list(jira.feed("deleted", NOW - 1000)) == [worklog.id]


def test_hours_of_hidden_issues_are_in_the_feed_and_not_in_the_list(tracker: Tracker, jira: Browser):
    issue = any_issue(tracker)
    worklog = tracker.log_work(issue.id, 3600, by=somebody(tracker))
    tracker.hide(issue.id)
    tracker.advance(61)
    assert worklog.id in jira.feed("updated") and jira.post("worklog/list", ids=[worklog.id]) == []


def test_people_come_as_a_bare_array_until_it_is_empty(company: Tracker, whole: Browser):
    found: list[str] = []
    while page := whole.get("users/search", startAt=len(found), maxResults=30):
        found += [user["accountId"] for user in page]
    assert found == list(company.users)
    kinds = {user["accountType"] for user in whole.get("users/search", maxResults=1000)}
    assert kinds == {"atlassian", "app", "customer"}


def test_projects_are_told_by_their_state(tracker: Tracker, jira: Browser):
    tracker.set_project(10_000, "archived")
    tracker.set_project(10_001, "deleted")
    keys = {s: [p["key"] for p in jira.get("project/search", status=s)["values"]] for s in ("archived", "deleted")}
    assert keys == {"archived": ["ERP"], "deleted": ["OMS"]}
    assert jira.get("project/search")["total"] == 10
    assert jira.ask("POST", "search/jql", json={"jql": "project = ERP"}).status_code == 400
    issue = any_issue(tracker)
    assert jira.refused(404, f"issue/{issue.id}")
    tracker.set_project(10_000, "live")
    assert jira.issue(issue.id)["key"] == issue.key


def test_team_managed_projects_have_equal_words_with_other_ids(whole: Browser):
    statuses = whole.get("status")
    done = [s for s in statuses if s["name"] == "Done"]
    assert len({s["id"] for s in done}) == 5 and [s.get("scope") for s in done].count(None) == 1
    names = {t["name"]: {s["id"] for s in t["statuses"]} for t in whole.get("project/APP/statuses")}
    assert {"Epic", "Story", "Subtask"} <= set(names) and "10003" not in names["Story"]
    assert [s["name"] for s in statuses if s["statusCategory"]["key"] == "undefined"] == ["Parked at customs"]


def test_a_board_without_sprints_says_so(whole: Browser):
    boards = whole.get(f"{AGILE}/board", maxResults=50)
    kinds = {board["name"]: board for board in boards["values"]}
    assert boards["total"] == 13 and kinds["APP board"]["type"] == "kanban"
    text = whole.refused(400, f"{AGILE}/board/{kinds['APP board']['id']}/sprint")
    assert "The board does not support sprints" in text
    shared = whole.get(f"{AGILE}/board/40/sprint", maxResults=50)
    assert len({sprint["originBoardId"] for sprint in shared["values"]}) == 2 and "total" not in shared
    future = whole.get(f"{AGILE}/board/1/sprint", state="future")["values"]
    assert len(future) == 2 and not any("startDate" in sprint for sprint in future)
    field = whole.get(f"{AGILE}/board/3/configuration")["estimation"]["field"]
    assert field == {"fieldId": POINTS_TEAM, "displayName": "Story point estimate"}


# ------------------------------------------------------------------ the server itself


def test_the_site_can_be_started_by_hand(tmp_path: Path):
    command = [sys.executable, "-m", "sandbox.jira", "--seed", "4", "--issues", "60", "--as-of", "2026-11-25"]
    command += ["--truth", str(tmp_path / "truth.yaml")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            jira = Browser(process.stdout.readline().strip())
            assert jira.get("myself")["displayName"] == "PMO Hub" and len(jira.ids(EVERYTHING)) == 60
            assert '"issues": 60' in (tmp_path / "truth.yaml").read_text(encoding="utf-8")
        finally:
            process.terminate()


def test_requests_are_logged_and_a_hook_comes_before(tracker: Tracker, server: JiraServer, jira: Browser):
    seen: list[str] = []
    server.before = seen.append
    jira.get("project/search", maxResults=3)
    jira.refused(404, "issue/1")
    targets = ["/rest/api/3/project/search?maxResults=3", "/rest/api/3/issue/1"]
    assert seen == targets and [(r.method, r.target, r.status) for r in server.requests] == [
        ("GET", targets[0], 200),
        ("GET", targets[1], 404),
    ]
    assert jira.get("/_sandbox/requests")[1] == {"method": "GET", "target": targets[1], "status": 404}


def test_the_address_of_tokens_with_scopes_is_served_too(jira: Browser):
    cloud = jira.get("/_edge/tenant_info")["cloudId"]
    answer = jira.session.get(f"{jira.url}/ex/jira/{cloud}/rest/api/3/myself", timeout=5)
    assert answer.json()["displayName"] == "PMO Hub"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("search/jql", {"jql": "project = ERP", "startAt": 50}),
        ("search/jql", {"jql": "project = ERP", "expand": ["changelog"]}),
        ("search/jql", {"jql": "project = ERP", "fields": "summary"}),
        ("search/jql", {"jql": "project = ERP", "reconcileIssues": ["ERP-1"]}),
        ("issue/bulkfetch", {"issueIdsOrKeys": ["1"], "expand": "changelog"}),
        ("issue/bulkfetch", {"issueIdsOrKeys": []}),
        ("changelog/bulkfetch", {"issueIdsOrKeys": ["1"], "maxResults": 10_001}),
        ("changelog/bulkfetch", {"issueIdsOrKeys": ["1"], "fieldIds": [f"f{n}" for n in range(11)]}),
        ("worklog/list", {"ids": ["soon"]}),
        ("worklog/list", {"ids": list(range(1001))}),
    ],
)
def test_a_body_that_is_not_as_described_is_refused(jira: Browser, path: str, body: dict[str, object]):
    assert jira.ask("POST", path, json=body).status_code == 400


def test_oddities_are_turned_up_over_http(jira: Browser):
    assert jira.post("/_sandbox/options", page_cap=7)["page_cap"] == 7
    assert len(jira.post("search/jql", jql="project = ERP", fields=["summary"])["issues"]) == 7
    assert jira.ask("POST", "/_sandbox/options", json={"nonsense": 1}).status_code == 400


@pytest.mark.parametrize(("path", "status"), [("nonsense", 404), ("myself/x", 404)])
def test_what_is_not_there_is_not_there(jira: Browser, path: str, status: int):
    assert jira.ask("GET", path).status_code == status
    assert jira.ask("DELETE", "myself").status_code == 405
    assert jira.ask("POST", "issue/bulkfetch", data=b"{").status_code == 400
