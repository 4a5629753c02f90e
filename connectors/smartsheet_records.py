"""Smartsheet's records as typed structs, read from bytes; what they mean in columns: `connectors.smartsheet_decode`.

The structs name only what is kept; unknown keys are skipped. Ids have 16 digits and more and are read as whole numbers,
never as floats. A list comes in three forms: `data` with pageNumber and totalPages, `data` with lastKey, or whole.
Facts: Smartsheet's OpenAPI description 2.0.0 (2024-08) and developers.smartsheet.com (token paging), read 2026-11-27.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Raw, Struct

from connectors.misfit import UNREADABLE, misfit_of
from connectors.reader import Body, Reader
from model.errors import BadRecord

__all__ = [
    "COLUMNS",
    "ENTRIES",
    "USERS",
    "Asked",
    "Cell",
    "Column",
    "Entry",
    "Fault",
    "Head",
    "Row",
    "Settings",
    "Sheet",
    "User",
    "asked_of",
    "cells_of",
    "fault_of",
    "head_of",
    "is_list",
    "listed",
    "parents_in",
    "row_of",
    "sheet_of",
]

At = Annotated[datetime, Meta(tz=True)]


class Cell(Struct, rename="camel", gc=False):
    """`value` is missing where a cell is empty, and where it holds several values: these stand in `object_value`."""

    column_id: int = 0
    value: str | float | int | bool | None = None
    display_value: str | None = None
    object_value: Any = None


class Row(Struct, rename="camel"):
    id: int
    row_number: int = 0
    parent_id: int | None = None
    permalink: str | None = None
    created_at: At | None = None
    modified_at: At | None = None
    cells: list[Cell] = []


class Column(Struct, rename="camel"):
    id: int
    title: str = ""
    type: str = ""
    primary: bool = False
    system_column_type: str | None = None
    tags: list[str] = []
    symbol: str | None = None
    options: list[str] = []


class Settings(Struct, rename="camel"):
    working_days: list[str] = []
    length_of_day: float = 8


class Sheet(Struct, rename="camel"):
    """`rows` are read one by one: 20,000 of them at once would take much memory."""

    id: int
    name: str
    permalink: str | None = None
    created_at: At | None = None
    modified_at: At | None = None
    total_row_count: int | None = None
    dependencies_enabled: bool = False
    project_settings: Settings = msgspec.field(default_factory=Settings)
    columns: list[Column] = []
    rows: list[Raw] | None = None


class Entry(Struct, rename="camel"):
    """A sheet, workspace, folder or report in a list. `resource_type`: among the children of a workspace or folder."""

    id: int
    name: str
    permalink: str | None = None
    created_at: At | None = None
    modified_at: At | None = None
    resource_type: str | None = None
    access_level: str | None = None


class User(Struct, rename="camel"):
    email: str
    id: int | None = None
    name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    status: str | None = None
    admin: bool | None = None
    account: Entry | None = None


class Fault(Struct, rename="camel"):
    """What Smartsheet answers instead."""

    error_code: int = 0


class Head(Struct, rename="camel"):
    """What paging must know of a list, in both forms. `source_sheets`: where a report takes its rows from."""

    data: list[Raw] = []
    page_number: int = 1
    total_pages: int = 1
    last_key: str | None = None
    source_sheets: list[Entry] = []


class Asked(Struct, omit_defaults=True):
    """What stands before an answer: `kind` of the one thing it tells of; `sheets` that are read → where they stand;
    `rows` of a sheet that are meant."""

    kind: str = ""
    sheets: dict[str, str | None] | None = None
    rows: list[str] | None = None


class _Parent(Struct, rename="camel", gc=False):
    parent_id: int | None = None


class _Cells(Struct, rename="camel", gc=False):
    cells: list[Cell] = []


class _Line(Struct, rename="camel"):
    data: list[Raw] | None = None


_ASKED = msgspec.json.Decoder(Asked)
_FAULT = msgspec.json.Decoder(Fault)
_HEAD = msgspec.json.Decoder(Head)
_LINE = msgspec.json.Decoder(_Line)
_SHEET = msgspec.json.Decoder(Sheet)
_ROWS = Reader(Row)
_PARENTS = Reader(_Parent)
_CELLS = Reader(_Cells)
COLUMNS = Reader(Column)
ENTRIES = Reader(Entry)
USERS = Reader(User)


def sheet_of(body: Body) -> Sheet:
    """A sheet, its rows unread. Raises BadRecord where it is none."""
    try:
        sheet = _SHEET.decode(body)
    except UNREADABLE:
        raise BadRecord("issues: expected a sheet in Smartsheet's answer") from None
    if sheet.rows is None:
        raise BadRecord("issues: expected the key rows in Smartsheet's answer")
    return sheet


def parents_in(rows: Iterable[Raw]) -> set[int]:
    """Ids of rows that hold others; of a row that cannot be read, none."""
    found = set()
    for raw in rows:
        with suppress(*UNREADABLE):
            found.add(_PARENTS.one(raw).parent_id)
    return {id_ for id_ in found if id_ is not None}


def cells_of(rows: Iterable[Raw], column: Column) -> Iterator[Cell]:
    """The cells of one column; of a row that cannot be read, none."""
    for raw in rows:
        with suppress(*UNREADABLE):
            yield from [cell for cell in _CELLS.one(raw).cells if cell.column_id == column.id]


def row_of(raw: Raw) -> Row:
    """Raises Misfit."""
    try:
        return _ROWS.one(raw)
    except UNREADABLE as error:
        raise misfit_of(error) from None


def listed(stream: str, body: Body) -> list[Raw]:
    """The records of a list, unread, or the one record there is. Raises BadRecord."""
    try:
        data = _LINE.decode(body).data
    except UNREADABLE:
        raise BadRecord(f"{stream}: expected a JSON object in Smartsheet's answer") from None
    return [Raw(bytes(body))] if data is None else data


def is_list(body: Body) -> bool:
    """Whether it is a list of something."""
    try:
        return _LINE.decode(body).data is not None
    except UNREADABLE:
        return False


def head_of(stream: str, body: Body) -> Head:
    """What comes after this page. Raises BadRecord."""
    try:
        return _HEAD.decode(body)
    except UNREADABLE:
        raise BadRecord(f"{stream}: expected a list in Smartsheet's answer") from None


def fault_of(body: Body) -> int:
    """Smartsheet's own code of what is wrong; 0 where the answer is not Smartsheet's."""
    try:
        return _FAULT.decode(body).error_code
    except UNREADABLE:
        return 0


def asked_of(told: bytes) -> Asked:
    """What stood before an answer; nothing where nothing was told."""
    try:
        return _ASKED.decode(told) if told else Asked()
    except UNREADABLE:
        return Asked()
