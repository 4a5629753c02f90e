"""Routes of the make-believe Smartsheet that the connector never asks: people, favourites, shares, attachments…

They are there so that the vendor's own scenarios can be lived through. What is kept is in `Tracker.beside`. Facts: the
vendor's description (API 2.0 of January 2025) and its published list of codes, read 2026-11-27.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from sandbox.smartsheet_call import Call, Problem, done, error
from sandbox.smartsheet_records import ACCESS, Sheet, User
from sandbox.smartsheet_values import instant
from sandbox.smartsheet_views import Views

__all__ = ["MORE_ROUTES", "in_lists", "known_columns", "known_rows"]

FAVORITES = ("folder", "report", "sheet", "sight", "template", "workspace")
IMAGE_SECONDS = 1800


def _mini(call: Call) -> dict[str, str]:
    return Views(call.tracker, call.user).mini(call.user.id)


def in_lists(kept: dict[int, list[Any]], key: int, one: Any) -> Any:
    kept.setdefault(key, []).append(one)
    return one


# ------------------------------------------------------------------ rows to another sheet


def _send(call: Call, id_: str, *, keep: bool) -> Any:
    """With the rows under them; a copy takes those along only if `include` names children."""
    sheet, body = call.sheet(id_, "EDITOR"), call.wanted("rowIds", "to")
    other = call.sheet(str(body["to"].get("sheetId", 0)), "EDITOR")
    if other is sheet:
        raise Problem(1136)
    known_rows(sheet, body["rowIds"])
    alone, by = keep and not call.words("include") & {"all", "children"}, call.user.email
    sent: dict[int, int] = {}
    for row_id in body["rowIds"]:
        if row_id not in sent:  # it may have gone with its parent
            sent |= call.tracker.send_row(row_id, other.id, by=by, keep=keep, alone=alone)
    mapped = [{"from": old, "to": new} for old, new in sent.items()]
    return {"destinationSheetId": other.id, "rowMappings": mapped}


def move_rows(call: Call, id_: str) -> Any:
    return _send(call, id_, keep=False)


def copy_rows(call: Call, id_: str) -> Any:
    return _send(call, id_, keep=True)


def known_rows(sheet: Sheet, ids: Sequence[Any]) -> None:
    if not {*ids} <= {row.id for row in sheet.rows}:
        raise Problem(1034)


def known_columns(sheet: Sheet, ids: Sequence[Any]) -> None:
    for id_ in ids:
        if all(column.id != id_ for column in sheet.columns):
            raise Problem(1036, id_)


# ------------------------------------------------------------------ people


def add_user(call: Call) -> Any:
    body = call.wanted("email", "admin", "licensedSheetCreator")
    if not call.user.admin:
        raise Problem(1004)
    if any(one.email.lower() == body["email"].lower() for one in call.tracker.users.values()):
        raise Problem(1016)
    names = body.get("firstName", ""), body.get("lastName", "")
    made = call.tracker.add_user(body["email"], *names, admin=body["admin"])
    return done(Views(call.tracker, call.user).listed_user(made))


def add_emails(call: Call, id_: str) -> Any:
    """They stay unconfirmed."""
    given, user = call.several("email"), call.tracker.users.get(int(id_))
    if not call.user.admin:
        raise Problem(1004)
    if user is None:
        raise Problem(1020)
    made = [{"id": call.tracker.next_id(), "email": one["email"], "confirmed": False} for one in given]
    return done([in_lists(call.tracker.beside.emails, user.id, one) for one in made])


def create_group(call: Call) -> Any:
    """Of users of the plan; group administrators are the plan's administrators here."""
    body, beside = call.wanted("name"), call.tracker.beside
    if not call.user.admin:
        raise Problem(1104)
    if any(one["name"] == body["name"] for one in beside.groups.values()):
        raise Problem(1103)
    users = [_user_of(call, one.get("email", "")) for one in body.get("members", ())]
    strangers = [one["email"] for one, user in zip(body.get("members", ()), users, strict=True) if user is None]
    if strangers:
        raise Problem(1105, ", ".join(strangers))
    at, id_ = instant(call.tracker.now()), call.tracker.next_id()
    group = {"id": id_, "name": body["name"], "description": body.get("description", "")}
    group |= {"owner": call.user.email, "ownerId": call.user.id, "createdAt": at, "modifiedAt": at}
    members = [
        {"id": one.id, "email": one.email, "firstName": one.first, "lastName": one.last, "name": one.name}
        for one in users
        if one is not None
    ]
    beside.groups[id_] = group | {"members": members}
    return done(beside.groups[id_])


