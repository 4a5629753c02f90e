"""What is planted in the invented company, with exact counts for the tests: `PLANTED` names them.

Noor Haddad left and still holds 11 open issues; Beat Kolb booked 46 h since the first of the month; Ines Duarte is at
142 % for three weeks; Priya Raman books at 23:30 in Pune; 37 h reached a closed month of DWH afterwards; WEB grew from
220 to 297 points, 26 of them approved; APP takes 9 days in 85 of 100 cases; three links make a circle; OMS waits four
weeks for ERP's customer-data API; one status word was never seen before; 17 tasks are the service desk's own, and in no
project of the plan.
"""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

from sandbox.jira_lives import DAY, HOUR, Log, Outline
from sandbox.jira_records import Issue
from sandbox.jira_tracker import Tracker
from sandbox.jira_words import People

__all__ = [
    "PLANTED",
    "kolb_since",
    "plant_flow",
    "plant_hours",
    "plant_issues",
    "plant_links",
    "plant_points",
    "plant_tasks",
]

SERVICE_TASKS = 17
PLANTED = {
    "noor_open_issues": 11,
    "kolb_hours": 46.0,
    "ines_weekly_hours": 56.8,
    "dwh_late_hours": 37.0,
    "web_points_baseline": 220.0,
    "web_points_now": 297.0,
    "web_points_approved": 26.0,
    "app_cycle_days_p85": 9,
    "svc_backlog_now": 118,
    "svc_backlog_three_weeks_ago": 46,
    "odd_status_issues": 5,
    "long_histories": 6,
    "moved_issues": 12,
    "deleted_issues": 10,
    "svc_tasks": SERVICE_TASKS,
}
_TASK, _REQUEST = "10002", "10005"
ENOUGH = 600  # issues; smaller companies have no room for what is planted


def kolb_since(as_of: date) -> date:
    """The first of this month, or of the last one while this one is too young for 46 hours."""
    first = as_of.replace(day=1)
    return first if as_of.day > 14 else (first - timedelta(days=1)).replace(day=1)


def _of(tracker: Tracker, lives: list[Outline], key: str) -> list[Outline]:
    return [life for life in lives if tracker.projects[life.project_id].key == key]


def plant_issues(tracker: Tracker, people: People, lives: list[Outline], rng: random.Random) -> None:
    """Noor's eleven, the odd status, long histories, moved issues, and numbers that nobody has any more."""
    if len(lives) < ENOUGH:
        return
    noor = people.one("Noor Haddad")
    still = [
        life for life in _of(tracker, lives, "WEB") + _of(tracker, lives, "CRM") if life.outcome in ("todo", "doing")
    ]
    for life in rng.sample(still, 11):
        life.assignee = noor
    going = [life for life in _of(tracker, lives, "NET") if life.outcome in ("todo", "doing", "review", "blocked")]
    for life in rng.sample(going, 5):
        life.outcome = "odd"
        life.started = life.created + (life.end - life.created) // 2
    for life in rng.sample(_of(tracker, lives, "ERP"), 6):
        life.fuss = rng.randrange(45, 140)
    plain = [x for x in lives if x.parent is None and tracker.types[x.type_id].level == 0 and x.created < x.end - DAY]
    mothers = {id(life.parent) for life in lives}
    plain = [life for life in plain if id(life) not in mothers]
    for life in rng.sample(plain, 12):
        life.came_from = rng.choice([id_ for id_ in tracker.projects if id_ != life.project_id])
        life.created = min(life.created, life.end - DAY)
    for n in range(10):
        model = rng.choice(plain)
        ghost = Outline(len(lives) + n, model.project_id, model.type_id, model.created, model.end, model.roles)
        ghost.reporter, ghost.deleted = model.reporter, True
        lives.append(ghost)


