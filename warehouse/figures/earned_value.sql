-- One row per project with an approved baseline and week since its start, the last one on the day of the file (is_now).
-- Planned value goes evenly over the working days of each work package; earned value by the rule of the project.
WITH RECURSIVE
today AS (SELECT max(today_on) AS today_on FROM about),
packages AS (
    SELECT w.id, w.project_id, w.baseline, w.budget, w.hours, w.points, w.start_on, w.finish_on, w.issue, w.label,
        w.milestone, w.percent_complete, w.started_on, w.finished_on, w.level_of_effort
    FROM work_packages AS w JOIN portfolio_projects AS p ON p.project_id = w.project_id AND p.kind = 'change'
    WHERE w.availability = 'present'),
-- a baseline counts from the day it was approved; of several the highest number, so that none comes back
approved AS (
    SELECT b.project_id, b.number, b.approved_on, b.start_on, b.finish_on
    FROM baselines AS b
    WHERE b.availability = 'present' AND b.approved_by IS NOT NULL AND b.approved_on IS NOT NULL
        AND EXISTS (FROM packages AS w WHERE w.project_id = b.project_id AND w.baseline = b.number)),
-- money, hours and points are never mixed: the first that all packages of a baseline have
sized AS (
    SELECT a.project_id, a.number, a.approved_on,
        CASE WHEN bool_and(w.budget IS NOT NULL) THEN 'money' WHEN bool_and(w.hours IS NOT NULL) THEN 'hours'
            WHEN bool_and(w.points IS NOT NULL) THEN 'points' END AS basis,
        coalesce(any_value(a.start_on), min(w.start_on)) AS start_on,
        coalesce(any_value(a.finish_on), max(w.finish_on)) AS finish_on,
        bool_and(w.start_on IS NOT NULL AND w.finish_on IS NOT NULL) AS is_dated
    FROM approved AS a JOIN packages AS w ON w.project_id = a.project_id AND w.baseline = a.number
    GROUP BY a.project_id, a.number, a.approved_on),
valued AS (
    SELECT w.*, s.is_dated, s.basis,
        CASE s.basis WHEN 'money' THEN w.budget WHEN 'hours' THEN w.hours WHEN 'points' THEN w.points END AS value,
        b.number AS before_number, f.number - b.number AS working_days
    FROM packages AS w JOIN sized AS s ON s.project_id = w.project_id AND s.number = w.baseline
    LEFT JOIN working_days AS b ON b.day_on = w.start_on - 1
    LEFT JOIN working_days AS f ON f.day_on = w.finish_on),
