"""What the make-believe Smartsheet does beyond what the connector asks: things made are there afterwards, and what the
vendor refuses is refused by its code. Each answer is held to the vendor's description, where that is at hand."""

from __future__ import annotations

import re
from typing import Any

import pytest

from sandbox.smartsheet import MEMBER_TOKEN, ROUTES, SmartsheetServer
from sandbox.smartsheet_mail import MAIL_ROUTES
from sandbox.smartsheet_making import BLANK_TEMPLATE, MAKING_ROUTES
from sandbox.smartsheet_more import MORE_ROUTES
from sandbox.smartsheet_places import PLACE_ROUTES
from sandbox.smartsheet_records import Cell, Sheet
from sandbox.smartsheet_tracker import Tracker
from tests.sandbox.described import SHARED, documented
from tests.sandbox.smartsheet_browser import MIRA, NOW, Browser, sheet_of
from tests.sandbox.test_smartsheet_description import UNDESCRIBED, Checked, SmartsheetDescribed

TITLE = [{"title": "Task", "primary": True, "type": "TEXT_NUMBER"}]


@pytest.fixture(scope="module")
def description() -> SmartsheetDescribed | None:
    return SmartsheetDescribed() if (SHARED / "apis" / "smartsheet.openapi.json").is_file() else None


@pytest.fixture
def described(description: SmartsheetDescribed | None) -> SmartsheetDescribed:
    return description or pytest.skip("the vendor's description is not here")


@pytest.fixture
def hub(smartsheet: SmartsheetServer, description: SmartsheetDescribed | None) -> Browser:
    return Checked(smartsheet.url, description) if description else Browser(smartsheet.url)


@pytest.fixture
def mira(smartsheet: SmartsheetServer) -> Browser:
    """A member of the plan, no administrator."""
    return Browser(smartsheet.url, MEMBER_TOKEN)


def made(browser: Browser, path: str, body: Any, method: str = "POST") -> Any:
    answer = browser.ask(method, path, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json().get("result")


# ------------------------------------------------------------------ sheets and columns


def test_a_new_sheet_is_listed_read_and_written(hub: Browser, plans: Tracker):
    number: dict[str, Any] = {"title": "No", "type": "TEXT_NUMBER", "systemColumnType": "AUTO_NUMBER"}
    number |= {"autoNumberFormat": {"prefix": "{YY}-", "fill": "000", "suffix": "!", "startingNumber": 5}}
    state = {"title": "State", "type": "PICKLIST", "options": ["on", "off"], "validation": True, "width": 80}
    new = made(hub, "sheets", {"name": "New", "columns": [*TITLE, number, state]})
    assert new["accessLevel"] == "OWNER" and [one["index"] for one in new["columns"]] == [0, 1, 2]
    assert new["columns"][2]["options"] == ["on", "off"] and new["columns"][2]["width"] == 80
    assert "New" in {one["name"] for one in hub.get("sheets")["data"]}
    (row,) = made(hub, f"sheets/{new['id']}/rows", [{"cells": [{"columnId": new["columns"][0]["id"], "value": "x"}]}])
    assert {cell["columnId"]: cell.get("value") for cell in row["cells"]}[new["columns"][1]["id"]] == "26-005!"
    wrong = [{"columnId": new["columns"][2]["id"], "value": "perhaps"}]
    assert hub.code("POST", f"sheets/{new['id']}/rows", json=[{"cells": wrong}]) == (400, 1042)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"columns": TITLE}, 1012),
        ({"name": "a"}, 1054),
        ({"name": "a", "columns": []}, 1054),
        ({"name": "a", "columns": [*TITLE, *TITLE]}, 1056),
        ({"name": "a", "columns": [{"title": "b", "type": "TEXT_NUMBER"}]}, 1055),
        ({"name": "a", "columns": [{"title": "b", "type": "DATE", "primary": True}]}, 1057),
        ({"name": "a", "columns": [*TITLE, {"title": "b", "type": "DATE", "options": ["c"]}]}, 1060),
        ({"name": "a", "columns": [*TITLE, {"title": "b", "type": "NUMBER"}]}, 1031),
        ({"name": "a", "columns": [*TITLE, {"title": "b"}]}, 1012),
        ({"name": "a", "columns": [*TITLE, {"title": "b", "type": "DATE", "colour": 1}]}, 1032),
        (None, 1024),
    ],
)
def test_a_sheet_that_cannot_be_is_not_made(smartsheet: SmartsheetServer, plans: Tracker, body: Any, code: int):
    before = set(plans.sheets)
    assert Browser(smartsheet.url).code("POST", "sheets", json=body) == (400, code)
    assert set(plans.sheets) == before


