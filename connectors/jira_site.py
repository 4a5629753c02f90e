"""One Jira Cloud site as the connector knows it in a run: who asks, which projects are read, which fields mean what.

Each is asked for once and kept, so that no part of a run asks again; nothing here outlives the connector. Failures are
put into sentences for people. What to read of the site, and in which parts, stands in `connectors.jira`.
Facts: the vendor's OpenAPI description; X-Seraph-Loginreason as its knowledge base has it. Read 2026-11-25.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from connectors.contract import Identity, Page, Partition
from connectors.http import Answer, Client, Pacing, Params
from connectors.jira_columns import zone_of
from connectors.jira_fields import asked_fields
from connectors.jira_lists import beans
from connectors.jira_records import Asked
from connectors.misfit import UNREADABLE
from connectors.telling import told
from model.config import SourceSettings
from model.errors import BadRecord, ConfigError, NotFound, SourceError, Unauthorized

__all__ = ["API", "GONE", "Site"]

API = "rest/api/3"
GONE = (403, 404)
PROJECTS_PAGE = 100
NAMED_AT_ONCE = 50  # projects asked for by key or id in one request
LOG_IN_REASON = "X-Seraph-Loginreason"
LOG_IN_FAILED = ("AUTHENTICATED_FAILED", "AUTHENTICATION_DENIED")
T = TypeVar("T")


class _Me(Struct, rename="camel"):
    account_id: str
    display_name: str = ""
    time_zone: str | None = None
    groups: Any = None


class _Server(Struct, rename="camel"):
    base_url: str
    deployment_type: str = "Cloud"
    server_time: str | None = None
    version: str | None = None


class _Project(Struct):
    id: str
    key: str
    archived: bool | None = None
    deleted: bool | None = None


class _Projects(Struct):
    values: list[_Project] = []


_ME = msgspec.json.Decoder(_Me)
_SERVER = msgspec.json.Decoder(_Server)
_PROJECT = msgspec.json.Decoder(_Project)
_PROJECTS = msgspec.json.Decoder(_Projects)


class Site:
    """Asks one site, and keeps what it said of itself. Threads may share it."""

    def __init__(self, source: SourceSettings) -> None:
        self.source = source
        self.pacing = Pacing(
            source.requests_per_second, source.in_flight, longest_pause_seconds=source.longest_pause_seconds
        )
        self.client = Client(
            source.url,
            source=source.name,
            pacing=self.pacing,
            auth=(source.email or "", source.token or ""),
            timeout_seconds=(source.connect_timeout_seconds, source.read_timeout_seconds),
            verify=source.ca_file or True,
            tries=source.tries,
        )
        self.story_points = source.fields.get("story_points")
        self._me: _Me | None = None
        self._live: dict[str, str] = {}  # id → key of the projects that are read
        self._listed: set[str] = set()  # parts of their list that are known whole
        self._configured: list[str] | None = None  # ids of the configured ones
        self._asked: Asked | None = None
        self._lock = threading.RLock()

    # -------------------------------------------------------------- who and where

    def identify(self) -> Identity:
        """Two requests. Some lists answer a wrong token with an empty 200: only Jira's naming of the account counts."""
        if not self.source.email or not self.source.token:
            raise ConfigError(
                f'{self.source.name}: Jira Cloud needs email and token: set token = "${{NAME}}" to an API token of '
                "that account, from id.atlassian.com"
            )
        page, me = self.myself()
        answer = self.get(f"{API}/serverInfo")
        server_page = self.page("projects", answer)
        server = self.read(answer, _SERVER, "what it is")
        if server.deployment_type != "Cloud":
            raise SourceError(
                f"{self.source.name}: at {self.source.site} is a Jira {server.deployment_type}, and no Jira Cloud: "
                "correct type or url"
            )
        missing = []
        if zone_of(me.time_zone) is None:
            missing.append("the account's time zone, which Jira counts in: each run reads 12 hours more than needed")
        return Identity(
            instance=server.base_url.rstrip("/"),
            account_id=me.account_id,
            account_name=me.display_name or me.account_id,
            scope=_scope(me.groups),
            now=_instant(server.server_time) or server_page.fetched_at,
            version=server.version,
            missing=missing,
            pages=(page, server_page),
        )

    def myself(self) -> tuple[Page, _Me]:
        """Who asks. Raises Unauthorized unless Jira names the account."""
        try:
            # why somebody is not let in stands in a header, and a web page comes along with it
            answer = self.client.get(f"{API}/myself", {"expand": "groups"}, accept=(401, 403), any_body=True)
        except NotFound:
            raise NotFound(
                f"{self.source.name}: no Jira Cloud answers at {self.source.site}: correct url, without any path "
                "behind the site",
                status=404,
            ) from None
        reason = answer.headers.get(LOG_IN_REASON, "")
        me: _Me | None = None
        if answer.status == 200 and not reason.startswith(LOG_IN_FAILED):
            try:
                me = _ME.decode(answer.body)
            except UNREADABLE:
                me = None
        if me is None:
            raise Unauthorized(self._not_let_in(answer, reason), status=answer.status)
        self._me = me
        return self.page("accounts", answer), me

    def _not_let_in(self, answer: Answer, reason: str) -> str:
        if "DENIED" in reason:
            return (
                f"{self.source.name}: Jira at {self.source.site} wants this account to log in by hand first, after too "
                "many wrong log-ins: do so in a browser"
            )
        return (
            f"{self.source.name}: Jira at {self.source.site} does not accept email and token (it answered "
            f"{answer.status}): the token is wrong, expired or of another account; make one at id.atlassian.com"
        )

    def zone(self) -> ZoneInfo | None:
        """The time zone of the account's profile, which queries are read in."""
        if self._me is None:
            self.myself()
        return zone_of(self._me.time_zone if self._me else None)

    # -------------------------------------------------------------- projects and fields

    def project_parts(self) -> list[tuple[str, dict[str, object]]]:
        """The live ones, all or those configured: a filter takes keys or ids."""
        if self.source.projects is None:
            return [("all", {})]
        keys = [name.upper() for name in self.source.projects if not name.isdigit()]
        ids = [name for name in self.source.projects if name.isdigit()]
        return [
            (f"{filter_} {part[0]} and {len(part) - 1} more", {filter_: part})
            for filter_, names in (("keys", keys), ("id", ids))
            for part in (names[n : n + NAMED_AT_ONCE] for n in range(0, len(names), NAMED_AT_ONCE))
        ]

    def project_pages(self, partition: Partition) -> Iterator[Page]:
        """Pages of live projects; which there are is kept for what is read project by project."""
        params: dict[str, Any] = {"status": "live", "expand": "lead,description", "maxResults": PROJECTS_PAGE}
        listed: dict[str, str] = {}
        ask = self.offset(f"{API}/project/search", params | dict(partition.spec), accept=(404,))
        for answer, last in beans(ask):
            if answer.status == 200:
                found = self.read(answer, _PROJECTS, "projects")
                listed |= {project.id: project.key for project in found.values}
            if last:
                with self._lock:
                    self._live |= listed
                    self._listed.add(partition.key)
                    self._configured = None
            yield self.page("projects", answer, partition.key, last=last)

    def projects(self, decided: list[Page] | None = None) -> dict[str, str]:
        """The projects that are read, id → key: as listed in this run, else asked for now."""
        for key, spec in self.project_parts():
            if key not in self._listed:
                found = list(self.project_pages(Partition("projects", key, spec)))
                if decided is not None:
                    decided += found
        return self._live

    def scope(self) -> list[str] | None:
        """Ids of the configured projects; those archived or in the trash have no issues to be read. None: no filter."""
        if self.source.projects is None:
            return None
        with self._lock:
            if self._configured is None:
                live = self.projects()
                known = {*live, *(key.casefold() for key in live.values())}
                for name in self.source.projects:
                    if name.casefold() not in known:
                        self._check_unlisted(name)
                self._configured = sorted(live, key=int)
            return self._configured

    def is_configured(self, id_: str, key: str) -> bool:
        """Whether a project is read."""
        if self.source.projects is None:
            return True
        return not {id_, key.casefold()}.isdisjoint(name.casefold() for name in self.source.projects)

    def _check_unlisted(self, name: str) -> None:
        """A configured project that is not listed: it is archived or in the trash, or that is an error."""
        answer = self.get(f"{API}/project/{quote(name, safe='')}", accept=GONE)
        if answer.status == 200:
            project = self.read(answer, _PROJECT, "a project")
            if project.archived or project.deleted:
                return
            raise NotFound(
                f"{self.source.name}: the project “{name}” of the configuration has the key “{project.key}” by now: "
                "write that in projects"
            )
        params: dict[str, Any] = {"status": ["archived", "deleted"], "id" if name.isdigit() else "keys": name.upper()}
        put_away = self.get(f"{API}/project/search", params, accept=(404,))
        if put_away.status == 200 and self.read(put_away, _PROJECTS, "projects").values:
            return
        raise NotFound(
            f"{self.source.name}: there is no project “{name}” in Jira at {self.source.site} that this account may "
            "see: correct projects, or ask for the permission Browse projects",
            status=404,
        )

    def fields(self) -> Asked:
        """What custom fields to ask for: from the field list, read once in a run, and written before each answer."""
        with self._lock:
            return self._asked or self.note_fields(self.get(f"{API}/field"))

    def note_fields(self, answer: Answer) -> Asked:
        """Takes the field list. Raises ConfigError where the configured field is not in it."""
        with self._lock:
            self._asked = asked_fields(answer.body, self.source.name, self.story_points)
            return self._asked

    # -------------------------------------------------------------- asking

    def offset(self, path: str, params: Mapping[str, Any], *, accept: Collection[int] = ()) -> partial[Answer]:
        """Asks for the page of a list from an offset on."""
        return partial(self._from, path, params, accept)

    def _from(self, path: str, params: Mapping[str, Any], accept: Collection[int], start: int) -> Answer:
        return self.get(path, {**params, "startAt": start}, accept=accept)

    def get(self, path: str, params: Params | None = None, *, accept: Collection[int] = ()) -> Answer:
        """`Client.get`, from an account that Jira knows."""
        return self._known(self.client.get(path, params, accept=accept))

    def post(self, path: str, body: Mapping[str, object]) -> Answer:
        """All that is posted here asks, and may be asked again."""
        return self._known(self.client.request("POST", path, json=body, repeatable=True))

    def _known(self, answer: Answer) -> Answer:
        """To a token that has expired meanwhile Jira shows what strangers may see: nothing, as a rule, and status 200.

        Raises Unauthorized, before an empty list is taken for the truth.
        """
        if answer.headers.get(LOG_IN_REASON, "").startswith(LOG_IN_FAILED):
            raise Unauthorized(
                f"{self.source.name}: Jira at {self.source.site} no longer accepts the token, which it did before: it "
                "expired or was revoked; make a new one at id.atlassian.com",
                status=answer.status,
            )
        return answer

    def read(self, answer: Answer, decoder: msgspec.json.Decoder[T], what: str) -> T:
        """What an answer says, as far as asking needs it. Raises BadRecord."""
        try:
            return decoder.decode(answer.body)
        except UNREADABLE:
            raise BadRecord(f"{self.source.name}: {answer.request[:200]} did not tell {what}, as Jira does") from None

    def page(
        self, stream: str, answer: Answer, key: str = "", *, last: bool = False, asked: Asked | None = None
    ) -> Page:
        """The answer to be archived, with what it takes to understand it."""
        body = answer.body if asked is None else told(asked, answer.body)
        return Page(stream, body, answer.request, answer.served_at or datetime.now(UTC), key, answer.status, last=last)


# ------------------------------------------------------------------ helpers


def _instant(text: str | None) -> datetime | None:
    try:
        at = None if text is None else datetime.fromisoformat(text)
    except ValueError:
        return None
    return at.astimezone(UTC) if at is not None and at.tzinfo is not None else None


def _scope(groups: Any) -> str:
    """Short form of the groups the account is in: they are what it may see."""
    items = groups.get("items") if isinstance(groups, dict) else None
    names = [one.get("groupId") or one.get("name") for one in items or () if isinstance(one, dict)]
    return hashlib.sha256(msgspec.json.encode(sorted(str(name) for name in names))).hexdigest()[:16]
