-- Costs without the day or month of the work they pay for: they count, and in no month.
-- Applies to planned projects.
SELECT 'cost-without-day' AS check_id, 'medium' AS severity, 'project' AS object_kind, p.project_id AS object_id, p.project AS object,
    p.project_id, p.source, p.url, p.owner_id, min(e.booked_on) AS since_on,
    count(*) || CASE WHEN count(*) = 1 THEN ' cost names' ELSE ' costs name' END || ' no day of the work' AS detail
FROM cost_entries AS e JOIN portfolio_projects AS p ON p.project_id = e.project_id
WHERE e.availability = 'present' AND e.worked_on IS NULL
GROUP BY p.project_id, p.project, p.source, p.url, p.owner_id
