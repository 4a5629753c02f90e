-- One row per row of portfolio_projects.
WITH RECURSIVE
today AS (SELECT max(today_on) AS today_on FROM about),
issue_rows AS (
    SELECT i.id, coalesce(m.project_id, i.source) AS place, i.status NOT IN ('done', 'cancelled') AS is_open,
        i.original_estimate_seconds AS estimate, i.remaining_estimate_seconds AS remaining
    FROM issues AS i JOIN portfolio_issues AS m ON m.issue_id = i.id
    WHERE i.availability = 'present' AND i.status <> 'cancelled'),
booked AS (SELECT *, coalesce(project_id, source) AS place FROM timesheet_days),
parents AS (
    SELECT id AS issue_id, parent_id FROM issues WHERE parent_id IS NOT NULL
    UNION
    SELECT issue_id, parent_id FROM issue_parents WHERE availability = 'present'),
-- Work counts on the lowest level of each tree that has a size: an issue above a sized one does not count.
above_estimated AS (
    SELECT p.parent_id AS id FROM issue_rows AS e JOIN parents AS p ON p.issue_id = e.id WHERE e.estimate IS NOT NULL
    UNION -- not UNION ALL: ends even where the tool's parents go round in a circle
    SELECT p.parent_id FROM above_estimated AS a JOIN parents AS p ON p.issue_id = a.id),
above_sized AS (
    SELECT p.parent_id AS id FROM issue_rows AS e JOIN parents AS p ON p.issue_id = e.id
    WHERE e.is_open AND coalesce(e.remaining, e.estimate) IS NOT NULL
    UNION
    SELECT p.parent_id FROM above_sized AS a JOIN parents AS p ON p.issue_id = a.id),
estimates AS (
    SELECT place, sum(estimate) / 3600.0 AS hours_estimated
    FROM issue_rows WHERE estimate IS NOT NULL AND id NOT IN (SELECT id FROM above_estimated)
    GROUP BY place),
spent AS (
    SELECT w.issue_id, sum(w.seconds) AS seconds FROM worklogs AS w
    JOIN issue_rows AS i ON i.id = w.issue_id AND i.is_open AND i.remaining IS NULL AND i.estimate IS NOT NULL
    WHERE w.counted GROUP BY w.issue_id),
to_do AS (
    SELECT i.place,
        CASE WHEN i.remaining IS NOT NULL THEN i.remaining
            WHEN i.estimate IS NOT NULL THEN greatest(i.estimate - coalesce(s.seconds, 0), 0) END AS seconds,
        NOT EXISTS (FROM above_sized AS a WHERE a.id = i.id) AS counts,
        NOT EXISTS (FROM parents AS p JOIN issue_rows AS c ON c.id = p.issue_id AND c.is_open
            WHERE p.parent_id = i.id) AS is_leaf
    FROM issue_rows AS i LEFT JOIN spent AS s ON s.issue_id = i.id
    WHERE i.is_open),
left_over AS (
    SELECT place, sum(seconds) FILTER (counts) / 3600.0 AS remaining_hours, count(*) FILTER (is_leaf) AS open_issues,
        count(*) FILTER (is_leaf AND seconds IS NULL) AS unsized_issues
    FROM to_do GROUP BY place),
logged AS (
    SELECT b.place, sum(b.seconds) / 3600.0 AS hours,
        sum(b.seconds) FILTER (b.work_on <= t.today_on AND b.work_on > t.today_on - 7) / 3600.0 AS hours_7d,
        sum(b.seconds) FILTER (b.work_on <= t.today_on AND b.work_on > t.today_on - 28) / 3600.0 AS hours_28d,
        sum(b.seconds) FILTER (b.work_on > t.today_on) / 3600.0 AS future_hours,
        sum(b.billable_hours) AS billable_hours,
        sum(b.mirrored_hours) AS mirrored_hours,
        count(DISTINCT b.person_id) FILTER (b.entries > 0) AS people,
        min(b.work_on) FILTER (b.entries > 0) AS first_on,
        max(b.work_on) FILTER (b.entries > 0) AS last_on
    FROM booked AS b CROSS JOIN today AS t GROUP BY b.place)
SELECT
    s.project_id, s.source, s.project,
    coalesce(l.hours, 0) AS hours,
    coalesce(l.hours_7d, 0) AS hours_7d,
    coalesce(l.hours_28d, 0) AS hours_28d,
    coalesce(l.future_hours, 0) AS future_hours,
    l.billable_hours,
    coalesce(l.mirrored_hours, 0) AS mirrored_hours,
    coalesce(l.people, 0) AS people,
    l.first_on, l.last_on, e.hours_estimated, r.remaining_hours,
    coalesce(r.open_issues, 0) AS open_issues,
    coalesce(r.unsized_issues, 0) AS unsized_issues,
    'hours where they were booked; estimates and work left on the lowest sized level of each tree' AS rule,
    s.fresh_at, s.work_completeness AS completeness
FROM portfolio_projects AS s
LEFT JOIN logged AS l ON l.place = s.place
LEFT JOIN estimates AS e ON e.place = s.place
LEFT JOIN left_over AS r ON r.place = s.place
ORDER BY s.source, s.project, s.project_id
