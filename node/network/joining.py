"""Joining a long log: the node stands on a snapshot while it replays the log behind it.

    ledger.db                           what this node has replayed, from genesis on: `backfill`
    snapshots/joined.db                 what the service stands on meanwhile, from the snapshot on

    fetch      a peer's snapshot, checked (`snapshot`)          or none to be had: just follow
    stand      the service's replica moves to it, and follows the log's end from there
    backfill   a second engine replays `ledger.db` from where it was, giving way to the first
    return     once that holds all the service does, the replica moves back: one log, one root

The place of a file says where the node is: as long as the snapshot's database is there and goes
further than the other, the node stands on it. So whenever it ends, it goes on where it was. Until
the return nothing is cosigned (`witness`), and what lies before the snapshot is told to be missing.
A lie the backfill finds is an alarm of the node, which then stays where it is.
"""

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from contracts.replay import Head
from ledger import tree
from ledger.errors import LedgerError
from ledger.tiles import TileReader
from node.client.answers import Offer
from node.client.errors import ClientError
from node.client.log_source import SourceError
from node.logs import log
from node.network.following import FollowingEngine
from node.network.forwarding import reach
from node.network.peers import Peer, PeerBook
from node.network.snapshot import Ground, SnapshotError, fetch, read_offer
from node.network.vigilance import Standing, Vigilance
from node.news import News
from node.replica import Replica
from node.storage.database import forget_database, open_database
from node.storage.store import SqlStore

PAUSE_S: Final = 1.0
PAUSE_S_MAX: Final = 30.0
OFFER_S_MAX: Final = 300.0
"""So long a peer may take to make a snapshot, or to have it final."""
RETURN_S_MAX: Final = 60.0
PROGRESS_PARTS: Final = 16
DATABASE: Final = "joined.db"
"""The file, in the folder for snapshots."""


@dataclass(frozen=True, slots=True)
class Backfill:
    """What replays the log behind the snapshot: a replica of its own, an engine of its own."""

    replica: Replica
    engine: FollowingEngine
    news: News
    vigilance: Vigilance


