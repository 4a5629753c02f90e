-- A team member, rate or absence of somebody whom no account is called, or several.
-- Applies to people.
SELECT 'person-unknown' AS check_id, 'medium' AS severity, 'person' AS object_kind, f.row_id AS object_id, f.called AS object,
    f.project_id, f.source, NULL::VARCHAR AS url, NULL::VARCHAR AS owner_id, NULL::DATE AS since_on, f.fault || ': ' || f.detail AS detail
FROM plan_faults AS f WHERE f.fault IN ('rate of nobody', 'absence of nobody')
UNION ALL
SELECT 'person-unknown', 'medium', 'person', m.id, m.person, NULL, m.source, NULL, NULL, m.first_seen_at::DATE,
    'team member: no account, or several, of that name: his or her hours are not compared'
FROM team_members AS m WHERE m.availability = 'present' AND m.person_id IS NULL AND NOT m.external
    AND (m.to_on IS NULL OR m.to_on >= (SELECT max(today_on) FROM about))
