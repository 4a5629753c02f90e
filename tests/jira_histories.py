"""Random histories of a make-believe Jira: it lives on, answers fail, runs are killed; the tables end as its truth is.

One history is a small company with oddities drawn by its seed, read over real HTTP. Each round moves it on, disturbs a
sync (faults, moves between two answers, a kill), and lets undisturbed ones follow; then every row the account may see
is compared with the tracker's own records. `run_history` raises AssertionError with the seed in its text.
"""

from __future__ import annotations

import random
import signal
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from connectors import http
from flows.sync import SyncReport, sync
from model.config import HubSettings, Settings, SourceSettings
from model.vocabulary import RunState
from sandbox.jira import HUB_EMAIL, TOKEN, JiraServer
from sandbox.jira_call import Options
from sandbox.jira_company import tracker_of
from sandbox.jira_moves import Mover
from sandbox.jira_truth import Truth
from tests.killer import PLACES
from tests.running import pmo
from warehouse.compare import differences
from warehouse.hub import Hub
from warehouse.meaning import renew_meaning

SOURCE = "acme"
FAULTS = ("rate_429", "rate_429_bare", "rate_500", "rate_503", "rate_drop", "rate_truncate", "rate_short_page")
CONFIG = """\
[hub]
timezone = "Europe/Berlin"
[sources.acme]
type = "jira"
url = "{url}"
email = "${{SANDBOX_EMAIL}}"
token = "${{SANDBOX_TOKEN}}"
in_flight = 3
tries = 8
loss_rows = 100000
"""
KILLED_AT = [place for place in PLACES if not place.startswith(("file", "link", "old", "meaning"))]


@dataclass
class Place:
    """A hub in a folder, reading one company."""

    folder: Path
    server: JiraServer
    random_: random.Random
    happened: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.tracker = self.server.tracker
        self.mover = Mover(self.tracker, self.random_)
        path = self.folder / "pmo.toml"
        path.write_text(CONFIG.format(url=self.server.url), encoding="utf-8")
        given: dict[str, Any] = {"name": SOURCE, "type": "jira", "url": self.server.url}
        given |= {"email": HUB_EMAIL, "token": TOKEN}
        source = SourceSettings(**given, zone="Europe/Berlin", in_flight=3, tries=8, loss_rows=100_000)
        hub = HubSettings(data=str(self.folder / "data"), timezone="Europe/Berlin")
        self.settings = Settings(hub=hub, sources={SOURCE: source}, path=path)

    def count(self, what: str) -> None:
        self.happened[what] = self.happened.get(what, 0) + 1

    def sync(self, *, full: bool = False) -> SyncReport:
        with mock.patch.object(http, "wait_seconds", return_value=0.01):  # many faults, little patience
            return sync(self.settings, full=full, publishing=False)

    def move(self, most: int) -> None:
        for done in self.mover.move(self.random_.randint(1, most)):
            self.count(done.split()[0])

    def hub(self, name: str = "hub.duckdb") -> closing[Hub]:
        """A hub file, with the memory that whole tables need."""
        return closing(Hub(self.folder / "data" / name, megabytes=1024))


KNOWN = (5, 8, 11)
"""Seeds that `make test-real` lives beside fresh ones. 5: a project goes to the trash. 8: issues are hidden just when
their cut lists are to be completed. 11: feeds that stand still at one instant."""


def run_history(seed: int, folder: Path, *, rounds: int = 3, issues: int = 120) -> dict[str, int]:
    """Lives one history; gives back what happened, counted."""
    random_ = random.Random(seed)
    options = Options(
        page_cap=random_.choice([7, 100]),
        id_page_cap=random_.choice([17, 5000]),
        bulk_created=random_.choice(["ms", "seconds", "text"]),
        feed_page=random_.choice([5, 1000]),
        changelog_cap=random_.choice([2, 40]),
        worklog_cap=random_.choice([1, 20]),
        comment_cap=random_.choice([1, 20]),
        missing_told=random_.random() < 0.5,
        users_in_time=random_.choice([100, 1000]),
        leaves_out=random_.choice([0.0, 0.0, 0.1]),
    )
    folder.mkdir(parents=True, exist_ok=True)
    with JiraServer(tracker_of(seed=random_.randrange(1000), issues=issues), options=options) as server:
        server.tracker.feed_tells_issue_deletion = random_.random() < 0.5
        place = Place(folder, server, random_)
        try:
            for _ in range(rounds):
                _one_round(place)
            _assert_quiet(place)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}, {options}: {error}") from error
    return place.happened


