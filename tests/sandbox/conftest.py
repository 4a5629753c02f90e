"""A make-believe Jira Cloud for each test of it, a whole company that nobody may change, and a small Smartsheet."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.jira import JiraServer
from sandbox.jira_company import tracker_of
from sandbox.jira_tracker import Tracker
from sandbox.smartsheet import SmartsheetServer
from sandbox.smartsheet_records import Sheet
from sandbox.smartsheet_tracker import Tracker as Plans
from tests.sandbox import smartsheet_browser
from tests.sandbox.jira_browser import AS_OF, NOW, Browser


@pytest.fixture(scope="session")
def company() -> Tracker:
    """All of Alder & Finch; read only."""
    return tracker_of(seed=7, as_of=AS_OF)


@pytest.fixture(scope="session")
def site(company: Tracker) -> Iterator[JiraServer]:
    """Serves the whole company; nobody may change it, its faults or its options."""
    with JiraServer(company) as server:
        yield server


@pytest.fixture
def tracker() -> Tracker:
    """A small company, to be changed; its clock stands still until it is moved on."""
    small = tracker_of(seed=3, as_of=AS_OF, issues=240)
    small.clock = lambda: NOW / 1000
    return small


@pytest.fixture
def server(tracker: Tracker) -> Iterator[JiraServer]:
    with JiraServer(tracker) as server:
        yield server


@pytest.fixture
def jira(server: JiraServer) -> Iterator[Browser]:
    with Browser(server.url) as browser:
        yield browser


@pytest.fixture
def whole(site: JiraServer) -> Iterator[Browser]:
    with Browser(site.url) as browser:
        yield browser


@pytest.fixture
def plans() -> Plans:
    """Three sheets, to be changed; the clock stands still until it is moved on."""
    return smartsheet_browser.small_plan()


@pytest.fixture
def smartsheet(plans: Plans) -> Iterator[SmartsheetServer]:
    with SmartsheetServer(plans) as server:
        yield server


@pytest.fixture
def hub(smartsheet: SmartsheetServer) -> smartsheet_browser.Browser:
    """The system admin, who owns two of the three."""
    return smartsheet_browser.Browser(smartsheet.url)


@pytest.fixture
def plan(plans: Plans) -> Sheet:
    """The first of them: five rows, one of them blank."""
    return smartsheet_browser.sheet_of(plans, "Plan A")
