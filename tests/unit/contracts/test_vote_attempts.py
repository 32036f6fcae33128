# ruff: noqa: E501  a row of a rule table is a line
"""Attempts to gain by a vote what nobody gave: each is refused, or comes to nothing.

Audit, health and steward are the committee; two of three adopt. Weather is to be suspended.

Ids that look alike: an id is lower-case ASCII, digits and hyphens, so a Cyrillic or full-width letter
is malformed. Within ASCII `hea1th` is another member than `health`; it takes a vote to admit it.
"""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from contracts import reasons
from contracts.invariants import violations
from contracts.transition import Accepted, Rejected
from contracts.values import Member, ProposedAction, Tally
from ledger.errors import FormatError
from ledger.records import Body, decode_body
from ledger.records.governance import (
    ReinstateMember,
    RemoveMember,
    SetRoles,
    SucceedMember,
    SuspendMember,
)
from ledger.times import DAY_MS, from_ms, to_ms
from ledger.types import MemberId, Time, WriterId
from tests import bodies
from tests.story import Row, Story, play, rule_table
from tests.unit.contracts.test_governance import (
    admission,
    admit,
    adopt,
    member,
    proposal,
    proposes,
    vote,
)
from tests.unit.contracts.test_succession import after
from tests.world import World, genesis_body, genesis_record

WANTED = SuspendMember(member="weather")


def ballot(case_id: str) -> Body:
    return bodies.ballot(case_id)


def after_it_was(state: str, *voters: MemberId, say: str = "yes") -> Callable[[Story], Body]:
    """A vote on what has been decided already."""

    def body(story: Story) -> Body:
        case_id = proposal(story, WANTED)
        assert vote(story, case_id, *voters, say=say) == state
        return ballot(case_id)

    return body


def on_what_is_no_proposal(story: Story) -> Body:
    story.catalogue()
    return ballot(story.entry)


def second_writer(story: Story) -> Body:
    """A member that has two writers has one vote."""
    case_id = proposal(story, WANTED)
    vote(story, case_id, "health")
    story.world.accept(story.world.appoint("health/second"))
    return ballot(case_id)


def overtaken(story: Story) -> Body:
    """A proposal that was right when it was made."""
    case_id = proposal(story, WANTED)
    vote(story, case_id, "health")
    adopt(story, WANTED)
    return ballot(case_id)


FORMER = SetRoles(member="health", roles=())
ROWS = [
    Row("R009", "a suspended member proposes", "health/main", after(SuspendMember(member="health"), then=proposes(WANTED)), reasons.MEMBER_SUSPENDED),
    Row("R009", "and votes", "health/main", after(SuspendMember(member="health"), then=lambda story: ballot(proposal(story, WANTED))), reasons.MEMBER_SUSPENDED),
    Row("R004 R624", "a removed member proposes", "health/main", after(RemoveMember(member="health"), then=proposes(WANTED)), reasons.WRITER_ENDED),
    Row("R004 R624", "and votes", "health/main", after(RemoveMember(member="health"), then=lambda story: ballot(proposal(story, WANTED))), reasons.WRITER_ENDED),
    Row("R601 R613", "who has left the committee proposes", "health/main", after(FORMER, then=proposes(WANTED)), reasons.NOT_COMMITTEE),
    Row("R602 R613", "and votes", "health/main", after(FORMER, then=lambda story: ballot(proposal(story, WANTED))), reasons.NOT_COMMITTEE),
    Row("R602 R625", "a merged member votes on beside its successor", "health/main", after(SucceedMember(member="health", successor="weather"), then=lambda story: ballot(proposal(story, admit()))), reasons.NOT_COMMITTEE),
    Row("R602 R625", "its successor votes with its seat", "weather/main", after(SucceedMember(member="health", successor="weather"), then=lambda story: ballot(proposal(story, admit()))), reasons.NOT_COMMITTEE),
    Row("R602 R604", "a vote on what is adopted", "steward/main", after_it_was("adopted", "audit", "health"), reasons.WRONG_STATE),
    Row("R602 R606", "on what is rejected", "steward/main", after_it_was("rejected", "audit", "health", say="no"), reasons.WRONG_STATE),
    Row("R602 R604", "on what one has adopted oneself, another way", "health/main", lambda story: replace(after_it_was("adopted", "audit", "health")(story), vote="no"), reasons.WRONG_STATE),
    Row("R602 R605", "on what has come to be without it: it falls", "steward/main", overtaken),
    Row("R602", "on a review", "audit/main", on_what_is_no_proposal, reasons.UNKNOWN_PROPOSAL),
    Row("R602", "twice, by two writers of one member", "health/second", second_writer, reasons.ALREADY_EXISTS),
    Row("R008", "by a custodian", "health/custodian", lambda story: ballot(proposal(story, WANTED)), reasons.FAMILY_NOT_ALLOWED),
]  # fmt: skip


