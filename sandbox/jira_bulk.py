"""A very large make-believe Jira Cloud on loopback, to measure against: `python -m sandbox.jira_bulk --issues 50000`.

It answers what a reader of a whole site asks, as fast as the machine sends it, from prepared parts; the address is on
the first line of its output. It can be slow, stingy and faulty on request, and counts what it is asked. `sandbox.jira`
is the one that is true to the tool in all its oddities; this one is true in size and in number.

`GET /_sandbox/requests` what was asked since the last `DELETE` · `GET /_sandbox/totals` how many rows there are ·
`POST /_sandbox/touch {"share": 0.01, "seconds_ago": 90}` changes issues · `POST /_sandbox/set {"delay_ms": 80,
"rate": 10, "fault_share": 0.05, "ahead_seconds": 600}` changes how it answers, and how far its clock is ahead.
"""

from __future__ import annotations

import argparse
import contextlib
import socket
import sys
import threading
import time
from collections import Counter
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from sandbox.jira_bulk_issues import Issues
from sandbox.jira_bulk_routes import answer, shape
from sandbox.jira_bulk_site import Site
from sandbox.jira_faults import Faults

__all__ = ["BulkServer"]

KINDS = ("429", "500", "503", "drop", "truncate")
TOO_MANY = b"Rate limit exceeded."


class Allowance:
    """So many requests a second, and as many at once after a quiet second. None: any number."""

    def __init__(self, per_second: float | None) -> None:
        self.per_second = per_second
        self._left = per_second or 0.0
        self._at = time.monotonic()
        self._lock = threading.Lock()

    def take(self) -> bool:
        if self.per_second is None:
            return True
        with self._lock:
            now = time.monotonic()
            self._left = min(max(1.0, self.per_second), self._left + (now - self._at) * self.per_second)
            self._at = now
            if self._left < 1:
                return False
            self._left -= 1
            return True


