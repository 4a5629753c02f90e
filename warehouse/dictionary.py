"""The pages docs/data-dictionary.md and docs/definitions.md, written from the tables and the registry of figures.

`make docs` (or `python -m warehouse.dictionary`) writes them anew; a test fails where the committed ones differ. So a
column's comment, its type and what is said of a figure are written down once, in `model`.
"""

from __future__ import annotations

from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path

from model.columns import Column, published_columns
from model.figures import FIGURES, Portfolio, PortfolioDay
from model.lineage import AS_IT_IS, Lineage, Unit
from model.lineages import LINEAGES, lineage_of
from model.planning import PLANNED
from model.records import Bookkeeping, Change, Milestone, Project, Record, Synced
from warehouse.publish import PUBLISHED, published_type

__all__ = ["PAGES", "data_dictionary", "definitions", "unit_of", "write"]

_DOCS = Path(__file__).resolve().parents[1] / "docs"
_MADE = (
    "<!-- Made by `make docs` from the tables' comments and the registry of figures: change those, not this page. -->"
)

_SHARES = frozenset({"share", "progress", "completeness", "unsized_share", "cost_variance_share", "earned_share",
                     "work_completeness", "compliance"})  # fmt: skip
_MONEY = frozenset(
    {
        "amount", "budget", "contingency", "reserve", "cost", "exposure", "left_over", "labour_cost", "other_cost",
        "late_amount", "amount_by_rates", "planned", "realised", "contract_value", "remaining_cost",
    }
)  # fmt: skip
_VALUES = frozenset({"bac", "pv", "ev", "ac", "sv", "cv", "eac", "etc", "vac"})
_RATIOS = frozenset({"spi", "cpi", "spi_t", "tcpi_bac", "tcpi_eac", "rate"})
_PERCENTS = frozenset({"percent_complete", "probability_percent"})
_POINTS = frozenset({"points", "done_points", "story_points", "scope_points"})
_WEEKDAYS = frozenset({"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"})
_NUMBERS = frozenset({"baseline", "level", "month_close_day", "number", "position", "priority", "schema_version"})
_SCORES = frozenset({"impact", "probability", "score", "earlier_score"})
_SCOPE = frozenset(
    {
        "scope", "change", "baseline_scope", "scope_then", "scope_now", "added", "removed", "re_estimated",
        "off_baseline", "growth", "approved", "unapproved", "churn", "unapproved_churn", "asked",
    }
)  # fmt: skip


def write(folder: Path = _DOCS) -> None:
    """Writes both pages into this folder."""
    for name, made in PAGES.items():
        (folder / name).write_text(made(), encoding="utf-8")


# ---- the data dictionary


def data_dictionary() -> str:
    """Every table and column of the published file."""
    head = f"""# Data dictionary: the published file
{_MADE}

Every table and column of `data/portfolio.duckdb`. The same words stand in the file as comments:
`select table_name, column_name, comment from duckdb_columns()`. What the figures mean: [definitions](definitions.md);
what they count and how: [figures](figures.md); questions with their SQL: [questions](questions.md).

*null*: whether the column may be empty; empty is never 0. Money is in the row's `currency`, else in that of its
project. *zone*: instants are UTC; days are days of the PMO's zone (`about.zone`), of the author of the hours, or as
tool and plan write them. *filled by*: the tool, the PMO's plan files, or the hub itself. Tables of figures are filled
by the hub whole.
"""
    lists = [
        f"\nRead from tools and plan: {_links(r for r in PUBLISHED if issubclass(r, Synced))}.\n",
        f"\nFigures: {_links(r for r in PUBLISHED if r in FIGURES or r is PortfolioDay)}.\n",
        f"\nThe hub about itself: {_links(r for r in PUBLISHED if not _is_content(r))}.\n",
    ]
    return head + "".join(lists) + "".join(_table(record) for record in PUBLISHED)


def _is_content(record: type[Record]) -> bool:
    return issubclass(record, Synced) or record in FIGURES or record is PortfolioDay


def _links(records: Iterator[type[Record]]) -> str:
    return ", ".join(f"[{record.table}](#{record.table})" for record in records)


def _table(record: type[Record]) -> str:
    lines = [f"\n## {record.table}\n", f"\n{cleandoc(record.__doc__ or '').splitlines()[0]}\n"]
    if record in FIGURES:
        lines.append("\nMade by the SQL in `about_figures`.\n")
    lines.append("\n| column | type | null | unit | zone | filled by | meaning |\n|---|---|---|---|---|---|---|\n")
    for column in published_columns(record):
        null = "yes" if column.nullable else "no"
        meaning = column.description.replace("|", r"\|").replace("<", r"\<")
        if column.ref:
            meaning += f" (→ [{column.ref}](#{column.ref}))"
        cells = (unit_of(record, column), _zone(record, column), _filled_by(record, column), meaning)
        lines.append(f"| `{column.name}` | {published_type(column)} | {null} | {' | '.join(cells)} |\n")
    return "".join(lines)


