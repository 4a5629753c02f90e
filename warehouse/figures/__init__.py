"""Derived figures: one `<table>.sql` each, SELECTs over the published tables, which run on the published file.

They are kept there beside their result, in `about_figures`. DuckDB 1.1 must understand them, without any extension.
`data_quality` has a file for each check; the comment in its first line is the rule that its rows name.
"""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable

from model.figures import DataQuality

__all__ = ["check_names", "figure_parts", "figure_sql"]


def figure_sql(table: str) -> str:
    """The SELECT that makes a derived table, whole."""
    return "UNION ALL\n".join(figure_parts(table))


def figure_parts(table: str) -> list[str]:
    """The SELECTs whose rows make a derived table together: one by one they need less memory."""
    if table != DataQuality.table:
        return [files(__name__).joinpath(f"{table}.sql").read_text(encoding="utf-8")]
    return [_check(file) for file in _checks()]


def check_names() -> list[str]:
    """Of the checks of `data_quality`."""
    return [file.name.removesuffix(".sql").replace("_", "-") for file in _checks()]


def _checks() -> list[Traversable]:
    found = (file for file in files(__name__).joinpath(DataQuality.table).iterdir() if file.name.endswith(".sql"))
    return sorted(found, key=lambda file: file.name)


def _check(file: Traversable) -> str:
    first, _, select = file.read_text(encoding="utf-8").partition("\n")
    rule = first.removeprefix("-- ").replace("'", "''")
    return (
        f"SELECT f.*, '{rule}' AS rule, b.fresh_through_at AS fresh_at, b.completeness\nFROM (\n{select}) AS f "
        "LEFT JOIN about AS b ON b.source = f.source\n"
    )
