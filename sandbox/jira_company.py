"""Makes the Jira of the invented company: `company(seed=7, as_of=date(2026, 11, 25))`, the same for the same arguments.

Twelve projects, sixty people, four thousand issues with history, twelve thousand worklogs, sprints, versions, links.
All of it lies before 06:00 UTC of the as-of day; from there the tracker's clock goes on. What is planted for the tests
stands in `sandbox.jira_planted`; lives of single issues in `sandbox.jira_lives`.
"""

from __future__ import annotations

import gc
import random
import time
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta

from sandbox.jira_lives import DAY, HOUR, Event, Log, Outline, business, events
from sandbox.jira_plan import PLANS, Plan
from sandbox.jira_planted import (
    ENOUGH,
    plant_flow,
    plant_hours,
    plant_issues,
    plant_links,
    plant_points,
    plant_tasks,
)
from sandbox.jira_records import Sprint, Version
from sandbox.jira_tracker import Tracker
from sandbox.jira_words import People, Roles, add_people, add_words
from sandbox.plan_timesheets import compliance_week, plant_week

__all__ = ["company", "latest_day", "story_end", "tracker_of"]

WEEK = 7 * DAY


def story_end(as_of: date) -> int:
    """The last instant of the story, in milliseconds."""
    return int(datetime(as_of.year, as_of.month, as_of.day, 6, tzinfo=UTC).timestamp() * 1000)


def latest_day() -> date:
    """The last day whose story has ended by now: no sandbox runs ahead of the real time unless it is told to."""
    return (datetime.now(UTC) - timedelta(hours=6)).date()


def tracker_of(*, seed: int = 7, as_of: date | None = None, issues: int = 4000) -> Tracker:
    """The company's tracker alone."""
    return company(seed=seed, as_of=as_of, issues=issues)[0]


