"""Makes a hub file of any size without reading any tool: `python -m tests.bench.bighub FOLDER ISSUES [--plan]`.

Rows come from SQL ranges, into the tables a sync lands in: four worklogs, six changes and two comments an issue, texts
of usual length. With `--plan` a plan stands beside it: 200 projects with budgets, baselines, ten work packages each,
rates of 1,000 people, costs, risks and milestones. Columns nobody gives a value get an empty one, so that new columns
need no change here.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from model.columns import Column, landed_columns
from model.config import SourceSettings
from model.tables import RECORDS
from warehouse.hub import Hub

SOURCE, PLAN = "bulk", "plan"
PROJECTS, ACCOUNTS = 200, 1000
STATUSES, PRIORITIES, TYPES = 6, 5, 4
AT = "TIMESTAMP '2025-01-01' + INTERVAL 1 MINUTE * (i % 500000)"
EMPTY = {
    "VARCHAR": "'x'",
    "VARCHAR[]": "[]",
    "TIMESTAMP": "TIMESTAMP '2025-01-01'",
    "DATE": "DATE '2025-01-01'",
    "BOOLEAN": "true",
}
BOOKKEEPING = (
    "'present' AS availability, NULL AS availability_evidence, TIMESTAMP '2026-01-01' AS first_seen_at, "
    "NULL AS gone_at, 'run' AS changed_run_id, 1 AS raw_seq, hash(i) AS content"
)


def _filled(hub: Hub, table: str, rows: int, values: Mapping[str, str], source: str = SOURCE) -> None:
    """So many rows; `values`: column → SQL of it, of the row's number i."""
    columns = [f'({values.get(c.name, _nothing(c))})::{c.type} AS "{c.name}"' for c in landed_columns(RECORDS[table])]
    hub.con.execute(
        f"INSERT INTO landed.{table} BY NAME SELECT '{source}' AS source, {', '.join(columns)}, {BOOKKEEPING} "
        f"FROM range({rows}) t(i)"
    )


def _nothing(column: Column) -> str:
    return "NULL" if column.nullable else EMPTY.get(column.type, "0")


def _words(hub: Hub) -> None:
    for kind, rows in (("status", STATUSES), ("priority", PRIORITIES), ("type", TYPES)):
        category = "CASE WHEN i < 2 THEN 'todo' WHEN i < 4 THEN 'in_progress' ELSE 'done' END"
        values = {"native_id": f"'{kind}:' || i", "kind": f"'{kind}'", "word_id": "i", "name": f"'{kind} ' || i"}
        values |= {"category": category if kind == "status" else "NULL", "position": "i"}
        _filled(hub, "words", rows, values)


def _issues(hub: Hub, count: int) -> None:
    values = {
        "native_id": "i + 10000",
        "key": f"'P' || (i % {PROJECTS}) || '-' || i",
        "url": "'https://bulk.example.net/browse/P-' || i",
        "project_id": f"(i % {PROJECTS}) + 1",
        "native_type_id": f"i % {TYPES}",
        "native_type": f"'type ' || (i % {TYPES})",
        "title": "'Something to be done about the thing number ' || i",
        "description": "repeat('Some words that describe what should be done here, in prose. ', 8) || i",
        "native_status_id": f"i % {STATUSES}",
        "native_status": f"'status ' || (i % {STATUSES})",
        "native_priority_id": f"i % {PRIORITIES}",
        "assignee_id": f"'account' || (i % {ACCOUNTS})",
        "reporter_id": f"'account' || ((i * 7) % {ACCOUNTS})",
        "labels": "['one', 'of' || (i % 50)]",
        "story_points": "i % 8",
        "original_estimate_seconds": "3600 * (i % 9)",
        "due_on": "DATE '2026-01-01' + (i % 400)::INT",
        "created_at": AT,
        "updated_at": f"{AT} + INTERVAL 30 DAY",
    }
    _filled(hub, "issues", count, values)


