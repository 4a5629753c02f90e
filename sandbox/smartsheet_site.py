"""Routes of the make-believe Smartsheet beside sheets: people, workspaces, folders, reports, events.

Workspaces and children come by token since June 2026 (`Options.old_paging` for before); `/sheets` and `/reports` by
page number.
"""

from __future__ import annotations

from typing import Any

from sandbox.smartsheet_call import Call, Problem
from sandbox.smartsheet_records import Event, Folder, Report, Row, Sheet, Workspace
from sandbox.smartsheet_values import instant, seen_type, shown
from sandbox.smartsheet_views import COLUMN_VERSIONS, Shape, Views

__all__ = ["SITE_ROUTES"]

HOUR = 3600
MOST_EVENTS = 10_000


def current_user(call: Call) -> Any:
    return Views(call.tracker, call.user).profile(call.user)


def list_users(call: Call) -> Any:
    if not call.user.admin and not call.options.users_open:
        raise Problem(1004)
    emails, since = {one.lower() for one in call.words("email")}, call.since("modifiedSince")
    views = Views(call.tracker, call.user)
    rows = [
        user
        for user in call.tracker.users.values()
        if (not emails or user.email.lower() in emails) and (since is None or user.modified >= since)
    ]
    return call.paged(rows, views.listed_user)


def one_user(call: Call, id_: str) -> Any:
    user = call.tracker.users.get(int(id_))
    if user is None:
        raise Problem(1006)
    if not call.user.admin and user is not call.user:
        raise Problem(1004)
    return Views(call.tracker, call.user).profile(user)


def server_info(_call: Call) -> Any:
    return {"supportedLocales": ["en_US", "de_DE", "fr_FR"]}


# ------------------------------------------------------------------ workspaces and folders


def list_workspaces(call: Call) -> Any:
    views = Views(call.tracker, call.user)
    rows = [one for one in call.tracker.workspaces.values() if call.tracker.access(call.user, one)]
    if call.options.old_paging and call.params.get("paginationType") != "token":
        return call.paged(rows, views.workspace)
    return call.by_token(rows, views.workspace)


def _workspace(call: Call, id_: str) -> Workspace:
    workspace = call.tracker.workspaces.get(int(id_))
    if workspace is None or not call.tracker.access(call.user, workspace):
        raise Problem(1006)
    return workspace


def _folder(call: Call, id_: str) -> Folder:
    folder = call.tracker.folders.get(int(id_))
    if folder is None or not call.tracker.access(call.user, folder):
        raise Problem(1006)
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
            if one.parent_id == folder_id and (folder_id is not None or one.workspace_id == workspace_id)
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


# ------------------------------------------------------------------ reports


def list_reports(call: Call) -> Any:
    since, views = call.since("modifiedSince"), Views(call.tracker, call.user)
    rows = [
        one
        for one in call.tracker.reports.values()
        if call.tracker.access(call.user, one) and (since is None or one.modified >= since)
    ]
    return call.paged(rows, views.listed)


def one_report(call: Call, id_: str) -> Any:
    """100 rows unless asked otherwise; its columns have virtual ids, and MULTI_ ones are text."""
    report = call.tracker.reports.get(int(id_))
    if report is None or not call.tracker.access(call.user, report):
        raise Problem(1006)
    sheets = [one for id_ in report.sheet_ids if (one := call.tracker.sheets.get(id_))]
    sheets = [one for one in sheets if call.tracker.access(call.user, one)]
    count = sum(len(sheet.rows) for sheet in sheets)
    number, size, _ = call.place(count)
    views = Views(call.tracker, call.user, call.flag("numericDates"))
    found = views.report(report) | {"totalRowCount": count, "columns": _report_columns(report, sheets)}
    found["rows"] = _report_rows(call, views, report, sheets, (number - 1) * size, number * size)
    if "sourceSheets" in call.words("include"):
        found["sourceSheets"] = [{"id": sheet.id, "name": sheet.name} for sheet in sheets]
    return found


