"""The tracker of `memory_tool`, read in bulk: ids first, then records with all that hangs on them, as Jira is.

Issues bring their history and hours along, cut after some entries; what was cut is completed for many issues at once,
over several pages in the order of time, so that no page alone says that a list is whole. Hours change by a feed, and a
second feed tells the deleted ones. Archived projects are said to be archived.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pyarrow as pa

from connectors.contract import (
    Batch,
    Census,
    Departure,
    Identity,
    Listing,
    Page,
    Partition,
    Plan,
    Reading,
    Reject,
    Stream,
)
from model.columns import rows_to_arrow
from model.errors import BadRecord
from model.vocabulary import Availability
from tests.memory_tool import (
    ARCHIVED,
    Manners,
    MemoryConnector,
    MemoryIssue,
    MemoryTracker,
    change_row,
    decode_issues,
    understood,
    worklog_record,
    worklog_row,
)

SHOWN = 2
"""Entries of a list that an issue shows; the newest of its history, the oldest of its hours."""

STREAMS = (
    Stream("projects", "projects", Reading.ALL, Census.LISTING),
    Stream("accounts", "accounts", Reading.ALL, Census.LISTING, probes=False, refresh_hours=12),
    Stream("words", "words", Reading.ALL, Census.LISTING, probes=False, refresh_hours=12),
    Stream("issues", "issues", Reading.WINDOW, Census.IDS),
    Stream("worklogs", "worklogs", Reading.WINDOW, Census.NONE, probes=False),
    Stream(
        "issue_changes", "issue_changes", Reading.FOLLOW, Census.NONE, follows="issues", only_cut=True, probes=False
    ),
    Stream("issue_worklogs", "worklogs", Reading.FOLLOW, Census.NONE, follows="issues", only_cut=True, probes=False),
)


class BulkConnector(MemoryConnector):
    """Reads a `MemoryTracker` as a tool with bulk answers."""

    def __init__(self, tracker: MemoryTracker, manners: Manners | None = None) -> None:
        super().__init__(tracker, manners)
        self.streams = STREAMS
        tracker.hours_on_issues = True
        self._reads_whole = False  # issues, in this run: they bring their hours along

    # ---- network

    def identify(self) -> Identity:
        self._reads_whole = False
        return super().identify()

    def plan(self, stream: Stream, since: datetime | None) -> Plan:
        if stream.name == "issues":
            self._reads_whole = since is None
            parts: list[Partition] = []
            return Plan(parts, self._ids_first(since, parts), lists_all=since is None)
        if stream.name == "worklogs":
            bound = since.isoformat() if since else ""
            # read whole, they come with their issues; what is missing there is still to be told from what is deleted
            kinds = ("deleted",) if self._reads_whole and since is None else ("updated", "deleted")
            return Plan([Partition("worklogs", kind, {"feed": kind, "since": bound}) for kind in kinds])
        if stream.name == "projects":
            return Plan([Partition("projects", kind, {"projects": kind}) for kind in ("live", ARCHIVED)])
        return super().plan(stream, since)

    def _ids_first(self, since: datetime | None, parts: list[Partition]) -> Iterator[Page]:
        spec = {"since": since.isoformat() if since else None}
        after = 0
        while True:

            def answer(after: int = after) -> dict[str, Any]:
                found = [r["id"] for r in self._listed("issues", spec) if int(r["id"]) > after]
                return {"ids": found[: 2 * self.manners.page_size]}

            page = self._page("issues", answer)
            ids = json.loads(page.body)["ids"]
            yield page
            if not ids:
                return
            size = self.manners.page_size
            parts += [
                Partition("issues", f"ids {ids[n]}", {"ids": ids[n : n + size]}) for n in range(0, len(ids), size)
            ]
            after = int(ids[-1])

    def follow(self, stream: Stream, ids: Sequence[str]) -> list[Partition]:
        size = 3
        chunks = [list(ids[n : n + size]) for n in range(0, len(ids), size)]
        return [Partition(stream.name, f"of {c[0]}", {"owners": c}, completes=c) for c in chunks]

    def fetch(self, stream: Stream, ids: Sequence[str]) -> list[Partition]:
        return [Partition(stream.name, f"again {ids[0]}", {"ids": list(ids)})]

    def pull(self, partition: Partition) -> Iterator[Page]:
        spec, stream = partition.spec, partition.stream
        if "feed" in spec:
            yield self._page(stream, lambda: self._feed(str(spec["feed"]), str(spec["since"])), partition=partition.key)
        elif "owners" in spec:
            yield from self._lists(partition)
        elif "projects" in spec:
            state = str(spec["projects"])
            yield self._page(stream, lambda: {state: self._projects(state)}, partition=partition.key)
        elif stream == "issues":
            yield self._page(stream, lambda: self._bulk(spec["ids"]), partition=partition.key)
        else:
            yield from super().pull(partition)

    # ---- inside

    def _feed(self, kind: str, since: str) -> dict[str, Any]:
        if kind == "deleted":
            return {"deleted": [str(id_) for id_, at in self.tracker.deleted_hours if at.isoformat() >= since]}
        return {"rows": [r for r in self._listed("worklogs", {}) if r["updated"] >= since]}

    def _projects(self, state: str) -> list[str]:
        wanted = "visible" if state == "live" else state
        return [str(id_) for id_, held in self.tracker.projects.items() if held == wanted]

    def _bulk(self, ids: object) -> dict[str, Any]:
        assert isinstance(ids, list)
        found = [self.tracker.issues.get(int(id_)) for id_ in ids]
        return {"bulk": [self._whole(issue) for issue in found if issue and self.tracker.sees_issue(issue)]}

    def _whole(self, issue: MemoryIssue) -> dict[str, Any]:
        hours = self._hours(issue.id)
        return {
            **self.tracker.issue_record(issue),
            "history": {"total": len(issue.history), "shown": issue.history[-SHOWN:]},
            "hours": {"total": len(hours), "shown": hours[:SHOWN]},
        }

    def _hours(self, issue: int) -> list[dict[str, Any]]:
        return [worklog_record(w) for w in self.tracker.worklogs.values() if w.issue == issue]

    def _lists(self, partition: Partition) -> Iterator[Page]:
        """Of all owners, in the order of time, some entries a page: an owner is spread over several."""
        owners = partition.spec["owners"]
        assert isinstance(owners, list)
        after = 0
        while True:

            def answer(after: int = after) -> dict[str, Any]:
                seen = [i for i in map(int, owners) if i in self.tracker.issues]
                seen = [i for i in seen if self.tracker.sees_issue(self.tracker.issues[i])]
                if partition.stream == "issue_worklogs":
                    entries = [h for i in seen for h in self._hours(i)]
                else:
                    entries = [{**h, "issue": str(i)} for i in seen for h in self.tracker.issues[i].history]
                entries = sorted((e for e in entries if int(e["id"]) > after), key=lambda e: int(e["id"]))
                kind = "rows" if partition.stream == "issue_worklogs" else "entries"
                return {kind: entries[:SHOWN], "more": len(entries) > SHOWN}

            page = self._page(partition.stream, answer, partition=partition.key, last=False)
            said = json.loads(page.body)
            if not said["more"]:
                yield replace(page, last=True)
                return
            yield page
            after = int((said.get("rows") or said["entries"])[-1]["id"])

    # ---- pure

    def decode(self, stream: str, body: bytes) -> Batch:
        if self.garbled == stream:
            raise BadRecord("memory: that is no answer")
        answer = understood(body)
        if "bulk" in answer:
            return _decode_bulk(answer["bulk"])
        if "entries" in answer:
            rows = [change_row(h["issue"], h) for h in answer["entries"]]
            return Batch({"issue_changes": rows_to_arrow("issue_changes", rows)}, seen=len(rows))
        if "deleted" in answer:
            gone = [Departure(i, Availability.DELETED, "in the feed of deletions") for i in answer["deleted"]]
            return Batch(departed={"worklogs": gone}, seen=len(gone))
        if "live" in answer:
            return super().decode(stream, json.dumps({"rows": [{"id": i} for i in answer["live"]]}).encode())
        if ARCHIVED in answer:
            gone = [Departure(i, Availability.ARCHIVED, "listed as archived") for i in answer[ARCHIVED]]
            found = super().decode(stream, json.dumps({"rows": [{"id": i} for i in answer[ARCHIVED]]}).encode())
            return replace(found, departed={"projects": gone})
        return super().decode("worklogs" if stream == "issue_worklogs" else stream, body)

    def decode_census(self, stream: str, body: bytes) -> Listing:
        listing = super().decode_census(stream, body)
        return replace(listing, ids=pa.array(listing.ids, pa.string()))


def _decode_bulk(records: list[dict[str, Any]]) -> Batch:
    found = decode_issues(records)
    good = [r for r in records if isinstance(r["spent"], int)]
    changes = [change_row(r["id"], h) for r in good for h in r["history"]["shown"]]
    hours = [worklog_row(w) for r in good for w in r["hours"]["shown"]]
    whole = {name: [r["id"] for r in good if len(r[name]["shown"]) == r[name]["total"]] for name in _LISTED}
    rejects: Sequence[Reject] = found.rejects
    return Batch(
        rows={
            **found.rows,
            "issue_changes": rows_to_arrow("issue_changes", changes),
            "worklogs": rows_to_arrow("worklogs", hours),
        },
        rejects=rejects,
        complete={**found.complete, "issue_changes": whole["history"], "worklogs": whole["hours"]},
        cut={
            stream: [r["id"] for r in good if r["id"] not in whole[name]]
            for name, stream in (("history", "issue_changes"), ("hours", "issue_worklogs"))
        },
        seen=found.seen,
    )


_LISTED = ("history", "hours")
