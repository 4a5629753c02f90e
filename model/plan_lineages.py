"""The part of the registry of figures that needs a plan: health, dates, progress, money, risks, indices.

See `model.lineages`, which this is a part of.
"""

from __future__ import annotations

from dataclasses import replace

from model.lineage import (
    AS_IT_IS,
    Belongs,
    Gap,
    Lineage,
    Origin,
    Role,
    Unit,
    absent,
    is_not,
    null,
    zero,
)
from model.lineage_parts import (
    AHEAD,
    BASELINES,
    BUDGET,
    COSTS,
    EARLIER,
    EARNED,
    MILESTONE,
    NO_BASELINE,
    NO_COST,
    NO_END,
    NO_EV,
    NO_FORECAST,
    NO_PLAN,
    NO_PV,
    NOT_JUDGED,
    OF_PACKAGES,
    OPEN,
    OVERRIDES,
    PACKAGES,
    REASONS,
    RISK,
    WORK,
    issues_that,
    known,
    not_said,
    plan_says,
    read_from,
)

__all__ = ["PLAN_LINEAGES"]

_HEALTH = (
    Lineage(
        "health",
        Unit.TEXT,
        (read_from("health", "health", "health_computed", "is_overridden", "override_by", "override_reason",
               "override_until_on", "rule"), REASONS, OVERRIDES),
        edges=(
            "fewer than two dimensions, no plan, or a source older than 36 hours: unknown, never green",
            "on hold or closed: none, whatever a person says",
            "what a person says ends with its last day; health_computed stands beside it",
        ),
        gaps=(NOT_JUDGED,),
    ),
    Lineage(
        "health_trend",
        Unit.TEXT,
        (read_from("health", "health_trend", "health_computed", "rule"), EARLIER),
        edges=("compared with the latest day at least a week before; if there is none, with the first that is kept",),
        gaps=(
            NOT_JUDGED,
            Gap(lambda facts: facts.get("health_computed") not in ("green", "amber", "red"),
                "its health of today has no colour", "what health itself lacks: `pmo explain PROJECT health`"),
            Gap(lambda _: True, "no earlier day with a colour is kept", AS_IT_IS),
        ),
    ),
    Lineage(
        "health_reason",
        Unit.TEXT,
        (read_from("health", "health_reason", "dimensions", "rule"), REASONS),
        gaps=(NOT_JUDGED,),
    ),
    Lineage(
        "health_owner", Unit.TEXT, (read_from("health", "health_owner"), plan_says("health_owner")),
        gaps=not_said("health_owner", "the plan names nobody"),
    ),
)  # fmt: skip

_DATES = (
    Lineage(
        "baseline_finish_on",
        Unit.DAY,
        (read_from("project_dates", "baseline_finish_on", "baseline", "first_baseline_finish_on", "rule"), BASELINES),
        edges=("of several the highest approved number; a later one never changes earlier weeks",
               "a baseline without finish_on ends with its last work package"),
        gaps=(
            *NO_PLAN,
            null("baseline", "no baseline is approved up to this day",
                 "a line of `baselines` with approved_by and approved_on"),
            null("baseline_finish_on", "the baseline and its packages have no end", "finish_on in `baselines`"),
        ),
    ),
    Lineage(
        "forecast_finish_on",
        Unit.DAY,
        (
            read_from("project_dates", "forecast_finish_on", "forecast_method", "earned_schedule_finish_on", "rule"),
            plan_says("finished_on", "forecast_finish_on", used="the real end, and what its PM says"),
            Origin("milestone_outlook", "open milestones: the latest", only=AHEAD, shows=MILESTONE),
            issues_that("open issues with a due day: the latest", f"{OPEN} AND due_on IS NOT NULL"),
            Origin("earned_value", "earned schedule", only="is_now", shows=("day_on", "spi_t", "forecast_weeks")),
        ),
        edges=("a day in the past is no forecast: then today and the hours left at the pace of the last 28 days",
               "on hold, or kind run: none; closed: the real end"),
        gaps=(
            null("project_id", "what is in no project has no end", AS_IT_IS),
            *NO_END,
            Gap(lambda facts: bool(facts.get("is_closed")), "it is closed, and its real end is not said",
                "finished_on in the plan's `projects`"),
            Gap(lambda _: True, "no forecast is said, nothing open has a due day, nothing is earned",
                "forecast_finish_on in the plan's `projects`, or due days in the tools"),
        ),
    ),
    Lineage(
        "finish_variance_days",
        Unit.DAYS,
        (read_from("project_dates", "finish_variance_days", "baseline_finish_on", "forecast_finish_on",
               "finish_late_working_days", "rule"), BASELINES),
        formula="forecast {forecast_finish_on:DAY} - baseline {baseline_finish_on:DAY}",
        sign="positive is late",
        edges=("health counts the same in working days: finish_late_working_days",),
        gaps=(
            null("baseline_finish_on", "there is no end by a baseline", "an approved line of `baselines`"),
            NO_FORECAST,
        ),
    ),
    Lineage(
        "forecast_method", Unit.TEXT, (read_from("project_dates", "forecast_method", "forecast_finish_on", "rule"),),
        gaps=(NO_FORECAST,),
    ),
)  # fmt: skip

