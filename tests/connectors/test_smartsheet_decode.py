"""Payload in, whole rows out: what Smartsheet's sheets and lists mean for us."""

from __future__ import annotations

import copy
import json
import random
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.contract import Batch
from connectors.misfit import Misfit
from connectors.smartsheet_cells import Contact, calendar_seconds, contacts, hours, is_of_hundred, percent, text
from connectors.smartsheet_decode import Decoder
from connectors.smartsheet_records import Asked, Cell, Column, Settings
from connectors.telling import told
from model.columns import arrow_schema
from model.config import SourceSettings
from model.errors import BadRecord
from model.identity import address_id
from tests.seeds import FRESH, drawn

DATA = Path(__file__).parent / "data" / "smartsheet"
SHEET = "9007199254740993"
PARENT = f"{SHEET}/18014398509481985"


def body(name: str) -> bytes:
    return (DATA / name).read_bytes()


def decode(stream: str, name: str, asked: Asked | None = None, **settings: Any) -> Batch:
    decoder = Decoder(SourceSettings(**{"name": "plans", "type": "smartsheet"} | settings))
    return decoder.decode(stream, body(name) if asked is None else told(asked, body(name)))


def rows(batch: Batch, table: str) -> dict[str, dict[str, Any]]:
    assert batch.rows[table].schema.equals(arrow_schema(table))
    return {row["native_id"]: row for row in batch.rows[table].to_pylist()}


@pytest.fixture(scope="module")
def plan() -> Batch:
    return decode("issues", "sheet_plan.json")


def issue(plan: Batch, row: int) -> dict[str, Any]:
    return rows(plan, "issues")[f"{SHEET}/{row}"]


def test_a_whole_row(plan):
    at = datetime(2026, 3, 2, 9, 14, 55)  # noqa: DTZ001 - as columns have it: UTC without zone
    assert issue(plan, 2002) == dict.fromkeys(arrow_schema("issues").names) | {
        "native_id": f"{SHEET}/2002",
        "key": "Plan Nord #2",
        "url": "https://app.smartsheet.com/sheets/abc",
        "project_id": SHEET,
        "parent_id": PARENT,
        "native_type": "Task",
        "native_type_id": "Task",
        "title": "Graben",
        "native_status": "Erledigt",
        "native_status_id": "Erledigt",
        "assignee_id": address_id("iris.amsel@example.com"),
        "labels": ["a", "c"],
        "components": [],
        "percent_complete": 100.0,
        "original_estimate_seconds": (4 * 9 + 9 + 2) * 3600,
        "start_on": date(2026, 3, 2),
        "due_on": date(2026, 3, 5),
        "created_at": datetime(2026, 1, 5, 8),  # noqa: DTZ001
        "updated_at": at,
        "field_origins": '{"parent":"row","status":"102","type":"113+106","original_estimate_seconds":"112",'
        '"assignee":"103","start_on":"104","due_on":"105","percent_complete":"107"}',
        "custom": '{"Zugewiesen an (others)":["Firma Rohr"],"Dauer":"4d","Anmerkung":12.0,"Anmerkung (2)":"zweite"}',
    }


def test_a_parent_of_rows_has_one_line_and_an_address_of_its_own(plan):
    parent = rows(plan, "issues")[PARENT]
    assert (parent["title"], parent["native_type"]) == ("Los 1 Kabel", "Parent row")
    assert parent["url"] == "https://app.smartsheet.com/sheets/abc?rowId=18014398509481985"
    assert parent["custom"] is None


def test_spacer_rows_are_left_out_and_rows_without_a_title_are_not(plan):
    assert set(rows(plan, "issues")) == {PARENT, *(f"{SHEET}/{row}" for row in (2002, 2003, 2005, 2006, 2008, 2009))}
    assert issue(plan, 2008)["title"] == "" and issue(plan, 2009)["title"] == "2026"


def test_a_formula_that_failed_is_empty(plan):
    row = issue(plan, 2003)
    assert (row["native_status"], row["due_on"], row["percent_complete"]) == (None, None, 12.5)


def test_predecessors_are_links_with_their_lag_in_calendar_time(plan):
    links = rows(plan, "issue_links")
    told = {(r["from_issue_id"], r["relation"]): r["lag_seconds"] for r in links.values()}
    assert {r["to_issue_id"] for r in links.values()} == {f"{SHEET}/2003"}
    # five days of a week of four are a week and a day; elapsed ones are as long as they are
    assert told == {(f"{SHEET}/2002", "FS"): 8 * 86_400, (f"{SHEET}/2005", "SS"): -86_400}