def _user_of(call: Call, email: str) -> User | None:
    return next((one for one in call.tracker.users.values() if one.email.lower() == email.lower()), None)


def _contact(user: User) -> dict[str, str]:
    return {"id": hashlib.sha256(str(user.id).encode()).hexdigest()[:12], "name": user.name, "email": user.email}


def list_contacts(call: Call) -> Any:
    """The account's contacts are the plan's other users."""
    return call.paged([one for one in call.tracker.users.values() if one is not call.user], _contact)


def one_contact(call: Call, id_: str) -> Any:
    for user in call.tracker.users.values():
        if user is not call.user and _contact(user)["id"] == id_:
            return _contact(user)
    raise Problem(1006)


# ------------------------------------------------------------------ what an account marks and shares


def list_favorites(call: Call) -> Any:
    kept = call.tracker.beside.favorites.get(call.user.id, [])
    return call.paged(kept, lambda one: {"type": one[0], "objectId": one[1]})


def add_favorites(call: Call) -> Any:
    """What is one already is refused alone, and passed over in an array."""
    tracker, kept = call.tracker, call.tracker.beside.favorites.setdefault(call.user.id, [])
    given = [(one["type"], one["objectId"]) for one in call.several("type", "objectId")]
    things: dict[str, dict[int, Any]] = {
        "folder": tracker.folders, "report": tracker.reports, "sheet": tracker.sheets, "workspace": tracker.workspaces,
    }  # fmt: skip
    for kind, id_ in given:
        if kind not in FAVORITES:
            raise Problem(1031, kind, "favorite.type")
        thing = things.get(kind, {}).get(id_)
        if thing is None or not tracker.access(call.user, thing):
            raise Problem(1006)
    new = [one for one in given if one not in kept]
    if not new and not isinstance(call.body, list):
        raise Problem(1129)
    kept += new
    shown = [{"type": kind, "objectId": id_} for kind, id_ in new]
    return done(shown if isinstance(call.body, list) else shown[0])


def remove_favorite(call: Call, kind: str, id_: str) -> Any:
    kept = call.tracker.beside.favorites.get(call.user.id, [])
    if (kind, int(id_)) not in kept:
        raise Problem(1006)
    kept.remove((kind, int(id_)))
    return done()


def _shown_share(call: Call, sheet: Sheet, user_id: int, level: str) -> dict[str, Any]:
    id_ = hashlib.sha256(f"{sheet.id}/{user_id}".encode()).hexdigest()[:16]
    person = {"userId": user_id, **Views(call.tracker, call.user).mini(user_id)}
    return {"id": id_, "type": "USER", **person, "accessLevel": level, "scope": "ITEM"}


def list_shares(call: Call, id_: str) -> Any:
    """The sheet's own, and its owner."""
    sheet = call.sheet(id_)
    rows = [(sheet.owner_id, "OWNER"), *sheet.shares.items()]
    return call.paged(rows, lambda one: _shown_share(call, sheet, *one))


def share_sheet(call: Call, id_: str) -> Any:
    """With users of the plan, at most as far as one's own rights go."""
    sheet, given = call.sheet(id_, "EDITOR_SHARE"), call.several("email", "accessLevel")
    mine, found = call.tracker.access(call.user, sheet) or "VIEWER", []
    for one in given:
        user, level = _user_of(call, one["email"]), one["accessLevel"]
        if level not in ACCESS[:-1]:
            raise Problem(1031, level, "share.accessLevel")
        if user is None:
            raise Problem(1020)
        if user.id in (sheet.owner_id, *sheet.shares):
            raise Problem(1025)
        if ACCESS.index(level) > ACCESS.index(mine):
            raise Problem(1004)
        found.append((user, level))
    for user, level in found:
        call.tracker.share(sheet.id, user.email, level)
    return done([_shown_share(call, sheet, user.id, level) for user, level in found])


