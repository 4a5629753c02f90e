"""Pushing: what was approved, read afresh, planned, sent, read back; the same function for the plan and the deed.

Each source by itself. Issues are looked at some hundred at a time, a request is sent where `model.plan` says so, and
they are looked at again, until each change has come to its end. All that is seen lands in the hub as in a sync. Before
each request its step stands on the desk. DESIGN section 8.
"""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import connectors
from connectors.contract import Connector, Write, Writer
from flows.look import look_at
from flows.outbox import Outbox
from flows.pull import new_run_id, stream_facts
from flows.reading import in_parallel
from flows.rebuild import Connect, Told, untold
from flows.source_run import Progress, silent
from flows.sync import OpenHub, chosen_sources, publish_hub
from model.change import WRITABLE, Decision, KnownWord, NativeValue, Step, WantedChange
from model.config import Settings, SourceSettings
from model.errors import ConfigError, Inaccessible, NotFound, Refused, SourceError, Stale, Transient
from model.plan import (
    DONE,
    NOT_SENT,
    REFUSED,
    UNKNOWN,
    Live,
    PlannedChange,
    SentStep,
    is_anothers,
    no_way_back,
    overwritten,
    plan_change,
    plan_hash,
)
from model.vocabulary import ChangeState, RunState
from warehouse import ledger
from warehouse.landing import Landing
from warehouse.ledger import instant
from warehouse.publish import Published
from warehouse.queue import UNDER_WAY, Note, Queue
from warehouse.workflow import Workflow, sample_issues, seen_steps, words_of

__all__ = ["PushReport", "SourcePushed", "push"]

_log = logging.getLogger(__name__)

_DECLINED = (Refused, Inaccessible, NotFound, Stale)
"""The tool said no, and did nothing."""

AT_ONCE = 400
"""Issues that are looked at and written before the next ones. What is decided may be some seconds old when it is sent:
the tool refuses what is no longer so, or the issue is looked at once more."""
MOST_SAMPLES = 3
"""How many statuses beyond the present one are looked up for a route, each time by issues that are there."""
MOST_ROUNDS = 40
"""Requests a change may take, be its route as long as it will."""
MARK = "(pmo change {})"
"""In a comment that is left in the tool, so that it is found again."""


@dataclass
class SourcePushed:
    """What a push did, or would do, with the changes of one source. `error`: why it stopped, a sentence."""

    source: str
    run_id: str
    planned: list[PlannedChange] = field(default_factory=list)
    results: list[WantedChange] = field(default_factory=list)
    requests: int = 0
    writes: int = 0
    notes: int = 0
    error: str | None = None
    exit_status: int = 0


@dataclass
class PushReport:
    """A plan, and what became of it. `applied` False: nothing was sent."""

    hash: str = ""
    applied: bool = False
    sources: list[SourcePushed] = field(default_factory=list)
    published: Published | None = None

    @property
    def planned(self) -> list[PlannedChange]:
        return [planned for source in self.sources for planned in source.planned]

    @property
    def exit_status(self) -> int:
        """1 where a source could not be asked or a change failed; a conflict waits for a person, and is 0."""
        failed = any(change.state is ChangeState.FAILED for source in self.sources for change in source.results)
        return max([int(failed), *(source.exit_status for source in self.sources)])


