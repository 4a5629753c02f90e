-- An issue that lines of the scopes give to several projects: it counts in the first.
SELECT 'in-two-projects' AS check_id, 'medium' AS severity, 'issue' AS object_kind, i.id AS object_id, i.key AS object,
    p.id AS project_id, i.source, i.url, a.person_id AS owner_id, NULL::DATE AS since_on,
    'lines of ' || g.fitting_projects || ' projects take it: it counts in the first' AS detail
FROM portfolio_issues AS g JOIN issues AS i ON i.id = g.issue_id
LEFT JOIN projects AS p ON p.id = g.project_id
LEFT JOIN accounts AS a ON a.id = i.assignee_id
WHERE i.availability = 'present' AND g.fitting_projects > 1
