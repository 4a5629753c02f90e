"""A hub filled by hand: rows by the road all rows take, through a landing; only the ledger is written directly."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb
import pyarrow as pa

from model.columns import rows_to_arrow
from model.config import HubSettings
from model.figures import FIGURES, DataQuality
from model.mapping import Rules
from warehouse import publish as publishing
from warehouse.figures import check_names, figure_parts
from warehouse.hub import MEGABYTES, Hub
from warehouse.landing import Answer, Event, Landing, StreamFacts
from warehouse.meaning import WordToMap, renew_meaning
from warehouse.past import PastFacts
from warehouse.publish import Published, publish
from warehouse.raw import RawArchive

DESCRIBE = publishing._describe
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
Row = dict[str, Any]

_FILLERS: dict[str, Any] = {
    "VARCHAR": "",
    "VARCHAR[]": [],
    "BIGINT": 0,
    "DOUBLE": 0.0,
    "BOOLEAN": False,
    "TIMESTAMP": NOON,
}


@dataclass(frozen=True)
class Said:
    """What a decoder made of an answer."""

    rows: Mapping[str, pa.Table]
    rejects: Sequence[Any] = ()
    complete: Mapping[str, Sequence[str]] = field(default_factory=dict)
    cut: Mapping[str, Sequence[str]] = field(default_factory=dict)
    departed: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    seen: int = 0


@dataclass(frozen=True)
class Misfit:
    """A record that did not fit."""

    stream: str
    native_id: str | None
    field: str | None
    error: str
    record: bytes


class SmallHub:
    """A hub in a folder of its own."""

    def __init__(
        self, data: Path, *, megabytes: int = MEGABYTES, streams: Mapping[str, Mapping[str, StreamFacts]] | None = None
    ) -> None:
        data.mkdir(parents=True, exist_ok=True)
        self.data = data
        self.hub = Hub(data / "hub.duckdb", megabytes=megabytes, create=True)
        self._landing = Landing(self.hub, RawArchive(data / "raw"), streams or {})
        self._runs = 0

    def close(self) -> None:
        self.hub.close()

    def land(
        self,
        source: str,
        *,
        rejects: Sequence[Misfit] = (),
        complete: Mapping[str, Sequence[str]] | None = None,
        at: datetime | None = None,
        **tables: Sequence[Row],
    ) -> None:
        """One answer with rows of these tables, in a run of its own; by default a minute later than the one before."""
        self._runs += 1
        run_id = f"r{self._runs}"
        at = at or NOON + timedelta(minutes=self._runs)
        self.note("runs", id=run_id, kind="sync", source=source, state="done", started_at=at, ended_at=at)
        if not self.hub.value("SELECT count(*) FROM ledger.sources WHERE source = ?", [source]):
            self.note("sources", source=source)
        said = Said({name: rows_to_arrow(name, rows) for name, rows in tables.items()}, rejects, complete or {})
        stream = rejects[0].stream if rejects else next(iter(tables))
        self._landing.commit(source, run_id, [Answer(stream, "page", b"{}", "GET /", at, decoded=said)])

    def gone(self, source: str, table: str, **verdicts: str) -> None:
        """Verdicts on native ids (written `i7` for 7) of a table."""
        told = [[id_.removeprefix("i"), availability, "the tool says so"] for id_, availability in verdicts.items()]
        data = {"table": table, "verdicts": told, "at": NOON.isoformat()}
        self._landing.commit(source, f"r{self._runs}", [], [Event("absent", table, data)])

    def note(self, table: str, **values: Any) -> None:
        """A row of the ledger; what it must have and is not named here is filled up."""
        columns = self.hub.rows(
            "SELECT column_name, data_type FROM duckdb_columns() WHERE schema_name = 'ledger' AND table_name = ? "
            "AND NOT is_nullable",
            [table],
        )
        values = {name: _FILLERS[type_] for name, type_ in columns} | values
        named = ", ".join(f'? AS "{name}"' for name in values)
        plain = [v.astimezone(UTC).replace(tzinfo=None) if isinstance(v, datetime) else v for v in values.values()]
        self.hub.con.execute(f"INSERT INTO ledger.{table} BY NAME SELECT {named}", plain)

    def renew(
        self, rules: Mapping[str, Rules] | None = None, confirmed: Sequence[tuple[str, str]] = ()
    ) -> list[WordToMap]:
        return renew_meaning(self.hub, rules or {}, confirmed)

    def publish(
        self,
        now: datetime = NOON,
        *,
        windowed: Mapping[str, list[str]] | None = None,
        rules: Mapping[str, Rules] | None = None,
        described: bool = False,
        keep_days: int = 30,
        **hub: Any,
    ) -> Published:
        """The thousand comments on columns take a fifth of the time, and most tests ask for none of them."""
        self.renew(rules)
        with patch.object(publishing, "_describe", DESCRIBE if described else lambda *_: None):
            return publish(self.hub, self.data, HubSettings(**hub), now=now, windowed=windowed, keep_days=keep_days)

    def ask(self, sql: str, now: datetime = NOON, **more: Any) -> list[tuple[Any, ...]]:
        """What the query gives in a file with those tables alone that it reads, and those they are made from.

        Of `data_quality` only the checks that the query names, if it names any: all tables, a second each, are made by
        the tests of publishing, of laws and of the demo. `more` as for `publish`.
        """
        asked = _made_from(sql)
        made = tuple(record for record in publishing._MADE if record.table in asked)
        with ExitStack() as patched:
            patched.enter_context(patch.object(publishing, "_MADE", made))
            patched.enter_context(patch.object(publishing, "figure_parts", lambda table: _parts(table, sql)))
            patched.enter_context(patch.object(publishing, "_to_be_kept", lambda *_: PastFacts([], [], [])))
            file = self.publish(now, timezone="Europe/Berlin", **more).path
        with duckdb.connect(str(file), read_only=True) as con:
            return con.execute(sql).fetchall()

    def rows(self, table: str, *columns: str) -> dict[str, Any]:
        """Native id → these columns of a normal table."""
        found = self.hub.rows(f"SELECT native_id, {', '.join(columns)} FROM normal.{table} ORDER BY ALL")
        return {id_: rest[0] if len(rest) == 1 else tuple(rest) for id_, *rest in found}


_TABLES = {record.table: record for record in publishing._MADE}


def _made_from(sql: str) -> set[str]:
    """Names of the tables that a query reads, and of all behind them."""
    found: set[str] = set()
    waiting = [sql]
    while waiting:
        text = waiting.pop()
        for name in {*re.findall(r"\b(?:FROM|JOIN)\s+(\w+)", text)} & {*_TABLES} - found:
            found.add(name)
            if _TABLES[name] in FIGURES:
                waiting += _parts(name, sql)
    return found


def _parts(table: str, sql: str) -> list[str]:
    parts = figure_parts(table)
    if table != DataQuality.table:
        return parts
    named = [part for name, part in zip(check_names(), parts, strict=True) if f"'{name}'" in sql]
    return named or parts


def project(id_: str, **more: Any) -> Row:
    return {"native_id": id_, "key": f"P{id_}", "name": f"Project {id_}", "native_state": "active", **more}


def issue(id_: str, project_id: str | None = "1", **more: Any) -> Row:
    title = f"Issue {id_}"
    base = {"native_id": id_, "key": f"#{id_}", "title": title, "labels": [], "components": []}
    return {**base, "project_id": project_id, "native_status_id": "1", **more}


def worklog(id_: str, issue_id: str | None, hours: float, **more: Any) -> Row:
    base = {"native_id": id_, "issue_id": issue_id, "project_id": "1", "seconds": int(hours * 3600)}
    return {**base, "work_on": date(2026, 11, 20), "work_on_basis": "tool", **more}


def change(id_: str, issue_id: str, from_: str, to: str, at: datetime, **more: Any) -> Row:
    base = {"native_id": id_, "issue_id": issue_id, "field": "status", "changed_at": at, "evidence": "reported"}
    return {**base, "from_native_id": from_, "to_native_id": to, **more}


def linked(id_: str, from_: str, to: str, kind: str = "blocks", **more: Any) -> dict[str, Any]:
    return {"native_id": id_, "kind": kind, "native_kind": kind, "from_issue_id": from_, "to_issue_id": to, **more}


def status(id_: str, name: str, category: str | None, **more: Any) -> Row:
    base = {"native_id": f"status:{id_}", "kind": "status", "word_id": id_, "name": name, "category": category}
    return {**base, "position": int(id_), **more}


def priority(id_: str, name: str, position: int) -> Row:
    return {"native_id": f"priority:{id_}", "kind": "priority", "word_id": id_, "name": name, "position": position}


STATUSES = [
    status("1", "New", "todo"),
    status("2", "Doing", "in_progress"),
    status("3", "Closed", "done"),
    status("4", "Rejected", "done"),
]
