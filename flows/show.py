"""What the command line shows: tables on a terminal, plain lines elsewhere, JSON where asked for.

Results go to standard output, progress and remarks to standard error, so that a result can be piped. Instants are
shown in UTC, with a Z.
"""

from __future__ import annotations

import json
import sys
import textwrap
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from flows.format import amount as _amount
from flows.format import hours as _hours
from flows.format import moment as _moment
from flows.format import percent as _percent
from flows.format import share as _share
from model.vocabulary import Evidence, RunState

if TYPE_CHECKING:
    from flows.changes import Asked
    from flows.check import Checked
    from flows.forget import Looked, Receipt
    from flows.pull import SourceOutcome, StreamOutcome
    from flows.push import PushReport
    from flows.rebuild import Rebuilt
    from flows.sync import SyncReport
    from model.change import WantedChange
    from model.config import Settings
    from model.plan import PlannedChange
    from warehouse.explain import Explanation
    from warehouse.publish import Published
    from warehouse.queue import ChangeEvent, RecordedStep
    from warehouse.read import Candidate, IssueDetails, Rows, StatusFacts

__all__ = [
    "show_asked",
    "show_candidates",
    "show_change",
    "show_changes",
    "show_checks",
    "show_demo_end",
    "show_explanation",
    "show_issue",
    "show_portfolio",
    "show_progress",
    "show_published",
    "show_pushed",
    "show_quality",
    "show_rebuilt",
    "show_receipts",
    "show_report",
    "show_rows",
    "show_status",
    "show_words",
]

ChangeStory: TypeAlias = "tuple[WantedChange, Sequence[ChangeEvent], Sequence[RecordedStep]]"
"""A wanted change, what happened to it, and what was sent for it."""

PLAIN_EVERY_SECONDS = 5.0
WIDE = 220
"""Columns of a table that goes to a file or a pipe: nothing is folded there."""

_out = Console(highlight=False, soft_wrap=not sys.stdout.isatty(), width=None if sys.stdout.isatty() else WIDE)
_err = Console(stderr=True, highlight=False)


# ------------------------------------------------------------------ progress


class _Shown:
    """Where progress goes: a line per source on a terminal, a line now and then elsewhere, or nowhere."""

    def __init__(self, bars: Progress | None, *, quiet: bool) -> None:
        self._bars = bars
        self._quiet = quiet
        self._tasks: dict[str, Any] = {}
        self._said: dict[str, float] = {}

    def progress(self, source: str, stream: str, doing: str, seen: int) -> None:
        self._say(source, f"{doing} {stream}", f"{seen:,} records")

    def rebuilding(self, done: int, of: int) -> None:
        self._say("hub", "rebuilding from the raw archive", f"{done:,} of {of:,} files")

    def _say(self, who: str, doing: str, how_far: str) -> None:
        if self._bars is not None:
            if who not in self._tasks:
                self._tasks[who] = self._bars.add_task(who, total=None, doing="", how_far="")
            self._bars.update(self._tasks[who], doing=doing, how_far=how_far)
        elif not self._quiet and time.monotonic() - self._said.get(who, 0.0) > PLAIN_EVERY_SECONDS:
            self._said[who] = time.monotonic()
            print(f"{who}: {doing}: {how_far}", file=sys.stderr, flush=True)


@contextmanager
def show_progress(*, quiet: bool) -> Iterator[_Shown]:
    """Shows how long work gets on, for as long as the context lasts."""
    if quiet or not _err.is_terminal:
        yield _Shown(None, quiet=quiet)
        return
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TextColumn("{task.fields[doing]}"),
        TextColumn("{task.fields[how_far]}"),
        TimeElapsedColumn(),
        console=_err,
        transient=True,
    ) as bars:
        yield _Shown(bars, quiet=quiet)


# ------------------------------------------------------------------ results


