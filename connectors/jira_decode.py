"""Jira's answers as columns: pure, no network, no clock. What to ask of Jira stands in `connectors.jira`.

A page is decoded at once, by structs that name only what is kept; only if something in it does not fit is it gone
through record by record, and within an issue entry by entry, so that one bad worklog is a `Reject` and its issue lands.
How columns are made: `connectors.jira_columns`; what the structs are, and what stands before an answer: `jira_records`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from functools import lru_cache
from typing import Any, TypeVar

import msgspec
import pyarrow as pa
from msgspec import Raw, Struct

from connectors import jira_columns
from connectors.contract import Batch, Departure, Listing
from connectors.jira_columns import Found, arrow_table
from connectors.jira_fields import Customs, customs_of
from connectors.jira_records import (
    Account,
    Asked,
    ChangelogOf,
    Comment,
    Feed,
    Field,
    History,
    Issue,
    Link,
    Priority,
    Project,
    Sprint,
    Status,
    Type,
    Version,
    Worklog,
    asked_of,
    raws_of,
)
from connectors.misfit import UNREADABLE, Misfit, misfit_of, native_id_of
from connectors.reader import BUILDING, Body, Reader
from connectors.telling import split
from model.errors import BadRecord
from model.vocabulary import Availability, MilestoneState, ProjectState, SprintState, WordKind

__all__ = ["Decoder"]

S = TypeVar("S", bound=Struct)

IDENTITY_PROVIDER = "atlassian"
IN_TRASH = "in Jira's trash"
IN_ARCHIVE = "archived in Jira"
IN_FEED = "in Jira's feed of deleted worklogs"

_CATEGORIES = {"new": "todo", "indeterminate": "in_progress", "done": "done"}
_TOP = msgspec.json.Decoder(dict[str, Raw])


@dataclass(frozen=True)
class _Listed:
    """What is in a list: how it is read, its times, and the table it lands in where it stands within an issue."""

    reader: Reader[Any]
    times: tuple[str, ...] = ()
    table: str = ""


_LINKS = _Listed(Reader(Link), (), "issue_links")
_WORKLOGS = _Listed(Reader(Worklog), ("started", "created", "updated"), "worklogs")
_COMMENTS = _Listed(Reader(Comment), ("created",), "comments")
_HISTORIES = _Listed(Reader(History), ("created",), "issue_changes")
_WITHIN: tuple[tuple[tuple[str, ...], _Listed], ...] = (
    (("fields", "issuelinks"), _LINKS),
    (("fields", "worklog", "worklogs"), _WORKLOGS),
    (("fields", "comment", "comments"), _COMMENTS),
    (("changelog", "histories"), _HISTORIES),
)


class _Id(Struct, gc=False):
    id: str


class _Ids(Struct):
    issues: list[_Id]


class _Count(Struct):
    count: int


_IDS = msgspec.json.Decoder(_Ids)
_COUNT = msgspec.json.Decoder(_Count)
_FEED = msgspec.json.Decoder(Feed)
_CHANGELOG = msgspec.json.Decoder(ChangelogOf)
_ISSUE = msgspec.json.Decoder(Issue)  # works out all that stands in issues; those read have custom fields, too


@dataclass(frozen=True)
class _Understood:
    """What was asked, what its custom fields mean, and how its pages are read."""

    asked: Asked
    customs: Customs
    page: msgspec.json.Decoder[Any]
    issue: msgspec.json.Decoder[Any]


@lru_cache(maxsize=8)
def _understanding(told: bytes, story_points: str | None) -> _Understood:
    """The same for all pages of a run."""
    return _understand(asked_of(told, b""), story_points)


def _understand(asked: Asked, story_points: str | None) -> _Understood:
    customs = customs_of(asked.names, asked.schema, story_points)
    page = msgspec.defstruct("Page", [("issues", list[customs.issue])])  # type: ignore[name-defined]
    return _Understood(asked, customs, msgspec.json.Decoder(page), msgspec.json.Decoder(customs.issue))


@dataclass(frozen=True)
class Decoder:
    """Decodes the answers of one Jira. `story_points`: name or id of the field that holds them, where configured."""

    base_url: str
    story_points: str | None = None
    zone: tzinfo = UTC

    def decode(self, stream: str, body: bytes) -> Batch:
        """Columns of a page. Raises BadRecord."""
        told, answer = split(body)
        found = Found(stream)
        if stream == "issues":
            self._issues(answer, self._understood(told, body), found)
        elif stream == "issue_changes":
            _changelogs(answer, self._understood(told, body), found)
        elif stream in ("worklogs", "issue_worklogs", "issue_comments"):
            self._entries(answer, asked_of(told, body), found)
        elif stream == "words":
            _words(answer, asked_of(told, body), found)
        elif stream in _LISTS:
            _list(answer, self.base_url, found)
        else:
            raise BadRecord(f"there is no stream {stream} in Jira")
        return found.batch()

    def listing(self, stream: str, body: bytes) -> Listing:
        """Ids of a census page, or the total of a count. Raises BadRecord."""
        _, answer = split(body)
        try:
            ids = _IDS.decode(answer)
        except UNREADABLE:
            try:
                return Listing(total=_COUNT.decode(answer).count)
            except UNREADABLE:
                raise BadRecord(f"{stream}: expected ids of issues, or a count, in Jira's answer") from None
        return Listing(ids=pa.array([one.id for one in ids.issues], pa.string()))

    # ---- issues

    def _understood(self, told: bytes, body: bytes) -> _Understood:
        with BUILDING:  # one understanding for all threads, and never two built at once
            if told:
                return _understanding(told, self.story_points)
            return _understand(asked_of(told, body), self.story_points)

    def _issues(self, answer: memoryview, understood: _Understood, found: Found) -> None:
        asked, customs = understood.asked, understood.customs
        if asked.listing:
            _top(answer, found.stream)
            return
        try:
            listed = _in_scope(understood.page.decode(answer).issues, asked)
            self._land(listed, customs, found)
            found.seen = len(listed)
        except (*UNREADABLE, pa.ArrowException):
            apart = Found(found.stream)
            listed = _in_scope(list(_issues_apart(answer, understood, apart)), asked)
            self._land(listed, customs, apart)
            apart.seen = len(listed) + sum("/" not in (reject.native_id or "") for reject in apart.rejects)
            vars(found).update(vars(apart))

    def _land(self, listed: Sequence[Issue], customs: Customs, found: Found) -> None:
        jira_columns.issues(listed, customs, found, base_url=self.base_url, zone=self.zone)

    # ---- hours and comments

    def _entries(self, answer: memoryview, asked: Asked, found: Found) -> None:
        """Pages of worklogs or comments: of `worklog/list`, of an issue's cut list, and of the feeds that name them."""
        said = found.stream == "issue_comments"
        part: Body = answer
        if bytes(answer[:1]) != b"[":
            top = _top(answer, found.stream)
            key = "comments" if said else "worklogs"
            if key not in top:
                self._other_entries(top, answer, asked, found)
                return
            part = top[key]
        if said:
            _take(part, _COMMENTS, found, lambda entries: self._comments(entries, asked, found))
        else:
            _take(part, _WORKLOGS, found, lambda entries: self._worklogs(entries, asked, found))
        table = "comments" if said else "worklogs"
        if asked.issue is not None and asked.whole:
            if found.rejects:
                found.unread.add((table, asked.issue))
            found.whole(table, asked.issue)

    def _comments(self, entries: Sequence[Comment], asked: Asked, found: Found) -> None:
        jira_columns.comments([(asked.issue or "", entry) for entry in entries], found)

    def _worklogs(self, entries: Sequence[Worklog], asked: Asked, found: Found) -> None:
        """Those of the issues that are read: the feed names all that the account sees."""
        wanted = None if asked.issues is None else set(asked.issues)
        kept = [(asked.issue, entry) for entry in entries if wanted is None or entry.issue_id in wanted]
        jira_columns.worklogs(kept, found, self.zone)

    def _other_entries(self, top: dict[str, Raw], answer: memoryview, asked: Asked, found: Found) -> None:
        if "values" in top:
            try:
                feed = _FEED.decode(answer)
            except UNREADABLE:
                raise BadRecord(f"{found.stream}: expected a feed of worklogs in Jira's answer") from None
            if asked.deleted or "/worklog/deleted" in feed.self:
                found.seen = len(feed.values)
                found.departed["worklogs"] = [
                    Departure(str(entry.worklog_id), Availability.DELETED, IN_FEED) for entry in feed.values
                ]
        elif top.keys().isdisjoint(
            {"issues", "fields"}
        ):  # which issues are in the configured projects: it decides, and holds no record
            raise BadRecord(f"{found.stream}: expected worklogs or comments in Jira's answer")


