"""The one way over HTTP for all connectors: pacing, retry, paging, and failures put into words.

A connector says what to ask and gets `Answer.body`; nothing here knows a tool or decodes its records.
Requests are repeated here and nowhere else (urllib3 is told not to): `STATUS_RULES` says what a status means
and who may try again. No cookies, no .netrc, no redirect to another host; no secret in errors and log lines.
Facts: RFC 9110 (status codes, Retry-After, Date, redirects).
"""

from __future__ import annotations

import base64
import logging
import os
import random
import re
import ssl
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import NamedTuple, TypeVar
from urllib.parse import SplitResult, unquote, urlencode, urljoin, urlsplit

import msgspec
import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase, HTTPBasicAuth
from requests.exceptions import ChunkedEncodingError, ConnectTimeout, ContentDecodingError, ProxyError
from requests.exceptions import ConnectionError as NoConnection
from requests.structures import CaseInsensitiveDict
from tenacity import RetryCallState, Retrying, retry_if_result
from urllib3.exceptions import HTTPError, NameResolutionError, ReadTimeoutError

from model.errors import (
    BadRecord,
    ConfigError,
    Inaccessible,
    NotFound,
    Refused,
    SourceError,
    Stale,
    Transient,
    Unauthorized,
)

__all__ = [
    "STATUS_RULES",
    "Answer",
    "Client",
    "PacedAdapter",
    "Pacing",
    "Params",
    "RenewableAuth",
    "Repeat",
    "StatusRule",
    "asked_seconds",
    "pages",
    "quota_resets_at",
    "wait_seconds",
]

_log = logging.getLogger(__name__)

Token = TypeVar("Token", bound=Hashable)
Scalar = str | int | float
Params = Mapping[str, Scalar | Sequence[Scalar]] | Sequence[tuple[str, Scalar]]

READING_VERBS = frozenset({"GET", "HEAD", "OPTIONS"})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
MOST_REDIRECTS = 5
_PIECE = 1_048_576
"""Bytes read at once: pieces of 10 kB, as `requests` reads them, take a third more time. Measured on 135 MB."""
_SECRET_PARAM = re.compile(
    r"((?:^|[?&])(?:key|token|access_token|private_token|api_key|apikey|password|client_secret)=)[^&#\s\"']*",
    re.IGNORECASE,
)


# ------------------------------------------------------------------ what a status means


class Repeat(Enum):
    """Which requests are tried again; safe are reading verbs and what the caller calls repeatable."""

    NEVER = "never"
    SAFE_ONCE = "safe ones, one more time"
    SAFE = "safe ones"
    ALWAYS = "any, since the tool did not act on it"


@dataclass(frozen=True)
class StatusRule:
    """What the statuses `first` to `last` mean; without an `error` they are answers."""

    first: int
    last: int
    error: type[SourceError] | None
    repeat: Repeat = Repeat.NEVER
    advice: str = ""


# The first row that fits counts.
STATUS_RULES = (
    StatusRule(200, 299, None),
    StatusRule(401, 401, Unauthorized, advice="it does not accept who we are, check token and account"),
    StatusRule(403, 403, Inaccessible, advice="the account may not do or see this, ask for the permission"),
    StatusRule(404, 404, NotFound, advice="there is no such record, or url is not the tool's own address"),
    StatusRule(407, 407, Unauthorized, advice="the proxy wants a log-in, check HTTPS_PROXY and HTTP_PROXY"),
    StatusRule(408, 408, Transient, Repeat.SAFE, "the tool gave up waiting, try again later"),
    StatusRule(409, 409, Stale, advice="the record changed meanwhile, read it again"),
    StatusRule(410, 410, NotFound, advice="it is gone: the record, or this part of the tool's interface"),
    StatusRule(412, 412, Stale, advice="the record changed meanwhile, read it again"),
    StatusRule(429, 429, Transient, Repeat.ALWAYS, "too many requests, ask for fewer per second or later"),
    StatusRule(400, 499, Refused, advice="the tool declined the request as it stands"),
    StatusRule(501, 501, Refused, advice="the tool cannot do this"),
    StatusRule(505, 505, Refused, advice="the tool cannot do this"),
    StatusRule(500, 599, Transient, Repeat.SAFE, "the tool is in trouble itself, try again later"),
    StatusRule(0, 999, SourceError, advice="this status is not expected here, check url"),
)


