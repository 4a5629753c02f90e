"""The command line, which tells how long each table took, too: `python -m tests.bench.timed_publish publish`."""

from __future__ import annotations

import time

from flows.cli import main
from model.records import Record
from warehouse import publish as publishing
from warehouse.hub import Hub

_fill = publishing._fill


def _timed(hub: Hub, record: type[Record], *, emails: bool) -> None:
    begun = time.perf_counter()
    try:
        _fill(hub, record, emails=emails)
    finally:
        print(f"table {record.table} {time.perf_counter() - begun:.3f}", flush=True)


if __name__ == "__main__":
    publishing._fill = _timed
    main()
