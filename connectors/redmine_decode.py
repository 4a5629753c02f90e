"""Redmine's answers as columns: pure, no network, no clock. What to ask of Redmine stands in `connectors.redmine`.

A list is decoded at once; only if something in it does not fit is it gone through record by record, so that one bad
record is a `Reject` and the others land. Facts about the records: `connectors.redmine_records`; about the meaning of
journals: Redmine's app/models/journal.rb and issue_relation.rb (5.0.4), read 2026-11-24.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec
import pyarrow as pa
from msgspec import Raw

from connectors.contract import Batch, Listing, Reject
from connectors.redmine_records import (
    ASKED_STATUS,
    HISTORY,
    ISSUES,
    JOURNALS,
    LINKED,
    PROJECTS,
    RELATIONS,
    TIME_ENTRIES,
    UNREADABLE,
    USERS,
    VERSIONS,
    CustomValue,
    Detail,
    Issue,
    Journal,
    Kind,
    Misfit,
    Project,
    Ref,
    TimeEntry,
    User,
    Version,
    Word,
    head_of,
    misfit_of,
    native_id_of,
    raws_of,
    top_of,
)
from model.columns import arrow_schema
from model.errors import BadRecord
from model.vocabulary import Evidence, LinkKind, LinkRelation, MilestoneState, ProjectState, WordKind, WorkOnBasis

__all__ = ["Decoder"]

T = TypeVar("T")
Row = tuple[object, ...]
SECONDS_PER_HOUR = 3600
SECONDS_PER_DAY = 86400

_PROJECT_STATES = {1: ProjectState.ACTIVE, 5: ProjectState.CLOSED, 9: ProjectState.ARCHIVED, 10: ProjectState.ARCHIVED}
_USER_ACTIVE = {1: True, 2: False, 3: False}  # registered ones wait for their activation

_STATUS = msgspec.json.Decoder(int)
_WORDS = {
    "issue_statuses": WordKind.STATUS,
    "issue_priorities": WordKind.PRIORITY,
    "trackers": WordKind.TYPE,
    "time_entry_activities": WordKind.ACTIVITY,
    "custom_fields": WordKind.FIELD,
}

# Redmine's word → our kind, and whether from and to change places (reverse names come from plugins only).
_LINKS = {
    "relates": (LinkKind.RELATES, False),
    "copied_to": (LinkKind.RELATES, False),
    "copied_from": (LinkKind.RELATES, True),
    "duplicates": (LinkKind.DUPLICATES, False),
    "duplicated": (LinkKind.DUPLICATES, True),
    "blocks": (LinkKind.BLOCKS, False),
    "blocked": (LinkKind.BLOCKS, True),
    "precedes": (LinkKind.PRECEDES, False),
    "follows": (LinkKind.PRECEDES, True),
}

_CHANGED_FIELDS = {
    "status_id": "status",
    "priority_id": "priority",
    "tracker_id": "type",
    "assigned_to_id": "assignee",
    "fixed_version_id": "milestone",
}

_COLUMNS: dict[str, tuple[str, ...]] = {
    "projects": (
        "native_id", "key", "name", "description", "url", "native_state", "created_at", "updated_at", "parent_id",
    ),
    "accounts": ("native_id", "name", "email", "active"),
    "account_mentions": ("native_id", "name"),
    "words": ("native_id", "kind", "word_id", "name", "category", "position"),
    "milestones": ("native_id", "project_id", "name", "description", "kind", "state", "due_on"),
    "issues": (
        "native_id", "key", "url", "project_id", "parent_id", "native_type", "title", "description", "native_status",
        "native_priority", "assignee_id", "reporter_id", "milestone_id", "labels", "components", "story_points",
        "percent_complete", "original_estimate_seconds", "time_spent_seconds", "start_on", "due_on", "created_at",
        "native_resolved_at", "updated_at", "custom", "native_type_id", "native_status_id", "native_priority_id",
    ),
    "issue_links": ("native_id", "kind", "native_kind", "relation", "lag_seconds", "from_issue_id", "to_issue_id"),
    "issue_changes": (
        "native_id", "issue_id", "account_id", "field", "from_native", "to_native", "changed_at", "evidence",
        "from_native_id", "to_native_id",
    ),
    "comments": ("native_id", "issue_id", "account_id", "created_at"),
    "worklogs": (
        "native_id", "issue_id", "project_id", "account_id", "work_on", "work_on_basis", "seconds", "activity",
        "comment", "created_at", "updated_at",
    ),
}  # fmt: skip


# ------------------------------------------------------------------ one page


@dataclass
class _Found:
    """What a page has said so far."""

    stream: str
    rows: dict[str, list[Row]] = field(default_factory=dict)
    mentions: dict[str, str] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)
    complete: dict[str, list[str]] = field(default_factory=dict)
    seen: int = 0

    def mention(self, who: Ref | None) -> str | None:
        """The account's id; its name is kept."""
        if who is None:
            return None
        native_id = str(who.id)
        if who.name:
            self.mentions[native_id] = who.name
        return native_id

    def reject(self, native_id: str | None, misfit: Misfit, record: bytes) -> None:
        self.rejects.append(Reject(self.stream, native_id, misfit.field, misfit.error, record))

    def batch(self) -> Batch:
        if self.mentions:
            self.rows["account_mentions"] = list(self.mentions.items())
        tables = {table: _arrow(table, rows) for table, rows in self.rows.items() if rows}
        return Batch(tables, tuple(self.rejects), self.complete, seen=self.seen)


