# ruff: noqa: E501  a row of a rule table is a line
"""Proposals, ballots, decisions: who may, what adopts, what falls.

Audit, health and steward are the committee, transport is the government, steward alone orders
blocks.
"""

from collections.abc import Callable
from hashlib import sha256

import pytest
from msgspec.structs import replace

from contracts import reasons
from contracts.governance.actions import replaced_key
from contracts.governance.actions.standards import PURPOSES_MAX
from contracts.governance.votes import OPEN_DAYS_MAX, REACHES
from contracts.invariants import violations
from contracts.transition import Accepted
from contracts.values import (
    CastBallot,
    Group,
    Key,
    Ledger,
    Member,
    ProposedAction,
    RoleHolders,
    Tally,
)
from ledger.canonical import encode
from ledger.records import Body
from ledger.records.genesis import (
    Calendar,
    Jurisdiction,
    Names,
    Parameters,
    Purpose,
    Role,
    Threshold,
)
from ledger.records.governance import (
    Action,
    Admission,
    AdmitMembers,
    ChangePurposes,
    Decision,
    Matter,
    Premise,
    RecoverCustodian,
    ReinstateMember,
    RejectAdmission,
    SetCalendar,
    SetGroup,
    SetParameters,
    SetRoles,
    SuspendMember,
)
from ledger.records.keys import KeyRotation
from ledger.records.sharing import Audience
from ledger.times import DAY_MS
from ledger.types import CaseId, MemberId
from tests import bodies
from tests.bodies import NOWHERE
from tests.story import Row, Story, play, rule_table
from tests.world import ROLES, World, log_signer_ml_dsa, signer

COMMITTEE = ("audit", "health", "steward")


def admission(member: MemberId = "newcomer", **changes: object) -> Admission:
    """Somebody who asks to be admitted, with the custodian key called after it."""
    one = Admission(
        authorisation=NOWHERE,
        code="1",
        custodian=signer(f"{member}/custodian").public_key.description,
        id=member,
        jurisdiction=Jurisdiction(code="1", level="city"),
        names=Names(en=member),
    )
    return replace(one, **changes)


def admit(*members: Admission) -> AdmitMembers:
    return AdmitMembers(members=members or (admission(),))


def recovery(member: MemberId = "weather", label: str = "found again") -> RecoverCustodian:
    return RecoverCustodian(key=signer(label).public_key.description, member=member)


def adopting(*codes: str, retired: tuple[str, ...] = ()) -> ChangePurposes:
    purposes = tuple(Purpose(code=code, names=Names(en=code)) for code in codes)
    return ChangePurposes(purposes=purposes, retired=retired)


def group(*members: MemberId) -> SetGroup:
    return SetGroup(group="bureaus", members=members, names=Names(en="Bureaus"))


def resting_on(story: Story, key: str) -> Premise:
    value = story.world.value(key)
    digest = None if value is None else sha256(encode(value)).hexdigest()
    return Premise(key=key, value=digest)


def premises_for(story: Story, action: Action) -> tuple[Premise, ...]:
    key = replaced_key(action)
    return () if key is None else (resting_on(story, key),)


def proposes(action: Action, **changes: object) -> Callable[[Story], Body]:
    """The action is put to the vote, on what it needs to rest on."""

    def body(story: Story) -> Body:
        said = bodies.proposal(action, story.world.later(DAY_MS), *premises_for(story, action))
        return replace(said, **changes)

    return body


def proposal(story: Story, action: Action, *rests_on: Premise) -> CaseId:
    """A proposal of the auditor that is open."""
    premises = rests_on or premises_for(story, action)
    body = bodies.proposal(action, story.world.later(DAY_MS), *premises)
    new = [signer("found again")] if isinstance(action, RecoverCustodian) else []
    record = story.world.sign("audit/main", body, *new)
    story.world.accept(record)
    return record.digest


def vote(story: Story, case_id: CaseId, *members: MemberId, say: str = "yes") -> str:
    """Members vote, one after another; the state of the proposal then."""
    for member in members:
        story.says(f"{member}/main", bodies.ballot(case_id, "yes" if say == "yes" else "no"))
    return story.state_of(case_id)