def _one_round(place: Place) -> None:
    place.move(25)
    choice = place.random_.random()
    if choice < 0.4:
        _disturbed_sync(place)
    elif choice < 0.7:
        _killed_sync(place)
    place.tracker.advance(120)  # the feed of hours withholds the last minute
    for _ in range(2):  # what the account sees may have changed: nothing is called gone in the first run then
        report = place.sync()
        (outcome,) = report.sources
        assert outcome.state is RunState.DONE, outcome.error
        place.tracker.advance(20)
    assert_tables_equal_the_truth(place)


def _disturbed_sync(place: Place) -> None:
    server, random_ = place.server, place.random_
    server.set_faults(
        {"seed": random_.randrange(10**6), "retry_after_seconds": 0}
        | {name: random_.choice([0.0, 0.02, 0.05]) for name in FAULTS}
        | {"index_lag_seconds": random_.choice([0, 30])}
    )

    def disturb(_: str) -> None:
        if random_.random() < 0.15:
            place.move(2)

    server.before = disturb
    (outcome,) = place.sync(full=random_.random() < 0.2).sources
    place.count(f"disturbed sync {outcome.state.value}")
    server.before = None
    server.set_faults(dict.fromkeys(FAULTS, 0.0) | {"index_lag_seconds": 0})


def _killed_sync(place: Place) -> None:
    where, passing = place.random_.choice(KILLED_AT), place.random_.randint(1, 6)
    run = pmo(
        "sync", "--no-publish", cwd=place.folder, via=("tests.killer", where, str(passing)),
        SANDBOX_EMAIL=HUB_EMAIL, SANDBOX_TOKEN=TOKEN,
    )  # fmt: skip
    killed = run.returncode == -signal.SIGKILL
    assert killed or run.returncode == 0, run.stderr
    place.count("killed" if killed else "not killed: it passed that place less often")


def _assert_quiet(place: Place) -> None:
    """Nothing moved: nothing is written. Read whole, nothing differs; a rebuild gives the same."""
    (outcome,) = place.sync().sources
    assert outcome.rows_changed == 0, [(s.stream, s.rows_changed) for s in outcome.streams if s.rows_changed]
    place.sync(full=True)
    assert_tables_equal_the_truth(place)
    if place.random_.random() < 0.5:
        _assert_rebuilt_alike(place)


def _assert_rebuilt_alike(place: Place) -> None:
    from flows.rebuild import rebuild

    path = place.folder / "data" / "hub.duckdb"
    with place.hub() as hub:
        renew_meaning(hub, {})
    path.rename(path.with_name("before.duckdb"))
    rebuild(place.settings)
    with place.hub() as after, place.hub("before.duckdb") as before:
        renew_meaning(after, {})
        found = differences(before, after)
        assert not found, f"a rebuild differs: {found}"
    place.count("rebuilt")


# ------------------------------------------------------------------ the truth


def assert_tables_equal_the_truth(place: Place) -> None:
    """Every row that the account sees stands as Jira has it, no other is present, nothing living is called deleted."""
    tracker, truth = place.tracker, Truth(place.tracker, HUB_EMAIL)
    with place.hub() as hub:
        for table, columns, expected in _expected(truth):
            rows = hub.rows(
                f"SELECT t.native_id, {columns} FROM landed.{table} AS t LEFT JOIN absent.{table} AS a "
                "ON a.source = t.source AND a.native_id = t.native_id WHERE a.native_id IS NULL"
            )
            landed = {row[0]: tuple(row[1:]) for row in rows}
            invented, lost = sorted(set(landed) - set(expected)), sorted(set(expected) - set(landed))
            assert not invented and not lost, f"{table}: invented {invented[:9]}, lost {lost[:9]}"
            for id_, row in expected.items():
                assert landed[id_] == row, f"{table} {id_}: {landed[id_]} should be {row}"
        _assert_memberships(hub, truth)
        living = {"projects": {str(p.id) for p in tracker.projects.values() if p.state == "live"}}
        trash = {p.id for p in tracker.projects.values() if p.state == "deleted"}  # takes its issues along
        kept = {i.id for i in tracker.issues.values() if i.project_id not in trash}
        living |= {"issues": {str(id_) for id_ in kept}}
        living |= {"worklogs": {str(w.id) for w in tracker.worklogs.values() if w.issue_id in kept}}
        for table, ids in living.items():
            rows = hub.rows(f"SELECT native_id FROM absent.{table} WHERE availability = 'deleted'")
            issues_gone = table == "worklogs" and not tracker.feed_tells_issue_deletion
            wrong = {i for (i,) in rows} & ids
            assert not wrong or issues_gone, f"{table} {sorted(wrong)} live, and are called deleted"