def _report_rows(
    call: Call, views: Views, report: Report, sheets: list[Sheet], first: int, end: int
) -> list[dict[str, Any]]:
    """Their numbers are their places in the report."""
    shape = Shape(level=0, include=frozenset(call.words("include")), column_ids=frozenset())
    found, number = [], 0
    for sheet in sheets:
        rows = sheet.rows[max(0, first - number) : max(0, end - number)]
        start = number + max(0, first - number) + 1
        number += len(sheet.rows)
        access = {"accessLevel": call.tracker.access(call.user, sheet)}
        for place, (row, shown_) in enumerate(zip(rows, views.rows(sheet, rows, shape), strict=True), start):
            cells = {"cells": _report_cells(call, report, sheet, row)}
            found.append({"id": row.id, "sheetId": sheet.id} | shown_ | {"rowNumber": place} | access | cells)
    return found


def _report_columns(report: Report, sheets: list[Sheet]) -> list[dict[str, Any]]:
    first = {c.title: c for sheet in reversed(sheets) for c in sheet.columns}
    plain: dict[str, Any] = {"version": 0, "type": "TEXT_NUMBER", "validation": False, "width": 150}
    name = {"virtualId": report.virtual_ids[0], "index": 0, "title": "Sheet Name", "sheetNameColumn": True}
    found = [name | plain]
    for index, title in enumerate(report.titles, 1):
        one = {"virtualId": report.virtual_ids[index], "index": index, "title": title} | plain
        if title in first:
            column = first[title]
            one |= {"type": seen_type(column, 0), "version": COLUMN_VERSIONS.get(column.type, 0)}
            one |= {"primary": True} if column.primary else {}
        found.append(one)
    return found


def _report_cells(call: Call, report: Report, sheet: Sheet, row: Row) -> list[dict[str, Any]]:
    objects = "objectValue" in call.words("include")
    name = {"virtualColumnId": report.virtual_ids[0], "value": sheet.name}
    cells = [name | ({"objectValue": sheet.name} if objects else {}) | {"displayValue": sheet.name}]
    titles = {column.title: column for column in reversed(sheet.columns)}
    for title, virtual in zip(report.titles, report.virtual_ids[1:], strict=True):
        column = titles.get(title)
        if column is None:
            cells.append({"virtualColumnId": virtual})
            continue
        value = shown(column, call.tracker.value(row, column), level=0, objects=objects)
        cells.append({"columnId": column.id, "virtualColumnId": virtual, **value})
    return cells


# ------------------------------------------------------------------ events


def list_events(call: Call) -> Any:
    """For system admins, where the plan has the add-on. `since` counts from its full hour."""
    if not call.options.event_reporting or not call.user.admin:
        raise Problem(1004)
    if ("since" in call.params) == ("streamPosition" in call.params):
        raise Problem(1227 if "since" in call.params else 1228, "since", "streamPosition")
    most = call.whole("maxCount", 1000, 1)
    if most > MOST_EVENTS:
        raise Problem(1018, most, "maxCount")
    first = call.whole("streamPosition", 0)
    if "since" in call.params:
        since = (call.since("since") or 0) // HOUR * HOUR
        first = sum(event.at < since for event in call.tracker.events)
    rows = list(enumerate(call.tracker.events))[first : first + most]
    end = first + len(rows)
    data = [_event(n, event, call.options.event_ids) for n, event in rows]
    return {"nextStreamPosition": str(end), "moreAvailable": end < len(call.tracker.events), "data": data}


def _event(number: int, event: Event, ids: str) -> dict[str, Any]:
    object_id = str(event.object_id) if ids == "text" else event.object_id
    found = {"eventId": f"e{number:08d}", "objectType": event.type, "action": event.action, "objectId": object_id}
    at = {"eventTimestamp": instant(event.at), "userId": event.user_id, "requestUserId": event.user_id}
    return found | at | {"source": "WEB_APP", "additionalDetails": event.details}


SITE_ROUTES = [
    ("GET", r"/users/me", current_user),
    ("GET", r"/users", list_users),
    ("GET", r"/users/(\d+)", one_user),
    ("GET", r"/serverinfo", server_info),
    ("GET", r"/workspaces", list_workspaces),
    ("GET", r"/workspaces/(\d+)", one_workspace),
    ("GET", r"/workspaces/(\d+)/metadata", workspace_metadata),
    ("GET", r"/workspaces/(\d+)/children", workspace_children),
    ("GET", r"/folders/(\d+)", one_folder),
    ("GET", r"/folders/(\d+)/metadata", folder_metadata),
    ("GET", r"/folders/(\d+)/children", folder_children),
    ("GET", r"/reports", list_reports),
    ("GET", r"/reports/(\d+)", one_report),
    ("GET", r"/events", list_events),
]
