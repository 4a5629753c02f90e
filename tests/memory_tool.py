"""A tracker in memory, and the connector that reads it: obeys the contract, and fails, lags and reverts on demand.

The tracker keeps the truth; the connector shows what the account may see of it, as JSON bytes. What tools do to a
reader happens here: rows repeated on the next page, edits between two pages, lists that shrink, records that do not
fit, answers that never come, projects archived and hidden. Its clock is its own, in whole seconds.
"""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

from connectors.contract import (
    Axis,
    Batch,
    Census,
    Identity,
    Listing,
    Page,
    Partition,
    Plan,
    Presence,
    Reading,
    Reject,
    Span,
    Stream,
    Writer,
)
from model.columns import rows_to_arrow
from model.errors import BadRecord, SourceError, Transient
from model.vocabulary import Availability

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
STATUSES = [("1", "New", "todo"), ("2", "Doing", "in_progress"), ("3", "Done", "done")]
PRIORITIES = [("1", "High"), ("2", "Low")]
PEOPLE = {"1": "Ada Berg", "2": "Bo Čech", "3": "Ciro D’Este"}
OBSERVED = ("status", "priority", "assignee", "project")
VISIBLE, ARCHIVED, HIDDEN = "visible", "archived", "hidden"


@dataclass
class MemoryIssue:
    """One issue as the tracker holds it."""

    id: int
    project: int
    title: str
    status: str
    priority: str
    assignee: str | None
    created: datetime
    updated: datetime
    hidden: bool = False
    broken: bool = False
    history: list[dict[str, Any]] = field(default_factory=list)
    moves: list[dict[str, Any]] = field(default_factory=list)
    """Between projects; the tracker tells nobody."""


@dataclass
class MemoryWorklog:
    """One booking as the tracker holds it."""

    id: int
    issue: int | None
    project: int
    author: str
    day: date
    seconds: int
    updated: datetime


