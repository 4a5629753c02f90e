"""OAuth 2 for any tool: logging in once, and access tokens that are renewed by a refresh token that serves once.

A tool says where and how (`Provider`); tokens are kept by `connectors.credentials`. A new pair is on the disk before it
is used, and two processes never ask for one at once. One moment cannot be made safe: the answer with the new refresh
token is lost on its way when the tool has retired the old one. It is said; the old one is tried once more, as the tool
may not have acted; if it has, a person logs in again. Facts: RFC 6749 (sections 4.1, 5 and 6), read 2026-11-27.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Protocol, runtime_checkable
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec
from msgspec import Meta, Struct
from requests import PreparedRequest

from connectors.credentials import Credentials, Kept
from connectors.http import Answer, Client, RenewableAuth
from connectors.misfit import UNREADABLE
from model.errors import ConfigError, SourceError, Transient, Unauthorized

__all__ = ["LogsIn", "OAuth", "Provider", "hashed_proof"]

EARLY_SECONDS = 60.0
"""So long before its end a token is no longer used: clocks differ, and a request takes its time."""
REFUSED = (400, 401, 403)


class _Tokens(Struct):
    access_token: Annotated[str, Meta(min_length=1)]
    refresh_token: str = ""
    expires_in: float = 3600.0


_TOKENS = msgspec.json.Decoder(_Tokens)


def plain_proof(secret: str, _word: str) -> Mapping[str, str]:
    """The secret itself, as RFC 6749 has it."""
    return {"client_secret": secret}


def hashed_proof(secret: str, word: str) -> Mapping[str, str]:
    """SHA-256 of the secret and of the code or refresh token it goes with: the secret is not sent."""
    return {"hash": hashlib.sha256(f"{secret}|{word}".encode()).hexdigest()}


@dataclass(frozen=True)
class Provider:
    """One tool's OAuth. `token_path` is below the base address of the client that asks for tokens."""

    tool: str
    authorize_url: str
    token_path: str
    scopes: tuple[str, ...]
    client_id: str = field(repr=False)
    secret: str = field(repr=False)
    proof: Callable[[str, str], Mapping[str, str]] = plain_proof

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(f"{self.client_id}|{self.authorize_url}".encode()).hexdigest()[:16]


@runtime_checkable
class LogsIn(Protocol):
    """A connector of which a source may be logged in to. `oauth` None: it has a token of its own."""

    oauth: OAuth | None


