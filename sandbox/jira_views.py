"""The issues of a make-believe Jira Cloud as its REST v3 shows them to one account, with their hours and history.

Texts are ADF documents, fields that a project does not have are missing, empty ones are null; hours, comments and
history are cut as asked. Who may see what is the business of `sandbox.jira_issues`; links to hidden issues alone are
left out here.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec

from sandbox.jira_adf import document, with_mention
from sandbox.jira_history import points_field
from sandbox.jira_records import (
    EFFORT,
    EPIC_LINK,
    FLAGGED,
    NOTES,
    POINTS_COMPANY,
    POINTS_TEAM,
    RANK,
    SPRINT,
    START,
    Change,
    Comment,
    Issue,
    Worklog,
)
from sandbox.jira_site_views import SiteViews

__all__ = ["Views", "duration"]

Json = dict[str, Any]
_WEEK, _DAY_SECONDS = 5 * 8 * 3600, 8 * 3600


class Views(SiteViews):
    """Shows issues, too."""

    def issue(self, issue: Issue, wanted: list[str], *, comments: int = 20) -> Json:
        """`wanted`: names of fields; `comments`: how many are shown at most."""
        shown: Json = {
            "expand": "renderedFields,names,schema,operations,editmeta,changelog,versionedRepresentations",
            "id": str(issue.id),
            "self": f"{self.api}/issue/{issue.id}",
            "key": issue.key,
        }
        if wanted:
            lacking = self._lacking(issue)
            known = self._shown_fields - lacking
            shown["fields"] = {name: self._value(issue, name, comments) for name in wanted if name in known}
        return shown

    def all_fields(self, *, navigable: bool) -> list[str]:
        return [f.id for f in self.tracker.fields.values() if f.navigable or not navigable] + ["parent"]

    def _lacking(self, issue: Issue) -> set[str]:
        """Fields that this project or issue does not show at all."""
        project = self.tracker.projects[issue.project_id]
        gone: set[str] = set() if project.has_priority else {"priority"}
        if project.team_managed:
            gone |= {POINTS_COMPANY, EPIC_LINK, EFFORT, NOTES, "versions", "environment"}
        if project.kind == "service_desk":
            gone |= {POINTS_TEAM, POINTS_COMPANY, SPRINT, EPIC_LINK}
        return gone if issue.parent_id in self.tracker.issues else gone | {"parent"}

    def _value(self, issue: Issue, name: str, comments: int) -> Any:
        make = _FIELDS.get(name)
        if make is not None:
            return make(self, issue)
        if name == "comment":
            return self.comments(issue, 0, comments)
        if name in (POINTS_TEAM, POINTS_COMPANY):
            return issue.points if name == points_field(self.tracker, issue) else None
        return None

    def parent(self, issue: Issue) -> msgspec.Raw:
        return self.small(self.tracker.issues[issue.parent_id or 0])

    def small(self, issue: Issue) -> msgspec.Raw:
        """As other issues show it."""
        return self.keep(("small", issue.id), lambda: self._small(issue))

    def _small(self, issue: Issue) -> Json:
        fields: Json = {"summary": issue.summary, "status": self.status(self.tracker.statuses[issue.status_id])}
        if issue.priority_id:
            fields["priority"] = self.priority(issue.priority_id)
        fields["issuetype"] = self.type(self.tracker.types[issue.type_id])
        return {"id": str(issue.id), "key": issue.key, "self": f"{self.api}/issue/{issue.id}", "fields": fields}

    def links(self, issue: Issue) -> list[Json]:
        """Each link from this side; those to issues the account does not see are left out."""
        shown = []
        for id_ in issue.link_ids:
            link = self.tracker.links[id_]
            outward = link.from_id == issue.id
            other = self.tracker.issues[link.to_id if outward else link.from_id]
            if self.tracker.sees_issue(self.login, other):
                side = "outwardIssue" if outward else "inwardIssue"
                kind = self.link_type(link.type_id)
                self_ = f"{self.api}/issueLink/{id_}"
                shown.append({"id": id_, "self": self_, "type": kind, side: self.small(other)})
        return shown

    def link_type(self, id_: str) -> Json:
        kind = self.tracker.link_types[id_]
        return {
            "id": id_, "name": kind.name, "inward": kind.inward, "outward": kind.outward,
            "self": f"{self.api}/issueLinkType/{id_}",
        }  # fmt: skip

    def subtasks(self, issue: Issue) -> list[msgspec.Raw]:
        children = (self.tracker.issues[id_] for id_ in issue.child_ids)
        return [self.small(child) for child in children if self.tracker.types[child.type_id].level < 0]

    def whole(self, issue: Issue, name: str) -> int | None:
        """The tool's own roll-up over sub-tasks."""
        if not issue.child_ids:
            return (self.tracker.spent(issue) if name == "spent" else getattr(issue, name)) or None
        parts = [issue, *(self.tracker.issues[id_] for id_ in issue.child_ids)]
        parts = [one for one in parts if one is issue or self.tracker.types[one.type_id].level < 0]
        values = [self.tracker.spent(one) if name == "spent" else getattr(one, name) for one in parts]
        return sum(value or 0 for value in values) or None

    def tracking(self, issue: Issue) -> Json:
        shown: Json = {}
        pairs = (
            ("originalEstimate", issue.estimate_seconds),
            ("remainingEstimate", issue.remaining_seconds),
            ("timeSpent", self.tracker.spent(issue) or None),
        )
        for name, seconds in pairs:
            if seconds is not None:
                shown |= {name: duration(seconds), f"{name}Seconds": seconds}
        return shown

    # ------------------------------------------------------------ hours, comments, history

    def worklogs(self, issue: Issue, start: int, count: int) -> Json:
        ids = issue.worklog_ids
        rows = [self.worklog(self.tracker.worklogs[id_]) for id_ in ids[start : start + count]]
        return {"startAt": start, "maxResults": count, "total": len(ids), "worklogs": rows}

    def worklog(self, worklog: Worklog) -> Json:
        shown: Json = {
            "self": f"{self.api}/issue/{worklog.issue_id}/worklog/{worklog.id}",
            "author": self.user(worklog.author),
            "updateAuthor": self.user(worklog.author),
        }
        if worklog.comment is not None:
            shown["comment"] = document(worklog.comment)
        return shown | {
            "created": self.time(worklog.created),
            "updated": self.time(worklog.updated),
            "started": self.time(worklog.started),
            "timeSpent": duration(worklog.seconds),
            "timeSpentSeconds": worklog.seconds,
            "id": str(worklog.id),
            "issueId": str(worklog.issue_id),
        }

    def comments(self, issue: Issue, start: int, count: int) -> Json:
        rows = [self.comment(one) for one in issue.comments[start : start + count]]
        return {
            "comments": rows, "self": f"{self.api}/issue/{issue.id}/comment",
            "maxResults": count, "total": len(issue.comments), "startAt": start,
        }  # fmt: skip

    def comment(self, comment: Comment) -> Json:
        issue = self.tracker.issues[comment.issue_id]
        mentioned = self.tracker.users.get(issue.reporter or "") if comment.id % 2 else None
        body = with_mention(comment.text, mentioned.account_id, mentioned.name) if mentioned else document(comment.text)
        return {
            "self": f"{self.api}/issue/{comment.issue_id}/comment/{comment.id}",
            "id": str(comment.id),
            "author": self.user(comment.author),
            "body": body,
            "updateAuthor": self.user(comment.author),
            "created": self.time(comment.created),
            "updated": self.time(comment.updated),
            "jsdPublic": True,
        }

    def change(self, change: Change, *, created: Any = None, only: set[str] | None = None) -> Json:
        """`created` overrides the time's form; `only` keeps items of these field ids."""
        shown: Json = {"id": str(change.id)}
        if change.author is not None:
            shown["author"] = self.user(change.author)
        shown["created"] = self.time(change.at) if created is None else created
        items = [item for item in change.items if only is None or item.field_id in only]
        shown["items"] = [
            {"field": item.name, "fieldtype": "custom" if item.custom else "jira"}
            | ({"fieldId": item.field_id} if item.field_id else {})
            | {"from": item.old, "fromString": item.old_text, "to": item.new, "toString": item.new_text}
            for item in items
        ]
        return shown

    def changelog(self, issue: Issue, cap: int) -> Json:
        """Newest first, and no more than `cap`; the total is told."""
        newest = issue.changes[: -cap - 1 : -1]
        rows = [self.change(one) for one in newest]
        return {"startAt": 0, "maxResults": cap, "total": len(issue.changes), "histories": rows}


