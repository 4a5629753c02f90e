"""The normalized tables as views over the landed ones: our words, our ids, and the fate of parents.

Nothing of a mapping is stored in a row: a changed rule, zone or person is in force with the next publishing, without a
request and without rewriting history. Two schemas of views: `absent.<table>` lists the rows that are not present with
the reason, their parents' fate included (few rows: cheap to join); `normal.<table>` is what is published.
"""

from __future__ import annotations

from model.columns import columns_of
from model.planning import Absence, Rate, TeamMember
from model.records import Account, AccountMention, Comment, Issue, SprintIssue, Synced, Word
from model.tables import HUB_ONLY, SYNCED
from model.vocabulary import Availability
from warehouse.schema import quoted

__all__ = ["issues_between", "normal_tables", "views"]

_SEVERITIES = ", ".join(f"'{a.value}'" for a in Availability)

_HISTORY = """
history AS (
    SELECT c.source, c.issue_id,
        min(c.changed_at) FILTER (now.value = 'in_progress') AS first_in_progress_at,
        arg_min(was.value, (c.changed_at, try_cast(split_part(c.native_id, ':', 1) AS BIGINT), c.native_id)) AS initial,
        max(c.changed_at) FILTER (now.value IN ('done', 'cancelled')
            AND coalesce(was.value, '') NOT IN ('done', 'cancelled')) AS last_finished_at
    FROM landed.issue_changes AS c SEMI JOIN here ON here.source = c.source AND here.native_id = c.issue_id
    LEFT JOIN ledger.word_map AS was ON was.source = c.source AND was.kind = 'status'
        AND was.word_id = coalesce(c.from_native_id, c.from_native)
    LEFT JOIN ledger.word_map AS now ON now.source = c.source AND now.kind = 'status'
        AND now.word_id = coalesce(c.to_native_id, c.to_native)
    WHERE c.field = 'status' AND c.availability = 'present'
    GROUP BY ALL),
acts AS (
    SELECT source, issue_id, account_id, changed_at AS acted_at FROM landed.issue_changes
    WHERE field IN ('status', 'assignee') AND availability = 'present'
    UNION ALL
    SELECT source, issue_id, account_id, created_at FROM landed.comments WHERE availability = 'present'),
responses AS (
    SELECT a.source, a.issue_id, min(a.acted_at) AS first_response_at
    FROM acts AS a JOIN here ON here.source = a.source AND here.native_id = a.issue_id
    WHERE a.account_id IS DISTINCT FROM here.reporter_id AND a.account_id IS NOT NULL
    GROUP BY ALL)
"""


def _with_history(issues: str) -> str:
    """What history says of these issues: a table or subquery with the columns of the landed ones."""
    return f"WITH here AS (SELECT source, native_id, reporter_id FROM {issues}), {_HISTORY}"


_WITH = {"issues": _with_history("landed.issues")}


def _word(alias: str, kind: str, id_: str) -> str:
    return (
        f"LEFT JOIN ledger.word_map AS {alias} ON {alias}.source = t.source AND {alias}.kind = '{kind}' "
        f"AND {alias}.word_id = {id_}"
    )


def _value_joins(side: str) -> str:
    """What a changed value means, by the field it is a value of."""
    id_ = f"coalesce(t.{side}_native_id, t.{side}_native)"
    return (
        f"LEFT JOIN ledger.word_map AS w_{side} ON w_{side}.source = t.source AND w_{side}.kind = t.field "
        f"AND w_{side}.word_id = {id_} "
        f"LEFT JOIN named AS n_{side} ON n_{side}.source = t.source AND n_{side}.field = t.field "
        f"AND n_{side}.native_id = t.{side}_native_id"
    )


def _value(side: str) -> str:
    return (
        f"CASE WHEN t.field IN ('status', 'priority', 'type') THEN w_{side}.value "
        f"WHEN t.field IN ('assignee', 'milestone', 'project', 'parent') THEN t.source || ':' || t.{side}_native_id END"
    )


_WITH["issue_changes"] = """
WITH named AS (
    SELECT source, 'assignee' AS field, native_id, name FROM landed.accounts
    UNION ALL SELECT source, 'assignee', native_id, name FROM landed.account_mentions AS m
        WHERE NOT EXISTS (FROM landed.accounts AS a WHERE a.source = m.source AND a.native_id = m.native_id)
    UNION ALL SELECT source, 'milestone', native_id, name FROM landed.milestones
    UNION ALL SELECT source, 'project', native_id, key FROM landed.projects)
"""

_OF_PEOPLE = (Rate.table, TeamMember.table, Absence.table)
"""Tables in which the PMO names people as it calls them."""

