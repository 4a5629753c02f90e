"""The desk put back as a night copied it, at the command line: what a killed process left beside it spoils nothing."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from model.vocabulary import WordKind
from tests.running import ROOT, pmo, started, well
from warehouse.backup import back_up_desk
from warehouse.desk import Desk

DAY = "2026-11-20"
DECIDE_AND_WAIT = """
import sys
from pathlib import Path
from model.vocabulary import WordKind
from warehouse.desk import Desk
desk = Desk(Path(sys.argv[1]))
for n in range(300):
    desk.map_word("ops", WordKind.STATUS, f"word {n} " + "x" * 300, "done", "bea")
print("decided", flush=True)
input()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A desk on which one word was mapped before the night, and another one after it."""
    (tmp_path / "pmo.toml").write_text("[hub]\n")
    with Desk(desk_of(tmp_path)) as desk:
        desk.map_word("ops", WordKind.STATUS, "In Review", "blocked", "ada")
        back_up_desk(tmp_path / "data", date(2026, 11, 20), keep=14)
        desk.map_word("ops", WordKind.STATUS, "Parked", "done", "ada")
    return tmp_path


def desk_of(folder: Path) -> Path:
    return folder / "data" / "desk.sqlite"


def beside(folder: Path) -> subprocess.Popen[str]:
    """A process that has decided much, and has the desk open."""
    process = subprocess.Popen(
        [sys.executable, "-c", DECIDE_AND_WAIT, str(desk_of(folder))],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None and process.stdout.readline() == "decided\n"
    return process


def kill(process: subprocess.Popen[str]) -> None:
    with process:
        os.kill(process.pid, signal.SIGKILL)


def words(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as con:
        assert con.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    with Desk(path) as desk:
        return set(desk.rules("ops").status)


def kept(folder: Path) -> Path:
    [path] = (folder / "data" / "backups").glob("desk-before-*.sqlite")
    return path


def test_what_a_killed_process_left_beside_the_desk_spoils_nothing(folder: Path) -> None:
    kill(beside(folder))
    assert desk_of(folder).with_name("desk.sqlite-wal").stat().st_size > 100_000
    said = well(started("restore", "--desk", DAY, cwd=folder))
    assert f"the desk is what it was in the night of {DAY}; what it was before is kept as " in said
    assert str(kept(folder).relative_to(folder)) in said
    assert words(desk_of(folder)) == {"in review"}
    assert stat.S_IMODE(kept(folder).stat().st_mode) == stat.S_IMODE(desk_of(folder).stat().st_mode) == 0o600
    assert len(words(kept(folder))) == 302, "what the killed process had decided, too"


def test_a_desk_that_was_spoiled_before_is_put_back_as_well(folder: Path) -> None:
    kill(beside(folder))
    desk_of(folder).write_bytes(b"this is no SQLite file any more" * 400)
    said = pmo("status", cwd=folder)
    assert "`pmo restore --desk`" in said.stderr or said.returncode == 2
    well(pmo("restore", "--desk", DAY, cwd=folder))
    assert words(desk_of(folder)) == {"in review"}
    assert kept(folder).read_bytes().startswith(b"this is no SQLite file")
    assert Path(f"{kept(folder)}-wal").exists()


def test_a_desk_that_is_gone_but_for_its_write_ahead_file(folder: Path) -> None:
    kill(beside(folder))
    desk_of(folder).unlink()
    assert well(pmo("restore", "--desk", DAY, cwd=folder)) == f"the desk is what it was in the night of {DAY}\n"
    assert words(desk_of(folder)) == {"in review"}


def test_days_that_there_are_and_a_copy_that_is_damaged(folder: Path) -> None:
    assert well(pmo("restore", "--desk", cwd=folder)) == f"{DAY}\n"
    said = pmo("restore", "--desk", "2026-11-19", cwd=folder)
    assert said.returncode == 2 and "there is no copy of the desk of 2026-11-19" in said.stderr and DAY in said.stderr
    said = pmo("restore", "2026-11-19", "--desk", DAY, cwd=folder)
    assert said.returncode == 2 and "one at a time" in said.stderr
    copy = folder / "data" / "backups" / f"desk-{DAY}.sqlite"
    whole = copy.read_bytes()
    for damaged in (b"no SQLite file", whole[:4096] + b"\xff" * (len(whole) - 4096), b""):
        copy.write_bytes(damaged)
        said = pmo("restore", "--desk", DAY, cwd=folder)
        assert said.returncode == 2 and "is damaged" in said.stderr and "name another day" in said.stderr
    assert words(desk_of(folder)) == {"in review", "parked"}
