"""Discussions of rows of the make-believe Smartsheet, and locks, as each account sees them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.smartsheet import MEMBER_TOKEN, SmartsheetServer
from tests.sandbox.smartsheet_browser import Browser, sheet_of, small_plan

MIRA = "mira.lund@example.com"


@pytest.fixture
def server() -> Iterator[SmartsheetServer]:
    with SmartsheetServer(small_plan()) as server:
        yield server


def test_who_may_comment_begins_a_discussion_that_leaves_the_row_as_it_is(server: SmartsheetServer):
    tracker, plan = server.tracker, sheet_of(server.tracker, "Plan A")
    path, mira = f"sheets/{plan.id}/rows/{plan.rows[0].id}/discussions", Browser(server.url, MEMBER_TOKEN)
    body = {"comment": {"text": "Who orders it?"}}
    assert mira.code("POST", path, json=body) == (404, 1006)
    tracker.share(plan.id, MIRA, "VIEWER")
    assert mira.code("POST", path, json=body) == (403, 1004)
    tracker.share(plan.id, MIRA, "COMMENTER")
    assert mira.code("POST", path, json={"comment": {}}) == (400, 1012)
    version, row_version = plan.version, plan.rows[0].version
    made = mira.ask("POST", path, json=body).json()
    assert made["version"] == plan.version == version + 1 and plan.rows[0].version == row_version
    assert [one["text"] for one in made["result"]["comments"]] == ["Who orders it?"]
    (found,) = Browser(server.url).get(path, include="comments")["data"]
    assert found["title"] == "Who orders it?" and found["comments"][0]["createdBy"]["email"] == MIRA
    assert "comments" not in Browser(server.url).get(path)["data"][0]


def test_a_locked_column_is_locked_for_those_who_do_not_administer_its_sheet(server: SmartsheetServer):
    """Be they administrators of the system."""
    tracker = server.tracker
    plan = sheet_of(tracker, "Plan C")
    tracker.share(plan.id, tracker.admin.email, "EDITOR")
    plan.columns[0].locked = True
    shown = {token: Browser(server.url, token).get(f"sheets/{plan.id}")["columns"][0] for token in server.keys}
    locked = {server.keys[token]: column.get("lockedForUser", False) for token, column in shown.items()}
    assert locked == {tracker.admin.id: True, tracker.member.id: False}
