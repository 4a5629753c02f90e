"""What is put in the place of a person's names, log-ins and addresses, in any text: pure, and the same everywhere.

A word is found whole and in any case, as people write it and as JSON, HTML and addresses spell it; a mail address also
as the digests that avatars are named after. Pseudonyms are plain ASCII without quotes, so that they fit into all of
these as they stand. A word that may be an everyday one ("Service", "ab") is replaced only where a field holds nothing
else and its name says that it names a person.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html.entities import codepoint2name
from urllib.parse import quote, quote_plus

from model.identity import address_id

__all__ = ["Forgetter", "Known", "Word", "names_person", "people_in", "pseudonyms", "words_in"]

LEAST_LETTERS = 4
AROUND_BYTES = 300
EVERYDAY = frozenset(
    [
        "account",
        "admin",
        "administrator",
        "agent",
        "build",
        "demo",
        "developer",
        "guest",
        "info",
        "manager",
        "office",
        "operator",
        "project",
        "quality",
        "release",
        "root",
        "sales",
        "service",
        "status",
        "superuser",
        "support",
        "system",
        "team",
        "test",
        "tester",
        "update",
        "user",
        "web",
        "webmaster",
    ]
)
"""Log-ins that are words of any text."""
_DIGESTS = (hashlib.md5, hashlib.sha256)  # what Gravatar names its pictures by

NAME_KEYS = frozenset({"displayname", "name", "fullname", "authorname", "author_name"})
LOGIN_KEYS = frozenset({"login", "username", "user_name", "handle", "nickname"})
MAIL_KEYS = frozenset({"mail", "email", "emailaddress", "email_address"})
FIRST_KEYS = ("firstname", "first_name", "givenname", "given_name")
LAST_KEYS = ("lastname", "last_name", "familyname", "family_name", "surname")
ID_KEYS = frozenset({"id", "accountid", "account_id", "userid", "user_id", *MAIL_KEYS})
ROLES = frozenset(
    {
        "account", "approver", "assigned_to", "assignee", "author", "comment_author", "creator", "createdby", "lead",
        "member", "modifiedby", "owner", "person", "pm", "reporter", "sponsor", "updateauthor", "updated_by", "user",
    }
)  # fmt: skip
"""Names of fields that hold a person."""

_PERSON_FIELD = re.compile(
    r"(^|_)(account|assignee|author|by|email|lead|login|manager|name|owner|person|pm|reporter|sponsor|team_member|who)$"
)
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
_PSEUDONYM = re.compile(r"forgotten[ -][0-9a-f]{6}(-\d+)?(@example\.invalid)?", re.IGNORECASE)
"""What `pseudonyms` makes of a code of six digits."""
_BEFORE = r"(?:(?<!\w)|(?<=\\[nrtbf])|(?<=\\u[0-9a-f]{4})|(?<=%[0-9a-f]{2}))"
_AFTER = r"(?!\w)"
_GAP = r"(?:[\s\xa0]|\\[nrt]|\\u00a0|&nbsp;)+"


@dataclass(frozen=True)
class Word:
    """A name, log-in or address, and what takes its place. Not `anywhere`: only as the whole of a person's field."""

    text: str
    pseudonym: str
    anywhere: bool = True


@dataclass(frozen=True)
class Known:
    """What a record says of a person."""

    names: frozenset[str] = frozenset()
    logins: frozenset[str] = frozenset()
    mails: frozenset[str] = frozenset()

    def __or__(self, other: Known) -> Known:
        return Known(self.names | other.names, self.logins | other.logins, self.mails | other.mails)

    def __bool__(self) -> bool:
        return bool(self.names or self.logins or self.mails)


