"""Columns of what Jira says of its issues: whole lists at once, one Python list per column, straight into Arrow.

Rows are never built: a page of a hundred issues is gone through once per column, which is what keeps decoding in the
shadow of the download. Times are put into UTC by Arrow, whole columns at a time; a column with a time that is none
raises `pa.ArrowInvalid`, and `connectors.jira_decode` then looks for the record that has it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec
import pyarrow as pa

from connectors.contract import Batch, Departure, Reject
from connectors.jira_adf import plain_text
from connectors.jira_fields import Customs
from connectors.jira_records import Comment, History, Issue, Link, SprintRef, User, Worklog
from connectors.misfit import Misfit
from model.columns import arrow_schema
from model.vocabulary import Evidence, LinkKind, LinkRelation, WorkOnBasis

__all__ = [
    "COMPLETED_BY",
    "Found",
    "arrow_table",
    "changes",
    "comments",
    "days",
    "issues",
    "times",
    "worklogs",
    "zone_of",
]

COMPLETED_BY = {"issue_changes": "issue_changes", "worklogs": "issue_worklogs", "comments": "issue_comments"}
"""Table of a list that Jira may cut → the stream that completes it."""

_ZONED = pa.timestamp("us", "UTC")
_NAIVE = pa.timestamp("us")
_MOST_SECONDS = 100_000_000_000  # a number above this is in milliseconds: as seconds it would be in the year 5138
_OLD_SPRINT = re.compile(r"\[(?:.*,)?id=(\d+)[,\]]")

# A link reads from the issue that has it, by the outward words of its type: ours, and whether both ends change places.
_LINKS = {
    "blocks": (LinkKind.BLOCKS, False),
    "is blocked by": (LinkKind.BLOCKS, True),
    "depends on": (LinkKind.BLOCKS, True),
    "is depended on by": (LinkKind.BLOCKS, False),
    "is depended by": (LinkKind.BLOCKS, False),
    "duplicates": (LinkKind.DUPLICATES, False),
    "is duplicated by": (LinkKind.DUPLICATES, True),
    "precedes": (LinkKind.PRECEDES, False),
    "is followed by": (LinkKind.PRECEDES, False),
    "has to be done before": (LinkKind.PRECEDES, False),
    "follows": (LinkKind.PRECEDES, True),
    "is preceded by": (LinkKind.PRECEDES, True),
    "has to be done after": (LinkKind.PRECEDES, True),
}
_GANTT = re.compile(r"gantt:? *(start|finish|end)(?: to |-)(start|finish|end)", re.IGNORECASE)

_CHANGED_FIELDS = {
    "issuetype": "type",
    "fixVersions": "milestone",
    "IssueParentAssociation": "parent",
    "Parent": "parent",
}
"""Jira's id of a changed field → our name for it, where it is another; others keep Jira's."""


# ------------------------------------------------------------------ one page


@dataclass
class Found:
    """What a page has said so far."""

    stream: str
    tables: dict[str, pa.Table] = field(default_factory=dict)
    mentions: dict[str, str] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)
    complete: dict[str, list[str]] = field(default_factory=dict)
    cut: dict[str, list[str]] = field(default_factory=dict)
    departed: dict[str, list[Departure]] = field(default_factory=dict)
    unread: set[tuple[str, str]] = field(default_factory=set)  # table, owner: something of the list did not fit
    seen: int = 0

    def reject(self, native_id: str | None, misfit: Misfit, record: bytes) -> None:
        self.rejects.append(Reject(self.stream, native_id, misfit.field, misfit.error, record))

    def whole(self, table: str, owner: str) -> None:
        """Notes that the list of this owner is all here, unless part of it did not fit."""
        if (table, owner) not in self.unread:
            self.complete.setdefault(table, []).append(owner)

    def settle(self, table: str, owner: str, listed: int, total: int | None, start: int | None = 0) -> bool:
        """Whether a list came whole, or was cut: by the total beside it, never by a number known beforehand."""
        if start or (total is not None and total > listed):
            self.cut.setdefault(COMPLETED_BY[table], []).append(owner)
            return False
        self.whole(table, owner)
        return True

    def named(self, users: Iterable[User | None]) -> list[str | None]:
        """Ids of these accounts; their names are kept."""
        ids: list[str | None] = []
        mentions = self.mentions
        for user in users:
            if user is None:
                ids.append(None)
                continue
            id_ = user.account_id or user.key or user.name or None
            ids.append(id_)
            if id_ and user.display_name:
                mentions[id_] = user.display_name
        return ids

    def batch(self) -> Batch:
        if self.mentions:
            columns = {"native_id": list(self.mentions), "name": list(self.mentions.values())}
            self.tables["account_mentions"] = arrow_table("account_mentions", columns)
        return Batch(self.tables, tuple(self.rejects), self.complete, self.cut, self.departed, self.seen)


def arrow_table(table: str, columns: Mapping[str, Sequence[object] | pa.Array]) -> pa.Table:
    """Landed columns of a table; those not given are null. Times and days are text, or arrays already.

    Raises pa.ArrowInvalid.
    """
    schema = arrow_schema(table)
    rows = len(columns["native_id"])
    arrays = []
    for column in schema:
        values = columns.get(column.name)
        if values is None:
            arrays.append(pa.nulls(rows, column.type))
        elif isinstance(values, pa.Array):
            arrays.append(values)
        elif pa.types.is_timestamp(column.type):
            arrays.append(times(values))
        elif pa.types.is_date(column.type):
            arrays.append(days(values))
        else:
            arrays.append(pa.array(values, type=column.type))
    return pa.Table.from_arrays(arrays, schema=schema)


def times(values: Sequence[object]) -> pa.Array:
    """Text such as 2026-03-02T09:14:55.120+0100, or numbers of seconds or milliseconds, as instants in UTC."""
    try:
        texts = pa.array(values, type=pa.string())
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        texts = pa.array([_iso(value) for value in values], type=pa.string())
    return texts.cast(_ZONED).view(_NAIVE)


def days(values: Sequence[object]) -> pa.Array:
    """Text such as 2026-03-31 as days."""
    return pa.array(values, type=pa.string()).cast(pa.date32())


def _iso(value: object) -> str | None:
    if not isinstance(value, int | float):
        return None if value is None else str(value)
    seconds = value / 1000 if abs(value) > _MOST_SECONDS else value
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        raise pa.ArrowInvalid("expected a time") from None


# ------------------------------------------------------------------ issues and what comes with them


def issues(listed: Sequence[Issue], customs: Customs, found: Found, *, base_url: str, zone: tzinfo) -> None:
    """Rows of issues, and of all that stands within them. Raises pa.ArrowInvalid."""
    if not listed:
        return
    tables = found.tables
    tables["issues"] = _issues(listed, customs, found, base_url)
    linked = _links(listed, found)
    if linked is not None:
        tables["issue_links"] = linked
    _sprints(listed, customs, found)
    histories: list[tuple[str, History]] = []
    booked: list[tuple[str | None, Worklog]] = []
    said: list[tuple[str, Comment]] = []
    for issue in listed:
        id_, fields = issue.id, issue.fields
        if issue.changelog is not None:
            log = issue.changelog
            entries = log.histories or ()
            # A history that was cut comes again as a whole, and perhaps with times less exact: one of both is landed.
            if found.settle("issue_changes", id_, len(entries), log.total, log.start_at):
                histories += [(id_, history) for history in entries]
        if fields.worklog is not None:
            hours = fields.worklog.worklogs or ()
            booked += [(id_, worklog) for worklog in hours]
            found.settle("worklogs", id_, len(hours), fields.worklog.total, fields.worklog.start_at)
        if fields.comment is not None:
            words = fields.comment.comments or ()
            said += [(id_, comment) for comment in words]
            found.settle("comments", id_, len(words), fields.comment.total, fields.comment.start_at)
    changes(histories, customs, found)
    worklogs(booked, found, zone)
    comments(said, found)


def _issues(listed: Sequence[Issue], customs: Customs, found: Found, base_url: str) -> pa.Table:
    fields = [issue.fields for issue in listed]
    keys = [issue.key for issue in listed]
    browse = f"{base_url}/browse/"
    return arrow_table(
        "issues",
        {
            "native_id": [issue.id for issue in listed],
            "key": keys,
            "url": [browse + key for key in keys],
            "project_id": [f.project and f.project.id for f in fields],
            "parent_id": _parents(listed, customs),
            "native_type": [f.issuetype and f.issuetype.name for f in fields],
            "title": [f.summary for f in fields],
            "description": [plain_text(f.description) for f in fields],
            "native_status": [f.status and f.status.name for f in fields],
            "native_priority": [f.priority and f.priority.name for f in fields],
            "resolution": [f.resolution and f.resolution.name for f in fields],
            "assignee_id": found.named(f.assignee for f in fields),
            "reporter_id": found.named(f.reporter for f in fields),
            "milestone_id": [f.fix_versions[0].id if f.fix_versions else None for f in fields],
            "labels": [f.labels or [] for f in fields],
            "components": [[one.name for one in f.components] if f.components else [] for f in fields],
            "story_points": [customs.first(customs.points, f) for f in fields],
            "original_estimate_seconds": [f.timeoriginalestimate for f in fields],
            "remaining_estimate_seconds": [f.timeestimate for f in fields],
            "time_spent_seconds": [f.timespent for f in fields],
            "start_on": [customs.first(customs.starts, f) for f in fields],
            "due_on": [f.duedate for f in fields],
            "created_at": [f.created for f in fields],
            "native_resolved_at": [f.resolutiondate for f in fields],
            "updated_at": [f.updated for f in fields],
            "custom": customs.custom(listed),
            "native_type_id": [f.issuetype and f.issuetype.id for f in fields],
            "native_status_id": [f.status and f.status.id for f in fields],
            "native_priority_id": [f.priority and f.priority.id for f in fields],
        },
    )


def _parents(listed: Sequence[Issue], customs: Customs) -> list[str | None]:
    return [issue.fields.parent.id if issue.fields.parent else _epic(issue, customs) for issue in listed]


def _epic(issue: Issue, customs: Customs) -> str | None:
    """The epic of old: a custom field with the epic's key, whose id stands in the history only."""
    if isinstance(issue.fields.epic, dict):
        id_ = issue.fields.epic.get("id")
        return None if id_ is None else str(id_)
    key = customs.first(customs.epics, issue.fields)
    if not isinstance(key, str) or issue.changelog is None:
        return None
    for history in issue.changelog.histories or ():
        for item in history.items or ():
            if item.field_id in customs.epics and item.to_text == key and item.to:
                return item.to
    return None


