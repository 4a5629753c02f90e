"""One request to the make-believe Smartsheet, as its routes see it: parameters, pages, and answers that are not 200.

Codes and their texts are the vendor's published list (API 2.0, read 2026-11-27). Names and values of parameters are
case-sensitive: what is spelt otherwise is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sandbox.smartsheet_records import ACCESS, Folder, Row, Sheet, User, Workspace
from sandbox.smartsheet_tracker import Tracker

__all__ = ["UNEXPECTED", "Call", "Options", "Problem", "done", "error"]

MESSAGES = {
    1001: (401, "An Access Token is required."),
    1002: (401, "Your Access Token is invalid."),
    1003: (401, "Your Access Token has expired."),
    1004: (403, "You are not authorized to perform this action."),
    1006: (404, "Not Found"),
    1007: (404, "Version not supported."),
    1008: (400, "Unable to parse request. The following error occurred: {0}"),
    1012: (400, "Required object attribute(s) are missing from your request: {0}."),
    1016: (403, "The user is already a member of your account."),
    1018: (400, "The value {0} was not valid for the parameter {1}."),
    1020: (404, "User not found."),
    1024: (400, "The HTTP request body is required for this Method."),
    1025: (400, "The share already exists."),
    1030: (401, "You are unable to assume the user specified."),
    1031: (400, "The value {0} was not valid for the attribute {1}."),
    1032: (400, "The attribute(s) {0} are not allowed for this operation."),
    1034: (400, "Invalid Row Id."),
    1036: (400, "The columnId {0} is invalid."),
    1037: (400, "The columnId {0} is included more than once in a single row."),
    1039: (403, "Cannot edit a locked column {0}"),
    1042: (400, "The value for cell in column {0}, {1}, did not conform to the strict requirements for type {2}."),
    1046: (400, "Cells containing system values cannot be inserted or updated through the API, columnId : {0}."),
    1050: (403, "You cannot edit a locked row."),
    1051: (400, "Attachments of type FILE cannot be created using JSON."),
    1054: (400, "The new sheet requires either a fromId or columns."),
    1055: (400, "One and only one column must be primary."),
    1056: (400, "Column titles must be unique."),
    1057: (400, "Primary columns must be of type TEXT_NUMBER."),
    1060: (400, "Column options are not allowed for column type {0}."),
    1061: (400, "Max count exceeded for field {0}."),
    1062: (400, "Invalid row location."),
    1063: (400, "Invalid parentId: {0}."),
    1064: (400, "Invalid siblingId: {0}."),
    1067: (401, "Invalid client_id"),
    1068: (400, "Unsupported grant type."),
    1069: (400, "Invalid Request. The authorization_code has expired."),
    1070: (400, "Invalid Request. Required parameter is missing: {0}."),
    1071: (400, "Invalid Grant. The authorization code or refresh token provided was invalid."),
    1072: (400, "Invalid hash value. The hash provided did not match the expected value."),
    1080: (
        400,
        "End Dates on dependency-enabled sheets cannot be created/updated. Please update either the Duration or "
        "Start Date column.",
    ),
    1090: (400, "Column.type is required when changing symbol, systemColumnType or options."),
    1103: (400, "A group with the same name already exists."),
    1104: (403, "You must be a group administrator to create a group."),
    1105: (400, "The operation failed because one or more group members were not members of your account: {0}."),
    1106: (404, "Group not found."),
    1109: (400, "Only one of cell.hyperlink or cell.linkInFromCell may be non-null."),
    1112: (400, "hyperlink.url must be null for sheet, report, or Sight hyperlinks."),
    1122: (405, "Requested URL does not support this method: {0}."),
    1123: (
        400,
        "Specifying multiple row locations is not yet supported. Each row must use the same row location attribute and "
        "value (toBottom, toTop, parentId, siblingId, above).",
    ),
    1124: (415, "Invalid Content-Type header. Media type not supported."),
    1129: (400, "The resource you tried to create already exists."),
    1130: (400, "One of cell.value or objectValue may be set, but not both."),
    1131: (400, "cell.{0} for column {1} was of the wrong object type. Allowed types: {2}."),
    1135: (400, "Input column index {0} is different from the first input column index {1}."),
    1136: (400, "Cannot copy or move row(s) within the same sheet."),
    1143: (400, "To set {0}, you must first enable dependencies on the sheet."),
    1162: (400, "A formula must always start with an equal sign (=)."),
    1163: (
        400,
        "If cell.formula is specified, then value, objectValue, image, hyperlink, and linkInFromCell must not be "
        "specified.",
    ),
    1185: (400, "Cannot create a child of a parent row that has no data in it."),
    1212: (403, "You must be a sheet admin to override validation."),
    1227: (400, "The query parameters '{0}' and '{1}' are mutually exclusive. Only one may be set."),
    1228: (400, "You must specify one of the following query parameters: '{0}' or '{1}'."),
    1235: (400, "Value is not supported on columns of type {0}; use objectValue."),
    4000: (500, "An unexpected error has occurred. Please contact Smartsheet support for assistance."),
    4001: (503, "Smartsheet.com is currently offline for system maintenance. Please check back again shortly."),
    4003: (429, "Rate limit exceeded."),
    4004: (500, "The sheet is currently being updated by another request. Please retry your request."),
    4005: (410, "The API version you requested is no longer supported."),
}


class Problem(Exception):
    """An answer that is no success, by its code; `detail` as the vendor gives it with errors of rows."""

    def __init__(self, code: int, *words: object, **detail: int) -> None:
        super().__init__(code, *words)
        self.code = code
        self.status, text = MESSAGES[code]
        self.message = text.format(*words)
        self.detail = detail


def error(code: int, ref: int, message: str | None = None, detail: dict[str, int] | None = None) -> dict[str, Any]:
    """The body of an error; `ref` makes its refId."""
    shown: dict[str, Any] = {"errorCode": code, "message": message or MESSAGES[code][1], "refId": f"ref{ref:08x}"}
    return shown | ({"detail": detail} if detail else {})


UNEXPECTED = 'Field "{0}" was of unexpected type.'
_KINDS: dict[str, tuple[type, type]] = {  # attributes of bodies, and what is in them where they are arrays
    **dict.fromkeys(("name", "newName", "title", "type", "email", "accessLevel", "firstName", "lastName"), (str, str)),
    **dict.fromkeys(("to", "schedule", "projectSettings", "userSettings", "autoNumberFormat"), (dict, str)),
    **dict.fromkeys(("columns", "members", "sendTo", "contactOptions"), (list, dict)),
    **dict.fromkeys(("rowIds", "columnIds"), (list, int)),
    **dict.fromkeys(("options", "tags"), (list, str)),
}


def _require(given: Mapping[str, Any], names: Sequence[str]) -> None:
    for name, value in given.items():
        kind, inner = _KINDS.get(name, (object, object))
        if value is not None and not isinstance(value, kind):
            raise Problem(1008, UNEXPECTED.format(name))
        if isinstance(value, list) and not all(isinstance(one, inner) for one in value):
            raise Problem(1008, UNEXPECTED.format(name))
    missing = [name for name in names if given.get(name) in (None, "")]
    if missing:
        raise Problem(1012, ", ".join(missing))


def done(result: Any = None, **beside: Any) -> dict[str, Any]:
    """The body of a change that was made."""
    shown: dict[str, Any] = {"message": "SUCCESS", "resultCode": 0}
    return shown | ({} if result is None else {"result": result}) | beside


@dataclass
class Options:
    """What differs from plan to plan and from year to year, or that a test turns up."""

    old_paging: bool = False  # of workspaces, by page and includeAll: it ended in June 2026
    users_open: bool = True  # to those who are no system admins
    event_reporting: bool = False  # an add-on
    event_ids: str = "text"  # as described; or "number", as in the vendor's examples
    row_versions: bool = False  # rows of a whole sheet tell theirs; live recordings of 2020 have none
    sheet_level: int = 1  # where the request names none; the description gives both 0 and 1
    page_cap: int = 10_000


@dataclass
class Call:
    """`body` is decoded JSON, or None where there was none; `short_page` makes a page by token shorter."""

    tracker: Tracker
    options: Options
    user: User
    params: dict[str, str]
    body: Any
    accept: str = ""
    request: int = 0
    short_page: Callable[[int], int] = field(default=lambda count: count)

    # ------------------------------------------------------------ parameters

    def flag(self, name: str) -> bool:
        text = self.params.get(name, "false")
        if text not in ("true", "false"):
            raise Problem(1018, text, name)
        return text == "true"

    def whole(self, name: str, default: int, least: int = 0) -> int:
        text = self.params.get(name, str(default))
        if not text.isdecimal() or int(text) < least:
            raise Problem(1018, text, name)
        return int(text)

    def words(self, name: str) -> set[str]:
        return {word.strip() for word in self.params.get(name, "").split(",") if word.strip()}

    def ids(self, name: str) -> set[int] | None:
        """None where it is not asked for."""
        if not self.params.get(name):
            return None
        words = self.words(name)
        if not all(word.isdecimal() for word in words):
            raise Problem(1018, self.params[name], name)
        return {int(word) for word in words}

    def since(self, name: str) -> int | None:
        """An instant with its zone, or milliseconds; a space is what became of a plus sign."""
        text = self.params.get(name)
        if text is None:
            return None
        try:
            at = datetime.fromtimestamp(int(text) / 1000, UTC) if text.isdecimal() else datetime.fromisoformat(text)
            return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp())
        except ValueError as cause:
            raise Problem(1018, text, name) from cause

    def wanted(self, *names: str) -> dict[str, Any]:
        """The body, an object that has these attributes."""
        if self.body is None:
            raise Problem(1024)
        if not isinstance(self.body, dict):
            raise Problem(1008, "an object was expected")
        _require(self.body, names)
        return self.body

    def several(self, *names: str) -> list[dict[str, Any]]:
        """The body, an array of objects or one of them, each with these attributes."""
        body = self.body if isinstance(self.body, list) else [self.wanted()]
        for one in body:
            if not isinstance(one, dict):
                raise Problem(1008, "an array of objects was expected")
            _require(one, names)
        return body

    # ------------------------------------------------------------ things

    def sheet(self, id_: str, least: str = "VIEWER") -> Sheet:
        """404 where it is not to be seen, 403 where the account may do less than `least`."""
        sheet = self.tracker.sheets.get(int(id_))
        if sheet is None:
            raise Problem(1006)
        self.allowed(sheet, least)
        return sheet

    def allowed(self, thing: Sheet | Workspace | Folder, least: str) -> None:
        """404 where it is not to be seen, 403 where the account may do less than `least`."""
        level = self.tracker.access(self.user, thing)
        if level is None:
            raise Problem(1006)
        if ACCESS.index(level) < ACCESS.index(least):
            raise Problem(1004)

    def row(self, sheet: Sheet, id_: str) -> Row:
        row = self.tracker.rows.get(int(id_))
        if row is None or row.sheet_id != sheet.id:
            raise Problem(1006)
        return row

    # ------------------------------------------------------------ pages

    def paged(self, rows: Sequence[Any], show: Callable[[Any], Any]) -> dict[str, Any]:
        """A page by number; past the end, the last one again."""
        if self.flag("includeAll"):
            return {"pageNumber": 1, "totalPages": 1, "totalCount": len(rows), "data": [show(one) for one in rows]}
        number, size, pages = self.place(len(rows))
        shown = [show(one) for one in rows[(number - 1) * size : number * size]]
        return {"pageNumber": number, "pageSize": size, "totalPages": pages, "totalCount": len(rows), "data": shown}

    def place(self, count: int) -> tuple[int, int, int]:
        """Page, its size, and how many there are."""
        size = min(self.whole("pageSize", 100, 1), self.options.page_cap)
        pages = max(1, -(-count // size))
        return min(self.whole("page", 1, 1), pages), size, pages

    def by_token(self, rows: Sequence[Any], show: Callable[[Any], Any]) -> dict[str, Any]:
        """A page by token; it may be short, or empty, and only a missing lastKey ends the list."""
        key = self.params.get("lastKey", "k0")
        if not key.startswith("k") or not key[1:].isdecimal():
            raise Problem(1018, key, "lastKey")
        first, most = int(key[1:]), self.whole("maxItems", 100, 1)
        end = first + self.short_page(min(most, 100))
        return {"data": [show(one) for one in rows[first:end]]} | ({"lastKey": f"k{end}"} if end < len(rows) else {})
