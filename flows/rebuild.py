"""Opening the hub file, and making it again from the raw archive where it is missing, older, or decoded otherwise.

A rebuild reads the archive's parts in order, through the same landing as a run, into a file of another name that takes
the hub file's place when it is whole. No tool is contacted, and no secret is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import connectors
from connectors.contract import Batch, Connector
from flows.pull import new_run_id, stream_facts
from flows.reading import decoded_body
from model.config import Settings, SourceSettings
from model.errors import ConfigError, FileError, NewerFile
from warehouse import ledger
from warehouse.base import begin_with_base
from warehouse.files import said_plainly, sync_folder
from warehouse.hub import Hub, NeedsRebuild
from warehouse.landing import Event, Landing, StreamFacts
from warehouse.raw import Entry, RawArchive, name_after

__all__ = ["Connect", "Rebuilt", "fresh_hub", "open_hub", "rebuild", "replayed"]

Connect = Callable[[SourceSettings], Connector]
Told = Callable[[int, int], None]
"""Told after each part: how many are done, of how many."""


@dataclass(frozen=True)
class Rebuilt:
    """What a rebuild read."""

    parts: int
    swept: int
    why: str


def untold(done: int, of: int) -> None:
    """Tells nobody."""


def hub_path(settings: Settings) -> Path:
    return settings.data / "hub.duckdb"


def open_hub(
    settings: Settings, *, connect: Connect = connectors.connect, told: Told = untold
) -> tuple[Hub, RawArchive, Rebuilt | None]:
    """The hub file, made new or made again where it must be. The caller holds the lock."""
    archive = RawArchive(settings.data / "raw")
    path = hub_path(settings)
    rebuilt = None
    try:
        hub = Hub(path, create=not (archive.parts() or archive.base()))
        changed = _decoded_otherwise(hub, settings)
        if changed:
            hub.close()
            raise NeedsRebuild(f"the fields of {', '.join(changed)} are named otherwise in {settings.path.name}")
    except NeedsRebuild as why:
        rebuilt = rebuild(settings, why=str(why), connect=connect, told=told)
        hub = Hub(path)
        _note_decoding(hub, archive, settings)
    archive.sweep(ledger.parts(hub))
    return hub, archive, rebuilt


def rebuild(
    settings: Settings,
    *,
    why: str = "asked for",
    connect: Connect = connectors.connect,
    told: Told = untold,
) -> Rebuilt:
    """Makes the hub file again from the raw archive. The old one stays until the new one is whole."""
    path, archive = hub_path(settings), RawArchive(settings.data / "raw")
    parts, swept = _parts_to_read(path, archive)
    making = path.with_name("hub.rebuild.duckdb")
    with fresh_hub(making) as hub:
        replayed(settings, hub, archive, parts, connect, told)
        hub.checkpoint()
    with said_plainly("rebuilding the hub", path):
        _remove(path)
        making.replace(path)
        sync_folder(path.parent)
    return Rebuilt(len(parts), swept, why)


@contextmanager
def fresh_hub(making: Path) -> Iterator[Hub]:
    """An empty hub file of that name, whatever a kill left there; removed if it does not come to its end."""
    _remove(making)
    hub = Hub(making, create=True)
    try:
        yield hub
    except BaseException:
        hub.close()
        _remove(making)
        raise
    hub.close()


def replayed(
    settings: Settings, hub: Hub, archive: RawArchive, parts: Sequence[str], connect: Connect, told: Told = untold
) -> None:
    """Fills an empty hub file with the archive's base, where it has one, and these parts behind it."""
    base = archive.base()
    if base is not None:
        begin_with_base(hub, archive.folder / base)
    replay = _Replay(settings, hub, archive, connect)
    for done, part in enumerate(parts, 1):
        replay.part(part)
        told(done, len(parts))


def _parts_to_read(path: Path, archive: RawArchive) -> tuple[list[str], int]:
    """What the ledger names, where there is one to ask; else all there is."""
    named: list[str] | None = None
    try:
        with closing(Hub(path)) as hub:
            named = ledger.parts(hub)
    except NewerFile:
        raise
    except (NeedsRebuild, FileError):
        pass  # older, damaged, or gone
    if named is None:
        return archive.parts(), 0
    missing = [part for part in named if not (archive.folder / part).exists()]
    if missing:
        raise FileError(
            f"the raw archive {archive.folder} lacks {missing[0]}"
            + (f" and {len(missing) - 1} more files" if missing[1:] else "")
            + ": put them back from a backup; nothing was changed"
        )
    swept = archive.sweep(named)
    return archive.parts(), len(swept)


def _decoded_otherwise(hub: Hub, settings: Settings) -> list[str]:
    """Sources whose answers would be understood otherwise today."""
    known = {name: ledger.known_source(hub, name) for name in settings.sources}
    return [n for n, k in known.items() if k and k.decode_fingerprint != settings.sources[n].decode_fingerprint]


def _note_decoding(hub: Hub, archive: RawArchive, settings: Settings) -> None:
    """What was decoded anew needs no further rebuild, whether or not the tool can be reached now."""
    for name in _decoded_otherwise(hub, settings):
        known = ledger.known_source(hub, name)
        assert known is not None
        fresh = replace(known, decode_fingerprint=settings.sources[name].decode_fingerprint)
        landing = Landing(hub, archive, {})
        landing.commit(name, new_run_id(datetime.now(UTC)), [], [Event("source_known", data=ledger.as_event(fresh))])


def _remove(path: Path) -> None:
    # the hub file first: without its write-ahead file it would be one of an earlier moment
    for file in (path, path.with_name(f"{path.name}.wal")):
        file.unlink(missing_ok=True)


class _Replay:
    """Lands archived parts, each answer understood by today's connector of its source."""

    def __init__(self, settings: Settings, hub: Hub, archive: RawArchive, connect: Connect) -> None:
        self._settings = settings
        self._hub = hub
        self._connect = connect
        self._connectors: dict[str, Connector] = {}  # by the name a source had then
        self._made: dict[str, Connector] = {}
        self._renames = archive.renames()
        self._facts: dict[str, dict[str, StreamFacts]] = {}
        self._landing = Landing(hub, archive, self._facts)

    def part(self, relative: str) -> None:
        self._know(relative.split("/")[0], int(Path(relative).stem))
        self._landing.replay(relative, self._decode)

    def _know(self, source: str, seq: int) -> None:
        """Finds who decodes the answers of a source, whatever it is called today."""
        name = name_after(self._renames, source, seq)
        known = ledger.known_source(self._hub, source)
        settings = self._settings.sources.get(name)
        if settings is None or (known is not None and known.kind != settings.type):
            if known is None:
                return  # its first part: who it is, and no records yet
            settings = SourceSettings(name=source, type=known.kind)
            if known.url:
                settings = settings.model_copy(update={"url": known.url})
        if settings.name not in self._made:
            self._made[settings.name] = self._connect(settings)
        self._connectors[source] = self._made[settings.name]
        self._facts[source] = stream_facts(self._connectors[source].streams)

    def _decode(self, entry: Entry) -> Batch:
        connector = self._connectors.get(entry.source)
        if connector is None:
            raise ConfigError(
                f"the raw archive holds answers of {entry.source}, and nothing says what kind of tool that is: "
                "put the source back into the configuration"
            )
        return decoded_body(connector, entry.stream, entry.partition, entry.body)
