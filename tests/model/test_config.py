"""Settings as records: fingerprints that change with what they stand for alone, and no secret shown."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from model.config import HubSettings, SourceSettings, overlap
from model.vocabulary import Status

KEY = "d41d8cd98f00b204e9800998ecf8427e"


def source(**given) -> SourceSettings:
    return SourceSettings(name="a", type="redmine", **given)


def test_the_filter_fingerprint_changes_with_what_is_read_alone():
    base = source(projects=("a", "b"))
    same = [source(projects=("b", "a")), source(projects=("a", "b", "a")), source(projects=("a", "b"), in_flight=2)]
    assert {s.filter_fingerprint for s in same} == {base.filter_fingerprint}
    other = [
        source(),
        source(projects=("a",)),
        source(projects=("ab",)),
        source(projects=("a,b",)),
        source(projects=("A",)),
    ]
    assert len({base.filter_fingerprint, *(s.filter_fingerprint for s in other)}) == 6


def test_the_decode_fingerprint_changes_with_the_fields_and_the_zone_alone():
    assert source().decode_fingerprint == source(projects=("a",), status={"x": Status.DONE}).decode_fingerprint
    assert source().decode_fingerprint != source(zone="Europe/Berlin").decode_fingerprint
    named = [source(fields={"story_points": "7"}), source(fields={"story_points": "8"})]
    assert len({source().decode_fingerprint, *(s.decode_fingerprint for s in named)}) == 3


def test_fingerprints_are_the_same_in_every_process():
    assert source().filter_fingerprint == "74234e98afe7498f"
    assert source(projects=("erp", "web")).filter_fingerprint == "4e6621fef06658c8"
    assert source(fields={"story_points": "7"}).decode_fingerprint == "61db103c094907fb"


def test_no_repr_and_no_dump_shows_token_or_address():
    source = SourceSettings(name="a", type="jira", token=KEY, email="anna@example.com")
    shown = [repr(source), str(source), f"{source}", str(source.model_dump()), source.model_dump_json()]
    assert (source.token, source.email) == (KEY, "anna@example.com")
    assert source.model_copy().token == KEY
    assert not any(secret in text for text in shown for secret in (KEY, "anna@example.com"))


def test_a_wrong_record_does_not_show_the_token_it_was_given():
    with pytest.raises(ValidationError) as caught:
        SourceSettings.model_validate({"name": "a", "type": "redmine", "token": [KEY], "in_flight": KEY})
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        ({}, {}, True),
        ({"projects": ("a",)}, {}, True),
        ({"projects": ("a", "B")}, {"projects": ("b", "c")}, True),
        ({"projects": ("a",)}, {"projects": ("b",)}, False),
        ({"url": "http://t.example.com"}, {"url": "https://T.example.com:443/"}, True),
        ({"url": "http://t.example.com:8080"}, {"url": "http://t.example.com:8081"}, False),
        ({"url": "http://t.example.com/a"}, {"url": "http://t.example.com/b"}, False),
        ({"url": "http://[::1]:81"}, {"url": "http://[::1]:81/"}, True),
    ],
)
def test_two_sources_overlap_where_they_read_the_same_project_of_the_same_place(one, other, shared):
    assert overlap(source(**one), source(**other)) is shared
    assert overlap(source(**other), source(**one)) is shared


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/Argentina/Buenos_Aires"])
def test_time_zones_are_those_of_iana(zone):
    assert HubSettings(timezone=zone).timezone == zone
