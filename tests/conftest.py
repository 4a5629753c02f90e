"""What holds for all tests."""

from __future__ import annotations

import sys

import pytest

from tests.warehouse.small_hub import DESCRIBE
from warehouse import publish as publishing

# As `flows.cli` does: DuckDB would look for pandas at each statement with parameters.
sys.modules.setdefault("pandas", None)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def _no_comments(monkeypatch: pytest.MonkeyPatch) -> None:
    """A published file gets a thousand comments, which take a fifth of the time: a test that looks at them says so."""
    if publishing._describe is DESCRIBE:
        monkeypatch.setattr(publishing, "_describe", lambda *_: None)
