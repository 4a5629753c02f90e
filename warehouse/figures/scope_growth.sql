-- One row per project with an approved baseline: what its scope has grown by since, and how much of that was approved.
WITH today AS (SELECT max(today_on) AS today_on FROM about),
based AS (
    SELECT b.project_id, b.baseline AS number, b.approved_on, b.basis, b.scope AS baseline_scope,
        coalesce(CASE b.basis WHEN 'points' THEN g.points WHEN 'hours' THEN g.hours_estimated ELSE g.issues END, 0) AS scope_now
    FROM scope_baselines AS b JOIN project_progress AS g ON g.project_id = b.project_id),
changed AS (
    SELECT project_id, sum(change) FILTER (kind = 'added') AS added, -sum(change) FILTER (kind = 'removed') AS removed,
        sum(change) FILTER (kind = 're-estimated') AS re_estimated, sum(abs(change)) FILTER (how = 'sized anew') AS sized_anew,
        sum(change) FILTER (how = 'sized') AS sized,
        count(DISTINCT issue_id) AS issues
    FROM scope_changes GROUP BY project_id),
-- what was decided on or before the day of the baseline is in it
requests AS (
    SELECT b.project_id, r.state, CASE b.basis WHEN 'points' THEN r.points WHEN 'hours' THEN r.hours END AS size,
        CASE b.basis WHEN 'points' THEN r.points WHEN 'hours' THEN r.hours END IS NULL
            AND coalesce(r.points, r.hours) IS NOT NULL AS is_in_other_unit
    FROM based AS b CROSS JOIN today AS t JOIN change_requests AS r ON r.project_id = b.project_id AND r.availability = 'present'
        AND (r.state = 'asked' OR (r.state = 'approved' AND r.decided_on > b.approved_on AND r.decided_on <= t.today_on))),
decided AS (
    SELECT project_id, count(*) FILTER (state = 'approved') AS approved_changes, count(*) FILTER (state = 'asked') AS asked_changes,
        sum(size) FILTER (state = 'approved') AS approved, sum(abs(size)) FILTER (state = 'approved') AS approved_sizes,
        sum(size) FILTER (state = 'asked') AS asked,
        -- how much of the growth such a one is, nobody can tell
        coalesce(bool_or(is_in_other_unit) FILTER (state = 'approved'), false) AS is_in_other_unit
    FROM requests GROUP BY project_id),
measured AS (
    SELECT b.*, coalesce(c.added, 0) AS added, coalesce(c.removed, 0) AS removed, coalesce(c.re_estimated, 0) AS re_estimated,
        coalesce(c.sized_anew, 0) AS sized_anew, coalesce(c.sized, 0) AS sized, coalesce(c.issues, 0) AS changed_issues,
        coalesce(d.approved_changes, 0) AS approved_changes, coalesce(d.asked_changes, 0) AS asked_changes,
        CASE WHEN NOT coalesce(d.is_in_other_unit, false) THEN coalesce(d.approved, 0) END AS approved,
        coalesce(d.approved_sizes, 0) AS approved_sizes, coalesce(d.asked, 0) AS asked
    FROM based AS b LEFT JOIN changed AS c ON c.project_id = b.project_id LEFT JOIN decided AS d ON d.project_id = b.project_id),
compared AS (
    SELECT *, scope_now - (added - removed + re_estimated) AS scope_then,
        scope_now - (added - removed + re_estimated) - baseline_scope AS off_baseline, scope_now - baseline_scope AS growth
    FROM measured),
split AS (
    -- what is entered or sized later up to what the baseline names is no churn
    SELECT *, greatest(added + sized + coalesce(off_baseline, 0), 0) + removed + sized_anew AS churn,
        -- greatest() passes nulls over
        CASE WHEN growth IS NOT NULL AND approved IS NOT NULL THEN greatest(growth - approved, 0) END AS unapproved
    FROM compared)
SELECT
    s.project_id, p.project, s.number AS baseline, s.approved_on AS baseline_on, s.basis, s.baseline_scope, s.scope_then, s.scope_now,
    s.added, s.removed, s.re_estimated, s.off_baseline, s.growth, s.approved, s.unapproved, s.churn,
    CASE WHEN s.approved IS NOT NULL THEN greatest(s.churn - s.approved_sizes, 0) END AS unapproved_churn,
    s.growth / nullif(s.baseline_scope, 0) AS growth_share, s.unapproved / nullif(s.baseline_scope, 0) AS unapproved_share,
    s.churn / nullif(s.baseline_scope, 0) AS churn_share, s.asked, s.changed_issues, s.approved_changes, s.asked_changes,
    CASE WHEN s.baseline_scope IS NULL THEN 'the baseline names no scope: what changed since is counted, and compared with nothing'
        ELSE 'scope of the day less that of the baseline; approved: change requests decided since, up to the day of the file' END AS rule,
    p.fresh_at, p.work_completeness AS completeness
FROM split AS s JOIN portfolio_projects AS p ON p.project_id = s.project_id
ORDER BY s.project_id
