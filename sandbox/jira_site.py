"""Routes of the make-believe Jira Cloud about the site: who one is, projects, people, words, boards, sprints.

Odd as the real one: some routes answer an empty list to a wrong token, others 401; people come as a bare array; the
number of rows asked for is cut without a word; a kanban board has no sprints, and says so with a 400; a board may list
sprints of other boards.
"""

from __future__ import annotations

from typing import Any

from sandbox.jira_call import Call, Problem
from sandbox.jira_records import EFFORT, POINTS_COMPANY, POINTS_TEAM, RANK, RESOLUTIONS, Board, Field, Project

__all__ = ["CLOUD_ID", "SITE_ROUTES"]

Json = dict[str, Any]
CLOUD_ID = "0f0e0d0c-0b0a-4908-8706-050403020100"
NO_PROJECT = "No project could be found with key '{}'."
AUTHENTICATE = "Client must be authenticated to access this resource."
PERMISSIONS = {
    "BROWSE_PROJECTS": "Browse Projects", "EDIT_ISSUES": "Edit Issues", "TRANSITION_ISSUES": "Transition Issues",
    "RESOLVE_ISSUES": "Resolve Issues", "WORK_ON_ISSUES": "Work On Issues", "ADMINISTER": "Administer Jira",
    "USER_PICKER": "Browse users and groups", "ADMINISTER_PROJECTS": "Administer Projects",
}  # fmt: skip
GLOBAL = {"ADMINISTER", "USER_PICKER"}


def _logged_in(call: Call) -> None:
    if call.login is None:
        raise Problem(401, text=AUTHENTICATE)


# ------------------------------------------------------------------ who and what


def myself(call: Call) -> Json:
    if call.login is None:
        raise Problem(401, text=AUTHENTICATE)
    user = call.tracker.users[call.login.account_id]
    own = {"emailAddress": user.email, "timeZone": user.zone, "locale": "en_US", "expand": "groups,applicationRoles"}
    return call.views.full_user(user) | own


def server_info(call: Call) -> Json:
    return {
        "baseUrl": call.url,
        "displayUrl": call.url,
        "version": "1001.0.0-SNAPSHOT",
        "versionNumbers": [1001, 0, 0],
        "deploymentType": "Cloud",
        "buildNumber": 100_282,
        "buildDate": "2026-11-20T08:00:00.000+0100",
        "serverTime": call.views.time(call.tracker.now()),
        "scmInfo": "0000000000000000000000000000000000000000",
        "serverTitle": "Jira of Alder & Finch",
        "defaultLocale": {"locale": "en_US"},
        "serverTimeZone": "Europe/Berlin",
    }


def tenant_info(_call: Call) -> Json:
    return {"cloudId": CLOUD_ID}


def my_permissions(call: Call) -> Json:
    asked = call.words("permissions")
    if not asked:
        raise Problem(400, "The 'permissions' query parameter is required.")
    unknown = [name for name in asked if name not in PERMISSIONS]
    if unknown:
        raise Problem(400, f"Unrecognized permission: {unknown[0]}")
    name = call.text("projectKey") or call.text("projectId")
    project = call.tracker.project(name) if name else None
    if name and (project is None or not call.tracker.sees(call.login, project.id)):
        raise Problem(404, NO_PROJECT.format(name))
    return {"permissions": {one: _permission(call, one, project) for one in asked}}


def _permission(call: Call, name: str, project: Project | None) -> Json:
    login = call.login
    if login is None:
        have = False
    elif name == "USER_PICKER":
        have = login.browses_users
    elif name in ("ADMINISTER", "ADMINISTER_PROJECTS"):
        have = login.admin
    elif project and project.id in login.read_only and name != "BROWSE_PROJECTS":
        have = False
    else:
        everywhere = any(call.tracker.sees(login, id_) for id_ in call.tracker.projects)
        have = call.tracker.sees(login, project.id) if project else everywhere
    place = str(list(PERMISSIONS).index(name) + 10)
    kind = "GLOBAL" if name in GLOBAL else "PROJECT"
    words = {"id": place, "key": name, "name": PERMISSIONS[name], "type": kind, "description": ""}
    return words | {"havePermission": have}


# ------------------------------------------------------------------ projects


