"""Before a node orders: nobody may hold more of the log than it does.

A node that was restored from a backup, or that takes over from another, would go on from where its
own copy ends, and a second history would begin. So it first asks the witnesses how far they have
cosigned. A final checkpoint has the cosignatures of a quorum; once all but fewer than a quorum have
told their size, and none is ahead of this node, no final checkpoint can lie beyond what it holds.
The nodes it knows are asked, too, for what they hold that nobody has cosigned yet.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from ledger.checkpoint import SIZE_MAX
from ledger.errors import FormatError, LedgerError
from ledger.lexical import parse_decimal
from ledger.types import MemberId
from node.client.errors import ClientError
from node.client.flows import Answer
from node.logs import log
from node.network.cosigning import Cosigner
from node.network.offers import encode_offer
from node.replica import Replica
from node.trust import Trust, endorse

PAUSE_S: Final = 2.0
TOLD_S: Final = 30.0
_OK, _CONFLICT = 200, 409


class Behind(Exception):  # noqa: N818  the name states the fact
    """Somebody shows a checkpoint of this log over `size` leaves, more than this node holds."""

    def __init__(self, size: int) -> None:
        super().__init__(f"the log has {size} leaves")
        self.size = size


async def require_latest(
    replica: Replica,
    cosigner_of: Callable[[MemberId], Cosigner | None],
    shown_by_peers: Callable[[], Awaitable[Sequence[bytes]]],
    patience_s: float = 0,
    lost: MemberId | None = None,
) -> None:
    """Return once nobody is ahead of this node, as far as enough witnesses have told.

    Those that have not, but for the `lost` one, are waited for as long as `patience_s`. Raises
    `Behind`.
    """
    loop = asyncio.get_running_loop()
    trust, size = replica.published.trust, replica.head.size
    body = encode_offer(0, (), replica.published.checkpoint)
    missing = set(trust.witnesses)
    began_s = loop.time()
    told_s = began_s - TOLD_S
    for note in await shown_by_peers():
        _check_shown(note, trust, size)
    while True:
        asked = sorted(missing)
        sizes = await asyncio.gather(*(_size_of(cosigner_of(one), body, size) for one in asked))
        for member, cosigned in zip(asked, sizes, strict=True):
            if cosigned is not None and cosigned > size:
                _check_shown(await _shown(cosigner_of(member), replica.origin), trust, size)
            elif cosigned is not None:
                missing.discard(member)
        is_enough = len(trust.witnesses) - len(missing) >= answers_needed(trust)
        is_all = missing <= {lost}
        if is_enough and (is_all or loop.time() - began_s >= patience_s):
            return
        if loop.time() - told_s >= TOLD_S:
            told_s = loop.time()
            log.warning("waiting-for-witnesses", missing=sorted(missing))
        await asyncio.sleep(PAUSE_S)


def _check_shown(note: bytes | None, trust: Trust, size: int) -> None:
    """Raise `Behind` for the log's own signature on more than `size` leaves.

    A bare number would let any witness stop the ledger.
    """
    try:
        opened = None if note is None else endorse(note, trust)
    except LedgerError:
        return
    if opened is not None and opened.checkpoint.size > size:
        raise Behind(opened.checkpoint.size)


def answers_needed(trust: Trust) -> int:
    """How many witnesses leave too few for a quorum among the others."""
    if trust.quorum == 0 or not trust.can_be_final:
        return 0
    return len(trust.witnesses) - trust.quorum + 1


async def _shown(cosigner: Cosigner | None, origin: str) -> bytes | None:
    """What a witness has cosigned, if it shows that."""
    try:
        return None if cosigner is None else await cosigner.latest(origin)
    except ClientError:
        return None


async def _size_of(cosigner: Cosigner | None, body: bytes, size: int) -> int | None:
    """What a witness has cosigned; None if it does not tell."""
    if cosigner is None:
        return None
    try:
        answer = await cosigner.add_checkpoint(body)
        if not isinstance(answer, Answer):
            return None
        if answer.status == _OK:  # it had cosigned nothing, and this now
            return size
        text = answer.content.decode("ascii", "replace").strip()
        return parse_decimal(text, at_most=SIZE_MAX) if answer.status == _CONFLICT else None
    except (ClientError, FormatError):
        return None
