"""Smartsheet from end to end: `pmo.toml`, `pmo check` and `pmo sync` over the twin, and tables equal to its truth."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from unittest import mock

import duckdb
import pytest

from flows.config import load
from flows.rebuild import rebuild
from flows.sync import sync
from model.errors import ConfigError
from model.identity import address_id
from model.vocabulary import RunState
from sandbox.smartsheet import ADMIN_TOKEN, SmartsheetServer
from sandbox.smartsheet_random import filled
from sandbox.smartsheet_records import Sheet
from tests.running import pmo, well
from tests.sheets import a_company, add_notes, add_plan
from warehouse.compare import differences
from warehouse.hub import Hub
from warehouse.meaning import renew_meaning

CONFIG = """\
[hub]
timezone = "Europe/Berlin"
[sources.plans]
type = "smartsheet"
url = "{url}"
token = "${{SANDBOX_KEY}}"
requests_per_second = 1000
priority."Hoch" = 1
{more}
"""


@dataclass
class Place:
    """A hub in a folder, reading one Smartsheet."""

    folder: Path
    server: SmartsheetServer

    def configure(self, more: str = "") -> None:
        self.folder.mkdir(exist_ok=True)
        text = CONFIG.format(url=self.server.url, more=more)
        (self.folder / "pmo.toml").write_text(text, encoding="utf-8")

    def sync(self, **options: Any) -> Any:
        """The outcome of the source; the tool's clock goes on beyond the overlap of windows."""
        with mock.patch.dict(os.environ, SANDBOX_KEY=ADMIN_TOKEN):
            settings = load(self.folder / "pmo.toml")
            (outcome,) = sync(settings, publishing=False, **options).sources
        assert outcome.state is RunState.DONE, outcome.error
        self.server.tracker.advance(600)
        return outcome

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with closing(Hub(self.folder / "data" / "hub.duckdb", megabytes=512)) as hub:
            return hub.rows(query)

    def issue(self, title: str) -> tuple[Any, ...]:
        (row,) = self.rows(
            "SELECT status, type, priority, availability, availability_evidence FROM normal.issues "
            f"WHERE title = '{title}'"
        )
        return row

    def sheet(self, name: str) -> Sheet:
        return next(sheet for sheet in self.server.tracker.sheets.values() if sheet.name == name)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with SmartsheetServer(a_company()) as server:
        place = Place(tmp_path / "hub", server)
        place.configure()
        yield place


def present(place: Place) -> dict[str, dict[str, Any]]:
    """What the hub says of issues, as the twin would: by id, then by our field."""
    found = place.rows(
        "SELECT native_id, title, due_on, percent_complete, assignee_id FROM normal.issues "
        "WHERE availability = 'present'"
    )
    return {row[0]: dict(zip(("title", "due_on", "percent", "assignee"), row[1:], strict=True)) for row in found}


def _account(named: str) -> str:
    """Who is known by a mail has an id of it, as that is published; who is known by a name, the name."""
    return address_id(named) if "@" in named else named.lower()


def truth(place: Place) -> dict[str, dict[str, Any]]:
    """The twin's own records of the same."""
    told: dict[str, dict[str, Any]] = {}
    for sheet, rows in place.server.tracker.truth("ada.admin@example.com").items():
        for row, cells in rows.items():
            if not set(cells) - {"Nr", "Created By"}:
                continue
            people: Any = cells.get("Assigned To") or cells.get("Zuständig") or ()
            person = people if isinstance(people, str) or hasattr(people, "email") else next(iter(people), None)
            mail = getattr(person, "email", person)
            day = cells.get("Finish") or cells.get("Fällig am")
            share = cells.get("% Complete")
            told[f"{sheet}/{row}"] = {
                "title": cells.get("Task Name") or cells.get("Aufgabe") or cells.get("What"),
                "due_on": date.fromisoformat(str(day)[:10]) if day else None,
                "percent": None if share is None else float(str(share)) * 100,
                "assignee": f"plans:{_account(str(mail))}" if mail else None,
            }
    return told


def test_a_person_checks_and_syncs_and_finds_the_tables_equal_to_the_tool(place: Place):
    checked = well(pmo("check", cwd=place.folder, SANDBOX_KEY=ADMIN_TOKEN))
    assert "read 3 sheets" in checked and re.search(
        r"“Network renewal”: title = “Task\s+Name”\s+\(\d+\),\s+status\s+=\s+“Status”\s+\(\d+\)", checked
    )
    assert "“Notes”: no column is known to be status" in checked
    well(pmo("sync", cwd=place.folder, SANDBOX_KEY=ADMIN_TOKEN))
    assert present(place) == truth(place) != {}
    assert place.issue("Postfächer zählen")[:4] == ("done", "task", 1, "present")
    assert place.issue("Design")[:3] == ("done", "epic", None)
    assert place.issue("Rolled out")[:3] == ("todo", "milestone", None)
    assert place.rows("SELECT count(*) FROM normal.issue_links") == [(4,)]
    assert place.rows("SELECT name, state FROM normal.milestones") == [("Rolled out", "open")]


