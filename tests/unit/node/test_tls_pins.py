"""Whose transport key is it, as registrations come and go."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from ledger.keys import PublicKey
from ledger.records import Record
from ledger.records.governance import RemoveMember
from ledger.types import MemberId
from node.api.principal import of_node, of_token
from node.replica import Replica
from node.tls.pins import Pins
from tests.network import registered, transport_signer, witnessed_world
from tests.nodes import close, open_replica
from tests.unit.node.test_settings_views import adopt
from tests.world import World, signer

OURS = transport_signer("health").public_key
READER = signer("inspector").public_key
NEXT = transport_signer("health", "next")


@pytest.fixture
def world() -> World:
    return witnessed_world(is_tls=True)


@pytest.fixture
def replica(tmp_path: Path, world: World) -> Iterator[Replica]:
    replica = open_replica(tmp_path / "ledger.db", world)
    yield replica
    close(replica)


def pins_of(replica: Replica, given: Mapping[MemberId, PublicKey] | None = None) -> Pins:
    return Pins(replica, given or {}, {READER: of_token("inspector", ["auditor"])})


def decide(replica: Replica, world: World, record: Record) -> None:
    world.accept(record)
    replica.apply(world.blocks[-1])


def test_the_registered_keys_are_those_of_all_members_with_a_node(replica: Replica) -> None:
    pins = pins_of(replica)
    assert pins.of("health") == (OURS,)
    assert pins.of("weather") == ()
    shown = [pins.principal_of(key.keyid) for key in pins.every()]
    nodes = ["audit", "health", "steward", "transport"]
    assert sorted(one.member or one.name for one in shown if one) == [
        *nodes[:2],
        "inspector",
        *nodes[2:],
    ]
    assert pins.principal_of(OURS.keyid) == of_node("health")


def test_a_reader_is_nobodys_node(replica: Replica, world: World) -> None:
    pins = pins_of(replica)
    reader = pins.principal_of(READER.keyid)
    assert reader is not None
    assert (reader.name, reader.member, reader.may("member")) == ("inspector", None, False)
    decide(replica, world, registered(world, "weather", transport=[signer("inspector")]))
    assert pins.principal_of(READER.keyid) == of_node("weather")


def test_they_are_known_again_after_a_restart(
    tmp_path: Path, world: World, replica: Replica
) -> None:
    decide(replica, world, registered(world, "weather", transport=[transport_signer("weather")]))
    replica.close()
    again = open_replica(tmp_path / "ledger.db")
    assert pins_of(again).of("weather") == (transport_signer("weather").public_key,)
    close(again)


def test_a_key_is_replaced_by_way_of_both(replica: Replica, world: World) -> None:
    pins = pins_of(replica)
    every = pins.every()
    assert pins.every() is every
    both = [transport_signer("health"), NEXT]
    decide(replica, world, registered(world, "health", transport=both))
    assert pins.of("health") == (OURS, NEXT.public_key)
    assert pins.registered("health") == (OURS, NEXT.public_key)
    decide(replica, world, registered(world, "health", transport=[NEXT]))
    assert pins.of("health") == (NEXT.public_key,)
    assert pins.principal_of(OURS.keyid) is None
    assert pins.every() is not every


def test_who_was_removed_is_nobody(replica: Replica, world: World) -> None:
    pins = pins_of(replica)
    assert pins.of("transport")
    begun = len(world.blocks)
    adopt(world, RemoveMember(member="transport"))
    for block in world.blocks[begun:]:
        replica.apply(block)
    assert pins.of("transport") == ()
    assert pins.principal_of(transport_signer("transport").public_key.keyid) is None


def test_a_given_key_counts_until_the_ledger_knows_it(replica: Replica, world: World) -> None:
    """A forgotten line of the settings keeps no key alive that was withdrawn."""
    given = {"weather": transport_signer("weather").public_key, "health": NEXT.public_key}
    pins = pins_of(replica, given)
    assert pins.of("weather") == (given["weather"],)
    assert pins.registered("weather") == ()
    assert pins.of("health") == (OURS, NEXT.public_key)
    decide(replica, world, registered(world, "weather", transport=[transport_signer("weather")]))
    assert pins.of("weather") == (given["weather"],)
    decide(replica, world, registered(world, "weather"))
    assert pins.of("weather") == ()


def test_a_given_key_that_the_ledger_has_withdrawn_does_not_count(
    replica: Replica, world: World
) -> None:
    decide(replica, world, registered(world, "health", transport=[NEXT]))
    assert pins_of(replica, {"health": OURS}).of("health") == (NEXT.public_key,)
