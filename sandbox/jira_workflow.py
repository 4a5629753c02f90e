"""What may be done to an issue of the make-believe Jira Cloud: workflows with their screens, and what may be edited.

Odd as the real one: who may not write gets an empty list of transitions, not an error; two transitions may lead to one
status and there may be no direct way; a project may take fewer priorities than the site has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.jira_call import Call
from sandbox.jira_history import points_field
from sandbox.jira_records import RESOLUTIONS, Issue, Project

__all__ = ["Way", "allowed_priorities", "may_write", "meta_of", "open_to", "transitions_of", "ways"]

Json = dict[str, Any]
_COMPANY = [  # name, from (None: from everywhere), to, whether a resolution is demanded
    ("Start", "10000", "3", False), ("Ask for review", "3", "10001", False), ("Back to work", "10001", "3", False),
    ("Stop", "3", "10002", False), ("Go on", "10002", "3", False), ("Close", "10001", "10003", True),
    ("Reopen", "10003", "10000", False), ("Cancel", None, "10004", False), ("Take up again", "10004", "10000", False),
    ("Park", "3", "10007", False), ("Release", "10007", "3", False),
]  # fmt: skip
_SERVICE = [
    ("Start", "1", "3", False), ("Ask the customer", "3", "10006", False), ("Customer answered", "10006", "3", False),
    ("Resolve", "3", "10003", True), ("Close", "3", "10003", False), ("Reopen", "10003", "1", False),
    ("Cancel", None, "10004", False),
]  # fmt: skip


@dataclass(frozen=True)
class Way:
    """A transition of a project's workflow."""

    id: str
    name: str
    source: str | None
    target: str
    resolution: bool


def ways(project: Project) -> list[Way]:
    """Team-managed ones lead from everywhere to everywhere."""
    if project.team_managed:
        rows: list[tuple[str, str | None, str, bool]] = [(f"To {id_}", None, id_, False) for id_ in project.status_ids]
    else:
        rows = list(_SERVICE if project.kind == "service_desk" else _COMPANY)
    made = [Way(str(11 + 10 * n), *row) for n, row in enumerate(rows)]
    return [way for way in made if way.target in project.status_ids]


def may_write(call: Call, issue: Issue) -> bool:
    return call.login is not None and issue.project_id not in call.login.read_only


def open_to(call: Call, issue: Issue) -> list[Way]:
    if not may_write(call, issue):
        return []
    all_ways = ways(call.tracker.projects[issue.project_id])
    return [w for w in all_ways if w.source in (None, issue.status_id) and w.target != issue.status_id]


def transitions_of(call: Call, issue: Issue, *, whole: bool, only: str = "") -> list[Json]:
    """With what their screens demand, if `whole`."""
    return [_way(call, way, whole) for way in open_to(call, issue) if only in ("", way.id)]


def _way(call: Call, way: Way, whole: bool) -> Json:
    shown: Json = {
        "id": way.id, "name": way.name, "to": call.views.status(call.tracker.statuses[way.target]),
        "hasScreen": way.resolution, "isGlobal": way.source is None, "isInitial": False, "isConditional": False,
        "isAvailable": True, "looped": False,
    }  # fmt: skip
    if whole:
        shown["fields"] = {"resolution": _resolution_field(call)} if way.resolution else {}
    return shown


def _resolution_field(call: Call) -> Json:
    return {
        "required": True, "hasDefaultValue": False, "name": "Resolution", "key": "resolution", "operations": ["set"],
        "schema": {"type": "resolution", "system": "resolution"},
        "allowedValues": [call.views.resolution(id_) for id_ in RESOLUTIONS],
    }  # fmt: skip


def allowed_priorities(call: Call, project: Project) -> list[str]:
    """CRM has a scheme of its own, without the highest."""
    if not project.has_priority:
        return []
    return [id_ for id_ in call.tracker.priorities if project.key != "CRM" or id_ != "10100"]


def meta_of(call: Call, issue: Issue) -> Json:
    """As `editmeta` has it."""
    if not may_write(call, issue):
        return {"fields": {}}
    project = call.tracker.projects[issue.project_id]
    shown = {}
    for id_ in ("summary", "duedate", "labels", "description", "assignee", points_field(call.tracker, issue)):
        field = call.views.field(call.tracker.fields[id_])
        words = {"required": id_ == "summary", "name": field["name"], "key": id_, "operations": ["set"]}
        shown[id_] = words | {"schema": field["schema"], "hasDefaultValue": False}
    allowed = allowed_priorities(call, project)
    if allowed:
        shown["priority"] = {
            "required": False, "name": "Priority", "key": "priority", "operations": ["set"], "hasDefaultValue": True,
            "schema": {"type": "priority", "system": "priority"},
            "allowedValues": [call.views.priority(id_) for id_ in allowed],
        }  # fmt: skip
    return {"fields": shown}
