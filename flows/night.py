"""A night, step by step: pull every source, push what is approved, publish, report. `flows.nightly` has Prefect run it.

The steps are those of `pmo sync`, `pmo push` and `pmo publish`. What a step cannot do is kept in the night's report,
and the next one is tried all the same: in the morning there is a portfolio, or a sentence says why it is an older one.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from flows.keep import fold_old_answers
from flows.pull import SourceOutcome, new_run_id
from flows.push import PushReport, push
from flows.sync import Clock, OpenHub, Pulling, SyncReport, publish_hub, utc_now
from model.change import WantedChange, failed_and_left
from model.config import Settings
from model.errors import HubError
from model.vocabulary import ChangeState
from warehouse.backup import back_up_desk, space_needed
from warehouse.desk import Desk
from warehouse.meaning import WordToMap
from warehouse.publish import Published
from warehouse.read import Reader, StatusFacts

__all__ = ["Night", "NightReport", "Waiting"]

KIND = "nightly"
FEW = 5
_STEP, _FAILING, _UNPUSHED = "step", "failing", "unpushed"

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Waiting:
    """Something that waits for a person.

    `key` names it from night to night. `size`: where it grows, it is told again. `for_pmo`: the PMO's matter;
    `for_operator`: that of who runs the hub.
    """

    key: str
    text: str
    for_pmo: bool = False
    size: float = 0.0
    for_operator: bool = True


@dataclass
class NightReport:
    """What a night did. `failures`: sentences, of sources and of steps; `facts`: how the published figures stand."""

    run_id: str
    started_at: datetime
    ended_at: datetime | None = None
    pulled: SyncReport | None = None
    pushed: PushReport | None = None
    published: Published | None = None
    configured: tuple[str, ...] = ()
    failures: list[str] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)
    facts: StatusFacts | None = None
    path: Path | None = None
    _looked_at: set[str] = field(default_factory=lambda: {_STEP})

    def looked_at(self, key: str) -> bool:
        """Whether the night can tell if this key of a `Waiting` is over: it looked, or nothing is left to look at."""
        kind, _, rest = key.partition("|")
        if kind == _UNPUSHED:
            return self.pushed is not None and rest not in {one.source for one in self.pushed.sources if one.error}
        if kind != _FAILING:
            return kind in self._looked_at
        pulled = {outcome.source for outcome in self.pulled.sources} if self.pulled else set()
        return rest in pulled or rest not in self.configured

    def looked(self, *kinds: str) -> None:
        """Notes what it looked at."""
        self._looked_at.update(kinds)

    @property
    def reason(self) -> str | None:
        """Why the night failed, in a line; None: it did not."""
        return "; ".join(self.failures) or None


class Night:
    """One night's work over one configuration."""

    def __init__(self, settings: Settings, *, clock: Clock = utc_now) -> None:
        self.settings = settings
        self._clock = clock
        now = clock()
        self.report = NightReport(new_run_id(now), now, configured=tuple(settings.sources))

    @property
    def wait_seconds(self) -> float:
        """How long a step waits until another process lets go of the hub."""
        return self.settings.hub.lock_wait_minutes * 60

    def prepare(self) -> None:
        """Backs the desk up, and looks at the space that is free. Raises HubError."""
        data = self.settings.data
        needed, free = space_needed(data)
        self.report.looked("space")
        if free < needed:
            text = f"{data}: {free / 1e9:.1f} GB are free, and a night may need {needed / 1e9:.1f}: free some"
            self.report.waiting.append(Waiting("space|", text))
        today = self.report.started_at.astimezone(ZoneInfo(self.settings.hub.timezone)).date()
        back_up_desk(data, today, keep=self.settings.keep.desk_copies)

    def pulling(self) -> Pulling:
        """To be entered; then each of its sources is pulled by a call of its own."""
        pulling = Pulling(self.settings, kind=KIND, wait_seconds=self.wait_seconds, clock=self._clock)
        self.report.pulled = pulling.report
        return pulling

    def push(self) -> PushReport:
        """Sends what is approved. Raises HubError."""
        self.report.pushed = push(self.settings, publishing=False, wait_seconds=self.wait_seconds, clock=self._clock)
        return self.report.pushed

    def publish(self) -> Published | None:
        """Writes the portfolio file. Raises HubError, and then readers keep the one they have."""
        with OpenHub(self.settings, wait_seconds=self.wait_seconds) as opened:
            words, self.report.published = publish_hub(opened, now=self._clock())
        if self.report.pulled is not None:
            self.report.pulled.to_be_mapped = words
        return self.report.published

    def keep_house(self) -> int:
        """Folds old answers of the tools; how many parts. Raises HubError, and then nothing is lost."""
        return fold_old_answers(self.settings, self._clock(), wait_seconds=self.wait_seconds)

    @contextmanager
    def kept(self, step: str) -> Iterator[None]:
        """What a step could not do becomes a sentence of the report, and the night goes on."""
        try:
            yield
        except HubError as error:
            self._failed(step, f"{step}: {error}")
        except Exception as error:  # noqa: BLE001 - whatever it is, what comes after it is worth trying
            _log.exception("%s: a fault in pmo-hub", step)
            self._failed(step, f"{step}: pmo-hub met a fault of its own ({type(error).__name__}): report it")

    def _failed(self, step: str, sentence: str) -> None:
        self.report.failures.append(sentence)
        self.report.waiting.append(Waiting(f"{_STEP}|{step}", sentence))

    def end(self) -> NightReport:
        """Adds what sources and changes failed, and what waits for a person."""
        report = self.report
        if report.pulled is not None:
            report.failures += [_why(outcome) for outcome in report.pulled.sources if outcome.exit_status]
        if report.pushed is not None:
            report.failures += [f"pushing: {one.error}" for one in report.pushed.sources if one.error]
            failed = [c for one in report.pushed.sources for c in one.results if c.state is ChangeState.FAILED]
            report.failures += [f"pushing: change {c.id} of {c.issue_id} failed: {c.message}" for c in failed]
        with self.kept("reading what was published"), Reader(self.settings.data) as reader:
            report.facts = reader.status_facts()
            report.waiting += _of_the_tools(report.facts)
            report.waiting += _of_the_projects(reader)
            report.looked("held back", "quarantine", "old", "red", "late")
        with self.kept("reading the desk"), Desk(self.settings.data / "desk.sqlite") as desk:
            report.waiting += _of_changes(desk.queue.all())
            report.looked(ChangeState.CONFLICT.value, ChangeState.PENDING.value, ChangeState.FAILED.value)
        if report.pushed is not None:
            report.waiting = [*_of_the_push(report.pushed, report.pulled), *report.waiting]
        if report.pulled is not None:
            report.waiting = [*_of_the_run(report.pulled), *report.waiting]
            if report.published is not None:
                report.waiting += _of_words(report.pulled.to_be_mapped)
                report.looked("words")
        report.ended_at = self._clock()
        return report


