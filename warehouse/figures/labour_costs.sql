-- One row per person, day and project of the plan: counted hours at the rate that was valid on that day.
-- The first that is there: of person and project, person, role and project, role, default. In a month that is closed an
-- hour of the person costs what it did when that was done.
WITH plans AS (SELECT project_id, currency FROM portfolio_projects WHERE is_planned AND project_id IS NOT NULL),
days AS (
    SELECT row_number() OVER () AS n, d.person_id, d.person, d.project_id, d.work_on,
        date_trunc('month', d.work_on)::DATE AS month_on, p.currency, sum(d.seconds) AS seconds,
        sum(d.late_hours) AS late_hours
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
    FROM fitting GROUP BY n),
kept AS (
    SELECT d.n, max_by({'rate': c.hourly_rate, 'currency': c.rate_currency, 'exchange': c.exchange_rate, 'basis': c.rate_basis},
        CASE WHEN c.from_on <= d.work_on THEN 1 ELSE -1 END * epoch(c.from_on)) AS found
    FROM days AS d JOIN closed_rates AS c ON c.project_id = d.project_id AND c.person_id = d.person_id
        AND c.month_on = d.month_on AND c.currency = d.currency
    GROUP BY d.n),
priced AS (
    SELECT d.*, o.role, c.found.rate AS rate_now, c.found.currency AS currency_now,
        CASE WHEN c.found.currency = d.currency THEN 1.0 ELSE x.rate END AS exchange_now, c.place, k.found AS kept
    FROM days AS d
    LEFT JOIN roles AS o ON o.n = d.n
    LEFT JOIN chosen AS c ON c.n = d.n
    LEFT JOIN kept AS k ON k.n = d.n
    LEFT JOIN monthly_rates AS x ON x.from_currency = c.found.currency AND x.to_currency = d.currency AND x.month_on = d.month_on)
SELECT
    d.person_id, d.person, d.role, d.project_id, d.work_on, d.seconds, d.seconds / 3600.0 AS hours, d.late_hours,
    CASE WHEN d.kept IS NULL THEN d.rate_now ELSE d.kept.rate END AS hourly_rate,
    CASE WHEN d.kept IS NULL THEN d.currency_now ELSE d.kept.currency END AS rate_currency,
    CASE WHEN d.kept IS NULL THEN d.exchange_now ELSE d.kept.exchange END AS exchange_rate, d.currency,
    d.seconds / 3600.0 * CASE WHEN d.kept IS NULL THEN d.rate_now * d.exchange_now ELSE d.kept.rate * d.kept.exchange END AS cost,
    d.late_hours * CASE WHEN d.kept IS NULL THEN d.rate_now * d.exchange_now ELSE d.kept.rate * d.kept.exchange END AS late_cost,
    d.seconds / 3600.0 * d.rate_now * d.exchange_now AS cost_by_rates, d.kept IS NOT NULL AS is_closed_rate,
    CASE WHEN d.kept IS NOT NULL THEN d.kept.basis ELSE CASE d.place WHEN 1 THEN 'person and project' WHEN 2 THEN 'person'
        WHEN 3 THEN 'role and project' WHEN 4 THEN 'role' WHEN 5 THEN 'default of the project' WHEN 6 THEN 'default'
        ELSE 'no rate' END END AS rate_basis,
    'counted hours at the rate of their day, exchanged at the rate of their month; a closed month keeps its own' AS rule,
    s.fresh_at, s.completeness
FROM priced AS d
LEFT JOIN portfolio_projects AS s ON s.project_id = d.project_id
ORDER BY d.project_id, d.work_on, d.person_id
