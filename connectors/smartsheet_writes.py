"""Writing into the rows of sheets: the one cell that is wanted, or two, and nothing beside them.

Decides nothing: what is to be written is the push's business, what may be is found in `connectors.smartsheet_offers`.
A sheet takes one write at a time, so there is a turn for each; other processes are kept off by the hub's lock.
Smartsheet has no conditional writes: its sheet's version tells whether somebody wrote between our look and our request,
and only then is the dear history of the cell asked for. Facts: OpenAPI 2.0.0 (2024-08); the vendor's SDKs for
discussions, which that leaves out; read 2026-11-27.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

import msgspec
from msgspec import Struct

from connectors.contract import OFFERS, Page, Partition, Write
from connectors.http import Answer, Client, Pacing, wait_seconds
from connectors.misfit import UNREADABLE
from connectors.reader import Reader
from connectors.smartsheet_lists import GONE, Params
from connectors.smartsheet_offers import AskedPast, Form, form_of, offers_of, past_of
from connectors.smartsheet_records import Asked, asked_of
from connectors.telling import split
from model.change import WRITABLE
from model.config import SourceSettings
from model.errors import BadRecord, Inaccessible, NotFound, Refused, SourceError, Stale, Transient
from model.plan import Offers

__all__ = ["SHEET", "SmartsheetWrites"]

SHEET: Params = {"level": "2", "include": "objectValue,rowPermalink", "exclude": "nonexistentCells"}
HISTORY: Params = {"level": "2", "include": "objectValue", "pageSize": "100", "page": "1"}
HISTORY_COST = 10  # requests
BUSY = 4004  # the sheet is being written by another request: this one was not carried out
SAID_NO: Mapping[int, type[SourceError]] = {400: Refused, 403: Inaccessible, 404: NotFound}


class _Fault(Struct, rename="camel"):
    error_code: int = 0
    message: str = ""


class _FailedItem(Struct):
    error: _Fault = msgspec.field(default_factory=_Fault)


class _Result(Struct, rename="camel"):
    result_code: int
    version: int | None = None
    failed_items: list[_FailedItem] = []


_FAULTS = Reader(_Fault)
_RESULTS = Reader(_Result)


class SmartsheetWrites:
    """The writing half of a Smartsheet connector. Threads may share it.

    `get` reads; `us`: our mail and id; `holds`: whether a sheet is one of those that are read.
    """

    writes_together = True

    def __init__(
        self,
        source: SourceSettings,
        client: Client,
        get: Callable[..., Answer],
        holds: Callable[[str], bool],
    ) -> None:
        self._source = source
        self._client = client
        self._get = get
        self._holds = holds
        rate = source.requests_per_second
        self._pasts = Pacing(None if rate is None else rate / HISTORY_COST, 1)
        self._each = Pacing(source.writes_per_second, source.in_flight)
        self._turns: dict[str, threading.Lock] = defaultdict(threading.Lock)
        self._lock = threading.Lock()
        self._ours: dict[str, int] = defaultdict(int)  # sheet → how often we wrote into it
        self._seen: dict[str, tuple[int | None, int]] = {}  # issue → version of its sheet, and our writes until then
        self._forms: dict[str, Form] = {}  # sheet → as it was last read whole
        self._sure: dict[tuple[str, str], str] = {}  # issue, field → what we wrote, and nobody came between

    # -------------------------------------------------------------- looking

    def look(self, ids: Sequence[str], fields: Collection[str], sent: Collection[str] = ()) -> list[Partition]:
        """Sheet by sheet, and these whole, as in `SmartsheetConnector.fetch`: an id is the address of a row."""
        by_sheet: dict[str, list[str]] = defaultdict(list)
        for id_ in ids:
            sheet, _, row = id_.partition("/")
            by_sheet[sheet].append(row)
        return [
            Partition(
                "issues",
                f"look at {len(rows)} rows of sheet {sheet}",
                {
                    "sheet": sheet,
                    "look": rows,
                    "sent": [row for row in rows if f"{sheet}/{row}" in sent],
                    "fields": sorted(fields),
                },
            )
            for sheet, rows in by_sheet.items()
        ]

    def pages(self, partition: Partition, page: Callable[..., Page]) -> Iterator[Page]:
        """The sheet; then histories of cells into which we wrote, where that leaves open who did what."""
        spec = partition.spec
        sheet, rows, sent, fields = str(spec["sheet"]), spec["look"], spec["sent"], spec["fields"]
        assert isinstance(rows, list) and isinstance(sent, list) and isinstance(fields, list)
        if not self._holds(sheet):
            return
        answer = self._get(f"sheets/{sheet}", SHEET, accept=GONE)
        yield page("issues", answer, partition.key, asked=Asked(rows=rows))
        form = form_of(answer.body, self._source) if answer.status == 200 else None
        if form is None:
            return
        self._forms[sheet] = form
        for row in sent:
            for name in fields:
                yield from self._past(form, f"{sheet}/{row}", name, partition.key, page)

    def _past(self, form: Form, issue: str, name: str, key: str, page: Callable[..., Page]) -> Iterator[Page]:
        sheet, _, row = issue.partition("/")
        column, there = form.column(name), form.rows.get(row)
        if column is None or there is None or self._sure.get((issue, name), "") == form.word_now(name, there):
            return
        with self._pasts.slot(self._source.name):
            path = f"sheets/{sheet}/rows/{row}/columns/{column.id}/history"
            answer = self._get(path, HISTORY, accept=GONE)
        yield page(OFFERS, answer, key, asked=AskedPast(issue, name, form.is_box(name)))

    def offers(self, page: Page) -> Mapping[str, Offers]:
        """Pure. An answer that cannot be understood offers nothing."""
        if page.status != 200:
            return {}
        told, answer = split(page.body)
        if page.stream == OFFERS:
            return past_of(told, answer)
        form = form_of(answer, self._source)
        return {} if form is None else offers_of(form, asked_of(told).rows or ())

    # -------------------------------------------------------------- writing

    def values_now(self, issue_id: str) -> Mapping[str, str | None]:
        sheet = issue_id.partition("/")[0]
        with self._turn(sheet):
            return self._values_now(issue_id)

    def _values_now(self, issue_id: str) -> Mapping[str, str | None]:
        """The row alone; in our turn, so that none of our own writes comes between what we count."""
        sheet, _, row = issue_id.partition("/")
        answer = self._get(f"sheets/{sheet}", SHEET | {"rowIds": row}, accept=GONE)
        form = form_of(answer.body, self._source) if answer.status == 200 else None
        there = None if form is None else form.rows.get(row)
        if form is None or there is None:
            return {}
        form.whole = lambda: self._form(sheet)
        self._seen[issue_id] = (form.sheet.version, self._ours[sheet])
        return {name: form.word_now(name, there) for name in WRITABLE}

    def request_of(self, write: Write) -> str:
        sheet, _, row = write.issue_id.partition("/")
        return f"PUT sheets/{sheet}/rows {row} {' '.join(write.steps)}"

    def send(self, write: Write) -> None:
        sheet, _, row = write.issue_id.partition("/")
        with self._each.slot(self._source.name), self._turn(sheet):
            cells = self._cells(write, self._form(sheet))
            for name in write.steps:
                self._sure.pop((write.issue_id, name), None)
            version = self._put(write, [{"id": int(row), "cells": cells}])
            before, ours = self._seen.pop(write.issue_id, (None, 0))
            alone = None not in (before, version) and version == (before or 0) + self._ours[sheet] - ours + 1
            self._ours[sheet] += 1
            if alone:
                self._sure |= {(write.issue_id, name): step.end for name, step in write.steps.items()}

    def _form(self, sheet: str) -> Form:
        form = self._forms.get(sheet)
        if form is None:
            form = form_of(self._get(f"sheets/{sheet}", SHEET).body, self._source)
            if form is None:
                raise BadRecord(f"{self._source.name}: sheets/{sheet} brought no sheet, as Smartsheet does")
            self._forms[sheet] = form
        return form

    def _cells(self, write: Write, form: Form) -> list[dict[str, object]]:
        cells: list[dict[str, object]] = []
        for name, step in write.steps.items():
            column = form.column(name)
            if column is None:
                raise Refused(f"{self._source.name}: {form.why_never(name)}")
            cells.append({"columnId": column.id, "value": form.value_for(name, step.end), "strict": True})
        return cells

    def _put(self, write: Write, body: object) -> int | None:
        """The sheet's version after it. While somebody else writes into the sheet nothing is done, and it may be asked
        again, if the cell is still what it was."""
        path = f"sheets/{write.issue_id.partition('/')[0]}/rows"
        for tries in range(1, self._source.tries + 1):
            answer = self._client.request(
                "PUT", path, json=body, repeatable=False, accept=(*SAID_NO, 500), any_body=True
            )
            if answer.status == 200:
                return self._version_after(answer)
            fault = _fault(answer)
            if answer.status in SAID_NO:
                raise self._declined(answer, fault)
            if fault.error_code != BUSY:
                raise Transient(f"{self._said(answer, fault)}: whether it was written is open", status=answer.status)
            self._client.pacing.sleep(wait_seconds(tries, None))
            now = self._values_now(write.issue_id)
            if any((now.get(name) or "") != step.start for name, step in write.steps.items()):
                raise Stale(f"{self._said(answer, fault)}, and the row was changed meanwhile", status=409)
        raise Transient(f"{self._said(answer, fault)}, {tries} times: push again later", status=500, sent=False)

    def _declined(self, answer: Answer, fault: _Fault) -> SourceError:
        if fault.error_code:
            return SAID_NO[answer.status](self._said(answer, fault), status=answer.status)
        return SourceError(
            f"{self._source.name}: {answer.request[:200]} answered {answer.status}, and not in Smartsheet's words: "
            "check url, and what stands between",
            status=answer.status,
        )

    def _version_after(self, answer: Answer) -> int | None:
        """Raises Refused for what was not carried out under an answer of 200."""
        try:
            result = _RESULTS.one(answer.body)
        except UNREADABLE:
            raise Transient(f"{self._source.name}: {answer.request} brought no result: try again later") from None
        if result.failed_items or result.result_code != 0:
            fault = result.failed_items[0].error if result.failed_items else _fault(answer)
            raise Refused(self._said(answer, fault), status=200)
        return result.version

    def _said(self, answer: Answer, fault: _Fault) -> str:
        code = f" (its code {fault.error_code})" if fault.error_code else ""
        what = " ".join(fault.message.split())[:200].rstrip(".") or f"status {answer.status}"
        return f"{self._source.name}: Smartsheet said “{what}”{code} to {answer.request[:200]}"

    def _turn(self, sheet: str) -> threading.Lock:
        with self._lock:
            return self._turns[sheet]

    # -------------------------------------------------------------- comments

    def is_noted(self, issue_id: str, mark: str) -> bool:
        params = {"include": "comments", "includeAll": "true"}
        answer = self._get(_discussions(issue_id), params, accept=GONE)
        return answer.status == 200 and mark.encode() in answer.body

    def note(self, issue_id: str, text: str) -> None:
        """Begins a discussion of the row: it stands beside its cells, and changes none."""
        with self._each.slot(self._source.name), self._turn(issue_id.partition("/")[0]):
            body = {"comment": {"text": text}}
            self._client.request("POST", _discussions(issue_id), json=body, repeatable=False)


def _discussions(issue_id: str) -> str:
    sheet, _, row = issue_id.partition("/")
    return f"sheets/{sheet}/rows/{row}/discussions"


def _fault(answer: Answer) -> _Fault:
    try:
        return _FAULTS.one(answer.body)
    except UNREADABLE:
        return _Fault()
