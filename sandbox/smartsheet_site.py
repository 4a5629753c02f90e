"""Routes of the make-believe Smartsheet beside sheets and places: people, reports, events."""

from __future__ import annotations

from typing import Any

from sandbox.smartsheet_call import Call, Problem
from sandbox.smartsheet_records import Event, Report, Row, Sheet
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
    ("GET", r"/reports", list_reports),
    ("GET", r"/reports/(\d+)", one_report),
    ("GET", r"/events", list_events),
]
