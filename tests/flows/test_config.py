"""`pmo.toml`: what it says is what the hub gets, and what is wrong in it is one sentence that never shows a secret."""

from __future__ import annotations

import json
import os
import re
import string
import subprocess
import sys
import traceback
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.config import load
from model.config import HubSettings, PublishSettings, Settings, SourceDefaults, SourceSettings
from model.errors import ConfigError
from model.mapping import NativeWord, map_words
from model.vocabulary import IssueType, Status, WordKind

ROOT = Path(__file__).resolve().parents[2]
KEY = "d41d8cd98f00b204e9800998ecf8427e"

OPS = """\
[sources.ops]
type = "redmine"
url = "https://redmine.example.com"
token = "${OPS_KEY}"
"""

TWO = OPS.replace("ops", "two", 1).replace("redmine.example", "other.example")

WHOLE = """\
# The PMO's hub
hub.timezone = "Europe/Berlin"
hub.in_flight = 4
hub.publish.emails = true

[sources.ops-redmine]
type = "redmine"
url = "https://redmine.example.com/tracker/"
token = "${OPS_KEY}"
projects = [
    "web",     # the shop
    "erp", "web",
]
fields.story_points = "7"
status."In Review" = "in_progress"
status.5 = "done"
in_flight = 2

[sources.ops-redmine.priority]
"Höchste" = 1
Low = 5

[sources.lab]
type = "redmine"
url = "${LAB_URL}:8080"
token = "${LAB_KEY}"
issue_type = { Support = "request", "Fehler" = "bug" }
requests_per_second = 0.5
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A folder of its own, with the variables of the examples set and no other."""
    for name in ("PMO_CONFIG", "MISSING", "LAB_MAIL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPS_KEY", KEY)
    monkeypatch.setenv("LAB_KEY", "lab-secret-key")
    monkeypatch.setenv("LAB_URL", "http://lab.example.com")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(text: str, name: str = "pmo.toml") -> Path:
    path = Path(name)
    path.write_text(text, encoding="utf-8")
    return path


def refused(text: str, **options) -> str:
    with pytest.raises(ConfigError) as caught:
        load(written(text), **options)
    assert caught.value.exit_status == 2
    return str(caught.value)


def attempted(path: Path, **options) -> tuple[Settings | None, ConfigError | None]:
    """The settings, or what is wrong."""
    try:
        return load(path, **options), None
    except ConfigError as error:
        return None, error


# ------------------------------------------------------------------ what it says


def test_a_whole_file_is_what_the_hub_gets(folder):
    found = load(written(WHOLE))
    assert found.hub == HubSettings(
        data=str(folder / "data"), timezone="Europe/Berlin", in_flight=4, publish=PublishSettings(emails=True)
    )
    assert found.path == folder / "pmo.toml"
    assert found.data == folder / "data"
    assert list(found.sources) == ["ops-redmine", "lab"]
    assert found.sources["ops-redmine"] == SourceSettings(
        name="ops-redmine",
        type="redmine",
        url="https://redmine.example.com/tracker",
        token=KEY,
        projects=("web", "erp"),
        fields={"story_points": "7"},
        status={"In Review": Status.IN_PROGRESS, "5": Status.DONE},
        priority={"Höchste": 1, "Low": 5},
        in_flight=2,
        zone="Europe/Berlin",
    )
    assert found.sources["lab"] == SourceSettings(
        name="lab",
        type="redmine",
        url="http://lab.example.com:8080",
        token="lab-secret-key",
        issue_type={"Support": IssueType.REQUEST, "Fehler": IssueType.BUG},
        in_flight=4,
        requests_per_second=0.5,
        zone="Europe/Berlin",
    )


def test_an_empty_file_has_all_the_defaults(folder):
    found = load(written(""))
    assert found.hub == HubSettings(data=str(folder / "data"))
    assert found.sources == {}


@pytest.mark.parametrize("setting", SourceDefaults.model_fields)
def test_a_source_has_the_hubs_word_unless_it_has_its_own(setting):
    words = {"approval": ("self", "none"), "conflicts": ("tool-wins", "ask"), "loss_share": (1, 0)}
    words |= {"notify": (True, False), "comment": ("by {asker}", "{what}")}
    hub, own = words.get(setting, (9, 7))
    given = [json.dumps(value) for value in (hub, own)]
    text = f"[hub]\n{setting} = {given[0]}\n{OPS}{setting} = {given[1]}\n{TWO}"
    found = load(written(text))
    assert getattr(found.hub, setting) == hub
    assert [getattr(source, setting) for source in found.sources.values()] == [own, hub]


