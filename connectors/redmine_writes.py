"""What may be changed in Redmine's issues, and changing it: one request for status and priority.

Redmine answers 204 to what it leaves undone: a status the workflow forbids, a field that is read-only for the role, the
priority of an issue that takes it from its subtasks. So what it allows is asked for before, and nothing is believed
until it is read back. Facts: Redmine's app/models/issue.rb (5.0.4), `safe_attributes=` and `new_statuses_allowed_to`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import msgspec
from msgspec import Struct

from connectors.contract import OFFERS, Page, Partition, Rights, Write
from connectors.http import Answer, Client, Pacing
from connectors.misfit import UNREADABLE
from model.change import Step
from model.config import SourceSettings
from model.errors import BadRecord
from model.plan import Offers

__all__ = ["RedmineWrites"]

LOOK = [("include", "journals,allowed_statuses,children,relations")]
COMPUTED = "it has subtasks: Redmine may take its priority from theirs, and then leaves it as it is"
CLOSED_TOO = (
    "#{duplicate} duplicates it: if this closes it, Redmine may close that one too, and undoing does not open it again"
)
LOUD = "Redmine mails its watchers: it cannot be told not to"
GONE = (403, 404)


class _Ref(Struct):
    id: int
    name: str = ""


class _Journal(Struct):
    notes: str | None = None


class _Relation(Struct):
    relation_type: str = ""
    issue_id: int = 0
    issue_to_id: int = 0


class _Issue(Struct):
    id: int
    status: _Ref | None = None
    priority: _Ref | None = None
    project: _Ref | None = None
    allowed_statuses: list[_Ref] = []
    children: list[Any] = []
    journals: list[_Journal] = []
    relations: list[_Relation] = []


class _One(Struct):
    issue: _Issue


class _Permissions(Struct):
    permissions: list[str] = []


class _Role(Struct):
    role: _Permissions


_ONE = msgspec.json.Decoder(_One)
_ROLE = msgspec.json.Decoder(_Role)


class RedmineWrites:
    """The writing half of a Redmine connector. Threads may share it."""

    writes_together = True

    def __init__(self, source: SourceSettings, client: Client, projects: Callable[[], Sequence[int] | None]) -> None:
        self._client = client
        self._projects = projects
        self._name = source.name
        # one at a time: each saves the tree of its subtasks too, and on SQLite a second writer is answered 500
        self._pacing = Pacing(source.writes_per_second, 1)

    def rights(self, user: Mapping[str, Any]) -> Rights:
        """By the roles the account has in its projects: a request for each of them."""
        if user.get("admin") is True:
            return Rights(["change status and priority of all issues, as the workflow allows"])
        projects: dict[int, set[str]] = {}
        for membership in user.get("memberships") or ():
            for role in membership.get("roles", ()):
                projects.setdefault(role["id"], set()).add(str(membership["project"].get("name")))
        may, missing = set[str](), set[str]()
        for id_, names in projects.items():
            answer = self._client.get(f"roles/{id_}.json", accept=GONE)
            permissions = _ROLE.decode(answer.body).role.permissions if answer.status == 200 else []
            (may if "edit_issues" in permissions else missing).update(names)
        missing -= may
        return Rights(
            [f"change status and priority in {_few(may)}, as the workflow allows"] if may else [],
            [f"permission “Edit issues” in {_few(missing)}: nothing can be pushed there"] if missing else [],
        )

    def look(self, ids: Sequence[str], fields: Collection[str], sent: Collection[str] = ()) -> list[Partition]:  # noqa: ARG002
        """One by one: Redmine's lists tell neither history nor what is allowed, an issue itself tells all."""
        return [Partition("issues", f"look at {id_}", {"look": id_}) for id_ in ids]

    def pages(self, partition: Partition, page: Callable[..., Page]) -> Iterator[Page]:
        """The same answer as a record, and as its history. An issue outside the configured projects holds neither."""
        answer = self._client.get(_path(str(partition.spec["look"])), LOOK, accept=GONE)
        if answer.status != 200 or self._is_outside(answer):
            yield page(OFFERS, answer, partition.key, last=True)
            return
        yield page("issues", answer, partition.key)
        yield page("issue_changes", answer, partition.key, last=True)

    def _is_outside(self, answer: Answer) -> bool:
        projects = self._projects()
        project = self._read(answer).project
        return projects is not None and (project is None or project.id not in projects)

    def offers(self, page: Page) -> Mapping[str, Offers]:
        """Pure. An answer that cannot be understood offers nothing."""
        if page.stream != "issues":
            return {}
        try:
            issue = _ONE.decode(page.body).issue
        except UNREADABLE:
            return {}
        start = str(issue.status.id) if issue.status else ""
        steps = [Step(start, str(s.id), end_name=s.name or None) for s in issue.allowed_statuses if str(s.id) != start]
        remarks = {"status": (*_closed_too(issue), LOUD), "priority": (COMPUTED, LOUD) if issue.children else (LOUD,)}
        return {str(issue.id): Offers(tuple(steps), None, remarks)}

    def values_now(self, issue_id: str) -> Mapping[str, str | None]:
        answer = self._client.get(_path(issue_id), accept=GONE)
        if answer.status != 200:
            return {}
        issue = self._read(answer)
        return {
            "status": str(issue.status.id) if issue.status else None,
            "priority": str(issue.priority.id) if issue.priority else None,
        }

    def request_of(self, write: Write) -> str:
        return f"PUT issues/{write.issue_id}.json {' '.join(write.steps)}"

    def send(self, write: Write) -> None:
        self._put(write.issue_id, {f"{name}_id": int(step.end) for name, step in write.steps.items()})

    def is_noted(self, issue_id: str, mark: str) -> bool:
        answer = self._client.get(_path(issue_id), [("include", "journals")], accept=GONE)
        return answer.status == 200 and any(mark in (j.notes or "") for j in self._read(answer).journals)

    def note(self, issue_id: str, text: str) -> None:
        self._put(issue_id, {"notes": text})

    def _put(self, issue_id: str, new: Mapping[str, object]) -> None:
        with self._pacing.slot(self._name):
            self._client.request("PUT", _path(issue_id), json={"issue": new}, repeatable=False)

    def _read(self, answer: Answer) -> _Issue:
        try:
            return _ONE.decode(answer.body).issue
        except UNREADABLE:
            raise BadRecord(f"{self._name}: {answer.request[:200]} brought no issue, as Redmine does") from None


def _closed_too(issue: _Issue) -> list[str]:
    """Redmine closes what duplicates an issue together with it (`close_duplicates`), unless an administrator has
    switched that off, which no API tells."""
    pairs = ((one.issue_id, one.issue_to_id) for one in issue.relations if one.relation_type == "duplicates")
    return [CLOSED_TOO.format(duplicate=duplicate) for duplicate, of in pairs if of == issue.id]


def _few(names: set[str]) -> str:
    first = ", ".join(sorted(names)[:5])
    return f"{first} and {len(names) - 5} more projects" if len(names) > 5 else first


def _path(issue_id: str) -> str:
    return f"issues/{quote(issue_id, safe='')}.json"