class _Break(NamedTuple):
    """Why no whole answer came, told by an exception type in the chain of causes."""

    cause: type[BaseException]
    what: str
    advice: str
    repeat: Repeat = Repeat.SAFE
    sent: bool = True  # the tool may have acted on it


# The first row that fits counts.
_BREAKS = (
    _Break(ProxyError, "cannot be reached through the proxy", "check HTTPS_PROXY and HTTP_PROXY"),
    _Break(NameResolutionError, "has an unknown host name", "check url and the network", Repeat.SAFE_ONCE, sent=False),
    _Break(ConnectTimeout, "took no connection within {connect:g} s", "check url and the network", sent=False),
    _Break(ReadTimeoutError, "sent nothing for {read:g} s", "try again later"),
    _Break(ConnectionRefusedError, "refuses connections", "check that the tool runs, and the port in url", sent=False),
    _Break(ssl.SSLError, "agrees on no secure connection", "check https in url", Repeat.SAFE_ONCE),
    _Break(NoConnection, "broke the connection", "check http or https in url, or try again later"),
    _Break(ChunkedEncodingError, "broke off in the middle of its answer", "try again later"),
    _Break(ContentDecodingError, "sent an answer wrongly compressed", "try again later"),
)

# By OpenSSL's X509_V_ERR code: what the certificate is, what to do.
_CERTIFICATE_FAULTS = {
    9: ("is not valid yet", "check this machine's clock"),
    10: ("has expired", "have it renewed by those who run the tool"),
    18: ("is self-signed", "name its CA file, if it is to be trusted"),
    19: ("is signed by an unknown authority", "name its CA file, if it is to be trusted"),
    20: ("is signed by an unknown authority", "name its CA file, if it is to be trusted"),
    62: ("belongs to another host", "check the host in url"),
    64: ("belongs to another host", "check the host in url"),
}


# ------------------------------------------------------------------ pacing


