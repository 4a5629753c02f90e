"""The status report: a page that fetches nothing and runs no script, a workbook without formulas."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner, Result
from python_calamine import CalamineWorkbook

from flows.charts import Line, lines
from flows.cli import cli
from model.errors import HubError
from model.mapping import Rules
from model.vocabulary import Status
from tests.warehouse.small_hub import NOON, STATUSES, SmallHub, issue, project, status
from tests.warehouse.test_plan_figures import PEOPLE, baseline, cost, package, planned, scope

HOSTILE = '=cmd()|" /C calc"!A0 <script>alert(1)</script>'
TODAY = NOON.date()
BLOCKED = 7


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with all that a plan says, one without, and titles that mean no good."""
    where = tmp_path_factory.mktemp("report")
    hub = SmallHub(where / "data")
    waits = status("5", "Waits", "in_progress")
    hub.land("ops", projects=[project("1"), project("2")], words=[*STATUSES, waits], accounts=PEOPLE)
    planned(hub, "A", pm="@Ines", sponsor="Ada", stage="execution", currency="EUR", decision_asked=HOSTILE,
            earned_rule="percent", program_id="G", goal="A calmer Monday",
            forecast_finish_on=TODAY + timedelta(days=60))  # fmt: skip
    planned(hub, "B")
    line = {"native_id": "1", "project_id": "A", "category": "+devices", "amount": 900.0}
    risk = {"native_id": "1", "project_id": "A", "title": HOSTILE, "kind": "threat", "state": "open"}
    work = package("all", TODAY - timedelta(days=50), TODAY + timedelta(days=30), budget=1000.0, percent_complete=40.0)
    hub.land("plan", project_scopes=[scope(1, "A", in_project=["P1"])], baselines=[baseline()], work_packages=[work])
    hub.land("plan", program_plans=[{"native_id": "G", "name": "Growth"}])
    hub.land("plan", cost_entries=[cost("1", 500.0, TODAY - timedelta(days=9), category="+devices")])
    hub.land("plan", budget_lines=[line | {"contingency": 100.0, "reserve": 0.0}])
    hub.land("plan", risk_register=[risk | {"probability": 4, "impact": 4}])
    hub.land("plan", change_requests=[{"native_id": "1", "project_id": "A", "title": HOSTILE, "state": "asked"}])
    hub.land("plan", milestones=[
        {"native_id": "m1", "project_id": "A", "name": "Go live", "state": "open", "kind": "milestone",
         "due_on": TODAY + timedelta(days=20), "baseline_due_on": TODAY + timedelta(days=10)},
        {"native_id": "m2", "project_id": "A", "name": "Without a baseline", "state": "open", "kind": "milestone",
         "due_on": TODAY + timedelta(days=30)},
    ])  # fmt: skip
    done: dict[str, Any] = {"native_status_id": "3", "native_resolved_at": NOON - timedelta(days=2)}
    hub.land("ops", issues=[
        issue("7", title=HOSTILE, url="https://ops.example.org/7", due_on=TODAY + timedelta(days=3)),
        issue("8", title=HOSTILE, url="javascript:alert(1)", **done),
        *(issue(str(n), url="http://[", native_status_id="5") for n in range(20, 20 + BLOCKED)),
    ])  # fmt: skip
    for source in ("ops", "plan"):
        hub.note("cursors", source=source, stream="issues", through_at=NOON, census=4, present=4)
    hub.publish(NOON, described=True, rules={"ops": Rules(status={"Waits": Status.BLOCKED})})
    hub.close()
    (where / "pmo.toml").write_text("[hub]\n")
    return where


