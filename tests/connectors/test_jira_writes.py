"""What Jira's answers say may be done to an issue, however odd they are."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.contract import Page
from connectors.jira_site import Site
from connectors.jira_writes import JiraWrites
from model.config import SourceSettings

STATUS = {"status": {"id": "1", "name": "To Do"}, "project": {"id": "7"}}
START = {"id": "11", "name": "Start", "to": {"id": "3", "name": "Doing"}, "isGlobal": False}


def offers(*issues: dict[str, Any], **settings: Any) -> Any:
    source = SourceSettings(
        **{"name": "a", "type": "jira", "url": "http://j.example", "email": "e", "token": "t"} | settings
    )
    body = json.dumps({"issues": issues}).encode()
    return JiraWrites(Site(source)).offers(Page("issues", body, "POST bulkfetch", datetime.now(UTC)))


def issue(id_: str, *transitions: Any, **more: Any) -> dict[str, Any]:
    return {"id": id_, "key": f"A-{id_}", "fields": STATUS, "transitions": list(transitions)} | more


@pytest.mark.parametrize(
    "odd",
    [
        issue("1", {"id": "11", "name": "Start"}),
        issue("1", {"id": "11", "to": None}),
        issue("1", START | {"fields": {"resolution": {"required": None}}}),
        issue("1", "Start"),
        issue("1", fields=None),
        issue("1", editmeta={"fields": {"priority": {"allowedValues": ["High"]}}}),
    ],
)
def test_an_odd_issue_offers_nothing_and_is_alone_in_that(odd: dict[str, Any]) -> None:
    found = offers(odd, issue("2", START))
    assert found["1"].steps == ()
    assert [(step.start, step.end, step.id, step.guarded) for step in found["2"].steps] == [("1", "3", "11", True)]


def test_a_body_that_cannot_be_understood_offers_nothing() -> None:
    source = SourceSettings(name="a", type="jira", url="http://j.example", email="e", token="t")
    for body in (b"", b"[]", b"nonsense", b'{"issues": null}'):
        assert JiraWrites(Site(source)).offers(Page("issues", body, "POST bulkfetch", datetime.now(UTC))) == {}


def test_what_a_screen_demands_comes_from_the_configuration_unless_the_issue_has_it() -> None:
    demanded = {
        "resolution": {"required": True, "name": "Resolution", "allowedValues": [{"id": "5", "name": "Done"}]},
        "customfield_1": {"required": True, "name": "Root cause", "schema": {"type": "array"},
                          "allowedValues": [{"id": "8", "value": "Unknown"}]},
        "customfield_2": {"required": True, "name": "Effort", "schema": {"type": "number"}},
        "duedate": {"required": True, "name": "Due date"},
        "summary": {"required": True, "name": "Summary", "hasDefaultValue": True},
        "labels": {"required": False, "name": "Labels"},
    }  # fmt: skip
    there = issue("1", START | {"fields": demanded}, fields=STATUS | {"duedate": "2026-12-01"})
    (bare,) = offers(there)["1"].steps
    assert bare.needs == ("Resolution", "Root cause", "Effort")
    defaults = {"resolution": "done", "Root cause": "Unknown", "customfield_2": "2.5"}
    (given,) = offers(there, transition_defaults=defaults)["1"].steps
    assert (given.needs, json.loads(given.given)) == (
        (), {"resolution": {"id": "5"}, "customfield_1": [{"id": "8"}], "customfield_2": 2.5},
    )  # fmt: skip
    (wrong,) = offers(there, transition_defaults=defaults | {"resolution": "Finished"})["1"].steps
    assert wrong.needs == ("Resolution (which has no “Finished”)",)
