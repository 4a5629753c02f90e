"""What the benchmarks of Jira share: the bulk server in a process of its own, F, and `pmo` measured from outside.

Wall time counts from the start of a process to its end; CPU is that of all its threads and children, and is what to
compare where others use the machine; memory is the proportional share (PSS) of the process tree, sampled.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import requests

from tests.running import ROOT, environment

CONFIG = """\
[hub]
timezone = "Europe/Berlin"
{hub}
[sources.bulk]
type = "jira"
url = "{url}"
email = "someone@example.org"
token = "${{SANDBOX_KEY}}"
{source}
"""
SAMPLED_SECONDS = 0.2
SLOWEST_COUNTED = 150  # MB/s


def number(name: str, default: int) -> int:
    """A size of the benchmarks, from the environment."""
    return int(os.environ.get(f"PMO_BENCH_{name}", default))


ROUNDS = number("ROUNDS", 5)


@dataclass(frozen=True)
class Measured:
    """A process that has ended."""

    seconds: float
    cpu_seconds: float
    peak_megabytes: float  # 0 where it was not sampled
    printed: str


class Bulk:
    """A running bulk server."""

    def __init__(self, url: str) -> None:
        self.url = url

    def order(self, method: str, name: str, **given: object) -> Any:
        answer = requests.request(method, f"{self.url}/_sandbox/{name}", json=given or None, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def forget(self) -> None:
        self.order("DELETE", "requests")

    @property
    def asked(self) -> dict[str, Any]:
        """What was asked since it was told to forget: total, endpoints, answered, bytes."""
        return dict(self.order("GET", "requests"))

    @property
    def totals(self) -> dict[str, int]:
        return dict(self.order("GET", "totals"))

    def downloaded(self, connections: int = 1) -> dict[str, float]:
        """F: see `tests.bench.download`."""
        command = [sys.executable, "-m", "tests.bench.download", self.url, str(connections)]
        run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        found: dict[str, float] = json.loads(run.stdout)
        return found | {"megabytes_per_second": found["bytes"] / 1e6 / found["seconds"]}


@contextmanager
def serving(issues: int, **options: object) -> Iterator[Bulk]:
    """The bulk server with so many issues; `overflow_every=100` is its `--overflow-every 100`."""
    command = [sys.executable, "-m", "sandbox.jira_bulk", "--issues", str(issues)]
    for name, value in options.items():
        command += [f"--{name.replace('_', '-')}", str(value)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield Bulk(server.stdout.readline().strip())
        finally:
            server.kill()


def configured(folder: Path, url: str, *, hub: str = "", source: str = "") -> Path:
    """A folder with a configuration of one source, `bulk`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pmo.toml").write_text(CONFIG.format(url=url, hub=hub, source=source), encoding="utf-8")
    return folder


def pmo(*words: str, cwd: Path, sampled: bool = False, module: str = "flows.cli") -> Measured:
    """Runs the command line and measures it. What it prints is kept in the folder."""
    begun = time.perf_counter()
    with (cwd / "printed.txt").open("w+", encoding="utf-8") as printed:
        with subprocess.Popen(
            [sys.executable, "-m", module, *words],
            cwd=cwd,
            env=environment(),
            stdout=printed,
            stderr=subprocess.STDOUT,
        ) as process:
            watch = _Watch(process.pid) if sampled else None
            _, status, used = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - begun
            process.returncode = os.waitstatus_to_exitcode(status)
            peak = watch.ended() if watch else 0.0
        printed.seek(0)
        text = printed.read()
    assert process.returncode == 0, f"exit status {process.returncode}: {text[-4000:]}"
    return Measured(seconds, used.ru_utime + used.ru_stime, peak, text)


def profile(*words: str, cwd: Path, say: Callable[[str], None]) -> None:
    """With PMO_BENCH_PROFILE=1: runs it once more, and prints where its time goes."""
    if os.environ.get("PMO_BENCH_PROFILE") == "1":
        say(pmo(*words, cwd=cwd, module="tests.bench.profiled").printed)


class _Watch:
    """The largest share of memory that a process and its children had at any time it was looked at."""

    def __init__(self, pid: int) -> None:
        self._tree = psutil.Process(pid)
        self._ended = threading.Event()
        self._peak = 0
        self._sampler = threading.Thread(target=self._sample, daemon=True)
        self._sampler.start()

    def _sample(self) -> None:
        while not self._ended.wait(SAMPLED_SECONDS):
            try:
                shares = [p.memory_full_info().pss for p in [self._tree, *self._tree.children(recursive=True)]]
            except psutil.Error:
                continue
            self._peak = max(self._peak, sum(shares))

    def ended(self) -> float:
        """Megabytes."""
        self._ended.set()
        self._sampler.join()
        return self._peak / 1e6
