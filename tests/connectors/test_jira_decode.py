"""Jira's answers in, whole rows out; what does not fit becomes a reject, and nothing gets lost."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors.contract import Batch, Departure
from connectors.jira_adf import plain_text
from connectors.jira_decode import Decoder
from connectors.jira_fields import asked_fields
from connectors.jira_records import Asked
from connectors.telling import split, told
from model.columns import arrow_schema
from model.errors import BadRecord, ConfigError
from model.vocabulary import Availability

DATA = Path(__file__).parent / "data" / "jira"
JIRA = Decoder("https://acme.example.test", zone=ZoneInfo("Europe/Berlin"))


def body(name: str) -> bytes:
    return (DATA / f"{name}.json").read_bytes()


FIELDS = asked_fields(body("fields"), "acme", None)


def decode(stream: str, *names: str, asked: Asked | None = None) -> list[Batch]:
    return [JIRA.decode(stream, body(name) if asked is None else told(asked, body(name))) for name in names]


def landed(batches: list[Batch], table: str) -> list[dict[str, Any]]:
    return [row for batch in batches if table in batch.rows for row in batch.rows[table].to_pylist()]


def row(table: str, **values: Any) -> dict[str, Any]:
    """A whole row: what is not named is null."""
    assert set(values) <= set(arrow_schema(table).names)
    return dict.fromkeys(arrow_schema(table).names) | values


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def issue(**fields: Any) -> dict[str, Any]:
    return {"id": "8", "key": "ERP-8", "fields": {"summary": "A", "project": {"id": "1", "key": "ERP"}} | fields}


def page(*issues: dict[str, Any], asked: Asked = FIELDS) -> Batch:
    return JIRA.decode("issues", told(asked, json.dumps({"issues": list(issues)}).encode()))


def one_issue(changelog: Any = None, **fields: Any) -> Batch:
    """An odd one between two that fit."""
    odd = issue(**fields) | ({} if changelog is None else {"changelog": changelog})
    return page(issue() | {"id": "7"}, odd, issue() | {"id": "9"})


# ------------------------------------------------------------------ whole rows


def test_issues_over_two_pages():
    url = "https://acme.example.test/browse/"
    common = {"labels": [], "components": [], "created_at": at("2026-02-01T07:00")}
    bug = {"native_type": "Bug", "native_type_id": "10020", "project_id": "10101"}
    assert landed(decode("issues", "bulkfetch_1", "bulkfetch_2", asked=FIELDS), "issues") == [
        row(
            "issues",
            native_id="10042",
            key="ERP-7",
            url=f"{url}ERP-7",
            project_id="10100",
            parent_id="10040",
            native_type="Story",
            native_type_id="10010",
            title="Pump “left” drips – 日本",
            description="What\nask @Joel\nnow\n- one",
            native_status="In Progress",
            native_status_id="10001",
            native_priority="High",
            native_priority_id="2",
            assignee_id="70121:mira",
            reporter_id="70121:joel",
            milestone_id="10300",
            labels=["seal", "urgent"],
            components=["Pump"],
            story_points=5.0,
            original_estimate_seconds=28800,
            remaining_estimate_seconds=3600,
            time_spent_seconds=7200,
            start_on=date(2026, 3, 2),
            due_on=date(2026, 3, 31),
            created_at=at("2026-02-01T07:00"),
            updated_at=at("2026-03-03T17:00:00.120"),
            custom='{"Site":"North","Parts":["A","B"],"Region":"DE / Bremen","Sponsor":"Joel Kranz","Note":"free text"'
            ',"Effort":2.5}',
        ),
        row(
            "issues",
            **common | bug,
            native_id="10043",
            key="WEB-2",
            url=f"{url}WEB-2",
            title="Old page",
            native_status="Done",
            native_status_id="10002",
            resolution="Won't Do",
            native_resolved_at=at("2026-02-28T23:30"),
            updated_at=at("2026-02-28T23:30"),
        ),
        row(
            "issues",
            **common | bug | {"created_at": at("2026-02-01T08:00")},
            native_id="10044",
            key="WEB-3",
            url=f"{url}WEB-3",
            title="Bare",
            native_status="To Do",
            native_status_id="10000",
            updated_at=at("2026-02-01T08:00"),
        ),
    ]


def test_a_page_of_issues_says_which_of_their_lists_are_whole_and_which_jira_cut():
    first, second = decode("issues", "bulkfetch_1", "bulkfetch_2", asked=FIELDS)
    both, whole = ["10042", "10043"], ["10042"]
    assert first.complete == {
        "issue_links": both,
        "sprint_issues": both,
        "issue_changes": whole,
        "worklogs": whole,
        "comments": whole,
    }
    assert first.cut == {"issue_changes": ["10043"], "issue_worklogs": ["10043"], "issue_comments": ["10043"]}
    assert second.complete == {"issue_links": ["10044"], "sprint_issues": ["10044"]}
    assert (second.cut, [b.seen for b in (first, second)], first.rejects) == ({}, [2, 1], ())


def test_a_link_on_both_of_its_issues_is_the_same_row():
    blocks = row(
        "issue_links",
        native_id="10500",
        kind="blocks",
        native_kind="Blocks",
        from_issue_id="10042",
        to_issue_id="10043",
    )
    clones = row(
        "issue_links",
        native_id="10501",
        kind="relates",
        native_kind="Cloners",
        from_issue_id="10044",
        to_issue_id="10042",
    )
    pages = decode("issues", "bulkfetch_1", "bulkfetch_2", asked=FIELDS)
    assert landed(pages, "issue_links") == [blocks, clones, clones]


@pytest.mark.parametrize(
    ("name", "outward", "expected"),
    [
        ("Blocks", "blocks", ("blocks", None, "8", "5")),
        ("Depends", "depends on", ("blocks", None, "5", "8")),
        ("Duplicate", "duplicates", ("duplicates", None, "8", "5")),
        ("Relates", "relates to", ("relates", None, "8", "5")),
        ("Order", "has to be done after", ("precedes", "FS", "5", "8")),
        ("Gantt End to Start", "has to be done before", ("precedes", "FS", "8", "5")),
        ("Gantt: start-finish", "is triggering", ("precedes", "SF", "8", "5")),
        ("Gantt End to End", "has to be finished together with", ("precedes", "FF", "8", "5")),
    ],
)
def test_a_link_reads_from_the_issue_that_acts(name, outward, expected):
    link = {"id": "1", "type": {"id": "1", "name": name, "outward": outward}, "outwardIssue": {"id": "5", "key": "A-5"}}
    (found,) = landed([one_issue(issuelinks=[link])], "issue_links")
    assert (found["kind"], found["relation"], found["from_issue_id"], found["to_issue_id"]) == expected


def test_history_with_our_names_for_fields_and_sprints_by_id():
    def change(native_id: str, when: str, who: str, field: str, **values: str) -> dict[str, Any]:
        common = {"issue_id": "10042", "account_id": who, "evidence": "reported", "changed_at": at(when)}
        return row("issue_changes", native_id=native_id, field=field, **common, **values)

    third, first = ("2026-03-03T09:00", "70121:mira"), ("2026-03-02T08:30:00.500", "70121:joel")
    was = {"from_native": "To Do", "to_native": "In Progress", "from_native_id": "10000", "to_native_id": "10001"}
    sprints = {"from_native": "Sprint 7", "from_native_id": "37"}
    changes = landed(decode("issues", "bulkfetch_1", asked=FIELDS), "issue_changes")
    assert [r for r in changes if r["issue_id"] == "10042"] == [
        change("9003:status:1", *third, "status", **was),
        change("9003:assignee:1", *third, "assignee", to_native="Mira Lund", to_native_id="70121:mira"),
        change(
            "9003:customfield_10020:1",
            *third,
            "sprint",
            **sprints | {"to_native": "Sprint 7, Sprint 8", "to_native_id": "37,38"},
        ),
        change("9002:fixVersions:1", *first, "milestone", to_native="1.0", to_native_id="10300"),
        change("9002:fixVersions:2", *first, "milestone", to_native="1.1", to_native_id="10301"),
        change("9002:customfield_10016:1", *first, "story_points", to_native="5"),
        change("9002:IssueParentAssociation:1", *first, "parent", to_native="ERP-1", to_native_id="10040"),
        change("9002:summary:1", *first, "summary", from_native="Pmp", to_native="Pump"),
    ]


def test_hours_fall_on_the_authors_own_day_else_on_the_hubs():
    common = {"issue_id": "10042", "started_at": at("2026-03-03T07:30"), "work_on": date(2026, 3, 3)}
    common |= {"created_at": at("2026-03-03T17:00"), "updated_at": at("2026-03-03T17:00")}
    mira = {"account_id": "70121:mira", "work_on_basis": "account_zone"}
    batches = decode("issues", "bulkfetch_1", asked=FIELDS)
    assert landed(batches, "worklogs") == [
        row("worklogs", **common | mira, native_id="10601", seconds=7200, comment="seal"),
        row("worklogs", **common, native_id="10602", seconds=1800, account_id="70121:ada", work_on_basis="hub_zone"),
        row(
            "worklogs",
            **common | mira | {"issue_id": "10043", "started_at": at("2026-02-04T07:30"), "work_on": date(2026, 2, 4)},
            native_id="10610",
            seconds=600,
        ),
    ]


def test_comments_are_kept_without_their_words():
    batches = decode("issues", "bulkfetch_1", asked=FIELDS)
    assert landed(batches, "comments") == [
        row("comments", native_id="10701", issue_id="10042", account_id="70121:joel", created_at=at("2026-03-02T11:00"))
    ]
    assert not any(b"private words" in repr(b.rows).encode() for b in batches)


def test_sprints_an_issue_is_or_was_in():
    assert landed(decode("issues", "bulkfetch_1", asked=FIELDS), "sprint_issues") == [
        row("sprint_issues", native_id="37:10042", sprint_id="37", issue_id="10042"),
        row("sprint_issues", native_id="38:10042", sprint_id="38", issue_id="10042"),
    ]


def test_people_named_in_issues_are_mentions():
    assert {(r["native_id"], r["name"]) for r in landed(decode("issues", "bulkfetch_1"), "account_mentions")} == {
        ("70121:mira", "Mira Lund"),
        ("70121:joel", "Joel Kranz"),
        ("70121:ada", "Ada Brunn"),
    }


def test_a_long_history_in_bulk_with_times_as_text_seconds_and_milliseconds():
    pages = decode("issue_changes", "changelog_1", "changelog_2", asked=FIELDS)
    changed = [(r["native_id"], r["issue_id"], r["field"], r["changed_at"]) for r in landed(pages, "issue_changes")]
    assert changed == [
        ("9090:status:1", "10043", "status", at("2026-03-01T00:00:00")),
        ("9001:labels:1", "10042", "labels", at("2026-03-01T00:00:01")),
        ("9101:customfield_10018:1", "10043", "parent", at("2026-03-01T00:01:00")),
    ]
    assert [p.complete for p in pages] == [{}, {}]
    (alone,) = decode("issue_changes", "changelog_2", asked=Asked(whole=True))
    assert alone.complete == {"issue_changes": ["10043"]}


def test_worklogs_by_the_feed_and_those_of_other_projects_left_out():
    updated = decode("worklogs", "worklog_updated_1", "worklog_updated_2")
    assert [(b.rows, b.departed, b.seen) for b in updated] == [({}, {}, 0)] * 2
    common = {"started_at": at("2026-03-03T07:30"), "work_on_basis": "account_zone"}
    common |= {"created_at": at("2026-03-03T17:00"), "updated_at": at("2026-03-03T17:00")}
    mira = row(
        "worklogs",
        **common,
        native_id="10601",
        issue_id="10042",
        account_id="70121:mira",
        work_on=date(2026, 3, 3),
        seconds=7200,
        comment="seal\ntwice",
    )
    joel = row(
        "worklogs",
        **common,
        native_id="10620",
        issue_id="10077",
        account_id="70121:joel",
        work_on=date(2026, 3, 2),  # it was late in the evening for him
        seconds=900,
    )
    assert landed(decode("worklogs", "worklog_list"), "worklogs") == [mira, joel]
    assert landed(decode("worklogs", "worklog_list", asked=Asked(issues=["10042"])), "worklogs") == [mira]


@pytest.mark.parametrize("asked", [None, Asked(deleted=True)])
def test_the_feed_of_deleted_worklogs_is_evidence(asked):
    (batch,) = decode("worklogs", "worklog_deleted", asked=asked)
    said = (Availability.DELETED, "in Jira's feed of deleted worklogs")
    assert batch.departed == {"worklogs": [Departure("10590", *said), Departure("10591", *said)]}


def test_cut_lists_of_one_issue():
    pages = decode("issue_worklogs", "issue_worklog_1", "issue_worklog_2", asked=Asked(issue="10043"))
    assert [(r["native_id"], r["issue_id"]) for r in landed(pages, "worklogs")] == [
        ("10610", "10043"),
        ("10611", "10043"),
        ("10612", "10043"),
    ]
    assert [p.complete for p in pages] == [{}, {}]
    (said,) = decode("issue_comments", "issue_comment", asked=Asked(issue="10043", whole=True))
    assert [(r["native_id"], r["issue_id"]) for r in landed([said], "comments")] == [
        ("10710", "10043"),
        ("10711", "10043"),
        ("10712", "10043"),
    ]
    assert said.complete == {"comments": ["10043"]}


def test_projects_over_two_pages():
    url = "https://acme.example.test/browse/"
    erp = {"native_id": "10100", "key": "ERP", "name": "ERP core", "url": f"{url}ERP", "lead_id": "70121:ada"}
    web = {"native_id": "10101", "key": "WEB", "name": "Relaunch", "url": f"{url}WEB"}
    pages = decode("projects", "projects_1", "projects_2")
    assert landed(pages, "projects") == [
        row("projects", **erp, description="All of it", native_state="active"),
        row("projects", **web, native_state="active"),
    ]
    assert landed(pages, "account_mentions") == [row("account_mentions", native_id="70121:ada", name="Ada Brunn")]


def test_projects_that_were_put_away_say_where_they_are():
    (batch,) = decode("projects", "projects_put_away")
    assert batch.departed == {
        "projects": [
            Departure("10111", Availability.DELETED, "in Jira's trash"),
            Departure("10110", Availability.ARCHIVED, "archived in Jira"),
        ]
    }
    assert [(r["key"], r["native_state"]) for r in landed([batch], "projects")] == [
        ("OLD", "archived"),
        ("BIN", "active"),
    ]


def test_accounts_with_customers_and_apps():
    def account(id_: str, name: str, **more: Any) -> dict[str, Any]:
        return row("accounts", native_id=id_, name=name, identity_provider="atlassian", **{"active": True} | more)

    assert landed(decode("accounts", "users_1", "users_2", "users_3"), "accounts") == [
        account("70121:mira", "Mira Lund", email="mlund@example.test", time_zone="Europe/Berlin"),
        account("70121:old", "Former user", active=False),
        account("qm:helen", "Helen Voss"),
        account("557058:bot", "Automation"),
    ]


def test_sprints_over_two_pages_and_a_board_that_has_none():
    start = {"start_at": at("2026-03-02T08:00"), "end_at": at("2026-03-16T08:00")}
    assert landed(decode("sprints", "sprints_1", "sprints_2", "board_without_sprints"), "sprints") == [
        row(
            "sprints",
            native_id="37",
            name="Sprint 7",
            state="closed",
            goal="ship",
            start_at=at("2026-02-16T08:00"),
            end_at=at("2026-03-02T08:00"),
            completed_at=at("2026-03-02T00:11:12.345"),
        ),
        row("sprints", native_id="38", name="Sprint 8", state="active", **start),
        row("sprints", native_id="39", name="Sprint 9", state="future"),
    ]


def test_versions_become_milestones():
    common = {"project_id": "10100", "kind": "version"}
    assert landed(decode("milestones", "versions"), "milestones") == [
        row(
            "milestones",
            **common,
            native_id="10300",
            name="1.0",
            description="first",
            state="closed",
            start_on=date(2026, 1, 1),
            due_on=date(2026, 4, 30),
            released_on=date(2026, 4, 30),
        ),
        row("milestones", **common, native_id="10301", name="1.1", state="locked"),
        row("milestones", **common, native_id="10302", name="2.0", state="open", due_on=date(2026, 12, 24)),
    ]


def test_words_with_category_place_and_level():
    def word(kind: str, id_: str, name: str, position: int, **more: Any) -> dict[str, Any]:
        native_id = f"{kind}:{id_}"
        return row("words", native_id=native_id, kind=kind, word_id=id_, name=name, position=position, **more)

    def words(kind: str, name: str) -> list[dict[str, Any]]:
        return landed(decode("words", name, asked=Asked(words=kind)), "words")

    assert words("status", "statuses") == [
        word("status", "10000", "To Do", 0, category="todo"),
        word("status", "10001", "In Progress", 1, category="in_progress"),
        word("status", "10002", "Done", 2, category="done"),
        word("status", "10003", "To Do", 3, category="todo"),
        word("status", "10004", "Parked", 4),
    ]
    assert words("priority", "priorities") == [
        word("priority", "1", "Highest", 0),
        word("priority", "2", "High", 1),
        word("priority", "10000", "Someday", 2),
    ]
    assert words("type", "issuetypes") == [
        word("type", "10010", "Story", 0, level=0),
        word("type", "10000", "Epic", 1, level=1),
        word("type", "10011", "Sub-task", 2, level=-1),
        word("type", "10012", "Step", 3, level=-1),
    ]
    fields = words("field", "fields")
    assert fields[1] == word("field", "parent", "Parent", 1)
    assert len(fields) == 16


def test_a_census_page_lists_ids_and_is_no_page_of_records():
    for name, ids in (("search_1", ["10042", "10043"]), ("search_2", ["10044"])):
        listing = told(Asked(listing=True), body(name))
        assert [JIRA.listing("issues", one).ids.to_pylist() for one in (listing, body(name))] == [ids, ids]  # type: ignore[union-attr]
        assert [JIRA.decode("issues", one).rows for one in (listing, body(name))] == [{}, {}]
    assert JIRA.listing("issues", body("approximate_count")).total == 153


# ------------------------------------------------------------------ fields by what they mean


def points(story_points: str | None, **values: Any) -> list[float | None]:
    decoder = Decoder("https://acme.example.test", story_points)
    asked = asked_fields(body("fields"), "acme", story_points)
    batch = decoder.decode("issues", told(asked, json.dumps({"issues": [issue(**values)]}).encode()))
    return [r["story_points"] for r in landed([batch], "issues")]


def test_story_points_are_found_in_both_styles_of_project_and_in_any_language():
    assert points(None, customfield_10016=3) == [3.0]  # team-managed, told by its type
    assert points(None, customfield_10017=8.5) == [8.5]  # company-managed, told by its name
    assert points(None, customfield_10035=8.5) == [None]
    assert points(None) == [None]


@pytest.mark.parametrize("named", ["customfield_10035", "Effort", "effort"])
def test_story_points_stand_where_the_configuration_says(named):
    assert points(named, customfield_10016=3, customfield_10035=21) == [21.0]


def test_a_configured_field_that_was_renamed_is_an_error_and_never_a_column_of_nothing():
    with pytest.raises(
        ConfigError, match=r'^acme: fields.story_points names no field of numbers that Jira has.*"Effort"'
    ):
        points("Efort")


def test_a_configured_field_without_numbers_is_an_error_and_costs_no_issue():
    with pytest.raises(ConfigError, match=r"^acme: fields.story_points names no field of numbers"):
        points("customfield_10030")


def test_lists_that_are_null_are_empty():
    (found,) = landed([page(issue(labels=None, components=None, fixVersions=None))], "issues")
    assert (found["labels"], found["components"], found["milestone_id"]) == ([], [], None)


def test_a_renamed_field_keeps_its_value_under_its_new_name():
    renamed = body("fields").replace(b'"Story Points"', b'"Size"')
    asked = asked_fields(renamed, "acme", None)
    (found,) = landed([page(issue(customfield_10017=8), asked=asked)], "issues")
    assert (found["story_points"], found["custom"]) == (None, '{"Size":8}')


def test_two_fields_of_one_name_are_told_apart():
    north, south = {"value": "North"}, {"value": "South"}
    (found,) = landed([page(issue(customfield_10030=north, customfield_10036=south))], "issues")
    assert found["custom"] == '{"Site":"North","Site (customfield_10036)":"South"}'


def test_only_fields_that_mean_something_are_asked_for():
    assert "customfield_10019" not in FIELDS.names  # the rank on a board
    assert "customfield_10037" not in FIELDS.names  # long text
    assert {f"customfield_100{n}" for n in (15, 16, 17, 18, 20, 30, 31, 32, 33, 34, 35, 36)} == set(FIELDS.names)


def test_an_epic_of_old_is_a_parent_by_the_id_in_the_history():
    item = {"field": "Epic Link", "fieldId": "customfield_10018", "to": "10040", "toString": "ERP-1"}
    log = {"total": 1, "histories": [{"id": "1", "created": "2026-03-01T00:00:00.000+0000", "items": [item]}]}
    (_, found, _) = landed([one_issue(customfield_10018="ERP-1", changelog=log)], "issues")
    assert found["parent_id"] == "10040"


def test_an_answer_may_explain_its_fields_itself():
    schema = {"customfield_7": {"type": "number", "custom": "com.pyxis.greenhopper.jira:jsw-story-points"}}
    alone = issue(customfield_7=2) | {"names": {"customfield_7": "Points"}, "schema": schema}
    assert [r["story_points"] for r in landed([JIRA.decode("issues", json.dumps(alone).encode())], "issues")] == [2.0]


def test_issues_that_were_moved_out_of_the_projects_asked_for_are_left_out():
    inside, outside = issue(), issue(project={"id": "2", "key": "WEB"}) | {"id": "9"}
    batch = page(inside, outside, asked=Asked(projects=["1"]))
    assert ([r["native_id"] for r in landed([batch], "issues")], batch.seen) == (["8"], 1)


def test_what_was_asked_stands_before_the_answer_and_the_answer_as_it_came():
    answer = body("bulkfetch_1")
    assert bytes(split(told(FIELDS, answer))[1]) == answer
    assert bytes(split(answer)[1]) == answer


# ------------------------------------------------------------------ text


def adf(*content: Mapping[str, Any]) -> str | None:
    return plain_text(json.dumps({"type": "doc", "version": 1, "content": list(content)}).encode())


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def paragraph(*content: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "paragraph", "content": list(content)}


def test_rich_text_reads_as_a_reader_would_read_it():
    cell = {"type": "tableCell", "content": [paragraph(text("c"))]}
    items = [{"type": "listItem", "content": [paragraph(text(w))]} for w in ("a", "b")]
    tasks = [{"type": "taskItem", "attrs": {"state": s}, "content": [text(s.lower())]} for s in ("DONE", "TODO")]
    assert (
        adf(
            {"type": "heading", "attrs": {"level": 1}, "content": [text("Head")]},
            paragraph(
                text("it is "), {"type": "status", "attrs": {"text": "OPEN"}}, {"type": "hardBreak"}, text("now")
            ),
            {"type": "orderedList", "attrs": {"order": 3}, "content": items},
            {"type": "taskList", "content": tasks},
            {"type": "table", "content": [{"type": "tableRow", "content": [cell, cell]}]},
            {"type": "codeBlock", "content": [text("x = 1\ny = 2")]},
            {"type": "expand", "attrs": {"title": "More"}, "content": [paragraph(text("inside"))]},
            {"type": "rule"},
            paragraph({"type": "date", "attrs": {"timestamp": "1772323200000"}}),
            {"type": "blockCard", "attrs": {"url": "https://example.test/x"}},
            {"type": "notYetKnown", "content": [{"type": "odd", "text": "kept"}]},
            paragraph(),
        )
        == "Head\nit is OPEN\nnow\n3. a\n4. b\n[x] done\n[ ] todo\nc | c\nx = 1\ny = 2\nMore\ninside\n---\n2026-03-01\n"
        "https://example.test/x\nkept"
    )


def test_cards_and_emoji_keep_their_words_in_whichever_form_they_come():
    said = [
        {"type": "emoji", "attrs": {"shortName": ":tada:", "text": "🎉"}},
        {"type": "emoji", "attrs": {"text": "🎉"}},
        {"type": "inlineCard", "attrs": {"url": "https://example.test/a"}},
        {"type": "inlineCard", "attrs": {"data": {"url": "https://example.test/b", "name": "B"}}},
        {"type": "inlineCard", "attrs": {"data": {"name": "C"}}},
        {"type": "inlineCard", "attrs": {"data": "?"}},
    ]
    between = text(" ")
    assert adf(paragraph(*(node for one in said for node in (one, between)))) == (
        ":tada: 🎉 https://example.test/a https://example.test/b C"
    )


def test_a_list_within_a_list_is_set_in():
    inner = {"type": "bulletList", "content": [{"type": "listItem", "content": [paragraph(text("b"))]}]}
    outer = {"type": "bulletList", "content": [{"type": "listItem", "content": [paragraph(text("a")), inner]}]}
    assert adf(outer) == "- a\n  - b"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"null", None),
        (b'"h1. wiki text\\r\\n"', "h1. wiki text\r\n"),
        (b'{"type":"doc","content":[]}', None),
        (b'{"type":7,"content":[{"text":"kept"}]}', "kept"),
        (b"[1, 2]", None),
    ],
)
def test_what_is_no_rich_text(raw, expected):
    assert plain_text(raw) == expected


def test_text_nested_without_end_is_no_text_and_no_crash():
    deep = b'{"type":"doc","content":[' * 5000 + b"]}" * 5000
    assert plain_text(deep) is None


# ------------------------------------------------------------------ what does not fit


@pytest.mark.parametrize(
    ("fields", "field", "expected"),
    [
        ({"summary": None}, "fields.summary", "str"),
        ({"timespent": "8"}, "fields.timespent", "int"),
        ({"status": {"name": "Open"}}, "fields.status.id", "missing required field"),
        ({"created": "yesterday"}, "fields.created", "a time with its offset"),
        ({"updated": "2026-03-04T15:20:31"}, "fields.updated", "a time with its offset"),
        ({"duedate": "2026-02-30"}, "fields.duedate", "a day"),
        ({"customfield_10015": "soon"}, "fields.customfield_10015", "a day"),
        ({"customfield_10016": "many"}, "fields.customfield_10016", "float"),
        ({"labels": "a"}, "fields.labels", "array"),
    ],
)
def test_one_bad_issue_is_told_by_field_and_the_others_land(fields, field, expected):
    batch = one_issue(**fields)
    (reject,) = batch.rejects
    assert [r["native_id"] for r in landed([batch], "issues")] == ["7", "9"]
    assert (reject.stream, reject.native_id, reject.field) == ("issues", "8", field)
    assert expected in reject.error
    assert json.loads(reject.record) == issue(**fields)
    assert batch.seen == 3


LOG = {"id": "1", "started": "2026-03-01T00:00:00.000+0000", "timeSpentSeconds": 60}


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        (LOG | {"id": "2", "timeSpentSeconds": 1.5}, "timeSpentSeconds"),
        (LOG | {"id": "2", "started": "2026-03-01"}, "started"),
        (LOG | {"id": "2", "updated": "x"}, "updated"),
    ],
)
def test_a_worklog_that_does_not_fit_leaves_its_issue_and_says_that_its_list_is_not_whole(bad, field):
    batch = one_issue(worklog={"total": 2, "startAt": 0, "worklogs": [LOG, bad]})
    assert [r["native_id"] for r in landed([batch], "issues")] == ["7", "8", "9"]
    assert [r["native_id"] for r in landed([batch], "worklogs")] == ["1"]
    assert [(r.native_id, r.field) for r in batch.rejects] == [("8/2", field)]
    assert (batch.complete.get("worklogs"), batch.cut, batch.seen) == (None, {}, 3)


def test_entries_of_all_lists_may_be_bad_one_by_one():
    entry = {"id": "5", "created": "2026-03-01T00:00:00.000+0000"}
    batch = one_issue(
        comment={"total": 2, "comments": [entry, entry | {"id": "6", "created": None}]},
        issuelinks=[{"id": "3", "type": {"name": "Blocks"}}, {"id": "4"}],
        changelog={"total": 2, "histories": [entry | {"items": []}, entry | {"id": "6", "created": "x"}]},
    )
    assert sorted((str(r.native_id), str(r.field)) for r in batch.rejects) == [
        ("8/3", "outwardIssue"),
        ("8/4", "type"),
        ("8/6", "created"),
        ("8/6", "created"),
    ]
    assert [r["native_id"] for r in landed([batch], "comments")] == ["5"]
    assert (batch.complete, batch.cut) == ({"sprint_issues": ["7", "8", "9"]}, {})


def test_a_reject_never_names_the_value():
    batch = one_issue(timespent="S3CRET", worklog={"worklogs": [LOG | {"started": "S3CRET"}]})
    assert batch.rejects and not any("S3CRET" in r.error or "S3CRET" in str(r.field) for r in batch.rejects)


def test_bytes_that_are_no_utf_8_spoil_their_record_only():
    good = json.dumps(issue() | {"id": "2"}).encode()
    records = b'{"issues":[{"id":"1","key":"A-1","fields":{"summary":"\xff"}},%b]}' % good
    batch = JIRA.decode("issues", told(FIELDS, records))
    assert [(r.native_id, r.error) for r in batch.rejects] == [("1", "expected text in UTF-8")]
    assert [r["native_id"] for r in landed([batch], "issues")] == ["2"]


@pytest.mark.parametrize(
    ("stream", "record", "field"),
    [
        ("projects", {"id": "2", "key": "A"}, "name"),
        ("accounts", {"displayName": "A"}, "accountId"),
        ("sprints", {"id": 2, "name": "A", "state": "paused"}, "state"),
        ("sprints", {"id": 2, "name": "A", "state": "active", "startDate": "soon"}, "startDate"),
        ("milestones", {"id": "2", "name": "A", "releaseDate": "soon"}, "releaseDate"),
        ("worklogs", LOG | {"started": None}, "started"),
    ],
)
def test_one_bad_record_of_a_list(stream, record, field):
    good = {
        "projects": {"id": "1", "key": "A", "name": "A"},
        "accounts": {"accountId": "1"},
        "sprints": {"id": 1, "name": "A", "state": "active"},
        "milestones": {"id": "1", "name": "A"},
        "worklogs": LOG,
    }[stream]
    batch = JIRA.decode(stream, json.dumps([record, good]).encode())
    assert [r["native_id"] for r in landed([batch], stream)] == ["1"]
    assert [r.field for r in batch.rejects] == [field]
    assert batch.seen == 2


def test_a_history_that_does_not_fit_leaves_the_others():
    entry = {"id": "1", "created": "2026-03-01T00:00:00.000+0000", "items": [{"field": "status", "fieldId": "status"}]}
    bad = [entry | {"id": "2", "created": "x"}, entry | {"id": "3", "items": [{}]}]
    logs = {"issueChangeLogs": [{"issueId": "8", "changeHistories": [entry, *bad]}, {"issueId": "9"}]}
    batch = JIRA.decode("issue_changes", told(Asked(whole=True), json.dumps(logs).encode()))
    assert [r["native_id"] for r in landed([batch], "issue_changes")] == ["1:status:1"]
    assert sorted((str(r.native_id), str(r.field)) for r in batch.rejects) == [
        ("8/2", "created"),
        ("8/3", "items[0].field"),
    ]
    assert batch.complete == {"issue_changes": ["9"]}


def test_what_is_no_answer_of_jira_is_a_bad_record():
    for stream in ("issues", "issue_changes", "worklogs", "issue_worklogs", "issue_comments", "projects", "nonsense"):
        for answer in (b"", b"7", b"[", b"\xff"):
            with pytest.raises(BadRecord):
                JIRA.decode(stream, answer)
    with pytest.raises(BadRecord):
        JIRA.decode("issues", b'{"issues":7}')
    with pytest.raises(BadRecord):
        JIRA.decode("words", b"[]")  # nobody said which words
