"""Sequencers: who is in office, how that moves by vote, and how a deputy takes over."""

import pytest

from contracts import reasons
from contracts.ordering import in_office
from contracts.values import SequencerInOffice
from contracts.view import MemoryState
from ledger.records.genesis import Role
from ledger.records.governance import SetRoles
from tests.story import Story
from tests.unit.contracts.test_governance import adopt, proposes
from tests.world import ROLES, World

STEWARD: tuple[Role, ...] = ("committee", "sequencer", "steward")
TOWER: tuple[Role, ...] = ("sequencer",)


@pytest.fixture
def story() -> Story:
    """A ledger with a sequencer in office, steward, and a deputy, tower."""
    begun = Story()
    begun.world = World.genesis({**ROLES, "tower": TOWER})
    return begun


def since(story: Story) -> int:
    value = story.world.value("sequencer")
    assert isinstance(value, SequencerInOffice)
    return value.since


@pytest.mark.rule("R019")
def test_the_first_by_name_is_in_office_at_first(story: Story) -> None:
    assert in_office(story.world.state) == "steward"
    assert in_office(MemoryState()) is None
    story.world.block()
    assert story.world.value("sequencer") is None


@pytest.mark.rule("R635")
def test_who_is_given_the_role_orders_from_the_next_block_on(story: Story) -> None:
    adopt(story, SetRoles(member="tower", roles=()))
    adopt(story, SetRoles(member="tower", roles=TOWER))
    assert in_office(story.world.state) == "tower"
    assert since(story) == story.world.head.size - 2  # the ballot, and the seal after it


@pytest.mark.rule("R635", "R613")
def test_a_deputy_is_given_the_role_again(story: Story) -> None:
    adopt(story, SetRoles(member="tower", roles=TOWER))
    assert in_office(story.world.state) == "tower"
    again = proposes(SetRoles(member="tower", roles=TOWER))(story)
    assert story.world.refuse(story.world.sign("audit/main", again)) == reasons.ALREADY_EXISTS


@pytest.mark.rule("R635", "1431")
def test_the_role_is_not_taken_from_who_is_in_office(story: Story) -> None:
    bare = SetRoles(member="steward", roles=("committee", "steward"))
    record = story.world.sign("audit/main", proposes(bare)(story))
    assert story.world.refuse(record) == reasons.LEDGER_WOULD_STOP
    adopt(story, SetRoles(member="tower", roles=TOWER))
    story.world.block(proposer="tower")
    adopt(story, bare)
    assert in_office(story.world.state) == "tower"


@pytest.mark.rule("R019")
def test_a_deputy_that_forms_a_block_takes_over(story: Story) -> None:
    before = story.world.head.size
    result = story.world.block(proposer="tower")
    assert not result.is_empty, "the block is needed, though nothing else happens in it"
    assert result.settlement.changed == ("sequencer",)
    assert (in_office(story.world.state), since(story)) == ("tower", before)
    assert story.world.block(proposer="tower").is_empty


@pytest.mark.rule("R019", "R635")
def test_what_a_vote_said_is_over_once_another_has_taken_over(story: Story) -> None:
    adopt(story, SetRoles(member="tower", roles=TOWER))
    story.world.block(proposer="steward")
    assert in_office(story.world.state) == "steward"


@pytest.mark.rule("R019")
def test_a_validator_takes_nothing_over() -> None:
    world = World.genesis({"a1": ("sequencer", "steward"), "b2": ("validator",)})
    assert world.block(proposer="b2").is_empty
    assert in_office(world.state) == "a1"


def test_a_change_of_roles_beside_it_leaves_the_office_alone(story: Story) -> None:
    roles: tuple[Role, ...] = ("auditor", *STEWARD)
    adopt(story, SetRoles(member="steward", roles=roles))
    assert story.world.value("sequencer") is None
