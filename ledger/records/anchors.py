"""A checkpoint of another ledger, put down so that it cannot later say another one.

Two ledgers that anchor each other's checkpoints keep each other from rewriting what is past: a
history that differs from what was anchored shows, to whoever compares. The note is kept as it was
read, signatures and all, so that it is evidence wherever the other log's keys are known.
"""

from typing import Annotated, Final

from msgspec import Meta

from ledger.canonical import Canonical
from ledger.checkpoint import Checkpoint, parse_checkpoint
from ledger.errors import FormatError
from ledger.note import parse_note
from ledger.types import DIGEST_BYTES, SAFE_INTEGER_MAX, Count, Digest

NOTE_CHARACTERS_MAX: Final = 16_384
PROOF_HASHES_MAX: Final = 64


class Consistency(Canonical):
    """Why the log at an earlier size is the beginning of the log now (RFC 9162, 2.1.4).

    Attributes:
        proof: its hashes in hexadecimal, one after another, the one nearest to the leaves first.
        size: the earlier size, at which somebody has anchored the log.
    """

    proof: Annotated[str, Meta(pattern=rf"\A(?:[0-9a-f]{{64}}){{0,{PROOF_HASHES_MAX}}}\Z")] = ""
    size: Count


class Anchor(Canonical):
    """Somebody has seen this checkpoint of another ledger.

    Attributes:
        checkpoint: the signed note, as it was read.
        consistency: a proof that starts from an earlier checkpoint.
    """

    checkpoint: Annotated[str, Meta(min_length=1, max_length=NOTE_CHARACTERS_MAX)]
    consistency: Consistency | None = None

    def __post_init__(self) -> None:
        try:
            size = checkpoint_of(self).size
        except FormatError as error:
            raise ValueError(f"`checkpoint`: {error}") from error
        if size > SAFE_INTEGER_MAX:
            raise ValueError("`checkpoint` is of more leaves than can be counted here")
        if self.consistency is not None and self.consistency.size >= size:
            raise ValueError("`consistency` starts from an earlier checkpoint")


def checkpoint_of(anchor: Anchor) -> Checkpoint:
    """What the note says; its signatures are not verified. Raises `FormatError`."""
    return parse_checkpoint(parse_note(anchor.checkpoint.encode()).text)


def hashes_of(consistency: Consistency) -> tuple[Digest, ...]:
    """The hashes of a proof.

    >>> [len(one) for one in hashes_of(Consistency(proof="ab" * 64, size=3))]
    [32, 32]
    """
    every = bytes.fromhex(consistency.proof)
    return tuple(Digest(every[at : at + DIGEST_BYTES]) for at in range(0, len(every), DIGEST_BYTES))
