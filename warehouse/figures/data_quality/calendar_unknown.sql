-- A team member whose calendar the plan does not have: what is expected of him or her is not known.
-- Applies to people.
SELECT 'calendar-unknown' AS check_id, 'medium' AS severity, 'person' AS object_kind, coalesce(m.person_id, m.id) AS object_id,
    m.person AS object, NULL::VARCHAR AS project_id, m.source, NULL::VARCHAR AS url, NULL::VARCHAR AS owner_id,
    m.first_seen_at::DATE AS since_on, 'the plan has no calendar ' || m.calendar AS detail
FROM team_members AS m
WHERE m.availability = 'present' AND m.calendar IS NOT NULL AND NOT m.external
    AND (m.to_on IS NULL OR m.to_on >= (SELECT max(today_on) FROM about))
    AND lower(trim(m.calendar)) NOT IN (SELECT lower(trim(name)) FROM calendars WHERE availability = 'present')