def _expected(truth: Truth) -> list[tuple[str, str, dict[str, tuple[Any, ...]]]]:
    """Table, columns, rows by native id. Times are milliseconds; of history seconds, as Jira may tell no more."""
    desks = {p.id for p in truth.tracker.projects.values() if p.kind == "service_desk"}  # they have no such field
    points = {str(issue.id): None if issue.project_id in desks else issue.points for issue in truth.seen()}
    issues = {
        id_: (
            i["key"], i["project_id"], i["parent_id"], i["type_id"], i["summary"], i["status_id"], i["priority_id"],
            i["assignee"], i["reporter"], i["labels"], next(iter(i["version_ids"]), None), points[id_],
            i["estimate_seconds"], i["remaining_seconds"], i["spent_seconds"] or None, i["start_on"], i["due_on"],
            i["created"], i["updated"], i["resolved"],
        )
        for id_, i in truth.issues().items()
    }  # fmt: skip
    return [
        ("projects", "key, name", {
            id_: (p["key"], p["name"]) for id_, p in truth.projects().items() if p["state"] == "live"
        }),
        ("issues", "key, project_id, parent_id, native_type_id, title, native_status_id, native_priority_id, "
         "assignee_id, reporter_id, labels, milestone_id, story_points, original_estimate_seconds, "
         "remaining_estimate_seconds, time_spent_seconds, start_on::VARCHAR, due_on::VARCHAR, epoch_ms(created_at), "
         "epoch_ms(updated_at), epoch_ms(native_resolved_at)", issues),
        ("worklogs", "issue_id, account_id, seconds, epoch_ms(started_at), epoch_ms(updated_at)", {
            id_: (w["issue_id"], w["author"], w["seconds"], w["started"], w["updated"])
            for id_, w in truth.worklogs().items()
        }),
        ("issue_changes", "issue_id, account_id, from_native_id, to_native_id, epoch_ms(changed_at) // 1000", {
            f"{c['history_id']}:{c['field']}:{c['n'] + 1}": (
                c["issue_id"], c["author"], _ids(c["from"]), _ids(c["to"]), c["at"] // 1000)
            for c in truth.changes()
        }),
        ("issue_links", "from_issue_id, to_issue_id", {
            id_: (link["from_id"], link["to_id"]) for id_, link in truth.links().items()
        }),
    ]  # fmt: skip


def _assert_memberships(hub: Hub, truth: Truth) -> None:
    """Which issue is in which sprint today: its stays that have not ended."""
    desks = {str(p.id) for p in truth.tracker.projects.values() if p.kind == "service_desk"}
    expected = {
        (id_, str(sprint_id))
        for id_, issue in truth.issues().items()
        for sprint_id in issue["sprint_ids"]
        if issue["project_id"] not in desks
    }
    found = hub.rows(
        "SELECT s.issue_id, s.sprint_id FROM derived.sprint_issues AS s JOIN landed.issues AS i "
        "ON i.source = s.source AND i.native_id = s.issue_id LEFT JOIN absent.issues AS a "
        "ON a.source = s.source AND a.native_id = s.issue_id "
        "WHERE s.removed_at IS NULL AND a.native_id IS NULL AND s.availability = 'present' "
        "AND NOT list_contains(?, i.project_id)",
        [sorted(desks)],
    )
    here = set(found)
    assert here == expected, f"sprint_issues: invented {here - expected}, lost {expected - here}"


def _ids(text: str | None) -> str | None:
    return text.replace(" ", "") or None if text else None
