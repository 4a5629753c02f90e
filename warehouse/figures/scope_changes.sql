-- One row per issue, project and day on which its work came into the scope, left it or was sized anew after the baseline in
-- force: what stood at the end of the day against the end of the day before. Cancelled and deleted work has left.
WITH RECURSIVE
-- a project of a tool that a line of the scopes takes whole: an issue moved away from it has left that project
homes AS (SELECT tool_project_id, project_id, position FROM project_sources WHERE tool_project_id IS NOT NULL),
placed AS (
    SELECT m.issue_id, m.project_id, m.position IS NOT DISTINCT FROM h.position AS is_by_home
    FROM portfolio_issues AS m JOIN issues AS i ON i.id = m.issue_id LEFT JOIN homes AS h ON h.tool_project_id = i.project_id),
-- what was made, changed or lost after the baseline, and what moved away from its project; what is only hidden from the hub
-- has not left
touched AS (
    SELECT p.issue_id FROM placed AS p JOIN scope_baselines AS b ON b.project_id = p.project_id JOIN issues AS i ON i.id = p.issue_id
    WHERE i.created_at >= b.approved_on + 1 OR i.availability <> 'present'
    UNION
    SELECT p.issue_id FROM issue_changes AS c JOIN placed AS p ON p.issue_id = c.issue_id
    JOIN scope_baselines AS b ON b.project_id = p.project_id
    WHERE c.field IN ('status', 'project', 'story_points', 'timeoriginalestimate', 'original_estimate_seconds', 'estimated_hours') AND c.availability = 'present'
        AND c.changed_at >= b.approved_on + 1
    UNION
    SELECT c.issue_id FROM issue_changes AS c JOIN homes AS h ON h.tool_project_id = c.from_value
    WHERE c.field = 'project' AND c.availability = 'present' AND h.project_id IN (SELECT project_id FROM scope_baselines)),
seen AS (
    SELECT i.id, i.created_at, i.reporter_id, i.availability, i.last_seen_at, i.status = 'cancelled' AS is_cancelled,
        coalesce(i.story_points, 0) AS points, coalesce(i.original_estimate_seconds, 0) / 3600.0 AS hours,
        p.project_id, p.is_by_home
    FROM touched AS t JOIN issues AS i ON i.id = t.issue_id JOIN placed AS p ON p.issue_id = i.id
    WHERE i.availability IN ('present', 'deleted', 'archived', 'missing')),
parents AS (
    SELECT id AS issue_id, parent_id FROM issues WHERE parent_id IS NOT NULL
    UNION
    SELECT issue_id, parent_id FROM issue_parents WHERE availability = 'present'),
-- work counts on the lowest level that is sized, as in project_progress
above AS (
    SELECT p.parent_id AS id, b.basis
    FROM issues AS i JOIN placed AS m ON m.issue_id = i.id JOIN scope_baselines AS b ON b.project_id = m.project_id
    JOIN parents AS p ON p.issue_id = i.id
    WHERE i.status <> 'cancelled' AND i.availability = 'present' AND CASE b.basis WHEN 'points' THEN i.story_points IS NOT NULL
        WHEN 'hours' THEN i.original_estimate_seconds IS NOT NULL ELSE true END
    UNION
    SELECT p.parent_id, a.basis FROM above AS a JOIN parents AS p ON p.issue_id = a.id WHERE a.basis <> 'count'),
told AS (
    SELECT c.issue_id, c.changed_at, try_cast(split_part(c.native_id, ':', 1) AS BIGINT) AS history, c.native_id,
        CASE WHEN c.field IN ('timeoriginalestimate', 'original_estimate_seconds', 'estimated_hours') THEN 'hours' ELSE c.field END AS field,
        c.evidence, c.account_id, c.from_value, c.to_value,
        coalesce(try_cast(c.from_native AS DOUBLE), 0) / CASE WHEN c.field IN ('story_points', 'estimated_hours') THEN 1 ELSE 3600.0 END AS old_size,
        coalesce(try_cast(c.to_native AS DOUBLE), 0) / CASE WHEN c.field IN ('story_points', 'estimated_hours') THEN 1 ELSE 3600.0 END AS new_size
    FROM issue_changes AS c SEMI JOIN seen AS s ON s.id = c.issue_id
    WHERE c.availability = 'present' AND (c.field = 'status' OR c.field = 'project'
        OR (c.field IN ('story_points', 'timeoriginalestimate', 'original_estimate_seconds', 'estimated_hours')
            AND (c.from_native IS NULL OR try_cast(c.from_native AS DOUBLE) IS NOT NULL)
            AND (c.to_native IS NULL OR try_cast(c.to_native AS DOUBLE) IS NOT NULL)))),
began AS (
    SELECT issue_id,
        min_by(from_value = 'cancelled', (changed_at, history, native_id)) FILTER (field = 'status') AS is_cancelled,
        min_by(old_size, (changed_at, history, native_id)) FILTER (field = 'story_points') AS points,
        min_by(old_size, (changed_at, history, native_id)) FILTER (field = 'hours') AS hours,
        min_by(coalesce(from_value, ''), (changed_at, history, native_id)) FILTER (field = 'project') AS home,
        max(changed_at) AS last_at
    FROM told GROUP BY issue_id),
