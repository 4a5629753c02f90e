"""Pushing into a make-believe Smartsheet over real HTTP: what is sent, what is refused, what is said of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from model.errors import ConfigError
from model.vocabulary import ChangeState
from sandbox.smartsheet import MEMBER_TOKEN
from tests.pushing_sheets import MIRA, SheetsOffice, sheets_office


@pytest.fixture
def office(tmp_path: Path) -> Iterator[SheetsOffice]:
    with sheets_office(tmp_path) as made:
        yield made


def end_of(office: SheetsOffice, id_: int) -> tuple[ChangeState, str]:
    change = office.change(id_)
    return change.state, change.message or ""


def test_a_dry_run_writes_nothing_and_the_push_writes_the_two_cells_alone(office: SheetsOffice) -> None:
    row = office.row("Switches")
    before = {title: office.held(row, title) for title in ("Task Name", "Assigned To", "Start", "Duration")}
    ids = [office.wish("Switches", status="in_progress", priority="2"), office.wish("Kurs für Büros", status="done")]
    planned = office.push(dry_run=True)
    assert office.writes() == []
    report = office.push(plan=planned.hash, publishing=True)
    assert report.exit_status == 0 and [c.state for c in office.changes()] == [ChangeState.VERIFIED] * 3
    assert len(office.writes()) == 2, "both cells of a row in one request"
    assert [(w.before, w.after) for w in office.tracker.writes if w.row_id == row.id] == [
        ("Not Started", "In Progress"),
        ("Low", "High"),
    ]
    assert office.held(office.row("Kurs für Büros"), "Erledigt") is True
    assert {title: office.held(row, title) for title in before} == before
    assert office.shown_of(f"{row.sheet_id}/{row.id}") == ("In Progress", "High")
    assert not [seen for seen in office.server.requests if seen.path.endswith("/history")], "nobody came between"
    office.server.requests.clear()
    assert office.push().planned == [] and office.writes() == []
    backs = office.undo(*ids)
    assert office.push().exit_status == 0 and end_of(office, backs[0])[0] is ChangeState.VERIFIED
    assert office.held(row, "Status") == "Not Started"


def test_what_cannot_be_written_is_refused_in_the_plan_with_its_reason(office: SheetsOffice) -> None:
    tracker, plan, tasks = office.tracker, office.sheet("Network renewal"), office.sheet("Aufgaben Migration")
    wishes = {
        "Switches": "“Status” of this row is worked out by a formula",
        "Rolled out": "“Status” of this row is linked in from another sheet: change it there",
        "Site survey “west”": "the row is locked",
    }
    changes = {title: office.wish(title, status="On Hold") for title in wishes}
    notes = office.wish("Ask the landlord", priority="1")
    prio = office.wish("Gruppen aufräumen", priority="Hoch")
    tracker.set_formula(office.row("Switches").id, "Status", "=Status1", "Not Started")
    tracker.link_cell(office.row("Rolled out").id, "Status", office.row("Design").id, "Status")
    tracker.edit(office.row("Design").id, "Status", "Not Started")
    tracker.refresh_links(plan.id)
    tracker.edit(office.row("Rolled out").id, "Task Name", "Rolled out")
    tracker.column(tasks.id, "Priorität").formula = '=IF(Kosten@row > 9, "Hoch", "Niedrig")'
    office.row("Site survey “west”").locked = True
    tracker.share(plan.id, MIRA, "EDITOR")
    tracker.share(tasks.id, MIRA, "EDITOR")
    tracker.share(office.sheet("Notes").id, MIRA, "EDITOR")
    as_member = office.with_(token=MEMBER_TOKEN)
    report = as_member.push()
    assert office.writes() == []
    for title, why in wishes.items():
        assert why in end_of(office, changes[title])[1]
    assert "has no column for the priority: name one, columns.priority = “…”" in end_of(office, notes)[1]
    assert (
        "the column “Priorität” of the sheet “Aufgaben Migration” is worked out by a formula" in end_of(office, prio)[1]
    )
    assert report.exit_status == 1 and all(p.why for p in report.planned)


def test_a_sheet_that_is_shared_for_reading_alone_is_not_written(office: SheetsOffice) -> None:
    id_ = office.wish("Switches", status="Complete")
    office.tracker.share(office.sheet("Network renewal").id, MIRA, "COMMENTER")
    as_member = office.with_(token=MEMBER_TOKEN)
    as_member.push()
    assert "is shared with the account as COMMENTER: have it shared as Editor" in end_of(office, id_)[1]
    assert office.writes() == []


def test_only_the_options_of_a_restricted_column_are_offered_and_a_free_one_takes_known_words(
    office: SheetsOffice,
) -> None:
    tracker, plan = office.tracker, office.sheet("Network renewal")
    ids = [office.wish("Switches", status="ticked"), office.wish("Rolled out", priority="Mittel")]
    tracker.column(plan.id, "Status").validation = True
    report = office.push()
    assert (
        "does not take status ticked: it takes Not Started, In Progress, On Hold, Complete" in end_of(office, ids[0])[1]
    )
    assert end_of(office, ids[1])[0] is ChangeState.VERIFIED and report.exit_status == 1
    assert office.held(office.row("Rolled out"), "Priority") == "Mittel"


def test_options_are_sent_as_the_sheet_spells_them(office: SheetsOffice) -> None:
    tracker, plan = office.tracker, office.sheet("Network renewal")
    tracker.set_options(plan.id, "Status", ["Not Started", " in progress ", "Complete"])
    tracker.column(plan.id, "Status").validation = True
    tracker.advance(600)
    office.sync()
    id_ = office.wish("Switches", status="in progress")
    office.push()
    assert end_of(office, id_) == (ChangeState.VERIFIED, "")
    assert office.held(office.row("Switches"), "Status") == " in progress "


def test_a_word_of_ours_means_one_of_the_sheets_own(office: SheetsOffice) -> None:
    """Hoch is 2 as High is, and Mittel 3; a sheet of English words gets none of them for that."""
    office.tracker.set_options(office.sheet("Network renewal").id, "Priority", ["High", "Low"])
    office.tracker.edit(office.row("Concept <v2> & costs").id, "Priority", "Low")
    id_ = office.wish("Rolled out", priority="3")
    office.push()
    assert "does not take priority 3: it takes High, Low" in end_of(office, id_)[1] and office.writes() == []


def test_what_was_empty_is_not_emptied_again(office: SheetsOffice) -> None:
    id_ = office.wish("Rolled out", priority="High")
    office.push()
    with pytest.raises(ConfigError, match=rf"change {id_} found the priority empty: pmo-hub empties nothing"):
        office.undo(id_)


def test_a_comment_says_who_asked_and_is_left_once(office: SheetsOffice) -> None:
    told = office.with_(comment="{asker} asked for {what}")
    id_ = told.wish("Switches", status="Complete")
    for _ in range(2):
        told.push()
    assert [one.text for one in office.row("Switches").discussions] == [
        f"ada asked for status Not Started → Complete (pmo change {id_})"
    ]


def test_an_edit_since_the_wish_is_a_conflict_and_one_of_another_cell_is_none(office: SheetsOffice) -> None:
    tracker = office.tracker
    ids = [office.wish("Switches", status="Complete"), office.wish("Rolled out", status="Complete")]
    tracker.edit(office.row("Switches").id, "Status", "On Hold", by=None)
    tracker.edit(office.row("Rolled out").id, "Priority", "High")
    office.push()
    assert [end_of(office, id_)[0] for id_ in ids] == [ChangeState.CONFLICT, ChangeState.VERIFIED]
    assert office.held(office.row("Switches"), "Status") == "On Hold"


def test_an_edit_between_the_last_look_and_the_request_is_said_and_brought_back(office: SheetsOffice) -> None:
    tracker = office.tracker
    tracker.share(office.sheet("Network renewal").id, MIRA, "EDITOR")
    id_ = office.wish("Switches", status="Complete")
    row = office.row("Switches")
    office.on_write(lambda: tracker.edit(row.id, "Status", "On Hold", by=MIRA))
    office.push()
    state, said = end_of(office, id_)
    assert state is ChangeState.VERIFIED
    assert "somebody had set status to On Hold in the same moment: undo brings that back" in said
    office.server.before = None
    (back,) = office.undo(id_)
    office.push()
    assert end_of(office, back)[0] is ChangeState.VERIFIED and office.held(row, "Status") == "On Hold"


def test_what_somebody_emptied_in_the_same_moment_is_said_and_not_promised_back(office: SheetsOffice) -> None:
    tracker = office.tracker
    tracker.share(office.sheet("Network renewal").id, MIRA, "EDITOR")
    id_ = office.wish("Switches", status="Complete")
    row = office.row("Switches")
    office.on_write(lambda: tracker.edit(row.id, "Status", None, by=MIRA))
    office.push()
    state, said = end_of(office, id_)
    assert state is ChangeState.VERIFIED
    assert "somebody had emptied status in the same moment: pmo-hub empties nothing" in said
    with pytest.raises(ConfigError, match=rf"change {id_} found the status empty: pmo-hub empties nothing"):
        office.undo(id_)


@pytest.mark.parametrize(("then", "ended"), [("Complete", ChangeState.VERIFIED), ("In Progress", ChangeState.CONFLICT)])
def test_what_was_written_over_is_said_also_where_others_wrote_since(
    office: SheetsOffice, then: str, ended: ChangeState
) -> None:
    tracker = office.tracker
    tracker.share(office.sheet("Network renewal").id, MIRA, "EDITOR")
    id_ = office.wish("Switches", status="Complete")
    row, edits = office.row("Switches"), ["On Hold", then]

    def edit(method: str, _path: str) -> None:
        """Just before our request, and before it is read back."""
        if edits and (method != "GET" or len(edits) == 1):
            tracker.edit(row.id, "Status", edits.pop(0), by=MIRA)

    office.server.before = edit
    office.push()
    state, said = end_of(office, id_)
    assert (state, office.held(row, "Status")) == (ended, then)
    assert "before that, somebody had set status to On Hold in the same moment, and our request went over it" in said
    change = office.change(id_)
    assert change.before is None or ended is not ChangeState.VERIFIED


def test_a_busy_sheet_is_waited_for(office: SheetsOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[int] = []

    def wait(tries: int, _asked: float | None) -> float:
        waits.append(tries)
        return 0.0

    monkeypatch.setattr("connectors.smartsheet_writes.wait_seconds", wait)
    id_ = office.wish("Switches", status="Complete")
    office.server.faults.rate_busy = 1.0
    office.on_write(lambda: setattr(office.server.faults, "rate_busy", 0.0 if waits else 1.0))
    office.push()
    assert waits == [1] and end_of(office, id_)[0] is ChangeState.VERIFIED
    assert len(office.tracker.writes) == 1


def test_an_answer_that_is_lost_is_read_back_and_nothing_is_sent_twice(office: SheetsOffice) -> None:
    ids = [office.wish("Switches", status="Complete"), office.wish("Kurs für Büros", priority="Hoch")]
    faults = office.server.faults

    def before(method: str, _path: str) -> None:
        faults.rate_500_after = 1.0 if method == "PUT" else 0.0

    office.server.before = before
    office.push()
    assert [end_of(office, id_)[0] for id_ in ids] == [ChangeState.VERIFIED] * 2
    assert len(office.tracker.writes) == 2


def test_writes_to_one_sheet_never_meet(office: SheetsOffice) -> None:
    """The twin answers 4004 to a second write while the first is under way; several threads push."""
    for title in ("Switches", "Rolled out", "Site survey “west”", "Concept <v2> & costs", "Design", "Roll-out"):
        office.wish(title, status="On Hold")
    office.server.faults.delay_ms = 30
    office.push()
    assert {change.state for change in office.changes()} == {ChangeState.VERIFIED}
    assert {seen.status for seen in office.writes()} == {200} and len(office.writes()) == 6
