"""Smartsheet's answers as columns: pure, no network, no clock. What to ask of Smartsheet: `connectors.smartsheet`.

A sheet comes with its columns, so that one answer says all it takes to understand its rows, beside what a person laid
down in `pmo.toml`. Where a sheet stands (in which workspace) it does not tell: that is archived before the list of
sheets. How a row becomes an issue: `connectors.smartsheet_rows`; which column is which: `smartsheet_columns`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
from msgspec import Raw, Struct

from connectors.contract import Batch, Reject
from connectors.misfit import UNREADABLE, misfit_of, native_id_of
from connectors.reader import Reader
from connectors.smartsheet_columns import map_columns, named_columns
from connectors.smartsheet_records import ENTRIES, USERS, Asked, Entry, User, asked_of, is_list, listed, sheet_of
from connectors.smartsheet_rows import SheetRows
from connectors.telling import split
from model.columns import rows_to_arrow
from model.config import SourceSettings
from model.errors import BadRecord
from model.vocabulary import ProjectState

__all__ = ["Decoder", "project_id"]

R = TypeVar("R", bound=Struct)
_ACTIVE = {"ACTIVE": True, "DEACTIVATED": False, "DECLINED": False}


def project_id(kind: str, id_: int | str) -> str:
    """Native id of a project: a sheet's own, and of what holds sheets one with its kind."""
    return f"{kind}-{id_}" if kind else str(id_)


@dataclass(frozen=True)
class Decoder:
    """Decodes the answers of one Smartsheet, as the source's own column map understands them."""

    source: SourceSettings

    def decode(self, stream: str, body: bytes) -> Batch:
        """Columns of a page. Raises BadRecord."""
        told, answer = split(body)
        if stream == "issues":
            return self._sheet(answer, asked_of(told).rows)
        if stream == "projects":
            return _projects(answer, asked_of(told))
        if stream == "accounts":
            return _accounts(answer)
        raise BadRecord(f"there is no stream {stream} in Smartsheet")

    def _sheet(self, answer: memoryview, meant: list[str] | None) -> Batch:
        try:
            sheet = sheet_of(answer)
        except BadRecord:
            if is_list(answer):
                return Batch()  # of sheets that were changed: it decides what is read, and holds no rows
            raise
        sheet_id = str(sheet.id)
        columns = map_columns(sheet.columns, named_columns(self.source, sheet_id, sheet.name))
        found = SheetRows(sheet, columns)
        found.take(sheet.rows or (), None if meant is None else set(meant))
        record = msgspec.json.encode([column.title for column in sheet.columns])
        unsure = [
            Reject("issues", f"{sheet_id}/", f"columns.{name}", f"in the sheet “{sheet.name}” {why}", record)
            for name, why in columns.unsure.items()
        ]
        complete: dict[str, list[str]] = {}
        # a sheet cut short by anybody on the way does not say that the other rows are gone
        if meant is None and sheet.total_row_count is not None and len(sheet.rows or ()) >= sheet.total_row_count:
            complete = {"milestones": [sheet_id], "issue_links": found.whole}
            if not found.unread:
                complete["issues"] = [sheet_id]
        return Batch(
            {table: rows_to_arrow(table, lines) for table, lines in found.tables.items() if lines},
            [*unsure, *found.rejects],
            complete,
            seen=found.seen + len(unsure),
        )


def _records(stream: str, raws: list[Raw], reader: Reader[R], rejects: list[Reject]) -> Iterator[R]:
    for raw in raws:
        try:
            yield reader.one(raw)
        except UNREADABLE as error:
            misfit = misfit_of(error)
            rejects.append(Reject(stream, native_id_of(raw), misfit.field, misfit.error, bytes(raw)))


def _batch(table: str, rows: list[dict[str, Any]], rejects: list[Reject]) -> Batch:
    return Batch({table: rows_to_arrow(table, rows)} if rows else {}, rejects, seen=len(rows) + len(rejects))


def _projects(answer: memoryview, asked: Asked) -> Batch:
    rejects: list[Reject] = []
    entries = _records("projects", listed("projects", answer), ENTRIES, rejects)
    rows = [_project(entry, asked) for entry in entries if asked.sheets is None or str(entry.id) in asked.sheets]
    return _batch("projects", rows, rejects)


def _project(entry: Entry, asked: Asked) -> dict[str, Any]:
    return {
        "native_id": project_id(asked.kind, entry.id),
        "key": entry.name,
        "name": entry.name,
        "url": entry.permalink,
        "native_state": ProjectState.ACTIVE.value,
        "created_at": entry.created_at,
        "updated_at": entry.modified_at,
        "parent_id": (asked.sheets or {}).get(str(entry.id)),
    }


def _accounts(answer: memoryview) -> Batch:
    rejects: list[Reject] = []
    rows = [_account(user) for user in _records("accounts", listed("accounts", answer), USERS, rejects)]
    return _batch("accounts", rows, rejects)


def _account(user: User) -> dict[str, Any]:
    name = user.name or " ".join(part for part in (user.first_name, user.last_name) if part)
    return {
        "native_id": user.email.strip().casefold(),
        "name": name or user.email,
        "email": user.email,
        "active": _ACTIVE.get(user.status or ""),
    }