class Pacing:
    """How fast one source may be asked; shared by all threads that ask it.

    `requests` counts those sent; `throttled_seconds` adds up, over all threads, the waits the tool asked for.
    A tool that asks for more than `longest_pause_seconds` is not waited for: that is an error that says so.
    `unasked_pause_seconds`: how long to wait where it says 429 and not for how long, if its vendor tells.
    """

    def __init__(
        self,
        requests_per_second: float | None,
        in_flight: int = 8,
        *,
        longest_pause_seconds: float = 120.0,
        unasked_pause_seconds: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.in_flight = in_flight
        self.longest_pause_seconds = longest_pause_seconds
        self._unasked_pause_seconds = unasked_pause_seconds
        self.sleep = sleep
        self.requests = 0
        self.throttled_seconds = 0.0
        self._clock = clock
        self._spacing_seconds = 1.0 / requests_per_second if requests_per_second else 0.0
        self._next_start = self._paused_until = clock()
        self._slots = threading.BoundedSemaphore(in_flight)
        self._lock = threading.Lock()

    @contextmanager
    def slot(self, source: str) -> Iterator[None]:
        """Waits for the turn of one request, then holds its place; Transient if a pause is too long."""
        with self._slots:
            self._await_turn(source)
            yield

    def pause(self, seconds: float) -> None:
        """Lets no request of this source start for so long: the tool asked for it."""
        with self._lock:
            self._paused_until = max(self._paused_until, self._clock() + seconds)

    def asked_seconds(self, status: int, headers: Mapping[str, str]) -> float | None:
        """How long an answer asks to wait, or its vendor does where the answer does not say."""
        asked = asked_seconds(headers)
        return self._unasked_pause_seconds if asked is None and status == 429 else asked

    def count_throttled(self, seconds: float) -> None:
        with self._lock:
            self.throttled_seconds += seconds

    def _await_turn(self, source: str) -> None:
        while True:
            with self._lock:
                now = self._clock()
                pause_seconds = max(0.0, self._paused_until - now)
                early_seconds = max(pause_seconds, self._next_start - now)
                if early_seconds <= 0:
                    self._next_start = now + self._spacing_seconds
                    self.requests += 1
                    return
            if pause_seconds > self.longest_pause_seconds:
                raise Transient(
                    f"{source}: asked to wait {pause_seconds:.0f} s more, and a run waits"
                    f" {self.longest_pause_seconds:.0f} s at most: try again after that",
                    retry_after_seconds=pause_seconds,
                    sent=False,
                )
            self.sleep(early_seconds)
            self.count_throttled(pause_seconds)


class PacedAdapter(HTTPAdapter):
    """Sends within the pacing of one source; its place in flight is held until the whole body is read.

    It tries once. Any `requests.Session` may carry it, see `Client.adopt`.
    """

    def __init__(self, source: str, pacing: Pacing, timeout_seconds: tuple[float, float]) -> None:
        super().__init__(pool_maxsize=pacing.in_flight, max_retries=0)
        self._source = source
        self._pacing = pacing
        self._timeout_seconds = timeout_seconds

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,
        verify: bool | str = True,
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        with self._pacing.slot(self._source):
            response = super().send(request, stream, timeout or self._timeout_seconds, verify, cert, proxies)
            response._content = b"".join(response.iter_content(_PIECE))
            if response.status_code in (429, 503):
                self._pacing.pause(self._pacing.asked_seconds(response.status_code, response.headers) or 0.0)
        return response


def asked_seconds(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Seconds that `Retry-After` asks for, as number or date; 0 for a date gone by, None if unreadable.

    Without it, a quota that is used up is waited for until it is filled again, where the tool says when. A date is read
    on the tool's own clock, the answer's `Date`; without one on ours (`now`).
    """
    text = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
        return min(float(text), 1e9)
    until = _http_date(text) or quota_resets_at(headers)
    if until is None:
        return None
    since = _http_date(headers.get("Date", "")) or now or datetime.now(UTC)
    return max(0.0, (until - since).total_seconds())


def quota_resets_at(headers: Mapping[str, str]) -> datetime | None:
    """When a quota that is used up is filled again, UTC (`X-RateLimit-Remaining: 0`, `X-RateLimit-Reset`: ISO time).

    Source: developer.atlassian.com/cloud/jira/platform/rate-limiting, read 2026-11-25.
    """
    if headers.get("X-RateLimit-Remaining", "").strip() != "0":
        return None
    with suppress(ValueError):
        at = datetime.fromisoformat(headers.get("X-RateLimit-Reset", "").strip())
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return None


def wait_seconds(tries: int, asked: float | None) -> float:
    """How long to wait after so many tries: all that was asked and up to a tenth + 1 s, else 1 s to 30 s."""
    if asked:
        return asked + random.uniform(0.0, 1.0 + asked / 10)
    return min(2.0 ** min(tries - 1, 5), 30.0) * random.uniform(0.7, 1.3)


def _http_date(text: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError, TypeError):
        return None


# ------------------------------------------------------------------ asking


@dataclass(frozen=True)
class Answer:
    """One answer as received. `served_at`: the tool's clock, UTC; `request`: below the base URL, masked."""

    status: int
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    served_at: datetime | None
    request: str
    source: str = ""


@dataclass(frozen=True)
class _Call:
    method: str
    url: str = field(repr=False)
    shown: str
    json: object
    form: Mapping[str, str] | None = field(repr=False)
    repeatable: bool
    accept: Collection[int]
    json_expected: bool
    any_body: bool

    @property
    def must_have_body(self) -> bool:
        return self.method == "GET" or (self.method == "POST" and self.repeatable)


@dataclass(frozen=True)
class _Failure:
    """One try that failed, in the parts of a sentence: `<request> at <place> <what>: <advice>`."""

    error: type[SourceError]
    what: str
    advice: str
    repeat: Repeat = Repeat.NEVER
    status: int | None = None
    asked_seconds: float | None = None
    sent: bool = True

    @property
    def throttled(self) -> bool:
        return self.status == 429 or bool(self.asked_seconds)


class RenewableAuth(AuthBase, ABC):
    """What proves who we are, and may be out of date: a refused request is sent once more with what is new."""

    @abstractmethod
    def renew(self, refused: str) -> bool:
        """Whether there is something else now than this `Authorization`."""


class Client:
    """Asks one source. Threads may share it; it keeps nothing between requests but open connections."""

    def __init__(
        self,
        base_url: str,
        *,
        source: str,
        pacing: Pacing,
        auth_headers: Mapping[str, str] | None = None,
        auth: AuthBase | tuple[str, str] | None = None,
        timeout_seconds: tuple[float, float] = (10.0, 60.0),
        verify: bool | str = True,
        tries: int = 5,
    ) -> None:
        """`timeout_seconds`: to connect, to read. `verify`: False or a CA file. Raises ConfigError."""
        parts = _checked_address(base_url, source)
        _check_headers(auth_headers or {}, source)
        self.source = source
        self.pacing = pacing
        self.base_url = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl().rstrip("/")
        self.adapter = PacedAdapter(source, pacing, timeout_seconds)
        self._auth_headers = dict(auth_headers or {})
        self._auth = _basic(auth or _userinfo(parts)) if not isinstance(auth, AuthBase) else auth
        self._timeout_seconds = timeout_seconds
        self._verify = _trusted_authorities(verify, source)
        self._tries = tries
        self._place = self.base_url.partition("://")[2]
        self._proxies = {} if _is_loopback(parts) else requests.utils.get_environ_proxies(self.base_url)

    def get(
        self,
        path: str,
        params: Params | None = None,
        *,
        accept: Collection[int] = (),
        json_expected: bool = True,
        any_body: bool = False,
    ) -> Answer:
        """`request("GET", …)`."""
        return self.request("GET", path, params=params, accept=accept, json_expected=json_expected, any_body=any_body)

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        json: object = None,
        form: Mapping[str, str] | None = None,
        repeatable: bool | None = None,
        accept: Collection[int] = (),
        json_expected: bool = True,
        any_body: bool = False,
    ) -> Answer:
        """Sends one request below the base URL, again where that is safe, and returns the first good answer.

        `repeatable`: whether sending it twice is harmless (default: reading verbs only). Statuses in `accept` are
        returned, not raised; a web page is no answer of the tool, whatever its status, unless `any_body` says that the
        status alone counts. Raises SourceError, as in `STATUS_RULES`.
        """
        url = _join(self.base_url, path, params)
        shown = f"{method.upper()} {_masked(url[len(self.base_url) :])}"
        safe = method.upper() in READING_VERBS if repeatable is None else repeatable
        call = _Call(method.upper(), url, shown, json, form, safe, accept, json_expected, any_body)
        retrying = Retrying(
            sleep=self.pacing.sleep,
            retry=retry_if_result(lambda outcome: isinstance(outcome, _Failure)),
            stop=lambda state: state.attempt_number >= self._most_tries(call, _failure(state)),
            wait=lambda state: wait_seconds(state.attempt_number, _failure(state).asked_seconds),
            before_sleep=lambda state: self._note_wait(call, state),
            retry_error_callback=_failure,
        )
        outcome: Answer | _Failure = retrying(self._try, call)
        if isinstance(outcome, Answer):
            return outcome
        raise self._error(call, outcome, retrying.statistics["attempt_number"])

    def adopt(self, session: requests.Session) -> None:
        """Makes another library's session send through our adapter, without cookies or .netrc.

        Its own retries must be off. Failures stay those of `requests`; a pause too long is Transient.
        """
        session.mount("http://", self.adapter)
        session.mount("https://", self.adapter)
        session.trust_env = False
        session.proxies.update(self._proxies)
        session.verify = self._verify
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def close(self) -> None:
        """Closes the open connections."""
        self.adapter.close()

    def _try(self, call: _Call) -> Answer | _Failure:
        # Returned, not raised: an exception raised here would carry its cause, whose text holds the URL.
        try:
            response = self._follow(call)
            if not isinstance(response, _Failure) and response.status_code == 401 and self._renewed(response):
                response = self._follow(call)  # whatever it was, nothing was done
        except (OSError, HTTPError) as cause:  # those of requests are OSErrors
            return _no_answer(cause, self._timeout_seconds)
        return response if isinstance(response, _Failure) else self._judge(call, response)

    def _renewed(self, response: requests.Response) -> bool:
        refused = response.request.headers.get("Authorization", "")
        return isinstance(self._auth, RenewableAuth) and self._auth.renew(refused)

    def _follow(self, call: _Call) -> requests.Response | _Failure:
        """By hand, as `requests` would carry our own auth headers along to any host."""
        url = call.url
        for _ in range(1 + MOST_REDIRECTS):
            response = self._send(call, url)
            status = response.status_code
            if status not in REDIRECTS or status in call.accept:
                return response
            target = _redirect_target(url, response.headers.get("Location", ""))
            if call.method != "GET" or not _same_place(url, target):
                what = f"redirects to {target.partition('?')[0] or 'no usable address'}"
                return _Failure(SourceError, what, "set url to that address", status=status)
            url = target
        return _Failure(SourceError, "redirects in a circle", "check url")

    def _send(self, call: _Call, url: str) -> requests.Response:
        headers = requests.utils.default_headers()
        headers.update({"User-Agent": "pmo-hub", "Accept": "application/json", **self._auth_headers})
        request = requests.Request(
            call.method, url, headers=headers, json=call.json, data=call.form, auth=self._auth
        ).prepare()
        # Not by a Session: it would read .netrc, keep cookies and look into redirects.
        response = self.adapter.send(request, verify=self._verify, proxies=self._proxies)
        size, fields = len(response.content), {"source": self.source}
        _log.debug("%s: %s -> %d, %d bytes", self.source, call.shown, response.status_code, size, extra=fields)
        return response

    def _judge(self, call: _Call, response: requests.Response) -> Answer | _Failure:
        status = response.status_code
        rule = next(rule for rule in STATUS_RULES if rule.first <= status <= rule.last)
        if status in call.accept or rule.error is None:
            fault = _accepted_fault(call, response) if status in call.accept else _json_fault(call, response)
            served_at = _http_date(response.headers.get("Date", ""))
            headers = CaseInsensitiveDict(response.headers)
            return fault or Answer(status, response.content, headers, served_at, call.shown, self.source)
        what, advice = f"answered {status}{self._said(call, response)}", rule.advice
        asked = self.pacing.asked_seconds(status, response.headers) if rule.error is Transient else None
        if asked and asked > self.pacing.longest_pause_seconds:
            until = quota_resets_at(response.headers)
            why = f", as its quota is used up until {until:%Y-%m-%d %H:%M} UTC" if until else ""
            what = f"answered {status} and asked to wait {asked:.0f} s{why}"
            advice = f"a run waits {self.pacing.longest_pause_seconds:.0f} s at most, try again after that"
        return _Failure(rule.error, what, advice, rule.repeat, status, asked)

    def _most_tries(self, call: _Call, failure: _Failure) -> int:
        if failure.asked_seconds and failure.asked_seconds > self.pacing.longest_pause_seconds:
            return 1
        if failure.repeat is Repeat.ALWAYS or (failure.repeat is Repeat.SAFE and call.repeatable):
            return self._tries
        return min(2, self._tries) if failure.repeat is Repeat.SAFE_ONCE and call.repeatable else 1

    def _note_wait(self, call: _Call, state: RetryCallState) -> None:
        failure, seconds = _failure(state), state.upcoming_sleep
        if failure.throttled:
            self.pacing.count_throttled(seconds)
        fields = {"source": self.source}
        _log.info("%s: %s %s; waits %.1f s", self.source, call.shown, failure.what, seconds, extra=fields)

    def _said(self, call: _Call, response: requests.Response) -> str:
        """The tool's own words, cut short, without any secret it may have repeated."""
        text = "" if _is_html(response) else " ".join(response.content[:2000].decode("utf-8", "replace").split())
        known = _secrets(call.url, response.request.headers, self._auth_headers) | set((call.form or {}).values())
        for secret in sorted(known - {""}, key=len, reverse=True):
            text = text.replace(secret, "***")
        return f" and said {text[:200]}" if text else ""

    def _error(self, call: _Call, failure: _Failure, tries: int) -> SourceError:
        times = f", {tries} times" if tries > 1 else ""
        message = f"{self.source}: {call.shown[:200]} at {self._place} {failure.what}{times}: {failure.advice}"
        if issubclass(failure.error, Transient):
            return failure.error(
                message,
                status=failure.status,
                retry_after_seconds=failure.asked_seconds,
                sent=failure.sent and failure.repeat is not Repeat.ALWAYS,
            )
        return failure.error(message, status=failure.status)


def pages(
    fetch: Callable[[Token], tuple[Answer, Token | None, int]], first: Token, *, empty_ends: bool = True
) -> Iterator[Answer]:
    """All pages from the mark `first` on; `fetch` gives a page, the next mark or None, the record count.

    A mark is what finds a page: offset, last id, server token (None for its first page). An empty page is
    handed on too and is the last; a server that sends empty pages in between needs `empty_ends=False`.
    Raises BadRecord on a mark seen before.
    """
    seen = {first}
    mark = first
    while True:
        answer, following, records = fetch(mark)
        yield answer
        if following is None or (records == 0 and empty_ends):
            return
        if following in seen:
            raise BadRecord(
                f"{answer.source}: {answer.request[:200]} points to a page read before, without end:"
                " tell those who run the tool"
            )
        mark = following
        seen.add(mark)


# ------------------------------------------------------------------ helpers


def _failure(state: RetryCallState) -> _Failure:
    assert state.outcome is not None
    failure = state.outcome.result()
    assert isinstance(failure, _Failure)
    return failure


def _no_answer(cause: BaseException, timeout_seconds: tuple[float, float]) -> _Failure:
    chain = list(_causes(cause))
    for link in chain:
        if isinstance(link, ssl.SSLCertVerificationError):
            unknown = ("cannot be trusted", "ask those who run the tool")
            fault, advice = _CERTIFICATE_FAULTS.get(link.verify_code, unknown)
            return _Failure(SourceError, f"shows a certificate that {fault}", advice)
    connect, read = timeout_seconds
    for row in _BREAKS:
        if any(isinstance(link, row.cause) for link in chain):
            what = row.what.format(connect=connect, read=read)
            return _Failure(Transient, what, row.advice, row.repeat, sent=row.sent)
    return _Failure(SourceError, f"cannot be asked this ({type(cause).__name__})", "check url and the token")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _json_fault(call: _Call, response: requests.Response) -> _Failure | None:
    """What is wrong with the body of a good status, where JSON is expected; None if nothing."""
    body, status = response.content, response.status_code
    if not call.json_expected or call.method == "HEAD":
        return None
    if not body.strip():
        if status != 200 or not call.must_have_body:
            return None
        return _Failure(Transient, "answered with nothing", "try again later", Repeat.SAFE, status)
    if _is_json(body):
        return None
    if _is_html(response):
        return _web_page(status)
    what = f"answered with {len(body)} bytes that are not whole JSON"
    return _Failure(Transient, what, "try again later, and check url if it stays so", Repeat.SAFE, status)


def _accepted_fault(call: _Call, response: requests.Response) -> _Failure | None:
    """What is wrong with an accepted status: a proxy or a log-in answered in the tool's place. It may have no body."""
    body = response.content
    if call.any_body or not call.json_expected or not body.strip() or _is_json(body) or not _is_html(response):
        return None
    return _web_page(response.status_code)


def _web_page(status: int) -> _Failure:
    what, advice = "answered with a web page instead of data", "probably a log-in page or a proxy"
    return _Failure(Unauthorized, what, f"{advice}, check url and token", status=status)


def _is_json(body: bytes) -> bool:
    with suppress(msgspec.MsgspecError, RecursionError):
        msgspec.json.decode(body, type=msgspec.Raw)  # walks the whole text at about 1 GB/s and builds nothing
        return True
    return False


def _is_html(response: requests.Response) -> bool:
    start = response.content[:64].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    declared = response.headers.get("Content-Type", "").lower().startswith("text/html")
    return declared or start.startswith((b"<!doctype html", b"<html"))


def _join(base_url: str, path: str, params: Params | None) -> str:
    url = f"{base_url}/{path.lstrip('/')}"
    items = params.items() if isinstance(params, Mapping) else params or ()
    pairs = []
    for name, value in items:
        values = [value] if isinstance(value, str | int | float) else value
        pairs += [(name, str(one).lower() if isinstance(one, bool) else str(one)) for one in values]
    return f"{url}{'&' if '?' in url else '?'}{urlencode(pairs)}" if pairs else url


def _masked(text: str) -> str:
    return _SECRET_PARAM.sub(r"\1***", text)


def _redirect_target(url: str, location: str) -> str:
    """Absolute, without user info and fragment; empty if it is no address."""
    try:
        parts = urlsplit(urljoin(url, location))
        _ = parts.port  # raises ValueError
        return parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment="").geturl()
    except ValueError:
        return ""


