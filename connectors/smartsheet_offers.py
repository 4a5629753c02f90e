"""What may be written into a row of a sheet, and as what: pure, from the sheet as it was just read.

Smartsheet has no workflow: each option of a column is one step away. What cannot be written is told before anything is
sent, with its reason: formulas, links, locks, what Smartsheet fills in or works out itself, a share that only reads.
Which column is which is found as in reading (`connectors.smartsheet_columns`); sending: `connectors.smartsheet_writes`.
Facts: accessLevel, locked, formula, linkInFromCell and validation of OpenAPI 2.0.0 (2024-08), read 2026-11-27.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Raw, Struct

from connectors.misfit import UNREADABLE, Misfit
from connectors.reader import Body, Reader
from connectors.smartsheet_cells import flag, is_of_hundred, percent, text
from connectors.smartsheet_columns import ColumnMap, map_columns, named_columns
from connectors.smartsheet_records import Cell, Column, cells_of
from connectors.smartsheet_rows import issue_id
from connectors.smartsheet_words import OPEN, TICKED, share_word, ticked_word
from model.change import WRITABLE, NativeValue
from model.config import SourceSettings
from model.identity import address_id
from model.plan import Moved, Offers

__all__ = ["READ_ONLY", "AskedPast", "Form", "FormColumn", "FormRow", "form_of", "offers_of", "past_of"]

READ_ONLY = ("VIEWER", "COMMENTER")
CLOSED = "PICKLIST"
"""The type of column that may be restricted to its options."""


class FormColumn(Column, rename="camel"):
    validation: bool = False
    formula: str | None = None
    locked_for_user: bool = False


class FormCell(Cell, rename="camel", gc=False):
    formula: str | None = None
    link_in_from_cell: Any = None


class FormRow(Struct, rename="camel"):
    id: int
    parent_id: int | None = None
    locked_for_user: bool = False
    cells: list[FormCell] = []


class _Sheet(Struct, rename="camel"):
    id: int
    name: str
    access_level: str | None = None
    version: int | None = None
    dependencies_enabled: bool = False
    columns: list[FormColumn] = []
    rows: list[Raw] = []


class AskedPast(Struct):
    """What stands before the history of a cell: whose it is, and whether it is a box."""

    issue: str
    field: str
    box: bool


class _Person(Struct):
    email: str = ""


class _Past(FormCell, rename="camel", gc=False):
    modified_at: Annotated[datetime, Meta(tz=True)] | None = None
    modified_by: _Person = msgspec.field(default_factory=_Person)


class _Pasts(Struct):
    data: list[_Past] = []


_SHEETS = Reader(_Sheet)
_ROWS = Reader(FormRow)
_PASTS = Reader(_Pasts)
_ASKED_PAST = Reader(AskedPast)


@dataclass
class Form:
    """A sheet as something to be filled in. `rows` by id; one that cannot be read is not among them.

    `whole`: where it is a part of a sheet only, what gives the sheet.
    """

    sheet: _Sheet
    map: ColumnMap
    rows: dict[str, FormRow] = field(default_factory=dict)
    whole: Callable[[], Form] | None = None

    def __post_init__(self) -> None:
        self._parents = {row.parent_id for row in self.rows.values() if row.parent_id is not None}
        self._sent_as: dict[int, dict[str, Any]] = {}

    def column(self, name: str) -> FormColumn | None:
        """The column that is written for a field; a sheet without one of its own for the status may have a box."""
        found = self.map.columns.get(name)
        if found is None and name == "status" and name not in self.map.unsure:
            found = self.map.columns.get("done")
        assert found is None or isinstance(found, FormColumn)
        return found

    def is_box(self, name: str) -> bool:
        column = self.column(name)
        return column is not None and column.type == "CHECKBOX"

    def offers(self, row: FormRow) -> Offers:
        """What may be done to a row."""
        refused = {name: why for name in WRITABLE if (why := self.why_not(name, row))}
        words = {name: () if name in refused else tuple(self._words(name, row)) for name in WRITABLE}
        values = {name: tuple(NativeValue(word, word) for word in found) for name, found in words.items()}
        free = frozenset(name for name in WRITABLE if name not in refused and not self._is_closed(name))
        return Offers((), values["priority"], {}, values["status"], free, refused)

    # ---- why not ---------------------------------------------------------------------------------------------

    def why_not(self, name: str, row: FormRow) -> str | None:
        """Why a field of a row cannot be written, in a sentence for people."""
        return self.why_never(name) or self._why_not_here(name, row)

    def why_never(self, name: str) -> str | None:
        """Why it cannot be written in any row of the sheet."""
        where, column = f"the sheet “{self.sheet.name}”", self.column(name)
        if self.sheet.access_level in READ_ONLY:
            return f"{where} is shared with the account as {self.sheet.access_level}: have it shared as Editor"
        if name in self.map.unsure:
            return f"in {where} {self.map.unsure[name]}"
        if column is None:
            return self._no_column(name, where)
        title = f"the column “{column.title}” of {where}"
        if column.system_column_type:
            return f"{title} is filled in by Smartsheet itself"
        if column.formula:
            return f"{title} is worked out by a formula"
        if column.locked_for_user:
            return f"{title} is locked: have it unlocked, or make the account an administrator of the sheet"
        return None

    def _no_column(self, name: str, where: str) -> str:
        if name == "status" and "percent_complete" in self.map.columns:
            share = self.map.columns["percent_complete"].title
            return f"{where} has no column for the status, which follows from “{share}”: name one, columns.status = “…”"
        return f"{where} has no column for the {name}: name one, columns.{name} = “…”"

    def _why_not_here(self, name: str, row: FormRow) -> str | None:
        column = self.column(name)
        assert column is not None
        title = f"“{column.title}” of this row"
        if row.locked_for_user:
            return "the row is locked: have it unlocked, or make the account an administrator of the sheet"
        cell = _cell(row, column)
        if cell is not None and cell.formula:
            return f"{title} is worked out by a formula"
        if cell is not None and cell.link_in_from_cell is not None:
            return f"{title} is linked in from another sheet: change it there"
        is_gantt = self.sheet.dependencies_enabled and any(tag.startswith("GANTT_") for tag in column.tags)
        if is_gantt and row.id in self._parents:
            return f"{title} is worked out from the rows below it"
        return None

    # ---- words -----------------------------------------------------------------------------------------------

    def _is_closed(self, name: str) -> bool:
        column = self.column(name)
        return column is not None and (self.is_box(name) or (column.type == CLOSED and column.validation))

    def _words(self, name: str, row: FormRow) -> Iterator[str]:
        """In the sheet's order: the options, and in a column that takes any word those that stand in it."""
        column = self.column(name)
        assert column is not None
        if self.is_box(name):
            yield from self._box_words(row)
        else:
            own = set(_options(column))
            yield from (word for word in self._sent(column) if word in own or not self._is_closed(name))

    def _box_words(self, row: FormRow) -> Iterator[str]:
        """Where there is a share of work, too, a box that is not ticked leaves the word to that."""
        yield TICKED
        share = self.map.columns.get("percent_complete")
        try:
            yield OPEN if share is None else share_word(self._percent(row, share) or 0.0)
        except Misfit:
            return

    def _sent(self, column: FormColumn) -> dict[str, Any]:
        """Word → what is sent for it: an option in its own spelling, or a value as the sheet holds it (1 is no "1")."""
        if column.id not in self._sent_as:
            found: dict[str, Any] = _options(column)
            for row in self.rows.values():
                cell = _cell(row, column)
                word = (text(cell) or "").strip()
                if cell is not None and word and cell.value is not None:
                    found.setdefault(word, cell.value)
            self._sent_as[column.id] = found
        return self._sent_as[column.id]

    def _percent(self, row: FormRow, share: Column) -> float | None:
        return percent(_cell(row, share), share, lambda: self._is_of_hundred)

    @cached_property
    def _is_of_hundred(self) -> bool:
        """As in reading: by all rows of the sheet."""
        form = self if self.whole is None else self.whole()
        share = form.map.columns.get("percent_complete")
        return share is not None and is_of_hundred(cells_of(form.sheet.rows, share), share)

    def value_for(self, name: str, word: str) -> Any:
        """What is sent for a word of a field."""
        column = self.column(name)
        assert column is not None
        return word == TICKED if self.is_box(name) else self._sent(column).get(word, word)

    def word_now(self, name: str, row: FormRow) -> str | None:
        """The word of a field as reading has it."""
        column = self.column(name)
        follows_share = name == "status" and name not in self.map.unsure
        share = self.map.columns.get("percent_complete") if follows_share else None
        try:
            if column is None:
                return None if share is None else share_word(self._percent(row, share) or 0.0)
            if not self.is_box(name):
                return (text(_cell(row, column)) or "").strip() or None
            ticked = flag(_cell(row, column))
            return ticked_word(ticked) if ticked or share is None else share_word(self._percent(row, share) or 0)
        except Misfit:
            return None


