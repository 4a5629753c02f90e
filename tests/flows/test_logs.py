"""What is logged: nothing unless asked for, and then with run, source and stream, and never a secret."""

from __future__ import annotations

import json
from pathlib import Path

from sandbox.redmine import ADMIN_KEY, RedmineServer
from sandbox.redmine_tracker import Tracker
from tests.running import configured, pmo


def test_a_sync_as_json_with_run_source_and_stream(tmp_path: Path) -> None:
    with RedmineServer(Tracker(issues=20, seed=2)) as server:
        folder = configured(tmp_path / "pmo", server.url)
        ran = pmo("--log", "debug", "--log-json", "sync", "--no-publish", cwd=folder)
        quiet = pmo("sync", "--no-publish", cwd=folder)
        plain = pmo("sync", "--no-publish", cwd=folder, PMO_LOG="info")
    assert ran.returncode == 0 and ADMIN_KEY not in ran.stderr
    lines = [json.loads(line) for line in ran.stderr.splitlines() if line.startswith("{")]
    runs = {line["run"] for line in lines if "run" in line}
    assert len(runs) == 1 and {line["source"] for line in lines} == {"ops"}
    [issues] = [line for line in lines if line.get("stream") == "issues"]
    assert (issues["level"], issues["logger"]) == ("info", "flows.pull") and "0 gone" in issues["message"]
    assert any(line["logger"] == "connectors.http" and "-> 200" in line["message"] for line in lines)
    assert "flows.pull" not in quiet.stderr and "done" not in quiet.stderr
    assert " INFO ops: issues: done: " in plain.stderr
