"""A make-believe Redmine on loopback, over HTTP: `python -m sandbox.redmine --issues 200000` prints its address.

It answers what its own source and the OpenAPI description of 6.1.3 say, oddities included: default filters, unknown
filters ignored, pages of 100 at most, 403 and 404 with no body, API keys shown in accounts, 200 with public data to a
wrong key. What it holds, and how that changes, is in `sandbox.redmine_tracker`. It knows nothing of the hub.
"""

from __future__ import annotations

import argparse
import contextlib
import re
import sys
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from sandbox.redmine_tracker import ARCHIVED, RELATION_NAMES, STATUSES, Entry, Project, Tracker, User, between
from sandbox.redmine_views import WORDS, Views, account, login
from sandbox.serving import Answer, Asked, Loopback

__all__ = ["ADMIN_KEY", "MEMBER_KEY", "RedmineServer"]

ADMIN_KEY = "sandbox-admin-key"
MEMBER_KEY = "sandbox-member-key"
Params = dict[str, list[str]]
Found = tuple[int, dict[str, Any] | None]
FORBIDDEN: Found = (403, None)
NOT_FOUND: Found = (404, None)
_OPERATORS = ("><", ">=", "<=", "!*", "!", "*", "=")
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}((:)?\d{2}){0,2}(Z|\d{2}:?\d{2})?)?")
_CLOSED = {id_: closed for id_, _, closed in STATUSES}
Filters = dict[str, tuple[str, list[str]]]


