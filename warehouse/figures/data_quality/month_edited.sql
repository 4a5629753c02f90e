-- A closed month whose hours or costs were changed afterwards; the figures follow, reports of that time do not agree any more.
SELECT 'month-edited' AS check_id, 'medium' AS severity, 'project' AS object_kind, coalesce(r.project_id, r.source) AS object_id,
    r.project || ' ' || strftime(r.month_on, '%Y-%m') AS object, r.project_id, r.source, p.url, p.owner_id,
    r.closed_on AS since_on, r.detail
FROM restatements AS r LEFT JOIN portfolio_projects AS p ON p.project_id = r.project_id
WHERE r.is_taken
