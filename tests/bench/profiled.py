"""`pmo`, telling at its end where its time went: `python -m tests.bench.profiled sync`, in a folder with a `pmo.toml`.

For each step its calls, wall time and CPU, added up over all threads: fetching waits side by side with loading, so the
sum is more than the run takes. What DuckDB's own threads spend is in the CPU of the whole alone. Below it the slowest
statements, and a profile's top lines of the thread that loads, and of publishing.
"""

from __future__ import annotations

import cProfile
import functools
import io
import pstats
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

TOP = 18
_lock = threading.Lock()
_spent: dict[str, list[float]] = {}
_statements: dict[str, list[float]] = {}


def _timed(owner: Any, name: str, label: str) -> None:
    """Measures a function or method from now on."""
    inner = getattr(owner, name)

    @functools.wraps(inner)
    def outer(*args: Any, **kwargs: Any) -> Any:
        wall, cpu = time.perf_counter(), time.thread_time()
        try:
            return inner(*args, **kwargs)
        finally:
            with _lock:
                spent = _spent.setdefault(label, [0, 0.0, 0.0])
                spent[0] += 1
                spent[1] += time.perf_counter() - wall
                spent[2] += time.thread_time() - cpu

    setattr(owner, name, outer)


def _profiled(owner: Any, name: str, profile: cProfile.Profile) -> None:
    inner: Callable[..., Any] = getattr(owner, name)

    @functools.wraps(inner)
    def outer(*args: Any, **kwargs: Any) -> Any:
        return profile.runcall(inner, *args, **kwargs)

    setattr(owner, name, outer)


class _Timed:
    """A connection to DuckDB that measures its statements, told by their first words."""

    def __init__(self, con: Any) -> None:
        self._con = con

    def __getattr__(self, name: str) -> Any:
        return getattr(self._con, name)

    def execute(self, sql: str, *args: Any, **kwargs: Any) -> Any:
        begun = time.perf_counter()
        try:
            return self._con.execute(sql, *args, **kwargs)
        finally:
            with _lock:
                spent = _statements.setdefault(" ".join(sql.split())[:70], [0, 0.0])
                spent[0] += 1
                spent[1] += time.perf_counter() - begun


def _slowest() -> str:
    found = sorted(_statements.items(), key=lambda one: -one[1][1])[:TOP]
    return "\n".join(f"  {sql:70} {times:5,.0f} × {wall:7.2f} s" for sql, (times, wall) in found)


def _told(profile: cProfile.Profile) -> str:
    text = io.StringIO()
    pstats.Stats(profile, stream=text).sort_stats("tottime").print_stats(TOP)
    kept = [line for line in text.getvalue().splitlines() if line.strip() and "Ordered by" not in line]
    return "\n".join(kept)


def main() -> None:
    begun = time.perf_counter()
    import flows.cli  # what the command line loads at once, pandas kept out
    import flows.sync
    import warehouse.hub
    from connectors.http import Client
    from connectors.jira import JiraConnector
    from warehouse.hub import Hub
    from warehouse.landing import Landing
    from warehouse.raw import RawArchive

    started = time.perf_counter() - begun
    _timed(Client, "request", "fetch: waiting for answers")
    _timed(JiraConnector, "decode", "decode: bytes to columns")
    _timed(RawArchive, "write", "archive: raw part written and synced")
    _timed(Landing, "commit", "land: commit of rows (archive included)")
    _timed(Hub, "reopen", "reopen the hub file")
    _timed(flows.sync, "renew_meaning", "meaning of words and people")
    _timed(flows.sync, "publish", "publish")
    connect = warehouse.hub._connect
    warehouse.hub._connect = lambda *args: _Timed(connect(*args))  # type: ignore[assignment]
    loading, publishing = cProfile.Profile(), cProfile.Profile()
    _profiled(flows.sync, "pull_source", loading)
    _profiled(flows.sync, "publish_hub", publishing)
    try:
        flows.cli.main()
    finally:
        whole = f"whole {time.perf_counter() - begun:.1f} s, CPU of all threads {time.process_time():.1f} s"
        print(f"\n{whole}, loading of modules {started:.1f} s; the profile itself takes some of it")
        for label, (calls, wall, cpu) in _spent.items():
            print(f"  {label:42} {calls:7,.0f} calls {wall:8.2f} s wall {cpu:8.2f} s CPU")
        print(f"\nstatements of DuckDB\n{_slowest()}")
        for label, profile in (("loading", loading), ("publishing", publishing)):
            if profile.getstats():
                print(f"\n{label}, by own time\n{_told(profile)}")


if __name__ == "__main__":
    sys.argv[0] = "pmo"
    main()