_NO_MILESTONE = (
    null("project_id", "what is in no project has no milestones", AS_IT_IS),
    Gap(lambda _: True, "no open milestone has a day", "`milestones` of the plan, or due days of those in the tools"),
)


def _next_milestone(column: str, unit: Unit, of: str, sign: str = "") -> Lineage:
    used = "the next of them that is open"
    first = Origin(
        "milestone_outlook", used, only=AHEAD, shows=(*MILESTONE, "rule"), role=Role.VALUE,
        total=f"min_by({of}, (forecast_on, milestone_id))",
    )  # fmt: skip
    behind = issues_that("its open issues", OPEN, Belongs.NEXT_MILESTONE)
    return Lineage(column, unit, (first, behind), gaps=_NO_MILESTONE, sign=sign)


_MILESTONES = (
    _next_milestone("next_milestone", Unit.TEXT, "name"),
    _next_milestone("next_milestone_on", Unit.DAY, "forecast_on"),
    _next_milestone("next_milestone_slip_days", Unit.DAYS, "slip_days", sign="positive is late"),
)

_PROGRESS = (
    Lineage(
        "progress",
        Unit.SHARE,
        (read_from("project_progress", "progress", "progress_basis", "done_points", "points", "done_hours_estimated",
               "hours_estimated", "done_issues", "issues", "unsized_share", "rule", belongs=Belongs.PLACE), WORK),
        formula={
            "points": "done {done_points:POINTS} / all {points:POINTS}",
            "estimate": "done {done_hours_estimated:HOURS} / all {hours_estimated:HOURS}",
            "count": "done {done_issues:COUNT} / all {issues:COUNT}",
        },
        formula_by="progress_basis",
        edges=("what is cancelled is left out of both", "sizes count on the lowest level of each tree that has one",
               "nothing counts: null, not 0", "never hours booked by estimate"),
        gaps=(
            zero("issues", "it has no issues that count", "issues: in the tool, or lines of `project_scopes`"),
            Gap(lambda _: True, "none of its issues has a size of the kind it is to be counted in",
                "sizes in the tool, or another progress_basis in the plan's `projects`"),
        ),
    ),
    Lineage(
        "planned_progress",
        Unit.SHARE,
        (replace(read_from("earned_value", "pv", *EARNED, only="is_now"), used="PV by BAC",
                 total="any_value(pv / nullif(bac, 0))"), PACKAGES),
        formula="PV {pv:VALUE} / BAC {bac:VALUE}",
        edges=("each package goes evenly over the working days between its dates",),
        gaps=(*NO_BASELINE, NO_PV, zero("bac", "the baseline is worth nothing", "budget in `work_packages`")),
    ),
)  # fmt: skip

