-- One row per closed month and figure that stands otherwise now. Hours and entered costs are taken as they are now; rates
-- that were changed afterwards are not: a closed month keeps its own.
WITH worked AS (
    SELECT coalesce(project_id, source) AS place, date_trunc('month', work_on)::DATE AS month_on, sum(hours) AS hours
    FROM timesheet_days WHERE entries > 0 GROUP BY ALL),
spent AS (
    SELECT project_id AS place, month_on, sum(amount) FILTER (kind = 'labour') AS labour_cost,
        sum(amount) FILTER (kind IN ('expense', 'accrual')) AS other_cost,
        sum(amount_by_rates) FILTER (kind = 'labour') AS cost_by_rates
    FROM costs GROUP BY ALL),
both_ AS (
    SELECT m.*, 'hours' AS figure, 'hours' AS unit, m.hours AS closed_value, w.hours AS value
    FROM month_closings AS m LEFT JOIN worked AS w ON w.place = coalesce(m.project_id, m.source) AND w.month_on = m.month_on
    UNION ALL
    SELECT m.*, 'labour_cost', m.currency, m.labour_cost, s.labour_cost
    FROM month_closings AS m LEFT JOIN spent AS s ON s.place = m.project_id AND s.month_on = m.month_on
    WHERE m.currency IS NOT NULL
    UNION ALL
    SELECT m.*, 'other_cost', m.currency, m.other_cost, s.other_cost
    FROM month_closings AS m LEFT JOIN spent AS s ON s.place = m.project_id AND s.month_on = m.month_on
    WHERE m.currency IS NOT NULL
    UNION ALL
    SELECT m.*, 'rates', m.currency, s.labour_cost, s.cost_by_rates
    FROM month_closings AS m JOIN spent AS s ON s.place = m.project_id AND s.month_on = m.month_on
    WHERE m.currency IS NOT NULL AND s.cost_by_rates IS NOT NULL AND s.labour_cost IS NOT NULL
    UNION ALL
    -- another rule, baseline or history: the weeks of a closed month earn otherwise
    SELECT m.*, 'earned_value', m.earned_unit, m.earned_value, e.ev
    FROM month_closings AS m LEFT JOIN earned_value AS e ON e.project_id = m.project_id AND e.day_on = m.earned_on
    WHERE m.earned_value IS NOT NULL),
named AS (
    SELECT b.*, coalesce(b.value, 0) - coalesce(b.closed_value, 0) AS difference,
        CASE b.figure WHEN 'earned_value' THEN 'earned value' WHEN 'hours' THEN 'hours' WHEN 'labour_cost' THEN 'labour' WHEN 'other_cost' THEN 'expenses and accruals'
            ELSE 'labour by today''s rates' END AS words,
        CASE WHEN b.figure = 'earned_value' AND e.earned_rule IS DISTINCT FROM b.earned_rule
            THEN ', by ' || b.earned_rule || ' then and ' || coalesce(e.earned_rule, 'no rule') || ' now' ELSE '' END AS why
    FROM both_ AS b LEFT JOIN earned_value AS e ON e.project_id = b.project_id AND e.is_now)
SELECT
    project_id, source, project, month_on, closed_on, figure, closed_value, value, difference, unit, figure <> 'rates' AS is_taken,
    words || ' of ' || strftime(month_on, '%Y-%m') || ': ' || coalesce(round(closed_value, 1)::DECIMAL(18, 1)::VARCHAR, 'nothing')
        || CASE WHEN figure = 'rates' THEN ' is kept, and would be ' ELSE ' when it was closed, and now ' END
        || coalesce(round(value, 1)::DECIMAL(18, 1)::VARCHAR, 'nothing') || ' ' || unit || why AS detail,
    CASE WHEN figure = 'rates' THEN 'a closed month keeps the rates it was closed with'
        ELSE 'what changed after a month was closed is taken, and said here' END AS rule, fresh_at, completeness
FROM named WHERE abs(difference) > CASE WHEN figure = 'hours' THEN 1e-6 ELSE 0.005 END
ORDER BY source, project_id, month_on, figure
