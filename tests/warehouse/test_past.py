"""What was shown on earlier days and what changed after a month was closed: kept on the desk, told by the figures."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb
import pytest

from model.config import HubSettings
from model.errors import ConfigError, FileError
from model.figures import DataQuality
from tests.warehouse.small_hub import STATUSES, SmallHub, issue, project, worklog
from tests.warehouse.test_plan_figures import PEOPLE, baseline, cost, package, planned, rate, scope
from warehouse import past
from warehouse import publish as publishing
from warehouse.desk import Desk
from warehouse.figures import check_names, figure_parts
from warehouse.past import ShownProject
from warehouse.publish import publish
from warehouse.read import Reader

DAY = timedelta(days=1)
START = datetime(2026, 11, 2, 4, tzinfo=UTC)  # a Monday


def _parts(table: str) -> list[str]:
    """Of the fifty checks, the one that is asked for here."""
    parts = figure_parts(table)
    return [parts[check_names().index("month-edited")]] if table == DataQuality.table else parts


class Nights:
    """A hub that is published night by night, with a desk; with all checks of the quality, or with one."""

    def __init__(self, folder: Path, *, all_checks: bool = False) -> None:
        self.parts = figure_parts if all_checks else _parts
        self.hub = SmallHub(folder)
        self.desk = Desk(folder / "desk.sqlite")
        self.hub.land("ops", projects=[project("1")], words=STATUSES, accounts=PEOPLE)
        planned(self.hub, "A")
        self.hub.land("plan", project_scopes=[scope(1, "A", in_project=["P1"])])
        for source in ("ops", "plan"):
            self.hub.note("cursors", source=source, stream="issues", through_at=START, census=4, present=4)

    def publish(self, at: datetime, **settings: Any) -> None:
        at_utc = at.astimezone(UTC).replace(tzinfo=None)
        self.hub.hub.con.execute("UPDATE ledger.cursors SET through_at = ?", [at_utc])
        self.hub.renew()
        with patch.object(publishing, "figure_parts", self.parts):
            publish(self.hub.hub, self.hub.data, HubSettings(**settings), now=at, past=self.desk.past)

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.hub.data / "portfolio.duckdb"), read_only=True) as con:
            return con.execute(sql).fetchall()

    def health(self) -> tuple[Any, ...]:
        (row,) = self.ask("SELECT health, health_found, health_trend FROM portfolio WHERE project_id = 'plan:A'")
        return row


@pytest.fixture
def nights(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Nights]:
    """With all checks of the quality where the parameter says so."""
    made = Nights(tmp_path / "data", all_checks=getattr(request, "param", False))
    yield made
    made.desk.close()
    made.hub.close()


def end_by(nights: Nights, on: date) -> None:
    """The plan's end is 30 November; the PM foresees it on this day, and the deadline is far off."""
    planned(nights.hub, "A", forecast_finish_on=on, deadline_on=date(2027, 12, 31))
    nights.hub.land("plan", baselines=[baseline()], work_packages=[
        package("all", date(2026, 11, 2), date(2026, 11, 30), budget=100.0)
    ])  # fmt: skip


ON_TIME, LATE, VERY_LATE = date(2026, 11, 30), date(2026, 12, 11), date(2027, 2, 26)


def test_back_to_green_after_two_days_running(nights: Nights) -> None:
    told = []
    for night, finish in enumerate((LATE, ON_TIME, ON_TIME, VERY_LATE, ON_TIME, LATE, ON_TIME, ON_TIME)):
        end_by(nights, finish)
        nights.publish(START + night * DAY)
        told.append(nights.health()[:2])
    assert told == [
        ("amber", "amber"), ("amber", "green"), ("green", "green"), ("red", "red"), ("red", "green"),
        ("amber", "amber"), ("amber", "green"), ("green", "green"),
    ]  # fmt: skip


def test_a_second_publishing_of_a_day_is_no_second_day(nights: Nights) -> None:
    end_by(nights, LATE)
    nights.publish(START)
    end_by(nights, ON_TIME)
    for hours in (24, 25, 26):
        nights.publish(START + timedelta(hours=hours))
    assert nights.health()[:2] == ("amber", "green")
    reason = nights.ask("SELECT health_reason FROM portfolio WHERE project_id = 'plan:A'")[0][0]
    assert reason.startswith("green again for the first day, amber on 2026-11-02: ")
    assert nights.ask("SELECT as_of_on, count(*) FROM portfolio_history GROUP BY 1 ORDER BY 1") == [
        (date(2026, 11, 2), 1), (date(2026, 11, 3), 1),
    ]  # fmt: skip