def unit_of(record: type[Record], column: Column) -> str:
    """What a column is measured in; empty for text, and for a number nobody gave a unit."""
    if record in (Portfolio, PortfolioDay) and (lineage := lineage_of(column.name)):
        return "" if lineage.unit is Unit.TEXT else str(lineage.unit)
    if column.type in _BY_TYPE:
        return _BY_TYPE[column.type]
    name = column.name
    for names, unit in _BY_NAME:
        if name in names:
            return unit
    words = name.split("_")
    for word, unit in _BY_WORD:
        if word in words:
            return unit
    return "count" if column.type == "BIGINT" else ""


_BY_TYPE = {"VARCHAR": "", "VARCHAR[]": "list", "JSON": "JSON", "BOOLEAN": "yes or no", "DATE": "day",
            "TIMESTAMP": "instant"}  # fmt: skip
_BY_NAME = (
    (_SHARES, str(Unit.SHARE)), (_MONEY, "money"), (_VALUES, "money, hours or points: `basis`"), (_RATIOS, "ratio"),
    (_PERCENTS, "per cent"), (_POINTS, str(Unit.POINTS)), (_WEEKDAYS, "hours"), (_NUMBERS, "number"),
    (_SCORES, "score"), (_SCOPE, "points, hours or issues: `basis`"),
    (frozenset({"closed_value", "difference"}), "as `unit` says"),
    (frozenset({"earned_value"}), "as `earned_unit` says"),
    (frozenset({"value", "amber_over", "red_over"}), "as its dimension: working days, share, days"),
)  # fmt: skip
_BY_WORD = (
    ("seconds", "seconds"), ("hours", "hours"), ("days", "days"), ("weeks", "weeks"), ("cost", "money"),
    ("share", str(Unit.SHARE)), ("progress", str(Unit.SHARE)),
)  # fmt: skip


def _zone(record: type[Record], column: Column) -> str:
    if column.type == "TIMESTAMP":
        return "UTC"
    if column.type != "DATE":
        return ""
    if column.name == "work_on" or (record.table == "project_hours" and column.name in ("first_on", "last_on")):
        return "the author's"
    return "as written" if issubclass(record, Synced) else "the PMO's"


def _filled_by(record: type[Record], column: Column) -> str:
    if issubclass(record, Synced):
        if column.derived or (column.name in Bookkeeping.model_fields and column.name != "native_id"):
            return "hub"
        if record in PLANNED:
            return "plan"
        return "tool or plan" if record in (Project, Milestone) else "tool"
    return "who asked, hub" if record is Change else "hub"


# ---- the definitions


def definitions() -> str:
    """Every figure of the portfolio."""
    head = f"""# Definitions: what each figure of the portfolio means
{_MADE}

One section for each column of `portfolio`. How the tables behind are made, and the checks of data quality:
[figures](figures.md). Each table and column: [data dictionary](data-dictionary.md). `pmo explain PROJECT FIGURE` puts
in the numbers of a project and walks to the rows and issues behind; the table `figure_lineage` holds the same as
SQL (`select query from figure_lineage where column_name = 'spi'`).

Ground rules: a day is a day of the PMO's zone, `about.today_on` that of the file; null is not 0; a ratio over several
projects is the ratio of the sums; nothing is rounded before it is shown.

| figure | unit | means |
|---|---|---|
"""
    meanings = {column.name: column.description for column in published_columns(Portfolio)}
    rows = "".join(f"| [{e.column}](#{e.column}) | {e.unit} | {meanings[e.column]} |\n" for e in LINEAGES)
    return head + rows + "".join(_definition(entry, meanings[entry.column]) for entry in LINEAGES)


def _definition(entry: Lineage, meaning: str) -> str:
    lines = [f"\n## {entry.column}\n\n{meaning[0].upper()}{meaning[1:]}.\n\n", f"- Unit: {entry.unit}.\n"]
    if entry.sign:
        lines.append(f"- Sign: {entry.sign}.\n")
    if isinstance(entry.formula, str):
        lines += [f"- Formula: {_words(entry.formula)}.\n"] if entry.formula else []
    else:
        lines += [f"- Formula, where `{entry.formula_by}` is {key}: {_words(f)}.\n" for key, f in entry.formula.items()]
    lines += [f"- Edge case: {edge}.\n" for edge in entry.edges]
    if entry.gaps:
        lines.append("- Unknown, by the first of these reasons that holds:\n")
    for why, supply in dict.fromkeys((gap.why, gap.supply) for gap in entry.gaps):
        lines.append(f"  - {why}{'' if supply == AS_IT_IS else f'; to supply: {supply}'}\n")
    lines += [f"- From [{o.table}](data-dictionary.md#{o.table}): {o.used}.\n" for o in entry.origins]
    return "".join(lines)


def _words(formula: str) -> str:
    """A formula with the names of its columns instead of numbers."""
    parts = formula.split("{")
    text = parts[0]
    for part in parts[1:]:
        name, _, rest = part.partition("}")
        text += f"`{name.partition(':')[0]}`{rest}"
    return text


PAGES = {"data-dictionary.md": data_dictionary, "definitions.md": definitions}
"""Pages that are made, and what makes them."""

if __name__ == "__main__":
    write()
