"""Pushing into a make-believe Jira over real HTTP: what is sent, what is not, and what is said of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from flows.rebuild import rebuild
from model.errors import ConfigError
from model.vocabulary import ChangeState
from sandbox.jira import HUB_EMAIL
from sandbox.jira_records import Issue
from sandbox.jira_workflow import ways
from tests.pushing import SOURCE, Office, is_write, named
from tests.pushing import office as an_office
from warehouse.desk import Desk
from warehouse.hub import Hub
from warehouse.workflow import seen_steps


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with an_office(tmp_path) as made:
        yield made


def somebody(office: Office) -> str:
    """An account that is not ours."""
    ours = office.tracker.logins[HUB_EMAIL].account_id
    return next(id_ for id_ in office.tracker.users if id_ != ours)


def priority(office: Office, issue: Issue) -> str:
    return office.tracker.priorities[issue.priority_id or ""].name


def status(office: Office, issue: Issue) -> str:
    return office.tracker.statuses[issue.status_id].name


# ------------------------------------------------------------------ plan and deed


def test_a_dry_run_writes_nothing_and_its_plan_is_what_is_done(office: Office) -> None:
    done = office.issues("ERP", "Done")[0]
    first, second = office.issues("ERP", "In Progress")[:2]
    ids = [office.wish(done, status="in_progress"), office.wish(first, priority="Highest")]
    ids.append(office.wish(second, status="In Review"))
    planned = office.push(dry_run=True)
    assert office.writes() == []
    assert [office.change(id_).state for id_ in ids] == [ChangeState.APPROVED] * 3
    report = office.push(plan=planned.hash)
    assert report.exit_status == 0
    routes = {p.change.id: [(s.start, s.end) for s in p.route] for p in planned.planned}
    for id_ in ids:
        assert [(one.step.start, one.step.end) for one in office.steps(id_)] == routes[id_]
        assert office.change(id_).state is ChangeState.VERIFIED
    assert len(office.writes()) == sum(len(route) for route in routes.values()) == 4
    assert (status(office, done), priority(office, first), status(office, second)) == (
        "In Progress", "Highest", "In Review",
    )  # fmt: skip
    office.server.requests.clear()
    again = office.push()
    assert (again.planned, office.writes()) == ([], [])


def test_a_value_that_was_empty_is_said_to_have_no_way_back_before_anything_is_sent(office: Office) -> None:
    empty, other = office.issues("ERP", "In Progress")[:2]
    office.tracker.edit(empty.id, by=somebody(office), priority_id=None)
    office.sync()
    for issue in (empty, other):
        office.wish(issue, priority="Highest")
    of_empty, of_other = office.push(dry_run=True).planned
    said = "the priority is empty in the tool, and pmo-hub empties nothing: this cannot be undone here"
    assert said in of_empty.warnings and said not in of_other.warnings
    assert office.push().exit_status == 0
    with pytest.raises(ConfigError, match="found the priority empty"):
        office.undo(of_empty.change.id)


def test_another_plan_than_the_one_looked_at_is_refused(office: Office) -> None:
    issue = office.issues("ERP", "In Progress")[0]
    office.wish(issue, priority="Highest")
    planned = office.push(dry_run=True)
    office.tracker.edit(issue.id, by=somebody(office), priority_id=named(office.tracker, "priorities", "Low"))
    with pytest.raises(ConfigError, match=f"and not {planned.hash}: nothing was sent"):
        office.push(plan=planned.hash)
    assert office.writes() == []


def test_the_hub_shows_what_was_written_and_a_quiet_sync_changes_nothing(office: Office) -> None:
    issue = office.issues("ERP", "In Progress")[0]
    office.wish(issue, status="In Review", priority="Highest")
    office.push(publishing=True)
    assert office.shown(issue) == ("In Review", "Highest")
    office.sync()
    assert office.shown(issue) == ("In Review", "Highest")


def test_more_changes_than_allowed_are_none(office: Office) -> None:
    few = office.with_(max_changes=1)
    for issue in office.issues("ERP", "In Progress")[:2]:
        office.wish(issue, priority="Highest")
    with pytest.raises(ConfigError, match="2 changes are approved, and max_changes is 1: nothing was sent"):
        few.push()
    assert office.server.requests == type(office.server.requests)()


def test_what_nobody_approved_is_not_sent(office: Office) -> None:
    strict = office.with_(approval="other")
    waiting, approved = (strict.wish(i, priority="Highest") for i in office.issues("ERP", "In Progress")[:2])
    strict.approve(approved)
    strict.push()
    assert (office.change(waiting).state, office.change(approved).state) == (
        ChangeState.PENDING, ChangeState.VERIFIED,
    )  # fmt: skip


# ------------------------------------------------------------------ somebody else


def test_a_value_that_nobody_saw_is_not_written_over(office: Office) -> None:
    issue = office.issues("ERP", "In Progress")[0]
    id_ = office.wish(issue, priority="Highest")
    office.tracker.edit(issue.id, by=somebody(office), priority_id=named(office.tracker, "priorities", "Low"))
    report = office.push()
    change = office.change(id_)
    assert (change.state, report.exit_status, office.writes()) == (ChangeState.CONFLICT, 0, [])
    assert change.message is not None
    assert re.fullmatch(r"priority was \w+ when this was asked for, and is Low now", change.message)


def test_the_tool_may_win_by_itself(office: Office) -> None:
    issue = office.issues("ERP", "In Progress")[0]
    id_ = office.wish(issue, priority="Highest")
    office.tracker.edit(issue.id, by=somebody(office), priority_id=named(office.tracker, "priorities", "Low"))
    office.with_(conflicts="tool-wins").push()
    assert office.change(id_).state is ChangeState.REJECTED


@pytest.mark.parametrize("wanted", [{"priority": "Highest"}, {"status": "Cancelled"}])
def test_what_is_edited_between_look_and_request_is_seen(office: Office, wanted: dict[str, str]) -> None:
    """The tool does not guard these: a last look tells."""
    issue = office.issues("ERP", "In Progress")[0]
    id_ = office.wish(issue, **wanted)
    low, review = named(office.tracker, "priorities", "Low"), named(office.tracker, "statuses", "In Review")
    edited: list[str] = []

    def edit(method: str, target: str, body: bytes) -> None:
        if method == "GET" and f"/issue/{issue.id}?" in target and not edited:
            edited.append(target)
            office.tracker.edit(issue.id, by=somebody(office), priority_id=low, status_id=review)

    office.server.before_any = edit
    office.push()
    assert edited and office.writes() == []
    assert office.change(id_).state is ChangeState.CONFLICT


def test_a_transition_from_where_the_issue_no_longer_is_is_refused_by_jira_itself(office: Office) -> None:
    issue = office.issues("ERP", "In Progress")[0]
    id_ = office.wish(issue, status="In Review")
    blocked = named(office.tracker, "statuses", "Blocked")
    office.on_write(lambda _: office.tracker.edit(issue.id, by=somebody(office), status_id=blocked))
    office.push()
    assert (office.change(id_).state, status(office, issue)) == (ChangeState.CONFLICT, "Blocked")


def test_what_was_written_over_in_the_same_moment_is_said_and_comes_back(office: Office) -> None:
    issue = office.issues("ERP", "In Progress")[0]
    id_ = office.wish(issue, priority="Highest")
    low = named(office.tracker, "priorities", "Low")
    office.on_write(lambda _: office.tracker.edit(issue.id, by=somebody(office), priority_id=low))
    office.push()
    change = office.change(id_)
    assert change.message == "somebody had set priority to Low in the same moment: undo brings that back"
    office.server.before_any = None
    (back,) = office.undo(id_)
    office.push()
    assert (office.change(back).state, priority(office, issue)) == (ChangeState.VERIFIED, "Low")


def test_what_was_rejected_meanwhile_is_not_sent(office: Office) -> None:
    first, second = office.issues("ERP", "In Progress")[:2]
    ids = [office.wish(issue, priority="Highest") for issue in (first, second)]

    def reject(method: str, target: str, body: bytes) -> None:
        if method == "GET" and f"/issue/{second.id}?" in target:
            from flows.changes import reject as reject_changes

            reject_changes(office.settings, [ids[1]], "cem", "no")

    office.server.before_any = reject
    office.push()
    assert [office.change(id_).state for id_ in ids] == [ChangeState.VERIFIED, ChangeState.REJECTED]
    assert len(office.writes()) == 1


# ------------------------------------------------------------------ what the tool will not do


def test_a_demanded_field_is_told_before_anything_is_sent_and_given_from_the_configuration(office: Office) -> None:
    issue = office.issues("ERP", "In Review")[0]
    id_ = office.wish(issue, status="Done")
    report = office.push(dry_run=True)
    (planned,) = report.planned
    assert planned.why == "the step to Done demands Resolution: give it a value in transition_defaults"
    wrong = office.with_(transition_defaults={"resolution": "Finished"}).push(dry_run=True).planned[0]
    assert wrong.why is not None and "Resolution (which has no “Finished”)" in wrong.why
    office.with_(transition_defaults={"resolution": "Duplicate"}).push()
    assert office.change(id_).state is ChangeState.VERIFIED
    assert issue.resolution_id is not None


def deleted(office: Office, issue: Issue) -> None:
    office.tracker.delete_issue(issue.id)


def hidden(office: Office, issue: Issue) -> None:
    office.tracker.hide(issue.id)


def read_only(office: Office, issue: Issue) -> None:
    office.tracker.logins[HUB_EMAIL].read_only.add(issue.project_id)


def validated(office: Office, issue: Issue) -> None:
    office.server.options.validators["Ask for review"] = "Name a reviewer first."


def pretending(office: Office, issue: Issue) -> None:
    office.server.options.pretends.add(issue.id)


def archived(office: Office, issue: Issue) -> None:
    office.tracker.set_project(issue.project_id, "archived")


@pytest.mark.parametrize(
    ("happens", "sentence", "requests"),
    [
        (deleted, "the tool does not show this issue to the account", 0),
        (hidden, "the tool does not show this issue to the account", 0),
        (archived, "the tool does not show this issue to the account", 0),
        (read_only, "the tool offers no way out of In Progress: the account may not move this issue", 0),
        (validated, "the tool declined it: .* answered 400 .*Name a reviewer first", 1),
        (pretending, "the tool said yes and left status at In Progress", 1),
    ],
)
def test_what_the_tool_will_not_do_is_one_row_with_one_sentence(
    office: Office, happens: Callable[[Office, Issue], None], sentence: str, requests: int
) -> None:
    issue = office.issues("ERP", "In Progress")[0]
    other = next(i for i in office.issues("SVC", "In Progress") if priority(office, i) != "Highest")
    id_, beside = office.wish(issue, status="In Review"), office.wish(other, priority="Highest")
    happens(office, issue)
    report = office.push()
    change = office.change(id_)
    assert (change.state, report.exit_status) == (ChangeState.FAILED, 1)
    assert re.match(sentence, change.message or ""), change.message
    assert len([w for w in office.writes() if str(issue.id) in w.target]) == requests
    assert office.change(beside).state is ChangeState.VERIFIED, "the rest of the plan goes on"
    office.push()
    assert len([w for w in office.writes() if str(issue.id) in w.target]) == requests, "nothing is sent twice"


def test_a_priority_that_the_project_does_not_take_is_told_with_those_it_takes(office: Office) -> None:
    issue = next(i for i in office.issues("CRM", "In Progress") if priority(office, i) != "Highest")
    id_ = office.wish(issue, priority="Highest")
    office.push()
    change = office.change(id_)
    assert change.message == "the project does not take priority Highest: it takes High, Medium, Low, Lowest"
    assert office.writes() == []


def test_a_status_of_another_project_only_is_told(office: Office) -> None:
    issue = office.issues("ERP", "In Progress")[0]
    id_ = office.wish(issue, status="Waiting for customer")
    office.push()
    assert re.match("no way from In Progress to Waiting for customer is known here: the tool offers ", (
        office.change(id_).message or ""
    ))  # fmt: skip


def test_what_may_not_be_undone_is_told_before_it_is_sent(office: Office) -> None:
    """The service desk's workflow ends at Cancelled; the others' leads back from Done."""
    office.wish(office.issues("SVC", "In Progress")[0], status="Cancelled")
    office.wish(office.issues("ERP", "In Review")[0], status="Done")
    told = [one.warnings for one in office.with_(transition_defaults={"resolution": "Done"}).push(dry_run=True).planned]
    assert told[0][-1] == "no way back from Cancelled to In Progress is known: it may not be possible to undo this"
    assert not any("no way back" in warning for warning in told[1])


def test_ways_that_were_offered_are_known_when_no_issue_stands_there_any_more(office: Office) -> None:
    """An undo comes later; the history of a young project need not show the way. A dry run teaches nothing: what is
    planned after it is what it said."""
    issue = office.issues("ERP", "In Progress")[0]
    workflow = (str(issue.project_id), issue.type_id)

    def known() -> set[tuple[str, str]]:
        with closing(Hub(office.settings.data / "hub.duckdb")) as hub:
            return {(step.start, step.end) for step in seen_steps(hub, SOURCE, [workflow])[workflow]}

    by_id = office.tracker.projects[issue.project_id]
    offered = {(issue.status_id, way.target) for way in ways(by_id) if way.source in (None, issue.status_id)}
    offered.discard((issue.status_id, issue.status_id))
    assert not offered <= known()
    office.wish(issue, status="In Review")
    before = known()
    office.push(dry_run=True)
    assert known() == before
    office.push()
    assert offered <= known()
    before = known()
    rebuild(office.settings)
    assert known() == before


@pytest.mark.parametrize(("fault", "state"), [
    ("rate_500_after", ChangeState.VERIFIED), ("rate_drop_after", ChangeState.VERIFIED),
    ("rate_500", ChangeState.FAILED), ("rate_drop", ChangeState.FAILED),
])  # fmt: skip
def test_an_answer_that_does_not_tell_is_read_back_and_nothing_sent_twice(
    office: Office, fault: str, state: ChangeState
) -> None:
    issue = office.issues("ERP", "In Progress")[0]
    id_ = office.wish(issue, priority="Highest")

    def fail(method: str, target: str, body: bytes) -> None:
        office.server.set_faults({fault: 1.0 if is_write(method, target) else 0.0})

    office.server.before_any = fail
    office.push()
    assert (office.change(id_).state, len(office.writes())) == (state, 1)
    assert (priority(office, issue) == "Highest") is (state is ChangeState.VERIFIED)


def test_too_many_requests_are_waited_for(office: Office) -> None:
    issue = office.issues("ERP", "In Progress")[0]
    id_ = office.wish(issue, priority="Highest")
    refused: list[str] = []

    def refuse(method: str, target: str, body: bytes) -> None:
        first = is_write(method, target) and not refused
        refused.extend([target] if first else [])
        office.server.set_faults({"rate_429": 1.0 if first else 0.0, "retry_after_seconds": 0})

    office.server.before_any = refuse
    office.push()
    assert office.change(id_).state is ChangeState.VERIFIED
    assert [w.status for w in office.writes()] == [429, 204]


# ------------------------------------------------------------------ workflows


def test_a_rule_of_the_tool_that_takes_an_issue_on_in_our_name_is_followed(office: Office) -> None:
    done = office.issues("ERP", "Done")[0]
    in_progress = named(office.tracker, "statuses", "In Progress")
    office.server.options.post_functions["Reopen"] = (in_progress, None)
    id_ = office.wish(done, status=named(office.tracker, "statuses", "Blocked"))
    office.push()
    assert (office.change(id_).state, status(office, done)) == (ChangeState.VERIFIED, "Blocked")
    assert len(office.steps(id_)) == 2  # and not the one to In Progress


def test_a_rule_that_takes_it_on_in_anothers_name_is_a_conflict(office: Office) -> None:
    done = office.issues("ERP", "Done")[0]
    cancelled = named(office.tracker, "statuses", "Cancelled")
    office.server.options.post_functions["Reopen"] = (cancelled, somebody(office))
    id_ = office.wish(done, status="in_progress")
    office.push()
    assert (office.change(id_).state, len(office.steps(id_))) == (ChangeState.CONFLICT, 1)


def test_a_rule_that_brings_it_back_ends_it(office: Office) -> None:
    done = office.issues("ERP", "Done")[0]
    office.server.options.post_functions["Reopen"] = (done.status_id, None)
    id_ = office.wish(done, status="in_progress")
    office.push()
    assert (office.change(id_).state, len(office.steps(id_))) == (ChangeState.FAILED, 1)


@pytest.mark.parametrize("option", ["bulk_expands", "screens_told", "leaves_out"])
def test_what_a_bulk_answer_does_not_tell_is_asked_for(office: Office, option: str) -> None:
    setattr(office.server.options, option, 0.5 if option == "leaves_out" else False)
    review = office.issues("ERP", "In Review")[0]
    ids = [office.wish(review, status="Done")]
    ids += [office.wish(i, priority="Highest") for i in office.issues("ERP", "In Progress")[:6]]
    office.with_(transition_defaults={"Resolution": "Done"}).push()
    assert {office.change(id_).state for id_ in ids} == {ChangeState.VERIFIED}


def test_an_issue_that_was_moved_keeps_its_id(office: Office) -> None:
    issue = office.issues("ERP", "In Progress")[0]
    id_ = office.wish(issue, priority="Highest")
    target = next(p.id for p in office.tracker.projects.values() if p.key == "SVC")
    office.tracker.move(issue.id, target, by=somebody(office))
    office.push()
    assert (office.change(id_).state, priority(office, issue)) == (ChangeState.VERIFIED, "Highest")


# ------------------------------------------------------------------ undo, comments, quiet


def test_undo_brings_back_what_nobody_touched_and_conflicts_on_the_rest(office: Office) -> None:
    touched, left, done = *office.issues("ERP", "In Progress")[:2], office.issues("ERP", "Done")[0]
    before = {i.id: (i.status_id, i.priority_id) for i in (touched, left, done)}
    ids = [office.wish(touched, priority="Highest"), office.wish(left, status="In Review", priority="Lowest")]
    ids = [change.id for change in office.changes()]
    ids.append(office.wish(done, status="todo"))
    office.push()
    office.tracker.edit(touched.id, by=somebody(office), priority_id=named(office.tracker, "priorities", "Low"))
    backs = office.undo(*ids)
    office.with_(transition_defaults={"resolution": "Done"}).push()
    states = {office.change(b).issue_id: office.change(b).state for b in backs if office.change(b).field == "priority"}
    assert states[f"{SOURCE}:{touched.id}"] is ChangeState.CONFLICT
    for issue in (left, done):
        assert (issue.status_id, issue.priority_id) == before[issue.id], [office.change(b).message for b in backs]
    assert office.change(ids[-1]).state is ChangeState.UNDONE


def test_a_comment_names_who_asked_and_stands_there_once(office: Office) -> None:
    spoken = office.with_(comment="{asker} asked for {what}: {reason}")
    issue = office.issues("ERP", "In Progress")[0]
    ids = []
    for wanted in ({"status": "In Review"}, {"priority": "Highest"}):
        ids.append(spoken.wish(issue, reason="board decision", **wanted))
    so_already = spoken.wish(office.issues("ERP", "Done")[0], priority="Lowest")
    office.tracker.edit(
        office.issues("ERP", "Done")[0].id, by=somebody(office),
        priority_id=named(office.tracker, "priorities", "Lowest"),
    )  # fmt: skip
    lost: list[str] = []

    def lose(method: str, target: str, body: bytes) -> None:
        """The comment is made, and the answer is lost."""
        first = target.endswith("/comment") and method == "POST" and not lost
        lost.extend([target] if first else [])
        office.server.set_faults({"rate_drop_after": 1.0 if first else 0.0})

    office.server.before_any = lose
    assert spoken.push().sources[0].error is not None
    spoken.push()
    texts = [comment.text for comment in issue.comments if "asked for" in comment.text]
    assert len(texts) == 1
    for id_, field in zip(ids, ("status", "priority"), strict=True):
        assert re.search(rf"ada asked for {field} .+ → .+: board decision \(pmo change {id_}\)", texts[0])
    assert office.change(so_already).message == "it was so already: nothing was sent"


def test_an_edit_is_quiet_where_the_account_may_be(office: Office) -> None:
    first, second = office.issues("ERP", "In Progress")[:2]
    office.wish(first, priority="Highest")
    (planned,) = office.push().planned
    assert planned.warnings == ("Jira mails the watchers: editing quietly takes the right to administer the project",)
    assert "notifyUsers" not in office.writes()[-1].target
    office.tracker.logins[HUB_EMAIL].admin = True
    office.wish(second, priority="Highest")
    (planned,) = office.push().planned
    assert planned.warnings == ()
    assert office.writes()[-1].target.endswith("?notifyUsers=false")


def test_a_tool_that_wants_to_be_left_alone_has_got_nothing_and_is_asked_next_time(office: Office) -> None:
    ids = [office.wish(issue, priority="Highest") for issue in office.issues("ERP", "In Progress")[:3]]

    def refuse(method: str, target: str, body: bytes) -> None:
        office.server.set_faults({"rate_429": float(is_write(method, target)), "retry_after_seconds": 900})

    office.server.before_any = refuse
    report = office.push()
    assert "asked to wait 900 s" in (report.sources[0].error or "")
    assert {office.change(id_).state for id_ in ids} == {ChangeState.APPROVED}
    office.server.before_any = None
    office.server.set_faults({"rate_429": 0.0})
    office.push()
    assert {office.change(id_).state for id_ in ids} == {ChangeState.VERIFIED}


def test_a_change_that_a_push_left_behind_can_be_rejected(office: Office) -> None:
    issue = office.issues("ERP", "In Progress")[0]
    id_ = office.wish(issue, priority="Highest")
    with Desk(office.settings.data / "desk.sqlite") as desk:  # as after a kill
        desk.queue.record_steps([(id_, "3", "10100", "PUT")], {id_: office.change(id_).base})
        assert desk.queue.of([id_])[0].state is ChangeState.APPLIED
        desk.queue.reject([id_], "bea", "not any more")
    office.push()
    assert (office.change(id_).state, office.writes()) == (ChangeState.REJECTED, [])
