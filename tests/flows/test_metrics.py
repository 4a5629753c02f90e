"""What machines are told: gauges that a second reader understands, and an exit status."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from prometheus_client.parser import text_string_to_metric_families

from flows.cli import cli
from flows.metrics import unwell
from tests.warehouse.small_hub import STATUSES, SmallHub, issue, project
from warehouse.read import Reader

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pmo.toml").write_text("[hub]\n")
    hub = SmallHub(tmp_path / "data")
    for source, age, present, state in (("ops", 1, 4, "done"), ("web", 40, 4, "done"), ("crm", 1, 3, "incomplete")):
        hub.land(source, projects=[project("1")], issues=[issue("7", native_status_id="1")], words=STATUSES)
        hub.hub.con.execute("UPDATE ledger.runs SET state = ? WHERE source = ?", [state, source])
        through = NOW - timedelta(hours=age)
        hub.note("cursors", source=source, stream="issues", through_at=through, census=4, present=present)
    hub.publish(NOW)
    hub.close()
    return tmp_path


def run(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(cli, ["status", *words, "--config", str(folder / "pmo.toml")])


def test_gauges_that_prometheus_reads(folder: Path) -> None:
    told = run(folder, "--prometheus")
    assert told.exit_code == 0, told.output
    samples = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(told.output)
        for sample in family.samples
    }
    assert samples["pmo_source_completeness_ratio", "crm"] == 0.75
    assert samples["pmo_source_fresh_through_timestamp_seconds", "web"] == (NOW - timedelta(hours=40)).timestamp()
    assert [samples["pmo_source_last_run_ok", name] for name in ("ops", "crm")] == [1, 0]
    assert samples["pmo_published_timestamp_seconds",] == NOW.timestamp()
    assert samples["pmo_changes", "conflict"] == 0
    assert all(name.startswith("pmo_") for name, *_ in samples)


def test_what_is_not_well_is_said_and_is_an_exit_status(folder: Path) -> None:
    told = run(folder, "--health")
    assert told.exit_code == 1
    crm, web = told.output.splitlines()
    assert crm == "crm: holds 75.00% of what the tool has" and web.startswith("web: known up to ")


def test_all_is_well(folder: Path) -> None:
    with Reader(folder / "data") as reader:
        facts = reader.status_facts()
    only = {"about": [row for row in facts.about if row["source"] == "ops"]}
    assert list(unwell(type(facts)(**(vars(facts) | only)), NOW)) == []
