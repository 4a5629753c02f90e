"""What the hub writes into `pmo.toml`: the template of `pmo init`, and another name for a source; nothing else."""

from __future__ import annotations

import re
import stat
import tomllib
from pathlib import Path

import pytest

from connectors import CONNECTORS
from flows import config
from flows.config import load, rename_source, template, write_template
from model.config import HubSettings, NotifySettings, PublishSettings
from model.errors import ConfigError, FileError
from model.vocabulary import IssueType, Status

WHOLE = """\
# The PMO's hub
[hub]
timezone = "Europe/Berlin"   # theirs

# what operations use
[sources.ops-redmine]   # since 2019
type = "redmine"
url = "https://redmine.example.com/ops-redmine"
token = "${REDMINE_KEY}"

[sources.lab]
type = "redmine"
url = "https://lab.example.com"
token = "${REDMINE_KEY}"

[sources.ops-redmine.status]
"ops-redmine" = "done"
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("REDMINE_KEY", "d41d8cd98f00b204e9800998ecf8427e")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(text: str, name: str = "pmo.toml") -> Path:
    path = Path(name)
    path.write_text(text, encoding="utf-8")
    return path


# ------------------------------------------------------------------ what `pmo init` writes


def switched_on(text: str) -> str:
    return re.sub(r"^#(?! )", "", text, flags=re.MULTILINE)


def test_the_template_is_a_configuration_as_it_stands(folder):
    write_template(Path("pmo.toml"))
    assert load().hub == HubSettings(data=str(folder / "data"))
    assert load().sources == {}


def test_the_template_names_every_setting_with_its_default(folder, monkeypatch):
    for name in ("JIRA_EMAIL", "JIRA_TOKEN", "SMARTSHEET_TOKEN", "OPS_ADDRESS", "PMO_ADDRESS"):
        monkeypatch.setenv(name, "someone@example.com")
    (folder / "company-ca.pem").write_text("")
    document = tomllib.loads(switched_on(template()))
    assert set(document["hub"]) == set(HubSettings.model_fields)
    assert set(document["hub"]["publish"]) == set(PublishSettings.model_fields)
    kind = CONNECTORS["redmine"]
    own = {"type", "ca_file", "status", "priority", "issue_type"}
    assert set(document["sources"]["ops-redmine"]) == {*kind.needs, *kind.takes, *own}
    kind = CONNECTORS["jira"]
    assert set(document["sources"]["acme-jira"]) == {"type", *kind.needs, *kind.takes}
    kind = CONNECTORS["smartsheet"]
    assert set(document["sources"]["plans"]) == {"type", "status", *kind.needs, *kind.takes}
    found = load(written(switched_on(template())))
    examples = dict.fromkeys(("requests_per_second", "writes_per_second", "comment"))
    assert found.hub.model_copy(update=examples) == HubSettings(data=str(folder / "data"))
    assert found.sources["ops-redmine"].status == {"Feedback": Status.BLOCKED}
    assert found.sources["plans"].sheets["Plan A"].columns == {"due_on": "Go-live"}
    assert set(document["notify"]) == set(NotifySettings.model_fields)
    assert found.notify == NotifySettings(urls=("someone@example.com",), pmo_urls=("someone@example.com",))


def test_the_template_explains_itself():
    for line in template().splitlines():
        assert len(line) <= 120
        assert not re.match(r"#?[a-z_.]+ = ", line) or "  # " in line or '"' in line
    assert all(word in template() for word in [*Status, *IssueType, "${NAME}", "pmo check"])


def test_a_configuration_that_is_there_is_never_written_over():
    for text in ("mine", ""):
        with pytest.raises(ConfigError, match=r"^pmo\.toml exists already and was left as it is"):
            write_template(written(text))
        assert Path("pmo.toml").read_text() == text


def test_a_link_to_nowhere_is_not_written_through(folder):
    Path("pmo.toml").symlink_to(folder / "elsewhere.toml")
    with pytest.raises(ConfigError, match="exists already"):
        write_template(Path("pmo.toml"))
    assert not (folder / "elsewhere.toml").exists()


def test_a_folder_that_is_not_there_is_one_sentence():
    with pytest.raises(FileError, match=r"^writing the configuration: nowhere/pmo\.toml: No such file"):
        write_template(Path("nowhere/pmo.toml"))


# ------------------------------------------------------------------ renaming a source


TEXTS = r'''
[sources.b]
a = """
[sources.ops-redmine]
\""" """
b = [ # ]
  '[sources.ops-redmine]', {ops-redmine = 1}, "\"]"]
