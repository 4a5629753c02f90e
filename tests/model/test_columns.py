"""pydantic records, Arrow schemas and DDL are in step: what a decoder may say comes back equal from DuckDB."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from enum import Enum
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from model.columns import arrow_schema, columns_of, landed_columns, published_columns, rows_to_arrow
from model.figure import Figure, Said
from model.figures import FIGURES
from model.records import Bookkeeping, Issue, Mark, Record, Synced
from model.tables import RECORDS, SYNCED
from warehouse.schema import ddl, ddl_of, quoted

KEPT = {"source": "'a'", "availability": "'present'", "first_seen_at": "TIMESTAMP '2026-11-21 02:13:00'"} | {
    "changed_run_id": "'run'",
    "raw_seq": "7",
    "content": "18446744073709551615::UBIGINT",
}
"""What the hub itself puts into a landed row."""

each_synced = pytest.mark.parametrize("record", SYNCED, ids=lambda r: r.table)
each_record = pytest.mark.parametrize("record", [*RECORDS.values(), *FIGURES], ids=lambda r: r.table)

A_LONG_TIME_AGO, IN_A_LONG_TIME = datetime.fromisoformat("1900-01-02"), datetime.fromisoformat("2200-01-01")

text = st.text(st.characters(codec="utf-8"), max_size=20)
offsets = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
instants = st.datetimes(A_LONG_TIME_AGO, IN_A_LONG_TIME, timezones=st.one_of(st.none(), offsets))
PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: text,
    int: st.integers(-(2**63), 2**63 - 1),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    date: st.dates(),
    datetime: instants,
}
documents = st.dictionaries(text, st.one_of(text, st.integers(), st.none(), st.lists(text, max_size=2)), max_size=3)


def of_type(annotation: Any, metadata: tuple[Any, ...] = ()) -> st.SearchStrategy[Any]:
    """All values that a field may have."""
    if get_origin(annotation) is Annotated:
        inner, *marks = get_args(annotation)
        further = [m for mark in marks for m in (mark.metadata if isinstance(mark, FieldInfo) else [mark])]
        return of_type(inner, (*metadata, *further))
    if get_origin(annotation) in (Union, UnionType):
        (inner,) = [a for a in get_args(annotation) if a is not type(None)]
        return st.one_of(st.none(), of_type(inner, metadata))
    if get_origin(annotation) is list:
        return st.lists(of_type(get_args(annotation)[0]), max_size=3)
    if any(isinstance(mark, Mark) and mark.name == "json" for mark in metadata):
        return documents.map(json.dumps)
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return st.sampled_from(annotation)
    pattern = next((mark.pattern for mark in metadata if getattr(mark, "pattern", None)), None)
    if pattern is not None:
        return st.from_regex(pattern.replace("$", r"\Z"))
    low, high, above = (
        next((getattr(mark, name) for mark in metadata if hasattr(mark, name)), None) for name in ("ge", "le", "gt")
    )
    if annotation is float:
        low = above if low is None else low
        return st.floats(low, high, allow_nan=False, allow_infinity=False, exclude_min=above is not None)
    if low is not None or high is not None:
        return st.integers(-(2**63) if low is None else low, 2**63 - 1 if high is None else high)
    return PLAIN[annotation]


def records_of(record: type[Record]) -> st.SearchStrategy[Record]:
    """All valid rows of a table."""
    fields = {name: of_type(f.annotation, tuple(f.metadata)) for name, f in record.model_fields.items()}
    return st.fixed_dictionaries(fields).map(record.model_validate)


def in_utc(value: Any) -> Any:
    """As it comes back: instants in UTC and without a zone."""
    return value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) and value.tzinfo else value


@pytest.fixture(scope="module")
def con():
    with duckdb.connect() as connection:
        connection.execute(ddl())
        yield connection


def landed(con: duckdb.DuckDBPyConnection, table: str, rows: pa.Table) -> None:
    con.register("batch", rows)
    kept = ", ".join(f"{value} AS {name}" for name, value in KEPT.items())
    con.execute(f"INSERT INTO landed.{table} BY NAME SELECT *, {kept} FROM batch")


def read(con: duckdb.DuckDBPyConnection, table: str, names: list[str]) -> list[dict[str, Any]]:
    found = con.execute(f"SELECT {', '.join(map(quoted, names))} FROM {table}").fetchall()
    return [dict(zip(names, row, strict=True)) for row in found]


# ------------------------------------------------------------------ what is put in comes out


@each_synced
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_a_landed_row_comes_back_equal(con, record, data):
    rows = data.draw(st.lists(records_of(record), max_size=3))
    names = [column.name for column in landed_columns(record)]
    given_rows = [{"native_id": str(n), **row.model_dump()} for n, row in enumerate(rows)]
    con.execute(f"TRUNCATE landed.{record.table}")
    landed(con, record.table, rows_to_arrow(record.table, given_rows))

    found = sorted(read(con, f"landed.{record.table}", names), key=lambda row: int(row["native_id"]))
    assert found == [{name: in_utc(row[name]) for name in names} for row in given_rows]
    for row, back in zip(rows, found, strict=True):
        del back["native_id"]
        utc = {name: in_utc(value) for name, value in row.model_dump().items()}
        assert record.model_validate({**utc, **back}) == record.model_validate(utc)


@each_record
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_a_row_of_any_table_comes_back_equal(con, record, data):
    own = [c for c in columns_of(record) if c.name in record.model_fields]
    row = {name: in_utc(value) for name, value in data.draw(records_of(record)).model_dump().items()}
    con.execute("DROP TABLE IF EXISTS one")
    con.execute(ddl_of("one", tuple(own)))
    con.execute(f"INSERT INTO one VALUES ({', '.join('?' * len(own))})", [row[c.name] for c in own])
    (found,) = read(con, "one", [c.name for c in own])
    assert found == row
    assert record.model_validate(found) == record.model_validate(row)


def test_a_missing_column_is_null_and_a_list_may_be_empty(con):
    con.execute("TRUNCATE landed.issues")
    landed(
        con,
        "issues",
        rows_to_arrow("issues", [{"native_id": "1", "key": "#1", "title": "", "labels": [], "components": []}]),
    )
    (row,) = read(con, "landed.issues", [c.name for c in landed_columns(Issue)])
    said = {name: value for name, value in row.items() if value is not None}
    assert said == {"native_id": "1", "key": "#1", "title": "", "labels": [], "components": []}


def test_no_rows_are_a_table_of_the_same_columns():
    assert rows_to_arrow("worklogs", []).schema == arrow_schema("worklogs")
    assert rows_to_arrow("worklogs", iter(())).num_rows == 0


@pytest.mark.parametrize(
    ("column", "value"),
    [("time_spent_seconds", "5400"), ("time_spent_seconds", 2**63), ("title", 5), ("due_on", "2026-11-21"),
     ("created_at", "2026-11-21T02:13:00Z"), ("story_points", "3"), ("time_spent_seconds", True)],
)  # fmt: skip
def test_a_value_of_another_kind_is_refused(column, value):
    with pytest.raises((pa.ArrowException, OverflowError)):
        rows_to_arrow("issues", [{"native_id": "1", column: value}])


# ------------------------------------------------------------------ names, types and nulls


@each_synced
def test_the_ddl_says_what_the_record_says(con, record):
    described = con.execute(f"DESCRIBE landed.{record.table}").fetchall()
    found = {name: (type_, null == "YES") for name, type_, null, *_ in described}
    assert next(iter(found)) == "source"
    expected = {c.name: (c.type, c.nullable) for c in landed_columns(record)}
    assert list(found)[1 : len(expected) + 1] == list(expected)
    assert {name: found[name] for name in expected} == expected
    for name, field in record.model_fields.items():
        if name in expected:
            assert expected[name][1] == (type(None) in get_args(field.annotation)), name


@each_synced
def test_arrow_has_the_types_of_the_ddl(con, record):
    con.register("batch", rows_to_arrow(record.table, []))
    arrow = {name: type_ for name, type_, *_ in con.execute("DESCRIBE SELECT * FROM batch").fetchall()}
    assert arrow == {c.name: "VARCHAR" if c.type == "JSON" else c.type for c in landed_columns(record)}
    assert arrow_schema(record.table).names == list(arrow)


@each_synced
def test_what_must_be_said_cannot_be_left_out(con, record):
    """By the table as by the record."""
    whole = rows_to_arrow(record.table, [])
    must = [c.name for c in landed_columns(record) if not c.nullable]
    for name in must:
        blank = [pa.array([None if c.name == name else _some(c.type)], c.arrow_type) for c in landed_columns(record)]
        with pytest.raises(duckdb.ConstraintException, match=rf"\.{name}$"):
            landed(con, record.table, pa.Table.from_arrays(blank, schema=whole.schema))
        field = record.model_fields.get(name)
        if field is not None:
            with pytest.raises(ValidationError):
                record.__pydantic_validator__.validate_assignment(record.model_construct(), name, None)


def _some(type_: str) -> Any:
    now = datetime.fromisoformat("2026-11-21")
    some = {"BIGINT": 1, "DOUBLE": 1.0, "BOOLEAN": True, "DATE": now.date(), "TIMESTAMP": now, "VARCHAR[]": []}
    return some.get(type_, "{}")


@each_record
def test_every_column_is_described_once_and_points_somewhere(record):
    columns = columns_of(record)
    names = [c.name for c in columns]
    behind = Bookkeeping if issubclass(record, Synced) else Said if issubclass(record, Figure) else None
    own = [*record.model_fields, *(behind.model_fields if behind else ())]
    assert names == own and len(set(names)) == len(names)
    assert all(c.description for c in columns) and record.__doc__
    assert {c.ref for c in columns} - {None} <= set(RECORDS)
    assert [c.name for c in published_columns(record)] == [c.name for c in columns if not c.private]


@each_record
def test_names_carry_units(record):
    for column in columns_of(record):
        assert (column.type == "TIMESTAMP") == column.name.endswith(("_at", "observed_from")), column.name
        assert (column.type == "DATE") == column.name.endswith("_on"), column.name
        if column.name.endswith("seconds"):
            assert column.type in ("BIGINT", "DOUBLE")


@each_synced
def test_landing_never_asks_for_what_is_derived(record):
    derived = {c.name for c in columns_of(record) if c.derived}
    assert derived.isdisjoint(arrow_schema(record.table).names)
    assert {"id", "first_seen_at", "changed_run_id"} <= derived