def pseudonyms(known: Known, code: str, more: Iterable[str] = (), left_out: Iterable[str] = ()) -> list[Word]:
    """The words of a person with what takes their place, made of a random `code`: two addresses stay two.

    `more` are words to be replaced anywhere, whatever they look like; `left_out` are never replaced. What took a word's
    place in an earlier forgetting is no word of the person: its receipt names it.
    """
    asked = [_plain(word) for word in more]
    mails = [*_sorted(known.mails), *(word for word in asked if "@" in word)]
    parts = {part for name in known.names for part in re.split(r"[\W_]+", name.casefold())}
    handles = [*_sorted(known.logins - known.mails), *_handles(mails, parts)]
    names = [*_sorted(known.names), *(word for word in asked if "@" not in word)]
    found = [Word(mail, f"forgotten-{code}{_number(n)}@example.invalid") for n, mail in enumerate(_once(mails))]
    found += [Word(login, f"forgotten-{code}{_number(n)}", _names_one(login)) for n, login in enumerate(_once(handles))]
    found += [Word(name, f"Forgotten {code}", _is_rare(name) or name in asked) for name in _once(names)]
    kept = {_plain(word).casefold() for word in left_out}
    first = {word.text.casefold(): word for word in reversed(found)}
    return [word for word in found if first[word.text.casefold()] is word and word.text.casefold() not in kept]


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def _sorted(words: Iterable[str]) -> list[str]:
    return sorted({_plain(word) for word in words if word.strip() and not _PSEUDONYM.fullmatch(_plain(word))})


def _once(words: Iterable[str]) -> list[str]:
    """Each in one spelling of upper and lower case."""
    return list({word.casefold(): word for word in words}.values())


def _number(n: int) -> str:
    return f"-{n + 1}" if n else ""


def _handles(mails: Iterable[str], parts: Collection[str]) -> Iterator[str]:
    """What stands before the @, where it is no first or last name of its own: anna.berg, aberg."""
    for mail in mails:
        local = mail.partition("@")[0]
        if _names_one(local) and local.casefold() not in parts:
            yield local


def _is_rare(word: str) -> bool:
    """Whether it can hardly stand for anything else: two words, or with a dot, a digit or an @ in it."""
    return len(word) >= LEAST_LETTERS and re.search(r"[\W\d_]", word) is not None


def _names_one(login: str) -> bool:
    return len(login) >= LEAST_LETTERS and login.casefold() not in EVERYDAY


def names_person(field: str) -> bool:
    """Whether the name of a column or key says that it names a person."""
    return _PERSON_FIELD.search(field.lower()) is not None


class Forgetter:
    """Replaces the words of one person in texts; `code` is what their pseudonyms were made of.

    `replaced` counts how often it did.
    """

    def __init__(self, words: Sequence[Word], code: str) -> None:
        self.replaced = 0
        self._code = code
        self._whole = {word.text.casefold(): word.pseudonym for word in words}
        anywhere = [word for word in words if word.anywhere]
        variants: dict[str, str] = {}
        for variant, pseudonym in (pair for word in anywhere for pair in _variants(word)):
            variants.setdefault(variant, pseudonym)  # the plain spelling comes first
        self._by_variant = {_folded(variant): pseudonym for variant, pseudonym in reversed(variants.items())}
        self.hints = sorted({hint for v in [*variants, *self._whole] if (hint := _hint(v))})
        self._words = _any_of(sorted(variants, key=len, reverse=True))
        pairs = [pair for word in words if word.text.count(" ") for pair in _splits(word)]
        self._pairs = [pattern for first, last in pairs for pattern in _pair_patterns(first, last)]
        self._fields = [_field_pattern(word.text) for word in words if not word.anywhere]

    def may_hold(self, text: str) -> bool:
        """Quick, and never wrong when it says no."""
        lowered = text.lower()
        return any(hint in lowered for hint in self.hints)

    def text(self, text: str) -> str:
        """A text, or a document of JSON or HTML, with the words replaced."""
        if not self.may_hold(text):
            return text
        if self._words is not None:
            text = self._words.sub(self._pseudonym, text)
        for pattern in self._pairs:
            text = pattern.sub(self._pair, text)
        for pattern in self._fields:
            text = pattern.sub(self._field, text)
        return text

    def value(self, text: str, field: str) -> str:
        """What a field of that name holds: everyday words too, where it holds nothing else."""
        whole = self._whole.get(_plain(text).casefold()) if names_person(field) else None
        if whole is not None and whole != text:
            self.replaced += 1
            return whole
        return self.text(text)

    def body(self, body: bytes) -> bytes:
        """A body in UTF-8, whatever else stands in it."""
        text = body.decode("utf-8", "surrogateescape")
        fresh = self.text(text)
        return body if fresh is text else fresh.encode("utf-8", "surrogateescape")

    def holds(self, text: str) -> bool:
        """Whether a word stands in it that would be replaced."""
        before = self.replaced
        try:
            return self.text(text) != text
        finally:
            self.replaced = before

    def is_within(self, body: bytes) -> bool:
        """Whether a word stands anywhere in a file, whatever else it holds: looked at around each hint only."""
        lowered = body.lower()
        for hint in {hint.encode() for hint in self.hints}:
            at = lowered.find(hint)
            while at >= 0:
                if self.holds(body[max(0, at - AROUND_BYTES) : at + AROUND_BYTES].decode("utf-8", "replace")):
                    return True
                at = lowered.find(hint, at + 1)
        return False

    def _pseudonym(self, match: re.Match[str]) -> str:
        self.replaced += 1
        return self._by_variant.get(_folded(match[0]), f"Forgotten {self._code}")

    def _pair(self, match: re.Match[str]) -> str:
        self.replaced += 1
        return f"{match[1]}Forgotten{match[2]}{self._code}{match[3]}"

    def _field(self, match: re.Match[str]) -> str:
        self.replaced += 1
        return f"{match[1]}{self._whole[_plain(json.loads(chr(34) + match[2] + chr(34))).casefold()]}{match[3]}"


