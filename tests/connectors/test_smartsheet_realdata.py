"""Real Smartsheet answers from public sources, replayed over HTTP, and each request held to the vendor's description.

Recordings of the live service and the scenarios of the vendor's own mock stand beside the project, not in it. What they
hold is counted by plain Python, and must be what lands.
"""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec
import pytest

from connectors.contract import Batch
from connectors.smartsheet import STREAMS, SmartsheetConnector
from connectors.smartsheet_decode import Decoder
from connectors.smartsheet_records import COLUMNS, Cell, Column, fault_of
from model.config import SourceSettings
from model.identity import address_id
from sandbox.serving import Answer, Asked, Loopback
from sandbox.smartsheet import ADMIN_TOKEN, SmartsheetServer
from tests.sandbox.described import documented
from tests.sandbox.test_smartsheet_description import NEWER, SmartsheetDescribed
from tests.sheets import a_company, add_notes

REAL = Path(__file__).resolve().parents[3] / "shared" / "realdata"
DECODER = Decoder(SourceSettings(name="plans", type="smartsheet"))
PROJECTS, ACCOUNTS, ISSUES = STREAMS

pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason="the real payloads are not here")


def lines(name: str) -> list[Any]:
    with gzip.open(REAL / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


@pytest.fixture(scope="module")
def recordings() -> list[Any]:
    found = lines("smartsheet_live_recordings")
    assert len(found) == 13
    return found


@pytest.fixture(scope="module")
def scenarios() -> list[Any]:
    found = [line["scenario"] for line in lines("smartsheet_sdk_scenarios")]
    assert len(found) == 69
    return found


def body_of(scenario: Any) -> Any:
    response = scenario["response"]
    return response.get("jsonBody", response.get("body"))


def landed(batch: Batch, table: str) -> dict[str, dict[str, Any]]:
    rows = batch.rows[table].to_pylist() if table in batch.rows else []
    return {row["native_id"]: row for row in rows}


# ------------------------------------------------------------------ recordings, replayed


class Replay(Loopback):
    """Answers a path with its last recorded body; what was not recorded is not shared with the account."""

    def __init__(self, bodies: dict[str, Any]) -> None:
        super().__init__()
        self.bodies = bodies
        self.asked: list[str] = []

    def header_date(self) -> float:
        return 1_581_000_000

    def respond(self, asked: Asked) -> Answer:
        self.asked.append(asked.target)
        body = self.bodies.get(urlsplit(asked.target).path)
        if body is None:
            return Answer(404, json.dumps({"errorCode": 1006, "message": "Not Found", "refId": "x"}).encode())
        return Answer(200, json.dumps(body).encode())


@pytest.fixture
def replay(recordings: list[Any], scenarios: list[Any]) -> Iterator[Replay]:
    bodies = {urlsplit(one["uri"]).path: one["response_body"] for one in recordings if one.get("method") == "GET"}
    lists = [
        one["response_body"]["data"] for one in recordings if one.get("uri", "").endswith("/sheets?includeAll=true")
    ]
    bodies["/2.0/sheets"] = {"totalPages": 1, "data": [sheet for one in lists for sheet in one]}  # of several days
    for scenario in scenarios:
        path = f"/2.0{scenario['request']['urlPath']}"
        if scenario["request"]["method"] == "GET" and path in ("/2.0/users/me", "/2.0/users"):
            bodies[path] = body_of(scenario)
    with Replay(bodies) as server:
        yield server


def read(connector: SmartsheetConnector) -> dict[str, dict[str, dict[str, Any]]]:
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for stream in STREAMS:
        for part in connector.plan(stream, None).partitions:
            for page in connector.pull(part):
                if page.status == 200:
                    batch = connector.decode(stream.name, page.body)
                    assert not batch.rejects
                    for table in batch.rows:
                        found.setdefault(table, {}).update(landed(batch, table))
    return found


def held(cell: dict[str, Any]) -> bool:
    value = cell.get("value")
    return not (value is None or value is False or value == "") or isinstance(cell.get("objectValue"), dict)


def test_recorded_sheets_are_read_over_http_and_every_cell_is_found_again(replay: Replay):
    connector = SmartsheetConnector(
        SourceSettings(name="plans", type="smartsheet", url=f"{replay.url}/2.0", token="any")
    )
    assert connector.identify().account_name == "John Doe"
    found = read(connector)
    listed = replay.bodies["/2.0/sheets"]["data"]
    assert {id_: row["name"] for id_, row in found["projects"].items()} == {str(s["id"]): s["name"] for s in listed}
    theirs = {
        f"{sheet['id']}/{row['id']}": (sheet, row)
        for path, sheet in replay.bodies.items()
        if path.startswith("/2.0/sheets/") and str(sheet["id"]) in found["projects"]
        for row in sheet["rows"]
    }
    assert set(found["issues"]) == set(theirs) and len(theirs) >= 5
    cells = 0
    for id_, (sheet, row) in theirs.items():
        titles = {column["id"]: column["title"] for column in sheet["columns"]}
        ours = found["issues"][id_]
        told = {titles[cell["columnId"]] for cell in row["cells"] if held(cell)}
        assert ours["title"] == row["cells"][0]["value"]
        assert set(json.loads(ours["custom"] or "{}")) == told - {titles[row["cells"][0]["columnId"]]}
        cells += len(told)
    print(f"{len(theirs)} rows, {cells} cells of {len({s['id'] for s, _ in theirs.values()})} recorded sheets")


def test_the_sheet_with_every_type_of_column_decodes(recordings):
    (sheet,) = (one["response_body"] for one in recordings if "method" not in one)
    batch = DECODER.decode("issues", json.dumps(sheet).encode())
    assert not batch.rejects
    assert set(landed(batch, "issues")) == {f"{sheet['id']}/{row['id']}" for row in sheet["rows"]}
    assert batch.complete["issues"] == [str(sheet["id"])]


def test_a_recorded_report_is_what_a_report_is(recordings):
    bodies = [one["response_body"] for one in recordings if "/reports/" in one.get("uri", "")]
    assert bodies and all(
        str(body["id"]) in landed(DECODER.decode("projects", json.dumps(body).encode()), "projects") for body in bodies
    )


# ------------------------------------------------------------------ scenarios


def test_rows_of_all_scenarios_and_recordings_are_read(recordings, scenarios):
    """Rows that adding and updating answer with, each in a sheet of the columns that its cells name."""
    bodies = [("scenario", body_of(one)) for one in scenarios] + [("live", one["response_body"]) for one in recordings]
    counted: Counter[str] = Counter()
    for origin, body in bodies:
        for row in _rows_in(body):
            if not _columns_of(row):
                continue  # of a report: a column of its own, and nothing of a sheet
            columns = [{"id": c, "title": str(c), "type": "TEXT_NUMBER"} for c in _columns_of(row)]
            sheet = {"id": 1, "name": "s", "columns": columns, "rows": [row]}
            batch = DECODER.decode("issues", json.dumps(sheet).encode())
            assert not batch.rejects
            filled = {str(cell["columnId"]) for cell in row.get("cells", []) if "columnId" in cell and held(cell)}
            issues = landed(batch, "issues")
            assert set(issues) == ({f"1/{row['id']}"} if filled else set())
            if filled:
                assert set(json.loads(issues[f"1/{row['id']}"]["custom"])) == filled
            counted[origin] += 1
    print(f"rows read: {dict(counted)}")
    for origin, of_a_report in (("live", 0), ("scenario", 1)):
        theirs = sum(json.dumps(body).count('"cells": [') for told, body in bodies if told == origin)
        assert counted[origin] == theirs - of_a_report


def _rows_in(body: Any) -> Iterator[Any]:
    """Rows wherever they stand in an answer."""
    if isinstance(body, dict):
        if "id" in body and isinstance(body.get("cells"), list):
            yield body
        for value in body.values():
            yield from _rows_in(value)
    elif isinstance(body, list):
        for value in body:
            yield from _rows_in(value)


def _columns_of(row: Any) -> list[int]:
    return list(dict.fromkeys(cell["columnId"] for cell in row.get("cells", []) if "columnId" in cell))


def test_predecessors_of_the_scenarios_become_links(scenarios):
    seen = 0
    for scenario in scenarios:
        for row in _rows_in([scenario["request"].get("body"), body_of(scenario)]):
            for cell in row["cells"]:
                told = cell.get("objectValue")
                if not isinstance(told, dict) or told.get("objectType") != "PREDECESSOR_LIST":
                    continue
                column = {"id": cell["columnId"], "title": "Predecessors", "type": "PREDECESSOR"}
                sheet = {"id": 1, "name": "s", "columns": [column], "rows": [{"id": row["id"], "cells": [cell]}]}
                links = landed(DECODER.decode("issues", json.dumps(sheet).encode()), "issue_links")
                theirs = {(int(p["rowId"]), p.get("type", "FS")) for p in told["predecessors"]}
                assert {(int(r["from_issue_id"][2:]), r["relation"]) for r in links.values()} == theirs
                seen += 1
    assert seen >= 1


def test_columns_and_errors_are_understood(scenarios, recordings):
    codes: Counter[int] = Counter()
    columns = 0
    for body in [*map(body_of, scenarios), *(one["response_body"] for one in recordings)]:
        if isinstance(body, dict) and "errorCode" in body:
            codes[fault_of(json.dumps(body).encode())] += 1
            assert body["errorCode"] in codes
        for column in _columns_in(body):
            assert isinstance(COLUMNS.one(msgspec.json.encode(column)), Column)
            columns += 1
    print(f"errors by code: {dict(codes)}; {columns} columns")
    assert codes and 0 not in codes and columns > 10


def _columns_in(body: Any) -> Iterator[Any]:
    """Columns wherever they stand; a report's have virtual ids, and are read by nobody."""
    if isinstance(body, dict):
        for key, value in body.items():
            if key == "columns" and isinstance(value, list):
                yield from (one for one in value if "id" in one)
            yield from _columns_in(value)
    elif isinstance(body, list):
        for value in body:
            yield from _columns_in(value)


def test_accounts_and_lists_of_the_scenarios(scenarios):
    for scenario in scenarios:
        path, body = scenario["request"]["urlPath"], body_of(scenario)
        if scenario["request"]["method"] != "GET" or path not in ("/sheets", "/users", "/users/me"):
            continue
        stream, key = ("projects", "id") if path == "/sheets" else ("accounts", "email")
        batch = DECODER.decode(stream, json.dumps(body).encode())
        assert set(landed(batch, stream)) == {
            address_id(one[key]) if key == "email" else str(one[key]) for one in body.get("data", [body])
        }


def test_values_of_the_recordings_are_those_a_cell_may_hold(recordings):
    one = msgspec.json.Decoder(Cell)
    kinds = Counter(
        type(one.decode(json.dumps(cell)).value).__name__
        for recording in recordings
        for row in _rows_in(recording["response_body"])
        for cell in row["cells"]
    )
    print(f"values by kind: {dict(kinds)}")
    assert {"str", "float", "bool", "NoneType"} <= set(kinds)


# ------------------------------------------------------------------ requests


def test_each_request_is_as_the_vendor_describes_it():
    """All kinds of requests of the connector, over the twin; children and metadata came after the description."""
    described = SmartsheetDescribed()
    tracker = a_company()
    workspace = tracker.add_workspace("Infrastructure")
    folder = tracker.add_folder("2026", workspace=workspace)
    sheet = add_notes(tracker, "In it", folder=folder)
    report = tracker.add_report("All", [sheet.id], ["What"])
    with SmartsheetServer(tracker) as server:
        given: dict[str, Any] = {"name": "plans", "type": "smartsheet", "url": server.url, "token": ADMIN_TOKEN}
        for more in ({}, {"projects": ("workspace:Infrastructure", f"folder:{folder}", "report:All", "Notes")}):
            connector = SmartsheetConnector(SourceSettings(**given | more))
            connector.plan(ISSUES, connector.identify().now)
            read(connector)
            connector.rights()
            for native_id in (str(sheet.id), f"workspace-{workspace}", f"report-{report}"):
                assert connector.probe(PROJECTS, native_id).status == 200
            connector.probe(ISSUES, f"{sheet.id}/{sheet.rows[0].id}")
        newer = set()
        for seen in server.requests:
            path = seen.path.removeprefix("/2.0")
            if path.endswith(("/metadata", "/children")):
                newer.add(path.rpartition("/")[2])
                continue
            template, _ = described.operation(seen.method, path)
            target = f"{path}?{urlencode(seen.query)}"
            described.check(seen.method, target, None, seen.status, {}, also=NEWER.get(template, frozenset()))
    print(f"requests by operation:\n{described.covered()}\nnewer than the description: {sorted(newer)}")
    asked = {(method, re.sub(r"/\d+", "/#", path.removeprefix("/2.0"))) for method, path, *_ in server.requests}
    told = documented("connectors/smartsheet.md", "Operations that the connector asks")
    written = {one for one in told if one[0] != "GET" or one[1].endswith(("/history", "/discussions"))}
    assert asked == told - written
