"""What a real Redmine 5 does, where the connector relies on it: measured, so that a new version cannot surprise us.

Nothing of ours is called: each test asks the server, plainly. Facts that only hurt when they are forgotten (a wrong key
that answers 200, a relation that leaves no trace in `updated_on`) stand here too.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from tests.real.redmine_server import Redmine

ALL_ISSUES = {"status_id": "*", "sort": "id:asc"}
NOTHING = "a-key-that-nobody-has"
Row = dict[str, Any]


def only_projects(*ids: int) -> list[tuple[str, str]]:
    """The long form of a filter: exactly these projects, of any issue status. Short filters do not count beside it."""
    status = [("f[]", "status_id"), ("op[status_id]", "*")]
    return [*status, ("f[]", "project_id"), ("op[project_id]", "="), *(("v[project_id][]", str(i)) for i in ids)]


def ids_of(rows: list[Row]) -> list[int]:
    return [row["id"] for row in rows]


# ---------------------------------------------------------------- the records that tests find


def test_the_records_are_what_tests_want(redmine: Redmine):
    counts = redmine.info["counts"]
    print(", ".join(f"{count} {name}" for name, count in counts.items()))
    assert counts["projects"] >= 6 and counts["users"] >= 12 and counts["issues"] >= 350
    assert counts["time_entries"] >= 400 and counts["relations"] >= 40 and counts["journals"] >= 500
    found = redmine.runner(
        """{ :kinds => IssueRelation.distinct.pluck(:relation_type),
             :details => JournalDetail.distinct.pluck(:property),
             :formats => CustomField.distinct.pluck(:field_format), :sharing => Version.distinct.pluck(:sharing),
             :states => Version.distinct.pluck(:status), :people => User.logged.distinct.pluck(:status),
             :delays => IssueRelation.where.not(:delay => [nil, 0]).count,
             :private => [Issue.where(:is_private => true).count, Journal.where(:private_notes => true).count],
             :levels => Issue.maximum('rgt - lft'), :long => Issue.maximum('length(description)'),
             :future => TimeEntry.where('spent_on > ?', Date.current).count,
             :old => TimeEntry.where('spent_on < ?', Date.current - 700).count,
             :free => TimeEntry.where(:issue_id => nil).count }"""
    )
    assert set(found["kinds"]) == {"relates", "duplicates", "blocks", "precedes", "copied_to"}
    assert set(found["details"]) == {"attr", "cf", "relation", "attachment"}
    wanted = {"string", "text", "int", "float", "list", "bool", "date", "user", "version", "link", "enumeration"}
    assert wanted <= set(found["formats"])
    assert set(found["sharing"]) == {"none", "descendants", "hierarchy", "tree", "system"}
    assert set(found["states"]) == {"open", "locked", "closed"} and set(found["people"]) == {1, 2, 3}
    assert min(found["delays"], *found["private"], found["future"], found["old"], found["free"]) > 0
    assert found["levels"] > 3 and found["long"] > 65_535


# ---------------------------------------------------------------- who asks


def test_a_wrong_key_is_told_by_the_current_user_only(redmine: Redmine):
    assert redmine.get("/users/current.json")["user"]["login"] == "admin"
    for key in (NOTHING, ""):
        refused = redmine.api("GET", "/users/current.json", key=key)
        assert (refused.status_code, refused.content) == (401, b"")
        fewer = redmine.get("/issues.json", key=key, status_id="*", limit=1)["total_count"]
        assert 0 < fewer < redmine.get("/issues.json", status_id="*", limit=1)["total_count"]


def test_where_a_login_is_required_a_wrong_key_is_refused_everywhere(own_redmine: Redmine):
    own_redmine.runner("Setting.login_required = '1'")
    try:
        for path in ("/users/current.json", "/issues.json", "/projects.json"):
            assert own_redmine.api("GET", path, key=NOTHING).status_code == 401
    finally:
        own_redmine.runner("Setting.login_required = '0'")


def test_keys_are_told_by_these_answers_and_not_by_the_list_of_users(redmine: Redmine):
    for path in ("/users/current.json", "/my/account.json"):
        assert redmine.get(path)["user"]["api_key"] == redmine.admin_key
    other = redmine.info["users"]["bjorn"]
    assert redmine.get(f"/users/{other['id']}.json")["user"]["api_key"] == other["key"]
    assert "api_key" not in redmine.get(f"/users/{other['id']}.json", key=redmine.member_key)["user"]
    assert not any("api_key" in user for user in redmine.api_all("/users.json", status=""))


def test_asking_for_one_user_makes_him_a_key(own_redmine: Redmine):
    rita = own_redmine.info["users"]["rita"]["id"]
    keys = f"Token.where(:user_id => {rita}, :action => 'api').count"
    assert own_redmine.runner(keys) == 0
    own_redmine.api_all("/users.json", status="")
    assert own_redmine.runner(keys) == 0
    own_redmine.get(f"/users/{rita}.json")
    assert own_redmine.runner(keys) == 1


def test_the_api_may_be_off(own_redmine: Redmine):
    own_redmine.runner("Setting.rest_api_enabled = '0'")
    try:
        assert own_redmine.api("GET", "/users/current.json").status_code == 403
    finally:
        own_redmine.runner("Setting.rest_api_enabled = '1'")


def test_this_server_tells_no_time(redmine: Redmine):
    # Puma sends no Date; a web server before it does, in whole seconds
    assert "Date" not in redmine.api("GET", "/issues.json", params={"limit": 1}).headers


# ---------------------------------------------------------------- projects


def test_closed_projects_are_listed_when_asked_for_and_archived_ones_never(redmine: Redmine):
    ids = redmine.info["projects"]
    closed, archived = {ids["mill"], ids["mill-wheel"]}, ids["barn"]
    active = set(ids_of(redmine.api_all("/projects.json")))
    assert active == set(ids.values()) - closed - {archived}
    assert set(ids_of(redmine.api_all("/projects.json", status="1|5"))) == active | closed
    assert set(ids_of(redmine.api_all("/projects.json", status="1|5|9"))) == active | closed
    assert set(ids_of(redmine.api_all("/projects.json", status="5"))) == closed
    assert redmine.api_all("/projects.json", status="*") == [] == redmine.api_all("/projects.json", status="9")


@pytest.mark.parametrize(
    ("who", "project", "status"),
    [("admin", "barn", 403), ("admin", "mill", 200), ("petra", "vault", 403), ("petra", "mill", 200)],
)
def test_one_project(redmine: Redmine, who: str, project: str, status: int):
    path = f"/projects/{redmine.info['projects'][project]}.json"
    assert redmine.api("GET", path, key=redmine.key_of(who)).status_code == status


def test_a_deleted_project_takes_all_with_it(own_redmine: Redmine):
    made = own_redmine.send("POST", "/projects.json", {"project": {"name": "Short", "identifier": "short"}})
    issue = own_redmine.send("POST", "/issues.json", {"issue": {"project_id": made["id"], "subject": "gone soon"}})
    own_redmine.send("DELETE", f"/projects/{made['id']}.json")
    for path in (f"/projects/{made['id']}.json", f"/issues/{issue['id']}.json"):
        assert own_redmine.api("GET", path).status_code == 404


# ---------------------------------------------------------------- issues: what is seen


def test_issues_of_closed_projects_are_listed_and_of_archived_ones_not(redmine: Redmine):
    ids = redmine.info["projects"]
    truth = {row[0]: row[1] for row in redmine.runner("Issue.pluck(:id, :project_id)")}
    listed = redmine.api_all("/issues.json", **ALL_ISSUES)
    assert ids["mill"] in {row["project"]["id"] for row in listed}
    assert set(ids_of(listed)) == {issue for issue, project in truth.items() if project != ids["barn"]}
    assert redmine.get("/issues.json", limit=1)["total_count"] < len(listed)  # without status_id=*: open ones only


def one_of(redmine: Redmine, kind: str, project: str, more: str = "{}") -> int:
    number = redmine.info["projects"][project]
    found: int = redmine.runner(f"{kind}.where(:project_id => {number}).where({more}).minimum(:id)")
    return found


@pytest.mark.parametrize("kind", ["Issue", "TimeEntry"])
@pytest.mark.parametrize(
    ("who", "project", "status"),
    [
        ("admin", "harbour", 200),
        ("admin", "mill", 200),  # closed
        ("admin", "barn", 403),  # archived, also to the administrator
        ("petra", "barn", 403),
        ("petra", "vault", 403),  # private
        ("", "vault", 401),
    ],
)
def test_one_issue_and_one_time_entry(redmine: Redmine, kind: str, who: str, project: str, status: int):
    path = {"Issue": "issues", "TimeEntry": "time_entries"}[kind]
    plain = ":is_private => false" if kind == "Issue" else "{}"
    number = one_of(redmine, kind, project, plain)
    answer = redmine.api("GET", f"/{path}/{number}.json", key=redmine.key_of(who) if who else "")
    assert answer.status_code == status
    assert status == 200 or answer.content == b""


def test_a_private_issue_is_hidden_and_hours_on_it_are_not(redmine: Redmine):
    hidden, entry = redmine.runner(
        """Issue.joins(:time_entries).where(:is_private => true, :project_id => Project.find('tram').id)
           .where.not(:assigned_to_id => User.find_by_login('petra').id)
           .where.not(:author_id => User.find_by_login('petra').id).pluck('issues.id', 'time_entries.id').first"""
    )
    key = redmine.member_key
    assert redmine.api("GET", f"/issues/{hidden}.json", params={"include": "journals"}, key=key).status_code == 403
    assert redmine.get(f"/time_entries/{entry}.json", key=key)["time_entry"]["issue"] == {"id": hidden}


def test_what_was_deleted_is_not_found(own_redmine: Redmine):
    project = own_redmine.info["projects"]["harbour"]
    issue = own_redmine.send("POST", "/issues.json", {"issue": {"project_id": project, "subject": "for a moment"}})
    activity = own_redmine.info["activities"]["Design"]
    entry = own_redmine.send(
        "POST", "/time_entries.json", {"time_entry": {"issue_id": issue["id"], "hours": 1, "activity_id": activity}}
    )
    own_redmine.send("DELETE", f"/issues/{issue['id']}.json")
    for path in (f"/issues/{issue['id']}.json", f"/time_entries/{entry['id']}.json", "/issues/999999.json"):
        for key in (own_redmine.admin_key, own_redmine.member_key):
            assert own_redmine.api("GET", path, key=key).status_code == 404


# ---------------------------------------------------------------- issues: filters and pages


def test_issues_by_a_range_of_ids(redmine: Redmine):
    every = ids_of(redmine.api_all("/issues.json", **ALL_ISSUES))
    assert every == sorted(every)
    for given, wanted in {
        ">=100": [i for i in every if i >= 100],
        "<=100": [i for i in every if i <= 100],
        "><100|150": [i for i in every if 100 <= i <= 150],
        ">=99999": [],
    }.items():
        assert ids_of(redmine.api_all("/issues.json", issue_id=given, **ALL_ISSUES)) == wanted
    few = every[:3]
    assert ids_of(redmine.api_all("/issues.json", issue_id=",".join(map(str, few)), **ALL_ISSUES)) == few
    assert ids_of(redmine.api_all("/issues.json", issue_id="|".join(map(str, few)), **ALL_ISSUES)) == few[:1]


def test_a_range_of_ids_goes_with_a_time_of_change(redmine: Redmine):
    rows = redmine.api_all("/issues.json", **ALL_ISSUES)
    pivot = sorted(row["updated_on"] for row in rows)[len(rows) // 2]
    half = ids_of(redmine.api_all("/issues.json", issue_id=">=50", updated_on=f">={pivot}", **ALL_ISSUES))
    assert half == [row["id"] for row in rows if row["id"] >= 50 and row["updated_on"] >= pivot]
    same = redmine.api_all("/issues.json", updated_on=f"><{pivot}|{pivot}", **ALL_ISSUES)  # both ends included
    assert ids_of(same) == [row["id"] for row in rows if row["updated_on"] == pivot]
    assert {re.sub(r"\d", "9", row["updated_on"]) for row in rows} == {"9999-99-99T99:99:99Z"}


@pytest.mark.parametrize("given", [">=2026-01-01T00:00:00.000Z", ">=2026-01-01T00:00:00+00:00", ">="])
def test_a_time_in_another_form_is_refused(redmine: Redmine, given: str):
    refused = redmine.api("GET", "/issues.json", params={"updated_on": given})
    assert refused.status_code == 422 and refused.json()["errors"]


def test_a_filter_or_a_sort_that_does_not_exist_is_passed_over(redmine: Redmine):
    every = redmine.get("/issues.json", status_id="*", limit=1)["total_count"]
    for odd in ({"id": ">=100"}, {"udpated_on": ">=2099-01-01"}, {"sort": "no_such:asc"}):
        assert redmine.get("/issues.json", status_id="*", limit=1, **odd)["total_count"] == every
    hours = redmine.get("/time_entries.json", limit=1)["total_count"]
    for odd in ({"updated_on": ">=2099-01-01"}, {"created_on": ">=2099-01-01"}, {"id": "3"}, {"from": "no day"}):
        assert redmine.get("/time_entries.json", limit=1, **odd)["total_count"] == hours


def test_several_projects_without_what_is_below_them(redmine: Redmine):
    ids = redmine.info["projects"]
    rows = redmine.api_all("/issues.json", **ALL_ISSUES)

    def total(params: Any) -> int:
        answer = redmine.api("GET", "/issues.json", params=params)
        assert answer.status_code == 200
        count: int = answer.json()["total_count"]
        return count

    def those(*names: str) -> int:
        return sum(row["project"]["id"] in {ids[name] for name in names} for row in rows)

    assert total(only_projects(ids["harbour"], ids["tram"])) == those("harbour", "tram")
    assert total(only_projects(ids["harbour"])) == those("harbour")
    assert total(only_projects(ids["mill"])) == those("mill") > 0  # closed
    assert total(only_projects(ids["barn"])) == 0 == total(only_projects(99999))
    below = those("harbour", "crane", "crane-sim", "legal")
    assert total({"status_id": "*", "project_id": ids["harbour"]}) == below
    assert total({"status_id": "*", "project_id": ids["harbour"], "subproject_id": "!*"}) == those("harbour")
    # beside the long form a short one is passed over
    assert total([*only_projects(ids["harbour"]), ("issue_id", ">=99999")]) == those("harbour")
    longer = [("f[]", "issue_id"), ("op[issue_id]", ">="), ("v[issue_id][]", "99999")]
    assert total([*only_projects(ids["harbour"]), *longer]) == 0


@pytest.mark.parametrize(("project", "status"), [("1|5", 404), ("1,5", 404), ("nosuch", 404), ("barn", 403)])
def test_a_project_that_cannot_be_shown_is_no_empty_list(redmine: Redmine, project: str, status: int):
    for path in ("/issues.json", "/time_entries.json"):
        assert redmine.api("GET", path, params={"project_id": project}).status_code == status


def test_a_long_filter_breaks_the_list_of_issues(redmine: Redmine):
    # Redmine keeps the filter in a cookie of 4 kB, for the API too; the list of hours keeps none
    def status(path: str, count: int) -> int:
        ids = ",".join(str(100_000 + n) for n in range(count))
        return redmine.api("GET", path, params={"status_id": "*", "issue_id": ids}).status_code

    assert status("/issues.json", 200) == 200
    assert status("/issues.json", 400) == 500
    assert status("/time_entries.json", 400) == 200
    many = redmine.api("GET", "/issues.json", params=only_projects(*range(1000, 1100)))
    assert many.status_code == 200
    assert redmine.api("GET", "/issues.json", params=only_projects(*range(1000, 1300))).status_code == 500


def test_pages(redmine: Redmine):
    for asked, given in {1000: 100, 100: 100, 1: 1, 0: 25, -1: 25}.items():
        answer = redmine.get("/issues.json", status_id="*", limit=asked)
        assert (answer["limit"], len(answer["issues"])) == (given, given)
    beyond = redmine.get("/issues.json", status_id="*", offset=100_000)
    assert beyond["issues"] == [] and beyond["total_count"] > 300


def test_a_list_that_shrinks_between_two_pages_skips_rows(own_redmine: Redmine):
    project = own_redmine.info["projects"]["empty"]
    made = [
        own_redmine.send("POST", "/issues.json", {"issue": {"project_id": project, "subject": f"row {n}"}})["id"]
        for n in range(6)
    ]
    page = {"project_id": project, "limit": 3, **ALL_ISSUES}
    first = own_redmine.get("/issues.json", **page)
    own_redmine.send("DELETE", f"/issues/{made[0]}.json")
    second = own_redmine.get("/issues.json", offset=3, **page)
    assert ids_of(first["issues"] + second["issues"]) == made[:3] + made[4:]
    assert (first["total_count"], second["total_count"]) == (6, 5)
    # asked by id it is complete
    assert ids_of(own_redmine.get("/issues.json", issue_id=f">={made[2] + 1}", **page)["issues"]) == made[3:]


# ---------------------------------------------------------------- what changes the time of change


@pytest.fixture(scope="module")
def trio(own_redmine: Redmine) -> list[int]:
    """Three issues of one project, changed last at another time than now."""
    project = own_redmine.info["projects"]["empty"]
    day = {"start_date": "2026-03-02", "due_date": "2026-03-06"}
    return [
        own_redmine.send("POST", "/issues.json", {"issue": {"project_id": project, "subject": f"trio {n}", **day}})[
            "id"
        ]
        for n in range(3)
    ]


def changed_by(redmine: Redmine, issues: list[int], act: Callable[[], object]) -> tuple[list[bool], list[bool]]:
    """Per issue: is its row another one now, and does `updated_on` say so?"""
    long_ago = "Time.utc(2026, 1, 1)"
    redmine.runner(f"Issue.where(:id => {issues}).update_all(:updated_on => {long_ago}); nil")

    def rows() -> list[Row]:
        listed = redmine.api_all("/issues.json", issue_id=",".join(map(str, issues)), include="relations", **ALL_ISSUES)
        return sorted(listed, key=lambda row: issues.index(row["id"]))

    before = rows()
    act()
    pairs = list(zip(before, rows(), strict=True))
    return [old != new for old, new in pairs], [old["updated_on"] != new["updated_on"] for old, new in pairs]


def test_a_relation_comes_and_goes_without_a_trace_in_the_time_of_change(own_redmine: Redmine, trio: list[int]):
    relation = {"issue_to_id": trio[1], "relation_type": "relates"}
    made: list[int] = []

    def add() -> None:
        answer = own_redmine.send("POST", f"/issues/{trio[0]}/relations.json", {"relation": relation})
        made.append(answer["id"])

    assert changed_by(own_redmine, trio, add) == ([True, True, False], [False, False, False])
    remove = changed_by(own_redmine, trio, lambda: own_redmine.send("DELETE", f"/relations/{made[0]}.json"))
    assert remove == ([True, True, False], [False, False, False])
    journals = own_redmine.get(f"/issues/{trio[1]}.json", include="journals")["issue"]["journals"]
    details = [detail for journal in sorted(journals, key=lambda j: j["id"]) for detail in journal["details"]]
    assert [(d["property"], d["name"], d["old_value"], d["new_value"]) for d in details] == [
        ("relation", "relates", None, str(trio[0])),
        ("relation", "relates", str(trio[0]), None),
    ]


def test_a_relation_that_moves_dates_changes_the_one_that_follows(own_redmine: Redmine, trio: list[int]):
    def follow() -> None:
        relation = {"issue_to_id": trio[0], "relation_type": "follows", "delay": 2}
        made = own_redmine.send("POST", f"/issues/{trio[2]}/relations.json", {"relation": relation})
        assert (made["issue_id"], made["issue_to_id"], made["relation_type"]) == (trio[0], trio[2], "precedes")
        own_redmine.send("DELETE", f"/relations/{made['id']}.json")

    assert changed_by(own_redmine, trio, follow) == ([False, False, True], [False, False, True])


def test_hours_change_their_issue_without_a_trace(own_redmine: Redmine, trio: list[int]):
    booked = {"issue_id": trio[0], "hours": 1.0 / 3, "activity_id": own_redmine.info["activities"]["Design"]}
    made: list[Row] = []

    def log() -> None:
        made.append(own_redmine.send("POST", "/time_entries.json", {"time_entry": booked}))

    assert changed_by(own_redmine, trio, log) == ([True, False, False], [False, False, False])
    path = f"/time_entries/{made[0]['id']}.json"
    assert made[0]["hours"] == 0.33
    more = changed_by(own_redmine, trio, lambda: own_redmine.send("PUT", path, {"time_entry": {"hours": "1:15"}}))
    assert more == ([True, False, False], [False, False, False])
    assert own_redmine.get(path)["time_entry"]["hours"] == 1.25
    gone = changed_by(own_redmine, trio, lambda: own_redmine.send("DELETE", path))
    assert gone == ([True, False, False], [False, False, False])


def test_a_parent_changes_with_its_child(own_redmine: Redmine, trio: list[int]):
    def adopt() -> None:
        child = {"parent_issue_id": trio[1], "priority_id": own_redmine.info["priorities"]["Urgent"]}
        own_redmine.send("PUT", f"/issues/{trio[2]}.json", {"issue": child})

    assert changed_by(own_redmine, trio, adopt) == ([False, True, True], [False, True, True])
    note = {"issue": {"notes": "only a word"}}
    noted = changed_by(own_redmine, trio, lambda: own_redmine.send("PUT", f"/issues/{trio[2]}.json", note))
    assert noted == ([False, False, True], [False, False, True])


def test_a_move_is_a_change_and_takes_the_children_along(own_redmine: Redmine, trio: list[int]):
    move = {"issue": {"project_id": own_redmine.info["projects"]["harbour"]}}
    moved = changed_by(own_redmine, trio, lambda: own_redmine.send("PUT", f"/issues/{trio[1]}.json", move))
    assert moved == ([False, True, True], [False, True, True])


@pytest.mark.parametrize(
    "ruby",
    [
        "IssueStatus.find_by!(:name => 'New').update!(:name => 'Brand new')",
        "IssueStatus.find_by!(:name => 'Brand new').update!(:name => 'New')",
        "Project.find('empty').update!(:name => 'Nothing at all')",
        "IssueCustomField.find_by!(:name => 'Customer').update!(:name => 'Client')",
    ],
)
def test_a_new_name_elsewhere_changes_rows_without_a_trace(own_redmine: Redmine, trio: list[int], ruby: str):
    first = trio[:1]
    assert changed_by(own_redmine, first, lambda: own_redmine.runner(f"{ruby}; nil")) == ([True], [False])


def test_a_category_or_a_user_that_is_deleted_leaves_no_trace(own_redmine: Redmine, trio: list[int]):
    names = own_redmine.runner(
        f"""category = IssueCategory.create!(:project => Issue.find({trio[0]}).project, :name => 'Brief')
            user = User.find_by_login('yuki')
            Issue.where(:id => {trio[0]}).update_all(:category_id => category.id, :author_id => user.id)
            [category.id, user.id]"""
    )

    def delete() -> None:
        own_redmine.send("DELETE", f"/issue_categories/{names[0]}.json")
        own_redmine.send("DELETE", f"/users/{names[1]}.json")

    assert changed_by(own_redmine, trio[:1], delete) == ([True], [False])
    row = own_redmine.get(f"/issues/{trio[0]}.json")["issue"]
    assert "category" not in row and row["author"]["name"] == "Anonymous"
    assert row["author"]["id"] not in ids_of(own_redmine.api_all("/users.json", status=""))


def test_a_version_that_is_used_cannot_be_deleted(own_redmine: Redmine, trio: list[int]):
    version = own_redmine.info["projects"]["empty"]
    made = own_redmine.send("POST", f"/projects/{version}/versions.json", {"version": {"name": "needed"}})
    own_redmine.send("PUT", f"/issues/{trio[0]}.json", {"issue": {"fixed_version_id": made["id"]}})
    assert own_redmine.api("DELETE", f"/versions/{made['id']}.json").status_code == 422


def test_what_comes_back_from_the_archive_comes_with_its_old_time(own_redmine: Redmine):
    project = own_redmine.info["projects"]["crane-sim"]
    before = own_redmine.api_all("/issues.json", project_id=project, **ALL_ISSUES)
    own_redmine.runner(f"Project.find({project}).archive")
    assert own_redmine.api("GET", f"/issues/{before[0]['id']}.json").status_code == 403
    assert not set(ids_of(before)) & set(ids_of(own_redmine.api_all("/issues.json", **ALL_ISSUES)))
    own_redmine.runner(f"Project.find({project}).unarchive")
    assert own_redmine.api_all("/issues.json", project_id=project, **ALL_ISSUES) == before


# ---------------------------------------------------------------- hours


def test_hours_are_in_a_total_order_by_day(redmine: Redmine):
    rows = redmine.api_all("/time_entries.json", sort="spent_on:asc,id:asc")
    order = [(row["spent_on"], row["created_on"], row["id"]) for row in rows]
    assert order == sorted(order)
    assert ids_of(redmine.api_all("/time_entries.json", sort="id:asc")) == sorted(ids_of(rows))
    changed = [row["updated_on"] for row in redmine.api_all("/time_entries.json", sort="updated_on:asc")]
    assert changed != sorted(changed)  # no such order


def test_hours_by_days_count_both_ends(redmine: Redmine):
    rows = redmine.api_all("/time_entries.json")
    days = sorted(row["spent_on"] for row in rows)
    low, high = days[100], days[300]
    for span in ({"from": low, "to": high}, {"from": low}, {"to": high}, {"from": low, "to": low}):
        inside = [d for d in days if span.get("from", "") <= d <= span.get("to", "9999")]
        counted = redmine.get("/time_entries.json", limit=1, **span)
        assert counted["total_count"] == len(inside) and len(counted["time_entries"]) == 1
    one_project = redmine.info["projects"]["harbour"]
    both = [*only_projects(one_project)[2:], ("from", low), ("to", high)]  # days go with the long form of a filter
    answer = redmine.api("GET", "/time_entries.json", params=[*both, ("limit", "1")]).json()
    wanted = [r for r in rows if r["project"]["id"] == one_project and low <= r["spent_on"] <= high]
    assert answer["total_count"] == len(wanted) > 0


def test_hours_are_rounded_to_two_places_and_may_lack_an_issue(redmine: Redmine):
    rows = redmine.api_all("/time_entries.json")
    truth = dict(redmine.runner("TimeEntry.connection.select_rows('select id, hours from time_entries')"))
    assert {row["id"]: row["hours"] for row in rows} == {row["id"]: round(truth[row["id"]], 2) for row in rows}
    assert {0.0, 0.01, 0.33, 0.67, 1.25, 24.5} <= {row["hours"] for row in rows}
    assert any(truth[row["id"]] != row["hours"] for row in rows)
    assert any("issue" not in row for row in rows)
    assert {row["comments"] for row in rows} >= {None, ""}


def test_an_activity_of_one_project_is_in_no_list(redmine: Redmine):
    used = {row["activity"]["id"] for row in redmine.api_all("/time_entries.json")}
    listed = redmine.api_all("/enumerations/time_entry_activities.json")
    assert len(used - set(ids_of(listed))) == 1
    assert [row["name"] for row in listed if not row["active"]] == ["Telex"]


# ---------------------------------------------------------------- people, versions, other lists


def test_users_by_status(redmine: Redmine):
    by_status = {status: ids_of(redmine.api_all("/users.json", status=status)) for status in ("1", "2", "3")}
    assert all(by_status.values())
    assert sorted(chain.from_iterable(by_status.values())) == sorted(ids_of(redmine.api_all("/users.json", status="")))
    assert (
        ids_of(redmine.api_all("/users.json")) == by_status["1"] == ids_of(redmine.api_all("/users.json", status="1|3"))
    )
    assert redmine.api_all("/users.json", status="*") == []
    assert redmine.api("GET", "/users.json", key=redmine.member_key).status_code == 403
    assert "status" not in redmine.get("/users.json", limit=1)["users"][0]


def test_an_assignee_may_be_a_group_and_an_author_nobody(redmine: Redmine):
    users = set(ids_of(redmine.api_all("/users.json", status="")))
    rows = redmine.api_all("/issues.json", **ALL_ISSUES)
    assert {row["assigned_to"]["id"] for row in rows if "assigned_to" in row} - users == {redmine.info["group"]}
    assert {row["author"]["name"] for row in rows if row["author"]["id"] not in users} == {"Anonymous"}


def test_versions_of_a_project_have_those_that_others_share(redmine: Redmine):
    ids = redmine.info["projects"]
    owners = {v["project"]["id"] for v in redmine.api_all(f"/projects/{ids['crane']}/versions.json")}
    assert owners == {ids["harbour"], ids["crane"]}
    hidden = redmine.api_all(f"/projects/{ids['harbour']}/versions.json", key=redmine.member_key)
    assert ids["legal"] in {v["project"]["id"] for v in hidden}  # of a project that she may not see
    for project, status in {"mill": 200, "barn": 403, "notes": 403}.items():  # closed, archived, no module
        assert redmine.api("GET", f"/projects/{ids[project]}/versions.json").status_code == status


def test_what_a_plain_member_may_not_ask(redmine: Redmine):
    harbour = redmine.info["projects"]["harbour"]
    issue = one_of(redmine, "Issue", "harbour", ":is_private => false")
    for path, member, admin in [
        ("/custom_fields.json", 403, 200),
        ("/groups.json", 403, 200),
        (f"/projects/{harbour}/issue_categories.json", 403, 200),
        (f"/issues/{issue}/relations.json", 403, 200),
        (f"/projects/{harbour}/memberships.json", 200, 200),
        ("/issue_statuses.json", 200, 200),
        ("/trackers.json", 200, 200),
        ("/enumerations/issue_priorities.json", 200, 200),
    ]:
        asked = [redmine.api("GET", path, key=key).status_code for key in (redmine.member_key, redmine.admin_key)]
        assert (path, asked) == (path, [member, admin])
    closed = one_of(redmine, "Issue", "mill")
    assert redmine.api("GET", f"/issues/{closed}/relations.json").status_code == 403  # to the administrator too
    assert "relations" in redmine.api_all("/issues.json", include="relations", issue_id=str(closed), status_id="*")[0]


# ---------------------------------------------------------------- journals


def test_journals_come_as_the_reader_likes_and_without_what_he_may_not_read(redmine: Redmine):
    path = f"/issues/{redmine.info['busy_issue']}.json"
    mine, hers, developers = (
        redmine.get(path, key=redmine.key_of(login), include="journals")["issue"]["journals"]
        for login in ("admin", "petra", "bjorn")
    )
    assert len(mine) >= 40 and ids_of(mine) == sorted(ids_of(mine), reverse=True)  # the newest first, as she set it
    assert ids_of(hers) == sorted(ids_of(hers))
    private = {journal["id"] for journal in mine if journal["private_notes"]}
    assert private and set(ids_of(hers)) < set(ids_of(mine))
    assert private <= set(ids_of(developers))
    assert not any("journals" in row for row in redmine.get("/issues.json", include="journals", limit=5)["issues"])


def test_a_note_that_is_edited_leaves_no_trace(own_redmine: Redmine):
    project = own_redmine.info["projects"]["empty"]
    issue = own_redmine.send("POST", "/issues.json", {"issue": {"project_id": project, "subject": "noted"}})["id"]
    own_redmine.send("PUT", f"/issues/{issue}.json", {"issue": {"notes": "first words"}})
    path = f"/issues/{issue}.json"
    (journal,) = own_redmine.get(path, include="journals")["issue"]["journals"]
    edit = {"journal": {"notes": "other words"}}
    edited = changed_by(own_redmine, [issue], lambda: own_redmine.send("PUT", f"/journals/{journal['id']}.json", edit))
    assert edited == ([False], [False])
    (again,) = own_redmine.get(path, include="journals")["issue"]["journals"]
    assert again == {**journal, "notes": "other words"}


def test_every_kind_of_detail_is_told(redmine: Redmine):
    told: set[tuple[str, str]] = set()
    for issue in redmine.api_all("/issues.json", **ALL_ISSUES)[::3]:
        for journal in redmine.get(f"/issues/{issue['id']}.json", include="journals")["issue"]["journals"]:
            for detail in journal["details"]:
                told.add((detail["property"], detail["name"]))
                assert isinstance(detail["old_value"], str | None) and isinstance(detail["new_value"], str | None)
    names = {name for kind, name in told if kind == "attr"}
    assert {"status_id", "priority_id", "assigned_to_id", "fixed_version_id", "parent_id", "child_id"} <= names
    assert {kind for kind, _ in told} == {"attr", "cf", "relation", "attachment"}


# ---------------------------------------------------------------- start and stop


def test_a_second_start_goes_on_with_the_same_records(new_redmine: Callable[[], Redmine]):
    server = new_redmine()
    assert Redmine.start(server.folder).url == server.url  # it runs: only named again
    made = server.send("POST", "/projects.json", {"project": {"name": "Stays", "identifier": "stays"}})
    server.stop()
    restarted = Redmine.start(server.folder)
    assert (restarted.url, restarted.admin_key) == (server.url, server.admin_key)
    assert restarted.get("/projects/stays.json")["project"]["id"] == made["id"]


def test_a_port_may_be_named_and_a_taken_one_is_said(new_redmine: Callable[[], Redmine], tmp_path: Path):
    taken = int(new_redmine().url.rpartition(":")[2])
    with pytest.raises(RuntimeError, match="is taken by another program"):
        Redmine.start(tmp_path / "other", port=taken)
