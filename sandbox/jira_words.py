"""Words and people of the invented company's Jira: statuses, types, priorities, fields, boards, accounts, log-ins.

Company-managed projects share statuses and types; each team-managed one has its own, equal in name and different in id.
"""

from __future__ import annotations

import random
from dataclasses import replace

from sandbox.jira_plan import CUSTOMERS, FIRST, LAST, NAMED, PLANS, SITES, TEAMS, Plan
from sandbox.jira_records import (
    EFFORT,
    EPIC_LINK,
    FLAGGED,
    NOTES,
    POINTS_COMPANY,
    POINTS_TEAM,
    RANK,
    SPRINT,
    START,
    Board,
    Component,
    Field,
    LinkType,
    Login,
    Priority,
    Project,
    Status,
    Type,
    User,
)
from sandbox.jira_tracker import Tracker

__all__ = [
    "HUB_EMAIL",
    "LEAD_EMAIL",
    "MEMBER_EMAIL",
    "STRANGER_EMAIL",
    "TOKEN",
    "People",
    "Roles",
    "add_people",
    "add_words",
]

HUB_EMAIL = "pmo-hub@alder-finch.example"  # sees everything but hidden issues; Europe/Berlin
LEAD_EMAIL = "priya.raman@alder-finch.example"  # sees everything, hidden issues too; Asia/Kolkata
MEMBER_EMAIL = "jonas.feld@alder-finch.example"  # sees ERP and WEB, may not browse people; Europe/Lisbon
STRANGER_EMAIL = "stranger@alder-finch.example"  # sees no project
TOKEN = "sandbox-token"
Roles = dict[int, dict[str, str]]  # project → part played in a life → status id

_COMPANY = [
    Status("10000", "To Do", "new"), Status("3", "In Progress", "indeterminate"),
    Status("10001", "In Review", "indeterminate"), Status("10002", "Blocked", "indeterminate"),
    Status("10003", "Done", "done"), Status("10004", "Cancelled", "done"), Status("1", "Open", "new"),
    Status("10006", "Waiting for customer", "indeterminate"), Status("10007", "Parked at customs", "undefined"),
]  # fmt: skip
_USUAL = {"todo": "10000", "doing": "3", "review": "10001", "blocked": "10002", "done": "10003", "cancelled": "10004"}
_SERVICE = {"todo": "1", "doing": "3", "review": "10006", "done": "10003", "cancelled": "10004"}
_TYPES = [
    Type("10000", "Epic", 1), Type("10001", "Story"), Type("10002", "Task"), Type("10004", "Bug"),
    Type("10003", "Sub-task", -1), Type("10005", "Service Request"), Type("10006", "Incident"),
]  # fmt: skip
_PRIORITIES = [
    Priority("10100", "Highest", "#cd1317"), Priority("2", "High", "#e9494a"), Priority("3", "Medium", "#e97f33"),
    Priority("4", "Low", "#2d8738"), Priority("1", "Lowest", "#57a55a"),
]  # fmt: skip
_LINK_TYPES = [
    LinkType("10000", "Blocks", "is blocked by", "blocks"),
    LinkType("10001", "Cloners", "is cloned by", "clones"),
    LinkType("10002", "Duplicate", "is duplicated by", "duplicates"),
    LinkType("10003", "Relates", "relates to", "relates to"),
    LinkType("10020", "Gantt End to Start", "has to be done after", "has to be done before"),
]
_SYSTEM = (
    "statuscategorychangedate:datetime summary:string status:status issuetype:issuetype priority:priority "
    "project:project assignee:user reporter:user creator:user created:datetime updated:datetime duedate:date "
    "resolution:resolution resolutiondate:datetime description:string environment:string labels:array/string "
    "components:array/component "
    "versions:array/version fixVersions:array/version issuelinks:array/issuelinks subtasks:array/issuelinks "
    "timespent:number timeoriginalestimate:number timeestimate:number aggregatetimespent:number "
    "aggregatetimeoriginalestimate:number aggregatetimeestimate:number progress:progress aggregateprogress:progress "
    "workratio:number lastViewed:datetime votes:votes watches:watches security:securitylevel "
    "-timetracking:timetracking -comment:comments-page -worklog:array/worklog -attachment:array/attachment"
)
_NAMES = {
    "issuetype": "Issue Type", "duedate": "Due date", "fixVersions": "Fix versions", "issuelinks": "Linked Issues",
    "timespent": "Time Spent", "timeestimate": "Remaining Estimate", "timeoriginalestimate": "Original estimate",
    "resolutiondate": "Resolved", "statuscategorychangedate": "Status Category Changed", "worklog": "Log Work",
    "timetracking": "Time tracking", "versions": "Affects versions", "workratio": "Work Ratio",
}  # fmt: skip
_GH = "com.pyxis.greenhopper.jira"
_PLAIN = "com.atlassian.jira.plugin.system.customfieldtypes"
_CUSTOM = [
    Field(START, "Start date", "date", custom=f"{_PLAIN}:datepicker"),
    Field(POINTS_TEAM, "Story point estimate", "number", custom=f"{_GH}:jsw-story-points"),
    Field(POINTS_COMPANY, "Story Points", "number", custom=f"{_PLAIN}:float"),
    Field(SPRINT, "Sprint", "array", "json", custom=f"{_GH}:gh-sprint"),
    Field(EPIC_LINK, "Epic Link", "any", custom=f"{_GH}:gh-epic-link"),
    Field(RANK, "Rank", "any", custom=f"{_GH}:gh-lexo-rank"),
    Field(FLAGGED, "Flagged", "array", "option", custom=f"{_PLAIN}:multicheckboxes"),
    Field(EFFORT, "Effort (days)", "number", custom=f"{_PLAIN}:float"),
    Field(NOTES, "Steering notes", "string", custom=f"{_PLAIN}:textarea"),
]


