"""A make-believe tracker's contents, made from a seed: projects, people, versions, issues, journals, hours.

`sandbox.redmine` serves it as Redmine would; tests and the demo change it here, in process. Texts and the first
journals of an issue are worked out when asked for, so that 200,000 issues take seconds and little memory. Invented
people only. Follows Redmine 5.0.4 where it is odd: a relation, an edited hour or a deleted account moves no updated_on.
"""

from __future__ import annotations

import random
import threading
import time
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

__all__ = ["Entry", "Issue", "Journal", "Project", "Relation", "Tracker", "User", "Version"]

ACTIVE, CLOSED, ARCHIVED = 1, 5, 9
ANONYMOUS = 1000  # the account of those who are none; listed nowhere
STATUSES = [
    (1, "New", False), (2, "In Progress", False), (3, "Resolved", False), (4, "Feedback", False), (7, "On Hold", False),
    (5, "Closed", True), (6, "Rejected", True),
]  # fmt: skip
CLOSED_STATUSES = {id_ for id_, _, closed in STATUSES if closed}
PRIORITIES = [(1, "Low"), (2, "Normal"), (3, "High"), (4, "Urgent"), (5, "Immediate")]
TRACKERS = [(1, "Bug"), (2, "Feature"), (3, "Support")]
ACTIVITIES = [(8, "Design"), (9, "Development"), (10, "Übergabe")]
CUSTOM_FIELDS = [(1, "Customer", False), (2, "Story points", False), (3, "Environment", True)]
EPOCH = 1_700_000_000  # the first issue's created_on; issues follow each other by some minutes
FIRST_DAY = date(2023, 11, 15)
REVERSE = {"duplicated": "duplicates", "blocked": "blocks", "follows": "precedes", "copied_from": "copied_to"}
RELATION_NAMES = {"relates", *REVERSE, *REVERSE.values()}
VERBS = ("Fix", "Add", "Remove", "Speed up", "Document", "Test", "Übersetze", "Review")
THINGS = ("login form", "invoice export", "search index", "CSV import", 'the "quoted" title & <tags>', "日本語 label")
PEOPLE = ("Ada Admin", "Mira Lund", "Joel Kranz", "Dana Ødegård", "Tomas Müller-Weiß", "Rita Vale", "Kim Oyelaran")


@dataclass
class User:
    id: int
    firstname: str
    lastname: str
    admin: bool = False
    status: int = 1
    api_key: str = ""

    @property
    def name(self) -> str:
        return f"{self.firstname} {self.lastname}"


@dataclass
class Project:
    id: int
    identifier: str
    name: str
    parent_id: int | None = None
    status: int = ACTIVE
    public: bool = True
    created: int = EPOCH


@dataclass
class Version:
    id: int
    project_id: int
    name: str
    status: str = "open"
    due_on: date | None = None
    sharing: str = "none"


@dataclass(slots=True)
class Issue:
    id: int
    project_id: int
    tracker_id: int
    status_id: int
    priority_id: int
    author_id: int
    assigned_id: int | None
    version_id: int | None
    parent_id: int | None
    created: int
    updated: int
    closed: int | None
    first_status_id: int
    hidden: bool = False
    subject: str | None = None


@dataclass(slots=True)
class Entry:
    id: int
    project_id: int
    issue_id: int | None
    user_id: int
    activity_id: int
    hours: float
    spent_on: date
    created: int
    updated: int


@dataclass
class Relation:
    id: int
    from_id: int
    to_id: int
    kind: str
    delay: int | None = None


@dataclass
class Journal:
    id: int
    user_id: int
    created: int
    notes: str | None = None
    details: list[tuple[str, str, str | None, str | None]] = field(default_factory=list)


