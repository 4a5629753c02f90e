"""Reading the published file: what the reading commands are told, and what a person's SQL may do."""

from __future__ import annotations

from datetime import datetime

import duckdb
import pytest

from model.errors import ConfigError, FileError
from tests.warehouse.small_hub import NOON, STATUSES, Misfit, SmallHub, change, issue, project, worklog
from warehouse.read import Candidate, Reader, Rows


@pytest.fixture
def data(small: SmallHub):
    small.land("ops", projects=[project("1")], words=STATUSES, accounts=[{"native_id": "5", "name": "Ines Duarte"}])
    small.land("web", projects=[project("1")], words=STATUSES, issues=[issue("7", key="WEB-7")])
    small.land("ops", issues=[issue("7", assignee_id="5"), issue("8", key="Web-7")])
    small.land(
        "ops",
        issue_changes=[change("10:status:0", "7", "2", "1", NOON), change("9:status:0", "7", "1", "2", NOON)],
        issue_links=[
            {"native_id": "8:7", "kind": "blocks", "native_kind": "blocks", "from_issue_id": "8", "to_issue_id": "7"}
        ],
        worklogs=[
            worklog("70", "7", 1.5, account_id="5"),
            worklog("71", "7", 2),
            worklog("72", "7", 4, mirror_of="71"),
        ],
    )
    misfits = [Misfit("worklogs", str(n), "hours", "expected a number", b"{}") for n in range(5)]
    small.land("ops", rejects=misfits, worklogs=[])
    small.note(
        "stream_runs", run_id="r3", source="ops", stream="issues", state="done", census=5, present=4, held_back=2
    )
    small.note("stream_runs", run_id="r1", source="ops", stream="issues", state="failed", held_back=9)
    small.publish()
    return small.data


@pytest.fixture
def reader(data):
    with Reader(data) as reader:
        yield reader


def test_before_anything_is_published_it_says_what_to_do(tmp_path):
    with pytest.raises(FileError, match=r"nothing published yet in .*: run `pmo sync`"):
        Reader(tmp_path)


def test_a_file_that_is_none_of_ours_is_one_sentence(tmp_path):
    file = tmp_path / "portfolio.duckdb"
    file.write_text("hello " * 1000)
    with pytest.raises(FileError, match="cannot be read"):
        Reader(tmp_path)
    file.unlink()
    duckdb.connect(file).close()
    with pytest.raises(FileError, match="not a portfolio file"):
        Reader(tmp_path)


def test_the_portfolio_has_a_row_per_project(reader):
    rows = reader.portfolio().dicts()
    assert [(r["source"], r["project"], r["issues"], r["hours_logged"]) for r in rows] == [
        ("ops", "Project 1", 2, 3.5),
        ("web", "Project 1", 1, 0.0),
    ]


def test_status_tells_how_the_figures_stand(reader, data):
    facts = reader.status_facts()
    assert facts.file.parent == data / "published"
    assert [row["source"] for row in facts.about] == ["ops", "web"]
    assert [(row["source"], row["id"]) for row in facts.runs] == [("ops", "r5"), ("web", "r2")]
    assert [(r["stream"], r["state"], r["census"], r["present"]) for r in facts.streams] == [("issues", "done", 5, 4)]
    assert [(r["stream"], r["held_back"]) for r in facts.held_back] == [("issues", 2)]
    (quarantine,) = facts.quarantine
    assert (quarantine["source"], quarantine["stream"], quarantine["records"]) == ("ops", "worklogs", 5)
    assert quarantine["first_errors"] == [
        {"native_id": str(n), "field": "hours", "error": "expected a number"} for n in range(3)
    ]
    assert [(w["source"], w["name"], w["value"]) for w in facts.words if w["word_id"] == "4"] == [
        ("ops", "Rejected", "cancelled"), ("web", "Rejected", "cancelled"),
    ]  # fmt: skip


def test_an_issue_is_found_by_id_key_or_number(reader):
    assert reader.find_issue("ops:7") == [Candidate("ops:7", "#7", "Issue 7", "ops", "Project 1", "present")]
    assert [c.id for c in reader.find_issue(" #7 ")] == ["ops:7"]
    assert [c.id for c in reader.find_issue("7")] == ["ops:7", "web:7"]
    assert [c.id for c in reader.find_issue("web-7")] == ["ops:8", "web:7"]
    assert reader.find_issue("nope") == []


def test_an_issue_is_told_whole(reader):
    told = reader.issue_details("ops:7")
    assert (told.issue["native_status"], told.issue["project"], told.issue["assignee"]) == (
        "New", "Project 1", "Ines Duarte",
    )  # fmt: skip
    assert [(h["from_value"], h["to_value"]) for h in told.history] == [
        ("todo", "in_progress"),
        ("in_progress", "todo"),
    ]
    assert [(link["kind"], link["outward"], link["other_key"]) for link in told.links] == [("blocks", False, "Web-7")]
    assert {row["account"]: row["hours"] for row in told.hours} == {"Ines Duarte": 1.5, None: 2.0}
    assert told.hours_logged == 3.5
    with pytest.raises(ConfigError, match="no issue"):
        reader.issue_details("ops:404")


def test_sql_answers_with_columns_and_rows(reader):
    assert reader.sql("SELECT key, project_id AS p FROM issues ORDER BY id") == Rows(
        ("key", "p"), [("#7", "ops:1"), ("Web-7", "ops:1"), ("WEB-7", "web:1")]
    )
    assert reader.sql("SELECT max(created_at) FROM issues") == Rows(("max(created_at)",), [(None,)])
    assert reader.sql("-- nothing") == Rows((), [])
    assert isinstance(reader.sql("SELECT now()").rows[0][0], datetime)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("DELETE FROM issues", "read-only"),
        ("CREATE TABLE mine AS SELECT 1", "read-only"),
        ("DROP TABLE issues", "read-only"),
        ("COPY issues TO '/tmp/out.csv'", "only the portfolio file"),
        ("SELECT * FROM read_csv('/etc/passwd')", "only the portfolio file"),
        ("ATTACH '/tmp/other.duckdb'", "only the portfolio file"),
        ("SET enable_external_access = true", "locked"),
        ("SELEC 1", "syntax error"),
        ("SELECT * FROM issuess", 'Did you mean "issues"'),
        ("SELECT 'a'::INTEGER", "Could not convert"),
    ],
)
def test_sql_that_would_write_or_is_wrong_is_one_sentence(reader, text, said):
    with pytest.raises(ConfigError, match=said) as raised:
        reader.sql(text)
    assert "\n" not in str(raised.value) and str(raised.value).startswith("sql: ")
    assert raised.value.exit_status == 2


def test_reading_goes_on_while_the_next_file_is_published(small, data, reader):
    small.land("ops", issues=[issue("9")])
    small.publish()
    assert len(reader.sql("FROM issues").rows) == 3
    with Reader(data) as fresh:
        assert len(fresh.sql("FROM issues").rows) == 4
