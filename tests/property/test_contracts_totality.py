"""No record that can be read makes the rules fail, however odd it is and whoever signs it.

The ledger here has something of everything in its state; blocks are decided on it and thrown away.
"""

from collections.abc import Callable
from functools import cache

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.strategies import DataObject
from msgspec.structs import replace

from contracts.invariants import violations
from contracts.replay import Block, step
from contracts.transition import Accepted
from contracts.values import parse_value
from ledger.envelope import verify_signature
from ledger.errors import TooLarge
from ledger.keys import KeyDescription
from ledger.records import KIND_OF_BODY, Body, Genesis, KeyRotation, Record, WriterAppointment
from ledger.records.catalogue import Mode
from ledger.records.genesis import Calendar, Parameters
from ledger.types import Time, WriterId
from tests import bodies
from tests.story import Story
from tests.wild_bodies import KEYS, LAST, WILD, pool_of, wild
from tests.world import World, signer

END: Time = "9999-12-31T23:58:00.000Z"


@cache
def rich() -> World:
    """Entries in force, under review and withheld; rights, requests and findings in every state."""
    owing = Parameters(
        answers_weighed=True, breach_bars=True, clock_skew_ms=1_000, confirm_days=5,
        disposal_days=5, effect_days=5, field_use_days=5,
        reconcile_days=5, supply_days=5, update_days=5, use_days=5, use_report_days=5,
    )  # fmt: skip
    story = Story(owing)
    world = story.world
    story.publish(co_providers=("weather",), joint_rule="any", mode=Mode(kind="service"))
    story.steps("health/main", "end", story.grant(replace(bodies.TERMS, delete_within=0)))
    story.grant()
    story.steps("transport/main", "suspend", story.grant(), "overreach")
    story.says("transport/main", bodies.revocation(story.grant(), ground="wrong-grant"))
    story.offer()
    story.says("health/main", bodies.usage(None, world.now))
    story.says("health/main", bodies.usage(story.grant(), world.now, operation="export"))
    delivered = story.says("transport/main", bodies.delivery(story.grant(), world.now)).digest
    story.says("health/main", bodies.acknowledgement(delivered))
    story.in_emergency(by="steward")
    story.formalities()
    story.stand()
    story.ask()
    story.ask(by="weather")
    story.says("weather/main", bodies.entry(dataset="tides"))
    story.submit(title="under review")
    world.accept(world.appoint("health/clerk", datasets=("flights",)))
    world.accept(world.appoint("health/guest", not_after=world.later(2_000)))
    world.accept(world.sign("audit/main", KeyRotation(key=key_of("turned")), signer("turned")))
    world.block(at="2026-12-30T00:00:00.000Z")
    assert violations(world.state, world.leaves) == []
    return world


@cache
def late() -> World:
    """The same at the end of time, with deadlines and time zones at their limits."""
    days = 3_650
    parameters = Parameters(
        answer_conditional_days=days, answer_unconditional_days=days, reply_days=days,
        review_days=days, settlements_per_block=1, clock_skew_ms=1_000,
        confirm_days=days, disposal_days=days, effect_days=days, supply_days=days,
        field_use_days=days, reconcile_days=days, use_days=days, use_report_days=days,
        update_days=days,
    )  # fmt: skip
    world = World.genesis(parameters=parameters, calendar=Calendar(utc_offset_minutes=-840))
    world.block(at=END)
    story = Story()
    story.world = world
    story.publish(mode=Mode(kind="service"))
    story.ask()
    story.grant()
    story.stand()
    story.submit(title="under review")
    return world


def key_of(label: str) -> KeyDescription:
    return signer(label).public_key.description


def signed(world: World, writer: WriterId, body: Body) -> Record:
    """The body as that writer would sign it, with the key it introduces if that is ours."""
    described = body.key if isinstance(body, KeyRotation | WriterAppointment) else None
    cosigners = [key for key in map(signer, KEYS) if key.public_key.description == described]
    try:
        return world.sign(writer, body, *cosigners, place=world.place(writer))
    except TooLarge:
        assume(condition=False)
        raise


@pytest.mark.parametrize("place", [rich, late])
@given(data=st.data())
def test_no_record_makes_the_rules_fail(place: Callable[[], World], data: DataObject) -> None:
    world = place()
    pool = pool_of(world.state, world.now)
    writer = data.draw(st.sampled_from(pool.writers))
    record = signed(world, writer, data.draw(wild(pool)))
    at = world.later()
    result = step(world.state, world.head, Block(at, "steward", (record,)), verify_signature)
    for key, value in result.values.items():
        assert value is None or parse_value(key, value) == result.changes[key]
    (verdict,) = result.verdicts
    if not isinstance(verdict, Accepted):
        assert set(result.changes) == set(result.settlement.changed)


def test_time_comes_to_its_end() -> None:
    """Deadlines that cannot be written fall on the last moment that can, and are settled then."""
    world = late.__wrapped__()
    result = world.block(at=LAST)
    assert len([key for key in result.settlement.changed if key.startswith("due/")]) >= 1
    with pytest.raises(ValueError, match="is not after"):
        world.block()


def test_every_kind_is_tried() -> None:
    assert WILD.keys() == KIND_OF_BODY.keys() - {Genesis}
