"""Finds, reads and checks `pmo.toml`, before anything is contacted: settings, or one sentence that says what is wrong.

A sentence names file, line and key, and what is allowed; never a value, since it may be a secret. What the settings
are stands in `model.config`, which keys a kind of tool needs in `connectors`, where keys stand in `flows.toml_text`,
how a fault is put in `flows.config_faults`, what `pmo init` writes in `flows.config_template`. DESIGN, section 4.
"""

from __future__ import annotations

import os
import re
import shutil
import tomllib
from collections.abc import Collection, Iterator
from contextlib import suppress
from itertools import combinations
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from connectors import CONNECTORS, Kind, kind_of
from flows.config_faults import advice_on_toml, bad_value, dotted, meant, unknown_key
from flows.config_template import template
from flows.toml_text import Mention, line_of, mentions, replaced
from model.config import (
    COLUMN_NAMES,
    FIELD_NAMES,
    HubSettings,
    KeepSettings,
    NotifySettings,
    PlanFileSettings,
    PublishSettings,
    Settings,
    SheetSettings,
    SourceDefaults,
    SourceSettings,
    nearest,
    overlap,
)
from model.errors import ConfigError
from model.plan_files import PLAN_FILES, PlanFile
from warehouse.files import replace_synced, said_plainly

__all__ = ["CONFIG_NAME", "load", "rename_source", "template", "write_template"]

CONFIG_NAME = "pmo.toml"
CONFIG_VARIABLE = "PMO_CONFIG"

Key = tuple[str, ...]
Table = dict[str, Any]
M = TypeVar("M", bound=BaseModel)

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_SOURCE_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")

REACHING_ONLY = frozenset({("token",), ("oauth_client",), ("oauth_secret",), ("email",), ("ca_file",)})
"""Keys that serve to reach the tool and nothing else: what never reaches it does without their variables."""

SECRETS = frozenset({("token",), ("oauth_secret",)})
"""Keys whose value is a variable alone."""

ADDRESSES = frozenset({("notify", "urls"), ("notify", "pmo_urls")})
"""Keys of receivers: each entry a variable alone, since it holds a password."""

EVERY_SOURCE_TAKES = ("type", "status", "priority", "issue_type", "ca_file", *SourceDefaults.model_fields)
"""Keys of a source that do not depend on its kind."""


def load(path: Path | None = None, *, secrets: bool = True) -> Settings:
    """The settings of `path`, else of ./pmo.toml, else of the file that PMO_CONFIG names. Raises ConfigError.

    With `secrets` false, variables that serve only to reach a tool may be unset, and are None: for commands that never
    do. All others decide what is read, or where it is kept, and are needed at all times.
    """
    path = _find(path)
    text = _read(path)
    document = _parse(path, text)
    return _Check(path, text, secrets=secrets).settings(document)


def rename_source(path: Path, old: str, new: str) -> None:
    """Renames a source in the file, leaving every other byte as it stands. Raises ConfigError."""
    text = _read(path)
    sources = _parse(path, text).get("sources", {})
    if not isinstance(sources, dict) or old not in sources:
        raise ConfigError(f"{path}: there is no source {dotted((old,))} to rename{nearest(old, sources)}")
    if not _SOURCE_NAME.fullmatch(new):
        raise ConfigError(f"{path}: the new name {dotted((new,))} {_NAME_RULE}")
    if new in sources:
        raise ConfigError(f"{path}: there is a source {new} already: choose another name")
    renamed = replaced(text, ("sources", old), new)
    expected = {new if name == old else name: table for name, table in sources.items()}
    if tomllib.loads(renamed)["sources"] != expected:
        raise ConfigError(f"{path}: the source {old} stands where pmo cannot rename it: rename it there by hand")
    _write(path.resolve(), renamed)


def write_template(path: Path, *, more: str = "") -> None:
    """Writes the configuration of `pmo init`, with `more` at its end. Raises ConfigError where a file is there."""
    if path.exists() or path.is_symlink():
        raise ConfigError(f"{path} exists already and was left as it is: edit it, or name another file with --config")
    _write(path, f"{template()}\n{more}" if more else template())


# ------------------------------------------------------------------ files