class RedmineServer(Loopback):
    """Serves a tracker until closed; use it in a `with`.

    `before` is called with each request's path and query before it is answered: tests change the tracker there.
    `rest_enabled=False` and `open_to_all=False` are Redmine's settings of those names; `dated=False` leaves out the
    Date header, as Redmine's own server does; `status_told=False` leaves it out of lists of users, as 5.0 does.
    """

    def __init__(self, tracker: Tracker, *, port: int = 0, key: str = ADMIN_KEY, member_key: str = MEMBER_KEY) -> None:
        super().__init__(port)
        self.tracker = tracker
        self.views = Views(tracker)
        self.keys = {key: 1, member_key: 2}
        self.rest_enabled = True
        self.open_to_all = True
        self.dated = True
        self.status_told = True
        self.before: Callable[[str], None] | None = None
        self.requests: deque[str] = deque(maxlen=100_000)
        self._lists: dict[tuple[object, ...], list[Any]] = {}
        for text, user_id in self.keys.items():
            tracker.users[user_id].api_key = text

    # ------------------------------------------------------------ answers

    def header_date(self) -> float | None:
        return self.tracker.clock() if self.dated else None

    def respond(self, asked: Asked) -> Answer:
        """It only reads."""
        if asked.method != "GET":
            return Answer(501, b"")
        status, found = self.answer(asked.target, asked.headers.get("X-Redmine-API-Key", ""))
        html = status == 404 and found == {}  # no route: Rails' own page
        body = b"<!DOCTYPE html><title>404</title>" if html else b"" if found is None else msgspec.json.encode(found)
        headers = {"Content-Type": "text/html" if html else "application/json; charset=utf-8"}
        if status == 401:
            headers["WWW-Authenticate"] = 'Basic realm="Redmine API"'
        return Answer(status, body, headers)

    def answer(self, target: str, key: str) -> Found:
        """Status and body of a GET."""
        self.requests.append(target)
        if self.before is not None:
            self.before(target)
        parts = urlsplit(target)
        params: Params = {}
        for name, value in parse_qsl(parts.query, keep_blank_values=True):
            params.setdefault(name, []).append(value)
        user = self.tracker.users.get(self.keys.get(key, 0)) if self.rest_enabled else None
        if user is None and not self.open_to_all:
            return (401, None) if self.rest_enabled else FORBIDDEN
        with self.tracker.lock:
            return self._route(parts.path, params, user)

    def _route(self, path: str, params: Params, user: User | None) -> Found:
        for pattern, handle in _ROUTES:
            match = pattern.fullmatch(path)
            if match:
                return handle(self, params, user, *match.groups())
        return 404, {}

    def _projects(self, params: Params, user: User | None) -> Found:
        filters = _filters(params, {"status", "id", "parent_id"})
        _, wanted = filters.get("status", ("=", ["1"]))
        _, ids = filters.get("id", ("=", []))
        rows = [
            p
            for p in self.tracker.projects.values()
            if str(p.status) in wanted and self.tracker.sees(user, p.id) and (not ids or str(p.id) in ids)
        ]
        rows.sort(key=lambda p: (p.created, p.id))
        return _paged("projects", rows, params, self.views.project)

    def _one_project(self, _params: Params, user: User | None, name: str) -> Found:
        project = self._find(name)
        if project is None:
            return NOT_FOUND
        if not self.tracker.sees(user, project.id):
            return FORBIDDEN if user else (401, None)
        return 200, {"project": self.views.project(project)}

    def _find(self, name: str) -> Project | None:
        found = (p for p in self.tracker.projects.values() if name in (str(p.id), p.identifier))
        return next(found, None)

    def _versions_of(self, _params: Params, user: User | None, name: str) -> Found:
        project = self._find(name)
        if project is None:
            return NOT_FOUND
        if not self.tracker.sees(user, project.id):
            return FORBIDDEN
        shared = [
            v
            for v in self.tracker.versions.values()
            if v.project_id == project.id
            or (v.sharing == "system" and self.tracker.projects[v.project_id].status != ARCHIVED)
        ]
        return 200, {"versions": [self.views.version(v) for v in shared], "total_count": len(shared)}

    def _one_version(self, _params: Params, user: User | None, id_: str) -> Found:
        version = self.tracker.versions.get(int(id_))
        if version is None:
            return NOT_FOUND
        return (
            (200, {"version": self.views.version(version)})
            if self.tracker.sees(user, version.project_id)
            else FORBIDDEN
        )

    def _users(self, params: Params, user: User | None) -> Found:
        if user is None or not user.admin:
            return FORBIDDEN if user else (401, None)
        status = params.get("status", ["1"])[0]
        rows = sorted(
            (u for u in self.tracker.users.values() if status in ("", "*", str(u.status))), key=lambda u: login(u)
        )
        return _paged("users", rows, params, self._listed_user)

    def _listed_user(self, user: User) -> dict[str, Any]:
        return account(user, admin=True) | ({"status": user.status} if self.status_told else {})

    def _one_user(self, _params: Params, user: User | None, id_: str) -> Found:
        found = self.tracker.users.get(int(id_))
        if found is None or (found.status != 1 and not (user and user.admin)):
            return NOT_FOUND
        shown = account(found, admin=bool(user and user.admin))
        if user and user.admin:
            shown |= {"api_key": found.api_key or f"key-of-{found.id}", "status": found.status}
        return 200, {"user": shown}

    def _current(self, params: Params, user: User | None) -> Found:
        if user is None:
            return (401, None) if self.rest_enabled else FORBIDDEN
        shown = account(user, admin=True) | {"api_key": user.api_key}
        if user.admin:
            shown["status"] = user.status
        if "memberships" in params.get("include", [""])[0]:
            shown["memberships"] = [
                {"id": n, "project": self.views.project_ref(id_), "roles": [{"id": 4, "name": "Developer"}]}
                for n, id_ in enumerate(sorted(self.tracker.members.get(user.id, ())), 1)
                if self.tracker.sees(user, id_)
            ]
        return 200, {"user": shown}

    # ------------------------------------------------------------ issues

    def _issues(self, params: Params, user: User | None) -> Found:
        filters = _filters(params, {"project_id", "status_id", "issue_id", "updated_on", *RELATION_NAMES})
        if params.get("project_id"):  # one project only: more are looked up as one name
            project = self._find(params["project_id"][0])
            if project is None:
                return NOT_FOUND
            filters["project_id"] = ("=", [str(project.id)])
        operator, values = filters.get("updated_on", ("*", []))
        if any(not _INSTANT.fullmatch(value) for value in values):
            return 422, {"errors": ["Updated is invalid"]}
        ids = self._issue_ids(filters, user)
        low, high = _bounds(filters.get("issue_id"))
        if operator == ">=":
            since = int(datetime.fromisoformat(values[0]).replace(tzinfo=UTC).timestamp())
            known = set(ids)
            ids = sorted(id_ for id_ in self.tracker.updated_since(since) if id_ in known)
        for name in RELATION_NAMES & filters.keys():
            related = self.tracker.with_relation(name)
            ids = [id_ for id_ in ids if id_ in related]
        ids = self._only_ids(ids, filters.get("issue_id"))
        first, end = between(ids, low, high)
        ids = _only_status(self.tracker, ids[first:end] if (low, high) != (None, None) else ids, filters)
        if params.get("sort", ["id:desc"])[0] not in ("id:asc", "id"):
            ids = ids[::-1]
        include = params.get("include", [""])[0].split(",")
        return _paged("issues", ids, params, lambda id_: self.views.issue(self.tracker.issues[id_], user, include))

    def _issue_ids(self, filters: Filters, user: User | None) -> list[int]:
        """All ids the account sees in the projects, kept until something changes."""
        projects = frozenset(filters["project_id"][1]) if "project_id" in filters else None
        key = ("issues", user.id if user else 0, projects)
        return self._kept(
            key,
            lambda: sorted(
                i.id
                for i in self.tracker.issues.values()
                if self.tracker.sees_issue(user, i) and (projects is None or str(i.project_id) in projects)
            ),
        )

    def _only_ids(self, ids: list[int], wanted: tuple[str, list[str]] | None) -> list[int]:
        if wanted is None or wanted[0] != "=":
            return ids
        named = sorted({int(one) for one in wanted[1][0].split(",") if one.isdigit()})
        places = [(bisect_left(ids, one), one) for one in named]
        return [one for place, one in places if place < len(ids) and ids[place] == one]

    def _kept(self, key: tuple[object, ...], make: Callable[[], list[Any]]) -> list[Any]:
        if self._lists.get(("changes",)) != [self.tracker.changes]:
            self._lists = {("changes",): [self.tracker.changes]}
        if key not in self._lists:
            self._lists[key] = make()
        return self._lists[key]

    def _one_issue(self, params: Params, user: User | None, id_: str) -> Found:
        issue = self.tracker.issues.get(int(id_))
        if issue is None:
            return NOT_FOUND
        if not self.tracker.sees_issue(user, issue):
            return FORBIDDEN if user else (401, None)
        include = params.get("include", [""])[0].split(",")
        shown = self.views.issue(issue, user, include)
        if not shown.get("relations"):
            shown.pop("relations", None)
        if "journals" in include:
            shown["journals"] = [self.views.journal(j) for j in self.tracker.journals_of(issue)]
        return 200, {"issue": shown}

    # ------------------------------------------------------------ hours

    def _entries(self, params: Params, user: User | None) -> Found:
        filters = _filters(params, {"spent_on", "project_id", "issue_id", "user_id"})
        for name, operator in (("from", ">="), ("to", "<=")):
            if name in params:
                filters["spent_on"] = (operator, params[name])
        if "from" in params and "to" in params:
            filters["spent_on"] = ("><", [params["from"][0], params["to"][0]])
        projects = frozenset(filters["project_id"][1]) if "project_id" in filters else None
        key, _, direction = params.get("sort", ["spent_on:desc"])[0].partition(":")
        low, high = _days(filters.get("spent_on"))
        rows = self._kept(
            ("entries", user.id if user else 0, projects, key, low, high),
            lambda: sorted(
                (e for e in self._span(low, high) if self._sees_entry(user, e, projects)),
                key=lambda e: (e.spent_on, e.created, e.id) if key == "spent_on" else (e.created, e.id),
            ),
        )
        return _paged("time_entries", rows[::-1] if direction == "desc" else rows, params, self.views.entry)

    def _span(self, low: date | None, high: date | None) -> list[Entry]:
        """Entries of some days, found in a list by day that is kept."""
        by_day = self._kept(("days",), lambda: sorted(self.tracker.entries.values(), key=lambda e: e.spent_on))
        first = 0 if low is None else bisect_left(by_day, low, key=lambda e: e.spent_on)
        return by_day[first : len(by_day) if high is None else bisect_right(by_day, high, key=lambda e: e.spent_on)]

    def _sees_entry(self, user: User | None, entry: Entry, projects: frozenset[str] | None) -> bool:
        return self.tracker.sees(user, entry.project_id) and (projects is None or str(entry.project_id) in projects)

    def _one_entry(self, _params: Params, user: User | None, id_: str) -> Found:
        entry = self.tracker.entries.get(int(id_))
        if entry is None:
            return NOT_FOUND
        return (
            (200, {"time_entry": self.views.entry(entry)}) if self.tracker.sees(user, entry.project_id) else FORBIDDEN
        )

    def _words(self, _params: Params, user: User | None, name: str) -> Found:
        if name == "custom_fields" and not (user and user.admin):
            return FORBIDDEN
        return 200, {name.removeprefix("enumerations/"): WORDS[name]()}