@dataclass
class MemoryTracker:
    """The truth. `lock` guards it; `tick` moves its clock."""

    now: datetime = START
    scope: str = "all"
    projects: dict[int, str] = field(default_factory=dict)
    issues: dict[int, MemoryIssue] = field(default_factory=dict)
    worklogs: dict[int, MemoryWorklog] = field(default_factory=dict)
    links: dict[int, tuple[int, int, str]] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)
    last_id: int = 0
    hours_on_issues: bool = False
    """Hours are booked on issues alone, and move their updated; deleted ones are told by a feed."""
    deleted_hours: list[tuple[int, datetime]] = field(default_factory=list)

    def tick(self, seconds: int = 1) -> None:
        self.now += timedelta(seconds=seconds)

    def new_id(self) -> int:
        self.last_id += 1
        return self.last_id

    def add_project(self, state: str = VISIBLE) -> int:
        id_ = self.new_id()
        self.projects[id_] = state
        return id_

    def add_issue(self, project: int, title: str = "work") -> int:
        id_ = self.new_id()
        self.issues[id_] = MemoryIssue(id_, project, title, "1", "2", None, self.now, self.now)
        return id_

    def edit(self, id_: int, name: str, value: Any, by: str = "1") -> None:
        """Sets one field of an issue, with its history; the same value again changes nothing."""
        issue = self.issues[id_]
        old = getattr(issue, name)
        if old == value:
            return
        setattr(issue, name, value)
        issue.updated = self.now
        if name in ("status", "priority", "assignee"):
            issue.history.append(
                {"id": str(self.new_id()), "field": name, "from": old, "to": value, "by": by, "at": _text(self.now)}
            )

    def delete_issue(self, id_: int, *, keep_hours: bool = False) -> None:
        """Deletes it with its links, and its hours with it, or on to the project."""
        del self.issues[id_]
        self.links = {k: v for k, v in self.links.items() if id_ not in v[:2]}
        for worklog in [w for w in self.worklogs.values() if w.issue == id_]:
            if keep_hours and not self.hours_on_issues:
                worklog.issue, worklog.updated = None, self.now
            else:
                del self.worklogs[worklog.id]

    def delete_project(self, id_: int) -> None:
        for issue in [i.id for i in self.issues.values() if i.project == id_]:
            self.delete_issue(issue)
        self.worklogs = {k: w for k, w in self.worklogs.items() if w.project != id_}
        del self.projects[id_]

    def move(self, id_: int, project: int) -> None:
        """To another project, with its hours."""
        issue = self.issues[id_]
        if issue.project != project:
            went = {"field": "project", "from": str(issue.project), "to": str(project), "at": _text(self.now)}
            issue.moves.append(went)
        issue.project, issue.updated = project, self.now
        for worklog in self.worklogs.values():
            if worklog.issue == id_:
                worklog.project, worklog.updated = project, self.now

    def book(self, issue: int | None, project: int, seconds: int, day: date | None = None, author: str = "1") -> int:
        id_ = self.new_id()
        self.worklogs[id_] = MemoryWorklog(id_, issue, project, author, day or self.now.date(), seconds, self.now)
        self._hours_moved(issue)
        return id_

    def edit_hours(self, id_: int, seconds: int, day: date) -> None:
        worklog = self.worklogs[id_]
        worklog.seconds, worklog.day, worklog.updated = seconds, day, self.now
        self._hours_moved(worklog.issue)

    def delete_hours(self, id_: int) -> None:
        self._hours_moved(self.worklogs.pop(id_).issue)
        self.deleted_hours.append((id_, self.now))

    def _hours_moved(self, issue: int | None) -> None:
        if self.hours_on_issues and issue is not None:
            self.issues[issue].updated = self.now

    def link(self, one: int, other: int, kind: str = "blocks", *, silently: bool = False) -> int:
        id_ = self.new_id()
        self.links[id_] = (one, other, kind)
        if not silently:
            self.issues[one].updated = self.issues[other].updated = self.now
        return id_

    def unlink(self, id_: int, *, silently: bool = False) -> None:
        ends = self.links.pop(id_)[:2]
        if not silently:
            for end in ends:
                self.issues[end].updated = self.now

    def show(self, id_: int, *, hidden: bool) -> None:
        """Hides an issue from the account, or shows it again."""
        self.issues[id_].hidden, self.issues[id_].updated = hidden, self.now

    # ---- what the account sees

    def sees_issue(self, issue: MemoryIssue) -> bool:
        return not issue.hidden and self.projects.get(issue.project) == VISIBLE

    def sees_worklog(self, worklog: MemoryWorklog) -> bool:
        if self.projects.get(worklog.project) != VISIBLE:
            return False
        return worklog.issue is None or self.sees_issue(self.issues[worklog.issue])

    def sees_link(self, link: tuple[int, int, str]) -> bool:
        return all(self.sees_issue(self.issues[end]) for end in link[:2])

    def issue_record(self, issue: MemoryIssue) -> dict[str, Any]:
        spent = sum(w.seconds for w in self.worklogs.values() if w.issue == issue.id)
        links = [[str(k), *map(str, v[:2]), v[2]] for k, v in sorted(self.links.items()) if self.sees_link(v)]
        return {
            "id": str(issue.id),
            "project": str(issue.project),
            "title": issue.title,
            "status": issue.status,
            "priority": issue.priority,
            "assignee": issue.assignee,
            "spent": "much" if issue.broken else spent,
            "created": _text(issue.created),
            "updated": _text(issue.updated),
            "links": [li for li in links if str(issue.id) in li[1:3]],
        }


@dataclass(frozen=True)
class Manners:
    """How a tool behaves. `vague`: it answers the same for gone and hidden. Without `history` it keeps none."""

    census: Census = Census.IDS
    vague: bool = False
    page_size: int = 3
    repeats: bool = False
    day_window: bool = False
    in_flight: int = 2
    silent_links: bool = False
    history: bool = True


def memory_streams(manners: Manners) -> tuple[Stream, ...]:
    days = 7.0 if manners.day_window else None
    counted = Stream("issue_links", "issue_links", Reading.COUNTED, Census.NONE, follows="issues")
    told = Stream("issue_changes", "issue_changes", Reading.FOLLOW, Census.NONE, follows="issues")
    return (
        *((counted,) if manners.silent_links else ()),
        Stream("projects", "projects", Reading.ALL, Census.LISTING),
        Stream("accounts", "accounts", Reading.ALL, Census.LISTING, probes=False),
        Stream("words", "words", Reading.ALL, Census.LISTING, probes=False),
        Stream("issues", "issues", Reading.WINDOW, manners.census, observed=() if manners.history else OBSERVED),
        Stream(
            "worklogs", "worklogs", Reading.WINDOW, manners.census, axis=Axis.WORK_ON,
            touches="issues", touches_by="issue_id", full_every_days=days,
        ),
        *((told,) if manners.history else ()),
    )  # fmt: skip


