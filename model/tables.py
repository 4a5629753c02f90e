"""Which tables there are: what connectors fill, what the hub adds, what is published of it."""

from __future__ import annotations

from model.lineage import FigureLineage
from model.planning import PLANNED, Absence, Rate
from model.records import (
    About,
    AboutFigure,
    Account,
    AccountMention,
    Change,
    Comment,
    Issue,
    IssueChange,
    IssueLink,
    IssueParent,
    Milestone,
    Person,
    Project,
    Quarantined,
    Record,
    Run,
    Sprint,
    SprintIssue,
    StreamRun,
    Synced,
    Word,
    Worklog,
)

__all__ = ["FINANCE", "HUB_ONLY", "RECORDS", "SYNCED"]

SYNCED: tuple[type[Synced], ...] = (
    Project, Account, AccountMention, Word, Milestone, Issue, IssueParent, Worklog, IssueChange, Comment, IssueLink,
    Sprint, SprintIssue, *PLANNED,
)  # fmt: skip
"""Tables that connectors fill, parents first."""

HUB_ONLY: frozenset[str] = frozenset({AccountMention.table, Comment.table, Absence.table, Rate.table})
"""Synced tables that are never published as such."""

FINANCE: frozenset[str] = frozenset({Rate.table})
"""Of these the ones that stand in the file for finance."""

_ALL: tuple[type[Record], ...] = (
    *SYNCED, Person, Run, StreamRun, Quarantined, Change, About, AboutFigure, FigureLineage,
)  # fmt: skip

RECORDS: dict[str, type[Record]] = {record.table: record for record in _ALL}