@rule_table(ROWS)
def test_attempts(row: Row) -> None:
    story = Story()
    play(story, row)
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R603", "R009")
def test_the_vote_of_who_was_suspended_counts_again_once_it_is_reinstated() -> None:
    story = Story()
    case_id = proposal(story, admit())
    vote(story, case_id, "health")
    adopt_without(story, SuspendMember(member="health"))
    assert story.state_of(case_id) == "open"
    adopt_without(story, ReinstateMember(member="health"))
    assert vote(story, case_id, "audit") == "adopted"
    value = story.world.value(f"proposal/{case_id}")
    assert isinstance(value, ProposedAction)
    assert value.tally == Tally(electorate=3, no=0, yes=2)


def adopt_without(story: Story, action: SuspendMember | ReinstateMember) -> None:
    """Audit and steward adopt what health has no part in."""
    case_id = proposal(story, action)
    assert vote(story, case_id, "audit", "steward") == "adopted"


@pytest.mark.rule("R601", "R604")
def test_a_proposal_stays_on_the_table_when_its_proposer_goes() -> None:
    """It is the committee's by then; whoever is left decides."""
    story = Story()
    record = story.says("health/main", proposes(WANTED)(story))
    adopt_without_health(story)
    assert vote(story, record.digest, "audit", "steward") == "adopted"
    assert member(story, "weather").status == "suspended"


def adopt_without_health(story: Story) -> None:
    case_id = proposal(story, RemoveMember(member="health"))
    assert vote(story, case_id, "audit", "steward") == "adopted"


@pytest.mark.rule("R603")
def test_who_joins_the_committee_votes_on_what_lies_before_it() -> None:
    story = Story()
    case_id = proposal(story, WANTED)
    adopt(story, SetRoles(member="transport", roles=("committee", "government")))
    assert (
        vote(story, case_id, "transport", "audit") == "open"
    )  # two of four are not more than half
    assert vote(story, case_id, "steward") == "adopted"


@pytest.mark.rule("R602", "1304")
def test_the_last_moment_of_a_vote() -> None:
    """At its closing time a vote is over; a millisecond before it is not."""
    for at, is_open in ((-1, True), (0, False)):
        story = Story()
        case_id = proposal(story, WANTED)
        closes = closing_time(story, case_id)
        record = story.world.sign("audit/main", ballot(case_id))
        moment = from_ms(to_ms(closes) + at)
        if is_open:
            story.world.accept(record, at=moment)
        else:
            assert story.world.refuse(record, at=moment) == reasons.WRONG_STATE
            assert story.state_of(case_id) == "expired"


def closing_time(story: Story, case_id: str) -> Time:
    due = [key for key in story.world.state.keys("due/") if key.endswith(case_id)]
    (key,) = due
    return key.split("/")[1]


