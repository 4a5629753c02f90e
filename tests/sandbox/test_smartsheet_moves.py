"""The make-believe Smartsheet as people change it: single changes, then random lives through which rules must hold."""

from __future__ import annotations

import random
import secrets

import pytest

from sandbox.smartsheet import SmartsheetServer
from sandbox.smartsheet_gantt import reckon
from sandbox.smartsheet_moves import MOVES, Mover
from sandbox.smartsheet_random import filled
from sandbox.smartsheet_records import COLUMN_TYPES, Sheet
from sandbox.smartsheet_store import Rows
from sandbox.smartsheet_tracker import Tracker
from tests.sandbox.smartsheet_browser import GANTT, NOW, Browser

SEEDS = [1, 2, 3, 104, 165]


def tree(sheet: Sheet) -> list[tuple[str, str | None]]:
    """First cells, and those of the parents."""
    first = sheet.columns[0].id
    told = {row.id: str(row.cells[first].value) if first in row.cells else "" for row in sheet.rows}
    return [(told[row.id], told[row.parent_id] if row.parent_id is not None else None) for row in sheet.rows]


def test_rows_are_added_moved_indented_and_deleted(plans: Tracker, plan: Sheet):
    pumps, order = plan.rows[:2]
    added = plans.add_row(plan.id, {"Task": "Last of pumps"}, parent=pumps.id)
    plans.add_row(plan.id, {"Task": "First of all"}, at=1)
    assert tree(plan) == [
        ("First of all", None), ("Pumps", None), ("Order", "Pumps"), ("3", "Pumps"), ("Last of pumps", "Pumps"),
        ("", None), ("Valves", None),
    ]  # fmt: skip
    assert plans.indent(added.id) and added.parent_id == plan.rows[3].id
    assert plans.outdent(order.id)  # its sisters become its children, as on the screen
    assert tree(plan)[2:5] == [("Order", None), ("3", "Order"), ("Last of pumps", "3")]
    assert not plans.indent(plan.rows[0].id) and not plans.outdent(order.id)
    plans.move_row(order.id, 1)
    assert tree(plan)[:3] == [("Order", None), ("3", "Order"), ("Last of pumps", "3")]
    assert len(plans.delete_row(order.id)) == 3 and order.id not in plans.rows and len(plan.rows) == 4


def test_a_parent_keeps_its_own_dates_until_a_row_below_it_has_some(plans: Tracker):
    steps: Rows = [{"Step": "Build", "Start": "2026-11-28", "Length": "3d"}, (1, {"Step": "Dig"})]  # from a Saturday on
    sheet = plans.add_sheet("Weekend", GANTT, steps, dependencies=True)
    build, dig = sheet.rows
    for _ in range(2):
        held = plans.truth(plans.admin.email)[sheet.id][build.id]
        assert (held["Start"], held["Finish"], held["Length"]) == ("2026-11-28", "2026-12-01", "3d")
        assert reckon(sheet) == []
    plans.edit(dig.id, "Length", "2d")
    plans.edit(dig.id, "Start", "2026-12-07")
    held = plans.truth(plans.admin.email)[sheet.id][build.id]
    assert (held["Start"], held["Finish"], held["Length"]) == ("2026-12-07", "2026-12-08", "2d")


def test_rows_that_wait_for_each_other_come_to_an_end(plans: Tracker):
    """In a circle, for their own parent, for rows that are gone."""
    steps: Rows = [
        {"Step": "Build", "Start": "2026-11-30", "Length": "1d", "After": "3FS"},
        (1, {"Step": "Dig", "Start": "2026-11-30", "Length": "1d", "After": "1FS"}),
        {"Step": "Sell", "Start": "2026-11-30", "Length": "2d", "After": "2FS"},
        {"Step": "Rest", "Start": "2026-11-30", "Length": "1d", "After": "3SS, 3FF"},
    ]
    sheet = plans.add_sheet("Circle", GANTT, steps, dependencies=True)
    first = plans.truth(plans.admin.email)[sheet.id]
    assert reckon(sheet) == [] and plans.truth(plans.admin.email)[sheet.id] == first
    plans.delete_row(sheet.rows[2].id)
    assert plans.value(sheet.rows[2], sheet.columns[1]) == first[sheet.rows[2].id]["Start"]


def test_a_row_sent_to_another_sheet_has_a_new_id_there(plans: Tracker, plan: Sheet):
    other = plans.add_sheet("Archive", ["Task", {"title": "Status", "type": "PICKLIST"}])
    old = [row.id for row in plan.rows[:3]]
    ids = plans.send_row(old[0], other.id)
    assert list(ids) == old and not set(ids.values()) & set(old) and not plans.rows.keys() & set(old)
    assert tree(other) == [("Pumps", None), ("Order", "Pumps"), ("3", "Pumps")] and len(plan.rows) == 2
    assert plans.truth(plans.admin.email)[other.id][ids[old[0]]] == {"Task": "Pumps", "Status": "In Progress"}
    assert plans.events[-1].action == "MOVE_ROW"


def test_a_deleted_column_takes_its_values_with_it(plans: Tracker, plan: Sheet):
    plans.delete_column(plan.id, "Status")
    assert all("Status" not in row for row in plans.truth(plans.admin.email)[plan.id].values())
    with pytest.raises(KeyError):
        plans.column(plan.id, "Status")


