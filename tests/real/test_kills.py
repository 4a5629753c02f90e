"""`kill -9` sixty times and more, at every seam of a run and at random times; each strictly inside a run."""

from __future__ import annotations

import random
from pathlib import Path

from tests.killing import KillTrials, places

AT_RANDOM_TIMES = 16


def test_a_killed_run_is_mended_by_the_next(tmp_path: Path, capsys):
    seed = random.SystemRandom().randrange(10**6)
    random_ = random.Random(seed)
    trials = KillTrials(tmp_path, seed)
    try:
        for place in places():
            passings = trials.passings(place)
            assert passings, f"a sync never passes {place}"
            chosen = {1, passings, *(random_.randint(1, passings) for _ in range(5))}
            for passing in sorted(chosen):
                trials.kill_at_place(place, passing)
        tried = sum(trials.kill_at_random_time(random_, 2.0) for _ in range(AT_RANDOM_TIMES))
        while tried < AT_RANDOM_TIMES:
            tried += trials.kill_at_random_time(random_, 1.0)
    finally:
        trials.close()
    with capsys.disabled():
        print(f"\nkills: seed {seed}, {sum(trials.kills.values())} inside a run: {trials.kills}", flush=True)
    assert sum(trials.kills.values()) >= 50
