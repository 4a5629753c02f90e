"""What each receiver of messages was told, and not yet told to be over: kept on the desk, so that a night tells news.

A receiver is known by a digest of its address: the address may hold a password.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from warehouse.desk import Desk

__all__ = ["NOTICE_TABLES", "Notice", "Notices"]

NOTICE_TABLES = (
    """CREATE TABLE notices (receiver TEXT NOT NULL, key TEXT NOT NULL, text TEXT NOT NULL, size REAL NOT NULL,
        told_at TEXT NOT NULL, PRIMARY KEY (receiver, key))""",
)
"""Frozen, as all migrations of the desk."""


class Notice(NamedTuple):
    """Something that waits for a person, as it was told."""

    key: str
    text: str
    size: float


class Notices:
    """What was told to whom."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def told(self, address: str) -> dict[str, Notice]:
        """What this receiver knows to be waiting, by key."""
        rows = self._desk.rows("SELECT key, text, size FROM notices WHERE receiver = ?", [_digest(address)])
        return {row[0]: Notice(*row) for row in rows}

    def keep(self, address: str, waiting: Iterable[Notice]) -> None:
        """Takes the place of all that this receiver was told before."""
        receiver, now = _digest(address), datetime.now(UTC).isoformat()
        with self._desk.transaction() as con:
            con.execute("DELETE FROM notices WHERE receiver = ?", [receiver])
            con.executemany(
                "INSERT INTO notices VALUES (?, ?, ?, ?, ?)", [(receiver, *notice, now) for notice in waiting]
            )


def _digest(address: str) -> str:
    return hashlib.sha256(address.encode()).hexdigest()[:16]
