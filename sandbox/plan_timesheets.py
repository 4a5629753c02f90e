"""One week for which 86 in 100 of the invented company's people booked what was expected of them.

In all other weeks hardly anybody did. Who books less are evenly spread over the names.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from sandbox.jira_lives import Log, Outline
from sandbox.jira_tracker import Tracker
from sandbox.jira_words import People
from sandbox.plan_people import Member, Roster, roster
from sandbox.plan_story import HOLIDAYS, PLAN_PLANTED

__all__ = ["compliance_week", "plant_week"]

_SHORT = 0.6  # of what is expected, of those who book less
_QUIET = ("DRS", "M365", "DWH")  # on hold, asleep or closed: nobody works there
_MORNING, _EVENING = 9, 18  # UTC; the evening is Pune's last half hour of the day


def compliance_week(as_of: date) -> date:
    """The Monday of the last week whose deadline, the Monday after it, was past on the day before."""
    day = as_of - timedelta(days=9)
    return day - timedelta(days=day.weekday())


def plant_week(tracker: Tracker, people: People, lives: list[Outline], as_of: date) -> int:
    """Books the week on work that goes on. Gives back how many worklogs that takes."""
    monday = compliance_week(as_of)
    who = roster(tracker, people, as_of)
    asked = [(member, days) for member in who.members if (days := _expected(who, member, monday, as_of))]
    booked_by = {member.account: _booked(lives, member.account, monday) for member, _ in asked}
    free = [account for account, seconds in booked_by.items() if not seconds]
    count = round(len(asked) * (1 - PLAN_PLANTED["timesheet_compliance"]))
    short = {free[n * len(free) // count] for n in range(count)}
    made = 0
    for n, (member, days) in enumerate(asked):
        share = _SHORT if member.account in short else 1.0
        booked = booked_by[member.account]
        work = _going(tracker, people, lives, member, monday)
        hour = _EVENING if member.account == people.one("Priya Raman") else _MORNING
        for day, hours in days.items():
            seconds = round(hours * share * 3600) - booked // len(days)
            if seconds > 0:
                started = int(datetime(day.year, day.month, day.day, hour, tzinfo=UTC).timestamp() * 1000)
                log = Log(member.account, started, seconds, started + seconds * 1000, "planted")
                work[(n + day.day) % len(work)].logs.append(log)
                made += 1
    return made


def _expected(who: Roster, member: Member, monday: date, as_of: date) -> dict[date, float]:
    """Hours by day, of those that have some; nothing of who is external or was not there all week."""
    gone = member.row["to_on"]
    if member.row["external"] == "yes" or (gone is not None and gone < monday + timedelta(days=6)):
        return {}
    away = {
        row["from_on"] + timedelta(days=n)
        for row in who.absences(as_of)
        if row["person"] == member.person
        for n in range((row["to_on"] - row["from_on"]).days + 1)
    }
    days = [monday + timedelta(days=n) for n in range(5)]
    working = [day for day in days if (day.month, day.day) not in HOLIDAYS[member.calendar] and day not in away]
    eve = (12, 24)
    return {
        day: (4 if member.calendar == "Berlin" and (day.month, day.day) == eve else 8) * member.row["share"]
        for day in working
    }


def _booked(lives: list[Outline], account: str, monday: date) -> int:
    """Seconds in that week."""
    begin = int(datetime(monday.year, monday.month, monday.day, tzinfo=UTC).timestamp() * 1000)
    end = begin + 7 * 86_400_000
    return sum(
        log.seconds for life in lives for log in life.logs if log.author == account and begin <= log.started < end
    )


def _going(tracker: Tracker, people: People, lives: list[Outline], member: Member, monday: date) -> list[Outline]:
    """What the member's team works on all that week."""
    begin = int(datetime(monday.year, monday.month, monday.day, tzinfo=UTC).timestamp() * 1000)
    end = begin + 8 * 86_400_000
    team = people.by_team[member.team]
    going = [
        life for life in lives
        if life.started is not None and life.started < begin and (life.finished or life.end) > end and not life.deleted
        and tracker.types[life.type_id].level == 0 and tracker.projects[life.project_id].key not in _QUIET
    ]  # fmt: skip
    return [life for life in going if life.assignee in team] or going
