"""The demo, as a person runs it: from an empty folder, in one command; its portfolio is the company's own truth.

Its rows are the projects of the plan, three more than the Jira has; the service desk's own tasks are in none of them.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from sandbox.jira_company import tracker_of
from sandbox.jira_truth import figures
from tests.running import environment, pmo, well

AS_OF = date(2026, 11, 25)
OURS = {
    "To Do": "todo",
    "In Progress": "in_progress",
    "In Review": "in_progress",
    "Waiting for customer": "in_progress",
    "Blocked": "blocked",
    "Done": "done",
    "Cancelled": "cancelled",
}
"""What the company's words are mapped to by default; a word never seen before, by its category: to do."""


def test_the_portfolio_is_the_truth_and_can_be_made_again(tmp_path: Path):
    shown = well(pmo("demo", "--as-of", AS_OF.isoformat(), cwd=tmp_path))
    assert "ERP finance core" in shown
    folder = tmp_path / "pmo-demo"
    rows = {row["key"]: row for row in json.loads(well(pmo("portfolio", "--json", cwd=folder)))}
    [made] = json.loads(well(pmo("sql", "select distinct today_on from about", "--json", cwd=folder)))
    tracker = tracker_of(seed=7, as_of=AS_OF)
    truth = figures(tracker, date.fromisoformat(made["today_on"]))  # overdue on that day
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
        assert row["completeness"] == pytest.approx(1 - truth["planted"]["overlapping_rates"] / _lines(folder, "rates"))


def _lines(folder: Path, name: str) -> int:
    return len((folder / "plan" / f"{name}.csv").read_text(encoding="utf-8").splitlines()) - 1


def test_a_folder_that_is_not_its_own_is_left_alone(tmp_path: Path):
    (tmp_path / "pmo-demo").mkdir()
    (tmp_path / "pmo-demo" / "mine.txt").write_text("mine")
    run = pmo("demo", cwd=tmp_path)
    assert run.returncode == 2
    assert "--into" in run.stderr
    assert (tmp_path / "pmo-demo" / "mine.txt").read_text() == "mine"


def _with_ctrl_c() -> None:
    """A shell that starts something in the background has it pass Ctrl-C over, and all that it starts in turn."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_the_sandbox_prints_a_configuration_that_works(tmp_path: Path):
    command = [sys.executable, "-m", "flows.cli", "sandbox"]
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=_with_ctrl_c,
    ) as served:
        try:
            assert served.stdout is not None
            lines = iter(served.stdout.readline, "")
            text = "".join(iter(lambda: next(lines), "# serving until it is stopped with Ctrl-C\n"))
            (tmp_path / "pmo.toml").write_text(text)
            told: dict[str, Any] = dict(
                line.removeprefix("# export ").split("=") for line in text.splitlines() if "# export " in line
            )
            assert "logged in as PMO Hub" in well(pmo("check", cwd=tmp_path, **told))
        finally:
            served.send_signal(signal.SIGINT)
            try:
                served.wait(10)
            finally:
                served.kill()
