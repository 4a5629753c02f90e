"""A hub that has read a make-believe tool, and its queue: for tests of pushing. The tool here is Jira."""

from __future__ import annotations

import atexit
import shutil
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from flows.changes import WishLine, approve, ask, undo
from flows.push import PushReport, push
from flows.sync import sync
from model.change import WantedChange
from model.config import HubSettings, Settings, SourceSettings
from sandbox.jira import HUB_EMAIL, TOKEN, JiraServer, Seen
from sandbox.jira_company import tracker_of
from sandbox.jira_records import Issue
from sandbox.jira_tracker import Tracker
from warehouse.desk import Desk
from warehouse.queue import RecordedStep
from warehouse.read import Reader

SOURCE = "acme"
AS_OF = date(2026, 11, 20)
WRITING = ("PUT", "DELETE")


class PushingHub:
    """A hub and its queue, whatever tool it has read as `acme`."""

    folder: Path
    settings: Settings

    def wish_of(self, native_id: str, *, reason: str | None = None, by: str = "ada", **wanted: str) -> int:
        """The number of the change, of the first where several fields are wanted."""
        asked = ask(self.settings, [WishLine(f"{SOURCE}:{native_id}", reason=reason, **wanted)], by)
        assert all(one.change_id is not None for one in asked), asked
        return asked[0].change_id or 0

    def push(self, **options: Any) -> PushReport:
        return push(self.settings, publishing=options.pop("publishing", False), **options)

    def sync(self) -> None:
        assert sync(self.settings).exit_status == 0

    def undo(self, *ids: int) -> list[int]:
        return [change.id for change in undo(self.settings, ids, "ada", None)]

    def approve(self, *ids: int, by: str = "bea") -> None:
        approve(self.settings, ids, by)

    def change(self, id_: int) -> WantedChange:
        with Desk(self.settings.data / "desk.sqlite") as desk:
            return desk.queue.of([id_])[0]

    def changes(self) -> list[WantedChange]:
        with Desk(self.settings.data / "desk.sqlite") as desk:
            return desk.queue.all()

    def steps(self, id_: int) -> list[RecordedStep]:
        with Desk(self.settings.data / "desk.sqlite") as desk:
            return desk.queue.steps(id_)

    def shown_of(self, native_id: str) -> tuple[str, str]:
        """Status and priority of an issue in the portfolio file, in the tool's words."""
        with Reader(self.settings.data) as reader:
            row = reader.sql(f"SELECT native_status, native_priority FROM issues WHERE native_id = '{native_id}'").rows
        return row[0]


@dataclass
class Office(PushingHub):
    """`settings` of the source may be given to any of its methods' `office`; changes need no approval."""

    folder: Path
    server: JiraServer
    settings: Settings
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def tracker(self) -> Tracker:
        return self.server.tracker

    def with_(self, **more: Any) -> Office:
        """The same office under other settings of the source."""
        return Office(self.folder, self.server, settings_of(self.folder, self.server.url, **self.more | more), more)

    def issues(self, project: str, status: str) -> list[Issue]:
        """Issues of a project in a status, by its name, none of them hidden; those of its commonest type first."""
        id_ = next(p.id for p in self.tracker.projects.values() if p.key == project)
        of_project = [i for i in self.tracker.issues.values() if i.project_id == id_ and not i.hidden]
        types = Counter(i.type_id for i in of_project)
        found = [i for i in of_project if self.tracker.statuses[i.status_id].name == status]
        return sorted(found, key=lambda i: (-types[i.type_id], i.id))

    def wish(self, issue: Issue, **wanted: Any) -> int:
        return self.wish_of(str(issue.id), **wanted)

    def writes(self) -> list[Seen]:
        """Requests that changed, or would have changed, something."""
        return [seen for seen in self.server.requests if is_write(seen.method, seen.target)]

    def shown(self, issue: Issue) -> tuple[str, str]:
        return self.shown_of(str(issue.id))

    def on_write(self, do: Callable[[str], object]) -> None:
        """Calls `do` with the address of each writing request, before it is answered."""

        def before(method: str, target: str, _body: bytes) -> None:
            if is_write(method, target):
                do(target)

        self.server.before_any = before


def is_write(method: str, target: str) -> bool:
    return method in WRITING or (method == "POST" and target.endswith(("/transitions", "/comment")))


def settings_of(folder: Path, url: str, **more: Any) -> Settings:
    given = {"name": SOURCE, "type": "jira", "url": url, "email": HUB_EMAIL, "token": TOKEN, "approval": "none"}
    hub = {"data": str(folder / "data")} | ({"max_changes": more["max_changes"]} if "max_changes" in more else {})
    source = SourceSettings(**given | {"tries": 2} | more)
    return Settings(hub=HubSettings(**hub), sources={SOURCE: source}, path=folder / "pmo.toml")


SHOWN_URL = "https://alder.example.net"
_read_before: dict[Hashable, Path] = {}


def read_once(hub: PushingHub, what: Hashable) -> None:
    """Reads the tool. The same company is read but once in a process, and the hub of then copied."""
    data, before = hub.folder / "data", _read_before.get(what)
    if before is not None:
        shutil.copytree(before, data, symlinks=True)
        return
    hub.sync()
    before = _read_before[what] = Path(mkdtemp(prefix="pmo-office-"))
    atexit.register(shutil.rmtree, before, ignore_errors=True)
    shutil.copytree(data, before, symlinks=True, dirs_exist_ok=True)


@contextmanager
def office(folder: Path, *, seed: int = 7, issues: int = 160, **more: Any) -> Iterator[Office]:
    """A fresh one, read once: in ERP there are at least four tasks in each of its usual states."""
    tracker = tracker_of(seed=seed, issues=issues, as_of=AS_OF)
    _arrange(tracker)
    with JiraServer(tracker, shown_url=SHOWN_URL) as server:
        made = Office(folder, server, settings_of(folder, server.url, **more), more)
        read_once(made, (seed, issues))
        server.requests.clear()
        yield made


def named(tracker: Tracker, kind: str, name: str) -> str:
    """The id of the first word of that name."""
    words: Sequence[Any] = list(getattr(tracker, kind).values())
    return next(word.id for word in words if word.name == name)


def _arrange(tracker: Tracker) -> None:
    erp = next(p for p in tracker.projects.values() if p.key == "ERP")
    kinds = [t.id for t in tracker.types.values() if t.level == 0 and t.id in erp.type_ids]
    tasks = [i for i in tracker.issues.values() if i.project_id == erp.id and i.type_id in kinds and not i.hidden]
    states = ["In Progress", "In Review", "To Do", "Done"]
    medium = named(tracker, "priorities", "Medium")
    for n, issue in enumerate(tasks[:16]):
        to = next(id_ for id_ in erp.status_ids if tracker.statuses[id_].name == states[n % 4])
        tracker.edit(issue.id, by=issue.reporter or "", type_id=kinds[0], priority_id=medium, status_id=to)
