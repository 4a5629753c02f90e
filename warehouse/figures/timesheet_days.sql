-- One row per person, day and project. Nothing is added that is deleted, or repeats an entry of another tool.
SELECT
    a.person_id,
    coalesce(p.name, a.name, '(nobody named)') AS person,
    w.work_on,
    j.id AS project_id,
    coalesce(j.name, '(in no project)') AS project,
    w.source,
    coalesce(sum(w.seconds) FILTER (w.counted), 0) AS seconds,
    coalesce(sum(w.seconds) FILTER (w.counted), 0) / 3600.0 AS hours,
    sum(w.billable_seconds) FILTER (w.counted) / 3600.0 AS billable_hours,
    coalesce(sum(w.seconds) FILTER (NOT w.counted), 0) / 3600.0 AS mirrored_hours,
    count(*) FILTER (w.counted) AS entries,
    count(DISTINCT w.issue_id) FILTER (w.counted) AS issues,
    min(w.created_at) FILTER (w.counted) AS first_booked_at,
    coalesce(sum(w.seconds) FILTER (w.counted AND w.created_at >= date_trunc('month', w.work_on) + INTERVAL 1 MONTH
        + to_days((b.month_close_day - 1)::INTEGER)), 0) / 3600.0 AS late_hours,
    CASE max(CASE w.work_on_basis WHEN 'hub_zone' THEN 3 WHEN 'account_zone' THEN 2 ELSE 1 END)
        WHEN 3 THEN 'hub_zone' WHEN 2 THEN 'account_zone' ELSE 'tool' END AS basis,
    'counted entries, on the author''s own day' AS rule,
    any_value(b.fresh_through_at) AS fresh_at,
    any_value(b.completeness) AS completeness
FROM worklogs AS w
LEFT JOIN accounts AS a ON a.id = w.account_id
LEFT JOIN people AS p ON p.id = a.person_id
LEFT JOIN portfolio_issues AS m ON m.issue_id = w.issue_id
LEFT JOIN projects AS t ON t.id = w.project_id
LEFT JOIN project_sources AS o ON m.issue_id IS NULL AND o.source = w.source AND o.tool_project_id IS NOT DISTINCT FROM t.id
LEFT JOIN projects AS j ON j.id = coalesce(m.project_id, o.project_id)
LEFT JOIN about AS b ON b.source = w.source
WHERE w.counted OR (w.mirror_of IS NOT NULL AND w.availability <> 'deleted')
GROUP BY a.person_id, coalesce(p.name, a.name, '(nobody named)'), w.work_on, j.id, j.name, w.source
ORDER BY w.work_on, a.person_id, w.source, j.id
