"""Runs `pmo` and kills it, with SIGKILL and from within, at the n-th passing of a named place.

    python -m tests.killer PLACE N sync --config pmo.toml

The places are the seams of a run: an answer decoded, a raw part before and after it has its name, a commit before and
after, and each step of publishing. Without the kill, the place is only counted, and the count printed at the end.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

PLACES: dict[str, tuple[str, str, str]] = {
    "answer decoded": ("flows.reading", "decoded_body", "after"),
    "raw part written": ("warehouse.raw", "replace_synced", "before"),
    "raw part named": ("warehouse.raw", "replace_synced", "after"),
    "rows applied": ("warehouse.landing", "Landing._apply", "after"),
    "part in the ledger": ("warehouse.landing", "Landing._name", "after"),
    "committed": ("warehouse.landing", "Landing.commit", "after"),
    "meaning renewed": ("flows.sync", "renew_meaning", "after"),
    "file filled": ("warehouse.publish", "_write", "after"),
    "file synced": ("warehouse.publish", "sync_file", "after"),
    "link about to move": ("warehouse.shelf", "Shelf.show", "before"),
    "link moved": ("warehouse.shelf", "Shelf.show", "after"),
    "old files removed": ("warehouse.shelf", "Shelf.remove_old", "after"),
}
PUSHING: dict[str, tuple[str, str, str]] = {
    "write about to be sent": ("flows.push", "_SourcePush._sent_with", "before"),
    "write answered": ("flows.push", "_SourcePush._sent_with", "after"),
    "note answered": ("warehouse.queue", "Queue.notes_answered", "before"),
}
"""Those of a push; its steps stand on the desk before a request leaves and after it is answered."""


def kill_at(place: str, passing: int) -> Callable[[], int]:
    """Arms a place; gives back how often it was passed so far. A passing of 0 never kills."""
    module_name, path, when = (PLACES | PUSHING)[place]
    owner: Any = importlib.import_module(module_name)
    *parents, name = path.split(".")
    for parent in parents:
        owner = getattr(owner, parent)
    real = getattr(owner, name)
    passed = 0

    def count() -> None:
        nonlocal passed
        passed += 1
        if passed == passing:
            os.kill(os.getpid(), signal.SIGKILL)

    def armed(*args: Any, **kwargs: Any) -> Any:
        if when == "before":
            count()
        result = real(*args, **kwargs)
        if when == "after":
            count()
        return result

    setattr(owner, name, armed)
    return lambda: passed


if __name__ == "__main__":
    place, passing, *words = sys.argv[1:]
    passed_so_far = kill_at(place, int(passing))
    sys.argv = ["pmo", *words]
    from flows.cli import main

    try:
        main()
    finally:
        print(f"PASSED {passed_so_far()}", file=sys.stderr)