def form_of(body: Body, source: SourceSettings) -> Form | None:
    """None where it is no sheet that can be read."""
    try:
        sheet = _SHEETS.one(body)
    except UNREADABLE:
        return None
    rows: dict[str, FormRow] = {}
    for raw in sheet.rows:
        try:
            row = _ROWS.one(raw)
        except UNREADABLE:
            continue
        rows[str(row.id)] = row
    return Form(sheet, map_columns(sheet.columns, named_columns(source, str(sheet.id), sheet.name)), rows)


def past_of(told: bytes, body: Body) -> Mapping[str, Offers]:
    """The history of a cell, oldest first, as what is known of its issue."""
    try:
        asked, pasts = _ASKED_PAST.one(told), _PASTS.one(body).data
    except UNREADABLE:
        return {}
    if all(one.modified_at for one in pasts):  # the description does not say in which order they come
        pasts.sort(key=lambda one: one.modified_at or datetime.min, reverse=True)  # noqa: DTZ901 - never used
    words = [(ticked_word(flag(one)) if asked.box else (text(one) or "").strip() or None) for one in pasts]
    moves = [
        Moved(asked.field, before, word, address_id(one.modified_by.email), one.modified_at)
        for one, word, before in zip(pasts, words, [*words, None][1:], strict=True)
    ]
    return {asked.issue: Offers(history=tuple(reversed(moves)))}


def offers_of(form: Form, rows: Sequence[str]) -> Mapping[str, Offers]:
    """By issue."""
    found = {row: form.rows[row] for row in rows if row in form.rows}
    return {issue_id(form.sheet.id, row): form.offers(one) for row, one in found.items()}


def _options(column: FormColumn) -> dict[str, Any]:
    return {option.strip(): option for option in column.options if option.strip()}


def _cell(row: FormRow, column: Column) -> FormCell | None:
    return next((cell for cell in row.cells if cell.column_id == column.id), None)
