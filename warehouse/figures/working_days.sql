-- One row per day from a year before the first planned day to three years after the last: Monday to Friday, but for the days
-- of the calendar called "default", if the plan has one. Working days after a up to b are number at b less number at a.
WITH ends AS (
    SELECT day_on FROM (
        SELECT max(today_on) AS day_on FROM about
        UNION ALL SELECT unnest([start_on, finish_on]) FROM work_packages WHERE availability = 'present'
        UNION ALL SELECT unnest([start_on, finish_on]) FROM baselines WHERE availability = 'present'
        UNION ALL SELECT unnest([deadline_on, started_on, finished_on, forecast_finish_on]) FROM project_plans
            WHERE availability = 'present') AS named
    -- what is far off is a slip of the pen, and would make a row of each day up to it
    WHERE day_on BETWEEN DATE '1990-01-01' AND DATE '2100-01-01'),
days AS (
    SELECT unnest(generate_series(
            (SELECT (min(day_on) - 366)::TIMESTAMP FROM ends), (SELECT (max(day_on) + 1100)::TIMESTAMP FROM ends),
            INTERVAL 1 DAY))::DATE AS day_on),
weekly AS (
    SELECT any_value([monday, tuesday, wednesday, thursday, friday, saturday, sunday]) AS hours FROM calendars
    WHERE availability = 'present' AND lower(name) = 'default'),
other AS (
    SELECT day_on, min(hours) AS hours FROM calendar_days
    WHERE availability = 'present' AND lower(calendar) = 'default' GROUP BY day_on),
counted AS (
    SELECT d.day_on,
        coalesce(o.hours, w.hours[isodow(d.day_on)], CASE WHEN isodow(d.day_on) < 6 THEN 8.0 ELSE 0.0 END) > 0 AS is_working
    FROM days AS d LEFT JOIN other AS o ON o.day_on = d.day_on CROSS JOIN weekly AS w)
SELECT day_on, is_working, count(*) FILTER (is_working) OVER (ORDER BY day_on) AS number
FROM counted ORDER BY day_on
