-- One row per project of the portfolio: the worst of what can be computed, and beside it what a person says until a day.
WITH today AS (SELECT max(today_on) AS today_on FROM about),
ranked AS (
    SELECT *, CASE health WHEN 'red' THEN 3 WHEN 'amber' THEN 2 WHEN 'green' THEN 1 ELSE 0 END AS place
    FROM health_reasons),
worst AS (
    SELECT project_id, count(*) FILTER (dimension <> 'data') AS dimensions, bool_or(dimension = 'data') AS is_doubtful,
        max_by(health, (place, dimension)) FILTER (dimension <> 'data') AS health,
        max_by(detail, (place, dimension)) FILTER (dimension <> 'data') AS detail,
        any_value(detail) FILTER (dimension = 'data') AS doubt
    FROM ranked GROUP BY project_id),
computed AS (
    SELECT p.*, coalesce(w.dimensions, 0) AS dimensions,
        CASE WHEN p.on_hold OR p.is_closed THEN 'none'
            WHEN w.is_doubtful OR coalesce(w.dimensions, 0) < 2 THEN 'unknown' ELSE w.health END AS health_computed,
        CASE WHEN p.on_hold THEN 'on hold' WHEN p.is_closed THEN 'closed' WHEN w.is_doubtful THEN w.doubt
            WHEN coalesce(w.dimensions, 0) = 0 THEN 'nothing of it can be computed: no baseline, no budget, no deadline'
            WHEN w.dimensions < 2 THEN 'only one thing can be computed: ' || w.detail ELSE w.detail END AS health_reason
    FROM portfolio_projects AS p LEFT JOIN worst AS w ON w.project_id = p.project_id WHERE p.project_id IS NOT NULL),
said AS (
    SELECT o.project_id, max_by(o.health, (coalesce(o.from_on, DATE '0001-01-01'), o.until_on)) AS health,
        max_by(o.said_by, (coalesce(o.from_on, DATE '0001-01-01'), o.until_on)) AS said_by,
        max_by(o.reason, (coalesce(o.from_on, DATE '0001-01-01'), o.until_on)) AS reason,
        max_by(o.until_on, (coalesce(o.from_on, DATE '0001-01-01'), o.until_on)) AS until_on
    FROM health_overrides AS o CROSS JOIN today AS t
    WHERE o.availability = 'present' AND o.until_on >= t.today_on AND coalesce(o.from_on <= t.today_on, true)
    GROUP BY o.project_id)
SELECT
    c.project_id, c.project, CASE WHEN c.health_computed = 'none' THEN 'none' ELSE coalesce(s.health, c.health_computed) END AS health,
    c.health_computed, c.health_reason, c.dimensions, s.health IS NOT NULL AND c.health_computed <> 'none' AS is_overridden,
    s.said_by AS override_by, s.reason AS override_reason, s.until_on AS override_until_on, l.health_owner,
    'worst of the dimensions that can be computed, two at least; on hold and closed: none' AS rule, c.fresh_at, c.completeness
FROM computed AS c
LEFT JOIN said AS s ON s.project_id = c.project_id
LEFT JOIN project_plans AS l ON l.project_id = c.project_id AND l.availability = 'present'
ORDER BY c.project_id
