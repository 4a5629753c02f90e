-- Two rates that are valid on one day for the same person, role and project.
-- Applies to people.
SELECT 'rate-overlap' AS check_id, 'high' AS severity, 'rate' AS object_kind, row_id AS object_id, 'rate of ' || called AS object,
    project_id, source, NULL::VARCHAR AS url, NULL::VARCHAR AS owner_id, from_on AS since_on, detail
FROM plan_faults WHERE fault = 'rate overlap'
