-- More than 24 hours of one person on one day, over all tools.
-- Applies to people.
SELECT 'hours-over-24' AS check_id, 'high' AS severity, 'person' AS object_kind, coalesce(person_id, min(source)) AS object_id,
    person AS object, NULL::VARCHAR AS project_id, min(source) AS source, NULL::VARCHAR AS url, person_id AS owner_id,
    work_on AS since_on, round(sum(seconds) / 3600.0, 2)::DECIMAL(18, 2)::VARCHAR || ' h on one day' AS detail
FROM timesheet_days
WHERE person_id IS NOT NULL
GROUP BY person_id, person, work_on HAVING sum(seconds) > 24 * 3600
