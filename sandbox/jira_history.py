"""How a changed field stands in Jira's history: display name, id, values as ids and as the words of that time.

Odd as the real one: times spent and estimates are seconds as text, sprints are comma lists, a parent's entry has no
field id, several versions give several items, and story points go by the name the field has in that kind of project.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any

from sandbox.jira_records import (
    EFFORT,
    FLAGGED,
    NOTES,
    POINTS_COMPANY,
    POINTS_TEAM,
    RESOLUTIONS,
    SPRINT,
    START,
    Issue,
    Item,
    Link,
)

if TYPE_CHECKING:
    from sandbox.jira_tracker import Tracker

__all__ = ["items_of", "link_item", "number_text", "points_field"]

Pair = tuple[str | None, str | None]
NOTHING: Pair = (None, None)


def items_of(tracker: Tracker, issue: Issue, new: dict[str, Any]) -> list[Item]:
    """One item or more for each field that changes; `issue` still holds the old values."""
    items: list[Item] = []
    for name in sorted(new):
        old, value = getattr(issue, name), new[name]
        if name in ("version_ids", "component_ids"):
            items += _one_each(tracker, name, old, value)
            continue
        label, field_id, custom, show = _field(tracker, issue, name)
        items.append(Item(label, field_id, custom, *show(old), *show(value)))
    return items


def link_item(tracker: Tracker, link: Link, one: int, other_key: str, *, made: bool) -> Item:
    kind = tracker.link_types[link.type_id]
    words = kind.outward if one == link.from_id else kind.inward
    side: Pair = (other_key, f"This issue {words} {other_key}")
    return Item("Link", "issuelinks", False, *(NOTHING if made else side), *(side if made else NOTHING))


def points_field(tracker: Tracker, issue: Issue) -> str:
    return POINTS_TEAM if tracker.projects[issue.project_id].team_managed else POINTS_COMPANY


def number_text(value: float | None) -> str | None:
    """A whole number without a point, as Jira writes it."""
    return None if value is None else str(int(value)) if value == int(value) else str(value)


def _one_each(tracker: Tracker, name: str, old: list[str], new: list[str]) -> list[Item]:
    label, field_id = ("Fix Version", "fixVersions") if name == "version_ids" else ("Component", "components")
    known: dict[str, Any] = tracker.versions if name == "version_ids" else tracker.components

    def side(id_: str) -> Pair:
        return id_, known[id_].name if id_ in known else None

    gone = [Item(label, field_id, False, *side(id_), *NOTHING) for id_ in old if id_ not in new]
    return gone + [Item(label, field_id, False, *NOTHING, *side(id_)) for id_ in new if id_ not in old]


def _field(tracker: Tracker, issue: Issue, name: str) -> tuple[str, str | None, bool, Callable[[Any], Pair]]:
    if name == "points":
        id_ = points_field(tracker, issue)
        return tracker.fields[id_].name, id_, True, _number
    if name in _CUSTOM:
        id_, show = _CUSTOM[name]
        shown = _sprints(tracker) if name == "sprint_ids" else show
        return tracker.fields[id_].name, id_, True, shown
    if name in _NAMED:
        label, words = _NAMED[name]
        return label, label, False, lambda id_: NOTHING if id_ is None else (id_, words(tracker, id_))
    if name == "parent_id":
        return "IssueParentAssociation", None, False, _parent(tracker)
    label, show = _PLAIN[name]
    return label, label, False, show


def _sprints(tracker: Tracker) -> Callable[[list[int]], Pair]:
    return lambda ids: (", ".join(map(str, ids)), ", ".join(tracker.sprints[id_].name for id_ in ids))


def _parent(tracker: Tracker) -> Callable[[int | None], Pair]:
    return lambda id_: NOTHING if id_ not in tracker.issues else (str(id_), tracker.issues[id_ or 0].key)


def _number(value: float | None) -> Pair:
    return None, number_text(value) or ""


def _seconds(value: int | None) -> Pair:
    return number_text(value), number_text(value)


def _day(value: date | None) -> Pair:
    return NOTHING if value is None else (value.isoformat(), f"{value.isoformat()} 00:00:00.0")


_CUSTOM: dict[str, tuple[str, Callable[[Any], Pair]]] = {
    "sprint_ids": (SPRINT, lambda _: NOTHING),
    "start_on": (START, _day),
    "effort": (EFFORT, _number),
    "flagged": (FLAGGED, lambda on: ("[10019]", "Impediment") if on else ("", "")),
    "notes": (NOTES, lambda text: (None, text)),
}
_NAMED: dict[str, tuple[str, Callable[[Tracker, str], str]]] = {
    "status_id": ("status", lambda t, id_: t.statuses[id_].name),
    "priority_id": ("priority", lambda t, id_: t.priorities[id_].name),
    "type_id": ("issuetype", lambda t, id_: t.types[id_].name),
    "resolution_id": ("resolution", lambda _, id_: RESOLUTIONS[id_]),
    "assignee": ("assignee", lambda t, id_: t.users[id_].name),
    "reporter": ("reporter", lambda t, id_: t.users[id_].name),
}
_PLAIN: dict[str, tuple[str, Callable[[Any], Pair]]] = {
    "summary": ("summary", lambda text: (None, text)),
    "description": ("description", lambda text: (None, text)),
    "labels": ("labels", lambda labels: ("", " ".join(labels))),
    "due_on": ("duedate", _day),
    "estimate_seconds": ("timeoriginalestimate", _seconds),
    "remaining_seconds": ("timeestimate", _seconds),
}
