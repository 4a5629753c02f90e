"""One sync: the lock, the hub file, all sources side by side, what their words mean, the published file.

The same function runs under the command line and, as tasks, under Prefect. A tool that fails is in the report and stops
nobody else; what the hub itself cannot do (a full disk, a file of a newer version) is raised. `data/run.json` tells
other processes how a run gets on, since none of them can open the hub file meanwhile.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import connectors
from connectors.contract import Reading
from flows.pull import SourceOutcome, pull_source, stream_facts
from flows.reading import in_parallel
from flows.rebuild import Connect, Rebuilt, Told, open_hub, untold
from flows.source_run import Progress, silent
from model.config import Settings, SourceSettings
from model.errors import ConfigError
from model.mapping import Rules
from model.vocabulary import RunState
from warehouse.desk import Desk
from warehouse.files import write_whole
from warehouse.hub import Hub, HubLock
from warehouse.landing import Landing
from warehouse.ledger import end_first_loads
from warehouse.meaning import WordToMap, renew_meaning
from warehouse.memory import keep_little_memory
from warehouse.publish import Published, publish

__all__ = ["OpenHub", "Pulling", "SyncReport", "chosen_sources", "publish_hub", "sync"]

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass
class SyncReport:
    """What a sync did."""

    started_at: datetime
    ended_at: datetime | None = None
    sources: list[SourceOutcome] = field(default_factory=list)
    to_be_mapped: list[WordToMap] = field(default_factory=list)
    published: Published | None = None
    rebuilt: Rebuilt | None = None

    @property
    def exit_status(self) -> int:
        """0 all well; else the one of the gravest failure."""
        return max((s.exit_status for s in self.sources), default=0)


@dataclass
class OpenHub:
    """The hub, opened to write: at most one at a time, over all processes. Raises Locked at once, or after waiting."""

    settings: Settings
    connect: Connect = connectors.connect
    told: Told = untold
    wait_seconds: float = 0.0
    hub: Hub = field(init=False)
    desk: Desk = field(init=False)
    rebuilt: Rebuilt | None = field(init=False, default=None)

    def __enter__(self) -> OpenHub:
        keep_little_memory()
        self._lock = HubLock(self.settings.data, wait_seconds=self.wait_seconds)
        try:
            self.desk = Desk(self.settings.data / "desk.sqlite")
            self.hub, self.archive, self.rebuilt = open_hub(self.settings, connect=self.connect, told=self.told)
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None and issubclass(kind, KeyboardInterrupt):
            return  # threads may be within the hub: the process is about to end, which lets go of everything
        self.hub.close()
        self.desk.close()
        self._lock.release()


def chosen_sources(settings: Settings, names: Sequence[str]) -> list[SourceSettings]:
    """The sources of these names, all if there are none. Raises ConfigError."""
    if not settings.sources:
        raise ConfigError(f"{settings.path} names no source: add a [sources.<name>] table, `pmo init` shows how")
    unknown = [name for name in names if name not in settings.sources]
    if unknown:
        known = ", ".join(settings.sources)
        raise ConfigError(f"there is no source {unknown[0]} in {settings.path}: it names {known}")
    return [settings.sources[name] for name in names or settings.sources]


class Pulling:
    """Sources pulled into the opened hub, each by a call of `pull`, as many threads at a time as the caller likes.

    As a context; `report` says what was done. Raises ConfigError, FileError, Locked when it begins.
    """

    def __init__(
        self,
        settings: Settings,
        names: Sequence[str] = (),
        *,
        full: bool = False,
        kind: str = "sync",
        wait_seconds: float = 0.0,
        connect: Connect = connectors.connect,
        progress: Progress = silent,
        told: Told = untold,
        clock: Clock = utc_now,
    ) -> None:
        self.report = SyncReport(clock())
        self.sources = chosen_sources(settings, names)
        self._settings = settings
        self._full, self._kind, self._progress, self._clock = full, kind, progress, clock
        self._opened = OpenHub(settings, connect, told, wait_seconds)
        self._connected = {source.name: connect(source) for source in self.sources}
        self._deciding = threading.Lock()

    def __enter__(self) -> Pulling:
        try:
            self._opened.__enter__()
        except BaseException:
            self._close_connectors()
            raise
        self.report.rebuilt = self._opened.rebuilt
        facts = {name: stream_facts(connector.streams) for name, connector in self._connected.items()}
        self._landing = Landing(self._opened.hub, self._opened.archive, facts)
        path = self._settings.data / "run.json"
        self._live = _LiveProgress(path, self._kind, [*self._connected], self._clock, self._progress)
        return self

    def __exit__(self, *error: Any) -> None:
        try:
            self._live.end(self.report.sources)
            self._opened.__exit__(*error)
        finally:
            self._close_connectors()
        self.report.ended_at = self._clock()

    def _close_connectors(self) -> None:
        for connector in self._connected.values():
            connector.close()

    def pull(self, source: SourceSettings) -> SourceOutcome:
        """Pulls one source; once more gives a new outcome in place of the old one. Raises what stops the hub itself."""

        def take_acceptance(run_id: str) -> bool:
            with self._deciding:
                found = self._opened.desk.open_acceptance(source.name)
                return found is not None and self._opened.desk.use_acceptance(found, run_id)

        outcome = pull_source(
            source,
            self._connected[source.name],
            self._landing,
            full=self._full,
            kind=self._kind,
            neighbours=[s for s in self._settings.sources.values() if s.name != source.name],
            take_acceptance=take_acceptance,
            progress=self._live,
            clock=self._clock,
        )
        if outcome.state is RunState.DONE:
            take_acceptance(outcome.run_id)  # nothing was held back any more: it is not kept for another loss
        with self._deciding:
            order = [*self._settings.sources]
            others = [known for known in self.report.sources if known.source != source.name]
            self.report.sources = sorted([*others, outcome], key=lambda one: order.index(one.source))
        return outcome

    def publish(self, *, publishing: bool = True) -> None:
        """Applies today's rules and people, and writes the portfolio file."""
        self.report.to_be_mapped, self.report.published = publish_hub(
            self._opened, publishing=publishing, now=self._clock()
        )


