"""Ids as people type them: eight digits, where these are enough."""

import pytest

from contracts.values import Case, GrantedRight
from tests import bodies
from tests.story import Story
from tests.unit.scripts.conftest import Command
from tests.world import World


@pytest.fixture
def story(world: World) -> Story:
    """`flights` is released."""
    told = Story()
    told.world = world
    return told.publish()


def ended(world: World, grant: str) -> bool:
    right = world.value(f"grant/{grant}")
    assert isinstance(right, GrantedRight)
    return right.ended_at is not None


@pytest.mark.parametrize("typed", ["{0}", "{0}-0", "{0}…-0", "{0}...-0"])
def test_a_right_by_its_beginning(command: Command, story: Story, typed: str) -> None:
    grant = story.grant()
    revoke = ("record", "revoke", typed.format(grant[:8]), "--ground", "breach")
    done = command.json(*revoke, writer="transport/main")
    assert done["created"] == [{"id": grant, "what": "revoked"}]
    assert ended(story.world, grant)


def test_seven_digits_are_too_few(command: Command, story: Story) -> None:
    grant = story.grant()
    revoke = ("record", "revoke", grant[:7], "--ground", "breach")
    assert "is not an id of 64 hexadecimal digits" in command.fails(
        *revoke, writer="transport/main"
    )
    assert not ended(story.world, grant)


def test_of_several_the_candidates_are_told(command: Command, story: Story) -> None:
    """One record gave two rights: they begin alike."""
    item = bodies.grant_item("audit", "health")
    record = story.says("transport/main", bodies.grant(item)).digest
    accept = ("record", "accept", record[:12])
    said = command.fails(*accept, writer="health/main")
    assert f"`{record[:12]}` may be any of {record}-0, {record}-1" in said
    command.ok("record", "accept", f"{record[:12]}-1", writer="health/main")


def test_cases_records_and_deliveries_too(command: Command, story: Story) -> None:
    world, request = story.world, story.ask()
    short = request[:10]
    assert request in command.ok("case", "show", short)
    assert request[:64] in command.ok("record", "show", f"{short}…")
    assert command.ok("explain", short) == command.ok("explain", request[:64])
    assert command.ok("explain", f"{short}-0") == command.ok("explain", request)
    command.ok("record", "grant", "--request", short, writer="transport/main")
    case = world.value(f"case/{request}")
    assert isinstance(case, Case)
    assert case.state == "granted"
    grant = story.grant()
    delivery = story.says("transport/main", bodies.delivery(grant, world.now)).digest
    receive = ("record", "receive", delivery[:9], "--rows", "10")
    assert delivery in command.ok(*receive, writer="health/main")


def test_what_hangs_from_a_thing_is_not_meant_by_its_beginning(
    command: Command, story: Story
) -> None:
    """The case of a right, and that of a finding about it, begin alike."""
    narrow = ("record", "grant", "--request", story.ask(), "--fields", "a", "--anyway")
    done = command.json(*narrow, writer="transport/main")
    grant, finding = done["created"][0]["id"], done["records"][0]["findings"][0]["case"]
    assert finding == f"{grant}-conditions-added"
    short = grant[:10]
    assert command.ok("case", "show", short) == command.ok("case", "show", grant)
    told = command.ok("case", "show", f"{short}-0-conditions-added")
    assert told == command.ok("case", "show", finding)


@pytest.mark.parametrize("typed", ["deadbeef", "deadbeef-0"])
def test_what_begins_nothing_is_told(command: Command, story: Story, typed: str) -> None:
    story.grant()
    assert f"no grant begins with `{typed}`" in command.fails("record", "chain", typed)
    assert f"no case begins with `{typed}`" in command.fails("case", "show", typed)
