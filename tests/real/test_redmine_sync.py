"""A real Redmine, read with `pmo sync`: every record compared with its own API, before and after a day's work.

What is expected is made from plain API answers here, with no code of the connector. Counts are printed.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.real.redmine_server import Redmine
from tests.running import configured, pmo, well

Row = dict[str, Any]
Expected = dict[str, dict[str, tuple[Any, ...]]]
ALL_ISSUES = {"status_id": "*", "sort": "id:asc", "include": "relations"}


class Office:
    """A hub of its own, reading the server with one key."""

    def __init__(self, folder: Path, redmine: Redmine, key: str) -> None:
        self.folder = configured(folder, redmine.url)
        self.key = key

    def pmo(self, *words: str) -> str:
        return well(pmo(*words, cwd=self.folder, SANDBOX_KEY=self.key))

    def sync(self) -> Row:
        report: Row = json.loads(self.pmo("sync", "--json"))
        (source,) = report["sources"]
        return dict(source)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str((self.folder / "data" / "portfolio.duckdb").resolve()), read_only=True) as con:
            return con.execute(sql).fetchall()

    def hub_rows(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.folder / "data" / "hub.duckdb"), read_only=True) as con:
            return con.execute(sql).fetchall()

    def present(self, table: str, columns: str, more: str = "TRUE") -> dict[str, tuple[Any, ...]]:
        found = self.rows(f"SELECT native_id, {columns} FROM {table} WHERE availability = 'present' AND {more}")
        return {row[0]: row[1:] for row in found}


@pytest.fixture
def office(tmp_path: Path, own_redmine: Redmine) -> Office:
    return Office(tmp_path / "office", own_redmine, own_redmine.admin_key)


# ---- what Redmine says, in the words of the tables


def _at(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).replace(tzinfo=None) if text else None


def _on(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _seconds(hours: float | None) -> int | None:
    return None if hours is None else round(hours * 3600)


def _ref(value: Any) -> str | None:
    return None if value is None else f"ops:{value['id']}"


def _name(value: Any) -> str | None:
    return None if value is None else value["name"]


def _issue(row: Row) -> tuple[Any, ...]:
    return (
        f"#{row['id']}",
        _ref(row["project"]),
        _ref(row.get("parent")),
        row["tracker"]["name"],
        row["subject"],
        row["description"],
        row["status"]["name"],
        row["priority"]["name"],
        _ref(row.get("assigned_to")),
        _ref(row["author"]),
        _ref(row.get("fixed_version")),
        [row["category"]["name"]] if row.get("category") else [],
        float(row["done_ratio"]),
        _seconds(row.get("estimated_hours")),
        _seconds(row.get("spent_hours")),
        _on(row.get("start_date")),
        _on(row.get("due_date")),
        _at(row["created_on"]),
        _at(row["updated_on"]),
        row["status"]["is_closed"],
        {f["name"]: f["value"] for f in row.get("custom_fields", []) if f.get("value") not in (None, "", [])},
    )


ISSUE_COLUMNS = """key, project_id, parent_id, native_type, title, description, native_status, native_priority,
    assignee_id, reporter_id, milestone_id, components, percent_complete, original_estimate_seconds,
    time_spent_seconds, start_on, due_on, created_at, updated_at, status IN ('done', 'cancelled'), custom"""


def _expected(redmine: Redmine, key: str, *, admin: bool) -> Expected:
    issues = redmine.api_all("/issues.json", key=key, **ALL_ISSUES)
    entries = redmine.api_all("/time_entries.json", key=key)
    projects = redmine.api_all("/projects.json", key=key, status="1|5")
    expected: Expected = {
        "issues": {str(i["id"]): _issue(i) for i in issues},
        "worklogs": {
            str(e["id"]): (
                _ref(e.get("issue")),
                _ref(e["project"]),
                _ref(e["user"]),
                _on(e["spent_on"]),
                _seconds(e["hours"]),
                e["activity"]["name"],
                e["comments"],
                _at(e["created_on"]),
                _at(e["updated_on"]),
            )
            for e in entries
        },
        "issue_links": {
            str(r["id"]): (f"ops:{r['issue_id']}", f"ops:{r['issue_to_id']}", r["relation_type"])
            for i in issues
            for r in i["relations"]
        },
        "projects": {
            str(p["id"]): (
                p["identifier"],
                p["name"],
                "closed" if p["status"] == 5 else "active",
                _ref(p.get("parent")),
            )
            for p in projects
        },
        "milestones": _versions(redmine, key, projects),
    }
    if admin:
        expected["accounts"] = {
            str(u["id"]): (f"{u['firstname']} {u['lastname']}".strip(), status == 1)
            for status in (1, 2, 3)  # active, registered, locked
            for u in redmine.api_all("/users.json", key=key, status=status)
        }
    return expected


def _versions(redmine: Redmine, key: str, projects: list[Row]) -> dict[str, tuple[Any, ...]]:
    found = {}
    for project in projects:
        answer = redmine.api("GET", f"/projects/{project['id']}/versions.json", key=key)
        for v in answer.json()["versions"] if answer.ok else []:
            if v["project"]["id"] == project["id"]:
                found[str(v["id"])] = (f"ops:{project['id']}", v["name"], v["status"], _on(v.get("due_date")))
    return found


COLUMNS = {
    "issues": ISSUE_COLUMNS,
    "worklogs": "issue_id, project_id, account_id, work_on, seconds, activity, comment, created_at, updated_at",
    "issue_links": "from_issue_id, to_issue_id, native_kind",
    "projects": "key, name, state, parent_id",
    "milestones": "project_id, name, state, due_on",
    "accounts": "name, active",
}


def _compare(office: Office, redmine: Redmine, *, admin: bool = True) -> dict[str, int]:
    """Every record, both ways. Gives back how many there are."""
    counts = {}
    for table, truth in _expected(redmine, office.key, admin=admin).items():
        # accounts that are only named somewhere (groups, nobody) are in no list of users; a version that is shared by
        # a project the account does not see is there too, and not compared
        listed = {
            "accounts": "active IS NOT NULL",
            "milestones": "project_id IN (SELECT id FROM projects WHERE availability = 'present')",
        }.get(table, "TRUE")
        landed = office.present(table, COLUMNS[table], listed)
        if table == "issues":
            landed = {i: (*row[:-1], json.loads(row[-1] or "{}")) for i, row in landed.items()}
        assert set(landed) == set(truth), _both_ways(table, landed, truth)
        for id_, row in truth.items():
            assert landed[id_] == row, f"{table} {id_}:\n{landed[id_]}\nshould be\n{row}"
        counts[table] = len(truth)
    history, notes = _journals(redmine, office.key, sorted(int(i) for i in office.present("issues", "key")))
    landed_history = office.present(
        "issue_changes", "issue_id, account_id, coalesce(from_native_id, from_native), "
        "coalesce(to_native_id, to_native), changed_at",
    )  # fmt: skip
    if not admin:  # a relation to an issue that was hidden since is not shown in the history any more; we saw it
        seen = set(office.present("issues", "key"))
        landed_history = {i: r for i, r in landed_history.items() if ":relation:" not in i or seen.intersection(r[2:4])}
    assert set(landed_history) == set(history), _both_ways("issue_changes", landed_history, history)
    for id_, row in history.items():
        assert landed_history[id_] == row, f"issue_changes {id_}:\n{landed_history[id_]}\nshould be\n{row}"
    commented = {
        i for (i,) in office.hub_rows(
            "SELECT c.native_id FROM landed.comments AS c WHERE availability = 'present' AND NOT EXISTS "
            "(FROM absent.comments AS a WHERE a.native_id = c.native_id)"
        )
    }  # fmt: skip
    assert commented == notes, _both_ways("comments", dict.fromkeys(commented), dict.fromkeys(notes))
    return {**counts, "issue_changes": len(history), "comments": len(notes)}


def _both_ways(table: str, landed: Mapping[str, Any], truth: Mapping[str, Any]) -> str:
    return f"{table}: invented {sorted(set(landed) - set(truth))[:9]}, lost {sorted(set(truth) - set(landed))[:9]}"


def _journals(redmine: Redmine, key: str, issues: list[int]) -> tuple[dict[str, tuple[Any, ...]], set[str]]:
    history: dict[str, tuple[Any, ...]] = {}
    notes: set[str] = set()
    for id_ in issues:
        for journal in redmine.get(f"/issues/{id_}.json", key=key, include="journals")["issue"]["journals"]:
            times: Counter[str] = Counter()
            if journal["notes"]:
                notes.add(str(journal["id"]))
            for detail in journal["details"]:
                name = f"{journal['id']}:{detail['property']}:{detail['name']}"
                times[name] += 1
                history[f"{name}:{times[name]}"] = (
                    f"ops:{id_}",
                    _ref(journal["user"]),
                    detail["old_value"],
                    detail["new_value"],
                    _at(journal["created_on"]),
                )
    return history, notes


# ---- a day in the tool


def _a_day(redmine: Redmine, random_: random.Random) -> dict[str, int]:
    """Edits, closes, moves, deletes; relations and hours come and go; a version is renamed, a project archived."""
    redmine.runner("Issue.update_all(:updated_on => Time.now.utc - 86400); nil")
    issues = list(redmine.api_all("/issues.json", **ALL_ISSUES))
    closed_projects = {p["id"] for p in redmine.api_all("/projects.json", status="5")}
    alive = [i["id"] for i in issues if i["project"]["id"] not in closed_projects]
    random_.shuffle(alive)
    did: Counter[str] = Counter()

    def put(id_: int, **fields: Any) -> None:
        answer = redmine.api("PUT", f"/issues/{id_}.json", json={"issue": fields})
        did["refused by Redmine" if not answer.ok else "edited"] += 1

    for n, id_ in enumerate(alive[:25]):
        put(id_, subject=f"edited {n} – “Ä”", notes="a note" if n % 3 else "")
    closing = next(s["id"] for s in redmine.get("/issue_statuses.json")["issue_statuses"] if s["is_closed"])
    for id_ in alive[25:35]:
        put(id_, status_id=closing)
    for id_ in alive[35:40]:
        put(id_, project_id=redmine.info["projects"]["empty"])
    # what is gone when its project is archived is told to be archived with it
    archived = {i["id"] for i in issues if i["project"]["name"] == _name_of(redmine, "crane-sim")}
    doomed = [id_ for id_ in alive[40:] if id_ not in archived][:6]
    for id_ in doomed:
        did["deleted issues"] += redmine.api("DELETE", f"/issues/{id_}.json").ok
    for id_ in alive[50:54]:
        made = redmine.api("POST", f"/issues/{id_}/relations.json", json={"relation": {
            "issue_to_id": alive[60 + id_ % 5], "relation_type": "relates"}})  # fmt: skip
        did["related"] += made.ok
    related = [r for i in issues for r in i["relations"] if r["issue_id"] not in doomed]
    for relation in related[:3]:
        did["unrelated"] += redmine.api("DELETE", f"/relations/{relation['id']}.json").ok
    for id_ in alive[70:76]:
        hours = {"issue_id": id_, "hours": 1.25, "activity_id": 9, "comments": "late", "spent_on": "2026-03-02"}
        did["hours booked"] += redmine.api("POST", "/time_entries.json", json={"time_entry": hours}).ok
    entries = redmine.api_all("/time_entries.json", **{"from": str(date.today())})  # noqa: DTZ011
    for entry in entries[:3]:
        edit = {"time_entry": {"hours": 4.5}}
        did["hours edited"] += redmine.api("PUT", f"/time_entries/{entry['id']}.json", json=edit).ok
    old = [e for e in redmine.api_all("/time_entries.json") if e not in entries]
    for entry in old[-4:]:
        did["hours deleted"] += redmine.api("DELETE", f"/time_entries/{entry['id']}.json").ok
    for n in range(4):
        new = {"project_id": redmine.info["projects"]["empty"], "subject": f"new {n}", "estimated_hours": n + 0.5}
        did["made"] += redmine.api("POST", "/issues.json", json={"issue": new}).ok
    versions = [v for p in redmine.api_all("/projects.json") for v in _own_versions(redmine, p["id"])]
    did["renamed"] += redmine.api(
        "PUT", f"/versions/{versions[0]['id']}.json", json={"version": {"name": "new name"}}
    ).ok
    redmine.runner("Project.find('crane-sim').archive; nil")
    did["archived"] += 1
    return dict(did)


def _name_of(redmine: Redmine, identifier: str) -> str:
    return redmine.get(f"/projects/{identifier}.json")["project"]["name"]


def _own_versions(redmine: Redmine, project: int) -> list[Row]:
    answer = redmine.api("GET", f"/projects/{project}/versions.json")
    return [v for v in (answer.json()["versions"] if answer.ok else []) if v["project"]["id"] == project]


def test_every_record_equals_the_tools_own_before_and_after_a_day(office: Office, own_redmine: Redmine, capsys):
    seed = random.SystemRandom().randrange(10**6)
    first = office.sync()
    before = _compare(office, own_redmine)
    quiet = office.sync()
    assert quiet["rows_changed"] == 0, [s for s in quiet["streams"] if s["rows_changed"]]
    did = _a_day(own_redmine, random.Random(seed))
    second = office.sync()
    after = _compare(office, own_redmine)
    gone = dict(office.rows("SELECT availability, count(*) FROM issues GROUP BY ALL"))
    assert gone["deleted"] >= did["deleted issues"]
    assert gone["archived"] > 0
    office.pmo("rebuild")
    assert _compare(office, own_redmine) == after
    last = office.sync()
    assert last["rows_changed"] == 0, [s for s in last["streams"] if s["rows_changed"]]
    with capsys.disabled():
        print(f"\nreal Redmine, seed {seed}: first sync {first['rows_changed']} rows in {first['requests']} requests")
        print(
            f"  compared {before}\n  a day: {did}\n  then {second['rows_changed']} rows, {second['requests']} requests"
        )
        print(f"  compared {after}, issues {gone}; a quiet run: {last['requests']} requests", flush=True)


def test_a_right_that_is_revoked_hides_and_does_not_delete(tmp_path: Path, own_redmine: Redmine, capsys):
    member = Office(tmp_path / "member", own_redmine, own_redmine.member_key)
    login = own_redmine.get("/users/current.json", key=member.key)["user"]["login"]
    private, role = own_redmine.runner(
        """project = Project.active.where(:is_public => false).to_a.select { |p| p.issues.any? }.first
           [project.id, Role.givable.to_a.select { |r| r.has_permission?(:view_issues) }.first.id]"""
    )
    join = f"""Member.create!(:project_id => {private}, :user_id => User.find_by_login('{login}').id,
        :role_ids => [{role}]); nil"""
    own_redmine.runner(join)
    member.sync()
    before = _compare(member, own_redmine, admin=False)
    own_redmine.runner(
        f"""Member.where(:project_id => {private}, :user_id => User.find_by_login('{login}').id).destroy_all; nil"""
    )
    for _ in range(2):  # the first run sees that the account may see less, and calls nothing gone
        member.sync()
        called = {a for (a,) in member.rows("SELECT DISTINCT availability FROM issues")}
        assert "deleted" not in called
    hidden = _compare(member, own_redmine, admin=False)
    gone = member.rows(f"SELECT availability, count(*) FROM issues WHERE project_id = 'ops:{private}' GROUP BY ALL")
    assert [a for a, _ in gone] == ["inaccessible"]
    own_redmine.runner(join)
    member.sync()
    assert _compare(member, own_redmine, admin=False) == before
    with capsys.disabled():
        print(f"\nreal Redmine, a member: {before}; without a right {hidden}, hidden {gone}", flush=True)
