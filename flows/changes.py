"""Wanted changes, from asking to undoing: all but the sending. Needs the portfolio file and the desk, and no tool.

The base of a change is what the asker saw: the value in the portfolio file. Works while a sync runs.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from model.change import WRITABLE, WantedChange, Wish, wish_for
from model.config import Settings
from model.errors import ConfigError, FileError
from model.vocabulary import ChangeState
from warehouse.desk import Desk
from warehouse.queue import NewChange
from warehouse.read import Reader

__all__ = ["Asked", "WishLine", "approve", "ask", "read_wishes", "reject", "undo"]

COLUMNS = ("issue", "status", "priority", "reason")
"""Columns of a file of wishes; status or priority may be missing or empty."""


@dataclass(frozen=True)
class WishLine:
    """What a person asks for one issue. `place`: where it stands in a file; `fault`: why it cannot be read there."""

    issue: str
    status: str | None = None
    priority: str | None = None
    reason: str | None = None
    place: str = ""
    fault: str = ""


@dataclass(frozen=True)
class Asked:
    """What became of a wish: the number of its change, or the sentence why there is none.

    `refused` is False where nothing had to be asked: the issue is so already. `state`: what the change is now, which a
    later wish of the same file may have superseded.
    """

    issue: str
    field: str | None
    change_id: int | None = None
    said: str = ""
    refused: bool = False
    state: ChangeState | None = None


def ask(settings: Settings, lines: Iterable[WishLine], by: str) -> list[Asked]:
    """Queues what can be asked for, all at once, and says of each other wish why not. Nothing is sent to any tool."""
    with Reader(settings.data) as reader, Desk(settings.data / "desk.sqlite") as desk:
        found: list[Asked | NewChange] = []
        wishes: list[NewChange] = []
        for line in lines:
            of_line = _ask(settings, reader, desk, line, {wish.target for wish in wishes})
            wishes += [one for one in of_line if isinstance(one, NewChange)]
            found += of_line
        ids = desk.queue.add(wishes, by, unapproved=_sources(settings, "none"))
        queued = iter(desk.queue.of(ids))
        return [one if isinstance(one, Asked) else _queued(next(queued)) for one in found]


def _queued(change: WantedChange) -> Asked:
    words = {ChangeState.PENDING: "waits for approval", ChangeState.SUPERSEDED: "superseded at once"}
    said = f"{change.field} {change.base} → {change.wish}, {words.get(change.state, change.state.value)}"
    more = f", {change.message}" if change.message else ""
    return Asked(change.issue_key, change.field, change.id, f"{said}{more}", state=change.state)


def _ask(
    settings: Settings, reader: Reader, desk: Desk, line: WishLine, wished_before: Collection[tuple[str, str]]
) -> list[Asked | NewChange]:
    """`wished_before`: issues and fields of what is to be queued before this one."""
    if line.fault:
        return [_refused(line, None, line.fault)]
    if not line.issue.strip():
        return [_refused(line, None, "the issue is missing")]
    wished = [(field, text.strip()) for field in WRITABLE if (text := getattr(line, field)) and text.strip()]
    if not wished:
        return [_refused(line, None, "nothing is wanted: name a status or a priority")]
    found = reader.find_issue(line.issue)
    if not found:
        return [_refused(line, None, "there is no such issue in the portfolio: give its key or its id")]
    if len(found) > 1:
        ids = ", ".join(f"{c.id} ({c.project or c.title})" for c in found)
        return [_refused(line, None, f"several issues have this key, name one by its id: {ids}")]
    source = settings.sources.get(found[0].source)
    if source is None:
        return [_refused(line, None, f"its source {found[0].source} is not in {settings.path.name} any more")]
    if found[0].availability != "present":
        return [_refused(line, None, f"the issue is {found[0].availability}: nothing can be changed in it")]
    results: list[Asked | NewChange] = []
    for field, text in wished:
        try:
            base, words = reader.changeable(found[0].id, field)
            wish = wish_for(field, text, words)
        except ConfigError as error:
            results.append(_refused(line, field, str(error)))
            continue
        under_way = {(c.issue_id, c.field) for c in desk.queue.all(issue_id=found[0].id) if c.state in _UNDER_WAY}
        waiting = (found[0].id, field) in {*under_way, *wished_before}
        if wish.is_met_by(base) and not waiting:
            results.append(Asked(found[0].key, field, said=f"its {field} is {base} already: nothing to be changed"))
            continue
        results.append(NewChange(found[0].source, found[0].id, found[0].key, field, base, wish, line.reason or None))
    return results


_UNDER_WAY = (ChangeState.PENDING, ChangeState.APPROVED, ChangeState.APPLIED, ChangeState.CONFLICT)


def _refused(line: WishLine, field: str | None, why: str) -> Asked:
    where = "".join(f"{part}: " for part in (line.place, line.issue) if part)
    return Asked(line.issue, field, said=f"{where}{why}", refused=True)


def _sources(settings: Settings, *approvals: str) -> set[str]:
    return {name for name, source in settings.sources.items() if source.approval in approvals}


def approve(settings: Settings, ids: Sequence[int], by: str) -> list[WantedChange]:
    """All or none; gives them back as they are now. Raises ConfigError with the reason."""
    with Desk(settings.data / "desk.sqlite") as desk:
        desk.queue.approve(ids, by, by_asker=_sources(settings, "self", "none"))
        return desk.queue.of(ids)


def reject(settings: Settings, ids: Sequence[int], by: str, reason: str | None) -> list[WantedChange]:
    """All or none; gives them back as they are now. Raises ConfigError with the reason."""
    with Desk(settings.data / "desk.sqlite") as desk:
        desk.queue.reject(ids, by, reason)
        return desk.queue.of(ids)


def undo(settings: Settings, ids: Sequence[int], by: str, reason: str | None) -> list[WantedChange]:
    """Queues the way back of verified changes: to the native value that each found, if nobody changed it since.

    Gives back the new changes. Raises ConfigError, with none of them queued.
    """
    with Desk(settings.data / "desk.sqlite") as desk:
        wishes = [_way_back(change, reason) for change in desk.queue.of(ids)]
        return desk.queue.of(desk.queue.add(wishes, by, unapproved=_sources(settings, "none")))


def _way_back(change: WantedChange, reason: str | None) -> NewChange:
    left_half_way = change.after is not None and change.state in (ChangeState.FAILED, ChangeState.REJECTED)
    if change.state is not ChangeState.VERIFIED and not left_half_way:
        raise ConfigError(f"change {change.id} is {change.state}: only what was written can be undone")
    if change.before is not None and change.before.id is None:
        raise ConfigError(
            f"change {change.id} found the {change.field} empty: pmo-hub empties nothing, do it in the tool"
        )
    if change.before is None or change.after is None or change.before.id is None:
        raise ConfigError(f"change {change.id} found the issue as it was wanted: there is nothing to be undone")
    return NewChange(
        change.source,
        change.issue_id,
        change.issue_key,
        change.field,
        base=change.after,
        wish=Wish(change.before.id, is_native=True, name=change.before.name),
        reason=reason or f"undoes change {change.id}",
        undo_of=change.id,
    )


# ------------------------------------------------------------------ files


def read_wishes(path: Path) -> list[WishLine]:
    """Wishes from a CSV or XLSX file with a line of headings. Raises FileError, or ConfigError for its headings."""
    is_workbook = path.suffix.casefold() == ".xlsx"
    rows = _sheet(path) if is_workbook else _csv(path)
    read = " (first sheet)" if is_workbook else ""
    if not any(any(cells) for _, cells in rows):
        raise ConfigError(f"{path} is empty{read}: its first line names the columns {', '.join(COLUMNS)}")
    names = [name.casefold() for name in rows[0][1]]
    unknown = [name for name in names if name and name not in COLUMNS]
    if "issue" not in names or unknown:
        wrong = f"does not know a column “{unknown[0]}”" if unknown else "has no column “issue”"
        raise ConfigError(f"{path} {wrong}{read}: its first line names the columns {', '.join(COLUMNS)}")
    lines = []
    for place, cells in rows[1:]:
        given = {name: cell or None for name, cell in zip(names, cells, strict=False) if name}
        if any(given.values()):
            not_computed = [name for name, cell in given.items() if cell == _NOT_COMPUTED]
            issue, fault = given.pop("issue", None) or "", ""
            if not_computed:
                issue = "" if "issue" in not_computed else issue
                fault = f"the formula under {not_computed[0]} has no value: open the file in a spreadsheet, and save it"
            lines.append(WishLine(issue, **given, place=f"{path.name}, {place}", fault=fault))
    if not lines:
        raise ConfigError(f"{path} holds no wishes below its headings{read}: give each issue a line")
    return lines


def _csv(path: Path) -> list[tuple[str, list[str]]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise FileError(f"{path} is not UTF-8: save it as CSV UTF-8, or as .xlsx") from None
    except OSError as error:
        raise FileError(f"{path} cannot be read ({error.strerror}): name another file") from None
    first = text.partition("\n")[0]
    reader = csv.reader(text.splitlines(keepends=True), delimiter=";" if first.count(";") > first.count(",") else ",")
    try:
        return [(f"line {reader.line_num}", [cell.strip() for cell in row]) for row in reader if row]
    except csv.Error as error:
        raise FileError(f"{path}, line {reader.line_num}: {error}: save it as CSV UTF-8, or as .xlsx") from None


def _sheet(path: Path) -> list[tuple[str, list[str]]]:
    from zipfile import BadZipFile

    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        values = load_workbook(path, read_only=True, data_only=True)
        formulas = load_workbook(path, read_only=True)
    except (BadZipFile, InvalidFileException, KeyError, ValueError):
        raise FileError(f"{path} is no Excel workbook: save it as .xlsx, or as CSV UTF-8") from None
    except OSError as error:
        raise FileError(f"{path} cannot be read ({error.strerror}): name another file") from None
    try:
        both = zip(*(book.worksheets[0].iter_rows() for book in (values, formulas)), strict=True)
        return [
            (f"row {n}", [_cell(cell.value, formula.data_type) for cell, formula in zip(*rows, strict=True)])
            for n, rows in enumerate(both, 1)
        ]
    finally:
        values.close()
        formulas.close()


_NOT_COMPUTED = "\0"
"""A formula that no spreadsheet has computed: it is not empty."""


def _cell(value: object, data_type: str) -> str:
    if value is None and data_type == "f":
        return _NOT_COMPUTED
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # a priority of 1 is 1.0 in a workbook
    return "" if value is None else str(value).strip()
