-- A person's word on a project's health that has ended, and nothing followed it.
-- Applies to planned projects.
WITH today AS (SELECT max(today_on) AS today_on FROM about),
latest AS (
    SELECT o.* FROM health_overrides AS o WHERE o.availability = 'present'
    QUALIFY row_number() OVER (PARTITION BY o.project_id ORDER BY o.until_on DESC, o.id) = 1)
SELECT 'override-past' AS check_id, 'medium' AS severity, 'health override' AS object_kind, o.id AS object_id,
    p.project || ' said to be ' || o.health AS object, p.project_id, p.source, p.url, p.owner_id, o.until_on + 1 AS since_on,
    'said by ' || o.said_by || ' until ' || o.until_on || ': it counts no longer' AS detail
FROM latest AS o CROSS JOIN today AS t JOIN portfolio_projects AS p ON p.project_id = o.project_id
WHERE o.until_on < t.today_on AND p.is_planned AND NOT p.on_hold AND NOT p.is_closed AND p.availability = 'present'
