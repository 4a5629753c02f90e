"""The queue of wanted changes at the command line: asked for, approved by another, rejected; nothing is sent."""

from __future__ import annotations

import getpass
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from model.vocabulary import ChangeState
from sandbox.jira import HUB_EMAIL, TOKEN, JiraServer
from sandbox.jira_company import tracker_of
from tests.running import pmo, started, well
from warehouse.desk import Desk

CONFIG = """
[hub]
timezone = "Europe/Berlin"

[sources.acme]
type = "jira"
url = "{url}"
email = "${{JIRA_EMAIL}}"
token = "${{JIRA_TOKEN}}"
"""
SECRETS: dict[str, Any] = {"JIRA_EMAIL": HUB_EMAIL, "JIRA_TOKEN": TOKEN}


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("changes")
    with JiraServer(tracker_of(seed=11, issues=150)) as server:
        (folder / "pmo.toml").write_text(CONFIG.format(url=server.url))
        well(pmo("sync", cwd=folder, **SECRETS))
        server.requests.clear()
        yield folder
        assert not server.requests  # asking asks nothing of the tool


@pytest.fixture
def folder(synced: Path) -> Path:
    (synced / "data" / "desk.sqlite").unlink(missing_ok=True)
    for left in synced.glob("data/desk.sqlite-*"):
        left.unlink()
    return synced


def rows(folder: Path, *words: str) -> list[dict[str, Any]]:
    return list(json.loads(well(pmo(*words, "--json", cwd=folder))))


def open_issues(folder: Path) -> list[dict[str, Any]]:
    query = (
        "select key, id, native_status, native_priority, priority from issues "
        "where status in ('todo', 'in_progress') and priority between 2 and 4 and availability = 'present' order by key"
    )
    return rows(folder, "sql", query)


def test_a_wish_waits_for_another_person(folder: Path) -> None:
    first, second = open_issues(folder)[:2]
    asked = rows(folder, "set", first["key"], second["id"], "--priority", "1", "--reason", "board decision")
    assert [(a["issue"], a["change_id"], a["refused"]) for a in asked] == [
        (first["key"], 1, False), (second["key"], 2, False),
    ]  # fmt: skip
    own = started("approve", "1", cwd=folder)
    assert own.returncode == 2
    assert f"change 1 was asked for by {getpass.getuser()}: another person must approve it" in own.stderr
    with Desk(folder / "data" / "desk.sqlite") as desk:
        desk.queue.approve([1], "someone else")
    assert [(c["id"], c["state"]) for c in rows(folder, "changes", "--state", "approved")] == [(1, "approved")]
    status = well(pmo("status", cwd=folder))
    assert "1 change waiting for approval: `pmo approve ID`" in status
    assert "1 change approved: `pmo push` sends them" in status
    assert rows(folder, "changes", "reject", "2", "--reason", "not now")[0]["state"] == "rejected"
    again = pmo("approve", "1", "2", cwd=folder)
    assert again.returncode == 2
    (change, wanted) = rows(folder, "changes")
    assert (change["base"]["name"], change["wish"]["value"]) == (first["native_priority"], "1")
    assert (wanted["state"], wanted["message"]) == ("rejected", "not now")
    told = json.loads(well(started("changes", "--id", "1", "--json", cwd=folder)))
    assert [(e["by"], e["state"]) for e in told["events"]] == [
        (getpass.getuser(), "pending"), ("someone else", "approved"),
    ]  # fmt: skip
    assert "change 1: priority" in well(pmo("issue", first["key"], cwd=folder))


def test_a_newer_wish_takes_the_place_of_the_waiting_one(folder: Path) -> None:
    issue = open_issues(folder)[0]
    for wanted in ("1", "5"):
        rows(folder, "set", issue["key"], "--priority", wanted)
    assert [(c["wish"]["value"], c["state"]) for c in rows(folder, "changes")] == [
        ("1", "superseded"),
        ("5", "pending"),
    ]


def test_what_cannot_be_asked_is_one_sentence_and_the_rest_goes_in(folder: Path) -> None:
    issue, other = open_issues(folder)[:2]
    (folder / "wishes.csv").write_text(
        "\ufeffIssue;Status;Priority;Reason\n"
        f"{issue['key']};;1;first\n"
        "NOPE-1;done;;\n"
        f"{other['key']};Dunn;2;\n"
        f"{other['key']};;;nothing\n"
        f"{issue['key']};{issue['native_status']};;\n"
    )
    run = started("set", "--file", "wishes.csv", cwd=folder)
    assert run.returncode == 2
    assert "wishes.csv, line 3: NOPE-1: there is no such issue" in run.stderr
    assert f"wishes.csv, line 4: {other['key']}: there is no status “Dunn”" in run.stderr
    assert f"wishes.csv, line 5: {other['key']}: nothing is wanted" in run.stderr
    assert f"{issue['key']}: its status is {issue['native_status']} already" in run.stdout
    wanted = [(c["issue_key"], c["field"], c["reason"]) for c in rows(folder, "changes")]
    assert wanted[0] == (issue["key"], "priority", "first")
    assert {w[0] for w in wanted[1:]} <= {other["key"]}


def test_a_workbook_is_read_like_a_csv_file(folder: Path) -> None:
    issue = open_issues(folder)[0]
    book = Workbook()
    assert book.active is not None
    book.active.append(["issue", "priority", "reason"])
    book.active.append([issue["key"], 1, "numbers stay whole"])
    book.save(folder / "wishes.xlsx")
    (asked,) = rows(folder, "set", "--file", "wishes.xlsx")
    assert asked["change_id"] == 1
    (folder / "wishes.xlsx").write_bytes(b"no workbook")
    run = pmo("set", "--file", "wishes.xlsx", cwd=folder)
    assert run.returncode == 2 and "wishes.xlsx is no Excel workbook" in run.stderr