def test_days_in_which_nothing_was_known_do_not_make_it_green(nights: Nights) -> None:
    end_by(nights, VERY_LATE)
    nights.publish(START)
    planned(nights.hub, "A", forecast_finish_on=ON_TIME)  # without a deadline only one thing can be computed
    nights.publish(START + DAY)
    assert nights.health()[:2] == ("unknown", "unknown")
    end_by(nights, ON_TIME)
    nights.publish(START + 2 * DAY)
    assert nights.health()[:2] == ("red", "green")


def test_the_trend_is_told_against_a_week_before(nights: Nights) -> None:
    told = []
    for night, finish in ((0, LATE), (1, VERY_LATE), (7, VERY_LATE), (8, VERY_LATE), (9, LATE)):
        end_by(nights, finish)
        nights.publish(START + night * DAY)
        told.append(nights.health()[2])
    # before there is a week of history, against its first day
    assert told == [None, "worse", "worse", "same", "better"]


def test_each_day_is_kept_as_it_was_published_last(nights: Nights) -> None:
    issues = [issue("1", due_on=date(2026, 11, 1)), issue("2")]
    nights.hub.land("ops", issues=issues[:1])
    nights.publish(START)
    nights.hub.land("ops", issues=issues)
    nights.publish(START + timedelta(hours=3))
    nights.publish(START + 2 * DAY)
    history = "SELECT as_of_on, issues, overdue FROM portfolio_history WHERE project_id = 'plan:A' ORDER BY 1"
    assert nights.ask(history) == [(date(2026, 11, 2), 2, 1), (date(2026, 11, 4), 2, 1)]
    today = "FROM portfolio EXCEPT SELECT * EXCLUDE as_of_on FROM portfolio_history WHERE as_of_on = '2026-11-04'"
    assert nights.ask(today) == []
    with Reader(nights.hub.data) as reader:
        assert reader.kept_day(date(2026, 11, 3)) == date(2026, 11, 2)
        (row,) = reader.portfolio(project="a", day=date(2026, 11, 2)).dicts()
        assert (row["project"], row["issues"], type(row["hours_logged"])) == ("Project A", 2, float)
        with pytest.raises(ConfigError, match=r"nothing is kept of 2026-11-01 or before: .* begins on 2026-11-02"):
            reader.kept_day(date(2026, 11, 1))


def test_projects_and_programs_are_found_by_any_name_of_theirs(nights: Nights) -> None:
    planned(nights.hub, "A", program_id="ops")
    planned(nights.hub, "B")
    nights.hub.land("plan", program_plans=[{"native_id": "ops", "name": "Operations"}])
    nights.publish(START)
    with Reader(nights.hub.data) as reader:

        def names(**asked: Any) -> list[str]:
            return [row["project"] for row in reader.portfolio(**asked).dicts()]

        assert names(program="operations") == names(program="OPS") == names(program="plan:ops") == ["Project A"]
        assert names(project="b") == names(project="project b") == names(project="plan:B") == ["Project B"]
        assert names(program="Operations", project="A") == ["Project A"]
        with pytest.raises(
            ConfigError, match='there is no program Operation in the portfolio; did you mean "Operations"'
        ):
            names(program="Operation")
        with pytest.raises(ConfigError, match='there is no project Project C in the portfolio; did you mean "Project '):
            names(project="Project C")
        with pytest.raises(ConfigError, match="no project B belongs to the program Operations"):
            names(program="Operations", project="B")


def kept_days(nights: Nights) -> list[ShownProject]:
    return [row for rows in nights.desk.past.days_before(date(2027, 1, 1)) for row in rows]


