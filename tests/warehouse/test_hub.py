"""The hub file, opened with too little memory for what comes."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.warehouse.small_hub import SmallHub, issue, project
from warehouse.absence import IdList

LONG = "word and another word, over and over again. " * 4_000


def test_what_needs_more_memory_gets_it(tmp_path: Path) -> None:
    cramped = SmallHub(tmp_path / "data", megabytes=12)
    try:
        cramped.land("acme", projects=[project("1")])
        listed = IdList(cramped.hub)
        listed.add(["1", "2"])
        for part in range(3):
            ids = [str(1 + 60 * part + n) for n in range(60)]
            cramped.land("acme", issues=[issue(id_, description=f"{id_} {LONG}") for id_ in ids])
        landed = cramped.rows("issues", "length(description)")
        assert landed == {str(n): len(f"{n} {LONG}") for n in range(1, 181)}
        assert cramped.hub.megabytes > 12
        assert listed.total() == 2
        assert cramped.hub.value("SELECT count(*) FROM ledger.parts") == 4
    finally:
        cramped.close()


def test_long_texts_are_landed_and_written_with_as_much_memory_as_that_takes(tmp_path: Path) -> None:
    """A commit, and the checkpoint that comes with it or later, may run short of it."""
    cramped = SmallHub(tmp_path / "data", megabytes=12)
    try:
        cramped.land("acme", projects=[project("1")])
        for part in range(5):
            ids = [str(1 + 300 * part + n) for n in range(300)]
            cramped.land("acme", issues=[issue(id_, description=f"{id_} {'x' * 20_000}") for id_ in ids])
        cramped.hub.con.execute("SET memory_limit = '6MB'")
        cramped.hub.megabytes = 6
        cramped.hub.checkpoint()
        assert cramped.hub.value("SELECT count(DISTINCT native_id) FROM landed.issues") == 1500
    finally:
        cramped.close()


def test_a_question_that_needs_more_memory_gets_it(tmp_path: Path) -> None:
    cramped = SmallHub(tmp_path / "data", megabytes=12)
    try:
        words = cramped.hub.value("SELECT len(list(md5(i::VARCHAR))) FROM range(400_000) AS t(i)")
        assert words == 400_000
        assert cramped.hub.megabytes > 12
        with pytest.raises(duckdb.OutOfMemoryException), cramped.hub.transaction():  # done again by who began it
            cramped.hub.value("SELECT len(list(repeat(md5(i::VARCHAR), 40))) FROM range(1_000_000) AS t(i)")
    finally:
        cramped.close()


def test_a_database_that_shut_itself_after_a_failed_checkpoint_is_opened_anew(tmp_path: Path) -> None:
    """The next statement is told no more than this; it was met with 20,000 issues and 32 MB."""
    cramped = SmallHub(tmp_path / "data", megabytes=32)
    try:
        cramped.land("acme", projects=[project("1")])
        said = "FATAL Error: Failed: database has been invalidated because of a previous fatal error."
        assert cramped.hub.grow(duckdb.FatalException(said))
        assert cramped.hub.megabytes == 48
        assert cramped.rows("projects", "key") == {"1": "P1"}
        assert not cramped.hub.grow(duckdb.FatalException("FATAL Error: something else"))
    finally:
        cramped.close()


def test_a_file_that_is_opened_anew_leaves_lists_of_ids_as_they_are(tmp_path: Path) -> None:
    """It was met with 5,000 issues of a whole reading, whose ids were listed, and 40 MB."""
    cramped = SmallHub(tmp_path / "data", megabytes=16)
    try:
        cramped.land("acme", projects=[project("1")])
        listed = IdList(cramped.hub)
        listed.add(["1", "2"])
        cramped.hub.con.execute("ATTACH ':memory:' AS memory; USE memory; DETACH hub")  # nobody gets into the file
        said = (
            'IO Error: Database "hub" has been invalidated because checkpointing failed. (failed to pin block of size)'
        )
        assert cramped.hub.grow(duckdb.IOException(said))
        assert cramped.hub.megabytes == 32
        assert cramped.rows("projects", "key") == {"1": "P1"}
        listed.add(["3"])
        assert listed.total() == 3
    finally:
        cramped.close()


def test_a_list_of_ids_outlives_letting_go_of_memory(tmp_path: Path) -> None:
    hub = SmallHub(tmp_path / "data").hub
    with IdList(hub) as listed:
        listed.add(["1", "2"])
        hub.reopen()
        listed.add(["2", "3"])
        assert listed.total() == 3
    hub.reopen()
    assert not hub.scratch
    hub.close()
