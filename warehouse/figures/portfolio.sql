-- One row per row of portfolio_projects: what the PMO looks at first, then all that is counted.
-- Only issues that are present count. Hours count where worklogs.counted says so, whatever became of their issue.
WITH
-- what the hub itself pushed is no activity
pushed AS (
    SELECT issue_id, verified_at - INTERVAL 15 MINUTE AS from_at, verified_at + INTERVAL 15 MINUTE AS to_at
    FROM changes WHERE verified_at IS NOT NULL),
touched AS (
    SELECT DISTINCT i.id FROM issues AS i JOIN pushed AS u ON u.issue_id = i.id AND i.updated_at BETWEEN u.from_at AND u.to_at),
issue_rows AS (
    SELECT i.id, coalesce(m.project_id, i.source) AS place, i.status, i.due_on,
        CASE WHEN o.id IS NULL THEN i.updated_at ELSE i.created_at END AS updated_at
    FROM issues AS i JOIN portfolio_issues AS m ON m.issue_id = i.id LEFT JOIN touched AS o ON o.id = i.id
    WHERE i.availability = 'present'),
worklog_rows AS (
    SELECT coalesce(m.project_id, o.project_id, w.source) AS place,
        greatest(w.created_at, w.updated_at) AS acted_at -- greatest() passes nulls over
    FROM worklogs AS w
    LEFT JOIN portfolio_issues AS m ON m.issue_id = w.issue_id
    LEFT JOIN projects AS t ON t.id = w.project_id
    LEFT JOIN project_sources AS o ON m.issue_id IS NULL AND o.source = w.source
        AND o.tool_project_id IS NOT DISTINCT FROM t.id
    WHERE w.availability = 'present'),
counts AS (
    SELECT place, count(*) AS issues,
        count(*) FILTER (status = 'todo') AS todo,
        count(*) FILTER (status = 'in_progress') AS in_progress,
        count(*) FILTER (status = 'blocked') AS blocked,
        count(*) FILTER (status = 'done') AS done,
        count(*) FILTER (status = 'cancelled') AS cancelled,
        count(*) FILTER (status NOT IN ('done', 'cancelled') AND due_on < (SELECT max(today_on) FROM about)) AS overdue
    FROM issue_rows GROUP BY place),
activity AS (
    SELECT place, max(acted_at) AS last_activity_at
    FROM (
        SELECT place, updated_at AS acted_at FROM issue_rows
        UNION ALL
        SELECT i.place, c.changed_at FROM issue_changes AS c JOIN issue_rows AS i ON i.id = c.issue_id
        LEFT JOIN about AS b ON b.source = c.source AND (b.account_id = c.account_id OR c.evidence = 'observed')
        LEFT JOIN pushed AS u ON u.issue_id = c.issue_id AND c.changed_at BETWEEN u.from_at AND u.to_at AND b.source IS NOT NULL
        WHERE c.availability = 'present' AND u.issue_id IS NULL
        UNION ALL
        SELECT place, acted_at FROM worklog_rows) AS acts
    GROUP BY place),
held AS (
    SELECT coalesce(b.project_id, b.source) AS place, count(DISTINCT b.issue_id) AS blocked
    FROM blocked_issues AS b WHERE NOT b.on_hold GROUP BY 1),
holding AS (
    SELECT project_id, count(DISTINCT issue_id) AS issues FROM (
        SELECT from_project_id AS project_id, from_issue_id AS issue_id FROM dependencies WHERE is_open
        UNION
        SELECT blocker_project_id, blocker_issue_id FROM blocked_issues
        WHERE blocked_by = 'link' AND blocker_project_id IS DISTINCT FROM project_id)
    GROUP BY project_id),
next_milestone AS (
    SELECT project_id, min_by({'name': name, 'on': forecast_on, 'slip': slip_days}, (forecast_on, milestone_id)) AS found
    FROM milestone_outlook WHERE NOT is_met AND forecast_on IS NOT NULL GROUP BY project_id),
money AS (
    SELECT project_id, CASE WHEN bool_and(budget IS NOT NULL) FILTER (contingency IS NOT NULL OR budget IS NOT NULL)
            THEN sum(budget) END AS budget,
        sum(actual_cost) AS actual_cost, sum(committed_cost) AS committed_cost
    FROM budgets GROUP BY project_id),
