-- An active project with open work, all of whose due days are past.
WITH open_issues AS (
    SELECT i.* REPLACE (g.project_id AS project_id) FROM issues AS i
    JOIN portfolio_issues AS g ON g.issue_id = i.id JOIN projects AS p ON p.id = g.project_id AND p.state = 'active'
    WHERE i.availability = 'present' AND i.status NOT IN ('done', 'cancelled')
        AND i.id NOT IN (
            SELECT c.parent_id FROM issues AS c
            WHERE c.parent_id IS NOT NULL AND c.availability = 'present' AND c.status NOT IN ('done', 'cancelled'))),
by_project AS (
    SELECT project_id, count(*) AS issues, count(due_on) AS n, max(due_on) AS last_due_on
    FROM open_issues GROUP BY project_id)
SELECT 'due-days-past' AS check_id, 'medium' AS severity, 'project' AS object_kind, p.id AS object_id, p.name AS object,
    p.id AS project_id, p.source, p.url, a.owner_id, b.last_due_on AS since_on,
    'open issues: ' || b.issues || ', and the last due day was ' || b.last_due_on AS detail
FROM by_project AS b
JOIN projects AS p ON p.id = b.project_id
LEFT JOIN portfolio_projects AS a ON a.project_id = p.id
WHERE b.last_due_on < (SELECT max(today_on) FROM about)
