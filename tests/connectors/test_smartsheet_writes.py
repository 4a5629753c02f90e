"""What Smartsheet's writing half sends, offers, and makes of odd answers, over real HTTP with its make-believe twin."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlencode

import pytest

from connectors.contract import Write
from connectors.smartsheet import SmartsheetConnector
from model.change import Step
from model.config import SourceSettings
from model.errors import Inaccessible, NotFound, Refused, SourceError, Stale, Transient
from model.identity import address_id
from model.plan import Offers
from sandbox.serving import HTML, Answer, Asked
from sandbox.smartsheet import ADMIN_TOKEN, MEMBER_TOKEN, SmartsheetServer
from sandbox.smartsheet_records import Row, Sheet
from sandbox.smartsheet_store import Columns
from tests.sandbox.test_smartsheet_description import SmartsheetDescribed
from tests.sheets import START, a_company

MIRA = "mira.lund@example.com"


class Overheard(SmartsheetServer):
    """Keeps the bodies of writing requests; `instead` is what the next of them is answered, with nothing done."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.bodies: list[tuple[str, str, Any]] = []
        self.instead: list[Answer] = []

    def respond(self, asked: Asked) -> Answer:
        if asked.method != "GET":
            self.bodies.append((asked.method, asked.target, json.loads(asked.body)))
            if self.instead:
                return self.instead.pop(0)
        return super().respond(asked)


@pytest.fixture
def server() -> Iterator[Overheard]:
    with Overheard(a_company()) as server:
        yield server


def connect(server: SmartsheetServer, **more: Any) -> SmartsheetConnector:
    given: dict[str, Any] = {"name": "plans", "type": "smartsheet", "url": server.url, "token": ADMIN_TOKEN, "tries": 2}
    return SmartsheetConnector(SourceSettings(**given | more))


def sheet(server: SmartsheetServer, name: str = "Network renewal") -> Sheet:
    return next(one for one in server.tracker.sheets.values() if one.name == name)


def address(row: Row) -> str:
    return f"{row.sheet_id}/{row.id}"


def offers(connector: SmartsheetConnector, rows: Sequence[Row], sent: Sequence[str] = ()) -> dict[str, Offers]:
    found: dict[str, Offers] = {}
    for part in connector.writer.look([address(row) for row in rows], ["priority", "status"], sent):
        for page in connector.pull(part):
            for id_, one in connector.writer.offers(page).items():
                found[id_] = found.get(id_, Offers()).completed_by(one)
    return found


def write(connector: SmartsheetConnector, row: Row, **ends: str) -> None:
    """As a push does: the last look, then the request."""
    now = connector.writer.values_now(address(row))
    steps = {name: Step(now[name] or "", end) for name, end in ends.items()}
    connector.writer.send(Write(address(row), str(row.sheet_id), **steps))


def test_one_cell_is_sent_and_each_request_is_as_the_vendor_describes_it(server: Overheard) -> None:
    connector, row = connect(server), sheet(server).rows[5]
    described = SmartsheetDescribed()
    offers(connector, [row])
    write(connector, row, status="In Progress")
    server.tracker.edit(row.id, "Status", "On Hold")
    found = offers(connector, [row], [address(row)])[address(row)]
    assert [(m.start, m.end) for m in found.history if m.field == "status"] == [
        (None, "Not Started"), ("Not Started", "In Progress"), ("In Progress", "On Hold"),
    ]  # fmt: skip
    assert {m.account_id for m in found.history} == {address_id(server.tracker.admin.email)}
    column = server.tracker.column(row.sheet_id, "Status").id
    cell = {"columnId": column, "value": "In Progress", "strict": True}
    assert server.bodies == [("PUT", f"/2.0/sheets/{row.sheet_id}/rows", [{"id": row.id, "cells": [cell]}])]
    for seen in server.requests:
        target = f"{seen.path.removeprefix('/2.0')}?{urlencode(seen.query)}"
        body = server.bodies[0][2] if seen.method == "PUT" else None
        described.check(seen.method, target, body, seen.status, {}, also=frozenset())
    assert "/sheets/{sheetId}/rows/{rowId}/columns/{columnId}/history" in {path for _, path in described.checked}


