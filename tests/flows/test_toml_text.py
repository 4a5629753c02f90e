"""Places of keys: every key of a TOML text is found, in whatever form it is written, and nothing else."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from flows.toml_text import line_of, mentions, replaced

odd_names = ["a", "b", "a.b", "1", "x y", "[a]", "#", "", "ü", 'say "a"', "a = 1"]
names = st.one_of(st.sampled_from(odd_names), st.text(st.characters(codec="utf-8"), max_size=4).filter(str.isprintable))
scalars = st.sampled_from([
    "1", "-inf", "true", "1979-05-27 07:32:00", "0x1F", "1e3", "'a = 1'", '"[a] # \\" b"', "[]", "[1, [{a = 1}], 'a']",
    "[ # a = 1 ]\n  '#', # [a]\n]", '"""\na = 1\n[a]\n"" \\""""', "'''\n[a]\na = 1'''", '""', '"""a"""""',
])  # fmt: skip
trees = st.recursive(scalars, lambda inner: st.dictionaries(names, inner, max_size=3), max_leaves=8)
documents = st.dictionaries(names, trees, max_size=4)


@st.composite
def texts(draw) -> str:
    """A document, each of its tables as a header, as dotted keys or inline."""
    lines: list[str] = []
    tables = []
    for name, value in draw(documents).items():
        if isinstance(value, dict) and draw(st.booleans()):
            tables.append((name, value))
        else:
            lines += _pairs(draw, [name], value)
    for name, value in tables:
        lines += ["", f"  [ {_key(draw, [name])} ] # [a]", *_pairs(draw, [], value)]
    return draw(st.sampled_from(["\n", "\r\n"])).join(lines)


def _key(draw, path: list[str]) -> str:
    return draw(st.sampled_from([".", " . "])).join(_part(draw, part) for part in path)


def _part(draw, name: str) -> str:
    bare = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
    forms = [
        json.dumps(name, ensure_ascii=False),
        *([name] if bare else []),
        *([f"'{name}'"] if "'" not in name else []),
    ]
    return str(draw(st.sampled_from(forms)))


def _pairs(draw, path: list[str], value: Any) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{_key(draw, path)} = {value} # b = 2"
    elif path and (not value or draw(st.booleans())):
        yield f"{_key(draw, path)}={_inline(draw, value)}"
    else:
        for name, inner in value.items():
            yield from _pairs(draw, [*path, name], inner)


def _inline(draw, value: Any) -> str:
    if not isinstance(value, dict):
        return str(value)
    return "{ " + ", ".join(f"{_part(draw, name)} = {_inline(draw, inner)}" for name, inner in value.items()) + " }"


def paths(table: dict[str, Any], above: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    below = [paths(inner, (*above, name)) for name, inner in table.items() if isinstance(inner, dict)]
    return {(*above, name) for name in table}.union(*below)


@given(texts())
def test_all_keys_are_found_and_nothing_else(text):
    found = mentions(text)
    assert {mention.path for mention in found} == paths(tomllib.loads(text))
    for mention in found:
        written = text[mention.start : mention.end]
        assert tomllib.loads(f"{written} = 1") == {mention.path[-1]: 1}
        assert mention.line == text[: mention.start].count("\n") + 1


@given(texts(), st.data())
def test_a_renamed_key_is_renamed_everywhere_and_alone(text, data):
    before = tomllib.loads(text)
    if not before:
        return
    old = data.draw(st.sampled_from(sorted(before)))
    after = tomllib.loads(replaced(text, (old,), "quite-new"))
    assert after == {"quite-new" if name == old else name: value for name, value in before.items()}


def test_a_key_that_is_not_there_has_the_line_of_its_table():
    found = mentions("a = 1\n\n[b]\nc.d = 2\n")
    assert [line_of(found, path) for path in [("a",), ("b", "c", "d"), ("b", "x"), ("b", "c", "y", "z"), ("q",)]] == [
        1, 4, 3, 4, None,
    ]  # fmt: skip