def _same_place(url: str, target: str) -> bool:
    """Whether credentials may go from `url` on to `target`: the same origin, or its https instead of http."""
    old, new = urlsplit(url), urlsplit(target)
    old_port, new_port = (parts.port or {"http": 80, "https": 443}.get(parts.scheme) for parts in (old, new))
    if not new.hostname or old.hostname != new.hostname:
        return False
    if old.scheme == new.scheme:
        return old_port == new_port
    return (old.scheme, new.scheme) == ("http", "https") and new_port in (443, old_port)


def _checked_address(base_url: str, source: str) -> SplitResult:
    with suppress(ValueError):
        parts = urlsplit(base_url.strip())
        known = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        if known and not parts.query and not parts.fragment:
            return parts
    # The value is not shown: it may hold a password.
    raise ConfigError(f"{source}: url is not an address such as https://host/path, without ? and #: correct it")


def _check_headers(headers: Mapping[str, str], source: str) -> None:
    for name, value in headers.items():
        if not (value.isascii() and value.isprintable() and value == value.strip()):
            raise ConfigError(
                f"{source}: the value for {name} has a character no header can hold: copy the token again"
            )


def _userinfo(parts: SplitResult) -> tuple[str, str] | None:
    return (unquote(parts.username), unquote(parts.password or "")) if parts.username else None


