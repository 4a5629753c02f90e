-- A project of the plan whose last note is older than 14 days, or has none where others have.
-- Applies to planned projects.
SELECT 'note-past' AS check_id, 'medium' AS severity, 'project' AS object_kind, p.project_id AS object_id, p.project AS object,
    p.project_id, p.source, p.url, p.owner_id, l.note_on + 15 AS since_on,
    coalesce('last note on ' || l.note_on, 'no day of a note') AS detail
FROM project_plans AS l JOIN portfolio_projects AS p ON p.project_id = l.project_id
WHERE l.availability = 'present' AND p.is_planned AND NOT p.on_hold AND NOT p.is_closed AND p.availability = 'present'
    AND CASE WHEN l.note_on IS NULL THEN EXISTS (FROM project_plans AS o WHERE o.source = l.source AND o.note_on IS NOT NULL)
        ELSE l.note_on < (SELECT max(today_on) - 14 FROM about) END
