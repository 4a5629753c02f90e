"""Jira Cloud over REST v3 and agile 1.0: what to ask, in which parts, and what its answers prove.

Ids first, by the 5,000, from the index; then the records themselves by the hundred, on several connections, each with
its history, hours and comments. What Jira cuts of these lists is completed in bulk where it can be. What a body says is
decoded in `connectors.jira_decode`; how lists are paged stands in `connectors.jira_lists`, the queries in `jira_jql`.
Facts: the vendor's OpenAPI description and the pages it links, read 2026-11-25. What users should know:
docs/connectors/jira.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from connectors.contract import (
    Batch,
    Census,
    Identity,
    Listing,
    Page,
    Partition,
    Plan,
    Presence,
    Reading,
    Rights,
    Span,
    Stream,
)
from connectors.http import Answer
from connectors.jira_decode import IN_ARCHIVE, IN_TRASH, Decoder
from connectors.jira_jql import issues_query
from connectors.jira_lists import arrays, beans, ended, feed, searched
from connectors.jira_records import Asked
from connectors.jira_site import API, GONE, Site
from connectors.jira_writes import JiraWrites
from connectors.misfit import UNREADABLE
from model.config import SourceSettings
from model.errors import BadRecord, NotFound, Refused
from model.vocabulary import Availability, WordKind

__all__ = ["STREAMS", "JiraConnector"]

REFRESH_HOURS = 12

STREAMS: tuple[Stream, ...] = (
    Stream("projects", "projects", Reading.ALL, Census.LISTING),
    Stream("words", "words", Reading.ALL, Census.LISTING, probes=False, refresh_hours=REFRESH_HOURS),
    Stream("accounts", "accounts", Reading.ALL, Census.LISTING, probes=False, refresh_hours=REFRESH_HOURS),
    Stream("sprints", "sprints", Reading.ALL, Census.LISTING, probes=False, refresh_hours=REFRESH_HOURS),
    Stream("milestones", "milestones", Reading.ALL, Census.LISTING, probes=False, refresh_hours=REFRESH_HOURS),
    Stream("issues", "issues", Reading.WINDOW, Census.IDS),
    # Read whole with their issues; between that, by Jira's feeds. Census: they stand and fall with their issues.
    Stream("worklogs", "worklogs", Reading.WINDOW, Census.NONE, probes=False),
    Stream(
        "issue_changes", "issue_changes", Reading.FOLLOW, Census.NONE, follows="issues", probes=False, only_cut=True
    ),
    Stream("issue_worklogs", "worklogs", Reading.FOLLOW, Census.NONE, follows="issues", probes=False, only_cut=True),
    Stream("issue_comments", "comments", Reading.FOLLOW, Census.NONE, follows="issues", probes=False, only_cut=True),
)

AGILE = "rest/agile/1.0"
SEARCH = f"{API}/search/jql"
IDS_PAGE = 5000  # issues a page of a search that asks for nothing but ids
BULK = 100  # issues a request of issue/bulkfetch
CHANGES_PAGE = 10_000  # entries a page of changelog/bulkfetch
CHANGED_ISSUES = 200  # issues a request of it, up to 1,000: those cut have more than 40 entries each, about a page
WORKLOGS = 1000  # entries a request of worklog/list, ids a page of the feeds
ENTRIES_PAGE = 5000  # of one issue's worklogs or comments
PAGE = 50  # agile lists
USERS_PAGE = 1000
FEW_USERS = 100
LONGEST_URL = 2000  # characters; servers and proxies refuse addresses of some thousand
WITHHELD = timedelta(minutes=2)  # the feed of updates lacks the last minute

FIELDS = (
    "summary", "project", "issuetype", "status", "priority", "resolution", "assignee", "reporter", "parent",
    "description", "labels", "components", "fixVersions", "timeoriginalestimate", "timeestimate", "timespent",
    "duedate", "created", "updated", "resolutiondate", "issuelinks", "worklog", "comment",
)  # fmt: skip
"""What is asked of each issue; custom fields come on top."""

WORD_LISTS = {
    WordKind.STATUS: "status",
    WordKind.PRIORITY: "priority",
    WordKind.TYPE: "issuetype",
    WordKind.FIELD: "field",
}
LISTS = {"issue_worklogs": "worklog", "issue_comments": "comment"}


class _Scoped(Struct):
    id: str = ""
    fields: dict[str, Any] = {}


class _ScopedIssues(_Scoped):
    """Several issues, or the answer is one itself."""

    issues: list[_Scoped] = []


class _Told(Struct, rename="camel"):
    """Which issue it is, be the rest of it as it may: what does not fit is told by decoding."""

    id: str | int | None = None
    issue_id: str | int | None = None


class _InBulk(Struct, rename="camel"):
    issues: list[_Told] = []
    issue_change_logs: list[_Told] = []


_SCOPED = msgspec.json.Decoder(_ScopedIssues)
_IN_BULK = msgspec.json.Decoder(_InBulk)


class JiraConnector:
    """One Jira Cloud site, as one of its accounts sees it."""

    streams: tuple[Stream, ...] = STREAMS

    def __init__(self, source: SourceSettings) -> None:
        self.source = source
        self.in_flight = source.in_flight
        self._site = Site(source)
        self.writer = JiraWrites(self._site)
        self._decoder = Decoder(self._site.client.base_url, self._site.story_points, ZoneInfo(source.zone))
        self._in_scope: set[str] = set()  # issues listed as changed: they are in the configured projects
        self._listed_whole = False  # all issues were listed to be read in this run, and bring their hours along

    # -------------------------------------------------------------- who and where

    def identify(self) -> Identity:
        self._listed_whole = False
        return self._site.identify()

    def rights(self) -> Rights:
        """What the account may do, for people: asked by `pmo check` only, and by way of the `jira` library."""
        from connectors.jira_rights import rights_of

        return rights_of(self._site.client, self.source)

    # -------------------------------------------------------------- what to read

    def plan(self, stream: Stream, since: datetime | None) -> Plan:
        if stream.name == "issues":
            return self._plan_issues(since)
        if stream.name == "worklogs":
            return _plan_worklogs(since, with_issues=self._listed_whole)
        if stream.name == "projects":
            return Plan([Partition("projects", key, spec) for key, spec in self._site.project_parts()])
        if stream.name == "words":
            return Plan([Partition("words", kind.value, {"path": path}) for kind, path in WORD_LISTS.items()])
        if stream.name == "accounts":
            return Plan([Partition("accounts", "all")])
        if stream.name == "sprints":
            return self._plan_sprints()
        if stream.name == "milestones":
            return self._plan_milestones()
        return Plan([])

    def _plan_issues(self, since: datetime | None) -> Plan:
        """Ids first: a search pages by a token, one page after the other, and gives 5,000 bare ids in each."""
        projects = self._site.scope()
        if projects == []:
            self._listed_whole = since is None
            return Plan([], lists_all=since is None)
        query = issues_query(projects, since, self._site.zone() if since else None)
        partitions: list[Partition] = []
        return Plan(partitions, self._listing(query, partitions, changed=since is not None), lists_all=since is None)

    def _listing(self, query: str, partitions: list[Partition], *, changed: bool) -> Iterator[Page]:
        """Pages of ids; fills in the partitions of those seen. An id that is listed twice is read twice: harmless."""
        rest: list[str] = []
        for page, ids in self._search(query):
            yield page
            if changed and self.source.projects is not None:
                self._in_scope.update(ids)
            rest += ids
            whole = len(rest) - len(rest) % BULK
            partitions += _bulks("issues", rest[:whole], len(partitions), listed=True)
            rest = rest[whole:]
        partitions += _bulks("issues", rest, len(partitions), listed=True)
        self._listed_whole = not changed

    def _search(self, query: str) -> Iterator[tuple[Page, Sequence[str]]]:
        def ask(token: str | None) -> Answer:
            body: dict[str, object] = {"jql": query, "fields": ["id"], "maxResults": IDS_PAGE}
            try:
                return self._site.post(SEARCH, body | ({"nextPageToken": token} if token else {}))
            except NotFound as error:
                if error.status != 410:
                    raise
                raise NotFound(
                    f"{self.source.name}: Jira at {self.source.site} no longer has the interface that lists issues "
                    "(search/jql): pmo-hub must be updated",
                    status=410,
                ) from None
            except Refused as error:
                raise Refused(
                    f"{error}. The query was {query}: if a project was removed or is hidden from the account by now, "
                    "correct projects and run again",
                    status=error.status,
                ) from None

        for answer, ids, _ in searched(ask):
            yield self._site.page("issues", answer, asked=Asked(listing=True)), ids

    def _plan_sprints(self) -> Plan:
        """Boards first, then the sprints of each. Kanban boards have none, and say so with a 400."""
        decided: list[Page] = []
        projects = self._site.scope()
        boards: dict[int, str] = {}
        for project in projects if projects is not None else [None]:
            params: dict[str, str | int] = {"maxResults": PAGE}
            if project is not None:
                params["projectKeyOrId"] = project
            for answer, _ in beans(self._site.offset(f"{AGILE}/board", params, accept=(400, *GONE))):
                decided.append(self._site.page("sprints", answer))
                boards |= _boards(answer)
        parts = [
            Partition("sprints", f"board {id_}", {"board": id_}) for id_, kind in boards.items() if kind != "kanban"
        ]
        return Plan(parts, decided)

    def _plan_milestones(self) -> Plan:
        decided: list[Page] = []
        projects = sorted(self._site.projects(decided), key=int)
        return Plan([Partition("milestones", f"project {id_}", {"project": id_}) for id_ in projects], decided)

    def follow(self, stream: Stream, ids: Sequence[str]) -> list[Partition]:
        if stream.name in LISTS:
            return [Partition(stream.name, id_, {"id": id_}, completes=(id_,)) for id_ in ids]
        parts = [list(ids[n : n + CHANGED_ISSUES]) for n in range(0, len(ids), CHANGED_ISSUES)]
        return [
            Partition(stream.name, f"{part[0]} and {len(part) - 1} more", {"ids": ",".join(part)}, completes=part)
            for part in parts
        ]

    def fetch(self, stream: Stream, ids: Sequence[str]) -> list[Partition]:
        return _bulks(stream.name, ids, 0, size=WORKLOGS if stream.name == "worklogs" else BULK)

    # -------------------------------------------------------------- reading

    def pull(self, partition: Partition) -> Iterator[Page]:
        spec, stream = partition.spec, partition.stream
        if "look" in spec:
            yield from self.writer.pages(partition, self._within(self._site.fields()))
        elif stream == "issues":
            yield from ended(self._issues(partition))
        elif stream == "worklogs":
            yield from ended(self._worklogs(partition))
        elif stream == "issue_changes":
            yield from self._changelogs(partition)
        elif stream in LISTS:
            yield from self._entries(partition)
        elif stream == "projects":
            yield from self._site.project_pages(partition)
        elif stream == "words":
            yield self._words(partition)
        elif stream == "accounts":
            yield from self._paged(partition, arrays(_Users(self._site)))
        elif stream == "sprints":
            path = f"{AGILE}/board/{spec['board']}/sprint"
            yield from self._paged(partition, beans(self._site.offset(path, {"maxResults": PAGE}, accept=(400, *GONE))))
        else:
            answer = self._site.get(f"{API}/project/{spec['project']}/versions", accept=GONE)
            yield self._site.page(stream, answer, partition.key, last=True)

    def _issues(self, partition: Partition) -> Iterator[Page]:
        """What was listed just now is there; of what is read afresh, some may be gone for good."""
        asked = self._site.fields()
        within = self._within(asked)
        listed, fields = partition.spec.get("listed") is True, [*FIELDS, *asked.names]
        for answer in self._in_bulk(_ids(partition), fields, "changelog", and_alone=listed):
            yield self._site.page("issues", answer, partition.key, asked=within)

    def _in_bulk(
        self, ids: Sequence[str], fields: Sequence[str], expand: str = "", *, and_alone: bool
    ) -> Iterator[Answer]:
        """What an answer leaves out is asked for once more in bulk, and then, if `and_alone`, one by one."""
        left = list(ids)
        for _ in range(2):
            body = {"issueIdsOrKeys": left, "fields": list(fields)} | ({"expand": [expand]} if expand else {})
            answer = self._site.post(f"{API}/issue/bulkfetch", body)
            yield answer
            left = _lacking(left, answer)
            if not left:
                return
        for id_ in left if and_alone else ():
            answer = self._alone(id_, fields, expand)
            if answer.status == 200:  # else it is gone by now: the census asks what became of it
                yield answer

    def _alone(self, id_: str, fields: Sequence[str], expand: str = "") -> Answer:
        """One issue. Where naming its fields makes too long an address, with all of them: the same ones are kept."""
        path = f"{API}/issue/{quote(id_, safe='')}"
        given = {"fields": ",".join(fields)} | ({"expand": expand} if expand else {})
        if len(f"{self._site.client.base_url}/{path}?{urlencode(given)}") > LONGEST_URL:
            given["fields"] = "*all"
        return self._site.get(path, given, accept=GONE)

    def _changelogs(self, partition: Partition) -> Iterator[Page]:
        """Entries of several issues, oldest first over all of them: an issue may be spread over pages.

        All of them have entries, as Jira cut them: the last page finishes the partition only if none was left out. One
        that is hidden for the moment stays due. Raises BadRecord for one that is there.
        """
        asked = self._site.fields()
        left = _ids(partition)
        held: Page | None = None
        for _ in range(2):
            alone = True
            for answer, _, last in searched(self._changelog_asker(left)):
                if held is not None:
                    yield held
                whole = msgspec.structs.replace(asked, whole=alone and last)
                held = self._site.page(partition.stream, answer, partition.key, asked=whole)
                left = _lacking(left, answer)
                alone = False
            if not left:
                break
        assert held is not None
        yield replace(held, last=not left)
        for id_ in left:
            if self._alone(id_, ["id"]).status != 404:
                raise BadRecord(f"{self.source.name}: Jira does not give the history of issue {id_}: try again later")

    def _changelog_asker(self, ids: Sequence[str]) -> Callable[[str | None], Answer]:
        def ask(token: str | None) -> Answer:
            body: dict[str, object] = {"issueIdsOrKeys": list(ids), "maxResults": CHANGES_PAGE}
            return self._site.post(f"{API}/changelog/bulkfetch", body | ({"nextPageToken": token} if token else {}))

        return ask

    def _entries(self, partition: Partition) -> Iterator[Page]:
        """One issue's worklogs or comments."""
        id_ = str(partition.spec["id"])
        path = f"{API}/issue/{quote(id_, safe='')}/{LISTS[partition.stream]}"
        alone = True
        for answer, last in beans(self._site.offset(path, {"maxResults": ENTRIES_PAGE}, accept=GONE)):
            asked = Asked(issue=id_, whole=alone and last) if answer.status == 200 else None
            yield self._site.page(partition.stream, answer, partition.key, last=last, asked=asked)
            alone = False

    def _worklogs(self, partition: Partition) -> Iterator[Page]:
        """By id, or by Jira's feeds: the one of updates names ids only, and withholds the last minute."""
        spec = partition.spec
        if "ids" in spec:
            yield from self._listed_worklogs(partition, [int(id_) for id_ in _ids(partition)])
            return
        deleted = spec["feed"] == "deleted"
        path = f"{API}/worklog/{spec['feed']}"
        named: dict[int, None] = {}  # and not yet read: the feed from its start on names all there are
        since = spec["since"]
        assert isinstance(since, int)
        for answer, ids in feed(lambda at: self._site.get(path, {"since": at}), since):
            yield self._site.page("worklogs", answer, partition.key, asked=Asked(deleted=True) if deleted else None)
            if deleted:
                continue
            named |= dict.fromkeys(ids)
            whole = list(named)[: len(named) - len(named) % WORKLOGS]
            yield from self._listed_worklogs(partition, whole)
            named = dict.fromkeys(list(named)[len(whole) :])
        yield from self._listed_worklogs(partition, list(named))

    def _listed_worklogs(self, partition: Partition, ids: Sequence[int]) -> Iterator[Page]:
        """Those the account may see; of others Jira says nothing.

        The feed names hours of all projects, and an entry does not tell its project. Where projects are configured,
        the issues not known to be in them are asked for that; which are is archived before the entries it decides on.
        """
        for place in range(0, len(ids), WORKLOGS):
            answer = self._site.post(f"{API}/worklog/list", {"ids": list(ids[place : place + WORKLOGS])})
            asked = None
            if self.source.projects is not None:
                issues = list(dict.fromkeys(_issue_ids(answer)))
                yield from self._scope_of(partition, [id_ for id_ in issues if id_ not in self._in_scope])
                asked = Asked(issues=[id_ for id_ in issues if id_ in self._in_scope])
            yield self._site.page("worklogs", answer, partition.key, asked=asked)

    def _scope_of(self, partition: Partition, issues: Sequence[str]) -> Iterator[Page]:
        wanted = set(self._site.scope() or ())
        for place in range(0, len(issues), BULK):
            for answer in self._in_bulk(issues[place : place + BULK], ["project"], and_alone=True):
                found = self._site.read(answer, _SCOPED, "issues with their projects")
                projects = {one.id: (one.fields.get("project") or {}).get("id") for one in (found, *found.issues)}
                self._in_scope.update(id_ for id_, project in projects.items() if str(project) in wanted)
                yield self._site.page("worklogs", answer, partition.key)

    def _words(self, partition: Partition) -> Page:
        answer = self._site.get(f"{API}/{partition.spec['path']}")
        if partition.key == WordKind.FIELD.value:
            self._site.note_fields(answer)
        return self._site.page("words", answer, partition.key, last=True, asked=Asked(words=partition.key))

    def _paged(self, partition: Partition, answers: Iterator[tuple[Answer, bool]]) -> Iterator[Page]:
        for answer, last in answers:
            yield self._site.page(partition.stream, answer, partition.key, last=last)

    # -------------------------------------------------------------- what exists

    def count(self, stream: Stream, span: Span) -> Page:  # noqa: ARG002
        query = issues_query(self._site.scope(), None, None)
        return self._site.page(
            stream.name, self._site.post(f"{API}/search/approximate-count", {"jql": query}), last=True
        )

    def census(self, stream: Stream, span: Span) -> Iterator[Page]:  # noqa: ARG002
        projects = self._site.scope()
        if projects == []:
            return
        for page, _ in self._search(issues_query(projects, None, None)):
            yield page

    def probe(self, stream: Stream, native_id: str) -> Page:
        """One project, be it live, archived or in the trash; or one issue, with all that belongs to it."""
        if stream.name == "projects":
            params: dict[str, Any] = {"id": native_id, "status": ["live", "archived", "deleted"]}
            answer = self._site.get(f"{API}/project/search", params | {"expand": "lead,description"}, accept=(404,))
            return self._site.page("projects", answer, native_id)
        asked = self._site.fields()
        answer = self._alone(native_id, [*FIELDS, *asked.names], "changelog")
        return self._site.page("issues", answer, native_id, asked=asked if answer.status == 200 else None)

    def judge(self, stream: Stream, page: Page, identity: Identity) -> Presence:  # noqa: ARG002
        """404 is what Jira says of what is gone and of what is hidden alike: it proves neither.

        403 it never says of an issue: that comes from something before it, and proves nothing.
        """
        if page.status == 403:
            return Presence(Availability.INACCESSIBLE, "403: hidden from the account", proven=False)
        batch = self._decoder.decode(stream.name, page.body) if page.status == 200 else Batch()
        if stream.name == "projects":
            gone = next(iter(batch.departed.get("projects", ())), None)
            if gone is not None:
                return Presence(gone.availability, gone.evidence, proven=True)
            if "projects" not in batch.rows and not batch.rejects:
                evidence = f"neither among Jira's projects, nor {IN_TRASH}, nor {IN_ARCHIVE}"
                return Presence(Availability.MISSING, f"{evidence}, as far as the account sees", proven=False)
        elif page.status != 200:
            return Presence(Availability.MISSING, "404: deleted, or hidden from the account", proven=False)
        if self._is_outside(stream, batch):
            return Presence(Availability.OUT_OF_SCOPE, "now in a project that is not configured", proven=True)
        return Presence(Availability.PRESENT, "Jira shows it", proven=True)

    def _is_outside(self, stream: Stream, batch: Batch) -> bool:
        rows = batch.rows.get(stream.table)
        if rows is None:
            return False
        key = str(rows["key"][0])
        if stream.name == "projects":
            return not self._site.is_configured(str(rows["native_id"][0]), key)
        return not self._site.is_configured(str(rows["project_id"][0]), key.rpartition("-")[0])

    def decode(self, stream: str, body: bytes) -> Batch:
        return self._decoder.decode(stream, body)

    def decode_census(self, stream: str, body: bytes) -> Listing:
        return self._decoder.listing(stream, body)

    # -------------------------------------------------------------- asking

    def progress(self) -> Mapping[str, float]:
        return {"requests": self._site.pacing.requests, "throttled_seconds": self._site.pacing.throttled_seconds}

    def close(self) -> None:
        self._site.client.close()

    def _within(self, asked: Asked) -> Asked:
        """An issue that was moved out of the configured projects is left out."""
        projects = self._site.scope()
        return asked if projects is None else msgspec.structs.replace(asked, projects=projects)


