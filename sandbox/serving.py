"""What all make-believe tools share over HTTP on loopback: start and stop, whole, cut and dropped answers.

A tool's server is a `Loopback` and answers each request in `respond`; what it answers is its own business.
"""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, NamedTuple, TypeVar

__all__ = ["HTML", "LOGIN_PAGE", "TEXT", "Answer", "Asked", "Loopback"]

HTML = {"Content-Type": "text/html;charset=UTF-8"}
TEXT = {"Content-Type": "text/plain;charset=UTF-8"}
LOGIN_PAGE = b"<!DOCTYPE html><html><head><title>Log in with your company account</title></head><body>SSO</body></html>"
Self = TypeVar("Self", bound="Loopback")


@dataclass
class Answer:
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False  # send half of it
    drop: bool = False  # send nothing


class Asked(NamedTuple):
    """One request as it came; names of headers are found in any spelling of case."""

    method: str
    target: str
    headers: Message[str, str]
    body: bytes


class Loopback(ABC):
    """Listens on a port of this machine until closed; use it in a `with`."""

    def __init__(self, port: int = 0) -> None:
        handler = type("Handler", (_Handler,), {"site": self})
        self._http = _Server(("127.0.0.1", port), handler)
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    @abstractmethod
    def respond(self, asked: Asked) -> Answer:
        """To be written by each tool; called in a thread of its own for each connection."""

    @abstractmethod
    def header_date(self) -> float | None:
        """Seconds since 1970 for the Date header; None leaves it out."""

    def __enter__(self: Self) -> Self:
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def serve(self) -> None:
        """Serves in this thread."""
        self._http.serve_forever()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A reader that went away is nobody's business here."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    site: Loopback
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 60

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else b""
        found = self.site.respond(Asked(self.command, self.path, self.headers, body))
        if found.drop:
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
            return
        headers = {"Content-Type": "application/json;charset=UTF-8"} | found.headers
        at = self.site.header_date()
        if at is not None:
            headers["Date"] = self.date_time_string(int(at))
        headers["Content-Length"] = str(len(found.body))
        self.close_connection = self.close_connection or found.cut
        reason = self.responses.get(found.status, ("",))[0]
        lines = [f"HTTP/1.1 {found.status} {reason}", *(f"{name}: {value}" for name, value in headers.items())]
        shown = found.body[: len(found.body) // 2] if found.cut else found.body
        self.wfile.write("\r\n".join([*lines, "", ""]).encode("latin-1") + shown)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the address was printed, requests are kept."""
