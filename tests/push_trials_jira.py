"""A make-believe Jira as the tool of a trial of pushing (`tests.push_trials`)."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from flows.changes import WishLine
from sandbox.jira import HUB_EMAIL, TOKEN
from sandbox.jira_records import Issue
from sandbox.jira_workflow import ways
from tests.push_trials import Move, run_trial
from tests.pushing import SOURCE, Office, is_write, office

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


class TriedJira:
    """As in `tests.push_trials.Tried`."""

    env: Mapping[str, str] = {"JIRA_EMAIL": HUB_EMAIL, "JIRA_TOKEN": TOKEN}

    def __init__(self, hub: Office) -> None:
        self.hub = hub
        self.tracker = hub.tracker
        self.config = CONFIG.format(url=hub.server.url)
        self.us = self.tracker.logins[HUB_EMAIL].account_id
        self.others = [id_ for id_ in self.tracker.users if id_ != self.us][:5]

    def lines(self, random_: random.Random) -> list[WishLine]:
        tracker = self.tracker
        issues = [i for i in tracker.issues.values() if not i.hidden and tracker.projects[i.project_id].state == "live"]
        random_.shuffle(issues)
        lines = []
        for issue in issues:
            project = tracker.projects[issue.project_id]
            status = random_.choice(project.status_ids)
            wanted = {"status": status} if random_.random() < 0.5 or not project.has_priority else {}
            if project.has_priority and (not wanted or random_.random() < 0.3):
                wanted["priority"] = random_.choice(list(tracker.priorities))
            lines.append(WishLine(f"{SOURCE}:{issue.id}", **wanted))
        return lines

    def edit(self, random_: random.Random, wanted: Sequence[str]) -> None:
        issue = self.tracker.issues[random_.choice([int(id_) for id_ in wanted] or sorted(self.tracker.issues))]
        new: dict[str, Any] = {"status_id": random_.choice(self.tracker.projects[issue.project_id].status_ids)}
        if issue.priority_id and random_.random() < 0.5:
            new = {"priority_id": random_.choice(["2", "3"])}
        self.tracker.edit(issue.id, by=random_.choice(self.others), **new)

    def trouble(self, seed: int, before: Callable[[bool], None]) -> None:
        self.hub.server.set_faults(FAULTS | {"seed": seed, "retry_after_seconds": 0})
        self.hub.server.before_any = lambda method, target, _body: before(is_write(method, target))

    def calm(self) -> None:
        self.hub.server.before_any = None
        self.hub.server.set_faults(dict.fromkeys(FAULTS, 0.0))

    def moves(self, id_: str, field_: str) -> list[Move]:
        return [
            (item.old, item.new, change.author == self.us)
            for change in self._issue(id_).changes
            for item in change.items
            if item.field_id == field_
        ]

    def value(self, id_: str, field_: str) -> str | None:
        issue = self._issue(id_)
        return issue.status_id if field_ == "status" else issue.priority_id

    def word(self, field_: str, value: str | None) -> str:
        known = self.tracker.statuses if field_ == "status" else self.tracker.priorities
        return known[value or ""].name

    def comments(self, id_: str, mark: str) -> int | None:
        return sum(mark in comment.text for comment in self._issue(id_).comments)

    def leads(self, id_: str, start: str, end: str) -> bool:
        all_ways = ways(self.tracker.projects[self._issue(id_).project_id])
        reached, front = {start}, [start]
        while front:
            here = front.pop()
            new = {way.target for way in all_ways if way.source in (None, here)} - reached
            reached |= new
            front += new
        return end in reached

    def _issue(self, id_: str) -> Issue:
        return self.tracker.issues[int(id_)]


def run_jira_trial(seed: int, folder: Path, *, changes: int, kills: int, issues: int) -> Counter[str]:
    """Raises AssertionError with the seed in its text."""
    with office(folder, issues=issues, max_changes=10_000) as made:
        return run_trial(TriedJira(made), seed, changes=changes, kills=kills)
