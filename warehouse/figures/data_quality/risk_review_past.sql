-- An open risk whose score was to be looked at again by a day that is past.
-- Applies to planned projects.
SELECT 'risk-review-past' AS check_id, 'medium' AS severity, 'risk' AS object_kind, r.risk_id AS object_id, r.title AS object,
    p.project_id, p.source, p.url, p.owner_id, r.review_on + 1 AS since_on,
    'to be looked at again by ' || r.review_on || coalesce(', by ' || r.owner, '') AS detail
FROM risks AS r JOIN portfolio_projects AS p ON p.project_id = r.project_id AND NOT p.on_hold AND NOT p.is_closed
WHERE r.review_overdue AND NOT r.is_detected
