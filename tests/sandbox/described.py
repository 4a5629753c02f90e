"""A vendor's published description (OpenAPI), and which of its operations a make-believe tool was checked against.

The descriptions stand beside the project, not in it: where they are absent, the tests that use them are skipped. As
their notes say, real answers carry more keys and nulls than they allow; that is not held against anybody.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jsonschema
import pytest

SHARED = Path(__file__).parents[2].parent / "shared"


class Described:
    """`checked` counts the answers that were looked at, by method and template of the path."""

    def __init__(self, name: str, checker: jsonschema.FormatChecker) -> None:
        file = SHARED / "apis" / f"{name}.openapi.json"
        if not file.is_file():
            pytest.skip(f"the vendor's description is not here: {file.name}")
        self.whole = json.loads(file.read_text(encoding="utf-8"))
        self.components = lenient(self.whole["components"])
        self.checker = checker
        self.checked: dict[tuple[str, str], int] = {}

    def operation(self, method: str, path: str) -> tuple[str, dict[str, Any]]:
        """The template with the fewest places to fill in."""
        fits = [
            (template, item[method.lower()])
            for template, item in self.whole["paths"].items()
            if method.lower() in item and re.fullmatch(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template)), path)
        ]
        assert fits, f"not described: {method} {path}"
        return min(fits, key=lambda fit: fit[0].count("{"))

    def check(
        self, method: str, target: str, body: Any, status: int, found: Any, *, also: frozenset[str] = frozenset()
    ) -> None:
        """The request's names and body, the answer's status and shape; `also` names parameters of newer days."""
        self.request(method, target, body, also=also)
        self.answer(method, urlsplit(target).path, status, found)

    def request(self, method: str, target: str, body: Any, *, also: frozenset[str] = frozenset()) -> None:
        parts = urlsplit(target)
        _, operation = self.operation(method, parts.path)
        known = {one["name"] for one in map(self.resolved, operation.get("parameters", []))}
        assert {name for name, _ in parse_qsl(parts.query)} <= known | also, target
        if body is not None:
            self.validate(operation["requestBody"]["content"]["application/json"]["schema"], body)

    def answer(self, method: str, path: str, status: int, found: Any) -> None:
        """Counted, if it is as described."""
        template, operation = self.operation(method, path)
        answers = operation["responses"]
        assert str(status) in answers or "default" in answers, (path, status)
        content = answers.get(str(status), answers.get("default", {})).get("content", {})
        self.validate(content.get("application/json", {}).get("schema", {}), found)
        self.checked[(method, template)] = self.checked.get((method, template), 0) + 1

    def covered(self) -> str:
        """One line for each operation, with the number of its answers."""
        return "\n".join(f"  {n:4} × {method} {path}" for (method, path), n in sorted(self.checked.items()))

    def resolved(self, one: dict[str, Any]) -> dict[str, Any]:
        name = one.get("$ref", "").rpartition("/")[2]
        return self.whole["components"]["parameters"][name] if name else one

    def validate(self, schema: Any, found: Any) -> None:
        whole = {"allOf": [lenient(schema)], "components": self.components}
        errors = list(jsonschema.Draft7Validator(whole, format_checker=self.checker).iter_errors(found))
        assert not errors, [(list(error.absolute_path), error.message[:200]) for error in errors[:5]]


def documented(file: str, before: str) -> set[tuple[str, str]]:
    """Methods and paths of the block that follows these words in a file of docs/: `GET /a /b/#`, a method a line."""
    text = (Path(__file__).parents[2] / "docs" / file).read_text(encoding="utf-8")
    block = text.partition(before)[2].partition("```text")[2].partition("```")[0]
    found, method = set(), ""
    for word in block.split():
        if word.startswith("/"):
            found.add((method, word))
        else:
            method = word
    return found


def lenient(schema: Any) -> Any:
    """Further keys and nulls allowed, as real answers have them; so what fits one of several shapes may fit two."""
    if isinstance(schema, list):
        return [lenient(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "oneOf" in schema:
        schema = {**schema, "anyOf": schema["oneOf"]}
        del schema["oneOf"]
    plain = {name: lenient(one) for name, one in schema.items() if name not in ("additionalProperties", "nullable")}
    if isinstance(schema.get("additionalProperties"), dict):
        plain["additionalProperties"] = lenient(schema["additionalProperties"])
    if isinstance(plain.get("properties"), dict):
        plain["properties"] = {
            name: {"anyOf": [one, {"type": "null"}]} if isinstance(one, dict) else one
            for name, one in plain["properties"].items()
        }
    return plain
