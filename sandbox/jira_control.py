"""Orders to the make-believe Jira Cloud over HTTP, under `/_sandbox/`: faults, clock, requests.

`POST faults {"rate_503": 0.1}` · `POST options {"page_cap": 7}` · `POST clock {"advance": 120}` · `GET requests` ·
`POST move {"count": 20, "seed": 3, "only": "status", "step": 1}` · `GET truth`. None of them is logged or spoilt.
"""

from __future__ import annotations

import random
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sandbox.jira_moves import MOVES, Mover
from sandbox.jira_truth import figures

if TYPE_CHECKING:
    from sandbox.jira import JiraServer

__all__ = ["command"]


def command(server: JiraServer, method: str, path: str, body: dict[str, Any]) -> tuple[int, Any]:
    """Status and answer."""
    name = path.removeprefix("/_sandbox/")
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
    if (method, name) == ("GET", "truth"):
        return 200, figures(server.tracker, datetime.fromtimestamp(server.tracker.now() / 1000, UTC).date())
    return 404, {"error": f"no such order: {method} {path}"}


def _options(server: JiraServer, method: str, body: dict[str, Any]) -> tuple[int, Any]:
    """Oddities of the site, by the names in `Options`."""
    known = asdict(server.options)
    for name, value in body.items() if method == "POST" else ():
        if name not in known:
            return 400, {"error": f"no such option: {name}"}
        setattr(server.options, name, value)
    return 200, asdict(server.options)


def _moved(server: JiraServer, body: dict[str, Any]) -> tuple[int, Any]:
    """Without a seed, the moves go on from where the last ones stopped."""
    only = body.get("only")
    if only is not None and only not in MOVES:
        return 400, {"error": f"no such move: {only}"}
    if server.mover is None or "seed" in body:
        server.mover = Mover(server.tracker, random.Random(body.get("seed", 1)))
    server.mover.step_seconds = float(body.get("step", 0))
    return 200, {"moves": server.mover.move(int(body.get("count", 1)), only=only), "now": server.tracker.now()}


def _faults(server: JiraServer, method: str, body: dict[str, Any]) -> tuple[int, Any]:
    if method == "POST":
        try:
            server.set_faults(body)
        except KeyError as error:
            return 400, {"error": f"no such fault: {error.args[0]}"}
    return 200, asdict(server.faults)