def test_sheets_are_made_in_places_and_of_others(hub: Browser, mira: Browser, plans: Tracker, plan: Sheet):
    workspace = made(hub, "workspaces", {"name": "Plant"})
    folder = made(hub, f"workspaces/{workspace['id']}/folders", {"name": "2026"})
    inner = made(hub, f"folders/{folder['id']}/folders", {"name": "May"})
    there = made(hub, f"folders/{inner['id']}/sheets", {"name": "Deep", "columns": TITLE})
    made(hub, f"workspaces/{workspace['id']}/sheets", {"name": "Copied", "fromId": plan.id})
    held = hub.get(f"workspaces/{workspace['id']}", loadAll="true")
    assert [one["name"] for one in held["sheets"]] == ["Copied"]
    assert held["folders"][0]["folders"][0]["sheets"][0]["id"] == there["id"]
    copy = sheet_of(plans, "Copied")
    assert [one.title for one in copy.columns] == [one.title for one in plan.columns] and not copy.rows
    answer = hub.ask("POST", "sheets", params={"include": "data"}, json={"name": "Full", "fromId": plan.id}).json()
    full = plans.sheets[answer["result"]["id"]]
    assert [one.parent_id is None for one in full.rows] == [one.parent_id is None for one in plan.rows]
    assert plans.value(full.rows[2], plans.column(full.id, "Tags")) == ("pump", "valve")
    blank = made(hub, "sheets", {"name": "Blank", "fromId": hub.get("templates/public")["data"][0]["id"]})
    assert plans.sheets[blank["id"]].source_id == BLANK_TEMPLATE
    assert mira.code("POST", f"workspaces/{workspace['id']}/sheets", json={"name": "a", "columns": TITLE}) == (
        404,
        1006,
    )
    assert mira.code("POST", "sheets", json={"name": "a", "fromId": plan.id}) == (404, 1006)


def test_columns_are_added_moved_and_changed(hub: Browser, plan: Sheet):
    path = f"sheets/{plan.id}/columns"
    new = [{"title": title, "type": "TEXT_NUMBER", "index": 1} for title in ("One", "Two")]
    first, second = made(hub, path, new)
    assert [one.title for one in plan.columns[:4]] == ["Task", "One", "Two", "Status"]
    people = [{"name": "Kim", "email": "kim@example.com"}]
    body = {"index": 0, "title": "Who", "type": "CONTACT_LIST", "contactOptions": people, "width": 60}
    changed = made(hub, f"{path}/{second['id']}", body, "PUT")
    assert (changed["contactOptions"], changed["width"], changed["index"]) == (people, 60, 0)
    assert [one.title for one in plan.columns[:3]] == ["Who", "Task", "One"]
    assert hub.code("POST", path, json=new[:1]) == (400, 1056)
    assert hub.code("POST", path, json=[new[0] | {"title": "a"}, new[1] | {"title": "b", "index": 2}]) == (400, 1135)
    assert hub.code("POST", path, json={"title": "a", "type": "DATE"}) == (400, 1012)
    assert hub.code("PUT", f"{path}/{first['id']}", json={"options": ["a"]}) == (400, 1090)
    assert hub.code("PUT", f"{path}/{first['id']}", json={"title": "Task"}) == (400, 1056)
    assert hub.code("PUT", f"{path}/1", json={"title": "a"}) == (404, 1006)


def test_settings_are_for_those_who_may(hub: Browser, mira: Browser, plans: Tracker, plan: Sheet):
    other = sheet_of(plans, "Plan B")  # with dependencies, and Mira views it
    week = {"workingDays": ["MONDAY"], "nonWorkingDays": ["2026-12-24"], "lengthOfDay": 6}
    new = made(hub, f"sheets/{other.id}", {"name": "Plan D", "projectSettings": week}, "PUT")
    assert (new["name"], new["projectSettings"]) == ("Plan D", week)
    assert hub.get(f"sheets/{other.id}")["projectSettings"] == week
    assert hub.code("PUT", f"sheets/{plan.id}", json={"projectSettings": week}) == (400, 1143)
    assert mira.code("PUT", f"sheets/{other.id}", json={"name": "Mine"}) == (403, 1004)
    assert made(mira, f"sheets/{other.id}", {"userSettings": {"criticalPathEnabled": True}}, "PUT")["name"] == "Plan D"


# ------------------------------------------------------------------ rows to other sheets, folders to other places


