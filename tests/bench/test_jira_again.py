"""A sync of what was read before: P4 the requests it takes, P5 how long when one in a hundred issues was changed.

The same PMO_BENCH_ISSUES issues as in P1, read once without delay; what is measured then is answered after 80 ms.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from statistics import median

from tests.bench.bulk import ROUNDS, Bulk, Measured, configured, number, pmo, profile, serving
from tests.bench.goals import Goals
from tests.bench.test_jira_full import DELAY_MS, ISSUES, held_rows

SHARE = 1 / number("CHANGED_ONE_OF", 100)
QUIET = 8  # requests of a sync in which nothing was changed, census apart
APART_SECONDS = 600  # of two syncs, on the tool's clock
AGO_SECONDS = 400  # changes lie behind the overlap of the sync that follows theirs, as they do from night to night


def test_a_sync_of_what_changed(tmp_path: Path, goals: Goals, say: Callable[[str], None]) -> None:
    with serving(ISSUES) as bulk:
        folder = configured(tmp_path, bulk.url)
        first = pmo("sync", cwd=folder)
        say(f"\nP4, P5: {ISSUES:,} issues, read in {first.seconds:.1f} s; from here on {DELAY_MS} ms an answer")
        bulk.order("POST", "set", delay_ms=DELAY_MS)
        quiet, asked_in_quiet = _again(bulk, folder)
        say(f"  nothing changed: {quiet.seconds:.2f} s, {asked_in_quiet} requests, census apart: {_endpoints(bulk)}")
        rounds = []
        for n in range(max(1, ROUNDS)):
            bulk.order("POST", "set", ahead_seconds=APART_SECONDS * (n + 1))
            changed = bulk.order("POST", "touch", share=SHARE, seconds_ago=AGO_SECONDS)
            rounds.append((changed, *_again(bulk, folder)))
            _, run, asked = rounds[-1]
            say(f"  round {n + 1}: {changed['issues']:,} issues changed: {run.seconds:.2f} s, {asked} requests")
        say(f"  {_endpoints(bulk)}")
        bulk.order("POST", "set", ahead_seconds=APART_SECONDS * (ROUNDS + 1))
        bulk.order("POST", "touch", share=SHARE, seconds_ago=AGO_SECONDS)
        profile("sync", cwd=folder, say=say)
        pmo("sync", cwd=folder)
        held, totals = held_rows(folder / "data"), bulk.totals
    wrong = [f"{table}: {held[table]:,} of {totals[table]:,}" for table in held if held[table] != totals[table]]
    assert not wrong
    _note(goals, rounds, asked_in_quiet, quiet)


def _again(bulk: Bulk, folder: Path) -> tuple[Measured, int]:
    """One more sync, and its requests without those of the census: pages of all ids."""
    bulk.forget()
    run = pmo("sync", cwd=folder)
    return run, bulk.asked["total"] - -(-ISSUES // 5000)


def _endpoints(bulk: Bulk) -> str:
    return ", ".join(f"{name} {times}" for name, times in bulk.asked["endpoints"].items())


def _note(goals: Goals, rounds: list[tuple[dict[str, int], Measured, int]], quiet: int, idle: Measured) -> None:
    """The round with the most requests, and the median of the times."""
    changed, _, asked = max(rounds, key=lambda one: one[2])
    most = changed["issues"] / 100 + 2 * changed["worklogs"] / 1000 + 6
    goals.note(
        "P4",
        f"changed: ≤ {most:.0f} requests, nothing changed: ≤ {QUIET}",
        f"{asked} ({changed['issues']:,} issues changed), {quiet}; census apart",
        met=asked <= most and quiet <= QUIET,
        brief=f"{asked}, {quiet}",
    )
    seconds = median(run.seconds for _, run, _ in rounds)
    cpu = median(run.cpu_seconds for _, run, _ in rounds)
    goals.note(
        "P5",
        f"{SHARE:.0%} of {ISSUES:,} changed, {DELAY_MS} ms: ≤ 4 s",
        f"{seconds:.2f} s (CPU {cpu:.1f} s; nothing changed: {idle.seconds:.2f} s)",
        met=seconds <= 4,
        brief=f"{seconds:.1f} s",
    )
