"""One request to the make-believe Jira Cloud, as its routes see it, and the answers that are not 200."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from random import Random
from typing import Any

from sandbox.jira_records import Login
from sandbox.jira_tracker import Tracker
from sandbox.jira_views import Views

__all__ = ["Call", "Options", "Problem"]

NO_ISSUE = "Issue does not exist or you do not have permission to see it."


class Problem(Exception):
    """An answer that is no success; `text` instead of Jira's own error body where given."""

    def __init__(self, status: int, *messages: str, text: str | None = None, **headers: str) -> None:
        super().__init__(status, messages)
        self.status = status
        self.body: dict[str, Any] = {"errorMessages": list(messages), "errors": {}}
        self.text = text
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class WriteLimit:
    """Jira's own: 20 writes to one issue in 2 s, and 100 in 30 s. `most` is the highest number met in 2 s."""

    def __init__(self) -> None:
        self.most = 0
        self._at: dict[int, list[float]] = {}
        self._lock = threading.Lock()

    def count(self, issue_id: int) -> int | None:
        """Seconds to wait, if this one is too many."""
        with self._lock:
            now = time.monotonic()
            at = self._at[issue_id] = [one for one in self._at.get(issue_id, []) if now - one < 30]
            recent = sum(1 for one in at if now - one < 2)
            if recent >= 20 or len(at) >= 100:
                return 2 if len(at) < 100 else 30
            at.append(now)
            self.most = max(self.most, recent + 1)
            return None


@dataclass
class Options:
    """Oddities that may differ from site to site, or that a test turns up."""

    page_cap: int = 100  # issues a page of search when more than ids and keys are asked
    id_page_cap: int = 5000
    paging: str = "keyset"  # or "offset": rows move while people work
    bulk_created: str = "ms"  # `created` in changelog/bulkfetch: ms · seconds · text
    feed_page: int = 1000
    feed_withheld_ms: int = 60_000
    changelog_cap: int = 40
    worklog_cap: int = 20
    comment_cap: int = 20
    missing_told: bool = False  # whether bulkfetch lists unknown issues in issueErrors
    links_enabled: bool = True
    users_in_time: int = 1000  # accounts that may be asked for at once; for more, the query takes too long
    leaves_out: float = 0.0  # share of the issues that a bulk answer lacks; asked for again, they are there
    always_leaves_out: set[int] = field(default_factory=set)
    bulk_expands: bool = True  # whether a bulk answer tells transitions and what may be edited
    screens_told: bool = True  # … and what their screens demand
    validators: dict[str, str] = field(default_factory=dict)  # name of a transition → why it is refused
    post_functions: dict[str, tuple[str, str | None]] = field(default_factory=dict)  # … → status, account (None: ours)
    pretends: set[int] = field(default_factory=set)  # issues that answer well to changes, and do not take them

    def __post_init__(self) -> None:
        self._left_out: set[tuple[str, int]] = set()  # the last time
        self._random = Random(4)
        self.write_limit = WriteLimit()

    def is_left_out(self, route: str, issue_id: int) -> bool:
        """Whether a bulk answer lacks this issue though it is there."""
        key = (route, issue_id)
        if issue_id in self.always_leaves_out:
            return True
        if key in self._left_out or self._random.random() >= self.leaves_out:
            self._left_out.discard(key)
            return False
        self._left_out.add(key)
        return True


@dataclass
class Call:
    tracker: Tracker
    options: Options
    login: Login | None
    views: Views
    zone: str
    url: str  # the site's
    target: str  # path and query asked for
    params: dict[str, list[str]]
    body: dict[str, Any] = field(default_factory=dict)
    short_page: float | None = None  # share of a page to leave out, if this one is to be short
    cache: dict[tuple[str, str], tuple[int, list[Any]]] = field(default_factory=dict)

    def check_body(self, **known: type | tuple[type, ...]) -> None:
        """Refuses what the description does not name, and what is of another type: no guessing."""
        for name, value in self.body.items():
            wanted = known.get(name)
            if wanted is None or not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
                raise Problem(400, "Invalid request payload. Refer to the REST API documentation and try again.")

    def numbers(self, name: str) -> list[int]:
        """A list of whole numbers, wherever it was given."""
        try:
            return [int(word) for word in self.words(name)]
        except ValueError:
            raise Problem(400, f"The parameter '{name}' takes whole numbers only.") from None

    def text(self, name: str, default: str = "") -> str:
        return self.params.get(name, [default])[0]

    def number(self, name: str, default: int) -> int:
        text = self.text(name)
        if not text:
            return default
        try:
            return int(text)
        except ValueError:
            raise Problem(400, f"The value '{text}' of '{name}' is not a number.") from None

    def words(self, name: str) -> list[str]:
        """Comma lists, given once or several times; in a body, a list or a comma list."""
        given = self.body.get(name, self.params.get(name, []))
        parts = given if isinstance(given, list) else [given]
        return [word.strip() for part in parts for word in str(part).split(",") if word.strip()]

    def paged(self, rows: list[Any], show: Any, *, default: int = 50, most: int = 100) -> dict[str, Any]:
        """A page bean of `startAt` and `total`; too large a page is cut without a word."""
        start = max(0, self.number("startAt", 0))
        size = max(1, min(self.number("maxResults", default), most))
        values = [show(row) for row in rows[start : start + size]]
        last = start + size >= len(rows)
        path = f"{self.url}{self.target.partition('?')[0]}"
        bean: dict[str, Any] = {"self": f"{path}?maxResults={size}&startAt={start}"}
        if not last:
            bean["nextPage"] = f"{path}?maxResults={size}&startAt={start + size}"
        return bean | {"maxResults": size, "startAt": start, "total": len(rows), "isLast": last, "values": values}
