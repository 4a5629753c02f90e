"""Random histories against the truth: a known one and a fresh one. `make test-real` lives all that are known, and a
thousand more."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from tests.histories import IN_THE_GATE, run_history

FRESH = [random.SystemRandom().randrange(10**9) for _ in range(int(os.environ.get("PMO_HISTORIES", "1")))]


@pytest.fixture(autouse=True, scope="module")
def _print_seeds():
    print(f"fresh seeds: {FRESH}")


@pytest.mark.parametrize("seed", IN_THE_GATE)
def test_tables_equal_the_truth_in_known_histories(seed: int, tmp_path: Path):
    run_history(seed, tmp_path)


@pytest.mark.parametrize("nth", range(len(FRESH)))
def test_tables_equal_the_truth_in_fresh_histories(nth: int, tmp_path: Path):
    run_history(FRESH[nth], tmp_path)
