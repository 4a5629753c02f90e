"""`pmo login` as a person uses it, and what is to be found of it afterwards: in one file for its owner alone."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.smartsheet import SmartsheetServer
from sandbox.smartsheet_oauth import CLIENT_ID, CLIENT_SECRET
from tests.running import Finished, environment, pmo, started, well
from tests.sheets import a_company

CONFIG = """\
[sources.plans]
type = "smartsheet"
url = "{url}"
oauth_client = "${{APP_ID}}"
oauth_secret = "${{APP_SECRET}}"
requests_per_second = 1000
{more}
"""
ENV = {"APP_ID": CLIENT_ID, "APP_SECRET": CLIENT_SECRET}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SmartsheetServer]:
    with SmartsheetServer(a_company()) as server:
        (tmp_path / "pmo.toml").write_text(CONFIG.format(url=server.url, more=""), encoding="utf-8")
        yield server


def run_pmo(*words: str, cwd: Path, typed: str | None = None) -> Finished:
    return pmo(*words, cwd=cwd, typed=typed, APP_ID=CLIENT_ID, APP_SECRET=CLIENT_SECRET)


def code_of(server: SmartsheetServer) -> str:
    return server.oauth.authorize(server.tracker.admin.id, server.tracker.now())


def test_a_person_logs_in_and_no_secret_is_to_be_found_but_where_it_is_kept(
    server: SmartsheetServer, tmp_path: Path
) -> None:
    before = run_pmo("check", cwd=tmp_path)
    assert before.returncode == 1 and "nobody has logged in yet: run `pmo login plans`" in before.stdout + before.stderr
    code = code_of(server)
    said = started("--log", "debug", "login", "plans", cwd=tmp_path, typed=f"{code}\n", **ENV)
    assert "plans: logged in as Ada Admin" in well(said) and "/b/authorize?response_type=code" in said.stdout
    runs = [before, said]
    for _ in range(2):
        runs.append(run_pmo("--log", "debug", "sync", cwd=tmp_path))
        well(runs[-1])
        server.tracker.advance(8 * 86400)
    runs.append(run_pmo("--log-json", "status", cwd=tmp_path))
    assert len(server.oauth.access) == 2, "renewed after a week"
    secrets = [CLIENT_SECRET, *server.oauth.access, *server.oauth.refresh, "refresh-2"]
    for run in runs:
        assert not [one for one in (*secrets, code) if one in run.stdout + run.stderr]
    holding = {
        path.relative_to(tmp_path).as_posix()
        for path in tmp_path.rglob("*")
        if path.is_file() and any(one.encode() in path.read_bytes() for one in (*secrets, code))
    }
    assert holding == {"data/credentials/plans.json"}


def test_a_source_that_is_renamed_stays_logged_in(server: SmartsheetServer, tmp_path: Path) -> None:
    well(run_pmo("login", "plans", cwd=tmp_path, typed=f"{code_of(server)}\n"))
    well(run_pmo("sync", cwd=tmp_path))
    well(run_pmo("source", "rename", "plans", "sheets", cwd=tmp_path))
    assert "sheets: " in well(run_pmo("check", cwd=tmp_path))
    assert not (tmp_path / "data" / "credentials" / "plans.json").exists()


def test_two_processes_renew_once(server: SmartsheetServer, tmp_path: Path) -> None:
    well(run_pmo("login", "plans", cwd=tmp_path, typed=f"{code_of(server)}\n"))
    server.tracker.advance(8 * 86400)
    both = [
        subprocess.Popen(
            [sys.executable, "-m", "flows.cli", "check"],
            cwd=tmp_path,
            env=environment(**ENV),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(2)
    ]
    for process in both:
        told = process.communicate(timeout=120)[0]
        assert process.returncode == 0, told
    assert sum(seen.path == "/2.0/token" for seen in server.requests) == 2


def test_a_process_that_is_killed_while_it_asks_for_tokens_leaves_word_of_it(
    server: SmartsheetServer, tmp_path: Path
) -> None:
    """The tool acts on the request of a process that is gone: nobody has the new refresh token."""
    well(run_pmo("login", "plans", cwd=tmp_path, typed=f"{code_of(server)}\n"))
    server.tracker.advance(8 * 86400)
    killed = subprocess.Popen([sys.executable, "-m", "flows.cli", "check"], cwd=tmp_path, env=environment(**ENV))

    def kill(_method: str, path: str) -> None:
        if path == "/2.0/token":
            killed.kill()
            killed.wait(30)

    server.before = kill
    assert killed.wait(120) == -signal.SIGKILL
    server.before = None
    after = run_pmo("check", cwd=tmp_path)
    said = after.stdout + after.stderr
    assert after.returncode == 1 and "an earlier request for new tokens was lost, and with it the refresh token" in said
    well(run_pmo("login", "plans", cwd=tmp_path, typed=f"{code_of(server)}\n"))
    well(run_pmo("check", cwd=tmp_path))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('token = "${APP_SECRET}"', "sources.plans.oauth_client stands beside token: keep one of them"),
        ('oauth_secret = "plain"', "sources.plans.oauth_secret holds a secret, and a secret never stands in the file"),
        ("", "sources.plans.oauth_secret is missing"),
    ],
)
def test_a_wrong_configuration_is_one_sentence(server: SmartsheetServer, tmp_path: Path, more: str, said: str) -> None:
    text = CONFIG.format(url=server.url, more=more)
    if "token" not in more:
        text = text.replace('oauth_secret = "${APP_SECRET}"\n', "")
    (tmp_path / "pmo.toml").write_text(text, encoding="utf-8")
    run = run_pmo("check", cwd=tmp_path)
    assert run.returncode == 2 and said in run.stderr, run.stderr


def test_a_source_with_a_token_is_not_logged_in_to(server: SmartsheetServer, tmp_path: Path) -> None:
    text = CONFIG.format(url=server.url, more='token = "${APP_SECRET}"')
    text = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("oauth"))
    (tmp_path / "pmo.toml").write_text(text, encoding="utf-8")
    run = run_pmo("login", "plans", cwd=tmp_path, typed="x\n")
    assert run.returncode == 2 and "nobody logs in there: it goes by a token" in run.stderr
