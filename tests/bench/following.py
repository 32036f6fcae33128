"""A node that follows catches up: the same records, read, verified and decided a second time."""

import asyncio
import time
from pathlib import Path

from ledger.tiles import Bundle, parse_tile_path
from node.network.following import FollowingEngine
from node.network.forwarding import reach
from node.network.peers import Checkpoints
from node.network.vigilance import Vigilance
from node.news import News
from node.reader import Reader
from node.replica import Replica
from tests.bench.in_process import Node, opened


def catch_up(behind: Path, ahead: Path) -> float:
    """The seconds in which a node over `behind` comes to hold what the one over `ahead` does."""
    with opened(ahead) as one, opened(behind, orders=False) as other:
        seconds = asyncio.run(_catch_up(one.replica, other))
        if other.replica.head != one.replica.head:
            raise ValueError("the follower holds another log")
    return seconds


async def _catch_up(ahead: Replica, node: Node) -> float:
    book, news = _Book(_Peer(ahead)), News()
    node.replica.subscribe(lambda _published, _block, _result: news.publish())
    engine = FollowingEngine(
        node.replica,
        node.signatures,
        node.verifier,
        news,
        book,  # type: ignore[arg-type]
        vigilance := Vigilance(node.replica, Path("evidence")),
    )
    began = time.perf_counter()
    await engine.start()
    await reach(node.replica, news, ahead.head.size, 3_600)
    seconds = time.perf_counter() - began
    await engine.stop()
    vigilance.close()
    return seconds


class _Peer:
    """A node in this process; reading from it is part of the time."""

    member = "steward"

    def __init__(self, replica: Replica) -> None:
        self._note = replica.published.checkpoint.decode()
        self.files = _Files(Reader(replica))

    async def checkpoints(self, _latest: int, _final: int, _wait_s: int) -> Checkpoints:
        await asyncio.sleep(0.05)
        return Checkpoints(self._note)


class _Files:
    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def read(self, path: str, _bytes_max: int) -> bytes | None:
        name = parse_tile_path(path)
        return self._reader.bundle(name) if isinstance(name, Bundle) else self._reader.tile(name)


class _Book:
    def __init__(self, peer: _Peer) -> None:
        self._peer = peer

    async def close(self) -> None:
        """It has no connections."""

    def orderer(self) -> str:
        return self._peer.member

    def to_follow(self) -> list[_Peer]:
        return [self._peer]
