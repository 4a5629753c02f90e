"""Which words of a person are found, in which spellings, and what is left alone."""

from __future__ import annotations

import hashlib
import html
import json
from urllib.parse import quote, quote_plus

import pytest

from model.forgetting import Forgetter, Known, pseudonyms, words_in

KNOWN = Known(frozenset({"Jürgen Müller-Weiß"}), frozenset({"jmuller"}), frozenset({"J.Muller@acme.example"}))
CODE = "7f3a"


@pytest.fixture
def forgetter() -> Forgetter:
    return Forgetter(pseudonyms(KNOWN, CODE), CODE)


@pytest.mark.parametrize(
    "spelled",
    [
        "Jürgen Müller-Weiß",
        "JÜRGEN MÜLLER-WEISS".replace("SS", "ß"),
        "Müller-Weiß, Jürgen",
        "Jürgen\n  Müller-Weiß",
        json.dumps("Jürgen Müller-Weiß"),
        json.dumps("so\nJürgen Müller-Weiß\tsagt"),
        "J&uuml;rgen M&uuml;ller-Wei&szlig;",
        "Jürgen Müller-Weiß".encode("ascii", "xmlcharrefreplace").decode(),
        html.escape("<Jürgen Müller-Weiß>"),
        quote("Jürgen Müller-Weiß"),
        quote_plus("Jürgen Müller-Weiß"),
        "mailto:j.muller@acme.example",
        "to=J.Muller%40acme.example&x=1",
        "https://avatar.example/" + hashlib.md5(b"j.muller@acme.example").hexdigest(),
        "@jmuller: please",
        '{"firstname": "Jürgen", "id": 5, "lastname": "Müller-Weiß"}',
        '{"lastName":"M\\u00fcller-Wei\\u00df","firstName":"J\\u00fcrgen"}',
    ],
)
def test_a_word_is_found_however_it_is_spelled(spelled: str, forgetter: Forgetter):
    said = forgetter.text(f"before {spelled} after")
    for trace in ("rgen", "ller", "muller", "fc", hashlib.md5(b"j.muller@acme.example").hexdigest()):
        assert trace not in said.lower()
    assert said.startswith("before ") and said.endswith(" after")
    assert CODE in said or "avatar" in said
    assert not forgetter.holds(said)
    assert forgetter.text(said) == said


@pytest.mark.parametrize(
    "other",
    [
        "Jürgen Müller",
        "Jürgen and Anna Müller-Weiß",
        "jmullerin",
        "xj.muller@acme.example",
        '{"firstname":"Jürgen","lastname":"Berg"}',
        '{"x":1.10,"y":"caf\\u00e9"}',
    ],
)
def test_what_is_somebody_elses_is_left_alone(other: str, forgetter: Forgetter):
    assert forgetter.text(other) == other


def test_json_stays_json_and_all_else_in_it_stays_as_it_was(forgetter: Forgetter):
    name = "J\\u00fcrgen M\\u00fcller-Wei\\u00df"
    before = f'{{"a":[1.10,1e5,"\\\\u00e9"],"by":{{"id":5,"name":"{name}"}},"big":12345678901234567890}}'
    assert forgetter.body(before.encode()).decode() == before.replace(name, f"Forgotten {CODE}")
    assert forgetter.body(b"\xff\xfe no text") == b"\xff\xfe no text"


def test_two_addresses_stay_two_and_each_is_always_the_same():
    words = pseudonyms(Known(mails=frozenset({"a.berg@one.example", "a.berg@two.example"})), CODE)
    forgetter = Forgetter(words, CODE)
    one, two, again = forgetter.text("A.Berg@one.example a.berg@two.example a.berg@ONE.example").split()
    assert one == again != two


def test_an_everyday_word_is_replaced_only_where_it_names_the_person():
    words = pseudonyms(Known(frozenset({"Service"}), frozenset({"admin", "ab"})), CODE)
    forgetter = Forgetter(words, CODE)
    rest = '"title":"Service for ab by admin","project":{"name":"Service"}}'
    told = '{"author":{"id":5,"name":"Service"},"login":"ab",' + rest
    said = f'{{"author":{{"id":5,"name":"Forgotten {CODE}"}},"login":"forgotten-{CODE}",' + rest
    assert forgetter.text(told) == said
    assert forgetter.value("Service", "account_name") == f"Forgotten {CODE}"
    assert forgetter.value("Service", "title") == "Service"
    asked = Forgetter(pseudonyms(Known(frozenset({"Service"})), CODE, more=["Service"]), CODE)
    assert asked.text("our Service team") == f"our Forgotten {CODE} team"


def test_words_left_out_stay():
    words = pseudonyms(KNOWN, CODE, left_out=["JMuller"])
    assert Forgetter(words, CODE).text("jmuller and Jürgen Müller-Weiß") == f"jmuller and Forgotten {CODE}"


def test_what_took_the_place_of_a_word_before_is_no_word():
    earlier = Known(
        frozenset({"Forgotten 0a1b2c"}),
        frozenset({"forgotten-0a1b2c-2"}),
        frozenset({"forgotten-0a1b2c@example.invalid"}),
    )
    assert pseudonyms(earlier, CODE) == []
    assert [word.text for word in pseudonyms(earlier | KNOWN, CODE)] == [word.text for word in pseudonyms(KNOWN, CODE)]


def test_words_are_gathered_from_what_names_the_person_by_id_and_from_nothing_else():
    document = {
        "issue": {
            "id": 5,
            "name": "No person",
            "project": {"id": 5, "name": "Not a person either"},
            "author": {"id": 5, "name": "Anna Former"},
            "assigned_to": {"id": 6, "name": "Somebody Else"},
        },
        "user": {"id": 5, "login": "aberg", "firstname": "Anna", "lastname": "Berg", "mail": "anna@acme.example"},
        "watchers": [{"accountId": "5", "displayName": "A. Berg", "emailAddress": ""}],
        "items": [
            {"fieldId": "assignee", "from": "5", "fromString": "Anna Earlier", "to": "6", "toString": "Somebody Else"},
            {"fieldId": "status", "from": "5", "fromString": "No person either", "to": "6", "toString": "Done"},
        ],
    }
    found = words_in(document, frozenset({"5"}))
    assert found.names == {"Anna Former", "Anna Berg", "A. Berg", "Anna Earlier"}
    assert found.logins == {"aberg"} and found.mails == {"anna@acme.example"}


def test_a_cell_that_shows_an_address_by_a_name_names_the_person_and_no_other_cell_does():
    cells = [
        {"columnId": 1, "value": "Anna@acme.example", "displayValue": "Anna Former"},
        {"columnId": 2, "value": "ben@acme.example", "displayValue": "Ben Cole"},
        {"columnId": 3, "value": "anna@acme.example", "displayValue": "anna@acme.example"},
        {"columnId": 4, "value": "ask anna@acme.example", "displayValue": "ask Anna"},
        {"columnId": 5, "value": 5.0, "displayValue": "5"},
    ]
    found = words_in({"rows": [{"id": 1, "cells": cells}]}, frozenset({"anna@acme.example"}))
    assert found == Known(frozenset({"Anna Former"}), mails=frozenset({"Anna@acme.example", "anna@acme.example"}))