def test_many_days_are_read_piece_by_piece(nights: Nights, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(past, "ROWS_AT_ONCE", 2)
    planned(nights.hub, "B")
    for night in range(4):
        nights.publish(START + night * DAY)
    assert nights.ask("SELECT as_of_on, count(*) FROM portfolio_history GROUP BY 1 ORDER BY 1") == [
        (START.date() + night * DAY, 2) for night in range(4)
    ]  # fmt: skip


def test_the_past_survives_a_hub_that_is_made_again_and_a_renamed_source(nights: Nights, tmp_path: Path) -> None:
    nights.publish(START)
    nights.desk.rename_source("plan", "pmo", "ada")
    (row,) = [row for row in kept_days(nights) if row.project_id]
    assert (row.as_of_on, row.source, row.project_id) == ("2026-11-02", "pmo", "pmo:A")


def test_a_day_whose_file_could_not_be_written_is_not_kept(nights: Nights, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "_describe", _fail)
    with pytest.raises(FileError):
        nights.publish(START)
    assert kept_days(nights) == []


def _fail(*_: Any) -> None:
    raise duckdb.IOException("the disk is gone")


# ---- closed months -----------------------------------------------------------------------------------------------


OCTOBER = date(2026, 10, 1)
CLOSED = datetime(2026, 11, 10, 4, tzinfo=UTC)
IN_TIME, LATER = datetime(2026, 11, 3, tzinfo=UTC), datetime(2026, 11, 12, tzinfo=UTC)


def hours(id_: str, hours_: float, at: datetime | None = IN_TIME, **more: Any) -> dict[str, Any]:
    more = {"account_id": "5", "work_on": date(2026, 10, 20)} | more
    return worklog(id_, "1", hours_, created_at=at, updated_at=at, **more)


RESTATED = "SELECT figure, closed_value, value, difference, is_taken FROM restatements ORDER BY figure"


def test_hours_entered_after_the_month_was_closed_are_told(nights: Nights) -> None:
    """Also when the hub was not there: the tool says when an entry was made."""
    nights.hub.land("ops", issues=[issue("1")], worklogs=[hours("1", 10), hours("2", 37, LATER), hours("3", 1, None)])
    nights.publish(CLOSED + 9 * DAY)
    assert nights.ask(RESTATED) == [("hours", 11.0, 48.0, 37.0, True)]
    (closing,) = nights.ask("SELECT month_on, closed_on, hours FROM month_closings WHERE project_id = 'plan:A'")
    assert closing == (OCTOBER, date(2026, 11, 10), 11.0)
    said = "hours of 2026-10: 11.0 when it was closed, and now 48.0 hours"
    assert nights.ask("SELECT detail FROM restatements") == [(said,)]
    doubtful = nights.ask("SELECT object, project_id, detail FROM data_quality WHERE check_id = 'month-edited'")
    assert doubtful == [("Project A 2026-10", "plan:A", said)]


def test_hours_taken_away_or_edited_after_the_month_was_closed_are_told(nights: Nights) -> None:
    nights.hub.land("ops", issues=[issue("1")], worklogs=[hours("1", 10), hours("2", 5), hours("3", 8)])
    nights.publish(CLOSED)
    assert nights.ask(RESTATED) == []
    nights.hub.land("ops", worklogs=[hours("3", 6)])
    nights.hub.gone("ops", "worklogs", i2="deleted")
    nights.publish(CLOSED + DAY)
    assert nights.ask(RESTATED) == [("hours", 23.0, 16.0, -7.0, True)]


def test_a_month_is_open_until_its_day_and_until_its_sources_were_read_since(nights: Nights) -> None:
    nights.hub.land("ops", issues=[issue("1")], worklogs=[hours("1", 10)])
    nights.publish(CLOSED - timedelta(hours=5))
    assert nights.ask("FROM month_closings") == []
    nights.publish(CLOSED + DAY, month_close_day=12)
    assert nights.ask("FROM month_closings") == []
    nights.hub.renew()
    # published, but nothing was read since the day of closing
    nights.hub.hub.con.execute("UPDATE ledger.cursors SET through_at = TIMESTAMP '2026-11-09 23:00:00'")
    publish(nights.hub.hub, nights.hub.data, HubSettings(), now=CLOSED, past=nights.desk.past)
    assert nights.ask("FROM month_closings") == []
    nights.publish(CLOSED + DAY)
    assert len(nights.ask("FROM month_closings")) == 1


def test_a_closed_month_keeps_its_rates(nights: Nights) -> None:
    """A rate that is edited afterwards is told with what it would have made of the month; an open month takes it."""
    planned(nights.hub, "A", currency="EUR")
    november = hours("2", 4, datetime(2026, 11, 9, tzinfo=UTC), work_on=date(2026, 11, 9))
    nights.hub.land("ops", issues=[issue("1")], worklogs=[hours("1", 10), november])
    nights.hub.land("plan", rates=[rate("default", 100.0)], cost_entries=[cost("1", 50.0, date(2026, 10, 5))])
    nights.publish(CLOSED)
    assert nights.ask(RESTATED) == []
    nights.hub.land("plan", rates=[rate("default", 120.0)], cost_entries=[cost("1", 80.0, date(2026, 10, 5))])
    nights.hub.land("ops", worklogs=[hours("3", 2, LATER)])
    nights.publish(CLOSED + 3 * DAY)
    spent = "SELECT month_on, sum(amount) FROM costs WHERE kind = 'labour' GROUP BY 1 ORDER BY 1"
    assert nights.ask(spent) == [(OCTOBER, 1200.0), (date(2026, 11, 1), 480.0)]
    assert nights.ask(RESTATED) == [
        ("hours", 10.0, 12.0, 2.0, True),
        ("labour_cost", 1000.0, 1200.0, 200.0, True),
        ("other_cost", 50.0, 80.0, 30.0, True),
        ("rates", 1200.0, 1440.0, 240.0, False),
    ]  # fmt: skip
    kept = nights.desk.past.rates()
    assert [(row.month_on, row.from_on) for row in kept] == [("2026-10-01", "2026-10-20")]


def test_a_rate_that_changed_within_a_closed_month_is_kept_from_its_day(nights: Nights) -> None:
    planned(nights.hub, "A", currency="EUR")
    worked = [hours(str(day), 1, work_on=date(2026, 10, day)) for day in (1, 10, 20, 30)]
    nights.hub.land("ops", issues=[issue("1")], worklogs=worked)
    nights.hub.land("plan", rates=[
        rate("early", 10.0, to_on=date(2026, 10, 9)),
        rate("middle", 20.0, from_on=date(2026, 10, 10), to_on=date(2026, 10, 19)),
        rate("late", 10.0, from_on=date(2026, 10, 20)),
    ])  # fmt: skip
    nights.publish(CLOSED)
    flat = [rate(name, 99.0) for name in ("early", "middle", "late")]
    nights.hub.land("plan", rates=flat)
    nights.publish(CLOSED + DAY)
    assert nights.ask("SELECT sum(amount) FROM costs") == [(50.0,)]
    assert nights.ask(RESTATED) == [("rates", 50.0, 396.0, 346.0, False)]


def test_another_rule_of_earning_restates_the_closed_months(nights: Nights) -> None:
    """Two packages of 1,000, one of them half done in October: 0/100 earns nothing for it, 50/50 a half."""
    begin, end = date(2026, 10, 5), date(2026, 12, 11)
    nights.hub.land("plan", baselines=[baseline(start_on=begin, finish_on=end, approved_on=date(2026, 10, 1))])
    nights.hub.land("plan", work_packages=[
        package("one", begin, end, budget=1000.0, finished_on=date(2026, 10, 9)),
        package("two", begin, end, budget=1000.0, started_on=date(2026, 10, 9)),
    ])  # fmt: skip
    planned(nights.hub, "A", currency="EUR", earned_rule="0/100")
    nights.publish(CLOSED)
    kept = nights.ask("SELECT earned_on, earned_value, earned_rule, earned_unit FROM month_closings WHERE hours = 0")
    assert kept == [(date(2026, 10, 25), 1000.0, "0/100", "EUR")]
    planned(nights.hub, "A", currency="EUR", earned_rule="50/50")
    nights.publish(CLOSED + DAY)
    assert nights.ask(RESTATED) == [("earned_value", 1000.0, 1500.0, 500.0, True)]
    assert nights.ask("SELECT detail FROM restatements") == [
        ("earned value of 2026-10: 1000.0 when it was closed, and now 1500.0 EUR, by 0/100 then and 50/50 now",)
    ]


def test_hours_that_get_a_rate_at_last_are_priced_and_told(nights: Nights) -> None:
    planned(nights.hub, "A", currency="EUR")
    nights.hub.land("ops", issues=[issue("1")], worklogs=[hours("1", 10)])
    nights.publish(CLOSED)
    nights.hub.land("plan", rates=[rate("default", 100.0)])
    nights.publish(CLOSED + DAY)
    assert nights.ask(RESTATED) == [("labour_cost", None, 1000.0, 1000.0, True)]


@pytest.mark.parametrize("nights", [True], indirect=True)
def test_no_rate_of_a_person_is_in_the_file(nights: Nights) -> None:
    planned(nights.hub, "A", currency="EUR")
    nights.hub.land("ops", issues=[issue("1")], worklogs=[hours("1", 10)])
    nights.hub.land("plan", rates=[rate("ines", 4711.25, person="Ines Duarte", person_id="5")])
    for night in range(2):
        nights.publish(CLOSED + night * DAY)
    with duckdb.connect(str(nights.hub.data / "portfolio.duckdb"), read_only=True) as con:
        tables = [table for (table,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
        holding = "SELECT count(*) FROM \"{}\" AS t WHERE contains(t::VARCHAR, '4711.25')"
        told = {con.execute(holding.format(table)).fetchall()[0] for table in tables}
    assert len(tables) > 40 and told == {(0,)}
    assert nights.ask("SELECT sum(amount) FROM costs") == [(47112.5,)]
    assert nights.desk.past.rates()[0].facts.count("4711.25") == 1