def test_milestones_are_issues_and_milestones(plan):
    found = rows(plan, "milestones")
    assert {id_: (r["name"], r["state"], r["due_on"]) for id_, r in found.items()} == {
        f"{SHEET}/2005": ("Abnahme", "closed", date(2026, 4, 30)),
        f"{SHEET}/2006": ("Schulung", "open", None),
    }
    assert issue(plan, 2005)["native_type"] == issue(plan, 2006)["native_type"] == "Milestone"


def test_people_are_mentioned_once_by_mail_or_by_name(plan):
    assert {id_: (r["name"], r["email"]) for id_, r in rows(plan, "account_mentions").items()} == {
        address_id("iris.amsel@example.com"): ("Iris Amsel", "iris.amsel@example.com"),
        "firma rohr": ("Firma Rohr", None),
    }


def test_words_are_options_and_what_stands_in_cells(plan):
    words = {(r["kind"], r["word_id"]): (r["category"], r["level"]) for r in rows(plan, "words").values()}
    assert words == {
        ("status", "Offen"): ("todo", None),
        ("status", "Läuft"): ("in_progress", None),
        ("status", "Erledigt"): ("done", None),
        ("type", "Task"): (None, 0),
        ("type", "Milestone"): (None, 0),
        ("type", "Parent row"): (None, 1),
    }


def test_what_does_not_fit_is_told_field_by_field_and_never_its_value(plan):
    told = {(r.native_id, r.field): r.error for r in plan.rejects}
    assert told == {
        (f"{SHEET}/2006", "due_on (“Ende”)"): "expected a day such as 2026-11-30",
        (f"{SHEET}/2006", "percent_complete (“Stand in Prozent”)"): "expected a share from 0 % to 100 %",
        (f"{SHEET}/2006", "predecessors (“Vorgänger”)"): "expected a list of predecessors in objectValue",
        (f"{SHEET}/2007", "createdAt"): "Invalid RFC3339 encoded datetime",
    }
    assert plan.seen == 8
    assert json.loads(issue(plan, 2006)["custom"]) == {
        "Ende": "nach Ostern", "Stand in Prozent": "fast fertig", "Vorgänger": "5", "Meilenstein": True,
    }  # fmt: skip


def test_a_list_is_whole_where_all_of_it_could_be_read(plan):
    """Row 7 could not: its sheet does not say that its issue is gone, and row 6 not that it has no predecessor."""
    assert "issues" not in plan.complete and plan.complete["milestones"] == [SHEET]
    assert set(plan.complete["issue_links"]) == set(rows(plan, "issues")) - {f"{SHEET}/2006"}
    mended = json.loads(body("sheet_plan.json"))
    mended["rows"][6]["createdAt"] = "2026-01-05T08:00:00Z"
    decoder = Decoder(SourceSettings(name="plans", type="smartsheet"))
    assert decoder.decode("issues", json.dumps(mended).encode()).complete["issues"] == [SHEET]
    del mended["rows"][8]  # cut on its way
    assert decoder.decode("issues", json.dumps(mended).encode()).complete == {}


def test_pages_of_sheets_are_projects():
    found = rows(decode("projects", "sheets_page_1.json"), "projects") | rows(
        decode("projects", "sheets_page_2.json"), "projects"
    )
    assert {id_: (r["key"], r["native_state"], r["parent_id"]) for id_, r in found.items()} == {
        SHEET: ("Plan Nord", "active", None),
        "3001": ("Plan Süd", "active", None),
        "3002": ("Plan Süd", "active", None),
    }
    (reject,) = decode("projects", "sheets_page_2.json").rejects
    assert (reject.native_id, reject.field) == ("3003", "name")


def test_where_sheets_stand_is_told_before_their_list():
    asked = Asked(sheets={"3001": "workspace-70001"})
    assert {
        id_: r["parent_id"] for id_, r in rows(decode("projects", "sheets_page_1.json", asked), "projects").items()
    } == {"3001": "workspace-70001"}
    (workspace,) = rows(decode("projects", "workspace_metadata.json", Asked(kind="workspace")), "projects").values()
    assert (workspace["native_id"], workspace["name"]) == ("workspace-70001", "Netze")


