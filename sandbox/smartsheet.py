"""A make-believe Smartsheet (API 2.0) on loopback: `python -m sandbox.smartsheet --sheets 5 --rows 2000` prints its
address.

It answers as the vendor's description (OpenAPI 2.0.0) and live recordings of 2020 do (read 2026-11-27), oddities
included. What it holds, and how people change that, is in `sandbox.smartsheet_tracker`. Under `/_sandbox/` it takes the
orders of `sandbox.control`. It knows nothing of the hub.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import re
import sys
import time
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from sandbox.control import PREFIX, command
from sandbox.moving import Moving
from sandbox.serving import HTML, LOGIN_PAGE, Answer, Asked, Loopback
from sandbox.smartsheet_call import Call, Options, Problem, error
from sandbox.smartsheet_faults import Faults, RateLimit, edit_first, vanish
from sandbox.smartsheet_mail import MAIL_ROUTES
from sandbox.smartsheet_making import MAKING_ROUTES
from sandbox.smartsheet_more import MORE_ROUTES
from sandbox.smartsheet_moves import Mover
from sandbox.smartsheet_oauth import OAuth
from sandbox.smartsheet_places import PLACE_ROUTES
from sandbox.smartsheet_random import filled
from sandbox.smartsheet_records import User
from sandbox.smartsheet_sheets import SHEET_ROUTES
from sandbox.smartsheet_site import SITE_ROUTES
from sandbox.smartsheet_talk import TALK_ROUTES
from sandbox.smartsheet_tracker import Tracker
from sandbox.smartsheet_writes import WRITE_ROUTES

__all__ = ["ADMIN_TOKEN", "MEMBER_TOKEN", "ROUTES", "Seen", "SmartsheetServer"]

ADMIN_TOKEN = "sandbox-smartsheet-admin-token"
MEMBER_TOKEN = "sandbox-smartsheet-member-token"
HISTORY_COST = 10
ROUTES = [
    *SHEET_ROUTES, *SITE_ROUTES, *PLACE_ROUTES, *WRITE_ROUTES, *TALK_ROUTES, *MAKING_ROUTES, *MORE_ROUTES,
    *MAIL_ROUTES,
]  # fmt: skip
_ROUTES = [(method, re.compile(path), handle) for method, path, handle in ROUTES]
_ROWS = re.compile(r"/2\.0/sheets/(\d+)/rows")


class Seen(NamedTuple):
    """One request as the log keeps it; a status of 0 is a connection that was dropped."""

    method: str
    path: str
    query: dict[str, str]
    status: int


class SmartsheetServer(Loopback):
    """Serves a tracker until closed; use it in a `with`. The API is under `/2.0` of its `url`.

    `keys`: user ids by token of this region; any other token is refused as one of another region is. `oauth` gives out
    further ones. `before` is told each request's method and path before it is answered: tests change the tracker there.
    `during` is told the id of a sheet while that is being written: a second write then is a clash. `faults` and
    `options` may be changed at any time; `requests` is the log.
    """

    def __init__(
        self,
        tracker: Tracker,
        *,
        port: int = 0,
        token: str = ADMIN_TOKEN,
        member_token: str = MEMBER_TOKEN,
        faults: Faults | None = None,
        options: Options | None = None,
    ) -> None:
        super().__init__(port)
        self.tracker = tracker
        self.keys = {token: tracker.admin.id, member_token: tracker.member.id}
        self.faults = faults or Faults()
        self.options = options or Options()
        self.oauth = OAuth()
        self.before: Callable[[str, str], None] | None = None
        self.during: Callable[[int], None] | None = None
        self.mover: Moving | None = None
        self.requests: deque[Seen] = deque(maxlen=1_000_000)
        self._limit = RateLimit()
        self._count = 0
        self._written: set[int] = set()  # sheets that a request is just changing

    def header_date(self) -> float:
        return self.tracker.now()

    def set_faults(self, wanted: dict[str, Any]) -> None:
        """Some of the faults by name; raises KeyError for a name that is none."""
        self.faults.set(wanted)

    def new_mover(self, rng: random.Random) -> Mover:
        return Mover(self.tracker, rng)

    def _now(self) -> float:
        return self.tracker.clock() + self.tracker.offset

    # ------------------------------------------------------------ answers

    def respond(self, asked: Asked) -> Answer:
        """One request answered, logged, and spoilt where a fault was drawn."""
        path = urlsplit(asked.target).path
        if path.startswith(PREFIX):
            return self._ordered(asked, path)
        if self.before is not None:
            self.before(asked.method, path)
        rows = _ROWS.fullmatch(path) if asked.method != "GET" else None
        if rows is None:
            return self._one(asked, clash=False)
        sheet_id = int(rows[1])
        with self.tracker.lock:
            clash = sheet_id in self._written
            self._written.add(sheet_id)
        try:
            if self.during is not None and not clash:
                self.during(sheet_id)
            return self._one(asked, clash=clash)
        finally:
            if not clash:
                self._written.discard(sheet_id)

    def _ordered(self, asked: Asked, path: str) -> Answer:
        with self.tracker.lock:
            body = msgspec.json.decode(asked.body) if asked.body else {}
            status, found = command(self, asked.method, path, body)
        return Answer(status, msgspec.json.encode(found))

    def _one(self, asked: Asked, *, clash: bool) -> Answer:
        parts = urlsplit(asked.target)
        path, query = parts.path, dict(parse_qsl(parts.query, keep_blank_values=True))
        with self.tracker.lock:
            self._count += 1
            fault = self.faults.draw()
            spoilt = self._error(4004) if clash else self._spoilt(fault, asked)
            found = spoilt or self._answered(asked, path, query, fault)
            found.drop = found.drop or fault == "drop_after"
            if fault == "500_after":
                found = self._error(4000)
            told = {} if path.endswith("/token") else query  # that one may hold secrets
            self.requests.append(Seen(asked.method, path, told, 0 if found.drop else found.status))
        if self.faults.delay_ms:
            time.sleep(self.faults.delay_ms / 1000)
        found.cut = fault == "truncate" and found.status == 200
        return found

    def _error(self, code: int, **headers: str) -> Answer:
        status = Problem(code).status
        return Answer(status, msgspec.json.encode(error(code, self._count)), headers)

    def _spoilt(self, fault: str, asked: Asked) -> Answer | None:
        if self.faults.sso:
            return Answer(200, LOGIN_PAGE, dict(HTML))
        wait = 0
        if self.faults.per_minute is not None:
            cost = HISTORY_COST if asked.target.partition("?")[0].endswith("/history") else 1
            token = asked.headers.get("Authorization", "")
            wait = self._limit.wait(token, cost, self.faults.per_minute, self._now())
        if wait or fault == "429":
            return self._error(4003, **{"Retry-After": str(wait or self.faults.retry_after_seconds)})
        if fault == "drop":
            return Answer(0, b"", drop=True)
        codes = {"429_bare": 4003, "500": 4000, "503": 4001, "busy": 4004 if asked.method == "PUT" else 0}
        return self._error(codes[fault]) if codes.get(fault) else None

    def _answered(self, asked: Asked, path: str, query: dict[str, str], fault: str) -> Answer:
        try:
            found = self._routed(asked, path, query, fault)
        except Problem as problem:
            body = error(problem.code, self._count, problem.message, problem.detail)
            return Answer(problem.status, msgspec.json.encode(body))
        if isinstance(found, bytes):
            return Answer(200, found, {"Content-Type": "text/csv;charset=UTF-8"})
        return Answer(200, msgspec.json.encode(found))

    def _routed(self, asked: Asked, path: str, query: dict[str, str], fault: str) -> Any:
        version, _, rest = path.removeprefix("/").partition("/")
        if version != "2.0":
            raise Problem(4005 if version in ("1.0", "1.1") else 1007)
        if (asked.method, rest) == ("POST", "token"):
            form = query | dict(parse_qsl(asked.body.decode("utf-8", "replace")))
            return self.oauth.token(form, self._now())
        user = self._user(asked)
        known = False
        for method, pattern, handle in _ROUTES:
            match = pattern.fullmatch(f"/{rest}")
            known = known or match is not None
            if match and method == asked.method:
                call = self._call(asked, user, query, fault)
                self._meddle(fault, asked, path, call)
                return handle(call, *match.groups())  # type: ignore[operator]
        raise Problem(1122, asked.method) if known else Problem(1006)

    def _meddle(self, fault: str, asked: Asked, path: str, call: Call) -> None:
        """Somebody changes what the request is about, just before it is answered."""
        if fault == "vanish" and asked.method == "GET":
            vanish(self.tracker, path)
        if fault == "rival" and asked.method == "PUT":
            edit_first(self.tracker, call.user, call.body)

    def _user(self, asked: Asked) -> User:
        """Of the token; a system admin may act for somebody else."""
        scheme, _, token = asked.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or not token:
            raise Problem(1001)
        user_id = self.keys.get(token) or self.oauth.user_of(token, self._now())
        user = self.tracker.users.get(user_id or 0)
        if user is None:
            raise Problem(1002)
        if self.faults.expired:
            raise Problem(1003)
        other = asked.headers.get("Assume-User")
        if other is None:
            return user
        found = [one for one in self.tracker.users.values() if one.email == unquote(other)]
        if not user.admin or not found:
            raise Problem(1030)
        return found[0]

    def _call(self, asked: Asked, user: User, query: dict[str, str], fault: str) -> Call:
        body = None
        kind = asked.headers.get("Content-Type", "application/json").partition(";")[0]
        if asked.body and kind != "application/json":
            raise Problem(1124)
        if asked.body:
            try:
                body = msgspec.json.decode(asked.body)
            except msgspec.DecodeError as cause:
                raise Problem(1008, "the body is no JSON") from cause
        call = Call(self.tracker, self.options, user, query, body, asked.headers.get("Accept", ""), self._count)
        if fault == "short_page":
            call.short_page = lambda count: self.faults.random.choice((0, count // 3, count // 2))
        return call


def main() -> None:
    """Serves plans of a seed until interrupted."""
    parser = argparse.ArgumentParser(description="A make-believe Smartsheet on loopback.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--sheets", type=int, default=5)
    parser.add_argument("--rows", type=int, default=200, help="of each sheet")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    server = SmartsheetServer(filled(sheets=given.sheets, rows=given.rows, seed=given.seed), port=given.port)
    sys.stdout.write(f"{server.url}\n")
    sys.stdout.flush()
    with contextlib.suppress(KeyboardInterrupt):
        server.serve()


if __name__ == "__main__":
    main()
