"""Shares of the queue: nobody can use up somebody else's."""

import asyncio
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.envelope import Envelope, verify_signature
from ledger.errors import VerificationError
from ledger.records import Record
from ledger.types import KeyId
from node.engine import QueueFull
from node.quota import NOBODY, SharedOrdering, Shares
from tests import bodies
from tests.world import World, signer


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 4)), max_size=20))
def test_a_share_is_never_exceeded_but_by_what_comes_alone(held: list[tuple[str, int]]) -> None:
    shares, waiting = Shares(5), Counter[str]()
    contexts = []
    for key, count in held:
        context = shares.held([key] * count)
        fits = not waiting[key] or waiting[key] + count <= 5
        if fits:
            context.__enter__()
            contexts.append(context)
            waiting[key] += count
        else:
            with pytest.raises(QueueFull):
                context.__enter__()
    for context in contexts:
        context.__exit__(None, None, None)
    with shares.held(["a"] * 9), shares.held(["b"] * 9):
        pass  # all was given back


def test_a_submission_that_is_refused_takes_nothing() -> None:
    shares = Shares(2)
    with shares.held(["a", "a"]):
        with pytest.raises(QueueFull, match="of one key"), shares.held(["b", "a"]):
            pass
        with shares.held(["b", "b"]):
            pass


class Slow:
    """An engine that orders when it is told to, and remembers what it got."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.records: list[Record] = []

    async def order(self, records: object) -> list[object]:
        assert isinstance(records, list)
        self.records += records
        await self.go.wait()
        return []


async def test_who_claims_to_be_another_uses_up_the_share_of_nobody() -> None:
    world = World.genesis()
    keys = {one.public_key.keyid: one.public_key for one in map(world.signer_of, ["health/main"])}
    signers: list[str] = []
    engine = Slow()

    def holds(envelope: Envelope, keyid: KeyId) -> bool:
        try:
            verify_signature(envelope, keys[keyid])
        except (KeyError, VerificationError):
            return False
        return True

    shared = SharedOrdering(engine, Shares(1), holds, signers.extend)  # type: ignore[arg-type]
    forged = world.sign("health/main", bodies.schema(), key=signer("thief"), place=(0, None))
    honest = world.sign("health/main", bodies.schema())
    first = asyncio.create_task(shared.order([forged]))
    await asyncio.sleep(0)
    with pytest.raises(QueueFull):
        await shared.order([forged])
    second = asyncio.create_task(shared.order([honest]))
    await asyncio.sleep(0)
    with pytest.raises(QueueFull):
        await shared.order([honest])
    engine.go.set()
    assert await first == await second == []
    assert await shared.order([honest]) == []
    known = honest.envelope.keyids[0]
    assert signers == [NOBODY, NOBODY, known, known, known]
    assert engine.records == [forged, honest, honest]
