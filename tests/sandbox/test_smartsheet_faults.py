"""What goes wrong with the make-believe Smartsheet when it is asked to, over real HTTP; its tokens, which expire."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox.smartsheet import MEMBER_TOKEN, SmartsheetServer
from sandbox.smartsheet_oauth import CLIENT_ID, CLIENT_SECRET, LIFETIME
from sandbox.smartsheet_records import Sheet
from sandbox.smartsheet_tracker import Tracker
from tests.sandbox.smartsheet_browser import Browser

ROOT = Path(__file__).parents[2]


def answers(hub: Browser, count: int = 200) -> Counter[object]:
    """Statuses and codes, or the kind of error, of so many requests."""
    found: Counter[object] = Counter()
    for _ in range(count):
        try:
            answer = hub.ask("GET", "users/me")
            found[(answer.status_code, answer.json().get("errorCode"))] += 1
        except requests.exceptions.ChunkedEncodingError:
            found["cut"] += 1
        except requests.ConnectionError:
            found["dropped"] += 1
    return found


def test_faults_come_in_the_shares_asked_for_and_by_seed(smartsheet: SmartsheetServer, hub: Browser):
    kinds = ("429", "429_bare", "500", "503", "drop", "truncate")
    rates: dict[str, Any] = {f"rate_{kind}": 0.1 for kind in kinds}
    smartsheet.faults.set(rates | {"seed": 11})
    first = answers(hub)
    assert set(first) == {(200, None), (429, 4003), (500, 4000), (503, 4001), "cut", "dropped"}
    assert 50 < first[(200, None)] < 110 and 20 < first[(429, 4003)] < 65
    smartsheet.faults.set({"seed": 11})
    assert answers(hub) == first
    statuses = Counter(seen.status for seen in smartsheet.requests)
    assert statuses[0] == 2 * first["dropped"]
    with pytest.raises(KeyError, match="nonsense"):
        smartsheet.faults.set({"nonsense": 1})


def test_429_says_when_to_come_back_or_does_not(smartsheet: SmartsheetServer, hub: Browser):
    smartsheet.faults.set({"rate_429": 1.0, "retry_after_seconds": 7})
    told = hub.ask("GET", "sheets")
    assert (told.status_code, told.headers["Retry-After"], told.json()["message"]) == (429, "7", "Rate limit exceeded.")
    smartsheet.faults.set({"rate_429": 0.0, "rate_429_bare": 1.0})
    assert "Retry-After" not in hub.ask("GET", "sheets").headers


def test_the_steady_limit_counts_a_minute_of_the_tools_clock(
    smartsheet: SmartsheetServer, plans: Tracker, hub: Browser, plan: Sheet
):
    smartsheet.faults.set({"per_minute": 30})
    path = f"sheets/{plan.id}/rows/{plan.rows[0].id}/columns/{plan.columns[1].id}/history"
    hub.get(path), hub.get(path)  # ten each
    assert [hub.ask("GET", "users/me").status_code for _ in range(11)] == [200] * 10 + [429]
    other = Browser(smartsheet.url, MEMBER_TOKEN)
    assert other.ask("GET", "users/me").status_code == 200  # each token has its own
    wait = int(hub.ask("GET", "users/me").headers["Retry-After"])
    assert 60 <= wait <= 61
    plans.advance(wait)
    hub.get("users/me")


def test_a_company_login_page_is_html_with_200(smartsheet: SmartsheetServer, hub: Browser):
    smartsheet.faults.set({"sso": True})
    answer = hub.ask("GET", "sheets")
    assert answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/html") and "SSO" in answer.text


def test_tokens_expire_when_asked_to(smartsheet: SmartsheetServer, hub: Browser):
    smartsheet.faults.set({"expired": True})
    assert hub.code("GET", "users/me") == (401, 1003)


def test_slowness_is_per_answer(smartsheet: SmartsheetServer, hub: Browser):
    smartsheet.faults.set({"delay_ms": 60})
    assert hub.ask("GET", "users/me").elapsed.total_seconds() >= 0.06


def test_a_sheet_vanishes_between_list_and_read(smartsheet: SmartsheetServer, plans: Tracker, hub: Browser):
    listed = [one["id"] for one in hub.get("sheets", includeAll="true")["data"]]
    smartsheet.faults.set({"rate_vanish": 1.0})
    assert hub.code("GET", f"sheets/{listed[0]}") == (404, 1006)
    smartsheet.faults.set({"rate_vanish": 0.0})
    assert plans.sheets[listed[0]].deleted and hub.get("sheets")["totalCount"] == 1


def body_of(plan: Sheet, word: str = "Complete") -> list[dict[str, Any]]:
    return [{"id": plan.rows[0].id, "cells": [{"columnId": plan.columns[1].id, "value": word}]}]


def test_somebody_else_edits_just_before_the_write(
    smartsheet: SmartsheetServer, plans: Tracker, hub: Browser, plan: Sheet
):
    smartsheet.faults.set({"rate_rival": 1.0})
    hub.put(f"sheets/{plan.id}/rows", body_of(plan))
    history = plans.history(plan.rows[0], plan.columns[1])
    assert [(past.value, plans.users[past.by].email) for past in history] == [
        ("Complete", plans.admin.email),
        ("Not Started", plans.member.email),
        ("In Progress", plans.admin.email),
    ]
    assert [(written.before, written.after) for written in plans.writes] == [("Not Started", "Complete")]


@pytest.mark.parametrize(
    ("fault", "done"),
    [("500", False), ("503", False), ("busy", False), ("drop", False), ("500_after", True), ("drop_after", True)],
)
def test_a_failed_write_was_done_or_was_not(
    smartsheet: SmartsheetServer, plans: Tracker, hub: Browser, plan: Sheet, fault: str, done: bool
):
    smartsheet.faults.set({f"rate_{fault}": 1.0})
    path = f"sheets/{plan.id}/rows"
    if fault.startswith("drop"):
        with pytest.raises(requests.ConnectionError):
            hub.ask("PUT", path, json=body_of(plan))
    else:
        codes = {"503": (503, 4001), "busy": (500, 4004)}
        assert hub.code("PUT", path, json=body_of(plan)) == codes.get(fault, (500, 4000))
    assert (
        len(plans.writes) == done
        and (plans.truth(plans.admin.email)[plan.id][plan.rows[0].id]["Status"] == "Complete") is done
    )


def test_only_writes_are_told_that_a_sheet_is_busy(smartsheet: SmartsheetServer, hub: Browser, plan: Sheet):
    smartsheet.faults.set({"rate_busy": 1.0})
    hub.get(f"sheets/{plan.id}")
    assert hub.code("PUT", f"sheets/{plan.id}/rows", json=body_of(plan)) == (500, 4004)


def test_tests_change_things_just_before_an_answer(
    smartsheet: SmartsheetServer, plans: Tracker, hub: Browser, plan: Sheet
):
    smartsheet.before = lambda method, path: plans.rename_sheet(plan.id, f"{method} {path}")
    assert hub.get(f"sheets/{plan.id}")["name"] == f"GET /2.0/sheets/{plan.id}"


# ------------------------------------------------------------------ OAuth


def form(kind: str, word: str, **changes: str) -> dict[str, str]:
    name = "code" if kind == "authorization_code" else kind
    proof = hashlib.sha256(f"{CLIENT_SECRET}|{word}".encode()).hexdigest()
    return {"grant_type": kind, "client_id": CLIENT_ID, name: word, "hash": proof} | changes


def test_a_code_becomes_tokens_that_expire_and_refresh_once(smartsheet: SmartsheetServer, plans: Tracker, hub: Browser):
    code = smartsheet.oauth.authorize(plans.member.id, plans.now())
    first = hub.ask("POST", "token", data=form("authorization_code", code)).json()
    assert (first["token_type"], first["expires_in"]) == ("bearer", LIFETIME)
    mira = Browser(smartsheet.url, first["access_token"])
    assert mira.get("users/me")["email"] == plans.member.email
    plans.advance(LIFETIME + 1)
    assert mira.code("GET", "users/me") == (401, 1003)
    second = hub.ask("POST", "token", data=form("refresh_token", first["refresh_token"])).json()
    assert Browser(smartsheet.url, second["access_token"]).get("users/me")["email"] == plans.member.email
    old = form("refresh_token", first["refresh_token"])
    assert hub.code("POST", "token", data=old) == (400, 1071)  # it rotated: the old one is dead
    assert hub.code("POST", "token", data=form("authorization_code", code)) == (400, 1071)
    smartsheet.oauth.revoke(plans.member.id)
    assert Browser(smartsheet.url, second["access_token"]).code("GET", "users/me") == (401, 1002)
    assert hub.code("POST", "token", data=form("refresh_token", second["refresh_token"])) == (400, 1071)
    assert "refresh-" not in str(smartsheet.requests) and "access-" not in str(smartsheet.requests)


def test_what_the_token_endpoint_refuses(smartsheet: SmartsheetServer, plans: Tracker, hub: Browser):
    code = smartsheet.oauth.authorize(plans.member.id, plans.now())
    good = form("authorization_code", code)
    assert hub.ask("POST", "token", params=good | {"client_secret": CLIENT_SECRET, "client_id": "x"}).status_code == 401
    assert CLIENT_SECRET not in str(smartsheet.requests) and code not in str(smartsheet.requests)
    for given, refusal in (
        ({}, (400, 1070)),
        (good | {"grant_type": "password"}, (400, 1068)),
        ({name: one for name, one in good.items() if name != "code"}, (400, 1070)),
        ({name: one for name, one in good.items() if name != "hash"}, (400, 1070)),
        (good | {"client_id": "someone"}, (401, 1067)),
        (good | {"hash": hashlib.sha256(f"{CLIENT_SECRET}{code}".encode()).hexdigest()}, (400, 1072)),
        (form("authorization_code", "never-given"), (400, 1071)),
    ):
        assert hub.code("POST", "token", data=given) == refusal
    plans.advance(601)
    assert hub.code("POST", "token", data=good) == (400, 1069)


# ------------------------------------------------------------------ orders, and a process of its own


def test_orders_come_over_http_and_are_not_logged(smartsheet: SmartsheetServer, plans: Tracker, hub: Browser):
    def order(name: str, **body: Any) -> requests.Response:
        return requests.post(f"{smartsheet.url}/_sandbox/{name}", json=body, timeout=30)

    assert order("faults", rate_500=1.0).json()["rate_500"] == 1.0
    assert hub.code("GET", "sheets") == (500, 4000)
    order("faults", rate_500=0)
    now = plans.now()
    assert order("clock", advance=90).json()["now"] == now + 90
    assert order("options", users_open=False).json()["users_open"] is False
    moved = order("move", count=4, seed=2, step=5).json()
    assert len(moved["moves"]) == 4 and moved["now"] == now + 110
    assert all(one.startswith("edit ") for one in order("move", count=2, only="edit").json()["moves"])
    for name, body in (("faults", {"x": 1}), ("options", {"x": 1}), ("move", {"only": "x"})):
        assert order(name, **body).status_code == 400
    assert order("nonsense").status_code == 404
    seen = requests.get(f"{smartsheet.url}/_sandbox/requests", timeout=30).json()
    assert seen == [{"method": "GET", "path": "/2.0/sheets", "query": {}, "status": 500}]


def test_it_serves_as_a_process_of_its_own():
    command = [sys.executable, "-m", "sandbox.smartsheet", "--sheets", "2", "--rows", "5", "--seed", "4"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert Browser(url).get("sheets", includeAll="true")["totalCount"] == 2
    finally:
        process.terminate()
        process.communicate(timeout=30)