[sources.ops-redmine] # [sources.ops-redmine]
c = "[sources.ops-redmine] \" [sources.ops-redmine]"
'''
"""Looks like the name where it is not."""

FORMS = {
    "plain": WHOLE,
    "spaces": "[ sources . ops-redmine ]  # ours\ntype='redmine'\n[ sources . 'ops-redmine' . status ]\na = 'done'\n",
    "dotted": "sources.ops-redmine.type = 'redmine'\nsources . \"ops-redmine\" . url = 'ops-redmine'\n",
    "within": "[sources]\nops-redmine.type = 'redmine' # ops-redmine\n'ops-redmine'.url = 'x'\nb.type = 'ops'\n",
    "inline": "sources = { b = {type='x'}, ops-redmine = { type = 'ops-redmine', status = {ops-redmine=''} } }\n",
    "apart": "[sources.ops-redmine.status]\n'a' = 'done'\n[hub]\ndata = 'sources.ops-redmine'\n[sources.ops-redmine]",
    "arrays": "[[x.ops-redmine]]\na=1\n[[x.ops-redmine]]\na=2\n[sources.ops-redmine]\nb = 1979-05-27 07:32:00\nc=1",
    "texts": TEXTS,
    "other texts": TEXTS.replace('\\""" """', '"""').replace('"""', "'''"),
    "escape": '[sources."ops\\u002dredmine"]\na = 1\n',
    "windows": WHOLE.replace("\n", "\r\n"),
    "no end": "[sources.ops-redmine]",
}


@pytest.mark.parametrize("form", FORMS)
def test_a_source_is_renamed_and_nothing_else_is_touched(form):
    path = Path("pmo.toml")
    path.write_bytes(FORMS[form].encode())
    before = tomllib.loads(FORMS[form])
    rename_source(path, "ops-redmine", "neu-9")
    after = path.read_bytes().decode()
    sources = before.pop("sources")
    found = tomllib.loads(after)
    assert list(found["sources"].items()) == [("neu-9" if k == "ops-redmine" else k, v) for k, v in sources.items()]
    assert {name: table for name, table in found.items() if name != "sources"} == before
    # What differs is the name, as often as it was written, and no other byte.
    pieces = [re.escape(piece) for piece in re.split(r"neu-9", after)]
    assert re.fullmatch(r"""["']?ops(?:-|\\u002d)redmine["']?""".join(pieces), FORMS[form])
    assert [p.name for p in Path().iterdir()] == ["pmo.toml"]


def test_a_renamed_source_loads_under_its_new_name():
    path = written(WHOLE)
    before = load(path).sources["ops-redmine"]
    rename_source(path, "ops-redmine", "desk")
    assert load(path).sources["desk"] == before.model_copy(update={"name": "desk"})


def test_renaming_keeps_the_mode_and_the_link(folder):
    real = written(WHOLE, "real.toml")
    real.chmod(0o640)
    Path("pmo.toml").symlink_to(real.name)
    rename_source(Path("pmo.toml"), "lab", "work")
    assert Path("pmo.toml").is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert "[sources.work]" in real.read_text()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("opsredmine", "x", 'there is no source opsredmine to rename; did you mean "ops-redmine"?'),
        ("hub", "x", "there is no source hub to rename"),
        ("lab", "ops-redmine", "there is a source ops-redmine already"),
        ("lab", "lab", "there is a source lab already"),
        ("lab", "New Lab", 'the new name "New Lab" must be small letters'),
        ("lab", "../x", 'the new name "../x" must be small letters'),
        ("lab", "", 'the new name "" must be small letters'),
    ],
)
def test_a_name_that_cannot_be_had_leaves_the_file_alone(old, new, said):
    path = written(WHOLE)
    with pytest.raises(ConfigError) as caught:
        rename_source(path, old, new)
    assert str(caught.value).startswith("pmo.toml: ") and said in str(caught.value)
    assert path.read_text() == WHOLE


def test_what_cannot_be_renamed_in_place_is_left_to_its_owner(monkeypatch):
    monkeypatch.setattr(config, "replaced", lambda text, path, word: text)
    with pytest.raises(ConfigError, match="rename it there by hand"):
        rename_source(written(WHOLE), "lab", "work")
    assert Path("pmo.toml").read_text() == WHOLE


def test_a_disk_that_is_full_leaves_the_file_whole(monkeypatch):
    path = written(WHOLE)

    def full(self, data):
        with self.open("wb") as file:
            file.write(data[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(FileError, match=r"no space left for .*pmo\.toml"):
        rename_source(path, "lab", "work")
    assert path.read_text() == WHOLE
    assert [p.name for p in Path().iterdir()] == ["pmo.toml"]
