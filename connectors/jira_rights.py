"""What an account may do in Jira, in sentences for `pmo check`: asked through the `jira` library.

A module of its own, so that a sync neither loads that library nor spends these requests. The library's session sends
through our own adapter, with its retries switched off: pacing and limits are those of the source.
"""

from __future__ import annotations

from typing import Any

import jira
import requests
from jira.exceptions import JIRAError

from connectors.contract import Rights
from connectors.http import Client
from model.config import SourceSettings
from model.errors import HubError, Refused, Transient

__all__ = ["rights_of"]

ASKED = {
    "BROWSE_PROJECTS": ("read issues (Browse projects)", "Browse projects: nothing is read"),
    "TRANSITION_ISSUES": ("change their status (Transition issues)", "Transition issues: no status can be pushed"),
    "EDIT_ISSUES": ("change their priority (Edit issues)", "Edit issues: no priority can be pushed"),
    "USER_PICKER": (
        "list people (Browse users and groups)",
        "Browse users and groups: people are known by name only, where they are named",
    ),
}
"""Jira's key of a permission → the sentence of who has it, and of who lacks it."""


def rights_of(client: Client, source: SourceSettings) -> Rights:
    """One request, and one more for each configured project. Raises SourceError."""
    may, missing = [], []
    try:
        tool = _tool(client, source)
        anywhere = _held(tool, None)
        for key, (has, lacks) in ASKED.items():
            if anywhere.get(key):
                may.append(has)
            else:
                missing.append(f"permission {lacks}")
        for project in source.projects or ():
            missing += _missing_in(tool, project, anywhere)
    except HubError:
        raise
    except JIRAError as error:
        raise Refused(
            f"{source.name}: Jira at {source.site} answered {error.status_code} when it was asked what the account may "
            "do: try again later",
            status=error.status_code,
        ) from None
    except requests.RequestException:
        raise Transient(
            f"{source.name}: Jira at {source.site} broke off when it was asked what the account may do: try again later"
        ) from None
    return Rights(may, missing)


def _tool(client: Client, source: SourceSettings) -> jira.JIRA:
    tool = jira.JIRA(
        options={"server": client.base_url, "rest_api_version": "3", "check_update": False},
        basic_auth=(source.email or "", source.token or ""),
        get_server_info=False,
        max_retries=0,
        logging=False,
    )
    client.adopt(tool._session)
    return tool


def _held(tool: jira.JIRA, project: str | None) -> dict[str, bool]:
    by_id = project is not None and project.isdigit()
    found: Any = tool.my_permissions(
        projectId=project if by_id else None,
        projectKey=None if by_id else project,
        permissions=",".join(ASKED),
    )
    return {key: one.get("havePermission") is True for key, one in found.get("permissions", {}).items()}


def _missing_in(tool: jira.JIRA, project: str, anywhere: dict[str, bool]) -> list[str]:
    try:
        held = _held(tool, project)
    except JIRAError as error:
        if error.status_code != 404:
            raise
        return [f"project “{project}” of the configuration: Jira has none, or hides it from this account"]
    lacking = [ASKED[key][1] for key in ASKED if anywhere.get(key) and not held.get(key)]
    return [f"in project “{project}”: permission {one}" for one in lacking]
