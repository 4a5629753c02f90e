-- Work in progress or blocked that nothing happened to for more than 14 days, its project not on hold.
SELECT 'quiet' AS check_id, 'medium' AS severity, 'issue' AS object_kind, i.id AS object_id, i.key AS object,
    p.id AS project_id, i.source, i.url, a.person_id AS owner_id, s.last_activity_at::DATE AS since_on,
    s.status || ', and nothing for ' || s.quiet_days || ' days' AS detail
FROM stale_issues AS s JOIN issues AS i ON i.id = s.issue_id
LEFT JOIN portfolio_issues AS g ON g.issue_id = i.id
LEFT JOIN projects AS p ON p.id = g.project_id
LEFT JOIN accounts AS a ON a.id = i.assignee_id
WHERE NOT s.on_hold
