-- A record, or a cell of a plan's file, that did not fit: it is set aside, and counts nowhere.
-- Applies to sources.
SELECT 'set-aside' AS check_id, 'medium' AS severity, 'row' AS object_kind,
    q.source || ':' || q.stream || ':' || coalesce(q.native_id, q.field, '') AS object_id,
    CASE WHEN l.source IS NOT NULL THEN coalesce(q.field, q.stream) ELSE q.stream || ' ' || coalesce(q.native_id, '') END AS object,
    NULL::VARCHAR AS project_id, q.source, NULL::VARCHAR AS url, NULL::VARCHAR AS owner_id, min(r.started_at)::DATE AS since_on,
    CASE WHEN l.source IS NULL AND q.field IS NOT NULL THEN q.field || ': ' ELSE '' END || q.error AS detail
FROM quarantine AS q
LEFT JOIN runs AS r ON r.id = q.run_id
LEFT JOIN (SELECT DISTINCT source FROM project_plans) AS l ON l.source = q.source
GROUP BY q.source, q.stream, q.native_id, q.field, q.error, l.source
