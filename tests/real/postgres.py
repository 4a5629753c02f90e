"""A PostgreSQL of Debian's package: a private cluster on loopback, for as long as a test lasts."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["NoPostgres", "postgres"]

INSTALLING_SECONDS = 420


class NoPostgres(Exception):
    """It is not installed here and may not be."""


def _programs() -> Path:
    """Where initdb and pg_ctl are; installs the package where that is allowed."""
    for _ in range(2):
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        if found:
            return found[-1].parent
        if os.geteuid() != 0 or shutil.which("apt-get") is None:
            break
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for words in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "postgresql"]):
            subprocess.run(["apt-get", *words], env=quiet, check=True, capture_output=True, timeout=INSTALLING_SECONDS)
    raise NoPostgres("there is no PostgreSQL here: apt-get install postgresql")


@contextmanager
def postgres() -> Iterator[str]:
    """Address of an empty database, for asyncpg. It refuses to run as root: then the user `postgres` runs it."""
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    as_user: list[str] = []
    if os.geteuid() == 0:
        user = pwd.getpwnam("postgres")
        os.chown(folder, user.pw_uid, user.pw_gid)
        as_user = ["runuser", "-u", "postgres", "--"]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    def run(*words: str) -> None:
        done = subprocess.run([*as_user, *words], cwd=folder, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"

    data = str(folder / "data")
    run(str(programs / "initdb"), "-D", data, "-U", "hub", "--auth=trust", "--no-sync")
    options = f"-c listen_addresses=127.0.0.1 -p {port} -k {folder} -c fsync=off"
    try:
        run(str(programs / "pg_ctl"), "-D", data, "-l", str(folder / "log"), "-o", options, "-w", "start")
        run(str(programs / "createdb"), "-h", "127.0.0.1", "-p", str(port), "-U", "hub", "prefect")
        yield f"postgresql+asyncpg://hub@127.0.0.1:{port}/prefect"
    finally:
        run(str(programs / "pg_ctl"), "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)
