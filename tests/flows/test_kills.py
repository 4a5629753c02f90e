"""Killed at any moment, the next run ends with equal tables. `make test-real` kills more often."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from tests.killing import KillTrials, places

SEED = random.SystemRandom().randrange(10**6)


@pytest.fixture(scope="module")
def trials(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KillTrials]:
    trials = KillTrials(tmp_path_factory.mktemp("kills"), SEED)
    yield trials
    trials.close()


@pytest.mark.parametrize("place", places()[::2])
def test_the_next_run_ends_with_equal_tables(trials: KillTrials, place: str):
    trials.kill_at_place(place, 1)
