"""The night as a deployment: `prefect.yaml` as it stands, a work pool, and a worker that runs it."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import requests

from sandbox.redmine import RedmineServer
from sandbox.redmine_tracker import Tracker
from tests.forked import at_a_terminal
from tests.real.scheduled import a_prefect, issues
from tests.running import ROOT, configured, environment

ENDS_WITHIN_SECONDS = 180.0


def test_a_worker_runs_the_deployment_of_prefect_yaml(tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    shutil.copy(ROOT / "prefect.yaml", checkout)
    with RedmineServer(Tracker(issues=100, seed=3)) as tool, a_prefect(tmp_path / "prefect") as url:
        folder = configured(tmp_path / "pmo", tool.url)
        variables = environment(PREFECT_API_URL=url, PREFECT_HOME=str(tmp_path / "client"))

        def prefect(*words: str) -> None:
            ran = subprocess.run(
                [sys.executable, "-m", "prefect", "--no-prompt", *words],
                cwd=checkout, env=variables, capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert ran.returncode == 0, ran.stdout + ran.stderr

        prefect("work-pool", "create", "pmo", "--type", "process")
        prefect("deploy", "--name", "pmo-hub")
        prefect("deployment", "run", "nightly/pmo-hub")
        log = tmp_path / "worker.log"
        with (
            log.open("wb") as told,
            subprocess.Popen(
                [sys.executable, "-m", "prefect", "worker", "start", "--pool", "pmo"],
                cwd=tmp_path, env=variables | {"PMO_CONFIG": str(folder / "pmo.toml")}, stdout=told, stderr=told,
                preexec_fn=at_a_terminal,
            ) as worker,
        ):  # fmt: skip
            try:
                state = _end_of_the_run(url)
            finally:
                worker.send_signal(signal.SIGINT)
        assert state == "COMPLETED", log.read_text(encoding="utf-8")
        assert issues(folder) == {"ops": len(tool.tracker.issues)}


def _end_of_the_run(url: str) -> str:
    """The final state of the one run that is due; what it was last, if it does not end."""
    ends = time.monotonic() + ENDS_WITHIN_SECONDS
    state = ""
    while time.monotonic() < ends:
        runs = requests.post(
            f"{url}/flow_runs/filter", json={"sort": "EXPECTED_START_TIME_ASC", "limit": 1}, timeout=30
        )
        state = runs.json()[0]["state_type"]
        if state in {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}:
            break
        time.sleep(0.5)
    return state