earned AS (SELECT * FROM earned_value WHERE is_now),
dangers AS (
    SELECT project_id, count(*) FILTER (state = 'open' AND kind = 'threat' AND severity IN ('high', 'very high')) AS high,
        max_by(title, (coalesce(score, CASE severity WHEN 'high' THEN 15 WHEN 'medium' THEN 8 ELSE 3 END), risk_id))
            FILTER (state <> 'closed' AND kind = 'threat') AS top
    FROM risks GROUP BY project_id),
doubts AS (
    SELECT coalesce(project_id, source) AS place, count(*) FILTER (severity <> 'low') AS findings
    FROM data_quality GROUP BY 1)
SELECT
    s.program, s.project, s.pm, s.sponsor, s.stage,
    h2.health, h2.health_trend, h2.health_reason, h2.health_owner,
    d.baseline_finish_on, d.forecast_finish_on, d.finish_variance_days, d.forecast_method,
    n.found['name'] AS next_milestone, n.found['on'] AS next_milestone_on, n.found['slip'] AS next_milestone_slip_days,
    p.progress, e.pv / nullif(e.bac, 0) AS planned_progress,
    coalesce(m.budget, CASE WHEN e.basis = 'money' THEN e.bac END) AS budget, m.actual_cost, m.committed_cost,
    CASE WHEN e.basis = 'money' THEN e.eac END AS forecast_cost,
    CASE WHEN e.basis = 'money' THEN (e.eac - coalesce(m.budget, e.bac)) / nullif(coalesce(m.budget, e.bac), 0) END
        AS cost_variance_share,
    s.currency, coalesce(h.hours_7d, 0) AS hours_7d, h.remaining_hours,
    coalesce(c.overdue, 0) AS overdue, coalesce(b.blocked, 0) AS blocked, coalesce(k.issues, 0) AS blocks_others,
    g.unapproved_share AS scope_growth_unapproved, r.top AS top_risk, coalesce(r.high, 0) AS open_high_risks,
    l.decision_asked, l.note_on, NULL::BIGINT AS overloaded_people,
    s.fresh_at, s.work_completeness AS completeness, y.score AS data_quality,
    s.project_id, s.source, s.key, s.state, s.availability, s.on_hold,
    coalesce(c.issues, 0) AS issues,
    coalesce(c.todo, 0) AS todo,
    coalesce(c.in_progress, 0) AS in_progress,
    coalesce(c.blocked, 0) AS status_blocked,
    coalesce(c.done, 0) AS done,
    coalesce(c.cancelled, 0) AS cancelled,
    coalesce(h.hours, 0) AS hours_logged,
    h.hours_estimated,
    p.progress_basis, e.spi, e.cpi, e.spi_t,
    m.actual_cost / nullif(coalesce(m.budget, CASE WHEN e.basis = 'money' THEN e.bac END), 0) AS spent_share,
    h2.health_computed, h2.health_found, g.growth_share AS scope_growth, coalesce(q.findings, 0) AS findings, t.last_activity_at,
    'each figure from the table of its own: health, project_dates, milestone_outlook, project_progress, budgets, '
        || 'earned_value, project_hours, blocked_issues, scope_growth, risks, data_quality_scores' AS rule
FROM portfolio_projects AS s
LEFT JOIN health AS h2 ON h2.project_id = s.project_id
LEFT JOIN project_dates AS d ON d.project_id = s.project_id
LEFT JOIN next_milestone AS n ON n.project_id = s.project_id
LEFT JOIN project_progress AS p ON coalesce(p.project_id, p.source) = s.place
LEFT JOIN money AS m ON m.project_id = s.project_id
LEFT JOIN earned AS e ON e.project_id = s.project_id
LEFT JOIN counts AS c ON c.place = s.place
LEFT JOIN project_hours AS h ON coalesce(h.project_id, h.source) = s.place
LEFT JOIN held AS b ON b.place = s.place
LEFT JOIN holding AS k ON k.project_id = s.project_id
LEFT JOIN dangers AS r ON r.project_id = s.project_id
LEFT JOIN project_plans AS l ON l.project_id = s.project_id AND l.availability = 'present'
LEFT JOIN doubts AS q ON q.place = s.place
LEFT JOIN scope_growth AS g ON g.project_id = s.project_id
LEFT JOIN data_quality_scores AS y ON y.project_id = s.project_id
LEFT JOIN activity AS t ON t.place = s.place
ORDER BY s.program NULLS LAST, s.project, s.project_id
