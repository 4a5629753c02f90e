"""What every row of a derived table has in common."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from model.records import Record

__all__ = ["Figure", "Said"]


class Said(Record):
    """What every derived row says of itself, behind its own columns."""

    rule: str = Field(description="what is counted, and how, in one sentence")
    fresh_at: datetime | None = Field(
        default=None, description="its sources are known up to here, tool's clock, UTC; null: one was never read"
    )
    completeness: float | None = Field(
        default=None, description="least share of what its sources say exists that landed; null: not counted"
    )


class Figure(Record):
    """A derived row."""
