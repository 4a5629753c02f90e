"""The rows of one sheet as rows of our tables: issues, links, milestones, people named in them, and words.

A row is an issue by all of its cells that can be read: one cell that does not fit is a Reject of its own and leaves its
field empty. Ids: an issue is `<sheet>/<row>`, as Smartsheet asks for a row by its sheet; both never change.
Facts: Smartsheet's OpenAPI 2.0.0 (2024-08), and recorded answers of the live service, read 2026-11-27.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import msgspec
from msgspec import Raw

from connectors.contract import Reject
from connectors.misfit import Misfit, native_id_of
from connectors.smartsheet_cells import (
    Contact,
    calendar_seconds,
    contacts,
    day,
    flag,
    hours,
    is_empty,
    is_no_duration,
    is_of_hundred,
    percent,
    plain,
    text,
    words,
)
from connectors.smartsheet_columns import ColumnMap
from connectors.smartsheet_records import Cell, Column, Row, Sheet, cells_of, parents_in, row_of
from connectors.smartsheet_words import MILESTONE, PARENT, TASK, category_of, share_word, ticked_word, word_rows
from model.observed import SETTLED, UNREAD
from model.vocabulary import LinkKind, LinkRelation, MilestoneState, WordKind

__all__ = ["SheetRows", "issue_id"]

T = TypeVar("T")
SECONDS_PER_HOUR = 3600
DAY_FIELDS = ("start_on", "due_on", "baseline_start_on", "baseline_due_on")
OF_ROW = "row"
"""Origin of what a row says without any column."""
OBSERVED_AS = {"estimate": "original_estimate_seconds"}  # fields of the column map whose observed one has another name
_RELATIONS = {relation.value for relation in LinkRelation}


def issue_id(sheet: int | str, row: int | str) -> str:
    """Native id of an issue: the address of its row."""
    return f"{sheet}/{row}"


@dataclass
class SheetRows:
    """What a sheet's rows say, by table; `whole`: issues whose links are all read; `unread`: rows that were not."""

    sheet: Sheet
    map: ColumnMap
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    rejects: list[Reject] = field(default_factory=list)
    whole: list[str] = field(default_factory=list)
    unread: int = 0
    seen: int = 0

    def __post_init__(self) -> None:
        self._column = self.map.columns
        self._field_of = self.map.field_of()
        self._titles = _titles(self.sheet.columns)
        self._own = {c.id for c in self.sheet.columns if c.system_column_type}
        self._people: dict[str, Contact] = {}
        self._words: dict[WordKind, dict[str, None]] = defaultdict(dict)
        self._parents: set[int] = set()
        self._told_origins: dict[frozenset[str], str] = {}

    def take(self, rows: Iterable[Raw], meant: Collection[str] | None = None) -> None:
        """Decodes all rows, or those that are meant; what holds nothing is left out, unless it holds other rows."""
        self._parents = parents_in(rows)
        for name in ("status", "priority", "type"):
            if name in self._column:
                self._words[WordKind(name)] |= dict.fromkeys(o.strip() for o in self._column[name].options if o.strip())
        for raw in rows:
            try:
                row = row_of(raw)
            except Misfit as misfit:
                self._unreadable(raw, misfit, meant)
                continue
            if (meant is None or str(row.id) in meant) and (row.id in self._parents or not self._is_blank(row)):
                self._row(row)
        self.tables["account_mentions"] = [
            {"native_id": one.id, "name": one.name, "email": one.mail} for one in self._people.values()
        ]
        self.tables["words"] = [w for kind, names in self._words.items() for w in word_rows(kind, names)]

    def _unreadable(self, raw: Raw, misfit: Misfit, meant: Collection[str] | None) -> None:
        row_id = native_id_of(raw)
        if meant is not None and row_id not in meant:
            return
        self.seen += 1
        self.unread += 1
        native_id = issue_id(self.sheet.id, row_id or "")
        self.rejects.append(Reject("issues", native_id, misfit.field, misfit.error, bytes(raw)))

    def _is_blank(self, row: Row) -> bool:
        """Spacer rows: nothing in them but what Smartsheet fills in itself."""
        return all(is_empty(cell) or cell.column_id in self._own for cell in row.cells)

    def _row(self, row: Row) -> None:
        self.seen += 1
        cells = {cell.column_id: cell for cell in row.cells}
        read = _Reading(self, row, cells)
        native_id = issue_id(self.sheet.id, row.id)
        people = read("assignee", contacts) or []
        reporters = read("reporter", contacts) or []
        done_percent = read("percent_complete", self._percent)
        estimate = read("estimate", lambda cell: hours(cell, self.sheet.project_settings))
        title = " ".join((read("title", text) or "").split())
        type_ = self._word(WordKind.TYPE, read("type", text) or self._type(row, read))
        status = self._word(WordKind.STATUS, self._status(read, done_percent))
        priority = self._word(WordKind.PRIORITY, read("priority", text))
        for person in (*people, *reporters):
            if person.name.casefold() != person.mail or person.id not in self._people:  # a mail alone is no name
                self._people[person.id] = person
        if self._links(native_id, read):
            self.whole.append(native_id)
        issue: dict[str, Any] = {
            "native_id": native_id,
            "key": read("key", text) or f"{self.sheet.name} #{row.row_number}",
            "url": row.permalink or self.sheet.permalink,
            "project_id": str(self.sheet.id),
            "parent_id": None if row.parent_id is None else issue_id(self.sheet.id, row.parent_id),
            "title": title,
            "description": read("description", text),
            "assignee_id": people[0].id if people else None,
            "reporter_id": reporters[0].id if reporters else None,
            "labels": read("labels", words) or [],
            "components": [],
            "percent_complete": done_percent,
            "original_estimate_seconds": None if estimate is None else round(estimate * SECONDS_PER_HOUR),
            "created_at": row.created_at,
            "updated_at": row.modified_at,
        }
        issue |= {name: read(name, day) for name in DAY_FIELDS}
        for name, value in (("type", type_), ("status", status), ("priority", priority)):
            issue[f"native_{name}"] = issue[f"native_{name}_id"] = value
        issue["field_origins"] = self._origins(read.rejects)
        issue["custom"] = self._custom(read, [person.name for person in people[1:]])
        self.tables["issues"].append(issue)
        if self._is_milestone(row, read):
            self._milestone(issue, done_percent, ticked=read("done", flag) or False)
        self.rejects += read.rejects.values()

    def _percent(self, cell: Cell | None) -> float | None:
        return percent(cell, self._column["percent_complete"], lambda: self._is_of_hundred)

    @cached_property
    def _is_of_hundred(self) -> bool:
        """By all rows of the sheet, also where only some are meant."""
        column = self._column["percent_complete"]
        return is_of_hundred(cells_of(self.sheet.rows or (), column), column)

    def _word(self, kind: WordKind, name: str | None) -> str | None:
        if name is None:
            return None
        name = name.strip()
        self._words[kind][name] = None
        return name

    # ---- what a row is

    def _type(self, row: Row, read: _Reading) -> str:
        if row.id in self._parents:
            return PARENT
        return MILESTONE if self._is_milestone(row, read) else TASK

    def _is_milestone(self, row: Row, read: _Reading) -> bool:
        """A box that says so, a type of that name, or a plan's row that takes no time and holds no others."""
        named = (read("type", text) or "").strip().casefold()
        if read("milestone", flag) or named in ("milestone", "meilenstein"):
            return True
        lasts = read("duration", is_no_duration) if self.sheet.dependencies_enabled else False
        return bool(lasts) and row.id not in self._parents

    def _status(self, read: _Reading, done_percent: float | None) -> str | None:
        """Without a column of its own, by its box or its share: in words that say no more than these do."""
        if "status" in self._column:
            return read("status", text)
        if "status" in self.map.unsure:
            return None
        ticked = read("done", flag) or False
        if "done" in self._column and (ticked or "percent_complete" not in self._column):
            return ticked_word(ticked)
        if "percent_complete" not in self._column or "percent_complete" in read.rejects:
            return None
        return share_word(done_percent or 0.0)

    # ---- where it was read from

    @cached_property
    def _sources(self) -> Mapping[str, Sequence[str]]:
        """Observed field → fields of the column map that say what it is; without those that nothing says."""
        of_status = () if "status" in self.map.unsure else ("done", "percent_complete")
        named = {
            "status": ("status",) if "status" in self._column else of_status,
            "type": ("type", "milestone", "duration"),
            OBSERVED_AS["estimate"]: ("estimate",),
        } | {name: (name,) for name in ("priority", "assignee", "start_on", "due_on", "percent_complete")}
        found = {name: [one for one in said if one in self._column] for name, said in named.items()}
        return {name: said for name, said in found.items() if said or name == "type"}

    @cached_property
    def _settled(self) -> str:
        """Observed fields whose columns a person laid down, or that there are none."""
        found = (name for name, said in self._sources.items() if said and self.map.named.issuperset(said))
        none = (OBSERVED_AS.get(name, name) for name in self.map.named - self.map.columns.keys())
        return " ".join(sorted({*found, *(name for name in none if name not in self._sources)}))

    def _origins(self, rejects: Collection[str]) -> str:
        """Columns of the observed fields; of a cell that could not be read with `UNREAD` before."""
        unread = frozenset(name for name in rejects if name in self._column)
        if unread not in self._told_origins:
            told = {"parent": OF_ROW}
            for name, said in self._sources.items():
                columns = "+".join(str(self._column[one].id) for one in said) or OF_ROW
                told[name] = f"{UNREAD}{columns}" if unread & set(said) else columns
            if self._settled:
                told[SETTLED] = self._settled
            self._told_origins[unread] = msgspec.json.encode(told).decode()
        return self._told_origins[unread]

    def _milestone(self, issue: Mapping[str, Any], done_percent: float | None, *, ticked: bool) -> None:
        is_met = ticked or done_percent == 100 or category_of(issue["native_status"] or "") == "done"
        self.tables["milestones"].append(
            {
                "native_id": issue["native_id"],
                "project_id": issue["project_id"],
                "name": issue["title"],
                "description": issue["description"],
                "kind": "milestone",
                "state": (MilestoneState.CLOSED if is_met else MilestoneState.OPEN).value,
                "due_on": issue["due_on"] or issue["start_on"],
                "baseline_due_on": issue["baseline_due_on"],
            }
        )

    def _links(self, native_id: str, read: _Reading) -> bool:
        """Predecessors as links. Whether all of them could be read."""
        for other, relation, lag_seconds in read("predecessors", self._predecessors) or ():
            self.tables["issue_links"].append(
                {
                    "native_id": f"{native_id}<{other}:{relation}",
                    "kind": LinkKind.PRECEDES.value,
                    "native_kind": "predecessor",
                    "relation": relation,
                    "lag_seconds": lag_seconds,
                    "from_issue_id": issue_id(self.sheet.id, other),
                    "to_issue_id": native_id,
                }
            )
        return "predecessors" not in read.rejects

    def _predecessors(self, cell: Cell | None) -> list[tuple[int, str, int | None]]:
        """Row, relation and lag of each; those that Smartsheet calls invalid point to rows that are gone."""
        if cell is None or is_empty(cell):
            return []
        held = cell.object_value.get("predecessors") if isinstance(cell.object_value, dict) else None
        if not isinstance(held, list):
            raise Misfit(None, "expected a list of predecessors in objectValue")
        found = []
        for one in held:
            row = _whole(one.get("rowId")) if isinstance(one, dict) else None
            if row is None:
                raise Misfit(None, "expected a rowId in each predecessor")
            relation = str(one.get("type") or LinkRelation.FINISH_START.value)
            if relation not in _RELATIONS:
                raise Misfit(None, "expected FS, SS, FF or SF as the type of each predecessor")
            if one.get("invalid") is not True:
                found.append((row, relation, calendar_seconds(one.get("lag"), self.sheet.project_settings)))
        return found

    def _custom(self, read: _Reading, others: list[str]) -> str | None:
        """Cells of no known meaning by title; of our fields, those the fields do not hold whole or could not read."""
        named: dict[str, Any] = {}
        for column in self.sheet.columns:
            name = self._field_of.get(column.id)
            if name == "assignee" and others:
                named[f"{self._titles[column.id]} (others)"] = others
            if name in KEPT or name in read.rejects or (name is None and not column.system_column_type):
                value = plain(read.cells.get(column.id), column)
                if value is not None:
                    named[self._titles[column.id]] = value
        return msgspec.json.encode(named).decode() if named else None


