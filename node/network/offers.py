"""Requests to cosign a checkpoint (c2sp.org/tlog-witness) and their answers, read and checked.

    old 20852163                             the size that was cosigned last
    <consistency proof>                      a hash a line; none if that size is 0
    <empty line>
    <checkpoint>

What a witness answers, the first that applies: 400 for what is no such request, 404 for a log it
does not know, 403 without the log's signature, 400 for an old size above the new one, 409 for an
old size that is not the one it cosigned last, 422 for a proof that does not hold. As the
specification's draft has it, that includes another root at the same size. Else 200 and the lines of
the cosignatures, each ended.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ledger import tree
from ledger.checkpoint import SIZE_MAX, Checkpoint, CheckpointVerifier, parse_foreign_checkpoint
from ledger.cosignature import parse_timestamped
from ledger.errors import FormatError, LedgerError, VerificationError
from ledger.lexical import encode_base64, parse_base64, parse_decimal
from ledger.note import (
    NOTE_BYTES_MAX,
    SIGNATURES_MAX,
    NoteSignature,
    VerifierKey,
    parse_note,
    parse_signature_line,
)
from ledger.types import DIGEST_BYTES, Digest
from node.network.cosigned import Cosigned

PROOF_LINES_MAX: Final = 63
BODY_BYTES_MAX: Final = NOTE_BYTES_MAX + 64 * 64


class WitnessError(Exception):
    """A checkpoint is not cosigned; `status` is the HTTP status the protocol has for that.

    `size` is what was cosigned last, where the other side is to be told.
    """

    def __init__(self, status: int, detail: str, *, size: int | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.size = size


@dataclass(frozen=True, slots=True)
class Offer:
    """A request to cosign: `old_size` is what the log believes was cosigned last."""

    old_size: int
    proof: tuple[Digest, ...]
    note: bytes
    checkpoint: Checkpoint


def encode_offer(old_size: int, proof: Sequence[Digest], note: bytes) -> bytes:
    """The body of `POST /add-checkpoint`."""
    lines = [f"old {old_size}", *(encode_base64(one) for one in proof), "", ""]
    return "\n".join(lines).encode() + note


def parse_offer(body: bytes) -> Offer:
    """A request to cosign. Raises `WitnessError` (400)."""
    head, blank, note = body.partition(b"\n\n")
    try:
        first, *lines = head.decode("ascii").split("\n")
        if not blank or not first.startswith("old ") or len(lines) > PROOF_LINES_MAX:
            raise FormatError("`old`, at most 63 hashes, an empty line, a checkpoint")
        old_size = parse_decimal(first.removeprefix("old "), at_most=SIZE_MAX)
        proof = tuple(_hash(line) for line in lines)
        checkpoint = parse_foreign_checkpoint(parse_note(note).text)
    except (LedgerError, UnicodeDecodeError) as error:
        raise WitnessError(400, str(error)) from error
    return Offer(old_size, proof, note, checkpoint)


def check_offer(offer: Offer, before: Cosigned) -> None:
    """Raise `WitnessError` unless the log has only grown since."""
    checkpoint = offer.checkpoint
    if offer.old_size > checkpoint.size:
        raise WitnessError(400, f"old size {offer.old_size} is above {checkpoint.size}")
    if offer.old_size != before.size:
        raise WitnessError(409, f"size {before.size} was cosigned last", size=before.size)
    try:
        tree.verify_consistency(
            before.size, before.root, checkpoint.size, checkpoint.root, offer.proof
        )
    except VerificationError as error:
        raise WitnessError(422, str(error)) from error


def verified_lines(
    note: bytes, content: bytes, keys: Sequence[VerifierKey]
) -> Sequence[NoteSignature]:
    """The cosignature lines of an answer, by these keys. Raises `FormatError`, `VerificationError`.

    Lines of other keys are left out, of each key the first counts; one at least has signed. More
    would make a note that nobody can read, whatever the other witnesses say.
    """
    lines = _lines(content)
    text = parse_note(note).text
    known = {(key.name, key.key_id): key for key in keys}
    own: dict[VerifierKey, NoteSignature] = {}
    for line in lines:
        key = known.get((line.name, line.key_id))
        if key is None or key in own:
            continue
        CheckpointVerifier(key).verify(text, line.payload)
        if parse_timestamped(line.payload)[0] == 0:
            raise FormatError("a witness tells the time at which it cosigns")
        own[key] = line
    if not own:
        raise FormatError("no line is by a key of the witness")
    return tuple(own.values())


def _lines(content: bytes) -> Sequence[NoteSignature]:
    try:
        *lines, end = content.decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise FormatError("the answer is not UTF-8") from error
    if end or len(lines) > SIGNATURES_MAX:
        raise FormatError(f"the answer is not at most {SIGNATURES_MAX} lines, each ended")
    return [parse_signature_line(line) for line in lines]


def _hash(line: str) -> Digest:
    data = parse_base64(line)
    if len(data) != DIGEST_BYTES:
        raise FormatError(f"a hash has {DIGEST_BYTES} bytes")
    return Digest(data)