def push(
    settings: Settings,
    names: Sequence[str] = (),
    *,
    dry_run: bool = False,
    plan: str | None = None,
    publishing: bool = True,
    wait_seconds: float = 0.0,
    connect: Connect = connectors.connect,
    progress: Progress = silent,
    told: Told = untold,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> PushReport:
    """Plans what is approved and, unless `dry_run`, sends it and reads it back.

    `plan`: the hash of a plan that was looked at; another one is refused. Raises ConfigError, FileError, Locked.
    """
    sources = {source.name: source for source in chosen_sources(settings, names)}
    report = PushReport()
    with OpenHub(settings, connect, told, wait_seconds) as opened:
        queue = opened.desk.queue
        waiting: dict[str, list[WantedChange]] = defaultdict(list)
        for change in queue.to_be_sent():
            if change.source in sources:
                waiting[change.source].append(change)
        _refuse_too_many(settings, sources, waiting)
        # what is owed in the tool from a push that was stopped
        at_work = [sources[name] for name in sources if waiting[name] or queue.notes_due(name)]
        connected = {source.name: connect(source) for source in at_work}
        try:
            landing = Landing(opened.hub, opened.archive, {n: stream_facts(c.streams) for n, c in connected.items()})
            pushes = [
                _SourcePush(source, connected[source.name], landing, queue, waiting[source.name], progress, clock)
                for source in at_work
            ]
            report.sources = [one.pushed for one in pushes]
            try:
                _each(settings, pushes, _SourcePush.plan)
                report.hash = plan_hash(report.planned)
                _refuse_another(report, plan)
                if not dry_run:
                    report.applied = True
                    _each(settings, pushes, _SourcePush.apply)
            finally:
                _each(settings, pushes, _SourcePush.end)
            if report.applied and at_work:
                _, report.published = publish_hub(opened, publishing=publishing, now=clock())
        finally:
            for connector in connected.values():
                connector.close()
    return report


def _refuse_too_many(
    settings: Settings, sources: Mapping[str, SourceSettings], waiting: Mapping[str, Sequence[WantedChange]]
) -> None:
    """More than somebody meant: nothing at all is sent."""
    total = sum(len(changes) for changes in waiting.values())
    if total > settings.hub.max_changes:
        raise ConfigError(
            f"{total} changes are approved, and max_changes is {settings.hub.max_changes}: nothing was sent; reject "
            "some, push source by source, or set max_changes under [hub]"
        )
    for name, changes in waiting.items():
        if len(changes) > sources[name].max_changes:
            raise ConfigError(
                f"{len(changes)} changes of {name} are approved, and its max_changes is {sources[name].max_changes}: "
                "nothing was sent; reject some, or set max_changes"
            )


def _refuse_another(report: PushReport, plan: str | None) -> None:
    unread = [source.error for source in report.sources if source.error]
    if plan is not None and plan != report.hash:
        why = f": {unread[0]}" if unread else ""
        raise ConfigError(
            f"the plan is {report.hash} by now, and not {plan}: nothing was sent{why}; look at it with "
            "`pmo push --dry-run`"
        )


def _each(settings: Settings, pushes: Sequence[_SourcePush], step: Callable[[_SourcePush], None]) -> None:
    """All sources side by side; one that fails says so and stops nobody else."""

    def run(push_: _SourcePush) -> Iterator[BaseException | None]:
        try:
            push_.guarded(step)
            yield None
        except BaseException as error:  # noqa: BLE001 - raised when the others have ended
            yield error

    if not pushes:
        return
    at_once = min(settings.hub.sources_at_once, len(pushes))
    stopped = [error for error in in_parallel(at_once, pushes, run, name="push") if error is not None]
    if stopped:
        raise stopped[0]


class _SourcePush:
    """The changes of one source."""

    def __init__(
        self,
        settings: SourceSettings,
        connector: Connector,
        landing: Landing,
        queue: Queue,
        changes: Sequence[WantedChange],
        progress: Progress,
        clock: Callable[[], datetime],
    ) -> None:
        self.settings = settings
        self.connector = connector
        self.hub = landing.hub
        self.queue = queue
        self.changes = list(changes)
        self.progress = progress
        self.clock = clock
        self.pushed = SourcePushed(settings.name, new_run_id(clock()))
        self.outbox = Outbox(landing, settings.name, self.pushed.run_id)
        self.account_id = ""
        self.words: dict[str, list[KnownWord]] = {}
        self.workflows: dict[Workflow, list[Step]] = {}
        self.skew = timedelta()  # how far the tool's clock is ahead of ours
        self.starts: dict[tuple[Workflow, str], set[str]] = defaultdict(set)  # where a step of the tool is offered
        self.offered: dict[tuple[Workflow, str], dict[str, str | None]] = defaultdict(dict)  # ends and their names
        self.stopping = threading.Event()
        self.counting = threading.Lock()
        self.applying = False
        at = instant(clock())
        self.outbox.event("runs_abandoned", data={"at": at})
        self.outbox.event("run_started", data={"kind": "push", "at": at})

    @property
    def writer(self) -> Writer:
        assert self.connector.writer is not None
        return self.connector.writer

    def guarded(self, step: Callable[[_SourcePush], None]) -> None:
        """A tool's failure is in the result, and ends the source; what the hub itself cannot do is raised."""
        if self.pushed.error is not None and step is not _SourcePush.end:
            return
        try:
            step(self)
        except (SourceError, ConfigError) as error:
            self.pushed.error, self.pushed.exit_status = str(error), error.exit_status
        except (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError) as error:
            _log.exception("%s: a fault in pmo-hub", self.settings.name)
            self.pushed.exit_status = 1
            self.pushed.error = (
                f"{self.settings.name}: pmo-hub met a fault of its own ({type(error).__name__}): report it, with what "
                "is printed above; what was sent is known, and the next push goes on from there"
            )

    # ---- planning ------------------------------------------------------------------------------------------------

    def plan(self) -> None:
        name = self.settings.name
        if self.connector.writer is None and self.changes:
            raise ConfigError(f"{name}: pmo-hub only reads a {self.settings.type}: reject these changes")
        self._know_the_source()
        self.words = {field: words_of(self.hub, name, field) for field in WRITABLE}
        lives = self._look(self.changes)
        self._learn_workflows(lives)
        self.pushed.planned = [self._planned(change, lives) for change in self.changes]

    def _remember_offers(self) -> None:
        """What the tool offers here may be the way of a later push: an undo comes when no issue stands there to ask.
        A dry run remembers nothing: what it learned would make the push's plan another than the one looked at."""
        places = [[*workflow, start, sorted(ends.items())] for (workflow, start), ends in self.offered.items()]
        if places:
            self.outbox.event("steps_offered", data={"places": places})

    def _know_the_source(self) -> None:
        identity = self.connector.identify()
        for page in identity.pages:
            self.outbox.answer("identity", page)
        known = ledger.known_source(self.hub, self.settings.name)
        if known is None or (known.kind, known.instance) != (self.settings.type, identity.instance):
            raise ConfigError(
                f"{self.settings.name}: {identity.instance} is not what was read under this name: run "
                f"`pmo sync {self.settings.name}` first"
            )
        self.account_id, self.skew = identity.account_id, identity.now - self.clock()

    def _planned(self, change: WantedChange, lives: Mapping[str, Live]) -> PlannedChange:
        live = lives.get(_native(change.issue_id))
        return plan_change(
            change,
            live,
            self._sent(change),
            account_id=self.account_id,
            words=self.words[change.field],
            steps=self.workflows.get(live.workflow, ()) if live else (),
        )

    def _sent(self, change: WantedChange) -> list[SentStep]:
        """What was sent for it, on the tool's clock."""
        return [replace(one.step, at=one.sent_at + self.skew) for one in self.queue.steps(change.id)]

    def _look(self, changes: Iterable[WantedChange]) -> dict[str, Live]:
        """The issues of these changes as they are now, by native id, with what may be done to them."""
        wanted: dict[str, set[str]] = defaultdict(set)
        sent = set[str]()
        for change in changes:
            wanted[_native(change.issue_id)].add(change.field)
            if self.queue.steps(change.id):
                sent.add(_native(change.issue_id))
        by_fields: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for id_, fields in wanted.items():
            by_fields[tuple(sorted(fields))].append(id_)
        found: dict[str, Live] = {}
        for fields_, ids in by_fields.items():
            found |= self._look_at(ids, fields_, sent.intersection(ids))
        return found

    def _look_at(self, ids: Sequence[str], fields: Sequence[str], sent: Collection[str] = ()) -> dict[str, Live]:
        found = look_at(self.connector, self.outbox, ids, fields, self.words, sent)
        for live in found.values():
            for step in live.offers.steps:
                self.starts[live.workflow, step.id or ""].add(step.start)
                self.offered[live.workflow, step.start][step.end] = step.end_name
        return found

    def _learn_workflows(self, lives: Mapping[str, Live]) -> None:
        """Workflows as the tool offers them, beyond the present status by way of other issues that are there, of the
        same type at best; else as the history has shown them."""
        by_steps = {id_ for id_, live in lives.items() if live.offers.statuses is None}
        wanted = [c for c in self.changes if c.field == "status" and _native(c.issue_id) in by_steps]
        asking = {_native(c.issue_id): lives[_native(c.issue_id)] for c in wanted}
        places = {live.workflow for live in asking.values()}
        seen = seen_steps(self.hub, self.settings.name, places)
        offered: dict[tuple[Workflow, str], tuple[Step, ...]] = {}  # to other issues
        asked: set[tuple[Workflow, str]] = set()

        def learn() -> None:
            self.workflows = {
                place: [
                    *(step for (of, _), steps in offered.items() if of == place for step in steps),
                    *(step for step in seen.get(place, ()) if (place, step.start) not in offered),
                ]
                for place in places
            }

        learn()
        for _ in range(MOST_SAMPLES):
            open_ = {place for change in wanted for place in self._open_places(change, lives)} - asked
            samples = sample_issues(self.hub, self.settings.name, open_, but=list(asking))
            asked |= open_
            # where no other issue is, one of those that are to be moved has to do
            for live in asking.values():
                here = live.values["status"].id or ""
                for place in open_ - set(samples):
                    alike = live.workflow == place[0]
                    if (live.project_id, here) == (place[0][0], place[1]) and (alike or place not in offered):
                        offered[place] = _as_said_of(live.offers.steps, alike=alike)
            if not open_:
                return
            found = self._look_at(list(samples.values()), ["status"])
            for place, id_ in samples.items():
                if id_ in found:
                    offered[place] = _as_said_of(found[id_].offers.steps, alike=found[id_].workflow == place[0])
            learn()

    def _open_places(self, change: WantedChange, lives: Mapping[str, Live]) -> Iterator[tuple[Workflow, str]]:
        """Where a route of several steps begins and goes through; where there is none, wherever it may get to."""
        live = lives[_native(change.issue_id)]
        planned = self._planned(change, lives)
        here = live.values["status"].id or ""
        if len(planned.route) > 1:
            yield from ((live.workflow, place) for place in (here, *(step.end for step in planned.route[:-1])))
        elif planned.decision is Decision.WRITE and no_way_back(planned.route, self.workflows[live.workflow]):
            yield live.workflow, planned.route[-1].end
        elif planned.decision is Decision.REFUSED:
            steps = (*live.offers.steps, *self.workflows[live.workflow])
            yield from ((live.workflow, place) for place in (here, *(step.end for step in steps)))

    # ---- sending -------------------------------------------------------------------------------------------------

    def apply(self) -> None:
        self.applying = True
        self._remember_offers()  # also if we are stopped
        for changes in _one_at_a_time(self.changes):
            issues = list(dict.fromkeys(change.issue_id for change in changes))
            for place in range(0, len(issues), AT_ONCE):
                part = set(issues[place : place + AT_ONCE])
                self._bring_to_an_end([change for change in changes if change.issue_id in part])
                self.progress(self.settings.name, "changes", "pushing", len(self.pushed.results))
        self._leave_notes()

    def _bring_to_an_end(self, changes: Sequence[WantedChange]) -> None:
        """Looks, sends, looks again, until nothing of these is to be sent any more."""
        left, writing = list(changes), list[PlannedChange]()
        for _ in range(MOST_ROUNDS):
            lives = self._look(left)
            planned = [self._planned(change, lives) for change in left]
            writing = [one for one in planned if one.decision is Decision.WRITE]
            for one in planned:
                if one.decision is not Decision.WRITE:
                    self._settle(one, lives.get(_native(one.change.issue_id)))
            if not writing:
                return
            left = self._send(writing, lives)
        for one in writing:
            why = f"it has not arrived after {MOST_ROUNDS} requests: look at it in the tool"
            self._end(one.change, ChangeState.FAILED, why, one.live)

    def _settle(self, planned: PlannedChange, live: Live | None) -> None:
        """A change that comes to its end: nothing is to be sent for it any more."""
        change, why = planned.change, planned.why or ""
        lost = None if live is None else self._lost(change, live)
        if planned.decision is Decision.VERIFIED:
            assert planned.live is not None and live is not None
            self._verify(change, planned.live, live, lost)
            return
        if lost is not None:
            why = f"{why}; before that, {_told(change, lost)}, and our request went over it"
        if planned.decision is Decision.REFUSED:
            self._end(change, ChangeState.FAILED, why, planned.live)
        elif self.settings.conflicts == "tool-wins":
            self._end(change, ChangeState.REJECTED, f"{why}: what the tool holds stays, as configured")
        else:
            self._end(change, ChangeState.CONFLICT, why)

    def _lost(self, change: WantedChange, live: Live) -> NativeValue | None:
        """What somebody wrote between our last look and our own request, which replaced it."""
        step = overwritten(change.field, live, self._sent(change), self.account_id)
        if step is None:
            return None
        word = next((word for word in self.words[change.field] if word.id == step.start), None)
        return NativeValue(step.start, word.name, word.ours) if word else NativeValue(step.start)

    def _verify(self, change: WantedChange, value: NativeValue, live: Live, lost: NativeValue | None) -> None:
        """It is as wanted. What our own request replaced unseen is said: an undo brings it back, unless others have
        written since."""
        sent = self._sent(change)
        said, ours = None, not is_anothers(change.field, live, sent, self.account_id)
        if not ours:
            said = "it was so already: nothing of ours made it so" if sent else "it was so already: nothing was sent"
            if lost is not None:
                said = f"somebody else made it so; before that, {_told(change, lost)}, and our request went over it"
        elif lost is not None:
            then = "undo brings that back" if lost.id is not None else "pmo-hub empties nothing, do it in the tool"
            said = f"{_told(change, lost)}: {then}"
        note = self._comment(change, value) if ours else None
        self.queue.verify(change.id, value, said=said, ours=ours, before=lost if ours else None, note=note)
        self.pushed.results += self.queue.of([change.id])

    def _comment(self, change: WantedChange, value: NativeValue) -> str | None:
        if self.settings.comment is None:
            return None
        (now,) = self.queue.of([change.id])
        places = {
            "asker": change.requested_by,
            "approver": change.approved_by or "nobody",
            "what": f"{change.field} {now.before} → {value}",
            "reason": change.reason or "no reason given",
        }
        return f"{self.settings.comment.format(**places)} {MARK.format(change.id)}"

    def _end(self, change: WantedChange, state: ChangeState, why: str, value: NativeValue | None = None) -> None:
        """`value`: where a route stands that could not be gone to its end; that can be undone."""
        met = self.queue.of([change.id])[0].before
        moved = value is not None and met is not None and value.id != met.id
        if moved:
            why = f"{why}; it stands at {value} now, `pmo undo {change.id}` asks for the way back to {met}"
        self.queue.end(change.id, state, why, after=value if moved else None)
        self.pushed.results += self.queue.of([change.id])

    def _send(self, writing: Sequence[PlannedChange], lives: Mapping[str, Live]) -> list[WantedChange]:
        """One request an issue, or one a field, side by side for different issues. Gives back what is to be looked at
        again: all but what somebody rejected meanwhile. What stops the source is raised when all have ended."""
        by_issue: dict[str, list[PlannedChange]] = defaultdict(list)
        for one in writing:
            by_issue[_native(one.change.issue_id)].append(one)

        def work(issue_id: str) -> Iterator[SourceError | None]:
            yield self._send_all(by_issue[issue_id], lives[issue_id])

        stops = list(in_parallel(self.connector.in_flight, list(by_issue), work, name="write"))
        for error in stops:
            if error is not None:
                raise error
        ids = [one.change.id for one in writing]
        return [change for change in self.queue.of(ids) if change.state in UNDER_WAY]

    def _send_all(self, planned: Sequence[PlannedChange], live: Live) -> SourceError | None:
        """All that is to be sent for one issue. A request for several fields that is declined is sent for each alone:
        what is wrong with one of them is not the others' fault."""
        parts = [list(planned)] if self.writer.writes_together else [[one] for one in planned]
        while parts:
            part = parts.pop(0)
            error = self._send_one(part, live)
            if isinstance(error, _DECLINED) and len(part) > 1:
                parts += [[one] for one in part]
            elif error is not None and not isinstance(error, _DECLINED):
                self.stopping.set()
                return error
        return None

    def _send_one(self, planned: Sequence[PlannedChange], live: Live) -> SourceError | None:
        """One request; its step stands on the desk before, and its answer after. What the tool does not guard is looked
        at once more. Gives back why it was declined, or what stops the source."""
        steps = {one.change.field: one.route[0] for one in planned}
        write = Write(live.id, live.project_id, steps.get("status"), steps.get("priority"))
        guarded = all(s.guarded and len(self.starts[live.workflow, s.id or ""]) < 2 for s in steps.values())
        try:
            if self.stopping.is_set() or (not guarded and not self._is_as_seen(live.id, planned)):
                return None  # decided anew
        except SourceError as error:
            return error
        request = self.writer.request_of(write)
        recorded = [(one.change.id, one.route[0].start or None, one.route[0].end, request) for one in planned]
        before = {one.change.id: one.live for one in planned if one.live is not None}
        if not self.queue.record_steps(recorded, before):
            return None
        with self.counting:
            self.pushed.writes += 1
        outcome, fault = self._sent_with(write, alone=len(planned) == 1)
        said = None if fault is None else str(fault)
        self.queue.answer_steps([(one.change.id, outcome, said) for one in planned])
        return None if outcome == UNKNOWN else fault

    def _sent_with(self, write: Write, *, alone: bool) -> tuple[str, SourceError | None]:
        """How the tool answered, and its error. One that leaves open what was done stops nothing: it is read back."""
        try:
            self.writer.send(write)
        except _DECLINED as error:
            return REFUSED if alone else NOT_SENT, error
        except Transient as error:
            return UNKNOWN if error.sent else NOT_SENT, error
        except SourceError as error:
            return NOT_SENT, error
        return DONE, None

    def _is_as_seen(self, issue_id: str, planned: Sequence[PlannedChange]) -> bool:
        now = self.writer.values_now(issue_id)
        return all(one.live is not None and now.get(one.change.field, "") == one.live.id for one in planned)

    # ---- comments ------------------------------------------------------------------------------------------------

    def _leave_notes(self) -> None:
        """Those of one issue together, and each once: one that was on its way when we were stopped is looked for."""
        by_issue: dict[str, list[Note]] = defaultdict(list)
        for note in self.queue.notes_due(self.settings.name):
            by_issue[_native(note.issue_id)].append(note)

        def leave(issue_id: str) -> Iterator[SourceError | None]:
            try:
                self._note(issue_id, by_issue[issue_id])
                yield None
            except SourceError as error:
                yield error

        stopped = list(in_parallel(self.connector.in_flight, list(by_issue), leave, name="note"))
        for error in stopped:
            if error is not None:
                raise error

    def _note(self, issue_id: str, notes: Sequence[Note]) -> None:
        there = [n for n in notes if n.sent and self.writer.is_noted(issue_id, MARK.format(n.change_id))]
        left = [n for n in notes if n not in there]
        self.queue.notes_answered([n.id for n in there], DONE)
        if not left:
            return
        ids = [n.id for n in left]
        self.queue.notes_sent(ids)
        try:
            self.writer.note(issue_id, "\n".join(n.text for n in left))
        except _DECLINED as error:
            self.queue.notes_answered(ids, f"{REFUSED}: {error}")
        else:
            self.queue.notes_answered(ids, DONE)
            self.pushed.notes += 1

    # ---- the end -------------------------------------------------------------------------------------------------

    def end(self) -> None:
        progress = self.connector.progress()
        self.pushed.requests = int(progress["requests"])
        if self.applying:
            self._remember_offers()
        self.outbox.flush()
        ended = {
            "state": (RunState.FAILED if self.pushed.error else RunState.DONE).value,
            "at": instant(self.clock()),
            "requests": self.pushed.requests,
            "throttled_seconds": progress["throttled_seconds"],
            "rows_changed": sum(tally.changed for tally in self.outbox.tallies.values()),
            "error": self.pushed.error,
        }
        self.outbox.event("run_ended", data=ended)
        self.outbox.flush()


def _told(change: WantedChange, lost: NativeValue) -> str:
    did = f"emptied {change.field}" if lost.id is None else f"set {change.field} to {lost}"
    return f"somebody had {did} in the same moment"


def _as_said_of(steps: Iterable[Step], *, alike: bool) -> tuple[Step, ...]:
    """What issues of another type are offered is not said of this one."""
    return tuple(step if alike else replace(step, offered=False) for step in steps)


def _one_at_a_time(changes: Iterable[WantedChange]) -> list[list[WantedChange]]:
    """Of several changes of the same field of an issue, each after the one before it."""
    turns: list[list[WantedChange]] = []
    before: dict[tuple[str, str], int] = defaultdict(int)
    for change in changes:
        turn = before[change.issue_id, change.field]
        before[change.issue_id, change.field] += 1
        turns += [[]] if turn == len(turns) else []
        turns[turn].append(change)
    return turns


def _native(issue_id: str) -> str:
    return issue_id.partition(":")[2]
