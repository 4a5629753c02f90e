"""Routes of the make-believe Jira Cloud about issues: search, bulk fetch, history, hours, comments.

Odd as the real one: search knows no total, gives ids alone by default and fewer rows than asked; histories, hours and
comments inside an issue are cut, their totals told; gone and hidden issues answer the same; bulk histories come sorted
by date over all issues; the feed of hours withholds its last minute.
"""

from __future__ import annotations

import base64
import binascii
import json
from bisect import bisect_right
from typing import Any
from zlib import crc32

import msgspec

from sandbox.jira_call import NO_ISSUE, Call, Problem
from sandbox.jira_jql import Query, parse
from sandbox.jira_records import Change, Issue
from sandbox.jira_workflow import meta_of, transitions_of

__all__ = ["ISSUE_ROUTES", "approximate_count", "bulk_changelog", "bulk_fetch", "one_issue", "search"]

Json = dict[str, Any]
BAD_TOKEN = "The provided next page token is invalid or has expired."


def search(call: Call) -> Json:
    call.check_body(
        jql=str, nextPageToken=str, maxResults=int, fields=list, expand=str, properties=list, fieldsByKeys=bool,
        reconcileIssues=list,
    )  # fmt: skip
    jql = str(call.body.get("jql") or call.text("jql"))
    token = str(call.body.get("nextPageToken") or call.text("nextPageToken"))
    reconcile = call.numbers("reconcileIssues")
    if len(reconcile) > 50:
        raise Problem(400, "At most 50 issues can be reconciled.")
    call.tracker.refresh_index(reconcile)
    rows = _rows(call, jql)
    asked = call.words("fields")
    small = not call.words("expand") and set(asked) <= {"id", "key"}
    size = _size(call)
    size = max(1, min(size, call.options.id_page_cap if small else call.options.page_cap))
    if call.short_page is not None:
        size = int(size * (1 - call.short_page))
    mark = _mark(call, jql)
    begin = _begin(rows, token, mark)
    page = rows[begin : begin + size]
    last = begin + size >= len(rows)
    shown: Json = {"issues": _shown(call, [row[-1] for row in page], asked), "isLast": last}
    if not last:
        after = begin + size if call.options.paging == "offset" else page[-1] if page else _decoded(token, mark)
        shown["nextPageToken"] = _token(mark, after)
    return shown


def _size(call: Call) -> int:
    given = call.body.get("maxResults")
    return given if isinstance(given, int) else call.number("maxResults", 50)


def _rows(call: Call, jql: str) -> list[Any]:
    """Places in the order, ending with the id: kept until the index changes, unless the query speaks of now."""
    account = call.login.email if call.login else ""
    key = (account, jql)
    kept = call.cache.get(key)
    if kept and kept[0] == call.tracker.index_revision and "-" not in _unquoted(jql):
        return kept[1]
    query = parse(jql, call.tracker, call.login, call.zone)
    rows = sorted(query.key(call.tracker, row) for row in call.tracker.index.values() if _matches(call, query, row))
    if len(call.cache) > 200:
        call.cache.clear()
    call.cache[key] = (call.tracker.index_revision, rows)
    return rows


def _unquoted(jql: str) -> str:
    return "".join(jql.split('"')[::2])


def _matches(call: Call, query: Query, row: Any) -> bool:
    if not call.tracker.sees(call.login, row.project_id):
        return False
    if row.hidden and not (call.login and call.login.sees_hidden):
        return False
    return query.test(row)


def _mark(call: Call, jql: str) -> int:
    return crc32(f"{call.login.email if call.login else ''}\n{jql}".encode())


def _token(mark: int, after: object) -> str:
    return base64.urlsafe_b64encode(json.dumps([mark, after]).encode()).decode()


