"""The files that `pmo init --plan` writes: one for each kind of row, with its headings and comments, and no rows.

Names and descriptions come from `model.plan_files`, so that none is missing or stale; the examples stand here. A line
that begins with # above the headings is a comment, also for the reader (`connectors.plan_sheets`).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path

from model.plan_files import ID, PLAN_FILES, CellKind, PlanColumn, PlanFile, key_of
from warehouse.files import said_plainly

__all__ = ["described", "example", "keys_described", "source_lines", "template", "write_templates"]

EXAMPLES: Mapping[str, Mapping[str, str]] = {
    "programs": {"key": "DIGITAL", "name": "Digital workplace", "sponsor": "Ann Berg"},
    "projects": {"key": "P-1", "name": "New web shop", "program": "DIGITAL", "pm": "Ann Berg", "stage": "execution",
                 "start_on": "2026-03-01", "due_on": "2026-11-30", "currency": "EUR"},
    "milestones": {"project": "P-1", "name": "Go-live", "due_on": "2026-11-30"},
    "scopes": {"project": "P-1", "in_source": "acme-jira", "in_project": "SHOP; PAY", "label": "webshop"},
    "budget_lines": {"project": "P-1", "category": "licences", "amount": "12000", "contingency": "1000",
                     "currency": "EUR"},
    "baselines": {"project": "P-1", "number": "1", "approved_by": "Ann Berg", "approved_on": "2026-03-01",
                  "start_on": "2026-03-01", "finish_on": "2026-11-30"},
    "work_packages": {"project": "P-1", "baseline": "1", "name": "Payment", "budget": "20000", "hours": "250",
                      "start_on": "2026-05-01", "finish_on": "2026-07-31", "label": "payment"},
    "rates": {"role": "developer", "hourly_rate": "95.50", "currency": "EUR", "from_on": "2026-01-01"},
    "team_members": {"person": "ann.berg@example.com", "role": "developer", "team": "Web", "share": "0.6"},
    "calendars": {"name": "Hamburg", "friday": "6"},
    "calendar_days": {"calendar": "Hamburg", "day_on": "2026-12-25", "name": "Christmas Day"},
    "absences": {"person": "ann.berg@example.com", "from_on": "2026-08-03", "to_on": "2026-08-14"},
    "costs": {"project": "P-1", "kind": "expense", "category": "licences", "amount": "4800", "currency": "EUR",
              "worked_on": "2026-04", "booked_on": "2026-05-12", "reference": "4711"},
    "exchange_rates": {"from_currency": "USD", "to_currency": "EUR", "month_on": "2026-04", "rate": "0.92"},
    "risks": {"project": "P-1", "title": "The payment provider is late", "probability": "3", "impact": "4",
              "owner": "Ann Berg"},
    "benefits": {"project": "P-1", "name": "Fewer phone orders", "measure": "calls a month", "owner": "Ann Berg",
                 "month_on": "2027-01", "planned": "3000", "currency": "EUR"},
    "change_requests": {"project": "P-1", "title": "Gift cards", "state": "approved", "decided_by": "Ann Berg",
                        "decided_on": "2026-06-10", "points": "20", "days": "5"},
    "health_overrides": {"project": "P-1", "health": "amber", "said_by": "Ann Berg",
                         "reason": "the contract is not signed", "until_on": "2026-07-31"},
}  # fmt: skip


def write_templates(folder: Path) -> tuple[list[str], list[str]]:
    """Writes what is not there: names of the files written, and of those that were left. Raises FileError."""
    written, left = [], []
    with said_plainly("writing templates", folder):
        folder.mkdir(parents=True, exist_ok=True)
        for file in PLAN_FILES.values():
            path = folder / f"{file.name}.csv"
            try:  # the mark at its beginning tells Excel that it is UTF-8
                with path.open("x", encoding="utf-8-sig", newline="") as out:
                    out.write(template(file))
                written.append(path.name)
            except FileExistsError:
                left.append(path.name)
    return written, left


def source_lines(folder: Path) -> str:
    """What `pmo.toml` must hold, so that the folder is read."""
    return f'[sources.plan]\ntype = "plan"\nfolder = {json.dumps(str(folder), ensure_ascii=False)}\n'


def template(file: PlanFile) -> str:
    """A file without rows."""
    lines = [f"# {file.description}", "# Each line below the headings is a row; lines like this one do not count."]
    lines += [f"# {column.heading}: {_said(column)}" for column in file.columns]
    examples = EXAMPLES[file.name]
    headings = [column.heading for column in file.columns]
    used = [heading for heading in headings if heading in examples]
    lines += [f"# Such as: {', '.join(f'{heading} = {examples[heading]}' for heading in used)}"]
    return "\n".join([*lines, _line(headings), ""])


def example(file: PlanFile) -> str:
    """The row that the template tells of, with its headings, as CSV."""
    examples = EXAMPLES[file.name]
    return f"{_line(list(examples))}\n{_line(list(examples.values()))}\n"


def described() -> str:
    """All files and their columns, for docs/connectors/plan.md."""
    lines = []
    for file in PLAN_FILES.values():
        lines += [f"### {file.name}", "", file.description, "", "| column | holds | |", "|---|---|---|"]
        for column in file.columns:
            if column.name != ID:
                lines.append(f"| `{column.heading}` | {column.description} | {_kind(column)} |")
        lines.append("")
    return "\n".join(lines)


def keys_described() -> str:
    """What makes a row the same row, file by file, for docs/connectors/plan.md."""
    lines = []
    for file in PLAN_FILES.values():
        headings = {column.name: column.heading for column in file.columns}
        key = ", ".join(f"`{headings[name]}`" for name in key_of(file.tables[0]))
        if file.name == "scopes":
            key = f"{key} and its place"
        lines.append(f"| {file.name} | {key or 'all cells, as two costs may be alike'} |")
    return "\n".join([*lines, ""])


def _said(column: PlanColumn) -> str:
    return f"{column.description} ({_kind(column)})"


def _kind(column: PlanColumn) -> str:
    if column.kind is CellKind.CHOICE:
        what = "word"
    elif column.kind in (CellKind.NUMBER, CellKind.WHOLE):
        what = column.expected.removeprefix("a ")
    else:
        what = str(column.kind)
    empty = "" if column.fallback in (None, []) else f"; empty: {_empty(column.fallback)}"
    return f"{what}, needed" if column.required else f"{what}{empty}"


def _empty(fallback: object) -> str:
    return {True: "yes", False: "no"}[fallback] if isinstance(fallback, bool) else f"{fallback}"


def _line(cells: list[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(cells)
    return out.getvalue()
