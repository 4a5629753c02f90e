-- Work in progress or blocked that nothing happened to for more than 14 days, its project not on hold.
SELECT 'quiet' AS check_id, 'medium' AS severity, 'issue' AS object_kind, s.issue_id AS object_id, s.key AS object,
    s.project_id, s.source, s.url, a.person_id AS owner_id, s.last_activity_at::DATE AS since_on,
    s.status || ', and nothing for ' || s.quiet_days || ' days' AS detail
FROM stale_issues AS s
LEFT JOIN accounts AS a ON a.id = s.assignee_id
WHERE NOT s.on_hold
