-- One row per project of the portfolio: the worst of what can be computed, and beside it what a person says until a day.
-- Back to green only when two days running find it: until then it stays what it was found to be last.
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
found AS (
    SELECT p.*, coalesce(w.dimensions, 0) AS dimensions,
        CASE WHEN p.on_hold OR p.is_closed THEN 'none'
            WHEN w.is_doubtful OR coalesce(w.dimensions, 0) < 2 THEN 'unknown' ELSE w.health END AS health_found,
        CASE WHEN p.on_hold THEN 'on hold' WHEN p.is_closed THEN 'closed' WHEN w.is_doubtful THEN w.doubt
            WHEN coalesce(w.dimensions, 0) = 0 THEN 'nothing of it can be computed: no baseline, no budget, no deadline'
            WHEN w.dimensions < 2 THEN 'only one thing can be computed: ' || w.detail ELSE w.detail END AS reason
    FROM portfolio_projects AS p LEFT JOIN worst AS w ON w.project_id = p.project_id WHERE p.project_id IS NOT NULL),
earlier AS (
    SELECT h.project_id, h.as_of_on, h.health_found,
        CASE h.health_computed WHEN 'red' THEN 3 WHEN 'amber' THEN 2 WHEN 'green' THEN 1 END AS grade
    FROM portfolio_history AS h CROSS JOIN today AS t WHERE h.project_id IS NOT NULL AND h.as_of_on < t.today_on),
last_found AS (
    SELECT project_id, max_by(health_found, as_of_on) AS health_found, max(as_of_on) AS as_of_on
    FROM earlier WHERE health_found IN ('green', 'amber', 'red') GROUP BY project_id),
computed AS (
    SELECT f.*, CASE WHEN f.health_found = 'green' AND l.health_found <> 'green' THEN l.health_found ELSE f.health_found END
            AS health_computed,
        CASE WHEN f.health_found = 'green' AND l.health_found <> 'green' THEN 'green again for the first day, '
            || l.health_found || ' on ' || l.as_of_on || ': ' || f.reason ELSE f.reason END AS health_reason
    FROM found AS f LEFT JOIN last_found AS l ON l.project_id = f.project_id),
week_before AS (
    SELECT e.project_id, coalesce(max_by(e.grade, e.as_of_on) FILTER (e.as_of_on <= t.today_on - 7),
        min_by(e.grade, e.as_of_on)) AS grade
    FROM earlier AS e CROSS JOIN today AS t WHERE e.grade IS NOT NULL GROUP BY e.project_id),
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
    c.health_computed, c.health_found,
    CASE WHEN c.grade > b.grade THEN 'worse' WHEN c.grade < b.grade THEN 'better' WHEN c.grade = b.grade THEN 'same' END
        AS health_trend, c.health_reason, c.dimensions,
    s.health IS NOT NULL AND c.health_computed <> 'none' AS is_overridden,
    s.said_by AS override_by, s.reason AS override_reason, s.until_on AS override_until_on, l.health_owner,
    'worst of the dimensions that can be computed, two at least; back to green after two days; on hold and closed: none'
        AS rule, c.fresh_at, c.completeness
FROM (SELECT *, CASE health_computed WHEN 'red' THEN 3 WHEN 'amber' THEN 2 WHEN 'green' THEN 1 END AS grade FROM computed) AS c
LEFT JOIN week_before AS b ON b.project_id = c.project_id
LEFT JOIN said AS s ON s.project_id = c.project_id
LEFT JOIN project_plans AS l ON l.project_id = c.project_id AND l.availability = 'present'
ORDER BY c.project_id
