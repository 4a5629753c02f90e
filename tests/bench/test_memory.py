"""Memory stays flat: the peak of `pmo sync` with 200,000 issues is at most 1.1 times the peak with 20,000.

The tool is the sandbox, in a process of its own. Peaks are those of the whole process tree, sampled, and of the process
itself as the system counts it; the larger one holds. PMO_MEMORY_ISSUES sets the larger number.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.running import ROOT, configured, environment

SMALL = 20_000
LARGE = int(os.environ.get("PMO_MEMORY_ISSUES", "200000"))
MOST = 1.1


@contextmanager
def _tool(issues: int) -> Iterator[str]:
    command = [sys.executable, "-m", "sandbox.redmine", "--port", "0", "--issues", str(issues), "--seed", "7"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield server.stdout.readline().strip()
        finally:
            server.kill()


def _peak_megabytes(folder: Path) -> float:
    """Runs a sync and gives back its peak."""
    with subprocess.Popen(
        [sys.executable, "-m", "flows.cli", "sync"],
        cwd=folder,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        tree = psutil.Process(process.pid)
        ended = threading.Event()
        sampled = [0]

        def sample() -> None:
            while not ended.wait(0.1):
                try:
                    sampled[0] = max(sampled[0], sum(p.memory_info().rss for p in [tree, *tree.children(True)]))
                except psutil.Error:
                    continue

        sampler = threading.Thread(target=sample, daemon=True)
        sampler.start()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        ended.set()
        sampler.join()
    assert process.returncode == 0
    return max(sampled[0] / 1e6, used.ru_maxrss * 1024 / 1e6)


def test_memory_does_not_grow_with_the_number_of_issues(tmp_path: Path, capsys):
    peaks = {}
    for issues in (SMALL, LARGE):
        with _tool(issues) as url:
            peaks[issues] = _peak_megabytes(configured(tmp_path / str(issues), url))
        with capsys.disabled():
            print(f"\nmemory: {issues:,} issues, peak {peaks[issues]:.0f} MB", flush=True)
    ratio = peaks[LARGE] / peaks[SMALL]
    with capsys.disabled():
        print(f"memory: ratio {ratio:.3f}, at most {MOST}", flush=True)
    assert ratio <= MOST
