-- A source that was never read whole, or is known up to more than 36 hours before this file was made.
-- Applies to sources.
SELECT 'source-old' AS check_id, 'high' AS severity, 'source' AS object_kind, source AS object_id, source AS object,
    NULL::VARCHAR AS project_id, source, NULL::VARCHAR AS url, NULL::VARCHAR AS owner_id, fresh_through_at::DATE AS since_on,
    coalesce('known up to ' || strftime(fresh_through_at, '%Y-%m-%d %H:%M') || ' UTC only', 'was never read whole') AS detail
FROM about
WHERE source IS NOT NULL AND (fresh_through_at IS NULL OR fresh_through_at < generated_at - INTERVAL 36 HOURS)
