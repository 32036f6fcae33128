"""Receipts (c2sp.org/tlog-proof): one file that proves one leaf is in the log, offline.

    c2sp.org/tlog-proof@v1
    extra <base64>                                  optional; nobody signed it
    index 73894
    gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=    the sibling of the leaf first,
    …                                               the child of the root last
                                                    an empty line
    example.com/log                                 the checkpoint, word for word
    109482
    sFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=

    — example.com/log hI2DJw…

The reader brings the leaf itself and a trust policy (`ledger.policy`). Index and hashes come from
the file, size and root from the checkpoint once the policy holds, and the index must lie below that
size with exactly as many hashes as the two call for.

>>> from ledger.checkpoint import Checkpoint, log_key, sign_checkpoint
>>> from ledger.hashing import leaf_hash
>>> from ledger.keys import generate_private_key
>>> from ledger.policy import LogEntry, Policy
>>> from ledger.suites import ED25519
>>> signer = generate_private_key(ED25519)
>>> note = sign_checkpoint(Checkpoint("example.com/log", 1, leaf_hash(b"first")), [signer])
>>> policy = Policy(logs=(LogEntry(log_key("example.com/log", signer.public_key)),))
>>> file = encode_receipt(Receipt(index=0, proof=(), checkpoint_note=note))
>>> verify_receipt(file, b"first", policy).index
0
>>> verify_receipt(file, b"other", policy)
Traceback (most recent call last):
    ...
ledger.errors.VerificationError: inclusion proof: leaf 0 does not lead to the root
"""

from dataclasses import dataclass
from typing import Final

from ledger.checkpoint import SIZE_MAX, OpenedCheckpoint, parse_checkpoint
from ledger.errors import FormatError, NotCanonical
from ledger.hashing import leaf_hash
from ledger.lexical import encode_base64, parse_base64, parse_decimal
from ledger.note import NOTE_BYTES_MAX, parse_note
from ledger.policy import Policy, verify_policy
from ledger.tree import Proof, verify_inclusion
from ledger.types import DIGEST_BYTES, Digest

EXTRA_BYTES_MAX: Final = 32_768
"""Go's reader stops at lines of 64 KiB; this stays below in base64."""
PROOF_HASHES_MAX: Final = 63
RECEIPT_BYTES_MAX: Final = NOTE_BYTES_MAX + 65_536

_FIRST_LINE = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True, slots=True)
class Receipt:
    """A well-formed receipt nobody has verified yet. `checkpoint_note` holds the original bytes."""

    index: int
    proof: Proof
    checkpoint_note: bytes
    extra: bytes | None = None


@dataclass(frozen=True, slots=True)
class VerifiedReceipt:
    """What a receipt proved: the leaf is at `index` of the log of this checkpoint."""

    index: int
    checkpoint: OpenedCheckpoint


def encode_receipt(receipt: Receipt) -> bytes:
    """The receipt as a `.tlog-proof` file."""
    extra = () if receipt.extra is None else (f"extra {encode_base64(receipt.extra)}",)
    hashes = (encode_base64(sibling) for sibling in receipt.proof)
    lines = (_FIRST_LINE, *extra, f"index {receipt.index}", *hashes)
    return "\n".join(lines).encode("ascii") + b"\n\n" + receipt.checkpoint_note


def parse_receipt(data: bytes) -> Receipt:
    """The receipt in `data`; raises `FormatError`."""
    if len(data) > RECEIPT_BYTES_MAX:
        raise FormatError(f"the receipt has {len(data)} bytes, more than {RECEIPT_BYTES_MAX}")
    head, blank, note = data.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise FormatError("a receipt is ASCII before its checkpoint") from error
    if not blank or lines[0] != _FIRST_LINE:
        raise FormatError(f"a receipt starts with `{_FIRST_LINE}` and has an empty line")
    parse_checkpoint(parse_note(note).text)
    has_extra = lines[1:2] and lines[1].startswith("extra ")
    extra = _parse_extra(lines[1]) if has_extra else None
    index, *hashes = lines[2 if has_extra else 1 :] or [""]
    if not index.startswith("index ") or len(hashes) > PROOF_HASHES_MAX:
        raise FormatError(f"a receipt has an index and at most {PROOF_HASHES_MAX} hashes")
    number = parse_decimal(index.removeprefix("index "), at_most=SIZE_MAX)
    receipt = Receipt(number, tuple(_parse_hash(line) for line in hashes), note, extra)
    if encode_receipt(receipt) != data:
        raise NotCanonical("the receipt differs from its own formatting")
    return receipt


def verify_receipt(data: bytes, leaf: bytes, policy: Policy) -> VerifiedReceipt:
    """Where in which log `leaf` is, if the receipt proves it under `policy`.

    Raises `FormatError` if `data` is no receipt, `VerificationError` if it does not prove it.
    """
    receipt = parse_receipt(data)
    opened = verify_policy(policy, receipt.checkpoint_note)
    checkpoint = opened.checkpoint
    verify_inclusion(
        leaf_hash(leaf), receipt.index, checkpoint.size, receipt.proof, checkpoint.root
    )
    return VerifiedReceipt(receipt.index, opened)


def _parse_extra(line: str) -> bytes:
    extra = parse_base64(line.removeprefix("extra "))
    if not 1 <= len(extra) <= EXTRA_BYTES_MAX:
        raise FormatError(f"extra data has 1 to {EXTRA_BYTES_MAX} bytes")
    return extra


def _parse_hash(line: str) -> Digest:
    data = parse_base64(line)
    if len(data) != DIGEST_BYTES:
        raise FormatError(f"a hash has {DIGEST_BYTES} bytes")
    return Digest(data)
