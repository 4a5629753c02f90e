-- Counted hours that no rate of their day prices: they are in no cost.
-- Applies to planned projects.
WITH people_ AS (
    SELECT project_id, person, sum(hours) AS hours, min(first_on) AS first_on, max(last_on) AS last_on,
        string_agg(DISTINCT why, '; ' ORDER BY why) AS why
    FROM unpriced_hours GROUP BY project_id, person_id, person),
summed AS (
    SELECT project_id, sum(hours) AS hours, min(first_on) AS first_on, max(last_on) AS last_on, count(*) AS people,
        list(person || ': ' || why ORDER BY hours DESC, person)[:3] AS named
    FROM people_ GROUP BY project_id)
SELECT 'hours-unpriced' AS check_id, 'high' AS severity, 'project' AS object_kind, p.project_id AS object_id, p.project AS object,
    p.project_id, p.source, p.url, p.owner_id, u.first_on AS since_on,
    round(u.hours, 2)::DECIMAL(18, 2)::VARCHAR || ' h up to ' || u.last_on || ' are in no cost: '
        || list_aggregate(u.named, 'string_agg', ', ')
        || CASE WHEN u.people > 3 THEN ', and ' || (u.people - 3) || ' more' ELSE '' END AS detail
FROM summed AS u JOIN portfolio_projects AS p ON p.project_id = u.project_id
