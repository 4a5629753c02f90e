"""Routes of the make-believe Smartsheet for what is said about rows: discussions, each by its first comment.

Facts: the vendor's own SDKs (`create_discussion_on_row`) and public clients, read 2026-11-27; the
published description at hand leaves discussions out.
"""

from __future__ import annotations

from typing import Any

from sandbox.smartsheet_call import Call, Problem
from sandbox.smartsheet_records import Discussion
from sandbox.smartsheet_views import Views

__all__ = ["TALK_ROUTES"]


def _shown(call: Call, one: Discussion, row_id: int, *, comments: bool) -> dict[str, Any]:
    views = Views(call.tracker, call.user)
    by, at = views.mini(one.by), views.at(one.at)
    comment = {"id": one.id + 2, "text": one.text, "createdBy": by, "createdAt": at, "modifiedAt": at}
    found = {"id": one.id, "title": one.text[:100], "commentCount": 1, "parentType": "ROW", "parentId": row_id}
    found |= {"lastCommentedAt": at, "lastCommentedUser": by, "createdBy": by, "accessLevel": "ADMIN"}
    return found | ({"comments": [comment]} if comments else {})


def list_row_discussions(call: Call, id_: str, row_id: str) -> Any:
    row, comments = call.row(call.sheet(id_), row_id), "comments" in call.words("include")
    return call.paged(row.discussions, lambda one: _shown(call, one, row.id, comments=comments))


def discuss_row(call: Call, id_: str, row_id: str) -> Any:
    sheet = call.sheet(id_, "COMMENTER")
    row, body = call.row(sheet, row_id), call.body
    text = (body.get("comment") or {}).get("text") if isinstance(body, dict) else None
    if not isinstance(text, str) or not text:
        raise Problem(1012, "comment.text")
    made = call.tracker.discuss(row.id, text, by=call.user.email)
    found = {"message": "SUCCESS", "resultCode": 0, "version": sheet.version}
    return found | {"result": _shown(call, made, row.id, comments=True)}


TALK_ROUTES = [
    ("GET", r"/sheets/(\d+)/rows/(\d+)/discussions", list_row_discussions),
    ("POST", r"/sheets/(\d+)/rows/(\d+)/discussions", discuss_row),
]
