-- Hours on a day that is still to come.
WITH ahead AS (FROM worklogs WHERE counted AND work_on > (SELECT max(today_on) FROM about))
SELECT 'hours-in-future' AS check_id, 'high' AS severity, 'worklog' AS object_kind, w.id AS object_id,
    coalesce(i.key, p.name, w.id) AS object, p.id AS project_id, w.source, i.url, a.person_id AS owner_id,
    w.work_on AS since_on, round(w.seconds / 3600.0, 2)::DECIMAL(18, 2)::VARCHAR || ' h on a day to come' AS detail
FROM ahead AS w
-- only the issues and places of these few: all of them take memory
LEFT JOIN (SELECT id, key, url FROM issues WHERE id IN (SELECT issue_id FROM ahead)) AS i ON i.id = w.issue_id
LEFT JOIN (FROM portfolio_issues WHERE issue_id IN (SELECT issue_id FROM ahead)) AS g ON g.issue_id = w.issue_id
LEFT JOIN projects AS t ON t.id = w.project_id
LEFT JOIN project_sources AS o ON g.issue_id IS NULL AND o.source = w.source
    AND o.tool_project_id IS NOT DISTINCT FROM t.id
LEFT JOIN projects AS p ON p.id = coalesce(g.project_id, o.project_id)
LEFT JOIN accounts AS a ON a.id = w.account_id