_MONEY = (
    Lineage(
        "budget",
        Unit.MONEY,
        (
            Origin("budgets", "the sum of its categories", shows=BUDGET, role=Role.VALUE,
                   total="CASE WHEN bool_and(budget IS NOT NULL) "
                         "FILTER (contingency IS NOT NULL OR budget IS NOT NULL) THEN sum(budget) END"),
            Origin("earned_value", "BAC, where no budget line says it", only="is_now AND basis = 'money'",
                   shows=EARNED, role=Role.INSTEAD, total="any_value(bac)"),
            Origin("budget_lines", "as they were entered", only="availability = 'present'",
                   shows=("category", "amount", "contingency", "reserve", "currency")),
        ),
        edges=("contingency is in it, management reserve is not", "no line exchanges currencies: a line in another one "
               "than the project's makes its budget unknown"),
        gaps=(
            *NO_PLAN,
            null("currency", "the project has no currency", "currency in the plan's `projects`"),
            Gap(lambda _: True, "no budget line, or one in another currency",
                "`budget_lines` in the project's currency"),
        ),
    ),
    Lineage(
        "actual_cost",
        Unit.MONEY,
        (
            Origin("budgets", "the sum of its categories", shows=BUDGET, role=Role.VALUE, total="sum(actual_cost)"),
            replace(COSTS, role=Role.SUM, total="sum(amount)"),
            issues_that("issues that hours are booked on", "", Belongs.BOOKED),
        ),
        edges=("hours without a rate count as hours and are in no cost: costs.unpriced_hours says how many",
               "in the month of the work, not of the invoice", "what single people cost is not in this file"),
        gaps=(*NO_PLAN, Gap(lambda _: True, "nothing was spent, and no budget line names a category",
                             "`budget_lines`, `rates`, `cost_entries`")),
    ),
    Lineage(
        "committed_cost",
        Unit.MONEY,
        (
            Origin("budgets", "the sum of its categories", shows=BUDGET, role=Role.VALUE, total="sum(committed_cost)"),
            replace(COSTS, used="what is ordered, month by month", only="kind = 'commitment'", role=Role.SUM,
                    total="sum(amount)"),
            Origin("cost_entries", "the orders", only="availability = 'present' AND kind = 'commitment'",
                   shows=("category", "amount", "currency", "worked_on", "booked_on", "supplier", "reference")),
        ),
        edges=("beside the actual cost, never in it",),
        gaps=(*NO_PLAN, Gap(lambda _: True, "nothing was spent, and no budget line names a category",
                             "`budget_lines`, `cost_entries`")),
    ),
    Lineage(
        "forecast_cost",
        Unit.MONEY,
        (replace(read_from("earned_value", "eac", *EARNED, "eac_method", "etc", "is_early",
                       only="is_now AND basis = 'money'"), used="its EAC"), PACKAGES, COSTS, OF_PACKAGES),
        formula={
            "BAC/CPI": "BAC {bac:VALUE} / (EV {ev:VALUE} / AC {ac:VALUE})",
            "AC+BAC-EV": "AC {ac:VALUE} + BAC {bac:VALUE} - EV {ev:VALUE}",
            "AC+(BAC-EV)/(CPI*SPI)": "AC {ac:VALUE} + (BAC {bac:VALUE} - EV {ev:VALUE}) / "
                                     "((EV {ev:VALUE} / AC {ac:VALUE}) × (EV {ev:VALUE} / PV {pv:VALUE}))",
            "bottom-up": "AC {ac:VALUE} + what is left as it was estimated anew {etc:VALUE}",
        },
        formula_by="eac_method",
        edges=("nothing is rounded before it is divided", "with less than 15 % earned it says little: "
               "earned_value.is_early", "nothing earned: BAC/CPI has no value"),
        gaps=(*NO_PLAN, is_not("kind", "change", "it keeps things going (kind is run)", AS_IT_IS),
              absent("earned_value", "no approved baseline in money has begun",
                     "`baselines`, and `work_packages` with budgets"),
              NO_EV, zero("ev", "nothing has been earned yet", "the work comes with time; or "
                   "another eac_method in the plan's `projects`"), *NO_COST,
              Gap(lambda facts: facts.get("eac_method") == "bottom-up", "what is left was not estimated anew",
                  "remaining_cost in the plan's `projects`"), NO_PV),
    ),
    Lineage(
        "cost_variance_share",
        Unit.SHARE,
        (
            Origin("portfolio", "two other figures of the same row", belongs=Belongs.PLACE,
                   shows=("forecast_cost", "budget", "currency"), role=Role.VALUE,
                   total="any_value((forecast_cost - budget) / nullif(budget, 0))"),
            Origin("budgets", "the budget", shows=BUDGET),
            Origin("earned_value", "the forecast: its EAC", only="is_now", shows=(*EARNED, "eac", "eac_method")),
        ),
        formula="(forecast {forecast_cost:MONEY} - budget {budget:MONEY}) / budget {budget:MONEY}",
        sign="positive is over budget",
        gaps=(
            null("forecast_cost", "there is no forecast of its cost", "`pmo explain PROJECT forecast_cost` says what"),
            null("budget", "there is no budget", "`pmo explain PROJECT budget` says what"),
            zero("budget", "the budget is 0", "`budget_lines`"),
        ),
    ),
    Lineage(
        "currency",
        Unit.TEXT,
        (known("currency"), plan_says("currency"),
         Origin("budget_lines", "the one of all lines, where the project names none", only="availability = 'present'",
                shows=("category", "amount", "currency"))),
        gaps=not_said("currency", "neither project nor budget lines name one currency"),
    ),
)  # fmt: skip

