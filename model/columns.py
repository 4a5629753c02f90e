"""Columns of the tables as types: what is landed, what is published, and their Arrow schemas.

Everything here is derived from `model.records`; nothing is named twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from functools import cache
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import pyarrow as pa

from model.figure import Figure, Said
from model.records import DERIVED, PRIVATE, Bookkeeping, Mark, Record, Ref, Synced
from model.tables import RECORDS

__all__ = ["Column", "arrow_schema", "columns_of", "landed_columns", "published_columns", "rows_to_arrow"]

_DUCKDB = {
    str: "VARCHAR",
    int: "BIGINT",
    float: "DOUBLE",
    bool: "BOOLEAN",
    date: "DATE",
    datetime: "TIMESTAMP",
}
_ARROW: dict[str, pa.DataType] = {
    "VARCHAR": pa.string(),
    "BIGINT": pa.int64(),
    "DOUBLE": pa.float64(),
    "BOOLEAN": pa.bool_(),
    "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us"),
    "VARCHAR[]": pa.list_(pa.string()),
    "JSON": pa.string(),
}


@dataclass(frozen=True)
class Column:
    """One column: `type` is DuckDB's, `ref` the table its ids point to."""

    name: str
    type: str
    nullable: bool
    description: str
    ref: str | None = None
    derived: bool = False
    private: bool = False

    @property
    def arrow_type(self) -> pa.DataType:
        return _ARROW[self.type]


@cache
def columns_of(record: type[Record]) -> tuple[Column, ...]:
    """All columns of a table in order; behind their own, synced tables carry the bookkeeping, figures what they say of
    themselves."""
    own = tuple(
        _column(name, field.annotation, field.metadata, field.description)
        for name, field in record.model_fields.items()
    )
    if issubclass(record, Synced):
        return own + columns_of(Bookkeeping)
    return own + columns_of(Said) if issubclass(record, Figure) else own


@cache
def landed_columns(record: type[Synced]) -> tuple[Column, ...]:
    """What a decoder must deliver for a table: `native_id` first, then its landed columns."""
    own = tuple(c for c in columns_of(record) if not c.derived and c.name not in Bookkeeping.model_fields)
    return (Column("native_id", "VARCHAR", False, "the tool's own immutable id"), *own)


@cache
def published_columns(record: type[Record]) -> tuple[Column, ...]:
    """What analysts see of a table, in order."""
    return tuple(c for c in columns_of(record) if not c.private)


@cache
def arrow_schema(table: str) -> pa.Schema:
    """Arrow schema of a landed table, as decoders build it."""
    record = RECORDS[table]
    assert issubclass(record, Synced)
    return pa.schema([pa.field(c.name, c.arrow_type) for c in landed_columns(record)])


def rows_to_arrow(table: str, rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Rows (landed column → value, missing ones null) as one Arrow table.

    Times may carry any offset and become UTC. Values have the columns' types already: a decoder checks them, pyarrow
    does so only in part (it cuts 1.5 to 1), and raises its own and Python's errors.
    """
    schema = arrow_schema(table)
    rows = rows if isinstance(rows, list) else list(rows)
    return pa.Table.from_arrays(
        [pa.array([row.get(field.name) for row in rows], type=field.type) for field in schema], schema=schema
    )


def _column(name: str, annotation: Any, metadata: list[Any], description: str | None) -> Column:
    base, nullable, marks = _unwrap(annotation)
    marks = [*metadata, *marks]
    json = any(isinstance(m, Mark) and m.name == "json" for m in marks)
    return Column(
        name=name,
        type="JSON" if json else _duckdb_type(base),
        nullable=nullable,
        description=description or "",
        ref=next((m.table for m in marks if isinstance(m, Ref)), None),
        derived=DERIVED in marks,
        private=PRIVATE in marks,
    )


def _unwrap(annotation: Any) -> tuple[Any, bool, list[Any]]:
    """The plain type, whether None is allowed, and the marks found on the way."""
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *marks = get_args(annotation)
        base, nullable, more = _unwrap(inner)
        return base, nullable, [*marks, *more]
    if origin in (Union, UnionType):
        (only,) = [a for a in get_args(annotation) if a is not type(None)]
        base, _, marks = _unwrap(only)
        return base, True, marks
    return annotation, False, []


def _duckdb_type(base: Any) -> str:
    if get_origin(base) is list:
        return "VARCHAR[]"
    if isinstance(base, type) and issubclass(base, Enum):
        return "VARCHAR"
    return _DUCKDB[base]