def test_users_are_accounts_by_their_mail():
    batch = decode("accounts", "users.json")
    assert {id_: (r["name"], r["email"], r["active"]) for id_, r in rows(batch, "accounts").items()} == {
        address_id("iris.amsel@example.com"): ("Iris Amsel", "Iris.Amsel@example.com", True),
        address_id("olaf.brandt@example.com"): ("Olaf Brandt", "olaf.brandt@example.com", False),
        address_id("neu@example.com"): ("neu@example.com", "neu@example.com", None),
    }
    assert [(r.native_id, r.field) for r in batch.rejects] == [("4", "email")]


@pytest.mark.parametrize("answer", [b"{}", b'{"version": 137}', b'{"id": 1, "name": "x"}', b'{"id": 1.5, "rows": []}'])
def test_what_is_no_sheet_is_a_bad_record(answer):
    with pytest.raises(BadRecord, match="expected"):
        Decoder(SourceSettings(name="plans", type="smartsheet")).decode("issues", answer)


ODD: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    2**63,
    2**70,
    1.5,
    1e300,
    "",
    " ",
    "x",
    "#REF",
    "2026-13-45",
    "0001-01-01",
    [],
    {},
    [1],
    {"a": 1},
)


@pytest.mark.parametrize("seed", [1, 2, FRESH])
def test_whatever_stands_in_an_answer_is_read_or_told(seed):
    """One or several places of a good answer are replaced by something else: rows or rejects, and no fault of ours."""
    rng = random.Random(drawn(seed))
    decoder = Decoder(SourceSettings(name="plans", type="smartsheet"))
    for n in range(1500):
        stream, name = rng.choice(
            [("issues", "sheet_plan.json"), ("accounts", "users.json"), ("projects", "sheets_page_1.json")]
        )
        answer = json.loads(body(name))
        for _ in range(rng.choice([1, 1, 3])):
            _spoil(answer, rng)
        text_ = json.dumps(answer).encode()
        try:
            batch = decoder.decode(stream, text_)
        except BadRecord:
            continue
        except Exception as error:
            raise AssertionError(f"seed {seed}, answer {n}: {error!r} at {text_.decode()}") from error
        for reject in batch.rejects:
            assert reject.error and reject.record is not None


def _spoil(answer: Any, drawn: random.Random) -> None:
    """Replaces one place, the deeper the likelier."""
    while True:
        keys: list[Any] = list(answer) if isinstance(answer, dict) else list(range(len(answer)))
        key = drawn.choice(keys)
        below = answer[key]
        if isinstance(below, dict | list) and below and drawn.random() < 0.9:
            answer = below
            continue
        answer[key] = copy.deepcopy(drawn.choice(ODD))
        return


# ------------------------------------------------------------------ cells

PLAIN, GANTT = Column(1, "x", "TEXT_NUMBER"), Column(1, "x", "TEXT_NUMBER", tags=["GANTT_PERCENT_COMPLETE"])


@pytest.mark.parametrize(
    ("cell", "column", "expected"),
    [
        (Cell(value=0.5, display_value="50%"), PLAIN, 50.0),
        (Cell(value=0.5, display_value="0.5"), PLAIN, 50.0),
        (Cell(value=50.0, display_value="50"), PLAIN, 50.0),
        (Cell(value=1.0, display_value="1"), GANTT, 100.0),
        (Cell(value=0.0, display_value="0%"), GANTT, 0.0),
        (Cell(value="Three Quarter"), Column(1, "x", "PICKLIST"), 75.0),
        (Cell(value="35%"), PLAIN, 35.0),
        (Cell(value="0.35"), PLAIN, 35.0),
        (Cell(value=0.29), GANTT, 29.0),
        (Cell(), PLAIN, None),
    ],
)
def test_shares_of_work(cell, column, expected):
    assert percent(cell, column, lambda: is_of_hundred([cell], column)) == expected


@pytest.mark.parametrize("value", ["half", "bald", "120%", -0.1, 101.0, True])
def test_what_is_no_share_is_told(value):
    with pytest.raises(Misfit, match="expected a share from 0 % to 100 %"):
        percent(Cell(value=value), PLAIN, lambda: is_of_hundred([Cell(value=value)], PLAIN))


