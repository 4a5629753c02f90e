"""Orders to the make-believe Jira Cloud over HTTP: those of every make-believe tool, and `GET truth`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sandbox import control
from sandbox.jira_truth import figures

if TYPE_CHECKING:
    from sandbox.jira import JiraServer

__all__ = ["command"]


def command(server: JiraServer, method: str, path: str, body: dict[str, Any]) -> tuple[int, Any]:
    """Status and answer."""
    if (method, path) == ("GET", f"{control.PREFIX}truth"):
        return 200, figures(server.tracker, datetime.fromtimestamp(server.tracker.now() / 1000, UTC).date())
    return control.command(server, method, path, body)
