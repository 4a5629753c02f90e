"""The report in a real browser: it asks no host for anything, and prints a project a sheet. Skipped where none is."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import threading
from pathlib import Path

import pytest

from tests.running import pmo, well

BROWSER = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
HOST = re.compile(rb"(?:CONNECT |://)([^/: ]+)")
OF_THE_BROWSER = {
    "accounts.google.com",
    "www.google.com",
    "clients2.google.com",
    "update.googleapis.com",
    "optimizationguide-pa.googleapis.com",
    "content-autofill.googleapis.com",
    "redirector.gvt1.com",
    "edgedl.me.gvt1.com",
    "safebrowsing.googleapis.com",
    "safebrowsingohttpgateway.googleapis.com",
    "android.clients.google.com",
}
"""What Chromium itself calls when it starts, whatever page it shows: its clock, its updates, its account."""
SHEET = re.compile(rb"/Type\s*/Page\b(?!s)")


class Proxy:
    """Where a browser would turn to for any host: it counts who calls, and answers nobody."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(2)
                self.asked.append(connection.recv(2000).partition(b"\r\n")[0])

    def close(self) -> None:
        self._socket.close()


@pytest.mark.skipif(BROWSER is None, reason="there is no Chromium here: apt-get install chromium")
def test_the_page_asks_no_host_and_prints_a_project_a_sheet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    well(pmo("demo", cwd=tmp_path))
    folder = tmp_path / "pmo-demo"
    well(pmo("report", "--html", "status.html", cwd=folder))
    page = folder / "status.html"
    projects = page.read_text(encoding="utf-8").count('class="project"')
    proxy = Proxy()
    printed = tmp_path / "status.pdf"
    command = [
        str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}",
        "--disable-background-networking", "--disable-component-update", "--no-first-run", "--disable-sync",
        f"--proxy-server=127.0.0.1:{proxy.port}", "--proxy-bypass-list=<-loopback>", "--no-pdf-header-footer",
        f"--print-to-pdf={printed}", page.as_uri(),
    ]  # fmt: skip
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    finally:
        proxy.close()
    assert printed.exists(), ran.stderr[-2000:]
    sheets = len(SHEET.findall(printed.read_bytes()))
    with capsys.disabled():
        print(f"\nreport in Chromium: {projects} projects on {sheets} sheets; hosts asked: {proxy.asked}", flush=True)
    hosts = {HOST.search(line).group(1).decode() for line in proxy.asked}  # type: ignore[union-attr]
    assert hosts <= OF_THE_BROWSER
    assert projects <= sheets <= projects + 3, "an overview, then a sheet each"
