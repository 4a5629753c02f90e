"""Forgetting a person: which words, in which order, resumed if it was cut short, and a receipt.

The words go on the desk first. Then the raw archive, the published files, all others and the desk are written anew, the
hub file is made again from the archive and published; the words leave the desk, and everything is searched once more.
Each step may be done already: what was cut short is finished by the next call. What the tools, the configuration and
the plan's own files hold is not ours: it is said, and would come back with the next sync.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import connectors
from flows.prefect_settings import prefect_home
from flows.rebuild import Connect, rebuild
from flows.server_seat import running_server
from flows.sync import OpenHub, publish_hub
from model.config import Settings
from model.errors import ConfigError, Locked
from model.forgetting import Forgetter, Known, Word, pseudonyms
from warehouse.desk import Desk
from warehouse.files import said_plainly
from warehouse.forget_duckdb import forget_in_published, said_in_published
from warehouse.forget_sqlite import forget_in_sqlite, wipe_sqlite
from warehouse.forgetting import (
    Rewritten,
    forget_in_archive,
    forget_in_files,
    held_in_file,
    remaining,
)
from warehouse.forgotten import FORGOTTEN, UnderWay
from warehouse.hub import HubLock
from warehouse.people import KnownAccount, accounts_of, namesakes
from warehouse.raw import RawArchive
from warehouse.said import said_of, unknown_until

__all__ = ["Looked", "Receipt", "finish", "forget", "look_for", "unfinished"]

Told = Callable[[str], None]


def silent(_what: str) -> None:
    """Tells nobody."""


@dataclass(frozen=True)
class Looked:
    """Whom a word stands for, and what would be forgotten. `remarks` are sentences: what must be done elsewhere."""

    accounts: tuple[KnownAccount, ...]
    words: tuple[Word, ...]
    code: str
    remarks: tuple[str, ...] = ()


@dataclass
class Receipt:
    """What was done, without a word of the person. `remaining`: where a word still stands; empty if all is well."""

    pseudonym: str
    accounts: list[str]
    asked_by: str
    done_at: str
    files: dict[str, int]
    replaced: int
    remaining: list[str]

    @property
    def exit_status(self) -> int:
        """1 if something is left."""
        return int(bool(self.remaining))


def look_for(
    settings: Settings,
    who: str,
    also: Sequence[str] = (),
    left_out: Sequence[str] = (),
    *,
    connect: Connect = connectors.connect,
) -> Looked:
    """Finds the person behind an account, and their words in all that was ever read. Raises ConfigError, Locked."""
    _refuse_while_scheduled(settings)
    with OpenHub(settings, connect) as opened:
        accounts = accounts_of(opened.hub, who)
        if not accounts:
            raise ConfigError(
                f"no account is known as {who}: give an account id (source:id), an e-mail address or a person id, "
                'as in `pmo sql "select id, name, person_id from accounts"`'
            )
        names, mails = said_in_published(settings.data, [a.id for a in accounts])
        names |= {a.name for a in accounts}
        mails |= {a.email for a in accounts if a.email}
        known = Known(frozenset(names), mails=frozenset(mails)) | said_of(opened.archive, _ids_by_source(accounts))
        code = _new_code(opened.desk)
        words = tuple(pseudonyms(known, code, also, left_out))
        others = namesakes(opened.hub, {w.text.lower() for w in words}, {a.id for a in accounts})
    forgetter = Forgetter(words, code)
    once = {account.id: account for account in accounts}  # one that is named in records too
    return Looked(tuple(once.values()), words, code, tuple(_remarks(settings, accounts, others, forgetter)))


def _new_code(desk: Desk) -> str:
    taken = {receipt["pseudonym"].rpartition(" ")[2] for receipt in desk.forgotten.receipts()}
    while (code := secrets.token_hex(3)) in taken or code.isdigit():
        pass
    return code


def _ids_by_source(accounts: Sequence[KnownAccount]) -> dict[str, frozenset[str]]:
    """What the tools name these accounts by, in lower case."""
    ids: dict[str, frozenset[str]] = {}
    for source in {a.source for a in accounts}:
        own = [a for a in accounts if a.source == source]
        # a tool that has no id for a person names them by their address
        ids[source] = frozenset(id_.lower() for a in own for id_ in (a.native_id, a.email) if id_)
    return ids


def _remarks(
    settings: Settings, accounts: Sequence[KnownAccount], others: Iterable[KnownAccount], forgetter: Forgetter
) -> Iterator[str]:
    until = unknown_until(RawArchive(settings.data / "raw"))
    if until is not None:
        yield (
            f"answers up to {until:%Y-%m-%d} were folded by an earlier version, which kept no earlier names: "
            "those that this person had by then are not known, add them with --also"
        )
    for source in sorted({a.source for a in accounts}):
        yield f"{source} itself still names this person: anonymize them there first, or the next sync brings them back"
    for other in others:
        yield f"{other.id} has the same name and counts as somebody else: the name is replaced there too"
    for path in _files_outside(settings):
        if held_in_file(path, forgetter):
            yield f"{path} names this person, and is yours to change"


def _files_outside(settings: Settings) -> list[Path]:
    plans = [source.place for source in settings.sources.values() if source.folder]
    return [
        settings.path,
        *(path for folder in plans if folder.is_dir() for path in sorted(folder.iterdir()) if path.is_file()),
    ]


def _refuse_while_scheduled(settings: Settings) -> None:
    home = prefect_home(settings.data)
    holder = running_server(home)
    if holder is None:
        return
    raise Locked(
        f"the Prefect server of `pmo {holder.command}` runs in {home} (process {holder.pid}): stop that "
        f"command first, or, if it was killed, do `kill {holder.pid}`",
        pid=holder.pid,
    )


# ---- doing it ----------------------------------------------------------------------------------------------------


def forget(
    settings: Settings, looked: Looked, by: str, *, told: Told = silent, connect: Connect = connectors.connect
) -> Receipt:
    """Replaces the words everywhere below the data folder. Raises ConfigError, FileError, Locked."""
    with Desk(settings.data / "desk.sqlite") as desk:
        order = desk.forgotten.begin(looked.code, [a.id for a in looked.accounts], looked.words, by)
    return _carry_out(settings, order, by, told, connect)


def unfinished(settings: Settings) -> list[UnderWay]:
    """Those who were being forgotten when it was cut short."""
    path = settings.data / "desk.sqlite"
    if not path.exists():
        return []
    with Desk(path) as desk:
        return desk.forgotten.under_way()


def finish(settings: Settings, by: str, *, told: Told = silent, connect: Connect = connectors.connect) -> list[Receipt]:
    """Finishes what was cut short."""
    _refuse_while_scheduled(settings)
    return [_carry_out(settings, order, by, told, connect) for order in unfinished(settings)]


def _carry_out(settings: Settings, order: UnderWay, by: str, told: Told, connect: Connect) -> Receipt:
    data, desk_path = settings.data, settings.data / "desk.sqlite"
    forgetter, done = Forgetter(order.words, order.code), Rewritten()
    if not order.words:  # all was done but the receipt
        return _end(settings, order, by, forgetter, done, told)
    lock = HubLock(data)
    try:
        told("raw archive")
        forget_in_archive(RawArchive(data / "raw"), forgetter, done)
        told("published files")
        done.note("published", forget_in_published(data, forgetter))
        told("reports, logs, backups")
        forget_in_files(data, forgetter, done, but=(desk_path,))
        _remove_scratch(data)
        told("desk")
        if forget_in_sqlite(desk_path, forgetter, but=(FORGOTTEN,)):
            done.note("desk")
        told("hub")
        rebuild(settings, why="a person was forgotten", connect=connect)
    finally:
        lock.release()
    with OpenHub(settings, connect) as opened:
        publish_hub(opened)
    return _end(settings, order, by, forgetter, done, told)


def _remove_scratch(data: Path) -> None:
    """What DuckDB had moved out of memory when it was killed."""
    with said_plainly("forgetting", data / "tmp"):
        shutil.rmtree(data / "tmp", ignore_errors=True)


def _end(settings: Settings, order: UnderWay, by: str, forgetter: Forgetter, done: Rewritten, told: Told) -> Receipt:
    """The words leave the desk last. Then all is searched, and the receipt says what is left."""
    data, path = settings.data, settings.data / "desk.sqlite"
    accounts = [forgetter.text(account) for account in order.accounts]
    with Desk(path) as desk:
        desk.forgotten.erase(order.id, accounts)
    wipe_sqlite(path)
    told("searching")
    lock = HubLock(data)
    try:
        left = [*remaining(data, forgetter)] if order.words else []
    finally:
        lock.release()
    receipt = Receipt(
        f"Forgotten {order.code}",
        accounts,
        by,
        datetime.now(UTC).isoformat(timespec="seconds"),
        dict(done.files),
        forgetter.replaced,
        [f"{found.path}: {found.place}" for found in left],
    )
    with Desk(path) as desk:
        desk.forgotten.end(order.id, asdict(receipt))
    return receipt
