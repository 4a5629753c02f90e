-- One row per project of the plan, month, kind of cost, category and role. Amounts in the project's currency; what could not
-- be priced or exchanged is counted beside, and is in no amount.
SELECT
    e.project_id, s.project, date_trunc('month', e.day_on)::DATE AS month_on, e.kind, e.category, e.role,
    sum(e.amount) AS amount, s.currency, sum(e.hours) AS hours,
    coalesce(sum(e.hours) FILTER (e.is_unpriced), 0) AS unpriced_hours,
    count(*) FILTER (e.is_unpriced AND e.kind <> 'labour') AS unpriced_entries,
    sum(e.late_cost) AS late_amount,
    sum(CASE WHEN e.kind = 'labour' THEN e.cost_by_rates ELSE e.amount END) AS amount_by_rates,
    'labour: hours at their rate; expenses, accruals and commitments as entered, in the month of the work' AS rule,
    s.fresh_at, s.completeness
FROM cost_items AS e JOIN portfolio_projects AS s ON s.project_id = e.project_id
GROUP BY ALL
ORDER BY e.project_id, 3, e.kind, e.category, e.role
