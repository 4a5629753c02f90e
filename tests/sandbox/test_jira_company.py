"""The invented company in the make-believe Jira: its counts, what is planted in it, and that a seed decides it all."""

from __future__ import annotations

import itertools
import json
import math
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from sandbox.jira import HUB_EMAIL, LEAD_EMAIL, MEMBER_EMAIL
from sandbox.jira_company import company as build
from sandbox.jira_company import story_end, tracker_of
from sandbox.jira_plan import PLANS
from sandbox.jira_planted import PLANTED, kolb_since
from sandbox.jira_records import Issue, Worklog
from sandbox.jira_tracker import Tracker
from sandbox.jira_truth import Truth, as_yaml, figures
from tests.sandbox.jira_browser import AS_OF

DAY = 86_400_000


def of(company: Tracker, key: str) -> list[Issue]:
    return [i for i in company.issues.values() if company.projects[i.project_id].key == key]


def account(company: Tracker, name: str) -> str:
    return next(user.account_id for user in company.users.values() if user.name == name)


def hours(logs: list[Worklog]) -> float:
    return round(sum(log.seconds for log in logs) / 3600, 6)


def logs_of(company: Tracker, name: str) -> list[Worklog]:
    return [log for log in company.worklogs.values() if log.author == account(company, name)]


def day(at: int) -> date:
    return datetime.fromtimestamp(at / 1000, UTC).date()


def berlin(at: int) -> date:
    return datetime.fromtimestamp(at / 1000, UTC).astimezone(ZoneInfo("Europe/Berlin")).date()


def test_the_company_has_its_sizes(company: Tracker):
    counts = Counter(company.projects[i.project_id].key for i in company.issues.values())
    assert counts == {plan.key: plan.issues for plan in PLANS}
    assert (len(company.issues), len(company.worklogs), len(company.links), len(company.projects)) == (
        4000,
        12_000,
        400,
        12,
    )
    team = [u for u in company.users.values() if u.email.endswith("@alder-finch.example") and u.kind == "atlassian"]
    names = {u.name for u in team} - {"PMO Hub", "Sam Stranger"}
    assert len(names) == 60
    wilk = [u for u in team if u.name == "Tomasz Wilk"]
    assert len({u.account_id for u in wilk}) == 3 and len({u.email for u in wilk}) == 2


def test_what_is_planted_is_there_to_the_count(company: Tracker):
    noor = account(company, "Noor Haddad")
    assert not company.users[noor].active
    assert (
        sum(i.assignee == noor and company.is_open(i) for i in company.issues.values()) == PLANTED["noor_open_issues"]
    )
    since = kolb_since(AS_OF)
    assert hours([w for w in logs_of(company, "Beat Kolb") if day(w.started) >= since]) == PLANTED["kolb_hours"]
    ines = logs_of(company, "Ines Duarte")
    weeks = Counter(day(w.started).isocalendar()[1] for w in ines for _ in range(w.seconds))
    assert [round(weeks[n] / 3600, 6) for n in (45, 46, 47)] == [PLANTED["ines_weekly_hours"]] * 3
    odd = [i for i in company.issues.values() if company.statuses[i.status_id].name == "Parked at customs"]
    assert len(odd) == PLANTED["odd_status_issues"]
    assert sum(len(i.changes) > 40 for i in company.issues.values()) >= PLANTED["long_histories"]
    assert sum(len(i.worklog_ids) > 20 for i in company.issues.values()) >= 12
    moved = {c.issue_id for i in company.issues.values() for c in i.changes for item in c.items if item.name == "Key"}
    assert len(moved) == PLANTED["moved_issues"]
    assert max(company.issues) - 10_000 - len(company.issues) == PLANTED["deleted_issues"]


