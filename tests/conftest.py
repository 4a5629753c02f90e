"""What holds for all tests."""

from __future__ import annotations

import gc
import sys
import tempfile
from functools import cache
from pathlib import Path

import pytest

from tests.warehouse.small_hub import DESCRIBE
from warehouse import hub as hubs
from warehouse import publish as publishing

# As `flows.cli` does: DuckDB would look for pandas at each statement with parameters.
sys.modules.setdefault("pandas", None)  # type: ignore[arg-type]


def pytest_collection_finish() -> None:
    """The hub collects garbage whenever it gives memory back: what pytest holds is not looked through each time."""
    gc.collect()
    gc.freeze()


_make = hubs._make


@cache
def _empty(megabytes: int) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hub.duckdb"
        _make(path, megabytes)
        return path.read_bytes()


@pytest.fixture(autouse=True)
def _hubs_begin_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty hub file is made once, in a tenth of a second, and copied for each of some hundred tests."""

    def begin(path: Path, megabytes: int) -> None:
        if any(path.parent.glob(f"*{path.name}*")):  # left over from a kill: what is done with it is not for us to tell
            _make(path, megabytes)
        else:
            path.write_bytes(_empty(megabytes))

    monkeypatch.setattr(hubs, "_make", begin)


@pytest.fixture(autouse=True)
def _no_comments(monkeypatch: pytest.MonkeyPatch) -> None:
    """A published file gets a thousand comments, which take a fifth of the time: a test that looks at them says so."""
    if publishing._describe is DESCRIBE:
        monkeypatch.setattr(publishing, "_describe", lambda *_: None)
