-- A baseline that was approved after its own finish: nothing can be late against it.
-- Applies to planned projects.
SELECT 'baseline-after-finish' AS check_id, 'high' AS severity, 'baseline' AS object_kind, b.id AS object_id,
    p.project || ', baseline ' || b.number AS object, p.project_id, p.source, p.url, p.owner_id, b.approved_on AS since_on,
    'approved on ' || b.approved_on || ', and ends on ' || coalesce(b.finish_on, w.finish_on) AS detail
FROM baselines AS b JOIN portfolio_projects AS p ON p.project_id = b.project_id
LEFT JOIN (SELECT project_id, baseline, max(finish_on) AS finish_on FROM work_packages WHERE availability = 'present' GROUP BY ALL) AS w
    ON w.project_id = b.project_id AND w.baseline = b.number
WHERE b.availability = 'present' AND b.approved_by IS NOT NULL AND b.approved_on > coalesce(b.finish_on, w.finish_on)
