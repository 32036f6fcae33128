"""The engine of a node that follows: its blocks are those that another node ordered.

    poll       the peer's checkpoints            waits there until there is a newer one
    read       leaves, verified under it         `feed`, in a thread, one chunk ahead
    check      signatures                        in processes, before the chunk's turn comes
    replay     and commit                        `Replica.follow`, on the thread that commits

A log that the rules do not yield, or that denies what it said before, is followed no further: the
node keeps the evidence as a file, raises the alarm and goes on serving what it has.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, Protocol

from ledger.errors import LedgerError, VerificationError
from ledger.keys import PublicKey
from ledger.records import Record
from ledger.tree import Proof
from node.client.errors import ClientError
from node.client.log_source import SourceError
from node.engine import Placed
from node.logs import log
from node.network import evidence
from node.network.feed import Feed, WrongLeavesError
from node.network.forwarding import Forwarding
from node.network.peers import Peer, PeerBook
from node.network.vigilance import Vigilance
from node.news import News
from node.pipeline import Verdicts, VerifiedSignatures, verdicts_on
from node.replica import Diverged, Replica, SealedBlock
from node.trust import endorse
from node.verification import Verifier

PAUSE_S: Final = 1.0
PROGRESS_S: Final = 5.0
PAUSE_S_MAX: Final = 10.0
SPECULATIVE_LEAVES_MAX: Final = 20_000
WAIT_S: Final = 20
"""So long a peer may think before it says that there is nothing new."""
COMPARE_S: Final = 60.0
"""So often all peers are asked, not the first alone."""


class Gate(Protocol):
    """What following waits for: once, before it begins, and every time its turn comes."""

    turn: asyncio.Lock
    """Held while blocks of a peer are taken over: nothing is committed while others hold it."""

    async def begin(self) -> None:
        """MUST return once blocks may be followed; may be called again."""
        ...


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Blocks that were read, the proof that the log goes on from them, their signatures."""

    blocks: Sequence[SealedBlock]
    proof: Proof
    verdicts: asyncio.Task[Verdicts]


