"""An answer that does not say what it takes to understand it is archived with that before it.

`{"asked": {…},\n"answer": <as received>}`: what was asked stands in a Struct of the connector's own, the answer stays
byte for byte. So `decode` stays pure: the same bytes give the same columns, years later. Used by Jira (which custom
field holds story points, which feed this is) and Smartsheet (which workspace a sheet stands in).
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

__all__ = ["split", "told"]

_PREFIX = b'{"asked":'
_SEAM = b',\n"answer":'


def told(asked: Struct, answer: bytes) -> bytes:
    """An answer with what was asked before it; the answer itself stays byte for byte."""
    return b"".join((_PREFIX, msgspec.json.encode(asked), _SEAM, answer, b"}"))


def split(body: bytes) -> tuple[bytes, memoryview]:
    """What was asked (empty: nothing was told), and the answer as received. Nothing is copied."""
    if body.startswith(_PREFIX):
        seam = body.find(_SEAM)  # no line break stands in compact JSON
        if seam > 0:
            return body[len(_PREFIX) : seam], memoryview(body)[seam + len(_SEAM) : -1]
    return b"", memoryview(body)
