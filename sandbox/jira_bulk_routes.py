"""What the very large make-believe Jira answers: a path, its parameters, and the JSON for them.

Only what a reader of a whole site asks; queries are those of one form. Lists are paged and cut as the real one does:
5,000 bare ids or 100 issues a page, a token without a total, histories over 40 and worklogs over 20 cut, the last
minute of changed worklogs withheld.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import msgspec

from sandbox.jira_bulk_issues import FIRST_ID, Issues

__all__ = ["answer", "shape"]

Given = dict[str, Any]
API, AGILE = "/rest/api/3/", "/rest/agile/1.0/"
IDS_PAGE, ISSUES_PAGE, FEED_PAGE, WITHHELD_MS = 5000, 100, 1000, 60_000
_QUERY = re.compile(
    r'(?:project in \((?P<projects>[^)]*)\))?(?: AND )?(?:updated >= "(?P<updated>[^"]*)"|created >= "[^"]*")?'
    r" ORDER BY id ASC"
)
_ID = re.compile(r"/\d+(?=/|$)")
_EXPAND = b'{"expand":"schema,names","issues":['


def shape(path: str) -> str:
    """A path without its ids."""
    return _ID.sub("/…", path.removeprefix(API).removeprefix(AGILE))


def answer(issues: Issues, url: str, method: str, path: str, given: Given, allowed: bool) -> tuple[int, bytes]:
    """Status and body; `given` is what stands in query and body."""
    if not allowed:
        return 401, b"Client must be authenticated to access this resource."
    name = path.removeprefix(API).removeprefix(AGILE)
    posts = {
        "search/jql": _search,
        "search/approximate-count": lambda issues, given: b'{"count":%d}' % sum(1 for _ in _found(issues, given, -1)),
        "issue/bulkfetch": _bulk,
        "changelog/bulkfetch": _changelogs,
        "worklog/list": _listed_worklogs,
    }
    try:
        if method == "POST" and name in posts:
            return 200, posts[name](issues, given)
        found = _got(issues, url, name, given) if method == "GET" else None
    except (ValueError, TypeError, KeyError, IndexError):
        return 400, _error("The request cannot be understood.")
    return (404, _error("There is nothing here.")) if found is None else (200, found)


def _error(text: str) -> bytes:
    return msgspec.json.encode({"errorMessages": [text], "errors": {}})


def _got(issues: Issues, url: str, name: str, given: Given) -> bytes | None:
    start, size = int(given.get("startAt", 0)), int(given.get("maxResults", 50))
    if name == "myself":
        return msgspec.json.encode(issues.site.users[0] | {"timeZone": "Etc/UTC", "groups": {"size": 0, "items": []}})
    if name == "serverInfo":
        now = f"{datetime.fromtimestamp(issues.now(), UTC):%Y-%m-%dT%H:%M:%S.000+0000}"
        known = {"baseUrl": url, "version": "1001.0.0-SNAPSHOT", "deploymentType": "Cloud", "serverTime": now}
        return msgspec.json.encode(known)
    if name in ("worklog/updated", "worklog/deleted"):
        return _feed(issues, url, name, int(given.get("since", 0)))
    if name.startswith("issue/"):
        id_, _, what = name.removeprefix("issue/").partition("/")
        numbers = issues.numbers([id_])
        return _of_issue(issues, numbers[0], what, start, size) if numbers else None
    return issues.site.listed(name, start, size)


# ------------------------------------------------------------------ issues


def _found(issues: Issues, given: Given, after: int) -> Iterator[int]:
    """Numbers of issues that fit the query, above one of them."""
    query = _QUERY.fullmatch(given["jql"])
    if query is None:
        raise ValueError("a query of another form")
    since = 0
    if query["updated"]:
        since = int(datetime.strptime(query["updated"], "%Y-%m-%d %H:%M").replace(tzinfo=UTC).timestamp() * 1000)
    numbers = issues.updated_since(since, after)
    if query["projects"] is None:
        return numbers
    projects = len(issues.site.projects)
    wanted = {int(id_) - 10_000 for id_ in query["projects"].split(",")}
    return (n for n in numbers if n % projects in wanted)


def _search(issues: Issues, given: Given) -> bytes:
    bare = given.get("fields") in (None, ["id"], "id")
    size = min(int(given.get("maxResults", 50)), IDS_PAGE if bare else ISSUES_PAGE)
    numbers = _found(issues, given, int(given.get("nextPageToken") or -1))
    page = list(islice(numbers, size))
    shown = [b'{"id":"%d"}' % (FIRST_ID + n) for n in page] if bare else [issues.issue(n) for n in page]
    last = next(numbers, None) is None
    rest = b'"isLast":true' if last else b'"isLast":false,"nextPageToken":"%d"' % page[-1]
    return b'{"issues":[%b],%b}' % (b",".join(shown), rest)


def _bulk(issues: Issues, given: Given) -> bytes:
    """By id, whatever fields were asked for: those not wanted would not be sent, and an issue be smaller."""
    numbers = issues.numbers(given["issueIdsOrKeys"][:ISSUES_PAGE])
    return b"".join((_EXPAND, b",".join([issues.issue(n) for n in numbers]), b"]}"))


def _of_issue(issues: Issues, n: int, what: str, start: int, size: int) -> bytes | None:
    if not what:
        return issues.issue(n)
    if what != "worklog":
        return None
    rows = [text for _, text in issues.worklogs(n)]
    page = rows[start : start + size]
    head = b'{"startAt":%d,"maxResults":%d,"total":%d,"worklogs":[' % (start, size, len(rows))
    return b"".join((head, b",".join(page), b"]}"))


def _changelogs(issues: Issues, given: Given) -> bytes:
    """Sorted by time over all issues: one may be spread over pages."""
    numbers = issues.numbers(given["issueIdsOrKeys"][:1000])
    rows = sorted((at, n, text) for n in numbers for at, text in issues.histories(n))
    size, start = int(given.get("maxResults", 1000)), int(given.get("nextPageToken") or 0)
    logs: dict[int, list[bytes]] = {}
    for _, n, text in rows[start : start + size]:
        logs.setdefault(n, []).append(text)
    shown = [b'{"issueId":"%d","changeHistories":[%b]}' % (FIRST_ID + n, b",".join(log)) for n, log in logs.items()]
    more = b',"nextPageToken":"%d"' % (start + size) if start + size < len(rows) else b""
    return b'{"issueChangeLogs":[%b]%b}' % (b",".join(shown), more)


# ------------------------------------------------------------------ worklogs


def _feed(issues: Issues, url: str, name: str, since: int) -> bytes:
    until = int(issues.now() * 1000) - WITHHELD_MS
    entries = issues.booked_since(since) if name == "worklog/updated" else iter(())
    rows = [one for one in islice(entries, FEED_PAGE + 1) if one.updated <= until]
    page = rows[:FEED_PAGE]
    end = page[-1].updated if page else since
    last = len(rows) <= FEED_PAGE
    shown: Given = {
        "values": [{"worklogId": one.id, "updatedTime": one.updated, "properties": []} for one in page],
        "since": since,
        "until": end,
        "self": f"{url}{API}{name}?since={since}",
        "lastPage": last,
    }
    return msgspec.json.encode(shown if last else shown | {"nextPage": f"{url}{API}{name}?since={end}"})


def _listed_worklogs(issues: Issues, given: Given) -> bytes:
    found = (issues.worklog(int(id_)) for id_ in given["ids"][:1000])
    return b"[%b]" % b",".join([text for text in found if text is not None])
