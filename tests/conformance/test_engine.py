"""What every engine MUST do, whatever it orders for: `node.engine.Engine`.

The application is a stand-in that decides nothing; what the engine hands it is the test's subject.
An engine added later joins `ENGINES`.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.replay import Block, BlockResult, Head
from contracts.transition import Accepted
from ledger.records import Record
from ledger.records.genesis import Parameters
from ledger.times import to_ms
from ledger.types import DigestHex, Time
from node.engine import Application, Engine, EngineStopped, Placed, QueueFull
from node.engine.embedded import EmbeddedEngine, Limits
from tests import bodies
from tests.nodes import Clock
from tests.world import SECOND_MS, World

MakeEngine = Callable[[Application, Limits, Clock], Engine]
ENGINES: Final[dict[str, MakeEngine]] = {
    "embedded": lambda application, limits, clock: EmbeddedEngine(
        application, "steward", limits, clock
    )
}
QUICK: Final = Limits(records_max=5, linger_ms=1, waiting_max=50, idle_ms=5)


@dataclass
class Ledger:
    """An application in memory that notes every block, and may be told to fail or to wait."""

    world: World
    blocks: list[Block] = field(default_factory=list)
    failure: Exception | None = None
    gate: threading.Event = field(default_factory=threading.Event)
    entered: threading.Event = field(default_factory=threading.Event)
    asked: int = 0
    busy: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.gate.set()

    @property
    def head(self) -> Head:
        return self.world.head

    @property
    def ordered(self) -> list[Record]:
        """All records in the order of the blocks."""
        return [record for block in self.blocks for record in block.records]

    def apply(self, block: Block) -> BlockResult:
        assert self.busy.acquire(blocking=False), "two blocks at once"
        try:
            self.entered.set()
            assert self.gate.wait(10)
            if self.failure is not None:
                raise self.failure
            self.blocks.append(block)
            return self.world.block(*block.records, at=block.time, proposer=block.proposer)
        finally:
            self.busy.release()

    def has_due(self, time: Time) -> bool:
        self.asked += 1
        return bool(self.world.state.due(time, 1))


@dataclass(frozen=True)
class Started:
    """A running engine and what it drives."""

    engine: Engine
    ledger: Ledger
    clock: Clock

    def records(self, count: int) -> list[Record]:
        """Records that follow one another."""
        sign = self.ledger.world.sign
        return [sign("transport/main", bodies.schema(f"c{n}")) for n in range(count)]

    async def idles(self) -> None:
        """Return when the engine has looked for deadlines twice since."""
        until = self.ledger.asked + 2
        while self.ledger.asked < until:  # noqa: ASYNC110  asked by another thread
            await asyncio.sleep(0.001)


@pytest.fixture(params=ENGINES)
def make(request: pytest.FixtureRequest) -> MakeEngine:
    return ENGINES[request.param]


@asynccontextmanager
async def started(
    make: MakeEngine, limits: Limits = QUICK, world: World | None = None
) -> AsyncIterator[Started]:
    ledger = Ledger(world or World.genesis())
    clock = Clock(to_ms(ledger.head.time) + SECOND_MS)
    engine = make(ledger, limits, clock)
    await engine.start()
    try:
        yield Started(engine, ledger, clock)
    finally:
        ledger.gate.set()
        await engine.stop()


def verdicts(placed: Sequence[Placed]) -> list[DigestHex | None]:
    """The digest of each record in the outcome of the place it is said to have come to."""
    return [
        one.verdict.outcome.digest if isinstance(one.verdict, Accepted) else None for one in placed
    ]


@given(st.lists(st.integers(0, 7), max_size=12), st.integers(1, 9))
def test_every_record_is_placed_once_in_the_order_it_came(
    counts: list[int], records_max: int
) -> None:
    async def play(make: MakeEngine) -> None:
        limits = Limits(records_max=records_max, linger_ms=0, idle_ms=5)
        async with started(make, limits) as node:
            records = node.records(sum(counts))
            rest = iter(records)
            batches = [[next(rest) for _ in range(count)] for count in counts]
            placed = await asyncio.gather(*(node.engine.order(batch) for batch in batches))
            assert node.ledger.ordered == records
            for batch, places in zip(batches, placed, strict=True):
                assert verdicts(places) == [record.digest for record in batch]
            assert all(1 <= len(block.records) <= records_max for block in node.ledger.blocks)
            times = [block.time for block in node.ledger.blocks]
            assert times == sorted(set(times))

    for engine in ENGINES.values():
        asyncio.run(play(engine))


async def test_no_records_make_no_block(make: MakeEngine) -> None:
    async with started(make) as node:
        assert list(await node.engine.order([])) == []
        await node.idles()
        assert node.ledger.blocks == []


async def test_a_block_is_closed_on_its_size(make: MakeEngine) -> None:
    async with started(make) as node:
        await node.engine.order(node.records(12))
        assert [len(block.records) for block in node.ledger.blocks] == [5, 5, 2]


async def test_a_block_is_closed_on_its_bytes_and_holds_at_least_one_record(
    make: MakeEngine,
) -> None:
    async with started(make, Limits(linger_ms=1, leaf_bytes_max=1)) as node:
        await node.engine.order(node.records(3))
        assert [len(block.records) for block in node.ledger.blocks] == [1, 1, 1]


async def test_block_time_is_the_clock_s_and_increases_though_the_clock_is_set_back(
    make: MakeEngine,
) -> None:
    async with started(make) as node:
        one, two, three = node.records(3)
        node.clock.now_ms += 500
        await node.engine.order([one])
        assert to_ms(node.ledger.head.time) == node.clock.now_ms
        node.clock.now_ms -= 3_600_000
        await node.engine.order([two])
        assert to_ms(node.ledger.head.time) == node.clock.now_ms + 3_600_001
        node.clock.now_ms += 2 * 3_600_000
        await node.engine.order([three])
        assert to_ms(node.ledger.head.time) == node.clock.now_ms


async def test_a_deadline_closes_an_idle_block_and_no_earlier(make: MakeEngine) -> None:
    world = World.genesis()
    world.accept(world.sign("transport/main", bodies.schema()))
    world.accept(world.sign("transport/main", bodies.entry()))
    (due,) = (key.split("/")[1] for key in world.state.keys("due/"))
    async with started(make, world=world) as node:
        node.clock.now_ms = to_ms(due) - 1
        await node.idles()
        assert node.ledger.blocks == []
        node.clock.now_ms = to_ms(due)
        await node.idles()
        (block,) = node.ledger.blocks
        assert (block.time, list(block.records)) == (due, [])


async def test_behind_a_deadline_the_next_one_is_looked_for_at_once(
    make: MakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World.genesis(parameters=Parameters(settlements_per_block=1))
    world.accept(world.sign("transport/main", bodies.schema()))
    for name in ("cameras", "flights", "trains"):
        world.accept(world.sign("transport/main", bodies.entry(dataset=name, code=name)))
    last = max(key.split("/")[1] for key in world.state.keys("due/"))
    waits: list[float | None] = []
    wait_for = asyncio.wait_for

    async def noting(waiting: Awaitable[object], within_s: float | None) -> object:
        waits.append(within_s)
        return await wait_for(waiting, within_s)

    monkeypatch.setattr(asyncio, "wait_for", noting)
    async with started(make, world=world) as node:
        await node.idles()
        waits.clear()
        node.clock.now_ms = to_ms(last)
        await node.idles()
        while len(node.ledger.blocks) < 3:
            await node.idles()
        assert waits.count(0) >= 3


async def test_what_does_not_fit_is_turned_away_whole(make: MakeEngine) -> None:
    async with started(make) as node:
        records = node.records(60)
        node.ledger.gate.clear()
        first = asyncio.create_task(node.engine.order(records[:10]))
        while not node.ledger.entered.is_set():  # noqa: ASYNC110  set by another thread
            await asyncio.sleep(0)
        assert 5 <= node.engine.waiting_count <= 10
        with pytest.raises(QueueFull) as full:
            await node.engine.order(records[10:])
        assert full.value.retry_after_s > 0
        node.ledger.gate.set()
        await first
        assert node.ledger.ordered == records[:10]


async def test_stopping_finishes_what_waits_and_takes_no_more(make: MakeEngine) -> None:
    async with started(make, Limits(records_max=2, linger_ms=50)) as node:
        records = node.records(7)
        waiting = asyncio.create_task(node.engine.order(records[:6]))
        await asyncio.sleep(0)
        await node.engine.stop()
        assert verdicts(await waiting) == [record.digest for record in records[:6]]
        with pytest.raises(EngineStopped):
            await node.engine.order(records[6:])
        await node.engine.stop()  # a second time does no harm
        await node.engine.finished()
        assert node.engine.failure is None


async def test_after_a_failed_block_nobody_is_promised_anything(make: MakeEngine) -> None:
    async with started(make) as node:
        records = node.records(12)
        node.ledger.failure = OSError("the disk is gone")
        answers = await asyncio.gather(
            node.engine.order(records[:8]), node.engine.order(records[8:]), return_exceptions=True
        )
        assert [type(answer) for answer in answers] == [EngineStopped] * 2
        assert node.engine.failure is node.ledger.failure
        assert node.engine.waiting_count == 0
        await node.engine.finished()
        node.ledger.failure = None
        with pytest.raises(EngineStopped):
            await node.engine.order(records)
        assert node.ledger.blocks == []
