"""P10: publishing half a million issues and two million worklogs, as `pmo publish` does. PMO_BENCH_PUBLISHED: issues.

The hub file is made by SQL (`tests.bench.bighub`), in a process of its own.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.bench.bighub import SOURCE
from tests.bench.bulk import configured, number, pmo, profile
from tests.bench.goals import Goals
from tests.bench.test_jira_full import held_rows
from tests.running import ROOT

ISSUES = number("PUBLISHED", 500_000)
MOST_SECONDS, MOST_MEGABYTES = 15, 600


def test_publishing_a_large_hub(tmp_path: Path, goals: Goals, say: Callable[[str], None]) -> None:
    folder = configured(tmp_path, "https://bulk.example.net")
    assert f"[sources.{SOURCE}]" in (folder / "pmo.toml").read_text(encoding="utf-8")
    making = [sys.executable, "-m", "tests.bench.bighub", str(folder / "data"), str(ISSUES)]
    subprocess.run(making, cwd=ROOT, check=True)
    run = pmo("publish", cwd=folder, sampled=True)
    assert held_rows(folder / "data")["issues"] == ISSUES
    size = (folder / "data" / "portfolio.duckdb").resolve().stat().st_size / 1e6
    before = (folder / "data" / "hub.duckdb").stat().st_size / 1e6
    measured = f"{run.seconds:.1f} s (CPU {run.cpu_seconds:.1f} s), {run.peak_megabytes:.0f} MB, file of {size:.0f} MB"
    say(f"\nP10: {ISSUES:,} issues, hub file of {before:.0f} MB: {measured}")
    goals.note(
        "P10",
        f"{ISSUES:,} issues, {4 * ISSUES:,} worklogs: ≤ {MOST_SECONDS} s, ≤ {MOST_MEGABYTES} MB",
        measured,
        met=run.seconds <= MOST_SECONDS and run.peak_megabytes <= MOST_MEGABYTES,
        brief=f"{run.seconds:.1f} s, {run.peak_megabytes:.0f} MB, file {size:.0f} MB",
    )
    profile("publish", cwd=folder, say=say)
