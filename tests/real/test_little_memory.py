"""A first reading with less memory than DuckDB needs: commits and checkpoints fail on the way, and no row is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.config import load
from flows.sync import sync
from tests.bench.bulk import configured, serving
from tests.bench.test_jira_full import held_rows
from tests.running import environment
from warehouse.hub import MEGABYTES, Hub

ISSUES = 7000
TOO_FEW = 24  # megabytes; a commit, and then the checkpoint of another, fail with 20 to 55


def test_a_first_reading_with_too_little_memory_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    grown: list[str] = []
    grow = Hub.grow

    def noted(hub: Hub, error: BaseException) -> bool:
        grown.append(str(error))
        return grow(hub, error)

    monkeypatch.setattr(Hub, "grow", noted)
    defaults = Hub.__init__.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "megabytes", TOO_FEW)
    monkeypatch.setenv("SANDBOX_KEY", environment()["SANDBOX_KEY"])
    with serving(ISSUES) as bulk:
        folder = configured(tmp_path, bulk.url)
        report = sync(load(folder / "pmo.toml"))
        totals = bulk.totals
    assert report.exit_status == 0
    held = held_rows(folder / "data")
    assert held == {table: totals[table] for table in held}
    shut = [error for error in grown if "invalidated" in error]
    assert grown and TOO_FEW < MEGABYTES
    with capsys.disabled():
        print(
            f"\nlittle memory: {ISSUES:,} issues, {len(grown)} times short of it, {len(shut)} shut: {held}", flush=True
        )
