"""Where keys stand in the text of a TOML file: line numbers for errors, places to rename.

`tomllib` gives values without places. The text is taken to be valid TOML (let `tomllib` read it first), so this only
has to tell keys from values: https://toml.io/en/v1.0.0, read 2026-11-24. Tables within arrays are passed over.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Mention", "line_of", "mentions", "replaced"]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_KEY = re.compile(r'"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|[A-Za-z0-9_-]+')
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}' + r"|'''.*?'{3,5}" + r'|"(?:\\.|[^"\\\n])*"' + r"|'[^'\n]*'",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}#\r\n]*")


@dataclass(frozen=True)
class Mention:
    """One part of a key: where `path` ends, in characters. `[a.b]` mentions ("a",) and ("a", "b")."""

    path: tuple[str, ...]
    start: int
    end: int
    line: int


def mentions(text: str) -> list[Mention]:
    """All keys of a valid TOML text, in order."""
    return list(_Scan(text).document())


def line_of(found: list[Mention], path: tuple[str, ...]) -> int | None:
    """The line of a key, else of the table it would stand in, else None."""
    for depth in range(len(path), 0, -1):
        for mention in found:
            if mention.path == path[:depth]:
                return mention.line
    return None


def replaced(text: str, path: tuple[str, ...], word: str) -> str:
    """The text with the last part of a key written as `word` wherever it is mentioned; all else as it stands."""
    for mention in reversed([m for m in mentions(text) if m.path == path]):
        text = text[: mention.start] + word + text[mention.end :]
    return text


class _Scan:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def document(self) -> Iterator[Mention]:
        table: tuple[str, ...] = ()
        self._skip(_BLANK)
        while self._at < len(self._text):
            if self._peek("["):
                brackets = 2 if self._peek("[[") else 1
                self._at += brackets
                header = list(self._key(()))
                table = header[-1].path
                yield from header
                self._at += brackets
            else:
                yield from self._pair(table)
            self._skip(_BLANK)

    def _pair(self, table: tuple[str, ...]) -> Iterator[Mention]:
        key = list(self._key(table))
        yield from key
        self._at += 1  # =
        self._skip(_SPACE)
        yield from self._value(key[-1].path)

    def _key(self, path: tuple[str, ...]) -> Iterator[Mention]:
        """The parts of a dotted key; ends behind the blanks that follow it."""
        while True:
            self._skip(_SPACE)
            start = self._at
            raw = self._skip(_KEY)
            path = (*path, str(tomllib.loads(f"key = {raw}")["key"]) if raw[0] in "\"'" else raw)
            yield Mention(path, start, self._at, self._text.count("\n", 0, start) + 1)
            self._skip(_SPACE)
            if not self._peek("."):
                return
            self._at += 1

    def _value(self, path: tuple[str, ...]) -> Iterator[Mention]:
        if self._peek("{"):
            for _ in self._items("}"):
                yield from self._pair(path)
        elif self._peek("["):
            for _ in self._items("]"):
                for _within_array in self._value(()):
                    pass
        elif self._text[self._at] in "\"'":
            self._skip(_STRING)
        else:
            self._skip(_SCALAR)

    def _items(self, closing: str) -> Iterator[None]:
        """Stands still at each item of a list in brackets; the caller reads the item."""
        self._at += 1
        while True:
            self._skip(_BLANK)
            if self._peek(closing):
                self._at += 1
                return
            yield None
            self._skip(_BLANK)
            if self._peek(","):
                self._at += 1

    def _peek(self, word: str) -> bool:
        return self._text.startswith(word, self._at)

    def _skip(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        assert found is not None, "not valid TOML"
        self._at = found.end()
        return found.group()
