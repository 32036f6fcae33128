"""How a writer's records get into the ledger: signed in chain order, sent in batches, settled.

One round signs as many bodies as fit a batch at the known end of the chain, sends them, and settles
what the answer settles (`settlement`); the rest goes into the next round.

A round that settles nothing is followed by a pause, and after too many of those the submission ends
with the problem in the way. Before every request the writer's memory is such that losing the answer
is safe: the end of the chain is unknown, and what was signed waits to be sent again byte for byte.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from msgspec.json import Decoder

from ledger.errors import FormatError
from ledger.keys import Signer
from ledger.policy import Policy
from ledger.records import Body
from ledger.tiles import encode_bundle
from ledger.times import from_ms
from ledger.types import DigestHex, WriterId
from node.client.answers import BatchAnswer, Problem, Receipted, Result
from node.client.chain import Position, Signed, sign_at
from node.client.errors import ClientError, PersonalDataError, ProblemError, WrongLedger
from node.client.flows import (
    Flow,
    Request,
    Retry,
    read,
    read_receipt,
    read_record,
    read_writer,
)
from node.client.personal import find_personal_numbers
from node.client.settlement import Batch, recognise, settle

BATCH_RECORDS_MAX: Final = 1_000
BATCH_BYTES_MAX: Final = 4 * 1024 * 1024
"""A refusal costs the rest of its batch another round, so batches stay below what a node takes."""
NOT_FOUND: Final = 404

_batch_decoder = Decoder(BatchAnswer)


@dataclass(slots=True)
class Pen:
    """A writer at work: who signs, and what has to be remembered between submissions.

    `ledger` is the only ledger it signs for; unless given, the one it first meets. `position` is
    None while the end of the chain is not known. `unsettled` was sent and not answered.
    """

    writer: WriterId
    signer: Signer
    clock_ms: Callable[[], int]
    policy: Policy | None = None
    ledger: DigestHex | None = None
    retry: Retry = field(default_factory=Retry)
    position: Position | None = None
    unsettled: tuple[Signed, ...] = ()


def submit_all(
    pen: Pen, bodies: Sequence[Body], cosigners: Sequence[Signer] = (), *, allow_personal: bool
) -> Flow[list[Result]]:
    """What became of each body, in order.

    Raises `PersonalDataError` before anything is signed, and other `ClientError`s as they come.
    """
    if not allow_personal:
        _check_personal(bodies)
    results: list[Result | None] = [None] * len(bodies)
    try:
        yield from _settle_all(pen, bodies, (pen.signer, *cosigners), results)
    except ClientError as error:
        error.results = tuple(results)
        raise
    return [result for result in results if result is not None]


def _check_personal(bodies: Sequence[Body]) -> None:
    for body in bodies:
        if found := find_personal_numbers(body):
            raise PersonalDataError(found)


def _settle_all(
    pen: Pen, bodies: Sequence[Body], signers: Sequence[Signer], results: list[Result | None]
) -> Flow[None]:
    fruitless = 0
    batch = _sent_before(pen, bodies)
    while batch or (batch := (yield from _next_batch(pen, bodies, signers, results))):
        open_before = results.count(None)
        batch, obstacle = yield from _round(pen, batch, results)
        fruitless = 0 if results.count(None) < open_before else fruitless + 1
        if obstacle is not None and fruitless == pen.retry.attempts_max:
            raise ProblemError(obstacle)
        if batch or fruitless:
            yield pen.retry.pause_after(max(fruitless - 1, 0))


def _sent_before(pen: Pen, bodies: Sequence[Body]) -> Batch:
    """What an interrupted submission of the same bodies left unsettled."""
    sent, pen.unsettled = pen.unsettled, ()
    same = len(sent) <= len(bodies) and all(
        signed.body == body for signed, body in zip(sent, bodies, strict=False)
    )
    return list(enumerate(sent)) if same else []


def _next_batch(
    pen: Pen, bodies: Sequence[Body], signers: Sequence[Signer], results: list[Result | None]
) -> Flow[Batch]:
    """The next open bodies, signed at the end of the chain; what cannot be signed is settled."""
    batch: list[tuple[int, Signed]] = []
    batch_bytes = 0
    position = pen.position
    for place in [place for place, result in enumerate(results) if result is None]:
        if len(batch) == BATCH_RECORDS_MAX or batch_bytes > BATCH_BYTES_MAX:
            break
        position = position or (yield from _read_position(pen))
        try:
            signed = sign_at(position, bodies[place], signers, from_ms(pen.clock_ms()))
        except FormatError as error:
            results[place] = Problem(code="malformed", number=101, status=0, detail=str(error))
            continue
        batch.append((place, signed))
        batch_bytes += len(signed.envelope.encoded)
        position = signed.next_position
    return batch


def _read_position(pen: Pen) -> Flow[Position]:
    head = yield from read_writer(pen.writer, pen.retry)
    if pen.ledger is None:
        pen.ledger = head.ledger
    if head.ledger != pen.ledger:
        raise WrongLedger(f"the node serves ledger {head.ledger}, not {pen.ledger}")
    return Position(head.ledger, pen.writer, head.records, head.head)


def _round(
    pen: Pen, batch: Batch, results: list[Result | None]
) -> Flow[tuple[Batch, Problem | None]]:
    """Send one batch and settle what was answered.

    Returns what is to be sent again as it is, and the problem in the way of what stays open.
    """
    pen.position, pen.unsettled = None, tuple(signed for _, signed in batch)
    leaves = [signed.envelope.encoded for _, signed in batch]
    until = {"until": "final"} if pen.policy is not None and pen.policy.quorum else {}
    request = Request("POST", "/v1/records/batch", until, encode_bundle(leaves))
    settlement = settle(batch, (yield from read(request, _batch_decoder, pen.retry)), pen.policy)
    for place, result in settlement.results.items():
        results[place] = result
    pen.unsettled = tuple(signed for _, signed in settlement.again or settlement.taken)
    for place, signed in settlement.taken:
        results[place] = yield from _find(pen, signed)
    if not settlement.again:
        pen.position, pen.unsettled = settlement.position, ()
    return settlement.again, settlement.obstacle


def _find(pen: Pen, signed: Signed) -> Flow[Receipted | None]:
    """The record itself in the log, where an earlier attempt got it there."""
    try:
        info = yield from read_record(signed.digest, pen.retry)
    except ProblemError as error:
        if error.status == NOT_FOUND:
            return None
        raise
    receipt_bytes = yield from read_receipt(signed.digest, pen.retry)
    return recognise(signed, info, receipt_bytes, pen.policy)
