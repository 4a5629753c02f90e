"""The Smartsheet connector against its make-believe twin, over real HTTP: what is odd about Smartsheet."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from connectors import http
from connectors.contract import Page, Partition, only
from connectors.smartsheet import STREAMS, SmartsheetConnector
from connectors.smartsheet_columns import map_columns
from connectors.smartsheet_records import Column
from connectors.smartsheet_rows import KEPT
from model.config import SourceSettings
from model.errors import BadRecord, NotFound, Refused, Transient, Unauthorized
from model.identity import address_id
from sandbox.serving import Answer
from sandbox.smartsheet import ADMIN_TOKEN, MEMBER_TOKEN, SmartsheetServer
from sandbox.smartsheet_call import Options
from sandbox.smartsheet_random import ERRORS, filled
from sandbox.smartsheet_records import Sheet
from sandbox.smartsheet_tracker import Tracker
from tests.connectors.contract import ConnectorContract
from tests.seeds import FRESH, drawn
from tests.sheets import START, a_company, add_notes, add_plan, add_tasks

PROJECTS, ACCOUNTS, ISSUES = STREAMS
Rows = dict[str, dict[str, dict[str, Any]]]  # table → native id → row


@pytest.fixture
def tracker() -> Tracker:
    return a_company()


@pytest.fixture
def server(tracker: Tracker) -> Iterator[SmartsheetServer]:
    with SmartsheetServer(tracker) as server:
        yield server


@pytest.fixture
def smartsheet(server: SmartsheetServer) -> Iterator[SmartsheetConnector]:
    connector = connect(server)
    yield connector
    connector.close()


def connect(server: SmartsheetServer, **settings: Any) -> SmartsheetConnector:
    given: dict[str, Any] = {"name": "plans", "type": "smartsheet", "url": server.url, "token": ADMIN_TOKEN}
    return SmartsheetConnector(SourceSettings(**given | settings))


def pulled(connector: SmartsheetConnector, stream: str, since: datetime | None = None) -> list[Page]:
    plan = connector.plan(only(STREAMS, stream), since)
    parts = [Partition(p.stream, p.key, json.loads(json.dumps(p.spec))) for p in plan.partitions]
    return [page for part in parts for page in connector.pull(part)]


def read(connector: SmartsheetConnector, stream: str, since: datetime | None = None) -> Rows:
    found: Rows = defaultdict(dict)
    for page in pulled(connector, stream, since):
        if page.status == 200:
            for table, columns in connector.decode(stream, page.body).rows.items():
                found[table].update({row["native_id"]: row for row in columns.to_pylist()})
    return found


def sheet_named(tracker: Tracker, name: str) -> Sheet:
    return next(sheet for sheet in tracker.sheets.values() if sheet.name == name)


def by_title(rows: Rows) -> dict[str, dict[str, Any]]:
    return {row["title"]: row for row in rows["issues"].values()}


def issue_ids(tracker: Tracker) -> set[str]:
    """Rows that hold something, by the twin's truth."""
    truth = tracker.truth("ada.admin@example.com")
    own = {sheet.id: {c.title for c in sheet.columns if c.system} for sheet in tracker.sheets.values()}
    return {f"{sheet}/{row}" for sheet, rows in truth.items() for row, cells in rows.items() if set(cells) - own[sheet]}


def verdict(connector: SmartsheetConnector, stream: str, native_id: str) -> tuple[str, bool]:
    page = connector.probe(only(STREAMS, stream), native_id)
    presence = connector.judge(only(STREAMS, stream), page, connector.identify())
    return presence.availability.value, presence.proven


# ------------------------------------------------------------------ everything arrives


def test_sheets_are_projects_and_rows_that_hold_something_are_issues(tracker, smartsheet):
    projects = read(smartsheet, "projects")["projects"]
    assert {(id_, row["name"]) for id_, row in projects.items()} == {
        (str(s.id), s.name) for s in tracker.sheets.values()
    }
    assert set(read(smartsheet, "issues")["issues"]) == issue_ids(tracker)