def plant_points(tracker: Tracker, lives: list[Outline], end: int, rng: random.Random) -> None:
    """220 points before the third week of WEB, 77 after it, 26 of these under an approved change request."""
    web = [x for x in _of(tracker, lives, "WEB") if not x.deleted and tracker.types[x.type_id].level == 0]
    web = [life for life in web if life.outcome != "cancelled" and life.came_from is None]
    for life in _of(tracker, lives, "WEB"):
        life.points = None
    edge = end - 12 * 7 * DAY
    late = [life for life in web if life.created >= edge]
    _deal([life for life in web if life.created < edge - 2 * DAY], 220, rng)
    _deal(late[: len(late) // 2], 26, rng, label="cr-approved")
    _deal(late[len(late) // 2 :], 51, rng)


def _deal(lives: list[Outline], total: int, rng: random.Random, label: str | None = None) -> None:
    for life in lives:
        if total <= 0:
            return
        life.points = float(min(total, rng.choice((1, 2, 3, 5))))
        total -= int(life.points)
        if label:
            life.labels = [*life.labels, label]


def plant_flow(tracker: Tracker, lives: list[Outline], rng: random.Random) -> None:
    """Days from start to finish in APP, both counted: four of five take up to 8, then one in ten takes 9."""
    done = [life for life in _of(tracker, lives, "APP") if life.outcome == "done" and not life.deleted]
    done.sort(key=lambda life: life.end - life.created)  # who has little room gets little time
    for n, life in enumerate(done):
        share = n / len(done)
        days = 1 + int(share * 10) if share < 0.8 else 9 if share < 0.9 else 10 + int((share - 0.9) * 50)
        room = (life.end - life.created) // DAY - days - 1
        start = life.created // DAY * DAY + DAY * (1 + rng.randrange(max(1, min(12, room)))) + 9 * HOUR
        life.started = min(start, (life.end // DAY - days) * DAY + 9 * HOUR)
        life.finished = life.started + (days - 1) * DAY + 5 * HOUR
        life.reopened = False


def plant_hours(tracker: Tracker, people: People, lives: list[Outline], as_of: date) -> int:
    """Number of worklogs made."""
    if len(lives) < ENOUGH:
        return 0
    erp, iam, dwh = (
        [x for x in _of(tracker, lives, key) if x.started and not x.deleted] for key in ("ERP", "IAM", "DWH")
    )
    early = min(erp, key=lambda life: life.created), min(iam, key=lambda life: life.created)
    made = 0
    since, kolb = kolb_since(as_of), people.one("Beat Kolb")
    days = [d for d in (since + timedelta(days=n) for n in range((as_of - since).days)) if d.weekday() < 5]
    for day, hours in zip(days, (8, 8, 8, 8, 8, 6), strict=False):
        made += _book(early[0], kolb, day, hours * 3600, 8)
    monday = as_of - timedelta(days=as_of.weekday())
    for n in range(-21, 0):
        day = monday + timedelta(days=n)
        if day.weekday() < 5:  # 5 × (6 h and 5:21:36) = 56.8 h of 40
            made += _book(early[0], people.one("Ines Duarte"), day, 21_600, 8)
            made += _book(early[1], people.one("Ines Duarte"), day, 19_296, 15)
    closed = (as_of.replace(day=1) - timedelta(days=40)).replace(day=1)
    author = people.by_team["Data"][2]
    first = min(dwh, key=lambda life: life.created)
    for n, hours in enumerate((8, 8, 8, 8, 5)):
        made += _book(first, author, closed + timedelta(days=8 + n), hours * 3600, 9, late_days=45)
    return made


def _book(life: Outline, author: str, day: date, seconds: int, hour: int, *, late_days: int = 0) -> int:
    started = int(datetime(day.year, day.month, day.day, hour, tzinfo=UTC).timestamp() * 1000)
    life.logs.append(Log(author, started, seconds, started + seconds * 1000 + late_days * DAY, "planted"))
    return 1


def plant_links(tracker: Tracker, lives: list[Outline], as_of: date, end: int, rng: random.Random, count: int) -> None:
    """A circle of three over three projects, OMS waiting for ERP, then links within and between projects, late in the
    story; nobody else keeps another project waiting."""
    alive = [tracker.issues[life.issue_id] for life in lives if life.issue_id in tracker.issues]
    quiet = {p.id for p in tracker.projects.values() if p.key in ("DRS", "M365", "DWH")}
    alive = [issue for issue in alive if issue.project_id not in quiet]
    at = end - 2 * HOUR
    by_key: dict[str, list[Issue]] = {}
    for issue in alive:
        by_key.setdefault(tracker.projects[issue.project_id].key, []).append(issue)
    pairs: list[tuple[int, int, str]] = []
    if len(lives) >= ENOUGH:
        # without days: a circle keeps nobody waiting for longer than it says
        undated = (
            [i for i in by_key[key] if tracker.is_open(i) and i.due_on is None and i.start_on is None]
            for key in ("ERP", "OMS", "WEB")
        )
        erp, oms, web = (found[0].id for found in undated)
        pairs = [(erp, oms, "10000"), (oms, web, "10000"), (web, erp, "10000"), _customer_data(tracker, by_key, as_of)]
    while len(pairs) < count and len(alive) > 3:
        one = rng.choice(alive)
        other = rng.choice(alive if rng.random() < 0.3 else by_key[tracker.projects[one.project_id].key])
        kind = rng.choices(("10000", "10002", "10003", "10020"), (5, 2, 6, 1))[0]
        keeps_waiting = (
            kind == "10000" and other.project_id != one.project_id and not _in_time(tracker, one, other, as_of)
        )
        if one.id != other.id and not keeps_waiting:
            pairs.append((one.id, other.id, kind))
    for n, (one_id, other_id, kind) in enumerate(pairs):
        tracker.link(one_id, other_id, kind, by=tracker.issues[one_id].creator, at=at + n * HOUR // max(count, 1))


def _in_time(tracker: Tracker, one: Issue, other: Issue, as_of: date) -> bool:
    """Whether nobody would say that it keeps the other waiting: one is closed, or it comes before it is needed."""
    if tracker.projects[other.project_id].key == "OMS":
        return False
    needed_on = other.start_on or other.due_on
    if not tracker.is_open(one) or not tracker.is_open(other):
        return True
    return one.due_on is not None and needed_on is not None and as_of < one.due_on <= needed_on


def _customer_data(tracker: Tracker, by_key: dict[str, list[Issue]], as_of: date) -> tuple[int, int, str]:
    """OMS needs ERP's customer-data API in two weeks, and it is foreseen in six."""
    ends = []
    for key, title in (("ERP", "Customer-data API for order management"), ("OMS", "Take customer data from ERP's API")):
        waiting = [i for i in by_key[key] if tracker.is_open(i) and i.due_on is not None and i.due_on > as_of]
        ends.append(waiting[-1])
        ends[-1].summary = title
    api, taking = ends
    api.due_on, taking.start_on = as_of + timedelta(weeks=6), as_of + timedelta(weeks=2)
    taking.due_on = as_of + timedelta(weeks=5)
    return api.id, taking.id, "10000"


def plant_tasks(tracker: Tracker) -> None:
    """Seventeen of the service desk's issues are tasks of its own, long done; the others are requests of somebody."""
    tasks = [i for i in tracker.issues.values() if tracker.projects[i.project_id].key == "SVC" and i.type_id == _TASK]
    before = max((i.updated for i in tracker.issues.values()), default=0) - 22 * DAY
    old = [i.id for i in tasks if i.resolved is not None and i.resolved < before]
    own = set(old[:SERVICE_TASKS])
    for issue in tasks:
        if issue.id not in own:
            issue.type_id = _REQUEST