def show_demo_end(folder: Path) -> None:
    """What can be done with what the demo left."""
    where = escape(str(folder))
    _out.print(
        f"""
The portfolio is {where}/data/portfolio.duckdb; {where}/truth.yaml says what is true of the company. Go on with:

  cd {where}
  pmo portfolio
  pmo issue ERP-7
  pmo sql "select status, count(*) from issues group by all"

The company is no longer served: `pmo sandbox` serves one that can be synced again. For your own tools: `pmo init`."""
    )


def show_report(report: SyncReport, *, as_json: bool) -> None:
    """What a sync did: a line per source, and per stream that did something; then what needs a person."""
    if as_json:
        _print_json({**asdict(report), "exit_status": report.exit_status})
        return
    if report.rebuilt is not None:
        _print(
            f"the hub file was made again from {report.rebuilt.parts:,} files of the raw archive: {report.rebuilt.why}"
        )
    for outcome in report.sources:
        _print(_source_line(outcome))
        for stream in outcome.streams:
            line = _stream_line(stream)
            if line:
                _print(f"  {line}")
    for outcome in report.sources:
        for stream in outcome.streams:
            if stream.held_back:
                _print(
                    f"{outcome.source}: {stream.stream}: {stream.held_back} rows are not in the tool any more, which "
                    f"is more than usual: they are kept until `pmo accept-loss {outcome.source}`"
                )
    if report.to_be_mapped:
        words = sorted({f"{w.source}: {w.kind} {w.name}" for w in report.to_be_mapped})
        _print(f"{len(words)} words are mapped by default, `pmo status` lists them: {_few(words)}")
    if report.published is not None:
        _say_published(report.published)


def _source_line(outcome: SourceOutcome) -> str:
    took = (outcome.ended_at - outcome.started_at).total_seconds() if outcome.ended_at and outcome.started_at else 0.0
    waited = f", {outcome.throttled_seconds:.0f} s waited for the tool" if outcome.throttled_seconds >= 1 else ""
    line = (
        f"{outcome.source}: {outcome.state.value}: {outcome.rows_changed:,} rows changed, "
        f"{outcome.requests:,} requests{waited}, {took:.1f} s"
    )
    return f"{line}: {outcome.error}" if outcome.error else line


def _stream_line(stream: StreamOutcome) -> str:
    is_broken_off = stream.state is RunState.FAILED
    if is_broken_off and not stream.pages:
        return f"{stream.stream}: not read"
    parts = [f"{stream.rows_seen:,} read", f"{stream.rows_changed:,} changed"]
    if stream.quarantined:
        parts.append(f"{stream.quarantined:,} did not fit (quarantine)")
    if stream.census is not None:
        parts.append(f"{stream.present:,} of {stream.census:,} in the tool")
    if stream.full or is_broken_off:
        parts.append("broken off" if is_broken_off else "whole")
    return f"{stream.stream}: {', '.join(parts)}"


def show_checks(results: Sequence[Checked], *, as_json: bool) -> None:
    """Who we are in each source, what we may do there, what is missing."""
    if as_json:
        _print_json([asdict(result) for result in results])
        return
    for result in results:
        if result.error:
            _print(f"{result.source}: FAILED: {result.error}")
            continue
        _print(f"{result.source}: {result.kind} at {result.instance}, logged in as {result.account}")
        for sentence in result.may:
            _print(f"  may: {sentence}")
        for sentence in result.missing:
            _print(f"  missing: {sentence}")


def show_published(published: Published | None, *, as_json: bool) -> None:
    """Where the portfolio file is."""
    assert published is not None
    if as_json:
        _print_json(asdict(published))
    else:
        _say_published(published)


def show_rebuilt(rebuilt: Rebuilt, published: Published | None, *, as_json: bool) -> None:
    """What a rebuild read."""
    if as_json:
        _print_json({"rebuilt": asdict(rebuilt), "published": asdict(published) if published else None})
        return
    _print(f"the hub file was made again from {rebuilt.parts} files of the raw archive")
    if published is not None:
        _say_published(published)


