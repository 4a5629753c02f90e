-- One row per labour of a person, day and project of the plan, and per cost that was entered, in the project's currency.
SELECT project_id, work_on AS day_on, 'labour' AS kind, 'labour' AS category, role, person_id, NULL AS cost_entry_id, hours,
    cost AS amount, currency, cost IS NULL AS is_unpriced, late_cost, cost_by_rates
FROM labour_costs
UNION ALL
SELECT e.project_id, e.worked_on, e.kind, coalesce(e.category, 'other'), NULL, NULL, e.id, 0.0,
    e.amount * CASE WHEN coalesce(e.currency, p.currency) = p.currency THEN 1.0 ELSE x.rate END, p.currency,
    coalesce(e.currency, p.currency) IS DISTINCT FROM p.currency AND x.rate IS NULL OR p.currency IS NULL, NULL, NULL
FROM cost_entries AS e
JOIN portfolio_projects AS p ON p.project_id = e.project_id
LEFT JOIN monthly_rates AS x ON x.from_currency = e.currency AND x.to_currency = p.currency
    AND x.month_on = date_trunc('month', coalesce(e.worked_on, e.booked_on))::DATE
WHERE e.availability = 'present'
