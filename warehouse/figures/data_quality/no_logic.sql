-- A project that links most of its dated open work to what comes before or after, and more than 5 % of it not.
WITH linked AS (
    SELECT from_issue_id AS issue_id FROM issue_links WHERE kind IN ('precedes', 'blocks') AND availability = 'present'
    UNION
    SELECT to_issue_id FROM issue_links WHERE kind IN ('precedes', 'blocks') AND availability = 'present'),
dated AS (
    SELECT g.project_id, i.id FROM issues AS i JOIN portfolio_issues AS g ON g.issue_id = i.id
    WHERE i.availability = 'present' AND i.status NOT IN ('done', 'cancelled') AND i.due_on IS NOT NULL
        AND i.id NOT IN (SELECT c.parent_id FROM issues AS c WHERE c.parent_id IS NOT NULL AND c.availability = 'present')),
counted AS (
    SELECT project_id, count(*) AS issues, count(*) FILTER (id NOT IN (SELECT issue_id FROM linked)) AS n
    FROM dated GROUP BY project_id)
SELECT 'no-logic' AS check_id, 'low' AS severity, 'project' AS object_kind, p.project_id AS object_id, p.project AS object,
    p.project_id, p.source, p.url, p.owner_id, NULL::DATE AS since_on,
    c.n || ' of ' || c.issues || ' open issues with a due day have no link to what comes before or after' AS detail
FROM counted AS c
JOIN portfolio_projects AS p ON p.project_id = c.project_id AND p.state = 'active' AND NOT p.is_closed
-- where few are linked, nobody plans by links
WHERE c.n > 0.05 * c.issues AND c.n < 0.5 * c.issues
