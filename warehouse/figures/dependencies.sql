-- One row per link by which an issue of one project waits for one of another. Days are those of the tools.
WITH today AS (SELECT max(today_on) AS today_on FROM about),
ends AS (
    SELECT i.id, i.key, m.project_id, i.source, i.status, i.status NOT IN ('done', 'cancelled') AS is_open, i.start_on,
        i.due_on, CASE WHEN i.status = 'done' THEN coalesce(i.resolved_at::DATE, i.due_on)
            WHEN i.status <> 'cancelled' THEN i.due_on END AS finish_on
    FROM issues AS i JOIN portfolio_issues AS m ON m.issue_id = i.id WHERE i.availability = 'present'),
waiting AS (
    SELECT l.id AS link_id, l.kind, l.relation, f.id AS from_issue_id, f.key AS from_key,
        f.project_id AS from_project_id, f.status AS from_status, f.finish_on AS from_finish_on,
        t.id AS to_issue_id, t.key AS to_key, t.project_id AS to_project_id, t.status AS to_status,
        coalesce(t.start_on, t.due_on) AS needed_on,
        CASE WHEN t.start_on IS NOT NULL THEN 'start' WHEN t.due_on IS NOT NULL THEN 'due' END AS needed_basis,
        f.is_open AND t.is_open AS is_open, f.is_open AS from_is_open, f.source <> t.source AS over_tools,
        f.source AS from_source, t.source AS to_source
    FROM issue_links AS l
    JOIN ends AS f ON f.id = l.from_issue_id
    JOIN ends AS t ON t.id = l.to_issue_id
    WHERE l.kind IN ('blocks', 'precedes') AND l.availability = 'present'
        AND (f.project_id IS DISTINCT FROM t.project_id OR f.source <> t.source))
SELECT
    w.link_id, w.kind, w.relation, w.from_issue_id, w.from_key, w.from_project_id, w.from_status, w.from_finish_on,
    w.to_issue_id, w.to_key, w.to_project_id, w.to_status, w.needed_on, w.needed_basis,
    -- what is open without a due day is late once it was needed; greatest() passes nulls over
    CASE WHEN w.from_finish_on IS NOT NULL OR (w.from_is_open AND w.needed_on < y.today_on) THEN
        date_diff('day', w.needed_on,
            CASE WHEN w.from_is_open THEN greatest(w.from_finish_on, y.today_on) ELSE w.from_finish_on END)
        END AS late_days,
    w.is_open, w.over_tools,
    'a link that blocks or precedes, between two projects; late: finished, due, or still open after it is needed' AS rule,
    CASE WHEN a.fresh_through_at IS NOT NULL AND b.fresh_through_at IS NOT NULL
        THEN least(a.fresh_through_at, b.fresh_through_at) END AS fresh_at,
    CASE WHEN a.completeness IS NOT NULL AND b.completeness IS NOT NULL
        THEN least(a.completeness, b.completeness) END AS completeness
FROM waiting AS w
LEFT JOIN about AS a ON a.source = w.from_source
LEFT JOIN about AS b ON b.source = w.to_source
CROSS JOIN today AS y
ORDER BY w.to_source, w.link_id