def projects(call: Call) -> Json:
    states = call.words("status") or ["live"]
    rows = [p for p in call.tracker.projects.values() if p.state in states and call.tracker.may(call.login, p.id)]
    keys, ids, text = call.words("keys"), call.words("id"), call.text("query").lower()
    rows = [p for p in rows if (not keys or p.key in keys) and (not ids or str(p.id) in ids)]
    rows = [p for p in rows if text in p.key.lower() or text in p.name.lower()]
    descending = call.text("orderBy").startswith("-")
    rows.sort(key=lambda p: p.name if "name" in call.text("orderBy") else p.key, reverse=descending)
    expand = call.words("expand")
    return call.paged(rows, lambda p: call.views.project(p, expand))


def _project(call: Call, name: str) -> Project:
    project = call.tracker.project(name)
    if project is None or not call.tracker.sees(call.login, project.id):
        raise Problem(404, NO_PROJECT.format(name))
    return project


def one_project(call: Call, name: str) -> Json:
    project = _project(call, name)
    shown = call.views.project(project, ["lead", "description", "issueTypes"])
    versions = [v for v in call.tracker.versions.values() if v.project_id == project.id]
    return shown | {"assigneeType": "UNASSIGNED", "versions": [call.views.version(v) for v in versions]}


def versions(call: Call, name: str) -> list[Json]:
    project = _project(call, name)
    return [call.views.version(v) for v in call.tracker.versions.values() if v.project_id == project.id]


def paged_versions(call: Call, name: str) -> Json:
    project = _project(call, name)
    rows = [v for v in call.tracker.versions.values() if v.project_id == project.id]
    return call.paged(rows, call.views.version)


def components(call: Call, name: str) -> list[Json]:
    project = _project(call, name)
    return [
        {"self": f"{call.views.api}/component/{c.id}", "id": c.id, "name": c.name, "project": project.key,
         "projectId": project.id, "assigneeType": "PROJECT_DEFAULT"}
        for c in call.tracker.components.values()
        if c.project_id == project.id
    ]  # fmt: skip


def project_statuses(call: Call, name: str) -> list[Json]:
    project = _project(call, name)
    statuses = [call.views.status(call.tracker.statuses[id_]) for id_ in project.status_ids]
    shown = []
    for id_ in project.type_ids:
        kind = call.tracker.types[id_]
        words = {"self": f"{call.views.api}/issuetype/{id_}", "id": id_, "name": kind.name, "subtask": kind.level < 0}
        shown.append(words | {"statuses": statuses})
    return shown


# ------------------------------------------------------------------ people


def users(call: Call) -> list[Json]:
    """All accounts, inactive ones, customers and apps too."""
    _logged_in(call)
    if call.login is None or not call.login.browses_users:
        raise Problem(403, "You do not have permission to browse users.")
    start, size = max(0, call.number("startAt", 0)), max(1, min(call.number("maxResults", 50), 1000))
    if size > call.options.users_in_time:
        raise Problem(409, "The query took longer than 10 seconds.")
    rows = list(call.tracker.users.values())[start : start + size]
    return [call.views.full_user(user) for user in rows]


def one_user(call: Call) -> Json:
    _logged_in(call)
    found = call.tracker.users.get(call.text("accountId"))
    if found is None:
        raise Problem(404, "Specified user does not exist or you do not have required permissions")
    return call.views.full_user(found)


def bulk_users(call: Call) -> Json:
    _logged_in(call)
    ids = call.params.get("accountId", [])
    if not ids:
        raise Problem(400, "The accountId parameter is required.")
    rows = [call.tracker.users[id_] for id_ in dict.fromkeys(ids) if id_ in call.tracker.users]
    return call.paged(rows, call.views.full_user, default=10, most=200)


# ------------------------------------------------------------------ words


def statuses(call: Call) -> list[Any]:
    return [call.views.status(s) for s in call.tracker.statuses.values() if _seen_scope(call, s.project_id)]


def _seen_scope(call: Call, project_id: int | None) -> bool:
    if project_id is None:
        return call.login is not None
    return call.tracker.sees(call.login, project_id)


def categories(call: Call) -> list[Json]:
    return [call.views.category(key) for key in ("undefined", "new", "indeterminate", "done")]


