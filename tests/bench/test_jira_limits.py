"""A Jira that allows little, and one that fails now and then: P8 and P9, with PMO_BENCH_SLOW_ISSUES issues.

P8: the tool is told the allowance, as an operator would; what it does where nobody told it is said beside.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.bench.bulk import configured, pmo, serving
from tests.bench.goals import Goals
from tests.bench.test_jira_full import SLOW_ISSUES
from warehouse.compare import differences

RATE = 10
FAULT_SHARE = 0.05
Say = Callable[[str], None]


def test_an_allowance(tmp_path: Path, goals: Goals, say: Say) -> None:
    found = {}
    with serving(SLOW_ISSUES, rate=RATE) as bulk:
        for told in (True, False):
            bulk.forget()
            source = f"requests_per_second = {RATE}" if told else ""
            run = pmo("sync", cwd=configured(tmp_path / str(told), bulk.url, source=source))
            asked = bulk.asked
            refused = asked["answered"].get("429", 0) / asked["total"]
            found[told] = (run.seconds, asked["total"], asked["last_at"] - asked["first_at"], refused)
            say(f"\nP8: told {told}: {run.seconds:.1f} s, {asked['total']} requests, {refused:.1%} answered 429")
    seconds, requests, asking, refused = found[True]
    goals.note(
        "P8",
        f"{RATE} requests/s: ≤ {1.1 * requests / RATE:.1f} s for {requests} requests, < 1 % answered 429",
        f"{seconds:.1f} s, of it {asking:.1f} s asking; {refused:.1%} answered 429 "
        f"(not told of the allowance: {found[False][0]:.1f} s, {found[False][3]:.0%})",
        met=seconds <= 1.1 * requests / RATE and refused < 0.01,
        brief=f"{seconds / (requests / RATE):.2f}, {refused:.1%}",
    )


def test_answers_that_go_wrong(tmp_path: Path, goals: Goals, say: Say) -> None:
    """One in twenty: 429, 500, 503, dropped and cut short in equal shares."""
    with serving(SLOW_ISSUES) as bulk:
        pmo("sync", cwd=configured(tmp_path / "well", bulk.url))
        well = bulk.asked["total"]
        bulk.forget()
        bulk.order("POST", "set", fault_share=FAULT_SHARE)
        run = pmo("sync", cwd=configured(tmp_path / "faulty", bulk.url))
        faulty = bulk.asked
    wrong = differences(tmp_path / "well/data/portfolio.duckdb", tmp_path / "faulty/data/portfolio.duckdb")
    ratio = faulty["total"] / well
    say(f"\nP9: {well} requests without faults, {faulty['total']} with them: {faulty['answered']}, {run.seconds:.1f} s")
    goals.note(
        "P9",
        f"{FAULT_SHARE:.0%} faults: equal tables, ≤ 1.15 × the requests",
        f"{'equal' if not wrong else wrong[0]}, {ratio:.2f} × ({faulty['total']} of {well})",
        met=not wrong and ratio <= 1.15,
        brief=f"{ratio:.2f} ×",
    )
    assert not wrong
