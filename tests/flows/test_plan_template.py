"""`pmo init --plan`: templates that say what they hold, overwrite nothing, and sync as they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.contract import Partition
from connectors.plan import STREAMS, PlanConnector
from flows.config import load
from flows.plan_template import EXAMPLES, described, example, keys_described, template, write_templates
from model.config import SourceSettings
from model.plan_files import PLAN_FILES
from tests.running import pmo, well

DOCS = Path(__file__).resolve().parents[2] / "docs" / "connectors" / "plan.md"


def connector(folder: Path) -> PlanConnector:
    return PlanConnector(SourceSettings(name="plan", type="plan", folder=folder.name, root=str(folder.parent)))


def rows_of(folder: Path) -> dict[str, int]:
    plan = connector(folder)
    found = {}
    for stream in STREAMS:
        for page in plan.pull(Partition(stream.name, "all")):
            batch = plan.decode(stream.name, page.body)
            assert (page.status, batch.rejects) == (200, [])
            found[stream.table] = batch.rows[stream.table].num_rows
    return found


def test_a_folder_of_templates_is_read_and_holds_no_rows(tmp_path: Path):
    written, left = write_templates(tmp_path / "plan")
    assert (written, left) == ([f"{name}.csv" for name in PLAN_FILES], [])
    assert set(rows_of(tmp_path / "plan").values()) == {0}
    told = connector(tmp_path / "plan").rights()
    assert told.missing == []


@pytest.mark.parametrize("name", PLAN_FILES)
def test_a_template_explains_each_column_and_its_example_fits(tmp_path: Path, name: str):
    file = PLAN_FILES[name]
    text = template(file)
    assert [f"# {c.heading}: " in text for c in file.columns] == [True] * len(file.columns)
    assert all(c.description for c in file.columns)
    folder = tmp_path / "plan"
    write_templates(folder)
    (folder / f"{name}.csv").write_text(example(file), encoding="utf-8")
    found = rows_of(folder)
    assert {table for table, rows in found.items() if rows} == set(file.tables)
    assert set(EXAMPLES[name]) <= {c.heading for c in file.columns}


def test_init_writes_templates_and_a_configuration_that_syncs(tmp_path: Path):
    said = well(pmo("init", "--plan", cwd=tmp_path))
    assert "wrote 18 files into plan" in said and "wrote pmo.toml, with the source plan" in said
    assert load(tmp_path / "pmo.toml").sources["plan"].place == tmp_path / "plan"
    assert "plan: done: 0 rows changed" in well(pmo("sync", cwd=tmp_path))


def test_init_overwrites_nothing_and_says_what_to_add(tmp_path: Path):
    folder = tmp_path / "kept here"
    folder.mkdir()
    (folder / "costs.csv").write_text("mine")
    (tmp_path / "pmo.toml").write_text("[hub]\n")
    said = well(pmo("init", "--plan", "kept here", cwd=tmp_path))
    assert "wrote 17 files into kept here" in said
    assert "left as they were in kept here: costs.csv" in said
    assert '[sources.plan]\ntype = "plan"\nfolder = "kept here"\n' in said
    assert (folder / "costs.csv").read_text() == "mine"
    assert (tmp_path / "pmo.toml").read_text() == "[hub]\n"


def test_the_page_of_the_docs_names_each_file_and_column():
    page = DOCS.read_text(encoding="utf-8")
    assert described() in page
    assert keys_described() in page
