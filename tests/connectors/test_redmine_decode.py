"""Redmine's answers in, whole rows out; what does not fit becomes a reject, and nothing gets lost."""

from __future__ import annotations

import gzip
import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.contract import Batch, Listing, Reject
from connectors.redmine_decode import Decoder
from connectors.redmine_records import head_of, without_keys
from model.columns import arrow_schema
from model.errors import BadRecord

DATA = Path(__file__).parent / "data" / "redmine"
REAL = Path(__file__).resolve().parents[3] / "shared" / "realdata" / "redmine_api_fixtures.jsonl.gz"
REDMINE = Decoder("https://redmine.example.test/pm", story_points="points")


def body(name: str) -> bytes:
    return (DATA / f"{name}.json").read_bytes()


def decode(stream: str, *names: str) -> list[Batch]:
    return [REDMINE.decode(stream, body(name)) for name in names]


def landed(batches: list[Batch], table: str) -> list[dict[str, Any]]:
    return [row for batch in batches if table in batch.rows for row in batch.rows[table].to_pylist()]


def row(table: str, **values: Any) -> dict[str, Any]:
    """A whole row: what is not named is null."""
    assert set(values) <= set(arrow_schema(table).names)
    return dict.fromkeys(arrow_schema(table).names) | values


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def issue(**changes: Any) -> dict[str, Any]:
    return {"id": 7, "subject": "A", "updated_on": "2026-03-04T15:20:31Z"} | changes


def one_issue(**changes: Any) -> Batch:
    return REDMINE.decode("issues", json.dumps({"issues": [issue(), issue(id=8) | changes, issue(id=9)]}).encode())


# ------------------------------------------------------------------ whole rows


def test_issues_over_two_pages():
    pages = decode("issues", "issues_page_1", "issues_page_2")
    common = {
        "labels": [],
        "components": [],
        "native_status": "In Progress",
        "native_status_id": "2",
        "native_priority": "High",
        "native_priority_id": "4",
        "native_type": "Bug",
        "native_type_id": "1",
        "reporter_id": "9",
        "project_id": "4",
        "percent_complete": 0.0,
        "created_at": at("2026-03-02T09:11:00"),
        "updated_at": at("2026-03-04T15:20:31"),
    }
    url = "https://redmine.example.test/pm/issues/"
    assert landed(pages, "issues") == [
        row(
            "issues",
            **common
            | {
                "native_id": "1190",
                "key": "#1190",
                "url": f"{url}1190",
                "title": "Pump 1190 stops",
                "parent_id": "1180",
                "native_type": "Aufgabe",
                "native_type_id": "3",
                "native_status": "Closed",
                "native_status_id": "5",
                "time_spent_seconds": 0,
                "native_resolved_at": at("2026-03-03T10:00:00"),
                "updated_at": at("2026-03-03T10:00:00"),
            },
        ),
        row(
            "issues",
            **common
            | {
                "native_id": "1207",
                "key": "#1207",
                "url": f"{url}1207",
                "title": 'Dichtung "links" tropft – 日本',
                "description": "erste Zeile\r\n\r\n* zweite",
                "assignee_id": "12",
                "milestone_id": "7",
                "components": ["Pump"],
                "story_points": 5.0,
                "percent_complete": 40.0,
                "original_estimate_seconds": 29700,
                "time_spent_seconds": 12000,
                "start_on": date(2026, 3, 2),
                "due_on": date(2026, 3, 20),
                "custom": '{"Site":"North","Parts":["A1","B7"],"Points":"5"}',
            },
        ),
        row(
            "issues",
            **common
            | {
                "native_id": "1211",
                "key": "#1211",
                "url": f"{url}1211",
                "title": "Pump 1211 stops",
                "project_id": "6",
                "assignee_id": "31",
                "reporter_id": "12",
            },
        ),
    ]
    assert [(page.seen, list(page.rejects)) for page in pages] == [(2, []), (1, [])]


