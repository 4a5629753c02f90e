"""`pmo forget` after old answers were folded more than once, put back, or folded by an earlier version."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime

import duckdb

from flows.forget import look_for
from tests.flows.test_forget_folded import EARLIER, PERSON, Place, place, read_twice
from tests.searching import places_with

__all__ = ["place", "read_twice"]


def test_a_second_folding_keeps_what_the_first_one_kept(place: Place):
    place.fold()
    place.night("Castell")
    before = place.found()
    place.fold()
    assert place.found() == before >= {*EARLIER, "Joel Bergmann", "Joel Castell"}
    place.forget()
    assert places_with(place.data, ["kranz", "bergmann", "castell"]) == []


def test_a_base_put_back_from_a_backup_is_forgotten_once_more(place: Place):
    place.fold()
    shutil.copytree(place.archive.folder, place.folder / "backup")
    place.forget()
    shutil.rmtree(place.archive.folder)
    shutil.move(place.folder / "backup", place.archive.folder)
    (place.data / "hub.duckdb").unlink()
    place.forget()
    assert places_with(place.data, ["kranz", "bergmann"]) == []


def test_where_an_earlier_version_folded_it_is_said_that_names_are_not_known(place: Place):
    def remarks(do: Callable[[], object] = lambda: None) -> list[str]:
        do()
        return [said for said in look_for(place.settings, PERSON).remarks if "folded" in said]

    assert remarks() == remarks(place.fold) == []
    with duckdb.connect(str(place.base)) as con:
        con.execute("DROP SCHEMA said CASCADE")
    assert not place.found() & EARLIER
    [said] = remarks()
    assert f"answers up to {datetime.now(UTC):%Y-%m-%d} were folded" in said and "add them with --also" in said
    assert said in place.forget("--also", "Joel Kranz", "--also", "jkranz", "--also", "jkranz@example.test")
    assert places_with(place.data, ["kranz"]) == []
    place.night("Castell")
    assert remarks() == remarks(place.fold) == [said]
    assert place.found() >= {"Joel Castell"}
