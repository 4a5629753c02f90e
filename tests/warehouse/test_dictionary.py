"""The pages that are made from tables and registry are those that are committed, and leave nothing out."""

from __future__ import annotations

from pathlib import Path

import pytest

from model.columns import published_columns
from model.figures import Portfolio
from warehouse.dictionary import PAGES, data_dictionary, definitions, unit_of, write
from warehouse.publish import PUBLISHED

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize("name", PAGES)
def test_the_committed_page_is_the_one_that_is_made(name: str) -> None:
    made = PAGES[name]()
    assert (DOCS / name).read_text(encoding="utf-8") == made, f"docs/{name} is behind the tables: run `make docs`"


def test_make_docs_writes_them(tmp_path: Path) -> None:
    write(tmp_path)
    assert {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()} == {
        name: made() for name, made in PAGES.items()
    }


def test_every_table_and_column_is_in_the_dictionary() -> None:
    text = data_dictionary()
    for record in PUBLISHED:
        section = text.partition(f"\n## {record.table}\n")[2].partition("\n## ")[0]
        rows = [line for line in section.splitlines() if line.startswith("| `")]
        assert [row.split("`")[1] for row in rows] == [column.name for column in published_columns(record)]


def test_every_number_has_a_unit() -> None:
    numbers = [(r.table, c.name) for r in PUBLISHED for c in published_columns(r)
               if c.type in ("DOUBLE", "BIGINT") and not unit_of(r, c)]  # fmt: skip
    assert numbers == []


def test_every_figure_is_defined() -> None:
    text = definitions()
    assert [column.name for column in published_columns(Portfolio) if f"\n## {column.name}\n" not in text] == []