# ------------------------------------------------------------------ helpers


def _filters(params: Params, known: set[str]) -> Filters:
    """The filters Redmine understands; others are ignored. With `f[]` plain parameters and defaults are, too."""
    if "f[]" in params:
        return {"status_id": ("*", [])} | {
            name: (params.get(f"op[{name}]", ["="])[0], params.get(f"v[{name}][]", []))
            for name in params["f[]"]
            if name in known
        }
    found: Filters = {}
    for name in known & params.keys():
        text = params[name][0]
        operator = next((o for o in _OPERATORS if text.startswith(o)), "=")
        found[name] = (operator, text.removeprefix(operator).split("|"))
    return found


def _bounds(wanted: tuple[str, list[str]] | None) -> tuple[int | None, int | None]:
    operator, values = wanted or ("*", [])
    if operator == "><":
        return int(values[0]), int(values[1])
    if operator in (">=", "<="):
        return (int(values[0]), None) if operator == ">=" else (None, int(values[0]))
    return None, None


def _days(wanted: tuple[str, list[str]] | None) -> tuple[date | None, date | None]:
    operator, values = wanted or ("*", [])
    days = [date.fromisoformat(value) for value in values if value]
    if operator == "><":
        return days[0], days[1]
    if operator in (">=", "<="):
        return (days[0], None) if operator == ">=" else (None, days[0])
    return (days[0], days[0]) if operator == "=" and days else (None, None)


