"""A forgetting that is killed at each of its steps; one of them is in the gate too, tests/flows/test_forget.py."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flows.config import load
from flows.keep import fold_old_answers
from sandbox.redmine import ADMIN_KEY
from tests.forgetting import PERSON, WORDS, finish_what_was_killed, folder_with_a_person
from tests.running import pmo, well
from tests.searching import places_with


@pytest.fixture(scope="module")
def read_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder_with_a_person(tmp_path_factory.mktemp("once") / "pmo")


@pytest.mark.parametrize("step", ["published files", "desk", "searching"])
def test_what_was_killed_is_finished_by_the_next_call(step: str, read_once: Path, tmp_path: Path):
    finish_what_was_killed(step, shutil.copytree(read_once, tmp_path / "pmo", symlinks=True))


def test_a_person_is_forgotten_in_the_base_too(read_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SANDBOX_KEY", ADMIN_KEY)
    folder = shutil.copytree(read_once, tmp_path / "pmo", symlinks=True)
    (folder / "pmo.toml").write_text((folder / "pmo.toml").read_text() + "[keep]\nraw_days = 7\n")
    assert fold_old_answers(load(folder / "pmo.toml"), datetime.now(UTC) + timedelta(days=20)) > 0
    said = well(pmo("forget", PERSON, "--also", "Former-Name", "--yes", cwd=folder))
    assert "STILL THERE" not in said
    assert places_with(folder / "data", (*WORDS[:-1], "Former-Name")) == []
    well(pmo("rebuild", cwd=folder))
    assert "Forgotten" in well(pmo("sql", f"select name from accounts where id = '{PERSON}'", cwd=folder))