class MemoryConnector:
    """Reads a `MemoryTracker`. `before_answer` is called before each answer: it may edit the tracker, or raise.

    `forgotten`: ids of issues that the list of what exists lacks; `refused`: a stream whose lists answer 403;
    `garbled`: a stream whose answers cannot be understood.
    """

    writer: Writer | None = None

    def __init__(self, tracker: MemoryTracker, manners: Manners | None = None, *, instance: str = "memory:1") -> None:
        self.tracker = tracker
        self.manners = manners or Manners()
        self.streams = memory_streams(self.manners)
        self.in_flight = self.manners.in_flight
        self.instance = instance
        self.before_answer: Callable[[str], None] = lambda what: None
        self.asked: list[str] = []
        self.forgotten: set[str] = set()
        self.refused = ""
        self.garbled = ""

    # ---- network

    def identify(self) -> Identity:
        page = self._page("identity", lambda: {"account": "1", "scope": self.tracker.scope})
        return Identity(
            instance=self.instance,
            account_id="1",
            account_name=PEOPLE["1"],
            scope=self.tracker.scope,
            now=self.tracker.now,
            pages=[page],
        )

    def plan(self, stream: Stream, since: datetime | None) -> Plan:
        bound = _text(since) if since else None
        if stream.name == "issue_links":
            return Plan([Partition(stream.name, kind, {"kind": kind}) for kind in ("blocks", "relates")])
        if stream.name == "worklogs" and self.manners.day_window and since:
            bound = (self.tracker.now - timedelta(days=45)).date().isoformat()
        if stream.name != "issues" or since:
            return Plan([Partition(stream.name, "all", {"since": bound})])
        highest = max(self.tracker.issues, default=0)
        cuts = [0, highest // 2, highest]
        parts = [
            Partition(stream.name, f"{low}-{high}", {"low": low + 1, "high": high, "since": None})
            for low, high in pairwise(cuts)
        ]
        return Plan([*parts, Partition(stream.name, f"{highest}-", {"low": highest + 1, "since": None})])

    def follow(self, stream: Stream, ids: Sequence[str]) -> list[Partition]:
        return [Partition(stream.name, i, {"issue": i}) for i in ids]

    def fetch(self, stream: Stream, ids: Sequence[str]) -> list[Partition]:
        return [Partition(stream.name, "ids", {"ids": list(ids)})]

    def pull(self, partition: Partition) -> Iterator[Page]:
        if "issue" in partition.spec:
            yield self._history(partition, int(str(partition.spec["issue"])))
            return
        if "kind" in partition.spec:
            yield self._page(
                partition.stream, lambda: self._linked(str(partition.spec["kind"])), partition=partition.key
            )
            return
        for page in self._pages(partition.stream, partition.key, partition.spec):
            yield replace(page, status=403, body=b"{}") if partition.stream == self.refused else page

    def count(self, stream: Stream, span: Span) -> Page:
        if stream.name == "issue_links":
            return self._page(stream.name, lambda: {"total": len(self._linked(str(span.low))["rows"])})
        return self._page(stream.name, lambda: {"total": len(self._listed(stream.name, _spec(stream, span)))})

    def census(self, stream: Stream, span: Span) -> Iterator[Page]:
        if self.manners.census is Census.COUNTS:
            yield from self._pages(stream.name, "", _spec(stream, span))
            return
        yield self._page(
            stream.name,
            lambda: {
                "ids": [
                    r["id"]
                    for r in self._listed(stream.name, _spec(stream, span))
                    if stream.name != "issues" or r["id"] not in self.forgotten
                ]
            },
        )

    def probe(self, stream: Stream, native_id: str) -> Page:
        def answer() -> dict[str, Any]:
            seen = self._listed(stream.name, {"ids": [native_id]})
            if seen:
                return {"rows": seen}
            return {"presence": "unknown" if self.manners.vague else self._presence(stream.name, int(native_id))}

        page = self._page(stream.name, answer)
        return page if b'"rows"' in page.body else replace(page, status=404)

    def progress(self) -> Mapping[str, float]:
        return {"requests": float(len(self.asked)), "throttled_seconds": 0.0}

    def close(self) -> None:
        pass

    # ---- pure

    def decode(self, stream: str, body: bytes) -> Batch:
        answer = understood(body)
        if self.garbled == stream:
            raise BadRecord("memory: that is no answer")
        if "rows" not in answer and "issue" not in answer:
            return Batch()
        if stream == "issue_changes":
            return _decode_history(answer)
        if stream in ("issues", "issue_links"):
            return decode_issues(answer["rows"])
        table = {"projects": "projects", "accounts": "accounts", "words": "words", "worklogs": "worklogs"}[stream]
        rows = [_ROWS[stream](record) for record in answer["rows"]]
        return Batch({table: rows_to_arrow(table, rows)}, seen=len(rows))

    def decode_census(self, stream: str, body: bytes) -> Listing:
        answer = json.loads(body)
        if "total" in answer:
            return Listing(total=answer["total"])
        return Listing(ids=answer["ids"] if "ids" in answer else [r["id"] for r in answer["rows"]])

    def judge(self, stream: Stream, page: Page, identity: Identity) -> Presence:
        if page.status == 200:
            return Presence(Availability.PRESENT, "it is there", proven=True)
        said = json.loads(page.body)["presence"]
        if said == "unknown":
            return Presence(Availability.MISSING, "the tool does not say", proven=False)
        return Presence(Availability(said), f"the tool says {said}", proven=True)

    # ---- inside

    def _page(
        self, stream: str, answer: Callable[[], dict[str, Any]], *, partition: str = "", last: bool = True
    ) -> Page:
        self.asked.append(stream)
        self.before_answer(stream)
        with self.tracker.lock:
            body = json.dumps(answer()).encode()
            return Page(stream, body, f"GET {stream} {len(self.asked)}", self.tracker.now, partition, last=last)

    def _pages(self, stream: str, key: str, spec: Mapping[str, object]) -> Iterator[Page]:
        """By ids behind the last one seen, as many as fit on a page; some tools repeat the last row."""
        after = 0
        while True:

            def answer(after: int = after) -> dict[str, Any]:
                rows = [r for r in self._listed(stream, spec) if int(r["id"]) > after]
                return {"rows": rows[: self.manners.page_size], "more": len(rows) > self.manners.page_size}

            page = self._page(stream, answer, partition=key, last=False)
            decoded = json.loads(page.body)
            if not decoded["more"]:
                yield replace(page, last=True)
                return
            yield page
            after = int(decoded["rows"][-1]["id"]) - (1 if self.manners.repeats else 0)

    def _listed(self, stream: str, spec: Mapping[str, object]) -> list[dict[str, Any]]:
        records = sorted(_LISTS[stream](self.tracker), key=lambda r: int(r["id"]))
        ids = spec.get("ids")
        return [r for r in records if (ids is None or r["id"] in _texts(ids)) and _within(r, spec, self.manners)]

    def _linked(self, kind: str) -> dict[str, Any]:
        records = _LISTS["issues"](self.tracker)
        return {"rows": [r for r in records if any(link[3] == kind for link in r["links"])]}

    def _history(self, partition: Partition, issue: int) -> Page:
        def answer() -> dict[str, Any]:
            found = self.tracker.issues.get(issue)
            if found is None or not self.tracker.sees_issue(found):
                return {}
            return {"issue": self.tracker.issue_record(found), "history": found.history}

        page = self._page(partition.stream, answer, partition=partition.key)
        return page if page.body != b"{}" else replace(page, status=404)

    def _presence(self, stream: str, id_: int) -> str:
        """What the tool says of a record it does not list."""
        tracker = self.tracker
        if stream == "projects":
            return {ARCHIVED: "archived", HIDDEN: "inaccessible", None: "deleted"}[tracker.projects.get(id_)]
        record = tracker.issues.get(id_) if stream == "issues" else tracker.worklogs.get(id_)
        if record is None:
            return "deleted"
        return "archived" if tracker.projects[record.project] == ARCHIVED else "inaccessible"


def visible_ids(tracker: MemoryTracker, stream: str) -> set[str]:
    """Native ids of what the account sees, as the connector's rows have them."""
    if stream == "issue_links":
        return {str(id_) for id_, link in tracker.links.items() if tracker.sees_link(link)}
    return {str(_ROWS[stream](r)["native_id"]) if stream in _ROWS else r["id"] for r in _LISTS[stream](tracker)}


def random_edit(tracker: MemoryTracker, random_: random.Random, *, old_days: bool = True) -> str:
    """One thing that happens in a tracker; gives back what. `old_days`: hours far back are edited too."""
    visible = [i.id for i in tracker.issues.values() if tracker.sees_issue(i)]
    projects = [p for p, state in tracker.projects.items() if state == VISIBLE]
    hours = [w.id for w in tracker.worklogs.values() if tracker.sees_worklog(w)]
    choices = ["project"] if len(tracker.projects) < 2 else []
    choices += ["issue"] * 2 if projects else []
    choices += ["status"] * 4 + ["priority", "assignee", "title", "broken"] if visible else []
    choices += ["delete_issue", "hide", "move", "link"] if len(visible) > 1 else []
    choices += ["book"] * 3 if visible else []
    choices += ["edit_hours", "delete_hours"] if hours else []
    choices += ["edit_unseen"] if len(visible) < len(tracker.issues) else []
    choices += ["archive", "hide_project", "unarchive", "show", "unlink", "delete_project", "scope"]
    what = random_.choice(choices)
    tracker.tick(random_.choice([0, 0, 1, 1, 3, 60, 4000]))
    _EDITS[what](tracker, random_, visible, projects, hours, old_days)
    return what


def _edit_hours(tracker: MemoryTracker, random_: random.Random, hours: list[int], old_days: bool) -> None:
    worklog = tracker.worklogs[random_.choice(hours)]
    recent = (tracker.now.date() - worklog.day).days < 40
    if recent or old_days:
        tracker.edit_hours(
            worklog.id, random_.choice([900, 3600]), worklog.day - timedelta(days=random_.choice([0, 1]))
        )


def _book(tracker: MemoryTracker, random_: random.Random, visible: list[int], old_days: bool) -> None:
    id_ = random_.choice(visible)
    on_project = random_.random() < 0.2 and not tracker.hours_on_issues
    back = random_.choice([0, 1, 30, 400]) if old_days else random_.choice([0, 1, 30])
    day = tracker.now.date() - timedelta(days=back)
    tracker.book(None if on_project else id_, tracker.issues[id_].project, 3600, day, random_.choice(list(PEOPLE)))


def _set_projects(tracker: MemoryTracker, random_: random.Random, old: str, new: str) -> None:
    found = [p for p, state in tracker.projects.items() if state == old]
    if found and (new == VISIBLE or len(found) > 1):
        tracker.projects[random_.choice(found)] = new


def _show(tracker: MemoryTracker, random_: random.Random) -> None:
    hidden = [i.id for i in tracker.issues.values() if i.hidden]
    if hidden:
        tracker.show(random_.choice(hidden), hidden=False)
    _set_projects(tracker, random_, HIDDEN, VISIBLE)


def _change_scope(tracker: MemoryTracker) -> None:
    tracker.scope = "some" if tracker.scope == "all" else "all"


def _delete_project(tracker: MemoryTracker, random_: random.Random, projects: list[int]) -> None:
    if len(projects) > 2 and random_.random() < 0.3:
        tracker.delete_project(random_.choice(projects))


def _unlink(tracker: MemoryTracker, random_: random.Random) -> None:
    if tracker.links:
        tracker.unlink(random_.choice(list(tracker.links)))


_EDITS: dict[str, Callable[[MemoryTracker, random.Random, list[int], list[int], list[int], bool], object]] = {
    "project": lambda t, r, v, p, h, o: t.add_project(),
    "issue": lambda t, r, v, p, h, o: t.add_issue(r.choice(p), r.choice(["work", "Ærger mit „Zeichen“ 🐙", "a\nb"])),
    "status": lambda t, r, v, p, h, o: t.edit(r.choice(v), "status", r.choice("123"), r.choice(list(PEOPLE))),
    "priority": lambda t, r, v, p, h, o: t.edit(r.choice(v), "priority", r.choice("12")),
    "assignee": lambda t, r, v, p, h, o: t.edit(r.choice(v), "assignee", r.choice([None, "1", "2"])),
    "title": lambda t, r, v, p, h, o: t.edit(r.choice(v), "title", r.choice(["work", "other work"])),
    "broken": lambda t, r, v, p, h, o: t.edit(r.choice(v), "broken", r.random() < 0.5),
    "delete_issue": lambda t, r, v, p, h, o: t.delete_issue(r.choice(v), keep_hours=r.random() < 0.3),
    "hide": lambda t, r, v, p, h, o: t.show(r.choice(v), hidden=True),
    "move": lambda t, r, v, p, h, o: t.move(r.choice(v), r.choice(p)),
    "link": lambda t, r, v, p, h, o: t.link(r.choice(v[1:]), v[0]),
    "book": lambda t, r, v, p, h, o: _book(t, r, v, o),
    "edit_hours": lambda t, r, v, p, h, o: _edit_hours(t, r, h, o),
    "delete_hours": lambda t, r, v, p, h, o: t.delete_hours(r.choice(h)),
    "edit_unseen": lambda t, r, v, p, h, o: t.edit(
        r.choice([i for i in t.issues if i not in v]), "status", r.choice("123")
    ),
    "archive": lambda t, r, v, p, h, o: _set_projects(t, r, VISIBLE, ARCHIVED),
    "unarchive": lambda t, r, v, p, h, o: _set_projects(t, r, ARCHIVED, VISIBLE),
    "hide_project": lambda t, r, v, p, h, o: _set_projects(t, r, VISIBLE, HIDDEN),
    "show": lambda t, r, v, p, h, o: _show(t, r),
    "unlink": lambda t, r, v, p, h, o: _unlink(t, r),
    "delete_project": lambda t, r, v, p, h, o: _delete_project(t, r, p),
    "scope": lambda t, r, v, p, h, o: _change_scope(t),
}


def faults(random_: random.Random, share: float) -> Callable[[str], None]:
    """Raises now and then instead of an answer."""

    def maybe(what: str) -> None:
        if random_.random() < share:
            raise random_.choice([Transient, SourceError])(f"memory: {what} did not answer")

    return maybe


# ---- records and rows


def _text(at: datetime) -> str:
    return at.isoformat()


def _texts(ids: object) -> list[str]:
    assert isinstance(ids, list)
    return ids


def _spec(stream: Stream, span: Span) -> dict[str, object]:
    if stream.axis is Axis.WORK_ON:
        return {"from": str(span.low) if span.low else None, "to": str(span.high) if span.high else None}
    return {"low": span.low, "high": span.high}


def _within(record: Mapping[str, Any], spec: Mapping[str, object], manners: Manners) -> bool:
    since = spec.get("since")
    if since is not None and "updated" in record:
        moment = record["day"] if manners.day_window and "day" in record else record["updated"]
        if moment < str(since):
            return False
    low, high = spec.get("low"), spec.get("high")
    if low is not None and int(record["id"]) < int(str(low)):
        return False
    if high is not None and int(record["id"]) > int(str(high)):
        return False
    day = record.get("day", "")
    return not (spec.get("from") and day < str(spec["from"])) and not (spec.get("to") and day > str(spec["to"]))


def worklog_record(worklog: MemoryWorklog) -> dict[str, Any]:
    return {
        "id": str(worklog.id),
        "issue": None if worklog.issue is None else str(worklog.issue),
        "project": str(worklog.project),
        "author": worklog.author,
        "day": worklog.day.isoformat(),
        "seconds": worklog.seconds,
        "updated": _text(worklog.updated),
    }


def _words(_tracker: MemoryTracker) -> list[dict[str, Any]]:
    words = [("status", *word, None) for word in STATUSES]
    words += [("priority", *word, None, place) for place, word in enumerate(PRIORITIES)]  # type: ignore[misc]
    return [
        {"id": str(n), "kind": kind, "word": word, "name": name, "category": category, "place": place}
        for n, (kind, word, name, category, place) in enumerate(words, 1)
    ]


_LISTS: dict[str, Callable[[MemoryTracker], list[dict[str, Any]]]] = {
    "projects": lambda t: [{"id": str(p)} for p, state in t.projects.items() if state == VISIBLE],
    "accounts": lambda t: [{"id": i, "name": name} for i, name in PEOPLE.items()],
    "words": _words,
    "issues": lambda t: [t.issue_record(i) for i in t.issues.values() if t.sees_issue(i)],
    "worklogs": lambda t: [worklog_record(w) for w in t.worklogs.values() if t.sees_worklog(w)],
}

_ROWS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "projects": lambda r: {
        "native_id": r["id"], "key": f"P{r['id']}", "name": f"Project {r['id']}", "native_state": "active",
    },
    "accounts": lambda r: {"native_id": r["id"], "name": r["name"], "email": f"{r['id']}@example.org", "active": True},
    "words": lambda r: {
        "native_id": f"{r['kind']}:{r['word']}", "kind": r["kind"], "word_id": r["word"], "name": r["name"],
        "category": r["category"], "position": r["place"],
    },
    "worklogs": lambda r: {
        "native_id": r["id"], "issue_id": r["issue"], "project_id": r["project"], "account_id": r["author"],
        "work_on": date.fromisoformat(r["day"]), "work_on_basis": "tool", "seconds": r["seconds"],
        "updated_at": datetime.fromisoformat(r["updated"]),
    },
}  # fmt: skip


