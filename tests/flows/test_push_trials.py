"""Some pushes under faults, edits and a kill; `make test-real` has those of 300 changes."""

from __future__ import annotations

import random
from pathlib import Path

from tests.push_trials import run_trial


def test_the_laws_of_pushing_hold(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print(f"push trial: seed {seed}")
    counted = run_trial(tmp_path, seed, changes=40, kills=1, issues=160)
    assert counted["verified"] > 0
