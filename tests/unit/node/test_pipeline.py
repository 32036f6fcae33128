"""The way of a record into the ledger: what callers are answered, whatever they submit."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from contracts.reasons import (
    BAD_SIGNATURE,
    MALFORMED,
    NOT_CANONICAL,
    SEQUENCE_TAKEN,
    WRONG_PREVIOUS,
)
from contracts.transition import Rejected
from contracts.values import ChainHead
from ledger.canonical import encode
from ledger.envelope import Envelope, parse_envelope, sign_envelope
from ledger.records import Chain, Record, new_statement
from ledger.records.keys import KeyRotation
from node.engine import EngineStopped, QueueFull
from node.engine.embedded import Limits
from node.pipeline import Committed
from tests import bodies
from tests.nodes import Node, running
from tests.world import World, signer


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[Node]:
    async with running(tmp_path / "ledger.db", World.genesis()) as running_node:
        yield running_node


def schemas(world: World, count: int, writer: str = "transport/main") -> list[Record]:
    """Records of one writer that follow one another and do not depend on each other."""
    return [world.sign(writer, bodies.schema(f"column{n}")) for n in range(count)]


def tampered(record: Record) -> Envelope:
    """The record's envelope with one bit of its signature flipped."""
    (signature,) = record.envelope.signatures
    sig = bytes([signature.sig[0] ^ 1]) + signature.sig[1:]
    loose = encode(
        {
            "payload": record.envelope.payload,
            "payloadType": "application/vnd.in-toto+json",
            "signatures": [{"keyid": signature.keyid, "sig": sig}],
        }
    )
    return parse_envelope(loose)


async def test_a_record_is_answered_with_its_place_and_outcome(node: Node) -> None:
    size = node.replica.head.size
    (record,) = schemas(node.world, 1)
    (answer,) = await node.accept(record)
    assert answer == Committed(
        index=size,
        digest=record.digest,
        height=node.replica.head.height,
        block_time=node.replica.head.time,
        outcome=answer.outcome,
    )
    assert answer.outcome.digest == record.digest
    assert node.replica.head.size == size + 2  # the record and the seal


async def test_records_submitted_together_keep_their_order(node: Node) -> None:
    records = schemas(node.world, 200)  # several chunks of the thread pool
    answers = await node.accept(*records)
    assert [answer.digest for answer in answers] == [record.digest for record in records]
    places = [answer.index for answer in answers]
    assert places == sorted(places)


async def test_the_same_record_again_gets_the_same_answer(node: Node) -> None:
    records = schemas(node.world, 3)
    first = await node.accept(*records)
    height = node.replica.head.height
    again = await node.accept(*reversed(records))
    assert [answer.already for answer in again] == [True] * 3
    assert [replace_already(answer) for answer in reversed(again)] == first
    assert node.replica.head.height == height


def replace_already(answer: Committed) -> Committed:
    return Committed(answer.index, answer.digest, answer.height, answer.block_time, answer.outcome)


async def test_a_record_twice_in_one_batch_is_recorded_once(node: Node) -> None:
    (record,) = schemas(node.world, 1)
    first, second = await node.accept(record, record)
    assert (first.already, second.already) == (False, True)
    assert replace_already(second) == first
    assert node.world.leaves.count(record.envelope.encoded) == 1


async def test_one_record_sent_by_many_callers_at_once_is_recorded_once(node: Node) -> None:
    (record,) = schemas(node.world, 1)
    answers = await asyncio.gather(*(node.accept(record) for _ in range(20)))
    assert len({answer.index for (answer,) in answers}) == 1
    assert [answer.already for (answer,) in answers].count(False) == 1


async def test_a_bad_record_in_the_middle_does_not_stop_the_others(node: Node) -> None:
    one, two, three = schemas(node.world, 3)
    other = node.world.sign("weather/main", bodies.schema("w"))
    answers = await node.pipeline.submit(
        [one.envelope, b"{}", tampered(two), three.envelope, other.envelope]
    )
    reasons = [a.reason if isinstance(a, Rejected) else None for a in answers]
    assert reasons == [None, MALFORMED, BAD_SIGNATURE, WRONG_PREVIOUS, None]
    await node.accept(two, three)


async def test_what_is_refused_for_its_form_makes_no_block(node: Node) -> None:
    height = node.replica.head.height
    (answer,) = await node.pipeline.submit([b"\xff\x00"])
    assert isinstance(answer, Rejected)
    assert answer.reason is MALFORMED
    (record,) = schemas(node.world, 1)
    (answer,) = await node.pipeline.submit([tampered(record)])
    assert isinstance(answer, Rejected)
    assert answer.reason is BAD_SIGNATURE
    assert node.replica.head.height == height


