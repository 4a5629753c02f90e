"""The command line `pmo`: what was asked, done by the flows; errors as one sentence; exit statuses as in the README.

Everything heavy is imported by the command that needs it, so that help comes at once. What is shown, and how, stands in
`flows.show`.
"""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from model.errors import ConfigError, HubError
from model.vocabulary import ChangeState

if TYPE_CHECKING:
    from model.config import Settings

__all__ = ["main"]

F = TypeVar("F", bound=Callable[..., Any])

STOPPED = 130


def _version() -> str:
    try:
        return version("pmo-hub")
    except PackageNotFoundError:
        return "unknown"


def main() -> None:
    """Runs the command line; what is meant for people ends as one sentence, never as a traceback."""
    # DuckDB looks for pandas at each statement with parameters, and loads it where it is installed: half of the time of
    # a quiet run. Nothing here uses it.
    sys.modules.setdefault("pandas", None)  # type: ignore[arg-type]
    try:
        sys.exit(cli.main(standalone_mode=False))  # what click gives back here is the exit status, or None
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except HubError as error:
        _say_error(str(error))
        sys.exit(error.exit_status)
    except (KeyboardInterrupt, click.Abort):
        _say_error("stopped; nothing is half-written, and the next run goes on from here")
        sys.stdout.flush()
        os._exit(STOPPED)  # threads may still wait for a tool
    except BrokenPipeError:
        os._exit(1)  # the reader of our output went away


def _say_error(text: str) -> None:
    click.echo(f"pmo: {text}", err=True)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(_version(), prog_name="pmo-hub")
@click.option(
    "--log", type=click.Choice(["warning", "info", "debug"]), envvar="PMO_LOG", help="Log to standard error; $PMO_LOG."
)
@click.option("--log-json", is_flag=True, envvar="PMO_LOG_JSON", help="Log as JSON, one object a line; $PMO_LOG_JSON.")
def cli(log: str | None, log_json: bool) -> None:
    """One portfolio over all the tools your teams already use."""
    if log or log_json:
        from flows.logs import set_up_logs

        set_up_logs(log or "info", as_json=log_json)


def with_config(command: F) -> F:
    """Adds --config."""
    return click.option(
        "--config", "config", type=click.Path(path_type=Path), help="The configuration; else ./pmo.toml, $PMO_CONFIG."
    )(command)


def with_json(command: F) -> F:
    """Adds --json."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")(command)


def _load(config: Path | None, *, secrets: bool = False) -> Settings:
    from flows.config import load

    return load(config, secrets=secrets)


def _located(config: Path | None) -> tuple[Path, Settings]:
    """The configuration, and where it was found: another process is told to use the same."""
    settings = _load(config, secrets=True)
    return settings.path, settings


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def exits(command: Callable[..., int | None]) -> Callable[..., None]:
    """The command's result is the exit status."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        status = command(*args, **kwargs)
        if status:
            raise click.exceptions.Exit(status)

    return run


@cli.command()
@click.option(
    "--plan",
    type=click.Path(path_type=Path),
    is_flag=False,
    flag_value=Path("plan"),
    default=None,
    metavar="[FOLDER]",
    help="Also write templates of the files of a plan, into ./plan or that folder.",
)
@with_config
def init(plan: Path | None, config: Path | None) -> None:
    """Write a commented pmo.toml, and templates of the files of a plan."""
    from flows.config import CONFIG_NAME, write_template

    path = config or Path(CONFIG_NAME)
    if plan is not None:
        _init_plan(plan, path)
        return
    write_template(path)
    click.echo(f"wrote {path}: name your sources in it, then run `pmo check`")


def _init_plan(plan: Path, path: Path) -> None:
    """A configuration that is there already is left alone: it says what to add."""
    from flows.config import write_template
    from flows.plan_template import source_lines, write_templates

    folder = plan if plan.is_absolute() else Path(os.path.relpath(plan, path.parent))
    written, left = write_templates(plan)
    if written:
        click.echo(f"wrote {len(written)} files into {plan}: {', '.join(written)}")
    if left:
        click.echo(f"left as they were in {plan}: {', '.join(left)}")
    if path.exists() or path.is_symlink():
        click.echo(f"{path} was left as it is: if it has no source for {plan} yet, add to it\n\n{source_lines(folder)}")
    else:
        write_template(path, more=source_lines(folder))
        click.echo(f"wrote {path}, with the source plan: fill in the files, then run `pmo check`")


