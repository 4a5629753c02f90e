"""The invented company's projects that are planned on sheets: the site network and the workplace, in a Smartsheet.

They are made with all others in the Jira (`sandbox.jira_company`), and move from there: their issues become rows, with
the same states, days and people. A sheet knows no hours: those stay in Jira, on one issue for each, as companies do it.
People are named in the sheets by the mail that Jira shows of them; of the others, the sheet names their team alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any

from sandbox.jira_plan import PLANS
from sandbox.jira_records import Issue
from sandbox.jira_tracker import Tracker as Jira
from sandbox.plan_story import ON_SHEETS
from sandbox.smartsheet_records import Contact, Sheet
from sandbox.smartsheet_tracker import Tracker as Smartsheet

__all__ = ["move_to_sheets", "with_sheets"]

TEAM = Contact("infrastructure@alder-finch.example", "Infrastructure team")
OWNER = "ines.falk@alder-finch.example"
WORDS = {"To Do": "Not Started", "In Review": "In Progress", "Done": "Complete"}
OPTIONS = ("Not Started", "In Progress", "Blocked", "Complete", "Cancelled")
COLUMNS: list[dict[str, Any]] = [
    {"title": "Priority", "type": "PICKLIST", "options": ["Highest", "High", "Medium", "Low", "Lowest"]},
    {"title": "Assigned To", "type": "CONTACT_LIST"},
    {"title": "Start", "type": "DATE", "tags": ("GANTT_START_DATE",)},
    {"title": "Finish", "type": "DATE", "tags": ("GANTT_END_DATE",)},
    {"title": "Effort (h)", "type": "TEXT_NUMBER"},
    {"title": "Created", "type": "DATETIME", "system": "CREATED_DATE", "locked": True},
]
_BOOKINGS = "Hours of the {name}: book here"


def move_to_sheets(jira: Jira, *, seed: int = 7) -> Smartsheet:
    """Makes the Smartsheet, and leaves one issue with all the hours of each such project in the Jira."""
    tool = Smartsheet(seed)
    tool.clock = lambda: jira.now() / 1000
    tool.add_user(OWNER, "Ines", "Falk")
    workspace = tool.add_workspace("Infrastructure", owner=OWNER, shares={tool.admin.email: "EDITOR"})
    for plan in PLANS:
        project = next(p for p in jira.projects.values() if p.key == plan.key)
        if plan.key in ON_SHEETS:
            issues = [i for i in jira.issues.values() if i.project_id == project.id]
            if issues:
                _sheet(tool, jira, plan.name, issues, workspace)
                _leave_hours(jira, plan.name, issues)
                project.name = f"{plan.key} time booking"
    jira.refresh_index()
    return tool


def _sheet(tool: Smartsheet, jira: Jira, name: str, issues: list[Issue], workspace: int) -> Sheet:
    """Rows in the order of the tree, as old as the issues were."""
    ordered = [*_tree(issues)]
    used = {_status(jira, issue) for issue in issues}
    status = {"title": "Status", "type": "PICKLIST", "validation": True}
    columns: list[str | dict[str, Any]] = [
        "Task",
        status | {"options": [*OPTIONS, *sorted(used - {*OPTIONS})]},
        *COLUMNS,
    ]
    rows = [(level, _row(jira, issue)) for level, issue in ordered]
    sheet = tool.add_sheet(name, columns, rows, owner=OWNER, workspace=workspace)
    for row, (_, issue) in zip(sheet.rows, ordered, strict=True):
        row.created, row.modified = issue.created // 1000, issue.updated // 1000
    sheet.created, sheet.modified = min(r.created for r in sheet.rows), max(r.modified for r in sheet.rows)
    return sheet


def _tree(issues: list[Issue], parent: Issue | None = None, level: int = 0) -> Iterator[tuple[int, Issue]]:
    known = {issue.id for issue in issues}
    for issue in sorted(issues, key=lambda one: one.number):
        above = issue.parent_id if issue.parent_id in known else None
        if above == (parent.id if parent else None):
            yield level, issue
            yield from _tree(issues, issue, level + 1)


def _status(jira: Jira, issue: Issue) -> str:
    word = jira.statuses[issue.status_id].name
    return WORDS.get(word, word)


def _row(jira: Jira, issue: Issue) -> dict[str, Any]:
    user = jira.users.get(issue.assignee or "")
    values = {
        "Task": issue.summary,
        "Status": _status(jira, issue),
        "Priority": jira.priorities[issue.priority_id].name if issue.priority_id else None,
        "Assigned To": (Contact(user.email, user.name) if user.shows_email else TEAM) if user else None,
        "Start": issue.start_on.isoformat() if issue.start_on else None,
        "Finish": issue.due_on.isoformat() if issue.due_on else None,
        "Effort (h)": issue.estimate_seconds / 3600 if issue.estimate_seconds else None,
    }
    return {title: value for title, value in values.items() if value is not None}


def _leave_hours(jira: Jira, name: str, issues: list[Issue]) -> None:
    """On the oldest issue, which stands for nothing else from then on."""
    first = min(issues, key=lambda issue: issue.created)
    for issue in issues:
        if issue is not first:
            for id_ in issue.worklog_ids:
                jira.worklogs[id_].issue_id = first.id
            first.worklog_ids += issue.worklog_ids
            issue.worklog_ids = []
    first.worklog_ids.sort()
    for link_id in list(first.link_ids):
        jira.unlink(link_id, silently=True)
    for issue in issues:
        if issue is not first and issue.id in jira.issues:
            jira.delete_issue(issue.id, at=issue.updated)
    first.summary, first.parent_id = _BOOKINGS.format(name=name), None
    # in progress since ever: what was done stays on the sheet
    first.status_id = next(id_ for id_, status in jira.statuses.items() if status.name == "In Progress")
    first.resolution_id = first.resolved = None
    first.changes = []
    first.description = first.due_on = first.start_on = first.points = None
    first.estimate_seconds = first.remaining_seconds = None
    first.assignee, first.labels, first.component_ids, first.version_ids, first.sprint_ids = None, [], [], [], []
    first.updated = max([first.created, *(jira.worklogs[id_].updated for id_ in first.worklog_ids)])


# ------------------------------------------------------------------ truth


def with_sheets(figures: dict[str, Any], tool: Smartsheet, as_of: date) -> dict[str, Any]:
    """What is true of the company where its Jira has been counted: the sheets' rows beside it."""
    for sheet in tool.sheets.values():
        key = next(plan.key for plan in PLANS if plan.name == sheet.name)
        rows = [{c.title: tool.value(row, c) for c in sheet.columns} for row in sheet.rows]
        still = [row for row in rows if row["Status"] not in ("Complete", "Cancelled")]
        project = figures["projects"][key]
        project["name"] = sheet.name
        project["issues"] += len(rows)
        project["open"] += len(still)
        project["overdue"] += sum(1 for row in still if row["Finish"] and str(row["Finish"]) < as_of.isoformat())
        words = Counter(project["by_status"]) + Counter(str(row["Status"]) for row in rows)
        project["by_status"] = dict(sorted(words.items()))
        project["on_sheet"] = len(rows)
    figures["rows_on_sheets"] = sum(len(sheet.rows) for sheet in tool.sheets.values())
    return figures
