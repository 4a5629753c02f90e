"""What a very large make-believe Jira has beside issues: words, fields, people, projects, boards, sprints, versions.

As long-winded as the real one: four avatars a person, links to everything, a hundred custom fields. Addresses in it are
those of no real site. Issues are in `sandbox.jira_bulk_issues`, answering is in `sandbox.jira_bulk`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

import msgspec

__all__ = ["SPARE_FIELDS", "SPRINT", "SPRINTS", "STORY_POINTS", "VERSIONS", "Site"]

Json = dict[str, Any]
LINKS = "https://bulk.example.net"
AVATARS = "https://avatars.example.net/initials"
ZONES = ("Europe/Berlin", "Europe/Lisbon", "America/New_York", "Asia/Kolkata")
CATEGORIES = {"new": 2, "indeterminate": 4, "done": 3}
STATUSES = (
    ("To Do", "new"), ("In Progress", "indeterminate"), ("In Review", "indeterminate"), ("Blocked", "indeterminate"),
    ("Done", "done"), ("Cancelled", "done"),
)  # fmt: skip
PRIORITIES = ("Highest", "High", "Medium", "Low", "Lowest")
TYPES = (("Epic", 1), ("Story", 0), ("Task", 0), ("Bug", 0), ("Sub-task", -1))
SPRINT = "customfield_10020"
STORY_POINTS = "customfield_10016"
SPARE_FIELDS = 100
SPRINTS = 12  # of each board
VERSIONS = 3  # of each project
_GREENHOPPER = "com.pyxis.greenhopper.jira"
_TYPES = "com.atlassian.jira.plugin.system.customfieldtypes"
_SPARE = (
    ("string", None, "textfield"), ("number", None, "float"), ("option", None, "select"), ("user", None, "userpicker"),
    ("date", None, "datepicker"), ("array", "option", "multicheckboxes"), ("string", None, "textarea"),
    ("any", None, "readonlyfield"),
)  # fmt: skip
_SYSTEM = (
    "summary", "status", "issuetype", "priority", "project", "assignee", "reporter", "creator", "created", "updated",
    "duedate", "resolution", "resolutiondate", "description", "labels", "components", "fixVersions", "issuelinks",
    "subtasks", "parent", "timespent", "timeestimate", "timeoriginalestimate", "progress", "votes", "watches",
    "worklog", "comment", "attachment", "timetracking",
)  # fmt: skip


class Site:
    """All of it, made once; lists are encoded as they are served."""

    def __init__(self, *, projects: int, boards: int, people: int, as_of: date, seed: int) -> None:
        rng = random.Random(seed)
        self.as_of = as_of
        self.users = [_user(n, rng) for n in range(people)]
        self.statuses = [_status(n) for n in range(len(STATUSES))]
        self.priorities = [_priority(n) for n in range(len(PRIORITIES))]
        self.types = [_type(n) for n in range(len(TYPES))]
        self.fields = [_field(name) for name in _SYSTEM] + _customs()
        self.projects = [self._project(n) for n in range(projects)]
        self.boards = [self._board(n) for n in range(min(boards, projects))]
        self.sprints = [[self._sprint(board, n) for n in range(SPRINTS)] for board in range(len(self.boards))]
        self.versions = [[self._version(project, n) for n in range(VERSIONS)] for project in range(projects)]

    def _project(self, n: int) -> Json:
        id_ = str(10_000 + n)
        return {
            "expand": "description,lead,issueTypes,url,projectKeys,permissions,insight",
            "self": f"{LINKS}/rest/api/3/project/{id_}",
            "id": id_,
            "key": f"B{n:02d}",
            "name": f"Project number {n} of many",
            "description": "What this project is about, in a line or two.",
            "lead": self.users[n % len(self.users)],
            "avatarUrls": _avatars(f"P{n % 10}"),
            "projectTypeKey": "software",
            "simplified": False,
            "style": "classic",
            "isPrivate": False,
            "properties": {},
        }

    def _board(self, n: int) -> Json:
        project = self.projects[n]
        return {
            "id": n + 1,
            "self": f"{LINKS}/rest/agile/1.0/board/{n + 1}",
            "name": f"{project['key']} board",
            "type": "kanban" if n % 5 == 4 else "scrum",
            "location": {"projectId": int(project["id"]), "projectKey": project["key"], "projectTypeKey": "software"},
        }

    def _sprint(self, board: int, n: int) -> Json:
        start = self.as_of - timedelta(days=14 * (SPRINTS - 1 - n))
        state = "closed" if n < SPRINTS - 2 else "active" if n == SPRINTS - 2 else "future"
        shown: Json = {"id": board * SPRINTS + n + 1, "state": state, "name": f"B{board:02d} sprint {n + 1}"}
        shown["self"] = f"{LINKS}/rest/agile/1.0/sprint/{shown['id']}"
        if state != "future":
            shown["startDate"] = f"{start}T09:00:00.000Z"
            shown["endDate"] = f"{start + timedelta(days=14)}T17:00:00.000Z"
        if state == "closed":
            shown["completeDate"] = f"{start + timedelta(days=14)}T16:10:00.000Z"
        return shown | {"originBoardId": board + 1, "goal": "Everything planned is done."}

    def _version(self, project: int, n: int) -> Json:
        id_ = 20_000 + project * VERSIONS + n
        on = self.as_of + timedelta(days=90 * (n - 1))
        return {
            "self": f"{LINKS}/rest/api/3/version/{id_}",
            "id": str(id_),
            "name": f"{n + 1}.0",
            "archived": False,
            "released": n == 0,
            "startDate": (on - timedelta(days=80)).isoformat(),
            "releaseDate": on.isoformat(),
            "projectId": 10_000 + project,
        }

    def sprint_value(self, board: int, n: int) -> Json:
        """As an issue shows it."""
        return {"boardId": board + 1} | {k: v for k, v in self.sprints[board][n].items() if k != "self"}

    @property
    def totals(self) -> dict[str, int]:
        """How many rows of each table there are."""
        scrum = [n for n, board in enumerate(self.boards) if board["type"] == "scrum"]
        return {
            "projects": len(self.projects),
            "boards": len(self.boards),
            "accounts": len(self.users),
            "sprints": sum(len(self.sprints[n]) for n in scrum),
            "milestones": sum(map(len, self.versions)),
        }

    def paged(self, rows: Sequence[Any], start: int, size: int) -> Json:
        """A page of a list by offset."""
        values = rows[start : start + size]
        last = start + size >= len(rows)
        return {"maxResults": size, "startAt": start, "total": len(rows), "isLast": last, "values": values}

    def listed(self, path: str, start: int, size: int) -> bytes | None:
        """The answer to a GET of one of the lists, None where it is none of them. KeyError: what it is of is not."""
        whole: dict[str, Sequence[Json]] = {
            "status": self.statuses, "priority": self.priorities, "issuetype": self.types, "field": self.fields
        }  # fmt: skip
        if path in whole:
            return msgspec.json.encode(whole[path])
        if path == "users/search":
            return msgspec.json.encode([u | {"emailAddress": _mail(u)} for u in self.users[start : start + size]])
        pages: dict[str, Callable[[], Sequence[Json]]] = {
            "project/search": lambda: self.projects,
            "board": lambda: self.boards,
        }
        if path in pages:
            return msgspec.json.encode(self.paged(pages[path](), start, size))
        kind, _, rest = path.partition("/")
        id_, _, what = rest.partition("/")
        if (kind, what) == ("board", "sprint"):
            return msgspec.json.encode(self.paged(self.sprints[int(id_) - 1], start, size))
        if (kind, what) == ("project", "versions"):
            return msgspec.json.encode(self.versions[int(id_) - 10_000])
        return None


def _avatars(name: str) -> Json:
    return {f"{n}x{n}": f"{AVATARS}/{name}-3.png?size={n}&s={n}" for n in (48, 24, 16, 32)}


def _user(n: int, rng: random.Random) -> Json:
    digits = f"{rng.getrandbits(128):032x}"
    account = "712020:" + "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
    return {
        "self": f"{LINKS}/rest/api/3/user?accountId={account}",
        "accountId": account,
        "avatarUrls": _avatars(f"{chr(65 + n % 26)}{chr(65 + n // 26 % 26)}"),
        "displayName": f"Person number {n}",
        "active": n % 10 != 9,
        "timeZone": ZONES[n % len(ZONES)],
        "accountType": "atlassian",
    }


def _mail(user: Json) -> str:
    return f"{user['displayName'].lower().replace(' ', '.')}@example.org"


def _status(n: int) -> Json:
    name, category = STATUSES[n]
    id_ = CATEGORIES[category]
    return {
        "self": f"{LINKS}/rest/api/3/status/{10_000 + n}",
        "description": "",
        "iconUrl": f"{LINKS}/",
        "name": name,
        "id": str(10_000 + n),
        "statusCategory": {
            "self": f"{LINKS}/rest/api/3/statuscategory/{id_}", "id": id_, "key": category, "colorName": "yellow",
            "name": name,
        },
    }  # fmt: skip


def _priority(n: int) -> Json:
    icon = f"{LINKS}/images/icons/priorities/{PRIORITIES[n].lower()}.svg"
    return {"self": f"{LINKS}/rest/api/3/priority/{n + 1}", "iconUrl": icon, "name": PRIORITIES[n], "id": str(n + 1)}


def _type(n: int) -> Json:
    name, level = TYPES[n]
    return {
        "self": f"{LINKS}/rest/api/3/issuetype/{10_000 + n}",
        "id": str(10_000 + n),
        "description": "A kind of work, as the administrator described it.",
        "iconUrl": f"{LINKS}/rest/api/2/universal_avatar/view/type/issuetype/avatar/{10_300 + n}?size=medium",
        "name": name,
        "subtask": level < 0,
        "avatarId": 10_300 + n,
        "hierarchyLevel": level,
    }


def _field(name: str) -> Json:
    return {
        "id": name, "key": name, "name": name.capitalize(), "custom": False, "orderable": True, "navigable": True,
        "searchable": True, "clauseNames": [name], "schema": {"type": "string", "system": name},
    }  # fmt: skip


def _customs() -> list[Json]:
    fields = [
        _custom(SPRINT, "Sprint", ("array", "json", f"{_GREENHOPPER}:gh-sprint")),
        _custom(STORY_POINTS, "Story point estimate", ("number", None, f"{_GREENHOPPER}:jsw-story-points")),
        _custom("customfield_10019", "Rank", ("any", None, f"{_GREENHOPPER}:gh-lexo-rank")),
        _custom("customfield_10015", "Start date", ("date", None, f"{_TYPES}:datepicker")),
    ]
    for n in range(SPARE_FIELDS):
        type_, items, kind = _SPARE[n % len(_SPARE)]
        fields.append(_custom(f"customfield_{10_100 + n}", f"Custom field {n}", (type_, items, f"{_TYPES}:{kind}")))
    return fields


def _custom(id_: str, name: str, kind: tuple[str, str | None, str]) -> Json:
    number = int(id_.rpartition("_")[2])
    schema: Json = {"type": kind[0], "custom": kind[2], "customId": number}
    if kind[1]:
        schema["items"] = kind[1]
    return {
        "id": id_, "key": id_, "name": name, "custom": True, "orderable": True, "navigable": True, "searchable": True,
        "clauseNames": [f"cf[{number}]", name], "schema": schema,
    }  # fmt: skip
