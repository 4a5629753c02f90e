"""Random histories of a make-believe Jira against its truth: a fresh one. More, and known ones: `make test-real`."""

from __future__ import annotations

import random
from pathlib import Path

from tests.jira_histories import run_history

FRESH = random.SystemRandom().randrange(10**9)


def test_tables_equal_the_truth_in_a_fresh_history(tmp_path: Path):
    print(f"fresh seed: {FRESH}")
    run_history(FRESH, tmp_path)