def test_rules_of_the_file_decide_what_words_mean():
    rules = load(written(WHOLE)).sources["ops-redmine"].rules
    words = [
        NativeWord(WordKind.STATUS, "9", "in review", category="done"),
        NativeWord(WordKind.PRIORITY, "3", "HÖCHSTE", position=4),
    ]
    assert [(m.value, m.basis) for m in map_words(words, rules)] == [("in_progress", "rule"), ("1", "rule")]
    support = NativeWord(WordKind.TYPE, "3", "Support")
    assert map_words([support], load(written(WHOLE)).sources["lab"].rules)[0].value == "request"


def test_paths_are_meant_from_the_folder_of_the_file(folder, monkeypatch):
    (folder / "conf").mkdir()
    (folder / "conf" / "ca.pem").write_text("")
    path = written(f'[hub]\ndata = "kept/here"\n{OPS}ca_file = "ca.pem"\n', "conf/other.toml")
    (folder / "elsewhere").mkdir()
    monkeypatch.chdir(folder / "elsewhere")
    found = load(Path("../conf") / path.name)
    assert found.data.resolve() == folder / "conf" / "kept" / "here"
    assert Path(str(found.sources["ops"].ca_file)).resolve() == folder / "conf" / "ca.pem"
    assert found.data.is_absolute()


def test_an_absolute_folder_and_a_home_are_taken_as_they_are(folder, monkeypatch):
    assert load(written(f'[hub]\ndata = "{folder}/far"')).data == folder / "far"
    monkeypatch.setenv("HOME", str(folder))
    assert load(written('[hub]\ndata = "~/near"')).data == folder / "near"


def test_the_environment_may_be_a_part_of_any_text(monkeypatch, folder):
    monkeypatch.setenv("STAGE", "test")
    found = load(written(OPS.replace("redmine.ex", "${STAGE}.ex") + 'projects = ["${STAGE}-a", "b"]\n'))
    assert (found.sources["ops"].url, found.sources["ops"].projects) == ("https://test.example.com", ("test-a", "b"))


def test_the_file_is_looked_for_in_order(folder, monkeypatch):
    with pytest.raises(ConfigError, match=r"no pmo\.toml in this folder and PMO_CONFIG is not set: run `pmo init`"):
        load()
    named = written("hub.in_flight = 1", "named.toml")
    monkeypatch.setenv("PMO_CONFIG", str(named))
    assert load().hub.in_flight == 1
    written("hub.in_flight = 2")
    assert load().hub.in_flight == 2
    assert load(written("hub.in_flight = 3", "third.toml")).hub.in_flight == 3


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm():
    Path("pmo.toml").write_bytes(b"\xef\xbb\xbf" + OPS.replace("\n", "\r\n").encode())
    assert load().sources["ops"].token == KEY


# ------------------------------------------------------------------ what is wrong in it


