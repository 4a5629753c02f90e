-- A milestone of an active project that was due, and is still open.
SELECT 'milestone-past' AS check_id, 'medium' AS severity, 'milestone' AS object_kind, m.milestone_id AS object_id, m.name AS object,
    m.project_id, m.source, coalesce(p.url, t.url) AS url, coalesce(p.owner_id, a.person_id) AS owner_id, d.due_on AS since_on,
    'was due, and is still open' AS detail
FROM milestone_outlook AS m JOIN milestones AS d ON d.id = m.milestone_id
LEFT JOIN portfolio_projects AS p ON p.project_id = m.project_id
LEFT JOIN projects AS t ON t.id = d.project_id
LEFT JOIN accounts AS a ON a.id = t.lead_id
WHERE m.is_overdue AND coalesce(p.state, t.state, 'active') = 'active'
