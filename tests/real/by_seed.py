"""Trials by random seed, two at a time in processes of their own, until all were tried."""

from __future__ import annotations

import shutil
import traceback
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import mkdtemp

import pytest

Trial = Callable[[int, Path], Mapping[str, int]]
"""Gets a seed and an empty folder, gives back what happened, counted. A function of a module, or a partial of one."""


def tried(name: str, trial: Trial, seeds: Sequence[int], capsys: pytest.CaptureFixture[str]) -> list[Counter[str]]:
    """What happened in each trial, as `seeds` are. Says how far it is; fails in the end if a trial failed."""
    counted: list[Counter[str]] = []
    failed: list[str] = []
    with ProcessPoolExecutor(2) as two:
        for done, (seed, happened, error) in enumerate(two.map(partial(_tried, trial), seeds), 1):
            counted.append(happened)
            with capsys.disabled():
                if error:
                    print(f"{name}: seed {seed} failed\n{error}", flush=True)
                    failed.append(f"seed {seed}: {error.splitlines()[-1]}")
                if done % 100 == 0:
                    print(f"{name}: {done} of {len(seeds)} tried, {len(failed)} failed", flush=True)
    assert not failed, failed[:3]
    return counted


def _tried(trial: Trial, seed: int) -> tuple[int, Counter[str], str]:
    folder = Path(mkdtemp(prefix="pmo-trial-"))
    try:
        return seed, Counter(trial(seed, folder)), ""
    except Exception:
        return seed, Counter(), traceback.format_exc()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
