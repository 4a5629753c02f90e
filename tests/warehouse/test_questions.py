"""The questions of docs/questions.md: every block of SQL runs on a published file, and answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.warehouse.rich_hub import publish_rich

PAGE = Path(__file__).resolve().parents[2] / "docs" / "questions.md"
QUESTIONS = re.findall(r"^### (.+?)\n\n```sql\n(.+?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
EMPTY = {
    "Which records did not fit, and why?",
    "Which projects changed colour since a week ago?",  # one day is kept
    "What changed afterwards for a month that was closed?",
    "Which hours came after their month was closed?",
}
"""What the small portfolio has no rows for."""


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    file = publish_rich(tmp_path_factory.mktemp("rich") / "data")
    with duckdb.connect(str(file), read_only=True) as con:
        yield con


def test_every_block_is_found() -> None:
    assert len(QUESTIONS) == PAGE.read_text(encoding="utf-8").count("```sql") > 20
    assert {name for name, _ in QUESTIONS} >= EMPTY


@pytest.mark.parametrize(("question", "sql"), QUESTIONS, ids=[name for name, _ in QUESTIONS])
def test_the_question_is_answered(con: duckdb.DuckDBPyConnection, question: str, sql: str) -> None:
    answer = con.execute(sql)
    assert answer.description
    assert bool(answer.fetchall()) == (question not in EMPTY)
