"""A plan in files: which files are read, what their cells mean, what is set aside, and how it gets into the hub."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

import connectors.plan as plan_module
from connectors.contract import Batch, Partition, Reject
from connectors.misfit import Misfit
from connectors.plan import STREAMS, PlanConnector
from connectors.plan_cells import Manner, read_cell
from flows.config import load
from model.columns import columns_of
from model.config import SourceSettings
from model.errors import ConfigError, Refused
from model.plan_files import PLAN_FILES, CellKind, PlanColumn, plan_columns
from model.tables import RECORDS, SYNCED
from tests.connectors.contract import ConnectorContract
from tests.running import pmo, well
from warehouse.read import Reader

REAL = Path(__file__).resolve().parents[3] / "shared" / "realdata"

Table = list[dict[str, Any]]


def source(folder: Path, tables: Mapping[str, Any] | None = None) -> SourceSettings:
    return SourceSettings.model_validate(
        {"name": "plan", "type": "plan", "folder": folder.name, "root": str(folder.parent), "tables": tables or {}}
    )


def batches(folder: Path, table: str, tables: Mapping[str, Any] | None = None) -> list[Batch]:
    connector = PlanConnector(source(folder, tables))
    return [connector.decode(table, page.body) for page in connector.pull(Partition(table, "all"))]


def landed(folder: Path, table: str, tables: Mapping[str, Any] | None = None) -> Table:
    return [row for batch in batches(folder, table, tables) for row in batch.rows[table].to_pylist()]


def rejected(folder: Path, table: str, tables: Mapping[str, Any] | None = None) -> list[Reject]:
    return [reject for batch in batches(folder, table, tables) for reject in batch.rejects]


def said(folder: Path, table: str, tables: Mapping[str, Any] | None = None) -> list[tuple[str | None, str | None, str]]:
    return [(r.native_id, r.field, r.error) for r in rejected(folder, table, tables)]


def workbook(path: Path, sheets: Mapping[str, Sequence[Sequence[Any]]]) -> None:
    book = Workbook()
    del book[book.sheetnames[0]]
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    book.save(path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "plan"
    made.mkdir()
    return made


# ------------------------------------------------------------------ the laws of connectors

FILES = {
    "programs": "key,name\nDIG,Digital „workplace“ 🐙\n",
    "projects": "key,name,stage,hold from\nP-1,Web shop,execution,\nP-2,Portal,closed,\nP-3,Archive,,2026-05-01\n",
    "milestones": "project,name,due\nP-1,Go-live,2026-11-30\n",
    "scopes": "project,in project\nP-1,SHOP;PAY\nP-2,WEB\n",
    "budget_lines": "project,category,amount\nP-1,licences,1200\n",
    "baselines": "project,number,approved by\nP-1,1,Ann Berg\n",
    "work_packages": "project,baseline,name\nP-1,1,Payment\n",
    "rates": "role,hourly rate,currency,from\ndeveloper,95,EUR,2026-01-01\n",
    "team_members": "person,from\nann@example.com,2026-01-01\n",
    "calendars": "name\nHamburg\n",
    "calendar_days": "calendar,day\nHamburg,2026-12-25\n",
    "absences": "person,from,to\nann@example.com,2026-08-03,2026-08-14\n",
    "costs": "project,amount,id\nP-1,4800,4711\n",
    "exchange_rates": "from,to,month,rate\nUSD,EUR,2026-04,0.92\n",
    "risks": "project,title\nP-1,Provider is late\n",
    "benefits": "project,name,month\nP-1,Fewer calls,2027-01\n",
    "change_requests": "project,title\nP-1,Gift cards\n",
    "health_overrides": "project,health,said by,reason,until\nP-1,amber,Ann Berg,no contract,2026-07-31\n",
}
IDS = {
    "program_plans": {"DIG"},
    "projects": {"P-1", "P-2", "P-3"},
    "project_plans": {"P-1", "P-2", "P-3"},
    "milestones": {"P-1|Go-live"},
    "project_scopes": {"P-1:1", "P-2:2"},
    "budget_lines": {"P-1|licences"},
    "baselines": {"P-1|1"},
    "work_packages": {"P-1|1|Payment"},
    "rates": {"|developer||2026-01-01"},
    "team_members": {"ann@example.com|2026-01-01"},
    "calendars": {"Hamburg"},
    "calendar_days": {"Hamburg|2026-12-25"},
    "absences": {"ann@example.com|2026-08-03"},
    "cost_entries": {"4711"},
    "exchange_rates": {"USD|EUR|2026-04"},
    "risk_register": {"P-1|Provider is late"},
    "benefits": {"P-1|Fewer calls|2027-01"},
    "change_requests": {"P-1|Gift cards"},
    "health_overrides": {"P-1||2026-07-31"},
}


def fill(folder: Path, **other: str) -> None:
    for name, text in {**FILES, **other}.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")


class _PlanTool:
    secret = "no secret at all"

    def __init__(self, folder: Path) -> None:
        fill(folder)
        self.connector = PlanConnector(source(folder))

    def ids(self, stream: str) -> set[str]:
        return IDS[stream]

    def edit_issue(self) -> str:
        raise AssertionError("a plan has no issues: no test of it may edit one")

    def delete_issue(self) -> str:
        raise AssertionError("a plan has no issues: no test of it may delete one")

    def offline(self) -> PlanConnector:
        return PlanConnector(SourceSettings(name="plan", type="plan"))


class TestPlan(ConnectorContract):
    @pytest.fixture
    def tool(self, folder: Path) -> _PlanTool:
        return _PlanTool(folder)

    # files hold no issues
    test_a_window_holds_what_was_edited_and_not_all_the_rest = None  # type: ignore[assignment]
    test_records_are_fetched_by_id_and_hidden_ones_left_out = None  # type: ignore[assignment]
    test_a_probe_tells_the_living_from_the_gone = None  # type: ignore[assignment]
    test_following_what_is_gone_is_an_answer_and_no_error = None  # type: ignore[assignment]


def test_there_is_a_stream_for_each_table_of_a_plan_parents_first():
    planned = [r.table for r in SYNCED if r.__module__ == "model.planning"]
    assert {s.table for s in STREAMS} == {"projects", "milestones", *planned}
    order = [s.table for s in STREAMS]
    for table in order:
        refs = {c.ref for c in columns_of(RECORDS[table]) if c.ref} & set(order) - {table}
        assert all(order.index(ref) < order.index(table) for ref in refs)


# ------------------------------------------------------------------ which files


def test_the_state_of_a_project_is_that_of_its_plan(folder: Path):
    fill(folder)
    assert {r["native_id"]: r["native_state"] for r in landed(folder, "projects")} == {
        "P-1": "active",
        "P-2": "closed",
        "P-3": "on_hold",
    }


def test_a_sheet_of_any_workbook_is_found_by_its_name(folder: Path):
    workbook(folder / "PMO 2026.xlsx", {"Notes": [["nothing"]], "Budget-Lines": [
        ["Project", "CATEGORY", "Amount\nin EUR", "amount", None],
        ["P-1", "licences", "x", 12.5, None],
        [None],
        ["P-2", "people", None, 7, "a remark at the side"],
    ]})  # fmt: skip
    assert [(r["native_id"], r["amount"]) for r in landed(folder, "budget_lines")] == [
        ("P-1|licences", 12.5),
        ("P-2|people", 7.0),
    ]
    (rows,) = [b.rejects for b in batches(folder, "budget_lines")]
    assert rows == []


def test_one_table_in_two_places_is_one_error_that_names_both(folder: Path):
    fill(folder)
    workbook(folder / "all.xlsx", {"Costs": [["project", "amount"], ["P-1", 1]]})
    with pytest.raises(Refused, match=r"costs stands in all\.xlsx, sheet Costs and in costs\.csv: remove one"):
        batches(folder, "cost_entries")
    assert len(landed(folder, "cost_entries", {"costs": {"file": "all.xlsx"}})) == 1
    assert len(landed(folder, "risk_register")) == 1


def test_several_files_feed_one_table_where_it_is_configured(folder: Path):
    (folder / "costs-2026-10.csv").write_text("project,amount\nP-1,5\nP-1,5\n")
    (folder / "costs-2026-11.csv").write_text("amount;project\n7;P-1\n5;P-1\n")
    for file in (["costs-2026-10.csv", "costs-2026-11.csv"], "costs-*.csv"):
        rows = landed(folder, "cost_entries", {"costs": {"file": file}})
        assert [r["amount"] for r in rows] == [5.0, 5.0, 7.0, 5.0]
        assert len({r["native_id"] for r in rows}) == 4
    assert landed(folder, "cost_entries") == []


def test_a_table_without_a_file_is_an_answer_of_its_own(folder: Path):
    (page,) = PlanConnector(source(folder)).pull(Partition("risk_register", "all"))
    assert (page.status, page.last) == (404, True)


@pytest.mark.parametrize(
    ("tables", "says"),
    [
        ({"file": "gone.csv"}, "there is no file gone.csv in plan: correct tables.risks.file"),
        ({"file": "gone-*.csv"}, "there is no file gone-*.csv in plan"),
        ({"file": "old.xls"}, "old.xls is neither .csv nor .xlsx"),
        ({"file": "two.xlsx"}, "two.xlsx has several sheets and none is called risks"),
        ({"file": "two.xlsx", "sheet": "c"}, "two.xlsx has no sheet of the name in tables.risks.sheet"),
        ({"file": "two.xlsx", "sheet": "a"}, "two.xlsx, sheet a has no column project: add it, or say"),
        ({"file": "broken.xlsx"}, "broken.xlsx is no workbook that can be read"),
        ({"file": "binary.csv"}, "binary.csv is not text in UTF-8 or of Windows"),
        ({"file": "quotes.csv"}, "quotes.csv, row 3: the quotes of its cells do not match"),
        ({"file": "good.csv", "header_row": 2}, "good.csv, row 2 holds no headings"),
        ({"file": "good.csv", "columns": {"owner": "Wer"}}, "good.csv has no column “Wer”: correct tables.risks.col"),
        ({"file": "double.csv"}, "double.csv has two columns title: remove or rename"),
        ({"file": "empty.csv"}, "empty.csv has no column project"),
        (
            {"file": "double.csv", "header_row": 2},
            "headings were taken from row 2: tables.risks.header_row names another",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_one_sentence(folder: Path, tables: dict[str, Any], says: str):
    (folder / "old.xls").write_bytes(b"\xd0\xcf\x11\xe0")
    (folder / "broken.xlsx").write_bytes(b"PK\x03\x04 cut short")
    (folder / "binary.csv").write_bytes(b"project,title\0\x81\n")
    (folder / "quotes.csv").write_text('project,title\nP-1,"good"\nP-1,"bad\n')
    (folder / "good.csv").write_text("project,title\n\nP-1,late\n")
    (folder / "double.csv").write_text("project,title,Title\nP-1,late,early\n")
    (folder / "empty.csv").write_text("\n\n")
    workbook(folder / "two.xlsx", {"a": [["one"]], "b": [["two"]]})
    with pytest.raises(Refused) as raised:
        batches(folder, "risk_register", {"risks": tables})
    assert says in str(raised.value)


def test_a_folder_that_is_not_there_is_said(folder: Path):
    with pytest.raises(ConfigError, match="there is no folder nowhere: run `pmo init --plan nowhere`"):
        PlanConnector(source(folder.parent / "nowhere")).identify()
    (folder / "file").write_text("")
    with pytest.raises(ConfigError, match="file is a file: folder names the folder"):
        PlanConnector(source(folder / "file")).identify()


def test_check_tells_what_is_read_what_is_not_and_what_is_not_there(folder: Path):
    fill(folder, risks="project,title,Ampel,Notiz\nP-1,late,x,y\n", costs="amount\n1\n")
    (folder / "rates.csv").rename(folder / "cost-s2.csv")
    told = PlanConnector(source(folder)).rights()
    assert "read risks from risks.csv" in told.may
    assert 'cost-s2.csv: nothing is read from it; did you mean "costs"?' in told.missing
    assert "risks.csv: nothing is read from its columns Ampel, Notiz" in told.missing
    assert any("costs.csv has no column project" in one for one in told.missing)
    assert told.missing[-1] == "no file, and no sheet of a workbook, for rates: nothing is known of these"


# ------------------------------------------------------------------ how a file is written


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_csv_of_every_make_is_read(folder: Path, encoding: str, delimiter: str, end: str):
    rows = [
        '# comment, with "quote; and | tabs',
        "",
        "Project|Title|Owner",
        'P-1|"Größe: „zu, groß;"|Zoë',
        "",
        "P-2|b|",
    ]
    text = end.join(row.replace("|", delimiter) if n > 1 else row for n, row in enumerate(rows)) + end
    text = text.replace("„", "'").replace('|"', '|"')
    (folder / "risks.csv").write_bytes(text.encode(encoding))
    assert [(r["project_id"], r["title"], r["owner"]) for r in landed(folder, "risk_register")] == [
        ("P-1", "Größe: 'zu, groß;", "Zoë"),
        ("P-2", "b", None),
    ]


def test_row_numbers_are_those_a_spreadsheet_shows(folder: Path):
    text = '# two lines\n# above\n\nproject,title,impact\nP-1,"a\nlong\none",9\n\nP-2,b,8\n'
    (folder / "risks.csv").write_text(text)
    fields = [field for _, field, _ in said(folder, "risk_register")]
    assert fields == ["risks.csv, row 5, column impact", "risks.csv, row 7, column impact"]
    workbook(folder / "book.xlsx", {"Risks": [["# a comment"], [], ["project", "title", "impact"], ["P-1", "a", 9]]})
    told = said(folder, "risk_register", {"risks": {"file": "book.xlsx"}})
    assert told == [
        ("P-1|a", "book.xlsx, sheet Risks, row 4, column impact", "a whole number from 1 to 5 was expected")
    ]


def test_what_excel_writes_above_the_headings_is_left_out(folder: Path):
    (folder / "risks.csv").write_text(
        'sep=;\n"# project: a comment, as Excel saves it";;\n;;\nproject;title\nP-1;late\n'
    )
    assert [r["native_id"] for r in landed(folder, "risk_register")] == ["P-1|late"]


def test_a_heading_may_be_a_number_sign(folder: Path):
    (folder / "risks.csv").write_text("#,project,title\n1,P-1,late\n")
    assert [r["native_id"] for r in landed(folder, "risk_register")] == ["P-1|late"]


def test_what_excel_computed_counts_and_what_it_did_not_is_said(folder: Path):
    """openpyxl writes formulas without their values, as scripts do."""
    rows: list[list[Any]] = [["project", "amount", "booked", "note"], ["P-1", "=1+1", None, "=A2"], ["P-1", 3]]
    workbook(folder / "costs.xlsx", {"costs": rows})
    told = said(folder, "cost_entries")
    assert [field for _, field, _ in told] == [
        "costs.xlsx, sheet costs, row 2, column amount",
        "costs.xlsx, sheet costs, row 2, column note",
    ]
    assert "a formula without a value stands here" in told[0][2]
    assert [r["amount"] for r in landed(folder, "cost_entries")] == [3.0]


def test_cells_of_a_workbook_have_their_own_types(folder: Path):
    workbook(
        folder / "risks.xlsx",
        {
            "risks": [
                ["project", "title", "impact", "review", "probability percent", "cost", "owner"],
                [4711, "a", 3, datetime.fromisoformat("2026-05-04T13:05"), 0.45, 1200.5, 7.0],
                [4711, "b", 3.0, date(2026, 5, 5), 45, "€ 1,200.50", True],
                [4711, "c", "#N/A", "#N/A", "45%", "(1,200)", None],
            ]
        },
    )
    book = load_workbook(folder / "risks.xlsx")
    book["risks"]["E2"].number_format = "0%"
    book["risks"]["C4"].data_type = "e"
    book.save(folder / "risks.xlsx")
    rows = landed(folder, "risk_register")
    columns = ("project_id", "impact", "review_on", "probability_percent", "cost", "owner")
    assert [tuple(row[name] for name in columns) for row in rows] == [
        ("4711", 3, date(2026, 5, 4), 45.0, 1200.5, "7"),
        ("4711", 3, date(2026, 5, 5), 45.0, 1200.5, "true"),
        ("4711", None, None, 45.0, -1200.0, None),
    ]
    assert [field for _, field, _ in said(folder, "risk_register")] == [
        "risks.xlsx, sheet risks, row 4, column impact",
        "risks.xlsx, sheet risks, row 4, column review",
    ]


# ------------------------------------------------------------------ what a cell means


def column(kind: CellKind, **more: Any) -> PlanColumn:
    return PlanColumn("it", "it", kind, "", **more)


@pytest.mark.parametrize(
    ("kind", "cell", "value"),
    [
        (CellKind.DAY, "2026-11-30", date(2026, 11, 30)),
        (CellKind.DAY, "2026-11-30T08:00:00Z", date(2026, 11, 30)),
        (CellKind.DAY, "2026-11-30 00:00:00", date(2026, 11, 30)),
        (CellKind.DAY, "30 Nov 2026", date(2026, 11, 30)),
        (CellKind.DAY, "30. November 2026", date(2026, 11, 30)),
        (CellKind.DAY, "Nov 30, 2026", date(2026, 11, 30)),
        (CellKind.DAY, "3. März 2026", date(2026, 3, 3)),
        (CellKind.MONTH, "2026-11-30", date(2026, 11, 1)),
        (CellKind.MONTH, "2026-11", date(2026, 11, 1)),
        (CellKind.MONTH, "Oct 2026", date(2026, 10, 1)),
        (CellKind.DAY_OR_MONTH, "Okt. 2026", date(2026, 10, 1)),
        (CellKind.DAY_OR_MONTH, "2026-10-17", date(2026, 10, 17)),
        (CellKind.NUMBER, "1,234,567.5", 1234567.5),
        (CellKind.NUMBER, "1 234.5", 1234.5),
        (CellKind.NUMBER, "1'234", 1234.0),
        (CellKind.NUMBER, "\N{MINUS SIGN}0.5", -0.5),
        (CellKind.NUMBER, ".5", 0.5),
        (CellKind.NUMBER, "1e3", 1000.0),
        (CellKind.WHOLE, "3.0", 3),
        (CellKind.WHOLE, 3.0, 3),
        (CellKind.YES, "Ja", True),
        (CellKind.YES, "x", True),
        (CellKind.YES, 0, False),
        (CellKind.YES, False, False),
        (CellKind.LIST, "a; b c;a", ["a", "b c"]),
        (CellKind.LIST, "a, b", ["a", "b"]),
        (CellKind.LIST, "Release 1, part 2;", ["Release 1, part 2"]),
        (CellKind.LIST, "a|b\nc", ["a", "b", "c"]),
        (CellKind.CURRENCY, " eur ", "EUR"),
        (CellKind.TEXT, "  ", None),
        (CellKind.TEXT, 657.0, "657"),
        (CellKind.TEXT, {"day": "2026-01-02"}, "2026-01-02"),
    ],
)
def test_a_cell_is_understood(kind: CellKind, cell: Any, value: Any):
    assert read_cell(column(kind), cell, Manner()) == value


@pytest.mark.parametrize(
    ("kind", "cell", "expected"),
    [
        (
            CellKind.DAY,
            "3/4/2026",
            'a day such as 2026-11-30 was expected; set day_format, such as "%d.%m.%Y", as it may ',
        ),
        (CellKind.DAY, "30.11.2026", "set day_format"),
        (CellKind.DAY, "2026-02-30", "a day such as 2026-11-30 was expected"),
        (CellKind.DAY, "2026-11", "a day such as 2026-11-30 was expected"),
        (CellKind.DAY, 46000, "a day such as 2026-11-30 was expected"),
        (CellKind.DAY, "0226-02-03", "the year is far off"),
        (CellKind.MONTH, "Spring 2026", "a month such as 2026-11 was expected"),
        (CellKind.NUMBER, "1.234,5", 'a number was expected; where it has decimals, set decimal = ","'),
        (CellKind.NUMBER, "1,5", 'set decimal = ","'),
        (CellKind.NUMBER, "about 5", "a number was expected"),
        (CellKind.NUMBER, "5%", "a number was expected"),
        (CellKind.NUMBER, "NaN", "a number was expected"),
        (CellKind.NUMBER, "1e999", "a number was expected"),
        (CellKind.NUMBER, True, "a number was expected"),
        (CellKind.NUMBER, {"day": "2026-01-01"}, "a number was expected"),
        (CellKind.NUMBER, "#DIV/0!", "a number was expected; an error of the spreadsheet stands here"),
        (CellKind.WHOLE, "3.5", "a whole number was expected"),
        (CellKind.YES, "perhaps", "yes or no was expected"),
        (CellKind.CURRENCY, "€", "a currency such as EUR was expected"),
        (CellKind.TEXT, "#REF!", "text was expected; an error of the spreadsheet stands here"),
    ],
)
def test_a_cell_that_cannot_be_read_says_what_was_expected_and_not_what_it_holds(
    kind: CellKind, cell: Any, expected: str
):
    with pytest.raises(Misfit) as raised:
        read_cell(column(kind), cell, Manner())
    assert expected in raised.value.error
    assert len(str(cell)) < 3 or str(cell) not in raised.value.error.replace("2026-11-30", "…")


def test_bounds_and_words_are_those_of_the_record():
    by_name = {c.name: c for c in plan_columns("risk_register")}
    with pytest.raises(Misfit, match="a whole number from 1 to 5 was expected"):
        read_cell(by_name["impact"], "6", Manner())
    with pytest.raises(Misfit, match=r'one of open, happened, closed was expected; did you mean "happened"\?'):
        read_cell(by_name["state"], "hapened", Manner())
    rate = next(c for c in plan_columns("exchange_rates") if c.name == "rate")
    with pytest.raises(Misfit, match="a number above 0 was expected"):
        read_cell(rate, "0", Manner())
    method = next(c for c in plan_columns("project_plans") if c.name == "eac_method")
    assert read_cell(method, "ac + (bac - ev) / (cpi*spi)", Manner()) == "AC+(BAC-EV)/(CPI*SPI)"


def test_the_configuration_says_how_a_file_is_written(folder: Path):
    (folder / "Buchungen.csv").write_text(
        "Stand;heute;;\nProjekt;Betrag (T€);Art;Leistungstag\nP-1;1.234,5;Bestellung;3.4.26\nP-2;0,179;;n. v.\n"
    )
    tables = {
        "costs": {
            "file": "Buchungen.csv",
            "header_row": 2,
            "columns": {"project": "Projekt", "amount": "betrag (t€)", "kind": "Art", "worked": "Leistungstag"},
            "words": {"kind": {"bestellung": "commitment"}, "worked_on": {"N.  V.": ""}},
            "values": {"currency": "EUR"},
            "day_format": "%d.%m.%y",
            "decimal": ",",
            "scale": {"amount": 1000},
        }
    }
    names = ("project_id", "amount", "kind", "worked_on", "currency")
    assert [tuple(row[n] for n in names) for row in landed(folder, "cost_entries", tables)] == [
        ("P-1", 1234500.0, "commitment", date(2026, 4, 3), "EUR"),
        ("P-2", 179.0, "expense", None, "EUR"),
    ]
    assert said(folder, "cost_entries", tables) == []


def test_a_heading_that_is_mapped_is_nothing_else(folder: Path):
    (folder / "risks.csv").write_text("project,title,Owner,Asked\nP-1,late,Zoë,Ann\n")
    tables = {"risks": {"columns": {"response": "owner", "owner": "Asked"}}}
    assert [(r["owner"], r["response"]) for r in landed(folder, "risk_register", tables)] == [("Ann", "Zoë")]


# ------------------------------------------------------------------ which rows


def test_a_cell_that_is_not_needed_is_left_out_and_named(folder: Path):
    fill(folder, projects="key,name,deadline,remaining cost,kind\nP-1,Shop,soon,lots,change\nP-2,Portal,,,sometime\n")
    assert [r["native_id"] for r in landed(folder, "projects")] == ["P-1", "P-2"]
    (row,) = landed(folder, "project_plans")
    assert (row["native_id"], row["deadline_on"], row["remaining_cost"]) == ("P-1", None, None)
    assert said(folder, "project_plans") == [
        ("P-1", "projects.csv, row 2, column deadline", "a day such as 2026-11-30 was expected"),
        ("P-1", "projects.csv, row 2, column remaining cost", "a number was expected"),
        ("P-2", "projects.csv, row 3, column kind", "one of run, change was expected"),
    ]
    assert json.loads(rejected(folder, "project_plans")[0].record)["deadline"] == "soon"


@pytest.mark.parametrize(
    ("table", "text", "id_", "field", "error"),
    [
        ("cost_entries", "project,amount,id\nP-1,,7\n", "7", "row 2, column amount", "the cell is empty"),
        ("cost_entries", "project,amount,currency,id\nP-1,5,eu,7\n", "7", "row 2, column currency", "a currency such"),
        ("budget_lines", "project,category,amount\n,All,5\n", "budget_lines.csv, row 2", "row 2, column project", "is"),
        ("baselines", "project,number\nP-1,first\n", None, "row 2, column number", "a whole number, 0 or more was"),
        ("absences", "person,from,to\nA,2026-05-02,2026-05-01\n", "A|2026-05-02", "row 2", "from_on was expected"),
        ("baselines", "project,number,start,finish\nP,1,2026-05-02,2026-05-01\n", "P|1", "row 2", "start_on was"),
        ("team_members", "person,to\nA,some day\n", "A|", "row 2, column to", "a day such as"),
        ("risk_register", "project,title\nP-1,late, and more\n", "P-1|late", "row 2", "put quotes around the text"),
        ("projects", "key,name\nTotal,\n", "Total", "row 2", "a name was expected; the cell is empty"),
        ("project_plans", "key,name\nTotal,\n", "Total", "row 2", "a name was expected; the cell is empty"),
    ],
)  # fmt: skip
def test_a_row_that_would_mean_something_else_is_set_aside(
    folder: Path, table: str, text: str, id_: str | None, field: str, error: str
):
    name = next(f.name for f in PLAN_FILES.values() if table in f.tables)
    (folder / f"{name}.csv").write_text(text)
    assert landed(folder, table) == []
    ((native_id, where, why),) = said(folder, table)
    assert (native_id, where) == (id_, f"{name}.csv, {field}")
    assert error in why


def test_two_rows_of_one_name_and_two_rates_for_one_day_name_each_other(folder: Path):
    (folder / "risks.csv").write_text("project,title,owner\nP-1,late,A\nP-1, late ,B\n")
    assert [r["owner"] for r in landed(folder, "risk_register")] == ["A"]
    ((id_, field, error),) = said(folder, "risk_register")
    assert (id_, field) == ("P-1|late", "risks.csv, row 3")
    assert error == "a row of its own was expected, and risks.csv, row 2 is the same one: remove one of them"

    lines = ["Ann,,2026-01-01,2026-06-30", "ann,,2026-06-30,", "Ann,P-1,2026-06-30,", "Ann,,2026-07-01,", ",,,"]
    rates = "\n".join(["person,project,from,to,hourly rate,currency", *(f"{line},9,EUR" for line in lines)])
    (folder / "rates.csv").write_text(rates)
    assert len(landed(folder, "rates")) == 4
    ((_, field, error),) = said(folder, "rates")
    assert (field, error) == (
        "rates.csv, row 3",
        "one rate for a day was expected, and rates.csv, row 2 is valid then, too",
    )


def test_pages_are_small_and_know_of_each_other(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(plan_module, "PAGE_ROWS", 3)
    (folder / "risks.csv").write_text("project,title\n" + "".join(f"P-1,r{n % 7}\n" for n in range(9)))
    (folder / "costs.csv").write_text("project,amount\n" + "P-1,5\n" * 7)
    (folder / "scopes.csv").write_text("project,label\n" + "P-1,a\n" * 4)
    pages = list(PlanConnector(source(folder)).pull(Partition("risk_register", "all")))
    assert [page.last for page in pages] == [False] * (len(pages) - 1) + [True] and len(pages) == 4
    assert len(landed(folder, "risk_register")) == 7
    told = [
        (field, error.split(" is the same")[0].split("and ")[1]) for _, field, error in said(folder, "risk_register")
    ]
    assert told == [("risks.csv, row 9", "risks.csv, row 2"), ("risks.csv, row 10", "risks.csv, row 3")]
    costs = landed(folder, "cost_entries")
    assert len({r["native_id"] for r in costs}) == len(costs) == 7
    assert [r["position"] for r in landed(folder, "project_scopes")] == [1, 2, 3, 4]


EDITS = {
    "projects": "name,key,stage\nOther,P-3,closed\nShop 2,P-1,\nP 2,P-2,\n",
    "milestones": "project,name,due\nP-1,Go-live,2027-01-31\n",
    "scopes": "project,in project,label\nP-1,SHOP,x\nP-2,WEB,y\n",
    "budget_lines": "project,category,amount\nP-1,licences,1300\n",
    "baselines": "project,number,approved by\nP-1,1,Bo Dahl\n",
    "work_packages": "project,baseline,name,start\nP-1,1,Payment,2026-05-01\n",
    "rates": "role,hourly rate,currency,from,to\ndeveloper,99,USD,2026-01-01,2026-12-31\n",
    "team_members": "person,from,share,to\nann@example.com,2026-01-01,0.5,2026-12-31\n",
    "absences": "person,from,to\nann@example.com,2026-08-03,2026-08-10\n",
    "costs": "project,amount,id\nP-2,48,4711\n",
    "exchange_rates": "from,to,month,rate\nUSD,EUR,2026-04-30,0.95\n",
    "health_overrides": "project,health,said by,reason,until\nP-1,red,Bo Dahl,still,2026-07-31\n",
}


def test_an_edit_is_an_edit_and_not_a_new_row(folder: Path):
    """What changes beside the key changes no id, and lines may change places."""
    fill(folder, **EDITS)
    assert {s.table: {r["native_id"] for r in landed(folder, s.table)} for s in STREAMS} == IDS


# ------------------------------------------------------------------ CSV and XLSX say the same

_WORDS = st.text(
    st.characters(codec="utf-8", categories=("L", "Nd", "P", "S", "Zs"), exclude_characters="#"), max_size=12
)
_VALUES: dict[CellKind, st.SearchStrategy[Any]] = {
    CellKind.TEXT: _WORDS,
    CellKind.LIST: st.lists(_WORDS.map(lambda word: word.translate({ord(c): None for c in ";|,"})), max_size=3).map(
        "; ".join
    ),
    CellKind.NUMBER: st.integers(0, 10**9).map(lambda n: n / 100),
    CellKind.WHOLE: st.integers(0, 6),
    CellKind.YES: st.booleans(),
    CellKind.DAY: st.dates(date(1990, 1, 1), date(2100, 1, 1)),
    CellKind.MONTH: st.dates(date(1990, 1, 1), date(2100, 1, 1)),
    CellKind.DAY_OR_MONTH: st.dates(date(1990, 1, 1), date(2100, 1, 1)),
    CellKind.CURRENCY: st.sampled_from(["EUR", "USD", "chf", "€"]),
}


def _cells_of(column: PlanColumn) -> st.SearchStrategy[Any]:
    value = st.sampled_from([*column.choices, "nonsense"]) if column.choices else _VALUES[column.kind]
    return value if column.required else st.none() | value


def _as_text(cell: Any) -> str:
    if cell is None or isinstance(cell, bool):
        return {None: "", True: "yes", False: "no"}[cell]
    return cell.isoformat() if isinstance(cell, date) else str(cell)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_table_says_the_same_as_csv_and_as_a_workbook(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject):
    file = data.draw(st.sampled_from(list(PLAN_FILES.values())))
    rows = data.draw(st.lists(st.tuples(*(_cells_of(c) for c in file.columns)), max_size=4))
    made: list[Path] = []
    headings = [c.heading for c in file.columns]
    for n in range(2):
        made.append(tmp_path_factory.mktemp(f"plan{n}"))
    with (made[0] / f"{file.name}.csv").open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([headings, *([_as_text(cell) for cell in row] for row in rows)])
    workbook(made[1] / f"{file.name}.xlsx", {"rows": [headings]})
    book = load_workbook(made[1] / f"{file.name}.xlsx")
    for y, row in enumerate(rows, 2):
        for x, cell in enumerate(row, 1):
            place = book["rows"].cell(y, x)
            place.value = cell
            if isinstance(cell, str):
                place.data_type = "s"  # one that begins with = is no formula
    book.save(made[1] / f"{file.name}.xlsx")
    for table in file.tables:
        assert _but_ids(landed(made[0], table)) == _but_ids(landed(made[1], table))
        told = [[(r.error, str(r.field).split("column")[-1]) for r in rejected(one, table)] for one in made]
        assert [w for w, _ in told[0]] == [
            w.replace(f"{file.name}.xlsx, sheet rows", f"{file.name}.csv") for w, _ in told[1]
        ]


def _but_ids(rows: Table) -> Table:
    """A cost that has no id of its own is known by its cells as they were written."""
    return [{**row, "native_id": None} for row in rows]


# ------------------------------------------------------------------ real portfolios, as dirty as they were published

UK = {
    "projects": {
        "file": "it_portfolio_uk_gmpp_dft_2024.csv",
        "columns": {
            "key": "GMPP ID Number", "name": "Project Name", "description": "Description / Aims",
            "start_on": "Project - Start Date (Latest Approved Start Date)",
            "due_on": "Project - End Date (Latest Approved End Date)",
            "contract_value": "TOTAL Baseline Whole Life Costs (£m) (including Non-Government Costs)",
        },
        "values": {"currency": "GBP"},
        "scale": {"contract_value": 1_000_000},
    },
}  # fmt: skip
US = {
    "projects": {
        "file": "it_portfolio_us_federal_2012_excerpt.csv",
        "columns": {"key": "Project_ID", "name": "Project_Name", "program": "Unique_Investment_Identifier",
                    "start_on": "Start_Date"},
    },
    "programs": {
        "file": "it_portfolio_us_federal_2012_excerpt.csv",
        "columns": {"key": "Unique_Investment_Identifier", "name": "Investment_Title"},
    },
    "budget_lines": {
        "file": "it_portfolio_us_federal_2012_excerpt.csv",
        "columns": {"project": "Project_ID", "amount": "PlannedCost"},
        "values": {"category": "all", "currency": "USD"},
        "scale": {"amount": 1_000_000},
    },
}  # fmt: skip
real = pytest.mark.skipif(not REAL.is_dir(), reason="the real portfolios are not here")


def _plain_rows(name: str) -> list[dict[str, str]]:
    with (REAL / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@real
def test_a_british_portfolio_lands_whole_and_each_cell_that_says_nothing_is_named():
    plain = _plain_rows("it_portfolio_uk_gmpp_dft_2024.csv")
    headings = list(plain[0])
    assert len(landed(REAL, "projects", UK)) == len(landed(REAL, "project_plans", UK)) == len(plain) == 19
    wanted = []
    for number, row in enumerate(plain, 2):
        for heading in (headings[8], headings[9], headings[15]):
            if row[heading].strip() and not row[heading][:1].isdigit():
                wanted.append((number, " ".join(heading.split())))
    found = [r.field for table in ("projects", "project_plans") for r in rejected(REAL, table, UK)]
    file = "it_portfolio_uk_gmpp_dft_2024.csv"
    assert sorted(map(str, found)) == sorted(f"{file}, row {number}, column {heading}" for number, heading in wanted)
    assert len(wanted) > 10
    costs = {r["native_id"]: r["contract_value"] for r in landed(REAL, "project_plans", UK)}
    assert costs["DFT_0048_2021-Q3"] == 1_959_000_000
    assert not any("Exempt" in r.error for t in ("projects", "project_plans") for r in rejected(REAL, t, UK))


@real
def test_an_american_portfolio_lands_whole():
    plain = _plain_rows("it_portfolio_us_federal_2012_excerpt.csv")
    assert len(landed(REAL, "projects", US)) == len(plain) == 48
    assert [r.field for t in ("projects", "project_plans", "budget_lines") for r in rejected(REAL, t, US)] == []
    budgets = {r["project_id"]: r["amount"] for r in landed(REAL, "budget_lines", US)}
    assert budgets == pytest.approx({row["Project_ID"]: float(row["PlannedCost"]) * 1e6 for row in plain})
    programs = Counter(r["program_id"] for r in landed(REAL, "project_plans", US))
    assert programs == Counter(row["Unique_Investment_Identifier"] for row in plain)
    # a line for each of its projects: one program, and the others named as the same one
    assert {r["native_id"] for r in landed(REAL, "program_plans", US)} == set(programs)
    assert len(rejected(REAL, "program_plans", US)) == len(plain) - len(programs)


# ------------------------------------------------------------------ into the hub


PLAN_CONFIG = '[hub]\ntimezone = "Europe/Berlin"\n\n[sources.plan]\ntype = "plan"\nfolder = "plan"\n'


class _Running:
    """A folder with a configuration, and what `pmo` makes of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.plan = folder / "plan"
        self.configure()

    def configure(self, more: str = "") -> None:
        (self.folder / "pmo.toml").write_text(PLAN_CONFIG + more, encoding="utf-8")

    def write(self, name: str, *lines: str) -> None:
        (self.plan / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def sql(self, query: str) -> Table:
        with Reader(self.folder / "data") as reader:
            found = reader.sql(query)
            return [dict(zip(found.columns, row, strict=True)) for row in found.rows]

    def quarantine(self) -> list[tuple[str, str]]:
        rows = self.sql("select native_id, field from quarantine order by all")
        return [(row["native_id"], row["field"]) for row in rows]

    def gone(self, table: str) -> dict[str, str]:
        rows = self.sql(f"select native_id, availability from {table} order by all")
        return {row["native_id"]: row["availability"] for row in rows}


@pytest.fixture
def running(folder: Path) -> _Running:
    return _Running(folder.parent)


def test_a_corrected_file_clears_the_quarantine_and_an_equal_one_changes_nothing(running: _Running):
    running.write("projects", "key,name,deadline", "P-1,Shop,soon", "P-2,Portal,2026-11-30")
    running.write("costs", "project,amount,id", "P-1,100,1", "P-1,lots,2")
    well(pmo("sync", cwd=running.folder))
    expected = [("2", "costs.csv, row 3, column amount"), ("P-1", "projects.csv, row 2, column deadline")]
    assert running.quarantine() == expected
    assert running.gone("projects") == running.gone("project_plans") == {"P-1": "present", "P-2": "present"}
    assert "0 rows changed" in well(pmo("sync", cwd=running.folder))
    assert running.quarantine() == expected
    running.write("projects", "key,name,deadline", "P-2,Portal,2026-11-30", "P-1,Shop,2026-12-24")
    running.write("costs", "project,amount,id", "P-1,100,1", "P-1,50,2")
    well(pmo("sync", cwd=running.folder))
    assert running.quarantine() == []
    days = running.sql("select native_id, deadline_on from project_plans order by all")
    assert [row["deadline_on"] for row in days] == [date(2026, 12, 24), date(2026, 11, 30)]
    assert [row["amount"] for row in running.sql("select amount from cost_entries order by all")] == [50.0, 100.0]


def test_a_line_that_is_gone_is_gone_and_a_file_that_is_gone_is_not(running: _Running):
    running.write("projects", "key,name", *(f"P-{n},Project {n}" for n in range(60)))
    running.write("costs", "project,amount", *(f"P-{n},{n}" for n in range(60)))
    running.write("risks", "project,title", "P-1,late")
    well(pmo("sync", "--no-publish", cwd=running.folder))
    running.write("costs", "project,amount", *(f"P-{n},{n + 1000}" for n in range(60)))
    (running.plan / "risks.csv").unlink()
    well(pmo("sync", cwd=running.folder))
    assert Counter(running.gone("cost_entries").values()) == {"present": 60, "missing": 60}
    assert running.gone("risk_register") == {"P-1|late": "present"}
    running.write("risks", "project,title")
    well(pmo("sync", cwd=running.folder))
    assert running.gone("risk_register") == {"P-1|late": "missing"}


def test_a_file_that_cannot_be_used_fails_alone_and_takes_nothing_with_it(running: _Running):
    running.write("projects", "key,name", "P-1,Shop")
    running.write("costs", "project,amount,id", "P-1,100,1")
    well(pmo("sync", "--no-publish", cwd=running.folder))
    running.write("costs", "project,id", "P-1,1")
    running.write("projects", "key,name", "P-1,Shop", "P-2,Portal")
    run = pmo("sync", cwd=running.folder)
    assert run.returncode == 1
    assert "costs.csv has no column amount: add it, or say with tables.costs.columns.amount" in run.stdout + run.stderr
    assert running.gone("cost_entries") == {"1": "present"}
    assert running.gone("projects") == {"P-1": "present", "P-2": "present"}


def test_another_mapping_is_applied_to_what_was_read_and_a_rebuild_makes_the_same(running: _Running):
    running.write("projects", "key,name,Wer,Budget", "P-1,Shop,Ann Berg,1.000")
    well(pmo("sync", cwd=running.folder))
    query = "select native_id, pm, contract_value from project_plans"
    assert running.sql(query) == [{"native_id": "P-1", "pm": None, "contract_value": None}]
    running.configure('tables.projects.columns.pm = "Wer"\ntables.projects.columns.contract_value = "Budget"\n'
                      'tables.projects.decimal = ","\n')  # fmt: skip
    (running.plan / "projects.csv").unlink()
    well(pmo("publish", cwd=running.folder))
    mapped = [{"native_id": "P-1", "pm": "Ann Berg", "contract_value": 1000.0}]
    assert running.sql(query) == mapped
    well(pmo("rebuild", cwd=running.folder))
    assert running.sql(query) == mapped


def test_a_key_that_cannot_be_read_keeps_what_is_known(running: _Running):
    """It may be any row that is known: nothing is called gone until it can be read. An empty one is none of them."""
    running.write("baselines", "project,number", "P-1,1", "P-1,2", "P-1,3")
    well(pmo("sync", "--no-publish", cwd=running.folder))
    running.write("baselines", "project,number", "P-1,1", "P-1,second")
    well(pmo("sync", cwd=running.folder))
    assert set(running.gone("baselines").values()) == {"present"}
    running.write("baselines", "project,number", "P-1,1", "P-1,2", "Approved by the board,")
    well(pmo("sync", cwd=running.folder))
    assert running.gone("baselines") == {"P-1|1": "present", "P-1|2": "present", "P-1|3": "missing"}


def test_rows_of_a_plan_that_is_configured_no_more_outlast_a_rebuild(running: _Running):
    running.write("projects", "key,name", "P-1,Shop")
    well(pmo("sync", "--no-publish", cwd=running.folder))
    (running.folder / "pmo.toml").write_text("[hub]\n", encoding="utf-8")
    well(pmo("rebuild", cwd=running.folder))
    assert set(running.gone("projects")) == {"P-1"}


def test_all_may_move_together(running: _Running, tmp_path: Path):
    running.write("projects", "key,name", "P-1,Shop")
    well(pmo("sync", "--no-publish", cwd=running.folder))
    moved = _Running(running.folder.rename(tmp_path.parent / f"{tmp_path.name}-moved"))
    assert "0 rows changed" in well(pmo("sync", "--no-publish", cwd=moved.folder))


# ------------------------------------------------------------------ the configuration


def _load(folder: Path, more: str) -> SourceSettings:
    path = folder / "pmo.toml"
    path.write_text(PLAN_CONFIG + more, encoding="utf-8")
    return load(path).sources["plan"]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (
            "tables.cost.decimal = ','\n",
            r'line 7: sources\.plan\.tables\.cost is not a known key; did you mean "costs"\?',
        ),
        ("tables.costs.sheets = 'a'\n", r'tables\.costs\.sheets is not a known key; did you mean "sheet"\?'),
        ("tables.costs.columns.amout = 'a'\n", r'columns\.amout is not a known key; did you mean "amount"\?'),
        ("tables.costs.words.kind.PO = 5\n", r'tables\.costs\.words\.kind\.PO must be text in "quotes"'),
        ("tables.costs.decimal = 'comma'\n", r'tables\.costs\.decimal must be "\." or ","'),
        ("tables.costs.header_row = 0\n", r"tables\.costs\.header_row must be 1 or more"),
        ("tables.costs.scale.amount = 0\n", r"tables\.costs\.scale\.amount must be more than 0"),
        ("tables.costs.day_format = '%d.%m.'\n", r'day_format must name day, month and year, such as "%d\.%m\.%Y"'),
        ("tables.costs = 5\n", r"tables\.costs must be a table"),
        ("url = 'http://a'\n", r"sources\.plan\.url is not a known key"),
        ("[sources.b]\ntype = 'plan'\nfolder = './plan'\n", r"line 9: sources\.b\.folder is that of plan too"),
        ("[sources.b]\ntype = 'plan'\n", r'sources\.b\.folder is missing: a source of type "plan" needs it'),
    ],
)
def test_what_is_wrong_in_the_configuration_is_named_with_key_and_line(tmp_path: Path, more: str, says: str):
    with pytest.raises(ConfigError, match=says):
        _load(tmp_path, more)


