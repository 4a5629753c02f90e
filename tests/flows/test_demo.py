"""The demo, as a person runs it: from an empty folder, in one command; its portfolio is the company's own truth.

Its rows are the projects of the plan, three more than the Jira has; the service desk's own tasks are in none of them.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sandbox.company_sheets import move_to_sheets, with_sheets
from sandbox.jira_company import tracker_of
from sandbox.jira_tracker import Tracker
from sandbox.jira_truth import figures
from sandbox.plan_files import truth_of_plan
from sandbox.plan_timesheets import compliance_week
from tests.forked import at_a_terminal
from tests.running import environment, pmo, started, well

AS_OF = datetime.now(ZoneInfo("Europe/Berlin")).date()
"""Today, as for who tries it: a day older, and its sources were too old for a health."""

OURS = {
    "To Do": "todo",
    "Not Started": "todo",
    "In Progress": "in_progress",
    "In Review": "in_progress",
    "Waiting for customer": "in_progress",
    "Blocked": "blocked",
    "Done": "done",
    "Complete": "done",
    "Cancelled": "cancelled",
}
"""What the company's words are mapped to by default; a word never seen before, by its category: to do."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `pmo demo` leaves."""
    where = tmp_path_factory.mktemp("demo")
    shown = well(started("demo", "--as-of", AS_OF.isoformat(), cwd=where))
    assert "ERP finance core" in shown
    return where / "pmo-demo"