@pytest.mark.parametrize("days", [0, 1, 2, 3, 17])
def test_nobody_waits_for_another_project_but_oms_for_erp(days: int):
    """On whichever day the demo is tried."""
    as_of = AS_OF + timedelta(days=days)
    company = tracker_of(seed=7, as_of=as_of)
    waiting: Counter[tuple[str, ...]] = Counter()
    for link in company.links.values():
        one, other = company.issues[link.from_id], company.issues[link.to_id]
        needed_on, due_on = other.start_on or other.due_on, one.due_on
        if link.type_id != "10000" or one.project_id == other.project_id or needed_on is None:
            continue
        late = needed_on < as_of if due_on is None else max(due_on, as_of) > needed_on
        if late and company.is_open(one) and company.is_open(other):
            keys = tuple(company.projects[issue.project_id].key for issue in (one, other))
            waiting[keys] += 1
    assert waiting == {("ERP", "OMS"): 1}


def test_priya_books_at_half_past_eleven_in_pune(company: Tracker):
    logs = logs_of(company, "Priya Raman")
    pune = [datetime.fromtimestamp(w.started / 1000, UTC).astimezone(ZoneInfo("Asia/Kolkata")) for w in logs]
    assert len(logs) > 20 and {f"{at:%H:%M}" for at in pune} == {"23:30"}


def test_hours_reached_a_closed_month_afterwards(company: Tracker):
    late = [w for w in company.worklogs.values() if w.created - w.started > 40 * DAY]
    assert hours(late) == PLANTED["dwh_late_hours"]
    assert {company.issues[w.issue_id].project_id for w in late} == {i.project_id for i in of(company, "DWH")}


def test_web_grew_by_points_of_which_few_are_approved(company: Tracker):
    web = of(company, "WEB")
    edge = story_end(AS_OF) - 12 * 7 * DAY
    assert sum(i.points or 0 for i in web) == PLANTED["web_points_now"]
    assert sum(i.points or 0 for i in web if i.created < edge) == PLANTED["web_points_baseline"]
    assert sum(i.points or 0 for i in web if "cr-approved" in i.labels) == PLANTED["web_points_approved"]


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.key)
def test_each_project_has_its_overdue_and_open_ones(company: Tracker, plan):
    issues = of(company, plan.key)
    still = [i for i in issues if company.is_open(i)]
    assert sum(i.due_on is not None and i.due_on < AS_OF for i in still) == plan.overdue
    assert abs(len(still) - (1 - plan.done_share) * plan.issues) <= 1
    quiet = story_end(AS_OF) - max(i.updated for i in issues)
    assert plan.key == "DWH" or quiet >= plan.quiet_days * DAY


def test_the_backlog_of_the_service_desk_grew_in_three_weeks(company: Tracker):
    edge = story_end(AS_OF) - 21 * DAY
    svc = of(company, "SVC")
    now = sum(company.is_open(i) for i in svc)
    then = sum(i.created < edge and (i.resolved is None or i.resolved >= edge) for i in svc)
    assert now == PLANTED["svc_backlog_now"] and then == PLANTED["svc_backlog_three_weeks_ago"]


def test_the_driver_app_flows_steadily(company: Tracker):
    spans = []
    for issue in of(company, "APP"):
        moves = [(c.at, i) for c in issue.changes for i in c.items if i.field_id == "status"]
        started = [at for at, item in moves if company.statuses[item.new or ""].category == "indeterminate"]
        done = [at for at, item in moves if company.statuses[item.new or ""].category == "done"]
        if done and not company.is_open(issue):
            spans.append((berlin(done[-1]) - berlin(started[0])).days + 1)
    assert sorted(spans)[math.ceil(0.85 * len(spans)) - 1] == PLANTED["app_cycle_days_p85"] and len(spans) > 150


def test_three_links_make_a_circle(company: Tracker):
    first = list(company.links.values())[:3]
    assert [link.to_id for link in first] == [link.from_id for link in first[1:] + first[:1]]
    assert len({company.issues[link.from_id].project_id for link in first}) == 3


def test_history_is_in_order_and_ends_at_what_is(company: Tracker):
    for issue in company.issues.values():
        times = [change.at for change in issue.changes]
        assert times == sorted(times) and issue.created <= issue.updated <= story_end(AS_OF)
        moves = [item for change in issue.changes for item in change.items if item.field_id == "status"]
        assert not moves or moves[-1].new == issue.status_id
        for one, other in itertools.pairwise(moves):
            assert one.new == other.old
        assert (issue.resolution_id is None) == company.is_open(issue) == (issue.resolved is None)