def _decoded(token: str, mark: int) -> Any:
    if not token:
        return []
    try:
        found, after = json.loads(base64.urlsafe_b64decode(token.encode()))
    except (ValueError, binascii.Error):
        raise Problem(400, BAD_TOKEN) from None
    if found != mark:
        raise Problem(400, BAD_TOKEN)
    return after


def _begin(rows: list[Any], token: str, mark: int) -> int:
    after = _decoded(token, mark)
    if isinstance(after, int):
        return after
    return bisect_right(rows, _tuples(after)) if after else 0


def _tuples(value: Any) -> Any:
    return tuple(_tuples(one) for one in value) if isinstance(value, list) else value


def _shown(call: Call, ids: list[int], asked: list[str]) -> list[Json]:
    """Ids alone come from the index, stale ones too; fields are read from the records."""
    if (not asked or asked == ["id"]) and not _expanded(call):
        return [{"id": str(id_)} for id_ in ids]
    issues = [call.tracker.issues[id_] for id_ in ids if id_ in call.tracker.issues]
    wanted = _wanted(call, [word for word in asked if word not in ("id", "key")], [])
    return [_issue(call, issue, wanted) for issue in issues]


def _expanded(call: Call) -> bool:
    return "changelog" in call.words("expand")


def _wanted(call: Call, asked: list[str], default: list[str]) -> list[str]:
    """Names of fields, of `*all`, `*navigable`, `name`, `-name`."""
    if not asked:
        asked = default
    wanted: dict[str, None] = {}
    if asked and all(word.startswith("-") for word in asked):
        asked = [*default, *asked]
    for word in asked:
        if word in ("*all", "*navigable"):
            wanted |= dict.fromkeys(call.views.all_fields(navigable=word == "*navigable"))
        elif word.startswith("-"):
            wanted.pop(word[1:], None)
        else:
            wanted[word] = None
    return list(wanted)


def _issue(call: Call, issue: Issue, wanted: list[str], *, cap: int | None = None, comments: int | None = None) -> Any:
    options = call.options
    caps = (cap or options.changelog_cap, options.worklog_cap, options.comment_cap if comments is None else comments)
    key = ("issue", issue.id, caps, tuple(wanted), tuple(call.words("expand")))
    return call.views.keep(key, lambda: _whole(call, issue, wanted, caps))


def _whole(call: Call, issue: Issue, wanted: list[str], caps: tuple[int, int, int]) -> Json:
    call.views.worklog_cap = caps[1]
    shown = call.views.issue(issue, wanted, comments=caps[2])
    if _expanded(call):
        shown["changelog"] = call.views.changelog(issue, caps[0])
    if "names" in call.words("expand"):
        shown["names"] = {name: call.tracker.fields[name].name for name in wanted if name in call.tracker.fields}
    return shown


def approximate_count(call: Call) -> Json:
    call.check_body(jql=str)
    call.tracker.refresh_index()
    return {"count": len(_rows(call, str(call.body.get("jql", ""))))}


# ------------------------------------------------------------------ by id


def _seen(call: Call, name: str) -> Issue | None:
    issue = call.tracker.find(name)
    return issue if issue is not None and call.tracker.sees_issue(call.login, issue) else None


def _one(call: Call, name: str) -> Issue:
    issue = _seen(call, name)
    if issue is None:
        raise Problem(404, NO_ISSUE)
    return issue


def bulk_fetch(call: Call) -> Json:
    """Ordered by id, each once; what is gone or hidden is missing, or told as an error of its own."""
    call.check_body(issueIdsOrKeys=list, fields=list, expand=list, properties=list, fieldsByKeys=bool)
    names = _names(call, 100)
    found: dict[int, Issue] = {}
    errors = []
    for name in names:
        issue = _seen(call, name)
        if issue is not None and call.options.is_left_out("issue", issue.id):
            continue
        if issue is not None:
            found[issue.id] = issue
        elif call.options.missing_told:
            errors.append({"id": name, "errorMessage": NO_ISSUE})
    wanted = _wanted(call, call.words("fields"), ["*navigable"])
    issues = [_with_ways(call, found[id_], _issue(call, found[id_], wanted)) for id_ in sorted(found)]
    return {"issues": issues} | ({"issueErrors": errors} if errors else {})


