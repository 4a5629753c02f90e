"""One table for all benchmarks of a run, printed at its end, and kept with PMO_BENCH_RECORD=1."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from tests.bench.goals import Goals

GOALS = Goals()


@pytest.fixture(scope="session")
def goals() -> Goals:
    return GOALS


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Prints at once."""

    def now(text: str) -> None:
        with capsys.disabled():
            print(text, flush=True)

    return now


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not GOALS.rows:
        return
    terminalreporter.write_sep("=", "goals")
    terminalreporter.write_line(GOALS.table())
    if os.environ.get("PMO_BENCH_RECORD") == "1":
        GOALS.record()
