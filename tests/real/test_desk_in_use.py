"""A desk that somebody has open is not put back; to find that out takes ten seconds."""

from __future__ import annotations

import os
from pathlib import Path

from tests.running import pmo, started
from tests.warehouse.test_backup import DAY, beside, desk_of, folder, kill, words
from warehouse.hub import HubLock

__all__ = ["folder"]


def test_it_is_refused_while_another_process_writes_or_has_it_open(folder: Path) -> None:
    lock = HubLock(folder / "data")
    said = pmo("restore", "--desk", DAY, cwd=folder)
    lock.release()
    assert said.returncode == 1 and f"is being written by process {os.getpid()}" in said.stderr
    process = beside(folder)
    said = started("restore", "--desk", DAY, cwd=folder)
    kill(process)
    assert said.returncode == 1 and "another process has" in said.stderr and "Traceback" not in said.stderr
    assert "parked" in words(desk_of(folder)) and not [*(folder / "data" / "backups").glob("desk-before-*")]
