"""Lives of the issues of the invented company: when each was made, started, finished, by whom, and every event between.

An `Outline` says how a life goes; `events` turns it into calls on the tracker, each at its time. All lives are merged
and run in order of time, so that ids grow with time as they do in a real site. All chance comes from
the random handed in.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sandbox.jira_plan import PARAGRAPHS, THINGS, VERBS
from sandbox.jira_records import RANK, Change, Item, Sprint
from sandbox.jira_tracker import Tracker

__all__ = ["DAY", "HOUR", "Event", "Log", "Outline", "business", "events"]

HOUR, DAY = 3_600_000, 86_400_000
Event = tuple[int, int, Callable[[], object]]  # when, which life, what


@dataclass
class Log:
    author: str
    started: int
    seconds: int
    booked: int
    comment: str | None = None
    fate: str = ""  # edited · deleted, an hour later


@dataclass
class Outline:
    n: int
    project_id: int
    type_id: str
    created: int
    end: int  # nothing happens after this
    roles: dict[str, str]
    outcome: str = "todo"  # todo · doing · review · blocked · done · cancelled · odd
    started: int | None = None
    finished: int | None = None
    reporter: str = ""
    assignee: str | None = None
    priority_id: str | None = None
    labels: list[str] = field(default_factory=list)
    component_ids: list[str] = field(default_factory=list)
    version_ids: list[str] = field(default_factory=list)
    sprints: list[Sprint] = field(default_factory=list)
    parent: Outline | None = None
    points: float | None = None
    estimate_hours: float | None = None
    due_days: int | None = None  # from the end of the story, set at the beginning
    due_ms: int | None = None
    comments: int = 0
    fuss: int = 0  # changes of no consequence
    reopened: bool = False
    came_from: int | None = None
    deleted: bool = False
    logs: list[Log] = field(default_factory=list)
    issue_id: int = 0


def business(at: int, zone: str, rng: random.Random) -> int:
    """About that instant, in somebody's working hours and not on a weekend."""
    local = datetime.fromtimestamp(at / 1000, UTC).astimezone(ZoneInfo(zone))
    local -= timedelta(days=max(0, local.weekday() - 4))
    local = local.replace(hour=rng.randrange(8, 18), minute=rng.randrange(60), second=rng.randrange(60))
    return int(local.timestamp() * 1000) // 1000 * 1000 + rng.randrange(1000)


def events(tracker: Tracker, life: Outline, rng: random.Random, people: list[str]) -> Iterator[Event]:
    """What happens in a life, each at its time and never after its end."""
    for at, what in _events(tracker, life, rng, people):
        yield max(at, life.created), life.n, what


Step = tuple[int, Callable[[], object]]


def _events(tracker: Tracker, life: Outline, rng: random.Random, people: list[str]) -> Iterator[Step]:
    yield life.created, lambda: _create(tracker, life, rng)
    if life.deleted:
        yield life.created + HOUR, lambda: tracker.delete_issue(life.issue_id, at=life.created + HOUR)
        return
    if life.came_from is not None:
        at = life.created + 600_000
        yield at, lambda: tracker.move(life.issue_id, life.project_id, by=life.reporter, at=at)
    yield from _planned(tracker, life, rng)
    yield from _statuses(tracker, life, rng)
    yield from _sprints(tracker, life)
    yield from _talk(tracker, life, rng, people)
    for log in life.logs:
        yield from _booked(tracker, life, log)


def _create(tracker: Tracker, life: Outline, rng: random.Random) -> None:
    project_id = life.project_id if life.came_from is None else life.came_from
    target = tracker.projects[project_id]
    type_id = life.type_id
    if life.came_from is not None:
        level = tracker.types[type_id].level
        type_id = next(id_ for id_ in target.type_ids if tracker.types[id_].level == level)
    summary = f"{rng.choice(VERBS)} {rng.choice(THINGS)}"
    issue = tracker.add_issue(project_id, type_id, summary, by=life.reporter, at=life.created)
    life.issue_id = issue.id
    issue.description = "\n\n".join(rng.sample(PARAGRAPHS, rng.randrange(1, 6))) if rng.random() < 0.85 else None
    if target.has_priority and life.priority_id:
        issue.priority_id = life.priority_id
    if rng.random() < 0.3:
        issue.effort = rng.randrange(1, 40) / 4
    if rng.random() < 0.05:
        issue.notes = rng.choice(PARAGRAPHS)
    if rng.random() < 0.1 and life.assignee:  # given at birth, so the history does not tell
        issue.assignee = life.assignee


