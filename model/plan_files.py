"""The files of a plan source as people write them: which there are, their columns, and what makes a row the same row.

Derived from the records (`model.planning`, `model.records`), so that a template, a page of docs, an error and the
landed columns cannot differ. What is added here: names that read well in a file, columns that two tables share one
file for, keys of rows. How files are found and cells are read: `connectors.plan`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum, StrEnum
from functools import cache
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from model.planning import PLANNED, Currency, ProjectPlan
from model.records import DERIVED, Milestone, Project, Synced

__all__ = [
    "ID",
    "PLAN_FILES",
    "PLAN_TABLES",
    "CellKind",
    "PlanColumn",
    "PlanFile",
    "file_of",
    "folded",
    "key_of",
    "plan_columns",
]

ID = "id"
"""The optional column of every file that names its rows, where the file has no key of its own."""


class CellKind(StrEnum):
    """What a cell must hold."""

    TEXT = "text"
    LIST = "list"
    NUMBER = "number"
    WHOLE = "whole number"
    YES = "yes or no"
    DAY = "day"
    MONTH = "month"
    DAY_OR_MONTH = "day or month"
    CHOICE = "one of"
    CURRENCY = "currency"


@dataclass(frozen=True)
class PlanColumn:
    """One column of a file. `heading` is how templates write it, `spellings` are all that are understood.

    `fallback` is what an empty cell stands for. `strict`: a cell that cannot be read sets the whole row aside, as the
    row would mean something else without it. `percent`: what 45 % is written as: 45, 0.45, or not at all.
    """

    name: str
    heading: str
    kind: CellKind
    description: str
    required: bool = False
    strict: bool = False
    fallback: Any = None
    choices: tuple[str, ...] = ()
    least: float | None = None
    above: float | None = None
    most: float | None = None
    money: bool = False
    percent: int | None = None
    spellings: tuple[str, ...] = ()

    @property
    def expected(self) -> str:
        """The beginning of "… was expected"."""
        if self.kind is CellKind.CHOICE:
            return f"one of {', '.join(self.choices)}"
        return _EXPECTED.get(self.kind, "") or self._number

    @property
    def _number(self) -> str:
        what = "a whole number" if self.kind is CellKind.WHOLE else "a number"
        if self.least is not None and self.most is not None:
            return f"{what} from {self.least:g} to {self.most:g}"
        if self.above is not None:
            return f"{what} above {self.above:g}" + (f", at most {self.most:g}" if self.most is not None else "")
        return what if self.least is None else f"{what}, {self.least:g} or more"


_EXPECTED = {
    CellKind.TEXT: "text",
    CellKind.LIST: "a list such as a; b",
    CellKind.YES: "yes or no",
    CellKind.DAY: "a day such as 2026-11-30",
    CellKind.MONTH: "a month such as 2026-11",
    CellKind.DAY_OR_MONTH: "a day such as 2026-11-30, or a month such as 2026-11,",
    CellKind.CURRENCY: "a currency such as EUR",
}


@dataclass(frozen=True)
class PlanFile:
    """One file: what it is called, and the tables it feeds."""

    name: str
    tables: tuple[str, ...]
    description: str
    columns: tuple[PlanColumn, ...]

    def column(self, spelling: str) -> PlanColumn | None:
        """The column that is written so."""
        return next((c for c in self.columns if folded(spelling) in c.spellings), None)


def folded(name: str) -> str:
    """A name of a file, sheet or column without what does not matter: case, blanks, line breaks, `_`, `-`."""
    return re.sub(r"[\s_\-\ufeff]+", "", name).casefold()


_FILE_NAMES = {"program_plans": "programs", "project_scopes": "scopes", "risk_register": "risks",
               "cost_entries": "costs"}  # fmt: skip

_KEYS: Mapping[str, tuple[str, ...]] = {
    "program_plans": ("key",),
    "projects": ("key",),
    "project_plans": ("key",),
    "milestones": ("project_id", "name"),
    "project_scopes": ("project_id",),
    "budget_lines": ("project_id", "category"),
    "baselines": ("project_id", "number"),
    "work_packages": ("project_id", "baseline", "name"),
    "rates": ("person", "role", "project_id", "from_on"),
    "team_members": ("person", "from_on"),
    "calendars": ("name",),
    "calendar_days": ("calendar", "day_on"),
    "absences": ("person", "from_on"),
    "cost_entries": (),
    "exchange_rates": ("from_currency", "to_currency", "month_on"),
    "risk_register": ("project_id", "title"),
    "benefits": ("project_id", "name", "month_on"),
    "change_requests": ("project_id", "title"),
    "health_overrides": ("project_id", "from_on", "until_on"),
}
"""Columns that make a row the same row when it is edited. A scope counts the lines of its project, a cost is known by
all its cells, as two may be alike in all that we read."""

PLAN_TABLES: tuple[str, ...] = (
    "program_plans", "projects", "project_plans", "milestones",
    *(record.table for record in PLANNED if record.table not in ("program_plans", "project_plans")),
)  # fmt: skip
"""What a plan source fills, parents first."""

_MONEY = {"amount", "contingency", "reserve", "hourly_rate", "cost", "budget", "remaining_cost", "contract_value",
          "planned", "realised", "rate"}  # fmt: skip
_PERCENT = {"probability_percent": 100, "percent_complete": 100, "share": 1}
_MONTHS = {"month_on": CellKind.MONTH, "worked_on": CellKind.DAY_OR_MONTH}
_SPANS = {"from_on", "to_on", "until_on"}
_WHOLLY_READ = {"rates", "project_scopes"}
"""Their rows apply to more, the fewer of their cells are filled."""

_OF_PROJECTS = ("key", "name", "description", "url", "start_on", "due_on")
_KEY = PlanColumn("key", "key", CellKind.TEXT, "", required=True, strict=True)


def plan_columns(table: str) -> tuple[PlanColumn, ...]:
    """The columns that make up a row of a table; some of them for its id only."""
    return _columns(table)


def key_of(table: str) -> tuple[str, ...]:
    """Columns that make a row the same row."""
    return _KEYS[table]


@cache
def _columns(table: str) -> tuple[PlanColumn, ...]:
    if table == "projects":
        found = [replace(_KEY, description="short name, as the other files name the project; never changes")]
        found += [replace(_column(Project, n), required=False, strict=False) for n in _OF_PROJECTS if n != "key"]
    elif table == "project_plans":
        found = [replace(_KEY, description="short name of the project")]
        found += [_column(ProjectPlan, n) for n in ProjectPlan.model_fields if n not in ("id", "project_id")]
    elif table == "program_plans":
        found = [replace(_KEY, required=False, description="short name, as projects name it; the name if empty")]
        found += [_column(_RECORDS[table], n) for n in _landed(_RECORDS[table])]
        found = [replace(c, required=False) if c.name == "name" else c for c in found]
    else:
        found = [_column(_RECORDS[table], n) for n in _landed(_RECORDS[table]) if n != "position"]
        if table == "milestones":
            found = [_of_milestones(column) for column in found]
        found.append(PlanColumn(ID, ID, CellKind.TEXT, "names the row, if you have a name for it", strict=True))
    return _spelled(table, [replace(c, strict=True) if _is_strict(table, c) else c for c in found])


def _is_strict(table: str, column: PlanColumn) -> bool:
    foreign_money = column.kind is CellKind.CURRENCY and table != "project_plans"
    return column.name in _KEYS[table] or column.name in _SPANS or table in _WHOLLY_READ or foreign_money


def _of_milestones(column: PlanColumn) -> PlanColumn:
    if column.name == "kind":
        return replace(column, required=False, fallback="milestone", description="such as gate; milestone if empty")
    if column.name == "state":
        return replace(column, required=False, description="open, locked or closed; closed if released_on is filled")
    return column


def _landed(record: type[Synced]) -> Iterator[str]:
    for name, field in record.model_fields.items():
        if name != "id" and DERIVED not in _unwrapped(field)[2]:
            yield name


_ALL: tuple[type[Synced], ...] = (*PLANNED, Project, Milestone)
_RECORDS: Mapping[str, type[Synced]] = {record.table: record for record in _ALL}


def _column(record: type[Synced], name: str) -> PlanColumn:
    field = record.model_fields[name]
    base, nullable, marks = _unwrapped(field)
    fallback = field.get_default(call_default_factory=True)
    fallback = None if fallback is PydanticUndefined else fallback
    return PlanColumn(
        name,
        {"project_id": "project", "program_id": "program"}.get(name, name),
        _kind(name, base, marks),
        field.description or "",
        required=field.is_required(),
        strict=not nullable,
        fallback=fallback.value if isinstance(fallback, Enum) else fallback,
        choices=tuple(str(one.value) for one in base) if isinstance(base, type) and issubclass(base, Enum) else (),
        money=name in _MONEY,
        percent=_PERCENT.get(name),
        least=_bound(marks, "ge"),
        above=_bound(marks, "gt"),
        most=_bound(marks, "le"),
    )


def _bound(marks: list[Any], name: str) -> float | None:
    return next((getattr(mark, name) for mark in marks if getattr(mark, name, None) is not None), None)


_KINDS: Mapping[Any, CellKind] = {
    str: CellKind.TEXT,
    int: CellKind.WHOLE,
    float: CellKind.NUMBER,
    bool: CellKind.YES,
    date: CellKind.DAY,
}


def _kind(name: str, base: Any, marks: list[Any]) -> CellKind:
    if get_origin(base) is list:
        return CellKind.LIST
    if isinstance(base, type) and issubclass(base, Enum):
        return CellKind.CHOICE
    if any(mark in _CURRENCY for mark in marks):
        return CellKind.CURRENCY
    return _MONTHS.get(name, _KINDS[base])


def _unwrapped(field: FieldInfo) -> tuple[Any, bool, list[Any]]:
    """The plain type, whether None is allowed, and the marks on the way."""
    base, nullable, marks = _plain(field.annotation)
    return base, nullable, [*field.metadata, *marks]


def _plain(annotation: Any) -> tuple[Any, bool, list[Any]]:
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *found = get_args(annotation)
        base, nullable, more = _plain(inner)
        marks = [m for mark in found for m in (mark.metadata if isinstance(mark, FieldInfo) else [mark])]
        return base, nullable, [*marks, *more]
    if origin in (Union, UnionType):
        (only,) = [a for a in get_args(annotation) if a is not type(None)]
        base, _, marks = _plain(only)
        return base, True, marks
    return annotation, False, []


_CURRENCY = _plain(Currency)[2]

_MORE_SPELLINGS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "program_plans": {"key": ("program", ID)},
    "projects": {"key": (ID, "project")},
    "project_plans": {"key": (ID, "project")},
    "exchange_rates": {"from_currency": ("from",), "to_currency": ("to",)},
}


def _spelled(table: str, columns: list[PlanColumn]) -> tuple[PlanColumn, ...]:
    """Adds what each may be written as; what names one column in full names no other."""
    taken = {folded(word) for column in columns for word in (column.name, column.heading)}
    if table in ("projects", "project_plans"):  # they share a file
        taken |= {folded(n) for n in (*_OF_PROJECTS, *ProjectPlan.model_fields) if n != ID}
    spelled = []
    for column in columns:
        words = [folded(column.name), folded(column.heading)]
        short = folded(re.sub(r"_(on|id)$", "", column.name))
        words += [word for word in (short, *_MORE_SPELLINGS.get(table, {}).get(column.name, ())) if word not in taken]
        spelled.append(replace(column, spellings=tuple(dict.fromkeys(words))))
    return tuple(spelled)


def _file(table: str) -> PlanFile:
    if table == "projects":
        more = tuple(c for c in _columns("project_plans") if c.name != "key")
        says = "Projects of the portfolio, and what the PMO holds about each."
        return PlanFile(table, ("projects", "project_plans"), says, (*_columns(table), *more))
    doc = " ".join((_RECORDS[table].__doc__ or "").split())
    if table == "milestones":
        doc = "Milestones of the projects."
    return PlanFile(_FILE_NAMES.get(table, table), (table,), doc, _columns(table))


PLAN_FILES: Mapping[str, PlanFile] = {
    file.name: file for file in (_file(table) for table in PLAN_TABLES if table != "project_plans")
}
"""By the name of the file, in the order of `PLAN_TABLES`."""


def file_of(table: str) -> PlanFile:
    """The file that feeds a table."""
    return next(file for file in PLAN_FILES.values() if table in file.tables)
