"""OAuth against the make-believe Smartsheet, whose refresh tokens serve once: kept before used, never shown."""

from __future__ import annotations

import stat
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from connectors.credentials import Credentials, Kept
from connectors.smartsheet import SmartsheetConnector
from model.config import SourceSettings
from model.errors import ConfigError, SourceError, Transient, Unauthorized
from sandbox.serving import HTML, LOGIN_PAGE, Answer, Asked
from sandbox.smartsheet import SmartsheetServer
from sandbox.smartsheet_oauth import CLIENT_ID, CLIENT_SECRET
from tests.sheets import a_company

WEEK = 7 * 86400


@pytest.fixture
def server() -> Iterator[SmartsheetServer]:
    with SmartsheetServer(a_company()) as server:
        yield server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "credentials"


def connect(server: SmartsheetServer, folder: Path, **more: Any) -> SmartsheetConnector:
    given: dict[str, Any] = {"name": "plans", "type": "smartsheet", "url": server.url, "credentials": str(folder)}
    given |= {"oauth_client": CLIENT_ID, "oauth_secret": CLIENT_SECRET, "tries": 1}
    return SmartsheetConnector(SourceSettings(**given | more))


def code_of(server: SmartsheetServer) -> str:
    tracker = server.tracker
    return server.oauth.authorize(tracker.admin.id, tracker.now())


def logged_in(server: SmartsheetServer, folder: Path) -> SmartsheetConnector:
    connector = connect(server, folder)
    assert connector.oauth is not None
    connector.oauth.log_in(code_of(server), "state")
    return connector


def asked_for_tokens(server: SmartsheetServer) -> int:
    return sum(seen.path == "/2.0/token" for seen in server.requests)


def test_an_address_names_the_app_and_its_answer_must_be_to_our_question(
    server: SmartsheetServer, folder: Path
) -> None:
    oauth = connect(server, folder).oauth
    assert oauth is not None
    state = oauth.new_state()
    assert state != oauth.new_state() and f"state={state}" in oauth.address(state)
    assert f"client_id={CLIENT_ID}" in oauth.address(state) and CLIENT_SECRET not in oauth.address(state)
    code = code_of(server)
    with pytest.raises(ConfigError, match="does not answer the question that was just asked"):
        oauth.log_in(f"https://hub.example.com/?code={code}&state=another", state)
    with pytest.raises(ConfigError, match="holds no code"):
        oauth.log_in(f"https://hub.example.com/?error=access_denied&state={state}", state)
    with pytest.raises(Unauthorized, match=r"does not accept this code .400.: it is old, was used before"):
        oauth.log_in("code-of-nobody", state)
    oauth.log_in(f"https://hub.example.com/?code={code}&expires_in=5&state={state}", state)
    assert connect(server, folder).identify().account_name == "Ada Admin"


def test_before_a_log_in_it_is_said_what_to_do(server: SmartsheetServer, folder: Path) -> None:
    with pytest.raises(Unauthorized, match="plans: nobody has logged in yet: run `pmo login plans`"):
        connect(server, folder).identify()
    logged_in(server, folder)
    with pytest.raises(Unauthorized, match="another oauth_client: run `pmo login plans`"):
        connect(server, folder, oauth_client="another").identify()


