"""Lets a make-believe tool live on: draws one of its kinds of change after the other, by weight, from a seeded random.

A tool's own `Mover` names its kinds in `MOVES`: how often, and what to do. The same random on the same tracker makes
the same changes.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, ClassVar, Protocol

__all__ = ["Lived", "Moving"]


class Lived(Protocol):
    """What any tracker has."""

    @property
    def lock(self) -> AbstractContextManager[Any]: ...

    def advance(self, seconds: float) -> None: ...


class Moving:
    """`step_seconds` of the tracker's clock pass after each change."""

    MOVES: ClassVar[Mapping[str, tuple[float, Callable[[Any], str | None]]]] = {}

    def __init__(self, tracker: Lived, rng: random.Random, step_seconds: float = 0.0) -> None:
        self._lived, self.rng, self.step_seconds = tracker, rng, step_seconds

    def move(self, count: int = 1, *, only: str | None = None) -> list[str]:
        """What was done, in words: the change's name, then the ids it touched."""
        done: list[str] = []
        names, weights = list(self.MOVES), [weight for weight, _ in self.MOVES.values()]
        for _ in range(200 * count):  # some changes are impossible at the moment
            if len(done) >= count:
                break
            name = only or self.rng.choices(names, weights)[0]
            with self._lived.lock:
                touched = self.MOVES[name][1](self)
            if touched is not None:
                done.append(f"{name} {touched}")
                self._lived.advance(self.step_seconds)
        return done