class Tracker:
    """All records, and the ways people change them. `clock` gives the tool's time, in seconds since 1970."""

    def __init__(self, issues: int = 200, seed: int = 1, *, entries: int | None = None) -> None:
        self.clock: Callable[[], float] = time.time
        self.lock = threading.RLock()
        self.seed = seed
        self.changes = 0  # grows with each change of what exists or is visible
        names = [name.rpartition(" ") for name in PEOPLE]
        self.anonymous = User(ANONYMOUS, "Anonymous", "", status=0)
        self.users = {n: User(n, first, last, admin=n == 1) for n, (first, _, last) in enumerate(names, 1)}
        self.users[7].status = 3
        self.projects = self._make_projects()
        self.members: dict[int, set[int]] = {2: {1, 2, 4}, 3: {1, 3}}  # user → projects
        self.versions = {
            n: Version(n, 1 + (n - 1) % 5, f"{n}.0", ("open", "locked", "closed")[n % 3], date(2026, 1 + n, 1))
            for n in range(1, 11)
        }
        self.versions[2].sharing = "system"
        self.issues: dict[int, Issue] = {}
        self.entries: dict[int, Entry] = {}
        self.relations: dict[int, Relation] = {}
        self.journals: dict[int, list[Journal]] = {}  # those made after the first ones
        rng = random.Random(seed)
        for n in range(1, issues + 1):
            self.issues[n] = self._make_issue(n, rng)
        for n in range(1, (issues if entries is None else entries) + 1):
            self.entries[n] = self._make_entry(n, rng)
        for n in range(1, issues // 20 + 1):
            kind = ("relates", "duplicates", "blocks", "precedes", "copied_to")[n % 5]
            self.relations[n] = Relation(n, 2 * n, 2 * n + 1, kind, n % 4 if kind == "precedes" else None)
        self._last = {"journal": 4 * issues + 4, "issue": issues, "entry": len(self.entries), "relation": issues}
        self._by_updated = sorted((issue.updated, issue.id) for issue in self.issues.values())
        self._hours: dict[int, float] = {}
        self._related: dict[int, list[int]] = {}
        self._reckon()

    # ------------------------------------------------------------ from the seed

    def _make_projects(self) -> dict[int, Project]:
        made = [
            Project(1, "plant", "Plant"),
            Project(2, "plant-pumps", "Pumps", parent_id=1),
            Project(3, "web", "Web site"),
            Project(4, "secret", "Secret project", public=False),
            Project(5, "old", "Old project", status=CLOSED),
        ]
        return {project.id: project for project in made}

    def _make_issue(self, n: int, rng: random.Random) -> Issue:
        bits = rng.getrandbits(32)
        status = STATUSES[bits % len(STATUSES)][0]
        created = EPOCH + 300 * n
        updated = created if status == 1 else created + bits % 86_400
        return Issue(
            id=n,
            project_id=1 + (bits >> 3) % 5,
            tracker_id=1 + (bits >> 6) % 3,
            status_id=status,
            priority_id=1 + (bits >> 8) % 5,
            author_id=1 + (bits >> 11) % 6,
            assigned_id=None if bits & 1 else 2 + (bits >> 14) % 6,
            version_id=None if bits & 2 else 1 + (bits >> 17) % 10,
            parent_id=n - 1 if n % 10 == 7 else None,
            created=created,
            updated=updated,
            closed=updated if status in CLOSED_STATUSES else None,
            first_status_id=status,
        )

    def _make_entry(self, n: int, rng: random.Random) -> Entry:
        bits = rng.getrandbits(32)
        issue_id = 1 + bits % len(self.issues) if self.issues and n % 12 else None
        day = FIRST_DAY + timedelta(days=(bits >> 8) % 730)
        created = EPOCH + 86_400 * ((bits >> 8) % 730) + n % 3600
        hours = (0.25, 0.33, 0.5, 1.0, 1.5, 2.75, 7.5, 1.3333333730697632)[bits >> 29]
        project_id = self.issues[issue_id].project_id if issue_id else 1 + (bits >> 20) % 3
        return Entry(n, project_id, issue_id, 1 + (bits >> 4) % 6, 8 + (bits >> 26) % 3, hours, day, created, created)

    # ------------------------------------------------------------ what follows from the records

    def _reckon(self) -> None:
        for entry in self.entries.values():
            if entry.issue_id:
                self._hours[entry.issue_id] = self._hours.get(entry.issue_id, 0.0) + entry.hours
        for relation in self.relations.values():
            for end in (relation.from_id, relation.to_id):
                self._related.setdefault(end, []).append(relation.id)

    def subject(self, issue: Issue) -> str:
        return issue.subject or f"{VERBS[issue.id % 8]} {THINGS[issue.id % 6]} ({issue.id})"

    def hours_of(self, issue_id: int) -> float:
        return self._hours.get(issue_id, 0.0)

    def with_relation(self, name: str) -> set[int]:
        """Issues that have a relation when read from their side: `blocks` from one end, `blocked` from the other."""
        both = name == "relates"
        kind = REVERSE.get(name, name)
        ends = [(r.from_id, r.to_id) for r in self.relations.values() if r.kind == kind]
        return {end for pair in ends for end in (pair if both else pair[-1:] if name in REVERSE else pair[:1])}

    def relations_of(self, issue_id: int) -> list[Relation]:
        return [self.relations[id_] for id_ in self._related.get(issue_id, ())]

    def journals_of(self, issue: Issue) -> list[Journal]:
        """Those the seed gives (the way to its first status), then those made since."""
        first = []
        if issue.first_status_id != 1:
            at = issue.created + (issue.id * 7919) % 80_000
            detail = ("attr", "status_id", "1", str(issue.first_status_id))
            first.append(Journal(4 * issue.id, 1 + issue.id % 6, at, "Started." if issue.id % 3 else "", [detail]))
        if issue.id % 5 == 0:
            details = [("cf", "3", "dev", None), ("cf", "3", None, "staging"), ("cf", "3", None, "production")]
            first.append(Journal(4 * issue.id + 1, 2, issue.created + 60, None, list(details)))
        return first + self.journals.get(issue.id, [])

    def sees(self, user: User | None, project_id: int) -> bool:
        project = self.projects[project_id]
        if project.status == ARCHIVED:
            return False
        return project.public or bool(user and (user.admin or project_id in self.members.get(user.id, ())))

    def sees_issue(self, user: User | None, issue: Issue) -> bool:
        """`hidden` issues are private ones: for administrators and their author only."""
        if issue.hidden and not (user and (user.admin or user.id == issue.author_id)):
            return False
        return self.sees(user, issue.project_id)

    def updated_since(self, at: int) -> list[int]:
        """Ids of issues changed at `at` or later."""
        return [id_ for _, id_ in self._by_updated[bisect_left(self._by_updated, (at, 0)) :]]

    # ------------------------------------------------------------ what people do

    def now(self) -> int:
        return int(self.clock())

    def next_id(self, kind: str) -> int:
        self._last[kind] += 1
        return self._last[kind]

    def add_issue(self, project_id: int = 1, *, subject: str | None = None, author_id: int = 2) -> Issue:
        with self.lock:
            now = self.now()
            id_ = self.next_id("issue")
            issue = Issue(id_, project_id, 1, 1, 2, author_id, None, None, None, now, now, None, 1, subject=subject)
            self.issues[id_] = issue
            insort(self._by_updated, (now, id_))
            self.changes += 1
            return issue

    def edit(
        self, issue_id: int, *, by: int = 2, notes: str | None = None, silently: bool = False, **new: object
    ) -> None:
        """Sets fields (`status_id=5`, `subject="…"`), with a journal, as its form does; `silently` as a script does."""
        with self.lock:
            issue, now = self.issues[issue_id], self.now()
            details = []
            for name, value in new.items():
                old = self.subject(issue) if name == "subject" else getattr(issue, name)
                setattr(issue, name, value)
                key = {"assigned_id": "assigned_to_id", "version_id": "fixed_version_id"}.get(name, name)
                details.append(("attr", key, None if old is None else str(old), None if value is None else str(value)))
            if new.get("status_id") in CLOSED_STATUSES:
                issue.closed = now
            if not silently:
                self._journal(issue_id, by, notes, details)
                self._touch(issue, now)
            self.changes += 1

    def close(self, issue_id: int) -> None:
        self.edit(issue_id, status_id=5, notes="Done.")

    def move(self, issue_id: int, project_id: int) -> None:
        """Hours of the issue move along."""
        with self.lock:
            self.edit(issue_id, project_id=project_id, version_id=None)
            for entry in self.entries.values():
                if entry.issue_id == issue_id:
                    entry.project_id = project_id

    def hide(self, issue_id: int, hidden: bool = True) -> None:
        with self.lock:
            self.issues[issue_id].hidden = hidden
            self.changes += 1

    def delete_issue(self, issue_id: int) -> None:
        """Its hours, relations and journals go with it; nothing is left."""
        with self.lock:
            issue = self.issues.pop(issue_id)
            del self._by_updated[bisect_left(self._by_updated, (issue.updated, issue_id))]
            for entry in [e for e in self.entries.values() if e.issue_id == issue_id]:
                del self.entries[entry.id]
            for relation in self.relations_of(issue_id):
                self.unrelate(relation.id, silently=True)
            for child in self.issues.values():
                if child.parent_id == issue_id:
                    child.parent_id = None
            self.journals.pop(issue_id, None)
            self.changes += 1

    def relate(self, from_id: int, to_id: int, kind: str = "relates", delay: int | None = None) -> Relation:
        """Both issues get a journal, and neither a new updated_on."""
        with self.lock:
            relation = Relation(self.next_id("relation"), from_id, to_id, kind, delay)
            self.relations[relation.id] = relation
            for one, other in ((from_id, to_id), (to_id, from_id)):
                self._related.setdefault(one, []).append(relation.id)
                word = next((w for w, k in REVERSE.items() if k == kind), kind) if one == to_id else kind
                self._journal(one, 1, "", [("relation", word, None, str(other))])
            return relation

    def unrelate(self, relation_id: int, *, silently: bool = False) -> None:
        with self.lock:
            relation = self.relations.pop(relation_id)
            for one, other in ((relation.from_id, relation.to_id), (relation.to_id, relation.from_id)):
                self._related[one].remove(relation_id)
                if not silently:
                    self._journal(one, 1, "", [("relation", relation.kind, str(other), None)])

    def log_time(
        self, issue_id: int | None, hours: float, day: date, *, project_id: int = 1, user_id: int = 2
    ) -> Entry:
        with self.lock:
            now = self.now()
            where = self.issues[issue_id].project_id if issue_id else project_id
            entry = Entry(self.next_id("entry"), where, issue_id, user_id, 9, hours, day, now, now)
            self.entries[entry.id] = entry
            self._book(entry, 1)
            return entry

    def edit_time(self, entry_id: int, *, hours: float | None = None, day: date | None = None) -> None:
        with self.lock:
            entry = self.entries[entry_id]
            self._book(entry, -1)
            entry.hours = entry.hours if hours is None else hours
            entry.spent_on = day or entry.spent_on
            entry.updated = self.now()
            self._book(entry, 1)

    def delete_time(self, entry_id: int) -> None:
        with self.lock:
            self._book(self.entries.pop(entry_id), -1)

    def set_project(self, project_id: int, *, status: int | None = None, public: bool | None = None) -> None:
        """Closes (5), archives (9), reopens (1), makes public or private."""
        with self.lock:
            project = self.projects[project_id]
            project.status = project.status if status is None else status
            project.public = project.public if public is None else public
            self.changes += 1

    def delete_project(self, project_id: int) -> None:
        with self.lock:
            for issue_id in [i.id for i in self.issues.values() if i.project_id == project_id]:
                self.delete_issue(issue_id)
            for entry_id in [e.id for e in self.entries.values() if e.project_id == project_id]:
                del self.entries[entry_id]
            for version in [v for v in self.versions.values() if v.project_id == project_id]:
                for issue in self.issues.values():
                    issue.version_id = None if issue.version_id == version.id else issue.version_id
                del self.versions[version.id]
            del self.projects[project_id]
            self.changes += 1

    def delete_version(self, version_id: int) -> None:
        """Raises ValueError where issues are planned for it: Redmine refuses that (422)."""
        with self.lock:
            if any(issue.version_id == version_id for issue in self.issues.values()):
                raise ValueError("the version has issues")
            del self.versions[version_id]
            self.changes += 1

    def delete_user(self, user_id: int) -> None:
        """Redmine takes the account off its issues without telling: their updated_on stays."""
        with self.lock:
            del self.users[user_id]
            for issue in self.issues.values():
                issue.assigned_id = None if issue.assigned_id == user_id else issue.assigned_id
                issue.author_id = ANONYMOUS if issue.author_id == user_id else issue.author_id
            for entry in self.entries.values():
                entry.user_id = ANONYMOUS if entry.user_id == user_id else entry.user_id
            self.changes += 1

    def _book(self, entry: Entry, sign: int) -> None:
        if entry.issue_id:
            self._hours[entry.issue_id] = self._hours.get(entry.issue_id, 0.0) + sign * entry.hours
        self.changes += 1

    def _journal(
        self, issue_id: int, by: int, notes: str | None, details: list[tuple[str, str, str | None, str | None]]
    ) -> None:
        journal = Journal(self.next_id("journal"), by, self.now(), notes, details)
        self.journals.setdefault(issue_id, []).append(journal)

    def _touch(self, issue: Issue, now: int) -> None:
        del self._by_updated[bisect_left(self._by_updated, (issue.updated, issue.id))]
        issue.updated = now
        insort(self._by_updated, (now, issue.id))


def between(sorted_ids: Sequence[int], low: int | None, high: int | None) -> tuple[int, int]:
    """Places of the ids from `low` to `high` in a sorted list."""
    first = 0 if low is None else bisect_left(sorted_ids, low)
    return first, len(sorted_ids) if high is None else max(first, bisect_right(sorted_ids, high))


def instant(seconds: int | None) -> str | None:
    """As Redmine writes times."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