def test_rows_go_to_another_sheet_and_copies_stay(hub: Browser, plans: Tracker, plan: Sheet):
    new = made(hub, "sheets", {"name": "New", "columns": TITLE})
    parent, child = plan.rows[:2]
    where = {"rowIds": [parent.id], "to": {"sheetId": new["id"]}}
    copied = hub.ask("POST", f"sheets/{plan.id}/rows/copy", json=where).json()["rowMappings"]
    assert [one["from"] for one in copied] == [parent.id] and len(plan.rows) == 5
    both = hub.ask("POST", f"sheets/{plan.id}/rows/copy", params={"include": "children"}, json=where).json()
    assert [one["from"] for one in both["rowMappings"]] == [one.id for one in plan.rows[:3]]
    moved = hub.ask("POST", f"sheets/{plan.id}/rows/move", json=where | {"rowIds": [parent.id, child.id]}).json()
    assert len(moved["rowMappings"]) == 3 and len(plan.rows) == 2
    rows = plans.sheets[new["id"]].rows
    assert [plans.value(row, plans.column(new["id"], "Task")) for row in rows] == ["Pumps", *["Pumps", "Order", 3] * 2]
    assert rows[2].parent_id == rows[1].id
    there = {"rowIds": [plan.rows[0].id], "to": {"sheetId": plan.id}}
    assert hub.code("POST", f"sheets/{plan.id}/rows/move", json=there) == (400, 1136)
    assert hub.code("POST", f"sheets/{plan.id}/rows/move", json=where) == (400, 1034)


def test_a_folder_is_copied_with_what_it_holds(hub: Browser, smartsheet: SmartsheetServer, plans: Tracker):
    told = Browser(smartsheet.url).ask("POST", "home/folders", json={"name": "Mine"})  # described as an array
    folder = told.json()["result"]
    sheet = made(hub, f"folders/{folder['id']}/sheets", {"name": "In it", "columns": TITLE})
    made(hub, f"sheets/{sheet['id']}/rows", [{"cells": [{"columnId": sheet["columns"][0]["id"], "value": "x"}]}])
    inner = made(hub, f"folders/{folder['id']}/folders", {"name": "Inner"})
    for include, rows in (("", 0), ("data", 1)):
        body = {"destinationType": "folder", "destinationId": inner["id"], "newName": f"Copy {include}"}
        answer = hub.ask("POST", f"folders/{folder['id']}/copy", params={"include": include}, json=body)
        held = hub.get(f"folders/{answer.json()['result']['id']}")
        assert held["sheets"][0]["name"] == "In it" and held["folders"][0]["name"] == "Inner"
        assert len(plans.sheets[held["sheets"][0]["id"]].rows) == rows
    path = f"folders/{folder['id']}/copy"
    assert hub.code("POST", path, json={"destinationType": "workspace", "newName": "a"}) == (400, 1012)
    assert Browser(smartsheet.url).code("POST", path, json={"destinationType": "sheet", "newName": "a"}) == (400, 1031)


def test_the_home_holds_what_lies_in_no_workspace(hub: Browser, mira: Browser):
    made(hub, "workspaces", {"name": "Hers not"})
    assert {one["name"] for one in hub.get("home")["sheets"]} == {"Plan A", "Plan B"}
    assert [one["name"] for one in hub.get("home")["workspaces"]] == ["Hers not"]
    assert {one["name"] for one in mira.get("home")["sheets"]} == {"Plan B", "Plan C"}
    assert not mira.get("home")["workspaces"]


# ------------------------------------------------------------------ people, and what is shared with them


def test_people_are_added_by_administrators(hub: Browser, mira: Browser):
    new = {"email": "kim@example.com", "firstName": "Kim", "lastName": "Lee", "admin": False}
    new |= {"licensedSheetCreator": True}
    user = made(hub, "users", new)
    assert hub.get(f"users/{user['id']}")["email"] == "kim@example.com"
    (more,) = made(hub, f"users/{user['id']}/alternateemails", [{"email": "k@example.com"}])
    assert more["confirmed"] is False
    group = made(hub, "groups", {"name": "Team", "members": [{"email": "kim@example.com"}]})
    assert group["members"][0]["id"] == user["id"]
    assert any(hub.get(f"contacts/{one['id']}")["name"] == "Kim Lee" for one in hub.get("contacts")["data"])
    assert hub.code("POST", "users", json=new) == (403, 1016)
    assert mira.code("POST", "users", json=new) == (403, 1004)
    assert mira.code("POST", "groups", json={"name": "Mine"}) == (403, 1104)
    assert hub.code("POST", "groups", json={"name": "Team"}) == (400, 1103)
    assert hub.code("POST", "groups", json={"name": "b", "members": [{"email": "no@example.com"}]}) == (400, 1105)
    assert hub.code("POST", "users/1/alternateemails", json={"email": "k@example.com"}) == (404, 1020)
    assert hub.code("GET", "contacts/nobody") == (404, 1006)


