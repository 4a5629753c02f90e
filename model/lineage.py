"""What a figure of the portfolio comes from: the words its registry is written in, and its published table.

The registry itself is `model.lineages`. From it come the published table `figure_lineage`, `pmo explain` and
docs/definitions.md, so that these cannot say different things. How rows belong to a project is named here and said in
SQL by `warehouse.lineage`; what stands here are names of tables and columns, and short conditions on them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar

from pydantic import Field

from model.records import Record

__all__ = [
    "AS_IT_IS",
    "Belongs",
    "FigureLineage",
    "Gap",
    "Lineage",
    "Origin",
    "Role",
    "Unit",
    "absent",
    "is_not",
    "null",
    "zero",
]

Facts = Mapping[str, Any]
"""A project's row of the portfolio, of `portfolio_projects`, and the row its figure is read from."""


class Unit(StrEnum):
    """What a value is measured in."""

    TEXT = "text"
    FLAG = "yes or no"
    COUNT = "count"
    HOURS = "hours"
    MONEY = "money in the project's currency"
    VALUE = "money, hours or points, as earned_value.basis says"
    POINTS = "story points"
    SHARE = "share, 1 is all"
    RATIO = "ratio"
    DAYS = "calendar days"
    WEEKS = "weeks"
    DAY = "day"
    INSTANT = "instant, UTC"


class Belongs(StrEnum):
    """Which rows of a table belong to a project, or to the row (in no project) of a source."""

    PROJECT = "by its project_id"
    PLACE = "by its project_id, without one by its source"
    FROM = "by its from_project_id"
    HERE = "by its place"
    PROGRAM = "the program of the project"
    SOURCES = "the sources that its issues, hours and plan come from"
    ISSUES = "issues of the project"
    BY_PEOPLE = "by its issue_id, of issues of the project; what the hub itself pushed aside"
    HOURS = "hours booked on the project or its issues"
    BOOKED = "issues of the project that hours are booked on"
    BOOKED_7D = "issues of the project that hours of the last 7 days are booked on"
    HOLDING = "issues of the project that hold up another one"
    NEXT_MILESTONE = "issues that are due for the project's next milestone"
    BASELINE = "of the project's baseline in force"
    OF_PACKAGES = (
        "issues that the packages of the baseline in force name, with their parts, by issue, label or milestone"
    )


class Role(StrEnum):
    """What the total of an origin's rows is to the figure."""

    VALUE = "value"
    INSTEAD = "instead"
    SUM = "sum"
    LATEST = "latest"
    BEHIND = "behind"


@dataclass(frozen=True)
class Origin:
    """Rows of one table that a figure comes from.

    `only` is a condition on columns of the table, in which {today} is the day of the file; `shows` the columns that
    tell the story; `total` what is made of the rows, and `total_of` the column it equals: the figure's own if empty,
    else one of the row that the figure is read from.
    """

    table: str
    used: str
    belongs: Belongs = Belongs.PROJECT
    only: str = ""
    shows: tuple[str, ...] = ()
    role: Role = Role.BEHIND
    total: str | None = None
    total_of: str = ""


AS_IT_IS = ""
"""Nothing can be supplied: the value has no meaning there, or comes with time."""


@dataclass(frozen=True)
class Gap:
    """Why a value may be unknown, and what is to be supplied. `when` looks at a project's facts."""

    when: Callable[[Facts], bool] = field(compare=False)
    why: str
    supply: str


def null(column: str, why: str, supply: str) -> Gap:
    """The gap of a project for which this is null."""
    return Gap(lambda facts: facts.get(column) is None, why, supply)


def zero(column: str, why: str, supply: str) -> Gap:
    """The gap of a project for which this is 0."""
    return Gap(lambda facts: facts.get(column) == 0, why, supply)


def is_not(column: str, value: object, why: str, supply: str) -> Gap:
    """The gap of a project for which this is something else."""
    return Gap(lambda facts: facts.get(column) not in (None, value), why, supply)


def absent(table: str, why: str, supply: str) -> Gap:
    """The gap of a project that has no row in the table its figure is read from."""
    return Gap(lambda facts: not facts.get(f"rows of {table}"), why, supply)


@dataclass(frozen=True)
class Lineage:
    """All that is to be said of one column of `portfolio`, beside its comment.

    `formula` names columns of the row it is read from, else of the portfolio, with their unit: "{ev:VALUE}". Where
    there are several, `formula_by` is the column that chooses among them.
    """

    column: str
    unit: Unit
    origins: tuple[Origin, ...]
    formula: str | Mapping[str, str] = ""
    formula_by: str = ""
    sign: str = ""
    edges: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()

    def formula_of(self, facts: Facts) -> str:
        """The formula that holds for this project; empty if there is none."""
        if isinstance(self.formula, str):
            return self.formula
        return self.formula.get(str(facts.get(self.formula_by)), "")

    def gap_of(self, facts: Facts) -> Gap | None:
        """The first reason that applies why the value is unknown."""
        return next((gap for gap in self.gaps if gap.when(facts)), None)


class FigureLineage(Record):
    """Where each column of the portfolio comes from: which rows of which tables, and a query that shows them."""

    table: ClassVar[str] = "figure_lineage"

    column_name: str = Field(description="column of portfolio")
    position: int = Field(description="1: where its value is read; from there to what lies behind it")
    table_name: str = Field(description="table that the rows are in")
    used: str = Field(description="what of these rows is used, and how")
    role: str = Field(
        description="what total is to it. value: it; instead: it, where the totals before are null; sum: it, null "
        "being 0; latest: the latest of these totals is it; behind: nothing, the rows only lie behind it"
    )
    filter: str = Field(
        description="condition that selects the rows of a project; $project_id is portfolio.project_id, for a row (in "
        "no project) its source"
    )
    total: str | None = Field(
        default=None, description="expression over the rows of query: what is made of them; null: not one value"
    )
    total_of: str | None = Field(
        default=None,
        description="column that total equals: column_name, or one of the row that its value is read from",
    )
    query: str = Field(description="runs on this file: the rows, for the parameter $project_id")
