"""Lets a make-believe Jira Cloud live on: edits, reverts, deletions, moves, hours, links, sprints, projects, rights.

`Mover(tracker, random.Random(3)).move(20)` makes twenty moves and says what they were; the same random on the same
tracker makes the same ones. Destructive moves are rare. Over HTTP: `POST /_sandbox/move`.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sandbox.jira_plan import PARAGRAPHS, THINGS, VERBS
from sandbox.jira_records import EFFORT, NOTES, POINTS_TEAM, Issue
from sandbox.jira_tracker import Tracker
from sandbox.jira_words import HUB_EMAIL
from sandbox.moving import Moving

__all__ = ["MOVES", "Mover"]

REVERTIBLE = ("status_id", "priority_id", "assignee", "summary", "due_on", "points", "flagged")


class Mover(Moving):
    """`email` is who may lose a project."""

    def __init__(
        self, tracker: Tracker, rng: random.Random, *, step_seconds: float = 0.0, email: str = HUB_EMAIL
    ) -> None:
        super().__init__(tracker, rng, step_seconds)
        self.tracker, self.email = tracker, email
        self._before: list[tuple[int, str, object]] = []  # values that may be set again

    # ------------------------------------------------------------ choosing

    def somebody(self) -> str:
        known = self.tracker.users.values()
        return self.rng.choice([user.account_id for user in known if user.active and user.kind == "atlassian"])

    def issue(self) -> Issue | None:
        """One of a live project; now and then the same few again, so that reverts happen."""
        if not self.tracker.issues:
            return None
        if self._before and self.rng.random() < 0.2:
            issue = self.tracker.issues.get(self.rng.choice(self._before)[0])
        else:
            issue = self.tracker.issues[self.rng.choice(list(self.tracker.issues))]
        live = issue is not None and self.tracker.projects[issue.project_id].state == "live"
        return issue if live else None

    def set(self, issue: Issue, **new: Any) -> str | None:
        """Edits, and remembers what was."""
        self._before = [*self._before[-30:], *((issue.id, name, getattr(issue, name)) for name in new)]
        change = self.tracker.edit(issue.id, by=self.somebody(), **new)
        return None if change is None else str(issue.id)


def _summary(mover: Mover) -> str | None:
    issue = mover.issue()
    text = f"{mover.rng.choice(VERBS)} {mover.rng.choice(THINGS)}"
    return mover.set(issue, summary=text) if issue else None


def _status(mover: Mover) -> str | None:
    issue = mover.issue()
    if issue is None:
        return None
    return mover.set(issue, status_id=mover.rng.choice(mover.tracker.projects[issue.project_id].status_ids))


def _priority(mover: Mover) -> str | None:
    issue = mover.issue()
    if issue is None or not mover.tracker.projects[issue.project_id].has_priority:
        return None
    return mover.set(issue, priority_id=mover.rng.choice(list(mover.tracker.priorities)))


def _assignee(mover: Mover) -> str | None:
    issue = mover.issue()
    return mover.set(issue, assignee=mover.rng.choice((None, mover.somebody()))) if issue else None


def _plan(mover: Mover) -> str | None:
    """Dates, points, labels, texts, versions."""
    issue = mover.issue()
    if issue is None:
        return None
    rng, tracker = mover.rng, mover.tracker
    versions = [v.id for v in tracker.versions.values() if v.project_id == issue.project_id]
    choices: list[dict[str, object]] = [
        {"due_on": rng.choice((None, _day(tracker, rng.randrange(-20, 60))))},
        {"points": rng.choice((None, 1.0, 3.0, 0.5))},
        {"labels": rng.choice(([], ["audit"], ["audit", "vendor"]))},
        {"description": rng.choice((None, *PARAGRAPHS))},
        {"version_ids": [rng.choice(versions)] if versions else []},
        {"flagged": not issue.flagged},
        {"estimate_seconds": rng.choice((3600, 7200)), "remaining_seconds": rng.choice((0, 3600))},
    ]
    return mover.set(issue, **rng.choice(choices))


def _day(tracker: Tracker, ahead: int) -> date:
    return datetime.fromtimestamp(tracker.now() / 1000, UTC).date() + timedelta(days=ahead)


def _revert(mover: Mover) -> str | None:
    """Sets a value that was there before: the content hash returns, `updated` does not."""
    if not mover._before:
        return None
    issue_id, name, value = mover.rng.choice(mover._before)
    issue = mover.tracker.issues.get(issue_id)
    if issue is None or name not in REVERTIBLE or mover.tracker.projects[issue.project_id].state != "live":
        return None
    if name == "status_id" and value not in mover.tracker.projects[issue.project_id].status_ids:
        return None
    if name == "priority_id" and (value is None) == mover.tracker.projects[issue.project_id].has_priority:
        return None
    return mover.set(issue, **{name: value})


def _unseen(mover: Mover) -> str | None:
    """There and back before anybody looks: only the history tells."""
    issue = mover.issue()
    if issue is None:
        return None
    old = issue.summary
    mover.set(issue, summary=f"{old} (for a moment)")
    return mover.set(issue, summary=old)


def _comment(mover: Mover) -> str | None:
    issue = mover.issue()
    if issue is None:
        return None
    mover.tracker.comment(issue.id, mover.rng.choice(PARAGRAPHS), by=mover.somebody())
    return str(issue.id)


def _parent(mover: Mover) -> str | None:
    """Under another epic of its project, or under none."""
    issue, tracker = mover.issue(), mover.tracker
    if issue is None or tracker.types[issue.type_id].level != 0:
        return None
    mates = (i for i in tracker.issues.values() if i.project_id == issue.project_id)
    epics = [i.id for i in mates if tracker.types[i.type_id].level == 1]
    return mover.set(issue, parent_id=mover.rng.choice((None, *epics)))


def _add(mover: Mover) -> str | None:
    tracker, rng = mover.tracker, mover.rng
    live = [p for p in tracker.projects.values() if p.state == "live"]
    project = rng.choice(live)
    kinds = [id_ for id_ in project.type_ids if tracker.types[id_].level == 0]
    summary = f"{rng.choice(VERBS)} {rng.choice(THINGS)}"
    issue = tracker.add_issue(project.id, rng.choice(kinds), summary, by=mover.somebody())
    return str(issue.id)


def _delete(mover: Mover) -> str | None:
    issue = mover.issue()
    if issue is None:
        return None
    mover.tracker.delete_issue(issue.id)
    return str(issue.id)


def _move(mover: Mover) -> str | None:
    """To another project: another key, the same id. Epics stay."""
    issue, tracker = mover.issue(), mover.tracker
    if issue is None or tracker.types[issue.type_id].level != 0:
        return None
    others = [p.id for p in tracker.projects.values() if p.state == "live" and p.id != issue.project_id]
    tracker.move(issue.id, mover.rng.choice(others), by=mover.somebody())
    return str(issue.id)


def _hide(mover: Mover) -> str | None:
    """A security level is put on or taken off."""
    issue = mover.issue()
    if issue is None:
        return None
    mover.tracker.hide(issue.id, not issue.hidden)
    return str(issue.id)


# ------------------------------------------------------------------ hours and links


def _log(mover: Mover) -> str | None:
    issue = mover.issue()
    if issue is None:
        return None
    started = mover.tracker.now() - mover.rng.randrange(72) * 3_600_000
    seconds = mover.rng.choice((900, 3600, 5400, 28_800))
    text = mover.rng.choice((None, "Afterwards", "日報"))
    worklog = mover.tracker.log_work(issue.id, seconds, by=mover.somebody(), started=started, comment=text)
    return str(worklog.id)


def _worklog(mover: Mover) -> int | None:
    tracker = mover.tracker
    if not tracker.worklogs:
        return None
    worklog = tracker.worklogs[mover.rng.choice(list(tracker.worklogs))]
    state = tracker.projects[tracker.issues[worklog.issue_id].project_id].state
    return worklog.id if state == "live" else None


def _edit_work(mover: Mover) -> str | None:
    id_ = _worklog(mover)
    if id_ is None:
        return None
    started = mover.tracker.worklogs[id_].started - mover.rng.choice((0, 3_600_000, 86_400_000))
    mover.tracker.edit_work(id_, by=mover.somebody(), seconds=mover.rng.choice((1800, 3600)), started=started)
    return str(id_)


def _delete_work(mover: Mover) -> str | None:
    id_ = _worklog(mover)
    if id_ is None:
        return None
    mover.tracker.delete_work(id_, by=mover.somebody())
    return str(id_)


def _link(mover: Mover) -> str | None:
    one, other = mover.issue(), mover.issue()
    if one is None or other is None or one is other:
        return None
    kind = mover.rng.choice(list(mover.tracker.link_types))
    return mover.tracker.link(one.id, other.id, kind, by=mover.somebody()).id


def _unlink(mover: Mover) -> str | None:
    tracker = mover.tracker
    if not tracker.links:
        return None
    id_ = mover.rng.choice(list(tracker.links))
    ends = tracker.links[id_].from_id, tracker.links[id_].to_id
    if any(tracker.projects[tracker.issues[end].project_id].state != "live" for end in ends):
        return None
    tracker.unlink(id_, by=mover.somebody())
    return id_


# ------------------------------------------------------------------ sprints, words, people, projects


def _plan_in(mover: Mover) -> str | None:
    """Into the running sprint, or out of it."""
    issue, tracker = mover.issue(), mover.tracker
    if issue is None:
        return None
    boards = {b.id for b in tracker.boards.values() if b.project_id == issue.project_id and b.kind == "scrum"}
    running = [s.id for s in tracker.sprints.values() if s.state == "active" and s.board_id in boards]
    if not running:
        return None
    inside = running[0] in issue.sprint_ids
    rest = [id_ for id_ in issue.sprint_ids if id_ != running[0]]
    return mover.set(issue, sprint_ids=rest if inside else [*rest, running[0]])


def _sprint(mover: Mover) -> str | None:
    """Closes a running sprint, what is open goes into the next one, and that one starts."""
    tracker = mover.tracker
    running = [s for s in tracker.sprints.values() if s.state == "active"]
    if not running:
        return None
    sprint = mover.rng.choice(running)
    ahead = [s for s in tracker.sprints.values() if s.board_id == sprint.board_id and s.state == "future"]
    tracker.close_sprint(sprint.id, by=mover.somebody(), into=ahead[0].id if ahead else None)
    if ahead:
        tracker.start_sprint(ahead[0].id)
    return str(sprint.id)


def _words(mover: Mover) -> str | None:
    """Renames a custom field, a status or a version, or releases one: no issue's `updated` moves.

    Not the points of company-managed projects: nothing but its name tells that field, so that no reader can go on.
    """
    rng, tracker = mover.rng, mover.tracker
    what = rng.randrange(4)
    if what == 0:
        id_ = rng.choice((EFFORT, NOTES, POINTS_TEAM))
        tracker.rename_field(id_, _other(tracker.fields[id_].name))
    elif what == 1:
        id_ = rng.choice(list(tracker.statuses))
        tracker.rename_status(id_, _other(tracker.statuses[id_].name))
    else:
        id_ = rng.choice(list(tracker.versions))
        version = tracker.versions[id_]
        if what == 2:
            tracker.set_version(id_, name=_other(version.name))
        else:
            tracker.set_version(id_, released=not version.released)
    return id_


def _other(name: str) -> str:
    return name.removesuffix(" (renamed)") if name.endswith(" (renamed)") else f"{name} (renamed)"


def _person(mover: Mover) -> str | None:
    account = mover.somebody()
    user = mover.tracker.users[account]
    if account in {login.account_id for login in mover.tracker.logins.values()}:
        return None
    if mover.rng.random() < 0.3:
        mover.tracker.set_user(account, active=not user.active)
    else:
        mover.tracker.set_user(account, name=_other(user.name))
    return account


def _project(mover: Mover) -> str | None:
    """Archived, thrown away, or brought back; one at most at a time."""
    tracker, rng = mover.tracker, mover.rng
    away = [p for p in tracker.projects.values() if p.state != "live"]
    if away:
        tracker.set_project(away[0].id, "live")
        return f"{away[0].id} live"
    project = rng.choice(list(tracker.projects.values()))
    state = rng.choice(("archived", "deleted"))
    tracker.set_project(project.id, state)
    return f"{project.id} {state}"


def _rights(mover: Mover) -> str | None:
    """The reading account loses a project, or gets it back."""
    login = mover.tracker.logins[mover.email]
    if login.denied:
        id_ = sorted(login.denied)[0]
        mover.tracker.deny(mover.email, id_, denied=False)
        return f"{id_} regained"
    id_ = mover.rng.choice(list(mover.tracker.projects))
    mover.tracker.deny(mover.email, id_)
    return f"{id_} lost"


MOVES: dict[str, tuple[float, Callable[[Mover], str | None]]] = {
    "summary": (6, _summary),
    "status": (12, _status),
    "priority": (5, _priority),
    "assignee": (6, _assignee),
    "plan": (10, _plan),
    "revert": (8, _revert),
    "unseen": (2, _unseen),
    "comment": (4, _comment),
    "parent": (3, _parent),
    "add": (5, _add),
    "delete": (3, _delete),
    "move": (3, _move),
    "hide": (1.5, _hide),
    "log": (8, _log),
    "edit_work": (4, _edit_work),
    "delete_work": (3, _delete_work),
    "link": (4, _link),
    "unlink": (3, _unlink),
    "plan_in": (4, _plan_in),
    "sprint": (0.7, _sprint),
    "words": (1, _words),
    "person": (1, _person),
    "project": (0.6, _project),
    "rights": (0.6, _rights),
}
Mover.MOVES = MOVES
