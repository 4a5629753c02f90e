"""Growth of scope after the baseline: what came, left or was sized anew, and how much of it somebody approved."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import pytest

from tests.warehouse.small_hub import NOON, STATUSES, SmallHub, change, issue, project
from tests.warehouse.test_plan_figures import HEALTH, PEOPLE, asked, baseline, measured, planned, scope
from tests.warehouse.test_plan_quality import WORDS, counted, start

DAY = timedelta(days=1)
BASED = date(2026, 11, 2)
BEFORE = datetime(2026, 10, 20, 9, tzinfo=UTC)
SINCE = datetime(2026, 11, 9, 9, tzinfo=UTC)
KEYS = ("A", "FROM", "TO", "LATER", "BACK", "HOURS", "UNITS", "NAMELESS", "GONE", "PARTS", "LESS")
NUMBER = {key: str(n) for n, key in enumerate(KEYS, 1)}


def based(hub: SmallHub, key: str, **scope_: Any) -> None:
    planned(hub, key)
    row = baseline(approved_on=BASED, **scope_)
    hub.land("plan", baselines=[{**row, "native_id": f"{key}|1", "project_id": key}])


def piece(id_: str, key: str, points: float | None, at: datetime = BEFORE, **more: Any) -> dict[str, Any]:
    return issue(id_, NUMBER[key], story_points=points, created_at=at, reporter_id="6", **more)


def sized(
    id_: str, issue_id: str, old: str | None, new: str | None, at: datetime = SINCE, **more: Any
) -> dict[str, Any]:
    given = {
        "field": "story_points",
        "from_native_id": None,
        "to_native_id": None,
        "from_native": old,
        "to_native": new,
    }
    return change(id_, issue_id, "", "", at, **(given | {"to_native": new, "account_id": "5"} | more))


def request(key: str, title: str, on: date | None, **more: Any) -> dict[str, Any]:
    base: dict[str, Any] = {"native_id": f"{key}|{title}", "project_id": key, "title": title, "state": "approved"}
    return {**base, "decided_by": "Marta Lund", "decided_on": on, **more}


@pytest.fixture(scope="module")
def scoped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    hub = SmallHub(tmp_path_factory.mktemp("scope"))
    start(hub, *KEYS)
    for key, points in {
        "A": 120.0,
        "FROM": 10.0,
        "TO": 10.0,
        "LATER": 10.0,
        "BACK": 10.0,
        "UNITS": 10.0,
        "GONE": 10.0,
    }.items():
        based(hub, key, scope_points=points)
    for key in ("PARTS", "LESS"):
        based(hub, key, scope_points=20.0)
    based(hub, "HOURS", scope_hours=100.0)
    based(hub, "NAMELESS")
    cancelled: dict[str, Any] = {"native_status_id": "4"}
    rows = [
        # 10 added, 8 changed, 4 removed on 120
        piece("100", "A", 100), piece("101", "A", 24), piece("102", "A", 4, **cancelled), piece("103", "A", 10, SINCE),
        piece("110", "TO", 3), piece("111", "TO", 10), piece("112", "FROM", 7),
        piece("120", "LATER", 5), piece("121", "LATER", 9, SINCE), piece("122", "LATER", 5),
        piece("130", "BACK", 4), piece("131", "BACK", 6), piece("132", "BACK", 8, SINCE, **cancelled),
        issue("140", NUMBER["HOURS"], original_estimate_seconds=90 * 3600, created_at=BEFORE),
        issue("141", NUMBER["HOURS"], original_estimate_seconds=40 * 3600, created_at=SINCE),
        piece("150", "UNITS", 10), piece("151", "UNITS", 5, SINCE),
        piece("160", "NAMELESS", 3), piece("161", "NAMELESS", 2, SINCE),
        piece("170", "GONE", 6), piece("171", "GONE", 4), piece("172", "GONE", 2, SINCE),
        piece("180", "PARTS", 8), piece("181", "PARTS", 20, parent_id="180"),
        piece("182", "PARTS", 5, SINCE, parent_id="180"),
        piece("190", "LESS", 12), piece("191", "LESS", 8, **cancelled),
    ]  # fmt: skip
    history = [
        sized("1", "101", "16", "24"), change("2", "102", "1", "4", SINCE),
        change("3", "110", "1", "3", SINCE, field="project", from_native_id=NUMBER["FROM"], to_native_id=NUMBER["TO"]),
        sized("4", "120", None, "5"),  # estimated later: it was in the baseline's project without a size
        sized("5", "121", None, "9", SINCE + timedelta(hours=2)),  # sized on the day it was made
        sized("6", "122", "3", "5", BEFORE),  # before the baseline
        change("7", "130", "1", "4", BEFORE), change("8", "130", "4", "1", SINCE),  # taken up again
        change("9", "131", "1", "4", SINCE), change("10", "131", "4", "1", SINCE + timedelta(hours=3)),  # in one day
        change("11", "132", "1", "4", SINCE + DAY),  # came and went
        change("12", "191", "1", "4", SINCE),
        sized("13", "180", "3", "8"),  # above sized parts
    ]  # fmt: skip
    hub.land("ops", issues=rows, issue_changes=history)
    hub.gone("ops", "issues", i170="deleted", i171="inaccessible")
    hub.land("plan", change_requests=[
        request("A", "guest orders", BASED + DAY, points=6.0), request("A", "too early", BASED, points=50.0),
        request("A", "to come", date(2026, 12, 1), points=50.0),
        request("A", "wish lists", None, state="asked", points=3.0),
        request("A", "chat", BASED + DAY, state="rejected", points=50.0),
        request("A", "later end", BASED + DAY, days=5),
        request("HOURS", "more", BASED + DAY, hours=25.0, points=1.0),
        request("UNITS", "in hours", BASED + DAY, hours=5.0),
        request("LESS", "not yet begun", BASED + DAY, points=5.0),
    ])  # fmt: skip
    counted(hub, "ops", "plan")
    with duckdb.connect(str(hub.publish(NOON, rules=WORDS, timezone="Europe/Berlin").path), read_only=True) as file:
        yield file
    hub.close()


def growth(file: duckdb.DuckDBPyConnection, key: str, columns: str) -> tuple[Any, ...]:
    (row,) = file.execute(f"SELECT {columns} FROM scope_growth WHERE project_id = ?", [f"plan:{key}"]).fetchall()
    return row


def changes(file: duckdb.DuckDBPyConnection, key: str) -> list[tuple[Any, ...]]:
    columns = "key, kind, how, change"
    return file.execute(
        f"SELECT {columns} FROM scope_changes WHERE project_id = ? ORDER BY ALL", [f"plan:{key}"]
    ).fetchall()


def test_ten_added_eight_changed_four_removed_on_120(scoped: duckdb.DuckDBPyConnection) -> None:
    columns = "added, re_estimated, removed, growth, churn, baseline_scope, scope_then, scope_now, off_baseline"
    assert growth(scoped, "A", columns) == (10.0, 8.0, 4.0, 14.0, 22.0, 120.0, 120.0, 134.0, 0.0)
    growth_share, churn_share = growth(scoped, "A", "growth_share, churn_share")
    assert (growth_share, churn_share) == (14 / 120, 22 / 120)
    assert changes(scoped, "A") == [
        ("#101", "re-estimated", "sized anew", 8.0), ("#102", "removed", "cancelled", -4.0),
        ("#103", "added", "made", 10.0),
    ]  # fmt: skip


def test_approved_is_what_was_decided_after_the_baseline_and_up_to_today(scoped: duckdb.DuckDBPyConnection) -> None:
    """Not what was decided before, is to be, was rejected or is only asked for."""
    columns = "approved, unapproved, unapproved_churn, asked, approved_changes, asked_changes"
    assert growth(scoped, "A", columns) == (6.0, 8.0, 16.0, 3.0, 2, 1)
    columns = "scope_growth, scope_growth_unapproved"
    assert scoped.execute(f"SELECT {columns} FROM portfolio WHERE key = 'A'").fetchall() == [(14 / 120, 8 / 120)]


def test_who_did_it_on_which_day_with_a_link(scoped: duckdb.DuckDBPyConnection) -> None:
    columns = "changed_on, account_id, basis, evidence, source, title"
    two = f"SELECT {columns} FROM scope_changes WHERE key IN ('#101', '#103') ORDER BY key"
    assert scoped.execute(two).fetchall() == [
        (SINCE.date(), "ops:5", "points", "reported", "ops", "Issue 101"),
        (SINCE.date(), "ops:6", "points", "reported", "ops", "Issue 103"),
    ]  # fmt: skip


def test_moved_between_projects_is_one_out_and_one_in(scoped: duckdb.DuckDBPyConnection) -> None:
    assert changes(scoped, "FROM") == [("#110", "removed", "moved out", -3.0)]
    assert changes(scoped, "TO") == [("#110", "added", "moved in", 3.0)]
    assert growth(scoped, "FROM", "scope_then, growth") == (10.0, -3.0)
    assert growth(scoped, "TO", "scope_then, growth") == (10.0, 3.0)


def test_an_estimate_set_later_is_a_re_estimate_and_one_of_the_same_day_is_not(
    scoped: duckdb.DuckDBPyConnection,
) -> None:
    assert changes(scoped, "LATER") == [("#120", "re-estimated", "sized", 5.0), ("#121", "added", "made", 9.0)]


def test_work_entered_after_the_baseline_that_it_names_is_no_growth(scoped: duckdb.DuckDBPyConnection) -> None:
    """10 points are named and 5 were there: of 14 that came later, 5 were meant."""
    assert growth(scoped, "LATER", "scope_then, off_baseline, scope_now, growth, churn") == (5.0, -5.0, 19.0, 9.0, 9.0)


def test_cancelled_is_removed_and_taken_up_again_is_added(scoped: duckdb.DuckDBPyConnection) -> None:
    """By the end of each day: #131 was cancelled for three hours."""
    assert changes(scoped, "BACK") == [
        ("#130", "added", "taken up again", 4.0), ("#132", "added", "made", 8.0),
        ("#132", "removed", "cancelled", -8.0),
    ]  # fmt: skip


