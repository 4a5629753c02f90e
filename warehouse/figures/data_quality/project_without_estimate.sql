-- An active project none of whose work has points or an estimate: it is counted, and has no hours left.
SELECT 'project-without-estimate' AS check_id, 'medium' AS severity, 'project' AS object_kind, p.project_id AS object_id,
    p.project AS object, p.project_id, p.source, p.url, p.owner_id, min(i.created_at)::DATE AS since_on,
    'none of ' || count(*) || ' issues has a size: progress is by count, hours left are not known' AS detail
FROM issues AS i JOIN portfolio_issues AS g ON g.issue_id = i.id
JOIN portfolio_projects AS p ON p.project_id = g.project_id AND p.state = 'active' AND NOT p.is_closed
WHERE i.availability = 'present' AND i.status <> 'cancelled'
GROUP BY p.project_id, p.project, p.source, p.url, p.owner_id
HAVING count(i.story_points) = 0 AND count(i.original_estimate_seconds) = 0 AND count(i.remaining_estimate_seconds) = 0
    AND count(*) FILTER (i.status <> 'done') > 0