def _links(listed: Sequence[Issue], found: Found) -> pa.Table | None:
    """Each link once, though both of its issues have it: both tell the same row."""
    rows: dict[str, tuple[object, ...]] = {}
    for issue in listed:
        links = issue.fields.issuelinks
        if links is None:
            continue
        for link in links:
            other = link.outward_issue or link.inward_issue
            if other is None:
                found.unread.add(("issue_links", issue.id))
                found.reject(
                    f"{issue.id}/{link.id}", Misfit("outwardIssue", "expected the other end"), msgspec.json.encode(link)
                )
                continue
            rows[link.id] = _link(issue.id, other.id, link)
        found.whole("issue_links", issue.id)
    if not rows:
        return None
    names = ("native_id", "kind", "native_kind", "relation", "from_issue_id", "to_issue_id")
    return arrow_table("issue_links", dict(zip(names, zip(*rows.values(), strict=True), strict=True)))


def _link(issue_id: str, other_id: str, link: Link) -> tuple[object, ...]:
    ends = (issue_id, other_id) if link.outward_issue is not None else (other_id, issue_id)
    kind, reverse, relation = _kind_of(link.type.name, link.type.outward)
    return (link.id, kind, link.type.name, relation, *(reversed(ends) if reverse else ends))


@lru_cache(maxsize=1000)
def _kind_of(name: str, outward: str) -> tuple[str, bool, str | None]:
    """Our kind, whether both ends change places, and which ends of the work are tied."""
    kind, reverse = _LINKS.get(outward.casefold(), (LinkKind.RELATES, False))
    gantt = _GANTT.search(name)
    if gantt:
        ends = "".join("S" if end.casefold() == "start" else "F" for end in gantt.groups())
        return LinkKind.PRECEDES.value, reverse, LinkRelation(ends).value
    return kind.value, reverse, LinkRelation.FINISH_START.value if kind is LinkKind.PRECEDES else None