def test_a_row_of_a_plan_arrives_whole(tracker, smartsheet):
    plan = sheet_named(tracker, "Network renewal")
    row = by_title(read(smartsheet, "issues"))["Concept <v2> & costs"]
    survey, concept = plan.rows[1].id, plan.rows[2].id
    assert row["native_id"] == f"{plan.id}/{concept}"
    assert row["parent_id"] == f"{plan.id}/{plan.rows[0].id}"
    assert (row["native_status"], row["native_priority"], row["native_type"]) == ("In Progress", "Medium", "Task")
    assert (row["assignee_id"], row["reporter_id"]) == (
        address_id("lena.ott@example.com"),
        address_id("ada.admin@example.com"),
    )
    assert (row["percent_complete"], row["start_on"]) == (25.0, date(2026, 3, 16))
    assert row["labels"] == [] and json.loads(row["custom"])["Areas"] == ["Core", "Edge"]
    assert row["key"] == "Network renewal #3" and str(concept) in row["url"]
    links = read(smartsheet, "issues")["issue_links"]
    (link,) = (one for one in links.values() if one["to_issue_id"] == row["native_id"])
    assert link["from_issue_id"] == f"{plan.id}/{survey}"
    assert (link["kind"], link["relation"], link["lag_seconds"]) == ("precedes", "FS", 7 * 86_400)  # a week of work


def test_a_parent_is_an_issue_and_a_row_without_duration_is_a_milestone(smartsheet):
    found = read(smartsheet, "issues")
    issues = by_title(found)
    assert {issues[t]["native_type"] for t in ("Design", "Roll-out")} == {"Parent row"}
    assert issues["Rolled out"]["native_type"] == "Milestone"
    (milestone,) = found["milestones"].values()
    assert milestone["native_id"] == issues["Rolled out"]["native_id"]
    assert (milestone["state"], milestone["baseline_due_on"]) == ("open", date(2026, 4, 10))


def test_a_german_list_with_a_box_for_done_is_understood(smartsheet):
    issues = by_title(read(smartsheet, "issues"))
    counted = issues["Postfächer zählen"]
    assert (counted["key"], counted["native_status"], counted["native_priority"]) == ("0001", "ticked", "Hoch")
    assert (counted["due_on"], counted["original_estimate_seconds"]) == (date(2026, 3, 20), 12 * 3600)
    assert json.loads(counted["custom"]) == {"Erledigt": True, "Kosten": 480.5}
    assert issues["Gruppen aufräumen"]["assignee_id"] == "extern"  # known by name alone
    assert issues["Kurs für Büros"]["custom"] is None  # a formula that failed is nothing


def test_people_are_known_by_their_mail(tracker, server, smartsheet):
    tracker.add_user("Zoe.Quist@Example.com", "Zoe", "Quist", status="DEACTIVATED")
    accounts = read(smartsheet, "accounts")["accounts"]
    assert {id_: row["active"] for id_, row in accounts.items()} == {
        address_id("ada.admin@example.com"): True,
        address_id("mira.lund@example.com"): True,
        address_id("zoe.quist@example.com"): False,
    }
    mentions = read(smartsheet, "issues")["account_mentions"]
    assert mentions[address_id("noah.berg@example.com")]["name"] == "Noah Berg"
    server.options.users_open = False
    assert set(read(connect(server, token=MEMBER_TOKEN), "accounts")["accounts"]) == {
        address_id("mira.lund@example.com")
    }


def test_words_of_all_lists_come_with_their_sheets(smartsheet):
    words = read(smartsheet, "issues")["words"]
    assert {w["name"]: w["category"] for w in words.values() if w["kind"] == "status"} == {
        "Not Started": "todo",
        "In Progress": "in_progress",
        "On Hold": "todo",
        "Complete": "done",
        "ticked": "done",
        "not ticked": "todo",
    }
    assert {w["name"] for w in words.values() if w["kind"] == "priority"} >= {"High", "Hoch", "Medium", "Low"}