def adopt(story: Story, action: Action) -> CaseId:
    """The action is proposed and done: two of three are enough for all."""
    case_id = proposal(story, action)
    assert vote(story, case_id, "audit", "health") == "adopted"
    assert violations(story.world.state, story.world.leaves) == []
    return case_id


def member(story: Story, name: MemberId) -> Member:
    value = story.world.value(f"member/{name}")
    assert isinstance(value, Member)
    return value


def ledger(story: Story) -> Ledger:
    value = story.world.value("ledger")
    assert isinstance(value, Ledger)
    return value


def decides(matter: Matter) -> Callable[[Story], Body]:
    return lambda _: Decision(matter=matter, minutes=NOWHERE, reason="resolved")


def casts(vote_: str = "yes", action: Action | None = None) -> Callable[[Story], Body]:
    """A vote on an open proposal."""

    def body(story: Story) -> Body:
        case_id = proposal(story, action or admit())
        return bodies.ballot(case_id, "yes" if vote_ == "yes" else "no")

    return body


def twice(story: Story) -> Body:
    case_id = proposal(story, admit())
    vote(story, case_id, "health")
    return bodies.ballot(case_id)


WEAK = replace(
    signer("x").public_key.description,
    keyval=replace(signer("x").public_key.description.keyval, public="00" * 32),
)
OTHER_SUITE = log_signer_ml_dsa("x").public_key.description

