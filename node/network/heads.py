"""What writers have signed next, told among nodes: so a writer whom who orders ignores is noticed.

    own        of each writer that this node signs for, the first record the ledger does not have
    exchange   every minute the other nodes are asked for theirs; what counts is a record that the
               ledger waits for next, with the writer's own signature
    hand in    what the other could not bring in for a while, this node submits, too
    ignored    what still waits after five minutes is told: in the log, as a measurement

So a node cut off from who orders is helped by the others; what is left is ignored, or nobody
orders. A record that the rules refuse is answered as such, and waits no more.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from contracts.values import ChainHead, Writer
from ledger.envelope import verify_signature
from ledger.errors import LedgerError
from ledger.records import Record, parse_record
from ledger.types import DigestHex, WriterId
from node.client.errors import ClientError
from node.engine import EngineStopped, QueueFull
from node.logs import log
from node.network.peers import HEADS_MAX, PeerBook
from node.replica import Replica
from node.storage.disk import DiskFull
from node.storage.store import Snapshot

EXCHANGE_S: Final = 60.0
IGNORED_S: Final = 300.0
Own = Callable[[], Sequence[bytes]]
Submit = Callable[[Sequence[bytes]], Awaitable[object]]


@dataclass(slots=True)
class _Waiting:
    """A record that was first seen at `since_s` and that the ledger still waits for."""

    record: Record
    since_s: float
    is_told: bool = False


class Heads:
    """The next records of all writers, as far as this node is told of them.

    `own` gives the leaves of this node itself, `submit` hands records in.
    """

    def __init__(self, replica: Replica, peers: PeerBook, own: Own, submit: Submit) -> None:
        self._replica = replica
        self._peers = peers
        self._own = own
        self._submit = submit
        self._waiting: dict[DigestHex, _Waiting] = {}

    @property
    def ignored(self) -> list[WriterId]:
        """Writers whose next record has waited too long, ascending."""
        now_s = asyncio.get_running_loop().time()
        waiting = self._waiting.values()
        return sorted(
            {one.record.chain.writer for one in waiting if now_s - one.since_s >= IGNORED_S}
        )

    def own(self) -> Sequence[bytes]:
        """What this node tells others; reads from disk."""
        return self._own()[:HEADS_MAX]

    async def run(self) -> None:
        """Exchange after exchange, until it is cancelled."""
        while True:
            await asyncio.sleep(EXCHANGE_S)
            await self.exchange()

    async def exchange(self) -> None:
        """Ask all nodes once, and hand in what has waited since the last time."""
        leaves = [*await asyncio.to_thread(self.own)]
        for peer in self._peers.to_follow():
            with contextlib.suppress(ClientError):
                leaves += (await peer.heads())[:HEADS_MAX]
        found = await asyncio.to_thread(self._awaited, leaves)
        now_s = asyncio.get_running_loop().time()
        before, self._waiting = self._waiting, {}
        for record in found:
            known = before.get(record.digest) or _Waiting(record, now_s)
            self._waiting[record.digest] = known
            self._tell(known, now_s)
        late = [one.record.envelope.encoded for one in before.values() if self._still_waits(one)]
        with contextlib.suppress(QueueFull, DiskFull, EngineStopped):
            if late:
                await self._submit(late)

    def _still_waits(self, one: _Waiting) -> bool:
        return one.record.digest in self._waiting

    def _tell(self, one: _Waiting, now_s: float) -> None:
        if now_s - one.since_s >= IGNORED_S and not one.is_told:
            one.is_told = True
            chain = one.record.chain
            log.error("writer-ignored", writer=chain.writer, sequence=chain.sequence)

    def _awaited(self, leaves: Sequence[bytes]) -> list[Record]:
        """Those of the records that the ledger waits for next, each once."""
        found: dict[DigestHex, Record] = {}
        with self._replica.store.snapshot() as snapshot:
            for leaf in leaves:
                with contextlib.suppress(LedgerError):
                    record = parse_record(leaf)
                    if record.digest not in found and self._is_next(snapshot, record):
                        found[record.digest] = record
        return [*found.values()]

    def _is_next(self, snapshot: Snapshot, record: Record) -> bool:
        """Whether a writer of this ledger signed it as the next of its chain.

        Raises `VerificationError` if the signature does not hold.
        """
        chain = record.chain
        head = snapshot.value(f"chain/{chain.writer}")
        end = (head.records, head.head) if isinstance(head, ChainHead) else (0, None)
        writer = snapshot.value(f"writer/{chain.writer}")
        if not isinstance(writer, Writer) or (chain.sequence, chain.previous) != end:
            return False
        if chain.ledger != self._replica.head.ledger or writer.status != "active":
            return False
        verify_signature(record.envelope, self._replica.keys[writer.key])
        return True