KEPT = ("duration", "done", "milestone")
"""Fields that are no column of ours: what they say shows in others, and they themselves stand in `custom`."""


class _Reading:
    """The cells of one row by our fields; each field is read once, and what does not fit is a Reject."""

    def __init__(self, rows: SheetRows, row: Row, cells: Mapping[int, Cell]) -> None:
        self.cells = cells
        self.rejects: dict[str, Reject] = {}
        self._rows = rows
        self._row = row

    def __call__(self, name: str, reader: Callable[[Cell | None], T]) -> T | None:
        column = self._rows.map.columns.get(name)
        if column is None or name in self.rejects:
            return None
        cell = self.cells.get(column.id)
        try:
            return reader(cell)
        except Misfit as misfit:
            native_id = issue_id(self._rows.sheet.id, self._row.id)
            record = msgspec.json.encode(self._row)
            self.rejects[name] = Reject("issues", native_id, f"{name} (“{column.title}”)", misfit.error, record)
            return None


def _whole(value: object) -> int | None:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _titles(columns: Iterable[Column]) -> dict[int, str]:
    """Titles, told apart where two columns have the same one."""
    times: dict[str, int] = defaultdict(int)
    named: dict[int, str] = {}
    for column in columns:
        title = column.title.strip() or str(column.id)
        times[title] += 1
        named[column.id] = title if times[title] == 1 else f"{title} ({times[title]})"
    return named