_GROWTH = ("basis", "baseline_on", "baseline_scope", "scope_now", "added", "removed", "re_estimated", "off_baseline",
           "growth", "rule")  # fmt: skip
_CHANGES = Origin(
    "scope_changes", "each came, went or was sized anew since the baseline",
    shows=("changed_on", "kind", "how", "key", "title", "change", "basis", "url", "rule"),
)  # fmt: skip
_REQUESTS = Origin(
    "change_requests", "what was approved since", only="availability = 'present' AND state = 'approved'",
    shows=("title", "points", "hours", "decided_by", "decided_on"),
)  # fmt: skip
_NO_GROWTH = (
    *NO_BASELINE,
    absent("scope_growth", "no approved baseline is in force", "`baselines` of the plan, with who approved it"),
)

_RISKS = (
    Lineage(
        "scope_growth_unapproved",
        Unit.SHARE,
        (read_from("scope_growth", "unapproved_share", *_GROWTH, "approved", "unapproved"), _CHANGES, _REQUESTS),
        edges=("growth less what change requests approved since, and not below 0",
               "a request in another unit than the scope: how much of it is approved nobody can tell"),
        gaps=(*_NO_GROWTH, Gap(lambda _: True, "one was approved in another unit", "`change_requests` of the plan")),
    ),
    Lineage(
        "scope_growth",
        Unit.SHARE,
        (read_from("scope_growth", "growth_share", *_GROWTH), _CHANGES),
        edges=("added, removed and re-estimated since the baseline, and what was not in it that day",),
        gaps=(*_NO_GROWTH, Gap(lambda _: True, "nothing of it has a size", "points or estimates of its issues")),
    ),
    Lineage(
        "top_risk",
        Unit.TEXT,
        (Origin("risks", "threats that are not closed: the highest score, detected ones by their severity",
                only="state <> 'closed' AND kind = 'threat'", shows=(*RISK, "is_detected", "rule"), role=Role.VALUE,
                total="max_by(title, (coalesce(score, CASE severity WHEN 'high' THEN 15 WHEN 'medium' THEN 8 ELSE 3 "
                      "END), risk_id))"),),
        edges=("one that happened is a problem, and may be the highest",
               "detected ones have a severity, and no probability that nobody gave"),
        gaps=(null("project_id", "what is in no project has no risks", AS_IT_IS),
              Gap(lambda _: True, "no threat is known", "`risk_register` of the plan, if there is one")),
    ),
    Lineage(
        "open_high_risks",
        Unit.COUNT,
        (Origin("risks", "each counts", only="state = 'open' AND kind = 'threat' AND severity IN ('high', 'very high')",
                shows=(*RISK, "is_detected", "rule"), role=Role.SUM, total="count(*)"),),
        edges=("high is a score of 9 to 15, very high 16 and more", "chances, closed ones and problems do not count"),
    ),
    Lineage("decision_asked", Unit.TEXT, (replace(plan_says("decision_asked", "sponsor"), role=Role.VALUE,
                                                  total="any_value(decision_asked)"),),
            gaps=not_said("decision_asked", "nothing is asked of the sponsor")),
    Lineage("note_on", Unit.DAY, (replace(plan_says("note_on", "note"), role=Role.VALUE, total="any_value(note_on)"),),
            gaps=not_said("note_on", "no note has a day")),
    Lineage(
        "overloaded_people", Unit.COUNT, (read_from("portfolio", "overloaded_people", belongs=Belongs.PLACE),),
        gaps=(Gap(lambda _: True, "it is not computed yet", AS_IT_IS),),
    ),
)  # fmt: skip