class People:
    """Accounts by team, and the named ones."""

    def __init__(self) -> None:
        self.by_team: dict[str, list[str]] = {}
        self.by_name: dict[str, list[str]] = {}

    def one(self, name: str) -> str:
        return self.by_name[name][0]


def add_words(tracker: Tracker, people: People) -> Roles:
    """Statuses, types, priorities, fields, link types, projects, components and boards."""
    tracker.statuses = {s.id: replace(s) for s in _COMPANY}  # copies: they can be renamed
    tracker.types = {t.id: replace(t) for t in _TYPES}
    tracker.priorities = {p.id: replace(p) for p in _PRIORITIES}
    tracker.link_types = {t.id: replace(t) for t in _LINK_TYPES}
    for word in _SYSTEM.split():
        id_, _, kind = word.removeprefix("-").partition(":")
        type_, _, items = kind.partition("/")
        name = _NAMES.get(id_, id_.capitalize())
        tracker.fields[id_] = Field(id_, name, type_, items or None, navigable=not word.startswith("-"))
    tracker.fields |= {f.id: replace(f) for f in _CUSTOM}
    roles: Roles = {}
    for n, plan in enumerate(PLANS):
        team = people.by_team[plan.teams[0]]
        project = Project(10_000 + n, plan.key, plan.name, team[2], plan.team_managed, has_priority=plan.key != "M365")
        roles[project.id] = _own_words(tracker, project, n) if plan.team_managed else _shared_words(project, plan)
        tracker.projects[project.id] = project
        for place, name in enumerate(("Interface", "Data", "Screens")):
            if not plan.team_managed:  # they have no components
                id_ = str(10_300 + 3 * n + place)
                tracker.components[id_] = Component(id_, project.id, name)
        kind = {"scrum": "scrum", "simple": "simple", "kanban": "kanban", "service": "kanban"}[plan.style]
        tracker.boards[n + 1] = Board(n + 1, f"{plan.key} board", kind, project.id, [project.id])
    door = [p.id for p in tracker.projects.values() if p.key in ("WEB", "CRM")]
    tracker.boards[40] = Board(40, "Front Door programme", "scrum", door[0], door)
    return roles