def _find(path: Path | None) -> Path:
    if path is not None:
        return path
    if Path(CONFIG_NAME).exists():
        return Path(CONFIG_NAME)
    named = os.environ.get(CONFIG_VARIABLE)
    if named:
        return Path(named)
    raise ConfigError(
        f"there is no {CONFIG_NAME} in this folder and {CONFIG_VARIABLE} is not set: run `pmo init`, "
        "or name the file with --config"
    )


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(f"{path} does not exist: run `pmo init`, or correct --config or {CONFIG_VARIABLE}") from None
    except IsADirectoryError:
        raise ConfigError(f"{path} is a folder: name the file in it, such as {path / CONFIG_NAME}") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror}): check its owner and mode") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}, line {line}: not UTF-8 text: save the file as UTF-8") from None


def _write(path: Path, text: str) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    with said_plainly("writing the configuration", path):
        try:
            part.write_bytes(text.encode())
            if path.exists():
                shutil.copymode(path, part)
            replace_synced(part, path)
        finally:
            part.unlink(missing_ok=True)


def _parse(path: Path, text: str) -> Table:
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ConfigError(f"{path}: brackets within brackets, too many to be read: correct it") from None
    except ValueError as error:  # a TOMLDecodeError, or a number of thousands of digits
        said, _, place = str(error).partition(" (at ")
        where = place.rstrip(")") if place.startswith("line") else f"line {text.count(chr(10)) + 1}, the end"
        raise ConfigError(f"{path}, {where}: not valid TOML: {advice_on_toml(said)}") from None


# ------------------------------------------------------------------ what it says

_NAME_RULE = "must be small letters a-z, digits and hyphens, 64 at most, not a hyphen first"


def _serves_to_reach(key: Key) -> bool:
    return key in ADDRESSES or (key[0] == "sources" and key[2:] in REACHING_ONLY)


def _spellings(file: PlanFile, written: Table) -> list[str]:
    """Columns of a plan's file as templates write them, and as they are written here, where that is understood."""
    return [*(column.heading for column in file.columns), *(name for name in written if file.column(name))]


