"""From a tool's words to ours: configured rules first, then a default drawn from what the tool itself says.

status: the tool's own category; priority: the place in the tool's own list, or its name where a tool has no list of its
own; type: its name and level.
Each result says its basis, so that every word mapped by a default can be listed as "to be mapped".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from model.vocabulary import IssueType, Status, WordKind

__all__ = [
    "MAPPED_KINDS",
    "RULE",
    "MappedWord",
    "NativeWord",
    "Rules",
    "map_priority",
    "map_status",
    "map_type",
    "map_words",
]

RULE = "rule"
MAPPED_KINDS = (WordKind.STATUS, WordKind.PRIORITY, WordKind.TYPE)

_CANCELLED_NAMES = frozenset(
    {
        "rejected", "cancelled", "canceled", "declined", "abandoned", "invalid", "duplicate", "withdrawn", "wontfix",
        "won't fix", "won't do", "wont fix", "wont do", "will not do", "not doing", "abgelehnt", "abgebrochen",
        "verworfen",
    }
)  # fmt: skip
_BLOCKED_NAMES = frozenset({"blocked", "on hold", "hold", "waiting", "impediment", "paused", "blockiert", "wartet"})
_CATEGORIES = {
    "todo": Status.TODO,
    "in_progress": Status.IN_PROGRESS,
    "done": Status.DONE,
    "blocked": Status.BLOCKED,
    "cancelled": Status.CANCELLED,
}
_PRIORITY_NAMES: dict[str, int] = {
    **dict.fromkeys(("critical", "urgent", "highest", "very high", "kritisch", "dringend", "sehr hoch"), 1),
    **dict.fromkeys(("high", "hoch"), 2),
    **dict.fromkeys(("medium", "normal", "moderate", "mittel"), 3),
    **dict.fromkeys(("low", "niedrig", "gering"), 4),
    **dict.fromkeys(("lowest", "very low", "sehr niedrig"), 5),
}
_TYPE_NAMES: dict[str, IssueType] = {
    "epic": IssueType.EPIC,
    "initiative": IssueType.EPIC,
    "feature": IssueType.FEATURE,
    "new feature": IssueType.FEATURE,
    "improvement": IssueType.FEATURE,
    "enhancement": IssueType.FEATURE,
    "story": IssueType.STORY,
    "user story": IssueType.STORY,
    "task": IssueType.TASK,
    "technical task": IssueType.TASK,
    "sub-task": IssueType.SUBTASK,
    "subtask": IssueType.SUBTASK,
    "bug": IssueType.BUG,
    "defect": IssueType.BUG,
    "error": IssueType.BUG,
    "incident": IssueType.INCIDENT,
    "problem": IssueType.INCIDENT,
    "support": IssueType.REQUEST,
    "request": IssueType.REQUEST,
    "service request": IssueType.REQUEST,
    "question": IssueType.REQUEST,
    "risk": IssueType.RISK,
    "milestone": IssueType.MILESTONE,
}


@dataclass(frozen=True)
class NativeWord:
    """A word of a tool. `word_id` is its id within its kind; fields as in `model.records.Word`."""

    kind: WordKind
    word_id: str
    name: str
    category: str | None = None
    position: int | None = None
    level: int | None = None


@dataclass(frozen=True)
class Rules:
    """What a person laid down for one source: native id or name in any case → our word."""

    status: Mapping[str, Status] = field(default_factory=dict)
    priority: Mapping[str, int] = field(default_factory=dict)
    type: Mapping[str, IssueType] = field(default_factory=dict)

    def find(self, word: NativeWord) -> str | None:
        """Our word for it, by id before name."""
        table: Mapping[str, object] = getattr(self, word.kind.value, {})
        folded = {key.casefold().strip(): value for key, value in table.items()}
        for key in (word.word_id, word.name):
            value = folded.get(key.casefold().strip())
            if value is not None:
                return str(value)
        return None


@dataclass(frozen=True)
class MappedWord:
    """`value` is None only for a priority without a place in a list. `basis`: RULE, or what the default came from."""

    word: NativeWord
    value: str | None
    basis: str

    @property
    def to_be_mapped(self) -> bool:
        return self.basis != RULE


def map_words(words: Iterable[NativeWord], rules: Rules) -> list[MappedWord]:
    """All mapped kinds of one source's words, each by its rule or its default."""
    words = list(words)
    priorities = sum(1 for w in words if w.kind is WordKind.PRIORITY and w.position is not None)
    mapped = []
    for word in words:
        if word.kind not in MAPPED_KINDS:
            continue
        ruled = rules.find(word)
        if ruled is not None:
            mapped.append(MappedWord(word, ruled, RULE))
        elif word.kind is WordKind.STATUS:
            status, basis = map_status(word)
            mapped.append(MappedWord(word, status.value, basis))
        elif word.kind is WordKind.PRIORITY:
            priority, basis = _map_priority(word, priorities)
            mapped.append(MappedWord(word, None if priority is None else str(priority), basis))
        else:
            type_, basis = map_type(word)
            mapped.append(MappedWord(word, type_.value, basis))
    return mapped


def map_status(word: NativeWord) -> tuple[Status, str]:
    """By the tool's category; within it, names that say "cancelled" or "blocked" in so many words."""
    name = word.name.casefold().strip()
    status = _CATEGORIES.get(word.category or "")
    if status is Status.DONE and name in _CANCELLED_NAMES:
        return Status.CANCELLED, "category and name"
    if status in (Status.TODO, Status.IN_PROGRESS) and name in _BLOCKED_NAMES:
        return Status.BLOCKED, "category and name"
    if status is not None:
        return status, "category"
    return Status.TODO, "unknown"


def _map_priority(word: NativeWord, length: int) -> tuple[int | None, str]:
    """By its place in the tool's list; of lists that differ from sheet to sheet, a word has none: by a usual name."""
    if word.position is None:
        named = _PRIORITY_NAMES.get(word.name.casefold().strip())
        return named, "place in the list" if named is None else "name"
    return map_priority(word.position, length), "place in the list"


def map_priority(position: int | None, length: int) -> int | None:
    """1 to 5 by the place (0 most urgent) in a list of `length`; a list of one says nothing and is 3."""
    if position is None or length < 1:
        return None
    if length == 1:
        return 3
    place = min(position, length - 1)
    return 1 + (place * 8 + (length - 1)) // (2 * (length - 1))


def map_type(word: NativeWord) -> tuple[IssueType, str]:
    """By a well-known name, else by the level of the tool's hierarchy."""
    known = _TYPE_NAMES.get(word.name.casefold().strip())
    if word.level is not None and word.level < 0:
        return IssueType.SUBTASK, "level"
    if known is not None:
        return known, "name"
    if word.level is not None and word.level > 0:
        return IssueType.EPIC, "level"
    return IssueType.OTHER, "unknown"
