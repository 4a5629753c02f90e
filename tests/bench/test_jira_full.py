"""A full sync of Jira against F, in turn on the same machine: P1, P3, P7, P11; P2 with a slow answer.

P1 and P7 without any delay: PMO_BENCH_ISSUES issues, as many as 50,000 unless said. P2: PMO_BENCH_SLOW_ISSUES, 5,000.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from statistics import median

import duckdb

from tests.bench.bulk import ROUNDS, SLOWEST_COUNTED, Bulk, Measured, configured, number, pmo, profile, serving
from tests.bench.goals import Goals

ISSUES = number("ISSUES", 50_000)
SLOW_ISSUES = number("SLOW_ISSUES", 5000)
DELAY_MS = 80
Say = Callable[[str], None]


def _in_turn(bulk: Bulk, folder: Path, say: Say, hub: str = "") -> tuple[list[dict[str, float]], list[Measured]]:
    """F and tool, one after the other, each sync in a folder of its own; the last one is left."""
    downloads, syncs = [], []
    for n in range(ROUNDS):
        downloads.append(bulk.downloaded())
        shutil.rmtree(folder, ignore_errors=True)
        bulk.forget()
        syncs.append(pmo("sync", cwd=configured(folder, bulk.url, hub=hub)))
        f, tool = downloads[-1], syncs[-1]
        say(
            f"  round {n + 1}: F {f['seconds']:.2f} s ({f['megabytes_per_second']:.0f} MB/s), tool {tool.seconds:.2f} s"
            f" (CPU {tool.cpu_seconds:.1f} s) = {tool.seconds / f['seconds']:.2f} F"
        )
    return downloads, syncs


def test_a_full_sync_without_delay(tmp_path: Path, goals: Goals, say: Say) -> None:
    goals.size = ISSUES
    with serving(ISSUES) as bulk:
        totals = bulk.totals
        say(f"\nP1: {ISSUES:,} issues, no delay, {ROUNDS} rounds")
        downloads, syncs = _in_turn(bulk, tmp_path / "hub", say)
        asked = bulk.asked["total"]
        profile("sync", cwd=configured(tmp_path / "profiled", bulk.url), say=say)
    f, rate = median(d["seconds"] for d in downloads), median(d["megabytes_per_second"] for d in downloads)
    seconds, cpu = median(s.seconds for s in syncs), median(s.cpu_seconds for s in syncs)
    remark = "" if rate >= SLOWEST_COUNTED else f"; F does not count, below {SLOWEST_COUNTED} MB/s"
    goals.note(
        "P1",
        f"{ISSUES:,} issues ≤ 4 F",
        f"{seconds:.1f} s = {seconds / f:.2f} F (CPU {cpu:.1f} s; F {f:.2f} s, {rate:.0f} MB/s{remark})",
        met=seconds <= 4 * f and rate >= SLOWEST_COUNTED,
        brief=f"{seconds:.1f} s, {seconds / f:.2f} F of {f:.2f} s",
    )
    held = held_rows(tmp_path / "hub" / "data")
    rows = sum(held.values())
    goals.note(
        "P7",
        "≥ 30,000 rows/s",
        f"{rows / seconds:,.0f} rows/s ({rows:,} rows)",
        met=rows >= 30_000 * seconds,
        brief=f"{rows / seconds:,.0f}/s",
    )
    _compare_requests(goals, totals, asked)
    _compare_rows(goals, totals, held)


def _compare_requests(goals: Goals, totals: dict[str, int], asked: int) -> None:
    n = totals["issues"]
    most = n / 100 + n / 5000 + 2 * totals["projects"] + 2 * totals["boards"] + 20
    most += totals["overflowing_histories"] / 10_000 + totals["overflowing_worklogs"] / 1000
    goals.note("P3", f"≤ {most:.0f} requests", f"{asked} requests", met=asked <= most, brief=f"{asked}")


def _compare_rows(goals: Goals, totals: dict[str, int], held: dict[str, int]) -> None:
    wrong = [f"{table} {held[table]:,} of {totals[table]:,}" for table in held if held[table] != totals[table]]
    goals.note(
        "P11",
        "rows equal the tool's totals",
        "; ".join(wrong) or f"all {len(held)} tables",
        met=not wrong,
        brief="; ".join(wrong) or "equal",
    )
    assert not wrong


def held_rows(data: Path) -> dict[str, int]:
    """Rows by table, as published; comments, which only the hub keeps, from there."""
    published = (
        "projects", "accounts", "issues", "worklogs", "issue_changes", "issue_links", "sprints", "sprint_issues",
        "milestones",
    )  # fmt: skip
    with duckdb.connect(str((data / "portfolio.duckdb").resolve()), read_only=True) as con:
        rows = {table: _count(con, f"main.{table}") for table in published}
    with duckdb.connect(str(data / "hub.duckdb"), read_only=True) as con:
        return rows | {"comments": _count(con, "landed.comments")}


def _count(con: duckdb.DuckDBPyConnection, table: str) -> int:
    found = con.execute(f"SELECT count(*) FROM {table}").fetchone()
    assert found is not None
    return int(found[0])


def test_a_full_sync_of_a_slow_tool(tmp_path: Path, goals: Goals, say: Say) -> None:
    """F has one connection, and waits for each answer; the tool has eight."""
    with serving(SLOW_ISSUES, delay_ms=DELAY_MS) as bulk:
        say(f"\nP2: {SLOW_ISSUES:,} issues, {DELAY_MS} ms, eight connections, {ROUNDS} rounds")
        downloads, syncs = _in_turn(bulk, tmp_path / "hub", say, hub="in_flight = 8")
    f, seconds = median(d["seconds"] for d in downloads), median(s.seconds for s in syncs)
    goals.note(
        "P2",
        f"{SLOW_ISSUES:,} issues at {DELAY_MS} ms ≤ 0.6 F",
        f"{seconds:.1f} s = {seconds / f:.2f} F (F {f:.2f} s)",
        met=seconds <= 0.6 * f,
        brief=f"{seconds:.1f} s, {seconds / f:.2f} F",
    )