def test_a_row_that_cannot_be_read_is_named_and_the_rest_goes_in(folder: Path) -> None:
    issue, other = open_issues(folder)[:2]
    (folder / "wishes.csv").write_text(f"issue,priority,reason\n{issue['key']},1,\n,1,lost\n{other['key']},1,own\n")
    run = started("set", "--file", "wishes.csv", "--reason", "board", cwd=folder)
    assert (run.returncode, run.stderr) == (2, "pmo: wishes.csv, line 3: the issue is missing\n")
    assert [(c["issue_key"], c["reason"]) for c in rows(folder, "changes")] == [
        (issue["key"], "board"), (other["key"], "own"),
    ]  # fmt: skip
    book = Workbook()
    assert book.active is not None
    for row in (["issue", "priority"], ['="ERP-"&7', 1], [None, None], [" ", 1], [issue["key"], "=1+1"]):
        book.active.append(row)
    book.save(folder / "wishes.xlsx")
    run = pmo("set", "--file", "wishes.xlsx", cwd=folder)
    no_value = "has no value: open the file in a spreadsheet, and save it"
    assert run.returncode == 2 and run.stdout == ""
    assert run.stderr.splitlines() == [
        f"pmo: wishes.xlsx, row 2: the formula under issue {no_value}",
        "pmo: wishes.xlsx, row 4: the issue is missing",
        f"pmo: wishes.xlsx, row 5: {issue['key']}: the formula under priority {no_value}",
    ]


@pytest.mark.parametrize("option", ["--status", "--priority"])
def test_what_is_wanted_stands_in_the_file_or_in_the_command(folder: Path, option: str) -> None:
    (folder / "wishes.csv").write_text(f"issue,priority\n{open_issues(folder)[0]['key']},1\n")
    run = pmo("set", "--file", "wishes.csv", option, "2", cwd=folder)
    assert run.returncode == 2 and "wishes.csv has columns for them" in run.stderr
    assert rows(folder, "changes") == []


def test_a_file_without_wishes_says_so(folder: Path) -> None:
    (folder / "wishes.csv").write_text("issue,priority\n,\n")
    run = pmo("set", "--file", "wishes.csv", cwd=folder)
    assert run.returncode == 2 and "wishes.csv holds no wishes below its headings: give" in run.stderr
    book = Workbook()
    assert book.active is not None
    book.active.append(["issue", "priority"])
    book.create_sheet("Second").append([open_issues(folder)[0]["key"], 1])
    book.save(folder / "wishes.xlsx")
    run = pmo("set", "--file", "wishes.xlsx", cwd=folder)
    assert run.returncode == 2 and "wishes.xlsx holds no wishes below its headings (first sheet)" in run.stderr


def test_whose_place_a_wish_takes_is_said(folder: Path) -> None:
    issue = open_issues(folder)[0]
    well(pmo("set", issue["key"], "--priority", "5", cwd=folder))
    with Desk(folder / "data" / "desk.sqlite") as desk:
        desk.queue.approve([1], "someone else")
    (folder / "wishes.csv").write_text(
        f"issue,priority\n{issue['key']},1\n{issue['key']},native\n".replace("native", issue["native_priority"])
    )
    first, second = well(pmo("set", "--file", "wishes.csv", cwd=folder)).splitlines()
    assert first.endswith("superseded at once, change 3 took its place")
    assert second.endswith("waits for approval, in place of change 1 (approved), 2 (pending)")
    assert [c["message"] for c in rows(folder, "changes")][:2] == ["change 2 took its place", "change 3 took its place"]
    assert "in place of change 1 (approved), 2 (pending)" in well(pmo("changes", "--state", "pending", cwd=folder))


def test_a_change_named_twice_is_meant_once(folder: Path) -> None:
    issue = open_issues(folder)[0]
    well(pmo("set", issue["key"], "--priority", "1", cwd=folder))
    assert len(rows(folder, "reject", "1", "1")) == 1
    told = json.loads(well(pmo("changes", "--id", "1", "--json", cwd=folder)))
    assert [event["state"] for event in told["events"]] == ["pending", "rejected"]


def test_a_change_that_failed_waits_until_somebody_decides(folder: Path) -> None:
    first, second = open_issues(folder)[:2]
    rows(folder, "set", first["key"], second["key"], "--priority", "1")
    with Desk(folder / "data" / "desk.sqlite") as desk:
        desk.queue.approve([1, 2], "someone else")
        for id_ in (1, 2):
            desk.queue.end(id_, ChangeState.FAILED, "the tool declined it")

    def failed() -> int:
        told = json.loads(well(pmo("status", "--json", cwd=folder)))["changes"]
        return int(told["failed"])

    assert failed() == 2 and "2 changes failed: `pmo changes --state failed`" in well(pmo("status", cwd=folder))
    rows(folder, "set", first["key"], "--priority", "5")
    assert failed() == 1, "asked for anew"
    assert rows(folder, "reject", "2", "--reason", "done in the tool")[0]["state"] == "rejected"
    assert failed() == 0 and "failed" not in well(pmo("status", cwd=folder))


def test_the_portfolio_file_has_the_changes_and_nobodys_name(folder: Path) -> None:
    issue = open_issues(folder)[0]
    rows(folder, "set", issue["key"], "--priority", "1", "--reason", "ask x.y@example.org")
    well(pmo("publish", cwd=folder))
    (row,) = rows(folder, "sql", "select * from changes")
    assert (row["id"], row["issue_id"], row["field"], row["wanted"], row["state"]) == (
        "1", issue["id"], "priority", "1", "pending",
    )  # fmt: skip
    assert row["reason"] == "ask (e-mail hidden)"
    assert getpass.getuser() not in row.values()