def test_hours_are_measured_in_hours(scoped: duckdb.DuckDBPyConnection) -> None:
    columns = "basis, baseline_scope, scope_now, growth, approved, unapproved_share"
    assert growth(scoped, "HOURS", columns) == ("hours", 100.0, 130.0, 30.0, 25.0, 0.05)


def test_approved_in_another_unit_is_not_known(scoped: duckdb.DuckDBPyConnection) -> None:
    assert growth(scoped, "UNITS", "growth, approved, unapproved, unapproved_share") == (5.0, None, None, None)


def test_a_baseline_that_names_no_scope_has_changes_and_no_growth(scoped: duckdb.DuckDBPyConnection) -> None:
    assert changes(scoped, "NAMELESS") == [("#161", "added", "made", 2.0)]
    assert growth(scoped, "NAMELESS", "baseline_scope, growth, unapproved_share") == (None, None, None)


def test_deleted_work_is_removed_and_hidden_work_is_not(scoped: duckdb.DuckDBPyConnection) -> None:
    assert changes(scoped, "GONE") == [("#170", "removed", "gone: deleted", -6.0), ("#172", "added", "made", 2.0)]
    assert scoped.execute("SELECT evidence FROM scope_changes WHERE key = '#170'").fetchall() == [("at least",)]


