"""The file for finance: rates and what single people cost, where it is asked for, and nowhere else."""

from __future__ import annotations

import os
import stat
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb
import pytest

from model.config import HubSettings, PublishSettings
from tests.warehouse.small_hub import DESCRIBE, NOON, STATUSES, SmallHub, issue, project, worklog
from tests.warehouse.test_plan_figures import PEOPLE, cost, planned, rate, scope
from warehouse import publish as publishing
from warehouse.publish import Published, publish

RATE = 4711.25


@pytest.fixture
def pmo(small: SmallHub) -> SmallHub:
    """Ines works ten hours; her rate is no other's."""
    small.land("ops", projects=[project("1")], words=STATUSES, accounts=PEOPLE, issues=[issue("1")], worklogs=[
        worklog("1", "1", 10, account_id="5", work_on=date(2026, 11, 20))
    ])  # fmt: skip
    planned(small, "A", currency="EUR")
    small.land("plan", project_scopes=[scope(1, "A", in_project=["P1"])], rates=[
        rate("ines", RATE, person="Ines Duarte", person_id="5"), rate("default", 1.0),
    ], cost_entries=[cost("1", 30.0, date(2026, 11, 3))])  # fmt: skip
    return small


def published(hub: SmallHub, *, finance: bool, days: int = 0, described: bool = False) -> Published:
    hub.renew()
    settings = HubSettings(publish=PublishSettings(finance=finance))
    with patch.object(publishing, "_describe", DESCRIBE if described else lambda *_: None):
        return publish(hub.hub, hub.data, settings, now=NOON + timedelta(days=days))


def asked(file: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(file), read_only=True) as con:
        return con.execute(sql).fetchall()


def test_it_tells_what_each_person_cost_and_only_its_owner_reads_it(pmo: SmallHub) -> None:
    told = published(pmo, finance=True, described=True)
    link = pmo.data / "portfolio-finance.duckdb"
    assert told.finance is not None and link.resolve() == told.finance.resolve()
    assert stat.S_IMODE(told.finance.stat().st_mode) == 0o400
    labour = "SELECT person, hours, hourly_rate, cost, rate_basis FROM labour_costs"
    assert asked(link, labour) == [("Ines Duarte", 10.0, RATE, 47112.5, "person")]
    assert asked(link, "SELECT kind, amount FROM cost_items ORDER BY 1") == [("expense", 30.0), ("labour", 47112.5)]
    assert asked(link, "SELECT count(*) FROM rates") == [(2,)]
    assert asked(link, "SELECT today_on FROM about") == [(NOON.date(),), (NOON.date(),)]
    assert asked(link, "SELECT count(*) FROM duckdb_columns() WHERE comment IS NULL AND NOT internal") == [(0,)]
    assert asked(pmo.data / "portfolio.duckdb", "SELECT sum(amount) FROM costs WHERE kind = 'labour'") == [(47112.5,)]


def test_the_portfolio_file_holds_no_rate_whether_or_not(pmo: SmallHub) -> None:
    for finance in (False, True):
        file = published(pmo, finance=finance).path
        with duckdb.connect(str(file), read_only=True) as con:
            tables = [name for (name,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
            holding = f"SELECT count(*) FROM \"{{}}\" AS t WHERE contains(t::VARCHAR, '{RATE}')"
            found = {con.execute(holding.format(name)).fetchall()[0] for name in tables}
        assert len(tables) > 40 and found == {(0,)}
        assert not {"labour_costs", "cost_items", "rates"} & set(tables)


def test_without_being_asked_for_there_is_none_and_old_ones_go(pmo: SmallHub) -> None:
    assert published(pmo, finance=False).finance is None
    assert not list(pmo.data.rglob("*finance*"))
    for days in range(3):
        published(pmo, finance=True, days=days)
    assert len(list((pmo.data / "published").glob("portfolio-finance-*.duckdb"))) == 3
    portfolios = len(list((pmo.data / "published").glob("portfolio-2*.duckdb")))
    published(pmo, finance=False, days=4)
    assert not list(pmo.data.rglob("*finance*"))
    assert not os.path.lexists(pmo.data / "portfolio-finance.duckdb")
    assert len(list((pmo.data / "published").glob("portfolio-2*.duckdb"))) >= portfolios
