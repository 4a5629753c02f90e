-- Budget lines in no currency: their project has no budget in the figures.
-- Applies to planned projects.
SELECT 'budget-without-currency' AS check_id, 'high' AS severity, 'project' AS object_kind, p.project_id AS object_id,
    p.project AS object, p.project_id, p.source, p.url, p.owner_id, min(b.first_seen_at)::DATE AS since_on,
    count(*) || CASE WHEN count(*) = 1 THEN ' budget line has' ELSE ' budget lines have' END
        || ' no currency, nor has the project: it has no budget' AS detail
FROM budget_lines AS b JOIN portfolio_projects AS p ON p.project_id = b.project_id
WHERE b.availability = 'present' AND b.currency IS NULL AND p.currency IS NULL
GROUP BY p.project_id, p.project, p.source, p.url, p.owner_id