def _sprints(listed: Sequence[Issue], customs: Customs, found: Found) -> None:
    """Sprints an issue is or was in, as it has them now; when it came and went is in its history."""
    sprint_ids: list[str] = []
    issue_ids: list[str] = []
    for issue in listed:
        fields = issue.fields
        here = [str(ref) for id_ in customs.sprints for ref in map(_sprint_id, getattr(fields, id_) or ()) if ref]
        if fields.sprint is not None or fields.closed_sprints is not None:
            here += [str(ref.id) for ref in (*(fields.closed_sprints or ()), fields.sprint) if ref is not None]
        if customs.sprints or here:
            found.whole("sprint_issues", issue.id)
        for sprint_id in dict.fromkeys(here):
            sprint_ids.append(sprint_id)
            issue_ids.append(issue.id)
    if sprint_ids:
        native_ids = [f"{sprint}:{issue}" for sprint, issue in zip(sprint_ids, issue_ids, strict=True)]
        columns = {"native_id": native_ids, "sprint_id": sprint_ids, "issue_id": issue_ids}
        found.tables["sprint_issues"] = arrow_table("sprint_issues", columns)


def _sprint_id(value: SprintRef | str | int) -> int | str | None:
    if isinstance(value, SprintRef):
        return value.id
    if isinstance(value, str):  # as Java once wrote it: …Sprint@1f[id=37,rapidViewId=5,state=ACTIVE,name=…]
        old = _OLD_SPRINT.search(value)
        return old.group(1) if old else None
    return value


