"""The words of sheets: options of picklists and what cells hold, and what a usual word says of a status.

Smartsheet has no workflow: a status is a picklist that somebody made. Which of its words means open or done, only their
usual meaning tells, English and German, as Smartsheet's own templates write them; for others `pmo.toml` has rules. A
word is the same in all sheets, so nothing of one sheet's list (a place in it) is kept with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from model.vocabulary import WordKind

__all__ = ["MILESTONE", "PARENT", "TASK", "category_of", "share_word", "ticked_word", "word_rows"]

TASK, MILESTONE, PARENT = "Task", "Milestone", "Parent row"
"""Types of rows, where no column holds any."""

NONE_DONE, SOME_DONE, ALL_DONE = "0 %", "1 to 99 %", "100 %"
OPEN, TICKED = "not ticked", "ticked"

_CATEGORIES = {
    "todo": ("not started", "open", "to do", "todo", "new", "planned", "backlog", "requested", "nicht begonnen",
             "nicht gestartet", "offen", "neu", "geplant", "zu erledigen", "on hold", "hold", "waiting", "paused",
             "wartet", NONE_DONE, OPEN),
    "in_progress": ("in progress", "started", "doing", "active", "at risk", "delayed", "in review", "review", "blocked",
                    "in bearbeitung", "in arbeit", "begonnen", "gestartet", "laufend", "läuft", "blockiert",
                    "in prüfung", SOME_DONE),
    "done": ("complete", "completed", "done", "closed", "finished", "delivered", "approved", "cancelled", "canceled",
             "rejected", "declined", "abgeschlossen", "erledigt", "fertig", "geschlossen", "abgenommen", "abgebrochen",
             "abgelehnt", "verworfen", ALL_DONE, TICKED),
}  # fmt: skip
_CATEGORY_OF = {word: category for category, words in _CATEGORIES.items() for word in words}
_LEVELS = {PARENT: 1}


def category_of(status: str) -> str | None:
    """todo, in_progress or done, where the word says so to everybody."""
    return _CATEGORY_OF.get(" ".join(status.split()).casefold())


def share_word(percent: float) -> str:
    """The status of a row in a sheet that has no column for it, by its share of work done."""
    return NONE_DONE if percent <= 0 else ALL_DONE if percent >= 100 else SOME_DONE


def ticked_word(ticked: bool) -> str:
    """The status of a row in a sheet that has a box for it alone."""
    return TICKED if ticked else OPEN


def word_rows(kind: WordKind, names: Iterable[str]) -> Iterable[dict[str, Any]]:
    """Rows of `words`. A word is its own id: sheets have no other."""
    for name in dict.fromkeys(names):
        yield {
            "native_id": f"{kind.value}:{name}",
            "kind": kind.value,
            "word_id": name,
            "name": name,
            "category": category_of(name) if kind is WordKind.STATUS else None,
            "level": _LEVELS.get(name, 0) if kind is WordKind.TYPE else None,
        }
