"""The queue of wanted changes, on the desk: asked for, approved, sent, verified, with all that happened on the way.

Many processes may use it, a sync in the meantime too. Nothing is removed: each state a change takes is an event with
its time, its person and its reason.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from model.change import WAITING, NativeValue, WantedChange, Wish
from model.errors import ConfigError
from model.plan import NOT_SENT, SentStep
from model.vocabulary import ChangeState

if TYPE_CHECKING:
    from warehouse.desk import Desk

__all__ = ["CHANGE_TABLES", "NOTE_TABLES", "UNDER_WAY", "ChangeEvent", "NewChange", "Note", "Queue", "RecordedStep"]

UNDER_WAY = frozenset({ChangeState.APPROVED, ChangeState.APPLIED})
"""What a push sees to its end."""

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

NOTE_TABLES = (
    """CREATE TABLE change_notes (id INTEGER PRIMARY KEY, issue_id TEXT NOT NULL, change_id INTEGER NOT NULL,
        text TEXT NOT NULL, due_at TEXT NOT NULL, sent_at TEXT, answer TEXT)""",
    "CREATE INDEX change_notes_by_issue ON change_notes (issue_id)",
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

    @property
    def target(self) -> tuple[str, str]:
        """One wish waits for each."""
        return self.issue_id, self.field


@dataclass(frozen=True)
class ChangeEvent:
    """Something that happened to a change. Time is UTC."""

    at: datetime
    by: str | None
    state: ChangeState
    note: str | None


@dataclass(frozen=True)
class RecordedStep:
    """A request that was sent for a change, as the desk has it. Times are UTC."""

    step: SentStep
    request: str
    sent_at: datetime


@dataclass(frozen=True)
class Note:
    """A comment to be left in the tool, once. `sent`: it was on its way, and may be there."""

    id: int
    issue_id: str
    change_id: int
    text: str
    sent: bool


class Queue:
    """All wanted changes of one desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    # ---- asking --------------------------------------------------------------------------------------------------

    def add(self, wishes: Sequence[NewChange], by: str, *, unapproved: Collection[str] = ()) -> list[int]:
        """Queues wishes, all or none, and gives back their numbers. A waiting one for the same issue and field is
        superseded, and both say so. `unapproved`: sources whose changes need no approval."""
        now = _now()
        with self._desk.transaction() as con:
            made: dict[int, str] = {}  # what each took the place of
            for wish in wishes:
                superseded = con.execute(
                    f"SELECT id, state FROM changes WHERE issue_id = ? AND field = ? AND state IN ({_WAITING})",
                    wish.target,
                ).fetchall()
                # what one of these wishes took the place of, the next one does, too
                before = [text for old, state in superseded for text in (made.get(old), f"{old} ({state})") if text]
                free = wish.source in unapproved
                state = ChangeState.APPROVED if free else ChangeState.PENDING
                row = con.execute(
                    """INSERT INTO changes (source, issue_id, issue_key, field, base, base_name, base_ours, wanted,
                        wanted_name, wanted_is_native, reason, state, requested_by, requested_at, undo_of, message)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
                    [
                        wish.source, wish.issue_id, wish.issue_key, wish.field, wish.base.id, wish.base.name,
                        wish.base.ours, wish.wish.value, wish.wish.name, wish.wish.is_native, wish.reason, state.value,
                        by, now, wish.undo_of, f"in place of change {', '.join(before)}" if before else None,
                    ],
                )  # fmt: skip
                id_ = int(row.lastrowid or 0)
                for old, _ in superseded:
                    _move(con, old, ChangeState.SUPERSEDED, by, f"change {id_} took its place")
                _note(con, id_, ChangeState.PENDING, by, wish.reason)
                if free:
                    _note(con, id_, ChangeState.APPROVED, None, "the source needs no approval")
                made[id_] = ", ".join(before)
            return [*made]

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
        """All or none; of one that is on its way nothing more is sent, one that failed is settled. Raises ConfigError
        for one that has ended otherwise."""
        with self._desk.transaction() as con:
            for change in self.of(ids):
                if change.state not in WAITING | UNDER_WAY | {ChangeState.FAILED}:
                    raise ConfigError(f"change {change.id} is {change.state}: it can no longer be rejected")
                _move(con, change.id, ChangeState.REJECTED, by, reason)

    # ---- sending -------------------------------------------------------------------------------------------------

    def record_steps(
        self, steps: Sequence[tuple[int, str | None, str, str]], before: Mapping[int, NativeValue]
    ) -> bool:
        """To be called before a request is sent: (change, from, to, request) of all that it is for.

        `before`: what the change met when it was first looked at. Durable when this returns; False, and nothing is to
        be sent, where one of them was rejected or superseded meanwhile.
        """
        with self._desk.transaction() as con:
            states = {id_: _state(con, id_) for id_, *_ in steps}
            if not UNDER_WAY.issuperset(states.values()):
                return False
            for id_, start, end, request in steps:
                con.execute(
                    "INSERT INTO change_steps (change_id, from_id, to_id, request, sent_at) VALUES (?, ?, ?, ?, ?)",
                    [id_, start, end, request, _now()],
                )
                if states[id_] is not ChangeState.APPLIED:  # the first step
                    _set_value(con, id_, "before", before[id_])
                    _move(con, id_, ChangeState.APPLIED, None, None)
        return True

    def answer_steps(self, answers: Iterable[tuple[int, str, str | None]]) -> None:
        """How the tool answered the last step of each of these changes: (change, outcome, its words)."""
        with self._desk.transaction() as con:
            for id_, outcome, said in answers:
                con.execute(
                    "UPDATE change_steps SET answer = ? "
                    "WHERE id = (SELECT max(id) FROM change_steps WHERE change_id = ?)",
                    [outcome if said is None else f"{outcome}: {said}", id_],
                )
                untouched = "SELECT count(*) FROM change_steps WHERE change_id = ? AND coalesce(answer, '') NOT LIKE ?"
                if outcome == NOT_SENT and con.execute(untouched, [id_, f"{NOT_SENT}%"]).fetchone() == (0,):
                    _move(con, id_, ChangeState.APPROVED, None, said)  # it is as if it had not been begun

    def verify(
        self,
        id_: int,
        after: NativeValue,
        *,
        said: str | None,
        ours: bool,
        before: NativeValue | None = None,
        note: str | None = None,
    ) -> None:
        """The tool was read, and holds what was wanted; `ours`: by our doing, so that it can be undone. `before`: what
        it held, where that was not known before; `note`: a comment that is to be left in the tool."""
        with self._desk.transaction() as con:
            if _state(con, id_) not in UNDER_WAY:
                return
            _set_value(con, id_, "after", after)
            if before is not None:
                _set_value(con, id_, "before", before)
            if not ours:
                con.execute(
                    "UPDATE changes SET before = NULL, before_name = NULL, before_ours = NULL WHERE id = ?", [id_]
                )
            con.execute("UPDATE changes SET verified_at = ? WHERE id = ?", [_now(), id_])
            _move(con, id_, ChangeState.VERIFIED, None, said)
            issue_id, undone = con.execute("SELECT issue_id, undo_of FROM changes WHERE id = ?", [id_]).fetchone()
            if undone is not None:
                _move(con, undone, ChangeState.UNDONE, None, f"undone by change {id_}")
            if note is not None:
                con.execute(
                    "INSERT INTO change_notes (issue_id, change_id, text, due_at) VALUES (?, ?, ?, ?)",
                    [issue_id, id_, note, _now()],
                )

    def end(self, id_: int, state: ChangeState, why: str, *, after: NativeValue | None = None) -> None:
        """A conflict, a failure, or what the policy of its source makes of it. `after`: what it left there."""
        with self._desk.transaction() as con:
            if _state(con, id_) in UNDER_WAY:
                if after is not None:
                    _set_value(con, id_, "after", after)
                _move(con, id_, state, None, why)

    def steps(self, id_: int) -> list[RecordedStep]:
        """What was sent for a change, oldest first."""
        rows = self._desk.rows(
            "SELECT from_id, to_id, request, sent_at, answer FROM change_steps WHERE change_id = ? ORDER BY id", [id_]
        )
        found = []
        for start, end, request, at, answer in rows:
            outcome, _, said = (answer or "").partition(": ")
            sent_at = datetime.fromisoformat(at)
            found.append(RecordedStep(SentStep(start, end, outcome or None, said or None, sent_at), request, sent_at))
        return found

    # ---- comments in the tool ------------------------------------------------------------------------------------

    def notes_due(self, source: str) -> list[Note]:
        """Comments that are not known to be in the tool, oldest first."""
        rows = self._desk.rows(
            """SELECT id, issue_id, change_id, text, sent_at IS NOT NULL FROM change_notes WHERE answer IS NULL
            AND substr(issue_id, 1, ?) = ? ORDER BY id""",
            [len(source) + 1, f"{source}:"],
        )
        return [Note(id_, issue_id, change_id, text, bool(sent)) for id_, issue_id, change_id, text, sent in rows]

    def notes_sent(self, ids: Collection[int]) -> None:
        """To be called before they are sent."""
        with self._desk.transaction() as con:
            con.executemany("UPDATE change_notes SET sent_at = ? WHERE id = ?", [(_now(), id_) for id_ in ids])

    def notes_answered(self, ids: Collection[int], answer: str) -> None:
        """They are there, or the tool will not have them."""
        with self._desk.transaction() as con:
            con.executemany("UPDATE change_notes SET answer = ? WHERE id = ?", [(answer, id_) for id_ in ids])

    # ---- looking -------------------------------------------------------------------------------------------------

    def to_be_sent(self) -> list[WantedChange]:
        """Approved, or on their way when a push was stopped; oldest first."""
        return [c for c in self.all() if c.state in UNDER_WAY]

    def of(self, ids: Sequence[int]) -> list[WantedChange]:
        """Changes by number, each once, in that order. Raises ConfigError if there is none of it."""
        ids = list(dict.fromkeys(ids))
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
        return NativeValue(row[name] or None, row[f"{name}_name"], row[f"{name}_ours"])

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


def _state(con: Any, id_: int) -> ChangeState:
    return ChangeState(con.execute("SELECT state FROM changes WHERE id = ?", [id_]).fetchone()[0])


def _set_value(con: Any, id_: int, name: str, value: NativeValue) -> None:
    """An empty value has an empty id: NULL is one that is not known."""
    con.execute(
        f"UPDATE changes SET {name} = ?, {name}_name = ?, {name}_ours = ? WHERE id = ?",
        [value.id or "", value.name, value.ours, id_],
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
    return datetime.now(UTC).isoformat(timespec="milliseconds")
