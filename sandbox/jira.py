"""A make-believe Jira Cloud site on loopback: `python -m sandbox.jira --seed 7` prints its address on the first line.

It answers as the vendor's description and known behaviour of REST v3 and agile 1.0 say, oddities included; its contents
are the invented company of `sandbox.jira_company`. Log in with e-mail and token (`HUB_EMAIL`, `TOKEN`). Under
`/_sandbox/` it takes orders: faults, moves, the clock, the list of requests. It knows nothing of the hub.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import contextlib
import random
import re
import sys
import time
from collections import deque
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from sandbox.control import PREFIX
from sandbox.jira_call import Call, Options, Problem
from sandbox.jira_company import company, latest_day
from sandbox.jira_control import command
from sandbox.jira_faults import Faults, quota_headers
from sandbox.jira_issues import ISSUE_ROUTES
from sandbox.jira_moves import Mover
from sandbox.jira_records import Login
from sandbox.jira_site import CLOUD_ID, SITE_ROUTES
from sandbox.jira_tracker import Tracker
from sandbox.jira_truth import as_yaml, figures
from sandbox.jira_views import Views
from sandbox.jira_words import HUB_EMAIL, LEAD_EMAIL, MEMBER_EMAIL, STRANGER_EMAIL, TOKEN
from sandbox.jira_writes import WRITE_ROUTES
from sandbox.moving import Moving
from sandbox.plan_files import write_plan
from sandbox.serving import HTML, LOGIN_PAGE, TEXT, Answer, Asked, Loopback

__all__ = [
    "CLOUD_ID",
    "HUB_EMAIL",
    "LEAD_EMAIL",
    "MEMBER_EMAIL",
    "STRANGER_EMAIL",
    "TOKEN",
    "Answer",
    "JiraServer",
    "Seen",
    "arguments",
]

SERVER_ZONE = "Europe/Berlin"
LONGEST_TARGET = 8000  # characters of path and query that the servers before the site take
_ROUTES = [(method, re.compile(path), handle) for method, path, handle in (*ISSUE_ROUTES, *SITE_ROUTES, *WRITE_ROUTES)]


class Seen(NamedTuple):
    """One request as the log keeps it; a status of 0 is a connection that was dropped."""

    method: str
    target: str
    status: int


class JiraServer(Loopback):
    """Serves a tracker until closed; use it in a `with`.

    `before` is called with each request's path and query before it is answered: tests change the tracker there.
    `before_any` is told its method and body too. `shown_url` is the address it gives itself, its own by default.
    `faults` and `options` may be changed at any time; `requests` is the log.
    """

    def __init__(
        self,
        tracker: Tracker,
        *,
        port: int = 0,
        faults: Faults | None = None,
        options: Options | None = None,
        shown_url: str | None = None,
    ) -> None:
        super().__init__(port)
        self.tracker = tracker
        self.options = options or Options()
        self.faults = faults or Faults()
        self.before: Callable[[str], None] | None = None
        self.before_any: Callable[[str, str, bytes], None] | None = None
        self.requests: deque[Seen] = deque(maxlen=1_000_000)
        self.mover: Moving | None = None
        self._answered = 0
        self._cache: dict[tuple[str, str], tuple[int, list[Any]]] = {}
        self._views: dict[str, tuple[int, Views]] = {}
        self.shown_url = shown_url or self.url
        self.set_faults({})

    def set_faults(self, wanted: dict[str, Any]) -> None:
        """Sets some of the faults by name; index lag and lost projects are passed on to the tracker."""
        self.faults.set(wanted)
        self.tracker.index_lag_seconds = self.faults.index_lag_seconds
        if "lost_projects" in wanted or self.faults.lost_projects:
            for email, project in ((e, p) for e in self.tracker.logins for p in self.tracker.projects.values()):
                self.tracker.deny(email, project.id, project.key in self.faults.lost_projects)
        if "token_expires_after" in wanted:
            self._answered = 0

    def new_mover(self, rng: random.Random) -> Mover:
        return Mover(self.tracker, rng)

    # ------------------------------------------------------------ answers

    def header_date(self) -> float:
        return self.tracker.now() // 1000

    def respond(self, asked: Asked) -> Answer:
        found = self.answer(asked.method, asked.target, asked.headers.get("Authorization", ""), asked.body)
        if found.status == 401:
            found.headers["WWW-Authenticate"] = 'OAuth realm="Jira"'
        return found

    def answer(self, method: str, target: str, authorization: str, body: bytes) -> Answer:
        """One request answered, logged, and spoilt where a fault was drawn."""
        if target.startswith(PREFIX):
            return self._command(method, target, body)
        if self.before is not None:
            self.before(target)
        if self.before_any is not None:
            self.before_any(method, target, body)
        with self.tracker.lock:
            fault = self.faults.draw()
            found = self._spoilt(fault, target) or self._routed(method, target, authorization, body, fault)
            found.drop = found.drop or fault == "drop_after"
            if fault == "500_after":
                found = Answer(500, b'{"errorMessages":["Internal server error"],"errors":{}}')
            self.requests.append(Seen(method, target, 0 if found.drop else found.status))
        if self.faults.delay_ms:
            time.sleep(self.faults.delay_ms / 1000)
        found.cut = fault == "truncate" and found.status == 200
        return found

    def _command(self, method: str, target: str, body: bytes) -> Answer:
        with self.tracker.lock:
            status, found = command(self, method, urlsplit(target).path, msgspec.json.decode(body) if body else {})
        return Answer(status, msgspec.json.encode(found))

    def _spoilt(self, fault: str, target: str) -> Answer | None:
        retry = {"Retry-After": str(self.faults.retry_after_seconds)}
        burst = {"RateLimit-Reason": "jira-burst-based"}
        if self.faults.quota_used_up:
            return Answer(429, b"Rate limit exceeded.", TEXT | quota_headers(self.tracker.now()))
        if self.faults.sso:
            return Answer(200, LOGIN_PAGE, HTML)
        if self.faults.denied:
            return Answer(403, LOGIN_PAGE, HTML | {"X-Seraph-Loginreason": "AUTHENTICATION_DENIED"})
        if self.faults.gateway and self.faults.gateway in target:
            return Answer(403, LOGIN_PAGE, HTML) if self.faults.gateway_page else Answer(403, b"Forbidden", TEXT)
        if len(target) > LONGEST_TARGET:
            return Answer(414, b"<html><body>Request-URI Too Large</body></html>", HTML)
        kinds: dict[str, Callable[[], Answer]] = {
            "429": lambda: Answer(429, b"Rate limit exceeded.", TEXT | retry | burst),
            "429_bare": lambda: Answer(429, b"", burst),
            "500": lambda: Answer(500, b'{"errorMessages":["Internal server error"],"errors":{}}'),
            "503": lambda: Answer(503, b"<html><body>Service Unavailable</body></html>", {"Content-Type": "text/html"}),
            "drop": lambda: Answer(0, b"", drop=True),
        }
        return kinds[fault]() if fault in kinds else None

    def _routed(self, method: str, target: str, authorization: str, body: bytes, fault: str) -> Answer:
        headers: dict[str, str] = {}
        login = self._login(authorization)
        if login is None and authorization:
            headers["X-Seraph-Loginreason"] = "AUTHENTICATED_FAILED"
        parts = urlsplit(target.removeprefix(f"/ex/jira/{CLOUD_ID}"))
        params: dict[str, list[str]] = {}
        for name, value in parse_qsl(parts.query, keep_blank_values=True):
            params.setdefault(name, []).append(value)
        try:
            call = self._call(login, target, params, body)
            if fault == "short_page":
                call.short_page = self.faults.random.choice((0.3, 0.7, 1.0))
            found = self._handled(method, parts.path, call)
        except Problem as problem:
            headers |= problem.headers
            if problem.text is not None:
                return Answer(problem.status, problem.text.encode(), headers | TEXT)
            return Answer(problem.status, msgspec.json.encode(problem.body), headers)
        if found is None:
            return Answer(204, b"", headers)
        return Answer(200, msgspec.json.encode(found), headers)

    def _handled(self, method: str, path: str, call: Call) -> Any:
        known = False
        for verb, pattern, handle in _ROUTES:
            match = pattern.fullmatch(path)
            known = known or match is not None
            if match and verb == method:
                return handle(call, *map(unquote, match.groups()))  # type: ignore[operator]
        raise Problem(405, "Method not allowed.") if known else Problem(404, text="Oops, you've found a dead link.")

    def _login(self, authorization: str) -> Login | None:
        """The account of e-mail and token, while it is good."""
        self._answered += 1
        expires = self.faults.token_expires_after
        scheme, _, code = authorization.partition(" ")
        if scheme.lower() != "basic" or (expires is not None and self._answered > expires):
            return None
        with contextlib.suppress(binascii.Error, UnicodeDecodeError):
            email, _, token = base64.b64decode(code).decode().partition(":")
            login = self.tracker.logins.get(email)
            return login if login is not None and login.token == token else None
        return None

    def _call(self, login: Login | None, target: str, params: dict[str, list[str]], body: bytes) -> Call:
        zone = self.tracker.users[login.account_id].zone if login else SERVER_ZONE
        try:
            given = msgspec.json.decode(body) if body else {}
        except msgspec.DecodeError:
            given = None
        if not isinstance(given, dict):
            raise Problem(400, "There was an error parsing JSON. Check that your request body is valid.")
        views = self._views_of(login, zone)
        return Call(
            self.tracker, self.options, login, views, zone, self.shown_url, target, params, given, cache=self._cache
        )  # fmt: skip

    def _views_of(self, login: Login | None, zone: str) -> Views:
        """Kept until anything changes, since they keep what they have shown of people and words."""
        name = login.email if login else ""
        changes, views = self._views.get(name, (-1, None))
        if views is None or changes != self.tracker.changes or views.zone.key != zone:
            views = Views(self.tracker, self.shown_url, login, zone)
            self._views[name] = (self.tracker.changes, views)
        return views


def arguments(description: str) -> argparse.Namespace:
    """From the command line: seed, last day, size, port; where to write what is true of the company."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument(
        "--as-of", type=date.fromisoformat, default=None, help="the day the story ends on, at 06:00 UTC: the last such"
    )
    parser.add_argument("--issues", type=int, default=4000)
    parser.add_argument("--truth", default=None, help="writes truth.yaml to this path")
    parser.add_argument("--plan", default=None, help="writes the files of the company's PMO into this folder")
    given = parser.parse_args()
    given.as_of = given.as_of or latest_day()
    return given


def main() -> None:
    """Serves the company until interrupted."""
    given = arguments("A make-believe Jira Cloud on loopback.")
    as_of = given.as_of
    tracker, people = company(seed=given.seed, as_of=as_of, issues=given.issues)
    if given.truth:
        Path(given.truth).write_text(as_yaml(figures(tracker, as_of)), encoding="utf-8")
    if given.plan:
        write_plan(Path(given.plan), tracker, people, as_of)
    server = JiraServer(tracker, port=given.port)
    sys.stdout.write(f"{server.url}\n")
    sys.stdout.flush()
    with contextlib.suppress(KeyboardInterrupt):
        server.serve()


if __name__ == "__main__":
    main()