@cli.command()
@click.argument("sources", nargs=-1, metavar="[SOURCE]…")
@click.option("--notify", is_flag=True, help="Send a test to each receiver under [notify] instead.")
@with_config
@with_json
@exits
def check(sources: tuple[str, ...], notify: bool, config: Path | None, as_json: bool) -> int:
    """Reach each source: who we are there, what may be read and written, what is missing."""
    from flows.check import check_sources
    from flows.show import show_checks

    if notify:
        return _check_receivers(_load(config, secrets=True))
    results = check_sources(_load(config, secrets=True), sources)
    show_checks(results, as_json=as_json)
    return max((result.exit_status for result in results), default=0)


def _check_receivers(settings: Settings) -> int:
    from flows.notify import send_test

    tried = send_test(settings.notify)
    if not tried:
        raise ConfigError(f"{settings.path} names no receiver: add urls under [notify], `pmo init` shows how")
    for receiver, taken in tried:
        click.echo(
            f"{receiver.name}: {'sent' if taken else 'FAILED: not taken; look at its address, and at the network'}"
        )
    return int(not all(taken for _, taken in tried))


@cli.command("login")
@click.argument("source")
@with_config
@exits
def login_(source: str, config: Path | None) -> None:
    """Log in to a source that has oauth_client and oauth_secret: agree in a browser, paste what it brings."""
    from flows.login import login

    def ask(address: str) -> str:
        click.echo(
            f"Open this address in a browser, log in as the account that pmo is to be, and agree:\n\n{address}\n"
        )
        click.echo("The browser then goes on to an address with code=… in it, which need not open.")
        answer: str = click.prompt("Paste that address, or the code alone")
        return answer

    identity = login(_load(config, secrets=True), source, ask)
    click.echo(
        f"{source}: logged in as {identity.account_name}; `pmo check {source}` says what may be read and written"
    )


@cli.command()
@click.argument("sources", nargs=-1, metavar="[SOURCE]…")
@click.option("--full", is_flag=True, help="Read everything again, not only what changed.")
@click.option("--no-publish", is_flag=True, help="Leave the portfolio file as it is.")
@with_config
@with_json
@exits
def sync(sources: tuple[str, ...], full: bool, no_publish: bool, config: Path | None, as_json: bool) -> int:
    """Pull what is new or changed, then publish."""
    from flows.show import show_progress, show_report
    from flows.sync import sync as sync_sources

    settings = _load(config, secrets=True)
    with show_progress(quiet=as_json) as shown:
        report = sync_sources(
            settings, sources, full=full, publishing=not no_publish, progress=shown.progress, told=shown.rebuilding
        )
    show_report(report, as_json=as_json)
    return report.exit_status


@cli.command()
@click.option("--prometheus", is_flag=True, help="Print gauges in Prometheus' text format.")
@click.option("--health", is_flag=True, help="Print only what is not well; exit status 1 if there is any.")
@with_config
@with_json
@exits
def status(prometheus: bool, health: bool, config: Path | None, as_json: bool) -> int:
    """Freshness, completeness, last runs, quarantine, words to be mapped, conflicts, waiting changes."""
    from flows.show import show_status
    from warehouse.desk import Desk
    from warehouse.read import Reader

    settings = _load(config)
    with Reader(settings.data) as reader, Desk(settings.data / "desk.sqlite") as desk:
        facts, changes = reader.status_facts(), desk.queue.all()
        colours = reader.health_counts() if prometheus else {}
    if not (prometheus or health):
        show_status(settings, facts, changes, as_json=as_json)
        return 0
    from flows.metrics import as_prometheus, unwell

    found = list(unwell(facts, datetime.now(UTC)))
    if prometheus:
        click.echo(as_prometheus(facts, changes, colours), nl=False)
        return 0
    for sentence in found:
        click.echo(sentence)
    return int(bool(found))


