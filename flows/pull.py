"""Pulling one source: the order of the steps, and what makes a run complete.

Who are we there; then each stream, parents first: finish an open window, read the new one, compare with the census,
judge what is absent; then what other rows' changes touched, and what completes them (history, cut lists). Every answer
and every decision goes through the outbox into the raw archive before it counts. DESIGN section 7 has the rules.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from connectors.contract import Connector, Identity, Partition, Reading, Stream, only
from flows.absence import settle_candidates, settle_delisted
from flows.census import fetch_again, recount, take_census
from flows.counted import read_counted
from flows.outbox import Outbox
from flows.reading import fetch_partitions
from flows.source_run import LossGuard, Progress, SourceRun, no_acceptance, silent
from model.columns import columns_of
from model.config import SourceSettings, share_projects
from model.errors import BadRecord, ConfigError, FileError, HubError, Inaccessible, NotFound, Refused, Transient
from model.records import Account, Issue, Project
from model.tables import SYNCED
from model.vocabulary import RunState
from warehouse import absence, ledger
from warehouse.absence import IdList
from warehouse.hub import Hub
from warehouse.landing import Landing, StreamFacts
from warehouse.ledger import instant
from warehouse.observed import Observing

__all__ = ["SourceOutcome", "StreamOutcome", "new_run_id", "pull_source", "stream_facts"]

_log = logging.getLogger(__name__)

HIDDEN = frozenset({401, 403, 404})
"""Answers to a part of a list that say nothing of what is in it."""

MOST_ROUNDS = 3
"""How often a run goes after rows that change while it completes them; the rest is left to the next run."""


@dataclass
class StreamOutcome:
    """What a run did with one stream, as in `model.records.StreamRun`."""

    stream: str
    state: RunState = RunState.DONE
    full: bool = False
    since_at: datetime | None = None
    through_at: datetime | None = None
    pages: int = 0
    requests: int = 0
    throttled_seconds: float = 0.0
    rows_seen: int = 0
    rows_new: int = 0
    rows_changed: int = 0
    rows_gone: int = 0
    quarantined: int = 0
    census: int | None = None
    present: int | None = None
    held_back: int = 0
    error: str | None = None


@dataclass
class SourceOutcome:
    """What a run did with one source.

    `error` is a sentence for people, `exit_status` the one of its error; `is_transient`: it may work a minute later.
    """

    source: str
    run_id: str
    state: RunState = RunState.RUNNING
    started_at: datetime | None = None
    ended_at: datetime | None = None
    requests: int = 0
    throttled_seconds: float = 0.0
    rows_changed: int = 0
    error: str | None = None
    exit_status: int = 0
    is_transient: bool = False
    streams: list[StreamOutcome] = field(default_factory=list)


def new_run_id(now: datetime) -> str:
    """Start time (UTC) and a random part: sorts by time, never the same twice."""
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"


def stream_facts(streams: Iterable[Stream]) -> dict[str, StreamFacts]:
    """What the hub must know of a source's streams."""
    streams = list(streams)
    return {
        s.name: StreamFacts(
            name=s.name,
            table=s.table,
            completed_by=tuple(
                f.name for f in streams if f.follows == s.name and f.reading is Reading.FOLLOW and not f.only_cut
            ),
            completes=s.follows if s.reading is Reading.FOLLOW else None,
            touches=s.touches,
            touches_by=s.touches_by,
            observing=Observing(s.name, tuple(s.observed), tuple(s.unstamped)) if s.observed else None,
        )
        for s in streams
    }