def understood(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except ValueError:
        raise BadRecord("is not JSON") from None
    if not isinstance(answer, dict):
        raise BadRecord("is no object")
    return answer


def _issue_row(record: dict[str, Any]) -> dict[str, Any]:
    return {
        "native_id": record["id"],
        "key": f"#{record['id']}",
        "project_id": record["project"],
        "title": record["title"],
        "native_status_id": record["status"],
        "native_priority_id": record["priority"],
        "assignee_id": record["assignee"],
        "time_spent_seconds": record["spent"],
        "labels": [],
        "components": [],
        "created_at": datetime.fromisoformat(record["created"]),
        "updated_at": datetime.fromisoformat(record["updated"]),
    }


def _link_row(link: list[str]) -> dict[str, Any]:
    return {
        "native_id": link[0],
        "kind": link[3],
        "native_kind": link[3],
        "from_issue_id": link[1],
        "to_issue_id": link[2],
    }


def decode_issues(records: list[dict[str, Any]]) -> Batch:
    good = [r for r in records if isinstance(r["spent"], int)]
    rejects = [
        Reject("issues", r["id"], "spent", "is not a whole number", json.dumps(r).encode())
        for r in records
        if not isinstance(r["spent"], int)
    ]
    links = {link[0]: _link_row(link) for r in good for link in r["links"]}
    return Batch(
        rows={
            "issues": rows_to_arrow("issues", [_issue_row(r) for r in good]),
            "issue_links": rows_to_arrow("issue_links", list(links.values())),
        },
        rejects=rejects,
        complete={"issue_links": [r["id"] for r in good]},
        seen=len(records),
    )


def change_row(issue: str, entry: dict[str, Any]) -> dict[str, Any]:
    """The row of an entry of an issue's history."""
    return {
        "native_id": f"{entry['id']}:attr:{entry['field']}:1",
        "issue_id": issue,
        "account_id": entry["by"],
        "field": entry["field"],
        "from_native_id": entry["from"],
        "to_native_id": entry["to"],
        "changed_at": datetime.fromisoformat(entry["at"]),
        "evidence": "reported",
    }


def worklog_row(record: dict[str, Any]) -> dict[str, Any]:
    return _ROWS["worklogs"](record)


def _decode_history(answer: dict[str, Any]) -> Batch:
    if not isinstance(answer.get("history"), list):
        raise BadRecord("a history is a list")
    issue = answer["issue"]["id"]
    rows = [change_row(issue, h) for h in answer["history"]]
    beside = decode_issues([answer["issue"]])
    return Batch(
        rows={"issue_changes": rows_to_arrow("issue_changes", rows), **beside.rows},
        rejects=beside.rejects,
        complete={"issue_changes": [issue], **beside.complete},
        seen=len(rows),
    )
