"""Costs of the invented company's projects: what its hours cost by the rates, and expenses for the rest of the money.

Exact to the cent: rates are divisible by six, and nobody books seconds that would make a fraction of a cent of that.
An hour counts on the day its author has (`day_of`), which for accounts that hide their zone is the company's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.jira_plan import PLANS, Plan
from sandbox.jira_records import Issue, Worklog
from sandbox.jira_tracker import Tracker
from sandbox.plan_people import Member
from sandbox.plan_story import ACCRUED, COMMITTED, SUPPLIERS

__all__ = ["cost_rows", "day_of", "exchange_rate_rows", "labour_costs", "project_of"]

Row = dict[str, Any]
COMPANY_ZONE = "Europe/Berlin"
IN_EUROS = 9000
"""Travel that CRM, which counts in dollars, paid in euros."""


def project_of(tracker: Tracker, issue: Issue) -> str | None:
    """Key of the project whose scope takes the issue: none takes the service desk's own tasks."""
    key = tracker.projects[issue.project_id].key
    return None if key == "SVC" and tracker.types[issue.type_id].name == "Task" else key


def day_of(tracker: Tracker, log: Worklog) -> date:
    """The day it counts on."""
    user = tracker.users[log.author]
    zone = user.zone if user.shows_zone else COMPANY_ZONE
    return datetime.fromtimestamp(log.started / 1000, UTC).astimezone(ZoneInfo(zone)).date()


def labour_costs(tracker: Tracker, members: Sequence[Member], rates: Sequence[Row]) -> dict[str, Decimal]:
    """Cost of the hours of each project; hours without a rate cost nothing, and are no reason to stop."""
    by_account = {member.account: member for member in members}
    prices = _by_whom(rates)
    costs: dict[str, Decimal] = defaultdict(Decimal)
    for issue in tracker.issues.values():
        key = project_of(tracker, issue)
        for log in (tracker.worklogs[id_] for id_ in issue.worklog_ids):
            member = by_account.get(log.author)
            rate = _rate_of(prices, member, key, day_of(tracker, log)) if key and member else None
            if key and rate is not None:
                costs[key] += Decimal(log.seconds) * rate / 3600
    return costs


Whose = tuple[str, str, str]


def _by_whom(rates: Sequence[Row]) -> Mapping[Whose, Sequence[Row]]:
    found: dict[Whose, list[Row]] = defaultdict(list)
    for row in rates:
        found[row["person"], row["role"], row["project"]].append(row)
    return found


def _rate_of(prices: Mapping[Whose, Sequence[Row]], member: Member, key: str, day: date) -> int | None:
    """The first of person and project, person, role and project, role, project, default."""
    person, role = member.person, member.role
    for whose in ((person, "", key), (person, "", ""), ("", role, key), ("", role, ""), ("", "", key), ("", "", "")):
        for row in prices.get(whose, ()):
            if (row["from_on"] or date.min) <= day <= (row["to_on"] or date.max):
                return int(row["hourly_rate"])
    return None


def exchange_rate_rows(as_of: date) -> list[Row]:
    """Dollars for one euro, month by month, from before the first project to the as-of day."""
    first = as_of - timedelta(weeks=60)
    months = range(first.year * 12 + first.month - 1, as_of.year * 12 + as_of.month)
    return [
        {"from_currency": "EUR", "to_currency": "USD", "month_on": date(m // 12, m % 12 + 1, 1), "rate": _dollars(m)}
        for m in months
    ]


def _dollars(month: int) -> Decimal:
    return Decimal(105 + month % 8) / 100


# ------------------------------------------------------------------ costs that are not hours


def cost_rows(as_of: date, labour: Mapping[str, Decimal]) -> Iterator[Row]:
    """Expenses that make up the actual cost with the labour; what is delivered without an invoice; what is ordered."""
    for plan in PLANS:
        if plan.ac is not None:
            yield from _expenses(plan, as_of, Decimal(plan.ac) * 1000 - labour.get(plan.key, Decimal()))
    for key, amount in ACCRUED.items():
        worked = as_of - timedelta(weeks=2)
        yield _cost(key, amount * 1000, worked, None, kind="accrual", reference="DN-2207",
                    note="switches of wave 2: delivered, no invoice yet")  # fmt: skip
    for key, amount in COMMITTED.items():
        yield _cost(key, amount * 1000, as_of + timedelta(weeks=3), as_of - timedelta(weeks=3), kind="commitment",
                    reference=f"PO-{key}-31", note="ordered")  # fmt: skip


def _expenses(plan: Plan, as_of: date, total: Decimal) -> Iterator[Row]:
    """A line each four weeks, in round hundreds but for the last one."""
    stop = {"DWH": plan.forecast_week or 0, "M365": -6, "DRS": -3}.get(plan.key, -1)
    days = [as_of + timedelta(weeks=week) for week in range(stop, plan.start_week + 1, -4)][::-1]
    if plan.currency == "USD":
        day = days[0]
        total -= IN_EUROS * _dollars(day.year * 12 + day.month - 1)
        yield _cost(plan.key, IN_EUROS, day, _booked(day, as_of), currency="EUR", category="travel",
                    supplier="Bahnhof Reisen", reference="TR-100", note="visits of the agency")  # fmt: skip
    if total <= 0:  # a company with very many issues: some of its hours were paid back
        days = days[-1:]
    left = total
    for n, day in enumerate(days):
        last = n == len(days) - 1
        amount = left if last else total * (80 + 10 * (n % 5)) // (100 * len(days)) // 100 * 100
        left -= amount
        category, supplier = SUPPLIERS[plan.key][n % len(SUPPLIERS[plan.key])]
        yield _cost(plan.key, amount, day, _booked(day, as_of), category=category, supplier=supplier,
                    reference=f"{plan.key}-{2000 + n}")  # fmt: skip


def _booked(worked: date, as_of: date) -> date:
    return min(worked + timedelta(days=20), as_of)


def _cost(key: str, amount: Decimal | int, worked: date, booked: date | None, **more: str) -> Row:
    category, supplier = SUPPLIERS[key][0]
    row: Row = {"project": key, "kind": "expense", "category": category, "amount": amount, "currency": "",
                "worked_on": worked, "booked_on": booked, "supplier": supplier,
                "reference": "", "note": ""}  # fmt: skip
    return row | more