def _folded(text: str) -> str:
    """One spelling of case and gaps."""
    return re.sub(_GAP, " ", unicodedata.normalize("NFC", text).casefold())


def _variants(word: Word) -> Iterator[tuple[str, str]]:
    """Spellings of a word, each with what takes its place there."""
    spellings = [word.text]
    parts = word.text.split(" ")
    if len(parts) > 1 and "@" not in word.text:
        spellings += [f"{last}, {first}" for first, last in _splits(word)]
        spellings += [f"{last} {first}" for first, last in _splits(word)]
    for spelling in spellings:
        for form in ("NFC", "NFD"):
            text = unicodedata.normalize(form, spelling)
            yield from dict.fromkeys(
                [
                    (text, word.pseudonym),
                    (json.dumps(text)[1:-1], word.pseudonym),
                    (html.escape(text), word.pseudonym),
                    (text.encode("ascii", "xmlcharrefreplace").decode(), word.pseudonym),
                    (_named(text), word.pseudonym),
                    (quote(text, safe=""), quote(word.pseudonym, safe="")),
                    (quote(text, safe="@"), quote(word.pseudonym, safe="@")),
                    (quote_plus(text), quote_plus(word.pseudonym)),
                ]
            )
    if "@" in word.text:
        yield address_id(word.text), address_id(word.pseudonym)
        for digest in _DIGESTS:
            yield digest(word.text.lower().encode()).hexdigest(), digest(word.pseudonym.encode()).hexdigest()


def _named(text: str) -> str:
    return "".join(f"&{codepoint2name[ord(c)]};" if ord(c) in codepoint2name and ord(c) > 127 else c for c in text)


def _splits(word: Word) -> list[tuple[str, str]]:
    """First and last names, wherever the one may end."""
    parts = word.text.split(" ")
    return [(" ".join(parts[:n]), " ".join(parts[n:])) for n in range(1, len(parts))]


def _hint(variant: str) -> str:
    """The longest piece without gaps, in lower case: a text without it does not hold the variant."""
    return max(re.split(_GAP, variant.lower()), key=len, default="")


def _any_of(variants: Sequence[str]) -> re.Pattern[str] | None:
    if not variants:
        return None
    spelled = "|".join(_GAP.join(re.escape(part) for part in variant.split(" ")) for variant in variants)
    return re.compile(f"{_BEFORE}(?:{spelled}){_AFTER}", re.IGNORECASE)


def _json_text(text: str) -> str:
    """A pattern for a text between the quotes of JSON."""
    return "|".join(re.escape(spelling) for spelling in dict.fromkeys([text, json.dumps(text)[1:-1]]))


