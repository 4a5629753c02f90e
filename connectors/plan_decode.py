"""Rows of a plan's files as columns: which heading is which column, what a row is called, which rows do not fit.

Pure: a body holds the cells as they were read (`Body`), and the configuration says what they are, so that another
mapping gives other rows without reading anything. A cell that cannot be read is named by file, sheet, row and column;
the row lands without it, or, where it would then mean something else, is set aside.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import msgspec
from msgspec import Struct

from connectors.contract import Batch, Reject
from connectors.misfit import UNREADABLE, Misfit
from connectors.plan_cells import Manner, folded_text, read_cell
from connectors.reader import Reader
from model.columns import rows_to_arrow
from model.config import PlanFileSettings
from model.errors import BadRecord
from model.plan_files import ID, PlanColumn, PlanFile, file_of, folded, key_of, plan_columns

__all__ = ["Body", "Decoder", "Piece", "Wrong", "heading_faults"]

Cells = list[Any]
Line = tuple[int, int, int, Cells]
"""Number of the row in its file, its place among the table's rows, how many before it are its equals; its cells."""


class Piece(Struct, kw_only=True):
    """Rows of one file or sheet. `sheet` is None for CSV."""

    file: str
    sheet: str | None = None
    headings: list[str]
    rows: list[Line]

    @property
    def place(self) -> str:
        return self.file if self.sheet is None else f"{self.file}, sheet {self.sheet}"


class Body(Struct, kw_only=True):
    """A page. `taken`: ids of its rows that a row of an earlier page has, and where that one stands."""

    table: str
    pieces: list[Piece]
    taken: dict[str, str] = {}


_BODY = Reader(Body)


class Wrong(Exception):
    """The headings of a file do not do: a whole sentence."""


@dataclass(frozen=True)
class _Found:
    """A row understood: its columns, and what was wrong with it. `id_` None: it cannot be told which row it is."""

    id_: str | None
    row: Mapping[str, Any]
    wrong: Sequence[Misfit]
    set_aside: bool


class Decoder:
    """Of one source. `tables` is what the configuration says, by file."""

    def __init__(self, tables: Mapping[str, PlanFileSettings]) -> None:
        self._tables = tables

    def settings(self, file: PlanFile) -> PlanFileSettings:
        """What the configuration says about a file of ours."""
        return self._tables.get(file.name) or PlanFileSettings()

    def decode(self, stream: str, body: bytes) -> Batch:
        """Raises BadRecord."""
        page = _Page(stream, self.settings(file_of(stream)))
        for piece, line, found, place in self._found(page, stream, body):
            page.take(piece, line, found, place)
        return Batch(rows={stream: rows_to_arrow(stream, page.rows)}, rejects=page.rejects, seen=page.seen)

    def places(self, stream: str, body: bytes) -> dict[str, str]:
        """Ids of the rows of a page, and where they stand."""
        page = _Page(stream, self.settings(file_of(stream)))
        places: dict[str, str] = {}
        for _, _, found, place in self._found(page, stream, body):
            if found.id_ is not None and not found.set_aside:
                places.setdefault(found.id_, place)
        return places

    def _found(self, page: _Page, stream: str, body: bytes) -> Iterator[tuple[Piece, Line, _Found, str]]:
        try:
            said = _BODY.one(body)
        except UNREADABLE:
            raise BadRecord("expected rows of a plan's file, as they were archived") from None
        if said.table != stream:
            raise BadRecord(f"expected rows of {stream}")
        page.places.update(said.taken)
        for piece in said.pieces:
            try:
                layout = _Layout(stream, piece, page.settings)
            except Wrong as wrong:
                raise BadRecord(str(wrong)) from None
            for line in piece.rows:
                yield piece, line, layout.understood(line), f"{piece.place}, row {line[0]}"


# ------------------------------------------------------------------ headings


def heading_faults(file: PlanFile, place: str, headings: Sequence[str], settings: PlanFileSettings) -> list[str]:
    """Sentences on what keeps a file from being read. Empty: it can be."""
    faults = []
    for column in file.columns:
        try:
            missing = _index(file, column, headings, settings) is None
        except Wrong as wrong:
            faults.append(f"{place} {wrong}")
            continue
        if column.required and missing and column.name not in _constants(file, settings):
            faults.append(
                f"{place} has no column {column.heading}: add it, or say with tables.{file.name}.columns."
                f"{column.heading} which column that is"
            )
    if file.tables == ("program_plans",) and not faults:
        named = [c for c in file.columns if c.name in ("key", "name")]
        filled = _constants(file, settings)
        if all(_index(file, c, headings, settings) is None and c.name not in filled for c in named):
            faults.append(f"{place} has no column name: add it, or say with tables.programs.columns.name which it is")
    return faults


