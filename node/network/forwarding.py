"""Submitting at a node that follows: forwarded to whoever orders, answered by one's own replay.

The other's word is where the records are, or why they were refused. What the rules made of them
this node sees for itself, once it has replayed so far. A record that is sent twice is recorded
once, so a caller that was not answered sends the same bytes again.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from contracts.reasons import REASONS, SEQUENCE_TAKEN
from contracts.transition import Accepted, Rejected
from ledger.records import Record
from ledger.seal import parse_outcome
from node.client.answers import BatchItem
from node.client.errors import ClientError
from node.engine import Placed, QueueFull
from node.network.peers import Peer, PeerBook
from node.news import News
from node.replica import Replica

REPLAYED_S_MAX: Final = 30.0
RETRY_AFTER_S: Final = 2
_REPEATED: Final = 200
_REASON_OF_CODE: Final = {one.code: one for one in REASONS}


class OrdererUnreachable(QueueFull):
    """Whoever orders gave no answer this node can stand for; the same bytes may be sent again."""

    def __init__(self, why: str) -> None:
        super().__init__(RETRY_AFTER_S, why)


class Forwarding:
    """An `Ordering` that hands records to the node that orders."""

    def __init__(self, replica: Replica, peers: PeerBook, news: News) -> None:
        self._replica = replica
        self._peers = peers
        self._news = news

    async def order(self, records: Sequence[Record]) -> Sequence[Placed]:
        """As `Ordering.order`. Raises `OrdererUnreachable`."""
        if not records:
            return []
        peer = self._orderer()
        try:
            answer = await peer.submit([one.envelope.encoded for one in records])
        except ClientError as error:
            raise OrdererUnreachable(f"the node of {peer.member}: {error}") from error
        if len(answer.results) != len(records):
            raise OrdererUnreachable(f"the node of {peer.member} answers for others")
        size = max((one.index + 1 for one in answer.results if one.index is not None), default=0)
        if not await reach(self._replica, self._news, size, REPLAYED_S_MAX):
            raise OrdererUnreachable(f"this node has not replayed {size} leaves yet")
        return await asyncio.to_thread(self._placed, records, answer.results)

    def _orderer(self) -> Peer:
        member = self._peers.orderer()
        peer = None if member is None else self._peers.of(member)
        if peer is None:
            raise OrdererUnreachable(f"no address of the node of {member} is known")
        return peer

    def _placed(self, records: Sequence[Record], results: Sequence[BatchItem]) -> list[Placed]:
        """What this node's own replay says of records, where the other has placed them."""
        placed = []
        with self._replica.store.snapshot() as snapshot:
            for record, result in zip(records, results, strict=True):
                if result.index is None:
                    placed.append(Placed(_refusal(result), 0, ""))
                    continue
                stored, block = snapshot.leaf(result.index), snapshot.block_of(result.index)
                if stored is None or block is None or stored.leaf != record.envelope.encoded:
                    raise OrdererUnreachable(f"leaf {result.index} is not the record sent")
                verdict: Accepted | Rejected = Accepted(parse_outcome(stored.outcome or b""))
                if result.status == _REPEATED:  # the pipeline finds it, and says so
                    verdict = Rejected(SEQUENCE_TAKEN)
                placed.append(Placed(verdict, block.height, block.time))
        return placed


async def reach(replica: Replica, news: News, size: int, wait_s: float) -> bool:
    """Wait until a node has replayed and published so many leaves; whether it has."""
    try:
        async with asyncio.timeout(wait_s):
            while True:
                woken = news.subscribe()
                if replica.published.head.size >= size:
                    return True
                await woken.wait()
    except TimeoutError:
        return False


def _refusal(result: BatchItem) -> Rejected:
    """The other's reason; this node cannot know it better, as what is refused leaves no trace."""
    problem = result.problem
    reason = None if problem is None else _REASON_OF_CODE.get(problem.code)
    if problem is None or reason is None:
        raise OrdererUnreachable(f"it answers {result.status} to a record")
    return Rejected(reason, problem.detail, problem.fields)