def _basic(auth: tuple[str, str] | AuthBase | None) -> AuthBase | None:
    if isinstance(auth, tuple):
        return HTTPBasicAuth(auth[0].encode(), auth[1].encode())
    return auth


def _trusted_authorities(verify: bool | str, source: str) -> bool | str:
    named = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") if verify is True else verify
    if isinstance(named, str) and not Path(named).exists():
        raise ConfigError(f"{source}: there is no CA file {named}: correct the path")
    return verify if named is None else named


def _is_loopback(parts: SplitResult) -> bool:
    host = parts.hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")


def _secrets(url: str, sent: Mapping[str, str], auth_headers: Mapping[str, str]) -> set[str]:
    """All that proves who we are in one request, as sent and in its parts."""
    found = {found.group(0).partition("=")[2] for found in _SECRET_PARAM.finditer(url)}
    for name in {"Authorization", *auth_headers}:
        value = sent.get(name, "")
        found |= {value, value.partition(" ")[2]}
        if value.startswith("Basic "):
            found.add(base64.b64decode(value[6:]).decode("utf-8", "replace").partition(":")[2])
    return (found | {unquote(secret) for secret in found}) - {""}


class _WithoutSecrets(logging.Filter):
    """urllib3 logs the whole query of each request."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = _masked(record.getMessage()), ()
        return True


for _name in ("urllib3.connectionpool", "urllib3.connection"):
    logging.getLogger(_name).addFilter(_WithoutSecrets())
