"""Derived figures: one `<table>.sql` each, a single SELECT over the published tables, which runs on the published file.

It is kept there beside its result, in `about_figures`. DuckDB 1.1 must understand it, without any extension.
"""

from __future__ import annotations

from importlib.resources import files

__all__ = ["figure_sql"]


def figure_sql(table: str) -> str:
    """The SELECT that makes a derived table."""
    return files(__name__).joinpath(f"{table}.sql").read_text(encoding="utf-8")
