"""What is long in a make-believe Jira issue, as templates: texts, people, a hundred custom fields; encoded once.

`"!name"` stands for whole values and `"#name"` for whole numbers; `%(name)d` and `%(name)b` within texts for parts of
them. What is put in there is decided in `sandbox.jira_bulk_issues`. Prose is of invented words, the common ones often.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from itertools import accumulate
from operator import itemgetter
from typing import Any, NamedTuple

import msgspec

from sandbox.jira_bulk_site import LINKS, SPARE_FIELDS, SPRINT, STORY_POINTS, Site

__all__ = [
    "CHANGELOG_CAP",
    "COMMENTS",
    "HISTORIES",
    "HISTORY_TIME",
    "ITEMS",
    "WORKLOGS",
    "WORKLOG_CAP",
    "Template",
    "templates",
]

Json = dict[str, Any]
WORKLOGS, HISTORIES, COMMENTS = 4, 6, 2  # of an issue
ITEMS = 7  # of the usual histories
WORKLOG_CAP, CHANGELOG_CAP = 20, 40
HISTORY_TIME = "T08:30:00.000+0000"
_OPEN = re.compile(r"%\((\w+)\)[bd]")
_WHOLE, _NUMBER = re.compile(rb'"!(\w+)"'), re.compile(rb'"#(\w+)"')


class Template(NamedTuple):
    """An issue, what others show of it, and the entries of its lists. `usual` has them in it, of an unchanged issue."""

    issue: bytes
    usual: bytes  # values by place, not by name
    usual_values: Callable[[dict[str, object]], Any]  # in the order in which `usual` wants them
    small: bytes
    worklogs: list[bytes]
    histories: list[bytes]  # the usual ones, one for all that are more, one for changes made on request
    comments: list[bytes]


def templates(site: Site, count: int, size: int, seed: int) -> list[Template]:
    """So many different ones, of issues of that many bytes."""
    rng = random.Random(seed)
    words = _Words(rng)
    return [_template(site, words, rng, size) for _ in range(count)]


class _Words:
    """Prose of invented words: common ones often, rare ones seldom, so that it packs as well as real prose does."""

    def __init__(self, rng: random.Random) -> None:
        parts = [a + b for a in "bdfghklmnprstvz" for b in ("a", "e", "i", "o", "u", "an", "er", "in")]
        self._words = ["".join(rng.choices(parts, k=rng.choice((1, 2, 2, 3, 3, 4)))) for _ in range(4000)]
        self._upto = list(accumulate(1 / (n + 5) for n in range(len(self._words))))
        self._rng = rng

    def prose(self, words: int) -> str:
        found = self._rng.choices(self._words, cum_weights=self._upto, k=words)
        return " ".join(found).capitalize() + "."

    def document(self, words: int) -> Json:
        """Paragraphs and lists."""
        blocks: list[Json] = []
        while words > 0:
            size = min(words, self._rng.randint(20, 60))
            words -= size
            paragraph = {"type": "paragraph", "content": [{"type": "text", "text": self.prose(size)}]}
            if len(blocks) % 4 == 3:
                item = {"type": "listItem", "content": [paragraph]}
                blocks.append({"type": "bulletList", "content": [item]})
            else:
                blocks.append(paragraph)
        return {"type": "doc", "version": 1, "content": blocks}


def _encode(shown: Json) -> bytes:
    return _NUMBER.sub(rb"%(\1)d", _WHOLE.sub(rb"%(\1)b", msgspec.json.encode(shown)))


def _template(site: Site, words: _Words, rng: random.Random, size: int) -> Template:
    summary, type_, priority = words.prose(8), rng.choice(site.types), rng.choice(site.priorities)
    api = f"{LINKS}/rest/api/3"
    shown_small = {
        "id": "%(id)d",
        "key": "%(key)b",
        "self": f"{api}/issue/%(id)d",
        "fields": {"summary": summary, "status": "!status", "priority": priority, "issuetype": type_},
    }
    worklogs = [_encode(_worklog(rng.choice(site.users), words)) for _ in range(WORKLOGS)]
    histories = [_encode(_history(rng.choice(site.users), items)) for items in _items(site, words, rng)]
    comments = [_encode(_comment(rng.choice(site.users), words)) for _ in range(COMMENTS)]
    fields = _fields(site, words, rng) | {"summary": f"{summary} %(times)d", "issuetype": type_, "priority": priority}
    issue = {
        "expand": "renderedFields,names,schema,operations,editmeta,changelog,versionedRepresentations",
        "id": "%(id)d",
        "self": f"{api}/issue/%(id)d",
        "key": "%(key)b",
        "fields": fields,
        "changelog": {
            "startAt": 0,
            "maxResults": CHANGELOG_CAP,
            "total": "#histories_total",
            "histories": ["!histories"],
        },
    }
    lists = sum(map(len, worklogs)) + sum(map(len, histories[:HISTORIES])) + sum(map(len, comments))
    people_and_places = 3500
    lacking = size - len(_encode(issue)) - lists - people_and_places
    fields["description"] = words.document(40 + max(0, lacking) // 9)
    whole = _encode(issue)
    usual, names = _by_place(_filled(whole, worklogs, histories[:HISTORIES], comments))
    return Template(whole, usual, itemgetter(*names), _encode(shown_small), worklogs, histories, comments)


def _filled(issue: bytes, worklogs: list[bytes], histories: list[bytes], comments: list[bytes]) -> str:
    """As nobody has changed it, its lists in it. The names of what is left open are those of `Issues._usual`."""
    booked = [
        _put(
            one,
            id=f"%(w{k})b",
            issue="%(id)b",
            day=f"%(d{k + 1})b",
            created="%(booked)b",
            updated="%(booked)b",
            seconds="3600",
        )
        for k, one in enumerate(worklogs)
    ]
    told = [_put(one, id=f"%(h{k})b", created=f"%(d{k // 2})b{HISTORY_TIME}") for k, one in enumerate(histories)]
    said = [_put(one, id=f"%(c{k})b", issue="%(id)b", day=f"%(d{k + 5})b") for k, one in enumerate(comments)]
    return _put(
        issue,
        created="%(d0)b",
        times="0",
        spent=str(3600 * WORKLOGS),
        worklogs_total=str(WORKLOGS),
        histories_total=str(HISTORIES),
        worklogs=",".join(booked),
        histories=",".join(told[::-1]),
        comments=",".join(said),
    )


def _put(text: bytes, **values: str) -> str:
    return _OPEN.sub(lambda found: values.get(found[1], f"%({found[1]})b"), text.decode())


def _by_place(text: str) -> tuple[bytes, list[str]]:
    """The same with values by place, and their names in that order: a third of the time that names would take."""
    return _OPEN.sub("%b", text).encode(), _OPEN.findall(text)


def _fields(site: Site, words: _Words, rng: random.Random) -> Json:
    api = f"{LINKS}/rest/api/3"
    spare: Json = {f"customfield_{10_100 + n}": None for n in range(SPARE_FIELDS)}
    spare |= {"customfield_10100": words.prose(4), "customfield_10101": rng.randint(1, 90) / 4}
    spare |= {"customfield_10102": {"self": f"{api}/customFieldOption/10201", "value": words.prose(1), "id": "10201"}}
    spare |= {"customfield_10103": rng.choice(site.users), "customfield_10107": "{}"}
    return {
        "statuscategorychangedate": "%(created)bT10:15:00.000+0000",
        "timespent": "#spent",
        "timeoriginalestimate": 28_800,
        "timeestimate": 14_400,
        "aggregatetimespent": "#spent",
        "project": "!project",
        "fixVersions": [],
        "resolution": None,
        "resolutiondate": None,
        "workratio": -1,
        "watches": {"self": f"{api}/issue/%(key)b/watchers", "watchCount": 1, "isWatching": False},
        "votes": {"self": f"{api}/issue/%(key)b/votes", "votes": 0, "hasVoted": False},
        "created": "%(created)bT09:14:55.120+0000",
        "updated": "%(updated)b",
        "duedate": "%(created)b",
        "labels": rng.sample(["backend", "frontend", "ops", "audit", "vendor", "later"], k=2),
        "components": [{"self": f"{api}/component/10300", "id": "10300", "name": "Interface"}],
        "assignee": "!assignee",
        "reporter": "!reporter",
        "creator": "!reporter",
        "status": "!status",
        "parent": "!parent",
        "issuelinks": ["!links"],
        "subtasks": [],
        "attachment": [],
        "description": words.document(40),
        "environment": None,
        "security": None,
        "progress": {"progress": 14_400, "total": 28_800, "percent": 50},
        "worklog": {"startAt": 0, "maxResults": WORKLOG_CAP, "total": "#worklogs_total", "worklogs": ["!worklogs"]},
        "comment": {
            "comments": ["!comments"], "self": f"{api}/issue/%(id)d/comment", "maxResults": COMMENTS, "total": COMMENTS,
            "startAt": 0,
        },
        SPRINT: "!sprint",
        STORY_POINTS: float(rng.choice((1, 2, 3, 5, 8))),
        "customfield_10019": f"0|i{rng.getrandbits(20):05x}:",
        "customfield_10015": "%(created)b",
        **spare,
    }  # fmt: skip


def _worklog(user: Json, words: _Words) -> Json:
    return {
        "self": f"{LINKS}/rest/api/3/issue/%(issue)d/worklog/%(id)d",
        "author": user,
        "updateAuthor": user,
        "comment": words.document(12),
        "created": "%(created)b",
        "updated": "%(updated)b",
        "started": "%(day)bT09:00:00.000+0000",
        "timeSpent": "1h",
        "timeSpentSeconds": "#seconds",
        "id": "%(id)d",
        "issueId": "%(issue)d",
    }


def _comment(user: Json, words: _Words) -> Json:
    at = "%(day)bT14:20:31.007+0000"
    return {
        "self": f"{LINKS}/rest/api/3/issue/%(issue)d/comment/%(id)d",
        "id": "%(id)d",
        "author": user,
        "body": words.document(40),
        "updateAuthor": user,
        "created": at,
        "updated": at,
        "jsdPublic": True,
    }


def _history(user: Json, items: list[Json]) -> Json:
    return {"id": "%(id)d", "author": user, "created": "%(created)b", "items": items}


def _items(site: Site, words: _Words, rng: random.Random) -> Iterator[list[Json]]:
    """Items of the usual histories, of one more of many, and of a change made on request."""
    one, other = rng.sample(site.users, k=2)
    todo, doing, review = site.statuses[:3]
    yield [_item("assignee", None, None, one["accountId"], one["displayName"])]
    yield [_item("status", todo["id"], todo["name"], doing["id"], doing["name"])]
    yield [_item("priority", "3", "Medium", "2", "High")]
    yield [_item("assignee", one["accountId"], one["displayName"], other["accountId"], other["displayName"])]
    yield [_item("status", doing["id"], doing["name"], review["id"], review["name"])]
    yield [
        _item("timeestimate", "28800", "28800", "14400", "14400"),
        _item("summary", None, words.prose(6), None, words.prose(7)),
    ]
    yield [_item("labels", None, "backend", None, "backend audit")]
    yield [_item("status", review["id"], review["name"], "%(to)b", "%(to_name)b")]


def _item(field: str, old: str | None, old_text: str | None, new: str | None, new_text: str | None) -> Json:
    return {
        "field": field, "fieldtype": "jira", "fieldId": field, "from": old, "fromString": old_text, "to": new,
        "toString": new_text,
    }  # fmt: skip
