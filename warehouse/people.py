"""Whose account is meant, and which others belong to the same human: questions to the hub file."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from warehouse.hub import Hub

__all__ = ["KnownAccount", "accounts_of", "namesakes"]

_KNOWN = """
WITH named AS (
    SELECT source, native_id, name, email FROM landed.accounts
    UNION ALL
    SELECT source, native_id, name, email FROM landed.account_mentions),
known AS (
    SELECT n.source || ':' || n.native_id AS id, n.source, n.native_id, n.name, n.email,
        coalesce(p.person_id, n.source || ':' || n.native_id) AS person_id
    FROM named AS n LEFT JOIN ledger.person_map AS p ON p.account_id = n.source || ':' || n.native_id)
"""


@dataclass(frozen=True)
class KnownAccount:
    """An account as the hub knows it; `id` is the hub's, `native_id` the tool's."""

    id: str
    source: str
    native_id: str
    name: str
    email: str | None
    person_id: str


def accounts_of(hub: Hub, who: str) -> list[KnownAccount]:
    """All accounts of the humans that an account id, native id, e-mail address, person id or whole name stands for."""
    rows = hub.rows(
        f"""{_KNOWN} SELECT DISTINCT id, source, native_id, name, email, person_id FROM known
        WHERE person_id IN (SELECT person_id FROM known
            WHERE list_contains([id, native_id, person_id], $who)
                OR list_contains([lower(email), lower(name), lower(native_id)], lower($who)))
        ORDER BY ALL""",
        {"who": who.strip()},
    )
    return [KnownAccount(*row) for row in rows]


def namesakes(hub: Hub, names: Collection[str], but: Collection[str]) -> list[KnownAccount]:
    """Accounts of others of one of these names (in lower case); `but` are ids that are left out."""
    rows = hub.rows(
        f"""{_KNOWN} SELECT DISTINCT id, source, native_id, name, email, person_id FROM known
        WHERE list_contains($names, lower(name)) AND NOT list_contains($but, id) ORDER BY ALL""",
        {"names": sorted(names), "but": sorted(but)},
    )
    return [KnownAccount(*row) for row in rows]
