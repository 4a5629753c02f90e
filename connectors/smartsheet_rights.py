"""Which column of each sheet is what, in sentences for `pmo check`: one request a sheet, which no run spends.

What has no column, what two columns could be, and what `columns.*` of `pmo.toml` names and the sheet lacks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from connectors.contract import Rights
from connectors.http import Answer
from connectors.misfit import UNREADABLE
from connectors.smartsheet_columns import map_columns, named_columns
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
    may, missing = [f"read {len(sheets)} sheets"], []
    known = {word for one in sheets for word in (str(one.id), one.name.casefold().strip())}
    for name in source.sheets:
        if name.casefold().strip() not in known:
            missing.append(f"sheets.“{name}” of the configuration: there is no such sheet among those that are read")
    for sheet in sheets[:MOST_SHEETS]:
        answer = ask(f"sheets/{sheet.id}/columns", WHOLE | {"level": "2"})
        columns = _columns(answer)
        if not columns:
            missing.append(f"sheet “{sheet.name}”: its columns cannot be read (status {answer.status})")
            continue
        found = map_columns(columns, named_columns(source, str(sheet.id), sheet.name))
        told = ", ".join(f"{name} = “{column.title}”" for name, column in found.columns.items())
        may.append(f"sheet “{sheet.name}”: {told}")
        written = [f"{name} in “{column.title}”" for name, column in _written(found.columns).items()]
        if sheet.access_level in READ_ONLY:
            missing.append(f"sheet “{sheet.name}” is shared as {sheet.access_level}: nothing can be pushed there")
        elif written:
            may.append(f"sheet “{sheet.name}”: write {', '.join(written)}")
        missing += [f"sheet “{sheet.name}”: {why}" for why in found.unsure.values()]
        lacking = [name for name in NEEDED if name not in found.columns and name not in found.unsure]
        if "status" in lacking and {"done", "percent_complete"} & found.columns.keys():
            lacking.remove("status")
        if lacking:
            missing.append(
                f"sheet “{sheet.name}”: no column is known to be {', '.join(lacking)}: name it with columns.*"
            )
    if len(sheets) > MOST_SHEETS:
        may.append(f"{len(sheets) - MOST_SHEETS} more sheets, whose columns were not looked at")
    return Rights(may, missing)


def _written(columns: Mapping[str, Column]) -> dict[str, Column]:
    """Which columns a push would write, unless they are locked, or worked out; a box stands in for a status."""
    found = {name: columns[name] for name in WRITABLE if name in columns}
    return ({"status": columns["done"]} if "done" in columns and "status" not in found else {}) | found


def _columns(answer: Answer) -> list[Column]:
    if answer.status != 200:
        return []
    try:
        return [COLUMNS.one(raw) for raw in head_of("columns", answer.body).data]
    except UNREADABLE:
        return []
