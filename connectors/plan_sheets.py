"""Finds the files of a plan, and reads CSV files and sheets of workbooks as rows of cells, whatever these mean.

A cell is None, text, a number, a boolean, or `{"day": …}`, `{"percent": …}`, `{"fault": …}`: what JSON can hold, so
that what was read can be archived. Row numbers are those a spreadsheet shows. Nothing here raises but `SheetFault`, a
sentence about one file. Facts: openpyxl 3.1 (read-only sheets; `data_only` gives what Excel computed last), tried on
2026-11-26.
"""

from __future__ import annotations

import csv
import io
import re
import threading
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import ParseError

from model.config import PlanFileSettings
from model.plan_files import folded

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook

__all__ = ["NO_VALUE", "Cell", "Folder", "Place", "Row", "SheetFault", "read_rows"]

Cell = Any
Row = tuple[int, list[Cell]]
"""The number of a row, from 1, and its cells."""

NO_VALUE = "a formula without a value stands here: open the file in a spreadsheet, and save it"
SPREADSHEET_ERRORS = frozenset(
    ("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#BLOCKED!", "#NV")
)
_COMMENT = re.compile(r'\s*"?#(?!\s*"?\s*(?:[,;|\t]|$))|\s*"?sep=.\s*$')  # a heading may be # alone; Excel writes sep=;
_DELIMITERS = ",;\t|"
_UNREADABLE = (zipfile.BadZipFile, KeyError, ValueError, ParseError, EOFError, NotImplementedError, TypeError)
"""What openpyxl raises at files that are no workbook, are cut short, or are encrypted. NotImplementedError is
what `zipfile` says to a way of packing that it does not know."""


class SheetFault(Exception):
    """A file cannot be used: a sentence that begins with its name."""


@dataclass(frozen=True)
class Place:
    """A CSV file, or a sheet of a workbook. `file` is its name as people know it."""

    path: Path
    file: str
    sheet: str | None = None

    def __str__(self) -> str:
        return self.file if self.sheet is None else f"{self.file}, sheet {self.sheet}"


