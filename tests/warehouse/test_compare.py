"""Equal tables: the comparison says what differs, and only that."""

from __future__ import annotations

import pytest

from tests.warehouse.small_hub import STATUSES, SmallHub, issue, project
from warehouse.compare import differences


@pytest.fixture
def pair(tmp_path):
    hubs = [SmallHub(tmp_path / name) for name in ("one", "other")]
    for hub in hubs:
        hub.land("ops", projects=[project("1")], words=STATUSES, issues=[issue("7"), issue("8", labels=["a"])])
        hub.renew()
    yield hubs
    for hub in hubs:
        hub.close()


def test_equal_whenever_and_by_whichever_run(pair):
    one, other = pair
    other.land("ops", issues=[issue("7", title="On the way")])
    other.land("ops", issues=[issue("7")])
    assert one.rows("issues", "changed_run_id") != other.rows("issues", "changed_run_id")
    assert differences(one.hub, other.hub) == []


def test_table_id_and_column_are_named(pair):
    one, other = pair
    other.land("ops", issues=[issue("7", title="Other"), issue("9")])
    one.land("ops", projects=[project("2")])
    assert differences(one.hub, other.hub) == [
        "projects: ops:2 is only in the first",
        "issues: ops:9 is only in the second",
        "issues: ops:7.title is 'Issue 7' in the first, 'Other' in the second",
    ]


def test_null_is_not_empty(pair):
    one, other = pair
    other.land("ops", issues=[issue("7", description="")])
    assert differences(one.hub, other.hub) == ["issues: ops:7.description is None in the first, '' in the second"]


def test_a_row_that_stands_twice_differs(pair):
    one, other = pair
    other.hub.con.execute("INSERT INTO landed.issues FROM landed.issues WHERE native_id = '7'")
    assert "issues: ops:7 stands 2 times in the second" in differences(one.hub, other.hub)


def test_files_are_compared_like_open_hubs(pair):
    one, other = pair
    other.land("ops", issues=[issue("7", title="Other")])
    published = [hub.publish().path for hub in pair]
    told = ["issues: ops:7.title is 'Issue 7' in the first, 'Other' in the second"]
    assert differences(*published) == told
    for hub in pair:
        hub.close()
    assert differences(one.hub.path, other.hub.path) == told


def test_many_differences_are_counted(pair):
    one, other = pair
    other.land("ops", issues=[issue(str(n)) for n in range(100, 140)])
    told = differences(one.hub, other.hub)
    assert len(told) == 6 and told[-1] == "issues: … and so 35 more rows"