class FollowingEngine:
    """As `Engine`, of a node whose member does not order."""

    def __init__(  # noqa: PLR0913, PLR0917  what it connects
        self,
        replica: Replica,
        signatures: VerifiedSignatures,
        verifier: Verifier,
        news: News,
        peers: PeerBook,
        vigilance: Vigilance,
        also: Sequence[PublicKey] = (),
        *,
        is_over: Callable[[], bool] = lambda: False,
        gate: Gate | None = None,
        pauses: float = 0.0,
        progress: str = "catching-up",
    ) -> None:
        """`also` are log keys believed on the way, beside those the ledger names by then.

        `is_over` is asked between blocks: whether there is nothing to follow any more. After a
        commit the engine `pauses` for so many times as long as that took, where others are to go
        first; `progress` is its event in the log.
        """
        self._replica = replica
        self._signatures = signatures
        self._verifier = verifier
        self._news = news
        self._peers = peers
        self._vigilance = vigilance
        self._also = also
        self._is_over = is_over
        self._gate = gate
        self._pauses = pauses
        self._progress = progress
        self._committer = ThreadPoolExecutor(1, thread_name_prefix="commit")
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="feed")
        self._forwarding = Forwarding(replica, peers, news)
        self._task: asyncio.Task[None] | None = None
        self._told_s = 0.0
        self._compared_s = 0.0
        self.failure: BaseException | None = None

    @property
    def waiting_count(self) -> int:
        """As `Engine.waiting_count`; records wait where they are ordered."""
        return 0

    async def start(self) -> None:
        """As `Engine.start`."""
        self._task = asyncio.create_task(self._run(), name="following-engine")

    async def stop(self) -> None:
        """As `Engine.stop`."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await self._peers.close()  # so that no read keeps the node from stopping
            await asyncio.wait([self._task])
        self._release()

    async def finished(self) -> None:
        """As `Engine.finished`."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def order(self, records: Sequence[Record]) -> Sequence[Placed]:
        """As `Ordering.order`: forward, and wait until this node has replayed the records."""
        return await self._forwarding.order(records)

    async def _run(self) -> None:
        pause_s = PAUSE_S
        try:
            if self._gate is not None:
                await self._gate.begin()
            while not self._is_over():
                if self._vigilance.standing.alarm is not None:
                    await asyncio.Event().wait()  # it goes on serving what it has
                before = self._place()
                if await self._poll_all():
                    pause_s = PAUSE_S
                if self._place() == before:  # nothing new, or nobody who has it
                    await asyncio.sleep(pause_s)
                    pause_s = min(2 * pause_s, PAUSE_S_MAX)
        except Exception as error:  # noqa: BLE001  whatever it was, the engine stops, loudly
            self.failure = error
        else:
            self._release()

    def _release(self) -> None:
        self._committer.shutdown()
        self._reader.shutdown(wait=False)  # a read under way ends with its connection

    def _place(self) -> tuple[int, int]:
        final = self._replica.final
        return self._replica.published.head.size, 0 if final is None else final.size

    async def _poll_all(self) -> bool:
        """Ask the peers in turn; whether who orders answered as it should.

        The others are asked, too, where it does not, or as long as more leaves are known of than it
        has; and now and then, as it may not tell all of them the same.
        """
        now_s = asyncio.get_running_loop().time()
        is_time = now_s - self._compared_s >= COMPARE_S
        has_answered = False
        for peer in self._peers.to_follow():
            is_orderer = peer.member == self._peers.orderer()
            is_behind = self._vigilance.standing.size > self._replica.published.head.size
            if has_answered and not is_time and not is_behind:
                break
            try:
                await self._poll(peer, WAIT_S if is_orderer and not is_behind else 0)
            except (ClientError, SourceError) as error:
                log.warning("peer-unreachable", peer=peer.member, exc_info=error)
            except (WrongLeavesError, LedgerError) as error:
                log.warning("peer-wrong", peer=peer.member, exc_info=error)
            else:
                has_answered = has_answered or is_orderer
            if self._vigilance.standing.alarm is not None:
                break
        if is_time:
            self._compared_s = now_s
        return has_answered

    async def _poll(self, peer: Peer, wait_s: int) -> None:
        published, final = self._replica.published, self._replica.final
        held = published.head.size if published.checkpoint else 0
        told = await peer.checkpoints(held, 0 if final is None else final.size, wait_s)
        async with contextlib.nullcontext() if self._gate is None else self._gate.turn:
            await self._follow(peer, told.latest.encode())
            if told.final is not None and self._replica.published.trust.quorum:
                await self._take_final(peer, told.final.encode())

    async def _take_final(self, peer: Peer, note: bytes) -> None:
        """Believe a final checkpoint that is of the log this node holds."""
        size = evidence.checkpoint_in(note).size
        if size > self._replica.published.head.size or not self._is_signed(note):
            return
        await self._vigilance.look_for_fork(peer.files, note)
        if self._replica.finalise(note):
            self._news.publish()

    async def _follow(self, peer: Peer, note: bytes) -> None:
        """Replay the log of a peer as far as a checkpoint of it."""
        replica = self._replica
        target = evidence.checkpoint_in(note)
        if target.origin != replica.origin:
            raise WrongLeavesError(f"it serves the log {target.origin}")
        is_signed = self._is_signed(note)
        if not is_signed and target.size > replica.head.size + SPECULATIVE_LEAVES_MAX:
            raise WrongLeavesError("its checkpoint is signed by nobody this node knows")
        if is_signed:
            self._vigilance.standing.size = max(self._vigilance.standing.size, target.size)
        if is_signed and target.size <= replica.head.size:
            await self._vigilance.look_for_fork(peer.files, note)
        if target.size < replica.head.size or replica.published.checkpoint == note:
            return
        feed = Feed(peer.files, target, replica.edge)
        try:
            await self._replay(feed, note, is_signed=is_signed)
        except WrongLeavesError:
            if is_signed:
                await self._vigilance.look_for_fork(peer.files, note)
            raise
        except Diverged as error:
            log.error("block-refused", index=error.index, height=replica.head.height)
            if not is_signed:
                raise WrongLeavesError(str(error)) from error
            await self._vigilance.raise_alarm(
                "rules", lambda: evidence.of_rules(replica, feed, note), target.size
            )

    def _is_signed(self, note: bytes) -> bool:
        """Whether an orderer known now signed it; a vote on the way may yet say who did."""
        try:
            endorse(note, self._replica.published.trust, self._also)
        except VerificationError:
            return False
        return True

    async def _replay(self, feed: Feed, note: bytes, *, is_signed: bool) -> None:
        """Chunk by chunk; the last is committed with the checkpoint.

        While one is committed the signatures of the next are verified, and the one after is read.
        Where the checkpoint is signed with keys that are still to be voted on, all of it is one
        chunk: it is committed if its own state says that those keys are the log's.
        """
        loop = asyncio.get_running_loop()
        chunks = feed.chunks()
        held: list[_Chunk] = []
        ahead = loop.run_in_executor(self._reader, next, chunks, None)
        try:
            while (blocks := await ahead) is not None:
                envelopes = [one.envelope for sealed in blocks for one in sealed.block.records]
                verifying = verdicts_on(envelopes, self._replica.keys, self._verifier)
                verdicts = asyncio.create_task(verifying)
                held.append(_Chunk(blocks, feed.sealed_proof, verdicts))
                ahead = loop.run_in_executor(self._reader, next, chunks, None)
                if is_signed and len(held) > 1:
                    await self._commit_first(held, feed, note)
            await self._commit(held, note)
        except SourceError:
            if is_signed and held:  # nothing is wrong with what was read before
                await self._commit_first(held, feed, note)
            raise
        finally:
            for one in held:
                one.verdicts.cancel()
            await asyncio.gather(ahead, return_exceptions=True)
            await loop.run_in_executor(self._reader, chunks.close)

    def _tell_progress(self, target_size: int) -> None:
        """Now and then: the first copy of a long log takes a while."""
        now_s = asyncio.get_running_loop().time()
        if now_s - self._told_s >= PROGRESS_S:
            self._told_s = now_s
            log.info(self._progress, size=self._replica.head.size, target=target_size)

    async def _commit_first(self, held: list[_Chunk], feed: Feed, note: bytes) -> None:
        """Commit the first of the chunks held; there are others, or no more to be had now."""
        await self._commit(held[:1], note)
        feed.drop(sum(len(one.leaves) for one in held.pop(0).blocks))
        self._tell_progress(feed.target.size)

    async def _commit(self, chunks: Sequence[_Chunk], note: bytes) -> None:
        """Replay and commit chunks, in one transaction."""
        blocks = [block for one in chunks for block in one.blocks]
        verdicts = {key: each for one in chunks for key, each in (await one.verdicts).items()}
        proof = chunks[-1].proof if chunks else ()
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        with self._signatures.remembered(verdicts):
            await loop.run_in_executor(self._committer, self._replica.follow, blocks, note, proof)
        self._news.publish()  # also where the checkpoint covers no new block
        if self._replica.underway is None:
            await self._vigilance.look_ahead(note, self._replica.published.head)
        await asyncio.sleep(self._pauses * (loop.time() - began_s))