class Folder:
    """A plan's folder. `looked` counts the files that were opened."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.looked = 0
        self._sheets: dict[Path, tuple[tuple[int, int], list[str]]] = {}
        self._lock = threading.Lock()

    def files(self) -> list[Path]:
        """All files that may hold rows, by name; not those that programs keep beside. Raises OSError."""
        with self._lock:
            self.looked += 1
        found = [p for p in self.path.iterdir() if not p.name.startswith((".", "~$"))]
        return sorted(p for p in found if p.suffix.casefold() in (".csv", ".xlsx") and p.is_file())

    def places(self, name: str, settings: PlanFileSettings) -> list[Place]:
        """Where the rows of a file of ours stand; none where there is nothing. Raises SheetFault."""
        if settings.file is not None:
            paths = [path for pattern in settings.file for path in self._named(name, pattern)]
            return [place for path in dict.fromkeys(paths) for place in self._within(path, name, settings)]
        places: list[Place] = []
        broken: list[SheetFault] = []
        for path in self.files():
            try:
                places += self._by_name(path, name, settings)
            except SheetFault as fault:
                broken.append(fault)
        if broken and not places:
            raise broken[0]  # it may be in there
        if len({folded(place.sheet or "") for place in places} if settings.sheet else places[:1]) < len(places):
            raise SheetFault(
                f"{name} stands in {' and in '.join(str(place) for place in places)}: remove one of them, or name the "
                f"one that counts with tables.{name}.file"
            )
        return places

    def _by_name(self, path: Path, name: str, settings: PlanFileSettings) -> list[Place]:
        so_called = folded(path.stem) == folded(name)
        if path.suffix.casefold() == ".csv":
            return [Place(path, path.name)] if so_called and not settings.sheet else []
        if settings.sheet is not None:
            return self._of_names(path, settings.sheet)
        return self._within(path, name, settings) if so_called else self._of_names(path, (name,))

    def _named(self, name: str, pattern: str) -> list[Path]:
        try:
            found = sorted(self.path.glob(pattern)) if "*" in pattern else [self.path / pattern]
        except (
            NotImplementedError,
            ValueError,
        ):  # so pathlib refuses a pattern that begins with / or holds a null byte
            found = []
        found = [path for path in found if path.is_file() and not path.name.startswith("~$")]
        if not found:
            raise SheetFault(f"there is no file {pattern} in {self.path.name}: correct tables.{name}.file")
        for path in found:
            if path.suffix.casefold() not in (".csv", ".xlsx"):
                raise SheetFault(f"{path.name} is neither .csv nor .xlsx: save it as one of these")
        return found

    def _of_names(self, path: Path, names: Sequence[str]) -> list[Place]:
        wanted = {folded(name) for name in names}
        return [Place(path, path.name, sheet) for sheet in self.sheets(path) if folded(sheet) in wanted]

    def _within(self, path: Path, name: str, settings: PlanFileSettings) -> list[Place]:
        if path.suffix.casefold() == ".csv":
            return [Place(path, path.name)]
        if settings.sheet is not None:
            found = self._of_names(path, settings.sheet)
            if len(found) < len(settings.sheet):
                raise SheetFault(f"{path.name} has no sheet of the name in tables.{name}.sheet: correct it")
            return found
        named = self._of_names(path, (name,))
        sheets = self.sheets(path)
        if named or len(sheets) == 1:
            return named or [Place(path, path.name, sheets[0])]
        raise SheetFault(f"{path.name} has several sheets and none is called {name}: name it with tables.{name}.sheet")

    def sheets(self, path: Path) -> list[str]:
        """Names of the sheets of a workbook. Raises SheetFault."""
        with self._lock:
            try:
                stat = path.stat()
                mark = (stat.st_mtime_ns, stat.st_size)
                if path not in self._sheets or self._sheets[path][0] != mark:
                    self.looked += 1
                    with closing(_workbook(path)) as book:
                        self._sheets[path] = (mark, [sheet.title for sheet in book.worksheets])
            except OSError as error:
                raise SheetFault(f"{path.name} cannot be read ({error.strerror or 'its end is missing'})") from None
            return self._sheets[path][1]


def read_rows(place: Place, header_row: int | None) -> Iterator[Row]:
    """All rows that are not empty, the headings first; what stands above these is left out. Raises SheetFault."""
    rows = _csv_rows(place, header_row) if place.sheet is None else _sheet_rows(place, place.sheet)
    above = header_row is None
    for number, cells in rows:
        if header_row is not None and number < header_row:
            continue
        if above and place.sheet is not None and _is_comment(cells):
            continue
        if any(cell is not None for cell in cells):
            above = False
            yield number, cells


def _is_comment(cells: Sequence[Cell]) -> bool:
    first = next((cell for cell in cells if cell is not None), None)
    return isinstance(first, str) and bool(_COMMENT.match(first))


# ------------------------------------------------------------------ CSV


def _csv_rows(place: Place, header_row: int | None) -> Iterator[Row]:
    text = _text(place)
    above = 0
    while header_row is None and text:  # comments may hold quotes that csv would not see the end of
        line, _, rest = text.partition("\n")
        if line.strip(" \t\r,;") and not _COMMENT.match(line):
            break
        above, text = above + 1, rest
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text, header_row or 1), strict=True)
    number = above
    try:
        for number, cells in enumerate(reader, above + 1):
            yield number, [cell.strip() or None for cell in cells]
    except csv.Error:
        raise SheetFault(
            f"{place.file}, row {number + 1}: the quotes of its cells do not match: save it as CSV again"
        ) from None


def _text(place: Place) -> str:
    try:
        content = place.path.read_bytes()
    except OSError as error:
        raise SheetFault(f"{place.file} cannot be read ({error.strerror})") from None
    encodings = ("utf-16",) if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "cp1252")
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text.replace("\r\n", "\n").replace("\r", "\n")
    raise SheetFault(f"{place.file} is not text in UTF-8 or of Windows: save it as CSV (UTF-8)")


def _delimiter(text: str, row: int) -> str:
    """The one that cuts the headings into most cells."""

    def cells(delimiter: str) -> int:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        try:
            return next((len(found) for number, found in enumerate(reader, 1) if number == row), 0)
        except csv.Error:
            return 0

    return max(_DELIMITERS, key=cells)


# ------------------------------------------------------------------ workbooks


def _workbook(path: Path, *, formulas: bool = False) -> Workbook:
    from openpyxl import load_workbook  # half a second, which a source of CSV files alone does not need

    try:
        return load_workbook(path, read_only=True, data_only=not formulas)
    except _UNREADABLE:
        raise SheetFault(
            f"{path.name} is no workbook that can be read: it may be cut short, protected by a password, or of an old "
            "version; save it as .xlsx"
        ) from None


def _sheet_rows(place: Place, sheet: str) -> Iterator[Row]:
    try:
        with closing(_workbook(place.path)) as book:
            rows = _cells(book, sheet)
            if not _has_formulas(place.path):
                for number, cells in enumerate(rows, 1):
                    yield number, [_cell(cell) for cell in cells]
                return
            with closing(_workbook(place.path, formulas=True)) as written:
                # what Excel never computed is empty among the values
                for number, (cells, formulas) in enumerate(zip(rows, _cells(written, sheet), strict=True), 1):
                    yield (
                        number,
                        [
                            {"fault": NO_VALUE} if cell.value is None and formula.data_type == "f" else _cell(cell)
                            for cell, formula in zip(cells, formulas, strict=True)
                        ],
                    )
    except OSError as error:
        raise SheetFault(f"{place.file} cannot be read ({error.strerror or 'its end is missing'})") from None
    except _UNREADABLE:
        raise SheetFault(f"{place.file}: its sheet {sheet} cannot be read: save the file again as .xlsx") from None


def _cells(book: Workbook, sheet: str) -> Iterator[tuple[Any, ...]]:
    found: Any = book[sheet]
    found.reset_dimensions()  # some programs write wrong ones, and rows beyond them would be lost
    return iter(found.iter_rows())


def _has_formulas(path: Path) -> bool:
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.startswith("xl/worksheets/"):
                with archive.open(name) as part:
                    before = b""
                    while chunk := part.read(1 << 20):
                        if b"<f>" in before + chunk or b"<f " in before + chunk or b"<f/" in before + chunk:
                            return True
                        before = chunk[-2:]
    return False


def _cell(cell: Any) -> Cell:
    value = cell.value
    if value is None or isinstance(value, bool):
        return value
    if cell.data_type == "e":
        return {"fault": "an error of the spreadsheet stands here"}
    if isinstance(value, datetime):
        return {"day": value.date().isoformat()}
    if isinstance(value, date):
        return {"day": value.isoformat()}
    if isinstance(value, int | float):
        return {"percent": value} if "%" in (cell.number_format or "") else value
    if isinstance(value, time | timedelta):
        return {"fault": "a time of day stands here"}
    return str(value).strip() or None
