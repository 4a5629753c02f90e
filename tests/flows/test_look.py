"""What a push's look at an issue leaves for the next run: what may have changed in the same moment is read again."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

import connectors
from flows.config import load
from flows.look import look_at
from flows.outbox import Outbox
from flows.pull import new_run_id, stream_facts
from flows.sync import OpenHub, sync
from sandbox.redmine import ADMIN_KEY, RedmineServer
from sandbox.redmine_tracker import Tracker
from tests.running import configured
from warehouse import ledger
from warehouse.landing import Landing


@pytest.mark.parametrize(("seconds_later", "due"), [(0, 1), (30, 0)])
def test_an_issue_looked_at_just_when_it_changed_is_read_again(
    seconds_later: int, due: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Tools tell time in seconds: a comment may follow within the one in which the change was read back."""
    monkeypatch.setenv("SANDBOX_KEY", ADMIN_KEY)
    tracker, now = Tracker(issues=20, seed=4), time.time()
    tracker.clock = lambda: now
    with RedmineServer(tracker) as server:
        settings = load(configured(tmp_path / "pmo", server.url) / "pmo.toml")
        now += 60
        assert sync(settings, publishing=False).exit_status == 0
        now += 60
        tracker.edit(3, status_id=5)
        now += seconds_later
        source = settings.sources["ops"]
        connector = connectors.connect(source)
        with OpenHub(settings) as opened:
            landing = Landing(opened.hub, opened.archive, {"ops": stream_facts(connector.streams)})
            outbox = Outbox(landing, "ops", new_run_id(datetime.now(UTC)))
            assert set(look_at(connector, outbox, ["3"], ["status"], {})) == {"3"}
            assert ledger.pending_count(opened.hub, "ops", "issue_changes") == due
        connector.close()
