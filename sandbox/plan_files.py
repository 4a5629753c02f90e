"""Writes what the invented company's PMO keeps in files: `write_plan(folder, tracker, people, as_of)`, CSV by table.

The files add up to the figures in `sandbox.jira_plan`: expenses are what is left of the actual cost when the hours of
the tracker are paid at the rates written here. What is told of each project stands in `sandbox.plan_story`; how the
files are written is said in docs/connectors/plan.md. Nothing is by chance: tracker and day decide every cell.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sandbox.jira_plan import FACTS, PLANS, Plan
from sandbox.jira_tracker import Tracker
from sandbox.jira_words import People
from sandbox.plan_costs import cost_rows, exchange_rate_rows, labour_costs, project_of
from sandbox.plan_people import Roster, calendar_day_rows, calendar_rows, rate_rows, roster
from sandbox.plan_story import (
    ACCRUED,
    BASELINE_AFTER_FINISH,
    CHANGES,
    DIRECTORS,
    IN_TWO_PROJECTS,
    MILESTONES,
    ON_SHEETS,
    PACKAGES,
    PIPELINE,
    PROGRAMS,
    REMARKS,
    RISKS,
    SUPPLIERS,
    WITHOUT_SPONSOR,
    Package,
)

__all__ = ["plan_tables", "truth_of_plan", "write_plan"]

Row = dict[str, Any]
HELD, CLOSED, RUN, LAWFUL = "M365", "DWH", "SVC", "CMP"
MONTHS_OF_A_YEAR = 12


def write_plan(folder: Path, tracker: Tracker, people: People, as_of: date) -> None:
    """A CSV file for each table, in a folder that is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in plan_tables(tracker, people, as_of).items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as out:
            writer = csv.DictWriter(out, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)


def plan_tables(tracker: Tracker, people: People, as_of: date) -> dict[str, list[Row]]:
    """Rows of each file, in order; all rows of a file have the same columns."""
    who = roster(tracker, people, as_of)
    rates = rate_rows(people, tracker, as_of)
    return {
        "programs": [
            {"key": key, "name": name, "sponsor": DIRECTORS[name], "manager": who.managers[_first_of(name)],
             "goal": goal}
            for name, (key, goal) in PROGRAMS.items()
        ],
        "projects": [*(_project(plan, who, as_of) for plan in PLANS), *_pipeline(who, as_of)],
        "milestones": list(_milestones(as_of)),
        "scopes": list(_scopes(tracker)),
        "budget_lines": list(_budget_lines()),
        "baselines": [_baseline(plan, as_of) for plan in PLANS if plan.key in PACKAGES],
        "work_packages": [_package(key, one, as_of) for key, packages in PACKAGES.items() for one in packages],
        "rates": rates,
        "team_members": [member.row for member in who.members],
        "calendars": calendar_rows(),
        "calendar_days": calendar_day_rows(as_of),
        "absences": who.absences(as_of),
        "costs": list(cost_rows(as_of, labour_costs(tracker, who.members, rates))),
        "exchange_rates": exchange_rate_rows(as_of),
        "risks": list(_risks(who, as_of)),
        "benefits": list(_benefits(as_of)),
        "change_requests": list(_change_requests(who, as_of)),
        "health_overrides": [
            {"project": "DRS", "health": "green", "said_by": who.managers["DRS"], "reason": "supplier promised",
             "from_on": as_of - timedelta(weeks=2), "until_on": as_of + timedelta(days=5)},
        ],
    }  # fmt: skip


def _week(as_of: date, week: float | None) -> date | None:
    return None if week is None else as_of + timedelta(weeks=week)


def _begin(as_of: date, week: int) -> date:
    """The day after the eve, so that whole weeks lie between it and a finish."""
    return as_of + timedelta(weeks=week, days=1)


def _first_of(program: str) -> str:
    return next(plan.key for plan in PLANS if plan.program == program)


# ------------------------------------------------------------------ projects and what is in them


