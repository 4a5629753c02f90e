-- One row per fault of what the plan says about people and is not in this file: rates, without their amounts, and absences.
WITH named AS (
    SELECT r.*, lower(trim(coalesce(r.person_id, r.person, ''))) || '|' || lower(trim(coalesce(r.role, ''))) || '|'
            || coalesce(r.project_id, '') AS whose,
        coalesce(CASE WHEN r.person IS NOT NULL
            THEN coalesce(p.name, CASE WHEN contains(r.person, '@') THEN '(e-mail hidden)' ELSE r.person END) END, r.role, 'everybody else') || coalesce(' on ' || j.key, '') AS called,
        coalesce(r.from_on, DATE '0001-01-01') AS first_on, coalesce(r.to_on, DATE '9999-12-31') AS last_on
    FROM rates AS r LEFT JOIN people AS p ON p.id = r.person_id LEFT JOIN projects AS j ON j.id = r.project_id
    WHERE r.availability = 'present'),
followed AS (
    SELECT *, lead(first_on) OVER card AS next_on,
        max(last_on) OVER (
            PARTITION BY whose ORDER BY first_on, last_on, id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS covered_on
    FROM named WINDOW card AS (PARTITION BY whose ORDER BY first_on, last_on, id)),
found AS (
    SELECT 'rate gap' AS fault, id AS row_id, source, called, project_id, person_id, covered_on + 1 AS from_on, next_on - 1 AS to_on,
        'no rate is valid from ' || (covered_on + 1) || ' to ' || (next_on - 1) AS detail
    FROM followed WHERE covered_on < DATE '9999-01-01' AND next_on > covered_on + 1
    UNION ALL
    SELECT 'rate overlap', id, source, called, project_id, person_id, next_on, least(covered_on, last_on),
        'two rates are valid from ' || next_on || CASE WHEN covered_on < DATE '9999-01-01' THEN ' to ' || covered_on ELSE '' END
    FROM followed WHERE next_on <= covered_on
    UNION ALL
    SELECT 'rate of nobody', id, source, called, project_id, NULL, from_on, to_on, 'no account, or several, of that name: it prices nothing'
    FROM named WHERE person IS NOT NULL AND person_id IS NULL
    UNION ALL
    SELECT 'absence of nobody', a.id, a.source,
        CASE WHEN contains(a.person, '@') THEN '(e-mail hidden)' ELSE a.person END, NULL, NULL, NULL, NULL,
        'no account, or several, of that name: it excuses nobody'
    FROM absences AS a WHERE a.availability = 'present' AND a.person_id IS NULL)
SELECT
    f.fault, f.row_id, f.source, f.called, f.project_id, f.person_id, f.from_on,
    CASE WHEN f.to_on < DATE '9999-01-01' THEN f.to_on END AS to_on,
    f.detail, 'what the plan says of people, without the amounts' AS rule, b.fresh_through_at AS fresh_at, b.completeness
FROM found AS f LEFT JOIN about AS b ON b.source = f.source
ORDER BY f.fault, f.source, f.called, f.from_on
