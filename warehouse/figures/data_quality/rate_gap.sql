-- Days between two rates of one person, role or project on which neither is valid.
-- Applies to people.
SELECT 'rate-gap' AS check_id, 'medium' AS severity, 'rate' AS object_kind, row_id AS object_id, 'rate of ' || called AS object,
    project_id, source, NULL::VARCHAR AS url, NULL::VARCHAR AS owner_id, from_on AS since_on, detail
FROM plan_faults WHERE fault = 'rate gap'
