-- Open work that nobody is assigned to, told once for each active project.
WITH open_issues AS (
    SELECT g.project_id, i.assignee_id FROM issues AS i JOIN portfolio_issues AS g ON g.issue_id = i.id
    WHERE i.availability = 'present' AND i.status NOT IN ('done', 'cancelled')
        AND i.id NOT IN (
            SELECT c.parent_id FROM issues AS c
            WHERE c.parent_id IS NOT NULL AND c.availability = 'present' AND c.status NOT IN ('done', 'cancelled')))
SELECT 'open-without-owner' AS check_id, 'low' AS severity, 'project' AS object_kind, p.project_id AS object_id, p.project AS object,
    p.project_id, p.source, p.url, p.owner_id, NULL::DATE AS since_on,
    count(*) - count(o.assignee_id) || ' of ' || count(*) || ' open issues have nobody assigned' AS detail
FROM open_issues AS o JOIN portfolio_projects AS p ON p.project_id = o.project_id AND p.state = 'active'
GROUP BY p.project_id, p.project, p.source, p.url, p.owner_id
HAVING count(*) > count(o.assignee_id)
