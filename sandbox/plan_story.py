"""What the invented company's PMO keeps in files, as plain data: packages, milestones, risks, rates, words on projects.

Weeks count from the as-of day. Money is in thousands of the project's currency, as in `sandbox.jira_plan`; rates are
whole units an hour, all divisible by six, so that hours of whole minutes cost whole cents. `sandbox.plan_files` writes
it.
"""

from __future__ import annotations

from typing import NamedTuple

from sandbox.jira_plan import COMMERCE, DATA, DESK, FINANCE, INFRA, SECURITY
from sandbox.jira_planted import PLANTED

__all__ = [
    "ACCRUED",
    "BASELINE_AFTER_FINISH",
    "CHANGES",
    "COMMITTED",
    "DIRECTORS",
    "HOLIDAYS",
    "IN_TWO_PROJECTS",
    "MILESTONES",
    "ON_SHEETS",
    "PACKAGES",
    "PIPELINE",
    "PLAN_PLANTED",
    "PROGRAMS",
    "REMARKS",
    "RISKS",
    "ROLES",
    "ROLE_RATES",
    "SUPPLIERS",
    "WITHOUT_SPONSOR",
    "Package",
]

IN_TWO_PROJECTS = 9
PLAN_PLANTED: dict[str, float] = {
    "issues_in_two_projects": IN_TWO_PROJECTS,
    "issues_in_no_project": PLANTED["svc_tasks"],
    "overlapping_rates": 2,
    "words_in_day_cells": 4,
    "sponsors_missing": 1,
    "baselines_approved_after_finish": 1,
    "unpriced_hours": PLANTED["kolb_hours"],
    "team_members": 60,
    "timesheet_compliance": 0.86,
}
BASELINE_AFTER_FINISH = "DRS"
WITHOUT_SPONSOR = "IAM"
ON_SHEETS = ("NET", "M365")
"""Projects planned on sheets, where the company has its Smartsheet."""
ACCRUED = {"NET": 130}
DIRECTORS = {"Order to Cash": "Marlene Ostrow", "Front Door": "Rosa Finch", "Stable": "Teodor Alder",
             "Workplace & Data": "Sunita Kale", "run": "Sunita Kale"}  # fmt: skip
PROGRAMS = {  # name: key, goal
    "Order to Cash": ("O2C", "An order is paid within 30 days"),
    "Front Door": ("DOOR", "Customers and drivers need no phone call"),
    "Stable": ("STABLE", "No site stands still, and the law is kept"),
    "Workplace & Data": ("WORK", "One workplace, one set of figures"),
}
PIPELINE = (  # key, name, program, stage, thousands asked, what for
    ("INV", "INV invoice reading", "Order to Cash", "initiation", 120, "Invoices are read without typing"),
    ("REQ-1", "Returns desk for stores", "Front Door", "proposed", 80, "Stores send goods back without a call"),
    ("REQ-2", "Room booking", "Workplace & Data", "proposed", 45, "Meeting rooms are booked from the calendar"),
)


class Package(NamedTuple):
    """Begins on the day after the eve `start` weeks from the as-of day, so that each week has five working days."""

    name: str
    budget: float
    start: int
    finish: int
    percent: float = 0


