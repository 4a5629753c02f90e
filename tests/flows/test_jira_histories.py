"""Random histories of a make-believe Jira against its truth: known seeds, and a fresh one. More: `make test-real`."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.jira_histories import KNOWN, LONG, run_history

FRESH = random.SystemRandom().randrange(10**9)


@pytest.mark.parametrize("seed", [seed for seed in KNOWN if seed not in LONG])
def test_tables_equal_the_truth_in_known_histories(seed: int, tmp_path: Path):
    run_history(seed, tmp_path)


def test_tables_equal_the_truth_in_a_fresh_history(tmp_path: Path):
    print(f"fresh seed: {FRESH}")
    run_history(FRESH, tmp_path)