def _project(plan: Plan, who: Roster, as_of: date) -> Row:
    key = plan.key
    note, asked = REMARKS[key]
    closed = key == CLOSED
    return {
        "key": key,
        "name": plan.name,
        "program": PROGRAMS.get(plan.program, ("",))[0],
        "sponsor": "" if key == WITHOUT_SPONSOR else DIRECTORS[plan.program],
        "pm": who.managers[key],
        "stage": "closed" if closed else "execution",
        "kind": "run" if key == RUN else "change",
        "mandatory": "yes" if key == LAWFUL else "no",
        "deadline_on": _week(as_of, plan.baseline_week) if key == LAWFUL else None,
        "start_on": _begin(as_of, plan.start_week),
        "due_on": _week(as_of, plan.baseline_week),
        "started_on": _begin(as_of, plan.start_week),
        "finished_on": _week(as_of, plan.forecast_week) if closed else None,
        "hold_from_on": _week(as_of, -6) if key == HELD else None,
        "forecast_finish_on": None if closed else _week(as_of, plan.forecast_week),
        "currency": plan.currency,
        "progress_basis": "points" if key == "WEB" else "",
        "earned_rule": "percent" if key in PACKAGES else "",
        "contract_value": FACTS["crm_fixed_fee"] * 1000 if key == "CRM" else None,  # type: ignore[operator]
        "health_owner": who.managers[key],
        "decision_asked": asked,
        "note": note,
        "note_on": as_of - timedelta(days={"DRS": 19, HELD: 42, CLOSED: 56}.get(key, 2)),
    }


def _pipeline(who: Roster, as_of: date) -> Iterator[Row]:
    for key, name, program, stage, _, goal in PIPELINE:
        note, asked = REMARKS[key]
        empty = dict.fromkeys(_project(PLANS[0], who, as_of))
        yield empty | {
            "key": key, "name": name, "program": PROGRAMS[program][0], "sponsor": DIRECTORS[program],
            "pm": who.managers.get(key), "stage": stage, "kind": "change", "mandatory": "no", "currency": "EUR",
            "decision_asked": asked, "note": note or f"Asked for: {goal[0].lower()}{goal[1:]}.",
            "note_on": as_of - timedelta(days=6),
        }  # fmt: skip


def _milestones(as_of: date) -> Iterator[Row]:
    for key, milestones in MILESTONES.items():
        for name, baseline, due, met in milestones:
            yield {"project": key, "name": name, "kind": "gate" if due == milestones[-1][2] else "milestone",
                   "due_on": _week(as_of, due), "baseline_due_on": _week(as_of, baseline),
                   "released_on": _week(as_of, met)}  # fmt: skip


def _scopes(tracker: Tracker) -> Iterator[Row]:
    """By project of the tool, the service desk without its own tasks; then what OMS waits for in ERP, by name."""
    for project in tracker.projects.values():
        types = [tracker.types[id_].name for id_ in project.type_ids if tracker.types[id_].name != "Task"]
        only = "; ".join(types) if project.key == RUN else ""
        sheet = next(plan.name for plan in PLANS if plan.key == project.key)
        where = f"{project.key}; {sheet}" if project.key in ON_SHEETS else project.key
        yield {"project": project.key, "in_project": where, "issue_type": only, "issue": ""}
    alone = [i.key for i in tracker.issues.values() if project_of(tracker, i) == "ERP" and not i.child_ids]
    named = alone[:IN_TWO_PROJECTS]
    if named:
        yield {"project": "OMS", "in_project": "", "issue_type": "", "issue": "; ".join(named)}


