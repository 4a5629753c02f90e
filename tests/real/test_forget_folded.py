"""`pmo forget` after old answers were folded: earlier names, log-ins and addresses are found all the same."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

import duckdb
import pytest

from flows.config import load
from flows.forget import look_for
from flows.keep import fold_old_answers
from flows.rebuild import rebuild
from flows.source_rename import rename
from flows.sync import OpenHub, publish_hub, sync
from sandbox import smartsheet
from sandbox.redmine import ADMIN_KEY, RedmineServer
from sandbox.redmine_tracker import Tracker
from sandbox.smartsheet_records import Contact
from tests.flows.test_smartsheet import Place as Plans
from tests.flows.test_smartsheet import place as plans
from tests.running import configured, pmo, well
from tests.searching import places_with
from warehouse.compare import differences
from warehouse.raw import RawArchive

__all__ = ["plans"]

PERSON = "ops:3"
TITLE = "Ask Joel Kranz (jkranz@example.test), or Kranz, Joel"
EARLIER = {"Joel Kranz", "jkranz", "jkranz@example.test"}
LATER = datetime.now(UTC) + timedelta(days=20)


class Place:
    """A folder, and the Redmine that is read into it."""

    def __init__(self, folder: Path, tracker: Tracker) -> None:
        self.folder, self.tracker = folder, tracker
        self.data = folder / "data"
        self.settings = load(folder / "pmo.toml")
        self.archive = RawArchive(self.data / "raw")

    @property
    def base(self) -> Path:
        return self.archive.folder / str(self.archive.base())

    def night(self, lastname: str) -> None:
        """Reads the person under a name; of earlier nights no published file is left."""
        self.tracker.users[3].lastname = lastname
        assert sync(self.settings).exit_status == 0
        shown = (self.data / "portfolio.duckdb").resolve()
        for path in set((self.data / "published").glob("*.duckdb")) - {shown}:
            path.unlink()

    def fold(self) -> None:
        assert fold_old_answers(self.settings, LATER) > 0

    def found(self, who: str = PERSON) -> set[str]:
        return {word.text for word in look_for(self.settings, who).words}

    def forget(self, *words: str) -> str:
        said = pmo("forget", PERSON, "--yes", *words, cwd=self.folder)
        assert "STILL THERE" not in well(said)
        return said.stderr


@pytest.fixture(scope="module")
def read_twice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Not to be touched: each test has its copy."""
    tracker = Tracker(issues=20, seed=5)
    tracker.issues[7].subject = TITLE
    with pytest.MonkeyPatch.context() as patched, RedmineServer(tracker) as server:
        patched.setenv("SANDBOX_KEY", ADMIN_KEY)
        one = Place(
            configured(tmp_path_factory.mktemp("once") / "pmo", server.url, more="[keep]\nraw_days = 7\n"), tracker
        )
        one.night("Kranz")
        one.night("Bergmann")
        yield one


@pytest.fixture
def place(read_twice: Place, tmp_path: Path) -> Place:
    return Place(shutil.copytree(read_twice.folder, tmp_path / "pmo", symlinks=True), read_twice.tracker)


def test_what_the_folded_answers_said_of_a_person_is_forgotten_in_every_file(place: Place):
    before = place.found()
    assert before >= EARLIER
    place.fold()
    assert place.found() == before
    assert places_with(place.data, ["kranz"]) != []
    place.forget()
    assert places_with(place.data, ["kranz", "bergmann"]) == []
    hub = Path(shutil.copy(place.data / "hub.duckdb", place.folder / "before.duckdb"))
    rebuild(place.settings)
    with OpenHub(place.settings) as opened:
        publish_hub(opened, publishing=False)
    assert differences(hub, place.data / "hub.duckdb") == []


@pytest.mark.parametrize("folded", ["never", "before", "after", "both"])
def test_names_are_found_under_the_new_name_of_a_source(place: Place, folded: str):
    if folded in ("before", "both"):
        place.fold()
    rename(place.settings, "ops", "plant", "anna")
    place.settings = load(place.folder / "pmo.toml")
    if folded in ("after", "both"):
        place.fold()
    assert place.found("plant:3") >= {*EARLIER, "Joel Bergmann"}


def test_a_damaged_base_is_one_sentence(place: Place):
    place.fold()
    place.base.write_bytes(place.base.read_bytes()[:5000])
    said = pmo("forget", PERSON, "--yes", cwd=place.folder)
    assert said.returncode == 2 and "base-" in said.stderr and "put it back from a backup" in said.stderr


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


def test_the_name_that_a_cell_showed_for_an_address_is_forgotten(plans: Plans):
    """Smartsheet's cells hold an address, and show the name that the contact had when it was read."""
    address, data = "ilka.brandt@example.com", plans.folder / "data"
    sheet = plans.sheet("Network renewal")
    for name in ("Ilka Sommerfeld", "Ilka Brandt"):
        plans.server.tracker.edit(sheet.rows[5].id, "Assigned To", Contact(address, name))
        plans.sync()
    with mock.patch.dict(os.environ, SANDBOX_KEY=smartsheet.ADMIN_TOKEN):
        found = {word.text for word in look_for(load(plans.folder / "pmo.toml"), address).words}
    assert {"Ilka Sommerfeld", "Ilka Brandt", address} <= found
    assert places_with(data, ["sommerfeld"]) != []
    well(pmo("forget", address, "--yes", cwd=plans.folder, SANDBOX_KEY=smartsheet.ADMIN_TOKEN))
    assert places_with(data, ["sommerfeld", "brandt"]) == []
