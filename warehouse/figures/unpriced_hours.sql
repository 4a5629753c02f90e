-- One row per project, person and reason for which counted hours have no cost. Days without a rate are told by what the rate
-- card has before and after them, for that person, the role or everybody.
WITH unpriced AS (
    SELECT row_number() OVER () AS n, * FROM labour_costs WHERE cost IS NULL),
valid AS (SELECT * FROM rates WHERE availability = 'present'),
cards AS (
    SELECT u.n, coalesce(bool_or(r.to_on < u.work_on), false) AS has_ended,
        coalesce(bool_or(r.from_on > u.work_on), false) AS is_to_begin
    FROM unpriced AS u JOIN valid AS r ON (r.project_id IS NULL OR r.project_id = u.project_id)
        AND CASE WHEN r.person IS NOT NULL THEN r.person_id = u.person_id WHEN r.role IS NOT NULL THEN r.role = u.role ELSE true END
    WHERE u.hourly_rate IS NULL GROUP BY u.n),
told AS (
    SELECT u.*, CASE WHEN u.currency IS NULL THEN 'the project has no currency'
            WHEN u.hourly_rate IS NOT NULL
                THEN 'no exchange rate from ' || u.rate_currency || ' to ' || u.currency || ' in that month'
            WHEN c.has_ended AND c.is_to_begin THEN 'a gap between two rates' WHEN c.has_ended THEN 'the rate has ended'
            WHEN c.is_to_begin THEN 'the rate begins later' ELSE 'no rate' END AS why
    FROM unpriced AS u LEFT JOIN cards AS c ON c.n = u.n)
SELECT
    t.project_id, s.project, t.person_id, t.person, t.role, t.why, sum(t.hours) AS hours, min(t.work_on) AS first_on,
    max(t.work_on) AS last_on, 'counted hours that no rate of their day prices: in no cost' AS rule, s.fresh_at, s.completeness
FROM told AS t JOIN portfolio_projects AS s ON s.project_id = t.project_id
GROUP BY ALL ORDER BY t.project_id, t.person, t.person_id, t.why
