"""Messages after a night, to a real receiver on loopback: one with the news, one when it is over, none without news."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flows.config import load
from flows.night import NightReport, Waiting
from flows.notify import receivers, tell
from flows.pull import SourceOutcome
from flows.sync import SyncReport
from model.config import NotifySettings
from model.errors import ConfigError
from tests.inbox import Inbox
from tests.running import pmo
from warehouse.desk import Desk

AT = datetime(2026, 11, 21, 2, tzinfo=UTC)


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    one = Inbox()
    yield one
    one.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Desk(tmp_path / "desk.sqlite") as desk:
        yield desk


def night(
    *waiting: Waiting, pulled: tuple[str, ...] = ("ops", "web"), looked: tuple[str, ...] = ("red",)
) -> NightReport:
    sync = SyncReport(AT, sources=[SourceOutcome(name, "r") for name in pulled])
    report = NightReport("r", AT, pulled=sync, configured=("ops", "web"), waiting=[*waiting])
    report.looked(*looked)
    return report


FAILING = Waiting("failing|ops", "ops: the token is refused")
RED = Waiting("red|plan:A", "Project A is red: 26 days late", for_pmo=True, for_operator=False)


def test_news_then_quiet_then_over(inbox: Inbox, desk: Desk) -> None:
    settings = NotifySettings(urls=(inbox.url,))
    assert tell(settings, night(), desk) == [] and inbox.taken() == [], "all is well, and nobody asked"
    tell(settings, night(FAILING), desk)
    [message] = inbox.taken()
    assert message["title"] == "pmo-hub: 1 new" and "ops: the token is refused" in message["message"]
    tell(settings, night(FAILING), desk)
    assert inbox.taken() == [], "it is known"
    tell(settings, night(), desk)
    [message] = inbox.taken()
    assert message["title"] == "pmo-hub: 1 over" and "ops: the token is refused" in message["message"]
    tell(settings, night(), desk)
    assert inbox.taken() == []


def test_what_grows_is_told_again_and_what_shrinks_is_not(inbox: Inbox, desk: Desk) -> None:
    settings = NotifySettings(urls=(inbox.url,))
    told = []
    for records in (5, 5, 3, 4):
        tell(settings, night(Waiting("quarantine|ops|issues", f"{records} records", size=records)), desk)
        told.append(len(inbox.taken()))
    assert told == [1, 0, 0, 1]


def test_what_was_not_looked_at_is_not_over(inbox: Inbox, desk: Desk) -> None:
    settings = NotifySettings(urls=(inbox.url,), pmo_urls=(inbox.url,))
    tell(settings, night(FAILING, RED), desk)
    assert len(inbox.taken()) == 1, "both in one message"
    tell(settings, night(pulled=("web",), looked=()), desk)
    assert inbox.taken() == []
    tell(settings, night(), desk)
    [message] = inbox.taken()
    assert message["title"] == "pmo-hub: 2 over"


def test_each_is_told_what_is_theirs(inbox: Inbox, desk: Desk) -> None:
    pmo_inbox = Inbox()
    try:
        tell(NotifySettings(urls=(inbox.url,), pmo_urls=(pmo_inbox.url,)), night(FAILING, RED), desk)
        assert [m["message"].count("- ") for m in (*inbox.taken(), *pmo_inbox.taken())] == [1, 1]
    finally:
        pmo_inbox.close()


def test_who_cannot_be_reached_is_told_the_next_time(inbox: Inbox, desk: Desk) -> None:
    settings = NotifySettings(urls=(inbox.url,))
    inbox.close()
    [said] = tell(settings, night(FAILING), desk)
    assert said.startswith("notify: json, urls 1 could not be reached") and "hidden" not in said
    assert desk.notices.told(inbox.url) == {}
    assert "hidden" not in repr(receivers(settings))


def test_nights_without_news_are_told_where_asked_for(inbox: Inbox, desk: Desk) -> None:
    tell(NotifySettings(urls=(inbox.url,), quiet_nights=True), night(), desk)
    assert [message["title"] for message in inbox.taken()] == ["pmo-hub: all is well"]


def test_an_address_never_stands_in_the_file(tmp_path: Path, inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "pmo.toml"
    path.write_text(f'[notify]\nurls = ["{inbox.url}"]\n')
    with pytest.raises(ConfigError, match=r"line 2: notify.urls holds passwords.*\$\{NAME\}"):
        load(path)
    path.write_text('[notify]\nurls = ["${HOOK}"]\n')
    with pytest.raises(ConfigError, match="needs the environment variable HOOK"):
        load(path)
    assert load(path, secrets=False).notify.urls == (), "who tells nobody needs no address"
    monkeypatch.setenv("HOOK", inbox.url)
    assert load(path).notify.urls == (inbox.url,)


def test_a_test_is_sent_to_each(tmp_path: Path, inbox: Inbox) -> None:
    (tmp_path / "pmo.toml").write_text('[notify]\nurls = ["${HOOK}"]\n')
    ran = pmo("check", "--notify", cwd=tmp_path, HOOK=inbox.url)
    assert (ran.returncode, ran.stdout) == (0, "json, urls 1: sent\n")
    assert [message["title"] for message in inbox.taken()] == ["pmo-hub: a test"]
    inbox.close()
    ran = pmo("check", "--notify", cwd=tmp_path, HOOK=inbox.url)
    assert ran.returncode == 1 and "FAILED" in ran.stdout and "hidden" not in ran.stdout + ran.stderr
    (tmp_path / "pmo.toml").write_text("[hub]\n")
    ran = pmo("check", "--notify", cwd=tmp_path)
    assert ran.returncode == 2 and "names no receiver" in ran.stderr
