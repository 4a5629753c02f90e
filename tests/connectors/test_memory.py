"""The connector in memory obeys the contract, in all its manners."""

from __future__ import annotations

import itertools

import pytest

from connectors.contract import Census
from tests.bulk_tool import BulkConnector
from tests.connectors.contract import ConnectorContract
from tests.memory_tool import Manners, MemoryConnector, MemoryTracker, visible_ids


class _MemoryTool:
    secret = "no secret at all"
    kind: type[MemoryConnector] = MemoryConnector

    def __init__(self, manners: Manners) -> None:
        self.tracker = tracker = MemoryTracker()
        project = tracker.add_project()
        issues = [tracker.add_issue(project, title) for title in ("one", "zwei „ß“ 🐙", "three\nlines", "four")]
        tracker.tick()
        tracker.edit(issues[0], "status", "2")
        for issue, seconds in itertools.product(issues[:2], (900, 1800)):
            tracker.book(issue, project, seconds)
        tracker.link(issues[0], issues[1])
        tracker.tick(60)
        self.connector = self.kind(tracker, manners)

    def ids(self, stream: str) -> set[str]:
        return visible_ids(self.tracker, stream)

    def edit_issue(self) -> str:
        self.tracker.tick(5)
        self.tracker.edit(min(self.tracker.issues), "status", "3")
        return str(min(self.tracker.issues))

    def delete_issue(self) -> str:
        id_ = max(self.tracker.issues)
        self.tracker.delete_issue(id_)
        return str(id_)

    def offline(self) -> MemoryConnector:
        return self.kind(MemoryTracker(), self.connector.manners)


class TestMemory(ConnectorContract):
    @pytest.fixture(
        params=[
            Manners(),
            Manners(census=Census.COUNTS, page_size=2),
            Manners(repeats=True, page_size=2, vague=True),
            Manners(census=Census.COUNTS, day_window=True, silent_links=True),
        ],
        ids=["ids", "counts", "repeats", "days"],
    )
    def tool(self, request: pytest.FixtureRequest) -> _MemoryTool:
        return _MemoryTool(request.param)


class _BulkTool(_MemoryTool):
    kind = BulkConnector


class TestBulk(ConnectorContract):
    @pytest.fixture
    def tool(self) -> _BulkTool:
        return _BulkTool(Manners())
