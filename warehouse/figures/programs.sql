-- One row per program, and one for the projects of none: sums, and ratios of sums. Money adds up in one currency only.
WITH now_ AS (SELECT * FROM earned_value WHERE is_now),
parts AS (
    SELECT f.*, s.program_id, e.bac, e.pv, e.ev, e.ac, e.basis, r.points, r.done_points
    FROM portfolio AS f
    JOIN portfolio_projects AS s ON s.place = coalesce(f.project_id, f.source)
    LEFT JOIN now_ AS e ON e.project_id = f.project_id
    LEFT JOIN project_progress AS r ON coalesce(r.project_id, r.source) = s.place),
sums AS (
    SELECT program_id, program, count(*) FILTER (project_id IS NOT NULL) AS projects,
        count(*) FILTER (health = 'green') AS green, count(*) FILTER (health = 'amber') AS amber,
        count(*) FILTER (health = 'red') AS red, count(*) FILTER (health = 'unknown') AS unknown,
        count(*) FILTER (health = 'none') AS without_health,
        max(baseline_finish_on) AS baseline_finish_on, max(forecast_finish_on) AS forecast_finish_on,
        count(DISTINCT currency) FILTER (budget IS NOT NULL OR actual_cost IS NOT NULL) AS currencies,
        min(currency) AS currency, sum(budget) AS budget, sum(budget) FILTER (health = 'red') AS red_budget,
        sum(actual_cost) AS actual_cost, sum(committed_cost) AS committed_cost, sum(forecast_cost) AS forecast_cost,
        sum(budget) FILTER (forecast_cost IS NOT NULL) AS forecast_budget,
        sum(bac) FILTER (basis = 'money') AS bac, sum(pv) FILTER (basis = 'money') AS pv,
        sum(ev) FILTER (basis = 'money') AS ev, sum(ac) FILTER (basis = 'money') AS ac,
        sum(hours_7d) AS hours_7d, sum(remaining_hours) AS remaining_hours, sum(hours_logged) AS hours_logged,
        sum(overdue)::BIGINT AS overdue, sum(blocked)::BIGINT AS blocked, sum(issues)::BIGINT AS issues,
        sum(done)::BIGINT AS done, sum(cancelled)::BIGINT AS cancelled, sum(open_high_risks)::BIGINT AS open_high_risks,
        CASE WHEN bool_and(fresh_at IS NOT NULL) THEN min(fresh_at) END AS fresh_at,
        CASE WHEN bool_and(completeness IS NOT NULL) THEN min(completeness) END AS completeness
    FROM parts GROUP BY program_id, program)
SELECT
    s.program_id, coalesce(s.program, '(in no program)') AS program, g.sponsor, g.manager, g.goal,
    CASE WHEN s.green + s.amber + s.red = 0 THEN CASE WHEN s.unknown > 0 THEN 'unknown' ELSE 'none' END
        WHEN s.currencies = 1 AND s.red_budget > 0.25 * s.budget THEN 'red'
        WHEN s.red + s.amber > 0 THEN 'amber' WHEN s.unknown > 0 THEN 'unknown' ELSE 'green' END AS health,
    s.projects, s.green, s.amber, s.red, s.unknown, s.without_health, s.baseline_finish_on, s.forecast_finish_on,
    CASE WHEN s.currencies = 1 THEN s.budget END AS budget, CASE WHEN s.currencies = 1 THEN s.actual_cost END AS actual_cost,
    CASE WHEN s.currencies = 1 THEN s.committed_cost END AS committed_cost,
    CASE WHEN s.currencies = 1 THEN s.forecast_cost END AS forecast_cost,
    CASE WHEN s.currencies = 1 THEN (s.forecast_cost - s.forecast_budget) / nullif(s.forecast_budget, 0) END AS cost_variance_share,
    CASE WHEN s.currencies = 1 THEN s.currency END AS currency,
    CASE WHEN s.currencies = 1 THEN s.ev / nullif(s.pv, 0) END AS spi, CASE WHEN s.currencies = 1 THEN s.ev / nullif(s.ac, 0) END AS cpi,
    s.done / nullif(s.issues - s.cancelled, 0) AS progress_count, s.hours_7d, s.remaining_hours, s.hours_logged, s.overdue,
    s.blocked, s.issues, s.done, s.cancelled, s.open_high_risks,
    'sums of its projects and ratios of sums; red where red projects hold more than a quarter of the budget' AS rule,
    s.fresh_at, s.completeness
FROM sums AS s LEFT JOIN program_plans AS g ON g.id = s.program_id
ORDER BY s.program_id NULLS LAST
