"""`pmo forget`: afterwards no file below `data/` holds the person, and everything else is as it was."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.forgetting import PERSON, WORDS, finish_what_was_killed, folder_with_a_person
from tests.running import pmo, started, well
from tests.searching import places_with

ORDINARY = "SELECT id, native_status, assignee_id, updated_at FROM issues ORDER BY id"


@pytest.fixture(scope="module")
def read_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder_with_a_person(tmp_path_factory.mktemp("once") / "pmo")


@pytest.fixture
def folder(tmp_path: Path, read_once: Path) -> Path:
    return shutil.copytree(read_once, tmp_path / "pmo", symlinks=True)


def _rows(folder: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(folder / "data" / "portfolio.duckdb"), read_only=True) as con:
        return con.execute(sql).fetchall()


def test_no_file_holds_the_person_afterwards_and_all_else_is_as_it_was(folder: Path):
    before = _rows(folder, ORDINARY)
    generations = len(list((folder / "data" / "published").glob("portfolio-2*.duckdb")))
    run = started("forget", "jkranz@example.test", "--also", "Former-Name", "--yes", cwd=folder)
    said = well(run)
    assert "places replaced" in said and "STILL THERE" not in said
    assert places_with(folder / "data", (*WORDS[:-1], "Former-Name")) == []
    assert [p for p in places_with(folder / "data", ["kranz"]) if "Kranzler" not in p and "sqlite" in p] == []
    assert _rows(folder, ORDINARY) == before
    [(name, email)] = _rows(folder, f"SELECT name, email FROM accounts WHERE id = '{PERSON}'")
    assert name.startswith("Forgotten ") and email.endswith("@example.invalid")
    [(text,)] = _rows(folder, "SELECT title FROM issues WHERE id = 'ops:7'")
    assert text.count(name) == 3 and text.endswith("Not Joelle Kranzler.")
    assert len(list((folder / "data" / "published").glob("portfolio-2*.duckdb"))) == generations + 1
    accounts = "SELECT id, name, email FROM accounts ORDER BY id"
    published = _rows(folder, accounts)
    well(pmo("rebuild", cwd=folder))
    assert (_rows(folder, accounts), _rows(folder, ORDINARY)) == (published, before)


def test_what_is_shown_before_and_what_a_dry_run_leaves(folder: Path):
    before = {path: path.read_bytes() for path in (folder / "data").rglob("*.parquet")}
    run = pmo("forget", PERSON, "--dry-run", cwd=folder)
    well(run)
    assert "Joel Former-Name → Forgotten" in run.stderr and "jkranz@example.test → forgotten-" in run.stderr
    assert "anonymize them there first" in run.stderr
    assert before == {path: path.read_bytes() for path in (folder / "data").rglob("*.parquet")}
    refused = pmo("forget", "nobody@example.test", "--yes", cwd=folder)
    assert refused.returncode == 2 and "no account is known as nobody@example.test" in refused.stderr
    assert pmo("forget", cwd=folder).returncode == 2


def test_what_was_killed_is_finished_by_the_next_call(folder: Path):
    """At its other steps too in tests/real."""
    finish_what_was_killed("hub", folder)


def test_not_while_a_schedule_runs_over_the_same_folder(folder: Path):
    with subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.read()", "prefect", "server", "start", "--port", "9"],
        stdin=subprocess.PIPE,
    ) as other:
        (folder / "data" / "prefect" / "server.pid").write_text(f"{other.pid} http://127.0.0.1:9/api schedule\n")
        refused = pmo("forget", PERSON, "--yes", cwd=folder)
        other.communicate()
    assert refused.returncode == 1 and "the Prefect server of `pmo schedule` runs in" in refused.stderr
