"""How Smartsheet's lists are paged, and which sheets the entries of `projects` stand for.

`/sheets` and `/reports` page by number, workspaces and what lies in them by a token (since June 2026); both are
understood everywhere. Past the last page Smartsheet repeats it, and a page by token may be short or empty: only what an
answer says of itself ends a list. Facts: OpenAPI 2.0.0 (2024-08) and developers.smartsheet.com (changelog 2025-26,
paging), read 2026-11-27.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from connectors.http import Answer, pages
from connectors.misfit import UNREADABLE
from connectors.smartsheet_decode import project_id
from connectors.smartsheet_records import ENTRIES, Entry, Head, fault_of, head_of
from model.config import SourceSettings, nearest
from model.errors import BadRecord, NotFound

__all__ = ["BY_TOKEN", "GONE", "WHOLE", "Params", "Scope", "entries_of", "find_scope", "instant", "whole_list"]

Params = dict[str, str]
Ask = Callable[[str, Params], Answer]

WHOLE: Params = {"includeAll": "true"}
BY_TOKEN: Params = {"paginationType": "token", "maxItems": "100"}
GONE = (403, 404)
HOLDERS = {"workspace": "workspaces", "folder": "folders", "report": "reports"}
"""Kinds of what holds sheets, as `projects` and paths name them."""


def instant(at: datetime) -> str:
    """As Smartsheet's filters want it: UTC, whole seconds, Z."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def whole_list(ask: Ask, stream: str, path: str, params: Params) -> Iterator[tuple[Answer, bool]]:
    """All pages of a list, and whether it is the last. One that is refused (`GONE`) is the only one."""
    following: tuple[str, str] | None = None

    def fetch(mark: tuple[str, str] | None) -> tuple[Answer, tuple[str, str] | None, int]:
        nonlocal following
        given = {name: value for name, value in params.items() if mark is None or name != "includeAll"}
        answer = ask(path, given | ({mark[0]: mark[1]} if mark else {}))
        head = head_of(stream, answer.body) if answer.status == 200 else Head()
        following = None
        if head.last_key:
            following = ("lastKey", head.last_key)
        elif head.page_number < head.total_pages:
            following = ("page", str(head.page_number + 1))
        return answer, following, len(head.data)

    for answer in pages(fetch, None, empty_ends=False):
        yield answer, following is None


def entries_of(answer: Answer) -> Iterator[Entry]:
    """Those that fit; one that does not is told of where the list is landed."""
    for raw in head_of("projects", answer.body).data:
        try:
            entry = ENTRIES.one(raw)
        except UNREADABLE:
            continue
        yield entry


@dataclass(frozen=True)
class Scope:
    """The sheets that are read → what they stand in (None: all that the account sees), and what holds them."""

    sheets: Mapping[str, str | None] | None = None
    holders: list[list[str]] = field(default_factory=list)

    def holds(self, sheet_id: str) -> bool:
        return self.sheets is None or sheet_id in self.sheets


def find_scope(source: SourceSettings, ask: Ask) -> tuple[Scope, list[Answer]]:
    """What `projects` stands for, and the answers that say so.

    Raises NotFound for an entry that stands for nothing, or for one of two: what is read is never guessed, nor is
    anything left out of it unsaid.
    """
    if source.projects is None:
        return Scope(), []
    finder = _Finder(source, ask)
    for entry in source.projects:
        finder.take(entry)
    return Scope(finder.sheets, finder.holders), finder.answers


