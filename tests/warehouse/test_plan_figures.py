"""Figures that need a plan: dates, money, earned value, milestones, risks and health, by their worked examples."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import pytest

from tests.warehouse.small_hub import NOON, STATUSES, SmallHub, issue, linked, project, worklog

TODAY = date(2026, 11, 21)  # a Saturday
WEDNESDAY = datetime(2026, 11, 18, 12, tzinfo=UTC)
PEOPLE: list[dict[str, Any]] = [
    {"native_id": "5", "name": "Ines Duarte", "email": "ines@example.org"},
    {"native_id": "6", "name": "Tomasz Wilk", "email": "tomasz@example.org"},
]
EMPTY: dict[str, list[str]] = {
    name: [] for name in ("in_project", "label", "component", "issue_type", "milestone", "issue")
}


@pytest.fixture
def pmo(small: SmallHub) -> SmallHub:
    """One tool with two projects, and a plan of two projects that they belong to."""
    small.land("ops", projects=[project("1"), project("2")], words=STATUSES, accounts=PEOPLE)
    planned(small, "A")
    small.land("plan", project_scopes=[scope(1, "A", in_project=["P1"]), scope(2, "B", in_project=["P2"])])
    for source in ("ops", "plan"):
        small.note("cursors", source=source, stream="issues", through_at=NOON, census=4, present=4)
    return small


def planned(hub: SmallHub, key: str, state: str = "active", **plan: Any) -> None:
    hub.land(
        "plan",
        projects=[project(key, key=key, name=f"Project {key}", native_state=state)],
        project_plans=[
            {"native_id": key, "project_id": key, "kind": "change", "mandatory": False, "currency": "EUR"} | plan
        ],
    )


def scope(position: int, key: str, **what: Any) -> dict[str, Any]:
    return {"native_id": str(position), "project_id": key, "position": position, **EMPTY, **what}


def baseline(number: int = 1, **more: Any) -> dict[str, Any]:
    base = {"native_id": f"A|{number}", "project_id": "A", "number": number}
    return {**base, "approved_by": "Marta Lund", "approved_on": date(2026, 1, 5), **more}


def package(name: str, start: date | None, finish: date | None, **more: Any) -> dict[str, Any]:
    base = {"native_id": name, "project_id": "A", "baseline": 1, "name": name, "start_on": start, "finish_on": finish}
    return {**base, "issue": [], "label": [], "milestone": [], "level_of_effort": False, **more}


def cost(id_: str, amount: float, on: date | None, **more: Any) -> dict[str, Any]:
    return {"native_id": id_, "project_id": "A", "kind": "expense", "amount": amount, "worked_on": on, **more}


def rate(id_: str, hourly: float, **more: Any) -> dict[str, Any]:
    return {"native_id": id_, "hourly_rate": hourly, "currency": "EUR", **more}


def asked(hub: SmallHub, sql: str, now: datetime = NOON) -> list[tuple[Any, ...]]:
    return hub.ask(sql, now)


NUMBERS = "bac, pv, ev, ac, sv, cv, spi, cpi, eac, etc, vac, tcpi_bac, tcpi_eac"


def now(hub: SmallHub, columns: str = NUMBERS, at: datetime = NOON) -> tuple[Any, ...]:
    (row,) = asked(hub, f"SELECT {columns} FROM earned_value WHERE is_now AND project_id = 'plan:A'", at)
    return row


# ---- earned value ------------------------------------------------------------------------------------------------


def fence(hub: SmallHub, rule: str) -> None:
    """Four sides, 1,000 each, one a day: the third is half done on its evening."""
    planned(hub, "A", earned_rule=rule)
    days = [date(2026, 11, 16) + timedelta(days=n) for n in range(4)]
    hub.land("plan", baselines=[baseline()], work_packages=[
        package("north", days[0], days[0], budget=1000.0, finished_on=days[0]),
        package("east", days[1], days[1], budget=1000.0, finished_on=days[1]),
        package("south", days[2], days[2], budget=1000.0, started_on=days[2], percent_complete=50.0),
        package("west", days[3], days[3], budget=1000.0),
    ], cost_entries=[cost("1", 1000, days[0]), cost("2", 1200, days[1]), cost("3", 600, days[2])])  # fmt: skip


def test_the_fence_of_four_sides(pmo: SmallHub) -> None:
    """E1: estimates at completion are those of unrounded indices."""
    fence(pmo, "percent")
    bac, pv, ev, ac, sv, cv, spi, cpi, eac, etc, vac, *_ = now(pmo, at=WEDNESDAY)
    assert (bac, pv, ev, ac, sv, cv) == (4000, 3000, 2500, 2800, -500, -300)
    assert (round(spi, 3), round(cpi, 3)) == (0.833, 0.893)
    assert (round(eac, 6), round(etc, 6), round(vac, 6)) == (4480, 1680, -480)


@pytest.mark.parametrize(("rule", "earned", "cpi", "spi"), [
    ("0/100", 2000, 0.714, 0.667), ("50/50", 2500, 0.893, 0.833),
])  # fmt: skip
def test_how_much_is_earned_depends_on_the_rule(
    pmo: SmallHub, rule: str, earned: float, cpi: float, spi: float
) -> None:
    fence(pmo, rule)
    row = now(pmo, "ev, round(cpi, 3), round(spi, 3), earned_rule", WEDNESDAY)
    assert row == (earned, cpi, spi, rule)


@pytest.mark.parametrize(("method", "eac", "tcpi"), [
    ("BAC/CPI", 112.5, None), ("AC+BAC-EV", 105.0, None), ("AC+(BAC-EV)/(CPI*SPI)", 129.375, None),
    ("bottom-up", 115.0, None),
])  # fmt: skip
def test_estimates_at_completion_by_their_formulas(pmo: SmallHub, method: str, eac: float, tcpi: float | None) -> None:
    """E3: BAC 100, PV 50, EV 40, AC 45."""
    planned(pmo, "A", earned_rule="percent", eac_method=method, remaining_cost=70.0)
    pmo.land("plan", baselines=[baseline()], work_packages=[
        package("first", date(2026, 11, 2), date(2026, 11, 6), budget=50.0, percent_complete=80.0),
        package("second", date(2026, 11, 23), date(2026, 11, 27), budget=50.0),
    ], cost_entries=[cost("1", 45, date(2026, 11, 4))])  # fmt: skip
    bac, pv, ev, ac, _, _, spi, cpi, found, etc, vac, tcpi_bac, tcpi_eac = now(pmo)
    assert (bac, pv, ev, ac, round(spi, 9), round(cpi, 9)) == (100, 50, 40, 45, 0.8, round(40 / 45, 9))
    assert (round(found, 9), round(etc, 9), round(vac, 9)) == (eac, eac - 45, 100 - eac)
    assert round(tcpi_bac, 2) == 1.09
    if method == "BAC/CPI":
        assert tcpi_eac == pytest.approx(cpi)  # a law


def test_without_earned_value_or_cost_there_is_no_index(pmo: SmallHub) -> None:
    pmo.land("plan", baselines=[baseline()], work_packages=[
        package("later", date(2026, 11, 20), date(2026, 12, 4), budget=100.0)
    ])  # fmt: skip
    assert now(pmo, "spi, cpi, eac, ev, is_early") == (0.0, None, None, 0.0, True)


def test_a_spent_budget_has_no_index_to_complete(pmo: SmallHub) -> None:
    planned(pmo, "A", earned_rule="percent")
    pmo.land("plan", baselines=[baseline()], work_packages=[
        package("all", date(2026, 11, 2), date(2026, 11, 20), budget=100.0, percent_complete=50.0)
    ], cost_entries=[cost("1", 110, None)])  # fmt: skip
    assert now(pmo, "tcpi_bac, budget_spent, ac") == (None, True, 110.0)


def test_packages_without_dates_have_no_planned_value(pmo: SmallHub) -> None:
    pmo.land("plan", baselines=[baseline(start_on=date(2026, 11, 2))], work_packages=[
        package("dated", date(2026, 11, 2), date(2026, 11, 6), budget=100.0),
        package("some day", None, None, budget=50.0),
    ])  # fmt: skip
    assert now(pmo, "bac, pv, spi") == (150.0, None, None)


def test_money_hours_and_points_are_never_mixed(pmo: SmallHub) -> None:
    days = (date(2026, 11, 2), date(2026, 11, 6))
    pmo.land("plan", baselines=[baseline()], work_packages=[
        package("one", *days, budget=100.0, hours=10.0), package("two", *days, hours=30.0)
    ])  # fmt: skip
    assert now(pmo, "basis, bac, pv") == ("hours", 40.0, 40.0)


def test_only_an_approved_baseline_counts_and_none_comes_back(pmo: SmallHub) -> None:
    week = (date(2026, 11, 2), date(2026, 11, 6))
    pmo.land("plan", baselines=[
        baseline(), baseline(2, approved_on=date(2026, 11, 11)), baseline(3, approved_by=None),
        baseline(4, approved_on=date(2026, 12, 24)),
    ], work_packages=[
        package(f"all of {n}", *week, budget=100.0 * n, baseline=n) for n in (1, 2, 3, 4)
    ])  # fmt: skip
    found = asked(pmo, "SELECT day_on, baseline, bac FROM earned_value ORDER BY day_on")
    assert found == [
        (date(2026, 11, 8), 1, 100.0), (date(2026, 11, 15), 2, 200.0), (TODAY, 2, 200.0),
    ]  # fmt: skip


def test_planned_value_goes_over_working_days(pmo: SmallHub) -> None:
    """Ten working days less a holiday: five of nine are over."""
    pmo.land(
        "plan", calendar_days=[{"native_id": "1", "calendar": "Default", "day_on": date(2026, 11, 19), "hours": 0.0}]
    )
    pmo.land("plan", baselines=[baseline()], work_packages=[
        package("all", date(2026, 11, 13), date(2026, 11, 26), budget=900.0)
    ])  # fmt: skip
    assert now(pmo, "pv") == (500.0,)


def test_earned_schedule_tells_lateness_where_spi_ends_at_one(pmo: SmallHub) -> None:
    """40 weeks planned, done after 45: SPI 1.00, SPI(t) 0.89."""
    start = TODAY - timedelta(weeks=60)
    finish = start + timedelta(weeks=40, days=-1)
    planned(pmo, "A", "closed", stage="closed", finished_on=finish + timedelta(weeks=5))
    pmo.land("plan", baselines=[baseline(approved_on=start)], work_packages=[
        package("all", start, finish, budget=410.0, finished_on=finish + timedelta(weeks=5))
    ], cost_entries=[cost("1", 446, finish)])  # fmt: skip
    row = now(pmo, "spi, round(cpi, 2), planned_weeks, earned_weeks, actual_weeks, round(spi_t, 2), eac")
    assert row == (1.0, 0.92, 40.0, 40.0, 45.0, 0.89, 446.0)


def test_earned_schedule_within_a_week_and_at_a_plateau(pmo: SmallHub) -> None:
    planned(pmo, "A", earned_rule="percent")
    monday = date(2026, 10, 26)
    pmo.land("plan", baselines=[baseline()], work_packages=[
        package("first", monday, monday + timedelta(days=4), budget=100.0, percent_complete=100.0),
        package("third", monday + timedelta(days=14), monday + timedelta(days=18), budget=100.0),
    ])  # fmt: skip
    assert now(pmo, "ev, earned_weeks") == (100.0, 2.0)  # nothing was planned for the second week
    pmo.land("plan", work_packages=[
        package("third", monday + timedelta(days=14), monday + timedelta(days=18), budget=100.0, percent_complete=50.0)
    ])  # fmt: skip
    ev, weeks, actual = now(pmo, "ev, earned_weeks, actual_weeks")
    assert (ev, weeks, actual) == (150.0, 2.5, pytest.approx(27 / 7))


def test_issues_say_how_far_their_package_is(pmo: SmallHub) -> None:
    done: dict[str, Any] = {"native_status_id": "3", "native_resolved_at": NOON - timedelta(days=3)}
    planned(pmo, "A", earned_rule="points")
    pmo.land("ops", issues=[
        issue("7"), issue("8", parent_id="7", story_points=3.0, **done), issue("9", parent_id="7", story_points=1.0),
        issue("10", native_status_id="3", labels=["login"], story_points=5.0, native_resolved_at=NOON),
        issue("11", labels=["login"], native_status_id="4", story_points=8.0), issue("12", story_points=50.0),
    ])  # fmt: skip
    days = (date(2026, 11, 2), date(2026, 11, 27))
    pmo.land("plan", baselines=[baseline()], work_packages=[
        package("epic", *days, budget=400.0, issue=["#7"]), package("login", *days, budget=100.0, label=["login"])
    ])  # fmt: skip
    assert now(pmo, "ev, bac") == (400.0, 500.0)  # three of four points; all of what is labelled and not cancelled
    planned(pmo, "A", earned_rule="0/100")
    assert now(pmo, "ev") == (100.0,)


def test_scope_outside_the_baseline_earns_nothing_and_is_shown(pmo: SmallHub) -> None:
    planned(pmo, "A", earned_rule="points")
    done: dict[str, Any] = {"native_status_id": "3", "native_resolved_at": NOON, "story_points": 5.0}
    pmo.land("ops", issues=[
        issue("7"), issue("8", parent_id="7", **done), issue("9", parent_id="7", story_points=5.0),
        issue("10", **done), issue("11"), issue("12", native_status_id="4"), issue("13", "2"),
    ])  # fmt: skip
    days = (date(2026, 11, 2), date(2026, 11, 27))
    pmo.land("plan", baselines=[baseline()], work_packages=[package("epic", *days, budget=400.0, issue=["#7"])])
    assert now(pmo, "ev, bac, unbaselined_issues") == (200.0, 400.0, 2)  # 10 and 11
    pmo.land("plan", work_packages=[package("epic", *days, budget=400.0, percent_complete=50.0)])
    assert now(pmo, "unbaselined_issues") == (None,)


def test_before_anything_was_planned_there_is_no_schedule_index(pmo: SmallHub) -> None:
    """PV = 0: work was done ahead of its plan."""
    planned(pmo, "A", earned_rule="percent")
    pmo.land("plan", baselines=[baseline()], work_packages=[
        package("first", date(2026, 11, 20), date(2026, 11, 20), budget=0.0),
        package("later", date(2026, 11, 30), date(2026, 12, 4), budget=100.0, percent_complete=50.0),
    ], cost_entries=[cost("1", 40, None)])  # fmt: skip
    assert now(pmo, "pv, ev, spi, round(cpi, 2)") == (0.0, 50.0, None, 1.25)


# ---- money -------------------------------------------------------------------------------------------------------


def test_an_hour_costs_what_the_nearest_rate_of_its_day_says(pmo: SmallHub) -> None:
    pmo.land("plan", team_members=[
        {"native_id": "1", "person": "Tomasz Wilk", "role": "Developer", "share": 1.0, "external": False}
    ])  # fmt: skip
    pmo.land("plan", rates=[
        rate("1", 200, person="ines@example.org", project_id="A"), rate("2", 150, person="Ines Duarte"),
        rate("3", 90, role="Developer", to_on=date(2026, 10, 31)),
        rate("4", 100, role="Developer", from_on=date(2026, 11, 1)),
        rate("5", 50),
    ])  # fmt: skip
    pmo.land("ops", accounts=[{"native_id": "7", "name": "Beat Kolb"}], issues=[issue("7"), issue("8", "2")], worklogs=[
        worklog("70", "7", 1, account_id="5"), worklog("71", "7", 1, account_id="6", work_on=date(2026, 10, 31)),
        worklog("72", "7", 1, account_id="6", work_on=date(2026, 11, 1)), worklog("73", "7", 1, account_id="7"),
        worklog("74", "7", 9, account_id="7", mirror_of="73"), worklog("75", "8", 1, account_id="5"),
    ])  # fmt: skip
    planned(pmo, "B")
    assert asked(pmo, "SELECT project, month_on, role, amount, hours FROM costs ORDER BY ALL") == [
        ("Project A", date(2026, 10, 1), "Developer", 90.0, 1.0),
        ("Project A", date(2026, 11, 1), "Developer", 100.0, 1.0),
        ("Project A", date(2026, 11, 1), None, 250.0, 2.0), ("Project B", date(2026, 11, 1), None, 150.0, 1.0),
    ]  # fmt: skip


def test_hours_without_a_rate_count_and_cost_nothing_known(pmo: SmallHub) -> None:
    pmo.land("plan", rates=[rate("1", 100, person="Ines Duarte", to_on=date(2026, 10, 31))])
    pmo.land("ops", issues=[issue("7")], worklogs=[
        worklog("70", "7", 4, account_id="5"), worklog("71", "7", 6, account_id="5", work_on=date(2026, 10, 30))
    ])  # fmt: skip
    assert asked(pmo, "SELECT amount, hours, unpriced_hours FROM costs ORDER BY month_on") == [
        (600.0, 6.0, 0.0), (None, 4.0, 4.0),
    ]  # fmt: skip


def test_other_currencies_at_the_rate_of_the_month_worked(pmo: SmallHub) -> None:
    months = {
        "native_id": "1",
        "from_currency": "EUR",
        "to_currency": "USD",
        "month_on": date(2026, 11, 30),
        "rate": 1.25,
    }
    pmo.land("plan", exchange_rates=[months], cost_entries=[
        cost("1", 100, date(2026, 11, 3), currency="USD"), cost("2", 100, date(2026, 10, 3), currency="USD"),
        cost("3", 7, None, currency="EUR", category="travel"),
    ])  # fmt: skip
    columns = "month_on, category, amount, unpriced_entries"
    assert asked(pmo, f"SELECT {columns} FROM costs ORDER BY month_on NULLS LAST") == [
        (date(2026, 10, 1), "other", None, 1), (date(2026, 11, 1), "other", 80.0, 0), (None, "travel", 7.0, 0),
    ]  # fmt: skip


def test_accruals_are_cost_and_commitments_are_not(pmo: SmallHub) -> None:
    """NET: by its invoices it looks cheap."""
    planned(pmo, "A", earned_rule="percent")
    line: dict[str, Any] = {"native_id": "1", "project_id": "A", "category": "Switches", "amount": 700.0}
    pmo.land("plan", budget_lines=[{**line, "contingency": 80.0, "reserve": 99.0}])
    pmo.land("plan", baselines=[baseline()], work_packages=[
        package("past", date(2026, 1, 5), date(2026, 11, 6), budget=468.0, percent_complete=421 / 4.68),
        package("ahead", date(2026, 12, 7), date(2027, 3, 5), budget=312.0),
    ], cost_entries=[
        cost("1", 395, date(2026, 10, 2), category="switches"),
        cost("2", 130, date(2026, 11, 2), category="Switches", kind="accrual"),
        cost("3", 55, date(2026, 11, 2), category="Switches", kind="commitment"),
    ])  # fmt: skip
    assert now(pmo, "ac, round(spi, 2), round(cpi, 2), round(eac)") == (525.0, 0.9, 0.8, 973.0)
    columns = "category, budget, contingency, reserve, actual_cost, accrued_cost, committed_cost, left_over"
    assert asked(pmo, f"SELECT {columns} FROM budgets") == [("Switches", 780.0, 80.0, 99.0, 525.0, 130.0, 55.0, 255.0)]
    assert asked(pmo, "SELECT budget, actual_cost, committed_cost, currency FROM portfolio WHERE key = 'A'") == [
        (780.0, 525.0, 55.0, "EUR")
    ]


def test_no_rate_and_no_cost_of_a_person_is_in_the_file(pmo: SmallHub) -> None:
    pmo.land("plan", rates=[rate("1", 4711.25, person="Ines Duarte")])
    pmo.land("ops", issues=[issue("7")], worklogs=[worklog("70", "7", 1, account_id="5")])
    with duckdb.connect(str(pmo.publish(NOON).path), read_only=True) as con:
        names = {name for (name,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    assert not names & {"rates", "labour_costs", "cost_items"} and "costs" in names


# ---- progress ----------------------------------------------------------------------------------------------------


def test_progress_leaves_out_what_was_cancelled(pmo: SmallHub) -> None:
    """Ten issues, two cancelled, four done: 50 %, not 40."""
    states = ["1"] * 4 + ["3"] * 4 + ["4"] * 2
    pmo.renew()
    pmo.land("ops", words=[{**STATUSES[3], "category": "done", "name": "Cancelled"}])
    pmo.land("ops", issues=[issue(str(n), native_status_id=s) for n, s in enumerate(states, 20)])
    assert asked(pmo, "SELECT done, cancelled, progress, progress_basis FROM portfolio WHERE key = 'A'") == [
        (4, 2, 0.5, "count")
    ]


def test_nothing_to_count_is_no_progress(pmo: SmallHub) -> None:
    assert asked(pmo, "SELECT progress, issues FROM portfolio WHERE key = 'A'") == [(None, 0)]


def test_points_count_on_the_lowest_level_that_has_them(pmo: SmallHub) -> None:
    pmo.land("ops", issues=[
        issue("7", story_points=4.0), issue("8", parent_id="7", story_points=8.0, native_status_id="3"), issue("9"),
    ])  # fmt: skip
    columns = "points, done_points, progress_points, round(progress_count, 3), round(unsized_share, 3)"
    assert asked(pmo, f"SELECT {columns} FROM project_progress WHERE project_id = 'plan:A'") == [
        (8.0, 8.0, 1.0, 0.5, 0.5)
    ]


# ---- dates and milestones ----------------------------------------------------------------------------------------


def dates(hub: SmallHub, columns: str = "forecast_finish_on, forecast_method") -> tuple[Any, ...]:
    (row,) = asked(hub, f"SELECT {columns} FROM project_dates WHERE project_id = 'plan:A'")
    return row


def test_the_finish_by_baseline_and_as_foreseen(pmo: SmallHub) -> None:
    planned(pmo, "A", forecast_finish_on=date(2026, 12, 21), deadline_on=date(2026, 12, 14))
    pmo.land("plan", baselines=[baseline(finish_on=date(2026, 12, 4)), baseline(2, finish_on=date(2026, 12, 11))])
    columns = "baseline, baseline_finish_on, first_baseline_finish_on, forecast_method, finish_variance_days, "
    assert dates(pmo, columns + "finish_late_working_days, deadline_variance_days") == (
        2, date(2026, 12, 11), date(2026, 12, 4), "said by its PM", 10, 6, 7,
    )  # fmt: skip


def test_a_due_day_in_the_past_is_no_forecast(pmo: SmallHub) -> None:
    """56 h are left and 14 h a week were worked: four weeks from today."""
    ago = TODAY - timedelta(days=20)
    pmo.land("ops", issues=[issue("7", due_on=ago, remaining_estimate_seconds=56 * 3600)], worklogs=[
        worklog(str(n), "7", 14, work_on=TODAY - timedelta(days=7 * n)) for n in range(4)
    ])  # fmt: skip
    assert dates(pmo) == (TODAY + timedelta(days=28), "open milestones and due dates")


def test_on_hold_has_no_forecast_and_closed_has_its_real_end(pmo: SmallHub) -> None:
    pmo.land("ops", issues=[issue("7", due_on=TODAY + timedelta(days=5))])
    planned(pmo, "A", "on_hold", hold_from_on=date(2026, 10, 1))
    assert dates(pmo) == (None, None)
    planned(pmo, "A", "closed", stage="closed", finished_on=date(2026, 9, 30))
    assert dates(pmo) == (date(2026, 9, 30), "actual")


def milestone(id_: str, **more: Any) -> dict[str, Any]:
    return {"native_id": id_, "project_id": "1", "name": f"M{id_}", "kind": "version", "state": "open", **more}


def test_milestones_of_tools_and_how_late_they_will_be(pmo: SmallHub) -> None:
    day = TODAY + timedelta(days=10)
    pmo.land("ops", milestones=[
        milestone("1", due_on=day, baseline_due_on=day - timedelta(days=4)), milestone("2", due_on=day),
        milestone("3", due_on=TODAY - timedelta(days=3)), milestone("4"),
        milestone("5", state="closed", due_on=day, released_on=TODAY, baseline_due_on=TODAY),
    ], issues=[issue("7", milestone_id="2", due_on=day + timedelta(days=9))])  # fmt: skip
    columns = "name, project_id, forecast_on, slip_days, is_overdue, on_time"
    assert asked(pmo, f"SELECT {columns} FROM milestone_outlook ORDER BY name") == [
        ("M1", "plan:A", day, 4, False, None), ("M2", "plan:A", day + timedelta(days=9), 9, False, None),
        ("M3", "plan:A", TODAY, 3, True, False), ("M4", "plan:A", None, None, None, None),
        ("M5", "plan:A", TODAY, 0, False, True),
    ]  # fmt: skip
    columns = "next_milestone, next_milestone_on, next_milestone_slip_days"
    assert asked(pmo, f"SELECT {columns} FROM portfolio WHERE key = 'A'") == [("M3", TODAY, 3)]


def test_a_milestone_with_a_new_baseline_slips_against_the_first_and_the_current(pmo: SmallHub) -> None:
    first, second = TODAY + timedelta(days=5), TODAY + timedelta(days=20)
    pmo.land("ops", milestones=[
        milestone("1", due_on=TODAY + timedelta(days=26), baseline_due_on=second, first_baseline_due_on=first),
        milestone("2", due_on=second, baseline_due_on=second), milestone("3", due_on=second),
    ])  # fmt: skip
    columns = "name, baseline_on, slip_days, first_baseline_on, first_slip_days"
    assert asked(pmo, f"SELECT {columns} FROM milestone_outlook ORDER BY name") == [
        ("M1", second, 6, first, 21), ("M2", second, 0, second, 0), ("M3", second, 0, None, None),
    ]  # fmt: skip


# ---- risk and health ---------------------------------------------------------------------------------------------


def risk(id_: str, **more: Any) -> dict[str, Any]:
    return {"native_id": id_, "project_id": "A", "title": f"Risk {id_}", "kind": "threat", "state": "open", **more}


@pytest.mark.parametrize(("probability", "impact", "severity"), [
    (1, 3, "low"), (2, 2, "medium"), (2, 4, "medium"), (3, 3, "high"), (3, 5, "high"), (4, 4, "very high"),
    (5, 5, "very high"), (None, 5, None),
])  # fmt: skip
def test_bands_of_risk(pmo: SmallHub, probability: int | None, impact: int, severity: str | None) -> None:
    pmo.land("plan", risk_register=[risk("1", probability=probability, impact=impact)])
    assert asked(pmo, "SELECT severity FROM risks") == [(severity,)]


def test_a_risk_that_happened_is_a_problem_and_out_of_the_exposure(pmo: SmallHub) -> None:
    pmo.land("plan", risk_register=[
        risk("1", probability=3, impact=3, probability_percent=50.0, cost=80.0, review_on=TODAY - timedelta(days=1)),
        risk("2", probability=5, impact=5, probability_percent=50.0, cost=80.0, state="happened"),
    ])  # fmt: skip
    assert asked(pmo, "SELECT title, exposure, review_overdue FROM risks ORDER BY title") == [
        ("Risk 1", 40.0, True), ("Risk 2", None, False),
    ]  # fmt: skip
    assert asked(pmo, "SELECT top_risk, open_high_risks FROM portfolio WHERE key = 'A'") == [("Risk 2", 1)]


def measured(hub: SmallHub, days: int, over: float, **plan: Any) -> None:
    """A project that ends so many working days late, at a cost so much over its budget."""
    finish = date(2026, 12, 7)
    late = finish + timedelta(days=days // 5 * 7 + days % 5)
    planned(hub, "A", earned_rule="percent", forecast_finish_on=late, **plan)
    hub.land("plan", baselines=[baseline(finish_on=finish)], work_packages=[
        package("all", date(2026, 10, 5), finish, budget=1000.0, percent_complete=50.0)
    ], cost_entries=[cost("1", 500 * (1 + over), date(2026, 11, 2))])  # fmt: skip


HEALTH = "SELECT health, health_computed FROM portfolio WHERE key = 'A'"


@pytest.mark.parametrize(("days", "over", "health"), [
    (5, 0.05, "green"), (6, 0.0, "amber"), (20, 0.0, "amber"), (21, 0.0, "red"), (0, 0.06, "amber"), (0, 0.11, "red"),
])  # fmt: skip
def test_health_is_the_worst_of_its_dimensions(pmo: SmallHub, days: int, over: float, health: str) -> None:
    measured(pmo, days, over)
    assert asked(pmo, HEALTH) == [(health, health)]


def test_a_deadline_that_will_be_missed_is_red(pmo: SmallHub) -> None:
    measured(pmo, 1, 0.0, deadline_on=date(2026, 12, 7))
    assert asked(pmo, "SELECT health, health_reason FROM health WHERE project_id = 'plan:A'") == [
        ("red", "1 days after the deadline 2026-12-07: 2026-12-08 (said by its PM)")
    ]


@pytest.mark.parametrize(("due", "health", "reason"), [
    (date(2026, 12, 8), "green", None),  # 7 calendar days, 5 working days
    (date(2026, 12, 9), "amber", "finish 6 working days late with what #9 hands on 8 days late: 2026-12-15, "),
    (date(2026, 12, 29), "amber", "finish 20 working days late with what #9 hands on 28 days late: 2027-01-04, "),
    (date(2026, 12, 30), "red", "finish 21 working days late with what #9 hands on 29 days late: 2027-01-05, "),
])  # fmt: skip
def test_what_another_project_hands_on_late_pushes_the_finish(
    pmo: SmallHub, due: date, health: str, reason: str | None
) -> None:
    measured(pmo, 0, 0.0)
    planned(pmo, "B")
    pmo.land("ops", issues=[
        issue("8", start_on=date(2026, 12, 1)), issue("9", "2", due_on=due), issue("10", "2", due_on=date(2027, 12, 1)),
    ], issue_links=[linked("1", "9", "8"), linked("2", "10", "9")])  # fmt: skip
    assert asked(pmo, HEALTH) == [(health, health)]
    (told,) = asked(pmo, "SELECT health_reason FROM health WHERE project_id = 'plan:A'")[0]
    assert told.startswith(reason) if reason else "hands on" not in told
    # the forecast itself stays what its own people say
    assert asked(pmo, "SELECT finish_variance_days, finish_with_handed_on - forecast_finish_on FROM project_dates "
        "WHERE project_id = 'plan:A'") == [(0, (due - date(2026, 12, 1)).days)]  # fmt: skip


def test_what_was_handed_on_is_late_no_more(pmo: SmallHub) -> None:
    measured(pmo, 0, 0.0)
    planned(pmo, "B")
    pmo.land("ops", issues=[
        issue("8", start_on=date(2026, 12, 1)), issue("9", "2", native_status_id="3", due_on=date(2027, 3, 1)),
    ], issue_links=[linked("1", "9", "8")])  # fmt: skip
    assert asked(pmo, HEALTH) == [("green", "green")]


def test_never_green_for_lack_of_data(pmo: SmallHub) -> None:
    assert asked(pmo, HEALTH) == [("unknown", "unknown")]
    pmo.land("plan", baselines=[baseline(finish_on=date(2026, 12, 7))])
    planned(pmo, "A", forecast_finish_on=date(2026, 12, 7))
    assert asked(pmo, "SELECT health, health_reason FROM health WHERE project_id = 'plan:A'") == [
        (
            "unknown",
            "only one thing can be computed: finish on its day: 2026-12-07, baseline 2026-12-07 (said by its PM)",
        )
    ]


def test_an_old_source_makes_health_unknown(pmo: SmallHub) -> None:
    measured(pmo, 0, 0.0)
    pmo.note("cursors", source="ops", stream="worklogs", through_at=NOON - timedelta(hours=37), census=4, present=4)
    assert asked(pmo, "SELECT health, health_reason FROM health WHERE project_id = 'plan:A'") == [
        ("unknown", "a source is known up to 2026-11-19 23:00 UTC only")
    ]


@pytest.mark.parametrize(("until", "shown"), [(TODAY, "green"), (TODAY - timedelta(days=1), "red")])
def test_what_a_person_says_stands_beside_and_ends(pmo: SmallHub, until: date, shown: str) -> None:
    measured(pmo, 30, 0.0)
    pmo.land("plan", health_overrides=[{
        "native_id": "1", "project_id": "A", "health": "green", "said_by": "Jonas Feld", "reason": "supplier promised",
        "until_on": until,
    }])  # fmt: skip
    assert asked(pmo, HEALTH) == [(shown, "red")]


def test_closed_and_on_hold_ask_for_no_health(pmo: SmallHub) -> None:
    measured(pmo, 30, 0.0)
    planned(pmo, "A", "on_hold")
    assert asked(pmo, HEALTH) == [("none", "none")]


# ---- scope and programs ------------------------------------------------------------------------------------------


def test_an_issue_belongs_to_the_first_project_that_takes_it(pmo: SmallHub) -> None:
    planned(pmo, "B")
    pmo.land("plan", project_scopes=[scope(1, "A", in_project=["P1"], label=["erp"]), scope(2, "B", in_project=["P1"])])
    pmo.land("ops", issues=[issue("7", labels=["erp"]), issue("8"), issue("9", "2")], worklogs=[
        worklog("70", "7", 1), worklog("71", "8", 2), worklog("72", None, 4), worklog("73", "9", 8),
    ])  # fmt: skip
    assert asked(pmo, "SELECT key, issues, hours_logged FROM portfolio ORDER BY ALL") == [
        ("", 1, 8.0), ("A", 1, 1.0), ("B", 1, 6.0),
    ]  # fmt: skip
    assert asked(pmo, "SELECT check_id, object FROM data_quality WHERE check_id LIKE 'in-%' ORDER BY ALL") == [
        ("in-no-project", "#9"), ("in-two-projects", "#7"),
    ]  # fmt: skip


def test_a_program_is_the_sum_of_its_projects(pmo: SmallHub) -> None:
    pmo.land("plan", program_plans=[{"native_id": "O2C", "name": "Order to Cash", "sponsor": "Marta Lund"}])
    measured(pmo, 21, 0.0, program_id="O2C")
    planned(pmo, "B", program_id="O2C")
    pmo.land("plan", budget_lines=[
        {"native_id": "1", "project_id": "A", "category": "all", "amount": 1000.0, "contingency": 0.0, "reserve": 0.0},
        {"native_id": "2", "project_id": "B", "category": "all", "amount": 500.0, "contingency": 0.0, "reserve": 0.0},
    ])  # fmt: skip
    columns = "program, sponsor, health, projects, red, unknown, budget, actual_cost, currency"
    assert asked(pmo, f"SELECT {columns} FROM programs") == [
        ("Order to Cash", "Marta Lund", "red", 2, 1, 1, 1500.0, 500.0, "EUR")
    ]
    pmo.land("plan", budget_lines=[
        {"native_id": "2", "project_id": "B", "category": "all", "amount": 500.0, "contingency": 0.0, "reserve": 0.0,
         "currency": "USD"},
    ])  # fmt: skip
    planned(pmo, "B", program_id="O2C", currency="USD")
    assert asked(pmo, "SELECT budget, currency FROM programs") == [(None, None)]


def test_money_of_several_currencies_is_not_added_up(pmo: SmallHub) -> None:
    pmo.land("plan", program_plans=[{"native_id": "G", "name": "Both"}])
    for key, currency in (("A", "EUR"), ("B", "USD")):
        planned(pmo, key, currency=currency, program_id="G")
        line = {"native_id": key, "project_id": key, "category": "labour"}
        pmo.land("plan", budget_lines=[line | {"amount": 100.0, "contingency": 0.0, "reserve": 0.0}])
    pmo.land("ops", issues=[issue("7"), issue("8", "2")])
    row = asked(pmo, "SELECT budget, actual_cost, currency, issues FROM programs WHERE program = 'Both'")
    assert row == [(None, None, None, 2)]


def test_the_same_rows_under_other_session_time_zones(pmo: SmallHub) -> None:
    measured(pmo, 6, 0.06)
    file = pmo.publish(NOON, timezone="Europe/Berlin").path
    seen = []
    for zone in ("UTC", "Asia/Kolkata", "America/Los_Angeles"):
        with duckdb.connect(str(file), read_only=True) as con:
            con.execute(f"SET TimeZone = '{zone}'")
            told = {}
            for name, sql in con.execute("SELECT name, sql FROM about_figures WHERE runs_here").fetchall():
                told[name] = sorted(map(repr, con.execute(sql).fetchall()))
            seen.append(told)
    assert seen[0] == seen[1] == seen[2]
    assert len(seen[0]) > 15