def test_numbers_stay_numbers_and_text_stays_text(server: Overheard) -> None:
    tracker = server.tracker
    made = tracker.add_sheet(
        "Grades", ["Task", "Priority"], [{"Task": "a", "Priority": 1}, {"Task": "b", "Priority": 2}]
    )
    connector = connect(server)
    found = offers(connector, made.rows)[address(made.rows[0])]
    assert [one.id for one in found.priorities or ()] == ["1", "2"] and "priority" in found.any_word
    write(connector, made.rows[0], priority="2")
    assert tracker.value(made.rows[0], made.columns[1]) == 2
    write(connector, made.rows[1], priority="later")
    assert tracker.value(made.rows[1], made.columns[1]) == "later"


def test_a_box_beside_a_share_leaves_the_open_word_to_the_share(server: Overheard) -> None:
    tracker = server.tracker
    columns: Columns = ["Task", {"title": "Done", "type": "CHECKBOX"}, "% Complete"]
    made = tracker.add_sheet("Boxes", columns, [{"Task": "a", "Done": True, "% Complete": 0.5}, {"Task": "b"}])
    alone = tracker.add_sheet("Shares", ["Task", "% Complete"], [{"Task": "a", "% Complete": 0.5}])
    connector = connect(server)
    found = offers(connector, [*made.rows, *alone.rows])
    words = [[one.id for one in found[address(row)].statuses or ()] for row in made.rows]
    assert words == [["ticked", "1 to 99 %"], ["ticked", "0 %"]]
    assert "which follows from “% Complete”" in found[address(alone.rows[0])].refused["status"]
    write(connector, made.rows[0], status="1 to 99 %")
    assert tracker.value(made.rows[0], made.columns[1]) is False
    assert connector.writer.values_now(address(made.rows[0]))["status"] == "1 to 99 %"


def test_the_word_of_a_row_that_is_read_alone_is_that_of_its_whole_sheet(server: Overheard) -> None:
    """Beside 40, 1 is one of a hundred: what is read just before writing must not say that it is done."""
    columns: Columns = ["Task", {"title": "Done", "type": "CHECKBOX"}, "Progress"]
    shares: list[dict[str, object]] = [{"Task": "a", "Progress": 1}, {"Task": "b", "Progress": 40}]
    row = server.tracker.add_sheet("Hundreds", columns, shares).rows[0]
    connector = connect(server)
    assert connector.writer.values_now(address(row))["status"] == "1 to 99 %"
    found = offers(connector, [row])[address(row)]
    assert [one.id for one in found.statuses or ()] == ["ticked", "1 to 99 %"]
    server.requests.clear()
    assert connector.writer.values_now(address(row))["status"] == "1 to 99 %"
    assert len(server.requests) == 1, "what was looked at tells"
    of_one = server.tracker.add_sheet("Ones", columns, [{"Task": "a", "Progress": 1}]).rows[0]
    assert connector.writer.values_now(address(of_one))["status"] == "100 %"


def test_what_is_not_there_or_not_ours_offers_nothing(server: Overheard) -> None:
    plan = sheet(server)
    assert offers(connect(server, projects=("Notes",)), plan.rows[:2]) == {}
    gone = plan.rows[5]
    server.tracker.delete_row(gone.id)
    assert list(offers(connect(server), [gone, plan.rows[0]])) == [address(plan.rows[0])]
    server.tracker.delete_sheet(plan.id)
    assert offers(connect(server), plan.rows) == {}


def said(code: int, message: str, status: int, **more: Any) -> Answer:
    return Answer(status, json.dumps({"errorCode": code, "message": message, **more}).encode())


