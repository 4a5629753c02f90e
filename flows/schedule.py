"""When a night is due."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from model.errors import ConfigError

__all__ = ["due"]


def due(cron: str, zone: str, after: datetime) -> Iterator[datetime]:
    """When a cron line is due, in that zone, over daylight-saving nights too. Raises ConfigError for what is none."""
    try:
        start = after.astimezone(ZoneInfo(zone))
    except (KeyError, ValueError, OSError):
        raise ConfigError(f'"{zone}" is no time zone: use an IANA name such as "Europe/Berlin"') from None
    try:
        return CronSim(cron, start)
    except CronSimError:
        raise ConfigError(
            f'"{cron}" is no cron line: write five fields (minute, hour, day, month, weekday), such as "0 2 * * *"'
        ) from None
