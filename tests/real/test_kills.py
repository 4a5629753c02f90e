"""`kill -9` sixty times and more, at every seam of a run and at random times; each strictly inside a run."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.killing import KilledRedmine, KilledSmartsheet, KillTrials, Tool, places
from tests.seeds import FRESH, drawn


def test_a_killed_run_is_mended_by_the_next(tmp_path: Path, capsys):
    kill_much(tmp_path, capsys, FRESH, KilledRedmine, chosen=5, at_random_times=16)


@pytest.mark.parametrize("seed", [1, FRESH])
def test_a_killed_reading_of_sheets_is_mended_by_the_next(tmp_path: Path, capsys, seed: int | str):
    kill_much(tmp_path, capsys, seed, KilledSmartsheet, chosen=0, at_random_times=2)


def kill_much(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    asked: int | str,
    kind: Callable[[int], Tool],
    *,
    chosen: int,
    at_random_times: int,
) -> None:
    """At the first and last passing of each place, at `chosen` ones between, and from outside."""
    seed = drawn(asked)
    random_ = random.Random(seed)
    trials = KillTrials(tmp_path, seed, kind)
    try:
        for place in places():
            passings = trials.passings(place)
            assert passings, f"a sync never passes {place}"
            some = {1, passings, *(random_.randint(1, passings) for _ in range(chosen))}
            for passing in sorted(some):
                trials.kill_at_place(place, passing)
        tried = sum(trials.kill_at_random_time(random_, 2.0) for _ in range(at_random_times))
        while tried < at_random_times:
            tried += trials.kill_at_random_time(random_, 1.0)
    finally:
        trials.close()
    with capsys.disabled():
        print(
            f"\nkills, {kind.__name__}: seed {seed}, {sum(trials.kills.values())} inside a run: {trials.kills}",
            flush=True,
        )
    assert sum(trials.kills.values()) >= (50 if chosen else 12)
