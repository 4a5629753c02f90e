"""All of the vendor's own mock scenarios of Smartsheet, lived through in the twin over HTTP, each beside its answer.

They stand beside the project, not in it: without them these tests are skipped. Request, recorded answer and the twin's
answer are held to the vendor's description. What differs is listed here by name, and so is where the vendor contradicts
itself: an entry that is needed no more fails, too.
"""

from __future__ import annotations

import json
from collections import Counter
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest

from sandbox.smartsheet import SmartsheetServer
from tests.sandbox.smartsheet_browser import Browser
from tests.sandbox.smartsheet_scenes import Scenario, prepare, tracker_of
from tests.sandbox.smartsheet_shown import rows_in
from tests.sandbox.test_smartsheet_description import SmartsheetDescribed
from tests.sandbox.test_smartsheet_recordings import lines

OF_THE_MOMENT = {  # of these the kind is compared, and that they are there
    "permalink", "refId", "modifiedAt", "createdAt", "version", "rowNumber", "totalRowCount", "lastCommentedAt",
    "sentAt",
    "nextSendAt", "url", "effectiveAttachmentOptions", "ownerId",
}  # fmt: skip
NEW_IDS = {"id", "to", "userId", "sheetId"}  # and of these, where something new was made
MADE_UP = {
    "GET /users",
    "GET /users/me",
    "GET /contacts/#",
    "GET /templates/public",
}  # or nobody could ask for it by id
# Where the twin's answer is another, by scenario: where, and why.
DATES = "the twin reckons project dates in whole days, and tells no formula of theirs"
UNKEPT = "not kept: nobody needs it"
OF_A_PERSON = (
    "alternateEmails", "sheetCount", "lastLogin", "title", "department", "company", "workPhone", "mobilePhone", "role",
)  # fmt: skip
CALCULATED = {".result[0].cells[102].formula": DATES, ".result[0].cells[102].value": DATES}
DIFFERENT: dict[str, dict[str, str]] = {
    "Add Rows - Invalid - Assign Value and Formulae": {".detail.rowId": "a row that is not there yet has no id"},
    "Add Rows - Assign Object Value - Predecessor List": CALCULATED,
    "Add Rows - Assign Object Value - Predecessor List (using floats)": CALCULATED,
    "Serialization - Predecessor": {".result[0].cells[9].formula": DATES},
    "Serialization - UserProfile": {
        ".timeZone": "the twin's people live in Berlin",
        **{f".{name}": UNKEPT for name in OF_A_PERSON},
    },
    "Serialization - User": {".result.profileImage": UNKEPT},
    "Serialization - IndexResult": {
        ".data[0].groupAdmin": "who administers groups is not kept, and said of nobody",
        ".data[0].sheetCount": UNKEPT,
    },
    "Assume User - Can Be Set": {".showParentRowsForFilters": UNKEPT, ".userSettings.appliedSheetFilterId": UNKEPT},
    "Serialization - Image": {".id": "row 2 is asked for, and the vendor answers with row 3"},
    "Serialization - Template": {".data[0].description": "its words"},
    "List Sheets - Include Owner Info": {
        ".data[1].owner": "the vendor's account owns it by mail, and edits it by level"
    },
}
# Where the vendor contradicts its own description, by scenario and what of it.
CONTRADICTIONS = {
    ("Serialization - Folder", "recorded"): "a new folder is described as an array of folders, and is one",
    ("Serialization - Folder", "twin"): "the twin answers with one, as the vendor does",
    ("Serialization - UserProfile", "recorded"): "further addresses are described as one object, and are an array",
    ("Serialization - User", "recorded"): "sizes of a profile's image are described as text, and are numbers",
    ("Serialization - Predecessor", "request"): "`include` is not among the described parameters of adding rows",
    ("Serialization - Row Email", "request"): "`layout` is described as true or false, and its permitted words are two",
    ("Serialization - Container Destination", "request"): "the SDKs write HOME, which is described as home",
}


class Replayed(NamedTuple):
    one: Scenario
    status: int
    found: Any


@pytest.fixture(scope="module")
def scenarios() -> list[Scenario]:
    return [Scenario.of(line) for line in lines("sdk_scenarios")]


@pytest.fixture(scope="module")
def replayed(scenarios: list[Scenario]) -> list[Replayed]:
    """Each in a twin of its own."""
    done = []
    for one in scenarios:
        tracker = tracker_of(one.told)
        with SmartsheetServer(tracker) as server:
            browser = Browser(server.url)
            path = prepare(tracker, one, browser).removeprefix("/")
            headers = {name: value for name, value in one.headers.items() if name != "Content-Type"}
            answer = browser.ask(one.method, path, json=one.body, params=one.query, headers=headers)
        done.append(Replayed(one, answer.status_code, answer.json()))
    return done


# ------------------------------------------------------------------ the comparison


