"""The records of a make-believe Smartsheet as its API shows them; keys and their absence as in live recordings of 2020.

Who may see what, and pages, are the business of the routes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.smartsheet_records import Column, Folder, Report, Row, Sheet, User, Workspace
from sandbox.smartsheet_tracker import Tracker
from sandbox.smartsheet_values import instant, seen_type, shown

__all__ = ["COLUMN_VERSIONS", "Shape", "Views"]

ATTACHMENTS = ["LINK", "ONEDRIVE", "EGNYTE", "EVERNOTE", "FILE", "DROPBOX", "GOOGLE_DRIVE", "BOX_COM"]
WEEK = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY"]
COLUMN_VERSIONS = {"MULTI_CONTACT_LIST": 1, "MULTI_PICKLIST": 2}


@dataclass(frozen=True)
class Shape:
    """How a request wants rows and cells shown."""

    level: int = 1
    include: frozenset[str] = frozenset()
    exclude: frozenset[str] = frozenset()
    numeric: bool = False
    row_versions: bool = False
    column_ids: frozenset[int] | None = None


class Views:
    """Shows the records of one tracker to one account."""

    def __init__(self, tracker: Tracker, user: User, numeric: bool = False) -> None:
        self.tracker = tracker
        self.user = user
        self.numeric = numeric

    def at(self, seconds: int) -> str | int:
        return instant(seconds, self.numeric)

    def link(self, kind: str, id_: int) -> str:
        """A page's address, which tells nothing of the id."""
        return f"https://app.smartsheet.com/{kind}/{hashlib.sha256(str(id_).encode()).hexdigest()[:40]}"

    # ------------------------------------------------------------ people

    def profile(self, user: User) -> dict[str, Any]:
        name = {"firstName": user.first, "lastName": user.last, "locale": "en_US", "timeZone": "Europe/Berlin"}
        rights = {"admin": user.admin, "licensedSheetCreator": True, "groupAdmin": user.admin, "resourceViewer": True}
        account = {"id": self.tracker.plan_id, "name": self.tracker.company}
        return {"id": user.id, "email": user.email, **name, "account": account, **rights}

    def listed_user(self, user: User) -> dict[str, Any]:
        """Rights are for system admins alone."""
        found = {"id": user.id, "email": user.email, "name": user.name, "firstName": user.first, "lastName": user.last}
        rights: dict[str, Any] = {}
        if self.user.admin:
            rights = {"admin": user.admin, "licensedSheetCreator": True, "groupAdmin": False, "resourceViewer": True}
        return found | rights | {"status": user.status}

    # ------------------------------------------------------------ lists

    def listed(self, thing: Sheet | Report, include: Sequence[str] | set[str] | frozenset[str] = ()) -> dict[str, Any]:
        """A sheet or a report as lists show it."""
        kind = "sheets" if isinstance(thing, Sheet) else "reports"
        found: dict[str, Any] = {"id": thing.id, "name": thing.name, "accessLevel": self._level(thing)}
        if "ownerInfo" in include:
            found |= {"owner": self.tracker.users[thing.owner_id].email, "ownerId": thing.owner_id}
        found |= {"favorite": True} if self.is_favorite(kind[:-1], thing.id) else {}
        found |= {"permalink": self.link(kind, thing.id)}
        if isinstance(thing, Report):
            return found | {"isSummaryReport": False}
        found |= {"createdAt": self.at(thing.created), "modifiedAt": self.at(thing.modified)}
        if "sheetVersion" in include:
            found["version"] = thing.version
        if "source" in include and thing.source_id is not None:
            found["source"] = self._source(thing.source_id)
        return found

    def _source(self, id_: int) -> dict[str, Any]:
        return {"id": id_, "type": "sheet" if id_ in self.tracker.sheets else "template"}

    def is_favorite(self, kind: str, id_: int) -> bool:
        return (kind, id_) in self.tracker.beside.favorites.get(self.user.id, ())

    def _level(self, thing: Sheet | Report | Workspace | Folder) -> str:
        return self.tracker.access(self.user, thing) or "VIEWER"

    def workspace(self, workspace: Workspace) -> dict[str, Any]:
        found = {"id": workspace.id, "name": workspace.name, "accessLevel": self._level(workspace)}
        return found | {"permalink": self.link("workspaces", workspace.id)}

    def folder(self, folder: Folder) -> dict[str, Any]:
        return {"id": folder.id, "name": folder.name, "permalink": self.link("folders", folder.id)}

    def report(self, report: Report) -> dict[str, Any]:
        """All but columns and rows."""
        found = self.listed(report) | {"effectiveAttachmentOptions": ATTACHMENTS, "readOnly": True}
        found |= {"ganttEnabled": False, "cellImageUploadEnabled": True}
        return found | {"createdAt": self.at(report.created), "modifiedAt": self.at(report.modified)}

    # ------------------------------------------------------------ sheets

    def sheet(self, sheet: Sheet, include: frozenset[str] = frozenset()) -> dict[str, Any]:
        """All but columns and rows."""
        found: dict[str, Any] = {"id": sheet.id, "name": sheet.name, "version": sheet.version}
        found |= {"totalRowCount": len(sheet.rows), "accessLevel": self._level(sheet)}
        if "ownerInfo" in include:
            found |= {"owner": self.tracker.users[sheet.owner_id].email, "ownerId": sheet.owner_id}
        found |= {"effectiveAttachmentOptions": ATTACHMENTS, "ganttEnabled": sheet.dependencies}
        found |= {"dependenciesEnabled": sheet.dependencies, "resourceManagementEnabled": False}
        found |= {"cellImageUploadEnabled": True}
        found |= {"favorite": True} if self.is_favorite("sheet", sheet.id) else {}
        if sheet.dependencies:
            found["projectSettings"] = {"workingDays": WEEK, "nonWorkingDays": [], "lengthOfDay": 8} | sheet.project
        found["userSettings"] = {"criticalPathEnabled": False, "displaySummaryTasks": True} | sheet.settings
        if sheet.workspace_id is not None:
            workspace = self.tracker.workspaces[sheet.workspace_id]
            found["workspace"] = {"id": workspace.id, "name": workspace.name}
        if "source" in include and sheet.source_id is not None:
            found["source"] = self._source(sheet.source_id)
        found |= {"permalink": self.link("sheets", sheet.id), "createdAt": self.at(sheet.created)}
        found["modifiedAt"] = self.at(sheet.modified)
        return found | {"isMultiPicklistEnabled": any(c.type == "MULTI_PICKLIST" for c in sheet.columns)}

    def column(self, sheet: Sheet, column: Column, index: int, level: int) -> dict[str, Any]:
        kind = seen_type(column, level)
        found: dict[str, Any] = {"id": column.id, "version": COLUMN_VERSIONS.get(column.type, 0), "index": index}
        found |= {"title": column.title, "type": kind}
        optional: dict[str, Any] = {
            "primary": column.primary,
            "options": column.options if kind.endswith("PICKLIST") else [],
            "contactOptions": [{"name": one.name, "email": one.email} for one in column.contacts],
            "systemColumnType": column.system,
            "autoNumberFormat": (column.numbering or {"fill": "0000"}) if column.system == "AUTO_NUMBER" else {},
            "symbol": column.symbol,
            "tags": list(column.tags),
            "formula": column.formula,
            "locked": column.locked,
            "lockedForUser": column.locked and (bool(column.system) or not self._administers(sheet)),
            "hidden": column.hidden,
        }
        found |= {name: value for name, value in optional.items() if value}
        return found | {"validation": column.validation, "width": column.width}

    def rows(self, sheet: Sheet, rows: Sequence[Row], shape: Shape) -> Iterator[dict[str, Any]]:
        """Some rows of a sheet, in its order."""
        numbers, before, last = {}, {}, dict[int | None, int]()
        for number, row in enumerate(sheet.rows, 1):
            numbers[row.id] = number
            if row.parent_id in last:
                before[row.id] = last[row.parent_id]
            last[row.parent_id] = row.id
        columns = [c for c in sheet.columns if shape.column_ids is None or c.id in shape.column_ids]
        for row in rows:
            found: dict[str, Any] = {"id": row.id, "rowNumber": numbers[row.id]}
            found |= {"parentId": row.parent_id} if row.parent_id is not None else {}
            found |= {"siblingId": before[row.id]} if row.id in before else {}
            found |= {"version": row.version} if shape.row_versions else {}
            found["expanded"] = True
            found |= {"locked": True, "lockedForUser": not self._administers(sheet)} if row.locked else {}
            found |= {"createdAt": self.at(row.created), "modifiedAt": self.at(row.modified)}
            if "writerInfo" in shape.include:
                found |= {"createdBy": self.mini(row.created_by), "modifiedBy": self.mini(row.modified_by)}
            if "rowPermalink" in shape.include:
                found["permalink"] = f"{self.link('sheets', sheet.id)}?rowId={row.id}"
            yield found | {"cells": [one for c in columns if (one := self._cell(row, c, shape, numbers)) is not None]}

    def _hyperlink(self, given: dict[str, Any]) -> dict[str, Any]:
        """One to a sheet or a report has its page's address too."""
        named = next(((kind, given[f"{kind}Id"]) for kind in ("sheet", "report") if f"{kind}Id" in given), None)
        return given if named is None else {"url": self.link(f"{named[0]}s", named[1])} | given

    def _administers(self, sheet: Sheet) -> bool:
        return self._level(sheet) in ("ADMIN", "OWNER")

    def mini(self, user_id: int) -> dict[str, str]:
        user = self.tracker.users[user_id]
        return {"email": user.email, "name": user.name}

    def _cell(self, row: Row, column: Column, shape: Shape, numbers: dict[int, int]) -> dict[str, Any] | None:
        value = self.tracker.value(row, column)
        held = row.cells.get(column.id)
        if value is None and "nonexistentCells" in shape.exclude:
            return None
        found: dict[str, Any] = {"columnId": column.id}
        if "columnType" in shape.include:
            found["columnType"] = seen_type(column, shape.level)
        objects = "objectValue" in shape.include
        found |= shown(column, value, level=shape.level, objects=objects, number_of=numbers.get)
        if held is None:
            return found
        if held.formula or column.formula:
            found["formula"] = held.formula or column.formula
        if held.image:
            found["image"] = held.image
        if held.hyperlink:
            found["hyperlink"] = self._hyperlink(held.hyperlink)
        if held.link:
            link = held.link
            found["linkInFromCell"] = {"status": link.status, "sheetId": link.sheet_id}
            if "linkInFromCellDetails" not in shape.exclude:
                found["linkInFromCell"] |= {"rowId": link.row_id, "columnId": link.column_id}
                found["linkInFromCell"] |= {"sheetName": link.sheet_name}
        return found
