"""The desk: what people decided survives, is used once where it is for once, and a strange file is left alone."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from model.errors import ConfigError, FileError, Locked
from model.mapping import Rules
from model.vocabulary import IssueType, Status, WordKind
from warehouse import desk as desk_module
from warehouse.desk import Desk

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "desk.sqlite"


@pytest.fixture
def desk(path):
    with Desk(path) as desk:
        yield desk


def schema(path):
    with sqlite3.connect(path) as con:
        return sorted(con.execute("SELECT name, sql FROM sqlite_master").fetchall())


def test_a_loss_is_let_through_once(desk):
    assert desk.open_acceptance("ops") is None
    id_ = desk.accept_loss("ops", "ada")
    assert desk.open_acceptance("ops") == id_
    assert desk.open_acceptance("web") is None
    assert desk.use_acceptance(id_, "run-1")
    assert desk.open_acceptance("ops") is None
    assert desk.use_acceptance(id_, "run-1")  # the same run, begun again after a kill
    assert not desk.use_acceptance(id_, "run-2")


def test_asking_twice_before_it_is_used_is_once(desk):
    assert desk.accept_loss("ops", "ada") == desk.accept_loss("ops", "ben")
    assert desk.use_acceptance(desk.open_acceptance("ops"), "run-1")
    assert desk.open_acceptance("ops") is None


def test_an_acceptance_of_one_stream_is_for_that_stream(desk):
    id_ = desk.accept_loss("ops", "ada", stream="issues")
    assert desk.open_acceptance("ops", "worklogs") is None
    assert desk.open_acceptance("ops", "issues") == id_
    assert desk.accept_loss("ops", "ada") != id_
    assert desk.open_acceptance("ops", "worklogs") is not None


def test_who_asked_and_when_is_on_record(desk, path):
    desk.use_acceptance(desk.accept_loss("ops", "ada"), "run-1")
    with sqlite3.connect(path) as con:
        ((source, by, asked, used, run),) = con.execute(
            "SELECT source, asked_by, asked_at, used_at, used_run_id FROM accepted_losses"
        )
    assert (source, by, run) == ("ops", "ada", "run-1")
    assert asked.endswith("+00:00") and used.endswith("+00:00")


def test_people_and_words_are_kept(desk, path):
    desk.confirm_people("web:2", "ops:1", "ada")
    desk.confirm_people("ops:1", "web:2", "ben")
    desk.map_word("ops", WordKind.STATUS, "In Review", "blocked", "ada")
    desk.map_word("ops", WordKind.STATUS, " in review", "in_progress", "ada")
    desk.map_word("ops", WordKind.PRIORITY, "9", "2", "ada")
    desk.map_word("ops", WordKind.TYPE, "Riddle", "task", "ada")
    desk.close()
    with Desk(path) as again:
        assert again.confirmed_people() == [("ops:1", "web:2")]
        assert again.rules("ops") == Rules(
            status={"in review": Status.IN_PROGRESS}, priority={"9": 2}, type={"riddle": IssueType.TASK}
        )
        assert again.rules("web") == Rules()


@pytest.mark.parametrize(
    ("kind", "value"), [("status", "paused"), ("priority", "6"), ("priority", "x"), ("type", "pig")]
)
def test_a_word_that_is_not_ours_is_refused(desk, kind, value):
    with pytest.raises(ConfigError, match="none of our words"):
        desk.map_word("ops", WordKind(kind), "Odd", value, "ada")
    assert desk.rules("ops") == Rules()


def test_a_renamed_source_takes_its_decisions_along(desk):
    desk.confirm_people("ops:1", "web:2", "ada")
    desk.confirm_people("ops2:1", "web:2", "ada")
    desk.map_word("ops", WordKind.STATUS, "Odd", "blocked", "ada")
    desk.accept_loss("ops", "ada")
    desk.rename_source("ops", "plant", "ada")
    assert desk.confirmed_people() == [("ops2:1", "web:2"), ("plant:1", "web:2")]
    assert desk.rules("plant").status == {"odd": Status.BLOCKED}
    assert desk.rules("ops") == Rules()
    assert desk.open_acceptance("plant") is not None
    assert desk.renames() == [("ops", "plant")]


def test_it_is_private(desk, path):
    desk.accept_loss("ops", "ada")
    for file in path.parent.glob("desk.sqlite*"):
        assert file.stat().st_mode & 0o777 == 0o600, file


def test_many_processes_make_and_use_one_desk(path):
    code = (
        "import sys; from pathlib import Path; from warehouse.desk import Desk\n"
        "with Desk(Path(sys.argv[1])) as d:\n"
        "    for n in range(20): d.confirm_people(f'ops:{n}', f'web:{sys.argv[2]}', 'ada')"
    )

    def run(n):
        command = [sys.executable, "-c", code, str(path), str(n)]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)

    with ThreadPoolExecutor(4) as pool:
        ended = list(pool.map(run, range(4)))
    assert [(e.returncode, e.stderr) for e in ended] == [(0, "")] * 4
    with Desk(path) as desk:
        assert len(desk.confirmed_people()) == 80


def test_one_that_stays_busy_is_one_sentence(path):
    Desk(path).close()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with Desk(path, busy_seconds=0.05) as desk, pytest.raises(Locked, match="another process"):
        desk.accept_loss("ops", "ada")
    other.close()


def test_a_newer_desk_is_refused_and_left_alone(path):
    Desk(path).close()
    with sqlite3.connect(path) as con:
        con.execute("INSERT INTO migrations VALUES (999, 'later')")
    with pytest.raises(FileError, match="newer pmo-hub"):
        Desk(path)


def test_what_is_no_desk_is_refused_and_left_alone(path):
    path.parent.mkdir()
    path.write_bytes(b"these are my notes, not a database\n" * 40)
    before = path.read_bytes()
    with pytest.raises(FileError, match="not an SQLite file"):
        Desk(path)
    assert path.read_bytes() == before
    path.unlink()
    with sqlite3.connect(path) as con:
        con.execute("CREATE TABLE recipes (name)")
    before = path.read_bytes()
    with pytest.raises(FileError, match="not a desk"):
        Desk(path)
    assert path.read_bytes() == before


def test_a_failing_migration_leaves_nothing_and_is_pending_again(path, monkeypatch):
    Desk(path).close()
    before = schema(path)
    released = desk_module._MIGRATIONS
    broken = (*released, ("CREATE TABLE half (a)", "CREATE TABLE half (a)"))
    monkeypatch.setattr(desk_module, "_MIGRATIONS", broken)
    with pytest.raises(FileError):
        Desk(path)
    assert schema(path) == before
    monkeypatch.setattr(desk_module, "_MIGRATIONS", (*released, ("CREATE TABLE half (a)",)))
    Desk(path).close()
    assert "half" in [name for name, _ in schema(path)]


def test_a_desk_made_step_by_step_equals_one_made_at_once(tmp_path, monkeypatch):
    released = desk_module._MIGRATIONS
    for number in range(1, len(released) + 1):
        monkeypatch.setattr(desk_module, "_MIGRATIONS", released[:number])
        Desk(tmp_path / "steps.sqlite").close()
    Desk(tmp_path / "once.sqlite").close()
    assert schema(tmp_path / "steps.sqlite") == schema(tmp_path / "once.sqlite")
