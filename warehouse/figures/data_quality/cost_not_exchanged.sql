-- Costs in another currency, in a month without an exchange rate: they are in no cost.
-- Applies to planned projects.
SELECT 'cost-not-exchanged' AS check_id, 'high' AS severity, 'project' AS object_kind, p.project_id AS object_id, p.project AS object,
    p.project_id, p.source, p.url, p.owner_id, min(c.month_on) AS since_on,
    sum(c.unpriced_entries) || CASE WHEN sum(c.unpriced_entries) = 1 THEN ' cost of ' ELSE ' costs of ' END
         || string_agg(DISTINCT coalesce(strftime(c.month_on, '%Y-%m'), 'no month'), ', ')
        || ' cannot be exchanged: they are in no cost' AS detail
FROM costs AS c JOIN portfolio_projects AS p ON p.project_id = c.project_id
WHERE c.unpriced_entries > 0
GROUP BY p.project_id, p.project, p.source, p.url, p.owner_id
