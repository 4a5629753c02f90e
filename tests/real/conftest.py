"""Fixtures for tests against real servers. They run only when named: `make test-real`, or `pytest tests/real`.

`redmine` is one server for the whole session: tests may change its records, and must not rely on what others left.
`own_redmine` is one for a module, `new_redmine` starts further ones within a test; both begin with the records as they
were filled in. Databases are filled once a day and kept in pytest's cache, so that later starts take seconds. While
working on tests, REDMINE_FOLDER=/some/folder keeps the session's server, and what was done to it, from run to run.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from sandbox.jira import JiraServer
from sandbox.jira_company import tracker_of
from sandbox.redmine import RedmineServer
from sandbox.redmine_tracker import Tracker
from tests.real.redmine_server import NoRedmine, Redmine
from tests.real.three_tools import ThreeTools


@contextmanager
def _running(folder: Path, config: pytest.Config, *, keep: bool = False) -> Iterator[Redmine]:
    cache = getattr(config, "cache", None)  # none with `-p no:cacheprovider`
    try:
        server = Redmine.start(folder, templates=cache.mkdir("redmine") if cache else None)
    except NoRedmine as told:
        pytest.skip(str(told))
    try:
        yield server
    finally:
        server.stop(keep=keep)


@pytest.fixture(scope="session")
def redmine(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Redmine]:
    """A real Redmine, shared by all tests of the session."""
    kept = os.environ.get("REDMINE_FOLDER")
    folder = Path(kept) if kept else tmp_path_factory.mktemp("redmine")
    with _running(folder, pytestconfig, keep=bool(kept)) as server:
        yield server


@pytest.fixture(scope="module")
def own_redmine(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Redmine]:
    """A real Redmine for the tests of one module, which may do with it what they like."""
    with _running(tmp_path_factory.mktemp("redmine"), pytestconfig) as server:
        yield server


@pytest.fixture
def new_redmine(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[Callable[[], Redmine]]:
    """Starts a real Redmine; it ends with the test."""
    with ExitStack() as servers:
        yield lambda: servers.enter_context(_running(tmp_path_factory.mktemp("redmine"), pytestconfig))


@pytest.fixture
def tools(own_redmine: Redmine) -> Iterator[ThreeTools]:
    """The module's real Redmine, and two make-believe tools of the test's own."""
    with JiraServer(tracker_of(issues=80)) as jira, RedmineServer(Tracker(issues=30, seed=4)) as ill:
        yield ThreeTools(own_redmine, jira, ill)