def test_relations_become_links_and_each_issues_list_is_whole():
    pages = decode("issues", "issues_page_1", "issues_page_2")
    precedes = row(
        "issue_links",
        native_id="71",
        kind="precedes",
        native_kind="precedes",
        relation="FS",
        lag_seconds=172_800,
        from_issue_id="1207",
        to_issue_id="1190",
    )
    blocks = row(
        "issue_links",
        native_id="72",
        kind="blocks",
        native_kind="blocks",
        from_issue_id="1207",
        to_issue_id="1211",
    )
    assert landed(pages, "issue_links") == [precedes, precedes, blocks, blocks]
    assert [page.complete for page in pages] == [{"issue_links": ["1190", "1207"]}, {"issue_links": ["1211"]}]


@pytest.mark.parametrize(
    ("word", "kind", "ends"),
    [
        ("relates", "relates", ("1", "2")),
        ("copied_to", "relates", ("1", "2")),
        ("duplicates", "duplicates", ("1", "2")),
        ("duplicated", "duplicates", ("2", "1")),
        ("blocked", "blocks", ("2", "1")),
        ("follows", "precedes", ("2", "1")),
        ("finish_to_start", "relates", ("1", "2")),
    ],
)
def test_each_word_for_a_relation_reads_from_the_one_that_acts(word, kind, ends):
    relation = {"id": 5, "issue_id": 1, "issue_to_id": 2, "relation_type": word, "delay": None}
    (link,) = landed([one_issue(relations=[relation])], "issue_links")
    assert (link["kind"], link["native_kind"], link["from_issue_id"], link["to_issue_id"]) == (kind, word, *ends)


def test_people_and_groups_named_in_other_records_are_mentions():
    pages = decode("issues", "issues_page_1", "issues_page_2")
    assert {(r["native_id"], r["name"]) for r in landed(pages, "account_mentions")} == {
        ("9", "Mira Lund"),
        ("12", "Joel Kranz"),
        ("31", "Field team"),
    }


def test_hours_over_two_pages():
    pages = decode("worklogs", "time_entries_page_1", "time_entries_page_2")
    common = {
        "issue_id": "1207",
        "project_id": "4",
        "account_id": "12",
        "work_on": date(2026, 3, 3),
        "work_on_basis": "tool",
        "activity": "Development",
        "comment": "seal",
        "created_at": at("2026-03-03T16:02:11"),
        "updated_at": at("2026-03-03T16:02:11"),
    }
    seam = {"native_id": "502", "seconds": 1200, "comment": "", "account_id": "9", "work_on": date(2026, 3, 4)}
    assert landed(pages, "worklogs") == [
        row("worklogs", **common, native_id="501", seconds=5400),
        row("worklogs", **common | seam),
        row("worklogs", **common | seam),
        row("worklogs", **common | {"native_id": "503", "seconds": 28_800, "issue_id": None}),
    ]


def test_projects_over_two_pages():
    pages = decode("projects", "projects_page_1", "projects_page_2")
    common = {
        "description": "",
        "native_state": "active",
        "created_at": at("2025-01-07T08:00:00"),
        "updated_at": at("2026-02-01T09:30:00"),
    }
    url = "https://redmine.example.test/pm/projects/"
    pumps = {"native_id": "6", "key": "pumps", "name": "Pumps & valves", "url": f"{url}pumps", "parent_id": "4"}
    plant = {"native_id": "4", "key": "plant", "name": "Plant", "url": f"{url}plant", "description": "All of the plant"}
    hall = {"native_id": "8", "key": "hall-2", "name": "Halle 2", "url": f"{url}hall-2", "native_state": "closed"}
    assert landed(pages, "projects") == [row("projects", **common | one) for one in (plant, pumps, pumps, hall)]


def test_users_over_two_pages_and_a_status_told_only_by_what_was_asked():
    ada = row("accounts", native_id="1", name="Ada Admin", email="ada@example.test")
    joel = row("accounts", native_id="12", name="Joel Kranz", email="jkranz@example.test")
    mira = row("accounts", native_id="9", name="Mira Lund", email="mlund@example.test", active=False)
    pages = decode("accounts", "users_page_1", "users_page_2")
    assert landed(pages, "accounts") == [ada, joel, joel, mira]
    asked = REDMINE.decode("accounts", without_keys(body("users_page_1"), 1))
    assert landed([asked], "accounts") == [ada | {"active": True}, joel | {"active": True}]