def differences(theirs: Any, ours: Any, at: str = "", *, new: bool) -> list[str]:
    """Places where ours lacks a key, or has another value where the request determines it."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        theirs = {name: one for name, one in theirs.items() if name != "siblingId"}  # no scenario tells of that row
        found = [f"{at}.{name}" for name in theirs.keys() - ours.keys()]
        for name in sorted(theirs.keys() & ours.keys()):
            if name in OF_THE_MOMENT or (new and name in NEW_IDS):
                found += [] if type(theirs[name]) is type(ours[name]) else [f"{at}.{name}"]
            else:
                found += differences(theirs[name], ours[name], f"{at}.{name}", new=new)
        return found
    if isinstance(theirs, list) and isinstance(ours, list):
        if theirs and isinstance(theirs[0], dict) and "columnId" in theirs[0]:  # a scenario tells of some cells alone
            known = {cell["columnId"]: cell for cell in ours}
            pairs = [(cell["columnId"], cell, known.get(cell["columnId"], {})) for cell in theirs]
        elif len(theirs) != len(ours):
            return [f"{at}.length"]
        else:
            pairs = [(n, a, b) for n, (a, b) in enumerate(zip(theirs, ours, strict=True))]
        return [place for n, a, b in pairs for place in differences(a, b, f"{at}[{n}]", new=new)]
    return [] if theirs == ours else [at]


def test_the_comparison_itself_sees_mistakes():
    cells = [{"columnId": 2, "value": "x"}]
    told = {"id": 1, "name": "a", "createdAt": "2018-01-01T00:00:00Z", "rows": [{"id": 3, "cells": cells}]}
    assert not differences(told, told | {"more": 1, "createdAt": "2026-01-01T00:00:00Z"}, new=False)
    assert not differences(told, told | {"id": 7}, new=True)
    mistakes: dict[str, dict[str, Any]] = {
        ".id": {"id": 7}, ".name": {"name": "b"}, ".createdAt": {"createdAt": 5}, ".rows.length": {"rows": []},
        ".rows[0].cells[2].value": {"rows": [{"id": 3, "cells": [{"columnId": 2}, {"columnId": 4, "value": "x"}]}]},
    }  # fmt: skip
    for at, wrong in mistakes.items():
        assert differences(told, told | wrong, new=False) == [at]
    assert differences(told, {}, new=False) and differences(told, told | {"id": "1"}, new=True) == [".id"]


def test_all_scenarios_are_answered_alike(scenarios: list[Scenario], replayed: list[Replayed], capsys):
    assert len(replayed) == len(scenarios) == len({one.name for one in scenarios}) == 69
    found: dict[str, set[str]] = {}
    for one, status, answer in replayed:
        assert status == one.status, (one.name, answer)
        places = differences(one.told, answer, new=one.method == "POST" or one.operation in MADE_UP)
        if places:
            found[one.name] = set(places)
    assert found == {name: set(places) for name, places in DIFFERENT.items()}
    operations = Counter(one.operation for one in scenarios)
    with capsys.disabled():
        print(
            f"\n  {len(replayed)} scenarios of {len(operations)} operations, {len(DIFFERENT)} with a known difference"
        )
        print("\n".join(f"  {count:4} × {operation}" for operation, count in sorted(operations.items())))


def test_rows_of_the_scenarios_are_met_one_for_one(scenarios: list[Scenario], replayed: list[Replayed], capsys):
    theirs = {one.name: len([*rows_in(one.told)]) for one in scenarios}
    ours = {one.name: len([*rows_in(answer)]) for one, _, answer in replayed}
    assert ours == theirs
    assert sum(theirs.values()) == sum(json.dumps(one.told).count('"cells": [') for one in scenarios)
    with capsys.disabled():
        print(f"\n  {sum(ours.values())} rows of {sum(map(bool, ours.values()))} scenarios")


def test_requests_and_answers_are_as_described_but_for_what_is_named(replayed: list[Replayed], capsys):
    described = SmartsheetDescribed()
    wrong: dict[tuple[str, str], str] = {}
    for one, status, found in replayed:
        target = one.path + (f"?{urlencode(one.query)}" if one.query else "")
        checks = {
            "request": partial(described.request, one.method, target, one.body),
            "recorded": partial(described.answer, one.method, one.path, one.status, one.told),
            "twin": partial(described.answer, one.method, one.path, status, found),
        }
        for part, check in checks.items():
            try:
                check()
            except AssertionError as mistake:
                wrong[(one.name, part)] = str(mistake)
    assert wrong.keys() == CONTRADICTIONS.keys(), {key: wrong.get(key) for key in wrong.keys() ^ CONTRADICTIONS.keys()}
    with capsys.disabled():
        print(f"\n  {3 * len(replayed)} requests and answers held to the description, {len(wrong)} contradict it")
