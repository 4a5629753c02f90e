"""What goes wrong with the make-believe Smartsheet on request. Kinds are drawn by `sandbox.faults`.

The steady limit is on the tool's clock, which a test may move: 300 requests a minute are the vendor's figure, and a
cell's history counts as ten.
"""

from __future__ import annotations

import re
import threading
from collections import deque
from dataclasses import dataclass
from typing import Any, ClassVar

from sandbox.faults import Drawn, Fault
from sandbox.smartsheet_records import Column, User, Value
from sandbox.smartsheet_tracker import Tracker

__all__ = ["Faults", "RateLimit", "edit_first", "vanish"]

_SHEET = re.compile(r"/2\.0/sheets/(\d+)")


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
    expired: bool = False  # each token
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


def vanish(tracker: Tracker, path: str) -> None:
    """Deletes the sheet that is about to be read."""
    match = _SHEET.fullmatch(path)
    if match and int(match[1]) in tracker.sheets:
        tracker.delete_sheet(int(match[1]))


def edit_first(tracker: Tracker, user: User, body: Any) -> None:
    """Somebody else changes the first cell that is about to be written, to what neither wanted."""
    row_json = body[0] if isinstance(body, list) and body else body
    row = tracker.rows.get(row_json.get("id", 0)) if isinstance(row_json, dict) else None
    cells = row_json.get("cells") if row else None
    if row is None or not cells:
        return
    column = next((one for one in tracker.sheets[row.sheet_id].columns if one.id == cells[0].get("columnId")), None)
    other = next(one for one in tracker.users.values() if one is not user)
    if column is not None:
        held = tracker.value(row, column)
        tracker.edit(row.id, column.id, _third(column, held, cells[0].get("value")), by=other.email)


def _third(column: Column, held: Value, wanted: Value) -> Value:
    others = [option for option in column.options if option not in (held, wanted)]
    if others:
        return others[0]
    return f"{held or ''} (edited)" if column.type == "TEXT_NUMBER" else None
