"""A make-believe Jira Cloud's people, words, projects and sprints as REST v3 and agile 1.0 show them to one account.

Times stand in the account's own zone with an offset without colon, those of sprints in UTC; ids are text but for boards
and sprints. Issues are shown by `sandbox.jira_views`, which builds on this; who may see what is decided in the routes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from sandbox.jira_records import CATEGORIES, RESOLUTIONS, Field, Login, Project, Sprint, Status, Type, User, Version
from sandbox.jira_tracker import Tracker

__all__ = ["SiteViews"]

Json = dict[str, Any]


class SiteViews:
    """Shows the records of one tracker to one account; `url` is the site's own address."""

    def __init__(self, tracker: Tracker, url: str, login: Login | None, zone: str) -> None:
        self.tracker = tracker
        self.login = login
        self.api = f"{url}/rest/api/3"
        self.agile = f"{url}/rest/agile/1.0"
        self.url = url
        self.zone = ZoneInfo(zone)
        self.worklog_cap = 20
        self.kept: dict[tuple[object, ...], msgspec.Raw] = {}
        self._offsets: dict[int, tuple[int, str]] = {}
        self._shown_fields = set(tracker.fields) | {"parent"}

    # ------------------------------------------------------------ small things

    def time(self, at: int | None) -> str | None:
        if at is None:
            return None
        quarter = at // 900_000  # an offset lasts at least a quarter of an hour
        offset = self._offsets.get(quarter)
        if offset is None:
            local = datetime.fromtimestamp(quarter * 900, self.zone)
            delta = local.utcoffset()
            offset = self._offsets[quarter] = (int(delta.total_seconds()) if delta else 0, f"{local:%z}"[:5])
        local = datetime.fromtimestamp(at // 1000 + offset[0], UTC)
        return f"{local.isoformat()[:19]}.{at % 1000:03d}{offset[1]}"

    def keep(self, key: tuple[object, ...], make: Callable[[], Json]) -> msgspec.Raw:
        """Encoded once, and good until anything changes."""
        found = self.kept.get(key)
        if found is None:
            if len(self.kept) > 60_000:
                self.kept.clear()
            found = self.kept[key] = msgspec.Raw(msgspec.json.encode(make()))
        return found

    def user(self, account_id: str | None) -> msgspec.Raw | None:
        """An account that is gone for good is shown as a former user."""
        if account_id is None:
            return None
        return self.keep(("user", account_id), lambda: self._user(account_id))

    def _user(self, account_id: str) -> Json:
        former = User(account_id, "Former user", "", "UTC", active=False)
        return self.full_user(self.tracker.users.get(account_id, former))

    def full_user(self, user: User) -> Json:
        initials = "".join(word[0] for word in user.name.split())[:2]
        shown: Json = {
            "self": f"{self.api}/user?accountId={user.account_id}",
            "accountId": user.account_id,
            "avatarUrls": {f"{n}x{n}": f"{self.url}/avatar/{initials}-{n}.png" for n in (48, 24, 16, 32)},
            "displayName": user.name,
            "active": user.active,
            "accountType": user.kind,
        }
        if user.shows_email and user.email:
            shown["emailAddress"] = user.email
        if user.shows_zone:
            shown["timeZone"] = user.zone
        return shown

    def status(self, status: Status) -> msgspec.Raw:
        return self.keep(("status", status.id), lambda: self._status(status))

    def _status(self, status: Status) -> Json:
        return {
            "self": f"{self.api}/status/{status.id}",
            "description": "",
            "iconUrl": f"{self.url}/",
            "name": status.name,
            "id": status.id,
            "statusCategory": self.category(status.category),
        } | self._scope(status.project_id)

    def category(self, key: str) -> Json:
        id_, name, colour = CATEGORIES[key]
        self_ = f"{self.api}/statuscategory/{id_}"
        return {"self": self_, "id": id_, "key": key, "colorName": colour, "name": name}

    @staticmethod
    def _scope(project_id: int | None) -> Json:
        return {} if project_id is None else {"scope": {"type": "PROJECT", "project": {"id": str(project_id)}}}

    def priority(self, id_: str | None) -> Json | None:
        if id_ is None:
            return None
        found = self.tracker.priorities[id_]
        icon = f"{self.url}/images/icons/priorities/{found.name.lower()}.svg"
        return {"self": f"{self.api}/priority/{id_}", "iconUrl": icon, "name": found.name, "id": id_}

    def full_priority(self, id_: str) -> Json:
        shown = self.priority(id_) or {}
        return shown | {
            "statusColor": self.tracker.priorities[id_].colour,
            "description": "",
            "isDefault": id_ == "3",
        }

    def resolution(self, id_: str | None) -> Json | None:
        if id_ is None:
            return None
        return {"self": f"{self.api}/resolution/{id_}", "id": id_, "description": "", "name": RESOLUTIONS[id_]}

    def type(self, kind: Type) -> Json:
        return {
            "self": f"{self.api}/issuetype/{kind.id}",
            "id": kind.id,
            "description": "",
            "iconUrl": f"{self.url}/avatar/type-{kind.id}.svg",
            "name": kind.name,
            "subtask": kind.level < 0,
            "avatarId": 10_300,
            "hierarchyLevel": kind.level,
        } | self._scope(kind.project_id)

    def field(self, one: Field) -> Json:
        schema: Json = {"type": one.type}
        if one.items:
            schema["items"] = one.items
        custom = one.id.startswith("customfield_")
        if custom:
            number = int(one.id.rpartition("_")[2])
            schema |= {"custom": one.custom, "customId": number}
            clauses = [f"cf[{number}]", one.name]
        else:
            schema["system"] = one.id
            clauses = [one.id]
        return {
            "id": one.id, "key": one.id, "name": one.name, "custom": custom, "orderable": True,
            "navigable": one.navigable, "searchable": True, "clauseNames": clauses, "schema": schema,
        }  # fmt: skip

    # ------------------------------------------------------------ projects, versions, sprints

    def project_ref(self, project: Project) -> Json:
        return {
            "self": f"{self.api}/project/{project.id}",
            "id": str(project.id),
            "key": project.key,
            "name": project.name,
            "projectTypeKey": project.kind,
            "simplified": project.team_managed,
            "avatarUrls": {f"{n}x{n}": f"{self.url}/avatar/p-{n}.png" for n in (48, 24, 16, 32)},
        }

    def project(self, project: Project, expand: Iterable[str]) -> Json:
        shown = self.project_ref(project) | {
            "expand": "description,lead,issueTypes,url,projectKeys,permissions,insight",
            "style": "next-gen" if project.team_managed else "classic",
            "isPrivate": False,
            "properties": {},
        }
        if project.team_managed:
            digits = f"{project.id:032x}"
            uuid = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
            shown |= {"entityId": uuid, "uuid": uuid}
        if project.state == "archived":
            shown |= {"archived": True, "archivedDate": self.time(project.state_at)}
        if project.state == "deleted":
            retained = self.time(project.state_at + 60 * 86_400_000)
            shown |= {"deleted": True, "deletedDate": self.time(project.state_at), "retentionTillDate": retained}
        if "lead" in expand:
            shown["lead"] = self.user(project.lead)
        if "description" in expand:
            shown["description"] = f"All work of {project.name}."
        if "issueTypes" in expand:
            shown["issueTypes"] = [self.type(self.tracker.types[id_]) for id_ in project.type_ids]
        if "insight" in expand:
            mine = [i.updated for i in self.tracker.issues.values() if i.project_id == project.id]
            shown["insight"] = {"totalIssueCount": len(mine)}
            if mine:
                shown["insight"]["lastIssueUpdateTime"] = self.time(max(mine))
        return shown

    def version(self, version: Version, *, whole: bool = True) -> Json:
        shown: Json = {"self": f"{self.api}/version/{version.id}", "id": version.id}
        if version.description is not None:
            shown["description"] = version.description
        shown |= {"name": version.name, "archived": version.archived, "released": version.released}
        if version.release_on:
            shown["releaseDate"] = version.release_on.isoformat()
        if whole:
            if version.start_on:
                shown |= {"startDate": version.start_on.isoformat(), "userStartDate": f"{version.start_on:%d/%b/%y}"}
            if version.release_on:
                today = datetime.fromtimestamp(self.tracker.now() / 1000, UTC).date()
                shown["userReleaseDate"] = f"{version.release_on:%d/%b/%y}"
                if not version.released:
                    shown["overdue"] = version.release_on < today
            shown["projectId"] = version.project_id
        return shown

    def sprint(self, sprint: Sprint) -> Json:
        """As agile 1.0 has it: instants in UTC; one that is only planned has none."""
        shown: Json = {
            "id": sprint.id,
            "self": f"{self.agile}/sprint/{sprint.id}",
            "state": sprint.state,
            "name": sprint.name,
        }
        for name, at in (("startDate", sprint.start), ("endDate", sprint.end), ("completeDate", sprint.complete)):
            if at is not None:
                shown[name] = _zulu(at)
        return shown | {"originBoardId": sprint.board_id, "goal": sprint.goal}

    def sprint_value(self, id_: int) -> Json:
        sprint = self.tracker.sprints[id_]
        shown: Json = {"id": id_, "name": sprint.name, "state": sprint.state, "boardId": sprint.board_id}
        shown["goal"] = sprint.goal
        for name, at in (("startDate", sprint.start), ("endDate", sprint.end), ("completeDate", sprint.complete)):
            if at is not None:
                shown[name] = _zulu(at)
        return shown


@lru_cache(maxsize=10_000)
def _zulu(at: int) -> str:
    return f"{datetime.fromtimestamp(at // 1000, UTC).isoformat()[:19]}.{at % 1000:03d}Z"
