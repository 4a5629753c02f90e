-- One row per project, and per source for what is in none, and month that is closed: as it was kept, else as it stands now
-- without what was entered later, once the sources were read whole after the day of closing. Earned value is that of the
-- last week that ended in the month.
WITH today AS (
    SELECT max(today_on) AS today_on, max(month_close_day) AS close_day, max(generated_at) AS generated_at FROM about),
earned AS (
    SELECT project_id, date_trunc('month', day_on)::DATE AS month_on, max(day_on) AS earned_on,
        max_by(ev, day_on) AS earned_value, max_by(earned_rule, day_on) AS earned_rule,
        max_by(CASE basis WHEN 'money' THEN currency ELSE basis END, day_on) AS earned_unit
    FROM earned_value WHERE NOT is_now AND ev IS NOT NULL GROUP BY ALL),
worked AS (
    SELECT coalesce(project_id, source) AS place, date_trunc('month', work_on)::DATE AS month_on, sum(hours - late_hours) AS hours,
        NULL::DOUBLE AS labour_cost, NULL::DOUBLE AS other_cost
    FROM timesheet_days WHERE entries > 0 GROUP BY ALL
    UNION ALL
    SELECT project_id, month_on, 0.0, sum(amount - coalesce(late_amount, 0)) FILTER (kind = 'labour'),
        sum(amount) FILTER (kind IN ('expense', 'accrual'))
    FROM costs WHERE month_on IS NOT NULL GROUP BY ALL
    UNION ALL
    SELECT project_id, month_on, 0.0, NULL, NULL FROM earned),
months AS (
    SELECT w.place, w.month_on, (w.month_on + INTERVAL 1 MONTH)::DATE + (t.close_day - 1)::INTEGER AS closed_on,
        sum(w.hours) AS hours, sum(w.labour_cost) AS labour_cost, sum(w.other_cost) AS other_cost
    FROM worked AS w CROSS JOIN today AS t GROUP BY ALL)
SELECT
    s.project_id, s.source, s.project, k.month_on, k.closed_on, k.closed_at, k.hours, k.labour_cost, k.other_cost, k.currency,
    k.earned_on, k.earned_value, k.earned_rule, k.earned_unit,
    'as it stood when it was closed' AS rule, s.fresh_at, s.completeness
FROM kept_months AS k JOIN portfolio_projects AS s ON s.project_id IS NOT DISTINCT FROM k.project_id AND s.source = k.source
UNION ALL
SELECT
    s.project_id, s.source, s.project, m.month_on, m.closed_on, t.generated_at, m.hours, m.labour_cost, m.other_cost, s.currency,
    e.earned_on, e.earned_value, e.earned_rule, e.earned_unit,
    'without hours that were entered later', s.fresh_at, s.completeness
FROM months AS m CROSS JOIN today AS t
JOIN portfolio_projects AS s ON s.place = m.place
LEFT JOIN earned AS e ON e.project_id = s.project_id AND e.month_on = m.month_on
WHERE m.closed_on <= t.today_on AND s.fresh_at >= m.closed_on
    AND NOT EXISTS (FROM kept_months AS k WHERE k.month_on = m.month_on AND k.source = s.source
        AND k.project_id IS NOT DISTINCT FROM s.project_id)
ORDER BY 2, 1, 4
