"""What the tools' words and accounts mean: the only place where mapping rules and people are applied.

`ledger.word_map` and `ledger.person_map` are computed here from what landed, from the rules of the configuration and
from what people decided (the desk); the views of `warehouse.normal` join them. Nothing of it stands in a row: a new
rule is in force with the next publishing, without a request. A table that would come out the same is not written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import pyarrow as pa

from model.identity import AccountKey, join_people
from model.mapping import MAPPED_KINDS, RULE, MappedWord, NativeWord, Rules, map_priority, map_words
from model.vocabulary import WordKind
from warehouse.hub import Hub

__all__ = ["WordToMap", "renew_meaning"]

_KINDS = ", ".join(f"'{kind.value}'" for kind in MAPPED_KINDS)

_LISTED = f"""
SELECT source, kind, word_id, name, category, position, level, availability = 'present'
FROM landed.words WHERE kind IN ({_KINDS})
ORDER BY source, kind, availability <> 'present', word_id, native_id
"""


def _used(table: str, kind: str, id_: str, name: str) -> str:
    return f"""SELECT source, {kind} AS kind, coalesce({id_}, {name}) AS word_id, {name} AS name, raw_seq,
        first_seen_at, changed_run_id FROM landed.{table} WHERE coalesce({id_}, {name}) IS NOT NULL"""


# Words in use without a row of their own: no list of the tool has (or ever had) them. The latest name wins.
_UNLISTED = f"""
WITH used AS ({
    " UNION ALL ".join(
        [_used("issues", f"'{k.value}'", f"native_{k.value}_id", f"native_{k.value}") for k in MAPPED_KINDS]
        + [
            f"{_used('issue_changes', 'field', f'{s}_native_id', f'{s}_native')} AND field IN ({_KINDS})"
            for s in ("from", "to")
        ]
    )
})
SELECT source, kind, word_id, coalesce(max_by(name, (raw_seq, name)) FILTER (name IS NOT NULL), word_id),
    min(first_seen_at), min_by(changed_run_id, (first_seen_at, changed_run_id))
FROM used AS u
WHERE NOT EXISTS (FROM landed.words AS w WHERE w.source = u.source AND w.kind = u.kind AND w.word_id = u.word_id)
GROUP BY source, kind, word_id ORDER BY source, kind, word_id
"""

_ACCOUNTS = """
SELECT source, native_id, name, email, identity_provider FROM landed.accounts
UNION ALL
SELECT source, native_id, name, email, NULL FROM landed.account_mentions AS m
WHERE NOT EXISTS (FROM landed.accounts AS a WHERE a.source = m.source AND a.native_id = m.native_id)
"""

_WORD_MAP = pa.schema(
    [
        ("source", pa.string()),
        ("kind", pa.string()),
        ("word_id", pa.string()),
        ("name", pa.string()),
        ("value", pa.string()),
        ("basis", pa.string()),
        ("unlisted_since_at", pa.timestamp("us")),
        ("unlisted_run_id", pa.string()),
    ]
)
_PERSON_MAP = pa.schema([("account_id", pa.string()), ("person_id", pa.string())])


@dataclass(frozen=True)
class WordToMap:
    """A native word that no rule names. `value` is our word by default, `basis` what that was drawn from."""

    source: str
    kind: str
    word_id: str
    name: str
    value: str | None
    basis: str


class _Mapped(NamedTuple):
    """A row of ledger.word_map. The last two are null for words of the tool's own list."""

    source: str
    kind: str
    word_id: str
    name: str
    value: str | None
    basis: str
    unlisted_since_at: datetime | None
    unlisted_run_id: str | None


@dataclass(frozen=True)
class _Listed:
    word: NativeWord
    present: bool


@dataclass(frozen=True)
class _Unlisted:
    word: NativeWord
    since_at: datetime
    run_id: str


def renew_meaning(hub: Hub, rules: Mapping[str, Rules], confirmed: Sequence[tuple[str, str]] = ()) -> list[WordToMap]:
    """Brings both maps up to date and returns the words to be mapped, by source and kind.

    `rules` by source; `confirmed` are pairs of account ids a person declared to be one human.
    """
    with hub.lock:
        words = _word_map(hub, rules)
        people = _person_map(hub, confirmed)
        with hub.transaction():
            _rewrite(hub, "word_map", _WORD_MAP, words)
            _rewrite(hub, "person_map", _PERSON_MAP, people)
    return [WordToMap(m.source, m.kind, m.word_id, m.name, m.value, m.basis) for m in words if m.basis != RULE]


