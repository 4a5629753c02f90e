"""A plan that a PMO keeps in files: CSV files and workbooks of one folder, read whole in each run.

One stream for each table. Here: which file feeds which table, the pages, and what `pmo check` says. What is in a file
is read by `connectors.plan_sheets`, understood by `connectors.plan_decode`. A table without any file is an answer of
its own (404): nothing is known of it, so nothing of it is called gone. What users should know: docs/connectors/plan.md.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import blake2b

import msgspec

from connectors.contract import (
    Batch,
    Census,
    Identity,
    Listing,
    Page,
    Partition,
    Plan,
    Presence,
    Reading,
    Rights,
    Span,
    Stream,
)
from connectors.plan_decode import Body, Decoder, Line, Piece, heading_faults, unknown_headings
from connectors.plan_sheets import Cell, Folder, Place, Row, SheetFault, read_rows
from model.config import SourceSettings, nearest
from model.errors import ConfigError, Refused
from model.plan_files import PLAN_FILES, PLAN_TABLES, PlanFile, file_of
from model.vocabulary import Availability

__all__ = ["STREAMS", "PlanConnector"]

STREAMS: tuple[Stream, ...] = tuple(
    Stream(table, table, Reading.ALL, Census.LISTING, probes=False) for table in PLAN_TABLES
)

PAGE_ROWS = 10_000
IN_ONE_PAGE = frozenset({"rates"})
"""Tables whose rows are judged by all the others."""

ALL_FILES = "all"


class PlanConnector:
    """One folder."""

    streams: tuple[Stream, ...] = STREAMS
    writer = None

    def __init__(self, source: SourceSettings) -> None:
        self.source = source
        self.in_flight = source.in_flight
        self._folder = Folder(source.place)
        self._decoder = Decoder(source.tables)
        self._opened_files = 0
        self._lock = threading.Lock()

    # -------------------------------------------------------------- who and where

    def identify(self) -> Identity:
        """The folder as it stands in the configuration, so that all of it may move together."""
        written = self.source.folder
        if not written:
            raise ConfigError(f'{self.source.name}: folder is missing: set folder = "plan"')
        try:
            files = self._folder.files()
        except FileNotFoundError:
            raise ConfigError(
                f"{self.source.name}: there is no folder {written}: run `pmo init --plan {written}`, or correct folder"
            ) from None
        except NotADirectoryError:
            raise ConfigError(
                f"{self.source.name}: {written} is a file: folder names the folder of the files"
            ) from None
        except OSError as error:
            raise ConfigError(
                f"{self.source.name}: the folder {written} cannot be read ({error.strerror}): check its owner and mode"
            ) from None
        return Identity(
            instance=written,
            account_id="files",
            account_name=f"the folder {written}",
            scope="all",
            now=datetime.now(UTC),
            may=(f"read {len(files)} files (.csv and .xlsx)",),
        )

    def rights(self) -> Rights:
        """What each file gives, and what of it is not understood."""
        may, missing, absent = [], [], []
        used: set[str] = set()
        for file in PLAN_FILES.values():
            try:
                places = self._places(file)
                if not places:
                    absent.append(file.name)
                used.update(place.file for place in places)
                for place in places:
                    headings, _ = self._opened(file, place)
                    may.append(f"read {file.name} from {place}")
                    settings = self._decoder.settings(file)
                    if unknown := unknown_headings(file, headings, settings):
                        missing.append(f"{place}: nothing is read from its columns {', '.join(unknown)}")
            except Refused as refused:
                missing.append(str(refused))
        missing += [
            f"{path.name}: nothing is read from it{nearest(path.stem, PLAN_FILES)}"
            for path in self._folder.files()
            if path.name not in used
        ]
        if absent:
            missing.append(f"no file, and no sheet of a workbook, for {', '.join(absent)}: nothing is known of these")
        return Rights(may, missing)

    # -------------------------------------------------------------- reading

    def plan(self, stream: Stream, since: datetime | None) -> Plan:  # noqa: ARG002 - a file does not say what changed
        return Plan([Partition(stream.name, ALL_FILES)])

    def pull(self, partition: Partition) -> Iterator[Page]:
        """Raises Refused where a file cannot be used: then nothing of its table is known, and nothing changes."""
        table = partition.stream
        file = file_of(table)
        places = self._places(file)
        request = ", ".join(str(place) for place in places) or f"no file for {file.name}"
        status = 200 if places else 404
        taken: dict[str, str] = {}
        pages = self._pages(table, file, places)
        pieces: list[Piece] | None = next(pages)
        while pieces is not None:
            following = next(pages, None)
            body = msgspec.json.encode(Body(table=table, pieces=pieces))
            if following is not None or taken:
                body = self._with_taken(table, pieces, body, taken)
            last = following is None
            yield Page(table, body, request, datetime.now(UTC), partition.key, status, last=last)
            pieces = following

    def _with_taken(self, table: str, pieces: list[Piece], body: bytes, taken: dict[str, str]) -> bytes:
        """The page, with the ids of its rows that earlier pages have; its own are noted for the later ones."""
        own = self._decoder.places(table, body)
        twice = {id_: taken[id_] for id_ in own if id_ in taken}
        taken.update({id_: place for id_, place in own.items() if id_ not in taken})
        return msgspec.json.encode(Body(table=table, pieces=pieces, taken=twice)) if twice else body

    def _pages(self, table: str, file: PlanFile, places: Sequence[Place]) -> Iterator[list[Piece]]:
        """All rows of a table, some thousand at a time; one page at least."""
        pieces: list[Piece] = []
        equals: dict[bytes, int] = {}
        rows = number = 0
        for place in places:
            headings, lines = self._opened(file, place)
            piece = Piece(file=place.file, sheet=place.sheet, headings=headings, rows=[])
            pieces.append(piece)
            for row, cells in lines:
                number, rows = number + 1, rows + 1
                piece.rows.append(_line(row, number, cells, equals if table == "cost_entries" else None))
                if rows >= PAGE_ROWS and table not in IN_ONE_PAGE:
                    yield pieces
                    piece = Piece(file=place.file, sheet=place.sheet, headings=headings, rows=[])
                    pieces, rows = [piece], 0
        yield pieces

    def _places(self, file: PlanFile) -> list[Place]:
        try:
            return self._folder.places(file.name, self._decoder.settings(file))
        except SheetFault as fault:
            raise Refused(f"{self.source.name}: {fault}") from None
        except OSError as error:
            raise Refused(
                f"{self.source.name}: the folder {self.source.folder} cannot be read ({error.strerror})"
            ) from None

    def _opened(self, file: PlanFile, place: Place) -> tuple[list[str], Iterator[Row]]:
        """The headings of a file, as they must be, and its rows. Raises Refused; so do the rows."""
        settings = self._decoder.settings(file)
        rows = self._read(place, settings.header_row)
        number, cells = next(rows, (0, []))
        headings = [_heading(cell) for cell in cells]
        while headings and not headings[-1]:
            headings.pop()
        if settings.header_row is not None and number != settings.header_row:
            raise Refused(
                f"{self.source.name}: {place}, row {settings.header_row} holds no headings: correct "
                f"tables.{file.name}.header_row"
            )
        if faults := heading_faults(file, str(place), headings, settings):
            taken = f"; its headings were taken from row {number}: tables.{file.name}.header_row names another"
            raise Refused(f"{self.source.name}: {faults[0]}{taken if number else ''}")
        return headings, rows

    def _read(self, place: Place, header_row: int | None) -> Iterator[Row]:
        with self._lock:
            self._opened_files += 1
        try:
            yield from read_rows(place, header_row)
        except SheetFault as fault:
            raise Refused(f"{self.source.name}: {fault}") from None

    def decode(self, stream: str, body: bytes) -> Batch:
        return self._decoder.decode(stream, body)

    # -------------------------------------------------------------- what files have no answer to

    def follow(self, stream: Stream, ids: Sequence[str]) -> list[Partition]:  # noqa: ARG002
        return []

    def fetch(self, stream: Stream, ids: Sequence[str]) -> list[Partition]:  # noqa: ARG002
        return []

    def count(self, stream: Stream, span: Span) -> Page:  # noqa: ARG002
        raise Refused(f"{self.source.name}: files are read, not counted")

    def census(self, stream: Stream, span: Span) -> Iterator[Page]:  # noqa: ARG002
        return self.pull(Partition(stream.name, ALL_FILES))

    def probe(self, stream: Stream, native_id: str) -> Page:  # noqa: ARG002
        raise Refused(f"{self.source.name}: a row of a file cannot be asked for")

    def decode_census(self, stream: str, body: bytes) -> Listing:
        rows = self.decode(stream, body).rows[stream]
        return Listing(ids=rows["native_id"].to_pylist())

    def judge(self, stream: Stream, page: Page, identity: Identity) -> Presence:  # noqa: ARG002
        return Presence(Availability.MISSING, "no longer in the file", proven=False)

    def progress(self) -> Mapping[str, float]:
        return {"requests": self._folder.looked + self._opened_files, "throttled_seconds": 0.0}

    def close(self) -> None:
        """Nothing is held open."""


def _heading(cell: Cell) -> str:
    return str(cell.get("day", "")) if isinstance(cell, dict) else "" if cell is None else str(cell)


def _line(row: int, number: int, cells: list[Cell], equals: dict[bytes, int] | None) -> Line:
    """Without the empty cells at its end."""
    while cells and cells[-1] is None:
        cells.pop()
    if equals is None:
        return (row, number, 0, cells)
    digest = blake2b(msgspec.json.encode([cell for cell in cells if cell is not None]), digest_size=16).digest()
    before = equals.get(digest, 0)
    equals[digest] = before + 1
    return (row, number, before, cells)
