"""Random histories by the thousand, each against the tracker's own truth: of known seeds, and of fresh ones, printed.

PMO_HISTORIES says how many of a tracker in memory (a third as many of one that keeps no history), PMO_JIRA_HISTORIES of
a make-believe Jira over HTTP, and as many of a Smartsheet; two processes share them.
"""

from __future__ import annotations

import os
import random
import shutil
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import mkdtemp

import pytest

from tests import histories, jira_histories, smartsheet_histories

History = Callable[[int, Path], dict[str, int]]
KINDS: dict[str, tuple[History, int, tuple[int, ...]]] = {
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


def _live(kind: str, seed: int) -> tuple[int, dict[str, int], str | None]:
    folder = Path(mkdtemp(prefix="pmo-history-"))
    try:
        return seed, KINDS[kind][0](seed, folder), None
    except Exception as error:
        return seed, {}, f"{type(error).__name__}: {error}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize("kind", KINDS)
def test_tables_equal_the_truth_in_many_histories(kind: str, capsys: pytest.CaptureFixture[str]):
    _, how_many, known = KINDS[kind]
    start = random.SystemRandom().randrange(10**9)
    seeds = [*known, *range(start, start + how_many)]
    with capsys.disabled():
        print(f"\nhistories {kind}: {len(known)} known, {how_many} fresh, seeds from {start} on", flush=True)
    happened: Counter[str] = Counter()
    failed = []
    with ProcessPoolExecutor(2) as pool:
        for done, (seed, counted, error) in enumerate(pool.map(partial(_live, kind), seeds, chunksize=2), 1):
            happened.update(counted)
            if error:
                failed.append(f"seed {seed}: {error}")
                with capsys.disabled():
                    print(f"histories {kind}: {failed[-1]}", flush=True)
            if done % 100 == 0:
                with capsys.disabled():
                    print(f"histories {kind}: {done} lived, {len(failed)} failed", flush=True)
    with capsys.disabled():
        told = dict(happened.most_common())
        print(f"histories {kind}: {len(seeds)} lived, {len(failed)} failed; {told}", flush=True)
    assert not failed, failed[:3]
