-- One row per open issue that is blocked and per thing that blocks it. An issue that is done blocks nobody.
-- In no order, and texts come in at the end: there may be as many as issues, and memory should not grow with them.
WITH today AS (SELECT max(today_on) AS today_on FROM about),
open_issues AS (
    SELECT i.id, m.project_id, i.source, i.status, i.created_at, i.first_seen_at
    FROM issues AS i JOIN portfolio_issues AS m ON m.issue_id = i.id
    WHERE i.availability = 'present' AND i.status NOT IN ('done', 'cancelled')),
became AS (
    SELECT issue_id, max(changed_at) AS since_at, max_by(evidence, changed_at) AS since_basis
    FROM issue_changes
    WHERE availability = 'present' AND field = 'status' AND to_value = 'blocked'
        AND from_value IS DISTINCT FROM 'blocked'
    GROUP BY issue_id),
blocked AS (
    SELECT i.id, 'status' AS blocked_by, NULL AS blocker_issue_id, NULL AS blocker_project_id,
        coalesce(b.since_at, CASE WHEN o.source IS NULL THEN i.created_at ELSE i.first_seen_at END) AS since_at,
        coalesce(b.since_basis, CASE WHEN o.source IS NULL THEN 'reported' ELSE 'at least' END) AS since_basis,
        NULL AS blocker_source
    FROM open_issues AS i LEFT JOIN became AS b ON b.issue_id = i.id
    LEFT JOIN about AS o ON o.source = i.source AND list_contains(o.observed, 'status')
    WHERE i.status = 'blocked'
    UNION ALL
    SELECT i.id, 'link', o.id, o.project_id, max(l.first_seen_at), 'at least', o.source
    FROM issue_links AS l
    JOIN open_issues AS i ON i.id = l.to_issue_id
    JOIN open_issues AS o ON o.id = l.from_issue_id
    WHERE l.kind = 'blocks' AND l.availability = 'present' AND i.id <> o.id
    GROUP BY i.id, o.id, o.project_id, o.source)
SELECT
    i.id AS issue_id, i.key, i.title, i.url, p.id AS project_id, i.source, i.assignee_id,
    k.blocked_by, k.blocker_issue_id, k.blocker_project_id, k.since_at, k.since_basis,
    greatest(date_diff('day', k.since_at::DATE, t.today_on), 0) AS blocked_days,
    coalesce(p.state = 'on_hold', false) AS on_hold,
    CASE k.blocked_by WHEN 'status' THEN 'its status means blocked'
        ELSE 'an open issue blocks it by a link' END AS rule,
    CASE WHEN k.blocker_source IS NULL THEN b.fresh_through_at
        WHEN b.fresh_through_at IS NOT NULL AND o.fresh_through_at IS NOT NULL
        THEN least(b.fresh_through_at, o.fresh_through_at) END AS fresh_at,
    CASE WHEN k.blocker_source IS NULL THEN b.completeness
        WHEN b.completeness IS NOT NULL AND o.completeness IS NOT NULL
        THEN least(b.completeness, o.completeness) END AS completeness
FROM blocked AS k
JOIN issues AS i ON i.id = k.id
JOIN portfolio_issues AS m ON m.issue_id = k.id
LEFT JOIN projects AS p ON p.id = m.project_id
LEFT JOIN about AS b ON b.source = i.source
LEFT JOIN about AS o ON o.source = k.blocker_source
CROSS JOIN today AS t
