"""How long the tools' answers are kept one by one: older ones are folded into the base of the raw archive.

Folding replays them, as a rebuild does, into a file beside; the ledger then names that file in their place, and they
are swept. What they said of people goes along, so that whoever is to be forgotten is found under earlier names too.
Whatever moment it is cut short at, either the parts count or the base does.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import connectors
from flows.rebuild import Connect, fresh_hub, replayed
from flows.sync import OpenHub
from model.config import Settings
from warehouse import ledger
from warehouse.base import end_base, name_base
from warehouse.hub import Hub
from warehouse.raw import BASE, RawArchive
from warehouse.said import keep_said

__all__ = ["fold_old_answers"]

FOLD_EACH_DAYS = 7
"""A base is written whole each time: not every night."""

_STAMP = "%Y%m%dT%H%M%SZ"

_log = logging.getLogger(__name__)


def fold_old_answers(
    settings: Settings, now: datetime, *, wait_seconds: float = 0.0, connect: Connect = connectors.connect
) -> int:
    """Folds what is older than `keep.raw_days`; how many parts. Raises FileError, Locked; nothing is lost then."""
    days = settings.keep.raw_days
    if days is None:
        return 0
    with OpenHub(settings, connect, wait_seconds=wait_seconds) as opened:
        parts = _older_than(opened.archive, now - timedelta(days=days))
        if not parts or _made_at(parts[0]) > now - timedelta(days=days + FOLD_EACH_DAYS):
            return 0
        _fold(settings, opened.hub, opened.archive, parts, connect)
    _log.info("%d parts of the raw archive, older than %d days, were folded", len(parts), days)
    return len(parts)


def _older_than(archive: RawArchive, at: datetime) -> list[str]:
    """The first parts, up to the first that is not as old."""
    found = []
    for part in archive.parts():
        if _made_at(part) >= at:
            break
        found.append(part)
    return found


def _made_at(part: str) -> datetime:
    """When its run began: run ids begin with that."""
    return datetime.strptime(part.split("/")[1].partition("-")[0], _STAMP).replace(tzinfo=UTC)


def _fold(settings: Settings, hub: Hub, archive: RawArchive, parts: list[str], connect: Connect) -> None:
    making = archive.folder / f".{BASE}making.duckdb"
    with fresh_hub(making) as base:
        replayed(settings, base, archive, parts, connect)
        keep_said(base, archive, parts)
        name_base(base, parts[-1])
        base.checkpoint()
    end_base(making, archive, parts[-1])
    name_base(hub, parts[-1])
    hub.checkpoint()
    archive.sweep(ledger.parts(hub))
