"""The command line starts quickly: asking it for help loads none of the heavy libraries."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {"prefect", "duckdb", "pyarrow", "jira"}
ASK_FOR_HELP = """
import json, sys
sys.argv = ["pmo", *json.loads(sys.argv[1])]
from flows.cli import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
sys.stderr.write("LOADED " + json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


@pytest.mark.parametrize("words", [["--help"], ["sync", "--help"]], ids=" ".join)
def test_help_loads_nothing_heavy(words):
    run = subprocess.run(
        [sys.executable, "-c", ASK_FOR_HELP, json.dumps(words)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert "Usage" in run.stdout
    assert HEAVY.isdisjoint(json.loads(run.stderr.rpartition("LOADED ")[2]))
