"""Redmine's records as typed structs, read from bytes; what they mean in columns stands in `connectors.redmine_decode`.

The structs name only what is kept; unknown keys are ignored. Redmine 1.x and 2.x wrote dates with slashes; they are
understood too. Facts: Redmine's own API views (app/views/**/*.api.rsb of 5.0.4) and the OpenAPI description of 6.1.3
(d-yoshi/redmine-openapi), read 2026-11-24.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from msgspec import Meta, Raw, Struct

from connectors.misfit import UNREADABLE, Misfit, misfit_of, native_id_of
from connectors.reader import Reader
from model.errors import BadRecord

__all__ = [
    "ASKED_STATUS",
    "HISTORY",
    "ISSUES",
    "JOURNALS",
    "LINKED",
    "LISTS",
    "PROJECTS",
    "RELATIONS",
    "TIME_ENTRIES",
    "UNREADABLE",
    "USERS",
    "VERSIONS",
    "CustomValue",
    "Detail",
    "Head",
    "History",
    "Issue",
    "Journal",
    "Kind",
    "Linked",
    "Misfit",
    "Project",
    "Ref",
    "Relation",
    "TimeEntry",
    "User",
    "Version",
    "Word",
    "head_of",
    "misfit_of",
    "native_id_of",
    "raws_of",
    "top_of",
    "without_keys",
]

ASKED_STATUS = "asked_status"
"""Beside a list of users: the status it was asked for, since up to 5.0 the users in it do not tell."""

LISTS = {
    "projects": ("projects", "project"),
    "accounts": ("users", "user"),
    "milestones": ("versions", "version"),
    "issues": ("issues", "issue"),
    "issue_links": ("issues", "issue"),
    "worklogs": ("time_entries", "time_entry"),
}
"""Stream → key of its lists, key of one record."""

T = TypeVar("T")
At = Annotated[datetime, Meta(tz=True)]
RefId = int | Annotated[str, Meta(pattern="^[0-9]+$")]
Hours = Annotated[float, Meta(ge=-1_000_000, le=1_000_000)]
Days = Annotated[int, Meta(ge=-1_000_000, le=1_000_000)]
_OLD_DATE = re.compile(r"(\d{4})/(\d\d)/(\d\d)(?: (\d\d:\d\d:\d\d) ([+-]\d\d):?(\d\d))?")
_DATED = frozenset({"start_date", "due_date", "spent_on", "created_on", "updated_on", "closed_on"})
_TOP = msgspec.json.Decoder(dict[str, Raw])
_RAWS = msgspec.json.Decoder(list[Raw])


# ------------------------------------------------------------------ records as Redmine writes them


class Ref(Struct, gc=False):
    id: RefId
    name: str = ""


class CustomValue(Struct, gc=False):
    id: int
    name: str
    value: Any = None


class Issue(Struct):
    id: int
    subject: str
    project: Ref | None = None
    tracker: Ref | None = None
    status: Ref | None = None
    priority: Ref | None = None
    author: Ref | None = None
    assigned_to: Ref | None = None
    category: Ref | None = None
    fixed_version: Ref | None = None
    parent: Ref | None = None
    description: str | None = None
    start_date: date | None = None
    due_date: date | None = None
    done_ratio: float | None = None
    estimated_hours: Hours | None = None
    spent_hours: Hours | None = None
    custom_fields: list[CustomValue] | None = None
    created_on: At | None = None
    updated_on: At | None = None
    closed_on: At | None = None
    relations: list[Raw] | None = None  # None: not asked for


class Linked(Struct):
    id: int
    relations: list[Raw] = []


class Relation(Struct, gc=False):
    id: int
    issue_id: int
    issue_to_id: int
    relation_type: str
    delay: Days | None = None


class Detail(Struct, gc=False):
    property: str
    name: str | int
    old_value: str | int | float | bool | None = None
    new_value: str | int | float | bool | None = None


class Journal(Struct):
    id: int
    created_on: At
    user: Ref | None = None
    notes: str | None = None
    details: list[Detail] = []


class History(Struct):
    id: int
    journals: list[Raw] = []


class TimeEntry(Struct):
    id: int
    hours: Hours
    spent_on: date
    project: Ref | None = None
    issue: Ref | None = None
    user: Ref | None = None
    activity: Ref | None = None
    comments: str | None = None
    created_on: At | None = None
    updated_on: At | None = None


class Project(Struct):
    id: int
    name: str
    identifier: str
    description: str | None = None
    status: int = 1
    parent: Ref | None = None
    created_on: At | None = None
    updated_on: At | None = None


class Version(Struct):
    id: int
    name: str
    status: str
    project: Ref | None = None
    description: str | None = None
    due_date: date | None = None


class User(Struct):
    id: int
    login: str = ""
    firstname: str = ""
    lastname: str = ""
    mail: str | None = None
    status: int | None = None


class Word(Struct):
    id: int
    name: str
    is_closed: bool | None = None


class _AnyId(Struct, gc=False):
    id: Any = None


# ------------------------------------------------------------------ reading


class Kind(Generic[T]):
    """How records of one type are read from JSON."""

    def __init__(self, type_: type[T], many: str, one: str) -> None:
        self.many_key = many
        self.one_key = one
        self._reader = Reader(type_)

    def many(self, raw: Raw) -> list[T]:
        """Raises one of UNREADABLE if any of them does not fit."""
        return self._reader.many(raw)

    def one(self, raw: Raw | bytes) -> T:
        """Raises Misfit."""
        try:
            return self._reader.one(raw)
        except UNREADABLE as error:
            try:
                return self._reader.one(msgspec.json.encode(_modern(msgspec.json.decode(raw))))
            except UNREADABLE:
                raise misfit_of(error) from None


ISSUES = Kind(Issue, *LISTS["issues"])
TIME_ENTRIES = Kind(TimeEntry, *LISTS["worklogs"])
PROJECTS = Kind(Project, *LISTS["projects"])
VERSIONS = Kind(Version, *LISTS["milestones"])
USERS = Kind(User, *LISTS["accounts"])
JOURNALS = Kind(Journal, "journals", "journal")
LINKED = Kind(Linked, *LISTS["issues"])
RELATIONS = Kind(Relation, "relations", "relation")
HISTORY = msgspec.json.Decoder(History)
_ANY_IDS = msgspec.json.Decoder(list[_AnyId])
_INTEGER = msgspec.json.Decoder(int)


@dataclass(frozen=True)
class Head:
    """What paging must know of a page: ids in order (None: unreadable), the tool's total and its real limit."""

    ids: Sequence[int | None] = ()
    total: int | None = None
    limit: int | None = None


