-- One row per project, present or not, and one per source for what is in no known project, if there is any.
-- Only issues that are present count. Hours count where worklogs.counted says so, whatever became of their issue.
WITH
issue_rows AS (
    SELECT i.id, i.source, coalesce(p.id, i.source) AS place, i.status, i.due_on, i.updated_at
    FROM issues AS i LEFT JOIN projects AS p ON p.id = i.project_id
    WHERE i.availability = 'present'),
worklog_rows AS (
    SELECT w.source, coalesce(p.id, w.source) AS place, w.counted, w.seconds, w.availability,
        greatest(w.created_at, w.updated_at) AS acted_at -- greatest() passes nulls over
    FROM worklogs AS w LEFT JOIN projects AS p ON p.id = w.project_id),
places AS (
    SELECT id AS place, id AS project_id, source, name AS project, key, state, availability FROM projects
    UNION ALL -- a source's name is no project's id: ids have a colon
    SELECT DISTINCT source, NULL, source, '(in no project)', '', NULL, 'present'
    FROM (
        SELECT source, place FROM issue_rows
        UNION ALL
        SELECT source, place FROM worklog_rows WHERE counted) AS used
    WHERE place = source),
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
        SELECT place, acted_at FROM worklog_rows WHERE availability = 'present') AS acts
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
    a.fresh_through_at,
    a.completeness
FROM places AS s
LEFT JOIN counts AS c ON c.place = s.place
LEFT JOIN project_hours AS h ON h.project_id IS NOT DISTINCT FROM s.project_id AND h.source = s.source
LEFT JOIN activity AS t ON t.place = s.place
LEFT JOIN about AS a ON a.source = s.source
ORDER BY s.source, s.project, s.project_id
