"""What goes wrong with the make-believe Smartsheet on request. Kinds are drawn by `sandbox.faults`.

The steady limit is on the tool's clock, which a test may move: 300 requests a minute are the vendor's figure, and a
cell's history counts as ten.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import ClassVar

from sandbox.faults import Drawn, Fault

__all__ = ["Faults", "RateLimit"]


@dataclass
class Faults(Drawn):
    KINDS: ClassVar[tuple[Fault, ...]] = (
        "429", "429_bare", "500", "503", "busy", "drop", "drop_after", "500_after", "truncate", "short_page", "vanish",
        "rival",
    )  # fmt: skip
    rate_429: float = 0.0
    rate_429_bare: float = 0.0  # without Retry-After
    rate_500: float = 0.0  # 4000
    rate_503: float = 0.0  # 4001
    rate_busy: float = 0.0  # 500/4004, of writes only
    rate_drop: float = 0.0  # nothing was done
    rate_drop_after: float = 0.0  # all was done, and nobody is told
    rate_500_after: float = 0.0  # all was done, and 500/4000 is what is told
    rate_truncate: float = 0.0
    rate_short_page: float = 0.0  # of lists by token: fewer than asked, sometimes none
    rate_vanish: float = 0.0  # a sheet is deleted just before it is read
    rate_rival: float = 0.0  # somebody else edits the cell just before it is written
    retry_after_seconds: int = 1
    delay_ms: float = 0.0
    per_minute: int | None = None  # the steady limit
    sso: bool = False  # each answer is the log-in page of an identity provider


class RateLimit:
    """Costs of the last minute, by token."""

    def __init__(self) -> None:
        self._spent: dict[str, deque[tuple[float, int]]] = {}
        self._lock = threading.Lock()

    def wait(self, token: str, cost: int, most: int, now: float) -> int:
        """Seconds to wait, if this request is too many; otherwise it is counted."""
        with self._lock:
            spent = self._spent.setdefault(token, deque())
            while spent and spent[0][0] <= now - 60:
                spent.popleft()
            if sum(one for _, one in spent) + cost > most and spent:
                return max(1, int(spent[0][0] + 60 - now) + 1)
            spent.append((now, cost))
            return 0
