-- A baseline in force that nothing can be measured against: no work packages, no common unit, or no days.
-- Applies to planned projects.
SELECT 'baseline-unmeasured' AS check_id, CASE WHEN count(w.id) = 0 THEN 'low' ELSE 'high' END AS severity,
    'project' AS object_kind, p.project_id AS object_id, p.project AS object, p.project_id, p.source, p.url, p.owner_id, b.approved_on AS since_on,
    CASE WHEN count(w.id) = 0 THEN 'it has no work packages: nothing is planned or earned'
        WHEN NOT (bool_and(w.budget IS NOT NULL) OR bool_and(w.hours IS NOT NULL) OR bool_and(w.points IS NOT NULL))
            THEN 'its work packages have neither money nor hours nor points in common: nothing is planned or earned'
        ELSE count(*) FILTER (w.start_on IS NULL OR w.finish_on IS NULL) || ' of ' || count(*)
            || ' work packages have no days: nothing is planned' END AS detail
FROM project_dates AS d JOIN portfolio_projects AS p ON p.project_id = d.project_id AND p.kind = 'change'
JOIN baselines AS b ON b.project_id = d.project_id AND b.number = d.baseline AND b.availability = 'present'
LEFT JOIN work_packages AS w ON w.project_id = d.project_id AND w.baseline = d.baseline AND w.availability = 'present'
WHERE p.is_planned AND NOT p.on_hold AND NOT p.is_closed AND p.availability = 'present'
GROUP BY p.project_id, p.project, p.source, p.url, p.owner_id, b.approved_on
HAVING count(w.id) = 0 OR bool_or(w.start_on IS NULL OR w.finish_on IS NULL)
    OR NOT (bool_and(w.budget IS NOT NULL) OR bool_and(w.hours IS NOT NULL) OR bool_and(w.points IS NOT NULL))
