"""A full disk, for real: a file system of some megabytes, on which a sync finds no room."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.redmine import RedmineServer
from sandbox.redmine_tracker import Tracker
from tests.running import configured, pmo, well
from warehouse.compare import differences


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a small file system can only be mounted as root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("free_kilobytes", [8, 300, 1200, 2500])
def test_a_full_disk_is_one_sentence_and_leaves_nothing_half_written(
    small_disk: Path, tmp_path: Path, free_kilobytes: int
):
    tracker = Tracker(issues=900, seed=3)
    with RedmineServer(tracker) as server:
        folder = configured(small_disk / "pmo", server.url)
        well(pmo("sync", cwd=folder))
        before = (folder / "data" / "portfolio.duckdb").resolve()
        for id_ in sorted(tracker.issues):
            tracker.edit(id_, subject=f"edited {os.urandom(400).hex()}")
        ballast = small_disk / "ballast"
        free = os.statvfs(small_disk)
        ballast.write_bytes(b"x" * max(0, free.f_bavail * free.f_frsize - free_kilobytes * 1024))
        run = pmo("sync", cwd=folder)
        text = run.stdout + run.stderr
        assert run.returncode == 2, text
        assert "no space left" in text
        assert "Traceback" not in text
        assert (folder / "data" / "portfolio.duckdb").resolve() == before
        assert not list((folder / "data").rglob("*.part"))
        ballast.unlink()
        well(pmo("sync", cwd=folder))
        fresh = configured(tmp_path / "fresh", server.url)
        well(pmo("sync", cwd=fresh))
        assert differences(folder / "data" / "portfolio.duckdb", fresh / "data" / "portfolio.duckdb") == []
