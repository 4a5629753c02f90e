-- An approved change without a day, with one to come, or approved by nobody who is named.
-- Applies to planned projects.
SELECT 'change-undated' AS check_id, 'medium' AS severity, 'change request' AS object_kind, r.id AS object_id, r.title AS object,
    p.project_id, p.source, p.url, p.owner_id, r.asked_on AS since_on,
    CASE WHEN r.decided_on IS NULL THEN 'approved on no day: its work is unapproved growth'
        WHEN r.decided_on > (SELECT max(today_on) FROM about) THEN 'approved on a day to come: its work is unapproved growth'
        ELSE 'approved by nobody who is named' END AS detail
FROM change_requests AS r JOIN portfolio_projects AS p ON p.project_id = r.project_id
WHERE r.availability = 'present' AND r.state = 'approved'
    AND (r.decided_on IS NULL OR r.decided_on > (SELECT max(today_on) FROM about) OR r.decided_by IS NULL)
