"""Pushes of 300 changes each, under faults, edits and kills: fixed seeds and fresh ones, printed.

PMO_PUSH_TRIALS says how many fresh ones.
"""

from __future__ import annotations

import os
import random
from functools import partial

import pytest

from tests.push_trials_jira import run_jira_trial
from tests.push_trials_sheets import run_sheets_trial
from tests.real.by_seed import Trial, tried

START = random.SystemRandom().randrange(10**9)
FRESH = range(START, START + int(os.environ.get("PMO_PUSH_TRIALS", "2")))
CHANGES = 300


def test_the_laws_of_pushing_hold(capsys: pytest.CaptureFixture[str]) -> None:
    hold("push trial", partial(run_jira_trial, changes=CHANGES, kills=5, issues=420), [3, 20261126, *FRESH], capsys)


def test_they_hold_in_sheets(capsys: pytest.CaptureFixture[str]) -> None:
    hold("push trial of sheets", partial(run_sheets_trial, changes=CHANGES, kills=5), [3, 20261127, *FRESH], capsys)


def hold(name: str, trial: Trial, seeds: list[int], capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(f"\n{name}: {CHANGES} changes each, seeds {seeds}", flush=True)
    for seed, counted in zip(seeds, tried(name, trial, seeds, capsys), strict=True):
        with capsys.disabled():
            print(f"{name}: seed {seed}: {dict(counted)}", flush=True)
        assert counted["kills"] >= 3