@cli.command()
@click.option("--program", metavar="P", help="Only projects of this program, by its name or id.")
@click.option("--project", metavar="P", help="Only this project, by its key, name or id.")
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="As it was published last up to this day.")
@with_config
@with_json
def portfolio(
    program: str | None, project: str | None, as_of: datetime | None, config: Path | None, as_json: bool
) -> None:
    """The portfolio: one row per project over all sources, today or as it was."""
    from flows.show import show_portfolio
    from warehouse.read import Reader

    with Reader(_load(config).data) as reader:
        day = reader.kept_day(as_of.date()) if as_of else None
        show_portfolio(reader.portfolio(program=program, project=project, day=day), as_json=as_json, day=day)


@cli.command()
@click.option("--program", metavar="P", help="Only projects of this program, by its name or id.")
@click.option("--project", metavar="P", help="Only this project, by its key, name or id.")
@click.option(
    "--html",
    metavar="[FILE]",
    is_flag=False,
    flag_value="",
    help="A page for browser and printer, one sheet a project.",
)
@click.option("--xlsx", metavar="[FILE]", is_flag=False, flag_value="", help="A workbook, one sheet a list.")
@with_config
def report(program: str | None, project: str | None, html: str | None, xlsx: str | None, config: Path | None) -> None:
    """A status report over the portfolio: a self-contained page, a workbook, or both."""
    from flows.report import as_html, as_xlsx, write_report
    from warehouse.report import ReportReader

    if html is None and xlsx is None:
        raise ConfigError("say --html or --xlsx, or both, each with a file name if you like")
    with ReportReader(_load(config).data) as reader:
        found = reader.report(program=program, project=project)
    scope = f"project {project}" if project else f"program {program}" if program else "the whole portfolio"
    for asked, ending in ((html, "html"), (xlsx, "xlsx")):
        if asked is not None:
            path = Path(asked or f"portfolio-{found.day}.{ending}")
            write_report(path, as_html(found, scope) if ending == "html" else as_xlsx(found))
            click.echo(f"wrote {path}")


@cli.command()
@click.option("--check", metavar="NAME", help="Only this check, with all that it found.")
@click.option("--project", metavar="P", help="Only this project, by its key, name or id.")
@with_config
@with_json
def quality(check: str | None, project: str | None, config: Path | None, as_json: bool) -> None:
    """What makes the figures doubtful: each check, what fails it, and who can mend it."""
    from flows.show import show_quality
    from warehouse.figures import check_names
    from warehouse.read import Reader

    with Reader(_load(config).data) as reader:
        if project is not None and not reader.projects_named(project):
            raise ConfigError(f"there is no project {project} in the portfolio: `pmo portfolio` lists them")
        if check is not None and check not in check_names():
            raise ConfigError(f"there is no check {check}: there are {', '.join(check_names())}")
        scores = None if check is not None else reader.quality_scores(project=project)
        show_quality(reader.quality(check=check, project=project), scores, as_json=as_json)


@cli.command()
@click.argument("project")
@click.argument("figure", required=False, default="")
@click.option("--all", "whole", is_flag=True, help="All rows and issues, not only the first.")
@with_config
@with_json
def explain(project: str, figure: str, whole: bool, config: Path | None, as_json: bool) -> None:
    """Where a figure of a project comes from: its rule, numbers, rows, and the issues' pages.

    PROJECT is a key, id or name; FIGURE a column of the portfolio, such as spi, budget or overdue.
    """
    from flows.explained import FIRST_ROWS
    from flows.show import show_explanation
    from warehouse.explain import explain as explain_figure
    from warehouse.read import Reader

    with Reader(_load(config).data) as reader:
        found = explain_figure(reader, project, figure, most=None if whole else FIRST_ROWS)
        show_explanation(found, as_json=as_json)


