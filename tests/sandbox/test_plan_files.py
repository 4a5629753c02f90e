"""The plan files of the invented company: they add up to its figures to the cent, and a plan source reads them.

Planned, earned and actual figures are counted here from the rows that the plan source reads and from the tracker's
worklogs, in whole fractions, and never with what wrote the files.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors.contract import Partition, Reject
from connectors.plan import PlanConnector
from model.config import SourceSettings
from model.plan_files import PLAN_FILES, PLAN_TABLES
from sandbox.jira_company import company as build
from sandbox.jira_plan import FACTS as GIVEN_FACTS
from sandbox.jira_plan import PLANS, Plan
from sandbox.jira_planted import PLANTED, kolb_since
from sandbox.jira_records import Worklog
from sandbox.jira_tracker import Tracker
from sandbox.jira_truth import figures
from sandbox.plan_files import write_plan
from sandbox.plan_story import PLAN_PLANTED

Table = list[dict[str, Any]]
EARNED = [plan for plan in PLANS if plan.ac is not None]
FACTS: dict[str, Any] = GIVEN_FACTS


@dataclass
class Read:
    """What a plan source makes of the files of one company."""

    as_of: date
    tracker: Tracker
    folder: Path
    tables: dict[str, Table]
    rejects: dict[str, list[Reject]]
    truth: dict[str, Any]

    def of(self, table: str, key: str) -> Table:
        return [row for row in self.tables[table] if row["project_id"] == key]


def read(folder: Path) -> tuple[dict[str, Table], dict[str, list[Reject]]]:
    connector = PlanConnector(
        SourceSettings.model_validate(
            {"name": "plan", "type": "plan", "folder": folder.name, "root": str(folder.parent)}
        )
    )
    tables, rejects = {}, {}
    for table in PLAN_TABLES:
        batches = [connector.decode(table, page.body) for page in connector.pull(Partition(table, "all"))]
        tables[table] = [row for batch in batches for row in batch.rows[table].to_pylist()]
        rejects[table] = [reject for batch in batches for reject in batch.rejects]
    assert connector.rights().missing == []
    return tables, rejects


@pytest.fixture(scope="module", params=[(7, date(2026, 11, 26)), (3, date(2026, 3, 29))], ids=["thursday", "sunday"])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Read:
    seed, as_of = request.param
    tracker, people = build(seed=seed, as_of=as_of)
    folder = tmp_path_factory.mktemp("company") / "plan"
    write_plan(folder, tracker, people, as_of)
    return Read(as_of, tracker, folder, *read(folder), figures(tracker, as_of))


# ------------------------------------------------------------------ figures, counted anew


def working_days(first: date, last: date) -> int:
    return sum((first + timedelta(days=n)).weekday() < 5 for n in range((last - first).days + 1))


def planned(made: Read, key: str) -> Fraction:
    value = Fraction(0)
    for row in made.of("work_packages", key):
        all_days = working_days(row["start_on"], row["finish_on"])
        value += Fraction(row["budget"]) * working_days(row["start_on"], min(row["finish_on"], made.as_of)) / all_days
    return value


def earned(made: Read, key: str) -> Fraction:
    value = Fraction(0)
    for row in made.of("work_packages", key):
        assert not row["issue"] and not row["label"] and not row["milestone"]
        assert (row["finished_on"] is None) == (row["percent_complete"] < 100)
        assert all(row[name] is None or row[name] <= made.as_of for name in ("started_on", "finished_on"))
        value += Fraction(row["budget"]) * Fraction(row["percent_complete"]) / 100
    return value


def scoped(made: Read) -> tuple[dict[int, str | None], Counter[int]]:
    """Project of each issue by the first line that fits, and the issues by how many projects would have them."""
    places: dict[int, str | None] = {}
    fitting: Counter[int] = Counter()
    for issue in made.tracker.issues.values():
        tool = made.tracker.projects[issue.project_id]
        kind = made.tracker.types[issue.type_id].name
        found = [
            row["project_id"]
            for row in made.tables["project_scopes"]
            if (not row["in_project"] or tool.key in row["in_project"])
            and (not row["issue_type"] or kind in row["issue_type"])
            and (not row["issue"] or issue.key in row["issue"])
        ]
        places[issue.id] = found[0] if found else None
        fitting[len(set(found))] += 1
    return places, fitting


def own_day(made: Read, log: Worklog) -> date:
    user = made.tracker.users[log.author]
    zone = ZoneInfo(user.zone if user.shows_zone else "Europe/Berlin")
    return datetime.fromtimestamp(log.started / 1000, UTC).astimezone(zone).date()


def rate(made: Read, log: Worklog, key: str) -> tuple[float, str] | None:
    day = own_day(made, log)
    names = {made.tracker.users[log.author].name, made.tracker.users[log.author].email}
    role = next(row["role"] for row in made.tables["team_members"] if row["person"] in names)
    found = []
    for row in made.tables["rates"]:
        if not (row["from_on"] or date.min) <= day <= (row["to_on"] or date.max):
            continue
        if row["project_id"] not in (None, key) or (row["person"] and row["person"] not in names):
            continue
        if row["person"] or row["role"] in (None, role):
            place = 0 if row["person"] else 2 if row["role"] else 4
            found.append((place + (row["project_id"] is None), row["hourly_rate"], row["currency"]))
    return min(found)[1:] if found else None


def labour(made: Read) -> tuple[dict[str, Fraction], dict[str, Fraction]]:
    """Cost by project, and hours without any rate by person."""
    places, _ = scoped(made)
    currency = {row["project_id"]: row["currency"] for row in made.tables["project_plans"]}
    cost: dict[str, Fraction] = defaultdict(Fraction)
    unpriced: dict[str, Fraction] = defaultdict(Fraction)
    known: dict[tuple[str, str, date], tuple[float, str] | None] = {}
    for log in made.tracker.worklogs.values():
        key = places[log.issue_id]
        if key is None:
            continue
        whose = (log.author, key, own_day(made, log))
        price = known[whose] if whose in known else known.setdefault(whose, rate(made, log, key))
        if price is None:
            unpriced[made.tracker.users[log.author].name] += Fraction(log.seconds, 3600)
        else:
            assert price[1] == currency[key]  # nothing has to be exchanged, so nothing is rounded
            cost[key] += Fraction(log.seconds, 3600) * Fraction(price[0])
    return cost, unpriced


@pytest.fixture(scope="module")
def worked(made: Read) -> tuple[dict[str, Fraction], dict[str, Fraction]]:
    return labour(made)


def entered(made: Read, plan: Plan, *kinds: str) -> Fraction:
    dollars = {row["month_on"]: row["rate"] for row in made.tables["exchange_rates"]}
    amount = Fraction(0)
    for row in made.of("cost_entries", plan.key):
        if row["kind"] in kinds:
            assert row["worked_on"] <= made.as_of
            foreign = row["currency"] not in (None, plan.currency)
            factor = Fraction(str(dollars[row["worked_on"].replace(day=1)])) if foreign else Fraction(1)
            amount += Fraction(str(row["amount"])) * factor
    return amount


@pytest.mark.parametrize("plan", EARNED, ids=lambda plan: plan.key)
def test_the_files_add_up_to_the_table(made: Read, worked: tuple[dict[str, Fraction], ...], plan: Plan):
    bac = sum(Fraction(row["budget"]) for row in made.of("work_packages", plan.key))
    counted = bac, planned(made, plan.key), earned(made, plan.key)
    assert [value / 1000 for value in counted] == [plan.bac, plan.pv, plan.ev]
    lines = made.of("budget_lines", plan.key)
    assert sum(row["amount"] + row["contingency"] for row in lines) == plan.bac * 1000
    invoiced = worked[0][plan.key] + entered(made, plan, "expense")
    assert invoiced / 1000 == plan.ac
    truth = made.truth["projects"][plan.key]
    accrued = truth["with_accruals"]
    assert {name: accrued[name] for name in ("bac", "pv", "ev")} == {"bac": plan.bac, "pv": plan.pv, "ev": plan.ev}
    assert (invoiced + entered(made, plan, "accrual")) / 1000 == accrued["ac"]
    assert accrued["eac"] == pytest.approx(float(bac / 1000 * Fraction(accrued["ac"]) / (counted[2] / 1000)))
    assert all(row["amount"] > 0 for row in made.of("cost_entries", plan.key))
    if plan.key not in ("NET", "M365"):
        assert (round(accrued["spi"], 2), round(accrued["cpi"], 2)) == (round(truth["spi"], 2), truth["cpi"])


def test_the_accrual_turns_net_around(made: Read):
    net = made.truth["projects"]["NET"]
    assert (net["ac"], net["cpi"], net["eac"]) == (395, 1.07, 732)
    accrued = net["with_accruals"]
    assert (accrued["accrued"], round(accrued["cpi"], 2), round(accrued["eac"])) == (130, 0.80, 973)


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.key)
def test_each_project_has_its_days(made: Read, plan: Plan):
    [row] = made.of("project_plans", plan.key)
    finishes = [one["finish_on"] for one in made.of("baselines", plan.key)]
    truth = made.truth["projects"][plan.key]
    weeks = [made.as_of + timedelta(weeks=week) for week in (plan.baseline_week,) if week is not None]
    assert finishes == weeks and truth["baseline_finish_on"] == (weeks[0].isoformat() if weeks else None)
    foreseen = row["finished_on"] if plan.key == "DWH" else row["forecast_finish_on"]
    assert truth["forecast_finish_on"] == (foreseen.isoformat() if foreseen else None)
    assert row["currency"] == truth["currency"] == ("USD" if plan.key == "CRM" else "EUR")
    assert (row["kind"] == "run", row["deadline_on"] is not None, row["hold_from_on"] is not None) == (
        plan.key == "SVC", plan.key == "CMP", plan.key == "M365",
    )  # fmt: skip


def test_dwh_is_late_by_earned_schedule(made: Read):
    [baseline], [row] = made.of("baselines", "DWH"), made.of("project_plans", "DWH")
    weeks = [(day - baseline["start_on"]).days + 1 for day in (baseline["finish_on"], row["finished_on"])]
    assert weeks == [40 * 7, 45 * 7] and round(40 / 45, 2) == FACTS["dwh_spi_time"]
    months = [one for one in made.of("benefits", "DWH") if one["month_on"] <= made.as_of]
    assert sum(one["planned"] for one in months) == 46_000
    assert sum(one["realised"] for one in months) == 1000 * FACTS["dwh_benefit_after_8_weeks"]
    assert sum(one["planned"] for one in made.of("benefits", "DWH")) == 1000 * FACTS["dwh_benefit_plan_a_year"]


# ------------------------------------------------------------------ what is planted


def test_what_is_planted_is_refused_and_nothing_else(made: Read):
    assert {path.stem for path in made.folder.iterdir()} == set(PLAN_FILES)
    refused = {table: found for table, found in made.rejects.items() if found}
    assert {table: len(found) for table, found in refused.items()} == {
        "rates": PLAN_PLANTED["overlapping_rates"],
        "risk_register": PLAN_PLANTED["words_in_day_cells"],
    }
    assert all("is valid then, too" in reject.error for reject in refused["rates"])
    assert all("column review_on" in (reject.field or "") for reject in refused["risk_register"])
    assert len(made.tables["risk_register"]) == len(made.folder.joinpath("risks.csv").read_text().splitlines()) - 1


def test_what_is_planted_is_there_to_the_count(made: Read, worked: tuple[dict[str, Fraction], ...]):
    _, fitting = scoped(made)
    assert fitting[2] == PLAN_PLANTED["issues_in_two_projects"] and fitting[0] == PLAN_PLANTED["issues_in_no_project"]
    assert worked[1] == {"Beat Kolb": PLANTED["kolb_hours"]}
    [ends] = [row["to_on"] for row in made.tables["rates"] if row["person"] == "Beat Kolb"]
    assert ends == kolb_since(made.as_of) - timedelta(days=1)
    members = {row["person"]: row for row in made.tables["team_members"]}
    assert len(members) == len(made.tables["team_members"]) == PLAN_PLANTED["team_members"]
    assert members["Jonas Feld"]["share"] == 0.6 and members["Jonas Feld"]["calendar"] == "Porto"
    assert members["Beat Kolb"]["external"] and members["Noor Haddad"]["to_on"] < made.as_of
    assert {row["name"] for row in made.tables["calendar_days"] if row["calendar"] == "Porto"} >= {"Dia de Portugal"}
    going = [row for row in made.tables["project_plans"] if row["sponsor"] is None]
    assert len(going) == PLAN_PLANTED["sponsors_missing"]
    late = [row for row in made.tables["baselines"] if row["approved_on"] > row["finish_on"]]
    assert len(late) == PLAN_PLANTED["baselines_approved_after_finish"] and all(
        row["approved_by"] and row["approved_on"] <= made.as_of for row in made.tables["baselines"]
    )


def test_registers_tell_the_story(made: Read):
    changes = made.of("change_requests", "WEB")
    assert sum(row["points"] for row in changes if row["state"] == "approved") == PLANTED["web_points_approved"]
    [override] = made.tables["health_overrides"]
    [drs] = made.of("project_plans", "DRS")
    assert (override["health"], override["until_on"]) == ("green", made.as_of + timedelta(days=5))
    assert override["said_by"] == drs["pm"] and "supplier promised" in override["reason"]
    stages = Counter(row["stage"] for row in made.tables["project_plans"])
    assert stages == {"execution": 11, "closed": 1, "initiation": 1, "proposed": 2}
    asked = [sum(row["amount"] for row in made.of("budget_lines", key)) for key in ("INV", "REQ-1", "REQ-2")]
    assert asked == [120_000, 80_000, 45_000]
    assert {2, 3} >= set(Counter(row["project_id"] for row in made.tables["risk_register"]).values())
    known = {row["native_id"] for row in made.tables["program_plans"]}
    assert {row["program_id"] for row in made.tables["project_plans"]} == known | {None}


def test_a_seed_and_a_day_decide_the_files(tmp_path: Path):
    def written(name: str, seed: int, as_of: date) -> Iterator[tuple[str, bytes]]:
        tracker, people = build(seed=seed, as_of=as_of, issues=300)
        write_plan(tmp_path / name, tracker, people, as_of)
        return ((path.name, path.read_bytes()) for path in sorted((tmp_path / name).iterdir()))

    day = date(2026, 11, 26)
    one, same, other = (dict(written(name, seed, day)) for name, seed in (("one", 1), ("same", 1), ("other", 2)))
    assert one == same and one["team_members.csv"] != other["team_members.csv"]
    later = dict(written("later", 1, day + timedelta(weeks=1)))
    assert later["scopes.csv"] == one["scopes.csv"] and later["baselines.csv"] != one["baselines.csv"]