BAD = [
    ("[hub]\ntimezone = 'Europe/Berln'", 2, "hub.timezone must be an IANA time zone", 'mean "Europe/Berlin"'),
    ("[hub]\ntimezone = 'Europe'", 2, "hub.timezone must be an IANA time zone"),
    ("[hub]\ntimezone = '../../etc/passwd'", 2, "hub.timezone must be an IANA time zone"),
    ("[hub]\ntimezone = 2", 2, 'hub.timezone must be text in "quotes"'),
    ("[hub]\ntimezone = ''", 2, "hub.timezone must not be empty"),
    ("[hub]\n\ndata = ''", 3, "hub.data must not be empty"),
    ("[hub]\ndata = 'a\\tb'\nin_flight = 0\n", 3, "hub.in_flight must be 1 or more"),
    ('[hub]\ndata = "a\\tb"', 2, "hub.data must hold no line break and no other control character"),
    ("[hub]\nin_flight = 33", 2, "hub.in_flight must be 32 or less"),
    ("[hub]\nin_flight = 2.0", 2, "hub.in_flight must be a whole number, without quotes"),
    ("[hub]\nin_flight = '2'", 2, "hub.in_flight must be a whole number, without quotes"),
    ("[hub]\nin_flight = true", 2, "hub.in_flight must be a whole number, without quotes"),
    ("[hub]\nin_flight = 1979-05-27", 2, "hub.in_flight must be a whole number, without quotes"),
    ("[hub]\noverlap_minutes = inf", 2, "hub.overlap_minutes must be"),
    ("[hub]\nloss_share = nan", 2, "hub.loss_share must be"),
    ("[hub]\nloss_share = 10", 2, "hub.loss_share must be 1 or less"),
    ("[hub]\nrequests_per_second = 0", 2, "hub.requests_per_second must be more than 0"),
    ("[hub]\nrequests_per_second = 'two'", 2, "hub.requests_per_second must be a number, without quotes"),
    ("[hub]\napproval = 'others'", 2, 'hub.approval must be "other", "self" or "none"; did you mean "other"?'),
    ("[hub]\nconflicts = 3", 2, 'hub.conflicts must be "ask" or "tool-wins"'),
    ("[hub]\npublish.emails = 'yes'", 2, "hub.publish.emails must be true or false, without quotes"),
    ("[hub]\n[hub.publish]\nfinance = 1", 3, "hub.publish.finance must be true or false, without quotes"),
    ("[keep]\ngenerations = 0", 2, "keep.generations must be 1 or more"),
    ("[keep]\nraw_days = 3", 2, "keep.raw_days must be 7 or more"),
    ("[hub]\npublish = true", 2, "hub.publish must be a table"),
    ("[hub.publish]\nemail = true", 2, 'hub.publish.email is not a known key; did you mean "emails"?'),
    ("hub = 3", 1, "hub must be a table: write [hub] above its keys"),
    ("[[hub]]\ndata = 'x'", 1, "hub must be a table: write [hub] above its keys"),
    ("sources = 'x'", 1, "sources must be a table: write [sources.NAME] above its keys"),
    ("[hub]\ntime_zone = 'UTC'", 2, 'hub.time_zone is not a known key; did you mean "timezone"?'),
    ("[hub]\nin_fligth = 2", 2, 'hub.in_fligth is not a known key; did you mean "in_flight"?'),
    ("[hub]\n\"in flight\" = 2", 2, 'hub."in flight" is not a known key; did you mean "in_flight"?'),
    ("[hub]\nemails = true", 2, "hub.emails is not a known key here: it stands under [hub], as publish.emails"),
    ("[hub]\nurl = 'http://x'", 2, "hub.url is not a known key here: it stands under [sources.NAME]"),
    ("[hub]\ncolour = 'red'", 2, "hub.colour is not a known key: leave it out"),
    ("[hub]\n[hub.colour]\nred = '${MISSING}'", 2, "hub.colour is not a known key: leave it out"),
    ("timezone = 'UTC'", 1, "timezone is not a known key here: it stands under [hub]"),
    ("[source.ops]\ntype = 'redmine'", 1, 'source is not a known key; did you mean "sources"?'),
    ("[wholly]\nnew = 1", 1, "wholly is not a known key: leave it out (known are hub, keep, notify, sources)"),
    ("[sources]\ntype = 'redmine'", 2, "sources.type belongs to no source: write [sources.NAME] above its keys"),
    ("[sources]\nops = 'redmine'", 2, "sources.ops must be a table: write [sources.NAME] above its keys"),
    ("[[sources.ops]]\ntype = 'redmine'", 1, "sources.ops must be a table: write [sources.NAME] above its keys"),
    (OPS.replace("ops", "Ops", 1), 1, "sources.Ops must be small letters a-z, digits and hyphens"),
    (OPS.replace("ops", "-ops", 1), 1, "sources.-ops must be small letters a-z, digits and hyphens"),
    (OPS.replace("ops", '"a/b"', 1), 1, 'sources."a/b" must be small letters a-z, digits and hyphens'),
    (OPS.replace("ops", '"a:b"', 1), 1, 'sources."a:b" must be small letters a-z, digits and hyphens'),
    (OPS.replace("ops", '""', 1), 1, 'sources."" must be small letters a-z, digits and hyphens'),
    (OPS.replace("ops", "a" * 65, 1), 1, "must be small letters a-z, digits and hyphens, 64 at most"),
    (OPS.replace("redmine", "redmin", 1), 2,
     'type must be a known kind of tool: "jira", "plan", "redmine", "smartsheet"; did you'),
    (OPS.replace('"redmine"', "5", 1), 2, 'sources.ops.type must be text in "quotes"'),
    ("[sources.ops]\nurl = 'http://x'", 1, 'sources.ops.type is missing: write type = "jira" or'),
    ("[sources.ops]\ntype = 'redmine'\nurl = 'http://x'", 1, "sources.ops.token is missing"),
    ("[sources.ops]\ntype = 'redmine'\ntoken = '${OPS_KEY}'", 1, "sources.ops.url is missing"),
    (OPS.replace("https:", "ftp:"), 3, "sources.ops.url must be an address such as https://"),
    (OPS.replace("https://", ""), 3, "sources.ops.url must be an address such as https://"),
    (OPS.replace("redmine.example.com", ""), 3, "sources.ops.url must be an address such as https://"),
    (OPS.replace("example.com", "example.com:http"), 3, "sources.ops.url must be an address such as https://"),
    (OPS.replace("example.com", "example.com:99999"), 3, "sources.ops.url must be an address such as https://"),
    (OPS.replace("redmine.example.com", "[::1"), 3, "sources.ops.url must be an address such as https://"),
    (OPS.replace("redmine.ex", "red mine.ex"), 3, "sources.ops.url must be an address such as https://"),
    (OPS.replace("https://redmine.example.com", ""), 3, "sources.ops.url must not be empty"),
    (OPS.replace(".com", ".com/?key=hush-hush"), 3, "sources.ops.url must end before ? and #"),
    (OPS.replace(".com", ".com/#top"), 3, "sources.ops.url must end before ? and #"),
    (OPS.replace("https://", "https://anna:hush-hush@"), 3, "sources.ops.url must name no user and no password"),
    (OPS.replace("https://", "https://hush-hush@"), 3, "sources.ops.url must name no user and no password"),
    (OPS.replace("https://", "https://${LAB_KEY}@"), 3, "sources.ops.url must name no user and no password"),
    (OPS.replace("${OPS_KEY}", "hush-hush"), 4, "sources.ops.token holds a secret", 'use token = "${NAME}"'),
    (OPS.replace("${OPS_KEY}", "hush-hush${OPS_KEY}"), 4, "sources.ops.token holds a secret"),
    (OPS.replace('"${OPS_KEY}"', "['hush-hush']"), 4, "sources.ops.token holds a secret"),
    (OPS.replace('"${OPS_KEY}"', "20261124"), 4, "sources.ops.token holds a secret"),
    (OPS.replace("token", "password"), 4, 'sources.ops.password is not a known key; did you mean "token"', "${NAME}"),
    (OPS.replace("token", "api_key"), 4, 'sources.ops.api_key is not a known key; did you mean "token"', "${NAME}"),
    (OPS + "email = 'anna@example.com'", 5, "sources.ops.email is not a known key"),
    (OPS + "user = 'anna'", 5, "sources.ops.user is not a known key: leave it out"),
    (OPS + "data = 'x'", 5, "sources.ops.data is not a known key here: it stands under [hub]"),
    (OPS + "aproval = 'self'", 5, 'sources.ops.aproval is not a known key; did you mean "approval"?'),
    (OPS.replace("OPS_KEY", "MISSING"), 4, "ops.token needs the environment variable MISSING, which is not set"),
    (OPS.replace("redmine.example", "${MISSING}"), 3, "sources.ops.url needs the environment variable MISSING"),
    (OPS + "projects = ['a', '${MISSING}']", 5, "sources.ops.projects needs the environment variable MISSING"),
    ("[hub]\ndata = '${MISSING}/x'", 2, "hub.data needs the environment variable MISSING, which is not set"),
    (OPS + "projects = ['a', '${MIS-SING}']", 5, "sources.ops.projects holds a ${ that names no environment variable"),
    (OPS + "projects = ['${OPS_KEY']", 5, "sources.ops.projects holds a ${ that names no environment variable"),
    (OPS + "projects = 'web'", 5, 'sources.ops.projects must be a list of texts, such as ["ERP", "WEB"]'),
    (OPS + "projects = []", 5, "sources.ops.projects must not be empty: name one, or leave the key out"),
    (OPS + "projects = [\n'a',\n2]", 5, 'sources.ops.projects has an entry (2.) that must be text in "quotes"'),
    (OPS + "projects = ['a', '']", 5, "sources.ops.projects has an entry (2.) that must not be empty"),
    (OPS + "fields.points = '7'", 5, "fields.points is not a known key: leave it out (known are story_points)"),
    (OPS + "fields.story_point = '7'", 5, 'fields.story_point is not a known key; did you mean "story_points"?'),
    (OPS + "fields.story_points = 7", 5, 'sources.ops.fields.story_points must be text in "quotes"'),
    (OPS + "fields = '7'", 5, "sources.ops.fields must be a table"),
    (OPS + "status = 'done'", 5, 'sources.ops.status must be a table, such as status."…" = …'),
    (OPS + 'status."In Review" = "in progress"', 5, 'ops.status."In Review" must be "todo"', 'mean "in_progress"'),
    (OPS + "[sources.ops.status]\n'' = 'done'", 6, 'sources.ops.status."" must not be empty'),
    (OPS + "status.Done = 'done'\nstatus.DONE = 'todo'", 5, "sources.ops.status names one word twice"),
    (OPS + "priority.High = 0", 5, "sources.ops.priority.High must be 1 or more"),
    (OPS + "priority.High = 'urgent'", 5, "sources.ops.priority.High must be a whole number, without quotes"),
    (OPS + "\n\n[sources.ops.priority]\nHigh = 6", 8, "sources.ops.priority.High must be 5 or less"),
    (OPS + "issue_type.Bugs = 'bugs'", 5, 'sources.ops.issue_type.Bugs must be "epic"', 'did you mean "bug"?'),
    (OPS + "ca_file = 'none.pem'", 5, "sources.ops.ca_file names a file that cannot be read: correct the path"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "said"), [(bad[0], bad[1], bad[2:]) for bad in BAD])