def test_work_counts_on_the_lowest_sized_level(scoped: duckdb.DuckDBPyConnection) -> None:
    assert changes(scoped, "PARTS") == [("#182", "added", "made", 5.0)]
    assert growth(scoped, "PARTS", "scope_then, scope_now, growth") == (20.0, 25.0, 5.0)


def test_less_work_than_planned_leaves_nothing_unapproved(scoped: duckdb.DuckDBPyConnection) -> None:
    assert growth(scoped, "LESS", "growth, approved, unapproved") == (-8.0, 5.0, 0.0)


def test_the_scope_is_that_of_progress(scoped: duckdb.DuckDBPyConnection) -> None:
    differing = """FROM scope_growth AS g JOIN project_progress AS p ON p.project_id = g.project_id
        WHERE g.scope_now <> CASE g.basis WHEN 'points' THEN p.points ELSE p.hours_estimated END"""
    assert scoped.execute(differing).fetchall() == []
    unequal = "FROM scope_growth WHERE growth <> added - removed + re_estimated + off_baseline"
    assert scoped.execute(unequal).fetchall() == []


# ---- health ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("points", "approved", "health"), [
    (110, 0, "green"), (111, 0, "amber"), (125, 0, "amber"), (126, 0, "red"), (150, 45, "green"), (150, None, "red"),
])  # fmt: skip
def test_unapproved_growth_over_10_is_amber_and_over_25_per_cent_red(
    small: SmallHub, points: float, approved: float | None, health: str
) -> None:
    small.land("ops", projects=[project("1")], words=STATUSES, accounts=PEOPLE)
    small.land("plan", project_scopes=[scope(1, "A", in_project=["P1"])])
    measured(small, 0, 0.0)
    small.land("plan", baselines=[baseline(finish_on=date(2026, 12, 7), scope_points=100.0)])
    small.land("ops", issues=[issue("7", story_points=float(points), created_at=BEFORE)])
    if approved is not None:
        small.land("plan", change_requests=[request("A", "more", BASED, points=float(approved))])
    counted(small, "ops", "plan")
    assert asked(small, HEALTH) == [(health, health)]
    unapproved = points - 100 - (approved or 0)
    columns = "health, value, amber_over, red_over, detail"
    assert asked(small, f"SELECT {columns} FROM health_reasons WHERE dimension = 'scope'") == [
        (health, pytest.approx(unapproved / 100), 0.1, 0.25,
         f"scope grew {points - 100:.1f} %, {unapproved:.1f} % unapproved: 100.0 to {points:.1f} points, "
         f"{approved or 0:.1f} approved")
    ]  # fmt: skip
