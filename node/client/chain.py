"""A writer's next record: the place in its chain, and the statement signed for that place.

Pure but for the signing itself. The client and a node that signs for local systems share it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.envelope import Envelope, sign_envelope
from ledger.errors import FormatError
from ledger.hashing import sha256
from ledger.keys import Signer
from ledger.records import Body, Chain, encode_statement, new_statement, parse_statement
from ledger.types import DigestHex, Time, WriterId


@dataclass(frozen=True, slots=True)
class Position:
    """Where a writer's next record goes."""

    ledger: DigestHex
    writer: WriterId
    sequence: int
    previous: DigestHex | None


@dataclass(frozen=True, slots=True)
class Signed:
    """A record signed for one place in its writer's chain."""

    body: Body
    position: Position
    digest: DigestHex
    envelope: Envelope

    @property
    def next_position(self) -> Position:
        """The place after this record."""
        at = self.position
        return Position(at.ledger, at.writer, at.sequence + 1, self.digest)


def sign_at(position: Position, body: Body, signers: Sequence[Signer], issued_at: Time) -> Signed:
    """`body` as the record at `position`.

    Raises `FormatError` for a body no ledger could read (structs check their members when they are
    parsed, not when they are made) or that is too large for a leaf.
    """
    chain = Chain(
        issued_at=issued_at,
        ledger=position.ledger,
        previous=position.previous,
        sequence=position.sequence,
        writer=position.writer,
    )
    try:
        payload = encode_statement(new_statement(body, chain))
    except (UnicodeEncodeError, OverflowError, TypeError) as error:
        raise FormatError(f"the body cannot be encoded: {error}") from error
    parse_statement(payload)
    envelope = sign_envelope(payload, signers)
    return Signed(body, position, sha256(payload).hex(), envelope)
