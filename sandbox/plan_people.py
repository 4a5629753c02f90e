"""Who is who in the plan files of the invented company: roles, teams, calendars, leave, project managers, rates.

Names are those of the tracker's accounts; where one name has several accounts, the e-mail address stands instead.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sandbox.jira_plan import NAMED, PLANS, SITES
from sandbox.jira_planted import kolb_since
from sandbox.jira_tracker import Tracker
from sandbox.jira_words import People
from sandbox.plan_story import HOLIDAYS, ROLE_RATES, ROLES

__all__ = ["Member", "Roster", "calendar_day_rows", "calendar_rows", "rate_rows", "rise_on", "roster"]

Row = dict[str, Any]
NOOR_LEFT_WEEK = -5
JONAS_SHARE = 0.6


@dataclass(frozen=True)
class Member:
    account: str
    person: str
    role: str
    team: str
    calendar: str
    row: Row


@dataclass(frozen=True)
class Roster:
    """`managers` by key of the project."""

    members: tuple[Member, ...]
    managers: dict[str, str]

    def absences(self, as_of: date) -> list[Row]:
        """A week for one in five, spread over the weeks around the as-of day, and three days of illness."""
        monday = as_of - timedelta(days=as_of.weekday())
        rows = []
        for n, member in enumerate(self.members[3::5]):
            first = monday + timedelta(weeks=n - 4)
            days = 3 if n == 4 else 5
            rows.append(
                {"person": member.person, "from_on": first, "to_on": first + timedelta(days=days - 1), "share": 1}
            )
        return rows


def roster(tracker: Tracker, people: People, as_of: date) -> Roster:
    """Sixty people by team; the third of each team leads it, those after it lead its further projects."""
    sites = {zone: site for site, zone in SITES.items()}
    members = []
    for team, (role, lead_role) in ROLES.items():
        for n, account in enumerate(people.by_team[team]):
            user = tracker.users[account]
            person = user.name if len(people.by_name[user.name]) == 1 else user.email
            mine = "contractor" if user.name == "Beat Kolb" else lead_role if n == 2 else role
            row: Row = {"person": person, "role": mine, "team": team, "calendar": sites[user.zone]}
            row |= {"share": JONAS_SHARE if user.name == "Jonas Feld" else 1}
            row |= {"external": "yes" if mine == "contractor" else "no", "from_on": None}
            row |= {"to_on": as_of + timedelta(weeks=NOOR_LEFT_WEEK) if user.name == "Noor Haddad" else None}
            members.append(Member(account, person, mine, team, sites[user.zone], row))
    led: dict[str, int] = defaultdict(int)
    managers = {}
    for plan in PLANS:
        team = plan.teams[0]
        account = people.by_team[team][2 + led[team]]
        led[team] += 1
        managers[plan.key] = tracker.users[account].name
    managers["INV"] = tracker.users[people.by_team[PLANS[0].teams[0]][3]].name
    return Roster(tuple(members), managers)


def calendar_rows() -> list[Row]:
    """One for each site."""
    return [{"name": site, "monday": 8, "tuesday": 8, "wednesday": 8, "thursday": 8, "friday": 8} for site in SITES]


def calendar_day_rows(as_of: date) -> list[Row]:
    """Holidays from a year before the as-of day to a year after it; one Christmas Eve of half a day in Berlin."""
    days = [as_of + timedelta(days=n) for n in range(-365, 366)]
    rows = [
        {"calendar": site, "day_on": day, "hours": 0, "name": HOLIDAYS[site][day.month, day.day]}
        for site in SITES
        for day in days
        if (day.month, day.day) in HOLIDAYS[site]
    ]
    eves = [day for day in days if (day.month, day.day) == (12, 24)]
    return rows + [{"calendar": "Berlin", "day_on": day, "hours": 4, "name": "Heiligabend"} for day in eves]


def rise_on(as_of: date) -> date:
    """A Monday half a year ago: all rates rose."""
    day = as_of - timedelta(weeks=26)
    return day - timedelta(days=day.weekday())


def rate_rows(people: People, tracker: Tracker, as_of: date) -> list[Row]:
    """All ways to name whose rate it is. The last two overlap rows above them: a reader must refuse them."""
    rise = rise_on(as_of)
    eve = rise - timedelta(days=1)
    wilk = tracker.users[people.one("Tomasz Wilk")].email
    assert {"Beat Kolb", "Ines Duarte", "Priya Raman"} <= set(NAMED)
    rows = [_rate(amount=78, to_on=eve)]  # the default, until every role had a rate
    rows.append(_rate(project="SVC", amount=54, from_on=rise))
    for role, (before, since) in ROLE_RATES.items():
        rows += [_rate(role=role, amount=before, to_on=eve), _rate(role=role, amount=since, from_on=rise)]
    # people on CRM are paid for in dollars
    rows += [
        _rate(role=role, project="CRM", amount=amount, currency="USD")
        for role, amount in (("lead", 108), ("developer", 84), ("data engineer", 72))
    ]
    rows += [
        _rate(person="Beat Kolb", amount=114, to_on=kolb_since(as_of) - timedelta(days=1)),
        _rate(person="Ines Duarte", amount=96),
        _rate(person=wilk, amount=102),
        _rate(person="Priya Raman", project="DWH", amount=72),
    ]
    return [
        *rows,
        _rate(role="data engineer", amount=90, from_on=rise + timedelta(weeks=4)),
        _rate(role="service agent", amount=60, from_on=rise + timedelta(weeks=8), to_on=as_of),
    ]


def _rate(
    *, amount: int, person: str = "", role: str = "", project: str = "", currency: str = "EUR",
    from_on: date | None = None, to_on: date | None = None,
) -> Row:  # fmt: skip
    return {"person": person, "role": role, "project": project, "hourly_rate": amount, "currency": currency,
            "from_on": from_on, "to_on": to_on}  # fmt: skip