@cli.command()
@click.argument("key")
@with_config
@with_json
@exits
def issue(key: str, config: Path | None, as_json: bool) -> int:
    """One issue by id or key: our words, theirs, history, links, hours, wanted changes."""
    from flows.show import show_candidates, show_issue
    from warehouse.desk import Desk
    from warehouse.read import Reader

    data = _load(config).data
    with Reader(data) as reader, Desk(data / "desk.sqlite") as desk:
        found = reader.find_issue(key)
        if not found:
            raise ConfigError(f"there is no issue {key} in the portfolio: give its key or its id, such as jira:10042")
        if len(found) > 1:
            show_candidates(key, found, as_json=as_json)
            return 2
        wanted = [(c, desk.queue.events(c.id), desk.queue.steps(c.id)) for c in desk.queue.all(issue_id=found[0].id)]
        show_issue(reader.issue_details(found[0].id), wanted, as_json=as_json)
        return 0


# ------------------------------------------------------------------ wanted changes


@cli.command("set")
@click.argument("issues", nargs=-1, metavar="[ISSUE]…")
@click.option("--status", default=None, help="The status wanted: our word, or the tool's own word or id.")
@click.option("--priority", default=None, help="The priority wanted: 1 (most urgent) to 5, or the tool's own.")
@click.option("--reason", default=None, help="Why; kept with the change. Of a file: where a row gives none.")
@click.option(
    "--file",
    "file",
    type=click.Path(path_type=Path),
    default=None,
    help="Many at once: CSV or XLSX with the columns issue, status, priority, reason.",
)
@with_config
@with_json
@exits
def set_(
    issues: tuple[str, ...],
    status: str | None,
    priority: str | None,
    reason: str | None,
    file: Path | None,
    config: Path | None,
    as_json: bool,
) -> int:
    """Ask for a change of status or priority; nothing is sent to a tool yet."""
    from dataclasses import replace

    from flows.changes import WishLine, ask, read_wishes
    from flows.show import show_asked

    if bool(issues) == bool(file):
        raise ConfigError('name the issues, or a --file of them: pmo set ERP-7 --priority 1 --reason "board decision"')
    if file and not (status is None and priority is None):
        raise ConfigError(
            f"--status and --priority are for issues named here, and {file} has columns for them: name one"
        )
    settings = _load(config)
    if file:
        lines = [replace(line, reason=line.reason or reason) for line in read_wishes(file)]
    else:
        lines = [WishLine(issue, status, priority, reason) for issue in issues]
    results = ask(settings, lines, _user())
    show_asked(results, as_json=as_json)
    return 2 if any(result.refused for result in results) else 0


@cli.group(invoke_without_command=True)
@click.option("--state", type=click.Choice([state.value for state in ChangeState]), default=None, help="Only these.")
@click.option("--id", "id_", type=int, default=None, help="One change, with all that happened to it.")
@with_config
@with_json
@click.pass_context
def changes(context: click.Context, state: str | None, id_: int | None, config: Path | None, as_json: bool) -> None:
    """The queue of wanted changes and its history."""
    if context.invoked_subcommand is not None:
        return
    from flows.show import show_change, show_changes
    from warehouse.desk import Desk

    with Desk(_load(config).data / "desk.sqlite") as desk:
        if id_ is not None:
            (change,) = desk.queue.of([id_])
            show_change(change, desk.queue.events(id_), desk.queue.steps(id_), as_json=as_json)
        else:
            show_changes(desk.queue.all(ChangeState(state) if state else None), as_json=as_json)


@click.command()
@click.argument("ids", nargs=-1, required=True, type=int, metavar="ID…")
@with_config
@with_json
def approve(ids: tuple[int, ...], config: Path | None, as_json: bool) -> None:
    """Approve wanted changes of others, by number."""
    from flows.changes import approve as approve_changes
    from flows.show import show_changes

    show_changes(approve_changes(_load(config), ids, _user()), as_json=as_json)


@click.command()
@click.argument("ids", nargs=-1, required=True, type=int, metavar="ID…")
@click.option("--reason", default=None, help="Why; kept with the change.")
@with_config
@with_json
def reject(ids: tuple[int, ...], reason: str | None, config: Path | None, as_json: bool) -> None:
    """Reject wanted changes, by number: they are not sent."""
    from flows.changes import reject as reject_changes
    from flows.show import show_changes

    show_changes(reject_changes(_load(config), ids, _user(), reason), as_json=as_json)


