"""Shapes of the Smartsheet operations that the shortened description at hand leaves out: names, types, permitted words.

Read off the vendor's own, longer description (OpenAPI 2.0.0, January 2025) on 2026-11-27; where that one is wrong, so
are these. A sheet, a column, a row, a user and the like are what the description at hand says.
"""

from __future__ import annotations

from typing import Any

__all__ = ["OPERATIONS", "SCHEMAS", "described"]

T: dict[str, Any] = {"type": "string"}
N: dict[str, Any] = {"type": "number"}
B: dict[str, Any] = {"type": "boolean"}
AT: dict[str, Any] = {"oneOf": [{"type": "string", "format": "date-time"}, {"type": "number"}]}


def word(*words: str) -> dict[str, Any]:
    return {"type": "string", "enum": list(words)}


def thing(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def many(one: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": one}


def ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def either(one: dict[str, Any]) -> dict[str, Any]:
    return {"oneOf": [one, many(one)]}


def result(one: dict[str, Any]) -> dict[str, Any]:
    return {"allOf": [ref("Result"), thing(result=one)]}


def page(one: dict[str, Any]) -> dict[str, Any]:
    return {"allOf": [ref("IndexResult"), thing(data=many(one))]}


ACCESS = word("ADMIN", "COMMENTER", "EDITOR", "EDITOR_SHARE", "OWNER", "VIEWER")
DAYS = ("SUNDAY", "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY")
KINDS = ("BOX_COM", "DROPBOX", "EGNYTE", "EVERNOTE", "FILE", "GOOGLE_DRIVE", "LINK", "ONEDRIVE", "TRELLO")
BY = ref("MiniUser")
EMAIL = {"ccMe": B, "message": T, "subject": T, "sendTo": many(thing(email=T, groupId=N))}
OF_ROWS = {"rowIds": many(N), "columnIds": many(N), "includeAttachments": B, "includeDiscussions": B}
SCHEMAS: dict[str, dict[str, Any]] = {
    "Attachment": thing(
        id=N, name=T, description=T, url=T, attachmentType=word(*KINDS), parentId=N, createdAt=AT, createdBy=BY,
        parentType=word("COMMENT", "PROOF", "ROW", "SHEET"),
    ),
    "Contact": thing(id=T, name=T, email=T),
    "ContainerDestination": thing(destinationId=N, destinationType=word("folder", "home", "workspace"), newName=T),
    "CopyOrMoveRowDirective": thing(rowIds=many(N), to=thing(sheetId=N)),
    "CopyOrMoveRowResult": thing(destinationSheetId=N, rowMappings=many(thing(**{"from": N, "to": N}))),
    "CrossSheetReference": thing(
        id=N, name=T, sourceSheetId=N, startRowId=N, endRowId=N, startColumnId=N, endColumnId=N,
        status=word("BLOCKED", "BROKEN", "CIRCULAR", "DISABLED", "INVALID/UNKNOWN", "NOT-SHARED", "OK"),
    ),
    "Comment": thing(id=N, text=T, createdAt=AT, modifiedAt=AT, createdBy=BY, discussionId=N),
    "Discussion": thing(
        id=N, title=T, comments=many(ref("Comment")), commentCount=N, lastCommentedAt=AT, lastCommentedUser=BY,
        createdBy=BY, parentId=N, parentType=word("ROW", "SHEET"), readOnly=B, accessLevel=ACCESS,
    ),
    "Favorite": thing(objectId=N, type=word("folder", "report", "sheet", "sight", "template", "workspace")),
    "GroupOfMembers": {
        "allOf": [ref("Group"), thing(members=many(thing(id=N, email=T, firstName=T, lastName=T, name=T)))]
    },
    "Home": thing(
        sheets=many(ref("Sheet")), reports=many(ref("Report")), folders=many(ref("FolderListed")),
        workspaces=many({"allOf": [ref("Workspace"), ref("FolderListed")]}),
        sights=many(thing(id=N, name=T, accessLevel=ACCESS, permalink=T, createdAt=AT, modifiedAt=AT)),
    ),
    "ImageUrl": thing(imageId=T, error=ref("Error"), height=N, width=N, url=T),
    "MultiRowEmail": thing(**EMAIL, **OF_ROWS, layout=B),
    "Schedule": thing(
        type=word("ONCE", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"), dayOfMonth=N, startAt=AT, endAt=AT, lastSentAt=AT,
        nextSendAt=AT, repeatEvery=N, dayOrdinal=word("FIRST", "SECOND", "THIRD", "FOURTH", "LAST"),
        dayDescriptors=many(word("DAY", "WEEKDAY", "WEEKEND", *DAYS)),
    ),
    "SentUpdateRequest": thing(
        id=N, updateRequestId=N, sentAt=AT, sentBy=BY, sentTo=thing(email=T, groupId=N), subject=T, message=T,
        **OF_ROWS, status=word("CANCELED", "COMPLETE", "PENDING"),
    ),
    "Share": thing(
        id=T, groupId=N, userId=N, type=T, accessLevel=ACCESS, ccMe=B, createdAt=AT, modifiedAt=AT, email=T, name=T,
        message=T, subject=T, scope=T,
    ),
    "SheetEmail": thing(
        **EMAIL, format=T,
        formatDetails=thing(paperSize=word("A0", "A1", "A2", "A3", "A4", "ARCHID", "LEGAL", "LETTER", "WIDE")),
    ),
    "Template": thing(
        id=N, name=T, type=word("report", "sheet"), accessLevel=ACCESS, blank=B, categories=many(T), description=T,
        globalTemplate=word("BLANK_SHEET", "PROJECT_SHEET", "TASK_LIST"), locale=T,
    ),
    "UpdateRequest": thing(
        **EMAIL, **OF_ROWS, id=N, createdAt=AT, modifiedAt=AT, sentBy=BY, schedule=ref("Schedule")
    ),
    # what the description has of pictures in cells and profiles, and the one at hand has not
    "Image": thing(id=T, height=N, width=N, altText=T),
    "ProfileImage": thing(imageId=T, height=T, width=T),
}  # fmt: skip

PAGES = ("page", "pageSize", "includeAll")
SHEETS = "/sheets/{sheetId}"
# method and path: names of its parameters, body, answer
OPERATIONS: dict[tuple[str, str], tuple[tuple[str, ...], dict[str, Any] | None, dict[str, Any]]] = {
    ("POST", "/sheets"): (("include",), ref("Sheet"), result(ref("Sheet"))),
    ("POST", "/folders/{folderId}/sheets"): (("include",), ref("Sheet"), result(ref("Sheet"))),
    ("POST", "/workspaces/{workspaceId}/sheets"): (("include",), ref("Sheet"), result(ref("Sheet"))),
    ("PUT", SHEETS): ((), ref("Sheet"), result(ref("Sheet"))),
    ("POST", f"{SHEETS}/columns"): ((), either(ref("Column")), result(either(ref("Column")))),
    ("PUT", f"{SHEETS}/columns/{{columnId}}"): ((), ref("Column"), result(ref("Column"))),
    ("POST", f"{SHEETS}/rows/move"): (
        ("include", "ignoreRowsNotFound"), ref("CopyOrMoveRowDirective"), ref("CopyOrMoveRowResult"),
    ),
    ("POST", f"{SHEETS}/rows/copy"): (
        ("include", "ignoreRowsNotFound"), ref("CopyOrMoveRowDirective"), ref("CopyOrMoveRowResult"),
    ),
    ("GET", f"{SHEETS}/rows/{{rowId}}/discussions"): (("include", *PAGES), None, page(ref("Discussion"))),
    ("POST", f"{SHEETS}/rows/{{rowId}}/discussions"): ((), thing(comment=thing(text=T)), result(ref("Discussion"))),
    ("POST", f"{SHEETS}/rows/emails"): ((), ref("MultiRowEmail"), ref("Result")),
    ("POST", f"{SHEETS}/emails"): ((), ref("SheetEmail"), ref("Result")),
    ("GET", f"{SHEETS}/attachments"): (PAGES, None, page(ref("Attachment"))),
    ("POST", f"{SHEETS}/attachments"): ((), ref("Attachment"), result(ref("Attachment"))),
    ("GET", f"{SHEETS}/shares"): (("sharingInclude", *PAGES), None, page(ref("Share"))),
    ("POST", f"{SHEETS}/shares"): (("sendEmail",), either(ref("Share")), result(either(ref("Share")))),
    ("GET", f"{SHEETS}/crosssheetreferences"): (PAGES, None, page(ref("CrossSheetReference"))),
    ("POST", f"{SHEETS}/crosssheetreferences"): ((), ref("CrossSheetReference"), result(ref("CrossSheetReference"))),
    ("POST", f"{SHEETS}/updaterequests"): ((), ref("UpdateRequest"), result(ref("UpdateRequest"))),
    ("GET", f"{SHEETS}/sentupdaterequests"): (PAGES, None, page(ref("SentUpdateRequest"))),
    ("GET", f"{SHEETS}/sentupdaterequests/{{sentUpdateRequestId}}"): ((), None, ref("SentUpdateRequest")),
    ("GET", "/home"): (("include", "exclude"), None, ref("Home")),
    ("POST", "/home/folders"): ((), ref("FolderListed"), result(many(ref("FolderListed")))),
    ("POST", "/folders/{folderId}/folders"): ((), ref("FolderListed"), result(ref("FolderListed"))),
    ("POST", "/workspaces/{workspaceId}/folders"): ((), ref("FolderListed"), result(ref("FolderListed"))),
    ("POST", "/folders/{folderId}/copy"): (
        ("include", "exclude", "skipRemap"), ref("ContainerDestination"), result(ref("FolderListed")),
    ),
    ("POST", "/workspaces"): (("include", "exclude", "skipRemap"), ref("Workspace"), result(ref("Workspace"))),
    ("GET", "/templates/public"): (PAGES, None, page(ref("Template"))),
    ("POST", "/users"): (("sendEmail",), ref("User"), result(ref("User"))),
    ("POST", "/users/{userId}/alternateemails"): (
        (), either(ref("AlternateEmail")), result(either(ref("AlternateEmail"))),
    ),
    ("POST", "/groups"): ((), ref("GroupOfMembers"), result(ref("GroupOfMembers"))),
    ("GET", "/contacts"): (("modifiedSince", *PAGES), None, page(ref("Contact"))),
    ("GET", "/contacts/{contactId}"): (("include",), None, ref("Contact")),
    ("GET", "/favorites"): (("include", *PAGES), None, page(ref("Favorite"))),
    ("POST", "/favorites"): ((), either(ref("Favorite")), result(either(ref("Favorite")))),
    ("DELETE", "/favorites/{favoriteType}/{favoriteId}"): ((), None, ref("Result")),
    ("POST", "/imageurls"): (
        (), many(ref("ImageUrl")), thing(imageUrls=many(ref("ImageUrl")), urlExpiresInMillis=N),
    ),
}  # fmt: skip


def described() -> Any:
    """The operations as a description has them, by path and method."""
    paths: dict[str, dict[str, Any]] = {}
    for (method, path), (names, body, answer) in OPERATIONS.items():
        operation: dict[str, Any] = {"parameters": [{"name": name, "in": "query"} for name in names]}
        if body is not None:
            operation["requestBody"] = {"content": {"application/json": {"schema": body}}}
        answers = {"200": answer, "default": ref("Error")}
        operation["responses"] = {
            status: {"content": {"application/json": {"schema": one}}} for status, one in answers.items()
        }
        paths.setdefault(path, {})[method.lower()] = operation
    return paths
