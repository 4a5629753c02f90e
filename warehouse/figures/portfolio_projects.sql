-- One row per project of the portfolio, present or not, and one per source for what is in none of them, if there is any.
-- With a plan these are the plan's projects, else those of the tools.
WITH plans AS (SELECT * FROM project_plans WHERE availability = 'present'),
chosen AS (
    SELECT p.* FROM projects AS p
    WHERE NOT EXISTS (FROM plans) OR p.source IN (SELECT source FROM plans)),
fed AS (
    SELECT DISTINCT m.project_id, m.source
    FROM portfolio_issues AS m JOIN issues AS i ON i.id = m.issue_id AND i.availability = 'present'
    UNION
    SELECT DISTINCT project_id, source FROM timesheet_days
    UNION
    SELECT project_id, source FROM project_sources WHERE project_id IS NOT NULL
    UNION
    SELECT id, source FROM chosen),
known AS (
    SELECT f.project_id, CASE WHEN f.project_id IS NULL THEN f.source END AS source,
        -- one source that was never read, or counted, makes the whole unknown
        CASE WHEN bool_and(b.fresh_through_at IS NOT NULL) THEN min(b.fresh_through_at) END AS fresh_at,
        CASE WHEN bool_and(b.completeness IS NOT NULL) THEN min(b.completeness) END AS completeness,
        -- rows of the plan that did not fit take nothing from the issues and hours that landed
        CASE WHEN bool_and(b.completeness IS NOT NULL) FILTER (f.source NOT IN (SELECT source FROM plans))
            THEN min(b.completeness) FILTER (f.source NOT IN (SELECT source FROM plans)) END AS work_completeness,
        count(DISTINCT f.source) FILTER (f.project_id IS NULL OR f.source IS DISTINCT FROM c.source
            OR NOT EXISTS (FROM plans)) AS tools
    FROM fed AS f LEFT JOIN about AS b ON b.source = f.source LEFT JOIN chosen AS c ON c.id = f.project_id
    GROUP BY ALL),
-- who runs it, where one person alone has that name
called AS (
    SELECT lower(trim(name)) AS word, min(id) AS person_id FROM people
    WHERE name IS NOT NULL GROUP BY lower(trim(name)) HAVING count(*) = 1),
budgeted AS (
    SELECT project_id, min(currency) AS currency FROM budget_lines WHERE availability = 'present' AND currency IS NOT NULL
    GROUP BY project_id HAVING count(DISTINCT currency) = 1)
SELECT
    c.id AS project_id, c.id AS place, c.source, c.name AS project, c.key, c.url, c.state, c.availability,
    l.program_id, g.name AS program, l.pm, coalesce(w.person_id, a.person_id) AS owner_id, l.sponsor, l.stage,
    coalesce(l.kind, 'change') AS kind,
    coalesce(l.mandatory, false) AS mandatory, l.project_id IS NOT NULL AS is_planned,
    c.state = 'on_hold' AS on_hold, coalesce(l.stage = 'closed', c.state IN ('closed', 'archived')) AS is_closed,
    coalesce(k.tools, 0) AS tools, coalesce(l.currency, m.currency) AS currency,
    k.work_completeness,
    CASE WHEN EXISTS (FROM plans) THEN 'a project of the plan' ELSE 'a project of the tool: no plan is read' END AS rule,
    k.fresh_at, k.completeness
FROM chosen AS c
LEFT JOIN plans AS l ON l.project_id = c.id
LEFT JOIN program_plans AS g ON g.id = l.program_id
LEFT JOIN known AS k ON k.project_id = c.id
LEFT JOIN called AS w ON w.word = lower(trim(l.pm))
LEFT JOIN accounts AS a ON a.id = c.lead_id
LEFT JOIN budgeted AS m ON m.project_id = c.id
UNION ALL
SELECT
    NULL, k.source, k.source, '(in no project)', '', NULL, NULL, 'present', NULL, NULL, NULL, NULL, NULL, NULL, 'change',
    false, false, false, false, k.tools, NULL, k.work_completeness,
    'issues and hours of the source that belong to no project', k.fresh_at, k.completeness
FROM known AS k WHERE k.project_id IS NULL
ORDER BY 3, 4, 1
