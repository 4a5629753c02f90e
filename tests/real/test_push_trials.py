"""Pushes of 300 changes each, under faults, edits and kills: fixed seeds and fresh ones, printed.

PMO_PUSH_TRIALS says how many fresh ones.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from tests.push_trials_jira import run_jira_trial
from tests.push_trials_sheets import run_sheets_trial

START = random.SystemRandom().randrange(10**9)
FRESH = range(START, START + int(os.environ.get("PMO_PUSH_TRIALS", "2")))
CHANGES = 300


@pytest.mark.parametrize("seed", [3, 20261126, *FRESH])
def test_the_laws_of_pushing_hold(seed: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    counted = run_jira_trial(tmp_path, seed, changes=CHANGES, kills=5, issues=420)
    with capsys.disabled():
        print(f"\npush trial: {CHANGES} changes, seed {seed}: {dict(counted)}", flush=True)
    assert counted["kills"] >= 3


@pytest.mark.parametrize("seed", [3, 20261127, *FRESH])
def test_they_hold_in_sheets(seed: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    counted = run_sheets_trial(tmp_path, seed, changes=CHANGES, kills=5)
    with capsys.disabled():
        print(f"\npush trial of sheets: {CHANGES} changes, seed {seed}: {dict(counted)}", flush=True)
    assert counted["kills"] >= 3
