-- One row per issue: the project of the portfolio it belongs to. The first line of the scopes that fits wins.
WITH RECURSIVE
plans AS (SELECT project_id FROM project_plans WHERE availability = 'present'),
rules AS (
    SELECT * FROM project_scopes WHERE availability = 'present' AND project_id IN (SELECT project_id FROM plans)),
places AS (
    SELECT coalesce(s.tool_project_id, s.source) AS place, s.source, s.key, s.name, s.tool_project_id
    FROM project_sources AS s),
-- what a line says of source and project is settled first: these are few
taken AS (
    SELECT p.place, r.position, r.project_id, r.label, r.component, r.issue_type, r.milestone, r.issue
    FROM rules AS r JOIN places AS p ON (r.in_source IS NULL OR r.in_source = p.source)
        AND (len(r.in_project) = 0 OR list_contains(r.in_project, p.key)
            OR (p.tool_project_id IS NOT NULL AND list_contains(r.in_project, p.name)))),
named AS (SELECT DISTINCT position, unnest(issue) AS word FROM rules),
parts AS (
    SELECT n.position, i.id FROM named AS n JOIN issues AS i ON i.key = n.word OR i.id = n.word
    UNION -- not UNION ALL: ends even where the tool's parents go round in a circle
    SELECT p.position, i.id FROM parts AS p JOIN issues AS i ON i.parent_id = p.id),
fitting AS (
    SELECT i.id, t.position, t.project_id
    FROM issues AS i
    LEFT JOIN projects AS j ON j.id = i.project_id
    JOIN taken AS t ON t.place = coalesce(j.id, i.source)
    LEFT JOIN milestones AS m ON m.id = i.milestone_id
    WHERE (len(t.label) = 0 OR len(list_intersect(t.label, i.labels)) > 0)
        AND (len(t.component) = 0 OR len(list_intersect(t.component, i.components)) > 0)
        AND (len(t.issue_type) = 0 OR list_contains(t.issue_type, i.type) OR list_contains(t.issue_type, i.native_type))
        AND (len(t.milestone) = 0 OR list_contains(t.milestone, m.name))
        AND (len(t.issue) = 0 OR EXISTS (FROM parts AS p WHERE p.position = t.position AND p.id = i.id))),
decided AS (
    SELECT id, min_by(project_id, position) AS project_id, min(position) AS position,
        count(DISTINCT project_id) AS fitting_projects
    FROM fitting GROUP BY id)
SELECT
    i.id AS issue_id, i.source,
    CASE WHEN EXISTS (FROM plans) THEN d.project_id ELSE j.id END AS project_id,
    d.position,
    CASE WHEN EXISTS (FROM plans) THEN coalesce(d.fitting_projects, 0)
        WHEN j.id IS NULL THEN 0 ELSE 1 END AS fitting_projects
FROM issues AS i
LEFT JOIN projects AS j ON j.id = i.project_id
LEFT JOIN decided AS d ON d.id = i.id