def searched_statuses(call: Call) -> Json:
    """Needs an administrator, and uses other words for the categories."""
    _logged_in(call)
    if call.login is None or not call.login.admin:
        raise Problem(401, "You must be an administrator.")
    words = {"new": "TODO", "indeterminate": "IN_PROGRESS", "done": "DONE", "undefined": "TODO"}

    def show(status: Any) -> Json:
        scope: Json = {"type": "GLOBAL"}
        if status.project_id is not None:
            scope = {"type": "PROJECT", "project": {"id": str(status.project_id)}}
        words_ = {"id": status.id, "name": status.name, "statusCategory": words[status.category]}
        return words_ | {"scope": scope, "description": ""}

    return call.paged(list(call.tracker.statuses.values()), show, default=200, most=200)


def priorities(call: Call) -> list[Json]:
    return [call.views.full_priority(id_) for id_ in call.tracker.priorities] if call.login else []


def searched_priorities(call: Call) -> Json:
    return call.paged(list(call.tracker.priorities) if call.login else [], call.views.full_priority)


def resolutions(call: Call) -> list[Json]:
    return [call.views.resolution(id_) or {} for id_ in RESOLUTIONS] if call.login else []


def fields(call: Call) -> list[Json]:
    return [call.views.field(one) for one in call.tracker.fields.values()] if call.login else []


def searched_fields(call: Call) -> Json:
    _logged_in(call)
    kinds = call.words("type") or ["custom", "system"]
    ids, text = call.words("id"), call.text("query").lower()

    def asked(one: Field) -> bool:
        kind = "custom" if one.custom else "system"
        return kind in kinds and (not ids or one.id in ids) and text in one.name.lower()

    def show(one: Field) -> Json:
        shown = call.views.field(one)
        return {name: shown[name] for name in ("id", "key", "name", "schema")} | {"description": "", "isLocked": False}

    return call.paged([one for one in call.tracker.fields.values() if asked(one)], show)


def link_types(call: Call) -> Json:
    if not call.options.links_enabled:
        raise Problem(404, "Issue linking is currently disabled.")
    ids = call.tracker.link_types if call.login else []
    return {"issueLinkTypes": [call.views.link_type(id_) for id_ in ids]}


def types(call: Call) -> list[Json]:
    return [call.views.type(t) for t in call.tracker.types.values() if _seen_scope(call, t.project_id)]


# ------------------------------------------------------------------ boards and sprints


def boards(call: Call) -> Json:
    kinds, name = call.words("type"), call.text("projectKeyOrId")
    rows = [b for b in call.tracker.boards.values() if call.tracker.sees(call.login, b.project_id)]
    if name:
        project = _project(call, name)
        rows = [b for b in rows if project.id in b.shows]
    rows = [b for b in rows if not kinds or b.kind in kinds]
    return _agile(call.paged(rows, lambda b: _board(call, b), most=50))


def _agile(page: Json) -> Json:
    """Its pages name neither themselves nor the next one."""
    return {name: value for name, value in page.items() if name not in ("self", "nextPage")}


def _board(call: Call, board: Board) -> Json:
    project = call.tracker.projects[board.project_id]
    return {
        "id": board.id,
        "self": f"{call.views.agile}/board/{board.id}",
        "name": board.name,
        "type": board.kind,
        "location": {
            "projectId": project.id,
            "displayName": f"{project.name} ({project.key})",
            "projectName": project.name,
            "projectKey": project.key,
            "projectTypeKey": project.kind,
            "avatarURI": f"{call.url}/avatar/p-24.png",
            "name": f"{project.name} ({project.key})",
        },
        "isPrivate": False,
    }


def _one_board(call: Call, id_: str) -> Board:
    _logged_in(call)
    board = call.tracker.boards.get(int(id_))
    if board is None or not call.tracker.sees(call.login, board.project_id):
        raise Problem(
            404, "The requested board cannot be viewed because it either does not exist or you do not have permission."
        )
    return board


def one_board(call: Call, id_: str) -> Json:
    return _board(call, _one_board(call, id_))


