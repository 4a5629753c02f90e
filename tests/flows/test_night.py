"""A night without Prefect: its steps over real HTTP, one tool well and one not, and what it says in the morning."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from flows.cli import cli
from flows.config import load
from flows.night import Night, NightReport, Waiting
from flows.night_report import as_html, as_lines, as_markdown, as_rows, write_night
from flows.notify import tell_receivers
from model.errors import ConfigError
from model.vocabulary import Status, WordKind
from sandbox.redmine import ADMIN_KEY, RedmineServer
from sandbox.redmine_tracker import Tracker
from tests.inbox import Inbox
from tests.running import TWO_SOURCES
from tests.warehouse.small_hub import NOON, SmallHub
from warehouse.backup import back_up_desk
from warehouse.desk import Desk
from warehouse.hub import HubLock


@pytest.fixture
def servers() -> Iterator[tuple[RedmineServer, RedmineServer]]:
    with RedmineServer(Tracker(issues=30, seed=3)) as well, RedmineServer(Tracker(issues=30, seed=4)) as ill:
        yield well, ill


@pytest.fixture
def folder(tmp_path: Path, servers: tuple[RedmineServer, RedmineServer], monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SANDBOX_KEY", ADMIN_KEY)
    (tmp_path / "pmo.toml").write_text(
        TWO_SOURCES.replace("tries = 1", "tries = 1\nlock_wait_minutes = 0").format(
            well=servers[0].url, ill=servers[1].url
        )
    )
    return tmp_path


def night(folder: Path, at: datetime | None = None) -> NightReport:
    """All of a night but Prefect. `at`: what its clock says."""
    one = Night(load(folder / "pmo.toml", secrets=True), clock=lambda: at or datetime.now(UTC))
    with one.kept("preparing"):
        one.prepare()
    with one.kept("pulling"), one.pulling() as pulling:
        for source in pulling.sources:
            pulling.pull(source)
    with one.kept("pushing"):
        one.push()
    with one.kept("publishing"):
        one.publish()
    report = one.end()
    write_night(folder / "data", report)
    tell_receivers(one)
    return report


def counted(folder: Path) -> dict[str, int]:
    with duckdb.connect(str(folder / "data" / "portfolio.duckdb"), read_only=True) as con:
        return dict(con.execute("SELECT source, count(*) FROM issues GROUP BY source").fetchall())


class Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.fetched: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.fetched += [value or "" for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_one_tool_that_fails_stops_no_other_and_is_told_first(
    folder: Path, servers: tuple[RedmineServer, RedmineServer]
) -> None:
    quiet = night(folder)
    assert quiet.reason is None and quiet.published is not None
    assert counted(folder) == {"well": 30, "ill": 30}
    streams = {(row["source"], row["stream"]): row for row in as_rows(quiet)}
    issues = streams["well", "issues"]
    assert issues["seen"] >= issues["new"] == issues["changed"] >= 30 and issues["gone"] == 0
    assert (issues["in the tool"], issues["complete"]) == (30, "100 %")
    assert [one.key for one in quiet.waiting] == ["words|ill", "words|well"]

    servers[1].keys.clear()
    broken = night(folder)
    assert broken.reason is not None and broken.reason.startswith("ill: ") and "well" not in broken.reason
    assert broken.published is not None and counted(folder) == {"well": 30, "ill": 30}
    assert broken.waiting[0].key == "failing|ill"
    assert broken.path is not None
    page = Tags(broken.path.read_text(encoding="utf-8"))
    assert page.fetched == [] and "script" not in page.tags
    assert page.text.index("What a person must do") < page.text.index("What failed") < page.text.index("What was read")
    assert broken.waiting[0].text in page.text
    told = CliRunner().invoke(cli, ["status", "--config", str(folder / "pmo.toml")])
    assert "last night of " in told.output and "failed" in told.output
    said = as_lines(broken)
    assert "failed" in said[0] and said[1] == f"failed: {broken.failures[0]}" and said[-1].endswith(".html")
    assert ADMIN_KEY not in broken.path.read_text() + as_markdown(broken) + "".join(said)


def test_what_a_tool_writes_is_text_everywhere() -> None:
    evil = "<script>alert(1)</script> | [x](javascript:alert(1))\n# all is well"
    report = NightReport("r1", datetime(2026, 11, 21, tzinfo=UTC), failures=[evil], waiting=[Waiting("k", evil)])
    page = Tags(as_html(report))
    assert "script" not in page.tags and page.text.count("alert(1)") >= 2
    markdown = as_markdown(report)
    assert "<script" not in markdown.replace("\\<", "") and "](java" not in markdown.replace("\\]", "")
    assert "\n# all" not in markdown


def prepared(folder: Path) -> NightReport:
    one = Night(load(folder / "pmo.toml", secrets=True))
    one.prepare()
    return one.report


def test_the_desk_is_backed_up_each_night(folder: Path) -> None:
    with Desk(folder / "data" / "desk.sqlite") as desk:
        desk.map_word("ops", WordKind.STATUS, "In Review", "blocked", "ada")
        prepared(folder)  # while somebody has it open
        desk.map_word("ops", WordKind.STATUS, "In Review", "done", "ada")
    [copy] = (folder / "data" / "backups").iterdir()
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with Desk(copy) as kept:
        assert kept.rules("ops").status == {"in review": Status.BLOCKED}
    for day in range(1, 20):
        back_up_desk(folder / "data", date(2026, 1, day), keep=14)
    names = sorted(path.name for path in (folder / "data" / "backups").glob("desk-*.sqlite"))
    assert len(names) == 14 and copy.name in names


def test_a_disk_that_fills_up_is_told_before_it_is_full(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9 - 10**7, 10**7))
    [told] = prepared(folder).waiting
    assert told.text.partition(": ")[2] == "0.0 GB are free, and a night may need 0.2: free some"


def test_an_earlier_file_is_what_readers_get_again(folder: Path) -> None:
    link = folder / "data" / "portfolio.duckdb"
    with closing(SmallHub(folder / "data")) as hub:
        first = hub.publish(NOON).path
        second = hub.publish(NOON + timedelta(days=1)).path
        assert link.resolve() == second
        told = CliRunner().invoke(cli, ["restore", first.stem, "--config", str(folder / "pmo.toml")])
        assert told.exit_code == 0 and link.resolve() == first
        told = CliRunner().invoke(cli, ["restore", "--config", str(folder / "pmo.toml")])
        assert told.output.split() == [first.stem, second.stem]
        told = CliRunner().invoke(cli, ["restore", "2026-11-22", "--config", str(folder / "pmo.toml")])
        assert link.resolve() == second
        told = CliRunner().invoke(cli, ["restore", "2001-01-01", "--config", str(folder / "pmo.toml")])
        assert isinstance(told.exception, ConfigError) and "there is no generation 2001-01-01" in str(told.exception)
        assert link.resolve() == second
        third = hub.publish(NOON + timedelta(days=2)).path
        assert link.resolve() == third


def test_a_hub_that_somebody_else_writes_fails_the_night_in_a_sentence(folder: Path) -> None:
    night(folder)
    lock = HubLock(folder / "data")
    try:
        report = night(folder)
    finally:
        lock.release()
    assert report.published is None and report.reason is not None
    assert [failure.split(":")[0] for failure in report.failures] == ["pulling", "pushing", "publishing"]
    assert report.facts is not None, "the figures of the night before are there, and said how old they are"
    assert "readers have the file of before" in as_lines(report)[0]


def test_a_clock_that_was_set_back_between_two_nights(
    folder: Path, servers: tuple[RedmineServer, RedmineServer]
) -> None:
    """The clock is a day ahead in the first night: readers get the newest file all the same, and nothing is lost."""
    now = datetime.now(UTC)
    tracker, link = servers[0].tracker, folder / "data" / "portfolio.duckdb"
    published = []
    for at in (now + timedelta(days=1), now, now + timedelta(minutes=5)):
        tracker.edit(3, subject=f"as of {at}")
        report = night(folder, at)
        assert report.reason is None and report.published is not None
        assert link.resolve() == report.published.path
        published.append(report.published.path)
        with duckdb.connect(str(link), read_only=True) as con:
            assert con.execute("SELECT title FROM issues WHERE id = 'well:3'").fetchone() == (f"as of {at}",)
            shown = con.execute("SELECT max(generated_at) FROM about").fetchone()
        assert shown == (at.replace(tzinfo=None),)
        assert counted(folder) == {"well": 30, "ill": 30}
    assert len(set(published)) == 3
    assert len(list((folder / "data" / "reports").iterdir())) == 3


def test_a_receiver_that_cannot_be_reached_fails_the_night_and_is_told_the_next_time(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox = Inbox()
    monkeypatch.setenv("HOOK", inbox.url)
    inbox.close()
    with (folder / "pmo.toml").open("a") as config:
        config.write('[notify]\nurls = ["${HOOK}"]\n')
    told = night(folder)
    assert told.reason is not None and told.reason.startswith("notify: json, urls 1 could not be reached")
    assert "hidden" not in told.reason and counted(folder) == {"well": 30, "ill": 30}
    inbox = Inbox()
    monkeypatch.setenv("HOOK", inbox.url)
    assert night(folder).reason is None
    assert [message["title"] for message in inbox.taken()] == ["pmo-hub: 2 new"]
    inbox.close()