PACKAGES: dict[str, tuple[Package, ...]] = {
    "ERP": (
        Package("Design", 180, -22, -16, 100), Package("Ledger", 300, -16, -8, 100),
        Package("Vendor interfaces", 200, -10, -2, 60), Package("Migration", 200, -4, 4, 12),
        Package("Test", 180, 4, 8), Package("Cut-over", 140, 8, 12),
    ),
    "OMS": (
        Package("Order model", 120, -18, -10, 100), Package("Picking", 160, -10, -2, 100),
        Package("Carriers", 80, -4, 4, 50), Package("Returns", 150, 2, 10, 2), Package("Roll-out", 130, 10, 18),
    ),
    "WEB": (
        Package("Look and feel", 70, -15, -10, 100), Package("Catalogue", 98, -11, -5, 100),
        Package("Basket", 80, -6, -1, 70), Package("Account pages", 50, -3, 3, 14),
        Package("Search", 72, 2, 6), Package("Go-live", 50, 5, 8),
    ),
    "APP": (
        Package("Sign-in", 70, -15, -9, 100), Package("Routes", 80, -9, -3, 100),
        Package("Proof of delivery", 60, -3, 3, 60), Package("Working offline", 50, 2, 6, 2),
        Package("App stores", 40, 6, 10),
    ),
    "NET": (
        Package("Survey of 14 sites", 90, -21, -15, 100), Package("Switches, wave 1", 198, -15, -6, 100),
        Package("Switches, wave 2", 130, -8, 0, 90), Package("Wireless", 100, -4, 4, 16),
        Package("Switches, wave 3", 160, 3, 10), Package("Handover", 102, 9, 14),
    ),
    "DRS": (
        Package("Rooms and power", 60, -30, -22, 100), Package("Storage", 80, -22, -12, 75),
        Package("Replication", 50, -14, -6, 20), Package("Failover", 18, -6, -2),
        Package("First exercise", 52, 2, 6),
    ),
    "CMP": (
        Package("Gap analysis", 60, -14, -9, 100), Package("Policies", 75, -9, -3, 80),
        Package("Controls", 80, -4, 4, 37.5), Package("Suppliers", 75, 3, 9), Package("Audit", 60, 9, 14),
    ),
    "IAM": (
        Package("Directory", 60, -14, -8, 100), Package("Finance applications", 59, -8, -2, 100),
        Package("Other applications", 50, -3, 3, 42), Package("Old passwords off", 41, 2, 6),
        Package("Handover", 30, 6, 9),
    ),
    "CRM": (
        Package("Set-up", 110, -14, -9, 100), Package("Accounts", 120, -9, -4, 100), Package("Quotes", 80, -5, -1, 85),
        Package("Mail link", 80, -2, 2, 40), Package("Training", 60, 1, 4), Package("Roll-out", 50, 3, 6),
    ),
    "M365": (
        Package("Pilot", 50, -16, -10, 100), Package("Mail", 40, -10, -6, 25), Package("Files", 50, 1, 5),
        Package("Meetings", 25, 4, 8), Package("Old servers off", 15, 8, 10),
    ),
    "DWH": (
        Package("Platform", 90, -53, -43, 100), Package("Loading", 130, -44, -32, 100),
        Package("Models", 110, -33, -22, 100), Package("Reports", 80, -23, -13, 100),
    ),
}  # fmt: skip

MILESTONES: dict[str, tuple[tuple[str, int, int, int | None], ...]] = {  # name, baseline, due, met (weeks)
    "ERP": (("Design signed off", -16, -16, -15), ("Customer-data API", 2, 6, None), ("Trial close", 8, 16, None),
            ("Go-live", 12, 21, None)),
    "OMS": (("Order model agreed", -10, -10, -10), ("Data from ERP", 2, 6, None), ("Go-live", 18, 18, None)),
    "WEB": (("Design shown", -10, -10, -9), ("Basket works", -1, 2, None), ("Go-live", 8, 11, None)),
    "APP": (("First drivers", -3, -3, -4), ("In the stores", 6, 6, None), ("All depots", 10, 10, None)),
    "NET": (("Wave 1 done", -6, -6, -5), ("Wave 2 done", 0, 1, None), ("Wave 3 done", 10, 13, None),
            ("Handover", 14, 17, None)),
    "DRS": (("Rooms ready", -22, -22, -21), ("Failover shown", -2, 10, None)),
    "CMP": (("Policies signed", -3, 1, None), ("Audit passed", 14, 17, None)),
    "IAM": (("Directory live", -8, -8, -8), ("Passwords off", 6, 6, None), ("Handover", 9, 9, None)),
    "CRM": (("Accounts moved", -4, -4, -4), ("Sales trained", 4, 5, None), ("Go-live", 6, 8, None)),
    "M365": (("Pilot ends", -10, -10, -10), ("All mail moved", 5, 5, None)),
    "DWH": (("First report", -32, -32, -30), ("Signed off", -13, -13, -8)),
}  # fmt: skip

