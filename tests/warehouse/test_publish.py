"""The published file: its tables, what must never be in it, and how one generation follows another."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from model.columns import columns_of
from model.errors import FileError
from model.figures import FIGURES, OF_PEOPLE, Portfolio, PortfolioDay
from model.tables import RECORDS
from tests.warehouse.small_hub import NOON, STATUSES, Misfit, SmallHub, change, issue, project, worklog
from warehouse import publish as publish_module
from warehouse.hub import THREADS

SYNCED = [
    "source",
    "native_id",
    "availability",
    "availability_evidence",
    "first_seen_at",
    "last_seen_at",
    "changed_run_id",
]
# DESIGN, section 6, with the columns that it only describes
TABLES = {
    "projects": "id key name description url lead_id state start_on due_on created_at updated_at",
    "issues": """id key url project_id parent_id type native_type title description status native_status priority
        native_priority resolution assignee_id reporter_id milestone_id labels components story_points percent_complete
        original_estimate_seconds remaining_estimate_seconds time_spent_seconds start_on due_on baseline_start_on
        baseline_due_on created_at started_at resolved_at first_response_at updated_at custom""",
    "issue_parents": "issue_id parent_id",
    "worklogs": """id issue_id project_id account_id started_at work_on work_on_basis seconds billable_seconds activity
        comment approval counted mirror_of created_at updated_at""",
    "issue_changes": """id issue_id account_id field from_native to_native from_value to_value changed_at evidence
        observed_from""",
    "issue_links": "id kind native_kind relation lag_seconds from_issue_id to_issue_id",
    "sprints": "id name state goal start_at end_at completed_at",
    "sprint_issues": "sprint_id issue_id added_at removed_at",
    "milestones": """id project_id name description kind state start_on due_on baseline_due_on first_baseline_due_on
        released_on""",
    "accounts": "id name email active time_zone person_id",
    "people": "id name email",
    "words": "id kind word_id name value basis",
    "runs": "id kind source state started_at ended_at requests throttled_seconds rows_changed",
    "stream_runs": """run_id source stream state since_at through_at pages requests throttled_seconds rows_seen
        rows_new rows_changed rows_gone quarantined census present held_back""",
    "quarantine": "source stream native_id field error run_id",
    "changes": "issue_id field base wanted reason state requested_at verified_at",
    "about": "schema_version hub_version generated_at zone today_on source fresh_through_at completeness",
    "about_figures": "name description sql",
    "figure_lineage": "column_name position table_name used role filter total total_of query",
    # what a PMO looks at first, in this order
    "portfolio": """program project pm sponsor stage health health_trend health_reason health_owner baseline_finish_on
        forecast_finish_on finish_variance_days forecast_method next_milestone next_milestone_on
        next_milestone_slip_days progress planned_progress budget actual_cost committed_cost forecast_cost
        cost_variance_share currency hours_7d remaining_hours overdue blocked blocks_others scope_growth_unapproved
        top_risk open_high_risks decision_asked note_on overloaded_people fresh_at completeness data_quality""",
}
TABLES |= {
    figure.table: " ".join(column.name for column in columns_of(figure))
    for figure in FIGURES
    if figure not in (Portfolio, *OF_PEOPLE)
}
TABLES["portfolio_history"] = " ".join(column.name for column in columns_of(PortfolioDay))
PLAIN = {"VARCHAR", "VARCHAR[]", "BIGINT", "DOUBLE", "BOOLEAN", "DATE", "TIMESTAMP"}


def read(path: Path, sql: str, *parameters):
    with duckdb.connect(str(path.resolve()), read_only=True) as con:
        return con.execute(sql, parameters).fetchall()


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def tracker(small: SmallHub) -> SmallHub:
    return filled(small)


def filled(small: SmallHub) -> SmallHub:
    small.land(
        "ops",
        projects=[project("1")],
        words=STATUSES,
        accounts=[{"native_id": "5", "name": "Ines Duarte", "email": "ines@example.org"}],
    )
    small.land("ops", issues=[issue("7", assignee_id="5"), issue("8")], worklogs=[worklog("70", "7", 2)])
    return small


# ---- tables ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    hub = filled(SmallHub(tmp_path_factory.mktemp("published") / "data"))
    path = hub.publish(described=True).path
    hub.close()
    return path


PLAN_TABLES = {
    "program_plans": "id name sponsor manager goal",
    "project_plans": "id project_id program_id sponsor pm stage kind mandatory deadline_on currency",
    "project_scopes": "id project_id position in_source in_project label",
    "budget_lines": "id project_id category amount contingency reserve currency",
    "baselines": "id project_id number approved_by approved_on start_on finish_on",
    "work_packages": "id project_id baseline name budget start_on finish_on",
    "team_members": "id person person_id role team calendar share external from_on to_on",
    "calendars": "id name monday sunday",
    "calendar_days": "id calendar day_on hours",
    "cost_entries": "id project_id kind category amount currency worked_on",
    "exchange_rates": "id from_currency to_currency month_on rate",
    "risk_register": "id project_id title kind state probability impact",
    "benefits": "id project_id name month_on planned realised",
    "change_requests": "id project_id title state decided_by decided_on",
    "health_overrides": "id project_id health said_by reason from_on until_on",
}
TABLES |= PLAN_TABLES


@pytest.mark.parametrize("table", TABLES)
def test_every_agreed_table_and_column_is_there_with_a_comment(file, table):
    columns = dict(read(file, "SELECT column_name, comment FROM duckdb_columns() WHERE table_name = ?", table))
    bookkeeping = SYNCED if "first_seen_at" in columns else set()
    assert {*TABLES[table].split(), *bookkeeping} - columns.keys() == set()
    assert [name for name, comment in columns.items() if not comment] == []
    assert read(file, "SELECT comment FROM duckdb_tables() WHERE table_name = ? AND comment <> ''", table)


def test_synced_tables_carry_the_bookkeeping(file):
    rows = read(file, "SELECT table_name FROM duckdb_columns() WHERE column_name = 'last_seen_at'")
    assert {name for (name,) in rows} == {
        "projects", "issues", "issue_parents", "worklogs", "issue_changes", "issue_links", "sprints", "sprint_issues",
        "milestones", "accounts", "words", *PLAN_TABLES,
    }  # fmt: skip


def test_the_portfolio_begins_with_what_is_looked_at_first(file):
    columns = [name for (name,) in read(file, "SELECT column_name FROM (DESCRIBE portfolio)")]
    assert columns[: len(TABLES["portfolio"].split())] == TABLES["portfolio"].split()


def test_rates_and_absences_of_people_are_not_in_it(file):
    assert read(file, "SELECT table_name FROM duckdb_columns() WHERE column_name IN ('hourly_rate', 'share')") == [
        ("team_members",)
    ]


def test_nothing_else_is_in_it(file):
    assert {name for (name,) in read(file, "SELECT table_name FROM duckdb_tables()")} == set(TABLES)
    assert set(TABLES) <= {*RECORDS, *(figure.table for figure in FIGURES), PortfolioDay.table}
    assert read(file, "SELECT view_name FROM duckdb_views() WHERE NOT internal") == []
    assert {type_ for (type_,) in read(file, "SELECT data_type FROM duckdb_columns() WHERE NOT internal")} <= PLAIN


def test_its_figures_can_be_computed_again_from_it(file):
    """All but those that need to know what each person costs, or when somebody was away."""
    figures = read(file, "SELECT name, sql FROM about_figures WHERE runs_here")
    for table, sql in figures:
        assert sorted(read(file, sql), key=str) == sorted(read(file, f"FROM {table}"), key=str), table
    others = {figure.table for figure in FIGURES} - {table for table, _ in figures}
    assert others == {
        "labour_costs", "cost_items", "costs", "earned_value", "month_closings", "unpriced_hours", "plan_faults",
        "timesheet_checks", "timesheet_gaps", "timesheet_compliance",
    }  # fmt: skip


def test_a_hub_that_read_nothing_yet_can_be_published(small):
    file = small.publish(timezone="Europe/Berlin").path
    assert read(file, "SELECT source, fresh_through_at, completeness, zone FROM about") == [
        (None, None, None, "Europe/Berlin")
    ]
    assert read(file, "FROM portfolio") == []


# ---- never in it -------------------------------------------------------------------------------------------------


def spill(tracker):
    tracker.land(
        "ops",
        accounts=[{"native_id": "6", "name": "tomasz.wilk@example.org", "email": "tomasz.wilk@example.org"}],
        issues=[
            issue(
                "9",
                title="Ask Ines.Duarte@example.org",
                description="from: ünal@beispiel.example, cc\ttom@mail.example.co.uk.",
                custom='{"Asked by": "\\nines@example.org", "Path": "C:\\\\nadia@example.org", '
                '"b": "a@b \\u00e9x@example.org"}',
                labels=["vip", "ines@example.org"],
            )
        ],
        rejects=[Misfit("issues", "10", "due_on", "expected a day", b'{"due": "PAYLOAD-31415926"}')],
    )
    tracker.hub.con.execute("UPDATE ledger.runs SET error = 'SECRET-271828 was refused'")


def test_no_address_no_payload_no_error_of_a_run(tracker):
    spill(tracker)
    file = tracker.publish().path
    everything = [
        str(row).casefold()
        for (table,) in read(file, "SELECT table_name FROM duckdb_tables()")
        for row in read(file, f"FROM {table}")
    ]
    raw = file.read_bytes().lower()
    for never in (
        "ines@",
        "ines.duarte@",
        "tomasz.wilk@",
        "@example.org",
        "ünal@",
        "tom@",
        "payload-31415926",
        "secret-271828",
    ):
        assert never.encode() not in raw
        assert [row for row in everything if never in row] == []
    assert "error" not in [
        n for (n,) in read(file, "SELECT column_name FROM duckdb_columns() WHERE table_name = 'runs'")
    ]
    assert read(file, "SELECT native_id, field, error FROM quarantine") == [("10", "due_on", "expected a day")]


def test_what_stands_around_a_hidden_address_stays(tracker):
    spill(tracker)
    ((title, description, labels),) = tracker.ask("SELECT title, description, labels FROM issues WHERE native_id = '9'")
    assert title == "Ask (e-mail hidden)"
    assert description == "from: (e-mail hidden), cc\t(e-mail hidden)."
    assert labels == ["vip", "(e-mail hidden)"]


def test_json_stays_json_where_an_address_was_hidden(tracker):
    spill(tracker)
    ((asked, path, plain),) = tracker.ask(
        "SELECT custom ->> 'Asked by', custom ->> 'Path', custom ->> 'b' FROM issues WHERE native_id = '9'"
    )
    assert asked == "\n(e-mail hidden)"
    assert path.startswith("C:\\") and path.endswith("(e-mail hidden)")
    assert plain == "a@b é(e-mail hidden)"


def test_addresses_are_published_where_that_was_asked_for(tracker):
    spill(tracker)
    file = tracker.publish(publish={"emails": True}).path
    assert read(file, "SELECT email FROM people ORDER BY id") == [("ines@example.org",), ("tomasz.wilk@example.org",)]
    assert read(file, "SELECT title FROM issues WHERE native_id = '9'") == [("Ask Ines.Duarte@example.org",)]


def test_a_person_has_the_name_of_the_first_of_the_accounts(tracker):
    tracker.land("web", accounts=[{"native_id": "1", "name": "I. Duarte", "email": "INES@example.org"}])
    assert tracker.ask("FROM people") == [("ops:5", "Ines Duarte", None)]
    assert tracker.ask("SELECT id, person_id FROM accounts ORDER BY id") == [("ops:5", "ops:5"), ("web:1", "ops:5")]


# ---- about -------------------------------------------------------------------------------------------------------


def about(tracker, **more):
    return tracker.ask("SELECT source, fresh_through_at, completeness FROM about ORDER BY source", **more)


def test_freshness_and_completeness_are_the_least_of_a_sources_streams(tracker):
    late, early = NOON - timedelta(hours=1), NOON - timedelta(days=2)
    tracker.note("cursors", source="ops", stream="issues", table_name="issues", through_at=late, census=4, present=3)
    tracker.note(
        "cursors", source="ops", stream="worklogs", table_name="worklogs", through_at=early, census=0, present=0
    )
    tracker.note("cursors", source="ops", stream="projects", table_name="projects", census=1, present=2)
    assert about(tracker) == [("ops", early.replace(tzinfo=None), 0.75)]


def test_what_is_kept_beyond_the_census_is_not_more_than_complete(tracker):
    tracker.note("cursors", source="ops", stream="projects", table_name="projects", census=1, present=2)
    assert about(tracker) == [("ops", None, 1.0)]


def test_freshness_is_unknown_while_a_stream_was_never_read_to_its_end(tracker):
    tracker.note("cursors", source="ops", stream="issues", table_name="issues", through_at=NOON)
    fresh = [("ops", NOON.replace(tzinfo=None), None)]
    unknown = [("ops", None, None)]
    assert about(tracker) == fresh
    assert about(tracker, windowed={"ops": ["issues", "worklogs"]}) == unknown
    tracker.note("windows", source="ops", stream="worklogs", until_at=NOON)
    assert about(tracker) == unknown
    tracker.note("cursors", source="ops", stream="worklogs", table_name="worklogs", through_at=NOON)
    assert about(tracker, windowed={"ops": ["issues", "worklogs"]}) == fresh


# ---- the portfolio -----------------------------------------------------------------------------------------------


def portfolio(tracker, columns, now: datetime = NOON, **hub):
    file = tracker.publish(now, **hub).path
    return {
        key: rest[0] if len(rest) == 1 else tuple(rest)
        for key, *rest in read(file, f"SELECT key, {columns} FROM portfolio")
    }


@pytest.fixture
def two(small):
    small.land("ops", projects=[project("1"), project("2")], words=STATUSES)
    return small


def hours(id_, project_id, estimate=None, parent=None, **more):
    seconds = None if estimate is None else estimate * 3600
    return issue(id_, project_id, original_estimate_seconds=seconds, parent_id=parent, **more)


def test_issues_are_counted_by_status(two):
    statuses = ["1", "1", "2", "3", "4", "4"]
    two.land("ops", issues=[issue(str(n), native_status_id=s) for n, s in enumerate(statuses)])
    two.gone("ops", "issues", i1="missing")
    assert portfolio(two, "issues, todo, in_progress, blocked, done, cancelled") == {
        "P1": (5, 1, 1, 0, 1, 2),
        "P2": (0, 0, 0, 0, 0, 0),
    }


def test_due_today_is_not_overdue_and_the_day_is_the_pmos(two):
    day = date(2026, 11, 21)
    two.land(
        "ops", issues=[issue("7", due_on=day), issue("8", due_on=day, native_status_id="3"), issue("9", due_on=None)]
    )
    late = datetime.fromisoformat("2026-11-21T23:30:00+00:00")
    assert portfolio(two, "overdue", late) == {"P1": 0, "P2": 0}
    assert portfolio(two, "overdue", late, timezone="Europe/Berlin") == {"P1": 1, "P2": 0}


@pytest.mark.parametrize("own", [4, 12])
def test_a_parent_above_estimated_children_adds_nothing(two, own):
    two.land("ops", issues=[hours("7", "1", own), hours("8", "1", 3, "7"), hours("9", "1", 5, "7")])
    assert portfolio(two, "hours_estimated") == {"P1": 8.0, "P2": None}


def test_a_ticket_of_its_own_adds_to_a_tree(two):
    tree = [hours("7", "1", 20), hours("8", "1", 3, "7"), hours("9", "1", 4, "7"), hours("10", "1", 5)]
    two.land("ops", issues=tree)
    assert portfolio(two, "hours_estimated")["P1"] == 12.0


def test_a_level_without_estimates_is_passed_through(two):
    two.land("ops", issues=[hours("7", "1", 12), hours("8", "1", None, "7"), hours("9", "1", 5, "8")])
    assert portfolio(two, "hours_estimated")["P1"] == 5.0


def test_a_deleted_or_cancelled_child_leaves_the_parents_estimate(two):
    two.land(
        "ops", issues=[hours("7", "1", 12), hours("8", "1", 3, "7"), hours("9", "1", 5, "7", native_status_id="4")]
    )
    assert portfolio(two, "hours_estimated")["P1"] == 3.0
    two.gone("ops", "issues", i8="deleted")
    assert portfolio(two, "hours_estimated")["P1"] == 12.0


def test_parent_and_child_in_two_projects_count_once(two):
    two.land("ops", issues=[hours("7", "1", 12), hours("8", "2", 8, "7")])
    assert portfolio(two, "hours_estimated") == {"P1": None, "P2": 8.0}


def test_several_parents_are_parents_too_and_a_circle_ends(two):
    two.land(
        "ops",
        issues=[hours("7", "1", 12), hours("8", "1", 8), hours("9", "2", None, "9")],
        issue_parents=[{"native_id": "8:7", "issue_id": "8", "parent_id": "7"}],
    )
    assert portfolio(two, "hours_estimated") == {"P1": 8.0, "P2": None}


def test_hours_are_the_counted_ones(two):
    two.land("ops", issues=[issue("7"), issue("8"), issue("9", "2")])
    booked = [worklog("1", "7", 1), worklog("2", "8", 2), worklog("3", "9", 4), worklog("4", None, 8)]
    two.land("ops", worklogs=[*booked, worklog("5", "7", 16, mirror_of="1")])
    assert portfolio(two, "hours_logged") == {"P1": 11.0, "P2": 4.0}
    two.gone("ops", "issues", i7="deleted", i8="missing")
    assert portfolio(two, "hours_logged") == {"P1": 10.0, "P2": 4.0}


def test_last_activity_is_the_latest_of_issues_history_and_hours(two):
    hour = timedelta(hours=1)
    two.land("ops", issues=[issue("7", updated_at=NOON), issue("8", "2")])
    assert portfolio(two, "last_activity_at") == {"P1": NOON.replace(tzinfo=None), "P2": None}
    two.land("ops", issue_changes=[change("1", "8", "1", "2", NOON + hour)])
    two.land("ops", worklogs=[worklog("1", "7", 1, created_at=NOON + 2 * hour), worklog("2", "7", 1, updated_at=NOON)])
    assert portfolio(two, "last_activity_at") == {
        "P1": (NOON + 2 * hour).replace(tzinfo=None),
        "P2": (NOON + hour).replace(tzinfo=None),
    }


def test_a_project_that_is_gone_is_listed_with_its_hours(two):
    two.land("ops", issues=[issue("7"), issue("8", "2")], worklogs=[worklog("1", "7", 3)])
    two.gone("ops", "projects", i1="archived")
    assert portfolio(two, "availability, state, issues, hours_logged") == {
        "P1": ("archived", "archived", 0, 3.0),
        "P2": ("present", "active", 1, 0.0),
    }


def test_what_is_in_no_known_project_is_not_lost(two):
    two.land("ops", issues=[issue("7"), issue("8", None), issue("9", "404")], worklogs=[worklog("1", "9", 3)])
    file = two.publish().path
    assert read(file, "SELECT project_id, project, issues, hours_logged FROM portfolio ORDER BY ALL NULLS LAST") == [
        ("ops:1", "Project 1", 1, 0.0),
        ("ops:2", "Project 2", 0, 0.0),
        (None, "(in no project)", 2, 3.0),
    ]


# ---- one generation after another --------------------------------------------------------------------------------


def test_each_file_has_a_name_of_its_own_and_cannot_be_written(tracker):
    files = [tracker.publish().path for _ in range(3)]
    assert [f.name for f in files] == [f"portfolio-2026-11-21T1200Z{again}.duckdb" for again in ("", "-2", "-3")]
    assert [f.stat().st_mode & 0o777 for f in files] == [0o444] * 3
    link = tracker.data / "portfolio.duckdb"
    assert link.is_symlink() and link.resolve() == files[-1]
    assert not Path(link.readlink()).is_absolute()  # the folder may be moved, or shared under another name
    assert (tracker.data / "published" / "latest.txt").read_text() == f"{files[-1].name}\n"
    assert sorted(p.name for p in (tracker.data / "published").iterdir()) == sorted(
        [*(f.name for f in files), "latest.txt"]
    )


def test_an_open_reader_goes_on_with_the_old_file_and_a_new_one_sees_the_new(tracker):
    link = tracker.data / "portfolio.duckdb"
    old = tracker.publish().path
    before = digest(old)
    with duckdb.connect(str(link.resolve()), read_only=True) as reader:
        reader.execute("BEGIN; FROM issues")
        tracker.land("ops", issues=[issue("9")])
        tracker.publish()
        assert reader.execute("SELECT count(*) FROM issues").fetchall() == [(2,)]
    assert read(link, "SELECT count(*) FROM issues") == [(3,)]
    assert digest(old) == before


def test_two_nights_can_be_attached_and_compared(tracker):
    nights = [tracker.publish(NOON).path, tracker.publish(NOON + timedelta(days=1)).path]
    with duckdb.connect() as con:
        for name, path in zip(("mon", "tue"), nights, strict=True):
            con.execute(f"ATTACH '{path}' AS {name} (READ_ONLY)")
        assert con.execute("FROM mon.issues EXCEPT FROM tue.issues").fetchall() == []


def test_generations_are_kept_by_date(tracker):
    published = tracker.data / "published"
    published.mkdir()
    names = {
        "portfolio-2026-11-21T0100Z.duckdb": True,  # two days and less: all
        "portfolio-2026-11-20T2300Z.duckdb": True,
        "portfolio-2026-11-20T0100Z.duckdb": True,
        "portfolio-2026-11-18T0200Z-2.duckdb": True,  # the last of its day
        "portfolio-2026-11-18T0200Z.duckdb": False,
        "portfolio-2026-11-18T0100Z.duckdb": False,
        "portfolio-2026-11-15T0100Z.duckdb": True,  # seven days, today is one of them
        "portfolio-2026-11-14T0100Z.duckdb": False,
        "portfolio-of-mine.duckdb": True,
    }
    for name in names:
        (published / name).write_bytes(b"")
    done = tracker.publish(keep_days=7)
    assert sorted(done.removed) == sorted(name for name, kept in names.items() if not kept)
    left = {p.name for p in published.iterdir()} - {"latest.txt", done.path.name}
    assert left == {name for name, kept in names.items() if kept}


def test_the_newest_is_kept_even_if_the_clock_was_set_back(tracker):
    tracker.publish(NOON)
    done = tracker.publish(NOON - timedelta(days=400), keep_days=1)
    assert done.path.exists() and (tracker.data / "portfolio.duckdb").resolve() == done.path


@pytest.mark.parametrize("through_link", [True, False])
def test_what_a_reader_wrote_is_moved_aside_and_reaches_nobody(tracker, through_link):
    file = tracker.publish().path
    before = digest(file)
    link = tracker.data / "portfolio.duckdb"
    file.chmod(0o644)  # as good as root, whom no mode stops
    write_and_die(link if through_link else file, "INSERT INTO issues BY NAME SELECT 'evil:1' AS id")
    file.chmod(0o444)
    assert list(tracker.data.glob("**/*.wal")) != []
    done = tracker.publish()
    assert [p.parent.name for p in done.strays] == ["stray"] and all(p.exists() for p in done.strays)
    for path in (link, file, done.path):
        assert read(path, "FROM issues WHERE id LIKE 'evil%'") == []
    assert digest(file) == before
    assert tracker.publish().strays == ()


def test_an_older_duckdb_writes_beside_the_link_and_that_is_found_too(tracker):
    tracker.publish()
    (tracker.data / "portfolio.duckdb.wal").write_bytes(b"left by DuckDB 1.1")
    done = tracker.publish()
    assert [p.name for p in done.strays] == ["portfolio.duckdb.wal.2026-11-21T1200Z"]
    assert not (tracker.data / "portfolio.duckdb.wal").exists()


def write_and_die(path: Path, sql: str):
    code = (
        "import os, sys, duckdb\ncon = duckdb.connect(sys.argv[1])\n"
        "con.execute('PRAGMA disable_checkpoint_on_shutdown')\ncon.execute(sys.argv[2])\nos._exit(9)"
    )
    ended = subprocess.run([sys.executable, "-c", code, str(path), sql], capture_output=True, text=True, check=False)
    assert ended.returncode == 9, ended.stderr


def test_a_failure_leaves_the_old_file_and_nothing_half_written(tracker, monkeypatch):
    file = tracker.publish().path
    listed = sorted(tracker.data.rglob("*"))
    with monkeypatch.context() as patch:
        patch.setattr(publish_module, "figure_parts", lambda table: ["SELECT nonsense FROM issues"])
        with pytest.raises(duckdb.BinderException):
            tracker.publish()
    assert [p for p in sorted(tracker.data.rglob("*")) if p not in listed] == []
    assert (tracker.data / "portfolio.duckdb").resolve() == file
    assert tracker.publish().path != file  # and the hub goes on


def test_what_a_killed_publishing_left_is_removed(tracker):
    published = tracker.data / "published"
    published.mkdir()
    left = [
        published / ".portfolio-2026-11-21T1100Z.duckdb.part",
        published / ".portfolio-2026-11-21T1100Z.duckdb.part.wal",
    ]
    for path in left:
        path.write_bytes(b"half")
    tracker.publish()
    assert not any(path.exists() for path in left)


def test_a_place_that_cannot_be_written_is_one_sentence(tracker):
    (tracker.data / "published").write_text("in the way")
    with pytest.raises(FileError, match="publishing: ") as raised:
        tracker.publish()
    assert "\n" not in str(raised.value)


def test_the_hub_does_not_hold_on_to_the_published_file(tracker):
    tracker.publish()
    assert tracker.hub.rows("SELECT database_name FROM duckdb_databases() WHERE NOT internal") == [("hub",)]
    assert tracker.hub.value("SELECT current_setting('threads')") == THREADS
    assert tracker.hub.rows("SELECT table_name FROM duckdb_tables() WHERE temporary AND table_name LIKE '%_now'") == []