def _names(call: Call, most: int) -> list[str]:
    names = call.body.get("issueIdsOrKeys")
    if not isinstance(names, list) or not names:
        raise Problem(400, "The issueIdsOrKeys parameter must not be empty.")
    if len(names) > most:
        raise Problem(400, f"At most {most} issues can be asked for in one request.")
    return [str(name) for name in names]


def one_issue(call: Call, name: str) -> Any:
    """An old key of a moved issue answers with the new one."""
    wanted = _wanted(call, call.words("fields"), ["*all"])
    issue = _one(call, name)
    return _with_ways(call, issue, _issue(call, issue, wanted, cap=100, comments=5000))


def _with_ways(call: Call, issue: Issue, shown: Any) -> Any:
    """What may be done to it, if that is asked for: another thing for each account."""
    expand = call.words("expand") if call.options.bulk_expands else []
    more: Json = {}
    if "transitions" in expand:
        whole = call.options.screens_told and "transitions.fields" in expand
        more["transitions"] = transitions_of(call, issue, whole=whole)
    if "editmeta" in expand:
        more["editmeta"] = meta_of(call, issue)
    return msgspec.json.decode(shown) | more if more else shown


def changelog(call: Call, name: str) -> Json:
    """Oldest first."""
    return call.paged(_one(call, name).changes, call.views.change, default=100)


