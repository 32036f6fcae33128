"""Blocks: what is sealed, what an engine must keep to, and history decided again."""

from itertools import pairwise

import pytest

from contracts.replay import Block, step
from contracts.transition import Accepted
from contracts.values import parse_value
from ledger import tree
from ledger.canonical import encode
from ledger.envelope import verify_signature
from ledger.hashing import leaf_hash, sha256
from ledger.seal import parse_outcome, parse_seal
from ledger.times import from_ms, to_ms
from tests import bodies
from tests.story import published
from tests.world import World


@pytest.mark.rule("R015")
def test_block_time_increases() -> None:
    world = World.genesis()
    for at in (world.now, from_ms(to_ms(world.now) - 1)):
        with pytest.raises(ValueError, match="is not after"):
            world.block(at=at)
    world.block(at=from_ms(to_ms(world.now) + 1))


@pytest.mark.rule("R015")
@pytest.mark.parametrize("proposer", ["health", "nobody"])
def test_blocks_are_formed_by_members_that_order(proposer: str) -> None:
    with pytest.raises(ValueError, match="neither sequencer nor validator"):
        World.genesis().block(proposer=proposer)


@pytest.mark.rule("R015")
def test_a_validator_forms_blocks_too() -> None:
    world = World.genesis({"a1": ("steward",), "b2": ("validator",)})
    world.block(proposer="b2")


def test_a_seal_fixes_its_block() -> None:
    story = published()
    world = story.world
    good = world.sign("health/main", bodies.usage(None, world.now))
    refused = world.sign("weather/main", bodies.release())
    before = world.head
    result = world.block(refused, good)
    seal = parse_seal(result.leaves[-1]).predicate
    assert seal == result.seal
    assert (seal.first, seal.count, seal.height) == (before.size, 1, before.height + 1)
    assert seal.previous_seal == before.seal
    assert result.head.seal == sha256(result.leaves[-1]).hex()
    assert result.head.size == before.size + 2
    assert seal.state_root == result.map_update.root.hex()
    settlement, outcome = (parse_outcome(one) for one in result.outcomes)
    assert (settlement.digest, settlement.index) == (None, None)
    assert (outcome.digest, outcome.index) == (good.digest, before.size)
    assert seal.outcomes_root == tree.root_of([leaf_hash(one) for one in result.outcomes]).hex()
    assert list(result.leaves[:-1]) == [good.envelope.encoded]


def test_changes_and_values_are_the_same_in_two_forms() -> None:
    result = published().world.results[-1]
    assert result.changes.keys() == result.values.keys()
    for key, value in result.changes.items():
        data = result.values[key]
        assert (data is None) == (value is None)
        if data is not None and value is not None:
            assert data == encode(value)
            assert parse_value(key, data) == value


def test_outcomes_name_every_key_a_record_changed() -> None:
    result = published().world.results[-1]
    named = {
        key
        for verdict in result.verdicts
        if isinstance(verdict, Accepted)
        for key in verdict.outcome.changed
    }
    assert named == set(result.changes)


def test_an_empty_block_is_said_to_be_empty() -> None:
    world = World.genesis()
    refused = world.sign("health/main", bodies.release())
    assert world.block().is_empty
    assert world.block(refused).is_empty
    assert not world.block(world.sign("health/main", bodies.schema())).is_empty


def test_history_decided_again_is_the_same() -> None:
    story = published()
    story.world.find(story.world.sign("health/main", bodies.usage(story.grant(), story.world.now)))
    again = list(story.world.replay())
    assert [leaf for result in again for leaf in result.leaves] == story.world.leaves
    assert again[-1].head == story.world.head
    for earlier, later in pairwise(again):
        assert later.seal.previous_seal == earlier.head.seal


def test_a_block_decided_changes_nothing_until_it_is_committed() -> None:
    story = published()
    world = story.world
    record = world.sign("health/main", bodies.usage(None, world.now))
    block = Block(world.later(), "steward", (record,))
    first = step(world.state, world.head, block, verify_signature)
    second = step(world.state, world.head, block, verify_signature)
    assert first == second


def test_records_of_a_block_build_on_one_another() -> None:
    world = World.genesis()
    schema = world.sign("transport/main", bodies.schema())
    entry = world.sign("transport/main", bodies.entry())
    approval = world.sign("steward/main", bodies.case_step("approve", entry.digest))
    world.accept(schema, entry, approval)
    assert world.value("entry/flights") is not None
