"""Nights killed with kill -9 while approved changes wait: the next ends with equal tables, and nothing is sent twice.

Each kill comes from within `pmo nightly`, at a place that its run passes: while it pulls, pushes or publishes. The
tools are a real Redmine and two make-believe ones, under one Prefect server.
"""

from __future__ import annotations

import random
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.killer import PUSHING
from tests.real.scheduled import a_prefect, issues
from tests.real.three_tools import EACH, ThreeTools
from tests.running import CLI, pmo, well

MOST = {"answer decoded": 6, "file filled": 1, **dict.fromkeys(PUSHING, 2 * EACH)}
"""Where a night is killed, and how often at least it passes there."""


@pytest.fixture(scope="module")
def prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with a_prefect(tmp_path_factory.mktemp("prefect")) as url:
        yield url


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def test_the_night_after_a_kill_heals_it(
    prefect: str, tools: ThreeTools, stack: ExitStack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    random_ = random.Random(seed)
    tools.read(tmp_path)
    link = tmp_path / "data" / "portfolio.duckdb"
    kills = []
    inbox = stack.enter_context(tools.inbox())
    variables = tools.variables(inbox) | {"PREFECT_API_URL": prefect}
    for place, most in MOST.items():
        wishes = tools.wish(tmp_path)
        tools.edit_ill(random_)
        before, counted, passing = link.resolve(), issues(tmp_path), random_.randint(1, most)
        killed = pmo("nightly", cwd=tmp_path, via=("tests.killer", place, str(passing)), **variables)
        assert killed.returncode == -signal.SIGKILL, f"seed {seed}: {place} {passing} was not passed: {killed.stderr}"
        assert (link.resolve(), issues(tmp_path)) == (before, counted), "last night's file is what readers have"
        kills.append(f"{place} {passing}")
        well(pmo("nightly", cwd=tmp_path, via=CLI, **variables))
        assert link.resolve() != before
        assert issues(tmp_path) == tools.counted()
        tools.assert_sent_once(tmp_path, wishes)
        tools.assert_as_undisturbed(tmp_path)
    with capsys.disabled():
        print(f"\nnights killed, seed {seed}: {kills}; {3 * EACH} changes each, all sent once", flush=True)