def test_the_own_account_without_its_key():
    clean = without_keys(body("users_current"))
    assert b"api_key" not in clean and b"0123456789abcdef" not in clean
    kept = json.loads(body("users_current"))
    del kept["user"]["api_key"]
    assert json.loads(clean) == kept
    assert landed([REDMINE.decode("accounts", clean)], "accounts") == [
        row("accounts", native_id="1", name="Ada Admin", email="ada@example.test", active=True)
    ]


def test_versions():
    common = {"project_id": "4", "description": "", "kind": "version", "state": "open"}
    spring = {"native_id": "7", "name": "Sprint 8", "description": "Spring", "due_on": date(2026, 4, 1)}
    assert landed(decode("milestones", "versions"), "milestones") == [
        row("milestones", **common | spring),
        row("milestones", **common | {"native_id": "8", "name": "Sprint 7", "state": "closed", "project_id": "6"}),
        row("milestones", **common | {"native_id": "9", "name": "Sprint 9", "state": "locked"}),
    ]


def test_words_with_their_places():
    names = ("issue_statuses", "issue_priorities", "trackers", "time_entry_activities", "custom_fields")

    def word(kind: str, id_: int, name: str, position: int, category: str | None = None) -> dict[str, Any]:
        native_id = f"{kind}:{id_}"
        return row(
            "words", native_id=native_id, kind=kind, word_id=str(id_), name=name, position=position, category=category
        )

    assert landed(decode("words", *names), "words") == [
        word("status", 4, "New", 0, "todo"),
        word("status", 2, "In Progress", 1, "in_progress"),
        word("status", 5, "Closed", 2, "done"),
        word("priority", 3, "Low", 2),
        word("priority", 4, "High", 1),
        word("priority", 9, "Panic", 0),
        word("type", 1, "Bug", 0),
        word("type", 3, "Aufgabe", 1),
        word("activity", 9, "Development", 0),
        word("field", 5, "Site", 0),
    ]


def test_the_history_of_an_issue_with_its_comments_and_the_issue_itself():
    (batch,) = decode("issue_changes", "issue_journals")

    def change(native_id: str, when: str, who: str, field: str, **values: str) -> dict[str, Any]:
        common = {"issue_id": "1207", "account_id": who, "evidence": "reported", "changed_at": at(when)}
        return row("issue_changes", native_id=native_id, field=field, **common, **values)

    third, first = ("2026-03-04T15:20:31", "12"), ("2026-03-02T11:00:00", "12")
    assert landed([batch], "issue_changes") == [
        change("49:cf:6:1", *third, "cf:6", from_native="A1"),
        change("49:cf:6:2", *third, "cf:6", to_native="B7"),
        change("49:cf:6:3", *third, "cf:6", to_native="C2"),
        change("49:relation:blocks:1", *third, "relation:blocks", to_native_id="1211"),
        change("49:attachment:88:1", *third, "attachment", to_native="photo.jpg"),
        change("44:attr:status_id:1", *first, "status", from_native_id="1", to_native_id="2"),
        change("44:attr:assigned_to_id:1", *first, "assignee", to_native_id="12"),
        change("44:attr:fixed_version_id:1", *first, "milestone", from_native_id="6", to_native_id="7"),
        change("44:attr:done_ratio:1", *first, "done_ratio", from_native="0", to_native="40"),
        change("44:attr:subject:1", *first, "subject", from_native="Pump", to_native="Pump 1207 stops"),
        change("44:attr:category_id:1", *first, "category", to_native_id="3"),
    ]
    assert landed([batch], "comments") == [
        row("comments", native_id="47", issue_id="1207", account_id="9", created_at=at("2026-03-03T08:00:00")),
        row("comments", native_id="44", issue_id="1207", account_id="12", created_at=at(first[0])),
    ]
    assert [r["native_id"] for r in landed([batch], "issues")] == ["1207"]
    assert batch.complete == {"issue_changes": ["1207"], "comments": ["1207"]}
    assert batch.seen == 11


# ------------------------------------------------------------------ what does not fit


