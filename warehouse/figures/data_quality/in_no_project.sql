-- An issue in no project that the hub knows: its figures stand in the row (in no project).
-- Applies to no project.
SELECT 'in-no-project' AS check_id, 'medium' AS severity, 'issue' AS object_kind, i.id AS object_id, i.key AS object,
    NULL AS project_id, i.source, i.url, a.person_id AS owner_id, i.created_at::DATE AS since_on,
    'in no project that the hub knows' AS detail
FROM issues AS i
SEMI JOIN (
    SELECT g.issue_id FROM portfolio_issues AS g LEFT JOIN projects AS p ON p.id = g.project_id WHERE p.id IS NULL
) AS h ON h.issue_id = i.id
LEFT JOIN accounts AS a ON a.id = i.assignee_id
WHERE i.availability = 'present'
