"""Pages in a real browser: they ask no host for anything; the report prints a project a sheet. Skipped without one."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flows.night import NightReport, Waiting
from flows.night_report import write_night
from flows.pull import SourceOutcome, StreamOutcome
from flows.sync import SyncReport
from tests.running import pmo, well

BROWSER = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
NEEDS_A_BROWSER = pytest.mark.skipif(BROWSER is None, reason="there is no Chromium here: apt-get install chromium")
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


def shown(page: Path, tmp_path: Path, *words: str) -> tuple[set[str], str]:
    """Opens it in the browser: the hosts that were asked, and what the page wrote to the console."""
    proxy = Proxy()
    command = [
        str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}",
        "--disable-background-networking", "--disable-component-update", "--no-first-run", "--disable-sync",
        f"--proxy-server=127.0.0.1:{proxy.port}", "--proxy-bypass-list=<-loopback>", "--enable-logging=stderr",
        *words, page.as_uri(),
    ]  # fmt: skip
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    finally:
        proxy.close()
    assert ran.returncode == 0, ran.stderr[-2000:]
    hosts = {HOST.search(line).group(1).decode() for line in proxy.asked}  # type: ignore[union-attr]
    return hosts, "\n".join(line for line in ran.stderr.splitlines() if "CONSOLE" in line)


@NEEDS_A_BROWSER
def test_the_page_asks_no_host_and_prints_a_project_a_sheet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    well(pmo("demo", cwd=tmp_path))
    folder = tmp_path / "pmo-demo"
    well(pmo("report", "--html", "status.html", cwd=folder))
    page = folder / "status.html"
    projects = page.read_text(encoding="utf-8").count('class="project"')
    printed = tmp_path / "status.pdf"
    hosts, console = shown(page, tmp_path, "--no-pdf-header-footer", f"--print-to-pdf={printed}")
    sheets = len(SHEET.findall(printed.read_bytes()))
    with capsys.disabled():
        print(f"\nreport in Chromium: {projects} projects on {sheets} sheets; hosts asked: {sorted(hosts)}", flush=True)
    assert hosts <= OF_THE_BROWSER and console == ""
    assert projects <= sheets <= projects + 3, "an overview, then a sheet each"


@NEEDS_A_BROWSER
def test_the_page_of_a_night_asks_no_host(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outcome = SourceOutcome("ops", "r", error="ops: the token is refused", exit_status=1, streams=[
        StreamOutcome("issues", rows_seen=1200, rows_new=3, rows_changed=17, rows_gone=1, census=8000, present=7999)
    ])  # fmt: skip
    waiting = [
        Waiting("failing|ops", "ops: the token is refused"),
        Waiting("red|a", "ERP is red: late", for_pmo=True, for_operator=False),
    ]
    at = datetime(2026, 11, 21, 2, tzinfo=UTC)
    report = NightReport(
        "r1", at, at, SyncReport(at, sources=[outcome]), failures=[outcome.error or ""], waiting=waiting
    )
    page = write_night(tmp_path, report)
    image = tmp_path / "night.png"
    hosts, console = shown(page, tmp_path, "--window-size=1200,900", f"--screenshot={image}")
    with capsys.disabled():
        print(
            f"\nnight in Chromium: {image.stat().st_size:,} bytes of picture; hosts asked: {sorted(hosts)}", flush=True
        )
    assert hosts <= OF_THE_BROWSER and console == "" and image.read_bytes().startswith(b"\x89PNG")