@pytest.mark.parametrize("seed", [1, 2, FRESH])
def test_no_cell_of_random_sheets_is_lost(seed):
    """Each cell that holds something, and whose column is no field of ours, stands in `custom`."""
    seed = drawn(seed)
    random_tracker = filled(sheets=6, rows=40, seed=seed)
    with SmartsheetServer(random_tracker) as server:
        connector = connect(server)
        issues = read(connector, "issues")["issues"]
        cells = 0
        for sheet in random_tracker.sheets_of(random_tracker.admin):
            columns = [Column(c.id, c.title, c.type, c.primary, c.system or None, list(c.tags)) for c in sheet.columns]
            mapped = map_columns(columns, {}).field_of()
            for row in sheet.rows:
                held = {c for c in sheet.columns if c.id in row.cells and not c.system}
                told = {c for c in held if not _is_nothing(row.cells[c.id].value)}
                if not told:
                    continue
                custom = json.loads(issues[f"{sheet.id}/{row.id}"]["custom"] or "{}")
                assert {c.title for c in told if mapped.get(c.id, "done") in KEPT} <= set(custom)
                cells += len(told)
    assert cells > 500


def _is_nothing(value: object) -> bool:
    return value in (None, (), "") or value is False or str(value) in ERRORS


# ------------------------------------------------------------------ windows


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(START + seconds, UTC)


def test_a_window_reads_the_sheets_that_changed_each_in_one_request(tracker, server, smartsheet):
    since = at(3600)
    assert read(smartsheet, "issues", since) == {}
    tracker.advance(60)
    tasks = sheet_named(tracker, "Aufgaben Migration")
    tracker.edit(tasks.rows[1].id, "Erledigt", True)
    server.requests.clear()
    found = read(smartsheet, "issues", since)["issues"]
    assert set(found) == {f"{tasks.id}/{row.id}" for row in tasks.rows}
    assert [seen.path for seen in server.requests] == ["/2.0/sheets", f"/2.0/sheets/{tasks.id}"]


def test_a_sheet_that_was_read_whole_is_complete_and_rows_fetched_of_it_are_not(tracker, smartsheet):
    plan = sheet_named(tracker, "Network renewal")
    whole = [smartsheet.decode("issues", p.body).complete for p in pulled(smartsheet, "issues")]
    assert sorted(id_ for one in whole for id_ in one["issues"]) == sorted(str(id_) for id_ in tracker.sheets)
    (part,) = smartsheet.fetch(ISSUES, [f"{plan.id}/{plan.rows[0].id}", f"{plan.id}/{plan.rows[1].id}"])
    (page,) = smartsheet.pull(part)
    batch = smartsheet.decode("issues", page.body)
    assert batch.complete == {}
    assert batch.rows["issues"]["native_type"].to_pylist() == ["Parent row", "Task"]


def test_a_sheet_that_vanishes_between_list_and_reading_fails_nothing(tracker, smartsheet):
    plan = smartsheet.plan(ISSUES, None)
    gone = sheet_named(tracker, "Notes")
    tracker.delete_sheet(gone.id)
    pages = {part.spec["sheet"]: list(smartsheet.pull(part)) for part in plan.partitions}
    assert [(p.status, p.last) for p in pages[str(gone.id)]] == [(404, True)]
    assert {p.status for id_, (p,) in pages.items() if id_ != str(gone.id)} == {200}


def test_ids_beyond_what_a_float_holds_stay_as_they_are(tracker, smartsheet):
    ids = {int(part) for native_id in issue_ids(tracker) for part in native_id.split("/")}
    assert any(id_ > 2**53 and int(float(id_)) != id_ for id_ in ids)
    assert set(read(smartsheet, "issues")["issues"]) == issue_ids(tracker)


# ------------------------------------------------------------------ what projects names


@pytest.fixture
def places(tracker: Tracker) -> dict[str, int]:
    """A workspace with a sheet, a folder in it with another, and a folder in that with a third."""
    workspace = tracker.add_workspace("Infrastructure")
    outer = tracker.add_folder("2026", workspace=workspace)
    inner = tracker.add_folder("Q2", parent=outer)
    return {
        "workspace": workspace,
        "outer": outer,
        "inner": inner,
        "first": add_notes(tracker, "First", workspace=workspace).id,
        "second": add_notes(tracker, "Second", folder=outer).id,
        "third": add_notes(tracker, "Third", folder=inner).id,
    }


