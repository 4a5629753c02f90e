"""Smartsheet API 2.0: what to ask, in which parts, and what its answers prove.

A sheet is a project and a row an issue. The list of sheets says which were changed; each of those is read whole, in one
request. So a quiet run is the lists alone, and a row that its sheet lacks is gone from it. What a body says is decoded
in `connectors.smartsheet_decode`, which sheets are read is found in `smartsheet_lists`.
Facts: Smartsheet's OpenAPI description 2.0.0 (2024-08), developers.smartsheet.com (changelog 2025-26), recordings of
the live service, read 2026-11-27. What users should know: docs/connectors/smartsheet.md.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

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
    Writer,
)
from connectors.http import Answer, Client, Pacing
from connectors.misfit import UNREADABLE
from connectors.smartsheet_decode import Decoder
from connectors.smartsheet_lists import GONE, WHOLE, Params, Scope, entries_of, find_scope, instant, whole_list
from connectors.smartsheet_oauth import oauth_of
from connectors.smartsheet_records import USERS, Asked, Entry, User, fault_of
from connectors.smartsheet_rights import rights_of
from connectors.smartsheet_writes import SHEET, SmartsheetWrites
from connectors.telling import told
from model.config import SourceSettings
from model.errors import ConfigError, Refused, Unauthorized
from model.identity import address_id
from model.vocabulary import Availability

__all__ = ["STREAMS", "SmartsheetConnector"]

# In a row with rows below it Smartsheet works these out, and its modifiedAt stays as it was.
COMPUTED = ("type", "parent", "start_on", "due_on", "percent_complete", "original_estimate_seconds")

STREAMS: tuple[Stream, ...] = (
    Stream("projects", "projects", Reading.ALL, Census.LISTING),
    Stream("accounts", "accounts", Reading.ALL, Census.LISTING, probes=False),
    # Whole once a week, as a cell that is linked to another sheet may change without moving its own sheet's modifiedAt.
    Stream(
        "issues",
        "issues",
        Reading.WINDOW,
        Census.NONE,
        full_every_days=7,
        observed=("status", "priority", "assignee", *COMPUTED),
        unstamped=COMPUTED,
    ),
)

API = "/2.0"
ABSENT = frozenset({1004, 1006})  # not authorised; not found, which is what is not shared, too
PAUSE_SECONDS = 60.0  # what the vendor advises after a 429 that names no time


class SmartsheetConnector:
    """One Smartsheet plan, as one of its accounts sees it."""

    streams: tuple[Stream, ...] = STREAMS

    def __init__(self, source: SourceSettings) -> None:
        self.source = source
        self.in_flight = source.in_flight
        self._pacing = Pacing(
            source.requests_per_second,
            source.in_flight,
            longest_pause_seconds=source.longest_pause_seconds,
            unasked_pause_seconds=PAUSE_SECONDS,
        )
        self.oauth = oauth_of(source, self._asking()) if source.oauth_client else None
        token = {} if self.oauth else {"Authorization": f"Bearer {source.token or ''}"}
        self._client = self._asking(auth=self.oauth, auth_headers=token)
        self._decoder = Decoder(source)
        self._scope: Scope | None = None
        self._lock = threading.Lock()
        self._writer = SmartsheetWrites(
            source, self._client, self._get, lambda sheet: self._found_scope()[0].holds(sheet)
        )

    def _asking(self, **who: Any) -> Client:
        source = self.source
        return Client(
            source.url if source.url.endswith(API) else f"{source.url}{API}",
            source=source.name,
            pacing=self._pacing,
            timeout_seconds=(source.connect_timeout_seconds, source.read_timeout_seconds),
            verify=source.ca_file or True,
            tries=source.tries,
            **who,
        )

    @property
    def writer(self) -> Writer:
        return self._writer

    # -------------------------------------------------------------- who and where

    def identify(self) -> Identity:
        """Asks for the account. A token is known in the region where it was made, and in no other."""
        if not self.source.token and self.oauth is None:
            raise ConfigError(f'{self.source.name}: token is missing: set token = "${{NAME}}" to a Smartsheet token')
        answer = self._get("users/me", accept=(401,))
        if answer.status == 401:
            raise Unauthorized(
                f"{self.source.name}: Smartsheet at {self.source.site} does not accept this token: it is wrong, "
                "expired or revoked, or belongs to another region: url is api.smartsheet.com, api.smartsheet.eu, "
                "api.smartsheet.au or api.smartsheetgov.com",
                status=401,
            )
        user = self._user(answer)
        page = self._page("accounts", answer)
        name = user.name or " ".join(part for part in (user.first_name, user.last_name) if part) or user.email
        missing = []
        if not user.admin:
            missing.append(
                "not a system administrator: where Smartsheet does not list the plan's users, people are known as "
                "cells name them"
            )
        if answer.served_at is None:
            missing.append("the time of day in its answers (Date): this machine's clock must agree with Smartsheet's")
        plan = f"/account/{user.account.id}" if user.account else ""
        return Identity(
            instance=f"{self._client.base_url}{plan}",
            account_id=address_id(user.email),
            account_name=name,
            scope="admin" if user.admin else "member",
            now=page.fetched_at,
            missing=missing,
            pages=(page,),
        )

    def _user(self, answer: Answer) -> User:
        try:
            user = USERS.one(answer.body)
        except UNREADABLE:
            user = None
        if user is None or user.id is None:
            raise Unauthorized(
                f"{self.source.name}: what answers at {self.source.site} does not say who we are as Smartsheet does: "
                "check url and token"
            )
        return user

    def rights(self) -> Rights:
        """Which column of each sheet is what, for people: asked by `pmo check` only."""
        scope = self._found_scope(afresh=True)[0]
        sheets = {one.id: one for one in self._sheets(WHOLE)[0] if scope.holds(str(one.id))}
        return rights_of(self.source, list(sheets.values()), lambda path, params: self._get(path, params, accept=GONE))

    # -------------------------------------------------------------- what to read

    def plan(self, stream: Stream, since: datetime | None) -> Plan:
        if stream.name == "issues":
            return self._plan_issues(since)
        if stream.name == "accounts":
            return Plan([Partition("accounts", "all")])
        scope, answers = self._found_scope(afresh=True)
        spec = {"sheets": None if scope.sheets is None else dict(scope.sheets), "holders": scope.holders}
        return Plan([Partition("projects", "all", spec)], [self._page("projects", answer) for answer in answers])

    def _plan_issues(self, since: datetime | None) -> Plan:
        """The sheets that were changed since, each to be read whole."""
        scope = self._found_scope()[0]
        entries, answers = self._sheets(WHOLE if since is None else WHOLE | {"modifiedSince": instant(since)})
        parts = [
            Partition("issues", f"sheet {one.id}", {"sheet": str(one.id)})
            for one in {entry.id: entry for entry in entries}.values()
            if scope.holds(str(one.id))
        ]
        return Plan(parts, [self._page("issues", answer) for answer in answers])

    def _sheets(self, params: Params) -> tuple[list[Entry], list[Answer]]:
        answers = [answer for answer, _ in whole_list(self._get, "projects", "sheets", params)]
        return [entry for answer in answers for entry in entries_of(answer)], answers

    def _found_scope(self, *, afresh: bool = False) -> tuple[Scope, list[Answer]]:
        """What `projects` stands for, found once in a run."""
        with self._lock:
            answers: list[Answer] = []
            if self._scope is None or afresh:
                ask = lambda path, params: self._get(path, params, accept=GONE)  # noqa: E731
                self._scope, answers = find_scope(self.source, ask)
            return self._scope, answers

    def follow(self, stream: Stream, ids: Sequence[str]) -> list[Partition]:  # noqa: ARG002 - nothing follows
        return []

    def fetch(self, stream: Stream, ids: Sequence[str]) -> list[Partition]:
        """Rows by their sheets, and these whole: whether a row is a parent, only those below it say."""
        by_sheet: dict[str, list[str]] = defaultdict(list)
        for native_id in ids:
            sheet, _, row = native_id.partition("/")
            by_sheet[sheet].append(row)
        return [
            Partition(stream.name, f"{len(rows)} rows of sheet {sheet}", {"sheet": sheet, "rows": rows})
            for sheet, rows in by_sheet.items()
        ]

    # -------------------------------------------------------------- reading

    def pull(self, partition: Partition) -> Iterator[Page]:
        if "look" in partition.spec:
            yield from self._writer.pages(partition, self._page)
        elif partition.stream == "issues":
            rows = partition.spec.get("rows")
            assert rows is None or isinstance(rows, list)
            yield self._sheet(str(partition.spec["sheet"]), partition.key, rows, last=True)
        elif partition.stream == "accounts":
            yield from self._accounts(partition)
        else:
            yield from self._projects(partition)

    def _sheet(self, sheet: str, key: str, rows: list[str] | None, *, last: bool = False) -> Page:
        """A sheet whole, of which some rows may be meant. That it was deleted since it was listed is an answer."""
        answer = self._get(f"sheets/{sheet}", SHEET, accept=GONE)
        return self._page("issues", answer, key, last=last, asked=None if rows is None else Asked(rows=rows))

    def _accounts(self, partition: Partition) -> Iterator[Page]:
        """All of the plan, where Smartsheet lists them to this account; else its own."""
        ask = lambda path, params: self._get(path, params, accept=(403,))  # noqa: E731
        for answer, last in whole_list(ask, "accounts", "users", WHOLE):
            refused = answer.status == 403
            yield self._page("accounts", answer, partition.key, last=last and not refused)
            if refused:
                yield self._page("accounts", self._get("users/me"), partition.key, last=True)

    def _projects(self, partition: Partition) -> Iterator[Page]:
        """What holds sheets, then the sheets: each told where it stands, as the list does not say so."""
        sheets, holders = partition.spec["sheets"], partition.spec["holders"]
        assert isinstance(holders, list) and (sheets is None or isinstance(sheets, dict))
        for kind, id_ in holders:
            yield self._page("projects", self._holder(kind, id_), partition.key, asked=Asked(kind=kind))
        asked = None if sheets is None else Asked(sheets=sheets)
        for answer, last in whole_list(self._get, "projects", "sheets", WHOLE):
            yield self._page("projects", answer, partition.key, last=last, asked=asked)

    def _holder(self, kind: str, id_: str) -> Answer:
        if kind == "report":
            return self._get(f"reports/{id_}", {"page": "1", "pageSize": "1"}, accept=GONE)
        return self._get(f"{kind}s/{id_}/metadata", accept=GONE)

    # -------------------------------------------------------------- what exists

    def count(self, stream: Stream, span: Span) -> Page:  # noqa: ARG002
        raise Refused(f"{self.source.name}: Smartsheet counts no {stream.name}")

    def census(self, stream: Stream, span: Span) -> Iterator[Page]:  # noqa: ARG002
        """None of its own: a sheet is read whole."""
        return iter(())

    def probe(self, stream: Stream, native_id: str) -> Page:
        if stream.name == "issues":
            sheet, _, row = native_id.partition("/")
            return self._sheet(sheet, native_id, [row])
        kind, _, id_ = native_id.rpartition("-")
        scope = self._found_scope()[0]
        if kind:
            asked = Asked(kind=kind) if [kind, id_] in scope.holders else Asked(kind=kind, sheets={})
            return self._page("projects", self._holder(kind, id_), native_id, asked=asked)
        answer = self._get(f"sheets/{id_}", {"page": "1", "pageSize": "1"}, accept=GONE)
        within = None if scope.sheets is None else Asked(sheets=dict(scope.sheets))
        return self._page("projects", answer, native_id, asked=within)

    def judge(self, stream: Stream, page: Page, identity: Identity) -> Presence:  # noqa: ARG002
        """404 is what Smartsheet says of what was deleted and of what is not shared alike: it proves neither."""
        if page.status == 403:
            return Presence(Availability.INACCESSIBLE, "403: not shared with the account", proven=False)
        if page.status != 200:
            return Presence(Availability.MISSING, "404: deleted, or not shared with the account", proven=False)
        batch = self._decoder.decode(stream.name, page.body)
        rows = batch.rows.get(stream.table)
        if rows is not None and page.partition in rows["native_id"].to_pylist():
            return Presence(Availability.PRESENT, "Smartsheet shows it", proven=True)
        if stream.name == "projects":
            return Presence(Availability.OUT_OF_SCOPE, "no longer in what projects names", proven=True)
        if any(reject.native_id == page.partition for reject in batch.rejects):
            return Presence(Availability.PRESENT, "Smartsheet shows it, and it does not fit", proven=True)
        where = "its sheet" if stream.name == "issues" else "Smartsheet's list"
        return Presence(Availability.DELETED, f"{where} is there, and it is not in it", proven=True)

    def decode(self, stream: str, body: bytes) -> Batch:
        return self._decoder.decode(stream, body)

    def decode_census(self, stream: str, body: bytes) -> Listing:
        """Ids of a page of the stream."""
        rows = self._decoder.decode(stream, body).rows
        return Listing(ids=rows[stream]["native_id"].to_pylist() if stream in rows else ())

    # -------------------------------------------------------------- asking

    def progress(self) -> Mapping[str, float]:
        return {"requests": self._pacing.requests, "throttled_seconds": self._pacing.throttled_seconds}

    def close(self) -> None:
        self._client.close()
        if self.oauth is not None:
            self.oauth.close()

    def _get(self, path: str, params: Params | None = None, *, accept: Collection[int] = ()) -> Answer:
        """403 and 404 are answers where Smartsheet's own code says so; else a proxy, or an account that is blocked."""
        answer = self._client.get(path, params, accept=accept)
        code = fault_of(answer.body) if answer.status in GONE else min(ABSENT)
        if code not in ABSENT:
            raise Refused(
                f"{self.source.name}: {answer.request[:200]} at {self.source.site} answered {answer.status}, and not "
                f"in Smartsheet's words for what is gone or not shared (its code {code}): check url, and the "
                "account's licence",
                status=answer.status,
            )
        return answer

    def _page(
        self, stream: str, answer: Answer, key: str = "", *, last: bool = False, asked: Struct | None = None
    ) -> Page:
        body = answer.body if asked is None or answer.status != 200 else told(asked, answer.body)
        return Page(stream, body, answer.request, answer.served_at or datetime.now(UTC), key, answer.status, last=last)
