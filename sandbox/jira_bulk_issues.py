"""Any number of make-believe Jira issues of full size, each made when it is asked for: hundreds of megabytes a second.

Some hundred distinct templates, encoded once, hold what is long (texts, people, a hundred custom fields); ids, days,
links, and what was changed meanwhile are put in. An issue is told by its number alone: nothing is kept but the changes.
Days grow with the number, so that "updated since" is a range. Templates repeat further apart than compression looks.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from sandbox.jira_bulk_site import LINKS, SPRINTS, Site
from sandbox.jira_bulk_templates import (
    CHANGELOG_CAP,
    COMMENTS,
    HISTORIES,
    HISTORY_TIME,
    ITEMS,
    WORKLOG_CAP,
    WORKLOGS,
    templates,
)

__all__ = ["FIRST_ID", "Issues", "Touched", "Worklog"]

Json = dict[str, Any]
Values = dict[bytes, object]
FIRST_ID = 10_001
FIRST_WORKLOG = 10_000_000
FIRST_HISTORY = 100_000_000
FIRST_COMMENT = 5_000_000
MANY_WORKLOGS, MANY_HISTORIES = 25, 48  # of a few, more than Jira shows within an issue
DAYS = 1000  # over which issues were created
BOOKED, UPDATED = 27, 28  # days after an issue's creation
BOOKED_TIME = b"T17:45:10.120+0000"
TEMPLATES = 509


class Touched(NamedTuple):
    """How often an issue was changed, and when last (milliseconds)."""

    times: int
    at: int


class Worklog(NamedTuple):
    id: int
    updated: int


class Issues:
    """`count` issues of about `size` bytes; `touch` changes some of them."""

    def __init__(self, site: Site, count: int, *, size: int, overflow_every: int, seed: int) -> None:
        self.site = site
        self.count = count
        self.overflow_every = overflow_every
        self.touched: dict[int, Touched] = {}
        self.rounds = 0
        self.ahead_seconds = 0.0
        self._lock = threading.Lock()
        first = datetime(site.as_of.year, site.as_of.month, site.as_of.day, tzinfo=UTC) - timedelta(days=DAYS + 60)
        self._days = [f"{first + timedelta(days=n):%Y-%m-%d}".encode() for n in range(DAYS + 60)]
        self._first_ms = int(first.timestamp() * 1000)
        self._encoded = {name: _each(getattr(site, name)) for name in ("statuses", "users")}
        self._projects = _each(
            [{k: v for k, v in p.items() if k not in ("lead", "description")} for p in site.projects]
        )
        boards = range(len(site.boards))
        self._sprints = [_each([site.sprint_value(board, n) for n in range(SPRINTS)]) for board in boards]
        self._templates = templates(site, min(TEMPLATES, max(1, count)), size, seed)

    # ------------------------------------------------------------ numbers

    def worklogs_of(self, n: int) -> int:
        return MANY_WORKLOGS if n % self.overflow_every == self.overflow_every // 4 else WORKLOGS

    def histories_of(self, n: int) -> int:
        usual = MANY_HISTORIES if n % self.overflow_every == self.overflow_every // 2 else HISTORIES
        found = self.touched.get(n)
        return usual + (found.times if found else 0)

    def totals(self) -> dict[str, int]:
        """How many rows of each table there are."""
        many = len(range(self.overflow_every // 2, self.count, self.overflow_every))
        booked_often = len(range(self.overflow_every // 4, self.count, self.overflow_every))
        changes = ITEMS * self.count + (MANY_HISTORIES - HISTORIES) * many
        return {
            "issues": self.count,
            "worklogs": WORKLOGS * self.count + (MANY_WORKLOGS - WORKLOGS) * booked_often,
            "issue_changes": changes + sum(one.times for one in self.touched.values()),
            "comments": COMMENTS * self.count,
            "issue_links": len(range(3, self.count - 1, 20)),
            "sprint_issues": sum(1 for n in range(self.count) if self._sprint(n)),
            "overflowing_histories": many * MANY_HISTORIES,
            "overflowing_worklogs": booked_often * MANY_WORKLOGS,
        }

    def numbers(self, ids: Sequence[object]) -> list[int]:
        """Numbers of those of these ids that exist, in order."""
        found = {int(str(id_)) - FIRST_ID for id_ in ids if str(id_).isdigit()}
        return sorted(n for n in found if 0 <= n < self.count)

    # ------------------------------------------------------------ changes

    def now(self) -> float:
        """The tool's own clock, seconds since the epoch."""
        return time.time() + self.ahead_seconds

    def touch(self, share: float, at: int) -> int:
        """A share of the issues gets a new status, one more history, a longer first worklog; not later than `at`."""
        step = max(1, round(1 / share))
        with self._lock:
            self.rounds += 1
            numbers = range(self.rounds % step, self.count, step)
            before = {n: self.touched[n].times if n in self.touched else 0 for n in numbers}
            # a millisecond apart: a feed that is paged by time cannot get past a thousand of the same one
            first = at - len(before)
            changed = {n: Touched(times + 1, first + place) for place, (n, times) in enumerate(before.items())}
            self.touched = dict(sorted((self.touched | changed).items()))
        return len(numbers)

    def updated(self, n: int) -> int:
        found = self.touched.get(n)
        return found.at if found else self._ms(n, UPDATED)

    def updated_since(self, since: int, after: int) -> Iterator[int]:
        """Numbers above `after` of issues updated at that time or later, in order."""
        tail = bisect_left(range(self.count), since, key=lambda n: self._ms(n, UPDATED))
        yield from (n for n, one in self.touched.items() if after < n < tail and one.at >= since)
        yield from range(max(tail, after + 1), self.count)

    def booked_since(self, since: int) -> Iterator[Worklog]:
        """Worklogs by the time they were changed, that time included."""
        tail = bisect_left(range(self.count), since, key=lambda n: self._ms(n, BOOKED))
        for n in range(tail, self.count):
            for k in range(1 if n in self.touched else 0, self.worklogs_of(n)):
                yield Worklog(FIRST_WORKLOG + n * 32 + k, self._ms(n, BOOKED))
        changed = sorted((one.at, n) for n, one in self.touched.items() if one.at >= since)
        yield from (Worklog(FIRST_WORKLOG + n * 32, at) for at, n in changed)

    def _ms(self, n: int, days: int) -> int:
        return self._first_ms + (n * DAYS // self.count + days) * 86_400_000

    # ------------------------------------------------------------ JSON

    def issue(self, n: int) -> bytes:
        """The whole of it, its lists cut as Jira cuts them."""
        place = n % self.overflow_every
        if n in self.touched or place in (self.overflow_every // 4, self.overflow_every // 2):
            return self._unusual(n)
        return self._usual(n)

    def _usual(self, n: int) -> bytes:
        """The quick way."""
        template = self._templates[n % len(self._templates)]
        at = n * DAYS // self.count
        d0, d1, d2, d3, d4, d5, d6 = self._days[at : at + 7]
        worklog, history, comment = FIRST_WORKLOG + n * 32, FIRST_HISTORY + n * 64, FIRST_COMMENT + n * 2
        projects, statuses = self._projects, self._encoded["statuses"]
        values: dict[str, object] = {
            "d0": d0, "d1": d1, "d2": d2, "d3": d3, "d4": d4, "d5": d5, "d6": d6,
            "id": b"%d" % (FIRST_ID + n),
            "key": b"B%02d-%d" % (n % len(projects), n // len(projects) + 1),
            "updated": self._days[at + UPDATED] + b"T00:00:00.000+0000",
            "booked": self._days[at + BOOKED] + BOOKED_TIME,
            "status": statuses[n % len(statuses)],
            "project": projects[n % len(projects)],
            "assignee": self._user(n * 7),
            "reporter": self._user(n * 3 + 1),
            "parent": self.small(n - n % 10) if n % 10 else b"null",
            "links": self._links(n),
            "sprint": self._sprint(n) or b"null",
            "w0": b"%d" % worklog, "w1": b"%d" % (worklog + 1),
            "w2": b"%d" % (worklog + 2), "w3": b"%d" % (worklog + 3),
            "h0": b"%d" % history, "h1": b"%d" % (history + 1), "h2": b"%d" % (history + 2),
            "h3": b"%d" % (history + 3), "h4": b"%d" % (history + 4), "h5": b"%d" % (history + 5),
            "c0": b"%d" % comment, "c1": b"%d" % (comment + 1),
        }  # fmt: skip
        return template.usual % tuple(template.usual_values(values))

    def _unusual(self, n: int) -> bytes:
        template = self._templates[n % len(self._templates)]
        touched = self.touched.get(n)
        histories = self.histories(n)
        worklogs = [text for _, text in self.worklogs(n)]
        first = FIRST_COMMENT + n * 2
        values = self._values(n) | {
            b"created": self._day(n, 0),
            b"updated": _text(touched.at) if touched else self._day(n, UPDATED) + b"T00:00:00.000+0000",
            b"project": self._projects[n % len(self._projects)],
            b"assignee": self._user(n * 7),
            b"reporter": self._user(n * 3 + 1),
            b"parent": self.small(n - n % 10) if n % 10 else b"null",
            b"links": self._links(n),
            b"sprint": self._sprint(n) or b"null",
            b"spent": 3600 * self.worklogs_of(n) + 900 * (touched.times if touched else 0),
            b"worklogs": b",".join(worklogs[:WORKLOG_CAP]),
            b"worklogs_total": len(worklogs),
            b"histories": b",".join(text for _, text in histories[: -CHANGELOG_CAP - 1 : -1]),
            b"histories_total": len(histories),
            b"comments": b",".join(
                one % {b"issue": FIRST_ID + n, b"id": first + k, b"day": self._day(n, 5 + k)}
                for k, one in enumerate(template.comments)
            ),
        }
        return template.issue % values

    def small(self, n: int) -> bytes:
        return self._templates[n % len(self._templates)].small % self._values(n)

    def _values(self, n: int) -> Values:
        touched = self.touched.get(n)
        times = touched.times if touched else 0
        statuses = self._encoded["statuses"]
        projects = len(self._projects)
        return {
            b"id": FIRST_ID + n,
            b"key": b"B%02d-%d" % (n % projects, n // projects + 1),
            b"status": statuses[(n + times) % len(statuses)],
            b"times": times,
        }

    def worklogs(self, n: int) -> list[tuple[int, bytes]]:
        """Id and JSON of each."""
        template = self._templates[n % len(self._templates)]
        touched = self.touched.get(n)
        booked = self._day(n, BOOKED) + BOOKED_TIME
        found = []
        for k in range(self.worklogs_of(n)):
            id_ = FIRST_WORKLOG + n * 32 + k
            changed = touched if k == 0 else None
            values: Values = {
                b"issue": FIRST_ID + n,
                b"id": id_,
                b"day": self._day(n, 1 + k),
                b"created": booked,
                b"updated": _text(changed.at) if changed else booked,
                b"seconds": 3600 + 900 * (changed.times if changed else 0),
            }
            found.append((id_, template.worklogs[k % WORKLOGS] % values))
        return found

    def worklog(self, id_: int) -> bytes | None:
        n, k = divmod(id_ - FIRST_WORKLOG, 32)
        return self.worklogs(n)[k][1] if 0 <= n < self.count and k < self.worklogs_of(n) else None

    def histories(self, n: int) -> list[tuple[int, bytes]]:
        """Time and JSON of each, oldest first."""
        template = self._templates[n % len(self._templates)]
        touched = self.touched.get(n)
        total = self.histories_of(n)
        usual = total - (touched.times if touched else 0)
        found = []
        for k in range(total):
            at = self._ms(n, k // 2) + 30_600_000 if k < usual or not touched else touched.at
            part = k if k < HISTORIES else HISTORIES if k < usual else HISTORIES + 1
            to = self.site.statuses[(n + k - usual + 1) % len(self.site.statuses)]
            values: Values = {
                b"id": FIRST_HISTORY + n * 64 + k,
                b"created": self._day(n, k // 2) + HISTORY_TIME.encode() if k < usual else _text(at),
                b"to": to["id"].encode(),
                b"to_name": to["name"].encode(),
            }
            found.append((at, template.histories[part] % values))
        return found

    def _day(self, n: int, days: int) -> bytes:
        return self._days[n * DAYS // self.count + days]

    def _user(self, n: int) -> bytes:
        users = self._encoded["users"]
        return users[n % len(users)]

    def _sprint(self, n: int) -> bytes:
        """Two of three issues are in a sprint, where their project has a board with some."""
        board = n % len(self._projects)
        if n % 3 == 0 or board >= len(self._sprints) or self.site.boards[board]["type"] != "scrum":
            return b""
        return b"[%b]" % self._sprints[board][n % SPRINTS]

    def _links(self, n: int) -> bytes:
        """Every twentieth issue blocks the next one; both show it."""
        if n % 20 == 3 and n + 1 < self.count:
            return _LINK % (n, n, b"outwardIssue", self.small(n + 1))
        if n % 20 == 4:
            return _LINK % (n - 1, n - 1, b"inwardIssue", self.small(n - 1))
        return b""


_LINK = (
    b'{"id":"%d","self":"' + LINKS.encode() + b'/rest/api/3/issueLink/%d","type":{"id":"10000","name":"Blocks",'
    b'"inward":"is blocked by","outward":"blocks","self":"' + LINKS.encode() + b'/rest/api/3/issueLinkType/10000"},'
    b'"%b":%b}'
)


def _each(rows: Sequence[Json]) -> list[bytes]:
    return [msgspec.json.encode(row) for row in rows]


def _text(at: int) -> bytes:
    return f"{datetime.fromtimestamp(at // 1000, UTC):%Y-%m-%dT%H:%M:%S}.{at % 1000:03d}+0000".encode()
