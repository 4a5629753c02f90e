"""How records of one type are read from JSON: by decoders that are built once, when their module is loaded.

msgspec works out a Struct type, and all types within it, the first time it is used, and must not do so in two threads
at once: the process crashes. Several threads decode pages, so `msgspec.json.decode(…, type=…)` and `msgspec.convert`
with a type of ours stand nowhere; `tests/connectors/test_readers.py` looks for them. Types made of a tool's own fields
are built under `BUILDING`. Facts: msgspec 0.21.0, `StructInfo_Convert` in its `_core.c`, tried on 2026-11-25.
"""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

import msgspec
from msgspec import Raw

__all__ = ["BUILDING", "Body", "Reader"]

T = TypeVar("T")
Body = bytes | memoryview | Raw

BUILDING = threading.Lock()
"""Held while a decoder is built after its module was loaded."""


class Reader(Generic[T]):
    """Reads one record, or a list of them. Its methods raise one of `connectors.misfit.UNREADABLE`."""

    def __init__(self, type_: type[T]) -> None:
        self.type = type_
        self._one = msgspec.json.Decoder(type_)
        self._many = msgspec.json.Decoder(list[type_])  # type: ignore[valid-type]

    def one(self, body: Body) -> T:
        return self._one.decode(body)

    def many(self, body: Body) -> list[T]:
        return self._many.decode(body)