def _say_published(published: Published) -> None:
    _print(f"published {published.path}")
    if published.finance is not None:
        _print(f"rates and single people's costs, for whom you give it to: {published.finance}")
    for stray in published.strays:
        _print(f"somebody opened the published file for writing: what they left was moved to {stray}")


def show_portfolio(rows: Rows, *, as_json: bool, day: date | None = None) -> None:
    """The portfolio table; with `day`, as it was published on that day."""
    if as_json:
        _print_json(rows.dicts())
        return
    if day is not None:
        _print(f"as it was published on {day}")
    found = rows.dicts()
    if any(row["stage"] or row["budget"] is not None or row["baseline_finish_on"] for row in found):
        _show_planned(found)
    else:
        _show_counted(found)


def _show_planned(found: list[dict[str, Any]]) -> None:
    """Health, dates, progress and money, then why a project is in trouble. Words say what colours say."""
    names = ("finish", "late", "done", "plan", "spent", "budget", "forecast", "overdue", "blocked", "h/7d", "complete")
    table = Table("project", "health", box=None, pad_edge=False, header_style="bold")
    for name in names:
        table.add_column(name, justify="right", no_wrap=True)
    for row in found:
        late, word = row["finish_variance_days"], row["health"] or ""
        shown = word if word == row["health_computed"] or not word else f"{word} ({row['health_computed']})"
        table.add_row(
            escape(row["project"]),
            f"[{_COLOURS[word]}]{shown}[/]" if word in _COLOURS else shown,
            str(row["forecast_finish_on"] or ""),
            "" if late is None else f"{late:+d} d",
            _percent(row["progress"]),
            _percent(row["planned_progress"]),
            *(_amount(row[name]) for name in ("actual_cost", "budget", "forecast_cost")),
            f"{row['overdue']:,}",
            f"{row['blocked']:,}",
            _hours(row["hours_7d"]),
            _share(row["completeness"]),
        )
    _out.print(table)
    troubled = [row for row in found if {row["health"], row["health_computed"]} & {"red", "amber"}]
    if troubled:
        _print("")
    for row in sorted(troubled, key=lambda r: (r["health_computed"] != "red", r["project"])):
        owner = f" ({row['health_owner']})" if row["health_owner"] else ""
        _print(f"{row['health_computed']}: {row['project']}: {row['health_reason']}{owner}")


