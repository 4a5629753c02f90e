-- One row per project with an approved baseline: what its scope is measured in, and how much of it the baseline names.
WITH packaged AS (
    SELECT project_id, baseline AS number, CASE WHEN bool_and(points IS NOT NULL) THEN sum(points) END AS points,
        CASE WHEN bool_and(hours IS NOT NULL) THEN sum(hours) END AS hours
    FROM work_packages WHERE availability = 'present' GROUP BY ALL)
SELECT
    d.project_id, d.project, b.number AS baseline, b.approved_on,
    -- never mixed: the first that the baseline says, else what progress is counted in
    CASE WHEN b.scope_points IS NOT NULL THEN 'points' WHEN b.scope_hours IS NOT NULL THEN 'hours'
        WHEN w.points IS NOT NULL THEN 'points' WHEN w.hours IS NOT NULL THEN 'hours'
        WHEN g.progress_basis = 'estimate' THEN 'hours' ELSE g.progress_basis END AS basis,
    coalesce(b.scope_points, b.scope_hours, w.points, w.hours) AS scope,
    CASE WHEN coalesce(b.scope_points, b.scope_hours) IS NOT NULL THEN 'named by the baseline in force'
        WHEN coalesce(w.points, w.hours) IS NOT NULL THEN 'sum of the work packages of the baseline in force'
        ELSE 'the baseline in force names no scope' END AS rule,
    d.fresh_at, d.completeness
FROM project_dates AS d
JOIN baselines AS b ON b.project_id = d.project_id AND b.number = d.baseline AND b.availability = 'present'
JOIN project_progress AS g ON g.project_id = d.project_id
LEFT JOIN packaged AS w ON w.project_id = d.project_id AND w.number = d.baseline
ORDER BY d.project_id