class _Finder:
    def __init__(self, source: SourceSettings, ask: Ask) -> None:
        self.sheets: dict[str, str | None] = {}
        self.holders: list[list[str]] = []
        self.answers: list[Answer] = []
        self._source = source
        self._ask = ask
        self._listed: dict[str, list[Entry]] = {}

    def take(self, entry: str) -> None:
        kind, _, word = entry.partition(":")
        kind = kind.strip().casefold()
        if kind not in HOLDERS or not word.strip():
            found = self._named("sheet", entry.strip(), self._all("sheets", WHOLE))
            if found is not None:
                self.sheets[found] = None
            return
        id_ = self._holder(kind, word.strip())
        if [kind, id_] not in self.holders:
            self.holders.append([kind, id_])
        for sheet in self._sheets_in(kind, id_, entry):
            self.sheets[sheet] = self.sheets.get(sheet) or project_id(kind, id_)

    def _holder(self, kind: str, word: str) -> str:
        """Folders have no list of their own: they go by id."""
        if word.isascii() and word.isdigit():
            return word
        if kind == "folder":
            raise NotFound(
                f"{self._source.name}: projects names a folder by its name: write folder:ID, with the number at the "
                "end of the folder's properties in Smartsheet"
            )
        params = BY_TOKEN if kind == "workspace" else WHOLE
        found = self._named(kind, word, self._all(HOLDERS[kind], params))
        assert found is not None
        return found

    def _named(self, kind: str, word: str, entries: Collection[Entry]) -> str | None:
        """By name, then by id. Raises NotFound where none or two have the name; None for the id of what is gone."""
        fitting = [one for one in entries if one.name == word]
        fitting = fitting or [one for one in entries if one.name.casefold().strip() == word.casefold()]
        fitting = fitting or [one for one in entries if str(one.id) == word]
        if len(fitting) == 1:
            return str(fitting[0].id)
        if fitting:
            ids = " and ".join(sorted(str(one.id) for one in fitting))
            raise NotFound(f"{self._source.name}: two {kind}s are called “{word}” ({ids}): name it by its id")
        if word.isascii() and word.isdigit():
            return None  # its id may well be right, and it is gone, or shared no longer: the census tells
        near = nearest(word, [one.name for one in entries])
        raise NotFound(
            f"{self._source.name}: there is no {kind} “{word}” that the account sees in Smartsheet: correct projects"
            f"{near}",
            status=404,
        )

    def _all(self, path: str, params: Params) -> list[Entry]:
        if path not in self._listed:
            self._listed[path] = list(self._entries(path, params, path))
        return self._listed[path]

    def _entries(self, path: str, params: Params, named: str) -> Iterator[Entry]:
        for answer, _ in whole_list(self._ask, "projects", path, params):
            self._must_be_there(answer, named)
            yield from entries_of(answer)

    def _must_be_there(self, answer: Answer, named: str) -> None:
        if answer.status != 200:
            raise NotFound(
                f"{self._source.name}: Smartsheet answered {answer.status} (its code {fault_of(answer.body)}) for "
                f"“{named}” of projects: deleted, or not shared with the account: correct projects",
                status=answer.status,
            )
        self.answers.append(answer)

    def _sheets_in(self, kind: str, id_: str, named: str) -> Iterator[str]:
        """Those of a workspace or folder with all folders in it; those that a report takes its rows from."""
        if kind == "report":
            answer = self._ask(f"reports/{id_}", {"include": "sourceSheets", "page": "1", "pageSize": "1"})
            self._must_be_there(answer, named)
            sources = head_of("projects", answer.body).source_sheets
            if not sources:
                raise BadRecord(
                    f"{self._source.name}: “{named}” of projects does not say which sheets it takes its rows from: "
                    "name these sheets instead"
                )
            yield from (str(one.id) for one in sources)
            return
        left, known = [(HOLDERS[kind], id_)], {id_}
        while left:
            path, of = left.pop()
            params = BY_TOKEN | {"childrenResourceTypes": "sheets,folders"}
            for child in self._entries(f"{path}/{of}/children", params, named):
                type_ = (child.resource_type or "").casefold()
                if type_ == "sheet":
                    yield str(child.id)
                elif type_ == "folder" and str(child.id) not in known:
                    known.add(str(child.id))
                    left.append(("folders", str(child.id)))