def bulk_changelog(call: Call) -> Json:
    """Sorted by date over all issues asked for, so that one issue is spread over pages."""
    call.check_body(issueIdsOrKeys=list, fieldIds=list, maxResults=int, nextPageToken=str)
    names = _names(call, 1000)
    only = set(call.words("fieldIds")) or None
    if only and len(only) > 10:
        raise Problem(400, "At most 10 field IDs can be given.")
    size = call.body.get("maxResults", 1000)
    if not isinstance(size, int) or not 1 <= size <= 10_000:
        raise Problem(400, "The maxResults parameter must be between 1 and 10000.")
    issues = {issue.id: issue for issue in (_seen(call, name) for name in names) if issue is not None}
    if not call.body.get("nextPageToken"):
        issues = {id_: issue for id_, issue in issues.items() if not call.options.is_left_out("history", id_)}
    rows = [(c.at, c.id, c) for issue in issues.values() for c in issue.changes if _touches(c, only)]
    rows.sort(key=lambda row: row[:2])
    mark = crc32(f"{sorted(names)}{sorted(only or ())}".encode())
    after = tuple(_decoded(str(call.body.get("nextPageToken") or ""), mark))
    begin = bisect_right(rows, after, key=lambda row: row[:2]) if after else 0
    page = rows[begin : begin + size]
    logs: dict[int, list[Json]] = {}
    for at, _, change in page:
        created = {"ms": at, "seconds": at // 1000, "text": None}[call.options.bulk_created]
        logs.setdefault(change.issue_id, []).append(call.views.change(change, created=created, only=only))
    shown: Json = {"issueChangeLogs": [{"issueId": str(id_), "changeHistories": rows_} for id_, rows_ in logs.items()]}
    if begin + size < len(rows):
        shown["nextPageToken"] = _token(mark, list(page[-1][:2]))
    return shown


def _touches(change: Change, only: set[str] | None) -> bool:
    return only is None or any(item.field_id in only for item in change.items)


# ------------------------------------------------------------------ hours and comments


def worklogs(call: Call, name: str) -> Json:
    issue = _one(call, name)
    after, before = call.number("startedAfter", 0), call.number("startedBefore", 1 << 60)
    rows = [call.tracker.worklogs[id_] for id_ in issue.worklog_ids]
    rows = [row for row in rows if after <= row.started < before]
    start, size = max(0, call.number("startAt", 0)), min(max(1, call.number("maxResults", 5000)), 5000)
    shown = [call.views.worklog(row) for row in rows[start : start + size]]
    return {"startAt": start, "maxResults": size, "total": len(rows), "worklogs": shown}


def comments(call: Call, name: str) -> Json:
    issue = _one(call, name)
    start, size = max(0, call.number("startAt", 0)), min(max(1, call.number("maxResults", 5000)), 5000)
    return call.views.comments(issue, start, size)


def updated_worklogs(call: Call) -> Json:
    """Of all issues, seen or not: only their hours themselves are kept back."""
    _logged_in(call)
    return _feed(call, sorted((w.updated, w.id) for w in call.tracker.worklogs.values()))


def deleted_worklogs(call: Call) -> Json:
    _logged_in(call)
    return _feed(call, sorted((at, id_) for id_, at in call.tracker.deleted_worklogs.items()))


def _feed(call: Call, rows: list[tuple[int, int]]) -> Json:
    """From `since` on, that instant included; the last minute is withheld."""
    since = call.number("since", 0)
    horizon = call.tracker.now() - call.options.feed_withheld_ms
    rows = [row for row in rows if since <= row[0] <= horizon]
    # `since` goes on by instants: none is cut, and each page leads beyond the first one
    page = rows[: max(call.options.feed_page, 1 + sum(row[0] == since for row in rows))]
    page += [row for row in rows[len(page) :] if row[0] == page[-1][0]]
    path = f"{call.url}{call.target.partition('?')[0]}"
    until = page[-1][0] if page else since
    shown: Json = {
        "values": [{"worklogId": id_, "updatedTime": at, "properties": []} for at, id_ in page],
        "since": since,
        "until": until,
        "self": f"{path}?since={since}",
        "lastPage": len(page) == len(rows),
    }
    if len(page) < len(rows):
        shown["nextPage"] = f"{path}?since={until}"
    return shown


def listed_worklogs(call: Call) -> list[Json]:
    """Those that exist and may be seen; of the others nothing is said."""
    _logged_in(call)
    call.check_body(ids=list)
    ids = call.numbers("ids")
    if len(ids) > 1000:
        raise Problem(400, "At most 1000 worklog ids can be asked for.")
    found = (call.tracker.worklogs.get(id_) for id_ in dict.fromkeys(ids))
    return [
        call.views.worklog(row)
        for row in found
        if row is not None and call.tracker.sees_issue(call.login, call.tracker.issues[row.issue_id])
    ]


def _logged_in(call: Call) -> None:
    if call.login is None:
        raise Problem(401, text="Client must be authenticated to access this resource.")


def removed(_call: Call) -> Json:
    raise Problem(410, "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API.")


_ISSUE = r"/rest/api/3/issue/([^/]+)"
ISSUE_ROUTES = [
    ("GET", r"/rest/api/3/search/jql", search),
    ("POST", r"/rest/api/3/search/jql", search),
    ("POST", r"/rest/api/3/search/approximate-count", approximate_count),
    ("GET", r"/rest/api/3/search", removed),
    ("POST", r"/rest/api/3/search", removed),
    ("POST", r"/rest/api/3/issue/bulkfetch", bulk_fetch),
    ("POST", r"/rest/api/3/changelog/bulkfetch", bulk_changelog),
    ("GET", _ISSUE, one_issue),
    ("GET", rf"{_ISSUE}/changelog", changelog),
    ("GET", rf"{_ISSUE}/worklog", worklogs),
    ("GET", rf"{_ISSUE}/comment", comments),
    ("GET", r"/rest/api/3/worklog/updated", updated_worklogs),
    ("GET", r"/rest/api/3/worklog/deleted", deleted_worklogs),
    ("POST", r"/rest/api/3/worklog/list", listed_worklogs),
]