-- the periods of each baseline: weeks from its start, number 1 ends six days later
periods AS (
    SELECT project_id, number, unnest(range(0, least(date_diff('day', start_on, finish_on) // 7 + 1, 1040) + 1))::INTEGER AS period,
        start_on, finish_on
    FROM sized WHERE start_on <= finish_on),
curve AS (
    SELECT p.project_id, p.number, p.period,
        CASE WHEN p.period = 0 THEN 0 ELSE sum(CASE
            WHEN p.start_on + p.period * 7 - 1 >= v.finish_on THEN v.value
            WHEN p.start_on + p.period * 7 - 1 < v.start_on THEN 0
            WHEN v.working_days > 0 THEN v.value * (d.number - v.before_number) / v.working_days
            ELSE 0 END) END AS pv
    FROM periods AS p JOIN valued AS v ON v.project_id = p.project_id AND v.baseline = p.number
    LEFT JOIN working_days AS d ON d.day_on = p.start_on + p.period * 7 - 1
    GROUP BY p.project_id, p.number, p.period),
starts AS (SELECT project_id, min(start_on) AS start_on FROM sized GROUP BY project_id),
days AS (
    SELECT s.project_id, unnest(range(1, least(date_diff('day', s.start_on, t.today_on) // 7 + 1, 1040) + 1))::INTEGER AS week,
        s.start_on, t.today_on
    FROM starts AS s CROSS JOIN today AS t WHERE s.start_on <= t.today_on),
-- the week that goes on ends on the day of the file
reported AS (
    SELECT project_id, start_on, today_on, least(start_on + week * 7 - 1, today_on) AS day_on FROM days
    UNION
    SELECT project_id, start_on, today_on, today_on FROM days),
in_force AS (
    SELECT r.project_id, r.start_on, r.day_on, r.day_on = r.today_on AS is_now, max(s.number) AS number
    FROM reported AS r LEFT JOIN sized AS s ON s.project_id = r.project_id AND s.approved_on <= r.day_on
    GROUP BY ALL),
-- issues of a package: those it names with their parts, and those of its project with its labels or milestones
named AS (
    SELECT v.id AS package_id, i.id FROM (SELECT id, unnest(issue) AS word FROM packages) AS v
    JOIN issues AS i ON i.key = v.word OR i.id = v.word
    UNION
    SELECT n.package_id, i.id FROM named AS n JOIN issues AS i ON i.parent_id = n.id),
linked AS (
    SELECT package_id, id FROM named
    UNION
    SELECT v.id, i.id FROM packages AS v
    JOIN portfolio_issues AS m ON m.project_id = v.project_id JOIN issues AS i ON i.id = m.issue_id
    LEFT JOIN milestones AS t ON t.id = i.milestone_id
    WHERE len(v.label) + len(v.milestone) > 0
        AND (len(v.label) = 0 OR len(list_intersect(v.label, i.labels)) > 0)
        AND (len(v.milestone) = 0 OR list_contains(v.milestone, t.name))),
counted AS (
    SELECT l.package_id, i.id, i.parent_id, i.status, i.started_at::DATE AS started_on,
        CASE WHEN i.status = 'done' THEN i.resolved_at::DATE END AS done_on, coalesce(i.story_points, 0) AS points,
        coalesce(nullif(i.original_estimate_seconds, 0), 1) AS weight,
        CASE WHEN i.status = 'done' THEN 100 ELSE i.percent_complete END AS percent
    FROM linked AS l JOIN issues AS i ON i.id = l.id
    WHERE i.availability = 'present' AND i.status <> 'cancelled'),
-- an issue above another of the package does not count: its parts do
leaves AS (
    SELECT * FROM counted AS c
    WHERE NOT EXISTS (FROM counted AS k WHERE k.package_id = c.package_id AND k.parent_id = c.id)),
work AS (
    SELECT v.project_id, v.baseline, v.id AS package_id, f.day_on, f.is_now,
        count(l.id) AS issues,
        count(*) FILTER (l.done_on <= f.day_on) AS done,
        count(*) FILTER (l.status = 'done' AND l.done_on IS NULL) AS done_some_day,
        count(*) FILTER (l.started_on <= f.day_on OR l.done_on <= f.day_on) AS started,
        sum(l.points) AS points, coalesce(sum(l.points) FILTER (l.done_on <= f.day_on), 0) AS done_points,
        sum(coalesce(l.percent, 0) * l.weight) / nullif(sum(l.weight), 0) / 100 AS percent
    FROM in_force AS f JOIN valued AS v ON v.project_id = f.project_id AND v.baseline = f.number
    LEFT JOIN leaves AS l ON l.package_id = v.id
    GROUP BY ALL),
earned AS (
    SELECT v.project_id, v.baseline, w.day_on, v.value, r.rule,
        CASE WHEN w.day_on >= v.finish_on THEN 1.0 WHEN w.day_on < v.start_on THEN 0.0
            WHEN v.working_days > 0 THEN (d.number - v.before_number) / v.working_days
            WHEN v.start_on IS NOT NULL AND v.finish_on IS NOT NULL THEN 0.0 END AS planned_share,
        CASE WHEN w.issues > 0 THEN w.done + CASE WHEN w.is_now THEN w.done_some_day ELSE 0 END = w.issues
            ELSE coalesce(v.finished_on <= w.day_on, false)
                OR (w.is_now AND coalesce(v.percent_complete, 0) >= 100) END AS is_done,
        CASE WHEN w.issues > 0 THEN w.started > 0
            ELSE coalesce(v.started_on <= w.day_on, false) OR coalesce(v.finished_on <= w.day_on, false)
                OR (w.is_now AND coalesce(v.percent_complete, 0) > 0) END AS is_started,
        w.issues, w.points, w.done_points, w.is_now,
        CASE WHEN w.issues > 0 THEN w.percent ELSE v.percent_complete / 100 END AS percent, v.level_of_effort
    FROM work AS w
    JOIN valued AS v ON v.id = w.package_id
    JOIN (SELECT p.project_id, coalesce(l.earned_rule, '0/100') AS rule FROM portfolio_projects AS p
        LEFT JOIN project_plans AS l ON l.project_id = p.project_id AND l.availability = 'present') AS r
        ON r.project_id = v.project_id
    LEFT JOIN working_days AS d ON d.day_on = w.day_on),
shares AS (
    SELECT *, least(greatest(CASE
            WHEN level_of_effort THEN planned_share
            WHEN is_done THEN 1.0
            WHEN rule = '0/100' THEN 0.0
            WHEN rule = '50/50' THEN CASE WHEN is_started THEN 0.5 ELSE 0.0 END
            WHEN rule = 'points' AND points > 0 THEN done_points / points
            WHEN rule = 'points' AND issues > 0 THEN 0.0
            WHEN NOT is_started AND NOT is_now THEN 0.0
            WHEN rule = 'percent' AND is_now THEN coalesce(percent, 0.0)
            -- how far a package was on an earlier day nobody wrote down
            END, 0), 1) AS earned_share
    FROM earned),
totals AS (
    SELECT project_id, day_on, baseline, any_value(rule) AS earned_rule, sum(value) AS bac,
        CASE WHEN bool_and(planned_share IS NOT NULL) THEN sum(value * planned_share) END AS pv,
        CASE WHEN bool_and(earned_share IS NOT NULL) THEN sum(value * earned_share) END AS ev
    FROM shares GROUP BY project_id, day_on, baseline),
-- what came in besides earns nothing; where no package names issues, nobody can say what did
covered AS (
    SELECT DISTINCT v.project_id, v.baseline, l.id FROM linked AS l JOIN packages AS v ON v.id = l.package_id),
unbaselined AS (
    SELECT f.project_id, count(*) FILTER (c.id IS NULL) AS issues
    FROM in_force AS f
    JOIN (SELECT DISTINCT project_id, baseline FROM covered) AS n ON n.project_id = f.project_id AND n.baseline = f.number
    JOIN portfolio_issues AS m ON m.project_id = f.project_id
    JOIN issues AS i ON i.id = m.issue_id AND i.availability = 'present' AND i.status <> 'cancelled'
    LEFT JOIN covered AS c ON c.project_id = f.project_id AND c.baseline = f.number AND c.id = i.id
    WHERE f.is_now AND NOT EXISTS (FROM issues AS k WHERE k.parent_id = i.id AND k.availability = 'present')
    GROUP BY f.project_id),
spendings AS (
    SELECT project_id, day_on, sum(amount) AS amount, sum(hours) AS hours, bool_or(is_unpriced) AS is_unpriced
    FROM cost_items WHERE kind IN ('labour', 'expense', 'accrual')
    GROUP BY project_id, day_on, is_unpriced),
spent AS (
    -- cost without a day is cost all the same
    SELECT f.project_id, f.day_on, sum(s.amount) AS cost, coalesce(sum(s.hours), 0) AS hours,
        coalesce(sum(s.hours) FILTER (s.is_unpriced), 0) AS unpriced_hours
    FROM in_force AS f LEFT JOIN spendings AS s ON s.project_id = f.project_id AND coalesce(s.day_on <= f.day_on, true)
    GROUP BY f.project_id, f.day_on),
put AS (
    SELECT f.project_id, f.day_on, f.is_now, f.number, z.basis, t.earned_rule, t.bac, t.pv, t.ev,
        CASE z.basis WHEN 'money' THEN coalesce(c.cost, 0) WHEN 'hours' THEN c.hours END AS ac,
        c.hours, c.unpriced_hours, z.start_on, z.finish_on,
        (date_diff('day', z.start_on, z.finish_on) + 1) / 7.0 AS planned_weeks,
        (date_diff('day', z.start_on, least(f.day_on, coalesce(l.finished_on, f.day_on))) + 1) / 7.0 AS actual_weeks,
        coalesce(l.eac_method, 'BAC/CPI') AS eac_method, l.remaining_cost
    FROM in_force AS f
    LEFT JOIN sized AS z ON z.project_id = f.project_id AND z.number = f.number
    LEFT JOIN totals AS t ON t.project_id = f.project_id AND t.day_on = f.day_on
    LEFT JOIN spent AS c ON c.project_id = f.project_id AND c.day_on = f.day_on
    LEFT JOIN project_plans AS l ON l.project_id = f.project_id AND l.availability = 'present'),
reached AS (
    SELECT p.project_id, p.day_on, max(c.period) AS period
    FROM put AS p JOIN curve AS c ON c.project_id = p.project_id AND c.number = p.number AND c.pv <= p.ev
    GROUP BY p.project_id, p.day_on),
schedule AS (
    SELECT p.*, CASE WHEN p.ev >= p.bac THEN p.planned_weeks
            WHEN n.pv > c.pv THEN least(r.period + (p.ev - c.pv) / (n.pv - c.pv), p.planned_weeks) ELSE r.period END AS es
    FROM put AS p
    LEFT JOIN reached AS r ON r.project_id = p.project_id AND r.day_on = p.day_on
    LEFT JOIN curve AS c ON c.project_id = p.project_id AND c.number = p.number AND c.period = r.period
    LEFT JOIN curve AS n ON n.project_id = p.project_id AND n.number = p.number AND n.period = r.period + 1),
indices AS (
    SELECT *, ev / nullif(pv, 0) AS spi, ev / nullif(ac, 0) AS cpi FROM schedule),
foreseen AS (
    SELECT *, CASE eac_method WHEN 'AC+BAC-EV' THEN ac + bac - ev
            WHEN 'AC+(BAC-EV)/(CPI*SPI)' THEN ac + (bac - ev) / nullif(cpi * spi, 0)
            WHEN 'bottom-up' THEN ac + remaining_cost
            ELSE bac / nullif(cpi, 0) END AS eac
    FROM indices)
SELECT
    f.project_id, s.project, f.day_on, f.is_now, f.number AS baseline, f.basis, s.currency, f.earned_rule,
    f.bac, f.pv, f.ev, f.ac, f.ev - f.pv AS sv, f.ev - f.ac AS cv, f.spi, f.cpi,
    f.eac_method, f.eac, f.eac - f.ac AS etc, f.bac - f.eac AS vac,
    CASE WHEN f.ac < f.bac THEN (f.bac - f.ev) / (f.bac - f.ac) END AS tcpi_bac,
    CASE WHEN f.eac > f.ac THEN (f.bac - f.ev) / (f.eac - f.ac) END AS tcpi_eac,
    f.planned_weeks, f.actual_weeks, f.es AS earned_weeks, f.es - f.actual_weeks AS sv_weeks,
    f.es / nullif(f.actual_weeks, 0) AS spi_t, f.planned_weeks / nullif(f.es / nullif(f.actual_weeks, 0), 0) AS forecast_weeks,
    f.ev / nullif(f.bac, 0) AS earned_share, coalesce(f.ev / nullif(f.bac, 0) < 0.15, true) AS is_early,
    coalesce(f.basis = 'money' AND f.ac >= f.bac, false) AS budget_spent, f.unpriced_hours,
    CASE WHEN f.is_now THEN u.issues END AS unbaselined_issues,
    'work packages of the approved baseline, planned evenly over working days, earned by ' || coalesce(f.earned_rule, '?') AS rule,
    s.fresh_at, s.completeness
FROM foreseen AS f JOIN portfolio_projects AS s ON s.project_id = f.project_id
LEFT JOIN unbaselined AS u ON u.project_id = f.project_id
ORDER BY f.project_id, f.day_on
