"""Routes of the make-believe Smartsheet for what holds sheets: the home, workspaces, folders; and for making them.

Workspaces and children come by token since June 2026 (`Options.old_paging` for before). The home is deprecated by the
vendor, and its answers have never come in pages.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

from sandbox.smartsheet_call import Call, Problem, done
from sandbox.smartsheet_records import Folder, Report, Sheet, Workspace
from sandbox.smartsheet_views import Views

__all__ = ["PLACE_ROUTES", "copied_sheet", "place_of"]


def list_workspaces(call: Call) -> Any:
    views = Views(call.tracker, call.user)
    rows = [one for one in call.tracker.workspaces.values() if call.tracker.access(call.user, one)]
    if call.options.old_paging and call.params.get("paginationType") != "token":
        return call.paged(rows, views.workspace)
    return call.by_token(rows, views.workspace)


def _workspace(call: Call, id_: str, least: str = "VIEWER") -> Workspace:
    workspace = call.tracker.workspaces.get(int(id_))
    if workspace is None:
        raise Problem(1006)
    call.allowed(workspace, least)
    return workspace


def _folder(call: Call, id_: str, least: str = "VIEWER") -> Folder:
    folder = call.tracker.folders.get(int(id_))
    if folder is None:
        raise Problem(1006)
    call.allowed(folder, least)
    return folder


Held = dict[str, list[Any]]


def _held(call: Call, workspace_id: int | None, folder_id: int | None) -> Held:
    """What lies directly in a workspace, or in a folder, of what the account sees."""

    def here(thing: Sheet | Report) -> bool:
        place = thing.folder_id == folder_id and (folder_id is not None or thing.workspace_id == workspace_id)
        return place and call.tracker.access(call.user, thing) is not None

    return {
        "sheets": [one for one in call.tracker.sheets.values() if here(one)],
        "folders": [
            one
            for one in call.tracker.folders.values()
            if one.parent_id == folder_id
            and (folder_id is not None or one.workspace_id == workspace_id)
            and call.tracker.access(call.user, one)
        ],
        "reports": [one for one in call.tracker.reports.values() if here(one)],
    }


def _listing(call: Call, held: Held, deep: bool) -> dict[str, Any]:
    views, include = Views(call.tracker, call.user), call.words("include")
    found: dict[str, Any] = {kind: [views.listed(one, include) for one in held[kind]] for kind in ("sheets", "reports")}
    found["folders"] = [
        views.folder(one) | (_listing(call, _held(call, None, one.id), True) if deep else {}) for one in held["folders"]
    ]
    return {kind: rows for kind, rows in found.items() if rows}


def one_workspace(call: Call, id_: str) -> Any:
    """The old way; `loadAll` also shows what folders hold."""
    workspace = _workspace(call, id_)
    shown_ = Views(call.tracker, call.user).workspace(workspace)
    return shown_ | _listing(call, _held(call, workspace.id, None), call.flag("loadAll"))


def one_folder(call: Call, id_: str) -> Any:
    """The old way: folders within, and what they hold."""
    folder = _folder(call, id_)
    return Views(call.tracker, call.user).folder(folder) | _listing(call, _held(call, None, folder.id), True)


def workspace_metadata(call: Call, id_: str) -> Any:
    return Views(call.tracker, call.user).workspace(_workspace(call, id_))


def folder_metadata(call: Call, id_: str) -> Any:
    return Views(call.tracker, call.user).folder(_folder(call, id_))


def workspace_children(call: Call, id_: str) -> Any:
    return _children(call, _held(call, _workspace(call, id_).id, None))


def folder_children(call: Call, id_: str) -> Any:
    return _children(call, _held(call, None, _folder(call, id_).id))


def _children(call: Call, held: Held) -> Any:
    """One level, all kinds in one list, by token."""
    wanted = call.words("childrenResourceTypes") or set(held)
    if not wanted <= {*held, "sights"}:
        raise Problem(1018, call.params["childrenResourceTypes"], "childrenResourceTypes")
    views = Views(call.tracker, call.user)
    rows = [(kind, one) for kind, things in held.items() if kind in wanted for one in things]

    def show(row: tuple[str, Any]) -> dict[str, Any]:
        kind, one = row
        return (views.folder(one) if kind == "folders" else views.listed(one)) | {"resourceType": kind[:-1]}

    return call.by_token(rows, show)


# ------------------------------------------------------------------ the home


def home(call: Call) -> Any:
    """All that the account sees, each in its place; workspaces with what they hold."""
    views = Views(call.tracker, call.user)
    workspaces = [one for one in call.tracker.workspaces.values() if call.tracker.access(call.user, one)]
    found = _listing(call, _held(call, None, None), True)
    found["workspaces"] = [views.workspace(one) | _listing(call, _held(call, one.id, None), True) for one in workspaces]
    return found | {"sights": list(call.tracker.beside.sights.values())}


# ------------------------------------------------------------------ making places


def place_of(call: Call, kind: str = "home", id_: str = "0", least: str = "EDITOR_SHARE") -> dict[str, int]:
    """Where something new is to lie, as the tracker wants it named: nothing for the home."""
    if kind.startswith("folder"):
        return {"folder": _folder(call, id_, least).id}
    return {"workspace": _workspace(call, id_, least).id} if kind.startswith("workspace") else {}


def create_workspace(call: Call) -> Any:
    id_ = call.tracker.add_workspace(call.wanted("name")["name"], owner=call.user.email)
    return done(Views(call.tracker, call.user).workspace(call.tracker.workspaces[id_]))


def create_folder(call: Call, kind: str = "home", id_: str = "0") -> Any:
    new = _new_folder(call, call.wanted("name")["name"], place_of(call, kind, id_))
    return done(Views(call.tracker, call.user).folder(call.tracker.folders[new]))


def _new_folder(call: Call, name: str, place: dict[str, int]) -> int:
    where = {"parent" if kind == "folder" else kind: id_ for kind, id_ in place.items()}
    return call.tracker.add_folder(name, owner=call.user.email, **where)


def copy_folder(call: Call, id_: str) -> Any:
    """Sheets without their rows unless `include` names them; reports stay behind."""
    folder, body = _folder(call, id_), call.wanted("destinationType", "newName")
    kind = str(body["destinationType"]).lower()
    if kind not in ("home", "folder", "workspace"):
        raise Problem(1031, body["destinationType"], "destinationType")
    if kind != "home" and "destinationId" not in body:
        raise Problem(1012, "destinationId")
    place = place_of(call, kind, str(body.get("destinationId", 0)))
    new = _planted(call, _Tree.of(call, folder), body["newName"], place)
    return done(Views(call.tracker, call.user).folder(call.tracker.folders[new]))


class _Tree(NamedTuple):
    """What a folder holds, all the way down; it may be copied into itself."""

    sheets: list[Sheet]
    folders: list[tuple[str, _Tree]]

    @classmethod
    def of(cls, call: Call, folder: Folder) -> _Tree:
        held = _held(call, None, folder.id)
        return cls(held["sheets"], [(one.name, cls.of(call, one)) for one in held["folders"]])


def _planted(call: Call, tree: _Tree, name: str, place: dict[str, int]) -> int:
    new = _new_folder(call, name, place)
    for sheet in tree.sheets:
        copied_sheet(call, sheet, sheet.name, {"folder": new}, data=bool(call.words("include") & {"data", "all"}))
    for inner, held in tree.folders:
        _planted(call, held, inner, {"folder": new})
    return new


def copied_sheet(call: Call, source: Sheet, name: str, place: dict[str, int], *, data: bool) -> Sheet:
    """Its columns, and with `data` its rows, in a sheet of the account's own."""
    tracker, owner = call.tracker, call.user
    copy = tracker.add_sheet(
        name,
        (),
        owner=owner.email,
        workspace=place.get("workspace"),
        folder=place.get("folder"),
        dependencies=source.dependencies,
    )
    copy.columns = [replace(column, id=tracker.next_id()) for column in source.columns]
    copy.source_id = source.id
    if data:
        rows = tracker.copy_rows(source.rows, copy, owner.id)
        tracker.settle(copy, [tracker.rows[id_] for id_ in rows.values()], owner.id)
    return copy


HOME = r"/home"  # of the account
PLACE_ROUTES = [
    ("GET", HOME, home),
    ("POST", rf"{HOME}/folders", create_folder),
    ("POST", r"/(folder|workspace)s/(\d+)/folders", create_folder),
    ("POST", r"/folders/(\d+)/copy", copy_folder),
    ("GET", r"/workspaces", list_workspaces),
    ("POST", r"/workspaces", create_workspace),
    ("GET", r"/workspaces/(\d+)", one_workspace),
    ("GET", r"/workspaces/(\d+)/metadata", workspace_metadata),
    ("GET", r"/workspaces/(\d+)/children", workspace_children),
    ("GET", r"/folders/(\d+)", one_folder),
    ("GET", r"/folders/(\d+)/metadata", folder_metadata),
    ("GET", r"/folders/(\d+)/children", folder_children),
]