def parents(connector: SmartsheetConnector) -> dict[str, str | None]:
    return {row["name"]: row["parent_id"] for row in read(connector, "projects")["projects"].values()}


@pytest.mark.parametrize("by", ["name", "id"])
def test_sheets_are_named_by_name_or_id(tracker, server, by):
    sheet = sheet_named(tracker, "Notes")
    connector = connect(server, projects=[sheet.name if by == "name" else str(sheet.id)])
    assert parents(connector) == {"Notes": None}
    assert {row["project_id"] for row in read(connector, "issues")["issues"].values()} == {str(sheet.id)}


@pytest.mark.parametrize("by", ["name", "id"])
@pytest.mark.parametrize("short_pages", [False, True])
def test_a_workspace_stands_for_all_sheets_in_it_and_is_their_parent(server, places, by, short_pages):
    server.faults.rate_short_page = 1.0 if short_pages else 0.0
    server.options.page_cap = 2
    name = "Infrastructure" if by == "name" else places["workspace"]
    connector = connect(server, projects=[f"workspace:{name}"])
    parent = f"workspace-{places['workspace']}"
    server.faults.rate_short_page = 0.5 if short_pages else 0.0
    assert parents(connector) == {"Infrastructure": None, "First": parent, "Second": parent, "Third": parent}
    assert {row["title"] for row in read(connector, "issues")["issues"].values()} == {"Ask the landlord"}


def test_workspaces_are_found_by_the_old_pages_too(server, tracker, places):
    for n in range(130):
        tracker.add_workspace(f"Other {n}")
    server.options = Options(old_paging=True)
    last = tracker.add_workspace("The last one")
    sheet = add_notes(tracker, "In it", workspace=last)
    assert parents(connect(server, projects=["workspace:The last one"])) == {
        "The last one": None,
        sheet.name: f"workspace-{last}",
    }


def test_a_folder_and_a_report_stand_for_their_sheets(tracker, server, places):
    folder = connect(server, projects=[f"folder:{places['outer']}"])
    assert parents(folder) == {
        "2026": None,
        "Second": f"folder-{places['outer']}",
        "Third": f"folder-{places['outer']}",
    }
    report = tracker.add_report("All notes", [places["first"], places["third"]], ["What"])
    assert parents(connect(server, projects=["report:All notes"])) == {
        "All notes": None,
        "First": f"report-{report}",
        "Third": f"report-{report}",
    }


@pytest.mark.parametrize(
    ("entry", "error", "said"),
    [
        ("Nots", NotFound, 'there is no sheet “Nots” that the account sees .*correct projects; did you mean "Notes"'),
        ("workspace:Nowhere", NotFound, "there is no workspace “Nowhere”"),
        ("folder:2026", NotFound, "404 .its code 1006. for “folder:2026”"),
        ("folder:Plans", NotFound, "names a folder by its name: write folder:ID"),
        ("report:12345", NotFound, "for “report:12345” of projects: deleted, or not shared"),
    ],
)
def test_what_projects_names_and_is_not_there_is_one_sentence(server, entry, error, said):
    with pytest.raises(error, match=said):
        connect(server, projects=[entry]).plan(PROJECTS, None)


def test_a_report_that_does_not_tell_its_sheets_is_not_taken_for_an_empty_one(tracker, server):
    tracker.add_report("Of nothing", [], ["What"])
    with pytest.raises(BadRecord, match="“report:Of nothing” of projects does not say which sheets"):
        connect(server, projects=["report:Of nothing"]).plan(PROJECTS, None)


