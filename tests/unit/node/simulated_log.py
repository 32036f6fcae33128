"""A ledger cut down to what a writer meets: signatures, chains, one whim of refusal, proofs."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from contracts.reasons import (
    ANOTHER_LEDGER,
    BAD_SIGNATURE,
    MALFORMED,
    SEQUENCE_TAKEN,
    UNKNOWN_WRITER,
    WRONG_PREVIOUS,
    Reason,
)
from contracts.values import ChainHead
from ledger.checkpoint import Checkpoint, log_key, sign_checkpoint
from ledger.envelope import Envelope, verify_signature
from ledger.errors import FormatError, VerificationError
from ledger.hashing import leaf_hash
from ledger.keys import PrivateKey, PublicKey
from ledger.policy import LogEntry, Policy
from ledger.records import Body, Record, WriterEnd, read_record
from ledger.tree import root_of
from ledger.types import Digest, DigestHex
from tests.reference.naive_tree import path
from tests.signers import ed25519_signer

LEDGER: Final[DigestHex] = "ab" * 32
ORIGIN: Final = "ledger.example/simulated"
LOG_KEY: Final = ed25519_signer(200)
POLICY: Final = Policy(logs=(LogEntry(log_key(ORIGIN, LOG_KEY.public_key)),))
TIME: Final = "2026-11-23T09:10:00.000Z"
WRITER: Final = "health/main"
SIGNER: Final[PrivateKey] = ed25519_signer(1)
REFUSED: Final = "refused"


def body(number: int | str) -> WriterEnd:
    """A small body; the log refuses those whose ground holds the word `refused`."""
    return WriterEnd(writer="health/clerk", ground=f"note {number}")


def refused_body(number: int) -> WriterEnd:
    return body(f"{number} {REFUSED}")


@dataclass
class SimulatedLog:
    """Appends what follows its writer's chain; the same record again gets the same answer."""

    keys: dict[str, PublicKey] = field(default_factory=lambda: {WRITER: SIGNER.public_key})
    leaves: list[bytes] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    heads: dict[str, ChainHead] = field(default_factory=dict)
    places: dict[DigestHex, int] = field(default_factory=dict)
    refuses: Callable[[Body], bool] = lambda body: (
        isinstance(body, WriterEnd) and REFUSED in (body.ground or "")
    )

    def append(self, envelope: Envelope) -> tuple[int, bool] | Reason:
        """Index of the record and whether it was there already, or why it is refused."""
        try:
            record = read_record(envelope)
        except FormatError:
            return MALFORMED
        chain = record.chain
        if record.digest in self.places:
            return self.places[record.digest], True
        if (reason := self._refusal(record)) is not None:
            return reason
        index = len(self.leaves)
        self.leaves.append(envelope.encoded)
        self.records.append(record)
        self.places[record.digest] = index
        self.heads[chain.writer] = ChainHead(
            head=record.digest, last_index=index, records=chain.sequence + 1
        )
        return index, False

    def _refusal(self, record: Record) -> Reason | None:
        chain = record.chain
        head = self.heads.get(chain.writer)
        following, previous = (0, None) if head is None else (head.records, head.head)
        if chain.ledger != LEDGER:
            return ANOTHER_LEDGER
        if chain.writer not in self.keys:
            return UNKNOWN_WRITER
        try:
            verify_signature(record.envelope, self.keys[chain.writer])
        except VerificationError:
            return BAD_SIGNATURE
        if chain.sequence < following:
            return SEQUENCE_TAKEN
        if (chain.sequence, chain.previous) != (following, previous):
            return WRONG_PREVIOUS
        return UNKNOWN_WRITER if self.refuses(record.body) else None

    @property
    def checkpoint_note(self) -> bytes:
        root = root_of([leaf_hash(leaf) for leaf in self.leaves])
        return sign_checkpoint(Checkpoint(ORIGIN, len(self.leaves), root), [LOG_KEY])

    def proof(self, index: int) -> list[Digest]:
        return path(index, self.leaves)

    def grounds(self, writer: str = WRITER) -> list[str | None]:
        """What the writer's records say, in the order of the log."""
        return [
            record.body.ground
            for record in self.records
            if record.chain.writer == writer and isinstance(record.body, WriterEnd)
        ]

    def check_chains(self) -> None:
        """Every chain runs from 0 without gaps, each record naming the one before."""
        ends: dict[str, tuple[int, DigestHex | None]] = {}
        for record in self.records:
            chain = record.chain
            assert (chain.sequence, chain.previous) == ends.get(chain.writer, (0, None))
            ends[chain.writer] = (chain.sequence + 1, record.digest)
