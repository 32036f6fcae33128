"""The seal: the derived leaf that closes a block.

A bare canonical statement, unsigned and in no writer's chain. Anyone who replays the block computes
the same bytes; what authenticates it is the checkpoint that covers it. It fixes the block's time
and place, what its records came to (`outcomes_root`) and all that the rules can read
(`state_root`).

`outcomes_root` is the RFC 9162 root over the canonical outcomes: number 0 is the settlement of the
deadlines that fell due, number i the outcome of the block's i-th record.
"""

from typing import Annotated, Final, Literal

from msgspec import Meta, field
from msgspec.json import Decoder

from ledger.canonical import Canonical, encode, parse
from ledger.errors import FormatError
from ledger.records.statement import STATEMENT_TYPE, Subject, subject_of
from ledger.types import LEAF_BYTES_MAX, CaseId, Count, DigestHex, MemberId, Slug, Time

SEAL_TYPE: Final = "urn:blockpool:seal:v1"


class Seal(Canonical):
    """What a block came to.

    Attributes:
        block_time: time of the block, later than that of the block before.
        count: number of records in the block.
        first: index of the block's first leaf.
        height: number of the block; genesis is 0.
        outcomes_root: root over the block's outcomes.
        previous_seal: digest of the seal before; null at height 0.
        proposer: member whose node formed the block.
        rules: version of the rules in force.
        state_root: root of the state map after the block.
    """

    block_time: Time
    count: Count
    first: Count
    height: Count
    outcomes_root: DigestHex
    previous_seal: DigestHex | None
    proposer: MemberId
    rules: Count
    state_root: DigestHex


class SealStatement(Canonical):
    """A seal as an in-toto statement about the ledger.

    Attributes:
        type_: the in-toto statement type.
        predicate: the seal.
        predicate_type: `urn:blockpool:seal:v1`.
        subject: the genesis record.
    """

    type_: Literal["https://in-toto.io/Statement/v1"] = field(name="_type")
    predicate: Seal
    predicate_type: Literal["urn:blockpool:seal:v1"]
    subject: Annotated[tuple[Subject, ...], Meta(min_length=1, max_length=1)]


class FindingRef(Canonical):
    """A finding raised.

    Attributes:
        case: the case it opened.
        code: its permanent code.
    """

    case: CaseId
    code: Slug


class Outcome(Canonical):
    """What the rules made of one record, or of the deadlines that fell due (index and digest null).

    Attributes:
        changed: keys of the state values it changed, ascending.
        digest: digest of the record.
        findings: findings raised.
        index: index of the record's leaf.
    """

    changed: tuple[str, ...] = ()
    digest: DigestHex | None
    findings: tuple[FindingRef, ...] = ()
    index: Count | None


_seal_decoder = Decoder(SealStatement)
_outcome_decoder = Decoder(Outcome)
_SEAL_PREFIX: Final = b'{"_type":"' + STATEMENT_TYPE.encode() + b'","predicate":{"blockTime":'


def encode_seal(seal: Seal, ledger: DigestHex) -> bytes:
    """The seal's leaf, for the ledger whose genesis record has the digest `ledger`."""
    return encode(
        SealStatement(
            type_=STATEMENT_TYPE,
            predicate=seal,
            predicate_type=SEAL_TYPE,
            subject=(subject_of("genesis", ledger),),
        )
    )


def is_seal(leaf: bytes) -> bool:
    """Whether a leaf is a seal rather than a record: the two start differently."""
    return leaf.startswith(_SEAL_PREFIX)


def parse_seal(leaf: bytes) -> SealStatement:
    """The seal in a leaf. Raises `FormatError`."""
    if len(leaf) > LEAF_BYTES_MAX:
        raise FormatError(f"a leaf has at most {LEAF_BYTES_MAX} bytes")
    return parse(leaf, _seal_decoder)


def parse_outcome(data: bytes) -> Outcome:
    """The outcome in its canonical bytes. Raises `FormatError`."""
    return parse(data, _outcome_decoder)
