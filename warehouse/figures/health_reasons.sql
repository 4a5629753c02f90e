-- One row per project of the portfolio and dimension of its health that can be computed, with the figures and the limits.
WITH old AS (SELECT max(generated_at) - INTERVAL 36 HOURS AS before_at FROM about),
asked AS (
    SELECT * FROM portfolio_projects WHERE project_id IS NOT NULL AND NOT on_hold AND NOT is_closed),
found AS (
    SELECT d.project_id, 'finish' AS dimension, d.finish_late_working_days::DOUBLE AS value, 5.0 AS amber_over,
        20.0 AS red_over, 'finish ' || CASE WHEN d.finish_late_working_days > 0 THEN d.finish_late_working_days
            || ' working days late' WHEN d.finish_late_working_days < 0 THEN -d.finish_late_working_days || ' working days early'
            ELSE 'on its day' END || ': ' || d.forecast_finish_on || ', baseline ' || d.baseline_finish_on
            || ' (' || d.forecast_method || ')' AS detail,
        'working days from the baseline''s end to the foreseen one: amber over 5, red over 20' AS rule
    FROM project_dates AS d WHERE d.finish_late_working_days IS NOT NULL
    UNION ALL
    -- only where it makes matters worse: it is the same finish, and no second thing that could be computed
    SELECT d.project_id, 'handed on', d.handed_on_late_working_days::DOUBLE, 5.0, 20.0,
        'finish ' || d.handed_on_late_working_days || ' working days late with what ' || d.handed_on_by || ' hands on '
            || d.handed_on_days || ' days late: ' || d.finish_with_handed_on || ', baseline ' || d.baseline_finish_on,
        'working days from the baseline''s end to the foreseen one, pushed by the latest open thing another project hands on: '
            || 'amber over 5, red over 20'
    FROM project_dates AS d WHERE d.handed_on_late_working_days > 5
    UNION ALL
    SELECT e.project_id, 'cost', (e.eac - e.bac) / e.bac, 0.05, 0.10,
        'cost at completion ' || round(abs(e.eac - e.bac) / e.bac * 100, 1)::DECIMAL(18, 1)::VARCHAR || ' % '
            || CASE WHEN e.eac > e.bac THEN 'over' ELSE 'under' END || ' budget: ' || format('{:,}', round(e.eac)::BIGINT) || ' of '
            || format('{:,}', round(e.bac)::BIGINT) || coalesce(' ' || e.currency, '') || ' by ' || e.eac_method
            || CASE WHEN e.is_early THEN ', early: less than 15 % earned' ELSE '' END,
        'estimate at completion over the budget at completion: amber over 5 %, red over 10 %'
    FROM earned_value AS e WHERE e.is_now AND e.basis = 'money' AND e.bac > 0 AND e.eac IS NOT NULL
    UNION ALL
    SELECT d.project_id, 'deadline', d.deadline_variance_days::DOUBLE, NULL, 0.0,
        CASE WHEN d.deadline_variance_days > 0 THEN d.deadline_variance_days || ' days after' ELSE
            -d.deadline_variance_days || ' days before' END || ' the deadline ' || d.deadline_on || ': '
            || d.forecast_finish_on || ' (' || d.forecast_method || ')',
        'a fixed day that is foreseen to be missed is red'
    FROM project_dates AS d WHERE d.deadline_variance_days IS NOT NULL
    UNION ALL
    SELECT g.project_id, 'scope', g.unapproved_share, 0.10, 0.25,
        'scope grew ' || round(g.growth_share * 100, 1)::DECIMAL(18, 1)::VARCHAR || ' %, '
            || round(g.unapproved_share * 100, 1)::DECIMAL(18, 1)::VARCHAR || ' % unapproved: '
            || round(g.baseline_scope, 1)::DECIMAL(18, 1)::VARCHAR || ' to ' || round(g.scope_now, 1)::DECIMAL(18, 1)::VARCHAR || ' '
            || g.basis || ', ' || round(g.approved, 1)::DECIMAL(18, 1)::VARCHAR || ' approved',
        'growth of scope since the baseline that no change request approved: amber over 10 %, red over 25 %'
    FROM scope_growth AS g WHERE g.unapproved_share IS NOT NULL)
SELECT
    f.project_id, a.project, f.dimension,
    CASE WHEN f.value > f.red_over THEN 'red' WHEN f.value > f.amber_over THEN 'amber' ELSE 'green' END AS health,
    f.value, f.amber_over, f.red_over, f.detail, f.rule, a.fresh_at, a.completeness
FROM found AS f JOIN asked AS a ON a.project_id = f.project_id
UNION ALL
SELECT a.project_id, a.project, 'data', 'unknown', NULL, NULL, NULL,
    CASE WHEN NOT a.is_planned THEN 'no plan says what it is to be measured against'
        WHEN a.fresh_at IS NULL THEN 'a source was never read whole'
        ELSE 'a source is known up to ' || strftime(a.fresh_at, '%Y-%m-%d %H:%M') || ' UTC only' END,
    'without a plan, or with a source older than 36 hours, health is not known', a.fresh_at, a.completeness
FROM asked AS a CROSS JOIN old AS o
WHERE NOT a.is_planned OR a.fresh_at IS NULL OR a.fresh_at < o.before_at
ORDER BY 1, 3
