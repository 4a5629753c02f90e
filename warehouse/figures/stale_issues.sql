-- Issues in progress or blocked, quiet for more than 14 calendar days. What the hub itself pushed is no activity. Whose
-- an observed change is nobody says: beside a push it is taken for the hub's own.
-- In no order: there may be as many as issues, and to sort that many takes memory that grows with them.
WITH today AS (SELECT max(today_on) AS today_on FROM about),
pushed AS (
    SELECT issue_id, verified_at - INTERVAL 15 MINUTE AS from_at, verified_at + INTERVAL 15 MINUTE AS to_at
    FROM changes WHERE verified_at IS NOT NULL),
touched AS (
    SELECT DISTINCT i.id FROM issues AS i JOIN pushed AS u ON u.issue_id = i.id AND i.updated_at BETWEEN u.from_at AND u.to_at),
going AS (
    SELECT i.id, CASE WHEN o.id IS NULL THEN coalesce(i.updated_at, i.created_at) ELSE i.created_at END AS acted_at
    FROM issues AS i LEFT JOIN touched AS o ON o.id = i.id
    WHERE i.availability = 'present' AND i.status IN ('in_progress', 'blocked')),
acts AS (
    SELECT id AS issue_id, acted_at FROM going WHERE acted_at IS NOT NULL
    UNION ALL
    SELECT c.issue_id, max(c.changed_at) FROM issue_changes AS c JOIN going AS g ON g.id = c.issue_id
    LEFT JOIN about AS b ON b.source = c.source AND (b.account_id = c.account_id OR c.evidence = 'observed')
    LEFT JOIN pushed AS u ON u.issue_id = c.issue_id AND c.changed_at BETWEEN u.from_at AND u.to_at AND b.source IS NOT NULL
    WHERE c.availability = 'present' AND u.issue_id IS NULL GROUP BY c.issue_id
    UNION ALL
    SELECT w.issue_id, max(greatest(w.created_at, w.updated_at)) -- greatest() passes nulls over
    FROM worklogs AS w JOIN going AS g ON g.id = w.issue_id
    WHERE w.availability = 'present' AND greatest(w.created_at, w.updated_at) IS NOT NULL
    GROUP BY w.issue_id),
latest AS (SELECT issue_id, max(acted_at) AS last_activity_at FROM acts GROUP BY issue_id)
SELECT
    g.id AS issue_id, g.key, g.title, g.url, p.id AS project_id, g.source, g.status, g.assignee_id,
    l.last_activity_at,
    date_diff('day', l.last_activity_at::DATE, t.today_on) AS quiet_days,
    coalesce(p.state = 'on_hold', false) AS on_hold,
    'in progress or blocked, and neither changed nor booked on for more than 14 days' AS rule,
    b.fresh_through_at AS fresh_at, b.completeness
FROM latest AS l
JOIN issues AS g ON g.id = l.issue_id
LEFT JOIN portfolio_issues AS m ON m.issue_id = g.id
LEFT JOIN projects AS p ON p.id = m.project_id
LEFT JOIN about AS b ON b.source = g.source
CROSS JOIN today AS t
WHERE date_diff('day', l.last_activity_at::DATE, t.today_on) > 14
