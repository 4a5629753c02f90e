-- One row per project of a tool, and per tool one for what is in no project of it: where its hours and issues belong when
-- no further condition decides. Without any plan each project of a tool is a project of the portfolio.
WITH plans AS (SELECT project_id, source FROM project_plans WHERE availability = 'present'),
places AS (
    SELECT id AS place, id AS tool_project_id, source, key, name FROM projects
    WHERE source NOT IN (SELECT source FROM plans)
    UNION ALL -- a source's name is no project's id: ids have a colon
    SELECT source, NULL, source, NULL, NULL FROM about
    WHERE source IS NOT NULL AND source NOT IN (SELECT source FROM plans)),
rules AS (
    SELECT * FROM project_scopes
    WHERE availability = 'present' AND project_id IN (SELECT project_id FROM plans)
        AND len(label) + len(component) + len(issue_type) + len(milestone) + len(issue) = 0),
fitting AS (
    SELECT p.place, min_by(r.project_id, r.position) AS project_id, min(r.position) AS position
    FROM places AS p JOIN rules AS r ON (r.in_source IS NULL OR r.in_source = p.source)
        AND (len(r.in_project) = 0 OR list_contains(r.in_project, p.key) OR list_contains(r.in_project, p.name))
    GROUP BY p.place)
SELECT
    p.tool_project_id, p.source, p.key, coalesce(p.name, '(in no project)') AS name,
    CASE WHEN EXISTS (FROM plans) THEN f.project_id ELSE p.tool_project_id END AS project_id,
    f.position,
    CASE WHEN NOT EXISTS (FROM plans) THEN 'no plan is read: the project of the tool itself'
        WHEN f.place IS NULL THEN 'no line of the scopes takes all of it'
        ELSE 'the first line of the scopes that takes all of it' END AS rule,
    b.fresh_through_at AS fresh_at, b.completeness
FROM places AS p
LEFT JOIN fitting AS f ON f.place = p.place
LEFT JOIN about AS b ON b.source = p.source
ORDER BY p.source, p.tool_project_id
