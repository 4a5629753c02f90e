"""How values are written for people, on a terminal and in a report: never rounded up to what is not reached."""

from __future__ import annotations

from datetime import datetime

__all__ = ["amount", "hours", "moment", "percent", "share"]


def percent(part: float | None) -> str:
    """Whole per cents, never rounded up."""
    return "" if part is None else f"{int(part * 100 + 1e-9)} %"


def share(part: float | None) -> str:
    """With one decimal place, never rounded up to a hundred."""
    return "" if part is None else f"{int(part * 1000) / 10:g} %"


def amount(money: float | None) -> str:
    """Whole units of a currency."""
    return "" if money is None else f"{money:,.0f}"


def hours(number: float | None) -> str:
    """With one decimal place."""
    return "" if number is None else f"{number:,.1f}"


def moment(at: datetime | None) -> str:
    """An instant in UTC, with a Z."""
    return "" if at is None else f"{at:%Y-%m-%d %H:%M}Z"
