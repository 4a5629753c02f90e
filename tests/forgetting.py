"""A folder in which somebody is to be forgotten, and a forgetting that is killed at one of its steps."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from openpyxl import Workbook

from sandbox.redmine import RedmineServer
from sandbox.redmine_tracker import Tracker
from tests.running import configured, environment, pmo, started, well
from tests.searching import places_with

__all__ = ["PERSON", "WORDS", "finish_what_was_killed", "folder_with_a_person"]

PERSON = "ops:3"
WORDS = ("Joel Kranz", "Kranz, Joel", "jkranz", "jkranz@example.test", "Kranz")
TITLE = 'Ask Joel Kranz (jkranz@example.test), or Kranz, Joel: "Joel Kranz" knows. Not Joelle Kranzler.'


def folder_with_a_person(folder: Path) -> Path:
    """Some nights over a Redmine, and what lies beside them in the data folder."""
    tracker = Tracker(issues=60, seed=5)
    tracker.issues[7].subject = TITLE
    with RedmineServer(tracker) as server:
        configured(folder, server.url, more="[hub.publish]\nemails = true\nfinance = true\n")
        well(pmo("sync", cwd=folder))
        tracker.users[3].lastname = "Former-Name"  # what raw answers of another day say
        well(pmo("sync", cwd=folder))
        tracker.users[3].lastname = "Kranz"
        well(pmo("sync", cwd=folder))
    well(pmo("set", "ops:7", "--priority", "1", "--reason", "jkranz asked for it", cwd=folder))
    well(started("report", "--html", "data/reports/status.html", cwd=_with(folder, "data/reports")))
    book = Workbook()
    book.create_sheet("asked").append(["asked by", "Joel Kranz"])
    book.save(folder / "data" / "reports" / "status.xlsx")
    _like_prefects(_with(folder, "data/prefect") / "data/prefect/prefect.db")
    _with(folder, "data/backups")
    shutil.copy(folder / "data" / "desk.sqlite", folder / "data" / "backups" / "desk-2026-11-26.sqlite")
    assert {place.partition(":")[0].split("/")[0] for place in places_with(folder / "data", WORDS)} >= {
        "raw", "hub.duckdb", "portfolio.duckdb", "published", "desk.sqlite", "backups", "reports", "prefect",
    }  # fmt: skip
    return folder


def _with(folder: Path, more: str) -> Path:
    (folder / more).mkdir(parents=True, exist_ok=True)
    return folder


def _like_prefects(path: Path) -> None:
    with closing(sqlite3.connect(path)) as con:
        con.execute("PRAGMA journal_mode = WAL")
        con.execute("CREATE TABLE log (id TEXT PRIMARY KEY, message TEXT)")
        con.executemany("INSERT INTO log VALUES (?, ?)", [(str(n), f"{n} for Joel Kranz") for n in range(200)])
        con.execute("DELETE FROM log WHERE id > '5'")
        con.commit()


def finish_what_was_killed(step: str, folder: Path) -> None:
    """Kills a forgetting at the beginning of a step, and looks whether the next call brings it to its end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "flows.cli", "forget", PERSON, "--yes"],
        cwd=folder, env=environment(), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith(f"pmo: {step}"):
            break
    else:
        pytest.fail(f"it never came to {step}")
    process.kill()
    assert process.wait(60) < 0, "it was killed within the run"
    process.stderr.close()
    well(pmo("status", cwd=folder))
    said = well(pmo("forget", cwd=folder))
    assert "STILL THERE" not in said
    assert places_with(folder / "data", WORDS[:-1]) == []
