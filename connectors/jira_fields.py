"""Jira's custom fields: which of them mean something here, by what they are and not by their number.

The same field has another id on each site. Story points are two fields, one for each style of project; sprints and
epic links are told by their type. What else has a value lands in `custom`, by name. Pure: from the field list, or from
what an answer says of its fields. Facts: GET /rest/api/3/field, read 2026-11-25; types as public clients know them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

import msgspec
from msgspec import Raw, Struct

from connectors.jira_adf import plain_text
from connectors.jira_records import Asked, Field, Fields, Issue, Schema, SprintRef
from connectors.misfit import UNREADABLE
from model.config import nearest
from model.errors import BadRecord, ConfigError

__all__ = ["Customs", "asked_fields", "customs_of"]

SPRINT = "com.pyxis.greenhopper.jira:gh-sprint"
EPIC_LINK = "com.pyxis.greenhopper.jira:gh-epic-link"
ESTIMATE = "com.pyxis.greenhopper.jira:jsw-story-points"
TEXT_AREA = "com.atlassian.jira.plugin.system.customfieldtypes:textarea"
POINTS_NAMES = ("story points", "story point estimate")
START_NAMES = ("start date",)

_KEPT = frozenset(
    {"string", "number", "date", "datetime", "option", "option-with-child", "user", "group", "version", "project"}
    | {"team", "array"}
)
_KEPT_IN_LISTS = frozenset({"string", "option", "user", "group", "version", "project", "component"})
_NO_DATA = (
    "com.pyxis.greenhopper.jira:gh-lexo-rank",
    "com.atlassian.jira.plugins.jira-development-integration-plugin:",
    "com.atlassian.jira.ext.charting:",
    "com.atlassian.servicedesk:",
    TEXT_AREA,
)
"""Places in a list, caches and clocks of plugins, and long text: no figures of a portfolio."""

_FIELDS = msgspec.json.Decoder(list[Field])


@dataclass(frozen=True)
class Customs:
    """Ids of custom fields by what they mean, and how issues that have them are read."""

    points: tuple[str, ...] = ()
    sprints: tuple[str, ...] = ()
    epics: tuple[str, ...] = ()
    starts: tuple[str, ...] = ()
    others: tuple[tuple[str, str], ...] = ()  # id, name
    issue: Any = Issue  # the type
    roles: Mapping[str, str] = field(default_factory=dict)  # id → our name for it in the history

    def first(self, ids: tuple[str, ...], fields: Fields) -> Any:
        """The first of these fields that has a value."""
        for id_ in ids:
            found = getattr(fields, id_)
            if found is not None:
                return found
        return None

    def custom(self, issues: Iterable[Issue]) -> list[str | None]:
        """Further fields that have a value, by name: a JSON object for each issue, None where there are none."""
        if not self.others:
            return [None for _ in issues]
        ids = [id_ for id_, _ in self.others]
        values = attrgetter(*ids) if len(ids) > 1 else lambda fields: (getattr(fields, ids[0]),)
        return [self._json(values(issue.fields)) for issue in issues]

    def _json(self, values: tuple[Any, ...]) -> str | None:
        named: dict[str, Any] = {}
        for (id_, name), value in zip(self.others, values, strict=True):
            if value is None:
                continue
            value = _simple(value)
            if value is not None and value != "" and value != []:
                named[name if name not in named else f"{name} ({id_})"] = value
        return msgspec.json.encode(named).decode() if named else None


def asked_fields(body: bytes | memoryview, source: str, story_points: str | None) -> Asked:
    """What to ask of the custom fields in Jira's field list. Raises BadRecord.

    Raises ConfigError where the configured field is not in it: all would land without their points.
    """
    try:
        listed = [f for f in _FIELDS.decode(body) if f.schema and f.id.isidentifier()]
    except UNREADABLE:
        raise BadRecord(f"{source}: expected a list of fields in Jira's answer") from None
    names = {f.id: f.name for f in listed if f.custom}
    schema = {f.id: _schema(f) for f in listed if f.custom}
    if story_points is not None and not _named(story_points, names, schema):
        raise ConfigError(
            f"{source}: fields.story_points names no field of numbers that Jira has, or has under another name by now: "
            f"set it to the field's id, such as customfield_10016{nearest(story_points, names.values())}"
        )
    found = customs_of(names, schema, story_points)
    kept = {id_ for id_, _ in found.others}.union(found.points, found.sprints, found.epics, found.starts)
    return Asked(
        names={id_: name for id_, name in names.items() if id_ in kept},
        schema={id_: one for id_, one in schema.items() if id_ in kept},
    )


def customs_of(names: Mapping[str, str], schema: Mapping[str, Schema], story_points: str | None) -> Customs:
    """What these fields mean. `story_points`: id or name of the configured field, None: told by type and name."""
    ids = [id_ for id_, one in schema.items() if one.custom is not None and id_.isidentifier()]
    sprints = tuple(id_ for id_ in ids if schema[id_].custom == SPRINT)
    epics = tuple(id_ for id_ in ids if schema[id_].custom == EPIC_LINK)
    points = _named(story_points, names, schema) if story_points is not None else _points(ids, names, schema)
    starts = tuple(i for i in ids if schema[i].type == "date" and _is(i, START_NAMES, names, schema))
    meant = {*sprints, *epics, *points, *starts}
    others = tuple((i, names.get(i, i)) for i in ids if i not in meant and _is_data(schema[i]))
    roles = dict.fromkeys(sprints, "sprint") | dict.fromkeys(epics, "parent") | dict.fromkeys(points, "story_points")
    columns: list[tuple[str, Any, Any]] = [(id_, list[SprintRef | str | int] | None, None) for id_ in sprints]
    columns += [(id_, float | None, None) for id_ in points]
    columns += [(id_, str | None, None) for id_ in starts]
    columns += [(id_, Value, None) for id_ in [*epics, *(id_ for id_, _ in others)]]
    fields = msgspec.defstruct("CustomFields", columns, bases=(Fields,), gc=False)
    issue = msgspec.defstruct("CustomIssue", [("fields", fields)], bases=(Issue,), gc=False)
    return Customs(points, sprints, epics, starts, others, issue, roles)


def _schema(one: Field) -> Schema:
    assert one.schema is not None
    renamed = one.untranslated_name if one.untranslated_name != one.name else None
    return Schema(one.schema.type, one.schema.items, one.schema.custom or "", renamed)


def _named(wanted: str, names: Mapping[str, str], schema: Mapping[str, Schema]) -> tuple[str, ...]:
    """Of those that hold numbers: a list of options may have the same name."""
    ids = (id_ for id_ in schema if id_ == wanted or _is(id_, (wanted.casefold(),), names, schema))
    return tuple(id_ for id_ in ids if schema[id_].type == "number")


def _points(ids: Iterable[str], names: Mapping[str, str], schema: Mapping[str, Schema]) -> tuple[str, ...]:
    """Of team-managed projects first, then of company-managed ones: an issue has a value in one of them."""
    numbers = [id_ for id_ in ids if schema[id_].type == "number"]
    typed = [id_ for id_ in numbers if schema[id_].custom == ESTIMATE]
    return (*typed, *(i for i in numbers if i not in typed and _is(i, POINTS_NAMES, names, schema)))


def _is(id_: str, wanted: tuple[str, ...], names: Mapping[str, str], schema: Mapping[str, Schema]) -> bool:
    return names.get(id_, "").casefold() in wanted or (schema[id_].untranslated_name or "").casefold() in wanted


def _is_data(schema: Schema) -> bool:
    if (schema.custom or "").startswith(_NO_DATA) or schema.type not in _KEPT:
        return False
    return schema.type != "array" or schema.items in _KEPT_IN_LISTS


class Choice(Struct, gc=False, rename="camel"):
    """An option, a person, a version, a team: what people call it."""

    value: str | int | float | bool | None = None
    display_name: str | None = None
    name: str | None = None
    key: str | None = None
    id: str | int | None = None
    child: Choice | None = None
    type: str | None = None
    content: Raw | None = None


Scalar = str | int | float | bool | None
Value = Choice | list[Choice | Scalar] | Scalar
_VALUE = msgspec.json.Decoder(Value)  # works out Choice, see `connectors.reader`


def _simple(value: Any) -> Any:
    """A value as people read it: the option's text, the person's name."""
    if isinstance(value, Choice):
        if value.type == "doc" and value.content is not None:
            return plain_text(b'{"type":"doc","content":%b}' % bytes(value.content))
        said = value.value if value.value is not None else value.display_name or value.name or value.key or value.id
        return said if value.child is None else f"{said} / {_simple(value.child)}"
    if isinstance(value, list):
        return [one for one in map(_simple, value) if one is not None and one != ""]
    return value