def _show_counted(found: list[dict[str, Any]]) -> None:
    """What the tools alone tell: issues by status and hours."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("source", "project", "state"):
        table.add_column(name, overflow="fold")
    numbers = ("issues", "todo", "doing", "blocked", "done", "cancelled", "overdue", "hours", "estimated")
    for name in numbers:
        table.add_column(name, justify="right")
    for name in ("last activity", "fresh through", "complete"):
        table.add_column(name)
    for row in found:
        counts = ("issues", "todo", "in_progress", "status_blocked", "done", "cancelled", "overdue")
        state = row["state"] if row["availability"] == "present" else row["availability"]
        table.add_row(
            *(escape(str(v)) for v in (row["source"], row["project"], state)),
            *(f"{row[name]:,}" for name in counts),
            _hours(row["hours_logged"]),
            _hours(row["hours_estimated"]),
            _moment(row["last_activity_at"]),
            _moment(row["fresh_at"]),
            _share(row["completeness"]),
        )
    _out.print(table)


_COLOURS = {"red": "bold red", "amber": "yellow", "green": "green"}


FIRST_OF_A_CHECK = 5
"""Objects that are shown of each check, unless it was asked for."""


def show_quality(rows: Rows, scores: Rows | None, *, as_json: bool) -> None:
    """What fails the checks, the worst first, then how many of them each project passes.

    Without `scores` one check was asked for: then all that it finds is shown.
    """
    found = rows.dicts()
    if as_json:
        _print_json(found)
        return
    if not found:
        _print("nothing was found: all checks are passed")
    by_check: dict[str, list[dict[str, Any]]] = {}
    for row in found:
        by_check.setdefault(row["check_id"], []).append(row)
    for check, failing in by_check.items():
        _print_hanging(f"{failing[0]['severity']}: {check}: {len(failing):,}. {failing[0]['rule']}", 2)
        shown = failing if scores is None else failing[:FIRST_OF_A_CHECK]
        for row in shown:
            place = row["project"] or row["source"]
            owner = f", {row['owner']}" if row["owner"] not in (None, row["object"]) else ""
            since = f", since {row['since_on']}" if row["since_on"] else ""
            name = row["object"] if row["object"] == place else f"{row['object']} ({place})"
            _print_hanging(f"  {name}{owner}{since}: {row['detail']}", 4)
        if len(failing) > len(shown):
            _print(f"  and {len(failing) - len(shown):,} more: `pmo quality --check {check}` lists them")
    if scores is not None and scores.rows:
        _show_scores(scores.dicts())


def _show_scores(projects: list[dict[str, Any]]) -> None:
    """The fewest rules passed first."""
    _print("")
    table = Table("project", "rules passed", "trend", box=None, pad_edge=False, header_style="bold")
    for name in ("failing", "high", "medium", "low"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in projects:
        failing = f"{row['failing']} of {row['rules']}"
        counts = (f"{row[name]:,}" for name in ("high", "medium", "low"))
        table.add_row(escape(row["project"]), _percent(row["score"]), row["trend"] or "", failing, *counts)
    _out.print(table)


_WAITING = {
    "conflict": "in conflict: `pmo changes --state conflict` lists them; ask anew for them, or reject them",
    "pending": "waiting for approval: `pmo approve ID`",
    "approved": "approved: `pmo push` sends them",
    "applied": "begun by a push that was stopped: `pmo push` sees them to their end",
    "failed": "failed: `pmo changes --state failed` says why; ask anew for them, or reject them",
}
"""What is to be done about changes in a state."""


def show_explanation(explanation: Explanation, *, as_json: bool) -> None:
    """One figure of one project: value, formula, rows, issues, sources."""
    from flows.explained import explained_fields, explained_lines

    if as_json:
        _print_json(explained_fields(explanation))
        return
    for line in explained_lines(explanation):
        _print(line)


def show_status(settings: Settings, facts: StatusFacts, changes: Sequence[WantedChange], *, as_json: bool) -> None:
    """How the published figures stand, and what is going on now."""
    from flows.night_report import last_night

    running = _running(settings.data)
    if as_json:
        counted = _waiting_by_state(changes)
        night = last_night(settings.data)
        _print_json({**asdict(facts), "running": running, "changes": counted, "night": night})
        return
    _print(f"published: {facts.file}")
    if running is not None:
        _print(f"running now: {running['kind']}, process {running['pid']}, since {running['started_at']}")
    runs = {run["source"]: run for run in facts.runs}
    for about in facts.about:
        if about["source"] is None:
            _print("no source has been read yet: run `pmo sync`")
            continue
        run = runs.get(about["source"])
        last = f"last run {run['state']}, {_moment(run['started_at'])}" if run else "never run"
        fresh = _moment(about["fresh_through_at"]) or "not known"
        _print(f"{about['source']}: fresh through {fresh}, complete {_share(about['completeness'])}, {last}")
    for row in facts.streams:
        if row["census"] is not None and row["present"] != row["census"]:
            _print(f"{row['source']}: {row['stream']}: the tool has {row['census']:,}, {row['present']:,} landed")
    for line in last_night(settings.data)[:1]:
        _print(f"last {line}")
    for row in facts.held_back:
        _print(
            f"{row['source']}: {row['stream']}: {row['held_back']:,} absent rows are held back: "
            f"`pmo accept-loss {row['source']}` lets them go"
        )
    for row in facts.quarantine:
        first = "; ".join(f"{e['native_id']}: {e['field'] or 'record'} {e['error']}" for e in row["first_errors"])
        _print(f"{row['source']}: {row['stream']}: {row['records']:,} records in quarantine: {first}")
    for row in facts.words:
        becomes = row["value"] if row["value"] is not None else "nothing"
        _print(f"{row['source']}: {row['kind']} “{row['name']}” is taken for {becomes} (by its {row['basis']})")
    for state, found in _waiting_by_state(changes).items():
        if found:
            _print(f"{found:,} {'change' if found == 1 else 'changes'} {_WAITING[state]}")


def _waiting_by_state(changes: Sequence[WantedChange]) -> dict[str, int]:
    from model.change import failed_and_left

    states = [change.state.value for change in changes]
    return {state: states.count(state) for state in _WAITING} | {"failed": len(failed_and_left(changes))}


def show_candidates(key: str, found: Sequence[Candidate], *, as_json: bool) -> None:
    """The issues an ambiguous key may mean."""
    if as_json:
        _print_json([asdict(candidate) for candidate in found])
        return
    _print(f"{key} may be one of {len(found)} issues; give the id:")
    for c in found:
        _print(f"  {c.id}  {c.key}  {c.title}  ({c.source}, {c.project or 'no project'}, {c.availability})")


_ISSUE_LINES = (
    "project", "parent_key", "milestone", "assignee", "reporter", "labels", "components", "story_points",
    "percent_complete", "start_on", "due_on", "created_at", "started_at", "resolved_at", "updated_at", "url",
)  # fmt: skip


def show_issue(details: IssueDetails, changes: Sequence[ChangeStory], *, as_json: bool) -> None:
    """One issue, with what is and was wanted of it."""
    if as_json:
        _print_json(asdict(details) | {"changes": [_story_fields(*story) for story in changes]})
        return
    issue = details.issue
    _print(f"{issue['key']}  {issue['title']}  ({issue['id']})")
    for ours in ("status", "priority", "type"):
        theirs = issue[f"native_{ours}"]
        _print(f"  {ours}: {_plain(issue[ours]) or 'none'}" + (f" (theirs: {theirs})" if theirs else ""))
    if issue["availability"] != "present":
        _print(f"  {issue['availability']}: {issue['availability_evidence']}")
    for name in _ISSUE_LINES:
        if issue[name] not in (None, []):
            _print(f"  {name.removesuffix('_key').replace('_', ' ')}: {_plain(issue[name])}")
    hours = [f"{_hours(issue[name] / 3600)} {said}" for name, said in _EFFORTS if issue[name] is not None]
    _print(f"  hours: {', '.join([f'{_hours(details.hours_logged)} logged', *hours])}")
    for row in details.hours:
        _print(f"    {row['account'] or 'unknown'}: {_hours(row['hours'])}, last on {row['last_on']}")
    for row in details.links:
        direction = "→" if row["outward"] else "←"
        _print(f"  {row['native_kind']} {direction} {row['other_key']} {row['other_title']} ({row['other_status']})")
    for row in details.history:
        went = f"{_plain(row['from_native']) or 'nothing'} → {_plain(row['to_native']) or 'nothing'}"
        _print(f"  {_moment(row['changed_at'])}  {_told_by(row)}: {row['field']}: {went}")
    for change, events, steps in changes:
        _print(f"  wanted: {_change_line(change)}")
        _print_story(change, events, steps, "    ")


def _told_by(row: Mapping[str, Any]) -> str:
    """Who changed it; of what the hub observed itself, since when it may have been so."""
    if row["evidence"] != Evidence.OBSERVED:
        return str(row["account"] or "unknown")
    since = row["observed_from"]
    if since is None:
        return "observed, by then"
    return "observed" if since == row["changed_at"] else f"observed, not before {_moment(since)}"


_EFFORTS = (("original_estimate_seconds", "estimated"), ("remaining_estimate_seconds", "remaining"))


def show_asked(results: Sequence[Asked], *, as_json: bool) -> None:
    """What became of wishes."""
    if as_json:
        _print_json([asdict(result) for result in results])
        return
    for result in results:
        if result.change_id is not None:
            _print(f"change {result.change_id}: {result.issue}: {result.said}")
        elif result.refused:
            _err.print(escape(f"pmo: {result.said}"), soft_wrap=True)
        else:
            _print(f"{result.issue}: {result.said}")


def show_changes(changes: Sequence[WantedChange], *, as_json: bool) -> None:
    """Wanted changes, one a line."""
    if as_json:
        _print_json([asdict(change) for change in changes])
        return
    if not changes:
        _print("no changes are wanted: `pmo set ISSUE --status … --priority … --reason …` asks for one")
    for change in changes:
        _print(f"{change.issue_key}: {_change_line(change)}")


def show_change(
    change: WantedChange, events: Sequence[ChangeEvent], steps: Sequence[RecordedStep], *, as_json: bool
) -> None:
    """One wanted change, with all that happened to it."""
    if as_json:
        _print_json(_story_fields(change, events, steps))
        return
    _print(f"{change.issue_key}: {_change_line(change)}")
    _print_story(change, events, steps, "  ")


def _story_fields(
    change: WantedChange, events: Sequence[ChangeEvent], steps: Sequence[RecordedStep]
) -> dict[str, object]:
    return asdict(change) | {"events": [asdict(event) for event in events], "steps": [asdict(step) for step in steps]}


def _print_story(
    change: WantedChange, events: Sequence[ChangeEvent], steps: Sequence[RecordedStep], margin: str
) -> None:
    """Who did what, and what was sent, in the order of time; what was seen before and after."""
    lines = [(event.at, f"{event.by or 'pmo-hub'}: {event.state}", event.note) for event in events]
    lines += [(sent.sent_at, f"sent {sent.request}", _answer(sent)) for sent in steps]
    for at, what, note in sorted(lines, key=lambda line: line[0]):
        _print(f"{margin}{_moment(at)}  {what}{f': {note}' if note else ''}")
    if change.before is not None:
        after = f", after: {change.after}" if change.after is not None else ""
        _print(f"{margin}seen before: {change.before}{after}")


def _answer(sent: RecordedStep) -> str:
    outcome = sent.step.outcome or "no answer was noted"
    return f"{outcome}, {sent.step.said}" if sent.step.said else outcome


def show_pushed(report: PushReport, *, as_json: bool) -> None:
    """The plan, or what became of it: a line per change, what stopped a source, and what is to be done next."""
    if as_json:
        _print_json({**asdict(report), "exit_status": report.exit_status})
        return
    if report.applied:
        for source in report.sources:
            for change in source.results:
                _print(f"{change.issue_key}: {_change_line(change)}")
    else:
        for planned in report.planned:
            _print(_plan_line(planned))
    said: dict[str, int] = {}
    for planned in report.planned:
        for warning in planned.warnings:
            said[warning] = said.get(warning, 0) + 1
    for warning, times in said.items():
        _print(f"note: {warning} ({times} {'change' if times == 1 else 'changes'})")
    for source in report.sources:
        if source.error:
            _print(f"{source.source}: stopped: {source.error}")
        elif report.applied:
            _print(
                f"{source.source}: {source.writes:,} writes, {source.notes:,} comments, {source.requests:,} requests"
            )
    _print_next(report)
    if report.published is not None:
        _say_published(report.published)


def _print_next(report: PushReport) -> None:
    if not report.planned:
        _print("nothing is approved: `pmo changes` lists what waits, `pmo approve ID` lets it go")
    elif report.applied:
        states = [change.state.value for source in report.sources for change in source.results]
        _print(", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states)) or "nothing was sent")
    else:
        _print(
            f"plan {report.hash}: nothing was sent; `pmo push --plan {report.hash}` sends it, if it is still the same"
        )


def _plan_line(planned: PlannedChange) -> str:
    change = planned.change
    head = f"change {change.id}: {change.issue_key}: {change.field} {planned.live or '?'} → {change.wish}"
    if planned.decision == "verified":
        return f"{head}: it is so already, nothing is sent"
    if planned.decision != "write":
        return f"{head}: {'CONFLICT' if planned.decision == 'conflict' else 'REFUSED'}: {planned.why}"
    way = " → ".join(step.end_name or step.end for step in planned.route)
    return f"{head}: by {way}" if len(planned.route) > 1 or way != str(change.wish) else f"{head}: in one step"


def _change_line(change: WantedChange) -> str:
    why = f", “{change.reason}”" if change.reason else ""
    said = f" ({change.message})" if change.message and change.message != change.reason else ""
    return (
        f"change {change.id}: {change.field} {change.base} → {change.wish}, {change.state}{said}, "
        f"asked by {change.requested_by} {_moment(change.requested_at)}{why}"
    )


def show_rows(rows: Rows, *, as_json: bool) -> None:
    """The answer to a person's own SQL: a table on a terminal, tab-separated lines elsewhere."""
    if as_json:
        _print_json(rows.dicts())
        return
    if not sys.stdout.isatty():
        for line in [rows.columns, *rows.rows]:
            print("\t".join(_cell(value) for value in line))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in rows.columns:
        table.add_column(escape(name), overflow="fold")
    for row in rows.rows:
        table.add_row(*(escape(_plain(value)) for value in row))
    _out.print(table)
    _print(f"{len(rows.rows):,} rows")


