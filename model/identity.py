"""Which accounts are one human.

Accounts are joined, in this order, by the same id at the same identity provider (one Atlassian account over all its
sites), by an e-mail address that names one account per source, and by what a person confirmed. Names only suggest.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

__all__ = ["AccountKey", "address_id", "join_people", "suggest_people"]


def address_id(mail: str) -> str:
    """Native id of an account that a tool knows by its mail address alone: ids are published, addresses are not."""
    return hashlib.sha256(mail.strip().casefold().encode()).hexdigest()[:16]


@dataclass(frozen=True)
class AccountKey:
    """What is known of one account; `id` is the hub's (`<source>:<native id>`)."""

    id: str
    source: str
    native_id: str
    name: str
    email: str | None = None
    identity_provider: str | None = None


def join_people(accounts: Iterable[AccountKey], confirmed: Sequence[tuple[str, str]] = ()) -> dict[str, str]:
    """Account id → person id: the smallest id of the accounts that belong together.

    `confirmed` are pairs of account ids a person declared to be one human; unknown ids are ignored.
    """
    accounts = list(accounts)
    parent = {account.id: account.id for account in accounts}

    def root(id_: str) -> str:
        while parent[id_] != id_:
            parent[id_] = parent[parent[id_]]
            id_ = parent[id_]
        return id_

    def join(a: str, b: str) -> None:
        first, second = sorted((root(a), root(b)))
        parent[second] = first

    for group in (*_same_identity(accounts), *_same_email(accounts), *confirmed):
        known = [id_ for id_ in group if id_ in parent]
        for other in known[1:]:
            join(known[0], other)
    return {account.id: root(account.id) for account in accounts}


def suggest_people(accounts: Iterable[AccountKey], people: dict[str, str]) -> list[tuple[str, str]]:
    """Pairs of accounts of different people and sources with the same name, for a person to confirm."""
    by_name: dict[str, list[AccountKey]] = defaultdict(list)
    for account in accounts:
        by_name[" ".join(account.name.casefold().split())].append(account)
    pairs: list[tuple[str, str]] = []
    for same in by_name.values():
        apart = [
            (one, other)
            for one, other in combinations(sorted(same, key=lambda a: a.id), 2)
            if one.source != other.source and people[one.id] != people[other.id]
        ]
        # one pair for each two people is enough
        found = {frozenset((people[one.id], people[other.id])): (one.id, other.id) for one, other in reversed(apart)}
        pairs += found.values()
    return sorted(pairs)


def _same_identity(accounts: Sequence[AccountKey]) -> list[list[str]]:
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for account in accounts:
        if account.identity_provider:
            groups[account.identity_provider, account.native_id].append(account.id)
    return list(groups.values())


def _same_email(accounts: Sequence[AccountKey]) -> list[list[str]]:
    """Groups by e-mail; an address that two accounts of one source share joins nobody."""
    groups: dict[str, list[AccountKey]] = defaultdict(list)
    for account in accounts:
        if account.email and account.email.strip():
            groups[account.email.strip().casefold()].append(account)
    return [[a.id for a in group] for group in groups.values() if len({a.source for a in group}) == len(group)]
