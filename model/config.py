"""What `pmo.toml` says, as records: names, types, bounds and defaults of all settings.

Nothing is read here: `flows.config` finds the file, puts in the environment and tells people what is wrong. Validators
end the sentence "<key> …" and never repeat a value, which may be a secret. A token is shown by no repr and no dump.
Keys and defaults: DESIGN, section 4; the descriptions are what `pmo init` writes as comments.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal, TypeVar, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from model.mapping import Rules
from model.vocabulary import IssueType, Status

__all__ = [
    "COLUMN_NAMES",
    "COMMENT_PLACES",
    "FIELD_NAMES",
    "HubSettings",
    "KeepSettings",
    "PlanFileSettings",
    "PublishSettings",
    "Settings",
    "SheetSettings",
    "SourceDefaults",
    "SourceSettings",
    "near_word",
    "nearest",
    "overlap",
    "share_projects",
]

# Strict: 1 is no "true", "5" no number, 5.0 no whole number.
Whole = Annotated[int, Field(strict=True)]
Number = Annotated[float, Field(strict=True)]
Switch = Annotated[bool, Field(strict=True)]
Text = Annotated[str, Field(strict=True, min_length=1)]
Grade = Annotated[int, Field(strict=True, ge=1, le=5)]
FieldName = Literal["story_points"]
ColumnName = Literal[
    "key", "title", "description", "status", "priority", "type", "assignee", "reporter", "labels", "start_on", "due_on",
    "baseline_start_on", "baseline_due_on", "percent_complete", "done", "milestone", "duration", "estimate",
    "predecessors",
]  # fmt: skip
T = TypeVar("T")

COMMENT_PLACES = ("asker", "approver", "what", "reason")
"""What may stand in braces in a comment that is left in the tool."""

FIELD_NAMES: tuple[str, ...] = get_args(FieldName)
"""Our fields whose place in the tool may be named: `fields.<name> = "…"`."""

COLUMN_NAMES: tuple[str, ...] = get_args(ColumnName)
"""What a column of a sheet may be for us: `columns.<name> = "…"`."""


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True)


class PublishSettings(_Settings):
    """What goes into the published file."""

    emails: Switch = Field(default=False, description="publish e-mail addresses of accounts and people")
    finance: Switch = Field(default=False, description="publish rates and costs, in portfolio-finance.duckdb")


class KeepSettings(_Settings):
    """The [keep] table: for how long."""

    generations: Whole = Field(default=30, ge=1, le=36500, description="days whose last published file is kept")
    raw_days: Annotated[Whole, Field(ge=7, le=36500)] | None = Field(
        default=None, description="days that the tools' answers are kept one by one; left out: all of them"
    )
    desk_copies: Whole = Field(default=14, ge=1, le=36500, description="nightly copies of the desk")


class SourceDefaults(_Settings):
    """What may stand under [hub] for all sources, and under a source for that one."""

    requests_per_second: Annotated[Number, Field(gt=0, le=1000)] | None = Field(
        default=None, description="pacing; left out: no limit"
    )
    in_flight: Whole = Field(default=8, ge=1, le=32, description="requests under way at once")
    overlap_minutes: Number = Field(default=5, ge=0, le=10080, description="how far each window reaches back")
    loss_share: Number = Field(default=0.10, ge=0, le=1, description="losing more than this share of the rows …")
    loss_rows: Whole = Field(default=20, ge=0, description="… and more than so many, waits for `pmo accept-loss`")
    max_probes: Whole = Field(default=1000, ge=0, description="absent records asked for one by one in a run, at most")
    approval: Literal["other", "self", "none"] = Field(
        default="other", description="changes are approved by another, by the asker too, or need no approval (none)"
    )
    conflicts: Literal["ask", "tool-wins"] = Field(default="ask", description="who settles a conflict")
    max_changes: Whole = Field(default=200, ge=0, description="a push of more changes than this does nothing")
    writes_per_second: Annotated[Number, Field(gt=0, le=1000)] | None = Field(
        default=None, description="changes sent; left out: as fast as the tool allows"
    )
    notify: Switch = Field(default=False, description="let the tool mail its watchers, where it can be told not to")
    comment: Text | None = Field(default=None, description="left in the tool with a change; {approver} too")
    worklog_days: Whole = Field(
        default=45, ge=1, le=36500, description="hours are read again so far back, if the tool hides their edits"
    )
    connect_timeout_seconds: Number = Field(default=10, gt=0, le=3600, description="to reach the tool")
    read_timeout_seconds: Number = Field(default=60, gt=0, le=3600, description="silence while the tool answers")
    longest_pause_seconds: Number = Field(default=120, ge=0, le=86400, description="a tool that asks for more fails")
    tries: Whole = Field(default=5, ge=1, le=20, description="times a request is sent, where repeating is safe")

    @field_validator("comment")
    @classmethod
    def _known_places(cls, text: str | None) -> str | None:
        try:
            (text or "").format(**dict.fromkeys(COMMENT_PLACES, ""))
        except (LookupError, ValueError):
            places = ", ".join(f"{{{name}}}" for name in COMMENT_PLACES)
            raise ValueError(f"may hold {places} and no other braces") from None
        return text


class NotifySettings(_Settings):
    """The [notify] table: who is told after a night."""

    urls: tuple[Text, ...] = Field(default=(), description="Apprise addresses of who runs the hub, each as ${NAME}")
    pmo_urls: tuple[Text, ...] = Field(
        default=(), description="those of the PMO: red projects, late milestones, changes"
    )
    quiet_nights: Switch = Field(default=False, description="a message also after nights that brought nothing new")


class HubSettings(SourceDefaults):
    """The [hub] table."""

    data: Text = Field(default="data", description="folder of all that the hub keeps, relative to this file")
    timezone: Text = Field(default="UTC", description="the PMO's own, where a person's is unknown")
    lock_wait_minutes: Number = Field(default=30, ge=0, le=1440, description="how long `pmo nightly` waits its turn")
    month_close_day: Whole = Field(
        default=10, ge=1, le=28, description="day of the next month on which hours and costs of a month are closed"
    )
    sources_at_once: Whole = Field(default=4, ge=1, le=32, description="sources that are read side by side")
    publish: PublishSettings = Field(default_factory=PublishSettings, description="what goes into the published file")

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError):  # OSError: a folder of zones, such as "Europe"
            near = nearest(name, available_timezones())
            raise ValueError(f'must be an IANA time zone such as "Europe/Berlin"{near}') from None
        return name


def _as_list(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Texts = Annotated[tuple[Text, ...], BeforeValidator(_as_list), Field(min_length=1)]
Word = Annotated[str, Field(strict=True)]


class PlanFileSettings(_Settings):
    """One [sources.<name>.tables.<file>] table: where a plan's rows of one kind stand, and how they are to be read."""

    file: Texts | None = Field(default=None, description="its file or files in the folder; * stands for any letters")
    sheet: Texts | None = Field(default=None, description="its sheet or sheets, in a workbook")
    header_row: Annotated[Whole, Field(ge=1)] | None = Field(
        default=None, description="row of the headings; left out: the first that is not empty"
    )
    columns: dict[Text, Text] = Field(default_factory=dict, description="our column → its heading in the file")
    words: dict[Text, dict[Text, Word]] = Field(
        default_factory=dict, description='our column → its words → ours; "" reads a cell as empty'
    )
    values: dict[Text, Text] = Field(default_factory=dict, description="our column → what it is in all rows")
    day_format: Texts | None = Field(default=None, description='how days are written, such as "%d.%m.%Y"')
    decimal: Literal[".", ","] = Field(default=".", description="what stands before the decimals of a number")
    scale: dict[Text, Annotated[Number, Field(gt=0)]] = Field(
        default_factory=dict, description="our column → what its numbers are multiplied by"
    )

    @field_validator("day_format")
    @classmethod
    def _names_a_day(cls, formats: tuple[str, ...] | None) -> tuple[str, ...] | None:
        day = date(2026, 11, 30)
        for format_ in formats or ():
            try:
                there_and_back = datetime.strptime(day.strftime(format_), format_).date() == day  # noqa: DTZ007
            except ValueError:
                there_and_back = False
            if not there_and_back:
                raise ValueError('must name day, month and year, such as "%d.%m.%Y" or "%m/%d/%y"')
        return formats


