-- A change of the plan that is carried out without an approved baseline.
-- Applies to planned projects.
WITH kept AS (
    SELECT project_id, as_of_on, max(as_of_on) FILTER (baseline_finish_on IS NOT NULL) OVER (PARTITION BY project_id) AS had_on
    FROM portfolio_history),
-- the first day of those kept since it last had one
lacking AS (
    SELECT project_id, coalesce(min(as_of_on) FILTER (as_of_on > coalesce(had_on, DATE '0001-01-01')),
        (SELECT max(today_on) FROM about)) AS since_on
    FROM kept WHERE project_id IS NOT NULL GROUP BY project_id)
SELECT 'no-baseline' AS check_id, 'medium' AS severity, 'project' AS object_kind, p.project_id AS object_id, p.project AS object,
    p.project_id, p.source, p.url, p.owner_id, k.since_on, 'no baseline with a name and a day of approval is in force' AS detail
FROM portfolio_projects AS p LEFT JOIN lacking AS k ON k.project_id = p.project_id
WHERE p.is_planned AND NOT p.on_hold AND NOT p.is_closed AND p.availability = 'present'
    AND p.kind = 'change' AND coalesce(p.stage, 'execution') IN ('execution', 'closing')
    AND NOT EXISTS (FROM project_dates AS d WHERE d.project_id = p.project_id AND d.baseline IS NOT NULL)
