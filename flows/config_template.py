"""The commented `pmo.toml` that `pmo init` writes.

Names, defaults and descriptions come from `model.config`, so that none is missing or stale. A line that begins with
`#` and no blank is a setting to be switched on; `# ` begins a comment.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from pydantic import BaseModel

from model.config import HubSettings, KeepSettings, NotifySettings, PublishSettings, SourceDefaults
from model.vocabulary import IssueType, Status

__all__ = ["template"]

_HEAD = """\
# What pmo-hub reads, and how. A line that begins with # does not count: take the # away to switch it on.
# A secret never stands in this file: ${NAME} is read from the environment when pmo runs.
# `pmo check` says whether all is well, before anything is pulled.
"""

_NOTIFY = """\

# Who is told after a night of `pmo schedule`: one message with what is new and what is over. `pmo check --notify` sends
# a test. Addresses of Apprise (appriseit.com): mail, Teams, Slack, a web hook … They hold passwords.

#[notify]"""

_KEEP = """\

# For how long what is past is kept. Older answers of the tools are folded into one file, and stay as understood then.

#[keep]"""

_SOURCES = """\

# One table for each tool that is read. Its name is yours (small letters, digits, hyphens) and is part of all ids, so
# choose it well; `pmo source rename OLD NEW` changes it later. All but the settings of [hub] that are marked * may
# stand here too, and then hold for this source alone.

#[sources.acme-jira]
#type = "jira"                          # Jira Cloud
#url = "https://acme.atlassian.net"
#email = "${JIRA_EMAIL}"                # the account the token belongs to
#token = "${JIRA_TOKEN}"                # at id.atlassian.com: Security, API tokens
#projects = ["ERP", "WEB"]              # keys or ids; left out: all that the account sees
#fields.story_points = "Story Points"   # id or name of the field that holds them; left out: found where it can be
#transition_defaults.Resolution = "Done" # for a field that a change of status demands, and the issue lacks

#[sources.ops-redmine]
#type = "redmine"
#url = "https://redmine.example.com"
#token = "${REDMINE_KEY}"               # in Redmine: My account, API access key
#projects = ["erp", "web"]              # identifiers; left out: all that the account sees
#fields.story_points = "7"              # id of the custom field that holds them; left out: none
#ca_file = "company-ca.pem"             # certificates to trust, if yours is not publicly known
# Rules for the tool's own words, each by id or by name in any case; without one, the tool's own order decides.
# A status is one of {statuses}; a priority is 1 (most urgent) to 5; a type is
# one of {types}.
#status."Feedback" = "blocked"
#priority."Immediate" = 1
#issue_type."Support" = "request"

#[sources.plans]
#type = "smartsheet"
#url = "https://api.smartsheet.com"      # by region: api.smartsheet.eu, api.smartsheet.au, api.smartsheetgov.com
#token = "${SMARTSHEET_TOKEN}"          # in Smartsheet: Personal Settings, API Access
# … or, instead of a token, an app of yours: oauth_client = "${APP_ID}" and oauth_secret = "${APP_SECRET}", then
# `pmo login plans`.
#projects = ["Plan A", "workspace:IT"]  # sheets by name or id, workspace:…, folder:ID, report:…; left out: all
#columns.status = "Health"              # which column is what, where its title does not say so; "": none
#sheets."Plan A".columns.due_on = "Go-live" # the same for one sheet
#status."Green" = "in_progress"

# What no tool holds, from files that you keep: programs, projects, budgets, baselines, rates, costs, risks …
# `pmo init --plan` writes templates of them. Files of your own are read where it is said which column is which.
#[sources.plan]
#type = "plan"
#folder = "plan"                        # with .csv and .xlsx files, relative to this file
#tables.costs.file = ["costs-*.csv", "orders.xlsx"]   # left out: costs.csv, costs.xlsx, or a sheet called costs
#tables.costs.sheet = "2026"
#tables.costs.header_row = 3            # left out: the first row that is not empty
#tables.costs.columns.project = "Project no."         # our column = your heading
#tables.costs.words.kind."PO" = "commitment"          # your word = ours
#tables.costs.values.currency = "EUR"   # in all rows
#tables.costs.day_format = "%d.%m.%Y"
#tables.costs.decimal = ","
#tables.costs.scale.amount = 1000       # the file is in thousands
"""

_EXAMPLES: dict[str, object] = {
    "requests_per_second": 5,
    "writes_per_second": 2,
    "comment": "{asker}: {what} ({reason})",
    "raw_days": 400,
    "urls": ["${OPS_ADDRESS}"],
    "pmo_urls": ["${PMO_ADDRESS}"],
}


def template() -> str:
    """A valid configuration without a source, that explains every setting."""
    own = [name for name in HubSettings.model_fields if name not in SourceDefaults.model_fields and name != "publish"]
    hub = [
        "[hub]",
        *_lines(HubSettings, ("data", "timezone"), mark="* ", on=True),
        *_lines(HubSettings, (name for name in own if name not in ("data", "timezone")), mark="* "),
        *_lines(PublishSettings, PublishSettings.model_fields, mark="* ", prefix="publish."),
        *_lines(SourceDefaults, SourceDefaults.model_fields),
    ]
    sources = _SOURCES.replace("{statuses}", ", ".join(Status)).replace("{types}", ", ".join(IssueType))
    notify = [*_lines(NotifySettings, NotifySettings.model_fields)]
    keep = [*_lines(KeepSettings, KeepSettings.model_fields)]
    return "\n".join([_HEAD, *hub, sources, _NOTIFY, *notify, _KEEP, *keep, ""])


def _lines(
    model: type[BaseModel], names: Iterable[str], *, mark: str = "", prefix: str = "", on: bool = False
) -> Iterable[str]:
    for name in names:
        field = model.model_fields[name]
        value = json.dumps(_EXAMPLES.get(name, field.get_default(call_default_factory=True)))
        setting = f"{'' if on else '#'}{prefix}{name} = {value}"
        yield f"{setting:<39} # {mark}{field.description}"
