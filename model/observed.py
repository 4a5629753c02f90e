"""Fields of an issue whose changes the hub can observe itself, where a tool keeps no history of them.

A connector names those its tool tells no history of (`connectors.contract.Stream.observed`); where two readings of an
issue differ in one, `warehouse.observed` makes a row of history. What is in here is what figures and readers ask
history for; texts and sums are left out.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["OBSERVABLE", "SETTLED", "UNREAD", "Held"]

UNREAD = "?"
"""What stands before the origin of a field whose place is known, and whose value there could not be understood."""

SETTLED = "settled"
"""The key, beside fields, of those whose place a person laid down, blanks between: that they moved is meant."""


@dataclass(frozen=True)
class Held:
    """The columns of `issues` that hold a field: the tool's id, its word, or both; of both the id decides."""

    id: str | None = None
    word: str | None = None


OBSERVABLE: dict[str, Held] = {
    "status": Held("native_status_id", "native_status"),
    "priority": Held("native_priority_id", "native_priority"),
    "type": Held("native_type_id", "native_type"),
    "resolution": Held(word="resolution"),
    "assignee": Held("assignee_id"),
    "milestone": Held("milestone_id"),
    "project": Held("project_id"),
    "parent": Held("parent_id"),
    "story_points": Held(word="story_points"),
    "percent_complete": Held(word="percent_complete"),
    "original_estimate_seconds": Held(word="original_estimate_seconds"),
    "start_on": Held(word="start_on"),
    "due_on": Held(word="due_on"),
}
"""By the word that stands in `issue_changes.field`."""