def sprints(call: Call, id_: str) -> Json:
    """Also sprints of other boards whose issues this one shows; the total is not told."""
    board = _one_board(call, id_)
    if board.kind != "scrum":
        raise Problem(400, "The board does not support sprints")
    owners = {b.id for b in call.tracker.boards.values() if b.project_id in board.shows}
    states = call.words("state")
    rows = [s for s in call.tracker.sprints.values() if s.board_id in owners]
    rows = [s for s in rows if not states or s.state in states]
    rows.sort(key=lambda s: (("closed", "active", "future").index(s.state), s.id))
    page = _agile(call.paged(rows, call.views.sprint, most=50))
    page.pop("total")
    return page


def one_sprint(call: Call, id_: str) -> Json:
    _logged_in(call)
    sprint = call.tracker.sprints.get(int(id_))
    board = call.tracker.boards.get(sprint.board_id) if sprint else None
    if sprint is None or board is None or not call.tracker.sees(call.login, board.project_id):
        raise Problem(404, "Sprint does not exist or you do not have permission to view it.")
    return call.views.sprint(sprint)


def configuration(call: Call, id_: str) -> Json:
    board = _one_board(call, id_)
    project = call.tracker.projects[board.project_id]
    columns: dict[str, list[Json]] = {"To Do": [], "In Progress": [], "Done": []}
    names = {"new": "To Do", "done": "Done"}
    for status_id in project.status_ids:
        column = names.get(call.tracker.statuses[status_id].category, "In Progress")
        columns[column].append({"id": status_id, "self": f"{call.url}/rest/api/2/status/{status_id}"})
    shown: Json = {
        "id": board.id,
        "name": board.name,
        "type": board.kind,
        "self": f"{call.views.agile}/board/{board.id}/configuration",
        "location": {"type": "project", "key": project.key, "id": str(project.id), "name": project.name},
        "filter": {"id": str(10_000 + board.id), "self": f"{call.url}/rest/api/2/filter/{10_000 + board.id}"},
        "subQuery": {"query": ""},
        "columnConfig": {
            "columns": [{"name": name, "statuses": found} for name, found in columns.items()],
            "constraintType": "none",
        },
        "ranking": {"rankCustomFieldId": int(RANK.rpartition("_")[2])},
    }
    if board.kind == "scrum":
        field = POINTS_TEAM if project.team_managed else EFFORT if project.key == "IAM" else POINTS_COMPANY
        shown["estimation"] = {
            "type": "field",
            "field": {"fieldId": field, "displayName": call.tracker.fields[field].name},
        }
    return shown


_API, _AGILE = "/rest/api/3", "/rest/agile/1.0"
SITE_ROUTES = [
    ("GET", rf"{_API}/myself", myself),
    ("GET", rf"{_API}/serverInfo", server_info),
    ("GET", r"/_edge/tenant_info", tenant_info),
    ("GET", rf"{_API}/mypermissions", my_permissions),
    ("GET", rf"{_API}/project/search", projects),
    ("GET", rf"{_API}/project/([^/]+)", one_project),
    ("GET", rf"{_API}/project/([^/]+)/versions", versions),
    ("GET", rf"{_API}/project/([^/]+)/version", paged_versions),
    ("GET", rf"{_API}/project/([^/]+)/components", components),
    ("GET", rf"{_API}/project/([^/]+)/statuses", project_statuses),
    ("GET", rf"{_API}/users/search", users),
    ("GET", rf"{_API}/user", one_user),
    ("GET", rf"{_API}/user/bulk", bulk_users),
    ("GET", rf"{_API}/status", statuses),
    ("GET", rf"{_API}/statuscategory", categories),
    ("GET", rf"{_API}/statuses/search", searched_statuses),
    ("GET", rf"{_API}/priority", priorities),
    ("GET", rf"{_API}/priority/search", searched_priorities),
    ("GET", rf"{_API}/resolution", resolutions),
    ("GET", rf"{_API}/field", fields),
    ("GET", rf"{_API}/field/search", searched_fields),
    ("GET", rf"{_API}/issueLinkType", link_types),
    ("GET", rf"{_API}/issuetype", types),
    ("GET", rf"{_AGILE}/board", boards),
    ("GET", rf"{_AGILE}/board/(\d+)", one_board),
    ("GET", rf"{_AGILE}/board/(\d+)/sprint", sprints),
    ("GET", rf"{_AGILE}/board/(\d+)/configuration", configuration),
    ("GET", rf"{_AGILE}/sprint/(\d+)", one_sprint),
]
