"""Readers with today's DuckDB and with 1.1.3, as another user, who try to write and are killed.

DuckDB 1.1.3 lives in an environment of its own, made once below `.venv`; where it cannot be installed, its tests
are skipped. As root each reader becomes another user before it touches a file; otherwise it is the same user,
whom the mode of the file stops as well.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.warehouse.small_hub import NOON, STATUSES, SmallHub, change, issue, project, worklog

ROOT = Path(__file__).resolve().parents[2]
OLD = "1.1.3"
OLD_FOLDER = ROOT / ".venv" / "readers" / f"duckdb-{OLD}"

# Libraries are loaded before the user changes: another user may not be able to reach this environment.
PREFACE = """
import datetime, decimal, json, os, signal, sys, uuid
import duckdb, pytz
duckdb.connect().execute("SELECT now(), DATE '2026-11-21', 1.5, ['a'], true").fetchall()
if os.geteuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
"""

SELECT_ALL = """
con = duckdb.connect(sys.argv[1], read_only=True)
told = {}
for (table,) in con.execute("SELECT table_name FROM duckdb_tables() ORDER BY 1").fetchall():
    rows = con.execute(f'SELECT * FROM "{table}"').fetchall()
    comment, = con.execute("SELECT comment FROM duckdb_tables() WHERE table_name = ?", [table]).fetchone()
    told[table] = [len(rows), sorted(map(repr, rows)), bool(comment)]
figures = con.execute('SELECT name, sql FROM about_figures WHERE runs_here ORDER BY 1').fetchall()
told["again"] = {table: sorted(map(repr, con.execute(sql).fetchall())) for table, sql in figures}
print(json.dumps([duckdb.__version__, told]))
"""

WRITE_AND_DIE = """
said = []
for path in sys.argv[1:]:
    for setting in ({}, {"read_only": True}):
        try:
            con = duckdb.connect(path, **setting)
            con.execute("INSERT INTO issues BY NAME SELECT 'evil:1' AS id")
            said.append("written")
        except duckdb.Error as error:
            said.append(type(error).__name__)
        try:
            con.execute("CHECKPOINT")
        except (duckdb.Error, NameError):
            pass
    try:
        open(path, "r+b").write(b"evil")
        said.append("written")
    except OSError:
        pass
    try:
        open(path + ".wal", "wb").write(b"evil")
        said.append("written beside")
    except OSError:
        pass
print(json.dumps(said), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""

HOLD = """
con = duckdb.connect(sys.argv[1], read_only=True)
con.execute("BEGIN")
print(con.execute("SELECT count(*) FROM issues").fetchall()[0][0], flush=True)
sys.stdin.readline()
print(con.execute("SELECT count(*), count(DISTINCT title) FROM issues").fetchall()[0][0], flush=True)
"""


def _old_python() -> str:
    """The interpreter that has DuckDB 1.1.3; its environment is made if need be."""
    python = OLD_FOLDER / "bin" / "python"
    ready = OLD_FOLDER / ".ready"
    if not ready.exists():
        shutil.rmtree(OLD_FOLDER, ignore_errors=True)
        install = [str(python), "-m", "pip", "install", "--quiet", f"duckdb=={OLD}", "pytz"]
        for command in ([sys.executable, "-m", "venv", str(OLD_FOLDER)], install):
            ended = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
            if ended.returncode:
                pytest.skip(
                    f"DuckDB {OLD} cannot be installed here: {(ended.stderr.strip().splitlines() or ['?'])[-1]}"
                )
        ready.touch()
    return str(python)


@pytest.fixture(params=["today", OLD])
def python(request: pytest.FixtureRequest) -> str:
    return sys.executable if request.param == "today" else _old_python()


@pytest.fixture
def small() -> Iterator[SmallHub]:
    """A hub in a folder that every user can reach, as a share would be."""
    with tempfile.TemporaryDirectory(prefix="pmo-readers-") as folder:
        Path(folder).chmod(0o755)
        hub = SmallHub(Path(folder) / "data")
        hub.land("ops", projects=[project("1")], words=STATUSES, accounts=[{"native_id": "5", "name": "Ines Duarte"}])
        many = [issue(str(n), custom='{"Größe": "XL"}', labels=["a", "ä"], assignee_id="5") for n in range(20_000)]
        hub.land("ops", issues=many)
        hub.land(
            "ops", worklogs=[worklog("1", "7", 1.5, started_at=NOON)], issue_changes=[change("1", "7", "1", "2", NOON)]
        )
        yield hub
        hub.close()


def run(python: str, code: str, *paths: Path) -> subprocess.CompletedProcess[str]:
    command = [python, "-c", PREFACE + code, *map(str, paths)]
    return subprocess.run(command, cwd="/", capture_output=True, text=True, timeout=300, check=False)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_every_table_can_be_read(small, python):
    small.publish(described=True)
    ended = run(python, SELECT_ALL, small.data / "portfolio.duckdb")
    assert ended.returncode == 0, ended.stderr
    version, told = json.loads(ended.stdout)
    again = told.pop("again")
    assert told["issues"][0] == 20_000 and told["portfolio"][0] == 1
    assert "portfolio" in again
    for table, rows in again.items():  # the SQL of each figure runs there too, and gives the same
        assert rows == told[table][1], table
    assert all(commented for _, _, commented in told.values())
    print(f"DuckDB {version}: {len(told)} tables, {sum(count for count, _, _ in told.values())} rows")


def test_old_and_new_read_the_same(small):
    small.publish()
    link = small.data / "portfolio.duckdb"
    told = [json.loads(run(p, SELECT_ALL, link).stdout)[1] for p in (sys.executable, _old_python())]
    assert told[0] == told[1]


def test_who_tries_to_write_and_dies_changes_no_byte(small, python):
    """Before and after a publishing, by the link and by the file's own name."""
    link = small.data / "portfolio.duckdb"
    published = [small.publish().path]
    digests = [digest(published[0])]
    for _ in range(2):
        ended = run(python, WRITE_AND_DIE, link, *published)
        assert ended.returncode == -9, ended.stderr
        assert [said for said in json.loads(ended.stdout) if not said.endswith("Exception")] == (
            [] if os.geteuid() == 0 else ["written beside"] * (1 + len(published))
        )
        done = small.publish()
        published.append(done.path)
        digests.append(digest(done.path))
        assert [digest(path) for path in published] == digests
        # the same user may write beside the file, another may not: what was written there is moved aside
        assert bool(done.strays) == (os.geteuid() != 0)
        assert "evil" not in run(python, SELECT_ALL, link).stdout


def test_a_reader_goes_on_while_the_next_file_is_published(small, python):
    link = small.data / "portfolio.duckdb"
    small.publish()
    command = [python, "-c", PREFACE + HOLD, str(link)]
    reader = subprocess.Popen(command, cwd="/", stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert reader.stdin is not None and reader.stdout is not None
    assert reader.stdout.readline() == "20000\n"
    small.land("ops", issues=[issue("20000")])
    small.publish()
    told, _ = reader.communicate("go on\n", timeout=120)
    assert told == "20000\n" and reader.returncode == 0
    assert json.loads(run(python, SELECT_ALL, link).stdout)[1]["issues"][0] == 20_001