ROWS = [
    Row("R601", "the committee proposes", "health/main", proposes(admit())),
    Row("R601", "who is not in the committee does not", "weather/main", proposes(admit()), reasons.NOT_COMMITTEE),
    Row("R601", "nor the government", "transport/main", proposes(admit()), reasons.NOT_COMMITTEE),
    Row("R601", "a vote that is over before it begins", "audit/main", proposes(admit(), closes_at="2026-01-01T00:00:00.000Z"), reasons.PERIOD_OVER),
    Row("R601", "a vote without an end to see", "audit/main", proposes(admit(), closes_at="2030-01-01T00:00:00.000Z"), reasons.LIMIT),
    Row("R601", "a premise that does not hold", "audit/main", proposes(admit(), rests_on=(Premise(key="member/health"),)), reasons.PREMISE_CHANGED),
    Row("R601", "a premise that does", "audit/main", proposes(admit(), rests_on=(Premise(key="member/newcomer"),))),
    Row("R607", "parameters that replace what was not seen", "audit/main", proposes(SetParameters(parameters=Parameters(reply_days=3)), rests_on=()), reasons.PREMISE_MISSING),
    Row("R607", "a calendar the same", "audit/main", proposes(SetCalendar(calendar=Calendar()), rests_on=()), reasons.PREMISE_MISSING),
    Row("R607", "a group the same", "audit/main", proposes(group("health"), rests_on=()), reasons.PREMISE_MISSING),
    Row("R627", "a group of nobody", "audit/main", proposes(group("nobody")), reasons.UNKNOWN_MEMBER),
    Row("R627", "the end of no group", "audit/main", proposes(group()), reasons.UNKNOWN_GROUP),
    Row("R602", "the committee votes", "health/main", casts()),
    Row("R602", "others do not", "weather/main", casts(), reasons.NOT_COMMITTEE),
    Row("R602", "on what nobody proposed", "audit/main", lambda _: bodies.ballot(NOWHERE), reasons.UNKNOWN_PROPOSAL),
    Row("R602", "the same vote again", "health/main", twice, reasons.ALREADY_EXISTS),
    Row("R608", "the government alone decides", "audit/main", decides(RejectAdmission(proposal=NOWHERE)), reasons.NOT_GOVERNMENT),
    Row("R609", "a proposal nobody made", "transport/main", decides(RejectAdmission(proposal=NOWHERE)), reasons.UNKNOWN_PROPOSAL),
    Row("R609", "an admission, objected to", "transport/main", lambda story: decides(RejectAdmission(proposal=proposal(story, admit())))(story)),
    Row("R609", "what admits nobody is not the government's to reject", "transport/main", lambda story: decides(RejectAdmission(proposal=proposal(story, SuspendMember(member="weather"))))(story), reasons.NOT_GOVERNMENT),
    Row("R612", "an id that is taken", "audit/main", proposes(admit(admission("weather", custodian=signer("other").public_key.description))), reasons.ALREADY_EXISTS),
    Row("R612", "a key that is taken", "audit/main", proposes(admit(admission(custodian=signer("health/main").public_key.description))), reasons.KEY_TAKEN),
    Row("R612", "one key for two", "audit/main", proposes(admit(admission("aa"), admission("bb", custodian=signer("aa/custodian").public_key.description))), reasons.KEY_TAKEN),
    Row("R612", "a weak key", "audit/main", proposes(admit(admission(custodian=WEAK))), reasons.WEAK_KEY),
    Row("R612", "a key of another suite", "audit/main", proposes(admit(admission(custodian=OTHER_SUITE))), reasons.WEAK_KEY),
    Row("R612", "a superior that nobody knows", "audit/main", proposes(admit(admission(line_superior="nobody"))), reasons.UNKNOWN_MEMBER),
    Row("R612", "a superior on the ledger", "audit/main", proposes(admit(admission(line_superior="weather")))),
    Row("R612", "a superior admitted with it", "audit/main", proposes(admit(admission("aa", line_superior="bb"), admission("bb")))),
    Row("R612", "two above each other", "audit/main", proposes(admit(admission("aa", line_superior="bb"), admission("bb", line_superior="aa"))), reasons.MALFORMED),
    Row("R613", "roles of nobody", "audit/main", proposes(SetRoles(member="nobody", roles=())), reasons.UNKNOWN_MEMBER),
    Row("R613", "roles it has", "audit/main", proposes(SetRoles(member="weather", roles=())), reasons.ALREADY_EXISTS),
    Row("R613", "to order blocks without log keys", "audit/main", proposes(SetRoles(member="weather", roles=("sequencer",))), reasons.WRONG_STATE),
    Row("R610", "nobody would order blocks", "audit/main", proposes(SetRoles(member="steward", roles=("committee", "steward"))), reasons.LEDGER_WOULD_STOP),
    Row("R614", "suspend who orders blocks", "audit/main", proposes(SuspendMember(member="steward")), reasons.LEDGER_WOULD_STOP),
    Row("R614", "suspend nobody", "audit/main", proposes(SuspendMember(member="nobody")), reasons.UNKNOWN_MEMBER),
    Row("R615", "reinstate who is not suspended", "audit/main", proposes(ReinstateMember(member="weather")), reasons.WRONG_STATE),
    Row("R617", "retire a code never adopted", "audit/main", proposes(adopting(retired=("sport",))), reasons.UNKNOWN_PURPOSE),
    Row("R617", "adopt a code again", "audit/main", proposes(adopting("health")), reasons.ALREADY_EXISTS),
    Row("R617", "retire all", "audit/main", proposes(adopting(retired=("health", "tax.audit"))), reasons.LIMIT),
    Row("R617", "adopt too many", "audit/main", proposes(adopting(*(f"c{n:03d}" for n in range(PURPOSES_MAX - 1)))), reasons.LIMIT),
    Row("R618", "a quorum of witnesses that are not there", "audit/main", proposes(SetParameters(parameters=Parameters(quorum=1))), reasons.LIMIT),
]  # fmt: skip


@rule_table(ROWS)
def test_governance(row: Row) -> None:
    story = Story()
    play(story, row)
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R603", "R604", "W001", "W002")
def test_the_ballot_that_reaches_the_threshold_does_what_was_proposed() -> None:
    story = Story()
    case_id = proposal(story, SuspendMember(member="weather"))
    assert vote(story, case_id, "audit") == "open"
    assert member(story, "weather").status == "active"
    assert vote(story, case_id, "steward") == "adopted"
    assert member(story, "weather").status == "suspended"
    (verdict,) = story.world.results[-1].verdicts
    assert isinstance(verdict, Accepted)
    assert "member/weather" in verdict.outcome.changed
    assert story.world.value(f"proposal/{case_id}") == ProposedAction(
        action=SuspendMember(member="weather"), tally=Tally(electorate=3, no=0, yes=2)
    )
    late = story.world.sign("health/main", bodies.ballot(case_id))
    assert story.world.refuse(late) == reasons.WRONG_STATE


