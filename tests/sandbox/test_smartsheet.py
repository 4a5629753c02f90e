"""Reading sheets, rows, histories and reports of the make-believe Smartsheet over real HTTP, and their traps."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.smartsheet import MEMBER_TOKEN, SmartsheetServer
from sandbox.smartsheet_records import Sheet
from sandbox.smartsheet_tracker import Tracker
from tests.sandbox.smartsheet_browser import MIRA, Browser, sheet_of


@pytest.fixture
def mira(smartsheet: SmartsheetServer) -> Browser:
    return Browser(smartsheet.url, MEMBER_TOKEN)


def names(page: dict[str, Any]) -> list[str]:
    return [one["name"] for one in page["data"]]


def by_title(shown: dict[str, Any]) -> list[dict[str, dict[str, Any]]]:
    """Cells of each row by the title of their column."""
    titles = {column["id"]: column["title"] for column in shown["columns"]}
    return [{titles[cell["columnId"]]: cell for cell in row["cells"]} for row in shown["rows"]]


# ------------------------------------------------------------------ a whole sheet


def test_ids_are_whole_numbers_that_no_float_holds(plans: Tracker, hub: Browser, plan: Sheet):
    shown = hub.get(f"sheets/{plan.id}")
    ids = [plan.id, *(column["id"] for column in shown["columns"]), *(row["id"] for row in shown["rows"])]
    assert all(isinstance(id_, int) and 10**15 <= id_ < 2**63 for id_ in ids)
    assert any(int(float(id_)) != id_ for id_ in ids)


def test_levels_decide_how_cells_of_several_values_come(hub: Browser, plan: Sheet):
    kinds, cells = [], []
    for level in (0, 1, 2):
        shown = hub.get(f"sheets/{plan.id}", level=level, include="objectValue")
        types = {column["title"]: (column["type"], column["version"]) for column in shown["columns"]}
        kinds.append([types[title] for title in ("Owners", "Tags")])
        rows = by_title(shown)
        cells.append([rows[1]["Owners"], rows[2]["Tags"]])
    text, multi, tags = "TEXT_NUMBER", "MULTI_CONTACT_LIST", "MULTI_PICKLIST"
    assert kinds == [[(text, 1), (text, 2)], [(multi, 1), (text, 2)], [(multi, 1), (tags, 2)]]
    assert cells[0][0]["value"] == cells[0][0]["displayValue"] == "mira.lund@example.com, Kim"
    assert "value" not in cells[1][0] and cells[1][0]["objectValue"]["values"][1]["email"] == "kim@example.com"
    assert cells[1][1]["value"] == "pump, valve"  # in the order of the options
    assert cells[2][1]["objectValue"] == {"objectType": "MULTI_PICKLIST", "values": ["pump", "valve"]}
    assert "options" not in hub.get(f"sheets/{plan.id}", level=0)["columns"][3]


def test_empty_cells_have_no_value_and_can_be_left_out(plans: Tracker, hub: Browser, plan: Sheet):
    rows = by_title(hub.get(f"sheets/{plan.id}", level=2))
    assert rows[0]["Due"] == {"columnId": plans.column(plan.id, "Due").id}
    blank = rows[3]
    assert {title for title, cell in blank.items() if "value" in cell or "displayValue" in cell} == {"Modified"}
    short = by_title(hub.get(f"sheets/{plan.id}", level=2, exclude="nonexistentCells"))
    assert set(short[3]) == {"Modified"} and set(short[4]) == {"Task", "No", "Modified"}


def test_values_come_in_the_types_of_recorded_answers(hub: Browser, plan: Sheet):
    first, second, third, *_ = by_title(hub.get(f"sheets/{plan.id}", level=2))
    assert (third["Task"]["value"], third["Task"]["displayValue"]) == (3.0, "3")
    assert (first["Lead"]["value"], first["Lead"]["displayValue"]) == ("rolf@example.com", "Rolf Outside")
    assert second["Done"]["value"] is True and "displayValue" not in second["Done"]
    assert third["Due"]["value"] == "2026-12-01" and "displayValue" not in third["Due"]
    assert first["Modified"]["value"] == "2026-11-25T07:00:00Z"


def test_the_tree_is_told_by_parents_and_the_order_by_numbers(hub: Browser, plan: Sheet):
    rows = hub.get(f"sheets/{plan.id}")["rows"]
    assert [row["rowNumber"] for row in rows] == [1, 2, 3, 4, 5]
    first = rows[0]["id"]
    assert [row.get("parentId") for row in rows] == [None, first, first, None, None]
    assert [row.get("siblingId") for row in rows] == [None, None, rows[1]["id"], first, rows[3]["id"]]
    assert all("version" not in row for row in rows)


def test_columns_and_rows_can_be_chosen(hub: Browser, plan: Sheet):
    task, due = plan.columns[0].id, plan.columns[6].id
    shown = hub.get(f"sheets/{plan.id}", columnIds=f"{task},{due}")
    assert [column["id"] for column in shown["columns"]] == [task, due] and len(shown["rows"][0]["cells"]) == 2
    second = plan.rows[1].id
    chosen = hub.get(f"sheets/{plan.id}", rowIds=second, rowNumbers="4")
    assert [row["rowNumber"] for row in chosen["rows"]] == [2, 4] and chosen["totalRowCount"] == 5
    paged = [hub.get(f"sheets/{plan.id}", page=n, pageSize=2)["rows"] for n in (1, 2, 3)]
    assert [len(rows) for rows in paged] == [2, 2, 1] and paged[2][0]["rowNumber"] == 5
    assert hub.code("GET", f"sheets/{plan.id}?rowIds=x") == (400, 1018)


def test_an_unchanged_version_answers_nothing_else(hub: Browser, plans: Tracker, plan: Sheet):
    assert hub.get(f"sheets/{plan.id}", ifVersionAfter=plan.version) == {"version": plan.version}
    plans.format(plan.id)
    assert "columns" in hub.get(f"sheets/{plan.id}", ifVersionAfter=plan.version - 1)
    assert hub.get(f"sheets/{plan.id}/version") == {"version": 2}


def test_what_rows_modified_since_sees_and_what_it_does_not(hub: Browser, plans: Tracker, plan: Sheet):
    def changed() -> list[int]:
        return [
            row["rowNumber"] for row in hub.get(f"sheets/{plan.id}", rowsModifiedSince="2026-11-25T07:00:10Z")["rows"]
        ]

    plans.advance(10)
    assert changed() == []
    plans.rename_column(plan.id, "Due", "Ende")
    plans.add_option(plan.id, "Status", "Blocked")
    plans.delete_row(plan.rows[4].id)
    assert changed() == [] and plan.version == 4  # none of these marks a row
    plans.edit(plan.rows[1].id, "Ende", "2026-12-24")
    assert changed() == [2]


def test_a_refreshed_link_raises_the_version_and_marks_no_row(hub: Browser, plans: Tracker, plan: Sheet):
    source, target = sheet_of(plans, "Plan B").rows[1], plan.rows[4]
    plans.link_cell(target.id, "Task", source.id, "Step")
    plans.advance(50)
    plans.edit(source.id, "Step", "Dig deeper")
    version = plan.version
    plans.refresh_links(plan.id)
    shown = hub.get(f"sheets/{plan.id}")
    cell = by_title(shown)[4]["Task"]
    assert cell["value"] == "Dig deeper" and cell["linkInFromCell"]["sheetName"] == "Plan B"
    assert shown["version"] == version + 1 and shown["rows"][4]["modifiedAt"] == "2026-11-25T07:00:00Z"
    plans.delete_row(source.id)
    plans.refresh_links(plan.id)
    cell = by_title(hub.get(f"sheets/{plan.id}", exclude="linkInFromCellDetails"))[4]["Task"]
    assert cell["linkInFromCell"] == {"status": "BROKEN", "sheetId": source.sheet_id} and cell["value"] == "Dig deeper"


def test_formula_errors_are_text_of_a_good_answer(hub: Browser, plans: Tracker, plan: Sheet):
    plans.set_formula(plan.rows[1].id, "Due", "=NO(1)", "#UNPARSEABLE")
    cell = by_title(hub.get(f"sheets/{plan.id}", include="objectValue", level=2))[1]["Due"]
    assert (cell["value"], cell["displayValue"], cell["objectValue"]) == ("#UNPARSEABLE",) * 3 and cell["formula"]


def test_a_column_of_another_type_keeps_its_words(hub: Browser, plans: Tracker, plan: Sheet):
    plans.retype_column(plan.id, "Status", "DATE", options=[], validation=False)
    shown = hub.get(f"sheets/{plan.id}")
    assert shown["columns"][1]["type"] == "DATE" and by_title(shown)[0]["Status"]["value"] == "In Progress"


def test_percent_and_predecessors_of_a_project_sheet(hub: Browser, plans: Tracker):
    sheet = sheet_of(plans, "Plan B")
    shown = hub.get(f"sheets/{sheet.id}", level=2, include="objectValue")
    assert shown["dependenciesEnabled"] and shown["projectSettings"]["lengthOfDay"] == 8
    dig, pour = by_title(shown)[1:]
    assert (dig["%"]["value"], dig["%"]["displayValue"]) == (0.5, "50%")
    (wait,) = pour["After"]["objectValue"]["predecessors"]
    assert pour["After"]["value"] == "2FS +1d" and wait["rowId"] == sheet.rows[1].id and wait["lag"]["days"] == 1
    plans.delete_row(sheet.rows[1].id)
    gone = by_title(hub.get(f"sheets/{sheet.id}", level=2, include="objectValue"))[1]["After"]
    assert gone["displayValue"] == "#REFFS +1d" and gone["objectValue"]["predecessors"][0]["invalid"] is True


def test_a_reader_who_asks_for_csv_gets_a_file(hub: Browser, plan: Sheet):
    answer = hub.ask("GET", f"sheets/{plan.id}", headers={"Accept": "text/csv"})
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert answer.text.splitlines()[2].startswith('Order,,"mira.lund@example.com, Kim"')


# ------------------------------------------------------------------ one row, a cell's history, reports, events


def test_a_single_row_tells_its_version(hub: Browser, plans: Tracker, plan: Sheet):
    plans.edit(plan.rows[1].id, "Status", "Complete")
    row = hub.get(f"sheets/{plan.id}/rows/{plan.rows[1].id}", include="columns", level=2)
    assert (row["sheetId"], row["version"], row["accessLevel"]) == (plan.id, plan.version, "OWNER") and row["columns"]
    other = sheet_of(plans, "Plan B").rows[0].id
    assert hub.code("GET", f"sheets/{plan.id}/rows/{other}") == (404, 1006)


def test_a_cells_history_is_newest_first_and_goes_with_the_row(hub: Browser, plans: Tracker, plan: Sheet):
    row, status = plan.rows[0], plans.column(plan.id, "Status").id
    for n, word in enumerate(("Complete", None, "Not Started"), 1):
        plans.advance(60)
        plans.edit(row.id, status, word, by=MIRA if n == 2 else None)
    path = f"sheets/{plan.id}/rows/{row.id}/columns/{status}/history"
    page = hub.get(path, include="objectValue", pageSize=3)
    assert [one.get("value") for one in page["data"]] == ["Not Started", None, "Complete"] and page["totalPages"] == 2
    assert page["data"][1]["modifiedBy"] == {"email": MIRA, "name": "Mira Lund"}
    assert [one["modifiedAt"][14:16] for one in page["data"]] == ["03", "02", "01"]
    assert hub.get(path, page=2, pageSize=3)["data"][0]["value"] == "In Progress"
    empty = hub.get(f"sheets/{plan.id}/rows/{row.id}/columns/{plans.column(plan.id, 'Due').id}/history")
    assert empty["data"] == [] and empty["totalPages"] == 1
    ids = plans.send_row(row.id, sheet_of(plans, "Plan B").id)
    assert len(ids) == 3 and hub.code("GET", path) == (404, 1006)


def test_a_report_shows_rows_of_many_sheets_by_pages(hub: Browser, mira: Browser, plans: Tracker, plan: Sheet):
    other = sheet_of(plans, "Plan B")
    report = plans.add_report("All", [plan.id, other.id], ["Task", "Tags", "Step"], shares={MIRA: "VIEWER"})
    assert names(hub.get("reports")) == ["All"]
    shown = hub.get(f"reports/{report}", level=2)
    assert shown["totalRowCount"] == len(shown["rows"]) == 8 and [row["rowNumber"] for row in shown["rows"]][-1] == 8
    assert {row["sheetId"] for row in shown["rows"]} == {plan.id, other.id}
    assert [column["type"] for column in shown["columns"]] == ["TEXT_NUMBER"] * 4
    cells = shown["rows"][2]["cells"]
    assert cells[2]["value"] == "pump, valve" and "columnId" not in cells[3] and "columnId" not in cells[0]
    middle = hub.get(f"reports/{report}", pageSize=3, page=2)["rows"]
    assert [row["rowNumber"] for row in middle] == [4, 5, 6]
    hers = mira.get(f"reports/{report}")
    assert hers["totalRowCount"] == 3 and {row["accessLevel"] for row in hers["rows"]} == {"VIEWER"}  # of what she sees


def test_events_need_the_add_on_and_tell_of_sheets_not_of_rows(
    smartsheet: SmartsheetServer, hub: Browser, mira: Browser, plans: Tracker, plan: Sheet
):
    query = "events?since=2026-11-25T07:30:00Z"
    assert hub.code("GET", query) == (403, 1004)
    smartsheet.options.event_reporting = True
    assert mira.code("GET", query) == (403, 1004)
    first = hub.get(query)
    start = first["nextStreamPosition"]
    assert [one["action"] for one in first["data"]] == ["CREATE"] * 3  # at 07:00: it counts from the full hour
    plans.delete_row(plan.rows[4].id)
    plans.rename_sheet(plan.id, "Plan Z")
    plans.delete_sheet(plan.id)
    seen = hub.get("events", streamPosition=start)
    assert [one["action"] for one in seen["data"]] == ["UPDATE", "UPDATE", "RENAME", "DELETE"]
    assert {one["objectId"] for one in seen["data"]} == {str(plan.id)} and not seen["moreAvailable"]
    assert hub.code("GET", "events") == (400, 1228)
    assert hub.code("GET", f"{query}&streamPosition=1") == (400, 1227)
    assert hub.code("GET", f"{query}&maxCount=10001") == (400, 1018)


def test_other_versions_and_addresses(hub: Browser, smartsheet: SmartsheetServer):
    assert hub.code("GET", "nonsense") == (404, 1006) and hub.code("DELETE", "users/me") == (405, 1122)
    hub.api = f"{smartsheet.url}/1.1"
    assert hub.code("GET", "sheets") == (410, 4005)
    hub.api = f"{smartsheet.url}/3.0"
    assert hub.code("GET", "sheets") == (404, 1007)
