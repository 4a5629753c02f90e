"""Some pushes under faults, edits and a kill; `make test-real` has those of 300 changes."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.push_trials import run_trial

FRESH = random.SystemRandom().randrange(10**6)


@pytest.mark.parametrize("seed", [11, FRESH])
def test_the_laws_of_pushing_hold(seed: int, tmp_path: Path) -> None:
    counted = run_trial(tmp_path, seed, changes=40, kills=1, issues=160)
    assert counted["verified"] > 0
    print(f"push trial: seed {seed}: {dict(counted)}")