@pytest.mark.rule("R602", "R606", "W003")
def test_a_vote_can_be_changed_and_is_rejected_when_yes_can_no_longer_win() -> None:
    story = Story()
    case_id = proposal(story, SuspendMember(member="weather"))
    assert vote(story, case_id, "audit") == "open"
    assert vote(story, case_id, "audit", say="no") == "open"
    assert vote(story, case_id, "audit") == "open"
    assert vote(story, case_id, "health", "steward", say="no") == "rejected"
    value = story.world.value(f"ballot/{case_id}/audit")
    assert isinstance(value, CastBallot)
    assert value.vote == "yes"
    assert member(story, "weather").status == "active"


@pytest.mark.rule("R605", "W004")
def test_a_proposal_falls_when_a_premise_changes() -> None:
    story = Story()
    story.submit()
    action = SuspendMember(member="weather")
    case_id = proposal(story, action, resting_on(story, f"case/{story.submit(title='next')}"))
    under_review = story.submit(title="another")
    assert story.state_of(under_review) == "submitted"
    assert vote(story, case_id, "audit") == "fallen"
    assert member(story, "weather").status == "active"
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R605")
def test_a_proposal_falls_when_its_action_can_no_longer_be_done() -> None:
    story = Story()
    first, second = (proposal(story, SuspendMember(member="weather")) for _ in range(2))
    assert vote(story, first, "audit", "health") == "adopted"
    assert vote(story, second, "audit", "health") == "fallen"
    value = story.world.value(f"proposal/{second}")
    assert isinstance(value, ProposedAction)
    assert value.tally is None
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R602", "1304")
def test_a_vote_is_over_at_its_closing_time() -> None:
    """Also while its expiry has not been settled: a block settles one deadline here."""
    story = Story(Parameters(settlements_per_block=1))
    one, other = (proposal(story, SuspendMember(member="weather")) for _ in range(2))
    end = story.world.later(2 * DAY_MS)
    votes = [story.world.sign("audit/main", bodies.ballot(case_id)) for case_id in (one, other)]
    result = story.world.block(*votes, at=end)
    assert sorted(story.state_of(case_id) for case_id in (one, other)) == ["expired", "open"]
    assert not any(isinstance(verdict, Accepted) for verdict in result.verdicts)
    story.world.block()
    assert {story.state_of(case_id) for case_id in (one, other)} == {"expired"}


@pytest.mark.rule("R603", "R009", "1002")
def test_the_vote_of_a_suspended_member_does_not_count() -> None:
    story = Story()
    case_id = proposal(story, SuspendMember(member="weather"))
    assert vote(story, case_id, "health") == "open"
    adopt(story, SuspendMember(member="health"))
    refused = story.world.sign("health/main", bodies.ballot(case_id, "no"))
    assert story.world.refuse(refused) == reasons.MEMBER_SUSPENDED
    assert vote(story, case_id, "audit") == "open", "one of two, for the third is suspended"
    assert vote(story, case_id, "steward") == "adopted"
    value = story.world.value(f"proposal/{case_id}")
    assert isinstance(value, ProposedAction)
    assert value.tally == Tally(electorate=2, no=0, yes=2)


@pytest.mark.rule("R603", "1231")
def test_who_has_left_the_committee_no_longer_votes() -> None:
    story = Story()
    case_id = proposal(story, SuspendMember(member="weather"))
    adopt(story, SetRoles(member="audit", roles=("auditor",)))
    refused = story.world.sign("audit/main", bodies.ballot(case_id))
    assert story.world.refuse(refused) == reasons.NOT_COMMITTEE


FIVE: dict[MemberId, tuple[Role, ...]] = {
    **ROLES,
    "transport": ("committee", "government"),
    "weather": ("committee",),
}