_WITH |= dict.fromkeys(_OF_PEOPLE, """
WITH words AS (
    SELECT unnest([a.name, a.email]) AS word, m.person_id
    FROM landed.accounts AS a JOIN ledger.person_map AS m ON m.account_id = a.source || ':' || a.native_id),
called AS (
    SELECT lower(trim(word)) AS word, min(person_id) AS person_id FROM words WHERE word IS NOT NULL
    GROUP BY lower(trim(word)) HAVING count(DISTINCT person_id) = 1)
""")  # fmt: skip

_JOINS = {
    "issues": " ".join(
        [
            _word("w_type", "type", "coalesce(t.native_type_id, t.native_type)"),
            _word("w_status", "status", "coalesce(t.native_status_id, t.native_status)"),
            _word("w_priority", "priority", "coalesce(t.native_priority_id, t.native_priority)"),
            "LEFT JOIN history AS h ON h.source = t.source AND h.issue_id = t.native_id",
            "LEFT JOIN responses AS r ON r.source = t.source AND r.issue_id = t.native_id",
        ]
    ),
    "worklogs": "LEFT JOIN landed.issues AS i ON i.source = t.source AND i.native_id = t.issue_id",
    "issue_changes": f"{_value_joins('from')} {_value_joins('to')}",
    "words": "LEFT JOIN ledger.word_map AS w ON w.source = t.source AND w.kind = t.kind AND w.word_id = t.word_id",
    "accounts": "LEFT JOIN ledger.person_map AS p ON p.account_id = t.source || ':' || t.native_id",
    **dict.fromkeys(_OF_PEOPLE, "LEFT JOIN called ON called.word = lower(trim(t.person))"),
}

_FINISHED = "w_status.value IN ('done', 'cancelled')"

_EXPRESSIONS: dict[str, dict[str, str]] = {
    "projects": {"state": "CASE WHEN a.availability = 'archived' THEN 'archived' ELSE t.native_state END"},
    "issues": {
        "type": "coalesce(w_type.value, 'other')",
        "native_type": "coalesce(w_type.name, t.native_type)",
        "status": "coalesce(w_status.value, 'todo')",
        "native_status": "coalesce(w_status.name, t.native_status)",
        "priority": "try_cast(w_priority.value AS BIGINT)",
        "native_priority": "coalesce(w_priority.name, t.native_priority)",
        "started_at": "coalesce(CASE WHEN coalesce(h.initial, w_status.value) = 'in_progress' THEN t.created_at END, "
        "h.first_in_progress_at)",
        "resolved_at": f"CASE WHEN {_FINISHED} THEN coalesce(t.native_resolved_at, h.last_finished_at) END",
        "first_response_at": "r.first_response_at",
    },
    "worklogs": {
        "project_id": "t.source || ':' || coalesce(i.project_id, t.project_id)",
        "counted": "t.mirror_of IS NULL AND coalesce(a.availability, 'present') <> 'deleted'",
    },
    "issue_changes": {
        "from_native": "coalesce(t.from_native, w_from.name, n_from.name, t.from_native_id)",
        "to_native": "coalesce(t.to_native, w_to.name, n_to.name, t.to_native_id)",
        "from_value": _value("from"),
        "to_value": _value("to"),
    },
    "words": {"value": "w.value", "basis": "w.basis"},
    "accounts": {"person_id": "p.person_id"},
    **{table: {"person_id": "called.person_id"} for table in _OF_PEOPLE},
}