# ------------------------------------------------------------------ values as text


def _running(data: Path) -> dict[str, Any] | None:
    """What `data/run.json` says of a run that is under way; None if there is none, or its process has ended."""
    try:
        found = json.loads((data / "run.json").read_text(encoding="utf-8"))
        if found["state"] != "running" or not Path(f"/proc/{int(found['pid'])}").exists():
            return None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return dict(found)


def _print(text: str) -> None:
    _out.print(escape(text))


def _print_hanging(text: str, indent: int) -> None:
    """On a terminal, what does not fit goes on below, further in; elsewhere it stays one line."""
    if _out.is_terminal:
        text = textwrap.fill(text, _out.width, subsequent_indent=" " * indent, break_long_words=False)
    _print(text)


def _print_json(value: object) -> None:
    print(json.dumps(value, default=_jsonable, ensure_ascii=False, indent=1))


def _jsonable(value: object) -> object:
    if isinstance(value, datetime):
        text = value.isoformat()
        return text if value.tzinfo else f"{text}Z"
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)


def _plain(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return _moment(value)
    if isinstance(value, list):
        return ", ".join(_plain(v) for v in value)
    return str(value)


def _cell(value: object) -> str:
    """One line, one column."""
    text = value.isoformat(sep=" ") if isinstance(value, datetime) else _plain(value)
    return text.replace("\t", " ").replace("\r", " ").replace("\n", " ")


def _few(words: Sequence[str], most: int = 5) -> str:
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more


def show_words(looked: Looked, *, as_json: bool) -> None:
    """What `pmo forget` would replace, by what, and what it cannot change. To standard error: it is no result."""
    if as_json:
        _print_json(looked)
        return
    for account in looked.accounts:
        _err.print(f"{account.id} ({account.name})", markup=False, soft_wrap=True)
    for word in looked.words:
        where = "" if word.anywhere else ", only where it is all that a field about a person holds; else say --also"
        _err.print(f"  {word.text} → {word.pseudonym}{where}", markup=False, soft_wrap=True)
    for remark in looked.remarks:
        _err.print(f"note: {remark}", markup=False, soft_wrap=True)


def show_receipts(receipts: Sequence[Receipt], *, as_json: bool) -> None:
    """What `pmo forget` did."""
    if as_json:
        _print_json(receipts)
        return
    for receipt in receipts:
        files = ", ".join(f"{number} {kind}" for kind, number in receipt.files.items()) or "none"
        _out.print(
            f"{receipt.pseudonym}: {receipt.replaced:,} places replaced; files written anew: {files}; the hub file was "
            "made again. This receipt is kept on the desk.",
            markup=False,
        )
        for place in receipt.remaining:
            _out.print(f"STILL THERE: {place}", markup=False)
