"""The closed vocabularies: the only words that stand in the columns they name.

A tool's own word is kept beside each of ours (`native_status`, `native_priority`, `native_type`).
"""

from __future__ import annotations

from enum import StrEnum

__all__ = [
    "Approval",
    "Availability",
    "ChangeState",
    "Evidence",
    "IssueType",
    "LinkKind",
    "LinkRelation",
    "MilestoneState",
    "ProjectState",
    "RunState",
    "SprintState",
    "Status",
    "WordKind",
    "WorkOnBasis",
]


class Status(StrEnum):
    TODO = "todo"
    IN_PROGRESS = "in_progress"
    BLOCKED = "blocked"
    DONE = "done"
    CANCELLED = "cancelled"


class IssueType(StrEnum):
    EPIC = "epic"
    FEATURE = "feature"
    STORY = "story"
    TASK = "task"
    SUBTASK = "subtask"
    BUG = "bug"
    INCIDENT = "incident"
    REQUEST = "request"
    RISK = "risk"
    MILESTONE = "milestone"
    OTHER = "other"


class ProjectState(StrEnum):
    ACTIVE = "active"
    ON_HOLD = "on_hold"
    CLOSED = "closed"
    ARCHIVED = "archived"


class Availability(StrEnum):
    """Whether a record can still be had, mildest first: a child takes the worse of its own and its parent's."""

    PRESENT = "present"
    OUT_OF_SCOPE = "out_of_scope"
    ARCHIVED = "archived"
    INACCESSIBLE = "inaccessible"
    MISSING = "missing"
    DELETED = "deleted"

    @property
    def severity(self) -> int:
        return list(Availability).index(self)


class WorkOnBasis(StrEnum):
    """Where the day of a worklog comes from."""

    TOOL = "tool"
    ACCOUNT_ZONE = "account_zone"
    HUB_ZONE = "hub_zone"


class Approval(StrEnum):
    SUBMITTED = "submitted"
    APPROVED = "approved"
    REJECTED = "rejected"


class Evidence(StrEnum):
    """`reported`: the tool's own history; `observed`: the hub saw it differ between two readings."""

    REPORTED = "reported"
    OBSERVED = "observed"


class LinkKind(StrEnum):
    BLOCKS = "blocks"
    PRECEDES = "precedes"
    DUPLICATES = "duplicates"
    RELATES = "relates"


class LinkRelation(StrEnum):
    FINISH_START = "FS"
    START_START = "SS"
    FINISH_FINISH = "FF"
    START_FINISH = "SF"


class SprintState(StrEnum):
    FUTURE = "future"
    ACTIVE = "active"
    CLOSED = "closed"


class MilestoneState(StrEnum):
    """`locked`: still to come, but nothing more may be planned into it."""

    OPEN = "open"
    LOCKED = "locked"
    CLOSED = "closed"


class ChangeState(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    APPLIED = "applied"
    VERIFIED = "verified"
    CONFLICT = "conflict"
    REJECTED = "rejected"
    FAILED = "failed"
    SUPERSEDED = "superseded"
    UNDONE = "undone"


class RunState(StrEnum):
    """`incomplete`: it ended, but what landed is less than the tool says exists."""

    RUNNING = "running"
    DONE = "done"
    INCOMPLETE = "incomplete"
    FAILED = "failed"


class WordKind(StrEnum):
    """The lists of native words a tool has. Only the first three are mapped to ours."""

    STATUS = "status"
    PRIORITY = "priority"
    TYPE = "type"
    ACTIVITY = "activity"
    FIELD = "field"
