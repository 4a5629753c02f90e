"""Reaching each source without reading it: who we are there, what we may do, what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import connectors
from connectors.contract import Rights, TellsRights
from flows.reading import in_parallel
from flows.rebuild import Connect
from flows.sync import chosen_sources
from model.config import Settings, SourceSettings
from model.errors import HubError

__all__ = ["Checked", "check_sources"]


@dataclass(frozen=True)
class Checked:
    """What a source answered. `error` is the sentence for people where it could not be reached."""

    source: str
    kind: str
    url: str
    instance: str | None = None
    account: str | None = None
    version: str | None = None
    may: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    error: str | None = None
    exit_status: int = 0


def check_sources(
    settings: Settings, names: Sequence[str] = (), *, connect: Connect = connectors.connect
) -> list[Checked]:
    """Asks the sources named (all by default), some at a time; in the order of the configuration."""
    sources = chosen_sources(settings, names)

    def ask(source: SourceSettings) -> Iterator[Checked]:
        yield _check(source, connect)

    found = in_parallel(min(settings.hub.sources_at_once, len(sources)), sources, ask, name="check")
    order = [source.name for source in sources]
    return sorted(found, key=lambda checked: order.index(checked.source))


def _check(source: SourceSettings, connect: Connect) -> Checked:
    try:
        connector = connect(source)
        try:
            identity = connector.identify()
            rights = connector.rights() if isinstance(connector, TellsRights) else Rights()
        finally:
            connector.close()
    except HubError as error:
        return Checked(source.name, source.type, source.url, error=str(error), exit_status=error.exit_status)
    return Checked(
        source.name,
        source.type,
        source.url,
        identity.instance,
        identity.account_name,
        identity.version,
        (*identity.may, *rights.may),
        (*identity.missing, *rights.missing),
    )