def test_sprints_and_versions_follow_the_day(company: Tracker):
    states = Counter(s.state for s in company.sprints.values())
    assert states["active"] == 5 and states["future"] == 10 and states["closed"] > 40
    now = story_end(AS_OF)
    assert all((s.start or 0) <= now < (s.end or 0) + DAY for s in company.sprints.values() if s.state == "active")
    assert len(company.versions) == 48 and {v.released for v in company.versions.values()} == {True, False}


def test_a_seed_and_a_day_decide_everything():
    one, same, other = (tracker_of(seed=seed, as_of=AS_OF, issues=300) for seed in (1, 1, 2))
    assert one.issues == same.issues and one.worklogs == same.worklogs and one.links == same.links
    assert one.users == same.users and one.issues != other.issues
    later = tracker_of(seed=1, as_of=AS_OF + timedelta(days=7), issues=300)
    ends = [Counter((i.project_id, i.status_id) for i in tracker.issues.values()) for tracker in (one, later)]
    assert ends[0] == ends[1]  # the same story, a week later


@pytest.mark.parametrize("as_of", [date(2026, 1, 1), date(2026, 3, 30), date(2028, 2, 29), date(2026, 10, 26)])
def test_the_story_is_whole_on_any_day(as_of: date):
    tracker, _ = build(seed=5, as_of=as_of, issues=1200)
    shown = figures(tracker, as_of)
    assert (shown["issues"], shown["worklogs"]) == (1200, 3600)
    assert {plan.key: shown["projects"][plan.key]["overdue"] for plan in PLANS} == {
        plan.key: round(plan.overdue * shown["projects"][plan.key]["issues"] / plan.issues) for plan in PLANS
    }
    kolb = [w for w in logs_of(tracker, "Beat Kolb") if day(w.started) >= kolb_since(as_of)]
    assert hours(kolb) == PLANTED["kolb_hours"]
    assert max(i.updated for i in tracker.issues.values()) <= story_end(as_of) <= tracker.now()


@pytest.mark.parametrize("issues", [12, 60, 1500])
def test_smaller_and_larger_companies_can_be_made(issues: int):
    tracker = tracker_of(issues=issues, as_of=AS_OF)
    assert len(tracker.issues) == issues and len(tracker.worklogs) == 3 * issues


def test_the_truth_is_written_as_yaml(company: Tracker):
    shown = figures(company, AS_OF)
    assert shown["projects"]["ERP"] | {"issues": 620, "bac": 1200, "cpi": 0.74} == shown["projects"]["ERP"]
    assert sum(p["hours"] for p in shown["projects"].values()) == pytest.approx(shown["hours"], abs=0.01)
    text = as_yaml(shown)
    assert _read(text.splitlines()) == json.loads(json.dumps(shown))


def _read(lines: list[str]) -> dict:
    """Enough YAML to read it back."""
    found: dict = {}
    stack = [found]
    for line in lines:
        depth = (len(line) - len(line.lstrip())) // 2
        name, value = json.JSONDecoder().raw_decode(line.strip())[0], line.strip().partition('":')[2].strip()
        del stack[depth + 1 :]
        stack[depth][name] = json.loads(value) if value else {}
        if not value:
            stack.append(stack[depth][name])
    return found


def test_the_truth_is_told_per_account(company: Tracker):
    hub, lead, member = (Truth(company, email) for email in (HUB_EMAIL, LEAD_EMAIL, MEMBER_EMAIL))
    assert hub.issues() == lead.issues() and len(hub.issues()) == 4000
    assert len(hub.worklogs()) == 12_000 and len(hub.links()) == 400 and len(hub.sprints()) == len(company.sprints)
    assert len(hub.changes()) == len({(r["history_id"], r["field"], r["n"]) for r in hub.changes()})
    assert {row["project_id"] for row in member.issues().values()} == {"10000", "10002"}
    assert set(member.worklogs()) < set(hub.worklogs()) and set(member.links()) < set(hub.links())
    assert len(hub.versions()) == 48 and len(hub.accounts()) == len(company.users)