@pytest.mark.parametrize(
    ("values", "column", "expected"),
    [
        ([1.0, 40.0, 100.0, 0.5], PLAIN, [1, 40, 100, 0.5]),
        (["1", "40"], PLAIN, [1, 40]),
        ([1.0, "40", "1%"], PLAIN, [1, 40, 1]),
        ([1.0, 0.4, "50%", "half", 4000.0, -3.0, True, "#NO MATCH"], PLAIN, [100, 40, 50]),  # no share of a hundred
        ([1.0, 0.4], GANTT, [100, 40]),
    ],
)
def test_whether_plain_numbers_are_of_a_hundred_is_decided_for_the_whole_column(values, column, expected):
    cells = [Cell(value=value) for value in values]
    found = [percent(cell, column, lambda: is_of_hundred(cells, column)) for cell in cells[: len(expected)]]
    assert found == expected


def test_numbers_that_are_shown_as_percent_say_nothing_of_plain_ones():
    shown, bare = Cell(value=0.5, display_value="50%"), Cell(value=1.0)
    more = Cell(value=1.2, display_value="120%")
    assert percent(shown, PLAIN, lambda: True) == 50.0
    assert percent(bare, PLAIN, lambda: is_of_hundred([shown, bare, more], PLAIN)) == 100.0


def hundreds(*shares: Any, meant: list[str] | None = None) -> dict[str, tuple[Any, Any]]:
    """Share and status of the rows of a sheet without a column for the status."""
    lines = [
        {"id": n, "rowNumber": n, "cells": [{"columnId": 1, "value": str(n)}, {"columnId": 2, "value": share}]}
        for n, share in enumerate(shares, 1)
    ]
    columns = [{"id": 1, "title": "Task", "type": "TEXT_NUMBER", "primary": True}]
    columns += [{"id": 2, "title": "Progress", "type": "TEXT_NUMBER"}]
    sheet = json.dumps({"id": 7, "name": "s", "columns": columns, "rows": [*lines, {"id": None}]}).encode()
    decoder = Decoder(SourceSettings(name="plans", type="smartsheet"))
    found = decoder.decode("issues", sheet if meant is None else told(Asked(rows=meant), sheet))
    return {row["title"]: (row["percent_complete"], row["native_status"]) for row in rows(found, "issues").values()}


def test_one_of_a_hundred_is_not_done_also_where_its_row_alone_is_meant():
    whole = {"1": (1.0, "1 to 99 %"), "2": (40.0, "1 to 99 %"), "3": (100.0, "100 %")}
    assert hundreds(1, 40, 100) == whole
    assert hundreds(1, 40, 100, meant=["1"]) == {"1": whole["1"]}
    assert hundreds(1, 0.4) == {"1": (100.0, "100 %"), "2": (40.0, "1 to 99 %")}


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (Cell(value=7.5, display_value="7.5"), 7.5),
        (Cell(value="40"), 40.0),
        (Cell(value="2d"), 16.0),
        (Cell(value="1w 30m"), 40.5),
        (Cell(object_value={"objectType": "DURATION", "days": 1.0, "negative": True}), -8.0),
        (None, None),
    ],
)
def test_hours_of_work(cell, expected):
    assert hours(cell, Settings()) == expected


@pytest.mark.parametrize(
    ("lag", "expected"),
    [
        ({"objectType": "DURATION", "days": 12.0}, 16 * 86_400),
        ({"objectType": "DURATION", "days": 7.0, "negative": True}, -9 * 86_400),
        ({"objectType": "DURATION", "weeks": 1.0, "hours": 4.0}, 7 * 86_400 + 4 * 3600),
        ({"objectType": "DURATION", "days": 12.0, "elapsed": True}, 12 * 86_400),
        (None, None),
    ],
)
def test_a_lag_in_calendar_time(lag, expected):
    assert calendar_seconds(lag, Settings()) == expected


def test_a_lag_without_end_is_told():
    with pytest.raises(Misfit, match="less than a century"):
        calendar_seconds({"objectType": "DURATION", "days": 1e300}, Settings())


def test_texts_and_people_that_are_odd():
    assert text(Cell(value=9007199254740993)) == "9007199254740993"
    assert text(Cell(value="#1 priority")) == "#1 priority"
    assert text(Cell(value="#UNPARSEABLE")) is None
    assert contacts(Cell(value="A@Example.com", display_value="Ann")) == [
        Contact(address_id("a@example.com"), "Ann", "a@example.com")
    ]
    assert contacts(Cell(object_value={"objectType": "MULTI_CONTACT", "values": [{}, "x"]})) == []
