-- One row per project, and per source for what is in none, and month that is closed: as it was kept, else as it stands now
-- without what was entered later, once the sources were read whole after the day of closing.
WITH today AS (
    SELECT max(today_on) AS today_on, max(month_close_day) AS close_day, max(generated_at) AS generated_at FROM about),
worked AS (
    SELECT coalesce(project_id, source) AS place, date_trunc('month', work_on)::DATE AS month_on, sum(hours - late_hours) AS hours,
        NULL::DOUBLE AS labour_cost, NULL::DOUBLE AS other_cost
    FROM timesheet_days WHERE entries > 0 GROUP BY ALL
    UNION ALL
    SELECT project_id, month_on, 0.0, sum(amount - coalesce(late_amount, 0)) FILTER (kind = 'labour'),
        sum(amount) FILTER (kind IN ('expense', 'accrual'))
    FROM costs WHERE month_on IS NOT NULL GROUP BY ALL),
months AS (
    SELECT w.place, w.month_on, (w.month_on + INTERVAL 1 MONTH)::DATE + (t.close_day - 1)::INTEGER AS closed_on,
        sum(w.hours) AS hours, sum(w.labour_cost) AS labour_cost, sum(w.other_cost) AS other_cost
    FROM worked AS w CROSS JOIN today AS t GROUP BY ALL)
SELECT
    s.project_id, s.source, s.project, k.month_on, k.closed_on, k.closed_at, k.hours, k.labour_cost, k.other_cost, k.currency,
    'as it stood when it was closed' AS rule, s.fresh_at, s.completeness
FROM kept_months AS k JOIN portfolio_projects AS s ON s.project_id IS NOT DISTINCT FROM k.project_id AND s.source = k.source
UNION ALL
SELECT
    s.project_id, s.source, s.project, m.month_on, m.closed_on, t.generated_at, m.hours, m.labour_cost, m.other_cost, s.currency,
    'without hours that were entered later', s.fresh_at, s.completeness
FROM months AS m CROSS JOIN today AS t
JOIN portfolio_projects AS s ON s.place = m.place
WHERE m.closed_on <= t.today_on AND s.fresh_at >= m.closed_on
    AND NOT EXISTS (FROM kept_months AS k WHERE k.month_on = m.month_on AND k.source = s.source
        AND k.project_id IS NOT DISTINCT FROM s.project_id)
ORDER BY 2, 1, 4
