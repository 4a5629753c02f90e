"""Giving a source another name: in the hub file, on the desk, in `pmo.toml`, and where tokens of a log-in are kept.

Each step may be done already: a rename that was cut short, or one made by hand in `pmo.toml`, is finished by asking for
it again. What is published keeps the old name until the next publishing, which follows at once.
"""

from __future__ import annotations

from connectors.credentials import Credentials
from flows.config import load, rename_source
from flows.pull import new_run_id
from flows.sync import OpenHub, publish_hub, utc_now
from model.config import Settings
from model.errors import ConfigError
from warehouse import ledger
from warehouse.landing import Event, Landing
from warehouse.publish import Published

__all__ = ["rename"]


def rename(settings: Settings, old: str, new: str, by: str) -> Published | None:
    """Renames a source and publishes. Raises ConfigError if there is no such source, or the new name is taken."""
    with OpenHub(settings) as opened:
        known_old = ledger.known_source(opened.hub, old) is not None
        known_new = ledger.known_source(opened.hub, new) is not None
        if old not in settings.sources and not ((known_old or known_new) and new in settings.sources):
            raise ConfigError(
                f"there is no source {old} to rename: {settings.path} names {', '.join(settings.sources)}"
            )
        if known_old and known_new:
            raise ConfigError(f"there is a source {new} with records of its own already: choose another name")
        if old in settings.sources:
            # before anything else: it refuses a name that will not do
            rename_source(settings.path, old, new)
        if known_old:
            landing = Landing(opened.hub, opened.archive, {})
            landing.commit(new, new_run_id(utc_now()), [], [Event("source_renamed", data={"from": old, "to": new})])
        opened.desk.rename_source(old, new, by)
        Credentials(settings.data / "credentials", old).move_to(new)
        opened.settings = load(settings.path, secrets=False)
        return publish_hub(opened)[1]
