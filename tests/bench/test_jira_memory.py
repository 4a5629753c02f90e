"""P6: the peak of the process tree does not grow with the number of issues. PMO_BENCH_FEW and PMO_BENCH_MANY set both.

Peaks are shares of memory (PSS) of `pmo sync` and its children, publishing included, looked at five times a second.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.bench.bulk import configured, number, pmo, serving
from tests.bench.goals import Goals

FEW, MANY = number("FEW", 20_000), number("MANY", 200_000)
MOST_MEGABYTES, MOST_RATIO = 450, 1.1
LEVEL = 20_000  # with fewer issues than that, what may be waiting or merged at once is not full yet


def test_memory_does_not_grow(tmp_path: Path, goals: Goals, say: Callable[[str], None]) -> None:
    peaks = {}
    for issues in (FEW, MANY):
        with serving(issues) as bulk:
            run = pmo("sync", cwd=configured(tmp_path / str(issues), bulk.url), sampled=True)
        peaks[issues] = run.peak_megabytes
        say(f"\nP6: {issues:,} issues: peak {run.peak_megabytes:.0f} MB, {run.seconds:.0f} s")
    ratio = peaks[MANY] / peaks[FEW]
    goals.note(
        "P6",
        f"≤ {MOST_MEGABYTES} MB; {MANY:,} issues ≤ {MOST_RATIO} × {FEW:,}",
        f"{peaks[FEW]:.0f} MB and {peaks[MANY]:.0f} MB, {ratio:.2f} ×",
        met=max(peaks.values()) <= MOST_MEGABYTES and ratio <= MOST_RATIO,
        brief=f"{peaks[MANY]:.0f} MB, {ratio:.2f} ×",
    )
    assert ratio <= MOST_RATIO or FEW < LEVEL