def _only_status(tracker: Tracker, ids: list[int], filters: Filters) -> list[int]:
    """Open ones only, unless asked otherwise."""
    operator, values = filters.get("status_id", ("o", ["open"]))
    if operator == "*":
        return ids
    asked = values[0] if values else "open"
    if asked in ("open", "closed", "o", "c"):
        return [id_ for id_ in ids if _CLOSED[tracker.issues[id_].status_id] == asked.startswith("c")]
    return [id_ for id_ in ids if str(tracker.issues[id_].status_id) in values]


def _paged(key: str, rows: Sequence[Any], params: Params, show: Callable[[Any], dict[str, Any]]) -> Found:
    limit = int(params.get("limit", ["25"])[0] or 0)
    limit = min(limit, 100) if limit >= 1 else 25
    offset = max(0, int(params.get("offset", ["0"])[0] or 0))
    page = [show(row) for row in rows[offset : offset + limit]]
    return 200, {key: page, "total_count": len(rows), "offset": offset, "limit": limit}


_ROUTES: list[tuple[re.Pattern[str], Callable[..., Found]]] = [
    (re.compile(pattern), handle)
    for pattern, handle in (
        (r"/projects\.json", RedmineServer._projects),
        (r"/projects/([^/]+)\.json", RedmineServer._one_project),
        (r"/projects/([^/]+)/versions\.json", RedmineServer._versions_of),
        (r"/versions/(\d+)\.json", RedmineServer._one_version),
        (r"/users\.json", RedmineServer._users),
        (r"/users/current\.json", RedmineServer._current),
        (r"/users/(\d+)\.json", RedmineServer._one_user),
        (r"/issues\.json", RedmineServer._issues),
        (r"/issues/(\d+)\.json", RedmineServer._one_issue),
        (r"/time_entries\.json", RedmineServer._entries),
        (r"/time_entries/(\d+)\.json", RedmineServer._one_entry),
        (r"/(issue_statuses|trackers|custom_fields|enumerations/\w+)\.json", RedmineServer._words),
    )
]


def main() -> None:
    """Serves a tracker until interrupted."""
    parser = argparse.ArgumentParser(description="A make-believe Redmine on loopback.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--issues", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--key", default=ADMIN_KEY)
    given = parser.parse_args()
    server = RedmineServer(Tracker(given.issues, given.seed), port=given.port, key=given.key)
    sys.stdout.write(f"{server.url}\n")
    sys.stdout.flush()
    with contextlib.suppress(KeyboardInterrupt):
        server.serve()


if __name__ == "__main__":
    main()
