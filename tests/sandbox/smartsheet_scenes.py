"""What must be there before each of the vendor's mock scenarios of Smartsheet can be lived through in the twin.

The scenarios stand beside the project. Their ids are made up, and the answer is all that tells of the sheet before it;
so each scene is made of what request and answer name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from sandbox.smartsheet_records import Cell, Column, Folder, Row, Sheet, Workspace
from sandbox.smartsheet_tracker import Tracker
from tests.sandbox.smartsheet_browser import NOW, Browser
from tests.sandbox.smartsheet_shown import cells_of, recorded_report, recorded_sheet, rows_of, seconds

__all__ = ["Scenario", "prepare", "tracker_of"]


class Scenario(NamedTuple):
    name: str
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    status: int
    told: Any

    @classmethod
    def of(cls, line: dict[str, Any]) -> Scenario:
        request, answer = line["scenario"]["request"], line["scenario"]["response"]
        told = answer.get("jsonBody", answer.get("body"))
        query, headers = request.get("queryParameters") or {}, request.get("headers") or {}
        start = line["scenario"]["scenario"], request["method"], request["urlPath"], query, headers
        return cls(*start, request.get("body"), answer.get("status", 200), told)

    @property
    def operation(self) -> str:
        """The method and the path, a # for each id."""
        return f"{self.method} {re.sub(r'/(?:[0-9]+|[A-Z]{3})(?=/|$)', '/#', self.path)}"

    @property
    def ids(self) -> list[int]:
        return [int(one) for one in re.findall(r"/(\d+)", self.path)]


# ------------------------------------------------------------------ scenes


def tracker_of(told: Any) -> Tracker:
    """Its administrator is who, by the answer, was asking."""
    text = json.dumps(told)
    for who in ("createdBy", "sentBy"):
        found = re.search(rf'"{who}": {{"name": "(\w+) (\w+)", "email": "([^"]+)"', text)
        if found:
            return _standing(Tracker(admin=(found[3], found[1], found[2])))
    if isinstance(told, dict) and "account" in told:
        return _standing(
            Tracker(company=told["account"]["name"], admin=(told["email"], told["firstName"], told["lastName"]))
        )
    owner = re.search(r'"owner": "([^"]+)"', text)
    return _standing(Tracker(admin=(owner[1], "John", "Doe")) if owner else Tracker())


def _standing(tracker: Tracker) -> Tracker:
    tracker.clock = lambda: NOW
    return tracker


def add_user(tracker: Tracker, email: str, name: str, id_: int) -> None:
    user = tracker.add_user(email, *name.split())
    del tracker.users[user.id]
    user.id = id_
    tracker.users[id_] = user


def a_sheet(tracker: Tracker, id_: int, rows: Iterable[int] = (), columns: Iterable[int] = ()) -> Sheet:
    """Of some rows and columns by their ids; a first column, if none is named."""
    sheet = Sheet(id_, "Scene", tracker.admin.id, NOW, NOW)
    for n, one in enumerate(tuple(columns) or (tracker.next_id(),)):
        sheet.columns.append(Column(one, f"Column {n + 1}", primary=not n))
    for row_id in rows:
        tracker.rows[row_id] = Row(row_id, id_, NOW, tracker.admin.id, NOW, tracker.admin.id, 1)
        sheet.rows.append(tracker.rows[row_id])
    tracker.sheets[id_] = sheet
    return sheet


def _of_rows(tracker: Tracker, one: Scenario, _: Browser) -> None:
    """A sheet of all columns that the cells name, and the rows that are changed, or waited for."""
    given, told = list(one.body), list(one.told.get("result") or ())
    sheet = a_sheet(tracker, one.ids[0])
    sheet.columns = []
    failed = {cell["columnId"] for item in one.told.get("failedItems", ()) for cell in given[item["index"]]["cells"]}
    for cell in [cell for row in (*given, *told) for cell in row.get("cells", ())]:
        known = {column.id for column in sheet.columns}
        if cell["columnId"] not in known | failed:
            kind = "PREDECESSOR" if "PREDECESSOR_LIST" in json.dumps(cell) else "TEXT_NUMBER"
            kind = {"Checkbox": "CHECKBOX", "Predecessor List": "PREDECESSOR"}.get(one.name.split(" - ")[-1], kind)
            if "Assign Object Value" in one.name and cell["columnId"] != given[0]["cells"][0]["columnId"]:
                kind = "ABSTRACT_DATETIME"
            sheet.columns.append(Column(cell["columnId"], f"Column{cell['columnId']}", kind, not known))
    _rows_before(tracker, sheet, one)
    shown = {row["id"]: row for row in told}
    for id_ in [row["id"] for row in given if "id" in row]:
        row = tracker.insert(sheet, len(sheet.rows) + 1, None, tracker.admin.id)
        row.id = id_
        row.cells = cells_of(shown[id_]) if "Location" in one.name else {}
        tracker.rows[id_] = row
    for cell in [cell for row in given for cell in row.get("cells", ()) if cell.get("linkInFromCell")]:
        link = cell["linkInFromCell"]
        source = a_sheet(tracker, link["sheetId"], [link["rowId"]], [link["columnId"]])
        source.name = "Linked Sheet Name"
        source.rows[0].cells = {link["columnId"]: Cell("new value")}


