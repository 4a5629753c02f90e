"""What a connector is: one tool's HTTP API and its JSON, and nothing of flows, SQL or other tools.

A connector hands on raw answers (`Page`) and turns bytes into columns (`decode`); it keeps no state between calls
and decides nothing: what is new, what is gone, what is written next is decided by the pull engine (`flows.pull`).
Everything it returns from the network is a `Page`, so that it can be archived before it is understood.

Ids in columns are the tool's own, without the source's name. Reasons for the shape: CONTRIBUTING, "Add a connector".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from model.change import Step
from model.plan import Offers
from model.vocabulary import Availability

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "OFFERS",
    "Axis",
    "Batch",
    "Census",
    "Connector",
    "Departure",
    "Identity",
    "Listing",
    "Page",
    "Partition",
    "Plan",
    "Presence",
    "Reading",
    "Reject",
    "Rights",
    "Span",
    "Stream",
    "TellsRights",
    "Write",
    "Writer",
]


class Reading(StrEnum):
    """How a stream is read."""

    ALL = "all"  # a reference list, read whole in each run; what a whole reading lacks is absent
    WINDOW = "window"  # what changed since the cursor, in partitions
    COUNTED = "counted"  # comes with another stream, but changes without moving its mark: by kinds whose count changed
    FOLLOW = "follow"  # by ids of another stream's rows that are new or changed (history, cut lists)


class Census(StrEnum):
    """How a stream says what exists."""

    IDS = "ids"  # lists every id, cheaply
    COUNTS = "counts"  # counts a span of an axis; only spans that differ are listed
    LISTING = "listing"  # the reading itself lists everything (Reading.ALL)
    NONE = "none"  # its rows stand and fall with another stream's


class Axis(StrEnum):
    """What spans of a census by counts are measured on."""

    ID = "id"  # the native id, a whole number
    WORK_ON = "work_on"  # the day of a worklog


@dataclass(frozen=True)
class Span:
    """A closed range of a stream's axis. Bounds are both `int` (ids) or both `date`; None is open.

    For Reading.COUNTED both bounds are the key of one partition.
    """

    low: int | date | str | None = None
    high: int | date | str | None = None


@dataclass(frozen=True)
class Stream:
    """One kind of record of a source.

    `table` is where its own rows land (its pages may carry rows of other tables beside). `follows` names the stream
    whose new and changed rows it completes (Reading.FOLLOW); `touches` the stream whose rows the tool changes without
    saying so when one of this stream's rows changes (hours booked change their issue's sum), through the reference
    column `touches_by`. `full_every_days`: a window that cannot see all edits is read whole that often. `probes`: a
    single record can be asked for by id; without that, what a list lacks is `missing`. `only_cut` (Reading.FOLLOW):
    rows come whole with those they complete, but for lists the tool cut (`Batch.cut`), and only these are read.
    `refresh_hours` (Reading.ALL): a list that seldom changes is read again when it is as old as that.
    `observed` (issues): fields of which the tool tells no history, so that the hub makes one from what it reads (names
    of `model.observed.OBSERVABLE`); a window must find every edit of them. `unstamped`: those of them that may change
    and leave `updated_at` as it was (formulas, sums of parts), and are found even so.

    Reading.COUNTED: `follows` names the stream its rows come with, `plan` gives a partition for each kind, `count` its
    number, and the pages of a partition hold the whole lists of all owners that have some. Its spec may say
    `native_kind`, where the key is another, and `owners`, the reference columns whose owners it lists: all, by default.
    """

    name: str
    table: str
    reading: Reading
    census: Census
    axis: Axis = Axis.ID
    follows: str | None = None
    touches: str | None = None
    touches_by: str | None = None
    full_every_days: float | None = None
    probes: bool = True
    only_cut: bool = False
    refresh_hours: float | None = None
    observed: Collection[str] = ()
    unstamped: Collection[str] = ()


@dataclass(frozen=True)
class Partition:
    """A part of a window that can be read on its own, again, with the same meaning.

    `key` is unique within its window. `spec` is JSON-able: it is stored and handed back after a restart.
    A FOLLOW partition whose answers are spread over several pages names its owners in `completes`: their lists are
    whole when its last page has landed (`Batch.complete` says so for lists that are whole within one page).
    """

    stream: str
    key: str
    spec: Mapping[str, object] = field(default_factory=dict)
    completes: Sequence[str] = ()


@dataclass(frozen=True)
class Page:
    """One answer of the tool, as received.

    `fetched_at` is the tool's own clock where it tells it (UTC). `request` never holds a secret. `last` finishes its
    partition. `status` is 200 but for probes, where 403 and 404 are answers too.
    """

    stream: str
    body: bytes
    request: str
    fetched_at: datetime
    partition: str = ""
    status: int = 200
    last: bool = False


@dataclass(frozen=True)
class Reject:
    """A record that did not fit. `error` names what was expected, never the value; `record` is its bytes."""

    stream: str
    native_id: str | None
    field: str | None
    error: str
    record: bytes


@dataclass(frozen=True)
class Departure:
    """A record of which the tool itself says what has become of it (a feed of deletions, a trash, an archive)."""

    native_id: str
    availability: Availability
    evidence: str


@dataclass(frozen=True)
class Batch:
    """What a page says, as columns.

    `rows`: table → landed columns. `complete`: table → ids of owners whose rows of that table are all in this batch,
    so that others of that owner are gone (the whole history of an issue, its links). `cut`: stream → ids whose lists
    the tool cut, to be completed by that stream. `departed`: table → records the tool says are gone; one that is among
    `rows` too lands as gone. `seen` counts the stream's own records, rejects included.
    """

    rows: Mapping[str, pa.Table] = field(default_factory=dict)
    rejects: Sequence[Reject] = ()
    complete: Mapping[str, Sequence[str]] = field(default_factory=dict)
    cut: Mapping[str, Sequence[str]] = field(default_factory=dict)
    departed: Mapping[str, Sequence[Departure]] = field(default_factory=dict)
    seen: int = 0


@dataclass(frozen=True)
class Plan:
    """The partitions of a window, and the answers that decided them: `pages` are drawn once, and before `partitions`
    are looked at, which a connector may fill in meanwhile (a list of ids is long).

    `lists_all`: the pages list every id there is (as `decode_census` reads them), so that a census by ids need not ask
    for them again in that run.
    """

    partitions: Sequence[Partition]
    pages: Iterable[Page] = ()
    lists_all: bool = False


@dataclass(frozen=True)
class Listing:
    """A census page understood: ids (an Arrow array where there are many), or a total."""

    ids: Sequence[str] | pa.Array = ()
    total: int | None = None


@dataclass(frozen=True)
class Presence:
    """What a probe of one id proves. `proven` is false where the tool would answer the same to a hidden record."""

    availability: Availability
    evidence: str
    proven: bool


@dataclass(frozen=True)
class Identity:
    """Who we are there, and where "there" is.

    `instance` names the real installation (cloud id, base URL): the same for two sources that read the same one.
    `account_id` and `scope` (what the account may see, in short) are fingerprints: when they change, everything is
    read again and nothing is called gone in that run. `now` is the tool's clock, UTC. `may` are sentences for people.
    """

    instance: str
    account_id: str
    account_name: str
    scope: str
    now: datetime
    version: str | None = None
    may: Sequence[str] = ()
    missing: Sequence[str] = ()
    pages: Sequence[Page] = ()


@dataclass(frozen=True)
class Rights:
    """Sentences for people: what an account may do, and what it lacks."""

    may: Sequence[str] = ()
    missing: Sequence[str] = ()


@runtime_checkable
class TellsRights(Protocol):
    """A connector that must ask more to tell rights than a run should spend; others tell them with `Identity`."""

    def rights(self) -> Rights:
        """What the account may do and what it lacks, beside what its identity says."""


@runtime_checkable
class Connector(Protocol):
    """One configured source. All methods but `decode`, `decode_census` and `judge` go over the network.

    They raise `model.errors.SourceError` and its kin. Methods may be called from several threads at once.
    """

    streams: tuple[Stream, ...]  # what it can pull, parents first
    in_flight: int  # how many requests may be under way at once

    @property
    def writer(self) -> Writer | None:
        """What changes its issues; None: it is only read."""

    def identify(self) -> Identity:
        """Who we are. Raises Unauthorized unless the tool itself confirms the account."""

    def plan(self, stream: Stream, since: datetime | None) -> Plan:
        """What to read, split into parts that do not move. `since` (tool's clock, with overlap) None: everything."""

    def follow(self, stream: Stream, ids: Sequence[str]) -> list[Partition]:
        """Partitions of a FOLLOW stream that complete these ids."""

    def fetch(self, stream: Stream, ids: Sequence[str]) -> list[Partition]:
        """Partitions that read these records of a WINDOW stream afresh, in bulk; hidden ones are left out."""

    def pull(self, partition: Partition) -> Iterator[Page]:
        """Raw pages of one part, in order; the last one says so. Nothing is understood here but the paging."""

    def count(self, stream: Stream, span: Span) -> Page:
        """How many records the tool says exist in a span (Census.COUNTS)."""

    def census(self, stream: Stream, span: Span) -> Iterator[Page]:
        """Every id in a span. Where `decode` understands these pages as records too, they are landed beside."""

    def probe(self, stream: Stream, native_id: str) -> Page:
        """One record asked for by id; "not there" and "not yours" are answers, not errors."""

    def decode(self, stream: str, body: bytes) -> Batch:
        """Pure: bytes to columns, no network, no clock. Raises BadRecord only if nothing of it can be understood."""

    def decode_census(self, stream: str, body: bytes) -> Listing:
        """Pure: ids of a census page, or the total of a count."""

    def judge(self, stream: Stream, page: Page, identity: Identity) -> Presence:
        """Pure: what a probe's answer proves. PRESENT means its body decodes as a record of the stream."""

    def progress(self) -> Mapping[str, float]:
        """`requests` and `throttled_seconds` so far."""

    def close(self) -> None:
        """Lets go of connections."""


@dataclass(frozen=True)
class Write:
    """One request that changes an issue. Ids are the tool's own; its steps start where the issue is now."""

    issue_id: str
    project_id: str | None = None
    status: Step | None = None
    priority: Step | None = None

    @property
    def steps(self) -> Mapping[str, Step]:
        """By field."""
        return {name: step for name, step in (("status", self.status), ("priority", self.priority)) if step}


class Writer(Protocol):
    """The writing half of a connector. Whether a change is made is decided by the push (`flows.push`).

    `writes_together`: one request can change several fields. Sending raises what `STATUS_RULES` say; an error that
    leaves open whether the tool acted is Transient. Nothing that changes a record is ever sent twice in here.
    """

    writes_together: bool

    def look(self, ids: Sequence[str], fields: Collection[str], sent: Collection[str] = ()) -> list[Partition]:
        """Partitions that read these issues afresh, from the records and not from an index, in bulk where the tool can,
        with the newest entries of their history, and with what may be done to these `fields`. Hidden ones are left out.
        A tool whose history is dear tells that of those in `sent` alone, to which something was sent already.

        `Connector.pull` reads them. Pages of the connector's streams hold records, those of `OFFERS` none."""

    def offers(self, page: Page) -> Mapping[str, Offers]:
        """Pure: what a page of `look` says may be done, by issue. A later page says it better."""

    def values_now(self, issue_id: str) -> Mapping[str, str | None]:
        """Native ids of an issue's fields at this moment: the last look before a step that the tool does not guard."""

    def request_of(self, write: Write) -> str:
        """The request, as the record of what was sent has it; without secrets."""

    def send(self, write: Write) -> None:
        """Sends it, once."""

    def is_noted(self, issue_id: str, mark: str) -> bool:
        """Whether a comment of the issue holds this mark."""

    def note(self, issue_id: str, text: str) -> None:
        """Leaves a comment."""


OFFERS = "offers"
"""Stream of pages that say what may be done to issues, and hold no records."""


def only(streams: Iterable[Stream], name: str) -> Stream:
    """The stream of that name. Raises KeyError."""
    for stream in streams:
        if stream.name == name:
            return stream
    raise KeyError(name)
