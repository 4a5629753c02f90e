"""What holds of the figures whatever the rows: sums that agree, earned value in its budget, costs that go with rates.

Each seed is a hub of random rows; one is fixed, one is fresh each time, and printed where a test fails. More of both:
`make test-real`.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.seeds import FRESH, drawn
from tests.warehouse.small_hub import NOON, STATUSES, SmallHub, issue, project, worklog
from tests.warehouse.test_plan_figures import baseline, cost, package, planned, rate, scope

TODAY = NOON.date()
KEYS = "ABC"
Row = dict[str, Any]


class Company:
    """Two tools with people, issues and hours, and a plan of three projects in two programs and none."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.gone = {"ops": range(1, 61, 7), "web": range(5, 61, 13)}

    def day(self, first: int, last: int) -> date:
        return TODAY + timedelta(days=self.random.randint(first, last))

    def maybe(self, value: Any, chance: float = 0.7) -> Any:
        return value if self.random.random() < chance else None

    def land(self, hub: SmallHub, *, rates: float = 1.0) -> None:
        for source, projects in (("ops", 4), ("web", 2)):
            people = [{"native_id": str(n), "name": f"Person {source} {n}"} for n in range(5)]
            hub.land(source, projects=[project(str(n + 1)) for n in range(projects)], words=STATUSES, accounts=people)
            hub.land(source, issues=self.issues(projects), worklogs=self.worklogs(projects))
            hub.gone(source, "worklogs", **{f"i{id_}": "deleted" for id_ in self.gone[source]})
            hub.note("cursors", source=source, stream="issues", through_at=NOON, census=4, present=4)
        for key in KEYS:
            rule = self.random.choice(["0/100", "50/50", "percent", "points"])
            program = {"A": "G1", "B": "G1", "C": None}[key]
            planned(hub, key, currency="EUR", earned_rule=rule, program_id=program)
        scopes = [scope(n, key, in_project=[f"P{n}"]) for n, key in enumerate(KEYS, 1)]
        hub.land("plan", program_plans=[{"native_id": "G1", "name": "One"}], project_scopes=scopes)
        hub.land("plan", rates=self.rates(rates), baselines=[
            baseline(native_id=f"{key}|1", project_id=key) for key in KEYS
        ], work_packages=self.packages(), cost_entries=self.costs())  # fmt: skip
        hub.note("cursors", source="plan", stream="projects", through_at=NOON, census=4, present=4)

    def issues(self, projects: int) -> list[Row]:
        return [
            issue(
                str(n), self.maybe(str(1 + n % projects), 0.9), native_status_id=str(self.random.randint(1, 4)),
                story_points=self.maybe(float(self.random.randint(0, 8))), due_on=self.maybe(self.day(-60, 60)),
                original_estimate_seconds=self.maybe(3600 * self.random.randint(0, 40)),
                percent_complete=self.maybe(float(self.random.randint(0, 100))),
            )
            for n in range(1, 31)
        ]  # fmt: skip

    def worklogs(self, projects: int) -> list[Row]:
        return [
            worklog(
                str(n), self.maybe(str(self.random.randint(1, 30))), self.random.randint(1, 32) / 4,
                project_id=self.maybe(str(self.random.randint(1, projects)), 0.9),
                account_id=self.maybe(str(self.random.randint(0, 4)), 0.9), work_on=self.day(-90, 3),
                created_at=datetime(2026, 10, 1, tzinfo=UTC) + timedelta(days=self.random.randint(0, 50)),
            )
            for n in range(1, 61)
        ]  # fmt: skip

    def rates(self, factor: float) -> list[Row]:
        made = []
        for n in range(8):
            person = f"Person {'ops' if n < 5 else 'web'} {n % 5}"
            project_id = self.maybe(self.random.choice(KEYS), 0.3)
            made.append(rate(str(n), factor * self.random.randint(20, 99), person=person, project_id=project_id))
        return [*made, rate("default", factor * 50.0, from_on=self.day(-80, -40))]

    def packages(self) -> list[Row]:
        made = []
        for n in range(15):
            start = self.maybe(self.day(-120, 40), 0.9)
            finish = start and start + timedelta(days=self.random.randint(0, 80))
            more = {"project_id": KEYS[n % 3], "budget": float(self.random.randint(0, 5000))}
            more |= {"issue": self.maybe([f"#{self.random.randint(1, 30)}"], 0.6) or [], "level_of_effort": n % 7 == 6}
            percent = self.maybe(float(self.random.choice([0, 30, 100])))
            made.append(package(f"package {n}", start, finish, percent_complete=percent, **more))
        return made

    def costs(self) -> list[Row]:
        kinds = ("expense", "accrual", "commitment")
        return [
            cost(
                str(n), float(self.random.randint(-50, 900)), self.maybe(self.day(-90, 0)),
                project_id=self.random.choice(KEYS), kind=self.random.choice(kinds),
            )
            for n in range(12)
        ]  # fmt: skip