def _rows_before(tracker: Tracker, sheet: Sheet, one: Scenario) -> None:
    """A formula's cells, and the row that another waits for, under the numbers that the answer gives them."""
    if "Formulae" in one.name and one.status == 200:
        column = Column(tracker.next_id(), "Column2")
        sheet.columns.append(column)
        for value in (None, None, 3, 4):
            row = tracker.insert(sheet, len(sheet.rows) + 1, None, tracker.admin.id)
            row.cells = {} if value is None else {column.id: Cell(value)}
    waits, number = (
        re.search(r'"rowId": (\d+), "type"', json.dumps(one.body)),
        re.search(r'"(\d+)FS', json.dumps(one.told)),
    )
    for n in range(int(number[1]) if waits and number else 0):
        row = tracker.insert(sheet, n + 1, None, tracker.admin.id)
        if waits and number and n + 1 == int(number[1]):
            row.id = int(waits[1])
            tracker.rows[row.id] = row


def _listed(tracker: Tracker, one: Scenario, _: Browser) -> None:
    for shown in one.told["data"]:
        recorded_sheet(tracker, shown)


def _assumed(tracker: Tracker, one: Scenario, _: Browser) -> None:
    recorded_sheet(tracker, one.told, tracker.add_user("john.doe@smartsheet.com", "John", "Doe"))


def _sent(tracker: Tracker, one: Scenario, _: Browser) -> None:
    """A row to another sheet."""
    for sheet_id in (one.ids[0], one.told["destinationSheetId"]):
        a_sheet(tracker, sheet_id, one.body["rowIds"] if sheet_id == one.ids[0] else ())


def _row(tracker: Tracker, one: Scenario, _: Browser) -> None:
    sheet = a_sheet(tracker, one.ids[0], [one.ids[1]], [cell["columnId"] for cell in one.told.get("cells", ())])
    sheet.rows[0].cells = cells_of(one.told) if "cells" in one.told else {}


def _named(tracker: Tracker, one: Scenario, _: Browser) -> None:
    """A sheet with the rows and the columns that the body names by id, and a group to write to."""
    body = one.body if isinstance(one.body, dict) else {}
    a_sheet(tracker, one.ids[0], body.get("rowIds", ()), (tracker.next_id(), *body.get("columnIds", ())))
    tracker.beside.groups[2] = {"id": 2, "name": "Group"}


def _column(tracker: Tracker, one: Scenario, _: Browser) -> None:
    a_sheet(tracker, one.ids[0], (), (tracker.next_id(), *one.ids[1:], tracker.next_id(), tracker.next_id()))


def _home(tracker: Tracker, one: Scenario, _: Browser) -> None:
    me = tracker.admin.id

    def fill(held: dict[str, Any], workspace: int | None, folder: int | None) -> None:
        for shown in held.get("sheets", ()):
            sheet = recorded_sheet(tracker, shown)
            sheet.workspace_id, sheet.folder_id = workspace, folder
        for shown in held.get("reports", ()):
            recorded_report(tracker, shown)
        for shown in held.get("folders", ()):
            tracker.folders[shown["id"]] = Folder(shown["id"], shown["name"], me, workspace, folder)
            fill(shown, workspace, shown["id"])
        for shown in held.get("workspaces", ()):
            owner, shares = tracker.member.id, {me: shown["accessLevel"]}
            tracker.workspaces[shown["id"]] = Workspace(shown["id"], shown["name"], owner, shares)
            fill(shown, shown["id"], None)

    fill(one.told, None, None)
    tracker.beside.sights = {shown["id"]: shown for shown in one.told["sights"]}


def _members(tracker: Tracker, one: Scenario, _: Browser) -> None:
    for member in one.told["result"]["members"]:
        if member["email"] != tracker.admin.email:
            tracker.add_user(member["email"], member["firstName"], member["lastName"])


def _contact(tracker: Tracker, one: Scenario, browser: Browser) -> str:
    tracker.add_user(one.told["email"], *one.told["name"].split())
    contacts = browser.get("contacts")["data"]
    return next(f"/contacts/{shown['id']}" for shown in contacts if shown["email"] == one.told["email"])


def _only_me(tracker: Tracker, one: Scenario, _: Browser) -> None:
    del tracker.users[tracker.member.id]
    (shown,) = one.told["data"]
    tracker.admin.email, tracker.admin.first, tracker.admin.last = shown["email"], "John", "Doe"


