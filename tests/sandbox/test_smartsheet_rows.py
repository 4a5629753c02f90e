"""Rows moved, added and deleted in the make-believe Smartsheet over real HTTP; bodies that are none; formulas, lags."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.smartsheet_records import Sheet
from sandbox.smartsheet_tracker import Tracker
from tests.sandbox.smartsheet_browser import Browser, sheet_of


def test_rows_go_where_a_write_says(plans: Tracker, plan: Sheet, hub: Browser):
    pumps, order, three, _, valves = plan.rows
    path = f"sheets/{plan.id}/rows"

    def tree() -> list[tuple[int, int | None]]:
        return [(row.id, row.parent_id) for row in plan.rows]

    hub.put(path, {"id": valves.id, "toTop": True})
    assert tree()[0] == (valves.id, None) and plan.rows.index(three) == 3
    hub.put(path, [{"id": valves.id, "parentId": pumps.id, "toBottom": True}])
    assert tree()[:4] == [(pumps.id, None), (order.id, pumps.id), (three.id, pumps.id), (valves.id, pumps.id)]
    hub.put(path, [{"id": valves.id, "siblingId": order.id, "above": True}])
    assert [row.id for row in plan.rows[:4]] == [pumps.id, valves.id, order.id, three.id]
    hub.put(path, [{"id": three.id, "indent": 1}])
    assert three.parent_id == order.id
    hub.put(path, [{"id": three.id, "outdent": 1}])
    assert three.parent_id == pumps.id
    assert {written.column_id for written in plans.writes} == {0}
    for given, code in (
        ({"id": pumps.id, "parentId": order.id}, 1063),  # under its own child
        ({"id": order.id, "parentId": 1, "siblingId": 2}, 1062),
        ({"id": order.id, "siblingId": 1}, 1064),
        ({"id": order.id, "parentId": plan.rows[4].id}, 1185),  # a blank row
    ):
        assert hub.code("PUT", path, json=[given]) == (400, code), given
    two = [{"id": order.id, "toTop": True}, {"id": three.id, "indent": 1}]
    assert hub.code("PUT", path, json=two) == (400, 1123)


def test_bodies_that_are_none(plans: Tracker, plan: Sheet, hub: Browser):
    path, row = f"sheets/{plan.id}/rows", plan.rows[1]
    task = plans.column(plan.id, "Task").id
    twice = [{"columnId": task, "value": "a"}, {"columnId": task, "value": "b"}]
    json_type = {"Content-Type": "application/json"}
    for given, refusal in (
        ({"data": b"", "headers": json_type}, (400, 1024)),
        ({"data": b"{", "headers": json_type}, (400, 1008)),
        ({"data": b"a=1", "headers": {"Content-Type": "text/plain"}}, (415, 1124)),
        ({"json": [3]}, (400, 1008)),
        ({"json": [{"id": row.id, "cells": 3}]}, (400, 1008)),
        ({"json": [{"id": row.id, "cells": ["x"]}]}, (400, 1008)),
        ({"json": [{"id": row.id, "cells": [{"columnId": task, "formula": 1}]}]}, (400, 1008)),
        ({"json": [{"id": row.id, "cells": [{"columnId": [task], "value": 1}]}]}, (400, 1036)),
        ({"json": [{"cells": []}]}, (400, 1012)),
        ({"json": [{"id": 1, "cells": []}]}, (404, 1006)),
        ({"json": [{"id": row.id, "rowNumber": 1}]}, (400, 1032)),
        ({"json": [{"id": row.id, "cells": [{"columnId": 7, "value": "x"}]}]}, (400, 1036)),
        ({"json": [{"id": row.id, "cells": twice}]}, (400, 1037)),
        ({"json": [{"id": row.id, "cells": []}] * 501}, (400, 1061)),
    ):
        assert hub.code("PUT", path, **given) == refusal
    assert hub.code("PATCH", path) == (405, 1122)
    assert not plans.writes


def test_rows_are_added_and_deleted_with_all_below_them(plans: Tracker, plan: Sheet, hub: Browser):
    path, version = f"sheets/{plan.id}/rows", plan.version
    task = plans.column(plan.id, "Task").id
    rows = [{"toTop": True, "cells": [{"columnId": task, "value": name}]} for name in ("one", "two")]
    answer = hub.ask("POST", path, json=rows).json()
    assert answer["version"] == plan.version == version + 1 and [row["sheetId"] for row in answer["result"]]
    assert [row.id for row in plan.rows[:2]] == [row["id"] for row in answer["result"]] and not plans.writes
    pumps = plan.rows[2]
    gone = hub.ask("DELETE", path, params={"ids": f"{pumps.id},1"})
    assert gone.status_code == 404 and pumps.id in plans.rows
    gone = hub.ask("DELETE", path, params={"ids": f"{pumps.id},1", "ignoreRowsNotFound": "true"})
    assert len(gone.json()["result"]) == 3 and len(plan.rows) == 4


# ------------------------------------------------------------------ formulas and lags


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("=SUM(Task3, [Task]3) * (2 - 1/2)", 9),
        ("=-Task3 + 10", 7),
        ("=SUM(Task1)", 0),  # text counts as nothing
        ("=Task3 / 0", "#UNPARSEABLE"),
        ("=SUM(Task3", "#UNPARSEABLE"),
        ("=VLOOKUP(Task3)", "#UNPARSEABLE"),
        ("=Task9", "#UNPARSEABLE"),
        ("=1 2", "#UNPARSEABLE"),
        ("=1 + ?", "#UNPARSEABLE"),
    ],
)
def test_a_formula_is_worked_out_or_is_none(hub: Browser, plan: Sheet, formula: str, value: Any):
    cell = {"columnId": plan.columns[0].id, "formula": formula}
    hub.put(f"sheets/{plan.id}/rows", [{"id": plan.rows[4].id, "cells": [cell]}])
    found = hub.get(f"sheets/{plan.id}/rows/{plan.rows[4].id}")["cells"][0]
    assert (found["value"], found["formula"]) == (value, formula)


def test_a_lag_keeps_its_units(hub: Browser, plans: Tracker):
    plan = sheet_of(plans, "Plan B")
    after, row = plans.column(plan.id, "After").id, plan.rows[2]
    lag = {"objectType": "DURATION", "negative": True, "days": 1, "hours": 4.5}
    waits = {"objectType": "PREDECESSOR_LIST", "predecessors": [{"rowId": plan.rows[1].id, "type": "SS", "lag": lag}]}
    hub.put(f"sheets/{plan.id}/rows", [{"id": row.id, "cells": [{"columnId": after, "objectValue": waits}]}])
    cells = hub.get(f"sheets/{plan.id}/rows/{row.id}", include="objectValue")["cells"]
    (cell,) = [one for one in cells if one["columnId"] == after]
    assert cell["value"] == "2SS -1d 4.5h"
    assert cell["objectValue"]["predecessors"][0]["lag"] == lag | {"elapsed": False}
