"""Plain text as an Atlassian document (ADF): paragraphs, lists, code, tables, a mention.

Blank lines part blocks; `- ` starts a list, ``` a code block, `|` a table row; other line ends are hard breaks.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import msgspec

__all__ = ["document", "plain", "with_mention"]

Node = dict[str, Any]


@lru_cache(maxsize=20_000)
def document(text: str) -> msgspec.Raw:
    """Encoded, since the same texts are asked for over and over."""
    return msgspec.Raw(msgspec.json.encode(_doc([_block(block) for block in text.split("\n\n")])))


def with_mention(text: str, account_id: str, name: str) -> Node:
    """The text after an `@name`."""
    mention = {"type": "mention", "attrs": {"id": account_id, "text": f"@{name}", "accessLevel": ""}}
    blocks = [_block(block) for block in text.split("\n\n")]
    return _doc([{"type": "paragraph", "content": [mention, {"type": "text", "text": " "}]}, *blocks])


def plain(node: Node) -> str:
    """The text of a document that somebody sends: blocks parted by blank lines."""
    if node.get("type") == "doc":
        return "\n\n".join(plain(block) for block in node.get("content", ()))
    if node.get("type") == "hardBreak":
        return "\n"
    return str(node.get("text", "")) + "".join(plain(child) for child in node.get("content", ()))


def _doc(blocks: list[Node]) -> Node:
    return {"type": "doc", "version": 1, "content": blocks}


def _block(block: str) -> Node:
    lines = block.split("\n")
    if block.startswith("```"):
        return {"type": "codeBlock", "attrs": {}, "content": [_text("\n".join(lines[1:-1]))]}
    if all(line.startswith("- ") for line in lines):
        return {"type": "bulletList", "content": [_item(line[2:]) for line in lines]}
    if all(line.startswith("|") for line in lines):
        rows = [line.strip("|").split("|") for line in lines]
        return {"type": "table", "attrs": {"isNumberColumnEnabled": False}, "content": [_row(row) for row in rows]}
    return _paragraph(block)


def _item(text: str) -> Node:
    return {"type": "listItem", "content": [_paragraph(text)]}


def _row(cells: list[str]) -> Node:
    made = [{"type": "tableCell", "attrs": {}, "content": [_paragraph(cell.strip())]} for cell in cells]
    return {"type": "tableRow", "content": made}


def _paragraph(text: str) -> Node:
    content: list[Node] = []
    for n, line in enumerate(text.split("\n")):
        content += [{"type": "hardBreak"}] if n else []
        content += [_text(line)] if line else []
    return {"type": "paragraph", "content": content}


def _text(text: str) -> Node:
    return {"type": "text", "text": text}
