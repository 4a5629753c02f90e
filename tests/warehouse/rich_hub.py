"""A portfolio with something of everything, published once: for tests that ask a file many questions.

On Saturday 2026-11-21. A is in trouble and has all that a plan may say; B waits for it; H is on hold; R keeps things
going; P is planned in points; N has not even a baseline; what is in no project is one issue with hours.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from model.config import HubSettings
from model.mapping import Rules
from model.vocabulary import Status
from tests.warehouse.small_hub import NOON, STATUSES, SmallHub, change, issue, project, status, worklog
from tests.warehouse.test_figures import wanted
from tests.warehouse.test_plan_figures import (
    PEOPLE,
    TODAY,
    baseline,
    cost,
    milestone,
    package,
    planned,
    rate,
    risk,
    scope,
)
from warehouse.publish import publish

__all__ = ["RULES", "fill", "publish_rich"]

RULES: Mapping[str, Rules] = {"ops": Rules(status={"Waits": Status.BLOCKED})}

_DAY = timedelta(days=1)
_PUSHED_AT = NOON - 3 * _DAY
_DONE: dict[str, Any] = {"native_status_id": "3", "native_resolved_at": NOON - 20 * _DAY}


def publish_rich(data: Path) -> Path:
    """Fills a hub in this folder and publishes it; the file."""
    hub = SmallHub(data)
    try:
        fill(hub)
        hub.renew(RULES)
        settings = HubSettings(timezone="Europe/Berlin")
        return publish(hub.hub, hub.data, settings, now=NOON, changes=[wanted(1, "ops:41", _PUSHED_AT)]).path
    finally:
        hub.close()


def fill(hub: SmallHub) -> None:
    """The rows of both tools and of the plan."""
    words = [*STATUSES, status("5", "Waits", "in_progress")]
    people = [
        *PEOPLE,
        {"native_id": "99", "name": "PMO Hub"},
        {"native_id": "7", "name": "Noor Haddad", "active": False},
    ]
    hub.land("ops", projects=[project(n) for n in "1234"], words=words, accounts=people)
    hub.land("crm", projects=[project("9")], words=STATUSES, accounts=[PEOPLE[0]])
    _plan(hub)
    _issues(hub)
    hub.hub.con.execute("UPDATE ledger.sources SET account_id = '99' WHERE source = 'ops'")
    for source in ("ops", "crm", "plan"):
        hub.note("cursors", source=source, stream="issues", through_at=NOON - timedelta(hours=2), census=20, present=19)


def _plan(hub: SmallHub) -> None:
    hub.land("plan", program_plans=[{"native_id": "O2C", "name": "Order to Cash", "sponsor": "Marta Lund"}])
    planned(
        hub,
        "A",
        program_id="O2C",
        pm="Ines Duarte",
        sponsor="Marta Lund",
        stage="execution",
        earned_rule="percent",
        deadline_on=date(2026, 12, 18),
        forecast_finish_on=date(2027, 1, 15),
        health_owner="Ines Duarte",
        decision_asked="more testers, or a later end",
        note="the interface is late",
        note_on=date(2026, 11, 18),
    )
    planned(hub, "B", program_id="O2C", pm="Tomasz Wilk", progress_basis="count")
    planned(hub, "H", "on_hold", hold_from_on=date(2026, 10, 1), pm="Tomasz Wilk")
    planned(hub, "R", kind="run")
    planned(hub, "P", earned_rule="points", currency=None)
    planned(hub, "N", currency=None)
    hub.land("plan", project_scopes=[
        scope(1, "B", in_project=["P1"], label=["orders"]), scope(2, "A", in_project=["P1"]),
        scope(3, "H", in_project=["P2"]), scope(4, "P", in_project=["P3"]), scope(5, "R", in_source="crm"),
        scope(6, "A", in_project=["P1"], label=["orders"]),
    ])  # fmt: skip
    lines = [
        ("1", "A", "Labour", 40_000.0, 2_000.0),
        ("2", "A", "Switches", 12_000.0, 0.0),
        ("3", "B", "all", 9_000.0, 0.0),
    ]
    hub.land("plan", budget_lines=[
        {"native_id": id_, "project_id": key, "category": category, "amount": amount, "contingency": more,
         "reserve": 500.0}
        for id_, key, category, amount, more in lines
    ])  # fmt: skip
    start = date(2026, 9, 7)
    hub.land("plan", baselines=[
        baseline(finish_on=date(2026, 12, 4)),
        baseline(2, finish_on=date(2026, 12, 11), approved_on=date(2026, 10, 5), scope_hours=2.0),
        {**baseline(), "native_id": "P|1", "project_id": "P"},
    ])  # fmt: skip
    hub.land("plan", work_packages=[
        package("design 1", start, date(2026, 10, 2), budget=14_000.0),
        package("design", start, date(2026, 10, 2), budget=14_000.0, baseline=2, finished_on=date(2026, 10, 9)),
        package("build", date(2026, 10, 5), date(2026, 11, 27), budget=30_000.0, baseline=2, issue=["#7"]),
        package("switches", date(2026, 11, 2), date(2026, 12, 11), budget=10_000.0, baseline=2, percent_complete=40.0),
        {**package("all", start, date(2026, 12, 4), points=8.0, label=["mobile"]), "project_id": "P"},
    ])  # fmt: skip
    hub.land("plan", cost_entries=[
        cost("1", 45_000, date(2026, 10, 2), category="Switches"),
        cost("2", 900, date(2026, 11, 2), category="Switches", kind="accrual"),
        cost("3", 1_500, date(2026, 11, 2), category="Switches", kind="commitment", supplier="Nordkabel"),
        cost("4", 70, date(2026, 11, 3), category="travel", currency="USD"),
    ])  # fmt: skip
    hub.land("plan", rates=[rate("1", 90, role="Developer")], team_members=[
        {"native_id": "1", "person": "Ines Duarte", "role": "Developer", "share": 1.0, "external": False},
    ])  # fmt: skip
    hub.land("plan", risk_register=[
        risk("1", probability=4, impact=4, owner="Ines Duarte", review_on=TODAY - 9 * _DAY, probability_percent=60.0,
             cost=8e3),
        risk("2", probability=2, impact=2), risk("3", kind="chance", probability=5, impact=5),
        risk("4", state="closed"),
        {**risk("5", probability=5, impact=4), "project_id": "B", "state": "happened"},
    ])  # fmt: skip
    hub.land("plan", health_overrides=[{
        "native_id": "1", "project_id": "A", "health": "green", "said_by": "Jonas Feld", "reason": "supplier promised",
        "until_on": TODAY + 5 * _DAY,
    }])  # fmt: skip
    hub.land("plan", change_requests=[
        {"native_id": "1", "project_id": "A", "title": "A second warehouse", "state": "asked",
         "asked_on": TODAY - 30 * _DAY, "points": 5.0},
        {"native_id": "2", "project_id": "A", "title": "Invoices in PDF", "state": "approved",
         "decided_by": "Marta Lund", "decided_on": TODAY - 12 * _DAY, "points": 3.0, "hours": 4.0},
    ])  # fmt: skip
    hub.land("plan", milestones=[
        {"native_id": "A|go", "project_id": "A", "name": "Go-live", "kind": "milestone", "state": "open",
         "due_on": date(2026, 12, 11), "baseline_due_on": date(2026, 12, 4)},
    ])  # fmt: skip


def _issues(hub: SmallHub) -> None:
    hub.land("ops", milestones=[milestone("1", due_on=TODAY + 6 * _DAY, baseline_due_on=TODAY + 2 * _DAY)])
    late, soon = TODAY - 3 * _DAY, TODAY + 12 * _DAY
    at: dict[str, Any] = {"url": "https://ops.example/issues/7", "updated_at": NOON - 40 * _DAY}
    hub.land("ops", issues=[
        issue("7", original_estimate_seconds=36_000, assignee_id="5", **at),
        issue("8", parent_id="7", original_estimate_seconds=28_800, due_on=late, native_status_id="2", assignee_id="5",
              percent_complete=60.0, milestone_id="1"),
        issue("10", parent_id="7", original_estimate_seconds=14_400, **_DONE),
        issue("11", native_status_id="5", due_on=TODAY, assignee_id="7", milestone_id="1", story_points=3.0),
        issue("12", native_status_id="4"), issue("13", due_on=soon, remaining_estimate_seconds=7_200),
        issue("20", labels=["orders"], due_on=late, start_on=late), issue("21", labels=["orders"], **_DONE),
        issue("30", "2", due_on=late), issue("31", "2", native_status_id="5"),
        issue("40", "3", labels=["mobile"], story_points=5.0, **_DONE),
        issue("41", "3", labels=["mobile"], story_points=3.0, updated_at=_PUSHED_AT, created_at=NOON - 60 * _DAY),
        issue("50", "4"), issue("51", "4", native_status_id="3"),
    ])  # fmt: skip
    hub.land("crm", issues=[issue("90", "9", native_status_id="2"), issue("91", "9", due_on=late)])
    hub.land("ops", issue_links=[
        {"native_id": "8:20", "kind": "blocks", "native_kind": "blocks", "from_issue_id": "8", "to_issue_id": "20"},
        {"native_id": "13:11", "kind": "blocks", "native_kind": "blocks", "from_issue_id": "13", "to_issue_id": "11"},
        {"native_id": "7:20", "kind": "precedes", "native_kind": "precedes", "from_issue_id": "7", "to_issue_id": "20"},
    ])  # fmt: skip
    hub.land(
        "ops",
        issue_changes=[
            change("1", "8", "1", "2", NOON - 30 * _DAY),
            change("2", "11", "1", "5", NOON - 9 * _DAY),
            change("3", "41", "2", "1", _PUSHED_AT, account_id="99"),
        ],
    )
    hub.land("ops", worklogs=[
        worklog("70", "8", 6, account_id="5"), worklog("71", "8", 7.5, account_id="5", work_on=date(2026, 10, 30)),
        worklog("72", "10", 4, account_id="6", work_on=date(2026, 10, 20)),
        worklog("73", "7", 2, account_id="5", work_on=TODAY),
        worklog("74", "8", 6, account_id="5", mirror_of="70"), worklog("75", "20", 3, account_id="6"),
        worklog("76", None, 1.5, account_id="6", project_id="1"), worklog("77", "50", 2.25, account_id="6"),
        worklog("78", "41", 3, account_id="5"), worklog("79", "30", 1, account_id="6", work_on=date(2026, 9, 1)),
        worklog("80", "8", 5, account_id="5", created_at=NOON - _DAY),
    ])  # fmt: skip
    hub.gone("ops", "worklogs", i80="deleted")
