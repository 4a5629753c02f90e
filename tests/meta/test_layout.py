"""What holds for every module: where SQL and HTTP may stand, docstrings, honest `__all__`; and clean pins."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("connectors", "flows", "model", "sandbox", "warehouse")
HTTP_LIBRARIES = {"aiohttp", "httpx", "requests", "urllib3"}
SQL = re.compile(
    r"""\s*(
        (with\s+\w+\s+as\s*\(.*)?select\b.+\bfrom\b | insert\s+into\s | update\s+\w+\s+set\s | delete\s+from\s
        | (create|drop|alter)\s+(or\s+replace\s+)?(temp(orary)?\s+)?(table|view|schema|index|macro)\s
        | (attach|copy)\s+'
    )""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)


def _modules(*packages: str) -> list[Path]:
    return sorted(path for package in packages for path in (ROOT / package).rglob("*.py"))


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def _docstrings(tree: ast.Module) -> set[int]:
    """Ids of the nodes that are text for readers: strings that stand alone."""
    return {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}


def _strings(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and text of every string; the values within an f-string become {}."""
    told = _docstrings(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = [str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values]
            yield node.lineno, "".join(parts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.lineno, node.value


def _imported(tree: ast.Module) -> set[str]:
    """Top-level names of all modules imported, wherever in the module."""
    names = {a.name for node in ast.walk(tree) if isinstance(node, ast.Import) for a in node.names}
    froms = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and not node.level)
    return {name.partition(".")[0] for name in names | {node.module or "" for node in froms}}


def _declares_all(path: Path) -> bool:
    assigned = (node for node in _tree(path).body if isinstance(node, ast.Assign | ast.AnnAssign))
    targets = (t for node in assigned for t in (node.targets if isinstance(node, ast.Assign) else [node.target]))
    return any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets)


@pytest.mark.parametrize(
    "text", ["SELECT a\nFROM b", "insert into t values (1)", "with a as (select 1) select * from a"]
)
def test_the_search_for_sql_finds_it(text):
    assert SQL.match(text)


@pytest.mark.parametrize("text", ["Select the projects to read", "updated", "With all that it has", "Drop it"])
def test_the_search_for_sql_leaves_prose_alone(text):
    assert not SQL.match(text)


def test_sql_stands_in_the_warehouse_alone():
    paths = _modules("connectors", "flows", "model", "sandbox")
    found = [f"{_name(p)}:{line}" for p in paths for line, text in _strings(_tree(p)) if SQL.match(text)]
    assert found == []


def test_http_leaves_from_connectors_alone():
    paths = _modules("flows", "model", "warehouse")
    assert [_name(p) for p in paths if _imported(_tree(p)) & HTTP_LIBRARIES] == []


def test_every_module_has_a_docstring():
    assert [_name(p) for p in _modules(*PACKAGES) if not ast.get_docstring(_tree(p))] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_says_that_it_is_typed(package):
    assert (ROOT / package / "py.typed").is_file()


@pytest.mark.parametrize("path", [p for p in _modules(*PACKAGES) if _declares_all(p)], ids=_dotted)
def test_all_names_things_that_exist(path):
    module = importlib.import_module(_dotted(path))
    assert [name for name in module.__all__ if not hasattr(module, name)] == []
    assert len(set(module.__all__)) == len(module.__all__)


def test_constraints_are_pins_and_nothing_else():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pin = re.compile(r"[a-z0-9][a-z0-9._-]*(\[[a-z0-9,_-]+\])?==[0-9][^\s@:/]*( ; [^@:/]+)?")
    assert [line for line in lines if not pin.fullmatch(line)] == []
