"""Who sees what in the make-believe Smartsheet, and its lists and pages, over real HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.smartsheet import MEMBER_TOKEN, SmartsheetServer
from sandbox.smartsheet_records import Sheet
from sandbox.smartsheet_tracker import Tracker
from tests.sandbox.smartsheet_browser import MIRA, NOW, Browser, sheet_of


@pytest.fixture
def mira(smartsheet: SmartsheetServer) -> Browser:
    return Browser(smartsheet.url, MEMBER_TOKEN)


def names(page: dict[str, Any]) -> list[str]:
    return [one["name"] for one in page["data"]]


def by_title(shown: dict[str, Any]) -> list[dict[str, dict[str, Any]]]:
    """Cells of each row by the title of their column."""
    titles = {column["id"]: column["title"] for column in shown["columns"]}
    return [{titles[cell["columnId"]]: cell for cell in row["cells"]} for row in shown["rows"]]


# ------------------------------------------------------------------ who sees what


def test_tokens_are_of_one_region_and_one_account(hub: Browser, mira: Browser, smartsheet: SmartsheetServer):
    assert hub.get("users/me")["admin"] and mira.get("users/me")["email"] == MIRA
    stranger = Browser(smartsheet.url, "a token of the region eu")
    assert stranger.code("GET", "users/me") == (401, 1002)
    stranger.session.headers.pop("Authorization")
    assert stranger.code("GET", "users/me") == (401, 1001)
    seen = list(smartsheet.requests)
    assert [(one.method, one.path, one.status) for one in seen[:2]] == [("GET", "/2.0/users/me", 200)] * 2
    assert "token" not in str(seen)


def test_an_admin_may_act_for_somebody_else_and_nobody_else_may(plans: Tracker, hub: Browser, mira: Browser):
    as_mira = {"Assume-User": "mira.lund%40example.com"}
    assert names(hub.ask("GET", "sheets", headers=as_mira).json()) == ["Plan B", "Plan C"]
    assert hub.code("GET", "sheets", headers={"Assume-User": "nobody@example.com"}) == (401, 1030)
    assert mira.code("GET", "sheets", headers={"Assume-User": plans.admin.email}) == (401, 1030)


def test_what_is_not_shared_is_not_there(plans: Tracker, hub: Browser, mira: Browser, plan: Sheet):
    assert names(hub.get("sheets", includeAll="true")) == ["Plan A", "Plan B"]
    assert names(mira.get("sheets", includeAll="true")) == ["Plan B", "Plan C"]
    assert {one["accessLevel"] for one in mira.get("sheets")["data"]} == {"VIEWER", "OWNER"}
    other = sheet_of(plans, "Plan B")
    assert mira.get(f"sheets/{other.id}")["accessLevel"] == "VIEWER"
    plans.unshare(other.id, MIRA)
    for path in (f"sheets/{other.id}", f"sheets/{plan.id}", f"sheets/{plan.id}/version", "sheets/7"):
        assert mira.code("GET", path) == (404, 1006)
    plans.delete_sheet(plan.id)
    assert names(hub.get("sheets")) == ["Plan B"] and hub.code("GET", f"sheets/{plan.id}") == (404, 1006)
    plans.restore_sheet(plan.id)
    assert hub.get(f"sheets/{plan.id}")["version"] == plan.version


def test_a_workspaces_share_counts_for_what_is_in_it(plans: Tracker, mira: Browser, plan: Sheet):
    workspace = plans.add_workspace("Plant", shares={MIRA: "EDITOR"})
    inner = plans.add_folder("Inner", parent=plans.add_folder("Outer", workspace=workspace))
    plans.place_sheet(plan.id, folder=inner)
    assert mira.get(f"sheets/{plan.id}")["accessLevel"] == "EDITOR"
    plans.share(plan.id, MIRA, "ADMIN")  # the higher one counts
    assert mira.get(f"sheets/{plan.id}")["accessLevel"] == "ADMIN"
    plans.unshare(plan.id, MIRA)
    plans.share_workspace(workspace, MIRA, None)
    assert mira.code("GET", f"sheets/{plan.id}") == (404, 1006)


def test_the_truth_is_what_can_be_read(plans: Tracker, hub: Browser, mira: Browser):
    for browser, email in ((hub, plans.admin.email), (mira, MIRA)):
        truth = plans.truth(email)
        assert set(truth) == {one["id"] for one in browser.get("sheets", includeAll="true")["data"]}
        for id_, rows in truth.items():
            shown = browser.get(f"sheets/{id_}", level=2, include="objectValue")
            assert list(rows) == [row["id"] for row in shown["rows"]]
            filled = [{title for title, cell in row.items() if len(cell) > 1} for row in by_title(shown)]
            assert [set(row) for row in rows.values()] == filled


# ------------------------------------------------------------------ lists


def test_past_the_end_comes_the_last_page_again(hub: Browser, plans: Tracker):
    for n in range(5):
        plans.add_sheet(f"More {n}", ["Name"])
    pages = [hub.get("sheets", page=n, pageSize=3) for n in (1, 2, 3, 4)]
    assert [(one["pageNumber"], len(one["data"])) for one in pages] == [(1, 3), (2, 3), (3, 1), (3, 1)]
    assert all((one["totalPages"], one["totalCount"], one["pageSize"]) == (3, 7, 3) for one in pages)
    assert pages[3] == pages[2]
    everything = hub.get("sheets", includeAll="true")
    assert len(everything["data"]) == 7 and "pageSize" not in everything


def test_names_and_values_of_parameters_are_taken_as_spelt(hub: Browser, plan: Sheet):
    assert hub.code("GET", "sheets?includeAll=True") == (400, 1018)
    assert hub.code("GET", "sheets?page=0") == (400, 1018)
    assert hub.code("GET", f"sheets/{plan.id}?rowsModifiedSince=soon") == (400, 1018)
    assert "pageSize" in hub.get("sheets", includeall="true")  # not the parameter of that name
    assert "objectValue" not in str(hub.get(f"sheets/{plan.id}", include="objectvalue"))


def test_sheet_versions_come_with_the_whole_list_alone(hub: Browser, plans: Tracker, plan: Sheet):
    plans.format(plan.id)
    versions = {
        one["id"]: one["version"] for one in hub.get("sheets", include="sheetVersion", includeAll="true")["data"]
    }
    assert versions[plan.id] == plan.version == 2
    assert hub.code("GET", "sheets?include=sheetVersion&page=1&pageSize=100") == (400, 1018)
    assert "version" not in hub.get("sheets")["data"][0]


def test_modified_since_is_inclusive_and_sees_formats_too(hub: Browser, plans: Tracker, plan: Sheet):
    plans.advance(100)
    plans.format(plan.id)
    for since, found in (
        ("2026-11-25T07:01:40Z", ["Plan A"]),
        ("2026-11-25T07:01:41Z", []),
        (str((NOW + 100) * 1000), ["Plan A"]),
    ):
        assert names(hub.get("sheets", modifiedSince=since)) == found
    assert hub.get("sheets", numericDates="true")["data"][0]["modifiedAt"] == (NOW + 100) * 1000


@pytest.mark.parametrize("cap", [1, 2, 100])
def test_workspaces_and_children_end_where_no_key_is_left(
    smartsheet: SmartsheetServer, plans: Tracker, hub: Browser, cap: int
):
    ids = {plans.add_workspace(f"Workspace {n}") for n in range(5)}
    smartsheet.faults.set({"rate_short_page": 0.5, "seed": cap})
    found: list[int] = []
    key: dict[str, Any] = {}
    for _ in range(200):
        page = hub.get("workspaces", paginationType="token", maxItems=cap, **key)
        assert page.keys() <= {"data", "lastKey"}
        found += [one["id"] for one in page["data"]]
        key = {"lastKey": page["lastKey"]} if "lastKey" in page else {}
        if not key:
            break
    assert len(found) == 5 and set(found) == ids


def test_workspaces_by_page_number_until_they_were_not(smartsheet: SmartsheetServer, plans: Tracker, hub: Browser):
    plans.add_workspace("One")
    assert hub.get("workspaces", includeAll="true", maxItems=1).keys() == {"data"}  # neither a total nor a key
    smartsheet.options.old_paging = True
    assert hub.get("workspaces", includeAll="true")["totalCount"] == 1
    assert "totalCount" not in hub.get("workspaces", paginationType="token")


def test_places_hold_what_the_account_sees(plans: Tracker, hub: Browser, mira: Browser, plan: Sheet):
    workspace = plans.add_workspace("Plant")
    outer = plans.add_folder("Outer", workspace=workspace)
    inner = plans.add_folder("Inner", parent=outer)
    plans.place_sheet(plan.id, folder=inner)
    other = sheet_of(plans, "Plan B")
    plans.place_sheet(other.id, workspace=workspace)
    report = plans.add_report("All", [plan.id], ["Task"], workspace=workspace)
    children = hub.get(f"workspaces/{workspace}/children", childrenResourceTypes="sheets,reports,folders")["data"]
    assert {(one["resourceType"], one["id"]) for one in children} == {
        ("sheet", other.id), ("report", report), ("folder", outer),
    }  # fmt: skip
    sheets = hub.get(f"workspaces/{workspace}/children", childrenResourceTypes="sheets")["data"]
    assert [one["id"] for one in sheets] == [other.id]
    assert hub.code("GET", f"workspaces/{workspace}/children?childrenResourceTypes=rows") == (400, 1018)
    assert [one["id"] for one in hub.get(f"folders/{outer}/children")["data"]] == [inner]
    assert [one["id"] for one in hub.get(f"folders/{inner}/children")["data"]] == [plan.id]
    shallow, deep = hub.get(f"workspaces/{workspace}"), hub.get(f"workspaces/{workspace}", loadAll="true")
    assert "folders" not in shallow["folders"][0]
    assert deep["folders"][0]["folders"][0]["sheets"][0]["id"] == plan.id
    for path in (f"workspaces/{workspace}", f"workspaces/{workspace}/children", f"folders/{inner}/metadata"):
        assert mira.code("GET", path) == (404, 1006)


def test_users_are_shown_with_their_rights_to_admins_alone(
    smartsheet: SmartsheetServer, plans: Tracker, hub: Browser, mira: Browser
):
    plans.add_user("gone@example.com", "Gone", "Away", status="DEACTIVATED")
    page = hub.get("users", includeAll="true")
    assert page["totalCount"] == 3 and {"ACTIVE", "DEACTIVATED"} == {one["status"] for one in page["data"]}
    assert [one["email"] for one in hub.get("users", email="GONE@example.com,x@example.com")["data"]] == [
        "gone@example.com"
    ]
    assert "admin" in page["data"][0] and "admin" not in mira.get("users")["data"][0]
    smartsheet.options.users_open = False
    assert mira.code("GET", "users") == (403, 1004) and hub.get("users")["totalCount"] == 3