REMARKS: dict[str, tuple[str, str]] = {  # note, decision asked
    "ERP": ("The vendor's interface comes late; the trial close moves behind it.",
            "Pay the vendor for a second team, or move go-live by nine weeks"),
    "OMS": ("On plan. Waits for the customer-data API of ERP.", ""),
    "WEB": ("Scope grew by 77 points, 26 of them approved.", "Approve or drop 51 points"),
    "APP": ("Steady. Nothing to decide.", ""),
    "NET": ("Switches of wave 2 are there, the invoice is not.", ""),
    "DRS": ("The supplier promised storage for next week.", ""),
    "CMP": ("The access policy has waited 23 days for a signature.", "Sign the access policy"),
    "IAM": ("Finance applications are done. Ines Duarte is needed by ERP, too.", ""),
    "CRM": ("The agency's margin is down to 4 %.", "Approve the hours of the last two weeks"),
    "M365": ("On hold since people went to ERP.", "Resume after the go-live of ERP"),
    "DWH": ("Closed and signed off. Benefits are ahead of plan.", ""),
    "SVC": ("More tickets since wave 2 of the network.", ""),
    "INV": ("Waits for the decision of the board.", "Start with 120 thousand"),
    "REQ-1": ("", "Start with 80 thousand"),
    "REQ-2": ("", "Start with 45 thousand"),
}  # fmt: skip

RISKS: dict[str, tuple[tuple[str, int, int, float | None, int | None, str], ...]] = {
    # title, probability, impact, per cent, thousands, state
    "ERP": (("The vendor's interface slips again", 4, 5, 60, 250, "open"),
            ("The trial close shows differences", 3, 4, 30, 80, "open"),
            ("The vendor changed its team", 5, 3, None, 40, "happened")),
    "OMS": (("The customer-data API comes after week two", 4, 4, 60, 60, "open"),
            ("Carriers change their format", 2, 3, 15, 20, "open")),
    "WEB": (("Scope grows on", 4, 3, 50, 45, "open"), ("Search is slow with all articles", 2, 4, 20, 25, "open")),
    "APP": (("A store refuses the app", 1, 3, 5, 10, "open"), ("Older phones are too slow", 2, 2, 15, 8, "open")),
    "NET": (("Switches are dearer in wave 3", 3, 4, 40, 60, "open"), ("A site cannot be cut at a weekend", 3, 3, 30, 25,
            "open"), ("Nobody is left for the service desk", 4, 3, None, None, "open")),
    "DRS": (("The supplier does not deliver", 4, 5, 70, 120, "open"),
            ("The lines are too narrow", 3, 4, 30, 30, "open")),
    "CMP": (("The legal date is missed", 3, 5, 40, 200, "open"),
            ("A supplier gives no answer", 3, 3, 40, 15, "open")),
    "IAM": (("Ines Duarte is not free", 4, 3, 50, 20, "open"),
            ("Old applications know no sign-on", 2, 3, 20, 15, "open")),
    "CRM": (("The agency asks for more", 3, 4, 40, 30, "open"), ("The dollar falls", 2, 2, 30, 10, "open")),
    "M365": (("Licences of old servers run on", 3, 3, 50, 20, "open"),
            ("The pilot is forgotten", 2, 2, 20, 5, "open")),
    "DWH": (("Figures of stores differ", 2, 3, 10, 10, "closed"),
            ("Reports replace more tools", 3, 3, 30, 40, "open")),
    "SVC": (("Agents leave", 3, 4, 30, 30, "open"), ("Wave 3 brings more tickets", 4, 4, 60, 25, "open")),
    "INV": (("Scans are too poor", 3, 3, None, None, "open"),
            ("The tool is dearer than asked", 2, 3, None, None, "open")),
}  # fmt: skip

