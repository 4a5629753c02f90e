"""Orders to a make-believe tool over HTTP, under `/_sandbox/`: faults, options, clock, requests, random changes.

`POST faults {"rate_503": 0.1}` · `POST options {"page_cap": 7}` · `POST clock {"advance": 120}` · `GET requests` ·
`POST move {"count": 20, "seed": 3, "only": "edit", "step": 1}`. None of them is logged or spoilt.
"""

from __future__ import annotations

import random
from dataclasses import asdict
from typing import Any, Protocol

from sandbox.faults import Drawn
from sandbox.moving import Moving

__all__ = ["PREFIX", "Ordered", "command"]

PREFIX = "/_sandbox/"
Answered = tuple[int, Any]


class Ordered(Protocol):
    """What a server needs to take orders; `mover` lives on where the last moves stopped."""

    tracker: Any
    options: Any
    requests: Any
    mover: Moving | None

    @property
    def faults(self) -> Drawn: ...

    def set_faults(self, wanted: dict[str, Any]) -> None: ...

    def new_mover(self, rng: random.Random) -> Moving: ...


def command(server: Ordered, method: str, path: str, body: dict[str, Any]) -> Answered:
    """Status and answer."""
    name = path.removeprefix(PREFIX)
    if (method, name) == ("GET", "requests"):
        return 200, [seen._asdict() for seen in server.requests]
    if (method, name) == ("DELETE", "requests"):
        server.requests.clear()
        return 200, {}
    if name == "options":
        return _options(server, method, body)
    if name == "faults":
        return _faults(server, method, body)
    if (method, name) == ("POST", "clock"):
        server.tracker.advance(float(body.get("advance", 0)))
        return 200, {"now": server.tracker.now()}
    if (method, name) == ("POST", "move"):
        return _moved(server, body)
    return 404, {"error": f"no such order: {method} {path}"}


def _options(server: Ordered, method: str, body: dict[str, Any]) -> Answered:
    """Oddities of the site, by the names in its `Options`."""
    known = asdict(server.options)
    for name, value in body.items() if method == "POST" else ():
        if name not in known:
            return 400, {"error": f"no such option: {name}"}
        setattr(server.options, name, value)
    return 200, asdict(server.options)


def _moved(server: Ordered, body: dict[str, Any]) -> Answered:
    """Without a seed, the moves go on from where the last ones stopped."""
    if server.mover is None or "seed" in body:
        server.mover = server.new_mover(random.Random(body.get("seed", 1)))
    only = body.get("only")
    if only is not None and only not in server.mover.MOVES:
        return 400, {"error": f"no such move: {only}"}
    server.mover.step_seconds = float(body.get("step", 0))
    return 200, {"moves": server.mover.move(int(body.get("count", 1)), only=only), "now": server.tracker.now()}


def _faults(server: Ordered, method: str, body: dict[str, Any]) -> Answered:
    if method == "POST":
        try:
            server.set_faults(body)
        except KeyError as error:
            return 400, {"error": f"no such fault: {error.args[0]}"}
    return 200, asdict(server.faults)
