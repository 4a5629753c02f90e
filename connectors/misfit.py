"""What does not fit: where in a record, and what was expected there, never the value.

Decoders turn a `Misfit` into a `Reject` of the contract. Which records a tool has, and what they mean, is their own.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
from msgspec import Raw, Struct

__all__ = ["UNREADABLE", "Misfit", "misfit_of", "native_id_of"]

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec raises at bytes that are not the wanted type, not JSON, not UTF-8, or nested without end."""


class Misfit(Exception):
    """A record does not fit: where, and what was expected there."""

    def __init__(self, field: str | None, error: str) -> None:
        super().__init__(error)
        self.field = field
        self.error = error


class _AnyId(Struct, gc=False):
    id: Any = None


_ANY_ID = msgspec.json.Decoder(_AnyId)


def misfit_of(error: Exception) -> Misfit:
    """msgspec's sentence on what it expected names types and patterns, never the value."""
    if not isinstance(error, msgspec.ValidationError):
        return Misfit(None, "expected text in UTF-8")
    what, _, where = str(error).partition(" - at `")
    missing = re.search(r"missing required field `(\w+)`", what)
    path = where.strip("`").removeprefix("$").lstrip(".")
    if missing:
        path = f"{path}.{missing.group(1)}".lstrip(".")
    return Misfit(path or None, what)


def native_id_of(raw: Raw | bytes | memoryview) -> str | None:
    """The id of a record, be the rest of it as it may."""
    try:
        found = _ANY_ID.decode(raw).id
    except UNREADABLE:
        return None
    return str(found) if isinstance(found, int | str) and not isinstance(found, bool) else None