# ------------------------------------------------------------------ issues one by one


def _in_scope(listed: list[Issue], asked: Asked) -> list[Issue]:
    if asked.projects is None:
        return listed
    wanted = set(asked.projects)
    return [issue for issue in listed if issue.fields.project is not None and issue.fields.project.id in wanted]


def _issues_apart(answer: memoryview, understood: _Understood, found: Found) -> Iterator[Issue]:
    """The issues of a page or a single one; what does not fit becomes a reject, be it an issue or an entry in it."""
    top = _top(answer, found.stream)
    if "issues" in top:
        raws = raws_of(found.stream, top["issues"])
    elif "fields" in top or "key" in top:
        raws = [Raw(bytes(answer))]
    else:
        raise BadRecord(f"{found.stream}: expected the key issues in Jira's answer")
    for raw in raws:
        try:
            record: Any = msgspec.json.decode(raw)
            if isinstance(record, dict) and not record.get("fields") and isinstance(record.get("id"), str):
                continue  # an id in a listing
            issue_id = record.get("id") if isinstance(record, dict) else None
            for path, kind in _WITHIN:
                _sift(record, path, str(issue_id), kind, found)
            issue = understood.issue.decode(msgspec.json.encode(record))
            _check_times(issue, understood.customs)
            yield issue
        except Misfit as misfit:
            found.reject(native_id_of(raw), misfit, bytes(raw))
        except UNREADABLE as error:
            found.reject(native_id_of(raw), misfit_of(error), bytes(raw))