# ---- what waits for a person -------------------------------------------------------------------------------------


def _of_the_run(pulled: SyncReport) -> Iterator[Waiting]:
    for outcome in pulled.sources:
        if outcome.exit_status:
            yield Waiting(f"{_FAILING}|{outcome.source}", _why(outcome))


def _of_the_push(pushed: PushReport, pulled: SyncReport | None) -> Iterator[Waiting]:
    """A source that could not be pulled either is told as that."""
    failing = {outcome.source for outcome in pulled.sources if outcome.exit_status} if pulled else set[str]()
    for one in pushed.sources:
        if one.error and one.source not in failing:
            yield Waiting(f"{_UNPUSHED}|{one.source}", f"pushing: {one.error}", for_pmo=True)


def _why(outcome: SourceOutcome) -> str:
    short = "; ".join(f"{s.stream}: {s.error}" for s in outcome.streams if s.error)
    return outcome.error or f"{outcome.source}: {outcome.state.value}{f': {short}' if short else ''}"


def _of_the_tools(facts: StatusFacts) -> Iterator[Waiting]:
    for row in facts.held_back:
        yield Waiting(
            f"held back|{row['source']}|{row['stream']}",
            f"{row['source']}: {row['stream']}: {row['held_back']:,} rows are not in the tool any more, which is more "
            f"than usual: look there, then `pmo accept-loss {row['source']}`",
            size=row["held_back"],
        )
    for row in facts.quarantine:
        first = row["first_errors"][0]
        yield Waiting(
            f"quarantine|{row['source']}|{row['stream']}",
            f"{row['source']}: {row['stream']}: {row['records']:,} records do not fit, such as {first['native_id']}: "
            f"{first['field'] or 'record'} {first['error']}",
            size=row["records"],
        )


def _of_the_projects(reader: Reader) -> Iterator[Waiting]:
    for row in reader.old_sources():
        yield Waiting(f"old|{row['object']}", f"{row['object']}: {row['detail']}")
    for row in reader.red_projects():
        owner = f" ({row['health_owner']})" if row["health_owner"] else ""
        text = f"{row['project']} is red: {row['health_reason']}{owner}"
        yield Waiting(f"red|{row['project_id']}", text, for_pmo=True, for_operator=False)
    for row in reader.late_milestones():
        yield Waiting(
            f"late|{row['milestone_id']}",
            f"{row['project']}: {row['name']} is foreseen for {row['forecast_on']}, {row['slip_days']} days late",
            for_pmo=True,
            for_operator=False,
            size=row["slip_days"],
        )


def _of_changes(changes: list[WantedChange]) -> Iterator[Waiting]:
    said = {
        ChangeState.CONFLICT: "is in conflict: somebody changed it in the tool meanwhile; ask anew, or `pmo reject`",
        ChangeState.PENDING: "waits for approval: `pmo approve`",
    }
    for change in failed_and_left(changes):
        yield Waiting(
            f"{ChangeState.FAILED.value}|{change.id}",
            f"change {change.id} of {change.issue_id} ({change.field}) failed: {change.message}: ask anew, or "
            f"`pmo reject {change.id}`",
            for_pmo=True,
        )
    for change in changes:
        if change.state in said:
            yield Waiting(
                f"{change.state.value}|{change.id}",
                f"change {change.id} of {change.issue_id} ({change.field}) {said[change.state]} {change.id}",
                for_pmo=True,
                for_operator=False,
            )


def _of_words(words: list[WordToMap]) -> Iterator[Waiting]:
    for source in sorted({word.source for word in words}):
        named = sorted({f"{word.kind} {word.name}" for word in words if word.source == source})
        few = ", ".join(named[:FEW]) + ("" if len(named) <= FEW else ", …")
        text = f"{source}: {len(named)} words are mapped by the tool's categories, `pmo status` lists them: {few}"
        yield Waiting(f"words|{source}", text, size=len(named))