@pytest.mark.rule("R603")
@pytest.mark.parametrize(
    ("action", "votes"),
    [
        (SuspendMember(member="clinic"), 3),
        (SetCalendar(calendar=Calendar(utc_offset_minutes=480)), 3),
        (adopting("sport"), 3),
        (admit(), 3),
        (admit(admission(roles=("committee",))), 4),
        (SuspendMember(member="weather"), 4),
        (SetRoles(member="weather", roles=()), 4),
        (SetRoles(member="clinic", roles=("committee",)), 4),
        (SetRoles(member="clinic", roles=("auditor",)), 3),
        (SetRoles(member="weather", roles=("auditor", "committee")), 3),
        (SetParameters(parameters=Parameters(reply_days=3)), 4),
        (recovery("clinic"), 3),
        (recovery("weather"), 4),
    ],
)
def test_what_touches_parameters_or_committee_takes_two_thirds(action: Action, votes: int) -> None:
    story = Story()
    story.world = World.genesis({**FIVE, "clinic": ()})
    case_id = proposal(story, action)
    voters = ("audit", "health", "steward", "transport")
    assert vote(story, case_id, *voters[: votes - 1]) == "open"
    assert vote(story, case_id, voters[votes - 1]) == "adopted"
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R603")
@pytest.mark.parametrize(
    ("threshold", "of", "votes"),
    [
        ("more-than-half", 1, 1), ("more-than-half", 2, 2), ("more-than-half", 3, 2),
        ("more-than-half", 4, 3), ("more-than-half", 5, 3), ("two-thirds", 1, 1),
        ("two-thirds", 2, 2), ("two-thirds", 3, 2), ("two-thirds", 4, 3), ("two-thirds", 5, 4),
        ("two-thirds", 6, 4), ("three-quarters", 3, 3), ("three-quarters", 4, 3),
        ("three-quarters", 5, 4), ("all", 1, 1), ("all", 5, 5),
    ],
)  # fmt: skip
def test_votes_that_a_threshold_takes(threshold: Threshold, of: int, votes: int) -> None:
    assert next(yes for yes in range(of + 1) if REACHES[threshold](yes, of)) == votes


@pytest.mark.rule("R603")
def test_the_threshold_is_a_parameter() -> None:
    story = Story(Parameters(ordinary_threshold="all"))
    case_id = proposal(story, adopting("sport"))
    assert vote(story, case_id, "audit", "health") == "open"
    assert vote(story, case_id, "steward") == "adopted"


@pytest.mark.rule("R612")
def test_members_are_admitted_in_bulk_and_prove_their_key_by_using_it() -> None:
    story = Story()
    names = [f"office-{n:03d}" for n in range(128)]
    adopt(story, admit(*(admission(name, line_superior="health") for name in names)))
    first = member(story, names[0])
    assert (first.authorisation, first.status) == (NOWHERE, "active")
    story.world.accept(story.world.appoint(f"{names[0]}/main"))
    forged = story.world.appoint(f"{names[1]}/main")
    other = story.world.sign(
        f"{names[1]}/custodian", bodies.ballot(NOWHERE), key=signer("thief"), place=(0, None)
    )
    assert story.world.refuse(other) == reasons.KEY_NOT_VALID
    story.world.accept(forged)
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R613")
def test_roles_are_replaced_and_their_holders_with_them() -> None:
    story = Story()
    adopt(story, SetRoles(member="weather", roles=("auditor",)))
    assert story.world.value("role/auditor") == RoleHolders(members=("audit", "weather"))
    adopt(story, SetRoles(member="weather", roles=("witness",)))
    adopt(story, SetRoles(member="audit", roles=("committee",)))
    assert story.world.value("role/auditor") is None


def adopt_by(story: Story, action: Action, *voters: MemberId) -> None:
    body = bodies.proposal(action, story.world.later(DAY_MS), *premises_for(story, action))
    case_id = story.says(f"{voters[0]}/main", body).digest
    assert vote(story, case_id, *voters) == "adopted"
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R613", "1401")
def test_a_role_has_128_holders_at_most() -> None:
    story = Story()
    every = [admission(f"office-{n:03d}", roles=("steward",)) for n in range(128)]
    body = proposes(admit(*every))(story)
    assert story.world.refuse(story.world.sign("audit/main", body)) == reasons.LIMIT
    adopt(story, admit(*every[:127]))


