-- One row per project of the plan and category: what may be spent, what was. Reserve is the management's: in no budget.
WITH plans AS (SELECT * FROM portfolio_projects WHERE is_planned),
lines AS (
    SELECT b.project_id, lower(trim(b.category)) AS word, min(b.category) AS category,
        -- a line in another currency is exchanged by nobody: its project has no budget then, and says so
        CASE WHEN bool_and(coalesce(b.currency, p.currency) IS NOT DISTINCT FROM p.currency AND p.currency IS NOT NULL)
            THEN sum(b.amount) END AS amount,
        CASE WHEN bool_and(coalesce(b.currency, p.currency) IS NOT DISTINCT FROM p.currency AND p.currency IS NOT NULL)
            THEN sum(b.contingency) END AS contingency,
        CASE WHEN bool_and(coalesce(b.currency, p.currency) IS NOT DISTINCT FROM p.currency AND p.currency IS NOT NULL)
            THEN sum(b.reserve) END AS reserve
    FROM budget_lines AS b JOIN plans AS p ON p.project_id = b.project_id
    WHERE b.availability = 'present'
    GROUP BY b.project_id, lower(trim(b.category))),
spent AS (
    SELECT project_id, lower(trim(category)) AS word, min(category) AS category,
        sum(amount) FILTER (kind IN ('labour', 'expense', 'accrual')) AS actual_cost,
        sum(amount) FILTER (kind = 'accrual') AS accrued_cost,
        sum(amount) FILTER (kind = 'commitment') AS committed_cost,
        sum(unpriced_hours) AS unpriced_hours
    FROM costs GROUP BY project_id, lower(trim(category)))
SELECT
    p.project_id, p.project, coalesce(l.category, s.category) AS category,
    l.amount + l.contingency AS budget, l.contingency, l.reserve,
    coalesce(s.actual_cost, 0) AS actual_cost, coalesce(s.accrued_cost, 0) AS accrued_cost,
    coalesce(s.committed_cost, 0) AS committed_cost, l.amount + l.contingency - coalesce(s.actual_cost, 0) AS left_over,
    p.currency, coalesce(s.unpriced_hours, 0) AS unpriced_hours,
    'budget lines with contingency, without reserve; spent: labour, expenses and accruals' AS rule,
    p.fresh_at, p.completeness
FROM lines AS l FULL JOIN spent AS s ON s.project_id = l.project_id AND s.word = l.word
JOIN plans AS p ON p.project_id = coalesce(l.project_id, s.project_id)
ORDER BY p.project_id, 3
