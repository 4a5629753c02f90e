"""The errors that reach people, as one tree.

    HubError                    one clear sentence: what, where, what to do
    |- ConfigError              the user must change `pmo.toml` or the command
    |- FileError                a file of the hub cannot be used (not DuckDB, cut short, no space)
    |  `- NewerFile             it was written by a newer version
    |- Locked                   another process is writing
    `- SourceError              a tool did not do what was asked
       |- Unauthorized          who we are is not accepted: wrong token, expired, log-in page
       |- Transient             may work later: `retry_after_seconds` if the tool said so
       |- Refused               understood and declined: missing permission, bad request, validation
       |- Stale                 somebody changed the record since it was read
       |- NotFound              the tool says there is no such record
       |- Inaccessible          the tool says the record exists but is not ours to see
       `- BadRecord             an answer that cannot be understood

Conflicts and vanished rows are data, not exceptions.
"""

from __future__ import annotations

__all__ = [
    "BadRecord",
    "ConfigError",
    "FileError",
    "HubError",
    "Inaccessible",
    "Locked",
    "NewerFile",
    "NotFound",
    "Refused",
    "SourceError",
    "Stale",
    "Transient",
    "Unauthorized",
]


class HubError(Exception):
    """Base of all errors whose text is meant for the person at the keyboard."""

    exit_status = 1


class ConfigError(HubError):
    """The configuration or the command is wrong; nothing was contacted."""

    exit_status = 2


class FileError(HubError):
    """A file of the hub cannot be used as it is."""

    exit_status = 2


class NewerFile(FileError):
    """A file was written by a newer version: nothing may take its place unasked."""


class Locked(HubError):
    """Another process holds the hub file; `pid` is None where it cannot be told."""

    def __init__(self, message: str, *, pid: int | None = None) -> None:
        super().__init__(message)
        self.pid = pid


class SourceError(HubError):
    """A tool did not do what was asked. `status` is the HTTP status, where there was one."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class Unauthorized(SourceError):
    """The tool does not accept who we are."""


class Transient(SourceError):
    """May work later; `retry_after_seconds` is the tool's own wish, None if it gave none.

    `sent` is False where the request never reached the tool, or was turned away at its door.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        retry_after_seconds: float | None = None,
        sent: bool = True,
    ) -> None:
        super().__init__(message, status=status)
        self.retry_after_seconds = retry_after_seconds
        self.sent = sent


class Refused(SourceError):
    """The tool understood and declined."""


class Stale(SourceError):
    """Somebody changed the record since it was read."""


class NotFound(SourceError):
    """The tool says there is no such record."""


class Inaccessible(SourceError):
    """The tool says the record is there but not ours to see."""


class BadRecord(SourceError):
    """An answer that cannot be understood."""
