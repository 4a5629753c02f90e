"""One human over all tools: joined on evidence alone, and the same whatever order the accounts come in."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from model.identity import AccountKey, join_people, suggest_people

SOURCES = ("jira-a", "jira-b", "ops")


def account(source: str, native_id: str, name: str = "Ada Byron", **more: str | None) -> AccountKey:
    return AccountKey(f"{source}:{native_id}", source, native_id, name, **more)


# Few values, so that everything meets everything.
accounts_strategy = st.lists(
    st.builds(
        account,
        st.sampled_from(SOURCES),
        st.integers(1, 6).map(str),
        st.sampled_from(["Ada Byron", "ada  byron", "Bo Li", ""]),
        email=st.sampled_from(
            [None, "", " ", "ada@example.com", " ADA@example.com", "bo@example.com", "c@example.com"]
        ),
        identity_provider=st.sampled_from([None, "", "atlassian", "azure"]),
    ),
    max_size=10,
    unique_by=lambda a: a.id,
)


@st.composite
def cases(draw):
    """Accounts, and pairs that a person confirmed, some of them of accounts that are no more."""
    accounts = draw(accounts_strategy)
    ids = st.sampled_from([*(a.id for a in accounts), "ops:gone", "old:1"])
    return accounts, draw(st.lists(st.tuples(ids, ids), max_size=4))


def evidence(one: AccountKey, other: AccountKey, accounts: Sequence[AccountKey], confirmed) -> bool:
    """Whether these two are joined by themselves: the rule of DESIGN, section 6, said as plainly as can be."""
    if one.identity_provider and (one.identity_provider, one.native_id) == (other.identity_provider, other.native_id):
        return True
    if (one.id, other.id) in confirmed or (other.id, one.id) in confirmed:
        return True
    email = (one.email or "").strip().casefold()
    holders = [a.source for a in accounts if (a.email or "").strip().casefold() == email]
    return bool(email) and (other.email or "").strip().casefold() == email and len(set(holders)) == len(holders)


def people_by_hand(accounts: Sequence[AccountKey], confirmed) -> dict[str, str]:
    """The same by brute force: spread from account to account until nothing changes."""
    people = {a.id: a.id for a in accounts}
    for _ in accounts:
        for one, other in combinations(accounts, 2):
            if evidence(one, other, accounts, confirmed):
                people[one.id] = people[other.id] = min(people[one.id], people[other.id])
    return people


# ------------------------------------------------------------------ laws


@given(cases())
def test_people_are_joined_on_evidence_and_on_nothing_else(case):
    accounts, confirmed = case
    assert join_people(accounts, confirmed) == people_by_hand(accounts, confirmed)


@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_accounts_and_confirmations_does_not_matter(case, random):
    accounts, confirmed = case
    expected = join_people(accounts, confirmed)
    shuffled = [(b, a) if random.random() < 0.5 else (a, b) for a, b in random.sample(confirmed, len(confirmed))]
    assert join_people(random.sample(accounts, len(accounts)), shuffled) == expected


@given(cases())
def test_everybody_is_in_one_group_named_by_its_smallest_account(case):
    accounts, confirmed = case
    people = join_people(iter(accounts), confirmed)
    assert set(people) == {a.id for a in accounts}
    for person in set(people.values()):
        assert person == min(id_ for id_, of in people.items() if of == person)


@given(cases())
def test_joining_again_what_was_joined_changes_nothing(case):
    accounts, confirmed = case
    people = join_people(accounts, confirmed)
    assert join_people(accounts, [*confirmed, *people.items()]) == people


@given(cases())
def test_one_confirmation_more_never_parts_anybody(case):
    accounts, confirmed = case
    fewer, more = join_people(accounts, confirmed[:-1]), join_people(accounts, confirmed)
    for one, other in combinations(fewer, 2):
        assert fewer[one] != fewer[other] or more[one] == more[other]


@given(accounts_strategy)
def test_names_alone_join_nobody(accounts):
    bare = [account(a.source, a.native_id, "Ada Byron") for a in accounts]
    assert join_people(bare) == {a.id: a.id for a in bare}


@given(cases())
def test_suggestions_are_namesakes_of_other_people_in_other_sources(case):
    accounts, confirmed = case
    people = join_people(accounts, confirmed)
    by_id = {a.id: a for a in accounts}
    pairs = suggest_people(accounts, people)
    assert len({frozenset(pair) for pair in pairs}) == len(pairs)
    for one, other in pairs:
        assert people[one] != people[other]
        assert by_id[one].source != by_id[other].source
        assert by_id[one].name.casefold().split() == by_id[other].name.casefold().split()


# ------------------------------------------------------------------ named cases


def test_one_atlassian_account_is_one_human_over_all_its_sites():
    accounts = [
        account("jira-b", "712020:f00d", "Ada B.", identity_provider="atlassian"),
        account("jira-a", "712020:f00d", "Ada Byron", identity_provider="atlassian"),
    ]
    assert set(join_people(accounts).values()) == {"jira-a:712020:f00d"}


def test_the_same_number_in_two_tools_is_no_evidence():
    accounts = [account("jira-a", "7"), account("ops", "7")]
    assert len(set(join_people(accounts).values())) == 2
    accounts = [account("jira-a", "7", identity_provider="atlassian"), account("ops", "7", identity_provider="azure")]
    assert len(set(join_people(accounts).values())) == 2


def test_an_address_joins_over_tools_in_any_case():
    accounts = [
        account("ops", "3", email="Ada@Example.com"),
        account("jira-a", "x", "A. Byron", email=" ada@example.com "),
    ]
    assert set(join_people(accounts).values()) == {"jira-a:x"}


def test_an_address_that_two_accounts_of_one_source_share_joins_nobody():
    """A team's mailbox, or an administrator's second account."""
    accounts = [account(s, n, email="team@example.com") for s, n in [("ops", "3"), ("ops", "4"), ("jira-a", "x")]]
    assert join_people(accounts) == {a.id: a.id for a in accounts}


def test_a_shared_address_does_not_undo_what_else_is_known():
    accounts = [account(s, n, email="team@example.com") for s, n in [("ops", "3"), ("ops", "4"), ("jira-a", "x")]]
    people = join_people(accounts, [("jira-a:x", "ops:4")])
    assert people == {"ops:3": "ops:3", "ops:4": "jira-a:x", "jira-a:x": "jira-a:x"}


def test_no_address_is_not_a_common_address():
    accounts = [account("ops", "3", email=""), account("jira-a", "x", email=" "), account("jira-b", "y")]
    assert len(set(join_people(accounts).values())) == 3


def test_evidence_of_several_kinds_adds_up():
    accounts = [
        account("jira-a", "f00d", identity_provider="atlassian"),
        account("jira-b", "f00d", email="ada@example.com", identity_provider="atlassian"),
        account("ops", "3", email="ada@example.com"),
        account("ops", "4", "Ada (admin)"),
    ]
    assert set(join_people(accounts, [("ops:3", "ops:4")]).values()) == {"jira-a:f00d"}


def test_confirmations_about_accounts_that_are_gone_are_passed_over():
    assert join_people([account("ops", "3")], [("ops:3", "ops:gone"), ("old:1", "old:2")]) == {"ops:3": "ops:3"}


def test_a_namesake_is_suggested_and_not_joined():
    accounts = [account("ops", "3", " Ada  Byron"), account("jira-a", "x", "ada byron"), account("ops", "5", "Bo Li")]
    people = join_people(accounts)
    assert len(set(people.values())) == 3
    assert suggest_people(accounts, people) == [("jira-a:x", "ops:3")]
    confirmed = join_people(accounts, [("jira-a:x", "ops:3")])
    assert suggest_people(accounts, confirmed) == []


def test_namesakes_within_one_tool_are_two_people():
    accounts = [account("ops", "3"), account("ops", "4")]
    assert suggest_people(accounts, join_people(accounts)) == []
