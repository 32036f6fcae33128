# ruff: noqa: E501  a row of a rule table is a line
"""Members that are renamed, removed, or merged into another one: nobody who relies on them loses.

Transport provides `flights`; weather takes it over.
"""

from collections.abc import Callable
from itertools import pairwise

import pytest
from msgspec.structs import replace

from contracts import reasons
from contracts.governance.actions.members import LINE_MAX
from contracts.invariants import violations
from contracts.succession import GENERATIONS_MAX, heir_of
from contracts.values import Case, GrantedRight, Member
from ledger.records import Body, Decision, WriterEnd
from ledger.records.genesis import Jurisdiction, Names
from ledger.records.governance import (
    Action,
    DescribeMember,
    ReinstateMember,
    RemoveMember,
    SetRoles,
    SucceedMember,
    SuspendMember,
)
from ledger.records.keys import KeyRevocation
from tests import bodies
from tests.bodies import NOWHERE
from tests.story import Row, Story, play, published, rule_table
from tests.unit.contracts.test_governance import (
    admission,
    admit,
    adopt,
    decides,
    member,
    proposes,
    recovery,
)
from tests.world import signer

MERGER = SucceedMember(member="transport", successor="weather")


def described(name: str, **changes: object) -> DescribeMember:
    one = DescribeMember(
        code="2",
        jurisdiction=Jurisdiction(code="2", level="county"),
        member=name,
        names=Names(en="New"),
    )
    return replace(one, **changes)


def after(*actions: Action, then: Callable[[Story], Body]) -> Callable[[Story], Body]:
    """Something said after actions that were adopted."""

    def body(story: Story) -> Body:
        for action in actions:
            adopt(story, action)
        return then(story)

    return body


ROWS = [
    Row("R624", "remove who orders blocks", "audit/main", proposes(RemoveMember(member="steward")), reasons.LEDGER_WOULD_STOP),
    Row("R624", "remove nobody", "audit/main", proposes(RemoveMember(member="nobody")), reasons.UNKNOWN_MEMBER),
    Row("R624", "remove twice", "audit/main", after(RemoveMember(member="weather"), then=proposes(RemoveMember(member="weather"))), reasons.WRONG_STATE),
    Row("R624", "remove who acts for others", "audit/main", after(MERGER, then=proposes(RemoveMember(member="weather"))), reasons.WRONG_STATE),
    Row("R624", "a removed member gets no roles", "audit/main", after(RemoveMember(member="weather"), then=proposes(SetRoles(member="weather", roles=("auditor",)))), reasons.WRONG_STATE),
    Row("R624", "and is not reinstated", "audit/main", after(RemoveMember(member="weather"), then=proposes(ReinstateMember(member="weather"))), reasons.WRONG_STATE),
    Row("R624 R004", "it says nothing more", "weather/main", after(RemoveMember(member="weather"), then=lambda story: bodies.usage(None, story.world.now)), reasons.WRITER_ENDED),
    Row("R625", "merge who orders blocks", "audit/main", proposes(SucceedMember(member="steward", successor="weather")), reasons.LEDGER_WOULD_STOP),
    Row("R625", "merge into oneself", "audit/main", proposes(SucceedMember(member="weather", successor="weather")), reasons.WRONG_STATE),
    Row("R625", "merge into nobody", "audit/main", proposes(SucceedMember(member="weather", successor="nobody")), reasons.UNKNOWN_MEMBER),
    Row("R625", "merge into who is suspended", "audit/main", after(SuspendMember(member="weather"), then=proposes(MERGER)), reasons.WRONG_STATE),
    Row("R625", "merge twice", "audit/main", after(MERGER, then=proposes(MERGER)), reasons.WRONG_STATE),
    Row("R625", "a ring", "audit/main", after(MERGER, then=proposes(SucceedMember(member="weather", successor="transport"))), reasons.WRONG_STATE),
    Row("R625", "a custodian for who has none of its own", "audit/main", after(MERGER, then=proposes(recovery("transport"))), reasons.KEY_NOT_VALID),
    Row("R608 R625", "the government merges others", "transport/main", decides(SucceedMember(member="weather", successor="steward"))),
    Row("R608 R626", "and renames them", "transport/main", decides(described("weather"))),
    Row("R608", "but not itself", "transport/main", decides(MERGER), reasons.OWN_CASE),
    Row("R608", "nor into itself", "transport/main", decides(SucceedMember(member="weather", successor="transport")), reasons.OWN_CASE),
    Row("R608", "and nobody of the committee", "transport/main", decides(SucceedMember(member="health", successor="weather")), reasons.NOT_GOVERNMENT),
    Row("R626", "a member renamed and moved", "audit/main", proposes(described("weather", line_superior="health"))),
    Row("R626", "above itself", "audit/main", proposes(described("weather", line_superior="weather")), reasons.MALFORMED),
    Row("R626", "above who is above it", "audit/main", after(described("weather", line_superior="health"), then=proposes(described("health", line_superior="weather"))), reasons.MALFORMED),
    Row("R626", "below nobody", "audit/main", proposes(described("weather", line_superior="nobody")), reasons.UNKNOWN_MEMBER),
    Row("R626", "who has left is not described", "audit/main", after(MERGER, then=proposes(described("transport"))), reasons.WRONG_STATE),
]  # fmt: skip


@rule_table(ROWS)
def test_departures(row: Row) -> None:
    story = Story()
    play(story, row)
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R626", "101")
def test_a_line_of_more_than_128_superiors_is_taken_for_a_ring() -> None:
    story = Story()
    line = ["health", *(f"office-{n:03d}" for n in range(LINE_MAX))]
    admitted = [admission(name, line_superior=above) for above, name in pairwise(line)]
    adopt(story, admit(*admitted))
    too_deep = proposes(described("weather", line_superior=line[-1]))(story)
    assert story.world.refuse(story.world.sign("audit/main", too_deep)) == reasons.MALFORMED
    adopt(story, described("weather", line_superior=line[-2]))