def sync(settings: Settings, names: Sequence[str] = (), *, publishing: bool = True, **options: Any) -> SyncReport:
    """Pulls the sources named (all by default) side by side, and publishes. Options: those of `Pulling`.

    Raises ConfigError, FileError, Locked; what stops the hub itself is raised when all sources have ended.
    """
    with Pulling(settings, names, **options) as pulling:

        def pull(source: SourceSettings) -> Iterator[BaseException]:
            try:
                pulling.pull(source)
            except BaseException as error:  # noqa: BLE001 - raised when the others have ended
                yield error

        at_once = min(settings.hub.sources_at_once, len(pulling.sources))
        for stopped in [*in_parallel(at_once, pulling.sources, pull, name="source")]:
            raise stopped
        pulling.publish(publishing=publishing)
    return pulling.report


def publish_hub(
    opened: OpenHub, *, publishing: bool = True, now: datetime | None = None
) -> tuple[list[WordToMap], Published | None]:
    """Applies today's rules and people, then writes the portfolio file."""
    settings = opened.settings
    opened.hub.reopen()  # what follows comes on top of what pulling left in memory
    with opened.hub.transaction():
        end_first_loads(opened.hub)
    rules = {name: _merged(opened.desk.rules(name), source.rules) for name, source in settings.sources.items()}
    to_be_mapped = renew_meaning(opened.hub, rules, opened.desk.confirmed_people())
    if not publishing:
        return to_be_mapped, None
    windowed = {}
    for name, source in settings.sources.items():
        streams = opened.connect(source).streams
        windowed[name] = [s.name for s in streams if s.reading is Reading.WINDOW]
    published = publish(
        opened.hub,
        settings.data,
        settings.hub,
        now=now,
        windowed=windowed,
        changes=opened.desk.queue.all(),
        past=opened.desk.past,
        keep_days=settings.keep.generations,
    )
    opened.hub.checkpoint()
    return to_be_mapped, published


def _merged(by_hand: Rules, configured: Rules) -> Rules:
    """What stands in the file wins over what was mapped by hand."""
    return Rules(
        status={**by_hand.status, **configured.status},
        priority={**by_hand.priority, **configured.priority},
        type={**by_hand.type, **configured.type},
    )


class _LiveProgress:
    """Passes progress on, and writes it to `data/run.json` once a second at most."""

    def __init__(self, path: Path, kind: str, sources: Sequence[str], clock: Clock, progress: Progress) -> None:
        self._path = path
        self._progress = progress
        self._clock = clock
        self._writing = threading.Lock()
        self._written = 0.0
        self._state: dict[str, object] = {
            "pid": os.getpid(),
            "kind": kind,
            "state": RunState.RUNNING.value,
            "started_at": clock().isoformat(),
            "ended_at": None,
        }
        self._sources: dict[str, dict[str, object]] = {s: {"state": RunState.RUNNING.value} for s in sources}
        self._write()

    def __call__(self, source: str, stream: str, doing: str, seen: int) -> None:
        with self._writing:
            self._sources[source] |= {"stream": stream, "doing": doing, "seen": seen}
            if time.monotonic() - self._written > 1.0:
                self._write()
        self._progress(source, stream, doing, seen)

    def end(self, outcomes: Sequence[SourceOutcome]) -> None:
        with self._writing:
            for outcome in outcomes:
                self._sources[outcome.source] = {"state": outcome.state.value}
            unwell = [o for o in outcomes if o.state is not RunState.DONE] or len(outcomes) < len(self._sources)
            self._state["state"] = (RunState.FAILED if unwell else RunState.DONE).value
            self._state["ended_at"] = self._clock().isoformat()
            self._write()

    def _write(self) -> None:
        self._written = time.monotonic()
        with suppress(OSError):  # a full disk will be told by those who need it
            self._write_state()

    def _write_state(self) -> None:
        write_whole(self._path, json.dumps({**self._state, "sources": self._sources}, indent=1))
