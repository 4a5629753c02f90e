-- One row per ISO week whose deadline is past: how many team members booked what was expected of them, in time.
SELECT
    week, week_on,
    count(*) FILTER (verdict IN ('full', 'over', 'late', 'under', 'nothing')) AS expected_people,
    count(*) FILTER (verdict IN ('full', 'over')) AS compliant_people,
    CASE WHEN count(*) FILTER (verdict = 'unknown') = 0 THEN count(*) FILTER (verdict IN ('full', 'over'))
        / nullif(count(*) FILTER (verdict IN ('full', 'over', 'late', 'under', 'nothing')), 0) END AS compliance,
    count(*) FILTER (verdict = 'late') AS late_people, count(*) FILTER (verdict = 'under') AS under_people,
    count(*) FILTER (verdict = 'nothing') AS nothing_people, count(*) FILTER (verdict = 'over') AS over_people,
    count(*) FILTER (verdict = 'unknown') AS unknown_people, count(*) FILTER (verdict = 'excluded') AS excluded_people,
    count(*) FILTER (verdict = 'absent') AS absent_people,
    sum(expected_hours) FILTER (verdict IN ('full', 'over', 'late', 'under', 'nothing')) AS expected_hours,
    coalesce(sum(hours) FILTER (verdict IN ('full', 'over', 'late', 'under', 'nothing')), 0) AS hours,
    sum(approved_hours) AS approved_hours,
    'compliant by expected people; externals, and people who came or left in the week, stand apart' AS rule,
    min(fresh_at) AS fresh_at, min(completeness) AS completeness
FROM timesheet_checks GROUP BY week, week_on ORDER BY week_on
