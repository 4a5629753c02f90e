"""The Prefect flow: the steps of `flows.night`, each source a task. Prefect is imported here, and nowhere else.

Run by `pmo nightly` and `pmo schedule`, or deployed from `prefect.yaml`.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flows.prefect_settings import set_up_prefect

set_up_prefect()

from prefect import flow, task  # noqa: E402 - its settings come first
from prefect.artifacts import create_markdown_artifact, create_table_artifact  # noqa: E402
from prefect.cache_policies import NO_CACHE  # noqa: E402
from prefect.client.orchestration import get_client  # noqa: E402
from prefect.client.schemas.filters import (  # noqa: E402
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import (  # noqa: E402
    ConcurrencyLimitConfig,
    ConcurrencyLimitStrategy,
    State,
    StateType,
)
from prefect.client.schemas.schedules import CronSchedule  # noqa: E402
from prefect.futures import wait  # noqa: E402
from prefect.logging.handlers import APILogHandler  # noqa: E402
from prefect.states import Completed, Crashed, Failed  # noqa: E402
from prefect.task_runners import ThreadPoolTaskRunner  # noqa: E402
from prefect.types.entrypoint import EntrypointType  # noqa: E402

from flows.config import load  # noqa: E402
from flows.logs import set_up_logs_from_environment  # noqa: E402
from flows.night import Night, NightReport  # noqa: E402
from flows.night_report import as_lines, as_markdown, as_rows, write_night  # noqa: E402
from flows.notify import tell_receivers  # noqa: E402
from flows.pull import SourceOutcome  # noqa: E402
from flows.sync import Pulling  # noqa: E402
from model.config import SourceSettings  # noqa: E402
from model.errors import HubError, SourceError  # noqa: E402

__all__ = ["end_lost_runs", "nightly", "run_once", "serve"]

AGAIN_AFTER_SECONDS = 60
DEPLOYMENT = "pmo-hub"
_THREADS: Any = ThreadPoolTaskRunner(max_workers=32)


class _Failing(SourceError):
    """What Prefect is told, so that it tries once more."""


def _was_transient(_task: Any, _run: Any, state: State[Any]) -> bool:
    """A wrong password stays wrong, and a tool locks out who tries it too often."""
    error = state.result(raise_on_failure=False)
    return isinstance(error, _Failing)


@contextmanager
def of_prefect(then: str) -> Iterator[None]:
    """What Prefect cannot do becomes one sentence; `then` ends it."""
    try:
        yield
    except Exception as error:
        server = f"the Prefect server {os.environ.get('PREFECT_API_URL', '')}".rstrip()
        why = (str(error).splitlines() or [""])[0].rstrip(". ") or type(error).__name__
        raise HubError(f"{server} failed ({why}): {then}") from error


@task(
    name="pull", task_run_name="pull {source.name}", retries=1, retry_delay_seconds=AGAIN_AFTER_SECONDS,
    retry_condition_fn=_was_transient, cache_policy=NO_CACHE, persist_result=False, log_prints=False,
)  # fmt: skip
def pull(pulling: Pulling, source: SourceSettings, seats: threading.Semaphore) -> SourceOutcome:
    with seats:
        outcome = pulling.pull(source)
    if outcome.is_transient:
        raise _Failing(outcome.error or source.name)
    if outcome.exit_status:
        raise SourceError(outcome.error or source.name)
    return outcome


@task(name="push", task_run_name="push", retries=0, cache_policy=NO_CACHE, persist_result=False)
def push(night: Night) -> None:
    night.push()


@task(name="publish", task_run_name="publish", retries=0, cache_policy=NO_CACHE, persist_result=False)
def publish(night: Night) -> None:
    night.publish()


@task(name="report", task_run_name="report", retries=0, cache_policy=NO_CACHE, persist_result=False)
def report(night: Night) -> NightReport:
    ended = night.end()
    known = len(ended.failures)
    with night.kept("reporting"):
        write_night(night.settings.data, ended)
    with night.kept("reporting"), of_prefect("the report is kept beside the portfolio all the same"):
        create_markdown_artifact(as_markdown(ended), key="night", description=f"night {ended.run_id}")
        create_table_artifact(as_rows(ended), key="night-streams", description=f"streams of night {ended.run_id}")
    if ended.path is not None and len(ended.failures) > known:
        with night.kept("reporting"):  # again, with what Prefect could not do
            write_night(night.settings.data, ended)
    for line in as_lines(ended):
        print(line, flush=True)
    return ended


@task(name="notify", task_run_name="notify", retries=0, cache_policy=NO_CACHE, persist_result=False)
def notify(night: Night) -> None:
    tell_receivers(night)


def _without_traceback(record: logging.LogRecord) -> bool:
    """Prefect logs each exception with its traceback. Of what is not meant for people `Night.kept` logs it."""
    record.exc_info = None
    return True


@flow(name="nightly", task_runner=_THREADS, persist_result=False, retries=0)
def nightly(config: str | None = None) -> State[Any]:
    """Pull each source, push what is approved, publish, report. `config`: path of `pmo.toml`."""
    set_up_logs_from_environment()
    for name in ("prefect.flow_runs", "prefect.task_runs", "prefect._internal.concurrency"):
        logging.getLogger(name).addFilter(_without_traceback)
    night = Night(load(Path(config) if config else None, secrets=True))
    seats = threading.Semaphore(night.settings.hub.sources_at_once)
    with night.kept("preparing"):
        night.prepare()
    with night.kept("pulling"), night.pulling() as pulling:
        pulled = [pull.submit(pulling, source, seats) for source in pulling.sources]
        for future in wait(pulled).done:
            error = future.state.result(raise_on_failure=False)
            if isinstance(error, Exception) and not isinstance(error, SourceError):  # these are in the source's outcome
                with night.kept("pulling"):
                    raise error
    with night.kept("pushing"):
        push(night)
    with night.kept("publishing"):
        publish(night)
    with night.kept("keeping house"):
        night.keep_house()
    with night.kept("reporting"):
        report(night)
    with night.kept("notifying"):
        notify(night)
    reason = night.report.reason
    return (
        Failed(message=reason) if reason else Completed(message="all sources are read, and the portfolio is published")
    )


def run_once(config: Path) -> int:
    """Runs the flow in this process, under the server of the environment. Gives an exit status."""
    with of_prefect("look after it, then run `pmo nightly` again; `pmo status` says what was done until then"):
        try:
            return 0 if nightly(str(config), return_state=True).is_completed() else 1
        finally:
            APILogHandler().flush()  # else that is done at the end of the process, when the server is stopped


def end_lost_runs() -> None:
    """Calls crashed what counts as a running night although its process was killed: it would hold up others."""
    running = FlowRunFilter(
        state=FlowRunFilterState(
            type=FlowRunFilterStateType(any_=[StateType.RUNNING, StateType.PENDING, StateType.CANCELLING])
        )
    )
    nights = FlowFilter(name=FlowFilterName(any_=[nightly.name]))
    with get_client(sync_client=True) as client:
        for run in client.read_flow_runs(flow_filter=nights, flow_run_filter=running):
            state: State[Any] = Crashed(message="its process was killed; the next night heals what it left")
            client.set_flow_run_state(run.id, state, force=True)


def serve(config: Path, *, cron: str, timezone: str) -> None:
    """Runs the flow whenever it is due, until it is stopped.

    One at a time: a run that is due while one goes on, or several that were missed, are cancelled, and say so.
    """
    nightly.serve(
        name=DEPLOYMENT,
        schedules=[CronSchedule(cron=cron, timezone=timezone)],
        paused=False,
        parameters={"config": str(config)},
        global_limit=ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW),
        entrypoint_type=EntrypointType.MODULE_PATH,
        print_starting_message=False,
    )
