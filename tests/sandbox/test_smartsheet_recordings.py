"""All live recordings of Smartsheet's API, sent again to the make-believe one, each beside what the real one answered.

They stand beside the project, not in it: without them these tests are skipped. A tracker is made of what an answer
shows, the request is sent again, and the answers are compared: reads key for key. The vendor's mock scenarios are in
`test_smartsheet_scenarios`.
"""

from __future__ import annotations

import gzip
import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from sandbox.smartsheet import SmartsheetServer
from sandbox.smartsheet_records import Column, Report, Sheet
from sandbox.smartsheet_tracker import Tracker
from tests.sandbox.described import SHARED
from tests.sandbox.smartsheet_browser import NOW, Browser
from tests.sandbox.smartsheet_shown import recorded_report, recorded_sheet, rows_in, rows_of, seconds
from tests.sandbox.test_smartsheet_description import NEWER, SmartsheetDescribed

MADE = {"createdAt": "2020-02-05T15:52:35Z", "modifiedAt": "2020-02-05T15:52:35Z"}  # of a sheet that tells no time
ONE_SHEET = {
    "method": "GET",
    "uri": "https://api.smartsheet.com/2.0/sheets/2357256747542404?level=2&include=objectValue",
}


def lines(name: str) -> list[dict[str, Any]]:
    file = SHARED / "realdata" / f"smartsheet_{name}.jsonl.gz"
    if not file.is_file():
        pytest.skip(f"the recorded answers are not here: {file.name}")
    with gzip.open(file, "rt", encoding="utf-8") as text:
        return [json.loads(line) for line in text]


def whole_report(tracker: Tracker, shown: dict[str, Any]) -> None:
    """Its sheets are made of its own rows; joined texts of the multi picklist come apart again."""
    titles = {one["virtualId"]: one for one in shown["columns"][1:]}
    names = {row["sheetId"]: row["cells"][0]["value"] for row in shown["rows"]}
    for sheet_id, name in names.items():
        rows = [row for row in shown["rows"] if row["sheetId"] == sheet_id]
        sheet = Sheet(sheet_id, name, tracker.admin.id, NOW, NOW, rows=rows_of(tracker, sheet_id, rows))
        for cell in rows[0]["cells"][1:]:
            one = titles[cell["virtualColumnId"]]
            kind = "MULTI_PICKLIST" if one["version"] == 2 else one["type"]
            sheet.columns.append(Column(cell["columnId"], one["title"], kind, one.get("primary", False)))
        multi = next(column.id for column in sheet.columns if column.type == "MULTI_PICKLIST")
        for row in sheet.rows:
            if multi in row.cells:
                row.cells[multi].value = tuple(str(row.cells[multi].value).split(", "))
        tracker.sheets[sheet_id] = sheet
    made, changed = seconds(shown["createdAt"]), seconds(shown["modifiedAt"])
    ids = [one["virtualId"] for one in shown["columns"]]
    report = Report(shown["id"], shown["name"], tracker.admin.id, list(names), [], ids, made, changed)
    report.titles = [one["title"] for one in shown["columns"][1:]]
    tracker.reports[report.id] = report


def fill(tracker: Tracker, path: str, shown: dict[str, Any]) -> None:
    """What a read of that path shows."""
    if path.endswith("/sheets"):
        for one in shown["data"]:
            recorded_sheet(tracker, one)
    elif path.endswith("/reports"):
        for one in shown["data"]:
            recorded_report(tracker, one)
    elif "/reports/" in path:
        whole_report(tracker, shown)
    else:
        recorded_sheet(tracker, shown)


def stable(shown: Any, *left_out: str) -> Any:
    """Without addresses of pages; an order that means nothing is made one."""
    if isinstance(shown, dict):
        plain = {name: stable(one, *left_out) for name, one in shown.items() if name not in ("permalink", *left_out)}
        if "effectiveAttachmentOptions" in plain:
            plain["effectiveAttachmentOptions"] = sorted(plain["effectiveAttachmentOptions"])
        return plain
    return [stable(one, *left_out) for one in shown] if isinstance(shown, list) else shown


@pytest.fixture(scope="module")
def recordings() -> list[dict[str, Any]]:
    """One is a sheet alone, without the request that it answers."""
    found = [
        ONE_SHEET | {name: value for name, value in one.items() if value is not None}
        for one in lines("live_recordings")
    ]
    assert len(found) == 13
    return found


@pytest.fixture(scope="module")
def answers(recordings: list[dict[str, Any]]) -> list[Any]:
    """The twin's, in the recordings' order; each in a twin of its own."""
    bodies = [one["response_body"].get("result", one["response_body"]) for one in recordings]
    sheets = {body["id"]: body for body in reversed(bodies) if isinstance(body, dict) and "columns" in body}
    found = []
    for one in recordings:
        parts, tracker = urlsplit(one["uri"]), Tracker()
        tracker.clock = lambda: NOW
        if one["method"] == "GET":
            fill(tracker, parts.path, one["response_body"])
        elif parts.path.endswith("/rows"):
            recorded_sheet(tracker, MADE | sheets[int(parts.path.split("/")[-2])])
        with SmartsheetServer(tracker) as server:
            path = f"{parts.path.removeprefix('/2.0/')}?{parts.query}"
            answer = Browser(server.url).ask(one["method"], path, json=one.get("request_body"))
        assert answer.status_code == one.get("status", 200), (one["uri"], answer.text)
        found.append(answer.json())
    return found


def test_all_recordings_are_answered_alike(recordings, answers):
    """Reads key for key; what is new has another id, and rows another time."""
    compared = {"read": 0, "sheet": 0, "rows": 0}
    for one, found in zip(recordings, answers, strict=True):
        theirs = one["response_body"]
        if one["method"] == "GET":
            assert stable(found) == stable(theirs), one["uri"]
            compared["read"] += 1
        elif one["uri"].endswith("/sheets"):
            assert stable(found, "id") == stable(theirs, "id")
            compared["sheet"] += 1
        else:
            moment = ("id", "siblingId", "createdAt", "modifiedAt", "version")
            assert stable(found, *moment) == stable(theirs, *moment)
            assert [row.keys() for row in found["result"]] == [row.keys() for row in theirs["result"]]
            compared["rows"] += 1
    print(compared)
    assert sum(compared.values()) == 13 and all(compared.values())


def test_rows_of_the_recordings_are_met_one_for_one(recordings, answers, capsys):
    theirs = [len([*rows_in(one["response_body"])]) for one in recordings]
    assert [len([*rows_in(one)]) for one in answers] == theirs
    assert theirs == [json.dumps(one["response_body"]).count('"cells": [') for one in recordings]
    with capsys.disabled():
        print(f"\n  {sum(theirs)} rows of {len(theirs)} recordings")


def test_requests_and_answers_of_the_recordings_are_as_described(recordings, answers, capsys):
    described = SmartsheetDescribed()
    for one, found in zip(recordings, answers, strict=True):
        parts = urlsplit(one["uri"])
        path = parts.path.removeprefix("/2.0")
        template, _ = described.operation(one["method"], path)
        target = f"{path}?{parts.query}" if parts.query else path
        described.request(one["method"], target, one.get("request_body"), also=NEWER.get(template, frozenset()))
        for body in (one["response_body"], found):
            described.answer(one["method"], path, one.get("status", 200), body)
    with capsys.disabled():
        print("\n" + described.covered())
