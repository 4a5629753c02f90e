"""Pushes of many changes into a make-believe Jira that fails, while somebody edits and the process is killed.

Afterwards the laws of pushing are put to the tracker's own history: nothing is overwritten that nobody had seen (or it
is said), nothing is sent twice, each change has its end, and undoing brings back what nobody touched since.
"""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flows.changes import WishLine, ask
from model.change import WantedChange
from model.vocabulary import ChangeState
from sandbox.jira import HUB_EMAIL, TOKEN
from sandbox.jira_records import Issue
from sandbox.jira_workflow import ways
from tests.pushing import SOURCE, Office, is_write, office
from tests.running import environment

CONFIG = """\
[hub]
data = "data"
max_changes = 10000

[sources.acme]
type = "jira"
url = "{url}"
email = "${{JIRA_EMAIL}}"
token = "${{JIRA_TOKEN}}"
approval = "none"
tries = 6
comment = "{{asker}} asked for {{what}}"
transition_defaults.Resolution = "Done"
"""
FAULTS = {"rate_429": 0.01, "rate_500": 0.01, "rate_500_after": 0.02, "rate_drop": 0.01, "rate_drop_after": 0.02}
MOST_PUSHES = 30


@dataclass
class Trial:
    """One office, so many wishes, and so many kills; `counted` is what happened."""

    office: Office
    seed: int
    changes: int
    kills: int
    counted: Counter[str] = field(default_factory=Counter)

    def run(self) -> None:
        self.random = random.Random(self.seed)
        self.us = self.office.tracker.logins[HUB_EMAIL].account_id
        self.others = [id_ for id_ in self.office.tracker.users if id_ != self.us][:5]
        (self.office.folder / "pmo.toml").write_text(CONFIG.format(url=self.office.server.url), encoding="utf-8")
        self._wish()
        self.office.server.set_faults(FAULTS | {"seed": self.seed, "retry_after_seconds": 0})
        self._push_to_the_end(self.kills)
        self.office.server.before_any = None
        self.office.server.set_faults(dict.fromkeys(FAULTS, 0.0))
        self._push_once()  # what is owed in comments
        self._check()
        self._undo()

    # ---- what happens --------------------------------------------------------------------------------------------

    def _wish(self) -> None:
        tracker = self.office.tracker
        issues = [i for i in tracker.issues.values() if not i.hidden and tracker.projects[i.project_id].state == "live"]
        self.random.shuffle(issues)
        lines = []
        for issue in issues:
            project = tracker.projects[issue.project_id]
            status = self.random.choice(project.status_ids)
            wanted = {"status": status} if self.random.random() < 0.5 or not project.has_priority else {}
            if project.has_priority and (not wanted or self.random.random() < 0.3):
                wanted["priority"] = self.random.choice(list(tracker.priorities))
            lines.append(WishLine(f"{SOURCE}:{issue.id}", **wanted))
        made = 0
        while made < self.changes and lines:
            made += sum(one.change_id is not None for one in ask(self.office.settings, [lines.pop()], "ada"))
        assert made >= self.changes, "too few issues"

    def _edit(self) -> None:
        """Somebody else, on an issue that something is wanted of, as a rule."""
        tracker = self.office.tracker
        wanted = [int(c.issue_id.partition(":")[2]) for c in self.changes_there if c.state in _UNDER_WAY]
        issue = tracker.issues[self.random.choice(wanted or sorted(tracker.issues))]
        new: dict[str, Any] = {"status_id": self.random.choice(tracker.projects[issue.project_id].status_ids)}
        if issue.priority_id and self.random.random() < 0.5:
            new = {"priority_id": self.random.choice(["2", "3"])}
        tracker.edit(issue.id, by=self.random.choice(self.others), **new)
        self.counted["edits"] += 1

    def _push_to_the_end(self, kills: int) -> None:
        for n in range(MOST_PUSHES):
            self.changes_there = self.office.changes()
            if n and not [c for c in self.changes_there if c.state in _UNDER_WAY]:
                return
            kill_at = self.random.randint(1, 40) if n < kills else 0
            self._push_once(kill_at)
        raise AssertionError(f"seed {self.seed}: {MOST_PUSHES} pushes did not bring all changes to an end")

    def _push_once(self, kill_at: int = 0) -> None:
        """Killed while its n-th writing request is under way, which the tool then acts on, or not."""
        process = subprocess.Popen(
            [sys.executable, "-m", "flows.cli", "push", "--no-publish"],
            cwd=self.office.folder,
            env=environment(JIRA_EMAIL=HUB_EMAIL, JIRA_TOKEN=TOKEN),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        writes = 0

        def before(method: str, target: str, _body: bytes) -> None:
            nonlocal writes
            if self.random.random() < 0.12:
                self._edit()
            writes += is_write(method, target)
            if kill_at and writes == kill_at and is_write(method, target):
                with suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGKILL)

        if self.office.server.faults.rate_500_after:
            self.office.server.before_any = before
        said = process.communicate(timeout=300)[0]
        self.counted["kills"] += process.returncode == -signal.SIGKILL
        assert process.returncode in (0, 1, -signal.SIGKILL), f"seed {self.seed}: {said}"
        assert "Traceback" not in said, f"seed {self.seed}: {said}"

    # ---- the laws ------------------------------------------------------------------------------------------------

    def _check(self) -> None:
        for change in self.office.changes():
            self.counted[change.state.value] += 1
            told = f"seed {self.seed}: {change}"
            assert change.state in _ENDED, told
            steps = self.office.steps(change.id)
            issue = self.office.tracker.issues[int(change.issue_id.partition(":")[2])]
            moves = [m for m in _moves(issue, change.field) if m[2] == self.us]
            ends = [one.step.end for one in steps]
            assert len(moves) <= len(steps), f"{told}: sent twice: {moves} by {steps}"
            assert len(ends) <= len(set(ends)) + self.kills, told
            allowed = {change.base.id, *ends}
            for start, _, _ in moves:
                said = "in the same moment" in (change.message or "") or change.state is not ChangeState.VERIFIED
                assert start in allowed or said, f"{told}: overwrote {start}: {_moves(issue, change.field)}"
                self.counted["in the same moment"] += start not in allowed
            if change.state is ChangeState.VERIFIED and steps:
                self._check_verified(change, issue, told)

    def _check_verified(self, change: WantedChange, issue: Issue, told: str) -> None:
        newest = _moves(issue, change.field)[-1]
        if change.before is None:  # somebody else made it so, while we were at it
            assert newest[2] != self.us, told
            return
        value = issue.status_id if change.field == "status" else issue.priority_id
        assert change.after is not None and (newest[2] != self.us or value == change.after.id), told
        marks = [c for c in issue.comments if f"(pmo change {change.id})" in c.text]
        assert len(marks) == 1, f"{told}: {len(marks)} comments"

    def _undo(self) -> None:
        verified = [c for c in self.office.changes() if c.state is ChangeState.VERIFIED and self.office.steps(c.id)]
        verified = [c for c in verified if c.before is not None]
        untouched = {}
        for change in verified:
            issue = self.office.tracker.issues[int(change.issue_id.partition(":")[2])]
            untouched[change.id] = _moves(issue, change.field)[-1][2] == self.us
        backs = dict(zip(self.office.undo(*untouched), verified, strict=True))
        self._push_once()
        for id_, change in backs.items():
            issue = self.office.tracker.issues[int(change.issue_id.partition(":")[2])]
            value = issue.status_id if change.field == "status" else issue.priority_id
            back = self.office.change(id_)
            told = f"seed {self.seed}: {back}"
            assert change.before is not None
            if back.state is ChangeState.FAILED:  # not every workflow leads back
                assert change.field == "status" and back.base.id is not None, told
                leads = self._leads(issue, back.base.id, change.before.id or "")
                known = "no way|the tool (offers no way|offers the step|does not offer)"  # a young hub knows few ways
                assert not leads or re.match(known, back.message or ""), told
                self.counted["undo: no way known"] += leads
            elif untouched[change.id]:
                assert (back.state, value) == (ChangeState.VERIFIED, change.before.id), told
            else:
                assert back.state is ChangeState.CONFLICT or value == change.before.id, told
            self.counted[f"undone: {back.state}"] += 1

    def _leads(self, issue: Issue, start: str, end: str) -> bool:
        """Whether the workflow has a way."""
        all_ways = ways(self.office.tracker.projects[issue.project_id])
        reached, front = {start}, [start]
        while front:
            here = front.pop()
            new = {way.target for way in all_ways if way.source in (None, here)} - reached
            reached |= new
            front += new
        return end in reached


_UNDER_WAY = (ChangeState.APPROVED, ChangeState.APPLIED)
_ENDED = (ChangeState.VERIFIED, ChangeState.CONFLICT, ChangeState.FAILED)


def _moves(issue: Issue, field_: str) -> list[tuple[str | None, str | None, str | None]]:
    """From, to and by whom, oldest first."""
    return [
        (item.old, item.new, change.author)
        for change in issue.changes
        for item in change.items
        if item.field_id == field_
    ]


def run_trial(folder: Path, seed: int, *, changes: int, kills: int, issues: int) -> Counter[str]:
    """Raises AssertionError with the seed in its text."""
    with office(folder, issues=issues, max_changes=10_000) as made:
        trial = Trial(made, seed, changes, kills)
        trial.run()
        return trial.counted
