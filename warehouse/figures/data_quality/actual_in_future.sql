-- A real start or end on a day that is still to come.
WITH today AS (SELECT max(today_on) AS today_on FROM about),
told AS (
    SELECT 'project' AS object_kind, project_id AS object_id, NULL AS object, project_id, source, 'start' AS what, started_on AS day_on
    FROM project_plans WHERE availability = 'present'
    UNION ALL
    SELECT 'project', project_id, NULL, project_id, source, 'end', finished_on FROM project_plans WHERE availability = 'present'
    UNION ALL
    SELECT 'work package', id, name, project_id, source, 'start', started_on FROM work_packages WHERE availability = 'present'
    UNION ALL
    SELECT 'work package', id, name, project_id, source, 'end', finished_on FROM work_packages WHERE availability = 'present'
    UNION ALL
    SELECT 'milestone', milestone_id, name, project_id, source, 'end', forecast_on FROM milestone_outlook WHERE is_met)
SELECT 'actual-in-future' AS check_id, 'high' AS severity, d.object_kind, d.object_id,
    coalesce(d.object, p.project, d.object_id) AS object, p.project_id, d.source, p.url, p.owner_id, NULL::DATE AS since_on,
    'real ' || d.what || ' on ' || d.day_on || ', a day to come' AS detail
FROM told AS d CROSS JOIN today AS t LEFT JOIN portfolio_projects AS p ON p.project_id = d.project_id
WHERE d.day_on > t.today_on
