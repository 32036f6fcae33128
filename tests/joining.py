"""A node that begins from a snapshot, in process; its peers are `tests.snapshot_peer`.

async with joined(tmp_path / "node", peer, backfills=False) as node:
    await node.stands(peer.world.head.size)
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from contracts.audit import policy_in
from ledger.policy import Policy
from ledger.types import MemberId
from node.joined import joining
from node.network.following import FollowingEngine
from node.network.forwarding import reach
from node.network.joining import Joining
from node.network.vigilance import Vigilance
from node.news import News
from node.pipeline import VerifiedSignatures
from node.replica import Replica, initialise
from node.settings import Peer, Settings, Snapshots
from node.storage.database import open_database
from node.storage.disk import DiskGuard
from node.storage.store import SqlStore
from node.verification import Verifier
from tests.nodes import close
from tests.served import settings_in
from tests.snapshot_peer import SnapshotPeer
from tests.world import ORIGIN


@dataclass
class Book:
    """A `PeerBook` of given peers; `is_shut`: they can be reached by nobody."""

    peers: list[SnapshotPeer]
    is_shut: bool = False

    def to_follow(self) -> list[SnapshotPeer]:
        return [] if self.is_shut else self.peers

    def orderer(self) -> MemberId:
        return "steward"

    def of(self, member: MemberId) -> SnapshotPeer | None:
        return next((one for one in self.peers if one.member == member), None)

    async def close(self) -> None:
        """They have no connections."""


@dataclass
class Joined:
    """The parts of a node that joins. `backfill` are the peers of its backfill."""

    replica: Replica
    engine: FollowingEngine
    vigilance: Vigilance
    gate: Joining
    news: News
    backfill: Book
    folder: Path

    @property
    def database(self) -> Path:
        """That of the snapshot."""
        return self.folder / "snapshots/joined.db"

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not holds():  # noqa: ASYNC110  nobody tells of all of this
                await asyncio.sleep(0.01)

    async def reach(self, size: int, wait_s: float) -> bool:
        """As `node.network.forwarding.reach`."""
        return await reach(self.replica, self.news, size, wait_s)

    async def stands(self, size: int) -> None:
        """Return once it serves so many leaves from a snapshot."""
        await self.until(lambda: self.replica.base > 0)
        assert await self.reach(size, 20)


def founded(folder: Path, leader: Replica) -> SqlStore:
    """The database of a node of the same ledger, which may have run before."""
    folder.mkdir(exist_ok=True)
    is_new = not (folder / "ledger.db").exists()
    store = SqlStore(open_database(folder / "ledger.db"))
    if is_new:
        with leader.store.snapshot() as snapshot:
            initialise(store, snapshot.leaves(0, 1)[0])
    return store


def settings_of(folder: Path, far: int = 1) -> Settings:
    """Those of a node that follows, and may begin from a snapshot of a log so `far` ahead."""
    return settings_in(
        folder,
        log_key=None,
        log_key_pq=None,
        believed_policy=folder / "policy",
        peers=(Peer(member="steward", url="https://node.steward.example"),),
        snapshots=Snapshots(folder=folder / "snapshots", join=True, join_leaves_min=far),
    )


@asynccontextmanager
async def joined(
    folder: Path,
    *peers: SnapshotPeer,
    far: int = 1,
    backfills: bool = True,
    behind: Sequence[SnapshotPeer] = (),
    policy: Policy | None = None,
) -> AsyncIterator[Joined]:
    """A node that may begin from a snapshot of these peers, from when its engine starts.

    Its backfill reads from those `behind`, by default the same.
    """
    (leader, *_) = peers
    store = founded(folder, leader.replica)
    signatures, verifier, news = VerifiedSignatures(), Verifier(0), News()
    replica = Replica(store, ORIGIN, verify=signatures)
    replica.subscribe(lambda _published, _block, _result: news.publish())
    believed = policy or policy_in(leader.world.state, ORIGIN)
    settings = settings_of(folder, far)
    backfill = Book([*(behind or peers)], is_shut=not backfills)
    books = iter([Book([*peers]), backfill])

    vigilance = Vigilance(replica, folder / "evidence")

    def follow(
        of: Replica, told: News, asked: Book, watch: Vigilance, **how: object
    ) -> FollowingEngine:
        return FollowingEngine(of, signatures, verifier, told, asked, watch, **how)  # type: ignore[arg-type]

    room = DiskGuard(settings.snapshots.folder, 0, lambda _folder: 1 << 40)
    gate = joining(
        settings, believed, replica, signatures, news, room,
        lambda: next(books), vigilance.standing, follow,  # type: ignore[arg-type,return-value]
    )  # fmt: skip
    assert gate is not None
    engine = follow(replica, news, Book([*peers]), vigilance, gate=gate)
    await engine.start()
    try:
        yield Joined(replica, engine, vigilance, gate, news, backfill, folder)
    finally:
        await gate.close()
        await engine.stop()
        vigilance.close()
        verifier.close()
        close(replica)
        store.engine.dispose()
