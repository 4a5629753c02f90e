"""Runs `pmo` in processes forked from one that has loaded it already: a start then costs hundredths of a second.

Each run is a process of its own all the same, with its own folder, environment, input, output and exit status. Run as
a program, this module is the process that forks: it takes a run as a line of JSON, and answers with two lines, the
number of the process and, once that has ended, its exit status.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import runpy
import signal
import subprocess
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock, Timer
from typing import IO, Any

import duckdb

ROOT = Path(__file__).resolve().parents[1]
CLI = "flows.cli"
LOADED = (
    CLI, "connectors.jira", "connectors.plan", "connectors.redmine", "connectors.smartsheet", "flows.changes",
    "flows.check", "flows.explained", "flows.forget", "flows.login", "flows.push", "flows.rebuild", "flows.report",
    "flows.show", "flows.source_rename", "flows.sync", "warehouse.explain", "warehouse.read", "warehouse.report",
)  # fmt: skip
"""What the commands load. It may be forked as long as no module starts a thread or opens a file by being loaded."""
SECONDS = 900.0
"""A run that hangs is killed after so long, with the process that forked it."""


class Forking:
    """The process that forks. It starts when it is first needed, and ends with this one; one run at a time.

    A fork of this process (a worker of a pool) starts one of its own: two that share one take each other's answers.
    """

    def __init__(self) -> None:
        self._begin()
        os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        self.lock = Lock()
        self._process: subprocess.Popen[str] | None = None

    def run(
        self,
        module: str,
        words: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        typed: str | None = None,
        began: Callable[[int], None] = lambda pid: None,
    ) -> subprocess.CompletedProcess[str]:
        """As `python -m module words`. The caller holds the lock; `began` gets the number of the process."""
        with TemporaryDirectory(prefix="pmo-run-") as place:
            files = [Path(place) / name for name in ("in", "out", "err")]
            files[0].write_text(typed or "", encoding="utf-8")
            asked = {
                "module": module,
                "words": words,
                "cwd": str(cwd),
                "env": dict(env),
                "files": list(map(str, files)),
            }
            status = self._ask(json.dumps(asked), began)
            out, err = (file.read_text(encoding="utf-8") for file in files[1:])
            return subprocess.CompletedProcess([module, *words], status, out, err)

    def _ask(self, line: str, began: Callable[[int], None]) -> int:
        process = self._process = self._process or _started()
        assert process.stdin is not None
        assert process.stdout is not None
        late = Timer(SECONDS, self._end)
        late.start()
        try:
            process.stdin.write(line + "\n")
            process.stdin.flush()
            first = process.stdout.readline()
            if first:
                began(int(first))
            answer = first and process.stdout.readline()
        except OSError:
            answer = ""
        finally:
            late.cancel()
        if not answer:
            self._process = None
            raise subprocess.TimeoutExpired("pmo", SECONDS)
        return int(answer)

    def _end(self) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)


def _started() -> subprocess.Popen[str]:
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.forked"],
        cwd=ROOT,
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdin is not None
    atexit.register(_ended, process)
    return process


def _ended(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    with suppress(BrokenPipeError):
        process.stdin.close()
    process.wait()


def _serve() -> None:
    """Forks once a line. In the child it goes on with what was asked, and so comes back from here by its exit."""
    asked, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    for name in LOADED:
        import_module(name)
    duckdb.close()  # to load it opens a connection of its own, with a thread
    gc.collect()
    gc.freeze()  # not looked through, and so not copied, in each child
    for line in iter(asked.readline, ""):
        child = _forked()
        if not child:
            _close(asked, answers)
            _become(json.loads(line))
        answers.write(f"{child}\n")
        answers.flush()
        answers.write(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")
        answers.flush()


def _forked() -> int:
    """Python 3.12 warns of threads: the one that is left is Arrow's allocator's, which is made to be forked."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _close(*files: IO[str]) -> None:
    for file in files:
        os.close(file.fileno())
        os.open(os.devnull, os.O_RDWR)  # the number stays taken: the file object may close it once more


def at_a_terminal() -> None:
    """In a new process. A shell that starts something in the background, and `nohup`, have it pass over Ctrl-C or the
    end of the terminal, and so all that it starts in turn."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def _become(run: Mapping[str, Any]) -> None:
    for number, name in enumerate(run["files"]):
        opened = os.open(name, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    os.chdir(run["cwd"])
    os.environ.clear()
    os.environ.update(run["env"])
    at_a_terminal()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # as Python does where it starts
    sys.argv = [run["module"], *run["words"]]
    if run["module"] == CLI:
        import_module(CLI).main()
    else:
        runpy.run_module(run["module"], run_name="__main__", alter_sys=True)
    sys.exit()


if __name__ == "__main__":
    _serve()
