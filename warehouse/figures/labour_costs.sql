-- One row per person, day and project of the plan: counted hours at the rate that was valid on that day.
-- The first that is there: of person and project, person, role and project, role, default.
WITH plans AS (SELECT project_id, currency FROM portfolio_projects WHERE is_planned AND project_id IS NOT NULL),
days AS (
    SELECT row_number() OVER () AS n, d.person_id, d.person, d.project_id, d.work_on,
        date_trunc('month', d.work_on)::DATE AS month_on, p.currency, sum(d.seconds) AS seconds
    FROM timesheet_days AS d JOIN plans AS p ON p.project_id = d.project_id
    WHERE d.entries > 0 GROUP BY ALL),
roles AS (
    SELECT d.n, max_by(t.role, coalesce(t.from_on, DATE '0001-01-01')) AS role
    FROM days AS d JOIN team_members AS t ON t.person_id = d.person_id AND t.availability = 'present'
        AND t.role IS NOT NULL AND (t.from_on IS NULL OR t.from_on <= d.work_on)
        AND (t.to_on IS NULL OR t.to_on >= d.work_on)
    GROUP BY d.n),
valid AS (SELECT * FROM rates WHERE availability = 'present'),
fitting AS (
    SELECT d.n, d.work_on, CASE WHEN r.project_id IS NULL THEN 2 ELSE 1 END AS place, r.hourly_rate, r.currency, r.from_on
    FROM days AS d JOIN valid AS r ON r.person_id = d.person_id AND r.person IS NOT NULL
        AND (r.project_id IS NULL OR r.project_id = d.project_id)
        AND (r.from_on IS NULL OR r.from_on <= d.work_on) AND (r.to_on IS NULL OR r.to_on >= d.work_on)
    UNION ALL
    SELECT d.n, d.work_on, CASE WHEN r.project_id IS NULL THEN 4 ELSE 3 END, r.hourly_rate, r.currency, r.from_on
    FROM days AS d JOIN roles AS o ON o.n = d.n JOIN valid AS r ON r.role = o.role AND r.person IS NULL
        AND (r.project_id IS NULL OR r.project_id = d.project_id)
        AND (r.from_on IS NULL OR r.from_on <= d.work_on) AND (r.to_on IS NULL OR r.to_on >= d.work_on)
    UNION ALL
    SELECT d.n, d.work_on, CASE WHEN r.project_id IS NULL THEN 6 ELSE 5 END, r.hourly_rate, r.currency, r.from_on
    FROM days AS d JOIN valid AS r ON r.person IS NULL AND r.role IS NULL
        AND (r.project_id IS NULL OR r.project_id = d.project_id)
        AND (r.from_on IS NULL OR r.from_on <= d.work_on) AND (r.to_on IS NULL OR r.to_on >= d.work_on)),
chosen AS (
    SELECT n, min(place) AS place,
        min_by({'rate': hourly_rate, 'currency': currency}, (place, -epoch(coalesce(from_on, DATE '0001-01-01')))) AS found
    FROM fitting GROUP BY n)
SELECT
    d.person_id, d.person, o.role, d.project_id, d.work_on, d.seconds, d.seconds / 3600.0 AS hours,
    c.found.rate AS hourly_rate, c.found.currency AS rate_currency,
    CASE WHEN c.found.currency = d.currency THEN 1.0 ELSE x.rate END AS exchange_rate, d.currency,
    d.seconds / 3600.0 * c.found.rate * CASE WHEN c.found.currency = d.currency THEN 1.0 ELSE x.rate END AS cost,
    CASE c.place WHEN 1 THEN 'person and project' WHEN 2 THEN 'person' WHEN 3 THEN 'role and project'
        WHEN 4 THEN 'role' WHEN 5 THEN 'default of the project' WHEN 6 THEN 'default' ELSE 'no rate' END AS rate_basis,
    'counted hours at the rate of their day, exchanged at the rate of their month' AS rule,
    s.fresh_at, s.completeness
FROM days AS d
LEFT JOIN roles AS o ON o.n = d.n
LEFT JOIN chosen AS c ON c.n = d.n
LEFT JOIN monthly_rates AS x ON x.from_currency = c.found.currency AND x.to_currency = d.currency AND x.month_on = d.month_on
LEFT JOIN portfolio_projects AS s ON s.project_id = d.project_id
ORDER BY d.project_id, d.work_on, d.person_id
