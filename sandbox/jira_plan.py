"""The invented company Alder & Finch, trade and logistics, as plain data: its projects, figures, people and words.

Sixty people in Berlin, Porto and Pune, twelve projects, all dates in weeks from the as-of day. Money in thousand EUR
(CRM: USD). `sandbox.jira_company` makes issues, hours and history of it.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "CUSTOMERS",
    "FACTS",
    "FIRST",
    "GIVEN",
    "LAST",
    "NAMED",
    "PARAGRAPHS",
    "PLANS",
    "SITES",
    "TEAMS",
    "THINGS",
    "VERBS",
    "Plan",
]


@dataclass(frozen=True)
class Plan:
    key: str
    name: str
    program: str
    issues: int
    style: str  # scrum · kanban · simple · service
    start_week: int
    baseline_week: int | None
    forecast_week: int | None
    bac: float
    pv: float | None
    ev: float | None
    ac: float | None
    done_share: float
    overdue: int
    teams: tuple[str, ...]
    team_managed: bool = False
    quiet_days: int = 0
    currency: str = "EUR"


FINANCE, COMMERCE, INFRA = "Finance Systems", "Commerce", "Infrastructure"
SECURITY, DATA, DESK = "Security", "Data", "Service Desk"
PLANS = (
    Plan("ERP", "ERP finance core", "Order to Cash", 620, "scrum", -22, 12, 21, 1200, 780, 624, 840, 0.52, 24,
         (FINANCE,)),
    Plan("OMS", "OMS order management", "Order to Cash", 380, "scrum", -18, 18, 18, 640, 320, 323, 315, 0.50, 3,
         (COMMERCE, FINANCE)),
    Plan("WEB", "WEB portal relaunch", "Front Door", 540, "scrum", -15, 8, 11, 420, 273, 231, 240, 0.55, 18,
         (COMMERCE,),
         team_managed=True),
    Plan("APP", "APP driver app", "Front Door", 310, "kanban", -15, 10, 10, 300, 180, 187, 178, 0.62, 0, (COMMERCE,),
         team_managed=True),
    Plan("NET", "NET site network refresh", "Stable", 240, "kanban", -21, 14, 17, 780, 468, 421, 395, 0.54, 9,
         (INFRA,)),
    Plan("DRS", "DRS recovery site", "Stable", 150, "simple", -30, -2, 10, 260, 208, 130, 190, 0.50, 12, (INFRA,),
         team_managed=True, quiet_days=19),
    Plan("CMP", "CMP NIS2 controls", "Stable", 170, "kanban", -14, 14, 17, 350, 175, 150, 160, 0.43, 8, (SECURITY,)),
    Plan("IAM", "IAM single sign-on", "Stable", 130, "scrum", -14, 9, 9, 240, 144, 140, 150, 0.58, 2, (SECURITY,)),
    Plan("CRM", "CRM sales cloud", "Front Door", 260, "scrum", -14, 6, 8, 500, 350, 330, 355, 0.66, 11, (COMMERCE,),
         currency="USD"),
    Plan("M365", "M365 workplace", "Workplace & Data", 120, "simple", -16, 10, None, 180, 90, 60, 58, 0.33, 31,
         (INFRA,),
         team_managed=True, quiet_days=42),
    Plan("DWH", "DWH data platform", "Workplace & Data", 420, "scrum", -53, -13, -8, 410, 410, 410, 446, 1.0, 0,
         (DATA,),
         quiet_days=56),
    Plan("SVC", "SVC service desk", "run", 660, "service", -52, None, None, 90, None, None, None, 0.82, 14, (DESK,)),
)  # fmt: skip

GIVEN: dict[str, tuple[float | None, float | None, float | None]] = {  # SPI, CPI, EAC
    "ERP": (0.80, 0.74, 1615),
    "OMS": (1.01, 1.03, 624),
    "WEB": (0.85, 0.96, 436),
    "APP": (1.04, 1.05, 286),
    "NET": (0.90, 1.07, 732),
    "DRS": (0.625, 0.68, 380),
    "CMP": (0.86, 0.94, 373),
    "IAM": (0.97, 0.93, 257),
    "CRM": (0.94, 0.93, 538),
    "M365": (None, None, None),
    "DWH": (1.00, 0.92, 446),
    "SVC": (None, None, None),
}
FACTS = {  # told of the company, and not to be found in its Jira
    "erp_mirrored_hours": 64.5,
    "oms_with_dependency_week": 22,
    "net_accrual": 130,
    "net_cpi_accrued": 0.80,
    "net_eac_accrued": 973,
    "crm_fixed_fee": 560,
    "crm_margin_planned": 0.107,
    "crm_margin_now": 0.04,
    "dwh_spi_time": 0.89,
    "dwh_benefit_plan_a_year": 300,
    "dwh_benefit_after_8_weeks": 52,
    "svc_budget_a_month": 90,
    "svc_backlog": [46, 118],
}
SITES = {"Berlin": "Europe/Berlin", "Porto": "Europe/Lisbon", "Pune": "Asia/Kolkata"}
TEAMS = {
    FINANCE: (12, ("Berlin", "Berlin", "Porto")),
    COMMERCE: (14, ("Porto", "Porto", "Berlin")),
    INFRA: (11, ("Berlin", "Pune")),
    SECURITY: (6, ("Berlin", "Porto")),
    DATA: (8, ("Pune", "Pune", "Berlin")),
    DESK: (9, ("Pune", "Porto")),
}
NAMED = {  # name: team, site
    "Beat Kolb": (FINANCE, "Berlin"),
    "Ines Duarte": (FINANCE, "Porto"),
    "Noor Haddad": (COMMERCE, "Berlin"),
    "Jonas Feld": (COMMERCE, "Porto"),
    "Priya Raman": (DATA, "Pune"),
    "Tomasz Wilk": (SECURITY, "Berlin"),
}
FIRST = {
    "Berlin": ("Anke", "Bruno", "Cem", "Dörte", "Emil", "Frauke", "Gesa", "Henrik", "Ilka", "Jannis", "Katja", "Lasse"),
    "Porto": ("Afonso", "Beatriz", "Caio", "Dalila", "Elsa", "Fausto", "Graça", "Hélder", "Íris", "João", "Rui"),
    "Pune": ("Aarav", "Bhavna", "Chetan", "Devika", "Esha", "Gauri", "Harsh", "Ishaan", "Kavya", "Manoj", "Omkar"),
}  # fmt: skip
LAST = {
    "Berlin": ("Ahrens", "Böttger", "Cordes", "Dähn", "Ellerbrock", "Fehling", "Groth", "Harms", "Ivens", "Jessen"),
    "Porto": (
        "Abrantes",
        "Bragança",
        "Cardoso",
        "Falcão",
        "Guedes",
        "Lacerda",
        "Magalhães",
        "Noronha",
        "Quadros",
        "Sá",
    ),
    "Pune": ("Apte", "Bhave", "Chitale", "Deo", "Gokhale", "Joglekar", "Karve", "Limaye", "Natu", "Oak"),
}
CUSTOMERS = ("Quayside Foods", "Nordhafen Depot", "Vila Nova Store")
VERBS = ("Add", "Fix", "Migrate", "Test", "Document", "Review", "Prüfe", "Speed up", "Remove", "Reconcile", "Train")
THINGS = (
    "invoice matching", "customs form", "the “returns” screen", "dock scheduling", "price list import", "audit log",
    "driver sign-in", "VAT rounding <0.01", "warehouse labels & barcodes", "nightly export", "日本語 label",
    "cut-over plan", "supplier portal", "backup test", "data quality check", "firewall rule", "goods receipt",
    'order "split" rule',
)  # fmt: skip
PARAGRAPHS = (
    "As agreed in the weekly meeting, this must work for all three sites before the next cut-over.",
    "The present screen shows the gross amount only; accounting needs net, tax and gross in one line.",
    "Schritte: Auftrag öffnen, Position teilen, speichern. Erwartet: beide Teile behalten ihren Preis.",
    "- check the file from the supplier\n- compare totals with the ledger\n- sign off with the controller",
    "Seen with ten thousand rows and more; below that nobody noticed. A log excerpt follows.",
    '```\nERROR 2041 Timeout after 30 s at DockPlanner.assign("gate 7")\n```',
    "Out of scope: changes to the interface with the carrier, which has its own ticket 🚚.",
    "| site | rows |\n| Berlin | 1200 |\n| Pune | 310 |",
    "Acceptance: the figures of a closed month do not change; two people have looked at it.",
)
