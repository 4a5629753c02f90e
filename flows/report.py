"""Status reports: one self-contained page for a browser or a printer, and a workbook.

Titles come from tools and are hostile until shown otherwise: the page escapes them and may fetch nothing, and in the
workbook they are text, never formulas.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from flows import charts
from flows.format import amount, hours, moment, percent, share
from model.errors import FileError
from warehouse.files import said_plainly
from warehouse.report import ProjectStatus, Report

__all__ = ["as_html", "as_xlsx", "write_report"]

MOST = {"milestones": 9, "issues": 5, "requests": 5, "risks": 6, "findings": 6}
"""How much of each list a page of paper holds. The workbook has all."""


def write_report(path: Path, content: bytes) -> None:
    """Writes it whole or not at all. Raises FileError."""
    if not path.parent.is_dir():
        raise FileError(f"there is no folder {path.parent}: make it, or name another file")
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    with said_plainly("writing the report", path):
        try:
            part.write_bytes(content)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)


# ------------------------------------------------------------------ the page


@dataclass(frozen=True)
class _Charts:
    dates: Markup | None
    progress: Markup | None
    progress_title: str
    cost: Markup | None


def as_html(report: Report, scope: str) -> bytes:
    """The page. `scope` says of what: the whole portfolio, a program or a project."""
    drawn = {id(one): _charts_of(one, report.day) for one in report.projects}
    places = {id(one): place for place, one in enumerate(report.projects, 1)}
    page: str = _template().render(
        report=report,
        scope=scope,
        most=MOST,
        milestones=_milestones,
        charts=lambda one: drawn[id(one)],
        place=lambda one: places[id(one)],
    )
    return page.encode()


@cache
def _template() -> Any:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {
        "amount": amount,
        "days": lambda number: "" if number is None else f"{number:+d} d",
        "hours": hours,
        "moment": moment,
        "percent": percent,
        "safe_url": _safe_url,
        "share": share,
    }
    return environment.from_string(files("flows").joinpath("report.html").read_text(encoding="utf-8"))


def _safe_url(url: str | None) -> str | None:
    """Only what leads to a page; `javascript:` and the like do not."""
    try:
        return url if url is not None and urlsplit(url).scheme in ("http", "https") else None
    except ValueError:  # no address at all, such as http://[
        return None


def _charts_of(one: ProjectStatus, today: date) -> _Charts:
    dated = [charts.Dated(row["name"], _baseline(row), row["forecast_on"], row["is_met"]) for row in _milestones(one)]
    finish = charts.Dated(
        "finish of the project",
        one.row["baseline_finish_on"],
        one.row["forecast_finish_on"],
        one.row["stage"] == "closed",
    )
    deadline = one.dates.get("deadline_on")
    if deadline:
        dated.append(charts.Dated("deadline", deadline, None))
    progress, title = _progress(one)
    currency = one.row["currency"] or ""
    money = [(r["category"], r["budget"], r["actual_cost"], r["committed_cost"]) for r in one.budgets]
    return _Charts(
        _markup(charts.timeline([*dated, finish], today, f"Dates of {one.row['project']}")),
        _markup(progress),
        title,
        _markup(charts.bars(money, f"Cost of {one.row['project']} against budget", currency)),
    )


def _milestones(one: ProjectStatus) -> list[dict[str, Any]]:
    """Those for the page: what is open, the next first, then what was met last."""
    by_day = sorted(one.milestones, key=lambda row: (row["is_met"], row["forecast_on"] is None))
    ahead = [row for row in by_day if not row["is_met"]][: MOST["milestones"]]
    met = [row for row in by_day if row["is_met"]]
    behind = met[-(MOST["milestones"] - len(ahead)) :] if len(ahead) < MOST["milestones"] else []
    return behind + ahead


def _baseline(row: dict[str, Any]) -> date | None:
    """A due day is none."""
    return row["baseline_on"] if row["has_baseline"] else None


def _progress(one: ProjectStatus) -> tuple[str | None, str]:
    """Earned value where there is a baseline, else issues in scope and done."""
    weeks = [week for week in one.weeks if week["bac"] is not None]
    if weeks:
        unit = {"money": weeks[-1]["currency"] or "", "hours": "h", "points": "points"}.get(
            weeks[-1]["basis"] or "", ""
        )
        curves = [
            charts.Line("planned", [(w["day_on"], w["pv"]) for w in weeks], charts.GREY, dashed=True),
            charts.Line("earned", [(w["day_on"], w["ev"]) for w in weeks], charts.BLUE),
            charts.Line("cost", [(w["day_on"], w["ac"]) for w in weeks], charts.ORANGE),
        ]
        drawn = charts.lines(curves, f"Planned value, earned value and cost of {one.row['project']}", unit)
        if drawn:
            return drawn, "Planned, earned, cost"
    curves = [
        charts.Line("scope", [(w["week_on"], w["scope"]) for w in one.burn_up], charts.GREY, dashed=True),
        charts.Line("done", [(w["week_on"], w["done"]) for w in one.burn_up], charts.BLUE),
    ]
    return charts.lines(curves, f"Issues of {one.row['project']}: scope and done", "issues"), "Burn-up in issues"


def _markup(svg: str | None) -> Markup | None:
    return Markup(svg) if svg else None  # made by an XML library, which escapes


# ------------------------------------------------------------------ the workbook

_HEAD = Font(bold=True)
_HEAD_FILL = PatternFill("solid", fgColor="E3E7EC")
_COLOURS = {"red": "FDECEA", "amber": "FFF4E0", "green": "E7F6EC"}
_FORMATS = {date: "yyyy-mm-dd", datetime: "yyyy-mm-dd hh:mm", float: "#,##0.00"}
_SHARES = (
    "progress",
    "planned_progress",
    "cost_variance_share",
    "completeness",
    "spent_share",
    "scope_growth_unapproved",
)
WIDEST = 60


def as_xlsx(report: Report) -> bytes:
    """The workbook: a sheet for the portfolio and one for each list behind it, and what the columns mean."""
    book = Workbook()
    first = book.active
    assert isinstance(first, Worksheet)
    first.title = "Portfolio"
    _fill(first, [one.row for one in report.projects])
    for title, name in _SHEETS:
        rows = [row | {"project": one.row["project"]} for one in report.projects for row in getattr(one, name)]
        _fill(book.create_sheet(title), rows, first=("project",), but=("project_id",))
    _fill(book.create_sheet("Sources"), report.sources)
    meanings = [dict(zip(("column", "means"), row, strict=True)) for row in report.definitions.rows]
    _fill(book.create_sheet("Columns"), meanings)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


_SHEETS = (
    ("Health", "reasons"),
    ("Milestones", "milestones"),
    ("Earned value", "weeks"),
    ("Costs", "budgets"),
    ("Risks", "risks"),
    ("Changes", "requests"),
    ("Blocked", "blocked"),
    ("Done", "done"),
    ("Due", "coming"),
    ("Data quality", "findings"),
)


def _fill(sheet: Worksheet, rows: list[dict[str, Any]], *, first: Iterable[str] = (), but: Iterable[str] = ()) -> None:
    """Rows under a frozen header with filters; values keep their types."""
    left_out = {*but}
    names = list(dict.fromkeys([*first, *(name for row in rows[:1] for name in row if name not in left_out)]))
    if not rows:
        sheet.append(["nothing"])
        return
    sheet.append(names)
    for cell in sheet[1]:
        cell.font, cell.fill = _HEAD, _HEAD_FILL
        cell.alignment = Alignment(vertical="top", wrap_text=True)
    for number, row in enumerate(rows, 2):
        for place, name in enumerate(names, 1):
            _put(sheet, number, place, name, row.get(name))
    sheet.freeze_panes = "B2" if "project" in names[:2] else "A2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(names))}{len(rows) + 1}"
    for place, name in enumerate(names, 1):
        longest = max([len(name) // 2, *(len(str(row.get(name) or "")) for row in rows)])
        sheet.column_dimensions[get_column_letter(place)].width = min(max(longest + 2, 10), WIDEST)


def _put(sheet: Worksheet, number: int, place: int, name: str, value: Any) -> None:
    if isinstance(value, list | dict):
        value = str(value)
    cell = sheet.cell(number, place)
    if isinstance(value, str):
        cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)
        cell.data_type = "s"  # else a title that begins with = were a formula
        cell.quotePrefix = value[:1] in ("=", "+", "-", "@", "\t", "\r")
        if name in ("health", "health_computed", "health_found") and value in _COLOURS:
            cell.fill = PatternFill("solid", fgColor=_COLOURS[value])
    else:
        cell.value = value
        kind = next((kind for kind in (datetime, date, float) if isinstance(value, kind)), None)
        if kind is not None:
            cell.number_format = "0.0%" if name in _SHARES or name.endswith("_share") else _FORMATS[kind]
