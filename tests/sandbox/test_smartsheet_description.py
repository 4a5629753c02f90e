"""Every operation of the make-believe Smartsheet, over HTTP, against the vendor's own published description.

Metadata and children of workspaces and folders came after it; they are held to the shapes of what they list. Live
recordings have plain values as objectValue, which it does not allow: they are right.
"""

from __future__ import annotations

import random
import re
import secrets
from collections.abc import Iterator
from datetime import date
from typing import Any

import jsonschema
import pytest

from sandbox.smartsheet import SmartsheetServer
from sandbox.smartsheet_moves import Mover
from sandbox.smartsheet_oauth import CLIENT_ID, CLIENT_SECRET
from sandbox.smartsheet_places import PLACE_ROUTES
from sandbox.smartsheet_random import filled
from sandbox.smartsheet_sheets import SHEET_ROUTES
from sandbox.smartsheet_site import SITE_ROUTES
from sandbox.smartsheet_tracker import Tracker
from sandbox.smartsheet_writes import WRITE_ROUTES
from tests.sandbox import smartsheet_shapes
from tests.sandbox.described import Described, lenient
from tests.sandbox.smartsheet_browser import Browser, sheet_of, small_plan

TOKENS = frozenset({"paginationType", "maxItems", "lastKey"})
NEWER = {  # parameters that recordings and the vendor's changelog have
    "/reports": frozenset({"includeAll", "page", "pageSize"}),
    "/reports/{reportId}": frozenset({"numericDates"}),
    "/sheets/{sheetId}": frozenset({"numericDates"}),
    "/workspaces": TOKENS,
    "/workspaces/{workspaceId}": frozenset({"loadAll"}),
}
UNDESCRIBED = ("/metadata", "/children")
INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")
checker = jsonschema.FormatChecker(formats=())


@checker.checks("date-time")
def _is_instant(text: object) -> bool:
    return not isinstance(text, str) or INSTANT.fullmatch(text) is not None


@checker.checks("date", raises=ValueError)
def _is_day(text: object) -> bool:
    return not isinstance(text, str) or bool(date.fromisoformat(text))


class SmartsheetDescribed(Described):
    """With the operations that the description at hand leaves out.

    A sheet is held to a sheet's shape: the description has "or a version", which with further keys fits anything.
    """

    def __init__(self) -> None:
        super().__init__("smartsheet", checker)
        schemas = self.components["schemas"]
        schemas |= {name: lenient(one) for name, one in smartsheet_shapes.SCHEMAS.items() if name not in schemas}
        for path, operations in smartsheet_shapes.described().items():
            item = self.whole["paths"].setdefault(path, {})
            item |= {method: one for method, one in operations.items() if method not in item}
        schemas["Cell"]["properties"]["image"] = {"$ref": "#/components/schemas/Image"}
        schemas["User"]["properties"]["profileImage"] = {"$ref": "#/components/schemas/ProfileImage"}
        cell = schemas["Cell"]["properties"]
        cell["objectValue"] = {"anyOf": [cell["objectValue"], {"type": ["string", "number", "boolean"]}]}

    def validate(self, schema: Any, found: Any) -> None:
        super().validate(schema, found)
        if isinstance(found, dict) and "columns" in found and "rows" in found:
            super().validate({"$ref": "#/components/schemas/Sheet"}, found)


@pytest.fixture
def described() -> Described:
    return SmartsheetDescribed()


@pytest.fixture
def tracker() -> Tracker:
    """Places, a report, a template, a changed cell and a linked one too."""
    tracker = small_plan()
    workspace = tracker.add_workspace("Plant", shares={"mira.lund@example.com": "VIEWER"})
    outer = tracker.add_folder("Outer", workspace=workspace)
    inner = tracker.add_folder("Inner", parent=outer)
    plan, other = sheet_of(tracker, "Plan A"), sheet_of(tracker, "Plan B")
    tracker.place_sheet(plan.id, folder=inner)
    tracker.add_sheet("In the workspace", ["Name"], [{"Name": "x"}], workspace=workspace).source_id = tracker.next_id()
    tracker.add_report("All tasks", [plan.id, other.id], ["Task", "Tags", "Due"], folder=inner)
    tracker.edit(plan.rows[1].id, "Status", "Complete")
    tracker.edit(plan.rows[1].id, "Tags", ["pipe"])
    tracker.set_formula(plan.rows[2].id, "Task", "=NO(1)", "#UNPARSEABLE")
    tracker.link_cell(other.rows[1].id, "Step", plan.rows[1].id, "Task")
    return tracker