_MEMBERSHIP = """
WITH named AS (
    SELECT source, issue_id, native_id, changed_at, first_seen_at, changed_run_id, raw_seq,
        try_cast(split_part(native_id, ':', 1) AS BIGINT) AS history,
        regexp_extract_all(coalesce(from_native_id, ''), '[^, ]+') AS old,
        regexp_extract_all(coalesce(to_native_id, ''), '[^, ]+') AS new
    FROM landed.issue_changes WHERE field = 'sprint' AND availability = 'present'),
moves AS (
    SELECT * EXCLUDE (old, new), true AS into_it,
        unnest(list_filter(list_distinct(new), x -> NOT list_contains(old, x))) AS sprint_id
    FROM named
    UNION ALL
    SELECT * EXCLUDE (old, new), false, unnest(list_filter(list_distinct(old), x -> NOT list_contains(new, x)))
    FROM named),
-- in where it was in already, or out where it was out: told twice, or what lay between is not known
turned AS (
    SELECT * FROM moves
    WINDOW turn AS (PARTITION BY source, issue_id, sprint_id ORDER BY changed_at, history, native_id)
    QUALIFY lag(into_it) OVER turn IS DISTINCT FROM into_it),
placed AS (
    SELECT *, row_number() OVER turn AS place, lead(into_it) OVER turn AS next_into_it,
        lead(changed_at) OVER turn AS next_at
    FROM turned WINDOW turn AS (PARTITION BY source, issue_id, sprint_id ORDER BY changed_at, history, native_id)),
spells AS (
    SELECT source, issue_id, sprint_id, CASE WHEN into_it THEN changed_at END AS added_at,
        CASE WHEN NOT into_it THEN changed_at WHEN NOT next_into_it THEN next_at END AS removed_at,
        first_seen_at, changed_run_id, raw_seq
    -- a first move that leads out of the sprint: the issue was made in it
    FROM placed WHERE into_it OR place = 1),
numbered AS (
    SELECT *, row_number() OVER (
            PARTITION BY source, issue_id, sprint_id ORDER BY removed_at NULLS LAST, added_at) AS nth
    FROM spells),
members AS (
    SELECT source, sprint_id || ':' || issue_id || CASE WHEN nth > 1 THEN ':' || nth ELSE '' END AS native_id,
        sprint_id, issue_id, added_at, removed_at, 'present' AS availability, NULL::VARCHAR AS availability_evidence,
        first_seen_at, NULL::TIMESTAMP AS gone_at, changed_run_id, raw_seq
    FROM numbered
    UNION ALL
    SELECT source, native_id, sprint_id, issue_id, added_at, removed_at, availability, availability_evidence,
        first_seen_at, gone_at, changed_run_id, raw_seq
    FROM landed.sprint_issues AS t
    WHERE NOT EXISTS (FROM moves AS m
        WHERE m.source = t.source AND m.issue_id = t.issue_id AND m.sprint_id = t.sprint_id))
SELECT m.* REPLACE (coalesce(m.added_at, i.created_at) AS added_at)
FROM members AS m LEFT JOIN landed.issues AS i ON i.source = m.source AND i.native_id = m.issue_id
"""

_DERIVED = {SprintIssue.table: _MEMBERSHIP}
"""Tables whose rows are drawn from history where there is some: when an issue came into a sprint and left it is not in
the issue. An issue may be in one sprint several times; one that was never moved is in it since it was made."""


def _rows(record: type[Synced]) -> str:
    """Where the rows of a table are: as they landed, or derived from that."""
    return f"{'derived' if record.table in _DERIVED else 'landed'}.{record.table}"


_RAW = frozenset({AccountMention.table, Comment.table})
"""Tables that only others are drawn from."""


def normal_tables() -> list[type[Synced]]:
    """The synced tables that are published, parents first."""
    return [record for record in SYNCED if record.table not in HUB_ONLY]


def views() -> str:
    """All statements that make the views, for an empty hub file with its landed tables."""
    made = ["CREATE SCHEMA derived; CREATE SCHEMA absent; CREATE SCHEMA normal;"]
    made += [f"CREATE VIEW derived.{table} AS {rows};" for table, rows in _DERIVED.items()]
    made += [f"CREATE VIEW absent.{record.table} AS {_absent(record)};" for record in SYNCED]
    made += [
        f"CREATE VIEW normal.{record.table} AS {_normal(record)};" for record in SYNCED if record.table not in _RAW
    ]
    return "\n".join(made)


def issues_between(low: int, high: int) -> str:
    """The SELECT of normal.issues for the landed rows from `low` to below `high`, by rowid.

    Issues are wide and joined with all that is derived of them: whole, they need memory that grows with their number.
    """
    rows = f"(SELECT * FROM landed.issues WHERE rowid >= {low:d} AND rowid < {high:d})"
    return f"{_with_history(rows)} {_select(Issue, rows)}"


