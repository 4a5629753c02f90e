"""The records of a make-believe Redmine as its API shows them: key for key as the views of 5.0.4 write them.

Who may see what, filters and pages are the business of `sandbox.redmine`; what exists, of `sandbox.redmine_tracker`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from sandbox.redmine_tracker import (
    ACTIVITIES,
    CUSTOM_FIELDS,
    EPOCH,
    PRIORITIES,
    STATUSES,
    TRACKERS,
    Entry,
    Issue,
    Journal,
    Project,
    Relation,
    Tracker,
    User,
    Version,
    instant,
)

__all__ = ["WORDS", "Views", "account", "login", "relation"]

_STATUS = {id_: (name, closed) for id_, name, closed in STATUSES}
_PRIORITY, _TRACKER, _ACTIVITY = dict(PRIORITIES), dict(TRACKERS), dict(ACTIVITIES)


class Views:
    """Shows the records of one tracker."""

    def __init__(self, tracker: Tracker) -> None:
        self.tracker = tracker

    def project_ref(self, id_: int) -> dict[str, Any]:
        return {"id": id_, "name": self.tracker.projects[id_].name}

    def user_ref(self, id_: int) -> dict[str, Any]:
        return {"id": id_, "name": self.tracker.users.get(id_, self.tracker.anonymous).name.strip()}

    def project(self, project: Project) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "id": project.id,
            "name": project.name,
            "identifier": project.identifier,
            "description": f"About {project.name}",
            "homepage": "",
            "status": project.status,
            "is_public": project.public,
            "inherit_members": False,
            "created_on": instant(project.created),
            "updated_on": instant(project.created),
        }
        if project.parent_id:
            shown["parent"] = self.project_ref(project.parent_id)
        return shown

    def version(self, version: Version) -> dict[str, Any]:
        return {
            "id": version.id,
            "project": self.project_ref(version.project_id),
            "name": version.name,
            "description": "",
            "status": version.status,
            "due_date": version.due_on and version.due_on.isoformat(),
            "sharing": version.sharing,
            "wiki_page_title": None,
            "created_on": instant(EPOCH),
            "updated_on": instant(EPOCH),
        }

    def issue(self, issue: Issue, user: User | None, include: Sequence[str]) -> dict[str, Any]:
        name, closed = _STATUS[issue.status_id]
        environment = ["dev", "production"] if issue.id % 3 else []
        custom = ["ACME" if issue.id % 2 else "", str(issue.id % 13) if issue.id % 4 else "", environment]
        shown: dict[str, Any] = {
            "id": issue.id,
            "project": self.project_ref(issue.project_id),
            "tracker": {"id": issue.tracker_id, "name": _TRACKER[issue.tracker_id]},
            "status": {"id": issue.status_id, "name": name, "is_closed": closed},
            "priority": {"id": issue.priority_id, "name": _PRIORITY[issue.priority_id]},
            "author": self.user_ref(issue.author_id),
            "subject": self.tracker.subject(issue),
            "description": f"Issue {issue.id}.\r\n\r\n* one\r\n* two",
            "start_date": datetime.fromtimestamp(issue.created, UTC).date().isoformat(),
            "due_date": None,
            "done_ratio": issue.id % 11 * 10,
            "is_private": issue.hidden,
            "estimated_hours": issue.id % 9 + 0.25 if issue.id % 3 else None,
            "total_estimated_hours": issue.id % 9 + 0.25 if issue.id % 3 else None,
            "spent_hours": self.tracker.hours_of(issue.id),
            "total_spent_hours": self.tracker.hours_of(issue.id),
            "custom_fields": [
                {"id": id_, "name": text, **({"multiple": True} if multiple else {}), "value": value}
                for (id_, text, multiple), value in zip(CUSTOM_FIELDS, custom, strict=True)
            ],
            "created_on": instant(issue.created),
            "updated_on": instant(issue.updated),
            "closed_on": instant(issue.closed),
        }
        if issue.assigned_id:
            shown["assigned_to"] = self.user_ref(issue.assigned_id)
        if issue.version_id:
            shown["fixed_version"] = {"id": issue.version_id, "name": self.tracker.versions[issue.version_id].name}
        if issue.parent_id:
            shown["parent"] = {"id": issue.parent_id}
        if "relations" in include:
            shown["relations"] = [relation(r) for r in self._visible_relations(issue, user)]
        return shown

    def _visible_relations(self, issue: Issue, user: User | None) -> list[Relation]:
        return [
            r
            for r in self.tracker.relations_of(issue.id)
            if self.tracker.sees_issue(user, self.tracker.issues[r.to_id if r.from_id == issue.id else r.from_id])
        ]

    def journal(self, journal: Journal) -> dict[str, Any]:
        return {
            "id": journal.id,
            "user": self.user_ref(journal.user_id),
            "notes": journal.notes or "",
            "created_on": instant(journal.created),
            "updated_on": instant(journal.created),
            "private_notes": False,
            "details": [
                {"property": kind, "name": name, "old_value": old, "new_value": new}
                for kind, name, old, new in journal.details
            ],
        }

    def entry(self, entry: Entry) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "id": entry.id,
            "project": self.project_ref(entry.project_id),
            "user": self.user_ref(entry.user_id),
            "activity": {"id": entry.activity_id, "name": _ACTIVITY[entry.activity_id]},
            "hours": entry.hours,
            "comments": "" if entry.id % 3 else "pairing; “quoted”",
            "spent_on": entry.spent_on.isoformat(),
            "created_on": instant(entry.created),
            "updated_on": instant(entry.updated),
        }
        if entry.issue_id:
            shown["issue"] = {"id": entry.issue_id}
        return shown


def login(user: User) -> str:
    return f"{user.firstname[0]}{user.lastname}".lower().replace(" ", "")


def account(user: User, *, admin: bool) -> dict[str, Any]:
    """Without a status, which not all versions tell."""
    shown: dict[str, Any] = {"id": user.id, "login": login(user)}
    if admin:
        shown["admin"] = user.admin
    return shown | {
        "firstname": user.firstname,
        "lastname": user.lastname,
        **({"mail": f"{login(user)}@example.test"} if admin else {}),
        "created_on": instant(EPOCH),
        "updated_on": instant(EPOCH),
        "last_login_on": None,
        "passwd_changed_on": None,
        **({"twofa_scheme": None} if admin else {}),
    }


def relation(relation: Relation) -> dict[str, Any]:
    return {
        "id": relation.id,
        "issue_id": relation.from_id,
        "issue_to_id": relation.to_id,
        "relation_type": relation.kind,
        "delay": relation.delay,
    }


def _named(pairs: Sequence[tuple[int, str]]) -> list[dict[str, Any]]:
    return [{"id": id_, "name": name, "is_default": id_ == 2, "active": True} for id_, name in pairs]


WORDS: dict[str, Callable[[], list[dict[str, Any]]]] = {
    "issue_statuses": lambda: [
        {"id": id_, "name": name, "is_closed": closed, "description": None} for id_, name, closed in STATUSES
    ],
    "trackers": lambda: [_tracker(id_, name) for id_, name in TRACKERS],
    "enumerations/issue_priorities": lambda: _named(PRIORITIES),
    "enumerations/time_entry_activities": lambda: _named(ACTIVITIES),
    "custom_fields": lambda: [_custom_field(*field) for field in CUSTOM_FIELDS],
}


def _tracker(id_: int, name: str) -> dict[str, Any]:
    default = {"id": 1, "name": "New"}
    return {"id": id_, "name": name, "default_status": default, "description": None, "enabled_standard_fields": []}


def _custom_field(id_: int, name: str, multiple: bool) -> dict[str, Any]:
    empty = dict.fromkeys(("description", "min_length", "max_length", "default_value"))
    lists: dict[str, Any] = {"trackers": [], "roles": []}
    no = dict.fromkeys(("is_required", "searchable"), False)
    yes = dict.fromkeys(("is_filter", "visible", "editable"), True)
    kind = {"customized_type": "issue", "field_format": "list" if multiple else "string", "regexp": ""}
    return {"id": id_, "name": name, **kind, **empty, **no, **yes, "multiple": multiple, **lists}