def test_two_folders_are_two_sources_and_a_plan_loses_what_its_files_lack(tmp_path: Path):
    _load(tmp_path, "[sources.b]\ntype = 'plan'\nfolder = 'b'\n")
    assert _load(tmp_path, "").loss_share == 1.0
    assert _load(tmp_path, "loss_share = 0.5\n").loss_share == 0.5


def test_only_what_cells_mean_decodes_otherwise(tmp_path: Path):
    plain = _load(tmp_path, "")
    assert plain.decode_fingerprint == SourceSettings(name="a", type="jira", zone="Europe/Berlin").decode_fingerprint
    fingerprints = [
        _load(tmp_path, more).decode_fingerprint
        for more in (
            "tables.costs.file = 'a'\n",
            "tables.costs.decimal = ','\n",
            "tables.costs.values.currency = 'EUR'\n",
        )
    ]
    assert len(set(fingerprints)) == 3


def test_every_column_of_the_records_can_be_written(folder: Path):
    """But for what the hub adds, and what only tools know of projects."""
    for stream in STREAMS:
        record = RECORDS[stream.table]
        ours = {c.name for c in plan_columns(stream.table)}
        landed_ones = {c.name for c in columns_of(record) if not c.derived} - {"id", "source", "native_id"}
        left = landed_ones - ours
        assert left <= {"position", "native_state", "lead_id", "created_at", "updated_at", "parent_id", "project_id"}
