"""How Jira's lists are paged: by the server's token, by offset, and feeds by the time they end at.

A page is understood here only as far as paging needs it. A server that points in a circle, or sends empty pages without
end, is an error and never a short list. Facts: `connectors.jira_records` names them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar
from urllib.parse import parse_qs, urlsplit

import msgspec
from msgspec import Raw, Struct

from connectors.contract import Page
from connectors.http import Answer, pages
from connectors.jira_records import Feed
from connectors.misfit import UNREADABLE
from model.errors import BadRecord

__all__ = ["MOST_EMPTY", "arrays", "beans", "ended", "feed", "searched"]

MOST_EMPTY = 5  # pages of a search without a single issue, one after the other

Ask = Callable[[int], Answer]
T = TypeVar("T")


class _Id(Struct, gc=False):
    id: str


class _Found(Struct, rename="camel"):
    """A page of search/jql, or of changelog/bulkfetch."""

    issues: list[_Id] = []
    issue_change_logs: list[Raw] = []
    next_page_token: str | None = None
    is_last: bool = False


class _Bean(Struct, rename="camel"):
    """A page by offset. Agile lists may leave out the total."""

    values: list[Raw] | None = None
    worklogs: list[Raw] | None = None
    comments: list[Raw] | None = None
    start_at: int = 0
    total: int | None = None
    is_last: bool | None = None


_FOUND = msgspec.json.Decoder(_Found)
_BEAN = msgspec.json.Decoder(_Bean)
_FEED = msgspec.json.Decoder(Feed)
_RAWS = msgspec.json.Decoder(list[Raw])


def searched(ask: Callable[[str | None], Answer]) -> Iterator[tuple[Answer, Sequence[str], bool]]:
    """All pages by token: the answer, the ids of issues in it, and whether it is the last one.

    A server may send fewer than asked for, even none, and go on; or none with the token it was given: ask again.
    """
    listed: Sequence[str] = ()
    following: str | None = None
    empty = 0

    def fetch(token: str | None) -> tuple[Answer, str | None, int]:
        nonlocal listed, following, empty
        while True:
            answer = ask(token)
            page = _read(answer, _FOUND)
            listed = [one.id for one in page.issues]
            rows = len(listed) + len(page.issue_change_logs)
            empty = 0 if rows else empty + 1
            following = None if page.is_last else page.next_page_token or None
            if following is not None and empty > MOST_EMPTY:
                raise BadRecord(
                    f"{answer.source}: {answer.request[:200]} gives empty pages without end: try again later"
                )
            if rows or following is None or following != token:
                return answer, following, rows

    for answer in pages(fetch, None, empty_ends=False):
        yield answer, listed, following is None


def beans(ask: Ask) -> Iterator[tuple[Answer, bool]]:
    """All pages by offset, and whether it is the last one. An answer that is no success ends it."""
    ended = False

    def fetch(start: int) -> tuple[Answer, int | None, int]:
        nonlocal ended
        answer = ask(start)
        if answer.status != 200:
            ended = True
            return answer, None, 0
        bean = _read(answer, _BEAN)
        rows = next((r for r in (bean.values, bean.worklogs, bean.comments) if r is not None), [])
        read = bean.start_at + len(rows)
        ended = not rows or bean.is_last is True or (bean.total is not None and read >= bean.total)
        return answer, None if ended else read, len(rows)

    for answer in pages(fetch, 0):
        yield answer, ended


def arrays(ask: Ask) -> Iterator[tuple[Answer, bool]]:
    """Bare arrays by offset: only an empty one ends the list, as rows are left out after it was cut into pages."""
    ended = False

    def fetch(start: int) -> tuple[Answer, int | None, int]:
        nonlocal ended
        answer = ask(start)
        rows = _read(answer, _RAWS) if answer.status == 200 else []
        ended = not rows
        return answer, None if ended else start + len(rows), len(rows)

    for answer in pages(fetch, 0):
        yield answer, ended


def feed(ask: Ask, since: int) -> Iterator[tuple[Answer, Sequence[int]]]:
    """All pages of a feed of worklogs from that time on, and the ids in them."""
    listed: Sequence[int] = ()

    def fetch(start: int) -> tuple[Answer, int | None, int]:
        nonlocal listed
        answer = ask(start)
        page = _read(answer, _FEED)
        listed = [entry.worklog_id for entry in page.values]
        return answer, None if page.last_page else _following(page), len(listed)

    for answer in pages(fetch, since, empty_ends=False):
        yield answer, listed


def _following(page: Feed) -> int | None:
    """Where the next page starts. Only the number is taken from its address, which may name another host."""
    said = parse_qs(urlsplit(page.next_page).query).get("since", [""])[0] if page.next_page else ""
    return int(said) if said.isascii() and said.isdigit() else page.until


def ended(parts: Iterator[Page]) -> Iterator[Page]:
    """The same pages, the last one saying that it is."""
    held: Page | None = None
    for page in parts:
        if held is not None:
            yield held
        held = page
    if held is not None:
        yield replace(held, last=True)


def _read(answer: Answer, decoder: msgspec.json.Decoder[T]) -> T:
    try:
        return decoder.decode(answer.body)
    except UNREADABLE:
        raise BadRecord(f"{answer.source}: {answer.request[:200]} brought no list as Jira has them") from None
