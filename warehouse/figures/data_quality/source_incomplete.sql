-- A source that was not counted against the tool, or lacks rows that the tool has.
-- Applies to sources.
SELECT 'source-incomplete' AS check_id, 'high' AS severity, 'source' AS object_kind, source AS object_id, source AS object,
    NULL::VARCHAR AS project_id, source, NULL::VARCHAR AS url, NULL::VARCHAR AS owner_id, NULL::DATE AS since_on,
    coalesce('holds ' || round(completeness * 100, 2)::DECIMAL(18, 2)::VARCHAR || ' % of what the tool has',
        'was never counted against the tool') AS detail
FROM about
WHERE source IS NOT NULL AND (completeness IS NULL OR completeness < 1)