@click.command()
@click.argument("ids", nargs=-1, required=True, type=int, metavar="ID…")
@click.option("--reason", default=None, help="Why; kept with the change.")
@with_config
@with_json
def undo(ids: tuple[int, ...], reason: str | None, config: Path | None, as_json: bool) -> None:
    """Ask for the way back of verified changes, by number."""
    from flows.changes import undo as undo_changes
    from flows.show import show_changes

    show_changes(undo_changes(_load(config), ids, _user(), reason), as_json=as_json)


@cli.command()
@click.argument("sources", nargs=-1, metavar="[SOURCE]…")
@click.option("--dry-run", is_flag=True, help="Only the plan: nothing is sent.")
@click.option("--plan", default=None, metavar="HASH", help="Send only what that plan says; another one is refused.")
@click.option("--no-publish", is_flag=True, help="Leave the portfolio file as it is.")
@with_config
@with_json
@exits
def push(
    sources: tuple[str, ...], dry_run: bool, plan: str | None, no_publish: bool, config: Path | None, as_json: bool
) -> int:
    """Send approved changes to the tools, read them back, then publish."""
    from flows.push import push as push_changes
    from flows.show import show_progress, show_pushed

    settings = _load(config, secrets=True)
    with show_progress(quiet=as_json) as shown:
        report = push_changes(
            settings,
            sources,
            dry_run=dry_run,
            plan=plan,
            publishing=not no_publish,
            progress=shown.progress,
            told=shown.rebuilding,
        )
    show_pushed(report, as_json=as_json)
    return report.exit_status


for _command in (approve, reject, undo):
    cli.add_command(_command)
    changes.add_command(_command)


@cli.command()
@with_config
@exits
def nightly(config: Path | None) -> int:
    """Run the nightly flow once, now: pull, push what is approved, publish, report."""
    from flows.prefect_server import prefect_server
    from flows.prefect_settings import prefect_home, set_up_prefect

    path, settings = _located(config)
    home, wait = prefect_home(settings.data), settings.hub.lock_wait_minutes * 60
    set_up_prefect(home)
    with prefect_server(home, "nightly", wait=wait, told=click.echo) as server:
        from flows.nightly import end_lost_runs, run_once

        if server.is_ours:
            end_lost_runs()
        return run_once(path)


@cli.command()
@click.option("--cron", default="0 2 * * *", show_default=True, metavar="LINE", help="When, as five fields of cron.")
@click.option("--timezone", metavar="ZONE", help="Of that line; else the PMO's, `timezone` under [hub].")
@with_config
def schedule(cron: str, timezone: str | None, config: Path | None) -> None:
    """Run the nightly flow on its schedule, until stopped; with a Prefect server of its own, if none is named."""
    from flows.prefect_server import prefect_server
    from flows.prefect_settings import prefect_home, set_up_prefect
    from flows.schedule import due

    path, settings = _located(config)
    zone = timezone or settings.hub.timezone
    first = next(iter(due(cron, zone, datetime.now(UTC))))
    home, wait = prefect_home(settings.data), settings.hub.lock_wait_minutes * 60
    set_up_prefect(home)
    with prefect_server(home, "schedule", wait=wait, told=click.echo) as server:
        from flows.nightly import end_lost_runs, serve

        if server.is_ours:
            end_lost_runs()
        where = server.url.removesuffix("/api")
        click.echo(f"next night: {first:%Y-%m-%d %H:%M} ({zone}), then {cron}; Prefect at {where}; stop with Ctrl-C")
        serve(path, cron=cron, timezone=zone)


# ------------------------------------------------------------------ files


@cli.command()
@with_config
@with_json
def publish(config: Path | None, as_json: bool) -> None:
    """Write the portfolio file from the hub file."""
    from flows.show import show_progress, show_published
    from flows.sync import OpenHub, publish_hub

    settings = _load(config)
    with show_progress(quiet=as_json) as shown, OpenHub(settings, told=shown.rebuilding) as opened:
        published = publish_hub(opened)[1]
    show_published(published, as_json=as_json)