def _sift(record: Any, path: Sequence[str], owner: str, kind: _Listed, found: Found) -> None:
    """Takes the entries that do not fit out of a list within an issue."""
    for key in path[:-1]:
        record = record.get(key) if isinstance(record, dict) else None
    entries = record.get(path[-1]) if isinstance(record, dict) else None
    if not isinstance(entries, list):
        return
    fit = []
    for entry in entries:
        raw = msgspec.json.encode(entry)
        try:
            _with_times(kind.reader.one(raw), kind.times)
        except (Misfit, *UNREADABLE) as error:
            misfit = error if isinstance(error, Misfit) else misfit_of(error)
            found.reject(f"{owner}/{native_id_of(raw) or path[-1]}", misfit, raw)
            found.unread.add((kind.table, owner))
            continue
        fit.append(entry)
    # A total beside the list counts what was taken out, too: it is no sign of a list that was cut.
    if len(fit) < len(entries) and isinstance(total := record.get("total"), int):
        record["total"] = total - (len(entries) - len(fit))
    record[path[-1]] = fit


def _check_times(issue: Issue, customs: Customs) -> None:
    fields = issue.fields
    for name in ("created", "updated", "resolutiondate"):
        _fits(jira_columns.times, getattr(fields, name), f"fields.{name}")
    _fits(jira_columns.days, fields.duedate, "fields.duedate")
    for id_ in customs.starts:
        _fits(jira_columns.days, getattr(fields, id_), f"fields.{id_}")


def _with_times(entry: S, names: Sequence[str]) -> S:
    for name in names:
        said = msgspec.structs.fields(entry)
        _fits(jira_columns.times, getattr(entry, name), next(f.encode_name for f in said if f.name == name))
    return entry


def _fits(read: Callable[[list[object]], pa.Array], value: object, field: str) -> None:
    try:
        read([value])
    except pa.ArrowException:
        what = "a time with its offset" if read is jira_columns.times else "a day"
        raise Misfit(field, f"expected {what}") from None


# ------------------------------------------------------------------ history


