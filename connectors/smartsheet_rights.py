"""Which column of each sheet is what, in sentences for `pmo check`: one request a sheet, which no run spends.

What has no column, what two columns could be, what `columns.*` of `pmo.toml` names and the sheet lacks, and what it
lays down for a name that two sheets have.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from connectors.contract import Rights
from connectors.http import Answer
from connectors.misfit import UNREADABLE
from connectors.smartsheet_columns import ColumnMap, map_columns, named_columns
from connectors.smartsheet_lists import WHOLE, Params
from connectors.smartsheet_offers import READ_ONLY
from connectors.smartsheet_records import COLUMNS, Column, Entry, head_of
from model.change import WRITABLE
from model.config import SourceSettings

__all__ = ["rights_of"]

MOST_SHEETS = 50
NEEDED = ("status", "due_on", "assignee")
"""Our fields whose lack a PMO would notice."""


def rights_of(source: SourceSettings, sheets: Sequence[Entry], ask: Callable[[str, Params], Answer]) -> Rights:
    """How the sheets are understood, the first `MOST_SHEETS` of them. Raises SourceError."""
    may, missing = [f"read {len(sheets)} sheets"], _misnamed(source, sheets)
    names = Counter(_folded(one.name) for one in sheets)
    for sheet in sheets[:MOST_SHEETS]:
        told = f"sheet “{sheet.name}”" + (f" ({sheet.id})" if names[_folded(sheet.name)] > 1 else "")
        answer = ask(f"sheets/{sheet.id}/columns", WHOLE | {"level": "2"})
        columns = _columns(answer)
        if not columns:
            missing.append(f"{told}: its columns cannot be read (status {answer.status})")
            continue
        found = map_columns(columns, named_columns(source, str(sheet.id), sheet.name))
        may.append(f"{told}: {_mapped(columns, found)}")
        written = [f"{name} in “{column.title}”" for name, column in _written(found).items()]
        if sheet.access_level in READ_ONLY:
            missing.append(f"{told} is shared as {sheet.access_level}: nothing can be pushed there")
        elif written:
            may.append(f"{told}: write {', '.join(written)}")
        missing += [f"{told}: {why}" for why in found.unsure.values()]
        lacking = [name for name in NEEDED if name not in found.columns and name not in found.unsure]
        if "status" in lacking and {"done", "percent_complete"} & found.columns.keys():
            lacking.remove("status")
        if lacking:
            missing.append(f"{told}: no column is known to be {', '.join(lacking)}: name it with columns.*")
    if len(sheets) > MOST_SHEETS:
        may.append(f"{len(sheets) - MOST_SHEETS} more sheets, whose columns were not looked at")
    return Rights(may, missing)


def _misnamed(source: SourceSettings, sheets: Sequence[Entry]) -> list[str]:
    """What `sheets."…"` of the configuration names, and is none of the sheets, or several: it is applied to each."""
    found: list[str] = []
    for name in source.sheets:
        ids = [str(one.id) for one in sheets if _folded(name) == _folded(one.name)]
        if not ids and _folded(name) not in {str(one.id) for one in sheets}:
            found.append(f"sheets.“{name}” of the configuration: there is no such sheet among those that are read")
        elif len(ids) > 1:
            many = "two" if len(ids) == 2 else str(len(ids))
            found.append(
                f"sheets.“{name}” of the configuration is applied to each of them: {many} sheets are called “{name}” "
                f"({', '.join(sorted(ids))}): name it by its id"
            )
    return found


def _mapped(columns: Sequence[Column], found: ColumnMap) -> str:
    """Field by field, then what is none; with ids, as one of these survives a new title."""
    mapped = ", ".join(f"{name} = “{one.title}” ({one.id})" for name, one in found.columns.items())
    field_of = found.field_of()
    others = ", ".join(f"“{one.title}” ({one.id})" for one in columns if one.id not in field_of)
    return f"{mapped or 'no column is known'}{f'; no field: {others}' if others else ''}"


def _written(found: ColumnMap) -> dict[str, Column]:
    """Which columns a push would write, unless they are locked, or worked out; a box stands in for a status, but not
    where a column of its own is meant, and only which one is open."""
    columns = {name: found.columns[name] for name in WRITABLE if name in found.columns}
    stands_in = "done" in found.columns and "status" not in columns and "status" not in found.unsure
    return ({"status": found.columns["done"]} if stands_in else {}) | columns


def _folded(name: str) -> str:
    return name.casefold().strip()


def _columns(answer: Answer) -> list[Column]:
    if answer.status != 200:
        return []
    try:
        return [COLUMNS.one(raw) for raw in head_of("columns", answer.body).data]
    except UNREADABLE:
        return []
