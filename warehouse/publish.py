"""Publishing: the portfolio file analysts open, written whole from the hub file and shown from one moment to the next.

The hub's own connection writes it, one CREATE TABLE AS per table from an explicit list of columns, in a storage version
that DuckDB 1.1 opens and with nothing in it that 1.1, or a DuckDB without extensions, cannot read: no views, no JSON
type. Tables and columns: `model.records`; which file readers get, and for how long: `warehouse.shelf`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.metadata import version
from inspect import cleandoc
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa

from model.change import WantedChange
from model.columns import Column, published_columns
from model.config import HubSettings
from model.errors import FileError
from model.figures import FIGURES, OF_COSTS, OF_PEOPLE, Portfolio, PortfolioDay, TimesheetDay
from model.lineage import FigureLineage
from model.plan_figures import LabourCost, MonthClosing
from model.planning import PLANNED, Absence, Rate
from model.records import (
    About,
    AboutFigure,
    Change,
    Issue,
    Person,
    Quarantined,
    Record,
    Run,
    StreamRun,
    Synced,
)
from model.tables import FINANCE
from warehouse.figures import figure_parts, figure_sql
from warehouse.files import said_plainly, sync_file, sync_folder
from warehouse.hub import MEGABYTES_TO_PUBLISH, Hub
from warehouse.lineage import lineage_rows
from warehouse.memory import give_freed_back
from warehouse.normal import issues_between, normal_tables
from warehouse.past import ClosedMonth, ClosedRate, Past, PastFacts, ShownProject
from warehouse.schema import PUBLISHED_VERSION, quoted, text
from warehouse.shelf import Shelf

__all__ = ["IN_FINANCE", "PUBLISHED", "Published", "publish", "published_type"]

PUBLISHED: tuple[type[Record], ...] = (
    *normal_tables(), Person, Run, StreamRun, Quarantined, Change, About, AboutFigure, FigureLineage,
    PortfolioDay,
    *(figure for figure in FIGURES if figure not in OF_PEOPLE),
)  # fmt: skip
"""All tables of the file, in the order they are written: figures last, from the others."""

IN_FINANCE: tuple[type[Record], ...] = (
    *(record for record in PLANNED if record.table in FINANCE),
    *(figure for figure in FIGURES if figure in OF_COSTS),
    About,
)
"""Tables of the file for finance: what single people cost, and by which rates."""

FINANCE_STEM = "portfolio-finance"

_MADE: tuple[type[Record], ...] = (
    *(table for table in PUBLISHED if table not in (*FIGURES, PortfolioDay)),
    *FIGURES,
)
"""The same with those between, which stay outside the file, and without the days that are kept."""

# 1.1.3 opens v1.1.0, refuses v1.2.0. It reads small row groups too: each thread holds one of every column it writes.
_ATTACH = "(RECOVERY_MODE no_wal_writes, STORAGE_VERSION 'v1.1.0', ROW_GROUP_SIZE 16384)"
_ISSUES_AT_ONCE = 16_384
_SMALL_ISSUES = 2_000
"""With fewer, the file is mostly what each table takes at least, however its texts are written."""

_SLICED: dict[type[Record], tuple[str, str]] = {TimesheetDay: ("worklogs", "work_on")}
"""Figures as large as what they are made of: from which table, and by which column of both, that is never empty."""
_ROWS_AT_ONCE = 50_000

# Letters of any script: named by what they are not, as \p{L} takes RE2 milliseconds a column to get ready. Before the @
# also digits and . % ' + - _, in the host digits . and -, at its end letters only (lodash@4.17.21 is no address).
_SPACES = r"\x{a0}\x{2000}-\x{206f}\x{3000}-\x{303f}"
_ADDRESS = (
    rf"[^\x00-$&(-*,/:-@\[-\^\x60{{-\x7f{_SPACES}]+@[^\x00-,/:-@\[-\x60{{-\x7f{_SPACES}]+"
    rf"\.[^\x00-@\[-\x60{{-\x7f{_SPACES}]{{2,}}"
)
HIDDEN = "(e-mail hidden)"

_NOW: dict[type[Record], str] = {
    About: "about_now",
    AboutFigure: "figures_now",
    FigureLineage: "lineage_now",
    Change: "changes_now",
    PortfolioDay: "days_now",
}
"""Temporary tables with what the hub file lacks. Not of the same name: a temporary table would be found first."""

_KEPT_MONTHS, _CLOSED_RATES = "kept_months", "closed_rates"
"""Temporary tables too, which only the SQL of figures reads."""

_OUTSIDE = (Rate.table, Absence.table)
"""Temporary tables of what people cost and when they are away: figures are made with them, and the file has none."""

# Streams that were never read to their end: what they hold is not known up to any time.
_ABOUT = """
WITH begun AS (
    SELECT source, stream FROM ledger.windows
    UNION SELECT source, stream FROM ledger.stream_runs
    UNION SELECT source, stream FROM windowed),
