"""Before a node orders: what the witnesses say, and whom it believes."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ledger.types import MemberId
from node.client.errors import Unreachable
from node.client.flows import Answer, NoAnswer
from node.engine.embedded import EmbeddedEngine
from node.network import beginning
from node.network.beginning import Behind, answers_needed, require_latest
from node.replica import Replica
from tests import bodies
from tests.log_files import sign
from tests.network import witnessed_world
from tests.nodes import close, open_replica
from tests.world import World, log_signer_ml_dsa, signer


@dataclass
class Told:
    """A witness that says where it stands, and may show it."""

    status: int = 409
    text: str = ""
    shown: bytes | None = None
    is_silent: bool = False

    async def add_checkpoint(self, body: bytes) -> Answer | NoAnswer:
        assert body.startswith(b"old 0\n\n")
        if self.is_silent:
            raise Unreachable("silent")
        return Answer(self.status, {}, self.text.encode())

    async def latest(self, _origin: str) -> bytes | None:
        return self.shown


@pytest.fixture
def world() -> World:
    return witnessed_world()


@pytest.fixture
def replica(tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Replica]:
    monkeypatch.setattr(beginning, "PAUSE_S", 0.01)
    replica = open_replica(tmp_path / "ledger.db", world)
    yield replica
    close(replica)


async def nobody() -> list[bytes]:
    """There are no other nodes."""
    return []


async def begins(replica: Replica, *witnesses: Told, patience_s: float = 0) -> bool:
    """Whether the node would order now."""
    members = ("audit", "health", "steward", "transport")
    known: dict[MemberId, Told] = dict(zip(members, witnesses, strict=False))
    try:
        async with asyncio.timeout(0.3):
            await require_latest(replica, known.get, nobody, patience_s)
    except TimeoutError:
        return False
    return True


async def test_two_of_four_leave_no_quorum_that_knows_more(replica: Replica, world: World) -> None:
    here, behind = Told(text=f"{len(world.leaves)}\n"), Told(text="2\n")
    assert answers_needed(replica.published.trust) == 2
    assert await begins(replica, here, behind)
    assert await begins(replica, here, Told(200, "its lines"))
    assert not await begins(replica, here)
    assert not await begins(replica, here, Told(is_silent=True), Told(503, "later"))
    assert not await begins(replica, here, Told(text="many\n"))


async def test_one_that_is_ahead_and_shows_it_ends_the_beginning(
    replica: Replica, world: World
) -> None:
    size = len(world.leaves)
    world.accept(world.sign("health/main", bodies.schema()))
    ahead = Told(text=f"{len(world.leaves)}\n", shown=sign(world.leaves))
    with pytest.raises(Behind, match=f"has {len(world.leaves)} leaves"):
        await begins(replica, Told(text=f"{size}\n"), ahead)


async def test_a_node_that_shows_more_than_was_cosigned_ends_it_too(
    replica: Replica, world: World
) -> None:
    world.accept(world.sign("health/main", bodies.schema()))
    ahead, stranger = sign(world.leaves), sign(world.leaves, [signer("thief")])

    async def shown() -> list[bytes]:
        return [stranger, b"no note", ahead]

    with pytest.raises(Behind, match=f"has {len(world.leaves)} leaves"):
        await require_latest(replica, dict[str, Told]().get, shown)


async def test_patience_is_for_those_who_are_not_needed(replica: Replica, world: World) -> None:
    here = Told(text=f"{len(world.leaves)}\n")
    assert await begins(replica, here, here)
    assert not await begins(replica, here, here, patience_s=5)
    assert await begins(replica, here, here, here, here, patience_s=5)


async def test_a_bare_number_stops_nobody(replica: Replica, world: World) -> None:
    here = Told(text=f"{len(world.leaves)}\n")
    thief = sign([*world.leaves, b"more"], [signer("thief"), log_signer_ml_dsa("thief")])
    for shown in (None, b"no note", thief, sign(world.leaves)):
        liar = Told(text=f"{10**15}\n", shown=shown)
        assert await begins(replica, liar, here, here)
        assert not await begins(replica, liar, here)


async def test_without_witnesses_there_is_nobody_to_ask(tmp_path: Path) -> None:
    replica = open_replica(tmp_path / "alone.db", World.genesis())
    assert await begins(replica)
    close(replica)


async def test_an_engine_that_may_not_begin_yet_stops_in_peace(replica: Replica) -> None:
    """It has no failure, and whoever waits for its end is told of it like anybody else."""

    async def never() -> None:
        await asyncio.Event().wait()

    engine = EmbeddedEngine(replica, "steward", may_begin=never)
    await engine.start()
    ended = asyncio.create_task(engine.finished())
    await asyncio.sleep(0)
    await engine.stop()
    await ended
    assert engine.failure is None
