"""More of columns that are renamed: what they leave of history, and how it goes on."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sandbox.smartsheet_records import Sheet
from tests.flows.test_smartsheet import Place, place
from tests.flows.test_smartsheet_columns import GENUINE, changes_of, plan, set_cell, statuses_of, told_of

__all__ = ["place", "plan"]


def test_what_changed_while_a_column_had_another_name_is_told_when_it_is_back(place: Place, plan: Sheet) -> None:
    tracker = place.server.tracker
    (before,) = place.rows("SELECT max(read_at) FROM landed.issues WHERE title = 'Switches'")[0]
    tracker.rename_column(plan.id, "Status", "Phase")
    place.sync()
    set_cell(place, plan, "On Hold", "Phase")
    edited = datetime.fromtimestamp(tracker.now(), UTC).replace(tzinfo=None)
    tracker.add_row(plan.id, {"Task Name": "Cables", "Phase": "Not Started"})
    place.sync()
    tracker.rename_column(plan.id, "Phase", "Status")
    place.sync()
    assert changes_of(place) == [*GENUINE, ("status", "Complete", "On Hold")]
    assert told_of(place) == []
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
    assert (changes_of(place), told_of(place)) == (GENUINE, [])
    assert statuses_of(place)["Site survey “west”"] == "Complete"
    set_cell(place, plan, "On Hold", "Phase")
    place.sync()
    assert changes_of(place) == [*GENUINE, ("status", "Complete", "On Hold")]


def test_a_box_and_a_priority_that_are_renamed_leave_no_history(place: Place) -> None:
    sheet = place.sheet("Aufgaben Migration")
    place.sync()
    for old, new in (("Erledigt", "Haken"), ("Priorität", "Rang"), ("Zuständig", "Wer"), ("Fällig am", "Tag")):
        place.server.tracker.rename_column(sheet.id, old, new)
    place.sync()
    assert changes_of(place) == []
    assert len(told_of(place)) == 4
    assert {told.split("”")[1].split()[0] for told in told_of(place)} == {"status", "priority", "assignee", "due_on"}


def test_a_word_in_a_date_cell_is_no_new_date(place: Place, plan: Sheet) -> None:
    sheet = place.sheet("Aufgaben Migration")
    for word in ("bald", "2026-05-01", "2026-05-04"):
        set_cell(place, sheet, word, "Fällig am", row=2)
        place.sync()
    assert changes_of(place) == [*GENUINE, ("due_on", "2026-05-01", "2026-05-04")]


def test_a_column_that_is_replaced_for_good_is_told_until_it_is_named(place: Place, plan: Sheet) -> None:
    tracker = place.server.tracker
    tracker.rename_column(plan.id, "Status", "Phase")
    new = tracker.add_column(plan.id, "Status", type="PICKLIST", options=["On Hold"])
    for row in range(6):
        set_cell(place, plan, "On Hold", row=row)
    place.sync()
    assert changes_of(place) == GENUINE
    assert [told.split("”")[1].split()[0] for told in told_of(place)] == ["status"]
    place.sync()
    assert len(told_of(place)) == 1
    place.configure(f'sheets."Network renewal".columns.status = "{new.id}"')
    place.sync()
    assert (changes_of(place), told_of(place)) == (GENUINE, [])
    assert statuses_of(place)["Switches"] == "On Hold"