unread AS (
    SELECT DISTINCT b.source FROM begun AS b
    WHERE NOT EXISTS (FROM ledger.cursors AS c
            WHERE c.source = b.source AND c.stream = b.stream AND c.through_at IS NOT NULL)
        AND (EXISTS (FROM windowed AS w WHERE w.source = b.source AND w.stream = b.stream)
            OR NOT EXISTS (FROM ledger.stream_runs AS r
                WHERE r.source = b.source AND r.stream = b.stream AND r.state IN ('done', 'incomplete')))),
known AS (
    SELECT source, min(through_at) AS through_at,
        -- more than the census has is not less complete: rows kept although absent are counted apart (held_back)
        min(CASE WHEN census > present THEN present / census ELSE 1 END) FILTER (census IS NOT NULL) AS completeness
    FROM ledger.cursors GROUP BY source),
sources AS (SELECT source FROM ledger.sources UNION SELECT source FROM unread UNION SELECT source FROM known),
listed AS (SELECT source FROM sources UNION ALL SELECT NULL WHERE NOT EXISTS (FROM sources))
SELECT $schema_version AS schema_version, $hub_version AS hub_version, $generated_at AS generated_at, $zone AS zone,
    $today_on AS today_on, $month_close_day AS month_close_day, s.source,
    CASE WHEN a.account_id <> '' THEN s.source || ':' || a.account_id END AS account_id,
    CASE WHEN u.source IS NULL THEN k.through_at END AS fresh_through_at, k.completeness,
    coalesce((SELECT list(o.field ORDER BY o.field) FROM ledger.observed AS o WHERE o.source = s.source), [])
        AS observed
FROM listed AS s LEFT JOIN known AS k ON k.source = s.source LEFT JOIN unread AS u ON u.source = s.source
LEFT JOIN ledger.sources AS a ON a.source = s.source
ORDER BY s.source
"""

_PEOPLE = """
SELECT a.person_id AS id, min(a.name) FILTER (a.id = a.person_id) AS name,
    min_by(a.email, (a.id <> a.person_id, a.id)) FILTER (a.email IS NOT NULL) AS email
