-- An end as the PM foresees it that is past, while the project goes on: it is not used.
-- Applies to planned projects.
SELECT 'forecast-past' AS check_id, 'medium' AS severity, 'project' AS object_kind, p.project_id AS object_id, p.project AS object,
    p.project_id, p.source, p.url, p.owner_id, l.forecast_finish_on + 1 AS since_on,
    'foreseen to end on ' || l.forecast_finish_on || ', and still open' AS detail
FROM project_plans AS l JOIN portfolio_projects AS p ON p.project_id = l.project_id
WHERE l.availability = 'present' AND l.forecast_finish_on < (SELECT max(today_on) FROM about)
    AND p.is_planned AND NOT p.on_hold AND NOT p.is_closed AND p.availability = 'present'
