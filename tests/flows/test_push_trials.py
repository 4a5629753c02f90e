"""Some pushes under faults, edits and a kill; `make test-real` has those of 300 changes."""

from __future__ import annotations

import random
from pathlib import Path

from tests.push_trials_jira import run_jira_trial
from tests.push_trials_sheets import run_sheets_trial


def test_the_laws_of_pushing_hold(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print(f"push trial: seed {seed}")
    counted = run_jira_trial(seed, tmp_path, changes=40, kills=1, issues=160)
    assert counted["verified"] > 0


def test_they_hold_in_sheets(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print(f"push trial of sheets: seed {seed}")
    counted = run_sheets_trial(seed, tmp_path, changes=40, kills=1)
    assert counted["verified"] > 0