# ------------------------------------------------------------------ fields of an issue


def _day(value: date | None) -> str | None:
    return None if value is None else value.isoformat()


def _progress(views: Views, issue: Issue, *, whole: bool) -> Json:
    done = (views.whole(issue, "spent") if whole else views.tracker.spent(issue)) or 0
    left = (views.whole(issue, "remaining_seconds") if whole else issue.remaining_seconds) or 0
    shown = {"progress": done, "total": done + left}
    return shown | ({"percent": 100 * done // (done + left)} if done + left else {})


_FIELDS: dict[str, Any] = {
    "summary": lambda _v, i: i.summary,
    "status": lambda v, i: v.status(v.tracker.statuses[i.status_id]),
    "statuscategorychangedate": lambda v, i: v.time(i.status_since),
    "issuetype": lambda v, i: v.keep(("type", i.type_id), lambda: v.type(v.tracker.types[i.type_id])),
    "priority": lambda v, i: v.priority(i.priority_id),
    "project": lambda v, i: v.keep(("p", i.project_id), lambda: v.project_ref(v.tracker.projects[i.project_id])),
    "assignee": lambda v, i: v.user(i.assignee),
    "reporter": lambda v, i: v.user(i.reporter),
    "creator": lambda v, i: v.user(i.creator),
    "created": lambda v, i: v.time(i.created),
    "updated": lambda v, i: v.time(i.updated),
    "duedate": lambda _v, i: _day(i.due_on),
    "resolution": lambda v, i: v.resolution(i.resolution_id),
    "resolutiondate": lambda v, i: v.time(i.resolved),
    "description": lambda _v, i: None if i.description is None else document(i.description),
    "labels": lambda _v, i: i.labels,
    "components": lambda v, i: [
        {"self": f"{v.api}/component/{id_}", "id": id_, "name": v.tracker.components[id_].name}
        for id_ in i.component_ids
    ],
    "versions": lambda _v, _i: [],
    "fixVersions": lambda v, i: [v.version(v.tracker.versions[id_], whole=False) for id_ in i.version_ids],
    "issuelinks": lambda v, i: v.links(i),
    "subtasks": lambda v, i: v.subtasks(i),
    "parent": lambda v, i: v.parent(i),
    "timespent": lambda v, i: v.tracker.spent(i) or None,
    "timeoriginalestimate": lambda _v, i: i.estimate_seconds,
    "timeestimate": lambda _v, i: i.remaining_seconds,
    "aggregatetimespent": lambda v, i: v.whole(i, "spent"),
    "aggregatetimeoriginalestimate": lambda v, i: v.whole(i, "estimate_seconds"),
    "aggregatetimeestimate": lambda v, i: v.whole(i, "remaining_seconds"),
    "progress": lambda v, i: _progress(v, i, whole=False),
    "aggregateprogress": lambda v, i: _progress(v, i, whole=True),
    "workratio": lambda v, i: 100 * v.tracker.spent(i) // i.estimate_seconds if i.estimate_seconds else -1,
    "votes": lambda v, i: {"self": f"{v.api}/issue/{i.key}/votes", "votes": 0, "hasVoted": False},
    "watches": lambda v, i: {"self": f"{v.api}/issue/{i.key}/watchers", "watchCount": 1, "isWatching": False},
    "security": lambda v, i: (
        {"self": f"{v.api}/securitylevel/10000", "id": "10000", "description": "", "name": "Board only"}
        if i.hidden
        else None
    ),
    "timetracking": lambda v, i: v.tracking(i),
    "worklog": lambda v, i: v.worklogs(i, 0, v.worklog_cap),
    "attachment": lambda _v, _i: [],
    START: lambda _v, i: _day(i.start_on),
    SPRINT: lambda v, i: [v.sprint_value(id_) for id_ in i.sprint_ids] or None,
    RANK: lambda _v, i: f"0|i{i.id:05x}:",
    FLAGGED: lambda v, i: (
        [{"self": f"{v.api}/customFieldOption/10019", "value": "Impediment", "id": "10019"}] if i.flagged else None
    ),
    EFFORT: lambda _v, i: i.effort,
    NOTES: lambda _v, i: None if i.notes is None else document(i.notes),
    EPIC_LINK: lambda v, i: (
        v.tracker.issues[i.parent_id].key
        if i.parent_id in v.tracker.issues and v.tracker.types[v.tracker.issues[i.parent_id].type_id].level == 1
        else None
    ),
}


def duration(seconds: int) -> str:
    """Of eight-hour days and five-day weeks, in whole minutes: `1d 2h 30m`."""
    parts, rest = [], seconds
    for unit, size in (("w", _WEEK), ("d", _DAY_SECONDS), ("h", 3600), ("m", 60)):
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts) or "0m"