def _lists(hub: Hub, count: int) -> None:
    issue, account = f"(i % {count}) + 10000", f"'account' || (i % {ACCOUNTS})"
    of_issue = {"native_id": "i + 1", "issue_id": issue, "account_id": account, "created_at": AT}
    hours = {"started_at": AT, "work_on": f"({AT})::DATE", "work_on_basis": "'account_zone'", "updated_at": AT}
    hours |= {"seconds": "900 * (i % 9)", "comment": "'did some work on it'"}
    _filled(hub, "worklogs", 4 * count, of_issue | hours)
    change = {
        "native_id": "(i + 1) || ':status:1'",
        "field": "CASE WHEN i % 2 = 0 THEN 'status' ELSE 'assignee' END",
        "from_native": "'one'",
        "to_native": "'other'",
        "from_native_id": f"i % {STATUSES}",
        "to_native_id": f"(i + 1) % {STATUSES}",
        "changed_at": AT,
        "evidence": "'reported'",
    }
    _filled(hub, "issue_changes", 6 * count, of_issue | change)
    _filled(hub, "comments", 2 * count, of_issue)
    link = {"native_id": "i + 1", "kind": "'blocks'", "native_kind": "'Blocks'", "from_issue_id": issue}
    _filled(hub, "issue_links", count // 3, link | {"to_issue_id": f"((i * 3) % {count}) + 10000"})


def _plan(hub: Hub) -> None:
    """Each project of the tool belongs to one of the plan; its year is 2026, and half of it is earned and spent."""

    def filled(table: str, rows: int, values: Mapping[str, str]) -> None:
        of_project = f"'K' || (i % {PROJECTS})"
        has_project = any(column.name == "project_id" for column in landed_columns(RECORDS[table]))
        given = {"native_id": f"'{table}' || i"} | ({"project_id": of_project} if has_project else {})
        _filled(hub, table, rows, given | dict(values), PLAN)

    key = {"native_id": "'K' || i", "key": "'K' || i", "name": "'Planned ' || i", "native_state": "'active'"}
    filled("projects", PROJECTS, key)
    filled("program_plans", 20, {"native_id": "'G' || i", "name": "'Program ' || i"})
    filled(
        "project_plans",
        PROJECTS,
        {"program_id": "'G' || (i % 20)", "sponsor": "'Ada'", "pm": "'Ben'", "stage": "'execution'", "kind": "'change'"}
        | {"mandatory": "false", "currency": "'EUR'", "earned_rule": "'percent'", "deadline_on": "DATE '2027-06-30'"},
    )
    filled("project_scopes", PROJECTS, {"position": "i", "in_source": f"'{SOURCE}'", "in_project": "['P' || i]"})
    filled("baselines", PROJECTS, {"number": "1", "approved_by": "'Ada'", "approved_on": "DATE '2025-12-15'"})
    month = f"DATE '2026-01-01' + INTERVAL 1 MONTH * ((i // {PROJECTS}) % 10)"
    dates = {"start_on": f"({month})::DATE", "finish_on": f"({month} + INTERVAL 59 DAY)::DATE"}
    filled(
        "work_packages",
        10 * PROJECTS,
        {"baseline": "1", "name": "'package ' || i", "budget": "100000.0", "level_of_effort": "false"}
        | {"percent_complete": f"CASE WHEN i // {PROJECTS} < 5 THEN 100 ELSE 0 END"} | dates,
    )  # fmt: skip
    filled(
        "budget_lines", 3 * PROJECTS, {"category": "['labour', 'hardware', 'travel'][1 + i % 3]", "amount": "400000.0"}
    )
    filled("team_members", ACCOUNTS, {"person": "'Name ' || i", "role": "'role ' || (i % 12)", "share": "1.0"})
    rates = {
        "project_id": "NULL",
        "person": "'Name ' || (i % 1000)",
        "hourly_rate": "60.0 + i % 50",
        "currency": "'EUR'",
    }
    years = {"from_on": "DATE '2023-01-01' + INTERVAL 1 YEAR * (i // 1000)"}
    filled("rates", 4 * ACCOUNTS, rates | years | {"to_on": "DATE '2023-12-31' + INTERVAL 1 YEAR * (i // 1000)"})
    filled(
        "cost_entries",
        40 * PROJECTS,
        {"kind": "['expense', 'accrual', 'commitment'][1 + i % 3]", "amount": "1234.5", "category": "'hardware'"}
        | {"worked_on": f"({month})::DATE"},
    )
    risk = {"title": "'Something may happen'", "kind": "'threat'", "state": "'open'", "probability": "1 + i % 5"}
    filled("risk_register", 10 * PROJECTS, risk | {"impact": "1 + i % 4"})
    filled("milestones", 8 * PROJECTS, {"name": "'Stage ' || i", "kind": "'milestone'", "due_on": dates["finish_on"]})


def _ledger(hub: Hub) -> None:
    now = "now()::TIMESTAMP"
    # as in `tests.bench.bulk.CONFIG`: a hub that was read under other settings would be made again
    settings = SourceSettings(name=SOURCE, type="jira", zone="Europe/Berlin")
    hub.con.execute(
        f"INSERT INTO ledger.cursors BY NAME SELECT '{SOURCE}' AS source, 'issues' AS stream, 'issues' AS table_name, "
        f"{now} AS through_at, 1 AS census, 1 AS present, {now} AS census_at, 0 AS held_back"
    )
    hub.con.execute(
        f"INSERT INTO ledger.sources BY NAME SELECT '{SOURCE}' AS source, 'jira' AS kind, 'u' AS url, 'u' AS instance, "
        f"'a' AS account_id, 's' AS scope, NULL AS projects, '{settings.filter_fingerprint}' "
        f"AS filter_fingerprint, '{settings.decode_fingerprint}' AS decode_fingerprint, {now} AS changed_at, "
        "true AS settled"
    )


def make(data: Path, issues: int, *, plan: bool = False) -> None:
    """The hub file in that folder."""
    data.mkdir(parents=True)
    hub = Hub(data / "hub.duckdb", create=True)
    hub.con.execute("SET memory_limit = '1GB'")
    _filled(hub, "projects", PROJECTS, {"native_id": "i + 1", "key": "'P' || i", "name": "'Project ' || i"})
    account = {"native_id": "'account' || i", "name": "'Name ' || i", "email": "'a' || i || '@example.org'"}
    _filled(hub, "accounts", ACCOUNTS, account)
    _words(hub)
    _issues(hub, issues)
    _lists(hub, issues)
    _ledger(hub)
    if plan:
        _plan(hub)
    hub.checkpoint()
    hub.close()


if __name__ == "__main__":
    make(Path(sys.argv[1]), int(sys.argv[2]), plan="--plan" in sys.argv)
