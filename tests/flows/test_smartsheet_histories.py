"""Random histories of a make-believe Smartsheet against its truth, one known and one fresh. More: `make test-real`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.seeds import FRESH, drawn
from tests.smartsheet_histories import KNOWN, run_history


@pytest.mark.parametrize("seed", [KNOWN[0], FRESH])
def test_a_history_ends_as_the_tool_is(tmp_path: Path, seed: int | str) -> None:
    run_history(drawn(seed), tmp_path)
