"""People who were forgotten, on the desk: with their words while it is under way, then with a receipt without them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from model.forgetting import Word

if TYPE_CHECKING:
    from warehouse.desk import Desk

__all__ = ["FORGOTTEN", "FORGOTTEN_TABLES", "Forgotten", "UnderWay"]

FORGOTTEN = "forgotten"
"""The table."""

FORGOTTEN_TABLES = (
    """CREATE TABLE forgotten (id INTEGER PRIMARY KEY, code TEXT NOT NULL, asked_by TEXT NOT NULL,
        asked_at TEXT NOT NULL, accounts TEXT NOT NULL, words TEXT NOT NULL, done_at TEXT, receipt TEXT)""",
)
"""Frozen, as all migrations of the desk."""


@dataclass(frozen=True)
class UnderWay:
    """A person who is being forgotten; `words` are taken off the desk before it is done."""

    id: int
    code: str
    accounts: tuple[str, ...]
    words: tuple[Word, ...]


class Forgotten:
    """Whom to forget, and whom was forgotten."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def begin(self, code: str, accounts: Sequence[str], words: Sequence[Word], by: str) -> UnderWay:
        """Puts an order down, so that one that is cut short is finished by the next call."""
        said = json.dumps([asdict(word) for word in words])
        with self._desk.transaction() as con:
            made = con.execute(
                "INSERT INTO forgotten (code, asked_by, asked_at, accounts, words) VALUES (?, ?, ?, ?, ?)",
                [code, by, datetime.now(UTC).isoformat(timespec="seconds"), json.dumps(accounts), said],
            )
            return UnderWay(int(made.lastrowid or 0), code, tuple(accounts), tuple(words))

    def under_way(self) -> list[UnderWay]:
        """Orders that were not finished, oldest first."""
        rows = self._desk.rows("SELECT id, code, accounts, words FROM forgotten WHERE done_at IS NULL ORDER BY id")
        return [
            UnderWay(id_, code, tuple(json.loads(accounts)), tuple(Word(**word) for word in json.loads(words)))
            for id_, code, accounts, words in rows
        ]

    def erase(self, id_: int, accounts: Sequence[str]) -> None:
        """Takes the words off the desk; the accounts are told by what stands in their place."""
        with self._desk.transaction() as con:
            con.execute("PRAGMA secure_delete = ON")
            con.execute("UPDATE forgotten SET words = '[]', accounts = ? WHERE id = ?", [json.dumps(accounts), id_])

    def end(self, id_: int, receipt: Mapping[str, Any]) -> None:
        """Keeps the receipt: it is done."""
        with self._desk.transaction() as con:
            con.execute(
                "UPDATE forgotten SET done_at = ?, receipt = ? WHERE id = ?",
                [receipt["done_at"], json.dumps(receipt), id_],
            )

    def receipts(self) -> list[dict[str, Any]]:
        """What was kept of those who were forgotten, oldest first."""
        rows = self._desk.rows("SELECT receipt FROM forgotten WHERE receipt IS NOT NULL ORDER BY id")
        return [json.loads(receipt) for (receipt,) in rows]