_INDICES = (
    Lineage(
        "spi",
        Unit.RATIO,
        (read_from("earned_value", "spi", *EARNED, only="is_now"), PACKAGES, OF_PACKAGES),
        formula="EV {ev:VALUE} / PV {pv:VALUE}",
        sign="under 1 is behind the plan",
        edges=("at the end it is 1, however late: then spi_t tells", "PV 0: null",
               "what is in no package of the baseline earns nothing: earned_value.unbaselined_issues"),
        gaps=(*NO_BASELINE, NO_PV, NO_EV, zero("pv", "nothing was planned to be done by now", AS_IT_IS)),
    ),
    Lineage(
        "cpi",
        Unit.RATIO,
        (read_from("earned_value", "cpi", *EARNED, "unpriced_hours", only="is_now"), PACKAGES, COSTS, OF_PACKAGES),
        formula="EV {ev:VALUE} / AC {ac:VALUE}",
        sign="under 1 costs more than it earns",
        edges=("accruals are in AC, commitments are not", "AC 0: null",
               "AC ends with the day of the file; `costs` goes by months, and has days to come as well"),
        gaps=(*NO_BASELINE, *NO_COST, NO_EV),
    ),
    Lineage(
        "spi_t",
        Unit.RATIO,
        (read_from("earned_value", "spi_t", "earned_weeks", "actual_weeks", "planned_weeks", *EARNED, only="is_now"),
         Origin("earned_value", "week by week", only="NOT is_now", shows=("day_on", "pv", "ev", "ac", "spi_t"))),
        formula="earned {earned_weeks:WEEKS} / actual {actual_weeks:WEEKS}",
        sign="under 1 is behind the plan",
        edges=("stays under 1 for what ended late", "actual weeks stop at the real end"),
        gaps=(*NO_BASELINE, NO_PV, NO_EV),
    ),
    Lineage(
        "spent_share",
        Unit.SHARE,
        (Origin("portfolio", "two other figures of the same row", belongs=Belongs.PLACE,
                shows=("actual_cost", "budget", "currency"), role=Role.VALUE,
                total="any_value(actual_cost / nullif(budget, 0))"),
         Origin("budgets", "both, by category", shows=BUDGET)),
        formula="actual cost {actual_cost:MONEY} / budget {budget:MONEY}",
        gaps=(
            null("budget", "there is no budget", "`pmo explain PROJECT budget` says what"),
            null("actual_cost", "no cost is known", "`pmo explain PROJECT actual_cost` says what"),
            zero("budget", "the budget is 0", "`budget_lines`"),
        ),
    ),
    Lineage("health_computed", Unit.TEXT,
            (read_from("health", "health_computed", "dimensions", "rule"), REASONS, EARLIER),
            edges=("back to green only when two days running find it",),
            gaps=(NOT_JUDGED,)),
    Lineage("health_found", Unit.TEXT, (read_from("health", "health_found", "dimensions", "rule"), REASONS),
            gaps=(NOT_JUDGED,)),
)  # fmt: skip

PLAN_LINEAGES: tuple[Lineage, ...] = (
    *_HEALTH, *_DATES, *_MILESTONES, *_PROGRESS, *_MONEY, *_RISKS, *_INDICES,
)  # fmt: skip
"""In no order: `model.lineages` puts them into that of the portfolio."""