@pytest.mark.rule("R615")
def test_a_member_reinstated_acts_again() -> None:
    story = Story()
    adopt(story, SuspendMember(member="health"))
    body = bodies.proposal(ReinstateMember(member="health"), story.world.later(DAY_MS))
    case_id = story.says("steward/main", body).digest
    assert vote(story, case_id, "audit", "steward") == "adopted"
    assert vote(story, proposal(story, adopting("sport")), "health") == "open"


@pytest.mark.rule("R610", "1431")
def test_the_last_of_the_committee_stays() -> None:
    story = Story()
    adopt(story, SetRoles(member="audit", roles=()))
    adopt_by(story, SetRoles(member="health", roles=()), "health", "steward")
    for action in (SetRoles(member="steward", roles=("sequencer", "steward")),):
        record = story.world.sign("steward/main", proposes(action)(story))
        assert story.world.refuse(record) == reasons.LEDGER_WOULD_STOP


@pytest.mark.rule("R610", "R611", "1431")
def test_the_quorum_follows_the_witnesses() -> None:
    story = Story()
    for number, witness in enumerate(("transport", "weather"), 1):
        roles: tuple[Role, ...] = (*ROLES[witness], "witness")
        adopt(story, SetRoles(member=witness, roles=roles))
        assert ledger(story).parameters.quorum == number
    adopt(story, SuspendMember(member="weather"))
    assert ledger(story).parameters.quorum == 1
    last = proposes(SetRoles(member="transport", roles=("government",)))(story)
    assert story.world.refuse(story.world.sign("audit/main", last)) == reasons.LEDGER_WOULD_STOP


@pytest.mark.rule("R616", "R005", "504")
def test_a_lost_custodian_key_gives_way_by_vote() -> None:
    story = Story()
    body = proposes(recovery())(story)
    unsigned = story.world.sign("audit/main", body)
    assert story.world.refuse(unsigned) == reasons.KEY_NOT_VALID
    before = member(story, "weather").custodian
    adopt(story, recovery())
    old, new = (
        story.world.value(f"key/{one}") for one in (before, member(story, "weather").custodian)
    )
    assert isinstance(old, Key)
    assert isinstance(new, Key)
    assert (old.status, new.status, new.function) == ("revoked", "active", "custodian")
    by_old = story.world.sign(
        "weather/custodian",
        KeyRotation(key=signer("z").public_key.description),
        signer("z"),
        key=signer("weather/custodian"),
        place=story.world.place("weather/custodian"),
    )
    assert story.world.refuse(by_old) == reasons.KEY_NOT_VALID
    story.world.accept(story.world.appoint("weather/second"))


@pytest.mark.rule("R608", "R616", "1205")
def test_the_government_gives_a_lost_custodian_another_key() -> None:
    story = Story()
    world = story.world
    own = world.sign("transport/main", decides(recovery("transport"))(story), signer("found again"))
    assert world.refuse(own) == reasons.OWN_CASE
    record = world.sign("transport/main", decides(recovery())(story), signer("found again"))
    world.accept(record)
    assert member(story, "weather").custodian == signer("found again").public_key.keyid
    assert violations(world.state, world.leaves) == []


@pytest.mark.rule("R609", "W005", "1304")
def test_an_admission_objected_to_is_rejected_while_it_is_open() -> None:
    story = Story()
    case_id = proposal(story, admit())
    story.says("transport/main", decides(RejectAdmission(proposal=case_id))(story))
    assert story.state_of(case_id) == "rejected"
    again = story.world.sign("transport/main", decides(RejectAdmission(proposal=case_id))(story))
    assert story.world.refuse(again) == reasons.WRONG_STATE


@pytest.mark.rule("R617", "R618", "R619", "R620")
def test_what_holds_for_everybody_is_in_force_from_the_next_block() -> None:
    story = Story()
    story.publish()
    adopt(story, adopting("sport", retired=("tax.audit",)))
    assert ledger(story).purposes == ("health", "sport")
    adopt(story, SetCalendar(calendar=Calendar(utc_offset_minutes=480)))
    assert ledger(story).calendar.utc_offset_minutes == 480
    case_id = proposal(story, SetParameters(parameters=Parameters(answer_conditional_days=1)))
    vote(story, case_id, "audit")
    world = story.world
    ask = bodies.request(bodies.request_item(story.entry))
    requests = [world.sign("weather/main", ask) for _ in range(2)]
    world.accept(world.sign("health/main", bodies.ballot(case_id)), requests[0])
    world.accept(requests[1])
    dues = [world.value(f"case/{one.digest}-0") for one in requests]
    assert getattr(dues[0], "due", "") > getattr(dues[1], "due", "")
    assert violations(world.state, world.leaves) == []


