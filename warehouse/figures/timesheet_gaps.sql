-- One row per team member and week in which too few hours were booked, or too late.
SELECT
    person_id, person, team, week, week_on, expected_hours, hours, late_hours, expected_hours - hours AS missing_hours, verdict AS gap,
    'under 95 % of what was expected by the end of the Monday after the week: nothing, under, or late' AS rule, fresh_at, completeness
FROM timesheet_checks WHERE verdict IN ('nothing', 'under', 'late')
ORDER BY week_on DESC, team, person, person_id
