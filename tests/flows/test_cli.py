"""The command line as a person meets it: from an empty folder to the portfolio, and what bad input gets."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from pathlib import Path

import duckdb
import pytest

from sandbox.redmine import ADMIN_KEY, RedmineServer
from sandbox.redmine_tracker import Tracker
from tests.running import Finished, configured, environment, pmo, started, well


@pytest.fixture(scope="module")
def read_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """A folder in which `pmo sync` was run, and the port of the tool that it read."""
    with RedmineServer(Tracker(issues=120, seed=5)) as server:
        folder = configured(tmp_path_factory.mktemp("once") / "pmo", server.url)
        well(pmo("sync", cwd=folder))
    return folder, int(server.url.rpartition(":")[2])


@pytest.fixture
def server(read_once: tuple[Path, int]) -> Iterator[RedmineServer]:
    """The same tool, as new, at the same address."""
    with RedmineServer(Tracker(issues=120, seed=5), port=read_once[1]) as server:
        yield server


@pytest.fixture
def folder(tmp_path: Path, server: RedmineServer) -> Path:
    return configured(tmp_path / "pmo", server.url)


@pytest.fixture
def synced(tmp_path: Path, server: RedmineServer, read_once: tuple[Path, int]) -> Path:
    """A folder of its own that was read already."""
    return shutil.copytree(read_once[0], tmp_path / "pmo", symlinks=True)


def _query(folder: Path, sql: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(well(pmo("sql", sql, "--json", cwd=folder)))
    return found


def _says(run: Finished, status: int, *words: str) -> None:
    """One sentence for people, and the exit status."""
    assert run.returncode == status, f"{run.returncode}\n{run.stdout}\n{run.stderr}"
    text = run.stdout + run.stderr
    assert "Traceback" not in text
    for word in words:
        assert word in text, text
    assert ADMIN_KEY not in text


# ---- the way of a new user


def test_from_an_empty_folder_to_the_portfolio(tmp_path: Path, server: RedmineServer):
    _says(started("init", cwd=tmp_path), 0, "wrote pmo.toml", "pmo check")
    _says(pmo("init", cwd=tmp_path), 2, "exists already")
    _says(pmo("sync", cwd=tmp_path), 2, "names no source")
    configured(tmp_path, server.url)
    _says(pmo("portfolio", cwd=tmp_path), 2, "nothing published yet", "pmo sync")
    checked = well(started("check", cwd=tmp_path))
    assert "logged in as Ada Admin" in checked
    synced = well(started("sync", cwd=tmp_path))
    assert "120 of 120 in the tool" in synced
    assert "published" in synced
    shown = well(started("portfolio", cwd=tmp_path))
    for project in server.tracker.projects.values():
        assert project.name in shown
    status = well(started("status", cwd=tmp_path))
    assert "ops: fresh through" in status
    assert "complete 100 %" in status
    issue = well(started("issue", "#7", cwd=tmp_path))
    assert "(ops:7)" in issue
    assert well(started("sql", "select count(*) from issues", cwd=tmp_path)).splitlines() == ["count_star()", "120"]


def test_what_makes_the_figures_doubtful_is_listed_with_those_who_can_mend_it(synced: Path):
    rows = json.loads(well(pmo("quality", "--json", cwd=synced)))
    assert rows
    first = next(row["check_id"] for row in rows)
    told = well(started("quality", cwd=synced))
    for check in {row["check_id"] for row in rows}:
        found = [row for row in rows if row["check_id"] == check]
        assert f"{found[0]['severity']}: {check}: {len(found):,}. {found[0]['rule']}" in told
    assert told.startswith(f"{rows[0]['severity']}: {first}")
    heading, *scores = told[told.index("\nproject ") :].split("\n")[1:]
    assert heading.split() == ["project", "rules", "passed", "trend", "failing", "high", "medium", "low"]
    for project in {row["project"] for row in rows if row["project"]}:
        severities = [row["severity"] for row in rows if row["project"] == project]
        (line,) = [line for line in scores if line.startswith(f"{project}  ")]
        assert line.split()[-3:] == [f"{severities.count(name):,}" for name in ("high", "medium", "low")]
    listed = well(pmo("quality", "--check", first, cwd=synced)).splitlines()  # without the scores
    assert len(listed) == 1 + sum(row["check_id"] == first for row in rows)
    project = next(row["project"] for row in rows if row["project"])
    of_one = json.loads(well(pmo("quality", "--project", project.upper(), "--json", cwd=synced)))
    assert of_one == [row for row in rows if row["project"] == project]
    _says(pmo("quality", "--check", "nonsense", cwd=synced), 2, "there is no check nonsense", "owner-left")
    _says(pmo("quality", "--project", "nonsense", cwd=synced), 2, "there is no project nonsense")


def test_a_second_sync_changes_nothing(synced: Path):
    report = json.loads(well(pmo("sync", "--json", cwd=synced)))
    assert [s["rows_changed"] for s in report["sources"]] == [0]
    assert report["exit_status"] == 0


@pytest.mark.parametrize("words", [("check",), ("sync",), ("status",), ("portfolio",), ("issue", "#7"), ("publish",)])
def test_json_where_data_is_printed(synced: Path, words: tuple[str, ...]):
    assert json.loads(well(pmo(*words, "--json", cwd=synced)))


def test_a_rebuild_ends_with_equal_tables_and_needs_neither_tool_nor_token(synced: Path, server: RedmineServer):
    from warehouse.compare import differences

    server.tracker.close(7)
    server.tracker.delete_issue(9)
    server.tracker.log_time(11, 2.5, date(2026, 11, 20))
    well(pmo("sync", cwd=synced))
    before = (synced / "data" / "portfolio.duckdb").resolve()
    (synced / "data" / "hub.duckdb").unlink()
    asked = len(server.requests)
    assert "made again" in well(started("rebuild", cwd=synced, SANDBOX_KEY=""))
    assert len(server.requests) == asked
    assert differences(before, (synced / "data" / "portfolio.duckdb").resolve()) == []
    assert json.loads(well(pmo("sync", "--no-publish", "--json", cwd=synced)))["sources"][0]["rows_changed"] == 0


def test_a_hub_file_that_is_gone_is_made_again_by_the_next_sync(synced: Path):
    (synced / "data" / "hub.duckdb").unlink()
    report = json.loads(well(pmo("sync", "--no-publish", "--json", cwd=synced)))
    assert report["rebuilt"]["parts"] > 0
    assert report["sources"][0]["rows_changed"] == 0


def test_a_changed_rule_is_in_force_without_reading_again(synced: Path, server: RedmineServer):
    configured(synced, server.url, more='status."New" = "blocked"\n')
    asked = len(server.requests)
    well(started("publish", cwd=synced))
    assert len(server.requests) == asked
    assert _query(synced, "select distinct status from issues where native_status = 'New'") == [{"status": "blocked"}]
    assert "New" not in well(pmo("status", cwd=synced))


def test_a_renamed_source_keeps_its_records(synced: Path):
    well(started("source", "rename", "ops", "it-ops", cwd=synced))
    assert "[sources.it-ops]" in (synced / "pmo.toml").read_text(encoding="utf-8")
    assert _query(synced, "select distinct source from issues") == [{"source": "it-ops"}]
    report = json.loads(well(pmo("sync", "--no-publish", "--json", cwd=synced)))
    assert report["sources"][0]["rows_changed"] == 0
    well(pmo("rebuild", cwd=synced))
    assert _query(synced, "select distinct source from issues") == [{"source": "it-ops"}]


def test_a_name_changed_by_hand_is_told_how_to_go_on(synced: Path):
    path = synced / "pmo.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("[sources.ops]", "[sources.it]"), encoding="utf-8")
    _says(pmo("sync", cwd=synced), 2, "was read as ops so far", "pmo source rename ops it")
    well(pmo("source", "rename", "ops", "it", cwd=synced))
    assert json.loads(well(pmo("sync", "--no-publish", "--json", cwd=synced)))["sources"][0]["rows_changed"] == 0


def test_an_ambiguous_key_lists_the_candidates(tmp_path: Path):
    with RedmineServer(Tracker(issues=20, seed=1)) as one, RedmineServer(Tracker(issues=20, seed=2)) as other:
        more = f'[sources.lab]\ntype = "redmine"\nurl = "{other.url}"\ntoken = "${{SANDBOX_KEY}}"\n'
        folder = configured(tmp_path, one.url, more=more)
        well(pmo("sync", cwd=folder))
        _says(pmo("issue", "#7", cwd=folder), 2, "lab:7", "ops:7")
        well(pmo("issue", "lab:7", cwd=folder))


def test_one_source_that_fails_does_not_stop_the_others(tmp_path: Path, server: RedmineServer):
    more = '[sources.lab]\ntype = "redmine"\nurl = "http://127.0.0.1:9"\ntoken = "${SANDBOX_KEY}"\n'
    folder = configured(tmp_path, server.url, more=more)
    run = pmo("sync", cwd=folder)
    _says(run, 1, "ops: done", "lab: failed", "refuses connections")
    assert _query(folder, "select source, state from runs order by 1") == [
        {"source": "lab", "state": "failed"},
        {"source": "ops", "state": "done"},
    ]


# ---- what bad input gets


@pytest.mark.parametrize("command", ["check", "sync"])
def test_a_wrong_token(folder: Path, command: str):
    run = pmo(command, cwd=folder, SANDBOX_KEY="wrong-secret")
    _says(run, 1, "ops", "token")
    assert "wrong-secret" not in run.stdout + run.stderr


def test_a_missing_token_names_the_variable_before_anything_is_asked(folder: Path, server: RedmineServer):
    env = environment()
    del env["SANDBOX_KEY"]
    run = subprocess.run(
        [sys.executable, "-m", "flows.cli", "sync"], cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    _says(run, 2, "SANDBOX_KEY", "pmo.toml")
    assert not server.requests
    assert not (folder / "data").exists()


@pytest.mark.parametrize(
    ("url", "said"),
    [("http://no-such-host.invalid", "unknown host name"), ("http://127.0.0.1:9", "refuses connections")],
)
def test_a_tool_that_cannot_be_reached(tmp_path: Path, url: str, said: str):
    folder = configured(tmp_path, url)
    _says(pmo("check", cwd=folder), 1, "ops", said)
    _says(pmo("sync", "--no-publish", cwd=folder), 1, "ops", said)


def test_an_interface_that_is_switched_off(folder: Path, server: RedmineServer):
    server.rest_enabled = False
    _says(pmo("check", cwd=folder), 1, "ops")
    _says(pmo("sync", "--no-publish", cwd=folder), 1, "ops")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[hub]\ntimezon = "UTC"\n', ["hub.timezon", "line 2", "timezone"]),
        ("[hub\n", ["line 1"]),
        ('[sources.x]\ntype = "redmine"\n', ["line 1", "token"]),
    ],
)
def test_a_configuration_that_will_not_do(tmp_path: Path, text: str, words: list[str]):
    (tmp_path / "pmo.toml").write_text(text, encoding="utf-8")
    _says(pmo("sync", cwd=tmp_path), 2, "pmo.toml", *words)


def test_no_configuration_at_all(tmp_path: Path):
    _says(pmo("sync", cwd=tmp_path, PMO_CONFIG=""), 2, "pmo init")


@pytest.mark.parametrize("words", [("sync", "--ful"), ("nonsense",), ("sync", "nobody"), ("accept-loss", "nobody")])
def test_wrong_usage(folder: Path, words: tuple[str, ...]):
    _says(pmo(*words, cwd=folder), 2)


def _tampered(folder: Path, sql: str) -> None:
    with duckdb.connect(str(folder / "data" / "hub.duckdb")) as con:
        con.execute(sql)


def _fingerprint(folder: Path) -> dict[str, str]:
    """Every file of the hub but the lock and the progress, by its content."""
    files = [p for p in (folder / "data").rglob("*") if p.is_file() and p.name not in ("hub.lock", "run.json")]
    return {str(p): sha256(p.read_bytes()).hexdigest() for p in files if "desk" not in p.name}


def test_a_hub_file_of_a_newer_version(synced: Path):
    _tampered(synced, "UPDATE ledger.meta SET value = '999' WHERE key = 'schema_version'")
    before = _fingerprint(synced)
    _says(pmo("sync", cwd=synced), 2, "hub.duckdb", "newer")
    assert _fingerprint(synced) == before


def test_a_hub_file_of_an_older_version_is_made_again(synced: Path):
    _tampered(synced, "UPDATE ledger.meta SET value = '0' WHERE key = 'schema_version'")
    assert "made again" in well(pmo("sync", cwd=synced))


def test_a_hub_file_that_is_no_duckdb(synced: Path):
    (synced / "data" / "hub.duckdb").write_bytes(b"not a database at all" * 1000)
    before = _fingerprint(synced)
    _says(pmo("sync", cwd=synced), 2, "hub.duckdb", "not a DuckDB file", "pmo rebuild")
    assert _fingerprint(synced) == before
    well(pmo("rebuild", cwd=synced))
    assert json.loads(well(pmo("sync", "--no-publish", "--json", cwd=synced)))["sources"][0]["rows_changed"] == 0


def test_a_raw_file_cut_short(synced: Path):
    part = max((synced / "data" / "raw").rglob("*.parquet"), key=lambda p: p.stat().st_size)
    os.truncate(part, part.stat().st_size // 2)
    before = _fingerprint(synced)
    _says(pmo("rebuild", cwd=synced), 2, part.name, "backup", "nothing was changed")
    assert _fingerprint(synced) == before
    well(pmo("sync", "--no-publish", cwd=synced))


def test_a_raw_file_that_is_gone(synced: Path):
    part = sorted((synced / "data" / "raw").rglob("*.parquet"))[1]
    part.unlink()
    _says(pmo("rebuild", cwd=synced), 2, part.name, "backup")


def test_a_second_writer_is_refused_at_once_and_readers_are_not(synced: Path):
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "from warehouse.hub import HubLock; from pathlib import Path; import time\n"
            "lock = HubLock(Path('data')); print('held', flush=True); time.sleep(60)",
        ],
        cwd=synced,
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        for writing in ("sync", "publish", "rebuild"):
            _says(pmo(writing, cwd=synced), 1, f"process {holder.pid}")
        for reading in (["status"], ["portfolio"], ["issue", "#7"], ["sql", "select 1"]):
            well(pmo(*reading, cwd=synced))
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    well(pmo("sync", "--no-publish", cwd=synced))


def test_the_hub_file_open_in_another_program(synced: Path):
    with duckdb.connect(str(synced / "data" / "hub.duckdb"), read_only=True):
        _says(pmo("sync", cwd=synced), 1, "hub.duckdb", f"process {os.getpid()}")


def test_sql_that_is_wrong_or_would_write(synced: Path):
    _says(pmo("sql", "select nothing from nowhere", cwd=synced), 2, "nowhere")
    _says(pmo("sql", "delete from issues", cwd=synced), 2, "read-only")
    _says(pmo("sql", "copy issues to 'x.csv'", cwd=synced), 2)
    assert not (synced / "x.csv").exists()


def test_a_loss_that_is_not_there_cannot_be_accepted(synced: Path):
    _says(started("accept-loss", "ops", cwd=synced), 2, "nothing of ops is held back")


# ---- secrets


def test_the_token_is_nowhere_and_addresses_only_where_wanted(synced: Path, server: RedmineServer):
    for path in (synced / "data").rglob("*"):
        if path.is_file():
            assert ADMIN_KEY.encode() not in path.read_bytes(), path
    for part in (synced / "data" / "raw").rglob("*.parquet"):
        found = duckdb.sql(f"SELECT count(*) FROM '{part}' WHERE contains(decode(body), '{ADMIN_KEY}')").fetchone()
        assert found == (0,), part
    published = (synced / "data" / "portfolio.duckdb").read_bytes()
    emails = _all_emails(server)
    assert len(emails) >= 5
    assert [e for e in emails if e.encode() in published] == []
    path = synced / "pmo.toml"
    path.write_text("hub.publish.emails = true\n" + path.read_text(encoding="utf-8").replace("[hub]\n", "[hubb]\n"))
    text = path.read_text(encoding="utf-8").replace("hub.publish.emails = true\n[hubb]", "[hub]\npublish.emails = true")
    path.write_text(text, encoding="utf-8")
    well(pmo("publish", cwd=synced))
    assert {r["email"] for r in _query(synced, "select email from accounts where email is not null")} == set(emails)


def _all_emails(server: RedmineServer) -> list[str]:
    status, answer = server.answer("/users.json?status=&limit=100", ADMIN_KEY)
    assert status == 200
    return sorted(re.findall(r"[\w.+-]+@[\w.-]+", json.dumps(answer, ensure_ascii=False)))