def unknown_headings(file: PlanFile, headings: Sequence[str], settings: PlanFileSettings) -> list[str]:
    """Headings that no column of ours is read from."""
    used = {_index(file, column, headings, settings) for column in file.columns}
    return [shown(heading) for number, heading in enumerate(headings) if heading and number not in used]


def shown(heading: str) -> str:
    """A heading in one line."""
    text = " ".join(heading.split())
    return text if len(text) <= 80 else f"{text[:79]}…"


def _constants(file: PlanFile, settings: PlanFileSettings) -> dict[str, str]:
    return {column.name: value for n, value in settings.values.items() if (column := file.column(n))}


def _index(file: PlanFile, column: PlanColumn, headings: Sequence[str], settings: PlanFileSettings) -> int | None:
    """Where a column stands. Raises Wrong: the end of a sentence that begins with the file."""
    named = next((theirs for ours, theirs in settings.columns.items() if _is(file, ours, column)), None)
    if named is not None:
        found = [n for n, heading in enumerate(headings) if folded(heading) == folded(named)]
        if not found:
            raise Wrong(f"has no column “{shown(named)}”: correct tables.{file.name}.columns.{column.heading}")
    else:
        mapped = {folded(theirs) for theirs in settings.columns.values()}
        found = []
        for spelling in column.spellings:
            found = [n for n, h in enumerate(headings) if folded(h) == spelling and folded(h) not in mapped]
            if found:
                break
    if len(found) > 1:
        raise Wrong(f"has two columns {shown(headings[found[0]])}: remove or rename one of them")
    return found[0] if found else None


def _is(file: PlanFile, spelling: str, column: PlanColumn) -> bool:
    found = file.column(spelling)
    return found is not None and found.name == column.name


# ------------------------------------------------------------------ rows


class _Layout:
    """Which cell of a row is which column of a table. Raises Wrong."""

    def __init__(self, table: str, piece: Piece, settings: PlanFileSettings) -> None:
        file = file_of(table)
        if faults := heading_faults(file, piece.place, piece.headings, settings):
            raise Wrong(faults[0])
        self._table = table
        self._piece = piece
        self._manner = Manner.of(settings, file)
        self._constants = _constants(file, settings)
        self._columns = [(c, _index(file, c, piece.headings, settings)) for c in plan_columns(table)]
        beside = ("name", "stage", "hold_from_on") if file.name == "projects" else ()
        self._beside = {
            c.name: (c, _index(file, c, piece.headings, settings)) for c in file.columns if c.name in beside
        }
        self._is_named = "name" in self._beside and self._beside["name"][1] is not None

    def understood(self, line: Line) -> _Found:
        cells = line[3]
        row: dict[str, Any] = {}
        wrong: list[Misfit] = []
        set_aside = unknown = False
        if self._piece.sheet is None and any(cell is not None for cell in cells[len(self._piece.headings) :]):
            wrong.append(Misfit(None, "as many cells as the heading has were expected: put quotes around the text"))
            set_aside = True
        for column, index in self._columns:
            try:
                value = read_cell(column, self._cell(column, index, cells), self._manner)
                if value is None and column.required:
                    raise Misfit(column.name, f"{column.expected} was expected; the cell is empty")
            except Misfit as misfit:
                wrong.append(Misfit(self._heading(column, index), misfit.error))
                set_aside = set_aside or column.strict
                unknown = unknown or (column.name in (*key_of(self._table), ID) and "is empty" not in misfit.error)
                value = None
            row[column.name] = column.fallback if value is None else value
        wrong += self._completed(row, cells, set_aside=set_aside)
        set_aside = set_aside or any(misfit.field is None for misfit in wrong)
        id_ = None if unknown else self._native_id(row, line)
        return _Found(id_, {**row, "native_id": id_, "position": line[1]}, wrong, set_aside)

    def _cell(self, column: PlanColumn, index: int | None, cells: Cells) -> Any:
        if column.name in self._constants:
            return self._constants[column.name]
        return cells[index] if index is not None and index < len(cells) else None

    def _heading(self, column: PlanColumn, index: int | None) -> str:
        return shown(self._piece.headings[index]) if index is not None else column.heading

    def _completed(self, row: dict[str, Any], cells: Cells, *, set_aside: bool) -> list[Misfit]:
        """Fills in what a row of this table says with other cells, and gives back what does not go together."""
        if self._table == "projects":
            row["name"] = row["name"] or row["key"]
            row["native_state"] = self._project_state(cells)
        elif self._table == "project_plans":
            row["project_id"] = row["key"]
        if self._is_named and row["key"] and self._beside_cell("name", cells) is None:  # a line of totals, most likely
            return [Misfit(None, f"a {self._heading(*self._beside['name'])} was expected; the cell is empty")]
        if self._table == "program_plans":
            row["name"], row["key"] = row["name"] or row["key"], row["key"] or row["name"]
            if row["key"] is None and not set_aside:
                return [Misfit(None, "a name was expected; the cell is empty")]
        elif self._table == "milestones":
            row["state"] = row["state"] or ("closed" if row["released_on"] else "open")
        for first, last in _ORDERED.get(self._table, ()):
            if row[first] and row[last] and row[first] > row[last]:
                names = [column.heading for column, _ in self._columns if column.name in (first, last)]
                return [Misfit(None, f"{names[0]} was expected to be no later than {names[1]}")]
        return []

    def _project_state(self, cells: Cells) -> str:
        """Closed, on hold or active; cells that cannot be read are told of with the project's plan."""
        if self._beside_cell("stage", cells) == "closed":
            return "closed"
        return "on_hold" if self._beside_cell("hold_from_on", cells) else "active"

    def _beside_cell(self, name: str, cells: Cells) -> Any:
        """A cell that another table of the same file is made of."""
        column, index = self._beside[name]
        try:
            return read_cell(column, self._cell(column, index, cells), self._manner)
        except Misfit:
            return None

    def _native_id(self, row: Mapping[str, Any], line: Line) -> str | None:
        """None where a part of the key is missing: then it stands for no row that was ever read."""
        if row.get(ID):
            return str(row[ID])
        if self._table == "cost_entries":
            return _digest(line)
        parts = [row[name] for name in key_of(self._table)]
        required = {column.name for column, _ in self._columns if column.required} | {"key"}
        if any(part is None and name in required for name, part in zip(key_of(self._table), parts, strict=True)):
            return f"{self._piece.place}, row {line[0]}"
        if self._table == "project_scopes":
            return f"{parts[0]}:{line[1]}"
        return "|".join(_part(name, part) for name, part in zip(key_of(self._table), parts, strict=True))


