"""The queue of wanted changes, on the desk: asked for, approved, sent, verified, with all that happened on the way.

Many processes may use it, a sync in the meantime too. Nothing is removed: each state a change takes is an event with
its time, its person and its reason.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from model.change import WAITING, NativeValue, WantedChange, Wish
from model.errors import ConfigError
from model.vocabulary import ChangeState

if TYPE_CHECKING:
    from warehouse.desk import Desk

__all__ = ["CHANGE_TABLES", "ChangeEvent", "NewChange", "Queue"]

CHANGE_TABLES = (
    """CREATE TABLE changes (id INTEGER PRIMARY KEY, source TEXT NOT NULL, issue_id TEXT NOT NULL,
        issue_key TEXT NOT NULL, field TEXT NOT NULL, base TEXT, base_name TEXT, base_ours TEXT, wanted TEXT NOT NULL,
        wanted_name TEXT, wanted_is_native INTEGER NOT NULL, reason TEXT, state TEXT NOT NULL,
        requested_by TEXT NOT NULL, requested_at TEXT NOT NULL, approved_by TEXT, approved_at TEXT, undo_of INTEGER,
        before TEXT, before_name TEXT, before_ours TEXT, after TEXT, after_name TEXT, after_ours TEXT,
        verified_at TEXT, message TEXT)""",
    "CREATE INDEX changes_by_issue ON changes (issue_id, field)",
    """CREATE TABLE change_events (id INTEGER PRIMARY KEY, change_id INTEGER NOT NULL, at TEXT NOT NULL, by TEXT,
        state TEXT NOT NULL, note TEXT)""",
    "CREATE INDEX change_events_by_change ON change_events (change_id)",
    """CREATE TABLE change_steps (id INTEGER PRIMARY KEY, change_id INTEGER NOT NULL, from_id TEXT, to_id TEXT NOT NULL,
        request TEXT NOT NULL, sent_at TEXT NOT NULL, answer TEXT)""",
    "CREATE INDEX change_steps_by_change ON change_steps (change_id)",
)
"""Frozen, as all migrations of the desk."""


@dataclass(frozen=True)
class NewChange:
    """A wish, checked and ready to be queued."""

    source: str
    issue_id: str
    issue_key: str
    field: str
    base: NativeValue
    wish: Wish
    reason: str | None = None
    undo_of: int | None = None


@dataclass(frozen=True)
class ChangeEvent:
    """Something that happened to a change. Time is UTC."""

    at: datetime
    by: str | None
    state: ChangeState
    note: str | None


class Queue:
    """All wanted changes of one desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    # ---- asking --------------------------------------------------------------------------------------------------

    def add(self, wishes: Sequence[NewChange], by: str, *, unapproved: Collection[str] = ()) -> list[int]:
        """Queues wishes, all or none, and gives back their numbers. A waiting one for the same issue and field is
        superseded. `unapproved`: sources whose changes need no approval."""
        now = _now()
        with self._desk.transaction() as con:
            made = []
            for wish in wishes:
                for (old,) in con.execute(
                    f"SELECT id FROM changes WHERE issue_id = ? AND field = ? AND state IN ({_WAITING})",
                    [wish.issue_id, wish.field],
                ).fetchall():
                    _move(con, old, ChangeState.SUPERSEDED, by, "a newer wish took its place")
                free = wish.source in unapproved
                state = ChangeState.APPROVED if free else ChangeState.PENDING
                row = con.execute(
                    """INSERT INTO changes (source, issue_id, issue_key, field, base, base_name, base_ours, wanted,
                        wanted_name, wanted_is_native, reason, state, requested_by, requested_at, undo_of)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
                    [
                        wish.source, wish.issue_id, wish.issue_key, wish.field, wish.base.id, wish.base.name,
                        wish.base.ours, wish.wish.value, wish.wish.name, wish.wish.is_native, wish.reason, state.value,
                        by, now, wish.undo_of,
                    ],
                )  # fmt: skip
                id_ = int(row.lastrowid or 0)
                _note(con, id_, ChangeState.PENDING, by, wish.reason)
                if free:
                    _note(con, id_, ChangeState.APPROVED, None, "the source needs no approval")
                made.append(id_)
            return made

    # ---- deciding ------------------------------------------------------------------------------------------------

    def approve(self, ids: Sequence[int], by: str, *, by_asker: Collection[str] = ()) -> None:
        """All or none. `by_asker`: sources whose changes the asker may approve. Raises ConfigError."""
        with self._desk.transaction() as con:
            for change in self.of(ids):
                if change.state is not ChangeState.PENDING:
                    raise ConfigError(f"change {change.id} is {change.state}: only a pending one can be approved")
                if change.requested_by == by and change.source not in by_asker:
                    raise ConfigError(
                        f"change {change.id} was asked for by {by}: another person must approve it, or set "
                        f'approval = "self" for {change.source}'
                    )
                con.execute("UPDATE changes SET approved_by = ?, approved_at = ? WHERE id = ?", [by, _now(), change.id])
                _move(con, change.id, ChangeState.APPROVED, by, None)

    def reject(self, ids: Sequence[int], by: str, reason: str | None = None) -> None:
        """All or none. Raises ConfigError for one that has ended, or is on its way."""
        with self._desk.transaction() as con:
            for change in self.of(ids):
                if change.state not in (ChangeState.PENDING, ChangeState.APPROVED, ChangeState.CONFLICT):
                    raise ConfigError(f"change {change.id} is {change.state}: it can no longer be rejected")
                _move(con, change.id, ChangeState.REJECTED, by, reason)

    # ---- looking -------------------------------------------------------------------------------------------------

    def of(self, ids: Sequence[int]) -> list[WantedChange]:
        """Changes by number, in that order. Raises ConfigError if there is none of it."""
        found = (
            {c.id: c for c in self.all()} if len(ids) > 1 else {c.id: c for c in self.all(id_=ids[0])} if ids else {}
        )
        missing = [id_ for id_ in ids if id_ not in found]
        if missing:
            raise ConfigError(f"there is no change {missing[0]}: `pmo changes` lists them")
        return [found[id_] for id_ in ids]

    def all(
        self, state: ChangeState | None = None, *, issue_id: str | None = None, id_: int | None = None
    ) -> list[WantedChange]:
        """Oldest first."""
        rows = self._desk.rows(
            f"""SELECT {", ".join(_COLUMNS)} FROM changes WHERE (?1 IS NULL OR state = ?1)
            AND (?2 IS NULL OR issue_id = ?2) AND (?3 IS NULL OR id = ?3) ORDER BY id""",
            [state.value if state else None, issue_id, id_],
        )
        return [_change(dict(zip(_COLUMNS, row, strict=True))) for row in rows]

    def events(self, id_: int) -> list[ChangeEvent]:
        """What happened to a change, oldest first."""
        rows = self._desk.rows("SELECT at, by, state, note FROM change_events WHERE change_id = ? ORDER BY id", [id_])
        return [ChangeEvent(datetime.fromisoformat(at), by, ChangeState(state), note) for at, by, state, note in rows]


_COLUMNS = (
    "id", "source", "issue_id", "issue_key", "field", "base", "base_name", "base_ours", "wanted", "wanted_name",
    "wanted_is_native", "reason", "state", "requested_by", "requested_at", "approved_by", "approved_at", "undo_of",
    "before", "before_name", "before_ours", "after", "after_name", "after_ours", "verified_at", "message",
)  # fmt: skip
_WAITING = ", ".join(f"'{state.value}'" for state in sorted(WAITING))


def _change(row: dict[str, Any]) -> WantedChange:
    def value(name: str) -> NativeValue:
        return NativeValue(row[name], row[f"{name}_name"], row[f"{name}_ours"])

    def at(name: str) -> datetime | None:
        return datetime.fromisoformat(row[name]) if row[name] else None

    requested_at = at("requested_at")
    assert requested_at is not None
    return WantedChange(
        id=row["id"],
        source=row["source"],
        issue_id=row["issue_id"],
        issue_key=row["issue_key"],
        field=row["field"],
        base=value("base"),
        wish=Wish(row["wanted"], bool(row["wanted_is_native"]), row["wanted_name"]),
        state=ChangeState(row["state"]),
        requested_by=row["requested_by"],
        requested_at=requested_at,
        reason=row["reason"],
        approved_by=row["approved_by"],
        approved_at=at("approved_at"),
        undo_of=row["undo_of"],
        before=value("before") if row["before"] is not None else None,
        after=value("after") if row["after"] is not None else None,
        verified_at=at("verified_at"),
        message=row["message"],
    )


def _move(con: Any, id_: int, state: ChangeState, by: str | None, note: str | None) -> None:
    con.execute("UPDATE changes SET state = ?, message = ? WHERE id = ?", [state.value, note, id_])
    _note(con, id_, state, by, note)


def _note(con: Any, id_: int, state: ChangeState, by: str | None, note: str | None) -> None:
    con.execute(
        "INSERT INTO change_events (change_id, at, by, state, note) VALUES (?, ?, ?, ?, ?)",
        [id_, _now(), by, state.value, note],
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