def _word_map(hub: Hub, rules: Mapping[str, Rules]) -> list[_Mapped]:
    listed: dict[str, list[_Listed]] = defaultdict(list)
    for source, kind, *word, present in hub.rows(_LISTED):
        listed[source].append(_Listed(NativeWord(WordKind(kind), *word), present))
    unlisted: dict[str, list[_Unlisted]] = defaultdict(list)
    for source, kind, word_id, name, since_at, run_id in hub.rows(_UNLISTED):
        unlisted[source].append(_Unlisted(NativeWord(WordKind(kind), word_id, name), since_at, run_id))
    rows: list[_Mapped] = []
    for source in sorted({*listed, *unlisted}):
        since = {(u.word.kind, u.word.word_id): (u.since_at, u.run_id) for u in unlisted[source]}
        mapped = _mapped(listed[source], [u.word for u in unlisted[source]], rules.get(source, Rules()))
        for (kind, word_id), m in sorted(mapped.items()):
            since_at, run_id = since.get((kind, word_id), (None, None))
            rows.append(_Mapped(source, kind.value, word_id, m.word.name, m.value, m.basis, since_at, run_id))
    return rows


def _mapped(
    listed: Iterable[_Listed], unlisted: Iterable[NativeWord], rules: Rules
) -> dict[tuple[WordKind, str], MappedWord]:
    """One meaning for each word. The tool's own list as it is today says what a place in it is worth."""
    listed = list(listed)
    today = {(w.word.kind, w.word.word_id): w.word for w in listed if w.present}
    by_name = {(w.word.kind, _folded(w.word.name)): w.word for w in reversed(listed)}
    length = sum(1 for w in today.values() if w.kind is WordKind.PRIORITY and w.position is not None)
    mapped = {(m.word.kind, m.word.word_id): m for m in map_words(today.values(), rules)}
    gone = [w.word for w in listed if not w.present]
    for word in [*gone, *(_like_its_namesake(word, by_name) for word in unlisted)]:
        if (word.kind, word.word_id) not in mapped:
            mapped[word.kind, word.word_id] = _map_outside(word, rules, length)
    return mapped


def _like_its_namesake(word: NativeWord, by_name: Mapping[tuple[WordKind, str], NativeWord]) -> NativeWord:
    """History may know a word by its name only, or by an id it had before: it means what that name means today."""
    known = by_name.get((word.kind, _folded(word.name)))
    if known is None:
        return word
    return NativeWord(word.kind, word.word_id, known.name, known.category, known.position, known.level)


def _map_outside(word: NativeWord, rules: Rules, length: int) -> MappedWord:
    """A word that is not in today's list does not make that list longer."""
    if word.kind is WordKind.PRIORITY and rules.find(word) is None:
        place = map_priority(word.position, length)
        return MappedWord(word, None if place is None else str(place), "place in the list")
    (mapped,) = map_words([word], rules)
    return mapped


def _folded(name: str) -> str:
    return name.casefold().strip()


def _person_map(hub: Hub, confirmed: Sequence[tuple[str, str]]) -> list[tuple[object, ...]]:
    accounts = [
        AccountKey(f"{source}:{native_id}", source, native_id, name, email, provider)
        for source, native_id, name, email, provider in hub.rows(_ACCOUNTS)
    ]
    return sorted(join_people(accounts, confirmed).items())


def _rewrite(hub: Hub, table: str, schema: pa.Schema, rows: Sequence[tuple[object, ...]]) -> None:
    """Replaces a map if it differs."""
    names = ", ".join(schema.names)
    if set(hub.rows(f"SELECT {names} FROM ledger.{table}")) == set(rows):
        return
    hub.con.execute(f"DELETE FROM ledger.{table}")
    columns = [pa.array([row[n] for row in rows], type=field.type) for n, field in enumerate(schema)]
    hub.con.register("renewed", pa.Table.from_arrays(columns, schema=schema))
    hub.con.execute(f"INSERT INTO ledger.{table} ({names}) SELECT {names} FROM renewed")
    hub.con.unregister("renewed")
