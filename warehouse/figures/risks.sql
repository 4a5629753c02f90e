-- One row per risk of the register, scored by people, and per trouble that the hub detects: these have a severity and no
-- probability, since nobody gave one.
WITH today AS (SELECT max(today_on) AS today_on FROM about),
entered AS (
    SELECT r.id AS risk_id, r.project_id, r.title, r.kind, r.state, false AS is_detected, r.probability, r.impact,
        r.probability * r.impact AS score,
        CASE WHEN r.state = 'open' THEN r.probability_percent / 100 * r.cost END AS exposure, r.owner, r.review_on,
        r.raised_on, CASE WHEN r.state = 'happened' THEN 'a risk that happened: a problem, in no exposure'
            ELSE 'probability by impact, as entered' END AS rule
    FROM risk_register AS r WHERE r.availability = 'present'),
detected AS (
    SELECT 'late milestone ' || milestone_id AS risk_id, project_id, 'milestone ' || name || ' is ' || slip_days || ' days late'
            AS title, CASE WHEN slip_days > 28 THEN 'high' WHEN slip_days > 7 THEN 'medium' ELSE 'low' END AS severity,
        'an open milestone that is foreseen after its baseline' AS rule
    FROM milestone_outlook WHERE NOT is_met AND NOT on_hold AND slip_days > 0 AND has_baseline AND project_id IS NOT NULL
    UNION ALL
    SELECT 'waits for ' || link_id, to_project_id, to_key || ' waits for ' || from_key || ', ' || late_days || ' days late',
        CASE WHEN late_days > 28 THEN 'high' WHEN late_days > 7 THEN 'medium' ELSE 'low' END,
        'what another project delivers after it is needed'
    FROM dependencies WHERE is_open AND late_days > 0 AND to_project_id IS NOT NULL
    UNION ALL
    SELECT 'deadline of ' || project_id, project_id, 'foreseen ' || deadline_variance_days || ' days after its deadline', 'high',
        'a fixed day that is foreseen to be missed'
    FROM project_dates WHERE deadline_variance_days > 0),
told AS (
    SELECT *, CASE WHEN score >= 16 THEN 'very high' WHEN score >= 9 THEN 'high' WHEN score >= 4 THEN 'medium'
        WHEN score IS NOT NULL THEN 'low' END AS severity FROM entered
    UNION ALL BY NAME
    SELECT risk_id, project_id, title, 'threat' AS kind, 'open' AS state, true AS is_detected, NULL::BIGINT AS probability,
        NULL::BIGINT AS impact, NULL::BIGINT AS score, NULL::DOUBLE AS exposure, NULL::VARCHAR AS owner,
        NULL::DATE AS review_on, NULL::DATE AS raised_on, rule, severity FROM detected)
SELECT
    t.risk_id, t.project_id, p.project, t.title, t.kind, t.state, t.is_detected, t.severity, t.probability, t.impact, t.score,
    t.exposure, p.currency, t.owner, t.review_on, coalesce(t.state = 'open' AND t.review_on < y.today_on, false) AS review_overdue,
    t.raised_on, t.rule, p.fresh_at, p.completeness
FROM told AS t JOIN portfolio_projects AS p ON p.project_id = t.project_id CROSS JOIN today AS y
ORDER BY t.project_id, t.score DESC NULLS LAST, t.risk_id
