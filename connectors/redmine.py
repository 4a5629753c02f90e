"""Redmine 5 and 6 over its REST API: what to ask, in which parts, and what its answers prove.

Issues are paged by id, which does not move; hours have no such filter, so their pages overlap by one row and a list
that moved while it was read is read again. What a body says is decoded in `connectors.redmine_decode`.
Facts: Redmine's own source, 5.0.4 (Debian) and the queries of 5.1 and 6, and tries on a running 5.0.4; the OpenAPI
description of 6.1.3 (d-yoshi/redmine-openapi). Read 2026-11-24. What users should know: docs/connectors/redmine.md.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from urllib.parse import quote

import msgspec

from connectors.contract import (
    Axis,
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
from connectors.http import Answer, Client, Pacing
from connectors.redmine_decode import Decoder
from connectors.redmine_lists import (
    PAGE_LIMIT,
    STATUSES,
    Condition,
    Params,
    between,
    by_id,
    instant,
    query,
    ranges,
    steady,
)
from connectors.redmine_records import head_of, without_keys
from connectors.redmine_writes import RedmineWrites
from model.config import SourceSettings
from model.errors import ConfigError, NotFound, Unauthorized
from model.vocabulary import Availability, WordKind

__all__ = ["STREAMS", "RedmineConnector"]

STREAMS: tuple[Stream, ...] = (
    Stream("projects", "projects", Reading.ALL, Census.LISTING),
    Stream("accounts", "accounts", Reading.ALL, Census.LISTING),
    Stream("words", "words", Reading.ALL, Census.LISTING),
    Stream("milestones", "milestones", Reading.ALL, Census.LISTING),
    # A relation moves the updated_on of neither issue, so those are counted by kind.
    Stream("issue_links", "issue_links", Reading.COUNTED, Census.NONE, follows="issues", probes=False),
    # Whole once a week, as a category or an account that is deleted does not move updated_on either.
    Stream("issues", "issues", Reading.WINDOW, Census.COUNTS, Axis.ID, full_every_days=7),
    Stream(
        "worklogs",
        "worklogs",
        Reading.WINDOW,
        Census.COUNTS,
        Axis.WORK_ON,
        touches="issues",
        touches_by="issue_id",
        full_every_days=7,
    ),
    Stream("issue_changes", "issue_changes", Reading.FOLLOW, Census.NONE, follows="issues", probes=False),
)

MOST_RANGES = 64
RANGE_ISSUES = 1000  # about so many issues to a part of a full read
SPAN_ENTRIES = 5000  # about so many hours' entries to a part
GONE = (403, 404)
USER_STATUSES = (1, 2, 3)  # active, registered, locked; one by one, as versions differ in how "all" is spelled
READABLE_PROJECTS = ("status", "1|5")  # active and closed; Redmine never lists archived ones
ADMIN = "admin"
BY_ID: Params = [("sort", "id:asc"), ("include", "relations"), ("limit", PAGE_LIMIT)]
WORD_LISTS = {
    WordKind.STATUS: "issue_statuses.json",
    WordKind.PRIORITY: "enumerations/issue_priorities.json",
    WordKind.TYPE: "trackers.json",
    WordKind.ACTIVITY: "enumerations/time_entry_activities.json",
    WordKind.FIELD: "custom_fields.json",
}
ONE = {
    "projects": "projects/{}.json",
    "accounts": "users/{}.json",
    "milestones": "versions/{}.json",
    "issues": "issues/{}.json",
    "worklogs": "time_entries/{}.json",
}
# Filters that list the issues with some relation → the word that relations of this kind are kept under.
RELATION_FILTERS = {
    "relates": "relates",
    "duplicates": "duplicates",
    "duplicated": "duplicates",
    "blocks": "blocks",
    "blocked": "blocks",
    "precedes": "precedes",
    "follows": "precedes",
    "copied_to": "copied_to",
    "copied_from": "copied_to",
}
_IN_PROJECTS = re.compile(r" \(in projects ([0-9,]*)\)$")


def _listed_ends(filter_: str, kind: str) -> list[str]:
    """Which ends of a link a relation filter lists; `relates` lists both."""
    if filter_ == "relates":
        return ["from_issue_id", "to_issue_id"]
    return ["from_issue_id"] if filter_ == kind else ["to_issue_id"]


class RedmineConnector:
    """One Redmine, as one of its accounts sees it."""

    streams: tuple[Stream, ...] = STREAMS

    def __init__(self, source: SourceSettings) -> None:
        self.source = source
        self.in_flight = source.in_flight
        self._pacing = Pacing(
            source.requests_per_second, source.in_flight, longest_pause_seconds=source.longest_pause_seconds
        )
        self._client = Client(
            source.url,
            source=source.name,
            pacing=self._pacing,
            auth_headers={"X-Redmine-API-Key": source.token or ""},
            timeout_seconds=(source.connect_timeout_seconds, source.read_timeout_seconds),
            verify=source.ca_file or True,
            tries=source.tries,
        )
        self._decoder = Decoder(self._client.base_url, source.fields.get("story_points"))
        self.writer = RedmineWrites(source, self._client, self._filter)
        self._project_ids: dict[str, int | None] = {}
        self._lock = threading.Lock()

    # -------------------------------------------------------------- who and where

    def identify(self) -> Identity:
        """Asks for the account first: to a wrong key an open Redmine shows what is public, with status 200."""
        if not self.source.token:
            raise ConfigError(f'{self.source.name}: token is missing: set token = "${{NAME}}" to an API key of Redmine')
        answer = self._get("users/current.json", [("include", "memberships")], accept=(403,))
        if answer.status == 403:
            raise Unauthorized(
                f"{self.source.name}: Redmine at {self.source.site} does not let this key use its REST API: an "
                "administrator must enable it under Administration > Settings > API, or the account must first "
                "change its password",
                status=403,
            )
        page = self._page("accounts", answer)
        user = _user_of(page.body)
        if user is None:
            raise Unauthorized(
                f"{self.source.name}: what answers at {self.source.site} does not say who we are as Redmine does: "
                "check url and token"
            )
        admin = user.get("admin") is True
        may, missing, more = self._rights(admin)
        if answer.served_at is None:
            missing.append("the time of day in its answers (Date): this machine's clock must agree with Redmine's")
        return Identity(
            instance=self._client.base_url,
            account_id=str(user["id"]),
            account_name=f"{user.get('firstname', '')} {user.get('lastname', '')}".strip() or str(user.get("login")),
            scope=ADMIN if admin else _scope(user.get("memberships")),
            now=page.fetched_at,
            may=may,
            missing=missing,
            pages=(page, *more),
        )

    def _rights(self, admin: bool) -> tuple[list[str], list[str], list[Page]]:
        """What `pmo check` says, and the answers it comes from."""
        answer = self._get("projects.json", [READABLE_PROJECTS, ("limit", 1)])
        found = [self._page("projects", answer)]
        total = head_of("projects", answer.body).total or 0
        may = [f"read {total} projects that are active or closed"]
        missing = []
        hours = self._get("time_entries.json", [("limit", 1)], accept=(403,))
        if hours.status == 403:
            missing.append("permission “View spent time”: no hours are read")
        if admin:
            may.append("as administrator: read all accounts with their e-mail addresses, and all custom fields")
        else:
            missing.append(
                "not an administrator: accounts are known by name only, and what vanishes cannot always be told from "
                "what was hidden from this account"
            )
        for name in self.source.projects or ():
            status = self._get(f"projects/{quote(name, safe='')}.json", accept=GONE).status
            if status == 404:
                missing.append(f"project “{name}” of the configuration: Redmine has none of that identifier or id")
            elif status == 403:
                missing.append(f"project “{name}” of the configuration: archived, or hidden from this account")
        return may, missing, found

    def rights(self) -> Rights:
        """What the account may change, for people: asked by `pmo check` only."""
        page = self._page("accounts", self._get("users/current.json", [("include", "memberships")]))
        return self.writer.rights(_user_of(page.body) or {})

    # -------------------------------------------------------------- what to read

    def plan(self, stream: Stream, since: datetime | None) -> Plan:
        if stream.name == "issues":
            return self._plan_issues(since)
        if stream.name == "worklogs":
            return self._plan_worklogs(since)
        if stream.name == "issue_links":
            return self._plan_links()
        if stream.name == "projects":
            return Plan([Partition("projects", "all", {"projects": self._filter()})])
        if stream.name == "words":
            return Plan([Partition("words", kind.value, {"path": path}) for kind, path in WORD_LISTS.items()])
        if stream.name == "accounts":
            return self._plan_accounts()
        if stream.name == "milestones":
            return self._plan_milestones()
        return Plan([])

    def _plan_accounts(self) -> Plan:
        """All accounts for administrators, to others Redmine lists none: they read their own."""
        page = self._page("accounts", self._get("users/current.json"))
        user = _user_of(page.body) or {}
        if user.get("admin") is not True:
            return Plan([Partition("accounts", "current", {"status": None})], [page])
        return Plan([Partition("accounts", f"status {status}", {"status": status}) for status in USER_STATUSES], [page])

    def _plan_milestones(self) -> Plan:
        """Redmine lists versions project by project only, those shared from elsewhere among them."""
        decided = list(self._projects_pages(self._filter(), ""))
        ids = [id_ for page in decided for id_ in head_of("projects", page.body).ids if id_ is not None]
        parts = [Partition("milestones", f"project {id_}", {"project": id_}) for id_ in dict.fromkeys(ids)]
        return Plan(parts, decided)

    def _plan_issues(self, since: datetime | None) -> Plan:
        projects = self._filter()
        if since is not None:
            spec = {"low": None, "high": None, "since": instant(since), "projects": projects}
            return Plan([Partition("issues", "updated", spec)])
        params = [*query([STATUSES], projects), ("sort", "id:desc"), ("limit", 1)]
        newest = self._page("issues", self._get("issues.json", params))
        head = head_of("issues", newest.body)
        highest = max((id_ for id_ in head.ids if id_ is not None), default=0)
        parts = max(1, min(MOST_RANGES, highest, -(-(head.total or 0) // RANGE_ISSUES)))
        return Plan([_ids_partition(low, high, projects) for low, high in ranges(highest, parts)], [newest])

    def _plan_links(self) -> Plan:
        spec = {"low": None, "high": None, "projects": self._filter()}
        return Plan(
            [
                Partition(
                    "issue_links",
                    name,
                    {**spec, "relation": name, "native_kind": kind, "owners": _listed_ends(name, kind)},
                )
                for name, kind in RELATION_FILTERS.items()
            ]
        )

    def _plan_worklogs(self, since: datetime | None) -> Plan:
        """What was booked since, for whatever day, and the last days and all the future, where hours may be edited; or
        everything, in spans of days that hold about as many entries.

        With all that was booked the census, which counts, finds what was deleted: nothing new makes up for it.
        """
        projects = self._filter()
        if since is not None:
            first = since.astimezone(UTC).date() - timedelta(days=self.source.worklog_days)
            made = {"made_since": instant(since), "projects": projects}
            return Plan([Partition("worklogs", "booked since", made), _days_partition(first, None, projects)])
        decided: list[Page] = []
        ends = [self._last_day(order, projects, decided) for order in ("asc", "desc")]
        oldest, newest = ends
        if oldest is None or newest is None:
            return Plan([_days_partition(None, None, projects)], decided)
        cuts = sorted(self._cuts(oldest, newest, projects, decided))
        lows = [None, *(cut + timedelta(days=1) for cut in cuts)]
        return Plan(
            [_days_partition(low, high, projects) for low, high in zip(lows, [*cuts, None], strict=True)], decided
        )

    def _last_day(self, order: str, projects: Sequence[int] | None, decided: list[Page]) -> date | None:
        params = [*query([], projects), ("sort", f"spent_on:{order}"), ("limit", 1)]
        page = self._page("worklogs", self._get("time_entries.json", params, accept=(403,)))
        decided.append(page)
        rows = self._decoder.decode("worklogs", page.body).rows.get("worklogs")
        return rows["work_on"][0].as_py() if rows is not None else None

    def _cuts(self, low: date, high: date, projects: Sequence[int] | None, decided: list[Page]) -> Iterator[date]:
        """Last days of the parts that make up the days from `low` to `high`, but for the last one."""
        if low >= high:
            return
        page = self._count("worklogs", Span(low, high), projects)
        decided.append(page)
        if (head_of("worklogs", page.body).total or 0) <= SPAN_ENTRIES:
            return
        middle = low + (high - low) // 2
        yield from self._cuts(low, middle, projects, decided)
        yield middle
        yield from self._cuts(middle + timedelta(days=1), high, projects, decided)

    def follow(self, stream: Stream, ids: Sequence[str]) -> list[Partition]:
        return [Partition(stream.name, id_, {"id": id_}) for id_ in ids]

    def fetch(self, stream: Stream, ids: Sequence[str]) -> list[Partition]:
        """Issues by the hundred; for hours Redmine has no filter by id, they are asked for one by one."""
        projects = self._filter() if stream.name == "issues" else None
        return [
            Partition(stream.name, f"ids {part[0]} and {len(part) - 1} more", {"ids": part, "projects": projects})
            for part in (list(ids[n : n + PAGE_LIMIT]) for n in range(0, len(ids), PAGE_LIMIT))
        ]

    # -------------------------------------------------------------- reading

    def pull(self, partition: Partition) -> Iterator[Page]:
        spec, stream = partition.spec, partition.stream
        if "look" in spec:
            yield from self.writer.pages(partition, self._page)
        elif "ids" in spec:
            yield from self._fetched(partition)
        elif stream in ("issues", "issue_links"):
            yield from self._by_id(stream, spec, partition.key)
        elif "made_since" in spec:
            yield from self._made_since(spec, partition.key)
        elif stream == "worklogs":
            yield from self._by_day(spec, partition.key)
        elif stream == "projects":
            yield from self._projects_pages(_projects(spec), partition.key)
        elif stream == "accounts":
            yield from self._accounts(spec, partition.key)
        elif stream == "words":
            yield self._single(partition, str(spec["path"]), accept=(403,))
        elif stream == "milestones":
            yield self._single(partition, f"projects/{spec['project']}/versions.json", accept=GONE)
        else:
            yield self._single(partition, f"issues/{spec['id']}.json", [("include", "journals")], accept=GONE)

    def _by_id(self, stream: str, spec: Mapping[str, object], key: str) -> Iterator[Page]:
        """Pages of issues, each from the id after the last one of the page before."""
        high, projects = _whole(spec["high"]), _projects(spec)
        more: list[Condition] = []
        if spec.get("since"):
            more.append(("updated_on", ">=", (str(spec["since"]),)))
        if spec.get("relation"):
            more.append((str(spec["relation"]), "*", ()))

        def ask(low: int) -> Answer:
            conditions = [STATUSES, *between("issue_id", low, high), *more]
            return self._get("issues.json", [*query(conditions, projects), *BY_ID])

        for answer, last in by_id(ask, _whole(spec["low"]) or 0):
            yield self._page(stream, answer, key, last=last)

    def _by_day(self, spec: Mapping[str, object], key: str) -> Iterator[Page]:
        """Hours of a span of days, in the order they were made (ties by id): one that gets another day stays put."""
        conditions = between("spent_on", spec["low"], spec["high"])
        params = [*query(conditions, _projects(spec)), ("sort", "created_on:asc")]
        return self._offsets("worklogs", "time_entries.json", params, key, accept=(403,))

    def _made_since(self, spec: Mapping[str, object], key: str) -> Iterator[Page]:
        """The latest first, as Redmine has no filter for it, until they are older than that."""
        since = datetime.fromisoformat(str(spec["made_since"]))

        def enough(answer: Answer) -> bool:
            rows = self._decoder.decode("worklogs", answer.body).rows.get("worklogs") if answer.status == 200 else None
            made = [at for at in rows["created_at"].to_pylist() if at is not None] if rows is not None else []
            return bool(made) and min(made).replace(tzinfo=UTC) < since

        params = [*query([], _projects(spec)), ("sort", "created_on:desc")]
        return self._offsets("worklogs", "time_entries.json", params, key, accept=(403,), enough=enough)

    def _projects_pages(self, projects: Sequence[int] | None, key: str) -> Iterator[Page]:
        params: Params = [READABLE_PROJECTS, ("sort", "created_on:asc")]
        if projects is not None:
            params.append(("id", "|".join(str(id_) for id_ in projects) or "0"))
        return self._offsets("projects", "projects.json", params, key)

    def _accounts(self, spec: Mapping[str, object], key: str) -> Iterator[Page]:
        status = _whole(spec["status"])
        if status is None:
            yield self._page("accounts", self._get("users/current.json"), key, last=True)
            return
        params: Params = [("status", status), ("sort", "login:asc")]
        yield from self._offsets("accounts", "users.json", params, key, status=status)

    def _fetched(self, partition: Partition) -> Iterator[Page]:
        ids = partition.spec["ids"]
        assert isinstance(ids, list)
        if partition.stream == "issues":
            conditions: list[Condition] = [STATUSES, ("issue_id", "=", (",".join(ids),))]
            yield self._single(partition, "issues.json", [*query(conditions, _projects(partition.spec)), *BY_ID])
            return
        for id_ in ids:
            answer = self._get(ONE[partition.stream].format(id_), accept=GONE)
            yield self._page(partition.stream, answer, partition.key, last=id_ == ids[-1])

    def _offsets(
        self,
        stream: str,
        path: str,
        params: Params,
        key: str,
        *,
        accept: Collection[int] = (),
        status: int | None = None,
        enough: Callable[[Answer], bool] = lambda _: False,
    ) -> Iterator[Page]:
        for answer, last in steady(stream, lambda place: self._get(path, [*params, *place], accept=accept), enough):
            yield self._page(stream, answer, key, last=last, status=status)

    def _single(
        self, partition: Partition, path: str, params: Params | None = None, *, accept: Collection[int] = ()
    ) -> Page:
        return self._page(partition.stream, self._get(path, params, accept=accept), partition.key, last=True)

    # -------------------------------------------------------------- what exists

    def count(self, stream: Stream, span: Span) -> Page:
        return self._count(stream.name, span, self._filter())

    def _count(self, stream: str, span: Span, projects: Sequence[int] | None) -> Page:
        if stream == "worklogs":
            conditions = between("spent_on", span.low, span.high)
        elif stream == "issue_links":
            conditions = [STATUSES, (str(span.low), "*", ())]
        else:
            conditions = [STATUSES, *between("issue_id", span.low, span.high)]
        hours = stream == "worklogs"
        path = "time_entries.json" if hours else "issues.json"
        answer = self._get(path, [*query(conditions, projects), ("limit", 1)], accept=(403,) if hours else ())
        return self._page(stream, answer, last=True)

    def census(self, stream: Stream, span: Span) -> Iterator[Page]:
        spec = {"low": span.low, "high": span.high, "projects": self._filter()}
        return self._by_id("issues", spec, "") if stream.name == "issues" else self._by_day(spec, "")

    def probe(self, stream: Stream, native_id: str) -> Page:
        if stream.name == "words":
            kind = native_id.partition(":")[0]
            return self._page("words", self._get(WORD_LISTS[WordKind(kind)], accept=GONE), native_id)
        answer = self._get(ONE[stream.name].format(quote(native_id, safe="")), accept=GONE)
        page = self._page(stream.name, answer, native_id)
        projects = self._filter() if stream.name in ("issues", "worklogs") else None
        if projects is None:
            return page
        within = f"{page.request} (in projects {','.join(str(id_) for id_ in projects)})"
        return Page(page.stream, page.body, within, page.fetched_at, native_id, page.status)

    def judge(self, stream: Stream, page: Page, identity: Identity) -> Presence:
        """404 with Redmine's empty body: there is no such row. 403: it is there, but not for this account.

        An administrator sees all but archived projects (and those with the module switched off). Accounts that are
        not administrators get 404 for others' hidden accounts, too.
        """
        admin = identity.scope == ADMIN
        if page.status == 200:
            return self._judge_found(stream, page)
        if page.body.strip():  # a proxy's page, perhaps
            return Presence(Availability.MISSING, f"{page.status}, but not in Redmine's own words", proven=False)
        if page.status == 403:
            if admin:
                return Presence(Availability.ARCHIVED, "403 to an administrator: its project is archived", proven=True)
            return Presence(Availability.INACCESSIBLE, "403: it is there, and hidden from the account", proven=True)
        if stream.name == "accounts" and not admin:
            return Presence(Availability.MISSING, "404: deleted, or hidden from the account", proven=False)
        return Presence(Availability.DELETED, "404: Redmine has no such record", proven=True)

    def _judge_found(self, stream: Stream, page: Page) -> Presence:
        if stream.name == "words":
            words = self._decoder.decode("words", page.body).rows.get("words")
            if words is None or page.partition not in words["native_id"].to_pylist():
                return Presence(Availability.DELETED, "not in Redmine's whole list", proven=True)
        within = _IN_PROJECTS.search(page.request)
        rows = self._decoder.decode(stream.name, page.body).rows.get(stream.table) if within else None
        if within and rows is not None and rows["project_id"][0].as_py() not in within.group(1).split(","):
            return Presence(Availability.OUT_OF_SCOPE, "now in a project that is not configured", proven=True)
        return Presence(Availability.PRESENT, "Redmine shows it", proven=True)

    def decode(self, stream: str, body: bytes) -> Batch:
        return self._decoder.decode(stream, body)

    def decode_census(self, stream: str, body: bytes) -> Listing:
        return self._decoder.listing(stream, body)

    # -------------------------------------------------------------- asking

    def progress(self) -> Mapping[str, float]:
        return {"requests": self._pacing.requests, "throttled_seconds": self._pacing.throttled_seconds}

    def close(self) -> None:
        self._client.close()

    def _get(self, path: str, params: Params | None = None, *, accept: Collection[int] = ()) -> Answer:
        return self._client.get(path, params, accept=accept)

    def _page(
        self, stream: str, answer: Answer, key: str = "", *, last: bool = False, status: int | None = None
    ) -> Page:
        body = answer.body
        if stream == "accounts" and answer.status == 200:
            body = without_keys(body, status)
        return Page(stream, body, answer.request, answer.served_at or datetime.now(UTC), key, answer.status, last=last)

    def _filter(self) -> list[int] | None:
        """Ids of the configured projects; archived and hidden ones have no issues to be read. None: no filter."""
        if self.source.projects is None:
            return None
        with self._lock:
            for name in self.source.projects:
                if name not in self._project_ids:
                    self._project_ids[name] = self._find_project(name)
            found = (self._project_ids[name] for name in self.source.projects)
            return sorted({id_ for id_ in found if id_ is not None})

    def _find_project(self, name: str) -> int | None:
        if name.isascii() and name.isdigit():  # Redmine allows no identifier of digits only
            return int(name)
        answer = self._get(f"projects/{quote(name, safe='')}.json", accept=GONE)
        if answer.status == 404:
            raise NotFound(
                f"{self.source.name}: there is no project “{name}” in Redmine at {self.source.site}: correct projects",
                status=404,
            )
        rows = self._decoder.decode("projects", answer.body).rows.get("projects") if answer.status == 200 else None
        return int(rows["native_id"][0].as_py()) if rows is not None else None


# ------------------------------------------------------------------ helpers


def _ids_partition(low: int, high: int | None, projects: Sequence[int] | None) -> Partition:
    spec = {"low": low, "high": high, "since": None, "projects": projects}
    return Partition("issues", f"ids {low} to {high or 'the last'}", spec)


def _days_partition(low: date | None, high: date | None, projects: Sequence[int] | None) -> Partition:
    spec = {"low": low and low.isoformat(), "high": high and high.isoformat(), "projects": projects}
    return Partition("worklogs", f"days {low or 'from the first'} to {high or 'the last'}", spec)


def _projects(spec: Mapping[str, object]) -> list[int] | None:
    found = spec.get("projects")
    assert found is None or isinstance(found, list)
    return found


def _whole(value: object) -> int | None:
    assert value is None or isinstance(value, int)
    return value


def _user_of(body: bytes) -> dict[str, object] | None:
    top: object = msgspec.json.decode(body)
    user = top.get("user") if isinstance(top, dict) else None
    return user if isinstance(user, dict) and type(user.get("id")) is int else None


def _scope(memberships: object) -> str:
    """Short form of what the account is a member of, and as what."""
    held = []
    for one in memberships if isinstance(memberships, list) else []:
        roles = sorted({role["id"] for role in one.get("roles", ())})
        held.append((one["project"]["id"], roles))
    return hashlib.sha256(msgspec.json.encode(sorted(held))).hexdigest()[:16]