SUPPLIERS: dict[str, tuple[tuple[str, str], ...]] = {  # category, supplier
    "ERP": (("consulting", "Halvorsen Ledger AS"), ("licences", "Kontorix GmbH")),
    "OMS": (("consulting", "Pickwell Lda"), ("licences", "Kontorix GmbH")),
    "WEB": (("design", "Studio Maré"), ("hosting", "Nimbora Cloud")),
    "APP": (("devices", "Handfest GmbH"), ("hosting", "Nimbora Cloud")),
    "NET": (("hardware", "Lindqvist Networks"), ("cabling", "Drahtzug KG")),
    "DRS": (("hardware", "Felsenkeller Storage"), ("rooms", "Docklands Rooms")),
    "CMP": (("consulting", "Wachter & Partner"),),
    "IAM": (("licences", "Onekey BV"), ("consulting", "Wachter & Partner")),
    "CRM": (("agency", "Brightwater Agency"), ("licences", "Brightwater Agency")),
    "M365": (("licences", "Kontorix GmbH"),),
    "DWH": (("hosting", "Nimbora Cloud"), ("consulting", "Datenhof")),
}  # fmt: skip
COMMITTED = {"ERP": 120, "NET": 95, "DRS": 40, "WEB": 18}

CHANGES = (  # project, title, state, week asked, week decided, points, thousands, working days
    ("WEB", "Guest orders", "approved", -10, -9, 18, 14, 5),
    ("WEB", "Second language", "approved", -8, -7, 8, 6, 0),
    ("WEB", "Wish lists", "asked", -4, None, 31, 24, 8),
    ("WEB", "Store finder", "asked", -2, None, 20, 16, 5),
    ("WEB", "Chat", "rejected", -6, -5, 40, 35, 10),
    ("ERP", "Go-live nine weeks later", "asked", -1, None, None, 180, 45),
    ("CRM", "Quotes in two currencies", "approved", -7, -6, None, 22, 10),
    ("NET", "Two more sites", "asked", -3, None, None, 60, 15),
)

ROLES: dict[str, tuple[str, str]] = {  # team: role, role of its third, who leads
    FINANCE: ("finance developer", "lead"),
    COMMERCE: ("developer", "lead"),
    INFRA: ("network engineer", "lead"),
    SECURITY: ("security engineer", "lead"),
    DATA: ("data engineer", "lead"),
    DESK: ("service agent", "lead"),
}
ROLE_RATES = {  # an hour, until the rise and since
    "lead": (96, 102),
    "finance developer": (78, 84),
    "developer": (72, 78),
    "network engineer": (72, 78),
    "security engineer": (84, 90),
    "data engineer": (60, 66),
    "service agent": (48, 54),
}
HOLIDAYS = {  # month, day
    "Porto": {(1, 1): "Ano Novo", (4, 25): "Dia da Liberdade", (5, 1): "Dia do Trabalhador", (6, 10): "Dia de Portugal",
              (8, 15): "Assunção", (10, 5): "Implantação da República", (11, 1): "Todos os Santos",
              (12, 1): "Restauração da Independência", (12, 8): "Imaculada Conceição", (12, 25): "Natal"},
    "Berlin": {(1, 1): "Neujahr", (3, 8): "Frauentag", (5, 1): "Tag der Arbeit", (10, 3): "Tag der Deutschen Einheit",
               (12, 25): "1. Weihnachtstag", (12, 26): "2. Weihnachtstag"},
    "Pune": {(1, 26): "Republic Day", (5, 1): "Maharashtra Day", (8, 15): "Independence Day",
             (10, 2): "Gandhi Jayanti"},
}  # fmt: skip
