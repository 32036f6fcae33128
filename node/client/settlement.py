"""What the answer to one batch means for its records, and for the chain they were signed for.

accepted          its result; the chain has grown
refused           its result; what was signed after it names a predecessor that never was, so
                  it comes back `wrong-previous` and is to be signed again
wrong-previous,   with no refusal before it: somebody else writes with this key, and the end of
sequence-taken    the chain is no longer known. A taken place may be taken by the record itself
429, 5xx          it and what follows may be sent again as they are
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from ledger.errors import LedgerError
from ledger.hashing import leaf_hash
from ledger.policy import Policy, verify_policy
from ledger.receipt import Receipt, encode_receipt, verify_receipt
from ledger.tree import verify_inclusion
from ledger.types import Digest
from node.client.answers import BatchAnswer, BatchItem, Problem, Receipted, RecordInfo, Result
from node.client.chain import Position, Signed
from node.client.errors import AnswerError, ReceiptError
from node.client.flows import is_passing

WRONG_PREVIOUS: Final = "wrong-previous"
SEQUENCE_TAKEN: Final = "sequence-taken"

Batch: TypeAlias = Sequence[tuple[int, Signed]]
"""What goes out in one request; each record with the place of its body in the submission."""


@dataclass(slots=True)
class Settlement:
    """What one answer settled.

    Attributes:
        position: the end of the chain; None if it is not known any more.
        results: what became of the bodies at these places.
        again: records to be sent again as they are.
        taken: records whose places in the chain are taken, perhaps by themselves.
        obstacle: why something stays open.
    """

    position: Position | None
    results: dict[int, Result] = field(default_factory=dict)
    again: Batch = ()
    taken: list[tuple[int, Signed]] = field(default_factory=list)
    obstacle: Problem | None = None


def settle(batch: Batch, answer: BatchAnswer, policy: Policy | None) -> Settlement:
    """The settlement of a batch. Raises `AnswerError` and `ReceiptError`."""
    results = _read_results([signed for _, signed in batch], answer, policy)
    settlement = Settlement(batch[0][1].position)
    was_refused = was_moved = False
    for at, ((place, signed), result) in enumerate(zip(batch, results, strict=True)):
        if isinstance(result, Receipted):
            settlement.results[place] = result
            settlement.position = signed.next_position
        elif result.code in (WRONG_PREVIOUS, SEQUENCE_TAKEN):
            settlement.obstacle = result
            if result.code == SEQUENCE_TAKEN:
                settlement.taken.append((place, signed))
            was_moved |= result.code == SEQUENCE_TAKEN or not was_refused
        elif not is_passing(result.status):
            settlement.results[place] = result
            was_refused = True
        else:
            settlement.obstacle = result
            if not was_refused and not was_moved:
                settlement.again = batch[at:]
                break
    if was_moved:
        settlement.position = None
    return settlement


def recognise(
    signed: Signed, info: RecordInfo, receipt_bytes: bytes, policy: Policy | None
) -> Receipted:
    """A record found in the log by its digest. Raises `ReceiptError`."""
    leaf = signed.envelope.encoded
    if policy is not None:
        try:
            proved = verify_receipt(receipt_bytes, leaf, policy)
        except LedgerError as error:
            raise ReceiptError(f"record {info.index}: {error}") from error
        if proved.index != info.index:
            raise ReceiptError(f"record {info.index}: the receipt is for {proved.index}")
    findings = () if info.outcome is None else info.outcome.findings
    return Receipted(
        info.index,
        signed.digest,
        info.height,
        info.block_time,
        findings,
        receipt_bytes,
        leaf,
    )


def _read_results(
    sent: Sequence[Signed], answer: BatchAnswer, policy: Policy | None
) -> list[Result]:
    """The results in order, each receipt verified if there is a policy to verify it by."""
    if len(answer.results) != len(sent):
        raise AnswerError(f"{len(answer.results)} results for {len(sent)} records")
    note = answer.checkpoint.encode()
    results = [
        _receipted(signed, item, note) if item.problem is None else item.problem
        for signed, item in zip(sent, answer.results, strict=True)
    ]
    receipted = [
        (result, _proof(item))
        for result, item in zip(results, answer.results, strict=True)
        if isinstance(result, Receipted)
    ]
    if policy is not None and receipted:
        _verify(receipted, note, policy)
    return results


def _receipted(signed: Signed, item: BatchItem, note: bytes) -> Receipted:
    if item.index is None or item.height is None or item.block_time is None:
        raise AnswerError("a result has a problem, or index, height and block time")
    if item.digest != signed.digest:
        raise ReceiptError(f"record {item.index}: the result is for {item.digest}")
    return Receipted(
        item.index,
        signed.digest,
        item.height,
        item.block_time,
        item.findings,
        encode_receipt(Receipt(item.index, _proof(item), note)),
        signed.envelope.encoded,
    )


def _proof(item: BatchItem) -> tuple[Digest, ...]:
    if item.proof is None:
        raise AnswerError("a result without its proof")
    return tuple(Digest(sibling) for sibling in item.proof)


def _verify(
    receipted: Sequence[tuple[Receipted, tuple[Digest, ...]]], note: bytes, policy: Policy
) -> None:
    """Each receipt of a batch, its one checkpoint only once."""
    try:
        checkpoint = verify_policy(policy, note).checkpoint
        for record, proof in receipted:
            leaf = leaf_hash(record.leaf)
            verify_inclusion(leaf, record.index, checkpoint.size, proof, checkpoint.root)
    except LedgerError as error:
        first, _ = receipted[0]
        raise ReceiptError(f"record {first.index}: {error}") from error