FROM normal.accounts AS a WHERE a.person_id IS NOT NULL GROUP BY a.person_id
"""


@dataclass(frozen=True)
class Published:
    """What a publishing did. `finance`: the file with rates and single people's costs, where it is wanted. `strays`:
    write-ahead files of readers who wrote, where they were moved to."""

    path: Path
    finance: Path | None = None
    removed: tuple[str, ...] = ()
    strays: tuple[Path, ...] = ()


def publish(
    hub: Hub,
    data: Path,
    settings: HubSettings,
    *,
    now: datetime | None = None,
    windowed: Mapping[str, Collection[str]] | None = None,
    changes: Sequence[WantedChange] = (),
    past: Past | None = None,
    keep_days: int = 30,
) -> Published:
    """Writes a new portfolio file and makes it the one readers get. Raises FileError, and then all is as it was.

    The caller holds the hub's lock and has renewed the meaning of words and people. `windowed` names the streams of
    each source that have a window: one of them that was never read to its end makes the source's freshness unknown.
    `changes` are those of the desk; `past` is what it keeps of earlier days and closed months, today's from now on.
    `keep_days`: days whose last file is kept.
    """
    now = now or datetime.now(UTC)
    shelf = Shelf(data)
    shelf.prepare()
    path = shelf.new_name(now)
    part = path.with_name(f".{path.name}.part")
    finance = Shelf(data, FINANCE_STEM)
    finance_path = finance.new_name(now) if settings.publish.finance else None
    finance_part = finance_path and finance_path.with_name(f".{finance_path.name}.part")
    today = now.astimezone(ZoneInfo(settings.timezone)).date()
    try:
        with hub.lock, said_by_duckdb(part):
            hub.reopen()  # what a run has left in memory is not to stand beside what publishing takes
            beside = _Beside(settings, now, today, windowed or {}, changes, past, finance_part)
            new = _write_in_memory(hub, part, beside)
        if past is not None:
            past.keep(today, new)
        with said_plainly("publishing", path):
            part.chmod(0o444)
            sync_file(part)
            strays = shelf.set_strays_aside(now)
            part.rename(path)
            if finance_part is not None and finance_path is not None:
                finance_part.chmod(0o400)
                sync_file(finance_part)
                finance_part.rename(finance_path)
            sync_folder(path.parent)
    finally:
        _remove(part)
        if finance_part is not None:
            _remove(finance_part)
    shelf.show(path)
    strays += shelf.set_strays_aside(now)
    removed = shelf.remove_old(path, now, keep_days)
    if finance_path is None:
        finance.clear()
    else:
        finance.show(finance_path)
        removed += finance.remove_old(finance_path, now, keep_days)
    return Published(path, finance_path, tuple(removed), tuple(strays))


def published_type(column: Column) -> str:
    """A column's type in the file. JSON stays text: a type of its own is an extension's."""
    return "VARCHAR" if column.type == "JSON" else column.type


@dataclass(frozen=True)
class _Beside:
    """What goes into the file beside the hub file's rows."""

    settings: HubSettings
    now: datetime
    today: date
    windowed: Mapping[str, Collection[str]]
    changes: Sequence[WantedChange]
    past: Past | None
    finance: Path | None


def _write_in_memory(hub: Hub, part: Path, beside: _Beside) -> PastFacts:
    """With little memory, and with more where texts are longer than that allows."""
    for megabytes in MEGABYTES_TO_PUBLISH:
        with hub.in_one_thread(megabytes):
            try:
                return _write(hub, part, beside, megabytes)
            except duckdb.OutOfMemoryException:
                if megabytes == MEGABYTES_TO_PUBLISH[-1]:
                    raise
                for left in (part, beside.finance):
                    if left is not None:
                        _remove(left)
    raise AssertionError("the most memory is tried last")


def _remove(part: Path) -> None:
    for left in (part, Path(f"{part}.wal")):
        left.unlink(missing_ok=True)


def _write(hub: Hub, part: Path, beside: _Beside, megabytes: int) -> PastFacts:
    with _attached(hub, part), _facts(hub, beside), _past_tables(hub, beside.past, beside.today):
        enough = megabytes
        for record in _MADE:
            # what one table needed is no more for the next: the peak is there already, and to try with less takes time
            enough = _fill_with_enough(hub, record, megabytes, enough, emails=beside.settings.publish.emails)
            give_freed_back()
        new = _to_be_kept(hub, beside)
        _describe(hub, PUBLISHED)
        _checkpoint(hub, "published")
        if beside.finance is not None:
            with _attached(hub, beside.finance, "finance"):
                for record in IN_FINANCE:
                    rows = f"FROM temp.{_NOW.get(record, record.table)}"
                    hub.con.execute(f"CREATE TABLE finance.{record.table} AS {_columns(record, rows, hidden=True)}")
                _describe(hub, IN_FINANCE, "finance")
                _checkpoint(hub, "finance")
        return new


def _checkpoint(hub: Hub, file: str) -> None:
    """Writes all to the file; with FSST, which takes a fifth of a millisecond a column to get ready, where it pays."""
    small = hub.value("SELECT count(*) < ? FROM landed.issues", [_SMALL_ISSUES])
    hub.con.execute(f"SET disabled_compression_methods = '{'fsst' if small else ''}'")
    try:
        hub.con.execute(f"CHECKPOINT {file}")
    finally:
        hub.con.execute("SET disabled_compression_methods = ''")


