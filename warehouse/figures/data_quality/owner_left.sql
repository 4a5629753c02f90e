-- Open work of an active project whose assignee is no longer active.
SELECT 'owner-left' AS check_id, 'high' AS severity, 'issue' AS object_kind, i.id AS object_id, i.key AS object,
    p.id AS project_id, i.source, i.url, a.person_id AS owner_id, i.created_at::DATE AS since_on,
    'open, and its assignee is no longer active' AS detail
FROM issues AS i
LEFT JOIN portfolio_issues AS g ON g.issue_id = i.id
LEFT JOIN projects AS p ON p.id = g.project_id
LEFT JOIN accounts AS a ON a.id = i.assignee_id
WHERE i.availability = 'present' AND i.status NOT IN ('done', 'cancelled')
    AND a.active = false AND coalesce(p.state, 'active') = 'active'
