"""What writers have signed next, told among nodes."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ledger.records import Record
from node.client.errors import Unreachable
from node.engine import QueueFull
from node.network import heads
from node.network.heads import Heads
from node.network.peers import HEADS_MAX
from node.replica import Replica
from tests import bodies
from tests.nodes import close, open_replica
from tests.world import World, signer


@dataclass
class FakePeer:
    """A node that tells what a test has it tell."""

    told: list[bytes] = field(default_factory=list)
    is_away: bool = False

    async def heads(self) -> list[bytes]:
        if self.is_away:
            raise Unreachable("away")
        return self.told


@dataclass
class Book:
    """A `PeerBook` of given peers."""

    peers: list[FakePeer]

    def to_follow(self) -> list[FakePeer]:
        return self.peers


@dataclass
class Bench:
    """A node, its peers, and what it handed in."""

    heads: Heads
    peers: list[FakePeer]
    own: list[bytes]
    handed_in: list[bytes]

    async def ignored_after(self, exchanges: int) -> list[str]:
        for _ in range(exchanges):
            await self.heads.exchange()
        return self.heads.ignored


@pytest.fixture
def world() -> World:
    return World.genesis()


@pytest.fixture
def replica(tmp_path: Path, world: World) -> Iterator[Replica]:
    opened = open_replica(tmp_path / "ledger.db", world)
    yield opened
    close(opened)


@pytest.fixture
def bench(replica: Replica, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setattr(heads, "IGNORED_S", 0.05)
    peers, own, handed_in = [FakePeer(), FakePeer()], list[bytes](), list[bytes]()

    async def submit(leaves: Sequence[bytes]) -> None:
        handed_in.extend(leaves)

    book = Book(peers)
    return Bench(Heads(replica, book, lambda: own, submit), peers, own, handed_in)  # type: ignore[arg-type]


def leaf(record: Record) -> bytes:
    return record.envelope.encoded


async def test_what_waits_is_handed_in_the_second_time_and_told_after_a_while(
    bench: Bench, world: World, replica: Replica
) -> None:
    record = world.sign("health/main", bodies.schema())
    bench.peers[1].told = [leaf(record)]
    bench.peers[0].is_away = True
    assert await bench.ignored_after(1) == []
    assert bench.handed_in == [], "its own node may be about to bring it in"
    assert await bench.ignored_after(1) == []
    assert bench.handed_in == [leaf(record)]
    await asyncio.sleep(0.06)
    assert await bench.ignored_after(1) == ["health/main"]
    world.accept(record)
    replica.apply(world.blocks[-1])
    assert await bench.ignored_after(1) == [], "it is in the ledger"
    bench.handed_in.clear()
    await bench.heads.exchange()
    assert bench.handed_in == []


async def test_what_this_node_signed_counts_like_that_of_others(bench: Bench, world: World) -> None:
    record = world.sign("health/main", bodies.schema())
    bench.own.append(leaf(record))
    bench.peers[0].told = [leaf(record)]
    await bench.ignored_after(1)
    await asyncio.sleep(0.06)
    assert await bench.ignored_after(1) == ["health/main"]
    assert bench.handed_in == [leaf(record)]
    bench.own.clear()
    bench.peers[0].told = []
    assert await bench.ignored_after(1) == [], "nobody shows it any more"


def stranger(world: World) -> bytes:
    return leaf(world.sign("health/main", bodies.schema(), key=signer("thief")))


def too_far(world: World) -> bytes:
    world.sign("health/main", bodies.schema("a"))
    return leaf(world.sign("health/main", bodies.schema("b")))


def of_another_ledger(_: World) -> bytes:
    other = World.genesis(purposes=("other",))
    return leaf(other.sign("health/main", bodies.schema()))


def of_nobody(world: World) -> bytes:
    return leaf(world.sign("health/nobody", bodies.schema(), key=signer("health/main")))


@pytest.mark.parametrize(
    "made", [stranger, too_far, of_another_ledger, of_nobody, lambda _: b"no record"]
)
async def test_only_what_the_ledger_waits_for_counts(
    made: Callable[[World], bytes], bench: Bench, world: World
) -> None:
    bench.peers[0].told = [made(world)]
    await bench.heads.exchange()
    await asyncio.sleep(0.06)
    assert await bench.ignored_after(2) == []
    assert bench.handed_in == []


async def test_of_a_peer_that_tells_of_many_so_many_count(bench: Bench, world: World) -> None:
    last = leaf(world.sign("health/main", bodies.schema()))
    bench.peers[0].told = [b"no record"] * HEADS_MAX + [last]
    await bench.ignored_after(2)
    assert bench.handed_in == []
    bench.own.extend([last] * 2 * HEADS_MAX)
    assert len(bench.heads.own()) == HEADS_MAX


async def test_nobody_who_orders_is_no_end_of_it(replica: Replica, world: World) -> None:
    record, asked = leaf(world.sign("health/main", bodies.schema())), list[int]()

    async def submit(leaves: Sequence[bytes]) -> None:
        asked.append(len(leaves))
        raise QueueFull(1)

    told = Heads(replica, Book([FakePeer([record])]), lambda: (), submit)  # type: ignore[arg-type]
    for _ in range(3):
        await told.exchange()
    assert asked == [1, 1]
