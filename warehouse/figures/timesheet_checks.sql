-- One row per team member and ISO week whose deadline is past: hours that were expected, and what was booked of them. Back to
-- 13 weeks, and to the first hours there are. Deadline: the end of the Monday after the week.
WITH today AS (SELECT max(today_on) AS today_on FROM about),
tools AS (
    SELECT * FROM about
    WHERE source IS NOT NULL AND source NOT IN (SELECT source FROM project_plans UNION SELECT source FROM team_members)),
known AS (
    SELECT count(*) AS sources,
        -- one source that was never read, or lacks something, makes what is missing unknown
        CASE WHEN bool_and(fresh_through_at IS NOT NULL) THEN min(fresh_through_at) END AS fresh_at,
        CASE WHEN bool_and(completeness IS NOT NULL) THEN min(completeness) END AS completeness
    FROM tools),
begun AS (SELECT date_trunc('week', min(work_on))::DATE AS week_on FROM timesheet_days WHERE entries > 0),
weeks AS (
    SELECT unnest(generate_series(
            greatest(date_trunc('week', t.today_on - 92)::DATE, b.week_on)::TIMESTAMP,
            (date_trunc('week', t.today_on - 8)::DATE)::TIMESTAMP, INTERVAL 7 DAY))::DATE AS week_on
    FROM today AS t CROSS JOIN begun AS b WHERE b.week_on IS NOT NULL),
week_days AS (SELECT week_on, week_on + unnest(range(0, 7))::INTEGER AS day_on FROM weeks),
members AS (
    SELECT m.*, coalesce(m.person_id, m.source || '|' || lower(trim(m.person))) AS member
    FROM team_members AS m WHERE m.availability = 'present'),
-- of two lines for one day the one that began later
there AS (
    SELECT m.member, d.week_on, d.day_on,
        max_by({'person_id': m.person_id, 'person': m.person, 'team': m.team, 'source': m.source, 'share': m.share,
            'external': m.external, 'calendar': lower(trim(m.calendar))}, (coalesce(m.from_on, DATE '0001-01-01'), m.id)) AS line
    FROM week_days AS d JOIN members AS m
        ON (m.from_on IS NULL OR m.from_on <= d.day_on) AND (m.to_on IS NULL OR m.to_on >= d.day_on)
    GROUP BY m.member, d.week_on, d.day_on),
weekly AS (
    SELECT lower(trim(name)) AS calendar,
        any_value([monday, tuesday, wednesday, thursday, friday, saturday, sunday]) AS hours
    FROM calendars WHERE availability = 'present' GROUP BY 1),
other AS (
    SELECT lower(trim(calendar)) AS calendar, day_on, min(hours) AS hours
    FROM calendar_days WHERE availability = 'present' GROUP BY ALL),
away AS (
    SELECT d.day_on, a.person_id, least(sum(a.share), 1) AS share
    FROM week_days AS d JOIN absences AS a ON a.from_on <= d.day_on AND a.to_on >= d.day_on
    WHERE a.availability = 'present' AND a.person_id IS NOT NULL GROUP BY ALL),
day_hours AS (
    SELECT t.member, t.week_on, t.day_on, t.line,
        -- a calendar that the plan does not have says nothing; none named: five days of 8 hours
        coalesce(o.hours, w.hours[isodow(t.day_on)],
            CASE WHEN t.line.calendar IS NULL THEN CASE WHEN isodow(t.day_on) < 6 THEN 8.0 ELSE 0.0 END END)
            * t.line.share * (1 - coalesce(a.share, 0)) AS hours
    FROM there AS t
    LEFT JOIN weekly AS w ON w.calendar = t.line.calendar
    LEFT JOIN other AS o ON o.calendar = t.line.calendar AND o.day_on = t.day_on
    LEFT JOIN away AS a ON a.person_id = t.line.person_id AND a.day_on = t.day_on),
expected AS (
    SELECT member, week_on, max_by(line, day_on) AS line, count(*) AS days, bool_or(line.external) AS external,
        CASE WHEN bool_and(hours IS NOT NULL) THEN sum(hours) END AS expected_hours
    FROM day_hours GROUP BY member, week_on),
late AS (
    SELECT a.person_id, date_trunc('week', w.work_on)::DATE AS week_on, sum(w.seconds) / 3600.0 AS hours
    FROM worklogs AS w JOIN accounts AS a ON a.id = w.account_id
    WHERE w.counted AND w.created_at::DATE > date_trunc('week', w.work_on)::DATE + 7 GROUP BY ALL),
approvals AS (
    SELECT a.person_id, date_trunc('week', w.work_on)::DATE AS week_on,
        sum(w.seconds) FILTER (w.approval = 'approved') / 3600.0 AS approved_hours
    FROM worklogs AS w JOIN accounts AS a ON a.id = w.account_id
    WHERE w.counted AND w.approval IS NOT NULL GROUP BY ALL),
compared AS (
    SELECT e.*, coalesce(b.hours, 0) AS hours, coalesce(l.hours, 0) AS late_hours, p.approved_hours,
        k.sources > 0 AND k.fresh_at >= e.week_on + 8 AND k.completeness >= 1 AND NOT EXISTS (FROM quarantine AS q
            WHERE q.stream IN ('team_members', 'calendars', 'calendar_days', 'absences')) AS is_read, k.fresh_at, k.completeness
    FROM expected AS e CROSS JOIN known AS k
    LEFT JOIN timesheet_weeks AS b ON b.person_id = e.line.person_id AND b.week_on = e.week_on
    LEFT JOIN late AS l ON l.person_id = e.line.person_id AND l.week_on = e.week_on
    LEFT JOIN approvals AS p ON p.person_id = e.line.person_id AND p.week_on = e.week_on),
judged AS (
    SELECT *,
        CASE WHEN external THEN 'excluded' WHEN days < 7 THEN 'excluded' WHEN expected_hours = 0 THEN 'absent'
            WHEN line.person_id IS NULL OR expected_hours IS NULL THEN 'unknown'
            WHEN hours - late_hours >= 0.95 * expected_hours - 1e-9
                THEN CASE WHEN hours > 1.2 * expected_hours + 1e-9 THEN 'over' ELSE 'full' END
            WHEN NOT coalesce(is_read, false) THEN 'unknown'
            WHEN hours >= 0.95 * expected_hours - 1e-9 THEN 'late' WHEN hours > 0 THEN 'under' ELSE 'nothing' END AS verdict
    FROM compared)
SELECT
    j.line.person_id AS person_id, coalesce(p.name, j.line.person) AS person, j.line.team AS team, j.line.source AS source,
    strftime(j.week_on, '%G-W%V') AS week, j.week_on, j.expected_hours, j.hours, j.late_hours, j.approved_hours, j.verdict,
    CASE WHEN j.external THEN 'external' WHEN j.days < 7 THEN 'came or left in this week'
        WHEN j.verdict = 'absent' THEN 'nothing is expected'
        WHEN j.line.person_id IS NULL THEN 'no account, or several, of that name'
        WHEN j.expected_hours IS NULL THEN 'the plan has no calendar of that name'
        WHEN j.verdict = 'unknown' THEN 'a source, or a file of absences, was not read completely' END AS why,
    'team members: hours of their calendar by their share of time, less absence; full: 95 % of it by the end of the Monday after' AS rule,
    j.fresh_at, j.completeness
FROM judged AS j LEFT JOIN people AS p ON p.id = j.line.person_id
ORDER BY j.week_on, 2, 1
