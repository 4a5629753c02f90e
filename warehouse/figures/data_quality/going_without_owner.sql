-- Work in progress or blocked, in an active project, that nobody is assigned to.
SELECT 'going-without-owner' AS check_id, 'medium' AS severity, 'issue' AS object_kind, i.id AS object_id, i.key AS object,
    p.id AS project_id, i.source, i.url, a.person_id AS owner_id, coalesce(i.started_at, i.created_at)::DATE AS since_on,
    i.status || ', and nobody is assigned' AS detail
FROM issues AS i
LEFT JOIN portfolio_issues AS g ON g.issue_id = i.id
LEFT JOIN projects AS p ON p.id = g.project_id
LEFT JOIN accounts AS a ON a.id = i.assignee_id
WHERE i.availability = 'present' AND i.status IN ('in_progress', 'blocked') AND i.assignee_id IS NULL
    AND coalesce(p.state, 'active') = 'active'
