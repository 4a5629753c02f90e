"""Make-believe tools for people who have none at hand: `pmo sandbox` serves them, `pmo demo` reads them at once.

The sandbox runs as a process of its own and is talked to over HTTP like any tool. What it serves is invented.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from model.errors import FileError

__all__ = [
    "DEMO_SHEETS",
    "DEMO_SOURCE",
    "PLAN_FOLDER",
    "Sandbox",
    "demo_folder",
    "environment",
    "prepare",
    "sandbox",
    "settings_text",
]

DEMO_SOURCE, DEMO_SHEETS = "alder-jira", "alder-sheets"
PLAN_FOLDER = "plan"
"""Beside the configuration, which names it so."""
MARK = ".pmo-demo"
"""A file that says that a folder was made by the demo, and may be made anew by it."""

_CONFIG = """\
# An invented company in a make-believe Jira and Smartsheet on this machine: they answer for as long as they are served.
[hub]
data = "data"
timezone = "Europe/Berlin"

[sources.{source}]
type = "jira"
url = "{url}"
email = "${{SANDBOX_EMAIL}}"
token = "${{SANDBOX_TOKEN}}"

# Two projects are planned on sheets; their hours are booked in Jira all the same.
[sources.{sheets}]
type = "smartsheet"
url = "{sheets_url}"
token = "${{SANDBOX_SHEETS_TOKEN}}"
"""

_PLAN = """
# What its PMO keeps in files: projects, budgets, rates, risks.
[sources.plan]
type = "plan"
folder = {folder}
"""


@dataclass(frozen=True)
class Sandbox:
    """A sandbox that serves, with the addresses of its Jira and its Smartsheet; `wait` blocks until it ends."""

    url: str
    sheets_url: str
    wait: Callable[[], int]


def environment() -> dict[str, str]:
    """What the configuration reads from the environment: the sandbox's own log-in, no secret."""
    from sandbox.jira import HUB_EMAIL, TOKEN
    from sandbox.smartsheet import ADMIN_TOKEN

    return {"SANDBOX_EMAIL": HUB_EMAIL, "SANDBOX_TOKEN": TOKEN, "SANDBOX_SHEETS_TOKEN": ADMIN_TOKEN}


def settings_text(served: Sandbox, plan: Path | None = None) -> str:
    """A `pmo.toml` for the sandbox, and for the folder of its plan, if it has one."""
    more = _PLAN.format(folder=json.dumps(str(plan), ensure_ascii=False)) if plan else ""
    config = _CONFIG.format(source=DEMO_SOURCE, url=served.url, sheets=DEMO_SHEETS, sheets_url=served.sheets_url)
    return config + more


@contextmanager
def sandbox(
    *, port: int = 0, seed: int = 7, as_of: date | None = None, truth: Path | None = None, plan: Path | None = None
) -> Iterator[Sandbox]:
    """Serves the company in a process of its own, until the context ends. Raises FileError if it does not start."""
    command = [sys.executable, "-m", "sandbox.company", "--port", str(port), "--seed", str(seed)]
    command += ["--as-of", as_of.isoformat()] if as_of else []
    command += ["--truth", str(truth)] if truth else []
    command += ["--plan", str(plan)] if plan else []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            urls = [process.stdout.readline().strip() for _ in range(2)]
            if not all(urls):
                raise FileError(_why(process, port))
            yield Sandbox(urls[0], urls[1], process.wait)
        finally:
            process.terminate()


def _why(process: subprocess.Popen[str], port: int) -> str:
    said = process.communicate()[1]
    if "Address already in use" in said:
        return (
            f"the sandbox cannot listen on ports {port} and {port + 1}, of which one is in use: "
            "name another with --port, or none"
        )
    last = said.strip().splitlines()[-1:] or ["it gave no reason"]
    return f"the sandbox did not start: {last[0]}"


def demo_folder(folder: Path) -> Path:
    """An empty folder for the demo; one that it made before is made anew. Raises FileError where something else is."""
    if folder.exists() and not (folder / MARK).exists():
        if not folder.is_dir() or any(folder.iterdir()):
            raise FileError(f"{folder} is there already, and the demo did not make it: name another with --into")
    elif folder.exists():
        shutil.rmtree(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MARK).touch()
    except OSError as error:
        raise FileError(f"{folder} cannot be made: {error.strerror}") from error
    return folder


def prepare(folder: Path, served: Sandbox) -> Path:
    """Writes the configuration, and lets this process know the log-in; its path."""
    path = folder / "pmo.toml"
    path.write_text(settings_text(served, Path(PLAN_FOLDER)), encoding="utf-8")
    os.environ.update(environment())
    return path
