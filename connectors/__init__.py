"""The registry: which connector reads which kind of tool, and what it must be told in `pmo.toml`.

A connector's module is imported when a source of its kind is first connected, so that asking for help, and reading the
configuration, load no HTTP library. To add one: a line in `CONNECTORS`; CONTRIBUTING, "Add a connector", has the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, cast

from model.config import SourceSettings, nearest
from model.errors import ConfigError

if TYPE_CHECKING:
    from connectors.contract import Connector

__all__ = ["CONNECTORS", "Kind", "connect", "kind_of"]


@dataclass(frozen=True)
class Kind:
    """One kind of tool. `needs` and `takes` are keys of `SourceSettings`: required ones, and further ones.

    `instead`: a required key → those that may stand in its place, all of them.
    `defaults` are settings that are other for it than under [hub]; the source's own table has the last word.
    """

    module: str
    name: str
    needs: tuple[str, ...]
    takes: tuple[str, ...] = ()
    instead: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    defaults: Mapping[str, object] = field(default_factory=dict)


CONNECTORS: dict[str, Kind] = {
    "jira": Kind(
        "connectors.jira",
        "JiraConnector",
        needs=("url", "email", "token"),
        takes=("projects", "fields", "transition_defaults"),
    ),
    # what a file lacks is gone, however much it is: a line that was replaced would else count twice
    "plan": Kind(
        "connectors.plan", "PlanConnector", needs=("folder",), takes=("tables",), defaults={"loss_share": 1.0}
    ),
    "redmine": Kind("connectors.redmine", "RedmineConnector", needs=("url", "token"), takes=("projects", "fields")),
    # 300 requests a minute are allowed to a token; below that nobody waits a minute for having asked too fast
    "smartsheet": Kind(
        "connectors.smartsheet",
        "SmartsheetConnector",
        needs=("url", "token"),
        takes=("projects", "columns", "sheets"),
        instead={"token": ("oauth_client", "oauth_secret")},
        defaults={"requests_per_second": 4.5, "in_flight": 4},
    ),
}
"""What `type = "…"` is looked up in."""


def kind_of(type_: str) -> Kind:
    """The kind of that name. The ConfigError ends a sentence that begins with the key."""
    try:
        return CONNECTORS[type_]
    except KeyError:
        known = ", ".join(f'"{name}"' for name in sorted(CONNECTORS))
        raise ConfigError(f"must be a known kind of tool: {known}{nearest(type_, CONNECTORS)}") from None


def connect(settings: SourceSettings) -> Connector:
    """The connector of a source; nothing is sent yet. Raises ConfigError where the kind of tool is not known."""
    try:
        kind = kind_of(settings.type)
    except ConfigError as error:
        raise ConfigError(f"sources.{settings.name}.type {error}") from None
    return cast("Connector", getattr(import_module(kind.module), kind.name)(settings))
