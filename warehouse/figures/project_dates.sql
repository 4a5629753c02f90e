-- One row per project of the portfolio: its end by the baseline, as it is foreseen, and by when it must be done; beside it
-- the end if what other projects hand on late pushes all that follows.
WITH today AS (SELECT max(today_on) AS today_on FROM about),
approved AS (
    SELECT b.project_id, b.number, coalesce(b.start_on, min(w.start_on)) AS start_on,
        coalesce(b.finish_on, max(w.finish_on)) AS finish_on
    FROM baselines AS b CROSS JOIN today AS t
    LEFT JOIN work_packages AS w ON w.project_id = b.project_id AND w.baseline = b.number AND w.availability = 'present'
    WHERE b.availability = 'present' AND b.approved_by IS NOT NULL AND b.approved_on <= t.today_on
    GROUP BY b.project_id, b.number, b.start_on, b.finish_on),
-- of several the highest number is in force, so that none comes back
based AS (
    SELECT project_id, max(number) AS number, max_by(start_on, number) AS start_on, max_by(finish_on, number) AS finish_on,
        min_by(finish_on, number) AS first_finish_on
    FROM approved GROUP BY project_id),
milestones_ahead AS (
    SELECT project_id, max(forecast_on) AS last_on FROM milestone_outlook WHERE NOT is_met GROUP BY project_id),
issues_ahead AS (
    SELECT m.project_id, max(i.due_on) AS last_on
    FROM issues AS i JOIN portfolio_issues AS m ON m.issue_id = i.id
    WHERE i.availability = 'present' AND i.status NOT IN ('done', 'cancelled') GROUP BY m.project_id),
-- hours left at the pace of the last 28 days, in calendar days; without either nothing is known
left_over AS (
    SELECT project_id, open_issues, CASE WHEN hours_28d > 0 THEN ceil(remaining_hours / hours_28d * 28)::BIGINT END AS days
    FROM project_hours WHERE project_id IS NOT NULL),
handed_on AS (
    SELECT to_project_id AS project_id, max(late_days) AS days, max_by(from_key, (late_days, link_id)) AS by_key
    FROM dependencies WHERE is_open AND late_days > 0 AND from_project_id IS DISTINCT FROM to_project_id GROUP BY to_project_id),
earned AS (SELECT project_id, forecast_weeks FROM earned_value WHERE is_now AND ev > 0),
ways AS (
    SELECT p.*, t.today_on, b.number, b.start_on, b.finish_on, b.first_finish_on, l.finished_on, l.forecast_finish_on AS said_on,
        l.deadline_on, CASE WHEN m.last_on IS NOT NULL OR i.last_on IS NOT NULL THEN
            CASE WHEN greatest(m.last_on, i.last_on) > t.today_on OR coalesce(o.open_issues, 0) = 0
                THEN greatest(m.last_on, i.last_on) ELSE t.today_on + coalesce(o.days, 0)::INTEGER END END AS due_on,
        -- a schedule so slow that it ends after 2100 says nothing
        CASE WHEN e.forecast_weeks < 3000 THEN b.start_on + (ceil(e.forecast_weeks * 7) - 1)::INTEGER END AS earned_on
    FROM portfolio_projects AS p CROSS JOIN today AS t
    LEFT JOIN project_plans AS l ON l.project_id = p.project_id AND l.availability = 'present'
    LEFT JOIN based AS b ON b.project_id = p.project_id
    LEFT JOIN milestones_ahead AS m ON m.project_id = p.project_id
    LEFT JOIN issues_ahead AS i ON i.project_id = p.project_id
    LEFT JOIN left_over AS o ON o.project_id = p.project_id
    LEFT JOIN earned AS e ON e.project_id = p.project_id
    WHERE p.project_id IS NOT NULL),
chosen AS (
    SELECT *,
        CASE WHEN is_closed THEN 'actual' WHEN on_hold OR kind = 'run' THEN NULL
            WHEN said_on >= today_on THEN 'said by its PM'
            WHEN due_on IS NOT NULL THEN 'open milestones and due dates'
            WHEN earned_on IS NOT NULL THEN 'earned schedule' END AS forecast_method
    FROM ways),
foreseen AS (
    SELECT *, CASE forecast_method WHEN 'actual' THEN finished_on WHEN 'said by its PM' THEN said_on
            WHEN 'open milestones and due dates' THEN due_on WHEN 'earned schedule' THEN greatest(earned_on, today_on)
            END AS forecast_finish_on
    FROM chosen)
SELECT
    f.project_id, f.project, f.number AS baseline, f.start_on AS baseline_start_on, f.finish_on AS baseline_finish_on,
    f.first_finish_on AS first_baseline_finish_on, f.forecast_finish_on,
    CASE WHEN f.forecast_finish_on IS NOT NULL THEN f.forecast_method END AS forecast_method,
    date_diff('day', f.finish_on, f.forecast_finish_on) AS finish_variance_days,
    n.number - b.number AS finish_late_working_days, f.deadline_on,
    date_diff('day', f.deadline_on, f.forecast_finish_on) AS deadline_variance_days,
    h.days AS handed_on_days, h.by_key AS handed_on_by, f.forecast_finish_on + h.days::INTEGER AS finish_with_handed_on,
    w.number - b.number AS handed_on_late_working_days, f.earned_on AS earned_schedule_finish_on,
    'forecast: the real end, else what its PM says, open milestones and due days, earned schedule' AS rule,
    f.fresh_at, f.completeness
FROM foreseen AS f
LEFT JOIN working_days AS b ON b.day_on = f.finish_on
LEFT JOIN working_days AS n ON n.day_on = f.forecast_finish_on
LEFT JOIN handed_on AS h ON h.project_id = f.project_id AND f.forecast_method <> 'actual'
LEFT JOIN working_days AS w ON w.day_on = f.forecast_finish_on + h.days::INTEGER
ORDER BY f.project_id