def test_what_is_kept_is_for_its_owner_alone(server: SmartsheetServer, folder: Path) -> None:
    folder.mkdir(parents=True, mode=0o755)  # as somebody may have made it
    logged_in(server, folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes == {"plans.json": 0o600, "plans.lock": 0o600}
    kept = Credentials(folder, "plans").read()
    assert kept is not None and kept.refresh_token in server.oauth.refresh
    assert kept.refresh_token not in repr(kept) and kept.access_token not in repr(kept)


def test_a_token_that_has_expired_is_renewed_once_by_all_threads_together(
    server: SmartsheetServer, folder: Path
) -> None:
    connector = logged_in(server, folder)
    connector.identify()
    before = Credentials(folder, "plans").read()
    server.tracker.advance(WEEK)  # on the tool's clock alone: it says 401
    together = threading.Barrier(6)

    def ask(_: int) -> str:
        together.wait(30)
        return connector.identify().account_name

    with ThreadPoolExecutor(6) as threads:
        assert set(threads.map(ask, range(6))) == {"Ada Admin"}
    assert asked_for_tokens(server) == 2, "the log-in and one renewal"
    after = Credentials(folder, "plans").read()
    assert before is not None and after is not None and after.refresh_token != before.refresh_token


def test_new_tokens_are_on_the_disk_before_they_are_used(server: SmartsheetServer, folder: Path) -> None:
    connector = logged_in(server, folder)
    server.tracker.advance(WEEK)
    seen: list[bool] = []

    def before(_method: str, path: str) -> None:
        if path != "/2.0/token":
            kept = Credentials(folder, "plans").read()
            assert kept is not None
            seen.append(kept.access_token == list(server.oauth.access)[-1] and not kept.begun)

    server.before = before
    connector.identify()
    assert seen == [True, True], "refused with the old one, answered with the new one"


def test_an_answer_that_is_lost_is_said_and_a_person_logs_in_anew(server: SmartsheetServer, folder: Path) -> None:
    logged_in(server, folder)
    server.tracker.advance(WEEK)
    faults = server.faults
    server.before = lambda _method, path: setattr(faults, "rate_drop_after", float(path == "/2.0/token"))
    with pytest.raises(Transient, match="answer with new tokens of Smartsheet was lost on its way: run again, and if"):
        connect(server, folder).identify()
    server.before, faults.rate_drop_after = None, 0.0
    with pytest.raises(Unauthorized) as caught:
        connect(server, folder).identify()
    assert (
        "the answer to an earlier request for new tokens was lost, and with it the refresh token: run `pmo login"
        in str(caught.value)
    )
    assert logged_in(server, folder).identify().account_name == "Ada Admin"


def test_a_request_for_tokens_that_never_arrived_costs_nobody_anything(server: SmartsheetServer, folder: Path) -> None:
    logged_in(server, folder)
    server.tracker.advance(WEEK)
    server.before = lambda _method, path: setattr(server.faults, "rate_drop", float(path == "/2.0/token"))
    with pytest.raises(Transient):
        connect(server, folder).identify()
    server.before, server.faults.rate_drop = None, 0.0
    assert connect(server, folder).identify().account_name == "Ada Admin"


def test_a_permission_that_is_taken_back_is_said(server: SmartsheetServer, folder: Path) -> None:
    connector = logged_in(server, folder)
    server.oauth.revoke(server.tracker.admin.id)
    with pytest.raises(
        Unauthorized, match=r"no longer accepts what it gave us at the last log-in .400.: it was withdrawn"
    ):
        connector.identify()


def test_a_wrong_secret_and_a_proxy_cost_no_log_in(server: SmartsheetServer, folder: Path) -> None:
    logged_in(server, folder)
    server.tracker.advance(WEEK)
    for _ in range(2):
        with pytest.raises(Unauthorized, match="not used for too long, or oauth_secret is wrong"):
            connect(server, folder, oauth_secret="another").identify()
    respond = server.respond

    def proxy(asked: Asked) -> Answer:
        return Answer(403, LOGIN_PAGE, dict(HTML)) if asked.target == "/2.0/token" else respond(asked)

    server.respond = proxy  # type: ignore[method-assign]
    with pytest.raises(SourceError, match="what answered 403 to a request for tokens is not Smartsheet: check url"):
        connect(server, folder).identify()
    server.respond = respond  # type: ignore[method-assign]
    assert connect(server, folder).identify().account_name == "Ada Admin"


def test_what_is_refused_though_it_is_new_is_not_renewed_without_end(server: SmartsheetServer, folder: Path) -> None:
    connector = logged_in(server, folder)

    def expire(_method: str, _path: str) -> None:
        server.oauth.access = {token: (user, 0.0) for token, (user, _) in server.oauth.access.items()}

    server.before = expire
    for _ in range(3):
        with pytest.raises(Unauthorized, match="does not accept this token"):
            connector.identify()
    assert asked_for_tokens(server) == 2, "the log-in and one renewal"


def test_what_cannot_be_kept_or_read_is_one_sentence(server: SmartsheetServer, folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "plans.json").write_text("{}", encoding="utf-8")
    with pytest.raises(SourceError, match="the credentials of plans cannot be understood: run `pmo login plans`"):
        connect(server, folder).identify()
    assert logged_in(server, folder).identify().account_name == "Ada Admin"
    with pytest.raises(SourceError, match=r"opening the credentials of plans in .* failed"):
        connect(server, Path(__file__)).identify()


class _Ring:
    """The package keyring, which is not installed for tests, as its documentation describes it."""

    def __init__(self, priority: float = 5) -> None:
        self.held: dict[tuple[str, str], str] = {}
        self.locked = False
        self.backend = SimpleNamespace(priority=priority)

    def get_keyring(self) -> object:
        return self.backend

    def get_password(self, service: str, user: str) -> str | None:
        return self.held.get((service, user))

    def set_password(self, service: str, user: str, password: str) -> None:
        if self.locked:
            raise RuntimeError(f"no {password} here")
        self.held[service, user] = password

    def delete_password(self, service: str, user: str) -> None:
        del self.held[service, user]


def test_a_keyring_holds_what_else_a_file_would(
    server: SmartsheetServer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged_in(server, folder)
    ring = _Ring()
    monkeypatch.setitem(sys.modules, "keyring", ring)
    connect(server, folder).identify()
    assert ring.held == {}, "what is in a file stays there until somebody logs in"
    connector = logged_in(server, folder)
    server.tracker.advance(WEEK)
    assert connector.identify().account_name == "Ada Admin"
    assert len(ring.held) == 1 and [path.name for path in folder.iterdir()] == ["plans.lock"]
    assert connect(server, folder).identify().account_name == "Ada Admin"
    Credentials(folder, "plans").move_to("sheets")
    assert len(ring.held) == 1 and Credentials(folder, "plans").read() is None
    assert connect(server, folder, name="sheets").identify().account_name == "Ada Admin"


def test_a_keyring_that_is_locked_is_one_sentence_without_tokens(
    server: SmartsheetServer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring = _Ring()
    monkeypatch.setitem(sys.modules, "keyring", ring)
    connector = logged_in(server, folder)
    ring.locked = True
    server.tracker.advance(WEEK)
    with pytest.raises(SourceError) as caught:
        connector.identify()
    assert str(caught.value) == "the keyring gives no access to the credentials of plans (RuntimeError): unlock it"
    assert asked_for_tokens(server) == 1, "no new ones are asked for that could not be kept"
    ring.locked = False
    assert connector.identify().account_name == "Ada Admin"


def test_a_keyring_that_keeps_nothing_is_not_used(
    server: SmartsheetServer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring = _Ring(priority=0)
    monkeypatch.setitem(sys.modules, "keyring", ring)
    logged_in(server, folder)
    assert ring.held == {} and (folder / "plans.json").exists()


def test_a_file_is_whole_or_as_it_was(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full: only a mock can bring it about at that very moment."""
    credentials = Credentials(folder, "plans")
    with credentials.lock():
        credentials.write(Kept("app", "a", "r", 0, 1))

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(SourceError, match=r"writing the credentials of plans in .* failed .No space left"):
        credentials.write(Kept("app", "b", "s", 1, 2))
    assert credentials.read() == Kept("app", "a", "r", 0, 1)
    assert sorted(path.name for path in folder.iterdir()) == ["plans.json", "plans.lock"]
