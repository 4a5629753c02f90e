"""Reading the portfolio file, for the commands that write nothing: never the hub file, which has one user at a time.

The file is opened read-only under its real name, so that a publishing in the meantime disturbs nobody, and without
access to anything outside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb

from model.change import KnownWord, NativeValue
from model.columns import published_columns
from model.config import nearest
from model.errors import ConfigError, FileError
from model.figures import Portfolio
from model.mapping import RULE
from model.records import Issue, IssueChange, IssueLink
from warehouse.schema import PUBLISHED_VERSION, quoted

__all__ = ["Candidate", "IssueDetails", "Reader", "Row", "Rows", "StatusFacts"]

Row = dict[str, Any]

FIRST_ERRORS = 3
"""Quarantine errors that are shown of each stream."""


@dataclass(frozen=True)
class Rows:
    """An answer: names of columns, then values row by row."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]

    def dicts(self) -> list[Row]:
        """Each row by the names of its columns."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


@dataclass(frozen=True)
class StatusFacts:
    """How the published figures stand.

    `about`: one row per source; `runs`: the last one of each source; `streams`: the last reading of each stream
    (census, present, held_back); `quarantine`: rows per source and stream with the first errors; `words`: those that
    no rule maps; `held_back`: streams that keep rows although they are absent.
    """

    file: Path
    about: list[Row]
    runs: list[Row]
    streams: list[Row]
    quarantine: list[Row]
    words: list[Row]
    held_back: list[Row]


@dataclass(frozen=True)
class Candidate:
    """An issue that may be meant."""

    id: str
    key: str
    title: str
    source: str
    project: str | None
    availability: str


@dataclass(frozen=True)
class IssueDetails:
    """One issue: its row with names for ids, history newest last, links from and to it, hours."""

    issue: Row
    history: list[Row]
    links: list[Row]
    hours: list[Row]
    hours_logged: float


class Reader:
    """The portfolio file, open for reading. Raises FileError if there is none yet, or it cannot be read."""

    def __init__(self, data: Path) -> None:
        link = data / "portfolio.duckdb"
        if not link.exists():
            raise FileError(f"nothing published yet in {data}: run `pmo sync`")
        self.path = link.resolve()
        try:
            self._con = duckdb.connect(
                str(self.path),
                read_only=True,
                config={
                    "enable_external_access": False,
                    "autoinstall_known_extensions": False,
                    "autoload_known_extensions": False,
                    "lock_configuration": True,
                },
            )
        except duckdb.Error as error:
            raise FileError(f"{link} cannot be read ({_first(error)}): run `pmo publish` to write it again") from None
        try:
            self._check(link)
        except BaseException:
            self._con.close()
            raise

    def _check(self, link: Path) -> None:
        try:
            ((found,),) = self._con.execute("SELECT max(schema_version) FROM about").fetchall()
        except duckdb.Error:
            raise FileError(f"{link} is not a portfolio file of pmo-hub: run `pmo publish` to write it again") from None
        if found != PUBLISHED_VERSION:
            raise FileError(
                f"{link} has tables of version {found}, this pmo-hub reads {PUBLISHED_VERSION}: "
                "run `pmo publish` with the version that is to be used"
            )

    def close(self) -> None:
        self._con.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ---- the portfolio and how it stands -------------------------------------------------------------------------

    def kept_day(self, up_to: date) -> date:
        """The last day up to this one whose portfolio is kept. Raises ConfigError if there is none."""
        ((day, first),) = self._rows(
            "SELECT max(as_of_on) FILTER (as_of_on <= ?), min(as_of_on) FROM portfolio_history", [up_to]
        ).rows
        if day is None:
            raise ConfigError(f"nothing is kept of {up_to} or before: the portfolio's history begins on {first}")
        found: date = day
        return found

    def portfolio(self, *, program: str | None = None, project: str | None = None, day: date | None = None) -> Rows:
        """The portfolio table, by source and project: today's, or that of a day that is kept.

        `program` and `project` are names, ids or keys in any case. Raises ConfigError if there is none of them.
        """
        names = ", ".join(quoted(c.name) for c in published_columns(Portfolio))
        found = self._rows(
            f"""SELECT {names} FROM portfolio_history AS p
            WHERE as_of_on = coalesce($day, (SELECT max(today_on) FROM about))
                AND ($program IS NULL OR lower($program) = lower(p.program) OR p.program IN (
                    SELECT name FROM program_plans WHERE lower($program) IN (lower(id), lower(native_id))))
                AND ($project IS NULL OR lower($project) IN (lower(p.project), lower(p.key), lower(p.project_id)))
            ORDER BY source, project, project_id""",
            {"day": day, "program": program, "project": project},
        )
        if not found.rows:
            self._refuse_unknown("program", program)
            self._refuse_unknown("project", project)
            if program and project:
                raise ConfigError(f"no project {project} belongs to the program {program}")
        return found

    def _refuse_unknown(self, what: str, text: str | None) -> None:
        """Whatever is known on any day will do."""
        columns = ("program",) if what == "program" else ("project", "key", "project_id")
        known = [
            self._rows(f"SELECT DISTINCT {c} FROM portfolio_history WHERE {c} <> '' ORDER BY 1").rows for c in columns
        ]
        names = [name for rows in known for (name,) in rows]
        if text is not None and text.casefold() not in [name.casefold() for name in names]:
            near = nearest(text, names) or ": there is " + ", ".join(name for (name,) in known[0])
            raise ConfigError(f"there is no {what} {text} in the portfolio{near}")

    def quality(self, *, check: str | None = None, project: str | None = None) -> Rows:
        """What makes the figures doubtful, the worst first: of one check, or one project by its key, name or id."""
        return self._rows(
            """SELECT q.*, p.name AS project, w.name AS owner FROM data_quality AS q
            LEFT JOIN projects AS p ON p.id = q.project_id LEFT JOIN people AS w ON w.id = q.owner_id
            WHERE ($check IS NULL OR q.check_id = $check)
                AND ($project IS NULL OR lower($project) IN (lower(p.key), lower(p.name), lower(p.id)))
            ORDER BY list_position(['high', 'medium', 'low'], q.severity), q.check_id, q.source, p.name,
                q.since_on NULLS LAST, q.object_id""",
            {"check": check, "project": project},
        )

    def quality_scores(self, *, project: str | None = None) -> Rows:
        """How many rules each project passes, the fewest first: of all, or one by its key, name or id."""
        return self._rows(
            """SELECT s.project, s.score, s.trend, s.high, s.medium, s.low, s.rules, s.rules - s.passed AS failing,
                s.failed
            FROM data_quality_scores AS s JOIN projects AS p ON p.id = s.project_id
            WHERE $project IS NULL OR lower($project) IN (lower(p.key), lower(p.name), lower(p.id))
            ORDER BY s.score, s.project, s.project_id""",
            {"project": project},
        )

    def projects_named(self, text: str) -> list[str]:
        """Ids of the projects of this key, name or id, in any case."""
        found = "SELECT id FROM projects WHERE lower(?) IN (lower(key), lower(name), lower(id)) ORDER BY id"
        return [id_ for (id_,) in self._rows(found, [text]).rows]

    def status_facts(self) -> StatusFacts:
        """What `pmo status` says of the published file."""
        streams = self._dicts(
            """SELECT s.* EXCLUDE (run_id), r.started_at FROM stream_runs AS s JOIN runs AS r ON r.id = s.run_id
            QUALIFY row_number() OVER (PARTITION BY s.source, s.stream ORDER BY r.started_at DESC, r.id DESC) = 1
            ORDER BY s.source, s.stream"""
        )
        return StatusFacts(
            file=self.path,
            about=self._dicts("FROM about ORDER BY source"),
            runs=self._dicts(
                """FROM runs QUALIFY row_number() OVER (PARTITION BY source ORDER BY started_at DESC, id DESC) = 1
                ORDER BY source"""
            ),
            streams=streams,
            quarantine=self._dicts(
                f"""SELECT source, stream, count(*) AS records,
                    list(struct_pack(native_id, field, error) ORDER BY native_id, field)[:{FIRST_ERRORS}]
                        AS first_errors
                FROM quarantine GROUP BY source, stream ORDER BY source, stream"""
            ),
            words=self._dicts(
                """SELECT source, kind, word_id, name, value, basis, availability FROM words
                WHERE kind IN ('status', 'priority', 'type') AND basis IS DISTINCT FROM ?
                ORDER BY source, kind, position, name""",
                [RULE],
            ),
            held_back=[row for row in streams if row["held_back"]],
        )

    def old_sources(self) -> list[Row]:
        """Sources that are known up to a day and a half ago only: object (the name), detail."""
        return self._dicts("SELECT object, detail FROM data_quality WHERE check_id = 'source-old' ORDER BY object")

    def red_projects(self) -> list[Row]:
        """project_id, project, health_reason, health_owner of those that are red."""
        return self._dicts(
            """SELECT project_id, project, health_reason, health_owner FROM portfolio WHERE health = 'red'
            ORDER BY project, project_id"""
        )

    def late_milestones(self) -> list[Row]:
        """Open milestones that are foreseen after their baseline, the latest first: milestone_id, name, project,
        slip_days, forecast_on."""
        return self._dicts(
            """SELECT m.milestone_id, m.name, p.name AS project, m.slip_days, m.forecast_on
            FROM milestone_outlook AS m JOIN projects AS p ON p.id = m.project_id
            WHERE m.has_baseline AND m.slip_days > 0 AND NOT m.is_met AND NOT m.on_hold
            ORDER BY m.slip_days DESC, m.milestone_id"""
        )

    def health_counts(self) -> dict[str, int]:
        """Projects of the plan by health."""
        found = "SELECT health, count(*) FROM portfolio WHERE health IS NOT NULL GROUP BY health ORDER BY health"
        return dict(self._rows(found).rows)

    # ---- one issue -----------------------------------------------------------------------------------------------

    def find_issue(self, text: str) -> list[Candidate]:
        """The issues a person may mean by an id, a key or the tool's own number; an id is always one alone."""
        wanted = text.strip()
        select = """SELECT i.id, i.key, i.title, i.source, p.name, i.availability
            FROM issues AS i LEFT JOIN projects AS p ON p.id = i.project_id"""
        found = (
            self._rows(f"{select} WHERE i.id = ?", [wanted]).rows
            or self._rows(
                f"{select} WHERE lower(i.key) = lower($1) OR i.native_id = $1 "
                "ORDER BY i.availability <> 'present', i.source, i.key, i.id",
                [wanted],
            ).rows
        )
        return [Candidate(*row) for row in found]

    def changeable(self, id_: str, field: str) -> tuple[NativeValue, list[KnownWord]]:
        """A field of an issue as it was published, and the words that its tool has for it, in the tool's order."""
        native, ours = f"native_{field}", f"{field}::VARCHAR"
        ((word_id, word, our_word, source, project),) = self._rows(
            f"SELECT coalesce({native}_id, {native}), {native}, {ours}, source, project_id FROM issues WHERE id = ?",
            [id_],
        ).rows
        words = self._rows(
            f"""WITH here AS (
                SELECT id, coalesce({native}_id, {native}) AS word_id FROM issues WHERE project_id = $project),
            used AS (SELECT word_id FROM here UNION
                SELECT c.to_native_id FROM issue_changes AS c SEMI JOIN here ON here.id = c.issue_id
                WHERE c.field = $field)
            SELECT word_id, name, value, word_id IN (FROM used) FROM words
            WHERE source = $source AND kind = $field AND availability = 'present' ORDER BY position, name, word_id""",
            {"source": source, "project": project, "field": field},
        ).rows
        return NativeValue(word_id, word, our_word), [KnownWord(*row) for row in words]

    def issue_details(self, id_: str) -> IssueDetails:
        """All that is published about an issue. Raises ConfigError if there is none of this id."""
        issues = self._dicts(
            """SELECT i.*, p.name AS project, m.name AS milestone, a.name AS assignee, r.name AS reporter,
                u.key AS parent_key
            FROM issues AS i LEFT JOIN projects AS p ON p.id = i.project_id
            LEFT JOIN milestones AS m ON m.id = i.milestone_id LEFT JOIN issues AS u ON u.id = i.parent_id
            LEFT JOIN accounts AS a ON a.id = i.assignee_id LEFT JOIN accounts AS r ON r.id = i.reporter_id
            WHERE i.id = ?""",
            [id_],
        )
        if not issues:
            raise ConfigError(f"there is no issue {id_} in the portfolio file")
        hours = self._dicts(
            """SELECT a.name AS account, sum(w.seconds) FILTER (w.counted) / 3600.0 AS hours, count(*) AS entries,
                max(w.work_on) AS last_on
            FROM worklogs AS w LEFT JOIN accounts AS a ON a.id = w.account_id
            WHERE w.issue_id = ? AND w.counted GROUP BY w.account_id, a.name ORDER BY hours DESC, account""",
            [id_],
        )
        return IssueDetails(
            issue=issues[0],
            history=self._history(id_),
            links=self._links(id_),
            hours=hours,
            hours_logged=sum(row["hours"] for row in hours),
        )

    def _history(self, id_: str) -> list[Row]:
        names = ", ".join(f"c.{quoted(c.name)}" for c in published_columns(IssueChange) if c.name != "issue_id")
        return self._dicts(
            f"""SELECT {names}, a.name AS account FROM issue_changes AS c LEFT JOIN accounts AS a ON a.id = c.account_id
            WHERE c.issue_id = ? ORDER BY c.changed_at, try_cast(split_part(c.native_id, ':', 1) AS BIGINT), c.id""",
            [id_],
        )

    def _links(self, id_: str) -> list[Row]:
        names = ", ".join(f"l.{quoted(c.name)}" for c in published_columns(IssueLink))
        columns = ", ".join(
            f"o.{quoted(c.name)} AS other_{c.name}" for c in published_columns(Issue) if c.name in _OTHER
        )
        return self._dicts(
            f"""SELECT {names}, l.from_issue_id = $1 AS outward, {columns}
            FROM issue_links AS l
            LEFT JOIN issues AS o ON o.id = CASE WHEN l.from_issue_id = $1 THEN l.to_issue_id ELSE l.from_issue_id END
            WHERE $1 IN (l.from_issue_id, l.to_issue_id) ORDER BY l.kind, outward DESC, l.id""",
            [id_],
        )

    # ---- anything else -------------------------------------------------------------------------------------------

    def sql(self, text: str) -> Rows:
        """Answers a person's own SQL. Raises ConfigError with one sentence if it is wrong, or would write."""
        try:
            return self._rows(text)
        except duckdb.PermissionException:
            raise ConfigError("sql: only the portfolio file can be read, no other file and no address") from None
        except duckdb.InvalidInputException as error:
            if "read-only" in str(error):
                raise ConfigError("sql: the portfolio file is read-only; copy it to change it") from None
            raise ConfigError(f"sql: {_first(error)}") from None
        except duckdb.Error as error:
            raise ConfigError(f"sql: {_first(error)}") from None

    def ask(self, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> Rows:
        """Answers our own SQL, of other modules of the warehouse."""
        return self._rows(sql, parameters)

    def _rows(self, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> Rows:
        result: duckdb.DuckDBPyConnection | None = self._con.execute(sql, parameters)
        if result is None:  # nothing but comments
            return Rows((), [])
        columns = tuple(str(column[0]) for column in result.description or ())
        return Rows(columns, result.fetchall() if columns else [])

    def _dicts(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        return self._rows(sql, parameters).dicts()


_OTHER = frozenset({"key", "title", "status", "native_status", "availability", "source"})


def _first(error: duckdb.Error) -> str:
    """The first sentence of an error of DuckDB, with its hint if there is one, without the quoted statement."""
    said, _, _ = str(error).partition("\nLINE ")
    return " ".join(line.strip() for line in said.splitlines() if line.strip())
