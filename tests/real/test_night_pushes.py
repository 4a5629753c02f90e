"""What a night says of changes that failed and of pushes that stopped: once, to both, until a person has decided."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from flows.changes import WishLine, approve, ask, reject
from flows.config import load
from flows.push import PushReport, SourcePushed
from sandbox.redmine import RedmineServer
from tests.flows.test_night import Tags, folder, night, servers
from tests.inbox import Inbox

__all__ = ["folder", "servers"]


def test_a_change_that_failed_is_told_once_to_both_and_waits_for_a_person(
    folder: Path, servers: tuple[RedmineServer, RedmineServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(Inbox()) as inbox, closing(Inbox()) as of_the_pmo:
        monkeypatch.setenv("HOOK", inbox.url)
        monkeypatch.setenv("PMO_HOOK", of_the_pmo.url)
        with (folder / "pmo.toml").open("a") as config:
            config.write('[notify]\nurls = ["${HOOK}"]\npmo_urls = ["${PMO_HOOK}"]\n')
        assert night(folder).reason is None
        assert len(inbox.taken()) == 1 and of_the_pmo.taken() == []
        settings, tracker = load(folder / "pmo.toml"), servers[0].tracker
        gone = next(issue.id for issue in tracker.issues.values() if issue.priority_id != 4)
        (asked,) = ask(settings, [WishLine(f"well:{gone}", priority="Urgent")], "ada")
        assert asked.change_id is not None, asked
        approve(settings, [asked.change_id], "bea")
        tracker.delete_issue(gone)
        failed = night(folder)
        assert failed.reason is not None and f"change {asked.change_id} of" in failed.reason
        (waiting,) = [one for one in failed.waiting if one.key.startswith("failed|")]
        assert f"`pmo reject {asked.change_id}`" in waiting.text
        assert failed.path is not None
        page = Tags(failed.path.read_text(encoding="utf-8")).text
        assert waiting.text in page[: page.index("What failed")]
        for told in (inbox.taken(), of_the_pmo.taken()):
            assert [waiting.text in message["message"] for message in told] == [True]
        assert night(folder).reason is None
        assert inbox.taken() == of_the_pmo.taken() == []
        reject(settings, [asked.change_id], "bea", None)
        assert not [one for one in night(folder).waiting if one.key.startswith("failed|")]
        for told in (inbox.taken(), of_the_pmo.taken()):
            assert len(told) == 1, "that it is over"


def test_a_push_that_stopped_while_its_source_was_read_is_told_once_to_both(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(Inbox()) as operator, closing(Inbox()) as of_the_pmo:
        monkeypatch.setenv("HOOK", operator.url)
        monkeypatch.setenv("PMO_HOOK", of_the_pmo.url)
        with (folder / "pmo.toml").open("a") as config:
            config.write('[notify]\nurls = ["${HOOK}"]\npmo_urls = ["${PMO_HOOK}"]\n')
        night(folder)
        operator.taken()
        with monkeypatch.context() as patched:
            stopped = PushReport(sources=[SourcePushed("ill", "r", error="ill: only read")])
            patched.setattr("flows.night.push", lambda *_, **__: stopped)
            report = night(folder)
            assert report.path is not None
            page = Tags(report.path.read_text(encoding="utf-8")).text
            assert page[: page.index("What failed")].count("pushing: ill: only read") == 2
            for told in (operator.taken(), of_the_pmo.taken()):
                assert [message["title"] for message in told] == ["pmo-hub: 1 new"]
            night(folder)
            assert operator.taken() == of_the_pmo.taken() == [], "it is known"
        night(folder)
        for told in (operator.taken(), of_the_pmo.taken()):
            assert [message["title"] for message in told] == ["pmo-hub: 1 over"]
