-- One row per row of portfolio_projects.
-- Only issues that are present count. Hours count where worklogs.counted says so, whatever became of their issue.
WITH
issue_rows AS (
    SELECT i.id, coalesce(m.project_id, i.source) AS place, i.status, i.due_on, i.updated_at
    FROM issues AS i JOIN portfolio_issues AS m ON m.issue_id = i.id
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
        WHERE c.availability = 'present'
        UNION ALL
        SELECT place, acted_at FROM worklog_rows) AS acts
    GROUP BY place)
SELECT
    s.project_id, s.source, s.project, s.key, s.state, s.availability,
    coalesce(c.issues, 0) AS issues,
    coalesce(c.todo, 0) AS todo,
    coalesce(c.in_progress, 0) AS in_progress,
    coalesce(c.blocked, 0) AS blocked,
    coalesce(c.done, 0) AS done,
    coalesce(c.cancelled, 0) AS cancelled,
    coalesce(c.overdue, 0) AS overdue,
    coalesce(h.hours, 0) AS hours_logged,
    h.hours_estimated,
    t.last_activity_at,
    s.fresh_at AS fresh_through_at,
    s.completeness
FROM portfolio_projects AS s
LEFT JOIN counts AS c ON c.place = s.place
LEFT JOIN project_hours AS h ON coalesce(h.project_id, h.source) = s.place
LEFT JOIN activity AS t ON t.place = s.place
ORDER BY s.source, s.project, s.project_id
