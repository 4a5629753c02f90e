"""Figures over the published tables: each rule and its edges, put to a file that was published from a small hub."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model.change import NativeValue, WantedChange, Wish
from model.config import HubSettings
from model.mapping import Rules
from model.vocabulary import ChangeState, Status
from tests.warehouse.small_hub import NOON, STATUSES, SmallHub, change, issue, linked, project, status, worklog
from warehouse import publish as publishing
from warehouse.publish import publish

TODAY = date(2026, 11, 21)  # a Saturday
BLOCKED = status("5", "Waits", "in_progress")
PEOPLE: list[dict[str, Any]] = [
    {"native_id": "5", "name": "Ines Duarte", "email": "ines@example.org"},
    {"native_id": "6", "name": "Tomasz Wilk", "email": "tomasz@example.org", "active": True},
    {"native_id": "9", "name": "Noor Haddad", "active": False},
]


@pytest.fixture
def ops(small: SmallHub) -> SmallHub:
    small.land("ops", projects=[project("1", lead_id="6"), project("2")], words=[*STATUSES, BLOCKED], accounts=PEOPLE)
    return small


def asked(hub: SmallHub, sql: str, now: datetime = NOON, **publishing: Any) -> list[tuple[Any, ...]]:
    return hub.ask(sql, now, **publishing)


def checks(hub: SmallHub, *names: str) -> list[tuple[str, str, str | None]]:
    """Check, object and owner of what fails one of these."""
    listed = ", ".join(f"'{name}'" for name in names)
    return asked(hub, f"SELECT check_id, object, owner_id FROM data_quality WHERE check_id IN ({listed}) ORDER BY ALL")


# ---- hours -------------------------------------------------------------------------------------------------------


def test_hours_stand_on_the_authors_own_day_and_mirrors_beside(ops: SmallHub) -> None:
    day = date(2026, 11, 19)
    ops.land("ops", issues=[issue("7")], worklogs=[
        worklog("70", "7", 2, account_id="5", work_on=day, work_on_basis="hub_zone"),
        worklog("71", "7", 1.5, account_id="5", work_on=day, billable_seconds=3600),
        worklog("72", "7", 3, account_id="5", work_on=day, mirror_of="70"),
        worklog("73", None, 1, account_id=None, project_id="99", work_on=day),
    ])  # fmt: skip
    columns = "person, project, hours, billable_hours, mirrored_hours, entries, issues, basis"
    assert asked(ops, f"SELECT {columns} FROM timesheet_days ORDER BY ALL") == [
        ("(nobody named)", "(in no project)", 1.0, None, 0.0, 1, 0, "tool"),
        ("Ines Duarte", "Project 1", 3.5, 1.0, 3.0, 2, 1, "hub_zone"),
    ]


def test_hours_are_the_same_made_at_once_or_a_few_at_a_time(ops: SmallHub, monkeypatch: pytest.MonkeyPatch) -> None:
    ops.land("ops", issues=[issue("7")], worklogs=[
        worklog(str(n), "7", 1 + n % 3, account_id="5", work_on=date(2026, 11, 1 + n // 2)) for n in range(20)
    ])  # fmt: skip
    at_once = asked(ops, "FROM timesheet_days")
    assert len(at_once) == 10
    monkeypatch.setattr(publishing, "_ROWS_AT_ONCE", 5)
    assert asked(ops, "FROM timesheet_days") == at_once


def test_deleted_hours_are_in_no_figure(ops: SmallHub) -> None:
    ops.land("ops", issues=[issue("7")], worklogs=[worklog("70", "7", 2), worklog("71", "7", 1, mirror_of="70")])
    ops.gone("ops", "worklogs", i70="deleted", i71="deleted")
    assert asked(ops, "FROM timesheet_days") == []
    assert asked(ops, "SELECT hours, mirrored_hours FROM project_hours WHERE project_id = 'ops:1'") == [(0.0, 0.0)]


def test_a_week_goes_from_monday_to_sunday_over_all_tools(ops: SmallHub) -> None:
    ops.land("crm", accounts=[{"native_id": "1", "name": "I. Duarte", "email": "ines@example.org"}])
    ops.land("crm", projects=[project("4")], worklogs=[
        worklog("1", None, 3, account_id="1", project_id="4", work_on=date(2026, 11, 15)),
        worklog("2", None, 4, account_id="1", project_id="4", work_on=date(2026, 11, 16)),
    ])  # fmt: skip
    ops.land("ops", issues=[issue("7")], worklogs=[worklog("70", "7", 5, account_id="5", work_on=date(2026, 11, 16))])
    columns = "person, week, week_on, hours, days, projects, weekend_hours, most_hours_a_day, is_over"
    assert asked(ops, f"SELECT {columns} FROM timesheet_weeks ORDER BY week_on") == [
        ("I. Duarte", "2026-W46", date(2026, 11, 9), 3.0, 1, 1, 3.0, 3.0, True),
        ("I. Duarte", "2026-W47", date(2026, 11, 16), 9.0, 1, 2, 0.0, 9.0, False),
    ]


def test_the_first_days_of_january_may_be_in_the_year_before(ops: SmallHub) -> None:
    ops.land("ops", issues=[issue("7")], worklogs=[worklog("70", "7", 1, work_on=date(2027, 1, 3))])
    assert asked(ops, "SELECT week FROM timesheet_weeks") == [("2026-W53",)]


def test_hours_of_a_project_by_their_age(ops: SmallHub) -> None:
    ages = {"70": 0, "71": 6, "72": 7, "73": 27, "74": 28, "75": -1}
    ops.land("ops", issues=[issue("7")], worklogs=[
        worklog(id_, "7", 1, work_on=TODAY - timedelta(days=age), account_id="5") for id_, age in ages.items()
    ])  # fmt: skip
    columns = "hours, hours_7d, hours_28d, future_hours, people, first_on, last_on"
    assert asked(ops, f"SELECT {columns} FROM project_hours WHERE project_id = 'ops:1'") == [
        (6.0, 2.0, 4.0, 1.0, 1, TODAY - timedelta(days=28), TODAY + timedelta(days=1)),
    ]


def sized(id_: str, hours: int, **more: Any) -> dict[str, Any]:
    return issue(id_, original_estimate_seconds=hours * 3600, **more)


@pytest.mark.parametrize(("issues", "remaining", "open_", "unsized"), [
    ([], None, 0, 0),
    ([issue("7")], None, 1, 1),
    ([issue("7", remaining_estimate_seconds=7200, original_estimate_seconds=36000)], 2.0, 1, 0),
    ([issue("7", original_estimate_seconds=36000)], 7.0, 1, 0),  # 3 h are booked on it
    ([issue("7", original_estimate_seconds=3600)], 0.0, 1, 0),  # overrun: nothing is left, and nothing is owed
    ([issue("7", original_estimate_seconds=36000, native_status_id="3")], None, 0, 0),
    # a parent of 4 h with a part of 8 h counts 8 h; one of 12 h with a part of 8 h also 8 h
    ([sized("6", 4), sized("8", 8, parent_id="6")], 8.0, 1, 0),
    ([sized("6", 12), sized("8", 8, parent_id="6")], 8.0, 1, 0),
    ([issue("6"), issue("8", parent_id="6"), issue("9", parent_id="6", remaining_estimate_seconds=3600)], 1.0, 2, 1),
    # a part that is done asks for no work: what is left is said above it
    ([issue("6", remaining_estimate_seconds=3600),
      issue("8", parent_id="6", original_estimate_seconds=7200, native_status_id="3")], 1.0, 1, 0),
])  # fmt: skip
def test_work_left_counts_on_the_lowest_sized_level(
    ops: SmallHub, issues: list[dict[str, Any]], remaining: float | None, open_: int, unsized: int
) -> None:
    ops.land("ops", issues=[issue("99", "2"), *issues], worklogs=[worklog("70", "7", 3)])
    columns = "remaining_hours, open_issues, unsized_issues"
    assert asked(ops, f"SELECT {columns} FROM project_hours WHERE project_id = 'ops:1'") == [
        (remaining, open_, unsized)
    ]


_ENTRIES = st.lists(
    st.tuples(
        st.sampled_from(["7", "8", None]), st.sampled_from(["1", "2", "99", None]),
        st.sampled_from(["5", "6", None, "77"]),
        st.integers(-40, 900), st.integers(-40, 3), st.sampled_from([None, "1"]), st.booleans(),
    ),
    max_size=25,
)  # fmt: skip


def estimated(id_: str, hours: int, project_id: str = "1", **more: Any) -> dict[str, Any]:
    return issue(id_, project_id, original_estimate_seconds=3600 * hours, **more)


def test_tickets_and_a_parent_over_its_parts_count_once(ops: SmallHub) -> None:
    """5 h beside a parent over 3 h and 4 h is 12 h; a tool that adds its roll-up to them shows 19 (Redmine, D2)."""
    parts = [estimated("9", 3, parent_id="8"), estimated("10", 4, parent_id="8")]
    ops.land("ops", issues=[estimated("7", 5), estimated("8", 7), *parts])
    rows = asked(ops, "SELECT hours_estimated, remaining_hours FROM project_hours WHERE project_id = 'ops:1'")
    assert rows == [(12.0, 12.0)]


def test_a_part_in_another_project_counts_there_and_its_parent_nowhere(ops: SmallHub) -> None:
    ops.land("ops", issues=[estimated("7", 12), estimated("8", 8, "2", parent_id="7")])
    rows = asked(ops, "SELECT project_id, hours_estimated FROM project_hours WHERE project_id IS NOT NULL ORDER BY 1")
    assert rows == [("ops:1", None), ("ops:2", 8.0)]


def test_a_part_that_was_deleted_leaves_its_parents_own_estimate(ops: SmallHub) -> None:
    ops.land("ops", issues=[estimated("7", 12), estimated("8", 8, parent_id="7")])
    ops.gone("ops", "issues", i8="deleted")
    assert asked(ops, "SELECT hours_estimated FROM project_hours WHERE project_id = 'ops:1'") == [(12.0,)]


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(entries=_ENTRIES)
def test_hours_add_up_to_the_same_over_days_weeks_projects_and_people(
    entries: list[tuple[Any, ...]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    hub = SmallHub(tmp_path_factory.mktemp("hours"))
    try:
        hub.land("ops", projects=[project("1"), project("2")], words=STATUSES, accounts=PEOPLE)
        rows: list[dict[str, Any]] = []
        right: dict[bool, int] = defaultdict(int)
        for n, (on, booked_on, who, minutes, day, mirror, is_deleted) in enumerate(entries):
            rows.append(worklog(str(n), on, 0, project_id=booked_on, account_id=who, mirror_of=mirror,
                                seconds=minutes * 60, work_on=TODAY + timedelta(days=day)))  # fmt: skip
            right[bool(mirror or is_deleted)] += minutes
        hub.land("ops", issues=[issue("7", "1"), issue("8", "99")], worklogs=rows)
        deleted = {f"i{n}": "deleted" for n, entry in enumerate(entries) if entry[-1]}
        if deleted:
            hub.gone("ops", "worklogs", **deleted)
        with duckdb.connect(str(hub.publish().path), read_only=True) as con:
            for table in ("timesheet_days", "timesheet_weeks", "project_hours"):
                ((total,),) = con.execute(f"SELECT coalesce(sum(hours), 0) FROM {table}").fetchall()
                assert total == pytest.approx(right[False] / 60), table
            ((total,),) = con.execute("SELECT coalesce(sum(hours_logged), 0) FROM portfolio").fetchall()
            assert total == pytest.approx(right[False] / 60)
    finally:
        hub.close()


# ---- what holds work up ------------------------------------------------------------------------------------------


def rules() -> str:
    return (
        "SELECT key, blocked_by, blocker_issue_id, since_basis, blocked_days, on_hold FROM blocked_issues ORDER BY ALL"
    )


def test_blocked_by_its_status_since_it_became_so(ops: SmallHub) -> None:
    waits: dict[str, Any] = {"native_status_id": "5", "created_at": NOON - timedelta(days=50)}
    ops.land("ops", issues=[issue("7", **waits), issue("8", **waits)], issue_changes=[
        change("1", "7", "2", "5", NOON - timedelta(days=20)), change("2", "7", "5", "2", NOON - timedelta(days=9)),
        change("3", "7", "2", "5", NOON - timedelta(days=4)), change("4", "7", "2", "3", NOON - timedelta(days=30)),
    ])  # fmt: skip
    blocked = {"ops": Rules(status={"Waits": Status.BLOCKED})}
    assert asked(ops, rules(), rules=blocked) == [
        ("#7", "status", None, "reported", 4, False), ("#8", "status", None, "reported", 50, False),
    ]  # fmt: skip


def test_blocked_by_an_open_issue_and_not_by_a_done_one(ops: SmallHub) -> None:
    ops.land(
        "ops", issues=[issue("7"), issue("8"), issue("9", native_status_id="3"), issue("10", native_status_id="3")]
    )
    ops.land(
        "ops", issue_links=[linked("1", "8", "7"), linked("2", "9", "7"), linked("3", "8", "10"), linked("4", "7", "7")]
    )
    assert asked(ops, rules()) == [("#7", "link", "ops:8", "at least", 0, False)]
    assert asked(ops, rules(), NOON + timedelta(days=9)) == [("#7", "link", "ops:8", "at least", 9, False)]


def test_a_project_on_hold_is_listed_apart(ops: SmallHub) -> None:
    ops.land("ops", projects=[project("3", native_state="on_hold")])
    ops.land("ops", issues=[issue("7", "3"), issue("8")], issue_links=[linked("1", "8", "7")])
    assert asked(ops, "SELECT key, on_hold FROM blocked_issues") == [("#7", True)]


def test_quiet_for_more_than_fourteen_days(ops: SmallHub) -> None:
    going: dict[str, Any] = {"native_status_id": "2", "created_at": NOON - timedelta(days=90)}
    ops.land("ops", issues=[
        *(issue(id_, updated_at=NOON - timedelta(days=age), **going) for id_, age in [("7", 15), ("8", 14)]),
        *(issue(id_, updated_at=NOON - timedelta(days=40), **going) for id_ in ("9", "10")),
        issue("11", updated_at=NOON - timedelta(days=40)),
    ], worklogs=[worklog("70", "9", 1, created_at=NOON - timedelta(days=2))],
       issue_changes=[change("1", "10", "1", "2", NOON - timedelta(days=20))])  # fmt: skip
    assert asked(ops, "SELECT key, quiet_days FROM stale_issues ORDER BY ALL") == [("#10", 20), ("#7", 15)]


def test_what_the_hub_pushed_itself_is_no_activity(ops: SmallHub) -> None:
    """Neither its entry of the history nor the day it leaves on the issue; what a person did meanwhile is."""
    ops.land("ops", accounts=[{"native_id": "99", "name": "PMO Hub"}])
    ops.hub.con.execute("UPDATE ledger.sources SET account_id = '99' WHERE source = 'ops'")
    at, old = NOON - timedelta(days=3), NOON - timedelta(days=40)
    going: dict[str, Any] = {"native_status_id": "2", "created_at": NOON - timedelta(days=90)}
    ops.land("ops", issues=[issue(id_, updated_at=at, **going) for id_ in "789"], issue_changes=[
        change("1", "7", "1", "2", old, account_id="5"), change("2", "7", "2", "2", at, account_id="99"),
        change("3", "8", "1", "2", old, account_id="5"), change("4", "8", "2", "2", at, account_id="99"),
        change("5", "8", "2", "2", at + timedelta(minutes=5), account_id="5"),
        change("6", "9", "1", "2", old, account_id="99"),
    ])  # fmt: skip
    pushed = [wanted(n, f"ops:{id_}", at + timedelta(seconds=30)) for n, id_ in enumerate("78")]
    ops.renew()
    file = publish(ops.hub, ops.data, HubSettings(), now=NOON, changes=pushed).path
    with duckdb.connect(str(file), read_only=True) as con:
        assert con.execute("SELECT key, quiet_days FROM stale_issues").fetchall() == [("#7", 40)]
        (latest,) = con.execute("SELECT max(last_activity_at) FROM portfolio").fetchall()
    assert latest == ((at + timedelta(minutes=5)).replace(tzinfo=None),)


def wanted(id_: int, issue_id: str, verified_at: datetime) -> WantedChange:
    return WantedChange(
        id_, issue_id.partition(":")[0], issue_id, issue_id, "status", NativeValue("1"), Wish("2", is_native=True),
        ChangeState.VERIFIED, "ada", verified_at, verified_at=verified_at,
    )  # fmt: skip


@pytest.mark.parametrize(("due", "needed", "status_id", "late"), [
    (10, 5, "1", 5), (2, 5, "1", -3), (-4, 5, "1", -5), (-4, -2, "1", 2), (None, -2, "1", 2), (None, 5, "1", None),
    (3, None, "1", None), (3, 1, "3", 2),
])  # fmt: skip
def test_what_another_project_waits_for_and_how_late_it_is(
    ops: SmallHub, due: int | None, needed: int | None, status_id: str, late: int | None
) -> None:
    def day(offset: int | None) -> date | None:
        return None if offset is None else TODAY + timedelta(days=offset)

    ops.land("ops", issues=[
        issue("7", "1", due_on=day(due), native_status_id=status_id), issue("8", "2", start_on=day(needed)),
        issue("9", "1"),
    ])  # fmt: skip
    ops.land(
        "ops", issue_links=[linked("1", "7", "8", "precedes"), linked("2", "7", "9"), linked("3", "8", "9", "relates")]
    )
    assert asked(ops, "SELECT from_key, to_key, late_days, is_open, over_tools FROM dependencies") == [
        ("#7", "#8", late, status_id == "1", False)
    ]


# ---- quality of data ---------------------------------------------------------------------------------------------


def test_work_without_owner_or_of_one_who_left(ops: SmallHub) -> None:
    ops.land("ops", issues=[
        issue("7", native_status_id="2"), issue("8"), issue("9", assignee_id="9"),
        issue("10", assignee_id="9", native_status_id="3"), issue("11", "99"),
    ])  # fmt: skip
    assert checks(ops, "owner-left", "going-without-owner", "in-no-project") == [
        ("going-without-owner", "#7", None), ("in-no-project", "#11", None), ("owner-left", "#9", "ops:9"),
    ]  # fmt: skip


def test_hours_that_cannot_be_right(ops: SmallHub) -> None:
    done = issue("7", native_status_id="3", native_resolved_at=NOON - timedelta(days=3))
    ops.land("ops", issues=[done, issue("8", start_on=date(2026, 11, 20))], worklogs=[
        worklog("70", "7", 1, work_on=date(2026, 11, 18)), worklog("71", "7", 2, work_on=date(2026, 11, 19)),
        worklog("72", "8", 1, work_on=date(2026, 11, 19)), worklog("73", "8", 13, account_id="5"),
        worklog("74", "8", 12, account_id="5"), worklog("75", "8", 24, account_id="6"),
        worklog("76", "8", 1, work_on=TODAY + timedelta(days=1)), worklog("77", "8", -1, account_id="6"),
    ])  # fmt: skip
    names = ("hours-after-done", "hours-before-start", "hours-over-24", "hours-in-future", "hours-negative")
    assert checks(ops, *names) == [
        ("hours-after-done", "#7", None), ("hours-before-start", "#8", None), ("hours-in-future", "#8", None),
        ("hours-negative", "#8", "ops:6"), ("hours-over-24", "Ines Duarte", "ops:5"),
    ]  # fmt: skip
    assert asked(ops, "SELECT detail FROM data_quality WHERE check_id = 'hours-over-24'") == [("25.00 h on one day",)]


def test_what_most_issues_lack_is_told_once_a_project(ops: SmallHub) -> None:
    ops.land(
        "ops", issues=[issue("7"), issue("8", story_points=3.0), issue("9", "2", due_on=TODAY - timedelta(days=1))]
    )
    assert asked(ops, """SELECT check_id, object, owner_id, detail FROM data_quality
        WHERE object_kind = 'project' ORDER BY ALL""") == [
        ("due-days-past", "Project 2", None, "open issues: 1, and the last due day was 2026-11-20"),
        ("open-without-date", "Project 1", "ops:6", "2 of 2 open issues have no due day and no milestone"),
        ("open-without-owner", "Project 1", "ops:6", "2 of 2 open issues have nobody assigned"),
        ("open-without-owner", "Project 2", None, "1 of 1 open issues have nobody assigned"),
        ("open-without-size", "Project 1", "ops:6", "1 of 2 open issues have no size"),
        ("project-without-estimate", "Project 2", None,
         "none of 1 issues has a size: progress is by count, hours left are not known"),
    ]  # fmt: skip


def _circle(ids: Iterable[str]) -> list[dict[str, Any]]:
    around = [*ids]
    return [linked(f"c{n}", a, b) for n, (a, b) in enumerate(zip(around, [*around[1:], around[0]], strict=True))]


def test_links_that_go_round_in_a_circle(ops: SmallHub) -> None:
    ops.land("ops", issues=[issue(str(n)) for n in range(1, 9)])
    ops.land("ops", issue_links=[*_circle(["1", "2", "3"]), linked("9", "3", "4"), linked("10", "4", "5")])
    assert checks(ops, "circle") == [("circle", "#1", None), ("circle", "#2", None), ("circle", "#3", None)]


def test_estimates_on_an_issue_and_on_its_part(ops: SmallHub) -> None:
    ops.land("ops", issues=[
        issue("6", original_estimate_seconds=3600), issue("7", parent_id="6", original_estimate_seconds=3600),
        issue("8", original_estimate_seconds=3600), issue("9", parent_id="8"),
    ])  # fmt: skip
    assert checks(ops, "estimate-twice") == [("estimate-twice", "#6", None)]


def test_a_source_that_is_old_or_was_never_counted(ops: SmallHub) -> None:
    assert checks(ops, "source-old", "source-incomplete") == [
        ("source-incomplete", "ops", None), ("source-old", "ops", None),
    ]  # fmt: skip
    ops.note("cursors", source="ops", stream="issues", through_at=NOON - timedelta(hours=3), census=4, present=4)
    assert checks(ops, "source-old", "source-incomplete") == []
    ops.note("cursors", source="ops", stream="worklogs", through_at=NOON - timedelta(hours=37), census=4, present=3)
    assert asked(ops, "SELECT check_id, detail FROM data_quality WHERE object_kind = 'source' ORDER BY ALL") == [
        ("source-incomplete", "holds 75.00 % of what the tool has"),
        ("source-old", "known up to 2026-11-19 23:00 UTC only"),
    ]  # fmt: skip


def test_every_row_says_its_rule(ops: SmallHub) -> None:
    ops.land("ops", issues=[issue("7", native_status_id="2")], worklogs=[worklog("70", "7", 25, account_id="5")])
    for table in ("timesheet_days", "timesheet_weeks", "project_hours", "data_quality"):
        assert asked(ops, f"SELECT count(*) > 0, count(*) FILTER (rule = '' OR rule IS NULL) FROM {table}") == [
            (True, 0)
        ]