class Joining:
    """Where the service's replica stands. `whole` is set once it holds all of the log.

    Whatever follows with that replica waits for `begin`, and for its `turn`. `standing` is the
    service's, `backfill_of` makes what replays in a store.
    """

    def __init__(  # noqa: PLR0913, PLR0917  what it brings together
        self,
        replica: Replica,
        news: News,
        peers: PeerBook,
        ground: Ground,
        far_leaves: int,
        standing: Standing,
        backfill_of: Callable[[SqlStore], Backfill],
    ) -> None:
        self._replica = replica
        self._news = news
        self._peers = peers
        self._ground = ground
        self._far_leaves = far_leaves
        self._standing = standing
        self._backfill_of = backfill_of
        self._path = ground.room.folder / DATABASE
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="join")
        self._joined: SqlStore | None = None
        self._backfill: Backfill | None = None
        self._task: asyncio.Task[None] | None = None
        self.turn = asyncio.Lock()
        self.whole = asyncio.Event()

    @property
    def replayed_size(self) -> int:
        """How many leaves this node has replayed from the beginning of the log on."""
        replica = self._replica if self._backfill is None else self._backfill.replica
        return replica.head.size

    async def begin(self) -> None:
        """Stand on a snapshot, an earlier one or one that is to be had; else stay with the log."""
        if self.whole.is_set() or self._task is not None:
            return
        loop = asyncio.get_running_loop()
        store = await loop.run_in_executor(self._thread, self._kept)
        if store is None and await self._fetch():
            store = await loop.run_in_executor(self._thread, self._kept)
        if store is None:
            self.whole.set()
            return
        behind = self._replica.store
        await loop.run_in_executor(self._thread, self._replica.move_to, store)
        self._news.publish()
        self._joined, self._backfill = store, self._backfill_of(behind)
        log.info("standing-on-snapshot", base=self._replica.base, size=self._replica.head.size)
        self._task = asyncio.create_task(self._run(self._backfill), name="backfill")

    async def close(self) -> None:
        """Stop where it is; the next start goes on from there."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        if self._backfill is not None:
            await self._backfill.engine.stop()
            self._backfill.vigilance.close()
            self._backfill.replica.close()
            self._backfill = None
        if self._joined is not None:
            self._joined.engine.dispose()
        await self._peers.close()  # a read under way ends with its connection
        self._thread.shutdown(wait=False)

    def _kept(self) -> SqlStore | None:
        """The database of a snapshot that goes further than what was replayed; others are gone."""
        if not self._path.exists():
            return None
        with contextlib.suppress(SQLAlchemyError):
            store = SqlStore(open_database(self._path))
            with store.snapshot() as snapshot:
                stored = snapshot.head()
            if stored is not None and self._goes_further(stored.head):
                return store
            store.engine.dispose()
        forget_database(self._path)
        return None

    def _goes_further(self, head: Head) -> bool:
        return head.ledger == self._ground.ledger and head.size > self._replica.head.size

    async def _fetch(self) -> bool:
        """Have a snapshot of the peer that is furthest; whether there is one, once one answers."""
        pause_s = PAUSE_S
        while not (known := await self._finals()):
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, PAUSE_S_MAX)
        for size, peer in sorted(known, key=lambda one: one[0], reverse=True):
            if size - self._replica.head.size < self._far_leaves:
                break
            try:
                await self._fetch_from(peer)
            except (SnapshotError, LedgerError, SourceError, ClientError, OSError) as error:
                log.warning("snapshot-refused", peer=peer.member, exc_info=error)
            else:
                return True
        return False

    async def _finals(self) -> list[tuple[int, Peer]]:
        """Who answers, each with the size of its final checkpoint; 0 without one to believe."""
        found = []
        for peer in self._peers.to_follow():
            size = 0
            try:
                size, _ = await self._final_of(peer)
            except ClientError as error:
                log.warning("peer-unreachable", peer=peer.member, exc_info=error)
                continue
            except LedgerError as error:
                log.warning("peer-wrong", peer=peer.member, exc_info=error)
            found.append((size, peer))
        return found

    async def _final_of(self, peer: Peer) -> tuple[int, bytes]:
        """Size and note of its final checkpoint. Raises `LedgerError`, `ClientError`."""
        note = ((await peer.checkpoints(0, 0, 0)).final or "").encode()
        return self._ground.checkpoint_in(note).size if note else 0, note

    async def _fetch_from(self, peer: Peer) -> None:
        """Raises `SnapshotError`, `LedgerError`, `SourceError`, `ClientError`, `OSError`."""
        async with asyncio.timeout(OFFER_S_MAX):
            offer = await self._offer_of(peer)
            if offer.size - self._replica.head.size < self._far_leaves:
                raise SnapshotError(f"its snapshot is of {offer.size} leaves")
            note = await self._final_over(peer, offer.size)
        told = partial(self._tell_part, offer.size)
        work = partial(fetch, peer.files, offer, note, self._ground, self._path, told)
        await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def _final_over(self, peer: Peer, size: int) -> bytes:
        """Its final checkpoint, once that covers so many leaves."""
        while True:
            reached, note = await self._final_of(peer)
            if reached >= size:
                return note
            await asyncio.sleep(PAUSE_S)

    async def _offer_of(self, peer: Peer) -> Offer:
        """What it offers, once that is made."""
        while True:
            try:
                return await asyncio.get_running_loop().run_in_executor(
                    self._thread, read_offer, peer.files
                )
            except SourceError:
                await asyncio.sleep(PAUSE_S)

    def _tell_part(self, size: int, part: int, parts: int) -> None:
        if part == parts or part % PROGRESS_PARTS == 0:
            log.info("fetching-snapshot", size=size, part=part, parts=parts)

    async def _run(self, backfill: Backfill) -> None:
        """Replay, and return once that has caught up with the service."""
        await backfill.engine.start()
        while self._backfill is not None:
            woken = backfill.news.subscribe()
            if backfill.engine.failure is not None:
                log.critical("backfill-failed", exc_info=backfill.engine.failure)
                return
            found, standing = backfill.vigilance.standing, self._standing
            if found.alarm is not None:  # its evidence may take a moment longer
                standing.alarm, standing.evidence = found.alarm, found.evidence
            is_there = backfill.replica.published.head.size >= self._replica.head.size
            if is_there and standing.alarm is None:
                await self._return(backfill)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PAUSE_S):
                    await woken.wait()

    async def _return(self, backfill: Backfill) -> None:
        """The service goes on with what was replayed, if both are one log."""
        async with self.turn:
            size, root = self._replica.head.size, self._replica.edge.root()
            if not await reach(backfill.replica, backfill.news, size, RETURN_S_MAX):
                return
            reader = TileReader(backfill.replica, backfill.replica.published.head.size)
            if await asyncio.to_thread(tree.root, size, reader) != root:
                await backfill.vigilance.look_at(self._replica.published.checkpoint)
                found = backfill.vigilance.standing
                found.alarm = found.alarm or "fork"
                return
            await backfill.engine.stop()
            backfill.vigilance.close()
            backfill.replica.close()
            self._backfill = None
            await asyncio.to_thread(self._replica.move_to, backfill.replica.store)
        self.whole.set()
        self._news.publish()
        if self._joined is not None:
            self._joined.engine.dispose()
        forget_database(self._path)
        log.info("replayed-all", size=size)