def _changelogs(answer: memoryview, understood: _Understood, found: Found) -> None:
    """The bulk answer, in which an issue's entries may be spread over pages."""
    asked, customs = understood.asked, understood.customs
    top = _top(answer, found.stream)
    if "issueChangeLogs" not in top:
        raise BadRecord(f"{found.stream}: expected the key issueChangeLogs in Jira's answer")
    histories: list[tuple[str, History]] = []
    owners = []
    for raw in raws_of(found.stream, top["issueChangeLogs"]):
        log = _changelog(raw, found)
        if log is not None:
            histories += [(log.issue_id, history) for history in log.change_histories or ()]
            owners.append(log.issue_id)
    try:
        jira_columns.changes(histories, customs, found)
    except pa.ArrowException:
        fit = [(owner, h) for owner, h in histories if _is_timed(owner, h, found)]
        jira_columns.changes(fit, customs, found)
    found.seen = found.tables["issue_changes"].num_rows if "issue_changes" in found.tables else 0
    found.seen += len(found.rejects)
    if asked.whole:
        for owner in owners:
            found.whole("issue_changes", owner)


def _changelog(raw: Raw, found: Found) -> ChangelogOf | None:
    """One issue's entries; those that do not fit become rejects."""
    try:
        return _CHANGELOG.decode(raw)
    except UNREADABLE as error:
        try:
            record: Any = msgspec.json.decode(raw)
            owner = str(record.get("issueId")) if isinstance(record, dict) else ""
            _sift(record, ("changeHistories",), owner, _HISTORIES, found)
            return _CHANGELOG.decode(msgspec.json.encode(record))
        except UNREADABLE:
            found.reject(None, misfit_of(error), bytes(raw))
            return None


def _is_timed(owner: str, history: History, found: Found) -> bool:
    try:
        _with_times(history, ("created",))
    except Misfit as misfit:
        found.reject(f"{owner}/{history.id}", misfit, msgspec.json.encode(history))
        found.unread.add(("issue_changes", owner))
        return False
    return True


# ------------------------------------------------------------------ lists


def _words(answer: memoryview, asked: Asked, found: Found) -> None:
    if asked.words not in _WORDS:
        raise BadRecord("words: expected to be told which list of Jira this is")
    kind = WordKind(asked.words)

    def land(entries: Sequence[Any]) -> None:
        found.tables["words"] = arrow_table(
            "words",
            {
                "native_id": [f"{kind.value}:{one.id}" for one in entries],
                "kind": [kind.value] * len(entries),
                "word_id": [one.id for one in entries],
                "name": [one.name for one in entries],
                "category": [_category(one) for one in entries],
                "position": list(range(len(entries))),  # Jira lists the most urgent priority first
                "level": [_level(one) for one in entries],
            },
        )

    _take(answer, _WORDS[asked.words], found, land, prefix=f"{kind.value}:")


def _category(word: Any) -> str | None:
    if isinstance(word, Status) and word.status_category is not None:
        return _CATEGORIES.get(word.status_category.key)
    return None


def _level(word: Any) -> int | None:
    if not isinstance(word, Type):
        return None
    return word.hierarchy_level if word.hierarchy_level is not None else -1 if word.subtask else 0


_WORDS = {
    WordKind.STATUS.value: _Listed(Reader(Status)),
    WordKind.PRIORITY.value: _Listed(Reader(Priority)),
    WordKind.TYPE.value: _Listed(Reader(Type)),
    WordKind.FIELD.value: _Listed(Reader(Field)),
}


def _list(answer: memoryview, base_url: str, found: Found) -> None:
    """A page bean, a bare array, or a single record."""
    part: Body = answer
    if bytes(answer[:1]) != b"[":
        top = _top(answer, found.stream)
        if "errorMessages" in top:  # a board without sprints says so with status 400
            return
        part = top["values"] if "values" in top else b"".join((b"[", answer, b"]"))
    listed, land = _LISTS[found.stream]
    _take(part, listed, found, lambda entries: land(entries, base_url, found))


def _projects(entries: Sequence[Project], base_url: str, found: Found) -> None:
    found.tables["projects"] = arrow_table(
        "projects",
        {
            "native_id": [one.id for one in entries],
            "key": [one.key for one in entries],
            "name": [one.name for one in entries],
            "description": [one.description or None for one in entries],
            "url": [f"{base_url}/browse/{one.key}" for one in entries],
            "lead_id": found.named(one.lead for one in entries),
            "native_state": [ProjectState.ARCHIVED if one.archived else ProjectState.ACTIVE for one in entries],
        },
    )
    gone = [Departure(one.id, Availability.DELETED, IN_TRASH) for one in entries if one.deleted]
    gone += [
        Departure(one.id, Availability.ARCHIVED, IN_ARCHIVE) for one in entries if one.archived and not one.deleted
    ]
    if gone:
        found.departed["projects"] = gone


