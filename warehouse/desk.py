"""The desk: what people decide, in `data/desk.sqlite`. Many processes may use it at once.

It cannot be made again from anything, so it alone has migrations: frozen text, numbered, each applied once in a
transaction of its own together with its record. What a decision leads to is the business of those who ask for it
(`warehouse.meaning`, the flows). Private to the user it belongs to: mode 0600.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from model.errors import ConfigError, FileError, HubError, Locked
from model.mapping import MAPPED_KINDS, Rules
from model.vocabulary import IssueType, Status, WordKind
from warehouse.files import has_no_space, plain
from warehouse.forgotten import FORGOTTEN_TABLES, Forgotten
from warehouse.notices import NOTICE_TABLES, Notices
from warehouse.past import PAST_TABLES, Past, rename_in_past
from warehouse.queue import CHANGE_TABLES, NOTE_TABLES, Queue

__all__ = ["Desk"]

BUSY_SECONDS = 10.0

_MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE accepted_losses (id INTEGER PRIMARY KEY, source TEXT NOT NULL, stream TEXT,
            asked_by TEXT NOT NULL, asked_at TEXT NOT NULL, used_at TEXT, used_run_id TEXT)""",
        """CREATE TABLE person_links (account_a TEXT NOT NULL, account_b TEXT NOT NULL, linked_by TEXT NOT NULL,
            linked_at TEXT NOT NULL, PRIMARY KEY (account_a, account_b))""",
        """CREATE TABLE word_rules (source TEXT NOT NULL, kind TEXT NOT NULL, word TEXT NOT NULL, value TEXT NOT NULL,
            ruled_by TEXT NOT NULL, ruled_at TEXT NOT NULL, PRIMARY KEY (source, kind, word))""",
        """CREATE TABLE source_renames (id INTEGER PRIMARY KEY, old TEXT NOT NULL, new TEXT NOT NULL,
            renamed_by TEXT NOT NULL, renamed_at TEXT NOT NULL)""",
    ),
    CHANGE_TABLES,
    NOTE_TABLES,
    PAST_TABLES,
    NOTICE_TABLES,
    FORGOTTEN_TABLES,
)
"""Frozen: what was released is never edited, a change is one more entry. They use nothing of today's model."""


