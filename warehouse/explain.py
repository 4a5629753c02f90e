"""What one figure of one project comes from, read from the published file alone.

Value, rule and rows come from the published tables; which rows, from the table `figure_lineage`, as an analyst would
ask for them; unit, formula and why a value may be unknown from the registry that table was made from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from model.columns import published_columns
from model.config import nearest
from model.errors import ConfigError
from model.figures import Portfolio
from model.lineage import Gap, Lineage, Role
from model.lineages import LINEAGES, lineage_of
from model.records import Issue
from warehouse.read import Reader, Row

__all__ = ["Explanation", "RowsBehind", "explain"]


_ISSUE_IDS = {
    "blocked_issues": "issue_id",
    "data_quality": "CASE object_kind WHEN 'issue' THEN object_id END",
    "worklogs": "issue_id",
}
"""Where tables name issues, beside the issues themselves."""


@dataclass(frozen=True)
class RowsBehind:
    """The rows of one origin: how many, the first of them, what is made of all."""

    table: str
    used: str
    role: Role
    filter: str
    query: str
    count: int
    first: list[Row]
    total: Any = None
    total_of: str | None = None


@dataclass(frozen=True)
class Explanation:
    """One figure of one project, down to the pages in the tools.

    `numbers` are what the formula names; `rules` what the tables say of themselves; `sources` how fresh and complete
    what the figure needs is; `gap` why the value is unknown and what to supply, where that can be told.
    """

    lineage: Lineage
    project: Row
    value: Any
    meaning: str
    basis: str | None
    rules: list[str]
    formula: str
    numbers: Mapping[str, Any]
    behind: list[RowsBehind]
    issues: list[Row]
    issue_count: int
    sources: list[Row]
    gap: Gap | None


def explain(reader: Reader, project: str, figure: str, *, most: int | None = None) -> Explanation:
    """Where this figure of this project comes from; at most so many rows and issues of each origin are read.

    Raises ConfigError with one sentence if there is no such project, several, or no such figure.
    """
    lineage = lineage_of(figure.strip().lower())
    if lineage is None:
        names = [entry.column for entry in LINEAGES]
        wrong = f"there is no figure {figure}{nearest(figure, names)}" if figure.strip() else "say which figure"
        raise ConfigError(f"{wrong}{' There' if wrong.endswith('?') else '; there'} are {', '.join(names)}")
    row = _project(reader, project)
    place = row["project_id"] or row["source"]
    origins = reader.ask("FROM figure_lineage WHERE column_name = ? ORDER BY position", [lineage.column]).dicts()
    behind = [_rows_behind(reader, origin, place, most) for origin in origins]
    facts = _facts(reader, row, behind, place)
    value = row[lineage.column]
    issues, count = _issues(reader, origins, place, most)
    return Explanation(
        lineage=lineage,
        project=row,
        value=value,
        meaning=next(c.description for c in published_columns(Portfolio) if c.name == lineage.column),
        basis=facts.get("basis"),
        rules=_rules(behind),
        formula=lineage.formula_of(facts) if value is not None else "",
        numbers=facts,
        behind=behind,
        issues=issues,
        issue_count=count,
        sources=_sources(reader, place),
        gap=lineage.gap_of(facts) if value is None else None,
    )


def _project(reader: Reader, text: str) -> Row:
    """A row of today's portfolio by id, key or name; for a row (in no project) also by its source."""
    wanted = text.strip().casefold()
    rows = reader.portfolio().dicts()
    ids = [row for row in rows if wanted == (row["project_id"] or row["source"]).casefold()]
    found = ids or [row for row in rows if wanted and wanted in (row["key"].casefold(), row["project"].casefold())]
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(row["project_id"] or row["source"] for row in found)
        raise ConfigError(f"{text} may be one of {len(found)} projects: give one of {names}")
    known = [name for row in rows for name in (row["project"], row["key"], row["project_id"]) if name]
    near = nearest(text, known) or ": there is " + ", ".join(row["key"] or row["source"] for row in rows)
    raise ConfigError(f"there is no project {text} in the portfolio{near}")


def _rows_behind(reader: Reader, origin: Row, place: str, most: int | None) -> RowsBehind:
    rows, at = f"({origin['query']})", {"project_id": place}
    total = origin["total"] or "NULL"
    ((count, made),) = reader.ask(f"SELECT count(*), {total} FROM {rows}", at).rows
    first = reader.ask(f"FROM {rows}" + (f" LIMIT {most:d}" if most is not None else ""), at).dicts()
    return RowsBehind(
        table=origin["table_name"],
        used=origin["used"],
        role=Role(origin["role"]),
        filter=origin["filter"],
        query=origin["query"],
        count=count,
        first=first,
        total=made,
        total_of=origin["total_of"],
    )


def _facts(reader: Reader, row: Row, behind: Sequence[RowsBehind], place: str) -> dict[str, Any]:
    """What formula and gaps look at: the project, and the single rows that the figure is read from."""
    (known,) = reader.ask("FROM portfolio_projects WHERE place = $place", {"place": place}).dicts()
    facts = {**known, **row}
    for origin in behind:
        facts.setdefault(f"rows of {origin.table}", origin.count)
        if origin.role in (Role.VALUE, Role.INSTEAD) and origin.count == 1:
            facts.update(origin.first[0] if origin.first else {})
    return facts


def _rules(behind: Sequence[RowsBehind]) -> list[str]:
    """Each rule once, of the rows that say one."""
    said = [row["rule"] for origin in behind for row in origin.first if row.get("rule")]
    return list(dict.fromkeys(said))


def _issues(reader: Reader, origins: Sequence[Row], place: str, most: int | None) -> tuple[list[Row], int]:
    """The issues among the rows, each once, with their pages."""
    parts = []
    for origin in origins:
        ids = _ISSUE_IDS.get(origin["table_name"])
        if ids:
            parts.append(
                f"SELECT key, title, status, url FROM issues WHERE id IN (SELECT {ids} FROM ({origin['query']}))"
            )
        elif origin["table_name"] == Issue.table:
            parts.append(f"SELECT key, title, status, url FROM ({origin['query']})")
    if not parts:
        return [], 0
    found, at = " UNION ".join(parts), {"project_id": place}
    ((count,),) = reader.ask(f"SELECT count(*) FROM ({found})", at).rows
    limit = f" LIMIT {most:d}" if most is not None else ""
    return reader.ask(f"FROM ({found}) ORDER BY ALL{limit}", at).dicts(), count


def _sources(reader: Reader, place: str) -> list[Row]:
    """How fresh and complete the sources of the project are."""
    ((query,),) = reader.ask(
        "SELECT query FROM figure_lineage WHERE column_name = 'fresh_at' AND table_name = 'about'"
    ).rows
    return reader.ask(query, {"project_id": place}).dicts()