# ------------------------------------------------------------------ what hangs on a sheet


def list_attachments(call: Call, id_: str) -> Any:
    return call.paged(call.tracker.beside.attachments.get(call.sheet(id_).id, []), dict)


def attach_link(call: Call, id_: str) -> Any:
    """Addresses alone: no files."""
    sheet, body = call.sheet(id_, "EDITOR"), call.wanted("name", "url", "attachmentType")
    if body["attachmentType"] == "FILE":
        raise Problem(1051)
    kept: dict[str, Any] = {
        name: body[name] for name in ("name", "description", "url", "attachmentType") if name in body
    }
    whose = {"parentType": "SHEET", "parentId": sheet.id, "createdBy": _mini(call)}
    one: dict[str, Any] = {"id": call.tracker.next_id(), **kept, **whose, "createdAt": instant(call.tracker.now())}
    in_lists(call.tracker.beside.attachments, sheet.id, one)
    call.tracker.format(sheet.id)
    return done(one, version=sheet.version)


def list_references(call: Call, id_: str) -> Any:
    return call.paged(call.tracker.beside.references.get(call.sheet(id_).id, []), dict)


def create_reference(call: Call, id_: str) -> Any:
    """To a block of cells in another sheet that the account sees."""
    sheet, body = call.sheet(id_, "EDITOR"), call.wanted("name", "sourceSheetId")
    source = call.sheet(str(body["sourceSheetId"]))
    names = ("startRowId", "endRowId", "startColumnId", "endColumnId")
    known_rows(source, [body[name] for name in names[:2] if body.get(name) is not None])
    known_columns(source, [body[name] for name in names[2:] if body.get(name) is not None])
    if any(one["name"] == body["name"] for one in call.tracker.beside.references.get(sheet.id, ())):
        raise Problem(1129)
    kept = {name: body[name] for name in ("name", "sourceSheetId", *names) if name in body}
    return done(
        in_lists(call.tracker.beside.references, sheet.id, {"id": call.tracker.next_id(), **kept, "status": "OK"})
    )


def image_urls(call: Call) -> Any:
    """Addresses that would hold for half an hour, of images in cells that the account sees."""
    given = call.several("imageId")
    sheets = call.tracker.sheets_of(call.user)
    known = {c.image["id"] for sheet in sheets for row in sheet.rows for c in row.cells.values() if c.image}
    found = []
    for one in given:
        url = f"https://images.example.com/{hashlib.sha256(str(one['imageId']).encode()).hexdigest()[:24]}"
        told: dict[str, Any] = {"url": url} if one["imageId"] in known else {"error": error(1006, call.request)}
        found.append({"imageId": one["imageId"], **told})
    return {"urlExpiresInMillis": IMAGE_SECONDS * 1000, "imageUrls": found}


MORE_ROUTES = [
    ("POST", r"/sheets/(\d+)/rows/move", move_rows),
    ("POST", r"/sheets/(\d+)/rows/copy", copy_rows),
    ("POST", r"/users", add_user),
    ("POST", r"/users/(\d+)/alternateemails", add_emails),
    ("POST", r"/groups", create_group),
    ("GET", r"/contacts", list_contacts),
    ("GET", r"/contacts/(\w+)", one_contact),
    ("GET", r"/favorites", list_favorites),
    ("POST", r"/favorites", add_favorites),
    ("DELETE", r"/favorites/(\w+)/(\d+)", remove_favorite),
    ("GET", r"/sheets/(\d+)/shares", list_shares),
    ("POST", r"/sheets/(\d+)/shares", share_sheet),
    ("GET", r"/sheets/(\d+)/attachments", list_attachments),
    ("POST", r"/sheets/(\d+)/attachments", attach_link),
    ("GET", r"/sheets/(\d+)/crosssheetreferences", list_references),
    ("POST", r"/sheets/(\d+)/crosssheetreferences", create_reference),
    ("POST", r"/imageurls", image_urls),
]