class BulkServer:
    """Serves until closed."""

    def __init__(self, issues: Issues, *, port: int = 0, seed: int = 7) -> None:
        self.issues = issues
        self.allowance = Allowance(None)
        self.delay_seconds = 0.0
        self.faults = Faults(seed=seed)
        self.asked: Counter[str] = Counter()
        self.answered: Counter[int] = Counter()  # 0: the connection was dropped
        self.sent = 0
        self.first_at = self.last_at = 0.0
        self._lock = threading.Lock()
        self._http = _Server(("127.0.0.1", port), type("Handler", (_Handler,), {"bulk": self}))
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    def serve(self) -> None:
        self._http.serve_forever(poll_interval=0.05)

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def set(self, wanted: dict[str, Any]) -> None:
        """How it answers from now on."""
        if "delay_ms" in wanted:
            self.delay_seconds = wanted["delay_ms"] / 1000
        if "ahead_seconds" in wanted:
            self.issues.ahead_seconds = wanted["ahead_seconds"]
        if "rate" in wanted:
            self.allowance = Allowance(wanted["rate"])
        if "fault_share" in wanted:
            self.faults.set({f"rate_{kind}": wanted["fault_share"] / len(KINDS) for kind in KINDS})

    def spoilt(self) -> tuple[int, bytes, str]:
        """Status and text of an answer that is none, and what else is wrong with it: 200 where nothing is."""
        if not self.allowance.take():
            return 429, TOO_MANY, ""
        with self._lock:
            fault = self.faults.draw()
        if fault in ("429", "500", "503"):
            return int(fault), TOO_MANY if fault == "429" else b'{"errorMessages":["Trouble"],"errors":{}}', fault
        return (0 if fault == "drop" else 200), b"", fault

    def note(self, asked: str, status: int, size: int) -> None:
        with self._lock:
            self.last_at = time.time()
            self.first_at = self.first_at or self.last_at
            self.asked[asked] += 1
            self.answered[status] += 1
            self.sent += size

    def command(self, method: str, name: str, given: dict[str, Any]) -> Any:
        """Orders; None for one that is none."""
        if (method, name) == ("GET", "requests"):
            counted = {"total": self.asked.total(), "bytes": self.sent, "endpoints": dict(self.asked)}
            answered = {str(status): number for status, number in self.answered.items()}
            return counted | {"answered": answered, "first_at": self.first_at, "last_at": self.last_at}
        if (method, name) == ("DELETE", "requests"):
            with self._lock:
                self.asked.clear()
                self.answered.clear()
                self.sent, self.first_at = 0, 0.0
            return {}
        if (method, name) == ("GET", "totals"):
            return self.issues.site.totals | self.issues.totals()
        if (method, name) == ("POST", "touch"):
            at = self.issues.now() - given.get("seconds_ago", 0)
            number = self.issues.touch(given.get("share", 0.01), int(at * 1000))
            return {"issues": number, "worklogs": number, "issue_changes": number}
        if (method, name) == ("POST", "set"):
            self.set(given)
            return {}
        return None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A reader that went away is nobody's business here."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    bulk: BulkServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 120

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else b""
        target = urlsplit(self.path)
        given = msgspec.json.decode(body) if body else {}
        if target.path.startswith("/_sandbox/"):
            found = self.bulk.command(self.command, target.path.removeprefix("/_sandbox/"), given)
            self._send(404 if found is None else 200, msgspec.json.encode(found))
            return
        status, text, fault = self.bulk.spoilt()
        if status == 200:
            params = dict(parse_qsl(target.query))
            allowed = bool(self.headers.get("Authorization"))
            status, text = answer(self.bulk.issues, self.bulk.url, self.command, target.path, params | given, allowed)
        if self.bulk.delay_seconds:
            time.sleep(self.bulk.delay_seconds)
        self.bulk.note(f"{self.command} {shape(target.path)}", status, len(text))
        self._send(status, text, cut=fault == "truncate" and status == 200)

    do_POST = do_DELETE = do_GET

    def _send(self, status: int, text: bytes, *, cut: bool = False) -> None:
        if status == 0:
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
            return
        head = (
            f"HTTP/1.1 {status} {self.responses.get(status, ('',))[0]}\r\n"
            f"Content-Type: application/json;charset=UTF-8\r\nDate: {self.date_time_string()}\r\n"
            f"Content-Length: {len(text)}\r\n{'Retry-After: 1' + chr(13) + chr(10) if status == 429 else ''}\r\n"
        )
        self.close_connection = self.close_connection or cut
        self.connection.sendall(head.encode() + (text[: len(text) // 2] if cut else text))

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the address was printed, requests are counted."""


def main() -> None:
    """Serves until interrupted."""
    parser = argparse.ArgumentParser(description="A very large make-believe Jira Cloud on loopback.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--as-of", type=date.fromisoformat, default=None, help="the day the story ends on: today")
    parser.add_argument("--issues", type=int, default=50_000)
    parser.add_argument("--projects", type=int, default=20)
    parser.add_argument("--boards", type=int, default=10)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--bytes-per-issue", type=int, default=27_000)
    parser.add_argument("--overflow-every", type=int, default=1000, help="one of so many has a long history, or hours")
    parser.add_argument("--delay-ms", type=float, default=0.0, help="before each answer")
    parser.add_argument("--rate", type=float, default=None, help="requests a second; above it, 429")
    parser.add_argument("--fault-share", type=float, default=0.0, help="share of answers that go wrong")
    given = parser.parse_args()
    as_of = given.as_of or datetime.now(UTC).date()
    site = Site(projects=given.projects, boards=given.boards, people=given.people, as_of=as_of, seed=given.seed)
    issues = Issues(
        site, given.issues, size=given.bytes_per_issue, overflow_every=given.overflow_every, seed=given.seed
    )
    server = BulkServer(issues, port=given.port, seed=given.seed)
    server.set({"delay_ms": given.delay_ms, "rate": given.rate, "fault_share": given.fault_share})
    sys.stdout.write(f"{server.url}\n")
    sys.stdout.flush()
    with contextlib.suppress(KeyboardInterrupt):
        server.serve()


if __name__ == "__main__":
    main()
