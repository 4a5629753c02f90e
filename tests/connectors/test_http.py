"""The HTTP client from outside: real servers on loopback, how many requests they saw, the words people get.

The servers play a script of replies. `FakeTime` is the client's clock and sleep, so no test waits for it.
"""

from __future__ import annotations

import gzip
import json
import logging
import shutil
import socket
import ssl
import subprocess
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from requests.auth import HTTPBasicAuth

from connectors import http
from connectors.http import Answer, Client, Pacing, asked_seconds, pages, wait_seconds
from model.errors import (
    BadRecord,
    ConfigError,
    HubError,
    Inaccessible,
    NotFound,
    Refused,
    SourceError,
    Stale,
    Transient,
    Unauthorized,
)

SECRET = "s3cr3t-key-0815"
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@dataclass
class Reply:
    """What the server sends; `declared` lies about the length, `chunked_cut` breaks off within a chunk."""

    status: int = 200
    body: bytes = b'{"issues": []}'
    headers: dict[str, str] = field(default_factory=dict)
    declared: int | None = None
    chunked_cut: bool = False
    hang_up: bool = False
    date: datetime | None = NOON
    before: Callable[[], object] | None = None


@dataclass
class Seen:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Tool(ThreadingHTTPServer):
    """Plays its script, one reply per request, and goes on with the last one."""

    daemon_threads = True

    def __init__(self, *script: Reply) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script = list(script)
        self.seen: list[Seen] = []
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Hung-up connections are part of the play."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Tool

    def play(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with self.server.lock:
            self.server.seen.append(Seen(self.command, self.path, dict(self.headers), body))
            reply = self.server.script.pop(0) if len(self.server.script) > 1 else self.server.script[0]
        if reply.before:
            reply.before()
        self.close_connection = reply.hang_up or reply.chunked_cut or reply.declared is not None
        if not reply.hang_up:
            self.send(reply)

    def send(self, reply: Reply) -> None:
        self.send_response_only(reply.status)
        if reply.date:
            self.send_header("Date", format_datetime(reply.date, usegmt=True))
        for name, value in ({"Content-Type": "application/json"} | reply.headers).items():
            self.send_header(name, value)
        if reply.chunked_cut:
            self.send_header("Transfer-Encoding", "chunked")
        elif reply.status != 204:
            self.send_header("Content-Length", str(reply.declared or len(reply.body)))
        self.end_headers()
        self.wfile.write((b"%x\r\n" % (len(reply.body) + 9) if reply.chunked_cut else b"") + reply.body)

    do_GET = do_POST = do_PUT = play

    def log_message(self, *args: object) -> None:
        pass


class FakeTime:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []
        self.lock = threading.Lock()

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        with self.lock:
            self.slept.append(seconds)
            self.now += seconds


Serve = Callable[..., Tool]


@pytest.fixture
def serve() -> Iterator[Serve]:
    running: list[Tool] = []

    def start(*script: Reply, context: ssl.SSLContext | None = None) -> Tool:
        tool = Tool(*(script or (Reply(),)))
        if context:
            tool.socket = context.wrap_socket(tool.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=tool.serve_forever, args=(0.01,), daemon=True).start()
        running.append(tool)
        return tool

    yield start
    for tool in running:
        tool.shutdown()
        tool.server_close()


@pytest.fixture
def fake() -> FakeTime:
    return FakeTime()


def pacing_on(fake: FakeTime, per_second: float | None = None, **settings: Any) -> Pacing:
    return Pacing(per_second, clock=fake.clock, sleep=fake.sleep, **settings)


def client_of(url: str, fake: FakeTime, pacing: Pacing | None = None, **settings: Any) -> Client:
    settings = {"auth_headers": {"X-Redmine-API-Key": SECRET}} | settings
    return Client(url, source="ops-redmine", pacing=pacing or pacing_on(fake), **settings)


def failure_of(call: Callable[[], object], kind: type[HubError]) -> str:
    """The one sentence people get; checks that no secret is in it, its traceback or its chain of causes."""
    with pytest.raises(kind) as caught:
        call()
    error = caught.value
    assert type(error) is kind
    shown = f"{error!s} {error!r} {''.join(traceback.format_exception(error))} {error.__context__!r}"
    assert SECRET not in shown
    assert error.__context__ is None and error.__cause__ is None
    return str(error)


# ------------------------------------------------------------------ an answer


def test_an_answer_carries_bytes_headers_the_tools_clock_and_the_request(serve: Serve, fake: FakeTime) -> None:
    tool = serve(Reply(body=b'{"a":1}', headers={"X-Total": "7"}))
    answer = client_of(f"{tool.url}/redmine/", fake).get("/issues.json", {"offset": 0, "key": SECRET})
    expected = Answer(200, b'{"a":1}', answer.headers, NOON, "GET /issues.json?offset=0&key=***", "ops-redmine")
    assert answer == expected
    assert answer.headers["x-total"] == "7"
    assert [seen.path for seen in tool.seen] == [f"/redmine/issues.json?offset=0&key={SECRET}"]
    assert SECRET not in repr(answer)


@pytest.mark.parametrize(
    ("params", "query"),
    [
        ([("expand", "names"), ("expand", "schema")], "?expand=names&expand=schema"),
        ({"f": ["a b", "ä"], "on": True}, "?f=a+b&f=%C3%A4&on=true"),
        (None, ""),
        ({}, ""),
    ],
)
def test_params_may_repeat(serve: Serve, fake: FakeTime, params: http.Params | None, query: str) -> None:
    tool = serve()
    client_of(tool.url, fake).get("search", params)
    assert tool.seen[0].path == f"/search{query}"


def test_params_are_added_to_a_path_that_has_some(serve: Serve, fake: FakeTime) -> None:
    tool = serve()
    client_of(tool.url, fake).get("/search?a=1", {"b": 2})
    assert tool.seen[0].path == "/search?a=1&b=2"


def test_json_is_sent_and_an_empty_body_is_fine_for_a_write(serve: Serve, fake: FakeTime) -> None:
    tool = serve(Reply(204, b""), Reply(200, b""))
    client = client_of(tool.url, fake)
    assert [client.request("put", "/i/1", json={"x": "ä"}).status for _ in range(2)] == [204, 200]
    assert (tool.seen[0].method, json.loads(tool.seen[0].body)) == ("PUT", {"x": "ä"})
    assert tool.seen[0].headers["X-Redmine-API-Key"] == SECRET


def test_no_cookie_and_no_netrc_is_ever_sent(
    serve: Serve, fake: FakeTime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    tool = serve(Reply(headers={"Set-Cookie": "session=1; Path=/"}))
    client = client_of(tool.url, fake)
    client.get("/a")
    client.get("/b")
    assert [{"Cookie", "Authorization"} & seen.headers.keys() for seen in tool.seen] == [set(), set()]


@pytest.mark.parametrize("auth", [("me@x.org", "pä"), HTTPBasicAuth(b"me@x.org", "pä".encode())])
def test_a_log_in_goes_along_as_basic(serve: Serve, fake: FakeTime, auth: Any) -> None:
    tool = serve()
    client_of(tool.url, fake, auth=auth).get("/a")
    assert tool.seen[0].headers["Authorization"] == "Basic bWVAeC5vcmc6cMOk"


def test_user_info_in_the_url_is_a_log_in_and_stays_out_of_sight(serve: Serve, fake: FakeTime) -> None:
    tool = serve(Reply(401, f'{{"got": "{SECRET}"}}'.encode()))
    client = client_of(tool.url.replace("//", f"//me:{SECRET}@"), fake, auth_headers=None)
    failure_of(lambda: client.get("/a"), Unauthorized)
    assert tool.seen[0].headers["Authorization"].startswith("Basic ")
    assert SECRET not in client.base_url


@pytest.mark.parametrize(
    "url", ["redmine.example.com", "ftp://x", "http://", "http://x:99999", "http://[x", "http://x/?key=1"]
)
def test_a_bad_url_is_a_configuration_error(fake: FakeTime, url: str) -> None:
    text = "ops-redmine: url is not an address such as https://host/path, without ? and #: correct it"
    assert failure_of(lambda: client_of(url, fake), ConfigError) == text


@pytest.mark.parametrize("token", [f"{SECRET}\n", f" {SECRET}", f"{SECRET}ä"])
def test_a_token_no_header_can_hold_is_a_configuration_error(fake: FakeTime, token: str) -> None:
    failure_of(lambda: client_of("http://x", fake, auth_headers={"X-Key": token}), ConfigError)


def test_a_missing_ca_file_is_a_configuration_error(fake: FakeTime, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "no CA file /no/file" in failure_of(lambda: client_of("http://x", fake, verify="/no/file"), ConfigError)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/no/bundle")
    assert "/no/bundle" in failure_of(lambda: client_of("http://x", fake), ConfigError)


# ------------------------------------------------------------------ statuses


@pytest.mark.parametrize(
    ("status", "kind", "requests_seen"),
    [
        (304, SourceError, 1),
        (400, Refused, 1),
        (401, Unauthorized, 1),
        (403, Inaccessible, 1),
        (404, NotFound, 1),
        (407, Unauthorized, 1),
        (408, Transient, 5),
        (409, Stale, 1),
        (410, NotFound, 1),
        (412, Stale, 1),
        (422, Refused, 1),
        (429, Transient, 5),
        (500, Transient, 5),
        (501, Refused, 1),
        (502, Transient, 5),
        (503, Transient, 5),
        (504, Transient, 5),
    ],
)
def test_each_status_has_its_error_and_its_number_of_tries(
    serve: Serve, fake: FakeTime, status: int, kind: type[SourceError], requests_seen: int
) -> None:
    tool = serve(Reply(status, b"" if status == 304 else b"{}"))
    with pytest.raises(kind) as caught:
        client_of(tool.url, fake).get("/a")
    assert (type(caught.value), caught.value.status, len(tool.seen)) == (kind, status, requests_seen)


def test_an_accepted_status_is_an_answer_with_its_body(serve: Serve, fake: FakeTime) -> None:
    replies = [(404, b'{"errors":[]}'), (403, b""), (404, b"Not here"), (403, b"[1]")]
    types = ["application/json", "text/html", "text/plain", "text/html"]
    tool = serve(*(Reply(*reply, {"Content-Type": type_}) for reply, type_ in zip(replies, types, strict=True)))
    client = client_of(tool.url, fake)
    answers = [client.get("/issues/7.json", accept={403, 404}) for _ in replies]
    assert [(answer.status, answer.body) for answer in answers] == replies


@pytest.mark.parametrize("status", [403, 404])
@pytest.mark.parametrize("content_type", ["text/html; charset=utf-8", "application/json"])
def test_a_web_page_is_no_answer_of_the_tool_though_its_status_is_accepted(
    serve: Serve, fake: FakeTime, status: int, content_type: str
) -> None:
    tool = serve(Reply(status, PAGE, {"Content-Type": content_type}))
    client = client_of(tool.url, fake)
    with pytest.raises(Unauthorized, match=r"answered with a web page instead of data: probably a log-in") as caught:
        client.get("/issues/7.json", accept={403, 404})
    assert (caught.value.status, len(tool.seen)) == (status, 1)
    assert client.get("/issues/7.json", accept={403, 404}, any_body=True).body == PAGE
    assert client.get("/issues/7.json", accept={403, 404}, json_expected=False).body == PAGE


def test_a_refusal_repeats_the_tools_words_but_no_secret(serve: Serve, fake: FakeTime) -> None:
    tool = serve(Reply(422, f'{{"errors": ["Status is invalid", "{SECRET}"]}}'.encode()))
    client = client_of(f"{tool.url}/redmine", fake)
    text = failure_of(lambda: client.request("PUT", "/issues/7.json", params={"key": SECRET}), Refused)
    assert text == (
        f"ops-redmine: PUT /issues/7.json?key=*** at 127.0.0.1:{tool.server_port}/redmine answered 422"
        ' and said {"errors": ["Status is invalid", "***"]}: the tool declined the request as it stands'
    )


# ------------------------------------------------------------------ what is tried again


@pytest.mark.parametrize(
    ("reply", "method", "repeatable", "requests_seen"),
    [
        (Reply(429), "POST", None, 2),
        (Reply(429, headers={"Retry-After": "1"}), "PUT", False, 2),
        (Reply(500), "POST", None, 1),
        (Reply(500), "PUT", None, 1),
        (Reply(500), "POST", True, 2),
        (Reply(503, headers={"Retry-After": "1"}), "POST", None, 1),
        (Reply(503, headers={"Retry-After": "1"}), "GET", None, 2),
        (Reply(500), "GET", None, 2),
        (Reply(500), "GET", False, 1),
        (Reply(hang_up=True), "GET", None, 2),
        (Reply(hang_up=True), "POST", None, 1),
        (Reply(declared=99), "GET", None, 2),
        (Reply(declared=99), "POST", None, 1),
        (Reply(chunked_cut=True), "GET", None, 2),
        (Reply(body=b'{"issues": ['), "GET", None, 2),
        (Reply(body=b'{"issues": ['), "POST", None, 1),
        (Reply(body=b""), "GET", None, 2),
        (Reply(body=b""), "POST", True, 2),
        (Reply(body=gzip.compress(b"{}")[:9], headers={"Content-Encoding": "gzip"}), "GET", None, 2),
        (Reply(body=b"no gzip", headers={"Content-Encoding": "gzip"}), "GET", None, 2),
    ],
)
def test_only_what_is_safe_is_sent_again(
    serve: Serve, fake: FakeTime, reply: Reply, method: str, repeatable: bool | None, requests_seen: int
) -> None:
    tool = serve(reply, Reply())
    client = client_of(tool.url, fake)
    if requests_seen == 1:
        failure_of(lambda: client.request(method, "/a", repeatable=repeatable), Transient)
    else:
        assert client.request(method, "/a", repeatable=repeatable).status == 200
    assert len(tool.seen) == client.pacing.requests == requests_seen


def test_without_retry_after_waits_double_with_jitter_and_a_last_try(serve: Serve, fake: FakeTime) -> None:
    tool = serve(Reply(503, b"{}"))
    text = failure_of(lambda: client_of(tool.url, fake).get("/a"), Transient)
    assert text == (
        f"ops-redmine: GET /a at 127.0.0.1:{tool.server_port} answered 503 and said {{}}, 5 times:"
        " the tool is in trouble itself, try again later"
    )
    assert len(tool.seen) == 5
    assert all(0.7 * d <= slept <= 1.3 * d for d, slept in zip([1, 2, 4, 8], fake.slept, strict=True))


@pytest.mark.parametrize(
    ("headers", "date"),
    [
        ({"Retry-After": "30"}, NOON),
        ({"Retry-After": format_datetime(NOON + timedelta(seconds=30), usegmt=True)}, NOON),
    ],
)
def test_retry_after_is_obeyed_as_seconds_and_as_date(
    serve: Serve, fake: FakeTime, headers: dict[str, str], date: datetime
) -> None:
    tool = serve(Reply(429, headers=headers, date=date), Reply())
    client = client_of(tool.url, fake)
    client.get("/a")
    assert len(tool.seen) == 2
    assert 30 <= sum(fake.slept) <= 34
    assert client.pacing.throttled_seconds == pytest.approx(sum(fake.slept))


def test_a_wish_above_the_cap_is_told_at_once_and_holds_for_all(serve: Serve, fake: FakeTime) -> None:
    tool = serve(Reply(429, headers={"Retry-After": "3600"}))
    client = client_of(tool.url, fake)
    with pytest.raises(Transient, match="answered 429 and asked to wait 3600 s: a run waits 120 s") as caught:
        client.get("/a")
    assert caught.value.retry_after_seconds == 3600
    with pytest.raises(Transient, match="asked to wait 3600 s more") as caught:
        client.get("/b")
    assert caught.value.retry_after_seconds == 3600
    assert (len(tool.seen), fake.slept) == (1, [])


@pytest.mark.parametrize("asked", [{"Retry-After": "1800"}, {}])
def test_a_quota_that_is_used_up_is_told_with_its_reset(serve: Serve, fake: FakeTime, asked: dict[str, str]) -> None:
    reset = NOON + timedelta(seconds=1800)
    quota = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset.strftime("%Y-%m-%dT%H:%MZ")}
    tool = serve(Reply(429, headers=asked | quota, date=NOON))
    said = f"asked to wait 1800 s, as its quota is used up until {reset:%Y-%m-%d %H:%M} UTC: a run waits 120 s"
    with pytest.raises(Transient, match=said):
        client_of(tool.url, fake).get("/a")
    assert len(tool.seen) == 1


def test_a_date_is_read_on_the_tools_clock_else_on_ours() -> None:
    until = {"Retry-After": format_datetime(NOON + timedelta(seconds=90), usegmt=True)}
    assert asked_seconds(until, NOON) == 90
    assert asked_seconds(until | {"Date": format_datetime(NOON + timedelta(seconds=60))}, NOON) == 30
    assert asked_seconds(until, NOON + timedelta(days=1)) == 0


@pytest.mark.parametrize("text", ["", "soon", "-5", "nan", "1e3", "Sat, 99 Nov 2026 12:00:00 GMT"])
def test_an_unreadable_retry_after_counts_as_none(text: str) -> None:
    assert asked_seconds({"Retry-After": text}, NOON) is None


@given(tries=st.integers(1, 2000), asked=st.floats(0, 120))
def test_the_wait_is_at_least_what_was_asked_and_at_most_the_cap_and_its_jitter(tries: int, asked: float) -> None:
    assert asked <= wait_seconds(tries, asked) <= 120 + 13


@given(st.text() | st.integers().map(str) | st.datetimes().map(lambda at: format_datetime(at)))
def test_any_retry_after_is_read_without_failing(text: str) -> None:
    asked = asked_seconds({"Retry-After": text, "Date": text[1:]}, NOON)
    assert asked is None or asked >= 0


# ------------------------------------------------------------------ bodies that are not data


PAGE = b"\n<!DOCTYPE html><html>Sign in</html>"


@pytest.mark.parametrize("content_type", ["text/html; charset=utf-8", "application/json"])
def test_a_web_page_with_200_is_a_clear_error(serve: Serve, fake: FakeTime, content_type: str) -> None:
    tool = serve(Reply(200, PAGE, {"Content-Type": content_type}))
    text = failure_of(lambda: client_of(tool.url, fake).get("/a"), Unauthorized)
    assert text == (
        f"ops-redmine: GET /a at 127.0.0.1:{tool.server_port} answered with a web page instead of data:"
        " probably a log-in page or a proxy, check url and token"
    )
    assert len(tool.seen) == 1


def test_json_declared_as_a_page_is_still_data(serve: Serve, fake: FakeTime) -> None:
    tool = serve(Reply(200, b"[1]", {"Content-Type": "text/html"}))
    assert client_of(tool.url, fake).get("/a").body == b"[1]"


def test_other_bodies_are_fine_where_no_json_is_expected(serve: Serve, fake: FakeTime) -> None:
    tool = serve(Reply(200, b"a,b\n"))
    assert client_of(tool.url, fake).get("/a.csv", json_expected=False).body == b"a,b\n"


@pytest.mark.parametrize("body", [b'{"a": 1', b"[1] x", b"OK", b"[" * 9999])
def test_what_is_not_whole_json_is_transient(serve: Serve, fake: FakeTime, body: bytes) -> None:
    tool = serve(Reply(200, body))
    text = failure_of(lambda: client_of(tool.url, fake).get("/a"), Transient)
    assert f"answered with {len(body)} bytes that are not whole JSON, 5 times: try again later" in text


# ------------------------------------------------------------------ redirects


def test_a_redirect_on_the_same_host_is_followed(serve: Serve, fake: FakeTime) -> None:
    tool = serve(Reply(302, b"", {"Location": "/new?a=1#x"}), Reply(body=b"[2]"))
    answer = client_of(tool.url, fake).get("/old", {"a": 1})
    assert (answer.body, answer.request) == (b"[2]", "GET /old?a=1")
    assert [(seen.path, seen.headers["X-Redmine-API-Key"]) for seen in tool.seen] == [
        ("/old?a=1", SECRET),
        ("/new?a=1", SECRET),
    ]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_redirect_elsewhere_is_told_and_never_sees_the_key(serve: Serve, fake: FakeTime, host: str) -> None:
    other = serve()
    target = f"http://{host}:{other.server_port}"
    tool = serve(Reply(301, b"", {"Location": f"{target}/a?key={SECRET}"}))
    text = failure_of(lambda: client_of(tool.url, fake).get("/a"), SourceError)
    assert text == (
        f"ops-redmine: GET /a at 127.0.0.1:{tool.server_port} redirects to {target}/a: set url to that address"
    )
    assert (len(tool.seen), len(other.seen)) == (1, 0)


def test_a_redirected_write_is_an_error(serve: Serve, fake: FakeTime) -> None:
    tool = serve(Reply(307, b"", {"Location": "/new"}))
    failure_of(lambda: client_of(tool.url, fake).request("POST", "/old", repeatable=True), SourceError)
    assert len(tool.seen) == 1


@pytest.mark.parametrize(
    ("location", "words", "requests_seen"),
    [
        ("/again", "redirects in a circle", 6),
        ("", "redirects in a circle", 6),
        ("http://[x", "redirects to no usable address", 1),
        ("http://h:port/", "redirects to no usable address", 1),
        ("file:///etc/passwd", "redirects to file:///etc/passwd", 1),
    ],
)
def test_odd_redirects_end(serve: Serve, fake: FakeTime, location: str, words: str, requests_seen: int) -> None:
    tool = serve(Reply(302, b"", {"Location": location}))
    assert words in failure_of(lambda: client_of(tool.url, fake).get("/a"), SourceError)
    assert len(tool.seen) == requests_seen


@pytest.mark.parametrize(
    ("url", "target", "same"),
    [
        ("http://x/a", "https://x/a", True),
        ("http://x:80/a", "http://X/b", True),
        ("http://x:3000", "https://x:3000", True),
        ("http://x:3000", "https://x:8443", False),
        ("https://x/a", "http://x/a", False),
        ("https://x/a", "https://x:444/a", False),
        ("https://x/a", "https://x.evil/a", False),
    ],
)
def test_only_the_same_place_or_its_https_is_trusted(url: str, target: str, same: bool) -> None:
    assert http._same_place(url, target) is same


# ------------------------------------------------------------------ no answer at all


def test_an_unknown_host_is_told_after_two_tries(fake: FakeTime) -> None:
    client = client_of("https://no-such-host.invalid/redmine", fake)
    assert failure_of(lambda: client.get("/a", {"token": SECRET}), Transient) == (
        "ops-redmine: GET /a?token=*** at no-such-host.invalid/redmine has an unknown host name, 2 times:"
        " check url and the network"
    )
    assert client.pacing.requests == 2


def test_a_refused_connection_is_told(fake: FakeTime) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    client = client_of(f"http://127.0.0.1:{port}", fake)
    assert failure_of(lambda: client.get("/a", {"key": SECRET}), Transient) == (
        f"ops-redmine: GET /a?key=*** at 127.0.0.1:{port} refuses connections, 5 times:"
        " check that the tool runs, and the port in url"
    )


def test_an_address_that_cannot_be_asked_is_told_once(fake: FakeTime) -> None:
    text = failure_of(lambda: client_of("http://*.x", fake).get("/a", {"key": SECRET}), SourceError)
    assert text.endswith("GET /a?key=*** at *.x cannot be asked this (InvalidURL): check url and the token")


@pytest.mark.parametrize("cut", [False, True])
def test_a_silent_tool_runs_into_the_time_out(
    serve: Serve, fake: FakeTime, monkeypatch: pytest.MonkeyPatch, cut: bool
) -> None:
    release = threading.Event()
    tool = serve(Reply(before=None if cut else release.wait, declared=99 if cut else None))
    if cut:  # the body's rest never comes, and the connection stays open
        monkeypatch.setattr(tool, "shutdown_request", lambda request: release.wait(5))
    client = client_of(tool.url, fake, timeout_seconds=(1, 0.05), tries=2)
    text = failure_of(lambda: client.get("/a", {"key": SECRET}), Transient)
    release.set()
    assert "sent nothing for 0.05 s, 2 times: try again later" in text
    assert len(tool.seen) == 2


@pytest.mark.parametrize(
    ("text", "reply"),
    [("broke the connection", Reply(hang_up=True)), ("broke off in the middle", Reply(declared=99))],
)
def test_broken_connections_are_told(serve: Serve, fake: FakeTime, text: str, reply: Reply) -> None:
    tool = serve(reply)
    assert text in failure_of(lambda: client_of(tool.url, fake).get("/a", {"key": SECRET}), Transient)
    assert len(tool.seen) == 5


def test_a_dead_proxy_is_named_as_such(fake: FakeTime, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HTTPS_PROXY", f"http://me:{SECRET}@127.0.0.1:{unused.getsockname()[1]}")
    for name in ("NO_PROXY", "no_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    text = failure_of(lambda: client_of("https://tool.invalid", fake).get("/a"), Transient)
    assert "cannot be reached through the proxy, 5 times: check HTTPS_PROXY and HTTP_PROXY" in text


# ------------------------------------------------------------------ certificates


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Self-signed, with `key.pem`: `good.pem`, `old.pem` (ended yesterday), `other.pem` (another host)."""
    if not shutil.which("openssl"):
        pytest.skip("needs the openssl command to make certificates")
    folder = tmp_path_factory.mktemp("certificates")
    (folder / "here.txt").write_text("subjectAltName=IP:127.0.0.1\n")
    sign = ["x509", "-req", "-in", "request.pem", "-signkey", "key.pem"]
    for command in (
        ["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "key.pem"],
        ["req", "-new", "-key", "key.pem", "-subj", "/CN=tool", "-out", "request.pem"],
        [*sign, "-extfile", "here.txt", "-days", "2", "-out", "good.pem"],
        [*sign, "-extfile", "here.txt", "-days", "-1", "-out", "old.pem"],
        [*sign, "-days", "2", "-out", "other.pem"],
    ):
        subprocess.run(["openssl", *command], cwd=folder, check=True, capture_output=True)
    return folder


@pytest.mark.parametrize(
    ("shown", "trusted", "words"),
    [
        ("good", None, "shows a certificate that is self-signed"),
        ("old", "old", "shows a certificate that has expired: have it renewed by those who run the tool"),
        ("other", "other", "shows a certificate that belongs to another host: check the host in url"),
        ("good", "good", None),
    ],
)
def test_a_bad_certificate_is_told_and_not_tried_again(
    serve: Serve, fake: FakeTime, certificates: Path, shown: str, trusted: str | None, words: str | None
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / f"{shown}.pem", certificates / "key.pem")
    tool = serve(context=context)
    verify = str(certificates / f"{trusted}.pem") if trusted else True
    client = client_of(tool.url.replace("http", "https"), fake, verify=verify)
    if words is None:
        assert client.get("/a").status == 200
    else:
        assert words in failure_of(lambda: client.get("/a", {"key": SECRET}), SourceError)
    assert client.pacing.requests == 1


def test_https_towards_plain_http_is_told(serve: Serve, fake: FakeTime) -> None:
    tool = serve()
    text = failure_of(lambda: client_of(tool.url.replace("http", "https"), fake).get("/a"), Transient)
    assert "agrees on no secure connection, 2 times: check https in url" in text


# ------------------------------------------------------------------ pacing


def test_requests_are_spaced_over_threads_without_bursts(serve: Serve, fake: FakeTime) -> None:
    starts: list[float] = []
    tool = serve(Reply(before=lambda: starts.append(fake.now)))
    client = client_of(tool.url, fake, pacing_on(fake, per_second=4, in_flight=1))
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(client.get, ["/a"] * 12))
    assert len(starts) == client.pacing.requests == 12
    gaps = [later - earlier for earlier, later in pairwise(starts)]
    assert min(gaps) >= 0.25 - 1e-9
    assert client.pacing.throttled_seconds == 0


def test_never_more_in_flight_than_allowed(serve: Serve, fake: FakeTime) -> None:
    lock, now_in, most_in = threading.Lock(), [0], [0]

    def stay() -> None:
        with lock:
            now_in[0] += 1
            most_in[0] = max(most_in[0], now_in[0])
        time.sleep(0.01)
        with lock:
            now_in[0] -= 1

    tool = serve(Reply(before=stay))
    client = client_of(tool.url, fake, pacing_on(fake, in_flight=3))
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(client.get, ["/a"] * 20))
    assert (most_in[0], len(tool.seen)) == (3, 20)


def test_a_pause_asked_of_one_holds_for_all_of_the_source(serve: Serve, fake: FakeTime) -> None:
    tool = serve(Reply(503, headers={"Retry-After": "50"}), Reply())
    pacing = pacing_on(fake)
    with pytest.raises(Transient):
        client_of(tool.url, fake, pacing).request("POST", "/a")
    assert fake.slept == []
    client_of(tool.url, fake, pacing).get("/b")
    assert (fake.slept, pacing.throttled_seconds, pacing.requests) == ([50], 50, 2)


def test_a_pause_that_grows_while_waiting_is_waited_out_or_told(fake: FakeTime) -> None:
    def sleep_and_hear_more(seconds: float) -> None:
        fake.sleep(seconds)
        pacing.pause(500 if len(fake.slept) == 2 else 60)

    pacing = Pacing(None, clock=fake.clock, sleep=sleep_and_hear_more)
    pacing.pause(40)
    with pytest.raises(Transient) as caught, pacing.slot("ops-redmine"):
        pass
    assert (fake.slept, caught.value.retry_after_seconds, pacing.requests) == ([40, 60], 500, 0)


def test_another_librarys_session_shares_pacing_and_keeps_no_cookie(serve: Serve, fake: FakeTime) -> None:
    tool = serve(Reply(429, headers={"Retry-After": "20", "Set-Cookie": "session=1"}), Reply())
    client, session = client_of(tool.url, fake), requests.Session()
    client.adopt(session)
    assert [session.get(f"{tool.url}/a").status_code for _ in range(2)] == [429, 200]
    assert (fake.slept, client.pacing.requests) == ([20], 2)
    assert all("Cookie" not in seen.headers for seen in tool.seen)


# ------------------------------------------------------------------ secrets and logs


def test_no_log_line_holds_a_secret(serve: Serve, fake: FakeTime, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    tool = serve(Reply(503), Reply())
    client = client_of(tool.url, fake)
    client.get("/a", {"key": SECRET, "page": 2})
    client.close()
    assert "GET /a?key=***&page=2 -> 200, 14 bytes" in caplog.text
    assert {"urllib3.connectionpool", "connectors.http"} <= {record.name for record in caplog.records}
    assert SECRET not in caplog.text


# ------------------------------------------------------------------ pages


def book(*listed: tuple[Any, int]) -> Callable[[Any], tuple[Answer, Any, int]]:
    """A `fetch` whose n-th call gives the n-th (next mark, number of records)."""
    left = iter(listed)

    def fetch(mark: Any) -> tuple[Answer, Any, int]:
        following, records = next(left)
        return Answer(200, b"[]", {}, None, f"GET /a?mark={mark}", "ops-redmine"), following, records

    return fetch


@pytest.mark.parametrize(
    ("listed", "first", "empty_ends", "marks"),
    [
        ([(100, 100), (200, 30), (200, 0)], 0, True, ["0", "100", "200"]),
        ([("b", 5), ("c", 0), (None, 5)], None, False, ["None", "b", "c"]),
        ([(None, 0)], None, True, ["None"]),
    ],
)
def test_pages_end_with_an_empty_page_or_without_a_next_mark(
    listed: list[tuple[Any, int]], first: Any, empty_ends: bool, marks: list[str]
) -> None:
    read = [answer.request.partition("=")[2] for answer in pages(book(*listed), first, empty_ends=empty_ends)]
    assert read == marks


def test_pages_fail_on_a_mark_seen_before() -> None:
    reading = pages(book(("b", 5), ("c", 5), ("b", 5)), "a")
    assert [next(reading).request for _ in range(3)] == ["GET /a?mark=a", "GET /a?mark=b", "GET /a?mark=c"]
    text = failure_of(lambda: next(reading), BadRecord)
    assert text == ("ops-redmine: GET /a?mark=c points to a page read before, without end: tell those who run the tool")
