-- A milestone of an active project that was due, and is still open.
SELECT 'milestone-past' AS check_id, 'medium' AS severity, 'milestone' AS object_kind, m.id AS object_id, m.name AS object,
    p.id AS project_id, m.source, p.url, a.person_id AS owner_id, m.due_on AS since_on,
    'was due, and is still open' AS detail
FROM milestones AS m
LEFT JOIN projects AS p ON p.id = m.project_id
LEFT JOIN accounts AS a ON a.id = p.lead_id
WHERE m.availability = 'present' AND m.state <> 'closed' AND m.due_on < (SELECT max(today_on) FROM about)
    AND coalesce(p.state, 'active') = 'active'
