"""Publishing half a million issues and two million worklogs (PMO_BENCH_PUBLISHED: issues), as `pmo publish` does.

P10 without a plan; P12 with one, and each figure by its time. The hub file is made by SQL (`tests.bench.bighub`), in a
process of its own.
"""

from __future__ import annotations

import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import duckdb

from model.figures import FIGURES
from tests.bench.bighub import PROJECTS, SOURCE
from tests.bench.bulk import configured, number, pmo, profile
from tests.bench.goals import Goals
from tests.bench.test_jira_full import held_rows
from tests.running import ROOT

ISSUES = number("PUBLISHED", 500_000)
MOST_SECONDS, MOST_MEGABYTES = 15, 600
FIGURES_SECONDS, FIGURES_MEGABYTES = 60, 1500


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


def test_the_figures_of_a_large_hub(tmp_path: Path, goals: Goals, say: Callable[[str], None]) -> None:
    folder = configured(tmp_path, "https://bulk.example.net")
    making = [sys.executable, "-m", "tests.bench.bighub", str(folder / "data"), str(ISSUES), "--plan"]
    subprocess.run(making, cwd=ROOT, check=True)
    run = pmo("publish", cwd=folder, sampled=True, module="tests.bench.timed_publish")
    told = [line.split() for line in run.printed.splitlines() if line.startswith("table ")]
    took = defaultdict[str, float](float)  # one that is short of memory is made again
    for _, table, text in told:
        took[table] += float(text)
    figures = {figure.table: took[figure.table] for figure in FIGURES}
    total = sum(figures.values())
    say(f"\nP12: {ISSUES:,} issues, {PROJECTS} planned projects: all figures {total:.1f} s of {run.seconds:.1f} s")
    for table, seconds in sorted(figures.items(), key=lambda one: -one[1]):
        say(f"  {seconds:7.2f} s  {table}")
    with duckdb.connect(str((folder / "data" / "portfolio.duckdb").resolve()), read_only=True) as con:
        (planned,) = con.execute("SELECT count(*) FROM portfolio WHERE spi IS NOT NULL AND cpi IS NOT NULL").fetchall()
    assert planned == (PROJECTS,), "what is timed is computed"
    goals.note(
        "P12",
        f"all figures of {ISSUES:,} issues, {4 * ISSUES:,} worklogs: ≤ {FIGURES_SECONDS} s, ≤ {FIGURES_MEGABYTES} MB",
        f"{total:.1f} s, {run.peak_megabytes:.0f} MB",
        met=total <= FIGURES_SECONDS and run.peak_megabytes <= FIGURES_MEGABYTES,
        brief=f"{total:.1f} s, {run.peak_megabytes:.0f} MB",
    )
