"""Columns that are renamed, doubled, removed or misread: no history is made of that, and no status is guessed."""

from __future__ import annotations

import shutil
from contextlib import closing
from datetime import UTC, datetime

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
        _set(place, sheet, word)
        place.sync()
    assert _changes(place) == GENUINE
    return sheet


GENUINE: list[Change] = [("status", "Not Started", "In Progress"), ("status", "In Progress", "Complete")]


def _set(place: Place, sheet: Sheet, word: object, column: str = "Status", row: int = 5) -> None:
    place.server.tracker.advance(3600)
    place.server.tracker.edit(sheet.rows[row].id, column, word)


def _changes(place: Place) -> list[Change]:
    return place.rows(
        "SELECT field, from_native, to_native FROM landed.issue_changes WHERE field <> 'percent_complete' "
        "ORDER BY split_part(native_id, ':', 1)::BIGINT, field"
    )


def _told(place: Place) -> list[str]:
    return [error for (error,) in place.rows("SELECT error FROM ledger.quarantine ORDER BY error")]


def _statuses(place: Place) -> dict[str, str | None]:
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
    assert _statuses(place)["Site survey “west”"] == "100 %"  # by its share, in words of its own
    assert _changes(place) == GENUINE
    (told,) = _told(place)
    assert "in “Network renewal” status was read from column" in told
    assert str(plan.columns[1].id) in told
    place.sync(full=True)
    assert _told(place) == [told]  # for as long as it is so
    tracker.rename_column(plan.id, "Phase", "Status")
    place.sync()
    assert (_changes(place), _told(place)) == (GENUINE, [])
    _assert_rebuilt_equal(place, monkeypatch)


def test_what_changed_while_a_column_had_another_name_is_told_when_it_is_back(place: Place, plan: Sheet) -> None:
    tracker = place.server.tracker
    (before,) = place.rows("SELECT max(read_at) FROM landed.issues WHERE title = 'Switches'")[0]
    tracker.rename_column(plan.id, "Status", "Phase")
    place.sync()
    _set(place, plan, "On Hold", "Phase")
    edited = datetime.fromtimestamp(tracker.now(), UTC).replace(tzinfo=None)
    tracker.add_row(plan.id, {"Task Name": "Cables", "Phase": "Not Started"})
    place.sync()
    tracker.rename_column(plan.id, "Phase", "Status")
    place.sync()
    assert _changes(place) == [*GENUINE, ("status", "Complete", "On Hold")]
    assert _told(place) == []
    ((start, end),) = place.rows(
        "SELECT observed_from, changed_at FROM landed.issue_changes WHERE to_native = 'On Hold'"
    )
    assert start <= before <= edited <= end


@pytest.mark.parametrize("named", ["title", "id"])
def test_a_column_that_is_named_after_its_renaming_keeps_its_history(place: Place, plan: Sheet, named: str) -> None:
    place.server.tracker.rename_column(plan.id, "Status", "Phase")
    place.sync()
    word = "Phase" if named == "title" else str(plan.columns[1].id)
    place.configure(f'sheets."Network renewal".columns.status = "{word}"')
    place.sync()
    assert (_changes(place), _told(place)) == (GENUINE, [])
    assert _statuses(place)["Site survey “west”"] == "Complete"
    _set(place, plan, "On Hold", "Phase")
    place.sync()
    assert _changes(place) == [*GENUINE, ("status", "Complete", "On Hold")]


def test_a_second_column_of_the_name_leaves_the_status_empty_and_no_history(place: Place, plan: Sheet) -> None:
    tracker = place.server.tracker
    tracker.add_column(plan.id, "Status", type="PICKLIST", options=["Yes"])
    place.sync()
    assert {_statuses(place)[title] for title in ("Switches", "Site survey “west”")} == {None}
    assert _changes(place) == GENUINE
    assert any("“Status” and “Status” may both be status" in told for told in _told(place))
    tracker.delete_column(plan.id, plan.columns[-1].id)
    place.sync()
    assert (_changes(place), _told(place)) == (GENUINE, [])


def test_a_box_and_a_priority_that_are_renamed_leave_no_history(place: Place) -> None:
    sheet = place.sheet("Aufgaben Migration")
    place.sync()
    for old, new in (("Erledigt", "Haken"), ("Priorität", "Rang"), ("Zuständig", "Wer"), ("Fällig am", "Tag")):
        place.server.tracker.rename_column(sheet.id, old, new)
    place.sync()
    assert _changes(place) == []
    assert len(_told(place)) == 4
    assert {told.split("”")[1].split()[0] for told in _told(place)} == {"status", "priority", "assignee", "due_on"}


def test_a_share_that_cannot_be_understood_says_nothing_of_the_status(place: Place) -> None:
    tracker = place.server.tracker
    sheet = tracker.add_sheet("Shares", ["Task", "% Complete"], [{"Task": "a", "% Complete": "100%"}])
    place.sync()
    _set(place, sheet, "100 % (ok)", "% Complete", row=0)
    place.sync()
    assert _statuses(place)["a"] is None
    assert len(_told(place)) == 1
    _set(place, sheet, "100%", "% Complete", row=0)
    place.sync()
    assert _statuses(place)["a"] == "100 %"
    assert place.rows("SELECT field FROM landed.issue_changes") == []
    _set(place, sheet, "nearly", "% Complete", row=0)
    place.sync()
    _set(place, sheet, "40%", "% Complete", row=0)
    place.sync()
    assert _changes(place) == [("status", "100 %", "1 to 99 %")]
    assert _told(place) == []


def test_a_word_in_a_date_cell_is_no_new_date(place: Place, plan: Sheet) -> None:
    sheet = place.sheet("Aufgaben Migration")
    for word in ("bald", "2026-05-01", "2026-05-04"):
        _set(place, sheet, word, "Fällig am", row=2)
        place.sync()
    assert _changes(place) == [*GENUINE, ("due_on", "2026-05-01", "2026-05-04")]
