"""A make-believe Smartsheet, a hub that has read it, and the queue: for tests of pushing into sheets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from model.config import HubSettings, Settings, SourceSettings
from sandbox.smartsheet import ADMIN_TOKEN, Seen, SmartsheetServer
from sandbox.smartsheet_records import Row, Sheet
from sandbox.smartsheet_tracker import Tracker
from tests.pushing import SOURCE, PushingHub, read_once
from tests.sheets import add_notes, add_plan, add_tasks

MIRA = "mira.lund@example.com"


@dataclass
class SheetsOffice(PushingHub):
    """Changes need no approval."""

    folder: Path
    server: SmartsheetServer
    settings: Settings
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def tracker(self) -> Tracker:
        return self.server.tracker

    def with_(self, **more: Any) -> SheetsOffice:
        """The same office under other settings of the source."""
        return SheetsOffice(self.folder, self.server, settings_of(self.folder, self.server.url, **self.more | more))

    def sheet(self, name: str) -> Sheet:
        return next(sheet for sheet in self.tracker.sheets.values() if sheet.name == name)

    def row(self, title: str) -> Row:
        """By what stands in its first column."""
        for row in self.tracker.rows.values():
            if self.held(row, self.tracker.sheets[row.sheet_id].columns[0].title) == title:
                return row
        raise KeyError(title)

    def held(self, row: Row, column: str) -> Any:
        return self.tracker.value(row, self.tracker.column(row.sheet_id, column))

    def wish(self, title: str, **wanted: str) -> int:
        row = self.row(title)
        return self.wish_of(f"{row.sheet_id}/{row.id}", **wanted)

    def writes(self) -> list[Seen]:
        return [seen for seen in self.server.requests if seen.method != "GET"]

    def on_write(self, do: Callable[[], object]) -> None:
        """Calls `do` before each writing request is answered."""

        def before(method: str, _path: str) -> None:
            if method != "GET":
                do()

        self.server.before = before


def settings_of(folder: Path, url: str, **more: Any) -> Settings:
    given = {"name": SOURCE, "type": "smartsheet", "url": url, "token": ADMIN_TOKEN, "approval": "none"}
    hub = {"data": str(folder / "data")} | ({"max_changes": more["max_changes"]} if "max_changes" in more else {})
    source = SourceSettings(**given | {"tries": 3, "in_flight": 4} | more)
    return Settings(hub=HubSettings(**hub), sources={SOURCE: source}, path=folder / "pmo.toml")


_served_at: list[int] = []
"""The port at which the three sheets were read first: a hub knows a Smartsheet by its address too."""


@contextmanager
def sheets_office(folder: Path, add: Callable[[Tracker], object] | None = None, **more: Any) -> Iterator[SheetsOffice]:
    """The invented company's three sheets, and what `add` adds, read once; the clock goes."""
    tracker = Tracker(seed=1)
    for one in (add_plan, add_tasks, add_notes):
        one(tracker)
    if add is not None:
        add(tracker)
    with SmartsheetServer(tracker, port=0 if add or not _served_at else _served_at[0]) as server:
        made = SheetsOffice(folder, server, settings_of(folder, server.url, **more), more)
        if add is None:
            _served_at[:] = [urlsplit(server.url).port or 0]
            read_once(made, "sheets")
        else:
            made.sync()
        server.requests.clear()
        yield made
