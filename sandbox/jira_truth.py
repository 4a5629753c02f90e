"""What is true in a make-believe Jira Cloud, to compare with: rows as one account may see them, and figures as YAML.

`Truth(tracker, email)` reads the records, never the views, so that a mistake there shows. Times are milliseconds since
1970, days ISO text, ids text. `figures` counts the company; `as_yaml` writes plain YAML that is nearly JSON.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Any

from sandbox.jira_plan import FACTS, GIVEN, PLANS
from sandbox.jira_planted import PLANTED
from sandbox.jira_records import Issue
from sandbox.jira_tracker import Tracker
from sandbox.plan_files import truth_of_plan
from sandbox.plan_story import PLAN_PLANTED

__all__ = ["Truth", "as_yaml", "figures"]

Row = dict[str, Any]
Rows = dict[str, Row]


class Truth:
    """All that an account sees right now. What an index has not taken in yet counts as seen."""

    def __init__(self, tracker: Tracker, email: str) -> None:
        self.tracker = tracker
        self.login = tracker.logins[email]

    def seen(self) -> list[Issue]:
        return [i for i in self.tracker.issues.values() if self.tracker.sees_issue(self.login, i)]

    def projects(self) -> Rows:
        """Live ones; with those that are archived or in the trash by their `state`."""
        return {
            str(p.id): {"key": p.key, "name": p.name, "lead": p.lead, "state": p.state, "team_managed": p.team_managed}
            for p in self.tracker.projects.values()
            if self.tracker.may(self.login, p.id)
        }

    def accounts(self) -> Rows:
        return {
            u.account_id: {"name": u.name, "active": u.active, "email": u.email if u.shows_email else None,
                           "zone": u.zone if u.shows_zone else None, "kind": u.kind}
            for u in self.tracker.users.values()
        }  # fmt: skip

    def issues(self) -> Rows:
        return {str(issue.id): self._issue(issue) for issue in self.seen()}

    def _issue(self, issue: Issue) -> Row:
        parent = self.tracker.issues.get(issue.parent_id or 0)
        return {
            "key": issue.key,
            "project_id": str(issue.project_id),
            "parent_id": str(parent.id) if parent else None,
            "type_id": issue.type_id,
            "type": self.tracker.types[issue.type_id].name,
            "summary": issue.summary,
            "description": issue.description,
            "status_id": issue.status_id,
            "status": self.tracker.statuses[issue.status_id].name,
            "category": self.tracker.category(issue),
            "priority_id": issue.priority_id,
            "resolution_id": issue.resolution_id,
            "assignee": issue.assignee,
            "reporter": issue.reporter,
            "labels": list(issue.labels),
            "component_ids": list(issue.component_ids),
            "version_ids": list(issue.version_ids),
            "sprint_ids": list(issue.sprint_ids),
            "points": issue.points,
            "estimate_seconds": issue.estimate_seconds,
            "remaining_seconds": issue.remaining_seconds,
            "spent_seconds": self.tracker.spent(issue),
            "start_on": issue.start_on.isoformat() if issue.start_on else None,
            "due_on": issue.due_on.isoformat() if issue.due_on else None,
            "created": issue.created,
            "updated": issue.updated,
            "resolved": issue.resolved,
        }

    def worklogs(self) -> Rows:
        return {
            str(w.id): {
                "issue_id": str(issue.id), "project_id": str(issue.project_id), "author": w.author,
                "started": w.started, "seconds": w.seconds, "comment": w.comment,
                "created": w.created, "updated": w.updated,
            }
            for issue in self.seen()
            for w in (self.tracker.worklogs[id_] for id_ in issue.worklog_ids)
        }  # fmt: skip

    def changes(self) -> list[Row]:
        """One row an item: `n` counts the items of one field within one entry."""
        rows = []
        for issue in self.seen():
            for change in issue.changes:
                places: Counter[str] = Counter()
                for item in change.items:
                    field = item.field_id or item.name
                    rows.append(
                        {"history_id": str(change.id), "issue_id": str(issue.id), "author": change.author,
                         "at": change.at, "field": field, "n": places[field], "from": item.old,
                         "from_text": item.old_text, "to": item.new, "to_text": item.new_text}
                    )  # fmt: skip
                    places[field] += 1
        return rows

    def links(self) -> Rows:
        """Those of which both ends are seen."""
        seen = {issue.id for issue in self.seen()}
        return {
            link.id: {"type_id": link.type_id, "from_id": str(link.from_id), "to_id": str(link.to_id)}
            for link in self.tracker.links.values()
            if link.from_id in seen and link.to_id in seen
        }

    def sprints(self) -> Rows:
        """Of boards whose project is seen."""
        boards = self.tracker.boards
        return {
            str(s.id): {"name": s.name, "state": s.state, "goal": s.goal, "start": s.start, "end": s.end,
                        "complete": s.complete, "board_id": s.board_id}
            for s in self.tracker.sprints.values()
            if s.board_id in boards and self.tracker.sees(self.login, boards[s.board_id].project_id)
        }  # fmt: skip

    def versions(self) -> Rows:
        return {
            v.id: {"project_id": str(v.project_id), "name": v.name, "description": v.description,
                   "start_on": v.start_on.isoformat() if v.start_on else None,
                   "release_on": v.release_on.isoformat() if v.release_on else None,
                   "released": v.released, "archived": v.archived}
            for v in self.tracker.versions.values()
            if self.tracker.sees(self.login, v.project_id)
        }  # fmt: skip


# ------------------------------------------------------------------ figures


def figures(tracker: Tracker, as_of: date) -> Row:
    """Counts of all that exists, hours, what is planted, and the money, in thousands, as it was given."""
    by_plan = truth_of_plan(as_of)
    shown = {p.key: _project(tracker, p.id, as_of) for p in tracker.projects.values()}
    for plan in PLANS:
        spi, cpi, eac = GIVEN[plan.key]
        money = {"currency": plan.currency, "bac": plan.bac, "pv": plan.pv, "ev": plan.ev, "ac": plan.ac}
        weeks = {"baseline_finish_week": plan.baseline_week, "forecast_finish_week": plan.forecast_week}
        shown[plan.key] |= (
            {"program": plan.program} | money | {"spi": spi, "cpi": cpi, "eac": eac} | weeks | by_plan[plan.key]
        )
    names = {account: user.name for account, user in tracker.users.items()}
    hours: Counter[str] = Counter()
    for worklog in tracker.worklogs.values():
        hours[names.get(worklog.author, worklog.author)] += worklog.seconds
    return {
        "as_of": as_of.isoformat(),
        "issues": len(tracker.issues),
        "worklogs": len(tracker.worklogs),
        "links": len(tracker.links),
        "changes": sum(len(issue.changes) for issue in tracker.issues.values()),
        "sprints": len(tracker.sprints),
        "versions": len(tracker.versions),
        "accounts": len(tracker.users),
        "hours": round(sum(hours.values()) / 3600, 4),
        "projects": shown,
        "hours_by_person": {name: round(hours[name] / 3600, 4) for name in sorted(hours)},
        "planted": PLANTED | PLAN_PLANTED,
        "facts": FACTS,
    }


def _project(tracker: Tracker, project_id: int, as_of: date) -> Row:
    issues = [i for i in tracker.issues.values() if i.project_id == project_id]
    still = [i for i in issues if tracker.is_open(i)]
    boards = {b.id for b in tracker.boards.values() if b.project_id == project_id}
    sprints = [s for s in tracker.sprints.values() if s.board_id in boards]
    return {
        "name": tracker.projects[project_id].name,
        "issues": len(issues),
        "by_status": _counted(tracker.statuses[i.status_id].name for i in issues),
        "open": len(still),
        "overdue": sum(1 for i in still if i.due_on is not None and i.due_on < as_of),
        "points": sum(i.points or 0 for i in issues),
        "hours": round(sum(tracker.spent(i) for i in issues) / 3600, 4),
        "worklogs": sum(len(i.worklog_ids) for i in issues),
        "changes": sum(len(i.changes) for i in issues),
        "sprints": _counted(s.state for s in sprints),
        "versions": sum(1 for v in tracker.versions.values() if v.project_id == project_id),
    }


def _counted(words: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(words).items()))


def as_yaml(value: Row, indent: int = 0) -> str:
    """Nested maps of plain values; keys and texts are quoted as JSON quotes them."""
    lines = []
    for key, one in value.items():
        name = f"{' ' * indent}{json.dumps(key, ensure_ascii=False)}:"
        if isinstance(one, dict) and one:
            lines += [name, as_yaml(one, indent + 2).rstrip("\n")]
        else:
            lines.append(f"{name} {json.dumps(one, ensure_ascii=False)}")
    return "\n".join(lines) + "\n"
