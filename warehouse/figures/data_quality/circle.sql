-- Open issues that wait for themselves, over up to 8 links.
WITH RECURSIVE
waits AS (
    SELECT DISTINCT l.from_issue_id AS a, l.to_issue_id AS b
    FROM issue_links AS l
    JOIN issues AS f ON f.id = l.from_issue_id AND f.availability = 'present' AND f.status NOT IN ('done', 'cancelled')
    JOIN issues AS t ON t.id = l.to_issue_id AND t.availability = 'present' AND t.status NOT IN ('done', 'cancelled')
    WHERE l.kind IN ('blocks', 'precedes') AND l.availability = 'present'),
-- only what both waits and is waited for can be in a circle
inner_waits AS (
    SELECT a, b FROM waits WHERE a IN (SELECT b FROM waits) AND b IN (SELECT a FROM waits)),
reached AS (
    SELECT a AS start, b AS here, 1 AS steps FROM inner_waits
    UNION
    SELECT r.start, w.b, r.steps + 1 FROM reached AS r JOIN inner_waits AS w ON w.a = r.here
    WHERE r.steps < 8 AND r.here <> r.start),
circles AS (SELECT start AS id, min(steps) AS steps FROM reached WHERE start = here GROUP BY start)
SELECT 'circle' AS check_id, 'high' AS severity, 'issue' AS object_kind, i.id AS object_id, i.key AS object,
    p.id AS project_id, i.source, i.url, a.person_id AS owner_id, NULL::DATE AS since_on,
    'waits for itself, over ' || c.steps || ' links' AS detail
FROM circles AS c JOIN issues AS i ON i.id = c.id
LEFT JOIN portfolio_issues AS g ON g.issue_id = i.id
LEFT JOIN projects AS p ON p.id = g.project_id
LEFT JOIN accounts AS a ON a.id = i.assignee_id
WHERE i.availability = 'present'
