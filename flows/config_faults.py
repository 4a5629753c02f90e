"""How a fault in `pmo.toml` is put: the ends of sentences that begin with file, line and key.

No value is ever repeated, for it may be a secret; only words of our own are proposed. Facts: the kinds of error of
pydantic 2 and the complaints of `tomllib`, both read on 2026-11-24.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from model.config import HubSettings, PublishSettings, SourceSettings, near_word, nearest

__all__ = ["advice_on_toml", "bad_value", "dotted", "meant", "unknown_key"]

Key = tuple[str, ...]

_BARE = re.compile(r"[A-Za-z0-9_-]+")

_OTHER_WORDS = {
    "access_token": "token", "api_key": "token", "api_token": "token", "apikey": "token", "key": "token",
    "passwd": "token", "password": "token", "pat": "token", "secret": "token", "login": "email", "mail": "email",
    "user": "email", "username": "email", "address": "url", "base_url": "url", "host": "url", "server": "url",
    "client_id": "oauth_client", "client_secret": "oauth_secret",
    "kind": "type", "tool": "type", "tz": "timezone", "zone": "timezone", "time_zone": "timezone",
}  # fmt: skip
"""What people write, and the key they mean."""

# pydantic's kind of error → the end of our sentence.
_MUST = {
    "bool_type": "must be true or false, without quotes",
    "dict_type": 'must be a table, such as {key}."…" = …',
    "enum": "must be {expected}",
    "finite_number": "must be a number",
    "float_type": "must be a number, without quotes",
    "greater_than": "must be more than {gt:g}",
    "greater_than_equal": "must be {ge:g} or more",
    "int_type": "must be a whole number, without quotes",
    "less_than_equal": "must be {le:g} or less",
    "literal_error": "must be {expected}",
    "model_type": "must be a table, such as {key}.… = …",
    "string_too_short": "must not be empty",
    "string_type": 'must be text in "quotes"',
    "too_short": "must not be empty: name one, or leave the key out",
    "tuple_type": 'must be a list of texts, such as ["ERP", "WEB"]',
    "value_error": "{error}",
}

# How tomllib begins its complaint → what to do.
_TOML_ADVICE = (
    ("Invalid value", 'text stands in "quotes", true and false in small letters'),
    ("Invalid statement", 'a line is [table] or key = value, and names with blanks or dots stand in "quotes"'),
    ("Expected '='", "a line is [table] or key = value"),
    ("Expected ']'", "close the bracket of the table"),
    ("Expected newline", "one key = value a line, nothing behind it but # comments"),
    ("Cannot overwrite", "the key stands twice, or is also a table: keep one"),
    ("Cannot declare", "the table stands twice: keep one"),
    ("Cannot mutate", "the table was closed already: keep all its keys in one place"),
    ("Duplicate", "the key stands twice: keep one"),
    ("Unclosed array", "close the list with ]"),
    ("Unterminated string", "close the text with a quote"),
    ("Illegal character '\\n'", "close the text with a quote, in the same line"),
    ("Unescaped", "write \\\\ for a backslash, or put the text in 'single quotes'"),
    ("Invalid hex", "write \\\\ for a backslash, or put the text in 'single quotes'"),
)


def advice_on_toml(complaint: str) -> str:
    """What to do about a complaint of tomllib's."""
    return next((advice for begins, advice in _TOML_ADVICE if complaint.startswith(begins)), "correct it there")


def bad_value(kind: str, context: Mapping[str, Any], value: Any, key: Key) -> str:
    """For an error of pydantic's: its kind and context, the value it is about, and the key."""
    expected = str(context.get("expected", "")).replace("'", '"')
    near = nearest(value, re.findall('"([^"]*)"', expected)) if expected and isinstance(value, str) else ""
    return _MUST[kind].format(**{**context, "expected": expected, "key": key[-1]}) + near


def meant(name: str, known: Collection[str]) -> str:
    """The known key that the writer of an unknown one had in mind; empty where none is near."""
    other = _OTHER_WORDS.get(name.casefold().replace("-", "_"), "")
    return other if other in known else near_word(name, known)


def unknown_key(name: str, table: Key, known: Collection[str]) -> str:
    """For a key that is not known in a table: what to do with it."""
    if guess := meant(name, known):
        written = ', which is written token = "${NAME}"' if guess == "token" else ""
        return f'is not a known key; did you mean "{guess}"{written}?'
    if table != ("hub",) and name in HubSettings.model_fields:
        return "is not a known key here: it stands under [hub]"
    if name in PublishSettings.model_fields:
        return f"is not a known key here: it stands under [hub], as publish.{name}"
    if table[:1] != ("sources",) and name in SourceSettings.model_fields:
        return "is not a known key here: it stands under [sources.NAME]"
    few = f" (known are {', '.join(sorted(known))})" if len(known) < 12 else ""
    return f"is not a known key: leave it out{few}"


def dotted(key: Key) -> str:
    """A key as it is written in the file."""
    return ".".join(part if _BARE.fullmatch(part) else f'"{part}"' for part in key)
