"""Logging in to a source whose tool gives tokens by OAuth: a person agrees in a browser, and pastes what it brings."""

from __future__ import annotations

from collections.abc import Callable

import connectors
from connectors.contract import Identity
from connectors.oauth import LogsIn
from flows.rebuild import Connect
from flows.sync import chosen_sources
from model.config import Settings
from model.errors import ConfigError

__all__ = ["login"]


def login(
    settings: Settings, name: str, ask: Callable[[str], str], *, connect: Connect = connectors.connect
) -> Identity:
    """Who we are there now. `ask` shows a person an address and gives back the code, or the address it led to.

    Raises ConfigError where the source has a token of its own, and SourceError.
    """
    (source,) = chosen_sources(settings, [name])
    connector = connect(source)
    try:
        oauth = connector.oauth if isinstance(connector, LogsIn) else None
        if oauth is None:
            raise ConfigError(
                f"{name}: nobody logs in there: it goes by a token; where the tool has OAuth, set oauth_client and "
                "oauth_secret instead"
            )
        state = oauth.new_state()
        oauth.log_in(ask(oauth.address(state)), state)
        return connector.identify()
    finally:
        connector.close()
