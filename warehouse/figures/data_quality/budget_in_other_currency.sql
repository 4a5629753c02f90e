-- Budget lines in another currency than the project's: nobody exchanges them, and it has no budget.
-- Applies to planned projects.
SELECT 'budget-in-other-currency' AS check_id, 'high' AS severity, 'project' AS object_kind, p.project_id AS object_id,
    p.project AS object, p.project_id, p.source, p.url, p.owner_id, max(b.first_seen_at)::DATE AS since_on,
    'budget lines in ' || string_agg(DISTINCT b.currency, ', ' ORDER BY b.currency) || ', the project in '
        || coalesce(p.currency, 'none: it has no budget') AS detail
FROM budget_lines AS b JOIN portfolio_projects AS p ON p.project_id = b.project_id
WHERE b.availability = 'present' AND b.currency IS NOT NULL AND b.currency IS DISTINCT FROM p.currency
GROUP BY p.project_id, p.project, p.source, p.url, p.owner_id, p.currency