def _to_be_kept(hub: Hub, beside: _Beside) -> PastFacts:
    """Adds today to the history of the file; gives back what the desk is to keep of it, and of months closed now."""
    names = ", ".join(quoted(column.name) for column in published_columns(Portfolio))
    hub.con.execute(
        f"INSERT INTO published.portfolio_history ({names}, as_of_on) SELECT {names}, ? FROM published.portfolio",
        [beside.today],
    )
    shown = f"(SELECT {names} FROM published.portfolio)"
    days = hub.rows(f"SELECT p.source, p.project_id, to_json(p) FROM {shown} AS p")
    now = beside.now.astimezone(UTC).replace(tzinfo=None)
    months = hub.rows(
        f"""SELECT month_on::VARCHAR, source, coalesce(project_id, ''), to_json(struct_pack({_packed(_MONTH_FACTS)}))
        FROM published.{MonthClosing.table} WHERE closed_at = ?""",
        [now],
    )
    rates = hub.rows(
        f"""WITH days AS (
            SELECT l.*, date_trunc('month', l.work_on)::DATE AS month_on,
                lag((l.hourly_rate, l.rate_currency, l.exchange_rate)) OVER (
                    PARTITION BY l.project_id, l.person_id, date_trunc('month', l.work_on) ORDER BY l.work_on) AS before
            FROM temp.{LabourCost.table} AS l WHERE l.cost IS NOT NULL AND l.person_id IS NOT NULL)
        SELECT d.month_on::VARCHAR, d.project_id, d.person_id, d.work_on::VARCHAR,
            to_json(struct_pack({_packed(_RATE_FACTS)}))
        FROM days AS d SEMI JOIN published.{MonthClosing.table} AS m
            ON m.project_id = d.project_id AND m.month_on = d.month_on AND m.closed_at = ?
        WHERE d.before IS DISTINCT FROM (d.hourly_rate, d.rate_currency, d.exchange_rate)""",
        [now],
    )
    return PastFacts(
        [ShownProject(beside.today.isoformat(), source, id_ or "", _lean(facts)) for source, id_, facts in days],
        [ClosedMonth(*row) for row in months],
        [ClosedRate(*row) for row in rates],
    )


_DAY_KEYS = {"as_of_on": "DATE", "source": "VARCHAR", "project_id": "VARCHAR"}
_MONTH_KEYS = {"month_on": "DATE", "source": "VARCHAR", "project_id": "VARCHAR"}
_RATE_KEYS = {"month_on": "DATE", "project_id": "VARCHAR", "person_id": "VARCHAR", "from_on": "DATE"}
_MONTH_FACTS = {
    "closed_on": "DATE",
    "closed_at": "TIMESTAMP",
    "hours": "DOUBLE",
    "labour_cost": "DOUBLE",
    "other_cost": "DOUBLE",
    "currency": "VARCHAR",
    "earned_on": "DATE",
    "earned_value": "DOUBLE",
    "earned_rule": "VARCHAR",
    "earned_unit": "VARCHAR",
}
_RATE_FACTS = {
    "hourly_rate": "DOUBLE",
    "rate_currency": "VARCHAR",
    "exchange_rate": "DOUBLE",
    "currency": "VARCHAR",
    "rate_basis": "VARCHAR",
}


def _lean(facts: str) -> str:
    """Without what is empty, stands in the keys, or is the same on every day."""
    left_out = {*_DAY_KEYS, "rule"}
    known = {name: value for name, value in json.loads(facts).items() if value is not None and name not in left_out}
    return json.dumps(known, ensure_ascii=False)


def _packed(names: Iterable[str]) -> str:
    return ", ".join(f"{name} := {name}" for name in names)