def test_two_sheets_of_one_name_are_told_apart_by_id(tracker, server, smartsheet):
    other = add_notes(tracker, "Notes")
    ids = " and ".join(sorted(str(s.id) for s in tracker.sheets.values() if s.name == "Notes"))
    with pytest.raises(NotFound, match=rf"two sheets are called “Notes” \({ids}\): name it by its id"):
        connect(server, projects=["Notes"]).plan(PROJECTS, None)
    assert set(read(connect(server, projects=[str(other.id)]), "projects")["projects"]) == {str(other.id)}
    assert len(read(smartsheet, "projects")["projects"]) == 4


# ------------------------------------------------------------------ what is gone


def test_what_a_probe_proves(tracker, server, smartsheet):
    notes, tasks = sheet_named(tracker, "Notes"), sheet_named(tracker, "Aufgaben Migration")
    row = tasks.rows[0].id
    assert verdict(smartsheet, "projects", str(notes.id)) == ("present", True)
    assert verdict(smartsheet, "issues", f"{tasks.id}/{row}") == ("present", True)
    tracker.delete_row(row)
    assert verdict(smartsheet, "issues", f"{tasks.id}/{row}") == ("deleted", True)
    tracker.delete_sheet(notes.id)
    assert verdict(smartsheet, "projects", str(notes.id)) == ("missing", False)
    assert verdict(smartsheet, "issues", f"{notes.id}/{notes.rows[0].id}") == ("missing", False)
    only_tasks = connect(server, projects=[tasks.name])
    plan = sheet_named(tracker, "Network renewal")
    assert verdict(only_tasks, "projects", str(plan.id)) == ("out_of_scope", True)


# ------------------------------------------------------------------ columns


def test_columns_of_all_sheets_and_of_one_are_laid_down(tracker, server):
    tracker.add_column(sheet_named(tracker, "Notes").id, "Ampel", type="PICKLIST", options=["rot", "grün"])
    notes = sheet_named(tracker, "Notes")
    tracker.edit(notes.rows[0].id, "Ampel", "rot")
    status = lambda c: by_title(read(c, "issues"))["Ask the landlord"]["native_status"]  # noqa: E731
    assert status(connect(server)) is None
    assert status(connect(server, columns={"status": "AMPEL"})) == "rot"
    for key in ("notes", str(notes.id)):
        connector = connect(server, sheets={key: {"columns": {"status": "Ampel"}}})
        assert status(connector) == "rot"
        assert by_title(read(connector, "issues"))["Switches"]["native_status"] == "Not Started"


def rejects(connector: SmartsheetConnector) -> list[tuple[str | None, str | None, str]]:
    batches = [connector.decode("issues", page.body) for page in pulled(connector, "issues")]
    return [(r.native_id, r.field, r.error) for batch in batches for r in batch.rejects]


def test_a_column_that_was_renamed_is_one_sentence_and_the_rest_is_read(tracker, server):
    notes = sheet_named(tracker, "Notes")
    connector = connect(server, projects=["Notes"], columns={"percent_complete": "Ratio"})
    assert rejects(connector) == []
    tracker.rename_column(notes.id, "Ratio", "Share")
    ((id_, field, said),) = rejects(connector)
    assert (id_, field) == (f"{notes.id}/", "columns.percent_complete")
    assert "in the sheet “Notes”" in said and "names “Ratio”, and the sheet has no such column" in said
    assert by_title(read(connector, "issues"))["Ask the landlord"]["percent_complete"] is None
    tracker.rename_column(notes.id, "Share", "Ratio")
    tracker.retype_column(notes.id, "Ratio", "DATE")
    ((_, _, said),) = rejects(connector)
    assert "which is of type DATE: expected PICKLIST or TEXT_NUMBER" in said