@dataclass(frozen=True)
class Decoder:
    """Decodes the answers of one Redmine. `story_points`: name or id of the custom field that holds them."""

    base_url: str
    story_points: str | None = None

    def decode(self, stream: str, body: bytes) -> Batch:
        """Columns of a page. Raises BadRecord."""
        found, top = _Found(stream), top_of(stream, body)
        if stream == "words":
            _words(top, found)
        elif stream == "issue_changes":
            self._history(top, found)
        else:
            self._list(stream, top, found)
        return found.batch()

    def listing(self, stream: str, body: bytes) -> Listing:
        """Ids of a census page, or the total where one record was asked for to be told it."""
        head = head_of(stream, body)
        if head.limit == 1 or not body.strip():  # Redmine's 403 to who sees no hours anywhere: none
            if head.total is None:
                raise BadRecord(f"{stream}: expected the key total_count in Redmine's answer")
            return Listing(total=head.total)
        return Listing(ids=[str(id_) for id_ in head.ids if id_ is not None])

    def _list(self, stream: str, top: Mapping[str, Raw], found: _Found) -> None:
        if stream == "issues":
            _take(ISSUES, top, found, self._issue)
        elif stream == "issue_links":
            # Links alone: issues are landed by their own stream, which then follows their history.
            _take(LINKED, top, found, lambda issue, found: _relations(str(issue.id), issue.relations, found))
            found.seen = len(found.rows.get("issue_links", ())) + len(found.rejects)
        elif stream == "worklogs":
            _take(TIME_ENTRIES, top, found, _time_entry)
        elif stream == "projects":
            _take(PROJECTS, top, found, self._project)
        elif stream == "milestones":
            _take(VERSIONS, top, found, _version)
        elif stream == "accounts":
            asked = _STATUS.decode(top[ASKED_STATUS]) if ASKED_STATUS in top else None
            alone = "user" in top  # only active users are shown alone to those who are not told a status
            _take(USERS, top, found, lambda user, found: _user(user, found, asked or (1 if alone else None)))
        else:
            raise BadRecord(f"there is no stream {stream} in Redmine")

    def _issue(self, issue: Issue, found: _Found) -> None:
        native_id = str(issue.id)
        type_, status, priority = issue.tracker, issue.status, issue.priority
        row: Row = (
            native_id,
            f"#{native_id}",
            f"{self.base_url}/issues/{native_id}",
            _id(issue.project),
            _id(issue.parent),
            type_ and type_.name,
            issue.subject,
            issue.description,
            status and status.name,
            priority and priority.name,
            _id(issue.assigned_to),
            _id(issue.author),
            _id(issue.fixed_version),
            [],
            [issue.category.name] if issue.category else [],
            self._points(issue.custom_fields),
            issue.done_ratio,
            _seconds(issue.estimated_hours),
            _seconds(issue.spent_hours),
            issue.start_date,
            issue.due_date,
            issue.created_on,
            issue.closed_on,
            issue.updated_on,
            _custom(issue.custom_fields),
            _id(type_),
            _id(status),
            _id(priority),
        )
        found.rows.setdefault("issues", []).append(row)
        found.mention(issue.author)
        found.mention(issue.assigned_to)
        if issue.relations is not None:
            _relations(native_id, issue.relations, found)

    def _points(self, values: list[CustomValue] | None) -> float | None:
        wanted = self.story_points
        if wanted is None or not values:
            return None
        for custom in values:
            if str(custom.id) == wanted or custom.name.casefold() == wanted.casefold():
                if custom.value in (None, ""):
                    return None
                points = _finite(custom.value)
                if points is None:
                    raise Misfit("story_points", f"expected a number in custom field {custom.id}")
                return points
        return None

    def _project(self, project: Project, found: _Found) -> None:
        state = _PROJECT_STATES.get(project.status)
        if state is None:
            raise Misfit("status", f"expected one of {', '.join(map(str, _PROJECT_STATES))}")
        row: Row = (
            str(project.id),
            project.identifier,
            project.name,
            project.description,
            f"{self.base_url}/projects/{project.identifier}",
            state.value,
            project.created_on,
            project.updated_on,
            _id(project.parent),
        )
        found.rows.setdefault("projects", []).append(row)

    def _history(self, top: Mapping[str, Raw], found: _Found) -> None:
        """The journals of one issue, whole; its body is the issue itself, too."""
        if "issue" not in top:
            raise BadRecord("the history of an issue: expected the key issue")
        record = top["issue"]
        try:
            history = HISTORY.decode(record)
        except UNREADABLE as error:
            found.seen += 1
            native_id = native_id_of(record)
            found.reject(native_id and f"{native_id}/", misfit_of(error), bytes(record))
            return
        issue_id = str(history.id)
        try:
            self._issue(ISSUES.one(record), found)
        except Misfit as misfit:
            found.seen += 1
            found.reject(f"{issue_id}/issue", misfit, bytes(record))
        for raw in history.journals:
            try:
                _journal(issue_id, JOURNALS.one(raw), found)
            except Misfit as misfit:
                found.reject(f"{issue_id}/{native_id_of(raw) or 'journal'}", misfit, bytes(raw))
                found.seen += 1
        found.complete = {"issue_changes": [issue_id], "comments": [issue_id]}


