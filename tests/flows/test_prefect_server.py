"""Whose Prefect server is used, by whom, and that none is left behind.

A small stand-in answers as Prefect's would; Prefect itself is in tests/real.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.request import urlopen

import pytest

from flows import prefect_server as serving
from flows.prefect_server import prefect_server
from flows.server_seat import Holder, running_server
from model.errors import ConfigError, FileError, Locked

STAND_IN = """
import json, os, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
class Answers(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"home": os.environ["PREFECT_HOME"]}).encode())
    def log_message(self, *_):
        pass
HTTPServer(("127.0.0.1", int(sys.argv[-1])), Answers).serve_forever()
"""


@pytest.fixture(autouse=True)
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    command = (sys.executable, "-c", STAND_IN, "prefect", "server", "start", "--port")
    monkeypatch.setattr(serving, "COMMAND", command)
    monkeypatch.setattr(serving, "LOOKS_EACH_SECONDS", 0.05)


class _Well(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"home": "/of/another/folder"}')

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def well() -> Iterator[int]:
    """The port of a server of somebody else."""
    with HTTPServer(("127.0.0.1", 0), _Well) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@contextmanager
def held(path: Path, content: str = "", how: str = "LOCK_EX") -> Iterator[Callable[[], None]]:
    """Locked by another process, until it is let go."""
    path.write_text(content)
    holds = (
        f"import fcntl; f = open({str(path)!r}, 'r+'); fcntl.flock(f, fcntl.{how}); print('held', flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holds], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdin is not None and other.stdout is not None and other.stdout.readline() == "held\n"

        def let_go() -> None:
            if other.poll() is None:
                other.communicate("\n")

        yield let_go
        let_go()


def running(home: Path) -> Holder:
    holder = running_server(home)
    assert holder is not None
    return holder


def is_well(url: str) -> bool:
    try:
        with urlopen(f"{url}/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def until(what: Callable[[], bool]) -> None:
    ends = time.monotonic() + 60
    while not what():
        assert time.monotonic() < ends, "it did not come to pass in time"
        time.sleep(0.02)


def test_a_server_that_is_named_and_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "STARTS_WITHIN_SECONDS", 2.0)
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    with pytest.raises(ConfigError, match="does not answer: start it"), prefect_server(tmp_path):
        pass


def test_one_of_our_own_is_there_for_as_long_as_it_is_needed(tmp_path: Path) -> None:
    with prefect_server(tmp_path / "prefect", "nightly") as server:
        holder = running(tmp_path / "prefect")
        assert server.is_ours and server.url == holder.url == os.environ["PREFECT_API_URL"] and is_well(server.url)
        assert holder.command == "nightly"
    assert not is_well(server.url) and not holder.is_alive() and running_server(tmp_path / "prefect") is None
    assert "PREFECT_API_URL" not in os.environ


def test_a_night_by_hand_uses_the_server_of_a_schedule(tmp_path: Path, well: int) -> None:
    """Two servers on one database would not do, and the schedule's must not be ended under it."""
    url = f"http://127.0.0.1:{well}/api"
    with held(tmp_path / "server.pid", f"4711 {url} schedule\n"):
        with prefect_server(tmp_path, "nightly") as server:
            assert (server.url, server.is_ours, os.environ["PREFECT_API_URL"]) == (url, False, url)
        assert "PREFECT_API_URL" not in os.environ and is_well(url)
        with (
            pytest.raises(Locked, match=r"another `pmo schedule` \(its Prefect server is process 4711\) runs in"),
            prefect_server(tmp_path, wait=3600),
        ):
            pass


@pytest.mark.parametrize("command", ["nightly", "schedule"])
@pytest.mark.parametrize("content", ["", "4711 http://127.0.0.1:9/api nightly\n"])  # at its start, and later
def test_a_night_of_another_process_is_waited_for(tmp_path: Path, command: str, content: str) -> None:
    told: list[str] = []
    with held(tmp_path / "server.pid", content) as let_go:

        def tell(text: str) -> None:
            told.append(text)
            let_go()

        with prefect_server(tmp_path, command, wait=3600, told=tell) as server:
            assert server.is_ours and is_well(server.url)
    assert len(told) == 1 and told[0].startswith("waits for another `pmo nightly`") and "60 minutes at most" in told[0]


def test_it_is_not_waited_for_longer_than_is_configured(tmp_path: Path) -> None:
    with (
        held(tmp_path / "server.pid", "4711 http://127.0.0.1:9/api nightly\n"),
        pytest.raises(Locked, match=r"another `pmo nightly` .*process 4711.* stop it, or let it end"),
        prefect_server(tmp_path, "nightly"),
    ):
        pass


def test_a_schedule_waits_for_a_night_that_uses_the_server_of_one_that_was_killed(tmp_path: Path, well: int) -> None:
    """And no other night joins it."""
    (tmp_path / "server.pid").write_text(f"4711 http://127.0.0.1:{well}/api schedule\n")
    with held(tmp_path / "server.users", how="LOCK_SH"):
        for command in ("schedule", "nightly"):
            with (
                pytest.raises(Locked, match=r"another `pmo nightly` .*process 4711"),
                prefect_server(tmp_path, command, wait=0.5),
            ):
                pass
    with prefect_server(tmp_path) as server:
        assert server.is_ours


