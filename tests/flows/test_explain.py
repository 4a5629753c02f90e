"""`pmo explain`: a figure down to its rows and the issues' pages, and what an unknown one lacks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flows.explained import explained_lines, measured
from model.lineage import Unit
from model.lineages import LINEAGES
from tests.running import pmo, started, well
from tests.warehouse.rich_hub import publish_rich
from warehouse.explain import explain
from warehouse.read import Reader


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("explain")
    (folder / "pmo.toml").write_text('[hub]\ntimezone = "Europe/Berlin"\n', encoding="utf-8")
    publish_rich(folder / "data")
    return folder


def test_an_index_shows_its_numbers_its_packages_and_its_issues(folder: Path) -> None:
    shown = well(started("explain", "A", "spi", cwd=folder))
    assert shown.splitlines()[0] == "spi of Project A (A): 0.88"
    # 14,000 designed; 8.8 of 12 h of 30,000; 40 % of 10,000. Planned: 35 of 40 and 15 of 30 working days
    assert "= EV 40,000 EUR / PV 45,250 EUR" in shown
    assert "earned by percent" in shown
    assert "from work_packages, 3 rows" in shown and "bac 54,000 EUR" in shown
    assert "https://ops.example/issues/7" in shown
    assert "source ops: fresh through 2026-11-21 10:00Z, complete 95 %" in shown
    assert "figure_lineage" in shown


def test_an_unknown_figure_says_why_and_what_to_supply(folder: Path) -> None:
    shown = well(pmo("explain", "Project N", "SPI", cwd=folder))
    assert "not known: no baseline that is approved" in shown
    assert "to supply: a line of `baselines`" in shown


def test_a_count_lists_its_issues_as_json(folder: Path) -> None:
    found = json.loads(well(pmo("explain", "plan:A", "overdue", "--json", cwd=folder)))
    assert (found["value"], found["unit"], found["issue_count"]) == (1, "count", 1)
    assert [issue["key"] for issue in found["issues"]] == ["#8"]
    assert [(origin["table"], origin["rows"], origin["total"]) for origin in found["from"]] == [("issues", 1, 1)]


def test_only_the_first_are_listed_unless_all_are_asked_for(folder: Path) -> None:
    first = well(pmo("explain", "A", "issues", cwd=folder))
    assert "issues: 6" in first and "and 1 more: --all" in first and "#13" in first
    whole = well(pmo("explain", "A", "issues", "--all", cwd=folder))
    assert "more:" not in whole and all(f"  {key}  " in whole for key in ("#7", "#8", "#10", "#11", "#12", "#13"))


@pytest.mark.parametrize(("words", "said"), [
    (("Projekt A", "spi"), 'did you mean "Project A"?'),
    (("zzz", "spi"), "there is ops, A, B"),
    (("A", "forecast_costs"), 'did you mean "forecast_cost"? There are program'),
    (("A",), "say which figure; there are program, project, pm"),
])  # fmt: skip
def test_wrong_names_get_the_nearest_or_a_list(folder: Path, words: tuple[str, ...], said: str) -> None:
    run = pmo("explain", *words, cwd=folder)
    assert run.returncode == 2
    assert said in run.stderr and "Traceback" not in run.stderr


def test_every_figure_of_every_project_explains_itself(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Reader(folder / "data") as reader:
        portfolio = reader.portfolio()
        monkeypatch.setattr(reader, "portfolio", lambda: portfolio)  # else asked for four hundred times
        rows = portfolio.dicts()
        assert len(rows) == 7
        for row in rows:
            place = row["project_id"] or row["source"]
            for entry in LINEAGES:
                said = explain(reader, place, entry.column, most=2)
                shown = "\n".join(explained_lines(said))
                assert shown.startswith(f"{entry.column} of {row['project']}")
                assert said.value == row[entry.column]
                # whatever is unknown says why
                assert (said.gap is not None) == (said.value is None), f"{entry.column} of {place}"
                assert "= " not in shown or "not known" not in shown.split("= ")[1].split("\n")[0]


def test_what_a_person_costs_is_not_told(folder: Path) -> None:
    shown = well(pmo("explain", "A", "actual_cost", "--all", cwd=folder))
    assert "47,295 EUR" in shown
    for word in ("Ines", "Tomasz", "hourly", "person"):
        assert word not in shown.replace("what single people cost", "")


@pytest.mark.parametrize(("value", "unit", "text"), [
    (0.9996, Unit.SHARE, "99.9 %"), (1.0, Unit.SHARE, "100 %"), (-0.125, Unit.SHARE, "-12.5 %"),
    (420.0, Unit.VALUE, "420.0 h"), (1234.5, Unit.MONEY, "1,234.5 EUR"), (3, Unit.DAYS, "+3 days"),
    (None, Unit.MONEY, "not known"), (True, Unit.FLAG, "yes"),
])  # fmt: skip
def test_values_have_their_units(value: object, unit: Unit, text: str) -> None:
    assert measured(value, unit, {"basis": "hours", "currency": "EUR"}) == text
