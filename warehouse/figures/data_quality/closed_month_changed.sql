-- Something of a month that was closed has changed since.
SELECT 'closed-month-changed' AS check_id, 'medium' AS severity, 'month' AS object_kind,
    coalesce(r.project_id, r.source) || ' ' || strftime(r.month_on, '%Y-%m') || ' ' || r.figure AS object_id,
    r.project || ', ' || strftime(r.month_on, '%Y-%m') AS object, r.project_id, r.source, p.url, p.owner_id, r.closed_on AS since_on, r.detail
FROM restatements AS r LEFT JOIN portfolio_projects AS p ON p.place = coalesce(r.project_id, r.source)
