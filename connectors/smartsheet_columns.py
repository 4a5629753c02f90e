"""Which column of a sheet is what for us: pure, by rules that can be read, and by what a person laid down.

A sheet is a table, and Smartsheet knows few of its columns: those of Gantt charts and baselines by tags, those it fills
itself by a system type. The others go by their usual titles, English and German, where their type fits. Two columns
that fit equally well are not guessed between: the field stays without one, and a sentence says so.
Facts: column types, systemColumnType and tags of Smartsheet's OpenAPI 2.0.0 (2024-08), read 2026-11-27.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from connectors.smartsheet_records import Column
from model.config import SourceSettings

__all__ = ["ColumnMap", "map_columns", "named_columns"]

CONTACTS = frozenset({"CONTACT_LIST", "MULTI_CONTACT_LIST"})
DAYS = frozenset({"DATE", "DATETIME", "ABSTRACT_DATETIME"})
WORDS = frozenset({"PICKLIST", "TEXT_NUMBER"})
TEXT = frozenset({"TEXT_NUMBER"})


@dataclass(frozen=True)
class _Rule:
    """How the column of one field is known: `tags` and `system` surely, `titles` by usual names, best first."""

    types: frozenset[str]
    titles: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    system: str = ""
    only_type: bool = False  # a sheet has one such column at most: its type alone says what it is


_RULES: Mapping[str, _Rule] = {
    "title": _Rule(TEXT),
    "key": _Rule(TEXT, system="AUTO_NUMBER"),
    "status": _Rule(WORDS, ("status", "state", "task status", "zustand", "bearbeitungsstand", "stand")),
    "priority": _Rule(WORDS, ("priority", "prio", "priorität", "dringlichkeit")),
    "type": _Rule(WORDS, ("type", "task type", "typ", "art", "vorgangsart", "aufgabentyp")),
    "assignee": _Rule(
        CONTACTS | WORDS,
        ("assigned to", "assignee", "owner", "responsible", "zugewiesen an", "zuständig", "verantwortlich"),
        tags=("GANTT_ASSIGNED_RESOURCE",),
    ),
    "reporter": _Rule(
        CONTACTS | TEXT, ("requested by", "requester", "reporter", "anforderer", "gemeldet von"), system="CREATED_BY"
    ),
    "labels": _Rule(
        WORDS | {"MULTI_PICKLIST"}, ("labels", "tags", "label", "tag", "schlagwörter", "schlagworte", "kategorien")
    ),
    "description": _Rule(TEXT, ("description", "details", "beschreibung")),
    "start_on": _Rule(
        DAYS, ("start", "start date", "planned start", "beginn", "anfang", "startdatum", "anfangsdatum"),
        tags=("GANTT_START_DATE", "CALENDAR_START_DATE"),
    ),
    "due_on": _Rule(
        DAYS,
        ("finish", "end date", "due date", "due", "finish date", "end", "deadline", "ende", "enddatum", "fällig",
         "fällig am", "fälligkeitsdatum", "termin"),
        tags=("GANTT_END_DATE", "CALENDAR_END_DATE"),
    ),
    "baseline_start_on": _Rule(
        DAYS, ("baseline start", "basisplan beginn", "basisplan start"), tags=("BASELINE_START_DATE",)
    ),
    "baseline_due_on": _Rule(
        DAYS, ("baseline finish", "baseline end", "basisplan ende"), tags=("BASELINE_END_DATE",)
    ),
    "percent_complete": _Rule(
        WORDS,
        ("% complete", "percent complete", "% done", "progress", "% abgeschlossen", "fortschritt"),
        tags=("GANTT_PERCENT_COMPLETE",),
    ),
    "done": _Rule(
        frozenset({"CHECKBOX"}), ("done", "complete", "completed", "finished", "erledigt", "fertig", "abgeschlossen"),
        tags=("CARD_DONE",),
    ),
    "milestone": _Rule(frozenset({"CHECKBOX"}), ("milestone", "is milestone", "meilenstein")),
    "duration": _Rule(frozenset({"DURATION", "TEXT_NUMBER"}), ("duration", "dauer"), tags=("GANTT_DURATION",)),
    "estimate": _Rule(
        TEXT | {"DURATION"},
        ("estimated hours", "estimate (h)", "effort (h)", "effort", "estimate", "geschätzte stunden", "aufwand (h)",
         "aufwand"),
    ),
    "predecessors": _Rule(
        frozenset({"PREDECESSOR"}), ("predecessors", "vorgänger"), tags=("GANTT_PREDECESSOR",), only_type=True
    ),
}  # fmt: skip


@dataclass(frozen=True)
class ColumnMap:
    """Our field → its column, and `unsure`: our field → why it has none, in a sentence for people.

    `named`: our fields of which a person laid down the column, or that there is none.
    """

    columns: Mapping[str, Column]
    unsure: Mapping[str, str] = field(default_factory=dict)
    named: frozenset[str] = frozenset()

    def field_of(self) -> dict[int, str]:
        """Id of a column → our field."""
        return {column.id: name for name, column in self.columns.items()}


def named_columns(source: SourceSettings, sheet_id: str, sheet_name: str) -> dict[str, str]:
    """What a person laid down for this sheet: our field → title or id of a column, or "" for none.

    One sheet is seen at a time here: where two have the name, it is for both, which `pmo check` tells.
    """
    named: dict[str, str] = {}
    named.update((name, column) for name, column in source.columns.items())
    by_name = {name.casefold().strip(): one for name, one in source.sheets.items()}
    for key in (sheet_name.casefold().strip(), sheet_id):  # an id tells more than a name
        if key in by_name:
            named.update((name, column) for name, column in by_name[key].columns.items())
    return named


def map_columns(columns: Sequence[Column], named: Mapping[str, str]) -> ColumnMap:
    """The columns of one sheet. What is named comes first; one column is one field's alone.

    A title that no column has (any more, or yet) is told, and the field is looked for as if nothing was named: what was
    read of a sheet before a column got that title is understood as it was then.
    """
    found: dict[str, Column] = {}
    unsure: dict[str, str] = {}
    untitled: list[str] = []
    for name, wanted in named.items():
        if wanted:
            column, why = _named(columns, name, wanted)
            if column is not None:
                found[name] = column
            else:
                unsure[name] = why
                if not any(_is_named(column, wanted) for column in columns):
                    untitled.append(name)
    settled = frozenset(name for name in named if name not in unsure)
    primary = next((column for column in columns if column.primary), None)
    if primary is not None and ("title" not in named or "title" in untitled):
        found["title"] = primary
    left = [name for name in _RULES if (name not in named or name in untitled) and name != "title"]
    for rank in range(2):  # all that is sure before all that goes by its title
        for name in left:
            taken = {column.id for column in found.values()}
            if name not in found and (name not in unsure or name in untitled):
                _search(name, rank, [c for c in columns if c.id not in taken], found, unsure)
    return ColumnMap({name: found[name] for name in _RULES if name in found}, unsure, settled)


def _is_named(column: Column, wanted: str) -> bool:
    return _folded(column.title) == _folded(wanted) or str(column.id) == wanted


def _named(columns: Sequence[Column], name: str, wanted: str) -> tuple[Column | None, str]:
    by_title = [c for c in columns if _folded(c.title) == _folded(wanted)]
    fitting = by_title or [c for c in columns if str(c.id) == wanted]
    if not fitting:
        return None, f"columns.{name} names “{wanted}”, and the sheet has no such column: correct it, or the sheet"
    if len(fitting) > 1:
        return None, f"columns.{name} names “{wanted}”, and the sheet has {len(fitting)} of them: name one by its id"
    types = _RULES[name].types
    if name != "title" and fitting[0].type not in types:
        expected = " or ".join(sorted(types))
        return None, f"columns.{name} names “{wanted}”, which is of type {fitting[0].type}: expected {expected}"
    return fitting[0], ""


def _search(name: str, rank: int, columns: Sequence[Column], found: dict[str, Column], unsure: dict[str, str]) -> None:
    """The first kind of sign that some column bears decides; where several bear it, none does."""
    for fitting in _signs(_RULES[name], rank, columns):
        if len(fitting) == 1:
            found[name] = fitting[0]
        elif fitting:
            titles = " and ".join(f"“{column.title}”" for column in fitting)
            unsure.setdefault(name, f"{titles} may both be {name}: name one, columns.{name} = “…”")
        if fitting:
            return


def _signs(rule: _Rule, rank: int, columns: Sequence[Column]) -> Iterable[list[Column]]:
    if rank == 0:
        yield [c for c in columns if rule.system and c.system_column_type == rule.system]
        for tag in rule.tags:
            yield [c for c in columns if tag in c.tags]
        yield [c for c in columns if rule.only_type and c.type in rule.types]
        return
    plain = [c for c in columns if c.type in rule.types and c.system_column_type is None]
    for title in rule.titles:
        yield [c for c in plain if _folded(c.title) == title]


def _folded(title: str) -> str:
    return re.sub(r"\s+", " ", title).strip().casefold()