def _take(kind: Kind[T], top: Mapping[str, Raw], found: _Found, take: Callable[[T, _Found], None]) -> None:
    """Hands each record of the page to `take`; those that do not fit become rejects."""
    if kind.many_key in top:
        raws: list[Raw] | None = None
        try:
            records: Iterable[T | Raw] = kind.many(top[kind.many_key])
        except UNREADABLE:
            records = raws = raws_of(found.stream, top[kind.many_key])
    elif kind.one_key in top:
        records = raws = [top[kind.one_key]]
    else:
        raise BadRecord(f"{found.stream}: expected the key {kind.many_key} or {kind.one_key} in Redmine's answer")
    for place, record in enumerate(records):
        found.seen += 1
        try:
            take(kind.one(record) if isinstance(record, Raw) else record, found)
        except Misfit as misfit:
            raws = raws or raws_of(found.stream, top[kind.many_key])
            found.reject(native_id_of(raws[place]), misfit, bytes(raws[place]))


# ------------------------------------------------------------------ rows


def _relations(issue_id: str, raws: Sequence[Raw], found: _Found) -> None:
    """Links of one issue. The list is complete only if all of it could be read."""
    whole = True
    for raw in raws:
        try:
            relation = RELATIONS.one(raw)
        except Misfit as misfit:
            whole = False
            found.reject(f"{issue_id}/{native_id_of(raw) or 'relation'}", misfit, bytes(raw))
            continue
        kind, reverse = _LINKS.get(relation.relation_type, (LinkKind.RELATES, False))
        ends = (str(relation.issue_id), str(relation.issue_to_id))
        precedes = kind is LinkKind.PRECEDES
        found.rows.setdefault("issue_links", []).append(
            (
                str(relation.id),
                kind.value,
                relation.relation_type,
                LinkRelation.FINISH_START.value if precedes else None,
                relation.delay * SECONDS_PER_DAY if precedes and relation.delay is not None else None,
                *(reversed(ends) if reverse else ends),
            )
        )
    if whole:
        found.complete.setdefault("issue_links", []).append(issue_id)


def _journal(issue_id: str, journal: Journal, found: _Found) -> None:
    who = found.mention(journal.user)
    times: dict[str, int] = {}
    for detail in journal.details:
        name = f"{journal.id}:{detail.property}:{detail.name}"
        times[name] = times.get(name, 0) + 1
        field_name, by_id = _changed_field(detail)
        old, new = _text(detail.old_value), _text(detail.new_value)
        values = (None, None, old, new) if by_id else (old, new, None, None)
        found.rows.setdefault("issue_changes", []).append(
            (
                f"{name}:{times[name]}",
                issue_id,
                who,
                field_name,
                *values[:2],
                journal.created_on,
                Evidence.REPORTED.value,
                *values[2:],
            )
        )
    found.seen += len(journal.details)
    if journal.notes and journal.notes.strip():
        found.rows.setdefault("comments", []).append((str(journal.id), issue_id, who, journal.created_on))


