"""Jira's rich text (Atlassian Document Format) as plain text: what a reader would read, one line a block.

Pure and small: marks, colours and layout go, words stay. A plain string is taken as it is, since version 2 of the API
and Data Center hold wiki text. A node this module does not know gives the text within it: no words get lost.
Facts: the format's own description, developer.atlassian.com/cloud/jira/platform/apis/document/structure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Raw, Struct

from connectors.misfit import UNREADABLE

__all__ = ["plain_text"]


class _Node(Struct, gc=False):
    type: str = ""
    text: str | None = None
    content: list[_Node] | None = None
    attrs: dict[str, Any] | None = None


_NODE: msgspec.json.Decoder[_Node | str | None] = msgspec.json.Decoder(_Node | str | None)
_LISTS = frozenset({"bulletList", "orderedList", "taskList", "decisionList"})
_INLINE = frozenset({"text", "hardBreak", "mention", "emoji", "inlineCard", "date", "status", "placeholder"})
_CARD = ("url", "data.url", "data.name")
_SAID_IN = {
    "text": ("text",),
    "mention": ("text",),
    "emoji": ("shortName", "text"),
    "inlineCard": _CARD,
    "status": ("text",),
    "placeholder": ("text",),
}
_NAMED_BY = {
    "expand": ("title",),
    "nestedExpand": ("title",),
    "blockCard": _CARD,
    "embedCard": ("url",),
    "media": ("alt",),
}
"""Attributes that hold the words of a node: the first that has any, `a.b` is `b` within `a`."""


def plain_text(raw: Raw | bytes) -> str | None:
    """The text of a document, None where there is none. What is no document at all gives all words found in it."""
    if not raw or raw == b"null":
        return None
    try:
        found = _NODE.decode(raw)
    except UNREADABLE:
        return _all_words(raw)
    if not isinstance(found, _Node):
        return found
    lines: list[str] = []
    _block(found, lines)
    return "\n".join(lines).strip() or None


def _block(node: _Node, lines: list[str]) -> None:
    """Adds the lines of one block. A line may hold line breaks of its own."""
    content, type_ = node.content or (), node.type
    if type_ in _LISTS:
        _list(node, content, lines)
    elif type_ == "table":
        lines += [" | ".join(_text(cell.content or (), " ") for cell in row.content or ()) for row in content]
    elif type_ == "rule":
        lines.append("---")
    else:
        if node.attrs is not None and type_ in _NAMED_BY:
            lines += _attribute(node, _NAMED_BY[type_])
        _within(content, lines)


def _within(content: Iterable[_Node], lines: list[str]) -> None:
    """Adds the lines of a block's content: what runs on is put together, blocks in it stand alone."""
    running = ""
    for node in content:
        if node.text is not None and not node.content:
            running += node.text
        elif node.type in _INLINE:
            running += _inline(node)
        else:
            if running:
                lines.append(running)
                running = ""
            _block(node, lines)
    if running:
        lines.append(running)


def _text(content: Iterable[_Node], between: str) -> str:
    lines: list[str] = []
    _within(content, lines)
    return between.join(lines)


def _inline(node: _Node) -> str:
    if node.type == "hardBreak":
        return "\n"
    if node.type == "date":
        return _day((node.attrs or {}).get("timestamp"))
    return "".join(_attribute(node, _SAID_IN[node.type]))


def _list(node: _Node, content: Iterable[_Node], lines: list[str]) -> None:
    order = (node.attrs or {}).get("order", 1)
    number = order if isinstance(order, int) else 1
    for item in content:
        if item.type in _LISTS:  # a list of tasks within one stands beside its items
            nested: list[str] = []
            _list(item, item.content or (), nested)
            lines += [f"  {line}" for line in nested]
            continue
        mark = f"{number}. " if node.type == "orderedList" else "- "
        if item.type == "taskItem":
            mark = "[x] " if (item.attrs or {}).get("state") == "DONE" else "[ ] "
        first, *more = _text(item.content or (), "\n").split("\n")
        lines.append(mark + first)
        lines += [" " * len(mark) + line for line in more]
        number += 1


def _attribute(node: _Node, names: Iterable[str]) -> Iterator[str]:
    for name in names:
        said: Any = node.attrs
        for step in name.split("."):
            said = said.get(step) if isinstance(said, dict) else None
        if isinstance(said, str) and said:
            yield said
            return


def _day(timestamp: Any) -> str:
    """A date node holds milliseconds, as text."""
    try:
        return datetime.fromtimestamp(int(timestamp) / 1000, UTC).date().isoformat()
    except (TypeError, ValueError, OverflowError, OSError):
        return ""


def _all_words(raw: Raw | bytes) -> str | None:
    try:
        return "\n".join(_words(msgspec.json.decode(raw))) or None
    except UNREADABLE:
        return None


def _words(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("text"), str):
            yield value["text"]
        for one in value.values():
            if isinstance(one, dict | list):
                yield from _words(one)
    elif isinstance(value, list):
        for one in value:
            yield from _words(one)
