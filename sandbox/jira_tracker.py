"""What a make-believe Jira Cloud holds, and the ways people change it; each change leaves the history Jira would leave.

`sandbox.jira` serves it, `sandbox.jira_company` fills it, `sandbox.jira_moves` lets it live on. Odd as the real one: a
closed sprint, a renamed person, status or version move no issue's `updated`; hours, links and comments do. Searching
goes by an index that may lag; reading by id does not. Times in milliseconds; `clock` gives seconds.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sandbox.jira_history import items_of, link_item, number_text
from sandbox.jira_records import (
    Board,
    Change,
    Comment,
    Component,
    Field,
    Issue,
    Item,
    Link,
    LinkType,
    Login,
    Priority,
    Project,
    Sprint,
    Status,
    Type,
    User,
    Version,
    Worklog,
)

__all__ = ["Indexed", "Tracker"]


@dataclass(frozen=True, slots=True)
class Indexed:
    """What the search index knows of an issue."""

    id: int
    key: str
    project_id: int
    created: int
    updated: int
    status_id: str
    assignee: str | None
    hidden: bool


class Tracker:
    """All records. Hold `lock` while reading several of them."""

    def __init__(self) -> None:
        self.clock: Callable[[], float] = time.time
        self.offset_seconds = 0.0
        self.lock = threading.RLock()
        self.index_lag_seconds = 0.0
        self.feed_tells_issue_deletion = False  # whether deleting an issue puts its hours into the feed of deleted ones
        self.changes = 0  # grows with each change of anything
        self.users: dict[str, User] = {}
        self.logins: dict[str, Login] = {}
        self.projects: dict[int, Project] = {}
        self.statuses: dict[str, Status] = {}
        self.priorities: dict[str, Priority] = {}
        self.types: dict[str, Type] = {}
        self.fields: dict[str, Field] = {}
        self.link_types: dict[str, LinkType] = {}
        self.components: dict[str, Component] = {}
        self.versions: dict[str, Version] = {}
        self.boards: dict[int, Board] = {}
        self.sprints: dict[int, Sprint] = {}
        self.issues: dict[int, Issue] = {}
        self.worklogs: dict[int, Worklog] = {}
        self.links: dict[str, Link] = {}
        self.deleted_worklogs: dict[int, int] = {}  # id → when
        self.keys: dict[str, int] = {}  # also those an issue had before it moved
        self.index: dict[int, Indexed] = {}
        self.index_revision = 0
        self._queue: deque[tuple[int, int]] = deque()
        self._last: dict[str, int] = {}

    # ------------------------------------------------------------ reading

    def now(self) -> int:
        return int((self.clock() + self.offset_seconds) * 1000)

    def advance(self, seconds: float) -> None:
        """Moves the clock on: what lags or is withheld appears."""
        self.offset_seconds += seconds

    def project(self, name: str) -> Project | None:
        """By id or key, also by a key it had before."""
        for project in self.projects.values():
            if name == str(project.id) or name.upper() in (project.key, *project.old_keys):
                return project
        return None

    def find(self, name: str) -> Issue | None:
        """By id or key in any case, also by a key it had before it moved."""
        id_ = int(name) if name.isdigit() else self.keys.get(name.upper(), 0)
        return self.issues.get(id_)

    def sees(self, login: Login | None, project_id: int) -> bool:
        project = self.projects.get(project_id)
        return project is not None and project.state == "live" and self.may(login, project_id)

    @staticmethod
    def may(login: Login | None, project_id: int) -> bool:
        """Whether the account may browse the project, whatever its state."""
        if login is None or project_id in login.denied:
            return False
        return login.projects is None or project_id in login.projects

    def sees_issue(self, login: Login | None, issue: Issue) -> bool:
        return self.sees(login, issue.project_id) and (not issue.hidden or bool(login and login.sees_hidden))

    def category(self, issue: Issue) -> str:
        return self.statuses[issue.status_id].category

    def is_open(self, issue: Issue) -> bool:
        return self.category(issue) != "done"

    def spent(self, issue: Issue) -> int:
        return sum(self.worklogs[id_].seconds for id_ in issue.worklog_ids)

    def refresh_index(self, also: Iterable[int] = ()) -> None:
        """Takes over what is old enough, and what a reader asks to be reconciled."""
        horizon = self.now() - int(self.index_lag_seconds * 1000)
        due: dict[int, None] = {}
        while self._queue and (self._queue[0][0] <= horizon or self.index_lag_seconds <= 0):
            due[self._queue.popleft()[1]] = None
        for id_ in (*due, *also):
            self._index(id_)

    def _index(self, id_: int) -> None:
        issue = self.issues.get(id_)
        self.index_revision += 1
        if issue is None:
            self.index.pop(id_, None)
            return
        self.index[id_] = Indexed(
            id_,
            issue.key,
            issue.project_id,
            issue.created,
            issue.updated,
            issue.status_id,
            issue.assignee,
            issue.hidden,
        )

    # ------------------------------------------------------------ what people do to issues

    def next_id(self, kind: str) -> int:
        self._last[kind] = self._last.get(kind, 10_000) + 1
        return self._last[kind]

    def set_last(self, kind: str, last: int) -> None:
        """The highest id given out so far."""
        self._last[kind] = last

    def add_issue(self, project_id: int, type_id: str, summary: str, *, by: str, at: int | None = None) -> Issue:
        with self.lock:
            at = self.now() if at is None else at
            project = self.projects[project_id]
            project.last_number += 1
            key = f"{project.key}-{project.last_number}"
            issue = Issue(
                self.next_id("issue"), project_id, project.last_number, key, type_id, project.status_ids[0],
                summary, at, at, by, by, status_since=at,
            )  # fmt: skip
            issue.priority_id = "3" if project.has_priority else None
            self.issues[issue.id] = issue
            self.keys[key] = issue.id
            self._changed(issue, at)
            return issue

    def edit(self, issue_id: int, *, by: str, at: int | None = None, **new: object) -> Change | None:
        """Sets fields by their names in `Issue`. Into or out of a done status, the resolution follows."""
        with self.lock:
            issue = self.issues[issue_id]
            at = self.now() if at is None else at
            new = {name: value for name, value in new.items() if getattr(issue, name) != value}
            if "status_id" in new:
                self._resolve(issue, new, at)
            if not new:
                return None
            items = items_of(self, issue, new)
            if "parent_id" in new:
                self._adopt(issue, new["parent_id"])
            for name, value in new.items():
                setattr(issue, name, value)
            return self._record(issue, by, at, items)

    def _resolve(self, issue: Issue, new: dict[str, object], at: int) -> None:
        before, after = self.category(issue), self.statuses[str(new["status_id"])]
        issue.status_since = at
        if after.category == "done" and before != "done":
            new.setdefault("resolution_id", "10001" if after.name == "Cancelled" else "10000")
            issue.resolved = at
        elif after.category != "done" and before == "done":
            new["resolution_id"] = None
            issue.resolved = None

    def _adopt(self, issue: Issue, parent_id: object) -> None:
        if issue.parent_id in self.issues:
            self.issues[issue.parent_id or 0].child_ids.remove(issue.id)
        if isinstance(parent_id, int):
            self.issues[parent_id].child_ids.append(issue.id)

    def _record(self, issue: Issue, by: str | None, at: int, items: list[Item]) -> Change | None:
        change = Change(self.next_id("change"), issue.id, by, at, items) if items else None
        if change:
            issue.changes.append(change)
        self._changed(issue, at)
        return change

    def _changed(self, issue: Issue, at: int) -> None:
        issue.updated = max(issue.updated, at)
        self.changes += 1
        self._queue.append((at, issue.id))

    def touch(self, issue_id: int, at: int | None = None) -> None:
        """Moves `updated` and nothing else, as a rank or an app does."""
        with self.lock:
            self._changed(self.issues[issue_id], self.now() if at is None else at)

    def comment(self, issue_id: int, text: str, *, by: str, at: int | None = None) -> Comment:
        with self.lock:
            at = self.now() if at is None else at
            issue = self.issues[issue_id]
            comment = Comment(self.next_id("comment"), issue_id, by, text, at, at)
            issue.comments.append(comment)
            self._changed(issue, at)
            return comment

    def delete_issue(self, issue_id: int, *, at: int | None = None) -> None:
        """With its sub-tasks, hours, links and history. Children of an epic stay, without a parent."""
        with self.lock:
            at = self.now() if at is None else at
            issue = self.issues[issue_id]
            for child_id in list(issue.child_ids):
                child = self.issues[child_id]
                if self.types[child.type_id].level < 0:
                    self.delete_issue(child_id, at=at)
                else:
                    child.parent_id = None
                    self._changed(child, at)
            for link_id in list(issue.link_ids):
                self.unlink(link_id, silently=True)
            for id_ in issue.worklog_ids:
                del self.worklogs[id_]
                if self.feed_tells_issue_deletion:
                    self.deleted_worklogs[id_] = at
            if issue.parent_id in self.issues:
                self.issues[issue.parent_id or 0].child_ids.remove(issue_id)
            del self.issues[issue_id]
            self.keys = {key: id_ for key, id_ in self.keys.items() if id_ != issue_id}
            self.changes += 1
            self._queue.append((at, issue_id))

    def move(self, issue_id: int, project_id: int, *, by: str, at: int | None = None) -> Change | None:
        """To another project: a new key, the same id. Sub-tasks come along; what the new project lacks is dropped."""
        with self.lock:
            at = self.now() if at is None else at
            issue, target = self.issues[issue_id], self.projects[project_id]
            old = self.projects[issue.project_id]
            target.last_number += 1
            key = f"{target.key}-{target.last_number}"
            kind = self.types[issue.type_id]
            new: dict[str, object] = {
                "type_id": self._counterpart(kind, target),
                "status_id": self._status_like(issue, target),
                "version_ids": [],
                "component_ids": [],
                "priority_id": (issue.priority_id or "3") if target.has_priority else None,
            }
            if kind.level >= 0:
                new["parent_id"] = None
            new = {name: value for name, value in new.items() if getattr(issue, name) != value}
            if "status_id" in new:
                self._resolve(issue, new, at)
            items = [
                Item("project", "project", False, str(old.id), old.name, str(target.id), target.name),
                Item("Key", "issuekey", False, None, issue.key, None, key),
                *items_of(self, issue, new),
            ]
            if "parent_id" in new:
                self._adopt(issue, None)
            for name, value in new.items():
                setattr(issue, name, value)
            issue.project_id, issue.number, issue.key = project_id, target.last_number, key
            self.keys[key] = issue_id
            change = self._record(issue, by, at, items)
            for child_id in list(issue.child_ids):
                if self.types[self.issues[child_id].type_id].level < 0:
                    self.move(child_id, project_id, by=by, at=at)
                else:
                    self.edit(child_id, by=by, at=at, parent_id=None)
            return change

    def _counterpart(self, kind: Type, target: Project) -> str:
        level = [id_ for id_ in target.type_ids if self.types[id_].level == kind.level]
        return next((id_ for id_ in level if self.types[id_].name == kind.name), level[0])

    def _status_like(self, issue: Issue, target: Project) -> str:
        if issue.status_id in target.status_ids:
            return issue.status_id
        category = self.category(issue)
        alike = [id_ for id_ in target.status_ids if self.statuses[id_].category == category]
        return alike[0] if alike else target.status_ids[0]

    def hide(self, issue_id: int, hidden: bool = True) -> None:
        """Puts a security level on it."""
        with self.lock:
            self.issues[issue_id].hidden = hidden
            self._changed(self.issues[issue_id], self.now())

    def link(self, from_id: int, to_id: int, type_id: str, *, by: str, at: int | None = None) -> Link:
        with self.lock:
            at = self.now() if at is None else at
            link = Link(str(self.next_id("link")), type_id, from_id, to_id)
            self.links[link.id] = link
            for one, other in ((from_id, to_id), (to_id, from_id)):
                self.issues[one].link_ids.append(link.id)
                item = link_item(self, link, one, self.issues[other].key, made=True)
                self._record(self.issues[one], by, at, [item])
            return link

    def unlink(self, link_id: str, *, by: str | None = None, silently: bool = False) -> None:
        with self.lock:
            link = self.links.pop(link_id)
            for one, other in ((link.from_id, link.to_id), (link.to_id, link.from_id)):
                self.issues[one].link_ids.remove(link_id)
                items = [] if silently else [link_item(self, link, one, self.issues[other].key, made=False)]
                self._record(self.issues[one], by, self.now(), items)

    # ------------------------------------------------------------ hours

    def log_work(
        self, issue_id: int, seconds: int, *, by: str, started: int | None = None, comment: str | None = None,
        at: int | None = None,
    ) -> Worklog:  # fmt: skip
        with self.lock:
            at = self.now() if at is None else at
            issue = self.issues[issue_id]
            started = at if started is None else started
            worklog = Worklog(self.next_id("worklog"), issue_id, by, started, seconds, comment, at, at)
            before = self.spent(issue)
            self.worklogs[worklog.id] = worklog
            issue.worklog_ids.append(worklog.id)
            self._spent_changed(issue, by, at, before)
            return worklog

    def edit_work(
        self, worklog_id: int, *, by: str, seconds: int | None = None, started: int | None = None, at: int | None = None
    ) -> None:
        with self.lock:
            at = self.now() if at is None else at
            worklog = self.worklogs[worklog_id]
            issue = self.issues[worklog.issue_id]
            before = self.spent(issue)
            worklog.seconds = worklog.seconds if seconds is None else seconds
            worklog.started = worklog.started if started is None else started
            worklog.updated = at
            self._spent_changed(issue, by, at, before)

    def delete_work(self, worklog_id: int, *, by: str, at: int | None = None) -> None:
        with self.lock:
            at = self.now() if at is None else at
            issue = self.issues[self.worklogs[worklog_id].issue_id]
            before = self.spent(issue)
            del self.worklogs[worklog_id]
            issue.worklog_ids.remove(worklog_id)
            self.deleted_worklogs[worklog_id] = at
            self._spent_changed(issue, by, at, before)

    def _spent_changed(self, issue: Issue, by: str, at: int, before: int) -> None:
        after = self.spent(issue)
        items = []
        if issue.remaining_seconds is not None:
            left = max(0, issue.remaining_seconds - (after - before))
            if left != issue.remaining_seconds:
                items = items_of(self, issue, {"remaining_seconds": left})
                issue.remaining_seconds = left
        if before != after:
            old, new = number_text(before or None), number_text(after)
            items.append(Item("timespent", "timespent", False, old, old, new, new))
        self._record(issue, by, at, items)

    # ------------------------------------------------------------ sprints, projects, words: no issue's `updated` moves

    def start_sprint(self, sprint_id: int, *, days: int = 14) -> None:
        with self.lock:
            sprint = self.sprints[sprint_id]
            sprint.state, sprint.start = "active", self.now()
            sprint.end = self.now() + days * 86_400_000
            self.changes += 1

    def close_sprint(self, sprint_id: int, *, by: str, into: int | None = None) -> None:
        """What is not done goes into the sprint named, if one is: those issues do get a history entry."""
        with self.lock:
            sprint = self.sprints[sprint_id]
            sprint.state, sprint.complete = "closed", self.now()
            self.changes += 1
            for issue in list(self.issues.values()):
                if into is not None and sprint_id in issue.sprint_ids and self.is_open(issue):
                    self.edit(issue.id, by=by, sprint_ids=[*issue.sprint_ids, into])

    def set_project(self, project_id: int, state: str) -> None:
        """live · archived · deleted (in the trash, can be restored)."""
        with self.lock:
            project = self.projects[project_id]
            project.state, project.state_at = state, self.now()
            self.changes += 1
            self.index_revision += 1

    def purge_project(self, project_id: int) -> None:
        """For good, with all that is in it."""
        with self.lock:
            for issue in [i for i in self.issues.values() if i.project_id == project_id]:
                if issue.id in self.issues:
                    self.delete_issue(issue.id)
            del self.projects[project_id]
            boards = {b.id for b in self.boards.values() if b.project_id == project_id}
            self.boards = {id_: b for id_, b in self.boards.items() if id_ not in boards}
            self.versions = {id_: v for id_, v in self.versions.items() if v.project_id != project_id}
            self.changes += 1

    def rename_field(self, field_id: str, name: str) -> None:
        with self.lock:
            self.fields[field_id].name = name
            self.changes += 1

    def rename_status(self, status_id: str, name: str) -> None:
        with self.lock:
            self.statuses[status_id].name = name
            self.changes += 1

    def set_user(self, account_id: str, *, name: str | None = None, active: bool | None = None) -> None:
        with self.lock:
            user = self.users[account_id]
            user.name = user.name if name is None else name
            user.active = user.active if active is None else active
            self.changes += 1

    def set_version(self, version_id: str, *, name: str | None = None, released: bool | None = None) -> None:
        with self.lock:
            version = self.versions[version_id]
            version.name = version.name if name is None else name
            version.released = version.released if released is None else released
            self.changes += 1

    def deny(self, email: str, project_id: int, denied: bool = True) -> None:
        """Takes the right to browse a project from an account, or gives it back."""
        with self.lock:
            login = self.logins[email]
            (login.denied.add if denied else login.denied.discard)(project_id)
            self.changes += 1
            self.index_revision += 1
