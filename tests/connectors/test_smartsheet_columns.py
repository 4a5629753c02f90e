"""Which column is which: by tags and system types, by usual titles where their type fits, and never by a guess."""

from __future__ import annotations

import random
from typing import Any

import pytest

from connectors.smartsheet_columns import map_columns, named_columns
from connectors.smartsheet_records import Column
from model.config import COLUMN_NAMES, SourceSettings
from tests.seeds import FRESH, drawn


def column(id_: int, title: str, type_: str = "TEXT_NUMBER", **more: Any) -> Column:
    return Column(id_, title, type_, **more)


NAME = column(1, "Task", primary=True)


def mapped(*columns: Column, **named: str) -> dict[str, str]:
    return {name: one.title for name, one in map_columns([NAME, *columns], named).columns.items() if name != "title"}


def unsure(*columns: Column, **named: str) -> dict[str, str]:
    return dict(map_columns([NAME, *columns], named).unsure)


@pytest.mark.parametrize(
    ("title", "type_", "field"),
    [
        ("Status", "PICKLIST", "status"),
        ("  STATUS ", "TEXT_NUMBER", "status"),
        ("Priorität", "PICKLIST", "priority"),
        ("Due Date", "DATE", "due_on"),
        ("Fällig  am", "DATE", "due_on"),
        ("Startdatum", "DATETIME", "start_on"),
        ("Zuständig", "CONTACT_LIST", "assignee"),
        ("Owner", "MULTI_CONTACT_LIST", "assignee"),
        ("% Complete", "TEXT_NUMBER", "percent_complete"),
        ("Erledigt", "CHECKBOX", "done"),
        ("Meilenstein", "CHECKBOX", "milestone"),
        ("Beschreibung", "TEXT_NUMBER", "description"),
        ("Tags", "MULTI_PICKLIST", "labels"),
        ("Effort (h)", "TEXT_NUMBER", "estimate"),
        ("After what", "PREDECESSOR", "predecessors"),
    ],
)
def test_usual_titles_in_two_languages(title, type_, field):
    assert mapped(column(2, title, type_)) == {field: title}


@pytest.mark.parametrize(
    ("title", "type_"), [("Status", "DATE"), ("Due", "TEXT_NUMBER"), ("Done", "PICKLIST"), ("Statu", "PICKLIST")]
)
def test_a_title_whose_type_does_not_fit_says_nothing(title, type_):
    assert mapped(column(2, title, type_)) == {} == unsure(column(2, title, type_))


@pytest.mark.parametrize(
    ("tag", "type_", "field"),
    [
        ("GANTT_START_DATE", "DATE", "start_on"),
        ("GANTT_END_DATE", "DATE", "due_on"),
        ("GANTT_PERCENT_COMPLETE", "TEXT_NUMBER", "percent_complete"),
        ("GANTT_ASSIGNED_RESOURCE", "CONTACT_LIST", "assignee"),
        ("GANTT_PREDECESSOR", "PREDECESSOR", "predecessors"),
        ("GANTT_DURATION", "DURATION", "duration"),
        ("BASELINE_START_DATE", "DATE", "baseline_start_on"),
        ("BASELINE_END_DATE", "DATE", "baseline_due_on"),
        ("CARD_DONE", "CHECKBOX", "done"),
    ],
)
def test_a_tag_wins_over_a_title(tag, type_, field):
    other = column(
        2, {"start_on": "Start", "due_on": "Due"}.get(field, field), type_ if type_ != "PREDECESSOR" else "DATE"
    )
    assert mapped(other, column(3, "Whatever", type_, tags=[tag]))[field] == "Whatever"


def test_columns_that_smartsheet_fills_itself():
    number = column(2, "No.", system_column_type="AUTO_NUMBER")
    made = column(3, "Made by", "CONTACT_LIST", system_column_type="CREATED_BY")
    assert mapped(number, made) == {"key": "No.", "reporter": "Made by"}


def test_two_that_fit_equally_well_are_told_and_not_guessed():
    two = (column(2, "Status", "PICKLIST"), column(3, "status"))
    assert mapped(*two) == {}
    assert unsure(*two) == {"status": "“Status” and “status” may both be status: name one, columns.status = “…”"}
    assert mapped(*two, status="3") == {"status": "status"}
    assert unsure(*two, status="Status") == {
        "status": "columns.status names “Status”, and the sheet has 2 of them: name one by its id"
    }
    assert mapped(*two, status="") == {} == unsure(*two, status="")


def test_a_better_title_wins_over_another():
    assert mapped(column(2, "State", "PICKLIST"), column(3, "Status", "PICKLIST")) == {"status": "Status"}


def test_what_is_named_wins_over_all_signs_and_is_nothing_else_beside():
    columns = (column(2, "Status", "PICKLIST"), column(3, "Ampel", "PICKLIST"), column(4, "Prio", "PICKLIST"))
    assert mapped(*columns, status="ampel") == {"status": "Ampel", "priority": "Prio"}
    assert mapped(*columns, status="Prio") == {"status": "Prio"}


def test_the_first_column_may_be_another_than_the_title():
    found = map_columns([NAME, column(2, "Real title")], {"title": "Real title"}).columns
    assert found["title"].title == "Real title"


def test_a_named_column_that_is_gone_or_of_another_type_is_one_sentence():
    assert "“Ampel”, and the sheet has no such column" in unsure(status="Ampel")["status"]
    said = unsure(column(2, "Ampel", "DATE"), status="Ampel")["status"]
    assert said == "columns.status names “Ampel”, which is of type DATE: expected PICKLIST or TEXT_NUMBER"


def test_one_sheet_may_differ_by_its_name_or_its_id():
    source = SourceSettings(
        name="plans",
        type="smartsheet",
        columns={"status": "Ampel", "priority": "P"},
        sheets={"plan a": {"columns": {"status": "Stand"}}, "77": {"columns": {"status": "Lage"}}},  # type: ignore[dict-item]
    )
    assert named_columns(source, "1", "Other") == {"status": "Ampel", "priority": "P"}
    assert named_columns(source, "1", "Plan A ") == {"status": "Stand", "priority": "P"}
    assert named_columns(source, "77", "Plan A") == {"status": "Lage", "priority": "P"}


@pytest.mark.parametrize("seed", [1, 2, 3, FRESH])
def test_the_order_of_columns_decides_nothing_and_no_column_is_two_things(seed):
    """Whatever stands in a sheet: each column is at most one field's, and shuffling it changes nothing."""
    rng = random.Random(drawn(seed))
    types = ["TEXT_NUMBER", "PICKLIST", "DATE", "CHECKBOX", "CONTACT_LIST", "DURATION", "PREDECESSOR", "MULTI_PICKLIST"]
    titles = ["Status", "State", "Due", "Start", "Done", "Owner", "Priority", "Prio", "Duration", "Tags", "Type", "x"]
    for _ in range(200):
        columns = [column(n, rng.choice(titles), rng.choice(types)) for n in range(2, rng.randrange(3, 14))]
        for one in columns:
            one.tags = rng.choice([[], [], [], ["GANTT_START_DATE"], ["GANTT_END_DATE"], ["CARD_DONE"]])
        found = map_columns([NAME, *columns], {})
        ids = [one.id for one in found.columns.values()]
        assert len(set(ids)) == len(ids) and set(found.columns) <= set(COLUMN_NAMES)
        assert not set(found.columns) & set(found.unsure)
        rng.shuffle(columns)
        again = map_columns([*columns, NAME], {})
        assert {n: c.id for n, c in again.columns.items()} == {n: c.id for n, c in found.columns.items()}
        assert set(again.unsure) == set(found.unsure)
