-- A benefit that nobody answers for, or that no measure tells: it is not summed.
-- Applies to planned projects.
SELECT 'benefit-not-summed' AS check_id, 'low' AS severity, 'benefit' AS object_kind, min(b.id) AS object_id, b.name AS object,
    p.project_id, p.source, p.url, p.owner_id, min(b.first_seen_at)::DATE AS since_on,
    CASE WHEN bool_or(b.owner IS NULL) THEN 'nobody answers for it' ELSE 'no measure tells it' END AS detail
FROM benefits AS b JOIN portfolio_projects AS p ON p.project_id = b.project_id
WHERE b.availability = 'present' AND (b.owner IS NULL OR b.measure IS NULL)
GROUP BY b.name, p.project_id, p.source, p.url, p.owner_id