def test_the_server_of_one_that_was_killed_is_ended(tmp_path: Path, well: int) -> None:
    with subprocess.Popen([*serving.COMMAND, "0"]) as left_over:
        (tmp_path / "server.pid").write_text(f"{left_over.pid} http://127.0.0.1:0/api schedule\n")
        until(lambda: running_server(tmp_path) is not None)
        with prefect_server(tmp_path, "nightly") as server:
            assert left_over.wait(10) == -signal.SIGTERM and running(tmp_path).url == server.url


def test_one_that_could_not_be_ended_stays_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while it is waited for."""

    def interrupted(_seconds: float) -> None:
        raise KeyboardInterrupt

    ignores = "import signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); sys.stdin.read()"
    words = [sys.executable, "-c", ignores, "prefect", "server", "start", "--port", "9"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as left_over:
        assert left_over.stdout is not None and left_over.stdout.readline()
        (tmp_path / "server.pid").write_text(f"{left_over.pid} http://127.0.0.1:9/api schedule\n")
        with monkeypatch.context() as patched:
            patched.setattr("time.sleep", interrupted)
            with pytest.raises(KeyboardInterrupt), prefect_server(tmp_path, "nightly"):
                pass
        assert running(tmp_path).pid == left_over.pid
        left_over.kill()


def test_a_process_that_is_no_server_is_left_alone(tmp_path: Path) -> None:
    """Its number was a server's before the machine was started anew."""
    other = [sys.executable, "-c", "import sys; sys.stdin.read()", "/var/log/prefect/server.log"]
    with subprocess.Popen(other, stdin=subprocess.PIPE) as bystander:
        (tmp_path / "server.pid").write_text(f"{bystander.pid} http://127.0.0.1:4200/api schedule\n")
        with prefect_server(tmp_path, "nightly"):
            assert bystander.poll() is None
        bystander.communicate()
    assert bystander.returncode == 0


def test_the_server_of_another_folder_is_not_taken_for_ours(
    tmp_path: Path, well: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was started on the same port in the same moment: it answers, and ours cannot."""
    monkeypatch.setattr(serving, "PORT", well)
    monkeypatch.setattr(serving, "_is_free", lambda _port: True)
    with prefect_server(tmp_path) as server:
        assert server.is_ours and server.url != f"http://127.0.0.1:{well}/api" and is_well(server.url)


def test_a_server_that_asks_for_a_password_is_ours_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of PREFECT_SERVER_API_AUTH_STRING; its health is told to everybody."""
    asks = STAND_IN.replace("send_response(200)", "send_response(401 if 'settings' in self.path else 200)")
    monkeypatch.setattr(serving, "COMMAND", (sys.executable, "-c", asks, *serving.COMMAND[3:]))
    with prefect_server(tmp_path) as server:
        assert server.is_ours and is_well(server.url)


def test_a_named_server_that_speaks_another_language(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "STARTS_WITHIN_SECONDS", 2.0)
    with socket.create_server(("127.0.0.1", 0)) as other:

        def greet() -> None:
            with suppress(OSError):
                while True:
                    with other.accept()[0] as one:
                        one.sendall(b"220 mail\r\n")

        threading.Thread(target=greet, daemon=True).start()
        monkeypatch.setenv("PREFECT_API_URL", f"http://127.0.0.1:{other.getsockname()[1]}/api")
        with pytest.raises(ConfigError, match="does not answer: start it"), prefect_server(tmp_path):
            pass


def test_a_server_that_dies_is_started_again_also_if_nobody_can_be_told(tmp_path: Path) -> None:
    def tell(_text: str) -> None:
        raise BrokenPipeError

    with prefect_server(tmp_path, told=tell) as server:
        for _ in range(2):
            before = running(tmp_path)
            os.kill(before.pid, signal.SIGKILL)
            until(lambda before=before: running_server(tmp_path) not in (None, before) and is_well(server.url))  # type: ignore[misc]
        last = running(tmp_path)
    assert not last.is_alive()


def test_none_is_started_by_a_watcher_that_comes_too_late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server dies just as we end: what the watcher starts then would be left behind."""
    looks, goes_on = threading.Event(), threading.Event()

    def slowly(_log: Path) -> str:
        looks.set()
        goes_on.wait(60)
        return ""

    monkeypatch.setattr(serving, "_last_line", slowly)
    with prefect_server(tmp_path) as server:
        os.kill(running(tmp_path).pid, signal.SIGKILL)
        assert looks.wait(60)
        threading.Timer(0.3, goes_on.set).start()
    assert running_server(tmp_path) is None and not is_well(server.url)


def test_one_that_cannot_be_started_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "COMMAND", (sys.executable, "-c", "print('no such option')"))
    said = r"did not start: no such option; all it said is in .*server\.log"
    with pytest.raises(FileError, match=said), prefect_server(tmp_path, "nightly"):
        pass
    (tmp_path / "server.pid").unlink()
    (tmp_path / "server.pid").mkdir()
    with pytest.raises(FileError, match=r"server\.pid cannot be opened: Is a directory"), prefect_server(tmp_path):
        pass
    (tmp_path / "file").write_text("")
    with pytest.raises(FileError, match="cannot be made"), prefect_server(tmp_path / "file" / "prefect"):
        pass