async def test_an_envelope_in_another_encoding_is_the_same_record(node: Node) -> None:
    (record,) = schemas(node.world, 1)
    spaced = record.envelope.encoded.replace(b'","', b'" ,\n "')
    (answer,) = await node.pipeline.submit([spaced])
    assert isinstance(answer, Committed)
    leaf = node.reader.leaf(answer.index)
    assert leaf is not None
    assert leaf.leaf == record.envelope.encoded


async def test_a_payload_in_another_encoding_is_refused(node: Node) -> None:
    (record,) = schemas(node.world, 1)
    payload = record.envelope.payload.replace(b":", b": ", 1)
    envelope = sign_envelope(payload, [signer("transport/main")])
    (answer,) = await node.pipeline.submit([envelope])
    assert isinstance(answer, Rejected)
    assert answer.reason is NOT_CANONICAL


async def test_another_record_at_a_taken_place_is_refused(node: Node) -> None:
    one, two = (
        node.world.sign("transport/main", bodies.schema(name), place=(0, None)) for name in "ab"
    )
    await node.accept(one)
    (answer,) = await node.submit(two)
    assert isinstance(answer, Rejected)
    assert answer.reason is SEQUENCE_TAKEN


async def test_a_writer_appointed_in_the_same_batch_may_sign(node: Node) -> None:
    appointed = node.world.appoint("health/clerk")
    chain = Chain(
        issued_at=node.world.later(),
        ledger=node.world.head.ledger,
        previous=None,
        sequence=0,
        writer="health/clerk",
    )
    payload = encode(new_statement(bodies.schema("a"), chain))
    by_clerk = sign_envelope(payload, [signer("health/clerk")])
    answers = await node.pipeline.submit([appointed.envelope, by_clerk])
    assert all(isinstance(answer, Committed) for answer in answers)


async def test_no_verdict_on_a_signature_outlives_its_submission(tmp_path: Path) -> None:
    """It is found by its envelope's place in memory: a forgery must not be found there later."""
    limits = Limits(linger_ms=200)
    async with running(tmp_path / "ledger.db", World.genesis(), limits) as node:
        records = schemas(node.world, 3)
        task = asyncio.create_task(node.submit(*records))
        await node.waiting(3)
        assert len(node.signatures) == 3
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not len(node.signatures)
        answers = await node.accept(*records)
        assert all(answer.already for answer in answers)  # nobody waits for them, yet they count


async def test_a_record_is_answered_as_before_though_its_key_was_rotated_since(node: Node) -> None:
    (record,) = schemas(node.world, 1)
    (first,) = await node.accept(record)
    new = signer("transport/main/2")
    rotation = node.world.sign("transport/main", KeyRotation(key=new.public_key.description), new)
    (rotated,) = await node.accept(rotation)
    again = await node.accept(record, rotation)
    assert [replace_already(answer) for answer in again] == [first, rotated]


async def test_the_chain_head_counts_every_answered_record(node: Node) -> None:
    assert node.pipeline.chain_head("transport/main") is None
    records = schemas(node.world, 3)
    answers = await node.accept(*records)
    head = node.pipeline.chain_head("transport/main")
    assert isinstance(head, ChainHead)
    assert (head.records, head.head) == (3, records[-1].digest)
    assert head.last_index == answers[-1].index


async def test_too_many_waiting_records_are_turned_away_and_none_of_them_taken(
    tmp_path: Path,
) -> None:
    limits = Limits(linger_ms=200, waiting_max=5)
    async with running(tmp_path / "ledger.db", World.genesis(), limits) as node:
        records = schemas(node.world, 6)
        others = [node.world.sign("weather/main", bodies.schema(f"w{n}")) for n in range(3)]
        waiting = asyncio.create_task(node.accept(*records[:4]))
        await node.waiting(4)
        with pytest.raises(QueueFull) as full:
            await node.submit(*others)
        assert full.value.retry_after_s > 0
        await waiting
        assert node.world.leaves[-2] == records[3].envelope.encoded
        await node.accept(*others)


async def test_stopping_answers_those_who_wait_and_nobody_after(tmp_path: Path) -> None:
    limits = Limits(linger_ms=5_000)
    async with running(tmp_path / "ledger.db", World.genesis(), limits) as node:
        (record,) = schemas(node.world, 1)
        waiting = asyncio.create_task(node.accept(record))
        await node.waiting(1)
        await node.engine.stop()
        (answer,) = await waiting
        assert answer.digest == record.digest
        with pytest.raises(EngineStopped):
            await node.submit(record)
