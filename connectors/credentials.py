"""Where tokens that change are kept: in the system's keyring if there is one, else in a file only its owner reads.

One process at a time changes what is kept of a source (a lock on a file beside it), and what is written is on the disk
before it is used: a refresh token that is lost takes a person to replace. Which tokens, and when they are renewed:
`connectors.oauth`. The package keyring is not needed; where it is there and its backend is a real one, it is used.
Facts: keyring's documentation (`get_keyring`, priorities of backends, `fail` and `null`), read 2026-11-27.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from connectors.misfit import UNREADABLE
from model.errors import SourceError

__all__ = ["Credentials", "Kept"]

SERVICE = "pmo-hub"
OWNER_ONLY_FOLDER, OWNER_ONLY = 0o700, 0o600


class Kept(Struct, omit_defaults=True):
    """Tokens of one source. `client`: whom they were given to, shortened; times in seconds since 1970.

    `begun`: new ones were asked for, and no answer has come.
    """

    client: str
    access_token: str
    refresh_token: str
    given_at: float
    expires_at: float
    begun: bool = False

    def __repr__(self) -> str:
        return f"Kept(client={self.client}, begun={self.begun}, tokens not shown)"


_KEPT = msgspec.json.Decoder(Kept)


class Credentials:
    """What is kept of one source. Raises SourceError where it cannot be: the others are read all the same."""

    def __init__(self, folder: Path, source: str) -> None:
        self._folder = folder
        self._source = source
        self._file = folder / f"{source}.json"

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keeps off other processes, and other threads of ours, until they may see what was written."""
        with self._told("opening"):
            self._folder.mkdir(parents=True, exist_ok=True, mode=OWNER_ONLY_FOLDER)
            self._folder.chmod(OWNER_ONLY_FOLDER)
            descriptor = os.open(self._folder / f"{self._source}.lock", os.O_RDWR | os.O_CREAT, OWNER_ONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def read(self) -> Kept | None:
        """None where there is nothing yet. A file that is there counts, as it may be older than the keyring."""
        text = self._in_file()
        if text is None and (keyring := _keyring()) is not None:
            found = self._in_keyring(keyring)
            text = None if found is None else found.encode()
        if text is None:
            return None
        try:
            return _KEPT.decode(text)
        except UNREADABLE:
            raise SourceError(f"the credentials of {self._source} cannot be understood: {self.log_in_anew}") from None

    def write(self, kept: Kept, *, anew: bool = False) -> None:
        """Durable when it returns. `anew`: after a log-in, when it may go to another place than before."""
        text = msgspec.json.encode(kept)
        keyring = _keyring() if anew or not self._file.exists() else None
        if keyring is None:
            self._to_file(text)
            return
        if self._in_keyring(keyring, text.decode()) != text.decode():
            raise SourceError(f"the keyring does not keep the credentials of {self._source}: {self.log_in_anew}")
        self._file.unlink(missing_ok=True)

    def move_to(self, source: str) -> None:
        """The same under another name, if there is anything; what is there already under that name stays."""
        if not self._folder.is_dir():
            return
        with self.lock():
            kept, other = self.read(), Credentials(self._folder, source)
            if kept is not None and other.read() is None:
                other.write(kept, anew=True)
                self._forget()

    def _forget(self) -> None:
        self._file.unlink(missing_ok=True)
        if (keyring := _keyring()) is not None and self._in_keyring(keyring) is not None:
            keyring.delete_password(SERVICE, self._user)

    @property
    def log_in_anew(self) -> str:
        return f"run `pmo login {self._source}`"

    @property
    def _user(self) -> str:
        """Two hubs on one machine may have a source of one name."""
        return f"{self._source} of {self._folder.absolute()}"

    def _in_keyring(self, keyring: Any, new: str | None = None) -> str | None:
        """What is there, after putting `new` there."""
        try:
            if new is not None:
                keyring.set_password(SERVICE, self._user, new)
            found: str | None = keyring.get_password(SERVICE, self._user)
        except Exception as error:  # noqa: BLE001 - each backend has errors of its own
            raise SourceError(
                f"the keyring gives no access to the credentials of {self._source} ({type(error).__name__}): unlock it"
            ) from None
        return found

    def _in_file(self) -> bytes | None:
        with self._told("reading"), suppress(FileNotFoundError):
            return self._file.read_bytes()
        return None

    def _to_file(self, text: bytes) -> None:
        """Whole or not at all, and never to be read by others, not even while it is written."""
        part = self._file.with_suffix(f".{os.getpid()}.part")
        with self._told("writing"):
            try:
                part.unlink(missing_ok=True)
                descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
                with os.fdopen(descriptor, "wb") as file:
                    file.write(text)
                    file.flush()
                    os.fsync(file.fileno())
                part.replace(self._file)
                folder = os.open(self._folder, os.O_RDONLY)
                try:
                    os.fsync(folder)
                finally:
                    os.close(folder)
            finally:
                part.unlink(missing_ok=True)

    @contextmanager
    def _told(self, doing: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise
        except OSError as error:
            raise SourceError(
                f"{doing} the credentials of {self._source} in {self._folder} failed ({error.strerror}): "
                "check owner, mode and space"
            ) from None


def _keyring() -> Any:
    """The module, where it is installed and keeps something; None otherwise. Its lesser backends refuse or forget."""
    try:
        keyring = import_module("keyring")
        backend = keyring.get_keyring()
        real = backend.priority > 0 and not type(backend).__module__.endswith((".fail", ".null"))
    except Exception:  # noqa: BLE001 - it finds its backends by plug-ins, and these may fail in any way
        return None
    return keyring if real else None
