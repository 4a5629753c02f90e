"""Pushes of many changes into a make-believe tool that fails, while somebody edits and the process is killed.

Afterwards the laws of pushing are put to the tool's own history: nothing is overwritten that nobody had seen (or it
is said), nothing is sent twice, each change has its end, and undoing brings back what nobody touched since.
"""

from __future__ import annotations

import os
import random
import re
import signal
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from flows.changes import WishLine, ask
from model.change import WantedChange
from model.vocabulary import ChangeState
from tests.pushing import PushingHub
from tests.running import Finished, started, watched

MOST_PUSHES = 30
PUSH = ("push", "--no-publish")
Move = tuple[str | None, str | None, bool]
"""From, to, and whether we made it."""


class Tried(Protocol):
    """The tool of a trial, by its own truth. Ids of issues are native ones."""

    config: str
    env: Mapping[str, str]

    @property
    def hub(self) -> PushingHub: ...

    def lines(self, random_: random.Random) -> list[WishLine]:
        """Wishes in any order, more than are needed."""

    def edit(self, random_: random.Random, wanted: Sequence[str]) -> None:
        """Somebody else changes something, of a wanted issue as a rule."""

    def trouble(self, seed: int, before: Callable[[bool], None]) -> None:
        """From now on requests fail now and then. `before` is told of each, and whether it writes."""

    def calm(self) -> None:
        """No faults, and nobody is told of requests."""

    def moves(self, id_: str, field_: str) -> list[Move]:
        """Oldest first."""

    def value(self, id_: str, field_: str) -> str | None: ...

    def word(self, field_: str, value: str | None) -> str:
        """What people call a value."""

    def comments(self, id_: str, mark: str) -> int | None:
        """How many hold the mark; None where the tool gets none."""

    def leads(self, id_: str, start: str, end: str) -> bool:
        """Whether the tool's workflow has a way."""