def _somebody(tracker: Tracker, one: Scenario, _: Browser) -> None:
    add_user(tracker, "somebody@example.com", "Some Body", one.ids[0])


def _image(tracker: Tracker, one: Scenario, _: Browser) -> None:
    row = a_sheet(tracker, 1, [2], [3]).rows[0]
    row.cells = {3: Cell("a picture", image={"id": one.body[0]["imageId"], "height": 100, "width": 200})}


def _marked(tracker: Tracker, one: Scenario, _: Browser) -> None:
    a_sheet(tracker, one.body[0]["objectId"])


def _report(tracker: Tracker, one: Scenario, _: Browser) -> None:
    """Of the sheets that its rows are in, by name."""
    report = recorded_report(tracker, one.told)
    report.virtual_ids = [shown["virtualId"] for shown in one.told["columns"]]
    report.created, report.modified = seconds(one.told["createdAt"]), seconds(one.told["modifiedAt"])
    for shown in one.told["rows"]:
        sheet = a_sheet(tracker, shown["sheetId"])
        sheet.name = shown["cells"][0]["value"]
        sheet.rows = rows_of(tracker, sheet.id, [shown])
        report.sheet_ids.append(sheet.id)


def _share(tracker: Tracker, one: Scenario, _: Browser) -> None:
    a_sheet(tracker, one.ids[0])
    for shown in one.told["result"]:
        add_user(tracker, shown["email"], shown["name"], shown["userId"])


def _answered(tracker: Tracker, one: Scenario, browser: Browser) -> None:
    """A request for an update was sent, and answered since."""
    sheet = a_sheet(tracker, one.ids[0], one.told["rowIds"], one.told["columnIds"])
    names = ("subject", "message", "rowIds", "columnIds", "includeAttachments", "includeDiscussions")
    asked = {name: one.told[name] for name in names} | {"sendTo": [one.told["sentTo"]]}
    assert browser.ask("POST", f"sheets/{sheet.id}/updaterequests", json=asked).status_code == 200
    (kept,) = tracker.beside.sent_requests[sheet.id]
    kept |= {"id": one.ids[1], "updateRequestId": one.told["updateRequestId"], "status": "COMPLETE"}


def _project(tracker: Tracker, one: Scenario, _: Browser) -> None:
    sheet = a_sheet(tracker, one.ids[0])
    sheet.name, sheet.dependencies = one.told["result"]["name"], True


def _folder(tracker: Tracker, one: Scenario, _: Browser) -> None:
    tracker.folders[one.ids[0]] = Folder(one.ids[0], "Some Folder", tracker.admin.id)


def _source(tracker: Tracker, one: Scenario, _: Browser) -> None:
    a_sheet(tracker, one.ids[0])
    rows, columns = ("startRowId", "endRowId"), ("startColumnId", "endColumnId")
    a_sheet(tracker, one.body["sourceSheetId"], [one.body[n] for n in rows], [one.body[n] for n in columns])


def _nothing(*_: Any) -> None:
    """It needs nothing to be there."""


SCENES: dict[str, Callable[[Tracker, Scenario, Browser], str | None]] = {
    "PUT /sheets/#/columns/#": _column, "POST /sheets/#/columns": _column, "POST /sheets": _nothing,
    "GET /sheets/#": _assumed, "GET /sheets": _listed, "POST /sheets/#/rows": _of_rows, "PUT /sheets/#/rows": _of_rows,
    "POST /sheets/#/rows/move": _sent, "POST /sheets/#/rows/copy": _sent, "POST /sheets/#/attachments": _named,
    "GET /home": _home, "POST /groups": _members, "POST /sheets/#/rows/#/discussions": _row,
    "GET /contacts/#": _contact,
    "POST /home/folders": _nothing, "GET /users/me": _nothing, "POST /workspaces": _nothing, "POST /users": _nothing,
    "POST /users/#/alternateemails": _somebody, "GET /users": _only_me, "GET /sheets/#/rows/#": _row,
    "POST /imageurls": _image, "POST /favorites": _marked,
    "GET /reports/#": _report, "POST /sheets/#/shares": _share, "POST /sheets/#/emails": _named,
    "POST /sheets/#/rows/emails": _named, "GET /templates/public": _nothing, "POST /sheets/#/updaterequests": _named,
    "GET /sheets/#/sentupdaterequests/#": _answered, "PUT /sheets/#": _project, "POST /folders/#/copy": _folder,
    "POST /sheets/#/crosssheetreferences": _source,
}  # fmt: skip


def prepare(tracker: Tracker, one: Scenario, browser: Browser) -> str:
    """Makes the scene; returns the path to ask, where an id of ours had to go into it."""
    return SCENES[one.operation](tracker, one, browser) or one.path