def test_check_tells_the_map_of_each_sheet_and_what_could_be_two(tracker, server):
    tasks = sheet_named(tracker, "Aufgaben Migration")
    tracker.add_column(tasks.id, "Fällig am", type="DATE")
    rights = connect(server, sheets={"Nots": {"columns": {"status": "x"}}}).rights()
    assert "sheets.“Nots” of the configuration: there is no such sheet among those that are read" in rights.missing
    plan = sheet_named(tracker, "Network renewal")
    status, areas = (tracker.column(plan.id, title).id for title in ("Status", "Areas"))
    (told,) = (one for one in rights.may if one.startswith("sheet “Network renewal”: title"))
    mapped, _, others = told.partition("; no field: ")
    assert f"status = “Status” ({status})" in mapped and f"“Areas” ({areas})" in others
    assert any("“Fällig am” and “Fällig am” may both be due_on" in one for one in rights.missing)
    assert any("“Notes”: no column is known to be status, due_on, assignee" in one for one in rights.missing)


def test_check_tells_sheets_of_one_name_apart_and_what_is_laid_down_for_both(tracker, server):
    other = add_notes(tracker, "notes ")
    ids = sorted(str(one.id) for one in tracker.sheets.values() if one.name.strip().casefold() == "notes")
    named = {"Notes": {"columns": {"status": "What"}}, str(other.id): {"columns": {"status": "Ratio"}}}
    rights = connect(server, sheets=named).rights()
    (said,) = (one for one in rights.missing if "of the configuration" in one)
    assert said.endswith(
        f"applied to each of them: two sheets are called “Notes” ({ids[0]}, {ids[1]}): name it by its id"
    )
    labels = {f"sheet “{s.name}” ({s.id}): title = “What”" for s in tracker.sheets.values() if str(s.id) in ids}
    assert all(any(one.startswith(label) for one in rights.may) for label in labels) and len(labels) == 2
    assert any(one.startswith("sheet “Network renewal”: title") for one in rights.may), "no id where none is needed"
    alone = connect(server, sheets=named, projects=[str(other.id)]).rights()
    assert not any("of the configuration" in one for one in alone.missing)


@pytest.mark.parametrize("named", [{}, {"status": "Zustand A"}])
def test_a_box_is_not_written_for_a_status_that_is_not_sure(tracker, server, named):
    tasks = sheet_named(tracker, "Aufgaben Migration")
    assert any("write status in “Erledigt”" in one for one in connect(server).rights().may)
    for _ in range(2):
        tracker.add_column(tasks.id, "Status", type="PICKLIST")
    rights = connect(server, projects=[tasks.name], columns=named).rights()
    assert [one for one in rights.may if "write" in one] == [
        "sheet “Aufgaben Migration”: write priority in “Priorität”"
    ]
    why = "names “Zustand A”" if named else "may both be status"
    assert any(why in one for one in rights.missing)


def test_words_in_a_column_of_days_are_a_reject_and_the_row_lands(tracker, server):
    tasks = sheet_named(tracker, "Aufgaben Migration")
    tracker.edit(tasks.rows[2].id, "Fällig am", "nach Ostern")
    connector = connect(server)
    ((id_, field, said),) = rejects(connector)
    assert (id_, field) == (f"{tasks.id}/{tasks.rows[2].id}", "due_on (“Fällig am”)")
    assert said == "expected a day such as 2026-11-30"
    row = by_title(read(connector, "issues"))["Kurs für Büros"]
    assert row["due_on"] is None and json.loads(row["custom"]) == {"Fällig am": "nach Ostern"}


# ------------------------------------------------------------------ who we are, and errors


def test_who_we_are(server, smartsheet, tracker):
    identity = smartsheet.identify()
    assert identity.instance == f"{server.url}/2.0/account/{tracker.plan_id}"
    assert (identity.account_name, identity.scope) == ("Ada Admin", "admin")
    assert identity.now == at(3600)
    member = connect(server, token=MEMBER_TOKEN, url=f"{server.url}/2.0").identify()
    assert member.instance == identity.instance and member.account_id != identity.account_id
    assert any("not a system administrator" in one for one in member.missing)


def test_a_token_of_another_region_is_told_as_one(server):
    with pytest.raises(
        Unauthorized, match=r"wrong, expired or revoked, or belongs to another region.*api\.smartsheet\.eu"
    ):
        connect(server, token="of-another-region").identify()


