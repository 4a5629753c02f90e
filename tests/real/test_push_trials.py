"""Pushes of 300 changes each, under faults, edits and kills: fixed seeds and fresh ones, printed.

PMO_PUSH_TRIALS says how many fresh ones.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from tests.push_trials import run_trial

START = random.SystemRandom().randrange(10**9)
FRESH = range(START, START + int(os.environ.get("PMO_PUSH_TRIALS", "2")))
CHANGES = 300


@pytest.mark.parametrize("seed", [3, 20261126, *FRESH])
def test_the_laws_of_pushing_hold(seed: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    counted = run_trial(tmp_path, seed, changes=CHANGES, kills=5, issues=420)
    with capsys.disabled():
        print(f"\npush trial: {CHANGES} changes, seed {seed}: {dict(counted)}", flush=True)
    assert counted["kills"] >= 3
