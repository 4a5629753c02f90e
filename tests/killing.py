"""Kills syncs of a living tracker and looks what the next run makes of it.

Every trial starts from the same hub, with the same edits waiting in the tool. A trial that was killed strictly inside
its run is followed by one undisturbed sync; the tables must then equal those of a hub that was never killed.
"""

from __future__ import annotations

import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from tempfile import mkdtemp
from threading import Lock
from typing import Protocol

from sandbox.redmine import ADMIN_KEY, RedmineServer
from sandbox.redmine_tracker import Tracker
from sandbox.smartsheet import SmartsheetServer
from sandbox.smartsheet_moves import Mover
from sandbox.smartsheet_random import filled
from tests.killer import PLACES
from tests.running import CONFIG, configured, environment, pmo, well
from warehouse.compare import differences


class Tool(Protocol):
    """A make-believe tool that is killed over. `not_told`: tables of which the hub itself is the source."""

    not_told: tuple[str, ...]

    def configure(self, folder: Path) -> None:
        """Writes a `pmo.toml` that reads it."""

    def edit(self, random_: random.Random) -> None:
        """A day's work."""

    def close(self) -> None:
        """Serves no longer."""


class KilledRedmine:
    """Some hundred issues."""

    not_told: tuple[str, ...] = ()

    def __init__(self, seed: int) -> None:
        self.tracker = Tracker(issues=260, seed=seed)
        self._server = RedmineServer(self.tracker).__enter__()

    def configure(self, folder: Path) -> None:
        configured(folder, self._server.url)

    def edit(self, random_: random.Random) -> None:
        edit_much(self.tracker, random_)

    def close(self) -> None:
        self._server.close()


class KilledSmartsheet:
    """Six sheets. What is observed of their history depends on when they are read, and so on the kill."""

    not_told: tuple[str, ...] = ("issue_changes",)

    def __init__(self, seed: int) -> None:
        self.tracker = filled(sheets=6, rows=40, seed=seed)
        self._server = SmartsheetServer(self.tracker, token=ADMIN_KEY).__enter__()

    def configure(self, folder: Path) -> None:
        text = CONFIG.format(url=self._server.url).replace('"redmine"', '"smartsheet"\nrequests_per_second = 1000')
        (folder / "pmo.toml").write_text(text, encoding="utf-8")

    def edit(self, random_: random.Random) -> None:
        Mover(self.tracker, random_).move(60)

    def close(self) -> None:
        self._server.close()


@dataclass
class KillTrials:
    """A tool in the sandbox, a hub that has read it (`before`), edits since, and a hub that read them unkilled.

    Trials have folders of their own: several threads may try at a time.
    """

    folder: Path
    seed: int
    kind: Callable[[int], Tool] = KilledRedmine
    tool: Tool = field(init=False)
    kills: Counter[str] = field(default_factory=Counter)
    _counting: Lock = field(default_factory=Lock, repr=False)

    def __post_init__(self) -> None:
        self.tool = self.kind(self.seed)
        self.before = self.folder / "before"
        self.before.mkdir(parents=True)
        self.tool.configure(self.before)
        well(pmo("sync", cwd=self.before))
        self.tool.edit(random.Random(self.seed))
        self.unkilled = self.folder / "unkilled"
        shutil.copytree(self.before, self.unkilled, symlinks=True)
        well(pmo("sync", cwd=self.unkilled))

    def close(self) -> None:
        self.tool.close()

    @contextmanager
    def _copy(self) -> Iterator[Path]:
        target = Path(mkdtemp(prefix="trial-", dir=self.folder)) / "hub"
        shutil.copytree(self.before, target, symlinks=True)
        yield target
        shutil.rmtree(target.parent)  # what failed is left for whoever looks into it

    def passings(self, place: str) -> int:
        """How often an undisturbed sync passes a place."""
        with self._copy() as folder:
            run = pmo("sync", cwd=folder, via=("tests.killer", place, "0"))
        well(run)
        found = re.search(r"PASSED (\d+)", run.stderr)
        assert found
        return int(found[1])

    def kill_at_place(self, place: str, passing: int) -> None:
        """Kills a sync there, lets another run, and compares."""
        with self._copy() as folder:
            run = pmo("sync", cwd=folder, via=("tests.killer", place, str(passing)))
            assert run.returncode == -signal.SIGKILL, f"{place} {passing} was not passed: {run.stdout}{run.stderr}"
            self._recover(folder, place, f"{place} {passing}")

    def kill_after(self, seconds: float) -> bool:
        """Kills a sync from outside, so long after it began; False if it had ended by then."""
        with self._copy() as folder:
            (folder / "data" / "run.json").unlink()
            process = subprocess.Popen(
                [sys.executable, "-m", "flows.cli", "sync"],
                cwd=folder,
                env=environment(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            deadline = time.monotonic() + 60
            began = folder / "data" / "run.json"
            while not began.exists() and process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.005)
            time.sleep(seconds)
            process.kill()
            if process.wait() != -signal.SIGKILL:
                return False
            self._recover(folder, "a random time", f"{seconds:.3f} s after it began")
            return True

    def _recover(self, folder: Path, place: str, what: str) -> None:
        well(pmo("sync", cwd=folder))
        found = differences(folder / "data" / "hub.duckdb", self.unkilled / "data" / "hub.duckdb")
        found += differences(folder / "data" / "portfolio.duckdb", self.unkilled / "data" / "portfolio.duckdb")
        found = [one for one in found if one.partition(":")[0] not in self.tool.not_told]
        assert not found, f"seed {self.seed}, killed at {what}: {found[:5]}"
        leftovers = [p.name for p in (folder / "data").rglob("*.part")]
        assert not leftovers, f"seed {self.seed}, killed at {what}: left {leftovers}"
        with self._counting:
            self.kills[place] += 1


def edit_much(tracker: Tracker, random_: random.Random) -> None:
    """A day's work: edits, closures, moves, deletions, hours, relations, a project deleted."""
    with tracker.lock:
        ids = sorted(tracker.issues)
        for id_ in random_.sample(ids, 40):
            tracker.edit(id_, status_id=random_.choice([1, 2, 3, 5]), subject=f"edited {id_}")
        for id_ in random_.sample(ids, 8):
            tracker.log_time(id_, 1.5, date(2026, 11, 20))
        for id_ in random_.sample(ids, 6):
            tracker.delete_issue(id_)
        living = sorted(tracker.issues)
        for id_ in random_.sample(living, 5):
            tracker.move(id_, random_.choice(sorted(tracker.projects)))
        for _ in range(5):
            tracker.add_issue()
        for entry in random_.sample(sorted(tracker.entries), 4):
            tracker.delete_time(entry)


def places() -> list[str]:
    """All places a kill is aimed at."""
    return list(PLACES)