@pytest.fixture
def server(tracker: Tracker) -> Iterator[SmartsheetServer]:
    with SmartsheetServer(tracker) as server:
        yield server


class Checked(Browser):
    """Checks each answer it gets, errors too."""

    def __init__(self, url: str, described: Described) -> None:
        super().__init__(url)
        self.described = described

    def ask(self, method: str, path: str, **given: Any) -> Any:
        answer = super().ask(method, path, **given)
        target = answer.request.path_url.removeprefix("/2.0")
        found = answer.json() if answer.headers["Content-Type"].startswith("application/json") else None
        if not target.partition("?")[0].endswith(UNDESCRIBED):
            template, _ = self.described.operation(method, target.partition("?")[0])
            also = NEWER.get(template, frozenset())
            self.described.check(method, target, given.get("json"), answer.status_code, found, also=also)
        return answer


def test_the_check_itself_sees_mistakes(described: Described):
    page = {"pageNumber": 1, "totalPages": 1, "totalCount": 1, "data": [{"id": 1, "name": "a", "accessLevel": "OWNER"}]}
    described.check("GET", "/sheets?includeAll=true", None, 200, page)
    wrong: dict[str, Any]
    for wrong in ({"id": "1"}, {"accessLevel": "Owner"}, {"createdAt": "2026-11-25 10:00"}):
        with pytest.raises(AssertionError, match="is not"):
            described.check("GET", "/sheets", None, 200, page | {"data": [page["data"][0] | wrong]})  # type: ignore[index]
    with pytest.raises(AssertionError, match="is not"):
        described.check("GET", "/sheets/1", None, 200, {"columns": [{"type": "NUMBER"}], "rows": []})
    with pytest.raises(AssertionError, match="noSuchName"):
        described.check("GET", "/sheets?noSuchName=1", None, 200, page)


def read_sheets(checked: Checked, tracker: Tracker) -> None:
    for query in ("includeAll=true&include=sheetVersion,source", "page=2&pageSize=1", "numericDates=true", "include=x"):
        checked.get(f"sheets?{query}")
    everything = "objectValue,columnType,writerInfo,rowPermalink,ownerInfo,source"
    for sheet in tracker.sheets_of(tracker.admin):
        for level in (0, 1, 2):
            checked.get(f"sheets/{sheet.id}", level=level, include=everything)
        checked.get(f"sheets/{sheet.id}", numericDates="true", exclude="nonexistentCells,linkInFromCellDetails")
        assert checked.get(f"sheets/{sheet.id}", ifVersionAfter=sheet.version) == {"version": sheet.version}
        checked.get(f"sheets/{sheet.id}/version")
        checked.get(f"sheets/{sheet.id}/columns", level=2, includeAll="true")
        checked.get(f"sheets/{sheet.id}/columns", page=1, pageSize=2)
        for row in sheet.rows:
            checked.get(f"sheets/{sheet.id}/rows/{row.id}", include="columns,objectValue", level=2)
            for column in sheet.columns:
                path = f"sheets/{sheet.id}/rows/{row.id}/columns/{column.id}/history"
                checked.get(path, include="columnType,objectValue", level=2)


def read_random_sheets(described: Described) -> None:
    """Columns and cells of every kind, one more seed each time."""
    seed = secrets.randbelow(10**9)
    print(f"seed {seed}")
    tracker = filled(sheets=6, rows=12, seed=seed)
    Mover(tracker, random.Random(seed)).move(30)
    with SmartsheetServer(tracker) as server:
        checked = Checked(server.url, described)
        for sheet in tracker.sheets_of(tracker.admin):
            for level in (0, 1, 2):
                checked.get(f"sheets/{sheet.id}", level=level, include="objectValue,columnType,writerInfo,rowPermalink")
            checked.get(f"sheets/{sheet.id}/columns", level=2, includeAll="true")
        for report in tracker.reports:
            checked.get(f"reports/{report}", include="objectValue", pageSize=50)