def _budget_lines() -> Iterator[Row]:
    """A tenth of the budget at completion is contingency; the management's reserve comes on top."""
    for plan in PLANS:
        whole = int(plan.bac * 1000)
        line: Row = {"project": plan.key, "contingency": 0, "reserve": 0, "currency": plan.currency}
        if plan.key == RUN:
            yield line | {"category": "labour", "amount": whole * MONTHS_OF_A_YEAR}
            continue
        categories = [category for category, _ in SUPPLIERS[plan.key]]
        share = whole * 45 // 100 // len(categories)
        for category in categories:
            yield line | {"category": category, "amount": share}
        labour, contingency = whole - share * len(categories) - whole // 10, whole // 10
        yield line | {"category": "labour", "amount": labour, "contingency": contingency, "reserve": whole // 20}
    for key, _, _, _, asked, _ in PIPELINE:
        yield {"project": key, "contingency": 0, "reserve": 0, "currency": "EUR", "category": "asked for",
               "amount": asked * 1000}  # fmt: skip


def _baseline(plan: Plan, as_of: date) -> Row:
    late = plan.key == BASELINE_AFTER_FINISH
    return {
        "project": plan.key, "number": 1, "approved_by": DIRECTORS[plan.program],
        "approved_on": _week(as_of, -1) if late else _week(as_of, plan.start_week),
        "start_on": _begin(as_of, plan.start_week), "finish_on": _week(as_of, plan.baseline_week),
        "scope_points": 220 if plan.key == "WEB" else None, "note": "approved after its end" if late else "",
    }  # fmt: skip


def _package(key: str, one: Package, as_of: date) -> Row:
    slip = 5 if key == CLOSED else 0  # weeks it took longer
    return {
        "project": key, "baseline": 1, "name": one.name, "budget": int(one.budget * 1000),
        "start_on": _begin(as_of, one.start), "finish_on": _week(as_of, one.finish),
        "percent_complete": one.percent, "started_on": min(_begin(as_of, one.start), as_of) if one.percent else None,
        "finished_on": _week(as_of, one.finish + slip) if one.percent == 100 else None,
    }  # fmt: skip


# ------------------------------------------------------------------ registers


def _risks(who: Roster, as_of: date) -> Iterator[Row]:
    """Four rows of the network's, the recovery site's and the office's have a word where a day should stand."""
    words = iter(("next board", "after wave 3", "tbc", "soon"))
    for key, risks in RISKS.items():
        for n, (title, probability, impact, percent, cost, state) in enumerate(risks):
            word = next(words, None) if key in ("NET", "DRS") and n < 2 else None
            yield {
                "project": key, "title": title, "kind": "chance" if "replace more" in title else "threat",
                "state": state, "probability": probability, "impact": impact, "probability_percent": percent,
                "cost": cost and cost * 1000, "owner": who.managers[key], "response": "watched each week",
                "review_on": word or _week(as_of, 1 + n * 2 - (3 if key == "DRS" else 0)),
                "raised_on": _week(as_of, -12 + 3 * n),
            }  # fmt: skip


def _benefits(as_of: date) -> Iterator[Row]:
    """A year from the end of DWH: up to this month 46 were planned and 52 came; the rest of 300 is planned."""
    first = as_of - timedelta(weeks=8)
    months = [first.year * 12 + first.month - 1 + n for n in range(MONTHS_OF_A_YEAR)]
    past = [m for m in months if m <= as_of.year * 12 + as_of.month - 1]
    planned = [*_split(46_000, len(past)), *_split(300_000 - 46_000, len(months) - len(past))]
    realised = [*_split(52_000, len(past)), *([None] * (len(months) - len(past)))]
    for month, plan, real in zip(months, planned, realised, strict=True):
        yield {"project": CLOSED, "name": "Fewer hours for reports", "measure": "hours saved at their rate",
               "owner": DIRECTORS["Workplace & Data"], "month_on": f"{month // 12}-{month % 12 + 1:02}",
               "planned": plan, "realised": real, "currency": "EUR"}  # fmt: skip


def _split(amount: int, parts: int) -> list[int]:
    each = amount // parts
    return [each] * (parts - 1) + [amount - each * (parts - 1)]


def _change_requests(who: Roster, as_of: date) -> Iterator[Row]:
    for key, title, state, asked, decided, points, cost, days in CHANGES:
        decider = DIRECTORS[next(plan.program for plan in PLANS if plan.key == key)]
        yield {"project": key, "title": title, "state": state, "asked_by": who.managers[key],
               "asked_on": _week(as_of, asked), "decided_by": decider if decided is not None else "",
               "decided_on": _week(as_of, decided), "points": points, "cost": cost * 1000, "days": days}  # fmt: skip


# ------------------------------------------------------------------ truth


def truth_of_plan(as_of: date) -> dict[str, Row]:
    """By project: the days of its plan, and its figures as the files add up to them, accruals in, unrounded.

    Money in thousands. What stands beside it as given leaves accruals out: NET by its invoices.
    """
    found = {}
    for plan in PLANS:
        found[plan.key] = {
            "baseline_finish_on": _text(_week(as_of, plan.baseline_week)),
            "forecast_finish_on": _text(_week(as_of, plan.forecast_week)),
            "with_accruals": _indices(plan),
        }
    return found


def _text(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _indices(plan: Plan) -> Row | None:
    if plan.pv is None or plan.ev is None or plan.ac is None:
        return None
    accrued = ACCRUED.get(plan.key, 0)
    ac = plan.ac + accrued
    cpi = plan.ev / ac
    return {"bac": plan.bac, "pv": plan.pv, "ev": plan.ev, "ac": ac, "accrued": accrued, "spi": plan.ev / plan.pv,
            "cpi": cpi, "eac": plan.bac / cpi}  # fmt: skip