@cli.command()
@click.argument("generation", required=False, metavar="[GENERATION]")
@click.option(
    "--desk",
    "day",
    is_flag=False,
    flag_value="",
    default=None,
    metavar="[DAY]",
    help="Put back the desk as a night copied it, such as 2026-11-20, instead; without a day: list the copies.",
)
@with_config
def restore(generation: str | None, day: str | None, config: Path | None) -> None:
    """Make an earlier portfolio file the one readers get, by name or day, until the next publishing; or list them."""
    from warehouse.shelf import Shelf

    if day is not None:
        if generation is not None:
            raise ConfigError("name a generation, or a --desk of a day: one at a time")
        _restore_desk(_load(config).data, day)
        return
    shelf = Shelf(_load(config).data)
    if generation is None:
        for name in shelf.generations():
            click.echo(name)
        return
    click.echo(f"readers get {shelf.restore(generation)} until the next publishing")


def _restore_desk(data: Path, day: str) -> None:
    from warehouse.backup import desk_days, restore_desk
    from warehouse.hub import HubLock

    if not day:
        for known in desk_days(data):
            click.echo(known)
        return
    lock = HubLock(data)
    try:
        kept = restore_desk(data, day, datetime.now(UTC))
    finally:
        lock.release()
    before = f"; what it was before is kept as {kept}" if kept else ""
    click.echo(f"the desk is what it was in the night of {day}{before}")


@cli.command()
@with_config
@with_json
def rebuild(config: Path | None, as_json: bool) -> None:
    """Make the hub file again from the raw archive, without any network, and publish."""
    from flows.rebuild import rebuild as rebuild_hub
    from flows.show import show_progress, show_rebuilt
    from flows.sync import OpenHub, publish_hub
    from warehouse.hub import HubLock

    settings = _load(config)
    with show_progress(quiet=as_json) as shown:
        lock = HubLock(settings.data)
        try:
            rebuilt = rebuild_hub(settings, told=shown.rebuilding)
        finally:
            lock.release()
        with OpenHub(settings) as opened:
            published = publish_hub(opened)[1]
    show_rebuilt(rebuilt, published, as_json=as_json)