def _changed_field(detail: Detail) -> tuple[str, bool]:
    """The field's name here, and whether its values are ids.

    attr: our word where we have one, else Redmine's without `_id`; cf: `cf:<id>`; relation: `relation:<type>` with
    the other issue's id; attachment: `attachment` with the file's name.
    """
    name = str(detail.name)
    if detail.property == "attr":
        return _CHANGED_FIELDS.get(name, name.removesuffix("_id")), name.endswith("_id")
    if detail.property == "attachment":
        return "attachment", False
    return f"{detail.property}:{name}", detail.property == "relation"


def _time_entry(entry: TimeEntry, found: _Found) -> None:
    row: Row = (
        str(entry.id),
        _id(entry.issue),
        _id(entry.project),
        found.mention(entry.user),
        entry.spent_on,
        WorkOnBasis.TOOL.value,
        _seconds(entry.hours),
        entry.activity and entry.activity.name,
        entry.comments,
        entry.created_on,
        entry.updated_on,
    )
    found.rows.setdefault("worklogs", []).append(row)


def _version(version: Version, found: _Found) -> None:
    if version.status not in set(MilestoneState):
        raise Misfit("status", "expected open, locked or closed")
    row: Row = (
        str(version.id),
        _id(version.project),
        version.name,
        version.description,
        "version",
        version.status,
        version.due_date,
    )
    found.rows.setdefault("milestones", []).append(row)


def _user(user: User, found: _Found, asked_status: int | None) -> None:
    name = " ".join(part for part in (user.firstname, user.lastname) if part) or user.login
    if not name:
        raise Misfit("firstname", "expected a name")
    active = _USER_ACTIVE.get(user.status or asked_status or 0)
    found.rows.setdefault("accounts", []).append((str(user.id), name, user.mail or None, active))


def _words(top: Mapping[str, Raw], found: _Found) -> None:
    keys = [key for key in _WORDS if key in top]
    if not keys:
        raise BadRecord("words: expected a list of statuses, priorities, trackers, activities or fields")
    kind, raws = _WORDS[keys[0]], raws_of(found.stream, top[keys[0]])
    reader = Kind(Word, keys[0], "")
    words: list[tuple[int, Word]] = []
    for place, raw in enumerate(raws):
        found.seen += 1
        try:
            words.append((place, reader.one(raw)))
        except Misfit as misfit:
            native_id = native_id_of(raw)
            found.reject(native_id and f"{kind.value}:{native_id}", misfit, bytes(raw))
    opened = [word.id for _, word in words if word.is_closed is False]
    for place, word in words:
        category = None
        if kind is WordKind.STATUS:
            category = "done" if word.is_closed else "todo" if word.id in opened[:1] else "in_progress"
        # Redmine lists the least urgent priority first
        position = len(raws) - 1 - place if kind is WordKind.PRIORITY else place
        row: Row = (f"{kind.value}:{word.id}", kind.value, str(word.id), word.name, category, position)
        found.rows.setdefault("words", []).append(row)


def _id(ref: Ref | None) -> str | None:
    return None if ref is None else str(ref.id)


def _seconds(hours: float | None) -> int | None:
    return None if hours is None else round(hours * SECONDS_PER_HOUR)


def _finite(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _text(value: str | int | float | bool | None) -> str | None:
    return value if isinstance(value, str) or value is None else str(value)


def _custom(values: list[CustomValue] | None) -> str | None:
    """Custom fields by name, as JSON; fields without a value are left out, as Redmine adds and drops them unasked."""
    if not values:
        return None
    named: dict[str, Any] = {}
    for custom in values:
        value = [v for v in custom.value if v not in (None, "")] if isinstance(custom.value, list) else custom.value
        if value not in (None, "", []):
            named[custom.name if custom.name not in named else f"{custom.name} ({custom.id})"] = value
    return msgspec.json.encode(named).decode() if named else None


def _arrow(table: str, rows: list[Row]) -> pa.Table:
    schema = arrow_schema(table)
    given = dict(zip(_COLUMNS[table], zip(*rows, strict=True), strict=True))
    columns = [pa.array(given[f.name], type=f.type) if f.name in given else pa.nulls(len(rows), f.type) for f in schema]
    return pa.Table.from_arrays(columns, schema=schema)