@contextmanager
def _past_tables(hub: Hub, past: Past | None, today: date) -> Iterator[None]:
    """The days that are kept, in the file; what was closed, as temporary tables. A fact without column is left out."""
    columns = published_columns(PortfolioDay)
    declared = ", ".join(f"{quoted(c.name)} {published_type(c)}" for c in columns)
    hub.con.execute(f"CREATE TABLE published.{PortfolioDay.table} ({declared})")
    facts = {c.name: published_type(c) for c in columns if c.name not in _DAY_KEYS}
    for days in past.days_before(today) if past is not None else ():
        with _unpacked(hub, days, _DAY_KEYS, facts) as rows:
            hub.con.execute(f"INSERT INTO published.{PortfolioDay.table} BY NAME {rows}")
    with _unpacked(hub, past.months() if past else (), _MONTH_KEYS, _MONTH_FACTS) as rows:
        hub.con.execute(f"CREATE OR REPLACE TEMP TABLE {_KEPT_MONTHS} AS {rows}")
    with _unpacked(hub, past.rates() if past else (), _RATE_KEYS, _RATE_FACTS) as rows:
        hub.con.execute(f"CREATE OR REPLACE TEMP TABLE {_CLOSED_RATES} AS {rows}")
    try:
        yield
    finally:
        for table in (_KEPT_MONTHS, _CLOSED_RATES):
            hub.con.execute(f"DROP TABLE IF EXISTS temp.{table}")


@contextmanager
def _unpacked(
    hub: Hub, kept: Sequence[tuple[str, ...]], keys: Mapping[str, str], facts: Mapping[str, str]
) -> Iterator[str]:
    """A query for rows of keys with their facts, which are JSON behind them; names with their types."""
    columns = zip(*kept, strict=True) if kept else ([] for _ in (*keys, "facts"))
    hub.con.register("kept", pa.table([pa.array(column, pa.string()) for column in columns], names=[*keys, "facts"]))
    casts = ", ".join(f"CAST(nullif({name}, '') AS {type_}) AS {name}" for name, type_ in keys.items())
    try:
        yield f"SELECT {casts}, unnest(json_transform(facts, {text(json.dumps(dict(facts)))})) FROM kept"
    finally:
        hub.con.unregister("kept")


def _fill_with_enough(hub: Hub, record: type[Record], at_hand: int, least: int, *, emails: bool) -> int:
    """From the `least` on with more memory than is `at_hand`, where the table needs it. Gives back how much it took."""
    for megabytes in MEGABYTES_TO_PUBLISH:
        if megabytes < least:
            continue
        try:
            with hub.in_one_thread(megabytes) if megabytes > at_hand else nullcontext():
                _fill(hub, record, emails=emails)
            return megabytes
        except duckdb.OutOfMemoryException:
            if megabytes == MEGABYTES_TO_PUBLISH[-1]:
                raise
            hub.con.execute(f"DROP TABLE IF EXISTS {_place(record)}.{record.table}")
    raise AssertionError("the most memory is tried last")


def _fill(hub: Hub, record: type[Record], *, emails: bool) -> None:
    """Makes one table. Issues come in slices, so that the memory it takes does not grow with them."""
    hidden = not emails
    if record is Issue:
        hub.con.execute(f"CREATE TABLE published.issues AS {_columns(record, issues_between(0, 0), hidden=hidden)}")
        most = hub.value("SELECT coalesce(max(rowid) + 1, 0) FROM landed.issues")
        for low in range(0, most, _ISSUES_AT_ONCE):
            rows = issues_between(low, low + _ISSUES_AT_ONCE)
            hub.con.execute(f"INSERT INTO published.issues {_columns(record, rows, hidden=hidden)}")
            give_freed_back()
    elif record in FIGURES:
        # a figure names the tables as an analyst does, so that its SQL runs on the file as it stands there
        with _published_first(hub):
            first, *others = (
                f"{_columns(record, part)}{slice_}"
                for part in figure_parts(record.table)
                for slice_ in _slices(hub, record)
            )
            kind = "TEMP TABLE" if record in OF_PEOPLE else "TABLE"
            hub.con.execute(f"CREATE {kind} {record.table} AS {first}")
            for part in others:
                give_freed_back()
                hub.con.execute(f"INSERT INTO {record.table} {part}")
    elif record in PLANNED and not hub.value(f"SELECT EXISTS (FROM landed.{record.table})"):
        # most hubs have few of them, and to ask their views takes time
        columns = ", ".join(f"{quoted(c.name)} {published_type(c)}" for c in published_columns(record))
        hub.con.execute(f"CREATE TABLE published.{record.table} ({columns})")
    else:
        hub.con.execute(f"CREATE TABLE published.{record.table} AS {_columns(record, _rows(record), hidden=hidden)}")


