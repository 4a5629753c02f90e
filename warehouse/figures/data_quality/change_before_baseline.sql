-- An approved change that is dated before the first baseline: it is in no growth.
-- Applies to planned projects.
WITH firsts AS (
    SELECT project_id, min(approved_on) AS approved_on FROM baselines
    WHERE availability = 'present' AND approved_by IS NOT NULL AND approved_on IS NOT NULL GROUP BY project_id)
SELECT 'change-before-baseline' AS check_id, 'medium' AS severity, 'change request' AS object_kind, r.id AS object_id, r.title AS object,
    p.project_id, p.source, p.url, p.owner_id, r.decided_on AS since_on,
    'approved on ' || r.decided_on || ', before the first baseline of ' || f.approved_on || ': it is taken to be in it' AS detail
FROM change_requests AS r JOIN portfolio_projects AS p ON p.project_id = r.project_id JOIN firsts AS f ON f.project_id = r.project_id
WHERE r.availability = 'present' AND r.state = 'approved' AND r.decided_on < f.approved_on