@cli.command()
@click.argument("account", required=False)
@click.option(
    "--also", multiple=True, metavar="WORD", help="Another word for this person, replaced wherever it stands."
)
@click.option("--not", "left_out", multiple=True, metavar="WORD", help="A word that is not to be replaced.")
@click.option("--dry-run", is_flag=True, help="Only say what would be replaced.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_config
@with_json
@exits
def forget(
    account: str | None,
    also: tuple[str, ...],
    left_out: tuple[str, ...],
    dry_run: bool,
    yes: bool,
    config: Path | None,
    as_json: bool,
) -> int:
    """Put a pseudonym in the place of a person's names, log-ins and addresses, in all that the hub keeps.

    ACCOUNT is an account's id, an e-mail address or a person's id: all accounts of that person are forgotten. Without
    it, a forgetting that was cut short is finished.
    """
    from flows import forget as forgetting
    from flows.show import show_receipts, show_words

    settings = _load(config)
    receipts = [] if dry_run else forgetting.finish(settings, _user(), told=_say_step)
    if account is None and not receipts:
        raise ConfigError("name an account: its id (source:id), an e-mail address, or a person's id")
    if account is not None:
        looked = forgetting.look_for(settings, account, also, left_out)
        show_words(looked, as_json=as_json and dry_run)
        if dry_run:
            return 0
        if not yes:
            click.confirm("Replace them in every file, for good?", abort=True, err=True)
        receipts.append(forgetting.forget(settings, looked, _user(), told=_say_step))
    show_receipts(receipts, as_json=as_json)
    return max(receipt.exit_status for receipt in receipts)


def _say_step(what: str) -> None:
    click.echo(f"pmo: {what} …", err=True)


@cli.command("accept-loss")
@click.argument("source")
@with_config
def accept_loss(source: str, config: Path | None) -> None:
    """Let a held-back disappearance through, once, on record."""
    from flows.sync import chosen_sources
    from warehouse.desk import Desk
    from warehouse.read import Reader

    settings = _load(config)
    chosen_sources(settings, [source])
    with Reader(settings.data) as reader:
        held = sum(row["held_back"] for row in reader.status_facts().held_back if row["source"] == source)
    if not held:
        raise ConfigError(f"nothing of {source} is held back: there is nothing to accept")
    with Desk(settings.data / "desk.sqlite") as desk:
        desk.accept_loss(source, _user())
    click.echo(f"the next sync of {source} lets {held} absent rows go: run `pmo sync {source}`")


@cli.command()
@click.argument("query")
@with_config
@with_json
def sql(query: str, config: Path | None, as_json: bool) -> None:
    """Read the portfolio file: pmo sql "select status, count(*) from issues group by all"."""
    from flows.show import show_rows
    from warehouse.read import Reader

    with Reader(_load(config).data) as reader:
        show_rows(reader.sql(query), as_json=as_json)


@cli.command()
@click.option(
    "--port", default=0, show_default="a free one", help="Where it listens on this machine, and the next one."
)
@click.option("--seed", default=7, show_default=True, help="Another number, another company of the same story.")
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    default=None,
    help="The day the story ends on, at 06:00 UTC: the last such.",
)
@click.option("--truth", type=click.Path(path_type=Path), default=None, help="Write what is true of it to this file.")
@click.option("--plan", type=click.Path(path_type=Path), default=None, help="Write its plan files into this folder.")
def sandbox(port: int, seed: int, as_of: datetime | None, truth: Path | None, plan: Path | None) -> None:
    """Serve a make-believe Jira and Smartsheet on this machine; prints a pmo.toml for them."""
    from flows.demo import environment, settings_text
    from flows.demo import sandbox as serve

    with serve(port=port, seed=seed, as_of=as_of.date() if as_of else None, truth=truth, plan=plan) as served:
        click.echo(settings_text(served, plan))
        for name, value in environment().items():
            click.echo(f"# export {name}={value}")
        click.echo("# serving until it is stopped with Ctrl-C", nl=True)
        sys.stdout.flush()
        served.wait()


@cli.command()
@click.option(
    "--into", type=click.Path(path_type=Path), default=Path("pmo-demo"), show_default=True, help="Its folder."
)
@click.option("--seed", default=7, show_default=True, help="Another number, another company of the same story.")
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    default=None,
    help="The day the story ends on, at 06:00 UTC: the last such.",
)
@exits
def demo(into: Path, seed: int, as_of: datetime | None) -> int:
    """An invented company, read over HTTP into a portfolio, from nothing, in one command."""
    from flows.demo import PLAN_FOLDER, demo_folder, prepare
    from flows.demo import sandbox as serve
    from flows.show import show_demo_end, show_portfolio, show_progress, show_report
    from flows.sync import sync as sync_sources
    from warehouse.read import Reader

    folder = demo_folder(into)
    day, truth, plan = as_of.date() if as_of else None, folder / "truth.yaml", folder / PLAN_FOLDER
    with serve(seed=seed, as_of=day, truth=truth, plan=plan) as served:
        settings = _load(prepare(folder, served), secrets=True)
        with show_progress(quiet=False) as shown:
            report = sync_sources(settings, progress=shown.progress, told=shown.rebuilding)
        show_report(report, as_json=False)
    if report.exit_status == 0:
        with Reader(settings.data) as reader:
            show_portfolio(reader.portfolio(), as_json=False)
        show_demo_end(folder)
    return report.exit_status


@cli.group()
def source() -> None:
    """Names of sources."""


@source.command("rename")
@click.argument("old")
@click.argument("new")
@with_config
def source_rename(old: str, new: str, config: Path | None) -> None:
    """Give a source another name, with all its records and history."""
    from flows.source_rename import rename

    rename(_load(config), old, new, _user())
    click.echo(f"{old} is {new} now, in the configuration, the hub and the portfolio file")


if __name__ == "__main__":
    main()
