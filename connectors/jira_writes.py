"""What may be changed in Jira's issues, and changing it: status by transitions, priority by an edit.

Decides nothing: what is to be written is the push's business. Issues are looked at in bulk, from the records; where
Jira's bulk answer does not tell what a transition's screen demands, the issue is asked for it.
Facts: the vendor's OpenAPI description and its page on rate limits, and what public clients say of screens; read
2026-11-26. What users should know: docs/connectors/jira.md.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any
from urllib.parse import quote

import msgspec
from msgspec import Raw, Struct

from connectors.contract import OFFERS, Page, Partition, Write
from connectors.http import Answer, Pacing
from connectors.jira_records import Asked, asked_of
from connectors.jira_site import API, GONE, Site
from connectors.misfit import UNREADABLE, native_id_of
from connectors.telling import split
from model.change import NativeValue, Step
from model.plan import Offers

__all__ = ["JiraWrites"]

BULK = 100
PUTS_PER_SECOND, POSTS_PER_SECOND = 48.0, 96.0  # the vendor's steady limits are 50 and 100
PER_ISSUE = ((20, 2.0), (100, 30.0))  # writes in seconds
QUIET = ("ADMINISTER", "ADMINISTER_PROJECTS")  # one of these lets an edit go without mails
COMMENTS = 100
LOUD_EDIT = "Jira mails the watchers: editing quietly takes the right to administer the project"
LOUD_TRANSITION = "Jira mails the watchers: it has no quiet way to change a status"


class _Named(Struct):
    id: str
    name: str = ""


class _FieldSchema(Struct):
    type: str = ""
    items: str | None = None


class _Field(Struct, rename="camel"):
    required: bool = False
    has_default_value: bool = False
    name: str = ""
    allowed_values: list[dict[str, Any]] | None = None
    schema: _FieldSchema = msgspec.field(default_factory=_FieldSchema)


class _Transition(Struct, rename="camel"):
    id: str
    to: _Named
    name: str = ""
    has_screen: bool = False
    is_global: bool = False
    is_available: bool = True
    fields: dict[str, _Field] | None = None


class _EditMeta(Struct):
    fields: dict[str, _Field] = {}


class _Issue(Struct):
    id: str
    fields: dict[str, Any] = {}
    transitions: list[_Transition] | None = None
    editmeta: _EditMeta | None = None


class _Issues(Struct):
    """Several, or the answer is one itself. Each is read by itself, so that an odd one is alone in that."""

    id: str | None = None
    issues: list[Raw] = []


class _OfOne(Struct):
    """Answers about one issue: its transitions, or what may be edited."""

    transitions: list[_Transition] | None = None
    fields: dict[str, _Field] | None = None


class _Held(Struct):
    havePermission: bool = False  # noqa: N815 - as Jira spells it


class _Permissions(Struct):
    permissions: dict[str, _Held] = {}


_ISSUES = msgspec.json.Decoder(_Issues)
_ISSUE = msgspec.json.Decoder(_Issue)
_OF_ONE = msgspec.json.Decoder(_OfOne)
_PERMISSIONS = msgspec.json.Decoder(_Permissions)


class JiraWrites:
    """The writing half of a Jira connector. Threads may share it."""

    writes_together = False

    def __init__(
        self, site: Site, *, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._site = site
        source = site.source
        self._defaults = {name.casefold(): value for name, value in source.transition_defaults.items()}
        self._notify = source.notify
        self._quiet: dict[str, bool] = {}  # project → whether an edit may go without mails
        self._each = Pacing(source.writes_per_second, source.in_flight)
        self._puts = Pacing(PUTS_PER_SECOND, source.in_flight)
        self._posts = Pacing(POSTS_PER_SECOND, source.in_flight)
        self._per_issue = _PerIssue(clock, sleep)

    # -------------------------------------------------------------- looking

    def look(self, ids: Sequence[str], fields: Collection[str], sent: Collection[str] = ()) -> list[Partition]:  # noqa: ARG002 - history comes along
        parts = [list(ids[n : n + BULK]) for n in range(0, len(ids), BULK)]
        wanted = ",".join(sorted(fields))
        return [
            Partition("issues", f"look at {part[0]} and {len(part) - 1} more", {"ids": ",".join(part), "look": wanted})
            for part in parts
        ]

    def pages(self, partition: Partition, asked: Asked) -> Iterator[Page]:
        """Records first, then what they leave open. What a bulk answer lacks is asked for again, and then by itself."""
        fields = str(partition.spec["look"]).split(",")
        left = str(partition.spec["ids"]).split(",")
        expand = ["changelog"]
        expand += ["transitions", "transitions.fields"] if "status" in fields else []
        expand += ["editmeta"] if "priority" in fields else []
        more: list[tuple[_Issue, str, dict[str, str]]] = []
        for answer in self._read(left, expand):
            issues = _issues(answer)
            if "priority" in fields and not self._notify:
                yield from self._ask_quiet({_project(issue) for issue in issues} - {""}, partition.key)
            more += [question for issue in issues for question in _open_questions(issue, fields)]
            yield self._site.page("issues", answer, partition.key, asked=self._told(asked))
        for issue, path, params in more:
            one = self._site.get(path, params, accept=GONE)
            about = self._told(Asked(issue=issue.id, filled=sorted(_filled(issue))))
            yield self._site.page(OFFERS, one, partition.key, asked=about)

    def _read(self, ids: Sequence[str], expand: Sequence[str]) -> Iterator[Answer]:
        left = list(ids)
        for _ in range(2):
            body = {"issueIdsOrKeys": left, "fields": ["*all"], "expand": list(expand)}
            answer = self._site.post(f"{API}/issue/bulkfetch", body)
            yield answer
            there = {issue.id for issue in _issues(answer)}
            left = [id_ for id_ in left if id_ not in there]
            if not left:
                return
        for id_ in left:
            answer = self._site.get(_path(id_), {"expand": ",".join(expand)}, accept=GONE)
            if answer.status == 200:
                yield answer

    def _told(self, asked: Asked) -> Asked:
        loud = sorted(project for project, quiet in self._quiet.items() if not quiet)
        return msgspec.structs.replace(asked, loud=loud)

    def _ask_quiet(self, projects: set[str], key: str) -> Iterator[Page]:
        for project in sorted(projects - self._quiet.keys()):
            params = {"permissions": ",".join(QUIET), "projectId": project}
            answer = self._site.get(f"{API}/mypermissions", params, accept=(400, *GONE))
            self._quiet[project] = answer.status == 200 and _holds_any(answer.body)
            yield self._site.page(OFFERS, answer, key)

    # -------------------------------------------------------------- understanding

    def offers(self, page: Page) -> Mapping[str, Offers]:
        """Pure. An answer that cannot be understood offers nothing."""
        if page.status != 200:
            return {}
        told, answer = split(page.body)
        asked = asked_of(told, page.body) if told else Asked()
        try:
            if page.stream == OFFERS:
                return self._of_one(asked, _OF_ONE.decode(answer))
        except UNREADABLE:
            return {}
        return {issue.id: self._of_issue(issue, asked) for issue in _issues_in(answer)}

    def _of_one(self, asked: Asked, found: _OfOne) -> Mapping[str, Offers]:
        if asked.issue is None:
            return {}
        steps = self._steps("", found.transitions or (), set(asked.filled))
        return {asked.issue: Offers(steps, None if found.fields is None else _allowed(found.fields))}

    def _of_issue(self, issue: _Issue, asked: Asked) -> Offers:
        start = str((issue.fields.get("status") or {}).get("id") or "")
        remarks = {"status": (LOUD_TRANSITION,)}
        if self._notify or _project(issue) in asked.loud:
            remarks["priority"] = (LOUD_EDIT,)
        return Offers(
            self._steps(start, issue.transitions or (), _filled(issue)),
            None if issue.editmeta is None else _allowed(issue.editmeta.fields),
            remarks,
        )

    def _steps(self, start: str, transitions: Sequence[_Transition], filled: Collection[str]) -> tuple[Step, ...]:
        """A transition that starts at one status is refused at any other by Jira itself."""
        steps = []
        for way in transitions:
            if way.is_available:
                given, needs = self._given(way, filled)
                name = way.to.name or None
                steps.append(Step(start, way.to.id, way.id, name, tuple(needs), given, guarded=not way.is_global))
        return tuple(steps)

    def _given(self, way: _Transition, filled: Collection[str]) -> tuple[str, list[str]]:
        """Values for the fields the screen demands and the issue lacks, and which of them have none."""
        given, needs = {}, []
        for id_, field in (way.fields or {}).items():
            if not field.required or field.has_default_value or id_ in filled:
                continue
            text = self._defaults.get(id_.casefold(), self._defaults.get(field.name.casefold()))
            value = None if text is None else _value(text, field)
            if value is not None:
                given[id_] = value
            elif text is None:
                needs.append(field.name or id_)
            else:
                needs.append(f"{field.name or id_} (which has no “{text}”)")
        return (msgspec.json.encode(given).decode() if given else ""), needs

    # -------------------------------------------------------------- writing

    def values_now(self, issue_id: str) -> Mapping[str, str | None]:
        answer = self._site.get(_path(issue_id), {"fields": "status,priority"}, accept=GONE)
        found = self._site.read(answer, _ISSUE, "an issue").fields if answer.status == 200 else {}
        return {name: (found.get(name) or {}).get("id") for name in ("status", "priority")}

    def request_of(self, write: Write) -> str:
        if write.status is not None:
            return f"POST issue/{write.issue_id}/transitions {write.status.id}"
        return f"PUT issue/{write.issue_id} priority"

    def send(self, write: Write) -> None:
        path = f"{API}/issue/{quote(write.issue_id, safe='')}"
        if write.status is not None:
            body: dict[str, object] = {"transition": {"id": write.status.id}}
            if write.status.given:
                body["fields"] = msgspec.json.decode(write.status.given)
            self._change("POST", f"{path}/transitions", body, write.issue_id, self._posts)
        elif write.priority is not None:
            quiet = not self._notify and self._quiet.get(write.project_id or "", False)
            body = {"fields": {"priority": {"id": write.priority.end}}}
            self._change("PUT", path, body, write.issue_id, self._puts, {"notifyUsers": "false"} if quiet else None)

    def _change(
        self,
        method: str,
        path: str,
        body: Mapping[str, object],
        issue_id: str,
        pacing: Pacing,
        params: dict[str, str] | None = None,
    ) -> Answer:
        name = self._site.source.name
        with ExitStack() as turns:
            turns.enter_context(self._each.slot(name))
            turns.enter_context(pacing.slot(name))
            self._per_issue.await_turn(issue_id)
            return self._site.client.request(method, path, params=params, json=body, repeatable=False)

    def is_noted(self, issue_id: str, mark: str) -> bool:
        path = f"{_path(issue_id)}/comment"
        answer = self._site.get(path, {"orderBy": "-created", "maxResults": COMMENTS}, accept=GONE)
        return answer.status == 200 and mark.encode() in answer.body

    def note(self, issue_id: str, text: str) -> None:
        lines = [[{"type": "text", "text": line}] if line else [] for line in text.splitlines()]
        doc = {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": line} for line in lines]}
        path = f"{_path(issue_id)}/comment"
        self._change("POST", path, {"body": doc}, issue_id, self._posts)


class _PerIssue:
    """Jira takes so many writes to one issue in so many seconds."""

    def __init__(self, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._clock = clock
        self._sleep = sleep
        self._sent: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=max(most for most, _ in PER_ISSUE)))
        self._lock = threading.Lock()

    def await_turn(self, issue_id: str) -> None:
        while True:
            with self._lock:
                sent, now = self._sent[issue_id], self._clock()
                waits = [sent[-most] + seconds - now for most, seconds in PER_ISSUE if len(sent) >= most]
                early = max(waits, default=0.0)
                if early <= 0:
                    sent.append(now)
                    return
            self._sleep(early)


# ------------------------------------------------------------------ helpers


def _path(issue_id: str) -> str:
    return f"{API}/issue/{quote(issue_id, safe='')}"


def _issues(answer: Answer) -> list[_Issue]:
    return _issues_in(answer.body)


def _issues_in(body: bytes | memoryview) -> list[_Issue]:
    """Of a bulk answer, or the one that answered for itself; of one that cannot be understood only that it is there."""
    try:
        found = _ISSUES.decode(body)
    except UNREADABLE:
        return []
    return [_read(raw) for raw in ([body] if found.id is not None else found.issues)]


def _read(raw: Raw | bytes | memoryview) -> _Issue:
    try:
        return _ISSUE.decode(raw)
    except UNREADABLE:
        return _Issue(native_id_of(raw) or "", {}, [], _EditMeta())


def _holds_any(body: bytes) -> bool:
    try:
        return any(one.havePermission for one in _PERMISSIONS.decode(body).permissions.values())
    except UNREADABLE:
        return False


def _open_questions(issue: _Issue, fields: Collection[str]) -> Iterator[tuple[_Issue, str, dict[str, str]]]:
    ways = issue.transitions
    if "status" in fields and (ways is None or any(w.has_screen and w.fields is None for w in ways)):
        yield issue, f"{_path(issue.id)}/transitions", {"expand": "transitions.fields"}
    if "priority" in fields and issue.editmeta is None:
        yield issue, f"{_path(issue.id)}/editmeta", {}


def _project(issue: _Issue) -> str:
    return str((issue.fields.get("project") or {}).get("id") or "")


def _filled(issue: _Issue) -> set[str]:
    return {name for name, value in issue.fields.items() if value not in (None, "", [], {})}


def _allowed(fields: Mapping[str, _Field]) -> tuple[NativeValue, ...]:
    priority = fields.get("priority")
    if priority is None:
        return ()
    known = [v for v in priority.allowed_values or () if v.get("id") is not None]
    return tuple(NativeValue(str(v["id"]), str(v.get("name") or "") or None) for v in known)


def _value(text: str, field: _Field) -> object:
    """A configured text as Jira's field takes it; None where the field has no such value."""
    wanted = text.casefold()
    value: object
    if field.allowed_values is not None:
        chosen = next(
            (
                v
                for v in field.allowed_values
                if wanted in {str(v.get(key) or "").casefold() for key in ("id", "name", "value", "key")}
            ),
            None,
        )
        if chosen is None:
            return None
        value = {"id": str(chosen["id"])} if "id" in chosen else chosen
    elif field.schema.type == "number" or field.schema.items == "number":
        try:
            value = float(text)
        except ValueError:
            return None
    elif "user" in (field.schema.type, field.schema.items):
        value = {"accountId": text}
    else:
        value = text
    return [value] if field.schema.type == "array" else value
