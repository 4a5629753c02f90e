"""`kill -9` sixty times and more, at every seam of a run and at random times; each strictly inside a run."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
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
    """At the first and last passing of each place, at `chosen` ones between, and from outside; two trials at a time."""
    seed = drawn(asked)
    random_ = random.Random(seed)
    trials = KillTrials(tmp_path, seed, kind)
    try:
        with ThreadPoolExecutor(2) as two:
            aims: list[tuple[str, int]] = []
            for place, passings in zip(places(), two.map(trials.passings, places()), strict=True):
                assert passings, f"a sync never passes {place}"
                some = {1, passings, *(random_.randint(1, passings) for _ in range(chosen))}
                aims += [(place, passing) for passing in sorted(some)]
            list(two.map(trials.kill_at_place, *zip(*aims, strict=True)))
            tried, longest = 0, 2.0
            while tried < at_random_times:
                waits = [random_.uniform(0, longest) for _ in range(at_random_times - tried)]
                tried += sum(two.map(trials.kill_after, waits))
                longest = 1.0  # where the machine was faster than thought
    finally:
        trials.close()
    with capsys.disabled():
        print(
            f"\nkills, {kind.__name__}: seed {seed}, {trials.kills.total()} inside a run: {dict(trials.kills)}",
            flush=True,
        )
    assert trials.kills.total() >= (50 if chosen else 12)
