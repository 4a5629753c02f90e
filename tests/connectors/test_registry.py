"""The registry: a kind of tool named in `pmo.toml` is a connector, or one sentence."""

from __future__ import annotations

import pytest

from connectors import CONNECTORS, connect
from connectors.contract import Connector
from model.config import SourceSettings
from model.errors import ConfigError


def test_an_unknown_kind_of_tool_is_told_with_those_that_are_known():
    known = r'"jira", "plan", "redmine", "smartsheet"'
    with pytest.raises(ConfigError, match=rf"^sources\.a\.type must be a known kind of tool: {known}$"):
        connect(SourceSettings(name="a", type="abacus"))


@pytest.mark.parametrize("type_", sorted(CONNECTORS))
def test_each_registered_connector_is_one(type_):
    kind = CONNECTORS[type_]
    assert set(kind.needs) | set(kind.takes) <= set(SourceSettings.model_fields)
    connector = connect(SourceSettings(name="a", type=type_, url="http://127.0.0.1:9", token="k"))
    try:
        assert isinstance(connector, Connector)
    finally:
        connector.close()
