"""A hub over three tools for tests of nights: a real Redmine, a make-believe Jira, and a Redmine that may fall ill.

What was written is counted where it is kept, with no code of the connectors: Redmine's journals by its API, the make-
believe Jira's own history.
"""

from __future__ import annotations

import random
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar
from unittest.mock import patch

import pytest

from flows.changes import WishLine, approve, ask
from flows.config import load
from model.change import WantedChange
from model.config import Settings
from model.vocabulary import ChangeState
from sandbox.jira import HUB_EMAIL, TOKEN, JiraServer
from sandbox.jira_records import Issue
from sandbox.jira_truth import Truth
from sandbox.jira_workflow import ways
from sandbox.redmine import ADMIN_KEY, RedmineServer
from tests.inbox import Inbox
from tests.pushing import is_write
from tests.real.redmine_server import Redmine
from tests.running import CLI, pmo, well
from warehouse.compare import differences
from warehouse.desk import Desk

CONFIG = """\
[hub]
timezone = "Europe/Berlin"
tries = 2

[sources.ops]
type = "redmine"
url = "{ops}"
token = "${{REDMINE_KEY}}"
in_flight = 1  # on SQLite even a request that reads may be in the way of one that writes
comment = "{{asker}} asked for {{what}}"

[sources.acme]
type = "jira"
url = "{acme}"
email = "${{JIRA_EMAIL}}"
token = "${{JIRA_TOKEN}}"
comment = "{{asker}} asked for {{what}}"

[sources.ill]
type = "redmine"
url = "{ill}"
token = "${{SANDBOX_KEY}}"

[notify]
urls = ["${{INBOX}}"]
"""
EACH = 3
"""So many changes of a kind: Redmine's priorities, Jira's priorities, Jira's statuses."""
CANCELLED = "10004"  # where a way leads from everywhere
NOBODY = "json://127.0.0.1:9/"