@pytest.mark.parametrize("code", [0, 5036])
def test_a_refusal_that_is_not_for_what_is_gone_is_no_sign_of_it(tracker, server, smartsheet, monkeypatch, code):
    """A proxy's own 404, or an account without a licence: no sheet may be taken for gone by that."""
    plan = smartsheet.plan(ISSUES, None)
    refusal = Answer(403, json.dumps({"errorCode": code, "message": "No."}).encode())
    monkeypatch.setattr(server, "respond", lambda _asked: refusal)
    with pytest.raises(Refused, match=rf"answered 403, and not in Smartsheet's words .*its code {code}.: check url"):
        list(smartsheet.pull(plan.partitions[0]))


def test_a_log_in_page_is_no_data(server):
    server.faults.sso = True
    with pytest.raises(Unauthorized, match="log-in page"):
        connect(server).identify()


def test_a_limit_that_names_no_time_is_waited_for_as_long_as_the_vendor_advises(server, smartsheet, monkeypatch):
    asked: list[float | None] = []

    def note(_tries: int, seconds: float | None) -> float:
        asked.append(seconds)
        server.faults.rate_429_bare = 0.0
        return 0.0

    monkeypatch.setattr(http, "wait_seconds", note)
    monkeypatch.setattr(smartsheet._pacing, "pause", lambda seconds: asked.append(seconds))
    server.faults.rate_429_bare = 1.0
    assert smartsheet.identify().account_name == "Ada Admin"
    assert asked == [60.0, 60.0]


@pytest.mark.parametrize("fault", ["500", "503", "drop", "truncate"])
def test_what_passes_is_asked_again(server, smartsheet, monkeypatch, fault):
    met = 0

    def mend(_tries: int, _seconds: float | None) -> float:
        nonlocal met
        met += 1
        setattr(server.faults, f"rate_{fault}", 0.0)
        return 0.0

    monkeypatch.setattr(http, "wait_seconds", mend)
    setattr(server.faults, f"rate_{fault}", 1.0)
    assert len(read(smartsheet, "projects")["projects"]) == 3
    assert met == 1


def test_what_does_not_pass_is_told(server, monkeypatch):
    monkeypatch.setattr(http, "wait_seconds", lambda _tries, _seconds: 0.0)
    server.faults.rate_503 = 1.0
    with pytest.raises(Transient, match=r"offline for system maintenance.*try again later"):
        connect(server, tries=2).identify()


def test_smartsheet_counts_nothing(smartsheet):
    with pytest.raises(Refused, match="counts no issues"):
        smartsheet.count(ISSUES, None)


# ------------------------------------------------------------------ the laws of all connectors


class _SmartsheetTool:
    secret = ADMIN_TOKEN

    def __init__(self, server: SmartsheetServer) -> None:
        self.server, self.tracker = server, server.tracker
        self.connector = connect(server)

    def ids(self, stream: str) -> set[str]:
        if stream == "accounts":
            return {address_id(user.email) for user in self.tracker.users.values()}
        return issue_ids(self.tracker) if stream == "issues" else {str(s.id) for s in self.tracker.sheets.values()}

    def edit_issue(self) -> str:
        self.tracker.advance(5)
        tasks = sheet_named(self.tracker, "Aufgaben Migration")
        self.tracker.edit(tasks.rows[1].id, "Erledigt", True)
        return f"{tasks.id}/{tasks.rows[1].id}"

    def delete_issue(self) -> str:
        tasks = sheet_named(self.tracker, "Aufgaben Migration")
        row = tasks.rows[0].id
        self.tracker.delete_row(row)
        return f"{tasks.id}/{row}"

    def offline(self) -> SmartsheetConnector:
        return connect(self.server, url="http://127.0.0.1:9")


class TestContract(ConnectorContract):
    @pytest.fixture
    def tool(self) -> Iterator[_SmartsheetTool]:
        tracker = a_company(7)
        add_plan(tracker, "A second plan")
        add_tasks(tracker, "More tasks")
        tracker.advance(3600)
        with SmartsheetServer(tracker) as server:
            tool = _SmartsheetTool(server)
            yield tool
            tool.connector.close()
