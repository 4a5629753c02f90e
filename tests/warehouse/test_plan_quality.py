"""What in a plan makes figures doubtful: all that is bad, planted into one hub; a clean plan gives nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from model.mapping import Rules
from model.vocabulary import Status
from tests.warehouse.small_hub import NOON, STATUSES, Misfit, SmallHub, issue, project, worklog
from tests.warehouse.test_past import START, Nights
from tests.warehouse.test_plan_figures import PEOPLE, baseline, cost, package, planned, rate, risk, scope
from warehouse.figures import check_names

TODAY = date(2026, 11, 21)  # a Saturday
WORDS = {
    "ops": Rules(
        status={
            "New": Status.TODO, "Doing": Status.IN_PROGRESS, "Closed": Status.DONE, "Rejected": Status.CANCELLED,
        }
    )
}  # fmt: skip
DAY = timedelta(days=1)
File = duckdb.DuckDBPyConnection


def budget(key: str, **more: Any) -> dict[str, Any]:
    base: dict[str, Any] = {"native_id": f"{key}|all", "project_id": key, "category": "all", "amount": 1000.0}
    return {**base, "contingency": 0.0, "reserve": 0.0, **more}


def of(key: str, row: dict[str, Any]) -> dict[str, Any]:
    """The same row for another project."""
    return {**row, "native_id": f"{key}|{row['native_id']}", "project_id": key}


def gate(key: str, **more: Any) -> dict[str, Any]:
    base = {"native_id": f"{key}|gate", "project_id": key, "name": f"Gate of {key}", "kind": "gate", "state": "open"}
    return {**base, "due_on": TODAY + 30 * DAY, **more}


def sound(hub: SmallHub, key: str, state: str = "active", **plan: Any) -> None:
    """A project of the plan in which nothing is wrong, as far as it goes."""
    given = {"stage": "execution", "sponsor": "Marta Lund", "pm": "Ines Duarte", "note_on": TODAY, **plan}
    planned(hub, key, state, **given)
    hub.land(
        "plan",
        budget_lines=[budget(key)],
        baselines=[of(key, baseline(start_on=date(2026, 1, 5), finish_on=TODAY + 30 * DAY))],
        work_packages=[of(key, package("all", date(2026, 1, 5), TODAY + 30 * DAY, budget=1000.0))],
        milestones=[gate(key)],
    )


def opened(hub: SmallHub) -> File:
    return duckdb.connect(str(hub.publish(NOON, rules=WORDS, timezone="Europe/Berlin").path), read_only=True)


def counted(hub: SmallHub, *sources: str) -> None:
    for source in sources:
        hub.note("cursors", source=source, stream="issues", through_at=NOON, census=4, present=4)


def start(hub: SmallHub, *keys: str) -> None:
    """A tool with as many projects as the plan, each of them taken by one."""
    hub.land("ops", projects=[project(str(n)) for n in range(1, len(keys) + 1)], words=STATUSES, accounts=PEOPLE)
    hub.land("plan", project_scopes=[scope(n, key, in_project=[f"P{n}"]) for n, key in enumerate(keys, 1)])


# ---- all that is bad ---------------------------------------------------------------------------------------------

KEYS = (
    "WELL", "BARE", "IDEA", "CUR", "FX", "LATE", "LOOSE", "MIXED", "EMPTY", "EARLY", "OFF", "SAID", "OLD", "AHEAD",
    "COST", "RATES", "PLAIN", "LINKS", "HELD", "SHUT",
)  # fmt: skip


REFUSED = "one rate for a day was expected, and rates.csv, row 3 is valid then, too"


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> Iterator[File]:
    hub = SmallHub(tmp_path_factory.mktemp("bad"))
    start(hub, *KEYS)
    for key in set(KEYS) - {"BARE", "IDEA"}:
        sound(hub, key, state={"HELD": "on_hold", "SHUT": "closed"}.get(key, "active"))
    planned(hub, "BARE", stage="execution", note_on=TODAY)
    planned(hub, "IDEA", stage="proposed", sponsor="Marta Lund", note_on=TODAY)
    for key in ("HELD", "SHUT"):  # nobody asks these for anything
        planned(hub, key, "on_hold" if key == "HELD" else "closed", stage="closed" if key == "SHUT" else "execution")
    sound(hub, "CUR", currency=None)
    hub.land("plan", budget_lines=[budget("FX", currency="USD")])
    hub.land("plan", baselines=[of("LATE", baseline(approved_on=TODAY - 2 * DAY, finish_on=TODAY - 9 * DAY))])
    hub.land("plan", work_packages=[
        of("LOOSE", package("some day", None, None, budget=1.0)),
        of("MIXED", package("hours", TODAY, TODAY, hours=8.0)),
    ])  # fmt: skip
    hub.land("plan", baselines=[of("EMPTY", baseline(2, approved_on=TODAY - 3 * DAY, finish_on=TODAY))])
    hub.land("plan", change_requests=[
        asked("EARLY", "In time", decided_on=date(2026, 2, 1)),
        asked("EARLY", "Too early", decided_on=date(2026, 1, 4)),
        asked("EARLY", "Some day"), asked("EARLY", "To come", decided_on=TODAY + DAY),
        asked("EARLY", "By nobody", decided_on=date(2026, 2, 1), decided_by=None),
        asked("EARLY", "Not approved", state="asked", decided_by=None),
    ])  # fmt: skip
    hub.land("plan", baselines=[of("OFF", baseline(scope_points=100.0, finish_on=TODAY + 30 * DAY))])
    hub.land("plan", health_overrides=[said("SAID", 40, 20), said("SAID", 20, 1), said("OLD", 9, 5), said("OLD", 4, 0)])
    sound(hub, "OLD", note_on=TODAY - 15 * DAY, forecast_finish_on=TODAY - DAY)
    hub.land("plan", risk_register=[
        of("OLD", risk("1", review_on=TODAY - DAY, owner="Tomasz Wilk")), of("OLD", risk("2", review_on=TODAY)),
        of("OLD", risk("3", review_on=TODAY - DAY, state="closed")),
    ])  # fmt: skip
    sound(hub, "AHEAD", started_on=TODAY + DAY)
    hub.land("plan", work_packages=[
        of("AHEAD", package("done tomorrow", TODAY, TODAY, budget=1.0, finished_on=TODAY + DAY)),
        of("AHEAD", package("done today", TODAY, TODAY, budget=1.0, finished_on=TODAY)),
    ], milestones=[
        gate("AHEAD", native_id="AHEAD|met", name="Met too soon", state="closed", released_on=TODAY + DAY),
    ])  # fmt: skip
    hub.land("plan", cost_entries=[
        of("COST", cost("1", 10, date(2026, 10, 2), currency="USD")), of("COST", cost("2", 10, None, booked_on=TODAY)),
        of("COST", cost("3", 10, TODAY)),
    ], benefits=[
        benefit("COST", "Less typing", owner=None), benefit("COST", "Fewer calls", measure=None),
        benefit("COST", "Fewer errors"),
    ])  # fmt: skip
    hub.land("plan", rates=[
        rate("1", 90, person="Tomasz Wilk", to_on=date(2026, 10, 31)),
        rate("2", 95, person="tomasz@example.org", from_on=date(2026, 11, 10)),
        rate("3", 80, person="Ines Duarte"), rate("4", 85, person="ines@example.org", from_on=date(2026, 6, 1)),
        rate("5", 70, person="Nobody Known"), rate("6", 60, role="driver", to_on=date(2026, 10, 31)),
        rate("7", 60, role="driver", from_on=date(2026, 11, 1)),
    ])  # fmt: skip
    hub.land("plan", rejects=[
        Misfit("rates", "8", "rates.csv, row 9", REFUSED, b""),
    ])  # fmt: skip
    hub.land("plan", team_members=[
        member("Tomasz Wilk", "tester"), member("Ines Duarte", calendar="Atlantis"), member("Nobody Known"),
        member("An Agency", external=True), member("Long Gone", to_on=TODAY - DAY),
    ], absences=[
        {"native_id": "1", "person": "Missing Person", "from_on": TODAY, "to_on": TODAY, "share": 1.0},
    ])  # fmt: skip
    work(hub)
    hub.land("crm", projects=[project("1")])
    hub.land("plan", project_scopes=[scope(99, "WELL", in_source="crm")])
    counted(hub, "ops", "plan")
    with opened(hub) as file:
        yield file
    hub.close()


def asked(key: str, title: str, **more: Any) -> dict[str, Any]:
    base = {"native_id": f"{key}|{title}", "project_id": key, "title": title, "state": "approved", "points": 5.0}
    return {**base, "decided_by": "Marta Lund", "asked_on": date(2026, 1, 2), **more}


def said(key: str, first: int, last: int) -> dict[str, Any]:
    """Green, from so many days ago to so many days ago."""
    return {
        "native_id": f"{key}|{last}", "project_id": key, "health": "green", "said_by": "Jonas Feld", "reason": "hope",
        "from_on": TODAY - first * DAY, "until_on": TODAY - last * DAY,
    }  # fmt: skip


def benefit(key: str, name: str, **more: Any) -> dict[str, Any]:
    base = {"native_id": f"{key}|{name}", "project_id": key, "name": name, "month_on": date(2027, 1, 1)}
    return {**base, "measure": "hours", "owner": "Marta Lund", "planned": 10.0, **more}


def member(person: str, role: str | None = None, **more: Any) -> dict[str, Any]:
    return {"native_id": person, "person": person, "role": role, "share": 1.0, "external": False, **more}


KINDS = ("kind", "native_kind")


def work(hub: SmallHub) -> None:
    """One sized and owned issue in each project; what is wrong with work stands in four of them."""
    good: dict[str, Any] = {"story_points": 3.0, "due_on": TODAY + 9 * DAY, "assignee_id": "6"}
    numbers = {key: str(n) for n, key in enumerate(KEYS, 1)}
    hub.land("ops", accounts=[{"native_id": "7", "name": "Beat Kolb"}], issues=[
        *(issue(f"1{n}", n, **good) for key, n in numbers.items() if key != "PLAIN"),
        issue("901", numbers["PLAIN"], created_at=NOON - 40 * DAY, due_on=TODAY + 9 * DAY),
        issue("902", numbers["PLAIN"], native_status_id="3", created_at=NOON - 50 * DAY),
        *(issue(f"91{n}", numbers["LINKS"], **good) for n in range(4)),
        issue("920", None, **good),
    ], issue_links=[
        {"native_id": str(n), "from_issue_id": f"91{n}", "to_issue_id": f"91{n + 1}"} | dict.fromkeys(KINDS, "precedes")
        for n in range(3)
    ], worklogs=[
        worklog("1", f"1{numbers['RATES']}", 4, account_id="6", work_on=date(2026, 11, 5)),  # between two rates
        worklog("2", f"1{numbers['RATES']}", 4, account_id="6", work_on=date(2026, 10, 5)),
        worklog("3", f"1{numbers['RATES']}", 2, account_id="7", work_on=date(2026, 11, 9)),  # no rate, in no team
        worklog("4", "920", 3, account_id="6", project_id=None),
    ])  # fmt: skip


INES = "ops:5"
EXPECTED: dict[str, list[tuple[Any, ...]]] = {  # object, project, owner, since, detail
    "no-sponsor": [("Project BARE", "BARE", None, None, "no sponsor is named")],
    "no-pm": [("Project BARE", "BARE", None, None, "no project manager is named")],
    "no-budget": [("Project BARE", "BARE", None, None, "no budget line, and no money in its baseline")],
    "no-baseline": [
        ("Project BARE", "BARE", None, None, "no baseline with a name and a day of approval is in force"),
    ],
    "no-next-milestone": [("Project BARE", "BARE", None, None, "no open milestone has a day")],
    "budget-without-currency": [
        ("Project CUR", "CUR", INES, TODAY, "1 budget line has no currency, nor has the project: it has no budget"),
    ],
    "budget-in-other-currency": [("Project FX", "FX", INES, TODAY, "budget lines in USD, the project in EUR")],
    "hours-unpriced": [
        ("Project RATES", "RATES", INES, date(2026, 11, 5), "6.00 h up to 2026-11-09 are in no cost: "
         "Tomasz Wilk: a gap between two rates, Beat Kolb: no rate"),
    ],
    "rate-gap": [
        ("rate of Tomasz Wilk", None, None, date(2026, 11, 1), "no rate is valid from 2026-11-01 to 2026-11-09"),
    ],
    "rate-overlap": [("rate of Ines Duarte", None, None, date(2026, 6, 1), "two rates are valid from 2026-06-01")],
    "person-unknown": [
        ("Missing Person", None, None, None,
         "absence of nobody: no account, or several, of that name: it excuses nobody"),
        ("Nobody Known", None, None, None, "rate of nobody: no account, or several, of that name: it prices nothing"),
        ("Nobody Known", None, None, TODAY,
         "team member: no account, or several, of that name: his or her hours are not compared"),
    ],
    "calendar-unknown": [("Ines Duarte", None, None, TODAY, "the plan has no calendar Atlantis")],
    "author-not-in-team": [
        ("Beat Kolb", None, "ops:7", date(2026, 11, 9), "2.00 h, and no calendar says what is expected"),
    ],
    "set-aside": [("rates.csv, row 9", None, None, TODAY, REFUSED)],
    "baseline-after-finish": [
        ("Project LATE, baseline 1", "LATE", INES, TODAY - 2 * DAY, "approved on 2026-11-19, and ends on 2026-11-12"),
    ],
    "baseline-unmeasured": [
        ("Project EMPTY", "EMPTY", INES, TODAY - 3 * DAY, "it has no work packages: nothing is planned or earned"),
        ("Project LOOSE", "LOOSE", INES, date(2026, 1, 5), "1 of 2 work packages have no days: nothing is planned"),
        ("Project MIXED", "MIXED", INES, date(2026, 1, 5),
         "its work packages have neither money nor hours nor points in common: nothing is planned or earned"),
    ],
    "change-before-baseline": [
        ("Too early", "EARLY", INES, date(2026, 1, 4),
         "approved on 2026-01-04, before the first baseline of 2026-01-05: it is taken to be in it"),
    ],
    "change-undated": [
        ("By nobody", "EARLY", INES, date(2026, 1, 2), "approved by nobody who is named"),
        ("Some day", "EARLY", INES, date(2026, 1, 2), "approved on no day: its work is unapproved growth"),
        ("To come", "EARLY", INES, date(2026, 1, 2), "approved on a day to come: its work is unapproved growth"),
    ],
    "scope-off-baseline": [
        ("Project OFF", "OFF", INES, date(2026, 1, 5),
         "the baseline names 100.0 points, its issues held 3.0 on that day: growth counts from the baseline"),
    ],
    "override-past": [
        ("Project SAID said to be green", "SAID", INES, TODAY,
         "said by Jonas Feld until 2026-11-20: it counts no longer"),
    ],
    "risk-review-past": [
        ("Risk 1", "OLD", INES, TODAY, "to be looked at again by 2026-11-20, by Tomasz Wilk"),
    ],
    "note-past": [("Project OLD", "OLD", INES, TODAY, "last note on 2026-11-06")],
    "forecast-past": [("Project OLD", "OLD", INES, TODAY, "foreseen to end on 2026-11-20, and still open")],
    "actual-in-future": [
        ("Met too soon", "AHEAD", INES, None, "real end on 2026-11-22, a day to come"),
        ("Project AHEAD", "AHEAD", INES, None, "real start on 2026-11-22, a day to come"),
        ("done tomorrow", "AHEAD", INES, None, "real end on 2026-11-22, a day to come"),
    ],
    "cost-not-exchanged": [
        ("Project COST", "COST", INES, date(2026, 10, 1),
         "1 cost of 2026-10 cannot be exchanged: they are in no cost"),
    ],
    "cost-without-day": [("Project COST", "COST", INES, TODAY, "1 cost names no day of the work")],
    "benefit-not-summed": [
        ("Fewer calls", "COST", INES, TODAY, "no measure tells it"),
        ("Less typing", "COST", INES, TODAY, "nobody answers for it"),
    ],
    "project-without-estimate": [
        ("Project PLAIN", "PLAIN", INES, date(2026, 10, 2),
         "none of 2 issues has a size: progress is by count, hours left are not known"),
    ],
    "open-without-size": [],  # told by project-without-estimate
    "open-without-owner": [("Project PLAIN", "PLAIN", INES, None, "1 of 1 open issues have nobody assigned")],
    "no-logic": [
        ("Project LINKS", "LINKS", INES, None,
         "1 of 5 open issues with a due day have no link to what comes before or after"),
    ],
    "hours-in-no-project": [
        ("Tomasz Wilk", None, "ops:6", date(2026, 11, 20), "3.00 h to 2026-11-20 in no project"),
    ],
    "in-no-project": [("#920", None, "ops:6", None, "in no project that the hub knows")],
    "source-incomplete": [("crm", None, None, None, "was never counted against the tool")],
    "source-old": [("crm", None, None, None, "was never read whole")],
}  # fmt: skip


@pytest.mark.parametrize("check", EXPECTED)
def test_each_rule_finds_what_is_planted_for_it_and_nothing_else(bad: File, check: str) -> None:
    found = bad.execute(
        """SELECT q.object, p.key, q.owner_id, q.since_on, q.detail FROM data_quality AS q
        LEFT JOIN projects AS p ON p.id = q.project_id WHERE q.check_id = ? ORDER BY q.object, q.detail""",
        [check],
    ).fetchall()
    assert found == EXPECTED[check]


def test_nothing_else_is_found(bad: File) -> None:
    found = {check for (check,) in bad.execute("SELECT DISTINCT check_id FROM data_quality").fetchall()}
    assert found == {check for check, rows in EXPECTED.items() if rows}


def test_every_rule_is_listed_with_what_it_applies_to(bad: File) -> None:
    rules = bad.execute("SELECT check_id, applies_to, rule FROM data_quality_rules").fetchall()
    assert sorted(check for check, *_ in rules) == sorted(check_names())
    assert {applies_to for _, applies_to, _ in rules} == {
        "projects", "planned projects", "sources", "people", "words", "no project",
    }  # fmt: skip
    said = dict(bad.execute("SELECT DISTINCT check_id, rule FROM data_quality").fetchall())
    assert said.items() <= {check: rule for check, _, rule in rules}.items()
    severities = {s for (s,) in bad.execute("SELECT DISTINCT severity FROM data_quality").fetchall()}
    assert severities == {"high", "medium", "low"}


def test_every_rule_is_in_the_users_guide() -> None:
    guide = Path(__file__).parents[2].joinpath("docs", "figures.md").read_text(encoding="utf-8")
    assert [name for name in check_names() if f"`{name}`" not in guide] == []


def test_rules_stay_where_they_can_be_run_again(bad: File) -> None:
    (runs,) = bad.execute("SELECT runs_here FROM about_figures WHERE name = 'data_quality'").fetchall()
    assert runs == (True,)


def test_the_score_is_the_share_of_rules_passed_each_once(bad: File) -> None:
    def score(key: str) -> tuple[Any, ...]:
        columns = "rules, passed, failed, high, medium, low, score"
        (row,) = bad.execute(
            f"SELECT {columns} FROM data_quality_scores WHERE project_id = ?", [f"plan:{key}"]
        ).fetchall()
        return row

    (rules,) = bad.execute(
        "SELECT count(*) FROM data_quality_rules WHERE applies_to IN ('projects', 'planned projects', 'sources')"
    ).fetchall()
    assert score("RATES")[:6] == (rules[0], rules[0] - 1, ["hours-unpriced"], 1, 0, 0)
    assert score("AHEAD")[:6] == (rules[0], rules[0] - 1, ["actual-in-future"], 3, 0, 0)
    # what is wrong with a source is wrong with all that it feeds, and with nothing else
    assert score("WELL")[2] == ["source-incomplete", "source-old"]
    assert score("WELL")[6] == (rules[0] - 2) / rules[0]
    shown = bad.execute("SELECT data_quality, findings FROM portfolio WHERE key = 'COST'").fetchall()
    assert shown == [((rules[0] - 3) / rules[0], 2)]


def test_what_cannot_be_priced_is_no_cost_and_not_nothing(bad: File) -> None:
    """A gap in the rate card: null, not 0."""
    columns = "month_on, amount, hours, unpriced_hours"
    assert bad.execute(f"SELECT {columns} FROM costs WHERE kind = 'labour' ORDER BY month_on, hours").fetchall() == [
        (date(2026, 10, 1), 360.0, 4.0, 0.0), (date(2026, 11, 1), None, 2.0, 2.0), (date(2026, 11, 1), None, 4.0, 4.0),
    ]  # fmt: skip


def test_a_budget_that_cannot_be_read_is_none(bad: File) -> None:
    without = "SELECT key FROM budgets JOIN projects ON id = project_id WHERE category = 'all' AND budget IS NULL"
    assert bad.execute(f"{without} ORDER BY key").fetchall() == [("CUR",), ("FX",)]


# ---- a clean plan ------------------------------------------------------------------------------------------------


@pytest.fixture
def clean(small: SmallHub) -> SmallHub:
    start(small, "A")
    sound(small, "A")
    small.land("ops", issues=[issue("7", story_points=3.0, due_on=TODAY + 9 * DAY, assignee_id="6")])
    small.land("plan", team_members=[member("Tomasz Wilk", "tester")], rates=[rate("1", 90)])
    counted(small, "ops", "plan")
    return small


def test_a_clean_plan_gives_nothing(clean: SmallHub) -> None:
    with opened(clean) as file:
        assert file.execute("SELECT check_id, object, detail FROM data_quality").fetchall() == []
        assert file.execute("SELECT score, failed FROM data_quality_scores").fetchall() == [(1.0, [])]


def test_rows_of_the_plan_that_were_refused_take_nothing_from_the_work_that_landed(clean: SmallHub) -> None:
    clean.note("cursors", source="plan", stream="rates", through_at=NOON, census=25, present=23)
    planned(clean, "B", stage="proposed", sponsor="Marta Lund", note_on=TODAY)
    with opened(clean) as file:
        shown = "SELECT key, completeness FROM portfolio ORDER BY key"
        assert file.execute(shown).fetchall() == [("A", 1.0), ("B", None)]  # B has no tool: nothing to be counted
        assert file.execute("SELECT completeness FROM project_progress WHERE project_id = 'plan:A'").fetchall() == [
            (1.0,)
        ]
        assert file.execute("SELECT completeness FROM budgets").fetchall() == [(0.92,)]  # the plan's own figures say so
        found = file.execute("SELECT check_id, object, detail FROM data_quality").fetchall()
        assert found == [("source-incomplete", "plan", "holds 92.00 % of what the tool has")]
        assert file.execute("SELECT score FROM data_quality_scores").fetchall() == [(1.0,), (1.0,)]


def test_rows_that_a_tool_lacks_do(clean: SmallHub) -> None:
    clean.note("cursors", source="ops", stream="worklogs", through_at=NOON, census=4, present=3)
    with opened(clean) as file:
        assert file.execute("SELECT completeness FROM portfolio").fetchall() == [(0.75,)]
        assert file.execute("SELECT failed FROM data_quality_scores").fetchall() == [(["source-incomplete"],)]


# ---- over time ---------------------------------------------------------------------------------------------------


def test_since_when_and_whether_it_gets_better(tmp_path: Path) -> None:
    nights = Nights(tmp_path / "data", all_checks=True)
    try:
        asked_for = "SELECT since_on FROM data_quality WHERE check_id = 'no-sponsor'"
        sponsored = ("Marta Lund", "Marta Lund", None, None)
        for n, sponsor in enumerate(sponsored):
            planned(nights.hub, "A", sponsor=sponsor, pm="Ines Duarte", stage="proposed")
            nights.publish(START + n * DAY)
        assert nights.ask(asked_for) == [((START + 2 * DAY).date(),)]
        trend = "SELECT trend, earlier_score > score FROM data_quality_scores"
        assert nights.ask(trend) == [("worse", True)]
        nights.publish(START + 10 * DAY)  # a week before it was as bad
        assert nights.ask(trend) == [("same", False)]
        planned(nights.hub, "A", sponsor="Marta Lund", pm="Ines Duarte", stage="proposed")
        nights.publish(START + 11 * DAY)
        assert nights.ask(trend) == [("better", False)]
        assert nights.ask(asked_for) == []
    finally:
        nights.desk.close()
        nights.hub.close()
