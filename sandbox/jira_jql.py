"""The small part of JQL that programs ask: projects, ids, keys, instants, status, assignee, and an order.

Odd as the real one: instants are whole minutes in the zone of the account that asks; one unknown project or issue makes
the whole query a 400; so do an unknown field and a query without any condition. Facts: Atlassian's JQL reference.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.jira_call import Problem
from sandbox.jira_records import Login
from sandbox.jira_tracker import Indexed, Tracker

__all__ = ["Query", "parse"]

Test = Callable[[Indexed], bool]
_TOKEN = re.compile(r"""\s*(?:("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(>=|<=|!=|[()=,<>])|([^\s()=,<>!"']+))""")
_ALIASES = {
    "id": "issue", "key": "issue", "issuekey": "issue", "issue": "issue", "project": "project", "status": "status",
    "updated": "updated", "updateddate": "updated", "created": "created", "createddate": "created",
    "statuscategory": "category", "assignee": "assignee",
}  # fmt: skip
_SPAN = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_FORMATS = ("%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y-%m-%d", "%Y/%m/%d")
_ORDERS: dict[str, Callable[[Tracker, Indexed], list[Any]]] = {
    "updated": lambda _, row: [row.updated],
    "created": lambda _, row: [row.created],
    "id": lambda _, row: [row.id],
    "key": lambda _, row: [row.key.rpartition("-")[0], int(row.key.rpartition("-")[2])],
    "project": lambda t, row: [t.projects[row.project_id].key],
}
_ORDERS |= {"issuekey": _ORDERS["key"], "issue": _ORDERS["key"], "updateddate": _ORDERS["updated"]}
UNBOUNDED = "Unbounded JQL queries are not allowed here. Please add a search restriction to your query."


@dataclass
class Query:
    test: Test
    order: list[tuple[str, bool]]  # field, descending

    def key(self, tracker: Tracker, row: Indexed) -> tuple[Any, ...]:
        """Where a row stands in the order; the id decides between equal ones."""
        parts: list[Any] = []
        for name, descending in self.order:
            values = _ORDERS[name](tracker, row)
            parts += [_reversed(value) for value in values] if descending else values
        return (*parts, row.id)


def parse(text: str, tracker: Tracker, login: Login | None, zone: str) -> Query:
    """Raises Problem(400)."""
    return _Parser(text, tracker, login, zone).query()


class _Parser:
    def __init__(self, text: str, tracker: Tracker, login: Login | None, zone: str) -> None:
        self.tracker, self.login, self.zone = tracker, login, ZoneInfo(zone)
        self.tokens = _tokens(text)
        self.place = 0

    def query(self) -> Query:
        test = None if self._word() == "order" or self.place >= len(self.tokens) else self._either()
        order = self._order()
        if self.place < len(self.tokens):
            raise Problem(400, f"Error in the JQL Query: Expecting operator but got '{self.tokens[self.place]}'.")
        if test is None:
            raise Problem(400, UNBOUNDED)
        return Query(test, order)

    def _word(self) -> str:
        return self.tokens[self.place].lower() if self.place < len(self.tokens) else ""

    def _next(self) -> str:
        if self.place >= len(self.tokens):
            raise Problem(400, "Error in the JQL Query: Expecting either a value, list or function before the end.")
        self.place += 1
        return self.tokens[self.place - 1]

    def _take(self, word: str) -> bool:
        found = self._word() == word
        self.place += found
        return found

    def _either(self) -> Test:
        tests = [self._both()]
        while self._take("or"):
            tests.append(self._both())
        return tests[0] if len(tests) == 1 else lambda row: any(test(row) for test in tests)

    def _both(self) -> Test:
        tests = [self._one()]
        while self._take("and"):
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else lambda row: all(test(row) for test in tests)

    def _one(self) -> Test:
        if self._take("not"):
            inner = self._one()
            return lambda row: not inner(row)
        if self._take("("):
            test = self._either()
            if not self._take(")"):
                raise Problem(400, "Error in the JQL Query: Expecting ')' before the end of the query.")
            return test
        return self._clause()

    def _clause(self) -> Test:
        name = _plain(self._next())
        field = _ALIASES.get(name.lower())
        if field is None:
            raise Problem(400, f"Field '{name}' does not exist or you do not have permission to view it.")
        operator = self._next().lower()
        if operator == "not":
            operator = f"not {self._next().lower()}"
        if operator == "is" and self._take("not"):
            operator = "is not"
        values = self._values(operator)
        if field in ("updated", "created"):
            return self._instant(field, operator, values)
        read = getattr(self, f"_{field}")
        wanted = {read(value) for value in values}
        column = {"issue": "id", "project": "project_id", "status": "status_id"}.get(field, field)
        return self._among(column, wanted, operator, name)

    def _values(self, operator: str) -> list[str]:
        if not operator.endswith("in"):
            return [self._next()]
        values = []
        if not self._take("("):
            raise Problem(400, "Error in the JQL Query: Expecting '('.")
        while not self._take(")"):
            values.append(self._next())
            self._take(",")
        return values

    def _among(self, column: str, wanted: set[Any], operator: str, name: str) -> Test:
        if operator not in ("=", "!=", "in", "not in", "is", "is not"):
            raise Problem(400, f"The operator '{operator}' is not supported by the '{name}' field.")
        negative = operator in ("!=", "not in", "is not")
        if column == "category":
            statuses = self.tracker.statuses
            return lambda row: (statuses[row.status_id].category in wanted) != negative
        return lambda row: (getattr(row, column) in wanted) != negative

    def _instant(self, field: str, operator: str, values: list[str]) -> Test:
        at = self._when(field, _plain(values[0]))
        compare: dict[str, Test] = {
            ">=": lambda row: getattr(row, field) >= at,
            ">": lambda row: getattr(row, field) > at,
            "<=": lambda row: getattr(row, field) <= at,
            "<": lambda row: getattr(row, field) < at,
            "=": lambda row: getattr(row, field) == at,
        }
        if operator not in compare:
            raise Problem(400, f"The operator '{operator}' is not supported by the '{field}' field.")
        return compare[operator]

    def _when(self, field: str, text: str) -> int:
        relative = re.fullmatch(r"(-?)(\d+)([mhdw])", text)
        if relative:
            seconds = int(relative[2]) * _SPAN[relative[3]]
            return self.tracker.now() - 1000 * (seconds if relative[1] else -seconds)
        for form in _FORMATS:
            try:
                found = datetime.strptime(text, form)  # noqa: DTZ007  (the zone is the account's)
            except ValueError:
                continue
            return int(found.replace(tzinfo=self.zone).timestamp() * 1000)
        raise Problem(
            400,
            f"Date value '{text}' for field '{field}' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', "
            "'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'.",
        )

    # ------------------------------------------------------------ values of the other fields

    def _project(self, text: str) -> int:
        name = _plain(text)
        found = self.tracker.project(name)
        named = [p for p in self.tracker.projects.values() if p.name.lower() == name.lower()]
        found = found or (named[0] if named else None)
        if found is None or not self.tracker.sees(self.login, found.id):
            raise Problem(400, f"The value '{name}' does not exist for the field 'project'.")
        return found.id

    def _issue(self, text: str) -> int:
        name = _plain(text)
        found = self.tracker.find(name)
        if found is None or not self.tracker.sees_issue(self.login, found):
            kind = "A value with ID" if name.isdigit() else "An issue with key"
            raise Problem(400, f"{kind} '{name}' does not exist for the field 'id'.")
        return found.id

    def _status(self, text: str) -> str:
        name = _plain(text)
        for status in self.tracker.statuses.values():
            if name == status.id or name.lower() == status.name.lower():
                return status.id
        raise Problem(400, f"The value '{name}' does not exist for the field 'status'.")

    def _category(self, text: str) -> str:
        words = {"to do": "new", "in progress": "indeterminate", "done": "done", "no category": "undefined"}
        name = _plain(text).lower()
        return words.get(name, name)

    @staticmethod
    def _assignee(text: str) -> str | None:
        return None if text.lower() in ("empty", "null") else _plain(text)

    # ------------------------------------------------------------ the order

    def _order(self) -> list[tuple[str, bool]]:
        if not self._take("order"):
            return [("id", True)]
        if not self._take("by"):
            raise Problem(400, "Error in the JQL Query: Expecting 'BY'.")
        order = []
        while True:
            name = _plain(self._next()).lower()
            if name not in _ORDERS:
                raise Problem(400, f"Not able to sort using field '{name}'.")
            descending = self._take("desc")
            if not descending:
                self._take("asc")
            order.append((name, descending))
            if not self._take(","):
                break
        if len(order) > 7:
            raise Problem(400, "At most 7 fields can be given to order by.")
        return order


def _tokens(text: str) -> list[str]:
    found, place = [], 0
    text = text.strip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise Problem(400, f"Error in the JQL Query: The character '{text[place]}' is a reserved JQL character.")
        found.append(match[match.lastindex or 0])
        place = match.end()
    return found


def _plain(token: str) -> str:
    return re.sub(r"\\(.)", r"\1", token[1:-1]) if token[:1] in ('"', "'") else token


def _reversed(value: Any) -> Any:
    """Sorts the other way round."""
    return tuple([-ord(letter) for letter in value] + [1]) if isinstance(value, str) else -value
