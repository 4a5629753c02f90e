"""A forgetting that is killed at each of its steps; one of them is in the gate too, tests/flows/test_forget.py."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.forgetting import finish_what_was_killed, folder_with_a_person


@pytest.fixture(scope="module")
def read_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder_with_a_person(tmp_path_factory.mktemp("once") / "pmo")


@pytest.mark.parametrize("step", ["published files", "desk", "searching"])
def test_what_was_killed_is_finished_by_the_next_call(step: str, read_once: Path, tmp_path: Path):
    finish_what_was_killed(step, shutil.copytree(read_once, tmp_path / "pmo", symlinks=True))
