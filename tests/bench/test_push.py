"""W1, W2: how fast approved changes are written, at 80 ms an answer with 8 requests in flight, within Jira's limits.

The rate counts from the first writing request to the last: what is read before and after stands beside it, as requests
per change. PMO_BENCH_CHANGES sets the number of changes of each kind.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from flows.changes import WishLine, ask
from sandbox.jira import HUB_EMAIL, TOKEN
from sandbox.jira_records import Issue
from tests.bench.bulk import number
from tests.bench.goals import Goals
from tests.push_trials_jira import CONFIG
from tests.pushing import SOURCE, Office, is_write, office
from tests.running import environment

CHANGES = number("CHANGES", 300)
DELAY_MS, IN_FLIGHT = 80, 8
Say = Callable[[str], None]


def test_priorities(tmp_path: Path, goals: Goals, say: Say) -> None:
    with office(tmp_path, issues=900, max_changes=10_000) as made:
        tracker = made.tracker
        wishes = [
            WishLine(f"{SOURCE}:{issue.id}", priority="High" if issue.priority_id != "2" else "Low")
            for issue in _living(made)
            if tracker.projects[issue.project_id].has_priority
        ]
        _measured("W1", "priority writes", 40, 50, made, wishes[:CHANGES], goals, say)


def test_transitions(tmp_path: Path, goals: Goals, say: Say) -> None:
    """One step each, of those that Jira refuses by itself where the issue is no longer at their start."""
    with office(tmp_path, issues=1500, max_changes=10_000) as made:
        to_do, doing = "10000", "3"
        chosen = [i for i in _living(made) if to_do in made.tracker.projects[i.project_id].status_ids][:CHANGES]
        for issue in chosen:
            made.tracker.edit(issue.id, by=issue.reporter or "", status_id=to_do)
        made.sync()
        wishes = [WishLine(f"{SOURCE}:{issue.id}", status=doing) for issue in chosen]
        _measured("W2", "transitions", 80, 100, made, wishes, goals, say)


def _living(made: Office) -> list[Issue]:
    tracker = made.tracker
    return [i for i in tracker.issues.values() if not i.hidden and tracker.projects[i.project_id].state == "live"]


def _measured(
    goal: str, what: str, wanted: int, limit: int, made: Office, wishes: list[WishLine], goals: Goals, say: Say
) -> None:
    asked = ask(made.settings, wishes, "ada")
    assert sum(one.change_id is not None for one in asked) == CHANGES
    config = CONFIG.replace('comment = "{{asker}} asked for {{what}}"\n', f"in_flight = {IN_FLIGHT}\n")
    (made.folder / "pmo.toml").write_text(config.format(url=made.server.url), encoding="utf-8")
    at: list[float] = []

    def before(method: str, target: str, _body: bytes) -> None:
        if is_write(method, target):
            at.append(time.monotonic())

    made.server.before_any = before
    made.server.set_faults({"delay_ms": DELAY_MS})
    made.server.requests.clear()
    begun = time.perf_counter()
    run = subprocess.run(
        [sys.executable, "-m", "flows.cli", "push", "--no-publish"],
        cwd=made.folder,
        env=environment(JIRA_EMAIL=HUB_EMAIL, JIRA_TOKEN=TOKEN),
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - begun
    assert run.returncode == 0, run.stdout + run.stderr
    rate = (len(at) - 1) / (at[-1] - at[0])
    busiest = max(sum(1 for other in at if one <= other < one + 1) for one in at)
    per_change = len(made.server.requests) / CHANGES
    most = made.server.options.write_limit.most
    say(f"\n{goal}: {CHANGES} {what}: {rate:.0f} a second, {per_change:.2f} requests a change, {seconds:.1f} s in all")
    goals.note(
        goal,
        f"≥ {wanted} {what}/s at {DELAY_MS} ms, {IN_FLIGHT} in flight, never over {limit}/s",
        f"{rate:.0f}/s, {busiest} in the busiest second, {per_change:.2f} requests a change, {seconds:.1f} s in all",
        met=rate >= wanted,
        brief=f"{rate:.0f}/s, {per_change:.2f}",
    )
    assert busiest <= limit, f"{busiest} {what} in a second, and Jira allows {limit}"
    assert most <= 20, f"{most} writes to one issue in 2 s"
