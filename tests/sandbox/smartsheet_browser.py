"""A client of the make-believe Smartsheet for its tests, and a small plan of three sheets that they change."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import requests

from sandbox.smartsheet import ADMIN_TOKEN
from sandbox.smartsheet_records import Row, Sheet
from sandbox.smartsheet_tracker import Tracker

NOW = int(datetime(2026, 11, 25, 7, tzinfo=UTC).timestamp())
MIRA = "mira.lund@example.com"  # a member, who sees one of the three and owns another
STATUSES = ["Not Started", "In Progress", "Complete"]
COLUMNS: list[str | dict[str, Any]] = [
    "Task",
    {"title": "Status", "type": "PICKLIST", "options": STATUSES, "validation": True},
    {"title": "Owners", "type": "MULTI_CONTACT_LIST"},
    {"title": "Tags", "type": "MULTI_PICKLIST", "options": ["pump", "valve", "pipe"]},
    {"title": "Lead", "type": "CONTACT_LIST"},
    {"title": "Done", "type": "CHECKBOX"},
    {"title": "Due", "type": "DATE"},
    {"title": "No", "type": "TEXT_NUMBER", "system": "AUTO_NUMBER"},
    {"title": "Modified", "type": "DATETIME", "system": "MODIFIED_DATE", "locked": True},
]
GANTT: list[str | dict[str, Any]] = [
    "Step",
    {"title": "Start", "type": "DATE", "tags": ("GANTT_START_DATE",)},
    {"title": "Finish", "type": "DATE", "tags": ("GANTT_END_DATE",)},
    {"title": "Length", "type": "DURATION", "tags": ("GANTT_DURATION",)},
    {"title": "After", "type": "PREDECESSOR", "tags": ("GANTT_PREDECESSOR",)},
    {"title": "%", "tags": ("GANTT_PERCENT_COMPLETE",)},
]


class Browser:
    """Asks over HTTP as one account; `get` and `put` raise for what is no success."""

    def __init__(self, url: str, token: str = ADMIN_TOKEN) -> None:
        self.api = f"{url}/2.0"
        self.session = requests.Session()
        self.session.headers.update({"Authorization": f"Bearer {token}", "Accept": "application/json"})

    def ask(self, method: str, path: str, **given: Any) -> requests.Response:
        return self.session.request(method, f"{self.api}/{path}", timeout=30, **given)

    def get(self, path: str, **params: Any) -> Any:
        answer = self.ask("GET", path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def put(self, path: str, rows: Any, **params: Any) -> Any:
        answer = self.ask("PUT", path, json=rows, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def code(self, method: str, path: str, **given: Any) -> tuple[int, int]:
        """Status and the vendor's code of a refusal."""
        answer = self.ask(method, path, **given)
        return answer.status_code, answer.json()["errorCode"]


class Cells:
    """Writes into one row of a sheet by titles."""

    def __init__(self, tracker: Tracker, sheet: Sheet, hub: Browser, number: int = 2) -> None:
        self.tracker, self.sheet, self.hub = tracker, sheet, hub
        self.row: Row = sheet.rows[number - 1]

    def body(self, title: str, **given: Any) -> dict[str, Any]:
        return {"id": self.row.id, "cells": [{"columnId": self.tracker.column(self.sheet.id, title).id, **given}]}

    def put(self, title: str, *, query: dict[str, str] | None = None, **given: Any) -> Any:
        return self.hub.put(f"sheets/{self.sheet.id}/rows", [self.body(title, **given)], **query or {})

    def refused(self, title: str, *, query: dict[str, str] | None = None, **given: Any) -> tuple[int, int]:
        path = f"sheets/{self.sheet.id}/rows"
        return self.hub.code("PUT", path, json=[self.body(title, **given)], params=query)

    def held(self, title: str) -> Any:
        return self.tracker.value(self.row, self.tracker.column(self.sheet.id, title))


def small_plan() -> Tracker:
    """Its clock stands still until it is moved on."""
    tracker = Tracker(seed=3)
    tracker.clock = lambda: NOW
    tracker.add_sheet(
        "Plan A",
        COLUMNS,
        [
            {"Task": "Pumps", "Status": "In Progress", "Lead": ("rolf@example.com", "Rolf Outside")},
            (1, {"Task": "Order", "Owners": ["mira.lund@example.com", ("kim@example.com", "Kim")], "Done": True}),
            (1, {"Task": 3, "Tags": ["valve", "pump"], "Due": "2026-12-01", "Status": "Complete"}),
            {},
            {"Task": "Valves"},
        ],
    )
    steps: list[dict[str, Any] | tuple[int, dict[str, Any]]] = [
        {"Step": "Build"},
        (1, {"Step": "Dig", "Start": "2026-11-26", "Length": "3d", "%": 0.5}),
        (1, {"Step": "Pour", "Length": "2d", "After": "2FS +1d"}),
    ]
    tracker.add_sheet("Plan B", GANTT, steps, dependencies=True, shares={"mira.lund@example.com": "VIEWER"})
    tracker.add_sheet("Plan C", ["Name"], [{"Name": "only mine"}], owner="mira.lund@example.com")
    return tracker


def sheet_of(tracker: Tracker, name: str) -> Sheet:
    return next(sheet for sheet in tracker.sheets.values() if sheet.name == name)