@dataclass
class ThreeTools:
    """`wish` takes issues that nothing was wanted of before, so that each write is known by its issue and field."""

    redmine: Redmine
    jira: JiraServer
    ill: RedmineServer
    touched: ClassVar[dict[str, set[int]]] = {}  # of each Redmine, which outlives a test
    _keys: dict[str, int] = field(default_factory=dict)
    _go_on: threading.Event = field(default_factory=threading.Event)

    def config(self) -> str:
        return CONFIG.format(ops=self.redmine.url, acme=self.jira.url, ill=self.ill.url)

    def variables(self, inbox: Inbox | None = None) -> dict[str, str]:
        """Those that the configuration names."""
        told = {"REDMINE_KEY": self.redmine.admin_key, "JIRA_EMAIL": HUB_EMAIL, "JIRA_TOKEN": TOKEN}
        return told | {"SANDBOX_KEY": ADMIN_KEY, "INBOX": inbox.url if inbox else NOBODY}

    def settings(self, folder: Path) -> Settings:
        with pytest.MonkeyPatch.context() as patched:
            for name, value in self.variables().items():
                patched.setenv(name, value)
            return load(folder / "pmo.toml", secrets=True)

    @contextmanager
    def inbox(self) -> Iterator[Inbox]:
        one = Inbox()
        try:
            yield one
        finally:
            one.close()

    def read(self, folder: Path) -> None:
        """The hub of that folder reads all of them, undisturbed."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "pmo.toml").write_text(self.config(), encoding="utf-8")
        well(pmo("sync", cwd=folder, via=CLI, **self.variables()))

    def counted(self) -> dict[str, int]:
        """How many issues an account sees, as the tools say."""
        ops = self.redmine.get("/issues.json", status_id="*", limit=1)["total_count"]
        seen = Truth(self.jira.tracker, HUB_EMAIL).seen()
        return {"ops": ops, "acme": len(seen), "ill": len(self.ill.tracker.issues)}

    def make_ill(self) -> None:
        """Its password is another one."""
        self._keys = dict(self.ill.keys)
        self.ill.keys.clear()

    def heal(self) -> None:
        self.ill.keys.update(self._keys)

    # ---- changes -----------------------------------------------------------------------------------------------------

    def wish(self, folder: Path) -> list[WantedChange]:
        """Changes asked for by one person and approved by another, which wait for the next push."""
        lines = [*self._redmine_wishes(), *self._jira_wishes()]
        settings = self.settings(folder)
        asked = ask(settings, lines, "ada")
        ids = [one.change_id for one in asked if one.change_id is not None]
        assert len(ids) == len(lines) == 3 * EACH, asked
        approve(settings, ids, "bea")
        return self._changes(folder)

    def _redmine_wishes(self) -> Iterator[WishLine]:
        """Priorities of open issues that no test has touched before; a parent's is its children's."""
        living = {p["id"] for p in self.redmine.api_all("/projects.json") if p["status"] == 1}
        found = self.redmine.api_all("/issues.json", status_id="*", sort="id:asc")
        passed_over = {issue["parent"]["id"] for issue in found if issue.get("parent")}
        touched = ThreeTools.touched.setdefault(self.redmine.url, set())
        passed_over |= touched | {issue["id"] for issue in found if issue["status"].get("is_closed")}
        left = [i for i in found if i["id"] not in passed_over and i["project"]["id"] in living]
        for issue in left[:EACH]:
            touched.add(issue["id"])
            name = next(n for n in self.redmine.info["priorities"] if n != issue["priority"]["name"])
            yield WishLine(f"ops:{issue['id']}", priority=name)

    def _jira_wishes(self) -> Iterator[WishLine]:
        projects = self.jira.tracker.projects
        seen = Truth(self.jira.tracker, HUB_EMAIL).seen()
        graded = [i for i in seen if projects[i.project_id].has_priority and i.priority_id and not self._ours(i)]
        for issue in graded[:EACH]:
            yield WishLine(f"acme:{issue.id}", priority="2" if issue.priority_id != "2" else "3")
        may_end = {p.id for p in projects.values() if any((w.source, w.target) == (None, CANCELLED) for w in ways(p))}
        open_ones = [i for i in seen if i.project_id in may_end and i.status_id != CANCELLED and not self._ours(i)]
        for issue in open_ones[-EACH:]:
            yield WishLine(f"acme:{issue.id}", status=CANCELLED)

    def _ours(self, issue: Issue) -> bool:
        """Whether our account has changed it before."""
        return any(change.author == self._us for change in issue.changes)

    @property
    def _us(self) -> str:
        return self.jira.tracker.logins[HUB_EMAIL].account_id

    def _changes(self, folder: Path) -> list[WantedChange]:
        with Desk(folder / "data" / "desk.sqlite") as desk:
            return desk.queue.all()

    def assert_sent_once(self, folder: Path, wishes: list[WantedChange]) -> None:
        """Each is verified, and its tool has one write of it and one comment, by its own records."""
        now = {change.id: change for change in self._changes(folder)}
        for wish in wishes:
            told = f"{now[wish.id]}"
            assert now[wish.id].state is ChangeState.VERIFIED, told
            moves, comments = self._written(wish)
            assert moves == [now[wish.id].wish.value], f"{told}: written {moves}"
            assert comments == 1, f"{told}: {comments} comments"

    def _written(self, wish: WantedChange) -> tuple[list[str | None], int]:
        """Where the field was moved to since (in Jira: by our account), and how often our note was left."""
        id_ = int(wish.issue_id.partition(":")[2])
        if wish.source == "ops":
            asked_at = f"{wish.requested_at:%Y-%m-%dT%H:%M:%SZ}"
            journals = self.redmine.get(f"/issues/{id_}.json", include="journals")["issue"]["journals"]
            journals = [journal for journal in journals if journal["created_on"] >= asked_at]
            moves = [d["new_value"] for j in journals for d in j["details"] if d["name"] == f"{wish.field}_id"]
            return moves, sum("ada asked for" in (j.get("notes") or "") for j in journals)
        issue = self.jira.tracker.issues[id_]
        mine = [item for change in issue.changes if change.author == self._us for item in change.items]
        return [item.new for item in mine if item.field_id == wish.field], sum(
            "ada asked for" in comment.text for comment in issue.comments
        )

    def assert_as_undisturbed(self, folder: Path) -> None:
        """The tables equal those of a hub with the same desk that read the tools now, once and in peace."""
        other = folder / "undisturbed"
        shutil.rmtree(other, ignore_errors=True)
        (other / "data").mkdir(parents=True)
        with Desk(folder / "data" / "desk.sqlite"):  # closed properly: nothing of it is in the file beside it
            pass
        shutil.copy(folder / "data" / "desk.sqlite", other / "data" / "desk.sqlite")
        self.read(other)
        mine, theirs = folder / "data" / "portfolio.duckdb", other / "data" / "portfolio.duckdb"
        with patch("warehouse.compare.TOLD", 10_000):
            found = differences(mine, theirs)
        late = ("updated_at", "first_response_at")
        noted = tuple(f"issues: {change.issue_id}.{column} is" for change in self._changes(folder) for column in late)
        more = [line for line in found if not line.startswith(noted)]
        assert not more, more[:5]
        if found:  # a comment follows what was read back: the next reading knows of it
            well(pmo("sync", cwd=folder, via=CLI, **self.variables()))
            assert differences(mine, theirs) == []

    def edit_ill(self, random_: random.Random) -> None:
        """Something to be pulled."""
        for id_ in random_.sample(sorted(self.ill.tracker.issues), 5):
            self.ill.tracker.edit(id_, subject=f"edited {random_.randrange(10**6)}")
        self.ill.tracker.add_issue()

    # ---- disturbances ------------------------------------------------------------------------------------------------

    def hold_at_write(self, nth: int) -> threading.Event:
        """Jira lets its n-th writing request wait until `go_on`; the event says that it was asked."""
        reached, writes = threading.Event(), 0
        self._go_on.clear()

        def before(method: str, target: str, _body: bytes) -> None:
            nonlocal writes
            writes += is_write(method, target)
            if is_write(method, target) and writes == nth:
                reached.set()
                assert self._go_on.wait(120)

        self.jira.before_any = before
        return reached

    def go_on(self) -> None:
        self.jira.before_any = None
        self._go_on.set()
