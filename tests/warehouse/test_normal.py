"""What the views make of landed rows: the fate of parents, hours that count, times out of history, names for ids."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.warehouse.small_hub import NOON, STATUSES, SmallHub, change, issue, project, worklog
from warehouse.normal import issues_between

DAY = timedelta(days=1)


def naive(at):
    return at.replace(tzinfo=None)


@pytest.fixture
def tracker(small: SmallHub) -> SmallHub:
    small.land("ops", projects=[project("1"), project("2")], words=STATUSES)
    small.land("ops", issues=[issue("7"), issue("8"), issue("9", "2")])
    small.land(
        "ops",
        worklogs=[worklog("70", "7", 1), worklog("80", "8", 2), worklog("90", "9", 4), worklog("5", None, 8)],
        issue_changes=[change("70:status:0", "7", "1", "2", NOON)],
        issue_links=[
            {"native_id": "7:8", "kind": "blocks", "native_kind": "blocks", "from_issue_id": "7", "to_issue_id": "8"}
        ],
    )
    small.renew()
    return small


def test_children_follow_their_parent(tracker):
    tracker.gone("ops", "projects", i1="archived")
    assert tracker.rows("issues", "availability") == {"7": "archived", "8": "archived", "9": "present"}
    assert tracker.rows("worklogs", "availability") == {
        "70": "archived",
        "80": "archived",
        "90": "present",
        "5": "archived",
    }
    assert tracker.rows("issue_changes", "availability") == {"70:status:0": "archived"}
    assert tracker.rows("issue_links", "availability") == {"7:8": "archived"}
    assert tracker.rows("issues", "availability_evidence")["7"] == "follows project 1: the tool says so"
    assert tracker.rows("projects", "state") == {"1": "archived", "2": "active"}


def test_the_worse_of_its_own_and_its_parents_fate_wins(tracker):
    tracker.gone("ops", "projects", i1="archived")
    tracker.gone("ops", "issues", i7="deleted")
    assert tracker.rows("issues", "availability") == {"7": "deleted", "8": "archived", "9": "present"}
    assert tracker.rows("issue_links", "availability") == {"7:8": "deleted"}


def test_hours_of_deleted_issues_do_not_count_others_do(tracker):
    tracker.gone("ops", "issues", i7="deleted", i8="missing")
    assert tracker.rows("worklogs", "counted") == {"70": False, "80": True, "90": True, "5": True}


def test_hours_follow_their_issue_to_its_project_today(tracker):
    assert tracker.rows("worklogs", "project_id") == {"70": "ops:1", "80": "ops:1", "90": "ops:2", "5": "ops:1"}
    tracker.gone("ops", "projects", i1="archived")
    # booked on project 1, which is archived, but the issue is in project 2
    assert tracker.rows("worklogs", "availability")["90"] == "present"


@pytest.mark.parametrize("named", ["P2", "p2", "2"])
def test_a_narrower_filter_is_out_of_scope_not_gone(tracker, named):
    tracker.hub.con.execute("UPDATE ledger.sources SET projects = [?]", [named])
    assert tracker.rows("projects", "availability") == {"1": "out_of_scope", "2": "present"}
    assert tracker.rows("issues", "availability") == {"7": "out_of_scope", "8": "out_of_scope", "9": "present"}


def test_what_holds_projects_names_none_so_that_the_tools_own_list_tells(tracker):
    tracker.hub.con.execute("UPDATE ledger.sources SET projects = ['workspace:IT']")
    assert set(tracker.rows("projects", "availability").values()) == {"present"}
    tracker.gone("ops", "projects", i1="out_of_scope")
    assert tracker.rows("issues", "availability") == {"7": "out_of_scope", "8": "out_of_scope", "9": "present"}


def test_history_tells_when_work_began_and_ended(tracker):
    back_and_forth = [
        change("71:status:0", "8", "1", "2", NOON),
        change("72:status:0", "8", "2", "3", NOON + DAY),
        change("73:status:0", "8", "3", "2", NOON + 2 * DAY),
        change("74:status:0", "8", "2", "3", NOON + 3 * DAY),
    ]
    tracker.land("ops", issue_changes=back_and_forth)
    assert tracker.rows("issues", "started_at", "resolved_at")["8"] == (naive(NOON), None)  # it is open today
    tracker.land("ops", issues=[issue("8", native_status_id="3")])
    assert tracker.rows("issues", "started_at", "resolved_at")["8"] == (naive(NOON), naive(NOON + 3 * DAY))


def test_an_issue_that_began_in_progress_started_when_it_was_made(tracker):
    tracker.land("ops", issues=[issue("8", native_status_id="2", created_at=NOON)])
    assert tracker.rows("issues", "started_at")["8"] == naive(NOON)


def test_the_first_response_is_by_another_than_the_reporter(tracker):
    tracker.land("ops", issues=[issue("8", reporter_id="1")])
    comments = [
        {"native_id": f"c{n}", "issue_id": "8", "account_id": who, "created_at": NOON + n * DAY}
        for n, who in enumerate(["1", "2", "3"])
    ]
    tracker.land("ops", comments=comments)
    assert tracker.rows("issues", "first_response_at")["8"] == naive(NOON + DAY)


def test_the_tools_word_stands_beside_ours(tracker):
    assert tracker.rows("issues", "status", "native_status")["7"] == ("todo", "New")
    (told,) = tracker.rows("issue_changes", "from_native", "from_value", "to_native", "to_value").values()
    assert told == ("New", "todo", "Doing", "in_progress")


def test_a_word_that_no_list_has_is_published_among_the_words(tracker):
    tracker.land("ops", issues=[issue("7", native_status_id="9", native_status="Parked")])
    tracker.renew()
    assert tracker.rows("words", "name", "value", "basis", "availability")["status:9"] == (
        "Parked", "todo", "unknown", "missing",
    )  # fmt: skip
    assert tracker.hub.value("SELECT count(*) = count(DISTINCT id) FROM normal.words")


def test_an_account_known_by_its_name_only_is_an_account_until_it_is_read(tracker):
    tracker.land("ops", account_mentions=[{"native_id": "5", "name": "Ines D."}])
    tracker.renew()
    assert tracker.rows("accounts", "name", "person_id") == {"5": ("Ines D.", "ops:5")}
    tracker.land("ops", accounts=[{"native_id": "5", "name": "Ines Duarte"}])
    assert tracker.rows("accounts", "name") == {"5": "Ines Duarte"}


def test_slices_of_issues_together_are_all_issues(tracker):
    tracker.land("ops", issues=[issue("8", native_status_id="3")])
    most = tracker.hub.value("SELECT max(rowid) + 1 FROM landed.issues")
    slices = " UNION ALL ".join(f"({issues_between(n, n + 1)})" for n in range(most))
    assert tracker.hub.value(f"SELECT count(*) FROM ({slices})") == 3
    assert tracker.hub.rows(f"({slices}) EXCEPT FROM normal.issues") == []


def _sprint_change(id_: str, issue_id: str, from_: str, to: str, day: int) -> dict[str, object]:
    return change(f"{id_}:sprint:1", issue_id, from_, to, NOON + day * DAY, field="sprint")


def test_a_way_into_a_sprint_that_is_told_twice_is_one_stay(tracker):
    tracker.land("ops", sprints=[{"native_id": "2", "name": "Sprint", "state": "active"}])
    told = [("71", "", "2", 1), ("72", "", "2", 2), ("73", "2", "", 3), ("74", "2", "", 4), ("75", "", "2", 5)]
    tracker.land("ops", issue_changes=[_sprint_change(id_, "7", old, new, day) for id_, old, new, day in told])
    stays = tracker.rows("sprint_issues", "added_at", "removed_at")
    noon = NOON.replace(tzinfo=None)
    assert stays == {"2:7": (noon + DAY, noon + 3 * DAY), "2:7:2": (noon + 5 * DAY, None)}


def test_when_an_issue_was_in_which_sprint_is_drawn_from_its_history(tracker):
    sprint = {"name": "Sprint", "state": "active"}
    member = {"issue_id": "7", "sprint_id": "2"}
    tracker.land("ops", sprints=[{"native_id": id_, **sprint} for id_ in "123"])
    tracker.land(
        "ops",
        issues=[issue("7", created_at=NOON - 9 * DAY), issue("8", created_at=NOON - 8 * DAY)],
        issue_changes=[
            _sprint_change("71", "7", "1", "2", 1),  # made in sprint 1
            _sprint_change("72", "7", "2", "", 2),
            _sprint_change("73", "7", "", "2, 3", 3),  # back in 2
        ],
        sprint_issues=[
            {"native_id": "2:7", **member},
            {"native_id": "3:7", **member, "sprint_id": "3"},
            {"native_id": "1:8", **member, "sprint_id": "1", "issue_id": "8"},  # never moved
        ],
    )
    found = tracker.rows("sprint_issues", "added_at", "removed_at")

    def day(number: int):
        return naive(NOON + number * DAY)

    assert found == {
        "1:7": (day(-9), day(1)),
        "2:7": (day(1), day(2)),
        "2:7:2": (day(3), None),
        "3:7": (day(3), None),
        "1:8": (day(-8), None),
    }


def test_a_stay_in_a_sprint_shares_the_fate_of_its_issue(tracker):
    tracker.land("ops", sprints=[{"native_id": "1", "name": "Sprint", "state": "active"}])
    tracker.land("ops", issue_changes=[_sprint_change("71", "7", "", "1", 1)])
    tracker.gone("ops", "issues", i7="deleted")
    assert tracker.rows("sprint_issues", "availability") == {"1:7": "deleted"}
