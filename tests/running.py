"""Runs `pmo` as a person does: in a process of its own, in a folder with a `pmo.toml`, against the sandbox."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from sandbox.redmine import ADMIN_KEY

ROOT = Path(__file__).resolve().parents[1]
CONFIG = """\
[hub]
timezone = "Europe/Berlin"
in_flight = 3
tries = 2

[sources.ops]
type = "redmine"
url = "{url}"
token = "${{SANDBOX_KEY}}"
"""

TWO_SOURCES = """
[hub]
tries = 1
[sources.well]
type = "redmine"
url = "{well}"
token = "${{SANDBOX_KEY}}"
[sources.ill]
type = "redmine"
url = "{ill}"
token = "${{SANDBOX_KEY}}"
"""
"""For nights in which one tool fails."""

CLI = ("flows.cli",)
Finished = subprocess.CompletedProcess[str]


def environment(**more: str) -> dict[str, str]:
    """Ours, with the sandbox's key, and the project importable; compiled modules are kept, as they are for a person."""
    ours = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**ours, "SANDBOX_KEY": ADMIN_KEY, "PYTHONPATH": str(ROOT), "COLUMNS": "200", **more}


def configured(folder: Path, url: str, *, more: str = "") -> Path:
    """A folder with a configuration of one source, `ops`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pmo.toml").write_text(CONFIG.format(url=url) + more, encoding="utf-8")
    return folder


def pmo(*words: str, cwd: Path, via: tuple[str, ...] = CLI, typed: str | None = None, **env: str) -> Finished:
    """Runs the command line; `via` names the module that starts it, with its own arguments; `typed`: standard input."""
    return subprocess.run(
        [sys.executable, "-m", *via, *words],
        cwd=cwd,
        env=environment(**env),
        input=typed,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def well(run: Finished) -> str:
    """What a run printed that must have gone well."""
    assert run.returncode == 0, f"exit status {run.returncode}\n{run.stdout}\n{run.stderr}"
    return run.stdout
