-- A word of the tool that no rule of the configuration maps: what it is taken for is to be confirmed.
-- Applies to words.
SELECT 'word-unmapped' AS check_id, 'low' AS severity, 'word' AS object_kind, id AS object_id,
    kind || ' ' || name AS object, NULL::VARCHAR AS project_id, source, NULL::VARCHAR AS url, NULL::VARCHAR AS owner_id,
    first_seen_at::DATE AS since_on, 'no rule says what it means: taken for ' || coalesce(value, 'nothing') AS detail
FROM words
WHERE kind IN ('status', 'priority', 'type') AND basis IS DISTINCT FROM 'rule' AND availability = 'present'
