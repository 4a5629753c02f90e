"""The laws of the figures over many hubs of random rows; two of them are in the gate, tests/warehouse.

PMO_FIGURE_LAWS says how many of fresh seeds, which are printed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.seeds import FRESH, drawn
from tests.warehouse import test_figure_laws as laws
from tests.warehouse.test_figure_laws import *  # noqa: F403 the tests themselves, over the hubs below

SEEDS = [1, 20261126, *[FRESH] * int(os.environ.get("PMO_FIGURE_LAWS", "10"))]


@pytest.fixture(scope="module", params=SEEDS)  # type: ignore[no-redef]
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[laws.Filled]:
    with closing(laws.Filled(tmp_path_factory.mktemp("laws"), drawn(request.param))) as made:
        yield made
