-- One row per milestone of a project of the portfolio, of the tools and of the plan. Slip: forecast less baseline, in calendar days,
-- against the baseline in force and against the first: a new baseline hides no slip.
WITH today AS (SELECT max(today_on) AS today_on FROM about),
placed AS (
    SELECT m.*, CASE WHEN l.project_id IS NOT NULL THEN m.project_id ELSE o.project_id END AS portfolio_project_id
    FROM milestones AS m
    LEFT JOIN project_plans AS l ON l.project_id = m.project_id AND l.availability = 'present'
    LEFT JOIN project_sources AS o ON o.tool_project_id = m.project_id
    WHERE m.availability = 'present'),
work AS (
    SELECT milestone_id, count(*) AS issues, count(*) FILTER (status NOT IN ('done', 'cancelled')) AS open_issues,
        max(due_on) FILTER (status NOT IN ('done', 'cancelled')) AS last_due_on
    FROM issues WHERE availability = 'present' AND milestone_id IS NOT NULL GROUP BY milestone_id),
seen AS (
    SELECT p.*, coalesce(w.issues, 0) AS issues, coalesce(w.open_issues, 0) AS open_issues, w.last_due_on, t.today_on,
        p.state = 'closed' AS is_met, coalesce(p.baseline_due_on, p.due_on) AS base_on,
        CASE WHEN p.state = 'closed' THEN coalesce(p.released_on, p.due_on)
            WHEN p.due_on IS NOT NULL OR w.last_due_on IS NOT NULL
            -- a day in the past is no forecast; greatest() passes nulls over
            THEN greatest(p.due_on, w.last_due_on, t.today_on) END AS foreseen_on
    FROM placed AS p LEFT JOIN work AS w ON w.milestone_id = p.id CROSS JOIN today AS t)
SELECT
    s.id AS milestone_id, s.portfolio_project_id AS project_id, s.source, s.name, s.kind, s.state, s.is_met,
    s.base_on AS baseline_on, s.baseline_due_on IS NOT NULL AS has_baseline, s.foreseen_on AS forecast_on,
    CASE WHEN s.is_met THEN 'met' WHEN s.foreseen_on IS NULL THEN NULL
        WHEN s.foreseen_on = s.due_on THEN 'its due day' WHEN s.foreseen_on = s.last_due_on THEN 'due days of its issues'
        ELSE 'due day past: today at least' END AS forecast_method,
    date_diff('day', s.base_on, s.foreseen_on) AS slip_days,
    coalesce(s.first_baseline_due_on, s.baseline_due_on) AS first_baseline_on,
    date_diff('day', coalesce(s.first_baseline_due_on, s.baseline_due_on), s.foreseen_on) AS first_slip_days,
    NOT s.is_met AND s.due_on < s.today_on AS is_overdue,
    CASE WHEN s.base_on <= s.today_on OR s.is_met THEN s.is_met AND s.foreseen_on <= s.base_on END AS on_time,
    s.issues, s.open_issues, coalesce(j.on_hold, false) AS on_hold,
    'forecast: the day it was met, else the latest of its due day, those of its open issues, and today' AS rule,
    b.fresh_through_at AS fresh_at, b.completeness
FROM seen AS s
LEFT JOIN portfolio_projects AS j ON j.project_id = s.portfolio_project_id
LEFT JOIN about AS b ON b.source = s.source
ORDER BY s.portfolio_project_id, foreseen_on, s.id