@pytest.mark.rule("R601", "1401", "1309")
@pytest.mark.parametrize(
    ("closes_ms", "reason"),
    [(0, reasons.PERIOD_OVER), (1, None), (366 * DAY_MS, None), (366 * DAY_MS + 1, reasons.LIMIT)],
)
def test_how_long_a_vote_may_last(closes_ms: int, reason: reasons.Reason | None) -> None:
    story = Story()
    at = story.world.later()
    body = replace(proposes(WANTED)(story), closes_at=from_ms(to_ms(at) + closes_ms))
    record = story.world.sign("audit/main", body)
    if reason is None:
        story.world.accept(record, at=at)
    else:
        assert story.world.refuse(record, at=at) == reason


@pytest.mark.rule("R602", "R604", "1304")
def test_of_two_votes_in_one_block_the_first_decides_and_the_second_finds_it_decided() -> None:
    story = Story()
    world = story.world
    case_id = proposal(story, WANTED)
    vote(story, case_id, "health")
    result = world.block(
        *(world.sign(f"{name}/main", ballot(case_id)) for name in ("audit", "steward"))
    )
    first, second = result.verdicts
    assert isinstance(first, Accepted)
    assert isinstance(second, Rejected)
    assert second.reason == reasons.WRONG_STATE


@pytest.mark.rule("R620", "R009", "1002")
def test_who_is_suspended_in_a_block_says_nothing_more_in_it() -> None:
    story = Story()
    world = story.world
    case_id = proposal(story, SuspendMember(member="health"))
    vote(story, case_id, "steward")
    other = proposal(story, admit())
    last = world.sign("audit/main", ballot(case_id))
    result = world.block(last, world.sign("health/main", ballot(other)))
    assert isinstance(result.verdicts[1], Rejected)
    assert result.verdicts[1].reason == reasons.MEMBER_SUSPENDED


@pytest.mark.rule("R003", "R007", "301", "701", "1131")
def test_records_of_another_ledger_and_records_once_more() -> None:
    story = Story()
    world = story.world
    case_id = proposal(story, WANTED)
    other = genesis_record(genesis_body(purposes=("sport",))).digest
    foreign = world.sign("health/main", ballot(case_id), ledger=other)
    assert world.refuse(foreign) == reasons.ANOTHER_LEDGER
    elsewhere = Story(parameters=genesis_body().parameters)
    elsewhere.world = World.genesis(purposes=("sport",))
    theirs = proposal(elsewhere, WANTED)
    assert world.refuse(world.sign("health/main", ballot(theirs))) == reasons.UNKNOWN_PROPOSAL
    again = world.sign("health/main", ballot(case_id))
    world.accept(again)
    assert world.refuse(again) == reasons.SEQUENCE_TAKEN


@pytest.mark.rule("R605", "1304")
def test_one_admission_proposed_twice_admits_once() -> None:
    story = Story()
    first, second = proposal(story, admit()), proposal(story, admit())
    assert vote(story, first, "audit", "health") == "adopted"
    before = story.world.value("member/newcomer")
    assert vote(story, second, "audit", "health") == "fallen"
    assert story.world.value("member/newcomer") == before


@pytest.mark.parametrize(
    "name", ["heаlth", "ｈealth", "Health", "health ", "hea\u200blth", "1health"]
)
def test_ids_of_another_alphabet_are_malformed(name: str) -> None:
    """The first has a Cyrillic letter, the second a full-width one, the fifth a space of no width."""
    text = f'{{"action":{{"act":"suspend-member","member":"{name}"}},"closesAt":"2027-01-01T00:00:00.000Z","reason":"x"}}'
    with pytest.raises(FormatError):
        decode_body("proposal", text.encode())


@pytest.mark.rule("R612", "R602", "1232", "1231")
def test_a_name_that_looks_like_anothers_is_another() -> None:
    story = Story()
    adopt(story, admit(admission("hea1th")))
    world = story.world
    world.accept(world.appoint("hea1th/main"))
    look_alike: WriterId = "hea1th/main"
    case_id = proposal(story, WANTED)
    assert world.refuse(world.sign(look_alike, ballot(case_id))) == reasons.NOT_COMMITTEE
    value = world.value("member/health")
    assert isinstance(value, Member)
    assert "committee" in value.roles