def head_of(stream: str, body: bytes) -> Head:
    """Reads the counters and ids of a list. Raises BadRecord if it is none; an empty body is an empty list."""
    if not body.strip():
        return Head(total=0)
    top = top_of(stream, body)
    key = LISTS[stream][0]
    if key not in top:
        raise BadRecord(f"{stream}: expected the key {key} in Redmine's answer")
    try:
        ids = [record.id for record in _ANY_IDS.decode(top[key])]
    except UNREADABLE:
        ids = [_number(native_id_of(raw)) for raw in raws_of(stream, top[key])]
    return Head(
        ids=[id_ if type(id_) is int else None for id_ in ids],
        total=_number(top.get("total_count")),
        limit=_number(top.get("limit")),
    )


def without_keys(body: bytes, asked_status: int | None = None) -> bytes:
    """A body of users without their API keys, which Redmine shows to administrators and to each user himself.

    All else stays as received. `asked_status` is written beside a list, see `ASKED_STATUS`.
    """
    top = top_of("accounts", body)
    clean: dict[str, object] = dict(top)
    if "user" in top:
        clean["user"] = _without_key(top["user"])
    if "users" in top:
        clean["users"] = [_without_key(raw) for raw in raws_of("accounts", top["users"])]
        if asked_status is not None:
            clean[ASKED_STATUS] = asked_status
    return msgspec.json.encode(clean)


def _without_key(raw: Raw) -> object:
    try:
        user = _TOP.decode(raw)
    except UNREADABLE:
        return raw
    user.pop("api_key", None)
    return user


def top_of(stream: str, body: bytes) -> dict[str, Raw]:
    try:
        return _TOP.decode(body)
    except UNREADABLE:
        raise BadRecord(f"{stream}: expected a JSON object in Redmine's answer") from None


def raws_of(stream: str, raw: Raw) -> list[Raw]:
    try:
        return _RAWS.decode(raw)
    except UNREADABLE:
        raise BadRecord(f"{stream}: expected a list in Redmine's answer") from None


def _number(raw: Raw | str | None) -> int | None:
    if raw is None:
        return None
    try:
        return _INTEGER.decode(raw)
    except UNREADABLE:
        return None


def _modern(value: Any) -> Any:
    """The dates of Redmine 1.x and 2.x (2011/01/31, 2011/01/31 11:11:07 -0800) as those of today."""
    if isinstance(value, dict):
        return {key: _modern(one) if key in _DATED else one for key, one in value.items()}
    old = _OLD_DATE.fullmatch(value) if isinstance(value, str) else None
    if old is None:
        return value
    year, month, day, clock, hours, minutes = old.groups()
    return f"{year}-{month}-{day}" + (f"T{clock}{hours}:{minutes}" if clock else "")
