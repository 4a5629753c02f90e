"""Random histories of a make-believe Smartsheet: people work, answers fail, and the tables end as its truth is.

One history is a few sheets in a workspace and outside of it, read over real HTTP. Each round moves them on by a random
hand, disturbs a sync (faults, moves between two answers), lets undisturbed ones follow, and compares every row with the
twin's own records; in the end a rebuild must give equal tables. The seed is printed, and stands in what fails.
"""

from __future__ import annotations

import os
import random
from contextlib import closing
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from connectors import http
from flows.config import load
from flows.rebuild import rebuild
from flows.sync import sync
from model.vocabulary import RunState
from sandbox.smartsheet import ADMIN_TOKEN, SmartsheetServer
from sandbox.smartsheet_records import Row, Sheet
from tests.sheets import a_company, add_notes, add_plan, add_tasks
from warehouse.compare import differences
from warehouse.hub import Hub
from warehouse.meaning import renew_meaning

KNOWN = (1,)
ME, OTHER = "ada.admin@example.com", "mira.lund@example.com"
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
TITLES = ("Task Name", "Aufgabe", "What")
OWN = {"Nr", "Created By"}


class Life:
    """A hub and the sheets it reads."""

    def __init__(self, folder: Path, server: SmartsheetServer, random_: random.Random) -> None:
        self.folder, self.server, self.tracker, self.random = folder, server, server.tracker, random_
        self.workspace = self.tracker.add_workspace("Infrastructure")
        add_plan(self.tracker, "Inside", workspace=self.workspace)
        add_tasks(self.tracker, "Inside, too", folder=self.tracker.add_folder("2026", workspace=self.workspace))
        within = random_.random() < 0.5
        self.within = within
        more = 'projects = ["workspace:Infrastructure", "Notes"]' if within else ""
        (folder / "pmo.toml").write_text(CONFIG.format(url=server.url, more=more), encoding="utf-8")
        self.moves = [
            self.edit, self.edit, self.edit, self.add, self.delete, self.indent, self.send, self.clear, self.rename,
            self.hide, self.show, self.place, self.retype, self.new_sheet,
        ]  # fmt: skip

    def settings(self) -> Any:
        with mock.patch.dict(os.environ, SANDBOX_KEY=ADMIN_TOKEN):
            return load(self.folder / "pmo.toml")

    def sync(self) -> Any:
        with (
            mock.patch.object(http, "wait_seconds", return_value=0.0),
            mock.patch.object(http.Pacing, "pause"),  # the tool's own waits are another test's
        ):
            (outcome,) = sync(self.settings(), publishing=False).sources
        self.tracker.advance(400)
        return outcome

    # ---- what people do

    def sheet(self) -> Sheet:
        return self.random.choice([s for s in self.tracker.sheets.values() if not s.deleted and s.rows])

    def row(self) -> Row:
        return self.random.choice(self.sheet().rows)

    def move(self, most: int) -> None:
        for _ in range(self.random.randint(1, most)):
            self.random.choice(self.moves)()
            self.tracker.advance(self.random.choice([0, 1, 30]))

    def edit(self) -> None:
        row = self.row()
        columns = [c.title for c in self.tracker.sheets[row.sheet_id].columns]
        titles = [t for t in columns if t in TITLES or t in ("Status", "% Complete", "Erledigt", "Fällig am")]
        title = self.random.choice(titles)
        some: dict[str, list[Any]] = {
            "Status": ["Not Started", "In Progress", "Complete", "#NO MATCH"],
            "% Complete": [0, 0.5, 1],
            "Erledigt": [True, None],
            "Fällig am": ["2026-04-01", "bald", None],
        }
        self.tracker.edit(row.id, title, self.random.choice(some.get(title, [f"Renamed {self.random.random()}"])))

    def add(self) -> None:
        sheet = self.sheet()
        title = next(c.title for c in sheet.columns if c.primary)
        parent = self.random.choice([None, self.random.choice(sheet.rows).id])
        self.tracker.add_row(sheet.id, {title: f"New {self.random.random()}"}, parent=parent)

    def delete(self) -> None:
        row = self.row()
        if len(self.tracker.sheets[row.sheet_id].rows) > 3:
            self.tracker.delete_row(row.id)

    def clear(self) -> None:
        """A row becomes a blank one."""
        row = self.row()
        for column in self.tracker.sheets[row.sheet_id].columns:
            if not column.system:
                self.tracker.edit(row.id, column.id, None)

    def indent(self) -> None:
        self.random.choice([self.tracker.indent, self.tracker.outdent])(self.row().id)

    def send(self) -> None:
        row, to = self.row(), self.sheet()
        if to.id != row.sheet_id and len(self.tracker.below(row)) < len(self.tracker.sheets[row.sheet_id].rows):
            self.tracker.send_row(row.id, to.id)

    def rename(self) -> None:
        sheet = self.sheet()
        if sheet.name != "Notes":
            self.tracker.rename_sheet(sheet.id, f"Sheet {self.random.random()}")

    def hide(self) -> None:
        sheet = self.sheet()
        if sheet.name != "Notes":
            self.tracker.delete_sheet(sheet.id)

    def show(self) -> None:
        for sheet in self.tracker.sheets.values():
            if sheet.deleted:
                self.tracker.restore_sheet(sheet.id)

    def place(self) -> None:
        self.tracker.place_sheet(self.sheet().id, workspace=self.random.choice([None, self.workspace]))

    def retype(self) -> None:
        sheet = self.sheet()
        column = self.random.choice([c for c in sheet.columns if not c.primary and not c.system])
        if column.title in ("Priority", "Areas", "Kosten", "Ratio"):
            self.tracker.rename_column(sheet.id, column.id, f"{column.title} now")

    def new_sheet(self) -> None:
        add = self.random.choice([add_notes, add_plan, add_tasks])
        owner = self.random.choice([ME, OTHER])
        sheet = add(self.tracker, f"New {self.random.random()}", owner=owner)
        if owner == OTHER and self.random.random() < 0.5:
            self.tracker.share(sheet.id, ME)

    # ---- what must hold

    def truth(self) -> dict[str, tuple[str, str | None, str | None]]:
        """Of what is to be read: title, parent and status, by id."""
        told = {}
        with self.tracker.lock:
            seen = self.tracker.sheets_of(self.tracker.user(ME))
            scope = [s for s in seen if not self.within or s.name == "Notes" or s.workspace_id == self.workspace]
            for sheet in scope:
                parents = {row.parent_id for row in sheet.rows}
                for row in sheet.rows:
                    held = {c.title: row.cells[c.id].value for c in sheet.columns if c.id in row.cells}
                    cells = {t: v for t, v in held.items() if v is not None and v is not False}
                    says = [v for t, v in cells.items() if t not in OWN and not str(v).startswith("#")]
                    if not says and row.id not in parents:
                        continue
                    title = next((str(cells[t]) for t in TITLES if t in cells), "")
                    status = cells.get("Status")
                    if "Erledigt" in {c.title for c in sheet.columns}:
                        status = "ticked" if cells.get("Erledigt") else "not ticked"
                    told[f"{sheet.id}/{row.id}"] = (
                        title,
                        f"plans:{sheet.id}/{row.parent_id}" if row.parent_id else None,
                        None if status is None or str(status).startswith("#") else str(status),
                    )
        return told

    def found(self) -> dict[str, tuple[str, str | None, str | None]]:
        with closing(Hub(self.folder / "data" / "hub.duckdb", megabytes=512)) as hub:
            rows = hub.rows(
                "SELECT native_id, title, parent_id, native_status FROM normal.issues WHERE availability = 'present'"
            )
        return {row[0]: tuple(row[1:]) for row in rows}

    def round(self) -> None:
        self.move(12)
        if self.random.random() < 0.6:
            self.disturbed()
        outcome = self.sync()
        assert outcome.state is RunState.DONE, outcome.error
        assert self.found() == self.truth()

    def disturbed(self) -> None:
        """Faults, and somebody at work between two answers; it may fail, and nothing may be lost by that."""
        for name in self.random.sample(FAULTS, 3):
            setattr(self.server.faults, name, 0.15)
        self.server.before = lambda _method, _path: self.move(1) if self.random.random() < 0.2 else None
        self.sync()
        self.server.before = None
        for name in FAULTS:
            setattr(self.server.faults, name, 0.0)

    def rebuilt(self) -> None:
        path = self.folder / "data" / "hub.duckdb"
        before = self.folder / "before.duckdb"
        before.write_bytes(path.read_bytes())
        rebuild(self.settings())
        with closing(Hub(before, megabytes=512)) as one, closing(Hub(path, megabytes=512)) as other:
            renew_meaning(one, {})
            renew_meaning(other, {})
            assert differences(one, other) == []


@pytest.mark.parametrize("seed", [*KNOWN, random.SystemRandom().randrange(10**6)])
def test_a_history_ends_as_the_tool_is(tmp_path: Path, seed: int) -> None:
    print(f"seed {seed}")
    random_ = random.Random(seed)
    with SmartsheetServer(a_company(random_.randrange(1000))) as server:
        life = Life(tmp_path, server, random_)
        try:
            for _ in range(3):
                life.round()
            life.rebuilt()
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from error