@pytest.mark.parametrize(
    ("change", "field", "expected"),
    [
        ({"estimated_hours": "8"}, "estimated_hours", "float"),
        ({"done_ratio": True}, "done_ratio", "float"),
        ({"id": "8"}, "id", "int"),
        ({"subject": None}, "subject", "str"),
        ({"start_date": "2026-02-30"}, "start_date", "date"),
        ({"created_on": "yesterday"}, "created_on", "datetime"),
        ({"created_on": "2026-03-04T15:20:31"}, "created_on", "timezone"),
        ({"author": {"id": "x", "name": "M"}}, "author.id", "matching regex"),
        ({"author": {"name": "M"}}, "author.id", "missing required field"),
        ({"spent_hours": 1e300}, "spent_hours", "<= 1000000.0"),
        ({"custom_fields": [{"id": 7, "name": "Points", "value": "many"}]}, "story_points", "a number"),
        ({"custom_fields": [{"id": 7, "name": "Points", "value": "nan"}]}, "story_points", "a number"),
    ],
)
def test_one_bad_record_is_told_by_field_and_the_others_land(change, field, expected):
    batch = one_issue(**change)
    (reject,) = batch.rejects
    assert [r["native_id"] for r in landed([batch], "issues")] == ["7", "9"]
    assert (reject.stream, reject.native_id, reject.field) == ("issues", "8", field)
    assert expected in reject.error
    assert json.loads(reject.record) == issue(id=8) | change
    assert batch.seen == 3


def test_a_reject_never_names_the_value():
    batch = one_issue(estimated_hours="S3CRET", author={"id": "S3CRET"})
    assert batch.rejects and not any("S3CRET" in r.error or "S3CRET" in str(r.field) for r in batch.rejects)


def test_a_record_without_an_id_and_one_that_is_none():
    batch = REDMINE.decode("issues", b'{"issues":[{"subject":"A"},null,{"id":1,"subject":"B"}]}')
    assert [(r.native_id, r.field, r.record) for r in batch.rejects] == [
        (None, "id", b'{"subject":"A"}'),
        (None, None, b"null"),
    ]
    assert len(landed([batch], "issues")) == 1


def test_bytes_that_are_no_utf_8_spoil_their_record_only():
    batch = REDMINE.decode("issues", b'{"issues":[{"id":1,"subject":"\xff"},{"id":2,"subject":"B"}]}')
    assert [(r.native_id, r.error) for r in batch.rejects] == [("1", "expected text in UTF-8")]
    assert [r["native_id"] for r in landed([batch], "issues")] == ["2"]


def test_a_relation_that_does_not_fit_leaves_the_issue_and_says_that_its_links_are_not_all_there():
    good = {"id": 1, "issue_id": 8, "issue_to_id": 9, "relation_type": "blocks", "delay": None}
    batch = one_issue(relations=[good, good | {"id": 2, "delay": "3"}])
    assert [r["native_id"] for r in landed([batch], "issue_links")] == ["1"]
    assert [(r.native_id, r.field) for r in batch.rejects] == [("8/2", "delay")]
    assert batch.complete == {}
    assert len(landed([batch], "issues")) == 3


def test_a_journal_that_does_not_fit_leaves_the_others():
    history = json.loads(body("issue_journals"))
    history["issue"]["journals"][0]["created_on"] = "soon"
    batch = REDMINE.decode("issue_changes", json.dumps(history).encode())
    assert [(r.native_id, r.field) for r in batch.rejects] == [("1207/49", "created_on")]
    assert len(landed([batch], "issue_changes")) == 6


def test_times_with_fractions_and_offsets_become_utc():
    (found,) = [
        r
        for r in landed(
            [one_issue(created_on="2026-03-04T15:20:31.250+02:00", closed_on="2026-03-04T15:20:31.5Z")], "issues"
        )
        if r["native_id"] == "8"
    ]
    assert found["created_at"] == at("2026-03-04T13:20:31.250")
    assert found["native_resolved_at"] == at("2026-03-04T15:20:31.5")


