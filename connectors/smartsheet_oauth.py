"""Smartsheet's OAuth 2: where a person agrees, what is asked for, how the secret is proven without being sent.

Facts: authorization, token and scopes of Smartsheet's OpenAPI 2.0.0 (2024-08), read 2026-11-27: an access token lives
for a week, a refresh token serves once.
"""

from __future__ import annotations

from pathlib import Path

from connectors.credentials import Credentials
from connectors.http import Client
from connectors.oauth import OAuth, Provider, hashed_proof
from model.config import SourceSettings

__all__ = ["oauth_of"]

SCOPES = ("READ_SHEETS", "WRITE_SHEETS", "READ_USERS")


def oauth_of(source: SourceSettings, client: Client) -> OAuth:
    """`client` asks for tokens, and proves nothing itself. Each region has an address of its own for agreeing."""
    site = source.url.removesuffix("/2.0").replace("//api.", "//app.", 1)
    provider = Provider(
        "Smartsheet",
        f"{site}/b/authorize",
        "token",
        SCOPES,
        source.oauth_client or "",
        source.oauth_secret or "",
        hashed_proof,
    )
    return OAuth(source.name, provider, client, Credentials(Path(source.credentials), source.name))
