"""A real Redmine on this machine, as tests use it: its API plainly, Ruby inside it, start and stop.

Starts nothing by itself (`redmine-up` beside this file does) and shares no code with the connector, so that both cannot
make the same mistake: lists are paged by offset, which is right as long as nobody else writes meanwhile.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

__all__ = ["NoRedmine", "Redmine"]

HERE = Path(__file__).parent
START_SECONDS = 420  # the first start of a machine installs Debian's packages
ANSWER_SECONDS = 120
NOT_INSTALLED = 3  # exit status of redmine-up: packages are missing and cannot be installed


class NoRedmine(Exception):
    """Redmine is not installed here and may not be."""


@dataclass
class Redmine:
    """A server that runs. `info` holds ids, logins and keys of its records, by name (see redmine_seed.rb)."""

    folder: Path
    url: str
    admin_key: str
    member_key: str
    info: dict[str, Any]
    _runner: subprocess.Popen[str] | None = field(default=None, repr=False)
    _http: requests.Session = field(default_factory=requests.Session, repr=False)

    @classmethod
    def start(cls, folder: Path, *, port: int | None = None, templates: Path | None = None) -> Redmine:
        """Start the server of `folder`, or find it running. `templates`: where filled databases may be kept."""
        command = [str(HERE / "redmine-up"), str(folder), *([str(port)] if port else [])]
        environment = {"REDMINE_TEMPLATES": str(templates)} if templates else {}
        done = subprocess.run(
            ["/usr/bin/env", *(f"{name}={value}" for name, value in environment.items()), *command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=START_SECONDS,
        )
        if done.returncode == NOT_INSTALLED:
            raise NoRedmine(done.stderr.strip())
        if done.returncode:
            raise RuntimeError(f"redmine-up failed with exit status {done.returncode}:\n{done.stderr}")
        told = dict(line.split("=", 1) for line in done.stdout.splitlines())
        info = json.loads((folder / "info.json").read_text("utf-8"))
        return cls(folder, told["REDMINE_URL"], told["REDMINE_ADMIN_KEY"], told["REDMINE_MEMBER_KEY"], info)

    def stop(self, *, keep: bool = False) -> None:
        """Stop the server; its records stay, and `start` goes on with them. `keep`: let go of it, but let it run."""
        if self._runner:
            self._runner.communicate()  # closes its input, which ends it
            self._runner = None
        self._http.close()
        if not keep:
            subprocess.run([str(HERE / "redmine-down"), str(self.folder)], check=True, timeout=60)

    def key_of(self, login: str) -> str:
        """The key of one of the invented people."""
        key: str = self.info["users"][login]["key"]
        return key

    # ------------------------------------------------------------ the API

    def api(
        self, method: str, path: str, json: Any = None, key: str | None = None, params: Any = None
    ) -> requests.Response:
        """One request, as the administrator unless told; an empty `key` sends none. Any answer is returned."""
        key = self.admin_key if key is None else key
        return self._http.request(
            method,
            self.url + path,
            params=params,
            json=json,
            headers={"X-Redmine-API-Key": key} if key else {},
            timeout=ANSWER_SECONDS,
            allow_redirects=False,
        )

    def get(self, path: str, key: str | None = None, **params: Any) -> Any:
        """What a reading request answers; anything but success fails the test."""
        answer = self.api("GET", path, key=key, params=params)
        assert answer.status_code == 200, f"GET {path} {params}: {answer.status_code} {answer.text[:300]}"
        return answer.json()

    def send(self, method: str, path: str, json: Any = None, key: str | None = None) -> Any:
        """Change something; anything but success fails the test. What is made is returned, without its wrapping."""
        answer = self.api(method, path, json=json, key=key)
        assert answer.ok, f"{method} {path} {json}: {answer.status_code} {answer.text[:300]}"
        if answer.status_code != 201:
            return None
        (made,) = answer.json().values()
        return made

    def api_all(self, path: str, key: str | None = None, **params: Any) -> list[dict[str, Any]]:
        """All rows of a list, page by page; counted against the server's own total."""
        rows: list[dict[str, Any]] = []
        while True:
            answer = self.get(path, key=key, **{"limit": 100, **params, "offset": len(rows)})
            (page,) = (value for value in answer.values() if isinstance(value, list))
            rows += page
            if not page or len(rows) >= answer.get("total_count", 0):
                break
        total = answer.get("total_count", len(rows))
        assert len(rows) == total, f"GET {path}: {len(rows)} rows of {total}"
        assert len({row["id"] for row in rows}) == total, f"GET {path}: a row came twice"
        return rows

    # ------------------------------------------------------------ Ruby inside

    def runner(self, ruby: str) -> Any:
        """Run Ruby inside Redmine, for what the API cannot do; its last value is returned, as JSON has it."""
        if self._runner is None or self._runner.poll() is not None:
            with (self.folder / "runner.log").open("a") as log:
                self._runner = subprocess.Popen(
                    [str(self.folder / "ruby"), str(HERE / "redmine_runner.rb")],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    text=True,
                    encoding="utf-8",
                )
        assert self._runner.stdin and self._runner.stdout
        print(json.dumps({"code": ruby}), file=self._runner.stdin, flush=True)
        line = self._runner.stdout.readline()
        if not line:
            raise RuntimeError(f"Ruby ended:\n{(self.folder / 'runner.log').read_text('utf-8')[-2000:]}")
        answer = json.loads(line)
        if answer["error"]:
            raise RuntimeError(f"Ruby says {answer['error']}, in:\n{ruby}")
        return answer["value"]
