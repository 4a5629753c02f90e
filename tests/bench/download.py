"""F: all pages of a Jira, downloaded over plain `requests` sessions and thrown away, in a process of its own.

What the tool must at least read: the ids, 5,000 a page, then the issues by the hundred with history, hours and
comments. Nothing of an issue is decoded, nothing kept; ids are, since the next requests are made of them. Prints
seconds from the first request to the last answer, bytes and requests as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import local

import requests

_own = local()
AUTH = ("someone@example.org", "sandbox-token")
CHUNK = 1 << 20  # `content` reads in pieces of 10 kB, and takes more CPU for that than all the rest


def _post(url: str, body: Mapping[str, object]) -> requests.Response:
    """One connection for each thread."""
    if not hasattr(_own, "session"):
        _own.session = requests.Session()
        _own.session.auth = AUTH
        _own.session.trust_env = False
    answer: requests.Response = _own.session.post(url, json=body, timeout=120, stream=True)
    answer.raise_for_status()
    return answer


def download(url: str, connections: int) -> dict[str, float]:
    """Seconds, bytes, requests."""
    begun, size, asked = time.perf_counter(), 0, 0
    ids: list[str] = []
    page: dict[str, object] = {"jql": 'created >= "1970-01-01" ORDER BY id ASC', "fields": ["id"], "maxResults": 5000}
    while True:
        text = _post(f"{url}/rest/api/3/search/jql", page).content
        found = json.loads(text)
        size, asked = size + len(text), asked + 1
        ids += [one["id"] for one in found["issues"]]
        if found["isLast"]:
            break
        page["nextPageToken"] = found["nextPageToken"]

    def bulk(part: list[str]) -> int:
        body = {"issueIdsOrKeys": part, "fields": ["*all"], "expand": ["changelog"]}
        return sum(map(len, _post(f"{url}/rest/api/3/issue/bulkfetch", body).iter_content(CHUNK)))

    parts = [ids[n : n + 100] for n in range(0, len(ids), 100)]
    if connections == 1:
        sizes = [bulk(part) for part in parts]
    else:
        with ThreadPoolExecutor(connections) as pool:
            sizes = list(pool.map(bulk, parts))
    seconds = time.perf_counter() - begun
    return {"seconds": seconds, "bytes": size + sum(sizes), "requests": asked + len(parts)}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(download(sys.argv[1], int(sys.argv[2]))) + "\n")
