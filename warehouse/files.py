"""Files that are there whole or not at all."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from model.errors import FileError

__all__ = ["has_no_space", "replace_synced", "said_plainly", "sync_file", "sync_folder", "write_whole"]


SCARCE_BYTES = 256 * 1024


def sync_file(path: Path) -> None:
    """Forces a file's bytes to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


sync_folder = sync_file
"""Forces a folder's names to the disk: a rename is only durable after this."""


def replace_synced(part: Path, final: Path) -> None:
    """Gives a finished file its name, durably."""
    sync_file(part)
    part.replace(final)
    sync_folder(final.parent)


def write_whole(path: Path, text: str) -> None:
    """Writes a small text file by way of a neighbour, so that a reader never sees half of it."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def said_plainly(doing: str, where: Path) -> Iterator[None]:
    """Turns the operating system's complaints into one sentence."""
    try:
        yield
    except OSError as error:
        raise plain(error, doing, where) from error


def has_no_space(folder: Path) -> bool:
    """Whether next to nothing can be written there: some libraries call a full disk an input/output error."""
    return shutil.disk_usage(folder).free < SCARCE_BYTES


def plain(error: OSError, doing: str, where: Path) -> FileError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return FileError(
            f"{doing}: no space left for {where}; free some and run the command again, nothing was left half-written"
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return FileError(f"{doing}: not permitted to write {where}; check its owner and mode")
    return FileError(f"{doing}: {where}: {error.strerror or error}")
