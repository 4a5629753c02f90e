"""Real Jira payloads from public sources decode with nothing lost; they stand beside the project, not in it.

Counts by status, priority, type, link and sprint are taken from the files by plain Python, and must be those that land.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from connectors.contract import Batch
from connectors.jira_adf import plain_text
from connectors.jira_decode import Decoder
from connectors.jira_records import Asked
from connectors.telling import told

REAL = Path(__file__).resolve().parents[3] / "shared" / "realdata"
JIRA = Decoder("https://jira.example.test")
PER_PAGE = 100

pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason="the real payloads are not here")


def lines(name: str) -> list[Any]:
    with gzip.open(REAL / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def landed(batches: Iterable[Batch], table: str) -> dict[str, dict[str, Any]]:
    rows = (row for batch in batches if table in batch.rows for row in batch.rows[table].to_pylist())
    return {row["native_id"]: row for row in rows}


# ------------------------------------------------------------------ 2,183 issues of a server


@pytest.fixture(scope="module")
def issues() -> list[Any]:
    return lines("jira_server_issues_tidev")


@pytest.fixture(scope="module")
def pages(issues: list[Any]) -> list[Batch]:
    cuts = range(0, len(issues), PER_PAGE)
    return [JIRA.decode("issues", json.dumps({"issues": issues[n : n + PER_PAGE]}).encode()) for n in cuts]


def test_all_issues_land_and_nothing_is_rejected(issues, pages):
    assert [r for p in pages for r in p.rejects] == []
    assert set(landed(pages, "issues")) == {i["id"] for i in issues}
    assert sum(p.seen for p in pages) == len(issues) == 2183


def _name(field: str) -> Callable[[Any], Any]:
    return lambda issue: (issue["fields"].get(field) or {}).get("name")


@pytest.mark.parametrize(
    ("column", "taken"),
    [
        ("native_status", _name("status")),
        ("native_status_id", lambda i: i["fields"]["status"]["id"]),
        ("native_priority", _name("priority")),
        ("native_type", _name("issuetype")),
        ("resolution", _name("resolution")),
        ("project_id", lambda i: i["fields"]["project"]["id"]),
        ("assignee_id", lambda i: (i["fields"]["assignee"] or {}).get("key")),
        ("reporter_id", lambda i: (i["fields"]["reporter"] or {}).get("key")),
        ("description", lambda i: i["fields"].get("description")),
        ("title", lambda i: i["fields"]["summary"]),
        ("milestone_id", lambda i: next((v["id"] for v in i["fields"]["fixVersions"]), None)),
        ("key", lambda i: i["key"]),
    ],
)
def test_counts_by_each_column_are_those_of_the_files(issues, pages, column, taken):
    assert Counter(row[column] for row in landed(pages, "issues").values()) == Counter(map(taken, issues))


@pytest.mark.parametrize(("column", "field"), [("labels", "labels"), ("components", "components")])
def test_counts_by_label_and_component_are_those_of_the_files(issues, pages, column, field):
    theirs = Counter(one if isinstance(one, str) else one["name"] for i in issues for one in i["fields"][field])
    assert Counter(one for row in landed(pages, "issues").values() for one in row[column]) == theirs


def test_parents_and_epics_are_those_of_the_files(issues, pages):
    def parent(fields: Any) -> str | None:
        return fields["parent"]["id"] if "parent" in fields else str(fields["epic"]["id"]) if "epic" in fields else None

    assert {k: r["parent_id"] for k, r in landed(pages, "issues").items()} == {
        i["id"]: parent(i["fields"]) for i in issues
    }


def test_times_are_those_of_the_files(issues, pages):
    for column, field in (
        ("created_at", "created"),
        ("updated_at", "updated"),
        ("native_resolved_at", "resolutiondate"),
    ):
        theirs = {i["id"]: i["fields"][field] and i["fields"][field].partition("+")[0] for i in issues}
        ours = {
            k: r[column] and r[column].isoformat(timespec="milliseconds") for k, r in landed(pages, "issues").items()
        }
        assert ours == theirs


def test_links_land_once_each_and_point_the_right_way(issues, pages):
    theirs: dict[str, tuple[str, str, str]] = {}
    for i in issues:
        for link in i["fields"]["issuelinks"]:
            ends = (
                (i["id"], link["outwardIssue"]["id"])
                if "outwardIssue" in link
                else (link["inwardIssue"]["id"], i["id"])
            )
            assert theirs.setdefault(link["id"], (link["type"]["name"], *ends)) == (link["type"]["name"], *ends)
    links = landed(pages, "issue_links")
    assert Counter(r["native_kind"] for r in links.values()) == Counter(kind for kind, _, _ in theirs.values())
    turned = {"Depends"}  # what depends on another is blocked by it
    assert {
        k: (r["native_kind"], r["from_issue_id"], r["to_issue_id"])
        if r["native_kind"] not in turned
        else (r["native_kind"], r["to_issue_id"], r["from_issue_id"])
        for k, r in links.items()
    } == theirs


def test_sprints_of_issues_are_those_of_the_files(issues, pages):
    theirs = Counter(str(s["id"]) for i in issues for s in i["fields"].get("closedSprints") or ())
    assert Counter(row["sprint_id"] for row in landed(pages, "sprint_issues").values()) == theirs


def test_comments_land_and_those_cut_are_told_by_the_total_beside_the_list(issues, pages):
    assert set(landed(pages, "comments")) == {c["id"] for i in issues for c in i["fields"]["comment"]["comments"]}
    short = {i["id"] for i in issues if i["fields"]["comment"]["total"] > len(i["fields"]["comment"]["comments"])}
    assert {id_ for p in pages for id_ in p.cut.get("issue_comments", ())} == short
    assert len(landed(pages, "comments")) == 6431


def test_the_projects_of_that_server(issues):
    projects = lines("jira_server_projects_tidev")
    batches = [JIRA.decode("projects", json.dumps(one).encode()) for one in projects]
    assert {k: r["key"] for k, r in landed(batches, "projects").items()} == {p["id"]: p["key"] for p in projects}
    versions = [JIRA.decode("milestones", json.dumps(one["versions"]).encode()) for one in projects]
    assert set(landed(versions, "milestones")) == {v["id"] for p in projects for v in p["versions"]}
    assert not [r for b in versions for r in b.rejects]


# ------------------------------------------------------------------ a live site, recorded


@pytest.fixture(scope="module")
def recorded() -> dict[str, Any]:
    return {line["file"]: line["body"] for line in lines("jira_cloud_responses_jf_ingest")}


def one(stream: str, answer: Any, asked: Asked | None = None) -> Batch:
    body = json.dumps(answer).encode()
    return JIRA.decode(stream, body if asked is None else told(asked, body))


def test_recorded_issues_with_their_history(recorded):
    answer = recorded["issues.json"]
    batch = one("issues", answer)
    assert batch.rejects == ()
    assert set(landed([batch], "issues")) == {i["id"] for i in answer["issues"]}
    histories = [h for i in answer["issues"] for h in i["changelog"]["histories"]]
    changes = landed([batch], "issue_changes")
    assert len(changes) == sum(len(h["items"]) for h in histories)
    assert Counter(r["native_id"].partition(":")[0] for r in changes.values()) == Counter(
        h["id"] for h in histories for _ in h["items"]
    )
    whole = {i["id"] for i in answer["issues"] if i["changelog"]["total"] <= len(i["changelog"]["histories"])}
    assert set(batch.complete.get("issue_changes", ())) == whole


def test_issues_that_were_asked_for_custom_fields_alone_are_told_and_not_made_up(recorded):
    batch = one("issues", recorded["issues_for_custom_fields.json"])
    with_some = [i["id"] for i in recorded["issues_for_custom_fields.json"]["issues"] if i["fields"]]
    assert batch.rows == {}
    assert [(r.native_id, r.field) for r in batch.rejects] == [(id_, "fields.summary") for id_ in with_some]


def test_recorded_worklogs_and_their_feeds(recorded):
    logs = recorded["worklog_list.json"]
    batch = one("worklogs", logs)
    assert batch.rejects == ()
    assert {k: r["seconds"] for k, r in landed([batch], "worklogs").items()} == {
        w["id"]: w["timeSpentSeconds"] for w in logs
    }
    assert {k: r["issue_id"] for k, r in landed([batch], "worklogs").items()} == {w["id"]: w["issueId"] for w in logs}
    gone = one("worklogs", recorded["worklog_deleted.json"]).departed["worklogs"]
    assert [d.native_id for d in gone] == [str(v["worklogId"]) for v in recorded["worklog_deleted.json"]["values"]]
    assert one("worklogs", recorded["worklog_updated.json"]) == Batch()


@pytest.mark.parametrize(
    ("file", "kind"),
    [("status.json", "status"), ("priority.json", "priority"), ("issuetype.json", "type"), ("fields.json", "field")],
)
def test_recorded_words(recorded, file, kind):
    batch = one("words", recorded[file], Asked(words=kind))
    assert batch.rejects == ()
    assert [(r["word_id"], r["name"]) for r in landed([batch], "words").values()] == [
        (w["id"], w["name"]) for w in recorded[file]
    ]


@pytest.mark.parametrize(
    ("file", "stream", "table"),
    [
        ("project.json", "projects", "projects"),
        ("project_versions_JFR.json", "milestones", "milestones"),
        ("project_versions_OJ.json", "milestones", "milestones"),
        ("boards_sprints_for_board_1.json", "sprints", "sprints"),
        ("boards_sprints_not_supported.json", "sprints", "sprints"),
        ("boards_empty_agile_payload.json", "sprints", "sprints"),
    ],
)
def test_recorded_lists(recorded, file, stream, table):
    answer = recorded[file]
    batch = one(stream, answer)
    rows = answer if isinstance(answer, list) else answer.get("values", [])
    assert batch.rejects == ()
    assert {k: r["name"] for k, r in landed([batch], table).items()} == {str(r["id"]): r["name"] for r in rows}


# ------------------------------------------------------------------ the vendor's own examples

EXAMPLES = {
    "/rest/api/3/issue/{issueIdOrKey}/worklog": ("issue_worklogs", "worklogs"),
    "/rest/api/3/issue/{issueIdOrKey}/comment": ("issue_comments", "comments"),
    "/rest/api/3/worklog/list": ("worklogs", "worklogs"),
    "/rest/api/3/project": ("projects", "projects"),
    "/rest/api/3/project/search": ("projects", "projects"),
    "/rest/api/3/users/search": ("accounts", "accounts"),
    "/rest/agile/1.0/board/{boardId}/sprint": ("sprints", "sprints"),
    "/rest/agile/1.0/sprint/{sprintId}": ("sprints", "sprints"),
}


def test_the_vendors_examples_decode():
    checked = Counter[str]()
    for line in lines("jira_cloud_openapi_examples"):
        if line["path"] not in EXAMPLES or str(line["status"]) != "200" or line["method"] == "DELETE":
            continue
        stream, table = EXAMPLES[line["path"]]
        example = line["example"]
        batch = one(stream, example, Asked(issue="10010") if stream in ("issue_worklogs", "issue_comments") else None)
        lists = (example.get(key) for key in ("values", "worklogs", "comments")) if isinstance(example, dict) else ()
        rows = example if isinstance(example, list) else next((r for r in lists if r is not None), [example])
        assert batch.rejects == ()
        assert set(landed([batch], table)) == {str(r.get("id") or r.get("accountId")) for r in rows}
        checked[line["path"]] += 1
    assert set(checked) == set(EXAMPLES)


def test_the_vendors_example_of_an_issue_is_told_for_what_it_is():
    """It has neither a title nor lists as the schema has them; its rich text is that of real issues."""
    for line in lines("jira_cloud_openapi_examples"):
        if (
            line["path"] == "/rest/api/3/issue/{issueIdOrKey}"
            and line["method"] == "GET"
            and str(line["status"]) == "200"
        ):
            (reject,) = one("issues", line["example"]).rejects
            assert (reject.native_id, reject.field) == ("10002", "fields.comment")
            assert plain_text(json.dumps(line["example"]["fields"]["description"]).encode()) == "Main order flow broken"
            return
    raise AssertionError("the example is missing")
