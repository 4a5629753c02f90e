-- Somebody who booked hours in the last 28 days, and is in no line of team_members.
-- Applies to people.
SELECT 'author-not-in-team' AS check_id, 'low' AS severity, 'person' AS object_kind, d.person_id AS object_id, d.person AS object,
    NULL::VARCHAR AS project_id, min(d.source) AS source, NULL::VARCHAR AS url, d.person_id AS owner_id, min(d.work_on) AS since_on,
    round(sum(d.hours), 2)::DECIMAL(18, 2)::VARCHAR || ' h, and no calendar says what is expected' AS detail
FROM timesheet_days AS d
WHERE d.entries > 0 AND d.person_id IS NOT NULL AND EXISTS (FROM team_members AS m WHERE m.availability = 'present')
    AND d.person_id NOT IN (SELECT m.person_id FROM team_members AS m WHERE m.person_id IS NOT NULL)
GROUP BY d.person_id, d.person
HAVING max(d.work_on) > (SELECT max(today_on) - 28 FROM about)