def read_places(checked: Checked, tracker: Tracker) -> None:
    checked.get("workspaces", paginationType="token", maxItems=1)
    assert checked.get("home")["workspaces"]
    (workspace,) = tracker.workspaces
    checked.get(f"workspaces/{workspace}", loadAll="true", include="sheetVersion,source,ownerInfo")
    outer, inner = tracker.folders
    for place in (f"workspaces/{workspace}", f"folders/{outer}", f"folders/{inner}"):
        checked.described.validate({"$ref": "#/components/schemas/Workspace"}, checked.get(f"{place}/metadata"))
        children = checked.get(f"{place}/children", childrenResourceTypes="sheets,folders,reports")
        kinds = {"sheet": "Sheet", "report": "Report", "folder": "FolderListed"}
        for one in children["data"]:
            checked.described.validate({"$ref": f"#/components/schemas/{kinds[one['resourceType']]}"}, one)
        checked.get(place)
    checked.get("reports", includeAll="true")
    (report,) = tracker.reports
    checked.get(f"reports/{report}", include="objectValue,sourceSheets", level=2, pageSize=3, page=2)


def read_the_rest(checked: Checked, server: SmartsheetServer) -> None:
    for path in ("users/me", "users", "users?includeAll=true&email=mira.lund@example.com", "serverinfo"):
        checked.get(path)
    checked.get(f"users/{server.tracker.member.id}")
    assert checked.code("GET", "events?since=2026-11-25T00:00:00Z") == (403, 1004)
    server.options.event_reporting = True
    first = checked.get("events", since="2026-11-25T00:00:00Z", maxCount=2)
    assert first["moreAvailable"] and checked.get("events", streamPosition=first["nextStreamPosition"])["data"]
    assert checked.code("GET", "events") == (400, 1228)


def be_refused(checked: Checked, tracker: Tracker) -> None:
    strange = sheet_of(tracker, "Plan C").id
    for path in (f"sheets/{strange}", f"sheets/{strange}/version", "workspaces/1", "folders/1", "reports/1"):
        assert checked.code("GET", path) == (404, 1006)
    assert checked.code("GET", "sheets?include=sheetVersion&page=1") == (400, 1018)
    assert checked.code("GET", "sheets?includeAll=True") == (400, 1018)


def write(checked: Checked, tracker: Tracker) -> None:
    plan = sheet_of(tracker, "Plan A")
    task, status = tracker.column(plan.id, "Task").id, tracker.column(plan.id, "Status").id
    path = f"sheets/{plan.id}/rows"
    rows = [
        {"id": plan.rows[n].id, "cells": [{"columnId": status, "value": word, "strict": True}]}
        for n, word in ((1, "Complete"), (2, "nonsense"))
    ]
    checked.put(path, rows[:1])
    checked.put(path, rows, allowPartialSuccess="true")
    assert checked.code("PUT", path, json=rows) == (400, 1042)
    added = checked.ask("POST", path, json=[{"toBottom": True, "cells": [{"columnId": task, "value": "new"}]}]).json()
    checked.ask("DELETE", path, params={"ids": added["result"][0]["id"]})
    assert checked.code("DELETE", path, params={"ids": 1}) == (404, 1006)


def get_tokens(checked: Checked, server: SmartsheetServer) -> None:
    code = server.oauth.authorize(server.tracker.member.id, server.tracker.now())
    query = {"grant_type": "authorization_code", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "code": code}
    assert checked.ask("POST", "token", params=query).json()["expires_in"] == 604_799
    assert checked.code("POST", "token", params=query) == (400, 1071)


def test_every_answer_of_every_operation_is_as_described(
    server: SmartsheetServer, tracker: Tracker, described: Described, capsys: pytest.CaptureFixture[str]
):
    """One test, so that what was covered can be told and counted."""
    checked = Checked(server.url, described)
    read_sheets(checked, tracker)
    read_places(checked, tracker)
    read_the_rest(checked, server)
    be_refused(checked, tracker)
    write(checked, tracker)
    get_tokens(checked, server)
    read_random_sheets(described)
    with capsys.disabled():
        print("\n" + described.covered())
    missing = [] if ("POST", "/token") in described.checked else ["POST /token"]
    for method, pattern, _ in (
        *SHEET_ROUTES,
        *SITE_ROUTES,
        *WRITE_ROUTES,
        *(one for one in PLACE_ROUTES if one[0] == "GET"),
    ):
        path = pattern.replace(r"(\d+)", "1")
        if not path.endswith(UNDESCRIBED):
            template, _ = described.operation(method, path)
            missing += [] if (method, template) in described.checked else [f"{method} {template}"]
    assert not missing