_ORDERED: Mapping[str, tuple[tuple[str, str], ...]] = {
    "baselines": (("start_on", "finish_on"),),
    "work_packages": (("start_on", "finish_on"),),
    "rates": (("from_on", "to_on"),),
    "team_members": (("from_on", "to_on"),),
    "absences": (("from_on", "to_on"),),
    "health_overrides": (("from_on", "until_on"),),
}
"""Days of which the first is never behind the second."""


def _part(name: str, value: Any) -> str:
    if isinstance(value, date):
        return f"{value:%Y-%m}" if name == "month_on" else value.isoformat()
    return "" if value is None else str(value).replace("\\", "\\\\").replace("|", "\\|")


def _digest(line: Line) -> str:
    told = msgspec.json.encode([cell for cell in line[3] if cell is not None])
    digest = hashlib.sha256(told).hexdigest()[:16]
    return f"{digest}:{line[2] + 1}" if line[2] else digest


class _Page:
    """Rows and rejects of one page, each id once, no two rates for the same day."""

    def __init__(self, table: str, settings: PlanFileSettings) -> None:
        self.table = table
        self.settings = settings
        self.rows: list[Mapping[str, Any]] = []
        self.rejects: list[Reject] = []
        self.places: dict[str, str] = {}
        self.seen = 0
        self._valid: dict[tuple[str, ...], list[tuple[date, date, str]]] = {}

    def take(self, piece: Piece, line: Line, found: _Found, place: str) -> None:
        self.seen += 1
        for misfit in found.wrong:
            field = f"{place}, column {misfit.field}" if misfit.field else place
            self._reject(piece, line, found.id_, field, misfit.error)
        if found.set_aside:
            return
        id_ = found.id_
        assert id_ is not None
        if id_ in self.places:
            says = f"a row of its own was expected, and {self.places[id_]} is the same one: remove one of them"
            self._reject(piece, line, id_, place, says)
        elif (other := self._same_time(found.row, place)) is not None:
            self._reject(piece, line, id_, place, f"one rate for a day was expected, and {other} is valid then, too")
        else:
            self.places[id_] = place
            self.rows.append(found.row)

    def _same_time(self, row: Mapping[str, Any], place: str) -> str | None:
        """Where a rate stands that is valid at the same time for the same; notes this one if there is none."""
        if self.table != "rates":
            return None
        whose = tuple(folded_text(row[name] or "") for name in ("person", "role", "project_id"))
        first, last = row["from_on"] or date.min, row["to_on"] or date.max
        known = self._valid.setdefault(whose, [])
        for other_first, other_last, other in known:
            if first <= other_last and other_first <= last:
                return other
        known.append((first, last, place))
        return None

    def _reject(self, piece: Piece, line: Line, id_: str | None, field: str, error: str) -> None:
        record = {heading or str(n + 1): cell for n, (heading, cell) in enumerate(_paired(piece.headings, line[3]))}
        self.rejects.append(Reject(self.table, id_, field, error, msgspec.json.encode(record)))


def _paired(headings: Sequence[str], cells: Cells) -> list[tuple[str, Any]]:
    more = [""] * (len(cells) - len(headings))
    return list(zip([*headings, *more], cells, strict=False))