Columns = dict[ColumnName, Word]
_COLUMNS = 'our field → title or id of its column; "": it has none'


class SheetSettings(_Settings):
    """One [sources.<name>.sheets.<sheet>] table: what is other in one sheet than in those beside it."""

    columns: Columns = Field(default_factory=dict, description=_COLUMNS)


class SourceSettings(SourceDefaults):
    """One [sources.<name>] table, with the hub's defaults where it has no word of its own."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$", description="as in [sources.<name>]; part of all ids")
    type: Text = Field(description="the kind of tool")
    url: Text = Field(default="", description="address of the tool")
    token: Text | None = Field(default=None, repr=False, exclude=True, description="access token or API key")
    oauth_client: Text | None = Field(default=None, repr=False, exclude=True, description="id of an app, for pmo login")
    oauth_secret: Text | None = Field(default=None, repr=False, exclude=True, description="its secret")
    email: Text | None = Field(default=None, repr=False, exclude=True, description="account the token belongs to")
    projects: Annotated[tuple[Text, ...], Field(min_length=1)] | None = Field(
        default=None, description="keys of the projects to read; left out: all that the account sees"
    )
    fields: dict[FieldName, Text] = Field(default_factory=dict, description="the tool's own field behind ours")
    status: dict[Text, Status] = Field(default_factory=dict, description="the tool's status, by id or name → ours")
    priority: dict[Text, Grade] = Field(default_factory=dict, description="its priority → 1 (most urgent) to 5")
    issue_type: dict[Text, IssueType] = Field(default_factory=dict, description="its type of issue → ours")
    transition_defaults: dict[Text, Text] = Field(
        default_factory=dict, description="for fields that a change of status demands and the issue lacks"
    )
    ca_file: Text | None = Field(default=None, description="certificates to trust, relative to this file")
    columns: Columns = Field(default_factory=dict, description=f"in sheets: {_COLUMNS}")
    sheets: dict[Text, SheetSettings] = Field(
        default_factory=dict, description="sheet, by name or id → what is other in it"
    )
    folder: Text = Field(default="", description="folder of the plan's files, relative to this file")
    tables: dict[Text, PlanFileSettings] = Field(
        default_factory=dict, description="where the plan's files are called, or written, otherwise than ours"
    )
    zone: Text = Field(default="UTC", description="the PMO's own time zone, as under [hub]")
    credentials: Text = Field(default=".", description="the folder in which tokens of a log-in are kept")
    root: Text = Field(default=".", description="the folder of the configuration, which `folder` is relative to")

    @field_validator("url")
    @classmethod
    def _plain_address(cls, url: str) -> str:
        url = url.strip()
        try:
            parts = urlsplit(url)
            known = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError:
            known = None
        if not known or any(letter.isspace() for letter in url):
            raise ValueError("must be an address such as https://tool.example.com, with http or https")
        if "@" in parts.netloc:
            raise ValueError(
                'must name no user and no password: a secret never stands in the file, use token = "${NAME}"'
            )
        if "?" in url or "#" in url:
            raise ValueError("must end before ? and #: it is the address of the tool, not of one page")
        return url.rstrip("/")

    @field_validator("projects")
    @classmethod
    def _each_once(cls, projects: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return projects and tuple(dict.fromkeys(projects))

    @field_validator("status", "priority", "issue_type")
    @classmethod
    def _each_word_once(cls, words: dict[str, T]) -> dict[str, T]:
        folded = [word.casefold().strip() for word in words]
        if len(set(folded)) < len(folded):
            raise ValueError("names one word twice, in upper and lower case: keep one of them")
        return words

    @property
    def rules(self) -> Rules:
        """What a person laid down about this tool's words."""
        return Rules(status=self.status, priority=self.priority, type=self.issue_type)

    @property
    def filter_fingerprint(self) -> str:
        """Changes with what is read of the tool, in no other case."""
        return _fingerprint(None if self.projects is None else sorted(self.projects))

    @property
    def decode_fingerprint(self) -> str:
        """Changes with how the tool's answers are understood, in no other case."""
        found = {"file", "sheet", "header_row"}  # decide what is read
        tables = {n: t.model_dump(mode="json", exclude_defaults=True, exclude=found) for n, t in self.tables.items()}
        sheets = [self.columns, {name: sheet.columns for name, sheet in self.sheets.items()}]
        told = [tables] if tables else []
        return _fingerprint([self.fields, self.zone, *told, *([sheets] if any(sheets) else [])])

    @property
    def place(self) -> Path:
        """The plan's folder, absolute."""
        try:
            folder = Path(self.folder).expanduser()
        except RuntimeError:  # "~" of nobody we know is a plain name
            folder = Path(self.folder)
        return Path(os.path.normpath(Path(self.root).absolute() / folder))

    @property
    def site(self) -> str:
        """The address as far as it tells two tools apart, without scheme, default port, last slash; or the folder."""
        if self.folder:
            return f"folder {self.place}"
        parts = urlsplit(self.url)
        port = "" if parts.port in (None, 80, 443) else f":{parts.port}"
        return f"{(parts.hostname or '').rstrip('.')}{port}{parts.path.rstrip('/')}"


