"""The shelf of published files: names that are never used twice, the link to the newest, how long each is kept.

Nobody waits for anybody: a reader holds on to the file it opened, even to one that is removed. What a reader leaves
behind, a write-ahead file that DuckDB would replay into the next one, is moved aside and reported. DuckDB puts it
beside the name it was given: newer versions follow the link first, 1.1 does not (tried with 1.5.5 and 1.1.3).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from model.errors import ConfigError
from warehouse.files import said_plainly, sync_folder, write_whole

__all__ = ["Shelf"]

_NAME = r"-(\d{4}-\d\d-\d\dT\d{4}Z)(?:-(\d+))?\.duckdb"
_STAMP = "%Y-%m-%dT%H%MZ"
ALL_KEPT = timedelta(days=2)


class Shelf:
    """The folder `published` in the data folder, and the link beside it; `stem` tells which of the files it is."""

    def __init__(self, data: Path, stem: str = "portfolio") -> None:
        self.folder = data / "published"
        self.link = data / f"{stem}.duckdb"
        self._stem = stem
        self._latest = self.folder / f"latest{stem.removeprefix('portfolio')}.txt"

    def prepare(self) -> None:
        """Makes the folder and removes what a killed publishing left. Only whoever holds the hub may call this."""
        with said_plainly("publishing", self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            for left in [*self.folder.glob(".portfolio-*"), *self.link.parent.glob(f".{self.link.name}.*")]:
                left.unlink()

    def new_name(self, now: datetime) -> Path:
        """Where a file made now goes: behind all others of its minute, as one of them may be gone again."""
        stem = f"{self._stem}-{now.astimezone(UTC).strftime(_STAMP)}"
        beside = [made for path in self.folder.glob(f"{stem}*.duckdb") if (made := self._made_at(path.name))]
        number = max((number for _, number in beside), default=0) + 1
        return self.folder / (f"{stem}.duckdb" if number == 1 else f"{stem}-{number}.duckdb")

    def name_beside(self, path: Path) -> Path:
        """A name never used before, for what takes the place of a published file: made in the same minute."""
        made = self._made_at(path.name)
        if made is None:
            raise ConfigError(f"{path} is none of the published files")
        return self.new_name(made[0])

    def generations(self) -> list[str]:
        """Names of the published files that are kept, without ending, oldest first."""
        made = {
            path.stem: when for path in self.folder.glob(f"{self._stem}-*.duckdb") if (when := self._made_at(path.name))
        }
        return sorted(made, key=made.__getitem__)

    def restore(self, text: str) -> Path:
        """Makes an earlier generation the one readers get: by its name, or the last of a day. Raises ConfigError."""
        known = self.generations()
        found = [name for name in known if text in (name, f"{name}.duckdb")]
        found = found or [name for name in known if name.startswith(f"{self._stem}-{text}")]
        if not found:
            listed = ", ".join(known[-5:]) or "none"
            raise ConfigError(f"there is no generation {text} in {self.folder}; the last ones: {listed}")
        path = self.folder / f"{found[-1]}.duckdb"
        self.show(path)
        return path

    def show(self, path: Path) -> None:
        """Makes a file of the folder the one that readers get, from one moment to the next."""
        with said_plainly("publishing", self.link):
            fresh = self.link.with_name(f".{self.link.name}.link")
            fresh.unlink(missing_ok=True)
            fresh.symlink_to(Path(self.folder.name) / path.name)
            fresh.replace(self.link)
            sync_folder(self.link.parent)
            write_whole(self._latest, f"{path.name}\n")

    def clear(self) -> None:
        """Takes the link away, and all files that it ever led to."""
        with said_plainly("removing", self.link):
            self.link.unlink(missing_ok=True)
            self._latest.unlink(missing_ok=True)
            for path in self.folder.glob(f"{self._stem}-*.duckdb"):
                if self._made_at(path.name):
                    path.unlink()

    def set_strays_aside(self, now: datetime) -> list[Path]:
        """Moves write-ahead files of readers who wrote to where no DuckDB looks for them; returns their new names."""
        found = [*self.folder.glob("portfolio-*.duckdb*wal*"), *self.link.parent.glob(f"{self.link.name}*wal*")]
        return [self._set_aside(path, now) for path in sorted(found)]

    def _set_aside(self, path: Path, now: datetime) -> Path:
        with said_plainly("moving aside what a reader wrote", path):
            aside = self.folder / "stray"
            aside.mkdir(exist_ok=True)
            target = aside / f"{path.name}.{now.astimezone(UTC).strftime(_STAMP)}"
            again = 1
            while target.exists():
                again += 1
                target = target.with_name(f"{path.name}.{now.astimezone(UTC).strftime(_STAMP)}-{again}")
            path.rename(target)
            sync_folder(path.parent)
            return target

    def remove_old(self, newest: Path, now: datetime, keep_days: int) -> list[str]:
        """Removes generations and returns their names, oldest first.

        Kept are `newest`, all of the last two days, and of each of the last `keep_days` days (UTC) the last one.
        """
        made = {
            path.name: when for path in self.folder.glob(f"{self._stem}-*.duckdb") if (when := self._made_at(path.name))
        }
        kept = {newest.name, *_last_of_each_day(made)}
        today = now.astimezone(UTC).date()
        removed = []
        for name, (at, _) in sorted(made.items(), key=lambda item: item[1]):
            recent = now - at < ALL_KEPT
            in_days = (today - at.date()).days < keep_days
            if name == newest.name or recent or (name in kept and in_days):
                continue
            with said_plainly("removing an old portfolio file", self.folder / name):
                (self.folder / name).unlink()
            removed.append(name)
        return removed

    def _made_at(self, name: str) -> tuple[datetime, int] | None:
        """When a published file was made, and which one of that minute it is; None for other people's files."""
        match = re.fullmatch(re.escape(self._stem) + _NAME, name)
        if match is None:
            return None
        return datetime.strptime(match[1], _STAMP).replace(tzinfo=UTC), int(match[2] or 1)


def _last_of_each_day(made: dict[str, tuple[datetime, int]]) -> Iterable[str]:
    last = {at.date(): name for name, (at, _) in sorted(made.items(), key=lambda item: item[1])}
    return last.values()
