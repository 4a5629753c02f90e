"""Columns that are renamed, doubled, removed or misread: no history is made of that, and no status is guessed.

More of them are in tests/real/test_smartsheet_columns.py.
"""

from __future__ import annotations

import shutil
from contextlib import closing

import pytest

from flows.config import load
from flows.rebuild import rebuild
from sandbox.smartsheet import ADMIN_TOKEN
from sandbox.smartsheet_records import Sheet
from tests.flows.test_smartsheet import Place, place
from warehouse.compare import differences
from warehouse.hub import Hub
from warehouse.meaning import renew_meaning

__all__ = ["place"]

Change = tuple[str, str | None, str | None]


@pytest.fixture
def plan(place: Place) -> Sheet:
    """A plan with a history: the status of its sixth row went on twice, and each was seen."""
    sheet = place.sheet("Network renewal")
    place.sync()
    for word in ("In Progress", "Complete"):
        set_cell(place, sheet, word)
        place.sync()
    assert changes_of(place) == GENUINE
    return sheet


GENUINE: list[Change] = [("status", "Not Started", "In Progress"), ("status", "In Progress", "Complete")]


def set_cell(place: Place, sheet: Sheet, word: object, column: str = "Status", row: int = 5) -> None:
    place.server.tracker.advance(3600)
    place.server.tracker.edit(sheet.rows[row].id, column, word)


def changes_of(place: Place) -> list[Change]:
    return place.rows(
        "SELECT field, from_native, to_native FROM landed.issue_changes WHERE field <> 'percent_complete' "
        "ORDER BY split_part(native_id, ':', 1)::BIGINT, field"
    )


def told_of(place: Place) -> list[str]:
    return [error for (error,) in place.rows("SELECT error FROM ledger.quarantine ORDER BY error")]


def statuses_of(place: Place) -> dict[str, str | None]:
    found = place.rows("SELECT title, native_status FROM landed.issues WHERE availability = 'present'")
    return dict(found)


def _assert_rebuilt_equal(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    hub_file = place.folder / "data" / "hub.duckdb"
    before = place.folder / "before.duckdb"
    shutil.copy(hub_file, before)
    monkeypatch.setenv("SANDBOX_KEY", ADMIN_TOKEN)
    rebuild(load(place.folder / "pmo.toml"))
    with closing(Hub(before, megabytes=512)) as old, closing(Hub(hub_file, megabytes=512)) as new:
        for hub in (old, new):
            renew_meaning(hub, {})
        assert differences(old, new) == []


def test_a_column_renamed_and_named_back_leaves_no_history(
    place: Place, plan: Sheet, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracker = place.server.tracker
    tracker.rename_column(plan.id, "Status", "Phase")
    place.sync()
    assert statuses_of(place)["Site survey “west”"] == "100 %"  # by its share, in words of its own
    assert changes_of(place) == GENUINE
    (told,) = told_of(place)
    assert "in “Network renewal” status was read from column" in told
    assert str(plan.columns[1].id) in told
    place.sync(full=True)
    assert told_of(place) == [told]  # for as long as it is so
    tracker.rename_column(plan.id, "Phase", "Status")
    place.sync()
    assert (changes_of(place), told_of(place)) == (GENUINE, [])
    _assert_rebuilt_equal(place, monkeypatch)


def test_a_second_column_of_the_name_leaves_the_status_empty_and_no_history(place: Place, plan: Sheet) -> None:
    tracker = place.server.tracker
    tracker.add_column(plan.id, "Status", type="PICKLIST", options=["Yes"])
    place.sync()
    assert {statuses_of(place)[title] for title in ("Switches", "Site survey “west”")} == {None}
    assert changes_of(place) == GENUINE
    assert any("“Status” and “Status” may both be status" in told for told in told_of(place))
    tracker.delete_column(plan.id, plan.columns[-1].id)
    place.sync()
    assert (changes_of(place), told_of(place)) == (GENUINE, [])


def test_a_share_that_cannot_be_understood_says_nothing_of_the_status(place: Place) -> None:
    tracker = place.server.tracker
    sheet = tracker.add_sheet("Shares", ["Task", "% Complete"], [{"Task": "a", "% Complete": "100%"}])
    place.sync()
    set_cell(place, sheet, "100 % (ok)", "% Complete", row=0)
    place.sync()
    assert statuses_of(place)["a"] is None
    assert len(told_of(place)) == 1
    set_cell(place, sheet, "100%", "% Complete", row=0)
    place.sync()
    assert statuses_of(place)["a"] == "100 %"
    assert place.rows("SELECT field FROM landed.issue_changes") == []
    set_cell(place, sheet, "nearly", "% Complete", row=0)
    place.sync()
    set_cell(place, sheet, "40%", "% Complete", row=0)
    place.sync()
    assert changes_of(place) == [("status", "100 %", "1 to 99 %")]
    assert told_of(place) == []