def _slices(hub: Hub, record: type[Record]) -> list[str]:
    """Conditions that part a figure's rows: asked of what it groups by, each is asked of what it reads."""
    if record not in _SLICED:
        return [""]
    table, column = _SLICED[record]
    cuts, taken = [], 0
    for value, rows in hub.rows(f"SELECT {column}::VARCHAR, count(*) FROM {table} GROUP BY {column} ORDER BY {column}"):
        if taken and taken + rows > _ROWS_AT_ONCE:
            cuts.append(text(value))
            taken = 0
        taken += rows
    if not cuts:
        return [""]
    between = [f"{column} >= {low} AND {column} < {high}" for low, high in pairwise(cuts)]
    return [f" WHERE {part}" for part in (f"{column} < {cuts[0]}", *between, f"{column} >= {cuts[-1]}")]


def _place(record: type[Record]) -> str:
    """Where a table is made: in the file, or where only this connection sees it."""
    return "temp" if record in OF_PEOPLE else "published"


def _rows(record: type[Record]) -> str:
    if issubclass(record, Synced):
        return f"FROM normal.{record.table}"
    if record is Person:
        return _PEOPLE
    if record in _NOW:
        return f"FROM temp.{_NOW[record]}"
    return f"FROM ledger.{record.table}"


def _columns(record: type[Record], rows: str, *, hidden: bool = False) -> str:
    """The explicit column list over a query, in the types of the file; with `hidden`, without e-mail addresses."""
    parts = []
    for column in published_columns(record):
        name = quoted(column.name)
        expression = _without_addresses(name, column) if hidden and _istext(record, column) else name
        if hidden and column.name == "email":
            expression = "NULL"
        parts.append(f"CAST({expression} AS {published_type(column)}) AS {name}")
    return f"SELECT {', '.join(parts)} FROM ({rows})"


def _istext(record: type[Record], column: Column) -> bool:
    """Whether people may have written an address into it: ids are left as they are, rows are joined by them."""
    if column.ref or column.name in ("id", "source", "native_id") or column.name.endswith("_id"):
        return False
    return column.type in ("VARCHAR", "VARCHAR[]", "JSON") and (
        issubclass(record, Synced | Person | Quarantined | Change)
    )


def _without_addresses(name: str, column: Column) -> str:
    if column.type == "VARCHAR[]":
        return f"list_transform({name}, word -> {_replaced('word')})"
    # in JSON, what stands before an address may be an escape such as \n: its letter is no part of the address
    escape = r"(\\(?:[bfnrt]|u[0-9a-fA-F]{4}))?" if column.type == "JSON" else "()"
    text = f"{name}::VARCHAR"
    return f"CASE WHEN contains({text}, '@') THEN {_replaced(text, escape)} ELSE {text} END"


def _replaced(text: str, before: str = "()") -> str:
    return f"regexp_replace({text}, '{before}{_ADDRESS}', '\\1{HIDDEN}', 'g')"


def _describe(hub: Hub, records: Iterable[type[Record]], file: str = "published") -> None:
    """Some hundred comments: one by one, each would wait for the disk."""
    with hub.transaction():
        for record in records:
            table = f"{file}.main.{record.table}"
            said = [f"COMMENT ON TABLE {table} IS {text(_summary(record))}"]
            said += [
                f"COMMENT ON COLUMN {table}.{quoted(column.name)} IS {text(column.description)}"
                for column in published_columns(record)
            ]
            hub.con.execute(";".join(said))


def _summary(record: type[Record]) -> str:
    return cleandoc(record.__doc__ or "").splitlines()[0]


@contextmanager
def _attached(hub: Hub, part: Path, name: str = "published") -> Iterator[None]:
    """The new file beside the hub's own tables. It is closed when this ends, however it ends."""
    hub.con.execute(f"ATTACH {text(str(part))} AS {name} {_ATTACH}")
    try:
        yield
    except BaseException:
        with suppress(duckdb.Error):
            hub.con.execute("ROLLBACK")
        raise
    finally:
        hub.con.execute(f"DETACH {name}")