FAILED_ITEM = {"rowId": 1, "index": 0, "error": {"errorCode": 1042, "message": "It did not conform.", "refId": "x"}}
PARTIAL = json.dumps(
    {"message": "PARTIAL_SUCCESS", "resultCode": 3, "result": [], "version": 4, "failedItems": [FAILED_ITEM]}
).encode()
OPEN = r"whether it was written is open"
WEB_PAGE = Answer(500, b"<html>Bad gateway</html>", HTML)


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (Answer(200, PARTIAL), Refused, r"plans: Smartsheet said “It did not conform” .its code 1042. to PUT /sheets/"),
        (said(1031, "The value was not valid.", 400), Refused, r"its code 1031"),
        (said(1039, "Cannot edit a locked column", 403), Inaccessible, r"“Cannot edit a locked column” .its code 1039"),
        (said(1006, "Not Found", 404), NotFound, r"“Not Found” .its code 1006"),
        (said(4000, "An unexpected error has occurred.", 500), Transient, rf"its code 4000.*: {OPEN}"),
        (WEB_PAGE, Transient, OPEN),
        (Answer(403, WEB_PAGE.body, HTML), SourceError, r"answered 403, and not in Smartsheet's words: check url"),
        (Answer(200, b'{"resultCo'), Transient, r"not whole JSON"),
        (Answer(200, b"[]"), Transient, r"brought no result"),
    ],
)  # fmt: skip
def test_an_answer_says_whether_it_was_done(
    server: Overheard, answer: Answer, error: type[Exception], words: str
) -> None:
    connector, row = connect(server), sheet(server).rows[5]
    server.instead = [answer]
    with pytest.raises(error, match=words) as caught:
        write(connector, row, status="In Progress")
    assert len(server.bodies) == 1, "once"
    if isinstance(caught.value, Transient):
        assert caught.value.sent, "it is read back"


def test_a_busy_sheet_is_asked_again_only_while_the_cell_is_what_it_was(
    server: Overheard, monkeypatch: pytest.MonkeyPatch
) -> None:
    connector, row = connect(server), sheet(server).rows[5]

    def wait(_tries: int, _asked: float | None) -> float:
        server.tracker.edit(row.id, "Status", "On Hold", by=None)
        return 0.0

    monkeypatch.setattr("connectors.smartsheet_writes.wait_seconds", wait)
    server.instead = [said(4004, "The sheet is currently being updated by another request.", 500)]
    with pytest.raises(Stale, match=r"its code 4004.*and the row was changed meanwhile"):
        write(connector, row, status="Complete")
    assert len(server.bodies) == 1 and server.tracker.writes == []


def test_a_sheet_that_stays_busy_stops_the_push_with_nothing_done(
    server: Overheard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.smartsheet_writes.wait_seconds", lambda *_: 0.0)
    server.instead = [said(4004, "Busy.", 500)] * 2
    with pytest.raises(Transient, match=r"“Busy” .its code 4004.*2 times: push again later") as caught:
        write(connect(server), sheet(server).rows[5], status="Complete")
    assert not caught.value.sent


def test_a_column_that_is_gone_since_the_plan_is_declined(server: Overheard) -> None:
    connector, row = connect(server), sheet(server).rows[5]
    offers(connector, [row])
    server.tracker.delete_column(row.sheet_id, "Status")
    with pytest.raises(Refused, match="its code 1036"):
        write(connector, row, status="Complete")


def test_check_tells_which_columns_are_written_and_which_sheets_only_read(server: Overheard) -> None:
    tracker = server.tracker
    tracker.share(sheet(server).id, MIRA, "EDITOR")
    tracker.share(sheet(server, "Aufgaben Migration").id, MIRA, "VIEWER")
    rights = connect(server, token=MEMBER_TOKEN).rights()
    assert "sheet “Network renewal”: write status in “Status”, priority in “Priority”" in rights.may
    assert "sheet “Aufgaben Migration” is shared as VIEWER: nothing can be pushed there" in rights.missing
    assert (
        "sheet “Aufgaben Migration”: write status in “Erledigt”, priority in “Priorität”"
        in connect(server).rights().may
    )


def test_a_comment_is_left_with_the_row_and_found_again(server: Overheard) -> None:
    connector, row = connect(server), sheet(server).rows[5]
    assert not connector.writer.is_noted(address(row), "(pmo change 7)")
    connector.writer.note(address(row), "ada asked for “Köln” (pmo change 7)")
    assert [one.text for one in row.discussions] == ["ada asked for “Köln” (pmo change 7)"]
    assert connector.writer.is_noted(address(row), "(pmo change 7)")
    assert not connector.writer.is_noted(address(row), "(pmo change 71)")
    assert row.modified <= START + 3600, "the row itself stays"
