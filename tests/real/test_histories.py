"""Random histories by the thousand, each against the tracker's own truth: of known seeds, and of fresh ones, printed.

PMO_HISTORIES says how many of a tracker in memory (a third as many of one that keeps no history), PMO_JIRA_HISTORIES of
a make-believe Jira over HTTP, and as many of a Smartsheet.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from functools import partial

import pytest

from tests import histories, jira_histories, smartsheet_histories
from tests.real.by_seed import Trial, tried

KINDS: dict[str, tuple[Trial, int, tuple[int, ...]]] = {
    "in memory": (histories.run_history, int(os.environ.get("PMO_HISTORIES", "1000")), histories.KNOWN),
    "in memory, observed": (
        partial(histories.run_history, history=False),
        int(os.environ.get("PMO_HISTORIES", "1000")) // 3,
        (136221331,),
    ),
    "of a Jira": (jira_histories.run_history, int(os.environ.get("PMO_JIRA_HISTORIES", "60")), jira_histories.KNOWN),
    "of a Smartsheet": (
        smartsheet_histories.run_history,
        int(os.environ.get("PMO_JIRA_HISTORIES", "60")),
        smartsheet_histories.KNOWN,
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_tables_equal_the_truth_in_many_histories(kind: str, capsys: pytest.CaptureFixture[str]):
    history, how_many, known = KINDS[kind]
    start = random.SystemRandom().randrange(10**9)
    seeds = [*known, *range(start, start + how_many)]
    with capsys.disabled():
        print(f"\nhistories {kind}: {len(known)} known, {how_many} fresh, seeds from {start} on", flush=True)
    counted = tried(f"histories {kind}", history, seeds, capsys)
    with capsys.disabled():
        told = dict(sum(counted, Counter()).most_common())
        print(f"histories {kind}: {len(counted)} lived, 0 failed; {told}", flush=True)