def test_one_fault_is_one_sentence_with_key_and_line(text, line, said):
    error = refused(text)
    assert error.startswith(f"pmo.toml, line {line}: ")
    assert all(part in error for part in said), error
    assert "\n" not in error and "pydantic" not in error.lower() and "more to correct" not in error
    assert not any(secret in error for secret in (KEY, "lab-secret-key", "hush-hush"))


NOT_TOML = [
    ("[hub]\ndata = data", "line 2, column 8", 'text stands in "quotes"'),
    ("[hub]\ndata 'x'", "line 2, column 6", "a line is [table] or key = value"),
    ("[hub\ndata = 'x'", "line 1, column 5", "close the bracket"),
    ("[hub]\ndata = 'x' 'y'", "line 2, column 12", "one key = value a line"),
    ("[hub]\ndata = 'x'\ndata = 'y'\n", "line 3", "the key stands twice"),
    (OPS + OPS, "line 5", "the table stands twice: keep one"),
    ('[hub]\ndata = "x', "line 2, the end", "close the text with a quote"),
    ('[hub]\ndata = "x\ntimezone = "UTC"', "line 2", "close the text with a quote, in the same line"),
    ("[hub]\ndata = ['x'", "line 2, the end", "close the list with ]"),
    ('[hub]\ndata = "C:\\pmo"', "line 2", "write \\\\ for a backslash"),
    ("[hub]\ndata = {a = 1, a = 2}", "line 2", "the key stands twice"),
    ("[sources.ops]\ntoken = hush-hush", "line 2, column 9", 'text stands in "quotes"'),
    ("hush-hush hush-hush", "line 1", "key = value"),
    ("x = " + "9" * 5000, "line 1", "not valid TOML"),
    ("x = " + "[" * 100000, "pmo.toml", "brackets"),
]