def _absent(record: type[Synced]) -> str:
    own = (
        "SELECT t.source, t.native_id, t.availability, t.availability_evidence AS evidence, t.gone_at "
        f"FROM {_rows(record)} AS t WHERE t.availability <> 'present'"
    )
    if record.table == "projects":
        # "workspace:…" stands for projects that it does not name: what is in it, the tool's own list tells
        out_of_scope = """
            UNION ALL SELECT t.source, t.native_id, 'out_of_scope', 'not among the projects in the configuration', NULL
            FROM landed.projects AS t JOIN ledger.sources AS s ON s.source = t.source
            WHERE s.projects IS NOT NULL AND NOT EXISTS (
              FROM unnest(s.projects) AS p(name)
              WHERE lower(p.name) IN (lower(t.key), t.native_id) OR contains(p.name, ':'))"""
        return _worst(own + out_of_scope)
    followed = []
    for column in record.owners:
        parent = _ref(record, column)
        when = ""
        if record.table == "worklogs" and column == "project_id":
            # hours follow their issue, which may have moved since; the project only where there is no issue
            when = (
                " WHERE t.issue_id IS NULL OR NOT EXISTS "
                "(FROM landed.issues AS i WHERE i.source = t.source AND i.native_id = t.issue_id)"
            )
        fate = "p.availability"
        if record.table == "worklogs" and column == "issue_id":
            # a tool may keep the hours of an issue that it deletes: they are deleted once they were read after that
            fate = (
                "CASE WHEN p.availability = 'deleted' AND (EXISTS (FROM ledger.cursors AS c WHERE c.source = t.source "
                "AND c.table_name = 'worklogs' AND c.through_at < p.gone_at) OR EXISTS (FROM ledger.windows AS w "
                "WHERE w.source = t.source AND w.table_name = 'worklogs' AND w.until_at < p.gone_at)) "
                "THEN 'missing' ELSE p.availability END"
            )
        followed.append(
            f"""UNION ALL SELECT t.source, t.native_id, {fate} AS availability,
                'follows {parent.removesuffix("s")} ' || p.native_id || coalesce(': ' || p.evidence, ''), p.gone_at
            FROM {_rows(record)} AS t
            JOIN absent.{parent} AS p ON p.source = t.source AND p.native_id = t.{column}{when}"""
        )
    return _worst(" ".join([own, *followed])) if followed else own


def _worst(rows: str) -> str:
    return (
        f"SELECT * FROM ({rows}) QUALIFY row_number() OVER (PARTITION BY source, native_id "
        f"ORDER BY list_position([{_SEVERITIES}], availability) DESC, evidence NULLS LAST) = 1"
    )


def _ref(record: type[Synced], column: str) -> str:
    (found,) = [c.ref for c in columns_of(record) if c.name == column]
    assert found is not None
    return found


def _normal(record: type[Synced]) -> str:
    table = record.table
    select = _select(record, _rows(record))
    if record is Account:
        select += f" UNION ALL {_mentions()}"
    if record is Word:
        select += f" UNION ALL {_unlisted_words()}"
    return f"{_WITH.get(table, '')} {select}"


def _select(record: type[Synced], source: str, **other: str) -> str:
    """The SELECT over the landed table, or over `source`, which has its columns; `other` expressions go first."""
    table = record.table
    expressions = {**_bookkeeping(), **_EXPRESSIONS.get(table, {}), **other}
    parts = []
    for column in columns_of(record):
        if column.private:
            continue
        expression = expressions.get(column.name)
        if expression is None:
            expression = f"t.{quoted(column.name)}"
            if column.ref:
                expression = f"t.source || ':' || {expression}"
        parts.append(f"{expression} AS {quoted(column.name)}")
    return f"""SELECT {", ".join(parts)} FROM {source} AS t
        LEFT JOIN absent.{table} AS a ON a.source = t.source AND a.native_id = t.native_id
        LEFT JOIN (SELECT source, max(coalesce(census_at, through_at)) FILTER (table_name = '{table}') AS own_at,
            max(coalesce(census_at, through_at)) FILTER (table_name = 'issues') AS issues_at
            FROM ledger.cursors GROUP BY source) AS seen ON seen.source = t.source
        {_JOINS.get(table, "")}"""


def _bookkeeping() -> dict[str, str]:
    return {
        "id": "t.source || ':' || t.native_id",
        "availability": "coalesce(a.availability, 'present')",
        "availability_evidence": "a.evidence",
        "first_seen_at": "t.first_seen_at",
        "last_seen_at": "coalesce(a.gone_at, seen.own_at, seen.issues_at, t.first_seen_at)",
        "changed_run_id": "t.changed_run_id",
    }


def _mentions() -> str:
    """Accounts that are only known by name, where the account itself was never read."""
    mentioned = f"""(SELECT m.*, NULL::BOOLEAN AS active, NULL::VARCHAR AS time_zone
        FROM landed.{AccountMention.table} AS m
        WHERE NOT EXISTS (FROM landed.accounts AS k WHERE k.source = m.source AND k.native_id = m.native_id))"""
    return _select(Account, mentioned)


def _unlisted_words() -> str:
    """Words that issues or their history use, and that no list of the tool has: to be mapped like the others."""
    unlisted = """(SELECT source, kind || ':' || word_id AS native_id, kind, word_id, name, NULL::VARCHAR AS category,
        NULL::BIGINT AS "position", NULL::BIGINT AS "level", unlisted_since_at AS first_seen_at,
        unlisted_run_id AS changed_run_id
        FROM ledger.word_map WHERE unlisted_since_at IS NOT NULL)"""
    return _select(
        Word,
        unlisted,
        availability="'missing'",
        availability_evidence="'in use, but in no list of the tool'",
        last_seen_at="t.first_seen_at",
    )