def test_a_share_lets_somebody_in_as_far_as_one_may(hub: Browser, mira: Browser, plans: Tracker, plan: Sheet):
    assert mira.code("GET", f"sheets/{plan.id}") == (404, 1006)
    (share,) = made(hub, f"sheets/{plan.id}/shares", [{"email": MIRA, "accessLevel": "EDITOR_SHARE"}])
    assert (share["scope"], share["userId"]) == ("ITEM", plans.member.id)
    assert mira.get(f"sheets/{plan.id}")["accessLevel"] == "EDITOR_SHARE"
    assert [one["accessLevel"] for one in hub.get(f"sheets/{plan.id}/shares")["data"]] == ["OWNER", "EDITOR_SHARE"]
    plans.add_user("kim@example.com", "Kim", "Lee")
    path, kim = f"sheets/{plan.id}/shares", {"email": "kim@example.com", "accessLevel": "ADMIN"}
    assert mira.code("POST", path, json=kim) == (403, 1004)
    assert hub.code("POST", path, json={"email": MIRA, "accessLevel": "VIEWER"}) == (400, 1025)
    assert hub.code("POST", path, json={"email": "no@example.com", "accessLevel": "VIEWER"}) == (404, 1020)
    assert mira.code("POST", path, json=kim | {"accessLevel": "OWNER"}) == (400, 1031)


def test_favourites_are_each_accounts_own(hub: Browser, mira: Browser, plans: Tracker, plan: Sheet):
    one, other = ({"type": "sheet", "objectId": sheet_of(plans, name).id} for name in ("Plan A", "Plan B"))
    assert made(hub, "favorites", one) == one
    assert hub.code("POST", "favorites", json=one) == (400, 1129)
    assert made(hub, "favorites", [one, other]) == [other]  # what is one already is passed over
    assert hub.get("favorites")["totalCount"] == 2 and mira.get("favorites")["totalCount"] == 0
    assert hub.get(f"sheets/{plan.id}")["favorite"] is True
    assert mira.code("POST", "favorites", json=one) == (404, 1006)
    assert mira.code("POST", "favorites", json={"type": "row", "objectId": 1}) == (400, 1031)
    assert hub.ask("DELETE", f"favorites/sheet/{plan.id}").status_code == 200
    assert "favorite" not in hub.get(f"sheets/{plan.id}")
    assert hub.code("DELETE", f"favorites/sheet/{plan.id}") == (404, 1006)


# ------------------------------------------------------------------ what hangs on a sheet, and what would be sent


def test_links_references_and_pictures(hub: Browser, smartsheet: SmartsheetServer, plans: Tracker, plan: Sheet):
    version = plan.version
    link = {"name": "Handbook", "url": "https://example.com", "attachmentType": "LINK"}
    assert made(hub, f"sheets/{plan.id}/attachments", link)["parentId"] == plan.id
    assert plan.version == version + 1 and hub.get(f"sheets/{plan.id}/attachments")["data"][0]["name"] == "Handbook"
    assert hub.code("POST", f"sheets/{plan.id}/attachments", json=link | {"attachmentType": "FILE"}) == (400, 1051)
    source = sheet_of(plans, "Plan B")
    block = {"name": "Steps", "sourceSheetId": source.id, "startColumnId": source.columns[0].id}
    assert made(hub, f"sheets/{plan.id}/crosssheetreferences", block)["status"] == "OK"
    path = f"sheets/{plan.id}/crosssheetreferences"
    assert hub.get(path)["totalCount"] == 1 and hub.code("POST", path, json=block) == (400, 1129)
    assert hub.code("POST", path, json=block | {"name": "b", "startColumnId": 1}) == (400, 1036)
    assert hub.code("POST", path, json=block | {"name": "b", "sourceSheetId": 1}) == (404, 1006)
    plan.rows[0].cells[plan.columns[0].id] = Cell("a pump", image={"id": "pump"})
    urls = hub.ask("POST", "imageurls", json=[{"imageId": "pump"}, {"imageId": "valve"}]).json()["imageUrls"]
    assert urls[0]["url"] and urls[1]["error"]["errorCode"] == 1006


