"""Fetching and decoding side by side, with bounded queues, while the caller loads.

Threads of one source fetch and decode; the caller takes the results in the order of their arrival. At most some
results wait at any time, so memory stays flat however long the lists are. What is fetched, and what becomes of it, is
the caller's business (`flows.pull`).
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from connectors.contract import Batch, Connector, Page, Partition, Reject
from model.errors import BadRecord

__all__ = ["Fetched", "decoded", "decoded_body", "fetch_partitions", "in_parallel"]

Job = TypeVar("Job")
Result = TypeVar("Result")

WAITING_PER_THREAD = 0.5
"""Results that may wait for the loader, per fetching thread; each of these may hold one more."""

_decoding = threading.Semaphore(2)
"""Answers that are decoded at once: Python runs one thread at a time, and what is half decoded takes much memory."""


@dataclass(frozen=True)
class Fetched:
    """A page and what it says. `batch` is None where the answer holds no records (a status other than 200)."""

    partition: Partition
    page: Page
    batch: Batch | None


def fetch_partitions(connector: Connector, partitions: Iterable[Partition]) -> Iterator[Fetched]:
    """All pages of these partitions; the pages of one partition come in order. Raises what the connector raises."""

    def fetch(partition: Partition) -> Iterator[Fetched]:
        for page in connector.pull(partition):
            with _decoding:
                batch = decoded(connector, page)
            yield Fetched(partition, page, batch)

    return in_parallel(connector.in_flight, partitions, fetch)


def decoded(connector: Connector, page: Page) -> Batch | None:
    """What a page says; None where the answer holds no records."""
    return decoded_body(connector, page.stream, page.partition, page.body) if page.status == 200 else None


def decoded_body(connector: Connector, stream: str, partition: str, body: bytes) -> Batch:
    """What a body says; one that cannot be understood at all becomes a reject, named after its partition."""
    try:
        return connector.decode(stream, body)
    except BadRecord as error:
        reject = Reject(stream, f"{partition}/" if partition else None, None, str(error), body)
        return Batch(rejects=[reject], seen=1)


def in_parallel(
    threads: int, jobs: Iterable[Job], run: Callable[[Job], Iterator[Result]], *, name: str = "fetch"
) -> Iterator[Result]:
    """Results of all jobs in the order of their arrival; the first error ends it and is raised.

    Jobs are drawn one by one as threads get free. A caller that stops early stops the threads.
    """
    drawn = iter(jobs)
    drawing = threading.Lock()
    stopped = threading.Event()
    results: queue.Queue[tuple[str, object]] = queue.Queue(maxsize=max(2, int(threads * WAITING_PER_THREAD)))

    def put(kind: str, value: object) -> None:
        while not stopped.is_set():
            try:
                results.put((kind, value), timeout=0.1)
                return
            except queue.Full:
                continue

    def work() -> None:
        try:
            while not stopped.is_set():
                with drawing:
                    job = next(drawn, _NOTHING)
                if job is _NOTHING:
                    break
                for result in run(job):  # type: ignore[arg-type]
                    put("result", result)
                    if stopped.is_set():
                        return
        except BaseException as error:  # noqa: BLE001 - handed to the caller, who raises it
            put("error", error)
        put("end", None)

    workers = [threading.Thread(target=work, name=f"{name}-{n}", daemon=True) for n in range(max(1, threads))]
    for worker in workers:
        worker.start()
    running = len(workers)
    try:
        while running:
            kind, value = results.get()
            if kind == "error":
                assert isinstance(value, BaseException)
                raise value
            if kind == "end":
                running -= 1
            else:
                yield value  # type: ignore[misc]
    finally:
        stopped.set()


_NOTHING = object()
