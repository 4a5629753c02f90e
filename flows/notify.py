"""Messages after a night: one to each receiver, with what is new since the last and what is over; none else.

Receivers are addresses of Apprise (mail, Teams, Slack, a web hook …) under [notify] in `pmo.toml`. They hold
passwords: what is said of one names its place in the list and its kind, never the address.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flows.format import moment
from flows.night import Night, NightReport, Waiting
from model.config import NotifySettings
from warehouse.desk import Desk
from warehouse.notices import Notice

__all__ = ["Receiver", "receivers", "send", "send_test", "tell", "tell_receivers"]

MOST_LINES = 25


@dataclass(frozen=True)
class Receiver:
    """Somebody who is told. `address` is secret."""

    name: str
    address: str
    for_operator: bool
    for_pmo: bool

    def wants(self, waiting: Waiting) -> bool:
        return (self.for_pmo and waiting.for_pmo) or (self.for_operator and waiting.for_operator)

    def __repr__(self) -> str:
        return f"Receiver({self.name})"


def receivers(settings: NotifySettings) -> list[Receiver]:
    """One for each address, be it in one list or in both."""
    found: dict[str, Receiver] = {}
    for setting, addresses in (("urls", settings.urls), ("pmo_urls", settings.pmo_urls)):
        for number, address in enumerate(addresses, 1):
            known = found.get(address)
            name = known.name if known else f"{address.partition(':')[0]}, {setting} {number}"
            found[address] = Receiver(name, address, address in settings.urls, address in settings.pmo_urls)
    return list(found.values())


def tell_receivers(night: Night) -> None:
    """Tells the receivers of the configuration; who could not be reached is among the night's failures."""
    settings = night.settings
    if receivers(settings.notify):
        with Desk(settings.data / "desk.sqlite") as desk:
            night.report.failures += tell(settings.notify, night.report, desk)


def tell(settings: NotifySettings, report: NightReport, desk: Desk) -> list[str]:
    """Sends what is news to each receiver. A sentence for each that could not be reached: it is told the next time."""
    failures = []
    for receiver in receivers(settings):
        told = desk.notices.told(receiver.address)
        waiting = {one.key: one for one in report.waiting if receiver.wants(one)}
        news = [one for one in waiting.values() if one.key not in told or one.size > told[one.key].size]
        over = [notice for key, notice in told.items() if key not in waiting and report.looked_at(key)]
        still = [notice for key, notice in told.items() if key not in waiting and not report.looked_at(key)]
        if news or over or settings.quiet_nights:
            title, body = _message(report, news, over, len(waiting) - len(news))
            if not send(receiver, title, body):
                failures.append(f"notify: {receiver.name} could not be reached: `pmo check --notify` tries it")
                continue
        desk.notices.keep(
            receiver.address, [*still, *(Notice(one.key, one.text, one.size) for one in waiting.values())]
        )
    return failures


def _message(report: NightReport, news: Sequence[Waiting], over: Sequence[Notice], others: int) -> tuple[str, str]:
    parts = [f"{len(news)} new" if news else "", f"{len(over)} over" if over else ""]
    title = f"pmo-hub: {', '.join(part for part in parts if part) or 'all is well'}"
    lines = [*_listed("New, and waiting for a person:", [one.text for one in news])]
    lines += _listed("Over:", [notice.text for notice in over])
    if others > 0:
        lines.append(f"{others} things of before are still waiting.")
    lines.append(f"Night of {moment(report.started_at)}: {report.path or report.run_id}")
    return title, "\n".join(lines)


def _listed(title: str, texts: Sequence[str]) -> Iterator[str]:
    if texts:
        yield title
        yield from (f"- {text}" for text in texts[:MOST_LINES])
        if len(texts) > MOST_LINES:
            yield f"- and {len(texts) - MOST_LINES} more: see the report"
        yield ""


def send_test(settings: NotifySettings) -> list[tuple[Receiver, bool]]:
    """A message to each receiver, and whether it was taken."""
    said = ("pmo-hub: a test", "This receiver is told of nights that need a person. Nothing needs to be done.")
    return [(receiver, send(receiver, *said)) for receiver in receivers(settings)]


def send(receiver: Receiver, title: str, body: str) -> bool:
    """Whether the receiver took it."""
    import apprise

    target = apprise.Apprise()
    return bool(target.add(receiver.address) and target.notify(title=title, body=body, body_format="text"))
