"""Runs `pmo` as a person does: in a process of its own, in a folder with a `pmo.toml`, against the sandbox.

`pmo` forks it from a process that has loaded it already; `started` starts Python anew, as a shell does, and takes half
a second of a processor more. Each command is started so at least once.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from sandbox.redmine import ADMIN_KEY
from tests.forked import CLI as MODULE
from tests.forked import Forking

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

CLI = (MODULE,)
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


_forking = Forking()


def pmo(*words: str, cwd: Path, via: tuple[str, ...] = CLI, typed: str | None = None, **env: str) -> Finished:
    """Runs the command line; `via` names the module that starts it, with its own arguments; `typed`: standard input."""
    module, *before = via
    if not _forking.lock.acquire(blocking=False):  # another thread's run is under way: this one is not to wait for it
        return _started((*via, *words), cwd, typed, env)
    try:
        return _forking.run(module, [*before, *words], cwd=cwd, env=environment(**env), typed=typed)
    finally:
        _forking.lock.release()


def watched(*words: str, cwd: Path, began: Callable[[int], None], env: Mapping[str, str]) -> Finished:
    """The same for who may want to kill it: `began` gets the number of the process."""
    with _forking.lock:
        return _forking.run(MODULE, words, cwd=cwd, env=environment(**env), began=began)


def started(*words: str, cwd: Path, typed: str | None = None, **env: str) -> Finished:
    """Runs the command line in a Python that is started for it."""
    return _started((*CLI, *words), cwd, typed, env)


def _started(words: Sequence[str], cwd: Path, typed: str | None, env: Mapping[str, str]) -> Finished:
    return subprocess.run(
        [sys.executable, "-m", *words],
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
