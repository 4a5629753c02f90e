"""Sheets of an invented company for the tests of Smartsheet: a plan with a Gantt chart, a task list, and notes.

They are what PMOs keep: a tree with milestones and predecessors, a German list with a box for "done", and a sheet in
which nothing but the first column has a meaning for us. People are invented.
"""

from __future__ import annotations

from typing import Any

from sandbox.smartsheet_records import Sheet
from sandbox.smartsheet_store import Columns, Rows
from sandbox.smartsheet_tracker import Tracker

__all__ = ["PLAN_COLUMNS", "START", "a_company", "add_notes", "add_plan", "add_tasks"]

START = 1_772_438_400  # 2026-03-02T08:00:00Z
MIRA, NOAH, LENA = "Mira Lund <mira.lund@example.com>", "Noah Berg <noah.berg@example.com>", "lena.ott@example.com"

PLAN_COLUMNS: Columns = [
    "Task Name",
    {"title": "Status", "type": "PICKLIST", "options": ["Not Started", "In Progress", "On Hold", "Complete"]},
    {"title": "Priority", "type": "PICKLIST", "options": ["High", "Medium", "Low"], "symbol": "PRIORITY_HML"},
    {"title": "Assigned To", "type": "MULTI_CONTACT_LIST", "tags": ("GANTT_ASSIGNED_RESOURCE",)},
    {"title": "Start", "type": "ABSTRACT_DATETIME", "tags": ("GANTT_START_DATE",)},
    {"title": "Finish", "type": "ABSTRACT_DATETIME", "tags": ("GANTT_END_DATE",)},
    {"title": "Duration", "type": "DURATION", "tags": ("GANTT_DURATION",)},
    {"title": "% Complete", "tags": ("GANTT_PERCENT_COMPLETE",)},
    {"title": "Predecessors", "type": "PREDECESSOR", "tags": ("GANTT_PREDECESSOR",)},
    {"title": "Baseline Finish", "type": "DATE", "tags": ("BASELINE_END_DATE",)},
    {"title": "Areas", "type": "MULTI_PICKLIST", "options": ["Core", "Edge", "Wi-Fi"]},
    {"title": "Created By", "type": "CONTACT_LIST", "system": "CREATED_BY"},
]


def add_plan(tracker: Tracker, name: str = "Network renewal", **given: Any) -> Sheet:
    """Two phases, five tasks, a milestone, a blank row; finish days follow from durations."""
    day = "2026-03-02T08:00:00"
    rows: Rows = [
        (0, {"Task Name": "Design", "Status": "Complete"}),
        (1, {"Task Name": "Site survey “west”", "Status": "Complete", "Priority": "High", "Assigned To": [MIRA, NOAH],
             "Start": day, "Duration": "5d", "% Complete": 1, "Baseline Finish": "2026-03-06"}),
        (1, {"Task Name": "Concept <v2> & costs", "Status": "In Progress", "Priority": "Medium",
             "Assigned To": [LENA], "Start": day, "Duration": "10d", "% Complete": 0.25, "Predecessors": "2FS +5d",
             "Areas": ["Core", "Edge"]}),
        (0, {}),
        (0, {"Task Name": "Roll-out"}),
        (1, {"Task Name": "Switches", "Status": "Not Started", "Priority": "Low", "Start": day, "Duration": "3d",
             "Predecessors": "3FS, 2SS -1d"}),
        (1, {"Task Name": "Rolled out", "Status": "Not Started", "Start": day, "Duration": "0", "Predecessors": "6FS",
             "Baseline Finish": "2026-04-10"}),
    ]  # fmt: skip
    return tracker.add_sheet(name, PLAN_COLUMNS, rows, dependencies=True, **given)


def add_tasks(tracker: Tracker, name: str = "Aufgaben Migration", **given: Any) -> Sheet:
    """A German list: a box instead of a status, numbers of its own, one contact."""
    columns: Columns = [
        "Aufgabe",
        {"title": "Nr", "system": "AUTO_NUMBER"},
        {"title": "Erledigt", "type": "CHECKBOX"},
        {"title": "Priorität", "type": "PICKLIST", "options": ["Hoch", "Mittel", "Niedrig"]},
        {"title": "Zuständig", "type": "CONTACT_LIST"},
        {"title": "Fällig am", "type": "DATE"},
        {"title": "Aufwand (h)"},
        {"title": "Kosten"},
    ]
    rows: Rows = [
        {"Aufgabe": "Postfächer zählen", "Erledigt": True, "Priorität": "Hoch", "Zuständig": NOAH,
         "Fällig am": "2026-03-20", "Aufwand (h)": 12, "Kosten": 480.5},
        {"Aufgabe": "Gruppen aufräumen", "Priorität": "Niedrig", "Zuständig": "Extern", "Aufwand (h)": 2.5},
        {"Aufgabe": "Kurs für Büros", "Fällig am": "2026-05-01", "Kosten": "#NO MATCH"},
    ]  # fmt: skip
    return tracker.add_sheet(name, columns, rows, **given)


def add_notes(tracker: Tracker, name: str = "Notes", **given: Any) -> Sheet:
    """Nothing in it but its first column has a meaning for us."""
    columns: Columns = ["What", "Ratio", {"title": "Seen", "type": "CHECKBOX"}]
    return tracker.add_sheet(name, columns, [{"What": "Ask the landlord", "Ratio": 0.5, "Seen": True}], **given)


def a_company(seed: int = 1) -> Tracker:
    """The three sheets, on a clock that stands."""
    tracker = Tracker(seed)
    tracker.clock = lambda: START
    for add in (add_plan, add_tasks, add_notes):
        add(tracker)
    tracker.advance(3600)
    return tracker
