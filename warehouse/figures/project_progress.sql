-- One row per row of portfolio_projects: how much of the work is done, counted three ways, cancelled work left out.
-- Sizes count on the lowest level of each tree that has one; issues count where they have no parts.
WITH RECURSIVE
rows_ AS (
    SELECT i.id, coalesce(m.project_id, i.source) AS place, i.status = 'done' AS is_done, i.story_points AS points,
        i.original_estimate_seconds / 3600.0 AS estimate
    FROM issues AS i JOIN portfolio_issues AS m ON m.issue_id = i.id
    WHERE i.availability = 'present' AND i.status <> 'cancelled'),
parents AS (
    SELECT id AS issue_id, parent_id FROM issues WHERE parent_id IS NOT NULL
    UNION
    SELECT issue_id, parent_id FROM issue_parents WHERE availability = 'present'),
above_points AS (
    SELECT p.parent_id AS id FROM rows_ AS r JOIN parents AS p ON p.issue_id = r.id WHERE r.points IS NOT NULL
    UNION -- not UNION ALL: ends even where the tool's parents go round in a circle
    SELECT p.parent_id FROM above_points AS a JOIN parents AS p ON p.issue_id = a.id),
above_estimates AS (
    SELECT p.parent_id AS id FROM rows_ AS r JOIN parents AS p ON p.issue_id = r.id WHERE r.estimate IS NOT NULL
    UNION
    SELECT p.parent_id FROM above_estimates AS a JOIN parents AS p ON p.issue_id = a.id),
by_points AS (
    SELECT place, sum(points) AS points, coalesce(sum(points) FILTER (is_done), 0) AS done_points
    FROM rows_ WHERE points IS NOT NULL AND id NOT IN (SELECT id FROM above_points) GROUP BY place),
by_estimate AS (
    SELECT place, sum(estimate) AS estimate, coalesce(sum(estimate) FILTER (is_done), 0) AS done_estimate
    FROM rows_ WHERE estimate IS NOT NULL AND id NOT IN (SELECT id FROM above_estimates) GROUP BY place),
by_count AS (
    SELECT r.place, count(*) AS issues, count(*) FILTER (r.is_done) AS done_issues,
        count(*) FILTER (r.points IS NULL AND r.estimate IS NULL) AS unsized_issues
    FROM rows_ AS r
    WHERE NOT EXISTS (FROM parents AS p JOIN rows_ AS c ON c.id = p.issue_id WHERE p.parent_id = r.id)
    GROUP BY r.place),
ways AS (
    SELECT s.*, p.points, p.done_points, e.estimate, e.done_estimate, c.issues, c.done_issues, c.unsized_issues,
        p.done_points / nullif(p.points, 0) AS progress_points,
        e.done_estimate / nullif(e.estimate, 0) AS progress_estimate,
        c.done_issues / nullif(c.issues, 0) AS progress_count, l.progress_basis AS asked
    FROM portfolio_projects AS s
    LEFT JOIN by_points AS p ON p.place = s.place
    LEFT JOIN by_estimate AS e ON e.place = s.place
    LEFT JOIN by_count AS c ON c.place = s.place
    LEFT JOIN project_plans AS l ON l.project_id = s.project_id AND l.availability = 'present')
SELECT
    project_id, source, project,
    CASE coalesce(asked, CASE WHEN points > 0 THEN 'points' WHEN estimate > 0 THEN 'estimate' ELSE 'count' END)
        WHEN 'points' THEN progress_points WHEN 'estimate' THEN progress_estimate ELSE progress_count END AS progress,
    coalesce(asked, CASE WHEN points > 0 THEN 'points' WHEN estimate > 0 THEN 'estimate' ELSE 'count' END) AS progress_basis,
    progress_points, progress_estimate, progress_count, points, done_points, estimate AS hours_estimated,
    done_estimate AS done_hours_estimated, coalesce(issues, 0) AS issues, coalesce(done_issues, 0) AS done_issues,
    unsized_issues / nullif(issues, 0) AS unsized_share,
    'done of all that is not cancelled, by ' || coalesce(
        asked, CASE WHEN points > 0 THEN 'points' WHEN estimate > 0 THEN 'estimate' ELSE 'count' END) AS rule,
    fresh_at, work_completeness AS completeness
FROM ways ORDER BY source, project, project_id
