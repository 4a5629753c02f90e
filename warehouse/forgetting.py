"""A person's words replaced in every file below the data folder, and searched for afterwards.

Parts of the raw archive, workbooks and texts are written here, DuckDB and SQLite files in modules of their own; each
under another name first, and only where it holds a word. Which words, and in which order: `flows.forget`.
"""

from __future__ import annotations

import io
import os
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from model.forgetting import Forgetter
from warehouse.files import replace_synced, said_plainly
from warehouse.forget_duckdb import duckdb_places, forget_in_base
from warehouse.forget_sqlite import forget_in_sqlite, sqlite_places
from warehouse.raw import Entry, RawArchive

__all__ = ["Found", "Rewritten", "forget_in_archive", "forget_in_files", "held_in_file", "remaining"]

HUB_FILES = ("hub.duckdb", "hub.rebuild.duckdb", "hub.lock")
_ZIPPED = (".xlsx", ".zip")
_SQLITE = b"SQLite format 3\x00"


@dataclass
class Rewritten:
    """How many files of each kind were written anew."""

    files: dict[str, int] = field(default_factory=dict)

    def note(self, kind: str, files: int = 1) -> None:
        """So many more."""
        if files:
            self.files[kind] = self.files.get(kind, 0) + files


@dataclass(frozen=True)
class Found:
    """Where a word still stands. `path` is relative to the data folder."""

    path: str
    place: str


# ---- the raw archive ---------------------------------------------------------------------------------------------


def forget_in_archive(archive: RawArchive, forgetter: Forgetter, done: Rewritten) -> None:
    """Writes the parts anew that hold a word, under the names they have. Raises FileError for a damaged one."""
    if forget_in_base(archive, forgetter):
        done.note("raw")
    for relative in archive.parts():
        entries = archive.read(relative)
        fresh = [_without(entry, forgetter) for entry in entries]
        if fresh != entries:
            source, run_id, _ = relative.split("/")
            archive.write(source, run_id, fresh)
            done.note("raw")


def _without(entry: Entry, forgetter: Forgetter) -> Entry:
    body = _zipped(entry.body, forgetter) if entry.body[:2] == b"PK" else forgetter.body(entry.body)
    request, partition = forgetter.text(entry.request), forgetter.text(entry.partition)
    if (body, request, partition) == (entry.body, entry.request, entry.partition):
        return entry
    return replace(entry, body=body, request=request, partition=partition)


# ---- texts and workbooks -----------------------------------------------------------------------------------------


def forget_in_files(data: Path, forgetter: Forgetter, done: Rewritten, *, but: tuple[Path, ...] = ()) -> None:
    """All other files of the folder: reports, logs, backups of the desk, Prefect's database; `but` these."""
    for path in _others(data):
        if path in but:
            continue
        with said_plainly("forgetting", path):
            head = path.open("rb").read(len(_SQLITE))
            if head == _SQLITE:
                changed = forget_in_sqlite(path, forgetter)
            elif path.parent.name == "stray":
                changed = forgetter.is_within(path.read_bytes())
                if changed:
                    path.unlink()  # what a reader wrote into a published file, in DuckDB's own form: nobody reads it
            else:
                changed = _forget_in_file(path, forgetter)
        if changed:
            done.note("other")


def _others(data: Path) -> list[Path]:
    """Files that no other part takes care of. Write-ahead files go with their SQLite files."""
    found = []
    for folder, _, names in os.walk(data):
        for name in names:
            path = Path(folder) / name
            kept = path.is_relative_to(data / "raw") or name.startswith(HUB_FILES) or path.is_symlink()
            if not kept and path.suffix != ".duckdb" and not name.endswith(("-wal", "-shm", "-journal")):
                found.append(path)
    return sorted(found)


def _forget_in_file(path: Path, forgetter: Forgetter) -> bool:
    body = path.read_bytes()
    fresh = _zipped(body, forgetter) if path.suffix in _ZIPPED else forgetter.body(body)
    if fresh == body:
        return False
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(fresh)
    shutil.copymode(path, part)
    replace_synced(part, path)
    return True


def _zipped(body: bytes, forgetter: Forgetter) -> bytes:
    """A workbook with its members gone through; the same bytes where none holds a word."""
    made = io.BytesIO()
    changed = False
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
            for member in old.infolist():
                content = old.read(member)
                fresh = forgetter.body(content)
                changed = changed or fresh != content
                new.writestr(member, fresh)
    except (zipfile.BadZipFile, NotImplementedError):
        return forgetter.body(body)
    return made.getvalue() if changed else body


# ---- afterwards --------------------------------------------------------------------------------------------------


def remaining(data: Path, forgetter: Forgetter) -> Iterator[Found]:
    """Where a word still stands, in any file, as it lies there and unpacked. The hub must be closed."""
    before = forgetter.replaced
    for folder, _, names in os.walk(data):
        for name in sorted(names):
            path = Path(folder) / name
            if not path.is_symlink():
                relative = str(path.relative_to(data))
                yield from (Found(relative, place) for place in dict.fromkeys(_places(path, forgetter)))
    forgetter.replaced = before


def _places(path: Path, forgetter: Forgetter) -> Iterator[str]:
    body = path.read_bytes()
    if forgetter.is_within(body):
        yield "its bytes"
    if path.suffix == ".parquet":
        yield from _parquet_places(path, forgetter)
    elif path.suffix == ".duckdb":
        yield from duckdb_places(path, forgetter)
    elif body.startswith(_SQLITE):
        yield from sqlite_places(path, forgetter)
    elif path.suffix in _ZIPPED and _zipped(body, forgetter) != body:
        yield "its members"


def held_in_file(path: Path, forgetter: Forgetter) -> bool:
    """Whether a text or workbook holds a word."""
    body = path.read_bytes()
    return (_zipped(body, forgetter) if body[:2] == b"PK" else forgetter.body(body)) != body


def _parquet_places(path: Path, forgetter: Forgetter) -> Iterator[str]:
    for entry in RawArchive(path.parent).read(path.name):
        if _without(entry, forgetter) != entry:
            yield f"entry {entry.seq}"
