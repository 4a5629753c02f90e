from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.warehouse.small_hub import SmallHub


@pytest.fixture
def small(tmp_path: Path) -> Iterator[SmallHub]:
    """An empty hub."""
    hub = SmallHub(tmp_path / "data")
    yield hub
    hub.close()
