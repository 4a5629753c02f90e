-- One row per project of the portfolio: of the rules for it, how many find nothing. Each counts once, however much it finds.
WITH today AS (SELECT max(today_on) AS today_on FROM about),
fed AS (
    SELECT DISTINCT project_id, source FROM portfolio_issues WHERE project_id IS NOT NULL
    UNION
    SELECT project_id, source FROM timesheet_days WHERE project_id IS NOT NULL
    UNION
    SELECT project_id, source FROM project_sources WHERE project_id IS NOT NULL),
applying AS (
    SELECT p.project_id, r.check_id, r.applies_to FROM portfolio_projects AS p JOIN data_quality_rules AS r
        ON r.applies_to = 'projects' OR (r.applies_to = 'planned projects' AND p.is_planned)
        OR (r.applies_to = 'sources' AND p.project_id IN (SELECT project_id FROM fed))
    WHERE p.project_id IS NOT NULL),
failing AS (
    SELECT project_id, check_id FROM data_quality WHERE project_id IS NOT NULL
    UNION
    SELECT f.project_id, q.check_id
    FROM data_quality AS q JOIN data_quality_rules AS r ON r.check_id = q.check_id AND r.applies_to = 'sources'
    JOIN fed AS f ON f.source = q.source),
scored AS (
    SELECT a.project_id, count(*) AS rules, count(*) FILTER (f.check_id IS NULL) AS passed,
        coalesce(list(a.check_id ORDER BY a.check_id) FILTER (f.check_id IS NOT NULL), []) AS failed
    FROM applying AS a LEFT JOIN failing AS f ON f.project_id = a.project_id AND f.check_id = a.check_id
    GROUP BY a.project_id),
found AS (
    SELECT project_id, count(*) FILTER (severity = 'high') AS high, count(*) FILTER (severity = 'medium') AS medium,
        count(*) FILTER (severity = 'low') AS low
    FROM data_quality WHERE project_id IS NOT NULL GROUP BY project_id),
-- a week before, or the first day that is kept
before AS (
    SELECT h.project_id, coalesce(max_by(h.data_quality, h.as_of_on) FILTER (h.as_of_on <= t.today_on - 7),
        min_by(h.data_quality, h.as_of_on)) AS score
    FROM portfolio_history AS h CROSS JOIN today AS t
    WHERE h.as_of_on < t.today_on AND h.data_quality IS NOT NULL AND h.project_id IS NOT NULL GROUP BY h.project_id)
SELECT
    p.project_id, p.project, s.rules, s.passed, s.passed / s.rules AS score, b.score AS earlier_score,
    CASE WHEN abs(s.passed / s.rules - b.score) < 1e-9 THEN 'same' WHEN s.passed / s.rules > b.score THEN 'better'
        WHEN s.passed / s.rules < b.score THEN 'worse' END AS trend,
    coalesce(f.high, 0) AS high, coalesce(f.medium, 0) AS medium, coalesce(f.low, 0) AS low, s.failed,
    'rules that find nothing by rules that apply: those for projects and for its sources, and for the plan if it has one' AS rule,
    p.fresh_at, p.work_completeness AS completeness
FROM portfolio_projects AS p JOIN scored AS s ON s.project_id = p.project_id
LEFT JOIN found AS f ON f.project_id = p.project_id
LEFT JOIN before AS b ON b.project_id = p.project_id
ORDER BY p.project_id
