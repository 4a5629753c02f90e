-- Hours on days after the issue was done or cancelled.
SELECT 'hours-after-done' AS check_id, 'medium' AS severity, 'issue' AS object_kind, i.id AS object_id, i.key AS object,
    p.id AS project_id, i.source, i.url, a.person_id AS owner_id, w.since_on AS since_on,
    round(w.hours, 2)::DECIMAL(18, 2)::VARCHAR || ' h on days after it was ' || i.status AS detail
FROM (
    SELECT b.issue_id, min(b.work_on) AS since_on, sum(b.seconds) / 3600.0 AS hours
    FROM worklogs AS b
    JOIN issues AS d ON d.id = b.issue_id AND d.status IN ('done', 'cancelled') AND b.work_on > d.resolved_at::DATE
    WHERE b.counted GROUP BY b.issue_id) AS w
JOIN issues AS i ON i.id = w.issue_id
LEFT JOIN portfolio_issues AS g ON g.issue_id = i.id
LEFT JOIN projects AS p ON p.id = g.project_id
LEFT JOIN accounts AS a ON a.id = i.assignee_id
WHERE i.availability = 'present'