@pytest.mark.rule("R625", "R201", "1201")
def test_no_right_no_deadline_and_no_dataset_is_lost_in_a_merger() -> None:
    story = published()
    world = story.world
    right, request = story.grant(), story.ask()
    before = {
        key: world.value(key) for key in (f"grant/{right}", f"case/{request}", "dataset/flights")
    }
    early = world.appoint("transport/desk", by="weather/custodian")
    assert world.refuse(early) == reasons.NOT_CUSTODIAN
    adopt(story, MERGER)
    assert {key: world.value(key) for key in before} == before
    assert heir_of(world.state, "transport") == "weather"
    assert member(story, "transport").roles == ()
    assert world.refuse(world.appoint("transport/own")) == reasons.WRITER_ENDED
    world.accept(world.appoint("transport/desk", by="weather/custodian"))
    answer = bodies.grant(bodies.grant_item("health", request=request))
    story.says("transport/desk", answer)
    assert story.state_of(request) == "granted"
    story.says("transport/desk", bodies.release(bodies.release_item(version=2)))
    story.says("health/main", bodies.usage(right, world.now))
    assert isinstance(world.value(f"grant/{right}"), GrantedRight)
    story.says("weather/custodian", WriterEnd(writer="transport/main"))
    revoked = KeyRevocation(key=signer("transport/desk").public_key.keyid, suspect_since=0)
    story.says("weather/custodian", revoked)
    assert violations(world.state, world.leaves) == []


@pytest.mark.rule("R625", "R204", "1110")
def test_nobody_else_manages_the_writers_of_a_predecessor() -> None:
    story = Story()
    adopt(story, MERGER)
    world = story.world
    revoked = KeyRevocation(key=signer("transport/main").public_key.keyid, suspect_since=0)
    assert world.refuse(world.sign("health/custodian", revoked)) == reasons.UNKNOWN_KEY
    assert (
        world.refuse(world.appoint("transport/desk", by="health/custodian"))
        == reasons.NOT_CUSTODIAN
    )


@pytest.mark.rule("R009", "1002")
def test_the_suspension_of_a_successor_holds_for_its_predecessors() -> None:
    story = published()
    adopt(story, MERGER)
    adopt(story, SuspendMember(member="weather"))
    asked = story.world.sign("transport/main", bodies.release(bodies.release_item(version=2)))
    assert story.world.refuse(asked) == reasons.MEMBER_SUSPENDED
    adopt(story, ReinstateMember(member="weather"))
    story.says("transport/main", bodies.release(bodies.release_item(version=2)))


@pytest.mark.rule("R625", "1205")
def test_a_successor_does_not_decide_the_case_of_its_predecessor() -> None:
    story = published()
    use = story.says(
        "transport/main",
        bodies.usage(
            None,
            story.world.now,
            content=replace(bodies.usage(None, story.world.now).content, dataset="tides"),
        ),
    )
    case_id = f"{use.digest}-no-effective-grant"
    assert isinstance(story.world.value(f"case/{case_id}"), Case)
    adopt(story, SucceedMember(member="transport", successor="steward"))
    own = bodies.case_step("dismiss", case_id, ground="explained")
    assert story.world.refuse(story.world.sign("steward/main", own)) == reasons.OWN_CASE
    story.says("audit/main", own)


@pytest.mark.rule("R608", "1205")
def test_the_government_decides_nothing_for_its_predecessors() -> None:
    story = Story()
    adopt(story, SucceedMember(member="weather", successor="transport"))
    said = decides(recovery("weather"))(story)
    assert isinstance(said, Decision)
    record = story.world.sign("transport/main", said, signer("found again"))
    assert story.world.refuse(record) == reasons.OWN_CASE
    nobody = story.world.sign(
        "transport/main", decides(recovery("nobody"))(story), signer("found again")
    )
    assert story.world.refuse(nobody) == reasons.UNKNOWN_MEMBER


@pytest.mark.rule("R625", "1401")
def test_at_most_eight_mergers_lie_one_upon_another() -> None:
    story = Story()
    offices = [f"office-{n}" for n in range(GENERATIONS_MAX + 2)]
    adopt(story, admit(*(admission(name) for name in offices)))
    for lower, upper in pairwise(offices[:-1]):
        adopt(story, SucceedMember(member=lower, successor=upper))
    assert heir_of(story.world.state, offices[0]) == offices[-2]
    one_more = proposes(SucceedMember(member=offices[-2], successor=offices[-1]))(story)
    assert story.world.refuse(story.world.sign("audit/main", one_more)) == reasons.LIMIT
    story.world.accept(story.world.appoint("office-0/main", by=f"{offices[-2]}/custodian"))
    assert violations(story.world.state, story.world.leaves) == []


@pytest.mark.rule("R624", "R603")
def test_who_is_removed_no_longer_votes() -> None:
    story = Story()
    adopt(story, RemoveMember(member="audit"))
    value = story.world.value("member/audit")
    assert isinstance(value, Member)
    assert (value.status, value.roles) == ("removed", ())
    record = story.world.sign("audit/main", bodies.ballot(NOWHERE))
    assert story.world.refuse(record) == reasons.WRITER_ENDED


@pytest.mark.rule("R626")
def test_a_description_replaces_what_was_said() -> None:
    story = Story()
    adopt(story, described("weather", endpoint="https://w.example", line_superior="health"))
    now = member(story, "weather")
    assert (now.code, now.names, now.line_superior, now.endpoint) == (
        "2", Names(en="New"), "health", "https://w.example",
    )  # fmt: skip