def _pair_patterns(first: str, last: str) -> list[re.Pattern[str]]:
    """First and last name as two fields of one object, in either order."""

    def field(keys: Sequence[str], value: str) -> str:
        return rf'"(?:{"|".join(keys)})"\s*:\s*"(?:{_json_text(value)})"'

    def halves(keys: Sequence[str], value: str) -> tuple[str, str]:
        whole = field(keys, value)
        head, _, tail = whole.rpartition(f"(?:{_json_text(value)})")
        return head, tail

    patterns = []
    for (keys_a, a), (keys_b, b) in (
        ((FIRST_KEYS, first), (LAST_KEYS, last)),
        ((LAST_KEYS, last), (FIRST_KEYS, first)),
    ):
        head_a, tail_a = halves(keys_a, a)
        head_b, tail_b = halves(keys_b, b)
        patterns.append(
            re.compile(
                f"({head_a})(?:{_json_text(a)})({tail_a}[^{{}}]*?{head_b})(?:{_json_text(b)})({tail_b})", re.IGNORECASE
            )
        )
    return patterns


def _field_pattern(text: str) -> re.Pattern[str]:
    """The whole of a field that names a person, or of the name of an object that stands for one."""
    keys = "|".join(sorted({*LOGIN_KEYS, *MAIL_KEYS, *NAME_KEYS - {"name"}, *FIRST_KEYS, *LAST_KEYS}))
    roles = "|".join(sorted(ROLES))
    name = rf'"(?:{roles})"\s*:\s*\{{[^{{}}]*?"name"\s*:\s*"'
    return re.compile(rf'("(?:{keys})"\s*:\s*"|{name})({_json_text(text)})(")', re.IGNORECASE)


# ---- what records say of a person --------------------------------------------------------------------------------


def words_in(value: object, ids: frozenset[str]) -> Known:
    """Names, log-ins and addresses that a decoded document has of the person of these native ids (lower case)."""
    found = Known()
    for own, known in people_in(value):
        if own & ids:
            found |= known
    return found


def people_in(value: object, role: str = "") -> Iterator[tuple[frozenset[str], Known]]:
    """Each person that a decoded document says something of: their native ids (lower case), and what it says."""
    if isinstance(value, Mapping):
        said = {str(key).lower(): part for key, part in value.items()}
        ids = frozenset(str(said[key]).lower() for key in ID_KEYS & said.keys() if isinstance(said[key], str | int))
        if ids and (known := _said_in(said, role)):
            yield ids, known
        yield from _changed_in(said)
        yield from _shown_in(said)
        for key, part in value.items():
            if isinstance(part, Mapping | list):
                yield from people_in(part, str(key).lower())
    elif isinstance(value, list):
        for part in value:
            yield from people_in(part, role.removesuffix("s"))


def _changed_in(said: Mapping[str, object]) -> Iterator[tuple[frozenset[str], Known]]:
    """Who stood in a field before and after a change of it, under the names they had then."""
    if str(said.get("fieldid", said.get("field"))).lower() in ROLES:
        for id_, name in ((said.get("from"), said.get("fromstring")), (said.get("to"), said.get("tostring"))):
            if isinstance(id_, str) and isinstance(name, str) and name.strip():
                yield frozenset({id_.lower()}), Known(frozenset({name}))


def _shown_in(said: Mapping[str, object]) -> Iterator[tuple[frozenset[str], Known]]:
    """Whom a cell of a sheet holds by their address, and shows by the name they had then (Smartsheet's contacts)."""
    mail, name = said.get("value"), said.get("displayvalue")
    if isinstance(mail, str) and isinstance(name, str) and _ADDRESS.fullmatch(mail) and name.strip():
        yield (
            frozenset({mail.lower()}),
            Known(frozenset() if "@" in name else frozenset({name}), mails=frozenset({mail})),
        )


def _said_in(said: Mapping[str, object], role: str) -> Known:
    """What a record says of the person it stands for, if it does for one; its keys in lower case."""

    def of(keys: Iterable[str]) -> set[str]:
        return {text for key in keys if isinstance(text := said.get(key), str) and text.strip()}

    logins, mails = of(LOGIN_KEYS), {mail for mail in of(MAIL_KEYS) if "@" in mail}
    first, last = of(FIRST_KEYS), of(LAST_KEYS)
    is_person = bool(logins or mails or first or last or role in ROLES or "accountid" in said)
    names = of(NAME_KEYS) if is_person else set()
    if first and last:
        names.add(f"{min(first)} {min(last)}")
    return Known(frozenset(names), frozenset(logins), frozenset(mails))
