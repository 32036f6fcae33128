"""A node in process over a test world: real store, replica, engine and pipeline, no HTTP.

    async with running(folder / "ledger.db", World.genesis()) as node:
        (answer,) = await node.submit(node.world.sign("transport/main", bodies.schema()))

The world follows the node: it decides every block again in memory, so it signs at the true end of
each chain, and `node.world.head` equals `node.replica.head`, roots and all, or the test fails.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from contracts.replay import Block, BlockResult
from contracts.transition import Rejected
from ledger.policy import Policy, own_policy
from ledger.records import Genesis, Record, parse_record
from ledger.times import to_ms
from node.engine.embedded import EmbeddedEngine, Limits
from node.pipeline import Committed, Pipeline, VerifiedSignatures
from node.reader import Reader
from node.replica import Published, Replica, initialise
from node.storage.address import Database
from node.storage.database import open_database
from node.storage.store import SqlStore, Step
from node.verification import Verifier
from tests.log_files import log_signers
from tests.world import ORIGIN, SECOND_MS, World

PROMPT = Limits(linger_ms=0, idle_ms=10)


@dataclass(slots=True)
class Clock:
    """A clock that stands still until a test sets it."""

    now_ms: int

    def __call__(self) -> int:
        return self.now_ms


@dataclass(slots=True)
class Node:
    """The parts of a running node, its clock, and the world that follows it."""

    world: World
    clock: Clock
    replica: Replica
    engine: EmbeddedEngine
    pipeline: Pipeline
    reader: Reader
    signatures: VerifiedSignatures
    blocks: list[BlockResult] = field(default_factory=list)

    @property
    def policy(self) -> Policy:
        """Trust in the keys the genesis record names."""
        return policy_of(self.world)

    async def submit(self, *records: Record) -> list[Committed | Rejected]:
        """What became of records submitted together."""
        return await self.pipeline.submit([record.envelope.encoded for record in records])

    async def accept(self, *records: Record) -> list[Committed]:
        """Records that must all be accepted, each answer once."""
        answers = await self.submit(*records)
        committed = [answer for answer in answers if isinstance(answer, Committed)]
        assert len(committed) == len(records), answers
        return committed

    async def waiting(self, count: int) -> None:
        """Return once `count` records wait to be ordered."""
        while self.engine.waiting_count < count:  # noqa: ASYNC110  the engine tells nobody
            await asyncio.sleep(0)


def policy_of(world: World) -> Policy:
    """The policy a world's genesis record states."""
    body = parse_record(world.leaves[0]).body
    assert isinstance(body, Genesis)
    return own_policy(body)


def open_replica(
    database: Database,
    world: World | None = None,
    *,
    on_step: Step = lambda _name: None,
    signatures: VerifiedSignatures | None = None,
) -> Replica:
    """The replica in a database; with a world, one that has come as far as the world has."""
    store = SqlStore(open_database(database))
    if world is not None:
        initialise(store, world.leaves[0])
    verify = signatures or VerifiedSignatures()
    try:
        replica = Replica(store, ORIGIN, log_signers(), verify=verify, on_step=on_step)
    except BaseException:
        store.engine.dispose()
        raise
    for block in world.blocks if world is not None else ():
        replica.apply(block)
    return replica


def close(replica: Replica) -> None:
    """Let go of a replica and its database."""
    replica.close()
    replica.store.engine.dispose()


@asynccontextmanager
async def running(
    database: Database,
    world: World,
    limits: Limits = PROMPT,
    *,
    founded: bool = False,
    on_step: Step = lambda _name: None,
) -> AsyncIterator[Node]:
    """A node that runs and has come as far as `world`; `founded`: the database has it already."""
    signatures = VerifiedSignatures()
    known = None if founded else world
    replica = open_replica(database, known, on_step=on_step, signatures=signatures)
    clock = Clock(to_ms(world.now) + SECOND_MS)
    engine = EmbeddedEngine(replica, "steward", limits, clock)
    verifier = Verifier()
    pipeline = Pipeline(replica, engine, signatures, verifier)
    node = Node(world, clock, replica, engine, pipeline, Reader(replica), signatures)

    def follow(_published: Published, block: Block, result: BlockResult) -> None:
        node.blocks.append(result)
        world.block(*block.records, at=block.time, proposer=block.proposer)

    replica.subscribe(follow)
    await engine.start()
    try:
        yield node
    finally:
        await engine.stop()
        pipeline.close()
        verifier.close()
        close(replica)
    if engine.failure is None:
        assert world.head == replica.head
        assert not len(signatures)
