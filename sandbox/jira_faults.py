"""What goes wrong with the make-believe Jira Cloud on request: refusals, breakdowns, cut answers, slowness, expiry.

Kinds are drawn by `sandbox.faults`. Index lag and lost projects are of the tracker; the server passes them on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from sandbox.faults import Drawn, Fault

__all__ = ["Fault", "Faults", "quota_headers"]


@dataclass
class Faults(Drawn):
    KINDS: ClassVar[tuple[Fault, ...]] = (
        "429", "429_bare", "500", "503", "drop", "drop_after", "500_after", "truncate", "short_page",
    )  # fmt: skip
    rate_429: float = 0.0
    rate_429_bare: float = 0.0  # without Retry-After
    rate_500: float = 0.0
    rate_503: float = 0.0
    rate_drop: float = 0.0  # nothing was done
    rate_drop_after: float = 0.0  # all was done, and nobody is told
    rate_500_after: float = 0.0  # all was done, and 500 is what is told
    rate_truncate: float = 0.0
    rate_short_page: float = 0.0  # of search: fewer rows than asked, sometimes none, and a token all the same
    retry_after_seconds: int = 1
    delay_ms: float = 0.0
    token_expires_after: int | None = None  # requests
    quota_used_up: bool = False
    sso: bool = False  # each answer is the log-in page of an identity provider
    gateway: str = ""  # something before the site answers 403 to addresses that hold this
    gateway_page: bool = False  # and with a web page
    denied: bool = False  # too many wrong log-ins: somebody must log in by hand
    index_lag_seconds: float = 0.0
    lost_projects: list[str] = field(default_factory=list)


def quota_headers(now_ms: int, limit: int = 65_000) -> dict[str, str]:
    """As when the points of this hour are used up: they come back at the full hour, UTC."""
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    reset = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return {
        "Retry-After": str(int((reset - now).total_seconds()) + 1),
        "RateLimit-Reason": "jira-quota-tenant-based",
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": reset.strftime("%Y-%m-%dT%H:%MZ"),
    }
