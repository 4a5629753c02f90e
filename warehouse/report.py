"""What a status report tells, read from the portfolio file: the portfolio, and what stands behind each project."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from warehouse.read import Reader, Rows

__all__ = ["ProjectStatus", "Report", "ReportReader"]

Row = dict[str, Any]

DONE_DAYS, NEXT_DAYS = 7, 14


@dataclass(frozen=True)
class ProjectStatus:
    """One project: its row of the portfolio, and all rows of the tables behind it, what matters most first.

    `plan`: its row of the plan, empty without one. `done` and `coming`: issues finished in the last 7 days, due in the
    next 14. `weeks`: earned value; `burn_up`: week_on, scope, done in issues. `findings`: a row for each failing check.
    """

    row: Row
    plan: Row
    reasons: list[Row]
    dates: Row
    milestones: list[Row]
    weeks: list[Row]
    burn_up: list[Row]
    budgets: list[Row]
    risks: list[Row]
    requests: list[Row]
    blocked: list[Row]
    done: list[Row]
    coming: list[Row]
    findings: list[Row]


@dataclass(frozen=True)
class Report:
    """`sources`: how fresh and how complete each is."""

    day: date
    generated_at: datetime
    zone: str
    sources: list[Row]
    projects: list[ProjectStatus]
    definitions: Rows


class ReportReader(Reader):
    """The portfolio file, read for a report."""

    def report(self, *, program: str | None = None, project: str | None = None) -> Report:
        """Of all projects, those of a program, or one. Raises ConfigError for names that are none."""
        rows = self.portfolio(program=program, project=project).dicts()
        rows.sort(
            key=lambda row: (row["program"] is None, row["program"] or "", row["project_id"] is None, row["project"])
        )
        sources = self._dicts("FROM about WHERE source IS NOT NULL ORDER BY source")
        ((day, generated_at, zone),) = self._rows("SELECT max(today_on), max(generated_at), max(zone) FROM about").rows
        ids = [row["project_id"] for row in rows if row["project_id"] is not None]
        return Report(day, generated_at, zone, sources, self._projects(rows, ids), self._definitions())

    def _projects(self, rows: list[Row], ids: Sequence[str]) -> list[ProjectStatus]:
        lists = {name: self._by_project(sql, ids) for name, sql in _LISTS.items()}
        made = []
        for row in rows:
            own = {name: found.get(row["project_id"], []) for name, found in lists.items()}
            dates, plan = own.pop("dates"), own.pop("plan")
            made.append(ProjectStatus(row, dates=dates[0] if dates else {}, plan=plan[0] if plan else {}, **own))
        return made

    def _by_project(self, sql: str, ids: Sequence[str]) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = defaultdict(list)
        for row in self._dicts(sql, [list(ids)]):
            found[row["project_id"]].append(row)
        return found

    def _definitions(self) -> Rows:
        """What each column of the portfolio says."""
        return self._rows(
            "SELECT column_name, comment FROM duckdb_columns() WHERE table_name = 'portfolio' ORDER BY column_index"
        )


_ISSUES = """SELECT m.project_id, i.key, i.title, i.url, i.due_on, i.resolved_at FROM issues AS i
    JOIN portfolio_issues AS m ON m.issue_id = i.id
    WHERE i.availability = 'present' AND list_contains(?, m.project_id)"""
_TODAY = "(SELECT max(today_on) FROM about)"
_LISTS = {
    "plan": "FROM project_plans WHERE list_contains(?, project_id) AND availability = 'present'",
    "reasons": """FROM health_reasons WHERE list_contains(?, project_id)
        ORDER BY list_position(['red', 'amber', 'green', 'unknown'], health), dimension""",
    "dates": "FROM project_dates WHERE list_contains(?, project_id)",
    "milestones": """FROM milestone_outlook WHERE list_contains(?, project_id)
        ORDER BY coalesce(forecast_on, baseline_on) NULLS LAST, name""",
    "weeks": "FROM earned_value WHERE list_contains(?, project_id) ORDER BY day_on",
    "burn_up": """WITH events AS (
            SELECT m.project_id, date_trunc('week', coalesce(i.created_at, i.first_seen_at))::DATE AS week_on,
                1 AS scope, 0 AS done
            FROM issues AS i JOIN portfolio_issues AS m ON m.issue_id = i.id
            WHERE i.availability = 'present' AND i.status <> 'cancelled' AND list_contains(?, m.project_id)
            UNION ALL
            SELECT m.project_id, date_trunc('week', i.resolved_at)::DATE, 0, 1
            FROM issues AS i JOIN portfolio_issues AS m ON m.issue_id = i.id
            WHERE i.availability = 'present' AND i.status = 'done' AND i.resolved_at IS NOT NULL)
        SELECT project_id, week_on, sum(sum(scope)) OVER weeks AS scope, sum(sum(done)) OVER weeks AS done
        FROM events GROUP BY project_id, week_on WINDOW weeks AS (PARTITION BY project_id ORDER BY week_on)
        ORDER BY project_id, week_on""",
    "budgets": "FROM budgets WHERE list_contains(?, project_id) ORDER BY project_id, budget DESC NULLS LAST, category",
    "risks": """FROM risks WHERE list_contains(?, project_id) AND state <> 'closed'
        ORDER BY list_position(['very high', 'high', 'medium', 'low'], severity), score DESC NULLS LAST, risk_id""",
    "requests": """FROM change_requests WHERE list_contains(?, project_id) AND availability = 'present'
        ORDER BY coalesce(decided_on, asked_on) DESC NULLS FIRST, title""",
    "blocked": "FROM blocked_issues WHERE list_contains(?, project_id) ORDER BY blocked_days DESC NULLS LAST, issue_id",
    "done": f"""{_ISSUES} AND i.status = 'done' AND i.resolved_at::DATE > {_TODAY} - {DONE_DAYS}
        ORDER BY i.resolved_at DESC, i.key""",
    "coming": f"""{_ISSUES} AND i.status NOT IN ('done', 'cancelled')
            AND i.due_on BETWEEN {_TODAY} AND {_TODAY} + {NEXT_DAYS}
        ORDER BY i.due_on, i.key""",
    "findings": """SELECT project_id, check_id, severity, count(*) AS objects, min(rule) AS rule, min(detail) AS detail
        FROM data_quality WHERE list_contains(?, project_id) GROUP BY project_id, check_id, severity
        ORDER BY list_position(['high', 'medium', 'low'], severity), check_id""",
}  # fmt: skip
"""By field of `ProjectStatus`. The parameter lists the projects."""