@pytest.mark.parametrize(("text", "place", "advice"), NOT_TOML, ids=range(len(NOT_TOML)))
def test_what_is_not_toml_is_told_with_place_and_advice(text, place, advice):
    error = refused(text)
    assert error.startswith("pmo.toml") and place in error and advice in error, error
    assert "\n" not in error and "hush" not in error and len(error) < 200


def test_of_several_faults_the_first_in_the_file_is_told():
    error = refused(f"[hub]\nin_flight = 0\ntimezon = 'UTC'\n{OPS}projects = 3\n")
    assert error == "pmo.toml, line 2: hub.in_flight must be 1 or more (and 2 more to correct)"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("", ""),
        ('projects = ["web"]', ""),
        ('projects = ["web", "erp"]', 'projects = ["ERP"]'),
    ],
)
@pytest.mark.parametrize(
    "url", ["https://REDMINE.example.com/", "http://redmine.example.com:80", "https://redmine.example.com:443"]
)
def test_two_sources_of_one_address_must_not_read_the_same_projects(one, other, url):
    two = OPS.replace("ops", "two", 1).replace("https://redmine.example.com", url)
    error = refused(f"{OPS}{one}\n{two}{other}\n")
    assert re.match(
        r"pmo\.toml, line 8: sources\.two\.url is that of ops too, .* keep one of them, or give each", error
    )