def test_a_quiet_run_asks_for_lists_alone_and_writes_nothing(place: Place):
    place.sync()
    place.server.requests.clear()
    outcome = place.sync()
    asked = [seen.path.removeprefix("/2.0/") for seen in place.server.requests]
    print(f"requests of a quiet run: {asked}")
    assert outcome.rows_changed == 0
    assert asked == ["users/me", "sheets", "users", "sheets"]


def test_no_address_is_published_unless_wanted(place):
    place.sync()
    said = well(pmo("publish", cwd=place.folder))
    assert "published" in said
    with duckdb.connect(str(place.folder / "data" / "portfolio.duckdb"), read_only=True) as con:
        tables = [name for (name,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
        everything = "\n".join(str(con.execute(f"FROM {table}").fetchall()) for table in tables).lower()
    mails = {user.email.lower() for user in place.server.tracker.users.values()}
    assert mails and not [mail for mail in {*mails, "noah.berg@example.com"} if mail in everything]
    assert address_id("noah.berg@example.com") in everything


def test_a_changed_cell_costs_one_sheet(place: Place):
    place.sync()
    tracker, plan = place.server.tracker, place.sheet("Network renewal")
    tracker.edit(plan.rows[5].id, "Status", "In Progress")
    place.server.requests.clear()
    place.sync()
    assert [s.path for s in place.server.requests if s.path.count("/") == 3] == [
        "/2.0/users/me",
        f"/2.0/sheets/{plan.id}",
    ]
    assert place.issue("Switches")[0] == "in_progress"
    assert present(place) == truth(place)


def test_rows_that_are_deleted_or_sent_elsewhere_are_gone_from_their_sheet(place: Place):
    place.sync()
    tracker, plan, tasks = place.server.tracker, place.sheet("Network renewal"), place.sheet("Aufgaben Migration")
    tracker.delete_row(plan.rows[2].id)
    tracker.send_row(tasks.rows[0].id, place.sheet("Notes").id)
    place.sync()
    assert place.issue("Concept <v2> & costs")[3:] == ("missing", f"no longer in the list of {plan.id}")
    assert place.issue("Postfächer zählen")[3] == "missing"
    assert set(present(place)) == set(truth(place))
    links = place.rows("SELECT count(*) FROM normal.issue_links WHERE availability = 'present'")
    assert links == [(2,)]


def test_a_sheet_that_is_deleted_takes_its_rows_along_and_brings_them_back(place: Place):
    place.sync()
    notes = place.sheet("Notes")
    place.server.tracker.delete_sheet(notes.id)
    place.sync()
    assert place.issue("Ask the landlord")[3] == "missing"
    assert place.rows(f"SELECT availability FROM normal.projects WHERE native_id = '{notes.id}'") == [("missing",)]
    place.server.tracker.restore_sheet(notes.id)
    place.sync()
    place.sync()
    assert place.issue("Ask the landlord")[3] == "present"


def test_an_old_sheet_that_is_shared_now_is_read_though_nobody_changed_it(place: Place):
    old = add_notes(place.server.tracker, "Of others", owner="mira.lund@example.com")
    place.sync()
    assert "Of others" not in {row[0] for row in place.rows("SELECT name FROM normal.projects")}
    place.server.tracker.share(old.id, "ada.admin@example.com")
    place.sync()
    assert set(present(place)) == set(truth(place)) and f"{old.id}/{old.rows[0].id}" in present(place)


def test_a_workspace_is_a_project_above_its_sheets_and_what_joins_it_is_read(place: Place):
    tracker = place.server.tracker
    workspace = tracker.add_workspace("Infrastructure")
    inside = add_plan(tracker, "Inside", workspace=workspace)
    place.configure('projects = ["workspace:Infrastructure"]')
    place.sync()
    where = {f"plans:{inside.id}": f"plans:workspace-{workspace}", f"plans:workspace-{workspace}": None}
    assert dict(place.rows("SELECT id, parent_id FROM normal.projects")) == where
    tracker.place_sheet(place.sheet("Notes").id, workspace=workspace)
    place.sync()
    assert place.issue("Ask the landlord")[3] == "present"
    tracker.place_sheet(inside.id)
    place.sync()
    assert place.rows(f"SELECT availability FROM normal.projects WHERE native_id = '{inside.id}'") == [
        ("out_of_scope",)
    ]


def test_a_workspace_that_is_named_no_longer_is_out_of_scope_with_its_sheets(place: Place):
    tracker = place.server.tracker
    first, second = (tracker.add_workspace(name) for name in ("First", "Second"))
    for workspace in (first, second):
        add_plan(tracker, f"In {workspace}", workspace=workspace)
    place.configure('projects = ["workspace:First"]')
    place.sync()
    place.configure('projects = ["Workspace:Second"]')
    place.sync()
    place.sync()  # nothing is called gone in the first run that reads something else
    told = dict(place.rows("SELECT name, availability FROM normal.projects"))
    assert told == {
        "First": "out_of_scope", f"In {first}": "out_of_scope", "Second": "present", f"In {second}": "present",
    }  # fmt: skip


@pytest.mark.parametrize("twice", [False, True])
def test_an_entry_of_projects_that_names_nothing_or_two_is_said_once_and_loses_no_row(place: Place, twice: bool):
    """As in Redmine and Jira the source is not read then: never something else than was meant."""
    tracker = place.server.tracker
    place.configure('projects = ["Notes", "Network renewal"]')
    place.sync()
    before = present(place)
    if twice:
        add_notes(tracker, "Notes")
    else:
        tracker.rename_sheet(place.sheet("Notes").id, "Notes B")
    why = "two sheets are called “Notes”" if twice else "there is no sheet “Notes” that the account sees"
    for _ in range(2):
        ended = pmo("sync", cwd=place.folder, SANDBOX_KEY=ADMIN_TOKEN)
        tracker.advance(600)
        assert ended.returncode == 1, "tools were contacted"
        said = ended.stdout
        assert said.count(why) == 1 and "plans: incomplete" in said
        assert "  projects: not read\n" in said and "  issues: not read\n" in said and "accounts: 2 read" in said
        assert present(place) == before != {}
    ended = pmo("check", cwd=place.folder, SANDBOX_KEY=ADMIN_TOKEN)
    assert ended.returncode == 1 and why in ended.stdout


def test_what_does_not_fit_is_told_and_forgotten_when_it_fits(place: Place):
    tracker, tasks = place.server.tracker, place.sheet("Aufgaben Migration")
    tracker.edit(tasks.rows[2].id, "Fällig am", "nach Ostern")
    tracker.add_column(tasks.id, "Priorität", type="PICKLIST")
    place.sync()
    told = "SELECT native_id, field FROM ledger.quarantine ORDER BY field"
    assert place.rows(told) == [
        (f"{tasks.id}/", "columns.priority"),
        (f"{tasks.id}/{tasks.rows[2].id}", "due_on (“Fällig am”)"),
    ]
    assert place.issue("Postfächer zählen")[2] is None
    tracker.edit(tasks.rows[2].id, "Fällig am", "2026-04-07")
    tracker.delete_column(tasks.id, tasks.columns[-1].id)
    place.sync()
    assert place.rows(told) == []
    assert present(place) == truth(place)


def test_another_column_map_decodes_the_archive_anew_without_asking(place: Place):
    place.sync()
    custom = "SELECT percent_complete, custom FROM normal.issues WHERE title = 'Ask the landlord'"
    assert [json.loads(text) for _, text in place.rows(custom)] == [{"Ratio": 0.5, "Seen": True}]
    place.configure('sheets."Notes".columns.percent_complete = "Ratio"')
    place.server.requests.clear()
    outcome = place.sync()
    assert outcome.rows_changed == 0 and len(place.server.requests) == 4
    assert [(share, json.loads(text)) for share, text in place.rows(custom)] == [(50.0, {"Seen": True})]


def test_a_rebuild_gives_equal_tables(place: Place):
    place.sync()
    place.server.tracker.delete_row(place.sheet("Network renewal").rows[5].id)
    place.sync()
    before = place.folder / "before.duckdb"
    before.write_bytes((place.folder / "data" / "hub.duckdb").read_bytes())
    with mock.patch.dict(os.environ, SANDBOX_KEY=ADMIN_TOKEN):
        rebuild(load(place.folder / "pmo.toml"))
    with (
        closing(Hub(before, megabytes=512)) as one,
        closing(Hub(place.folder / "data" / "hub.duckdb", megabytes=512)) as other,
    ):
        renew_meaning(one, {})
        renew_meaning(other, {})
        assert differences(one, other) == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('columns.staus = "Ampel"', 'sources.plans.columns.staus is not a known key; did you mean "status"?'),
        (
            'sheets."Plan A".columns.staus = "X"',
            'sheets."Plan A".columns.staus is not a known key; did you mean "status"',
        ),
        ('sheets."Plan A".status = "X"', 'sheets."Plan A".status is not a known key'),
        ("columns.status = 5", 'columns.status must be text in "quotes"'),
    ],
)
def test_a_column_map_that_is_misspelt_is_one_sentence(place: Place, line: str, said: str):
    place.configure(line)
    with pytest.raises(ConfigError, match=re.escape(said)):
        place.sync()


def test_requests_for_ten_thousand_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """A whole reading takes one request a sheet, a quiet one none: far from the 300 a minute that a token has."""
    with SmartsheetServer(filled(sheets=5, rows=2000, seed=4)) as server:
        place = Place(tmp_path / "pmo", server)
        place.configure()
        counts = []
        for _ in range(3):  # the sheets were made just before: the second one reads some of them again
            server.requests.clear()
            outcome = place.sync()
            assert outcome.state is RunState.DONE
            counts.append(len(server.requests))
    with capsys.disabled():
        print(f"\nSmartsheet, 10,000 rows in 5 sheets: {counts[0]} requests whole, {counts[2]} quiet", flush=True)
    assert counts[0] <= 5 + 4 and counts[2] == 4 and outcome.rows_changed == 0
