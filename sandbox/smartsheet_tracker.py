"""The ways people change a make-believe Smartsheet, each leaving behind what Smartsheet would leave.

`sandbox.smartsheet` serves it, `sandbox.smartsheet_random` fills it. Odd as the real one: a sheet's version rises with
formats and refreshed links too, which move no row's `modified`; a renamed column marks no row; a row that moves to
another sheet gets a new id; a sheet that was deleted or is not shared is simply not there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.smartsheet_gantt import reckon
from sandbox.smartsheet_records import Cell, Column, Discussion, Link, Past, Row, Sheet, Value, Written
from sandbox.smartsheet_store import Store
from sandbox.smartsheet_values import plain

__all__ = ["Tracker"]


class Tracker(Store):
    """Changes are made by the sheet's owner unless `by` names another's e-mail; columns are named by id or title."""

    # ------------------------------------------------------------ cells

    def edit(self, row_id: int, column: int | str, value: Any, *, by: str | None = None) -> None:
        """Puts a simple value into a cell, as a person at the screen may."""
        with self.lock:
            row = self.rows[row_id]
            sheet = self.sheets[row.sheet_id]
            one = self.column(sheet.id, column)
            self.put(row, one, plain(one, value, [r.id for r in sheet.rows]), self._by(by, sheet))
            self.settle(sheet, [row], self._by(by, sheet), dates=bool(one.tags))

    def put(self, row: Row, column: Column, value: Value, by: int, *, formula: str = "", request: int = 0) -> None:
        """Changes one cell and its history; `settle` is to follow. With `request`, it goes into the journal."""
        cell = row.cells.setdefault(column.id, Cell())
        before = cell.value
        if not cell.past:
            cell.past.append(Past(row.created, row.created_by, before))
        cell.value, cell.formula, cell.link, cell.hyperlink, cell.image = value, formula, None, None, None
        cell.past.append(Past(self.now(), by, value))
        if request:
            who = self.users[by].email
            self.writes.append(Written(request, self.now(), who, row.sheet_id, row.id, column.id, before, value))

    def settle(self, sheet: Sheet, rows: list[Row], by: int, *, dates: bool = True) -> None:
        """Ends one change: a new version, the rows' marks, and the dates that may follow from it."""
        sheet.version += 1
        moved = reckon(sheet) if sheet.dependencies and dates else []
        for row in {row.id: row for row in rows + moved}.values():
            row.modified, row.modified_by, row.version = self.now(), by, sheet.version
        self._touched(sheet, by)

    def _touched(self, sheet: Sheet, by: int) -> None:
        sheet.modified = self.now()
        self.changes += 1
        self._event("UPDATE", "SHEET", sheet.id, by)

    def set_formula(self, row_id: int, column: int | str, formula: str, value: Value) -> None:
        """A cell that is worked out; errors are values such as "#UNPARSEABLE"."""
        with self.lock:
            row = self.rows[row_id]
            sheet = self.sheets[row.sheet_id]
            self.put(row, self.column(sheet.id, column), value, sheet.owner_id, formula=formula)
            self.settle(sheet, [row], sheet.owner_id)

    def link_cell(self, row_id: int, column: int | str, from_row: int, from_column: int | str) -> None:
        """Takes the value from a cell of another sheet."""
        with self.lock:
            row, source = self.rows[row_id], self.rows[from_row]
            sheet, other = self.sheets[row.sheet_id], self.sheets[source.sheet_id]
            theirs, ours = self.column(other.id, from_column), self.column(sheet.id, column)
            self.put(row, ours, self.value(source, theirs), sheet.owner_id)
            row.cells[ours.id].link = Link(other.id, source.id, theirs.id, other.name)
            self.settle(sheet, [row], sheet.owner_id)

    def refresh_links(self, sheet_id: int) -> None:
        """Linked cells take their sources' values; broken where those are gone. No row's `modified` moves."""
        with self.lock:
            sheet = self.sheets[sheet_id]
            for cell in [cell for row in sheet.rows for cell in row.cells.values() if cell.link]:
                assert cell.link is not None
                source = self.rows.get(cell.link.row_id)
                gone = source is None or self.sheets[cell.link.sheet_id].deleted
                cell.link = cell.link._replace(status="BROKEN" if gone else "OK")
                if source is not None and not gone:
                    cell.value = self.value(source, self.column(source.sheet_id, cell.link.column_id))
            self._raise(sheet)

    def format(self, sheet_id: int) -> None:
        """Colours, comments, widths: a new version, and nothing else is different."""
        with self.lock:
            self._raise(self.sheets[sheet_id])

    def discuss(self, row_id: int, text: str, *, by: str | None = None) -> Discussion:
        """A comment that begins a discussion of a row: a new version of the sheet, and the row itself stays."""
        with self.lock:
            row = self.rows[row_id]
            sheet = self.sheets[row.sheet_id]
            row.discussions.append(Discussion(self.next_id(), self.now(), self._by(by, sheet), text))
            self._raise(sheet)
            return row.discussions[-1]

    def _raise(self, sheet: Sheet) -> None:
        sheet.version += 1
        self._touched(sheet, sheet.owner_id)

    # ------------------------------------------------------------ rows

    def add_row(
        self,
        sheet_id: int,
        values: Mapping[str, Any],
        *,
        parent: int | None = None,
        at: int | None = None,
        by: str | None = None,
    ) -> Row:
        """At the end of the sheet, of its parent's rows, or as row number `at`."""
        with self.lock:
            sheet = self.sheets[sheet_id]
            if at is None and parent is not None:
                at = sheet.rows.index(self.rows[parent]) + len(self.below(self.rows[parent])) + 1
            row = self.insert(sheet, len(sheet.rows) + 1 if at is None else at, parent, self._by(by, sheet))
            numbers = [one.id for one in sheet.rows]
            for title, value in values.items():
                column = self.column(sheet_id, title)
                row.cells[column.id] = Cell(plain(column, value, numbers))
            self.settle(sheet, [row], self._by(by, sheet))
            return row

    def insert(self, sheet: Sheet, at: int, parent: int | None, by: int) -> Row:
        """A row with no cells; `settle` is to follow."""
        row = self._new_row(sheet, by)
        row.parent_id = parent
        sheet.rows.insert(at - 1, row)
        return row

    def delete_row(self, row_id: int, *, by: str | None = None) -> list[int]:
        """With all rows under it; returns the ids that are gone. Links and predecessors to it go stale."""
        with self.lock:
            gone = self.below(self.rows[row_id])
            sheet = self.sheets[gone[0].sheet_id]
            self._take_out(sheet, gone)
            for row in gone:
                del self.rows[row.id]
            self.settle(sheet, [], self._by(by, sheet))
            return [row.id for row in gone]

    def _take_out(self, sheet: Sheet, rows: list[Row]) -> None:
        at = sheet.rows.index(rows[0])
        del sheet.rows[at : at + len(rows)]

    def move_row(self, row_id: int, to: int, *, parent: int | None = None, by: str | None = None) -> None:
        """To row number `to` (as counted without it), with all rows under it; `parent` becomes its parent."""
        with self.lock:
            row = self.rows[row_id]
            sheet = self.sheets[row.sheet_id]
            self.shift(row, to, parent)
            self.settle(sheet, [row], self._by(by, sheet))

    def shift(self, row: Row, to: int, parent: int | None) -> None:
        """`settle` is to follow."""
        moved, sheet = self.below(row), self.sheets[row.sheet_id]
        self._take_out(sheet, moved)
        sheet.rows[to - 1 : to - 1] = moved
        row.parent_id = parent

    def indent(self, row_id: int, *, by: str | None = None) -> bool:
        """Puts it under the row above it of its own level; False where there is none."""
        with self.lock:
            row = self.rows[row_id]
            sheet = self.sheets[row.sheet_id]
            above = [one for one in sheet.rows[: sheet.rows.index(row)] if one.parent_id == row.parent_id]
            if not above:
                return False
            row.parent_id = above[-1].id
            self.settle(sheet, [row], self._by(by, sheet))
            return True

    def outdent(self, row_id: int, *, by: str | None = None) -> bool:
        """Puts it beside its parent; its later sisters become its children, as on the screen."""
        with self.lock:
            row = self.rows[row_id]
            if row.parent_id is None:
                return False
            sheet, parent = self.sheets[row.sheet_id], self.rows[row.parent_id]
            for one in sheet.rows[sheet.rows.index(row) + 1 :]:
                if one.parent_id == parent.id:
                    one.parent_id = row.id
            row.parent_id = parent.parent_id
            self.settle(sheet, [row], self._by(by, sheet))
            return True

    def send_row(
        self, row_id: int, to_sheet: int, *, by: str | None = None, keep: bool = False, alone: bool = False
    ) -> dict[int, int]:
        """Moves it and all under it to the end of another sheet; columns by title. Returns new ids by old ones.

        With `keep` it is a copy that goes, and `alone` leaves those under it behind.
        """
        with self.lock:
            sent = [self.rows[row_id]] if alone else self.below(self.rows[row_id])
            sheet, other = self.sheets[sent[0].sheet_id], self.sheets[to_sheet]
            user = self._by(by, sheet)
            ids = self.copy_rows(sent, other, user)
            if not keep:
                self.delete_row(row_id, by=by)
            self.settle(other, [self.rows[id_] for id_ in ids.values()], user)
            self._event("COPY_ROW" if keep else "MOVE_ROW", "SHEET", sheet.id, user, destinationSheetId=to_sheet)
            return ids

    def copy_rows(self, rows: list[Row], other: Sheet, by: int) -> dict[int, int]:
        """To the end of another sheet; columns by title. `settle` is to follow. Returns new ids by old ones."""
        titles = {column.title: column for column in reversed(other.columns)}
        ids: dict[int, int] = {}
        for row in rows:
            new = self._new_row(other, by)
            ids[row.id] = new.id
            new.parent_id = ids.get(row.parent_id) if row.parent_id is not None else None
            for column in self.sheets[row.sheet_id].columns:
                held = row.cells.get(column.id)
                if held is not None and column.title in titles and not titles[column.title].system:
                    new.cells[titles[column.title].id] = Cell(held.value)
            other.rows.append(new)
        return ids

    # ------------------------------------------------------------ columns

    def add_column(self, sheet_id: int, title: str, *, at: int | None = None, **given: Any) -> Column:
        with self.lock:
            sheet = self.sheets[sheet_id]
            column = Column(self.next_id(), title, **given)
            sheet.columns.insert(len(sheet.columns) if at is None else at, column)
            self._raise(sheet)
            return column

    def rename_column(self, sheet_id: int, column: int | str, title: str) -> None:
        with self.lock:
            self.column(sheet_id, column).title = title
            self._raise(self.sheets[sheet_id])

    def delete_column(self, sheet_id: int, column: int | str) -> None:
        """Its values go with it."""
        with self.lock:
            sheet, one = self.sheets[sheet_id], self.column(sheet_id, column)
            sheet.columns.remove(one)
            for row in sheet.rows:
                row.cells.pop(one.id, None)
            self._raise(sheet)

    def retype_column(self, sheet_id: int, column: int | str, type_: str, **given: Any) -> None:
        """Cells keep what they hold: words in a column of days stay words. `given` are further fields of `Column`."""
        with self.lock:
            one = self.column(sheet_id, column)
            one.type = type_
            for name, value in given.items():
                setattr(one, name, value)
            self._raise(self.sheets[sheet_id])

    def set_options(self, sheet_id: int, column: int | str, options: list[str]) -> None:
        """Adds, removes, renames or reorders a picklist's options; cells keep the words they hold."""
        with self.lock:
            self.column(sheet_id, column).options = list(options)
            self._raise(self.sheets[sheet_id])

    def add_option(self, sheet_id: int, column: int | str, option: str) -> None:
        self.set_options(sheet_id, column, [*self.column(sheet_id, column).options, option])

    # ------------------------------------------------------------ sheets

    def rename_sheet(self, sheet_id: int, name: str) -> None:
        with self.lock:
            sheet = self.sheets[sheet_id]
            sheet.name = name
            self._raise(sheet)
            self._event("RENAME", "SHEET", sheet_id, sheet.owner_id, sheetName=name)

    def delete_sheet(self, sheet_id: int, *, by: str | None = None) -> None:
        self._there(sheet_id, False, self._by(by, self.sheets[sheet_id]))

    def restore_sheet(self, sheet_id: int, *, by: str | None = None) -> None:
        """Out of the deleted items, as it was."""
        self._there(sheet_id, True, self._by(by, self.sheets[sheet_id]))

    def _there(self, sheet_id: int, there: bool, by: int) -> None:
        with self.lock:
            self.sheets[sheet_id].deleted = not there
            self.changes += 1
            self._event("RESTORE" if there else "DELETE", "SHEET", sheet_id, by)

    def share(self, sheet_id: int, email: str, level: str = "VIEWER") -> None:
        with self.lock:
            sheet = self.sheets[sheet_id]
            sheet.shares[self.user(email).id] = level
            self.changes += 1
            self._event("ADD_SHARE", "SHEET", sheet_id, sheet.owner_id, accessLevel=level)

    def unshare(self, sheet_id: int, email: str) -> None:
        """Its own share alone: one of its workspace stays."""
        with self.lock:
            sheet = self.sheets[sheet_id]
            sheet.shares.pop(self.user(email).id, None)
            self.changes += 1
            self._event("REMOVE_SHARE", "SHEET", sheet_id, sheet.owner_id)

    def share_workspace(self, workspace_id: int, email: str, level: str | None) -> None:
        """None takes the share back."""
        with self.lock:
            shares, id_ = self.workspaces[workspace_id].shares, self.user(email).id
            shares.pop(id_, None)
            if level is not None:
                shares[id_] = level
            self.changes += 1

    def place_sheet(self, sheet_id: int, *, workspace: int | None = None, folder: int | None = None) -> None:
        """Moves it to a workspace or a folder, or out of all of them."""
        with self.lock:
            sheet = self.sheets[sheet_id]
            sheet.workspace_id = self.folders[folder].workspace_id if folder else workspace
            sheet.folder_id = folder
            self.changes += 1
            self._event("MOVE", "SHEET", sheet_id, sheet.owner_id)
