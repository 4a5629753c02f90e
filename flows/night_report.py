"""The report of a night: a self-contained page under `data/reports`, markdown and a table for Prefect.

What a person must do comes first. Sentences come from tools in part: they are escaped, and the page may fetch nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined

from flows.format import moment, share
from flows.night import NightReport
from warehouse.files import said_plainly, write_whole

__all__ = ["as_html", "as_lines", "as_markdown", "as_rows", "last_night", "write_night"]

REPORTS = "reports"
LAST = "night.json"
MOST_LINES = 20
_COLUMNS = (
    "source", "stream", "state", "from", "through", "requests", "waited", "seen", "new", "changed", "gone",
    "quarantine", "in the tool", "complete",
)  # fmt: skip


def write_night(data: Path, report: NightReport) -> Path:
    """Writes `data/reports/<run>.html` and what `pmo status` says of it. Raises FileError."""
    path = data / REPORTS / f"{report.run_id}.html"
    with said_plainly("writing the report", path):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, as_html(report))
        report.path = path
        write_whole(data / LAST, json.dumps({"lines": as_lines(report), "failures": report.failures}, indent=1))
    return path


def last_night(data: Path) -> list[str]:
    """What the last night said in short; nothing where there was none."""
    try:
        return [str(line) for line in json.loads((data / LAST).read_text(encoding="utf-8"))["lines"]]
    except (OSError, ValueError, LookupError):
        return []


def as_rows(report: NightReport) -> list[dict[str, Any]]:
    """A row for each stream that was read."""
    return [dict(zip(_COLUMNS, row, strict=True)) for row in _streams(report)]


def _streams(report: NightReport) -> Iterator[tuple[Any, ...]]:
    for outcome in report.pulled.sources if report.pulled else ():
        for s in outcome.streams:
            complete = share(min(s.present / s.census, 1)) if s.census and s.present is not None else ""
            window = ("all" if s.full else moment(s.since_at), moment(s.through_at))
            rows = (s.rows_seen, s.rows_new, s.rows_changed, s.rows_gone, s.quarantined)
            counted = ("" if s.census is None else s.census, complete)
            waited = f"{s.throttled_seconds:.0f} s"
            yield (outcome.source, s.stream, s.state.value, *window, s.requests, waited, *rows, *counted)


def as_markdown(report: NightReport) -> str:
    """What must be done, what failed, what was done: a page for Prefect's artifacts."""
    lines = [f"# Night of {moment(report.started_at)}", "", _took(report), "", "## What a person must do", ""]
    lines += [f"- {_safe(one.text)}" for one in report.waiting] or ["Nothing."]
    if report.failures:
        lines += ["", "## What failed", "", *(f"- {_safe(failure)}" for failure in report.failures)]
    lines += ["", "## Sources", "", f"| {' | '.join(_COLUMNS)} |", f"|{'---|' * len(_COLUMNS)}"]
    lines += [f"| {' | '.join(_safe(str(cell)) for cell in row)} |" for row in _streams(report)]
    lines += ["", "## Changes sent", "", *(f"- {_safe(line)}" for line in pushed_lines(report))]
    return "\n".join(lines)


def _safe(text: str) -> str:
    """No markup of a tool's own."""
    return "".join(f"\\{c}" if c in "\\`*_[]<>|#" else " " if c in "\r\n" else c for c in text)


def _took(report: NightReport) -> str:
    seconds = (report.ended_at - report.started_at).total_seconds() if report.ended_at else 0.0
    end = "failed" if report.failures else "all is well"
    where = (
        report.published.path.name if report.published else "nothing new was published: readers have the file of before"
    )
    return f"{end}; {seconds:.0f} s; {where}"


def as_lines(report: NightReport) -> list[str]:
    """For a terminal or a log: what failed, what a person must do, and where all of it stands."""
    lines = [f"night of {moment(report.started_at)}: {_took(report)}"]
    lines += [f"failed: {failure}" for failure in report.failures]
    lines += [f"to do: {one.text}" for one in report.waiting[:MOST_LINES]]
    if len(report.waiting) > MOST_LINES:
        lines.append(f"to do: {len(report.waiting) - MOST_LINES} more things")
    return [*lines, f"report: {report.path}"] if report.path else lines


def pushed_lines(report: NightReport) -> list[str]:
    """A line for each change that was looked at."""
    if report.pushed is None:
        return ["not tried"]
    changes = [c for one in report.pushed.sources for c in one.results]
    return [f"{c.issue_id}: {c.field}: {c.state.value}" for c in changes] or ["none was waiting"]


def as_html(report: NightReport) -> str:
    """The page."""
    page: str = _template().render(
        report=report, columns=_COLUMNS, rows=[*_streams(report)], took=_took(report), pushed=pushed_lines(report),
        facts=report.facts.about if report.facts else [],
    )  # fmt: skip
    return page


@cache
def _template() -> Any:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"moment": moment, "share": share}
    return environment.from_string(files("flows").joinpath("night.html").read_text(encoding="utf-8"))