def pull_source(
    settings: SourceSettings,
    connector: Connector,
    landing: Landing,
    *,
    full: bool = False,
    kind: str = "sync",
    neighbours: Sequence[SourceSettings] = (),
    take_acceptance: Callable[[str], bool] = no_acceptance,
    progress: Progress = silent,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> SourceOutcome:
    """One run of one source. A tool's failure is in the outcome; what the hub itself cannot do is raised.

    `take_acceptance(run_id)` uses up an accepted loss of the source and says whether there was one. `neighbours` are
    the other sources of the configuration: none of them may read the same projects of the same instance.
    """
    run_id = new_run_id(clock())
    outbox = Outbox(landing, settings.name, run_id)
    run = SourceRun(
        source=settings.name,
        run_id=run_id,
        connector=connector,
        hub=landing.hub,
        outbox=outbox,
        guard=LossGuard(settings.loss_share, settings.loss_rows, settings.max_probes),
        take_acceptance=_once(lambda: take_acceptance(run_id)),
        progress=progress,
        clock=clock,
    )
    return _SourcePull(settings, run, full=full, kind=kind, neighbours=neighbours).run()


def _once(take: Callable[[], bool]) -> Callable[[], bool]:
    taken: list[bool] = []

    def ask() -> bool:
        if not taken:
            taken.append(take())
        return taken[0]

    return ask


class _SourcePull:
    def __init__(
        self,
        settings: SourceSettings,
        run: SourceRun,
        *,
        full: bool,
        kind: str,
        neighbours: Sequence[SourceSettings],
    ) -> None:
        self.settings = settings
        self.neighbours = neighbours
        self.run_ = run
        self.connector = run.connector
        self.hub = run.hub
        self.outbox = run.outbox
        self.full = full
        self.outcome = SourceOutcome(run.source, run.run_id, started_at=run.clock())
        self.outcomes: dict[str, StreamOutcome] = {}
        self._progress_before = dict(self.connector.progress())
        self._counts: dict[str, dict[str, int]] = {}
        self._listed: dict[str, IdList | None] = {}
        self._left_alone: set[str] = set()
        self._read_whole: set[str] = set()
        self._changed_at = self.outcome.started_at or run.clock()
        self.outbox.event("runs_abandoned", data={"at": instant(self.outcome.started_at)})
        self._log("begins", stream=None)
        self.outbox.event("run_started", data={"kind": kind, "at": instant(self.outcome.started_at)})

    # ---- the whole run ------------------------------------------------------------------------------------------

    def run(self) -> SourceOutcome:
        try:
            self._know_the_source(self.connector.identify())
            self._read_all()
        except FileError:
            raise  # nothing more can be written
        except HubError as error:
            self.outcome.state, self.outcome.error = RunState.FAILED, str(error)
            self.outcome.exit_status, self.outcome.is_transient = error.exit_status, isinstance(error, Transient)
        except (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError) as error:
            _log.exception("%s: a fault in pmo-hub", self.run_.source)
            self.outcome.state, self.outcome.exit_status = RunState.FAILED, 1
            self.outcome.error = (
                f"{self.run_.source}: pmo-hub met a fault of its own ({type(error).__name__}): report it, with what is "
                "printed above; the other sources are not touched"
            )
        self._end_streams()
        self._end()
        return self.outcome

    def _read_all(self) -> None:
        streams = self.connector.streams
        for stream in streams:
            if stream.reading is not Reading.FOLLOW:
                self._guarded(stream, self._read_stream)
        for stream in streams:
            if stream.reading is Reading.WINDOW:
                self._guarded(stream, self._read_touched)
        for stream in streams:
            if stream.reading is Reading.FOLLOW:
                self._guarded(stream, self._follow)
        for stream in streams:
            if stream.name in self._left_alone and self._has_grown(stream):
                self._guarded(stream, self._read_list)
        self._settle_lists()

    def _guarded(self, stream: Stream, step: Callable[[Stream, StreamOutcome], None]) -> None:
        """A stream that is refused fails alone; what stops everything goes on up."""
        outcome = self.outcomes.setdefault(stream.name, StreamOutcome(stream.name))
        if outcome.state is RunState.FAILED:
            return
        before = self.connector.progress()
        try:
            step(stream, outcome)
        except HubError as error:
            outcome.state, outcome.error = RunState.FAILED, str(error)
            if not isinstance(error, Refused | Inaccessible | NotFound | BadRecord):
                raise
        finally:
            after = self.connector.progress()
            outcome.requests += int(after["requests"] - before["requests"])
            outcome.throttled_seconds += after["throttled_seconds"] - before["throttled_seconds"]

    def _end_streams(self) -> None:
        self.outbox.flush()
        for name, outcome in self.outcomes.items():
            tally = self.outbox.tallies[name]
            outcome.pages, outcome.rows_seen = tally.pages, tally.seen
            outcome.rows_new, outcome.rows_changed, outcome.rows_gone = tally.new, tally.changed, tally.gone
            outcome.quarantined = tally.quarantined
            data = {name: value for name, value in vars(outcome).items() if name not in ("stream", "error")}
            data |= {"since_at": instant(outcome.since_at), "through_at": instant(outcome.through_at)}
            self.outbox.event("stream_ended", name, data)
            self._log(
                f"{outcome.state.value}: {outcome.rows_seen} seen, {outcome.rows_new} new, {outcome.rows_changed} "
                f"changed, {outcome.rows_gone} gone, {outcome.quarantined} in quarantine, {outcome.requests} requests",
                stream=name,
            )
        if self.outcome.state is RunState.FAILED:
            return
        short = [o for o in self.outcomes.values() if o.state is not RunState.DONE]
        if short:
            self.outcome.state, self.outcome.exit_status = RunState.INCOMPLETE, 1
            self.outcome.error = "; ".join(dict.fromkeys(o.error or o.stream for o in short))
        else:
            self.outcome.state = RunState.DONE
        # a stream that is refused does not keep the others from being known as they are now
        self._remember(settled=True)

    def _log(self, text: str, *, stream: str | None) -> None:
        fields = {"run": self.run_.run_id, "source": self.run_.source} | ({"stream": stream} if stream else {})
        _log.info("%s: %s%s", self.run_.source, f"{stream}: " if stream else "", text, extra=fields)

    def _end(self) -> None:
        progress = self.connector.progress()
        outcome = self.outcome
        outcome.ended_at = self.run_.clock()
        outcome.requests = int(progress["requests"] - self._progress_before["requests"])
        outcome.throttled_seconds = progress["throttled_seconds"] - self._progress_before["throttled_seconds"]
        self.outbox.flush()
        outcome.rows_changed = sum(t.changed for t in self.outbox.tallies.values())
        outcome.streams = list(self.outcomes.values())
        self._log(f"{outcome.state.value}{': ' + outcome.error if outcome.error else ''}", stream=None)
        self.outbox.event(
            "run_ended",
            data={
                "state": outcome.state.value,
                "at": instant(outcome.ended_at),
                "requests": outcome.requests,
                "throttled_seconds": outcome.throttled_seconds,
                "rows_changed": outcome.rows_changed,
                "error": outcome.error,
            },
        )
        self.outbox.flush()

    # ---- who is asked -------------------------------------------------------------------------------------------

    def _know_the_source(self, identity: Identity) -> None:
        """Refuses another instance. Where what may be seen has changed, all is read and nothing called gone."""
        self.run_.identity = identity
        for page in identity.pages:
            self.outbox.answer("identity", page)
        known = ledger.known_source(self.hub, self.run_.source)
        if known is not None and (known.kind, known.instance) != (self.settings.type, identity.instance):
            raise ConfigError(
                f"{self.run_.source}: it was read from {known.instance} so far, and url now leads to "
                f"{identity.instance}: give the new one a name of its own, or set url back"
            )
        with self.hub.lock:  # sources start side by side: the second must find the first
            self._refuse_double_reading(identity)
            self._note_identity(known, identity)
            self.outbox.flush()

    def _note_identity(self, known: ledger.KnownSource | None, identity: Identity) -> None:
        seen_alike = known is not None and (known.account_id, known.scope, known.filter_fingerprint) == (
            identity.account_id,
            identity.scope,
            self.settings.filter_fingerprint,
        )
        settled = known is not None and seen_alike and known.settled
        self.run_.cautious = not settled
        self._changed_at = known.changed_at if known is not None and seen_alike else identity.now
        self._remember(settled=settled)

    def _refuse_double_reading(self, identity: Identity) -> None:
        """Two sources must not read the same projects of one instance: everything would count twice."""
        configured = {other.name: other for other in self.neighbours}
        for name in ledger.sources_of(self.hub, self.settings.type, identity.instance):
            if name in configured and share_projects(self.settings, configured[name]):
                raise ConfigError(
                    f"{self.run_.source} and {name} both read {identity.instance}, and the same projects of it: "
                    "everything would count twice; remove one of them, or name different projects"
                )
            if name != self.run_.source and name not in configured:
                raise ConfigError(
                    f"{identity.instance} was read as {name} so far, which is not in the configuration any more: "
                    f"run `pmo source rename {name} {self.run_.source}` to go on under the new name"
                )

    def _remember(self, *, settled: bool) -> None:
        """Notes what the source is now; `settled` once a run has read everything as that."""
        identity, projects = self.run_.identity, self.settings.projects
        facts = ledger.KnownSource(
            kind=self.settings.type,
            url=self.settings.url,
            instance=identity.instance,
            account_id=identity.account_id,
            scope=identity.scope,
            projects=None if projects is None else list(projects),
            filter_fingerprint=self.settings.filter_fingerprint,
            decode_fingerprint=self.settings.decode_fingerprint,
            changed_at=self._changed_at,
            settled=settled,
        )
        if ledger.known_source(self.hub, self.run_.source) != facts:
            self.outbox.event("source_known", data=ledger.as_event(facts))

    # ---- one stream ---------------------------------------------------------------------------------------------

    def _read_stream(self, stream: Stream, outcome: StreamOutcome) -> None:
        if stream.reading is Reading.ALL:
            if self._is_list_due(stream):
                self._read_list(stream, outcome)
            else:
                self._left_alone.add(stream.name)
        elif stream.reading is Reading.COUNTED:
            owners = only(self.connector.streams, stream.follows or "")
            whole = self._is_whole_due(owners) and ledger.open_window(self.hub, self.run_.source, owners.name) is None
            self._counts[stream.name] = read_counted(self.run_, stream, read_whole=whole)
            self._close_window(stream, self.run_.identity.now, full=whole)
        else:
            self._read_windows(stream, outcome)
            self._compare(stream, outcome)
            self._note_counts(stream)

    def _is_list_due(self, stream: Stream) -> bool:
        """Lists that seldom change are read again by age; all of them where what may be seen has changed."""
        if stream.refresh_hours is None or self.full or self.run_.cautious:
            return True
        read_at = ledger.cursor(self.hub, self.run_.source, stream.name).through_at
        return read_at is None or not (
            timedelta(0) <= self.run_.identity.now - read_at < timedelta(hours=stream.refresh_hours)
        )

    def _has_grown(self, stream: Stream) -> bool:
        """A list that was not due, and that what was read since needs a new entry of. Accounts tell their names."""
        self.outbox.flush()
        unknown = absence.refers_to_unknown(self.hub, self.run_.source, stream.table, self.run_.run_id)
        return stream.table != Account.table and unknown

    def _note_counts(self, owners: Stream) -> None:
        """What was counted before these records were read is known from now on."""
        for stream in self.connector.streams:
            if stream.reading is Reading.COUNTED and stream.follows == owners.name:
                for key, total in self._counts.get(stream.name, {}).items():
                    self.outbox.event("counted", stream.name, {"key": key, "total": total})

    def _read_list(self, stream: Stream, outcome: StreamOutcome) -> None:
        """A reference list, whole. What it lacks is judged; records that do not fit are listed all the same."""
        outcome.full = True
        self._read_whole.add(stream.name)
        plan = self.connector.plan(stream, None)
        hidden = False
        for page in plan.pages:
            self.outbox.answer("plan", page)
            hidden = hidden or page.status in HIDDEN
        listed: list[str] = []
        unnamed = False
        appeared = _Appeared(self.hub, self.run_.source) if stream.table == Project.table else None
        try:
            for fetched in fetch_partitions(self.connector, plan.partitions):
                self.outbox.answer("page", fetched.page, fetched.batch)
                hidden = hidden or fetched.page.status in HIDDEN
                if fetched.batch is not None:
                    rows = fetched.batch.rows.get(stream.table)
                    listed += rows.column("native_id").to_pylist() if rows is not None else []
                    listed += [r.native_id for r in fetched.batch.rejects if r.native_id]
                    unnamed = unnamed or any(r.native_id is None for r in fetched.batch.rejects)
                    if appeared is not None and rows is not None:
                        appeared.note(rows)
                if appeared is None:
                    self.outbox.flush_if_due()
        finally:  # what came before a failure is committed too, and known from then on
            for window in self._blind_to(appeared):
                self.outbox.event("whole_due", window.name)
        outcome.through_at = self.run_.identity.now
        self._close_window(stream, self.run_.identity.now, full=True)
        self.outbox.flush()
        if hidden and not stream.probes:
            self._note_sure(stream, outcome, unsettled=True)
            return  # what we may not see is not gone, and nobody has counted it
        candidates = absence.held_not_in(self.hub, self.run_.source, stream.table, listed)
        if stream.probes or not unnamed:
            outcome.held_back = settle_candidates(self.run_, stream, candidates)
        self._note_sure(stream, outcome, unsettled=bool(candidates) and (self.run_.cautious or unnamed))
        self._note_census(stream, outcome, len(set(listed)))

    def _blind_to(self, appeared: _Appeared | None) -> list[Stream]:
        """Windows that miss what an older project brings along when it comes into sight: its records are not new.

        No census finds them for sure: a count may be the same, and a list of ids shows no edits.
        """
        if appeared is None:
            return []
        windows = [s for s in self.connector.streams if s.reading is Reading.WINDOW]
        cursors = [ledger.cursor(self.hub, self.run_.source, s.name) for s in windows]
        return [s for s, c in zip(windows, cursors, strict=True) if c.through_at and appeared.before(c.through_at)]

    def _read_windows(self, stream: Stream, outcome: StreamOutcome) -> None:
        """Finishes an open window first, then opens and reads its own."""
        unfinished = ledger.open_window(self.hub, self.run_.source, stream.name)
        if unfinished is not None:
            undone = ledger.undone_partitions(self.hub, self.run_.source, stream.name)
            self._read_partitions(stream, [Partition(stream.name, key, spec) for key, spec in undone])
            self._close_window(stream, unfinished.until_at, full=unfinished.is_full)
            self.outbox.flush()
        cursor = ledger.cursor(self.hub, self.run_.source, stream.name)
        now = self.run_.identity.now
        just_read_whole = unfinished is not None and unfinished.is_full
        outcome.full = self._is_whole_due(stream, just_read_whole=just_read_whole)
        if outcome.full or just_read_whole:
            self._read_whole.add(stream.name)
        if cursor.through_at is not None and not outcome.full:
            outcome.since_at = cursor.through_at - timedelta(minutes=self.settings.overlap_minutes)
        plan = self.connector.plan(stream, outcome.since_at)
        listed = IdList(self.hub) if plan.lists_all else None
        for page in plan.pages:
            self.outbox.answer("plan", page)
            self.outbox.flush_if_due()
            if listed is not None:
                listed.add(self.connector.decode_census(stream.name, page.body).ids)
        self._listed[stream.name] = listed
        self.outbox.event(
            "window_opened",
            stream.name,
            {
                "since": instant(outcome.since_at),
                "until": instant(now),
                "full": outcome.full,
                "tables": _brought_along(stream),
                "partitions": [[p.key, dict(p.spec)] for p in plan.partitions],
            },
        )
        self.outbox.flush()  # what is read in this window is known to be later than its opening
        self._read_partitions(stream, plan.partitions)
        self._close_window(stream, now, full=outcome.full)
        outcome.through_at = now

    def _is_whole_due(self, stream: Stream, *, just_read_whole: bool = False) -> bool:
        if self.full and not just_read_whole:
            return True
        cursor = ledger.cursor(self.hub, self.run_.source, stream.name)
        if cursor.through_at is None or cursor.full_at is None or cursor.full_at < self._changed_at:
            return True
        if cursor.through_at > self.run_.identity.now:
            return True  # the tool's clock ran ahead then: what was edited since may lie before the window
        if stream.full_every_days is None:
            return False
        return self.run_.identity.now - cursor.full_at >= timedelta(days=stream.full_every_days)

    def _read_partitions(self, stream: Stream, partitions: Sequence[Partition]) -> None:
        """Reads partitions of the open window; rows and finished partitions are committed together."""
        for fetched in fetch_partitions(self.connector, partitions):
            self.outbox.answer("page", fetched.page, fetched.batch)
            if fetched.page.last:
                self.outbox.partition_done(stream.name, fetched.partition.key)
            self.outbox.flush_if_due()
            tally = self.outbox.tallies[stream.name]
            self.run_.progress(self.run_.source, stream.name, "reading", tally.seen)

    def _close_window(self, stream: Stream, through: datetime, *, full: bool) -> None:
        data = {"table": stream.table, "through": instant(through), "full": full}
        self.outbox.event("window_closed", stream.name, data)

    def _compare(self, stream: Stream, outcome: StreamOutcome) -> None:
        result = take_census(self.run_, stream, self._listed.pop(stream.name, None))
        if result is None:
            return
        outcome.held_back = settle_candidates(self.run_, stream, result.candidates)
        unsettled = bool(result.candidates) and self.run_.cautious
        if unsettled:
            # held although we do not see it now: what is edited in it meanwhile shows nowhere once it is back
            self.outbox.event("whole_due", stream.name)
        self._note_sure(stream, outcome, unsettled=unsettled)
        self._note_census(stream, outcome, result.total)
        if self._falls_short(stream, outcome):
            # records may have gone while we counted: what the tool says now decides
            again = recount(self.run_, stream)
            self._note_census(stream, outcome, again)
        if self._falls_short(stream, outcome):
            outcome.state = RunState.INCOMPLETE
            outcome.error = (
                f"{self.run_.source}: {stream.name}: the tool says that there are {outcome.census}, and "
                f"{outcome.present} landed: run `pmo sync {self.run_.source} --full`"
            )

    def _note_sure(self, stream: Stream, outcome: StreamOutcome, *, unsettled: bool) -> None:
        """Up to when edits are in each row that is held, so that what is found later happened later.

        Not known, until all is read again, once a row was held that the tool did not show, or a page was not
        understood. An index may lag behind, which is what windows overlap for.
        """
        if not stream.observed:
            return
        self.outbox.flush()
        before = ledger.cursor(self.hub, self.run_.source, stream.name).sure_at
        missed = unsettled or outcome.held_back or absence.has_unread(self.hub, self.run_.source, stream.name)
        sure_at = None
        if outcome.through_at is not None and not missed and (stream.name in self._read_whole or before):
            sure_at = outcome.through_at - timedelta(minutes=self.settings.overlap_minutes)
        if sure_at != before:
            self.outbox.event("sure_through", stream.name, {"at": instant(sure_at)})

    def _falls_short(self, stream: Stream, outcome: StreamOutcome) -> bool:
        unfit = absence.quarantined_count(self.hub, self.run_.source, stream.name, stream.table)
        return (outcome.present or 0) + unfit < (outcome.census or 0)

    def _note_census(self, stream: Stream, outcome: StreamOutcome, total: int) -> None:
        self.outbox.flush()
        outcome.census = total
        outcome.present = absence.held_count(self.hub, self.run_.source, stream.table)
        self.outbox.event(
            "census_taken",
            stream.name,
            {
                "table": stream.table,
                "census": total,
                "present": outcome.present,
                "held_back": outcome.held_back,
                "at": instant(self.run_.identity.now),
            },
        )

    # ---- what changes elsewhere make read -----------------------------------------------------------------------

    def _read_touched(self, stream: Stream, _outcome: StreamOutcome) -> None:
        """Rows the tool changed without saying so, because a row of another stream did."""
        for ids in self._pending(stream):
            fetch_again(self.run_, stream, ids)
            self.outbox.event("pending_settled", stream.name, {"ids": ids})
            self.outbox.flush()

    def _follow(self, stream: Stream, outcome: StreamOutcome) -> None:
        """Completes new and changed rows; rows that change meanwhile are completed again, a few times."""
        unanswered: set[str] = set()
        for _ in range(MOST_ROUNDS):
            asked = 0
            for ids in self._pending(stream, held_in=only(self.connector.streams, stream.follows or "").table):
                due = [i for i in ids if i not in unanswered]
                asked += len(due)
                unanswered |= self._complete(stream, due)
            if not asked:
                break
        outcome.through_at = self.run_.identity.now
        self._close_window(stream, self.run_.identity.now, full=False)

    def _complete(self, stream: Stream, ids: Sequence[str]) -> set[str]:
        """Gives back those that gave no whole list: gone or hidden by now, or not to be understood. They stay due."""
        completed: set[str] = set()
        misread: set[str] = set()  # partitions with a page that was refused, or could not be understood at all
        for fetched in fetch_partitions(self.connector, self.connector.follow(stream, ids)):
            self.run_.take(fetched.page, fetched.batch)
            key = fetched.partition.key
            if fetched.batch is None:
                misread.add(key)
            else:
                completed.update(*fetched.batch.complete.values())
                misread.update(key for reject in fetched.batch.rejects if reject.native_id == f"{key}/")
            if fetched.page.last and key not in misread and fetched.partition.completes:
                completed.update(fetched.partition.completes)
                self.outbox.event("pending_settled", stream.name, {"ids": list(fetched.partition.completes)})
        self.outbox.flush()
        return {i for i in ids if i not in completed}

    def _pending(self, stream: Stream, *, held_in: str | None = None) -> Iterable[list[str]]:
        after = ""
        while True:
            self.outbox.flush()
            ids = ledger.pending(self.hub, self.run_.source, stream.name, held_in=held_in, after=after)
            if not ids:
                return
            yield ids
            after = ids[-1]

    def _settle_lists(self) -> None:
        for name, held_back in settle_delisted(self.run_, self.connector.streams).items():
            outcome = self.outcomes.get(name)
            if outcome is not None:
                outcome.held_back += held_back


def _brought_along(stream: Stream) -> list[str]:
    """Tables whose rows come with the records of this stream: its own, and the parts of issues."""
    if stream.table != Issue.table:
        return [stream.table]
    refs = {record: {column.name: column.ref for column in columns_of(record)} for record in SYNCED}
    parts = [r.table for r in SYNCED if r.owners and refs[r][r.owners[0]] == Issue.table]
    return [stream.table, *parts]


class _Appeared:
    """Projects that come into sight with a list: new to the hub, or back."""

    def __init__(self, hub: Hub, source: str) -> None:
        self._held = set(absence.held_not_in(hub, source, Project.table, []))
        self._created: list[datetime | None] = []

    def note(self, rows: pa.Table) -> None:
        for native_id, created_at in zip(rows["native_id"].to_pylist(), rows["created_at"].to_pylist(), strict=True):
            if native_id not in self._held:
                self._created.append(created_at)

    def before(self, at: datetime | None) -> bool:
        """Whether one of them may be older than that."""
        return any(c is None or at is None or c.replace(tzinfo=UTC) < at for c in self._created)
