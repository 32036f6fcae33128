"""Before a node orders: nobody may have cosigned more than it holds.

A node that was restored from a backup would go on from where that ended, and sign a second history
with the same keys. So it first asks the witnesses how far they have cosigned. A final checkpoint
has the cosignatures of a quorum; once all but fewer than a quorum have told their size, and none is
ahead of this node, no final checkpoint can lie beyond what it holds.
"""

import asyncio
from collections.abc import Callable
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
from node.replica import Replica, ReplicaError
from node.trust import Trust, endorse

PAUSE_S: Final = 2.0
_OK, _CONFLICT = 200, 409


async def require_latest(
    replica: Replica, cosigner_of: Callable[[MemberId], Cosigner | None]
) -> None:
    """Return once enough witnesses have told that they are not ahead of this node.

    Raises `ReplicaError` if one is.
    """
    trust, size = replica.published.trust, replica.head.size
    body = encode_offer(0, (), replica.published.checkpoint)
    missing = dict.fromkeys(trust.witnesses)
    told_s = 0.0
    while len(trust.witnesses) - len(missing) < answers_needed(trust):
        sizes = await asyncio.gather(*(_size_of(cosigner_of(one), body, size) for one in missing))
        for member, cosigned in zip([*missing], sizes, strict=True):
            if cosigned is None:
                continue
            if cosigned > size and await _is_shown(cosigner_of(member), replica, size):
                raise ReplicaError(
                    f"the witness of `{member}` has cosigned {cosigned} leaves, and here are "
                    f"{size}: fetch the rest from its node before this one orders again"
                )
            if cosigned <= size:
                del missing[member]
        now_s = asyncio.get_running_loop().time()
        if len(trust.witnesses) - len(missing) < answers_needed(trust):
            if now_s - told_s > 15 * PAUSE_S:
                told_s = now_s
                log.warning("waiting-for-witnesses", missing=[*missing])
            await asyncio.sleep(PAUSE_S)


def answers_needed(trust: Trust) -> int:
    """How many witnesses leave too few for a quorum among the others."""
    if trust.quorum == 0 or not trust.can_be_final:
        return 0
    return len(trust.witnesses) - trust.quorum + 1


async def _is_shown(cosigner: Cosigner | None, replica: Replica, size: int) -> bool:
    """Whether a witness that says it is ahead can show this log's own signature on as much.

    A bare number would let any witness stop the ledger.
    """
    if cosigner is None:
        return False
    try:
        note = await cosigner.latest(replica.origin)
        opened = None if note is None else endorse(note, replica.published.trust)
    except (ClientError, LedgerError):
        return False
    return opened is not None and opened.checkpoint.size > size


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
