"""The table of the goals: what was wanted, what was measured, on which machine; and its history in the docs.

A goal that is missed is said, and fails nothing: how fast a machine is, is no fault of the code. Tests assert what must
hold on any machine.
"""

from __future__ import annotations

import os
import platform
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

__all__ = ["Goals", "machine"]

HISTORY = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"
SHOWN = ("P1", "P2", "P3", "P4", "P5", "P6", "P7", "P8", "P9", "P10", "P11", "P12", "W1", "W2")


@dataclass(frozen=True)
class Row:
    goal: str
    wanted: str
    measured: str
    met: bool
    brief: str  # for the history
    load: float


@dataclass
class Goals:
    """What a run has measured so far. `size` is the number of issues of P1."""

    size: int = 0
    rows: list[Row] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def note(self, goal: str, wanted: str, measured: str, *, met: bool, brief: str) -> None:
        self.rows.append(Row(goal, wanted, measured, met, brief, os.getloadavg()[0]))

    def table(self) -> str:
        lines = ["| goal | wanted | measured | met | load |", "|---|---|---|---|---|"]
        for row in sorted(self.rows, key=lambda r: SHOWN.index(r.goal)):
            met = "yes" if row.met else "**missed**"
            lines.append(f"| {row.goal} | {row.wanted} | {row.measured} | {met} | {row.load:.1f} |")
        return "\n".join([*lines, "", machine(), *self.remarks])

    def record(self) -> None:
        """Adds a row to the history."""
        briefs = {row.goal: row.brief + ("" if row.met else " ✗") for row in self.rows}
        loads = [row.load for row in self.rows]
        cells = [f"{datetime.now(UTC):%Y-%m-%d}", _commit(), f"{os.cpu_count()}", f"{min(loads):.1f}–{max(loads):.1f}"]
        cells += [f"{self.size:,}", *(briefs.get(goal, "") for goal in SHOWN)]
        with HISTORY.open("a", encoding="utf-8") as history:
            history.write(f"| {' | '.join(cells)} |\n")


def machine() -> str:
    """In one line."""
    model = platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    except OSError:
        pass
    load = " ".join(f"{one:.1f}" for one in os.getloadavg())
    return f"{os.cpu_count()} cores, {model}, Python {platform.python_version()}, load average {load}"


def _commit() -> str:
    found = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=HISTORY.parent, capture_output=True, text=True, check=False
    )
    return found.stdout.strip() or "?"
