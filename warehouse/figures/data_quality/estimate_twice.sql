-- An estimate on an issue and on a part of it: the part's counts, the other does not.
SELECT 'estimate-twice' AS check_id, 'low' AS severity, 'issue' AS object_kind, i.id AS object_id, i.key AS object,
    p.id AS project_id, i.source, i.url, a.person_id AS owner_id, NULL::DATE AS since_on,
    'estimated, and so are parts of it: the parts count' AS detail
FROM (
    SELECT DISTINCT c.parent_id FROM issues AS c
    WHERE c.availability = 'present' AND c.status <> 'cancelled' AND c.original_estimate_seconds > 0) AS e
JOIN issues AS i ON i.id = e.parent_id
LEFT JOIN portfolio_issues AS g ON g.issue_id = i.id
LEFT JOIN projects AS p ON p.id = g.project_id
LEFT JOIN accounts AS a ON a.id = i.assignee_id
WHERE i.availability = 'present' AND i.status <> 'cancelled' AND i.original_estimate_seconds > 0
