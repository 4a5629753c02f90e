"""The invented company's tools on loopback: `python -m sandbox.company` prints where its Jira and its Smartsheet are.

It serves both until it is interrupted. What they hold: `sandbox.jira_company`, `sandbox.company_sheets`.
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

from sandbox.company_sheets import move_to_sheets, with_sheets
from sandbox.jira import JiraServer, arguments
from sandbox.jira_company import company
from sandbox.jira_truth import as_yaml, figures
from sandbox.plan_files import write_plan
from sandbox.smartsheet import SmartsheetServer

__all__ = ["main"]


def main() -> None:
    """Serves the company until interrupted."""
    given = arguments("A make-believe Jira Cloud and, on the next port, Smartsheet on loopback.")
    as_of = given.as_of
    jira, people = company(seed=given.seed, as_of=as_of, issues=given.issues)
    if given.plan:
        write_plan(Path(given.plan), jira, people, as_of)
    sheets = move_to_sheets(jira, seed=given.seed)
    if given.truth:
        truth = with_sheets(figures(jira, as_of), sheets, as_of)
        Path(given.truth).write_text(as_yaml(truth), encoding="utf-8")
    with JiraServer(jira, port=given.port) as one:
        other = SmartsheetServer(sheets, port=given.port + 1 if given.port else 0)
        sys.stdout.write(f"{one.url}\n{other.url}\n")
        sys.stdout.flush()
        with contextlib.suppress(KeyboardInterrupt):
            other.serve()


if __name__ == "__main__":
    main()