def test_numbers_of_rows_are_never_given_twice(plans: Tracker, plan: Sheet):
    plans.delete_row(plan.rows[4].id)
    added = plans.add_row(plan.id, {"Task": "next"})
    assert plans.value(added, plans.column(plan.id, "No")) == "0005"  # 0004 was the deleted one's; blank rows have none


@pytest.mark.parametrize("seed", SEEDS)
def test_the_same_seed_makes_the_same_plans(seed: int):
    one, same, other = filled(seed=seed), filled(seed=seed), filled(seed=seed + 1)
    email = one.admin.email
    assert one.truth(email) == same.truth(email) != other.truth(email)


def test_what_is_made_has_all_that_makes_sheets_hard():
    tracker = filled(sheets=12, rows=60, seed=7)
    sheets = list(tracker.sheets.values())
    columns = [column for sheet in sheets for column in sheet.columns]
    assert {column.type for column in columns} == set(COLUMN_TYPES)
    assert len({sheet.name for sheet in sheets}) < 12 and any(sheet.dependencies for sheet in sheets)
    cells = [cell for row in tracker.rows.values() for cell in row.cells.values()]
    assert any(str(cell.value).startswith("#") and cell.formula for cell in cells) and any(cell.link for cell in cells)
    assert any(row.locked for row in tracker.rows.values()) and any(not row.cells for row in tracker.rows.values())
    levels = {tracker.access(tracker.member, sheet) for sheet in sheets}
    assert {None, "EDITOR"} < levels and {user.status for user in tracker.users.values()} > {"PENDING", "DEACTIVATED"}
    assert {(sheet.workspace_id is None, sheet.folder_id is None) for sheet in sheets} > {(True, True), (False, False)}


def rules(tracker: Tracker) -> None:
    """What holds for every plan at any time."""
    assert set(tracker.rows) == {row.id for sheet in tracker.sheets.values() for row in sheet.rows}
    for sheet in tracker.sheets.values():
        assert len({row.id for row in sheet.rows}) == len(sheet.rows)
        path: list[int] = []
        for row in sheet.rows:  # a row's parent is on the way to the row before it: the tree is in one piece
            if row.parent_id is not None:
                assert row.parent_id in path, (sheet.name, row.id)
                del path[path.index(row.parent_id) + 1 :]
            else:
                path = []
            path.append(row.id)
            assert row.version <= sheet.version or row.version == 1
        known = {column.id for column in sheet.columns}
        assert len({column.title for column in sheet.columns}) == len(known)
        assert all(cell in known for row in sheet.rows for cell in row.cells)
        if sheet.dependencies:
            assert not reckon(sheet)  # dates are worked out already


@pytest.mark.parametrize("seed", [*SEEDS, None])
def test_rules_hold_through_a_random_life(seed: int | None):
    seed = secrets.randbelow(10**9) if seed is None else seed
    print(f"seed {seed}")
    tracker = filled(sheets=4, rows=25, seed=seed)
    tracker.clock = lambda: NOW
    mover = Mover(tracker, random.Random(seed), step_seconds=30)
    rules(tracker)
    for _ in range(60):
        versions = {sheet.id: sheet.version for sheet in tracker.sheets.values()}
        told = mover.move(3)
        assert len(told) == 3
        rules(tracker)
        assert all(sheet.version >= versions[sheet.id] for sheet in tracker.sheets.values()), told


def test_every_kind_of_change_can_be_made_alone():
    done = {}
    for name in MOVES:
        tracker = filled(sheets=4, rows=25, seed=4)
        mover = Mover(tracker, random.Random(4))
        if name == "restore_sheet":
            mover.move(1, only="delete_sheet")
        before = (tracker.changes, tracker.truth(tracker.admin.email), [s.version for s in tracker.sheets.values()])
        assert mover.move(2, only=name), name
        after = (tracker.changes, tracker.truth(tracker.admin.email), [s.version for s in tracker.sheets.values()])
        done[name] = before != after
        rules(tracker)
    assert all(done.values())


@pytest.mark.parametrize("seed", SEEDS[:2])
def test_a_changed_plan_is_read_as_the_truth_says(seed: int):
    tracker = filled(sheets=4, rows=25, seed=seed)
    Mover(tracker, random.Random(seed)).move(80)
    with SmartsheetServer(tracker) as server:
        hub = Browser(server.url)
        truth = tracker.truth(tracker.admin.email)
        assert {one["id"] for one in hub.get("sheets", includeAll="true")["data"]} == set(truth)
        for id_, rows in truth.items():
            shown = hub.get(f"sheets/{id_}", level=2, exclude="nonexistentCells")
            assert [row["id"] for row in shown["rows"]] == list(rows)
            assert [len({c["columnId"] for c in row["cells"]}) for row in shown["rows"]] == [
                sum(
                    tracker.value(tracker.rows[row["id"]], column) is not None for column in tracker.sheets[id_].columns
                )
                for row in shown["rows"]
            ]


def test_a_big_sheet_is_made_and_read_whole():
    tracker = filled(sheets=1, rows=20_000, seed=1)
    (sheet,) = tracker.sheets.values()
    with SmartsheetServer(tracker) as server:
        shown = Browser(server.url).get(f"sheets/{sheet.id}", level=2, exclude="nonexistentCells")
    assert len(shown["rows"]) == shown["totalRowCount"] == 20_000
