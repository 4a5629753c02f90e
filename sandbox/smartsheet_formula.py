"""The few formulas that the make-believe Smartsheet works out: numbers, cells ([Column2]3), SUM, + - * / and brackets.

Anything else is `#UNPARSEABLE`, as for a formula with a mistake in it. It is worked out once, when it is written: other
than the real one, the twin does not follow later changes of the cells that a formula names.
"""

from __future__ import annotations

import re

from sandbox.smartsheet_records import Sheet, Value

__all__ = ["UNPARSEABLE", "worked_out"]

UNPARSEABLE = "#UNPARSEABLE"
_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)|\[(?P<title>[^\]]+)\](?P<row>\d+)|(?P<word>[A-Za-z]+)(?P<at>\d*)|(?P<sign>[-+*/(),]))"
)


class _Mistake(ValueError):
    """It cannot be read, or names what is not there."""


class _Formula:
    """Reads one formula from left to right."""

    def __init__(self, sheet: Sheet, words: str) -> None:
        self.sheet, self.tokens = sheet, list[re.Match[str]]()
        at, words = 0, words.strip()
        while at < len(words):
            token = _TOKEN.match(words, at)
            if token is None:
                raise _Mistake(words[at:])
            self.tokens.append(token)
            at = token.end()

    def sign(self, wanted: str) -> str:
        """Takes the next sign, if it is one of those; empty otherwise."""
        if self.tokens and (found := self.tokens[0]["sign"]) and found in wanted:
            self.tokens.pop(0)
            return found
        return ""

    def terms(self) -> float:
        total = self.factors()
        while sign := self.sign("+-"):
            total += self.factors() if sign == "+" else -self.factors()
        return total

    def factors(self) -> float:
        total = self.atom()
        while sign := self.sign("*/"):
            other = self.atom()
            if sign == "/" and not other:
                raise _Mistake("division by nothing")
            total = total * other if sign == "*" else total / other
        return total

    def atom(self) -> float:
        if self.sign("("):
            return self.closed(self.terms())
        if self.sign("-"):
            return -self.atom()
        if not self.tokens:
            raise _Mistake("it ends early")
        token = self.tokens.pop(0)
        if token["number"]:
            return float(token["number"])
        if token["word"] and token["word"].upper() == "SUM" and self.sign("("):
            total = self.terms()
            while self.sign(","):
                total += self.terms()
            return self.closed(total)
        return self.cell(token["title"] or token["word"], token["row"] or token["at"])

    def closed(self, value: float) -> float:
        if not self.sign(")"):
            raise _Mistake("a bracket stays open")
        return value

    def cell(self, title: str | None, number: str | None) -> float:
        """Text and empty cells count as nothing, as in a sum."""
        column = next((one for one in self.sheet.columns if one.title == title), None)
        if column is None or not number or not 0 < int(number) <= len(self.sheet.rows):
            raise _Mistake(f"{title}{number}")
        held = self.sheet.rows[int(number) - 1].cells.get(column.id)
        return held.value if held and isinstance(held.value, int | float) else 0


def worked_out(sheet: Sheet, formula: str) -> Value:
    """What the cell with that formula holds."""
    try:
        found = _Formula(sheet, formula.removeprefix("="))
        value = found.terms()
    except _Mistake:
        return UNPARSEABLE
    return UNPARSEABLE if found.tokens else value
