"""Old answers folded into the base of the raw archive: a rebuild gives equal tables, whatever it was cut short at."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import flows.keep as keeping
from flows.config import load
from flows.keep import fold_old_answers
from flows.rebuild import rebuild
from flows.sync import OpenHub, publish_hub, sync
from model.config import Settings
from sandbox.redmine import ADMIN_KEY, RedmineServer
from sandbox.redmine_tracker import Tracker
from tests.running import configured, pmo
from warehouse import ledger
from warehouse.base import name_base
from warehouse.compare import differences
from warehouse.raw import RawArchive

LATER = datetime.now(UTC) + timedelta(days=20)
KEEP = "[keep]\nraw_days = 7\n"


class Kept:
    """A Redmine read several times, and the hub of it."""

    def __init__(self, folder: Path, tracker: Tracker) -> None:
        self.folder, self.tracker = folder, tracker
        self.settings: Settings = load(self.folder / "pmo.toml")
        self.archive = RawArchive(self.settings.data / "raw")

    def night(self, change: Callable[[Tracker], object] = lambda _: None) -> None:
        change(self.tracker)
        assert sync(self.settings, publishing=False).exit_status == 0

    def hub(self, name: str) -> Path:
        return Path(shutil.copy(self.settings.data / "hub.duckdb", self.folder / name))

    def equal_after_a_rebuild(self) -> None:
        before = self.hub("before.duckdb")
        rebuild(self.settings)
        with OpenHub(self.settings) as opened:
            publish_hub(opened, publishing=False)
        assert differences(before, self.hub("after.duckdb")) == []


def _first_changes(tracker: Tracker) -> None:
    tracker.close(3)
    tracker.delete_issue(5)
    tracker.move(7, 3)
    tracker.delete_time(2)


def _more_changes(tracker: Tracker) -> None:
    tracker.close(4)
    tracker.delete_issue(6)
    tracker.relate(8, 9)


@pytest.fixture(scope="module")
def read_twice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    """Not to be touched: each test has its copy. The Redmine is one for all, and goes on from where a test left it."""
    tracker = Tracker(issues=40, seed=8)
    with pytest.MonkeyPatch.context() as patched, RedmineServer(tracker) as server:
        patched.setenv("SANDBOX_KEY", ADMIN_KEY)
        one = Kept(configured(tmp_path_factory.mktemp("once") / "pmo", server.url, more=KEEP), tracker)
        one.night()
        one.night(_first_changes)
        yield one


@pytest.fixture
def kept(read_twice: Kept, tmp_path: Path) -> Kept:
    return Kept(shutil.copytree(read_twice.folder, tmp_path / "pmo", symlinks=True), read_twice.tracker)


def test_a_rebuild_from_base_and_later_answers_gives_equal_tables(kept: Kept):
    parts = kept.archive.parts()
    assert fold_old_answers(kept.settings, LATER) == len(parts)
    assert kept.archive.parts() == [] and kept.archive.base() is not None
    assert not list(kept.archive.folder.glob("*/*/*.parquet"))
    kept.equal_after_a_rebuild()
    kept.night(_more_changes)
    assert kept.archive.parts()
    kept.equal_after_a_rebuild()
    fold_old_answers(kept.settings, LATER)
    assert len(list(kept.archive.folder.glob("base-*.duckdb"))) == 1
    kept.equal_after_a_rebuild()
    (kept.settings.data / "hub.duckdb").unlink()
    kept.night()
    kept.equal_after_a_rebuild()


def test_nothing_is_folded_before_its_time_or_unasked(kept: Kept):
    assert fold_old_answers(kept.settings, datetime.now(UTC) + timedelta(days=13)) == 0
    unasked = kept.settings.model_copy(update={"keep": type(kept.settings.keep)()})
    assert fold_old_answers(unasked, LATER) == 0
    assert kept.archive.base() is None


@pytest.mark.parametrize("step", ["replayed", "keep_said", "end_base", "name_base", "sweep"])
def test_cut_short_at_any_step_it_loses_nothing(kept: Kept, step: str, monkeypatch: pytest.MonkeyPatch):
    class Killed(BaseException):
        """As good as a kill: nothing is put in order."""

    def killed(*_: object) -> None:
        raise Killed

    before = kept.hub("undisturbed.duckdb")
    with monkeypatch.context() as patched:
        if step == "sweep":
            patched.setattr(RawArchive, "sweep", lambda self, named: killed() if self.base() else [])
        elif step == "name_base":
            named_already: list[object] = []

            def second_call(*of: Any) -> None:
                if named_already:
                    killed()
                named_already.append(of)
                name_base(*of)

            patched.setattr(keeping, "name_base", second_call)
        else:
            patched.setattr(keeping, step, killed)
        with pytest.raises(Killed):
            fold_old_answers(kept.settings, LATER)
    kept.equal_after_a_rebuild()
    assert differences(before, kept.hub("now.duckdb")) == []
    with OpenHub(kept.settings) as opened:
        named = ledger.parts(opened.hub)
        assert all((opened.archive.folder / part).exists() for part in named)
        there = {str(path.relative_to(opened.archive.folder)) for path in opened.archive.folder.rglob("*.*")}
        assert there - {part for part in there if (opened.archive.folder / part).is_dir()} == set(named)
    fold_old_answers(kept.settings, LATER)
    kept.equal_after_a_rebuild()


def test_a_damaged_base_is_one_sentence_and_the_hub_stays(kept: Kept):
    fold_old_answers(kept.settings, LATER)
    base = kept.archive.folder / str(kept.archive.base())
    base.write_bytes(base.read_bytes()[:5000])
    said = pmo("rebuild", cwd=kept.folder)
    assert said.returncode == 2 and "base-" in said.stderr and "put it back from a backup" in said.stderr
    assert (kept.settings.data / "hub.duckdb").exists()