@contextmanager
def _published_first(hub: Hub) -> Iterator[None]:
    """Names without a schema mean tables of the new file."""
    own = hub.value("SELECT current_database()")
    hub.con.execute("USE published.main")
    try:
        yield
    finally:
        hub.con.execute(f"USE {quoted(own)}.main")


@contextmanager
def _facts(hub: Hub, beside: _Beside) -> Iterator[None]:
    """The tables about the file itself, and what comes from the desk, as temporary ones."""
    pairs = [(source, stream) for source, streams in beside.windowed.items() for stream in streams]
    expected = {"source": [source for source, _ in pairs], "stream": [stream for _, stream in pairs]}
    hub.con.register("windowed", pa.table(expected, schema=pa.schema([("source", "string"), ("stream", "string")])))
    figures = [(f.table, _summary(f), _runs_there(f), figure_sql(f.table)) for f in FIGURES]
    names = [c.name for c in published_columns(AboutFigure)]
    rows = pa.table({name: [figure[n] for figure in figures] for n, name in enumerate(names)})
    hub.con.register("figures", rows)
    hub.con.register("lineage", _lineage())
    hub.con.register("wanted", _wanted(beside.changes))
    try:
        hub.con.execute(
            f"CREATE OR REPLACE TEMP TABLE about_now AS {_ABOUT}",
            {
                "schema_version": PUBLISHED_VERSION,
                "hub_version": version("pmo-hub"),
                "generated_at": beside.now.astimezone(UTC).replace(tzinfo=None),
                "zone": beside.settings.timezone,
                "today_on": beside.today,
                "month_close_day": beside.settings.month_close_day,
            },
        )
        hub.con.execute("CREATE OR REPLACE TEMP TABLE figures_now AS FROM figures")
        hub.con.execute("CREATE OR REPLACE TEMP TABLE lineage_now AS FROM lineage")
        for table in _OUTSIDE:
            hub.con.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS FROM normal.{table}")
        hub.con.execute("CREATE OR REPLACE TEMP TABLE changes_now AS FROM wanted ORDER BY requested_at, id")
        yield
    finally:
        for registered in ("windowed", "figures", "lineage", "wanted"):
            hub.con.unregister(registered)
        for table in (*_NOW.values(), *_OUTSIDE, *(figure.table for figure in OF_PEOPLE)):
            hub.con.execute(f"DROP TABLE IF EXISTS temp.{table}")


def _runs_there(figure: type[Record]) -> bool:
    """Whether the file holds all that the figure's SQL reads."""
    hidden = "|".join((*_OUTSIDE, _KEPT_MONTHS, _CLOSED_RATES, *(other.table for other in OF_PEOPLE)))
    return re.search(rf"\b(FROM|JOIN) ({hidden})\b", figure_sql(figure.table)) is None


def _lineage() -> pa.Table:
    schema = pa.schema([(c.name, c.arrow_type) for c in published_columns(FigureLineage)])
    return pa.Table.from_pylist([row.model_dump() for row in lineage_rows()], schema=schema)


def _wanted(changes: Sequence[WantedChange]) -> pa.Table:
    """Without the people who asked and approved: those stay on the desk."""

    def utc(at: datetime | None) -> datetime | None:
        return at.astimezone(UTC).replace(tzinfo=None) if at else None

    rows = [
        {
            "id": str(c.id),
            "issue_id": c.issue_id,
            "field": c.field,
            "base": c.base.id,
            "wanted": c.wish.value,
            "reason": c.reason,
            "state": c.state.value,
            "requested_at": utc(c.requested_at),
            "verified_at": utc(c.verified_at),
        }
        for c in changes
    ]
    return pa.Table.from_pylist(rows, schema=pa.schema([(c.name, c.arrow_type) for c in published_columns(Change)]))


@contextmanager
def said_by_duckdb(part: Path) -> Iterator[None]:
    """Turns DuckDB's complaints about the disk into one sentence."""
    try:
        yield
    except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
        if "No space left" in str(error) or "not enough space" in str(error).lower():
            raise FileError(
                f"publishing: no space left for {part.parent}; free some and run `pmo publish`, "
                "readers keep the file they have"
            ) from error
        first = str(error).splitlines()[0]
        raise FileError(
            f"publishing: {part.parent} cannot be written ({first}); readers keep the file they have"
        ) from error
