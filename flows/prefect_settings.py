"""How Prefect is to behave under pmo-hub, said before it is imported: it keeps its database in our folder, sends
nothing to its makers, and says no more than is needed. What the environment says already is left as it is.
"""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["prefect_home", "set_up_prefect"]

_ALWAYS = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_TELEMETRY_ENABLE_RESOURCE_METRICS": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_LOGGING_EXTRA_LOGGERS": "connectors,flows,warehouse",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    "PREFECT_SERVER_LOGGING_LEVEL": "ERROR",
    "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "false",
}


def prefect_home(data: Path) -> Path:
    """Where Prefect keeps its own files: `data/prefect`, if the environment names nothing else."""
    named = os.environ.get("PREFECT_HOME")
    return Path(named).expanduser() if named else data / "prefect"


def set_up_prefect(home: Path | None = None) -> None:
    """Sets environment variables for this process and those it starts. `home`: a folder for Prefect's own files."""
    for name, value in _ALWAYS.items():
        os.environ.setdefault(name, value)
    if home is not None:
        os.environ["PREFECT_HOME"] = str(home)
