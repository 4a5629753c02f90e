"""What the hub knows of the tools' words and workflows, for pushing: from what landed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping

import pyarrow as pa

from model.change import KnownWord, Step
from warehouse.hub import Hub

__all__ = ["sample_issues", "seen_steps", "words_of"]

Workflow = tuple[str | None, str | None]
"""Project and type: issues that share both follow one workflow."""


def words_of(hub: Hub, source: str, field: str) -> list[KnownWord]:
    """The words of a source for a field, with what they mean, in the tool's order."""
    rows = hub.rows(
        """SELECT w.word_id, w.name, m.value FROM landed.words AS w
        LEFT JOIN ledger.word_map AS m ON m.source = w.source AND m.kind = w.kind AND m.word_id = w.word_id
        WHERE w.source = ? AND w.kind = ? AND w.availability = 'present' ORDER BY w.position, w.name, w.word_id""",
        [source, field],
    )
    return [KnownWord(id_, name, ours, used=True) for id_, name, ours in rows]


def seen_steps(hub: Hub, source: str, workflows: Collection[Workflow]) -> Mapping[Workflow, list[Step]]:
    """By workflow and place: the steps a tool last offered to an issue there; where it was never asked, the changes of
    status that the history shows. What is not known of a type is taken from the others of the project."""
    projects = sorted({project for project, _ in workflows if project is not None})
    offered = _steps(
        hub,
        """SELECT project_id, type_id, start_id, end_id, end_name FROM ledger.offered_steps
        WHERE source = ? AND list_contains(?, project_id) ORDER BY ALL""",
        [source, projects],
    )
    gone = _steps(
        hub,
        """SELECT i.project_id, i.native_type_id, c.from_native_id, c.to_native_id, max(c.to_native)
        FROM landed.issue_changes AS c
        JOIN landed.issues AS i ON i.source = c.source AND i.native_id = c.issue_id
        WHERE c.source = ? AND c.field = 'status' AND list_contains(?, i.project_id)
            AND c.evidence = 'reported' -- between two readings there may have been several steps
            AND c.from_native_id <> c.to_native_id GROUP BY ALL ORDER BY ALL""",
        [source, projects],
    )
    found: dict[Workflow, list[Step]] = {}
    for workflow in workflows:
        nearest: dict[str, list[Step]] = {}
        for known in (gone, offered):
            of_project = [(start, steps) for ((project, _), start), steps in known.items() if project == workflow[0]]
            own = {start: steps for (of, start), steps in known.items() if of == workflow}
            for start in {start for start, _ in of_project}:
                nearest[start] = own.get(start) or [step for s, steps in of_project if s == start for step in steps]
        found[workflow] = [step for start in sorted(nearest) for step in nearest[start]]
    return found


def _steps(hub: Hub, sql: str, parameters: list[object]) -> dict[tuple[Workflow, str], list[Step]]:
    found: dict[tuple[Workflow, str], list[Step]] = defaultdict(list)
    for project, type_, start, end, name in hub.rows(sql, parameters):
        found[(project, type_), start].append(Step(start, end, end_name=name, offered=False))
    return found


def sample_issues(
    hub: Hub, source: str, places: Collection[tuple[Workflow, str]], *, but: Collection[str] = ()
) -> dict[tuple[Workflow, str], str]:
    """For each place (workflow and status) an issue that is there, if there is one, the one that changed last; else one
    of another type in the same project. None of `but`, native ids."""
    if not places:
        return {}
    rows = sorted((project or "", type_ or "", status) for (project, type_), status in places)
    columns = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
    with hub.lock:
        hub.con.register("places", pa.table(columns, names=["project_id", "type_id", "status_id"]))
        try:
            found = hub.rows(
                """SELECT p.project_id, p.type_id, p.status_id,
                    max_by(i.native_id, (coalesce(i.native_type_id, '') = p.type_id, i.updated_at, i.native_id))
                FROM places AS p JOIN landed.issues AS i ON i.source = ? AND i.availability = 'present'
                    AND coalesce(i.project_id, '') = p.project_id AND i.native_status_id = p.status_id
                    AND NOT list_contains(?, i.native_id)
                GROUP BY ALL""",
                [source, list(but)],
            )
        finally:
            hub.con.unregister("places")
    return {((project or None, type_ or None), status): id_ for project, type_, status, id_ in found}
