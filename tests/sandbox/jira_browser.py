"""Asks a make-believe Jira Cloud over real HTTP, as the tests need it."""

from __future__ import annotations

from datetime import date
from types import TracebackType
from typing import Any

import requests

from sandbox.jira import HUB_EMAIL, TOKEN
from sandbox.jira_company import story_end

AS_OF = date(2026, 11, 25)
NOW = story_end(AS_OF) + 3_600_000
API, AGILE = "/rest/api/3", "/rest/agile/1.0"


class Browser:
    def __init__(self, url: str, email: str = HUB_EMAIL, token: str = TOKEN) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.auth = (email, token)

    def __enter__(self) -> Browser:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.session.close()

    def ask(self, method: str, path: str, **given: Any) -> requests.Response:
        """`path` under the platform's API, or with `/rest/` or `/_` in front as it stands."""
        full = path if path.startswith(("/rest/", "/_")) else f"{API}/{path}"
        return self.session.request(method, self.url + full, timeout=10, **given)

    def get(self, path: str, **params: Any) -> Any:
        answer = self.ask("GET", path, params=params)
        assert answer.status_code == 200, (answer.status_code, answer.text)
        return answer.json()

    def post(self, path: str, **body: Any) -> Any:
        answer = self.ask("POST", path, json=body)
        assert answer.status_code == 200, (answer.status_code, answer.text)
        return answer.json()

    def refused(self, status: int, path: str, **params: Any) -> str:
        answer = self.ask("GET", path, params=params)
        assert answer.status_code == status, answer.text
        return answer.text

    def search(self, jql: str, *, method: str = "POST", **body: Any) -> list[dict[str, Any]]:
        """All pages, and no token twice."""
        found: list[dict[str, Any]] = []
        tokens: set[str] = set()
        token = None
        while True:
            asked = {"jql": jql, **body} | ({"nextPageToken": token} if token else {})
            page = self.post("search/jql", **asked) if method == "POST" else self.get("search/jql", **asked)
            assert "total" not in page and "startAt" not in page
            found += page["issues"]
            token = page.get("nextPageToken")
            if page["isLast"]:
                assert token is None
                return found
            assert token and token not in tokens
            tokens.add(token)

    def ids(self, jql: str) -> set[str]:
        return {row["id"] for row in self.search(jql, maxResults=5000)}

    def issue(self, name: object, **params: Any) -> Any:
        return self.get(f"issue/{name}", **params)

    def feed(self, name: str, since: int = 0) -> dict[int, int]:
        """Worklog ids with their instants, over all pages."""
        found: dict[int, int] = {}
        url = f"worklog/{name}?since={since}"
        while True:
            page = self.get(url)
            found |= {row["worklogId"]: row["updatedTime"] for row in page["values"]}
            if page["lastPage"]:
                return found
            assert page["nextPage"].endswith(f"since={page['until']}")
            url = page["nextPage"].removeprefix(self.url)


def text_of(node: Any) -> str:
    """An ADF document as plain text, the simple way."""
    if node["type"] in ("text", "mention"):
        return node.get("text") or node["attrs"]["text"]
    if node["type"] == "hardBreak":
        return "\n"
    return "".join(text_of(child) for child in node.get("content", ()))