@pytest.mark.parametrize(
    ("one", "other", "url"),
    [
        ('projects = ["web"]', 'projects = ["erp"]', "https://redmine.example.com"),
        ("", "", "https://redmine.example.com/two"),
        ("", "", "https://redmine.example.com:8443"),
        ("", "", "https://redmine2.example.com"),
    ],
)
def test_sources_that_share_nothing_stand_side_by_side(one, other, url):
    two = OPS.replace("ops", "two", 1).replace("https://redmine.example.com", url)
    assert list(load(written(f"{OPS}{one}\n{two}{other}\n")).sources) == ["ops", "two"]


def test_a_file_that_cannot_be_read_is_one_sentence(folder):
    with pytest.raises(ConfigError, match=r"^nowhere\.toml does not exist: run `pmo init`"):
        load(Path("nowhere.toml"))
    (folder / "conf").mkdir()
    with pytest.raises(ConfigError, match=r"^conf is a folder: name the file in it"):
        load(Path("conf"))
    Path("pmo.toml").write_bytes(b"# ok\nhub.data = '\xe4'\n")
    with pytest.raises(ConfigError, match=r"^pmo\.toml, line 2: not UTF-8 text"):
        load()


def test_a_file_that_may_not_be_read_is_one_sentence(monkeypatch):
    written("")

    def forbid(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", forbid)
    with pytest.raises(ConfigError, match=r"^pmo\.toml cannot be read \(Permission denied\): check its owner and mode"):
        load()


# ------------------------------------------------------------------ secrets


def test_commands_that_reach_no_tool_need_no_secrets(monkeypatch):
    monkeypatch.delenv("OPS_KEY")
    found = load(written(OPS + 'ca_file = "${MISSING}"\n'), secrets=False).sources["ops"]
    assert (found.token, found.ca_file) == (None, None)
    assert load(written(OPS + 'ca_file = "on-another-machine.pem"\n'), secrets=False).sources["ops"].token is None


@pytest.mark.parametrize(
    "text", [OPS + 'projects = ["${MISSING}"]', OPS.replace("https", "${MISSING}"), "hub.data = '${MISSING}'"]
)
def test_what_decides_what_is_read_and_where_it_is_kept_is_needed_at_all_times(text):
    assert "needs the environment variable MISSING" in refused(text, secrets=False)


def test_a_literal_token_is_refused_even_where_none_is_needed():
    assert "sources.ops.token holds a secret" in refused(OPS.replace("${OPS_KEY}", "hush-hush"), secrets=False)


def test_a_variable_with_a_line_break_is_told_without_its_value(monkeypatch):
    monkeypatch.setenv("OPS_KEY", "hush\nhush")
    error = refused(OPS)
    assert "needs the environment variable OPS_KEY, which holds a line break" in error and "hush" not in error


def test_an_empty_variable_counts_as_not_set(monkeypatch):
    monkeypatch.setenv("OPS_KEY", "")
    assert "OPS_KEY, which is not set" in refused(OPS)


tokens = st.text(string.ascii_letters + string.digits + "+/=_-.!$%&äß ", min_size=8, max_size=40).map(
    lambda t: f"~{t.strip()}~"
)
# Every setting, wherever it may stand, given a secret by mistake.
PLACES = [
    "{hub}\ntimezone = {v}", "{hub}\ndata = {v}\nin_flight = 99", "{hub}\nin_flight = {v}", "{hub}\napproval = {v}",
    "{hub}\npublish.emails = {v}", "{hub}\npublish = {v}", "hub = {v}", "sources = {v}", "sources.ops = {v}",
    "pass = {v}",
    "{ops}\nurl = {v}", "{ops}\nurl = 'https://x'\ntoken = {v}", "{ops}\npassword = {v}", "{ops}\nprojects = {v}",
    "{ops}\nprojects = [{v}]\nurl = 'no'", "{ops}\nstatus.Done = {v}", "{ops}\npriority.High = {v}",
    "{ops}\nstatus = {v}",
    "{ops}\nissue_type.Bug = {v}", "{ops}\nfields.story_points = {v}", "{ops}\nfields = {v}", "{ops}\nca_file = {v}",
    "[sources.ops]\ntype = {v}", "{ops}\nunknown = {v}", "{ops}\ntoken = [{v}]", "{ops}\ntoken = {{ a = {v} }}",
    "{ops}\nurl = 'https://x'\ntoken = '${{HELD}}'\nca_file = {v}", "{ops}\nurl = 'https://x'\ntoken = '${{HELD}}'",
    "{hub}\ntimezone = {v} {v}", "{hub}\n= {v}", "[sources.ops]\n{ops}",
]  # fmt: skip


@given(token=tokens, place=st.sampled_from(PLACES), by_name=st.booleans(), secrets=st.booleans())
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_secret_is_ever_shown(token, place, by_name, secrets):
    """Neither by an error, nor by its traceback, nor by the settings, wherever the secret stands."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HELD", token)
        value = "'${HELD}'" if by_name else f"'{token}'"
        path = written(place.format(hub="[hub]", ops="[sources.ops]\ntype = 'redmine'", v=value))
        found, error = attempted(path, secrets=secrets)
        if error is not None:
            shown = [str(error), repr(error), "".join(traceback.format_exception(error))]
            assert error.__cause__ is None
        else:
            # A folder, a certificate or a word of the tool's is no secret: only what was given as a token is.
            shown = (
                [repr(found), str(found), str(found and found.model_dump())]
                if place.endswith("token = '${{HELD}}'")
                else []
            )
        hidden = [text.replace(repr(str(Path.cwd())), "") for text in shown]
        assert not any(token in text for text in hidden)


values = st.one_of(
    st.none().map(lambda _: "{}"), st.booleans().map(lambda b: str(b).lower()), st.integers().map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(lambda f: f"{f:f}"),
    st.sampled_from(["inf", "nan", "1979-05-27", "07:32:00", "[]", "[1]", "['a', 'b']", "{a = 'b'}", "''", "'${X'",
                     "'x'",
                     "'${OPS_KEY}'", "[[1], [{a = 1}]]", "'done'", "'self'", "'https://x.example.com'"]),
)  # fmt: skip
keys = st.sampled_from(sorted({*HubSettings.model_fields, *SourceSettings.model_fields, "x", "'a b'", "publish.emails",
                               "status.a", "priority.a", "fields.story_points", "fields.x"}))  # fmt: skip


@given(st.lists(st.tuples(keys, values), max_size=4), st.lists(st.tuples(keys, values), max_size=4))
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_value_anywhere_is_settings_or_one_sentence(hub, source):
    lines = ["[hub]", *(f"{k} = {v}" for k, v in hub), "[sources.ops]", *(f"{k} = {v}" for k, v in source)]
    _, error = attempted(written("\n".join(lines)))
    if error is not None:
        assert re.fullmatch(r"pmo\.toml, line \d+(, (column \d+|the end))?: [^\n]+", str(error))
        assert "pydantic" not in str(error) and "Input should" not in str(error)


def test_reading_the_configuration_loads_nothing_heavy():
    written(WHOLE)
    code = "import sys; from flows.config import load; load(); print(*sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    loaded = {name.partition(".")[0] for name in run.stdout.split()}
    assert loaded.isdisjoint({"duckdb", "pyarrow", "jira", "prefect", "requests", "tomlkit", "numpy", "pandas"})
