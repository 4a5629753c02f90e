"""The text of `pmo explain`: a figure with its unit, the formula with its numbers put in, rows, issues, sources.

Numbers are rounded here and nowhere before; a share that is not all is never shown as 100 %.
"""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from model.lineage import Role, Unit

if TYPE_CHECKING:
    from warehouse.explain import Explanation, RowsBehind

__all__ = ["FIRST_ROWS", "explained_fields", "explained_lines", "filled", "measured"]

FIRST_ROWS = 5
"""Rows and issues that are shown of each table, unless all are asked for."""

_NOT_SHOWN = ("rule", "url", "issue_id", "milestone_id", "object_id", "object_kind")


def explained_lines(said: Explanation) -> Iterator[str]:
    """What a person reads, line by line."""
    lineage, project = said.lineage, said.project
    name = f"{project['project']} ({project['key'] or project['source']})"
    if said.value is None:
        why = f": {said.gap.why}" if said.gap else ""
        yield f"{lineage.column} of {name}: not known{why}"
        if said.gap and said.gap.supply:
            yield f"  to supply: {said.gap.supply}"
    else:
        yield f"{lineage.column} of {name}: {measured(said.value, lineage.unit, said.numbers)}"
    yield f"  {said.meaning}" + (f"; {lineage.sign}" if lineage.sign else "")
    if said.formula:
        yield f"  = {filled(said.formula, said.numbers)}"
    for rule in said.rules:
        if rule != said.value:
            yield f"  rule: {rule}"
    for edge in lineage.edges:
        yield f"  note: {edge}"
    for origin in said.behind:
        yield from _origin_lines(origin, said)
    if said.issue_count:
        yield f"issues: {said.issue_count:,}"
        for issue in said.issues:
            yield f"  {issue['key']}  {issue['title']}  ({issue['status']})  {issue['url'] or ''}".rstrip()
        yield from _more(said.issue_count - len(said.issues))
    yield from _source_lines(said)
    yield f"the same by SQL: select * from figure_lineage where column_name = '{lineage.column}'"


def _origin_lines(origin: RowsBehind, said: Explanation) -> Iterator[str]:
    total = ""
    if origin.total is not None and origin.total_of is not None and origin.role is not Role.VALUE:
        own = origin.total_of == said.lineage.column
        unit = said.lineage.unit if own else Unit.VALUE
        total = f", {origin.total_of} {measured(origin.total, unit, said.numbers)}"
    yield f"from {origin.table}, {origin.count:,} {'row' if origin.count == 1 else 'rows'}: {origin.used}{total}"
    if origin.table == "issues":
        return  # they are listed behind
    for row in origin.first:
        yield "  " + ", ".join(
            f"{name} {_cell(value)}" for name, value in row.items() if value is not None and name not in _NOT_SHOWN
        )
    yield from _more(origin.count - len(origin.first))


def _source_lines(said: Explanation) -> Iterator[str]:
    for source in said.sources:
        fresh = source["fresh_through_at"]
        complete = source["completeness"]
        known = f"fresh through {_cell(fresh)}" if fresh else "never read whole"
        counted = "not counted" if complete is None else f"complete {measured(complete, Unit.SHARE, {})}"
        yield f"source {source['source']}: {known}, {counted}"


def _more(left: int) -> Iterator[str]:
    if left > 0:
        yield f"  and {left:,} more: --all lists them"


def explained_fields(said: Explanation) -> dict[str, Any]:
    """The same for programs."""
    return {
        "project": said.project["project"],
        "project_id": said.project["project_id"],
        "source": said.project["source"],
        "figure": said.lineage.column,
        "value": said.value,
        "unit": said.lineage.unit.value,
        "currency": said.project["currency"],
        "basis": said.basis,
        "meaning": said.meaning,
        "sign": said.lineage.sign or None,
        "formula": filled(said.formula, said.numbers) if said.formula else None,
        "rules": said.rules,
        "notes": list(said.lineage.edges),
        "unknown_because": said.gap.why if said.gap else None,
        "to_supply": said.gap.supply or None if said.gap else None,
        "from": [
            {
                "table": origin.table,
                "used": origin.used,
                "role": origin.role.value,
                "rows": origin.count,
                "total": origin.total,
                "total_of": origin.total_of,
                "filter": origin.filter,
                "query": origin.query,
                "first_rows": origin.first,
            }
            for origin in said.behind
        ],
        "issue_count": said.issue_count,
        "issues": said.issues,
        "sources": said.sources,
    }


def filled(formula: str, numbers: Mapping[str, Any]) -> str:
    """A formula of the registry with the numbers of one project put in."""
    text = ""
    for words, name, unit, _ in string.Formatter().parse(formula):
        text += words
        if name is not None:
            text += measured(numbers.get(name), Unit[unit or "TEXT"], numbers)
    return text


def measured(value: Any, unit: Unit, facts: Mapping[str, Any]) -> str:
    """A value with its unit; `facts` tell the currency, and what earned value is measured in."""
    if value is None:
        return "not known"
    if unit is Unit.VALUE:
        unit = {"money": Unit.MONEY, "hours": Unit.HOURS}.get(str(facts.get("basis")), Unit.POINTS)
    match unit:
        case Unit.MONEY:
            return f"{_number(value, 2)} {facts.get('currency') or ''}".rstrip()
        case Unit.HOURS:
            return f"{value:,.1f} h"
        case Unit.POINTS:
            return f"{_number(value, 1)} points"
        case Unit.SHARE:
            percent = round(value * 100, 1)
            return f"{99.9 if percent >= 100 and value < 1 else percent:,g} %"
        case Unit.RATIO:
            return f"{value:,.2f}"
        case Unit.DAYS:
            return f"{value:+,d} days"
        case Unit.WEEKS:
            return f"{value:,.1f} weeks"
        case Unit.FLAG:
            return "yes" if value else "no"
        case _:
            return _cell(value)


def _number(value: float, digits: int) -> str:
    """Without zeros at its end."""
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}Z"
    if isinstance(value, int):
        return f"{value:,}"
    return _number(value, 2) if isinstance(value, float) else str(value)
