"""Decoders are built before threads use them: msgspec crashes where two threads work out the same type at once."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import connectors

HERE = Path(__file__).parent
ROUNDS = 4

# Each thread decodes the first page there is, all at once. `crash` is what a new process does.
_FIRST_PAGES = """
import sys, threading
from pathlib import Path
from {module} import Decoder

data, streams = Path({data!r}), {streams!r}
bodies = [(stream, (data / name).read_bytes()) for stream, name in streams]
decoder = Decoder({given})
start = threading.Barrier(len(bodies) * 4)
failed = []

def work(stream, body):
    start.wait()
    try:
        decoder.decode(stream, body)
    except BaseException as error:
        failed.append(repr(error))

threads = [threading.Thread(target=work, args=one) for one in bodies * 4]
sys.setswitchinterval(1e-6)
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert not failed, failed
"""
_ADDRESS = '"https://acme.example.test", None'
_GIVEN = {
    "jira": _ADDRESS,
    "redmine": _ADDRESS,
    "smartsheet": '__import__("model.config").config.SourceSettings(name="a", type="smartsheet")',
}
_PAGES = {
    "jira": [("issues", "bulkfetch_1.json"), ("issue_changes", "changelog_1.json")],
    "redmine": [("issues", "issues_page_1.json")],
    "smartsheet": [("issues", "sheet_plan.json"), ("accounts", "users.json")],
}


@pytest.mark.parametrize("tool", _PAGES)
def test_threads_may_decode_the_first_page_at_once(tool: str) -> None:
    streams = _PAGES[tool]
    text = _FIRST_PAGES.format(
        module=f"connectors.{tool}_decode", data=str(HERE / "data" / tool), streams=streams, given=_GIVEN[tool]
    )
    for _ in range(ROUNDS):
        run = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stderr


_ON_THE_SPOT = re.compile(r"msgspec\.(?:json\.decode\([^\n]*\btype=(?!msgspec\.Raw\b)|convert\()")


def test_no_connector_works_out_a_type_while_it_reads() -> None:
    modules = sorted(Path(connectors.__file__).parent.glob("*.py"))
    assert len(modules) > 10
    found = [
        f"{module.name}: {line.strip()}"
        for module in modules
        if module.name != "reader.py"
        for line in module.read_text().splitlines()
        if _ON_THE_SPOT.search(line)
    ]
    assert found == []