def _own_words(tracker: Tracker, project: Project, n: int) -> dict[str, str]:
    """Equal names, other ids; no "Cancelled"."""
    words = [("todo", "To Do", "new"), ("doing", "In Progress", "indeterminate"), ("done", "Done", "done")]
    if project.key != "M365":
        words[2:2] = [("review", "In Review", "indeterminate"), ("blocked", "Blocked", "indeterminate")]
    found = {}
    for place, (role, name, category) in enumerate(words):
        id_ = str(10_100 + 10 * n + place)
        tracker.statuses[id_] = Status(id_, name, category, project.id)
        project.status_ids.append(id_)
        found[role] = id_
    for place, (name, level) in enumerate((("Epic", 1), ("Story", 0), ("Task", 0), ("Bug", 0), ("Subtask", -1))):
        id_ = str(10_500 + 10 * n + place)
        tracker.types[id_] = Type(id_, name, level, project.id)
        project.type_ids.append(id_)
    return found


def _shared_words(project: Project, plan: Plan) -> dict[str, str]:
    roles = _SERVICE if plan.style == "service" else _USUAL | ({"odd": "10007"} if plan.key == "NET" else {})
    project.kind = "service_desk" if plan.style == "service" else "software"
    project.status_ids = list(roles.values())
    service = ("10005", "10006", "10002", "10000", "10003")
    project.type_ids = list(service if plan.style == "service" else ("10000", "10001", "10002", "10004", "10003"))
    return dict(roles)


def add_people(tracker: Tracker, rng: random.Random) -> People:
    """Sixty people, one with three accounts; beside them customers, an app, and the accounts that may log in."""
    people = People()
    for name, (team, site) in NAMED.items():
        _person(tracker, people, rng, name, team, SITES[site])
    for team, (count, sites) in TEAMS.items():
        while len(people.by_team.get(team, ())) < count:
            site = sites[len(people.by_team.get(team, ())) % len(sites)]
            name = f"{rng.choice(FIRST[site])} {rng.choice(LAST[site])}"
            if name not in people.by_name:
                _person(tracker, people, rng, name, team, SITES[site])
    for email in ("t.wilk@alder-finch.example", "tomasz.wilk@alder-finch.example"):
        account = _account(rng)
        people.by_name["Tomasz Wilk"].append(account)
        tracker.users[account] = User(account, "Tomasz Wilk", email, "Europe/Berlin", shows_email=email[1] == ".")
    tracker.users[people.one("Noor Haddad")].active = False
    for name in CUSTOMERS:
        account = f"qm:{_account(rng)}"
        tracker.users[account] = User(account, name, f"{name.split()[0].lower()}@example.org", "UTC", kind="customer")
        people.by_team.setdefault("customers", []).append(account)
    app = "557058:f58131cb-b67d-43c7-b30d-6b58d40bd077"[:7] + _account(rng)
    tracker.users[app] = User(app, "Automation for Jira", "", "UTC", kind="app", shows_email=False)
    people.by_name["app"] = [app]
    hub = _account(rng)
    tracker.users[hub] = User(hub, "PMO Hub", HUB_EMAIL, "Europe/Berlin")
    stranger = _account(rng)
    tracker.users[stranger] = User(stranger, "Sam Stranger", STRANGER_EMAIL, "America/New_York")
    tracker.logins = {
        HUB_EMAIL: Login(HUB_EMAIL, TOKEN, hub),
        LEAD_EMAIL: Login(LEAD_EMAIL, TOKEN, people.one("Priya Raman"), sees_hidden=True, admin=True),
        MEMBER_EMAIL: Login(MEMBER_EMAIL, TOKEN, people.one("Jonas Feld"), {10_000, 10_002}, browses_users=False),
        STRANGER_EMAIL: Login(STRANGER_EMAIL, TOKEN, stranger, set()),
    }
    return people


def _person(tracker: Tracker, people: People, rng: random.Random, name: str, team: str, zone: str) -> None:
    account = _account(rng)
    email = f"{name.lower().replace(' ', '.')}@alder-finch.example"
    user = User(account, name, email, zone)
    user.shows_email = rng.random() < 0.7 or name in NAMED
    user.shows_zone = rng.random() < 0.8 or name in NAMED
    tracker.users[account] = user
    people.by_team.setdefault(team, []).append(account)
    people.by_name.setdefault(name, []).append(account)


def _account(rng: random.Random) -> str:
    """Old ones are 24 hexadecimal digits, new ones have a colon in them."""
    if rng.random() < 0.5:
        return f"5b{rng.getrandbits(88):022x}"
    digits = f"{rng.getrandbits(128):032x}"
    return "712020:" + "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