class _Check:
    """One reading of one file: gathers what is wrong, and tells the first of it."""

    def __init__(self, path: Path, text: str, *, secrets: bool) -> None:
        self._path = path
        self._folder = path.absolute().parent
        self._places: list[Mention] = mentions(text)
        self._secrets = secrets
        self._wrong: dict[Key, str] = {}

    def settings(self, document: Table) -> Settings:
        self._refuse_unknown(document, (), ("hub", "sources", "notify", "keep"))
        document = {name: self._filled(value, (name,)) for name, value in document.items()}
        hub = self._hub(self._table(document, "hub"))
        found = [self._source(name, table, hub) for name, table in self._table(document, "sources").items()]
        sources = {source.name: source for source in found if source is not None}
        for one, other in combinations(sources.values(), 2):
            if overlap(one, other):
                self._say(
                    ("sources", other.name, "folder" if other.folder else "url"),
                    f"is that of {one.name} too, and both would read the same projects: keep one of them, "
                    "or give each its own projects",
                )
        notify = self._plain(NotifySettings, "notify", document)
        keep = self._plain(KeepSettings, "keep", document)
        self._tell()
        return Settings(hub=hub, sources=sources, path=self._path.absolute(), notify=notify, keep=keep)

    def _plain(self, kind: type[M], name: str, document: Table) -> M:
        """A table at the top that holds settings and no further tables."""
        table = self._table(document, name)
        self._refuse_unknown(table, (name,), kind.model_fields)
        return self._validated(kind, table, (name,)) or kind()

    def _hub(self, table: Table) -> HubSettings:
        self._refuse_unknown(table, ("hub",), HubSettings.model_fields)
        if isinstance(publish := table.get("publish"), dict):
            self._refuse_unknown(publish, ("hub", "publish"), PublishSettings.model_fields)
        hub = self._validated(HubSettings, table, ("hub",)) or HubSettings()
        return hub.model_copy(update={"data": str(self._absolute(hub.data))})

    def _source(self, name: str, table: Any, hub: HubSettings) -> SourceSettings | None:
        key = ("sources", name)
        if not isinstance(table, dict):
            lost = name in SourceSettings.model_fields and not isinstance(table, list)
            self._say(
                key, "belongs to no source" if lost else "must be a table", ": write [sources.NAME] above its keys"
            )
            return None
        if not _SOURCE_NAME.fullmatch(name):
            self._say(key, _NAME_RULE)
            return None
        needs, takes = self._kind(table, key)
        misspelt = self._refuse_unknown(table, key, (*needs, *takes, *EVERY_SOURCE_TAKES))
        if isinstance(fields := table.get("fields"), dict):
            self._refuse_unknown(fields, (*key, "fields"), FIELD_NAMES)
        if isinstance(tables := table.get("tables"), dict):
            self._plan_tables(tables, (*key, "tables"))
        self._sheets(table, key)
        for needed in needs:
            if needed not in table and needed not in misspelt and (*key, needed) not in self._wrong:
                self._say((*key, needed), f'is missing: a source of type "{table["type"]}" needs it')
        defaults = {setting: getattr(hub, setting) for setting in SourceDefaults.model_fields}
        if isinstance(table.get("type"), str) and table["type"] in CONNECTORS:
            defaults |= CONNECTORS[table["type"]].defaults
        ours = {"name": name, "zone": hub.timezone}
        if "oauth_client" in table:
            ours["credentials"] = str(Path(hub.data) / "credentials")
        if "folder" in table:
            ours["root"] = str(self._folder)
        source = self._validated(SourceSettings, {"type": "unknown", **defaults, **table, **ours}, key)
        return source and self._with_ca_file(source)

    def _plan_tables(self, tables: Table, key: Key) -> None:
        self._refuse_unknown(tables, key, PLAN_FILES)
        for name, table in tables.items():
            if not isinstance(table, dict):
                continue
            self._refuse_unknown(table, (*key, name), PlanFileSettings.model_fields)
            for setting in ("columns", "words", "values", "scale"):
                if isinstance(by_column := table.get(setting), dict):
                    self._refuse_unknown(by_column, (*key, name, setting), _spellings(PLAN_FILES[name], by_column))

    def _sheets(self, table: Table, key: Key) -> None:
        """Which columns are ours, in all sheets of a source and in single ones."""
        if isinstance(columns := table.get("columns"), dict):
            self._refuse_unknown(columns, (*key, "columns"), COLUMN_NAMES)
        sheets = table.get("sheets")
        for name, sheet in sheets.items() if isinstance(sheets, dict) else ():
            if isinstance(sheet, dict):
                self._refuse_unknown(sheet, (*key, "sheets", name), SheetSettings.model_fields)
                if isinstance(columns := sheet.get("columns"), dict):
                    self._refuse_unknown(columns, (*key, "sheets", name, "columns"), COLUMN_NAMES)

    def _kind(self, table: Table, source: Key) -> tuple[Collection[str], Collection[str]]:
        """Keys that it needs, and takes beside. Of an unknown kind nothing is demanded, to tell one error, not five."""
        key, type_ = (*source, "type"), table.get("type")
        try:
            if isinstance(type_, str):
                kind = kind_of(type_)
                return self._needed(kind, table, source), kind.takes
            elif type_ is None and key not in self._wrong:
                known = " or ".join(f'type = "{name}"' for name in sorted(CONNECTORS))
                self._say(key, f"is missing: write {known}")
        except ConfigError as error:
            self._say(key, str(error))
        return (), tuple(SourceSettings.model_fields)

    def _needed(self, kind: Kind, table: Table, source: Key) -> list[str]:
        """With those that stand in the place of others."""
        needs: list[str] = []
        for name in kind.needs:
            others = [other for other in kind.instead.get(name, ()) if other in table]
            if others and name in table:
                self._say((*source, others[0]), f"stands beside {name}: keep one of them")
            needs += (name, *others) if name in table else kind.instead[name] if others else (name,)
        return needs

    def _with_ca_file(self, source: SourceSettings) -> SourceSettings:
        if source.ca_file is None:
            return source
        path = self._absolute(source.ca_file)
        if self._secrets and not os.access(path, os.R_OK):
            self._say(("sources", source.name, "ca_file"), "names a file that cannot be read: correct the path")
        return source.model_copy(update={"ca_file": str(path)})

    def _absolute(self, path: str) -> Path:
        with suppress(RuntimeError):  # "~" of nobody we know is a plain name
            return self._folder / Path(path).expanduser()
        return self._folder / path

    def _table(self, document: Table, name: str) -> Table:
        table = document.get(name, {})
        if isinstance(table, dict):
            return table
        self._say((name,), f"must be a table: write [{name}{'.NAME' if name == 'sources' else ''}] above its keys")
        return {}

    # -------------------------------------------------------------- single keys

    def _refuse_unknown(self, table: Table, key: Key, known: Collection[str]) -> set[str]:
        """Takes keys that are not known out of the table, says so, and returns what they were meant to be."""
        unknown = [name for name in table if name not in known]
        for name in unknown:
            del table[name]
            below = (*key, name)
            self._wrong = {k: sentence for k, sentence in self._wrong.items() if k[: len(below)] != below}
            self._say(below, unknown_key(name, key, known))
        return {meant(name, known) for name in unknown}

    def _validated(self, model: type[M], values: Table, key: Key) -> M | None:
        try:
            return model.model_validate(values)
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                where = (*key, *(part for part in detail["loc"] if isinstance(part, str) and part != "[key]"))
                entry = next(
                    (f"has an entry ({part + 1}.) that " for part in detail["loc"] if isinstance(part, int)), ""
                )
                self._say(where, entry, bad_value(detail["type"], detail.get("ctx", {}), detail["input"], where))
        return None

    def _filled(self, value: Any, key: Key) -> Any:
        """The value with the environment put in; what cannot be is taken out of its table, and said."""
        if key[0] == "sources" and key[2:] in SECRETS and not _VARIABLE.fullmatch(str(value)):
            self._say(key, f'holds a secret, and a secret never stands in the file: use {key[2]} = "${{NAME}}"')
            return None
        if key in ADDRESSES and isinstance(value, str) and not _VARIABLE.fullmatch(value):
            self._say(key, f'holds passwords, and a secret never stands in the file: use {key[1]} = ["${{NAME}}"]')
            return None
        if isinstance(value, dict):
            filled = {name: self._filled(inner, (*key, name)) for name, inner in value.items()}
            return {name: inner for name, inner in filled.items() if (*key, name) not in self._wrong}
        if isinstance(value, list):
            filled_list = [self._filled(inner, key) for inner in value]
            return [inner for inner in filled_list if inner is not None]  # a fault was told, or it is not needed now
        return self._with_variables(value, key) if isinstance(value, str) else value

    def _with_variables(self, text: str, key: Key) -> str | None:
        if "${" in _VARIABLE.sub("", text):
            self._say(key, "holds a ${ that names no environment variable: write ${NAME}")
            return None
        for name in _VARIABLE.findall(text):
            fault = self._variable_fault(name)
            if fault and (self._secrets or not _serves_to_reach(key)):
                self._say(key, f"needs the environment variable {name}, which {fault}")
            if fault:
                return None
        if _CONTROL.search(text):
            self._say(key, "must hold no line break and no other control character")
            return None
        return _VARIABLE.sub(lambda found: os.environ[found[1]], text)

    @staticmethod
    def _variable_fault(name: str) -> str | None:
        value = os.environ.get(name)
        if not value:
            return "is not set: set it and run again"
        return "holds a line break or another control character: set it anew" if _CONTROL.search(value) else None

    # -------------------------------------------------------------- telling

    def _say(self, key: Key, *sentence: str) -> None:
        self._wrong.setdefault(key, "".join(sentence))

    def _tell(self) -> None:
        """Raises the first thing wrong, in the order of the file."""
        if not self._wrong:
            return
        told = sorted(self._lines())
        line, text = told[0]
        where = f"{self._path}, line {line}" if line else f"{self._path}"
        more = f" (and {len(told) - 1} more to correct)" if len(told) > 1 else ""
        raise ConfigError(f"{where}: {text}{more}")

    def _lines(self) -> Iterator[tuple[int, str]]:
        for key, sentence in self._wrong.items():
            yield line_of(self._places, key) or 0, f"{dotted(key)} {sentence}"