class OAuth(RenewableAuth):
    """Puts an access token into each request. Threads may share it; so may processes that share the credentials."""

    def __init__(
        self,
        source: str,
        provider: Provider,
        client: Client,
        credentials: Credentials,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._source = source
        self._provider = provider
        self._client = client
        self._credentials = credentials
        self._clock = clock
        self._held: Kept | None = None
        self._renewed = ""

    # -------------------------------------------------------------- in use

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._access_token()}"
        return request

    def _access_token(self) -> str:
        held = self._held
        if held is None or self._is_over(held):
            with self._credentials.lock():
                held = self._ours()
                if self._is_over(held):
                    held = self._refreshed(held)
            self._held = held
        return held.access_token

    def renew(self, refused: str) -> bool:
        """Whether there is another token than the refused one now. One that came by this way already is not renewed:
        it would be refused again."""
        with self._credentials.lock():
            held = self._ours()
            if refused == f"Bearer {held.access_token}":
                if held.access_token == self._renewed:
                    return False
                held = self._refreshed(held)
                self._renewed = held.access_token
            self._held = held
        return True

    def _is_over(self, held: Kept) -> bool:
        """A short-lived token is used for at least half its life."""
        life = held.expires_at - held.given_at
        return self._clock() >= held.expires_at - min(EARLY_SECONDS, life / 2)

    def _ours(self) -> Kept:
        held = self._credentials.read()
        if held is None:
            raise Unauthorized(f"{self._source}: nobody has logged in yet: {self._credentials.log_in_anew}")
        if held.client != self._provider.fingerprint:
            raise Unauthorized(
                f"{self._source}: it was logged in to with another oauth_client: {self._credentials.log_in_anew}"
            )
        return held

    def _refreshed(self, held: Kept) -> Kept:
        """In the lock. That new ones are asked for is kept before, so that a lost answer is known of afterwards."""
        was_begun, held.begun = held.begun, True
        self._credentials.write(held)
        form = {"grant_type": "refresh_token", "refresh_token": held.refresh_token}
        try:
            answer = self._ask(form, held.refresh_token)
        except SourceError as error:
            if isinstance(error, Transient) and error.sent:
                raise Transient(self._lost(), status=error.status, sent=False) from None
            held.begun = was_begun
            self._credentials.write(held)
            raise
        if answer.status != 200:
            held.begun = was_begun
            self._credentials.write(held)
            why = (
                "the answer to an earlier request for new tokens was lost, and with it the refresh token"
                if was_begun
                else "it was withdrawn, not used for too long, or oauth_secret is wrong"
            )
            raise Unauthorized(
                f"{self._source}: {self._provider.tool} no longer accepts what it gave us at the last log-in "
                f"({answer.status}): {why}: {self._credentials.log_in_anew}",
                status=answer.status,
            )
        return self._kept(answer, held.refresh_token)

    def _lost(self) -> str:
        return (
            f"{self._source}: the answer with new tokens of {self._provider.tool} was lost on its way: run again, and "
            f"if it says then that the log-in is no longer accepted, {self._credentials.log_in_anew}"
        )

    def close(self) -> None:
        """Lets go of connections."""
        self._client.close()

    # -------------------------------------------------------------- logging in

    def address(self, state: str) -> str:
        """Where a person agrees, in a browser."""
        asked = {
            "response_type": "code",
            "client_id": self._provider.client_id,
            "scope": " ".join(self._provider.scopes),
            "state": state,
        }
        return f"{self._provider.authorize_url}?{urlencode(asked)}"

    @staticmethod
    def new_state() -> str:
        """What an answer must bring back, to be the answer to our own question."""
        return secrets.token_urlsafe(24)

    def log_in(self, pasted: str, state: str) -> None:
        """`pasted`: the code, or the whole address that the browser ended at. Raises ConfigError and SourceError."""
        code = self._code(pasted.strip(), state)
        with self._credentials.lock():
            try:
                answer = self._ask({"grant_type": "authorization_code", "code": code}, code)
            except Transient as error:
                raise Transient(f"{error}; then {self._credentials.log_in_anew} again, with a new code") from None
            if answer.status != 200:
                raise Unauthorized(
                    f"{self._source}: {self._provider.tool} does not accept this code ({answer.status}): it is old, "
                    "was used before, or oauth_client and oauth_secret are of another app",
                    status=answer.status,
                )
            self._held = self._kept(answer, "", anew=True)

    def _code(self, pasted: str, state: str) -> str:
        if "://" not in pasted and "code=" not in pasted:
            if not pasted:
                raise ConfigError(f"{self._source}: there was no code: {self._credentials.log_in_anew} again")
            return pasted
        found = parse_qs(urlsplit(pasted).query or pasted.rpartition("?")[2])
        if "error" in found or "code" not in found:
            raise ConfigError(
                f"{self._source}: this address holds no code: agree in the browser, {self._credentials.log_in_anew}"
            )
        if found.get("state") != [state]:
            raise ConfigError(
                f"{self._source}: this address does not answer the question that was just asked: "
                f"{self._credentials.log_in_anew} and use the address it prints"
            )
        return found["code"][0]

    # -------------------------------------------------------------- asking

    def _ask(self, form: Mapping[str, str], word: str) -> Answer:
        provider = self._provider
        sent = {**form, "client_id": provider.client_id, **provider.proof(provider.secret, word)}
        path = provider.token_path
        try:
            answer = self._client.request("POST", path, form=sent, repeatable=False, accept=REFUSED, any_body=True)
        except Transient:
            raise
        except SourceError as error:  # its text may repeat what was sent
            raise type(error)(self._no_tokens(error.status), status=error.status) from None
        if not answer.body.lstrip().startswith(b"{"):
            raise SourceError(self._no_tokens(answer.status), status=answer.status)
        return answer

    def _no_tokens(self, status: int | None) -> str:
        return (
            f"{self._source}: what answered {status or 'nothing'} to a request for tokens is not "
            f"{self._provider.tool}: check url, and what stands between"
        )

    def _kept(self, answer: Answer, old: str, *, anew: bool = False) -> Kept:
        """On the disk when it returns. A tool that gives no new refresh token means the old one to be kept."""
        try:
            given = _TOKENS.decode(answer.body)
        except UNREADABLE:
            given = None
        if given is None or not (given.refresh_token or old):
            raise Transient(self._lost(), sent=False)
        now = self._clock()
        refresh_token, end = given.refresh_token or old, now + given.expires_in
        kept = Kept(self._provider.fingerprint, given.access_token, refresh_token, now, end)
        self._credentials.write(kept, anew=anew)
        return kept