def asked(folder: Path, sql: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(well(pmo("sql", sql, "--json", cwd=folder)))
    return found


def told(day: date) -> tuple[Tracker, dict[str, Any]]:
    """The company's Jira, and what is true of all its tools on that day."""
    tracker = tracker_of(seed=7, as_of=AS_OF)
    sheets = move_to_sheets(tracker, seed=7)
    return tracker, with_sheets(figures(tracker, day), sheets, day)


def today(folder: Path) -> date:
    """The day the file was made."""
    return date.fromisoformat(asked(folder, "select distinct today_on from about")[0]["today_on"])


def test_the_portfolio_is_the_truth(folder: Path):
    rows = {row["key"]: row for row in json.loads(well(pmo("portfolio", "--json", cwd=folder)))}
    tracker, truth = told(today(folder))  # overdue on that day
    own = [i for i in tracker.issues.values() if i.key.startswith("SVC-") and tracker.types[i.type_id].name == "Task"]
    assert set(rows) == {*truth["projects"], "INV", "REQ-1", "REQ-2", ""}  # the last: in no project
    assert rows[""]["issues"] == len(own) == truth["planted"]["issues_in_no_project"]
    own_hours = sum(tracker.spent(issue) for issue in own) / 3600
    for key, project in truth["projects"].items():
        row = rows[key]
        left_out = own if key == "SVC" else []
        expected: Counter[str] = Counter()
        for word, issues in project["by_status"].items():
            expected[OURS.get(word, "todo")] += issues
        expected.subtract(OURS.get(tracker.statuses[i.status_id].name, "todo") for i in left_out)
        counts = {ours: row[ours] for ours in set(OURS.values())} | {
            "blocked": row.get("status_blocked", row["blocked"])
        }
        assert counts == {ours: expected[ours] for ours in set(OURS.values())}
        assert row["issues"] == project["issues"] - len(left_out), key
        assert row["overdue"] == project["overdue"], key
        assert round(row["hours_logged"], 2) == round(project["hours"] - (own_hours if left_out else 0), 2), key
        assert row["completeness"] == 1  # the plan lacks the rates that were refused, the tool lacks nothing


def test_dates_and_money_are_the_truth(folder: Path):
    """To the cent, and unrounded; the page that they come from rounds."""
    truth = truth_of_plan(AS_OF)
    earned = {row["key"]: row for row in asked(folder, """
        select p.key, e.bac, e.pv, e.ev, e.ac, e.spi, e.cpi, e.eac, e.spi_t from portfolio as p
        join earned_value as e on e.project_id = p.project_id and e.is_now""")}  # fmt: skip
    dates = {row["key"]: row for row in asked(folder, """
        select p.key, d.baseline_finish_on, d.forecast_finish_on, d.finish_with_handed_on from portfolio as p
        join project_dates as d on d.project_id = p.project_id""")}  # fmt: skip
    assert len([key for key in truth if truth[key]["with_accruals"]]) == 11
    for key, project in truth.items():
        assert dates[key]["baseline_finish_on"] == project["baseline_finish_on"], key
        assert dates[key]["forecast_finish_on"] == project["forecast_finish_on"], key
        for name, thousands in (project["with_accruals"] or {}).items():
            if name in ("bac", "pv", "ev", "ac", "eac"):
                assert earned[key][name] == pytest.approx(1000 * thousands), (key, name)
            elif name in ("spi", "cpi"):
                assert earned[key][name] == pytest.approx(thousands), (key, name)
    assert earned["DWH"]["spi_t"] == pytest.approx(40 / 45)
    assert dates["OMS"]["finish_with_handed_on"] == (AS_OF + timedelta(weeks=22)).isoformat()


def test_each_planted_trouble_shows(folder: Path):
    rows = {row["key"]: row for row in json.loads(well(pmo("portfolio", "--json", cwd=folder)))}
    computed = {key: row["health_computed"] for key, row in rows.items() if key in COMPUTED}
    assert computed == COMPUTED
    assert rows["DRS"]["health"] == "green", "its PM says so until day 5"
    assert rows["M365"]["overdue"] == 31
    planted = told(AS_OF)[1]["planted"]
    [restated] = asked(folder, "select project, difference from restatements where figure = 'hours'")
    assert (restated["project"][:3], round(restated["difference"], 2)) == ("DWH", planted["dwh_late_hours"])
    [unpriced] = asked(folder, "select sum(unpriced_hours) as hours from costs")
    assert round(unpriced["hours"], 2) == planted["unpriced_hours"]
    [twice] = asked(folder, "select count(*) as issues from portfolio_issues where fitting_projects > 1")
    assert twice["issues"] == planted["issues_in_two_projects"]
    [left] = asked(folder, "select count(*) as issues from data_quality where check_id = 'owner-left'")
    assert left["issues"] == planted["noor_open_issues"]
    refused = asked(
        folder, "select stream, count(*) as rows from quarantine where source = 'plan' group by 1 order by 1"
    )
    assert {"stream": "rates", "rows": planted["overlapping_rates"]} in refused
    weeks = {row["week_on"]: row["compliance"] for row in asked(folder, "from timesheet_compliance")}
    full = weeks.pop(compliance_week(AS_OF).isoformat())
    assert round(full, 2) == planted["timesheet_compliance"] and max(weeks.values()) < 0.5


COMPUTED = {
    "ERP": "red", "OMS": "amber", "WEB": "amber", "APP": "green", "NET": "red", "DRS": "red", "CMP": "red",
    "IAM": "amber", "CRM": "amber", "M365": "none", "DWH": "none", "INV": "unknown",
}  # fmt: skip


def test_one_portfolio_over_two_tools_and_people_who_are_in_both(folder: Path):
    shown = asked(folder, """
        select p.key, list(distinct i.source order by i.source) as sources, count(*) as issues
        from portfolio_issues as s join issues as i on i.id = s.issue_id
        join portfolio as p on p.project_id = s.project_id
        where p.key in ('NET', 'M365', 'ERP') group by p.key order by p.key""")  # fmt: skip
    assert [(row["key"], row["sources"], row["issues"]) for row in shown] == [
        ("ERP", ["alder-jira"], 620), ("M365", ["alder-jira", "alder-sheets"], 121),
        ("NET", ["alder-jira", "alder-sheets"], 241),
    ]  # fmt: skip
    [both] = asked(folder, """
        select count(*) as people from (select person_id from accounts where person_id is not null
            group by person_id having count(distinct source) filter (source like 'alder-%') = 2)""")  # fmt: skip
    assert both["people"] >= 5
    [row] = asked(
        folder, "select count(*) as owned from issues where source = 'alder-sheets' and assignee_id is not null"
    )
    assert row["owned"] > 200


def test_the_portfolio_of_a_program_and_of_an_earlier_day(folder: Path):
    shown = well(pmo("portfolio", "--program", "stable", cwd=folder))
    assert "NET site network refresh" in shown and "ERP finance core" not in shown
    [row] = json.loads(well(pmo("portfolio", "--project", "erp", "--json", cwd=folder)))
    assert row["project"] == "ERP finance core"
    made = today(folder)
    later = made + timedelta(days=3)
    assert f"as it was published on {made}" in well(pmo("portfolio", "--as-of", later.isoformat(), cwd=folder))
    for words, said in (
        (
            ("--as-of", "2020-01-01"),
            f"nothing is kept of 2020-01-01 or before: the portfolio's history begins on {made}",
        ),
        (("--program", "Stabel"), 'there is no program Stabel in the portfolio; did you mean "Stable"?'),
    ):
        refused = pmo("portfolio", *words, cwd=folder)
        assert (refused.returncode, refused.stderr.strip()) == (2, f"pmo: {said}")


def test_a_folder_that_is_not_its_own_is_left_alone(tmp_path: Path):
    (tmp_path / "pmo-demo").mkdir()
    (tmp_path / "pmo-demo" / "mine.txt").write_text("mine")
    run = pmo("demo", cwd=tmp_path)
    assert run.returncode == 2
    assert "--into" in run.stderr
    assert (tmp_path / "pmo-demo" / "mine.txt").read_text() == "mine"


def test_the_sandbox_prints_a_configuration_that_works(tmp_path: Path):
    command = [sys.executable, "-m", "flows.cli", "sandbox"]
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=at_a_terminal,
    ) as served:
        try:
            assert served.stdout is not None
            lines = iter(served.stdout.readline, "")
            text = "".join(iter(lambda: next(lines), "# serving until it is stopped with Ctrl-C\n"))
            (tmp_path / "pmo.toml").write_text(text)
            told: dict[str, Any] = dict(
                line.removeprefix("# export ").split("=") for line in text.splitlines() if "# export " in line
            )
            checked = well(pmo("check", cwd=tmp_path, **told))
            assert "logged in as PMO Hub" in checked and "Ada Admin" in checked
        finally:
            served.send_signal(signal.SIGINT)
            try:
                served.wait(10)
            finally:
                served.kill()
