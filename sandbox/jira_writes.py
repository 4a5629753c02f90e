"""Routes of the make-believe Jira Cloud that change an issue: transitions, edits, comments.

Odd as the real one: a resolution is taken only where the screen has it; a transition in an edit is ignored; a priority
that the site knows may be refused by the project; a validator refuses what no list told; a post-function may take an
issue on; one issue takes 20 writes in 2 s. Successes answer 204 and nothing.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sandbox.jira_adf import plain
from sandbox.jira_call import NO_ISSUE, Call, Problem
from sandbox.jira_history import points_field
from sandbox.jira_issues import one_issue
from sandbox.jira_records import RESOLUTIONS, Issue
from sandbox.jira_workflow import Way, allowed_priorities, may_write, meta_of, open_to, transitions_of, ways

__all__ = ["WRITE_ROUTES"]

Json = dict[str, Any]
INVALID_STATE = (
    "It seems that you have tried to perform a workflow operation ({}) that is not valid for the current state of "
    "this issue ({}). The likely cause is that somebody has changed the issue recently."
)
NOT_ON_SCREEN = "Field '{0}' cannot be set. It is not on the appropriate screen, or unknown."


def _found(call: Call, name: str) -> Issue:
    issue = call.tracker.find(name)
    if issue is None or not call.tracker.sees_issue(call.login, issue):
        raise Problem(404, NO_ISSUE)
    return issue


def transitions(call: Call, name: str) -> Json:
    issue = _found(call, name)
    whole = "transitions.fields" in call.words("expand")
    shown = transitions_of(call, issue, whole=whole, only=call.text("transitionId"))
    return {"expand": "transitions", "transitions": shown}


def transit(call: Call, name: str) -> None:
    issue = _found(call, name)
    _count_write(call, issue)
    asked = str((call.body.get("transition") or {}).get("id", ""))
    if not asked.isdigit():
        raise Problem(400, "'transition' identifier must be an integer")
    known = {way.id: way for way in ways(call.tracker.projects[issue.project_id])}
    way = {way.id: way for way in open_to(call, issue)}.get(asked)
    if way is None:
        if asked in known and may_write(call, issue):
            raise Problem(400, INVALID_STATE.format(known[asked].name, issue.key))
        raise Problem(400, f"Transition id '{asked}' is not valid for this issue.")
    new = _screen(issue, way, call.body.get("fields") or {})
    if way.name in call.options.validators:
        raise Problem(400, call.options.validators[way.name])
    if issue.id in call.options.pretends:
        return
    call.tracker.edit(issue.id, by=_account(call), status_id=way.target, **new)
    if way.name in call.options.post_functions:
        target, by = call.options.post_functions[way.name]
        call.tracker.edit(issue.id, by=by or _account(call), status_id=target)


def _count_write(call: Call, issue: Issue) -> None:
    """20 writes to one issue in 2 s, and 100 in 30 s."""
    limit = call.options.write_limit.count(issue.id)
    if limit is not None:
        raise Problem(429, "Rate limit exceeded.", Retry_After=str(limit), RateLimit_Reason="jira-per-issue-on-write")


def _screen(issue: Issue, way: Way, given: Json) -> dict[str, Any]:
    """What the transition's screen takes; anything else makes the whole call a 400."""
    for field in given:
        if field != "resolution" or not way.resolution:
            raise _wrong(field, NOT_ON_SCREEN.format(field))
    if not way.resolution:
        return {}
    id_ = str((given.get("resolution") or {}).get("id", ""))
    if not id_:
        if issue.resolution_id:
            return {}  # what the issue has stays
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


def edit_meta(call: Call, name: str) -> Json:
    return meta_of(call, _found(call, name))


def edit(call: Call, name: str) -> Json | None:
    issue = _found(call, name)
    _count_write(call, issue)
    if not may_write(call, issue):
        raise Problem(403, "You do not have permission to edit issues in this project.")
    if call.text("notifyUsers") == "false" and not (call.login and call.login.admin):
        raise Problem(403, "To discard the user notification either admin or project admin permissions are required.")
    given = call.body.get("fields")
    if not isinstance(given, dict) or not given:
        raise Problem(400, "one of 'fields' or 'update' required")
    new = dict(_value(call, issue, field, value) for field, value in given.items())
    if issue.id in call.options.pretends:
        return None
    call.tracker.edit(issue.id, by=_account(call), **new)
    return one_issue(call, name) if call.text("returnIssue") == "true" else None


def _value(call: Call, issue: Issue, field: str, value: Any) -> tuple[str, Any]:
    """The record's own name of a field, and the value for it."""
    if field == "priority":
        id_ = str((value or {}).get("id", ""))
        allowed = allowed_priorities(call, call.tracker.projects[issue.project_id])
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


def add_comment(call: Call, name: str) -> Json:
    issue = _found(call, name)
    _count_write(call, issue)
    if not may_write(call, issue):
        raise Problem(403, "You do not have the permission to comment on this issue.")
    body = call.body.get("body")
    if not (isinstance(body, dict) and body.get("type") == "doc"):
        raise _wrong("comment", "Comment body is not valid!")
    return call.views.comment(call.tracker.comment(issue.id, plain(body), by=_account(call)))


_ISSUE = r"/rest/api/3/issue/([^/]+)"
WRITE_ROUTES = [
    ("GET", rf"{_ISSUE}/transitions", transitions),
    ("POST", rf"{_ISSUE}/transitions", transit),
    ("GET", rf"{_ISSUE}/editmeta", edit_meta),
    ("PUT", _ISSUE, edit),
    ("POST", rf"{_ISSUE}/comment", add_comment),
]
