-- Open work without due day and milestone, told once for each active project.
WITH open_issues AS (
    SELECT i.* REPLACE (g.project_id AS project_id) FROM issues AS i
    JOIN portfolio_issues AS g ON g.issue_id = i.id JOIN projects AS p ON p.id = g.project_id AND p.state = 'active'
    WHERE i.availability = 'present' AND i.status NOT IN ('done', 'cancelled')
        AND i.id NOT IN (
            SELECT c.parent_id FROM issues AS c
            WHERE c.parent_id IS NOT NULL AND c.availability = 'present' AND c.status NOT IN ('done', 'cancelled'))),
by_project AS (
    SELECT project_id, count(*) AS issues, count(*) FILTER (due_on IS NULL AND milestone_id IS NULL) AS n
    FROM open_issues GROUP BY project_id)
SELECT 'open-without-date' AS check_id, 'low' AS severity, 'project' AS object_kind, p.id AS object_id, p.name AS object,
    p.id AS project_id, p.source, p.url, a.owner_id, NULL::DATE AS since_on,
    b.n || ' of ' || b.issues || ' open issues have no due day and no milestone' AS detail
FROM by_project AS b
JOIN projects AS p ON p.id = b.project_id
LEFT JOIN portfolio_projects AS a ON a.project_id = p.id
WHERE b.n > 0
