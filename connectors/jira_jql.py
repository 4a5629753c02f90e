"""Jira's query language: quoting, and instants as it reads them. Nothing is sent here.

JQL compares whole minutes, in the profile's time zone of the account that asks, which the text does not name. Where
that zone's clocks are set back, a local time means two instants; a bound is then moved to before that hour.
Facts: developer.atlassian.com on JQL and search/jql; tap-jira and devlake read the account's zone too. Read 2026-11-25.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo

__all__ = ["issues_query", "local_minute", "quoted"]

EARLIEST = "1970-01-01"
HOUR = timedelta(hours=1)
UNKNOWN_ZONE = timedelta(hours=12)  # no zone is further west


def quoted(text: str) -> str:
    """A string of JQL: keys such as AND are words of the language, unless quoted."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def issues_query(projects: Sequence[str] | None, since: datetime | None, zone: tzinfo | None) -> str:
    """All issues, or those updated at or after `since`, in a fixed order. Jira refuses a query without any limit.

    `projects` are ids: a key that is gone fails the whole query. `zone` is the account's, None where it is not known.
    """
    limits = []
    if projects is not None:
        limits.append(f"project in ({', '.join(projects)})")
    if since is not None:
        limits.append(f"updated >= {quoted(local_minute(since, zone))}")
    return f"{' AND '.join(limits) or f'created >= {quoted(EARLIEST)}'} ORDER BY id ASC"


def local_minute(at: datetime, zone: tzinfo | None) -> str:
    """A minute of the account's clock, never after `at`, however Jira reads it. Raises ValueError without a zone."""
    if at.tzinfo is None:
        raise ValueError("an instant without its zone")
    if zone is None:
        return f"{at.astimezone(UTC) - UNKNOWN_ZONE:%Y-%m-%d %H:%M}"
    local = at.astimezone(zone)
    while local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset():
        local = (local.astimezone(UTC) - HOUR).astimezone(zone)
    return f"{local:%Y-%m-%d %H:%M}"