steps AS (
    SELECT s.id, coalesce(s.created_at, TIMESTAMP '0001-01-01') AS happened_at, NULL::BIGINT AS history, '' AS native_id,
        'reported' AS evidence, s.reporter_id AS account_id, coalesce(b.is_cancelled, s.is_cancelled) AS is_cancelled, coalesce(b.points, s.points) AS points,
        coalesce(b.hours, s.hours) AS hours,
        CASE WHEN s.is_by_home AND b.home IS NOT NULL THEN coalesce(h.project_id, '') ELSE coalesce(s.project_id, '') END AS place,
        false AS is_gone
    FROM seen AS s LEFT JOIN began AS b ON b.issue_id = s.id LEFT JOIN homes AS h ON h.tool_project_id = b.home
    UNION ALL
    SELECT t.issue_id, greatest(t.changed_at, coalesce(s.created_at, t.changed_at)), coalesce(t.history, 0), t.native_id, t.evidence,
        t.account_id,
        CASE WHEN t.field = 'status' THEN coalesce(t.to_value = 'cancelled', false) END,
        CASE WHEN t.field = 'story_points' THEN t.new_size END,
        CASE WHEN t.field = 'hours' THEN t.new_size END,
        CASE WHEN t.field = 'project' AND s.is_by_home THEN coalesce(h.project_id, '') END, NULL
    FROM told AS t JOIN seen AS s ON s.id = t.issue_id
    LEFT JOIN homes AS h ON h.tool_project_id = t.to_value AND t.field = 'project'
    UNION ALL
    SELECT s.id, greatest(s.last_seen_at, s.created_at, b.last_at), NULL, '~', 'at least', NULL, NULL, NULL, NULL, NULL, true
    FROM seen AS s LEFT JOIN began AS b ON b.issue_id = s.id WHERE s.availability <> 'present'),
states AS (
    SELECT id, happened_at, happened_at::DATE AS day_on, evidence, account_id,
        last_value(is_cancelled IGNORE NULLS) OVER told_in_order AS is_cancelled, last_value(points IGNORE NULLS) OVER told_in_order AS points,
        last_value(hours IGNORE NULLS) OVER told_in_order AS hours, last_value(place IGNORE NULLS) OVER told_in_order AS place,
        last_value(is_gone IGNORE NULLS) OVER told_in_order AS is_gone, row_number() OVER told_in_order AS n
    FROM steps
    WINDOW told_in_order AS (PARTITION BY id ORDER BY native_id = '~', native_id <> '', happened_at, history, native_id)),
evenings AS (
    SELECT id, day_on, max_by(evidence, n) AS evidence, max_by(account_id, n) AS account_id, max_by(is_cancelled, n) AS is_cancelled,
        max_by(points, n) AS points, max_by(hours, n) AS hours, max_by(place, n) AS place, max_by(is_gone, n) AS is_gone
    FROM states GROUP BY id, day_on),
turns AS (
    SELECT *, lag(is_cancelled) OVER days AS was_cancelled, lag(points) OVER days AS old_points, lag(hours) OVER days AS old_hours,
        lag(place) OVER days AS old_place
    FROM evenings WINDOW days AS (PARTITION BY id ORDER BY day_on)),
sided AS (
    SELECT t.*, t.place AS project_id FROM turns AS t
    UNION ALL
    SELECT t.*, t.old_place FROM turns AS t WHERE t.old_place <> t.place),
counted AS (
    SELECT s.*, b.project, b.baseline, b.basis,
        coalesce(s.old_place = s.project_id AND NOT s.was_cancelled, false) AS was_in,
        s.place = s.project_id AND NOT s.is_cancelled AND NOT s.is_gone AS is_in,
        CASE b.basis WHEN 'points' THEN coalesce(s.old_points, 0) WHEN 'hours' THEN coalesce(s.old_hours, 0) ELSE 1 END AS old_size,
        CASE b.basis WHEN 'points' THEN s.points WHEN 'hours' THEN s.hours ELSE 1 END AS size
    FROM sided AS s JOIN scope_baselines AS b ON b.project_id = s.project_id AND s.day_on > b.approved_on
    WHERE NOT EXISTS (FROM above AS a WHERE a.id = s.id AND a.basis = b.basis))
SELECT
    c.project_id, c.project, c.baseline, c.day_on AS changed_on,
    CASE WHEN NOT c.was_in THEN 'added' WHEN NOT c.is_in THEN 'removed' ELSE 're-estimated' END AS kind,
    CASE WHEN NOT c.was_in THEN CASE WHEN c.old_place IS NULL THEN 'made' WHEN c.old_place <> c.project_id THEN 'moved in'
            ELSE 'taken up again' END
        WHEN c.is_gone THEN 'gone: ' || i.availability WHEN c.place <> c.project_id THEN 'moved out'
        WHEN c.is_cancelled THEN 'cancelled'
        WHEN c.old_size = 0 THEN 'sized' ELSE 'sized anew' END AS how,
    i.id AS issue_id, i.key, i.title, i.url, i.source, c.account_id,
    CASE WHEN NOT c.was_in THEN c.size WHEN NOT c.is_in THEN -c.old_size ELSE c.size - c.old_size END AS change, c.basis,
    c.evidence, 'what stood at the end of a day after that of the baseline, against the day before' AS rule,
    o.fresh_through_at AS fresh_at, o.completeness
FROM counted AS c JOIN issues AS i ON i.id = c.id LEFT JOIN about AS o ON o.source = i.source
WHERE c.was_in <> c.is_in OR (c.was_in AND c.is_in AND c.size <> c.old_size)
ORDER BY c.project_id, changed_on, i.source, i.id