def _planned(tracker: Tracker, life: Outline, rng: random.Random) -> Iterator[Step]:
    """Parent, owner, sizes, dates: within the first days."""
    at = min(life.created + rng.randrange(20 * 60_000, 30 * HOUR), life.end)
    new: dict[str, object] = {"assignee": life.assignee} if life.assignee else {}
    if life.points is not None:
        new["points"] = life.points
    if life.estimate_hours is not None:
        new |= dict.fromkeys(("estimate_seconds", "remaining_seconds"), int(life.estimate_hours * 3600))
    for name in ("labels", "component_ids", "version_ids"):
        if getattr(life, name):
            new[name] = getattr(life, name)
    if life.due_ms is not None:
        new["due_on"] = datetime.fromtimestamp(life.due_ms / 1000, UTC).date()
        if rng.random() < 0.4:
            new["start_on"] = datetime.fromtimestamp(life.created / 1000, UTC).date()

    def plan() -> None:
        tracker.edit(life.issue_id, by=life.reporter, at=at, **new)

    if new:
        yield at, plan
    if life.parent is not None:
        parent, then = life.parent, min(max(life.created, life.parent.created) + 12 * 60_000, life.end)

        def adopt() -> None:
            tracker.edit(life.issue_id, by=life.reporter, at=then, parent_id=parent.issue_id)

        yield then, adopt


def _statuses(tracker: Tracker, life: Outline, rng: random.Random) -> Iterator[Step]:
    by = life.assignee or life.reporter

    def to(role: str, at: int) -> Step:
        at = min(max(at, life.created), life.end)
        return at, lambda: tracker.edit(life.issue_id, by=by, at=at, status_id=life.roles[role])

    if life.started is None:
        if life.outcome == "cancelled" and life.finished is not None:
            yield to("cancelled", life.finished)
        return
    yield to("doing", life.started)
    last = life.finished or life.end
    span = max(last - life.started, 0)
    if "blocked" in life.roles and (life.outcome == "blocked" or rng.random() < 0.08):
        yield to("blocked", life.started + span // 4)
        if life.outcome != "blocked":
            yield to("doing", life.started + span // 3)
    if life.outcome == "odd":
        yield to("odd", life.started + span // 2)
    if "review" in life.roles and (life.outcome == "review" or (life.finished and rng.random() < 0.7)):
        yield to("review", life.started + span * 3 // 4)
    if life.finished is not None:
        if life.reopened and life.finished - life.started > 8 * HOUR:
            yield to("done", life.started + span * 4 // 5)
            yield to("doing", life.started + span * 9 // 10)
        yield to(life.outcome, life.finished)


def _sprints(tracker: Tracker, life: Outline) -> Iterator[Step]:
    """Planned in before the start; what a sprint leaves open goes on into the next."""
    ids: list[int] = []
    for place, sprint in enumerate(life.sprints):
        ids = [*ids, sprint.id]
        at = max(
            life.created + 3 * HOUR, (sprint.start or life.end) - HOUR if place == 0 else (sprint.start or life.end)
        )
        yield _into(tracker, life, ids, at)


def _into(tracker: Tracker, life: Outline, ids: list[int], at: int) -> Step:
    at = min(at, life.end)
    return at, lambda: tracker.edit(life.issue_id, by=life.reporter, at=at, sprint_ids=ids)


def _talk(tracker: Tracker, life: Outline, rng: random.Random, people: list[str]) -> Iterator[Step]:
    last = max(life.finished or life.end, life.created + HOUR)
    for _ in range(life.comments):
        yield _said(tracker, life, rng.randrange(life.created, last), rng.choice(people), rng.choice(PARAGRAPHS))
    for turn in range(life.fuss):
        at = min(rng.randrange(life.created, last), life.end)
        yield _fussed(tracker, life, at, turn)


def _said(tracker: Tracker, life: Outline, at: int, by: str, text: str) -> Step:
    at = min(at, life.end)
    return at, lambda: tracker.comment(life.issue_id, text, by=by, at=at)


def _fussed(tracker: Tracker, life: Outline, at: int, turn: int) -> Step:
    return at, lambda: _fuss(tracker, life, at, turn)


def _fuss(tracker: Tracker, life: Outline, at: int, turn: int) -> None:
    """Ranked, flagged and unflagged, reworded: what fills histories."""
    issue = tracker.issues[life.issue_id]
    if turn % 3 == 0:
        item = Item("Rank", RANK, True, "", "", "", "Ranked higher" if turn % 2 else "Ranked lower")
        issue.changes.append(Change(tracker.next_id("change"), issue.id, life.reporter, at, [item]))
        tracker.touch(issue.id, at)
    elif turn % 3 == 1:
        tracker.edit(issue.id, by=life.reporter, at=at, flagged=not issue.flagged)
    else:
        tracker.edit(issue.id, by=life.reporter, at=at, summary=f"{issue.summary.removesuffix(' (new)')} (new)")
    if turn % 7 == 6:
        tracker.edit(issue.id, by=life.reporter, at=at, labels=[*issue.labels[:2], f"round-{turn}"])


def _booked(tracker: Tracker, life: Outline, log: Log) -> Iterator[Step]:
    made: list[int] = []
    text, later = log.comment, log.booked + HOUR

    def book() -> None:
        worklog = tracker.log_work(
            life.issue_id, log.seconds, by=log.author, started=log.started, comment=text, at=log.booked
        )
        made.append(worklog.id)

    yield log.booked, book
    if log.fate == "edited":
        yield later, lambda: tracker.edit_work(made[0], by=log.author, seconds=log.seconds + 900, at=later)
    if log.fate == "deleted":
        yield later, lambda: tracker.delete_work(made[0], by=log.author, at=later)