@dataclass
class Trial:
    """One tool, so many wishes, and so many kills; `counted` is what happened."""

    tool: Tried
    seed: int
    changes: int
    kills: int
    counted: Counter[str] = field(default_factory=Counter)

    def run(self) -> None:
        self.random = random.Random(self.seed)
        self.hub = self.tool.hub
        (self.hub.folder / "pmo.toml").write_text(self.tool.config, encoding="utf-8")
        self._wish()
        self.tool.trouble(self.seed, self._before)
        self._push_to_the_end(self.kills)
        self.tool.calm()
        self._ended(started(*PUSH, cwd=self.hub.folder, **self.tool.env))  # what is owed in comments
        self._check()
        self._undo()

    # ---- what happens --------------------------------------------------------------------------------------------

    def _wish(self) -> None:
        lines, made = self.tool.lines(self.random), 0
        while made < self.changes and lines:
            made += sum(one.change_id is not None for one in ask(self.hub.settings, [lines.pop()], "ada"))
        assert made >= self.changes, "too few issues"

    def _edit(self) -> None:
        """Somebody else, on an issue that something is wanted of, as a rule."""
        self.tool.edit(self.random, [_native(c) for c in self.changes_there if c.state in _UNDER_WAY])
        self.counted["edits"] += 1

    def _push_to_the_end(self, kills: int) -> None:
        for n in range(MOST_PUSHES):
            self.changes_there = self.hub.changes()
            if n and not [c for c in self.changes_there if c.state in _UNDER_WAY]:
                return
            kill_at = self.random.randint(1, 40) if n < kills else 0
            self._push_once(kill_at)
        raise AssertionError(f"seed {self.seed}: {MOST_PUSHES} pushes did not bring all changes to an end")

    def _before(self, writes: bool) -> None:
        """Before each request of a push."""
        if self.random.random() < 0.12:
            self._edit()
        self.writes += writes
        if self.kill_at and self.writes == self.kill_at and writes:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def _push_once(self, kill_at: int = 0) -> None:
        """Killed while its n-th writing request is under way, which the tool then acts on, or not."""
        self.writes, self.kill_at = 0, kill_at
        self._ended(watched(*PUSH, cwd=self.hub.folder, began=self._began, env=self.tool.env))

    def _began(self, pid: int) -> None:
        self.pid = pid

    def _ended(self, run: Finished) -> None:
        said = f"seed {self.seed}: {run.stdout}{run.stderr}"
        self.counted["kills"] += run.returncode == -signal.SIGKILL
        assert run.returncode in (0, 1, -signal.SIGKILL), said
        assert "Traceback" not in said, said

    # ---- the laws ------------------------------------------------------------------------------------------------

    def _check(self) -> None:
        for change in self.hub.changes():
            self.counted[change.state.value] += 1
            told = f"seed {self.seed}: {change}"
            assert change.state in _ENDED, told
            steps = self.hub.steps(change.id)
            all_moves = self.tool.moves(_native(change), change.field)
            moves = [m for m in all_moves if m[2]]
            ends = [one.step.end for one in steps]
            assert len(moves) <= len(steps), f"{told}: sent twice: {moves} by {steps}"
            assert len(ends) <= len(set(ends)) + self.kills, told
            allowed = {change.base.id, *ends}
            unseen = [start for start, _, _ in moves if start not in allowed]
            self.counted["in the same moment"] += len(unseen)
            if unseen:
                word = self.tool.word(change.field, unseen[-1])
                said = f"somebody had set {change.field} to {word} in the same moment"
                assert said in (change.message or ""), f"{told}: overwrote {unseen}: {all_moves}"
            if change.state is ChangeState.VERIFIED and steps:
                self._check_verified(change, all_moves[-1], told)

    def _check_verified(self, change: WantedChange, newest: Move, told: str) -> None:
        if change.before is None:  # somebody else made it so, while we were at it
            assert not newest[2], told
            return
        value = self.tool.value(_native(change), change.field)
        assert change.after is not None and (not newest[2] or value == change.after.id), told
        marks = self.tool.comments(_native(change), f"(pmo change {change.id})")
        assert marks in (None, 1), f"{told}: {marks} comments"

    def _undo(self) -> None:
        verified = [c for c in self.hub.changes() if c.state is ChangeState.VERIFIED and self.hub.steps(c.id)]
        verified = [c for c in verified if c.before is not None and c.before.id is not None]
        untouched = {c.id: self.tool.moves(_native(c), c.field)[-1][2] for c in verified}
        backs = dict(zip(self.hub.undo(*untouched), verified, strict=True))
        self._push_once()
        for id_, change in backs.items():
            value = self.tool.value(_native(change), change.field)
            back = self.hub.change(id_)
            told = f"seed {self.seed}: {back}"
            assert change.before is not None
            if back.state is ChangeState.FAILED:  # not every workflow leads back
                assert change.field == "status" and back.base.id is not None, told
                leads = self.tool.leads(_native(change), back.base.id, change.before.id or "")
                known = "no way|the tool (offers no way|offers the step|does not offer)"  # a young hub knows few ways
                assert not leads or re.match(known, back.message or ""), told
                self.counted["undo: no way known"] += leads
            elif untouched[change.id]:
                assert (back.state, value) == (ChangeState.VERIFIED, change.before.id), told
            else:
                assert back.state is ChangeState.CONFLICT or value == change.before.id, told
            self.counted[f"undone: {back.state}"] += 1


_UNDER_WAY = (ChangeState.APPROVED, ChangeState.APPLIED)
_ENDED = (ChangeState.VERIFIED, ChangeState.CONFLICT, ChangeState.FAILED)


def _native(change: WantedChange) -> str:
    return change.issue_id.partition(":")[2]


def run_trial(tool: Tried, seed: int, *, changes: int, kills: int) -> Counter[str]:
    """Raises AssertionError with the seed in its text."""
    trial = Trial(tool, seed, changes, kills)
    trial.run()
    return trial.counted
