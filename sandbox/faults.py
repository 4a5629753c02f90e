"""Faults drawn from a seeded random, for any make-believe tool: each kind has a rate, its share of answers from 0 to 1.

A tool's own `Faults` names its kinds and has a field `rate_KIND` for each; what a kind does is up to its server.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

__all__ = ["Drawn", "Fault"]

Fault = str


@dataclass
class Drawn:
    """Draws one fault an answer, or none; `drawn` counts them."""

    KINDS: ClassVar[tuple[Fault, ...]] = ()
    seed: int = 1
    drawn: dict[Fault, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)

    def draw(self) -> Fault:
        """The fault of this answer, or nothing."""
        point, edge = self.random.random(), 0.0
        for kind in self.KINDS:
            edge += getattr(self, f"rate_{kind}")
            if point < edge:
                self.drawn[kind] = self.drawn.get(kind, 0) + 1
                return kind
        return ""

    def set(self, wanted: dict[str, Any]) -> None:
        """Raises KeyError for a name that is none."""
        known = {one.name for one in fields(self)} - {"drawn"}
        for name, value in wanted.items():
            if name not in known:
                raise KeyError(name)
            setattr(self, name, value)
        if "seed" in wanted:
            self.random = random.Random(self.seed)