class Filled:
    """A published hub, and the same with rates thrice as high."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.published = []
        for factor in (1.0, 3.0):
            hub = SmallHub(folder / f"rates{factor}")
            Company(seed).land(hub, rates=factor)
            file = hub.publish(NOON, timezone="Europe/Berlin").path
            hub.close()
            self.published.append(duckdb.connect(str(file), read_only=True))

    def ask(self, sql: str, *, rates: int = 0, zone: str = "UTC") -> list[tuple[Any, ...]]:
        con = self.published[rates]
        con.execute(f"SET TimeZone = '{zone}'")
        return con.execute(sql).fetchall()

    def close(self) -> None:
        for con in self.published:
            con.close()

    def one(self, sql: str, **how: Any) -> Any:
        return self.ask(sql, **how)[0][0]


@pytest.fixture(scope="module", params=[20261126, FRESH])
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    with closing(Filled(tmp_path_factory.mktemp("laws"), drawn(request.param))) as made:
        yield made


def test_hours_add_up_whichever_way_they_are_cut(filled: Filled) -> None:
    seconds = filled.one("SELECT sum(seconds) FROM worklogs WHERE counted")
    days = "SELECT sum(seconds) FROM timesheet_days"
    assert filled.one(days) == seconds
    for cut in (
        "SELECT sum(hours) FROM timesheet_weeks",
        "SELECT sum(hours) FROM project_hours",
        "SELECT sum(hours_logged) FROM portfolio",
        "SELECT sum(hours_logged) FROM programs",
        "SELECT sum(hours) FROM (SELECT person_id, sum(hours) AS hours FROM timesheet_days GROUP BY 1)",
    ):
        assert filled.one(cut) == pytest.approx(seconds / 3600), cut


def test_what_was_deleted_never_counts(filled: Filled) -> None:
    """Nor does what repeats an entry of another tool, which `counted` leaves out as well."""
    assert filled.one("SELECT count(*) FROM worklogs WHERE availability = 'deleted'") > 0
    assert filled.one("SELECT count(*) FROM worklogs WHERE availability <> 'present' AND counted") == 0
    priced = "SELECT sum(hours) FROM costs WHERE kind = 'labour'"
    planned_ones = "JOIN portfolio_projects AS p ON p.project_id = d.project_id AND p.is_planned"
    counted = f"SELECT sum(d.hours) FROM timesheet_days AS d {planned_ones}"
    assert filled.one(priced) == pytest.approx(filled.one(counted))


def test_earned_value_is_within_its_budget(filled: Filled) -> None:
    weeks = "FROM earned_value WHERE basis = 'money'"
    assert filled.one(f"SELECT count(*) {weeks}") > 0
    outside = "NOT ev BETWEEN -1e-9 AND bac + 1e-6 OR NOT pv BETWEEN -1e-9 AND bac + 1e-6"
    assert filled.ask(f"SELECT project_id, day_on, ev, pv, bac {weeks} AND ({outside})") == []
    step = "pv - lag(pv) OVER (PARTITION BY project_id ORDER BY day_on)"
    assert filled.ask(f"FROM (SELECT project_id, {step} AS step {weeks} AND NOT is_now) WHERE step < -1e-6") == []


def test_cost_goes_with_the_rates(filled: Filled) -> None:
    labour = "SELECT project_id, month_on, sum(amount) FROM costs WHERE kind {} 'labour' GROUP BY 1, 2 ORDER BY 1, 2"
    one, three = (filled.ask(labour.format("="), rates=rates) for rates in (0, 1))
    assert one and [row[:2] for row in one] == [row[:2] for row in three]
    assert [row[2] for row in three] == pytest.approx([3 * row[2] if row[2] else row[2] for row in one])
    assert filled.ask(labour.format("<>")) == filled.ask(labour.format("<>"), rates=1)
    hours = "SELECT sum(hours), sum(unpriced_hours) FROM costs"
    assert filled.ask(hours) == filled.ask(hours, rates=1)


def test_a_program_is_the_sum_of_its_projects(filled: Filled) -> None:
    for column in ("budget", "actual_cost", "hours_7d", "overdue", "blocked", "issues", "done", "open_high_risks"):
        sums = filled.ask(
            f"SELECT program, sum({column}) FROM portfolio WHERE program IS NOT NULL GROUP BY 1 ORDER BY 1"
        )
        shown = filled.ask(f"SELECT program, {column} FROM programs WHERE program_id IS NOT NULL ORDER BY 1")
        assert [row[1] for row in shown] == pytest.approx([row[1] for row in sums]), column
    issues = filled.one("SELECT count(*) FROM issues WHERE availability = 'present'")
    assert filled.one("SELECT sum(issues) FROM programs") == filled.one("SELECT sum(issues) FROM portfolio") == issues


def test_the_same_sql_gives_the_same_rows_under_any_session_time_zone(filled: Filled) -> None:
    for name, sql in filled.ask("SELECT name, sql FROM about_figures WHERE runs_here ORDER BY name"):
        found = [
            sorted(map(str, filled.ask(sql, zone=zone))) for zone in ("UTC", "Asia/Kolkata", "America/Los_Angeles")
        ]
        assert found[0] == found[1] == found[2], name
