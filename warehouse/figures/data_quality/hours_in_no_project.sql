-- Hours of a person in no project of the portfolio: they are in no project's cost.
-- Applies to no project.
SELECT 'hours-in-no-project' AS check_id, 'medium' AS severity, 'person' AS object_kind,
    coalesce(person_id, '(nobody named)') AS object_id, person AS object, NULL::VARCHAR AS project_id, source, NULL::VARCHAR AS url, person_id AS owner_id, min(work_on) AS since_on,
    round(sum(hours), 2)::DECIMAL(18, 2)::VARCHAR || ' h to ' || max(work_on) || ' in no project' AS detail
FROM timesheet_days WHERE project_id IS NULL AND entries > 0
GROUP BY person_id, person, source
