"""Writing to the make-believe Smartsheet over real HTTP, and the traps a push has to bear."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from sandbox.smartsheet import MEMBER_TOKEN, SmartsheetServer
from sandbox.smartsheet_records import Contact, Row, Sheet
from sandbox.smartsheet_tracker import Tracker
from tests.sandbox.smartsheet_browser import MIRA, NOW, Browser, Cells, sheet_of

LATER = 60


@pytest.fixture
def cells(plans: Tracker, plan: Sheet, hub: Browser) -> Cells:
    return Cells(plans, plan, hub)


def test_a_written_status_raises_versions_and_times_and_is_in_history_and_journal(plans: Tracker, cells: Cells):
    plans.advance(90)
    before = cells.sheet.version
    answer = cells.put("Status", value="Complete")
    assert (answer["message"], answer["resultCode"], answer["version"]) == ("SUCCESS", 0, before + 1)
    (row,) = answer["result"]
    assert row["id"] == cells.row.id and row["rowNumber"] == 2 and row["modifiedAt"] == "2026-11-25T07:01:30Z"
    column = plans.column(cells.sheet.id, "Status").id
    assert {"columnId": column, "value": "Complete", "displayValue": "Complete"} in row["cells"]
    assert cells.row.version == cells.sheet.version == before + 1 and cells.sheet.modified == NOW + 90
    path = f"sheets/{cells.sheet.id}/rows/{cells.row.id}"
    assert cells.hub.get(path)["version"] == before + 1
    history = cells.hub.get(f"{path}/columns/{column}/history", include="columnType")
    assert [one.get("value") for one in history["data"]] == ["Complete", None]
    assert history["data"][0]["modifiedBy"]["email"] == plans.admin.email and history["totalCount"] == 2
    (written,) = plans.writes
    assert (written.row_id, written.column_id, written.before, written.after) == (
        cells.row.id,
        column,
        None,
        "Complete",
    )
    assert (written.by, written.at) == (plans.admin.email, NOW + 90)


def test_a_restricted_list_takes_its_very_words_alone(plans: Tracker, cells: Cells):
    plans.edit(cells.row.id, "Status", "In Progress")
    assert cells.refused("Status", value="complete") == (400, 1042)
    assert cells.refused("Status", value="Complete ") == (400, 1042)
    assert cells.refused("Status", value="Other", strict=False) == (400, 1042)
    assert cells.refused("Status", value="Other", query={"overrideValidation": "true"}) == (400, 1042)
    assert cells.held("Status") == "In Progress" and not plans.writes
    cells.put("Status", value="Other", strict=False, overrideValidation=True)
    assert cells.held("Status") == "Other"


def test_only_an_administrator_overrides_a_restricted_list(smartsheet: SmartsheetServer, plans: Tracker, plan: Sheet):
    plans.share(plan.id, MIRA, "EDITOR")
    mira = Cells(plans, plan, Browser(smartsheet.url, MEMBER_TOKEN))
    assert mira.refused("Status", value="Other", strict=False, overrideValidation=True) == (403, 1212)
    mira.put("Status", value="Complete")
    assert plans.writes[-1].by == MIRA


def test_all_or_nothing_unless_partial_success_is_asked_for(plans: Tracker, cells: Cells, plan: Sheet, hub: Browser):
    status = plans.column(plan.id, "Status").id
    version = plan.version
    good, bad = (
        {"id": plan.rows[n].id, "cells": [{"columnId": status, "value": word}]}
        for n, word in ((1, "Complete"), (2, "nonsense"))
    )
    answer = hub.ask("PUT", f"sheets/{plan.id}/rows", json=[good, bad])
    found = answer.json()
    assert answer.status_code == 400 and found["errorCode"] == 1042 and "PICKLIST" in found["message"]
    assert found["detail"] == {"index": 1, "rowId": bad["id"]} and found["refId"]
    assert plan.version == version and not plans.writes
    partial = hub.put(f"sheets/{plan.id}/rows", [good, bad], allowPartialSuccess="true")
    assert (partial["message"], partial["resultCode"]) == ("PARTIAL_SUCCESS", 3)
    (failed,) = partial["failedItems"]
    assert (failed["index"], failed["rowId"], failed["error"]["errorCode"]) == (1, bad["id"], 1042)
    assert [row["id"] for row in partial["result"]] == [good["id"]] and plan.version == version + 1


@pytest.mark.parametrize(
    ("title", "given", "held"),
    [
        ("Task", {"value": "x" * 5000}, "x" * 4000),  # cut, and nobody is told
        ("Task", {"value": 2.5}, 2.5),
        ("Task", {"value": "2.5"}, "2.5"),
        ("Task", {"value": "2.5", "strict": False}, 2.5),
        ("Done", {"value": False}, False),
        ("Done", {"value": "true", "strict": False}, True),
        ("Done", {"value": ""}, False),
        ("Due", {"value": "2026-12-31"}, "2026-12-31"),
        ("Due", {"objectValue": {"objectType": "DATE", "value": "2026-12-30"}}, "2026-12-30"),
        ("Due", {"value": "soon", "strict": False}, "soon"),
        ("Due", {"value": None}, None),
        ("Lead", {"value": "kim@example.com"}, Contact("kim@example.com")),
        (
            "Lead",
            {"objectValue": {"objectType": "CONTACT", "email": "kim@example.com", "name": "Kim"}},
            Contact("kim@example.com", "Kim"),
        ),
        ("Tags", {"objectValue": {"objectType": "MULTI_PICKLIST", "values": ["pipe", "pump"]}}, ("pump", "pipe")),
        ("Tags", {"value": ""}, None),
        (
            "Owners",
            {"objectValue": {"objectType": "MULTI_CONTACT", "values": [{"objectType": "CONTACT", "email": MIRA}]}},
            (Contact(MIRA),),
        ),
    ],
)
def test_what_a_cell_holds_after_a_write(cells: Cells, title: str, given: dict[str, Any], held: Any):
    cells.put(title, **given)
    assert cells.held(title) == held and type(cells.held(title)) is type(held)


@pytest.mark.parametrize(
    ("title", "given", "refusal"),
    [
        ("Due", {"value": "31.12.2026"}, (400, 1042)),
        ("Due", {"value": "2026-02-30"}, (400, 1042)),
        ("Due", {"value": "2026-12-31T00:00:00Z"}, (400, 1042)),
        ("Done", {"value": "true"}, (400, 1042)),
        ("Lead", {"value": "Kim"}, (400, 1042)),
        ("Status", {"value": 3}, (400, 1042)),
        ("Tags", {"value": "pump, pipe"}, (400, 1235)),
        ("Tags", {"objectValue": {"objectType": "MULTI_CONTACT", "values": []}}, (400, 1131)),
        ("Tags", {"value": "a", "objectValue": {"objectType": "MULTI_PICKLIST", "values": ["a"]}}, (400, 1130)),
        ("No", {"value": "0007"}, (400, 1046)),
        ("Modified", {"value": "2026-12-31T00:00:00Z"}, (400, 1046)),
        ("Task", {"formula": "=1+1", "value": "2"}, (400, 1163)),
        ("Task", {"formula": "1+1"}, (400, 1162)),
        ("Task", {"value": "x", "displayValue": "x"}, (400, 1032)),
        ("Task", {}, (400, 1012)),
    ],
)
def test_what_a_cell_refuses(plans: Tracker, cells: Cells, title: str, given: dict[str, Any], refusal: object):
    before = plans.truth(plans.admin.email)
    assert cells.refused(title, **given) == refusal
    assert plans.truth(plans.admin.email) == before and not plans.writes


def test_locked_rows_and_columns_refuse_all_but_administrators(
    smartsheet: SmartsheetServer, plans: Tracker, plan: Sheet, cells: Cells
):
    plans.share(plan.id, MIRA, "EDITOR_SHARE")
    mira = Cells(plans, plan, Browser(smartsheet.url, MEMBER_TOKEN))
    plans.column(plan.id, "Task").locked = True
    assert mira.refused("Task", value="x") == (403, 1039)
    cells.put("Task", value="by an administrator")
    cells.hub.put(f"sheets/{plan.id}/rows", [{"id": mira.row.id, "locked": True}])
    assert mira.refused("Status", value="Complete") == (403, 1050)
    shown = mira.hub.get(f"sheets/{plan.id}/rows/{mira.row.id}")
    assert shown["locked"] and shown["lockedForUser"]


def test_formulas_and_linked_cells_are_not_written_over(plans: Tracker, cells: Cells, plan: Sheet):
    plans.set_formula(cells.row.id, "Task", "=NO(1)", "#UNPARSEABLE")
    assert cells.refused("Task", value="x") == (400, 1046)
    plans.link_cell(cells.row.id, "Due", plan.rows[2].id, "Due")
    assert cells.refused("Due", value="2026-12-24") == (400, 1046)
    cells.put("Due", value="", linkInFromCell=None)
    assert cells.held("Due") is None and cells.row.cells[plans.column(plan.id, "Due").id].link is None


def test_who_may_only_look_cannot_write(smartsheet: SmartsheetServer, plans: Tracker, plan: Sheet):
    mira = Cells(plans, plan, Browser(smartsheet.url, MEMBER_TOKEN))
    assert mira.refused("Task", value="x") == (404, 1006)
    for level in ("VIEWER", "COMMENTER"):
        plans.share(plan.id, MIRA, level)
        assert mira.refused("Task", value="x") == (403, 1004)
    plans.share(plan.id, MIRA, "EDITOR")
    mira.put("Task", value="x")


def test_worked_out_dates_are_not_written_and_follow_from_what_is(plans: Tracker, hub: Browser):
    sheet = sheet_of(plans, "Plan B")
    build, dig, pour = (Cells(plans, sheet, hub, number) for number in (1, 2, 3))
    assert dig.refused("Finish", value="2026-12-24") == (400, 1080)
    assert pour.refused("Start", value="2026-12-24") == (400, 1046)
    assert build.refused("Length", value="3d") == (400, 1046)
    assert (dig.held("Finish"), pour.held("Start"), build.held("Finish")) == ("2026-11-30", "2026-12-02", "2026-12-03")
    plans.advance(LATER)
    dig.put("Length", value="5d")
    assert (dig.held("Finish"), pour.held("Start"), pour.held("Finish")) == ("2026-12-02", "2026-12-04", "2026-12-07")
    assert (build.held("Start"), build.held("Finish"), build.held("Length")) == ("2026-11-26", "2026-12-07", "8d")
    assert pour.row.modified == NOW + LATER and build.row.modified == NOW  # roll-ups mark no row


def test_a_second_write_to_a_sheet_clashes_and_other_sheets_go_on(
    smartsheet: SmartsheetServer, plans: Tracker, cells: Cells
):
    second, other = Cells(plans, cells.sheet, cells.hub, 1), Cells(plans, sheet_of(plans, "Plan B"), cells.hub)
    seen: list[object] = []

    def meanwhile(sheet_id: int) -> None:
        smartsheet.during = None
        seen.append(second.refused("Task", value="clash"))
        seen.append(other.put("Step", value="no clash")["resultCode"])

    smartsheet.during = meanwhile
    cells.put("Task", value="first")
    assert seen == [(500, 4004), 0] and second.held("Task") == "Pumps"
    second.put("Task", value="now")
    assert [(w.row_id, w.after) for w in plans.writes if w.sheet_id == cells.sheet.id] == [
        (cells.row.id, "first"),
        (second.row.id, "now"),
    ]


def test_writers_at_once_lose_nothing_if_they_repeat_what_clashed(
    smartsheet: SmartsheetServer, plans: Tracker, plan: Sheet
):
    for n in range(12):
        plans.add_row(plan.id, {"Task": f"row {n}"})
    version, rows = plan.version, plan.rows[-12:]
    statuses: list[int] = []

    def write(row: Row) -> None:
        mine = Cells(plans, plan, Browser(smartsheet.url), plan.rows.index(row) + 1)
        for _ in range(500):
            answer = mine.hub.ask("PUT", f"sheets/{plan.id}/rows", json=[mine.body("Task", value=f"by {row.id}")])
            statuses.append(answer.status_code)
            if answer.status_code == 200:
                return
            assert answer.json()["errorCode"] == 4004

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, rows))
    assert sorted(written.row_id for written in plans.writes) == sorted(row.id for row in rows)
    assert plan.version == version + 12 and statuses.count(200) == 12
    assert all(row.cells[plan.columns[0].id].value == f"by {row.id}" for row in rows)


def test_a_column_with_a_formula_of_its_own_refuses(plans: Tracker, plan: Sheet, cells: Cells):
    plans.add_column(plan.id, "Late", type="CHECKBOX", formula="=Due@row < TODAY()")
    assert cells.refused("Late", value=True) == (400, 1046)


def test_a_list_of_people_may_be_restricted_too(plans: Tracker, hub: Browser):
    lead = {"title": "Lead", "type": "CONTACT_LIST", "contacts": ["Kim <kim@example.com>"], "validation": True}
    cells = Cells(plans, plans.add_sheet("Team", ["Name", lead], [{"Name": "x"}]), hub, 1)
    shown = hub.get(f"sheets/{cells.sheet.id}")["columns"][1]
    assert shown["contactOptions"] == [{"name": "Kim", "email": "kim@example.com"}]
    assert cells.refused("Lead", value=MIRA) == (400, 1042)
    cells.put("Lead", value="kim@example.com")
    assert cells.held("Lead") == Contact("kim@example.com")
