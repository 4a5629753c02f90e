"""How Redmine's lists are asked: filters as parameters, and two ways of paging that lose nothing.

Issues are paged by id, which does not move. Other lists have offsets only: their pages overlap by one row, and a list
that moved while it was read is read again from its start. Facts: Redmine's app/models/query.rb, issue_query.rb,
time_entry_query.rb, project_query.rb (5.0.4) and user_query.rb (6), and tries on a running 5.0.4; read 2026-11-24.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from datetime import UTC, datetime

from connectors.http import Answer, pages
from connectors.redmine_records import head_of
from model.errors import BadRecord, Transient

__all__ = ["PAGE_LIMIT", "STATUSES", "Condition", "Params", "between", "by_id", "instant", "query", "ranges", "steady"]

Params = list[tuple[str, str | int]]
Condition = tuple[str, str, Sequence[str | int]]  # field, operator, values
Ask = Callable[[Params], Answer]

PAGE_LIMIT = 100  # Redmine gives no more, whatever it is asked for
STEADY_TRIES = 5
STATUSES: Condition = ("status_id", "*", ())
"""Open and closed: without it Redmine lists open issues only, even where they are asked for by id."""


def query(conditions: Iterable[Condition], projects: Sequence[int] | None = None) -> Params:
    """Filters as Redmine's parameters.

    With projects in the form of its own web pages (f[], op, v): a plain project_id takes one project only, adds its
    subprojects, and answers 404 to several. In that form all filters must stand, plain ones are ignored beside it.
    """
    if projects is None:
        return [
            (name, operator.removeprefix("=") + "|".join(map(str, values))) for name, operator, values in conditions
        ]
    params: Params = []
    for name, operator, values in [("project_id", "=", list(projects) or [0]), *conditions]:
        params += [("f[]", name), (f"op[{name}]", operator)]
        params += [(f"v[{name}][]", value) for value in values]
    return params


def between(name: str, low: object, high: object) -> list[Condition]:
    """From `low` to `high`, both included; None is open."""
    if low is not None and high is not None:
        return [(name, "><", (str(low), str(high)))]
    if low is not None:
        return [(name, ">=", (str(low),))]
    return [(name, "<=", (str(high),))] if high is not None else []


def ranges(highest: int, parts: int) -> Iterator[tuple[int, int | None]]:
    """Ids from 1 on in so many ranges; the last one is open, for what is made meanwhile."""
    lows = [1 + highest * n // parts for n in range(parts)]
    for low, following in zip(lows, [*lows[1:], None], strict=True):
        yield low, None if following is None else following - 1


def instant(at: datetime) -> str:
    """As Redmine's filters want it: UTC, whole seconds, Z. It compares >= inclusively, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def by_id(ask: Callable[[int], Answer], low: int) -> Iterator[tuple[Answer, bool]]:
    """Issues from id `low` on: answers, and whether it is the last one. `ask` asks for a page from an id on.

    Raises BadRecord if Redmine does not keep to the filter: filters it does not know it ignores.
    """
    following: int | None = None

    def fetch(start: int) -> tuple[Answer, int | None, int]:
        nonlocal following
        answer = ask(start)
        head = head_of("issues", answer.body)
        ids = [id_ for id_ in head.ids if id_ is not None]
        if ids and min(ids) < start:
            raise BadRecord(f"{answer.source}: {answer.request[:200]} brought other issues than asked for")
        done = not ids or len(head.ids) >= (head.total if head.total is not None else len(head.ids) + 1)
        following = None if done else max(ids) + 1
        return answer, following, len(head.ids)

    for answer in pages(fetch, low):
        yield answer, following is None


def steady(stream: str, ask: Ask, enough: Callable[[Answer], bool] = lambda _: False) -> Iterator[tuple[Answer, bool]]:
    """A list that has offsets only, again from its start if it moved: answers, and whether it is the last one.

    `enough`: whether nothing behind this answer is wanted. Raises Transient if it never rests.
    """
    for _ in range(STEADY_TRIES):
        answer, whole = yield from _once(stream, ask, enough)
        if whole:
            return
    raise Transient(
        f"{answer.source}: {answer.request[:200]} changed each time it was read, {STEADY_TRIES} times: try again later"
    )


def _once(
    stream: str, ask: Ask, enough: Callable[[Answer], bool]
) -> Generator[tuple[Answer, bool], None, tuple[Answer, bool]]:
    """Each page begins with the last row of the one before: if it does not, rows moved over the seam.

    Whole if in the end as many different rows were read as Redmine says there are, or enough of them.
    """
    offset, tail, seen = 0, None, set[str]()
    while True:
        answer = ask([("offset", offset), ("limit", PAGE_LIMIT)])
        head = head_of(stream, answer.body)
        rows = [f"place {offset + n}" if id_ is None else str(id_) for n, id_ in enumerate(head.ids)]
        if tail is not None and tail not in rows[:1]:
            return answer, False
        seen.update(rows)
        total = head.total if head.total is not None else len(seen)
        ended = offset + len(rows) >= total or not rows
        if ended and offset and len(seen) != total:
            return answer, False
        last = ended or enough(answer)
        yield answer, last
        if last:
            return answer, True
        tail = rows[-1] if len(rows) > 1 else None
        offset += len(rows) - (1 if tail is not None else 0)
