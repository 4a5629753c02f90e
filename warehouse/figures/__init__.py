"""Derived figures: one `<table>.sql` each, SELECTs over the published tables, which run on the published file.

They are kept there beside their result, in `about_figures`. DuckDB 1.1 must understand them, without any extension.
`data_quality` has a file for each check; the comment in its first line is the rule that its rows name, one in the
second what the rule applies to, if that is not all projects. `data_quality_rules` lists these lines.
"""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable

from model.figures import DataQuality
from model.quality_figures import DataQualityRule

__all__ = ["check_names", "figure_parts", "figure_sql"]


_APPLIES = "-- Applies to "


def figure_sql(table: str) -> str:
    """The SELECT that makes a derived table, whole."""
    return "UNION ALL\n".join(figure_parts(table))


def figure_parts(table: str) -> list[str]:
    """The SELECTs whose rows make a derived table together: one by one they need less memory."""
    if table == DataQualityRule.table:
        return ["\nUNION ALL\n".join(_rule(file) for file in _checks())]
    if table != DataQuality.table:
        return [files(__name__).joinpath(f"{table}.sql").read_text(encoding="utf-8")]
    return [_check(file) for file in _checks()]


def check_names() -> list[str]:
    """Of the checks of `data_quality`."""
    return [_name(file) for file in _checks()]


def _name(file: Traversable) -> str:
    return file.name.removesuffix(".sql").replace("_", "-")


def _checks() -> list[Traversable]:
    found = (file for file in files(__name__).joinpath(DataQuality.table).iterdir() if file.name.endswith(".sql"))
    return sorted(found, key=lambda file: file.name)


def _rule(file: Traversable) -> str:
    rule, applies_to, _ = _parts(file)
    return f"SELECT '{_name(file)}' AS check_id, '{applies_to}' AS applies_to, '{rule}' AS rule"


def _parts(file: Traversable) -> tuple[str, str, str]:
    """The rule and what it applies to, as they stand in SQL texts, and the SELECT."""
    first, _, select = file.read_text(encoding="utf-8").partition("\n")
    second = select.partition("\n")[0]
    applies_to = second.removeprefix(_APPLIES).removesuffix(".") if second.startswith(_APPLIES) else "projects"
    return first.removeprefix("-- ").replace("'", "''"), applies_to, select


def _check(file: Traversable) -> str:
    rule, _, select = _parts(file)
    return (
        f"SELECT f.*, '{rule}' AS rule, b.fresh_through_at AS fresh_at, b.completeness\nFROM (\n{select}) AS f "
        "LEFT JOIN about AS b ON b.source = f.source\n"
    )
