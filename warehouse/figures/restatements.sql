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
    WHERE m.currency IS NOT NULL AND s.cost_by_rates IS NOT NULL AND s.labour_cost IS NOT NULL),
named AS (
    SELECT *, coalesce(value, 0) - coalesce(closed_value, 0) AS difference,
        CASE figure WHEN 'hours' THEN 'hours' WHEN 'labour_cost' THEN 'labour' WHEN 'other_cost' THEN 'expenses and accruals'
            ELSE 'labour by today''s rates' END AS words
    FROM both_)
SELECT
    project_id, source, project, month_on, closed_on, figure, closed_value, value, difference, unit, figure <> 'rates' AS is_taken,
    words || ' of ' || strftime(month_on, '%Y-%m') || ': ' || coalesce(round(closed_value, 1)::DECIMAL(18, 1)::VARCHAR, 'nothing')
        || CASE WHEN figure = 'rates' THEN ' is kept, and would be ' ELSE ' when it was closed, and now ' END
        || coalesce(round(value, 1)::DECIMAL(18, 1)::VARCHAR, 'nothing') || ' ' || unit AS detail,
    CASE WHEN figure = 'rates' THEN 'a closed month keeps the rates it was closed with'
        ELSE 'what changed after a month was closed is taken, and said here' END AS rule, fresh_at, completeness
FROM named WHERE abs(difference) > CASE WHEN figure = 'hours' THEN 1e-6 ELSE 0.005 END
ORDER BY source, project_id, month_on, figure
