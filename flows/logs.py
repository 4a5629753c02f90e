"""What runs log, to standard error: lines for people, or one JSON object a line, with run, source and stream in it.

Silent but for warnings, unless asked for with `--log` and `--log-json`, or PMO_LOG and PMO_LOG_JSON in the environment,
which hold for scheduled nights too. No secret reaches a log: requests are shown without what proves who we are.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from datetime import UTC, datetime

__all__ = ["JSON_VARIABLE", "LEVELS", "LEVEL_VARIABLE", "set_up_logs", "set_up_logs_from_environment"]

LEVELS = ("warning", "info", "debug")
LEVEL_VARIABLE, JSON_VARIABLE = "PMO_LOG", "PMO_LOG_JSON"
_OURS = ("connectors", "flows", "warehouse")
_FIELDS = ("run", "source", "stream")


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **{name: getattr(record, name) for name in _FIELDS if hasattr(record, name)},
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


class _Ours(logging.StreamHandler):  # type: ignore[type-arg]
    """To be found again: it is set up once, however often that is asked for."""


def set_up_logs(level: str, *, as_json: bool) -> None:
    """From this level on, of our own modules."""
    handler = _Ours(sys.stderr)
    handler.setFormatter(_Json() if as_json else logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    for name in _OURS:
        logger = logging.getLogger(name)
        for before in [one for one in logger.handlers if isinstance(one, _Ours)]:
            logger.removeHandler(before)
        logger.addHandler(handler)
        logger.setLevel(level.upper())


def set_up_logs_from_environment() -> None:
    """As the environment says; nothing where it is silent."""
    level, as_json = os.environ.get(LEVEL_VARIABLE, ""), os.environ.get(JSON_VARIABLE, "") not in ("", "0", "false")
    if level.lower() in LEVELS or as_json:
        set_up_logs(level if level.lower() in LEVELS else "info", as_json=as_json)
