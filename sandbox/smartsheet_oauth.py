"""OAuth 2 of the make-believe Smartsheet: codes, access tokens that expire, refresh tokens that serve once.

`hash` is SHA-256 of `secret|code` or `secret|refresh_token`; a client secret in the clear is taken too. Times are the
tool's own, in seconds.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
from typing import Any

from sandbox.smartsheet_call import Problem

__all__ = ["CLIENT_ID", "CLIENT_SECRET", "OAuth"]

CLIENT_ID = "sandbox-client"
CLIENT_SECRET = "sandbox-client-secret"
LIFETIME = 604_799  # of an access token: a week
CODE_LIFETIME = 600


class OAuth:
    """`lifetime` may be shortened by a test."""

    def __init__(self) -> None:
        self.clients = {CLIENT_ID: CLIENT_SECRET}
        self.lifetime = LIFETIME
        self.access: dict[str, tuple[int, float]] = {}  # user and end, by token
        self.refresh: dict[str, int] = {}  # those that are good still
        self._codes: dict[str, tuple[int, float]] = {}
        self._count = itertools.count(1)

    def authorize(self, user_id: int, now: float) -> str:
        """The code that a browser would bring back after somebody agreed."""
        code = f"code-{next(self._count)}"
        self._codes[code] = (user_id, now + CODE_LIFETIME)
        return code

    def revoke(self, user_id: int) -> None:
        """All tokens of an account, as when somebody takes the permission back."""
        self.access = {token: held for token, held in self.access.items() if held[0] != user_id}
        self.refresh = {token: one for token, one in self.refresh.items() if one != user_id}

    def user_of(self, token: str, now: float) -> int | None:
        """None for a token that is none; raises the problem of one that has expired."""
        user_id, end = self.access.get(token, (None, 0.0))
        if user_id is not None and now >= end:
            raise Problem(1003)
        return user_id

    def token(self, form: dict[str, str], now: float) -> dict[str, Any]:
        """A new pair of tokens for a code or a refresh token, which is used up by that."""
        kinds = {"authorization_code": "code", "refresh_token": "refresh_token"}
        if "grant_type" not in form:
            raise Problem(1070, "grant_type")
        name = kinds.get(form["grant_type"])
        if name is None:
            raise Problem(1068)
        for wanted in ("client_id", name):
            if wanted not in form:
                raise Problem(1070, wanted)
        self._prove(form, form[name])
        user_id = self._used_up(name, form[name], now)
        number = next(self._count)
        access, refresh = f"access-{number}", f"refresh-{number}"
        self.access[access], self.refresh[refresh] = (user_id, now + self.lifetime), user_id
        tokens = {"access_token": access, "token_type": "bearer", "refresh_token": refresh}
        return tokens | {"expires_in": self.lifetime}

    def _prove(self, form: dict[str, str], word: str) -> None:
        secret = self.clients.get(form["client_id"])
        if secret is None:
            raise Problem(1067)
        right = hashlib.sha256(f"{secret}|{word}".encode()).hexdigest()
        if "hash" not in form and "client_secret" not in form:
            raise Problem(1070, "hash")
        shown, wanted = (form["hash"], right) if "hash" in form else (form["client_secret"], secret)
        if not hmac.compare_digest(shown.lower().encode(), wanted.lower().encode()):
            raise Problem(1072)

    def _used_up(self, name: str, word: str, now: float) -> int:
        if name == "code":
            user_id, end = self._codes.pop(word, (None, 0.0))
            if user_id is not None and now >= end:
                raise Problem(1069)
        else:
            user_id = self.refresh.pop(word, None)
        if user_id is None:
            raise Problem(1071)
        return user_id