class Settings(_Settings):
    """A whole `pmo.toml`; `path` is where it was found, `hub.data` and each `ca_file` are absolute."""

    hub: HubSettings
    sources: dict[str, SourceSettings]
    path: Path
    notify: NotifySettings = Field(default_factory=NotifySettings)
    keep: KeepSettings = Field(default_factory=KeepSettings)

    @property
    def data(self) -> Path:
        """The folder of all that the hub keeps."""
        return Path(self.hub.data)


def overlap(one: SourceSettings, other: SourceSettings) -> bool:
    """Whether both would read the same project of the same address."""
    return one.site == other.site and share_projects(one, other)


def share_projects(one: SourceSettings, other: SourceSettings) -> bool:
    """Whether some project passes the filters of both."""
    if one.projects is None or other.projects is None:
        return True
    return not {p.casefold() for p in one.projects}.isdisjoint(p.casefold() for p in other.projects)


def near_word(word: str, known: Iterable[str]) -> str:
    """The known word that is nearest to this one in spelling; empty where none is near."""
    folded = {name.casefold(): name for name in known}
    near = get_close_matches(word.casefold().strip(), folded, n=1, cutoff=0.7)
    return folded[near[0]] if near else ""


def nearest(word: str, known: Iterable[str]) -> str:
    """`; did you mean "…"?` where a known word is near, else nothing. Never repeats the word itself."""
    near = near_word(word, known)
    return f'; did you mean "{near}"?' if near else ""


def _fingerprint(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
