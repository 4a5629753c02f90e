-- The issues of the baseline's day held more or less than the baseline names, by over a tenth.
-- Applies to planned projects.
SELECT 'scope-off-baseline' AS check_id, 'low' AS severity, 'project' AS object_kind, p.project_id AS object_id, p.project AS object,
    p.project_id, p.source, p.url, p.owner_id, g.baseline_on AS since_on,
    'the baseline names ' || round(g.baseline_scope, 1)::DECIMAL(18, 1)::VARCHAR || ' ' || g.basis || ', its issues held '
        || round(g.scope_then, 1)::DECIMAL(18, 1)::VARCHAR || ' on that day: growth counts from the baseline' AS detail
FROM scope_growth AS g JOIN portfolio_projects AS p ON p.project_id = g.project_id AND NOT p.on_hold AND NOT p.is_closed
WHERE abs(g.off_baseline) > 0.1 * g.baseline_scope