def run(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(cli, ["report", *words, "--config", str(folder / "pmo.toml")])


class Page(HTMLParser):
    """What a browser would do with it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.text = ""
        self.drawings = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name == "href" and tag == "a":
                self.links.append(value or "")
            elif name in ("src", "srcset", "data", "href", "action", "xlink:href"):
                self.fetched.append(value or "")

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def page(folder: Path) -> Page:
    path = folder / "status.html"
    told = run(folder, "--html", str(path))
    assert told.exit_code == 0, told.output
    return Page(path.read_text(encoding="utf-8"))


def test_the_page_fetches_and_runs_nothing(page: Page) -> None:
    assert page.fetched == [] and "script" not in page.tags and "iframe" not in page.tags
    assert "url(" not in page.text and "@import" not in page.text
    assert {link[:1] if link.startswith("#") else link.partition(":")[0] for link in page.links} == {"#", "https"}


def test_titles_are_shown_as_they_are(page: Page) -> None:
    assert page.text.count(HOSTILE) >= 4  # a decision, a risk, a change, issues
    assert "#8" in page.text, "an issue without a link that is one is shown all the same"


def test_a_project_is_told_with_reasons_dates_money_and_what_is_missing(page: Page) -> None:
    for words in (
        "Project A",
        "Growth",
        "@Ines",
        "Decision needed",
        "2027-01-20",
        "very high (16)",
        "500 of 1,000 EUR",
    ):
        assert words in page.text, words
    assert page.tags.count("svg") == 3
    assert "Goal: A calmer Monday" in page.text
    assert "nothing of it can be computed: no baseline, no budget, no deadline" in page.text
    assert re.search(r"unknown\s", page.text), "never green for lack of data"
    assert "Done in the last 7 days: 1" in page.text and "Due in the next 14 days: 1" in page.text


def test_what_the_page_has_no_room_for_is_said_and_in_the_workbook(page: Page, book: Path) -> None:
    assert "Blocked: 7" in page.text and "and 2 more: see the workbook" in page.text
    head, *rows = CalamineWorkbook.from_path(str(book)).get_sheet_by_name("Blocked").to_python()
    assert {row[head.index("key")] for row in rows} == {f"#{n}" for n in range(20, 20 + BLOCKED)}


def test_a_milestone_without_a_baseline_shows_none(page: Page) -> None:
    (met,) = re.findall(r"Without a baseline\s*(none, due \S+?)(\d{4}-\d\d-\d\d)", page.text)
    assert met == (f"none, due {TODAY + timedelta(days=30)}", str(TODAY + timedelta(days=30)))
    drawing = next(text for text in page.drawings if "Go live" in text)
    assert drawing.count("#fff") == 2, "hollow: the baselines of the milestone and of the finish, no other"


def test_a_curve_that_ends_early_says_when() -> None:
    days = [TODAY - timedelta(days=7 * n) for n in (2, 1, 0)]
    planned = Line("planned", list(zip(days, (10.0, 20.0, 30.0), strict=True)))
    earned = Line("earned", list(zip(days, (5.0, 15.0, None), strict=True)))
    drawn = lines([planned, earned], "A", "h")
    assert drawn is not None and "planned 30<" in drawn and f"earned 15 ({days[1]})<" in drawn


def test_only_a_program_or_a_project(folder: Path, tmp_path: Path) -> None:
    for words, there, away in (
        (("--program", "growth"), "Project A", "Project B"), (("--project", "b"), "Project B", "Project A"),
    ):  # fmt: skip
        path = tmp_path / "one.html"
        assert run(folder, *words, f"--html={path}").exit_code == 0
        text = path.read_text(encoding="utf-8")
        assert there in text and away not in text


# ---- the workbook ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def book(folder: Path) -> Path:
    path = folder / "status.xlsx"
    told = run(folder, f"--xlsx={path}")
    assert told.exit_code == 0, told.output
    return path


def test_no_cell_of_the_workbook_is_a_formula(book: Path) -> None:
    cells = [cell for sheet in openpyxl.load_workbook(book) for row in sheet.iter_rows() for cell in row]
    assert [cell.coordinate for cell in cells if cell.data_type == "f"] == []
    assert sum(cell.value == HOSTILE for cell in cells) >= 3


def test_a_second_reader_finds_numbers_days_and_titles(book: Path) -> None:
    sheets = CalamineWorkbook.from_path(str(book))
    assert sheets.sheet_names[:3] == ["Portfolio", "Health", "Milestones"]
    head, *rows = sheets.get_sheet_by_name("Portfolio").to_python()
    (row,) = [dict(zip(head, values, strict=True)) for values in rows if values[head.index("key")] == "A"]
    assert (row["budget"], row["actual_cost"], row["overdue"]) == (1000.0, 500.0, 0)
    assert row["forecast_finish_on"] == TODAY + timedelta(days=60)
    assert isinstance(row["fresh_at"], datetime) and type(row["forecast_finish_on"]) is date
    head, *rows = sheets.get_sheet_by_name("Risks").to_python()
    assert [values[head.index("title")] for values in rows] == [HOSTILE, "milestone Go live is 10 days late"]
    columns = {values[0] for values in sheets.get_sheet_by_name("Columns").to_python()}
    assert {"health", "forecast_finish_on", "completeness"} <= columns


def test_headers_stay_in_sight_and_filter(book: Path) -> None:
    for sheet in openpyxl.load_workbook(book):
        if sheet.max_row > 1:
            assert sheet.freeze_panes in ("A2", "B2"), sheet.title
            assert sheet.auto_filter.ref.startswith("A1:"), sheet.title


# ---- what cannot be done -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("words", "said"), [
    ((), "say --html or --xlsx"),
    (("--project", "Project C", "--html", "x.html"), "there is no project Project C in the portfolio"),
    (("--html", "nowhere/at/all.html"), "there is no folder nowhere/at"),
])  # fmt: skip
def test_what_cannot_be_done_is_one_sentence(folder: Path, words: tuple[str, ...], said: str) -> None:
    told = run(folder, *words)
    assert isinstance(told.exception, HubError) and told.exception.exit_status == 2
    assert said in str(told.exception)


def test_without_a_name_it_is_named_after_its_day(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(folder, "--html", "--xlsx").exit_code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"portfolio-{TODAY}.html", f"portfolio-{TODAY}.xlsx"]
