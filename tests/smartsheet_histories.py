"""Random histories of a make-believe Smartsheet: people work, answers fail, and the tables end as its truth is.

One history is some random sheets, read over real HTTP. Each round moves them on (`sandbox.smartsheet_moves`), disturbs
a sync (faults, moves between two answers), and lets an undisturbed one follow: rows, titles and parents must be the
twin's own. In the end all columns must be those of a hub that reads everything afresh, and a rebuild must give equal
tables. The seed stands in what fails.
"""

from __future__ import annotations

import os
import random
from contextlib import closing
from pathlib import Path
from typing import Any
from unittest import mock

from connectors import http
from flows.config import load
from flows.rebuild import rebuild
from flows.sync import sync
from model.vocabulary import RunState
from sandbox.smartsheet import ADMIN_TOKEN, SmartsheetServer
from sandbox.smartsheet_moves import Mover
from sandbox.smartsheet_random import filled
from sandbox.smartsheet_records import Row, Sheet
from sandbox.smartsheet_values import text
from warehouse.compare import NOT_COMPARED, differences
from warehouse.hub import Hub
from warehouse.meaning import renew_meaning

KNOWN = (1, 237252)
ME = "ada.admin@example.com"
FAULTS = ("rate_429", "rate_429_bare", "rate_500", "rate_503", "rate_drop", "rate_truncate", "rate_short_page")
CONFIG = """\
[sources.plans]
type = "smartsheet"
url = "{url}"
token = "${{SANDBOX_KEY}}"
requests_per_second = 1000
tries = 12
loss_rows = 100000
{more}
"""
FROM_HISTORY = frozenset({"started_at", "resolved_at", "first_response_at"})
"""Columns that tell what was observed: who reads it all afresh has observed nothing."""
TABLES = ("projects", "issues", "issue_links", "milestones")
SCOPE = 'projects = ["workspace:Plant"]'


class Life:
    """A hub and the sheets it reads."""

    def __init__(self, folder: Path, server: SmartsheetServer, random_: random.Random) -> None:
        self.folder, self.server, self.tracker, self.random = folder, server, server.tracker, random_
        self.mover = Mover(self.tracker, random_, step_seconds=random_.choice([0, 1, 20]))
        self.plant = next(id_ for id_, one in self.tracker.workspaces.items() if one.name == "Plant")
        self.within = random_.random() < 0.5
        self.happened: dict[str, int] = {"rounds": 0, "disturbed syncs": 0}
        self.configure(folder)

    def configure(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        more = SCOPE if self.within else ""
        (folder / "pmo.toml").write_text(CONFIG.format(url=self.server.url, more=more), encoding="utf-8")

    def settings(self, folder: Path) -> Any:
        with mock.patch.dict(os.environ, SANDBOX_KEY=ADMIN_TOKEN):
            return load(folder / "pmo.toml")

    def sync(self, folder: Path) -> Any:
        with (
            mock.patch.object(http, "wait_seconds", return_value=0.0),
            mock.patch.object(http.Pacing, "pause"),  # the tool's own waits are another test's
        ):
            (outcome,) = sync(self.settings(folder), publishing=False).sources
        return outcome

    # ---- what must hold

    def truth(self) -> dict[str, tuple[str, str | None]]:
        """Title and parent of what is to be read, by id."""
        with self.tracker.lock:
            seen = self.tracker.sheets_of(self.tracker.user(ME))
            scope = [sheet for sheet in seen if not self.within or sheet.workspace_id == self.plant]
            return {
                f"{sheet.id}/{row.id}": (
                    self.title(sheet, row),
                    f"plans:{sheet.id}/{row.parent_id}" if row.parent_id else None,
                )
                for sheet in scope
                for row in sheet.rows
                if any(one.parent_id == row.id for one in sheet.rows) or self.holds_something(sheet, row)
            }

    def title(self, sheet: Sheet, row: Row) -> str:
        primary = next(column for column in sheet.columns if column.primary)
        held = row.cells.get(primary.id)
        return "" if held is None else text(held.value)

    def holds_something(self, sheet: Sheet, row: Row) -> bool:
        values = [row.cells[c.id].value for c in sheet.columns if c.id in row.cells and not c.system]
        return any(
            value not in (None, ()) and value is not False and not str(value).startswith("#") for value in values
        )

    def present(self, folder: Path) -> dict[str, list[tuple[Any, ...]]]:
        """All that is there, but for when it was seen, and what was seen before."""
        with closing(Hub(folder / "data" / "hub.duckdb", megabytes=512)) as hub:
            renew_meaning(hub, {})
            left_out = ", ".join(NOT_COMPARED)
            past = ", ".join(NOT_COMPARED | FROM_HISTORY)
            return {
                table: sorted(
                    hub.rows(
                        f"SELECT * EXCLUDE ({past if table == 'issues' else left_out}) FROM normal.{table} "
                        "WHERE availability = 'present'"
                    ),
                    key=str,
                )
                for table in TABLES
            }

    def found(self) -> dict[str, tuple[str, str | None]]:
        with closing(Hub(self.folder / "data" / "hub.duckdb", megabytes=512)) as hub:
            rows = hub.rows("SELECT native_id, title, parent_id FROM normal.issues WHERE availability = 'present'")
        return {row[0]: tuple(row[1:]) for row in rows}

    def round(self) -> None:
        self.happened["rounds"] += 1
        self.mover.move(self.random.randint(1, 15))
        if self.random.random() < 0.6:
            self.disturbed()
        outcome = self.sync(self.folder)
        assert outcome.state is RunState.DONE, outcome.error
        assert self.found() == self.truth()
        self.tracker.advance(self.random.choice([10, 1000]))

    def disturbed(self) -> None:
        """Faults, and somebody at work between two answers; it may fail, and nothing may be lost by that."""
        self.happened["disturbed syncs"] += 1
        for name in self.random.sample(FAULTS, 3):
            setattr(self.server.faults, name, 0.15)

        def work(_method: str, _path: str) -> None:
            if self.random.random() < 0.2:
                self.mover.move(1)

        self.server.before = work
        self.sync(self.folder)
        self.server.before = None
        for name in FAULTS:
            setattr(self.server.faults, name, 0.0)

    def read_afresh(self) -> None:
        afresh = self.folder / "afresh"
        self.configure(afresh)
        assert self.sync(afresh).state is RunState.DONE
        assert self.present(self.folder) == self.present(afresh)

    def rebuilt(self) -> None:
        path, before = self.folder / "data" / "hub.duckdb", self.folder / "before.duckdb"
        before.write_bytes(path.read_bytes())
        rebuild(self.settings(self.folder))
        with closing(Hub(before, megabytes=512)) as one, closing(Hub(path, megabytes=512)) as other:
            renew_meaning(one, {})
            renew_meaning(other, {})
            assert differences(one, other) == []


def run_history(seed: int, folder: Path) -> dict[str, int]:
    """Lives one history; gives back what happened, counted."""
    random_ = random.Random(seed)
    with SmartsheetServer(filled(sheets=5, rows=15, seed=random_.randrange(1000))) as server:
        life = Life(folder, server, random_)
        try:
            for _ in range(3):
                life.round()
            life.read_afresh()
            life.rebuilt()
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from error
    return life.happened
