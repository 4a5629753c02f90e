"""How the hub stands, for machines: gauges in Prometheus' text format, and whether all is well."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from model.change import WantedChange
from model.vocabulary import ChangeState, RunState
from warehouse.read import StatusFacts

__all__ = ["OLD_AFTER", "as_prometheus", "unwell"]

OLD_AFTER = timedelta(hours=36)
"""As the check `source-old`."""


def as_prometheus(facts: StatusFacts, changes: Sequence[WantedChange], health: dict[str, int]) -> str:
    """Gauges; times are seconds since 1970. What is not known has no sample. `health`: projects by colour."""
    registry = CollectorRegistry()

    def gauge(name: str, says: str, *labels: str) -> Gauge:
        return Gauge(f"pmo_{name}", says, labels, registry=registry)

    published = gauge("published_timestamp_seconds", "When the portfolio file was written")
    fresh = gauge("source_fresh_through_timestamp_seconds", "Everything of the source up to here is in", "source")
    complete = gauge("source_completeness_ratio", "Share of what the tool says exists that landed", "source")
    for row in facts.about:
        published.set(_seconds(row["generated_at"]))
        if row["source"] is None:
            continue
        if row["fresh_through_at"] is not None:
            fresh.labels(row["source"]).set(_seconds(row["fresh_through_at"]))
        if row["completeness"] is not None:
            complete.labels(row["source"]).set(row["completeness"])
    began = gauge("source_last_run_timestamp_seconds", "When the last run of the source began", "source")
    well = gauge("source_last_run_ok", "1: the last run read all of the source", "source")
    for row in facts.runs:
        began.labels(row["source"]).set(_seconds(row["started_at"]))
        well.labels(row["source"]).set(row["state"] == RunState.DONE.value)
    held = gauge("held_back_rows", "Rows kept although absent in the tool", "source", "stream")
    quarantined = gauge("quarantined_records", "Records that do not fit", "source", "stream")
    for row in facts.held_back:
        held.labels(row["source"], row["stream"]).set(row["held_back"])
    for row in facts.quarantine:
        quarantined.labels(row["source"], row["stream"]).set(row["records"])
    words = gauge("unmapped_words", "Words of the tool that no rule maps", "source")
    for row in facts.words:
        words.labels(row["source"]).inc()
    states = gauge("changes", "Wanted changes by state", "state")
    for state in ChangeState:
        states.labels(state.value).set(sum(change.state is state for change in changes))
    projects = gauge("projects", "Projects of the plan by health", "health")
    for colour, number in health.items():
        projects.labels(colour).set(number)
    return generate_latest(registry).decode()


def unwell(facts: StatusFacts, now: datetime) -> Iterator[str]:
    """A sentence for each source that failed, lacks something, or is older than a day and a half."""
    runs = {row["source"]: row["state"] for row in facts.runs}
    for row in facts.about:
        source, through = row["source"], row["fresh_through_at"]
        if source is None:
            yield "no source has been read yet: run `pmo sync`"
        elif through is None:
            yield f"{source}: a part of it was never read"
        elif now - through.replace(tzinfo=UTC) > OLD_AFTER:
            yield f"{source}: known up to {through:%Y-%m-%d %H:%M}Z only"
        elif row["completeness"] is not None and row["completeness"] < 1:
            yield f"{source}: holds {row['completeness']:.2%} of what the tool has"
        elif runs.get(source) not in (None, RunState.DONE.value):
            yield f"{source}: its last run {runs[source]}"


def _seconds(at: Any) -> float:
    return float(at.replace(tzinfo=UTC).timestamp())
