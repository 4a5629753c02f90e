"""Queries of Jira: quoted, bounded, and never later than meant, whatever the account's clock does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.jira_jql import issues_query, local_minute, quoted

BERLIN, KOLKATA, LORD_HOWE = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kolkata"), ZoneInfo("Australia/Lord_Howe")


def test_all_issues_are_a_bounded_query_in_a_fixed_order():
    assert issues_query(None, None, None) == 'created >= "1970-01-01" ORDER BY id ASC'
    assert issues_query(["10000", "10002"], None, None) == "project in (10000, 10002) ORDER BY id ASC"


def test_a_window_is_told_in_the_accounts_zone_by_the_minute():
    since = datetime(2026, 3, 2, 8, 14, 55, tzinfo=UTC)
    assert issues_query(None, since, BERLIN) == 'updated >= "2026-03-02 09:14" ORDER BY id ASC'
    assert (
        issues_query(["10000"], since, KOLKATA)
        == 'project in (10000) AND updated >= "2026-03-02 13:44" ORDER BY id ASC'
    )


@pytest.mark.parametrize(
    ("at", "zone", "expected"),
    [
        ("2026-10-25T00:30:00+00:00", BERLIN, "2026-10-25 01:30"),  # 02:30 was twice: go back to before it
        ("2026-10-25T01:30:00+00:00", BERLIN, "2026-10-25 01:30"),  # the second 02:30
        ("2026-10-25T02:00:00+00:00", BERLIN, "2026-10-25 03:00"),
        ("2026-03-29T01:00:00+00:00", BERLIN, "2026-03-29 03:00"),  # 02:00 was skipped
        ("2026-04-04T15:10:00+00:00", LORD_HOWE, "2026-04-05 01:10"),  # half an hour, twice
        ("2026-03-02T08:14:55+00:00", None, "2026-03-01 20:14"),  # zone not known: no zone is further west
    ],
)
def test_a_time_that_means_two_instants_is_moved_before_them(at, zone, expected):
    assert local_minute(datetime.fromisoformat(at), zone) == expected


@given(
    at=st.datetimes(datetime(2015, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds have none
    zone=st.sampled_from(sorted(z for z in available_timezones() if "/" in z and not z.startswith("posix"))),
)
def test_no_reading_of_the_text_is_later_than_meant_nor_much_earlier(at, zone):
    text = datetime.strptime(local_minute(at, ZoneInfo(zone)), "%Y-%m-%d %H:%M")  # noqa: DTZ007 - read in both ways below
    for fold in (0, 1):
        read = text.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)
        assert timedelta(0) <= at - read < timedelta(hours=4)


def test_an_instant_without_zone_is_refused():
    with pytest.raises(ValueError, match="without its zone"):
        local_minute(datetime(2026, 3, 2), UTC)  # noqa: DTZ001


def test_quotes_and_backslashes_are_escaped():
    assert quoted('a "b" \\c') == '"a \\"b\\" \\\\c"'
