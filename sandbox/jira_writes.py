"""Routes of the make-believe Jira Cloud that change an issue: its transitions, what may be edited, the edit itself.

Odd as the real one: who may not write gets an empty list of transitions, not an error; two transitions may lead to one
status and there may be no direct way; a resolution is taken only where the screen has it; a transition in an edit is
ignored; a priority that the site knows may be refused by the project. Successes answer 204 and nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sandbox.jira_adf import plain
from sandbox.jira_call import NO_ISSUE, Call, Problem
from sandbox.jira_history import points_field
from sandbox.jira_issues import one_issue
from sandbox.jira_records import RESOLUTIONS, Issue, Project

__all__ = ["WRITE_ROUTES", "Way", "ways"]

Json = dict[str, Any]
INVALID_STATE = (
    "It seems that you have tried to perform a workflow operation ({}) that is not valid for the current state of "
    "this issue ({}). The likely cause is that somebody has changed the issue recently."
)
NOT_ON_SCREEN = "Field '{0}' cannot be set. It is not on the appropriate screen, or unknown."
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


def _found(call: Call, name: str) -> Issue:
    issue = call.tracker.find(name)
    if issue is None or not call.tracker.sees_issue(call.login, issue):
        raise Problem(404, NO_ISSUE)
    return issue


def _may_write(call: Call, issue: Issue) -> bool:
    return call.login is not None and issue.project_id not in call.login.read_only


def _open_to(call: Call, issue: Issue) -> list[Way]:
    if not _may_write(call, issue):
        return []
    all_ways = ways(call.tracker.projects[issue.project_id])
    return [w for w in all_ways if w.source in (None, issue.status_id) and w.target != issue.status_id]


def transitions(call: Call, name: str) -> Json:
    issue = _found(call, name)
    whole = "transitions.fields" in call.words("expand")
    wanted = call.text("transitionId")
    shown = [_way(call, way, whole) for way in _open_to(call, issue) if wanted in ("", way.id)]
    return {"expand": "transitions", "transitions": shown}


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


def transit(call: Call, name: str) -> None:
    issue = _found(call, name)
    asked = str((call.body.get("transition") or {}).get("id", ""))
    if not asked.isdigit():
        raise Problem(400, "'transition' identifier must be an integer")
    known = {way.id: way for way in ways(call.tracker.projects[issue.project_id])}
    open_to = {way.id: way for way in _open_to(call, issue)}
    if asked not in open_to:
        if asked in known and _may_write(call, issue):
            raise Problem(400, INVALID_STATE.format(known[asked].name, issue.key))
        raise Problem(400, f"Transition id '{asked}' is not valid for this issue.")
    new = _screen(open_to[asked], call.body.get("fields") or {})
    call.tracker.edit(issue.id, by=_account(call), status_id=open_to[asked].target, **new)


def _screen(way: Way, given: Json) -> dict[str, Any]:
    """What the transition's screen takes; anything else makes the whole call a 400."""
    for field in given:
        if field != "resolution" or not way.resolution:
            raise _wrong(field, NOT_ON_SCREEN.format(field))
    if not way.resolution:
        return {}
    id_ = str((given.get("resolution") or {}).get("id", ""))
    if not id_:
        raise _wrong("resolution", "Resolution is required.")
    if id_ not in RESOLUTIONS:
        raise _wrong("resolution", "The resolution selected is invalid.")
    return {"resolution_id": id_}


def _wrong(field: str, message: str, status: int = 400) -> Problem:
    problem = Problem(status)
    problem.body["errors"][field] = message
    return problem


def _account(call: Call) -> str:
    return call.login.account_id if call.login else ""


# ------------------------------------------------------------------ editing


def _priorities(call: Call, project: Project) -> list[str]:
    """CRM has a scheme of its own, without the highest."""
    if not project.has_priority:
        return []
    return [id_ for id_ in call.tracker.priorities if project.key != "CRM" or id_ != "10100"]


def edit_meta(call: Call, name: str) -> Json:
    issue = _found(call, name)
    if not _may_write(call, issue):
        return {"fields": {}}
    project = call.tracker.projects[issue.project_id]
    shown = {}
    for id_ in ("summary", "duedate", "labels", "description", "assignee", points_field(call.tracker, issue)):
        field = call.views.field(call.tracker.fields[id_])
        words = {"required": id_ == "summary", "name": field["name"], "key": id_, "operations": ["set"]}
        shown[id_] = words | {"schema": field["schema"], "hasDefaultValue": False}
    allowed = _priorities(call, project)
    if allowed:
        shown["priority"] = {
            "required": False, "name": "Priority", "key": "priority", "operations": ["set"], "hasDefaultValue": True,
            "schema": {"type": "priority", "system": "priority"},
            "allowedValues": [call.views.priority(id_) for id_ in allowed],
        }  # fmt: skip
    return {"fields": shown}


def edit(call: Call, name: str) -> Json | None:
    issue = _found(call, name)
    if not _may_write(call, issue):
        raise Problem(403, "You do not have permission to edit issues in this project.")
    if call.text("notifyUsers") == "false" and not (call.login and call.login.admin):
        raise Problem(403, "To discard the user notification either admin or project admin permissions are required.")
    given = call.body.get("fields")
    if not isinstance(given, dict) or not given:
        raise Problem(400, "one of 'fields' or 'update' required")
    new = dict(_value(call, issue, field, value) for field, value in given.items())
    call.tracker.edit(issue.id, by=_account(call), **new)
    return one_issue(call, name) if call.text("returnIssue") == "true" else None


def _value(call: Call, issue: Issue, field: str, value: Any) -> tuple[str, Any]:
    """The record's own name of a field, and the value for it."""
    if field == "priority":
        id_ = str((value or {}).get("id", ""))
        allowed = _priorities(call, call.tracker.projects[issue.project_id])
        if not allowed:
            raise _wrong(field, NOT_ON_SCREEN.format(field))
        if id_ not in allowed:
            raise _wrong(field, "The priority selected is invalid.")
        return "priority_id", id_
    if field == "description":
        if value is not None and not (isinstance(value, dict) and value.get("type") == "doc"):
            raise _wrong(field, "Operation value must be an Atlassian Document (see the Atlassian Document Format)")
        return "description", None if value is None else plain(value)
    if field == "assignee":
        account = (value or {}).get("accountId") if value else None
        if account is not None and account not in call.tracker.users:
            raise _wrong(field, "Specify a valid value for assignee")
        return "assignee", account
    if field == "duedate":
        return "due_on", None if value is None else _day(value)
    if field == points_field(call.tracker, issue):
        return "points", None if value is None else float(value)
    if field in ("summary", "labels"):
        return field, value
    raise _wrong(field, NOT_ON_SCREEN.format(field))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _wrong("duedate", "Error parsing date string: " + text) from None


_ISSUE = r"/rest/api/3/issue/([^/]+)"
WRITE_ROUTES = [
    ("GET", rf"{_ISSUE}/transitions", transitions),
    ("POST", rf"{_ISSUE}/transitions", transit),
    ("GET", rf"{_ISSUE}/editmeta", edit_meta),
    ("PUT", _ISSUE, edit),
]
