"""The raw archive: every answer that decided anything, and every decision, as Parquet parts that only ever are added.

Parts of long ago may be folded into one base, a hub file of that moment (`warehouse.base`): it stands before all
others. A part is written under another name, synced, renamed, and then named in the hub file's ledger within the
transaction of its rows. What the ledger does not name was never committed and is swept. Entries are ordered by `seq`,
which grows over all parts; an entry is an answer (of one of several kinds, see `warehouse.landing`) or an `event` of
the ledger, so that the hub file can be made again from nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from model.errors import FileError
from warehouse.files import plain, replace_synced

__all__ = ["BASE", "EVENT", "Entry", "RawArchive", "Rename", "name_after", "seq_of"]

EVENT = "event"
BASE = "base-"

Rename = tuple[int, str, str]
"""When a source was given another name: seq, old name, new name."""

_SCHEMA = pa.schema(
    [
        ("seq", pa.int64()),
        ("source", pa.string()),
        ("stream", pa.string()),
        ("run_id", pa.string()),
        ("kind", pa.string()),
        ("partition", pa.string()),
        ("request", pa.string()),
        ("status", pa.int16()),
        ("last", pa.bool_()),
        ("fetched_at", pa.timestamp("us")),
        ("body", pa.large_binary()),
    ]
)
_FORMAT = b"pmo-hub raw 1"
GROUP_BYTES = 2_000_000


@dataclass(frozen=True)
class Entry:
    """One answer or event. `fetched_at` is UTC; `body` is as received (an event's: JSON)."""

    seq: int
    source: str
    stream: str
    run_id: str
    kind: str
    partition: str
    request: str
    status: int
    last: bool
    fetched_at: datetime
    body: bytes


class RawArchive:
    """The folder `raw/` below the data folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, source: str, run_id: str, entries: Sequence[Entry]) -> tuple[str, int]:
        """One part, durable when this returns: its path relative to the archive, and its size in bytes."""
        relative = f"{source}/{run_id}/{entries[0].seq:012d}.parquet"
        final = self.folder / relative
        part = final.with_suffix(".part")
        try:
            final.parent.mkdir(parents=True, exist_ok=True)
            with pq.ParquetWriter(
                part,
                _SCHEMA.with_metadata({b"format": _FORMAT}),
                compression="zstd",
                compression_level=1,
                use_dictionary=False,
                write_statistics=False,
            ) as writer:
                for group in _groups(entries):
                    writer.write_table(_table(group))
            replace_synced(part, final)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise plain(error, "writing the raw archive", self.folder) from error
        return relative, final.stat().st_size

    def discard(self, relative: str) -> None:
        """Takes back a part whose transaction did not commit."""
        (self.folder / relative).unlink(missing_ok=True)

    def base(self) -> str | None:
        """What the oldest parts were folded into; None: nothing was."""
        return max((path.name for path in self.folder.glob(f"{BASE}*.duckdb")), default=None)

    def parts(self) -> list[str]:
        """All finished parts that a base does not hold, in the order they were written; the base is not among them."""
        base = self.base()
        folded = seq_of(base) if base else 0
        found = [str(p.relative_to(self.folder)) for p in self.folder.glob("*/*/*.parquet")]
        # by its first entry: a part is folded whole
        return sorted((r for r in found if seq_of(r) > folded), key=seq_of)

    def sweep(self, named: Iterable[str]) -> list[str]:
        """Removes what was never committed, or was folded: what is unfinished, and what the ledger does not name."""
        keep = set(named)
        swept = [path for ending in ("*/*/*.part", f".{BASE}*") for path in self.folder.glob(ending)]
        finished = [*self.folder.glob("*/*/*.parquet"), *self.folder.glob(f"{BASE}*.duckdb")]
        swept += [path for path in finished if str(path.relative_to(self.folder)) not in keep]
        for path in swept:
            path.unlink(missing_ok=True)
        for path in [*self.folder.glob("*/*/"), *self.folder.glob("*/")] if swept else ():
            with suppress(OSError):
                path.rmdir()  # only where nothing is left in it
        return [str(p.relative_to(self.folder)) for p in swept]

    def renames(self, parts: Sequence[str] | None = None) -> list[Rename]:
        """When sources were given other names, in order: in these parts, or in all there are."""
        try:
            read = self.parts() if parts is None else parts
            return sorted(rename for relative in read for rename in _renamed_in(self.folder / relative))
        except (pa.ArrowException, OSError):
            return []  # damaged: told by whoever reads that part

    def read(self, relative: str) -> list[Entry]:
        """The entries of a part, in order: as much as one commit holds. Raises FileError if it is damaged."""
        path = self.folder / relative
        try:
            return [_entry(row) for row in pq.read_table(path, use_threads=False).to_pylist()]
        except (pa.ArrowException, OSError) as error:
            raise FileError(
                f"the raw archive's file {path} is damaged or cut short ({_brief(error)}): put it back from a backup; "
                "nothing was changed"
            ) from error


def seq_of(relative: str) -> int:
    """The number in the name of a part, which is its first entry's; of a base, the last it holds."""
    return int(Path(relative).stem.removeprefix(BASE))


def name_after(renames: Iterable[Rename], source: str, seq: int) -> str:
    """What a source that had this name at `seq` is called after these renames, given in order."""
    for renamed_seq, old, new in renames:
        if renamed_seq > seq and old == source:
            source = new
    return source


def _groups(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """Entries as they go together into the file: some megabytes at once, so that a large part needs little memory."""
    group: list[Entry] = []
    size = 0
    for entry in entries:
        group.append(entry)
        size += len(entry.body)
        if size >= GROUP_BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group


def _table(entries: Sequence[Entry]) -> pa.Table:
    columns = {
        name: [getattr(e, name) if name != "fetched_at" else e.fetched_at.astimezone(UTC) for e in entries]
        for name in _SCHEMA.names
    }
    return pa.Table.from_pydict(columns, schema=_SCHEMA)


def _renamed_in(path: Path) -> list[Rename]:
    found = pq.read_table(
        path, columns=["seq", "body"], filters=[("kind", "=", EVENT), ("request", "=", "source_renamed")]
    )
    renames = [(row["seq"], json.loads(row["body"])) for row in found.to_pylist()]
    return [(seq, data["from"], data["to"]) for seq, data in renames]


def _entry(row: dict[str, object]) -> Entry:
    fetched_at = row["fetched_at"]
    assert isinstance(fetched_at, datetime)
    return Entry(**{**row, "fetched_at": fetched_at.replace(tzinfo=UTC)})  # type: ignore[arg-type]


def _brief(error: Exception) -> str:
    return str(error).splitlines()[0][:120] if str(error) else type(error).__name__