# ------------------------------------------------------------------ lists of issues


def changes(histories: Sequence[tuple[str, History]], customs: Customs, found: Found) -> None:
    """History, one row for each field of each entry. Raises pa.ArrowInvalid."""
    native_ids: list[str] = []
    issue_ids: list[str] = []
    accounts: list[str | None] = []
    names: list[str] = []
    changed_at: list[object] = []
    sides: tuple[list[str | None], ...] = ([], [], [], [])
    from_native, to_native, from_ids, to_ids = sides
    named = found.named([history.author for _, history in histories])
    roles = customs.roles
    for (issue_id, history), account in zip(histories, named, strict=True):
        times_of: dict[str, int] = {}
        for item in history.items or ():
            field_id = item.field_id or item.field
            number = times_of[field_id] = times_of.get(field_id, 0) + 1
            name = roles.get(field_id) or _CHANGED_FIELDS.get(field_id, field_id)
            native_ids.append(f"{history.id}:{field_id}:{number}")
            issue_ids.append(issue_id)
            accounts.append(account)
            names.append(name)
            changed_at.append(history.created)
            from_native.append(item.from_text or None)
            to_native.append(item.to_text or None)
            if name == "sprint":  # several at once: "37, 41"
                from_ids.append(item.from_.replace(" ", "") or None if item.from_ else None)
                to_ids.append(item.to.replace(" ", "") or None if item.to else None)
            else:
                from_ids.append(item.from_ or None)
                to_ids.append(item.to or None)
    if not native_ids:
        return
    found.tables["issue_changes"] = arrow_table(
        "issue_changes",
        {
            "native_id": native_ids,
            "issue_id": issue_ids,
            "account_id": accounts,
            "field": names,
            "from_native": from_native,
            "to_native": to_native,
            "changed_at": changed_at,
            "evidence": [Evidence.REPORTED.value] * len(native_ids),
            "from_native_id": from_ids,
            "to_native_id": to_ids,
        },
    )


def comments(said: Sequence[tuple[str, Comment]], found: Found) -> None:
    """Who said something when. Raises pa.ArrowInvalid."""
    if not said:
        return
    found.tables["comments"] = arrow_table(
        "comments",
        {
            "native_id": [comment.id for _, comment in said],
            "issue_id": [issue_id for issue_id, _ in said],
            "account_id": found.named([comment.author for _, comment in said]),
            "created_at": [comment.created for _, comment in said],
        },
    )


def worklogs(booked: Sequence[tuple[str | None, Worklog]], found: Found, zone: tzinfo) -> None:
    """Hours. Their project is that of their issue, which may move: it is not noted here. Raises pa.ArrowInvalid."""
    if not booked:
        return
    logs = [worklog for _, worklog in booked]
    on = [_own_day(log, zone) for log in logs]
    found.tables["worklogs"] = arrow_table(
        "worklogs",
        {
            "native_id": [log.id for log in logs],
            "issue_id": [issue_id or log.issue_id for issue_id, log in booked],
            "account_id": found.named([log.author for log in logs]),
            "started_at": [log.started for log in logs],
            "work_on": pa.array([day for day, _ in on], pa.date32()),
            "work_on_basis": [basis for _, basis in on],
            "seconds": [log.time_spent_seconds for log in logs],
            "comment": [plain_text(log.comment) for log in logs],
            "created_at": [log.created for log in logs],
            "updated_at": [log.updated for log in logs],
        },
    )


_ACCOUNT_ZONE, _HUB_ZONE = WorkOnBasis.ACCOUNT_ZONE.value, WorkOnBasis.HUB_ZONE.value
_moment: Callable[[str], datetime] = datetime.fromisoformat


def _own_day(worklog: Worklog, hub_zone: tzinfo) -> tuple[date, str]:
    """The author's own day. The offset in the text is that of whoever asks, and says nothing of the author."""
    zone = zone_of(worklog.author.time_zone) if worklog.author is not None else None
    try:
        at = _moment(worklog.started)
        own = at.astimezone(zone or hub_zone).date()
    except (ValueError, OverflowError):
        raise pa.ArrowInvalid("expected a time") from None
    return own, _HUB_ZONE if zone is None else _ACCOUNT_ZONE


@lru_cache(maxsize=1000)
def zone_of(name: str | None) -> ZoneInfo | None:
    """The time zone of that name, None where there is none such."""
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None