@pytest.mark.rule("R605", "1331")
def test_of_two_replacements_of_the_parameters_the_second_falls() -> None:
    story = Story()
    first, second = (
        proposal(story, SetParameters(parameters=Parameters(reply_days=days))) for days in (3, 4)
    )
    assert vote(story, first, "audit", "health") == "adopted"
    assert vote(story, second, "audit") == "fallen"
    assert ledger(story).parameters.reply_days == 3


@pytest.mark.rule("R601")
def test_the_longest_vote() -> None:
    story = Story()
    longest = proposes(admit(), closes_at=story.world.later(OPEN_DAYS_MAX * DAY_MS + 1_000))(story)
    story.says("audit/main", longest)


@pytest.mark.rule("R627")
def test_a_group_is_named_replaced_and_ended() -> None:
    story = Story()
    adopt(story, group("health", "weather"))
    assert story.world.value("group/bureaus") == Group(
        members=("health", "weather"), names=Names(en="Bureaus")
    )
    adopt(story, group("weather"))
    adopt(story, group())
    assert story.world.value("group/bureaus") is None


AUDIENCES = [
    ("all", None, True),
    ("its level", Audience(levels=("city", "county")), True),
    ("another level", Audience(levels=("county",)), False),
    ("its territory", Audience(territories=("11",)), True),
    ("another territory", Audience(territories=("12", "33")), False),
    ("its group", Audience(group="bureaus"), True),
    ("its group in another territory", Audience(group="bureaus", territories=("33",)), False),
    ("another group", Audience(group="offices"), False),
]
"""Health is a city's, of territory 110000, and in the group `bureaus`."""


@pytest.mark.rule("R402", "R406")
@pytest.mark.parametrize(("what", "audience", "serves"), AUDIENCES)
def test_for_whom_a_standing_grant_stands(
    what: str, audience: Audience | None, *, serves: bool
) -> None:
    story = Story().publish()
    adopt(story, group("health"))
    adopt(story, replace(group("weather"), group="offices"))
    item = replace(bodies.grant_item(standing=True), audience=audience)
    story.says("transport/main", bodies.grant(item))
    assert (story.state_of(story.ask()) == "granted") == serves, what


@pytest.mark.rule("R403", "1133")
def test_a_standing_grant_names_a_group_that_there_is() -> None:
    story = Story().publish()
    item = replace(bodies.grant_item(standing=True), audience=Audience(group="nowhere"))
    record = story.world.sign("transport/main", bodies.grant(item))
    assert story.world.refuse(record) == reasons.UNKNOWN_GROUP


@pytest.mark.rule("R608", "R610")
def test_a_ledger_without_a_committee_has_a_government_all_the_same() -> None:
    story = Story()
    story.world = World.genesis(
        {"steward": ("sequencer",), "state": ("government",), "weather": ()}
    )
    said = decides(recovery())(story)
    story.world.accept(story.world.sign("state/main", said, signer("found again")))
    assert member(story, "weather").custodian == signer("found again").public_key.keyid


@pytest.mark.rule("R613", "1304")
def test_a_suspended_member_is_not_made_to_order_blocks() -> None:
    story = Story()
    story.world = World.genesis({**ROLES, "tower": ("sequencer",)})
    adopt(story, SetRoles(member="tower", roles=()))
    adopt(story, SuspendMember(member="tower"))
    again = proposes(SetRoles(member="tower", roles=("sequencer",)))(story)
    assert story.world.refuse(story.world.sign("audit/main", again)) == reasons.WRONG_STATE
    adopt(story, ReinstateMember(member="tower"))
    adopt(story, SetRoles(member="tower", roles=("sequencer",)))
