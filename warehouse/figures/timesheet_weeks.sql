-- One row per person and ISO week in which something was booked, over all tools.
WITH days AS (
    SELECT person_id, person, work_on, sum(seconds) / 3600.0 AS hours
    FROM timesheet_days WHERE entries > 0
    GROUP BY person_id, person, work_on),
fullest AS (
    SELECT person_id, person, date_trunc('week', work_on)::DATE AS week_on, max(hours) AS most_hours_a_day,
        count(*) AS days, coalesce(sum(hours) FILTER (isodow(work_on) >= 6), 0) AS weekend_hours
    FROM days
    GROUP BY person_id, person, week_on),
weeks AS (
    SELECT person_id, person, date_trunc('week', work_on)::DATE AS week_on, sum(seconds) / 3600.0 AS hours,
        sum(billable_hours) AS billable_hours,
        count(DISTINCT coalesce(project_id, '(in no project)')) AS projects,
        min(first_booked_at) AS first_booked_at,
        -- one source that was never read, or counted, makes the whole unknown
        CASE WHEN bool_and(completeness IS NOT NULL) THEN min(completeness) END AS completeness,
        CASE WHEN bool_and(fresh_at IS NOT NULL) THEN min(fresh_at) END AS fresh_at
    FROM timesheet_days WHERE entries > 0
    GROUP BY person_id, person, week_on)
SELECT
    w.person_id, w.person,
    strftime(w.week_on, '%G-W%V') AS week,
    w.week_on, w.hours, w.billable_hours, f.days, w.projects, f.weekend_hours, f.most_hours_a_day, w.first_booked_at,
    w.week_on + 6 < (SELECT max(today_on) FROM about) AS is_over,
    'timesheet_days added up by ISO week' AS rule,
    w.fresh_at, w.completeness
FROM weeks AS w
JOIN fullest AS f ON f.person_id IS NOT DISTINCT FROM w.person_id AND f.person = w.person AND f.week_on = w.week_on
ORDER BY w.week_on, w.person_id