class Desk:
    """The open desk; made where there is none. Raises FileError if it cannot be used, Locked if it stays busy."""

    def __init__(self, path: Path, *, busy_seconds: float = BUSY_SECONDS) -> None:
        self.path = path
        self._lock = threading.RLock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # SQLite gives its -wal and -shm files the mode of this one.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as error:
            raise plain(error, "opening the desk", path) from error
        # autocommit: transactions are begun and ended below, in plain sight
        self._con = sqlite3.connect(path, timeout=busy_seconds, isolation_level=None, check_same_thread=False)
        try:
            with _plainly(path):
                self._con.execute(f"PRAGMA busy_timeout = {int(busy_seconds * 1000)}")
                _refuse_foreign(self._con, path)
                self._con.execute("PRAGMA journal_mode = WAL")
                self._con.execute("PRAGMA synchronous = FULL")
                _migrate(self._con, path)
        except BaseException:
            self._con.close()
            raise

    def close(self) -> None:
        self._con.close()

    def __enter__(self) -> Desk:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def queue(self) -> Queue:
        """The wanted changes."""
        return Queue(self)

    @property
    def notices(self) -> Notices:
        """What each receiver of messages was told."""
        return Notices(self)

    @property
    def past(self) -> Past:
        """What was shown and what was closed."""
        return Past(self)

    @property
    def forgotten(self) -> Forgotten:
        """People who were forgotten."""
        return Forgotten(self)

    # ---- disappearances let through ------------------------------------------------------------------------------

    def accept_loss(self, source: str, by: str, *, stream: str | None = None) -> int:
        """Lets the disappearance held back for a source (or one stream of it) through, once. Asking twice is once."""
        with self.transaction():
            known = self.rows(
                "SELECT id FROM accepted_losses WHERE source = ? AND stream IS ? AND used_at IS NULL", [source, stream]
            )
            if known:
                return int(known[0][0])
            made = self._con.execute(
                "INSERT INTO accepted_losses (source, stream, asked_by, asked_at) VALUES (?, ?, ?, ?)",
                [source, stream, by, _now()],
            )
            return int(made.lastrowid or 0)

    def open_acceptance(self, source: str, stream: str | None = None) -> int | None:
        """The acceptance that a loss of this source may use up; with `stream`, one for all streams will do too."""
        rows = self.rows(
            "SELECT id FROM accepted_losses WHERE source = ? AND used_at IS NULL "
            "AND (stream IS NULL OR ?2 IS NULL OR stream = ?2) ORDER BY stream IS NULL, id LIMIT 1",
            [source, stream],
        )
        return int(rows[0][0]) if rows else None

    def use_acceptance(self, id_: int, run_id: str) -> bool:
        """Uses it up; False if another run did before. The same run may say so again."""
        with self.transaction():
            self._con.execute(
                "UPDATE accepted_losses SET used_at = ?, used_run_id = ? WHERE id = ? AND used_at IS NULL",
                [_now(), run_id, id_],
            )
            return bool(self.rows("SELECT 1 FROM accepted_losses WHERE id = ? AND used_run_id = ?", [id_, run_id]))

    # ---- people and words ----------------------------------------------------------------------------------------

    def confirm_people(self, account: str, other: str, by: str) -> None:
        """Declares two accounts (the hub's ids) to be one human."""
        first, second = sorted((account, other))
        with self.transaction():
            self._con.execute(
                "INSERT INTO person_links VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", [first, second, by, _now()]
            )

    def confirmed_people(self) -> list[tuple[str, str]]:
        """Pairs of accounts that a person declared to be one human."""
        return [(a, b) for a, b in self.rows("SELECT account_a, account_b FROM person_links ORDER BY 1, 2")]

    def map_word(self, source: str, kind: WordKind, word: str, value: str, by: str) -> None:
        """Maps a tool's word (native id or name) to ours by hand. Raises ConfigError if ours is none."""
        _ours(kind, value)
        with self.transaction():
            self._con.execute(
                "INSERT INTO word_rules VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (source, kind, word) DO UPDATE "
                "SET value = excluded.value, ruled_by = excluded.ruled_by, ruled_at = excluded.ruled_at",
                [source, kind.value, word.casefold().strip(), value, by, _now()],
            )

    def rules(self, source: str) -> Rules:
        """What was mapped by hand for a source."""
        found: dict[str, dict[str, Any]] = {kind.value: {} for kind in MAPPED_KINDS}
        for kind, word, value in self.rows(
            "SELECT kind, word, value FROM word_rules WHERE source = ? ORDER BY kind, word", [source]
        ):
            found[kind][word] = _ours(WordKind(kind), value)
        return Rules(**found)

    # ---- names of sources ----------------------------------------------------------------------------------------

    def rename_source(self, old: str, new: str, by: str) -> None:
        """Takes all that was decided about a source along to its new name. What `new` has decided itself stays."""
        with self.transaction():
            self._con.execute("UPDATE accepted_losses SET source = ? WHERE source = ?", [new, old])
            self._con.execute("UPDATE OR IGNORE word_rules SET source = ? WHERE source = ?", [new, old])
            self._con.execute("DELETE FROM word_rules WHERE source = ?", [old])
            links = self.rows("SELECT account_a, account_b, linked_by, linked_at FROM person_links")
            self._con.execute("DELETE FROM person_links")
            self._con.executemany(
                "INSERT INTO person_links VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                [(*sorted((_renamed(a, old, new), _renamed(b, old, new))), *rest) for a, b, *rest in links],
            )
            self._con.execute(
                "UPDATE changes SET source = ?, issue_id = ? || substr(issue_id, ?) WHERE source = ?",
                [new, new, len(old) + 1, old],
            )
            self._con.execute(
                "UPDATE change_notes SET issue_id = ?1 || substr(issue_id, ?2) WHERE substr(issue_id, 1, ?2) = ?3",
                [new, len(old) + 1, f"{old}:"],
            )
            rename_in_past(self._con, old, new)
            self._con.execute(
                "INSERT INTO source_renames (old, new, renamed_by, renamed_at) VALUES (?, ?, ?, ?)",
                [old, new, by, _now()],
            )

    def renames(self) -> list[tuple[str, str]]:
        """Old and new names of sources, oldest first."""
        return [(old, new) for old, new in self.rows("SELECT old, new FROM source_renames ORDER BY id")]

    # ---- plumbing ------------------------------------------------------------------------------------------------

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """For what stands on the desk and has a module of its own."""
        with self._lock, _plainly(self.path):
            return self._con.execute(sql, parameters).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, and nobody else writes meanwhile, be it another thread."""
        with self._lock, _plainly(self.path), _whole(self._con):
            yield self._con


def _migrate(con: sqlite3.Connection, path: Path) -> None:
    """Applies what is pending. Another process may be doing the same: each looks again once it may write."""
    con.execute("CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY, applied_at TEXT NOT NULL)")
    if _applied(con) > len(_MIGRATIONS):
        raise FileError(
            f"{path} was written by a newer pmo-hub (desk {_applied(con)}, this one knows {len(_MIGRATIONS)}): "
            "install that version; the file holds decisions and cannot be made again"
        )
    for number, statements in enumerate(_MIGRATIONS, 1):
        if number <= _applied(con):
            continue
        with _whole(con):
            if number <= _applied(con):
                continue
            for statement in statements:
                con.execute(statement)
            con.execute("INSERT INTO migrations VALUES (?, ?)", [number, _now()])


def _applied(con: sqlite3.Connection) -> int:
    return int(con.execute("SELECT coalesce(max(number), 0) FROM migrations").fetchone()[0])


def _refuse_foreign(con: sqlite3.Connection, path: Path) -> None:
    """Before anything is written: another program's database is left alone."""
    tables = {name for (name,) in con.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if tables and "migrations" not in tables:
        raise FileError(
            f"{path} is an SQLite file, but not a desk of pmo-hub: move it away, or name another folder in [hub] data"
        )


@contextmanager
def _whole(con: sqlite3.Connection) -> Iterator[None]:
    """All or nothing. Takes the right to write at once, so that nobody can write between our look and our change."""
    con.execute("BEGIN IMMEDIATE")
    try:
        yield
        con.execute("COMMIT")
    except BaseException:
        if con.in_transaction:
            con.execute("ROLLBACK")
        raise


@contextmanager
def _plainly(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise _said(path, error) from error


def _said(path: Path, error: sqlite3.Error) -> HubError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return Locked(f"{path} is being written by another process: run the command again in a moment")
    if code == sqlite3.SQLITE_NOTADB:
        return FileError(f"{path} is not an SQLite file: move it away, or put a copy back by `pmo restore --desk`")
    if code == sqlite3.SQLITE_CORRUPT:
        return FileError(
            f"{path} is damaged: `pmo restore --desk` puts a copy back; it holds decisions and cannot be made again"
        )
    if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and has_no_space(path.parent)):
        return FileError(f"writing {path}: no space left; free some and run the command again, nothing was left behind")
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return FileError(f"not permitted to write {path} or its folder; check their owner and mode")
    return FileError(f"{path} cannot be used ({error}): `pmo restore --desk` puts a copy back")


def _ours(kind: WordKind, value: str) -> Status | IssueType | int:
    """Our word of a kind."""
    try:
        if kind is WordKind.STATUS:
            return Status(value)
        if kind is WordKind.TYPE:
            return IssueType(value)
        if kind is WordKind.PRIORITY and 1 <= int(value) <= 5:
            return int(value)
    except ValueError:
        pass
    raise ConfigError(f'"{value}" is none of our words for a {kind.value}')


def _renamed(account: str, old: str, new: str) -> str:
    source, _, native_id = account.partition(":")
    return f"{new}:{native_id}" if source == old else account


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