# ------------------------------------------------------------------ helpers


def _plan_worklogs(since: datetime | None, *, with_issues: bool) -> Plan:
    """Jira's feeds name what was edited and what was deleted; `updated` withholds the last minute.

    Read whole together with all issues, hours come with these, and what they lack is told by the feed of deletions.
    """
    at = int((since - WITHHELD).timestamp() * 1000) if since is not None else 0
    feeds = ("deleted",) if since is None and with_issues else ("updated", "deleted")
    return Plan([Partition("worklogs", name, {"feed": name, "since": at}) for name in feeds])


def _bulks(stream: str, ids: Sequence[str], before: int, *, size: int = BULK, listed: bool = False) -> list[Partition]:
    """Ids as one text: half a million partitions of lists would not stay small."""
    parts = [ids[n : n + size] for n in range(0, len(ids), size)]
    known = {"listed": True} if listed else {}
    return [
        Partition(stream, f"{before + n}: {part[0]} to {part[-1]}", {"ids": ",".join(part), **known})
        for n, part in enumerate(parts)
    ]


class _Users:
    """Asks for the list of accounts from an offset on, in smaller pages where Jira runs out of time for large ones."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._size = USERS_PAGE

    def __call__(self, start: int) -> Answer:
        while True:
            given = {"maxResults": self._size, "startAt": start}
            answer = self._site.get(f"{API}/users/search", given, accept=(403, 409))
            if answer.status != 409:
                return answer
            if self._size == FEW_USERS:
                raise Refused(
                    f"{self._site.source.name}: Jira takes more than the 10 s it allows itself to list its accounts: "
                    "the next run tries again; names come with issues meanwhile",
                    status=409,
                )
            self._size = FEW_USERS


def _lacking(ids: Sequence[str], answer: Answer) -> list[str]:
    """Those of the issues asked for that an answer in bulk does not tell of."""
    try:
        found = _IN_BULK.decode(answer.body)
    except UNREADABLE:
        return []  # asking again gives no other: decoding says what is wrong
    told = {str(one.id) for one in found.issues}.union(str(one.issue_id) for one in found.issue_change_logs)
    return [id_ for id_ in ids if id_ not in told]


def _ids(partition: Partition) -> list[str]:
    return str(partition.spec["ids"]).split(",")


def _issue_ids(answer: Answer) -> list[str]:
    try:
        return [w.issue_id for w in _OF_ISSUES.decode(answer.body) if w.issue_id]
    except UNREADABLE:
        raise BadRecord(f"{answer.source}: {answer.request[:200]} brought no list of worklogs") from None


class _OfIssue(Struct, rename="camel"):
    issue_id: str | None = None


_OF_ISSUES = msgspec.json.Decoder(list[_OfIssue])


class _Board(Struct):
    id: int
    type: str = ""


class _Boards(Struct):
    values: list[_Board] = []


_BOARDS = msgspec.json.Decoder(_Boards)


def _boards(answer: Answer) -> dict[int, str]:
    if answer.status != 200:
        return {}
    try:
        return {board.id: board.type for board in _BOARDS.decode(answer.body).values}
    except UNREADABLE:
        raise BadRecord(f"{answer.source}: {answer.request[:200]} brought no list of boards") from None