def _accounts(entries: Sequence[Account], _base_url: str, found: Found) -> None:
    found.tables["accounts"] = arrow_table(
        "accounts",
        {
            "native_id": [one.account_id for one in entries],
            "name": [one.display_name or one.account_id for one in entries],
            "email": [one.email_address or None for one in entries],
            "active": [one.active for one in entries],
            "time_zone": [one.time_zone or None for one in entries],
            "identity_provider": [IDENTITY_PROVIDER] * len(entries),
        },
    )


def _sprints(entries: Sequence[Sprint], _base_url: str, found: Found) -> None:
    once = list({one.id: one for one in entries}.values())
    found.tables["sprints"] = arrow_table(
        "sprints",
        {
            "native_id": [str(one.id) for one in once],
            "name": [one.name for one in once],
            "state": [one.state for one in once],
            "goal": [one.goal or None for one in once],
            "start_at": [one.start_date or None for one in once],
            "end_at": [one.end_date or None for one in once],
            "completed_at": [one.complete_date or None for one in once],
        },
    )


def _milestones(entries: Sequence[Version], _base_url: str, found: Found) -> None:
    """An archived version takes no further issues; a released one was met, on the day it names."""
    found.tables["milestones"] = arrow_table(
        "milestones",
        {
            "native_id": [one.id for one in entries],
            "project_id": [None if one.project_id is None else str(one.project_id) for one in entries],
            "name": [one.name for one in entries],
            "description": [one.description or None for one in entries],
            "kind": ["version"] * len(entries),
            "state": [_state(one).value for one in entries],
            "start_on": [one.start_date or None for one in entries],
            "due_on": [one.release_date or None for one in entries],
            "released_on": [(one.release_date or None) if one.released else None for one in entries],
        },
    )


def _state(version: Version) -> MilestoneState:
    if version.released:
        return MilestoneState.CLOSED
    return MilestoneState.LOCKED if version.archived else MilestoneState.OPEN


_LISTS: dict[str, tuple[_Listed, Callable[[Any, str, Found], None]]] = {
    "projects": (_Listed(Reader(Project)), _projects),
    "accounts": (_Listed(Reader(Account)), _accounts),
    "sprints": (_Listed(Reader(Sprint), ("start_date", "end_date", "complete_date")), _sprints),
    "milestones": (_Listed(Reader(Version)), _milestones),
}


# ------------------------------------------------------------------ helpers


def _top(answer: memoryview, stream: str) -> dict[str, Raw]:
    try:
        return _TOP.decode(answer)
    except UNREADABLE:
        raise BadRecord(f"{stream}: expected a JSON object in Jira's answer") from None


def _take(
    part: Body,
    listed: _Listed,
    found: Found,
    land: Callable[[Sequence[Any]], None],
    *,
    prefix: str = "",
) -> None:
    """Lands a list at once; or, where something in it does not fit, those of its records that do."""
    raws = raws_of(found.stream, part)
    found.seen += len(raws)
    if not raws:
        return
    try:
        entries = listed.reader.many(part)
        if listed.reader.type in (Sprint, Version):
            for entry in entries:
                _check_entry(entry)
        land(entries)
    except (Misfit, *UNREADABLE, pa.ArrowException):
        fit = list(_fitting(raws, listed, found, prefix))
        if fit:
            land(fit)


def _fitting(raws: Sequence[Raw], listed: _Listed, found: Found, prefix: str) -> Iterator[Any]:
    for raw in raws:
        try:
            entry = listed.reader.one(raw)
            _check_entry(_with_times(entry, listed.times))
        except (Misfit, *UNREADABLE) as error:
            misfit = error if isinstance(error, Misfit) else misfit_of(error)
            native_id = native_id_of(raw)
            found.reject(native_id and f"{prefix}{native_id}", misfit, bytes(raw))
            continue
        yield entry


def _check_entry(entry: Struct) -> None:
    if isinstance(entry, Sprint) and entry.state not in set(SprintState):
        raise Misfit("state", f"expected one of {', '.join(SprintState)}")
    if isinstance(entry, Version):
        _fits(jira_columns.days, entry.start_date or None, "startDate")
        _fits(jira_columns.days, entry.release_date or None, "releaseDate")