def test_what_would_be_sent_is_kept(hub: Browser, plans: Tracker, plan: Sheet):
    to = {"sendTo": [{"email": MIRA}], "subject": "Look"}
    hub.ask("POST", f"sheets/{plan.id}/emails", json=to)
    hub.ask("POST", f"sheets/{plan.id}/rows/emails", json=to | {"rowIds": [plan.rows[0].id]})
    assert [one["subject"] for one in plans.beside.outbox] == ["Look", "Look"]
    assert hub.code("POST", f"sheets/{plan.id}/emails", json={"sendTo": [{"groupId": 7}]}) == (404, 1106)
    assert hub.code("POST", f"sheets/{plan.id}/rows/emails", json=to | {"rowIds": [1]}) == (400, 1034)
    path, asked = f"sheets/{plan.id}/updaterequests", to | {"rowIds": [plan.rows[0].id]}
    assert made(hub, path, asked)["sendTo"] == to["sendTo"]
    (sent,) = hub.get(f"sheets/{plan.id}/sentupdaterequests")["data"]
    assert sent["status"] == "PENDING" and hub.get(f"sheets/{plan.id}/sentupdaterequests/{sent['id']}") == sent
    weekly = {"type": "WEEKLY", "startAt": "2026-11-02T07:00:00Z", "repeatEvery": 2}
    later = made(hub, path, asked | {"schedule": weekly})
    assert later["schedule"]["nextSendAt"] == "2026-11-30T07:00:00Z" and plans.now() == NOW
    assert hub.get(f"sheets/{plan.id}/sentupdaterequests")["totalCount"] == 1  # it is not due yet
    assert hub.code("GET", f"sheets/{plan.id}/sentupdaterequests/1") == (404, 1006)


def test_every_change_is_described_and_refused_without_its_body(hub: Browser, described: SmartsheetDescribed):
    routes = [*MAKING_ROUTES, *MORE_ROUTES, *MAIL_ROUTES, *PLACE_ROUTES]
    for method, pattern, _ in [route for route in routes if route[0] != "GET"]:
        path = pattern.replace("(folder|workspace)", "folder").replace(r"(\w+)", "sheet").replace(r"(\d+)", "1")
        assert hub.code(method, path.removeprefix("/")) in ((400, 1024), (404, 1006)), path
        assert (method, described.operation(method, path)[0]) in described.checked


def test_what_is_of_the_wrong_kind_is_refused(smartsheet: SmartsheetServer, plan: Sheet):
    hub, row = Browser(smartsheet.url), plan.rows[0].id
    later = {"sendTo": [{"email": MIRA}], "rowIds": [row]}
    for path, body, code in (
        ("sheets", [TITLE], 1008),
        ("sheets", {"name": 5, "columns": TITLE}, 1008),
        ("sheets", {"name": "a", "columns": ["b"]}, 1008),
        ("sheets", {"name": "a", "fromId": "b"}, 1031),
        ("favorites", ["b"], 1008),
        ("groups", {"name": "a", "members": ["b"]}, 1008),
        (f"sheets/{plan.id}/rows/move", {"rowIds": [row], "to": plan.id}, 1008),
        (f"sheets/{plan.id}/emails", {"sendTo": MIRA}, 1008),
        (f"sheets/{plan.id}/rows/emails", {"sendTo": [], "rowIds": ["1"]}, 1008),
        (f"sheets/{plan.id}/updaterequests", later | {"schedule": {"type": "DAILY", "repeatEvery": -1}}, 1031),
        (f"sheets/{plan.id}/updaterequests", later | {"schedule": {"type": "DAILY", "startAt": "soon"}}, 1031),
    ):
        assert hub.code("POST", path, json=body) == (400, code), (path, body)


def test_every_list_and_thing_of_ours_is_described(described: SmartsheetDescribed):
    for method, pattern, _ in [*MAKING_ROUTES, *MORE_ROUTES, *MAIL_ROUTES, *PLACE_ROUTES]:
        path = pattern.replace("(folder|workspace)", "workspace").replace(r"(\w+)", "sheet").replace(r"(\d+)", "1")
        if not path.endswith(UNDESCRIBED):
            described.operation(method, path)


def test_the_documentation_lists_all_that_is_answered():
    told = documented("connectors/smartsheet.md", "Operations that the make-believe one answers")
    places = ("folder", "workspace")
    paths = {
        (method, re.sub(r"\(\\[dw]\+\)", "#", pattern.replace("(folder|workspace)", place)))
        for method, pattern, _ in ROUTES
        for place in places
    }
    assert told == paths | {("POST", "/token")}
    assert documented("connectors/smartsheet.md", "Operations that the connector asks") <= told
