"""Routes of the make-believe Smartsheet that would send e-mails: sheets, rows, and requests to bring rows up to date.

Nothing is sent to anybody: `Tracker.beside` keeps what would have been. Facts: the vendor's description (API 2.0 of
January 2025), read 2026-11-27.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.smartsheet_call import Call, Problem, done
from sandbox.smartsheet_more import in_lists, known_columns, known_rows
from sandbox.smartsheet_values import instant
from sandbox.smartsheet_views import Views

__all__ = ["MAIL_ROUTES"]

EVERY = {"DAILY": 1, "WEEKLY": 7, "MONTHLY": 30, "YEARLY": 365}  # days; the day of the week or month is left out
SENT = {"sentBy", "subject", "message", "rowIds", "columnIds", "includeAttachments", "includeDiscussions"}


def _recipients(call: Call, body: dict[str, Any]) -> list[dict[str, Any]]:
    for one in body["sendTo"]:
        if "groupId" in one and one["groupId"] not in call.tracker.beside.groups:
            raise Problem(1106)
    found: list[dict[str, Any]] = body["sendTo"]
    return found


def email_sheet(call: Call, id_: str) -> Any:
    sheet, body = call.sheet(id_), call.wanted("sendTo")
    call.tracker.beside.outbox.append({"sheetId": sheet.id, **body, "sendTo": _recipients(call, body)})
    return done()


def email_rows(call: Call, id_: str) -> Any:
    sheet, body = call.sheet(id_), call.wanted("sendTo", "rowIds")
    known_rows(sheet, body["rowIds"])
    known_columns(sheet, body.get("columnIds") or ())
    call.tracker.beside.outbox.append({"sheetId": sheet.id, **body, "sendTo": _recipients(call, body)})
    return done()


def request_update(call: Call, id_: str) -> Any:
    """Without a schedule it is sent at once, to each recipient."""
    sheet, body = call.sheet(id_, "EDITOR"), call.wanted("sendTo", "rowIds")
    known_rows(sheet, body["rowIds"])
    known_columns(sheet, body.get("columnIds") or ())
    now, beside = call.tracker.now(), call.tracker.beside
    one = {name: value for name, value in body.items() if name != "schedule"} | {"id": call.tracker.next_id()}
    one |= {"sendTo": _recipients(call, body), "sentBy": Views(call.tracker, call.user).mini(call.user.id)}
    one |= {"createdAt": instant(now), "modifiedAt": instant(now)}
    if body.get("schedule"):
        one["schedule"] = body["schedule"] | {"nextSendAt": _next(body["schedule"], now)}
    in_lists(beside.update_requests, sheet.id, one)
    kept = {name: value for name, value in one.items() if name in SENT}
    for person in [] if body.get("schedule") else one["sendTo"]:
        sent = {"id": call.tracker.next_id(), "updateRequestId": one["id"], "sentAt": instant(now), "sentTo": person}
        in_lists(beside.sent_requests, sheet.id, sent | kept | {"status": "PENDING"})
    return done(one)


def _next(schedule: dict[str, Any], now: int) -> str | int:
    """The first time after now, by steps from the start."""
    every = schedule.get("repeatEvery", 1)
    if not isinstance(every, int) or not 1 <= every <= 99:
        raise Problem(1031, every, "schedule.repeatEvery")
    try:
        at = datetime.fromisoformat(str(schedule.get("startAt", instant(now))))
    except ValueError as cause:
        raise Problem(1031, schedule["startAt"], "schedule.startAt") from cause
    step = timedelta(days=EVERY.get(schedule.get("type", ""), 0) * every)
    while step and at.astimezone(UTC).timestamp() <= now:
        at += step
    return instant(int(at.timestamp()))


def list_sent(call: Call, id_: str) -> Any:
    return call.paged(call.tracker.beside.sent_requests.get(call.sheet(id_).id, []), dict)


def one_sent(call: Call, id_: str, sent_id: str) -> Any:
    for one in call.tracker.beside.sent_requests.get(call.sheet(id_).id, ()):
        if one["id"] == int(sent_id):
            return one
    raise Problem(1006)


MAIL_ROUTES = [
    ("POST", r"/sheets/(\d+)/emails", email_sheet),
    ("POST", r"/sheets/(\d+)/rows/emails", email_rows),
    ("POST", r"/sheets/(\d+)/updaterequests", request_update),
    ("GET", r"/sheets/(\d+)/sentupdaterequests", list_sent),
    ("GET", r"/sheets/(\d+)/sentupdaterequests/(\d+)", one_sent),
]