def company(*, seed: int = 7, as_of: date | None = None, issues: int = 4000) -> tuple[Tracker, People]:
    """The tracker and its people; three worklogs per issue."""
    as_of = as_of or latest_day()
    rng = random.Random(f"{seed}/{issues}")
    tracker = Tracker()
    end = story_end(as_of)
    last = end - 4 * HOUR  # of single lives; links come after it
    people = add_people(tracker, rng)
    roles = add_words(tracker, people)
    _add_versions(tracker, end)
    _add_sprints(tracker, end)
    lives: list[Outline] = []
    for plan, count in zip(PLANS, shares(issues), strict=True):
        lives += _outlines(tracker, people, roles, plan, count=count, end=last, rng=rng, first=len(lives))
    plant_issues(tracker, people, lives, rng)
    plant_points(tracker, lives, end, rng)
    plant_flow(tracker, lives, rng)
    done = plant_hours(tracker, people, lives, as_of)
    full = compliance_week(as_of) if issues >= ENOUGH else None
    if full is not None:
        done += plant_week(tracker, people, lives, as_of)
    _spread_hours(tracker, people, lives, 3 * issues - done, rng, last, full)
    _run(tracker, people, lives, rng)
    plant_tasks(tracker)
    plant_links(tracker, lives, as_of, end, rng, issues // 10)
    tracker.refresh_index()
    _set_clock(tracker, end)
    return tracker, people


def shares(issues: int) -> list[int]:
    """Issues of each project: as planned for 4,000, in proportion otherwise."""
    total = sum(plan.issues for plan in PLANS)
    counts = [plan.issues * issues // total for plan in PLANS]
    for n in range(issues - sum(counts)):
        counts[n % len(counts)] += 1
    return counts


def _set_clock(tracker: Tracker, end: int) -> None:
    """From the end of the story on, or the real time where that is less than a day later."""
    now = time.time()
    began = time.monotonic()
    tracker.clock = time.time if 0 <= now * 1000 - end < DAY else lambda: end / 1000 + time.monotonic() - began


def _add_versions(tracker: Tracker, end: int) -> None:
    for n, project in enumerate(tracker.projects.values()):
        plan = PLANS[n]
        last = plan.baseline_week if plan.baseline_week is not None else 8
        for place in range(4):
            week = plan.start_week + (last - plan.start_week) * (place + 1) // 4
            day = datetime.fromtimestamp((end + week * WEEK) / 1000, UTC).date()
            released = week < (-1 if plan.key not in ("ERP", "DRS") else -6)
            version = Version(
                str(10_400 + 4 * n + place), project.id, f"{project.key} {place + 1}.0", released=released
            )
            version.release_on = day if place != 3 or plan.key != "SVC" else None
            version.start_on = day - timedelta(days=28) if place % 2 else None
            version.description = f"Part {place + 1} of {project.name}" if place % 2 else None
            version.archived = released and place == 0
            tracker.versions[version.id] = version


def _add_sprints(tracker: Tracker, end: int) -> None:
    """Two weeks each, from Monday 09:00 UTC; the last two are planned only and have no dates."""
    monday = end - (datetime.fromtimestamp(end / 1000, UTC).weekday() * DAY) + 3 * HOUR
    id_ = 100
    for plan, board in zip(PLANS, list(tracker.boards.values()), strict=False):
        if plan.style != "scrum":
            continue
        begin = monday + plan.start_week // 2 * 2 * WEEK
        stop = end - plan.quiet_days * DAY
        number = 0
        while begin < stop:
            number, id_ = number + 1, id_ + 1
            sprint = Sprint(id_, board.id, f"{plan.key} Sprint {number}", start=begin, end=begin + 2 * WEEK - 16 * HOUR)
            sprint.goal = f"Show part {number}" if number % 3 else ""
            sprint.state = "closed" if begin + 2 * WEEK <= end else "active"
            sprint.complete = sprint.end if sprint.state == "closed" else None
            tracker.sprints[id_] = sprint
            begin += 2 * WEEK
        for ahead in range(0 if plan.quiet_days else 2):
            id_ += 1
            tracker.sprints[id_] = Sprint(id_, board.id, f"{plan.key} Sprint {number + 1 + ahead}")


# ------------------------------------------------------------------ outlines


def _outlines(
    tracker: Tracker, people: People, roles: Roles, plan: Plan, *, count: int, end: int, rng: random.Random, first: int
) -> list[Outline]:
    project = next(p for p in tracker.projects.values() if p.key == plan.key)
    stop = end - plan.quiet_days * DAY
    begin = end + plan.start_week * WEEK
    team = [a for name in plan.teams for a in people.by_team[name]]
    team = [a for a in team if a != people.one("Noor Haddad")]
    made = sorted(
        business(begin + int((stop - begin - DAY) * rng.random() ** 1.4), "Europe/Berlin", rng) for _ in range(count)
    )
    if plan.style == "service":
        made = _service_times(count, begin, end, rng)
    lives = []
    for n, created in enumerate(made):
        life = Outline(first + n, project.id, "", min(created, stop - 2 * HOUR), stop, roles[project.id])
        life.reporter = rng.choice(people.by_team["customers"] if plan.style == "service" and n % 3 else team)
        life.assignee = rng.choice(team) if rng.random() < 0.88 else None
        life.priority_id = rng.choices(["10100", "2", "3", "4", "1"], [1, 3, 8, 3, 1])[0]
        lives.append(life)
    _kinds(tracker, lives, rng)
    _outcomes(plan, lives, end, rng)
    for life in lives:
        _details(tracker, plan, life, rng)
    _due_days(plan, lives, end, rng)
    return lives


def _service_times(count: int, begin: int, end: int, rng: random.Random) -> list[int]:
    """A sixth of all comes in within the last three weeks."""
    late = count // 6
    old = [begin + int((end - 21 * DAY - begin) * rng.random()) for _ in range(count - late)]
    new = [end - int(21 * DAY * rng.random()) for _ in range(late)]
    return sorted(
        business(at, "Europe/Lisbon", rng) if at < end - 3 * DAY else min(at, end - 3 * HOUR) for at in old + new
    )


def _kinds(tracker: Tracker, lives: list[Outline], rng: random.Random) -> None:
    """One epic in twenty-five, made first; sub-tasks under earlier issues, the rest under epics."""
    if not lives:
        return
    types = tracker.projects[lives[0].project_id].type_ids
    level: dict[int, list[str]] = {1: [], 0: [], -1: []}
    for id_ in types:
        level[tracker.types[id_].level].append(id_)
    epics = lives[: max(1, len(lives) // 25)]
    plain: list[Outline] = []
    for n, life in enumerate(lives):
        if n < len(epics):
            life.type_id = level[1][0]
        elif plain and rng.random() < 0.12:
            life.type_id, life.parent = level[-1][0], rng.choice(plain[-30:])
        else:
            life.type_id = rng.choice(level[0])
            life.parent = rng.choice(epics) if rng.random() < 0.8 else None
            plain.append(life)


def _outcomes(plan: Plan, lives: list[Outline], end: int, rng: random.Random) -> None:
    """Older ones are done, in the share the plan says; a few are cancelled, some under way."""
    open_count = round(len(lives) * (1 - plan.done_share))
    if plan.style == "service":
        old = [n for n, life in enumerate(lives) if life.created < end - 21 * DAY]
        stay, late = len(lives) * 26 // 660, len(lives) * 20 // 660
        of_late = set(old[len(old) - stay - late : len(old) - stay])
        still = set(old[-stay:]) | set(range(len(old), len(lives))) - set(
            range(len(old), len(old) + len(lives) * 18 // 660)
        )
        open_count = 0
    else:
        weight = sorted(range(len(lives)), key=lambda n: n / max(1, len(lives)) + rng.random() * 0.8)
        still, of_late = set(weight[len(lives) - open_count :]), set()
    for n, life in enumerate(lives):
        if n in still:
            life.outcome = rng.choices(["todo", "doing", "review", "blocked"], [10, 4, 2, 1])[0]
            life.outcome = life.outcome if life.outcome in life.roles else "doing"
        else:
            life.outcome = "cancelled" if "cancelled" in life.roles and rng.random() < 0.06 else "done"
        _times(plan, life, end, rng)
        if n in of_late:  # open three weeks ago, done since: the backlog was 46 then
            life.outcome, life.finished = "done", end - 20 * DAY + int(19 * DAY * rng.random())
            life.started = life.finished - DAY


def _times(plan: Plan, life: Outline, end: int, rng: random.Random) -> None:
    room = max(life.end - life.created, 4 * HOUR)
    if life.outcome == "todo":
        return
    if life.outcome in ("done", "cancelled"):
        wait, work = rng.random() * 12 * DAY, (0.2 + rng.random() ** 2 * 14) * DAY
        scale = min(1.0, room * 0.95 / (wait + work))
        life.started = life.created + int(wait * scale)
        life.finished = life.created + int((wait + work) * scale)
        if plan.style == "service":
            _service_end(life, end, rng)
        if life.outcome == "cancelled" and rng.random() < 0.6:
            life.started = None
        life.reopened = rng.random() < 0.05
        return
    life.started = life.created + int(room * (0.3 + 0.5 * rng.random()))


def _service_end(life: Outline, end: int, rng: random.Random) -> None:
    """Older tickets are done before the last three weeks, but for the twenty that are done within them."""
    edge = end - 21 * DAY
    if life.created < edge and life.finished is not None and life.finished >= edge:
        life.finished = max(life.created + HOUR, edge - int(rng.random() * 2 * HOUR) - HOUR)
        life.started = min(life.started or life.finished, life.finished - HOUR // 2)


def _details(tracker: Tracker, plan: Plan, life: Outline, rng: random.Random) -> None:
    level = tracker.types[life.type_id].level
    project = tracker.projects[life.project_id]
    if plan.style in ("scrum", "kanban") and level == 0 and rng.random() < 0.7:
        life.points = float(rng.choice((1, 2, 3, 5, 8, 13))) if rng.random() < 0.97 else 0.5
    if level <= 0 and rng.random() < 0.75 and plan.style != "service":
        life.estimate_hours = rng.choice((1, 2, 4, 6, 8, 12, 16, 24, 40))
    life.labels = rng.sample(("cut-over", "audit", "Quick Win", "site-pune", "vendor"), rng.choice((0, 0, 0, 1, 2)))
    parts = [c.id for c in tracker.components.values() if c.project_id == project.id]
    life.component_ids = [rng.choice(parts)] if parts and rng.random() < 0.5 else []
    versions = [v for v in tracker.versions.values() if v.project_id == project.id]
    life.version_ids = [rng.choice(versions).id] if rng.random() < 0.4 and plan.style != "service" else []
    if plan.style == "scrum" and level == 0:
        life.sprints = _sprints_of(tracker, life)
    life.comments = rng.choices((0, 1, 2, 4, 9), (40, 30, 20, 8, 2))[0]
    life.fuss = rng.choices((0, 1, 2, 3), (60, 25, 10, 5))[0]


def _sprints_of(tracker: Tracker, life: Outline) -> list[Sprint]:
    mine = [s for s in tracker.sprints.values() if tracker.boards[s.board_id].project_id == life.project_id]
    if life.started is None:
        return [s for s in mine if s.state == "future"][: 1 if life.n % 3 == 0 and life.outcome == "todo" else 0]
    last = life.finished or life.end
    return [s for s in mine if s.start is not None and s.start <= last and (s.end or last) > life.started]


def _due_days(plan: Plan, lives: list[Outline], end: int, rng: random.Random) -> None:
    """Exactly as many open ones overdue as the plan says (in proportion), others due later, today, or never."""
    still = [life for life in lives if life.outcome not in ("done", "cancelled")]
    late = set(rng.sample(range(len(still)), min(len(still), round(plan.overdue * len(lives) / plan.issues))))
    for n, life in enumerate(still):
        if n in late:
            life.due_ms = end - rng.randrange(1, 50) * DAY
        elif rng.random() < 0.5:
            life.due_ms = end + rng.randrange(0, 70) * DAY
    for life in lives:
        if life.outcome in ("done", "cancelled") and rng.random() < 0.6 and life.finished:
            life.due_ms = life.finished + rng.randrange(-10, 15) * DAY


# ------------------------------------------------------------------ hours, and living it all


Diary = dict[tuple[str, int], int]
"""Seconds that somebody has on a day already."""

FULL_DAY = 9 * 3600
TRIES_FOR_A_FREE_DAY = 40


def _spread_hours(
    tracker: Tracker, people: People, lives: list[Outline], count: int, rng: random.Random, end: int, full: date | None
) -> None:
    """The rest of the worklogs, over issues that were begun; a handful get more than Jira shows in one go.

    Some are corrected an hour later, and some more are made that are deleted again. The `full` week has all it needs.
    """
    busy = [life for life in lives if life.started is not None and tracker.types[life.type_id].level <= 0]
    busy = busy or lives
    leavers = {people.one("Noor Haddad"), people.one("Beat Kolb"), people.one("Ines Duarte")}
    diary: Diary = defaultdict(int)
    if full is not None:
        first = int(datetime(full.year, full.month, full.day, tzinfo=UTC).timestamp() * 1000) // DAY
        diary |= {(user, first + n): FULL_DAY for user in tracker.users for n in range(7)}
    for life in rng.sample(busy, min(12, len(busy), count // 60)):
        for _ in range(rng.randrange(21, 48)):
            count -= 1
            _log(tracker, people, life, rng, end, leavers, diary)
    for n in range(count + count // 200):
        life = rng.choice(busy)
        _log(tracker, people, life, rng, end - HOUR, leavers, diary)
        life.logs[-1].fate = "deleted" if n >= count else "edited" if n % 60 == 0 else ""


def _log(
    tracker: Tracker, people: People, life: Outline, rng: random.Random, end: int, no: set[str], diary: Diary
) -> None:
    begin, last = life.started or life.created, max(life.finished or life.end, (life.started or life.created) + HOUR)
    team = [a for names in people.by_team.values() if life.assignee in names for a in names]
    for _ in range(TRIES_FOR_A_FREE_DAY):
        mine = life.assignee if life.assignee and life.assignee not in no and rng.random() < 0.8 else None
        author = mine or rng.choice([a for a in team or people.by_team["Data"] if a not in no])
        started = business(rng.randrange(begin, last), tracker.users[author].zone, rng)
        seconds = rng.choice((900, 1800, 3600, 3600, 5400, 7200, 7200, 10_800, 14_400, 28_800, 1140))
        if diary[author, started // DAY] + seconds <= FULL_DAY:
            break
    else:
        seconds = 900
    diary[author, started // DAY] += seconds
    booked = started + seconds * 1000 + rng.choice((0, 0, HOUR, 20 * HOUR, 70 * HOUR)) + rng.randrange(60_000)
    booked = max(booked, life.created + HOUR)
    latest = min(end, life.end - HOUR)
    if booked > latest:
        booked = max(latest - rng.randrange(4 * HOUR), life.created + HOUR)
        started = min(started, booked - DAY)
    if author == people.one("Priya Raman"):  # late in the evening of her own day
        started = started // DAY * DAY + 18 * HOUR
        started -= DAY if started + seconds * 1000 > booked else 0
    text = rng.choice((None, None, "Weiter an der Sache", "Testing & fixes", "Call with the vendor", "日報"))
    life.logs.append(Log(author, started, seconds, booked, text))


def _run(tracker: Tracker, people: People, lives: list[Outline], rng: random.Random) -> None:
    """All lives at once, in order of time. Meanwhile no garbage is looked for: there is none, and a lot to look at."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        _live(tracker, people, lives, rng)
    finally:
        if collecting:
            gc.enable()


def _live(tracker: Tracker, people: People, lives: list[Outline], rng: random.Random) -> None:
    todo: list[Event] = []
    everyone = [a for team in people.by_team.values() for a in team]
    for life in lives:
        todo += events(tracker, life, rng, everyone)
    todo.sort(key=lambda event: event[:2])
    for _, _, what in todo:
        what()
