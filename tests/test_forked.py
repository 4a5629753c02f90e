"""Runs in forked processes answer for themselves alone."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from tests.running import pmo


def _asked(place: tuple[Path, int]) -> tuple[int, str]:
    folder, number = place
    run = pmo(f"no-command-{number}", cwd=folder)
    return run.returncode, run.stderr


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_two_workers_of_a_pool_get_their_own_answers(tmp_path: Path) -> None:
    """Also if a run was made before they were forked."""
    assert pmo("--version", cwd=tmp_path).returncode == 0
    with ProcessPoolExecutor(2, mp_context=get_context("fork")) as pool:
        answers = list(pool.map(_asked, [(tmp_path, number) for number in range(24)], timeout=120))
    assert [status for status, _ in answers] == [2] * 24
    assert all(f"no-command-{number}'" in said for number, (_, said) in enumerate(answers))