def test_the_dates_of_old_redmines():
    found = landed([one_issue(created_on="2011/01/12 16:00:31 -0800", start_date="2011/01/12")], "issues")[1]
    assert (found["created_at"], found["start_on"]) == (at("2011-01-13T00:00:31"), date(2011, 1, 12))


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"errors":["x"]}', b'{"issues":{}}', b"<html>"], ids=lambda body: body.decode()
)
def test_an_answer_that_is_no_list_of_issues(body):
    with pytest.raises(BadRecord):
        REDMINE.decode("issues", body)


def test_a_page_read_for_its_links_lands_links_alone():
    """Issues land with their own stream only, which then follows their history."""
    batch = REDMINE.decode("issue_links", body("issues_page_1"))
    assert set(batch.rows) == {"issue_links"}
    assert batch.complete == {"issue_links": ["1190", "1207"]}
    assert batch.seen == 3


def test_a_census_page_is_ids_or_a_total():
    assert REDMINE.listing("issues", body("issues_page_1")) == Listing(ids=["1190", "1207"])
    assert REDMINE.listing("issues", b'{"issues":[{"id":5}],"total_count":812,"offset":0,"limit":1}') == Listing(
        total=812
    )
    assert REDMINE.listing("worklogs", b"") == Listing(total=0)
    with pytest.raises(BadRecord):
        REDMINE.listing("issues", b'{"issues":[],"limit":1}')


def test_the_head_of_a_page_counts_records_it_cannot_read():
    assert head_of("issues", b'{"issues":[{"id":"x"},{"id":2},null],"total_count":3}').ids == [None, 2, None]


# ------------------------------------------------------------------ real answers of old Redmines


def _real() -> dict[str, Any]:
    if not REAL.is_file():
        pytest.skip(f"the real answers are not here: {REAL.name}")
    with gzip.open(REAL, "rt", encoding="utf-8") as lines:
        return {line["file"]: line["body"] for line in map(json.loads, lines)}


def test_real_answers_lose_nothing():
    """Every record of every file is a row or a reject; only those without an id, or of another kind, are rejects."""
    real = _real()
    lists = {
        "issue/redmine_issues.json": ("issues", "issues"),
        "jsonTest.json": ("issues", "issues"),
        "issue/issues_empty_list.json": ("issues", "issues"),
        "issue/issues_foreign_symbols.json": ("issues", "issues"),
        "project/redmine_projects.json": ("projects", "projects"),
        "redmine_time_entries.json": ("worklogs", "time_entries"),
        "redmine_users.json": ("accounts", "users"),
        "custom_fields_redmine_2.3.json": ("words", "custom_fields"),
        "redmine_time_entry_activities.json": ("words", "time_entry_activities"),
        "redmine_issue_statuses.json": ("words", "statuses"),
    }
    rejected: dict[str, int] = {}
    for file, (stream, key) in lists.items():
        answer = real[file]
        if key == "statuses":
            answer = {"issue_statuses": answer[key]}
        batch = REDMINE.decode(stream, json.dumps(answer).encode())
        table = "words" if stream == "words" else stream
        assert len(landed([batch], table)) + len(batch.rejects) == batch.seen == len(real[file][key]), file
        rejected[file] = len(batch.rejects)
    assert {file: n for file, n in rejected.items() if n} == {"issue/issues_foreign_symbols.json": 2}


@pytest.mark.parametrize(
    ("file", "stream", "table"),
    [
        ("issue/issue_with_assignee.json", "issues", "issues"),
        ("issue/issue_with_multiline_description.json", "issues", "issues"),
        ("project/redmine_project.json", "projects", "projects"),
        ("project/redmine_projectWithCustomField.json", "projects", "projects"),
        ("project/redmine_project_no_trackers.json", "projects", "projects"),
    ],
)
def test_real_single_records(file, stream, table):
    answer = _real()[file]
    answer = answer if len(answer) == 1 else {"issue": answer}
    batch = REDMINE.decode(stream, json.dumps(answer).encode())
    assert len(landed([batch], table)) == 1 and not batch.rejects


def test_a_real_version_that_is_no_version_is_a_reject():
    batch = REDMINE.decode("milestones", json.dumps(_real()["redmine_versionWithCustomField.json"]).encode())
    assert [(type(r), r.native_id, r.field) for r in batch.rejects] == [(Reject, "230", "status")]
